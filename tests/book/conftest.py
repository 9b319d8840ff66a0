"""The fixture books: a good one, and overlays that break one thing each."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

FIXTURES = Path(__file__).parent / "fixtures"


@pytest.fixture
def make_book(tmp_path):
    """Copy the good book, with the files of an overlay in the place of its own."""
    from kwev.book.chapters import read_book

    def make(overlay: str = ""):
        root = tmp_path / (overlay or "good")
        shutil.copytree(FIXTURES / "good", root)
        if overlay:
            shutil.copytree(FIXTURES / "broken" / overlay, root, dirs_exist_ok=True)
        return read_book(root)

    return make


@pytest.fixture
def chapters_of(make_book):
    """Parse the chapters of the good book under an overlay."""
    from kwev.book.chapters import read_chapter

    def parse(overlay: str = ""):
        book = make_book(overlay)
        return book, [read_chapter(book.root, page) for page in book.pages]

    return parse


@pytest.fixture(scope="session")
def rendered(tmp_path_factory):
    """Render the good book as the preview, once."""
    from kwev.book.chapters import read_book
    from kwev.book.render import render

    root = tmp_path_factory.mktemp("rendered") / "good"
    shutil.copytree(FIXTURES / "good", root)
    report = render(root, engine="preview", progress=False, facts={"Scenario": "squares"})
    return read_book(root), report
