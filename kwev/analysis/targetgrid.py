"""The grid of targets: which pairs can be met, where, and what they would cost at least."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

if TYPE_CHECKING:
    from kwev.study import Point

NOTHING_POINTS: Final = 1e-3
"""Less missing than this is nothing missing: the second stage may miss so much."""

VERDICTS: Final = {
    "met": "met on the cells",
    "model": "met on the model's points, not on the cells",
    "budget": "out of reach of the budget, proven",
    "money": "out of reach of any money, proven",
    "open": "not met, not proven out of reach",
}
"""What is known of a pair of targets, in words."""

COLUMNS: Final = (
    "l2_target", "l3_target", "verdict", "words", "least_budget_cad", "shortfall_points", "l2",
    "l3", "l2_model", "l3_model",
)  # fmt: skip


def grid(points: list[Point], rows: pd.DataFrame) -> pd.DataFrame:
    """Return what is known of each pair of targets.

    On the model's demand points a pair is out of reach of the budget where multipliers show, in
    whole numbers, that some shortfall is left in every plan, and of any money where a target is
    above what every candidate built together reaches. What is met there may be missed on the
    cells, where it counts.

    Parameters
    ----------
    points, rows
        Points of the study ``targets`` and its rows, in the same order.

    Returns
    -------
    pandas.DataFrame
        ``l2_target``, ``l3_target``, ``verdict`` (a key of :data:`VERDICTS`), ``words``,
        ``least_budget_cad`` (NaN where none is known), ``shortfall_points`` and the coverage.
    """
    found = []
    for point, row in zip(points, rows.to_dict("records"), strict=True):
        targets = point.case.config.targets
        verdict = _verdict(targets.l2, targets.l3, {str(k): v for k, v in row.items()})
        measured = [row[name] for name in COLUMNS[4:]]
        found.append((targets.l2, targets.l3, verdict, VERDICTS[verdict], *measured))
    return pd.DataFrame(found, columns=list(COLUMNS))


def _verdict(l2: float, l3: float, row: dict[str, Any]) -> str:
    if row["l2_status"] == "met" and row["l3_status"] == "met":
        return "met"
    if row["shortfall_points"] <= NOTHING_POINTS:
        return "model"
    if row["l2_ceiling"] < l2 or row["l3_ceiling"] < l3:
        return "money"
    checked = row["shortfall_checked_points"]
    return "budget" if pd.notna(checked) and checked > NOTHING_POINTS else "open"


def cross(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the grid with a row for each Level 2 target and a column for each Level 3 target.

    A cell says the verdict, and the least budget where one is known.
    """
    told = frame.assign(
        cell=[
            _cell(verdict, words, least)
            for verdict, words, least in zip(
                frame["verdict"], frame["words"], frame["least_budget_cad"], strict=True
            )
        ]
    )
    table = told.pivot_table(index="l2_target", columns="l3_target", values="cell", aggfunc="first")
    table.columns = [f"l3_{share:g}" for share in table.columns]
    return table.reset_index()


def _cell(verdict: str, words: str, least_cad: float) -> str:
    known = pd.notna(least_cad) and verdict in ("model", "budget", "met")
    return f"{words}; from ${least_cad / 1e6:.2f} million" if known else words
