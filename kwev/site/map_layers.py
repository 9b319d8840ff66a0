"""What the plan map can lay over its ground: stations, candidates, stops, areas; plain values.

Each layer is a file of its own that is loaded when a reader asks for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from pyproj import Transformer

from kwev.data.links import crs_of
from kwev.display import cartography, style
from kwev.display.layers import DECIMALS, Layer, Mark, graded, polygons
from kwev.display.table import category_name
from kwev.model.siting import counted
from kwev.region import area_name
from kwev.report.effects import FIFTH_NAMES, UNSCORED
from kwev.report.local_need import by_tract, with_home_access
from kwev.report.region import dissolved
from kwev.units import CRS_DEGREES, DEGREE_DECIMALS, KWH_PER_MWH
from kwev.vocabulary import LAND_KEYS, LANDS, SITE_CATEGORIES

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    import pandas as pd

    from kwev.config import Config
    from kwev.data.tables import Tables
    from kwev.report.scenario import Report

_AREAS_M: Final = 60.0
_OUTLINE_M: Final = 120.0
"""Detail below these is not drawn (m): of areas, and of the municipalities' boundaries."""

_LAND_COLOURS: Final = ("#009e73", "#0072b2", "#e69f00", "#cc79a7")
_STOP_COLOURS: Final = ("#e5f5e0", "#a1d99b", "#41ab5d", "#1b7837", "#00441b")
_FIFTH_COLOURS: Final = ("#f1eef6", "#d7b5d8", "#df65b0", "#dd1c77", "#980043", "#9aa1aa")
"""Light to dark, and grey where no score is published."""


def stations(tables: Tables, config: Config) -> list[list[Any]]:
    """Return today's stations: those that count in the scenario, then all others.

    Returns
    -------
    list
        For each ``id``, ``name``, ``municipality``, latitude and longitude, ports of Level 2 and
        of Level 3, ``operator`` and whether it counts (1) or not (0).
    """
    frame = cartography.named(tables, tables.stations)
    counts = set(counted(tables.stations, config)["station_id"])
    frame = frame.assign(counts=[int(key in counts) for key in frame["station_id"]])
    frame = frame.sort_values(["counts", "station_id"], ascending=[False, True])
    columns = "station_id name municipality latitude longitude l2_ports l3_ports operator counts"
    return [_plain(row) for row in frame[columns.split()].to_numpy(object).tolist()]


def outlines(tables: Tables, folder: Path | None) -> list[Any]:
    """Return the boundaries of the municipalities: coordinates and name of each."""
    shape = cartography.areas("municipalities", "municipality_id", folder, tolerance_m=_OUTLINE_M)[
        ["municipality_id", "geometry"]
    ]
    frame = shape.merge(tables.municipalities, on="municipality_id", validate="one_to_one")
    layer = Layer("", frame.assign(mark=0), (Mark(""),), title="name")
    return [[coordinates, title] for coordinates, _, title, _ in polygons(layer)]


def candidates(tables: Tables) -> dict[str, Any]:
    """Return the candidate sites, coloured by category or by whose land they stand on.

    Returns
    -------
    dict
        ``categories`` and ``lands`` (name and colour of each class), and ``sites``: latitude,
        longitude, name, category, land, grid proxy (kW; null where none).
    """
    sites = tables.sites.sort_values("site_id")
    category = {key: i for i, key in enumerate(SITE_CATEGORIES)}
    land = {key: i for i, key in enumerate(LAND_KEYS)}
    rows = sites[["latitude", "longitude", "name", "category", "land", "grid_kw"]]
    return {
        "categories": [
            [category_name(key), (mark := cartography.CATEGORY_MARKS[key]).fill, mark.line]
            for key in SITE_CATEGORIES
        ],
        "lands": [
            [LANDS[key].name[0].upper() + LANDS[key].name[1:], colour, style.INK]
            for key, colour in zip(LAND_KEYS, _LAND_COLOURS, strict=True)
        ],
        "sites": [
            [*_where(r[0], r[1]), str(r[2]), category[r[3]], land[r[4]], _whole(r[5])]
            for r in rows.to_numpy(object).tolist()
        ],
    }


def stops(tables: Tables) -> dict[str, Any]:
    """Return the stops of public transit by how often they are served.

    Returns
    -------
    dict
        ``classes`` (words and colour), ``stops``: latitude, longitude, name, class, mode, routes,
        departures on a weekday.
    """
    frame = tables.transit_stops.sort_values("stop_id")
    trips = frame["trips_weekday"].astype(float)
    number, marks = graded(trips.tolist(), _STOP_COLOURS)
    rows = frame[["latitude", "longitude", "name", "mode", "routes"]].to_numpy(object).tolist()
    return {
        "classes": [[mark.label, mark.fill] for mark in marks],
        "stops": [
            [*_where(r[0], r[1]), str(r[2]), mark, str(r[3]), str(r[4]), _whole(count)]
            for r, mark, count in zip(rows, number, trips, strict=True)
        ],
    }


