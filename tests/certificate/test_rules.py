"""Plans that break an optional rule, or hide what one misses, are caught and named.

The forger takes the plan that is best without the rule, claims that it was made under the rule,
and makes every number agree, so that the rule alone can give it away.
"""

from __future__ import annotations

import copy

import pytest
from planted import Ground, agreed, settle
from toy import AREA, base_config, toy

from kwev import terminal
from kwev.config import Case
from kwev.model.rules import RULES

RICH = {"budget__limit_cad": 10_000_000}
TOWN = "3530004"
HARD = {rule.name for rule in RULES if not rule.elastic}
ELASTIC = {rule.name for rule in RULES if rule.elastic}


def town():
    """Return two crowds 6 km apart with malls and libraries, and a station between them."""
    return toy(
        [(0, 0, 100, 1), (400, 0, 50, 1), (800, 0, 25, 1), (6_000, 0, 60, 1)],
        stations=[(3_000, 0, 4, 0)],
        sites=[
            {"x": 0, "y": 0, "category": "library", "area_id": "west"},
            {"x": 800, "y": 0, "category": "library", "area_id": "west"},
            {"x": 100, "y": 0, "category": "shopping_mall", "area_id": "west"},
            {"x": 6_000, "y": 0, "category": "shopping_mall", "area_id": "east"},
            {"x": 6_100, "y": 0, "category": "library", "area_id": "east"},
        ],
        towns=[AREA, AREA, AREA, TOWN],
        quintiles=[1, 2, 2, 5],
        homes=[{"median_income_cad": income} for income in (60e3, 90e3, 90e3, 50e3)],
        areas={"west": 900.0, "east": 900.0, "tract": 900.0},
    )


FREE = {**RICH, "coverage__l3_radius_m": 1_000, "targets__l2": 1.0, "targets__l3": 1.0}
BROKEN = {
    "site_budget": {"rules__site_budget_cad": 150_000.0},
    "ports_per_place": {"rules__ports__per_place": 1},
    "ports_l2": {"rules__ports__l2_total": 1},
    "ports_l3": {"rules__ports__l3_total": 2},
    "total_kw": {"rules__total_kw": 700.0},
    "l3_spacing": {"rules__l3_spacing_m": 7_000.0},
    "l3_gap": {"rules__l3_gap_m": 2_000.0},
    "stations_per_area": {"rules__stations_per_area": 1},
    "area_power": {"rules__area_power__proxy_factor": 0.5},
    "overlap": {"rules__overlap": 0.1},
}
"""A setting of each hard rule that the town's free plan breaks."""
MISSED = {
    "municipality_l2": {"rules__municipality__l2": 1.0},
    "municipality_l3": {"rules__municipality__l3": 1.0},
    "quintile_l2": {"rules__quintile__l2": 1.0},
    "quintile_l3": {"rules__quintile__l3": 1.0},
    "renters_l2": {"rules__groups__renters__l2": 1.0},
    "renters_l3": {"rules__groups__renters__l3": 1.0},
    "multi_unit_l2": {"rules__groups__multi_unit__l2": 1.0},
    "multi_unit_l3": {"rules__groups__multi_unit__l3": 1.0},
    "low_income_l2": {"rules__groups__low_income__l2": 1.0},
    "low_income_l3": {"rules__groups__low_income__l3": 1.0},
    "redundancy_l2": {"rules__redundancy__l2": 1.0},
    "redundancy_l3": {"rules__redundancy__l3": 1.0},
    "local": {
        "demand__local": 1.0,
        "demand__utilisation": 0.001,
        "demand__kwh_per_ev_year": 50_000.0,
    },
}
"""A setting of each elastic rule that no plan of a poor town meets."""


@pytest.fixture(scope="module")
def tables():
    return town()


@pytest.fixture(scope="module")
def free(tables):
    return settle(tables, Case("toy", base_config(**FREE), "da"))


def claimed(free, tables, rule):
    """Return the ground of the rule, and the free plan forged to have been made on it."""
    case = Case("toy", base_config(**FREE, **rule), "da")
    ground = Ground(free.plan, tables, case)
    values = copy.deepcopy(free.plan.as_dict())
    values["config"] = case.config.planning().as_dict()
    return ground, agreed(values, ground)


