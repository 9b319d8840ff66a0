"""Home access and local need on regions small enough to solve by hand.

A vehicle takes 3,000 kWh a year. At a tenth of the hours a Level 2 port of 19.2 kW gives
16,819.2 kWh, a Level 3 port of 350 kW 306,600 kWh.
"""

from __future__ import annotations

import numpy as np
import pytest
from hand import done, solve
from planted import refreshed, settle
from toy import AREA, base_config, toy

from kwev.certify import Evaluation, certify
from kwev.config import Case
from kwev.model.demand import demand_points, energy_need_kwh
from kwev.model.inputs import build_inputs
from kwev.model.need import public_share

L2_KWH, L3_KWH = 16_819.2, 306_600.0
RICH = {"budget__limit_cad": 10_000_000}
NOTHING_ELSE = {
    "targets__l2": 0.0, "targets__l3": 0.0, "weights__l2": 0.0, "weights__l3": 0.0,
}  # fmt: skip
OTHER_TOWN = "3530004"
ACCESS = {"house": 0.1, "row_or_duplex": 0.2, "apartment": 0.6}
HOUSES = {"single_detached": 4, "row_house": 0, "apartment_high_rise": 0}
FLATS = {"single_detached": 0, "row_house": 0, "apartment_high_rise": 4}


def areas(*names, homes=None):
    return [{"area_id": name, **(homes or [{}] * len(names))[i]} for i, name in enumerate(names)]


# -- home access ---------------------------------------------------------------------------------


def test_the_public_share_of_an_area_is_the_mean_of_its_vehicles_homes():
    # half in houses, a quarter each in rows and apartments; all houses; all apartments
    tables = toy([(0, 0, 10, 8), (10, 0, 10, 8), (20, 0, 10, 8)], homes=[{}, HOUSES, FLATS])
    share = public_share(tables, base_config(demand__home_access=ACCESS).demand)
    assert share.tolist() == pytest.approx([0.05 + 0.05 + 0.15, 0.1, 0.6])


def test_vehicles_and_not_households_weigh_the_homes():
    # of 10 households 5 in apartments, but 2 of 8 vehicles: 0.75 x 0.1 + 0.25 x 0.6
    homes = [{"single_detached": 5, "row_house": 0, "apartment_high_rise": 5}]
    tables = toy([(0, 0, 10, 8)], homes=homes)
    tables.da_profiles["multi_unit_ev"] = 2.0
    share = public_share(tables, base_config(demand__home_access=ACCESS).demand)
    assert share.tolist() == pytest.approx([0.225])


def test_an_area_without_vehicles_or_without_known_homes():
    # nobody drives: households; no dwelling known: the mean of all vehicles, (8 x 0.1 + 2 x 0.6)/10
    unknown = dict.fromkeys(HOUSES, 0)
    tables = toy(
        [(0, 0, 9, 8), (1, 0, 9, 2), (2, 0, 9, 0), (3, 0, 9, 5)],
        homes=[HOUSES, FLATS, {}, unknown],
    )
    config = base_config(demand__home_access=ACCESS)
    assert public_share(tables, config.demand).tolist() == pytest.approx([0.1, 0.6, 0.25, 0.2])
    own = Evaluation(tables, config, "da").need_kwh
    assert own == pytest.approx({AREA: 3_000 * (0.8 + 1.2 + 5 * 0.2)})


def test_home_access_replaces_the_public_share_in_the_need_of_a_municipality():
    # 10 vehicles in houses need 3,000 kWh in all, 10 in apartments 18,000: a port, and two
    tables = toy(
        [(0, 0, 10, 10), (9_000, 0, 10, 10)],
        sites=[
            {"x": 0, "y": 0, "category": "library"},
            {"x": 9_000, "y": 0, "category": "library", "municipality_id": OTHER_TOWN},
        ],
        towns=[AREA, OTHER_TOWN],
        homes=[HOUSES, FLATS],
    )
    ask = {"demand__enforce": True, **NOTHING_ELSE, **RICH}
    # one share for all: 6,000 kWh each, one port each
    assert done(solve(tables, **ask)) == {("new_l2", "q000"): 1, ("new_l2", "q001"): 1}
    config = base_config(demand__home_access=ACCESS, **ask)
    assert energy_need_kwh(tables, config) == pytest.approx({AREA: 3_000, OTHER_TOWN: 18_000})
    plan = solve(tables, demand__home_access=ACCESS, **ask)
    assert done(plan) == {("new_l2", "q000"): 1, ("new_l2", "q001"): 2}
    assert plan.shortfall.demand == 0.0


