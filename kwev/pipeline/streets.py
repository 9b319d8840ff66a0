"""Streets and their numbers: where on the roads an address is, for who looks for a place by name.

The civic address list and the Region's roads are open data; both name the street, and no person.
A number is reached from the road that bears its name. Of the numbers on one side of one road only
those are kept between which the others lie evenly: a place between two is worked out again.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pandas as pd
import shapely

from kwev.data.schemas import PROCESSED, arrange, no_rows
from kwev.pipeline.geometry import metres_of, to_cm
from kwev.pipeline.roads import spots_on
from kwev.units import CM_PER_M

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from kwev.pipeline.raw import Ledger
    from kwev.pipeline.roads import RoadGraph

REACH_M: Final = 500.0
"""A number is reached from the road of its name up to this far away (m): farms lie deep."""
ALONG_M: Final = 10.0
"""A number that is worked out lies at most this far along the road from where it is listed (m)."""
OFFSET_M: Final = 20.0
"""The same for its distance from the road (m)."""
SHAPE_M: Final = 5.0
"""A road's shape is kept to within this (m)."""
APART_M: Final = 20_000_000 / CM_PER_M
"""Streets are looked at side by side, this far apart (m): more than the Region is wide."""

_WORDS: Final = re.compile(r"[^\W_]+")
_NO_STREET: Final = r" to | Off | On$|Emergency Access"
"""In the name of a lane that leads from one road to another: nobody looks for it."""


class StreetTables(NamedTuple):
    """The tables ``streets``, ``street_numbers`` and ``street_shapes``."""

    streets: pd.DataFrame
    numbers: pd.DataFrame
    shapes: pd.DataFrame


_TABLES: Final = ("streets", "street_numbers", "street_shapes")


def street_key(name: str) -> str:
    """Return a street's name in lower case, without apostrophes and full stops."""
    return " ".join(_WORDS.findall(name.lower().replace("'", "").replace("\u2019", "")))


def street_tables(
    roads: gpd.GeoDataFrame,
    graph: RoadGraph,
    addresses: pd.DataFrame,
    towns: dict[str, str],
    ledger: Ledger,
) -> StreetTables:
    """Return the streets of the Region, their numbers, and the shapes of their roads.

    Parameters
    ----------
    roads
        The Region's road file: ``OBJECTID``, ``FullStreet``, and the municipality and settlement
        on both sides.
    graph
        The graph made of it.
    addresses
        As ``population.read_addresses`` returns it.
    towns
        Municipality id by its name.
    ledger
        Takes what was dropped or stands for another.
    """
    if graph.edges.empty:
        return StreetTables(*(no_rows(PROCESSED[name]) for name in _TABLES))
    named = _named(roads, graph, towns)
    listed = _listed(addresses, towns, ledger)
    placed = _placed(listed, named, graph, ledger)
    streets = _streets(named, placed)
    ids = {pair: i for i, pair in enumerate(zip(streets["key"], streets["town"], strict=True))}
    placed = placed.assign(
        street_id=[ids[pair] for pair in zip(placed["key"], placed["town"], strict=True)]
    )
    runs = _runs(placed, ledger)
    used = np.union1d(runs["edge_id"], streets["edge_id"])
    return StreetTables(
        arrange(streets.assign(street_id=range(len(streets))), "streets"),
        arrange(runs, "street_numbers"),
        arrange(_shapes(graph, used), "street_shapes"),
    )


def _named(roads: gpd.GeoDataFrame, graph: RoadGraph, towns: dict[str, str]) -> pd.DataFrame:
    """Return the roads that a place can be reached from: two rows a road, one for each side.

    Columns: ``at`` (index of the edge), ``edge_id``, ``length_m``, ``name``, ``key``, ``town``
    (its id) and ``settlement`` ("" for the town itself).
    """
    open_to_all = graph.may_snap("walk") & graph.may_snap("drive")
    edges = graph.edges[["edge_id", "length_m"]].assign(at=np.arange(len(graph.edges)))
    sides = [
        roads[["OBJECTID", "FullStreet", town, place]].set_axis(
            ["edge_id", "name", "town", "settlement"], axis=1
        )
        for town, place in (("LeftMunici", "LeftSettle"), ("RightMunic", "RightSettl"))
    ]
    both = pd.concat(sides).dropna(subset=["name", "town"])
    unnamed = (both["name"].str.strip() == "") | both["name"].str.contains(_NO_STREET)
    both = both[both["town"].isin(towns) & ~unnamed]
    own = both["settlement"].where(both["settlement"] != both["town"]).fillna("")
    both = both.assign(
        key=both["name"].map(street_key), town=both["town"].map(towns), settlement=own
    )
    found = edges[open_to_all].merge(both, on="edge_id").drop_duplicates()
    return found.sort_values(["key", "town", "edge_id"], kind="stable", ignore_index=True)


