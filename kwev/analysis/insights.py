"""What the sweeps say, in sentences: each is derived from rows of plans solved again.

A sentence says no more than its rows show: that more money helps only where a plan with more money
does better, that a target is out of reach only where it is proven.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from kwev.analysis.breakeven import ALL
from kwev.analysis.outofreach import listed
from kwev.analysis.targetgrid import VERDICTS
from kwev.units import POINTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

SMALL_POINTS: Final = 0.05
"""Changes of coverage that print as nothing."""
CEILING_TOL: Final = 1e-6
MONEY_TOL: Final = 0.5

PRICE_NAMES: Final = {
    "l2_station_cad": "a Level 2 station",
    "l2_port_cad": "a Level 2 port",
    "l3_station_cad": "a Level 3 station",
    "l3_port_cad": "a Level 3 port",
    ALL: "everything",
}
KIND_WORDS: Final = {
    "upgrade": "conversions",
    "new_l3": "new Level 3 stations",
    "new_l2": "new Level 2 stations",
    "add_l3": "Level 3 ports added at stations",
    "add_l2": "Level 2 ports added at stations",
    "remove": "removals",
}


def money(cad: float) -> str:
    """Return an amount for a sentence: ``$4.5 million``, ``$100,000``."""
    if abs(cad) >= 1e6:  # noqa: PLR2004 -- a million
        return f"${cad / 1e6:g} million"
    return f"${cad:,.0f}"


def next_money(steps: pd.DataFrame, budget_cad: float) -> str:
    """Say what the next step of money buys at a budget (rows of :func:`marginal.steps`).

    Raises
    ------
    StopIteration
        If the budget was not solved with and without the step.
    """
    row = next(r for r in steps.to_dict("records") if abs(r["budget_cad"] - budget_cad) < MONEY_TOL)
    start = f"From {money(budget_cad)} on, another {money(row['step_cad'])}"
    if abs(row["spent_cad"]) < MONEY_TOL and row["shortfall_points"] < SMALL_POINTS:
        return f"{start} buys nothing: the plan made with it costs no more"
    return f"{start} {_people(row)}"


def _people(row: Mapping[Any, Any]) -> str:
    parts = []
    for level, name in (("l2", "Level 2"), ("l3", "Level 3")):
        people = float(row[f"{level}_people"])
        if abs(float(row[f"{level}_points"])) < SMALL_POINTS:
            parts.append(f"hardly anybody near {name}")
        else:
            parts.append(f"{abs(people):,.0f} {'more' if people > 0 else 'fewer'} near {name}")
    return f"brings {parts[0]} and {parts[1]}"


def full_level2(budgets: pd.DataFrame) -> str:
    """Say from which solved budget on Level 2 is as far as any candidate takes it."""
    rows = budgets.sort_values("budget_cad").to_dict("records")
    full = [row for row in rows if row["l2_model"] >= row["l2_ceiling"] - CEILING_TOL]
    if not full:
        return (
            f"Up to {money(rows[-1]['budget_cad'])}, more money still brings Level 2 to places "
            "that have none"
        )
    first, last = full[0], rows[-1]
    gain = POINTS * (last["l3"] - first["l3"])
    then = (
        f"; what is added up to {money(last['budget_cad'])} goes to Level 3, "
        f"which gains {gain:.1f} points"
        if gain >= SMALL_POINTS
        else ""
    )
    return (
        f"From {money(first['budget_cad'])} on, Level 2 stands as far as any candidate takes it on "
        f"the model's points{then}"
    )


def unspent(budgets: pd.DataFrame) -> str:
    """Say what the plan of the largest budget leaves unspent."""
    last = budgets.sort_values("budget_cad").iloc[-1]
    left = float(last["budget_cad"] - last["net_cad"])
    if left < MONEY_TOL:
        return f"The plan of {money(float(last['budget_cad']))} spends all of it"
    return f"The plan of {money(float(last['budget_cad']))} leaves ${left:,.0f} unspent"


def widest(table: pd.DataFrame, level: str) -> str:
    """Say which assumption moves a level most (rows of :func:`tornado.tornado`)."""
    top, second = table.iloc[0], table.iloc[1]
    return (
        f"{level} hangs most on {_lower(top['what'])}, with {top['span']:.1f} points from one end "
        f"of its range to the other, and next on {_lower(second['what'])}, with "
        f"{second['span']:.1f}"
    )


def targets(grid: pd.DataFrame) -> str:
    """Say how the pairs of targets fall out (rows of :func:`targetgrid.grid`)."""
    counts = grid["verdict"].value_counts()
    parts = [
        f"{counts[key]} {'is' if counts[key] == 1 else 'are'} {words}"
        for key, words in VERDICTS.items()
        if counts.get(key, 0)
    ]
    return f"Of {len(grid)} pairs of targets, {'; '.join(parts)}"


def cheapest(grid: pd.DataFrame) -> str:
    """Say what the dearest pair of targets with a known least budget would cost."""
    known = grid[grid["least_budget_cad"].notna()]
    if known.empty:
        return "No pair of targets can be met for any money on the model's points"
    most = known.sort_values(["least_budget_cad", "l2_target", "l3_target"]).iloc[-1]
    return (
        f"The highest pair within reach on the model's points, {most['l2_target']:.1%} near "
        f"Level 2 and {most['l3_target']:.1%} near Level 3, takes "
        f"${most['least_budget_cad'] / 1e6:.2f} million at least, within half a percent"
    )


def easing(grid: pd.DataFrame, l2: float, from_l3: float, to_l3: float) -> str:
    """Say what a lower Level 3 target does to both levels, on the cells."""
    at = {(row["l2_target"], row["l3_target"]): row for row in grid.to_dict("records")}
    one, other = at[l2, from_l3], at[l2, to_l3]
    changes = [POINTS * (other[level] - one[level]) for level in ("l2", "l3")]
    words = [
        f"{'adds' if change > 0 else 'takes'} {abs(change):.1f} points of {level}"
        for change, level in zip(changes, ("Level 2", "Level 3"), strict=True)
    ]
    return f"Asking {to_l3:.0%} near Level 3 instead of {from_l3:.0%} {words[0]} and {words[1]}"


def break_even(table: pd.DataFrame) -> list[str]:
    """Say between which prices a purchase begins or ends (rows of :func:`breakeven.break_even`)."""
    said = []
    for row in table.to_dict("records"):
        name, kind = PRICE_NAMES[row["price"]], KIND_WORDS[row["kind"]]
        if row["price"] == ALL:
            where, other = (_prices(row[end]) for end in ("buys_at", "not_at"))
        else:
            where = f"{name} at ${row['buys_at_cad']:,.0f}"
            other = f"one at ${row['not_at_cad']:,.0f}"
        said.append(f"With {where} the plan buys {kind}, with {other} none")
    return said


def _prices(factor: float) -> str:
    return "all at base prices" if factor == 1 else f"all at {factor:g} times the base prices"


def worth(table: pd.DataFrame, factor: float) -> str:
    """Say which budget at base prices does as well as the base budget at other prices."""
    row = table[(table["price"] == ALL) & (table["factor"] == factor)].iloc[0]
    low, high = float(row["budget_from_cad"]), float(row["budget_to_cad"])
    change = f"{abs(factor - 1):.0%} {'dearer' if factor > 1 else 'cheaper'}"
    start = f"With everything {change}, the same budget falls as short of the targets as"
    if math.isnan(low):  # below the lowest budget
        return f"{start} less than {money(high)} do at base prices"
    if math.isnan(high):  # above the highest budget
        return f"{start} more than {money(low)} do at base prices"
    if abs(low - high) < MONEY_TOL:
        return f"{start} {money(low)} does at base prices"
    if low > high:  # several budgets miss just as much
        return f"{start} any budget from {money(high)} to {money(low)} does at base prices"
    return f"{start} something between {money(low)} and {money(high)} does at base prices"


def robust(summary: pd.DataFrame, plans: int) -> str:
    """Say how many actions of the base plan are core and fragile (:func:`picks.summary`)."""
    chosen, core, fragile = (int(summary[name].sum()) for name in ("chosen", "core", "fragile"))
    return (
        f"Of the {chosen} actions of the plan on dissemination areas, {core} are in nine of ten of "
        f"the {plans} plans of the sweeps or more, and {fragile} in fewer than half"
    )


def kilometres(metres: float) -> str:
    """Return a length for a sentence: ``6.5 km``."""
    return f"{metres / 1000:g} km"


def not_met(scenarios: pd.DataFrame) -> str:
    """Say which targets of scenarios are missed though each could be met alone.

    Such a target is given up for another one: only the sum of what is missed is proven.
    """
    found = [
        f"{name} in {row['name'].replace('_', ' ')}"
        for row in scenarios.to_dict("records")
        for level, name in (("l2", "Level 2"), ("l3", "Level 3"))
        if row[f"{level}_status"] == "unmet_unproven"
    ]
    if not found:
        return "Every target is met, or proven out of reach of any plan"
    return (
        "Every other target is met, or proven out of reach of any plan; these are missed though "
        "the budget could meet them alone, since the plan misses the least in all: "
        f"{listed(found)}"
    )


def dipping(
    found: list[tuple[float, float, float]], what: str, show: Callable[[float], str] = money
) -> str:
    """Say where a measured value falls along a sweep (:func:`monotone.dips`)."""
    if not found:
        return f"Measured on the cells, {what} never falls along the sweep"
    where, to, by = max(found, key=lambda dip: dip[2])
    times = "once" if len(found) == 1 else f"{len(found)} times"
    return (
        f"Measured on the cells, {what} falls {times} along the sweep, most from {show(where)} to "
        f"{show(to)}, by {POINTS * by:.2f} points"
    )


def _lower(text: str) -> str:
    return text[0].lower() + text[1:]
