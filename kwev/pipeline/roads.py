"""The road network as a directed graph, and where on it each place is reached.

Lines of the Region's road file meet at their ends. Interior crossings are mostly grade-separated
(an overpass is no junction), so lines are never cut where they merely cross. Parallel edges and
loops are kept: an edge has an id of its own.

Everything is in whole centimetres. An edge is at least as long as the straight line between its
ends (lengths are rounded up), so no path is ever shorter than the straight line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import shapely

from kwev.data.schemas import PROCESSED, arrange, no_rows
from kwev.errors import KwevError
from kwev.pipeline.geometry import clusters, components, metres_of, to_cm
from kwev.units import CM_PER_M

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    from numpy.typing import NDArray

    from kwev.pipeline.parameters import Parameters
    from kwev.pipeline.raw import Ledger

NOISE_CM: Final = 1e-6
"""Floating-point dust that must not push a whole number of centimetres up to the next."""

NO_ROAD: Final = ("Rapid Transit",)
"""Classes of the road file that no one walks or drives on: tracks of the ION."""
NOT_OPEN: Final = ("Future or planned road", "Closed")
"""Kinds of access that are no way yet, or no longer."""
NO_ACCESS: Final = ("freeway", "ramp")
"""Classes that no one walks on, and whose edges lead past a place, never to it."""
NO_DRIVE_ACCESS: Final = ("Emergency Access Only",)
GATED: Final = ("Private gated road",)

_DATASET = "road_network/row_roads_2026-01"


@dataclass(frozen=True, eq=False)
class RoadGraph:
    """Junctions and edges of the roads; every array and frame is sorted by id.

    Attributes
    ----------
    nodes
        ``node_id``, ``easting_m``, ``northing_m``.
    edges
        Columns of the table ``road_edges``; ``walk`` and the two ``drive`` flags are set only in
        the main component of each way to go.
    lines_cm
        Shape (m,), the line of each edge in metres (cm, whole), from node ``u`` to node ``v``.
    """

    nodes: pd.DataFrame
    edges: pd.DataFrame
    lines_cm: NDArray[Any]

    @property
    def length_cm(self) -> NDArray[np.int64]:
        """Length of each edge (cm)."""
        return to_cm(self.edges["length_m"])

    def may_snap(self, mode: str) -> NDArray[np.bool_]:
        """Return which edges a place can be reached from, walking or driving."""
        edges = self.edges
        open_to = edges["walk"] if mode == "walk" else edges["drive_forward"]
        if mode != "walk":
            open_to = open_to | edges["drive_backward"]
        return np.asarray(open_to & ~edges["road_class"].isin(NO_ACCESS), bool)


def road_graph(roads: gpd.GeoDataFrame, parameters: Parameters, ledger: Ledger) -> RoadGraph:
    """Return the Region's roads as a graph.

    Parameters
    ----------
    roads
        The road file in metres: one line each, with class, access, direction and speed.
    parameters
        ``road_join_m`` and ``road_speeds_kmh`` are used.
    ledger
        Takes what was dropped, repaired and flagged.

    Raises
    ------
    KwevError
        If no road is left that one may walk, or none that one may drive.
    """
    if roads.empty:  # the region has no road file: nothing is measured along roads
        nodes, edges = (no_rows(PROCESSED[name]) for name in ("road_nodes", "road_edges"))
        return RoadGraph(nodes, edges, np.array([], dtype=object))
    ways = _one_line_each(_open_roads(roads, ledger), ledger)
    facts = _facts(ways, parameters, ledger)
    _refuse_none(facts)
    every = ways.geometry.to_numpy()
    lines = np.asarray(shapely.transform(every, lambda xy: np.rint(xy * CM_PER_M)))
    ends = shapely.get_coordinates(
        np.concatenate([shapely.get_point(lines, 0), shapely.get_point(lines, -1)])
    )
    of_end, nodes_cm = _junctions(ends, parameters.road_join_m * CM_PER_M, ledger)
    u, v = of_end[: len(lines)], of_end[len(lines) :]
    lines = _moved_to_nodes(lines, nodes_cm[u], nodes_cm[v])
    length_cm = np.maximum(np.ceil(shapely.length(lines) - NOISE_CM), 1)
    edges = facts.assign(u=u, v=v, length_m=length_cm / CM_PER_M)
    edges = main_components(edges, len(nodes_cm), ledger)
    used = (edges["walk"] | edges["drive_forward"] | edges["drive_backward"]).to_numpy()
    _count_shapes(edges[used], ledger)
    return _numbered(edges[used], nodes_cm, lines[used])


def _refuse_none(facts: pd.DataFrame) -> None:
    by_car = facts["drive_forward"] | facts["drive_backward"]
    for way, allowed in (("walk", facts["walk"]), ("drive", by_car)):
        if not allowed.any():
            words = f"no road is left that one may {way}: tracks and closed roads are none"
            raise KwevError(words, where=_DATASET, hint="Fetch the file again.")


def _open_roads(roads: gpd.GeoDataFrame, ledger: Ledger) -> gpd.GeoDataFrame:
    """Drop what is no road or not open; count what is gated."""
    tracks = roads["CartoClass"].isin(NO_ROAD)
    ledger.add(_DATASET, "tracks of the ION are no road", "dropped", tracks)
    shut = ~tracks & roads["PublicAcce"].isin(NOT_OPEN)
    ledger.add(_DATASET, "closed, or not built yet", "dropped", shut)
    gated = ~tracks & roads["PublicAcce"].isin(GATED)
    note = "who lives behind a gate comes out of it"
    ledger.add(_DATASET, "behind a gate", "kept", gated, note)
    return roads[~tracks & ~shut].sort_values("OBJECTID", kind="stable").reset_index(drop=True)


def _one_line_each(roads: gpd.GeoDataFrame, ledger: Ledger) -> gpd.GeoDataFrame:
    """Split roads of several parts: the first part keeps the id, others get one past the last."""
    several = roads.geometry.geom_type == "MultiLineString"
    ledger.add(_DATASET, "one road of several lines", "repaired", several)
    single = roads.explode(index_parts=False).reset_index(drop=True)
    again = single["OBJECTID"].duplicated()
    single.loc[again, "OBJECTID"] = roads["OBJECTID"].max() + 1 + np.arange(int(again.sum()))
    return single.sort_values("OBJECTID", kind="stable").reset_index(drop=True)


def _facts(ways: gpd.GeoDataFrame, parameters: Parameters, ledger: Ledger) -> pd.DataFrame:
    """Return id, class, speed and the ways one may go by law, before components are known."""
    road_class = ways["CartoClass"].map(class_name)
    spelt = ways["FlowDirect"] == "TwoWay"
    ledger.add(_DATASET, "two-way spelt otherwise", "repaired", spelt)
    no_speed = ways["SpeedZone"].isna()
    default = road_class.map(dict(parameters.road_speeds_kmh))
    note = "speed of its class"
    ledger.add(_DATASET, "no speed limit", "repaired", no_speed, note)
    emergency = ways["PublicAcce"].isin(NO_DRIVE_ACCESS)
    note = "walked, not driven"
    ledger.add(_DATASET, "emergency access only", "kept", emergency, note)
    flow = ways["FlowDirect"]
    one_way = flow.isin(["FromTo", "ToFrom"])
    note = "direction as digitised, or against it"
    ledger.add(_DATASET, "one-way", "kept", one_way, note)
    return pd.DataFrame(
        {
            "edge_id": ways["OBJECTID"].astype(np.int64),
            "walk": ~road_class.isin(NO_ACCESS),
            "drive_forward": ~emergency & (flow != "ToFrom"),
            "drive_backward": ~emergency & (flow != "FromTo"),
            "speed_kmh": ways["SpeedZone"].fillna(default).astype(float),
            "road_class": road_class,
        }
    )


def class_name(carto_class: str) -> str:
    """Return a class of the road file as one word: ``Turning Lane`` becomes ``turning_lane``."""
    return "_".join("".join(c if c.isalpha() else " " for c in carto_class.lower()).split())


def _junctions(
    ends_cm: NDArray[np.float64], reach_cm: float, ledger: Ledger
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the node of each end and the nodes' coordinates: ends this close are one junction.

    A junction lies at its south-western end, so nothing is averaged.
    """
    spots, of_end = np.unique(ends_cm, axis=0, return_inverse=True)
    group = clusters(spots, reach_cm)
    first = np.unique(group, return_index=True)[1]  # spots are sorted, so this is the lowest
    joined = len(spots) - len(first)
    ledger.add(_DATASET, "ends a hair apart", "repaired", joined, "joined to one junction")
    return group[of_end.reshape(-1)], spots[first]


