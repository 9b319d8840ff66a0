"""The pages of the preview's site: one template, a sidebar, a table of contents, a footer."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING

from kwev.book.pandoc import write

if TYPE_CHECKING:
    from pathlib import Path

    from kwev.book.chapters import Book, Page
    from kwev.book.numbering import Heading, Index
    from kwev.book.pandoc import Document
    from kwev.book.provenance import Provenance

STYLE_URL = "assets/kwev.css"
LACKS = (
    "full-text search",
    "a switch between light and dark (it follows the system)",
    "buttons that copy code",
    "hover previews of references",
)
_TOC_DEPTH = 3
_COLOUR = re.compile(r"^\$kwev-(?P<name>[\w-]+):\s*(?P<value>[^;]+);", re.MULTILINE)


@dataclass(frozen=True)
class Site:
    """What all pages of the site share."""

    book: Book
    index: Index
    provenance: Provenance
    pdf: bool

    def page(self, page: Page, body: str) -> str:
        """Return a whole page around the HTML of its chapter."""
        up = "../" * (len(page.output.parts) - 1)
        title = self.index.title(page)
        home = page == self.book.pages[0]
        position = self.book.pages.index(page)
        previous = self.book.pages[position - 1] if position else None
        following = self.book.pages[position + 1] if position + 1 < len(self.book.pages) else None
        return Template(asset("page.html")).substitute(
            language=html.escape(self.book.language),
            title=html.escape(self.book.title if home else f"{title} | {self.book.title}"),
            book_title=html.escape(self.book.title),
            subtitle=html.escape(self.book.subtitle),
            authors=html.escape(", ".join(self.book.authors)),
            up=up,
            style=STYLE_URL,
            pdf=self._pdf_link(up),
            chapters=self._chapters(page, up),
            contents=_contents(self.index.headings[page]),
            banner=html.escape(banner()),
            body=body,
            previous=self._step(previous, up, "prev", "Previous"),
            following=self._step(following, up, "next", "Next"),
            provenance=self.provenance.html(),
        )

    def _pdf_link(self, up: str) -> str:
        if not self.pdf:
            return ""
        return f'<p class="pdf-link"><a href="{up}{html.escape(self.book.pdf_name)}">PDF</a></p>'

    def _label(self, page: Page) -> str:
        number = self.index.number(page)
        mark = f'<span class="chapter-number">{number}</span> ' if number else ""
        return mark + html.escape(self.index.title(page))

    def _chapters(self, current: Page, up: str) -> str:
        groups = []
        for appendix, name in ((False, ""), (True, "Appendices")):
            entries = [
                self._entry(page, current, up)
                for page in self.book.pages
                if page.appendix is appendix
            ]
            if entries:
                heading = f'<p class="part">{name}</p>' if name else ""
                groups.append(f"{heading}<ul>{''.join(entries)}</ul>")
        return "".join(groups)

    def _entry(self, page: Page, current: Page, up: str) -> str:
        mark = ' aria-current="page"' if page == current else ""
        return f'<li><a href="{up}{page.output}"{mark}>{self._label(page)}</a></li>'

    def _step(self, page: Page | None, up: str, relation: str, word: str) -> str:
        if page is None:
            return "<span></span>"
        return (
            f'<a rel="{relation}" href="{up}{page.output}">'
            f'<span class="step">{word}</span> {self._label(page)}</a>'
        )


def banner() -> str:
    """Say on each page that this is the preview, and what it lacks."""
    return (
        "Preview rendered without Quarto: the same text, numbers, figures and references, "
        f"without {', '.join(LACKS[:-1])} and {LACKS[-1]}."
    )


def body_html(document: Document, book: Book, page: Page) -> str:
    """Return the HTML of a chapter, with citations and mathematics in place."""
    arguments = [
        "-t",
        "html5",
        "--mathml",
        "--wrap=none",
        "--email-obfuscation=none",
        *citation_arguments(book),
    ]
    return write(document, arguments, where=str(page.source))


def citation_arguments(book: Book) -> list[str]:
    """Return pandoc's options for citations, if the book has a bibliography."""
    if book.bibliography is None:
        return []
    arguments = ["--citeproc", f"--bibliography={book.bibliography}"]
    if book.settings.get("csl"):
        arguments.append(f"--csl={book.root / str(book.settings['csl'])}")
    return arguments


def stylesheet(book: Book) -> str:
    """Return the site's CSS: the book's own colours, then the rules."""
    theme = ((book.settings.get("format") or {}).get("html") or {}).get("theme") or {}
    light = _colours(book.root, theme.get("light") if isinstance(theme, dict) else None)
    dark = _colours(book.root, theme.get("dark") if isinstance(theme, dict) else None)
    rules = asset("kwev.css")
    if light:
        rules += f":root {{ {light} }}\n"
    if dark:
        rules += f"@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n"
    return rules


def asset(name: str) -> str:
    """Return the text of a file shipped with the package."""
    return files("kwev.book").joinpath("assets", name).read_text(encoding="utf-8")


def _colours(root: Path, listed: object) -> str:
    """Read ``$kwev-name: value;`` lines of theme files as CSS variables."""
    names = listed if isinstance(listed, list) else [listed]
    found = []
    for name in names:
        path = root / str(name)
        if str(name).endswith(".scss") and path.is_file():
            text = path.read_text(encoding="utf-8")
            found += [f"--{m['name']}: {m['value'].strip()};" for m in _COLOUR.finditer(text)]
    return " ".join(found)


def _contents(headings: tuple[Heading, ...]) -> str:
    """Return the page's own table of contents, levels 2 and 3."""
    entries = [
        f'<li class="level-{heading.level}"><a href="#{html.escape(heading.identifier)}">'
        f"{html.escape(f'{heading.number} {heading.title}'.strip())}</a></li>"
        for heading in headings[1:]
        if heading.level <= _TOC_DEPTH and heading.identifier
    ]
    if not entries:
        return ""
    return (
        '<nav class="contents" aria-labelledby="contents-title">'
        '<h2 id="contents-title">On this page</h2>'
        f"<ul>{''.join(entries)}</ul></nav>"
    )
