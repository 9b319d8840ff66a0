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
            "station_id": text(
                pattern=r"^(nrcan|ocm)_[0-9_]+$", unique=True, about="Id of its leading record."
            ),
            "name": text(about="Name in its leading record."),
            "operator": text(null=True, about="Network or company; empty where unknown."),
            "address": text(null=True, about="Civic address; empty where unknown."),
            "municipality_id": text(
                pattern=rf"^$|{CSD_ID}", null=True, about="Municipality; empty outside the Region."
            ),
            "area_id": text(
                pattern=r"^$|^541\d{4}\.\d{2}$|^wellesley$",
                null=True,
                about="Area of the minimum-service rule; empty outside the Region.",
            ),
            "in_region": flag(about="Whether it stands in the Region."),
            **POINT,
            "l2_ports": integer(unit="ports", about="Level 2 ports, base count."),
            "l3_ports": integer(unit="ports", about="Level 3 (DC fast) ports, base count."),
            "l2_kw": real(0, 1000, null=True, unit="kW", about="Power of a Level 2 port."),
            "l3_kw": real(0, 1000, null=True, unit="kW", about="Power of a Level 3 port."),
            "access": text(
                isin=("public", "tesla_only"), about="Public, or for one maker's cars only."
            ),
            "owner": text(isin=("public", "private", "unknown"), about="Who owns the place."),
            "opened": text(
                null=True,
                pattern=r"^$|^\d{4}-\d{2}-\d{2}$",
                about="Date of opening; empty where unknown.",
            ),
            "sources": text(
                isin=("nrcan", "ocm", "ocm+nrcan"), about="Inventories that list the station."
            ),
            "confidence": text(
                isin=("matched", "single"), about="Whether two inventories agree that it exists."
            ),
        },
        exact=True,
        about="One row for each charging station in the Region or just outside it.",
    ),
    "station_records": table_of(
        {
            "record_id": text(unique=True, about="Source and its id or place."),
            "source": text(
                isin=("ocm", "nrcan", "nrcan_2022", "dc_fast"), about="Snapshot that it is from."
            ),
            "snapshot": text(about="Date of the snapshot."),
            "name": text(about="Name as listed."),
            "latitude": latitude(),
            "longitude": longitude(),
            "l2_ports": integer(unit="ports", about="Level 2 ports as listed."),
            "l3_ports": integer(unit="ports", about="Level 3 ports as listed."),
            "outcome": text(isin=("kept", "merged", "dropped"), about="What became of the record."),
            "reason": text(about="Why."),
            "station_id": text(null=True, about="Station that it went into; empty where dropped."),
        },
        exact=True,
        about="One row for each record of the inventories of stations.",
    ),
}