def test_home_access_is_the_housing_part_of_the_demand_score():
    # by apartments the second point is like the first; by homes its rows take more in public
    rows = {"single_detached": 0, "row_house": 4, "apartment_high_rise": 0}
    tables = toy([(0, 0, 10, 1), (9_000, 0, 10, 1)], homes=[HOUSES, rows])
    housing = {
        "weights__score": 1.0, "weights__people": 0.0, "weights__ev": 0.0,
        "scores__demand__density": 0.0, "scores__demand__infrastructure": 0.0,
        "scores__demand__transit": 0.0, "scores__demand__housing": 1.0,
    }  # fmt: skip
    before = demand_points(tables, base_config(**housing), "da")
    assert before.score.tolist() == [0.5, 0.5]
    config = base_config(demand__home_access=ACCESS, **housing)
    for geography in ("da", "tract", "cell"):
        after = demand_points(tables, config, geography)
        assert after.score.tolist() == [0.0, 1.0]
        own = Evaluation(tables, config, geography).point_weight
        assert own.tolist() == after.weight.tolist() == [0.0, 1.0]


def test_a_need_without_home_access_is_caught():
    # nothing can be built, so all of the need is unserved, whatever it is
    tables = toy([(0, 0, 10, 10)], homes=[FLATS])
    settings = {"demand__enforce": True, "demand__home_access": ACCESS}
    ground = settle(tables, Case("toy", base_config(**settings), "da"))
    assert ground.violations(ground.copy()) == []
    for lie in (0.2 / 0.6, 0.99):
        values = ground.copy()
        values["shortfall"]["demand"] = lie
        assert any("shortfall.demand is" in text for text in ground.violations(refreshed(values)))


# -- local need ----------------------------------------------------------------------------------


@pytest.mark.constraint("target_local")
def test_ports_elsewhere_in_a_municipality_do_not_serve_an_area():
    # 20 vehicles, 12,000 kWh in each area; a station with 2 ports in the west. Its municipality is
    # served, the east is not: a port there
    tables = toy(
        [(0, 0, 10, 20), (9_000, 0, 10, 20)],
        stations=[(0, 0, 2, 0)],
        sites=[(9_000, 0, "library")],
        homes=areas("west", "east"),
    )
    ask = {**NOTHING_ELSE, **RICH}
    assert solve(tables, demand__enforce=True, **ask).actions == []
    plan = solve(tables, demand__local=1.0, **ask)
    assert done(plan) == {("new_l2", "q000"): 1}
    assert plan.shortfall.rules == {"local": 0.0}
    # and not of a poor town: half of the need stays
    poor = solve(tables, demand__local=1.0, **NOTHING_ELSE, budget__limit_cad=24_999)
    assert poor.actions == []
    assert poor.shortfall.rules == {"local": pytest.approx(0.5)}
    assert poor.cost.least_budget_cad == pytest.approx(25_000)


@pytest.mark.constraint("target_local")
def test_only_a_part_of_the_need_may_be_asked_for():
    # 40 vehicles need 24,000 kWh: two ports; of 70 %, 16,800, one is enough
    tables = toy([(0, 0, 10, 40)], sites=[(0, 0, "library")], homes=areas("west"))
    for part, ports in ((1.0, 2), (0.7, 1)):
        plan = solve(tables, demand__local=part, **NOTHING_ELSE, **RICH)
        assert done(plan) == {("new_l2", "q000"): ports}


@pytest.mark.constraint("target_local")
def test_a_port_is_split_by_need_within_its_reach():
    # the station reaches 10 vehicles of the west and 30 of the east, not the 100 farther east:
    # a quarter and three quarters of 16,819.2 kWh, whatever else is built
    tables = toy(
        [(0, 0, 10, 10), (300, 0, 10, 30), (20_000, 0, 10, 100)],
        stations=[(100, 0, 1, 0)],
        homes=areas("west", "east", "east"),
    )
    local = build_inputs(tables, base_config(demand__local=1.0), "da").local
    assert local.areas == ("east", "west")
    assert local.need_kwh.tolist() == pytest.approx([130 * 600, 10 * 600])
    assert local.supply_kwh.tolist() == pytest.approx([0.75 * L2_KWH, 0.25 * L2_KWH])
    plan = solve(tables, demand__local=1.0, budget__limit_cad=0)
    lacking = (130 * 600 - 0.75 * L2_KWH) + (10 * 600 - 0.25 * L2_KWH)
    assert plan.shortfall.rules == {"local": pytest.approx(lacking / (140 * 600))}


