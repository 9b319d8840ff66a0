"""The whole road on many regions at once: the Region repeated, each copy beside the last.

A copy has its own ids and lies further east by more than the Region is wide, so no place of one
reaches a point of another. Distances are straight lines: a copy needs no roads. The budget grows
with the copies, and a dollar costs fewer points, as a point is a hundredth of all people: the best
plan of each copy alone is a plan of all of them with the same points, so more copies are never
worth less than one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from benchmarks.record import Watch, verdict
from kwev.certify import certify
from kwev.config import Case, load_config
from kwev.data.tables import INPUTS
from kwev.model.inputs import build_inputs
from kwev.solve.stages import solve_inputs

if TYPE_CHECKING:
    from benchmarks.record import Sheet
    from kwev.config import Config
    from kwev.data.tables import Tables
    from kwev.project import Project

COPIES = (1, 10, 23)
"""The Region, ten of it, and as many people as Ontario has."""

APART_M = 100_000.0
"""From a copy to the next, eastward (m); the Region and its stations are 60 km wide."""

IDS = frozenset({
    "area_id", "cell_id", "da_id", "fsa", "id", "municipality_id", "site_id", "station_id",
    "tract_id",
})  # fmt: skip
"""Columns of ids: a copy has ids of its own."""

ROADS = frozenset({"road_edges", "road_nodes", "road_snaps"})
"""Tables that straight lines do not read."""

GAP, LIMIT_S = 1e-2, 600.0
"""Gap at which a solve may stop, and its longest time (s), so that the bench ends."""


def repeated(tables: Tables, copies: int) -> Tables:
    """Return tables of so many Regions side by side, the first of them as it is.

    Tables that no plan depends on, and the roads, are those of the one Region.
    """
    made: dict[str, Any] = {
        name: pd.concat([_copy(getattr(tables, name), i) for i in range(copies)], ignore_index=True)
        for name in INPUTS
        if name not in ROADS
    }
    return replace(tables, **made)


def _copy(table: pd.DataFrame, number: int) -> pd.DataFrame:
    """Return one copy of a table: ids with the number behind them, places moved east."""
    if number == 0:
        return table
    new = {}
    for name in table.columns.intersection(list(IDS)):
        named = table[name] != ""
        new[name] = table[name].where(~named, table[name] + f"-{number:02d}")
    if "easting_m" in table:
        new["easting_m"] = (table["easting_m"] + number * APART_M).round(2)
    return table.assign(**new)


def settings(base: Config, copies: int) -> Config:
    """Return the recommended scenario for so many Regions: straight lines, one budget for all."""
    points = {
        f"weights__{name}_points_per_million_cad": getattr(
            base.weights, f"{name}_points_per_million_cad"
        )
        / copies
        for name in ("cost", "operating")
    }
    return base.with_values(
        coverage__metric="straight_line", budget__limit_cad=base.budget.limit_cad * copies,
        solver__mip_gap=GAP, solver__time_limit_s=LIMIT_S, solver__extremes=False, **points,
    )  # fmt: skip


def road(copies: int, tables: Tables, project: Project, sheet: Sheet) -> None:
    """Time the stages at cells: inputs (reach and rows), the plan with its bound, the check."""
    made = repeated(tables, copies)
    config = settings(load_config("recommended", project.config), copies)
    case = Case("recommended", config, "cell")
    people = round(float(made.cells["population"].sum()))
    about: dict[str, Any] = {"copies": copies, "people": people}
    name = f"{people:,} people"
    with Watch() as watch:
        inputs = build_inputs(made, config, "cell")
    about |= {"points": len(inputs.points), "columns": len(inputs.columns)}
    sheet.add(f"{name}: inputs", watch.time, stage="inputs", **about)
    with Watch() as watch:
        solved = solve_inputs(made, case, inputs)
    plan, searched_s = solved.plan, solved.account["seconds"]
    goal = verdict(plan.gap_said <= GAP, f"{GAP:.0%} in {LIMIT_S:g} s")
    sheet.add(
        f"{name}: plan", watch.time, plan.gap_said, goal, stage="plan", searched_s=searched_s,
        value=plan.quality.objective, bound=plan.solver_says.bound,
        bound_checked=plan.quality.bound_checked, **about,
    )  # fmt: skip
    with Watch() as watch:
        wrong = len(certify(plan, made, case).violations)
    goal = verdict(wrong == 0, "no violation")
    sheet.add(f"{name}: certificate", watch.time, goal=goal, stage="check", wrong=wrong, **about)
