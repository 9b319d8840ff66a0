"""The base map: joined by kind and name, clipped, simplified, the same bytes whatever the order."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from home_region import CRS
from hypothesis import given
from hypothesis import strategies as st

from kwev import polyline
from kwev.data.schemas import PROCESSED, check
from kwev.errors import KwevError
from kwev.pipeline import base_map

EAST, NORTH = 540_000.0, 4_810_000.0
AREA = shapely.box(EAST, NORTH, EAST + 1000, NORTH + 1000)


def line(*points):
    return shapely.LineString([(EAST + x, NORTH + y) for x, y in points])


def roads(*rows):
    columns = ["CartoClass", "FullStreet", "LeftMunici", "LeftSettle"]
    table = pd.DataFrame([row[:-1] for row in rows], columns=columns)
    return gpd.GeoDataFrame(table, geometry=[row[-1] for row in rows], crs=CRS)


def metres(text):
    """Return the lines of a text in metres east and north of the corner, to a metre."""
    return [
        [
            (round(x - EAST), round(y - NORTH))
            for x, y in shapely.get_coordinates(
                gpd.GeoSeries([shapely.LineString(part)], crs=4326).to_crs(CRS).iloc[0]
            )
        ]
        for part in polyline.lines_of(text)
    ]


def test_pieces_of_a_street_are_one_line_and_its_bends_below_the_tolerance_go():
    drawn = roads(
        ("Local Street", "Elm St", "Kitchener", "", line((100, 100), (200, 102), (300, 100))),
        ("Cul-de-Sac", "Elm St", "Kitchener", "", line((300, 100), (300, 400))),
        ("Arterial", "Elm St", "Kitchener", "", line((500, 500), (600, 500))),
    )
    table = base_map.table_of(base_map.road_lines(drawn), AREA, 5.0, CRS)
    assert table[["kind", "name"]].to_numpy().tolist() == [
        ["street", "Elm St"],
        ["arterial", "Elm St"],
    ]
    (whole,) = metres(table["path"].iloc[0])
    assert whole in ([(100, 100), (300, 100), (300, 400)], [(300, 400), (300, 100), (100, 100)])


def test_what_reaches_out_is_cut_and_what_is_outside_is_left_out():
    found = [
        ("freeway", "Hwy 9", line((-500, 500), (1500, 500))),
        ("freeway", "Hwy 8", line((2000, 0), (3000, 0))),
        ("water", "", shapely.box(EAST + 900, NORTH + 900, EAST + 1200, NORTH + 1200)),
    ]
    table = base_map.table_of(found, AREA, 5.0, CRS)
    assert table["name"].tolist() == ["", "Hwy 9"]  # water lies below roads
    (road,) = metres(table["path"].iloc[1])
    assert sorted(road) == [(0, 500), (1000, 500)]
    (shore,) = metres(table["path"].iloc[0])
    assert max(x for x, _ in shore) == 1000
    assert shore[0] == shore[-1]


def test_order_of_the_rows_does_not_matter():
    rows = [
        ("Collector", "A St", "Kitchener", "", line((0, 0), (400, 0))),
        ("Collector", "A St", "Kitchener", "", line((400, 0), (400, 300))),
        ("Collector", "B St", "Kitchener", "", line((0, 100), (0, 300))),
        ("Ramp", None, "Kitchener", "", line((50, 100), (50, 300))),
        ("Turning Lane", "B St", "Kitchener", "", line((0, 500), (0, 600))),
    ]
    one = base_map.table_of(base_map.road_lines(roads(*rows)), AREA, 5.0, CRS)
    two = base_map.table_of(base_map.road_lines(roads(*rows[::-1])), AREA, 5.0, CRS)
    assert one["kind"].tolist() == ["collector", "collector", "ramp"]
    lengths = [[sorted(map(sorted, metres(text))) for text in t["path"]] for t in (one, two)]
    assert lengths[0] == lengths[1]
    check(one, PROCESSED["base_map"], where="", hint="")


def test_water_that_overlaps_is_one_and_a_line_is_none():
    bodies = gpd.GeoDataFrame(
        geometry=[
            shapely.box(EAST, NORTH, EAST + 100, NORTH + 100),
            shapely.box(EAST + 50, NORTH, EAST + 200, NORTH + 100),
            shapely.box(EAST + 500, NORTH, EAST + 520, NORTH + 20),  # below the least area
            line((700, 700), (800, 800)),
        ],
        crs=CRS,
    )
    rivers = gpd.GeoDataFrame(geometry=[line((0, 0), (10, 0)), line((10, 0), (20, 0))], crs=CRS)
    (_, _, wet), (_, _, river) = base_map.water(bodies, rivers)
    assert [part.area for part in shapely.get_parts(wet)] == [20_000.0]
    assert river.geom_type == "LineString"


def test_a_settlement_stands_amid_its_streets_and_a_neighbours_is_none(squares):
    streets = [
        ("Local Street", f"S{i}", "Kitchener", "Mannheim", line((10 * i, 0), (10 * i, 40)))
        for i in range(9)
    ]
    abroad = [
        ("Local Street", f"T{i}", "Kitchener", "Puslinch", line((-900, 10 * i), (-800, 10 * i)))
        for i in range(9)
    ]
    few = [("Local Street", "U", "Kitchener", "Slip", line((500, 500), (510, 500)))]
    rows = base_map.settlements(roads(*streets, *abroad, *few), squares.municipalities)
    ((kind, name, spot),) = rows
    assert (kind, name) == ("village", "Mannheim")
    assert (spot.x - EAST, spot.y - NORTH) == (40, 20)


def test_districts_are_those_of_cities_and_villages_of_townships(squares):
    towns = squares.municipalities.assign(kind=["city", "township"])
    planned = gpd.GeoDataFrame(
        {
            "municipality": ["Kitchener", "Waterloo", "Waterloo"],
            "district": ["Westmount (Kitchener)", "Wellesley Village", "Rural North"],
        },
        geometry=[AREA, AREA, AREA],
        crs=CRS,
    )
    found = {(kind, name) for kind, name, _ in base_map.districts(planned, towns)}
    assert found == {("district", "Westmount"), ("village", "Wellesley")}


def test_lines_are_encoded_as_the_format_says():
    # the example of the format's own description
    degrees, text = (
        [[-120.2, 38.5], [-120.95, 40.7], [-126.453, 43.252]],
        "_p~iF~ps|U_ulLnnqC_mqNvxq`@",
    )
    assert polyline.encode(np.array(degrees)) == text
    assert polyline.decode(text).tolist() == degrees


STEPS = st.tuples(st.integers(-18_000_000, 18_000_000), st.integers(-9_000_000, 9_000_000))


@given(st.lists(STEPS, min_size=1, max_size=20))
def test_every_line_comes_back(steps):
    degrees = np.array(steps) / polyline.STEPS
    assert np.array_equal(polyline.decode(polyline.encode(degrees)), np.round(degrees, 5))


@pytest.mark.parametrize("text", ["_p~iF", "_p~iF~ps|", "_p~iF\x01ps|U"])
def test_a_spoilt_line_is_named(text):
    with pytest.raises(KwevError, match="not an encoded line"):
        polyline.decode(text)


def test_the_table_of_the_book_has_the_regions_roads_and_stays_small(tables, project):
    table = tables.base_map
    assert (project.processed / "base_map.csv").stat().st_size < 1_000_000
    assert {"Hwy 401", "Conestoga Parkway (Hwy 8)"} & set(
        table.loc[table.kind == "freeway", "name"]
    )
    assert table.loc[table.kind == "city", "name"].tolist() == [
        "Cambridge",
        "Kitchener",
        "Waterloo",
    ]
    assert "King St W" in set(table["name"])
    (tracks,) = table.loc[table.kind == "rail", "path"]
    assert max(len(line) for line in polyline.lines_of(tracks)) > 10
