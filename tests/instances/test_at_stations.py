"""Added ports, removals, operating cost, idle energy and the weighted mode, solved by hand."""

from __future__ import annotations

import pytest
from toy import case, toy

from kwev.certify import certify
from kwev.errors import KwevError
from kwev.solve.stages import solve_scenario

PORT_KWH = 19.2 * 8_760 * 0.1
"""What an L2 port gives in a year: 16,819 kWh. One EV needs 3,000 kWh * 0.2 = 600 kWh."""

NO_L3 = {"targets__l3": 0.0, "weights__l3": 0.0}
"""Nothing speaks for a conversion."""
ENERGY = {"demand__enforce": True, "targets__l2": 0.0, **NO_L3}
REMOVING = {"siting__removal__stations": "all", **NO_L3}


def solve(tables, **changes):
    """Solve a toy and insist on a clean certificate."""
    given = case(**changes)
    plan = solve_scenario(tables, given).plan
    certificate = certify(plan, tables, given)
    assert certificate.violations == []
    return plan.model_copy(update={"certificate": certificate})


def done(plan):
    return {(a.kind, a.place_id): a.ports_added for a in plan.actions}


def parts_sum_to_the_objective(plan):
    return plan.quality.objective == pytest.approx(sum(plan.objective_parts.model_dump().values()))


# -- ports added at stations -----------------------------------------------------------------------


def test_a_port_added_at_a_station_is_cheaper_than_a_new_station():
    # 40 EVs need 24,000 kWh; the station's port gives 16,819: a second port for 5,000 does it
    tables = toy([(0, 0, 100, 40)], [(0, 0, 1, 0)], [(0, 0, "library")])
    plan = solve(tables, **ENERGY)
    assert done(plan) == {("add_l2", "s000"): 1}
    (action,) = plan.actions
    assert (action.l2_ports_before, action.l2_ports_after) == (1, 2)
    assert (action.l3_ports_before, action.l3_ports_after) == (0, 0)
    assert (action.purchase_cad, action.resale_cad, action.net_cad) == (5_000, 0, 5_000)
    assert action.operating_cad_per_year == 500
    assert action.kw_after == pytest.approx(2 * 19.2)
    assert plan.shortfall.demand == 0
    assert plan.coverage.l2.before == plan.coverage.l2.after == 1
    elsewhere = solve(tables, ports__add_l2=False, **ENERGY)
    assert done(elsewhere) == {("new_l2", "q000"): 1}


def test_added_ports_keep_to_capacity_and_to_the_most():
    # far more is needed than anything gives; 4 ports stand, 100 kW carry 5, 300 kW carry 15
    crowd = [(0, 0, 100, 4_000)]
    for grid_kw, added in ((100, 1), (300, 10)):
        station = {"x": 0, "y": 0, "l2_ports": 4, "l3_ports": 0, "grid_kw": grid_kw}
        plan = solve(toy(crowd, [station]), **ENERGY)
        assert done(plan) == {("add_l2", "s000"): added}
        need, supply = 4_000 * 600, (4 + added) * PORT_KWH
        assert plan.shortfall.demand == pytest.approx((need - supply) / need)
    # no room for a single one
    station = {"x": 0, "y": 0, "l2_ports": 4, "l3_ports": 0, "grid_kw": 90}
    assert solve(toy(crowd, [station]), **ENERGY).actions == []


def test_ports_are_added_only_at_a_level_that_stands():
    tables = toy([(0, 0, 100, 40)], [(0, 0, 0, 2)])
    plan = solve(tables, demand__utilisation=0.001, **ENERGY)
    # 24,000 kWh; a port of 350 kW gives 3,066 kWh: two stand, six are missing, but 750 kW carry
    # two in all
    assert plan.actions == []
    roomy = toy([(0, 0, 100, 40)], [{"x": 0, "y": 0, "l2_ports": 0, "l3_ports": 2, "grid_kw": 4e3}])
    plan = solve(roomy, demand__utilisation=0.001, **ENERGY)
    assert done(plan) == {("add_l3", "s000"): 6}
    assert plan.actions[0].purchase_cad == 6 * 50_000
    assert plan.actions[0].operating_cad_per_year == 6 * 5_000
    assert solve(roomy, demand__utilisation=0.001, ports__add_l3=False, **ENERGY).actions == []


