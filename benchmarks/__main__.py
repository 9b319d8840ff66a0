"""What `make bench` prints and keeps; `python -m benchmarks --only da,scale` runs some parts.

Absolute seconds depend on the machine, and processor seconds stand beside them; ratios within one
run are what a change of the code should be judged by. Each part writes its file below
``benchmarks/results`` when it ends, so a run that was stopped goes on with ``--resume``.
"""

from __future__ import annotations

import argparse
from functools import cache, partial
from typing import TYPE_CHECKING

from benchmarks import city, generated, instances, joined, planning, repeated
from benchmarks.record import HEAD, Sheet, Watch, circumstances, measured_here, verdict
from kwev.config import load_config
from kwev.data.tables import load_tables
from kwev.model.demand import demand_points
from kwev.model.network import Mode, Places, RoadNetwork
from kwev.model.siting import existing_stations
from kwev.project import find_project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kwev.data.tables import Tables
    from kwev.project import Project

GOAL_S, GOAL_MB = 15.0, 2_000.0
"""Reach of every cell along the roads: walking and driving together, and the most memory."""

SIZES = sorted({customers for customers, _, _ in generated.ANSWERS})


def main() -> None:
    """Print the machine, then the parts asked for."""
    project = find_project()
    parts = parts_of(project)
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", default="", help=f"parts, or how they begin: {', '.join(parts)}")
    parser.add_argument("--resume", action="store_true", help="leave out what this commit has")
    given = parser.parse_args()
    wanted = chosen(parts, given.only)
    if not wanted:
        parser.error(f"unknown parts {given.only}; known: {', '.join(parts)}")
    print(*(f"{name} {told}" for name, told in circumstances(project.root).items()), sep=", ")
    print(HEAD)
    for part in wanted:
        if given.resume and measured_here(part, project.root):
            continue
        sheet = Sheet(part, project.root)
        parts[part](sheet)
        sheet.write()


def chosen(parts: Iterable[str], asked: str) -> list[str]:
    """Return the parts that are asked for: by name, and what is no name by how parts begin."""
    names = asked.split(",")
    begin = tuple(name for name in names if name not in parts)
    return [part for part in parts if part in names or part.startswith(begin)]


def parts_of(project: Project) -> dict[str, Callable[[Sheet], None]]:
    """Return what measures each part, cheap ones first; cities where their files are."""
    tables = cache(lambda: load_tables(project.processed))

    def planned(measure: Callable[[Tables, Project, Sheet], None]) -> Callable[[Sheet], None]:
        return lambda sheet: measure(tables(), project, sheet)

    folder = project.raw.parent / "covering"
    known = city.known_best(folder) if folder.is_dir() else []
    return {
        "roads": planned(reach_along_roads),
        **{name: planned(measure) for name, measure in planning.PARTS.items()},
        **{f"cells-{k}": planned(partial(repeated.road, k)) for k in repeated.COPIES},
        "joined": planned(joined.measure),
        **{
            f"rivals-{count}": partial(generated.rivals, radius, count)
            for customers, radius, count in generated.ANSWERS
            if customers == generated.SMALLEST
        },
        **{f"scale-{size}": partial(generated.scale, size) for size in SIZES},
        **{f"covering-{i.name}": partial(instances.bench, i) for i in instances.INSTANCES},
        **{f"city-{each.name}": partial(city.solve, each, folder) for each in known},
    }


def reach_along_roads(tables: Tables, project: Project, sheet: Sheet) -> None:
    """Time who reaches what on foot and by car: cells x all places."""
    settings = load_config("base", project.config)
    cells = demand_points(tables, settings, "cell").places
    sites = tables.sites
    here = Places.of_kind(
        "site",
        sites["site_id"].to_numpy(str),
        sites[["easting_m", "northing_m"]].to_numpy(),
    )
    places = Places.joined([existing_stations(tables, settings).places, here])
    network = RoadNetwork.of(tables)
    spent = 0.0
    asked: tuple[tuple[Mode, float], ...] = (("walk", 800.0), ("drive", 7_000.0))
    for mode, radius_m in asked:
        with Watch() as watch:
            pairs = network.within(mode, cells, places, radius_m).nnz
        spent += watch.time.wall_s
        kept = verdict(spent < GOAL_S and watch.time.peak_mb < GOAL_MB, f"{GOAL_S:g} s together")
        what = f"{mode} {radius_m:,.0f} m, {len(cells):,} x {len(places):,} places"
        sheet.add(what, watch.time, goal=f"{pairs:,} pairs; {kept}", pairs=pairs)


if __name__ == "__main__":
    main()
