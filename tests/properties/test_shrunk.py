"""A shrunk relaxation has the value of the whole one, and its solution is one of the whole."""

from __future__ import annotations

import cvxpy as cp
import numpy as np
import pytest
from properties.test_reduction import instances

from kwev.model.formulation import build_model, touched
from kwev.solve.highs import Bounds, Effort, Relaxation, Relaxed, own_threads, search
from kwev.solve.presolve import reduce, tight_rows
from kwev.solve.shrunk import Shrunk
from kwev.solve.solvers import Program


@pytest.fixture(autouse=True, scope="module")
def _threads_of_others():
    """Leave HiGHS as others of the process expect it."""
    with own_threads():
        yield


TOL = 1e-6
SECONDS = 60.0
EFFORT = Effort(gap=0.0, seconds=SECONDS, threads=1, seed=0)


def program(index):
    """Return the least shortfall, or the objective, of an instance."""
    _, _, config, inputs = instances(60)[index]
    reduced = reduce(inputs, config, touched(inputs, config)).inputs
    model = build_model(reduced, config)
    rows = [*model.hard(), *model.elastic(), *tight_rows(reduced, config, model).rows()]
    goal = cp.Maximize(model.objective_points)
    if index % 2:
        goal = cp.Minimize(cp.sum(cp.hstack(list(model.shortfall.values()))))
    return Program.of(cp.Problem(goal, rows)), model


def shut(rng, bounds, which, share):
    """Shut some variables, and open some for good."""
    some = which[rng.random(len(which)) < share]
    to = (rng.random(len(some)) < 0.1).astype(float)
    return bounds.within(some, to, to)


@pytest.mark.parametrize("index", range(60))
def test_shrunk_is_worth_as_much_as_whole(index):
    made, model = program(index)
    rng = np.random.default_rng(index)
    build = made.where([model.build])
    open_bounds = Bounds(made.lower, made.upper)
    root = shut(rng, open_bounds, build, 0.4)
    whole, small = Relaxation(made, 1, 0), Shrunk.of(made, root, 1, 0)
    assert small.small.matrix.shape[1] < made.matrix.shape[1]
    for _ in range(6):
        bounds = shut(rng, root, build, 0.2)
        # a caller may know less than the root does
        given = bounds if rng.random() < 0.5 else shut(rng, open_bounds, build, 0.2)
        both = Bounds(np.maximum(given.lower, root.lower), np.minimum(given.upper, root.upper))
        if (both.lower > both.upper).any():
            assert small.solve(given, SECONDS) is None
            continue
        wanted, found = whole.solve(both, SECONDS), small.solve(given, SECONDS)
        if not isinstance(wanted, Relaxed):
            assert found is wanted
            continue
        assert isinstance(found, Relaxed)
        assert found.value == pytest.approx(wanted.value, abs=TOL, rel=TOL)
        assert made.cost @ found.x + made.offset == pytest.approx(found.value, abs=TOL, rel=TOL)
        reached = made.matrix @ found.x
        assert (reached <= made.row_upper + TOL).all()
        assert (reached >= made.row_lower - TOL).all()
        assert (found.x >= both.lower - TOL).all()
        assert (found.x <= both.upper + TOL).all()


def test_ports_that_are_tied_and_points_held_alike_leave():
    build, ports = cp.Variable(2, boolean=True), cp.Variable(2, integer=True)
    covered = cp.Variable(3, bounds=[0, 1])
    rows = [
        3 * build <= ports, ports <= 3 * build, cp.sum(ports) <= 4,
        covered[0] <= build[0], covered[1] <= build[0], covered[2] <= build[0] + build[1],
    ]  # fmt: skip
    made = Program.of(cp.Problem(cp.Maximize(np.array([5.0, 2.0, 4.0]) @ covered), rows))
    small = Shrunk.of(made, Bounds(made.lower, made.upper), 1, 0)
    assert small.small.matrix.shape[1] == 4  # two sites, two groups of points
    found = small.solve(Bounds(made.lower, made.upper), SECONDS)
    assert found.value == pytest.approx(-11)
    one = made.where([build])[:1]
    shut_one = small.solve(Bounds(made.lower, made.upper).within(one, 0, 0), SECONDS)
    assert shut_one.value == pytest.approx(-4)
    assert shut_one.x[made.where([ports])] == pytest.approx([0, 3])


