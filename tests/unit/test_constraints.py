"""Constraint, test, symbol: each has an instance solved by hand, a formula and a check."""

from __future__ import annotations

import importlib
from functools import reduce

import pytest

from kwev.errors import KwevError
from kwev.model.formulation import CONSTRAINTS, OPTIONS
from kwev.model.notation import named, written
from kwev.model.rules import RULES
from kwev.report import out_of_reach

ROWS = {constraint.row for constraint in CONSTRAINTS}
each = pytest.mark.parametrize("constraint", CONSTRAINTS, ids=lambda constraint: constraint.row)


@pytest.fixture(scope="module")
def listed(project):
    return {c.row: c for c in out_of_reach.constraints(project)}


@each
def test_a_constraint_has_an_instance_a_title_words_and_a_formula(listed, constraint):
    row = constraint.row
    assert listed[row].instances, f"no test in tests/instances is marked constraint({row!r})"
    assert constraint.title == listed[row].title != ""
    assert constraint.words
    assert type(constraint).__doc__
    for formula in constraint.formulas:
        assert named(formula.latex)
        assert "<" not in written(formula.latex + formula.domain)


@each
def test_a_constraint_names_a_check_of_the_certificate(constraint):
    module, _, path = constraint.check.partition(".")
    found = importlib.import_module(f"kwev.certify.{module}")
    assert callable(reduce(getattr, path.split("."), found))


def test_titles_and_words_tell_constraints_apart():
    for names in ([c.title for c in CONSTRAINTS], [c.words for c in CONSTRAINTS]):
        assert len(set(names)) == len(CONSTRAINTS)


def test_every_optional_rule_is_off_in_the_base_scenario(base_case, listed):
    for rule in RULES:
        assert listed[rule.row].optional
        assert rule.asked(base_case.config) is None
        assert not rule.on(base_case.config)


def test_every_marked_row_is_a_row_of_the_model(project):
    marked = out_of_reach.instances(project.root / out_of_reach.INSTANCES)
    assert set(marked) == ROWS


def test_a_constraint_without_an_instance_shows_as_one(tmp_path):
    (tmp_path / "test_x.py").write_text(
        "import pytest\n@pytest.mark.constraint('budget', 'ports')\ndef test_a_b(): ...\n"
        "def test_unmarked(): ...\n"
    )
    found = out_of_reach.instances(tmp_path)
    assert found == {"budget": ["a b"], "ports": ["a b"]}


@pytest.mark.parametrize("text", [None, "def ("])
def test_instances_that_cannot_be_read_are_an_error(tmp_path, text):
    if text:
        (tmp_path / "test_x.py").write_text(text)
    with pytest.raises(KwevError):
        out_of_reach.instances(tmp_path)


def test_the_table_has_a_row_for_each_constraint(project):
    rows = str(out_of_reach.table(project)).splitlines()[2:]
    assert len(rows) == len(ROWS)
    assert all(row.count("|") == 4 for row in rows)
    assert sum("(optional)" in row for row in rows) == len(RULES) + len(OPTIONS)
