"""Pure covering worked out by hand."""

from __future__ import annotations

from time import process_time

import numpy as np
import pytest
from scipy import sparse

from benchmarks.covering import Covering, dual_bound, greedy, never
from benchmarks.effort import Effort
from benchmarks.maximal_covering import solve_covering
from benchmarks.merging import merged
from benchmarks.tempering import Tempering
from kwev.errors import KwevError

SET_UP_S = 2.0
"""What grouping, greedy and one load of the program take at most beyond a limit (s)."""
EXACT = Effort(gap=0.0, seconds=20.0)


def covering(sites, weight, budget, cost=None):
    """Return a problem: sites as lists of the points they reach."""
    reach = np.zeros((len(weight), len(sites)))
    for i, points in enumerate(sites):
        reach[points, i] = 1
    return Covering.of(sparse.csr_array(reach), np.array(weight, float), budget, cost)


# A reaches 6 + 5 = 11, B 5 + 6 = 11, and M, between them, the 5 of each and 2 of its own: 12
TRAP = ([[0, 1], [2, 3], [1, 2, 4]], [6, 5, 5, 6, 2])


def test_two_sites_where_greedy_takes_the_wrong_one_first():
    """M is worth 12, A and B 11. M, then 6: 18. A and B: 22 of 24."""
    problem = covering(*TRAP, 2.0)
    assert problem.value(greedy(problem)) == 18
    found = solve_covering(problem, EXACT)
    assert (found.chosen.tolist(), found.value) == ([0, 1], 22.0)
    assert found.gap == pytest.approx(0, abs=1e-8)


def test_tempering_mends_it():
    """From M and A (18), B for M gains 6 + 5 and loses 5 + 2, and A keeps the point of 5: 22."""
    search = Tempering(covering(*TRAP, 2.0), np.array([0, 2]))
    search.run(10, never)
    assert search.chosen.tolist() == [0, 1]


# two towns that share nothing: in each of them one site reaches 5, the other 3 or 4
TOWNS = ([[0], [1], [2], [3]], [5, 3, 5, 4])


def merging(*choices):
    chosen = [np.array(each) for each in choices]
    return merged(covering(*TOWNS, 2.0), chosen, EXACT, 9.0, {}).tolist()


def test_two_choices_each_best_in_one_town_make_one_best_in_both():
    """5 + 4, and 3 + 5: 9 and 8. With the better site of each: 10."""
    assert merging([0, 3], [1, 2]) == [0, 2]


def test_sites_that_no_choice_had_are_not_merged():
    """The better site of the second town was never met: 9 is the most."""
    assert merging([1, 3], [0, 3]) == [0, 3]
    assert merging([0, 3]) == [0, 3]


def test_tempering_goes_on_from_a_choice_that_is_put():
    """From M and A (18) nothing is drawn yet; A and B, put, are the best met: 22."""
    search = Tempering(covering(*TRAP, 2.0), np.array([0, 2]))
    search.put(np.array([0, 1]))
    assert (search.value, search.chosen.tolist()) == (22.0, [0, 1])
    search.put(np.array([0, 2]))  # worse: gone on from, but the best stays the best
    assert (search.value, search.chosen.tolist()) == (22.0, [0, 1])


def test_copies_settle_and_the_choices_stay():
    """At a temperature of next to nothing A, worth 5, takes the place of the site worth 3."""
    search = Tempering(covering(*TOWNS, 1.0), np.array([1]))
    search._choices.warmth[:] = 1e-3
    assert [sites.tolist() for sites in search.settled(9)] in ([[0]], [[2]])
    assert search.settled(0) == []
    assert (search.value, search._choices.slots.tolist()) == (5.0, [[1]])


def test_the_bound_by_hand():
    """Price the point that A and M share at 5, the one of B and M at 0, the others in full.

    A is worth 6 + 5 = 11, B 6, M 5 + 0 + 2 = 7. Not priced: 5. Two sites: 11 + 7 + 5 = 23.
    """
    problem = covering(*TRAP, 2.0)
    dual = dual_bound(problem, np.array([6.0, 5, 0, 6, 2]))
    assert dual.bound == pytest.approx(23)
    assert dual.money == 7  # the second site pays its price with nothing over
    assert dual.reduced.tolist() == [4, -1, 0]
    # with B the bound is 22, so nothing above 22 has B; without A it is 19
    assert dual.closed(22.1).tolist() == [False, True, False]
    assert dual.forced(19.1).tolist() == [True, False, False]


