"""The catalogue of downloads: each file has its entry, and what is wrong is told."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from bs4 import BeautifulSoup

from kwev.book import downloads
from kwev.book.downloads import CATALOGUE, PAGE, problems, write_catalogue
from kwev.errors import KwevError
from kwev.files import sha256_bytes

BOOK = SimpleNamespace(title="A book", pdf_name="book.pdf")


@pytest.fixture
def site(tmp_path):
    """Return a site with a file of each group."""
    files = {
        "book.pdf": "%PDF-", "brief.pdf": "%PDF-",
        "assets/tables/towns.csv": "name,net_cad,share\nA & B,5,0.5\nC,7,0.25\n",
        "assets/data/map.csv": "x,is_new\n1,True\n",
        "assets/figures/map.svg": "<svg/>",
        "assets/downloads/plan-sites.csv": "id,ports_added\na,2\n",
        "assets/downloads/plan.gpkg": "gpkg",
        "assets/downloads/plan.json": "{}",
        "assets/pages/sheets/load.csv": "kw\n5\n",
        "assets/pages/map.html": "<html></html>",
        "assets/vendor/plotly/plotly-basic.min.js": "",
    }  # fmt: skip
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def listed(site):
    return {one["path"]: one for one in json.loads((site / CATALOGUE).read_text())["resources"]}


def test_every_file_has_an_entry_with_its_hash(site):
    write_catalogue(BOOK, site)
    found = listed(site)
    expected = {p.relative_to(site).as_posix() for p in site.rglob("*") if p.is_file()}
    pages = {p for p in expected if p.endswith((".html", ".js", ".css"))} | {CATALOGUE}
    assert set(found) == expected - pages
    assert problems(site) == []
    for path, one in found.items():
        content = (site / path).read_bytes()
        assert (one["bytes"], one["hash"]) == (len(content), f"sha256:{sha256_bytes(content)}")
    names = [one["name"] for one in found.values()]
    assert len(set(names)) == len(names)


def test_columns_are_told_with_type_unit_and_meaning(site):
    write_catalogue(BOOK, site)
    found = listed(site)
    towns = found["assets/tables/towns.csv"]
    assert towns["rows"] == 2
    assert [(f["name"], f["type"]) for f in towns["schema"]["fields"]] == [
        ("name", "string"), ("net_cad", "integer"), ("share", "number"),
    ]  # fmt: skip
    assert towns["schema"]["fields"][1]["unit"] == "CAD"
    ports = found["assets/downloads/plan-sites.csv"]["schema"]["fields"][1]
    assert (ports["description"], ports["unit"]) == ("New ports", "ports")
    assert {layer["name"] for layer in found["assets/downloads/plan.gpkg"]["layers"]} == {
        "plan", "stations_today", "municipalities",
    }  # fmt: skip
    schema = json.loads((site / found["assets/downloads/plan.json"]["jsonSchema"]).read_text())
    assert schema["title"] == "kwev plan"


def test_a_file_without_an_entry_is_refused(site):
    (site / "assets/downloads/stray.csv").write_text("a\n1\n")
    with pytest.raises(KwevError, match=r"no entry in the catalogue.*assets/downloads/stray\.csv"):
        write_catalogue(BOOK, site)
    assert not (site / CATALOGUE).exists()


def test_what_is_changed_afterwards_is_told(site):
    write_catalogue(BOOK, site)
    (site / "assets/tables/late.csv").write_text("a\n1\n")
    (site / "assets/figures/map.svg").unlink()
    (site / "assets/data/map.csv").write_text("x,is_new\n2,True\n")
    assert problems(site) == [
        "assets/tables/late.csv: no entry in downloads.json",
        "assets/figures/map.svg: in downloads.json and not there",
        "assets/data/map.csv: not the file that was listed",
    ]


def test_an_entry_that_tells_nothing_is_told(site):
    write_catalogue(BOOK, site)
    made = json.loads((site / CATALOGUE).read_text())
    for one in made["resources"]:
        if one["path"] == "assets/tables/towns.csv":
            one["description"] = " "
            del one["schema"]
    (site / CATALOGUE).write_text(json.dumps(made))
    assert problems(site) == [
        "assets/tables/towns.csv: nothing says what it holds",
        "assets/tables/towns.csv: its columns are not told",
    ]


def test_two_writings_are_the_same_and_the_page_leads_to_every_file(site):
    write_catalogue(BOOK, site)
    first = [(site / name).read_bytes() for name in (CATALOGUE, PAGE)]
    write_catalogue(BOOK, site)
    assert [(site / name).read_bytes() for name in (CATALOGUE, PAGE)] == first
    soup = BeautifulSoup(first[1], "lxml")
    links = {link["href"] for link in soup.select("main a")}
    folder = Path(PAGE).parent
    there = {(site / folder / link).resolve() for link in links}
    assert there == {(site / path).resolve() for path in [*listed(site), CATALOGUE]}
    assert all(heading.get_text() in downloads.GROUPS.values() for heading in soup.select("h2"))
