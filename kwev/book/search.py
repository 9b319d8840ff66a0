"""The preview's full-text search: an index of sections that a page loads as a script.

A page opened from a folder may not ask for files, so the index is a script too. It is loaded when
a reader first goes to the search field, and stays below :data:`MOST_BYTES`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from bs4 import BeautifulSoup, Tag

from kwev import escape
from kwev.display.figure import ASSETS
from kwev.files import write_text
from kwev.site.page import FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kwev.book.chapters import Book

INDEX: Final = f"{ASSETS}/search-index.js"
MOST_BYTES: Final = 600_000
_LETTERS: Final = (6_000, 3_000, 1_500, 700, 300)
"""Letters kept of a section, tried from the most until the index is small enough."""

_BESIDE: Final = (
    "nav, script, style, template, pre, button, svg, math, input, select, .source-note, "
    "details.code-fold, footer, .chapter-number"
)
_HEADINGS: Final = ("h1", "h2", "h3", "h4")
_TEXTS: Final = ("p", "li", "dt", "dd", "figcaption", "caption", "th", "td", "summary")

Section = tuple[int, str, str, str]
"""Number of its page, anchor (empty for the top), heading, text."""


def write_index(book: Book, site: Path) -> int:
    """Write the index of a site's pages; return how many sections it holds.

    Parameters
    ----------
    book
        The book, whose pages come first.
    site
        Folder of the rendered pages; those beside the chapters are indexed too.
    """
    names = [str(page.output) for page in book.pages]
    beside = sorted((site / ASSETS / FOLDER).glob("*.html"))
    names += [path.relative_to(site).as_posix() for path in beside]
    pages, sections = [], []
    for number, name in enumerate(names):
        soup = BeautifulSoup((site / name).read_text(encoding="utf-8"), "lxml")
        title = soup.h1.get_text(" ", strip=True) if soup.h1 else name
        pages.append([name, title])
        sections += list(sections_of(soup, number))
    write_text(site / INDEX, f"kwevSearch.give({script(pages, sections)});\n")
    return len(sections)


def script(pages: list[list[str]], sections: list[Section]) -> str:
    """Return the index as JSON for a script, with as much text as :data:`MOST_BYTES` allows.

    Parameters
    ----------
    pages
        Address from the site's root and title of each page.
    """
    text = ""
    for letters in _LETTERS:
        kept = [
            [page, anchor, head, _cut(words, letters)] for page, anchor, head, words in sections
        ]
        text = escape.script({"pages": pages, "sections": kept})
        if len(text.encode()) < MOST_BYTES:
            break
    return text


def sections_of(soup: BeautifulSoup, page: int) -> Iterator[Section]:
    """Give the sections of a page: what stands between one heading and the next.

    Of a table each word counts once: what repeats from row to row says nothing new.
    """
    main = soup.find("main")
    if not isinstance(main, Tag):
        return
    for element in main.select(_BESIDE):
        element.decompose()
    anchor, heading = "", ""
    texts: list[tuple[bool, str]] = []
    for element in main.find_all([*_HEADINGS, *_TEXTS]):
        if element.name in _HEADINGS:
            if texts or heading:
                yield page, anchor, heading, _joined(texts)
            anchor, heading, texts = _anchor(element), _plain(element), []
        elif element.find(_TEXTS) is None:
            texts.append((element.name in ("td", "th"), _plain(element)))
    if texts or heading:
        yield page, anchor, heading, _joined(texts)


def _anchor(heading: Any) -> str:
    """Return the id that leads to a heading: its own, or that of the section around it."""
    if heading.get("id"):
        return str(heading["id"])
    around = heading.find_parent("section", id=True)
    return str(around["id"]) if around else ""


def _plain(element: Any) -> str:
    return " ".join(element.get_text(" ").split())


def _joined(texts: list[tuple[bool, str]]) -> str:
    seen: set[str] = set()
    kept: list[str] = []
    for in_table, text in texts:
        words = text.split()
        if in_table:
            words = [w for w in words if w.lower() not in seen and re.search(r"[^\W\d_]", w)]
            seen.update(word.lower() for word in words)
        kept += words
    return " ".join(kept)


def _cut(text: str, letters: int) -> str:
    return text if len(text) <= letters else text[:letters].rpartition(" ")[0]
