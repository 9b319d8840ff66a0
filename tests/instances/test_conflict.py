"""What stands in the way of targets, on regions whose irreducible sets are known by hand."""

from __future__ import annotations

import pytest
from toy import AREA, base_config, toy

from kwev.config import Case
from kwev.solve.infeasibility import deletion_filter, explain

FAR = 50_000.0
RICH = {"budget__limit_cad": 10_000_000}


def conflict(tables, **changes):
    return explain(tables, Case("toy", base_config(**changes), "da"))


def one_mall():
    return toy([(0, 0, 100, 1)], sites=[(0, 0, "shopping_mall"), (100, 0, "library")])


def test_targets_that_can_be_met_leave_no_conflict():
    found = conflict(one_mall(), **RICH)
    assert (found.status, found.groups) == ("none", ())


def test_a_target_above_everything_built_is_a_set_of_its_own():
    # 60 of 100 people can be reached: no money helps, nor does anything else
    tables = toy([(0, 0, 60, 1), (FAR, 0, 40, 1)], sites=[(0, 0, "library")])
    found = conflict(tables, targets__l2=0.61, targets__l3=0.0, **RICH)
    assert (found.status, found.groups, found.tests) == ("irreducible", ("l2",), ())
    assert conflict(tables, targets__l2=0.6, targets__l3=0.0, **RICH).status == "none"


def test_money_and_a_target():
    # L2 costs 25,000 and is all that is asked for
    poor = {"budget__limit_cad": 24_999, "targets__l3": 0.0}
    assert conflict(one_mall(), **poor).groups == ("budget", "l2")


def test_money_and_two_targets():
    # L2 for 25,000 and L3 for 200,000, or 150,000 if one port were enough: 200,000 pays for either
    found = conflict(one_mall(), budget__limit_cad=200_000)
    assert found.groups == ("budget", "ports", "l3", "l2")
    assert found.status == "irreducible"
    # from 174,999 not even that would help
    assert conflict(one_mall(), budget__limit_cad=174_999).groups == ("budget", "l3", "l2")


def test_one_place_cannot_hold_both_levels():
    tables = toy([(0, 0, 100, 1)], sites=[(0, 0, "shopping_mall")])
    assert conflict(tables, **RICH).groups == ("one_action_per_place", "l3", "l2")


def test_two_ports_are_too_much_for_a_small_site():
    # a pair of 350 kW ports needs 700 kW and the library has 300: fewer ports or more power, or
    # no L3
    tables = toy([(0, 0, 100, 1)], sites=[(0, 0, "library")])
    found = conflict(tables, targets__l2=0.0, **RICH)
    assert found.groups == ("site_capacity", "l3")  # one port does not fit either
    small = {"power__l3_kw": 200.0, "targets__l2": 0.0}
    assert conflict(tables, **small, **RICH).groups == ("ports", "site_capacity", "l3")


def test_energy_and_the_room_for_ports():
    # an L2 port gives 16,819 kWh. 300 EVs need 180,000: 10 ports are allowed, 15 fit in 300 kW and
    # would do, as would L3 ports, of which none fits
    power = {"demand__enforce": True, "targets__l3": 0.0, "power__l3_kw": 301.0, **RICH}
    tables = toy([(0, 0, 100, 300)], sites=[(0, 0, "library")])
    assert conflict(tables, **power).groups == ("ports", "site_capacity", "demand")
    # 1,000 EVs need 600,000: as many ports as fit are not enough
    tables = toy([(0, 0, 100, 1_000)], sites=[(0, 0, "library")])
    assert conflict(tables, **power).groups == ("site_capacity", "demand")


def test_upgrading_the_only_station_takes_level_2_away():
    # a station and nothing else: L3 needs the conversion, L2 needs the station
    tables = toy([(0, 0, 100, 1)], stations=[(0, 0, 2, 0)])
    assert conflict(tables, **RICH).groups == ("l3", "l2")
    assert conflict(tables, ports__retained_l2=1, **RICH).status == "none"


def test_a_rule_and_the_target_that_it_forbids():
    # two malls 6 km apart, each with its own people; both are needed
    tables = toy(
        [(-4_000, 0, 100, 1), (10_000, 0, 60, 1)],
        sites=[(0, 0, "shopping_mall"), (6_000, 0, "shopping_mall")],
    )
    wish = {"targets__l2": 0.0, "targets__l3": 0.9, **RICH}
    assert conflict(tables, **wish).status == "none"
    assert conflict(tables, rules__l3_spacing_m=7_000, **wish).groups == ("l3_spacing", "l3")
    assert conflict(tables, rules__ports__l3_total=3, **wish).groups == (
        "ports_l3", "ports", "l3",
    )  # fmt: skip


def test_a_floor_is_a_group_of_its_own():
    tables = toy(
        [(0, 0, 100, 1), (FAR, 0, 40, 1)],
        sites=[(0, 0, "library")],
        towns=[AREA, "3530004"],
    )
    wish = {"targets__l2": 0.0, "targets__l3": 0.0, **RICH}
    found = conflict(tables, rules__municipality__l2=0.5, **wish)
    assert (found.status, found.groups) == ("irreducible", ("municipality_l2",))


def test_without_any_action_each_unmet_target_is_its_own_conflict():
    tables = toy([(0, 0, 100, 1)])
    assert conflict(tables).groups == ("l2",)
    energy = {"demand__enforce": True, "targets__l2": 0.0, "targets__l3": 0.0}
    assert conflict(tables, **energy).groups == ("demand",)
    assert conflict(tables, targets__l2=0.0, targets__l3=0.0).status == "none"


NAMES = ("a", "b", "c", "d")


def prober(*sets):
    """Return a probe to which the given sets, and what holds one of them, are infeasible."""

    def probe(names):
        met = not any(set(one) <= set(names) for one in sets)
        return ("feasible" if met else "infeasible"), 0.0

    return probe


@pytest.mark.parametrize(
    ("sets", "left"),
    [
        ((("a",),), ("a",)),
        ((("a", "b"),), ("a", "b")),
        ((("a", "b"), ("c", "d")), ("c", "d")),  # the first in order is given up first
        ((("a", "d"), ("b", "d")), ("b", "d")),
        ((NAMES,), NAMES),
        ((), ()),
    ],
)
def test_the_filter_leaves_a_set_from_which_nothing_can_go(sets, left):
    found = deletion_filter(NAMES, prober(*sets))
    assert found.groups == left
    assert found.status == ("irreducible" if left else "none")


def test_what_is_not_decided_in_time_is_said():
    sure = prober(("a", "b"))

    def probe(names):
        return ("unknown", 9.0) if "c" not in names else sure(names)

    found = deletion_filter(NAMES, probe)
    assert (found.status, found.groups, found.undecided) == ("infeasible", ("a", "b", "c"), ("c",))
    assert deletion_filter(NAMES, lambda _: ("unknown", 9.0)).status == "unknown"


def test_a_time_limit_is_kept_to(monkeypatch):
    monkeypatch.setattr("kwev.solve.infeasibility.TIME_LIMIT_S", 1e-6)
    found = explain(one_mall(), Case("toy", base_config(budget__limit_cad=200_000), "da"))
    assert found.status == "unknown"
