"""The preview's site and PDF."""

from __future__ import annotations

import hashlib
import re

import pytest
import yaml
from bs4 import BeautifulSoup
from stated import page_facts

from kwev.book import preview
from kwev.book.chapters import read_book
from kwev.book.pages import check_book
from kwev.book.render import render
from kwev.errors import KwevError


def soup_of(book, page):
    return BeautifulSoup((book.output_dir / page).read_text(encoding="utf-8"), "lxml")


def test_the_site_is_sound(rendered):
    book, report = rendered
    assert check_book(book) == []
    assert (report.engine, report.pages) == ("preview", 4)
    assert "preview" in report.summary()


def test_numbers_captions_and_references_are_quartos(rendered):
    book, _ = rendered
    facts = page_facts(book.output_dir, "chapters/01-cover.html")
    assert facts.headings == ("1 Cover", "1.1 By reach", "1.1.1 Detail")
    assert facts.captions == (
        "Figure 1.1: Squares within reach of a site, as cover counts them (Equation 1.1).",
        "Table 1.1: Squares covered by reach.",
    )
    assert facts.references[:3] == (
        ("Equation 1.1", "chapters/01-cover.html#eq-cover"),
        ("Figure 1.1", "chapters/01-cover.html#fig-grid"),
        ("Equation 1.1", "chapters/01-cover.html#eq-cover"),
    )
    other = page_facts(book.output_dir, "chapters/02-limits.html")
    assert ("Figure 1.1", "chapters/01-cover.html#fig-grid") in other.references
    home = page_facts(book.output_dir, "index.html")
    assert [text for text, _ in home.references] == ["Chapter 1", "Chapter 2", "Appendix A"]


def test_inline_values_stand_in_the_text(rendered):
    book, _ = rendered
    text = " ".join(soup_of(book, "index.html").main.get_text().split())
    assert "With 2 sites, 27.8 % of the squares lie next to one." in text


def test_every_page_says_that_it_is_the_preview_and_where_it_comes_from(rendered):
    book, _ = rendered
    for page in book.pages:
        soup = soup_of(book, page.output)
        assert (
            soup.select_one(".preview-banner")
            .get_text()
            .startswith("Preview rendered without Quarto")
        )
        assert "Scenario" in soup.select_one("footer .provenance").get_text()
        assert soup.html["lang"] == "en-CA"
        assert soup.select_one("a.skip-link")["href"] == "#main"
        assert soup.find(id="main") is not None
        assert soup.select(".sidebar a[aria-current=page]")


def test_a_figure_is_interactive_and_a_table_scrolls(rendered):
    book, _ = rendered
    soup = soup_of(book, "chapters/01-cover.html")
    assert soup.select_one("figure#fig-grid .drawing svg title") is not None
    assert soup.select_one("figure#tbl-reach .table-scroll table") is not None
    assert soup.select_one("math") is not None


def test_a_figure_and_a_table_lead_to_their_cell(rendered):
    book, _ = rendered
    soup = soup_of(book, "chapters/01-cover.html")
    for label, call in (("fig-grid", "squares.drawing"), ("tbl-reach", "squares.table")):
        folded = soup.select_one(f"figure#{label} details.code-fold")
        assert folded.summary.get_text() == "How this was computed"
        assert call in folded.select_one("code").get_text()
    assert "import squares" not in soup.main.get_text()
    shown = soup_of(book, "chapters/02-limits.html").select_one("figure#tbl-frame .cell")
    assert shown.details is None
    assert "squares.frame" in shown.select_one("code").get_text()


def test_an_example_is_shown_in_full_and_markdown_it_prints_is_set(rendered):
    book, _ = rendered
    soup = soup_of(book, "chapters/02-limits.html")
    cells = [cell for cell in soup.select("main > .cell") if "reach = 3" in cell.get_text()]
    assert [(cell.details, cell.select_one(".cell-output").text.strip()) for cell in cells] == [
        (None, "False")
    ]
    rule, folded = soup.select("details.callout")
    assert (rule.summary.text.strip(), "callout-tip" in rule["class"]) == ("The rule as code", True)
    assert "def covered" in rule.select_one("pre code").text
    assert folded.summary.text.strip() == "Folded"
    assert folded.a["href"] == "#sec-limits"


