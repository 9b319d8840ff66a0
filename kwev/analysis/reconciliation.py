"""How the station snapshots disagree and what the merged network makes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from kwev.tables import Tables

SOURCE_NAMES = {
    "ocm": "OpenChargeMap",
    "nrcan": "Natural Resources Canada",
    "nrcan_2022": "Natural Resources Canada (earlier snapshot)",
    "dc_fast": "DC fast and Tesla lists",
}


def by_source(tables: Tables) -> pd.DataFrame:
    """Return one row a snapshot: its records, what became of them, and the places they stand for.

    Columns: ``source``, ``snapshot``, ``records``, ``kept`` (lead a place), ``merged`` (stand at
    a place that another record leads), ``dropped`` and ``places`` (merged stations it knows).
    """
    records = tables.station_records
    rows = []
    for (source, snapshot), part in records.groupby(["source", "snapshot"], sort=True):
        outcome = part["outcome"].value_counts()
        rows.append(
            {
                "source": SOURCE_NAMES[str(source)],
                "snapshot": str(snapshot),
                "records": len(part),
                **{key: int(outcome.get(key, 0)) for key in ("kept", "merged", "dropped")},
                "places": part.loc[part["station_id"] != "", "station_id"].nunique(),
            }
        )
    return pd.DataFrame(rows)


def dropped(tables: Tables) -> pd.DataFrame:
    """Return how many records were dropped, by snapshot and reason."""
    records = tables.station_records
    gone = records[records["outcome"] == "dropped"]
    counts = gone.groupby(["source", "snapshot", "reason"], sort=True).size().rename("records")
    table = counts.reset_index()
    table["source"] = table["source"].map(SOURCE_NAMES)
    return table


def counts(tables: Tables) -> dict[str, int]:
    """Return the headline counts of the reconciliation, by name."""
    records, stations = tables.station_records, tables.stations
    inside = stations[stations["in_region"]]
    return {
        "ocm_records": int((records["source"] == "ocm").sum()),
        "nrcan_records": int((records["source"] == "nrcan").sum()),
        "merged_inside": len(inside),
        "merged_both": int((inside["sources"] == "ocm+nrcan").sum()),
        "merged_ocm_only": int((inside["sources"] == "ocm").sum()),
        "merged_nrcan_only": int((inside["sources"] == "nrcan").sum()),
        "merged_outside": int((~stations["in_region"]).sum()),
        "merged_tesla": int((inside["access"] == "tesla_only").sum()),
    }
