"""The command line: one command a function, whose docstring is its help."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from typer import Argument, Option

from kwev import escape, outcome, terminal
from kwev.errors import KwevError
from kwev.files import dump_json, refuse_file, sha256_bytes
from kwev.outcome import EXIT_CODES, EXIT_ERROR, EXIT_REGRESSED, EXIT_VIOLATIONS
from kwev.project import find_project
from kwev.release import commands as releasing
from kwev.sets import write_set

if TYPE_CHECKING:
    from kwev.config import Case
    from kwev.data.tables import Tables
    from kwev.plan.format import Certificate, Plan


app = typer.Typer(
    name="kwev",
    help=(
        "Plan public EV charging for a region of Canada: rebuild the data, solve a scenario, "
        "check a plan without trusting the solver, render the book."
    ),
    epilog="Exit codes: " + "; ".join(f"{code} {what}" for code, what in EXIT_CODES.items()) + ".",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

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


def main() -> NoReturn:
    """Run the command line: whatever happens, one line and a code of :data:`EXIT_CODES`."""
    raise SystemExit(outcome.run(lambda: app(standalone_mode=False)))


def _version(value: bool) -> None:  # noqa: FBT001 -- typer's callback signature
    if value:
        from kwev import __version__

        terminal.echo(f"kwev {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options before the command."""


