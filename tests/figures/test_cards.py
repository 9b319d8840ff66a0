"""Cards are boxes that open without a script, and paragraphs in print."""

from __future__ import annotations

import pandas as pd
import pytest
from bs4 import BeautifulSoup

from kwev.display.cards import Card, Cards, Fact
from kwev.display.table import Column, Table
from kwev.errors import KwevError

TABLE = Table(
    "columns-x", pd.DataFrame({"c": ["x_m"]}), (Column("c", "Column"),), "s", "v", is_noted=False
)
FACTS = (
    Fact("Licence", "Open <1>", "https://example.org/?a=1&b=2"),
    Fact("Web", "only there", in_print=False),
)
CARDS = Cards("x", (Card("A *title*", "3 rows", FACTS, TABLE), Card("B", "", ())))


def test_a_box_for_each_card():
    soup = BeautifulSoup(CARDS.html(), "lxml")
    boxes = soup.select("details")
    assert [box.summary.text for box in boxes] == ["A *title* 3 rows", "B "]
    assert not soup.select("script, details[open]")
    assert [
        (t.text, d.text) for t, d in zip(soup.select("dt"), soup.select("dd"), strict=True)
    ] == [
        ("Licence", "Open <1>"),
        ("Web", "only there"),
    ]
    assert soup.select_one("dd a")["href"] == "https://example.org/?a=1&b=2"
    assert boxes[0].select("table th")[1].text == "x_m"
    assert not soup.select(".source-note")


def test_a_table_without_a_note_leaves_no_file_that_nothing_leads_to(folder):
    assert set(CARDS._repr_mimebundle_()) == {"text/html", "text/markdown", "text/plain"}
    assert not (folder.root / "assets" / "tables" / "columns-x.csv").exists()


def test_print_has_paragraphs_in_which_nothing_is_markup():
    text = CARDS.markdown()
    assert "**A \\*title\\*** 3 rows" in text
    assert "*Licence:* Open \\<1\\>." in text
    assert "only there" not in text
    assert "| x\\_m |" in text


def test_a_bad_name_is_refused():
    with pytest.raises(KwevError, match="not a name"):
        Cards("a b", ())
