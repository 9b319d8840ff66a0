"""Sheets, icons and scripts of Quarto: what a page uses stays, the rest goes."""

from __future__ import annotations

import io
import json
import re

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.ttLib import TTFont
from fontTools.ttLib.tables._g_l_y_f import Glyph
from hypothesis import given
from hypothesis import strategies as st

from kwev.book import slim

WORDS = {"card", "main", "show", "btn", "search"}


@pytest.mark.parametrize(
    ("css", "kept"),
    [
        ("p{a:b}", "p{a:b}"),
        (".card{a:b}.toast{a:b}", ".card{a:b}"),
        (".toast,.card .btn{a:b}", ".card .btn{a:b}"),
        ("#main>.btn:not(.toast){a:b}", "#main>.btn:not(.toast){a:b}"),
        (".card.toast{a:b}", ""),
        (":is(.toast,.card) p{a:b}", ":is(.toast,.card) p{a:b}"),
        ('[class^="a,b"].card,.toast{a:b}', '[class^="a,b"].card{a:b}'),
        ("@media print{.toast{a:b}}", ""),
        ("@media print{.toast{a:b}.card{a:b}}", "@media print{.card{a:b}}"),
        ("@keyframes turn{to{a:b}}", "@keyframes turn{to{a:b}}"),
        (".bi-search::before{content:'\\f52a'}", '.bi-search::before{content:"\\f52a "}'),
        (":root{--a:1;--b:var(--a);--c:2}p{x:var(--b)}", ":root{--a:1;--b:var(--a)}p{x:var(--b)}"),
        (":root{--a:1;--b:var(--a)}p{x:y}", ":root{}p{x:y}"),
    ],
)
def test_rules_that_no_page_can_use_go(css, kept):
    once = slim.used_rules(css, WORDS)
    assert once == kept
    assert slim.used_rules(once, WORDS) == once


NAMES = st.sampled_from(["card", "main", "toast", "alert"])
SELECTORS = st.lists(NAMES.map(".{}".format), min_size=1, max_size=3).map(" ".join)


@given(st.lists(st.tuples(SELECTORS, st.integers(0, 9)), max_size=8))
def test_rules_stay_in_their_order_and_are_those_whose_names_are_all_known(rules):
    css = "".join(f"{selector}{{order:{number}}}" for selector, number in rules)
    known = [
        f"{selector}{{order:{number}}}"
        for selector, number in rules
        if not {"toast", "alert"} & set(selector.replace(".", "").split())
    ]
    assert slim.used_rules(css, WORDS) == "".join(known)


def font(codes):
    build = FontBuilder(1000)
    names = [".notdef", *(f"icon{code:x}" for code in codes)]
    build.setupGlyphOrder(names)
    build.setupCharacterMap(dict(zip(codes, names[1:], strict=True)))
    build.setupGlyf({name: Glyph() for name in names})
    build.setupHorizontalMetrics(dict.fromkeys(names, (1000, 0)))
    build.setupHorizontalHeader()
    build.setupPost()
    content = io.BytesIO()
    build.save(content)
    return content.getvalue()


def test_font_keeps_the_icons_that_are_named():
    three = font([0xF101, 0xF102, 0xF103])  # it holds the second in which it was made
    content = slim.used_icons(three, [0xF102])
    assert content == slim.used_icons(three, [0xF102])
    with TTFont(io.BytesIO(content)) as opened:
        assert list(opened.getBestCmap()) == [0xF102]
        assert opened.flavor == "woff"


PAGE = """<head>
<script src="../site_libs/quarto-nav/quarto-nav.js"></script>
<script src="../site_libs/quarto-search/autocomplete.umd.js"></script>
<script src="../site_libs/quarto-search/fuse.min.js"></script>
<script src="../site_libs/quarto-search/quarto-search.js"></script>
<script src="../site_libs/quarto-html/quarto.js" type="module"></script>
<link href="../site_libs/bootstrap/bootstrap-a.min.css" rel="stylesheet" \
class="quarto-color-scheme">
<link href="../site_libs/bootstrap/bootstrap-dark-b.min.css" rel="stylesheet" \
class="quarto-color-scheme quarto-color-alternate" data-mode="dark">
<script src="own.js"></script></head><body><p class="card">bi-search</p>
</body>"""


def test_scripts_wait_for_the_text_the_night_for_the_night_and_search_for_a_reader():
    page = slim.in_time(PAGE)
    assert '<script src="own.js"></script>' in page
    assert 'bootstrap-a.min.css" rel="stylesheet"' in page
    assert 'bootstrap-dark-b.min.css" rel="disabled-stylesheet"' in page
    assert page.count("fuse.min.js") == 1
    assert "location.search)) document.write" in page
    (last,) = re.findall(r"<script>document.write\((.*)\);</script>\n</body>", page)
    assert json.loads(last).split("</script>") == [
        '<script defer src="../site_libs/quarto-nav/quarto-nav.js">',
        '<script defer src="../site_libs/quarto-search/search-later.js">',
        '<script src="../site_libs/quarto-html/quarto.js" type="module" fetchpriority="low">',
        "",
    ]
    assert "<" not in last
    assert page.count("quarto-nav.js") == 1
    assert slim.in_time(page) == page


def test_a_site_is_made_light_once(tmp_path):
    boot = tmp_path / "site_libs" / "bootstrap"
    boot.mkdir(parents=True)
    (tmp_path / "site_libs" / "quarto-search").mkdir()
    (boot / "bootstrap-a.min.css").write_text(".card{a:b}.toast{a:b}.shown-by-script{a:b}")
    icons = ".bi-search::before{content:'\\f102'}.bi-alarm::before{content:'\\f101'}"
    (boot / "bootstrap-icons.css").write_text(icons)
    (boot / "bootstrap-icons.woff").write_bytes(font([0xF101, 0xF102]))
    (boot / "bootstrap.min.js").write_text("'toast'")
    (boot / "other.js").write_text("e.classList.add('shown-by-script')")
    (tmp_path / "index.html").write_text(PAGE)
    slim.slim(tmp_path, ["index.html"])
    first = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert first[boot / "bootstrap-a.min.css"] == b".card{a:b}.shown-by-script{a:b}"
    with TTFont(boot / "bootstrap-icons.woff") as opened:
        assert list(opened.getBestCmap()) == [0xF102]
    assert (tmp_path / "site_libs/quarto-search/search-later.js").is_file()
    slim.slim(tmp_path, ["index.html"])
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == first


def test_a_script_that_each_page_repeats_is_one_file(tmp_path):
    (tmp_path / "site_libs").mkdir()
    (tmp_path / "chapters").mkdir()
    script = '<script id="quarto-html-after-body" type="application/javascript">go();</script>'
    for name in ("index.html", "chapters/one.html"):
        (tmp_path / name).write_text(f"<body><p>x</p>{script}</body>")
    slim.slim(tmp_path, ["index.html", "chapters/one.html"])
    assert (tmp_path / "site_libs/quarto-html/after-body.js").read_text() == "go();"
    for name, up in (("index.html", ""), ("chapters/one.html", "../")):
        text = (tmp_path / name).read_text()
        assert "go();" not in text
        (written,) = re.findall(r"document.write\((.*)\);", text)
        source = f'"{up}site_libs/quarto-html/after-body.js"'
        assert json.loads(written) == f"<script defer src={source}></script>"


def test_a_site_of_the_preview_stays_as_it_is(tmp_path):
    (tmp_path / "index.html").write_text(PAGE)
    slim.slim(tmp_path, ["index.html"])
    assert (tmp_path / "index.html").read_text() == PAGE
