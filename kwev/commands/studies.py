"""Commands on what is kept and watched: monitor, sweep, expect."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 -- typer reads annotations
from typing import Annotated

import typer
from typer import Argument, Option

from kwev import terminal
from kwev.errors import KwevError
from kwev.outcome import EXIT_REGRESSED, EXIT_VIOLATIONS
from kwev.project import find_project


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
