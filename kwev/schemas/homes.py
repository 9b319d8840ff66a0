"""Processed tables of homes: density, dwellings, tenure, income, deprivation, construction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kwev.schemas.columns import (
    CT_ID,
    DA_ID,
    FSA_ID,
    MUNICIPALITY,
    Schema,
    integer,
    real,
    table_of,
    text,
)
from kwev.schemas.people import DWELLING_TYPES

if TYPE_CHECKING:
    from pandera.pandas import Column

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


TABLES: Final[dict[str, Schema]] = {
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
