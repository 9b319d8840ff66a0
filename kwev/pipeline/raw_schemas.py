"""What every raw file must look like as it is read; other columns of a file are ignored."""

from __future__ import annotations

from typing import Any, Final

from kwev.data.columns import (
    CANADA,
    CSD_ID,
    CT_ID,
    DA_ID,
    FSA_ID,
    Schema,
    count,
    flag,
    integer,
    latitude,
    longitude,
    real,
    table_of,
    text,
    texts,
)
from kwev.data.supply_schemas import TARIFF_TOPICS

SCORES: Final = {
    "Residential instability Scores": "instability",
    "Ethno-cultural composition Scores": "ethno_cultural",
    "Economic dependency Scores": "economic_dependency",
    "Situational vulnerability Scores": "situational_vulnerability",
}
"""Raw name to our name of the dimensions of the Index of Multiple Deprivation."""

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

_DATE: Final = r"^\d{4}-\d{2}-\d{2}$"


def _counts(*names: str, null: bool = False) -> dict[str, Any]:
    return {name: count(null=null) for name in names}


def _point(north: str = "latitude", east: str = "longitude", *, null: bool = False) -> Any:
    """Return the columns of a point near the Region."""
    return {north: latitude(null=null), east: longitude(null=null)}


def _far_point(north: str = "latitude", east: str = "longitude") -> Any:
    """Return the columns of a point anywhere in Canada."""
    return {north: real(*CANADA[1]), east: real(*CANADA[0])}


def _outlines(key: str, pattern: str) -> Schema:
    return table_of(**{key: text(pattern=pattern, unique=True)}, LANDAREA=real(0))


_NRCAN: Final = ("Station Name", "Fuel Type Code", "Access Code", "Status Code")
_NRCAN_PORTS: Final = ("EV Level2 EVSE Num", "EV DC Fast Count")

RAW: Final[dict[str, Schema]] = {
    "das": _outlines("DAUID", DA_ID),
    "tracts": _outlines("CTUID", CT_ID),
    "fsas": _outlines("CFSAUID", FSA_ID),
    "da_census": table_of(
        **{
            "DAUID": text(pattern=DA_ID, unique=True),
            "CSDUID": text(pattern=CSD_ID),
            **_counts("2021-a-Population", "2021-b-Total dwellings"),
            **_counts("2021-l-Total households", *_CENSUS_TYPES, null=True),
        }
    ),
    "da_links": table_of(
        da_id_21=text(pattern=DA_ID, unique=True),
        da_pop_21=count(),
        csd_id_21=text(pattern=CSD_ID),
        **texts("csd_name_21", "cma_id_21", "ct_id_21"),
    ),
    "municipalities": table_of(
        csduid=text(pattern=CSD_ID, unique=True), name=text(), population=count()
    ),
    "fsa_census": table_of(
        fsa=text(pattern=FSA_ID, unique=True),
        **_counts("population_2021", "households_owner", "households_renter"),
        median_household_income=count(),
    ),
    "kitchener_homes": table_of(
        DAUID=text(pattern=DA_ID, unique=True),
        population=count(),
        **_counts("median_house_income", "count_renters", "count_owners", null=True),
        comments=text(null=True),
    ),
    "deprivation": table_of(
        **{"DAUID": text(pattern=DA_ID, unique=True), **{name: real(-10, 10) for name in SCORES}}
    ),
    "dwelling_periods": table_of(
        "DGUID",
        "Dwelling Type",
        "Period of Construction",
        **{
            "DGUID": text(pattern=r"^2021A000(33530|53530\d{3})$"),
            **texts("Dwelling Type", "Period of Construction"),
            "Number of Units": count(),
        },
    ),
    "evs": table_of(
        "quarter",
        "FSA",
        quarter=text(pattern=r"^\d{4}Q[1-4]$"),
        FSA=text(pattern=FSA_ID),
        **_counts("BEV", "PHEV", "TotalEV", null=True),
    ),
    "addresses": table_of(**texts("street_no", "street", "city"), **_point()),
    "ocm": table_of(
        name=text(),
        **_far_point(),
        num_chargers=count(null=True),
        charger_type=text(isin=("Level 2", "Level 3", "Unknown")),
        **texts("operator", "usage_cost", "address", "city", null=True),
    ),
    "nrcan": table_of(
        **{
            "ID": text(pattern=r"^\d+$", unique=True),
            **texts(*_NRCAN, "City"),
            **_far_point("Latitude", "Longitude"),
            **_counts(*_NRCAN_PORTS, null=True),
            "Open Date": text(pattern=_DATE),
        }
    ),
    "nrcan_2022": table_of(
        **{
            "ID": text(pattern=r"^\d+$", unique=True),
            **texts(*_NRCAN),
            **_far_point("Latitude", "Longitude"),
            **_counts(*_NRCAN_PORTS, null=True),
            **texts("Street Address", "Access Days Time", "EV Network", null=True),
            **texts("EV Connector Types", "Owner Type Code", "Facility Type", null=True),
            "Open Date": text(null=True),
        }
    ),
    "dc_fast": table_of(
        id=text(pattern=r"^\d+$"),
        station_name=text(),
        **texts("ev_network", "street_address", null=True),
        connector_file=text(isin=("CHADEMO", "J1772COMBO", "TESLA")),
        **_far_point(),
    ),
    "tariffs": table_of(
        "item",
        "date",
        "place",
        topic=text(isin=TARIFF_TOPICS),
        value=real(0),
        currency=text(isin=("CAD", "USD"), null=True),
        **texts("item", "unit", "date", "place", "url"),
        note=text(null=True),
    ),
    "business": table_of(
        COMPANY_NAME=text(),
        **texts("STREET_NUMBER", "STREET_NAME", "BUSINESS_PARKBIA", "PRIMARY_NAICS", null=True),
        **_point(),
    ),
    "kitchener_facilities": table_of(
        source_layer=text(), **texts("LANDMARK", "CATEGORY", "OWNERSHIP", null=True)
    ),
    "waterloo_facilities": table_of(
        source_layer=text(),
        **texts("FACILITY", "NAME", "TYPE", "OWNER", "ARENA", null=True),
        **texts("SWIMMING_POOL_INDOOR", "SWIMMING_POOL_OUTDOOR", null=True),
    ),
    "libraries": table_of(Name=text(), Municipali=text()),
    "culture": table_of(
        **texts("Facility_Name", "ODCAF_Facility_Type", "CSDUID"),
        **_point("Latitude", "Longitude", null=True),
    ),
    "osm_places": table_of(
        name=text(null=True), amenity=text(isin=("parking", "fuel")), **_point()
    ),
    "food": table_of(
        **texts("FACILITYID", "BUSINESS_NAME", "ADDR", "DESCRIPTION"), **_point(null=True)
    ),
    "job_zones": table_of(GTA06=text(unique=True), workers=real(0), jobs=real(0), in_region=flag()),
    "roads": table_of(
        "OBJECTID",
        OBJECTID=integer(),
        CartoClass=text(),
        **texts("RMWID", "FullStreet", "PublicAcce", null=True),
        **texts("RoadNumber", "LeftSettle", "LeftMunici", null=True),
        FlowDirect=text(isin=("Two-Way", "TwoWay", "FromTo", "ToFrom")),
        SpeedZone=real(0, 150, null=True),
        AADT=real(0, null=True),
    ),
    "ion_stops": table_of(
        StopName=text(),
        StopStatus=text(isin=("Constructed", "Planned")),
        **texts("Stage2", "StopDirection", null=True),
        **_point(),
    ),
}
"""Columns of every raw table that the pipeline reads."""
