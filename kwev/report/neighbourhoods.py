"""Dense neighbourhoods: who lives there, how far Level 3 is, and whom each station serves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from kwev.data.links import crs_of
from kwev.display import cartography, origins, style
from kwev.display.figure import rows
from kwev.display.layers import Layer, Mark
from kwev.display.table import table
from kwev.display.values import Numbers, named
from kwev.model.siting import counted, existing_stations
from kwev.pipeline.parameters import Parameters
from kwev.report.memory import once
from kwev.report.reach import of_cells
from kwev.report.region import metres, town_names
from kwev.vocabulary import LEVEL_NAMES

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    from numpy.typing import NDArray

    from kwev.config import Config
    from kwev.data.tables import Tables
    from kwev.display.figure import Figure
    from kwev.display.table import Table
    from kwev.report.scenario import Report

GAP_M = 2_000.0
"""From here on a dense neighbourhood is far from Level 3 (m): the drive that the client's section
1.2.1 gives to Level 3; at the radius of the plan hardly any dense place is left."""

LANDMARKS = ("library", "community_centre", "recreation_centre", "transit_station")
"""Categories of sites with names that people know."""

LARGEST, BUSIEST = 15, 8
"""Rows that tables show of neighbourhoods, and of stations of each level."""

CLUSTER_COLUMNS = [
    "cluster", "municipality", "people", "ev", "cells", "easting_m", "northing_m", "latitude",
    "longitude", "l2", "l3", "l3_m",
]  # fmt: skip

AREA_COLUMNS = [
    "station_id", "name", "municipality", "level", "ports", "people", "ev", "people_per_port",
]  # fmt: skip


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
    return dense(metres(tables.cells), tables.cells["population"].to_numpy(np.float64), rule)


def dense(
    xy_m: NDArray[np.float64], people: NDArray[np.float64], rule: ClusterRule
) -> NDArray[np.int64]:
    """Return the dense group of each place: 0 for the one with most people, -1 for none.

    Parameters
    ----------
    xy_m
        Shape (n, 2), eastings and northings (m).
    people
        Shape (n,).
    """
    from sklearn.cluster import DBSCAN

    model = DBSCAN(eps=rule.reach_m, min_samples=rule.core_people)
    label = np.asarray(model.fit(xy_m, sample_weight=people).labels_, np.int64)
    inside = label >= 0
    total = np.bincount(label[inside], people[inside])
    rank = np.empty(len(total), np.int64)
    rank[np.argsort(-total.round(6), kind="stable")] = np.arange(len(total))
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
    names = town_names(tables)
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


def landmarks(tables: Tables, table: pd.DataFrame) -> list[str]:
    """Return the name of the well-known place nearest to each middle; empty where none is.

    Parameters
    ----------
    tables
        ``data/processed``, read: ``sites`` of :data:`LANDMARKS`.
    table
        Columns ``easting_m`` and ``northing_m`` (m).

    Returns
    -------
    list of str
        As long as ``table``.
    """
    known = tables.sites[tables.sites["category"].isin(LANDMARKS)]
    if known.empty or table.empty:
        return [""] * len(table)
    _, nearest = cKDTree(metres(known)).query(metres(table))
    return [str(known["name"].iloc[int(i)]) for i in np.asarray(nearest)]


def distances_m(tables: Tables, config: Config) -> dict[str, NDArray[np.float64]]:
    """Return the straight-line distance of each cell to the nearest station of each level (m).

    Rounded to 0.01 m; infinite where there is no such station.
    """
    stations = existing_stations(tables, config)
    points = metres(tables.cells)
    return {
        "l2_m": nearest_m(points, stations.xy_m[stations.l2_ports > 0]),
        "l3_m": nearest_m(points, stations.xy_m[stations.l3_ports > 0]),
    }


def nearest_m(points: NDArray[np.float64], places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the straight-line distance of each point to the nearest place.

    Parameters
    ----------
    points, places
        Shapes (n, 2) and (k, 2) (m).

    Returns
    -------
    numpy.ndarray
        Shape (n,), m, rounded to 0.01; infinite where there is no place.
    """
    if len(places) == 0:
        return np.full(len(points), np.inf)
    return np.asarray(np.round(cKDTree(places).query(points)[0], 2))


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
        Columns of :func:`clusters`, ``beyond_gap`` and
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
    stations, cells = existing_stations(tables, config), tables.cells
    names = tables.stations.set_index("station_id")["name"]
    towns = town_names(tables)
    parts = []
    for level, ports in (("l2", stations.l2_ports), ("l3", stations.l3_ports)):
        has = np.flatnonzero(ports > 0)
        if len(has) == 0:
            continue
        apart, nearest = cKDTree(stations.xy_m[has]).query(metres(cells))
        near = np.round(apart, 2) <= getattr(config.coverage, f"{level}_radius_m")
        owner = np.asarray(nearest)[near]
        people, ev = (
            np.bincount(owner, cells[name].to_numpy(np.float64)[near], minlength=len(has))
            for name in ("population", "ev")
        )
        part = pd.DataFrame(
            {
                "station_id": stations.ids[has],
                "name": [str(names[i]) for i in stations.ids[has]],
                "municipality": [
                    towns.get(m, "outside the Region") for m in stations.municipality[has]
                ],
                "level": level,
                "ports": ports[has],
                "people": people,
                "ev": ev,
                "people_per_port": people / ports[has],
            }
        )
        order = ["people", "station_id"]
        parts.append(part.sort_values(order, ascending=[False, True], kind="stable"))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=AREA_COLUMNS)


