"""What the score of a candidate site is made of, as measured: people, EVs, grid, roads, traffic."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from kwev.pipeline.nearby import distance_m, nearest_lines, sums_within
from kwev.schemas import PROCESSED

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd
    from numpy.typing import NDArray

    from kwev.pipeline.parameters import Parameters
    from kwev.pipeline.quality import Ledger

OWNERSHIP: Final = {"public": 1.0, "unknown": 0.5, "private": 0.0}
"""Ownership as a fact in [0, 1]: how far the Region and its cities can decide alone."""

_OPEN: Final = ("Public roadway", "Private, but accessible road")
_NO_ACCESS: Final = ("Freeway", "Ramp", "Rapid Transit")
"""Classes that no driveway joins."""

_CLASSES: Final = (
    "Alleyway / Lane", "Cul-de-Sac", "Local Street", "Turning Lane", "Collector", "Arterial",
    "Highway",
)  # fmt: skip
"""Classes of public roads, the least first: where roads meet, the highest counts."""


def site_facts(  # noqa: PLR0913, PLR0917 - the facts come from every table before
    sites: pd.DataFrame,
    cells: pd.DataFrame,
    growth: pd.DataFrame,
    stations: pd.DataFrame,
    roads: gpd.GeoDataFrame,
    access: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    parameters: Parameters,
    ledger: Ledger,
) -> pd.DataFrame:
    """Return ``site_facts``: one row for each site.

    Parameters
    ----------
    sites
        With ``grid_kw``.
    cells, growth
        ``cells`` and ``cell_growth``, row by row the same cells.
    stations
        Public ones anywhere count as chargers nearby.
    roads
        In EPSG:26917, with ``AADT``.
    access
        Transit access in [0, 1] of (n, 2) metres.
    """
    here = sites[["easting_m", "northing_m"]].to_numpy(float)
    there = cells[["easting_m", "northing_m"]].to_numpy(float)
    table = pd.DataFrame({"site_id": sites["site_id"], "grid_kw": sites["grid_kw"].to_numpy()})
    people = cells[["population"]].to_numpy(float)
    near = sums_within(here, there, people, parameters.people_near_m)[:, 0]
    table["people_near"] = near.round(1)
    table = table.assign(**_vehicles(here, there, cells, growth, parameters, ledger))
    table["transit"] = np.round(access(here), 4)
    public = stations[stations["access"] == "public"]
    table["charger_m"] = distance_m(here, public[["easting_m", "northing_m"]].to_numpy(float))
    table = table.assign(**_roads(here, roads, parameters, ledger))
    table["land_use"] = _land_use(sites, table["road_class"], parameters)
    table["ownership"] = sites["owner"].map(OWNERSHIP).to_numpy(float)
    unknown = int((sites["owner"] == "unknown").sum())
    ledger.add("facts", "site_facts", "owner unknown: between public and private", "kept", unknown)
    return table[list(PROCESSED["site_facts"].columns)]


def _vehicles(  # noqa: PLR0913, PLR0917 - as above
    here: NDArray[np.float64],
    there: NDArray[np.float64],
    cells: pd.DataFrame,
    growth: pd.DataFrame,
    parameters: Parameters,
    ledger: Ledger,
) -> dict[str, NDArray[np.float64]]:
    """Return EVs per km² around each site, and how many times as many there will be in 2030."""
    both = np.column_stack([cells["ev"].to_numpy(float), growth["ev_2030"].to_numpy(float)])
    now, later = sums_within(here, there, both, parameters.evs_near_m).T
    area_km2 = np.pi * (parameters.evs_near_m / 1000) ** 2
    none = now <= 0
    whole = both.sum(axis=0)
    ratio = np.divide(later, now, out=np.full(len(now), whole[1] / whole[0]), where=~none)
    note = f"within {parameters.evs_near_m:g} m; takes the Region's growth"
    ledger.add("facts", "site_facts", "no vehicle nearby", "kept", int(none.sum()), note)
    return {"evs_per_km2": np.round(now / area_km2, 3), "growth": np.round(ratio, 4)}


def _roads(
    here: NDArray[np.float64], roads: gpd.GeoDataFrame, parameters: Parameters, ledger: Ledger
) -> dict[str, NDArray[Any]]:
    """Return distance to a road that cars may use, class of the nearest public one, traffic."""
    drivable = ~roads["CartoClass"].isin(_NO_ACCESS)
    access_m, _ = _nearest(here, roads[drivable & roads["PublicAcce"].isin(_OPEN)])
    order = {name: float(i) for i, name in enumerate(_CLASSES)}
    public = roads[(roads["PublicAcce"] == _OPEN[0]) & roads["CartoClass"].isin(order)]
    rank = np.array([order[name] for name in public["CartoClass"]], np.float64)
    _, best = _nearest(here, public, rank)
    words = [re.sub(r"\W+", "_", name.lower()) for name in _CLASSES]
    counted = roads[roads["AADT"].notna()]
    away_m, aadt = _nearest(here, counted, counted["AADT"].to_numpy(float))
    near = away_m <= parameters.traffic_near_m
    ledger.add(
        "facts", "site_facts", "no traffic count nearby", "flagged", int((~near).sum()),
        f"within {parameters.traffic_near_m:g} m; the Region counts its own roads only",
    )  # fmt: skip
    return {
        "access_m": access_m,
        "road_class": np.array([words[int(i)] for i in best], object),
        "aadt": np.where(near, aadt, np.nan),
    }


def _nearest(
    here: NDArray[np.float64],
    roads: gpd.GeoDataFrame,
    value: NDArray[np.float64] | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    value = np.zeros(len(roads)) if value is None else value
    return nearest_lines(here, roads.geometry.to_numpy(), value)


def _land_use(
    sites: pd.DataFrame, road_class: pd.Series[str], parameters: Parameters
) -> NDArray[np.float64]:
    """Return how well a charger suits the use of the land, in [0, 1]: category, then context."""
    fit = sites["category"].map(dict(parameters.land_use_fit)).to_numpy(float)
    small = road_class.isin(["local_street", "cul_de_sac", "alleyway_lane"]).to_numpy()
    return np.asarray(np.where(small, fit * parameters.local_street_fit, fit).round(4), np.float64)