def test_money_buys_two_cheap_sites_instead_of_a_dear_one():
    """10 for a cost of 5, or 7 + 6 for 3 + 2: 13."""
    problem = covering([[0], [1], [2]], [10, 7, 6], 5.0, np.array([5.0, 3, 2]))
    found = solve_covering(problem, EXACT)
    assert (found.chosen.tolist(), found.value) == ([1, 2], 13.0)


def test_one_dear_site_against_the_best_ratio():
    """2 for a cost of 1 has the better ratio; 10 for 10 is the better choice: the budget is 10."""
    problem = covering([[0], [1]], [2, 10], 10.0, np.array([1.0, 10]))
    assert greedy(problem).tolist() == [1]


def test_free_sites_are_taken_and_no_money_buys_nothing_else():
    problem = covering([[0], [1]], [3, 9], 0.0, np.array([0.0, 1]))
    found = solve_covering(problem, EXACT)
    assert (found.chosen.tolist(), found.value) == ([0], 3.0)
    assert found.bound == pytest.approx(3)


@pytest.mark.parametrize(("sites", "weight"), [([], [4]), ([[]], [4]), ([[0]], [0]), ([], [])])
def test_nothing_to_cover(sites, weight):
    found = solve_covering(covering(sites, weight, 1.0), EXACT)
    assert (found.value, found.bound, found.gap) == (0, 0, 0)


def test_money_for_all():
    found = solve_covering(covering(*TRAP, 3.0), EXACT)
    assert (found.value, found.bound) == (24, 24)


def test_points_alike_are_one_and_points_out_of_reach_none():
    """Points 0 and 1 hang on site 0, point 2 on both, point 3 on none."""
    grouped = covering([[0, 1, 2], [2]], [1, 2, 4, 8], 1.0).grouped()
    assert grouped.weight.tolist() == [3, 4]
    assert grouped.points.toarray().tolist() == [[1, 0], [1, 1]]


def test_a_search_without_time_still_has_an_answer():
    found = solve_covering(covering(*TRAP, 2.0), Effort(gap=0.0, seconds=0.0))
    assert found.value == 18  # what greedy takes; there is no time for exchanges
    assert found.bound == 24
    assert found.gap == pytest.approx(6 / 18)


@pytest.mark.parametrize("value", [float("nan"), -1.0, float("inf"), -float("inf")])
@pytest.mark.parametrize("form", [sparse.csr_array, sparse.csc_array, sparse.coo_array])
def test_reach_is_one_or_nothing(value, form):
    """An entry that is no number, or negative, is neither in reach nor out of it."""
    with pytest.raises(KwevError, match="entry of reach is negative or no number"):
        Covering.of(form(np.array([[1.0, value]])), np.ones(1), 1.0)


def test_entries_that_make_nothing_together_are_no_reach():
    twice = sparse.coo_array(([1.0, -1.0, 1.0], ([0, 0, 0], [0, 0, 1])), shape=(1, 2))
    assert Covering.of(twice, np.ones(1), 1.0).reach.toarray().tolist() == [[0, 1]]


@pytest.mark.parametrize("seconds", [0.0, 0.5, 2.0])
def test_a_limit_holds_with_its_set_up(seconds):
    """3,000 sites and 12,000 points: far more than the limit allows for; a busy machine's too."""
    draw = np.random.default_rng(1)
    reach = sparse.random_array((12_000, 3_000), density=0.004, rng=draw, format="csc")
    problem = Covering.of(reach, draw.integers(1, 99, 12_000).astype(float), 60.0)
    began = process_time()
    found = solve_covering(problem, Effort(gap=0.0, seconds=seconds, clock=process_time))
    assert process_time() - began < seconds + SET_UP_S
    assert found.seconds >= found.steps[0].seconds > 0
    assert problem.affords(found.chosen)
    assert found.value > 0


@pytest.mark.parametrize(
    ("weight", "budget", "cost", "word"),
    [
        ([1.0, 2.0], 1.0, None, "shape"),
        ([-1.0], 1.0, None, "negative"),
        ([1.0], float("nan"), None, "no number"),
        ([1.0], 1.0, [1.0, 2.0], "shape"),
        ([1.0], 1.0, [-1.0], "negative"),
    ],
)
def test_what_is_wrong_is_told(weight, budget, cost, word):
    reach = sparse.csr_array(np.ones((1, 1)))
    with pytest.raises(KwevError, match=word):
        Covering.of(reach, np.array(weight), budget, None if cost is None else np.array(cost))
