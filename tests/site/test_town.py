"""My town: wards add up to municipalities, these to the Region; two sheets; sort and filter."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from bs4 import BeautifulSoup

from kwev.model.network import RoadNetwork
from kwev.project import Project
from kwev.site import parts, town
from kwev.site.page import publish
from kwev.site.town_facts import TownFacts


@pytest.fixture(scope="module")
def facts(recommended):
    return TownFacts(recommended)


@pytest.fixture(scope="module")
def made(recommended):
    return town.pages(recommended)


@pytest.fixture(scope="module")
def folder(made, tmp_path_factory):
    root = tmp_path_factory.mktemp("site")
    publish(Project(root), made)
    return root / "assets" / "pages"


def sums(facts, towns):
    """Return what must add up: people, vehicles, money, sites and stations of places."""
    return np.array(
        [
            [facts.people(t), facts.vehicles(t), t.cost_cad, len(t.sites), t.stations.sum(),
             *(facts.without(t, level).people for level in ("l2", "l3")),
             *(facts.without(t, level).beyond for level in ("l2", "l3"))]
            for t in towns
        ]
    ).sum(axis=0)  # fmt: skip


def test_municipalities_add_up_to_the_region(facts, recommended):
    towns = [t for t in facts.towns if not t.is_ward]
    assert len(towns) == len(recommended.tables.municipalities)
    found, plan = recommended.findings, recommended.plan
    left = found.out_of_reach.set_index("level")
    people = found.effects.cells.people
    beyond = [
        people[~found.effects.covered(level, "after")].sum() * (1 - left["within_a_site"][level])
        for level in ("l2", "l3")
    ]
    assert sums(facts, towns) == pytest.approx(
        [people.sum(), found.effects.cells.ev.sum(), plan.cost.net_cad, len(plan.actions),
         found.effects.stations.in_region.sum(), *left["people"][["l2", "l3"]], *beyond]
    )  # fmt: skip
    assert sum(facts.people_share(t) for t in towns) == pytest.approx(1)
    assert sum(facts.money_share(t) for t in towns) == pytest.approx(1)


def test_wards_add_up_to_their_municipality(facts):
    for one in facts.towns:
        if not one.is_ward:
            own = [t for t in facts.towns if t.is_ward and t.municipality == one.municipality]
            assert sums(facts, own) == pytest.approx(sums(facts, [one])), one.name
            assert np.sum([t.cells for t in own], axis=0).tolist() == one.cells.astype(int).tolist()


def test_a_site_that_is_left_out_breaks_the_sum(facts):
    """What the two tests above are worth: a planted fault shows."""
    first = next(t for t in facts.towns if t.sites)
    broken = replace(first, sites=first.sites[1:])
    assert sums(facts, [broken]) != pytest.approx(sums(facts, [first]))


def test_shares_are_the_plans_own_and_are_measured_again(facts, recommended):
    towns = [t for t in facts.towns if not t.is_ward]
    people = np.array([facts.people(t) for t in towns])
    groups = recommended.findings.groups.set_index(["group", "name"])
    for level in ("l2", "l3"):
        reached = getattr(recommended.plan.coverage, level)
        for when, whole in (("before", reached.before), ("after", reached.after)):
            shares = [facts.share(t, "network", when, level) for t in towns]
            assert people @ shares / people.sum() == pytest.approx(whole)
            for t, share in zip(towns, shares, strict=True):
                row = groups.loc["By municipality, of people", t.name]
                assert share == pytest.approx(row[f"{level}_{when}"])


def test_a_ward_by_own_computation(facts, recommended):
    """Distances cell by cell, along the roads and straight, against the page's shares."""
    ward = next(t for t in facts.towns if t.slug == "kitchener-ward-9")
    found, radius = recommended.findings.effects, recommended.config.coverage.l2_radius_m
    cells = found.cells
    people = cells.people[ward.cells]
    for when in ("before", "after"):
        stations = found.network[when].l2
        apart = np.hypot(*(cells.xy_m[ward.cells][:, None] - stations.xy_m[None]).T).min(axis=0)
        straight = people[apart <= radius].sum() / people.sum()
        assert facts.share(ward, "straight_line", when, "l2") == pytest.approx(straight)
        roads = RoadNetwork.of(recommended.tables)
        walk = roads.nearest_m("walk", cells.places[ward.cells], stations)
        along = people[walk <= radius].sum() / people.sum()
        assert facts.share(ward, "network", when, "l2") == pytest.approx(along, abs=1e-3)


