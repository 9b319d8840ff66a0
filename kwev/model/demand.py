"""Demand points: where people and EVs are, at one of three geographies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kwev.config import GEOGRAPHIES
from kwev.errors import KwevError, nearest
from kwev.model.network import Places
from kwev.model.notation import Formula
from kwev.model.scores import demand_scores, facts_of

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from kwev.config import Config, Geography
    from kwev.data.tables import Tables


@dataclass(frozen=True)
class DemandPoints:
    """Demand points of one geography; every array has one entry per point, sorted by id.

    Attributes
    ----------
    ids
        Point ids, text.
    xy_m
        Shape (n, 2), easting and northing in EPSG:26917 (m), rounded to 0.01 m.
    people, ev
        Residents, and EVs of the year that the scenario plans for, of the place the point stands
        for.
    score
        Demand score, 0 to 1: how urgent the place is.
    weight
        Objective weight, dimensionless, sums to 1.
    municipality
        Municipality id of the point, text.
    """

    geography: Geography
    ids: NDArray[np.str_]
    xy_m: NDArray[np.float64]
    people: NDArray[np.float64]
    ev: NDArray[np.float64]
    score: NDArray[np.float64]
    weight: NDArray[np.float64]
    municipality: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def places(self) -> Places:
        """The points as places to measure from."""
        return Places.of_kind(self.geography, self.ids, self.xy_m)


def table_of(tables: Tables, geography: str) -> tuple[pd.DataFrame, str]:
    """Return the table of a geography and the name of its id column.

    Raises
    ------
    KwevError
        If the geography is not one of tract, da and cell.
    """
    if geography == "tract":
        return tables.tracts, "tract_id"
    if geography == "da":
        return tables.das, "da_id"
    if geography == "cell":
        return tables.cells, "cell_id"
    hint = nearest(geography, list(GEOGRAPHIES))
    raise KwevError(f"unknown geography {geography!r}", where="--geography", hint=hint)


def shares(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ``values`` divided by their sum, or zeros where the sum is zero."""
    total = float(values.sum())
    return values / total if total > 0 else np.zeros_like(values)


def share_of(values: NDArray[np.float64], mask: NDArray[np.bool_]) -> float:
    """Return the part of the total of ``values`` where ``mask`` holds (0 where there is none)."""
    total = float(values.sum())
    return float(values[mask].sum()) / total if total > 0 else 0.0


WEIGHT = Formula(
    r"<weight> = <people_weight> \frac{<people>}{\sum_{j \in <points>} <people>}"
    r" + <vehicle_weight> \frac{<vehicles>}{\sum_{j \in <points>} <vehicles>}"
    r" + <score_weight> \frac{<score> <people>}{\sum_{j \in <points>} <score> <people>}"
)
"""Objective weight of a point; a term whose total is zero gives its share to nobody."""


def demand_points(tables: Tables, config: Config, geography: str) -> DemandPoints:
    """Return the demand points of a geography with their objective weights.

    The weight of point j is ``a P_j / sum P + b EV_j / sum EV + c s_j P_j / sum (s P)`` with its
    demand score s_j, and a + b + c rescaled to 1 (a term whose total is zero gives its share to
    nobody).

    Raises
    ------
    KwevError
        If the geography is unknown, or a point has no facts.
    """
    table, id_column = table_of(tables, geography)
    table = table.sort_values(id_column, kind="stable")
    people = table["population"].to_numpy(np.float64)
    by_id = _vehicles(tables, config, geography)
    ids = table[id_column].to_numpy(str)
    ev = np.asarray(by_id.loc[ids], np.float64)
    score = demand_scores(facts_of(tables, geography, ids), config.scores.demand)
    a, b, c = config.weights.people, config.weights.ev, config.weights.score
    weight = shares(a * shares(people) + b * shares(ev) + c * shares(score * people))
    return DemandPoints(
        geography=geography,  # type: ignore[arg-type]
        ids=ids,
        xy_m=table[["easting_m", "northing_m"]].to_numpy(np.float64),
        people=people,
        ev=ev,
        score=score,
        weight=weight,
        municipality=table["municipality_id"].to_numpy(str),
    )


def _vehicles(tables: Tables, config: Config, geography: str) -> pd.Series[float]:
    """Return the EVs of each place by id: registered, or forecast for the scenario's year."""
    table, id_column = table_of(tables, geography)
    year = config.demand.ev_year
    if year == "now":
        return table.set_index(id_column)["ev"]
    growth = {"tract": tables.tract_growth, "da": tables.da_growth, "cell": tables.cell_growth}
    return growth[geography].set_index(id_column)[f"ev_{year}"]


def energy_need_kwh(tables: Tables, config: Config) -> dict[str, float]:
    """Return the public-charging energy each municipality needs in a year (kWh), by id."""
    demand = config.demand
    per_ev = demand.kwh_per_ev_year * demand.public_share
    by_da = tables.das["da_id"].map(_vehicles(tables, config, "da"))
    ev = by_da.groupby(tables.das["municipality_id"], sort=True).sum()
    return {str(key): float(value) * per_ev for key, value in ev.items()}
