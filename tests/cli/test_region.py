"""kwev region new: a folder that is a project, or one line of error."""

from __future__ import annotations

import json
import re

import elsewhere
import pytest
from bs4 import BeautifulSoup
from cli.conftest import Checkout
from prose import check_prose, check_subset

from kwev.book.chapters import read_book, read_chapter
from kwev.founding import found
from kwev.project import find_project
from kwev.region import NEEDED, read_region


@pytest.fixture
def home(project):
    return Checkout(project.root)


def test_a_new_region_is_a_project_that_knows_what_to_fetch(home, tmp_path):
    folder = tmp_path / "wellington"
    ended = home.call("region", "new", "County of Wellington", "--cd", "3523", "--out", str(folder))
    assert ended.code == 0, ended.err
    project = find_project(folder / "config")
    assert project.root == folder
    region = read_region(project.config)
    assert (region.name, region.code, region.sources.local) == ("County of Wellington", "3523", {})
    assert set(NEEDED) <= set(region.files)
    for word in ("kwev fetch", "roads", "grt_feed", "addresses"):
        assert word in ended.out
    services = json.loads((folder / "data" / "services.json").read_text())["services"]
    assert "region_hub" not in services
    told = Checkout(folder).call("fetch", "--dry-run")
    assert told.code == 0, told.err
    # footpaths are fetched besides, and no table is made of them
    assert len(told.out.splitlines()) == len(region.files) + 1
    missing = Checkout(folder).run("data", KWEV_RAW="")
    assert missing.is_one_error("raw file missing", "da_2021")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["Oxford", "--cd", "353"], ("census_division", "'353'")),
        (["Oxford", "--csd", "353001"], ("census_subdivisions", "'353001'")),
        (["Oxford"], ("--cd", "--csd")),
        (["Oxford", "--cd", "3532", "--csd", "3532004"], ("--cd", "--csd")),
        (["Oxford", "--cd", "2401"], ("2401", "Ontario")),
        (["…", "--cd", "3532"], ("no name of a region",)),
    ],
)
def test_codes_that_are_none_are_one_line(home, tmp_path, arguments, words):
    assert home.call("region", "new", *arguments, *_out(tmp_path, words)).is_one_error(*words)
    assert not (tmp_path / "made").exists()


def _out(tmp_path, words):
    return () if words == ("no name of a region",) else ("--out", str(tmp_path / "made"))


def test_what_is_there_stays(home, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    ended = home.call("region", "new", "Oxford", "--cd", "3532", "--out", str(tmp_path))
    assert ended.is_one_error("something is there already")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.fixture
def town(project, tmp_path):
    """A project of a made-up town in another zone, with its raw files."""
    found(project, elsewhere.REGION, tmp_path / "town")
    elsewhere.write(tmp_path / "town")
    return Checkout(tmp_path / "town")


def test_a_region_goes_from_its_files_to_a_checked_and_scheduled_plan(town, monkeypatch):
    monkeypatch.delenv("KWEV_RAW", raising=False)
    for arguments in (
        ("data",), ("solve", "--out", "plan"), ("check", "plan/plan.json"),
        ("schedule", "plan/plan.json"), ("explain",),
    ):  # fmt: skip
        ended = town.call(*arguments)
        assert ended.code == 0, (arguments, ended.out, ended.err)
    assert "0 violations" in town.call("check", "plan/plan.json").out
    results = json.loads((town.root / "plan" / "results.json").read_text())
    assert results["scenario"] == "base"
    along = town.root / "config" / "scenarios" / "roads.json"
    along.write_text(json.dumps({"coverage": {"metric": "network"}}))
    assert town.call("solve", "-s", "roads").is_one_error("no road to measure along")
    watched = town.root / "data" / "targets.json"
    watched.write_text(watched.read_text().replace('"straight_line"', '"network"'))
    refused = town.call("monitor", "--from-processed")
    assert refused.is_one_error("no road to measure along", "data/targets.json")


def test_a_region_makes_the_studies_that_it_keeps(town, monkeypatch):
    monkeypatch.delenv("KWEV_RAW", raising=False)
    assert town.call("data").code == 0
    assert "0 points of 0 studies" in town.call("sweep").out
    assert "1 points of 1 studies, 1 made now" in town.call("sweep", "cases").out
    assert town.call("sweep", "--list").out.split() == ["cases", "1", "points", "sound"]
    assert town.call("sweep", "swings").is_one_error("assumptions.json")
    assert town.call("expect").is_one_error("keeps no expected numbers")


def test_a_region_has_a_short_book_that_says_what_it_lacks(town, monkeypatch):
    monkeypatch.delenv("KWEV_RAW", raising=False)
    for arguments in (("data",), ("render", "--engine", "preview")):
        ended = town.run(*arguments)
        assert ended.code == 0, (arguments, ended.out, ended.err)
    book = read_book(town.root)
    for page in book.pages:
        chapter = read_chapter(town.root, page)
        assert [str(one) for one in (*check_subset(chapter), *check_prose(chapter))] == []
    assert (book.output_dir / book.pdf_name).stat().st_size > 50_000
    first, data, plan = (
        BeautifulSoup((book.output_dir / page.output).read_text(encoding="utf-8"), "lxml")
        for page in book.pages
    )
    assert "people of the Town of Elsewhere have" in first.main.p.get_text()
    assert first.select("figure img[src*='plan']")
    absent = data.find(id="tbl-absent").get_text()
    assert all(word in absent for word in ("roads", "timetable of buses", "wards"))
    assert "found 0 violations" in plan.main.p.get_text()
    names = " ".join(page.get_text() for page in (first, data, plan))
    assert not re.search("Waterloo|Kitchener|Cambridge|Wilmot", names)