def mixed(grid_kw):
    station = {"x": 0, "y": 0, "l2_ports": 1, "l3_ports": 1, "grid_kw": grid_kw}
    return toy([(0, 0, 100, 4_000)], [station])


def test_a_mixed_station_may_take_ports_of_both_levels_within_its_capacity():
    # 369.2 kW stand; one L3 port and one L2 port more make 738.4 kW
    changes = {**ENERGY, "ports__max_new_l2": 1, "ports__max_new_l3": 2}
    plan = solve(mixed(738.4), **changes)
    assert done(plan) == {("add_l3", "s000"): 1, ("add_l2", "s000"): 1}
    first, second = plan.actions
    assert (first.kind, second.kind) == ("add_l3", "add_l2")
    # what is before the second is what is after the first
    assert (first.l2_ports_before, first.l2_ports_after) == (1, 1)
    assert (first.l3_ports_before, first.l3_ports_after) == (1, 2)
    assert (second.l2_ports_before, second.l2_ports_after) == (1, 2)
    assert (second.l3_ports_before, second.l3_ports_after) == (2, 2)
    assert first.kw_after == pytest.approx(719.2)
    assert second.kw_after == pytest.approx(738.4)
    # a tenth of a kW less, and the L3 port alone gives most
    assert done(solve(mixed(738.3), **changes)) == {("add_l3", "s000"): 1}


def test_l2_ports_may_be_added_where_a_conversion_keeps_some():
    # 3 ports stand (57.6 kW); the conversion keeps 1, adds 2 of 350 kW, and of 738.4 kW leaves
    # room for one more L2 port: 19.2 + 700 + 19.2
    station = {"x": 0, "y": 0, "l2_ports": 3, "l3_ports": 0, "grid_kw": 738.4}
    changes = {"demand__enforce": True, "targets__l2": 0.0, "ports__retained_l2": 1}
    plan = solve(toy([(0, 0, 100, 4_000)], [station]), **changes)
    assert done(plan) == {("upgrade", "s000"): 2, ("add_l2", "s000"): 1}
    upgrade, added = plan.actions
    assert (upgrade.l2_ports_before, upgrade.l2_ports_after) == (3, 1)
    assert (added.l2_ports_before, added.l2_ports_after) == (1, 2)
    assert added.kw_after == pytest.approx(738.4)
    assert upgrade.resale_cad == 0.5 * 2 * 5_000
    assert plan.coverage.l2.after == plan.coverage.l3.after == 1


def test_no_l2_ports_are_added_where_a_conversion_ends_l2():
    tables = toy(
        [(0, 0, 100, 4_000)], [{"x": 0, "y": 0, "l2_ports": 3, "l3_ports": 0, "grid_kw": 4e3}]
    )
    plan = solve(tables, demand__enforce=True, targets__l2=0.0)
    assert done(plan) == {("upgrade", "s000"): 8}


def test_the_base_scenario_adds_ports_and_removes_nothing():
    config = case().config
    assert (config.ports.add_l2, config.ports.add_l3) == (True, True)
    assert config.siting.removal.stations == "none"
    assert config.objective.mode == "lexicographic"
    assert config.weights.idle_points_per_point == 0
    weights = config.weights
    assert weights.operating_points_per_million_cad == weights.cost_points_per_million_cad == 0.1


# -- removals --------------------------------------------------------------------------------------


def twins(apart=0.0, **facts):
    """Return a town with two L2 stations of two ports, the second ``apart`` metres to the east."""
    return toy(
        [(0, 0, 100, 1)],
        [
            {"x": 0, "y": 0, "l2_ports": 2, "l3_ports": 0, **facts},
            {"x": apart, "y": 0, "l2_ports": 2, "l3_ports": 0, **facts},
        ],
    )


