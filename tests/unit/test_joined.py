"""Budgets shared by regions: splits by hand, every split, and plans against the whole model."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from toy import AREA, base_config, toy

from benchmarks.joined import alone, between, planned, shared, value_of
from kwev.config import Case
from kwev.model.inputs import build_inputs


@st.composite
def curves(draw):
    regions, n = draw(st.integers(1, 4)), draw(st.integers(1, 6))
    row = st.lists(st.integers(-9, 20), min_size=n, max_size=n)
    return np.array(draw(st.lists(row, min_size=regions, max_size=regions)), float)


def brute(made):
    """Return the most by budget, over every split of it."""
    regions, n = made.shape
    splits = list(itertools.product(range(n), repeat=regions))
    return [
        max(sum(made[r, own] for r, own in enumerate(split)) for split in splits if sum(split) <= b)
        for b in range(n)
    ]


def step_by_step(made):
    """Give each step to the region that gains most by it: right for curves that bend down alone."""
    given_to, values = [0] * len(made), [made[:, 0].sum()]
    for _ in range(made.shape[1] - 1):
        gains = [row[own + 1] - row[own] for row, own in zip(made, given_to, strict=True)]
        best = int(np.argmax(gains))
        given_to[best] += 1
        values.append(values[-1] + gains[best])
    return values


def test_by_hand():
    """A village that gains at once, and a town whose first step is wasted."""
    village, town = [1.0, 4.0, 5.0, 5.0], [2.0, 2.0, 9.0, 10.0]
    best, split = shared(np.array([village, town]))
    assert best.tolist() == [3.0, 6.0, 10.0, 13.0]
    assert split.tolist() == [[0, 0], [1, 0], [0, 2], [1, 2]]


def test_what_costs_more_than_it_brings_is_not_spent():
    best, split = shared(np.array([[5.0, 3.0, 4.0]]))
    assert best.tolist() == [5.0, 5.0, 5.0]
    assert split.tolist() == [[0], [0], [0]]


@given(curves())
def test_against_every_split(made):
    best, split = shared(made)
    assert best.tolist() == brute(made)
    for budget, (value, own) in enumerate(zip(best, split, strict=True)):
        assert own.sum() <= budget
        assert value == sum(made[r, k] for r, k in enumerate(own))


def test_every_split_tells_a_greedy_one_from_the_best():
    """The check above must fail where a split is only nearly right."""
    made = np.array([[0.0, 2.0, 3.0, 3.0], [0.0, 0.0, 0.0, 9.0]])
    assert shared(made)[0].tolist() == brute(made)
    assert step_by_step(made) != brute(made)


@given(curves(), st.integers(0, 10_000))
def test_bounds_hold_between_the_steps(made, seed):
    """Of rising curves drawn twice as fine, the coarse ones bound every fine split."""
    fine = np.maximum.accumulate(made, axis=1)
    coarse = fine[:, ::2]
    bound = shared(between(coarse))[0]
    draw = np.random.default_rng(seed)
    for whole, most in enumerate(bound):
        budget, own = 2 * whole, []
        for _ in fine:
            own.append(int(draw.integers(0, budget - sum(own) + 1)))
        spent = sum(row[k] for row, k in zip(fine, own, strict=True))
        assert spent <= most + 1e-9
    assert between(np.array([[1.0, 2.0, 3.0]])).tolist() == [[2.0, 3.0, 3.0]]


def two_towns(seed):
    """Return tables of two towns on one square: each has people, a site or two and a station."""
    draw = np.random.default_rng(seed)
    spots = 250 * draw.integers(0, 9, (14, 2))
    towns = [AREA, "3530016"]
    points = [(*spots[i], int(draw.integers(1, 90)), int(draw.integers(0, 9))) for i in range(8)]
    sites = [
        {"x": x, "y": y, "category": "library", "municipality_id": towns[i % 2]}
        for i, (x, y) in enumerate(spots[8:12])
    ]
    stations = [
        {"x": x, "y": y, "l2_ports": 2, "l3_ports": 0, "municipality_id": towns[i]}
        for i, (x, y) in enumerate(spots[12:])
    ]
    return toy(points, stations, sites, towns=[towns[i % 2] for i in range(8)]), towns


@pytest.mark.parametrize("seed", range(8))
def test_plans_of_the_parts_are_a_plan_of_the_whole(seed):
    """Worth the parts' sum at least, and no more than the best of the whole."""
    tables, towns = two_towns(seed)
    config = base_config(
        budget__limit_cad=500_000, objective__mode="weighted", demand__enforce=True,
        demand__utilisation=0.01, coverage__l3_radius_m=1_000,
    )  # fmt: skip
    total, actions = 0.0, {}
    for town, budget_cad in zip(towns, (350_000, 150_000), strict=True):
        inputs, own = alone(tables, config, "da", town)
        value, bound, found = planned(inputs, own.with_values(budget__limit_cad=budget_cad))
        assert bound == pytest.approx(value)
        total, actions = total + value, actions | found
    together = planned(build_inputs(tables, config, "da"), config)[0]
    union = value_of(tables, Case("toy", config, "da"), actions)
    assert total <= union + 1e-6
    assert union <= together + 1e-6
    dear = config.with_values(budget__limit_cad=10_000)
    with pytest.raises(ValueError, match="over the budget"):
        value_of(tables, Case("toy", dear, "da"), actions)


def test_a_town_counts_its_own_people_and_no_station_that_another_may_convert():
    """A point of each town, the other town's station near both, and a site of each."""
    towns = [AREA, "3530016"]
    sites = [
        {"x": 200, "y": 0, "category": "library", "municipality_id": town} for town in towns
    ]  # fmt: skip
    station = {"x": 50, "y": 0, "l2_ports": 2, "l3_ports": 0, "municipality_id": towns[1]}
    tables = toy([(0, 0, 60, 6), (100, 0, 40, 4)], [station], sites, towns=towns)
    config = base_config(demand__enforce=True)
    inputs, own = alone(tables, config, "da", towns[0])
    reach = inputs.reach["l2"]
    assert set(inputs.columns.municipality.tolist()) == {towns[0]}
    assert (reach.fixed.tolist(), reach.losable.tolist()) == ([0, 0], [0, 0])
    assert reach.change.toarray().tolist() == [[1], [0]]
    assert inputs.rows["l2"].weight.sum() == pytest.approx(0.6)
    assert inputs.people == 100
    assert own.targets.l2 == pytest.approx(0.6 * config.targets.l2)
    short_kwh = inputs.energy.need_kwh - inputs.energy.supply_kwh
    assert (short_kwh > 0).tolist() == [True, False]
    other, _ = alone(tables, config, "da", towns[1])
    assert other.reach["l2"].losable.tolist() == [0, 1]
    stays, _ = alone(tables, base_config(ports__retained_l2=1), "da", towns[0])
    assert stays.reach["l2"].fixed.tolist() == [1, 0]
