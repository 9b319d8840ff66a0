"""Who is reached today, in a straight line and along the roads: by hand, and on the Region."""

from __future__ import annotations

import numpy as np
import pytest
from toy import base_config, streets, toy

from kwev.report import reach
from kwev.report.scenario import load_report


@pytest.fixture
def river():
    """Two homes on each bank of a river 100 m wide, stations on one; the bridge is 600 m away."""
    tables = toy(
        [(0, 0, 60, 1), (0, 100, 30, 1), (0, 2_000, 7, 1), (0, 9_000, 3, 1)],
        stations=[(10, 0, 2, 2)],
    )
    edges = [(0, 1, 600), (1, 3, 100), (2, 3, 600), (2, 4, 2_000)]
    spots = {"p000": (0, 0, 5), "p001": (2, 0, 5), "p002": (3, 1_900, 5), "s000": (0, 10, 5)}
    return streets(tables, edges, spots)


def test_cells_reached_by_hand(river):
    table = reach.of_cells(river, base_config())
    assert table["l2_straight_line"].tolist() == [True, True, False, False]
    assert table["l2_network"].tolist() == [True, False, False, False]
    assert table["l3_straight_line"].tolist() == [True, True, True, False]
    assert table["l3_network"].tolist() == [True, True, True, False]
    assert table["l2_m"].tolist() == [20, 1_300, 3_200, np.inf]
    assert table["snapped"].tolist() == [True, True, True, False]


def test_shares_by_radius_and_by_set_of_points(river):
    table = reach.by_radius(river, base_config()).set_index(["level", "radius_m"])
    assert table.loc[("l2", 500)].tolist() == pytest.approx([0.9, 0.6])
    assert table.loc[("l3", 750)].tolist() == pytest.approx([0.9, 0.6])
    assert table.loc[("l3", 3_000)].tolist() == pytest.approx([0.97, 0.9])
    assert table.loc[("l3", 4_000)].tolist() == pytest.approx([0.97, 0.97])
    sets = reach.by_geography(river, base_config())
    assert len(sets) == 3
    assert sets["l2_straight_line"].tolist() == pytest.approx([0.9] * 3)
    assert sets["l2_network"].tolist() == pytest.approx([0.6] * 3)
    assert sets["ev_owners_network"].tolist() == pytest.approx([0.75] * 3)


def test_the_median_counts_people_not_places():
    metres = np.array([30.0, 10.0, np.inf, 20.0])
    assert reach.median_m(metres, np.array([1.0, 1, 1, 1])) == 20
    assert reach.median_m(metres, np.array([5.0, 1, 1, 1])) == 30
    assert reach.median_m(metres, np.array([0.0, 1, 9, 1])) == np.inf


def test_roads_by_class_add_up(tables):
    table = reach.roads_by_class(tables)
    *classes, whole = table.to_dict("records")
    for column in ("edges", "km", "walk_km", "drive_km", "one_way_km"):
        assert whole[column] == pytest.approx(sum(row[column] for row in classes))
    assert whole["edges"] == len(tables.road_edges)
    assert whole["km"] == pytest.approx(tables.road_edges["length_m"].sum() / 1_000)
    by_class = {row["road_class"]: row for row in classes}
    assert by_class["Freeway"]["walk_km"] == by_class["Ramp"]["walk_km"] == 0


@pytest.fixture(scope="module")
def cells(tables, base_case):
    return reach.of_cells(tables, base_case.config)


@pytest.mark.parametrize("level", ["l2", "l3"])
def test_no_one_is_reached_along_the_roads_and_not_in_a_straight_line(cells, level, base_case):
    assert not (cells[f"{level}_network"] & ~cells[f"{level}_straight_line"]).any()
    radius_m = getattr(base_case.config.coverage, f"{level}_radius_m")
    assert ((cells[f"{level}_m"] <= radius_m) == cells[f"{level}_network"]).all()


def test_numbers_are_the_sums_of_the_cells(cells):
    report = load_report()
    numbers = {number.name: number.value for number in reach.numbers(report)}
    people = cells["people"]
    assert numbers["l2_by_air"] == pytest.approx(people[cells["l2_straight_line"]].sum())
    only = numbers["l2_by_air"] * numbers["l2_only_by_air_share"]
    assert only == pytest.approx(numbers["l2_by_air"] - numbers["l2_by_road"])
    share = numbers["snapped_share"] * people.sum() + numbers["unsnapped_people"]
    assert share == pytest.approx(people.sum())
    assert 0.98 < numbers["snapped_share"] < 1
    assert min(numbers["walk_component"], numbers["drive_component"]) > 0.99


def test_the_map_shows_each_class_with_its_people(tables, base_case, cells):
    figure = reach.reach_map(tables, base_case.config, cells)
    data = figure.data
    for level, name in (("l2", "Level 2"), ("l3", "Level 3")):
        part = data[data["layer"] == f"{name} reach"]
        by_road = cells.loc[cells[f"{level}_network"], "people"].sum()
        by_air = cells.loc[cells[f"{level}_straight_line"], "people"].sum()
        assert part["people"].tolist() == pytest.approx([by_road, by_air - by_road])
        assert f"{by_road:,.0f} people" in figure.alt
    text = figure.interactive()
    assert "Level 2 reach" in text
    assert "Level 3 reach" in text
    assert len(text) < 1_000_000
    printed = figure.static().printed
    assert b"only as the crow flies" in printed or b"<svg" in printed


def test_the_area_of_cells_is_theirs(cells):
    part = cells["cell_id"].iloc[:50]
    area = reach._joined(part)
    assert area.area == pytest.approx(50 * 100**2)
