"""Commands on raw files and tables: fetch, data."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 -- typer reads annotations
from typing import Annotated

from typer import Option

from kwev import escape, terminal
from kwev.project import find_project


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