def _listed(addresses: pd.DataFrame, towns: dict[str, str], ledger: Ledger) -> pd.DataFrame:
    """Return one point for each number of each street: ``name``, ``key``, ``town``, ``number``."""
    table = pd.DataFrame(
        {
            "name": addresses["street"].astype("str"),
            "town": addresses["city"].astype("str").map(towns),
            "number": addresses["street_no"].astype("str").str.extract(r"^(\d+)", expand=False),
            "easting_m": addresses["easting_m"],
            "northing_m": addresses["northing_m"],
        }
    )
    lost = table["town"].isna() | table["number"].isna()
    ledger.add("addresses", "no number, or outside the municipalities: not searched", "kept", lost)
    table = table[~lost]
    table = table.assign(key=table["name"].map(street_key), number=table["number"].astype(np.int64))
    table = table.sort_values(["key", "town", "number", "easting_m", "northing_m"], kind="stable")
    once = table.drop_duplicates(["key", "town", "number"], ignore_index=True)
    note = "units, and letters after a number"
    ledger.add("addresses", "one place for all of a number", "kept", len(table) - len(once), note)
    return once


def _placed(
    listed: pd.DataFrame, named: pd.DataFrame, graph: RoadGraph, ledger: Ledger
) -> pd.DataFrame:
    """Return the numbers near a road of their name, with ``edge_id``, ``along_m``, ``offset_m``.

    ``offset_m`` is negative to the right of the road, seen from its start.
    """
    roads = named.drop_duplicates(["key", "at"])
    keys = pd.Index(np.union1d(roads["key"], listed["key"]))
    points = to_cm(metres_of(listed))
    # each street on a plane of its own, so that one search finds the road of the same name
    shift = APART_M * CM_PER_M
    lines = graph.lines_cm[roads["at"].to_numpy()]
    xy, of_line = shapely.get_coordinates(lines, return_index=True)
    xy[:, 0] += shift * keys.get_indexer(roads["key"])[of_line]
    planes = np.asarray(shapely.linestrings(xy, indices=of_line))
    moved = points.astype(np.float64)
    moved[:, 0] += shift * keys.get_indexer(listed["key"])
    hits, found = shapely.STRtree(planes).query_nearest(
        shapely.points(moved), max_distance=REACH_M * CM_PER_M
    )
    nearest = np.full(len(listed), len(roads), np.int64)
    np.minimum.at(nearest, hits, found)
    near = nearest < len(roads)
    rule = "no road of its name near: not searched"
    ledger.add("addresses", rule, "dropped", ~near, f"within {REACH_M:.0f} m")
    at = roads["at"].to_numpy()[nearest[near]]
    spots = spots_on(graph, at, points[near])
    left = _is_left(graph.lines_cm[at], spots["along_m"].to_numpy() * CM_PER_M, points[near])
    return listed[near].assign(
        edge_id=spots["edge_id"].to_numpy(),
        along_m=spots["along_m"].to_numpy(),
        offset_m=np.where(left, 1, -1) * spots["offset_m"].to_numpy(),
    )


def _is_left(
    lines: NDArray[Any], along_cm: NDArray[np.float64], points: NDArray[np.int64]
) -> NDArray[np.bool_]:
    length = shapely.length(lines)
    step = np.minimum(CM_PER_M, length / 2)
    start = np.clip(along_cm - step / 2, 0, length - step)
    one, two = (
        shapely.get_coordinates(shapely.line_interpolate_point(lines, at))
        for at in (start, start + step)
    )
    way, off = two - one, points - one
    return np.asarray(way[:, 0] * off[:, 1] >= way[:, 1] * off[:, 0])


