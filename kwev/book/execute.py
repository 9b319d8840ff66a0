"""Chapters as notebooks: built from the .qmd file, executed, and checked for bad inline values.

A notebook holds the chapter's cells in order; each inline expression is a cell of its own where it
stands, so that it runs in the same kernel at the same moment as under Quarto, and so that nbval
compares its value like any other output. Notebooks go to a build folder and are never committed.
"""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat

from kwev import escape
from kwev.book.chapters import CodeBlock
from kwev.errors import KwevError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from kwev.book.chapters import Chapter

NOTEBOOK_DIR = "build/notebooks"
CELL_TIMEOUT_SECONDS = 1200
MOST_AT_ONCE = 4
LOG = "chapters.log"
ENVIRONMENT = {
    "PYTHONHASHSEED": "0",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "OBJC_DISABLE_INITIALIZE_FORK_SAFETY": "YES",
}
"""What chapters run with: the same bytes on every run, and no threads that a copy would lack."""

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_CELL_LINE = re.compile(r"Cell In\s*\[\d+\], line (\d+)")
_ERROR_VALUES = {"", "none", "nan", "nat", "<na>", "inf", "-inf", "error"}
_MARKED = re.compile(r"""\A\[(.*)\]\{n="\w+"\}\Z""", re.DOTALL)
"""A named value, as :class:`kwev.display.values.Number` prints it."""


@dataclass(frozen=True)
class Place:
    """Where a chapter leaves its notebook, and below what (``assets``) the files of its page."""

    folder: Path
    shown: Path


@dataclass(frozen=True, eq=False)
class Executed:
    """A chapter and its notebook with outputs.

    Attributes
    ----------
    seconds
        Processor time that its run took (s); None where it was not run again.
    strangers
        Files of the checkout that it read and that no key is over.
    """

    chapter: Chapter
    notebook: Any
    seconds: float | None = None
    strangers: tuple[str, ...] = ()

    def outputs(self, block: int, inline: int | None = None) -> list[dict[str, Any]]:
        """Return the outputs of the chapter's block, or inline expression, with this index."""
        for cell in self.notebook.cells:
            place = cell.metadata.get("kwev", {})
            if place.get("block") == block and place.get("inline") == inline:
                return list(cell.get("outputs", []))
        return []

    def prose(self, block: int) -> str:
        """Return a Markdown block with the values of its inline expressions in their places."""
        text = self.chapter.blocks[block]
        if isinstance(text, CodeBlock):
            return ""
        pieces, position = [], 0
        for index, inline in enumerate(text.inlines):
            pieces += [text.text[position : inline.start], self.inline_value(block, index)]
            position = inline.end
        return "".join([*pieces, text.text[position:]])

    def inline_value(self, block: int, position: int) -> str:
        """Return the Markdown that stands for an inline expression."""
        return value_markdown(self.outputs(block, position))


def build(chapter: Chapter, root_from_notebook: str = "../..") -> Any:
    """Turn a chapter into an unexecuted notebook.

    The first cell moves to the project's root, so that cells read the same relative paths under
    Quarto (``execute-dir: project``), here and under nbval, which starts in the notebook's folder.

    Raises
    ------
    KwevError
        If a cell or an inline expression is not valid Python.
    """
    setup = f"import os as _os; _os.chdir({root_from_notebook!r})"
    cells = [_code_cell(setup, kind="setup", line=1)]
    for number, block in enumerate(chapter.blocks):
        if isinstance(block, CodeBlock):
            _parse(block.source, "exec", chapter.where(block.line), f"cell {block.label or number}")
            cells.append(_code_cell(block.source, kind="cell", line=block.line, block=number))
            continue
        metadata = {"kwev": {"kind": "markdown"}}
        cells.append(nbformat.v4.new_markdown_cell(block.text, metadata=metadata))  # type: ignore[no-untyped-call]
        for position, inline in enumerate(block.inlines):
            _parse(inline.expression, "eval", chapter.where(inline.line), "inline expression")
            place = {"kind": "inline", "line": inline.line, "block": number, "inline": position}
            cells.append(_code_cell(inline.expression, **place))
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number:04d}"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return nbformat.v4.new_notebook(  # type: ignore[no-untyped-call]
        cells=cells, metadata={"kernelspec": kernel}
    )


