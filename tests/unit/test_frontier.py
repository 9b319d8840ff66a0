"""The frontier, near plans: what is said of them, on tables worked out by hand."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwev.report import frontier, picks
from kwev.report.frontier import COST, L2, L3, efficient, slice_at, unsupported

# -- which plan beats which ----------------------------------------------------------------------


def plans(*rows):
    """Return plans of (cost in million CAD, Level 2, Level 3)."""
    return pd.DataFrame(
        [{"net_cad": c * 1e6, "l2_model": l2, "l3_model": l3} for c, l2, l3 in rows]
    )


def test_a_plan_that_another_one_beats_is_not_on_the_frontier():
    frame = plans((4, 0.8, 0.9), (4, 0.7, 0.9), (3, 0.7, 0.9), (4, 0.7, 0.95), (3, 0.7, 0.9))
    # the second is beaten by the first (and the third); the last is the third once more
    assert efficient(frame, (COST, L2, L3)).tolist() == [True, False, True, True, False]


def test_power_is_better_the_less_of_it():
    frame = plans((4, 0.8, 0.9), (4, 0.8, 0.9)).assign(kw_added=[700.0, 600.0])
    assert efficient(frame, (frontier.POWER, L2)).tolist() == [False, True]


number = st.integers(0, 4)


@given(st.lists(st.tuples(number, number, number), min_size=1, max_size=12))
def test_the_frontier_has_no_beaten_plan_and_beats_all_others(rows):
    frame = plans(*((c, l2 / 4, l3 / 4) for c, l2, l3 in rows))
    stays = efficient(frame, (COST, L2, L3))

    def beats(a, b):
        as_good = a[0] <= b[0] and a[1] >= b[1] and a[2] >= b[2]
        return as_good and a != b

    kept = [row for row, stay in zip(rows, stays, strict=True) if stay]
    assert len(set(kept)) == len(kept)
    assert not any(beats(a, b) for a in kept for b in kept)
    for row, stay in zip(rows, stays, strict=True):
        assert stay or row in kept or any(beats(a, row) for a in kept)


# -- the slice, and what weights find ------------------------------------------------------------


def points(*pairs):
    """Return a slice of (Level 3, Level 2) in points, by rising Level 3."""
    return pd.DataFrame([{"l3_model": x / 100, "l2_model": y / 100} for x, y in pairs])


def test_a_plan_below_the_chord_of_two_others_is_found_by_no_weights():
    # from (0, 10) to (4, 2) the chord is 8 at 1, 6 at 2 and 4 at 3
    assert unsupported(points((0, 10), (1, 7.9), (4, 2))).tolist() == [False, True, False]
    assert unsupported(points((0, 10), (1, 8.1), (4, 2))).tolist() == [False, False, False]
    assert unsupported(points((0, 10), (2, 6), (4, 2))).tolist() == [False, False, False]
    assert unsupported(points((0, 10), (4, 2))).tolist() == [False, False]
    # a plan that weights found makes the chord that hides one of the slice
    found = points((0, 10), (1, 7.9), (4, 2))
    assert unsupported(found, points((2, 7))).tolist() == [False, True, False]
    assert unsupported(points((0, 10), (4, 2)), points((2, 7))).tolist() == [False, False]


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=8))
def test_unsupported_plans_are_those_that_no_weight_finds(pairs):
    frame = plans(*((1, y / 100, x / 100) for x, y in pairs))
    frame = frame[efficient(frame, (L2, L3))].sort_values("l3_model", ignore_index=True)
    x, y = 100 * frame["l3_model"].to_numpy(), 100 * frame["l2_model"].to_numpy()
    hidden = unsupported(frame)
    # weights at and between the slopes of all pairs find every plan that any weights find
    slopes = sorted(
        {(y[i] - y[j]) / (x[j] - x[i]) for i in range(len(x)) for j in range(i + 1, len(x))}
    )
    tried = [*slopes, *((a + b) / 2 for a, b in pairwise(slopes)), 0.0, 1e4]
    for k in range(len(x)):
        found = any((y + w * x).max() <= y[k] + w * x[k] + 1e-9 for w in tried)
        assert found != hidden[k]


def test_a_slice_is_of_one_budget_and_of_what_was_attained():
    frame = plans((4, 0.8, 0.9), (4, 0.7, 0.95), (4, 0.7, 0.9), (4, 0.9, 0.99), (2, 0.9, 0.99))
    frame = frame.assign(budget_cad=[4e6] * 4 + [2e6], attained=[True, True, True, False, True])
    assert slice_at(frame, 4e6)["l3_model"].tolist() == [0.9, 0.95]


def test_what_was_asked_for_and_missed_is_not_attained():
    frame = plans((4, 0.8, 0.9), (4, 0.8, 0.9), (4, 0.8, 0.9)).assign(
        shortfall_points=[0.0, 0.0, 0.5]
    )
    assert frontier.attained(frame, [0.9, 0.91, 0.0]).tolist() == [True, False, False]


# -- sentences -----------------------------------------------------------------------------------


def test_the_trade_between_levels_in_words():
    words = frontier.level_words(points((80, 70), (81, 69.5), (83, 66)))
    assert words == (
        "3.0 points more of Level 3 cost 4.0 points of Level 2; "
        "the first step costs 0.5 for 1.0 points, the last 3.5 for 2.0 points"
    )
    # half a point more costs half a point: an amount beside an amount, never a rate of 1.0 a point
    short = frontier.level_words(points((80, 70), (81, 69.5), (81.5, 69)))
    assert short.endswith("the last 0.5 for 0.5 points")
    one = frontier.level_words(points((80, 70), (80.5, 69.5)))
    assert one == "0.5 points more of Level 3 cost 0.5 points of Level 2"
    assert frontier.level_words(points((80, 70))) == "one plan is best for both levels at once"
    free = frontier.level_words(points((80, 70), (82, 69.99)))
    assert free == "2.0 points more of Level 3 cost nothing of Level 2"


def said(numbers):
    return {number.name: str(number) for number in numbers}


def test_what_weights_hide():
    here = points((0, 10), (1, 7), (4, 2)).assign(unsupported=[False, True, False])
    weights = points((0, 10), (0, 10), (4, 2)).assign(beaten=False)
    found = said(frontier._slice(here, weights))
    assert (found["weights_tried"], found["weights_plans"]) == ("3", "2")
    assert (found["slice_hidden"], found["slice_points"]) == ("1", "3")


def test_what_less_power_and_more_distance_move():
    power = plans((4, 0.8, 0.9), (4, 0.77, 0.9), (4, 0.9, 0.8)).assign(
        kw_added=[4_000.0, 1_500.0, 9_000.0],
        efficient=[True, True, False],
        attained=True,
        gap=0.1,
        gap_checked=np.nan,
    )
    spacing = plans((4, 0.72, 0.87), (4, 0.7, 0.9)).assign(
        spacing_asked_m=[8_000.0, 1.0], spacing_m=[8_100.0, 6_500.0]
    )
    found = said(frontier._further_axes(power, spacing))
    assert (found["power_least"], found["power_most"]) == ("1.5 MW", "4.0 MW")
    assert found["power_l2_moves"] == "\N{MINUS SIGN}3.0"
    assert (found["far_free"], found["far_asked"]) == ("6.5 km", "8 km")
    assert (found["far_l3_moves"], found["far_l2_moves"]) == ("\N{MINUS SIGN}3.0", "+2.0")


def test_the_price_of_coverage_is_a_mean_slope():
    frame = plans((2, 0.6, 0.9), (6, 0.8, 0.9), (4, 0.1, 0.9), (9, 0.9, 0.99)).assign(
        l3_asked=[0.9, 0.9, 0.9, 0.97], attained=[True, True, False, True]
    )
    assert frontier.per_million(frame, 0.9) == pytest.approx(20 / 4)


# -- near plans ----------------------------------------------------------------------------------


def near():
    rows = [
        {"name": "best", "objective": 200.0, "l2": 0.7,
         "actions": "new_l2_a:1 new_l2_b:1 upgrade_c:2"},
        {"name": "alternative-1", "objective": 199.0, "l2": 0.69,
         "actions": "new_l2_a:1 new_l2_d:1"},
    ]  # fmt: skip
    names = {"new_l2_a": "A", "new_l2_b": "B", "upgrade_c": "C", "new_l2_d": "D"}
    done = [{key: [name, "Kitchener"] for key, name in names.items() if key in row["actions"]}
            for row in rows]  # fmt: skip
    values = [{**row, "places": places} for row, places in zip(rows, done, strict=True)]
    return picks.of_values({"plans": values})


def test_what_all_near_plans_have_and_what_can_be_exchanged():
    found = near()
    assert found.always == {"new_l2_a"}
    assert found.exchangeable == {"new_l2_b", "upgrade_c"}
    assert found.plans["kept"].tolist() == [3, 1]
    assert found.plans["below"].tolist() == pytest.approx([0, 0.005])
    often = found.frequency()
    assert often["action"].tolist()[0] == "new_l2_a"
    assert often["plans"].tolist() == [2, 1, 1, 1]
    assert set(often["kind"]) == {"new_l2", "upgrade"}
    assert found.share_always(["new_l2_a", "new_l2_z"]) == 0.5
