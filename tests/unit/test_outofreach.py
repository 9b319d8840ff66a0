"""Targets out of reach in words and tables: who is left without, and what stands in the way."""

from __future__ import annotations

import json

import pytest
from hand import solve
from toy import AREA, base_config, toy

from kwev.config import Case
from kwev.project import Project
from kwev.report import out_of_reach
from kwev.solve.infeasibility import Conflict, explain

TOWN = "3530004"


def case(**changes):
    return Case("toy", base_config(**changes), "da")


def two_towns():
    """Return 100 people in the city and 40 in the town, a library for the first alone."""
    return toy(
        [(0, 0, 100, 1), (40_000, 0, 40, 1)],
        sites=[(0, 0, "library")],
        towns=[AREA, TOWN],
    )


def told(tables, **changes):
    given = case(**changes)
    return out_of_reach.sentence(explain(tables, given), given.config)


def test_who_is_left_without_by_municipality():
    # L2 for 95 % of 140 people asks for 133: 33 are missing in the Region, all 38 of the town's
    # 40 that its own 95 % ask for, none in the city; L3 has no site: 85 % of everybody
    given = case(targets__l2=0.95, targets__l3=0.85)
    plan = solve(two_towns(), given)
    rows = out_of_reach.by_municipality(two_towns(), plan, given).set_index("municipality")
    assert list(rows.index) == ["Kitchener", f"Town {TOWN}", "Region"]
    assert rows["people"].tolist() == [100, 40, 140]
    assert rows["l2"].tolist() == [1.0, 0.0, pytest.approx(100 / 140)]
    assert rows["l2_missing"].tolist() == pytest.approx([0, 38, 33])
    assert rows["l2_short"].tolist() == pytest.approx([0, 0.95, 33 / 140])
    assert rows["l3_missing"].tolist() == pytest.approx([85, 34, 119])


def test_a_target_out_of_reach_by_itself():
    text = told(two_towns(), targets__l3=0.0)
    assert text.startswith("Level 2 for 95% of people within 500 m is out of reach by itself")
    assert "71.4% is the most" in text
    assert text.endswith("no money helps.")


def test_a_conflict_with_the_budget_does_not_say_that_money_is_no_help():
    text = told(two_towns(), targets__l2=0.7, targets__l3=0.0, budget__limit_cad=24_000)
    assert text == (
        "The budget of $24,000 and Level 2 for 70% of people within 500 m cannot be met together; "
        "without any one of these the rest of them can be."
    )


def test_a_conflict_without_the_budget_says_so():
    tables = toy([(0, 0, 100, 1)], sites=[(0, 0, "shopping_mall")])
    text = told(tables, budget__limit_cad=1_000_000)
    assert text == (
        "The rule that a place has one action, Level 3 for 85% of people within 5,000 m and "
        "Level 2 for 95% of people within 500 m cannot be met together: no money helps; "
        "without any one of these the rest of them can be."
    )


def test_a_floor_that_nothing_meets():
    text = told(two_towns(), targets__l2=0, targets__l3=0, rules__municipality__l2=0.5)
    assert text == (
        "The Level 2 floor in every municipality cannot be met by any plan, whatever else is "
        "given up: no money helps."
    )


def test_no_conflict():
    given = case(targets__l2=0.7, targets__l3=0.0)
    found = explain(two_towns(), given)
    assert out_of_reach.sentence(found, given.config).startswith("All targets can be met together")
    assert out_of_reach.rest(solve(two_towns(), given), found) == ""


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (Conflict("unknown", (), (), ("l2",), ()), "was not decided in time"),
        (
            Conflict("infeasible", ("budget", "l2"), ("l2",), ("budget", "l2"), ()),
            "whether all of these are needed was not decided in time",
        ),
    ],
)
def test_what_was_not_decided_is_said(found, words):
    config = base_config()
    assert words in out_of_reach.sentence(found, config)
    parts = out_of_reach.group_table(found, config)
    assert parts["part"].tolist()[-1] == ("undecided" if found.undecided else "no")


def test_the_other_targets_that_the_plan_meets():
    tables = toy(
        [(0, 0, 100, 1), (40_000, 0, 40, 1)],
        sites=[(0, 0, "library"), (100, 0, "shopping_mall")],
        towns=[AREA, TOWN],
    )
    given = case(targets__l3=0.7)
    found = explain(tables, given)
    assert found.groups == ("l2",)
    plan = solve(tables, given)
    assert out_of_reach.rest(plan, found) == "The target of Level 3 is met by the plan."


def test_the_table_lists_every_group_once():
    given = case(demand__enforce=True, rules__l3_gap_m=5_000, rules__redundancy__l2=0.5)
    frame = out_of_reach.group_table(explain(two_towns(), given), given.config)
    assert frame["group"].tolist() == [
        "budget", "l3_gap", "ports", "one_action_per_place", "site_capacity", "demand",
        "redundancy_l2", "l3", "l2",
    ]  # fmt: skip
    assert set(frame["part"]) == {"yes", "no"}
    assert all(frame["name"].str[0].str.isupper())


def test_a_conflict_is_kept_and_a_damaged_note_is_not_trusted(tmp_path, monkeypatch):
    from kwev.solve import infeasibility as module

    calls = []
    real = module.explain
    monkeypatch.setattr(module, "explain", lambda *a, **k: calls.append(a) or real(*a, **k))
    given, tables, project = case(targets__l3=0.0), two_towns(), Project(tmp_path)
    first = out_of_reach.conflict(project, tables, given)
    assert out_of_reach.conflict(project, tables, given) == first
    assert len(calls) == 1
    (note,) = project.store.glob("conflict-*.json")
    assert Conflict.from_dict(json.loads(note.read_text())) == first
    for text in ("{", "[]", '{"status": "none"}', "{}"):
        note.write_text(text)
        assert out_of_reach.conflict(project, tables, given) == first
    assert len(calls) == 5
