"""Service gaps: places whose people have no charger in reach once the plan is built."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from sklearn.cluster import DBSCAN

from kwev.analysis.effects import LEVELS
from kwev.analysis.neighbourhoods import ClusterRule, landmarks, nearest_m

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kwev.analysis.effects import Effects
    from kwev.coverage import Level

GAP_RULE: Final = ClusterRule(reach_m=250.0, core_people=400)
"""People without a station of a level who make a gap: a third of a dense neighbourhood's, so that
villages and the rims of towns are listed too; the rest are scattered homes."""

COLUMNS: Final = [
    "level", "gap", "near", "municipality", "people", "ev", "cells", "latitude", "longitude",
    "nearest_m", "farthest_m", "within_a_site",
]  # fmt: skip


def gap_of_cells(effects: Effects, level: Level, rule: ClusterRule = GAP_RULE) -> NDArray[np.int64]:
    """Return the gap of each cell: 0 for the one with most people, -1 for none, -2 if reached.

    Cells out of reach form a gap by the rule of dense neighbourhoods, counted over them alone.
    """
    out = ~effects.covered(level, "after")
    found = np.full(len(out), -2, np.int64)
    found[out] = -1
    people = effects.cells.people
    if not people[out].any():
        return found
    model = DBSCAN(eps=rule.reach_m, min_samples=rule.core_people)
    label = np.asarray(
        model.fit(effects.cells.xy_m[out], sample_weight=people[out]).labels_, np.int64
    )
    inside = label >= 0
    total = np.bincount(label[inside], people[out][inside])
    rank = np.empty(len(total), np.int64)
    rank[np.argsort(-total.round(6), kind="stable")] = np.arange(len(total))
    label[inside] = rank[label[inside]]
    found[out] = label
    return found


def gaps(effects: Effects, rule: ClusterRule = GAP_RULE) -> pd.DataFrame:
    """Return the places without a station of a level after the plan, most people first.

    Returns
    -------
    pandas.DataFrame
        ``level`` (l2, l3), ``gap`` (from 1 within its level), ``near`` (the well-known place
        nearest to its middle), ``municipality`` (name, where most of its people live), ``people``,
        ``ev``, ``cells``, ``latitude``, ``longitude`` (mean of its people), ``nearest_m`` (mean
        straight way of its people to the nearest station of the level after the plan) and
        ``farthest_m`` (of the farthest cell; NaN where there is no station at all),
        ``within_a_site`` (share of its people whom an action outside the plan would reach).
    """
    rows = [
        row
        for level in LEVELS
        for row in _of_level(effects, level, gap_of_cells(effects, level, rule))
    ]
    metres = ["easting_m", "northing_m"]
    table = pd.DataFrame(rows, columns=[*(c for c in COLUMNS if c != "near"), *metres])
    table.insert(2, "near", landmarks(effects.tables, table))
    return table[COLUMNS]


def _of_level(effects: Effects, level: Level, gap: NDArray[np.int64]) -> list[dict[str, object]]:
    cells = effects.cells
    net = effects.network["after"]
    metres = nearest_m(cells.xy_m, (net.l2 if level == "l2" else net.l3).xy_m)
    metres = np.where(np.isfinite(metres), metres, np.nan)
    possible = np.asarray((effects.reach[level].change > 0).sum(axis=1)).ravel() > 0
    table = effects.tables.cells.set_index("cell_id").reindex(cells.ids)
    degrees = table[["latitude", "longitude"]].to_numpy(np.float64)
    names = effects.tables.municipalities.set_index("municipality_id")["name"]
    rows: list[dict[str, object]] = []
    for number in range(int(gap.max(initial=-1)) + 1):
        here = gap == number
        people = cells.people[here]
        town = pd.Series(people).groupby(cells.municipality[here]).sum().idxmax()
        middle = np.average(np.column_stack([degrees, cells.xy_m])[here], axis=0, weights=people)
        rows.append(
            {
                "level": level,
                "gap": number + 1,
                "municipality": str(names[str(town)]),
                "people": float(people.sum()),
                "ev": float(cells.ev[here].sum()),
                "cells": int(here.sum()),
                "latitude": float(middle[0]),
                "longitude": float(middle[1]),
                "easting_m": float(middle[2]),
                "northing_m": float(middle[3]),
                "nearest_m": float(np.average(metres[here], weights=people)),
                "farthest_m": float(metres[here].max()),
                "within_a_site": float(people[possible[here]].sum() / people.sum()),
            }
        )
    return rows


def summary(effects: Effects, table: pd.DataFrame) -> pd.DataFrame:
    """Return by level whom the plan leaves out, and how many of them the listed gaps hold.

    Parameters
    ----------
    table
        As from :func:`gaps`.

    Returns
    -------
    pandas.DataFrame
        ``level``, ``people`` out of reach, ``places`` listed, ``people_listed``,
        ``people_scattered`` (in no listed place), ``within_a_site`` (share of all of them whom an
        action outside the plan would reach; NaN where there are none).
    """
    rows = []
    for level in LEVELS:
        out = ~effects.covered(level, "after")
        people = effects.cells.people
        possible = np.asarray((effects.reach[level].change > 0).sum(axis=1)).ravel() > 0
        every, near = float(people[out].sum()), float(people[out & possible].sum())
        part = table[table["level"] == level]
        listed = float(part["people"].sum())
        rows.append(
            {
                "level": level,
                "people": every,
                "places": len(part),
                "people_listed": listed,
                "people_scattered": max(every - listed, 0.0),
                "within_a_site": near / every if every > 0 else np.nan,
            }
        )
    return pd.DataFrame(rows)
