"""The openings of all chapters speak of one plan, name their metric and agree with the front page.

An opening is what stands before a chapter's first section.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sentences import words

from kwev.book.chapters import read_book, read_chapter
from kwev.report.numbers import everything

ROOT = Path(__file__).resolve().parents[2]
NAME = re.compile(r"\{python\} \w+\.(\w+)`")
MOST_WORDS = 90
METRICS = ("along the roads", "straight line", "le long des rues", "de route", "vol d'oiseau")

ALIKE = (
    ("rec_l2_road_after", "l2_after"),
    ("rec_l3_road_after", "l3_after"),
    ("rec_ev_road_after", "ev_after"),
    ("rec_l2_road_before", "l2_by_road_share", "l2_before"),
    ("rec_l3_road_before", "l3_by_road_share", "l3_before"),
    ("spec_l2_line_before", "l2_now"),
    ("spec_l3_line_before", "l3_now"),
    ("rec_net", "net_cost"),
    ("rec_new", "new_stations"),
)
"""Names of one quantity, the front page's first."""

TOLD_ALONE = {
    "target_l2", "target_l3", "target_ev",  # what is asked for
    "spec_l2_line_after", "spec_l2_road_after",  # the other plan, by its name
    "l2_low", "l2_high", "l3_low", "l3_high",  # at the least and the most money of the sweep
    "city_share", "utilisation", "served_cities_l2", "served_townships_l2",
}  # fmt: skip
"""Shares in openings that stand at one place of the book alone, each declared here."""


def opening(source):
    """Return the prose before the first section of a chapter, code cells left out."""
    page = next(page for page in read_book(ROOT).pages if str(page.source) == source)
    text = "\n".join(block.text for block in read_chapter(ROOT, page).markdown)
    return re.split(r"^## ", text, maxsplit=1, flags=re.MULTILINE)[0]


SOURCES = [str(page.source) for page in read_book(ROOT).pages]


@pytest.fixture(scope="module")
def numbers(recommended):
    return {number.name: number for number in everything(recommended)}


@pytest.mark.parametrize("names", ALIKE, ids=lambda names: names[0])
def test_one_quantity_prints_alike_wherever_it_stands(numbers, names):
    assert len({str(numbers[name]) for name in names}) == 1, [str(numbers[n]) for n in names]


@pytest.mark.parametrize("source", SOURCES)
def test_a_share_of_an_opening_is_the_front_pages_or_declared(numbers, source):
    known = {name for names in ALIKE for name in names} | TOLD_ALONE
    shares = {n for n in NAME.findall(opening(source)) if numbers[n].unit == "share"}
    assert shares <= known


@pytest.mark.parametrize("source", [s for s in SOURCES if s != "index.qmd"])
def test_an_opening_is_read_in_half_a_minute(source):
    lines = [line for line in opening(source).splitlines() if not line.startswith(("#", ":::"))]
    assert sum(map(words, lines)) <= MOST_WORDS


@pytest.mark.parametrize("source", SOURCES)
def test_an_opening_with_a_reach_names_its_metric(source):
    reach = {name for names in ALIKE for name in names if "_l" in f"_{name}" and name != "rec_new"}
    reach |= {"swing_l2_points", "swing_l3_points"}
    paragraphs = opening(source).split("\n\n")
    told = [p for p in paragraphs if any(n in reach - {"rec_net"} for n in NAME.findall(p))]
    for paragraph in told:
        assert any(metric in paragraph for metric in METRICS), paragraph


def test_the_budget_of_the_plan_reaches_in_chapter_4_what_the_front_page_says(recommended):
    rows = recommended.study("budget")
    own = rows[rows["budget_cad"] == recommended.config.budget.limit_cad].iloc[0]
    for level in ("l2", "l3", "ev_owners"):
        told = getattr(recommended.plan.coverage, level).after
        assert own[level] == pytest.approx(told, abs=1e-9)
    assert own["net_cad"] == recommended.plan.cost.net_cad


@pytest.mark.parametrize("study", ["cases", "land", "weights", "geography", "equity"])
def test_the_unchanged_point_of_a_study_is_the_published_plan(recommended, study):
    rows = recommended.study(study).set_index("name")
    named = {"cases": "recommended", "land": "all", "geography": "cell"}.get(study, "base")
    assert rows.loc[named, "l2"] == pytest.approx(recommended.plan.coverage.l2.after, abs=1e-9)
    assert rows.loc[named, "l3"] == pytest.approx(recommended.plan.coverage.l3.after, abs=1e-9)