def test_a_redundant_station_is_removed_and_coverage_is_kept():
    plan = solve(twins(), **REMOVING)
    (action,) = plan.actions
    assert action.kind == "remove"
    assert (action.l2_ports_before, action.l2_ports_after, action.kw_after) == (2, 0, 0)
    # half of 20,000 + 2 * 5,000; 500 + 2 * 500 a year are saved
    assert (action.purchase_cad, action.resale_cad, action.net_cad) == (0, 15_000, -15_000)
    assert action.operating_cad_per_year == -1_500
    assert plan.coverage.l2.before == plan.coverage.l2.after == 1
    # 0.1 points a million: 15,000 CAD once, 1,500 CAD for ten years
    assert plan.objective_parts.net_cost == pytest.approx(0.1 * 0.015)
    assert plan.objective_parts.operating_cost == pytest.approx(0.1 * 0.015)
    assert plan.quality.objective == pytest.approx(100 + 0.003)
    assert parts_sum_to_the_objective(plan)


def test_no_station_is_removed_where_the_scenario_does_not_say_so():
    assert solve(twins(), **NO_L3).actions == []


def test_the_only_station_of_a_place_stays():
    assert solve(toy([(0, 0, 100, 1)], [(0, 0, 2, 0)]), **REMOVING).actions == []


def test_what_a_removal_brings_in_is_spent_elsewhere():
    # 10,000 CAD and the 15,000 of a redundant station pay for a station at the far point
    tables = toy(
        [(0, 0, 100, 1), (9_000, 0, 50, 1)],
        [(0, 0, 2, 0), (0, 0, 2, 0)],
        [(9_000, 0, "library")],
    )
    plan = solve(tables, budget__limit_cad=10_000, **REMOVING)
    assert sorted(kind for kind, _ in done(plan)) == ["new_l2", "remove"]
    assert plan.coverage.l2.after == 1
    assert plan.cost.net_cad == 10_000
    assert solve(tables, budget__limit_cad=9_999, **REMOVING).coverage.l2.after < 1


def test_a_removed_l3_station_takes_its_coverage_and_earns_nothing():
    # two L3 stations beside each other: one goes for its operating cost, 3,000 + 2 * 5,000 a year
    tables = toy([(0, 0, 100, 1)], [(0, 0, 0, 2), (0, 0, 0, 2)])
    plan = solve(tables, siting__removal__stations="all", targets__l2=0.0)
    (action,) = plan.actions
    assert (action.kind, action.l3_ports_before, action.l3_ports_after) == ("remove", 2, 0)
    assert (action.resale_cad, action.operating_cad_per_year) == (0, -13_000)
    assert plan.coverage.l3.after == 1
    # nobody would miss a station at the end of the world; there L3 coverage does end
    lonely = toy([(0, 0, 0, 0), (0, 0, 1, 0)], [(90_000, 0, 0, 2)])
    plan = solve(lonely, siting__removal__stations="all", targets__l2=0.0)
    assert {kind for kind, _ in done(plan)} == {"remove"}
    # `l2` leaves stations with L3 alone
    assert solve(tables, siting__removal__stations="l2", targets__l2=0.0).actions == []


def test_a_mixed_station_goes_whole():
    tables = toy([(0, 0, 100, 1)], [(0, 0, 2, 2), (0, 0, 2, 4)])
    plan = solve(tables, siting__removal__stations="all")
    (action,) = plan.actions
    # the dearer to run of the two: 3,000 + 4 * 5,000 beside 500 + 2 * 500
    assert (action.kind, action.place_id) == ("remove", "s001")
    assert action.resale_cad == 15_000
    assert action.operating_cad_per_year == -24_500
    assert (plan.coverage.l2.after, plan.coverage.l3.after) == (1, 1)


def test_only_stations_measured_below_the_use_that_is_asked_may_go():
    changes = {**REMOVING, "siting__removal__below_usage": 0.02}
    assert solve(twins(), **changes).actions == []  # nobody has measured
    used = {"siting__removal__usage": {"s000": 0.02, "s001": 0.01}}
    assert done(solve(twins(), **changes, **used)) == {("remove", "s001"): 0}
    with pytest.raises(KwevError, match=r"no station 's002' \(siting.removal.usage\)"):
        solve(twins(), **changes, siting__removal__usage={"s002": 0.0})


