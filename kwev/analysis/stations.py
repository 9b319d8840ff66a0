"""The network as listed: port ranges, places against addresses, operators, and how it grew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from kwev.siting import counted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kwev.config import Config
    from kwev.tables import Tables

BASIS_WORDS: Final = {
    "one_count": "The sources agree, or only one counts",
    "one_list_several_rows": "Several rows of one inventory: units, or the same unit again",
    "quantity_or_level_unclear": "Quantity or level unclear in the only inventory",
    "lists_differ": "The inventories count differently",
    "operators_differ": "The inventories name different operators",
}
"""Why low and high differ, in words, from the mildest reason to the strongest."""

PLACE_WORDS: Final = {
    "ok": "Its address is near",
    "city_differs": "Its address is near, but in another municipality than named",
    "far_from_address": "Its address is elsewhere",
    "address_elsewhere": "It stands in another municipality than named",
    "not_found": "Its address is not in the civic address list",
    "no_number": "Its address has no street number",
    "no_address": "No street address published",
}
"""Outcomes of the check of places, in words."""

CONDITION_WORDS: Final = {
    "always": "Around the clock",
    "business_hours": "At stated hours",
    "fee": "Parking fee",
    "customers": "Customers only, or at the front desk",
    "guests": "Guests only",
    "staff": "Staff, by its name",
    "one_maker": "One maker's cars only",
    "unknown": "Not published",
}
"""Conditions of use, in words."""

NO_OPERATOR: Final = "Not known"
COMPARED: Final = ("nrcan_2022", "nrcan")
"""Snapshots of one source, the older first."""
_ENDS: Final = {
    f"{level}_{end}": f"{level}_ports{suffix}"
    for level in ("l2", "l3")
    for end, suffix in (("low", "_low"), ("base", ""), ("high", "_high"))
}


def port_ranges(tables: Tables, config: Config) -> pd.DataFrame:
    """Return ports of the counted stations by the reason for their range, with a last row of all.

    Columns: ``basis`` (words), ``stations``, and ``l2_low`` … ``l3_high`` (ports).
    """
    table = _plain(tables, config)
    words = list(BASIS_WORDS.values())
    table = table.assign(basis=table["ports_basis"].map(BASIS_WORDS))
    rows = [_ports(table[table["basis"] == name], name) for name in words]
    return pd.DataFrame([*(row for row in rows if row["stations"]), _ports(table, "All stations")])


def _plain(tables: Tables, config: Config) -> pd.DataFrame:
    """Return the counted stations with their base ports, whichever end the scenario takes."""
    plain = config.with_values(siting__port_counts="base")
    return counted(tables.stations, plain)


def _ports(part: pd.DataFrame, basis: str) -> dict[str, str | int]:
    sums = {name: int(part[column].sum()) for name, column in _ENDS.items()}
    return {"basis": basis, "stations": len(part), **sums}


def places(tables: Tables) -> pd.DataFrame:
    """Return how the Region's stations stand to their addresses.

    Columns: ``outcome`` (words), ``stations``, ``share``, ``median_m`` and ``largest_m`` (distance
    to the own address, NaN where it is not known).
    """
    inside = tables.stations[tables.stations["in_region"]]
    grouped = inside.groupby("location_check")["address_apart_m"]
    parts = {str(name): part for name, part in grouped}
    rows = [
        (words, len(parts[name]), len(parts[name]) / len(inside), parts[name].median(),
         parts[name].max())
        for name, words in PLACE_WORDS.items()
        if name in parts
    ]  # fmt: skip
    columns = ["outcome", "stations", "share", "median_m", "largest_m"]
    return pd.DataFrame(rows, columns=columns)


def misplaced(tables: Tables) -> pd.DataFrame:
    """Return the Region's stations whose place and address disagree, the farthest first.

    Columns: ``name``, ``address``, ``municipality`` (where it stands), ``outcome`` (words),
    ``address_apart_m``.
    """
    names = tables.municipalities.set_index("municipality_id")["name"]
    table = tables.stations
    wrong = ("far_from_address", "address_elsewhere", "city_differs")
    table = table[table["location_check"].isin(wrong)]
    table = table.assign(
        municipality=table["municipality_id"].map(names),
        outcome=table["location_check"].map(PLACE_WORDS),
    ).sort_values(["address_apart_m", "station_id"], ascending=[False, True], na_position="first")
    columns = ["name", "address", "municipality", "outcome", "address_apart_m"]
    return pd.DataFrame(table, columns=columns).reset_index(drop=True)


def conditions(tables: Tables) -> pd.DataFrame:
    """Return the Region's stations by condition of use: ``condition`` (words), ``stations``."""
    inside = tables.stations[tables.stations["in_region"]]
    counts = inside["conditions"].value_counts()
    rows = [(words, int(counts.get(name, 0))) for name, words in CONDITION_WORDS.items()]
    return pd.DataFrame([r for r in rows if r[1]], columns=["condition", "stations"])


