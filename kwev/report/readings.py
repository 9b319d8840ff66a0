"""What the sweeps say, in tables, from committed rows; prices with their words and named values."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from kwev.certify import ActionKey, Evaluation
from kwev.display.table import Table
from kwev.display.values import Number, named
from kwev.errors import KwevError
from kwev.report import registry, sweeps
from kwev.report.phases import PHASES, phase_of
from kwev.studies.rows import actions_of
from kwev.units import CAD_PER_MILLION, POINTS
from kwev.vocabulary import ACTION_KINDS, LEVEL_KEYS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kwev.report.scenario import Report

MONEY_TOL: Final = 0.5
"""Two budgets are a step apart within half a dollar."""


def steps(rows: pd.DataFrame, step_cad: float, people: float) -> pd.DataFrame:
    """Return what a step of money buys from each budget that was solved with and without it.

    It is shown by solving again, never read off a multiplier.

    Parameters
    ----------
    rows
        Rows of the study ``budget``.
    step_cad
        The step (CAD).
    people
        People of the Region.

    Returns
    -------
    pandas.DataFrame
        One row a budget, rising: ``budget_cad``, ``step_cad``, ``spent_cad`` (how much more the
        plan with the step costs), gains in ``l2_points`` and ``l3_points`` and as ``l2_people``
        and ``l3_people`` (on the cells; negative where fewer), ``shortfall_points`` (how much less
        is missing on the model's points), ``objective_points``, and ``proven``: whether the gain is
        more than either plan is open by. A gain that is not is no difference that can be told.

    Raises
    ------
    KwevError
        If no two budgets are a step apart.
    """
    pairs = rows.merge(rows, how="cross", suffixes=("", "_more"))
    apart_cad = pairs["budget_cad_more"] - pairs["budget_cad"]
    pairs = pairs[(apart_cad - step_cad).abs() < MONEY_TOL]
    if pairs.empty:
        raise KwevError(f"no two budgets are {step_cad:,.0f} CAD apart", where="budget")
    l2, l3 = (pairs[f"{level}_more"] - pairs[level] for level in LEVEL_KEYS)
    found = pd.DataFrame(
        {
            "budget_cad": pairs["budget_cad"],
            "step_cad": step_cad,
            "spent_cad": pairs["net_cad_more"] - pairs["net_cad"],
            "l2_points": POINTS * l2,
            "l3_points": POINTS * l3,
            "l2_people": people * l2,
            "l3_people": people * l3,
            "shortfall_points": pairs["shortfall_points"] - pairs["shortfall_points_more"],
            "objective_points": pairs["objective_more"] - pairs["objective"],
            "proven": proven(pairs),
        }
    )
    return found.sort_values("budget_cad", ignore_index=True)


def proven(pairs: pd.DataFrame) -> pd.Series[bool]:
    """Return which of two plans is better by more than what is open of either.

    The objective counts, in which what is missed of the targets has its price; it is open by the
    checked gap. Where nothing is checked, nothing is proven.

    Parameters
    ----------
    pairs
        Two rows of a study side by side, columns of the second with the suffix ``_more``.
    """
    gained = pairs["objective_more"] - pairs["objective"]
    ends = [pairs[f"gap_checked{end}"] * pairs[f"objective{end}"].abs() for end in ("", "_more")]
    return gained > pd.concat(ends, axis=1).max(axis=1, skipna=False).fillna(math.inf)


# -- the grid of targets -----------------------------------------------------------------------

NOTHING_POINTS: Final = 1e-3
"""Less missing than this is nothing missing: the second stage may miss so much."""

VERDICTS: Final = {
    "met": "met",
    "other": "within reach of the money, but not the best plan at these prices",
    "budget": "out of reach of the budget, proven",
    "money": "out of reach of any money, proven",
    "open": "not met, not proven out of reach",
}
"""What is known of a pair of targets, in words."""

_MEASURED: Final = ["shortfall_points", "l2", "l3"]


def grid(report: Report) -> pd.DataFrame:
    """Return what is known of each pair of targets of the study ``targets``.

    A pair is within reach where some plan of the same money, of this study or of the frontier,
    reaches both. It is out of reach of the budget where multipliers show, in whole numbers, that
    some shortfall is left in every plan, and of any money where a target is above what every
    candidate built together reaches.

    Returns
    -------
    pandas.DataFrame
        ``l2_target``, ``l3_target``, ``verdict`` (a key of :data:`VERDICTS`), ``words``,
        ``shortfall_points`` and the coverage.
    """
    rows, frontier = report.study("targets"), report.study("frontier")
    asked = [p.case.config.targets for p in registry.points(report.project, "targets")]
    paid = frontier[frontier["budget_cad"] <= report.config.budget.limit_cad]
    reached = pd.concat([rows, paid], ignore_index=True)
    pairs = zip(asked, rows.to_dict("records"), strict=True)
    found = [(t.l2, t.l3, verdict(t.l2, t.l3, row, reached)) for t, row in pairs]
    table = pd.DataFrame(found, columns=["l2_target", "l3_target", "verdict"])
    return table.assign(words=table["verdict"].map(VERDICTS)).join(rows[_MEASURED])


def verdict(l2: float, l3: float, row: Mapping[Any, Any], reached: pd.DataFrame) -> str:
    """Return what is known of a pair of targets.

    Parameters
    ----------
    l2, l3
        The targets (shares).
    row
        The row of the study that was asked for them.
    reached
        Plans of no more money: ``l2`` and ``l3`` (shares).
    """
    if row["l2_status"] == "met" and row["l3_status"] == "met":
        return "met"
    if ((reached["l2"] >= l2) & (reached["l3"] >= l3)).any():
        return "other"
    if row["l2_ceiling"] < l2 or row["l3_ceiling"] < l3:
        return "money"
    checked = row["shortfall_checked_points"]
    return "budget" if pd.notna(checked) and checked > NOTHING_POINTS else "open"


def cross(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the verdicts with a row for each Level 2 target, a column for each Level 3 target."""
    table = frame.pivot_table(
        index="l2_target", columns="l3_target", values="words", aggfunc="first"
    )
    table.columns = [f"l3_{share:g}" for share in table.columns]
    return table.reset_index()


# -- assumptions, and how far equal plans lie apart --------------------------------------------

_TORNADO: Final = ["key", "what", "low", "high", "low_value", "high_value", "span"]


def tornado(changes: pd.DataFrame, measure: str, names: Mapping[str, str]) -> pd.DataFrame:
    """Return the change at both ends of each assumption, widest span first.

    Parameters
    ----------
    changes
        As :func:`kwev.report.sweeps.one_at_a_time` gives it.
    measure
        ``l2``, ``l3`` or ``ev_owners`` (points) or ``net_cad`` (CAD).
    names
        Words for each key.

    Returns
    -------
    pandas.DataFrame
        ``key``, ``what``, ``low`` and ``high`` (change at that end; 0 where the end is the value
        already), ``low_value`` and ``high_value`` (of the assumption; None for a group or where
        the end is the value already) and ``span``, from the lowest to the highest of the changes
        and 0.
    """
    found = []
    for key, ends in changes.groupby("key", sort=False):
        at: dict[str, Any] = {str(r["end"]): r for r in ends.to_dict("records")}
        low, high = (float(at[end][measure]) if end in at else 0.0 for end in ("low", "high"))
        values = [at[end]["value"] if end in at else None for end in ("low", "high")]
        span = max(low, high, 0.0) - min(low, high, 0.0)
        found.append((str(key), names.get(str(key), str(key)), low, high, *values, span))
    table = pd.DataFrame(found, columns=_TORNADO)
    return table.sort_values(["span", "key"], ascending=[False, True], ignore_index=True)


def noise(rows: pd.DataFrame, measure: str) -> float:
    """Return how far plans that the model takes for equal lie apart on the cells (share).

    Parameters
    ----------
    rows
        Rows of plans of one scenario and geography with a few choices changed.
    measure
        ``l2`` or ``l3``: the widest span of it among rows whose coverage of both levels on the
        model's points and whose shortfall are the same.
    """
    same = ["l2_model", "l3_model", "shortfall_points"]
    spans = rows.groupby([rows[name].round(9) for name in same])[measure].agg(["min", "max"])
    return float((spans["max"] - spans["min"]).max())


def dips(rows: pd.DataFrame, along: str, value: str) -> list[tuple[float, float, float]]:
    """Return where a value falls along a sweep: from where, to where, and by how much."""
    ordered = rows.sort_values(along)
    pairs = list(zip(ordered[along].tolist(), ordered[value].tolist(), strict=True))
    return [(a, b, x - y) for (a, x), (b, y) in pairwise(pairs) if y < x]


# -- of a report -------------------------------------------------------------------------------


def along(report: Report, name: str, key: str) -> pd.DataFrame:
    """Return the rows of a study with the value of a dotted key in the column ``value``."""
    configs = [point.case.config for point in registry.points(report.project, name)]
    return report.study(name).assign(value=[sweeps.value_at(config, key) for config in configs])


def next_money(report: Report) -> pd.DataFrame:
    """Return what the next step of money buys, as :func:`steps` has it."""
    return steps(report.study("budget"), sweeps.STEP_CAD, report.people)


def moved(report: Report, level: str) -> pd.DataFrame:
    """Return what moves coverage of a level most, as :func:`tornado` has it."""
    return tornado(report.swings, level, sweeps.assumption_names(report.project))


def phases_by_budget(report: Report) -> pd.DataFrame:
    """Return net cost and actions of each phase, by budget.

    Columns: ``budget_cad``, and for each phase its ``phase<n>_actions`` and ``phase<n>_cad``
    (net of resale), worked out from the rows' actions by the certificate's code.
    """
    rows = []
    points = registry.points(report.project, "budget")
    for point, row in zip(points, report.study("budget").to_dict("records"), strict=True):
        evaluation = Evaluation(report.tables, point.case.config, point.case.geography)
        found: dict[str, float] = {"budget_cad": float(row["budget_cad"])}
        for phase in PHASES:
            found |= {f"phase{phase.number}_actions": 0, f"phase{phase.number}_cad": 0.0}
        for action, ports in actions_of(str(row["actions"])):
            key = ActionKey.from_id(action)
            if key is not None:
                number, effect = phase_of(key.kind).number, evaluation.effect(key, ports)
                found[f"phase{number}_actions"] += 1
                found[f"phase{number}_cad"] += effect.purchase_cad - effect.resale_cad
        rows.append(found)
    return pd.DataFrame(rows)


# -- prices -----------------------------------------------------------------------------------

KINDS: Final = ("upgrade", "new_l3", "new_l2")
"""Purchases that are asked for: a few ports added here and there come and go within the gap."""

ALL: Final = "all"
"""All four prices together."""

TIE_POINTS: Final = 1e-3
"""Shortfalls that differ by less are the same: the second stage may miss so much more."""

PRICE_TRIED: Final = 0.25
"""By how much all prices together are tried dearer and cheaper, in prose."""

PRICE_NAMES: Final = {
    "l2_station_cad": "a Level 2 station",
    "l2_port_cad": "a Level 2 port",
    "l3_station_cad": "a Level 3 station",
    "l3_port_cad": "a Level 3 port",
    ALL: "everything",
}

KIND_WORDS: Final = {kind.key: kind.several for kind in ACTION_KINDS}


def ladders(report: Report) -> pd.DataFrame:
    """Return the rows of the study ``prices`` with ``price``, ``factor`` and ``price_cad``.

    ``price`` is a key of ``costs`` or ``all``; ``price_cad`` is NaN for ``all``.
    """
    facts = []
    for point in registry.points(report.project, "prices"):
        name, factor = point.name.rsplit("-", 1)
        price, costs = ALL if name == ALL else f"{name}_cad", point.case.config.costs
        facts.append((price, float(factor), getattr(costs, price, math.nan)))
    table = pd.DataFrame(facts, columns=["price", "factor", "price_cad"])
    return table.join(report.study("prices"))


def break_even(ladder: pd.DataFrame) -> pd.DataFrame:
    """Return the two tested prices between which a kind of action comes into the plan or leaves it.

    Each price is a plan solved again with the other prices as they are; the break-even price itself
    lies between the two.

    Parameters
    ----------
    ladder
        As :func:`ladders` gives it.

    Returns
    -------
    pandas.DataFrame
        One row a price and kind that begins or ends once along the prices: ``price``, ``kind``,
        ``buys_at_cad`` and ``not_at_cad`` (CAD; NaN for all prices together), ``buys_at`` and
        ``not_at`` (factors on the base price). Empty where no tested price makes such a difference.
    """
    found = []
    for price, steps in ladder.groupby("price", sort=False):
        ordered = [dict(row) for row in steps.sort_values("factor").to_dict("records")]
        for kind in KINDS:
            crossings = [
                (one, other)
                for one, other in pairwise(ordered)
                if (one[kind] > 0) != (other[kind] > 0)
            ]
            if len(crossings) != 1:
                continue
            # the step with the purchase first
            buys, stops = sorted(crossings[0], key=lambda step: step[kind] == 0)
            found.append(
                (price, kind, buys["price_cad"], stops["price_cad"], buys["factor"],
                 stops["factor"])
            )  # fmt: skip
    columns = ["price", "kind", "buys_at_cad", "not_at_cad", "buys_at", "not_at"]
    return pd.DataFrame(found, columns=columns)


def worth(ladder: pd.DataFrame, budgets: pd.DataFrame) -> pd.DataFrame:
    """Return which budgets at base prices miss as much of the targets as each price does.

    Parameters
    ----------
    budgets
        Rows of the study ``budget``.

    Returns
    -------
    pandas.DataFrame
        One row a price and factor: coverage on the cells, ``shortfall_points`` on the model's
        points, and the two solved budgets ``budget_from_cad`` and ``budget_to_cad`` between whose
        shortfalls it lies (CAD; NaN beyond either end); where several budgets miss just as much,
        ``from`` is the largest of them and ``to`` the smallest.
    """
    ordered = budgets.sort_values("budget_cad")
    scale = list(zip(ordered["budget_cad"], ordered["shortfall_points"], strict=True))
    found = []
    for row in ladder.to_dict("records"):
        missing = row["shortfall_points"]
        below = [cad for cad, short in scale if short >= missing - TIE_POINTS]
        above = [cad for cad, short in scale if short <= missing + TIE_POINTS]
        found.append(
            {
                **{name: row[name] for name in ("price", "factor", "l2", "l3")},
                "shortfall_points": missing,
                "budget_from_cad": max(below, default=math.nan),
                "budget_to_cad": min(above, default=math.nan),
            }
        )
    return pd.DataFrame(found)


# -- words of three or more outcomes -----------------------------------------------------------


def money(cad: float) -> str:
    """Return an amount for a sentence: ``$4.5 million``, ``$100,000``."""
    if abs(cad) >= CAD_PER_MILLION:
        return f"${cad / CAD_PER_MILLION:g} million"
    return f"${cad:,.0f}"


def crossings_words(table: pd.DataFrame) -> list[str]:
    """Say between which prices a purchase begins or ends (rows of :func:`break_even`)."""
    said = []
    for row in table.to_dict("records"):
        name, kind = PRICE_NAMES[row["price"]], KIND_WORDS[row["kind"]]
        if row["price"] == ALL:
            where, other = (_prices(row[end]) for end in ("buys_at", "not_at"))
        else:
            where = f"{name} at ${row['buys_at_cad']:,.0f}"
            other = f"one at ${row['not_at_cad']:,.0f}"
        said.append(f"with {where} the plan buys {kind}, with {other} none")
    return said


def _prices(factor: float) -> str:
    return "all at base prices" if factor == 1 else f"all at {factor:g} times the base prices"


def worth_words(table: pd.DataFrame, factor: float) -> str:
    """Say which budget at base prices does as well as the base budget at other prices."""
    row = table[(table["price"] == ALL) & (table["factor"] == factor)].iloc[0]
    low, high = float(row["budget_from_cad"]), float(row["budget_to_cad"])
    if math.isnan(low):  # below the lowest budget
        return f"less than {money(high)} do at base prices"
    if math.isnan(high):  # above the highest budget
        return f"more than {money(low)} do at base prices"
    if abs(low - high) < MONEY_TOL:
        return f"{money(low)} does at base prices"
    if low > high:  # several budgets miss just as much
        return f"any budget from {money(high)} to {money(low)} does at base prices"
    return f"something between {money(low)} and {money(high)} does at base prices"


# -- named values and table --------------------------------------------------------------------


def of_prices(report: Report) -> list[Number]:
    """Return where purchases begin and end, and what dearer equipment is worth."""
    ladder = ladders(report)
    found = worth(ladder, report.study("budget"))
    crossings = ". ".join(one[0].upper() + one[1:] for one in crossings_words(break_even(ladder)))
    return [
        Number("price_change", PRICE_TRIED, "share", "readings.PRICE_TRIED", "{:.0%}"),
        *named(
            "data/results/prices.csv",
            text={"break_even": crossings or "No tested price ends or begins a purchase",
                  "worth_dearer": worth_words(found, 1 + PRICE_TRIED),
                  "worth_cheaper": worth_words(found, 1 - PRICE_TRIED)},
        ),
    ]  # fmt: skip


def prices_table(report: Report) -> Table:
    """Return the sweep of prices."""
    ladder, origin = ladders(report), sweeps.origin(report)
    found = worth(ladder, report.study("budget"))
    ends = zip(found["budget_from_cad"], found["budget_to_cad"], strict=True)
    frame = found.assign(
        name=[PRICE_NAMES[price][0].upper() + PRICE_NAMES[price][1:] for price in found["price"]],
        worth=[_between(low, high) for low, high in ends],
    )
    frame = frame.join(ladder[["new_l3", "upgrade", "new_l2", "price_cad"]])
    columns = "factor price_cad l2 l3 new_l2 new_l3 upgrade worth"
    return Table("prices", frame, columns, origin.source, origin.vintage, group="name")


def _between(low: float, high: float) -> str:
    least, most = sorted((low / CAD_PER_MILLION, high / CAD_PER_MILLION))
    if math.isnan(low):
        return f"below {high / CAD_PER_MILLION:g}"
    if math.isnan(high):
        return f"above {low / CAD_PER_MILLION:g}"
    return f"{least:g}" if least == most else f"{least:g} to {most:g}"
