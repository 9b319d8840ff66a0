"""Each rule of the model on a region small enough to solve by hand."""

from __future__ import annotations

import numpy as np
import pytest
from toy import ORIGIN, base_config, case, toy

from kwev.certify import certify
from kwev.config import Case
from kwev.plan import words
from kwev.solve.stages import solve_scenario

FAR = 50_000.0


def solve(tables, given=None, **changes):
    """Solve a toy and insist on a clean certificate."""
    given = given or case(**changes)
    plan = solve_scenario(tables, given).plan
    certificate = certify(plan, tables, given)
    assert certificate.violations == []
    assert certificate.checks > 20
    return plan.model_copy(update={"certificate": certificate})


def done(plan):
    return {(a.kind, a.place_id): max(a.l2_ports_after, a.l3_ports_after) for a in plan.actions}


def test_the_one_useful_site_is_built():
    # two sites, people only at the first: an L2 station with one port for 25,000
    tables = toy([(0, 0, 100, 1)], sites=[(100, 0, "library"), (FAR, 0, "library")])
    plan = solve(tables, budget__limit_cad=25_000)
    assert done(plan) == {("new_l2", "q000"): 1}
    assert plan.coverage.l2.before == 0
    assert plan.coverage.l2.after == 1
    assert plan.cost.net_cad == 25_000


@pytest.mark.constraint("budget", "coverage_l2")
def test_budget_picks_the_larger_crowd():
    points = [(0, 0, 300, 0), (10_000, 0, 200, 0), (20_000, 0, 100, 0)]
    sites = [(x, 0, "library") for x in (0, 10_000, 20_000)]
    plan = solve(toy(points, sites=sites), budget__limit_cad=50_000)
    assert set(done(plan)) == {("new_l2", "q000"), ("new_l2", "q001")}
    assert plan.coverage.l2.after == pytest.approx(5 / 6)
    assert plan.coverage.l2.attainable == pytest.approx(5 / 6)
    assert plan.coverage.l2.ceiling == 1.0


@pytest.mark.constraint("budget", "target_l2", "target_l3")
def test_no_budget_no_action_and_no_crash():
    plan = solve(toy([(0, 0, 100, 1)], sites=[(0, 0, "library")]), budget__limit_cad=0)
    assert plan.actions == []
    assert plan.shortfall.l2 == pytest.approx(0.95)
    assert plan.shortfall.l3 == pytest.approx(0.85)
    assert plan.certificate.targets["l2"] == "unmet_unproven"


def test_a_region_without_sites_or_stations():
    plan = solve(toy([(0, 0, 100, 1)]))
    assert plan.actions == []
    assert plan.certificate.targets == dict.fromkeys(("l2", "l3", "ev_owners"), "unmet_proven")


@pytest.mark.constraint("coverage_l2", "coverage_l3")
def test_an_unreachable_point_stays_uncovered():
    tables = toy([(0, 0, 60, 1), (FAR, 0, 40, 1)], sites=[(0, 0, "shopping_mall")])
    plan = solve(tables, budget__limit_cad=10_000_000)
    assert plan.model_covered.l2 + plan.model_covered.l3
    assert "p001" not in plan.model_covered.l2 + plan.model_covered.l3
    assert plan.coverage.l2.ceiling == pytest.approx(0.6)
    assert plan.certificate.targets["l2"] == "unmet_proven"
    assert plan.cost.least_budget_cad is None
    why = plan.cost.no_least_budget
    assert (why.code, why.target, why.most) == ("out_of_reach", "l2", pytest.approx(0.6))
    assert "60.0% is the most" in words.least_budget(plan.cost)


@pytest.mark.constraint("coverage_l2")
@pytest.mark.parametrize(("distance_m", "covered"), [(500.0, 1.0), (500.01, 0.0)])
def test_the_radius_is_inclusive_to_the_centimetre(distance_m, covered):
    tables = toy([(0, 0, 100, 1)], sites=[(distance_m, 0, "library")])
    assert solve(tables).coverage.l2.ceiling == covered


