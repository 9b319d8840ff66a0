"""Widths of a table's columns on paper, from what stands in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kwev.book.pandoc import plain_text
from kwev.figures.columns import line_letters, shares

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kwev.book.pandoc import Node

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
