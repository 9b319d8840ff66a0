"""The model and its certificate along made-up streets, small enough to solve by hand."""

from __future__ import annotations

import pytest
from planted import Ground, refreshed
from toy import case, streets, toy

from kwev.certify import certify
from kwev.model.coverage import AlongRoads, StraightLine, ruler_of
from kwev.model.network import RoadNetwork
from kwev.solve.stages import solve_scenario
from kwev.studies.store import solve_certified

BY_ROAD = {"coverage__metric": "network"}


def solve(tables, **changes):
    """Solve along the roads and insist on a clean certificate."""
    given = case(**BY_ROAD, **changes)
    plan = solve_scenario(tables, given).plan
    assert certify(plan, tables, given).violations == []
    return plan


def done(plan):
    return {(action.kind, action.place_id) for action in plan.actions}


def over_the_river(**ways):
    """Two homes 100 m either side of a river, the bridge 600 m away; a library on each bank.

    p000 ─ q000 ───(0)─── bridge
                            (1)
    p001 ─ q001 ───(2)─── bridge
    """
    tables = toy([(0, 0, 60, 1), (0, 100, 40, 1)], sites=[(10, 0, "library"), (10, 100, "library")])
    edges = [(0, 1, 600), (1, 3, 100), (2, 3, 600)]
    return streets(
        tables,
        [(*edge, ways.get(f"edge{i}", "both")) for i, edge in enumerate(edges)],
        {"p000": (0, 0, 5), "p001": (2, 0, 5), "q000": (0, 10, 5), "q001": (2, 10, 5)},
    )


def test_a_site_over_the_river_serves_the_crow_only():
    tables = over_the_river()
    by_air = solve_scenario(tables, case(budget__limit_cad=25_000)).plan
    assert by_air.model_coverage.l2.after == 1
    plan = solve(tables, budget__limit_cad=25_000)
    assert done(plan) == {("new_l2", "q000")}
    assert plan.model_coverage.l2.after == pytest.approx(0.6)
    assert plan.metric == "network"
    both = solve(tables, budget__limit_cad=50_000)
    assert done(both) == {("new_l2", "q000"), ("new_l2", "q001")}


@pytest.mark.parametrize(("radius_m", "ceiling"), [(1_300.0, 1.0), (1_299.99, 0.6)])
def test_offsets_at_both_ends_count(radius_m, ceiling):
    # from p001 over the bridge to q000: 5 + 600 + 100 + 590 + 5
    tables = over_the_river()
    tables.sites = tables.sites.iloc[:1]
    assert solve(tables, coverage__l2_radius_m=radius_m).coverage.l2.ceiling == ceiling


def test_driving_obeys_one_way_streets_and_walking_does_not():
    # stations at the far end of a one-way street: 100 m there, 1,100 m back
    tables = toy([(0, 0, 60, 1), (100, 0, 40, 1)], stations=[(0, 0, 2, 2), (100, 0, 2, 2)])
    streets(
        tables,
        [(0, 1, 100, "->"), (1, 2, 500), (0, 2, 600)],
        {"p000": (0, 0, 0), "p001": (0, 90, 0), "s000": (0, 10, 0), "s001": (0, 95, 0)},
    )
    tables.stations = tables.stations.iloc[:1]
    near = {"coverage__l2_radius_m": 200, "coverage__l3_radius_m": 200}
    plan = solve(tables, budget__limit_cad=0, **near)
    assert plan.coverage.l2.before == 1
    assert plan.coverage.l3.before == pytest.approx(0.6)  # p001 would have to go round
    # round the block: 10 + 500 + 600 + 10
    wide = {"coverage__l2_radius_m": 200, "coverage__l3_radius_m": 1_120}
    assert solve(tables, budget__limit_cad=0, **wide).coverage.l3.before == 1


def test_an_upgrade_takes_l2_away_from_whom_it_served_on_foot():
    tables = toy([(0, 0, 100, 1)], stations=[(0, 0, 2, 0)])
    streets(tables, [(0, 1, 1_000)], {"p000": (0, 100, 0), "s000": (0, 590, 10)})
    plan = solve(tables, targets__l2=0)
    assert done(plan) == {("upgrade", "s000")}
    assert (plan.coverage.l2.before, plan.coverage.l2.after) == (1, 0)
    assert plan.coverage.l3.after == 1


def test_people_far_from_every_road_are_out_of_reach():
    tables = over_the_river()
    tables.road_snaps = tables.road_snaps[tables.road_snaps["id"] != "p000"]
    plan = solve(tables)
    assert plan.coverage.l2.ceiling == pytest.approx(0.4)
    assert "p000" not in plan.model_covered.l2


def test_the_metric_chooses_the_ruler():
    tables = over_the_river()
    assert isinstance(ruler_of(tables, "straight_line"), StraightLine)
    ruler = ruler_of(tables, "network")
    assert isinstance(ruler, AlongRoads)
    assert isinstance(ruler.network, RoadNetwork)


# -- faults planted in a plan along the roads ------------------------------------------------------


@pytest.fixture(scope="module")
def river():
    given = case(**BY_ROAD, budget__limit_cad=25_000)
    tables = over_the_river()
    return Ground(solve_certified(tables, given).plan, tables, given)


def violations(ground, values):
    return "; ".join(ground.violations(refreshed(values)))


def test_the_crows_reach_in_a_plan_along_the_roads_is_caught(river):
    values = river.copy()
    values["model_covered"]["l2"] = ["p000", "p001"]
    assert "model_covered.l2: 1 out of reach (p001)" in violations(river, values)
    values = river.copy()
    values["coverage"]["l2"]["after"] = 1.0
    assert "coverage.l2.after is 1.0, recomputed 0.6" in violations(river, values)


def test_a_metric_that_is_not_the_scenarios_is_caught(river):
    values = river.copy()
    values["metric"] = "straight_line"
    assert "metric is 'straight_line', must be 'network'" in violations(river, values)
    values["config"]["coverage"]["metric"] = "straight_line"
    assert "config.coverage is" in violations(river, values)


def test_roads_that_changed_since_are_caught(river):
    """The same plan over a bridge that is shut, or a street that is longer."""
    longer = over_the_river()
    longer.road_snaps.loc[longer.road_snaps["id"] == "q000", "along_m"] = 499.0
    ground = Ground(river.plan, longer, river.case)
    assert "coverage.l2.after is 0.6, recomputed 0.0" in "; ".join(ground.violations(river.copy()))
