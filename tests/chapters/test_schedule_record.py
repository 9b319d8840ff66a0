"""The committed schedules are those that the published plan makes, and its pages say so."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from kwev.project import Project
from kwev.report import timing
from kwev.report.sites import site_files, site_list


@pytest.fixture(scope="module")
def report():
    from kwev.report.scenario import load_report

    return load_report()


def test_the_record_is_one_of_the_published_plan(report):
    assert report.timetable.problems() == []
    assert report.timetable.gap <= 0.001


def test_the_record_keeps_to_the_published_geography(report):
    assert timing.record(report.project).parts == (
        timing.record(report.project, report.scenario, report.geography).parts
    )


@pytest.mark.slow
def test_the_schedules_are_made_again(report):
    again = timing.make(report.tables, report.plan, report.config)
    committed = report.timetable.values
    for name, points in again["points"].items():
        # lists are the same, the best one may differ within its gap
        if name != "best":
            assert points == pytest.approx(committed["points"][name], rel=1e-9)
            assert again["periods"].get(name) == committed["periods"].get(name)
    assert again["bound"] >= committed["points"]["best"] * (1 - 1e-9)
    assert committed["bound"] >= again["points"]["best"] * (1 - 1e-9)


@pytest.mark.slow
def test_every_site_of_the_table_has_its_page_and_its_row(report, tmp_path):
    there = Project(tmp_path)
    for shown in (site_list(report), site_files(report)):
        shown.publish(there)
    table = site_list(report).frame
    assert sorted(table["id"]) == sorted(action.id for action in report.plan.actions)
    assert table["estimated_cost_cad"].sum() == report.plan.cost.net_cad
    for row in table.to_dict("records"):
        page = BeautifulSoup((tmp_path / row["page"].lstrip("/")).read_text(), "lxml")
        assert page.h1.text == row["name"]
        assert row["id"] in page.text
    pages = sum(path.stat().st_size for path in (tmp_path / "assets" / "sites").iterdir())
    files = sum(path.stat().st_size for path in (tmp_path / "assets" / "downloads").iterdir())
    assert pages < 2e6
    assert files < 2e6
