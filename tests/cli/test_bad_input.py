"""Bad input that :mod:`bad_inputs` does not hold: usage, licences, another scenario."""

from __future__ import annotations

import pytest


def test_a_size_limited_gurobi_refuses_in_one_line(solved):
    pytest.importorskip("gurobipy")
    from kwev.solve.solvers import gurobi_licence

    if gurobi_licence() != "size-limited, non-production":
        pytest.skip("needs the licence of the gurobipy wheel")
    before = solved.hashes()
    ended = solved.run("solve", "-g", "cell", "--solver", "gurobi", "--out", "plan")
    assert ended.is_one_error("Gurobi", "size-limited", "--solver highs")
    assert solved.hashes() == before


def test_a_folder_for_a_plan(solved):
    assert solved.run("check", "plan").is_one_error("cannot be read", "plan")


def test_check_against_an_unknown_scenario(solved):
    ended = solved.run("check", "plan/plan.json", "-s", "bass")
    assert ended.is_one_error("unknown scenario 'bass'", "'base'")


@pytest.mark.parametrize(
    "arguments",
    [
        ["solve", "--bogus"],
        ["check"],
        ["plan"],
        ["check", "a.json", "b.json"],
        ["data", "extra"],
    ],
)
def test_usage_errors_are_2(solved, arguments):
    ended = solved.run(*arguments)
    assert ended.code == 2
    assert "Usage:" in ended.err
    assert "Traceback" not in ended.err
