"""Times of the solves on this machine, as ratios within one run.

Absolute seconds depend on the machine; the ratio of a geography to tracts, and of grouped rows to
one row a point, is what a change of the code should be judged by. Reach along the roads has goals
in seconds and memory, which are printed beside it.
"""

from __future__ import annotations

import sys
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

from kwev import config as configuration
from kwev.config import Case
from kwev.demand import demand_points
from kwev.inputs import build_inputs
from kwev.network import RoadNetwork
from kwev.pipeline.meter import Meter
from kwev.places import Places
from kwev.project import find_project
from kwev.siting import existing_stations
from kwev.store import solve_certified
from kwev.tables import load_tables

if TYPE_CHECKING:
    from kwev.config import Config
    from kwev.tables import Tables

RUNS = 3
GOAL_S, GOAL_MB = 15.0, 2_000.0
"""Reach of every cell along the roads: walking and driving together, and the most memory."""


def main() -> None:
    """Print one line a measurement."""
    project = find_project()
    settings = configuration.load("base", project.config)
    started = perf_counter()
    tables = load_tables(project.processed)
    print(f"load data/processed          {perf_counter() - started:8.2f} s")
    times = {}
    for geography in ("tract", "da"):
        case = Case("base", settings, geography)
        seconds = []
        for _ in range(RUNS):
            started = perf_counter()
            entry = solve_certified(tables, case)
            seconds.append(perf_counter() - started)
        times[geography] = median(seconds)
        plan = entry.plan
        print(
            f"base at {geography:<6} to certificate {times[geography]:8.2f} s   "
            f"gap {plan.solver.gap_solver:.2e}   {len(plan.actions)} actions"
        )
    print(f"da / tract                   {times['da'] / times['tract']:8.2f} times")
    for geography in ("da", "cell"):
        started = perf_counter()
        inputs = build_inputs(tables, settings, geography)
        seconds_inputs = perf_counter() - started
        points, rows = len(inputs.points), inputs.rows
        print(
            f"inputs at {geography:<6}             {seconds_inputs:8.2f} s   {points:,} points -> "
            f"{len(rows['l2'].base):,} L2 rows, {len(rows['l3'].base):,} L3 rows"
        )
    reach_along_roads(tables, settings)


def reach_along_roads(tables: Tables, settings: Config) -> None:
    """Print time and peak memory of who reaches what on foot and by car: cells x all places."""
    cells = demand_points(tables, settings, "cell").places
    sites = tables.sites
    here = Places.of_kind(
        "site",
        sites["site_id"].to_numpy(str),
        sites[["easting_m", "northing_m"]].to_numpy(),
    )
    places = Places.joined([existing_stations(tables, settings).places, here])
    network = RoadNetwork.of(tables)
    reached = (("walk", 800.0), ("drive", 7_000.0))
    with Meter(tuple(mode for mode, _ in reached), shown=False) as meter:
        for mode, radius_m in reached:
            with meter.stage(mode):
                pairs = network.within(mode, cells, places, radius_m).nnz
            cost = meter.costs[-1]
            print(
                f"{mode:<5} {radius_m:5,.0f} m, {len(cells):,} x {len(places):,} "
                f"{cost.seconds:8.2f} s   {pairs:,} pairs, peak {cost.peak_mb:,.0f} MB"
            )
    seconds, most = sum(c.seconds for c in meter.costs), max(c.peak_mb for c in meter.costs)
    kept = "kept" if seconds < GOAL_S and most < GOAL_MB else "MISSED"
    print(
        f"reach along the roads        {seconds:8.2f} s   peak {most:,.0f} MB; goals of "
        f"{GOAL_S:g} s and {GOAL_MB:,.0f} MB {kept}"
    )


if __name__ == "__main__":
    sys.exit(main())
