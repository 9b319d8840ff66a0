"""Transit: who lives near a stop, how dense the routes are, and what stands near a stop.

Distances are straight lines. People are those of the address cells, each cell at the mean of its
addresses; no polygon is counted whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from kwev.pipeline.parameters import Parameters
from kwev.pipeline.transit import access
from kwev.siting import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kwev.config import Config
    from kwev.tables import Tables

REGION = "Region"
"""Name of the row of totals."""


def near_stop(
    points_m: NDArray[np.float64], stops: pd.DataFrame, reach_m: float
) -> NDArray[np.bool_]:
    """Return whether each of (N, 2) points lies within ``reach_m`` of a stop."""
    if stops.empty:
        return np.zeros(len(points_m), bool)
    tree = cKDTree(stops[["easting_m", "northing_m"]].to_numpy(float))
    return np.asarray(tree.query(points_m)[0] <= reach_m)


def is_frequent(stops: pd.DataFrame, per_h: float) -> pd.Series:
    """Return which stops have ``per_h`` departures an hour or more, in the peak and at midday."""
    return stops[["trips_peak_per_h", "trips_midday_per_h"]].min(axis=1) >= per_h


def near_by_cell(tables: Tables, parameters: Parameters | None = None) -> pd.DataFrame:
    """Return for each cell its municipality, people, and what is within a walk.

    Returns
    -------
    pandas.DataFrame
        ``municipality_id``, ``population``; flags ``bus`` and ``ion`` (each within its own
        walk), ``either``, ``frequent`` (a frequent stop of either within its walk); ``access``
        in [0, 1].
    """
    chosen = parameters or Parameters()
    cells, stops = tables.cells, tables.transit_stops
    points = _metres(cells)
    often = is_frequent(stops, chosen.frequent_per_h)
    reach = {"bus": chosen.bus_walk_m, "ion": chosen.ion_walk_m}
    near = {
        mode: near_stop(points, stops[stops["mode"] == mode], walk) for mode, walk in reach.items()
    }
    frequent = [
        near_stop(points, stops[(stops["mode"] == mode) & often], walk)
        for mode, walk in reach.items()
    ]
    return cells[["municipality_id", "population"]].assign(
        **near,
        either=near["bus"] | near["ion"],
        frequent=np.logical_or(*frequent),
        access=access(points, stops, chosen),
    )


def by_municipality(tables: Tables, parameters: Parameters | None = None) -> pd.DataFrame:
    """Return transit by municipality, and for the Region in the last row.

    Returns
    -------
    pandas.DataFrame
        ``municipality``; ``population``; shares of it ``bus``, ``ion``, ``either``,
        ``frequent``; mean ``access`` over the people; ``route_km`` and ``street_km``, and both
        per km² of land.
    """
    cells = near_by_cell(tables, parameters)
    shares = ["bus", "ion", "either", "frequent", "access"]
    people = cells[shares].mul(cells["population"], axis=0)
    people = people.assign(municipality_id=cells["municipality_id"], population=cells["population"])
    counts = people.groupby("municipality_id").sum()
    places = tables.municipalities.set_index("municipality_id")
    counts = counts.join(tables.transit_lengths.set_index("municipality_id"))
    counts = counts.join(places["land_area_km2"]).set_index(
        pd.Index(places["name"].reindex(counts.index), name="municipality")
    )
    counts = pd.concat([counts.sort_index(), counts.sum().to_frame(REGION).T])
    counts[shares] = counts[shares].div(counts["population"], axis=0)
    for length in ("route", "street"):
        counts[f"{length}_km_per_km2"] = counts[f"{length}_km"] / counts["land_area_km2"]
    return counts.rename_axis("municipality").reset_index()


def places_near(
    tables: Tables, config: Config, parameters: Parameters | None = None
) -> dict[str, float]:
    """Return the shares of candidate ``sites`` and of ``stations`` within a walk of any stop.

    The walk is that to a bus stop; stations are those that count in the scenario.
    """
    walk = (parameters or Parameters()).bus_walk_m
    tables_of = {"sites": tables.sites, "stations": counted(tables.stations, config)}
    return {
        name: float(near_stop(_metres(table), tables.transit_stops, walk).mean())
        for name, table in tables_of.items()
    }


def best_places(
    tables: Tables, most: int = 10, parameters: Parameters | None = None
) -> pd.DataFrame:
    """Return the best stops, one in each neighbourhood.

    From the best score down, a stop is left out where a better one is within a walk.

    Returns
    -------
    pandas.DataFrame
        Rows of ``transit_stops`` with the name of the ``municipality``, best first.
    """
    walk = (parameters or Parameters()).bus_walk_m
    order = tables.transit_stops.sort_values(["score", "stop_id"], ascending=[False, True])
    metres = _metres(order)
    kept: list[int] = []
    for i, place in enumerate(metres):
        if len(kept) == most:
            break
        if not kept or np.hypot(*(metres[kept] - place).T).min() > walk:
            kept.append(i)
    names = tables.municipalities.set_index("municipality_id")["name"]
    best = order.iloc[kept]
    return best.assign(municipality=best["municipality_id"].map(names)).reset_index(drop=True)


def _metres(table: pd.DataFrame) -> NDArray[np.float64]:
    return table[["easting_m", "northing_m"]].to_numpy(float)
