"""What a table must look like at each door: raw files as read, processed files as written.

Every column has a type, and a range where one is known; an identifier is text. A table that does
not fit raises one :class:`kwev.errors.KwevError` that names the file, the column and what to do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandera.pandas as pa
from pandera.errors import SchemaErrors

from kwev.errors import KwevError

if TYPE_CHECKING:
    import pandas as pd

CATEGORIES: Final = (
    "shopping_mall",
    "retail_complex",
    "business_park",
    "parking",
    "transit_station",
    "park_and_ride",
    "community_centre",
    "library",
    "recreation_centre",
    "fuel_station",
    "highway_corridor",
    "dense_residential",
)
"""Kinds of candidate site (specification, section 2.6.1)."""

DWELLING_TYPES: Final = (
    "single_detached",
    "semi_detached",
    "row_house",
    "duplex",
    "apartment_low_rise",
    "apartment_high_rise",
    "other_attached",
    "movable",
)
"""Structural types of dwelling of the census; duplex = apartment or flat in a duplex, low-rise =
fewer than five storeys, high-rise = five or more."""

BOUNDS: Final = (-81.5, 42.8, -79.5, 44.2)
"""West, south, east, north (degrees): a box around the Region and its neighbours. A coordinate
outside it, such as 0,0, is a fault of the file, not a place."""

Schema = pa.DataFrameSchema


def _text(
    *, pattern: str = "", isin: tuple[str, ...] = (), null: bool = False, unique: bool = False
) -> pa.Column:
    checks = [pa.Check.str_matches(pattern)] if pattern else []
    if isin:
        checks.append(pa.Check.isin(list(isin)))
    return pa.Column(str, checks, nullable=null, unique=unique)


def _real(low: float | None = None, high: float | None = None, *, null: bool = False) -> pa.Column:
    checks = [] if low is None else [pa.Check.ge(low)]
    if high is not None:
        checks.append(pa.Check.le(high))
    return pa.Column(float, checks, nullable=null, coerce=True)


def _count(*, null: bool = False) -> pa.Column:
    whole = pa.Check(lambda s: s == s.round(), name="whole_number", error="whole number")
    return pa.Column(float, [pa.Check.ge(0), whole], nullable=null, coerce=True)


def _integer() -> pa.Column:
    return pa.Column(int, pa.Check.ge(0), coerce=True)


def _flag() -> pa.Column:
    return pa.Column(bool, coerce=True)


def _lon(*, null: bool = False) -> pa.Column:
    return _real(BOUNDS[0], BOUNDS[2], null=null)


def _lat(*, null: bool = False) -> pa.Column:
    return _real(BOUNDS[1], BOUNDS[3], null=null)


def _table(columns: dict[str, pa.Column], *, exact: bool = False, **more: Any) -> Schema:
    return Schema(columns, strict=exact, ordered=exact, **more)


_DA = r"^3530\d{4}$"
_CSD = r"^3530\d{3}$"
_CT = r"^541\d{4}\.\d{2}$"
_FSA = r"^[A-Z]\d[A-Z]$"
_CENSUS_TYPES: Final = {
    "2021-d-Single detached house": "single_detached",
    "2021-e-Semi detached house": "semi_detached",
    "2021-f-Row house": "row_house",
    "2021-g-Apartment or flat duplex": "duplex",
    "2021-i-Apartment fewer than five storeys": "apartment_low_rise",
    "2021-h-Apartment five or more storeys": "apartment_high_rise",
    "2021-j-Other single attached house": "other_attached",
    "2021-k-Movable dwelling": "movable",
}
CENSUS_COLUMNS: Final = {
    "DAUID": "da_id",
    "CSDUID": "municipality_id",
    "2021-a-Population": "population",
    "2021-b-Total dwellings": "dwellings",
    "2021-l-Total households": "households",
    **_CENSUS_TYPES,
}
"""Raw name to our name in the census table by dissemination area."""

RAW: Final[dict[str, Schema]] = {
    "das": _table({"DAUID": _text(pattern=_DA, unique=True), "LANDAREA": _real(0)}),
    "tracts": _table({"CTUID": _text(pattern=_CT, unique=True), "LANDAREA": _real(0)}),
    "fsas": _table({"CFSAUID": _text(pattern=_FSA, unique=True), "LANDAREA": _real(0)}),
    "da_census": _table(
        {
            "DAUID": _text(pattern=_DA, unique=True),
            "CSDUID": _text(pattern=_CSD),
            "2021-a-Population": _count(),
            "2021-b-Total dwellings": _count(),
            "2021-l-Total households": _count(null=True),
            **{name: _count(null=True) for name in _CENSUS_TYPES},
        }
    ),
    "da_links": _table(
        {
            "da_id_21": _text(pattern=_DA, unique=True),
            "da_pop_21": _count(),
            "csd_id_21": _text(pattern=_CSD),
            "csd_name_21": _text(),
            "cma_id_21": _text(),
            "ct_id_21": _text(),
        }
    ),
    "municipalities": _table(
        {"csduid": _text(pattern=_CSD, unique=True), "name": _text(), "population": _count()}
    ),
    "fsa_census": _table({"fsa": _text(pattern=_FSA, unique=True), "population_2021": _count()}),
    "evs": _table(
        {
            "quarter": _text(pattern=r"^\d{4}Q[1-4]$"),
            "FSA": _text(pattern=_FSA),
            "BEV": _count(null=True),
            "PHEV": _count(null=True),
            "TotalEV": _count(null=True),
        },
        unique=["quarter", "FSA"],
    ),
    "addresses": _table(
        {
            "street_no": _text(),
            "street": _text(),
            "city": _text(),
            "longitude": _lon(),
            "latitude": _lat(),
        }
    ),
    "ocm": _table(
        {
            "name": _text(),
            "latitude": _lat(),
            "longitude": _lon(),
            "num_chargers": _count(),
            "charger_type": _text(isin=("Level 2", "Level 3", "Unknown")),
            "operator": _text(null=True),
            "usage_cost": _text(null=True),
            "address": _text(null=True),
            "city": _text(null=True),
        }
    ),
    "nrcan": _table(
        {
            "ID": _text(pattern=r"^\d+$", unique=True),
            "Station Name": _text(),
            "Fuel Type Code": _text(),
            "City": _text(),
            "Latitude": _lat(),
            "Longitude": _lon(),
            "EV Level2 EVSE Num": _count(),
            "EV DC Fast Count": _count(),
            "Access Code": _text(),
            "Status Code": _text(),
            "Open Date": _text(pattern=r"^\d{4}-\d{2}-\d{2}$"),
        }
    ),
    "nrcan_2022": _table(
        {
            "ID": _text(pattern=r"^\d+$", unique=True),
            "Station Name": _text(),
            "Street Address": _text(null=True),
            "Fuel Type Code": _text(),
            "Latitude": _lat(),
            "Longitude": _lon(),
            "EV Level2 EVSE Num": _count(null=True),
            "EV DC Fast Count": _count(null=True),
            "EV Network": _text(null=True),
            "EV Connector Types": _text(null=True),
            "Owner Type Code": _text(null=True),
            "Facility Type": _text(null=True),
            "Status Code": _text(),
            "Access Code": _text(),
            "Open Date": _text(null=True),
        }
    ),
    "dc_fast": _table(
        {
            "id": _text(pattern=r"^\d+$"),
            "station_name": _text(),
            "ev_network": _text(null=True),
            "street_address": _text(null=True),
            "connector_file": _text(isin=("CHADEMO", "J1772COMBO", "TESLA")),
            "longitude": _lon(),
            "latitude": _lat(),
        }
    ),
    "business": _table(
        {
            "COMPANY_NAME": _text(),
            "STREET_NUMBER": _text(null=True),
            "STREET_NAME": _text(null=True),
            "BUSINESS_PARKBIA": _text(null=True),
            "PRIMARY_NAICS": _text(null=True),
            "longitude": _lon(),
            "latitude": _lat(),
        }
    ),
    "kitchener_facilities": _table(
        {
            "source_layer": _text(),
            "LANDMARK": _text(null=True),
            "CATEGORY": _text(null=True),
            "OWNERSHIP": _text(null=True),
        }
    ),
    "waterloo_facilities": _table(
        {
            "source_layer": _text(),
            "FACILITY": _text(null=True),
            "NAME": _text(null=True),
            "TYPE": _text(null=True),
            "OWNER": _text(null=True),
            "ARENA": _text(null=True),
            "SWIMMING_POOL_INDOOR": _text(null=True),
            "SWIMMING_POOL_OUTDOOR": _text(null=True),
        }
    ),
    "libraries": _table({"Name": _text(), "Municipali": _text()}),
    "culture": _table(
        {
            "Facility_Name": _text(),
            "ODCAF_Facility_Type": _text(),
            "CSDUID": _text(),
            "Latitude": _lat(null=True),
            "Longitude": _lon(null=True),
        }
    ),
    "osm_places": _table(
        {
            "name": _text(null=True),
            "amenity": _text(isin=("parking", "fuel")),
            "latitude": _lat(),
            "longitude": _lon(),
        }
    ),
    "food": _table(
        {
            "FACILITYID": _text(),
            "BUSINESS_NAME": _text(),
            "ADDR": _text(),
            "DESCRIPTION": _text(),
            "longitude": _lon(null=True),
            "latitude": _lat(null=True),
        }
    ),
    "job_zones": _table(
        {"GTA06": _text(unique=True), "workers": _real(0), "jobs": _real(0), "in_region": _flag()}
    ),
    "roads": _table(
        {
            "RMWID": _text(null=True),
            "FullStreet": _text(null=True),
            "CartoClass": _text(),
            "PublicAcce": _text(null=True),
            "RoadNumber": _text(null=True),
            "LeftSettle": _text(null=True),
            "LeftMunici": _text(null=True),
        }
    ),
    "ion_stops": _table(
        {
            "StopName": _text(),
            "StopStatus": _text(isin=("Constructed", "Planned")),
            "StopDirection": _text(null=True),
            "longitude": _lon(),
            "latitude": _lat(),
        }
    ),
    "gtfs_stops": _table(
        {
            "stop_id": _text(unique=True),
            "stop_name": _text(),
            "stop_lat": _lat(),
            "stop_lon": _lon(),
            "location_type": _text(null=True),
            "parent_station": _text(null=True),
        }
    ),
}
"""Columns of every raw table that the pipeline reads; other columns of the file are ignored."""

_POINT = {
    "latitude": _lat(),
    "longitude": _lon(),
    "easting_m": _real(400_000, 700_000),
    "northing_m": _real(4_700_000, 4_900_000),
}
_MUNICIPALITY = _text(pattern=_CSD)
_AREA = _text(pattern=r"^(541\d{4}\.\d{2}|wellesley)$")
_EVS = {"bev": _real(0), "phev": _real(0), "ev": _real(0)}
_PEOPLE = {"population": _real(0), "households": _real(0)}
_SHARES = {"addresses": _integer(), **_PEOPLE, **_EVS}

PROCESSED: Final[dict[str, Schema]] = {
    "municipalities": _table(
        {
            "municipality_id": _text(pattern=_CSD, unique=True),
            "name": _text(unique=True),
            "kind": _text(isin=("city", "township")),
            "population": _integer(),
            "households": _integer(),
            "dwellings": _integer(),
            **_EVS,
            "area_km2": _real(0),
            "land_area_km2": _real(0),
        },
        exact=True,
    ),
    "das": _table(
        {
            "da_id": _text(pattern=_DA, unique=True),
            "municipality_id": _MUNICIPALITY,
            "area_id": _AREA,
            **_POINT,
            "addresses": _integer(),
            "population": _integer(),
            "dwellings": _integer(),
            "households": _integer(),
            **{name: _integer() for name in DWELLING_TYPES},
            **_EVS,
            "area_km2": _real(0),
            "land_area_km2": _real(0),
        },
        exact=True,
    ),
    "tracts": _table(
        {
            "tract_id": _text(pattern=rf"{_CT}|{_DA}", unique=True),
            "municipality_id": _MUNICIPALITY,
            "area_id": _AREA,
            **_POINT,
            "population": _integer(),
            "households": _integer(),
            "dwellings": _integer(),
            **_EVS,
            "area_km2": _real(0),
        },
        exact=True,
    ),
    "fsas": _table(
        {
            "fsa": _text(pattern=_FSA, unique=True),
            "quarter": _text(pattern=r"^\d{4}Q[1-4]$"),
            "bev": _integer(),
            "phev": _integer(),
            "ev": _integer(),
            "population": _integer(),
            "population_inside": _real(0),
            "inside_share": _real(0, 1),
            "bev_inside": _real(0),
            "phev_inside": _real(0),
            "ev_inside": _real(0),
        },
        exact=True,
    ),
    "cells": _table(
        {
            "cell_id": _text(pattern=r"^c_\d+_\d+$", unique=True),
            "municipality_id": _MUNICIPALITY,
            "area_id": _AREA,
            **_POINT,
            **_SHARES,
        },
        exact=True,
    ),
    "cell_parts": _table(
        {"cell_id": _text(pattern=r"^c_\d+_\d+$"), "da_id": _text(pattern=_DA), **_SHARES},
        exact=True,
        unique=["cell_id", "da_id"],
    ),
    "stations": _table(
        {
            "station_id": _text(pattern=r"^(nrcan|ocm)_[0-9_]+$", unique=True),
            "name": _text(),
            "operator": _text(null=True),
            "address": _text(null=True),
            "municipality_id": _text(pattern=rf"^$|{_CSD}", null=True),
            "area_id": _text(pattern=r"^$|^541\d{4}\.\d{2}$|^wellesley$", null=True),
            "in_region": _flag(),
            **_POINT,
            "l2_ports": _integer(),
            "l3_ports": _integer(),
            "l2_kw": _real(0, 1000, null=True),
            "l3_kw": _real(0, 1000, null=True),
            "access": _text(isin=("public", "tesla_only")),
            "owner": _text(isin=("public", "private", "unknown")),
            "opened": _text(null=True, pattern=r"^$|^\d{4}-\d{2}-\d{2}$"),
            "sources": _text(isin=("nrcan", "ocm", "ocm+nrcan")),
            "confidence": _text(isin=("matched", "single")),
        },
        exact=True,
    ),
    "station_records": _table(
        {
            "record_id": _text(unique=True),
            "source": _text(isin=("ocm", "nrcan", "nrcan_2022", "dc_fast")),
            "snapshot": _text(),
            "name": _text(),
            "latitude": _lat(),
            "longitude": _lon(),
            "l2_ports": _integer(),
            "l3_ports": _integer(),
            "outcome": _text(isin=("kept", "merged", "dropped")),
            "reason": _text(),
            "station_id": _text(null=True),
        },
        exact=True,
    ),
    "sites": _table(
        {
            "site_id": _text(pattern=r"^[a-z]+_\d+_\d+$", unique=True),
            "name": _text(),
            "category": _text(isin=CATEGORIES),
            "municipality_id": _MUNICIPALITY,
            "area_id": _AREA,
            **_POINT,
            "source": _text(),
            "owner": _text(isin=("public", "private", "unknown")),
            "station_id": _text(null=True),
        },
        exact=True,
    ),
    "quality": _table(
        {
            "stage": _text(),
            "dataset": _text(),
            "rule": _text(),
            "action": _text(isin=("dropped", "repaired", "kept", "flagged")),
            "rows": _integer(),
            "note": _text(null=True),
        },
        exact=True,
    ),
}
"""Columns of every processed table, in order."""


def text_columns(schema: Schema) -> list[str]:
    """Return the columns of a schema that hold text."""
    numbers = {"float64", "int64", "bool"}
    return [str(name) for name, kind in schema.dtypes.items() if str(kind) not in numbers]


def check(table: pd.DataFrame, schema: Schema, *, where: str, hint: str) -> pd.DataFrame:
    """Return ``table`` with the schema's types, or say what the first misfit is.

    Raises
    ------
    KwevError
        With the file, the first failing column and the number of failing rows.
    """
    try:
        return schema.validate(table, lazy=True)
    except SchemaErrors as error:
        raise KwevError(_explain(error), where=where, hint=hint) from error


def _explain(error: SchemaErrors) -> str:
    cases = error.failure_cases
    absent = cases.loc[cases["check"] == "column_in_dataframe", "failure_case"].astype(str)
    if len(absent):
        names = ", ".join(repr(name) for name in absent)
        return f"column missing: {names}"
    extra = cases.loc[cases["check"] == "column_in_schema", "failure_case"].astype(str)
    if len(extra):
        return f"unknown column: {', '.join(repr(name) for name in extra)}"
    first = cases.iloc[0]
    same = cases[(cases["column"] == first["column"]) & (cases["check"] == first["check"])]
    rows = same["index"].dropna().nunique()
    place = "" if rows == 0 else f" in {rows} row(s), first in data row {int(first['index']) + 1}"
    return f"column {first['column']!r}: {first['failure_case']!r} fails {first['check']}{place}"
