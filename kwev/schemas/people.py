"""Processed tables of places, people and vehicles."""

from __future__ import annotations

from typing import Final

from kwev.schemas.columns import (
    AREA,
    CSD_ID,
    CT_ID,
    DA_ID,
    FSA_ID,
    MUNICIPALITY,
    POINT,
    Schema,
    integer,
    real,
    table_of,
    text,
)

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

_EVS = {"bev": real(0), "phev": real(0), "ev": real(0)}
_PEOPLE = {"population": real(0), "households": real(0)}
_SHARES = {"addresses": integer(), **_PEOPLE, **_EVS}

TABLES: Final[dict[str, Schema]] = {
    "municipalities": table_of(
        {
            "municipality_id": text(pattern=CSD_ID, unique=True),
            "name": text(unique=True),
            "kind": text(isin=("city", "township")),
            "population": integer(),
            "households": integer(),
            "dwellings": integer(),
            **_EVS,
            "area_km2": real(0),
            "land_area_km2": real(0),
        },
        exact=True,
    ),
    "das": table_of(
        {
            "da_id": text(pattern=DA_ID, unique=True),
            "municipality_id": MUNICIPALITY,
            "area_id": AREA,
            **POINT,
            "addresses": integer(),
            "population": integer(),
            "dwellings": integer(),
            "households": integer(),
            **{name: integer() for name in DWELLING_TYPES},
            **_EVS,
            "area_km2": real(0),
            "land_area_km2": real(0),
        },
        exact=True,
    ),
    "tracts": table_of(
        {
            "tract_id": text(pattern=rf"{CT_ID}|{DA_ID}", unique=True),
            "municipality_id": MUNICIPALITY,
            "area_id": AREA,
            **POINT,
            "population": integer(),
            "households": integer(),
            "dwellings": integer(),
            **_EVS,
            "area_km2": real(0),
        },
        exact=True,
    ),
    "fsas": table_of(
        {
            "fsa": text(pattern=FSA_ID, unique=True),
            "quarter": text(pattern=r"^\d{4}Q[1-4]$"),
            "bev": integer(),
            "phev": integer(),
            "ev": integer(),
            "population": integer(),
            "population_inside": real(0),
            "inside_share": real(0, 1),
            "bev_inside": real(0),
            "phev_inside": real(0),
            "ev_inside": real(0),
        },
        exact=True,
    ),
    "cells": table_of(
        {
            "cell_id": text(pattern=r"^c_\d+_\d+$", unique=True),
            "municipality_id": MUNICIPALITY,
            "area_id": AREA,
            **POINT,
            **_SHARES,
        },
        exact=True,
    ),
    "cell_parts": table_of(
        {"cell_id": text(pattern=r"^c_\d+_\d+$"), "da_id": text(pattern=DA_ID), **_SHARES},
        exact=True,
        unique=["cell_id", "da_id"],
    ),
}