def _moved_to_nodes(
    lines: NDArray[Any], start_cm: NDArray[np.float64], end_cm: NDArray[np.float64]
) -> NDArray[Any]:
    """Return the lines with their ends on their junctions."""
    xy, index = shapely.get_coordinates(lines, return_index=True)
    first = np.searchsorted(index, np.arange(len(lines)))
    last = np.append(first[1:], len(index)) - 1
    xy[first], xy[last] = start_cm, end_cm
    return np.asarray(shapely.linestrings(xy, indices=index))


def main_components(edges: pd.DataFrame, nodes: int, ledger: Ledger) -> pd.DataFrame:
    """Keep each way to go only where all of it can be reached from all of it.

    ``u`` and ``v`` count the nodes from 0.
    """
    u, v = edges["u"].to_numpy(), edges["v"].to_numpy()
    metres = edges["length_m"].to_numpy()
    walk = edges["walk"].to_numpy()
    ahead, back = edges["drive_forward"].to_numpy(), edges["drive_backward"].to_numpy()
    on_foot = _largest(u[walk], v[walk], metres[walk], components(u[walk], v[walk], nodes))
    tails, heads = np.append(u[ahead], v[back]), np.append(v[ahead], u[back])
    lengths = np.append(metres[ahead], metres[back])
    by_car = _largest(tails, heads, lengths, components(tails, heads, nodes, directed=True))
    in_walk, in_drive = on_foot[u] & on_foot[v], by_car[u] & by_car[v]
    for rule, allowed, main in (
        ("not connected on foot", walk, in_walk),
        ("no way there and back by car", ahead | back, in_drive),
    ):
        lost = allowed & ~main
        note = f"{metres[lost].sum() / 1000:.1f} km of {metres[allowed].sum() / 1000:.1f} km"
        ledger.add(_DATASET, rule, "dropped", lost, note)
    return edges.assign(
        walk=walk & in_walk, drive_forward=ahead & in_drive, drive_backward=back & in_drive
    )


