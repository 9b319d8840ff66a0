"""Station networks at a date: each list filtered alike, so that one can be held against another.

A trend is drawn within one source alone. Of Natural Resources Canada's two lists the records kept
are electric, available, public and dated (:func:`dated`); a row that repeats another counts once.
Whether a station serves Teslas alone is told by the merged network, for both lists alike
(:func:`for_all_cars`): one that has opened to other cars since counts in both. A list without dates
(OpenChargeMap's) cannot be filtered so and stands as a mark of its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from kwev.data.links import crs_of
from kwev.errors import KwevError
from kwev.model.coverage import ruler_of
from kwev.model.demand import demand_points
from kwev.model.network import Places
from kwev.model.siting import counted
from kwev.pipeline.geometry import project
from kwev.pipeline.station_records import SAME, TESLA_NAME, repeats
from kwev.solve.record import Network, covered
from kwev.units import METRE_DECIMALS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kwev.config import Config
    from kwev.data.tables import Tables
    from kwev.model.demand import DemandPoints
    from kwev.solve.record import Covered

COLUMNS: Final = (
    "station_id", "name", "latitude", "longitude", "easting_m", "northing_m", "l2_ports",
    "l3_ports", "opened",
)  # fmt: skip
"""What is known of each station of a snapshot: metres, ports, date of opening."""

DATE: Final = re.compile(
    r"(?P<D>\d{4}-\d{2}-\d{2})|(?P<Q>\d{4}Q[1-4])|(?P<M>\d{4}-\d{2})", re.ASCII
)
"""A day, a quarter or a month; the group's name is pandas' for its length."""

MERGED: Final = "merged"
"""Series of the network that a scenario counts."""

DATED: Final = ("nrcan_2022", "nrcan")
"""Lists of one source with dates of opening, the older first."""


@dataclass(frozen=True, eq=False)
class Snapshot:
    """The Region's public network as one list had it at a date.

    Attributes
    ----------
    series
        Name of the source; dates are compared within one series alone.
    date
        Day that it shows, YYYY-MM-DD; a month stands for its last day.
    stations
        Columns of :data:`COLUMNS`, one row a record, those in the Region alone.
    """

    series: str
    date: str
    stations: pd.DataFrame

    @property
    def network(self) -> Network:
        """Where each level is offered."""
        return Network(self._offers("l2"), self._offers("l3"))

    def _offers(self, level: str) -> Places:
        part = self.stations[self.stations[f"{level}_ports"] > 0]
        xy_m = part[["easting_m", "northing_m"]].to_numpy(np.float64)
        return Places.of_kind("station", part["station_id"].to_numpy(str), xy_m)

    def opened_by(self, date: str) -> Snapshot:
        """Return those of its stations that had opened by a date (YYYY-MM-DD).

        What closed before the snapshot was taken is in none of its dates, so this is the least
        that stood then.
        """
        known = self.stations["opened"]
        kept = self.stations[(known != "") & (known <= date)].reset_index(drop=True)
        return replace(self, date=date, stations=kept)


def dated(tables: Tables, source: str) -> pd.DataFrame:
    """Return a list's records in the Region that are electric, available, public and dated.

    Parameters
    ----------
    tables
        ``data/processed``, read: ``station_records``.
    source
        One of :data:`DATED`.

    Returns
    -------
    pandas.DataFrame
        Rows of ``station_records``, by date of opening; one that repeats another stands once.
    """
    records = tables.station_records
    kept = records[(records["source"] == source) & records["comparable"] & records["in_region"]]
    kept = kept[~repeats(kept, SAME)]
    return kept.sort_values(["opened", "record_id"], ignore_index=True)


def for_all_cars(records: pd.DataFrame, tables: Tables) -> pd.Series[bool]:
    """Return which records are of stations that any car may use, as far as is known today.

    That of its station in the merged network; where no station is left, its name.
    """
    access = tables.stations.set_index("station_id")["access"]
    own = records["station_id"].map(access)
    named = records["name"].str.contains(TESLA_NAME)
    return own.eq("public") | (own.isna() & ~named)


def listed(tables: Tables, source: str) -> Snapshot:
    """Return a dated list of Natural Resources Canada, filtered alike.

    Parameters
    ----------
    tables
        ``data/processed``, read.
    source
        ``nrcan_2022`` or ``nrcan`` (2025).

    Raises
    ------
    KwevError
        If there is no such list, or nothing in it passes the filter.
    """
    if source not in DATED:
        hint = f"One of {', '.join(DATED)}."
        raise KwevError(f"no dated list of stations {source!r}", where="snapshots", hint=hint)
    kept = _dated(tables, source)
    if kept.empty:
        raise KwevError(f"nothing in the list {source!r} passes the filter", where="snapshots")
    return _snapshot("nrcan", kept, crs_of(tables.das))


def _dated(tables: Tables, source: str) -> pd.DataFrame:
    kept = dated(tables, source)
    return kept[for_all_cars(kept, tables)]


def has(tables: Tables, source: str) -> bool:
    """Return whether a list (one of :data:`DATED`, or ``ocm``) has a station in the Region."""
    return not (_dated(tables, source) if source in DATED else _undated(tables)).empty


def undated(tables: Tables) -> Snapshot:
    """Return OpenChargeMap's list: what the pipeline kept of it and any car may use."""
    return _snapshot("ocm", _undated(tables), crs_of(tables.das))