@pytest.mark.constraint("coverage_l2", "target_l2", "target_l3")
def test_upgrading_the_only_l2_site_loses_its_l2_coverage():
    # nothing else to build: L3 for all against L2 for all; L3 weighs double and both targets
    # are one shortfall each, so 95 points of L2 beat 85 of L3 and the station stays as it is
    tables = toy([(0, 0, 100, 1)], stations=[(0, 0, 2, 0)])
    stays = solve(tables)
    assert stays.actions == []
    assert stays.coverage.l2.after == 1
    # without an L2 target the upgrade pays, and L2 coverage falls to nothing
    plan = solve(tables, targets__l2=0)
    assert done(plan) == {("upgrade", "s000"): 2}
    assert plan.coverage.l2.before == 1
    assert plan.coverage.l2.after == 0
    assert plan.coverage.l3.after == 1


def test_retained_ports_keep_l2_coverage_and_are_not_sold():
    tables = toy([(0, 0, 100, 1)], stations=[(0, 0, 2, 0)])
    plan = solve(tables, ports__retained_l2=1)
    (action,) = plan.actions
    assert (action.kind, action.l2_ports_before, action.l2_ports_after) == ("upgrade", 2, 1)
    assert plan.coverage.l2.after == 1
    # one port sold at half its price, the station kept
    assert action.resale_cad == pytest.approx(0.5 * 5_000)
    assert action.kw_after == pytest.approx(19.2 + 2 * 350)


def test_resale_credits_station_and_ports_when_all_l2_goes():
    tables = toy([(0, 0, 100, 1)], stations=[(0, 0, 3, 0)])
    plan = solve(tables, targets__l2=0)
    (action,) = plan.actions
    assert action.purchase_cad == 100_000 + 2 * 50_000
    assert action.resale_cad == pytest.approx(0.5 * (20_000 + 3 * 5_000))
    assert plan.cost.net_cad == pytest.approx(200_000 - 17_500)


def test_upgrade_beats_new_build_where_it_is_cheaper():
    # L3 wanted only: converting the idle L2 station costs less than the mall next door
    tables = toy([(0, 0, 100, 1)], stations=[(600, 0, 4, 0)], sites=[(0, 0, "shopping_mall")])
    plan = solve(tables, targets__l2=0)
    assert ("upgrade", "s000") in done(plan)
    assert ("new_l3", "q000") not in done(plan)


def test_a_station_with_l3_is_never_upgraded():
    tables = toy([(0, 0, 100, 1)], stations=[(0, 0, 2, 2)])
    assert solve(tables).actions == []


@pytest.mark.constraint("site_capacity")
def test_site_capacity_rules_out_l3_and_changes_the_plan():
    # two 350 kW ports need 700 kW: the library (300 kW) cannot, the mall 4 km away can
    sites = [(0, 0, "library"), (4_000, 0, "shopping_mall")]
    tables = toy([(0, 0, 100, 1)], sites=sites)
    plan = solve(tables, targets__l2=0)
    assert ("new_l3", "q001") in done(plan)
    assert not any(kind == "new_l3" and place == "q000" for kind, place in done(plan))
    sites[0] = {"x": 0, "y": 0, "category": "library", "grid_kw": 700}
    tables = toy([(0, 0, 100, 1)], sites=sites)
    plan = solve(tables, targets__l2=0, budget__limit_cad=200_000)
    assert plan.coverage.l3.after == 1


