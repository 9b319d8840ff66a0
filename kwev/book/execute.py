"""Chapters as notebooks: built from the .qmd file, executed, and checked for bad inline values.

A notebook holds the chapter's cells in order; each inline expression is a cell of its own where it
stands, so that it runs in the same kernel at the same moment as under Quarto, and so that nbval
compares its value like any other output. Notebooks go to a build folder and are never committed.
"""

from __future__ import annotations

import ast
import os
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from kwev import escape
from kwev.book.chapters import CodeBlock, read_chapter
from kwev.errors import KwevError
from kwev.files import write_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kwev.book.chapters import Book, Chapter

NOTEBOOK_DIR = "build/notebooks"
CELL_TIMEOUT_SECONDS = 1200
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_CELL_LINE = re.compile(r"Cell In\s*\[\d+\], line (\d+)")
_ERROR_VALUES = {"", "none", "nan", "nat", "<na>", "inf", "-inf", "error"}
_MARKED = re.compile(r"""\A\[(.*)\]\{n="\w+"\}\Z""", re.DOTALL)
"""A named value, as :class:`kwev.display.values.Number` prints it."""


@dataclass(frozen=True)
class Executed:
    """A chapter and its notebook with outputs."""

    chapter: Chapter
    notebook: Any

    def outputs(self, block: int, inline: int | None = None) -> list[dict[str, Any]]:
        """Return the outputs of the chapter's block, or inline expression, with this index."""
        for cell in self.notebook.cells:
            place = cell.metadata.get("kwev", {})
            if place.get("block") == block and place.get("inline") == inline:
                return list(cell.get("outputs", []))
        return []

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
    chapter: Chapter, folder: Path, *, timeout_seconds: int = CELL_TIMEOUT_SECONDS
) -> Executed:
    """Run a chapter in a fresh kernel and write ``folder/<name>.ipynb`` with its outputs.

    Raises
    ------
    KwevError
        Naming chapter, line and cell if a cell or an inline expression fails, takes longer than
        ``timeout_seconds``, or if an inline expression has no value.
    """
    source, name = str(chapter.page.source), chapter.page.name
    root = chapter.path.parents[len(chapter.page.source.parts) - 1]
    folder.mkdir(parents=True, exist_ok=True)
    notebook = build(chapter, os.path.relpath(root, folder))
    client = NotebookClient(
        notebook,
        timeout=timeout_seconds,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        record_timing=False,
    )
    environment = {  # Quarto's variables, and the same bytes on every run
        **os.environ,
        "PYTHONHASHSEED": "0",
        "QUARTO_PROJECT_ROOT": str(root),
        "QUARTO_DOCUMENT_PATH": str(chapter.path.parent),
        "QUARTO_DOCUMENT_FILE": chapter.path.name,
    }
    try:
        # The kernel process's own messages are noise on a terminal, but tell why it died.
        with (folder / f"{name}.log").open("w", encoding="utf-8") as log:
            client.execute(env=environment, stderr=log)
    except CellExecutionError as error:
        raise _failure(chapter, notebook, error) from None
    except CellTimeoutError:
        raise KwevError(f"a cell ran longer than {timeout_seconds} s", where=source) from None
    except DeadKernelError:
        hint = f"It may have run out of memory; see {folder / name}.log."
        raise KwevError("the kernel died while running it", where=source, hint=hint) from None
    executed = Executed(chapter, notebook)
    text = nbformat.writes(notebook)  # type: ignore[no-untyped-call]
    write_text(folder / f"{name}.ipynb", text + "\n")
    problems = inline_problems(executed)
    if problems:
        raise KwevError("; ".join(problems), hint="An inline expression prints one named value.")
    return executed


def execute_book(
    book: Book, folder: Path, *, progress: Callable[[str], None] | None = None
) -> list[Executed]:
    """Run every chapter, each in its own kernel, up to four at a time; the book's order."""

    def one(chapter: Chapter) -> Executed:
        if progress is not None:
            progress(f"running {chapter.page.source}")
        return execute(chapter, folder)

    chapters = [read_chapter(book.root, page) for page in book.pages]
    with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
        futures = [pool.submit(one, chapter) for chapter in chapters]
        try:
            return [future.result() for future in futures]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


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


def _failure(chapter: Chapter, notebook: Any, error: CellExecutionError) -> KwevError:
    """Say which cell failed, and where in the file."""
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
    return KwevError(f"a cell failed: {error.ename}", where=str(chapter.page.source))