def _undated(tables: Tables) -> pd.DataFrame:
    records = tables.station_records
    own = (records["source"] == "ocm") & records["in_region"] & (records["outcome"] != "dropped")
    return records[own & for_all_cars(records, tables)]


def merged(tables: Tables, config: Config) -> Snapshot:
    """Return the network that a scenario counts, merged from all lists, at the newest's date."""
    kept = counted(tables.stations, config)
    records = tables.station_records
    lists = records.loc[records["source"].isin([*DATED, "ocm"]), "snapshot"].unique()
    date = max((last_day(str(date)) for date in lists), default="")
    table = pd.DataFrame(kept[list(COLUMNS)]).reset_index(drop=True)
    return Snapshot(MERGED, date, table)


def _snapshot(series: str, records: pd.DataFrame, crs: str) -> Snapshot:
    metres = project(records["longitude"], records["latitude"], crs)
    table = records.assign(
        station_id=records["record_id"], easting_m=metres[:, 0], northing_m=metres[:, 1]
    )
    table = table.sort_values("station_id")[list(COLUMNS)].reset_index(drop=True)
    return Snapshot(series, last_day(str(records["snapshot"].iloc[0])), table)


def last_day(date: str) -> str:
    """Return the day that a date stands for: of a month or quarter its last, of a day itself.

    Raises
    ------
    KwevError
        If the text is none of YYYY-MM-DD, YYYY-MM and YYYYQn.
    """
    hint = "Write 2025-10-31, 2025-10 or 2025Q4."
    found = DATE.fullmatch(date)
    if not found:
        raise KwevError(f"not a date: {date!r}", where="date", hint=hint)
    try:
        return str(pd.Period(date, str(found.lastgroup)).end_time.date())
    except ValueError as error:
        raise KwevError(f"not a date: {date!r}", where="date", hint=hint) from error


def on_the_roads(tables: Tables, network: Network) -> Tables:
    """Return the tables with a network's stations on the roads, in the place of today's."""
    places = Places.joined([network.l2, network.l3])
    ids, first = np.unique(places.ids, return_index=True)
    own = snaps_of(tables, ids, places.xy_m[first])
    others = tables.road_snaps[tables.road_snaps["kind"] != "station"]
    return replace(tables, road_snaps=pd.concat([others, own], ignore_index=True))


def snaps_of(tables: Tables, ids: NDArray[np.str_], xy_m: NDArray[np.float64]) -> pd.DataFrame:
    """Return where stations stand on the roads, as rows of ``road_snaps``.

    The processed roads have no shape, so a station is taken to be at the nearest place that stands
    on them already, of whatever kind, the straight line between the two farther.

    Parameters
    ----------
    tables
        ``data/processed``, read.
    ids, xy_m
        (N,) and (N, 2): the stations, and where they are (m).
    """
    known = pd.concat(
        [
            pd.DataFrame({"kind": kind, "id": table[f"{kind}_id"],
                          "x": table["easting_m"], "y": table["northing_m"]})
            for kind, table in (
                ("station", tables.stations), ("site", tables.sites), ("cell", tables.cells)
            )
        ],
        ignore_index=True,
    )  # fmt: skip
    snaps = tables.road_snaps
    known = known.merge(snaps[["kind", "id"]].drop_duplicates(), on=["kind", "id"])
    if known.empty:
        return snaps.iloc[:0]
    away_m, at = cKDTree(known[["x", "y"]]).query(xy_m)
    near = known[["kind", "id"]].iloc[np.asarray(at)].assign(place=ids, away_m=away_m)
    own = snaps.merge(near, on=["kind", "id"])
    own["offset_m"] = (own["offset_m"] + own["away_m"]).round(METRE_DECIMALS)
    own = own.assign(kind="station", id=own["place"])[list(snaps.columns)]
    return own.sort_values(["id", "mode"], ignore_index=True)


def measured(
    tables: Tables, config: Config, network: Network, points: DemandPoints | None = None
) -> Covered:
    """Return which cells a network covers: the measure of every headline figure.

    Parameters
    ----------
    points
        The cells, where they are known already, perhaps with other vehicles.
    """
    cells = demand_points(tables, config, "cell") if points is None else points
    return covered(cells, network, config, ruler_of(tables, config.coverage.metric))
