"""Commands on plans: solve, check, schedule, explain, scenarios."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 -- typer reads annotations
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Argument, Option

from kwev import terminal
from kwev.files import dump_json, refuse_file, sha256_bytes
from kwev.outcome import EXIT_VIOLATIONS
from kwev.project import find_project
from kwev.sets import write_set

if TYPE_CHECKING:
    from kwev.config import Case
    from kwev.data.tables import Tables
    from kwev.plan.format import Certificate, Plan

Scenario = Annotated[
    str, Option("--scenario", "-s", help="Scenario: base, or a file of config/ by its name.")
]
Geography = Annotated[
    str,
    Option("--geography", "-g", help="Demand points: tract (138), da (766) or cell (100 m grid)."),
]
SolverName = Annotated[
    str | None,
    Option("--solver", help="Force a solver: highs, gurobi or scip (default: the config's)."),
]


def solve(
    scenario: Scenario = "base",
    geography: Geography = "da",
    out: Annotated[
        Path | None,
        Option(
            "--out", "-o", help="Folder for plan.json, results.json, solve.json, .geojson, .csv."
        ),
    ] = None,
    solver: SolverName = None,
) -> None:
    """Solve a scenario, certify the plan and write it, with its results.

    results.json says what the plan builds, reaches and costs, measured anew on the cells; its
    schema is docs/schemas/results.json.

    Example: kwev solve --scenario base --geography da --out build/base
    """
    project = find_project()
    from kwev.config import load_case

    # slips are told before the slow imports and the solve
    case = load_case(scenario, geography, solver, project.config)
    folder = out or project.build / "plans" / f"{scenario}-{geography}"
    refuse_file(folder)
    from kwev.data.tables import load_tables

    tables = load_tables(project.processed)
    from kwev.plan.export import RESULTS, write_plan
    from kwev.report.results import results_text
    from kwev.solve.stages import SOLVES
    from kwev.studies.store import solve_certified

    with terminal.bar() as progress:
        task = progress.add_task(f"{scenario} at {geography}", total=len(SOLVES))

        def step(name: str) -> None:
            progress.update(
                task, completed=SOLVES.index(name.split(":", maxsplit=1)[0]), description=name
            )

        entry = solve_certified(tables, case, progress=step)
        progress.update(task, completed=len(SOLVES), description=f"{scenario} at {geography}")
    write_plan(folder, entry.plan, entry.account, {RESULTS: results_text(tables, entry)})
    terminal.echo(*terminal.plan_lines(entry.plan, entry.account))
    terminal.echo(*(f"wrote {folder / name}" for name in ("plan.json", RESULTS)))


def check(
    plan: Annotated[Path, Argument(help="The plan.json to check.")],
    scenario: Annotated[
        str | None,
        Option("--scenario", "-s", help="Scenario to check against (default: the plan's)."),
    ] = None,
) -> None:
    """Recompute a plan from data/processed and config/, without the solver that made it.

    The files beside it are held against its folder's manifest: results, CSV, GeoJSON, schedule
    and site packages must be those that were written with this plan. Results, CSV and GeoJSON are
    made from the plan again.

    Exit code 0: clean. 1: violations, listed. 2: the file cannot be read as a plan.

    Example: kwev check build/base/plan.json
    """
    from kwev.plan.export import has_results, problems_beside

    record, _, tables, certificate = _certified(plan, scenario)
    beside = problems_beside(plan, record)
    if not beside and has_results(plan):
        from kwev.report.results import problems_of

        beside = problems_of(plan, tables, record)
    terminal.echo(*terminal.certified_lines(record, certificate))
    terminal.echo(*(f"violation: {line}" for line in beside))
    found = len(certificate.violations) + len(beside)
    terminal.echo(f"{certificate.checks} checks, {found} violations")
    if found:
        raise typer.Exit(EXIT_VIOLATIONS)


def _certified(path: Path, scenario: str | None = None) -> tuple[Plan, Case, Tables, Certificate]:
    """Read a plan, check it against its scenario or another, and tell its violations."""
    from kwev.config import Case, load_config
    from kwev.plan.format import read_plan
    from kwev.plan.questions import asked

    project, record = find_project(), read_plan(path)
    name = scenario or record.scenario
    config, changed = asked(record, load_config(name, project.config))
    case = Case(name, config, record.geography)
    terminal.echo(*(f"asked by a reader: {key} = {value}" for key, value in changed.items()))
    from kwev.certify import certify
    from kwev.data.tables import load_tables

    tables = load_tables(project.processed)
    certificate = certify(record, tables, case)
    terminal.echo(*(f"violation: {violation}" for violation in certificate.violations))
    return record, case, tables, certificate


def schedule(
    plan: Annotated[Path, Argument(help="The plan.json to schedule.")],
    out: Annotated[
        Path | None, Option("--out", "-o", help="Folder to write (default: the plan's).")
    ] = None,
) -> None:
    """Say when each action of a plan is done, and write a package for each site.

    Checks the plan, then finds the schedule that serves most people soonest within the money,
    crews and power of each period (section phasing of the plan's scenario in config/). Writes
    schedule.json, phases.json, site-packages.csv and site-packages.geojson; their schemas are in
    docs/schemas. Exit code 1: the plan has violations, nothing is written.

    Example: kwev schedule build/base/plan.json
    """
    folder = out or plan.parent
    refuse_file(folder)
    record, case, tables, certificate = _certified(plan)
    plan_sha256 = sha256_bytes(plan.read_bytes())
    if certificate.violations:
        raise typer.Exit(EXIT_VIOLATIONS)
    from kwev.report import phases as phasing
    from kwev.report import site_packages as packages
    from kwev.report import timing
    from kwev.report.schedule import schedule_file

    config = case.config
    made = timing.Timetable.of(tables, record, config, timing.make(tables, record, config))
    sites = packages.packages(tables, record, config, made.periods("best"))
    phases = phasing.phase_file(record, config.power)
    files = {
        "schedule.json": dump_json(schedule_file(made).as_dict()),
        "phases.json": dump_json(phases.as_dict()),
        "site-packages.csv": packages.as_csv(sites),
        "site-packages.geojson": dump_json(packages.as_geojson(sites)),
    }
    write_set(folder, files, plan=plan_sha256)
    terminal.echo(*terminal.schedule_lines(made.compared()))
    terminal.echo(f"gap {made.gap:.3%}; wrote {folder / 'schedule.json'} and three files beside it")


def explain(
    scenario: Scenario = "base",
    geography: Geography = "da",
    solver: SolverName = None,
) -> None:
    """Tell why a scenario's targets cannot all be met, and who is left without.

    Targets are hard here. The constraints fall into groups that could be given up: the budget, each
    target, the energy need, the capacity of sites, the limits on ports, one action a place, and
    each optional rule of the scenario. What is told is an irreducible set of them: together they
    cannot be met by any plan, and without any one of them the rest of the set can. Where the budget
    is not in it, no money helps. A test that runs out of time is said to be undecided.

    Then the plan of the scenario, from the store or solved now, is held against the targets
    municipality by municipality, on the cells.

    Exit code 0: explained, or nothing to explain. 1: not decided in time. 2: an error.

    Example: kwev explain --scenario base --geography da
    """
    from kwev.config import load_case

    project = find_project()
    case = load_case(scenario, geography, solver, project.config)
    from kwev.data.tables import load_tables
    from kwev.report import out_of_reach as outofreach
    from kwev.studies.store import stored

    tables = load_tables(project.processed)
    with terminal.bar() as progress:
        task = progress.add_task("conflict", total=None)

        def step(name: str) -> None:
            progress.update(task, description=f"without {name}" if name else "conflict")

        found = outofreach.conflict(project, tables, case, progress=step)
        progress.update(task, description=f"{scenario} at {geography}")
        plan = stored(project, tables, case, progress=step).plan
    terminal.echo(*terminal.conflict_lines(found, plan, case.config))
    terminal.echo(*terminal.municipality_lines(outofreach.by_municipality(tables, plan, case)))
    terminal.echo(*terminal.missed_lines(plan))
    if found.status == "unknown":
        raise typer.Exit(EXIT_VIOLATIONS)


def scenarios() -> None:
    """List the scenarios with what they plan for."""
    from rich.console import Console

    from kwev.config import Case, load_config, scenario_paths

    folder = find_project().config
    cases = (Case(name, load_config(name, folder)) for name in scenario_paths(folder))
    Console(highlight=False).print(terminal.scenario_table(cases))