def operators(tables: Tables, config: Config) -> pd.DataFrame:
    """Return the counted stations by operator, the largest first, those without one last.

    Columns: ``operator``, ``stations``, ``share`` (of all stations), ``l2_ports``, ``l3_ports``
    (base) and ``ports_per_station``. A station with two operators stands under both names.
    """
    table = _plain(tables, config)
    table = table.assign(operator=table["operator"].replace("", NO_OPERATOR))
    grouped = table.groupby("operator").agg(
        stations=("station_id", "size"), l2_ports=("l2_ports", "sum"), l3_ports=("l3_ports", "sum")
    )
    grouped["share"] = grouped["stations"] / len(table)
    grouped["ports_per_station"] = (grouped["l2_ports"] + grouped["l3_ports"]) / grouped["stations"]
    grouped = grouped.reset_index()
    grouped["last"] = grouped["operator"] == NO_OPERATOR
    order = grouped.sort_values(["last", "stations", "operator"], ascending=[True, False, True])
    return order.drop(columns="last").reset_index(drop=True)


def dated(tables: Tables, source: str) -> pd.DataFrame:
    """Return a snapshot's records in the Region that are electric, available, public and dated."""
    records = tables.station_records
    keep = (records["source"] == source) & records["comparable"] & records["in_region"]
    keep &= records["reason"] != "row repeats another (name, place, ports, date)"
    return records[keep].sort_values(["opened", "record_id"], ignore_index=True)


def openings(tables: Tables) -> pd.DataFrame:
    """Return how many stations had opened by the end of each month, by snapshot.

    Both snapshots are of one source and filtered alike. A station that closed before a snapshot
    is in none of its months, so a curve shows when today's network opened, not the network of
    that time: where the older snapshot lies above the newer, stations have gone.

    Returns
    -------
    pandas.DataFrame
        ``month`` (YYYY-MM), ``source``, ``records``, ``l2_ports``, ``l3_ports`` (cumulative).
    """
    parts = [_cumulative(dated(tables, source), source) for source in COMPARED]
    return pd.concat(parts, ignore_index=True)


def _cumulative(table: pd.DataFrame, source: str) -> pd.DataFrame:
    months = pd.PeriodIndex(table["opened"].str[:7], freq="M")
    counts = (
        table.assign(records=1)
        .groupby(months)[["records", "l2_ports", "l3_ports"]]
        .sum()
        .reindex(pd.period_range(months.min(), months.max(), freq="M"), fill_value=0)
        .cumsum()
    )
    return counts.assign(source=source, month=counts.index.astype(str)).reset_index(drop=True)


def growth(tables: Tables) -> pd.DataFrame:
    """Return the snapshots side by side, each under its own filter.

    Columns: ``source``, ``snapshot``, ``records``, ``l2_ports``, ``l3_ports``, ``gone`` (in the
    older snapshot and not in the newer, by id), ``fresh`` (in the newer and opened after the older
    one's date) and ``late`` (in the newer, not in the older, though opened before its date).
    OpenChargeMap publishes no dates and stands apart, unfiltered but for its drops.
    """
    older, newer = (dated(tables, source) for source in COMPARED)
    ids = {s: set(t["record_id"].str.split("_").str[1]) for s, t in
           zip(COMPARED, (older, newer), strict=True)}  # fmt: skip
    own = newer["record_id"].str.split("_").str[1]
    cut = str(older["snapshot"].iloc[0])
    rows = [
        _snapshot(older, gone=len(ids["nrcan_2022"] - ids["nrcan"])),
        _snapshot(
            newer,
            fresh=int((newer["opened"] > cut).sum()),
            late=int(((newer["opened"] <= cut) & ~own.isin(ids["nrcan_2022"])).sum()),
        ),
    ]
    records = tables.station_records
    ocm = records[
        (records["source"] == "ocm") & records["in_region"] & (records["outcome"] != "dropped")
    ]
    return pd.DataFrame([rows[0], _snapshot(ocm), rows[1]])


def _snapshot(part: pd.DataFrame, **more: int) -> dict[str, str | float]:
    return {
        "source": str(part["source"].iloc[0]),
        "snapshot": str(part["snapshot"].iloc[0]),
        "records": len(part),
        "l2_ports": int(part["l2_ports"].sum()),
        "l3_ports": int(part["l3_ports"].sum()),
        **{
            name: float(more[name]) if name in more else np.nan
            for name in ("gone", "fresh", "late")
        },
    }


def missing(tables: Tables) -> dict[str, int]:
    """Return how many of the Region's stations lack what, by column."""
    inside = tables.stations[tables.stations["in_region"]]
    texts: Iterable[str] = ("operator", "address", "opened", "hours", "connectors")
    lacks = {name: int((inside[name] == "").sum()) for name in texts}
    return lacks | {
        "power": int(inside[["l2_kw", "l3_kw"]].isna().all(axis=1).sum()),
        "stations": len(inside),
    }
