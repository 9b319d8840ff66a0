"""Figures in a browser without network: drawn, reached by keyboard, no wider than a phone."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from chromium import serve
from figures import places
from figures.conftest import empty_project

from kwev.config import load_config
from kwev.display.style import DASH
from kwev.display.table import Column, Table
from kwev.report import plan_charts

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ("coverage.svg", "budget-sweep.png", "map-plan.png")


@pytest.fixture(scope="module")
def folder(tmp_path_factory, frames, origin):
    """Return a project with a page of charts, a table and the map of a plan; made once."""
    folder = empty_project(tmp_path_factory.mktemp("figures"))
    config = load_config("base", ROOT / "config")
    shapes = places.write_shapes(folder.root / "processed")
    places.write_base_map(folder.processed)
    shown = [
        plan_charts.coverage(frames["coverage"], origin=origin),
        plan_charts.budgets(frames["budget_sweep"], origin=origin),
        plan_charts.plan_map(places.tables(), places.plan(config), folder=shapes),
    ]
    wide = Table(
        "wide",
        frames["phases"],
        tuple(Column(key, key * 3) for key in frames["phases"]),
        origin.source,
        origin.vintage,
    )
    for item in (*shown, wide):
        item.publish(folder)
    body = "".join(item.html() for item in (*shown, wide))
    page = (
        '<!DOCTYPE html><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    )
    fold = "<main><details><summary>How</summary><p>So</p></details></main>"
    (folder.root / "index.html").write_text(f'{page}<link rel="icon" href="data:,">{body}{fold}')
    rows = pd.DataFrame(
        {"place": [f"P{k}" for k in range(31)], "kw": [f"{k * 100:,}" for k in range(31)]}
    )
    rows.loc[3, "kw"] = DASH
    columns = (Column("place", "Place"), Column("kw", "Power", align="right"))
    long = Table("long", rows, columns, origin.source, origin.vintage)
    long.publish(folder)
    (folder.root / "long.html").write_text(f'{page}<link rel="icon" href="data:,">{long.html()}')
    many = Table("many", pd.concat([rows] * 4, ignore_index=True), columns, origin.source, "2025")
    many.publish(folder)
    (folder.root / "many.html").write_text(f'{page}<link rel="icon" href="data:,">{many.html()}')
    return folder


@pytest.fixture(scope="module")
def site(folder):
    """Serve the project; return its address."""
    with serve(folder.root) as address:
        yield address


def visit(browser, address, width, problems):
    page = browser.new_page(viewport={"width": width, "height": 800})
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("requestfailed", lambda request: problems.append(request.url))
    page.on("response", lambda r: problems.append(r.url) if r.status >= 400 else None)
    page.on(
        "request",
        lambda r: None if r.url.startswith((address, "data:")) else problems.append(r.url),
    )
    return page


@pytest.mark.parametrize("width", [360, 1280])
def test_page_is_drawn_from_local_files_and_fits(browser, site, width):
    problems = []
    page = visit(browser, site, width, problems)
    page.goto(f"{site}/index.html")
    for figure in page.locator(".kwev-chart").all():
        figure.locator(".kwev-ask button").click()
        figure.locator("svg.main-svg").first.wait_for()
    page.locator(".kwev-map .kwev-ask button").click()
    page.frame_locator("iframe").locator("[data-ready]").wait_for()
    page.wait_for_timeout(200)
    assert problems == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("script[src*='plotly']").count() == 1


def test_nothing_that_moves_is_loaded_before_a_reader_asks(browser, site):
    problems, asked = [], []
    page = visit(browser, site, 1000, problems)
    page.on("request", lambda r: asked.append(r.url.rpartition("/")[2]))
    page.goto(f"{site}/index.html", wait_until="networkidle")
    page.mouse.wheel(0, 5000)
    page.wait_for_load_state("networkidle")
    assert set(asked) == {"index.html", "figures.js", *PICTURES}
    assert page.locator(".kwev-still img:visible").count() == 3
    chart = page.locator("#figure-coverage")
    chart.get_by_role("button", name="Interactive chart: coverage").focus()
    page.keyboard.press("Enter")
    chart.locator("svg.main-svg").first.wait_for()
    assert not chart.locator(".kwev-still").is_visible()
    alt = chart.locator("img").get_attribute("alt")
    assert chart.get_by_role("group", name=alt, exact=True).is_visible()
    assert set(asked) == {"index.html", "figures.js", "plotly-basic.min.js", *PICTURES}
    page.keyboard.press("Enter")
    assert chart.locator(".kwev-still").is_visible()
    assert not chart.locator(".kwev-plot").is_visible()
    assert problems == []


def test_without_scripts_there_are_pictures_and_no_buttons(browser, site):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}/index.html")
    assert page.locator(".kwev-still img").count() == 3
    assert page.locator("button:visible").count() == 0
    assert page.get_by_text("Map on its own page").is_visible()
    context.close()


def test_print_opens_folds_and_closes_them_again(browser, site):
    page = visit(browser, site, 1000, [])
    page.goto(f"{site}/index.html")
    shut = page.locator("details")
    assert shut.get_attribute("open") is None
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert shut.get_attribute("open") is not None
    assert page.locator("img[loading=lazy]").count() == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert shut.get_attribute("open") is None


def open_map(browser, site, width=1000, **more):
    """Return the plan's map on its own page, drawn."""
    page = browser.new_page(viewport={"width": width, "height": 640}, **more)
    page.goto(f"{site}/assets/maps/map-plan.html")
    page.locator("[data-ready]").wait_for()
    return page


