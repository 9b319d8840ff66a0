"""The rendered book in _book/: sound, and clean in a browser on a phone and on a desk."""

from __future__ import annotations

import pytest

from kwev.book.chapters import read_book
from kwev.book.check import check_book
from kwev.book.shots import check_pages, find_browser


@pytest.fixture(scope="module")
def book(project):
    found = read_book(project.root)
    if not (found.output_dir / "index.html").is_file():
        pytest.skip("the book is not rendered; run make book")
    return found


def test_every_page_link_and_asset_is_there(book):
    assert [str(problem) for problem in check_book(book)] == []


def test_the_pdf_is_there(book):
    assert (book.output_dir / book.pdf_name).read_bytes().startswith(b"%PDF-")


@pytest.mark.slow
@pytest.mark.skipif(find_browser() is None, reason="no chromium on the PATH")
def test_every_page_opens_cleanly(book, project):
    pages = [str(page.output) for page in book.pages]
    problems = check_pages(book.output_dir, pages, shots=project.build / "shots")
    assert [str(problem) for problem in problems] == []
