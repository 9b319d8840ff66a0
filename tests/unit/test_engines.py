"""Solvers: probed, chosen, refused in one line, and honest about bound and limits."""

from __future__ import annotations

import cvxpy as cp
import numpy as np
import pytest
from toy import base_config

from kwev.errors import KwevError
from kwev.solve import solvers
from kwev.solve.solvers import GUROBI_FREE_LIMIT, Engine, choose_engine, gurobi_licence, run

NAMES = ("highs", "gurobi", "scip")
LICENCES = ("none", "size-limited, non-production", "full")


def settings(**changes):
    return base_config(**{f"solver__{key}": value for key, value in changes.items()}).solver


def engine(name):
    pytest.importorskip(solvers.PACKAGES[name])
    try:
        return choose_engine(name)
    except KwevError as refused:
        pytest.skip(str(refused))


def knapsack(size=30, seed=1):
    """Return a problem that needs a search: maximise value under three weights."""
    rng = np.random.default_rng(seed)
    take = cp.Variable(size, boolean=True)
    value = rng.integers(10, 99, size)
    weight = rng.integers(10, 99, (3, size))
    limits = [weight[i] @ take <= weight[i].sum() // 3 for i in range(3)]
    return cp.Problem(cp.Maximize(value @ take + 7), limits)


def test_the_probe_gives_a_known_answer():
    assert gurobi_licence() in LICENCES


def test_the_probe_without_gurobipy(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "gurobipy", None)
    assert gurobi_licence() == "none"
    assert choose_engine("auto").name == "highs"
    with pytest.raises(KwevError, match="'gurobi' cannot run here"):
        choose_engine("gurobi")


@pytest.mark.parametrize(
    ("licence", "chosen"),
    [("full", "gurobi"), ("size-limited, non-production", "highs"), ("none", "highs")],
)
def test_auto_takes_gurobi_only_with_a_full_licence(monkeypatch, licence, chosen):
    monkeypatch.setattr(solvers, "gurobi_licence", lambda: licence)
    found = choose_engine("auto")
    assert found.name == chosen
    assert found.reason


def test_an_unknown_solver_is_refused():
    with pytest.raises(KwevError, match=r"unknown solver 'cplex'.*Known: auto, highs"):
        choose_engine("cplex")


def test_a_solver_that_is_not_installed_is_refused(monkeypatch):
    monkeypatch.setattr(solvers.cp, "installed_solvers", lambda: ["HIGHS"])
    with pytest.raises(KwevError, match="Install pyscipopt, or use --solver highs"):
        choose_engine("scip")


def test_gurobi_refuses_what_is_too_large_in_one_line():
    chosen = engine("gurobi")
    if chosen.licence == "full":
        pytest.skip("a full licence has no size limit")
    x = cp.Variable(GUROBI_FREE_LIMIT + 1, boolean=True)
    problem = cp.Problem(cp.Maximize(cp.sum(x)), [cp.sum(x) <= 5])
    with pytest.raises(KwevError, match="Use --solver highs, or a smaller geography") as refused:
        run(problem, chosen, settings())
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", NAMES)
def test_value_bound_and_status(name):
    problem = knapsack()
    answer = run(problem, engine(name), settings())
    assert answer.status == "optimal"
    assert answer.value == pytest.approx(problem.value)
    assert answer.bound == pytest.approx(answer.value)
    assert answer.seconds > 0


@pytest.mark.parametrize("name", NAMES)
def test_a_wide_gap_leaves_a_bound_that_holds(name):
    chosen = engine(name)
    best = run(knapsack(60, seed=3), chosen, settings()).value
    answer = run(knapsack(60, seed=3), chosen, settings(mip_gap=0.2))
    assert answer.value <= best + 1e-6
    assert answer.bound >= best - 1e-6
    assert answer.bound <= answer.value * 1.2 + 1e-6


@pytest.mark.parametrize("name", NAMES)
def test_a_minimum_has_its_bound_below(name):
    x = cp.Variable(8, integer=True)
    rows = np.random.default_rng(5).integers(1, 9, (6, 8))
    problem = cp.Problem(cp.Minimize(cp.sum(x)), [rows @ x >= 31, x >= 0])
    answer = run(problem, engine(name), settings())
    assert answer.bound <= answer.value + 1e-9
    assert answer.bound == pytest.approx(answer.value)


@pytest.mark.parametrize("name", NAMES)
def test_infeasible_is_told(name):
    x = cp.Variable(boolean=True)
    answer = run(cp.Problem(cp.Maximize(x), [x >= 2]), engine(name), settings())
    assert answer.status == "infeasible"
    assert not answer.found


@pytest.mark.parametrize("name", NAMES)
def test_a_stop_by_the_clock_is_not_called_optimal(name):
    chosen = engine(name)
    problem = knapsack(400, seed=2)
    try:
        answer = run(problem, chosen, settings(time_limit_s=0.01))
    except KwevError:
        return  # nothing found in time, and said so
    assert answer.status in ("limit", "no_solution")


@pytest.mark.parametrize("name", ["highs", "gurobi"])
def test_the_log_is_kept(name):
    assert len(run(knapsack(), engine(name), settings()).log) > 100


@pytest.mark.parametrize("name", NAMES)
def test_the_settings_reach_the_solver(name, tmp_path):
    options = str(solvers._OPTIONS[name](settings(mip_gap=0.0123, seed=77), tmp_path / "log"))
    assert "0.0123" in options
    assert "77" in options


def test_gurobi_gets_the_parameters_of_the_specification(tmp_path):
    options = solvers._gurobi_options(settings(), tmp_path / "log")
    assert {"DualReductions", "PreDual", "Method", "BarHomogeneous"} <= options.keys()


def test_engine_names_its_version():
    assert engine("highs") == Engine("highs", solvers._version("highs"), "open source", "asked_for")
    assert solvers._version("highs")[0].isdigit()
