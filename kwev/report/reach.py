"""Who reaches a charger today: in a straight line and along the roads, by place and by radius."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from kwev.display import cartography, origins, style
from kwev.display.layers import Layer, Mark
from kwev.display.table import Column, Table, category_name, table
from kwev.display.values import Number, Numbers
from kwev.model.coverage import MODE_OF, AlongRoads, StraightLine
from kwev.model.demand import demand_points, share_of
from kwev.model.network import RoadNetwork
from kwev.model.siting import counted, existing_stations
from kwev.pipeline.parameters import Parameters
from kwev.report.region import GEOGRAPHY_NAMES, coverage_by_geography
from kwev.units import CRS_DEGREES, CRS_METRES

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from kwev.config import Config, Metric
    from kwev.data.tables import Tables
    from kwev.display.figure import Figure
    from kwev.model.coverage import Level, Ruler
    from kwev.model.network import Places
    from kwev.report.scenario import Report

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


# -- The map of reach: where a charger is near along the roads, and where only as the crow flies.

LEVELS = {
    "l3": ("Level 3", "by car", style.L3, "#f3c7a5"),
    "l2": ("Level 2", "on foot", style.L2, "#e69f00"),
}
"""By level, from the ground up: name, way to go, colours where reached and where not by road."""


def reach(
    tables: Tables, config: Config, cells: pd.DataFrame, *, folder: Path | None = None
) -> Figure:
    """Map the inhabited cells in reach of Level 2, and of Level 3 on a layer to switch on.

    Parameters
    ----------
    tables
        The processed tables.
    config
        The scenario: its radii, and which stations count.
    cells
        As from :func:`kwev.report.reach.of_cells`.
    """
    radius_m = {"l2": config.coverage.l2_radius_m, "l3": config.coverage.l3_radius_m}
    areas = [_areas(cells, level, radius_m[level], above=int(level == "l2")) for level in LEVELS]
    stations = cartography.places(cartography.named(tables, counted(tables.stations, config)))
    points = []
    for level, (name, *_) in reversed(LEVELS.items()):
        part = stations[stations[f"{level}_ports"] > 0].assign(mark=0)
        size = 4.5 if level == "l3" else 2.2
        look = Mark(f"{name} station", style.INK, style.PAPER, 0.5, radius=size)
        shown = level == "l2"
        points.append(
            Layer(
                f"{name} stations", part, (look,), title="name",
                facts=cartography.STATION_FACTS, above=2, show=shown, printed=shown,
            )
        )  # fmt: skip
    words = "; ".join(
        f"{LEVELS[level][0]} within {radius_m[level]:,.0f} m is reached {LEVELS[level][1]} along "
        f"the roads by {_people(cells, level, 'network'):,.0f} people, and by "
        f"{_people(cells, level, 'straight_line') - _people(cells, level, 'network'):,.0f} more "
        "only as the crow flies"
        for level in ("l2", "l3")
    )
    layers = [*cartography.land(tables, folder), *areas, *points]
    return cartography.build("map-reach", f"Map of reach: {words}.", origins.reach(tables), layers)


def _people(cells: pd.DataFrame, level: str, metric: str) -> float:
    return float(cells.loc[cells[f"{level}_{metric}"], "people"].sum())


def _areas(cells: pd.DataFrame, level: str, radius_m: float, *, above: int) -> Layer:
    """Return the cells in reach as two areas: along the roads, and only as the crow flies."""
    name, way, near, far = LEVELS[level]
    by_road = cells[cells[f"{level}_network"]]
    by_air = cells[cells[f"{level}_straight_line"] & ~cells[f"{level}_network"]]
    radius = f"{radius_m:,.0f} m" if radius_m < 1_000 else f"{radius_m / 1_000:g} km"  # noqa: PLR2004
    marks = (
        Mark(f"within {radius} {way} along the roads", near, near, 0.4),
        Mark(f"within {radius} only as the crow flies", far, far, 0.4),
    )
    parts = [(i, part) for i, part in enumerate((by_road, by_air)) if len(part)]
    frame = gpd.GeoDataFrame(
        {
            "reach": [f"{name} {marks[i].label}" for i, _ in parts],
            "people": [float(part["people"].sum()) for _, part in parts],
            "cells": [len(part) for _, part in parts],
            "mark": [i for i, _ in parts],
        },
        geometry=[_joined(part["cell_id"]) for _, part in parts],
        crs=CRS_METRES,
    ).to_crs(CRS_DEGREES)
    return Layer(
        f"{name} reach", frame, marks, title="reach",
        facts=(Column("people", "People", "people", ",.0f"), "cells"),
        heading=f"Homes near {name}", show=above > 0, printed=above > 0, above=above,
    )  # fmt: skip


def _joined(cell_ids: pd.Series) -> shapely.Geometry:
    """Return the area of cells; an id holds the column and the row of the floor grid."""
    size = Parameters().cell_m
    west, south = np.array([name.split("_")[1:] for name in cell_ids], int).T * size
    return shapely.union_all(shapely.box(west, south, west + size, south + size))


# -- Numbers of the roads and of who reaches a charger along them today.


def of_reach(report: Report) -> Numbers:
    """Return the numbers of the road network and of reach along it."""
    return Numbers([*_network(report), *_reached(report), *_sets(report)])


def _network(report: Report) -> list[Number]:
    tables, parameters = report.tables, Parameters()
    edges = tables.road_edges
    drive = edges["drive_forward"] | edges["drive_backward"]
    one_way = edges["drive_forward"] != edges["drive_backward"]
    walk_share = _connected(tables, edges["walk"], "not connected on foot")
    drive_share = _connected(tables, drive, "no way there and back by car")
    km = edges["length_m"] / 1000
    return [
        Number("road_edges", len(edges), "count", "road_edges"),
        Number("road_nodes", len(tables.road_nodes), "count", "road_nodes"),
        Number("road_km", float(km.sum()), "km", "road_edges.length_m", "{:,.0f} km"),
        Number("walk_km", float(km[edges["walk"]].sum()), "km", "road_edges.walk", "{:,.0f} km"),
        Number("drive_km", float(km[drive].sum()), "km", "road_edges.drive", "{:,.0f} km"),
        Number("one_way_edges", int(one_way.sum()), "count", "road_edges.drive"),
        Number("walk_component", walk_share, "share", "road_edges.walk; quality"),
        Number("drive_component", drive_share, "share", "road_edges.drive; quality"),
        Number("snap_radius", parameters.road_snap_m, "m", "pipeline.parameters"),
        Number("snap_wide_radius", parameters.road_snap_wide_m, "m", "pipeline.parameters"),
    ]


def _connected(tables: Tables, kept: pd.Series, rule: str) -> float:
    """Return the share of edges that are connected; the ledger counts those that are not."""
    lost = int(tables.quality.loc[tables.quality["rule"] == rule, "rows"].sum())
    return float(kept.sum() / (kept.sum() + lost))


def _reached(report: Report) -> list[Number]:
    cells = of_cells(report.tables, report.config)
    people = cells["people"]
    snapped = float(people[cells["snapped"]].sum())
    numbers = [
        Number("snapped_share", snapped / people.sum(), "share", "road_snaps; cells.population"),
        Number("snap_offset", _mean_offset(report), "m", "road_snaps.offset_m of cells"),
        Number("unsnapped_people", people.sum() - snapped, "people", "road_snaps; cells"),
    ]
    for level, way in (("l2", "walk"), ("l3", "drive")):
        by_air = people[cells[f"{level}_straight_line"]].sum()
        by_road = people[cells[f"{level}_network"]].sum()
        only_air = people[cells[f"{level}_straight_line"] & ~cells[f"{level}_network"]].sum()
        half_m = median_m(cells[f"{level}_m"].to_numpy(), people.to_numpy())
        origin = f"analysis.reach.of_cells: {level}"
        numbers += [
            Number(f"{level}_by_air", float(by_air), "people", origin),
            Number(f"{level}_by_road", float(by_road), "people", origin),
            Number(f"{level}_by_road_share", by_road / people.sum(), "share", origin),
            Number(f"{level}_only_by_air", float(only_air), "people", origin),
            Number(f"{level}_only_by_air_share", only_air / by_air, "share", origin),
            Number(f"{level}_{way}_median", half_m / 1000, "km", origin),
        ]
    return numbers


def _mean_offset(report: Report) -> float:
    """Return how far a resident's home is from the road on average (m)."""
    snaps = report.tables.road_snaps
    walked = snaps[(snaps["kind"] == "cell") & (snaps["mode"] != "drive")].set_index("id")
    people = report.tables.cells.set_index("cell_id")["population"].loc[walked.index]
    return float((walked["offset_m"] * people).sum() / people.sum())


