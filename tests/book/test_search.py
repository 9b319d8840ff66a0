"""The preview's search: what the index holds, and a browser that asks it from a folder."""

from __future__ import annotations

import json
import shutil

import pytest
from bs4 import BeautifulSoup

from kwev.book.search import MOST_BYTES, script, sections_of, write_index


def index_of(site):
    text = (site / "assets" / "search-index.js").read_text(encoding="utf-8")
    return json.loads(text.removeprefix("kwevSearch.give(").removesuffix(");\n"))


def test_every_section_of_every_page_is_in_the_index(rendered):
    book, _ = rendered
    index = index_of(book.output_dir)
    assert [page for page, _ in index["pages"]] == [str(page.output) for page in book.pages]
    for number, (name, title) in enumerate(index["pages"]):
        soup = BeautifulSoup((book.output_dir / name).read_text(encoding="utf-8"), "lxml")
        own = [one for one in index["sections"] if one[0] == number]
        heads = [" ".join(h.get_text(" ").split()) for h in soup.main.select("h1, h2, h3, h4")]
        assert [one[2] for one in own] == heads
        assert title == heads[0]
        for _, anchor, _, _ in own:
            assert not anchor or soup.find(id=anchor) is not None


def test_a_section_holds_its_text_and_of_a_table_each_word_once():
    page = (
        "<main><h1 id='a'>One</h1><p>First <b>words</b>.</p><ul><li><p>Item</p></li></ul>"
        "<nav>beside</nav><script>no</script><section id='b'><h2>Two</h2></section>"
        "<table><tr><th>Place</th><th>Wilmot</th></tr>"
        "<tr><td>Wilmot 12</td><td>34</td></tr></table></main>"
    )
    found = list(sections_of(BeautifulSoup(page, "lxml"), 3))
    assert found == [(3, "a", "One", "First words . Item"), (3, "b", "Two", "Place Wilmot")]


def test_the_index_stays_small_whatever_a_book_holds():
    long = " ".join(f"word{number}" for number in range(2_000))
    sections = [(0, f"s{number}", f"Heading {number}", long) for number in range(300)]
    text = script([["index.html", "T"]], sections)
    assert len(text.encode()) < MOST_BYTES
    kept = json.loads(text)["sections"]
    assert len(kept) == 300
    assert all(one[3].split()[-1].startswith("word") for one in kept)


@pytest.mark.slow
@pytest.mark.parametrize("width", [360, 1280])
def test_a_page_of_a_folder_finds_a_word_and_leads_to_it(browser, rendered, tmp_path, width):
    book, _ = rendered
    site = tmp_path / "a folder"
    shutil.copytree(book.output_dir, site)
    beside = site / "assets" / "pages"
    beside.mkdir(parents=True, exist_ok=True)
    (beside / "towns.html").write_text(
        '<html lang="en"><head><title>T</title></head><body><main><h1>My town</h1>'
        '<h2 id="wilmot">Township</h2><p>What Wilmot gets, and Zürich too.</p></main></body></html>'
    )
    write_index(book, site)
    tab = browser.new_page(viewport={"width": width, "height": 800})
    errors = []
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.goto((site / "chapters" / "01-cover.html").as_uri())
    field = tab.get_by_role("searchbox", name="Search the book")
    field.fill("WILM")
    tab.get_by_text("1 section", exact=True).wait_for()
    link = tab.locator("#search li a")
    assert link.get_attribute("href") == "../assets/pages/towns.html#wilmot"
    assert tab.locator("#search mark").all_inner_texts() == ["Wilm"]
    room = tab.evaluate("document.documentElement.clientWidth")
    assert tab.evaluate("document.documentElement.scrollWidth") <= room
    field.fill("zurich wilmot")
    assert tab.locator("#search li").count() == 1
    field.fill("ilmot")  # a word is found from its beginning
    tab.get_by_text("No section has all these words.").wait_for()
    field.fill("wilmot")
    field.press("Enter")
    assert link.evaluate("e => e === document.activeElement")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/towns.html#wilmot")
    assert errors == []
    tab.close()
