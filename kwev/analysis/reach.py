"""Who reaches a charger today: in a straight line and along the roads, by place and by radius."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kwev.analysis.baseline import GEOGRAPHY_NAMES, coverage_by_geography
from kwev.coverage import MODE_OF, AlongRoads, StraightLine
from kwev.demand import demand_points, share_of
from kwev.network import RoadNetwork
from kwev.siting import existing_stations

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kwev.config import Config, Metric
    from kwev.coverage import Level, Ruler
    from kwev.places import Places
    from kwev.tables import Tables

METRICS: tuple[Metric, ...] = ("straight_line", "network")

RADII_M: dict[Level, tuple[float, ...]] = {
    "l2": (400, 500, 600, 700, 800),
    "l3": (750, 2_000, 3_000, 4_000, 5_000, 6_000, 7_000),
}
"""Radii of the client's specification, sections 1.2.1 and 3.4.1, and the predecessor's 750 m."""


def by_geography(tables: Tables, config: Config) -> pd.DataFrame:
    """Return today's coverage for each set of demand points, on both metrics.

    Columns: ``geography``, ``points``, then for each target (``l2``, ``l3``, ``ev_owners``) and
    metric the share, for example ``l2_network``.
    """
    table = pd.DataFrame({"geography": list(GEOGRAPHY_NAMES.values())})
    for metric in METRICS:
        measured = coverage_by_geography(tables, config.with_values(coverage__metric=metric))
        table["points"] = measured["points"]
        for target in ("l2", "l3", "ev_owners"):
            table[f"{target}_{metric}"] = measured[target]
    return table


def stations_of(tables: Tables, config: Config, level: Level) -> Places:
    """Return the existing stations that offer a level and count in the scenario."""
    stations = existing_stations(tables, config)
    ports = stations.l2_ports if level == "l2" else stations.l3_ports
    return stations.places[ports > 0]


def by_radius(tables: Tables, config: Config) -> pd.DataFrame:
    """Return the share of people in reach today, on the cells, by level and radius.

    Columns: ``level``, ``radius_m``, ``straight_line``, ``network``.
    """
    cells = demand_points(tables, config, "cell")
    rulers: dict[str, Ruler] = {
        "straight_line": StraightLine(),
        "network": AlongRoads(RoadNetwork.of(tables)),
    }
    rows = []
    for level, radii in RADII_M.items():
        stations = stations_of(tables, config, level)
        for radius_m in radii:
            row: dict[str, float | str] = {"level": level, "radius_m": radius_m}
            for metric, ruler in rulers.items():
                near = ruler.within(level, cells.places, stations, radius_m)
                row[metric] = share_of(cells.people, np.diff(near.indptr) > 0)
            rows.append(row)
    return pd.DataFrame(rows)


def of_cells(tables: Tables, config: Config) -> pd.DataFrame:
    """Return for each cell whether it is reached today, at the scenario's radii.

    Columns: ``cell_id``, ``people``, ``snapped``, and for each level ``<level>_straight_line``,
    ``<level>_network`` (whether reached) and ``<level>_m`` (way along the roads to the nearest
    station, m, infinite where there is none).
    """
    cells = demand_points(tables, config, "cell")
    network = RoadNetwork.of(tables)
    table = pd.DataFrame({"cell_id": cells.ids, "people": cells.people})
    table["snapped"] = network.snapped("walk", cells.places)
    radius_m: dict[Level, float] = {
        "l2": config.coverage.l2_radius_m,
        "l3": config.coverage.l3_radius_m,
    }
    for level, reach_m in radius_m.items():
        stations = stations_of(tables, config, level)
        near = StraightLine().within(level, cells.places, stations, reach_m)
        table[f"{level}_straight_line"] = np.diff(near.indptr) > 0
        table[f"{level}_m"] = network.nearest_m(MODE_OF[level], cells.places, stations)
        near = network.within(MODE_OF[level], cells.places, stations, reach_m)
        table[f"{level}_network"] = np.diff(near.indptr) > 0
    return table


def roads_by_class(tables: Tables) -> pd.DataFrame:
    """Return the roads by class, the longest first, and their sum.

    Columns: ``road_class``, ``edges``, ``km``, ``walk_km``, ``drive_km``, ``one_way_km``,
    ``speed_kmh`` (median).
    """
    edges = tables.road_edges
    ahead, back = edges["drive_forward"], edges["drive_backward"]
    km = edges["length_m"] / 1_000
    table = pd.DataFrame(
        {
            "road_class": edges["road_class"],
            "edges": 1,
            "km": km,
            "walk_km": km.where(edges["walk"], 0),
            "drive_km": km.where(ahead | back, 0),
            "one_way_km": km.where(ahead != back, 0),
        }
    )
    by_class = table.groupby("road_class").sum()
    by_class["speed_kmh"] = edges.groupby("road_class")["speed_kmh"].median()
    by_class = by_class.sort_values("km", ascending=False).reset_index()
    whole = {**by_class.drop(columns=["road_class", "speed_kmh"]).sum(), "road_class": "all roads"}
    whole["speed_kmh"] = edges["speed_kmh"].median()
    return pd.concat([by_class, pd.DataFrame([whole])], ignore_index=True)[by_class.columns].astype(
        {"edges": int}
    )


def median_m(distance_m: NDArray[np.float64], people: NDArray[np.float64]) -> float:
    """Return the distance that half of the people have at most (m)."""
    order = np.argsort(distance_m, kind="stable")
    reached = np.cumsum(people[order])
    return float(distance_m[order][np.searchsorted(reached, reached[-1] / 2)])
