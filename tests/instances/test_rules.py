"""Each optional rule on a region small enough to solve by hand, with the rule off and on.

Prices: an L2 station with one port 25,000; an L3 station with two 200,000; converting a station
with two L2 ports 200,000 less half of 30,000.
"""

from __future__ import annotations

import pytest
from hand import done, solve
from toy import AREA, base_config, toy

from kwev.config import Case

RICH = {"budget__limit_cad": 10_000_000}
OTHER_TOWN = "3530004"
HIGHER_UP = {"targets__l2": 0.0, "weights__l2": 0.0}
"""Level 3 alone matters."""
LOWER_DOWN = {"targets__l3": 0.0, "weights__l3": 0.0}
"""Level 2 alone matters."""


def line(*eastings, people=100):
    """Return points on a line with people of their own."""
    return [(x, 0, people, 1) for x in eastings]


@pytest.mark.constraint("site_budget")
def test_no_place_costs_more_than_its_budget():
    # L2 and L3 both wanted, money enough: without the rule 25,000 and 200,000 are spent
    tables = toy(line(0), sites=[(0, 0, "library"), (100, 0, "shopping_mall")])
    free = solve(tables, **RICH)
    assert done(free) == {("new_l2", "q000"): 1, ("new_l3", "q001"): 2}
    # 199,999 at one place is below an L3 station with two ports
    held = solve(tables, rules__site_budget_cad=199_999, **RICH)
    assert {kind for kind, _ in done(held)} == {"new_l2"}
    assert held.coverage.l3.ceiling == 0
    assert done(solve(tables, rules__site_budget_cad=200_000, **RICH)) == done(free)


@pytest.mark.constraint("site_budget")
def test_the_budget_of_a_place_is_net_of_resale():
    # the conversion costs 200,000 less 15,000
    tables = toy(line(0), stations=[(0, 0, 2, 0)])
    money = {**RICH, **HIGHER_UP}
    assert done(solve(tables, rules__site_budget_cad=185_000, **money)) == {("upgrade", "s000"): 2}
    assert solve(tables, rules__site_budget_cad=184_999, **money).actions == []


@pytest.mark.constraint("ports_per_place")
def test_no_place_has_more_ports_than_allowed():
    # 30 EVs x 600 kWh take two L2 ports of 16,819 kWh
    tables = toy([(0, 0, 100, 30)], sites=[(0, 0, "library")])
    energy = {"demand__enforce": True, **LOWER_DOWN}
    assert done(solve(tables, **energy)) == {("new_l2", "q000"): 2}
    held = solve(tables, rules__ports__per_place=1, **energy)
    assert done(held) == {("new_l2", "q000"): 1}
    assert held.shortfall.demand == pytest.approx(1 - 19.2 * 876 / 18_000)


@pytest.mark.constraint("ports_per_place")
def test_ports_that_stay_count_at_their_place():
    # one of two L2 ports kept and two L3 ports are three
    tables = toy(line(0), stations=[(0, 0, 2, 0)])
    kept = {"ports__retained_l2": 1, **RICH}
    assert done(solve(tables, rules__ports__per_place=3, **kept)) == {("upgrade", "s000"): 2}
    assert solve(tables, rules__ports__per_place=2, **kept).actions == []
    # with none kept two stand afterwards as before, whatever is allowed
    only = {**RICH, **HIGHER_UP}
    assert done(solve(tables, rules__ports__per_place=0, **only)) == {("upgrade", "s000"): 2}
    more = {"ports__min_l3": 3, **only}
    assert solve(tables, rules__ports__per_place=0, **more).actions == []


@pytest.mark.constraint("ports_l2")
def test_level_2_ports_are_limited_in_all():
    # three places, one port each; two ports are allowed: the two larger crowds get them
    points = [(0, 0, 50, 1), (5_000, 0, 100, 1), (10_000, 0, 70, 1)]
    tables = toy(points, sites=[(x, 0, "library") for x in (0, 5_000, 10_000)])
    assert len(done(solve(tables, **RICH, **LOWER_DOWN))) == 3
    held = solve(tables, rules__ports__l2_total=2, **RICH, **LOWER_DOWN)
    assert set(done(held)) == {("new_l2", "q001"), ("new_l2", "q002")}
    # no plan exceeds the ceiling; under a rule that ties sites together none may come near
    assert held.coverage.l2.ceiling == 1.0
    assert held.coverage.l2.attainable == pytest.approx(170 / 220)


