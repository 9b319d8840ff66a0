"""Processed tables of places, people and vehicles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kwev.data.columns import (
    AREA,
    AREA_ID,
    CSD_ID,
    CT_ID,
    DA_ID,
    FSA_ID,
    MUNICIPALITY,
    POINT,
    Schema,
    flag,
    integer,
    real,
    table_of,
    text,
)
from kwev.vocabulary import SITE_CATEGORIES

if TYPE_CHECKING:
    from pandera.pandas import Column

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


# -- Processed tables of homes: density, dwellings, tenure, income, deprivation, construction.

PERIOD: Final = r"^1920 or before$|^\d{4} to \d{4}$"
"""How the census names a period of construction."""

_SCORE = {
    name: real(null=True, unit="1", about=f"Index of Multiple Deprivation: {words}; high is worse.")
    for name, words in (
        ("instability", "residential instability"),
        ("ethno_cultural", "ethno-cultural composition"),
        ("economic_dependency", "economic dependency"),
        ("situational_vulnerability", "situational vulnerability"),
    )
}
_DENSITY = real(0, unit="people/km²", about="People per square kilometre of land.")
_HOMES = {
    "household_size": real(
        0, null=True, unit="people/household", about="People divided by households."
    ),
    "multi_unit_share": real(
        0, 1, null=True, unit="share", about="Households in apartments, of those of a known type."
    ),
    "multi_unit_households": integer(
        unit="households", about="Households in apartment buildings, low and high."
    ),
    "multi_unit_ev": real(0, unit="EV", about="Electric vehicles estimated in apartments."),
}
_DEPRIVATION = {
    **_SCORE,
    "deprivation_quintile": real(
        1,
        5,
        null=True,
        unit="1",
        about="Fifth of the Region's people: 1 least to 5 most deprived; empty where unpublished.",
    ),
}
_OLD = real(0, 1, unit="share", about="Homes built before 1981, by municipality and mix of types.")


def _bridged(sources: tuple[str, ...], income: str) -> dict[str, Column]:
    where = "census value of a dissemination area (da) or forward sortation area (fsa)"
    return {
        "renter_share": real(0, 1, unit="share", about="Households that rent their home."),
        "renter_source": text(isin=sources, about=f"Renters from the {where}."),
        "median_income_cad": real(0, unit="CAD", about=income),
        "income_source": text(isin=sources, about=f"Income from the {where}."),
    }


HOMES_TABLES: Final[dict[str, Schema]] = {
    "da_profiles": table_of(
        {
            "da_id": text(
                pattern=DA_ID, unique=True, about="Dissemination area of the 2021 census."
            ),
            "municipality_id": MUNICIPALITY,
            "fsa": text(
                pattern=FSA_ID, about="Forward sortation area in which most of its people live."
            ),
            "density_per_km2": _DENSITY,
            **_HOMES,
            **_bridged(("da", "fsa"), "Median household income of 2020, before tax."),
            **_DEPRIVATION,
            "old_dwelling_share": _OLD,
        },
        exact=True,
        about="One row for each dissemination area: its homes, and how each figure was had.",
    ),
    "tract_profiles": table_of(
        {
            "tract_id": text(
                pattern=rf"{CT_ID}|{DA_ID}",
                unique=True,
                about="Census tract of 2021; in Wellesley, which has none, a dissemination area.",
            ),
            "municipality_id": MUNICIPALITY,
            "land_area_km2": real(0, unit="km²", about="Land area of its dissemination areas."),
            "density_per_km2": _DENSITY,
            **_HOMES,
            **_bridged(
                ("da", "fsa", "mixed"),
                "Mean of its areas' median household incomes, by households.",
            ),
            **_DEPRIVATION,
            "old_dwelling_share": _OLD,
        },
        exact=True,
        about="One row for each census tract: its homes, from its dissemination areas.",
    ),
    "construction": table_of(
        {
            "municipality_id": MUNICIPALITY,
            "dwelling_type": text(isin=DWELLING_TYPES, about="Structural type of dwelling."),
            "period": text(pattern=PERIOD, about="Period of construction."),
            "dwellings": integer(
                unit="dwellings", about="Occupied dwellings, randomly rounded by the census."
            ),
        },
        exact=True,
        unique=["municipality_id", "dwelling_type", "period"],
        about="One row for each municipality, type of dwelling and period that is published.",
    ),
}


# -- Processed tables of candidate sites.

SITES_TABLES: Final[dict[str, Schema]] = {
    "sites": table_of(
        {
            "site_id": text(
                pattern=r"^[a-z]+_\d+_\d+$", unique=True, about="Category, easting and northing."
            ),
            "name": text(about="Name in its source, or the nearest address."),
            "category": text(isin=SITE_CATEGORIES, about="Kind of place."),
            "municipality_id": MUNICIPALITY,
            "area_id": AREA,
            **POINT,
            "source": text(about="Data set that lists the place."),
            "owner": text(isin=("public", "private", "unknown"), about="Who owns the place."),
            "station_id": text(
                null=True, about="Station that stands here already; empty for none."
            ),
            "grid_kw": real(
                0, unit="kW", about="Proxy of the power the grid can give; no utility's figure."
            ),
        },
        exact=True,
        about="One row for each place where a station may be built.",
    ),
}


# -- Processed tables of raw values behind the two scores.

POINT_GEOGRAPHIES: Final = ("cell", "da", "tract")
"""Geographies of demand points, in the order of the file."""

SCORES_TABLES: Final[dict[str, Schema]] = {
    "site_facts": table_of(
        {
            "site_id": text(unique=True, about="Candidate site."),
            "people_near": real(0, unit="people", about="People of cells within a walk (500 m)."),
            "evs_per_km2": real(0, unit="EV/km²", about="EVs within 1 km, for each km²."),
            "grid_kw": real(0, unit="kW", about="Grid proxy of the site; no utility's figure."),
            "transit": real(0, 1, unit="1", about="Access to public transit, 1 is best."),
            "growth": real(0, unit="1", about="EVs in 2030 for each one today, within 1 km."),
            "charger_m": real(0, unit="m", about="Distance to the nearest public station."),
            "land_use": real(0, 1, unit="1", about="How well a charger suits the use of the land."),
            "ownership": real(0, 1, unit="1", about="Public 1, unknown 0.5, private 0."),
            "access_m": real(0, unit="m", about="Distance to the nearest road open to cars."),
            "road_class": text(about="Class of the nearest public road."),
            "aadt": real(
                0,
                null=True,
                unit="vehicles/day",
                about="Annual average daily traffic of a counted road within 150 m.",
            ),
        },
        exact=True,
        about="One row for each candidate site: what its score is made of.",
    ),
    "point_facts": table_of(
        {
            "geography": text(isin=POINT_GEOGRAPHIES, about="Which demand points."),
            "id": text(about="Demand point of that geography."),
            "density_per_km2": real(0, unit="people/km²", about="People for each km²."),
            "transit": real(0, 1, unit="1", about="Access to public transit, 1 is best."),
            "old_dwelling_share": real(0, 1, unit="share", about="Dwellings built before 1981."),
            "grid_kw": real(0, unit="kW", about="Grid proxy of the area for each household."),
            "multi_unit_share": real(0, 1, unit="share", about="Households in apartments."),
        },
        exact=True,
        unique=["geography", "id"],
        about="One row for each demand point: what its demand score is made of.",
    ),
}


# -- Processed table of the grid proxy.

GRID_TABLES: Final[dict[str, Schema]] = {
    "area_grid": table_of(
        {
            "area_id": text(
                pattern=AREA_ID, unique=True, about="Census tract of 2021, or 'wellesley'."
            ),
            "households": integer(
                unit="households", about="Private households of the 2021 census."
            ),
            "density_per_km2": real(
                0, unit="people/km²", about="People per square kilometre of land."
            ),
            "old_dwelling_share": real(
                0, 1, unit="share", about="Homes built before 1981, bridged by mix of types."
            ),
            "multi_unit_share": real(0, 1, unit="share", about="Households in apartments."),
            "age_factor": real(0, unit="1", about="Factor for the age of homes; an assumption."),
            "type_factor": real(0, unit="1", about="Factor for apartments; an assumption."),
            "density_factor": real(0, unit="1", about="Factor for density; an assumption."),
            "factor": real(0, unit="1", about="Product of the three factors."),
            "proxy_kw": real(
                0, unit="kW", about="Proxy of the power for charging; no utility's figure."
            ),
        },
        exact=True,
        about="One row for each area: the grid proxy and the pieces it is made of.",
    ),
}


# -- Processed tables of the road network.

ROAD_CLASSES: Final = (
    "freeway", "ramp", "highway", "arterial", "collector", "local_street", "cul_de_sac",
    "turning_lane", "alleyway_lane", "private", "footpath",
)  # fmt: skip
"""Classes of roads, as the Region's road file has them; footpaths are for other networks."""

