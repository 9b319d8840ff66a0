"""Lines as text: Google's encoded polyline format, in steps of a hundred-thousandth of a degree.

A point takes about five letters, the first of a line about nine. Latitude comes before longitude,
and every number but the first two is the step from the point before. The letters are those of
ASCII from ``?`` to ``~``, so lines stand in one text with spaces between them.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from kwev.errors import KwevError

if TYPE_CHECKING:
    from numpy.typing import NDArray

STEPS: Final = 100_000
"""Steps of a degree: one is about 1.1 m northward, 0.8 m eastward in the Region."""

_BITS, _MORE, _FIRST, _LAST = 5, 0x20, 63, 126


def encode(degrees: NDArray[np.float64]) -> str:
    """Return a line as text.

    Parameters
    ----------
    degrees
        (N, 2) longitudes and latitudes, WGS 84.
    """
    steps = np.rint(np.asarray(degrees, float)[:, ::-1] * STEPS).astype(np.int64)
    moves = np.diff(steps, axis=0, prepend=np.zeros((1, 2), np.int64))
    return "".join(_letters(int(move)) for move in moves.ravel())


def decode(text: str) -> NDArray[np.float64]:
    """Return (N, 2) longitudes and latitudes of a line's text, to five decimals.

    Raises
    ------
    KwevError
        If the text is no such line.
    """
    moves: list[int] = []
    value = shift = 0
    for letter in text:
        code = ord(letter) - _FIRST
        if not 0 <= code <= _LAST - _FIRST:
            raise KwevError(f"not an encoded line: {letter!r} is none of its letters")
        value |= (code & (_MORE - 1)) << shift
        shift += _BITS
        if code < _MORE:
            moves.append(~(value >> 1) if value & 1 else value >> 1)
            value = shift = 0
    if shift or len(moves) % 2:
        raise KwevError("not an encoded line: it is cut off")
    steps = np.cumsum(np.array(moves, np.int64).reshape(-1, 2), axis=0)
    return np.round(steps[:, ::-1] / STEPS, 5)


def lines_of(text: str) -> list[NDArray[np.float64]]:
    """Return the lines of a text, which stand with spaces between them; errors of `decode`."""
    return [decode(part) for part in text.split()]


def without_repeats(degrees: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a line without points that fall on the one before them when rounded to a step."""
    steps = np.rint(np.asarray(degrees, float) * STEPS)
    kept = [True, *(not np.array_equal(a, b) for a, b in pairwise(steps))]
    whole: NDArray[np.float64] = np.asarray(degrees, float)
    return whole[np.flatnonzero(kept[: len(steps)])]


def _letters(number: int) -> str:
    value = ~(number << 1) if number < 0 else number << 1
    letters = []
    while value >= _MORE:
        letters.append(chr((_MORE | (value & (_MORE - 1))) + _FIRST))
        value >>= _BITS
    return "".join([*letters, chr(value + _FIRST)])
