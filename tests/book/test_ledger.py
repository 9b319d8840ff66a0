"""The ledger of a page names each number once, with its value, and leads to the file behind it."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from bs4 import BeautifulSoup

from kwev.book.chapters import Page, parse_chapter
from kwev.book.ledger import LEDGER, ledger, names_used
from kwev.display.values import Numbers, named

TEXT = """# Squares

Of `{python} n.squares` squares `{python} n.near` are near, `{python} other.part` and
`{python} f"{n.squares} again"`.

So says `{python} n.words`.
"""


@pytest.fixture
def numbers():
    return Numbers(
        named("cells.id", count={"squares": 1_200, "left": 4})
        + named("reach.by_level", share={"near": 0.256})
        + named("quality", text={"words": "<b>" + 80 * "w"})
    )


def used():
    page = Page(PurePosixPath("chapters/a.qmd"))
    return names_used(parse_chapter(TEXT, page))


def test_each_number_of_the_text_stands_once_in_its_order():
    assert used() == ["squares", "near", "part", "words"]


def test_a_ledger_tells_value_and_origin_and_leads_to_a_file(tmp_path, numbers):
    downloads = tmp_path / "assets" / "downloads"
    downloads.mkdir(parents=True)
    (downloads / "cells.csv.gz").touch()
    text = ledger([*used(), "unknown"], numbers, tmp_path, "../")
    soup = BeautifulSoup(text, "lxml")
    rows = [[cell.get_text() for cell in row.select("th, td")] for row in soup.select("tbody tr")]
    assert rows[:2] == [["squares", "1,200", "cells.id"], ["near", "25.6%", "reach.by_level"]]
    assert [row["id"] for row in soup.select("tr[id]")] == ["n-squares", "n-near", "n-words"]
    assert rows[2][1] == "<b>" + 57 * "w" + "…"
    assert [link["href"] for link in soup.select("a")] == ["../assets/downloads/cells.csv.gz"]
    assert LEDGER.sub("", f"<main>{text}</main>") == "<main></main>"


def test_a_page_without_numbers_has_no_ledger(tmp_path, numbers):
    assert ledger([], numbers, tmp_path, "") == ledger(["unknown"], numbers, tmp_path, "") == ""
