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

_DWELLINGS: Final = {
    "single_detached": "single detached houses",
    "semi_detached": "semi-detached houses",
    "row_house": "row houses",
    "duplex": "apartments or flats in a duplex",
    "apartment_low_rise": "apartments in buildings of fewer than five storeys",
    "apartment_high_rise": "apartments in buildings of five or more storeys",
    "other_attached": "other single attached houses",
    "movable": "movable dwellings",
}

_EVS = {
    "bev": real(0, unit="EV", about="Battery-electric vehicles; an estimate below the FSA."),
    "phev": real(0, unit="EV", about="Plug-in hybrids; an estimate below the FSA."),
    "ev": real(0, unit="EV", about="Electric vehicles of both kinds; an estimate below the FSA."),
}
_PEOPLE = integer(unit="people", about="People of the 2021 census.")
_HOUSEHOLDS = integer(unit="households", about="Private households of the 2021 census.")
_ALL_DWELLINGS = integer(unit="dwellings", about="Private dwellings of the 2021 census.")
_ADDRESSES = integer(unit="addresses", about="Distinct address points inside.")
_AREA_KM2 = real(0, unit="km²", about="Area of the outline in EPSG:26917, water included.")
_LAND_KM2 = real(0, unit="km²", about="Land area as the census publishes it.")
_SHARES = {
    "addresses": _ADDRESSES,
    "population": real(0, unit="people", about="People, spread evenly over an area's addresses."),
    "households": real(
        0, unit="households", about="Households, spread evenly over an area's addresses."
    ),
    **_EVS,
}
_CELL = "Cell of the grid: column and row counted in cells from the origin of EPSG:26917."
_DA = "Dissemination area of the 2021 census."

TABLES: Final[dict[str, Schema]] = {
    "municipalities": table_of(
        {
            "municipality_id": text(
                pattern=CSD_ID, unique=True, about="Census subdivision code of 2021."
            ),
            "name": text(unique=True, about="Name of the municipality."),
            "kind": text(isin=("city", "township"), about="City or township."),
            "population": _PEOPLE,
            "households": _HOUSEHOLDS,
            "dwellings": _ALL_DWELLINGS,
            **_EVS,
            "area_km2": _AREA_KM2,
            "land_area_km2": _LAND_KM2,
        },
        exact=True,
        about="One row for each of the Region's municipalities.",
    ),
    "das": table_of(
        {
            "da_id": text(pattern=DA_ID, unique=True, about=_DA),
            "municipality_id": MUNICIPALITY,
            "area_id": AREA,
            **POINT,
            "addresses": _ADDRESSES,
            "population": _PEOPLE,
            "dwellings": _ALL_DWELLINGS,
            "households": _HOUSEHOLDS,
            **{
                name: integer(unit="households", about=f"Households in {_DWELLINGS[name]}.")
                for name in DWELLING_TYPES
            },
            **_EVS,
            "area_km2": _AREA_KM2,
            "land_area_km2": _LAND_KM2,
        },
        exact=True,
        about="One row for each dissemination area; its point is the mean of its people.",
    ),
    "tracts": table_of(
        {
            "tract_id": text(
                pattern=rf"{CT_ID}|{DA_ID}",
                unique=True,
                about="Census tract of 2021; in Wellesley, which has none, a dissemination area.",
            ),
            "municipality_id": MUNICIPALITY,
            "area_id": AREA,
            **POINT,
            "population": _PEOPLE,
            "households": _HOUSEHOLDS,
            "dwellings": _ALL_DWELLINGS,
            **_EVS,
            "area_km2": _AREA_KM2,
        },
        exact=True,
        about="One row for each census tract; its point is the centroid of its outline.",
    ),
    "fsas": table_of(
        {
            "fsa": text(
                pattern=FSA_ID,
                unique=True,
                about="Forward sortation area: the first half of a postal code.",
            ),
            "quarter": text(
                pattern=r"^\d{4}Q[1-4]$", about="Quarter at whose end vehicles were counted."
            ),
            "bev": integer(unit="EV", about="Battery-electric vehicles as published."),
            "phev": integer(unit="EV", about="Plug-in hybrids as published."),
            "ev": integer(unit="EV", about="Electric vehicles of both kinds as published."),
            "population": _PEOPLE,
            "population_inside": real(0, unit="people", about="Those of them in the Region."),
            "inside_share": real(
                0, 1, unit="share", about="Part of the vehicles that falls to the Region."
            ),
            "bev_inside": real(0, unit="EV", about="Battery-electric vehicles in the Region."),
            "phev_inside": real(0, unit="EV", about="Plug-in hybrids in the Region."),
            "ev_inside": real(0, unit="EV", about="Electric vehicles in the Region."),
        },
        exact=True,
        about="One row for each forward sortation area that touches the Region.",
    ),
    "cells": table_of(
        {
            "cell_id": text(pattern=r"^c_\d+_\d+$", unique=True, about=_CELL),
            "municipality_id": MUNICIPALITY,
            "area_id": AREA,
            **POINT,
            **_SHARES,
        },
        exact=True,
        about="One row for each square cell with an address; its point is their mean.",
    ),
    "cell_parts": table_of(
        {
            "cell_id": text(pattern=r"^c_\d+_\d+$", about=_CELL),
            "da_id": text(pattern=DA_ID, about=_DA),
            **_SHARES,
        },
        exact=True,
        unique=["cell_id", "da_id"],
        about="One row for each part of a cell in one dissemination area: the link between them.",
    ),
}
