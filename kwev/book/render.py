"""Render the book: with Quarto where it is, else as the preview; nothing is installed.

Either way the book is written to a folder of its own, checked, and moved into place at the end: a
render that fails leaves the old book as it was.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kwev import escape
from kwev.book import kept, keys, quarto_project, unchanged
from kwev.book.chapters import read_book, read_chapter
from kwev.book.downloads import write_catalogue
from kwev.book.pages import check_book
from kwev.book.papers import chapter_of, papers_of, write_papers
from kwev.book.preview import render_preview
from kwev.book.provenance import FACTS_FILE, PROCESSED
from kwev.book.quarto import FORMATS, find_quarto, require_engine, run_quarto
from kwev.book.quarto_hooks import finish, prepare
from kwev.data.tables import held_sha256
from kwev.errors import KwevError
from kwev.files import write_json
from kwev.sets import MANIFEST, locked, refuse_unless_ours, replacing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from kwev.book.chapters import Book

GET_QUARTO = (
    "Quarto is not here, so this is the preview; each page says what it lacks. To have it, install "
    "1.10 or newer from https://quarto.org/docs/download and render again."
)
_SHOWN = 5


@dataclass(frozen=True)
class RenderReport:
    """What a render did: the engine, where the book lies, how long it took, what to know.

    ``times`` holds each chapter and paper with the processor time of its run (s), None where it was
    not run again.
    """

    engine: str
    output: Path
    pages: int
    seconds: float
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    times: tuple[tuple[str, float | None], ...] = ()

    def summary(self) -> str:
        """Return what a user wants to read: a line, then notes and warnings."""
        name = "the preview (without Quarto)"
        if self.engine == "quarto":
            name = f"Quarto (warnings in its log: {len(self.warnings) or 'none'})"
        first = (
            f"{self.pages} pages by {name} in {self.seconds:.0f} s: {self.output / 'index.html'}"
        )
        warnings = [f"warning: {warning}" for warning in self.warnings]
        return "\n".join([first, *self._times(), *self.notes, *warnings])

    def _times(self) -> list[str]:
        run = [(source, seconds) for source, seconds in self.times if seconds is not None]
        if not self.times:
            return []
        kept = len(self.times) - len(run)
        lines = [f"{seconds:8.1f} s of processor time: {source}" for source, seconds in run]
        return [*lines, f"not run again, as nothing they hang on has changed: {kept}"]


def render(  # noqa: PLR0913 -- by name, each with a usual value
    project_root: Path,
    *,
    engine: str = "auto",
    to: Sequence[str] = FORMATS,
    progress: bool = True,
    facts: Mapping[str, str] | None = None,
    plans: Sequence[Path] = (),
    fresh: bool = False,
) -> RenderReport:
    """Render the book of a project into its output folder.

    Parameters
    ----------
    engine
        ``auto``: Quarto if it is here, else the preview. ``quarto`` and
        ``preview`` force one.
    to
        ``html``, ``pdf`` or both.
    progress
        Print what is being done to standard error.
    facts
        What the pages' footers add to commit and inputs, such as scenario and solver.
    plans
        Stored files that chapters show, which their keys are over.
    fresh
        Run every chapter, kept or not.

    Raises
    ------
    KwevError
        If the engine or a format is unknown, a chapter fails, or the result has dead links,
        unresolved references or the like.
    """
    require_engine(engine, to)
    say: Callable[[str], None] = _print if progress else (lambda _: None)
    started = time.monotonic()
    book = read_book(project_root)
    if book.output_dir.resolve() != (project_root / "_book").resolve():
        refuse_unless_ours(book.output_dir)
    inputs = _inputs(project_root)
    notes: list[str] = []
    quarto = None if engine == "preview" else find_quarto()
    build = project_root / "build"
    build.mkdir(exist_ok=True)
    if facts:
        write_json(project_root / FACTS_FILE, dict(facts))
    stamp, made_from = keys.stamp(project_root), unchanged.state(project_root, quarto, to)
    chapters = [read_chapter(project_root, page) for page in book.pages]
    papers = [chapter_of(project_root, paper) for paper in papers_of(project_root)]
    warnings: tuple[str, ...] = ()
    with _new_site(build) as site:
        hashes = keys.of_files(project_root, plans)
        shelf = kept.Shelf.of(project_root, [*chapters, *papers], hashes)
        executed = shelf.run(fresh=fresh, progress=say)
        write_papers(book, site, say, executed[len(chapters) :])
        if quarto is None:
            render_preview(
                book, executed[: len(chapters)], site, to=to, progress=say, numbers=shelf.numbers
            )
            notes += [GET_QUARTO] if engine == "auto" else []
        else:
            say(f"rendering with {quarto}")
            prepare(project_root)
            folder = quarto_project.write(book, executed[: len(chapters)])
            warnings = run_quarto(quarto, book, folder, site, to)
            finish(book.root, site, shelf.numbers)
        write_catalogue(book, site)
        _require_sound(book, site, to)
        if _inputs(project_root) != inputs:
            hint = "The old book was kept; render again."
            raise KwevError("data/processed changed during the render", hint=hint)
        swap(site, book.output_dir)
    seconds = time.monotonic() - started
    used = "preview" if quarto is None else "quarto"
    times = tuple((str(one.chapter.page.source), one.seconds) for one in executed)
    report = RenderReport(
        used, book.output_dir, len(book.pages), seconds, warnings, tuple(notes), times
    )
    if keys.stamp(project_root) == stamp:
        told = report.summary().split("\n")[0]
        unchanged.note(project_root, book.output_dir, made_from, hashes, told)
    return report


@contextmanager
def _new_site(build: Path) -> Iterator[Path]:
    """Give a folder for the new pages; what a killed run left of its own is removed."""
    with locked(build / "render"):
        for old in sorted(build.glob("site-*")):
            shutil.rmtree(old)
        with tempfile.TemporaryDirectory(dir=build, prefix="site-") as folder:
            site = Path(folder) / "site"
            site.mkdir()
            yield site


def _inputs(root: Path) -> str:
    """Return the hash of the data that a book is made from, held against their manifest."""
    processed = root / PROCESSED
    return held_sha256(processed) if (processed / MANIFEST).is_file() else ""


def swap(new: Path, target: Path) -> None:
    """Put the folder ``new`` in the place of ``target``; on failure the old one stays."""
    with replacing(target) as fresh:
        for path in new.iterdir():
            path.rename(fresh / path.name)
    new.rmdir()


def _require_sound(book: Book, site: Path, to: Sequence[str]) -> None:
    """Refuse to publish a site with dead links, unresolved references or missing pages."""
    if "pdf" in to and not (site / book.pdf_name).is_file():
        raise KwevError("the PDF was not written", where=str(book.output_dir))
    problems = check_book(book, site) if "html" in to else []
    if problems:
        more = len(problems) - _SHOWN
        text = "; ".join(map(str, problems[:_SHOWN])) + (f"; and {more} more" if more > 0 else "")
        raise KwevError(f"the rendered book is not sound: {text}", hint="The old book was kept.")


def _print(text: str) -> None:
    print(escape.terminal(text), file=sys.stderr)  # noqa: T201 -- progress of a command
