"""Constraint, test, symbol: every row of the model has an instance solved by hand and a formula."""

from __future__ import annotations

import pytest

from kwev.errors import KwevError
from kwev.model import notation
from kwev.model.constraints import RULES
from kwev.report import out_of_reach

ROWS = [row for formula in notation.FORMULAS for row in formula.rows]


@pytest.fixture(scope="module")
def listed(project):
    return {c.row: c for c in out_of_reach.constraints(project)}


@pytest.mark.parametrize("row", ROWS)
def test_every_constraint_has_an_instance_a_name_and_a_formula(listed, row):
    assert listed[row].instances, f"no test in tests/instances is marked constraint({row!r})"
    assert row in out_of_reach.WORDS
    assert "<" not in listed[row].latex


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_optional_rule_is_a_constraint_of_the_list(listed, rule):
    row = f"target_{rule.name}" if rule.elastic else rule.name
    assert listed[row].optional
    assert rule.words


def test_every_marked_row_is_a_row_of_the_model(project):
    marked = out_of_reach.instances(project.root / out_of_reach.INSTANCES)
    assert set(marked) <= set(ROWS)
    assert set(out_of_reach.WORDS) == set(ROWS)


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
    beside = ("idle", "removal_alternative")
    assert sum("(optional)" in row for row in rows) == len(RULES) + len(beside)
