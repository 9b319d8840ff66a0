"""Faults planted where stations are removed, converted with ports kept, and given more ports."""

from __future__ import annotations

import pytest
from planted import agreed, refreshed, settle
from toy import base_config, toy

from kwev.config import Case

USAGE = {"s001": 0.5, "s002": 0.01, "s003": 0.01, "s004": 0.01}


def harbour(**changes):
    """Return a plan with one removal, one conversion that keeps a port, and ports added to it.

    Stations: s000 is converted and takes ports (738.4 kW carry 2 L3 ports and 2 of L2); s001 is
    in use; s002 is idle beside it and goes; s003 is idle and far from all others; s004 is idle,
    has L3 as well, and covers people; nobody has measured s005.
    """
    config = base_config(
        **{
            "demand__enforce": True,
            "demand__utilisation": 0.05,
            "targets__l2": 0.0,
            "ports__retained_l2": 1,
            "siting__removal__stations": "all",
            "siting__removal__usage": USAGE,
            "siting__removal__below_usage": 0.05,
            "siting__removal__alternative_m": 500.0,
            "budget__limit_cad": 230_000,
            **changes,
        }
    )
    points = [(0, 0, 100, 4_000), (20_000, 0, 50, 5), (60_000, 0, 30, 5)]
    stations = [
        {"x": 0, "y": 0, "l2_ports": 3, "l3_ports": 0, "grid_kw": 738.4},
        {"x": 20_000, "y": 0, "l2_ports": 2, "l3_ports": 0, "grid_kw": 38.4},
        {"x": 20_400, "y": 0, "l2_ports": 2, "l3_ports": 0, "grid_kw": 38.4},
        {"x": 40_000, "y": 0, "l2_ports": 2, "l3_ports": 0, "grid_kw": 38.4},
        {"x": 60_000, "y": 0, "l2_ports": 2, "l3_ports": 2, "grid_kw": 738.4},
        {"x": 80_000, "y": 0, "l2_ports": 2, "l3_ports": 0, "grid_kw": 38.4},
    ]
    return settle(toy(points, stations), Case("toy", config, "da"))


@pytest.fixture(scope="module")
def ground():
    # energy that nobody needs: s002 may go
    return harbour(demand__enforce=False, weights__idle_points_per_point=0.001)


@pytest.fixture(scope="module")
def needy():
    return harbour()


def forged(ground, *added):
    """Return the plan with actions added, every number agreeing with it."""
    values = ground.copy()
    values["actions"] += [ground.action(*action) for action in added]
    return agreed(values, ground)


def is_caught(ground, values, words):
    found = ground.violations(values)
    assert any(words in violation for violation in found), (words, found[:8])


def test_the_plans_are_clean_and_take_what_they_are_meant_to(ground, needy):
    assert {a.id for a in ground.plan.actions} == {"upgrade_s000", "remove_s002"}
    assert [a.id for a in needy.plan.actions] == ["upgrade_s000", "add_l2_s000"]
    for each in (ground, needy):
        assert each.violations(each.copy()) == []
        assert each.violations(agreed(each.copy(), each)) == []


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (("remove", "s005", 0), "remove_s005: the station's use is not measured"),
        (("remove", "s001", 0), "remove_s001: the station's use of 0.5 is not below 0.05"),
        (("remove", "s003", 0), "remove_s003: no other L2 within 500.0 m"),
        (("remove", "s004", 0), "remove_s004: no other L2 within 500.0 m"),
        (("remove", "s002", 1), "remove_s002: a second action at one place"),
        (("add_l2", "s002", 1), "add_l2_s002: a second action at one place"),
        (("upgrade", "s002", 2), "upgrade_s002: listed after remove"),
        (("add_l2", "s001", 2), "add_l2_s001: 76.8 kW exceed the capacity of 38.4 kW"),
        (("add_l2", "s000", 2), "add_l2_s000: 757.6 kW exceed the capacity of 738.4 kW"),
        (("add_l3", "s000", 1), "add_l3_s000: the station has no L3 to add to"),
        (("add_l3", "q000", 1), "no place 'q000' for add_l3"),
    ],
)
def test_an_action_against_the_rules_is_caught(ground, action, words):
    if action[1] == "q000":
        values = ground.copy()
        values["actions"].append(
            {**ground.action("add_l3", "s004", 1), "place_id": "q000", "id": "add_l3_q000"}
        )
        is_caught(ground, refreshed(values), words)
        return
    is_caught(ground, forged(ground, action), words)


