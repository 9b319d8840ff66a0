"""When actions are done: instances solved by hand, every assignment tried, and planted faults."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from settled import plan_of
from toy import case, toy

from kwev.certify import ScheduleCheck
from kwev.errors import KwevError
from kwev.report import timing
from kwev.report.effects import effects
from kwev.solve.schedule import best, by_gain, listed, point_months, worth

WIDE = {
    "phasing__periods": 2,
    "phasing__months_per_period": 6,
    "phasing__budget_share_per_period": 1.0,
    "phasing__crews__l2": 100,
    "phasing__crews__l3": 100,
    "phasing__connected_kw_per_period": 1e5,
    "weights__ev": 0,
    "demand__enforce": False,
}
"""Two half years without limits; only people count."""

WITHIN_LIMITS = ("best", "greedy", "phased", "order")


class Instance:
    """A toy, the actions to schedule, and limits."""

    def __init__(self, tables, actions, **limits):
        self.case = case(**{**WIDE, **limits})
        self.tables, self.config = tables, self.case.config
        self.plan = plan_of(tables, self.case, actions)
        self.found = effects(tables, self.plan)
        self.jobs, chosen = timing.jobs_of(self.found)
        weights = {"l2": self.config.weights.l2, "l3": self.config.weights.l3}
        self.worth = worth(self.found.reach, self.found.cells, chosen, weights)
        self.check = ScheduleCheck(tables, self.config, self.plan)

    def best(self):
        made = best(self.jobs, self.worth, self.config.phasing, self.config.solver)
        periods = self.named(made.period)
        assert self.check.problems(periods) == []
        assert self.gathered(periods).points == pytest.approx(made.value, abs=1e-9)
        assert made.value <= made.bound + 1e-9
        return made, periods

    def named(self, period):
        return dict(zip(self.jobs.ids, (int(t) for t in period), strict=True))

    def gathered(self, periods):
        return self.check.gathered(self.check.period_ends(periods))


def far_apart(*people):
    """Return places too far apart to share anybody, a library at each."""
    points = [(40_000 * i, 0, n, 1) for i, n in enumerate(people)]
    return toy(points, sites=[(40_000 * i, 0, "library") for i in range(len(people))])


LIBRARIES = ("new_l2_q000", "new_l2_q001", "new_l2_q002")


def test_two_periods_and_three_sites_by_hand():
    # two jobs a period: the places of 60 and 100 people first. Nobody is reached in the first
    # half year, 160 people in the second: 6 x 160 = 960 person-months
    instance = Instance(far_apart(30, 60, 100), LIBRARIES, phasing__crews__l2=2)
    _, periods = instance.best()
    assert periods == {"new_l2_q000": 2, "new_l2_q001": 1, "new_l2_q002": 1}
    assert instance.gathered(periods).l2 == 960
    # by list order 30 and 60 come first: 6 x 90 = 540
    order = listed(instance.jobs, instance.config.phasing, range(3))
    assert order.tolist() == [1, 1, 2]
    assert instance.gathered(instance.named(order)).l2 == 540


def test_three_periods_of_one_job_by_hand():
    # 4 months each: 100 people for two periods, 60 for one: 4 x (100 + 160) = 1040 person-months
    limits = {"phasing__periods": 3, "phasing__months_per_period": 4, "phasing__crews__l2": 1}
    instance = Instance(far_apart(30, 60, 100), LIBRARIES, **limits)
    made, periods = instance.best()
    assert [periods[name] for name in LIBRARIES] == [3, 2, 1]
    assert instance.gathered(periods).l2 == 1040
    # points: 100 for all 190 people, weight 1
    assert made.value == pytest.approx(100 * 1040 / 190)


def neighbours():
    """Return four places in a row: the middle site reaches 60 people, either side one 55."""
    return toy(
        [(0, 0, 25, 1), (800, 0, 30, 1), (1_600, 0, 30, 1), (2_400, 0, 25, 1)],
        sites=[(1_200, 0, "library"), (400, 0, "library"), (2_000, 0, "library")],
    )


def test_most_gain_first_is_not_the_best():
    # two jobs in the first period: the two sides reach all 110 people. Most gain first takes the
    # middle one (60) and a side (25 more): 85
    instance = Instance(neighbours(), LIBRARIES, phasing__crews__l2=2)
    _, periods = instance.best()
    assert periods == {"new_l2_q000": 2, "new_l2_q001": 1, "new_l2_q002": 1}
    assert instance.gathered(periods).l2 == 6 * 110
    order = by_gain(instance.jobs, instance.worth)
    simple = listed(instance.jobs, instance.config.phasing, order)
    assert simple.tolist() == [1, 1, 2]
    assert instance.gathered(instance.named(simple)).l2 == 6 * 85


def test_money_that_is_not_spent_carries_over():
    # 75,000 in all; 0.4 a period allow 30,000 then 60,000 then 75,000: one, one and one station
    limits = {"phasing__periods": 3, "phasing__budget_share_per_period": 0.4}
    instance = Instance(far_apart(30, 60, 100), LIBRARIES, **limits)
    _, periods = instance.best()
    assert sorted(periods.values()) == [1, 2, 3]
    # 0.3 allow 22,500, 45,000 and 67,500: the third one comes in the fourth period
    four = {"phasing__periods": 4, "phasing__budget_share_per_period": 0.3}
    _, periods = Instance(far_apart(30, 60, 100), LIBRARIES, **four).best()
    assert sorted(periods.values()) == [2, 3, 4]


def malls():
    """Return three places with a mall each, 2,000 kW, in two areas."""
    site = {"y": 0, "category": "shopping_mall"}
    return toy(
        [(0, 0, 30, 1), (40_000, 0, 60, 1), (80_000, 0, 100, 1)],
        sites=[
            {**site, "x": 0, "area_id": "west"},
            {**site, "x": 40_000, "area_id": "west"},
            {**site, "x": 80_000, "area_id": "east"},
        ],
        areas={"west": 1e4, "east": 1e4},
    )


MALLS = ("new_l3_q000", "new_l3_q001", "new_l3_q002")


def test_power_that_can_be_connected_in_a_period():
    # two ports of 350 kW each: 700 kW. With 1,400 kW a period two of the three come first
    wide = Instance(malls(), MALLS, phasing__connected_kw_per_period=1_400)
    assert [wide.best()[1][name] for name in MALLS] == [2, 1, 1]
    with pytest.raises(KwevError, match=r"700\.0 kW, above the 600\.0 kW"):
        Instance(malls(), MALLS, phasing__connected_kw_per_period=600).best()
    # 3 x 700 kW take three periods of 800 kW
    with pytest.raises(KwevError, match="need 3 periods or more, there are 2"):
        Instance(malls(), MALLS, phasing__connected_kw_per_period=800).best()


def test_power_that_can_be_connected_in_an_area():
    # the two in the west one after the other, the one in the east at once
    instance = Instance(malls(), MALLS, phasing__area_kw_per_period=700)
    assert [instance.best()[1][name] for name in MALLS] == [2, 1, 1]


def test_crews_of_a_level_do_not_help_the_other():
    actions = (*MALLS[:2], "new_l2_q002")
    instance = Instance(malls(), actions, phasing__crews__l3=1, phasing__crews__l2=1)
    periods = instance.best()[1]
    # Level 3 at 60 people is worth more than at 30; Level 2 waits for nobody
    assert (periods["new_l3_q001"], periods["new_l3_q000"]) == (1, 2)
    assert periods["new_l2_q002"] == 1


@pytest.mark.parametrize(("l3_weight", "period"), [(2, 1), (0.5, 2)])
def test_a_conversion_comes_early_only_where_it_gains_more_than_it_loses(l3_weight, period):
    # the station's 100 people lose Level 2 (1 point) and get Level 3 (2 points, or half a point)
    tables = toy([(0, 0, 100, 1)], stations=[(0, 0, 2, 0)])
    instance = Instance(tables, ("upgrade_s000",), weights__l3=l3_weight)
    _, periods = instance.best()
    assert periods == {"upgrade_s000": period}
    gathered = instance.gathered(periods)
    assert (gathered.l2, gathered.l3) == ((600, 600) if period == 1 else (1_200, 0))


def test_what_replaces_a_station_stands_before_it_goes():
    tables = toy([(0, 0, 100, 1)], stations=[(0, 0, 2, 0)], sites=[(300, 0, "library")])
    actions = {"new_l2_q000": 1, "remove_s000": 0}
    # the new station costs 25,000; the removal earns 15,000, which pays for nothing
    instance = Instance(tables, actions, siting__removal__stations="l2")
    assert instance.jobs.outlay_cad.tolist() == [25_000, 0]
    assert instance.jobs.before == ((0, 1),)
    late = {"new_l2_q000": 2, "remove_s000": 1}
    assert instance.check.problems(late) == [
        "remove_s000 comes before new_l2_q000, which serves whom it served"
    ]
    _, periods = instance.best()
    assert instance.gathered(periods).l2 == 1_200
    made = timing.make(tables, instance.plan, instance.config)
    for name in WITHIN_LIMITS:
        assert instance.check.problems(made["periods"][name]) == []


def test_a_plan_that_earns_more_than_it_spends_has_a_schedule():
    tables = toy(
        [(0, 0, 100, 1), (9_000, 0, 50, 1)],
        stations=[(0, 0, 10, 0), (9_000, 0, 10, 0)],
        sites=[(300, 0, "library")],
    )
    # two removals earn 35,000 each, the station costs 25,000
    actions = {"new_l2_q000": 1, "remove_s000": 0, "remove_s001": 0}
    limits = {"siting__removal__stations": "l2", "phasing__budget_share_per_period": 0.5}
    instance = Instance(tables, actions, **limits)
    assert instance.plan.cost.net_cad == 25_000 - 70_000
    # half of 25,000 in the first period: the station waits for the second, what it replaces too
    made = timing.make(tables, instance.plan, instance.config)
    assert made["periods"]["best"] == dict.fromkeys(actions, 2)
    for name in WITHIN_LIMITS:
        assert instance.check.problems(made["periods"][name]) == []


def test_two_actions_at_one_place_keep_their_order():
    tables = toy([(0, 0, 100, 1)], stations=[{"x": 0, "y": 0, "l2_ports": 4, "l3_ports": 0,
                                              "grid_kw": 2_000.0}])  # fmt: skip
    actions = {"upgrade_s000": 2, "add_l2_s000": 1}
    instance = Instance(tables, actions, ports__retained_l2=2)
    assert instance.jobs.before == ((0, 1),)
    turned = {"upgrade_s000": 2, "add_l2_s000": 1}
    assert instance.check.problems(turned) == [
        "upgrade_s000 comes after add_l2_s000, which needs it"
    ]
    assert instance.best()[1]["upgrade_s000"] == 1


def test_one_period_has_room_for_all_or_none():
    one = {"phasing__periods": 1}
    made, periods = Instance(far_apart(30, 60, 100), LIBRARIES, **one).best()
    assert set(periods.values()) == {1}
    assert made.value == made.bound == 0
    with pytest.raises(KwevError, match="need 2 periods or more, there are 1"):
        Instance(far_apart(30, 60, 100), LIBRARIES, **one, phasing__crews__l2=2).best()


def test_the_specifications_months_and_order():
    actions = {"upgrade_s000": 2, "new_l3_q000": 2, "new_l2_q001": 1, "new_l2_q002": 1}
    tables = toy(
        [(0, 0, 100, 1)],
        stations=[(0, 0, 2, 0)],
        sites=[(9_000, 0, "shopping_mall"), (20_000, 0, "library"), (40_000, 0, "library")],
    )
    year = {"phasing__periods": 6, "phasing__months_per_period": 2}
    instance = Instance(tables, actions, **year)
    written = instance.named(timing.as_written(instance.plan, instance.config.phasing))
    # months 1 to 4 are periods 1 and 2, months 5 to 8 are 3 and 4, months 9 to 12 are 5 and 6
    assert (written["upgrade_s000"], written["new_l3_q000"]) == (1, 3)
    assert (written["new_l2_q001"], written["new_l2_q002"]) == (5, 6)
    # a phase ends before the next one begins, though Level 2 crews are free
    limits = {**year, "phasing__crews__l3": 1}
    made = timing.make(tables, instance.plan, Instance(tables, actions, **limits).config)
    order = made["periods"]["order"]
    assert (order["upgrade_s000"], order["new_l3_q000"]) == (1, 2)
    assert (order["new_l2_q001"], order["new_l2_q002"]) == (2, 2)


def every_schedule(instance):
    """Return the most that any schedule within the limits gathers, all of them tried."""
    last = instance.config.phasing.periods
    kept = [
        instance.gathered(periods).points
        for choice in itertools.product(range(1, last + 1), repeat=len(instance.jobs))
        if not instance.check.problems(periods := instance.named(choice))
    ]
    return max(kept, default=None)


@st.composite
def instances(draw):
    """Draw a row of places with people, two stations to convert, sites, and limits."""
    people = draw(st.lists(st.integers(1, 50), min_size=6, max_size=6))
    where = draw(st.lists(st.integers(0, 5), min_size=2, max_size=3, unique=True))
    tables = toy(
        [(400 * i, 0, n, 1) for i, n in enumerate(people)],
        stations=[(400 * draw(st.integers(0, 5)), 100, 2, 0)],
        sites=[(400 * i, 200, "library") for i in where]
        + [(4_000 * draw(st.integers(0, 2)), 300, "shopping_mall")],
    )
    actions = {f"new_l2_q{i:03d}": draw(st.integers(1, 2)) for i in range(len(where))}
    actions[f"new_l3_q{len(where):03d}"] = 2
    at_station = draw(st.sampled_from(["upgrade_s000", "remove_s000", ""]))
    if at_station:
        actions[at_station] = 0 if at_station.startswith("remove") else 2
    limits = {
        "phasing__periods": draw(st.integers(2, 3)),
        "phasing__budget_share_per_period": draw(st.sampled_from([0.4, 0.6, 1.0])),
        "phasing__crews__l2": draw(st.integers(1, 3)),
        "phasing__crews__l3": draw(st.integers(1, 2)),
        "phasing__connected_kw_per_period": draw(st.sampled_from([750.0, 1_500.0])),
        "phasing__area_kw_per_period": draw(st.sampled_from([None, 710.0])),
        "siting__removal__stations": "all",
        "weights__l3": draw(st.sampled_from([0.5, 2])),
        "coverage__l3_counts_for_l2": draw(st.booleans()),
        "coverage__l3_radius_m": 1_000,
    }
    return tables, actions, limits


@examples(20)
@given(instances())
def test_no_schedule_within_the_limits_gathers_more(drawn):
    tables, actions, limits = drawn
    instance = Instance(tables, actions, **limits)
    most = every_schedule(instance)
    if most is None:
        with pytest.raises(KwevError):
            instance.best()
        return
    made, _ = instance.best()
    gain = most - point_months(
        instance.worth, np.full(len(instance.jobs), 99), instance.config.phasing
    )
    assert most * (1 - 1e-12) <= made.bound + 1e-9
    assert made.value >= most - 1e-3 * abs(gain) - 1e-9


LIMITS = ("crews__l2", "crews__l3", "connected_kw_per_period", "budget_share_per_period")


@examples(10)
@given(instances(), st.sampled_from(LIMITS))
def test_wider_limits_never_gather_less(drawn, limit):
    tables, actions, limits = drawn
    key = f"phasing__{limit}"
    try:
        narrow = Instance(tables, actions, **limits).best()[0]
    except KwevError:
        return
    wider = {**limits, key: min(2 * limits[key], 1.0) if "share" in key else 2 * limits[key]}
    wide = Instance(tables, actions, **wider).best()[0]
    assert wide.bound >= narrow.value - 1e-9
    assert wide.value >= narrow.value - 1e-3 * abs(wide.bound)


# -- planted faults --------------------------------------------------------------------------


def kept():
    """Return an instance and a schedule that keeps all limits."""
    limits = {
        "phasing__crews__l2": 2,
        "phasing__crews__l3": 1,
        "phasing__connected_kw_per_period": 800,
        "phasing__area_kw_per_period": 750,
        "phasing__budget_share_per_period": 0.65,
    }
    actions = ("new_l3_q000", "new_l3_q002", "new_l2_q001")
    instance = Instance(malls(), actions, **limits)
    periods = {"new_l3_q000": 2, "new_l3_q002": 1, "new_l2_q001": 1}
    assert instance.check.problems(periods) == []
    return instance, periods


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"new_l2_q001": None}, "new_l2_q001 has no period"),
        ({"new_l2_q000": 1}, "new_l2_q000 is no action of the plan"),
        ({"new_l2_q001": 3}, "new_l2_q001 is done in period 3 of 2"),
        ({"new_l2_q001": 0}, "new_l2_q001 is done in period 0 of 2"),
        ({"new_l3_q000": 1}, "2 L3 jobs in period 1, crews do 1"),
        ({"new_l3_q000": 1}, "1,419.2 kW are connected in period 1, allowed 800.0"),
        ({"new_l3_q000": 1}, "are spent by the end of period 1, allowed $276,250.00"),
    ],
)
def test_a_fault_in_a_schedule_is_named(change, words):
    instance, periods = kept()
    wrong = {k: v for k, v in {**periods, **change}.items() if v is not None}
    assert any(words in found for found in instance.check.problems(wrong))


def test_too_many_jobs_and_too_much_power_in_an_area_are_named():
    crews = Instance(far_apart(30, 60, 100), LIBRARIES, phasing__crews__l2=2)
    assert crews.check.problems(dict.fromkeys(LIBRARIES, 1)) == [
        "3 L2 jobs in period 1, crews do 2"
    ]
    area = Instance(malls(), MALLS, phasing__area_kw_per_period=700)
    assert area.check.problems(dict.fromkeys(MALLS, 1)) == [
        "1,400.0 kW are connected in area west in period 1, allowed 700.0"
    ]
