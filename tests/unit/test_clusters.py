"""Moran's I by hand, planted clusters, and no clusters where there are none."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from kwev.report import vehicles


def grid(columns, rows):
    boxes = [shapely.box(x, y, x + 1, y + 1) for y in range(rows) for x in range(columns)]
    return gpd.GeoDataFrame(geometry=boxes, crs="EPSG:26917")


def ids(count):
    return pd.Series([f"a{i:03d}" for i in range(count)], name="area")


def test_corners_make_neighbours():
    neighbours = vehicles.contiguity(grid(3, 3))
    assert sorted(neighbours.neighbors[4]) == [0, 1, 2, 3, 5, 6, 7, 8]
    assert sorted(neighbours.neighbors[0]) == [1, 3, 4]
    assert sum(neighbours.weights[0]) == pytest.approx(1)


def test_moran_by_hand():
    # a row of four, values 1 2 3 4: deviations -1.5 -0.5 0.5 1.5, squares 5; means of neighbours
    # -0.5, -0.5, 0.5, 0.5; products 0.75 + 0.25 + 0.25 + 0.75 = 2; I = 2 / 5
    found = vehicles.clustering(ids(4), np.array([1.0, 2, 3, 4]), vehicles.contiguity(grid(4, 1)))
    assert found.i == pytest.approx(0.4)
    assert found.expected == pytest.approx(-1 / 3)
    # local: n - 1 over the sum of squares times each product
    assert found.areas["i"].tolist() == pytest.approx([0.45, 0.15, 0.15, 0.45])


def test_p_of_a_row_of_four_is_the_share_of_its_orders():
    # of the 24 orders of 1 2 3 4 only this one and its mirror image give I of 0.4 or more
    found = vehicles.clustering(ids(4), np.array([1.0, 2, 3, 4]), vehicles.contiguity(grid(4, 1)))
    assert found.p == pytest.approx(2 * 2 / 24, abs=0.015)


LIBRARY = """
import json, sys
sys.modules["numba"] = None  # not compiled, which takes longer than all of this
from esda import Moran_Local
from esda.significance import calculate_significance
from kwev.report import vehicles
from unit.test_clusters import grid, planted
local = Moran_Local(planted().ravel(), vehicles.contiguity(grid(12, 12)),
                    permutations=vehicles.PERMUTATIONS, seed=vehicles.SEED)
p = calculate_significance(local.Is, local.sim.T, alternative="two-sided")
print(json.dumps(p.tolist()))
"""


def planted():
    values = np.random.default_rng(1).normal(10, 1, (12, 12))
    values[2:6, 3:7] += 8
    return values


@pytest.mark.slow
def test_local_p_is_that_of_the_library():
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LIBRARY],
        capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1],
    )  # fmt: skip
    found = vehicles.clustering(
        ids(144), planted().ravel(), vehicles.contiguity(grid(12, 12))
    ).areas["p"]
    # a shuffle or two may give the value back but for its last digit
    assert found.tolist() == pytest.approx(json.loads(done.stdout), abs=2e-4)
    assert found.min() < 1e-3
    assert found.max() > 0.9


def test_a_chessboard_repels():
    board = (np.add.outer(np.arange(8), np.arange(8)) % 2).ravel().astype(float)
    neighbours = vehicles.contiguity(grid(8, 8))
    found = vehicles.clustering(ids(64), board, neighbours)
    assert found.i < found.expected


def test_a_planted_cluster_is_found_where_it_is():
    found = vehicles.clustering(ids(144), planted().ravel(), vehicles.contiguity(grid(12, 12)))
    assert found.i > 0.4
    assert found.p <= 0.001
    many = found.areas.index[found.areas["kind"] == "Many among many"]
    inside = {12 * row + column for row in range(2, 6) for column in range(3, 7)}
    assert len(inside & set(many)) >= 12
    # nothing far from the plant is called a part of it
    near = {12 * row + column for row in range(1, 7) for column in range(2, 8)}
    assert set(many) <= near


def test_noise_has_no_clusters_after_the_correction():
    neighbours = vehicles.contiguity(grid(10, 10))
    false = raw = 0
    for seed in range(5):
        values = np.random.default_rng(seed).normal(size=100)
        found = vehicles.clustering(ids(100), values, neighbours)
        false += 100 - found.count("No cluster")
        raw += int((found.areas["p"] < 0.05).sum())
    assert raw > 5
    assert false <= 1


def test_same_data_same_answer(tables):
    first, second = vehicles.fsa_clusters(tables), vehicles.fsa_clusters(tables)
    assert first.p == second.p
    pd.testing.assert_frame_equal(first.areas, second.areas)
    assert len(first.areas) == 25


def test_dissemination_areas_mirror_their_dwellings(tables):
    found = vehicles.da_clusters(tables)
    assert len(found.areas) == (tables.das["households"] > 0).sum()
    assert found.i > vehicles.dwelling_i(tables) > 0