def tracts(report: Report, folder: Path | None) -> dict[str, Any]:
    """Return the census tracts with grid proxy and need that nobody serves, by the plan's metric.

    Returns
    -------
    dict
        ``layers``: by key its heading, unit, classes (words and colour), and the class and value
        of each area; ``areas``: coordinates and title of each.
    """
    tables = report.tables
    need = by_tract(report.findings.effects, with_home_access(report.project, report.config))
    frame = dissolved(tables, folder).merge(tables.area_grid, on="area_id", validate="1:1")
    frame = frame.merge(need.drop(columns="municipality_id"), on="area_id", how="left")
    tract = "Tract " + frame["area_id"] + ", " + frame["municipality"]
    frame["title"] = tract.where(
        frame["area_id"].str[0].str.isdigit(), frame["area_id"].map(area_name)
    )
    lacking = frame[["unserved_before", "unserved_now"]].fillna(0) / KWH_PER_MWH
    before, after = lacking["unserved_before"], lacking["unserved_now"]
    both, marks = _above_nothing([*before.tolist(), *after.tolist()])
    half = len(frame)
    proxy, proxy_marks = graded(frame["proxy_kw"].tolist(), style.SEQUENCE, ",.0f", style.PAPER)
    heading = "Need for public charging that no port in reach serves"
    return {
        "areas": _areas(frame),
        "layers": {
            "grid": _classes("Grid proxy, no utility's figure", "kW", proxy_marks, proxy,
                             frame["proxy_kw"]),
            "need-today": _classes(f"{heading}: today", "MWh a year", marks, both[:half], before),
            "need-after": _classes(f"{heading}: with the recommended plan", "MWh a year", marks,
                                   both[half:], after),
        },
    }  # fmt: skip


def _above_nothing(values: list[float]) -> tuple[list[int], tuple[Mark, ...]]:
    """Return classes of values of which most are nothing: one of these, then the graded others."""
    some = [value >= LEAST for value in values]
    number, marks = graded([v for v, is_some in zip(values, some, strict=True) if is_some],
                           style.SEQUENCE[1:])  # fmt: skip
    rest = iter(number)
    return [1 + next(rest) if is_some else 0 for is_some in some], (Mark("none", "#ffffff"), *marks)


LEAST: Final = 0.5
"""A smaller value is nothing: it is shown as a whole number."""


def deprivation(tables: Tables, folder: Path | None) -> dict[str, Any]:
    """Return the dissemination areas by fifth of deprivation, in the form of :func:`tracts`."""
    fifth = tables.da_profiles[["da_id", "deprivation_quintile"]].merge(
        tables.das[["da_id", "municipality_id", "population"]], on="da_id"
    )
    frame = cartography.with_facts(tables, fifth, folder, tolerance_m=_AREAS_M)
    names = [*FIFTH_NAMES.values(), UNSCORED]
    number = [names.index(FIFTH_NAMES.get(q, UNSCORED)) for q in frame["deprivation_quintile"]]
    frame["title"] = frame["municipality"]
    marks = [Mark(name, fill) for name, fill in zip(names, _FIFTH_COLOURS, strict=True)]
    heading = "Deprivation by dissemination area, in fifths of the Region's people"
    return {
        "areas": _areas(frame),
        "layers": {
            "equity": _classes(heading, "people", marks, number, frame["population"]),
        },
    }


GRID_SCALE_M: Final = 10_000.0
ORIGIN_M: Final = (540_000.0, 4_810_000.0)
"""Where x and y of :func:`grid_in_degrees` count from (easting and northing, m)."""


def grid_in_degrees(tables: Tables) -> dict[str, Any]:
    """Return what makes degrees of metres over the Region: fitted to the projection.

    Returns
    -------
    dict
        ``scale_m`` and ``origin_m``: x and y are easting and northing less the origin, in that
        scale; ``degrees``: for latitude and longitude the factors of 1, x, y, x², xy, y².
    """
    cells = tables.cells
    east, north = (cells[axis].to_numpy(np.float64) for axis in ("easting_m", "northing_m"))
    x, y = (east - ORIGIN_M[0]) / GRID_SCALE_M, (north - ORIGIN_M[1]) / GRID_SCALE_M
    to_degrees = Transformer.from_crs(crs_of(tables.das), CRS_DEGREES, always_xy=True)
    degrees = to_degrees.transform(east, north)
    terms = np.column_stack([np.ones_like(x), x, y, x * x, x * y, y * y])
    fits = [np.linalg.lstsq(terms, values, rcond=None)[0] for values in degrees[::-1]]
    return {
        "scale_m": GRID_SCALE_M,
        "origin_m": list(ORIGIN_M),
        "degrees": np.round(np.array(fits), DEGREE_DECIMALS).tolist(),
    }


def _areas(frame: gpd.GeoDataFrame) -> list[Any]:
    layer = Layer("", frame.assign(mark=0), (Mark(""),), title="title")
    return [[coordinates, title] for coordinates, _, title, _ in polygons(layer)]


def _classes(
    heading: str, unit: str, marks: Any, number: list[int], values: pd.Series[Any]
) -> dict[str, Any]:
    return {
        "heading": heading,
        "unit": unit,
        "classes": [[mark.label, mark.fill] for mark in marks],
        "class": [int(i) for i in number],
        "value": [_whole(value) for value in values],
    }


def _where(latitude: float, longitude: float) -> tuple[float, float]:
    return round(float(latitude), DECIMALS), round(float(longitude), DECIMALS)


def _whole(value: Any) -> int | None:
    number = float(value)
    return None if np.isnan(number) else round(number)


def _plain(row: list[Any]) -> list[Any]:
    """Return a row with rounded degrees and whole ports."""
    return [round(v, DECIMALS) if isinstance(v, float) else v for v in row]
