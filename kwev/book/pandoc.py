"""Calling the pandoc that pypandoc_binary ships, and walking its syntax tree.

A document is pandoc's JSON: ``{"blocks": [...], "meta": {...}, "pandoc-api-version": [...]}``; a
node is ``{"t": type, "c": content}``.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pypandoc

from kwev.display.table import line_letters, shares
from kwev.errors import KwevError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Node = dict[str, Any]
Document = dict[str, Any]

READER = "markdown+table_attributes"
TIMEOUT_SECONDS = 120


def binary() -> str:
    """Return the path of the bundled pandoc, or of the one on the PATH."""
    bundled = Path(pypandoc.__file__).parent / "files" / "pandoc"
    return str(bundled) if bundled.is_file() else str(pypandoc.get_pandoc_path())


def run(arguments: Sequence[str], text: str, *, where: str) -> str:
    """Run pandoc over ``text`` and return what it prints.

    Raises
    ------
    KwevError
        If pandoc fails; ``where`` names what was being converted.
    """
    done = subprocess.run(
        [binary(), *arguments],
        input=text,
        capture_output=True,
        encoding="utf-8",
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    if done.returncode:
        raise KwevError(f"pandoc failed: {done.stderr.strip()}", where=where)
    if done.stderr.strip():
        raise KwevError(f"pandoc warns: {done.stderr.strip()}", where=where)
    return done.stdout


def read_markdown(text: str, *, where: str) -> Document:
    """Parse Markdown into a document."""
    document: Document = json.loads(run(["-f", READER, "-t", "json"], text, where=where))
    return document


def read_html(text: str, *, where: str) -> list[Node]:
    """Parse an HTML fragment (a table, say) into blocks."""
    blocks: list[Node] = json.loads(run(["-f", "html", "-t", "json"], text, where=where))["blocks"]
    return blocks


def write(document: Document, arguments: Sequence[str], *, where: str) -> str:
    """Turn a document into text with ``arguments`` such as ``["-t", "html5"]``."""
    return run(["-f", "json", *arguments], json.dumps(document), where=where)


def transform(value: Any, change: Callable[[Node], Node | list[Node] | None]) -> Any:
    """Rebuild a tree from the leaves up.

    ``change`` returns None to keep a node, a node to replace it, or a list to put in its place.
    """
    if isinstance(value, list):
        rebuilt: list[Any] = []
        for entry in value:
            new = transform(entry, change)
            if isinstance(entry, dict) and "t" in entry and isinstance(new, list):
                rebuilt.extend(new)
            else:
                rebuilt.append(new)
        return rebuilt
    if not isinstance(value, dict):
        return value
    node = {key: transform(entry, change) for key, entry in value.items()}
    if "t" not in node:
        return node
    new = change(node)
    return node if new is None else new


def walk(value: Any) -> Iterator[Node]:
    """Give every node of a tree, in reading order."""
    if isinstance(value, list):
        for entry in value:
            yield from walk(entry)
    elif isinstance(value, dict):
        if "t" in value:
            yield value
        for entry in value.values():
            yield from walk(entry)


def plain_text(value: Any) -> str:
    """Return the text of inlines or blocks without markup."""
    words = []
    for node in walk(value):
        if node["t"] == "Str":
            words.append(node["c"])
        elif node["t"] in {"Code", "Math"}:
            words.append(node["c"][1])
        elif node["t"] in {"Space", "SoftBreak", "LineBreak"}:
            words.append(" ")
    return "".join(words).strip()


def attributes(identifier: str = "", classes: Sequence[str] = (), **pairs: str) -> list[Any]:
    """Return pandoc's attribute triple; underscores in names become hyphens."""
    keys = [[key.replace("_", "-"), value] for key, value in pairs.items() if value]
    return [identifier, list(classes), keys]


def text_inlines(text: str) -> list[Node]:
    """Return words and spaces as inlines."""
    inlines: list[Node] = []
    for word in text.split():
        if inlines:
            inlines.append({"t": "Space"})
        inlines.append({"t": "Str", "c": word})
    return inlines


def raw_block(target: str, text: str) -> Node:
    """Return a block passed through to one output format."""
    return {"t": "RawBlock", "c": [target, text]}


def raw_inline(target: str, text: str) -> Node:
    """Return an inline passed through to one output format."""
    return {"t": "RawInline", "c": [target, text]}


def div(blocks: list[Node], identifier: str = "", classes: Sequence[str] = ()) -> Node:
    """Return a div around blocks."""
    return {"t": "Div", "c": [attributes(identifier, classes), blocks]}


# -- Widths of a table's columns on paper, from what stands in them.

_MARGIN = 3


def with_widths(table: Node) -> Node:
    """Return the table with widths for its columns: its own where all fits, else shares."""
    attr, caption, columns, *rest = table["c"]
    texts: list[list[str]] = [[] for _ in columns]
    for row in _rows(rest):
        for column, cell in zip(texts, row[1], strict=False):
            column.append(plain_text(cell[4]))
    longest = sum(max(map(len, column), default=0) + _MARGIN for column in texts)
    widths: list[Any] = [{"t": "ColWidthDefault"}] * len(columns)
    if longest > line_letters(len(columns)):
        parts = shares(texts)
        widths = [{"t": "ColWidth", "c": round(part / sum(parts), 4)} for part in parts]
    specs = [[align, width] for (align, _), width in zip(columns, widths, strict=True)]
    return {"t": "Table", "c": [attr, caption, specs, *rest]}


def _rows(rest: list[Any]) -> Iterator[list[Any]]:
    """Give the rows of head, bodies and foot; cells that span columns don't occur here."""
    head, bodies, foot = rest
    yield from head[1]
    for body in bodies:
        yield from body[2]
        yield from body[3]
    yield from foot[1]
