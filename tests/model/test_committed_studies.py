"""The committed tables: none is stale, all can be measured again, and a sample is solved again."""

from __future__ import annotations

import pytest
from monotone import breaks
from shelves import checkout

from kwev.certify import KINDS
from kwev.data.tables import load_tables
from kwev.report import registry, sweeps
from kwev.studies import study
from kwev.studies.rows import differences, remeasured


@pytest.mark.parametrize("name", [*registry.STUDIES, *registry.RECORDS])
def test_no_committed_result_is_missing_damaged_or_stale(project, name):
    """Where this fails, `make sweeps` makes the rows again; commit them with the change."""
    assert registry.state(project, name) == []


@pytest.mark.parametrize("name", registry.STUDIES)
def test_no_committed_plan_breaks_a_rule(project, name):
    rows = registry.results(project, name)
    assert (rows["violations"] == 0).all()
    assert (rows["status"] == "within_gap").all()
    assert rows["ended"].isin(["gap", "limit"]).all()
    assert (rows["net_cad"] <= rows["budget_cad"] + 0.005).all()


ALONG = {
    "budget": "budget.limit_cad",
    "l2-radius": "coverage.l2_radius_m",
    "l3-radius": "coverage.l3_radius_m",
}


@pytest.mark.parametrize("name", ALONG)
def test_sweeps_over_budget_and_radius_are_monotone_as_settled(project, name):
    """The objective, with the shortfall at its price, never falls by more than the gaps."""
    points = registry.points(project, name)
    values = [sweeps.value_at(point.case.config, ALONG[name]) for point in points]
    assert len(set(values)) == len(values) >= 5
    rows = registry.results(project, name).assign(value=values)
    assert {point.case.config.objective.mode for point in points} == {"weighted"}
    assert breaks(rows, "value") == []


def test_every_assumption_with_a_range_is_swept_at_both_ends(project):
    config = sweeps.published(project)
    names = {point.name for point in registry.points(project, "swings")}
    for known in sweeps.ranges(project):
        for end, values in (("low", known.low), ("high", known.high)):
            moved = any(sweeps.value_at(config, k) != v for k, v in values.items())
            assert (f"{known.key}.{end}" in names) == moved


def test_the_named_cases_are_swept_where_the_published_plan_differs(project):
    from kwev.config import scenario_paths

    swept = {point.name for point in registry.points(project, "cases")}
    named = {n for n, path in scenario_paths(project.config).items() if path.parent.name == "cases"}
    assert swept - named == {sweeps.SCENARIO, "straight_line"}
    # these are what the published plan has already
    assert named - swept == {"network", "weighted", "power_7_150", "home_access"}


def test_a_point_that_changes_nothing_is_the_published_plan(project):
    config = sweeps.published(project)
    for name in ("budget", "land", "prices", "swings"):
        same = [p for p in registry.points(project, name) if p.case.config == config]
        assert same, name


SAMPLE = (
    ("budget", "2000k"),
    ("budget", "6000k"),
    ("land", "own"),
    ("l3-radius", "3000"),
    ("prices", "all-2"),
    ("swings", "siting.port_counts.low"),
    ("shortfall-price", "10"),
)


@pytest.mark.parametrize(("name", "point"), SAMPLE)
def test_a_sample_of_rows_is_what_its_actions_give(project, tables, name, point):
    check([p for p in registry.points(project, name) if p.name == point], project, tables, name)


@pytest.mark.slow
@pytest.mark.parametrize("name", registry.STUDIES)
def test_a_row_in_eight_is_what_its_actions_give(project, tables, name):
    """All columns but bounds; `kwev sweep --check` measures every row and proves every bound."""
    check(registry.points(project, name)[::8], project, tables, name, remeasured)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["cases", "equity", "frontier", "scenarios", "weighted-sum"])
def test_the_bounds_of_a_row_of_other_studies_are_proven(project, tables, name):
    check(registry.points(project, name)[-1:], project, tables, name)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "plans"), [("alternatives", 6)])
def test_the_plans_of_a_record_are_what_their_actions_give(project, monkeypatch, name, plans):
    assert registry.check(project, name) == (plans, [])
    read = study.read_record

    def forged(*args):
        values = read(*args)
        for key in ("l2", "now"):
            row = values["plans"][-1]
            if key in row:
                (row if key == "l2" else row["now"])["l2"] += 1e-6
        return values

    monkeypatch.setattr(registry.study, "read_record", forged)
    (line,) = registry.check(project, name)[1]
    assert "says l2 is" in line


def check(points, project, tables, name, differs=differences):
    rows = registry.results(project, name).set_index("name", drop=False)
    assert points
    for point in points:
        assert differs(tables, point.case, rows.loc[point.name].to_dict()) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "point"),
    [("budget", "3000k"), ("swings", "costs.l2_station_cad.high"), ("geography", "tract")],
)
def test_a_sample_of_rows_solved_again_is_the_same(tmp_path, project, name, point):
    (own,) = [p for p in registry.points(project, name) if p.name == point]
    copy = checkout(tmp_path / "copy", project)
    assert load_tables(copy.processed).inputs_sha256 == load_tables(project.processed).inputs_sha256
    study.run(copy, [own])
    (again,) = study.results(copy, [own]).to_dict("records")
    rows = registry.results(project, name)
    (kept,) = rows[rows["name"] == point].to_dict("records")
    for column in ("key", "status", *KINDS):
        assert again[column] == kept[column]
    # another machine may take another plan inside the gap
    gap = 2 * own.case.config.solver.mip_gap
    assert again["objective"] == pytest.approx(kept["objective"], rel=gap)
    assert again["shortfall_points"] == pytest.approx(kept["shortfall_points"], rel=gap, abs=1e-3)
