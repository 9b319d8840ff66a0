"""What the raw census files about homes must look like as they are read."""

from __future__ import annotations

from typing import Final

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
)
from kwev.data.supply_schemas import TARIFF_TOPICS

SCORES: Final = {
    "Residential instability Scores": "instability",
    "Ethno-cultural composition Scores": "ethno_cultural",
    "Economic dependency Scores": "economic_dependency",
    "Situational vulnerability Scores": "situational_vulnerability",
}
"""Raw name to our name of the dimensions of the Index of Multiple Deprivation."""

RAW_CENSUS: Final[dict[str, Schema]] = {
    "fsa_census": table_of(
        {
            "fsa": text(pattern=FSA_ID, unique=True),
            "population_2021": count(),
            "households_owner": count(),
            "households_renter": count(),
            "median_household_income": count(),
        }
    ),
    "kitchener_homes": table_of(
        {
            "DAUID": text(pattern=DA_ID, unique=True),
            "population": count(),
            "median_house_income": count(null=True),
            "count_renters": count(null=True),
            "count_owners": count(null=True),
            "comments": text(null=True),
        }
    ),
    "deprivation": table_of(
        {"DAUID": text(pattern=DA_ID, unique=True), **{name: real(-10, 10) for name in SCORES}}
    ),
    "dwelling_periods": table_of(
        {
            "DGUID": text(pattern=r"^2021A000(33530|53530\d{3})$"),
            "Dwelling Type": text(),
            "Period of Construction": text(),
            "Number of Units": count(),
        },
        unique=["DGUID", "Dwelling Type", "Period of Construction"],
    ),
}
"""Columns of the raw census tables about homes; other columns of the file are ignored."""