@pytest.mark.constraint("ports_l3")
def test_level_3_ports_are_limited_in_all():
    # a mall and a station that could be converted, 20 km apart: three ports are one station
    points = [(0, 0, 60, 1), (20_000, 0, 100, 1)]
    tables = toy(points, stations=[(20_000, 0, 2, 0)], sites=[(0, 0, "shopping_mall")])
    assert len(done(solve(tables, **RICH, **HIGHER_UP))) == 2
    held = solve(tables, rules__ports__l3_total=3, **RICH, **HIGHER_UP)
    assert done(held) == {("upgrade", "s000"): 2}


@pytest.mark.constraint("total_kw")
@pytest.mark.parametrize(
    ("most_kw", "built"),
    [
        # a conversion adds 2 x 350 less 2 x 19.2 kW: 661.6; the mall 700; both 1,361.6
        (1_361.6, {("new_l3", "q000"): 2, ("upgrade", "s000"): 2}),
        (1_361.5, {("upgrade", "s000"): 2}),
        (661.6, {("upgrade", "s000"): 2}),
        (661.5, {}),
    ],
)
def test_the_plan_adds_no_more_power_than_allowed(most_kw, built):
    # a mall with 60 people around it and a station with 100, 20 km apart
    points = [(0, 0, 60, 1), (20_000, 0, 100, 1)]
    tables = toy(points, stations=[(20_000, 0, 2, 0)], sites=[(0, 0, "shopping_mall")])
    assert len(done(solve(tables, **RICH, **HIGHER_UP))) == 2
    assert done(solve(tables, rules__total_kw=most_kw, **RICH, **HIGHER_UP)) == built


@pytest.mark.constraint("l3_spacing")
@pytest.mark.parametrize(("least_m", "built"), [(6_000.0, 2), (6_000.01, 1)])
def test_new_level_3_stations_keep_their_distance(least_m, built):
    # two malls 6,000 m apart, each with people of its own: exactly at the distance is far enough
    tables = toy(
        [(-4_000, 0, 100, 1), (10_000, 0, 60, 1)],
        sites=[(0, 0, "shopping_mall"), (6_000, 0, "shopping_mall")],
    )
    plan = solve(tables, rules__l3_spacing_m=least_m, **RICH, **HIGHER_UP)
    assert len(plan.actions) == built
    assert ("new_l3", "q000") in done(plan)  # the larger crowd
    assert plan.coverage.l3.ceiling == 1.0
    assert plan.coverage.l3.attainable == pytest.approx(1.0 if built == 2 else 100 / 160)


@pytest.mark.constraint("l3_spacing")
def test_level_3_keeps_its_distance_from_todays_stations_and_conversions():
    # a conversion 900 m from a station with L3, a mall 1,100 m from it
    tables = toy(
        [(5_900, 0, 100, 1)],
        stations=[(0, 0, 0, 2), (900, 0, 2, 0)],
        sites=[(1_100, 0, "shopping_mall")],
    )
    free = solve(tables, **RICH, **HIGHER_UP)
    assert set(done(free)) == {("upgrade", "s001")}  # 15,000 cheaper
    held = solve(tables, rules__l3_spacing_m=1_000, **RICH, **HIGHER_UP)
    assert set(done(held)) == {("new_l3", "q000")}
    assert solve(tables, rules__l3_spacing_m=1_200, **RICH, **HIGHER_UP).actions == []


@pytest.mark.constraint("l3_spacing")
def test_todays_stations_may_stand_as_close_as_they_do():
    tables = toy(line(0), stations=[(0, 0, 0, 2), (10, 0, 0, 2)])
    assert solve(tables, rules__l3_spacing_m=5_000).coverage.l3.after == 1


@pytest.mark.constraint("l3_gap")
@pytest.mark.parametrize(("most_m", "built"), [(12_000.0, 2), (11_999.99, 0)])
def test_a_new_level_3_station_has_another_within_the_gap(most_m, built):
    # two malls 12,000 m apart and no station today: both or none
    tables = toy(line(0, 12_000), sites=[(0, 0, "shopping_mall"), (12_000, 0, "shopping_mall")])
    plan = solve(tables, rules__l3_gap_m=most_m, **RICH, **HIGHER_UP)
    assert len(plan.actions) == built
    # with money for one, none
    poor = {"budget__limit_cad": 200_000, **HIGHER_UP}
    assert solve(tables, rules__l3_gap_m=most_m, **poor).actions == []
    assert len(solve(tables, **poor).actions) == 1


