"""The commands of this room, as :mod:`kwev.cli` offers them."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 -- typer reads annotations
from typing import Annotated

import typer
from typer import Argument, Option

from kwev import terminal
from kwev.outcome import EXIT_VIOLATIONS
from kwev.project import find_project


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

    All of it takes hours. What is not committed is not looked at.

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
