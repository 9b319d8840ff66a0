"""`kwev explain`: what stands in the way of a scenario's targets, on the real data."""

from __future__ import annotations

import pytest


@pytest.mark.slow
def test_explain_names_the_conflict_and_who_is_left_without(solved):
    ended = solved.call("explain", "--scenario", "base", "--geography", "tract")
    assert (ended.code, ended.err) == (0, "")
    first, *rest = ended.out.splitlines()
    assert first.startswith("Level 2 for 95% of people within 500 m is out of reach by itself")
    assert sum(line.strip().startswith("yes") for line in rest) == 1
    assert rest[-2].startswith("Region")
    assert rest[-1].startswith("missed on tract points of the model (points): l2 ")
    for town in ("Cambridge", "Kitchener", "Wellesley"):
        assert any(line.startswith(town) for line in rest)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--geography", "dda"), "unknown geography 'dda'"),
        (("--scenario", "bas"), "unknown scenario 'bas'"),
        (("--solver", "glpk"), "unknown solver 'glpk'"),
    ],
)
def test_a_slip_is_one_line(checkout, arguments, word):
    assert checkout.call("explain", *arguments).is_one_error(word)