def test_a_removal_that_rests_on_another_removal_is_caught():
    # s001 and s002 are each other's only alternative
    usage = {**USAGE, "s001": 0.01}
    both = harbour(
        demand__enforce=False,
        weights__idle_points_per_point=0.001,
        siting__removal__usage=usage,
    )
    gone = {a.place_id for a in both.plan.actions if a.kind == "remove"}
    (other,) = {"s001", "s002"} - gone
    is_caught(both, forged(both, ("remove", other, 0)), f"remove_{other}: no other L2 within")


def test_a_station_with_l3_stays_where_only_l2_stations_may_go():
    town = harbour(
        siting__removal__stations="l2",
        siting__removal__alternative_m=None,
        demand__enforce=False,
    )
    words = "remove_s004: the station has L3, which the scenario does not remove"
    is_caught(town, forged(town, ("remove", "s004", 0)), words)


def test_ports_added_where_the_scenario_adds_none_are_caught():
    town = harbour(ports__add_l2=False, ports__add_l3=False)
    for level, place in (("l2", "s001"), ("l3", "s004")):
        words = f"add_{level}_{place}: the scenario adds no {level.upper()} ports at stations"
        is_caught(town, forged(town, (f"add_{level}", place, 1)), words)


@pytest.mark.parametrize("field", ["resale_cad", "net_cad", "operating_cad_per_year", "kw_after"])
def test_a_removal_that_states_another_number_is_caught(ground, field):
    values = ground.copy()
    action = next(a for a in values["actions"] if a["kind"] == "remove")
    action[field] += 500
    is_caught(ground, refreshed(values), f"action remove_s002: {field}")


def test_a_removed_station_that_goes_on_covering_is_caught(ground):
    values = forged(ground, ("remove", "s004", 0))
    values["coverage"]["l3"] = ground.copy()["coverage"]["l3"]
    is_caught(ground, refreshed(values), "coverage.l3.after")


def test_a_removal_left_out_of_the_plan_is_caught(ground):
    values = ground.copy()
    values["actions"] = [a for a in values["actions"] if a["kind"] != "remove"]
    is_caught(ground, refreshed(values), "objective_parts.net_cost")


def test_ports_that_are_stated_as_if_nothing_came_before_are_caught(needy):
    values = needy.copy()
    added = values["actions"][1]
    assert (added["l2_ports_before"], added["l2_ports_after"]) == (1, 2)
    added |= {"l2_ports_before": 3, "l2_ports_after": 4}
    is_caught(needy, refreshed(values), "action add_l2_s000: l2_ports_before")


def test_two_actions_at_a_place_in_the_wrong_order_are_caught(needy):
    values = needy.copy()
    values["actions"].reverse()
    is_caught(needy, refreshed(values), "upgrade_s000: listed after add_l2")


def test_a_witness_that_breaks_a_rule_of_stations_is_caught(ground):
    values = ground.copy()
    values["witnesses"]["attainable_l2"]["actions"] = [["remove_s003", 0]]
    is_caught(ground, refreshed(values), "witnesses.attainable_l2: remove_s003: no other L2")
    values["witnesses"]["attainable_l2"]["actions"] = [["remove_s002", 0], ["add_l2_s002", 1]]
    is_caught(ground, refreshed(values), "witnesses.attainable_l2: add_l2_s002: twice")


def test_shortfall_that_costs_nothing_in_weighted_mode_is_caught():
    town = harbour(objective__mode="weighted", targets__l2=1.0)
    assert town.plan.objective_parts.shortfall < 0
    values = town.copy()
    values["quality"]["objective"] -= values["objective_parts"]["shortfall"]
    values["objective_parts"]["shortfall"] = 0.0
    is_caught(town, refreshed(values), "objective_parts.shortfall")
