"""The Region with hostile names goes the whole road: solved, exported, drawn, set, and opened.

Every municipality, station, operator, address, candidate, stop and route has a name of
:mod:`hostile`. Nothing in a page runs or asks another host, and every name shows as typed.
"""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest
from bs4 import BeautifulSoup
from chromium import serve
from cli.conftest import copy_of
from hostile import NAMED, PAYLOADS, payload, poisoned

from kwev import escape
from kwev.book.chapters import read_book
from kwev.book.render import render
from kwev.data.tables import load_tables
from kwev.sets import MANIFEST, entry

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]

EXHIBITS = """
transit.transit_map(report.tables)
region.density_map(report.tables)
region.candidate_map(report.tables, report.config)
region.candidate_table(report)
region.candidate_chart(report)
stations.station_map(report.tables)
table("stops", transit.best_places(report.tables), "name municipality mode hub", OWN)
scores.best_table(report)
scores.site_map(report.tables, report.config)
plan_charts.plan_map(report.tables, report.plan)
table("actions", export.as_frame(report.plan), "name municipality", OWN)
hostile_parts.table()
hostile_parts.cards()
hostile_parts.chart()
hostile_parts.drawn_map()
hostile_parts.site_page()
"""

SHOWN = "[document.title, document.body.innerText, document.body.textContent].join(' ')"
NUMBERS = ("transit", "region", "stations", "scores")


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    """Return a checkout with hostile names, solved at tract."""
    checkout = copy_of(ROOT, tmp_path_factory.mktemp("hostile"))
    processed = checkout.root / "data" / "processed"
    tables = load_tables(processed)
    manifest = json.loads((processed / MANIFEST).read_text())
    for start, (name, columns) in enumerate(NAMED.items()):
        made = poisoned(getattr(tables, name), columns, start)
        flags = made.select_dtypes("bool").columns
        words = {flag: made[flag].map({True: "true", False: "false"}) for flag in flags}
        content = escape.csv(made.assign(**words)).encode()
        (processed / f"{name}.csv").write_bytes(content)
        manifest["processed"][f"{name}.csv"] = entry(content, rows=len(made))
    (processed / MANIFEST).write_text(json.dumps(manifest))
    ended = checkout.call("solve", "--scenario", "base", "--geography", "tract", "--out", "plan")
    assert ended.code == 0, ended.err
    return checkout


def typed(text):
    """Return what a page shows of a text, with blanks as one."""
    return " ".join(escape.visible(text, keep="\t\r\n\f\v").split())


def test_names_are_read_back_from_the_processed_tables(region):
    before, after = (load_tables(root / "data" / "processed") for root in (ROOT, region.root))
    for start, (name, columns) in enumerate(NAMED.items()):
        wanted = poisoned(getattr(before, name), columns, start)
        for column in columns:
            # a CSV has one kind of line break within a cell
            assert getattr(after, name)[column].tolist() == wanted[column].tolist(), (name, column)


def test_a_plans_csv_has_no_formula_and_its_names(region):
    content = (region.root / "plan" / "plan.csv").read_bytes()
    actions = json.loads((region.root / "plan" / "plan.json").read_text())["actions"]
    rows = list(csv.reader(io.StringIO(content.decode(), newline="")))
    texts = [cell for row in rows for cell in row if not re.fullmatch(r"-?[\d.]*", cell)]
    assert not [cell for cell in texts if cell[:1] in "=+-@\t\r"]
    read = escape.from_csv(pd.read_csv(io.BytesIO(content), dtype=str), content)
    assert read["name"].tolist() == [action["name"] for action in actions]


def test_the_terminal_gets_lines_without_orders(region):
    told = {}
    for arguments in (
        ("check", "plan/plan.json"),
        ("explain", "--geography", "tract"),
        ("monitor", "--from-processed", "--dry-run"),
        ("scenarios",),
        ("check", "\x1b[31mno\u202e.json"),
    ):
        ended = (region.run if arguments[0] == "explain" else region.call)(*arguments)
        assert "Traceback" not in ended.err
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e]", ended.out + ended.err)
        told[arguments[0]] = ended.out
    assert any(payload(i).split()[0] in told["explain"] for i in (0, 1))


