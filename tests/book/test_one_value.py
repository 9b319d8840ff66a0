"""One quantity has one value, a count of nought is no subject, and no digit is more than known.

Read from the numbers of the book as they are kept, so nothing is solved.
"""

from __future__ import annotations

import re

import pytest

from kwev.book import expected
from kwev.book.chapters import read_book, read_chapter
from kwev.display.values import ASSUMED_DIGITS, Number, instead, named, significant, some
from kwev.files import read_json
from kwev.project import find_project

ROOT = find_project().root
KEPT = read_json(expected.path(find_project()))["numbers"]

SAME = [
    ("hind_cut", "watch_older"),
    ("hind_newest", "watch_newer"),
    ("growth_older_date", "watch_older"),
    ("growth_newer_date", "watch_newer"),
    ("apartment_share", "flats_share"),
]  # fmt: skip
"""Names of one quantity that chapters say from different measures."""

ZERO_MAY = re.compile(r"\s*(?:violations?|broken rules)\b")
"""What a count of nought may stand before."""


@pytest.mark.parametrize(("one", "other"), SAME)
def test_one_quantity_has_one_value(one, other):
    first, second = (
        str(Number(name, KEPT[name]["value"], KEPT[name]["unit"], "")) for name in (one, other)
    )
    assert first == second, f"{one} is {first}, {other} is {second}"


def test_hindsight_and_the_history_differ_by_what_the_chapter_says():
    shares = read_json(find_project().results / "hindsight.json")["values"]["shares"]
    apart = [
        100 * abs(shares[network][level] - KEPT[f"watch_{level}_{end}"]["value"])
        for network, end in (("then", "older"), ("built", "newer"))
        for level in ("l2", "l3")
    ]
    assert KEPT["watch_places"]["value"] == pytest.approx(max(apart), abs=1e-6)
    assert max(apart) < 0.3


def test_a_count_of_nought_is_no_subject():
    found = []
    for page in read_book(ROOT).pages:
        for block in read_chapter(ROOT, page).markdown:
            for inline in block.inlines:
                name = inline.expression.rpartition(".")[2]
                kept = KEPT.get(name, {})
                nought = kept.get("unit") == "count" and kept.get("value") == 0
                if nought and not ZERO_MAY.match(block.text[inline.end :]):
                    found.append(f"{page.source}:{inline.line}: {name}")
    assert found == []


_VALUE = r"`\{python\} \w+\.(\w+)`"
INSTEAD = re.compile(rf"{_VALUE}(?: of the people)? instead of {_VALUE}")


def test_no_value_stands_instead_of_one_that_prints_the_same():
    found = []
    for page in read_book(ROOT).pages:
        for block in read_chapter(ROOT, page).markdown:
            for one, other in INSTEAD.findall(block.text):
                first, second = (
                    str(Number(name, KEPT[name]["value"], KEPT[name]["unit"], ""))
                    for name in (one, other)
                )
                if first == second:
                    found.append(f"{page.source}: {one} and {other} are both {first}")
    assert found == []


def test_a_value_that_is_the_same_is_told_once():
    one, two = (Number("a", value, "share", "hand") for value in (0.8981, 0.8984))
    assert instead(one, two) == "89.8% either way"
    assert instead(one, Number("a", 0.762, "share", "hand")) == "89.8% instead of 76.2%"


def test_a_count_as_a_subject_says_no_one_or_how_many():
    said = [some(n, "area stands out", "areas stand out") for n in (0, 1, 1_200)]
    assert said == ["no area stands out", "one area stands out", "1,200 areas stand out"]


@pytest.mark.parametrize(
    ("value", "unit", "show", "text"),
    [
        (75_471, "CAD", "", "$75,500"), (-214_576, "CAD", "", "\N{MINUS SIGN}$215,000"),
        (1_645_203, "count", "", "1,650,000"), (12.345, "million CAD", "", "$12.3 million"),
        (1.2345, "million CAD", "", "$1.23 million"), (0.064_8, "share", "", "6.5%"),
        (0.648_1, "share", "{:.2%}", "64.8%"), (64.81, "ratio", "{:.2f} years", "64.8 years"),
        (0, "CAD", "", "$0"), (999.6, "count", "", "1,000"), ("text", "text", "", "text"),
    ],
)  # fmt: skip
def test_what_rests_on_an_assumption_has_three_digits_at_most(value, unit, show, text):
    assert str(Number("x", value, unit, "by hand", show, ASSUMED_DIGITS)) == text


def test_what_is_counted_keeps_its_digits():
    (number,) = named("census", people={"people": 587_165})
    assert str(number) == "587,165"
    assert significant(587_165) == 587_000
