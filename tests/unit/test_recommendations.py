"""Each recommendation follows its numbers: other numbers, another sentence."""

import pandas as pd
import pytest

from kwev.config import load_config
from kwev.report import decisions


def with_coverage(plan, level, **shares):
    reached = getattr(plan.coverage, level).model_copy(update=shares)
    return plan.model_copy(update={"coverage": plan.coverage.model_copy(update={level: reached})})


@pytest.fixture(scope="module")
def config(project):
    return load_config("base", project.config)


def radii(**l2):
    return pd.DataFrame({"value": [500.0, 800.0], "l2": [l2.get("near", 0.7), l2.get("far", 0.9)]})


def test_a_share_is_promised_that_the_plan_reaches_and_no_more(base_plan, config):
    low = with_coverage(base_plan, "l2", after=0.7699)
    found = decisions.promise(low, config, radii())
    assert found.what == "Promise 76% of people near Level 2, not 95%."
    assert "walk 800 m instead of 500 m" in found.unless
    assert "reaches 90% instead of 70%" in found.unless


def test_a_target_that_is_reached_is_kept(base_plan, config):
    high = with_coverage(base_plan, "l2", after=0.95)
    assert (
        decisions.promise(high, config, radii()).what
        == "Keep the promise of 95% of people near Level 2."
    )


def steps(l2_points):
    return pd.DataFrame(
        {
            "budget_cad": [4e6], "step_cad": [1e5], "spent_cad": [1e5 if l2_points else 0.0],
            "shortfall_points": [l2_points], "l2_points": [l2_points], "l3_points": [0.0],
            "l2_people": [5_871.65 * l2_points], "l3_people": [0.0],
        }
    )  # fmt: skip


def worth():
    row = ("all", 1.25, 0.6, 0.8, 20.0, 3e6, 3.5e6)
    names = ["price", "factor", "l2", "l3", "shortfall_points", "budget_from_cad", "budget_to_cad"]
    return pd.DataFrame([row], columns=names)


@pytest.mark.parametrize(
    ("gain", "what"), [(1.5, "still be well spent on coverage"), (0.0, "do not ask for it")]
)
def test_more_money_is_asked_for_only_where_a_solve_shows_its_worth(base_plan, gain, what):
    found = decisions.next_money(base_plan, steps(gain), worth())
    assert what in found.what
    assert "$3 million and $3.5 million" in found.unless
    if gain:  # 1.5 points of 587,165 people
        assert "8,807 more near Level 2" in found.because


def test_the_core_is_counted_and_so_is_what_the_roads_keep():
    base = frozenset({"new_l2_a", "new_l2_b", "new_l2_c", "new_l2_d"})
    roads = frozenset({"new_l2_a", "new_l2_z"})
    summary = pd.DataFrame({"chosen": [4], "core": [3], "usual": [0], "fragile": [1]})
    found = decisions.core_first(summary, 50, base, roads)
    assert found.what.startswith("Begin with the 3 sites")
    assert "25% of the actions stay" in found.unless  # one of four
    none = decisions.core_first(summary.assign(core=0), 50, base, roads)
    assert none.what.startswith("Treat no site as settled")


@pytest.mark.parametrize(("l3", "start"), [(0.85, "With 50% of"), (0.898, "Even with 50% of")])
def test_half_the_proxy_is_told_in_points(base_plan, config, l3, start):
    grid = pd.DataFrame({"value": [0.5, 1.0], "l2": [0.707, 0.7], "l3": [l3, 0.9]})
    found = decisions.ask_utilities(base_plan, config, grid)
    assert found.unless.startswith(start)
    assert f"of Level 2 by +0.7 and of Level 3 by {100 * (l3 - 0.9):+.1f} points" in found.unless


def test_new_power_is_that_of_the_ports(base_plan, config):
    grid = pd.DataFrame({"value": [0.5, 1.0], "l2": [0.7, 0.7], "l3": [0.9, 0.9]})
    one = next(action for action in base_plan.actions if action.kind == "new_l2")
    plan = base_plan.model_copy(
        update={"actions": [one.model_copy(update={"l2_ports_after": 250})]}
    )
    found = decisions.ask_utilities(plan, config, grid)
    assert "adds 4.8 MW" in found.because  # 250 ports at 19.2 kW
    assert found.what == "Ask the utilities before anything is ordered."


def prices(price):
    shared = {
        "grouping": "municipality", "level": "l3", "who": "The four townships", "people": 60_000.0,
        "before": 0.4, "missed": 0.0, "l3_price": 0.0, "l2": 0.7, "l3": 0.9, "extra_cad": 0.0,
    }  # fmt: skip
    return pd.DataFrame(
        [
            {**shared, "name": "a", "floor": 0.5, "after": 0.5, "l2_price": price},
            {**shared, "name": "b", "floor": 0.85, "after": 0.85, "l2_price": price + 4},
        ]
    )


def test_a_floor_with_a_price_is_a_decision_and_one_without_is_asked_for():
    dear, free = decisions.floor(prices(2.0)), decisions.floor(prices(0.0))
    assert "since it has a price" in dear.what
    assert "2.0 points of Level 2" in dear.because
    assert "6.0 points of Level 2" in dear.unless
    assert "costs next to nothing" in free.what


@pytest.mark.parametrize("cost", [0.0, 1e9])
def test_the_money_goes_where_the_plan_puts_it(base_plan, cost):
    # one conversion made so dear that Level 3 takes most of the money, or free
    actions = [
        a.model_copy(update={"net_cad": cost}) if a.l3_ports_after > a.l3_ports_before else a
        for a in base_plan.actions
    ]
    assert any(a.l3_ports_after > a.l3_ports_before for a in actions)
    plan = base_plan.model_copy(update={"actions": actions})
    crossing = pd.DataFrame(
        [("l3_station_cad", "new_l3", 5e4, 7.5e4, 0.5, 0.75)],
        columns=["price", "kind", "buys_at_cad", "not_at_cad", "buys_at", "not_at"],
    )
    found = decisions.level_first(plan, 587_165.0, crossing)
    assert found.what == f"Spend the money on Level {'3' if cost else '2'} first."
    assert "$50,000" in found.unless and "$75,000" in found.unless  # noqa: PT018
    none = decisions.level_first(plan, 587_165.0, crossing.iloc[:0])
    assert none.unless.startswith("No price that was tried")
