"""A table fits a phone in HTML, is capped in print, and its CSV has all rows."""

from __future__ import annotations

import pandas as pd
import pytest
from bs4 import BeautifulSoup
from figures.reading import outside

from kwev.display.table import Column, Table, shares
from kwev.errors import KwevError

COLUMNS = (
    Column("id", "Id"),
    Column("cost", "Cost", "CAD", ",.0f"),
    Column("ok", "Public"),
    Column("note", "Note"),
)


def table(rows=3, **changes):
    frame = pd.DataFrame(
        {
            "id": [f"s_{i}" for i in range(rows)],
            "cost": [1234.5 - 2000 * i for i in range(rows)],
            "ok": [i % 2 == 0 for i in range(rows)],
            "note": [["a|b", "<b>@x</b>", None][i % 3] for i in range(rows)],
            "hidden": range(rows),
        }
    )
    facts = {"name": "t", "frame": frame, "columns": COLUMNS, "source": "x", "vintage": "2021"}
    return Table(**{**facts, **changes})


def test_bundle_and_csv(folder):
    shown = table()
    bundle = shown._repr_mimebundle_(include=None)
    assert bundle["text/html"] == shown.html()
    assert bundle["text/markdown"] == shown.markdown()
    read = pd.read_csv(folder.root / "assets" / "tables" / "t.csv")
    pd.testing.assert_frame_equal(read, shown.frame, check_dtype=False)
    assert outside(bundle["text/html"]) == []


def test_html_is_semantic_and_scrolls():
    soup = BeautifulSoup(table().html(), "lxml")
    assert [th["scope"] for th in soup.select("thead th")] == ["col"] * 4
    assert [th.text for th in soup.select("thead th")] == ["Id", "Cost (CAD)", "Public", "Note"]
    assert [th.text for th in soup.select("tbody th[scope=row]")] == ["s_0", "s_1", "s_2"]
    region = soup.select_one("div.table-scroll")
    assert region["tabindex"] == "0"
    assert region["aria-label"]
    assert "overflow:auto" in region["style"]
    cells = [td.text for td in soup.select("tbody tr")[1].select("td")]
    assert cells == ["\N{MINUS SIGN}766", "no", "<b>@x</b>"]
    assert soup.select("tbody tr")[2].select("td")[2].text == "\N{EN DASH}"
    assert soup.select_one("a[href='/assets/tables/t.csv']")


def test_numbers_stand_right_and_text_left():
    soup = BeautifulSoup(table().html(), "lxml")
    styles = [th["style"].split(";")[0] for th in soup.select("thead th")]
    assert styles == [f"text-align:{a}" for a in ("left", "right", "left", "left")]
    rule = table().markdown().splitlines()[1]
    assert [cell.strip()[-1] for cell in rule.strip("|").split("|")] == ["-", ":", "-", "-"]


def test_the_first_column_and_a_long_tables_head_stay_in_sight():
    short = BeautifulSoup(table().html(), "lxml")
    corner, *heads = [th["style"] for th in short.select("thead th")]
    assert "left:0" in corner
    assert not any("sticky" in look for look in heads)
    assert all("left:0" in th["style"] for th in short.select("tbody th"))
    wide = table().frame.assign(id="a name that would fill the whole screen of a phone")
    filling = BeautifulSoup(table(frame=wide).html(), "lxml")
    assert not filling.select("[style*='left:0']")
    long = BeautifulSoup(table(rows=40).html(), "lxml")
    assert all("top:0" in th["style"] for th in long.select("thead th"))


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([["Name", "a b"], ["Value", "1,000"]], [7, 8]),
        ([["Name"], ["word " * 40]] + [["Value"]] * 3, [7, 39, 8, 8, 8]),
        ([["interregional " * 3]] * 8, [16] * 8),
    ],
)
def test_columns_share_the_page_without_breaking_words(texts, expected):
    """Wishes where they fit, then what is left after each column's longest word."""
    assert shares(texts) == expected


