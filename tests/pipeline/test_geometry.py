"""Clip, buffer, intersection, projection and map geometry on squares whose answer is known."""

from __future__ import annotations

import json

import geopandas as gpd
import numpy as np
import pytest
import shapely
from home_region import CRS

from kwev.errors import KwevError
from kwev.pipeline.geometry import (
    clip,
    drop_slivers,
    farther,
    geojson,
    nearest_index,
    project,
    repair,
    simplify,
    unproject,
    within_index,
)

REGION = shapely.box(0, 0, 100, 100)


def test_clip_keeps_the_exact_intersection_area():
    inside, half, corner, outside = clip(
        np.array(
            [
                shapely.box(10, 10, 20, 20),
                shapely.box(50, 0, 150, 100),
                shapely.box(90, 90, 110, 110),
                shapely.box(100, 0, 200, 100),
            ]
        ),
        REGION,
    )
    assert [inside.area, half.area, corner.area, outside.area] == [100, 5000, 100, 0]


def test_buffer_is_round_at_the_corners():
    points = np.array([[50.0, 50.0], [107.0, 50.0], [107.01, 50.0], [105.0, 105.0]])
    # the last one is 7.07 m from the corner, although both offsets are below 7 m
    assert farther(points, REGION, 7.0).tolist() == [False, False, True, True]


def test_point_on_a_shared_border_belongs_to_the_first_polygon():
    boxes = np.array([shapely.box(0, 0, 10, 10), shapely.box(10, 0, 20, 10)])
    points = np.array([[5.0, 5.0], [10.0, 5.0], [15.0, 5.0], [25.0, 5.0]])
    assert within_index(points, boxes).tolist() == [0, 0, 1, -1]
    found, apart = nearest_index(points[3:], boxes)
    assert (found.tolist(), apart.tolist()) == ([1], [5.0])


def test_a_small_knot_is_repaired_and_counted():
    # the east side runs 2 m past the corner, crosses the north side and comes back: a triangle
    # of 2 m2 beyond the square of 10,000 m2
    knot = shapely.Polygon([(0, 0), (100, 0), (100, 102), (98, 100), (102, 100), (0, 100)])
    assert not knot.is_valid
    frame, mended = repair(gpd.GeoDataFrame(geometry=[knot, REGION], crs="EPSG:26917"), 0.01)
    assert mended == 1
    assert frame.geometry.is_valid.all()
    assert frame.geometry.iloc[0].area == pytest.approx(shapely.make_valid(knot).area)
    assert frame.geometry.iloc[0].area == pytest.approx(10_000, rel=0.01)
    assert frame.geometry.iloc[1].area == 10_000


def test_a_bow_tie_loses_half_of_its_square_and_is_refused():
    tie = shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    frame = gpd.GeoDataFrame(geometry=[REGION, tie], crs="EPSG:26917")
    with pytest.raises(KwevError, match=r"1 polygon\(s\) cross themselves.*first: feature 2"):
        repair(frame, 0.01)


def test_slivers_are_dropped_and_counted():
    shapes = [
        shapely.Polygon([(0, 0), (10, 0), (0, 0)]),  # there and back
        shapely.box(0, 0, 1000, 0.0009),  # 0.9 m2
        shapely.box(0, 0, 1, 1),
    ]
    frame, mended = repair(gpd.GeoDataFrame(geometry=shapes, crs="EPSG:26917"), 0.01)
    assert mended == 0
    kept, dropped = drop_slivers(frame, 1.0)
    assert dropped == 2
    assert kept.geometry.area.tolist() == [1.0]


def test_projection_goes_there_and_back():
    metres = project([-80.4883], [43.4503], CRS)
    assert (
        metres.tolist() == [[541_403.46, 4_810_949.3]]
        or (abs(metres - [[541_400, 4_810_950]]) < 100).all()
    )
    assert np.abs(unproject(metres, CRS) - [[-80.4883, 43.4503]]).max() < 2e-7


def test_simplified_neighbours_still_share_their_border():
    wave = [(10 + 0.5 * (i % 2), i) for i in range(11)]
    west = shapely.Polygon([(0, 0), *wave, (0, 10)])
    east = shapely.Polygon([(20, 0), *wave, (20, 10)])
    one, other = simplify(np.array([west, east]), 3.0)
    assert len(one.exterior.coords) < len(west.exterior.coords)
    assert one.intersection(other).area == 0
    assert one.union(other).area == pytest.approx(west.union(east).area)


def test_geojson_has_one_feature_a_line_in_degrees():
    frame = gpd.GeoDataFrame(
        {"name": ["é"]},
        geometry=[shapely.box(540_000, 4_810_000, 541_000, 4_811_000)],
        crs="EPSG:26917",
    )
    text = geojson(frame, ["name"])
    assert len(text.splitlines()) == 3
    feature = json.loads(text)["features"][0]
    assert feature["properties"] == {"name": "é"}
    lon, lat = feature["geometry"]["coordinates"][0][0]
    assert (round(lon), round(lat)) == (-80, 43)
    assert lon == round(lon, 6)
