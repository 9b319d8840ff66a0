"""Commands on the book: render, edition, verify, release."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 -- typer reads annotations
from typing import Annotated

import typer
from typer import Argument, Option

from kwev import terminal
from kwev.outcome import EXIT_VIOLATIONS
from kwev.project import find_project


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


def verify(
    steps: Annotated[
        list[str] | None,
        Argument(help="Steps: data, results, numbers, book (default: all of them)."),
    ] = None,
) -> None:
    """Make everything anew in a clone of the last commit, and compare it with what is committed.

    data: tables from the raw files, byte for byte. results: every row of the studies measured
    again. numbers: plans solved, and the numbers of the book held against those expected. book:
    two renders, each with plans of its own, byte for byte. The clone is build/verify.

    All of it takes about an hour. What is not committed is not looked at.

    Exit code 0: all the same. 1: something differs, listed. 2: an error.

    Example: kwev verify data numbers
    """
    from kwev.release.verify import verify as verified

    is_same = True
    for found in verified(find_project(), steps or ()):
        terminal.echo(*found.lines)
        is_same = is_same and not found.differs
    if not is_same:
        raise typer.Exit(EXIT_VIOLATIONS)


def release(
    out: Annotated[
        Path | None, Option("--out", "-o", help="Folder to write (default: build/release).")
    ] = None,
    since: Annotated[
        str,
        Option(
            "--since", help="Tag or commit to tell the changes from (default: the last tag v*)."
        ),
    ] = "",
) -> None:
    """Bundle the rendered book into one zip, ready for an archive with a DOI.

    It holds site, PDFs, the plan's files, the processed tables as a data package, the source, a
    list of changes, CITATION.cff, codemeta.json, a bill of materials (CycloneDX) with a report of
    licences, and checksums. The same commit and the same book give the same bytes.

    Refused are a checkout with changes, and a book that is not whole or of another commit.

    Example: kwev render && kwev release
    """
    from kwev.release.bundle import release as bundled

    project = find_project()
    made = bundled(project, out or project.build / "release", since=since)
    terminal.echo(*made.lines)
