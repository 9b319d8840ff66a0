"""Stations and ports beside the other public counts: what explains a difference, what is left.

Two counts are known. The Region's climate dashboard gives ports of Cambridge, without names. A
reader of the public register counted ports by forward sortation area: undated, private ones
included, a check alone that no plan reads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from kwev.data.links import crs_of
from kwev.display import cartography, origins
from kwev.display.table import Column, table
from kwev.display.values import Numbers, named
from kwev.pipeline.geometry import project
from kwev.report.memory import once
from kwev.report.region import town_names
from kwev.report.snapshots import dated
from kwev.vocabulary import LEVEL_KEYS, LEVEL_NAMES

if TYPE_CHECKING:
    from pathlib import Path

    from kwev.data.tables import Tables
    from kwev.display.table import Table
    from kwev.report.scenario import Report

TOWN: Final = "Cambridge"
"""The municipality that the dashboard counts."""

TOWNSHIPS: Final = "Townships"
"""Together: their forward sortation areas reach over their borders."""

STATED: Final = {
    "l2": "publicly_accessible_ports_in_cambridge_level_2_2023",
    "l3": "publicly_accessible_ports_in_cambridge_level_3_2023",
}
"""Rows of ``tariffs`` with the dashboard's count, by level."""

PORTS: Final = [f"{level}_ports" for level in LEVEL_KEYS]

TOGETHER: Final = "All of these"
DASHBOARD: Final = "The Region's dashboard"
LEFT: Final = "Not explained"


def stated(tables: Tables) -> dict[str, float]:
    """Return the ports of :data:`TOWN` that the Region's dashboard gives, by level."""
    known = dict(zip(tables.tariffs["tariff_id"], tables.tariffs["value"], strict=True))
    return {level: float(known[key]) for level, key in STATED.items()}


def steps(tables: Tables, town: str = TOWN) -> pd.DataFrame:
    """Return from our ports of a municipality to those of the dashboard, step by step.

    Returns
    -------
    pandas.DataFrame
        ``what`` (words), ``l2_ports``, ``l3_ports`` and ``which`` (names of the stations, where
        they are few). What is not explained is the dashboard less all steps.
    """
    stations = tables.stations
    here = stations["municipality_id"].map(town_names(tables)) == town
    inside = stations[here]
    public = inside[inside["access"] == "public"]
    parts = [
        ("Counted in the plan", public, PORTS),
        ("Stations for Teslas alone", inside[inside["access"] == "tesla_only"], PORTS),
        (f"Stations with an address in {town} outside its border", stations[
            ~here & stations["address"].str.endswith(town)], PORTS),
        ("Listed in 2022, no longer in 2025", _gone(tables, town), PORTS),
    ]  # fmt: skip
    rows = [
        (what, *(float(part[name].sum()) for name in columns), _names(part))
        for what, part, columns in parts
    ]
    unclear = [float((public[f"{name}_high"] - public[name]).sum()) for name in PORTS]
    rows[0] = (*rows[0][:-1], f"{len(public)} stations")
    rows.append(("Most that unclear counts may add", *unclear, ""))
    made = pd.DataFrame(rows, columns=["what", *PORTS, "which"])
    sums = [float(made[name].sum()) for name in PORTS]
    said = stated(tables)
    ends = [
        (TOGETHER, *sums, ""),
        (DASHBOARD, *said.values(), "no names are published"),
        (LEFT, *(said[level] - total for level, total in zip(LEVEL_KEYS, sums, strict=True)), ""),
    ]
    return pd.concat([made, pd.DataFrame(ends, columns=made.columns)], ignore_index=True)


def _names(part: pd.DataFrame) -> str:
    return "; ".join(sorted(part["name"]))


def _gone(tables: Tables, town: str) -> pd.DataFrame:
    """Return the records of the older dated list that stood in a municipality and are gone."""
    older = dated(tables, "nrcan_2022")
    gone = older[older["station_id"] == ""]
    areas = cKDTree(tables.das[["easting_m", "northing_m"]].to_numpy(np.float64))
    _, nearest = areas.query(project(gone["longitude"], gone["latitude"], crs_of(tables.das)))
    names = tables.das["municipality_id"].map(town_names(tables)).to_numpy()
    return pd.DataFrame(gone[names[nearest] == town])


