"""The rendered book in _book/: sound, and clean in a browser on a phone and on a desk."""

from __future__ import annotations

import json
import re

import geopandas as gpd
import pandas as pd
import pytest
import weigh
from bs4 import BeautifulSoup
from chromium import serve, visits

from kwev.book import downloads
from kwev.book.chapters import read_book
from kwev.book.pages import check_book
from kwev.book.papers import PAPERS, page_count
from kwev.data.schemas import PROCESSED


@pytest.fixture(scope="module")
def book(project):
    found = read_book(project.root)
    if not (found.output_dir / "index.html").is_file():
        pytest.skip("the book is not rendered; run make book")
    return found


def test_every_page_link_and_asset_is_there(book):
    assert [str(problem) for problem in check_book(book)] == []


def test_every_download_has_its_entry(book):
    assert downloads.problems(book.output_dir) == []


def test_no_page_prints_a_violation(book):
    for page in sorted(book.output_dir.rglob("*.html")):
        text = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser").get_text(" ")
        assert not re.search(r"\b[1-9][\d,]* violations?\b", text), page


def test_the_pdf_is_there(book):
    assert (book.output_dir / book.pdf_name).read_bytes().startswith(b"%PDF-")


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.file)
def test_a_paper_keeps_to_its_pages(book, paper):
    assert 1 <= page_count((book.output_dir / paper.file).read_bytes()) <= paper.most_pages


def test_every_download_of_the_catalogue_opens_with_the_rows_that_it_states(book):
    page = book.output_dir / "chapters" / "a-data-catalogue.html"
    opened = 0
    soup = BeautifulSoup(page.read_text(encoding="utf-8"), "lxml")
    for row in soup.select("#table-processed-tables tbody tr"):
        stated = row.select("td")[2].text.replace(",", "")
        for link in row.select("a[href*='/assets/downloads/']"):
            path = (page.parent / link["href"]).resolve()
            assert path.is_relative_to(book.output_dir.resolve())
            if path.suffix == ".parquet":
                assert str(len(gpd.read_parquet(path))) == stated
            elif ".csv" in path.suffixes:
                assert str(len(pd.read_csv(path, low_memory=False))) == stated
            elif path.suffix == ".json":
                files = [r["path"] for r in json.loads(path.read_text())["resources"]]
                assert files
                assert all((path.parent / name).is_file() for name in files)
            else:
                assert path.read_text().startswith("# ")
            opened += 1
    assert opened > len(PROCESSED)


MOST_SITE_BYTES = 20e6
"""Without files to take away and the PDFs: the pages beside the chapters are 7 MB of it."""


def test_the_site_stays_small(book):
    """What a reader opens; files to take away and the PDF have limits of their own."""
    taken_away = weigh.size(book.output_dir / "assets" / "downloads")
    assert 0 < taken_away < 13e6
    assert 0 < (book.output_dir / book.pdf_name).stat().st_size < 10e6
    assert weigh.of_site(book.output_dir) < MOST_SITE_BYTES


@pytest.fixture(scope="module")
def opened(book, browser):
    """Serve the book, and give the browser with its address."""
    with serve(book.output_dir) as address:
        yield address, browser


WIDE = ("index.html", "chapters/04a-sensitivity.html", "assets/pages/map.html")
"""Pages that are weighed on a desk too, whose window shows more."""


@pytest.fixture(scope="module")
def seen(book, opened, project):
    """Open every page once on a phone, the book's own and wide ones on a desk too.

    Of pages that are all of one make the largest stands for them. By page and width: what is wrong,
    and the bytes loaded before anybody scrolls.
    """
    address, _ = opened
    own, names = {str(page.output) for page in book.pages}, set(weigh.pages_of(book.output_dir))
    for make in ("/town-", "/sites/"):
        alike = {name for name in names if make in name}
        names -= alike - {max(alike, key=lambda name: (book.output_dir / name).stat().st_size)}
    asked = {(name, weigh.PHONE_PX) for name in names | own}
    asked |= {(name, weigh.DESK_PX) for name in own | set(WIDE)}
    return visits(address, sorted(asked), project.build / "shots")


@pytest.mark.slow
def test_every_page_opens_cleanly(seen):
    assert [str(problem) for problems, _ in seen.values() for problem in problems] == []


@pytest.mark.slow
def test_no_page_is_heavy_before_anybody_scrolls(seen):
    weights = {at: weight for at, (_, weight) in seen.items()}
    assert {at: weight for at, weight in weights.items() if weight > 1.5e6} == {}
    first = [weight for (name, _), weight in weights.items() if name == "index.html"]
    assert 10e3 < min(first) <= max(first) < 500e3


SAMPLE = (
    "index.html", "chapters/03a-model.html", "chapters/05a-phasing.html", "assets/pages/map.html",
)  # fmt: skip
"""Pages with cards, with code and folds, with long tables, and with panels over a map."""


@pytest.mark.slow
@pytest.mark.parametrize("page", SAMPLE)
@pytest.mark.parametrize("scheme", weigh.SCHEMES)
def test_axe_finds_nothing_serious(opened, page, scheme):
    address, browser = opened
    found = {
        width: weigh.grave(browser, f"{address}/{page}", width, scheme)
        for width in weigh.AXE_WIDTHS_PX
    }
    assert found == {width: {} for width in weigh.AXE_WIDTHS_PX}