def test_what_is_for_one_form_stands_in_that_form_alone(rendered):
    book, _ = rendered
    shown = soup_of(book, "chapters/02-limits.html").main.get_text()
    assert "On a screen, near" in shown
    assert "On paper alone" not in shown


def test_citations_lead_to_the_pages_own_references(rendered):
    book, _ = rendered
    soup = soup_of(book, "chapters/01-cover.html")
    link = soup.select_one(".citation a")
    assert "1974" in link.get_text()
    assert soup.find(id=link["href"][1:]).get_text().strip().startswith("Church")


def test_a_wide_table_lies_on_its_side_and_nothing_else_does(rendered):
    book, _ = rendered
    content = (book.output_dir / "squares.pdf").read_bytes()
    boxes = re.findall(rb"/MediaBox\s*\[\s*0\s+0\s+([\d.]+)\s+([\d.]+)", content)
    turned = [float(width) > float(height) for width, height in boxes]
    assert turned.count(True) == 1 < len(turned)


def test_the_pdf_is_there(rendered):
    book, _ = rendered
    content = (book.output_dir / "squares.pdf").read_bytes()
    assert content.startswith(b"%PDF-")
    assert len(content) > 10_000


@pytest.mark.slow
def test_a_second_render_gives_the_same_bytes(rendered):
    book, _ = rendered

    def hashes():
        return {
            path.relative_to(book.output_dir): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(book.output_dir.rglob("*"))
            if path.is_file()
        }

    before = hashes()
    render(book.root, engine="preview", progress=False)
    assert hashes() == before


@pytest.mark.parametrize(
    ("overlay", "message"),
    [
        ("dead-reference", "@fig-nowhere leads nowhere"),
        ("missing-citation", "nobody2020"),
        ("missing-alt", "fig-plain has no text alternative"),
        ("failing-cell", r"01-cover\.qmd:11"),
        ("warning", "a cell warns: .*the reach is a guess"),
    ],
)
def test_a_broken_book_is_refused_and_the_old_one_stays(make_book, overlay, message):
    book = make_book(overlay)
    book.output_dir.mkdir()
    (book.output_dir / "index.html").write_text("the old book")
    (book.root / "build" / "site-killed").mkdir(parents=True)  # what a killed render leaves
    with pytest.raises(KwevError, match=message):
        render(book.root, engine="preview", progress=False)
    assert (book.output_dir / "index.html").read_text() == "the old book"
    assert not list((book.root / "build").glob("site-*"))


def test_stylesheet_has_the_rules_of_the_theme_by_day_and_by_night(make_book):
    book = make_book()
    theme = book.root / "theme"
    theme.mkdir(exist_ok=True)
    colours = "/*-- scss:defaults --*/\n// Colours.\n$kwev-ink: {};\n$body-color: $kwev-ink;\n"
    (theme / "light.scss").write_text(colours.format("#111"))
    own = "/*-- scss:rules --*/\n.moon { color: $kwev-ink; }\n"
    (theme / "dark.scss").write_text(colours.format("#eee") + own)
    rules = "/*-- scss:rules --*/\n// A remark.\n.both { color: $kwev-ink; }\n"
    (theme / "rules.scss").write_text(rules)
    html = book.root / "_quarto.yml"
    both = {side: [f"theme/{side}.scss", "theme/rules.scss"] for side in ("light", "dark")}
    settings = yaml.safe_load(html.read_text())
    settings["format"]["html"]["theme"] = both
    html.write_text(yaml.safe_dump(settings))
    css = preview._stylesheet(read_book(book.root))
    day, _, night = css.partition("@media (prefers-color-scheme: dark)")
    assert "--ink: #111;" in day
    assert ".both { color: var(--ink); }" in day
    assert night.startswith(" { :root { --ink: #eee; }\n.moon { color: var(--ink); } }")
    assert css.count(".both") == 1
    assert "$" not in css
    assert "remark" not in css
