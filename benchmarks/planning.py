"""The full model against its goals and against the same model solved plainly, in one run.

The baseline is the full model written with the same vectorised rows and handed to HiGHS with its
default search: no reduction, no valid rows, no start, no search of ours. It is stopped after
``BASELINE_S`` a stage so that the bench ends; where it was stopped its gap is printed, and the
ratio of times is a lower bound.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.record import Watch, verdict
from kwev.config import Case, load_config
from kwev.errors import KwevError
from kwev.model.coverage import cover_rows, reach_either, reach_l2, reach_l3, ruler_of
from kwev.model.demand import demand_points
from kwev.model.inputs import build_inputs
from kwev.plan.format import relative_gap
from kwev.region import read_region
from kwev.solve import stages
from kwev.solve.solvers import choose_engine
from kwev.studies.store import solve_certified

if TYPE_CHECKING:
    from benchmarks.record import Sheet, Time
    from kwev.config import Config
    from kwev.data.tables import Tables
    from kwev.model.demand import DemandPoints
    from kwev.model.inputs import Inputs
    from kwev.project import Project
    from kwev.solve.solvers import Answer

BASELINE_S = 60.0
ADDRESSES_S = 240.0
"""Longest time for a stage at the address points, so that the bench ends: a stage that is stopped
shows the gap it got to."""


def da(tables: Tables, project: Project, sheet: Sheet) -> None:
    """Time the base plan at dissemination areas, from the data loaded to the certified plan."""
    case = Case("base", load_config("base", project.config), "da")
    with Watch() as watch:
        entry = solve_certified(tables, case)
    gap = entry.plan.gap_said
    goal = verdict(watch.time.cpu_s <= 1, "1 s of CPU")
    sheet.add("da: base to certified plan, all solves", watch.time, gap, goal)
    _against_baseline(sheet, "da", build_inputs(tables, case.config, "da"), case.config, watch.time)


def cell(tables: Tables, project: Project, sheet: Sheet) -> None:
    """Time the base plan at cells: full model, both stages, at two gaps; then certified plans."""
    base = load_config("base", project.config)
    fast = None
    for mip_gap, seconds in ((1e-3, 15), (1e-4, 60)):
        config = base.with_values(solver__mip_gap=mip_gap)
        with Watch() as watch:
            inputs = build_inputs(tables, config, "cell")
            going, first, second = _stages(inputs, config)
        gap = max(_gap(first), _gap(second))
        goal = verdict(
            watch.time.wall_s <= seconds and gap <= mip_gap * 1.001, f"{seconds} s to {mip_gap:.2%}"
        )
        sheet.add(f"cell: inputs and both stages to {mip_gap:.2%}", watch.time, gap, goal)
        sizes = {**going.reduced.sizes(), "columns": len(inputs.columns)}
        print("      " + ", ".join(f"{name} {size:,}" for name, size in sizes.items()))
        fast = watch.time
    recommended = load_config("recommended", project.config)
    other = {"budget__limit_cad": recommended.budget.limit_cad * 1.05}
    quick = {"solver__mip_gap": 5e-3, "solver__extremes": False}
    for what, config, seconds in (
        ("base", base, 20),
        ("recommended", recommended, 15),
        ("a neighbour of it", recommended.with_values(**other, **quick), 3),
    ):
        with Watch() as watch:
            entry = solve_certified(tables, Case(what, config, "cell"))
        goal = verdict(watch.time.cpu_s <= seconds, f"{seconds} s of CPU")
        sheet.add(f"cell: {what} to certified plan", watch.time, entry.plan.gap_said, goal)
    if fast is not None:
        _against_baseline(sheet, "cell", build_inputs(tables, base, "cell"), base, fast)


def addresses(tables: Tables, project: Project, sheet: Sheet) -> None:
    """Time every distinct address point of the Region, where the raw files are."""
    if not (project.raw / "potential_locations").is_dir():
        print("addresses: skipped, no raw files here (KWEV_RAW)")
        return
    for name in ("base", "l3_at_750m"):
        config = load_config(name, project.config).with_values(
            solver__mip_gap=1e-3, solver__time_limit_s=ADDRESSES_S
        )
        points = _address_points(tables, config, project)
        with Watch() as watch:
            inputs = _inputs_of(tables, config, points)
            going, first, second = _stages(inputs, config)
        gap = max(_gap(first), _gap(second))
        kept = watch.time.cpu_s <= 45 and watch.time.peak_mb < 2_000 and gap <= 1.001e-3  # noqa: PLR2004 -- goals
        goal = verdict(kept, "45 s of CPU to 0.10%, 2,000 MB")
        sheet.add(f"addresses ({len(points):,} points): {name}", watch.time, gap, goal)
        print(
            f"      stages {first.seconds:.0f} s to {_gap(first):.2%} and {second.seconds:.0f} s "
            f"to {_gap(second):.2%}; {going.reduced.sizes()}"
        )


def gurobi(tables: Tables, project: Project, sheet: Sheet) -> None:
    """Solve the base model at dissemination areas under Gurobi's size-limited licence."""
    config = load_config("base", project.config)
    inputs = build_inputs(tables, config, "da")
    try:
        engine = choose_engine("gurobi")
        with Watch() as watch:
            going = stages.start_run(inputs, config, engine, lambda _: None, plain=False)
            _, first, second = stages.two_stages(going)
    except KwevError as refused:
        print(f"gurobi: da, reduced: {refused}")
        return
    gap = max(_gap(first), _gap(second))
    sheet.add(f"gurobi ({engine.licence}): da, reduced", watch.time, gap, "fits the licence: kept")


