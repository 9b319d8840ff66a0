"""The road network in osmnx's conventions, and back: an OSM network can stand in for the file.

A graph has ``crs``; a node ``x``, ``y`` and ``street_count``; an edge ``osmid``, ``length`` (m),
``highway``, ``oneway``, ``reversed``, ``maxspeed``, ``speed_kph`` and, where the line is known,
``geometry``. A way that is driven in both directions is two edges, as in osmnx; one-way holds for
cars, and whoever may walk a way walks it in both directions [Boeing, 2017].
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import networkx as nx
import numpy as np
import osmnx
import pandas as pd
import shapely

from kwev.pipeline.parameters import Parameters
from kwev.pipeline.quality import Ledger
from kwev.pipeline.roads import CM_PER_M, NO_WALK, NOISE_CM, RoadGraph, main_components, to_cm
from kwev.units import CRS_METRES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from kwev.network import RoadNetwork

HIGHWAY: Final = {
    "freeway": "motorway",
    "ramp": "motorway_link",
    "highway": "trunk",
    "arterial": "secondary",
    "collector": "tertiary",
    "local_street": "residential",
    "cul_de_sac": "residential",
    "turning_lane": "secondary_link",
    "alleyway_lane": "service",
    "private": "service",
    "footpath": "footway",
}
"""OSM's tag for each class of road."""

CLASS_OF: Final = {
    "motorway": "freeway", "motorway_link": "ramp", "trunk": "highway", "trunk_link": "ramp",
    "primary": "arterial", "primary_link": "arterial", "secondary": "arterial",
    "secondary_link": "turning_lane", "tertiary": "collector", "tertiary_link": "collector",
    "residential": "local_street", "living_street": "local_street", "unclassified": "local_street",
    "road": "local_street", "service": "private", "track": "private", "busway": "private",
    "footway": "footpath", "path": "footpath", "pedestrian": "footpath", "steps": "footpath",
    "cycleway": "footpath", "bridleway": "footpath", "corridor": "footpath",
}  # fmt: skip
"""Class of road for each of OSM's tags; one that is not listed is a local street."""

NO_DRIVE: Final = ("footpath",)


def to_osmnx(roads: RoadGraph | RoadNetwork) -> nx.MultiDiGraph:
    """Return the network as a graph that osmnx understands, in EPSG:26917.

    Edges carry ``walk``, ``drive`` and ``road_class`` besides, and ``geometry`` where the roads
    have lines.
    """
    graph = nx.MultiDiGraph(crs=CRS_METRES, simplified=True)
    count = np.unique(roads.edges[["u", "v"]].to_numpy(), return_counts=True)
    streets = dict(zip(*(part.tolist() for part in count), strict=True))
    for node in roads.nodes.to_dict("records"):
        name = int(node["node_id"])
        graph.add_node(
            name, x=node["easting_m"], y=node["northing_m"], street_count=streets.get(name, 0)
        )
    lines = roads.lines_cm if isinstance(roads, RoadGraph) else [None] * len(roads.edges)
    for edge, line in zip(roads.edges.to_dict("records"), lines, strict=True):
        metres = None if line is None else shapely.transform(line, lambda xy: xy / CM_PER_M)
        for against in _arcs(edge):
            u, v = (edge["v"], edge["u"]) if against else (edge["u"], edge["v"])
            facts = _attributes(edge, reverse=against)
            if metres is not None:
                facts["geometry"] = metres.reverse() if against else metres
            graph.add_edge(int(u), int(v), **facts)
    return graph


def _arcs(edge: Mapping[Any, Any]) -> list[bool]:
    """Return the directions of an edge in the graph: False ahead, True against its line."""
    ahead, back = edge["drive_forward"], edge["drive_backward"]
    return [False, True] if ahead == back else [not ahead]


def _attributes(edge: Mapping[Any, Any], *, reverse: bool) -> dict[str, Any]:
    ahead, back = bool(edge["drive_forward"]), bool(edge["drive_backward"])
    return {
        "osmid": int(edge["edge_id"]),
        "length": float(edge["length_m"]),
        "highway": HIGHWAY[edge["road_class"]],
        "oneway": ahead != back,
        "reversed": reverse,
        "maxspeed": f"{edge['speed_kmh']:g}",
        "speed_kph": float(edge["speed_kmh"]),
        "walk": bool(edge["walk"]),
        "drive": ahead or back,
        "road_class": edge["road_class"],
    }


