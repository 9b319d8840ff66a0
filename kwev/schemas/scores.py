"""Processed tables of raw values behind the two scores."""

from __future__ import annotations

from typing import Final

from kwev.schemas.columns import Schema, real, table_of, text

POINT_GEOGRAPHIES: Final = ("cell", "da", "tract")
"""Geographies of demand points, in the order of the file."""

TABLES: Final[dict[str, Schema]] = {
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
