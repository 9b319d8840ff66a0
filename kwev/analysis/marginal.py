"""What the next money buys, shown by solving again: never read off a multiplier."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from kwev.errors import KwevError
from kwev.units import POINTS

if TYPE_CHECKING:
    from collections.abc import Iterable

MONEY_TOL = 0.5
"""Two budgets are a step apart within half a dollar."""

COLUMNS = (
    "budget_cad", "step_cad", "spent_cad", "l2_points", "l3_points", "l2_people", "l3_people",
    "shortfall_points", "objective_points",
)  # fmt: skip


def steps(rows: pd.DataFrame, step_cad: float, people: float) -> pd.DataFrame:
    """Return what a step of money buys from each budget that was solved with and without it.

    Parameters
    ----------
    rows
        Rows of the study ``next-100k``.
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
        is missing on the model's points) and ``objective_points``.

    Raises
    ------
    KwevError
        If no two budgets are a step apart.
    """
    found = [
        _step(one, other, step_cad, people)
        for one in _records(rows)
        for other in _records(rows)
        if abs(other["budget_cad"] - one["budget_cad"] - step_cad) < MONEY_TOL
    ]
    if not found:
        raise KwevError(f"no two budgets are {step_cad:,.0f} CAD apart", where="next-100k")
    return pd.DataFrame(found, columns=list(COLUMNS)).sort_values("budget_cad", ignore_index=True)


def _step(
    one: dict[str, Any], other: dict[str, Any], step_cad: float, people: float
) -> dict[str, float]:
    l2, l3 = (other[level] - one[level] for level in ("l2", "l3"))
    return {
        "budget_cad": one["budget_cad"],
        "step_cad": step_cad,
        "spent_cad": other["net_cad"] - one["net_cad"],
        "l2_points": POINTS * l2,
        "l3_points": POINTS * l3,
        "l2_people": people * l2,
        "l3_people": people * l3,
        "shortfall_points": one["shortfall_points"] - other["shortfall_points"],
        "objective_points": other["objective"] - one["objective"],
    }


def _records(rows: pd.DataFrame) -> Iterable[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in rows.to_dict("records")]
