"""The network of 2022 and that of 2025 by place, and the tables as they would have stood in 2022.

The two networks are two snapshots of one source, filtered alike: electric, available, public,
dated, in the Region, not for one maker's cars alone. Records are joined to places as in the merged
network; a record that is gone stands at its own point, or at a place of the newer snapshot within
:data:`SAME_PLACE_M`, where it was listed anew. What a place came to offer, and did not before, is
new.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from kwev.data.links import crs_of
from kwev.files import sha256_json
from kwev.pipeline.geometry import project as to_metres
from kwev.report.snapshots import DATED, dated, for_all_cars, snaps_of
from kwev.vocabulary import LEVEL_KEYS

if TYPE_CHECKING:
    from kwev.certify.actions import Row
    from kwev.config import Config
    from kwev.data.tables import Tables

SAME_PLACE_M: Final = 50.0
"""A record that is gone and one that came this near are one place, listed anew (m)."""

REAL: Final = "real_"
"""How the id of a candidate begins that stands where a station was really built."""


UNBOUND_CAD: Final = 1e9
MANY_PORTS: Final = 100
BOTH: Final = ("older", "newer")


@dataclass(frozen=True)
class Past:
    """Two snapshots by place."""

    places: pd.DataFrame
    """One row a place: ``place_id``, ``easting_m``, ``northing_m``, ``latitude``, ``longitude``,
    ``name``, and ports in each snapshot: ``l2_older``, ``l3_older``, ``l2_newer``, ``l3_newer``
    (0 where it does not offer the level)."""
    cut: str
    """Date of the older snapshot."""
    newest: str
    """Date of the newer one."""

    def came(self, level: str) -> pd.DataFrame:
        """Return the places that offer a level in the newer snapshot and did not in the older."""
        table = self.places
        return table[(table[f"{level}_newer"] > 0) & (table[f"{level}_older"] == 0)]

    def went(self, level: str) -> pd.DataFrame:
        """Return the places that offered a level and no longer do."""
        table = self.places
        return table[(table[f"{level}_older"] > 0) & (table[f"{level}_newer"] == 0)]

    def offering(self, level: str, *snapshots: str) -> list[Row]:
        """Return the places that offer a level in all of the named snapshots, as rows."""
        table = self.places
        keep = np.logical_and.reduce([table[f"{level}_{s}"] > 0 for s in snapshots])
        return rows_of(table[keep].assign(station_id=table.loc[keep, "place_id"]))


def past(tables: Tables) -> Past:
    """Return the two snapshots by place."""
    older, newer = (_placed(dated(tables, source), tables) for source in DATED)
    older = _listed_anew(older, newer)
    parts = [
        part.groupby("place_id")
        .agg({"l2_ports": "sum", "l3_ports": "sum"})
        .rename(columns={f"{level}_ports": f"{level}_{name}" for level in LEVEL_KEYS})
        for part, name in ((older, "older"), (newer, "newer"))
    ]
    ports = pd.concat(parts, axis=1).fillna(0).astype(int)
    facts = pd.concat([newer, older]).drop_duplicates("place_id").set_index("place_id")
    columns = ["name", "latitude", "longitude", "easting_m", "northing_m"]
    table = facts[columns].join(ports).sort_index().reset_index()
    cut, newest = (str(dated(tables, source)["snapshot"].iloc[0]) for source in DATED)
    return Past(table, cut, newest)


def _placed(records: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    """Return records for all cars with the place that each stands at.

    That of its station, or the record's own point where no station is left.
    """
    stations = tables.stations.set_index("station_id")
    known = records["station_id"].isin(stations.index)
    every = for_all_cars(records, tables)
    kept = records[every].reset_index(drop=True)
    known = known[every].reset_index(drop=True)
    own = to_metres(kept["longitude"], kept["latitude"], crs_of(tables.das))
    place = kept["station_id"].where(known, kept["record_id"])
    made = kept.assign(place_id=place, easting_m=own[:, 0], northing_m=own[:, 1])
    for name in ("name", "latitude", "longitude", "easting_m", "northing_m"):
        of_station = kept["station_id"].map(stations[name])
        made[name] = of_station.where(known, made[name])
    return made.astype({"easting_m": float, "northing_m": float})


def _listed_anew(older: pd.DataFrame, newer: pd.DataFrame) -> pd.DataFrame:
    """Return the older records, those that are gone moved to a newer place beside them."""
    xy = newer[["easting_m", "northing_m"]].to_numpy()
    ids = newer["place_id"].to_numpy()
    places = []
    for row in older.to_dict("records"):
        apart = np.hypot(*(xy - [row["easting_m"], row["northing_m"]]).T)
        near = int(np.argmin(apart))
        gone = row["place_id"] not in set(ids)
        places.append(ids[near] if gone and apart[near] <= SAME_PLACE_M else row["place_id"])
    return older.assign(place_id=places)


def quarter_before(date: str) -> str:
    """Return the last quarter that had ended on a date: ``2022Q2`` for 2022-07-15."""
    year, month = int(date[:4]), int(date[5:7])
    ended = (month - 1) // 3
    return f"{year}Q{ended}" if ended else f"{year - 1}Q4"


def vehicles_of(tables: Tables, quarter: str) -> dict[str, float]:
    """Return the EVs of each dissemination area in a quarter, by id.

    Its area of postal codes had so many for each of today's; within it they are spread as today.
    """
    counts = tables.ev_quarters
    then = counts[counts["quarter"] == quarter].set_index("fsa")["ev_inside"]
    now = tables.fsas.set_index("fsa")["ev_inside"]
    part = (then / now.where(now > 0)).fillna(0.0)
    fsa = tables.da_profiles.set_index("da_id")["fsa"]
    return {
        str(da): float(ev) * float(part[fsa[da]])
        for da, ev in zip(tables.das["da_id"], tables.das["ev"], strict=True)
    }


def tables_of(tables: Tables, found: Past) -> Tables:
    """Return the tables as they would have stood at the older snapshot.

    Stations are those of the snapshot. Candidates are today's that do not stand on one of them,
    and the places that came to offer a level since; those of both levels stand twice, one for each.
    """
    ev = vehicles_of(tables, quarter_before(found.cut))
    parts = tables.cell_parts
    part = parts["da_id"].map(ev) / parts["da_id"].map(tables.das.set_index("da_id")["ev"])
    by_cell = (parts["ev"] * part.fillna(0.0)).groupby(parts["cell_id"]).sum()
    stations = _stations_then(tables, found)
    made: dict[str, Any] = {
        "das": tables.das.assign(ev=tables.das["da_id"].map(ev)),
        "cells": tables.cells.assign(ev=tables.cells["cell_id"].map(by_cell)),
        "stations": stations,
        "sites": _sites_then(tables, found, set(stations["station_id"])),
    }
    made["road_snaps"] = _snaps_then(tables, found, made["sites"])
    changed = {
        "ev": made["das"]["ev"].tolist(),
        "stations": stations.to_csv(index=False),
        "sites": made["sites"].to_csv(index=False),
    }
    return replace(
        tables, **made, inputs_sha256=sha256_json({"base": tables.inputs_sha256, **changed})
    )


def _stations_then(tables: Tables, found: Past) -> pd.DataFrame:
    """Return the stations of the older snapshot with its ports, in the columns of today's."""
    table = found.places
    there = table[table[["l2_older", "l3_older"]].sum(axis=1) > 0].set_index("place_id")
    known = tables.stations[tables.stations["station_id"].isin(there.index)]
    lost = there[~there.index.isin(known["station_id"])]
    gone = pd.DataFrame(
        {
            **dict.fromkeys(tables.stations.columns, ""),
            "station_id": lost.index,
            **{name: lost[name].to_numpy() for name in
               ("name", "latitude", "longitude", "easting_m", "northing_m")},
            # its own ports are all that is known of what the place can draw
            **dict.fromkeys(("l2_kw", "l3_kw", "address_apart_m", "grid_kw"), np.nan),
            "municipality_id": _nearest(tables, lost, "municipality_id"),
            "area_id": _nearest(tables, lost, "area_id"),
            "in_region": True,
            "access": "public",
            "owner": "unknown",
        }
    )  # fmt: skip
    both = pd.concat([known, gone], ignore_index=True) if len(gone) else known
    ports: dict[str, pd.Series[int]] = {}
    for level in LEVEL_KEYS:
        count = both["station_id"].map(there[f"{level}_older"]).astype(int)
        ports |= {f"{level}_ports{end}": count for end in ("", "_low", "_high")}
    return both.assign(**ports).sort_values("station_id", ignore_index=True)


