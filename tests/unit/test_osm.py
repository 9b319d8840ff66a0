"""The roads as a graph of osmnx and back, and a graph of osmnx in place of the road file."""

from __future__ import annotations

import networkx as nx
import numpy as np
import osmnx
import pandas as pd
import pytest
import shapely
from toy import streets, toy

from kwev.network import RoadNetwork
from kwev.osm import CLASS_OF, HIGHWAY, from_osmnx, to_osmnx
from kwev.pipeline.parameters import Parameters
from kwev.pipeline.quality import Ledger
from kwev.pipeline.roads import RoadGraph
from kwev.pipeline.snapping import snap_table
from kwev.places import Places
from kwev.schemas.roads import ROAD_CLASSES

EDGES = [
    (0, 1, 100, "->"),
    (1, 2, 100),
    (3, 2, 100, "<-"),
    (3, 0, 100),
    (0, 1, 140, "walk"),
    (2, 2, 70),
]


@pytest.fixture
def network():
    """A block with a one-way street, a footway beside it and a loop, at real coordinates."""
    tables = streets(toy([(0, 0, 1, 1)]), EDGES, {})
    corners = np.array([(0, 0), (100, 0), (100, 100), (0, 100)], float)
    tables.road_nodes[["easting_m", "northing_m"]] = corners + np.array([540_000, 4_810_000])
    return RoadNetwork.of(tables)


def test_the_graph_follows_the_conventions_of_osmnx(network):
    graph = to_osmnx(network)
    assert isinstance(graph, nx.MultiDiGraph)
    assert graph.graph["crs"] == "EPSG:26917"
    assert graph.nodes[2] == {"x": 540_100, "y": 4_810_100, "street_count": 4}
    assert len(graph.edges) == 1 + 2 + 1 + 2 + 2 + 2
    one_way = graph.edges[0, 1, 0]
    assert one_way["osmid"] == 0
    assert (one_way["length"], one_way["oneway"], one_way["reversed"]) == (100, True, False)
    assert (one_way["highway"], one_way["speed_kph"]) == ("residential", 50)
    assert graph.edges[2, 3, 0]["reversed"]
    assert not graph.has_edge(3, 2)
    frames = osmnx.graph_to_gdfs(graph)
    assert [len(frame) for frame in frames] == [4, 10]


def test_osmnx_finds_the_same_ways_by_car(network):
    graph = to_osmnx(network)
    by_car = nx.MultiDiGraph(graph.edge_subgraph(e for e in graph.edges if graph.edges[e]["drive"]))
    assert osmnx.shortest_path(by_car, 1, 0, weight="length") == [1, 2, 3, 0]
    spots = pd.DataFrame(
        [("da", "a", "both", 0, 100.0, 0.0), ("site", "b", "both", 0, 0.0, 0.0)],
        columns=["kind", "id", "mode", "edge_id", "along_m", "offset_m"],
    )
    here = RoadNetwork(network.nodes, network.edges, spots)
    nowhere = np.zeros((1, 2))
    a, b = (Places.of_kind(k, np.array([i]), nowhere) for k, i in (("da", "a"), ("site", "b")))
    assert here.nearest_m("drive", a, b)[0] == 300
    assert here.nearest_m("walk", a, b)[0] == 100


def assert_same(roads, again):
    spots = ["easting_m", "northing_m"]
    order = roads.nodes.sort_values(spots)["node_id"].tolist()
    number = {name: i for i, name in enumerate(order)}
    expected = roads.edges.assign(u=roads.edges["u"].map(number), v=roads.edges["v"].map(number))
    pd.testing.assert_frame_equal(again.edges, expected, check_dtype=False)
    assert np.array_equal(again.nodes[spots], roads.nodes.sort_values(spots)[spots])


def test_there_and_back_without_lines(network):
    assert_same(network, from_osmnx(to_osmnx(network)))


def test_the_regions_roads_there_and_back(tables):
    network = RoadNetwork.of(tables)
    assert_same(network, from_osmnx(to_osmnx(network)))