def test_the_grid_factor_multiplies_every_proxy():
    # 2.4 times 300 kW make 720: now the library can host a pair of L3 ports, and one fits no more
    tables = toy([(0, 0, 100, 1)], sites=[(0, 0, "library")], stations=[(20_000, 0, 2, 0)])
    plan = solve(tables, targets__l2=0, budget__limit_cad=200_000)
    assert ("new_l3", "q000") not in done(plan)
    plan = solve(tables, targets__l2=0, budget__limit_cad=200_000, siting__grid_factor=2.4)
    assert done(plan) == {("new_l3", "q000"): 2}
    assert plan.actions[0].grid_kw == 720
    # half of 750 kW is too little for a conversion, too
    tables = toy([(0, 0, 100, 1)], stations=[(0, 0, 2, 0)])
    assert done(solve(tables, targets__l2=0)) == {("upgrade", "s000"): 2}
    assert solve(tables, targets__l2=0, siting__grid_factor=0.5).actions == []


@pytest.mark.constraint("site_capacity", "target_demand")
def test_capacity_caps_the_ports():
    # energy for 4 ports is needed; 40 kW carry two
    small = {"x": 0, "y": 0, "category": "library", "grid_kw": 40.0}
    tables = toy([(0, 0, 100, 30)], sites=[small])
    plan = solve(tables, demand__enforce=True, targets__l3=0)
    assert done(plan) == {("new_l2", "q000"): 2}
    need, port = 30 * 3_000 * 0.2, 19.2 * 8_760 * 0.1
    assert plan.shortfall.demand == pytest.approx(max(0, need - 2 * port) / need)


@pytest.mark.constraint("unserved", "target_demand")
def test_ports_follow_the_energy_that_is_needed():
    # 30 EVs x 3,000 kWh x 0.2 = 18,000 kWh; a port gives 16,819 kWh: two ports, not one
    tables = toy([(0, 0, 100, 30)], sites=[(0, 0, "library")])
    plan = solve(tables, demand__enforce=True, targets__l3=0)
    assert done(plan) == {("new_l2", "q000"): 2}
    assert plan.shortfall.demand == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(("year", "ports"), [("now", 2), ("2030", 4), ("2035", 5)])
def test_ports_follow_the_vehicles_of_the_year(year, ports):
    # 30, 110 and 120 EVs x 600 kWh: 18,000, 66,000 and 72,000 kWh; a port gives 16,819 kWh
    tables = toy([(0, 0, 100, 30, 110)], sites=[(0, 0, "library")])
    plan = solve(tables, demand__enforce=True, demand__ev_year=year, targets__l3=0)
    assert done(plan) == {("new_l2", "q000"): ports}
    assert plan.shortfall.demand == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("geography", ["da", "tract", "cell"])
@pytest.mark.parametrize(("year", "site"), [("now", "q000"), ("2030", "q001"), ("2035", "q001")])
def test_the_site_is_where_the_vehicles_of_the_year_are(year, site, geography):
    # as many people at both ends, money for one station: the EVs decide, 10 to 1 now and 20 to 40
    # in 2030; the share of EVs covered is that year's: 10 of 11, 40 of 60 and 50 of 80
    tables = toy(
        [(0, 0, 100, 10, 20), (10_000, 0, 100, 1, 40)],
        sites=[(0, 0, "library"), (10_000, 0, "library")],
    )
    config = base_config(budget__limit_cad=25_000, demand__ev_year=year)
    plan = solve(tables, Case("toy", config, geography))
    assert done(plan) == {("new_l2", site): 1}
    covered = {"now": 10 / 11, "2030": 40 / 60, "2035": 50 / 80}[year]
    assert plan.coverage.ev_owners.after == pytest.approx(covered)


def test_existing_ports_serve_demand():
    tables = toy([(0, 0, 100, 30)], stations=[(0, 0, 2, 0)])
    plan = solve(tables, demand__enforce=True, targets__l3=0)
    assert plan.actions == []
    assert plan.shortfall.demand == 0


@pytest.mark.constraint("ports")
def test_fewest_ports_of_each_level():
    tables = toy([(0, 0, 100, 1)], sites=[(0, 0, "shopping_mall"), (10, 0, "library")])
    plan = solve(tables, ports__min_l2=3, ports__min_l3=4)
    assert done(plan) == {("new_l2", "q001"): 3, ("new_l3", "q000"): 4}


