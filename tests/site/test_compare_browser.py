"""Two plans side by side in a browser: frames follow each other, the address keeps the choice."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import pytest
import shown_map
from toy import base_config

from kwev.project import Project
from kwev.site import compare
from kwev.site import page as pages

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    root = tmp_path_factory.mktemp("compare")
    shown = [SimpleNamespace(key="recommended", title="Recommended plan"),
             SimpleNamespace(key="spec", title="The specification's")]  # fmt: skip
    page = pages.Page(
        name="compare",
        title=compare.MENU,
        lead="Two plans.",
        body=compare.maps(shown) + compare.notes(base_config()),
        scripts=("compare.js",),
        styles=("compare.css",),
        wide=True,
    )
    pages.publish(Project(root), [dataclasses.replace(page), shown_map.page()])
    return (root / "assets" / "pages").as_uri()


@pytest.fixture
def visit(browser, site):
    problems, opened = [], []

    def go(address, width=1280):
        page = browser.new_page(viewport={"width": width, "height": 900})
        opened.append(page)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
        page.goto(f"{site}/{address}")
        return page

    yield go
    for page in opened:
        page.close()
    assert problems == []


def framed(page, side):
    """Return the frame of a side once its map is drawn."""
    box = page.locator(f"[data-frame={side}]")
    box.scroll_into_view_if_needed()
    frame = box.element_handle().content_frame()
    frame.wait_for_selector("[data-ready]")
    return frame


def test_maps_show_the_plans_that_the_address_names(visit):
    page = visit("compare.html#left=spec&right=recommended")
    left, right = framed(page, "left"), framed(page, "right")
    assert left.locator("[data-part=title]").inner_text() == "The specification's"
    assert right.locator("[data-part=title]").inner_text() == "Recommended plan"
    page.locator("[data-side=left]").select_option("recommended")
    left.wait_for_function(
        "document.querySelector('[data-part=title]')?.textContent === 'Recommended plan'"
    )
    assert page.evaluate("location.hash") == "#left=recommended&right=recommended"
    assert page.locator("[data-frame=left]").get_attribute("title") == "Map: Recommended plan"


def test_what_one_map_shows_the_other_shows_too(visit):
    page = visit("compare.html")
    left, right = framed(page, "left"), framed(page, "right")
    left.eval_on_selector(
        "[data-part=month]",
        "s => { s.value = 0; s.dispatchEvent(new Event('input', {bubbles: true})); }",
    )
    right.wait_for_function("document.querySelector('[data-part=when]')?.textContent === 'Today'")
    assert shown_map.marks(right) == {"s", "t", "u"}
    left.locator(".leaflet-control-zoom-in").click()
    left.wait_for_function("location.hash.includes('zoom=')")
    page.wait_for_timeout(600)
    where = [f.evaluate("location.hash.match(/lat=.*?&month/)[0]") for f in (left,)]
    right.evaluate("document.querySelector('[data-part=month]').dispatchEvent(new Event('input'))")
    assert right.evaluate("location.hash.match(/lat=.*?&month/)[0]") == where[0]


def test_layers_of_both_and_a_phone(visit):
    page = visit("compare.html#layers=l2", width=320)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    for side in ("left", "right"):
        frame = framed(page, side)
        assert "layers=l2" in frame.evaluate("location.hash")
        frame.wait_for_selector(".leaflet-cells-pane canvas")