@pytest.mark.parametrize("index", range(0, 60, 6))
def test_a_solution_goes_into_the_smaller_program_and_back(index):
    made, model = program(index)
    rng = np.random.default_rng(index)
    root = shut(rng, Bounds(made.lower, made.upper), made.where([model.build]), 0.4)
    small = Shrunk.of(made, root, 1, 0)
    found = search(made, root, EFFORT)
    if found.x is None:
        return
    within = small.gathered(found.x)
    assert (small.small.matrix @ within <= small.small.row_upper + TOL).all()
    assert (small.small.matrix @ within >= small.small.row_lower - TOL).all()
    assert small.small.cost @ within + small.small.offset == pytest.approx(found.value, abs=TOL)
    own = search(small.small, Bounds(small.small.lower, small.small.upper), EFFORT, within)
    back = small.spread(own.x)
    assert own.value == pytest.approx(found.value, abs=TOL, rel=TOL)
    assert made.cost @ back + made.offset == pytest.approx(own.value, abs=TOL, rel=TOL)
    reached = made.matrix @ back
    assert (reached <= made.row_upper + TOL).all()
    assert (reached >= made.row_lower - TOL).all()


def test_a_relaxation_goes_on_from_the_last_optimum_after_what_is_infeasible():
    """HiGHS's steps: a start afresh takes as many as the first, a warm one far fewer."""
    made, model = program(0)
    relaxation = Relaxation(made, 1, 0, hot=True)
    open_bounds = Bounds(made.lower, made.upper)
    root = relaxation.solve(open_bounds, SECONDS)
    steps = relaxation._solver.getInfo().simplex_iteration_count
    impossible = open_bounds.within(made.where([model.build]), 1, 1)
    assert relaxation.solve(impossible, SECONDS) is None
    again = relaxation.solve(open_bounds, SECONDS)
    assert again.value == pytest.approx(root.value, abs=TOL)
    assert relaxation._solver.getInfo().simplex_iteration_count < steps


def test_what_lies_above_the_cut_off_is_told_as_the_cut_off_and_nothing_else_is():
    cut = 0
    for index in range(0, 60, 2):
        made, model = program(index)
        rng = np.random.default_rng(index)
        build = made.where([model.build])
        root = shut(rng, Bounds(made.lower, made.upper), build, 0.2)
        exact = Relaxation(made, 1, 0)
        for asked in (Relaxation(made, 1, 0, hot=True), Shrunk.of(made, root, 1, 0)):
            for apart in (-10.0, -0.1, 0.1, 10.0):
                bounds = shut(rng, root, build, 0.2)
                wanted = exact.solve(bounds, SECONDS)
                cut_off = wanted.value + apart if isinstance(wanted, Relaxed) else 0.0
                found = asked.solve(bounds, SECONDS, cut_off)
                if not isinstance(wanted, Relaxed):
                    # an endless rise passes the cut-off too
                    assert found is None or found.value == cut_off
                elif apart > 0 or found.value != cut_off:
                    assert found.value == pytest.approx(wanted.value, abs=TOL, rel=TOL)
                else:
                    cut += 1
    assert cut  # few are: a small relaxation is often optimal before HiGHS looks at the cut-off


def test_a_program_that_is_fixed_as_a_whole_has_its_values():
    build = cp.Variable(2, boolean=True)
    made = Program.of(cp.Problem(cp.Maximize(np.array([5.0, 2.0]) @ build), [cp.sum(build) <= 1]))
    fixed = Bounds(np.array([1.0, 0.0]), np.array([1.0, 0.0]))
    small = Shrunk.of(made, fixed, 1, 0)
    assert small.small.matrix.shape[1] == 0
    assert small.spread(np.empty(0)).tolist() == [1.0, 0.0]
    assert small.gathered(np.array([1.0, 0.0])).tolist() == []
    found = small.solve(fixed, SECONDS)
    assert (found.value, found.x.tolist()) == (pytest.approx(-5), [1.0, 0.0])
    both = Bounds(np.ones(2), np.ones(2))  # breaks the row
    assert Shrunk.of(made, both, 1, 0).solve(both, SECONDS) is None
