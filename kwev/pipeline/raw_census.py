"""What the raw census files about homes must look like as they are read."""

from __future__ import annotations

from typing import Final

from kwev.schemas import DA_ID, FSA_ID, Schema, count, real, table_of, text

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
