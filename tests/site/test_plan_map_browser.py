"""The plan map in a browser, opened from a folder: months, list, address, layers, frame, phone."""

from __future__ import annotations

import re

import pytest
import shown_map

from kwev.project import Project
from kwev.site import page as pages

pytestmark = pytest.mark.slow

BY_MONTH = {
    0: set(),
    2: {"new_l2_a"},
    4: {"new_l2_a", "new_l3_b", "upgrade_s"},
    6: {"new_l2_a", "new_l3_b", "upgrade_s", "new_l2_c"},
}
STATIONS = {"s", "t", "u"}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Write the page of the map and one that holds two frames of it; return their folder."""
    root = tmp_path_factory.mktemp("site")
    pages.publish(Project(root), [shown_map.page()])
    return root / "assets" / "pages"


@pytest.fixture
def visit(browser, site):
    """Return what opens an address from the folder; nothing may fail, then or later."""
    problems, contexts = [], []

    def opened(address="map.html", *, width=1280, height=800, **more):
        context = browser.new_context(viewport={"width": width, "height": height}, **more)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
        page.on("requestfailed", lambda request: problems.append(request.url))
        page.asked = []
        page.on("request", lambda request: page.asked.append(request.url.rpartition("/")[2]))
        page.goto(f"{site.as_uri()}/{address}")
        page.locator("[data-ready]").wait_for()
        return page

    yield opened
    for context in contexts:
        context.close()
    assert problems == []


def listed(page):
    return page.eval_on_selector_all("[data-part=list] button", "all => all.map(b => b.dataset.id)")


def slide(page, step):
    page.eval_on_selector(
        "[data-part=month]",
        "(s, v) => { s.value = v; s.dispatchEvent(new Event('input', {bubbles: true})); }",
        str(step),
    )


def hash_of(page):
    return page.evaluate("location.hash")


def test_each_month_shows_what_is_done_by_then_on_map_and_in_list(visit):
    page = visit()
    for step, (month, ids) in enumerate(BY_MONTH.items()):
        slide(page, step)
        assert shown_map.marks(page) == ids | STATIONS
        assert set(listed(page)) == ids
        assert f"month={month}" in hash_of(page)
    slide(page, 2)
    assert page.locator("[data-part=when]").inner_text() == "End of month 4"
    said = page.locator("[data-part=sum]").inner_text()
    assert said.startswith("3 of 4 actions, $630,000 net. 30.0% of people within 500 m along the")


def test_address_is_restored_and_followed(visit):
    address = "map.html#lat=43.46&lon=-80.51&zoom=13&month=4&layers=l2,grid&site=new_l3_b"
    page = visit(address)
    said = hash_of(page)
    for part in (
        "lat=43.46000&lon=-80.51000&zoom=13",
        "month=4",
        "layers=l2,grid",
        "site=new_l3_b",
    ):
        assert part in said
    assert page.locator(".leaflet-popup strong").inner_text() == "Arena </script><b>"
    page.wait_for_timeout(400)  # longer than the map takes to make room for a sheet
    assert hash_of(page) == said
    assert page.locator("[data-layer=l2]").is_checked()
    assert page.locator("[data-layer=grid]").is_checked()
    page.evaluate("location.hash = '#lat=43.4&lon=-80.35&zoom=12&month=2&pin=43.41,-80.36'")
    page.wait_for_function("document.querySelector('[data-part=when]').textContent.includes('2')")
    assert shown_map.marks(page) == {"new_l2_a"} | STATIONS
    assert "pin=43.41,-80.36" in hash_of(page)
    assert page.locator("[data-layer=l2]").is_checked() is False
    assert "lat=43.40000&lon=-80.35000&zoom=12" in hash_of(page)
    for known in (hash_of(page), said):
        assert hash_of(visit("map.html" + known)) == known


def test_nonsense_in_the_address_is_left_aside(visit):
    page = visit("map.html#lat=north&zoom=999&month=-3&plan=nobody&layers=l9,<b>&site=nowhere")
    assert shown_map.marks(page) == BY_MONTH[6] | STATIONS


def test_filters_hold_for_map_and_list_alike(visit):
    page = visit()
    page.locator("[data-part=town]").select_option("Cambridge")
    assert set(listed(page)) == {"upgrade_s", "new_l2_c"}
    assert shown_map.marks(page) == {"upgrade_s", "new_l2_c"} | STATIONS
    page.locator("[data-part=town]").select_option("")
    page.locator("[data-part=search]").fill("king st")
    assert listed(page) == ["new_l2_c"]
    assert shown_map.marks(page) == {"new_l2_c"}
    page.locator("[data-part=search]").fill("")
    page.locator("[data-part=what]").select_option("today")
    assert set(listed(page)) == STATIONS
    page.locator("[data-part=what]").select_option("plan")
    page.locator("[data-part=sort]").select_option("people")
    assert listed(page) == ["new_l3_b", "upgrade_s", "new_l2_a", "new_l2_c"]
    page.locator("[data-part=sort]").select_option("municipality")
    assert listed(page)[-1] == "new_l3_b"


def test_keyboard_goes_through_the_list_and_no_mark_is_a_tab_stop(visit):
    page = visit()
    stops = page.evaluate(
        "[...document.querySelectorAll('#plan-map *')].filter(e => e.tabIndex >= 0 &&"
        " e.checkVisibility()).map(e => e.tagName + (e.dataset.part || ''))"
    )
    # play, full screen, one of the list
    assert sum(tag.startswith("BUTTON") for tag in stops) == 3
    assert not any(tag.startswith("path") for tag in stops)
    page.locator("[data-part=list] button[tabindex='0']").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    third = listed(page)[2]
    assert page.evaluate("document.activeElement.dataset.id") == third
    page.keyboard.press("Enter")
    page.locator(".leaflet-popup").wait_for()
    assert page.evaluate("document.activeElement.dataset.id") == third
    assert page.evaluate("document.activeElement.getAttribute('aria-expanded')") == "true"
    assert page.locator("[data-part=list] .pm-facts dt").count() > 5
    assert f"site={third}" in hash_of(page)
    page.keyboard.press("End")
    assert page.evaluate("document.activeElement.dataset.id") == listed(page)[-1]


def test_a_mark_opens_its_popup_and_its_row(visit):
    page = visit("map.html#lat=43.45&lon=-80.5&zoom=14")
    page.locator("path[data-id=new_l2_a]").click()
    popup = page.locator(".leaflet-popup")
    text = popup.inner_text()
    for part in ("120 with no Level 2 within 500 m along the roads today", "$20,850", "14.4 kW",
                 "by the end of month 2", "land of a city"):  # fmt: skip
        assert part in text
    assert popup.locator("a[href^='../sites/']").get_attribute("href") == "../sites/new_l2_a.html"
    row = page.locator("[data-part=list] button[aria-expanded=true]")
    assert row.get_attribute("data-id") == "new_l2_a"
    page.keyboard.press("Escape")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_phone_is_not_scrolled_sideways_and_popups_fit(visit, scheme):
    page = visit("map.html#site=new_l2_c", width=320, height=640, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    board = page.locator("[data-part=map]").bounding_box()
    popup = page.locator(".leaflet-popup-content-wrapper").bounding_box()
    page.wait_for_timeout(400)
    popup = page.locator(".leaflet-popup-content-wrapper").bounding_box()
    assert popup["x"] >= board["x"] - 1
    assert popup["x"] + popup["width"] <= board["x"] + board["width"] + 1
    close = page.locator(".leaflet-popup-close-button").bounding_box()
    assert min(close["width"], close["height"]) >= 24
    below = page.locator("[data-part=list]").bounding_box()
    assert below["y"] >= board["y"] + board["height"]
    assert page.locator(".pm-over details[open]").count() == 0
    page.locator(".leaflet-popup-close-button").click()
    page.locator(".leaflet-popup").wait_for(state="detached")


def test_layers_are_loaded_when_asked_for(visit):
    page = visit()
    lazy = {"map-cells.js", "reach-recommended.js", "map-tracts.js", "map-deprivation.js",
            "map-candidates.js", "map-stops.js"}  # fmt: skip
    assert lazy.isdisjoint(page.asked)
    page.locator(".pm-over summary", has_text="Layers").click()
    legend = page.locator("[data-part=legend]")
    for key, name, words in [
        ("l2", "map-cells.js", "in reach by this month, not today"),
        ("grid", "map-tracts.js", "Heading of grid (kW)"),
        ("category", "map-candidates.js", "Parking"),
        ("transit", "map-stops.js", "under 9"),
    ]:
        page.locator(f"[data-layer={key}]").check()
        legend.get_by_text(words).wait_for()
        assert name in page.asked
    assert "map-deprivation.js" not in page.asked
    assert "layers=l2,grid,transit" in hash_of(page)
    assert legend.get_by_text("Parking").count() == 0  # one of sites and stops at a time
    page.locator("[data-layer=l3]").check()
    legend.get_by_text("both").wait_for()
    assert "Heading of grid" in legend.inner_text()


def test_cells_follow_the_month(visit):
    page = visit("map.html#lat=43.45&lon=-80.4985&zoom=17&layers=l2&month=0")
    legend = page.locator("[data-part=legend]").inner_text()
    assert "in reach today" in legend
    assert "not today" not in legend
    slide(page, 1)
    page.locator("[data-part=legend]").get_by_text("in reach by this month, not today").wait_for()
    seen = page.evaluate(
        "() => { const c = document.querySelector('.leaflet-cells-pane canvas');"
        " const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;"
        " const found = new Set(); for (let i = 0; i < d.length; i += 4)"
        " if (d[i + 3]) found.add([d[i], d[i + 1], d[i + 2]].map(v => v >> 4).join());"
        " return [...found]; }"
    )
    assert len(seen) >= 3  # today, new, nobody


def test_another_plan_without_a_timetable_has_two_steps(visit):
    page = visit("map.html#plan=spec")
    assert "plan-spec.js" in page.asked
    assert shown_map.marks(page) == {"new_l2_a"} | STATIONS
    assert page.locator("[data-part=when]").inner_text() == "With the plan"
    assert "in a straight line of Level 2" in page.locator("[data-part=sum]").inner_text()
    slide(page, 0)
    assert shown_map.marks(page) == STATIONS
    page.locator("[data-part=plan]").select_option("recommended")
    page.wait_for_function("!location.hash.includes('plan=')")
    page.locator("[data-part=title]", has_text="Recommended plan").wait_for()


def test_frame_shows_map_and_month_alone(visit):
    page = visit("map.html?embed=1#lat=43.45&lon=-80.49&zoom=13&month=4&layers=l2,l3", width=420,
                 height=420)  # fmt: skip
    for hidden in ("nav", "h1", ".pm-side", "[data-part=plan]"):
        assert not page.locator(hidden).first.is_visible()
    assert page.locator("[data-part=map]").bounding_box()["height"] > 200
    full = page.locator("[data-part=full]")
    assert full.get_attribute("target") == "_top"
    assert re.match(r"map\.html#lat=43\.45000&lon=-80\.49000&zoom=13&month=4&layers=l2,l3$",
                    full.get_attribute("href"))  # fmt: skip
    assert page.evaluate("document.documentElement.scrollHeight") <= 421


def test_play_goes_step_by_step_for_who_asks_for_less_motion(visit):
    page = visit(reduced_motion="reduce")
    button = page.locator("[data-part=play]")
    assert button.inner_text() == "Next step"
    button.click()
    assert "month=0" in hash_of(page)
    button.click()
    assert "month=2" in hash_of(page)
    page.wait_for_timeout(1200)
    assert "month=2" in hash_of(page)
