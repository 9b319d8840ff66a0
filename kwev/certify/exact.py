"""Decimals as integers: what a file or a configuration says, without binary rounding."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import lcm
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from numpy.typing import ArrayLike

    from kwev.config import Config
    from kwev.data.tables import Tables

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


# -- Demand scores and place weights once more, as exact fractions, for the checked bound.

STEPS = 20
"""The scale leaves one part in twenty beyond either end."""


@dataclass(frozen=True)
class Parts:
    """Fractions of one denominator.

    Attributes
    ----------
    parts
        Numerators, one a point.
    whole
        The denominator.
    """

    parts: list[int]
    whole: int


def exact_weights(  # noqa: PLR0913, PLR0917 -- what a point is, and what the scenario says of it
    tables: Tables,
    config: Config,
    geography: str,
    ids: Sequence[str],
    people: list[int],
    ev: list[int],
) -> Parts:
    """Return the weight of each point in the objective; they add up to 1 unless all are 0.

    Parameters
    ----------
    people, ev
        Counts in any unit, one a point.

    Raises
    ------
    KeyError
        If a point has no facts.
    InexactError
        If a fact is no decimal.
    """
    chosen = config.weights
    values = [(exact(chosen.people), people), (exact(chosen.ev), ev)]
    if chosen.score > 0:
        score = exact_scores(tables, config, geography, ids)
        scored = [s * p for s, p in zip(score.parts, people, strict=True)]
        values.append((exact(chosen.score), scored))
    counted = [(factor, part, sum(part)) for factor, part in values if sum(part) > 0]
    total = sum((factor for factor, _, _ in counted), Fraction(0))
    if total == 0:
        return Parts([0] * len(people), 1)
    return _combined(
        [(factor / total / all_of, part) for factor, part, all_of in counted], Fraction(0)
    )


def exact_scores(tables: Tables, config: Config, geography: str, ids: Sequence[str]) -> Parts:
    """Return the demand score of each point, in [0, 1].

    Raises
    ------
    KeyError
        If a point has no facts.
    InexactError
        If a fact is no decimal.
    """
    table = tables.point_facts
    table = table[table["geography"] == geography].set_index("id").loc[list(ids)]

    def scale(fact: str) -> Parts:
        return _scaled(whole(table[fact].to_numpy(float), f"point_facts.{fact}")[0])

    chosen = config.scores.demand
    by_part = {
        name: exact(getattr(chosen, name))
        for name in ("density", "infrastructure", "transit", "housing")
    }
    all_of = sum(by_part.values(), Fraction(0))
    share = {name: weight / all_of for name, weight in by_part.items()}
    half = share["infrastructure"] / 2
    terms = [
        (share["density"], scale("density_per_km2")),
        (-half, scale("old_dwelling_share")),
        (half, scale("grid_kw")),
        (share["transit"], scale("transit")),
        (share["housing"], scale("multi_unit_share")),
    ]
    return _combined([(factor / part.whole, part.parts) for factor, part in terms], half)


def _combined(terms: list[tuple[Fraction, list[int]]], constant: Fraction) -> Parts:
    """Return ``constant + sum factor_i values_i`` over the least common denominator."""
    denominator = lcm(constant.denominator, *(factor.denominator for factor, _ in terms))
    start = int(constant * denominator)
    sums = [start] * len(terms[0][1])
    for factor, values in terms:
        times = int(factor * denominator)
        sums = [done + times * value for done, value in zip(sums, values, strict=True)]
    return Parts(sums, denominator)


def _scaled(values: list[int]) -> Parts:
    """Return where each value stands between the two edges, 0 and 1 beyond them."""
    rising = sorted(values)
    bottom, top = _at(rising, 1), _at(rising, STEPS - 1)
    if top > bottom:
        width = top - bottom
        return Parts([min(width, max(0, STEPS * value - bottom)) for value in values], width)
    return Parts([(STEPS * v >= bottom) + (STEPS * v > bottom) for v in values], 2)


def _at(rising: list[int], steps: int) -> int:
    """Return twenty times the value that many twentieths of the way from first to last."""
    before, part = divmod(steps * (len(rising) - 1), STEPS)
    after = min(before + 1, len(rising) - 1)
    return STEPS * rising[before] + part * (rising[after] - rising[before])
