"""Floors of renters, of people in apartments and of low incomes, on regions solved by hand.

Prices: an L2 station with one port 25,000; an L3 station with two 200,000.
"""

from __future__ import annotations

import numpy as np
import pytest
from hand import done, solve
from toy import base_config, toy

from kwev.config import Case
from kwev.model.demand import low_income_cad

PEOPLE = (70, 60, 50)
TWO_STATIONS = {
    "budget__limit_cad": 50_000,
    "targets__l2": 0.0,
    "targets__l3": 0.0,
    "weights__l3": 0.0,
}
ONE_MALL = {"budget__limit_cad": 10_000_000, "targets__l2": 0.0, "weights__l2": 0.0}


def three_villages(**shares):
    """Return three villages with a library each, and what is known of their homes."""
    points = [(10_000 * i, 0, people, 1) for i, people in enumerate(PEOPLE)]
    sites = [(10_000 * i, 0, "library") for i in range(3)]
    homes = [
        dict(zip(shares, values, strict=True)) for values in zip(*shares.values(), strict=True)
    ]
    return toy(points, sites=sites, homes=homes)


def moves_to_the_third(tables, kind, floor):
    """Check that money for two goes to the larger villages unless the floor is asked for."""
    free = solve(tables, **TWO_STATIONS)
    assert set(done(free)) == {("new_l2", "q000"), ("new_l2", "q001")}
    plan = solve(tables, **TWO_STATIONS, **{f"rules__groups__{kind}__l2": floor})
    assert set(done(plan)) == {("new_l2", "q000"), ("new_l2", "q002")}
    assert plan.shortfall.rules == {f"{kind}_l2": 0.0}


@pytest.mark.constraint("target_renters_l2")
def test_a_floor_of_renters_moves_level_2_to_them():
    # 7, 12 and 40 renters: of 59 half are wanted; the first two villages have 19, with the third 47
    tables = three_villages(renter_share=(0.1, 0.2, 0.8))
    moves_to_the_third(tables, "renters", 0.5)


@pytest.mark.constraint("target_multi_unit_l2")
def test_a_floor_of_people_in_apartments_moves_level_2_to_them():
    # 7, none known and 25 in apartments: of 32 half are wanted, 7 are not enough
    tables = three_villages(multi_unit_share=(0.1, np.nan, 0.5))
    moves_to_the_third(tables, "multi_unit", 0.5)


@pytest.mark.constraint("target_low_income_l2")
def test_a_floor_of_low_incomes_moves_level_2_to_them():
    # the third village is the poorest: 50 of 180 people, more than a fifth; nobody else counts
    tables = three_villages(median_income_cad=(90e3, 80e3, 50e3))
    moves_to_the_third(tables, "low_income", 0.5)


@pytest.mark.constraint("target_renters_l3", "target_multi_unit_l3", "target_low_income_l3")
@pytest.mark.parametrize("geography", ["da", "tract", "cell"])
@pytest.mark.parametrize(
    ("kind", "homes", "floor", "missed"),
    [
        # 40 renters at the mall, 40 without one: three quarters of 80 leave 20 below
        ("renters", ("renter_share", 0.4, 0.8), 0.75, 20),
        # 50 and 50 in apartments: 80 wanted, 30 below
        ("multi_unit", ("multi_unit_share", 0.5, 1.0), 0.8, 30),
        # the 50 far off are the poorest third: 0.6 of them are below
        ("low_income", ("median_income_cad", 90e3, 40e3), 0.6, 30),
    ],
)
def test_a_floor_of_level_3_out_of_reach_is_a_named_shortfall(
    kind, homes, floor, missed, geography
):
    # one mall for 100 people; 50 live too far from any site
    column, *values = homes
    tables = toy(
        [(0, 0, 100, 1), (40_000, 0, 50, 1)],
        sites=[(0, 0, "shopping_mall")],
        homes=[{column: value} for value in values],
    )
    config = base_config(**ONE_MALL, **{f"rules__groups__{kind}__l3": floor})
    plan = solve(tables, Case("toy", config, geography))
    assert plan.shortfall.rules == {f"{kind}_l3": pytest.approx(missed / 150)}


def test_low_incomes_are_whole_areas_up_to_a_fifth_of_the_people():
    # a fifth of 100 is 20: 10 people at 30,000 are not enough, 10 more at 40,000 are, exactly
    income = np.array([50e3, 30e3, 40e3, 60e3])
    assert low_income_cad(income, np.array([50.0, 10.0, 10.0, 30.0])) == 40e3
    # areas of one income are taken together, whichever comes first
    assert low_income_cad(np.array([40e3, 40e3, 90e3]), np.array([30.0, 30.0, 40.0])) == 40e3