def _nearest(tables: Tables, places: pd.DataFrame, column: str) -> list[str]:
    """Return a column of the dissemination area that is nearest to each place."""
    xy = tables.das[["easting_m", "northing_m"]].to_numpy()
    values = tables.das[column].tolist()
    own = places[["easting_m", "northing_m"]].to_numpy()
    return [values[int(np.argmin(np.hypot(*(xy - point).T)))] for point in own]


def _sites_then(tables: Tables, found: Past, standing: set[str]) -> pd.DataFrame:
    came = {level: set(found.came(level)["place_id"]) for level in LEVEL_KEYS}
    new = (came["l2"] | came["l3"]) - standing
    known = tables.stations.set_index("station_id")
    both = came["l2"] & came["l3"]
    rows = [
        {
            **dict.fromkeys(tables.sites.columns, ""),
            **{name: known.loc[place, name] for name in
               ("name", "municipality_id", "area_id", "latitude", "longitude", "easting_m",
                "northing_m", "owner", "grid_kw")},
            "site_id": f"{REAL}{place}{suffix}",
            "category": "existing_station",
            "land": "own" if known.loc[place, "owner"] == "public" else "customers",
            "land_confidence": "low",
            "station_id": "",
        }
        for place in sorted(new)
        for suffix in (("", "_l3") if place in both else ("",))
    ]  # fmt: skip
    kept = tables.sites[~tables.sites["station_id"].isin(new)]
    # stations that are not of this snapshot at all leave their candidates free
    free = kept["station_id"].where(kept["station_id"].isin(standing), "")
    sites = pd.concat([kept.assign(station_id=free), pd.DataFrame(rows)], ignore_index=True)
    return sites.sort_values("site_id", ignore_index=True)