# -- What every raw file must look like as it is read.

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
    **RAW_CENSUS,
    "das": table_of({"DAUID": text(pattern=DA_ID, unique=True), "LANDAREA": real(0)}),
    "tracts": table_of({"CTUID": text(pattern=CT_ID, unique=True), "LANDAREA": real(0)}),
    "fsas": table_of({"CFSAUID": text(pattern=FSA_ID, unique=True), "LANDAREA": real(0)}),
    "da_census": table_of(
        {
            "DAUID": text(pattern=DA_ID, unique=True),
            "CSDUID": text(pattern=CSD_ID),
            "2021-a-Population": count(),
            "2021-b-Total dwellings": count(),
            "2021-l-Total households": count(null=True),
            **{name: count(null=True) for name in _CENSUS_TYPES},
        }
    ),
    "da_links": table_of(
        {
            "da_id_21": text(pattern=DA_ID, unique=True),
            "da_pop_21": count(),
            "csd_id_21": text(pattern=CSD_ID),
            "csd_name_21": text(),
            "cma_id_21": text(),
            "ct_id_21": text(),
        }
    ),
    "municipalities": table_of(
        {"csduid": text(pattern=CSD_ID, unique=True), "name": text(), "population": count()}
    ),
    "evs": table_of(
        {
            "quarter": text(pattern=r"^\d{4}Q[1-4]$"),
            "FSA": text(pattern=FSA_ID),
            "BEV": count(null=True),
            "PHEV": count(null=True),
            "TotalEV": count(null=True),
        },
        unique=["quarter", "FSA"],
    ),
    "addresses": table_of(
        {
            "street_no": text(),
            "street": text(),
            "city": text(),
            "longitude": longitude(),
            "latitude": latitude(),
        }
    ),
    "ocm": table_of(
        {
            "name": text(),
            "latitude": real(*CANADA[1]),
            "longitude": real(*CANADA[0]),
            "num_chargers": count(null=True),
            "charger_type": text(isin=("Level 2", "Level 3", "Unknown")),
            "operator": text(null=True),
            "usage_cost": text(null=True),
            "address": text(null=True),
            "city": text(null=True),
        }
    ),
    "nrcan": table_of(
        {
            "ID": text(pattern=r"^\d+$", unique=True),
            "Station Name": text(),
            "Fuel Type Code": text(),
            "City": text(),
            "Latitude": real(*CANADA[1]),
            "Longitude": real(*CANADA[0]),
            "EV Level2 EVSE Num": count(null=True),
            "EV DC Fast Count": count(null=True),
            "Access Code": text(),
            "Status Code": text(),
            "Open Date": text(pattern=r"^\d{4}-\d{2}-\d{2}$"),
        }
    ),
    "nrcan_2022": table_of(
        {
            "ID": text(pattern=r"^\d+$", unique=True),
            "Station Name": text(),
            "Street Address": text(null=True),
            "Fuel Type Code": text(),
            "Latitude": real(*CANADA[1]),
            "Longitude": real(*CANADA[0]),
            "EV Level2 EVSE Num": count(null=True),
            "EV DC Fast Count": count(null=True),
            "Access Days Time": text(null=True),
            "EV Network": text(null=True),
            "EV Connector Types": text(null=True),
            "Owner Type Code": text(null=True),
            "Facility Type": text(null=True),
            "Status Code": text(),
            "Access Code": text(),
            "Open Date": text(null=True),
        }
    ),
    "dc_fast": table_of(
        {
            "id": text(pattern=r"^\d+$"),
            "station_name": text(),
            "ev_network": text(null=True),
            "street_address": text(null=True),
            "connector_file": text(isin=("CHADEMO", "J1772COMBO", "TESLA")),
            "longitude": real(*CANADA[0]),
            "latitude": real(*CANADA[1]),
        }
    ),
    "tariffs": table_of(
        {
            "topic": text(isin=TARIFF_TOPICS),
            "item": text(),
            "value": real(0),
            "unit": text(),
            "currency": text(isin=("CAD", "USD"), null=True),
            "date": text(),
            "place": text(),
            "url": text(),
            "note": text(null=True),
        },
        unique=["item", "date", "place"],
    ),
    "business": table_of(
        {
            "COMPANY_NAME": text(),
            "STREET_NUMBER": text(null=True),
            "STREET_NAME": text(null=True),
            "BUSINESS_PARKBIA": text(null=True),
            "PRIMARY_NAICS": text(null=True),
            "longitude": longitude(),
            "latitude": latitude(),
        }
    ),
    "kitchener_facilities": table_of(
        {
            "source_layer": text(),
            "LANDMARK": text(null=True),
            "CATEGORY": text(null=True),
            "OWNERSHIP": text(null=True),
        }
    ),
    "waterloo_facilities": table_of(
        {
            "source_layer": text(),
            "FACILITY": text(null=True),
            "NAME": text(null=True),
            "TYPE": text(null=True),
            "OWNER": text(null=True),
            "ARENA": text(null=True),
            "SWIMMING_POOL_INDOOR": text(null=True),
            "SWIMMING_POOL_OUTDOOR": text(null=True),
        }
    ),
    "libraries": table_of({"Name": text(), "Municipali": text()}),
    "culture": table_of(
        {
            "Facility_Name": text(),
            "ODCAF_Facility_Type": text(),
            "CSDUID": text(),
            "Latitude": latitude(null=True),
            "Longitude": longitude(null=True),
        }
    ),
    "osm_places": table_of(
        {
            "name": text(null=True),
            "amenity": text(isin=("parking", "fuel")),
            "latitude": latitude(),
            "longitude": longitude(),
        }
    ),
    "food": table_of(
        {
            "FACILITYID": text(),
            "BUSINESS_NAME": text(),
            "ADDR": text(),
            "DESCRIPTION": text(),
            "longitude": longitude(null=True),
            "latitude": latitude(null=True),
        }
    ),
    "job_zones": table_of(
        {"GTA06": text(unique=True), "workers": real(0), "jobs": real(0), "in_region": flag()}
    ),
    "roads": table_of(
        {
            "OBJECTID": integer(),
            "RMWID": text(null=True),
            "FullStreet": text(null=True),
            "CartoClass": text(),
            "PublicAcce": text(null=True),
            "RoadNumber": text(null=True),
            "LeftSettle": text(null=True),
            "LeftMunici": text(null=True),
            "FlowDirect": text(isin=("Two-Way", "TwoWay", "FromTo", "ToFrom")),
            "SpeedZone": real(0, 150, null=True),
            "AADT": real(0, null=True),
        },
        unique=["OBJECTID"],
    ),
    "ion_stops": table_of(
        {
            "StopName": text(),
            "StopStatus": text(isin=("Constructed", "Planned")),
            "Stage2": text(null=True),
            "StopDirection": text(null=True),
            "longitude": longitude(),
            "latitude": latitude(),
        }
    ),
}
"""Columns of every raw table that the pipeline reads; other columns of the file are ignored."""
