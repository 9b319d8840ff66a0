"""Streets and their numbers: thinned within the tolerance, on hand-made roads and the Region's."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from regions import SETTINGS

from kwev.data.schemas import PROCESSED
from kwev.pipeline.parameters import Parameters
from kwev.pipeline.raw import Ledger
from kwev.pipeline.roads import road_graph
from kwev.pipeline.streets import ALONG_M, OFFSET_M, street_key, street_tables, thinned

WEST, SOUTH = 540_000.0, 4_810_000.0


def road(name, *points, town="Elder", place="Elder", cls="Local Street"):
    line = shapely.LineString([(WEST + x, SOUTH + y) for x, y in points])
    return {
        "FullStreet": name, "LeftMunici": town, "RightMunic": town, "LeftSettle": place,
        "RightSettl": place, "CartoClass": cls, "FlowDirect": "Two-Way",
        "PublicAcce": "Public roadway", "SpeedZone": 50.0, "geometry": line,
    }  # fmt: skip


def made(roads, houses):
    """Return the tables of roads, and of houses as (number, street, x, y, town)."""
    frame = gpd.GeoDataFrame(roads, crs="EPSG:26917").assign(OBJECTID=range(1, len(roads) + 1))
    graph = road_graph(frame, Parameters(), Ledger())
    addresses = pd.DataFrame(houses, columns=["street_no", "street", "x", "y", "city"])
    addresses = addresses.assign(easting_m=WEST + addresses["x"], northing_m=SOUTH + addresses["y"])
    ledger = Ledger()
    towns = {"Elder": "3530001", "Ash": "3530002"}
    return street_tables(frame, graph, addresses, towns, ledger), ledger.table()


def test_numbers_of_each_side_by_hand():
    roads = [
        road("Main St", (0, 0), (100, 0)),
        road("Main St", (100, 0), (100, 60), (300, 60), place="Hill"),
        road("Side St", (0, 0), (0, 80)),
        road("Side St to Main St", (0, 80), (100, 0)),
    ]
    houses = [
        ("1", "Main St", 10, 15, "Elder"), ("3", "Main St", 30, 15, "Elder"),
        ("5", "Main St", 50, 15, "Elder"), ("5A", "Main St", 51, 15, "Elder"),
        ("2", "MAIN ST", 20, -12, "Elder"), ("8", "Main St", 150, 50, "Elder"),
        # nearer to Main St, yet it is reached from the street of its name
        ("4", "Side St", 20, 10, "Elder"), ("9", "Nowhere St", 20, 10, "Elder"),
        ("7", "Main St", 20, 10, "Elsewhere"),
    ]  # fmt: skip
    tables, ledger = made(roads, houses)
    streets = tables.streets
    assert streets[["name", "municipality_id", "settlements"]].to_numpy().tolist() == [
        ["Main St", "3530001", "Hill"], ["Side St", "3530001", ""],
    ]  # fmt: skip
    assert tables.numbers.to_numpy().tolist() == [
        [0, 1, "2", "20", "-12"],
        [0, 1, "1 5", "10 50", "15"],
        [0, 2, "8", "110", "-10"],
        [1, 3, "4", "10", "-20"],
    ]
    # half of the five numbers come before the middle one, 3 on the first road
    assert streets[["edge_id", "along_m"]].to_numpy().tolist() == [[1, 30], [3, 10]]
    assert tables.shapes.to_numpy().tolist() == [[2, "0 60"]]
    rows = ledger.set_index("rule")["rows"]
    assert rows["one place for all of a number"] == 1
    assert rows["no road of its name near: not searched"] == 1
    assert rows["no number, or outside the municipalities: not searched"] == 1
    assert rows["worked out from its neighbours"] == 1


def test_one_name_in_two_towns_is_two_streets_and_a_street_without_numbers_has_a_middle():
    roads = [
        road("King St", (0, 0), (100, 0)),
        road("King St", (100, 0), (400, 0), town="Ash", place="Ash"),
        road("Quiet Crt", (400, 0), (400, 50), town="Ash", place="Ash"),
    ]
    tables, _ = made(roads, [("3", "King St", 20, 5, "Elder")])
    columns = ["name", "municipality_id", "edge_id", "along_m"]
    assert tables.streets[columns].to_numpy().tolist() == [
        ["King St", "3530001", 1, 20],
        ["King St", "3530002", 2, 150],
        ["Quiet Crt", "3530002", 3, 25],
    ]


def test_streets_without_any_address_are_tables_of_their_kind():
    """A region with a road file and no list of addresses."""
    tables, _ = made([road("King St", (0, 0), (100, 0))], [])
    assert PROCESSED["street_numbers"].validate(tables.numbers).empty
    assert len(PROCESSED["streets"].validate(tables.streets)) == 1


numbers = st.lists(st.integers(1, 500), min_size=1, max_size=25, unique=True).map(sorted)


@SETTINGS
@given(numbers, st.data())
def test_what_is_left_out_lies_between_what_is_kept(found, data):
    far = st.floats(0, 400, allow_nan=False)
    marks = [(2 * number, data.draw(far), data.draw(far)) for number in found]
    kept = thinned(marks)
    assert kept[0] == marks[0]
    assert kept[-1] == marks[-1]
    assert set(kept) <= set(marks)
    at, alongs, offsets = (np.array(column) for column in zip(*kept, strict=True))
    for number, along, offset in marks:
        assert abs(np.interp(number, at, alongs) - along) <= ALONG_M + 1e-6
        assert abs(np.interp(number, at, offsets) - offset) <= OFFSET_M + 1e-6


@pytest.mark.parametrize("step_m", [0, 7.5, -12])
def test_even_lots_need_their_ends_alone(step_m):
    marks = [(2 * i, 200 + i * step_m, 20.0) for i in range(12)]
    assert thinned(marks) == [marks[0], marks[-1]]


def test_a_key_has_no_case_apostrophe_or_point():
    assert street_key("Snyder's Rd. W") == street_key("SNYDERS RD W") == "snyders rd w"


# -- The committed tables.


def test_streets_of_all_seven_municipalities_with_lists_of_one_length(tables, project):
    assert set(tables.streets["municipality_id"]) == set(tables.municipalities["municipality_id"])
    assert tables.streets["street_id"].tolist() == list(range(len(tables.streets)))
    rows = tables.street_numbers
    length = dict(zip(tables.road_edges["edge_id"], tables.road_edges["length_m"], strict=True))
    for edge, found, alongs, offsets in rows[
        ["edge_id", "numbers", "alongs", "offsets"]
    ].itertuples(index=False):
        here = [int(number) for number in found.split()]
        assert here == sorted(set(here))
        assert len({number % 2 for number in here}) == 1
        assert len(alongs.split()) == len(here)
        assert len(offsets.split()) in {1, len(here)}
        assert max(map(int, alongs.split())) <= length[edge]
    names = ("streets", "street_numbers", "street_shapes")
    assert sum((project.processed / f"{name}.csv").stat().st_size for name in names) < 1.6e6


def test_roads_of_places_are_open_on_foot_and_by_car(tables):
    edges = tables.road_edges.set_index("edge_id")
    used = edges.loc[[*tables.street_numbers["edge_id"], *tables.streets["edge_id"]]]
    assert used["walk"].all()
    assert (used["drive_forward"] | used["drive_backward"]).all()
