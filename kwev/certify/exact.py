"""Decimals as integers and fractions: what a file or a configuration says, without rounding."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import lcm
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

PLACES = (6, 9, 12)
"""Decimals tried, in order: people and vehicles have six, facts four."""

LARGEST = 2**53
"""Above it a double no longer tells neighbouring integers apart."""


class UncheckedError(ValueError):
    """There is no checked bound; the message says why."""


class InexactError(UncheckedError):
    """A number is not a decimal of at most twelve places."""


@dataclass(frozen=True)
class Ratios:
    """Fractions over one denominator.

    Attributes
    ----------
    numerators
        Shape (n,), one a point.
    denominator
        Of all of them.
    """

    numerators: list[int]
    denominator: int

    def as_floats(self) -> NDArray[np.float64]:
        """Return the doubles nearest to the fractions, shape (n,)."""
        return np.array([part / self.denominator for part in self.numerators], np.float64)


def whole(values: ArrayLike, what: str) -> Ratios:
    """Return decimals as integers over a power of ten.

    A double stands for the decimal i / 10^d if it is the double nearest to it, which the division
    below gives: it rounds once, correctly.

    Parameters
    ----------
    values
        Shape (n,).
    what
        The values' name in the error.

    Raises
    ------
    InexactError
        If a value is no decimal of at most twelve places.
    """
    numbers = np.asarray(values, np.float64)
    for places in PLACES:
        units = np.rint(numbers * 10.0**places)
        if not np.all(np.abs(units) < LARGEST):
            break
        if np.array_equal(units / 10.0**places, numbers):
            return Ratios(units.astype(np.int64).tolist(), 10**places)
    raise InexactError(f"{what} holds a number that is no decimal of {PLACES[-1]} places")


def ratios(values: ArrayLike) -> Ratios:
    """Return finite numbers as integers over one denominator: decimals, or else exact doubles."""
    try:
        return whole(values, "")
    except InexactError:
        found = [Fraction(value) for value in np.asarray(values, np.float64).tolist()]
        denominator, numerators = over_one(found)
        return Ratios(numerators, denominator)


@cache
def exact(number: float) -> Fraction:
    """Return the decimal that a number is written as.

    Python writes a double as the shortest decimal that reads back as the same double: the one in
    the file.
    """
    return Fraction(repr(float(number)))


def up(value: Fraction | int) -> int:
    """Return the least integer that is not below a value."""
    return -(-value.numerator // value.denominator)


def over_one(values: Sequence[Fraction]) -> tuple[int, list[int]]:
    """Return fractions as their least common denominator and their numerators over it."""
    below = lcm(*(value.denominator for value in values))
    return below, [value.numerator * (below // value.denominator) for value in values]
