"""Forged plan files: each is refused by the reader or named by the check, in one clear line."""

from __future__ import annotations

from collections import Counter
from fnmatch import fnmatch
from pathlib import Path

import pytest
from forgeries import FORGERIES, TEXT, TYPES, emptied, halved, table, unsaid, without_proof
from planted import village
from typer.testing import CliRunner

from kwev import terminal
from kwev.certify import NOT_CHECKED, certify
from kwev.errors import KwevError
from kwev.plan import words
from kwev.plan.format import parse_plan, read_plan
from kwev.solve.dual_multipliers import proven

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture(scope="module")
def town():
    return village()


@pytest.mark.parametrize("forgery", FORGERIES, ids=lambda forgery: forgery.name)
def test_a_forged_plan_is_caught_in_one_clear_line(town, tmp_path, forgery):
    path = tmp_path / "plan.json"
    path.write_bytes(forgery.made(town))
    if forgery.kind in (TEXT, TYPES):
        with pytest.raises(KwevError) as refused:
            read_plan(path)
        found = [str(refused.value)]
    else:
        found = certify(read_plan(path), town.tables, town.case).violations
    assert any(forgery.words in line for line in found), (forgery.words, found[:8])
    assert all("\n" not in line and line.isprintable() for line in found)
    assert len(found[0]) < 2_000


def test_forgeries_are_many_and_each_has_its_own_name():
    assert len(FORGERIES) > 100
    (name, times) = Counter(forgery.name for forgery in FORGERIES).most_common(1)[0]
    assert times == 1, name


def test_the_table_on_disk_is_the_one_tried():
    """Where this fails: python tests/forgeries.py."""
    assert (DOCS / "forged-plans.md").read_text() == table()


# -- what may be stated otherwise --------------------------------------------------------------

OTHERWISE = {
    "solver_says.kwev_version": "9.9",
    "solver_says.version": "9.9",
    "solver_says.reason": "no_gurobi",
    "solver_says.ended": "limit",
    "solver_says.shortfall_bound_points": 0.0,
    "solver_says.settings.threads": 7,
}


@pytest.mark.parametrize("path", OTHERWISE)
def test_the_solvers_word_changes_nothing_that_is_said_of_the_plan(town, path):
    values = town.copy()
    node = values
    *parents, leaf = path.split(".")
    for part in parents:
        node = node[part]
    assert node[leaf] != OTHERWISE[path]
    node[leaf] = OTHERWISE[path]
    plan = parse_plan(values, where="test")
    assert certify(plan, town.tables, town.case) == town.plan.certificate
    assert any(fnmatch(path, f"{name}*") for name, _ in NOT_CHECKED)
    account = {"seconds": 1.0, "size": {}}
    said, as_said = (list(terminal.plan_lines(p, account)) for p in (plan, town.plan))
    assert [line for line in said if "solver's word" not in line] == [
        line for line in as_said if "solver's word" not in line
    ]


def test_a_worse_plan_that_is_honest_is_clean_and_says_how_much_worse(town):
    for worsen in (emptied, halved):
        values = unsaid(worsen(town.copy(), town))
        plan = proven(parse_plan(without_proof(values), where="test"), town.tables, town.case)
        plan = plan.model_copy(update={"certificate": None})
        found = certify(plan, town.tables, town.case)
        assert found.violations == []
        assert plan.quality.gap_checked > 0.3
        told = float(words.optimality(plan).split()[1].rstrip("%")) / 100
        assert plan.quality.gap_checked <= told < plan.quality.gap_checked + 1.1e-4
        # what no plan can do without, and what this one misses, stand side by side
        assert plan.shortfall.bound_checked_points < 2
        assert plan.shortfall.total_points > 5


def test_a_plan_without_a_proof_is_clean_and_says_that_nothing_is_proven(town):
    values = without_proof(town.copy()) | {"certificate": None}
    plan = parse_plan(values, where="test")
    assert certify(plan, town.tables, town.case).violations == []
    assert words.optimality(plan) == "not proven: no bound was asked for"
    assert words.attainable(plan.coverage.l2) == "at least 100.0%"
    assert words.least_budget(plan.cost) == "455,000 CAD are enough; no less is ruled out"


@pytest.mark.parametrize("content", ['{"a": 1, "a": 2}', '{"a": 1e400}', '"\\ud800"', "[" * 9_999])
def test_the_command_line_says_one_line_and_ends_with_2(tmp_path, content, monkeypatch, project):
    from kwev.cli import app

    monkeypatch.chdir(project.root)
    path = tmp_path / "plan.json"
    path.write_text(content)
    done = CliRunner().invoke(app, ["check", str(path)])
    assert isinstance(done.exception, KwevError)
    assert "\n" not in str(done.exception)