@pytest.mark.constraint("removal_alternative")
def test_a_removal_needs_an_alternative_where_the_scenario_asks_for_one():
    for limit_m, count in ((399.99, 0), (400.0, 1)):
        plan = solve(twins(400.0), **REMOVING, siting__removal__alternative_m=limit_m)
        assert len(plan.actions) == count
    # two stations that nobody lives near: each is the other's alternative, so one of them stays
    idle = toy([(0, 0, 100, 1)], [(20_000, 0, 2, 0), (20_000, 0, 2, 0)])
    assert len(solve(idle, **REMOVING).actions) == 2
    assert len(solve(idle, **REMOVING, siting__removal__alternative_m=10.0).actions) == 1


def test_a_new_station_is_an_alternative():
    # the far station covers nobody; a new one beside it covers the one person there
    tables = toy([(0, 0, 100, 1)], [(800, 0, 9, 0)], [(450, 0, "library")])
    changes = {**REMOVING, "budget__limit_cad": 0}
    # sold for 0.5 * (20,000 + 9 * 5,000) = 32,500, of which 25,000 build the library's station
    plan = solve(tables, **changes, siting__removal__alternative_m=350.0)
    assert done(plan) == {("remove", "s000"): 0, ("new_l2", "q000"): 1}
    assert solve(tables, **changes, siting__removal__alternative_m=349.0).actions == []


def test_energy_that_is_needed_keeps_a_station():
    # 100 EVs need 60,000 kWh; four ports give 67,277, two give half of that
    tables = toy([(0, 0, 100, 100)], [(0, 0, 2, 0), (0, 0, 2, 0)])
    plan = solve(tables, demand__enforce=True, ports__add_l2=False, **REMOVING)
    assert plan.actions == []
    # with ports added the other serves as well: two for 10,000 against 15,000 of resale
    plan = solve(tables, demand__enforce=True, **REMOVING)
    assert sorted(done(plan).values()) == [0, 2]
    assert {a.kind for a in plan.actions} == {"remove", "add_l2"}
    assert len({a.place_id for a in plan.actions}) == 2
    assert plan.cost.net_cad == -5_000


def test_removal_of_a_station_under_l3_counts_for_l2_takes_both_services():
    tables = toy([(0, 0, 100, 1)], [(0, 0, 0, 2)])
    changes = {"coverage__l3_counts_for_l2": True, "siting__removal__stations": "all"}
    assert solve(tables, **changes).actions == []
    worthless = {**changes, "targets__l2": 0.0, "targets__l3": 0.0, "weights__l3": 0.0}
    assert solve(tables, **worthless).actions == []  # it still serves L2
    plan = solve(tables, **worthless, weights__l2=0.0)
    assert [a.kind for a in plan.actions] == ["remove"]
    assert (plan.coverage.l2.after, plan.coverage.l3.after) == (0, 0)


# -- operating cost, idle energy, weighted mode ----------------------------------------------------


def test_operating_cost_decides_against_a_station_that_costs_more_than_it_covers():
    # a station with its port costs 20,000 CAD a year, a million in 50 years, and covers everybody:
    # 100 points; no target asks for it
    tables = toy([(0, 0, 100, 1)], sites=[(0, 0, "library")])
    changes = {
        "targets__l2": 0.0,
        **NO_L3,
        "weights__cost_points_per_million_cad": 0.0,
        "operating__years": 50,
        "operating__l2_station_cad_per_year": 10_000.0,
        "operating__l2_port_cad_per_year": 10_000.0,
    }
    for price, built in ((99.0, 1), (101.0, 0)):
        plan = solve(tables, **changes, weights__operating_points_per_million_cad=price)
        assert len(plan.actions) == built
        assert plan.objective_parts.operating_cost == pytest.approx(-price * built)


def test_operating_cost_can_be_left_out():
    tables = toy([(0, 0, 100, 1)], sites=[(0, 0, "library")])
    for off in ({"operating__years": 0}, {"weights__operating_points_per_million_cad": 0}):
        plan = solve(tables, targets__l3=0.0, **off)
        assert plan.quality.objective == pytest.approx(100 - 0.1 * 0.025)
        assert plan.cost.operating_cad_per_year == 1_000  # told, not charged


