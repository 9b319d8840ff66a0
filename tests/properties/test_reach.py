"""Reach: the spatial index against plain integer arithmetic, on the radius to the centimetre."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from regions import SETTINGS

from kwev.certify.reach import any_within
from kwev.model.coverage import within

centimetres = st.tuples(st.integers(0, 200_000), st.integers(0, 200_000))
places = st.lists(centimetres, max_size=12)
radii = st.one_of(
    st.integers(1, 300_000).map(lambda cm: cm / 100),
    st.sampled_from([500.0, 400.0, 0.01, 0.1 + 0.2, 707.1067811865476]),
)


def metres_of(pairs):
    return np.array(pairs, float).reshape(-1, 2) / 100


def brute(points, stations, radius_m):
    """Compare every pair in whole numbers."""
    limit = (Fraction(radius_m) * 100) ** 2
    found = [[(px - sx) ** 2 + (py - sy) ** 2 <= limit for sx, sy in stations] for px, py in points]
    return np.array(found, bool).reshape(len(points), len(stations))


@SETTINGS
@given(places, places, radii)
@example([(0, 0)], [(30_000, 40_000)], 500.0)
@example([(0, 0)], [(30_000, 40_001)], 500.0)
@example([(0, 0)] * 3, [(0, 0)] * 2, 0.01)
@example([], [(0, 0)], 5.0)
@example([(0, 0)], [], 5.0)
def test_within_is_brute_force(points, stations, radius_m):
    matrix = within(metres_of(points), metres_of(stations), radius_m)
    expected = brute(points, stations, radius_m)
    assert matrix.shape == expected.shape
    assert np.array_equal(matrix.toarray().astype(bool), expected)
    assert set(matrix.data.tolist()) <= {1}


@SETTINGS
@given(places, places, radii)
@example([(0, 0)], [(30_000, 40_000)], 500.0)
@example([(0, 0)], [(0, 50_001)], 500.0)
@example([(0, 0)], [(0, -50_000)], 500.0)
def test_the_certificate_measures_the_same_by_its_own_means(points, stations, radius_m):
    cm = [np.array(pairs, np.int64).reshape(-1, 2) for pairs in (points, stations)]
    expected = brute(points, stations, radius_m).any(axis=1)
    assert np.array_equal(any_within(*cm, radius_m), expected)


@pytest.mark.parametrize("angle", range(0, 360, 15))
def test_points_on_the_radius_count(angle):
    """On the real plane, far from the origin: 5-12-13 triples lie exactly on 1,300 m."""
    x, y = 540_000.0, 4_810_000.0
    legs = [(500, 1_200), (1_200, 500), (-500, 1_200), (1_300, 0), (0, -1_300)]
    points = np.array([(x + dx, y + dy) for dx, dy in legs])
    here = np.array([(x, y)])
    assert within(points, here, 1_300.0).toarray().all()
    turned = np.array([(x + 1_300.01 * np.cos(angle), y + 1_300.01 * np.sin(angle))]).round(2)
    apart_m = float(np.hypot(*(turned - here)[0]))
    assert within(turned, here, 1_300.0).toarray().any() == (apart_m <= 1_300.0)


def test_many_points_across_chunks():
    rng = np.random.default_rng(11)
    points, stations = (rng.integers(0, 10**6, (n, 2)) for n in (2_000, 60))
    one = within(points / 100, stations / 100, 500.0)
    other = any_within(points, stations, 500.0)
    assert np.array_equal(np.diff(one.indptr) > 0, other)
    squared = ((points[:, None, :] - stations[None, :, :]) ** 2).sum(axis=2)
    assert np.array_equal(other, (squared <= 50_000**2).any(axis=1))
