"""What pages state, and where two renderings of one book disagree.

Two renderings agree on headings, captions, references, links, tables and numbers.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from bs4 import BeautifulSoup

from kwev.book.pages import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bs4 import Tag

_NUMBER = re.compile(r"\d[\d.,\N{NO-BREAK SPACE}]*\d|\d")
_BESIDE = (
    "nav, .kwev-provenance, script, style, annotation, .quarto-title-meta, .subtitle, #references, "
    "button, .screen-reader-only"
)
_BOOK_TITLE = ", header#title-block-header"
_APPENDIX = re.compile(r"^Appendix ([A-Z]) \S ")


@dataclass(frozen=True)
class Facts:
    """What a page states, each in reading order."""

    headings: tuple[str, ...]
    captions: tuple[str, ...]
    references: tuple[tuple[str, str], ...]
    links: tuple[str, ...]
    tables: tuple[tuple[str, ...], ...]
    numbers: tuple[str, ...]


def compare_sites(first: Path, second: Path, pages: Sequence[str]) -> list[Problem]:
    """Return where two renderings of the same pages disagree."""
    problems = []
    for page in pages:
        one, two = page_facts(first, page), page_facts(second, page)
        for field in fields(Facts):
            left, right = getattr(one, field.name), getattr(two, field.name)
            if left != right:
                problems.append(Problem(page, f"{field.name} differ: {_difference(left, right)}"))
    return problems


def page_facts(site: Path, page: str) -> Facts:
    """Read what a page of a site states, whichever engine wrote it."""
    soup = BeautifulSoup((site / page).read_text(encoding="utf-8"), "lxml")
    main = soup.find("main")
    if main is None:
        return Facts((), (), (), (), (), ())
    for element in main.select(_BESIDE + (_BOOK_TITLE if page == "index.html" else "")):
        element.decompose()
    references = main.select("a.quarto-xref")
    return Facts(
        headings=tuple(
            _APPENDIX.sub(r"\1 ", _text(heading)) for heading in main.select("h1, h2, h3, h4")
        ),
        captions=tuple(_text(caption) for caption in main.select("figcaption")),
        references=tuple((_text(link), _target(page, str(link["href"]))) for link in references),
        links=tuple(
            _target(page, str(link["href"]), keep_anchor=True)
            for link in main.find_all("a", href=True)
            if link not in references and not str(link["href"]).startswith("#")
        ),
        tables=tuple(
            tuple(_text(cell) for cell in table.select("th, td")) for table in main.select("table")
        ),
        numbers=tuple(
            number
            for paragraph in main.find_all(["p", "li"])
            if not paragraph.find("math")
            and not paragraph.find_parent(class_="callout-title-container")
            for number in _NUMBER.findall(_text(paragraph))
        ),
    )


def _text(element: Tag) -> str:
    return " ".join(element.get_text().split())


def _target(page: str, href: str, *, keep_anchor: bool = False) -> str:
    """Where a link leads, from the site's root; a reference to a section leads to its page."""
    if "://" in href or href.startswith("mailto:"):
        return href
    path, _, anchor = href.partition("#")
    whole = posixpath.normpath(posixpath.join(posixpath.dirname(page), path)) if path else page
    return (
        whole if anchor.startswith("sec-") and not keep_anchor else f"{whole}#{anchor}".rstrip("#")
    )


def _difference(left: tuple[object, ...], right: tuple[object, ...]) -> str:
    for one, two in zip(left, right, strict=False):
        if one != two:
            return f"{one!r} and {two!r}"
    longer = left if len(left) > len(right) else right
    return f"{longer[min(len(left), len(right))]!r} stands in one only"
