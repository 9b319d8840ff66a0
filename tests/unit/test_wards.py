"""Wards by hand: a place goes to the ward that holds it, else to the nearest of its own town."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from kwev.errors import KwevError
from kwev.report.wards import ward_of

EAST, NORTH = 540_000.0, 4_810_000.0


def box(west, south, east, north):
    return shapely.box(EAST + west, NORTH + south, EAST + east, NORTH + north)


KNOWN = gpd.GeoDataFrame(
    {
        "ward_id": ["A-01", "A-02", "B-01"],
        "municipality_id": ["A", "A", "B"],
        "number": [1, 2, 1],
    },
    # two wards of A side by side, a gap of 10 m to B
    geometry=[box(0, 0, 100, 100), box(100, 0, 200, 100), box(210, 0, 300, 100)],
    crs="EPSG:26917",
)


def wards(*places):
    xy = np.array([(EAST + x, NORTH + y) for x, y, _ in places])
    return ward_of(xy, np.array([town for _, _, town in places]), KNOWN).tolist()


def test_a_place_lies_in_the_ward_that_holds_it():
    assert wards((50, 50, "A"), (150, 50, "A"), (250, 50, "B")) == ["A-01", "A-02", "B-01"]


def test_a_place_in_a_gap_goes_to_the_nearest_ward_of_its_own_town():
    # 209 is one metre from B, but the census has it in A
    assert wards((209, 50, "A"), (201, 50, "B"), (-30, 50, "A")) == ["A-02", "B-01", "A-01"]


def test_a_place_in_a_ward_of_another_town_stays_with_its_own():
    assert wards((250, 50, "A"), (10, 10, "B")) == ["A-02", "B-01"]


def test_a_place_on_an_edge_goes_to_the_first_ward_and_one_outside_to_none():
    assert wards((100, 50, "A"), (50, 50, "")) == ["A-01", ""]


def test_a_town_without_wards_is_refused():
    with pytest.raises(KwevError, match="no wards of municipality 'C'"):
        wards((0, 0, "C"))


@examples(60)
@given(st.lists(st.tuples(st.integers(-50, 350), st.integers(-50, 150), st.sampled_from("AB")),
                min_size=1, max_size=12))  # fmt: skip
def test_no_ward_of_the_town_is_nearer(places):
    for (x, y, town), found in zip(places, wards(*places), strict=True):
        own = KNOWN[KNOWN["municipality_id"] == town].set_index("ward_id").geometry
        apart = own.distance(shapely.Point(EAST + x, NORTH + y))
        assert apart[found] == pytest.approx(apart.min(), abs=0.011)