ROADS_TABLES: Final[dict[str, Schema]] = {
    "road_nodes": table_of(
        {
            "node_id": integer(unit="id", about="Number of the junction, from west to east."),
            "easting_m": real(400_000, 700_000, unit="m", about="Easting in EPSG:26917."),
            "northing_m": real(4_700_000, 4_900_000, unit="m", about="Northing in EPSG:26917."),
        },
        exact=True,
        unique=["node_id"],
        about="One row for each junction or end of a road.",
    ),
    "road_edges": table_of(
        {
            "edge_id": integer(unit="id", about="Number of the road in the Region's file."),
            "u": integer(unit="id", about="Junction where the road starts, as drawn."),
            "v": integer(unit="id", about="Junction where the road ends; u again for a loop."),
            "length_m": real(0.01, unit="m", about="Length in EPSG:26917, rounded up to 1 cm."),
            "walk": flag(about="Whether one may walk here, and come everywhere from here."),
            "drive_forward": flag(about="Whether one may drive from u to v."),
            "drive_backward": flag(about="Whether one may drive from v to u."),
            "speed_kmh": real(5, 120, unit="km/h", about="Speed limit."),
            "road_class": text(isin=ROAD_CLASSES, about="Class of the road."),
        },
        exact=True,
        unique=["edge_id"],
        about="One row for each road between two junctions.",
    ),
    "road_snaps": table_of(
        {
            "kind": text(isin=("cell", "da", "tract", "station", "site"), about="Kind of place."),
            "id": text(about="Id of the place in the table of its kind."),
            "mode": text(
                isin=("walk", "drive", "both"),
                about="Whether the row holds on foot, by car, or for both.",
            ),
            "edge_id": integer(unit="id", about="Road at which the place is reached."),
            "along_m": real(0, unit="m", about="Way along the road from its start."),
            "offset_m": real(0, unit="m", about="Straight line from the place to the road."),
        },
        exact=True,
        unique=["kind", "id", "mode"],
        about="One row for each place, where it meets the roads; none where no road is near.",
    ),
}


# -- Processed tables about the data themselves.

LEDGERS_TABLES: Final[dict[str, Schema]] = {
    "quality": table_of(
        {
            "stage": text(about="Stage of the pipeline."),
            "dataset": text(about="Raw table, or the table being made."),
            "rule": text(about="What the stage looks for."),
            "action": text(
                isin=("dropped", "repaired", "kept", "flagged"), about="What is done with the rows."
            ),
            "rows": integer(unit="rows", about="How many rows met the rule."),
            "note": text(null=True, about="A detail: a limit, a date, a place."),
        },
        exact=True,
        about="One row for each rule of the pipeline, in the order of its stages.",
    ),
}
