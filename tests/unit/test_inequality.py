"""Lorenz, Gini and concentration: by hand, against the mean difference, and as properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwev.errors import KwevError
from kwev.report.accessibility import concentration, gini, lorenz

PAIRS = st.lists(
    st.tuples(st.integers(0, 1_000), st.integers(1, 500)), min_size=1, max_size=30
)  # (value, people)


def arrays(pairs):
    return tuple(np.array(column, float) for column in zip(*pairs, strict=True))


def test_gini_by_hand():
    ones = np.ones(4)
    # all have as much: the diagonal
    assert gini(ones, ones) == pytest.approx(0)
    # one of four has all: three quarters of the people have nothing
    assert gini(np.array([0.0, 0, 0, 1]), ones) == pytest.approx(0.75)
    # 1 and 3: half the people have a quarter; 1 - (.5 x .25 + .5 x 1.25) = 0.25
    assert gini(np.array([1.0, 3]), np.ones(2)) == pytest.approx(0.25)
    # the same with three people of 1 and one of 3: half of what there is belongs to a quarter
    # of them, 1 - (.75 x .5 + .25 x 1.5) = 0.25
    assert gini(np.array([1.0, 3]), np.array([3.0, 1])) == pytest.approx(0.25)
    # nobody has anything: nobody has more than another
    assert gini(np.zeros(3), np.ones(3)) == pytest.approx(0)


def test_lorenz_by_hand():
    curve = lorenz(np.array([3.0, 0, 1]), np.array([1.0, 2, 1]))
    assert curve["people"].tolist() == pytest.approx([0, 0.5, 0.75, 1])
    assert curve["value"].tolist() == pytest.approx([0, 0, 0.25, 1])


def test_concentration_by_hand():
    values, people = np.array([1.0, 3]), np.ones(2)
    assert concentration(values, people, np.array([40e3, 90e3])) == pytest.approx(0.25)
    assert concentration(values, people, np.array([90e3, 40e3])) == pytest.approx(-0.25)
    # of equal means nobody comes first
    assert concentration(values, people, np.array([60e3, 60e3])) == pytest.approx(0)


def test_concentration_does_not_hang_on_the_order_of_ties():
    values, people = np.array([5.0, 1, 2, 9]), np.array([1.0, 4, 2, 3])
    means = np.array([30e3, 30e3, 60e3, 60e3])
    other = [1, 0, 3, 2]
    assert concentration(values, people, means) == pytest.approx(
        concentration(values[other], people[other], means)
    )


@given(PAIRS)
def test_gini_is_half_the_mean_difference(pairs):
    values, people = arrays(pairs)
    found = gini(values, people)
    assert -1e-9 <= found <= 1
    apart = np.abs(values[:, None] - values[None, :])
    mean = (values @ people) / people.sum()
    if mean > 0:
        difference = people @ apart @ people / people.sum() ** 2
        assert found == pytest.approx(difference / (2 * mean), abs=1e-9)


@given(PAIRS, st.floats(0.01, 1_000))
def test_gini_knows_no_unit_and_no_size_of_the_town(pairs, factor):
    values, people = arrays(pairs)
    assert gini(factor * values, people) == pytest.approx(gini(values, people), abs=1e-9)
    assert gini(values, factor * people) == pytest.approx(gini(values, people), abs=1e-9)


@given(PAIRS)
def test_concentration_is_never_farther_from_even_than_gini(pairs):
    values, people = arrays(pairs)
    means = np.cos(np.arange(len(values)))  # any order
    assert abs(concentration(values, people, means)) <= gini(values, people) + 1e-9


@pytest.mark.parametrize(
    ("values", "people"),
    [([1.0, -1.0], [1.0, 1.0]), ([1.0], [1.0, 2.0]), ([1.0, 2.0], [0.0, 0.0])],
)
def test_what_cannot_be_is_refused(values, people):
    with pytest.raises(KwevError):
        gini(np.array(values), np.array(people))
