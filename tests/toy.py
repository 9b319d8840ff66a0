"""Small regions written by hand: tables with a few points, stations and sites on a plane."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pandas as pd

from kwev.config import Case, load_config

ROOT = Path(__file__).resolve().parents[1]
ORIGIN = (540_000.0, 4_810_000.0)
AREA = "3530013"


def base_config(**changes):
    """Return the base scenario for small instances: no demand rows, no scores, exact gap."""
    settings = {
        "demand__enforce": False,
        "weights__score": 0,
        "solver__mip_gap": 0.0,
        "solver__name": "highs",
    }
    return load_config("base", ROOT / "config").with_values(**{**settings, **changes})


def case(**changes):
    """Return a case of the base scenario at `da`."""
    return Case("toy", base_config(**changes), "da")


GRID_KW = {
    "existing_station": 750.0,
    "shopping_mall": 2_000.0,
    "retail_complex": 1_000.0,
    "business_park": 1_500.0,
    "parking": 750.0,
    "transit_station": 1_000.0,
    "park_and_ride": 750.0,
    "community_centre": 500.0,
    "library": 300.0,
    "recreation_centre": 750.0,
    "fuel_station": 1_000.0,
    "highway_corridor": 2_000.0,
    "dense_residential": 400.0,
    "kerbside": 150.0,
}
"""Grid proxy (kW) of a hand-written place that names none."""


TRACT = "tract"
"""Area of the grid proxy that a hand-written place stands in unless it names one."""


class Toy(SimpleNamespace):
    """Tables of a small region: as those of the Region, the same ones only where it is the same."""

    __hash__ = object.__hash__
    __eq__ = object.__eq__


def toy(  # noqa: PLR0913 -- each is a table
    points, stations=(), sites=(), facts=(), *, towns=(), quintiles=(), areas=(), homes=()
):
    """Return tables of a small region.

    points: (x_m, y_m, people, ev) or, with the forecast of 2030, (x_m, y_m, people, ev, later);
    without it 2030 has twice the EVs and one for each point before it; 2035 has ten more.
    stations: (x_m, y_m, l2_ports, l3_ports) or a dict;
    sites: (x_m, y_m, category) or a dict. Coordinates count from ORIGIN. facts: of each point, a
    dict of what differs from POINT_FACTS; equal facts give equal scores. towns: municipality id of
    each point (else AREA). quintiles: of deprivation, of each point (else none). areas: proxy (kW)
    by area id; sites and stations may name theirs as ``area_id``. homes: of each point, a dict of
    what differs from HOMES, DWELLINGS (households by type) and TRACT (``area_id``); vehicles go by
    households.
    """
    demand = pd.DataFrame([_point(i, *point[:4]) for i, point in enumerate(points)])
    for name, usual in {**DWELLINGS, "area_id": TRACT}.items():
        demand[name] = [{name: usual, **home}[name] for home in homes or [{}] * len(demand)]
    if towns:
        demand["municipality_id"] = list(towns)
    growth = pd.DataFrame([_later(i, *point[3:]) for i, point in enumerate(points)])
    places = [_site(i, s) for i, s in enumerate(sites)]
    known = [_with_candidates(_station(i, s), places) for i, s in enumerate(stations)]
    return Toy(
        da_growth=growth.rename(columns={"point_id": "da_id"}),
        tract_growth=growth.rename(columns={"point_id": "tract_id"}),
        cell_growth=growth.rename(columns={"point_id": "cell_id"}),
        das=demand.rename(columns={"point_id": "da_id"}),
        tracts=demand.rename(columns={"point_id": "tract_id"}),
        cells=demand.rename(columns={"point_id": "cell_id"}),
        stations=pd.DataFrame(known, columns=STATION_COLUMNS).astype(
            {"in_region": bool, "l2_kw": float, "l3_kw": float, "grid_kw": float}
        ),
        sites=pd.DataFrame(places, columns=SITE_COLUMNS).astype({"grid_kw": float}),
        point_facts=_point_facts(len(points), facts),
        municipalities=_municipalities(towns),
        area_grid=pd.DataFrame(
            [
                {"area_id": area, "proxy_kw": kw}
                for area, kw in (dict(areas) or {TRACT: 1e4}).items()
            ]
        ),
        **_profiles(demand, quintiles, homes),
        inputs_sha256="0" * 64,
    )


def _municipalities(towns):
    ids = sorted({AREA, *towns})
    names = ["Kitchener" if town == AREA else f"Town {town}" for town in ids]
    return pd.DataFrame({"municipality_id": ids, "name": names})


HOMES = {"renter_share": 0.25, "multi_unit_share": 0.25, "median_income_cad": 80_000.0}
DWELLINGS = {
    "addresses": 1, "single_detached": 2, "semi_detached": 0, "row_house": 1, "duplex": 0,
    "apartment_low_rise": 0, "apartment_high_rise": 1, "other_attached": 0, "movable": 0,
}  # fmt: skip
"""Addresses, and households by type of dwelling, of a hand-written point."""


def _profiles(demand, quintiles, homes):
    """Return profiles and the parts of cells; every cell lies in the area of its own number."""
    quintile = [float(q) if q else float("nan") for q in quintiles or [None] * len(demand)]
    made = demand[["point_id"]].assign(deprivation_quintile=quintile)
    for name, usual in HOMES.items():
        made[name] = [float({name: usual, **home}[name]) for home in homes or [{}] * len(demand)]
    flats = demand[["apartment_low_rise", "apartment_high_rise"]].sum(axis=1)
    every = demand[list(DWELLINGS)[1:]].sum(axis=1)
    made["multi_unit_ev"] = (demand["ev"] * flats / every.where(every > 0)).fillna(0.0)
    parts = demand[["point_id", "population", "addresses"]].assign(da_id=demand["point_id"])
    return {
        "da_profiles": made.rename(columns={"point_id": "da_id"}),
        "tract_profiles": made.rename(columns={"point_id": "tract_id"}),
        "cell_parts": parts.rename(columns={"point_id": "cell_id"}),
    }


POINT_FACTS = {
    "density_per_km2": 1_000.0,
    "transit": 0.5,
    "old_dwelling_share": 0.5,
    "grid_kw": 2.0,
    "multi_unit_share": 0.25,
}


def _point_facts(size, facts):
    rows = [
        {"geography": geography, "id": f"p{i:03d}", **POINT_FACTS, **(facts[i] if facts else {})}
        for geography in ("cell", "da", "tract")
        for i in range(size)
    ]
    return pd.DataFrame(rows)


STATION_COLUMNS = [
    "station_id",
    "name",
    "municipality_id",
    "in_region",
    "latitude",
    "longitude",
    "easting_m",
    "northing_m",
    "l2_ports",
    "l3_ports",
    "l2_ports_low",
    "l2_ports_high",
    "l3_ports_low",
    "l3_ports_high",
    "l2_kw",
    "l3_kw",
    "access",
    "owner",
    "grid_kw",
    "area_id",
]
SITE_COLUMNS = [
    "site_id",
    "name",
    "category",
    "land",
    "municipality_id",
    "latitude",
    "longitude",
    "easting_m",
    "northing_m",
    "station_id",
    "grid_kw",
    "area_id",
]


WAYS = {
    "both": (True, True, True),
    "->": (True, True, False),
    "<-": (True, False, True),
    "walk": (True, False, False),
    "car": (False, True, True),
}
"""Ways an edge may be gone: walk, drive from u to v, drive from v to u."""

KINDS = {"p": ("cell", "da", "tract"), "s": ("station",), "q": ("site",)}


def streets(tables, edges, spots):
    """Put hand-made roads into a toy region.

    edges: (u, v, length_m) or (u, v, length_m, way of WAYS), numbered from 0; spots by place id:
    (edge, along_m, offset_m), or the same by mode (walk, drive); a place without one is off the
    roads. Nodes have numbers and no coordinates that matter.
    """
    named = sorted({node for edge in edges for node in edge[:2]})
    tables.road_nodes = pd.DataFrame(
        {"node_id": named, "easting_m": ORIGIN[0], "northing_m": ORIGIN[1]}
    )
    rows = [
        (i, edge[0], edge[1], float(edge[2]), *WAYS[edge[3] if len(edge) > 3 else "both"])
        for i, edge in enumerate(edges)
    ]
    names = ["edge_id", "u", "v", "length_m", "walk", "drive_forward", "drive_backward"]
    tables.road_edges = pd.DataFrame(rows, columns=names).assign(
        speed_kmh=50.0, road_class="local_street"
    )
    found = [
        (kind, place, mode, edge, float(along), float(offset))
        for place, given in spots.items()
        for mode, (edge, along, offset) in (
            given if isinstance(given, dict) else {"both": given}
        ).items()
        for kind in KINDS[place[0]]
    ]
    names = ["kind", "id", "mode", "edge_id", "along_m", "offset_m"]
    tables.road_snaps = pd.DataFrame(found, columns=names)
    return tables


def _place(x, y):
    return {
        "municipality_id": AREA,
        "latitude": round(43.4 + y / 111_000, 7),
        "longitude": round(-80.5 + x / 81_000, 7),
        "easting_m": ORIGIN[0] + x,
        "northing_m": ORIGIN[1] + y,
    }


def _point(i, x, y, people, ev):
    return {"point_id": f"p{i:03d}", **_place(x, y), "population": people, "ev": ev}


def _later(i, ev, later=None):
    later = 2 * ev + i if later is None else later
    return {"point_id": f"p{i:03d}", "ev_2030": later, "ev_2035": later + 10}


def _station(i, given):
    if not isinstance(given, dict):
        given = dict(zip(("x", "y", "l2_ports", "l3_ports"), given, strict=True))
    given = dict(given)
    place = _place(given.pop("x"), given.pop("y"))
    facts = {
        "station_id": f"s{i:03d}",
        "name": f"Station {i}",
        "in_region": True,
        "access": "public",
        "owner": "private",
        "l2_kw": None,
        "l3_kw": None,
        "grid_kw": GRID_KW["existing_station"],
        "area_id": TRACT if given.get("in_region", True) else "",
    }
    for level in ("l2", "l3"):
        for end in ("low", "high"):
            facts[f"{level}_ports_{end}"] = given[f"{level}_ports"]
    return {**facts, **place, **given}


def _with_candidates(station, sites):
    """Give a station the largest proxy of the candidates that stand on it, as the data have it."""
    on_it = [site["grid_kw"] for site in sites if site["station_id"] == station["station_id"]]
    return {**station, "grid_kw": max(on_it, default=station["grid_kw"])}


def _site(i, given):
    if not isinstance(given, dict):
        given = dict(zip(("x", "y", "category"), given, strict=True))
    given = dict(given)
    place = _place(given.pop("x"), given.pop("y"))
    facts = {"site_id": f"q{i:03d}", "name": f"Site {i}", "station_id": "", "area_id": TRACT}
    facts["land"] = "customers"
    return {**facts, "grid_kw": GRID_KW[given["category"]], **place, **given}