@pytest.mark.constraint("l3_gap")
def test_a_station_of_today_closes_the_gap():
    tables = toy(line(0), stations=[(8_000, 0, 0, 2)], sites=[(0, 0, "shopping_mall")])
    assert len(solve(tables, rules__l3_gap_m=8_000, **RICH, **HIGHER_UP).actions) == 1
    assert solve(tables, rules__l3_gap_m=7_999, **RICH, **HIGHER_UP).actions == []


@pytest.mark.constraint("stations_per_area")
def test_an_area_has_so_many_stations_and_no_more():
    # two sites in the west, one in the east, a station in the west that counts
    sites = [
        {"x": x, "y": 0, "category": "library", "area_id": area}
        for x, area in ((0, "west"), (5_000, "west"), (10_000, "east"))
    ]
    stations = [{"x": 20_000, "y": 0, "l2_ports": 2, "l3_ports": 0, "area_id": "west"}]
    points = [(0, 0, 50, 1), (5_000, 0, 100, 1), (10_000, 0, 70, 1)]
    tables = toy(points, stations, sites, areas={"west": 1e4, "east": 1e4})
    money = {**RICH, **LOWER_DOWN}
    assert len(solve(tables, **money).actions) == 3
    held = solve(tables, rules__stations_per_area=2, **money)
    assert set(done(held)) == {("new_l2", "q001"), ("new_l2", "q002")}
    # at one, the west is full; at none, both are, and what stands may stay
    assert set(done(solve(tables, rules__stations_per_area=1, **money))) == {("new_l2", "q002")}
    assert solve(tables, rules__stations_per_area=0, **money).actions == []


@pytest.mark.constraint("stations_per_area")
def test_a_conversion_is_no_new_station():
    tables = toy(line(0), stations=[(0, 0, 2, 0)])
    plan = solve(tables, rules__stations_per_area=0, **RICH, **HIGHER_UP)
    assert set(done(plan)) == {("upgrade", "s000")}


def two_malls_in_an_area(proxy_kw):
    return toy(
        [(0, 0, 100, 1), (20_000, 0, 60, 1)],
        sites=[(0, 0, "shopping_mall"), (20_000, 0, "shopping_mall")],
        areas={"tract": proxy_kw},
    )


@pytest.mark.constraint("area_power")
@pytest.mark.parametrize(("factor", "built"), [(1.0, 0), (1.99, 0), (2.0, 1), (3.0, 2)])
def test_a_proxy_below_what_stands_counts_as_what_stands(factor, built):
    # 700 kW stand in an area of 100 kW, as the proxy says; each mall would add 700 more
    tables = toy(
        [(0, 0, 100, 10), (20_000, 0, 100, 10)],
        [(10_000, 0, 0, 2)],
        [(0, 0, "shopping_mall"), (20_000, 0, "shopping_mall")],
        areas={"tract": 100.0},
    )
    plan = solve(tables, rules__area_power__proxy_factor=factor, **RICH, **HIGHER_UP)
    assert len(plan.actions) == built


@pytest.mark.constraint("area_power")
@pytest.mark.parametrize(
    ("rule", "built"),
    [
        ({"rules__area_power__cap_kw": 1_400.0}, 2),
        ({"rules__area_power__cap_kw": 1_399.0}, 1),
        ({"rules__area_power__proxy_factor": 0.7}, 2),
        ({"rules__area_power__proxy_factor": 0.69}, 1),
        # the lower of the two holds
        ({"rules__area_power__proxy_factor": 0.7, "rules__area_power__cap_kw": 700.0}, 1),
        ({"rules__area_power__cap_kw": 699.0}, 0),
    ],
)
def test_the_ports_of_an_area_draw_no_more_than_its_cap(rule, built):
    # two pairs of 350 kW ports in one area of 2,000 kW: 1,400 kW
    plan = solve(two_malls_in_an_area(2_000.0), **rule, **RICH, **HIGHER_UP)
    assert len(plan.actions) == built


@pytest.mark.constraint("area_power")
def test_existing_power_counts_and_may_stay_above_the_cap():
    # four L2 ports draw 76.8 kW; a conversion takes them away and draws 700
    tables = toy(line(0), stations=[(0, 0, 4, 0)])
    money = {**RICH, **HIGHER_UP}
    assert len(solve(tables, rules__area_power__cap_kw=700.0, **money).actions) == 1
    assert solve(tables, rules__area_power__cap_kw=699.0, **money).actions == []
    assert solve(tables, rules__area_power__cap_kw=10.0, **money).coverage.l2.after == 1
    # beside another station of 76.8 kW it needs 776.8
    tables = toy(line(0), stations=[(0, 0, 4, 0), (30_000, 0, 4, 0)])
    assert len(solve(tables, rules__area_power__cap_kw=776.8, **money).actions) == 1
    assert solve(tables, rules__area_power__cap_kw=776.7, **money).actions == []


