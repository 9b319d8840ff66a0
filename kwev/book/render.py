"""Render the book: with Quarto where it is, else as the preview; nothing is installed.

Either way the book is written to a folder of its own, checked, and moved into place at the end: a
render that fails leaves the old book as it was.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kwev import escape
from kwev.book.chapters import read_book
from kwev.book.downloads import write_catalogue
from kwev.book.pages import check_book
from kwev.book.papers import write_papers
from kwev.book.preview import render_preview
from kwev.book.provenance import FACTS_FILE, PROCESSED
from kwev.book.quarto_hooks import finish
from kwev.data.tables import held_sha256
from kwev.display.figure import ASSETS
from kwev.errors import KwevError, nearest
from kwev.files import write_json, write_text
from kwev.sets import MANIFEST, locked, refuse_unless_ours, replacing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from kwev.book.chapters import Book

ENGINES = ("auto", "quarto", "preview")
FORMATS = ("html", "pdf")
GET_QUARTO = (
    "Quarto is not here, so this is the preview; each page says what it lacks. To have it, install "
    "1.10 or newer from https://quarto.org/docs/download and render again."
)
VERSION_TIMEOUT_SECONDS = 60
QUARTO_LOG = "build/quarto.log"
QUARTO_TIMEOUT_SECONDS = 3600
_SHOWN = 5
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_WARNING = re.compile(r"\bWARN(?:ING)?\b|^warning\b|^\s*warning:", re.IGNORECASE)
_NOISE = re.compile(
    r"\[IPKernelApp\] WARNING \| Kernel is running over TCP without encryption"
    r"|^\s*warning: (?:true|false)$"
)


@dataclass(frozen=True)
class RenderReport:
    """What a render did: the engine, where the book lies, how long it took, what to know."""

    engine: str
    output: Path
    pages: int
    seconds: float
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def summary(self) -> str:
        """Return what a user wants to read: a line, then notes and warnings."""
        name = "the preview (without Quarto)"
        if self.engine == "quarto":
            name = f"Quarto (warnings in its log: {len(self.warnings) or 'none'})"
        first = (
            f"{self.pages} pages by {name} in {self.seconds:.0f} s: {self.output / 'index.html'}"
        )
        warnings = [f"warning: {warning}" for warning in self.warnings]
        return "\n".join([first, *self.notes, *warnings])


def render(
    project_root: Path,
    *,
    engine: str = "auto",
    to: Sequence[str] = FORMATS,
    progress: bool = True,
    facts: Mapping[str, str] | None = None,
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
    shutil.rmtree(project_root / ASSETS, ignore_errors=True)
    warnings: tuple[str, ...] = ()
    with _new_site(build) as site:
        if quarto is None:
            write_papers(book, site, say)
            render_preview(book, site, to=to, progress=say)
            notes += [GET_QUARTO] if engine == "auto" else []
        else:
            say(f"rendering with {quarto}")
            warnings = run_quarto(quarto, book, site, to)
            finish(book.root, site)
        write_catalogue(book, site)
        _require_sound(book, site, to)
        if _inputs(project_root) != inputs:
            hint = "The old book was kept; render again."
            raise KwevError("data/processed changed during the render", hint=hint)
        swap(site, book.output_dir)
    seconds = time.monotonic() - started
    used = "preview" if quarto is None else "quarto"
    return RenderReport(used, book.output_dir, len(book.pages), seconds, warnings, tuple(notes))


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


def require_engine(engine: str, to: Sequence[str] = FORMATS) -> None:
    """Refuse an engine or a format that is not known, or Quarto where it is not here.

    Raises
    ------
    KwevError
        Naming it.
    """
    for name, known, where in [(engine, ENGINES, "--engine"), *((n, FORMATS, "") for n in to)]:
        if name not in known:
            what = "engine" if known is ENGINES else "format"
            hint = nearest(name, list(known))
            raise KwevError(f"unknown {what} {name!r}", where=where, hint=hint)
    if engine == "quarto" and find_quarto() is None:
        hint = "Install Quarto 1.10 or newer, or use --engine preview."
        raise KwevError("quarto is not on the PATH", where="--engine quarto", hint=hint)


def find_quarto() -> str | None:
    """Return a quarto that runs: beside this interpreter, or on the PATH."""
    beside = Path(sys.executable).parent / "quarto"
    for candidate in (str(beside) if beside.is_file() else None, shutil.which("quarto")):
        if candidate and _run([candidate, "--version"], VERSION_TIMEOUT_SECONDS)[0] == 0:
            return candidate
    return None


def run_quarto(quarto: str, book: Book, site: Path, to: Sequence[str]) -> tuple[str, ...]:
    """Run Quarto over the book into ``site`` and return the warnings in its log.

    Raises
    ------
    KwevError
        If Quarto fails; the log stands in :data:`QUARTO_LOG`.
    """
    targets = {"html": "html", "pdf": "typst"}
    only = [] if len(to) == len(FORMATS) else ["--to", targets[to[0]]]
    output = os.path.relpath(site, book.root)
    environment = {**os.environ, "QUARTO_PYTHON": sys.executable, "PYTHONHASHSEED": "0"}
    command = [quarto, "render", str(book.root), *only, "--output-dir", output]
    code, log = _run(command, QUARTO_TIMEOUT_SECONDS, cwd=book.root, env=environment)
    write_text(book.root / QUARTO_LOG, log)
    if code != 0:
        raise KwevError(f"quarto failed: {_error_line(log)}", where=QUARTO_LOG)
    return tuple(warnings_in(log))


def warnings_in(log: str) -> list[str]:
    """Return the lines of a log that warn."""
    lines = [_NOISE.split(line)[0].strip() for line in log.splitlines()]
    return [line for line in lines if _WARNING.search(line)]


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


def _run(command: Sequence[str], seconds: float, **options: Any) -> tuple[int | None, str]:
    """Run a program; return its exit code, None where it gave no answer, and what it told."""
    try:
        done = subprocess.run(
            list(command),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            timeout=seconds,
            check=False,
            **options,
        )
    except subprocess.TimeoutExpired:
        return None, f"no answer within {seconds} s"
    except OSError as error:
        return None, str(error)
    return done.returncode, _ANSI.sub("", done.stdout)


def _error_line(log: str) -> str:
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    errors = [line for line in lines if re.search(r"\berror\b", line, re.IGNORECASE)]
    return (errors or lines or ["no message"])[-1][:200]


def _print(text: str) -> None:
    print(escape.terminal(text), file=sys.stderr)  # noqa: T201 -- progress of a command
