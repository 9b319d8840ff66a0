"""Results as shown: the map of gaps, the chart of distances, the tables and their numbers."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest
from figures.reading import outside
from settled import DONE, furnished, line, on_a_road, plan_of
from toy import case, toy

from kwev.display import origins
from kwev.display.figure import is_svg
from kwev.errors import KwevError
from kwev.report import distances, effects, gaps, measures, reasons
from kwev.report.results import Findings, of_findings

LIMIT_BYTES = 400_000
RADIUS_M = {"l2": 500.0, "l3": 5_000.0}


@pytest.fixture(scope="module")
def report(tables, base_plan, base_case):
    return SimpleNamespace(
        tables=tables,
        plan=base_plan,
        origin=origins.plan(tables, base_plan),
        config=base_case.config,
        findings=Findings.of(tables, base_plan),
    )


@pytest.fixture(scope="module")
def gap_map(report):
    return drawn_gaps(report.findings)


def test_the_map_draws_every_gap_in_its_class(report, gap_map):
    drawn, table = gap_map.data, report.findings.gaps
    for level, name in (("l2", "Level 2"), ("l3", "Level 3")):
        part = drawn[drawn["layer"] == f"{name} gaps"]
        wanted = table[table["level"] == level]
        assert len(part) == len(wanted) > 0
        far = (part["class"] == "no site is near most of them").sum()
        assert far == (wanted["within_a_site"] < gaps.HALF).sum() > 0
        assert part["people"].astype(float).sum() == pytest.approx(wanted["people"].sum(), abs=1)


def test_the_map_says_in_words_what_it_shows(report, gap_map):
    left = report.findings.out_of_reach.set_index("level")["people"]
    assert f"out of reach of {left['l2']:,.0f} people" in gap_map.alt
    first = report.findings.gaps.iloc[0]
    assert f"near {first['near']} ({first['people']:,.0f})" in gap_map.alt


def test_the_map_is_small_local_and_the_same_again(report, gap_map):
    page = gap_map.interactive()
    assert len(page.encode()) < LIMIT_BYTES
    assert outside(page) == []
    assert drawn_gaps(report.findings).interactive() == page
    assert is_svg(gap_map.static().printed)


def test_a_plan_that_leaves_nobody_out_has_a_map_without_gaps(tables):
    small = furnished(toy([(0, 0, 10, 1)], stations=[(0, 0, 1, 2)]))
    on_a_road(small)
    made = Findings.of(small, plan_of(small, case(), []))
    assert len(made.gaps) == 0
    shown = gaps.gap_map(_on(tables, made.effects), made.gaps, made.out_of_reach)
    assert "out of reach of 0 people" in shown.alt
    assert set(shown.data["layer"]) <= {
        "Municipalities", "Level 2 stations with the plan", "Level 3 stations with the plan",
    }  # fmt: skip


def drawn_gaps(found):
    return gaps.gap_map(found.effects, found.gaps, found.out_of_reach)


def _on(tables, found):
    """Return the effects with the maps' tables of the Region, which a toy has not."""
    return SimpleNamespace(tables=tables, config=found.config, plan=found.plan, cells=found.cells)


def test_the_chart_of_distances_tells_the_shares_at_the_radius(report):
    curve = distances.curves(report.findings.distances)
    shown = distances.distance_chart(curve, RADIUS_M, origin=report.origin)
    cover = report.plan.coverage
    assert f"{cover.l2.before:.0%} today and {cover.l2.after:.0%} with the plan" in shown.alt
    assert f"{cover.l3.before:.0%} today and {cover.l3.after:.0%} with the plan" in shown.alt
    assert is_svg(shown.static().printed)
    again = distances.distance_chart(curve, RADIUS_M, origin=report.origin)
    assert shown.interactive() == again.interactive()


def test_the_chart_refuses_a_table_without_its_columns(report):
    curve = distances.curves(report.findings.distances)
    with pytest.raises(KwevError, match="network_after"):
        distances.distance_chart(
            curve.drop(columns="network_after"), RADIUS_M, origin=report.origin
        )


@pytest.mark.parametrize(
    "table",
    [
        effects.who_gains, distances.distance_table, measures.plan_measures,
        measures.plan_transit, reasons.site_reasons, gaps.gap_table,
    ],
)  # fmt: skip
def test_each_table_has_both_forms_and_no_hole(table, report):
    shown = table(report)
    page, text = shown.html(), shown.markdown()
    assert shown.source in page
    for form in (page, text):
        assert not any(f"{edge}{word}" in form for edge in (">", "| ") for word in ("nan", "None"))
    assert len(shown.frame) > 0


def test_the_table_of_reasons_has_every_action_once(report):
    frame = reasons.site_reasons(report).frame
    assert sorted(frame["id"]) == sorted(action.id for action in report.plan.actions)
    assert frame["points"].is_monotonic_decreasing
    conversions = frame[frame["kind"] == "upgrade"]
    assert conversions["alone"].tolist() == conversions["alone_l3"].tolist()


def test_the_table_of_groups_shows_the_headline(report):
    frame = effects.who_gains(report).frame
    (region,) = frame[frame["name"] == effects.REGION].to_dict("records")
    assert region["l2_after"] == pytest.approx(report.plan.coverage.l2.after, abs=1e-12)
    assert region["l3_before"] == pytest.approx(report.plan.coverage.l3.before, abs=1e-12)
    assert not (frame["group"] == effects.TOWN_VEHICLES).any()


def test_the_numbers_are_those_of_the_tables(report):
    numbers = {number.name: number.value for number in of_findings(report)}
    found, people = report.findings, report.findings.effects.cells.people.sum()
    cover = report.plan.coverage
    assert numbers["l2_out"] == pytest.approx(people * (1 - cover.l2.after))
    # nobody loses Level 3, so who is new there is the gain
    gained = people * (cover.l3.after - cover.l3.before)
    assert numbers["l3_newly"] == pytest.approx(gained)
    assert numbers["l2_gap_places"] == (found.gaps["level"] == "l2").sum()
    assert not any(isinstance(v, float) and math.isnan(v) for v in numbers.values())


def report_of(tables, plan):
    """Return what the numbers of a small region read of a report."""
    found = Findings.of(tables, plan)
    return SimpleNamespace(tables=tables, plan=plan, config=case().config, findings=found)


def test_numbers_that_do_not_exist_are_words():
    tables = line()
    plan = plan_of(tables, case(), [])
    small = report_of(tables, plan)
    numbers = {number.name: number for number in of_findings(small)}
    assert str(numbers["l2_cost_per_point"]).startswith("not defined: ")
    assert numbers["kept_median"].value == 0
    assert numbers["new_sites_near_transit"].value == 0
    tables = toy([(0, 0, 10, 1)], sites=[(0, 0, "library")])
    on_a_road(furnished(tables))
    plan = plan_of(tables, case(), [])
    small = report_of(tables, plan)
    numbers = {number.name: number for number in of_findings(small)}
    assert str(numbers["l2_half_after"]) == "no station is reached"


def test_done_is_a_plan_with_every_number():
    tables = line()
    plan = plan_of(tables, case(), DONE)
    small = report_of(tables, plan)
    numbers = {number.name: number.value for number in of_findings(small)}
    # 50 and 30 people are new to Level 2, 180 to Level 3
    assert (numbers["l2_newly"], numbers["l3_newly"]) == (80, 180)
    assert numbers["l2_most_deprived_after"] == 1
    assert numbers["l2_farthest_after"] == 18.8
    # q000 and q001 are near transit, the converted station is not
    assert numbers["new_sites_near_transit"] == pytest.approx(2 / 3)
