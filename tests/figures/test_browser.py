"""Figures in a browser without network: drawn, reached by keyboard, no wider than a phone."""

from __future__ import annotations

import functools
import http.server
import shutil
import threading
from pathlib import Path

import pytest
from figures import places

from kwev.config import load_config
from kwev.display.table import Column, Table
from kwev.report import plan_charts

playwright = pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ("coverage.svg", "budget-sweep.png", "map-plan.svg")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]


@pytest.fixture(scope="module")
def browser():
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    found = found or shutil.which("google-chrome")
    with playwright.sync_playwright() as play:
        try:
            opened = play.chromium.launch(executable_path=found, args=FLAGS)
        except playwright.Error as error:
            pytest.skip(f"no browser to look with: {str(error).splitlines()[0]}")
        yield opened
        opened.close()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def site(folder, frames, origin):
    """Serve a page with a chart, a table and the map of a plan; return its address."""
    config = load_config("base", ROOT / "config")
    shapes = places.write_shapes(folder.root / "processed")
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
    handler = functools.partial(_Quiet, directory=str(folder.root))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


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
    assert set(asked) == {"index.html", "figures.js", "plotly.min.js", *PICTURES}
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


def test_map_is_reached_by_keyboard(browser, site):
    problems = []
    page = visit(browser, site, 1000, problems)
    page.goto(f"{site}/assets/maps/map-plan.html")
    page.locator("[data-ready]").wait_for()
    place = page.locator("path[aria-label='Name of q1']")
    place.focus()
    page.keyboard.press("Enter")
    page.locator(".leaflet-popup dl").wait_for()
    assert "Grid capacity, proxy (kW)" in page.locator(".leaflet-popup").inner_text()
    page.keyboard.press("Escape")
    page.locator(".leaflet-popup").wait_for(state="detached")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Name of q1"
    assert problems == []


def test_layers_can_be_switched(browser, site):
    page = visit(browser, site, 1000, [])
    page.goto(f"{site}/assets/maps/map-plan.html")
    page.locator("[data-ready]").wait_for()
    label = page.locator(".leaflet-control-layers-overlays label", has_text="Phase 2")
    before = page.locator("path[aria-label='Name of q1']").count()
    label.locator("input").uncheck()
    assert before == 1
    assert page.locator("path[aria-label='Name of q1']").count() == 0


def test_points_cover_neither_control_nor_legend(browser, site):
    page = visit(browser, site, 360, [])
    page.goto(f"{site}/assets/maps/map-plan.html")
    page.locator("[data-ready]").wait_for()
    legend = page.locator(".kwev-legend").bounding_box()
    board = page.locator(".kwev-map").bounding_box()
    assert board["y"] + board["height"] <= legend["y"] + 1
    assert board["height"] >= 240
    assert page.locator(".leaflet-control-layers-expanded").count() == 0