def _stages(inputs: Inputs, config: Config) -> tuple[stages.Run, Answer, Answer]:
    highs = choose_engine("highs")
    going = stages.start_run(inputs, config, highs, lambda _: None, plain=False)
    _, first, second = stages.two_stages(going)
    return going, first, second


def _gap(answer: Answer) -> float:
    return relative_gap(answer.value, answer.bound)


def _against_baseline(sheet: Sheet, name: str, inputs: Inputs, config: Config, fast: Time) -> None:
    """Print the first stage solved plainly, and both stages where there is time for both."""
    limited = config.with_values(solver__time_limit_s=BASELINE_S)
    with Watch() as watch:
        try:
            going = stages.start_run(
                inputs, limited, choose_engine("highs"), lambda _: None, plain=True
            )
            _, first, second = stages.two_stages(going)
            gap, stopped = max(_gap(first), _gap(second)), "limit" in (first.status, second.status)
        except KwevError:
            gap, stopped = None, True
    ratio = watch.time.cpu_s / max(fast.cpu_s, 1e-9)
    least = "at least " if stopped else ""
    goal = f"baseline / ours in CPU: {least}{ratio:.1f} (stopped at {BASELINE_S:g} s a stage)"
    sheet.add(f"{name}: baseline, both stages", watch.time, gap, goal, ratio=ratio, stopped=stopped)


def _address_points(tables: Tables, config: Config, project: Project) -> DemandPoints:
    """Return the distinct address points, people and EVs of each area spread evenly over them."""
    from kwev.pipeline import population  # noqa: PLC0415 -- only where raw is present
    from kwev.pipeline.boundaries import read_boundaries  # noqa: PLC0415
    from kwev.pipeline.parameters import Parameters  # noqa: PLC0415
    from kwev.pipeline.raw import Ledger, Raw  # noqa: PLC0415

    raw, ledger = Raw(project.raw, project.register, read_region(project.config)), Ledger()
    bounds = read_boundaries(raw, Parameters(), ledger)
    spread = population.spread_population(population.read_addresses(raw, ledger), bounds, ledger)
    areas = demand_points(tables, config, "da")
    at = np.searchsorted(areas.ids, bounds.das["da_id"].to_numpy(str)[spread.da])
    part = 1.0 / np.bincount(at, minlength=len(areas))[at]
    return replace(
        areas,
        ids=np.array([f"a{i:06d}" for i in range(len(at))]),
        xy_m=spread.metres,
        people=areas.people[at] * part,
        ev=areas.ev[at] * part,
        score=areas.score[at],
        weight=areas.weight[at] * part,
        municipality=areas.municipality[at],
    )


def _inputs_of(tables: Tables, config: Config, points: DemandPoints) -> Inputs:
    """Return inputs over given points."""
    plain = build_inputs(tables, config, "tract")
    ruler = ruler_of(tables, config.coverage.metric)
    l2 = reach_l2(points, plain.stations, plain.columns, config, ruler)
    l3 = reach_l3(points, plain.stations, plain.columns, config, ruler)
    reach = {"l2": l2, "l3": l3, "ev_owners": reach_either(l2, l3)}
    rows = {level: cover_rows(part, points) for level, part in reach.items()}
    return replace(plain, points=points, reach=reach, rows=rows)


PARTS = {"da": da, "cell": cell, "addresses": addresses, "gurobi": gurobi}
