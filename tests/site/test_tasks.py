"""What a reader comes for, in the rendered book, and the clicks from the front page to it."""

from __future__ import annotations

import re

import geopandas as gpd
import pytest
import weigh
from chromium import serve

from kwev.book.chapters import read_book
from kwev.site.what_if import MOST_MS

pytestmark = pytest.mark.slow


class Reader:
    """Somebody who begins on the front page; counts what is clicked."""

    def __init__(self, page):
        self.page, self.clicks = page, 0

    def click(self, what):
        self.clicks += 1
        what.click()

    def door(self, name):
        self.click(self.page.locator(".kwev-front-doors a", has_text=name).first)

    def sees(self, what):
        what.first.wait_for(state="visible")
        return what.first


@pytest.fixture
def reader(project, browser):
    book = read_book(project.root)
    if not (book.output_dir / "assets" / "pages" / "map.html").is_file():
        pytest.skip("the book is not rendered; run make book")
    with serve(book.output_dir) as address:
        page = browser.new_page(viewport={"width": weigh.DESK_PX, "height": 800})
        page.goto(f"{address}/index.html")
        yield Reader(page)
        page.close()


def test_a_councillor_finds_what_to_vote_on_with_one_click(reader):
    reader.click(reader.page.locator("main ol + p a").first)
    motion = reader.sees(reader.page.get_by_text(re.compile(r"That council adopt"), exact=False))
    assert motion.bounding_box()["y"] < 3 * 800
    assert reader.clicks == 1


def test_a_councillor_sees_what_wilmot_gets_with_two(reader):
    reader.door("My town")
    reader.click(reader.page.locator("main").get_by_role("link", name="Wilmot", exact=True).first)
    reader.sees(reader.page.get_by_role("heading", name="Wilmot", exact=False))
    lead = reader.page.locator(".lead").inner_text()
    assert "In Wilmot" in lead
    assert "along the roads" in lead
    assert reader.clicks == 2


def test_a_resident_asks_about_a_street_with_two(reader):
    reader.door("My place")
    reader.page.fill("#place-input", "100 King Street South, Waterloo")
    reader.click(reader.page.locator("#place-form button"))
    reader.sees(reader.page.locator("#place-answer").get_by_text("Level 2, on foot"))
    assert "along the roads" in reader.page.locator("#place-answer").inner_text()
    assert reader.clicks == 2


def _search_for_less_long(route):
    """A reader's search has half a minute; that it ends, and with what, shows in a fifth of it."""
    given = route.fetch()
    text = given.text().replace(f'"most_ms":{MOST_MS}', f'"most_ms":{MOST_MS // 5}')
    route.fulfill(response=given, body=text)


def test_a_planner_has_three_million_on_public_land_on_a_map_with_two_and_in_a_gis_with_three(
    reader, tmp_path
):
    reader.page.route("**/data/what-if.js", _search_for_less_long)
    reader.door("Change the plan")
    reader.click(reader.page.get_by_role("link", name="on public land only"))
    # the search has ended: what is saved is what is shown
    shown = "const one = window.kwevWhatIfShown?.();"
    ended = "return one?.P?.budget === 3e6 && one.state?.done && Boolean(one.actions);"
    reader.page.wait_for_function(f"() => {{ {shown} {ended} }}", timeout=60_000)
    assert reader.page.locator("#budget-said").inner_text() == "$3,000,000"
    assert "Proven within" in reader.page.locator("#proof").inner_text()
    shown = reader.page.evaluate("kwevWhatIfShown().actions.map((a) => a.net_cad)")
    assert 2.5e6 < sum(shown) <= 3e6
    reader.sees(reader.page.locator("#map canvas"))
    assert reader.clicks == 2
    with reader.page.expect_download() as given:
        reader.click(reader.page.get_by_role("button", name="Map (GeoPackage)"))
    assert reader.clicks == 3
    given.value.save_as(tmp_path / "my-plan.gpkg")
    rows = gpd.read_file(tmp_path / "my-plan.gpkg", layer="plan")
    actions = reader.page.evaluate("kwevWhatIfShown().actions")
    assert rows["id"].tolist() == [action["id"] for action in actions]
    assert rows["net_cad"].sum() == pytest.approx(sum(shown))
    assert rows.crs.to_epsg() == 4326
    assert rows.geometry.x.tolist() == [action["longitude"] for action in actions]
    assert rows.geometry.y.tolist() == [action["latitude"] for action in actions]


def test_a_planner_takes_the_recommended_plan_as_a_geopackage_with_two(reader):
    reader.door("The numbers behind it")
    with reader.page.expect_download() as given:
        reader.click(reader.page.locator("a[href$='plan.gpkg']").first)
    assert given.value.suggested_filename == "plan.gpkg"
    assert reader.clicks == 2


def test_a_utility_reads_the_kw_of_a_tract_with_two(reader):
    reader.door("For the utility")
    row = reader.sees(reader.page.locator("table tbody tr a"))
    reader.click(row)
    reader.sees(reader.page.locator("#tract").get_by_text("kW"))
    assert reader.clicks == 2


def test_an_analyst_sees_where_a_number_comes_from_with_two(reader):
    table = reader.page.locator("#tbl-two-plans")
    reader.click(table.locator("summary").first)
    assert "comparison.both_table" in reader.sees(table.locator("pre")).inner_text()
    with reader.page.expect_download() as given:
        reader.click(table.locator("a[download]").first)
    assert given.value.suggested_filename.endswith(".csv")
    assert reader.clicks == 2
