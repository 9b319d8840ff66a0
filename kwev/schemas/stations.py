"""Processed tables of charging stations."""

from __future__ import annotations

from typing import Final

import pandera.pandas as pa

from kwev.schemas.columns import (
    CANADA,
    CSD_ID,
    POINT,
    Schema,
    flag,
    integer,
    real,
    table_of,
    text,
)

PORTS_BASES: Final = (
    "one_count", "one_list_several_rows", "quantity_or_level_unclear", "lists_differ",
    "operators_differ",
)  # fmt: skip
"""Why low and high may differ from base, from the mildest reason to the strongest."""
CONDITIONS: Final = (
    "staff", "guests", "customers", "one_maker", "fee", "business_hours", "always", "unknown",
)  # fmt: skip
"""Conditions of use, the strictest first."""
LOCATION_CHECKS: Final = (
    "ok", "city_differs", "far_from_address", "address_elsewhere", "not_found", "no_number",
    "no_address", "outside",
)  # fmt: skip
"""Outcomes of the check of a station's place against its address."""


def ordered(level: str) -> pa.Check:
    """Return the check that low <= base <= high at a level."""
    return pa.Check(
        lambda t: (
            (t[f"{level}_ports_low"] <= t[f"{level}_ports"])
            & (t[f"{level}_ports"] <= t[f"{level}_ports_high"])
        ),
        name="ordered",
        error=f"ports of {level}: low <= base <= high",
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
            "l2_ports_low": integer(unit="ports", about="Fewest Level 2 ports the sources allow."),
            "l2_ports_high": integer(unit="ports", about="Most Level 2 ports the sources allow."),
            "l3_ports_low": integer(unit="ports", about="Fewest Level 3 ports the sources allow."),
            "l3_ports_high": integer(unit="ports", about="Most Level 3 ports the sources allow."),
            "ports_basis": text(isin=PORTS_BASES, about="Why low and high may differ from base."),
            "l2_kw": real(0, 1000, null=True, unit="kW", about="Power of a Level 2 port."),
            "l3_kw": real(0, 1000, null=True, unit="kW", about="Power of a Level 3 port."),
            "access": text(
                isin=("public", "tesla_only"), about="Public, or for one maker's cars only."
            ),
            "owner": text(isin=("public", "private", "unknown"), about="Who owns the place."),
            "hours": text(null=True, about="Hours as published in 2022; empty where not."),
            "conditions": text(isin=CONDITIONS, about="Who may use it or when, as far as told."),
            "connectors": text(null=True, about="Kinds of plug as told in 2022 to 2024."),
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
            "location_check": text(
                isin=LOCATION_CHECKS, about="Whether it stands where its address says."
            ),
            "address_apart_m": real(
                0, 100_000, null=True, unit="m", about="Distance to its own civic address."
            ),
            "grid_kw": real(
                0,
                null=True,
                unit="kW",
                about="Proxy of the power the grid can give; empty outside the Region.",
            ),
        },
        exact=True,
        checks=[ordered(level) for level in ("l2", "l3")],
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
            "latitude": real(*CANADA[1], unit="°", about="Latitude as listed."),
            "longitude": real(*CANADA[0], unit="°", about="Longitude as listed."),
            "in_region": flag(about="Whether the listed point lies in the Region."),
            "l2_ports": integer(unit="ports", about="Level 2 ports as listed."),
            "l3_ports": integer(unit="ports", about="Level 3 ports as listed."),
            "opened": text(
                null=True,
                pattern=r"^$|^\d{4}-\d{2}-\d{2}$",
                about="Date of opening; empty where not listed.",
            ),
            "comparable": flag(
                about="Electric, available, public and dated: counted alike in every snapshot."
            ),
            "outcome": text(isin=("kept", "merged", "dropped"), about="What became of the record."),
            "reason": text(about="Why."),
            "station_id": text(null=True, about="Station that it went into; empty where dropped."),
        },
        exact=True,
        about="One row for each record of the inventories of stations.",
    ),
}