def execute(
    chapter: Chapter, folder: Path, *, timeout_seconds: float = CELL_TIMEOUT_SECONDS
) -> Executed:
    """Run a chapter in a fresh process and write ``folder/<name>.ipynb`` with its outputs.

    Raises
    ------
    KwevError
        As :func:`execute_all`, or if an inline expression has no value.
    """
    root = chapter.path.parents[len(chapter.page.source.parts) - 1]
    place = Place(folder, root)
    executed = execute_all(root, {chapter: place}, timeout_seconds=timeout_seconds)
    require_values(executed)
    return executed[0]


def execute_all(  # noqa: PLR0913 -- by name, each with a usual value
    root: Path,
    places: Mapping[Chapter, Place],
    *,
    numbers: Path | None = None,
    timeout_seconds: float = CELL_TIMEOUT_SECONDS,
    progress: Callable[[str], None] = lambda _: None,
    done: Callable[[Executed], None] = lambda _: None,
) -> list[Executed]:
    """Run chapters, each in a process of its own, up to four at a time (:mod:`kwev.book.warm`).

    Parameters
    ----------
    root
        The checkout.
    places
        Where the notebook of each chapter goes, and what it leaves for its page.
    numbers
        Where the numbers of the book go; then the plan is analysed once before, for all of them.
    done
        Called with each chapter as it is done.

    Returns
    -------
    list of Executed
        In the order given.

    Raises
    ------
    KwevError
        Naming chapter, line and cell if a cell or an inline expression fails or takes longer than
        ``timeout_seconds``.
    """
    if not places:
        return []
    jobs = []
    for chapter, place in places.items():
        build(chapter)  # what is no Python is told before anything runs
        place.folder.mkdir(parents=True, exist_ok=True)
        folder, shown = (str(path.resolve()) for path in (place.folder, place.shown))
        jobs.append({"source": str(chapter.page.source), "folder": folder, "shown": shown})
    at_once = min(MOST_AT_ONCE, os.cpu_count() or 1)
    order = {"root": str(root.resolve()), "jobs": jobs, "at_once": at_once,
             "seconds": timeout_seconds, "numbers": str(numbers or "")}  # fmt: skip
    log = next(iter(places.values())).folder / LOG
    named = {str(chapter.page.source): chapter for chapter in places}
    executed = {}
    for news in _served(order, log, progress):
        chapter = named[news["source"]]
        path = places[chapter].folder / f"{chapter.page.name}.ipynb"
        notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
        one = Executed(chapter, notebook, news["seconds"], tuple(news["strangers"]))
        done(one)
        executed[chapter] = one
    return [executed[chapter] for chapter in places]


def require_values(executed: Iterable[Executed]) -> None:
    """Refuse an inline expression without a value.

    Raises
    ------
    KwevError
        Naming all of them.
    """
    problems = [problem for one in executed for problem in inline_problems(one)]
    if problems:
        raise KwevError("; ".join(problems), hint="An inline expression prints one named value.")


