"""Snapping: where on the roads each place is reached, on foot and by car."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import shapely

from kwev.pipeline.roads import CM_PER_M, NOISE_CM, to_cm

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from kwev.pipeline.parameters import Parameters
    from kwev.pipeline.quality import Ledger
    from kwev.pipeline.roads import RoadGraph

MODES: Final = ("walk", "drive")
HOMES: Final = ("cell",)
"""Kinds of places that are homes; the others are stations, sites, or stand for a whole area."""
COLUMNS: Final = ["kind", "id", "mode", "edge_id", "along_m", "offset_m"]


def snap_table(
    graph: RoadGraph,
    places: Mapping[str, pd.DataFrame],
    parameters: Parameters,
    ledger: Ledger,
) -> pd.DataFrame:
    """Return where each place meets the roads; a place farther away has no row.

    Where walking and driving meet the roads at the same spot, one row with the mode ``both``
    stands for the two.

    Parameters
    ----------
    graph
        The roads.
    places
        By kind (``cell``, ``da``, …): a table whose first column is the id, with ``easting_m``,
        ``northing_m`` and, for demand points, ``population``.
    parameters
        ``road_snap_m`` is used for homes, ``road_snap_wide_m`` for other places.
    ledger
        Takes how many places, and how many people, are too far from every road.
    """
    parts = []
    for kind, table in places.items():
        ordered = table.sort_values(table.columns[0], kind="stable").reset_index(drop=True)
        reach_m = parameters.road_snap_m if kind in HOMES else parameters.road_snap_wide_m
        found = {}
        for mode in MODES:
            snapped = snap(graph, _xy_cm(ordered), mode, reach_m * CM_PER_M)
            _count_unsnapped(ledger, kind, mode, ordered, snapped)
            found[mode] = snapped.assign(id=ordered[ordered.columns[0]], kind=kind, mode=mode)
        parts.append(_merged(found["walk"], found["drive"]))
    return pd.concat(parts, ignore_index=True)[COLUMNS]


def snap(
    graph: RoadGraph, points_cm: NDArray[np.int64], mode: str, reach_cm: float
) -> pd.DataFrame:
    """Return ``edge_id`` (-1 beyond reach), ``along_m`` and ``offset_m`` of each point, in order.

    The nearest edge is taken, of equals the one with the lowest id. The spot lies at a whole
    centimetre from the edge's start, rounded down, and the offset is the distance to that very
    spot, rounded up: a path over it is never shorter than the straight line.
    """
    eligible = np.flatnonzero(graph.may_snap(mode))
    lines, points = graph.lines_cm[eligible], np.asarray(shapely.points(points_cm))
    hits, edges = shapely.STRtree(lines).query_nearest(points, max_distance=reach_cm)
    nearest = np.full(len(points), len(lines), np.int64)
    np.minimum.at(nearest, hits, edges)
    snapped = np.flatnonzero(nearest < len(lines))
    edge = eligible[nearest[snapped]]
    line, point = graph.lines_cm[edge], points[snapped]
    exact = shapely.line_locate_point(line, point)
    at_end = exact > shapely.length(line) - 1
    down = np.floor(exact + NOISE_CM)
    spot = np.where(at_end, shapely.get_point(line, -1), shapely.line_interpolate_point(line, down))
    offset = np.ceil(shapely.distance(spot, point) - NOISE_CM)
    table = pd.DataFrame({"edge_id": -1, "along_m": 0.0, "offset_m": 0.0}, index=range(len(points)))
    table.loc[snapped, "edge_id"] = graph.edges["edge_id"].to_numpy()[edge]
    table.loc[snapped, "along_m"] = np.where(at_end, graph.length_cm[edge], down) / CM_PER_M
    table.loc[snapped, "offset_m"] = np.maximum(offset, 0) / CM_PER_M
    return table


def _xy_cm(table: pd.DataFrame) -> NDArray[np.int64]:
    return to_cm(table[["easting_m", "northing_m"]])


def _count_unsnapped(
    ledger: Ledger, kind: str, mode: str, table: pd.DataFrame, snapped: pd.DataFrame
) -> None:
    lost = (snapped["edge_id"] < 0).to_numpy()
    way = "walking" if mode == "walk" else "driving"
    note = f"out of reach {way}"
    if "population" in table:
        people = table["population"].to_numpy(np.float64)
        note = f"{people[lost].sum():,.0f} of {people.sum():,.0f} people {note}"
    ledger.add("roads", "road_snaps", f"{kind} far from every road", "flagged", lost.sum(), note)


def _merged(walk: pd.DataFrame, drive: pd.DataFrame) -> pd.DataFrame:
    """Return both ways sorted by id, in one row where they are the same."""
    spot = ["edge_id", "along_m", "offset_m"]
    same = (walk[spot] == drive[spot]).all(axis=1)
    parts = [walk[same].assign(mode="both"), walk[~same], drive[~same]]
    rows = pd.concat(parts, ignore_index=True)
    rows = rows[rows["edge_id"] >= 0]
    return rows.sort_values(["id", "mode"], kind="stable", ignore_index=True)
