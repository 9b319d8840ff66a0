"""Studies: what is kept of a plan, what is never shown, and runs that are stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest
from shelves import checkout

from kwev.config import Case
from kwev.errors import KwevError
from kwev.files import read_json, write_json
from kwev.studies import store, study
from kwev.studies.rows import actions_of, differences
from kwev.studies.study import Point, Record

BUDGETS_CAD = (250_000.0, 500_000.0, 1_000_000.0)


def points_of(base_case, budgets=BUDGETS_CAD, name="toy"):
    return [
        Point(
            name,
            f"{budget:.0f}",
            Case("base", base_case.config.with_values(budget__limit_cad=budget), "tract"),
        )
        for budget in budgets
    ]


@pytest.fixture(scope="module")
def points(base_case):
    return points_of(base_case)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory, project, points):
    """Return a project in which the study was made, and what was told on the way."""
    copy = checkout(tmp_path_factory.mktemp("shelf") / "copy", project)
    told = []
    made = study.run(copy, points, progress=told.append)
    assert made == len(points)
    assert sorted(told) == sorted(f"toy/{p.name}" for p in points)
    return copy


@pytest.fixture
def table(shelf):
    """Return the path of the study's table, put back as it was afterwards."""
    path = study.path_of(shelf, "toy")
    sound = path.read_bytes()
    yield path
    path.write_bytes(sound)


def test_a_row_says_what_the_certified_plan_says(shelf, points, tables):
    rows = study.results(shelf, points)
    assert list(rows["name"]) == [p.name for p in points]
    for point, row in zip(points, rows.to_dict("records"), strict=True):
        plan = store.stored(shelf, tables, point.case).plan
        assert row["key"] == store.key(tables, point.case)
        assert row["budget_cad"] == plan.cost.budget_cad
        assert row["net_cad"] == plan.cost.net_cad
        assert row["l2"] == pytest.approx(plan.coverage.l2.after, abs=1e-12)
        assert row["l3_model"] == pytest.approx(plan.model_coverage.l3.after, abs=1e-12)
        assert row["shortfall_points"] == pytest.approx(plan.shortfall.total_points, abs=1e-12)
        assert row["new_l2"] == sum(a.kind == "new_l2" for a in plan.actions)
        assert row["l2_status"] == plan.certificate.targets["l2"]
        assert row["violations"] == 0
        done = actions_of(row["actions"])
        assert done == tuple((a.id, a.ports_added) for a in plan.actions)


def test_a_row_can_be_measured_again_from_its_actions(shelf, points, tables):
    rows = study.results(shelf, points)
    for point, row in zip(points, rows.to_dict("records"), strict=True):
        assert differences(tables, point.case, row) == []


@pytest.mark.parametrize(
    ("column", "change"),
    [("l2", 1e-6), ("net_cad", 1), ("objective", 1e-3), ("new_l2", 1), ("kw_added", 0.1)],
)
def test_what_was_changed_with_its_checksum_shows_when_measured_again(
    shelf, points, tables, column, change
):
    row = study.results(shelf, points).to_dict("records")[0]
    (line,) = differences(tables, points[0].case, {**row, column: row[column] + change})
    assert f"says {column} is" in line


def test_an_action_left_out_shows_when_measured_again(shelf, points, tables):
    row = study.results(shelf, points).to_dict("records")[0]
    fewer = " ".join(row["actions"].split()[1:])
    assert differences(tables, points[0].case, {**row, "actions": fewer})
    (line,) = differences(tables, points[0].case, {**row, "actions": "new_l9_nowhere:1"})
    assert "cannot be read" in line


def test_the_second_run_makes_nothing(shelf, points, table):
    before = table.stat().st_mtime_ns
    assert study.run(shelf, points) == 0
    assert table.stat().st_mtime_ns == before


def lines_of(path):
    return path.read_text().splitlines(keepends=True)


def cut(path):
    path.write_bytes(path.read_bytes()[:-40])


