"""Processed tables of places and their people, electric vehicles and homes."""

from __future__ import annotations

from typing import Any, Final

from kwev.data.columns import (
    AREA,
    CELL_ID,
    CSD_ID,
    DA_ID,
    FSA_ID,
    HOUSEHOLDS,
    MUNICIPALITY,
    POINT,
    TRACT_ID,
    Schema,
    amount,
    flag,
    integer,
    processed,
    real,
    text,
)

_HOMES_IN: Final = {
    "single_detached": "single detached houses",
    "semi_detached": "semi-detached houses",
    "row_house": "row houses",
    "duplex": "apartments or flats in a duplex",
    "apartment_low_rise": "apartments in buildings of fewer than five storeys",
    "apartment_high_rise": "apartments in buildings of five or more storeys",
    "other_attached": "other single attached houses",
    "movable": "movable dwellings",
}

DWELLING_TYPES: Final = tuple(_HOMES_IN)
"""Structural types of dwelling of the census; duplex = apartment or flat in a duplex, low-rise =
fewer than five storeys, high-rise = five or more."""

FORMS: Final = ("linear", "bass", "damped_trend", "logistic", "drift")
"""Forms of growth that are compared; :mod:`kwev.pipeline.forecast` says what each is."""

BASES: Final = ("recount_removed", "published")
"""Histories that the forms are tested on; see :mod:`kwev.pipeline.forecast`."""

PERIOD: Final = r"^1920 or before$|^\d{4} to \d{4}$"
"""How the census names a period of construction."""

_NAME: Final = r"^\d{4}Q[1-4]$"
_CELL: Final = "Cell of the grid: column and row counted in cells from the origin of EPSG:26917."
_DA: Final = "Dissemination area of the 2021 census."
_FSA: Final = "Forward sortation area: the first half of a postal code."
_TRACT: Final = "Census tract of 2021; in Wellesley, which has none, a dissemination area."
_FORM: Final = text("Form of growth.", isin=FORMS)
_PEOPLE: Final = integer("people", "People of the 2021 census.")
_DWELLINGS: Final = integer("dwellings", "Private dwellings of the 2021 census.")
_ADDRESSES: Final = integer("addresses", "Distinct address points inside.")
_AREA_KM2: Final = amount("km²", "Area of the outline in EPSG:26917, water included.")
_LAND_KM2: Final = amount("km²", "Land area as the census publishes it.")
_DENSITY: Final = amount("people/km²", "People per square kilometre of land.")
_OLD: Final = amount("share", "Homes built before 1981, by municipality and mix of types.", 1)

_HOMES_BY_TYPE: Final[dict[str, Any]] = {
    name: integer("households", f"Households in {words}.") for name, words in _HOMES_IN.items()
}
_EVS: Final[dict[str, Any]] = {
    "bev": amount("EV", "Battery-electric vehicles; an estimate below the FSA."),
    "phev": amount("EV", "Plug-in hybrids; an estimate below the FSA."),
    "ev": amount("EV", "Electric vehicles of both kinds; an estimate below the FSA."),
}
_SHARES: Final[dict[str, Any]] = {
    "addresses": _ADDRESSES,
    "population": amount("people", "People, spread evenly over an area's addresses."),
    "households": amount("households", "Households, spread evenly over an area's addresses."),
    **_EVS,
}
_LATER: Final[dict[str, Any]] = {
    f"ev_{year}": amount("EV", f"Forecast of the electric vehicles at the end of {year}.")
    for year in (2030, 2035)
}
_HOMES: Final[dict[str, Any]] = {
    "household_size": amount("people/household", "People divided by households.", null=True),
    "multi_unit_share": amount(
        "share", "Households in apartments, of those of a known type.", 1, null=True
    ),
    "multi_unit_households": integer(
        "households", "Households in apartment buildings, low and high."
    ),
    "multi_unit_ev": amount("EV", "Electric vehicles estimated in apartments."),
}
_DEPRIVATION: Final[dict[str, Any]] = {
    **{
        name: real(
            null=True, unit="1", about=f"Index of Multiple Deprivation: {words}; high is worse."
        )
        for name, words in (
            ("instability", "residential instability"),
            ("ethno_cultural", "ethno-cultural composition"),
            ("economic_dependency", "economic dependency"),
            ("situational_vulnerability", "situational vulnerability"),
        )
    },
    "deprivation_quintile": real(
        1,
        5,
        null=True,
        unit="1",
        about="Fifth of the Region's people: 1 least to 5 most deprived; empty where unpublished.",
    ),
}