@pytest.mark.constraint("one_action_per_place")
def test_one_action_a_place():
    # one site, both levels wanted: only one can be built there
    plan = solve(toy([(0, 0, 100, 1)], sites=[(0, 0, "shopping_mall")]))
    assert len(plan.actions) == 1


def test_a_site_on_top_of_a_station_is_that_station():
    tables = toy(
        [(0, 0, 100, 1)],
        stations=[(0, 0, 2, 0)],
        sites=[{"x": 5, "y": 0, "category": "shopping_mall", "station_id": "s000"}],
    )
    plan = solve(tables, targets__l2=0)
    assert set(done(plan)) == {("upgrade", "s000")}
    # and it has the mall's capacity, not the default one
    assert plan.actions[0].grid_kw == 2_000


def test_l3_does_not_serve_l2_unless_the_scenario_says_so():
    tables = toy([(0, 0, 100, 1)], stations=[(0, 0, 0, 2)])
    assert solve(tables).coverage.l2.before == 0
    assert solve(tables, coverage__l3_counts_for_l2=True).coverage.l2.before == 1


def test_a_mixed_station_serves_both_levels():
    plan = solve(toy([(0, 0, 100, 1)], stations=[(0, 0, 2, 2)]))
    assert (plan.coverage.l2.before, plan.coverage.l3.before) == (1, 1)


def test_tesla_only_and_outside_stations_count_only_when_asked():
    stations = [
        {"x": 0, "y": 0, "l2_ports": 2, "l3_ports": 0, "access": "tesla_only"},
        {"x": 0, "y": 0, "l2_ports": 0, "l3_ports": 2, "in_region": False, "municipality_id": ""},
    ]
    tables = toy([(0, 0, 100, 1)], stations=stations)
    plain = solve(tables).coverage
    assert (plain.l2.before, plain.l3.before) == (0, 0)
    with_all = solve(tables, coverage__include_tesla_only=True, coverage__include_outside=True)
    assert (with_all.coverage.l2.before, with_all.coverage.l3.before) == (1, 1)


def test_only_public_owners_when_the_scenario_says_so():
    stations = [
        {"x": 0, "y": 0, "l2_ports": 2, "l3_ports": 0, "owner": "private"},
        {"x": 9, "y": 0, "l2_ports": 2, "l3_ports": 0, "owner": "public"},
    ]
    tables = toy([(0, 0, 100, 1)], stations=stations)
    plan = solve(tables, siting__public_owners_only=True)
    assert set(done(plan)) == {("upgrade", "s001")}


LANDS = [
    {"x": 0, "y": 0, "category": "shopping_mall", "land": "customers"},
    {"x": 5, "y": 0, "category": "dense_residential", "land": "residential"},
    {"x": 9, "y": 0, "category": "kerbside", "land": "own"},
]


@pytest.mark.parametrize(
    ("land", "form", "built"),
    [
        (["customers", "residential", "own"], "lot", {"q000", "q001"}),
        (["residential", "own"], "lot", {"q001"}),
        (["residential", "own"], "kerb", {"q002"}),
        (["own"], "lot", set()),
        (["residential"], "kerb", set()),
    ],
)
def test_a_scenario_builds_on_its_land_and_in_its_form(land, form, built):
    # all three reach the 100 people, so one is enough
    tables = toy([(0, 0, 100, 1)], sites=LANDS)
    rules = {"siting__land": land, "siting__dense_housing": form}
    plan = solve(tables, targets__l3=0.0, ports__add_l2=False, budget__limit_cad=25_000, **rules)
    places = {place for _, place in done(plan)}
    assert places <= built
    assert len(places) == min(1, len(built))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"land": "residential"}, "builds on no land of class residential"),
        ({"category": "dense_residential"}, "dense housing the scenario builds at the kerb"),
    ],
)
def test_the_certificate_knows_whose_land_it_is(change, words):
    tables = toy([(0, 0, 100, 1)], sites=[LANDS[2]])
    rules = {"siting__land": ["own"], "siting__dense_housing": "kerb", "targets__l3": 0.0}
    plan, asked = solve(tables, **rules), case(**rules)
    assert done(plan)
    assert certify(plan, tables, asked).violations == []
    other = type(tables)(**{**vars(tables), "sites": tables.sites.assign(**change)})
    assert any(words in line for line in certify(plan, other, asked).violations)


