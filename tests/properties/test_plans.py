"""Whatever the region and the scenario: a plan keeps every rule, and money never hurts."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from regions import SETTINGS, metres, regions, scenarios
from toy import base_config, toy

from kwev.certify import certify
from kwev.config import Case
from kwev.model.coverage import CoverRows
from kwev.model.inputs import build_inputs
from kwev.solve import stages
from kwev.solve.stages import solve_scenario

HOLD = 1e-6


def planned(tables, **changes):
    case = Case("toy", base_config(**changes), "da")
    return solve_scenario(tables, case).plan, case


@SETTINGS
@given(regions(), scenarios)
def test_a_plan_keeps_every_rule(tables, scenario):
    plan, case = planned(tables, **scenario)
    config, rule = case.config, case.config.ports
    assert certify(plan, tables, case).violations == []
    assert plan.cost.net_cad <= config.budget.limit_cad + 0.005
    kinds = {}
    for action in plan.actions:
        kinds.setdefault(action.place_id, []).append(action.kind)
        assert action.kw_after <= action.grid_kw + 1e-6
        low, high = {
            "new_l2": (rule.min_l2, rule.max_new_l2),
            "new_l3": (rule.min_l3, rule.max_new_l3),
            "upgrade": (rule.min_l3, rule.max_new_l3),
            "add_l2": (1, rule.max_new_l2),
            "add_l3": (1, rule.max_new_l3),
            "remove": (0, 0),
        }[action.kind]
        assert low <= action.ports_added <= high
        if action.kind == "new_l2":
            assert action.l3_ports_after == 0
        if action.kind == "remove":
            assert (action.l2_ports_after, action.l3_ports_after, action.kw_after) == (0, 0, 0)
            assert config.siting.removal.stations != "none"
        if action.kind == "upgrade":
            assert action.l2_ports_after == min(rule.retained_l2, action.l2_ports_before)
            assert action.l3_ports_before == 0
            assert action.l2_ports_before > 0
    several = {tuple(done) for done in kinds.values() if len(done) > 1}
    assert several <= {("add_l3", "add_l2"), ("upgrade", "add_l2")}
    if ("upgrade", "add_l2") in several:
        assert rule.retained_l2 > 0


@SETTINGS
@given(regions(), scenarios)
def test_extremes_bracket_the_plan(tables, scenario):
    plan, _ = planned(tables, **scenario)
    for name in ("l2", "l3", "ev_owners"):
        reached, own = getattr(plan.coverage, name), getattr(plan.model_coverage, name).after
        assert own <= reached.attainable + HOLD
        assert reached.attainable <= reached.ceiling + HOLD
    assert plan.solver_says.shortfall_bound_points <= plan.shortfall.total_points + 1e-9
    assert plan.solver_says.bound >= plan.quality.objective


@SETTINGS
@given(regions(), scenarios, st.integers(1, 20).map(lambda k: 25_000 * k))
def test_more_money_never_hurts(tables, scenario, more):
    less, _ = planned(tables, **scenario)
    richer = {**scenario, "budget__limit_cad": scenario["budget__limit_cad"] + more}
    better, _ = planned(tables, **richer)
    # each part of a shortfall may be held HOLD above its least
    held = 4 * 100 * HOLD
    assert better.shortfall.total_points <= less.shortfall.total_points + held
    parts = ("l2", "l3", "ev_owners", "demand")
    same = all(
        abs((getattr(better.shortfall, p) or 0) - (getattr(less.shortfall, p) or 0)) <= HOLD
        for p in parts
    )
    if same:
        gaps = sum(plan.solver_says.bound - plan.quality.objective for plan in (less, better))
        # HOLD of a shortfall may buy that much of the objective, weighted
        assert better.quality.objective >= less.quality.objective - gaps - 3 * held
    for name in ("l2", "l3", "ev_owners"):
        first, second = getattr(less.coverage, name), getattr(better.coverage, name)
        assert second.attainable >= first.attainable - HOLD
        assert second.ceiling == pytest.approx(first.ceiling, abs=HOLD)


@SETTINGS
@given(regions(), scenarios)
def test_a_longer_reach_never_raises_the_shortfall(tables, scenario):
    less, _ = planned(tables, **scenario)
    longer = {**scenario, "coverage__l2_radius_m": 900, "coverage__l3_radius_m": 3_000}
    better, _ = planned(tables, **longer)
    assert better.shortfall.total_points <= less.shortfall.total_points + 4 * 100 * HOLD


@SETTINGS
@given(regions(), scenarios)
def test_the_same_question_has_the_same_answer(tables, scenario):
    assert planned(tables, **scenario)[0] == planned(tables, **scenario)[0]


def one_row_per_point(reach, points):
    """Return coverage rows without grouping: one for each point that is not always covered."""
    always = reach.fixed >= 1
    rows = np.flatnonzero(~always)
    return CoverRows(
        matrix=reach.change[rows],
        base=reach.losable[rows],
        people=points.people[rows],
        ev=points.ev[rows],
        weight=points.weight[rows],
        always_people=float(points.people[always].sum()),
        always_ev=float(points.ev[always].sum()),
        always_weight=float(points.weight[always].sum()),
    )


@SETTINGS
@given(regions(max_points=14), scenarios)
def test_grouping_points_changes_nothing(tables, scenario):
    grouped, _ = planned(tables, **scenario)

    def ungrouped_inputs(*args):
        inputs = build_inputs(*args)
        rows = {k: one_row_per_point(reach, inputs.points) for k, reach in inputs.reach.items()}
        return dataclasses.replace(inputs, rows=rows)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stages, "build_inputs", ungrouped_inputs)
        single, _ = planned(tables, **scenario)
    assert single.shortfall.total_points == pytest.approx(grouped.shortfall.total_points, abs=1e-4)
    for name in ("l2", "l3", "ev_owners"):
        one, many = getattr(single.coverage, name), getattr(grouped.coverage, name)
        assert one.attainable == pytest.approx(many.attainable, abs=1e-6)
        assert one.ceiling == pytest.approx(many.ceiling, abs=1e-6)


@SETTINGS
@given(st.lists(st.tuples(metres, metres, st.integers(0, 50)), min_size=1, max_size=30), metres)
def test_groups_keep_every_person(points, x):
    tables = toy([(*p, 1) for p in points], [(x, 0, 2, 0), (0, x, 2, 2)], [(x, x, "library")])
    inputs = build_inputs(tables, base_config(), "da")
    reach, rows = inputs.reach["l2"], inputs.rows["l2"]
    never = (reach.fixed == 0) & (reach.losable == 0) & (np.diff(reach.change.indptr) == 0)
    people = rows.people.sum() + rows.always_people + inputs.points.people[never].sum()
    assert people == pytest.approx(inputs.people)
    assert len(rows.base) <= len(points)


@SETTINGS
@given(st.integers(1, 6), st.sampled_from([0, 1, 2, 6]))
def test_an_upgrade_keeps_l2_only_with_retained_ports(ports, retained):
    station = {"x": 0, "y": 0, "l2_ports": ports, "l3_ports": 0, "grid_kw": 2_000}
    tables = toy([(0, 0, 100, 1)], [station])
    plan, _ = planned(tables, ports__retained_l2=retained, targets__l2=0.0)
    (action,) = plan.actions
    stays = min(ports, retained)
    assert (action.kind, action.l2_ports_after) == ("upgrade", stays)
    assert plan.coverage.l2.after == (1.0 if stays else 0.0)
    sold = (ports - stays) * 5_000 + (0 if stays else 20_000)
    assert action.resale_cad == 0.5 * sold