def halved(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def edited(path):
    path.write_text(path.read_text().replace(",0.", ",0.9", 1))


def port_added(path):
    head, row, *rest = lines_of(path)
    path.write_text("".join([head, row.replace(":1 ", ":2 ", 1), *rest]))


def removed(path):
    head, _, *rest = lines_of(path)
    path.write_text("".join([head, *rest]))


def doubled(path):
    head, row, *rest = lines_of(path)
    path.write_text("".join([head, row, row, *rest]))


def swapped_names(path):
    text = path.read_text()
    path.write_text(text.replace("250000,", "x,", 1).replace("500000,", "250000,", 1))


def another_header(path):
    path.write_text(path.read_text().replace("net_cad", "cost_cad", 1))


def emptied(path):
    path.write_text("")


def not_text(path):
    path.write_bytes(b"\xff\xfe\x00")


def gone(path):
    path.unlink()


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (cut, "cut off"),
        (halved, "cut off"),
        (edited, "'1000000'"),
        (port_added, "'1000000'"),
        (removed, "row '1000000' is missing"),
        (doubled, "twice"),
        (swapped_names, "damaged"),
        (another_header, "other columns"),
        (emptied, "other columns"),
        (not_text, "cannot be read"),
        (gone, "missing"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_damaged_table_is_named_and_mended_and_never_shown(shelf, points, table, damage, named):
    sound = table.read_bytes()
    damage(table)
    with pytest.raises(KwevError, match=named) as error:
        study.results(shelf, points)
    assert str(table) in str(error.value)
    assert "Run `kwev sweep toy`" in str(error.value)
    if damage is edited or damage is gone:  # one of a row, one of the whole table
        assert study.run(shelf, points) >= 1
        assert table.read_bytes() == sound


def test_a_stale_row_is_named_and_never_shown(shelf, points, base_case, monkeypatch):
    changed = [*points[:2], *points_of(base_case, (2_000_000.0,))]
    (line, missing) = study.problems(shelf, changed)
    assert line == "row '1000000' belongs to no point of the study"
    assert missing == "row '2000000' is missing"
    other = Case("base", points[0].case.config.with_values(targets__l2=0.5), "tract")
    (line,) = study.problems(shelf, [Point("toy", points[0].name, other), *points[1:]])
    assert "row '250000' is stale" in line
    monkeypatch.setattr(store, "PLAN_VERSION", "other")
    with pytest.raises(KwevError, match=r"stale.*and 2 more"):
        study.results(shelf, points)


def test_names_are_those_of_files_and_unique(base_case, shelf, points):
    with pytest.raises(KwevError, match=r"not a name of a study or point: '\.\./x'"):
        Point("toy", "../x", base_case)
    with pytest.raises(KwevError, match="two points are named '250000'"):
        study.run(shelf, [*points, points[0]])


def running(copy, code):
    script = textwrap.dedent(f"""
        from pathlib import Path
        from kwev.studies import study
        from kwev.config import Case, load_config
        from kwev.project import Project

        project = Project(Path({str(copy.root)!r}))
        config = load_config("base", project.config)
        points = [
            study.Point("toy", f"{{b:.0f}}",
                        Case("base", config.with_values(budget__limit_cad=b), "tract"))
            for b in {BUDGETS_CAD!r}
        ]
        if __name__ == "__main__":
            {code}
    """)
    path = copy.root / "script.py"
    path.write_text(script)
    return [sys.executable, str(path)]


def plans(copy):
    return {path: path.read_bytes() for path in copy.store.glob("*/plan.json")}


@pytest.mark.slow
def test_a_run_that_is_killed_goes_on_and_loses_nothing(tmp_path, project, shelf, points):
    copy = checkout(tmp_path / "copy", project)
    # one process solves, so that some plans are still to be made when the first one is there
    code = "study.store.MOST_WORKERS = 1; study.run(project, points)"
    job = subprocess.Popen(running(copy, code), start_new_session=True)
    deadline = time.monotonic() + 120
    while not plans(copy) and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(job.pid, signal.SIGKILL)
    job.wait()
    kept = plans(copy)
    assert 1 <= len(kept) < len(points)
    assert not study.path_of(copy, "toy").exists()
    with pytest.raises(KwevError, match="missing"):
        study.results(copy, points)
    stamps = {path: path.stat().st_mtime_ns for path in kept}
    study.run(copy, points)
    assert {path: path.stat().st_mtime_ns for path in kept} == stamps
    assert study.results(copy, points).equals(study.results(shelf, points))


# -- records -----------------------------------------------------------------------------------


@pytest.fixture
def kept(shelf, tables, points):
    calls = []

    def make():
        calls.append(1)
        return {"periods": [1, 2], "value": 0.5}

    rec = Record("toy-record", study.made_from(tables, points[0].case, "1"), make)
    study.write_record(shelf, rec)
    assert calls == [1]
    return rec


def test_a_record_is_read_as_it_was_made(shelf, kept):
    assert study.read_record(shelf, kept) == {"periods": [1, 2], "value": 0.5}


@pytest.mark.parametrize("damage", [cut, emptied, not_text, gone], ids=lambda d: d.__name__)
def test_a_damaged_record_is_never_shown(shelf, kept, damage):
    damage(study.record_path(shelf, kept.name))
    with pytest.raises(KwevError, match=r"the record is (damaged|missing)"):
        study.read_record(shelf, kept)


def test_an_edited_record_is_never_shown(shelf, kept):
    path = study.record_path(shelf, kept.name)
    values = read_json(path)
    values["values"]["value"] = 0.6
    write_json(path, values)
    with pytest.raises(KwevError, match="checksum does not fit"):
        study.read_record(shelf, kept)


def test_a_stale_record_is_never_shown(shelf, kept):
    other = Record(kept.name, {**kept.parts, "code": "0" * 64}, kept.make)
    with pytest.raises(KwevError, match="stale: code has changed"):
        study.read_record(shelf, other)


def test_a_record_must_be_plain_json(shelf):
    with pytest.raises(KwevError, match="not plain JSON"):
        study.write_record(shelf, Record("odd", {}, lambda: {"value": float("nan")}))
