"""Processed tables of candidate sites."""

from __future__ import annotations

from typing import Final

from kwev.categories import SITE_CATEGORIES
from kwev.schemas.columns import (
    AREA,
    MUNICIPALITY,
    POINT,
    Schema,
    real,
    table_of,
    text,
)

TABLES: Final[dict[str, Schema]] = {
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