def test_a_conversion_saves_the_running_of_what_it_sells():
    tables = toy([(0, 0, 100, 1)], [(0, 0, 3, 0)])
    (action,) = solve(tables, targets__l2=0.0).actions
    # L3 3,000 + 2 * 5,000 a year; L2 500 + 3 * 500 go
    assert action.operating_cad_per_year == 13_000 - 2_000
    (action,) = solve(tables, targets__l2=0.0, ports__retained_l2=1).actions
    assert action.operating_cad_per_year == 13_000 - 1_000


@pytest.mark.constraint("idle")
def test_idle_energy_is_what_ports_give_beyond_the_need():
    # 10 EVs need 6,000 kWh; one L2 port gives 16,819: 10,819 kWh idle, 1.803 times the need
    tables = toy([(0, 0, 100, 10)], sites=[(0, 0, "library")])
    plan = solve(tables, targets__l3=0.0, weights__idle_points_per_point=0.1)
    assert done(plan) == {("new_l2", "q000"): 1}
    idle = (PORT_KWH - 6_000) / 6_000
    assert plan.objective_parts.idle_energy == pytest.approx(-0.1 * 100 * idle)
    assert parts_sum_to_the_objective(plan)
    # at a point for a point, 180 points lost are more than the 100 that it covers
    plan = solve(tables, targets__l2=0.0, targets__l3=0.0, weights__idle_points_per_point=1.0)
    assert plan.actions == []


def test_an_idle_station_goes_where_idle_energy_has_a_price():
    # the far station's nine ports serve the near town's need in the energy row, and nobody else
    tables = toy([(0, 0, 100, 10)], [(0, 0, 1, 0), (20_000, 0, 9, 0)])
    free = {
        **REMOVING,
        "costs__resale_factor": 0.0,
        "weights__operating_points_per_million_cad": 0.0,
    }
    plan = solve(tables, **free, weights__idle_points_per_point=0.1)
    assert done(plan) == {("remove", "s001"): 0}
    assert plan.objective_parts.idle_energy == pytest.approx(-10 * (PORT_KWH - 6_000) / 6_000)


def test_nothing_is_idle_where_nothing_is_needed():
    tables = toy([(0, 0, 100, 0)], sites=[(0, 0, "library")])
    plan = solve(tables, targets__l3=0.0, weights__idle_points_per_point=1.0)
    assert done(plan) == {("new_l2", "q000"): 1}
    assert plan.objective_parts.idle_energy == 0


def test_weighted_mode_trades_shortfall_against_the_objective():
    # money for one station of 25,000: the near site covers 60 people, the far one 40 people and
    # all EVs. The target asks for 60 % of people: the far site misses it by 20 points
    tables = toy(
        [(0, 0, 60, 0), (10_000, 0, 40, 9)], sites=[(0, 0, "library"), (10_000, 0, "library")]
    )
    money = {"budget__limit_cad": 25_000, "targets__l2": 0.6, "targets__l3": 0.0}
    assert done(solve(tables, **money)) == {("new_l2", "q000"): 1}
    # weights 2/3 people, 1/3 EVs: near 100 * 2/3 * 0.6 = 40, far 100 * (2/3 * 0.4 + 1/3) = 60;
    # the 20 points between them are worth 20 points of shortfall at a price of 1
    weighted = {**money, "objective__mode": "weighted"}
    for price, site in ((0.99, "q001"), (1.01, "q000")):
        plan = solve(tables, **weighted, objective__shortfall_points_per_point=price)
        assert done(plan) == {("new_l2", site): 1}
        missed = 20 if site == "q001" else 0
        assert plan.shortfall.total_points == pytest.approx(missed)
        assert plan.objective_parts.shortfall == pytest.approx(-price * missed)
        assert plan.solver_says.shortfall_bound_points == 0  # no search has asked for the least
        assert parts_sum_to_the_objective(plan)


def test_the_price_of_shortfall_is_read_in_weighted_mode_alone():
    tables = toy([(0, 0, 60, 0)], sites=[(0, 0, "library")])
    plan = solve(tables, objective__shortfall_points_per_point=1_000.0)
    assert plan.objective_parts.shortfall == 0