@pytest.mark.constraint("overlap")
@pytest.mark.parametrize(("most", "built"), [(0.286, 2), (0.285, 1)])
def test_new_level_2_stations_share_no_more_than_allowed(most, built):
    # 50 people at one end, 25 at the other, 50 between whom both stations reach: they reach 100
    # and 75, newly 125, so 50 of 175 overlap: 0.2857
    points = [(0, 0, 50, 1), (400, 0, 50, 1), (800, 0, 25, 1)]
    tables = toy(points, sites=[(0, 0, "library"), (800, 0, "library")])
    plan = solve(tables, rules__overlap=most, **RICH, **LOWER_DOWN)
    assert len(plan.actions) == built
    assert ("new_l2", "q000") in done(plan)


@pytest.mark.constraint("overlap")
def test_people_near_a_station_of_today_overlap_too():
    # the new station reaches 100 people, 60 of them near the station of today: overlap 0.6
    tables = toy(
        [(0, 0, 60, 1), (800, 0, 40, 1)],
        stations=[(-400, 0, 2, 0)],
        sites=[(400, 0, "library")],
    )
    assert len(solve(tables, rules__overlap=0.6, **RICH, **LOWER_DOWN).actions) == 1
    assert solve(tables, rules__overlap=0.59, **RICH, **LOWER_DOWN).actions == []


@pytest.mark.constraint("target_municipality_l2")
def test_what_floors_miss_is_counted_in_people_of_the_region():
    # money for one station: 100 people in the city, 40 and 20 in the town. A floor of a half: the
    # city lacks 50 people, the town 30; 100 covered in the city leave 30 of 160 missing, 40 in the
    # town would leave 50
    points = [(0, 0, 100, 1), (10_000, 0, 40, 1), (20_000, 0, 20, 1)]
    towns = [AREA, OTHER_TOWN, OTHER_TOWN]
    tables = toy(points, sites=[(x, 0, "library") for x in (0, 10_000, 20_000)], towns=towns)
    money = {"budget__limit_cad": 25_000, "targets__l2": 0.0, **LOWER_DOWN}
    plan = solve(tables, rules__municipality__l2=0.5, **money)
    assert set(done(plan)) == {("new_l2", "q000")}
    assert plan.shortfall.rules == {"municipality_l2": pytest.approx(30 / 160)}
    # with money for two, both floors are met
    plan = solve(tables, rules__municipality__l2=0.5, **{**money, "budget__limit_cad": 50_000})
    assert set(done(plan)) == {("new_l2", "q000"), ("new_l2", "q001")}
    assert plan.shortfall.rules == {"municipality_l2": 0.0}


@pytest.mark.constraint("target_municipality_l2")
def test_a_floor_decides_between_two_stations():
    # 70 and 60 people in the city, 50 in the town, money for two: the city is covered without
    # a floor; with one of 0.4 the town lacks 20 people, the city with 70 of 130 lacks none
    points = [(0, 0, 70, 1), (10_000, 0, 60, 1), (20_000, 0, 50, 1)]
    towns = [AREA, AREA, OTHER_TOWN]
    tables = toy(points, sites=[(x, 0, "library") for x in (0, 10_000, 20_000)], towns=towns)
    money = {"budget__limit_cad": 50_000, "targets__l2": 0.0, **LOWER_DOWN}
    assert set(done(solve(tables, **money))) == {("new_l2", "q000"), ("new_l2", "q001")}
    plan = solve(tables, rules__municipality__l2=0.4, **money)
    assert set(done(plan)) == {("new_l2", "q000"), ("new_l2", "q002")}


@pytest.mark.constraint("target_municipality_l3")
def test_a_floor_of_level_3_out_of_reach_is_a_named_shortfall():
    # the town has no site: 40 of its 40 people stay without, half of them below the floor
    points = [(0, 0, 100, 1), (40_000, 0, 40, 1)]
    tables = toy(points, sites=[(0, 0, "shopping_mall")], towns=[AREA, OTHER_TOWN])
    plan = solve(tables, rules__municipality__l3=0.5, **RICH)
    assert plan.coverage.l3.after == pytest.approx(100 / 140)
    assert plan.shortfall.rules == {"municipality_l3": pytest.approx(20 / 140)}
    assert plan.cost.least_budget_cad is None


