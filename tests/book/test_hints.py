"""Glossary: each term once, in plain sentences, and linked at its first use alone."""

from __future__ import annotations

import re

import pytest

from kwev.book.hints import with_hints
from kwev.report.glossary import Term, definitions, terms, told

DEMAND = Term("Demand point", ("demand points", "demand point"), "Where people <live>.")
GAP = Term("Gap", ("gaps", "gap"), "How far from the best.")


def page(main):
    return f"<html><p>a gap</p><main><h1>Gap</h1>{main}</main></html>"


def test_the_first_use_in_prose_is_linked_and_the_others_are_left_alone():
    text = with_hints(page("<p>Demand points have a gap.</p><p>A gap.</p>"), [DEMAND, GAP], "../")
    assert text.count("kwev-term") == 2
    assert ">Demand points</a> have a <a " in text
    assert text.startswith("<html><p>a gap</p><main><h1>Gap</h1>")
    assert 'title="Where people &lt;live&gt;."' in text


@pytest.mark.parametrize(
    "main",
    [
        '<p><a href="x">the gap</a></p>', "<pre>gap</pre>", "<p><code>gap</code></p>",
        "<table><tr><td><p>gap</p></td></tr></table>", "<p>gapless stop-gap</p>", "<div>gap</div>",
    ],
)  # fmt: skip
def test_links_code_tables_and_parts_of_words_are_no_use(main):
    assert with_hints(page(main), [GAP], "") == page(main)


def test_the_glossarys_own_page_and_a_book_without_one_stay_as_they_are():
    assert with_hints(page("<p>A gap.</p>"), [], "") == page("<p>A gap.</p>")


def test_a_second_run_changes_nothing():
    once = with_hints(page("<p>A gap and a gap.</p>"), [GAP], "")
    assert once.count("<a ") == 1
    assert with_hints(once, [GAP], "") == once


def test_the_glossary_has_its_terms_once_each_with_an_anchor_of_its_own():
    found = terms()
    assert len(found) >= 30
    assert len({t.anchor for t in found}) == len({t.term for t in found}) == len(found)
    forms = [form.lower() for t in found for form in t.forms]
    assert len(forms) == len(set(forms))


def test_the_glossarys_sentences_are_short(recommended):
    for term in told(recommended):
        assert "{" not in term.about
        for sentence in re.split(r"(?<=\.)\s+(?=[A-Z])", term.about):
            assert len(sentence.split()) <= 25, sentence
    shown = definitions(recommended)
    assert shown.html().count('<dt id="term-') == len(terms())
    assert shown.markdown().count("\n:   ") == len(terms())
