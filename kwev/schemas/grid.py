"""Processed table of the grid proxy."""

from __future__ import annotations

from typing import Final

from kwev.schemas.columns import AREA_ID, Schema, integer, real, table_of, text

TABLES: Final[dict[str, Schema]] = {
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
