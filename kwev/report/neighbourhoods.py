"""Dense neighbourhoods: clusters of cells by density, and what serves each of them today."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree
from sklearn.cluster import DBSCAN

from kwev.model.siting import existing_stations
from kwev.report.reach import of_cells

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kwev.config import Config
    from kwev.data.tables import Tables


@dataclass(frozen=True)
class ClusterRule:
    """When cells form a dense neighbourhood (density-based clustering, DBSCAN).

    A cell is at the core of one where at least ``core_people`` live within ``reach_m`` of it,
    itself included; cells within reach of a core cell belong to its cluster.

    Attributes
    ----------
    reach_m
        Distance that links cells (m). Range 150 to 300. Assumption: a few minutes on foot.
    core_people
        People within reach that make a core cell (people). Range 500 to 1,500. Assumption: about
        5,000 people for each square kilometre.
    """

    reach_m: float = 250.0
    core_people: int = 1_000


RULE = ClusterRule()
"""The rule that the book uses."""


def cluster_of_cells(tables: Tables, rule: ClusterRule = RULE) -> NDArray[np.int64]:
    """Return the cluster of each row of ``cells``: 0 for the one with most people, -1 for none."""
    cells = tables.cells
    found = DBSCAN(eps=rule.reach_m, min_samples=rule.core_people).fit(
        cells[["easting_m", "northing_m"]].to_numpy(np.float64),
        sample_weight=cells["population"].to_numpy(np.float64),
    )
    label = np.asarray(found.labels_, np.int64)
    inside = label >= 0
    people = np.bincount(label[inside], cells["population"].to_numpy(np.float64)[inside])
    rank = np.empty(len(people), np.int64)
    rank[np.argsort(-people.round(6), kind="stable")] = np.arange(len(people))
    label[inside] = rank[label[inside]]
    return label


def clusters(tables: Tables, config: Config, rule: ClusterRule = RULE) -> pd.DataFrame:
    """Return the dense neighbourhoods, the one with most people first.

    Returns
    -------
    pandas.DataFrame
        ``cluster`` (from 1), ``near`` (the well-known place nearest to its middle), ``title``
        (number and that place), ``municipality`` (name, where most of its people live), ``people``,
        ``ev``, ``cells``, ``easting_m``, ``northing_m``, ``latitude``, ``longitude`` (mean of its
        people), ``l2`` and ``l3`` (share of its people within the radius of a station of the
        level today, in a straight line), ``l3_m`` (mean distance of its people to the nearest
        Level 3 station, m).
    """
    cells = tables.cells.assign(
        cluster=cluster_of_cells(tables, rule) + 1, **distances_m(tables, config)
    )
    cells = cells[cells["cluster"] > 0]
    reach = config.coverage
    names = tables.municipalities.set_index("municipality_id")["name"]
    rows = []
    for number, part in cells.groupby("cluster", sort=True):
        people = part["population"]
        mean = {
            name: float(np.average(part[name], weights=people))
            for name in ("easting_m", "northing_m", "latitude", "longitude", "l3_m")
        }
        towns = people.groupby(part["municipality_id"]).sum()
        rows.append(
            {
                "cluster": int(str(number)),
                "municipality": str(names[str(towns.idxmax())]),
                "people": float(people.sum()),
                "ev": float(part["ev"].sum()),
                "cells": len(part),
                **mean,
                "l2": float(people[part["l2_m"] <= reach.l2_radius_m].sum() / people.sum()),
                "l3": float(people[part["l3_m"] <= reach.l3_radius_m].sum() / people.sum()),
            }
        )
    table = pd.DataFrame(rows, columns=CLUSTER_COLUMNS)
    table.insert(1, "near", landmarks(tables, table))
    titles = [f"{r} {name}" for r, name in zip(table["cluster"], table["near"], strict=True)]
    table.insert(2, "title", titles)
    return table


LANDMARKS = ("library", "community_centre", "recreation_centre", "transit_station")
"""Categories of sites with names that people know."""


def landmarks(tables: Tables, table: pd.DataFrame) -> list[str]:
    """Return the name of the well-known place nearest to each middle; empty where none is.

    Parameters
    ----------
    table
        Columns ``easting_m`` and ``northing_m``.
    """
    known = tables.sites[tables.sites["category"].isin(LANDMARKS)]
    if known.empty or table.empty:
        return [""] * len(table)
    metres = ["easting_m", "northing_m"]
    _, nearest = cKDTree(known[metres].to_numpy(np.float64)).query(table[metres].to_numpy(float))
    return [str(known["name"].iloc[int(i)]) for i in np.asarray(nearest)]


CLUSTER_COLUMNS = [
    "cluster", "municipality", "people", "ev", "cells", "easting_m", "northing_m", "latitude",
    "longitude", "l2", "l3", "l3_m",
]  # fmt: skip


def distances_m(tables: Tables, config: Config) -> dict[str, NDArray[np.float64]]:
    """Return the straight-line distance of each cell to the nearest station of each level (m).

    Rounded to 0.01 m; infinite where there is no such station.
    """
    stations = existing_stations(tables, config)
    points = tables.cells[["easting_m", "northing_m"]].to_numpy(np.float64)
    return {
        "l2_m": nearest_m(points, stations.xy_m[stations.l2_ports > 0]),
        "l3_m": nearest_m(points, stations.xy_m[stations.l3_ports > 0]),
    }


def nearest_m(points: NDArray[np.float64], places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the distance of each point to the nearest place (m, rounded to 0.01)."""
    if len(places) == 0:
        return np.full(len(points), np.inf)
    return np.asarray(np.round(cKDTree(places).query(points)[0], 2))


