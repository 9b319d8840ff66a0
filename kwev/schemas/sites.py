"""Processed tables of candidate sites."""

from __future__ import annotations

from typing import Final

from kwev.categories import SITE_CATEGORIES
from kwev.schemas.columns import (
    AREA,
    MUNICIPALITY,
    POINT,
    Schema,
    table_of,
    text,
)

TABLES: Final[dict[str, Schema]] = {
    "sites": table_of(
        {
            "site_id": text(pattern=r"^[a-z]+_\d+_\d+$", unique=True),
            "name": text(),
            "category": text(isin=SITE_CATEGORIES),
            "municipality_id": MUNICIPALITY,
            "area_id": AREA,
            **POINT,
            "source": text(),
            "owner": text(isin=("public", "private", "unknown")),
            "station_id": text(null=True),
        },
        exact=True,
    ),
}