def test_lines_survive():
    line = shapely.LineString([(0, 0), (3_000, 4_000), (10_000, 0)])
    nodes = pd.DataFrame({"node_id": [0, 1], "easting_m": [0.0, 100.0], "northing_m": [0.0, 0.0]})
    edges = pd.DataFrame(
        [(7, 0, 1, 130.63, True, True, True, 40.0, "collector")],
        columns=["edge_id", "u", "v", "length_m", "walk", "drive_forward", "drive_backward",
                 "speed_kmh", "road_class"],
    )  # fmt: skip
    roads = RoadGraph(nodes, edges, np.array([line], object))
    again = from_osmnx(to_osmnx(roads))
    assert_same(roads, again)
    assert again.lines_cm[0].equals(line)


def osm_graph(crs="EPSG:26917", x=540_000.0, y=4_810_000.0, step=100.0):
    """Return a graph as osmnx downloads it: a street, a footway, and a motorway beyond."""
    graph = nx.MultiDiGraph(crs=crs)
    for i in range(4):
        graph.add_node(1_000 + i, x=x + i * step, y=y)
    two_way = {"osmid": 11, "length": 100.1, "highway": "residential", "oneway": False}
    graph.add_edge(1_000, 1_001, **two_way, reversed=False)
    graph.add_edge(1_001, 1_000, **two_way, reversed=True)
    path = {"osmid": 12, "length": 100.1, "highway": ["footway", "steps"], "oneway": False}
    graph.add_edge(1_001, 1_002, **path, reversed=[True, False])
    graph.add_edge(1_002, 1_001, **path, reversed=[False, True])
    graph.add_edge(
        1_002, 1_003, osmid=13, length=100.1, highway="motorway", oneway=True, reversed=False
    )
    return graph


def test_an_osm_network_replaces_the_road_file():
    ledger = Ledger()
    roads = from_osmnx(osm_graph(), ledger)
    edges = roads.edges.set_index("edge_id")
    assert edges["road_class"].to_dict() == {11: "local_street", 12: "footpath"}
    assert edges["walk"].all()
    assert edges["drive_forward"].tolist() == edges["drive_backward"].tolist() == [True, False]
    assert edges["length_m"].tolist() == [100.1, 100.1]
    counts = ledger.table().set_index("rule")["rows"]
    assert counts["no way there and back by car"] == 1
    homes = pd.DataFrame(
        {"cell_id": ["c_1_1"], "easting_m": [540_180.0], "northing_m": [4_810_003.0],
         "population": [5]}
    )  # fmt: skip
    sites = pd.DataFrame(
        {"site_id": ["library_1_1"], "easting_m": [540_020.0], "northing_m": [4_810_004.0]}
    )
    snaps = snap_table(roads, {"cell": homes, "site": sites}, Parameters(), Ledger())
    network = RoadNetwork(roads.nodes, roads.edges, snaps)
    points, places = (
        Places.of_kind(kind, t.iloc[:, 0].to_numpy(str), t[["easting_m", "northing_m"]].to_numpy())
        for kind, t in (("cell", homes), ("site", sites))
    )
    # 3 to the footway, 80 on it, 80.1 on the street, 4 to the library
    assert network.nearest_m("walk", points, places)[0] == pytest.approx(3 + 80 + 80.1 + 4)
    # by car from the end of the street, which the home meets 80 m away
    assert network.nearest_m("drive", points, places)[0] == pytest.approx(80.06 + 80.1 + 4)


def test_a_network_in_degrees_is_projected():
    roads = from_osmnx(osm_graph("EPSG:4326", -80.5, 43.45, 0.001))
    assert roads.nodes["easting_m"].between(500_000, 600_000).all()
    assert roads.edges["length_m"].tolist() == [100.1, 100.1]


def test_every_class_has_a_tag_and_every_tag_a_class():
    assert set(HIGHWAY) == set(ROAD_CLASSES)
    assert set(CLASS_OF.values()) <= set(ROAD_CLASSES)
    assert {"motorway", "residential", "footway", "steps"} <= set(CLASS_OF)
