"""How many EVs each place has in the year that a scenario plans for, for the certificate.

Written apart from ``demand`` on purpose, as :mod:`kwev.certify.evaluation` is.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from kwev.config import Config, EvYear
    from kwev.data.tables import Tables


def evs(tables: Tables, year: EvYear, geography: str) -> dict[str, float]:
    """Return the EVs of every ``cell``, ``da`` or ``tract`` by id.

    Those registered now, or those that the forecast gives the place at the end of ``year``.
    """
    key = f"{geography}_id"
    if year == "now":
        table, column = getattr(tables, f"{geography}s"), "ev"
    else:
        table, column = getattr(tables, f"{geography}_growth"), f"ev_{year}"
    return {str(row[key]): float(row[column]) for row in table[[key, column]].to_dict("records")}


def need_kwh(tables: Tables, config: Config) -> dict[str, float]:
    """Return the public-charging energy of each municipality in a year (kWh), by its id."""
    demand, das = config.demand, tables.das
    by_da = evs(tables, demand.ev_year, "da")
    need: dict[str, float] = {}
    for area, da in zip(das["municipality_id"], das["da_id"], strict=True):
        kwh = by_da[da] * demand.kwh_per_ev_year * demand.public_share
        need[area] = need.get(area, 0.0) + kwh
    return need


# -- Demand scores and place weights worked out again for the certificate, from the settled rules.

EDGE = 0.05
"""Share of the points beyond either end of the scale."""


def place_weights(  # noqa: PLR0913, PLR0917 -- what a point is, and what the scenario says of it
    tables: Tables,
    config: Config,
    geography: str,
    ids: Iterable[str],
    people: NDArray[np.float64],
    ev: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the weight of each point in the objective; they add up to 1 unless all are 0."""
    chosen = config.weights
    score = point_scores(tables, config, geography, ids)
    weight = np.zeros(len(people))
    for factor, values in (
        (chosen.people, people),
        (chosen.ev, ev),
        (chosen.score, score * people),
    ):
        if values.sum() > 0:
            weight += factor * values / values.sum()
    return weight / weight.sum() if weight.sum() > 0 else weight


def point_scores(
    tables: Tables, config: Config, geography: str, ids: Iterable[str]
) -> NDArray[np.float64]:
    """Return the demand score of each point, in [0, 1].

    Parameters
    ----------
    ids
        Points of the geography, in the order of the answer.

    Raises
    ------
    KeyError
        If a point has no facts.
    """
    table = tables.point_facts
    rows = {
        str(row["id"]): row for row in table[table["geography"] == geography].to_dict("records")
    }
    of_id = [rows[str(i)] for i in ids]

    def scale(fact: str) -> list[float]:
        return _scaled([float(row[fact]) for row in of_id])

    old, power = scale("old_dwelling_share"), scale("grid_kw")
    parts = {
        "density": scale("density_per_km2"),
        "infrastructure": [0.5 * (1.0 - a) + 0.5 * b for a, b in zip(old, power, strict=True)],
        "transit": scale("transit"),
        "housing": scale("multi_unit_share"),
    }
    chosen = config.scores.demand
    weights = {name: float(getattr(chosen, name)) for name in parts}
    whole = math.fsum(weights.values())
    return np.array(
        [
            math.fsum(weights[name] * parts[name][i] for name in parts) / whole
            for i in range(len(of_id))
        ],
        float,
    )


def _scaled(values: list[float]) -> list[float]:
    """Return where each value stands between the two edges, 0 and 1 beyond them."""
    if not values:
        return []
    rising = sorted(values)
    bottom, top = _at(rising, EDGE), _at(rising, 1.0 - EDGE)
    if top > bottom:
        return [min(1.0, max(0.0, (value - bottom) / (top - bottom))) for value in values]
    return [0.5 if value == bottom else float(value > bottom) for value in values]


def _at(rising: list[float], share: float) -> float:
    """Return the value at a share of the way from the first to the last, between neighbours."""
    way = share * (len(rising) - 1)
    before = min(int(way), len(rising) - 1)
    after = min(before + 1, len(rising) - 1)
    part = way - before
    return rising[before] + part * (rising[after] - rising[before])
