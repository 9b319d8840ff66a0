"""What the conventions of the web ask of a site, with and without a publisher's addresses."""

from __future__ import annotations

import json
import shutil

import pytest
from bs4 import BeautifulSoup
from lxml import etree

from kwev.book.chapters import read_book
from kwev.book.conventions import description, dress
from kwev.book.pages import check_book
from kwev.files import write_json

GIVEN = {
    "name": 'A "public" <body>', "contact": "", "feedback": "mailto:ev@example.org",
    "site_url": "https://example.org/ev", "repo_url": "https://example.org/code",
    "repo_branch": "main", "licence": "MIT",
}  # fmt: skip


@pytest.fixture
def dressed(rendered, tmp_path):
    """Dress a copy of the rendered book by a publisher's file, or by none."""

    def make(publisher=None):
        root = tmp_path / "book"
        shutil.copytree(rendered[0].root, root)
        if publisher:
            (root / "config").mkdir(exist_ok=True)
            write_json(root / "config" / "publisher.json", publisher)
        book = read_book(root)
        dress(book, book.output_dir)
        return book

    return make


def soup_of(book, name):
    return BeautifulSoup((book.output_dir / name).read_text(encoding="utf-8"), "lxml")


def metas(soup):
    found = soup.select("meta[property], meta[name=description]")
    return {one.get("property") or one["name"]: one["content"] for one in found}


def test_every_page_says_what_it_is_about(dressed):
    book = dressed()
    told = {str(page.output): metas(soup_of(book, page.output)) for page in book.pages}
    for page, found in told.items():
        assert found["og:title"] == soup_of(book, page).title.get_text()
        assert found["description"] == found["og:description"]
        assert found["og:locale"] == "en_CA"
    assert len({found["og:title"] for found in told.values()}) == len(told)
    assert told["index.html"]["description"].startswith("With 2 sites, 27.8 % of the squares")


def test_without_an_address_nothing_leads_to_one(dressed):
    book = dressed()
    for page in book.pages:
        soup = soup_of(book, page.output)
        assert soup.select("link[rel=canonical], .kwev-repo") == []
        assert "og:url" not in metas(soup)
    assert not (book.output_dir / "sitemap.xml").exists()
    assert check_book(book) == []


def test_with_addresses_pages_have_theirs_and_lead_to_their_source(dressed):
    book = dressed(GIVEN)
    assert check_book(book) == []
    home, cover = soup_of(book, "index.html"), soup_of(book, "chapters/01-cover.html")
    assert home.select_one("link[rel=canonical]")["href"] == "https://example.org/ev/"
    own = "https://example.org/ev/chapters/01-cover.html"
    assert cover.select_one("link[rel=canonical]")["href"] == own == metas(cover)["og:url"]
    assert [link["href"] for link in cover.select("main .kwev-repo a")] == [
        "https://example.org/code/edit/main/chapters/01-cover.qmd",
        "https://example.org/code/issues/new",
        "mailto:ev@example.org",
    ]


def test_the_site_map_names_every_page_once(dressed):
    book = dressed(GIVEN)
    tree = etree.parse(book.output_dir / "sitemap.xml")
    found = [node.text for node in tree.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")]
    pages = ["", *(str(page.output) for page in book.pages[1:]), "assets/pages/downloads.html"]
    assert found == [f"https://example.org/ev/{page}" for page in pages]


def test_dressing_twice_changes_nothing(dressed):
    book = dressed(GIVEN)
    before = {p: p.read_bytes() for p in book.output_dir.rglob("*") if p.is_file()}
    dress(book, book.output_dir)
    assert {p: p.read_bytes() for p in book.output_dir.rglob("*") if p.is_file()} == before


def test_machines_are_told_of_the_data(dressed):
    book = dressed(GIVEN)
    folder = book.output_dir / "assets" / "downloads"
    write_json(
        folder / "datapackage.json",
        {
            "title": "Squares </script>",
            "licenses": [{"name": "X", "title": "X", "path": "https://example.org/x"}],
            "resources": [{"name": "squares", "path": "squares.csv", "mediatype": "text/csv"}],
        },
    )
    dress(book, book.output_dir)
    script = soup_of(book, "index.html").select('script[type="application/ld+json"]')
    assert len(script) == 1
    told = json.loads(script[0].string)
    assert (told["@context"], told["@type"]) == ("https://schema.org", "Dataset")
    assert told["name"] == "Squares </script>"
    assert told["publisher"]["name"] == GIVEN["name"]
    assert told["license"] == ["https://example.org/x"]
    assert [one["contentUrl"] for one in told["distribution"]] == [
        "https://example.org/ev/assets/downloads/squares.csv"
    ]
    assert not soup_of(book, "chapters/01-cover.html").select('script[type="application/ld+json"]')


def test_an_address_that_leads_nowhere_has_a_page(dressed):
    plain = soup_of(dressed(), "404.html")
    assert plain.h1.get_text() == "There is no such page"
    assert [link["href"] for link in plain.select("a")] == ["index.html"]


def test_links_of_the_missing_page_hold_at_any_depth(dressed):
    found = soup_of(dressed(GIVEN), "404.html")
    assert [link["href"] for link in found.select("a")] == ["https://example.org/ev/"]


def test_every_page_shows_the_books_icon(dressed):
    book = dressed()
    (book.root / "icon.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    text = (book.root / "_quarto.yml").read_text()
    (book.root / "_quarto.yml").write_text(text.replace("book:\n", "book:\n  favicon: icon.svg\n"))
    book = read_book(book.root)
    beside = book.output_dir / "assets" / "pages"
    beside.mkdir(parents=True, exist_ok=True)
    page = '<html lang="en"><head><title>T</title><link rel="icon" href="data:,"></head><body>'
    (beside / "place.html").write_text(f"{page}<main><h1>T</h1></main></body></html>")
    dress(book, book.output_dir)
    icons = {
        name: soup_of(book, name).select_one("link[rel=icon]")["href"]
        for name in ("index.html", "chapters/01-cover.html", "assets/pages/place.html")
    }
    assert list(icons.values()) == [
        "assets/icon.svg", "../assets/icon.svg", "../../assets/icon.svg",
    ]  # fmt: skip
    assert check_book(book) == []


@pytest.mark.parametrize("count", [3, 40, 400])
def test_a_description_is_the_first_paragraph_cut_at_a_word(count):
    text = " ".join(["charger"] * count)
    title = f"<header><h1>T</h1><p>{'A subtitle of the book ' * 4}</p></header>"
    page = BeautifulSoup(f"<main>{title}<p>Short.</p><p>{text}</p></main>", "lxml")
    found = description(page)
    assert len(found) <= 200
    assert found.removesuffix(" …").split() == ["charger"] * len(found.removesuffix(" …").split())
    assert (found == "") == (count == 3)