def by_place(tables: Tables, folder: Path | None = None) -> pd.DataFrame:
    """Return our ports beside those of the check, by municipality.

    A forward sortation area goes to the municipality where most of its people live, the townships
    together; our stations go with the area that they stand in.

    Returns
    -------
    pandas.DataFrame
        ``place``, ``areas`` (that the check has), and for each level ``l2_ports`` (that count),
        ``l2_high`` (the most, Teslas' with them), ``l2_check`` and ``l2_left`` (the check less
        ours with Teslas' stations); areas that the check leaves out are in neither.
    """
    areas = cartography.areas("fsas", "fsa", folder)[["fsa", "geometry"]]
    metres = gpd.points_from_xy(tables.stations["easting_m"], tables.stations["northing_m"])
    crs = crs_of(tables.das)
    points = gpd.GeoDataFrame(tables.stations, geometry=metres, crs=crs)
    placed = gpd.sjoin(points, areas.to_crs(crs), predicate="within")
    placed = placed[placed["in_region"]].drop_duplicates("station_id")
    checked = tables.station_checks.set_index("fsa")
    place = _place_of(tables)
    rows = []
    for name in sorted(set(place), key=lambda one: (one == TOWNSHIPS, one)):
        own = [fsa for fsa in place.index[place == name] if fsa in checked.index]
        ours = placed[placed["fsa"].isin(own)]
        row: dict[str, object] = {"place": name, "areas": len(own)}
        for level in LEVEL_KEYS:
            ports = ours[f"{level}_ports"]
            counted = float(checked.loc[own, f"{level}_ports"].sum())
            row |= {
                f"{level}_ports": float(ports[ours["access"] == "public"].sum()),
                f"{level}_high": float(ours[f"{level}_ports_high"].sum()),
                f"{level}_check": counted,
                f"{level}_left": counted - float(ports.sum()),
            }
        rows.append(row)
    return pd.DataFrame(rows)


def _place_of(tables: Tables) -> pd.Series[str]:
    """Return the municipality of each forward sortation area; townships together."""
    both = tables.das[["da_id", "municipality_id", "population"]].merge(
        tables.da_profiles[["da_id", "fsa"]], on="da_id", validate="1:1"
    )
    people = both.groupby(["fsa", "municipality_id"])["population"].sum().reset_index()
    most = people.sort_values("population").groupby("fsa")["municipality_id"].last()
    towns = tables.municipalities.set_index("municipality_id")
    return most.map(towns["name"].where(towns["kind"] == "city", TOWNSHIPS))


# -- named values and tables -------------------------------------------------------------------


@once
def numbers(report: Report) -> Numbers:
    """Return the numbers of the other counts."""
    found = steps(report.tables).set_index("what")
    ours, every, said, left = (
        {name: float(found[name][what]) for name in PORTS}
        for what in (found.index[0], TOGETHER, DASHBOARD, LEFT)
    )
    return Numbers([
        *named("other_counts.steps", None, "counts_", count={
            f"{level}_{name}": row[f"{level}_ports"]
            for level in LEVEL_KEYS
            for name, row in (("ours", ours), ("every", every), ("stated", said))
        }),
        *named("other_counts.steps", None, "counts_", text={
            f"{level}_left": left_words(left[f"{level}_ports"], LEVEL_NAMES[level])
            for level in LEVEL_KEYS
        }),
    ])  # fmt: skip


def left_words(ports: float, level: str) -> str:
    """Say what of a level's count is not explained."""
    if ports > 0:
        noun = "port is" if ports == 1 else "ports are"
        return f"{ports:,.0f} {level} {noun} not explained"
    return f"all {level} ports are explained" + (
        f", and {-ports:,.0f} more could stand" if ports < 0 else ""
    )


def steps_table(report: Report) -> Table:
    """Return the steps from our count of Cambridge to the dashboard's."""
    columns = (
        Column("what", "Step"), Column("l2_ports", "Level 2 ports", format=",.0f"),
        Column("l3_ports", "Level 3 ports", format=",.0f"), Column("which", "Which"),
    )  # fmt: skip
    frame = steps(report.tables)
    return table(
        "other-count-steps", frame, columns, origins.stations(report.tables), pdf_rows=len(frame)
    )


def places_table(report: Report) -> Table:
    """Return our ports beside those of the check, by municipality."""
    columns: list[Column] = [
        Column("place", "Place"), Column("areas", "Postal areas", format=",d"),
    ]  # fmt: skip
    for level, name in LEVEL_NAMES.items():
        columns += [
            Column(f"{level}_ports", f"{name}, counted", format=",.0f"),
            Column(f"{level}_high", f"{name}, most", format=",.0f"),
            Column(f"{level}_check", f"{name}, check", format=",.0f"),
            Column(f"{level}_left", f"{name}, left", format="+,.0f"),
        ]
    return table(
        "other-counts", by_place(report.tables), columns, origins.stations(report.tables)
    )  # fmt: skip