def test_every_rule_has_its_fault():
    assert set(BROKEN) == HARD
    assert set(MISSED) == ELASTIC


def test_the_free_plan_is_clean_where_no_rule_is_on(free, tables):
    ground, values = claimed(free, tables, {})
    assert ground.violations(values) == []


@pytest.mark.parametrize("name", BROKEN)
def test_a_plan_that_breaks_a_rule_is_caught_and_named(free, tables, name):
    ground, values = claimed(free, tables, BROKEN[name])
    found = ground.violations(values)
    assert any(f"rule {name}: " in text for text in found if "witness" not in text), found[:5]


@pytest.mark.parametrize("name", BROKEN)
def test_a_witness_that_breaks_a_rule_is_caught(free, tables, name):
    ground, values = claimed(free, tables, BROKEN[name])
    found = ground.violations(values)
    told = [text for text in found if text.startswith("witnesses.") or "witness" in text]
    assert told, found[:5]


@pytest.mark.parametrize("name", BROKEN)
def test_the_plan_made_under_the_rule_is_clean(tables, name):
    ground = settle(tables, Case("toy", base_config(**FREE, **BROKEN[name]), "da"))
    assert ground.violations(ground.copy()) == []


def poor(tables, name):
    """Return a certified plan that misses an elastic rule."""
    money = {**FREE, "budget__limit_cad": 225_000}
    return settle(tables, Case("toy", base_config(**money, **MISSED[name]), "da"))


@pytest.mark.parametrize("name", MISSED)
def test_what_a_rule_misses_cannot_be_made_smaller(tables, name):
    ground = poor(tables, name)
    values = ground.copy()
    missed = values["shortfall"]["rules"][name]
    assert missed > 0.05
    values["shortfall"]["rules"][name] = missed - 1e-6
    values["shortfall"]["total_points"] -= 1e-4
    values["certificate"] = None
    assert any(f"shortfall.rules.{name} is" in text for text in ground.violations(values))


def test_what_a_rule_misses_is_told_and_each_share_says_of_whom(tables):
    plan = poor(tables, "renters_l3").plan
    missed = 100 * plan.shortfall.rules["renters_l3"]
    (line,) = terminal.missed_lines(plan)
    assert line.startswith("missed on da points of the model (points): ")
    assert f"renters_l3 {missed:.2f}" in line
    assert "; no plan misses less than " in line
    lines = list(terminal.plan_lines(plan, {"seconds": 1.0, "size": {}}))
    assert line in lines
    (head,) = (text for text in lines if "on the cells" in text)
    assert head.endswith("on da points of the model")
    assert not any("optimal" in text for text in lines)


@pytest.mark.parametrize("name", MISSED)
def test_what_a_rule_misses_cannot_be_left_out(tables, name):
    ground = poor(tables, name)
    values = ground.copy()
    gone = values["shortfall"]["rules"].pop(name)
    values["shortfall"]["total_points"] -= 100 * gone
    values["certificate"] = None
    assert any("shortfall.rules is" in text for text in ground.violations(values))


def test_no_other_ceiling_than_the_closed_form_is_taken_under_a_tying_rule(tables):
    case = Case("toy", base_config(**FREE, rules__l3_spacing_m=7_000.0), "da")
    ground = settle(tables, case)
    assert ground.plan.coverage.l3.ceiling == ground.evaluation.ceiling("model")["l3"]
    values = ground.copy()
    values["certificate"] = None
    # what the spacing leaves is less, but nothing shows that
    values["coverage"]["l3"]["ceiling"] = values["model_coverage"]["l3"]["after"]
    assert any("coverage.l3.ceiling" in text for text in ground.violations(values))


@pytest.mark.parametrize("name", ["site_budget", "ports_per_place"])
def test_the_closed_form_is_exact_where_no_rule_ties_sites_together(tables, name):
    ground = settle(tables, Case("toy", base_config(**FREE, **BROKEN[name]), "da"))
    values = ground.copy()
    values["coverage"]["l3"]["ceiling"] += 1e-3
    values["certificate"] = None
    assert any("coverage.l3.ceiling" in text for text in ground.violations(values))