def _bridged(sources: tuple[str, ...], income: str) -> dict[str, Any]:
    where = "census value of a dissemination area (da) or forward sortation area (fsa)"
    return {
        "renter_share": amount("share", "Households that rent their home.", 1),
        "renter_source": text(f"Renters from the {where}.", isin=sources),
        "median_income_cad": amount("CAD", income),
        "income_source": text(f"Income from the {where}.", isin=sources),
    }


TABLES: Final[dict[str, Schema]] = {
    "municipalities": processed(
        "One row for each of the Region's municipalities.",
        municipality_id=text("Census subdivision code of 2021.", pattern=CSD_ID, unique=True),
        name=text("Name of the municipality.", unique=True),
        kind=text("City or township.", isin=("city", "township")),
        population=_PEOPLE,
        households=HOUSEHOLDS,
        dwellings=_DWELLINGS,
        **_EVS,
        area_km2=_AREA_KM2,
        land_area_km2=_LAND_KM2,
    ),
    "das": processed(
        "One row for each dissemination area; its point is the mean of its people.",
        da_id=text(_DA, pattern=DA_ID, unique=True),
        municipality_id=MUNICIPALITY,
        area_id=AREA,
        **POINT,
        addresses=_ADDRESSES,
        population=_PEOPLE,
        dwellings=_DWELLINGS,
        households=HOUSEHOLDS,
        **_HOMES_BY_TYPE,
        **_EVS,
        area_km2=_AREA_KM2,
        land_area_km2=_LAND_KM2,
    ),
    "tracts": processed(
        "One row for each census tract; its point is the centroid of its outline.",
        tract_id=text(_TRACT, pattern=TRACT_ID, unique=True),
        municipality_id=MUNICIPALITY,
        area_id=AREA,
        **POINT,
        population=_PEOPLE,
        households=HOUSEHOLDS,
        dwellings=_DWELLINGS,
        **_EVS,
        area_km2=_AREA_KM2,
    ),
    "fsas": processed(
        "One row for each forward sortation area that touches the Region.",
        fsa=text(_FSA, pattern=FSA_ID, unique=True),
        quarter=text("Quarter at whose end vehicles were counted.", pattern=_NAME),
        bev=integer("EV", "Battery-electric vehicles as published."),
        phev=integer("EV", "Plug-in hybrids as published."),
        ev=integer("EV", "Electric vehicles of both kinds as published."),
        population=_PEOPLE,
        population_inside=amount("people", "Those of them in the Region."),
        inside_share=amount("share", "Part of the vehicles that falls to the Region.", 1),
        bev_inside=amount("EV", "Battery-electric vehicles in the Region."),
        phev_inside=amount("EV", "Plug-in hybrids in the Region."),
        ev_inside=amount("EV", "Electric vehicles in the Region."),
    ),
    "cells": processed(
        "One row for each square cell with an address; its point is their mean.",
        cell_id=text(_CELL, pattern=CELL_ID, unique=True),
        municipality_id=MUNICIPALITY,
        area_id=AREA,
        **POINT,
        **_SHARES,
    ),
    "cell_parts": processed(
        "One row for each part of a cell in one dissemination area: the link between them.",
        unique=("cell_id", "da_id"),
        cell_id=text(_CELL, pattern=CELL_ID),
        da_id=text(_DA, pattern=DA_ID),
        **_SHARES,
    ),
    "ev_quarters": processed(
        "One row for each forward sortation area and quarter.",
        unique=("fsa", "quarter"),
        fsa=text(_FSA, pattern=FSA_ID),
        quarter=text("Quarter at whose end vehicles are counted.", pattern=_NAME),
        bev=integer("EV", "Battery-electric vehicles of the whole area."),
        phev=integer("EV", "Plug-in hybrids of the whole area."),
        ev=integer("EV", "Electric vehicles of both kinds of the whole area."),
        ev_inside=amount(
            "EV", "Part of them that falls to the Region; the same share all quarters."
        ),
    ),
    "ev_backtest": processed(
        "One row for each forecast of the back-test: basis, form, origin and horizon.",
        unique=("basis", "form", "origin", "horizon"),
        basis=text("History: without the recount of 2024, or published.", isin=BASES),
        form=_FORM,
        origin=text("Last quarter that the forecast knows.", pattern=_NAME),
        horizon=integer("quarter", "How far ahead the forecast looks."),
        actual=amount("EV", "What was counted."),
        forecast=amount("EV", "What was forecast."),
        error=real(-1, unit="1", about="Forecast over actual, less one."),
        low=amount("EV", "Lower end of the interval, from the errors of the other origins."),
        high=amount("EV", "Upper end of the interval, from the errors of the other origins."),
    ),
    "ev_forecast": processed(
        "One row for each year's end and form, for the Region.",
        unique=("quarter", "form"),
        quarter=text("Last quarter of the year that is forecast.", pattern=_NAME),
        form=_FORM,
        low=amount("EV", "Lower end of the interval."),
        mid=amount("EV", "The forecast."),
        high=amount("EV", "Upper end of the interval."),
        chosen=flag("Whether the form is the one that places are planned on."),
    ),
    "fsa_growth": processed(
        "One row for each forward sortation area: its part inside the Region.",
        fsa=text(_FSA, pattern=FSA_ID, unique=True),
        growth_4q_per_year=real(-1, unit="1", about="Growth over the last four quarters."),
        growth_8q_per_year=real(
            -1, unit="1", about="Growth per year over the last eight quarters."
        ),
        **_LATER,
    ),
    "da_growth": processed(
        "One row for each dissemination area, in the order of das.",
        da_id=text(_DA, pattern=DA_ID, unique=True),
        **_LATER,
    ),
    "tract_growth": processed(
        "One row for each demand point of tracts, in their order.",
        tract_id=text(
            "Census tract, or dissemination area in Wellesley.", pattern=TRACT_ID, unique=True
        ),
        **_LATER,
    ),
    "cell_growth": processed(
        "One row for each cell of the grid, in the order of cells.",
        cell_id=text("Cell of the grid.", pattern=CELL_ID, unique=True),
        **_LATER,
    ),
    "da_profiles": processed(
        "One row for each dissemination area: its homes, and how each figure was had.",
        da_id=text(_DA, pattern=DA_ID, unique=True),
        municipality_id=MUNICIPALITY,
        fsa=text("Forward sortation area in which most of its people live.", pattern=FSA_ID),
        density_per_km2=_DENSITY,
        **_HOMES,
        **_bridged(("da", "fsa"), "Median household income of 2020, before tax."),
        **_DEPRIVATION,
        old_dwelling_share=_OLD,
    ),
    "tract_profiles": processed(
        "One row for each census tract: its homes, from its dissemination areas.",
        tract_id=text(_TRACT, pattern=TRACT_ID, unique=True),
        municipality_id=MUNICIPALITY,
        land_area_km2=amount("km²", "Land area of its dissemination areas."),
        density_per_km2=_DENSITY,
        **_HOMES,
        **_bridged(
            ("da", "fsa", "mixed"), "Mean of its areas' median household incomes, by households."
        ),
        **_DEPRIVATION,
        old_dwelling_share=_OLD,
    ),
    "construction": processed(
        "One row for each municipality, type of dwelling and period that is published.",
        unique=("municipality_id", "dwelling_type", "period"),
        municipality_id=MUNICIPALITY,
        dwelling_type=text("Structural type of dwelling.", isin=DWELLING_TYPES),
        period=text("Period of construction.", pattern=PERIOD),
        dwellings=integer("dwellings", "Occupied dwellings, randomly rounded by the census."),
    ),
}
"""Columns of each table, in order."""
