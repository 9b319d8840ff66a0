"""The road graph and where places meet it, on hand-made roads and on the Region's."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from regions import SETTINGS

from kwev.data.columns import choices
from kwev.pipeline.geometry import to_cm
from kwev.pipeline.parameters import Parameters
from kwev.pipeline.raw import Ledger
from kwev.pipeline.roads import class_name, road_graph, snap, snap_table

WEST, SOUTH = 540_000.0, 4_810_000.0


def road(*points, cls="Local Street", flow="Two-Way", access="Public roadway", speed=50.0):
    """Return one row of the road file; points count from WEST, SOUTH."""
    parts = points if isinstance(points[0][0], tuple) else (points,)
    lines = [[(WEST + x, SOUTH + y) for x, y in part] for part in parts]
    shape = shapely.LineString(lines[0]) if len(lines) == 1 else shapely.MultiLineString(lines)
    return {
        "CartoClass": cls, "FlowDirect": flow, "PublicAcce": access, "SpeedZone": speed,
        "geometry": shape,
    }  # fmt: skip


def built(*rows, parameters=None):
    """Return the graph of the rows, numbered from 1, and what the ledger says by rule."""
    frame = gpd.GeoDataFrame(list(rows), crs="EPSG:26917")
    frame["OBJECTID"] = np.arange(1, len(rows) + 1)
    ledger = Ledger()
    graph = road_graph(frame, parameters or Parameters(), ledger)
    counts = ledger.table().set_index("rule")["rows"].to_dict()
    return graph, counts


def square(*more):
    """Return a block of 100 m: south, east, north, west; then more roads."""
    return (
        road((0, 0), (100, 0)),
        road((100, 0), (100, 100)),
        road((100, 100), (0, 100)),
        road((0, 100), (0, 0)),
        *more,
    )


def edge(graph, edge_id):
    return graph.edges.set_index("edge_id").loc[edge_id]


def at(x, y):
    return to_cm(np.array([[WEST + x, SOUTH + y]]))


def test_a_block_has_four_nodes_numbered_from_the_west():
    graph, _ = built(*square())
    spots = graph.nodes[["easting_m", "northing_m"]].to_numpy() - (WEST, SOUTH)
    assert spots.tolist() == [[0, 0], [0, 100], [100, 0], [100, 100]]
    assert graph.edges[["edge_id", "u", "v"]].to_numpy().tolist() == [
        [1, 0, 2], [2, 2, 3], [3, 3, 1], [4, 1, 0],
    ]  # fmt: skip
    assert (graph.edges["length_m"] == 100).all()
    assert graph.edges[["walk", "drive_forward", "drive_backward"]].to_numpy().all()


def test_ends_a_hair_apart_are_one_junction_and_the_line_reaches_it():
    graph, counts = built(road((0, 0), (100, 0)), road((100.3, 0.2), (100, 100)))
    assert len(graph.nodes) == 3
    assert counts["ends a hair apart"] == 1
    assert edge(graph, 2)["length_m"] == 100
    apart, counts = built(road((0, 0), (100, 0)), road((101, 0), (101, 50)))
    assert len(apart.nodes) == 2
    assert counts["not connected on foot"] == 1


def test_lengths_are_rounded_up_to_the_centimetre():
    graph, _ = built(road((0, 0), (100, 50)))
    assert edge(graph, 1)["length_m"] == 111.81  # 111.803 m
    whole, _ = built(road((0, 0), (30, 40), (60, 80)))
    assert edge(whole, 1)["length_m"] == 100


def test_roads_that_cross_without_a_shared_end_do_not_meet():
    bridge = road((50, -50), (50, 50))
    graph, counts = built(*square(bridge))
    assert 5 not in set(graph.edges["edge_id"])
    assert counts["not connected on foot"] == 1


def test_directions_are_those_of_the_file():
    graph, counts = built(
        *square(
            road((0, 0), (100, 100), flow="FromTo"),
            road((0, 0), (50, 60), (100, 100), flow="ToFrom"),
            road((0, 100), (100, 0), flow="TwoWay"),
        )
    )
    ways = {i: tuple(edge(graph, i)[["drive_forward", "drive_backward"]]) for i in (5, 6, 7)}
    assert ways == {5: (True, False), 6: (False, True), 7: (True, True)}
    assert graph.edges["walk"].all()
    assert counts["one-way"] == 2
    assert counts["two-way spelt otherwise"] == 1
    assert counts["roads beside each other between two junctions"] == 1


def test_a_one_way_dead_end_is_walked_but_not_driven():
    graph, counts = built(*square(road((100, 100), (300, 100), flow="FromTo")))
    assert tuple(edge(graph, 5)[["walk", "drive_forward", "drive_backward"]]) == (
        True,
        False,
        False,
    )
    assert counts["no way there and back by car"] == 1


def test_an_island_is_no_part_of_the_roads():
    graph, counts = built(*square(), road((900, 900), (950, 900)))
    assert graph.edges["edge_id"].tolist() == [1, 2, 3, 4]
    assert counts["not connected on foot"] == counts["no way there and back by car"] == 1


def test_an_edge_without_length_is_a_centimetre_and_leads_on():
    graph, _ = built(*square(road((100, 100), (100, 100))))
    assert edge(graph, 5)["length_m"] == 0.01
    assert edge(graph, 5)["u"] == edge(graph, 5)["v"]


def test_loops_are_kept():
    graph, counts = built(*square(road((0, 0), (-50, 0), (-50, -50), (0, 0))))
    loop = edge(graph, 5)
    assert loop["u"] == loop["v"]
    assert loop["length_m"] == 170.72
    assert counts["loops from a junction to itself"] == 1


def test_what_is_closed_planned_or_a_track_is_no_road():
    graph, counts = built(
        *square(
            road((0, 0), (0, -9), access="Closed"),
            road((0, 0), (0, -9), access="Future or planned road"),
            road((0, 0), (0, -9), cls="Rapid Transit"),
            road((0, 0), (0, -9), access="Private gated road", cls="Private"),
            road((0, 0), (0, -9), access="Emergency Access Only"),
        )
    )
    assert counts["closed, or not built yet"] == 2
    assert counts["tracks of the ION are no road"] == 1
    assert counts["behind a gate"] == 1
    assert counts["emergency access only"] == 1
    assert set(graph.edges["edge_id"]) == {1, 2, 3, 4, 8, 9}
    assert tuple(edge(graph, 9)[["walk", "drive_forward"]]) == (True, False)


def test_a_missing_speed_is_that_of_its_class_and_a_road_of_two_lines_is_two():
    two = road(((0, 0), (-30, 0)), ((-30, 0), (-30, -30)), cls="Private", speed=None)
    graph, counts = built(*square(two))
    assert counts["one road of several lines"] == 1
    assert counts["no speed limit"] == 2
    assert edge(graph, 5)["speed_kmh"] == edge(graph, 6)["speed_kmh"] == 20
    assert (edge(graph, 5)["length_m"], edge(graph, 6)["length_m"]) == (30, 30)


def test_every_class_has_a_speed_and_a_name():
    assert {name for name, _ in Parameters().road_speeds_kmh} == set(
        choices("road_edges", "road_class")
    )
    assert class_name("Alleyway / Lane") == "alleyway_lane"
    assert class_name("Cul-de-Sac") == "cul_de_sac"


def test_no_one_snaps_to_a_freeway_or_walks_on_it():
    freeway = road((0, 0), (100, 0), (100, -10), (0, -10), (0, 0), cls="Freeway", flow="FromTo")
    graph, _ = built(*square(freeway))
    assert not edge(graph, 5)["walk"]
    assert edge(graph, 5)["drive_forward"]
    for mode in ("walk", "drive"):
        (found,) = snap(graph, at(50, -9), mode, 5_000).to_dict("records")
        assert found == {"edge_id": 1, "along_m": 50, "offset_m": 9}


def test_snap_in_mid_edge_at_a_corner_beyond_reach_and_between_equals():
    graph, _ = built(*square())
    assert snap(graph, at(30, -40), "walk", 5_000).to_numpy().tolist() == [[1, 30, 40]]
    assert snap(graph, at(130, 140), "walk", 5_000).to_numpy().tolist() == [[2, 100, 50]]
    assert snap(graph, at(50, -50.01), "walk", 5_000).to_numpy().tolist() == [[-1, 0, 0]]
    assert snap(graph, at(50, 50), "walk", 5_000).to_numpy().tolist() == [[1, 50, 50]]


def test_snap_table_joins_both_ways_and_counts_people_out_of_reach():
    graph, _ = built(*square(road((0, 0), (0, -50), access="Emergency Access Only")))
    cells = pd.DataFrame(
        {
            "cell_id": ["b", "a", "c"],
            "easting_m": WEST + np.array([10.0, 5.0, 900.0]),
            "northing_m": SOUTH + np.array([105.0, -20.0, 0.0]),
            "population": [7, 5, 3],
        }
    )
    stations = cells.rename(columns={"cell_id": "station_id"}).drop(columns="population")
    ledger = Ledger()
    table = snap_table(graph, {"cell": cells, "station": stations}, Parameters(), ledger)
    assert table.to_numpy().tolist() == [
        ["cell", "a", "drive", 1, 5, 20],
        ["cell", "a", "walk", 5, 20, 5],
        ["cell", "b", "both", 3, 90, 5],
        ["station", "a", "drive", 1, 5, 20],
        ["station", "a", "walk", 5, 20, 5],
        ["station", "b", "both", 3, 90, 5],
        ["station", "c", "both", 1, 100, 800],
    ]
    lost = ledger.table()
    assert lost["rows"].tolist() == [1, 1, 0, 0]
    assert lost["note"].iloc[0] == "3 of 15 people out of reach walking"


spots = st.tuples(st.floats(-200, 300), st.floats(-200, 300))


@SETTINGS
@given(st.lists(spots, min_size=2, max_size=6, unique=True), spots)
def test_a_snap_is_never_shorter_than_the_straight_line(corners, point):
    """Offset plus the way to either end is at least the distance to that end, to the centimetre."""
    graph, _ = built(road(*corners))
    place = at(*point)
    (found,) = snap(graph, place, "walk", 1e6).to_dict("records")
    offset, along = round(found["offset_m"] * 100), round(found["along_m"] * 100)
    length = int(graph.length_cm[0])
    assert 0 <= along <= length
    nodes = to_cm(graph.nodes[["easting_m", "northing_m"]])
    for node, way in ((edge(graph, 1)["u"], along), (edge(graph, 1)["v"], length - along)):
        apart = ((nodes[node] - place[0]) ** 2).sum()
        assert (offset + way) ** 2 >= apart


# -- the Region ---------------------------------------------------------------------------------


def test_the_regions_roads_are_one_network_in_each_way_to_go(tables):
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    edges, n = tables.road_edges, len(tables.road_nodes)
    walk = edges[edges["walk"]]
    ahead, back = edges[edges["drive_forward"]], edges[edges["drive_backward"]]
    drive = (np.append(ahead["u"], back["v"]), np.append(ahead["v"], back["u"]))
    for (tails, heads), strong in (((walk["u"], walk["v"]), False), (drive, True)):
        graph = coo_array((np.ones(len(tails)), (tails, heads)), shape=(n, n))
        kind = "strong" if strong else "weak"
        _, of_node = connected_components(graph, directed=True, connection=kind)
        assert len(np.unique(of_node[np.unique(np.append(tails, heads))])) == 1
    assert not walk["road_class"].isin(["freeway", "ramp"]).any()


def test_edges_are_no_shorter_than_the_straight_line_and_snaps_lie_on_them(tables):
    nodes = to_cm(tables.road_nodes[["easting_m", "northing_m"]])
    edges = tables.road_edges.set_index("edge_id")
    apart = nodes[edges["u"]] - nodes[edges["v"]]
    assert (to_cm(edges["length_m"]) ** 2 >= (apart**2).sum(axis=1)).all()
    snaps = tables.road_snaps
    on = edges.loc[snaps["edge_id"]]
    along, length = to_cm(snaps["along_m"]), to_cm(on["length_m"])
    assert (along <= length).all()
    assert not on["road_class"].isin(["freeway", "ramp"]).any()
    walked, driven = (snaps["mode"] != "drive").to_numpy(), (snaps["mode"] != "walk").to_numpy()
    assert on["walk"].to_numpy()[walked].all()
    assert (on["drive_forward"] | on["drive_backward"]).to_numpy()[driven].all()


def test_every_place_has_at_most_one_snap_a_way_and_who_has_none_is_counted(tables):
    snaps = tables.road_snaps
    for mode in ("walk", "drive"):
        of_mode = snaps[snaps["mode"].isin([mode, "both"])]
        assert not of_mode.duplicated(["kind", "id"]).any()
        cells = set(of_mode.loc[of_mode["kind"] == "cell", "id"])
        lost = tables.cells[~tables.cells["cell_id"].isin(cells)]
        way = "walking" if mode == "walk" else "driving"
        quality = tables.quality[tables.quality["rule"] == "cell far from every road"]
        (row,) = quality[quality["note"].str.endswith(way)].to_dict("records")
        assert row["rows"] == len(lost)
        assert row["note"].startswith(f"{lost['population'].sum():,.0f} of 587,165 people")


@pytest.mark.parametrize(("kind", "reach_m"), [("cell", 150), ("station", 1_000)])
def test_offsets_stay_within_the_tolerance(tables, kind, reach_m):
    offsets = tables.road_snaps.loc[tables.road_snaps["kind"] == kind, "offset_m"]
    assert offsets.max() <= reach_m + 0.01
