"""My place: addresses read and placed, and the page's answers against a computation of their own.

The computation cuts the roads of the tables at the address and at every charger, and lets scipy
find the ways: it shares no line with the page, nor with the package's network.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from regions import SETTINGS
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from kwev.project import Project
from kwev.site.page import publish
from kwev.site.place import pages
from kwev.site.place_address import WORDS, Run, run_of, spelling, spot_of
from kwev.site.place_answer import answer

MOST_BYTES = 300_000
ADDRESSES = {
    "200 King Street West, Kitchener": ("Kitchener", 200, "King St W"),
    "700 strasburg rd kitchener": ("Kitchener", 700, "Strasburg Rd"),
    "120 King Street North, Waterloo": ("Waterloo", 120, "King St N"),
    "50 DICKSON ST., CAMBRIDGE ON": ("Cambridge", 50, "Dickson St"),
    "1145 Concession Road, Cambridge": ("Cambridge", 1145, "Concession Rd"),
    "24 Church St. W, Elmira": ("Woolwich", 24, "Church St W"),
    "60 Snyders Road West, Baden": ("Wilmot", 60, "Snyder's Rd W"),
    "4639 Lobsinger Line, St. Clements": ("Wellesley", 4639, "Lobsinger Line"),
    "Ament Line 3700": ("Wellesley", 3700, "Ament Line"),
    "2958 Greenfield Rd, Ayr": ("North Dumfries", 2958, "Greenfield Rd"),
}
"""Ten addresses as people write them: municipality, number and street of each."""


# -- What is written.


def test_one_address_in_many_spellings():
    first = spelling("120 King Street North, Waterloo")
    assert first == ("120", "king", "st", "n", "waterloo")
    for other in (
        "120 KING ST. N. WATERLOO",
        "120 King  st n , waterloo",
        "120 K\u00edng Street North Waterloo",
    ):
        assert spelling(other) == first
    assert spelling("Snyder\u2019s Rd W") == spelling("snyders road west")
    assert spelling("Saint Clements") == spelling("St. Clements")


@SETTINGS
@given(st.text(max_size=40))
def test_a_spelling_is_its_own_and_has_no_case(text):
    words = spelling(text)
    assert spelling(" ".join(words)) == words
    assert spelling(f",{text}. ") == words
    assert all(word.isalnum() and word == word.lower() for word in words)


def test_a_long_form_leads_to_a_form_that_stays():
    assert all(WORDS.get(short, short) == short for short in WORDS.values())


# -- Where a number is.

marks = st.lists(st.integers(1, 300), min_size=1, max_size=8, unique=True).map(sorted)


@st.composite
def runs(draw):
    """Return some runs, each of one parity."""
    found = []
    for edge in range(draw(st.integers(1, 4))):
        odd = draw(st.integers(0, 1))
        numbers = [2 * number + odd for number in draw(marks)]
        metres = st.lists(st.integers(0, 400), min_size=len(numbers), max_size=len(numbers))
        found.append(Run(edge, numbers, draw(metres), [draw(st.integers(-90, 90))]))
    return found


@SETTINGS
@given(runs(), st.integers(0, 700))
def test_a_number_lies_between_its_neighbours_or_where_the_nearest_is(found, number):
    spot = spot_of(found, number)
    run = found[spot.edge_id]
    spanned = [r for r in found if r.numbers[0] <= number <= r.numbers[-1]
               and r.numbers[0] % 2 == number % 2]  # fmt: skip
    if spanned:
        assert spot.number == number
        assert run in spanned
        assert spot.along_m == math.floor(np.interp(number, run.numbers, run.alongs_m) + 0.5)
    else:
        listed = {mark for r in found for mark in r.numbers}
        assert spot.number in listed
        assert abs(spot.number - number) == min(abs(mark - number) for mark in listed)
        assert spot.along_m == run.alongs_m[run.numbers.index(spot.number)]
    assert spot.offset_m == run.offsets_m[0]


def test_a_street_without_numbers_places_none():
    assert spot_of([], 12) is None


# -- The computation of its own.


class OwnRoads:
    """The roads of one way to go, cut at given spots: edge id, way along it and way to it (cm)."""

    def __init__(self, tables, mode, spots):
        edges = tables.road_edges
        forth = edges["walk" if mode == "walk" else "drive_forward"]
        back = edges["walk" if mode == "walk" else "drive_backward"]
        cuts = {}
        for edge, along, _ in spots:
            cuts.setdefault(edge, set()).add(along)
        self.node = {}
        arcs = {}
        cm = (edges["length_m"] * 100).round().astype(int)
        rows = zip(edges["edge_id"], edges["u"], edges["v"], cm, forth, back, strict=True)
        for edge, u, v, length, ahead, behind in rows:
            inner = sorted(cut for cut in cuts.get(edge, ()) if 0 < cut < length)
            chain = [(0, u), *((cut, (edge, cut)) for cut in inner), (length, v)]
            for cut in cuts.get(edge, ()):
                self.node[edge, cut] = dict(chain)[cut]
            for (at, one), (then, two) in pairwise(chain):
                for may, tail, head in ((ahead, one, two), (behind, two, one)):
                    if may:
                        arcs[tail, head] = min(then - at, arcs.get((tail, head), then - at))
        self.number = {}
        for pair in arcs:
            for node in pair:
                self.number.setdefault(node, len(self.number))
        tails, heads = zip(*((self.number[t], self.number[h]) for t, h in arcs), strict=True)
        size = len(self.number)
        self.graph = csr_array((np.array(list(arcs.values()), float), (tails, heads)), (size, size))

    def metres(self, start, ends):
        """Return the way from one spot to each of others (m)."""
        way = dijkstra(self.graph, indices=self.number[self.node[start[:2]]])
        at = [self.number.get(self.node[end[:2]], -1) for end in ends]
        return [
            (start[2] + (way[i] if i >= 0 else math.inf) + end[2]) / 100
            for i, end in zip(at, ends, strict=True)
        ]


def snapped(tables, mode, places):
    """Return the spot of each place that has one, by its id."""
    snaps = tables.road_snaps
    snaps = snaps[snaps["mode"].isin([mode, "both"])].set_index(["kind", "id"])
    found = {}
    for key in zip(places.kind.tolist(), places.ids.tolist(), strict=True):
        if key in snaps.index:
            row = snaps.loc[key]
            found[key[1]] = (int(row["edge_id"]), round(row["along_m"] * 100),
                             round(row["offset_m"] * 100))  # fmt: skip
    return found


def own_answer(effects, spot):
    """Return level, time: metres to the nearest charger, for a spot in metres."""
    start = (spot.edge_id, spot.along_m * 100, abs(spot.offset_m) * 100)
    found = {}
    for level, mode in (("l2", "walk"), ("l3", "drive")):
        by_when = {when: snapped(effects.tables, mode, getattr(effects.network[when], level))
                   for when in ("before", "after")}  # fmt: skip
        every = {**by_when["before"], **by_when["after"]}
        roads = OwnRoads(effects.tables, mode, [start, *every.values()])
        metres = dict(zip(every, roads.metres(start, list(every.values())), strict=True))
        for when, places in by_when.items():
            found[level, when] = min(metres[place] for place in places)
    return found


def written_spot(tables, text):
    """Return the spot of one of :data:`ADDRESSES`, looked up in the tables."""
    town, number, name = ADDRESSES[text]
    code = tables.municipalities.set_index("name")["municipality_id"][town]
    streets = tables.streets[tables.streets["municipality_id"] == code]
    (street,) = streets.loc[streets["name"] == name, "street_id"]
    rows = tables.street_numbers[tables.street_numbers["street_id"] == street]
    every = [run_of(*row) for row in rows.drop(columns="street_id").itertuples(index=False)]
    return spot_of(every, number)


@pytest.fixture(scope="module")
def effects(recommended):
    return recommended.findings.effects


@pytest.mark.slow
@pytest.mark.parametrize("text", list(ADDRESSES))
def test_the_package_finds_what_own_computation_finds(effects, text):
    spot = written_spot(effects.tables, text)
    found = answer(effects, spot)
    own = own_answer(effects, spot)
    assert {key: one.metres for key, one in found.items()} == pytest.approx(own, abs=0.005)


# -- The page.

playwright = pytest.importorskip("playwright.sync_api")


@pytest.fixture(scope="module")
def folder(recommended, tmp_path_factory):
    """Write the page with its data; return where it is."""
    root = tmp_path_factory.mktemp("place")
    publish(Project(root), pages(recommended))
    return root / "assets" / "pages"


@pytest.fixture
def page(browser, folder):
    """Open the page from its folder, without a network; nothing may go wrong on it."""
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    faults = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.route("**/map.html*", lambda route: route.fulfill(body="<p>map</p>"))
    opened.goto((folder / "place.html").as_uri())
    yield opened
    assert faults == []
    opened.close()


def asked(page, text):
    """Write into the box, press Enter, wait for the answer, and return its four distances (m)."""
    page.fill("#place-input", text)
    page.press("#place-input", "Enter")
    page.wait_for_selector("#place-answer dl")
    return told(page)


def told(page):
    cells = page.eval_on_selector_all(
        "#place-answer [data-when]",
        "cells => cells.map((cell) => cell.dataset)"
        ".map((said) => [said.level, said.when, said.metres, said.id])",
    )
    levels, whens = ("l2", "l3"), {"today": "before", "plan": "after"}
    return {(levels[int(level)], whens[when]): (float(metres), place)
            for level, when, metres, place in cells}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("text", list(ADDRESSES))
def test_the_page_answers_as_own_computation_does(page, effects, text):
    found = asked(page, text)
    spot = written_spot(effects.tables, text)
    assert {key: metres for key, (metres, _) in found.items()} == pytest.approx(
        own_answer(effects, spot), abs=0.005
    )
    package = answer(effects, spot)
    assert {key: place for key, (_, place) in found.items()} == {
        key: one.place_id for key, one in package.items()
    }
    assert ADDRESSES[text][0] in page.inner_text("#place-heading")


@pytest.mark.slow
def test_files_are_small_and_hold_every_number(folder, tables):
    files = sorted((folder / "data").glob("place-*.js"))
    assert files
    assert max(path.stat().st_size for path in files) < MOST_BYTES
    shards = [path for path in files if path.name.startswith("place-numbers")]
    text = "".join(path.read_text() for path in shards)
    for numbers in tables.street_numbers["numbers"].sample(200, random_state=1):
        assert f",{numbers}," in text


@pytest.mark.slow
def test_the_page_spells_and_places_as_the_package_does(page, tables):
    page.focus("#place-input")
    page.wait_for_function("window.kwevPlaceSearch !== undefined")
    texts = [
        *tables.streets["name"], *tables.sites["name"].head(300), *tables.stations["address"],
        "12\u2013B \u00c9COLE st.", "\u0130stanbul Ave", "Rue \u0141\u00f3d\u017a N.E.",
        "\u2019s-Street", "", "\U0001f50c 1st",
    ]  # fmt: skip
    spelled = page.evaluate(
        "async (texts) => { const names = await kwev.take('place-names');"
        " return texts.map((text) => kwevPlaceSearch.spelling(names.words, text)); }",
        texts,
    )
    assert [tuple(words) for words in spelled] == [spelling(text) for text in texts]
    rng = np.random.default_rng(7)
    rows = tables.street_numbers
    chosen = rng.choice(rows["street_id"].unique(), 300, replace=False)
    cases = []
    for street in sorted(chosen.tolist()):
        part = rows[rows["street_id"] == street].drop(columns="street_id")
        every = [run_of(*row) for row in part.itertuples(index=False)]
        for number in rng.integers(1, every[-1].numbers[-1] + 40, 8).tolist():
            text = ";".join(",".join(map(str, row)) for row in part.itertuples(index=False))
            cases.append((text, number, spot_of(every, number)))
    placed = page.evaluate(
        "(cases) => cases.map(([text, number]) => {"
        " const spot = kwevPlaceRoads.spotOf(kwevPlaceRoads.runsOf(text), number);"
        " return [spot.edge, spot.along, spot.offset, spot.number]; })",
        [case[:2] for case in cases],
    )
    assert [tuple(one) for one in placed] == [tuple(case[2]) for case in cases]


@pytest.mark.slow
def test_the_pin_is_where_the_street_is(page, effects):
    """A new site lies beside its own street number: the pin is not far from it."""
    tables = effects.tables
    near = tables.sites[tables.sites["name"] == "Shops at 50 Ainslie St N"].iloc[0]
    asked(page, "50 Ainslie St N, Cambridge")
    frame = page.locator("#place-answer iframe")
    lat, lon = float(frame.get_attribute("data-lat")), float(frame.get_attribute("data-lon"))
    wide = math.cos(math.radians(lat))
    off_m = 111_200 * math.hypot(lat - near["latitude"], (lon - near["longitude"]) * wide)
    assert off_m < 60
    assert f"pin={lat},{lon}" in frame.get_attribute("src")


@pytest.mark.slow
def test_the_list_by_keyboard(page):
    page.keyboard.press("Tab")
    page.focus("#place-input")
    page.keyboard.type("120 king street north wat")
    page.wait_for_selector("#place-list li")
    box = page.locator("#place-input")
    assert box.get_attribute("aria-expanded") == "true"
    page.keyboard.press("ArrowDown")
    active = box.get_attribute("aria-activedescendant")
    chosen = page.locator(f"#{active}")
    assert chosen.get_attribute("aria-selected") == "true"
    page.keyboard.press("ArrowUp")
    assert box.get_attribute("aria-activedescendant") is None
    page.keyboard.press("Escape")
    assert box.get_attribute("aria-expanded") == "false"
    assert page.locator("#place-list").is_hidden()
    page.keyboard.press("ArrowDown")
    page.wait_for_selector("#place-list li[aria-selected=true]")
    page.keyboard.press("Enter")
    page.wait_for_selector("#place-answer dl")
    assert page.inner_text("#place-heading") == "120 King St N, Waterloo"
    assert "Level 2" in page.inner_text("#place-status")
    assert page.evaluate("document.activeElement.id") == "place-input"


@pytest.mark.slow
def test_what_is_sent_before_the_script_listens_is_not_lost(page):
    assert page.locator("#place-form button").is_enabled()
    page.route("**/place.js", lambda route: route.abort())
    page.reload()
    page.evaluate("window.here = true")
    page.fill("#place-input", "24 Church St W, Elmira")
    page.press("#place-input", "Enter")
    assert page.locator("#place-form button").is_disabled()
    page.wait_for_timeout(200)
    assert page.evaluate("window.here")
    assert page.input_value("#place-input") == "24 Church St W, Elmira"


@pytest.mark.slow
def test_a_name_that_is_not_there_gets_the_nearest_spellings(page):
    page.fill("#place-input", "12 Erb Stret West")
    page.click("#place-form button")
    page.wait_for_selector("#place-answer .near button")
    assert "Nothing in the lists" in page.inner_text("#place-answer")
    page.click("#place-answer .near button >> nth=0")
    page.wait_for_selector("#place-answer dl")
    assert "Erb St W" in page.inner_text("#place-heading")
    page.fill("#place-input", "zzqx vvw")
    page.press("#place-input", "Enter")
    page.wait_for_function("document.querySelector('#place-answer dl') === null")
    assert "Nothing in the lists" in page.inner_text("#place-status")


@pytest.mark.slow
def test_streets_areas_and_sites_are_found_and_kept_in_the_address_bar(page, browser):
    for text, heading in (
        ("Ament Line, Wellesley", "Ament Line, Linwood, Wellesley, middle of the street"),
        ("n2l 3g1", "N2L"),
        ("new hamburg", "New Hamburg, Wilmot"),
        ("Cambridge", "Cambridge"),
        ("Ayr Curling Club", "Ayr Curling Club, North Dumfries"),
        ("99999 Ainslie Street North", "99999 Ainslie St N, Cambridge"),
    ):
        page.fill("#place-input", text)
        page.press("#place-input", "Enter")
        page.wait_for_function(
            "(words) => (document.querySelector('#place-heading') || {}).textContent === words",
            arg=heading,
        )
        before = told(page)
        again = browser.new_page()
        again.goto(page.url)
        again.wait_for_selector("#place-answer dl")
        assert again.inner_text("#place-heading") == heading
        assert told(again) == before
        again.close()
    assert "The lists have no number 99999" in page.inner_text("#place-answer")
    page.go_back()
    page.wait_for_function(
        "document.querySelector('#place-heading')?.textContent.startsWith('Ayr')"
    )


@pytest.mark.slow
@pytest.mark.parametrize("width", [320, 768])
def test_no_sideways_scroll(page, width):
    page.set_viewport_size({"width": width, "height": 800})
    asked(page, "24 Church St W, Elmira")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.slow
def test_text_from_data_stays_text(page):
    text = "<img src=x onerror=alert(1)>"
    page.fill("#place-input", text)
    page.press("#place-input", "Enter")
    page.wait_for_selector("#place-answer .said")
    assert text in page.inner_text("#place-answer")
    assert page.locator("#place-answer img").count() == 0