def focused(page):
    return page.evaluate("document.activeElement.getAttribute('aria-label')") or ""


def tab_to(page, words):
    """Press Tab until the name of what has the focus begins so; return how often."""
    for times in range(1, 20):
        page.keyboard.press("Tab")
        if focused(page).startswith(words):
            return times
    raise AssertionError(words)


def test_map_is_reached_by_keyboard(browser, site):
    problems = []
    page = visit(browser, site, 1000, problems)
    page.goto(f"{site}/assets/maps/map-plan.html")
    page.locator("[data-ready]").wait_for()
    tab_to(page, "Phase 2: new L3 stations: Name of q1, 1 of 1")
    page.keyboard.press("Enter")
    page.locator(".leaflet-popup dl").wait_for()
    assert "Grid capacity, proxy (kW)" in page.locator(".leaflet-popup").inner_text()
    assert focused(page) == "Close popup"
    page.keyboard.press("Escape")
    page.locator(".leaflet-popup").wait_for(state="detached")
    assert focused(page).startswith("Phase 2: new L3 stations: Name of q1")
    assert problems == []


def test_a_layer_is_one_tab_stop_and_arrows_lead_from_mark_to_mark(browser, site):
    page = open_map(browser, site)
    stops = page.locator(".kwev-cursor").count()
    shown = page.locator(".leaflet-control-layers-overlays input:checked").count()
    assert 0 < stops <= shown
    assert page.locator("path[tabindex]").count() == 0
    tab_to(page, "Population density: 35300000")
    for key, area in (
        ("ArrowRight", 1),
        ("ArrowRight", 2),
        ("ArrowLeft", 1),
        ("End", 3),
        ("PageUp", 2),
    ):
        page.keyboard.press(key)
        assert focused(page) == f"Population density: 3530000{area}, {area + 1} of 4"
    assert page.locator(".kwev-heard[aria-live]").inner_text() == "35300002, 3 of 4"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_facts_fit_a_narrow_phone_and_close(browser, site):
    page = open_map(browser, site, width=320)
    tab_to(page, "Phase 2: new L3 stations: Name of q1")
    page.keyboard.press("Enter")
    sheet = page.locator(".leaflet-popup.kwev-sheet")
    sheet.wait_for()
    box, board = sheet.bounding_box(), page.locator(".kwev-map").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 320
    assert box["y"] >= board["y"]
    assert box["y"] + box["height"] <= board["y"] + board["height"]
    ring = page.locator(".kwev-cursor[aria-label^='Phase 2: new L3']").bounding_box()
    assert ring["y"] + ring["height"] <= box["y"] + 1, "the mark is seen above its facts"
    close = page.locator(".leaflet-popup-close-button")
    assert min(close.bounding_box()["width"], close.bounding_box()["height"]) >= 24
    close.click()
    sheet.wait_for(state="detached")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_legend_folds_on_a_phone_and_is_open_on_a_desk(browser, site):
    assert open_map(browser, site, width=360).locator(".kwev-legend[open]").count() == 0
    assert open_map(browser, site, width=1000).locator(".kwev-legend[open]").count() == 1


PIXELS = """() => {
  const canvas = document.querySelector("canvas.kwev-ground");
  const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  const seen = {};
  for (let i = 0; i < data.length; i += 4) {
    const key = data.slice(i, i + 3).join();
    seen[key] = (seen[key] || 0) + 1;
  }
  return seen;
}"""


@pytest.mark.parametrize(
    ("scheme", "land", "water"),
    [("light", "246,244,239", "191,217,232"), ("dark", "27,32,38", "23,58,82")],
)
def test_the_ground_is_drawn_light_and_dark(browser, site, scheme, land, water):
    page = open_map(browser, site, color_scheme=scheme)
    seen = page.evaluate(PIXELS)
    assert max(seen, key=seen.get) == land
    assert seen[water] > 50
    assert len(seen) > 5, "no road is drawn"
    names = page.evaluate(PIXELS.replace("kwev-ground", "kwev-labels"))
    assert len(names) > 5, "no name is drawn"
    assert "OpenStreetMap" in page.locator(".leaflet-control-attribution").inner_text()


