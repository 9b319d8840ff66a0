"""What must hold for a rendered site, whoever rendered it.

A site has all its pages, loads nothing from elsewhere, links to what is there, and shows neither
errors nor anything unresolved.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup, Comment, Tag

from kwev.escape import FROM_DATA

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from kwev.book.chapters import Book


PHONE_PX, DESK_PX = 360, 1280
"""Widths at which every page is opened in a browser."""

LOADING = {
    "script": ("src",),
    "link": ("href",),
    "img": ("src", "srcset"),
    "iframe": ("src",),
    "source": ("src", "srcset"),
    "object": ("data",),
    "embed": ("src",),
    "video": ("src", "poster"),
    "audio": ("src",),
    "image": ("href", "xlink:href"),
    "use": ("href", "xlink:href"),
}
_CSS_URL = re.compile(r"""(?:@import\s+(?:url\(\s*)?|url\(\s*)["']?(?P<url>[^"')\s;]+)""")
_LEFTOVERS = (
    (re.compile(r"\{python\}"), "an inline expression was not evaluated"),
    (re.compile(r"\?@?(?:fig|tbl|sec|eq)-[\w-]+"), "a cross-reference was not resolved"),
    (re.compile(r"(?<![\w.?])@(?:fig|tbl|sec|eq)-[\w-]+"), "a cross-reference was not resolved"),
    (re.compile(r"^:{3,}\s*(?:\{|$)", re.MULTILINE), "a div fence was left in the text"),
    (re.compile(r"\{\{<"), "a shortcode was left in the text"),
    (re.compile(r"Traceback \(most recent call last\)"), "a traceback is shown"),
)
_UNFINISHED = re.compile(r"[@{]|^:::|Traceback")
_SHOWN_LETTERS = 120
_UNSEEN = ("script", "style", "pre", "code", "template", "annotation")
_OURS = f".{FROM_DATA}, .kwev-table, .kwev-figure, .kwev-cards"
"""What shows names from data, which may look like anything."""

_RAW = (
    (re.compile(r"`?\{(?:python|r|julia|ojs)\}\s"), "an inline expression was not evaluated"),
    (re.compile(r"\{\{[<%]"), "a shortcode was left"),
)
_WORDED = ("alt", "title", "aria-label", "content")


@dataclass(frozen=True, order=True)
class Problem:
    """One finding; ``where`` is a page's path, or ``file:line`` of a chapter."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


def check_book(book: Book, folder: Path | None = None) -> list[Problem]:
    """Check the rendered site of a book, in its output folder or in ``folder``."""
    return check_site(folder or book.output_dir, [str(page.output) for page in book.pages])


def check_site(folder: Path, pages: Sequence[str]) -> list[Problem]:
    """Return what is wrong with a rendered site.

    Parameters
    ----------
    folder
        The site.
    pages
        Paths of the pages that must be there, such as ``chapters/01-scope.html``.
    """
    problems = [
        Problem(page, "the page is missing") for page in pages if not (folder / page).is_file()
    ]
    site = _Site(folder)
    for path in sorted(folder.rglob("*.html")):
        name = path.relative_to(folder).as_posix()
        if name.startswith("site_libs/"):
            continue
        page = site.soup(name)
        problems += [Problem(name, what) for what in site.check_urls(name, page)]
        problems += [Problem(name, what) for what in _check_elements(page)]
        if name in pages:
            problems += [Problem(name, what) for what in _check_chapter(page)]
    for path in sorted(folder.rglob("*.css")):
        name = path.relative_to(folder).as_posix()
        text = path.read_text(encoding="utf-8", errors="replace")
        # A rule of a library's sheet that no page uses asks for nothing, so a file that such a
        # rule names may be missing; the browser tests see what pages really ask for.
        problems += [
            Problem(name, f"style loads {match['url']} from elsewhere")
            for match in _CSS_URL.finditer(text)
            if _is_remote(match["url"])
        ]
    return sorted(set(problems))


class _Site:
    """Answers whether something lies where a URL says, parsing each page once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._soups: dict[str, BeautifulSoup] = {}
        self._anchors: dict[str, set[str]] = {}

    def soup(self, name: str) -> BeautifulSoup:
        if name not in self._soups:
            text = (self.folder / name).read_text(encoding="utf-8")
            self._soups[name] = BeautifulSoup(text, "lxml")
        return self._soups[name]

    def anchors(self, name: str) -> set[str]:
        if name not in self._anchors:
            elements = self.soup(name).find_all(True)
            values = (element.get(key) for element in elements for key in ("id", "name"))
            self._anchors[name] = {str(value) for value in values if value}
        return self._anchors[name]

    def check_urls(self, name: str, page: BeautifulSoup) -> Iterator[str]:
        for anchor in page.find_all("a", href=True):
            what = self._broken(name, str(anchor["href"]))
            if what:
                yield f"link {anchor['href']} {what}"
        for tag, keys in LOADING.items():
            for element in page.find_all(tag):
                yield from self._check_loading(name, element, keys)
        for style in page.find_all("style"):
            yield from self.check_css(name, style.get_text())
        for element in page.find_all(style=True):
            yield from self.check_css(name, str(element["style"]))

    def _check_loading(self, name: str, element: Tag, keys: tuple[str, ...]) -> Iterator[str]:
        relation = " ".join(element.get_attribute_list("rel") or [])
        for key in keys:
            value = str(element.get(key) or "")
            urls = re.findall(r"(\S+)[^,]*,?", value) if key == "srcset" else [value]
            for url in filter(None, urls):
                if _is_remote(url):
                    if element.name != "link" or relation not in {"canonical", "license"}:
                        yield f"{element.name} loads {url} from elsewhere"
                else:
                    what = self._broken(name, url)
                    if what:
                        yield f"{element.name} {url} {what}"

    def check_css(self, name: str, text: str) -> Iterator[str]:
        for match in _CSS_URL.finditer(text):
            url = match["url"]
            if _is_remote(url):
                yield f"style loads {url} from elsewhere"
            elif not url.startswith(("data:", "#")):
                what = self._broken(name, url)
                if what:
                    yield f"style {url} {what}"

    def _broken(self, name: str, url: str) -> str:
        """Say what is wrong with a URL inside the book, or nothing."""
        parts = urlsplit(url)
        if _is_remote(url) or parts.scheme in {"mailto", "data", "tel", "javascript", "blob"}:
            return ""
        if parts.path.startswith("/"):
            return "leads out of the site's folder"
        path = unquote(parts.path)
        target = posixpath.normpath(posixpath.join(posixpath.dirname(name), path)) if path else name
        if target.startswith(".."):
            return "leads out of the site's folder"
        if (self.folder / target).is_dir():
            target = posixpath.join(target, "index.html")
        if not (self.folder / target).is_file():
            return "leads nowhere"
        anchor = unquote(parts.fragment)
        is_state = "=" in anchor  # what the script of a page reads: a view of its map, a question
        if anchor in {"", "top"} or is_state or not target.endswith(".html"):
            return ""
        return "" if anchor in self.anchors(target) else "leads to an anchor that isn't there"


def _check_elements(page: BeautifulSoup) -> Iterator[str]:
    for image in page.find_all("img"):
        if not str(image.get("alt") or "").strip() and image.get("role") != "presentation":
            yield f"image {str(image.get('src'))[:80]} has no text alternative"
    for frame in page.find_all("iframe"):
        if not str(frame.get("title") or "").strip():
            yield f"frame {str(frame.get('src'))[:80]} has no title"
    title = page.title.get_text().strip() if page.title else ""
    if not title:
        yield "the page has no title"


def _check_chapter(page: BeautifulSoup) -> Iterator[str]:
    if not str((page.html.get("lang") if page.html else "") or "").strip():
        yield "the page has no language"
    if page.find("h1") is None:
        yield "the page has no heading of level 1"
    yield from _raw(page)
    text = _visible_text(page)
    for pattern, what in _LEFTOVERS:
        match = pattern.search(text)
        if match:
            yield f"{what}: {match[0]}"
    for output in page.select(".cell-output-stderr"):
        words = " ".join(output.get_text().split())
        yield f"a cell warns: {words[:_SHOWN_LETTERS]}"
    for strong in page.select(".citation strong"):
        if strong.get_text().endswith("?"):
            yield f"citation {strong.get_text()} is not resolved"


def _raw(page: BeautifulSoup) -> Iterator[str]:
    """Find what an engine should have evaluated, in code within a line and in attributes.

    What stands in a block of code is shown on purpose.
    """
    for element in page.find_all(True):
        texts = [str(element.get(key) or "") for key in _WORDED]
        if element.name == "code" and element.find_parent("pre") is None:
            texts.append(element.get_text())
        found = [(p.search(text), what, text) for text in texts for p, what in _RAW]
        left = [f"{what}: {text[:_SHOWN_LETTERS]}" for match, what, text in found if match]
        if left and not _is_ours(element):
            yield from left


def _is_ours(element: Tag) -> bool:
    return any(isinstance(one, Tag) and one.css.match(_OURS) for one in (element, *element.parents))


def _visible_text(page: BeautifulSoup) -> str:
    pieces = [
        str(piece)
        for piece in page.find_all(string=True)
        if not isinstance(piece, Comment)
        and not any(parent.name in _UNSEEN for parent in piece.parents)
        and not (_UNFINISHED.search(piece) and piece.parent and _is_ours(piece.parent))
    ]
    return "".join(pieces)


def _is_remote(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in {"http", "https", "ws", "wss", "ftp"} or url.startswith("//")


# -- What two renderings of the same page must agree on: numbers, captions, references, links.
