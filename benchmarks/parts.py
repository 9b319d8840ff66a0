"""The parts of the bench by name, each measured in a process that does nothing else."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from benchmarks import city, generated, instances, joined, planning, repeated, tempering
from benchmarks.record import Sheet, Watch, verdict
from kwev.config import load_config
from kwev.data.tables import load_tables
from kwev.model.demand import demand_points
from kwev.model.network import Mode, Places, RoadNetwork
from kwev.model.siting import existing_stations
from kwev.project import find_project

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kwev.data.tables import Tables
    from kwev.project import Project

GOAL_S, GOAL_MB = 15.0, 2_000.0
"""Reach of every cell along the roads: walking and driving together, and the most memory."""

SIZES = sorted({customers for customers, _, _ in generated.ANSWERS})


def measure(part: str) -> None:
    """Measure a part, print its rows and write its file."""
    project = find_project()
    sheet = Sheet(part, project.root)
    parts_of(project)[part](sheet)
    sheet.write()


def parts_of(project: Project) -> dict[str, Callable[[Sheet], None]]:
    """Return what measures each part, cheap ones first; cities where their files are."""

    def planned(timed: Callable[[Tables, Project, Sheet], None]) -> Callable[[Sheet], None]:
        return lambda sheet: timed(load_tables(project.processed), project, sheet)

    def covered(timed: Callable[[Sheet], None]) -> Callable[[Sheet], None]:
        def after_compiling(sheet: Sheet) -> None:
            tempering.compiled()
            timed(sheet)

        return after_compiling

    folder = covering_folder(project)
    known = city.known_best(folder) if folder.is_dir() else []
    return {
        "roads": planned(reach_along_roads),
        **{name: planned(timed) for name, timed in planning.PARTS.items()},
        **{f"cells-{k}": planned(partial(repeated.road, k)) for k in repeated.COPIES},
        "joined": planned(joined.measure),
        **{
            f"rivals-{count}": covered(partial(generated.rivals, radius, count))
            for customers, radius, count in generated.ANSWERS
            if customers == generated.SMALLEST
        },
        **{f"scale-{size}": covered(partial(generated.scale, size)) for size in SIZES},
        **{f"covering-{i.name}": covered(partial(instances.bench, i)) for i in instances.INSTANCES},
        **{f"city-{each.name}": covered(partial(city.solve, each, folder)) for each in known},
    }


def covering_folder(project: Project) -> Path:
    """Return where the instances of cities lie: beside the raw files."""
    return project.raw.parent / "covering"


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
