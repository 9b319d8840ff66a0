"""Largest remainder: parts sum to their totals exactly, whatever the weights."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwev.pipeline.population import MICRO, from_micro, split_largest_remainder, to_micro


@st.composite
def cases(draw):
    groups = draw(st.integers(1, 5))
    group = list(range(groups)) + draw(st.lists(st.integers(0, groups - 1), max_size=40))
    totals = draw(st.lists(st.integers(0, 10**12), min_size=groups, max_size=groups))
    weight = draw(
        st.lists(
            st.one_of(st.just(0.0), st.floats(1e-6, 1e9)),
            min_size=len(group),
            max_size=len(group),
        )
    )
    return np.array(totals), np.array(group), np.array(weight)


@given(cases())
def test_parts_sum_to_the_total_and_follow_the_weights(case):
    totals, group, weight = case
    parts = split_largest_remainder(totals, group, weight)
    assert (parts >= 0).all()
    assert np.bincount(group, weights=parts, minlength=len(totals)).tolist() == totals.tolist()
    mass = np.bincount(group, weights=weight)
    for i, part in enumerate(parts):
        own = mass[group[i]]
        if own > 0:
            assert abs(part - totals[group[i]] * weight[i] / own) <= 1 + 1e-11 * totals[group[i]]
            if weight[i] == 0:
                assert part == 0


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=30))
def test_six_decimals_survive_the_file(values):
    whole = np.array(values)
    assert to_micro([float(str(x)) for x in from_micro(whole)]).tolist() == values


def test_ties_go_to_the_first_member():
    parts = split_largest_remainder(np.array([10]), np.zeros(3, dtype=int), np.ones(3))
    assert parts.tolist() == [4, 3, 3]


def test_all_zero_weights_split_evenly():
    parts = split_largest_remainder(np.array([7 * MICRO]), np.zeros(7, dtype=int), np.zeros(7))
    assert parts.tolist() == [MICRO] * 7


def test_a_total_without_members_is_refused():
    with pytest.raises(ValueError, match="no member"):
        split_largest_remainder(np.array([1, 1]), np.array([0]), np.array([1.0]))
    with pytest.raises(ValueError, match="weights"):
        split_largest_remainder(np.array([1]), np.array([0]), np.array([-1.0]))