@pytest.mark.constraint("target_local")
def test_each_level_serves_whom_it_reaches_and_a_port_without_anybody_serves_nobody():
    # Level 3 reaches both areas by car, Level 2 the west alone; a station in the wild reaches none
    tables = toy(
        [(0, 0, 10, 30), (3_000, 0, 10, 10)],
        stations=[(0, 0, 2, 1), (90_000, 0, 9, 9)],
        homes=areas("west", "east"),
    )
    local = build_inputs(tables, base_config(demand__local=1.0), "da").local
    west, east = 2 * L2_KWH + 0.75 * L3_KWH, 0.25 * L3_KWH
    assert local.supply_kwh.tolist() == pytest.approx([east, west])


@pytest.mark.constraint("target_local")
def test_a_conversion_takes_level_2_from_the_near_and_gives_level_3_to_the_far():
    # L2 serves the west alone (33,638.4 kWh), two L3 ports both, half each (306,600 kWh)
    tables = toy(
        [(0, 0, 10, 20), (3_000, 0, 10, 20)],
        stations=[(0, 0, 2, 0)],
        homes=areas("west", "east"),
    )
    plan = solve(tables, demand__local=1.0, **NOTHING_ELSE, **RICH)
    assert done(plan) == {("upgrade", "s000"): 2}
    inputs = build_inputs(tables, base_config(demand__local=1.0), "da")
    (k,) = np.flatnonzero(inputs.columns.kind == "upgrade")
    build, ports = np.arange(len(inputs.columns)) == k, np.zeros(len(inputs.columns), np.int64)
    ports[k] = 2
    after = inputs.local.after_kwh(inputs.columns, inputs.stations, build, ports)
    assert after.tolist() == pytest.approx([L3_KWH, L3_KWH])


@pytest.mark.constraint("target_local")
@pytest.mark.parametrize("geography", ["tract", "da", "cell"])
@pytest.mark.parametrize("mode", ["lexicographic", "weighted"])
def test_every_geography_and_mode_is_certified(geography, mode):
    tables = toy(
        [(0, 0, 10, 40), (3_000, 0, 10, 10)],
        stations=[(0, 0, 1, 0)],
        sites=[(3_000, 0, "library"), (100, 0, "shopping_mall")],
        homes=areas("west", "east", homes=[HOUSES, FLATS]),
    )
    settings = {"demand__local": 1.0, "demand__home_access": ACCESS, "objective__mode": mode}
    case = Case("toy", base_config(**settings, **NOTHING_ELSE, **RICH), geography)
    plan = solve(tables, case)
    assert certify(plan, tables, case).violations == []
    # 12,000 kWh in houses: the port of today; 18,000 in apartments: two ports
    assert done(plan) == {("new_l2", "q000"): 2}
    assert plan.shortfall.rules == {"local": 0.0}


@pytest.mark.constraint("target_local")
def test_without_vehicles_nothing_is_asked_for():
    tables = toy([(0, 0, 10, 0)], sites=[(0, 0, "library")])
    plan = solve(tables, demand__local=1.0, **NOTHING_ELSE, **RICH)
    assert plan.actions == []
    assert plan.shortfall.rules == {"local": 0.0}


def test_home_access_moves_ports_to_where_nobody_charges_at_home():
    # as many vehicles in each area, money for one port: with one share for all either will do,
    # with home access the apartments get it
    tables = toy(
        [(0, 0, 10, 20), (9_000, 0, 10, 20)],
        sites=[(0, 0, "library"), (9_000, 0, "library")],
        homes=areas("west", "east", homes=[HOUSES, FLATS]),
    )
    ask = {"demand__local": 1.0, "budget__limit_cad": 25_000, **NOTHING_ELSE}
    same = solve(tables, **ask)
    assert same.shortfall.rules == {"local": pytest.approx(0.5)}
    plan = solve(tables, demand__home_access=ACCESS, **ask)
    assert done(plan) == {("new_l2", "q001"): 1}
    # 6,000 kWh of the houses' vehicles and 36,000 less a port's of the apartments' stay
    assert plan.shortfall.rules == {"local": pytest.approx((6_000 + 36_000 - L2_KWH) / 42_000)}