def _snaps_then(tables: Tables, found: Past, sites: pd.DataFrame) -> pd.DataFrame:
    """Return where places stand on the roads: of both snapshots, and today's cells and sites.

    A place that really came is where its station stands.
    """
    places = found.places
    at = places[["easting_m", "northing_m"]].to_numpy(np.float64)
    standing = snaps_of(tables, places["place_id"].to_numpy(str), at)
    real = sites.loc[sites["site_id"].str.startswith(REAL), "site_id"]
    own = {i: i.removeprefix(REAL).removesuffix("_l3") for i in real}
    came = [standing[standing["id"] == at].assign(kind="site", id=i) for i, at in own.items()]
    others = tables.road_snaps[tables.road_snaps["kind"] != "station"]
    every: pd.DataFrame = pd.concat([others, standing, *came], ignore_index=True)
    return every


def config_of(base: Config, found: Past) -> Config:
    """Return the scenario: as many stations of each level as came, one port each, no budget."""
    return base.with_values(
        budget__limit_cad=UNBOUND_CAD,
        demand__enforce=False,
        ports__min_l2=1,
        ports__max_new_l2=1,
        ports__min_l3=1,
        ports__max_new_l3=1,
        ports__retained_l2=MANY_PORTS,
        ports__add_l2=False,
        ports__add_l3=False,
        rules__ports__l2_total=len(found.came("l2")),
        rules__ports__l3_total=len(found.came("l3")),
    )


def rows_of(table: pd.DataFrame) -> list[Row]:
    """Return a table as rows, as the certificate reads them."""
    return [{str(k): v for k, v in row.items()} for row in table.to_dict("records")]
