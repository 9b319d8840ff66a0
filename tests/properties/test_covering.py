"""Pure covering against every choice there is, against the model, and against spopt's MCLP."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from regions import SETTINGS
from scipy import sparse
from toy import base_config, toy

from benchmarks.covering import Covering, dual_bound, greedy, never, subgradient
from benchmarks.effort import Effort
from benchmarks.maximal_covering import _Search, solve_covering
from benchmarks.tempering import BLOCK, Tempering
from kwev.config import Case
from kwev.model.inputs import build_inputs
from kwev.solve.stages import solve_scenario

EXACT = Effort(gap=0.0, seconds=60.0)


def seeded(seed, *, points=15, sites=9):
    """Return a small problem: every other one is priced, some sites are free, some points empty."""
    draw = np.random.default_rng(seed)
    n, m = int(draw.integers(1, points)), int(draw.integers(1, sites))
    reach = sparse.csr_array((draw.random((n, m)) < draw.uniform(0.1, 0.5)).astype(np.int8))
    weight = draw.integers(0, 20, n).astype(float)
    if seed % 2:
        return Covering.of(reach, weight, float(draw.integers(0, m + 1)))
    cost = draw.integers(0, 6, m).astype(float)
    return Covering.of(reach, weight, float(draw.integers(0, 12)), cost)


def choices(covering):
    """Return every choice of sites within the budget."""
    sites = range(covering.sites)
    for size in range(covering.sites + 1):
        for chosen in itertools.combinations(sites, size):
            if sum(covering.cost[i] for i in chosen) <= covering.budget:
                yield chosen


def worth(covering, chosen):
    """Return the covered weight, point by point."""
    reach = covering.reach.toarray()
    return sum(w for w, row in zip(covering.weight, reach, strict=True) if row[list(chosen)].any())


def brute(covering):
    """Return the most weight that any choice covers."""
    return max(worth(covering, chosen) for chosen in choices(covering))


@st.composite
def problems(draw):
    sites = draw(st.integers(1, 6))
    rows = st.lists(st.booleans(), min_size=sites, max_size=sites)
    reach = np.array(draw(st.lists(rows, min_size=1, max_size=10)), float)
    weight = draw(st.lists(st.integers(0, 9), min_size=len(reach), max_size=len(reach)))
    cost = draw(st.lists(st.integers(0, 4), min_size=sites, max_size=sites))
    budget = float(draw(st.integers(0, 9)))
    return Covering.of(sparse.csr_array(reach), np.array(weight, float), budget, np.array(cost))


@pytest.mark.parametrize("seed", range(200))
def test_the_answer_is_the_best_of_all_choices(seed):
    covering = seeded(seed)
    best, found = brute(covering), solve_covering(covering, EXACT)
    assert found.value == best == worth(covering, found.chosen)
    assert best <= found.bound <= best * (1 + 1e-7)
    assert sum(covering.cost[found.chosen]) <= covering.budget


def tangled(seed):
    """Return a problem whose relaxation is up to 6 % above the best choice: all parts have work."""
    draw = np.random.default_rng(seed)
    reach = sparse.csr_array((draw.random((60, 16)) < 0.25).astype(np.int8))
    return Covering.of(reach, draw.integers(1, 100, 60).astype(float), 4.0)


@pytest.mark.parametrize("seed", range(12))
def test_where_the_relaxation_is_far_from_whole(seed):
    covering = tangled(seed)
    fours = itertools.combinations(range(16), 4)
    best = max(covering.value(np.array(chosen)) for chosen in fours)
    found = solve_covering(covering, EXACT)
    assert found.value == best <= found.bound <= best * (1 + 1e-7)
    steps = [step.bound for step in found.steps]
    assert steps == sorted(steps, reverse=True)


def test_most_of_those_need_the_closing_search():
    last = [solve_covering(tangled(seed), EXACT).steps[-1].name for seed in range(12)]
    assert last.count("closing search") >= 6


@pytest.mark.parametrize("gap", [0.002, 0.02, 0.2])
def test_a_gap_asked_for_is_kept_honestly(gap):
    for seed in range(12):
        covering = tangled(seed)
        found = solve_covering(covering, Effort(gap=gap, seconds=60.0))
        best = solve_covering(covering, EXACT).value
        assert found.gap <= gap
        assert found.value <= best <= found.bound


@SETTINGS
@given(problems(), st.lists(st.integers(-3, 12), min_size=10, max_size=10))
def test_no_prices_prove_too_much(covering, prices):
    """Weak duality: whatever the multipliers, no choice is worth more than the bound."""
    dual = dual_bound(covering, np.array(prices[: len(covering.weight)], float))
    assert dual.bound >= brute(covering)


@SETTINGS
@given(problems(), st.lists(st.integers(0, 12), min_size=10, max_size=10), st.integers(0, 40))
def test_sites_are_ruled_out_and_forced_rightly(covering, prices, target):
    dual = dual_bound(covering, np.array(prices[: len(covering.weight)], float))
    closed, forced = dual.closed(target), dual.forced(target)
    for chosen in choices(covering):
        if worth(covering, chosen) > target:
            assert not closed[list(chosen)].any()
            assert set(np.flatnonzero(forced)) <= set(chosen)


def test_prices_do_rule_sites_out():
    covering = Covering.of(sparse.csr_array(np.eye(4)), np.array([9.0, 8, 2, 1]), 2.0)
    dual = dual_bound(covering, covering.weight)
    assert dual.closed(16.5).tolist() == [False, False, True, True]
    assert dual.forced(16.5).tolist() == [True, False, False, False]


@SETTINGS
@given(problems())
def test_the_subgradient_bound_holds(covering):
    best = brute(covering)
    assert subgradient(covering, best, steps=80).bound >= best


@pytest.mark.parametrize("seed", range(12))
def test_the_subgradient_comes_near_the_relaxation(seed):
    covering = tangled(seed).grouped()
    found = solve_covering(covering, EXACT)
    relaxed = found.steps[1]
    assert relaxed.name == "relaxation"
    by_steps = subgradient(covering, found.value).bound
    assert relaxed.bound * (1 - 1e-6) <= by_steps <= relaxed.bound * 1.01


@SETTINGS
@given(problems())
def test_grouping_keeps_the_worth_of_every_choice(covering):
    grouped = covering.grouped()
    for chosen in choices(covering):
        assert grouped.value(np.array(chosen, int)) == worth(covering, chosen)
    rows = [tuple(row) for row in grouped.points.toarray()]
    assert len(set(rows)) == len(rows)


@SETTINGS
@given(problems())
def test_some_best_choice_has_no_site_that_another_beats(covering):
    sites = covering.undominated()
    assert brute(covering.only(sites)) == brute(covering)


def test_of_sites_alike_one_is_left():
    reach = sparse.csr_array(np.array([[1, 1, 1, 0], [0, 1, 1, 0]]))
    covering = Covering.of(reach, np.ones(2), 1.0)
    assert covering.undominated().tolist() == [1]
    dear = Covering.of(reach, np.ones(2), 1.0, np.array([1.0, 5, 2, 0]))
    assert dear.undominated().tolist() == [0, 2]


def town(seed):
    """Return a problem with places on a plane: too many choices to try, few enough to prove."""
    draw = np.random.default_rng(seed)
    at = draw.random((240, 2))
    near = ((at[:, None] - at[None]) ** 2).sum(axis=2) <= 0.09**2
    return Covering.of(sparse.csr_array(near), draw.integers(1, 100, 240).astype(float), 18.0)


def test_tempering_alone_finds_the_best(monkeypatch):
    """With the closing search held back; which then finds nothing better, and proves it."""
    for seed in range(3):
        with monkeypatch.context() as alone:
            alone.setattr(_Search, "_close", lambda *_: None)
            steps = [step.value for step in solve_covering(town(seed), EXACT).steps]
        proven = solve_covering(town(seed), EXACT)
        assert steps[0] < steps[-1] == proven.value
        assert proven.gap < 1e-7


@SETTINGS
@given(problems())
def test_greedy_is_within_the_budget_and_its_share(covering):
    chosen = greedy(covering)
    assert covering.affords(chosen)
    # half of 1 - 1/e, with any costs [Khuller, Moss and Naor, 1999]
    assert covering.value(chosen) >= (1 - 1 / math.e) / 2 * brute(covering) - 1e-9


@SETTINGS
@given(problems(), st.integers(0, 99), st.integers(1, 40))
def test_tempering_keeps_to_the_budget_and_its_best_choice(covering, seed, rounds):
    """What steps keep up to date is as counted anew, and no choice met is lost."""
    start = greedy(covering)
    search = Tempering(covering, start, seed)
    search.run(rounds, never)
    search.put(start)
    search.run(1, never)
    assert covering.affords(search.chosen)
    best = worth(covering, search.chosen)
    assert best == search.value >= worth(covering, start)
    found = search._choices
    for k in range(len(found.warmth)):
        filled = found.slots[k][found.slots[k] < covering.sites]
        assert covering.cost[filled].sum() <= covering.budget
        assert found.value[k] == worth(covering, filled) <= best
        missed = covering.weight * (found.times[k] == 0)
        gain = found.gain[k][: covering.sites + 1]
        assert gain == pytest.approx(np.append(covering.reach.T @ missed, 0))


def islands(warmth, worth=(10, 11, 5)):
    """Return a search for one of some sites that reach a point each, at these temperatures."""
    covering = Covering.of(sparse.eye_array(len(worth)), np.array(worth, float), 1.0)
    search = Tempering(covering, np.array([0]))
    several = [np.repeat(part, len(warmth), axis=0) for part in search._choices[:-1]]
    search._choices = search._choices._make([*several, np.array(warmth)])
    return search


@pytest.mark.parametrize("warmth", [[10.0], [10.0, 6.0, 3.0]])
def test_a_site_is_drawn_as_often_as_it_should_be(warmth):
    """Of sites worth 10, 11 and 5, and none: by e to that in temperatures, at each of them."""
    search = islands(warmth)
    drawn = {at: np.zeros(4) for at in warmth}
    for _ in range(20_000):
        search._round(1)
        for at, slots in zip(search._choices.warmth, search._choices.slots, strict=True):
            drawn[at][slots[0]] += 1
    for at, times in drawn.items():
        share = np.exp(np.array([10, 11, 5, 0]) / at)
        assert times / times.sum() == pytest.approx(share / share.sum(), abs=0.015)


def test_a_site_of_any_block_is_drawn_as_often_as_it_should_be():
    """Three of 300 sites are worth 18, 20 and 19 at temperature 4, in blocks one, two and three."""
    worth, good = np.full(300, 2), [5, BLOCK + 7, 2 * BLOCK + 9]
    worth[good] = 18, 20, 19
    search, drawn = islands([4.0], worth), np.zeros(301)
    for _ in range(20_000):
        search._round(1)
        drawn[search._choices.slots[0, 0]] += 1
    share = np.exp(np.append(worth, 0) / 4)
    assert (drawn / drawn.sum())[good] == pytest.approx((share / share.sum())[good], abs=0.015)
    each = np.add.reduceat(drawn / drawn.sum(), range(0, 301, BLOCK))
    assert each == pytest.approx(
        np.add.reduceat(share / share.sum(), range(0, 301, BLOCK)), abs=0.02
    )


def test_neighbours_change_temperatures():
    search = islands([10.0, 6.0, 3.0])
    met = [tuple(search._choices.warmth) for _ in range(200) if search._round(1) >= 0]
    assert len(set(met)) == 6


@pytest.mark.parametrize("seed", range(4))
def test_the_same_problem_has_the_same_answer(seed):
    one, two = (solve_covering(tangled(seed), EXACT) for _ in range(2))
    assert one.chosen.tolist() == two.chosen.tolist()
    assert (one.value, one.bound) == (two.value, two.bound)


def region_of(seed, sites=25):
    """Return points and sites of a region of one level: libraries have no room for Level 3."""
    draw = np.random.default_rng(seed)
    points = [(*draw.integers(0, 5_000, 2), int(draw.integers(1, 99)), 0) for _ in range(60)]
    places = [(*draw.integers(0, 5_000, 2), "library") for _ in range(sites)]
    return points, places


def reach_of(points, places, radius_m=500):
    near = [[math.dist(p[:2], q[:2]) <= radius_m for q in places] for p in points]
    return sparse.csr_array(np.array(near, np.int8))


@pytest.mark.parametrize("seed", range(12))
def test_the_model_covers_as_much_where_both_coincide(seed):
    """No station, one level, one port each at 25,000 CAD: the model is pure covering with p."""
    points, places = region_of(seed)
    p = 3 + seed % 4
    config = base_config(
        budget__limit_cad=25_000 * p, targets__l2=1.0, targets__l3=0.0, weights__l3=0.0
    )
    plan = solve_scenario(toy(points, sites=places), Case("toy", config, "da")).plan
    weight = np.array([point[2] for point in points], float)
    found = solve_covering(Covering.of(reach_of(points, places), weight, float(p)), EXACT)
    assert plan.coverage.l2.attainable * weight.sum() == pytest.approx(found.value)
    assert plan.model_coverage.l2.after * weight.sum() == pytest.approx(found.value)


def test_another_number_of_threads_is_taken_before_and_after():
    """HiGHS remembers its threads for the process: the search must leave none behind."""
    points, places = region_of(0)
    covering = Covering.of(reach_of(points, places), np.array([p[2] for p in points], float), 3.0)
    for threads in (2, 1, 2):
        solve_covering(tangled(1), Effort(gap=0.0, seconds=60.0, threads=3 - threads))
        config = base_config(targets__l3=0.0, solver__threads=threads)
        plan = solve_scenario(toy(points, sites=places), Case("toy", config, "da")).plan
        assert plan.solver_says.ended == "gap"
    assert solve_covering(covering, EXACT).gap < 1e-7


def test_attainable_level_2_of_the_region_is_pure_covering(tables, base_case, base_plan):
    """With Level 2 alone in mind, no upgrade and no Level 3 helps: sites of one price are left."""
    inputs = build_inputs(tables, base_case.config, base_case.geography)
    columns, rows = inputs.columns, inputs.rows["l2"]
    new = columns.is_kind("new_l2")
    price = (columns.fixed_cad + columns.port_cad * columns.min_ports)[new]
    uncovered = rows.base == 0
    reach = sparse.csr_array(rows.matrix[uncovered][:, new] > 0)
    limit = base_case.config.budget.limit_cad
    found = solve_covering(Covering.of(reach, rows.people[uncovered], limit, price), EXACT)
    always = rows.always_people + rows.people[~uncovered].sum()
    share = base_plan.coverage.l2.attainable
    assert share <= (always + found.bound) / inputs.people + 1e-9
    gap = base_case.config.solver.mip_gap
    assert share >= (always + found.value) / inputs.people * (1 - gap) - 1e-9


@pytest.mark.parametrize("seed", range(12))
def test_spopt_covers_as_much(seed):
    locate = pytest.importorskip(
        "spopt.locate", reason="spopt is among the development packages: make setup"
    )
    pulp = pytest.importorskip("pulp", reason="spopt's solvers come with PuLP")
    points, places = region_of(seed)
    weight = np.array([point[2] for point in points], float)
    apart = np.array([[math.dist(p[:2], q[:2]) for q in places] for p in points])
    model = locate.MCLP.from_cost_matrix(apart, weight, 500, p_facilities=5)
    model = model.solve(pulp.HiGHS(msg=False, gapRel=0))
    best = pulp.value(model.problem.objective)
    found = solve_covering(Covering.of(reach_of(points, places), weight, 5.0), EXACT)
    assert found.value == pytest.approx(best)