def test_a_page_says_what_is_built_and_links_to_each_site(facts, made):
    for one, page in zip(facts.towns, made[1:], strict=True):
        soup = BeautifulSoup(page.body, "html.parser")
        links = [a["href"] for a in soup.select("#built a")]
        assert sorted(links) == sorted(f"../sites/{site.id}.html" for site in one.sites)
        assert page.title == one.name
        assert f"In {one.name}, " in page.lead
        for svg in re.findall(r"<svg.*?</svg>", page.body, re.DOTALL):
            assert len(svg) <= 15_000


def test_sentences_are_short(made):
    for page in made:
        for sentence in re.split(r"(?<=[.!?])\s+", page.lead):
            assert len(sentence.split()) <= 25, sentence


def test_the_list_has_every_place_once(facts, made):
    soup = BeautifulSoup(made[0].body, "html.parser")
    rows = soup.select("#towns tbody tr")
    assert [row.th.text for row in rows] == [t.name for t in facts.towns]
    assert [row.a["href"] for row in rows] == [f"{t.page}.html" for t in facts.towns]


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.0, "nobody has"), (0.004, "hardly anybody has"), (0.01, "1 of 100 has"),
        (0.264, "26 of 100 have"), (0.996, "nearly everybody has"), (1.0, "everybody has"),
    ],
)  # fmt: skip
def test_shares_in_words(share, words):
    assert parts.have(share) == words


def test_numbers_keep_the_digits_that_are_known():
    assert parts.people(75_471) == "75,500"
    assert parts.money(-1_234_567) == "−$1,230,000"  # noqa: RUF001
    assert [parts.percent(s) for s in (0, 0.0002, 0.2644, 1)] == [
        "0%", "under 0.1%", "26.4%", "100.0%",
    ]  # fmt: skip
    assert (parts.distance(500), parts.distance(5_000)) == ("500 m", "5 km")


def test_text_from_data_stays_text():
    made = parts.table("t", "<b>", ["<i>"], [[parts.Cell("<script>", link="javascript:x")]])
    assert not re.search(r"<(b|i|script)>", made)
    assert 'href="#"' in made


def test_the_zoom_holds_the_box():
    small, large = town.zoom_of(-80.5, 43.4, -80.49, 43.41), town.zoom_of(-81, 43.2, -80, 43.8)
    assert 8 <= large < small <= 16
    wide_px = 256 * 2**large / 360 * 1.0
    assert wide_px <= town.FRAME_PX[0]
    assert wide_px * 2 > town.FRAME_PX[0] or 256 * 2**large / 360 * 0.6 * 2.8 > town.FRAME_PX[1]


def test_every_town_prints_on_two_sheets(folder, browser, made):
    tab = browser.new_page()
    for page in made[1:]:
        tab.goto(f"file://{folder}/{page.name}.html")
        sheets = len(re.findall(rb"/Type\s*/Page\b", tab.pdf(prefer_css_page_size=True)))
        assert 1 <= sheets <= 2, page.title
    tab.close()


def test_the_list_sorts_and_filters_by_keyboard(folder, browser, facts):
    tab = browser.new_page()
    tab.goto(f"file://{folder}/towns.html")
    heading = tab.locator("#towns thead th", has_text="People").first
    heading.locator("button").focus()
    tab.keyboard.press("Enter")
    assert heading.get_attribute("aria-sort") == "descending"
    names = tab.locator("#towns tbody th").all_inner_texts()
    assert names == [t.name for t in sorted(facts.towns, key=lambda t: -facts.people(t))]
    tab.keyboard.press("Space")
    assert heading.get_attribute("aria-sort") == "ascending"
    assert tab.locator("#towns tbody th").first.inner_text() == names[-1]
    tab.get_by_label("Find a place:").focus()
    tab.keyboard.type("wilmot ward")
    wanted = [t.name for t in facts.towns if t.is_ward and t.municipality == "Wilmot"]
    assert sorted(tab.locator("#towns tbody tr:visible th").all_inner_texts()) == sorted(wanted)
    told = tab.locator(".filter [role=status]").inner_text()
    assert told.strip() == f"{len(wanted)} of {len(facts.towns)} rows"
    tab.close()


@pytest.mark.parametrize("width", [320, 1280])
def test_no_page_scrolls_sideways(folder, browser, width):
    tab = browser.new_page(viewport={"width": width, "height": 800})
    for name in ("towns", "town-kitchener", "town-wellesley-ward-1"):
        tab.goto(f"file://{folder}/{name}.html")
        assert tab.evaluate("document.documentElement.scrollWidth") <= width, name
    tab.close()
