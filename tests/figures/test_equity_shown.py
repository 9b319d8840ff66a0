"""Who is served, floors, history and drift as shown: both forms of each, and what they say."""

from __future__ import annotations

import pytest
from figures.reading import outside

from kwev.display.figure import is_svg
from kwev.errors import KwevError
from kwev.report import accessibility, effects, equity, monitoring

LIMIT_BYTES = 1_500_000
TABLES = (
    effects.served_households, accessibility.access_table, equity.floor_table,
    monitoring.targets_table, monitoring.lists_table,
    lambda report: monitoring.triggers_table(
        report,
        monitoring.triggers(report.tables, report.watched, report.history, report.plan),
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def report(recommended):
    return recommended


@pytest.mark.parametrize("table", TABLES)
def test_each_table_has_both_forms_and_no_hole(table, report):
    shown = table(report)
    for form in (shown.html(), shown.markdown()):
        assert not any(f"{edge}{word}" in form for edge in (">", "| ") for word in ("nan", "None"))
    assert len(shown.frame) > 0


def test_the_floors_stand_by_level_with_signs(report):
    shown = equity.floor_table(report)
    assert shown.group == "kind"
    assert {"Level 2", "Level 3"} == set(shown.frame["kind"])
    for text, price in zip(shown.frame["gives"], shown.frame["l2_price"], strict=True):
        value = float(text.replace("\N{MINUS SIGN}", "-"))
        assert value == pytest.approx(-price, abs=0.0501)  # a loss has a minus


def test_the_lorenz_chart_says_what_the_poorer_half_has(report):
    shown = accessibility.lorenz_chart(report.findings.lorenz, origin=report.origin)
    curves = report.findings.lorenz
    part = curves[(curves["level"] == "l3") & (curves["when"] == "after")]
    half = part.loc[(part["people"] - 0.5).abs().idxmin(), "value"]
    assert f"{half:.0%} with the plan" in shown.alt
    assert is_svg(shown.static().printed)
    assert outside(shown.interactive()) == []
    with pytest.raises(KwevError, match="people"):
        accessibility.lorenz_chart(curves.drop(columns="people"), origin=report.origin)


def test_the_history_chart_keeps_sources_apart(report):
    shown = monitoring.history_chart(report)
    assert set(shown.data["series"]) == set(monitoring._SERIES)
    assert "2022-07-15" in shown.alt
    assert "target 95%" in shown.alt
    assert is_svg(shown.static().printed)
    assert outside(shown.interactive()) == []


def test_the_map_of_accessibility_draws_every_area_with_people(report):
    found = accessibility.by_area(report.findings.effects)
    shown = accessibility.access_map(report.tables, report.plan, found)
    assert found["people"].sum() == pytest.approx(report.tables.cells["population"].sum(), rel=1e-6)
    assert f"in {len(found)} dissemination areas" in shown.alt
    # the mean over areas by their people is the mean over people
    mean = float(found["people"] @ found["l2_after"] / found["people"].sum())
    table = report.findings.access.set_index(["level", "when", "zones"])
    assert mean == pytest.approx(table.loc[("l2", "after", "plain"), "mean"], rel=1e-6)
    page = shown.interactive()
    assert len(page.encode()) < LIMIT_BYTES
    assert outside(page) == []