def from_osmnx(graph: nx.MultiDiGraph, ledger: Ledger | None = None) -> RoadGraph:
    """Return a graph of osmnx as roads, ready for :func:`kwev.pipeline.snapping.snap_table`.

    Take a graph of the network type ``all``, so that footpaths are in it; one in degrees is
    projected. Who may go where is read from ``walk`` and ``drive`` where edges have them, else
    from ``highway``: nobody walks on freeways and ramps, nobody drives on footpaths.

    Parameters
    ----------
    graph
        With nodes ``x``, ``y`` and edges ``length``, ``highway``, ``oneway`` and, where bent,
        ``geometry``.
    ledger
        Takes how many edges are not connected.
    """
    if str(graph.graph["crs"]).lower() != CRS_METRES.lower():
        graph = osmnx.project_graph(graph, to_crs=CRS_METRES)
    names = sorted(graph.nodes, key=lambda n: (graph.nodes[n]["x"], graph.nodes[n]["y"]))
    number = {name: i for i, name in enumerate(names)}
    xy = [(graph.nodes[name]["x"], graph.nodes[name]["y"]) for name in names]
    at_cm = to_cm(np.array(xy, float).reshape(-1, 2))
    found = list(_ways(graph))
    lines = np.array([_line_cm(way, at_cm, number) for way in found], object)
    rows = [_row(i, way, number) for i, way in enumerate(found)]
    edges = pd.DataFrame(rows)
    edges["length_m"] = _length_cm(found, lines) / CM_PER_M
    if edges["edge_id"].duplicated().any():  # OSM cuts one way into many edges
        edges["edge_id"] = np.arange(len(edges))
    edges = main_components(edges, len(names), ledger or Ledger())
    columns = [
        "edge_id", "u", "v", "length_m", "walk", "drive_forward", "drive_backward", "speed_kmh",
        "road_class",
    ]  # fmt: skip
    used = (edges["walk"] | edges["drive_forward"] | edges["drive_backward"]).to_numpy()
    order = np.argsort(edges["edge_id"].to_numpy()[used], kind="stable")
    nodes = pd.DataFrame({"node_id": np.arange(len(names))})
    nodes[["easting_m", "northing_m"]] = at_cm / CM_PER_M
    kept = edges[used].iloc[order].reset_index(drop=True)
    return RoadGraph(nodes, kept[columns], lines[used][order])


Way = dict[str, Any]


def _ways(graph: nx.MultiDiGraph) -> Iterator[Way]:
    """Yield each way once: the edge along its line, with the directions that may be driven."""
    waiting: dict[tuple[Any, ...], Way] = {}
    for u, v, data in graph.edges(data=True):
        against = data.get("reversed", False)
        if not isinstance(against, bool):  # osmnx merged pieces that were drawn either way
            against = str(u) > str(v)
        start, end = (v, u) if against else (u, v)
        same = (start, end, str(data.get("osmid")), round(float(data["length"]), 2))
        line = data.get("geometry")
        if same in waiting and waiting[same]["back" if against else "ahead"]:
            yield waiting.pop(same)  # a twin of the same length
        known = waiting.setdefault(
            same, {**data, "start": start, "end": end, "ahead": False, "back": False}
        )
        known["back" if against else "ahead"] = True
        known["geometry"] = line.reverse() if against and line is not None else line
    yield from waiting.values()


def _row(i: int, way: Way, number: dict[Any, int]) -> dict[str, Any]:
    tag = way["highway"][0] if isinstance(way["highway"], list) else way["highway"]
    road_class = way.get("road_class", CLASS_OF.get(tag, "local_street"))
    drive = way.get("drive", road_class not in NO_DRIVE)
    speeds = dict(Parameters().road_speeds_kmh)
    return {
        "edge_id": way["osmid"] if isinstance(way.get("osmid"), int) else i,
        "u": number[way["start"]],
        "v": number[way["end"]],
        "walk": bool(way.get("walk", road_class not in NO_WALK)),
        "drive_forward": bool(drive and way["ahead"]),
        "drive_backward": bool(drive and way["back"]),
        "speed_kmh": float(way.get("speed_kph", speeds[road_class])),
        "road_class": road_class,
    }


def _line_cm(way: Way, at_cm: NDArray[np.int64], number: dict[Any, int]) -> shapely.LineString:
    ends = at_cm[number[way["start"]]], at_cm[number[way["end"]]]
    if way["geometry"] is None:
        return shapely.LineString(ends)
    inner = to_cm(shapely.get_coordinates(way["geometry"]))[1:-1]
    return shapely.LineString(np.vstack([ends[:1], inner, ends[1:]]))


def _length_cm(ways: list[Way], lines: NDArray[Any]) -> NDArray[np.int64]:
    """Return the length of each line, or as stated where only its ends are known; rounded up."""
    drawn = np.array([way["geometry"] is not None for way in ways], bool)
    stated = np.array([way["length"] for way in ways], float) * CM_PER_M
    least = shapely.length(lines)
    length = np.where(drawn, least, np.maximum(stated, least))
    return np.maximum(np.ceil(length - NOISE_CM), 1).astype(np.int64)
