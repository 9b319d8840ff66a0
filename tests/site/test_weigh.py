"""The scales themselves: what is planted is weighed and found."""

from __future__ import annotations

import pytest
import weigh
from chromium import serve

pytestmark = pytest.mark.slow
NIGHT = "body { background: #111; } h1 { color: #eee; } .night { color: #333; }"
PAGE = f"""<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>A page</title>
<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">
<style>body {{ color-scheme: light dark; }}
@media (prefers-color-scheme: dark) {{ {NIGHT} }}</style>
<main><h1>A heading</h1><img src="near.svg" alt="Large" width="300" height="300">
<p style="height: 20000px">Room</p><img src="far.svg" alt="Far" loading="lazy" width="9" height="9">
<p class="night">Too dark by night.</p>
<details><summary>Fold</summary><p style="color: #999; background: #fff">Too pale</p></details>
</main></html>"""
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h9v9H0z"/></svg>'


@pytest.fixture(scope="module")
def opened(browser, tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    (folder / "index.html").write_text(PAGE)
    for name in ("near", "far"):
        (folder / f"{name}.svg").write_text(SVG + " " * 400_000)
    (folder / "assets" / "maps").mkdir(parents=True)
    (folder / "assets" / "maps" / "inner.html").write_text("")
    with serve(folder) as address:
        yield folder, f"{address}/index.html", browser


def test_bytes_are_those_of_the_files_that_are_near(opened):
    folder, address, browser = opened
    near = sum((folder / name).stat().st_size for name in ("index.html", "near.svg"))
    for width in (weigh.PHONE_PX, weigh.DESK_PX):
        assert sum(weigh.loaded(browser, address, width).values()) == near
    assert weigh.size(folder) == near + (folder / "far.svg").stat().st_size
    assert weigh.size(folder, without=("far",)) == near
    assert weigh.pages_of(folder) == ["index.html"]


def test_a_picture_of_two_seconds_is_painted_after_two_seconds(opened):
    _, address, browser = opened
    seconds, what = weigh.largest_paint(browser, address)
    assert seconds > 400_000 / weigh.BYTES_PER_S
    assert "near.svg" in what


def test_what_is_pale_is_found_in_folds_and_by_night(opened):
    _, address, browser = opened
    day = weigh.grave(browser, address, 320, "light")
    night = weigh.grave(browser, address, 320, "dark")
    assert [set(found) for found in (day, night)] == [{"color-contrast"}] * 2
    assert "Too pale" in " ".join(day["color-contrast"])
    assert "night" not in " ".join(day["color-contrast"])
    assert "night" in " ".join(night["color-contrast"])
