"""Edges of the model: no time, no need, nobody, nothing to do."""

from __future__ import annotations

import warnings

import pytest
from toy import base_config, toy

from kwev.certify import certify
from kwev.config import Case
from kwev.errors import KwevError
from kwev.plan import words
from kwev.solve.stages import SOLVES, solve_scenario

TOWN = toy(
    [(0, 0, 100, 3), (900, 0, 40, 1)],
    [(0, 0, 2, 0)],
    [(100, 0, "library"), (600, 0, "shopping_mall")],
)


def solved(tables=TOWN, **changes):
    case = Case("toy", base_config(**changes), "da")
    result = solve_scenario(tables, case)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        certificate = certify(result.plan, tables, case)
    assert certificate.violations == []
    return result


def test_a_killed_solve_gives_a_plan_that_is_honest_about_its_gap():
    """Doing nothing is a plan; no time at all leaves it with the trivial bounds."""
    killed = solved(solver__time_limit_s=1e-9).plan
    assert killed.actions == []
    assert killed.solver_says.ended == "limit"
    assert killed.solver_says.bound == 300  # everybody covered at both levels: 100 + 2 * 100 points
    assert killed.gap_said > 0.01
    # a stop leaves what was found: at least so much, and no more than the multipliers allow
    reached = killed.coverage.l3
    assert reached.attainable == 0 < reached.bound_checked <= reached.ceiling
    assert words.attainable(reached) == "at least 0.0%"
    assert killed.quality.gap_checked > 1
    assert words.optimality(killed).startswith("within 313")
    assert words.optimality(killed).endswith("% of the best")
    assert killed.solver_says.shortfall_bound_points == 0 < killed.shortfall.total_points


def test_without_a_start_out_of_time_is_said_in_one_line():
    case = Case("toy", base_config(solver__time_limit_s=1e-9), "da")
    with pytest.raises(KwevError, match=r"within the time limit \(solver.time_limit_s\)"):
        solve_scenario(TOWN, case, plain=True)


@pytest.mark.parametrize(
    "change", [{"demand__public_share": 0.0}, {"demand__kwh_per_ev_year": 0.0}]
)
def test_no_need_is_served(change):
    assert solved(demand__enforce=True, **change).plan.shortfall.demand == 0


def test_no_use_serves_nothing():
    plan = solved(demand__enforce=True, demand__utilisation=0.0).plan
    assert plan.shortfall.demand == 1
    assert plan.cost.least_budget_cad is None


def test_a_region_without_vehicles():
    tables = toy([(0, 0, 100, 0)], sites=[(0, 0, "library")])
    plan = solved(tables, demand__enforce=True).plan
    assert plan.coverage.l2.after == 1
    assert plan.coverage.ev_owners.after == 0
    found = certify(plan, tables, Case("toy", base_config(demand__enforce=True), "da"))
    # nobody is missed where there is nobody, and nothing is out of reach
    assert found.targets == {"l2": "met", "l3": "unmet_proven", "ev_owners": "nobody"}


def test_a_region_without_anybody():
    plan = solved(toy([(0, 0, 0, 0)], sites=[(0, 0, "library")]), targets__l2=0.0).plan
    assert plan.quality.objective <= 0


def test_the_objective_may_have_no_level_weight():
    plan = solved(weights__l2=0.0, weights__l3=0.0).plan
    assert plan.shortfall.total_points <= solved(budget__limit_cad=0).plan.shortfall.total_points


@pytest.mark.parametrize("radius_m", [0.001, 500.0, 100_000.0])
@pytest.mark.parametrize("limit_cad", [0, 10**9])
def test_any_budget_and_any_radius(radius_m, limit_cad):
    """A millimetre covers those at a station alone, 100 km everybody; no budget builds nothing."""
    plan = solved(
        budget__limit_cad=limit_cad, coverage__l2_radius_m=radius_m, coverage__l3_radius_m=radius_m
    ).plan
    assert bool(plan.actions) <= (limit_cad > 0)
    least = 1.0 if radius_m > 1_000 else 100 / 140
    assert plan.coverage.l2.before == pytest.approx(least)
    if radius_m > 1_000 and limit_cad:
        assert plan.coverage.l3.after == 1


def test_a_budget_beyond_every_plan_is_refused():
    with pytest.raises(KwevError, match=r"budget.limit_cad: .* less than or equal to 1000000000"):
        base_config(budget__limit_cad=10**12)


@pytest.mark.parametrize(("metres", "reached"), [(0.0, 1), (500.0, 1), (500.01, 0)])
def test_at_the_radius_is_within_it(metres, reached):
    plan = solved(toy([(0, 0, 100, 3)], [(metres, 0, 2, 0)]), budget__limit_cad=0).plan
    assert plan.coverage.l2.after == reached


def test_progress_names_the_solves_in_order():
    case, named = Case("toy", base_config(), "da"), []
    solve_scenario(TOWN, case, progress=named.append)
    assert tuple(named) == SOLVES


def test_demand_asks_for_more_than_the_fewest_ports():
    """R8: ports exceed the minimum where the need requires it."""
    tables = toy([(0, 0, 100, 40)], sites=[(0, 0, "shopping_mall")])
    (few,) = solved(tables, targets__l3=0.0).plan.actions
    many = solved(tables, targets__l3=0.0, demand__enforce=True).plan
    (action,) = many.actions
    need_kwh = 40 * 3_000 * 0.2
    needed = need_kwh / (8_760 * 0.1 * 19.2)
    assert few.l2_ports_after == 1
    assert action.l2_ports_after == -(-needed // 1) > 1
    assert many.shortfall.demand == 0


def test_an_upgrade_takes_its_l2_power_out_of_the_supply():
    tables = toy([(0, 0, 100, 40)], stations=[(0, 0, 2, 0)])
    stays = solved(tables, demand__enforce=True, budget__limit_cad=0).plan
    supply_kwh = 2 * 19.2 * 8_760 * 0.1
    assert stays.shortfall.demand == pytest.approx(max(0, 1 - supply_kwh / 24_000))
    plan = solved(tables, demand__enforce=True, demand__utilisation=0.001, targets__l2=0.0).plan
    (action,) = plan.actions
    assert action.kind == "upgrade"
    supply_kwh = action.l3_ports_after * 350 * 8_760 * 0.001
    assert plan.shortfall.demand == pytest.approx(max(0, 1 - supply_kwh / 24_000))
