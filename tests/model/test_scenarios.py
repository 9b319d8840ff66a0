"""Every scenario solves on the Region's data, and what the base plan states can be recomputed."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from kwev.certify import ActionKey, Evaluation
from kwev.config import Case, load_config, scenario_paths
from kwev.studies.store import solve_certified

PEOPLE = 587_165
DISSEMINATION_AREAS = 766
NAMES = (
    "base", "aggressive", "balanced", "conservative", "high_budget", "low_budget",
    "network", "l3_at_2km", "l3_at_750m", "tesla_counts", "outside_counts", "l3_counts_for_l2",
    "power_7_150", "l3_cost_doubled", "public_owners_only", "ev_2030",
    "removal", "weighted", "home_access",
)  # fmt: skip


@pytest.fixture(scope="module")
def plans(project, tables):
    """Return the plan of every scenario at `tract`, solved here."""
    cases = {name: Case(name, load_config(name, project.config), "tract") for name in NAMES}
    return {name: solve_certified(tables, case).plan for name, case in cases.items()}


def test_these_are_all_scenarios(project):
    assert set(scenario_paths(project.config)) == set(NAMES)


def test_the_people_of_the_census_at_every_level(tables):
    assert len(tables.das) == DISSEMINATION_AREAS
    for table in (tables.das, tables.tracts, tables.cells, tables.municipalities):
        assert table["population"].sum() == pytest.approx(PEOPLE, abs=1e-3)


def test_levels_carry_the_same_vehicles(tables):
    total = tables.das["ev"].sum()
    for table in (tables.tracts, tables.cells):
        assert table["ev"].sum() == pytest.approx(total, rel=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_every_scenario_solves(plans, name):
    plan = plans[name]
    assert plan.certificate.violations == []
    assert plan.solver_says.ended == "gap"
    assert plan.gap_said <= plan.solver_says.settings.mip_gap
    assert plan.cost.net_cad <= plan.cost.budget_cad
    assert plan.actions
    for target in ("l2", "l3", "ev_owners"):
        reached = getattr(plan.coverage, target)
        assert 0 <= reached.before <= 1
        assert getattr(plan.model_coverage, target).after <= reached.ceiling + 1e-6


@pytest.mark.parametrize("name", NAMES)
def test_a_target_is_met_only_where_the_cells_meet_it(plans, name):
    plan = plans[name]
    for target, status in plan.certificate.targets.items():
        reached = getattr(plan.coverage, target)
        assert (status == "met") == (reached.after >= reached.target)


def test_more_money_leaves_less_shortfall(plans):
    order = ("low_budget", "base", "high_budget")
    shortfall = [plans[name].shortfall.total_points for name in order]
    # a search may stop its gap above the least shortfall
    allowed = [s * 1e-4 + 1e-3 for s in shortfall]
    assert shortfall[1] <= shortfall[0] + allowed[0]
    assert shortfall[2] <= shortfall[1] + allowed[1]


def test_the_certificate_of_base_at_da(base_plan):
    assert base_plan.certificate.violations == []
    assert base_plan.certificate.checks > 1_000
    assert base_plan.solver_says.ended == "gap"
    assert base_plan.gap_said <= base_plan.solver_says.settings.mip_gap


def test_money_of_base_at_da(base_plan):
    cost = base_plan.cost
    assert cost.net_cad <= cost.budget_cad == 4_000_000
    assert cost.net_cad == pytest.approx(cost.purchase_cad - cost.resale_cad)
    for key in ("purchase_cad", "resale_cad", "net_cad"):
        total = sum(getattr(action, key) for action in base_plan.actions)
        assert getattr(cost, key) == pytest.approx(total)


def test_coverage_of_base_at_da_is_what_the_cells_give(base_plan, tables):
    """Shares counted here, cell by cell, from the coordinates in the tables alone."""
    stations, sites = (
        frame.set_index(key)[["easting_m", "northing_m"]]
        for frame, key in ((tables.stations, "station_id"), (tables.sites, "site_id"))
    )
    counted = tables.stations[
        tables.stations["in_region"] & (tables.stations["access"] == "public")
    ]
    before = {
        "l2": stations.loc[counted.loc[counted["l2_ports"] > 0, "station_id"]].to_numpy(),
        "l3": stations.loc[counted.loc[counted["l3_ports"] > 0, "station_id"]].to_numpy(),
    }
    upgraded = [a.place_id for a in base_plan.actions if a.kind == "upgrade"]
    keeps = counted.loc[
        (counted["l2_ports"] > 0) & ~counted["station_id"].isin(upgraded), "station_id"
    ]
    new = {
        kind: sites.loc[[a.place_id for a in base_plan.actions if a.kind == kind]].to_numpy()
        for kind in ("new_l2", "new_l3")
    }
    after = {
        "l2": np.vstack([stations.loc[keeps].to_numpy(), new["new_l2"]]),
        "l3": np.vstack([before["l3"], stations.loc[upgraded].to_numpy(), new["new_l3"]]),
    }
    assert base_plan.config.ports.retained_l2 == 0
    cells = tables.cells[["easting_m", "northing_m"]].to_numpy()
    people = tables.cells["population"].to_numpy()
    radius = {"l2": 500.0, "l3": 5_000.0}
    for moment, network in (("before", before), ("after", after)):
        for level, places in network.items():
            nearest = np.full(len(cells), np.inf)
            for east, north in places:
                distance = np.hypot(cells[:, 0] - east, cells[:, 1] - north)
                nearest = np.minimum(nearest, distance)
            share = people[nearest <= radius[level] + 1e-7].sum() / people.sum()
            stated = getattr(getattr(base_plan.coverage, level), moment)
            assert stated == pytest.approx(share, abs=1e-9), (level, moment)


def test_attainable_and_ceiling_of_base_at_da(base_plan, base_case, tables):
    trace = Evaluation(tables, base_case.config, "da")
    for target, most in trace.ceiling("model").items():
        reached = getattr(base_plan.coverage, target)
        assert reached.attainable <= reached.ceiling + 1e-6
        assert reached.ceiling == pytest.approx(most, abs=1e-6)
        actions = base_plan.witnesses[f"attainable_{target}"].actions
        ports = {ActionKey.from_id(action_id): added for action_id, added in actions}
        assert trace.cover("model", ports).share(target) == pytest.approx(reached.attainable)


def test_least_budget_is_missing_with_a_reason_or_attains(base_plan):
    cost, reached = base_plan.cost, base_plan.coverage.l2
    if reached.ceiling < reached.target:
        assert cost.least_budget_cad is None
        assert cost.no_least_budget.code == "out_of_reach"
        assert cost.no_least_budget.most == pytest.approx(reached.ceiling)
    else:
        assert (cost.least_budget_cad is None) == (cost.no_least_budget is not None)


def test_actions_of_base_at_da_are_distinct_places(base_plan):
    assert max(Counter(action.place_id for action in base_plan.actions).values()) == 1
