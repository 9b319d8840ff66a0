"""The book as Quarto takes it from ``kwev render``: chapters as notebooks that have been run.

Quarto runs a chapter once for each format, every time. Given notebooks with their outputs it runs
none: both formats show the same run, and a chapter whose inputs are unchanged is not run at all.
``quarto render`` in the checkout does without this, and runs the chapters itself.
"""

from __future__ import annotations

import copy
import json
import re
import shutil
from typing import TYPE_CHECKING, Any, Final

import nbformat
import yaml

from kwev.book.chapters import QUARTO_FILE, CodeBlock
from kwev.display.figure import ASSETS
from kwev.files import write_bytes, write_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from kwev.book.chapters import Book
    from kwev.book.execute import Executed

FOLDER: Final = "build/quarto"
_FIRST: Final = "<!-- chapter -->\n\n"
"""What keeps Quarto from making a notebook's first heading a title, without its id and classes."""

_TO_CHAPTER = re.compile(r"(?P<before>\]\([^()\s]*)\.qmd(?=[#)])")


def write(book: Book, executed: Iterable[Executed]) -> Path:
    """Write a project with the chapters of a book as notebooks that have been run.

    Returns
    -------
    Path
        Its folder, which takes the place of an older one.
    """
    folder = book.root / FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    settings = copy.deepcopy(dict(book.settings))
    project = settings.get("project") or {}
    settings["project"] = {key: value for key, value in project.items() if "render" not in key}
    settings["execute"] = {**(settings.get("execute") or {}), "enabled": False}
    for kind in ("chapters", "appendices"):
        if kind in settings["book"]:
            names = settings["book"][kind]
            settings["book"][kind] = [name.removesuffix(".qmd") + ".ipynb" for name in names]
    write_text(folder / QUARTO_FILE, yaml.safe_dump(settings, sort_keys=False, allow_unicode=True))
    for name in set(_texts(settings)):
        if (book.root / name).is_file():
            write_bytes(folder / name, (book.root / name).read_bytes())
    for path in (book.root / ASSETS).rglob("*.md"):  # Quarto asks where links to its kind lead
        write_bytes(folder / path.relative_to(book.root), path.read_bytes())
    for one in executed:
        text = nbformat.writes(notebook(one))  # type: ignore[no-untyped-call]
        write_text(folder / one.chapter.page.source.with_suffix(".ipynb"), text + "\n")
    return folder


def notebook(executed: Executed) -> Any:
    """Return a chapter as a notebook for Quarto: values in the text, outputs below their cells."""
    chapter = executed.chapter
    cells = []
    if chapter.front_matter:
        head = yaml.safe_dump(dict(chapter.front_matter), sort_keys=False, allow_unicode=True)
        cells.append(nbformat.v4.new_raw_cell(f"---\n{head}---\n"))  # type: ignore[no-untyped-call]
    for number, block in enumerate(chapter.blocks):
        if isinstance(block, CodeBlock):
            cells.append(_cell(block, executed.outputs(number), number + 1))
        else:
            text = _TO_CHAPTER.sub(r"\g<before>.ipynb", executed.prose(number))
            first = _FIRST if number == 0 else ""
            cells.append(nbformat.v4.new_markdown_cell(first + text))  # type: ignore[no-untyped-call]
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number:04d}"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return nbformat.v4.new_notebook(  # type: ignore[no-untyped-call]
        cells=cells, metadata={"kernelspec": kernel}
    )


def _cell(block: CodeBlock, outputs: list[dict[str, Any]], number: int) -> Any:
    options = "".join(
        f"#| {key}: {json.dumps(value, ensure_ascii=False)}\n"
        for key, value in block.options.items()
    )
    cell = nbformat.v4.new_code_cell(  # type: ignore[no-untyped-call]
        options + block.source, execution_count=number
    )
    cell.outputs = [nbformat.from_dict(output) for output in outputs]  # type: ignore[no-untyped-call]
    return cell


def _texts(value: Any) -> Iterator[str]:
    """Give every text in nested settings."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
