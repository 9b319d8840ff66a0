"""What a site owes to search engines, to shared links and to readers who found a fault.

Both engines call :func:`dress` on the pages that they wrote; running it twice changes nothing:

- each page says in its head what it is about (description, Open Graph, its icon) and, where the
  publisher gives an address, which address is its own;
- the front page and the data catalogue describe the data to machines (``schema.org`` Dataset);
- the first use of each glossary term leads to its meaning (:mod:`kwev.book.hints`);
- a fold at the end tells where each number in the text comes from (:mod:`kwev.book.ledger`);
- pages of the book lead to their source and to a report of a fault, where there is a repository;
- ``404.html`` and, where the publisher gives an address, ``sitemap.xml`` are written.
"""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING, Any, Final

from bs4 import BeautifulSoup

from kwev import escape
from kwev.book.chapters import read_chapter
from kwev.book.hints import with_hints
from kwev.book.ledger import LEDGER, ledger, names_used
from kwev.config import read_publisher
from kwev.display.figure import ASSETS
from kwev.display.values import Numbers
from kwev.files import read_json, write_text
from kwev.report.glossary import PAGE as GLOSSARY
from kwev.report.glossary import with_values
from kwev.report.numbers import everything
from kwev.report.scenario import load_report
from kwev.site.page import FOLDER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from kwev.book.chapters import Book, Page
    from kwev.config import Publisher

ICON: Final = f"{ASSETS}/icon.svg"
FIGURES: Final = f"{ASSETS}/vendor/figures.js"
"""The script of a page without a figure too: it opens the ledger, and what scrolls, to a reader."""

NOT_FOUND: Final = "404.html"
SITE_MAP: Final = "sitemap.xml"
DESCRIPTOR: Final = f"{ASSETS}/downloads/datapackage.json"
"""List of the files to take away, which the data catalogue writes."""

_MOST_LETTERS: Final = 200
_LEAST_LETTERS: Final = 40
_HEAD: Final = re.compile(r"<!-- kwev:head -->.*?<!-- /kwev:head -->\n?", re.DOTALL)
_LINKS: Final = re.compile(r"<nav class=\"kwev-repo\".*?</nav>\n?", re.DOTALL)
_NO_ICON: Final = '<link rel="icon" href="data:,">'
_DESCRIBED: Final = re.compile(r"<meta name=\"description\"")


def dress(book: Book, site: Path, numbers: Callable[[], Numbers] | None = None) -> None:
    """Give the pages of a site what the conventions of the web ask for.

    Parameters
    ----------
    book
        The book, whose folder ``config`` says who publishes it.
    site
        Folder of the rendered site.
    numbers
        Gives every number of the book; worked out now where it is None.
    """
    publisher = read_publisher(book.root / "config")
    icon = book.settings["book"].get("favicon")
    if icon and (book.root / icon).is_file():
        (site / ASSETS).mkdir(parents=True, exist_ok=True)
        shutil.copyfile(book.root / icon, site / ICON)
    sources = {str(page.output): page for page in book.pages}
    beside = sorted((site / ASSETS / FOLDER).glob("*.html"))
    paths = [site / name for name in sources if (site / name).is_file()] + beside
    known = Numbers([])
    if GLOSSARY in sources:
        known = numbers() if numbers else everything(load_report())
    terms = with_values(known) if GLOSSARY in sources else ()
    for path in paths:
        name = path.relative_to(site).as_posix()
        text = LEDGER.sub("", _LINKS.sub("", _HEAD.sub("", path.read_text(encoding="utf-8"))))
        up = "../" * name.count("/")
        if (site / ICON).is_file():
            text = text.replace(_NO_ICON, f'<link rel="icon" href="{up}{ICON}">')
        head = _head(book, publisher, site, name, text)
        text = text.replace("</head>", f"{head}</head>", 1)
        if name in sources:
            text = with_hints(text, terms if name != GLOSSARY else (), up)
            told_of = ledger(names_used(read_chapter(book.root, sources[name])), known, site, up)
            links = repository_links(publisher, sources[name])
            text = text.replace("</main>", f"{told_of}{links}</main>", 1)
            if FIGURES not in text and (site / FIGURES).is_file():
                script = f'<script defer src="{up}{FIGURES}"></script>\n'
                text = text.replace("</body>", f"{script}</body>", 1)
        write_text(path, text)
    if paths:
        write_text(site / NOT_FOUND, not_found(book, publisher))
    if publisher.site:
        names = [path.relative_to(site).as_posix() for path in paths]
        write_text(site / SITE_MAP, site_map(publisher.site, names))


