"""A figure has two forms, a name, a source and its data; its page loads nothing from elsewhere."""

from __future__ import annotations

import base64
import io
import json
import re
import struct

import pandas as pd
import pytest
from bs4 import BeautifulSoup
from figures.reading import outside
from lxml import etree
from PIL import Image
from plotly.offline import get_plotlyjs_version

from kwev.display import figure
from kwev.display.figure import Figure, Picture, picture, publish_vendor
from kwev.errors import KwevError
from kwev.report import plan_charts, region

CHARTS = {
    "coverage": plan_charts.coverage,
    "budget_sweep": plan_charts.budgets,
    "phases": plan_charts.phases,
    "cost_breakdown": plan_charts.costs,
    "candidates_by_category": region.by_category,
}
PLOTLY = "plotly/plotly-basic.min.js"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'/>"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 1152, 800)


def simple(**changes):
    facts = {
        "name": "a-figure",
        "alt": 'a "line" & a dot',
        "source": "x",
        "vintage": "2021",
        "data": pd.DataFrame({"a": [1]}),
        "interactive": lambda: "<p>moves</p>",
        "static": lambda: Picture(SVG, PNG),
    }
    return Figure(**{**facts, **changes})


@pytest.fixture(params=CHARTS)
def chart(request, frames, origin):
    return CHARTS[request.param](frames[request.param], origin=origin)


@pytest.mark.usefixtures("folder")
def test_bundle_holds_both_forms(chart):
    bundle, metadata = chart._repr_mimebundle_(include=None, exclude=None)
    assert {"text/html", "image/svg+xml"} <= set(bundle)
    assert metadata["alt"] == chart.alt != ""
    root = etree.fromstring(bundle["image/svg+xml"].encode())
    assert root.tag.endswith("svg")
    assert len(bundle["image/svg+xml"]) < figure.SVG_LIMIT
    assert outside(bundle["text/html"]) == []
    assert [u for u in outside(bundle["image/svg+xml"]) if "w3.org" not in u] == []


def test_same_bytes_on_second_call(chart):
    assert chart.html() == chart.html()
    assert chart.static().printed == chart.static().printed


def test_numbers_drawn_are_the_numbers_in_the_csv(chart, folder):
    chart._repr_mimebundle_()
    read = pd.read_csv(folder.root / "assets" / "data" / f"{chart.name}.csv")
    pd.testing.assert_frame_equal(read, chart.data, check_dtype=False)
    spec = drawn(chart)
    shown = {
        round(float(v), 9)
        for trace in spec["data"]
        for axis in ("x", "y", "base")
        for v in trace.get(axis) or ()
        if isinstance(v, int | float)
    }
    for column in ("before", "after", "l2", "ev_owners", "new_l2", "cad", "sites"):
        if column in chart.data:
            scale = 1e6 if column == "cad" else 1  # bars of money are in millions
            assert {round(float(v) / scale, 9) for v in chart.data[column]} <= shown, column


def drawn(chart):
    text = re.search(r'<script type="application/json">(.*?)</script>', chart.html(), re.DOTALL)[1]
    return json.loads(text)


def test_axes_carry_units(chart):
    titles = " ".join(
        (axis.get("title") or {}).get("text", "")
        for key, axis in drawn(chart)["layout"].items()
        if re.match(r"[xy]axis", key)
    )
    assert re.search(r"\((%|CAD|million CAD|count|end)\)", titles), titles


def test_wrapper_names_the_figure_its_source_and_its_data():
    text = simple().html()
    assert 'alt="a &quot;line&quot; &amp; a dot" width="576" height="400" loading="lazy"' in text
    assert "Source: x · data to 2021" in text
    for file in ("data/a-figure.csv", "figures/a-figure.svg", "figures/a-figure.png"):
        assert f'href="/assets/{file}" download' in text


def test_what_moves_waits_hidden_behind_a_button_that_scripts_show():
    soup = BeautifulSoup(simple().html(), "html.parser")
    button, live = soup.select_one(".kwev-ask[hidden] button"), soup.select_one(".kwev-live")
    assert button["aria-controls"] == live["id"]
    assert button["aria-expanded"] == "false"
    assert button.text in button["aria-label"]
    assert live.has_attr("hidden")
    assert live.p.text == "moves"
    assert not soup.select_one(".kwev-still").has_attr("hidden")


