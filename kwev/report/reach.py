"""Who reaches a charger today: in a straight line and along the roads, by place and by radius."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from kwev.data.links import crs_of
from kwev.display import cartography, origins, style
from kwev.display.layers import Layer, Mark
from kwev.display.table import Table, category_name, table
from kwev.display.values import Number, Numbers, named
from kwev.model.coverage import MODE_OF, AlongRoads, StraightLine, ruler_of
from kwev.model.demand import demand_points, share_of
from kwev.model.network import RoadNetwork
from kwev.model.siting import counted, existing_stations
from kwev.pipeline.parameters import Parameters
from kwev.report.memory import once
from kwev.solve.record import Network, covered
from kwev.units import CRS_DEGREES

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

GEOGRAPHY_NAMES = {
    "tract": "Census tracts (centroids)",
    "da": "Dissemination areas",
    "cell": "Cells of 100 m",
}

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
    net = Network(stations_of(tables, config, "l2"), stations_of(tables, config, "l3"))
    rows = []
    for geography, name in GEOGRAPHY_NAMES.items():
        points = demand_points(tables, config, geography)
        found = {m: covered(points, net, config, ruler_of(tables, m)) for m in METRICS}
        shares = {
            f"{target}_{metric}": found[metric].share(points, target)
            for metric in METRICS
            for target in ("l2", "l3", "ev_owners")
        }
        rows.append({"geography": name, "points": len(points), **shares})
    return pd.DataFrame(rows)


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
    table = pd.concat([by_class, pd.DataFrame([whole])], ignore_index=True)[by_class.columns]
    table["road_class"] = table["road_class"].map(category_name)
    return table.astype({"edges": int})


def median_m(distance_m: NDArray[np.float64], people: NDArray[np.float64]) -> float:
    """Return the distance that half of the people have at most (m)."""
    order = np.argsort(distance_m, kind="stable")
    reached = np.cumsum(people[order])
    return float(distance_m[order][np.searchsorted(reached, reached[-1] / 2)])


# -- Named values.


@once
def numbers(report: Report) -> Numbers:
    """Return the numbers of the road network, of reach along it, and of coverage today."""
    return Numbers([*_of_network(report.tables), *_of_cells(report), *_of_sets(report)])


def _of_network(t: Tables) -> list[Number]:
    edges, p = t.road_edges, Parameters()
    drive = edges["drive_forward"] | edges["drive_backward"]
    km = edges["length_m"] / 1_000
    counts = {
        "road_edges": len(edges),
        "road_nodes": len(t.road_nodes),
        "one_way_edges": (edges["drive_forward"] != edges["drive_backward"]).sum(),
    }
    lengths = {
        "road_km:,.0f": km.sum(),
        "walk_km:,.0f": km[edges["walk"]].sum(),
        "drive_km:,.0f": km[drive].sum(),
    }
    connected = {
        "walk_component": _connected(t, edges["walk"], "not connected on foot"),
        "drive_component": _connected(t, drive, "no way there and back by car"),
    }
    radii = {"snap_radius": p.road_snap_m, "snap_wide_radius": p.road_snap_wide_m}
    return [
        *named("road_edges, road_nodes", count=counts, km=lengths),
        *named("road_edges; quality", share=connected),
        *named("pipeline.parameters", m=radii),
    ]


def _connected(tables: Tables, kept: pd.Series, rule: str) -> float:
    """Return the share of edges that are connected; the ledger counts those that are not."""
    lost = int(tables.quality.loc[tables.quality["rule"] == rule, "rows"].sum())
    return float(kept.sum() / (kept.sum() + lost))


def _of_cells(report: Report) -> list[Number]:
    cells = of_cells(report.tables, report.config)
    people, snaps = cells["people"], report.tables.road_snaps
    whole, snapped = people.sum(), people[cells["snapped"]].sum()
    # how far a resident's home is from the road on average
    walked = snaps[(snaps["kind"] == "cell") & (snaps["mode"] != "drive")].set_index("id")
    at_home = report.tables.cells.set_index("cell_id")["population"].loc[walked.index]
    found = named(
        "road_snaps; cells",
        share={"snapped_share": snapped / whole},
        people={"unsnapped_people": whole - snapped},
        m={"snap_offset": (walked["offset_m"] * at_home).sum() / at_home.sum()},
    )
    for level, way in (("l2", "walk"), ("l3", "drive")):
        by_air, by_road = cells[f"{level}_straight_line"], cells[f"{level}_network"]
        air, road, only_air = (people[w].sum() for w in (by_air, by_road, by_air & ~by_road))
        shares = {"by_road_share": road / whole, "only_by_air_share": only_air / air}
        reached = {"by_air": air, "by_road": road, "only_by_air": only_air}
        half_km = median_m(cells[f"{level}_m"].to_numpy(), people.to_numpy()) / 1_000
        found += named(
            "reach.of_cells", prefix=f"{level}_", people=reached, share=shares,
            km={f"{way}_median": half_km},
        )  # fmt: skip
    return found


def _of_sets(report: Report) -> list[Number]:
    """Return coverage today in a straight line, and its ends over demand points and metrics."""
    table = by_geography(report.tables, report.config)
    tract, _, cell = table.to_dict("records")
    shares = {"ev_now": cell["ev_owners_straight_line"]}
    for level in ("l2", "l3"):
        values = table[[f"{level}_{m}" for m in METRICS]].to_numpy()
        shares |= {
            f"{level}_now": cell[f"{level}_straight_line"],
            f"{level}_now_tract": tract[f"{level}_straight_line"],
            f"{level}_now_lowest": values.min(),
            f"{level}_now_highest": values.max(),
        }
    return named("reach.by_geography", share=shares)


# -- Tables and map.


def radius_table(report: Report) -> Table:
    """Return today's coverage by level and radius, on both metrics."""
    frame = by_radius(report.tables, report.config)
    words = {level: f"{name}, {way}" for level, (name, way, *_) in LEVELS.items()}
    frame = frame.assign(level=frame["level"].map(words))
    frame["ratio"] = frame["network"] / frame["straight_line"]
    columns = "level radius_m:number straight_line network ratio:roads"
    return table("coverage-by-radius", frame, columns, origins.reach(report.tables))