def _head(book: Book, publisher: Publisher, site: Path, name: str, text: str) -> str:
    """Return what goes into the head of a page, between marks that the next run finds."""
    soup = BeautifulSoup(text, "lxml")
    title = soup.title.get_text().strip() if soup.title else book.title
    about = description(soup) or book.subtitle or book.title
    lines = [] if _DESCRIBED.search(text) else [f'<meta name="description" {_content(about)}>']
    graph = {
        "og:type": "website",
        "og:site_name": book.title,
        "og:title": title,
        "og:description": about,
        "og:locale": book.language.replace("-", "_"),
    }
    if publisher.site:
        graph["og:url"] = address_of(publisher.site, name)
        lines.append(f'<link rel="canonical" href="{escape.href(graph["og:url"])}">')
    lines += [f'<meta property="{key}" {_content(value)}>' for key, value in graph.items()]
    if name in {"index.html", "chapters/a-data-catalogue.html"}:
        root = publisher.site or "../" * name.count("/")
        told = escape.script(dataset(book, publisher, site, about, root))
        lines.append(f'<script type="application/ld+json">{told}</script>')
    return "\n".join(["<!-- kwev:head -->", *lines, "<!-- /kwev:head -->\n"])


def _content(text: str) -> str:
    return f'content="{escape.html(text)}"'


def address_of(site: str, name: str) -> str:
    """Return the address of a page; the front page's is the site's own."""
    return site + ("" if name == "index.html" else name)


def description(page: BeautifulSoup) -> str:
    """Return the first paragraph of a page in at most 200 letters, cut at a word.

    A title's own lines, which Quarto puts into a header, are none.
    """
    for paragraph in page.select("main p:not(header p)"):
        text = " ".join(paragraph.get_text().split())
        if len(text) >= _LEAST_LETTERS:
            if len(text) <= _MOST_LETTERS:
                return text
            return text[: text.rindex(" ", 0, _MOST_LETTERS - 1)].rstrip(" ,;:") + " …"
    return ""


def dataset(
    book: Book, publisher: Publisher, site: Path, about: str, root: str = ""
) -> dict[str, Any]:
    """Return the description of the data to take away as a Dataset of schema.org.

    Parameters
    ----------
    about
        What the data are about, in a sentence or two.
    root
        What leads from the page to the site's root, or the site's address.
    """
    listed = site / DESCRIPTOR
    package = read_json(listed) if listed.is_file() else {}
    folder = root + DESCRIPTOR.rpartition("/")[0]
    told: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Dataset",
        "name": str(package.get("title") or book.title),
        "description": about,
        "creator": [{"@type": "Organization", "name": author} for author in book.authors],
        "inLanguage": book.language,
        "isAccessibleForFree": True,
    }
    if package.get("spatial"):
        told["spatialCoverage"] = {"@type": "Place", "name": str(package["spatial"])}
    if publisher.name:
        told["publisher"] = {"@type": "GovernmentOrganization", "name": publisher.name}
    if publisher.site:
        told["url"] = publisher.site
    licences = [one["path"] for one in package.get("licenses", []) if one.get("path")]
    if licences:
        told["license"] = licences
    files = [one for one in package.get("resources", []) if isinstance(one.get("path"), str)]
    if files:
        told["distribution"] = [
            {
                "@type": "DataDownload",
                "name": str(one.get("title") or one["name"]),
                "contentUrl": f"{folder}/{one['path']}",
                "encodingFormat": str(one.get("mediatype") or "text/csv"),
            }
            for one in files
        ]
    return told


def repository_links(publisher: Publisher, page: Page) -> str:
    """Return links to the source of a page, to a report of a fault and to the feedback address.

    Empty where the publisher gives neither.
    """
    repository, links = publisher.repository, []
    if repository:
        edit = f"{repository}/edit/{publisher.repo_branch}/{page.source}"
        links += [("Edit this page", edit), ("Report a fault", f"{repository}/issues/new")]
    if publisher.feedback:
        links.append(("Tell the publisher", publisher.feedback))
    if not links:
        return ""
    shown = " · ".join(f'<a href="{escape.href(to)}">{escape.html(name)}</a>' for name, to in links)
    return f'<nav class="kwev-repo" aria-label="About this page"><p>{shown}</p></nav>\n'


def site_map(site: str, names: Iterable[str]) -> str:
    """Return a site map of the pages of a site."""
    entries = "".join(
        f"<url><loc>{escape.html(address_of(site, name))}</loc></url>\n" for name in names
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{entries}</urlset>\n'
    )


def not_found(book: Book, publisher: Publisher) -> str:
    """Return the page that a server shows for an address that leads nowhere.

    A server shows it at any depth, so its links start from the site's address where that is known.
    """
    to = escape.href(publisher.site or "index.html")
    return (
        f'<!DOCTYPE html>\n<html lang="{escape.html(book.language)}">\n<head>\n'
        '<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="robots" content="noindex">\n<meta name="color-scheme" content="light dark">\n'
        f"<title>No such page | {escape.html(book.title)}</title>\n{_NO_ICON}\n"
        "<style>html { background: Canvas; color: CanvasText; } a { color: LinkText; }\n"
        "body { font-family: system-ui, sans-serif; line-height: 1.6; max-width: 40rem;"
        " margin: 3rem auto; padding: 0 1rem; } :focus-visible { outline: 3px solid; }</style>\n"
        '</head>\n<body>\n<main id="main">\n<h1>There is no such page</h1>\n'
        "<p>The address may be misspelt, or the page has another name since a later edition.</p>\n"
        f'<p><a href="{to}">{escape.html(book.title)}</a>: its first page leads to all others.</p>'
        "\n"
        "</main>\n</body>\n</html>\n"
    )
