"""Widths of a table's columns on paper, from what stands in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kwev.book.pandoc import plain_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kwev.book.pandoc import Node

LINE_CHARACTERS = 100
"""Characters that fit on a line of a table; a table with longer rows gets explicit widths."""

_LONGEST = 36
_MARGIN = 3


def with_widths(table: Node) -> Node:
    """Return the table with widths for its columns: its own where all fits, else shares.

    A share grows with the longest text of its column, up to a limit, and never falls below the
    longest word, so that numbers and names stay whole and long texts wrap.
    """
    attr, caption, columns, *rest = table["c"]
    lengths = [0] * len(columns)
    words = [0] * len(columns)
    for row in _rows(rest):
        for index, cell in enumerate(row[1]):
            text = plain_text(cell[4])
            lengths[index] = max(lengths[index], len(text))
            words[index] = max([words[index], *map(len, text.split())])
    widths: list[Any] = [{"t": "ColWidthDefault"}] * len(columns)
    if sum(lengths) + _MARGIN * len(columns) > LINE_CHARACTERS:
        weights = [
            max(min(length, _LONGEST), min(word, _LONGEST)) + _MARGIN
            for length, word in zip(lengths, words, strict=True)
        ]
        total = sum(weights)
        widths = [{"t": "ColWidth", "c": round(weight / total, 4)} for weight in weights]
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
