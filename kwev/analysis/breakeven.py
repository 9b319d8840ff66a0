"""Break-even prices: where a price ends a purchase, and what a price is worth in budget."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kwev.study import Point

KINDS: Final = ("upgrade", "new_l3", "new_l2")
"""Purchases that are asked for: a few ports added here and there come and go within the gap."""

ALL: Final = "all"
"""All four prices together."""

COLUMNS: Final = ("price", "kind", "buys_at_cad", "not_at_cad", "buys_at", "not_at")
WORTH_COLUMNS: Final = (
    "price", "factor", "l2", "l3", "shortfall_points", "budget_from_cad", "budget_to_cad",
)  # fmt: skip


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
        ``buys_at_cad`` and ``not_at_cad`` (CAD; NaN for
        all prices together), ``buys_at`` and ``not_at`` (factors on the base price). Empty where
        no tested price makes such a difference.
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
            if len(crossings) == 1:
                for one, other in crossings:
                    buys, stops = (one, other) if one[kind] > 0 else (other, one)
                    found.append(
                        (price, kind, buys["price_cad"], stops["price_cad"], buys["factor"],
                         stops["factor"])
                    )  # fmt: skip
    return pd.DataFrame(found, columns=list(COLUMNS))


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
            (row["price"], row["factor"], row["l2"], row["l3"], missing,
             max(below, default=float("nan")), min(above, default=float("nan")))
        )  # fmt: skip
    return pd.DataFrame(found, columns=list(WORTH_COLUMNS))


TIE_POINTS: Final = 1e-3
"""Shortfalls that differ by less are the same: the second stage may miss so much more."""


def base_costs(points: Iterable[Point]) -> Mapping[str, float]:
    """Return the base price of each part (CAD), read from the points at factor 1."""
    found: dict[str, Any] = {}
    for point in points:
        name, factor = point.name.rsplit("-", 1)
        if name != ALL and float(factor) == 1.0:
            found[f"{name}_cad"] = getattr(point.case.config.costs, f"{name}_cad")
    return found
