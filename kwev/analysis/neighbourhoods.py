"""Dense neighbourhoods: clusters of cells by density, and what serves each of them today."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree
from sklearn.cluster import DBSCAN

from kwev.siting import existing_stations

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kwev.config import Config
    from kwev.tables import Tables


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