@pytest.mark.constraint("target_quintile_l2")
def test_a_floor_in_every_quintile_moves_level_2_to_the_poorer():
    # 70 and 60 people in the first quintile, 50 in the fifth, 30 in none: as with municipalities
    points = [(0, 0, 70, 1), (10_000, 0, 60, 1), (20_000, 0, 50, 1), (30_000, 0, 30, 1)]
    sites = [(x, 0, "library") for x in (0, 10_000, 20_000, 30_000)]
    tables = toy(points, sites=sites, quintiles=[1, 1, 5, None])
    money = {"budget__limit_cad": 50_000, "targets__l2": 0.0, **LOWER_DOWN}
    assert set(done(solve(tables, **money))) == {("new_l2", "q000"), ("new_l2", "q001")}
    plan = solve(tables, rules__quintile__l2=0.4, **money)
    assert set(done(plan)) == {("new_l2", "q000"), ("new_l2", "q002")}
    assert plan.shortfall.rules == {"quintile_l2": 0.0}


@pytest.mark.constraint("target_quintile_l3")
@pytest.mark.parametrize("geography", ["da", "tract", "cell"])
def test_a_floor_of_level_3_in_every_quintile_at_every_geography(geography):
    # one mall for 100 people of the second quintile; 50 of the fourth stay 30 below a floor of 0.6
    tables = toy(
        [(0, 0, 100, 1), (40_000, 0, 50, 1)],
        sites=[(0, 0, "shopping_mall")],
        quintiles=[2, 4],
    )
    config = base_config(rules__quintile__l3=0.6, **RICH, **HIGHER_UP)
    plan = solve(tables, Case("toy", config, geography))
    assert plan.shortfall.rules == {"quintile_l3": pytest.approx(30 / 150)}


@pytest.mark.constraint("target_redundancy_l2")
def test_redundancy_builds_a_second_station():
    # 100 people, two sites that reach them: one station covers, half of them twice needs the other
    tables = toy(line(0), sites=[(0, 0, "library"), (100, 0, "library")])
    assert len(solve(tables, **RICH, **LOWER_DOWN).actions) == 1
    plan = solve(tables, rules__redundancy__l2=0.5, **RICH, **LOWER_DOWN)
    assert len(plan.actions) == 2
    assert plan.shortfall.rules == {"redundancy_l2": 0.0}
    # three are not to be had: no half station counts for two thirds of a person
    third = {"rules__redundancy__stations": 3, "rules__redundancy__l2": 0.5}
    plan = solve(tables, **third, **RICH, **LOWER_DOWN)
    assert len(plan.actions) == 1
    assert plan.shortfall.rules == {"redundancy_l2": pytest.approx(0.5)}


@pytest.mark.constraint("target_redundancy_l2")
def test_redundancy_needs_whole_stations():
    # A has two sites, B one, money for two stations: covering both towns leaves nobody with two
    points = [(0, 0, 100, 1), (10_000, 0, 100, 1)]
    sites = [(0, 0, "library"), (100, 0, "library"), (10_000, 0, "library")]
    tables = toy(points, sites=sites)
    money = {"budget__limit_cad": 50_000, "targets__l2": 0.0, **LOWER_DOWN}
    assert ("new_l2", "q002") in done(solve(tables, **money))
    plan = solve(tables, rules__redundancy__l2=0.5, **money)
    assert set(done(plan)) == {("new_l2", "q000"), ("new_l2", "q001")}


@pytest.mark.constraint("target_redundancy_l3")
def test_stations_of_today_count_for_redundancy_until_they_are_converted():
    # one station with L3 reaches all; one mall more gives everybody two
    tables = toy(line(0), stations=[(0, 0, 0, 2)], sites=[(1_000, 0, "shopping_mall")])
    plan = solve(tables, rules__redundancy__l3=1.0, **RICH, **HIGHER_UP)
    assert set(done(plan)) == {("new_l3", "q000")}
    assert plan.shortfall.rules == {"redundancy_l3": 0.0}
    # two L2 stations: a conversion leaves one, and redundancy at L2 forbids it
    tables = toy(line(0), stations=[(0, 0, 2, 0), (100, 0, 2, 0)])
    wish = {"targets__l2": 0.0, "targets__l3": 0.5, **RICH}
    assert len(solve(tables, **wish).actions) == 1
    plan = solve(tables, rules__redundancy__l2=0.9, **wish)
    assert plan.actions == []
    assert plan.shortfall.rules == {"redundancy_l2": 0.0}
