"""Quarto as a program: where it is, what it is asked, and what its log says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kwev.errors import KwevError, nearest
from kwev.files import write_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwev.book.chapters import Book

TARGETS: Final = {"html": "html", "pdf": "typst"}
"""What Quarto calls the formats."""

ENGINES: Final = ("auto", "quarto", "preview")
FORMATS: Final = tuple(TARGETS)

VERSION_TIMEOUT_SECONDS = 60
QUARTO_LOG = "build/quarto.log"
QUARTO_TIMEOUT_SECONDS = 3600
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_WARNING = re.compile(r"\bWARN(?:ING)?\b|^warning\b|^\s*warning:", re.IGNORECASE)
_NOISE = re.compile(
    r"\[IPKernelApp\] WARNING \| Kernel is running over TCP without encryption"
    r"|^\s*warning: (?:true|false)$"
)


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
        if candidate and version_of(candidate):
            return candidate
    return None


def version_of(quarto: str) -> str:
    """Return the version of a quarto; empty where it does not run."""
    code, told = run([quarto, "--version"], VERSION_TIMEOUT_SECONDS)
    return f"{told.strip() or '?'}" if code == 0 else ""


def run_quarto(
    quarto: str, book: Book, folder: Path, site: Path, to: Sequence[str]
) -> tuple[str, ...]:
    """Run Quarto over the project in ``folder`` into ``site`` and return the warnings in its log.

    Raises
    ------
    KwevError
        If Quarto fails; the log stands in :data:`QUARTO_LOG`.
    """
    only = [] if len(to) == len(TARGETS) else ["--to", TARGETS[to[0]]]
    output = folder / "site"  # Quarto writes below its project
    environment = {**os.environ, "QUARTO_PYTHON": sys.executable, "PYTHONHASHSEED": "0"}
    command = [quarto, "render", str(folder), *only, "--output-dir", output.name]
    code, log = run(command, QUARTO_TIMEOUT_SECONDS, cwd=folder, env=environment)
    write_text(book.root / QUARTO_LOG, log)
    if code != 0:
        raise KwevError(f"quarto failed: {_error_line(log)}", where=QUARTO_LOG)
    if output.is_dir():
        shutil.copytree(output, site, dirs_exist_ok=True, copy_function=os.replace)
        shutil.rmtree(output)
    return tuple(warnings_in(log))


def warnings_in(log: str) -> list[str]:
    """Return the lines of a log that warn."""
    lines = [_NOISE.split(line)[0].strip() for line in log.splitlines()]
    return [line for line in lines if _WARNING.search(line)]


def run(command: Sequence[str], seconds: float, **options: Any) -> tuple[int | None, str]:
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
