"""Demand scores and place weights once more, as exact fractions, for the checked bound.

The same settled rules as in :mod:`kwev.rescore`, in whole numbers: facts are decimals, order
statistics and their neighbours are decimals, and only quotients remain, over one denominator.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING

from kwev.exact import exact, whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwev.config import Config
    from kwev.tables import Tables

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
