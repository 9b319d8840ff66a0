"""The score term of the objective on regions small enough to solve by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from planted import Ground
from toy import Toy, base_config, case, toy

from kwev.certify import ActionKey, Evaluation, certify
from kwev.model import demand, scores
from kwev.model.demand import demand_points
from kwev.solve.stages import solve_scenario

APART = 10_000
URGENT = {"density_per_km2": 4_000.0, "transit": 1.0, "multi_unit_share": 1.0}
IDLE = {"density_per_km2": 10.0, "transit": 0.0, "multi_unit_share": 0.0}


def two_towns(first=IDLE, second=URGENT, people=(105, 100)):
    """Two towns, one with a few more people, each with a library."""
    points = [(0, 0, people[0], 1), (APART, 0, people[1], 1)]
    sites = [(0, 0, "library"), (APART, 0, "library")]
    return toy(points, sites=sites, facts=(first, second))


def built(tables, **changes):
    """Solve, insist on a clean certificate, and return the sites built."""
    given = case(**changes)
    plan = solve_scenario(tables, given).plan
    assert certify(plan, tables, given).violations == []
    return {action.place_id for action in plan.actions}


def test_weights_by_hand():
    tables = two_towns()
    config = base_config(weights__people=0.6, weights__ev=0.3, weights__score=0.1)
    points = demand_points(tables, config, "da")
    # of two points the higher fact scales to 1, the lower to 0, equal ones to a half:
    # the infrastructure of both is a half
    assert points.score == pytest.approx([0.25 * 0.5, 0.4 + 0.25 * 0.5 + 0.2 + 0.15])
    urgent = points.score * [105, 100]
    by_hand = 0.6 * np.array([105, 100]) / 205 + 0.3 / 2 + 0.1 * urgent / urgent.sum()
    assert points.weight == pytest.approx(by_hand)
    assert points.weight.sum() == pytest.approx(1)


def test_the_urgent_town_wins_over_the_slightly_larger_one():
    chosen = {"budget__limit_cad": 25_000, "targets__l2": 0.0, "targets__l3": 0.0}
    tables = two_towns()
    assert built(tables, **chosen) == {"q000"}
    assert built(tables, **chosen, weights__score=0.1) == {"q001"}


def test_equal_facts_make_the_score_a_second_weight_on_people():
    tables = two_towns({}, {}, people=(300, 100))
    config = base_config(weights__people=0.5, weights__ev=0.25, weights__score=0.25)
    points = demand_points(tables, config, "da")
    assert points.score == pytest.approx([0.5, 0.5])
    assert points.weight == pytest.approx([0.75 * 0.75 + 0.125, 0.75 * 0.25 + 0.125])


def test_where_nobody_lives_the_vehicles_have_all_the_weight():
    points = demand_points(two_towns(people=(0, 0)), base_config(weights__score=0.5), "da")
    assert points.weight == pytest.approx([0.5, 0.5])


def ground(**changes):
    given = case(budget__limit_cad=25_000, weights__score=0.3, **changes)
    tables = two_towns()
    plan = solve_scenario(tables, given).plan
    return Ground(plan.model_copy(update={"certificate": certify(plan, tables, given)}), tables,
                  given)  # fmt: skip


def test_the_certificate_agrees_on_the_objective():
    town = ground()
    assert town.violations(town.copy()) == []
    trace = Evaluation(town.tables, town.case.config, "da")
    ports = {ActionKey(a.kind, a.place_id): a.l2_ports_after for a in town.plan.actions}
    assert trace.objective_points(ports) == pytest.approx(town.plan.quality.objective, abs=1e-9)


@pytest.mark.parametrize(
    "fault",
    ["unscaled", "forgotten", "of_people_only", "wrong_weight"],
)
def test_a_wrong_score_in_the_plans_code_is_found(fault, monkeypatch):
    def parts(facts, weights):
        right = scores.demand_scores(facts, weights)
        return {
            "unscaled": right**2,
            "forgotten": np.ones_like(right),
            "of_people_only": scores.demand_parts(facts)["density"],
            "wrong_weight": scores.weighted(
                scores.demand_parts(facts), {**weights.rescaled(), "transit": 0.1}
            ),
        }[fault]

    with monkeypatch.context() as patched:
        patched.setattr(demand, "demand_scores", parts)
        given = case(budget__limit_cad=25_000, weights__score=0.3)
        tables = two_towns({**IDLE, "transit": 0.6}, URGENT)
        plan = solve_scenario(tables, given).plan
    found = certify(plan, tables, given).violations
    assert any(text.startswith("quality.objective") for text in found)


@pytest.mark.parametrize("fact", scores.POINT_FACTS)
def test_facts_edited_after_the_solve_are_found(fact):
    town = ground()
    facts = town.tables.point_facts.set_index("id")
    low, high = facts.loc["p000", fact].iloc[0], facts.loc["p001", fact].iloc[0]
    # of two points a scale knows only the order: make them equal, or no longer so
    edited = low if low != high else 2 * high
    changed = town.tables.point_facts.copy()
    changed.loc[changed["id"] == "p001", fact] = edited
    town = replace(town, tables=Toy(**vars(town.tables) | {"point_facts": changed}))
    assert any("quality.objective" in text for text in town.violations(town.copy()))
