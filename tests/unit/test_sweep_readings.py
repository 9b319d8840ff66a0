"""What the sweeps say, from rows written by hand: the arithmetic is in the comments."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import planted
import pytest
from monotone import breaks

from kwev.errors import KwevError
from kwev.report import measures, picks, readings, sensitivity


def rows(*values, **columns):
    """Return rows of a sweep: (budget, net, l2, l3, shortfall, objective)."""
    names = ["budget_cad", "net_cad", "l2", "l3", "shortfall_points", "objective"]
    table = pd.DataFrame(values, columns=names).assign(gap=0.0, gap_checked=0.0, l2_ceiling=0.8)
    return table.assign(shortfall_checked_points=table["shortfall_points"], **columns)


LADDER = rows(
    (1e6, 1e6, 0.50, 0.60, 9.0, 100.0),
    (1.1e6, 1.1e6, 0.51, 0.60, 8.0, 101.0),
    (2e6, 1.9e6, 0.70, 0.59, 4.0, 110.0),
    (2.1e6, 1.9e6, 0.70, 0.59, 4.0, 110.0),
)


def test_the_next_money_is_the_difference_of_two_plans():
    found = readings.steps(LADDER, 100_000, people=1_000)
    # (0.51 - 0.50) x 1000 people; 9 - 8 points less are missing
    first, second = found.to_dict("records")
    assert first["l2_people"] == pytest.approx(10)
    assert first["shortfall_points"] == pytest.approx(1)
    assert first["spent_cad"] == pytest.approx(100_000)
    assert second["l2_people"] == second["spent_cad"] == 0
    say = sensitivity.brings(sensitivity.step_at(found, 1e6))
    assert say == "brings 10 more near Level 2 and hardly anybody near Level 3"
    say = sensitivity.brings(sensitivity.step_at(found, 2e6))
    assert say == "buys nothing: the plan made with it costs no more"
    with pytest.raises(StopIteration):
        sensitivity.step_at(found, 3e6)
    with pytest.raises(KwevError, match="no two budgets are 50,000 CAD apart"):
        readings.steps(LADDER, 50_000, people=1_000)


def test_a_gain_below_the_gap_of_either_plan_is_no_difference():
    # the objective gains a point; two percent of a hundred open are more
    for checked, proven in (([0.001, 0.001], True), ([0.02, 0.001], False), ([0.001, 0.02], False)):
        pair = LADDER[:2].assign(gap_checked=checked)
        found = readings.steps(pair, 100_000, people=1_000)
        assert found["proven"].tolist() == [proven]
        say = sensitivity.brings(sensitivity.step_at(found, 1e6))
        assert (say == sensitivity.NO_DIFFERENCE) is not proven
        if not proven:  # no figure of noise is printed
            assert not any(letter.isdigit() for letter in say)
    # as much is missed: the objective, 110 to 111, is open by 0.01 x 111
    same = rows((2e6, 1.9e6, 0.7, 0.59, 4.0, 110.0), (2.1e6, 2e6, 0.71, 0.59, 4.0, 111.0))
    for gap, proven in ((0.001, True), (0.01, False), (float("nan"), False)):
        found = readings.steps(same.assign(gap_checked=gap), 100_000, people=1_000)
        assert found["proven"].tolist() == [proven]
    # a worse plan is never a gain
    worse = rows((2e6, 1.9e6, 0.7, 0.59, 4.0, 110.0), (2.1e6, 2e6, 0.71, 0.59, 4.0, 109.0))
    assert not readings.steps(worse, 100_000, people=1_000)["proven"].any()


def test_fewer_people_are_told_as_fewer():
    found = readings.steps(
        rows((1e6, 1e6, 0.5, 0.6, 9.0, 1.0), (1.1e6, 1.1e6, 0.48, 0.7, 8.0, 2.0)), 1e5, 1_000
    )
    say = sensitivity.brings(sensitivity.step_at(found, 1e6))
    assert say == "brings 20 fewer near Level 2 and 100 more near Level 3"


def test_a_sweep_that_is_monotone_breaks_nowhere():
    assert breaks(LADDER, "budget_cad", 0.0) == []


def test_a_rising_shortfall_and_a_falling_objective_are_told():
    worse = LADDER.assign(shortfall_points=[9.0, 9.5, 4.0, 4.0])
    (line,) = breaks(worse, "budget_cad", 0.0)
    assert "from 1e+06 to 1.1e+06: shortfall rises by 0.5000" in line
    # a gap of 10 % allows 0.1 x (9 + 9.5) = 1.85 points
    assert breaks(worse, "budget_cad", 0.1) == []
    lower = LADDER.assign(objective=[100.0, 101.0, 110.0, 109.0])
    (line,) = breaks(lower, "budget_cad", 0.0)
    assert "objective falls by 1.0000" in line
    # the gaps of both together allow 0.005 x 110 + 0.005 x 109 = 1.095 points
    assert breaks(lower.assign(gap=0.005), "budget_cad", 0.0) == []
    # where less is missing the objective may fall
    assert breaks(LADDER.assign(objective=[100.0, 50.0, 40.0, 40.0]), "budget_cad", 0.0) == []
    # with a price on the shortfall the objective alone is looked at, whatever happens to it
    assert len(breaks(LADDER.assign(objective=[100.0, 50.0, 40.0, 40.0]), "budget_cad")) == 2
    assert breaks(worse.assign(objective=1.0), "budget_cad") == []


def test_a_dip_on_the_cells_is_told_with_where_and_how_much():
    (dip,) = readings.dips(LADDER, "budget_cad", "l3")
    assert dip == (1.1e6, 2e6, pytest.approx(0.01))
    assert sensitivity.dipping([dip]) == (
        "falls once along the sweep, most from $1.1 million to $2 million, by 1.00 points"
    )
    assert sensitivity.dipping([dip, dip]).startswith("falls 2 times")
    assert sensitivity.dipping(readings.dips(LADDER, "budget_cad", "l2")).startswith("never falls")


def test_level2_is_full_where_the_model_reaches_the_ceiling():
    model = LADDER.assign(l2_model=[0.5, 0.6, 0.8, 0.8], l3=[0.5, 0.5, 0.55, 0.6])
    # from 2.0 to 2.1 million Level 3 gains 60 - 55 = 5 points
    assert sensitivity.full_level2(model) == (
        "From $2 million on, Level 2 stands as far as any candidate takes it on the model's "
        "points; what is added up to $2.1 million goes to Level 3, which gains 5.0 points"
    )
    assert sensitivity.full_level2(LADDER.assign(l2_model=0.7)).startswith(
        "Up to $2.1 million, more"
    )


CHANGES = pd.DataFrame(
    [
        ("a", "low", 1.0, -4.0), ("a", "high", 3.0, 2.0),  # span 6
        ("b", "low", 1.0, 5.0), ("b", "high", 3.0, 7.0),  # both on one side: span 7, from 0
        ("c", "high", 3.0, 0.5),  # only one end differs from the value
    ],
    columns=["key", "end", "value", "l2"],
)  # fmt: skip


def test_a_tornado_has_the_widest_on_top():
    table = readings.tornado(CHANGES, "l2", {"a": "Budget", "b": "Walk", "c": "Price"})
    assert list(table["what"]) == ["Walk", "Budget", "Price"]
    assert list(table["span"]) == [7.0, 6.0, 0.5]
    assert list(table["low"]) == [5.0, -4.0, 0.0]


def test_plans_that_the_model_takes_for_equal_show_the_noise_of_the_cells():
    plans = pd.DataFrame(
        [(0.8, 1.0, 0.70), (0.8, 1.0, 0.73), (0.8, 2.0, 0.60), (0.9, 1.0, 0.90)],
        columns=["l2_model", "shortfall_points", "l2"],
    ).assign(l3_model=0.9)
    # the first two alone are equal in the model: 0.73 - 0.70
    assert readings.noise(plans, "l2") == pytest.approx(0.03)


def target_rows():
    """Return the five verdicts, one a row."""
    names = [
        "l2_target", "l3_target", "l2_status", "l3_status", "l2_ceiling", "l3_ceiling",
        "shortfall_checked_points", "l2", "l3",
    ]  # fmt: skip
    nan = float("nan")
    return pd.DataFrame(
        [
            (0.5, 0.5, "met", "met", 0.9, 0.9, 0.0, 0.60, 0.7),
            (0.61, 0.5, "unmet_unproven", "met", 0.9, 0.9, 0.0, 0.60, 0.7),
            (0.7, 0.5, "unmet_unproven", "met", 0.9, 0.9, 2.0, 0.62, 0.7),
            (0.8, 0.5, "unmet_unproven", "met", 0.9, 0.9, nan, 0.63, 0.7),
            (0.95, 0.5, "unmet_proven", "met", 0.9, 0.9, 2.0, 0.64, 0.7),
        ],
        columns=names,
    )


def test_each_verdict_of_a_pair_of_targets():
    found = target_rows()
    told = found.to_dict("records")
    verdicts = [readings.verdict(r["l2_target"], 0.5, r, found) for r in told]
    # the second plan reaches 0.60, and another of the same money 0.64
    assert verdicts == ["met", "other", "budget", "open", "money"]
    grid = found.assign(verdict=verdicts, words=[readings.VERDICTS[v] for v in verdicts])
    crossed = readings.cross(grid)
    assert list(crossed.columns) == ["l2_target", "l3_0.5"]
    assert crossed["l3_0.5"][4] == "out of reach of any money, proven"
    assert sensitivity.verdicts(grid) == (
        "1 is met; 1 is within reach of the money, but not the best plan at these prices; 1 is "
        "out of reach of the budget, proven; 1 is out of reach of any money, proven; 1 is not "
        "met, not proven out of reach"
    )


PRICES = pd.DataFrame(
    [
        ("l3_port_cad", 0.5, 25_000.0, 4, 3.0),
        ("l3_port_cad", 1.0, 50_000.0, 1, 4.0),
        ("l3_port_cad", 2.0, 100_000.0, 0, 5.0),
        ("all", 0.5, float("nan"), 2, 1.0),
        ("all", 1.25, float("nan"), 2, 6.0),
        ("all", 2.0, float("nan"), 2, 99.0),
    ],
    columns=["price", "factor", "price_cad", "new_l3", "shortfall_points"],
).assign(upgrade=0, new_l2=3, add_l3=0, add_l2=0, remove=0, l2=0.5, l3=0.6)


def test_a_break_even_price_lies_between_two_solved_prices():
    (found,) = readings.break_even(PRICES).to_dict("records")
    assert (found["kind"], found["buys_at_cad"], found["not_at_cad"]) == ("new_l3", 50_000, 100_000)
    (say,) = readings.crossings_words(readings.break_even(PRICES))
    assert say == (
        "with a Level 3 port at $50,000 the plan buys new Level 3 stations, with one at $100,000 "
        "none"
    )
    everything = PRICES[PRICES["price"] == "all"].assign(new_l3=[1, 0, 0])
    (say,) = readings.crossings_words(readings.break_even(everything))
    assert say == (
        "with all at 0.5 times the base prices the plan buys new Level 3 stations, with all at "
        "1.25 times the base prices none"
    )


def test_a_price_is_worth_the_budgets_that_miss_as_much():
    budgets = rows(
        (1e6, 1e6, 0.5, 0.6, 9.0, 1.0),
        (2e6, 2e6, 0.6, 0.6, 5.0, 1.0),
        (3e6, 3e6, 0.7, 0.6, 2.0, 1.0),
    )  # fmt: skip
    worth = readings.worth(PRICES, budgets)
    between = worth[(worth["price"] == "all") & (worth["factor"] == 1.25)].iloc[0]
    # 6 points are missing: fewer than 9 (1 million), more than 5 (2 million)
    assert (between["budget_from_cad"], between["budget_to_cad"]) == (1e6, 2e6)
    assert readings.worth_words(worth, 1.25) == (
        "something between $1 million and $2 million does at base prices"
    )
    assert "more than $3 million do" in readings.worth_words(worth, 0.5)
    assert "less than $1 million do" in readings.worth_words(worth, 2.0)
    same = worth[worth["shortfall_points"] == 5.0].iloc[0]
    assert same["budget_from_cad"] == same["budget_to_cad"] == 2e6
    # from 2 million on nothing less is missing: any of these budgets does as well
    flat = budgets.assign(shortfall_points=[9.0, 6.0, 6.0])
    assert readings.worth_words(readings.worth(PRICES, flat), 1.25).endswith(
        "any budget from $2 million to $3 million does at base prices"
    )


def test_what_comes_and_goes_along_the_prices_has_no_break_even():
    flicker = PRICES[PRICES["price"] == "l3_port_cad"].assign(new_l3=[1, 0, 2])
    assert readings.break_even(flicker).empty


def test_picks_are_counted_once_a_plan_and_classed():
    tables = SimpleNamespace(
        municipalities=pd.DataFrame({"municipality_id": ["1"], "name": ["Wellesley"]}),
        sites=pd.DataFrame(
            [(f"q{i}", f"Site {i}", "1", "library", 43.0, -80.0, "1") for i in range(4)],
            columns=[
                "site_id",
                "name",
                "municipality_id",
                "category",
                "latitude",
                "longitude",
                "x",
            ],
        ),
        stations=pd.DataFrame(
            columns=["station_id", "name", "municipality_id", "latitude", "longitude"]
        ),
    )
    # q0 in all ten plans, q1 in nine, q2 in four, q3 in one that is not the base plan
    texts = [
        " ".join(
            ["new_l2_q0:1"] + ["new_l2_q1:2"] * (i < 9) + ["new_l2_q2:1"] * (i < 4)
            + ["new_l2_q3:1"] * (i == 9)
        )
        for i in range(10)
    ]  # fmt: skip
    plans = pd.DataFrame({"key": [f"{i}" for i in range(10)], "actions": texts})
    published = SimpleNamespace(actions=[SimpleNamespace(id="new_l2_q1")])
    table = picks.picks([plans, plans.head(3)], plans.head(1), published, tables)
    found = table.set_index("place_id")
    assert list(found.index) == ["q0", "q1", "q2", "q3"]
    assert list(found["plans"]) == [10, 9, 4, 1]
    assert list(found["class"]) == ["core", "core", "fragile", "other"]
    assert list(found["in_published"]) == [False, True, False, False]
    (row,) = picks.summary(table).to_dict("records")
    assert row == {"kind": "new_l2", "core": 2, "usual": 0, "fragile": 1, "chosen": 3}
    with pytest.raises(KwevError, match="no plans to count"):
        picks.picks([plans.head(0)], plans.head(1), published, tables)


def test_slack_has_one_sign_for_limits_and_requirements():
    found = [
        measures._limit("limit", "at most", 3.0, 4.0, "CAD"),
        measures._limit("limit", "at most", 4.0, 4.0, "CAD"),
        measures._limit("requirement", "at least", 3.0, 4.0, "points"),
        measures._limit("requirement", "at least", 5.0, 4.0, "points"),
    ]
    # room is 4 - 3, 0, 3 - 4 and 5 - 4; use is used over what is allowed or required
    assert [row[5] for row in found] == [1.0, 0.0, -1.0, 1.0]
    assert [row[6] for row in found] == [0.75, 1.0, 0.75, 1.25]
    assert [row[7] for row in found] == ["room left", "at the limit", "missed", "room left"]


def test_the_slack_of_a_plan_is_that_of_its_own_numbers():
    ground = planted.village()
    table = measures.slack(ground.tables, ground.plan).set_index("name")
    plan = ground.plan
    budget = table.loc["Budget"]
    assert budget["slack"] == pytest.approx(450_000 - plan.cost.net_cad)
    level3 = table.loc["People near Level 3, on the cells"]
    assert level3["slack"] == pytest.approx(100 * (plan.coverage.l3.after - 0.85))
    # shortfall of energy is what the municipalities miss, over the need of all
    energy = table[table.index.str.startswith("Energy")]
    missing = -energy["slack"].clip(upper=0).sum() / energy["rhs"].sum()
    assert missing == pytest.approx(plan.shortfall.demand)
    power = table.loc["Power of the place with least room, proxy"]
    assert power["slack"] == pytest.approx(min(a.grid_kw - a.kw_after for a in plan.actions))
    assert power["slack"] >= 0


def test_a_target_given_up_for_another_is_named():
    rows = pd.DataFrame(
        {
            "name": ["base", "low_budget"],
            "l2_status": ["unmet_proven", "unmet_proven"],
            "l3_status": ["met", "unmet_unproven"],
        }
    )
    assert sensitivity.given_up(rows) == ["Level 3 in low budget"]
    assert sensitivity.given_up(rows[:1]) == []


@pytest.mark.parametrize(
    ("l2", "l3", "words"),
    [
        (8.0, -4.0, "each point more of Level 2 costs 0.5 points of Level 3"),
        (0.9, -4.0, "no point of one level is seen to cost the other any"),  # within the noise
        (8.0, -0.9, "no point of one level is seen to cost the other any"),
        (-8.0, 4.0, "no point of one level is seen to cost the other any"),
    ],
)
def test_what_a_point_of_level_2_costs_is_told_where_both_levels_move(l2, l3, words):
    assert sensitivity.traded(l2, l3) == words


def test_prices_of_shortfall_and_land_are_read_from_their_rows():
    rows = {
        "shortfall-price": [
            {"name": "0", "l2": 0.30, "l3": 0.90},
            {"name": "10", "l2": 0.40, "l3": 0.85},
            {"name": "first", "l2": 0.41, "l3": 0.84},
        ],
        "land": [
            {"name": "all", "l2": 0.40, "l3": 0.90},
            {"name": "own", "l2": 0.36, "l3": 0.91},
            {"name": "own-and-partner", "l2": 0.38, "l3": 0.90},
        ],
    }
    report = SimpleNamespace(study=lambda name: pd.DataFrame(rows[name]))
    told = {n.name: str(n) for part in (sensitivity._shortfall_prices, sensitivity._land)
            for n in part(report)}  # fmt: skip
    assert told == {
        "price_l2_moves": "+10.0", "price_l3_moves": "\N{MINUS SIGN}5.0",
        "price_first_l2": "41.0%", "price_first_l3": "84.0%",
        "price_trade": "each point more of Level 2 costs 0.5 points of Level 3",
        "land_own_l2": "\N{MINUS SIGN}4.0", "land_own_l3": "+1.0",
        "land_partner_l2": "\N{MINUS SIGN}2.0", "land_partner_l3": "+0.0",
    }  # fmt: skip