LEVELS = {
    "l3": ("Level 3", "by car", style.L3, "#f3c7a5"),
    "l2": ("Level 2", "on foot", style.L2, "#e69f00"),
}
"""By level, from the ground up: name, way to go, colours where reached and where not by road."""


def reach_map(
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
        As from :func:`of_cells`.
    """
    radius_m = {"l2": config.coverage.l2_radius_m, "l3": config.coverage.l3_radius_m}
    crs = crs_of(tables.das)
    areas = [
        _areas(cells, level, radius_m[level], crs, above=int(level == "l2")) for level in LEVELS
    ]
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
    words = []
    for level in ("l2", "l3"):
        name, way, *_ = LEVELS[level]
        air, road = (
            cells.loc[cells[f"{level}_{m}"], "people"].sum() for m in ("straight_line", "network")
        )
        words.append(
            f"{name} within {radius_m[level]:,.0f} m is reached {way} along the roads by "
            f"{road:,.0f} people, and by {air - road:,.0f} more only as the crow flies"
        )
    alt = f"Map of reach: {'; '.join(words)}."
    layers = [*cartography.land(tables, folder), *areas, *points]
    return cartography.build("map-reach", alt, origins.reach(tables), layers)


def _areas(cells: pd.DataFrame, level: str, radius_m: float, crs: str, *, above: int) -> Layer:
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
    import geopandas as gpd  # noqa: PLC0415 -- loads only where a map is made

    frame = gpd.GeoDataFrame(
        {
            "reach": [f"{name} {marks[i].label}" for i, _ in parts],
            "people": [float(part["people"].sum()) for _, part in parts],
            "cells": [len(part) for _, part in parts],
            "mark": [i for i, _ in parts],
        },
        geometry=[_joined(part["cell_id"]) for _, part in parts],
        crs=crs,
    ).to_crs(CRS_DEGREES)
    return Layer(
        f"{name} reach", frame, marks, title="reach",
        facts="people:unit cells",
        heading=f"Homes near {name}", show=above > 0, printed=above > 0, above=above,
    )  # fmt: skip


def _joined(cell_ids: pd.Series) -> shapely.Geometry:
    """Return the area of cells; an id holds the column and the row of the floor grid."""
    size = Parameters().cell_m
    west, south = np.array([name.split("_")[1:] for name in cell_ids], int).T * size
    return shapely.union_all(shapely.box(west, south, west + size, south + size))