# -- Named values.


@once
def numbers(report: Report) -> Numbers:
    """Return the numbers of dense neighbourhoods, gaps of Level 3 and service areas."""
    t, c = report.tables, report.config
    table, roads, worst = graded_clusters(t, c), by_road(t, c), gaps(t, c).iloc[0]
    served = service_areas(t, c).groupby("level")["people"].median()
    share = float(table["people"].sum()) / float(t.cells["population"].sum())
    places = {"places": len(table), "without_l2": (table["l2"] < 1 / 2).sum()}
    counts = {
        "places": (table["beyond_gap"] > 0).sum(),
        "radius_places": (table["beyond_radius"] > 0).sum(),
    }
    people = {
        "people": table["beyond_gap"].sum(),
        "radius_people": table["beyond_radius"].sum(),
        "people_road": roads["beyond_gap"].sum(),
        "radius_people_road": roads["beyond_radius"].sum(),
        "worst_people": worst["beyond_gap"],
    }
    return Numbers(
        [
            *named("neighbourhoods.clusters", prefix="dense_", count=places,
                   share={"share:.0%": share}),
            *named("neighbourhoods.RULE", prefix="dense_", m={"reach": RULE.reach_m},
                   people={"core": RULE.core_people}),
            *named("neighbourhoods.gaps", prefix="gap_", count=counts, people=people,
                   text={"worst": worst["near"]}, km={"distance:g": GAP_M / 1000}),
            *named("neighbourhoods.service_areas", prefix="service_",
                   people={f"{level}_median": served[level] for level in ("l2", "l3")}),
        ]
    )  # fmt: skip


# -- Tables and map.


def service_table(report: Report) -> Table:
    """Return the stations of each level with the most people in their service area."""
    frame = service_areas(report.tables, report.config)
    frame = frame.groupby("level", sort=True).head(BUSIEST).reset_index(drop=True)
    frame["level"] = frame["level"].map(LEVEL_NAMES)
    columns = "name:station municipality level ports people people_per_port"
    return table("service-areas", frame, columns, origins.stations(report.tables))


_CLUSTER_FACTS = "near municipality people l2:now beyond_gap l3_m"


def gap_map(tables: Tables, config: Config, *, folder: Path | None = None) -> Figure:
    """Map the dense neighbourhoods by how far their people live from Level 3, and its stations."""
    table = graded_clusters(tables, config)
    frame = _outlines(tables).merge(table, on="cluster", validate="1:1")
    frame["mark"] = (frame["beyond_gap"] > 0).astype(int) + (frame["beyond_radius"] > 0)
    gap_km, radius_km = GAP_M / 1000, config.coverage.l3_radius_m / 1000
    marks = (
        Mark(f"all within {gap_km:g} km", fill="#cfd6de", line=style.QUIET),
        Mark(f"some beyond {gap_km:g} km", fill="#f3c78a", line=style.QUIET),
        Mark(f"some beyond {radius_km:g} km", fill="#b3431a", line=style.INK),
    )
    near = Layer(
        "Dense neighbourhoods", frame, marks, title="title", facts=_CLUSTER_FACTS,
        heading="People and the nearest Level 3",
    )  # fmt: skip
    stations = cartography.places(cartography.named(tables, counted(tables.stations, config)))
    level3 = stations[stations["l3_ports"] > 0].assign(mark=0)
    look = Mark("Level 3 station", fill=style.EXISTING_L3, line=style.INK, radius=5.5)
    drawn = Layer(
        "Level 3 stations", level3, (look,), title="name", facts=cartography.STATION_FACTS, above=1
    )
    far = frame[frame["mark"] > 0]
    worst = ", ".join(
        f"{r.near} ({r.beyond_gap:,.0f} people)" for r in rows(far.nlargest(3, "beyond_gap"))
    )
    alt = (
        f"Map of {len(frame)} dense neighbourhoods and {len(level3)} Level 3 stations: in "
        f"{len(far)} some people live farther than {gap_km:g} km from Level 3, in "
        f"{(frame['mark'] == len(marks) - 1).sum()} farther than {radius_km:g} km. Most of them "
        f"near {worst}."
    )
    layers = [*cartography.land(tables, folder), near, drawn]
    return cartography.build("map-level3-gaps", alt, origins.stations(tables), layers)


def _outlines(tables: Tables) -> gpd.GeoDataFrame:
    """Return the outline of each dense neighbourhood: its cells, narrow gaps closed."""
    number = cluster_of_cells(tables) + 1
    inside = number > 0
    ids = tables.cells["cell_id"][inside].tolist()
    outline = cartography.neighbourhoods(
        ids, number[inside], Parameters().cell_m, crs_of(tables.das)
    )
    return outline.rename(columns={"number": "cluster"})
