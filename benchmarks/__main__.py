"""What `make bench` prints; `python -m benchmarks --only da,cell` runs some of its parts.

Absolute seconds depend on the machine, and processor seconds stand beside them; ratios within one
run are what a change of the code should be judged by. A module of this folder with a ``main`` is
called from here.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING

from benchmarks import instances, planning
from kwev.config import load_config
from kwev.data.tables import load_tables
from kwev.model.demand import demand_points
from kwev.model.network import Places, RoadNetwork
from kwev.model.siting import existing_stations
from kwev.pipeline.build import Meter
from kwev.project import find_project

if TYPE_CHECKING:
    from kwev.config import Config
    from kwev.data.tables import Tables

GOAL_S, GOAL_MB = 15.0, 2_000.0
"""Reach of every cell along the roads: walking and driving together, and the most memory."""

PARTS = (*planning.PARTS, "roads", "covering")


def main() -> None:
    """Print the machine, then the parts asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", default=",".join(PARTS), help=f"parts of: {', '.join(PARTS)}")
    only = set(parser.parse_args().only.split(","))
    if only - set(PARTS):
        parser.error(f"unknown parts {sorted(only - set(PARTS))}; known: {', '.join(PARTS)}")
    print(
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs, "
        f"load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}, "
        + ", ".join(f"{name} {version(name)}" for name in ("highspy", "cvxpy", "scipy", "gurobipy"))
    )
    project = find_project()
    tables = load_tables(project.processed)
    planning.main(tables, project, only)
    if "roads" in only:
        reach_along_roads(tables, load_config("base", project.config))
    if "covering" in only:
        instances.main([])


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
