"""Processed tables of charging stations."""

from __future__ import annotations

from typing import Final

from kwev.schemas.columns import (
    CSD_ID,
    POINT,
    Schema,
    flag,
    integer,
    latitude,
    longitude,
    real,
    table_of,
    text,
)

TABLES: Final[dict[str, Schema]] = {
    "stations": table_of(
        {
            "station_id": text(pattern=r"^(nrcan|ocm)_[0-9_]+$", unique=True),
            "name": text(),
            "operator": text(null=True),
            "address": text(null=True),
            "municipality_id": text(pattern=rf"^$|{CSD_ID}", null=True),
            "area_id": text(pattern=r"^$|^541\d{4}\.\d{2}$|^wellesley$", null=True),
            "in_region": flag(),
            **POINT,
            "l2_ports": integer(),
            "l3_ports": integer(),
            "l2_kw": real(0, 1000, null=True),
            "l3_kw": real(0, 1000, null=True),
            "access": text(isin=("public", "tesla_only")),
            "owner": text(isin=("public", "private", "unknown")),
            "opened": text(null=True, pattern=r"^$|^\d{4}-\d{2}-\d{2}$"),
            "sources": text(isin=("nrcan", "ocm", "ocm+nrcan")),
            "confidence": text(isin=("matched", "single")),
        },
        exact=True,
    ),
    "station_records": table_of(
        {
            "record_id": text(unique=True),
            "source": text(isin=("ocm", "nrcan", "nrcan_2022", "dc_fast")),
            "snapshot": text(),
            "name": text(),
            "latitude": latitude(),
            "longitude": longitude(),
            "l2_ports": integer(),
            "l3_ports": integer(),
            "outcome": text(isin=("kept", "merged", "dropped")),
            "reason": text(),
            "station_id": text(null=True),
        },
        exact=True,
    ),
}