def _sets(report: Report) -> list[Number]:
    """Return the lowest and highest of the headline by demand points and metric."""
    table = by_geography(report.tables, report.config)
    numbers = []
    for level in ("l2", "l3"):
        values = table[[f"{level}_{metric}" for metric in METRICS]].to_numpy()
        origin = f"analysis.reach.by_geography: {level}"
        numbers += [
            Number(f"{level}_now_lowest", float(values.min()), "share", origin),
            Number(f"{level}_now_highest", float(values.max()), "share", origin),
        ]
    return numbers


# -- Tables and figures of roads and reach.

LEVEL_NAMES = {"l2": "Level 2, on foot", "l3": "Level 3, by car"}


def roads(report: Report) -> Table:
    """Return the roads by class: how many, how long, who may go there, how fast."""
    columns = (
        "road_class edges",
        Column("km", "Length", "km", ",.0f"),
        "walk_km drive_km one_way_km speed_kmh",
    )
    frame = roads_by_class(report.tables)
    frame = frame.assign(road_class=frame["road_class"].map(category_name))
    return table("roads", frame, columns, origins.ROADS)


def coverage_now(report: Report) -> Table:
    """Return today's coverage for each set of demand points, on both metrics."""
    columns = (
        "geography",
        Column("points", "Points", format=",d"),
        "l2_straight_line l2_network l3_straight_line l3_network",
        "ev_owners_straight_line ev_owners_network",
    )
    frame = by_geography(report.tables, report.config)
    return table("coverage-now", frame, columns, origins.reach(report.tables))


def coverage_by_radius(report: Report) -> Table:
    """Return today's coverage by level and radius, on both metrics."""
    frame = by_radius(report.tables, report.config)
    frame = frame.assign(level=frame["level"].map(LEVEL_NAMES))
    frame["ratio"] = frame["network"] / frame["straight_line"]
    columns = (
        "level",
        Column("radius_m", "Radius", "m", ",.0f"),
        "straight_line network",
        Column("ratio", "Roads to straight", format=".0%"),
    )
    return table("coverage-by-radius", frame, columns, origins.reach(report.tables))


def reach_map(report: Report) -> Figure:
    """Return the map of who reaches a charger along the roads, and who only as the crow flies."""
    cells = of_cells(report.tables, report.config)
    return reach(report.tables, report.config, cells)