def _served(
    order: dict[str, Any], log: Path, progress: Callable[[str], None]
) -> Iterator[dict[str, Any]]:
    """Give what is told of each chapter that is done; raise what one failed with."""
    command = [sys.executable, "-m", "kwev.book.warm"]
    own = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, **ENVIRONMENT, "PYTHONPATH": os.pathsep.join(filter(None, own))}
    # the process's own messages are noise on a terminal, but tell why it died
    with (
        log.open("w", encoding="utf-8") as errors,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
            encoding="utf-8", cwd=order["root"], env=environment,
        ) as process,
    ):  # fmt: skip
        try:
            given, told = process.stdin, process.stdout
            if given is None or told is None:  # never: both are pipes
                return
            with given:
                given.write(json.dumps(order))
            for line in told:
                news = json.loads(line)
                match news.pop("what"):
                    case "running":
                        progress(f"running {news['source']}")
                    case "done":
                        yield news
                    case _:
                        raise _told(news)
            died = process.wait()
        finally:
            if process.poll() is None:  # something failed, or the keyboard stopped it
                process.terminate()
        if died:
            raise KwevError("the process that runs chapters died", where=str(log))


def _told(news: dict[str, Any]) -> KwevError:
    where = news.get("where") or news["source"]
    return KwevError(news["message"], where=where, hint=news.get("hint", ""))


def inline_problems(executed: Executed) -> list[str]:
    """Return what is wrong with inline values: none at all, or a value such as nan or None."""
    return [
        f"{where}: {expression} gives {value or 'nothing'}"
        for where, expression, value in inline_values(executed)
        if _MARKED.sub(r"\1", value).replace("\\", "").strip().lower() in _ERROR_VALUES
    ]


def inline_values(executed: Executed) -> list[tuple[str, str, str]]:
    """Return where, expression and value of each inline expression, in order."""
    return [
        (executed.chapter.where(inline.line), inline.expression, executed.inline_value(n, position))
        for n, block in enumerate(executed.chapter.blocks)
        if not isinstance(block, CodeBlock)
        for position, inline in enumerate(block.inlines)
    ]


def value_markdown(outputs: list[dict[str, Any]]) -> str:
    """Return an inline value as Markdown: its text/markdown, else its plain text, as Quarto does.

    A plain string loses its quotes and has its Markdown characters escaped.
    """
    for data in (output["data"] for output in reversed(outputs) if output.get("data")):
        if "text/markdown" in data:
            return joined(data["text/markdown"])
        text = joined(data.get("text/plain", ""))
        if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
            return escape.markdown_value(_literal(text))
        return text
    return ""


def _literal(text: str) -> str:
    """Return the text that a literal of Python stands for, or the literal where it is none."""
    try:
        return str(ast.literal_eval(text))
    except (SyntaxError, ValueError):
        return text[1:-1]


def joined(value: str | list[str]) -> str:
    """Return a notebook's text, which may be kept as lines, in one piece."""
    return value if isinstance(value, str) else "".join(value)


def _code_cell(source: str, **place: Any) -> Any:
    return nbformat.v4.new_code_cell(source, metadata={"kwev": place})  # type: ignore[no-untyped-call]


def _parse(source: str, mode: str, where: str, what: str) -> None:
    if source.lstrip().startswith(("%", "!")):
        return
    try:
        ast.parse(source, mode=mode)
    except SyntaxError as error:
        raise KwevError(f"{what} is not valid Python: {error.msg}", where=where) from None


def failure(chapter: Chapter, notebook: Any) -> KwevError:
    """Return which cell of a notebook failed, and where in the file."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.get("output_type") != "error":
                continue
            place = cell.metadata["kwev"]
            line = place["line"]
            trace = _ANSI.sub("", "\n".join(output.get("traceback", [])))
            inside = _CELL_LINE.search(trace)
            if inside is not None and place["kind"] == "cell":
                line += int(inside[1]) - 1
            name = "the setup" if "block" not in place else f"inline expression {cell.source}"
            if place["kind"] == "cell":
                name = f"cell {getattr(chapter.blocks[place['block']], 'label', '')}".strip()
            reason = next((text for text in output["evalue"].splitlines() if text.strip()), "")
            return KwevError(
                f"{name} failed: {output['ename']}: {reason}", where=chapter.where(line)
            )
    return KwevError("a cell failed", where=str(chapter.page.source))
