"""The front page's exhibits: what the cards say is the plan's, and a phone can read them."""

from __future__ import annotations

import re

import pytest
from bs4 import BeautifulSoup

from kwev.config.publisher import NOBODY
from kwev.plan import words
from kwev.site.front import DOORS, Card, card_block, doors, imprint_block, plan_cards
from kwev.site.page import Page

CARDS = (
    Card(
        "People near a charger, along the roads: today → with the plan",
        (("11.9% → 41.1%", "on foot, where <paths> are known."), ("74.5% → 89.8%", "by car.")),
    ),
    *(Card(f"Card {n}", (("within 0.45% of the best", "words of an ordinary length. " * 4),))
      for n in range(4)),
)  # fmt: skip


def page(name, menu=""):
    return Page(name, name.title(), f"What {name} is for.", "", menu)


def text_of(block):
    return BeautifulSoup(block.html, "lxml").get_text(" ")


def test_cards_say_the_same_on_the_screen_and_on_paper():
    block = card_block(CARDS)
    items = BeautifulSoup(block.html, "lxml").select("li")
    assert [item.select_one(".what").get_text() for item in items] == [c.what for c in CARDS]
    assert "first" in items[0]["class"]
    rows = block.markdown.strip().splitlines()
    assert len(rows) == 2 + sum(len(card.figures) for card in CARDS)
    assert all(row.count(" | ") == 1 for row in rows[2:])
    for card in CARDS:
        for big, _ in card.figures:
            assert big in text_of(block)
            assert f"**{big}**" in block.markdown
    assert "<paths>" in text_of(block)
    assert r"\<paths\>" in block.markdown


def test_a_reader_has_a_door_only_to_a_page_that_there_is():
    made = [page("map", "The plan on a map"), page("town-wilmot"), page("place", "My place"),
            page("extra", "More")]  # fmt: skip
    block = doors(made)
    links = BeautifulSoup(block.html, "lxml").select("a")
    assert [link["href"] for link in links] == [
        "/assets/pages/place.html", "/assets/pages/map.html", "/assets/pages/extra.html",
        "/chapters/a-data-catalogue.html",
    ]  # fmt: skip
    assert links[0].get_text().startswith("My place")
    assert DOORS["place"] in links[0].get_text()
    assert "What extra is for." in links[2].get_text()
    assert block.markdown.count("\n- ") == len(links) - 1
    assert "](" not in block.markdown


def test_the_imprint_names_nobody_or_the_publisher():
    none = text_of(imprint_block(NOBODY, "version 1, 2026-11-23", "Census 2021"))
    assert "not endorsed by any public body" in none
    assert "Contact" not in none
    given = NOBODY.model_copy(
        update={"name": "A <b>", "contact": "Clerk", "feedback": "mailto:a@example.org"}
    )
    block = imprint_block(given, "version 1", "Census 2021")
    soup = BeautifulSoup(block.html, "lxml")
    assert "A <b>" in soup.get_text()
    assert soup.a["href"] == "mailto:a@example.org"
    assert soup.a.get_text() == "a@example.org"
    assert "not endorsed" not in block.markdown


@pytest.mark.slow
def test_the_cards_are_the_published_plans(recommended):
    made = plan_cards(recommended)
    assert len(made) == 5
    plan = recommended.plan
    near, once, year, land, sure = (
        " ".join(f"{card.what} {big} {told}" for big, told in card.figures) for card in made
    )
    for level in ("l2", "l3"):
        reached = getattr(plan.coverage, level)
        assert f"{reached.before:.1%} → {reached.after:.1%}" in near
    assert "along the roads" in near
    assert "recommended plan" in near
    assert f"${plan.cost.net_cad / 1e6:.2f} million" in once
    assert int(re.search(r"\$([\d,]+)", year)[1].replace(",", "")) == pytest.approx(
        plan.cost.operating_cad_per_year, rel=5e-3
    )
    new = [action for action in plan.actions if action.kind in ("new_l2", "new_l3")]
    classes = recommended.tables.sites.set_index("site_id")["land"]
    own = sum(classes[action.place_id] == "own" for action in new)
    assert f"{own} of {len(new)}" in land
    assert f"{words.optimality(plan)} plan of the model: proven" in sure
    assert "assumed" in sure


