"""How the columns of a table share the width of a printed page, from what stands in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

LETTERS = 100
"""Letters on a line of a table with few columns: set smaller, more columns hold more."""

_SMALLER = ((6, 120), (9, 138))
_WISH, _WORD = 36, 22
_MARGIN = 3


def line_letters(columns: int) -> int:
    """Return how many letters fit on a line of a table with so many columns."""
    return max([LETTERS, *(letters for beyond, letters in _SMALLER if columns > beyond)])


def shares(texts: Sequence[Sequence[str]]) -> list[int]:
    """Return the columns' shares of the width (letters).

    Each column gets its longest word, so that names and numbers stay whole; what is left goes to
    the columns that want more, each up to its longest text or 36 letters.

    Parameters
    ----------
    texts
        For each column what stands in it, heading included.
    """
    least = [
        min(max((len(word) for text in column for word in text.split()), default=0), _WORD)
        + _MARGIN
        for column in texts
    ]
    wish = [
        max(min(max(map(len, column), default=0), _WISH) + _MARGIN, low)
        for column, low in zip(texts, least, strict=True)
    ]
    wanted = sum(wish) - sum(least)
    left = min(max(line_letters(len(texts)) - sum(least), 0), wanted)
    return [
        low + (round(left * (high - low) / wanted) if wanted else 0)
        for low, high in zip(least, wish, strict=True)
    ]
