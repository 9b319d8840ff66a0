"""The lists of stations: what became of each one's records, and how the network grew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from kwev.display import origins, style
from kwev.display.chart import Chart
from kwev.display.series import Axis, Line, Panel
from kwev.display.values import Numbers, named
from kwev.pipeline.parameters import Parameters
from kwev.pipeline.station_records import SAME, repeats
from kwev.report.memory import once
from kwev.report.snapshots import DATED, dated

if TYPE_CHECKING:
    from kwev.data.tables import Tables
    from kwev.display.figure import Figure
    from kwev.display.series import Dash
    from kwev.report.scenario import Report

SOURCE_NAMES: Final = {
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
    parts = [_cumulative(dated(tables, source), source) for source in DATED]
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
    older, newer = (dated(tables, source) for source in DATED)
    records = tables.station_records
    every = {
        source: records[(records["source"] == source) & records["comparable"]
                        & records["in_region"]] for source in DATED
    }  # fmt: skip
    ids = {source: set(_number(part)) for source, part in every.items()}
    own = _number(newer)
    # one of two rows that say the same may be left of a station that stays
    stays = every["nrcan_2022"][_number(every["nrcan_2022"]).isin(ids["nrcan"])]
    gone = ~repeats(pd.concat([stays, older], ignore_index=True), SAME)[len(stays) :]
    cut = str(older["snapshot"].iloc[0])
    rows = [
        _snapshot(older, gone=int(gone.sum())),
        _snapshot(
            newer,
            fresh=int((newer["opened"] > cut).sum()),
            late=int(((newer["opened"] <= cut) & ~own.isin(ids["nrcan_2022"])).sum()),
        ),
    ]
    ocm = records[
        (records["source"] == "ocm") & records["in_region"] & (records["outcome"] != "dropped")
    ]
    return pd.DataFrame([rows[0], _snapshot(ocm), rows[1]])


def _number(records: pd.DataFrame) -> pd.Series[str]:
    return records["record_id"].str.split("_").str[1]


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


# -- Named values.


@once
def numbers(report: Report) -> Numbers:
    """Return the numbers of the lists of stations, and of what is merged from them."""
    t, p = report.tables, Parameters()
    listed, inside = t.station_records["source"], t.stations[t.stations["in_region"]]
    by_list = inside["sources"]
    merged = {
        "ocm_records": (listed == "ocm").sum(),
        "nrcan_records": (listed == "nrcan").sum(),
        "merged_inside": len(inside),
        "merged_both": (by_list == "ocm+nrcan").sum(),
        "merged_ocm_only": (by_list == "ocm").sum(),
        "merged_nrcan_only": (by_list == "nrcan").sum(),
        "merged_outside": (~t.stations["in_region"]).sum(),
        "merged_tesla": (inside["access"] == "tesla_only").sum(),
    }
    older, ocm, newer = growth(t).to_dict("records")
    counts = {
        "older": older["records"],
        "newer": newer["records"],
        "ocm": ocm["records"],
        "gone": int(older["gone"]),
        "fresh": int(newer["fresh"]),
    }
    dates = {
        "older_date": older["snapshot"],
        "newer_date": newer["snapshot"],
        "newest_opening": dated(t, "nrcan")["opened"].max(),
    }
    radii = {"match_radius": p.match_station_m, "same_place_radius": p.station_site_m}
    return Numbers(
        [
            *named("station_records", count=merged),
            *named("inventories.growth", prefix="growth_", count=counts, text=dates),
            *named("pipeline.parameters", m=radii),
        ]
    )


# -- Chart.

_LOOKS: Final[tuple[tuple[str, Dash], ...]] = ((style.EXISTING, "dash"), (style.L2, "solid"))
"""Line of the older and of the newer list."""


def growth_chart(report: Report) -> Figure:
    """Return stations by month of opening: two snapshots of one source, another as a mark."""
    curves, marks = openings(report.tables), growth(report.tables)
    curves = curves.assign(source=curves["source"].map(SOURCE_NAMES))
    mark = marks[marks["source"] == "ocm"].iloc[0]
    mark = mark.where(mark.index != "source", SOURCE_NAMES["ocm"])
    ends = "; ".join(
        f"{name}: {part['records'].iloc[-1]} by {part['month'].iloc[-1]}"
        for name, part in curves.groupby("source", sort=False)
    )
    alt = (
        f"Stations by month of opening. {ends}. {mark['source']} listed {mark['records']} on "
        f"{mark['snapshot']}, undated."
    )
    lines = [
        Line(
            x=part["month"].tolist(), y=part["records"].tolist(), label=str(name), colour=colour,
            dash=dash, width=2.5, step=True, hover="%{x}: %{y} stations",
        )
        for (name, part), (colour, dash) in zip(
            curves.groupby("source", sort=False), _LOOKS, strict=True
        )
    ]  # fmt: skip
    undated = Line(
        x=[mark["snapshot"]], y=[mark["records"]], label=f"{mark['source']} (no dates)", dash="",
        mark="diamond", size=12, colour=style.L3, hover="%{x}: %{y} records",
    )  # fmt: skip
    return Chart(
        name="station-growth",
        alt=alt,
        origin=origins.stations(report.tables),
        data=curves,
        panels=[
            Panel(
                series=[*lines, undated],
                x=Axis(title="Month of opening", form="date"),
                y=Axis(title="Stations (count)", from_zero=True),
            )
        ],
        height_px=380,
        height_in=3.0,
        legend="upper left",
        legend_columns=1,
    ).figure()