def capacity(x, kw, reach_m=100.0):
    """Return a utility's figure for places around a point of the plane."""
    return {
        "easting_m": ORIGIN[0] + x, "northing_m": ORIGIN[1], "reach_m": reach_m, "kw": kw
    }  # fmt: skip


@pytest.mark.parametrize(
    ("known", "built"),
    [
        ([], {"q000"}),  # the mall alone, by the proxies: 2,000 kW against 300
        ([capacity(0, 500.0)], set()),  # a pair of Level 3 ports draws 700 kW
        ([capacity(0, 500.0), capacity(5_000, 800.0)], {"q001"}),
        ([capacity(0, 700.0)], {"q000"}),
        ([capacity(100, 500.0), capacity(90, 700.0)], {"q000"}),  # the nearest counts
        ([capacity(50, 700.0), capacity(-50, 500.0)], set()),  # of those as near, the least
        ([capacity(101, 0.0)], {"q000"}),  # does not reach it
    ],
)
@pytest.mark.constraint("site_capacity")
def test_a_utility_knows_better_than_the_proxy(known, built):
    tables = toy([(0, 0, 100, 1), (5_000, 0, 50, 1)],
                 sites=[(0, 0, "shopping_mall"), (5_000, 0, "library")])  # fmt: skip
    rules = {"siting__capacity": known, "targets__l2": 0.0, "coverage__l3_radius_m": 2_000,
             "budget__limit_cad": 200_000, "siting__grid_factor": 1.0}  # fmt: skip
    plan = solve(tables, **rules)
    assert {place for kind, place in done(plan) if kind == "new_l3"} == built


def test_the_certificate_knows_a_utility():
    tables = toy([(0, 0, 100, 1)], sites=[(0, 0, "shopping_mall")])
    plan = solve(tables, targets__l2=0.0)
    assert ("new_l3", "q000") in done(plan)
    for kw, said in ((500.0, "700.0 kW exceed the capacity of 500.0 kW"), (3_000.0, "grid_kw")):
        asked = case(targets__l2=0.0, siting__capacity=[capacity(0, kw)])
        told = plan.model_copy(update={"config": asked.config.planning()})
        assert any(said in line for line in certify(told, tables, asked).violations), said


@pytest.mark.constraint("coverage_ev_owners", "target_ev_owners")
def test_ev_owners_target_becomes_a_row_when_enforced():
    # people live at A, EVs at B; money for one L2 station
    points = [(0, 0, 100, 0), (10_000, 0, 1, 50)]
    tables = toy(points, sites=[(0, 0, "library"), (10_000, 0, "library")])
    money = {"budget__limit_cad": 25_000, "targets__l3": 0.0, "targets__l2": 0.5}
    assert set(done(solve(tables, **money))) == {("new_l2", "q000")}
    enforced = {**money, "targets__ev_owners__enforce": True, "targets__l2": 0.0}
    plan = solve(tables, **enforced)
    assert set(done(plan)) == {("new_l2", "q001")}
    assert plan.shortfall.ev_owners == 0


def test_cost_breaks_ties():
    # either site covers everybody; nothing is built twice
    tables = toy([(0, 0, 100, 1)], sites=[(0, 0, "library"), (1, 0, "library")])
    assert len(solve(tables, targets__l3=0).actions) == 1


