"""Optional rules where stations gain ports or are removed, solved by hand."""

from __future__ import annotations

import pytest
from hand import solve
from toy import toy

L3_ALONE = {"targets__l2": 0.0, "weights__l2": 0.0, "budget__limit_cad": 10_000_000}
REMOVING = {"siting__removal__stations": "all"}


def kinds(plan):
    return sorted((a.kind, a.place_id) for a in plan.actions)


@pytest.mark.constraint("ports_per_place")
def test_ports_added_at_a_station_count_with_those_that_stand():
    # 60 EVs x 600 kWh are 36,000; the station's port gives 16,819, so two more are wanted
    tables = toy([(0, 0, 100, 60)], stations=[(0, 0, 1, 0)])
    wish = {"demand__enforce": True, "targets__l3": 0.0, "weights__l3": 0.0}
    (action,) = solve(tables, **wish).actions
    assert (action.kind, action.l2_ports_after) == ("add_l2", 3)
    (action,) = solve(tables, rules__ports__per_place=2, **wish).actions
    assert (action.kind, action.l2_ports_after) == ("add_l2", 2)
    (action,) = solve(tables, rules__ports__l2_total=1, **wish).actions
    assert (action.kind, action.l2_ports_after) == ("add_l2", 2)
    assert solve(tables, rules__ports__per_place=1, **wish).actions == []


@pytest.mark.constraint("stations_per_area")
def test_a_removed_station_makes_room_for_another():
    # a station near nobody and a library near all, in an area that may have one station
    tables = toy([(0, 0, 100, 1)], [(20_000, 0, 2, 0)], [(0, 0, "library")])
    wish = {"targets__l3": 0.0, "weights__l3": 0.0, "rules__stations_per_area": 1}
    assert solve(tables, **wish).actions == []
    plan = solve(tables, **wish, **REMOVING)
    assert kinds(plan) == [("new_l2", "q000"), ("remove", "s000")]


@pytest.mark.constraint("l3_spacing")
def test_a_removed_station_no_longer_keeps_others_at_a_distance():
    # a station 4 km off, just too far from the people, and a mall 3 km from it that reaches them
    tables = toy([(-2_000, 0, 100, 1)], [(4_000, 0, 0, 2)], [(1_000, 0, "shopping_mall")])
    wish = {**L3_ALONE, "rules__l3_spacing_m": 3_500.0}
    assert solve(tables, **wish).actions == []
    assert kinds(solve(tables, **wish, **REMOVING)) == [("new_l3", "q000"), ("remove", "s000")]


@pytest.mark.constraint("l3_gap")
def test_a_removed_station_closes_no_gap():
    # the mall needs a station within 8 km: today's has to stay, though it reaches nobody
    tables = toy([(-2_000, 0, 100, 1)], [(8_000, 0, 0, 2)], [(0, 0, "shopping_mall")])
    paid = {"operating__l3_station_cad_per_year": 100_000.0}
    assert kinds(solve(tables, **L3_ALONE, **REMOVING, **paid)) == [
        ("new_l3", "q000"), ("remove", "s000"),
    ]  # fmt: skip
    gap = {"rules__l3_gap_m": 8_000.0}
    assert kinds(solve(tables, **L3_ALONE, **REMOVING, **paid, **gap)) == [("new_l3", "q000")]


@pytest.mark.constraint("area_power")
def test_a_removal_frees_power_in_its_area():
    # four L2 ports draw 76.8 kW of 750: a pair of L3 ports fits only once they are gone
    tables = toy([(0, 0, 100, 1)], [(20_000, 0, 4, 0)], [(0, 0, "shopping_mall")])
    wish = {**L3_ALONE, "rules__area_power__cap_kw": 750.0}
    assert solve(tables, **wish).actions == []
    assert kinds(solve(tables, **wish, **REMOVING)) == [("new_l3", "q000"), ("remove", "s000")]