def _largest(
    tails: NDArray[np.int64],
    heads: NDArray[np.int64],
    metres: NDArray[np.float64],
    of_node: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """Return which nodes are in the component with the longest edges."""
    inside = of_node[tails] == of_node[heads]
    length = np.bincount(of_node[tails[inside]], metres[inside], minlength=1)
    return np.asarray(of_node == int(length.argmax()))


def _count_shapes(edges: pd.DataFrame, ledger: Ledger) -> None:
    loops = edges["u"] == edges["v"]
    ledger.add(_DATASET, "loops from a junction to itself", "kept", loops)
    ends = np.sort(edges.loc[~loops, ["u", "v"]].to_numpy(), axis=1)
    twins = len(ends) - len(np.unique(ends, axis=0))
    ledger.add(_DATASET, "roads beside each other between two junctions", "kept", twins)


def _numbered(edges: pd.DataFrame, nodes_cm: NDArray[np.float64], lines: NDArray[Any]) -> RoadGraph:
    """Return the graph with junctions numbered from west to east, then south to north."""
    used, ends = np.unique(edges[["u", "v"]].to_numpy(), return_inverse=True)
    order = np.lexsort((nodes_cm[used, 1], nodes_cm[used, 0]))
    rank = np.empty(len(used), np.int64)
    rank[order] = np.arange(len(used))
    xy = nodes_cm[used][order] / CM_PER_M
    nodes = pd.DataFrame(
        {"node_id": np.arange(len(used)), "easting_m": xy[:, 0], "northing_m": xy[:, 1]}
    )
    ends = rank[ends.reshape(-1, 2)]
    numbered = edges.assign(u=ends[:, 0], v=ends[:, 1])
    return RoadGraph(nodes, arrange(numbered, "road_edges").reset_index(drop=True), lines)


MODES: Final = ("walk", "drive")
HOMES: Final = ("cell",)
"""Kinds of places that are homes; the others are stations, sites, or stand for a whole area."""


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
    if graph.edges.empty:
        return no_rows(PROCESSED["road_snaps"])
    parts = []
    for kind, table in places.items():
        ordered = table.sort_values(table.columns[0], kind="stable").reset_index(drop=True)
        reach_m = parameters.road_snap_m if kind in HOMES else parameters.road_snap_wide_m
        found = {}
        for mode in MODES:
            snapped = snap(graph, to_cm(metres_of(ordered)), mode, reach_m * CM_PER_M)
            _count_unsnapped(ledger, kind, mode, ordered, snapped)
            found[mode] = snapped.assign(id=ordered[ordered.columns[0]], kind=kind, mode=mode)
        parts.append(_merged(found["walk"], found["drive"]))
    return arrange(pd.concat(parts, ignore_index=True), "road_snaps")


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
    table = pd.DataFrame({"edge_id": -1, "along_m": 0.0, "offset_m": 0.0}, index=range(len(points)))
    found = spots_on(graph, eligible[nearest[snapped]], points_cm[snapped])
    table.loc[snapped, list(found)] = found.to_numpy()
    return table.astype({"edge_id": np.int64})


def spots_on(
    graph: RoadGraph, edge: NDArray[np.int64], points_cm: NDArray[np.int64]
) -> pd.DataFrame:
    """Return where on a given edge (its index) each point meets the roads, as :func:`snap` does."""
    line, point = graph.lines_cm[edge], np.asarray(shapely.points(points_cm))
    exact = shapely.line_locate_point(line, point)
    at_end = exact > shapely.length(line) - 1
    down = np.floor(exact + NOISE_CM)
    spot = np.where(at_end, shapely.get_point(line, -1), shapely.line_interpolate_point(line, down))
    offset = np.ceil(shapely.distance(spot, point) - NOISE_CM)
    return pd.DataFrame(
        {
            "edge_id": graph.edges["edge_id"].to_numpy()[edge],
            "along_m": np.where(at_end, graph.length_cm[edge], down) / CM_PER_M,
            "offset_m": np.maximum(offset, 0) / CM_PER_M,
        }
    )


def _count_unsnapped(
    ledger: Ledger, kind: str, mode: str, table: pd.DataFrame, snapped: pd.DataFrame
) -> None:
    lost = (snapped["edge_id"] < 0).to_numpy()
    way = "walking" if mode == "walk" else "driving"
    note = f"out of reach {way}"
    if "population" in table:
        people = table["population"].to_numpy(np.float64)
        note = f"{people[lost].sum():,.0f} of {people.sum():,.0f} people {note}"
    ledger.add("road_snaps", f"{kind} far from every road", "flagged", lost, note)


def _merged(walk: pd.DataFrame, drive: pd.DataFrame) -> pd.DataFrame:
    """Return both ways sorted by id, in one row where they are the same."""
    spot = ["edge_id", "along_m", "offset_m"]
    same = (walk[spot] == drive[spot]).all(axis=1)
    parts = [walk[same].assign(mode="both"), walk[~same], drive[~same]]
    rows = pd.concat(parts, ignore_index=True)
    rows = rows[rows["edge_id"] >= 0]
    return rows.sort_values(["id", "mode"], kind="stable", ignore_index=True)
