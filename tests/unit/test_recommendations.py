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


def said(numbers):
    return {number.name: str(number) for number in numbers}


@pytest.mark.parametrize(("after", "promised"), [(0.7699, "76%"), (0.95, "95%"), (0.99, "95%")])
def test_a_share_is_promised_that_the_plan_reaches_and_no_more(base_plan, config, after, promised):
    plan = with_coverage(base_plan, "l2", after=after)
    found = said(decisions.promise(plan, config, radii()))
    assert found["rec_promise"] == promised
    assert (found["rec_far_walk"], found["rec_own_walk"]) == ("800 m", "500 m")
    assert (found["rec_far_l2"], found["rec_own_l2"]) == ("90%", "70%")


@pytest.mark.parametrize(("l3", "words"), [(0.85, "decide the plan"), (0.898, "other places")])
def test_half_the_proxy_is_told_in_points(base_plan, config, l3, words):
    grid = pd.DataFrame({"value": [0.5, 1.0], "l2": [0.707, 0.7], "l3": [l3, 0.9]})
    found = said(decisions.utilities(base_plan, config, grid))
    assert words in found["rec_proxy_words"]
    moved = f"{100 * (l3 - 0.9):+.1f}".replace("-", "\N{MINUS SIGN}")
    assert (found["rec_proxy_l2"], found["rec_proxy_l3"]) == ("+0.7", moved)
    assert found["rec_proxy"] == "50%"


def test_new_power_is_that_of_the_ports(base_plan, config):
    grid = pd.DataFrame({"value": [0.5, 1.0], "l2": [0.7, 0.7], "l3": [0.9, 0.9]})
    one = next(action for action in base_plan.actions if action.kind == "new_l2")
    plan = base_plan.model_copy(
        update={"actions": [one.model_copy(update={"l2_ports_after": 250})]}
    )
    found = said(decisions.utilities(plan, config, grid))
    assert found["rec_mw"] == "4.8 MW"  # 250 ports at 19.2 kW
    assert found["rec_fast"] == "0"


@pytest.mark.parametrize(
    ("price", "words"), [(2.0, "since it has a price"), (0.0, "next to nothing")]
)
def test_a_floor_with_a_price_is_a_decision_and_one_without_is_asked_for(price, words):
    row = {"grouping": "municipality", "level": "l3", "floor": 0.5, "extra_cad": 0.0}
    found = pd.DataFrame([{**row, "l2_price": price, "l3_price": 0.0},
                          {**row, "floor": 0.85, "l2_price": 9.0, "l3_price": 0.0}])  # fmt: skip
    assert words in decisions.floor(found)