@app.command()
def fetch(  # noqa: PLR0913, PLR0917 -- each is an option
    only: Annotated[
        list[str] | None,
        Option(
            "--only",
            help="Source: statcan, ontario, openchargemap, nrcan, osm, grt or region; repeatable.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, Option("--dry-run", help="Tell what would be asked, and where; ask nothing.")
    ] = False,
    offline: Annotated[
        bool, Option("--offline", help="Ask nothing; tell which raw files are here and intact.")
    ] = False,
    diff: Annotated[
        bool,
        Option("--diff", help="Tell what changed against data/processed: stations, vehicles."),
    ] = False,
    fewer: Annotated[
        bool, Option("--fewer", help="Take a file that has lost more than half of its rows.")
    ] = False,
    raw: Annotated[
        Path | None, Option("--raw", help="Folder of raw files (default: KWEV_RAW, else data/raw).")
    ] = None,
) -> None:
    """Bring data/raw from the publishers, each file checked, and enter it in data/sources.json.

    Each file lands whole, once the pipeline's own reader has taken it; whatever goes wrong, the
    file before stays. What has not changed is not loaded again, and an archive that broke off goes
    on where it ended. Addresses stand in data/services.json; the area follows from the census codes
    of config/region.json. OpenChargeMap asks for a key: OCMAP_API_KEY in the environment or in
    .env. Files that were collected by hand have no service; --dry-run names them.

    Nothing is computed: see what changed with --diff, then run kwev data.

    Example: kwev fetch --only ontario --only nrcan --diff
    """
    from kwev.fetch.changes import changes
    from kwev.fetch.landing import Shelf
    from kwev.fetch.run import PARTS, Fetched, all_wanted, dry_lines, offline_lines
    from kwev.fetch.run import fetch as bring
    from kwev.fetch.services import read_services
    from kwev.fetch.web import Web
    from kwev.region import read_region

    project = find_project()
    shelf = Shelf(raw or project.raw, project.register, fewer)
    told = Fetched()
    if offline and not dry_run:
        registered = read_region(project.config).files.values()
        told = offline_lines(shelf, registered) if not diff else told
    else:
        services = read_services(project, shelf.raw)
        wanted = all_wanted(services, only or ())
        if dry_run:
            terminal.echo(*dry_lines(services, wanted))
            return
        with terminal.bar() as progress:
            files = progress.add_task("fetch", total=len(wanted))
            size = progress.add_task("bytes", total=None)

            def step(file: str) -> None:
                progress.update(files, description=escape.terminal(file)[-24:])
                progress.advance(files, 1)

            web = Web(
                shelf.raw / PARTS,
                tick=lambda have, whole: progress.update(size, completed=have, total=whole or None),
                note=told.lines.append,
            )
            found = bring(wanted, shelf, web, step)
        told = Fetched([*told.lines, *found.lines], found.errors)
    terminal.echo(*told.lines)
    if diff:
        terminal.echo(*changes(project, shelf.raw))
    told.raise_errors()


@app.command()
def data(
    raw: Annotated[
        Path | None, Option("--raw", help="Folder of raw files (default: KWEV_RAW, else data/raw).")
    ] = None,
    out: Annotated[
        Path | None, Option("--out", help="Folder to write (default: data/processed).")
    ] = None,
    accept: Annotated[
        list[str] | None,
        Option("--accept", help="Raw file, below --raw, to take unregistered."),
    ] = None,
) -> None:
    """Compute data/processed from the raw files: checked, whole or not at all.

    Each raw file must be the one of data/sources.json (checksum, columns, ranges), and each table
    must fit its schema, before anything is written. A folder is replaced whole, and only where it
    is empty or its manifest says that kwev made it. What was dropped, repaired or flagged is
    counted in quality.csv; what each stage took in seconds and memory is printed. Without --out,
    DATA_LICENCES.md is written as well.

    Example: kwev data --raw ~/bundle/raw
    """
    from kwev.pipeline.build import build
    from kwev.region import read_region
    from kwev.report.sources import read_catalogue, write_notice

    project = find_project()
    target = out or project.processed
    report = build(
        raw or project.raw, target, read_region(project.config),
        register=project.register, accepted=frozenset(accept or ()),
    )  # fmt: skip
    terminal.echo(*report.stages().split("\n"), report.summary())
    if out is None:
        terminal.echo(f"wrote {write_notice(project, read_catalogue(project))}")


@app.command()
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
    from kwev.plan.export import write_plan
    from kwev.report.results import FILE, results_text
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
    write_plan(folder, entry.plan, entry.account, {FILE: results_text(tables, entry)})
    terminal.echo(*terminal.plan_lines(entry.plan, entry.account))
    terminal.echo(*(f"wrote {folder / name}" for name in ("plan.json", FILE)))


@app.command()
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
    from kwev.plan.export import problems_beside
    from kwev.report.results import problems_of

    record, _, tables, certificate = _certified(plan, scenario)
    beside = problems_beside(plan, record) or problems_of(plan, tables, record)
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


@app.command()
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


@app.command()
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


@app.command()
def monitor(  # noqa: PLR0913, PLR0917 -- each is an option
    snapshot: Annotated[
        Path | None,
        Argument(help="A list of stations (CSV, GeoJSON) or a quarter's vehicles (CSV)."),
    ] = None,
    date: Annotated[
        str, Option("--date", help="Day, month or quarter shown (default: in the file's name).")
    ] = "",
    series: Annotated[
        str, Option("--series", help="Name to keep it under (default: by the layout).")
    ] = "",
    history: Annotated[
        Path | None,
        Option("--history", help="File to append to (default: data/monitoring/history.csv)."),
    ] = None,
    begin: Annotated[
        bool, Option("--begin", help="Begin the history where there is none.")
    ] = False,
    dry_run: Annotated[
        bool, Option("--dry-run", help="Measure and tell, but write nothing.")
    ] = False,
    from_processed: Annotated[
        bool, Option("--from-processed", help="Append what data/processed knows; no SNAPSHOT.")
    ] = False,
) -> None:
    """Hold the targets of data/targets.json against a new list of stations or new vehicle counts.

    The list is measured on the cells, as plans are, along the roads and in a straight line, and
    appended to a history, of which nothing is ever changed: the same file again writes nothing.
    Each target is told for each with pass or fail, the change since the last line and the trend. A
    series is one source, filtered alike. Each line ends with a hash of all lines before it; one
    process writes at a time.

    A list of stations has a row a station, with the columns latitude, longitude (degrees),
    l2_ports, l3_ports (counts) and, where known, station_id, name, opened (2026-03-31), access
    (public, tesla_only, private) and status (available, planned, closed); an empty access counts
    as public, an empty status as available; what opens after the date does not
    count. GeoJSON has the same as properties of points. The files of Natural Resources Canada
    (AFDC columns) and OpenChargeMap are read as they are. Stations outside the Region, and those
    not for all cars, are left out and counted.

    A quarter's vehicles have the columns fsa and ev, or fsa, bev and phev, and a row for each of
    the Region's areas; they are held against the network of data/processed.

    Exit code 0: no target went back. 3: one did: it was met and is not, or has lost half a point.
    2: bad input; nothing was written.

    Example: a file stations-2026-03.csv with

        name,latitude,longitude,l2_ports,l3_ports,access
        City Hall,43.4516,-80.4925,4,0,public
        Highway stop,43.4100,-80.3900,0,2,public

    is told by: kwev monitor stations-2026-03.csv --series region --dry-run
    """
    if (snapshot is None) != from_processed:
        hint = "See `kwev monitor --help`."
        raise KwevError("give a file, or --from-processed", where="kwev monitor", hint=hint)
    project = find_project()
    from kwev.report.measurement import monitor as watch

    told = watch(
        project, snapshot, date=date, series=series, path=history, begin=begin, dry_run=dry_run
    )
    terminal.echo(*told.lines)
    if told.regressed:
        raise typer.Exit(EXIT_REGRESSED)


@app.command()
def render(
    fresh: Annotated[
        bool, Option("--fresh", help="Forget stored plans and solve everything again.")
    ] = False,
    engine: Annotated[
        str, Option("--engine", help="auto, quarto or preview (without Quarto).")
    ] = "auto",
) -> None:
    """Render the book to _book/: with Quarto where it is, else as the preview.

    With --fresh the stored plans stay aside until the book is whole, and come back where it fails.

    Example: kwev render --fresh
    """
    from kwev.book.quarto import require_engine
    from kwev.book.unchanged import still

    project = find_project()
    require_engine(engine)
    told = None if fresh else still(project.root, project.root / "_book", engine)
    if told:
        terminal.echo(told, "nothing has changed since: the book there is this one")
        return
    import gc

    from kwev.book.render import render as render_book
    from kwev.report.scenario import load_report, plan_files, prepare
    from kwev.sets import renewing

    report = load_report()
    cases, _ = report.cases(), report.tables  # read, and refused, before anything is moved
    with renewing(project.store, fresh=fresh, keep=False):
        with terminal.bar() as progress:
            task = progress.add_task("plans", total=len(cases))
            prepare(report, lambda: progress.advance(task))
        gc.freeze()  # the tables stay: parsing pages need not look through them time and again
        told = render_book(
            project.root, engine=engine, plans=plan_files(report), fresh=fresh
        ).summary()
    terminal.echo(*told.split("\n"))


@app.command()
def sweep(
    names: Annotated[
        list[str] | None,
        Argument(help="Studies to make (default: all; in another region those it keeps)."),
    ] = None,
    scheduler: Annotated[
        str | None,
        Option(
            "--scheduler",
            help="Address of a Dask scheduler, whose workers have this checkout at the same path. "
            "It is trusted: what it sends is unpickled, which can run any code. Keep it on "
            "127.0.0.1, or use TLS (tls://).",
        ),
    ] = None,
    listed: Annotated[
        bool, Option("--list", help="List the studies with their state, and make nothing.")
    ] = False,
    checked: Annotated[
        bool, Option("--check", help="Measure every committed row again, and make nothing.")
    ] = False,
    fresh: Annotated[
        bool, Option("--fresh", help="Solve everything again, even what is there.")
    ] = False,
) -> None:
    """Make the studies of the book: many plans, each solved, certified and kept.

    The results are small tables in data/results, committed with the code, so that rendering stays
    fast. Rows that are missing, damaged or stale are made again; the others stay. Each plan is in
    the store the moment it is certified, so a run that is stopped goes on where it was. Plans are
    solved in processes of this machine, or on a Dask cluster.

    Exit code 0: done, or with --check all is sound. 1: with --check, rows are not. 2: an error.

    Example: kwev sweep budget targets
    """
    from kwev.report import registry as studies

    project = find_project()
    chosen = names or studies.of_project(project)
    for name in chosen:
        studies.known(name)
    if listed:
        terminal.echo(*terminal.study_lines(project, chosen))
        return
    if checked:
        raise typer.Exit(0 if terminal.check_studies(project, chosen) else EXIT_VIOLATIONS)
    total = sum(studies.size(project, chosen).values())
    with terminal.bar() as progress:
        task = progress.add_task("studies", total=total)

        def step(point: str) -> None:
            progress.update(task, advance=1, description=point[:24])

        made = studies.sweep(project, chosen, scheduler=scheduler, fresh=fresh, progress=step)
        progress.update(task, description="studies")
    terminal.echo(f"{total} points of {len(chosen)} studies, {made} made now")
    terminal.echo(f"wrote {project.results.relative_to(project.root)}")


@app.command()
def expect() -> None:
    """Renew the expected numbers of the book and print what moved, for a reviewer to read.

    Writes tests/chapters/expected.json. Plans come from the store, or are solved.
    """
    from kwev.book.expected import path, renew
    from kwev.report.scenario import load_report

    project = find_project()
    lines = renew(project, load_report())
    terminal.echo(*(lines or ["no number moved"]))
    terminal.echo(f"wrote {path(project).relative_to(project.root)}")


@app.command()
def scenarios() -> None:
    """List the scenarios with what they plan for."""
    from rich.console import Console

    from kwev.config import Case, load_config, scenario_paths

    folder = find_project().config
    cases = (Case(name, load_config(name, folder)) for name in scenario_paths(folder))
    Console(highlight=False).print(terminal.scenario_table(cases))


@app.command()
def doctor(
    as_json: Annotated[
        bool, Option("--json", help="Print JSON: ready, and each finding with its remedy.")
    ] = False,
) -> None:
    """Tell what is here, what is missing, and what to do about it.

    Python, packages against the lock, Quarto, Gurobi's licence, HiGHS, the keys of sources
    (whether there is one, never the key), raw and processed data against their checksums, disk and
    permissions. Where nothing is installed yet, `python3 -m kwev.doctor` tells the same.

    Exit code 0 where the book can be rendered, 2 where something is missing for it.
    """
    from kwev.doctor import examine, is_ready, told

    findings = examine(find_project())
    terminal.echo(*told(findings, as_json=as_json))
    if not is_ready(findings):
        raise typer.Exit(EXIT_ERROR)


@app.command()
def edition(
    name: Annotated[str, Argument(help='What this edition is called, as in "the second edition".')],
    out: Annotated[
        Path | None, Option("--out", help="File to write (default: data/edition-before.json).")
    ] = None,
) -> None:
    """Keep this edition's plan and sources, which the next one says what changed from.

    Run it after an edition is published, before the first change towards the next.

    Example: kwev edition "the second edition"
    """
    from kwev.book.provenance import collect
    from kwev.files import write_json
    from kwev.report.edition import FILE, record
    from kwev.report.scenario import load_report

    report = load_report()
    path = out or report.project.root / FILE
    commit = dict(collect(report.project.root).facts).get("Commit", "")
    write_json(path, record(report, name, commit).model_dump(mode="json"), indent=1)
    terminal.echo(f"wrote {path}")


@app.command()
def schema(
    out: Annotated[
        Path | None, Option("--out", help="Folder to write (default: config/ and docs/).")
    ] = None,
) -> None:
    """Write the JSON schemas of the configuration and of the plan files."""
    from kwev.formats import write_schemas

    terminal.echo(*(f"wrote {path}" for path in write_schemas(find_project(), out)))


regions = typer.Typer(help="Regions by their census codes.", no_args_is_help=True)
app.add_typer(regions, name="region")


@regions.callback()
def _regions() -> None:
    """Regions by their census codes."""


@regions.command("new")
def new_region(
    name: Annotated[str, Argument(help='Its name, which goes after "the": "County of Oxford".')],
    division: Annotated[
        str | None, Option("--cd", help="Census division of 2021: four digits, such as 3523.")
    ] = None,
    subdivisions: Annotated[
        list[str] | None,
        Option("--csd", help="Census subdivision of 2021: seven digits; repeatable."),
    ] = None,
    out: Annotated[
        Path | None, Option("--out", "-o", help="Folder to write (default: the name's).")
    ] = None,
) -> None:
    """Write a project for another region of Ontario, and tell what it has and what it lacks.

    A region is a census division, or census subdivisions (municipalities) of one or several. The
    folder gets config/region.json, two scenarios, addresses of publishers, a register of sources
    without files, and the chapters of a short book. Outlines, postal areas, census tracts and the
    metric projection follow from the codes once `kwev fetch` has run there.

    National sources work for any region of Ontario. Local ones, such as a road file, timetables or
    wards, are optional: each is a line of config/region.json. What is absent leaves its tables
    empty, and data/processed/quality.csv says so.

    Codes stand at https://www12.statcan.gc.ca (census of 2021, geographic attribute file).

    Example: kwev region new "County of Wellington" --cd 3523
    """
    from kwev import founding

    region = founding.region_of(name, division, subdivisions or ())
    folder = out or Path(founding.folder_name(name))
    files = founding.found(find_project(), region, folder)
    terminal.echo(*founding.told(region, folder, files))


app.command()(releasing.verify)
app.command()(releasing.release)


if __name__ == "__main__":
    main()
