"""Dense neighbourhoods, Level 3 gaps and service areas on a line of cells, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from toy import base_config, toy

from kwev.report.neighbourhoods import (
    GAP_M,
    ClusterRule,
    cluster_of_cells,
    clusters,
    gaps,
    graded_clusters,
    nearest_m,
    service_areas,
)

RULE = ClusterRule(reach_m=250, core_people=100)

# a row of three cells, a lonely tower, a thin hamlet
POINTS = [
    (0, 0, 60, 1),
    (200, 0, 60, 1),
    (400, 0, 30, 1),
    (5_000, 0, 120, 4),
    (9_000, 0, 40, 0),
]
SITES = [(100, 50, "library"), (4_990, 0, "community_centre"), (0, 0, "shopping_mall")]


def place(stations=()):
    return toy(POINTS, stations, SITES)


def test_clusters_are_chains_of_dense_cells():
    # the first two reach 100 people together, and the third lies within reach of the second
    assert cluster_of_cells(place(), RULE).tolist() == [0, 0, 0, 1, -1]
    # with more people needed only the tower is left
    strict = ClusterRule(reach_m=250, core_people=151)
    assert cluster_of_cells(place(), strict).tolist() == [-1] * 5
    assert cluster_of_cells(place(), ClusterRule(250, 120)).tolist() == [0, 0, 0, 1, -1]
    assert cluster_of_cells(place(), ClusterRule(150, 120)).tolist() == [-1, -1, -1, 0, -1]


def test_the_larger_cluster_comes_first():
    points = [(0, 0, 110, 0), (5_000, 0, 120, 0)]
    assert cluster_of_cells(toy(points), RULE).tolist() == [1, 0]


def test_a_cluster_by_hand():
    table = clusters(place([(0, 300, 2, 0), (6_000, 0, 0, 2)]), base_config(), RULE)
    assert table["people"].tolist() == [150, 120]
    assert table["cells"].tolist() == [3, 1]
    assert table["near"].tolist() == ["Site 0", "Site 1"]
    east = (0 * 60 + 200 * 60 + 400 * 30) / 150
    assert table.loc[0, "easting_m"] == pytest.approx(540_000 + east)
    # the third cell lies exactly on the circle of 500 m, as a 300-400-500 triangle
    assert table["l2"].tolist() == [1, 0]
    assert table["l3"].tolist() == [0, 1]
    mean_m = (6_000 * 60 + 5_800 * 60 + 5_600 * 30) / 150
    assert table["l3_m"].tolist() == pytest.approx([mean_m, 1_000])


def test_a_gap_is_where_dense_people_are_far_from_level_3():
    tables = place([(6_000, 0, 0, 2), (0, 0, 4, 0)])
    config = base_config(coverage__l3_radius_m=5_700)
    whole = graded_clusters(tables, config, RULE)
    assert whole["beyond_gap"].tolist() == [150, 0]
    assert whole["beyond_radius"].tolist() == [120, 0]
    found = gaps(tables, config, RULE)
    assert found["cluster"].tolist() == [1]
    assert GAP_M < 5_600


def test_gaps_by_another_metric():
    tables = place([(6_000, 0, 0, 2)])
    by_road = np.array([1_000.0, 2_000.0, 2_000.01, 9_000.0, 9_000.0])
    table = graded_clusters(tables, base_config(), RULE, l3_m=by_road)
    assert table["beyond_gap"].tolist() == [30, 120]
    assert table["beyond_radius"].tolist() == [0, 120]


def test_without_any_station_every_dense_place_is_a_gap():
    tables = place()
    assert gaps(tables, base_config(), RULE)["beyond_gap"].tolist() == [150, 120]
    assert np.isinf(nearest_m(np.zeros((2, 2)), np.zeros((0, 2)))).all()


def test_a_service_area_holds_those_for_whom_the_station_is_nearest():
    tables = place([(0, 0, 2, 0), (300, 0, 4, 1), (9_000, 0, 0, 1)])
    table = service_areas(tables, base_config())
    areas = table.set_index(["level", "station_id"])["people"].to_dict()
    assert areas == {
        ("l2", "s001"): 90, ("l2", "s000"): 60, ("l3", "s002"): 160, ("l3", "s001"): 150,
    }  # fmt: skip
    assert table["station_id"].tolist() == ["s001", "s000", "s002", "s001"]


def test_service_areas_share_out_the_covered_people():
    tables = place([(0, 0, 2, 0), (300, 0, 4, 1), (9_000, 0, 0, 1)])
    table = service_areas(tables, base_config())
    whole = table.groupby("level")["people"].sum()
    assert whole["l2"] == 150
    assert whole["l3"] == 310
    ports = table.set_index(["level", "station_id"])
    assert ports.loc[("l2", "s001"), "people_per_port"] == 90 / 4


def test_without_stations_there_is_no_service_area():
    table = service_areas(place(), base_config())
    assert table.empty