def test_a_long_table_is_searched_and_sorted(browser, site):
    page = browser.new_page()
    page.goto(f"{site}/long.html", wait_until="networkidle")
    shown = page.locator("tbody tr:visible")
    first = page.locator("tbody tr >> nth=0").locator("th")
    by_power = page.get_by_role("columnheader", name="Power").get_by_role("button")
    by_power.focus()
    page.keyboard.press("Enter")
    assert first.inner_text() == "P30"
    page.keyboard.press("Enter")
    assert first.inner_text() == "P3", "a dash stands before numbers"
    page.get_by_role("columnheader", name="Place").get_by_role("button").click()
    assert first.inner_text() == "P0"
    page.get_by_label("Find in this table").fill("p1 1,1")
    assert shown.all_inner_texts() == ["P11\t1,100"]
    assert page.get_by_role("status").inner_text().strip() == "1 of 31 rows"
    page.close()


def test_a_table_of_many_rows_leads_to_a_page_of_its_own(browser, site):
    page, problems = browser.new_page(viewport={"width": 360, "height": 800}), []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(f"{site}/many.html", wait_until="networkidle")
    assert page.locator("tbody tr").count() == 30
    page.get_by_role("link", name="All 124 rows").click()
    assert page.url == f"{site}/assets/tables/many.html"
    page.get_by_label("Find in this table").fill("p1 1,1")
    assert page.locator("tbody tr:visible").all_inner_texts() == ["P11\t1,100"] * 4
    room = page.evaluate("document.documentElement.clientWidth")
    assert page.evaluate("document.documentElement.scrollWidth") <= room
    with page.expect_download() as given:
        page.get_by_role("link", name="Data (CSV)").click()
    assert given.value.suggested_filename == "many.csv"
    assert problems == []
    page.close()


def test_a_number_leads_to_its_row_and_back(browser, site, folder):
    rows = '<table><tbody><tr id="n-net"><th>net</th></tr></tbody></table>'
    text = f'<p>It costs <span data-n="net">5</span>.</p><details>{rows}</details>'
    (folder.root / "number.html").write_text(
        f'<link rel="icon" href="data:,"><script src="assets/vendor/figures.js"></script>{text}'
    )
    page = browser.new_page()
    page.goto(f"{site}/number.html")
    page.get_by_text("5", exact=True).click()
    assert page.locator("tr:target").is_visible()
    page.go_back()
    assert page.url == f"{site}/number.html"
    page.close()


def test_a_choice_of_dark_is_kept_over_the_systems(browser, site):
    page = open_map(browser, site, color_scheme="light")
    page.evaluate("localStorage.setItem('quarto-color-scheme', 'alternate')")
    page.reload()
    page.locator("[data-ready]").wait_for()
    assert page.evaluate("kwevGround.isDark()")
    page.evaluate("document.documentElement.dataset.theme = 'light'")
    page.wait_for_function(
        "getComputedStyle(document.body).backgroundColor === 'rgb(255, 255, 255)'"
    )
    page.wait_for_function(f"""() => {{
      const seen = ({PIXELS})();
      return Object.keys(seen).sort((a, b) => seen[b] - seen[a])[0] === "246,244,239";
    }}""")


def test_planned_marks_are_squares_on_the_map(browser, site):
    page = open_map(browser, site)
    forms = page.evaluate(
        "[...document.querySelectorAll('.leaflet-overlay-pane path')].map(p => p.getAttribute('d'))"
    )
    assert sum("h" in form for form in forms) == 3  # the plan's three actions
    assert sum("a" in form for form in forms) == 3  # s1 and s2 with L2, s2 with L3


def test_layers_can_be_switched(browser, site):
    page = open_map(browser, site)
    label = page.locator(".leaflet-control-layers-overlays label", has_text="Phase 2")
    name = ".kwev-cursor[aria-label*='Name of q1']"
    before = page.locator(name).count()
    label.locator("input").uncheck()
    assert before == 1
    assert page.locator(name).count() == 0


def test_points_cover_neither_control_nor_legend(browser, site):
    page = visit(browser, site, 360, [])
    page.goto(f"{site}/assets/maps/map-plan.html")
    page.locator("[data-ready]").wait_for()
    legend = page.locator(".kwev-legend").bounding_box()
    board = page.locator(".kwev-map").bounding_box()
    assert board["y"] + board["height"] <= legend["y"] + 1
    assert board["height"] >= 240
    assert page.locator(".leaflet-control-layers-expanded").count() == 0
