"""EVs, demand scores and weights of the demand points, from the tables and the settled rules.

Written apart from :mod:`kwev.model.demand` and :mod:`kwev.model.scores` on purpose. Scores and
weights are worked out once, as exact fractions: the checked bound needs these, and the doubles
nearest to them are what the certificate compares within its tolerance.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import lcm
from typing import TYPE_CHECKING

from kwev.certify.exact import Ratios, exact, ratios
from kwev.certify.homes import of_points, public_shares

if TYPE_CHECKING:
    from kwev.certify.reach import Points
    from kwev.config import Config, Demand, DemandWeights, EvYear
    from kwev.data.tables import Tables

STEPS = 20
"""The scale of a fact leaves one part in twenty of the points beyond either end."""


def evs(tables: Tables, year: EvYear, geography: str) -> dict[str, float]:
    """Return the EVs of every demand point, those registered now or those of a forecast.

    Parameters
    ----------
    tables
        ``data/processed``, read.
    year
        ``now``, or ``2030`` or ``2035`` for the EVs that the forecast gives the place at its end.
    geography
        ``cell``, ``da`` or ``tract``.

    Returns
    -------
    dict
        By id of the point: EVs (vehicles).
    """
    key = f"{geography}_id"
    if year == "now":
        table, column = getattr(tables, f"{geography}s"), "ev"
    else:
        table, column = getattr(tables, f"{geography}_growth"), f"ev_{year}"
    return dict(zip(table[key].tolist(), table[column].astype(float).tolist(), strict=True))


def point_weights(tables: Tables, config: Config, points: Points) -> Ratios:
    """Return the weight of each point in the objective; they add up to 1 unless all are 0.

    Parameters
    ----------
    tables
        ``data/processed``, read.
    config
        The resolved scenario: ``weights`` and ``scores.demand``.
    points
        Demand points, with their people and EVs.

    Returns
    -------
    Ratios
        One exact fraction for each point, in their order, without unit.

    Raises
    ------
    KeyError
        If a point has no facts.
    """
    chosen, people = config.weights, ratios(points.people).numerators
    values = [(chosen.people, people), (chosen.ev, ratios(points.ev).numerators)]
    if chosen.score > 0:
        score = demand_scores(tables, config, points.kind, tuple(points.ids.tolist()))
        scored = [s * p for s, p in zip(score.numerators, people, strict=True)]
        values.append((chosen.score, scored))
    counted = [(exact(factor), part, sum(part)) for factor, part in values if sum(part) > 0]
    total = sum((factor for factor, _, _ in counted), Fraction(0))
    if total == 0:
        return Ratios([0] * len(people), 1)
    return _sum([(factor / total / whole, part) for factor, part, whole in counted], Fraction(0))


def demand_scores(tables: Tables, config: Config, geography: str, ids: tuple[str, ...]) -> Ratios:
    """Return the demand score of each point, in [0, 1].

    Parameters
    ----------
    tables
        ``data/processed``, read.
    config
        The resolved scenario: ``scores.demand``; with ``demand.home_access`` the part of housing
        is the public share of a vehicle's energy, else the share of apartments.
    geography
        ``cell``, ``da`` or ``tract``.
    ids
        Points of the geography, in the order of the answer.

    Raises
    ------
    KeyError
        If a point has no facts.
    """
    return _scores(tables, config.scores.demand, config.demand, geography, ids)


@lru_cache(maxsize=4)
def _scores(
    tables: Tables, chosen: DemandWeights, demand: Demand, geography: str, ids: tuple[str, ...]
) -> Ratios:
    """Return the scores; kept, as a plan and its neighbours in a study ask for the same."""
    table = tables.point_facts
    table = table[table["geography"] == geography].set_index("id").loc[list(ids)]
    housing = "multi_unit_share"
    if demand.home_access is not None:
        public = of_points(tables, public_shares(tables, demand), geography)
        housing = "public_share"
        table = table.assign(public_share=[public[point] for point in ids])

    def scale(fact: str) -> Ratios:
        return _scaled(ratios(table[fact].to_numpy(float)).numerators)

    shares = {
        name: exact(getattr(chosen, name))
        for name in ("density", "infrastructure", "transit", "housing")
    }
    total = sum(shares.values(), Fraction(0))
    share = {name: part / total for name, part in shares.items()}
    half = share["infrastructure"] / 2
    terms = [
        (share["density"], scale("density_per_km2")),
        (-half, scale("old_dwelling_share")),
        (half, scale("grid_kw")),
        (share["transit"], scale("transit")),
        (share["housing"], scale(housing)),
    ]
    return _sum([(factor / part.denominator, part.numerators) for factor, part in terms], half)


def _sum(terms: list[tuple[Fraction, list[int]]], constant: Fraction) -> Ratios:
    """Return ``constant + sum factor_i values_i`` over the least common denominator."""
    denominator = lcm(constant.denominator, *(factor.denominator for factor, _ in terms))
    sums = [int(constant * denominator)] * len(terms[0][1])
    for factor, values in terms:
        times = int(factor * denominator)
        sums = [done + times * value for done, value in zip(sums, values, strict=True)]
    return Ratios(sums, denominator)


def _scaled(values: list[int]) -> Ratios:
    """Return where each value stands between the two edges, 0 and 1 beyond them."""
    if not values:
        return Ratios([], 1)
    rising = sorted(values)
    bottom, top = _at(rising, 1), _at(rising, STEPS - 1)
    if top > bottom:
        width = top - bottom
        return Ratios([min(width, max(0, STEPS * value - bottom)) for value in values], width)
    return Ratios([(STEPS * v >= bottom) + (STEPS * v > bottom) for v in values], 2)


def _at(rising: list[int], steps: int) -> int:
    """Return twenty times the value that many twentieths of the way from first to last."""
    before, part = divmod(steps * (len(rising) - 1), STEPS)
    after = min(before + 1, len(rising) - 1)
    return STEPS * rising[before] + part * (rising[after] - rising[before])
