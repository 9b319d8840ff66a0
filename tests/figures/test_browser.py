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
    (folder.root / "index.html").write_text(f'{page}<link rel="icon" href="data:,">{body}')
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
        figure.scroll_into_view_if_needed()
        figure.locator("svg.main-svg").first.wait_for()
    page.locator("iframe").scroll_into_view_if_needed()
    page.frame_locator("iframe").locator("[data-ready]").wait_for()
    page.wait_for_timeout(200)
    assert problems == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("script[src*='plotly']").count() == 1


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
    board = page.locator(".folium-map").bounding_box()
    assert board["y"] + board["height"] <= legend["y"] + 1
    assert board["height"] >= 240
    assert page.locator(".leaflet-control-layers-expanded").count() == 0
