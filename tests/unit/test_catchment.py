"""Two-step floating catchment areas: by hand, and that ports are handed out once."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from settled import DONE, line, plan_of
from toy import case

from kwev.model.coverage import StraightLine
from kwev.model.network import Places
from kwev.report import accessibility
from kwev.report import effects as report_effects
from kwev.report.accessibility import DECAY, PLAIN, access, nearness, two_step
from kwev.report.effects import effects


def furnished_line():
    tables = line()
    tables.da_profiles = tables.da_profiles.assign(
        renter_share=[0.5, 0.2, 0.0, 1.0],
        multi_unit_share=[0.25, np.nan, 0.0, 0.0],
        median_income_cad=[40e3, 60e3, 80e3, 90e3],
    )
    return tables


@pytest.fixture(scope="module")
def found():
    tables = furnished_line()
    return effects(tables, plan_of(tables, case(), DONE))


def test_two_steps_by_hand():
    # station a (4 ports) is near 10 and 30 people, station b (2) near the 30 alone:
    # 4/40 for the first; 4/40 + 2/30 for the second; the third is near nothing
    near = sparse.csr_array(np.array([[1.0, 0], [1, 1], [0, 0]]))
    found = two_step(near, np.array([4.0, 2]), np.array([10.0, 30, 5]))
    assert found.tolist() == pytest.approx([0.1, 0.1 + 2 / 30, 0])


def test_a_station_that_nobody_reaches_gives_nothing():
    near = sparse.csr_array(np.array([[1.0, 0]]))
    assert two_step(near, np.array([4.0, 9]), np.array([10.0])).tolist() == pytest.approx([0.4])


@given(
    st.lists(st.integers(0, 50), min_size=1, max_size=8),
    st.lists(st.integers(0, 90), min_size=1, max_size=8),
    st.randoms(use_true_random=False),
)
def test_supply_that_somebody_reaches_is_handed_out_whole(supply, demand, random):
    weights = [[random.choice([0.0, 0.22, 0.68, 1.0]) for _ in supply] for _ in demand]
    near, people = sparse.csr_array(np.array(weights)), np.array(demand, float)
    ports = np.array(supply, float)
    reached = np.asarray(near.T @ people) > 0
    given_out = people @ two_step(near, ports, people)
    assert given_out == pytest.approx(ports[reached].sum(), abs=1e-9)


def test_zones_by_hand():
    # homes at the station, 200 m and 400 m off, and outside a radius of 600 m: zones of 200 m
    homes = Places.of_kind(
        "cell", np.array(list("abcd")), np.array([[0.0, 0], [200, 0], [400.01, 0], [600.01, 0]])
    )
    station = Places.of_kind("station", np.array(["s"]), np.zeros((1, 2)))
    plain, falling = (
        nearness(StraightLine(), "l2", homes, station, 600.0, zones) for zones in (PLAIN, DECAY)
    )
    assert plain.toarray().ravel().tolist() == [1, 1, 1, 0]
    assert falling.toarray().ravel().tolist() == pytest.approx([1, 1, 0.22, 0])


def test_nearer_homes_have_more_where_distance_counts():
    # weights 1 and 0.22: 100 + 0.22 x 50 = 111 people ask for 2 ports
    near = sparse.csr_array(np.array([[1.0], [0.22]]))
    found = two_step(near, np.array([2.0]), np.array([100.0, 50]))
    assert found.tolist() == pytest.approx([2 / 111, 0.44 / 111])


def test_accessibility_of_a_plan_by_hand(found):
    # today two Level 2 ports for 100 people, then one each at 400 m (150 people, two homes) and at
    # 1,200 m (80 people); the conversion brings two Level 3 ports to 180 people
    assert access(found, "l2", "before").tolist() == pytest.approx([20, 0, 0, 0])
    one, two = 1_000 / 150, 1_000 / 80
    assert access(found, "l2", "after").tolist() == pytest.approx([one, one + two, two, 0])
    assert access(found, "l3", "before").tolist() == pytest.approx([0, 0, 0, 100])
    assert access(found, "l3", "after").tolist() == pytest.approx([1_000 / 90] * 3 + [100])
    # 4 EVs at the first home
    assert access(found, "l2", "before", per="ev").tolist() == pytest.approx([500, 0, 0, 0])


def test_the_summary_by_hand(found):
    table = accessibility.summary(found).set_index(["level", "when", "zones"])
    row = table.loc[("l2", "before", "plain")]
    # half of 200 people have 20 each: 10 on average, and the other half has none
    assert row["mean"] == pytest.approx(10)
    assert row["none"] == pytest.approx(0.5)
    assert row["gini"] == pytest.approx(0.5)
    assert row["gini_reached"] == pytest.approx(0)
    # the half that has them is the poorer one
    assert row["by_income"] == pytest.approx(-0.5)
    # ports are handed out whole: 2 for 200 people
    assert table.loc[("l2", "after", "decay"), "mean"] == pytest.approx(10)


def test_curves_begin_and_end_at_the_corners(found):
    curves = accessibility.curves(found)
    for _, part in curves.groupby(["level", "when"]):
        assert (part["people"].iloc[0], part["value"].iloc[0]) == (0, 0)
        assert (part["people"].iloc[-1], part["value"].iloc[-1]) == pytest.approx((1, 1))
        assert (part["value"] <= part["people"] + 1e-12).all()
        assert part["value"].is_monotonic_increasing
    before = curves[(curves["level"] == "l2") & (curves["when"] == "before")]
    assert before.loc[before["value"] <= 0, "people"].max() == pytest.approx(0.5)


def test_households_by_hand(found):
    # 50 + 10 + 0 + 20 renters; 25 known in apartments; a fifth of 200 people is 40: the first home
    table = report_effects.by_household(found).set_index("name")
    assert table["total"].to_dict() == pytest.approx(
        {
            "Renters": 80, "Owners": 120, "In apartment buildings": 25, "In other homes": 175,
            "Areas of low income": 100, "Other areas": 100,
        }
    )  # fmt: skip
    # Level 2 today reaches the first home alone, with the plan all but the last
    assert table.loc["Renters", ["l2_before", "l2_after"]].tolist() == pytest.approx(
        [50 / 80, 60 / 80]
    )
    assert table.loc["Owners", "l2_before"] == pytest.approx(50 / 120)
    assert report_effects.low_income_limit_cad(found.tables) == 40e3


def test_the_region_hands_out_its_ports(tables, base_plan):
    made = effects(tables, base_plan)
    for level in ("l2", "l3"):
        offered = accessibility.supply(made, level, "after")
        table = tables.stations.set_index("station_id")[f"{level}_ports"]
        standing = int(table.reindex(made.stations.ids).sum())
        change = sum(
            getattr(action, f"{level}_ports_after") - getattr(action, f"{level}_ports_before")
            for action in base_plan.actions
        )
        assert offered.ports.sum() == standing + change
        handed = made.cells.people @ access(made, level, "after") / 1_000
        assert handed <= offered.ports.sum() + 1e-6
        assert handed >= 0.97 * offered.ports.sum()
    assert isinstance(made.tables.cells, pd.DataFrame)