@pytest.fixture(scope="module")
def book(region):
    """Render a chapter with every exhibit that shows names, as the preview."""
    root = region.root
    shutil.copy(ROOT / "tests" / "book" / "fixtures" / "good" / "references.bib", root)
    shutil.copytree(ROOT / "theme", root / "theme")
    shutil.copy(ROOT / "data" / "claims.json", root / "data")
    (root / "_quarto.yml").write_text(
        "project:\n  type: book\n  output-dir: _book\n"
        "book:\n  title: T\n  author: A\n  output-file: t\n"
        "  chapters: [index.qmd, chapters/05a-phasing.qmd]\n"
        "lang: en-CA\nbibliography: references.bib\n"
        "format:\n  html:\n    theme:\n      light: [theme/light.scss]\n"
        "      dark: [theme/dark.scss]\n"
    )
    (root / "chapters").mkdir()
    (root / "chapters" / "05a-phasing.qmd").write_text("# Phasing {#sec-phasing}\n\nSites.\n")
    imports = (
        "import warnings\nwarnings.simplefilter('ignore')\n"
        f"import sys\nsys.path.insert(0, {str(ROOT / 'tests')!r})\nimport hostile_parts\n"
        "from kwev.display.table import OWN, table\n"
        "from kwev.plan import export\nfrom kwev.project import find_project\n"
        "from kwev.report import plan_charts, region, scores, stations, transit\n"
        "from kwev.report.scenario import Report\n"
        'report = Report(find_project(), "base", "tract")\n'
        + "".join(
            f"{name}_words = [n for n in {name}.numbers(report) if n.unit == 'text']\n"
            for name in NUMBERS
        )
    )
    parts = ["# Names {#sec-names}", f"```{{python}}\n#| echo: false\n{imports}```"]
    parts += [f"P{i} `{{python}} hostile_parts.value({i})` end." for i in range(len(PAYLOADS))]
    parts += [f"`{{python}} hostile_parts.value({i})`" for i in range(len(PAYLOADS))]
    for name in NUMBERS:
        parts += [f"`{{python}} {name}_words[{i}]`" for i in (0, -1)]
    for i, call in enumerate(EXHIBITS.strip().splitlines()):
        parts.append(f"```{{python}}\n#| label: cell-{i}\n{call}\n```")
    (root / "index.qmd").write_text("\n\n".join(parts) + "\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        render(root, engine="preview", progress=False)
    return read_book(root)


def test_the_book_is_sound_and_its_prose_shows_names_as_typed(book):
    soup = BeautifulSoup((book.output_dir / "index.html").read_text(encoding="utf-8"), "lxml")
    straight = str.maketrans("\u2018\u2019\u201c\u201d", "''\"\"")
    shown = [" ".join(p.get_text().translate(straight).split()) for p in soup.select("main p")]
    for i, name in enumerate(PAYLOADS):
        assert f"P{i} {typed(name)} end." in shown, name
        assert typed(name) in shown, name
    assert not soup.select(".citation, main .callout, main a[href^='javascript']")


def test_the_pdf_shows_what_its_fonts_lack_by_number(book):
    program = shutil.which("pdftotext")
    if program is None:
        pytest.skip("no pdftotext to read the PDF with")
    text = subprocess.run(
        [program, "-layout", str(book.output_dir / "t.pdf"), "-"],
        capture_output=True, encoding="utf-8", check=True,
    ).stdout  # fmt: skip
    squeezed = "".join(text.split())
    assert "[U+5145][U+96FB][U+7AD9]" in squeezed
    for mark in ("{{7*7}}", "{%forxin(1,2)%}", "@church1974", "{{<include/etc/passwd>}}", "$x$"):
        assert mark in squeezed, mark
    assert "root:x:0" not in squeezed


@pytest.fixture(scope="module")
def opened(book, browser):
    """Open every page of the site and each map; return what was found by page."""
    site = book.output_dir
    pages = sorted(p.relative_to(site).as_posix() for p in site.rglob("*.html"))
    found = {}
    with serve(site) as address:
        for name in pages:
            bad = []
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.on("dialog", lambda d, bad=bad: (bad.append(f"dialog {d.message}"), d.dismiss()))
            page.on("pageerror", lambda e, bad=bad: bad.append(f"error {e}"))
            page.on("request", lambda r, bad=bad: bad.append(r.url) if not r.url.startswith(
                (address, "data:")) else None)  # fmt: skip
            page.goto(f"{address}/{name}")
            page.wait_for_load_state("networkidle")
            for chart in page.locator(".kwev-chart").all():
                chart.locator(".kwev-ask button").click()
                chart.locator("svg.main-svg").first.wait_for()
            for button in page.locator(".kwev-map .kwev-ask button").all():
                button.click()
            for frame in page.locator("iframe").element_handles():
                frame.content_frame().wait_for_url("**/*.html")
            if "/maps/" in name:
                page.locator("[data-ready]").wait_for()
                for place in page.locator("path[tabindex]").all()[:40]:
                    place.dispatch_event("mouseover")
                    place.focus()
                    page.keyboard.press("Enter")
                    page.keyboard.press("Escape")
            planted = page.locator("main [onmouseover], main [onerror], img[src=x]").all()
            bad += [element.evaluate("e => e.outerHTML") for element in planted]
            ran = [frame.evaluate("window.PWN") for frame in page.frames]
            bad += [f"ran {one}" for one in ran if one is not None]
            found[name] = bad, page.evaluate(SHOWN)
            page.close()
    return found


def test_nothing_runs_and_nothing_is_asked_elsewhere(opened, region):
    assert len(opened) >= 8
    assert {name: bad for name, (bad, _) in opened.items() if bad} == {}
    assert not list(region.root.rglob("PWNED"))


@pytest.mark.parametrize(
    "page", ["index.html", "assets/maps/evil-map.html", "assets/sites/evil.html"]
)
def test_every_name_shows_as_typed(opened, page):
    shown = " ".join(opened[page][1].split())
    assert [name for name in PAYLOADS if typed(name) not in shown] == []
