"""Service gaps: places whose people have no charger in reach once the plan is built.

The measure, then their named values, table and map.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from kwev.data.links import crs_of
from kwev.display import cartography, origins, style
from kwev.display.figure import Figure, rows
from kwev.display.layers import Layer, Mark
from kwev.display.table import Column, table
from kwev.display.values import Numbers, named
from kwev.model.siting import counted
from kwev.plan.export import as_frame
from kwev.report import plan_charts
from kwev.report.neighbourhoods import ClusterRule, dense, landmarks, nearest_m
from kwev.vocabulary import LEVEL_KEYS, LEVEL_NAMES, LEVELS

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    from numpy.typing import NDArray

    from kwev import vocabulary
    from kwev.display.table import Table
    from kwev.model.coverage import Level
    from kwev.report.effects import Effects
    from kwev.report.scenario import Report

GAP_RULE: Final = ClusterRule(reach_m=250.0, core_people=400)
"""People without a station of a level who make a gap: a third of a dense neighbourhood's, so that
villages and the rims of towns are listed too; the rest are scattered homes."""

CELL_M: Final = 100
"""Side of a cell (m)."""

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
    if people[out].any():
        found[out] = dense(effects.cells.xy_m[out], people[out], rule)
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
    found = pd.DataFrame(
        [
            row
            for level in LEVEL_KEYS
            for row in _of_level(effects, level, gap_of_cells(effects, level, rule))
        ],
        columns=[*(c for c in COLUMNS if c != "near"), "easting_m", "northing_m"],
    )
    found.insert(2, "near", landmarks(effects.tables, found))
    return found[COLUMNS]


def _of_level(effects: Effects, level: Level, gap: NDArray[np.int64]) -> list[dict[str, object]]:
    cells = effects.cells
    net = effects.network["after"]
    metres = nearest_m(cells.xy_m, (net.l2 if level == "l2" else net.l3).xy_m)
    metres = np.where(np.isfinite(metres), metres, np.nan)
    reachable = possible(effects, level)
    known = effects.tables.cells.set_index("cell_id").reindex(cells.ids)
    degrees = known[["latitude", "longitude"]].to_numpy(np.float64)
    names = effects.tables.municipalities.set_index("municipality_id")["name"]
    found: list[dict[str, object]] = []
    for number in range(int(gap.max(initial=-1)) + 1):
        here = gap == number
        people = cells.people[here]
        town = pd.Series(people).groupby(cells.municipality[here]).sum().idxmax()
        middle = np.average(np.column_stack([degrees, cells.xy_m])[here], axis=0, weights=people)
        found.append(
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
                "within_a_site": float(people[reachable[here]].sum() / people.sum()),
            }
        )
    return found


def possible(effects: Effects, level: Level) -> NDArray[np.bool_]:
    """Return which cells some action, done or not, would bring within reach."""
    return np.asarray((effects.reach[level].change > 0).sum(axis=1)).ravel() > 0


def summary(effects: Effects, listed: pd.DataFrame) -> pd.DataFrame:
    """Return by level whom the plan leaves out, and how many of them the listed gaps hold.

    Parameters
    ----------
    listed
        As from :func:`gaps`.

    Returns
    -------
    pandas.DataFrame
        ``level``, ``people`` out of reach, ``places`` listed, ``people_listed``,
        ``people_scattered`` (in no listed place), ``within_a_site`` (share of all of them whom an
        action outside the plan would reach; NaN where there are none).
    """
    found = []
    for level in LEVEL_KEYS:
        out = ~effects.covered(level, "after")
        people = effects.cells.people
        reachable = possible(effects, level)
        every, near = float(people[out].sum()), float(people[out & reachable].sum())
        part = listed[listed["level"] == level]
        inside = float(part["people"].sum())
        found.append(
            {
                "level": level,
                "people": every,
                "places": len(part),
                "people_listed": inside,
                "people_scattered": max(every - inside, 0.0),
                "within_a_site": near / every if every > 0 else np.nan,
            }
        )
    return pd.DataFrame(found)


# -- Named values, table and map.

HALF: Final = 0.5
"""From this share on a gap counts as one that an action outside the plan would mostly reach."""

PRINTED: Final = 8
"""Gaps of each level that the PDF shows, those with most people."""


def of_gaps(report: Report) -> Numbers:
    """Return whom the plan leaves without each level, and how many of them the gaps hold."""
    numbers = named(
        "gaps.GAP_RULE",
        people={"gap_people_least": GAP_RULE.core_people},
        m={"gap_reach": GAP_RULE.reach_m},
    )
    for row in report.findings.out_of_reach.to_dict("records"):
        near = row["within_a_site"]
        numbers += named(
            "gaps.summary",
            prefix=f"{row['level']}_",
            people={"out": row["people"], "gap_people": row["people_listed"]},
            count={"gap_places": row["places"]},
            share={"out_near_a_site": 0.0 if math.isnan(near) else near},
        )
    return Numbers(numbers)


def gap_table(report: Report) -> Table:
    """Return the places that the plan leaves without a level; the PDF shows the largest."""
    frame = report.findings.gaps
    frame = frame.assign(
        group="Without " + frame["level"].map(LEVEL_NAMES), printed=frame["gap"] <= PRINTED
    )
    columns = "near municipality people ev nearest_m farthest_m within_a_site"
    return table("gaps", frame, columns, report.origin, group="group", printed="printed")


_LOOKS: Final[dict[Level, tuple[str, str, str, str]]] = {
    "l3": ("#f7d9c2", "#e9a070", style.L3, "5 4"),
    "l2": ("#9ac8e1", "#08306b", style.INK, ""),
}
"""By level, from the ground up: fills where a site is near and where none is, outline, dashes."""

_FACTS: Final = (
    "near municipality",
    Column("people", "People", "people", ",.0f"),
    Column("ev", "EVs", "count", ",.0f"),
    Column("nearest_m", "Mean way to the nearest station", "m", ",.0f"),
    Column("within_a_site", "People whom a site outside the plan would reach", format=".0%"),
)


def gap_map(
    effects: Effects, found: pd.DataFrame, out: pd.DataFrame, *, folder: Path | None = None
) -> Figure:
    """Map the gaps of both levels over the stations that stand once the plan is built.

    Parameters
    ----------
    found
        As from :func:`gaps`.
    out
        As from :func:`summary`.
    """
    tables, config = effects.tables, effects.config
    existing = cartography.places(cartography.named(tables, counted(tables.stations, config)))
    actions = as_frame(effects.plan)
    parts = {level: pd.DataFrame(found[found["level"] == level]) for level in LEVEL_KEYS}
    layers = cartography.land(tables, folder)
    for rank, level in enumerate(_LOOKS):
        if len(parts[level]):
            layers.append(_layer(effects, parts[level], level, above=rank))
    layers += [_stations(existing, actions, level) for level in LEVELS]
    people, each = out.set_index("level")["people"], []
    for level, part in parts.items():
        most = ", ".join(f"near {r.near} ({r.people:,.0f})" for r in rows(part.head(3)))
        each.append(
            f"{LEVEL_NAMES[level]} is out of reach of {people[level]:,.0f} people, "
            f"{part['people'].sum():,.0f} of them in {len(part)} places"
            + (f", the largest {most}" if most else "")
        )
    alt = f"Map of the places without a charger in reach after the plan. {'. '.join(each)}."
    return cartography.build("map-gaps", alt, origins.plan(tables, effects.plan), layers)


def _layer(effects: Effects, part: pd.DataFrame, level: Level, *, above: int) -> Layer:
    name, (near, far, line, dash) = LEVEL_NAMES[level], _LOOKS[level]
    number = gap_of_cells(effects, level) + 1
    inside = number > 0
    outline = cartography.neighbourhoods(
        effects.cells.ids[inside].tolist(), number[inside], CELL_M, crs_of(effects.tables.das)
    ).rename(columns={"number": "gap"})
    frame = outline.merge(part, on="gap", validate="1:1")
    frame["mark"] = (frame["within_a_site"] < HALF).astype(int)
    frame["title"] = f"{name} gap " + frame["gap"].astype(str)
    marks = (
        Mark("most could be reached from a site not chosen", near, line, 0.7, 0.85, dash=dash),
        Mark("no site is near most of them", far, line, 0.7, 0.85, dash=dash),
    )
    return Layer(
        f"{name} gaps", frame, marks, title="title", facts=_FACTS,
        heading=f"People without {name}", above=above,
    )  # fmt: skip


def _stations(existing: gpd.GeoDataFrame, actions: pd.DataFrame, level: vocabulary.Level) -> Layer:
    where = plan_charts.places_after(existing, actions, level.key)
    frame = cartography.places(where).assign(mark=0, title=level.name)
    radius = 2.4 if level.key == "l2" else 5.0
    look = Mark(f"{level.name} station", level.colour, style.PAPER, 0.6, radius=radius)
    return Layer(f"{level.name} stations with the plan", frame, (look,), title="title", above=3)