# -- Service areas: the people for whom an existing station is the nearest of its level.


def service_areas(tables: Tables, config: Config) -> pd.DataFrame:
    """Return the catchment of each station and level: whom it serves before any other does.

    A cell belongs to the nearest station of a level in a straight line, if that lies within the
    level's radius.

    Returns
    -------
    pandas.DataFrame
        ``station_id``, ``name``, ``municipality`` (name), ``level`` (l2, l3), ``ports``,
        ``people``, ``ev``, ``people_per_port``; most people first within a level.
    """
    stations = existing_stations(tables, config)
    cells = tables.cells
    points = cells[["easting_m", "northing_m"]].to_numpy(np.float64)
    names = tables.stations.set_index("station_id")["name"]
    towns = tables.municipalities.set_index("municipality_id")["name"]
    reach = config.coverage
    parts = []
    for level, ports, radius_m in (
        ("l2", stations.l2_ports, reach.l2_radius_m),
        ("l3", stations.l3_ports, reach.l3_radius_m),
    ):
        has = np.flatnonzero(ports > 0)
        if len(has) == 0:
            continue
        apart, nearest = cKDTree(stations.xy_m[has]).query(points)
        near = np.round(apart, 2) <= radius_m
        owner = np.asarray(nearest)[near]
        sums = {
            name: np.bincount(owner, cells[name].to_numpy(np.float64)[near], minlength=len(has))
            for name in ("population", "ev")
        }
        parts.append(
            pd.DataFrame(
                {
                    "station_id": stations.ids[has],
                    "name": [str(names[i]) for i in stations.ids[has]],
                    "municipality": [
                        towns.get(m, "outside the Region") for m in stations.municipality[has]
                    ],
                    "level": level,
                    "ports": ports[has],
                    "people": sums["population"],
                    "ev": sums["ev"],
                    "people_per_port": sums["population"] / ports[has],
                }
            ).sort_values(["people", "station_id"], ascending=[False, True], kind="stable")
        )
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=AREA_COLUMNS)


AREA_COLUMNS = [
    "station_id", "name", "municipality", "level", "ports", "people", "ev", "people_per_port",
]  # fmt: skip


# -- Level 3 gaps: dense neighbourhoods whose people live far from a Level 3 station.

GAP_M = 2_000.0
"""From here on a dense neighbourhood is far from Level 3 (m): the drive that the client's section
1.2.1 gives to Level 3; at the radius of the plan hardly any dense place is left."""


def graded_clusters(
    tables: Tables,
    config: Config,
    rule: ClusterRule = RULE,
    *,
    l3_m: NDArray[np.float64] | None = None,
) -> pd.DataFrame:
    """Return the dense neighbourhoods with how many of their people live far from Level 3.

    Parameters
    ----------
    l3_m
        Distance of each row of ``cells`` to the nearest Level 3 station (m), by whatever metric;
        in a straight line by default.

    Returns
    -------
    pandas.DataFrame
        Columns of :func:`kwev.report.neighbourhoods.clusters`, ``beyond_gap`` and
        ``beyond_radius``: people farther than ``GAP_M``, and than the plan's own radius, from
        every Level 3 station.
    """
    cell = cluster_of_cells(tables, rule)
    people = tables.cells["population"].to_numpy(np.float64)
    far_m = distances_m(tables, config)["l3_m"] if l3_m is None else l3_m
    table = clusters(tables, config, rule)
    for name, limit_m in (("beyond_gap", GAP_M), ("beyond_radius", config.coverage.l3_radius_m)):
        far = (cell >= 0) & (far_m > limit_m)
        table[name] = np.bincount(cell[far], people[far], minlength=len(table))
    return table


def by_road(tables: Tables, config: Config, rule: ClusterRule = RULE) -> pd.DataFrame:
    """Return the dense neighbourhoods with how many of their people live far along the roads.

    Columns as :func:`graded_clusters`; who cannot reach any station by car is far.
    """
    drive_m = of_cells(tables, config).set_index("cell_id")["l3_m"]
    of_cell = drive_m.reindex(tables.cells["cell_id"]).fillna(np.inf)
    return graded_clusters(tables, config, rule, l3_m=of_cell.to_numpy(np.float64))


def gaps(tables: Tables, config: Config, rule: ClusterRule = RULE) -> pd.DataFrame:
    """Return the dense neighbourhoods with people far from Level 3, most such people first."""
    table = graded_clusters(tables, config, rule)
    table = table[table["beyond_gap"] > 0]
    return table.sort_values(
        ["beyond_gap", "cluster"], ascending=[False, True], kind="stable", ignore_index=True
    )