def test_least_budget_is_the_price_of_the_targets():
    tables = toy([(0, 0, 100, 1)], sites=[(0, 0, "library"), (100, 0, "shopping_mall")])
    plan = solve(tables, budget__limit_cad=1_000_000)
    assert plan.cost.least_budget_cad == pytest.approx(25_000 + 200_000)
    assert plan.cost.least_budget_bound_checked_cad == pytest.approx(225_000, abs=1)
    assert words.least_budget(plan.cost) == "225,000 CAD, proven"
    assert plan.certificate.targets == dict.fromkeys(("l2", "l3", "ev_owners"), "met")


def test_objective_by_hand():
    # 75 of 100 people and 1 of 4 EVs at A: weight 0.6/0.9 * 0.75 + 0.3/0.9 * 0.25 = 7/12;
    # 25,000 CAD to build, and 500 + 500 CAD a year for 10 years to run, at 0.1 points a million
    tables = toy([(0, 0, 75, 1), (FAR, 0, 25, 3)], sites=[(0, 0, "library")])
    plan = solve(tables, targets__l3=0)
    weight = 2 / 3 * 0.75 + 1 / 3 * 0.25
    assert plan.quality.objective == pytest.approx(100 * weight - 0.1 * 0.025 - 0.1 * 0.01)


def test_recorded_power_of_a_station_is_used():
    stations = [{"x": 0, "y": 0, "l2_ports": 2, "l3_ports": 0, "l2_kw": 7.2}]
    plan = solve(toy([(0, 0, 100, 1)], stations=stations), ports__retained_l2=2)
    (action,) = plan.actions
    assert action.kw_after == pytest.approx(2 * 7.2 + 2 * 350)


@pytest.mark.parametrize("solver", ["highs", "gurobi", "scip"])
def test_every_engine_finds_the_same_objective(solver):
    pytest.importorskip({"highs": "highspy", "gurobi": "gurobipy", "scip": "pyscipopt"}[solver])
    rng = np.random.default_rng(7)
    points = [(*rng.integers(0, 6_000, 2), int(rng.integers(1, 90)), 1) for _ in range(40)]
    sites = [(*rng.integers(0, 6_000, 2), "shopping_mall") for _ in range(12)]
    tables = toy(points, stations=[(0, 0, 2, 0), (3_000, 3_000, 4, 0)], sites=sites)
    given = Case("toy", base_config(budget__limit_cad=300_000), "da")
    best = solve(tables, given)
    other = solve(
        tables,
        Case("toy", base_config(budget__limit_cad=300_000, solver__name=solver), "da"),
    )
    assert other.solver_says.name == solver
    assert other.quality.objective == pytest.approx(best.quality.objective, rel=1e-6)
    assert other.shortfall.total_points == pytest.approx(best.shortfall.total_points, abs=1e-4)


@pytest.mark.parametrize(("end", "ports"), [("low", 1), ("base", 2), ("high", 4)])
def test_existing_ports_are_the_low_base_or_high_count(end, ports):
    # upgrading sells what stands there: half of 20,000 and of 5,000 a port
    station = {"x": 0, "y": 0, "l2_ports": 2, "l3_ports": 0, "l2_ports_low": 1, "l2_ports_high": 4}
    tables = toy([(0, 0, 100, 1)], stations=[station])
    plan = solve(tables, targets__l2=0, siting__port_counts=end)
    (upgrade,) = plan.actions
    assert (upgrade.l2_ports_before, upgrade.l3_ports_after) == (ports, 2)
    assert upgrade.resale_cad == 10_000 + 2_500 * ports
    assert upgrade.net_cad == 200_000 - 10_000 - 2_500 * ports
    other = "base" if end == "high" else "high"
    told = certify(plan, tables, case(targets__l2=0, siting__port_counts=other)).violations
    assert any("l2_ports_before" in line for line in map(str, told))


def test_a_level_that_only_the_high_count_has_covers_only_there():
    station = {"x": 0, "y": 0, "l2_ports": 0, "l3_ports": 2, "l2_ports_high": 1}
    tables = toy([(0, 0, 100, 1)], stations=[station])
    assert solve(tables).coverage.l2.before == 0
    assert solve(tables, siting__port_counts="high").coverage.l2.before == 1