LOOK = """() => [...document.querySelectorAll(".kwev-front-cards li")].map((card) => ({
  left: card.getBoundingClientRect().left, right: card.getBoundingClientRect().right,
  inside: card.scrollWidth <= card.clientWidth + 1,
  size: Math.min(...[...card.querySelectorAll("p")].map(
    (p) => parseFloat(getComputedStyle(p).fontSize))),
}))"""


@pytest.mark.slow
@pytest.mark.parametrize("width", [320, 360, 768, 1280])
def test_cards_can_be_read_on_any_screen(browser, tmp_path, width):
    path = tmp_path / "cards.html"
    path.write_text(
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>T</title>'
        '<meta name="viewport" content="width=device-width"></head>'
        '<body style="margin:0 auto;padding:0 1rem;max-width:46rem"><main>'
        f"{card_block(CARDS).html}{doors([page('place', 'My place')]).html}"
        f"{imprint_block(NOBODY, 'version', 'data').html}</main></body></html>"
    )
    tab = browser.new_page(viewport={"width": width, "height": 800})
    tab.goto(path.as_uri())
    cards = tab.evaluate(LOOK)
    wide = tab.evaluate("document.documentElement.scrollWidth")
    height = tab.evaluate("document.querySelector('.kwev-front-cards').offsetHeight")
    tab.close()
    assert len(cards) == 5
    assert wide <= width
    for card in cards:
        assert card["inside"]
        assert card["size"] >= 13
        assert 0 <= card["left"] < card["right"] <= width
    assert height <= (1100 if width <= 360 else 500)


@pytest.fixture(scope="module")
def site(project):
    found = project.root / "_book"
    if not (found / "index.html").is_file():
        pytest.skip("the book is not rendered; run make book")
    return found


@pytest.mark.slow
@pytest.mark.parametrize(("width", "most"), [(1280, 1200), (360, 2400)])
def test_what_council_would_decide_stands_on_the_first_screens(site, browser, width, most):
    tab = browser.new_page(viewport={"width": width, "height": 800})
    tab.goto((site / "index.html").as_uri())
    link = tab.locator("main ol + p a.quarto-xref").first
    assert link.bounding_box()["y"] < most
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    link.click()
    tab.wait_for_url("**/06-monitoring.html#sec-decide")
    assert tab.get_by_text("That council adopt the recommended plan").is_visible()
    tab.close()


@pytest.mark.slow
def test_every_door_opens(site):
    home = BeautifulSoup((site / "index.html").read_text(encoding="utf-8"), "lxml")
    doors_of = home.select(".kwev-front-doors a")
    assert len(doors_of) >= 1
    for link in doors_of:
        assert (site / link["href"]).is_file(), link["href"]


@pytest.mark.slow
def test_the_books_search_finds_a_township_from_a_folder(site, browser):
    if not (site / "assets" / "search-index.js").is_file():
        pytest.skip("Quarto has a search of its own, which asks a server")
    assert (site / "assets" / "search-index.js").stat().st_size < 600_000
    tab = browser.new_page(viewport={"width": 360, "height": 800})
    tab.goto((site / "index.html").as_uri())
    tab.get_by_role("searchbox", name="Search the book").fill("Wilmot")
    first = tab.locator("#search li a").first
    first.wait_for()
    assert "ilmot" in " ".join(tab.locator("#search mark").all_inner_texts())
    first.click()
    tab.wait_for_load_state()
    assert "Wilmot" in tab.locator("main").inner_text()
    tab.close()
