"""Decimals as integers: what a file or a configuration says, without binary rounding."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from numpy.typing import ArrayLike

PLACES = (6, 9, 12)
"""Decimals tried, in order: people and vehicles have six, facts four."""

LARGEST = 2**53
"""Above it a double no longer tells neighbouring integers apart."""


class InexactError(ValueError):
    """A number is not a decimal of at most twelve places."""


def whole(values: ArrayLike, what: str) -> tuple[list[int], int]:
    """Return decimals as integers, with the number of decimals of their unit.

    A double stands for the decimal i / 10^d if it is the double nearest to it, which the division
    below gives: it rounds once, correctly.

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
            return [int(unit) for unit in units.astype(np.int64)], places
    raise InexactError(f"{what} holds a number that is no decimal of {PLACES[-1]} places")


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


def leaves(values: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    """Return every value of nested objects by its dotted path; an empty object is a value."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        name = f"{path}.{key}" if path else key
        if isinstance(value, dict) and value:
            found |= leaves(value, name)
        else:
            found[name] = value
    return found
