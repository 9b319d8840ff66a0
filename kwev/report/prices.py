"""Prices: where one ends a purchase, what it is worth in budget; words, named values and table."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import pandas as pd

from kwev.display.table import Table
from kwev.display.values import Number, named
from kwev.report import sweeps
from kwev.units import CAD_PER_MILLION
from kwev.vocabulary import ACTION_KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kwev.report.scenario import Report
    from kwev.studies.study import Point

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

MONEY_TOL: Final = 0.5


def ladders(points: Iterable[Point], rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the study ``prices`` with ``price``, ``factor`` and ``price_cad``.

    ``price`` is a key of ``costs`` or ``all``; ``price_cad`` is NaN for ``all``.
    """
    facts = []
    for point in points:
        name, factor = point.name.rsplit("-", 1)
        costs = point.case.config.costs
        price = ALL if name == ALL else f"{name}_cad"
        facts.append((price, float(factor), float("nan") if name == ALL else getattr(costs, price)))
    table = pd.DataFrame(facts, columns=["price", "factor", "price_cad"])
    return pd.concat([table, rows.reset_index(drop=True)], axis=1)


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


def numbers(report: Report) -> list[Number]:
    """Return where purchases begin and end, and what dearer equipment is worth."""
    found = report.readings
    crossings = ". ".join(one[0].upper() + one[1:] for one in crossings_words(found.break_even))
    return [
        Number("price_change", PRICE_TRIED, "share", "prices.PRICE_TRIED", "{:.0%}"),
        *named(
            "data/results/prices.csv",
            text={"break_even": crossings or "No tested price ends or begins a purchase",
                  "worth_dearer": worth_words(found.worth, 1 + PRICE_TRIED),
                  "worth_cheaper": worth_words(found.worth, 1 - PRICE_TRIED)},
        ),
    ]  # fmt: skip


def prices_table(report: Report) -> Table:
    """Return the sweep of prices."""
    found, origin = report.readings.worth, sweeps.origin(report)
    ends = zip(found["budget_from_cad"], found["budget_to_cad"], strict=True)
    frame = found.assign(
        name=[PRICE_NAMES[price][0].upper() + PRICE_NAMES[price][1:] for price in found["price"]],
        worth=[_between(low, high) for low, high in ends],
    )
    counts = report.readings.prices[["new_l3", "upgrade", "new_l2", "price_cad"]]
    frame = pd.concat([frame, counts], axis=1)
    columns = "factor price_cad l2 l3 new_l2 new_l3 upgrade worth"
    return Table("prices", frame, columns, origin.source, origin.vintage, group="name")


def _between(low: float, high: float) -> str:
    least, most = sorted((low / CAD_PER_MILLION, high / CAD_PER_MILLION))
    if math.isnan(low):
        return f"below {high / CAD_PER_MILLION:g}"
    if math.isnan(high):
        return f"above {low / CAD_PER_MILLION:g}"
    return f"{least:g}" if least == most else f"{least:g} to {most:g}"