def test_markup_in_cells_stays_text():
    import pypandoc

    text = pypandoc.convert_text(table().markdown(), "html", format="markdown")
    soup = BeautifulSoup(text, "lxml")
    assert soup.select("tbody tr")[0].select("td")[3].text == "a|b"
    assert soup.select("tbody tr")[1].select("td")[3].text == "<b>@x</b>"
    assert soup.select("tbody tr")[1].select("td")[0].text == "s_1"
    assert not soup.select("b, cite, .citation")


def test_long_table_is_capped_in_print_and_says_so():
    shown = table(rows=12, pdf_rows=5)
    lines = [line for line in shown.markdown().splitlines() if line.startswith("|")]
    assert len(lines) == 2 + 5
    assert "First 5 of 12 rows; the CSV has all." in shown.markdown()
    assert len(BeautifulSoup(shown.html(), "lxml").select("tbody tr")) == 12
    assert "First" not in table().markdown()


def test_rows_stand_under_the_heading_of_their_group():
    shown = table(rows=4)
    shown = table(frame=shown.frame.assign(stage=["A", "A", "b|c", "b|c"]), group="stage")
    rows = BeautifulSoup(shown.html(), "lxml").select("tbody tr")
    heads = [row.text for row in rows if row.select("th[scope=colgroup]")]
    assert heads == ["A", "b|c"]
    assert [row.th.text for row in rows] == ["A", "s_0", "s_1", "b|c", "s_2", "s_3"]
    lines = shown.markdown().splitlines()[2:]
    assert [line.split(" | ")[0] for line in lines[:6]] == [
        "| **A**", "| s\\_0", "| s\\_1", "| **b\\|c**", "| s\\_2", "| s\\_3",
    ]  # fmt: skip


def test_print_leaves_out_rows_that_are_not_for_it():
    frame = table(rows=5).frame.assign(met=[True, False, True, False, False])
    shown = table(frame=frame, printed="met")
    assert [f"s\\_{i} " in shown.markdown() for i in range(5)] == list(frame["met"])
    assert "2 of 5 rows; the CSV has all." in shown.markdown()
    assert len(BeautifulSoup(shown.html(), "lxml").select("tbody tr")) == 5
    capped = table(frame=frame, printed="met", pdf_rows=1)
    assert "First 1 of 5 rows; the CSV has all." in capped.markdown()


def test_a_value_leads_to_its_address():
    frame = table().frame.assign(url=["/assets/a.csv?x&y", "", "https://e.org"])
    shown = table(frame=frame, columns=(Column("id", "Id", link="url"), *COLUMNS[1:]))
    links = BeautifulSoup(shown.html(), "lxml").select("tbody a")
    assert [(a.text, a["href"]) for a in links] == [
        ("s_0", "/assets/a.csv?x&y"),
        ("s_2", "https://e.org"),
    ]
    with pytest.raises(KwevError, match="no column 'nowhere'"):
        table(columns=(Column("id", "Id", link="nowhere"),))


def test_what_links_lead_to_is_written_with_the_table(folder):
    written = []
    table(more=lambda project: written.append(project.root))._repr_mimebundle_()
    assert written == [folder.root]


def test_bad_tables_are_refused():
    with pytest.raises(KwevError, match="no column 'nope'"):
        table(columns=(Column("nope", "Nope"),))
    with pytest.raises(KwevError, match="source or vintage"):
        table(source="")
    with pytest.raises(KwevError, match="no columns"):
        table(columns=())


@pytest.mark.parametrize(("columns", "letters", "is_wide"), [(6, 60, False), (7, 15, True)])
def test_table_that_needs_the_room_lies_across_in_print(columns, letters, is_wide):
    frame = pd.DataFrame([["x" * letters] * columns], columns=[f"c{i}" for i in range(columns)])
    shown = Table("wide", frame, tuple(Column(key, key) for key in frame), "a source", "2025")
    assert ('class="kwev-table kwev-wide"' in shown.html()) is is_wide