def drawing_of(marks):
    """Return the picture of so many points, none where another is."""

    def draw(canvas):
        canvas.add_subplot().plot(range(marks), [i * i % 7919 for i in range(marks)], "o", ms=1)

    return picture(draw, height_in=2, alt="Points & more", note="a note")


def test_picture_is_loaded_and_printed_in_the_form_that_is_small():
    few, many = drawing_of(3), drawing_of(4000)
    assert few.shown == "svg"
    assert few.printed == few.svg
    assert few.size_px == (576, 192)
    assert many.shown == "png"
    assert many.printed == many.png
    assert len(many.png) < figure.SVG_LIMIT < len(many.svg)
    assert many.png == drawing_of(4000).png
    with Image.open(io.BytesIO(many.png)) as opened:
        assert opened.text["Title"] == "Points & more"
        assert opened.mode == "P"


def test_both_forms_of_the_picture_are_files_to_take_away(folder):
    simple()._repr_mimebundle_()
    written = folder.root / "assets" / "figures"
    assert (written / "a-figure.svg").read_bytes() == SVG
    assert (written / "a-figure.png").read_bytes() == PNG


def test_map_is_its_own_file_that_no_frame_loads_before_it_is_asked_for(folder):
    shown = simple(kind="map", interactive=lambda: "<!DOCTYPE html><p>map</p>")
    bundle, _ = shown._repr_mimebundle_()
    assert ' data-src="/assets/maps/a-figure.html"' in bundle["text/html"]
    assert 'href="/assets/maps/a-figure.html">Map on its own page' in bundle["text/html"]
    assert "<iframe" not in bundle["text/html"]
    saved = (folder.root / "assets" / "maps" / "a-figure.html").read_text()
    assert saved == "<!DOCTYPE html><p>map</p>"


@pytest.mark.usefixtures("folder")
def test_png_when_the_svg_is_too_large_for_print():
    large = SVG + b" " * figure.SVG_LIMIT
    bundle, _ = simple(static=lambda: Picture(large, PNG))._repr_mimebundle_()
    assert base64.b64decode(bundle["image/png"]) == PNG
    assert "image/svg+xml" not in bundle


@pytest.mark.parametrize("what", ["alt", "source", "vintage"])
def test_what_a_reader_needs_is_never_empty(what):
    with pytest.raises(KwevError, match=what):
        simple(**{what: " "})


@pytest.mark.parametrize("name", ["", "A", "a b", "../a", "a.b"])
def test_name_must_do_as_file_and_id(name):
    with pytest.raises(KwevError, match="not a name"):
        simple(name=name)


def test_vendor_files_are_local_and_whole(folder):
    publish_vendor(folder)
    vendor = folder.root / "assets" / "vendor"
    names = {str(p.relative_to(vendor)) for p in vendor.rglob("*") if p.is_file()}
    assert {PLOTLY, "figures.js", "leaflet/leaflet.js", "leaflet/leaflet.css"} <= names
    assert outside((vendor / "leaflet" / "leaflet.css").read_text()) == []
    for url in re.findall(r"url\((images/[^)]+)\)", (vendor / "leaflet/leaflet.css").read_text()):
        # the marker picture is for markers of Leaflet's own, which no map here has
        assert url == "images/marker-icon.png" or (vendor / "leaflet" / url).is_file()
    before = (vendor / PLOTLY).stat().st_mtime_ns
    publish_vendor(folder)
    assert (vendor / PLOTLY).stat().st_mtime_ns == before


def test_the_browser_draws_with_the_version_that_describes(folder):
    publish_vendor(folder)
    head = (folder.root / "assets" / "vendor" / PLOTLY).read_text(encoding="utf-8")[:100]
    (major,) = re.findall(r"plotly\.js \(basic - minified\) v(\d+)\.", head)
    assert major == get_plotlyjs_version().split(".")[0]


def test_missing_column_and_no_rows_are_named(frames, origin):
    with pytest.raises(KwevError, match="needs columns after"):
        plan_charts.coverage(frames["coverage"].drop(columns="after"), origin=origin)
    with pytest.raises(KwevError, match="no rows"):
        plan_charts.costs(frames["cost_breakdown"].iloc[:0], origin=origin)


def test_scripts_of_a_chart_are_data_and_one_local_file(chart):
    sources = re.findall(r"<script[^>]*src=\"([^\"]+)\"", chart.html())
    assert sources == ["/assets/vendor/figures.js"]
    assert len(chart.html()) < 60_000  # the library is never inlined
