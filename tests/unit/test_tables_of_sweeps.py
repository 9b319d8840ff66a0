"""Tables of many plans: the gap beside them is the checked one, and plans of other reach say so."""

from __future__ import annotations

import ast
from types import SimpleNamespace

import pandas as pd
import pytest

from kwev.display.figure import Origin
from kwev.display.table import columns_of
from kwev.project import find_project
from kwev.report import registry, sensitivity, sweeps

REPORT = find_project().root / "kwev" / "report"
TABLES = {
    "scenarios": sensitivity.scenarios_table,
    **dict.fromkeys(sensitivity.OTHERS, sensitivity.others_table),
}
"""The table that shows a study's plans, a row a plan."""
OTHERWISE = {
    "swings": "changes of one assumption, named in the row", "l2-radius": "the axis is the reach",
    "l3-radius": "the axis is the reach",
}  # fmt: skip
"""Studies whose plans differ in reach and that are shown with it in another way."""


def test_the_gap_of_a_study_is_read_in_one_place_alone():
    found = [
        (path.name, ast.unparse(node))
        for path in sorted(REPORT.glob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Subscript)
        and isinstance(node.slice, ast.Constant)
        and node.slice.value == "gap"
    ]
    # the others are a number of a place without chargers, and a gap of the bench
    assert set(found) == {
        ("bench.py", "towns['gap']"), ("gaps.py", "frame['gap']"), ("sweeps.py", "rows['gap']"),
    }  # fmt: skip


def test_the_gap_shown_is_the_checked_one_where_there_is_one():
    rows = pd.DataFrame({"gap": [0.001, 0.002], "gap_checked": [0.0025, float("nan")]})
    assert sweeps.shown_gap(rows).tolist() == [0.0025, 0.002]


def rows_of(points):
    """Return rows of a study as tables read them, with naught for every measure."""
    columns = ("budget_cad", "net_cad", "l2", "l3", "ev_owners", "new_l2", "new_l3", "upgrade",
               "gap", "gap_checked")  # fmt: skip
    texts = {"l2_status": "met", "l3_status": "met"}
    return pd.DataFrame(
        [{"name": p.name, **dict.fromkeys(columns, 0.0), **texts} for p in points]
    ).astype(dict.fromkeys(("new_l2", "new_l3", "upgrade"), int))


@pytest.fixture(scope="module")
def report():
    project = find_project()
    return SimpleNamespace(
        project=project,
        study=lambda name: rows_of(registry.points(project, name)),
        tables=SimpleNamespace(stations=None),
    )


@pytest.mark.parametrize("name", list(registry.STUDIES))
def test_plans_of_other_reach_say_their_reach(name, report, monkeypatch):
    points = registry.points(report.project, name)
    reach = [(p.case.config.coverage.l2_radius_m, p.case.config.coverage.l3_radius_m)
             for p in points]  # fmt: skip
    if len(set(reach)) == 1 or name in OTHERWISE:
        return
    monkeypatch.setattr(sensitivity, "_origin", lambda _: Origin("by hand", "2026"))
    shown = TABLES[name](report)
    keys = {column.key for column in columns_of(shown.columns)}
    assert {"l2_radius_m", "l3_radius_m"} <= keys
    own = sweeps.with_radii(report.study(name), points)
    assert list(zip(own["l2_radius_m"], own["l3_radius_m"], strict=True)) == reach