def _streets(named: pd.DataFrame, placed: pd.DataFrame) -> pd.DataFrame:
    """Return every street of each town: its name, its settlements, and its middle.

    The middle is where its middle number is; of a street without numbers, half way along its
    longest road.
    """
    pair = ["key", "town"]
    longest = named.sort_values(["length_m", "edge_id"], ascending=[False, True], kind="stable")
    roads = longest.drop_duplicates(pair).set_index(pair)
    middle = roads.assign(along_m=(roads["length_m"] / 2).round())[["name", "edge_id", "along_m"]]
    own = placed.groupby(pair)["number"]
    numbered = placed[own.cumcount() == own.transform("size") // 2].set_index(pair)
    numbered = numbered.assign(name=middle["name"].reindex(numbered.index).fillna(numbered["name"]))
    middle = numbered[middle.columns].combine_first(middle).sort_index().reset_index()
    places = named[named["settlement"] != ""].groupby(pair)["settlement"]
    settlements = places.agg(lambda names: "|".join(sorted(set(names))))
    return middle.assign(
        along_m=np.floor(middle["along_m"]),
        edge_id=middle["edge_id"].astype(np.int64),
        municipality_id=middle["town"],
        settlements=settlements.reindex(pd.MultiIndex.from_frame(middle[pair])).fillna("").array,
    )


def _runs(placed: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """Return a row for each side of each road of each street, its numbers as lists in text."""
    ordered = placed.assign(side=placed["number"] % 2).sort_values([*_SIDE, "number"])
    columns = (ordered[name].tolist() for name in (*_SIDE, "number", "along_m", "offset_m"))
    rows, kept = [], 0
    for (street, edge, _), side in groupby(zip(*columns, strict=True), key=lambda row: row[:3]):
        marks = thinned([row[3:] for row in side])
        kept += len(marks)
        numbers, alongs, offsets = zip(*marks, strict=True)
        lists = _text(numbers), _text(np.floor(alongs)), _offsets(offsets)
        rows.append((street, edge, *lists))
    note = f"to within {ALONG_M:.0f} m along the road"
    ledger.add("addresses", "worked out from its neighbours", "kept", len(placed) - kept, note)
    schema = PROCESSED["street_numbers"]
    return pd.DataFrame(rows, columns=list(schema.columns)) if rows else no_rows(schema)


_SIDE: Final = ["street_id", "edge_id", "side"]

Mark = tuple[int, float, float]
"""A number, how far along its road it is, and how far from it (m)."""


def thinned(marks: Sequence[Mark]) -> list[Mark]:
    """Return the marks between which all others lie evenly, by rising number.

    Parameters
    ----------
    marks
        By rising number, each number once.

    Returns
    -------
    list
        Some of them, the first and the last included. Each that is left out lies, by its number,
        within :data:`ALONG_M` and :data:`OFFSET_M` of the line between its neighbours.
    """
    keep = {0, len(marks) - 1}
    open_parts = [(0, len(marks) - 1)]
    while open_parts:
        first, last = open_parts.pop()
        worst, at = 1.0, -1
        for i in range(first + 1, last):
            off = _off(marks[first], marks[last], marks[i])
            if off > worst:
                worst, at = off, i
        if at >= 0:
            keep.add(at)
            open_parts += [(first, at), (at, last)]
    return [marks[i] for i in sorted(keep)]


def _off(first: Mark, last: Mark, mark: Mark) -> float:
    """Return how far a mark is from the line between two, in parts of what is allowed."""
    share = (mark[0] - first[0]) / (last[0] - first[0])
    along = first[1] + share * (last[1] - first[1])
    offset = first[2] + share * (last[2] - first[2])
    return max(abs(mark[1] - along) / ALONG_M, abs(mark[2] - offset) / OFFSET_M)


def _offsets(offsets: Sequence[float]) -> str:
    """Return one offset where all are alike, else all of them."""
    middle = float(np.median(offsets))
    alike = all(abs(offset - middle) <= OFFSET_M / 2 for offset in offsets)
    return _text([middle] if alike else offsets)


def _text(values: Any) -> str:
    return " ".join(f"{value:.0f}" for value in values)


def _shapes(graph: RoadGraph, edge_ids: NDArray[np.int64]) -> pd.DataFrame:
    """Return the bends of each road that has some: metres east and north of its start."""
    which = np.flatnonzero(graph.edges["edge_id"].isin(edge_ids))
    simple = shapely.simplify(graph.lines_cm[which], SHAPE_M * CM_PER_M, preserve_topology=False)
    rows = []
    for edge, line in zip(graph.edges["edge_id"].to_numpy()[which], simple, strict=True):
        xy = shapely.get_coordinates(line)
        bends = np.rint((xy[1:-1] - xy[0]) / CM_PER_M).astype(np.int64)
        if len(bends):
            rows.append({"edge_id": edge, "bends": _text(bends.ravel())})
    return pd.DataFrame(rows, columns=["edge_id", "bends"])
