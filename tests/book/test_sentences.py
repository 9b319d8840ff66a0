"""No sentence of the book is too long."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from sentences import MOST_WORDS, long_sentences, sentences, words

from kwev.book.chapters import Page, parse_chapter, read_book, read_chapter
from kwev.project import find_project

PAGE = Page(PurePosixPath("chapters/01-x.qmd"))
LONG = " ".join(["word"] * (MOST_WORDS + 1)).capitalize() + "."


def test_sentences_are_found_and_formulas_cells_and_headings_are_none():
    text = (
        "# A heading that is no sentence {#sec-a}\n\nOne here. Two there!\n1. Of a list.\n\n"
        "$$\nx = 1\n$$ {#eq-x}\n\n```{python}\ncode\n```\n\nLast.\n"
    )
    found = list(sentences(parse_chapter(text, PAGE)))
    assert [one for _, one in found] == ["One here.", "Two there!", "Of a list.", "Last."]
    assert [line for line, _ in found] == [3, 3, 4, 14]


@pytest.mark.parametrize(
    ("sentence", "count"),
    [("Five words in a row.", 5), ("With `{python} n.much + n.more` of it.", 4),
     ("As shown [@church1974, p. 2].", 3), ("A and $x + y$, no more.", 5)],
)  # fmt: skip
def test_a_value_a_citation_and_a_formula_are_one_word(sentence, count):
    assert words(sentence) == count


def test_a_long_sentence_is_told_with_its_line_and_its_words():
    (told,) = long_sentences(parse_chapter(f"# T\n\nShort.\n{LONG}\n", PAGE))
    assert told.startswith("chapters/01-x.qmd:4: 26 words: Word")
    assert long_sentences(parse_chapter(f"# T\n\n{LONG.replace(' word', '', 1)}\n", PAGE)) == []


@pytest.mark.parametrize("page", read_book(find_project().root).pages, ids=str)
def test_no_chapter_has_a_long_sentence(page):
    found = long_sentences(read_chapter(find_project().root, page))
    assert found == [], "\n".join(found)
