"""A page beside the chapters: one question of one kind of reader, complete without a network.

A page is written below ``assets/pages`` of the site. It needs neither Quarto nor the preview: both
copy it. What its scripts read are files of script too, as a page opened from a folder may not ask
for others: ``data/<name>.js`` hands its JSON to ``page.js``, which gives it to who waits for it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from kwev import escape
from kwev.display.figure import ASSETS, check_name, publish_vendor
from kwev.files import write_bytes, write_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kwev.project import Project

FOLDER: Final = "pages"
"""Folder of the pages, below ``assets``."""

BOOK: Final = "../../index.html"
_LEAFLET: Final = ("../vendor/leaflet/leaflet.js",)
_LEAFLET_STYLE: Final = ("../vendor/leaflet/leaflet.css", "../vendor/maps.css")


@dataclass(frozen=True, eq=False)
class Page:
    """One page.

    Attributes
    ----------
    name
        File name without its ending; lower-case letters, digits and hyphens.
    title
        Heading and name of the page.
    lead
        One sentence or two below the heading, in plain text.
    body
        HTML, whose texts are escaped by who made it.
    menu
        Its name in the menu that all pages share; empty for a page that is reached from another.
    scripts, styles
        Files that the page loads, in order: of ``kwev/site/assets``, or what figures and tables
        of the chapters load too (``../vendor/...``).
    data
        What scripts read, by name: plain JSON values, loaded when ``kwev.take(name)`` asks.
    needs
        Names of ``data`` (of this page or another) that are loaded with the page.
    files
        Other files written beside the pages, by path below ``assets/pages``: downloads.
    leaflet
        Whether the page draws a map of its own.
    wide
        Whether the page takes the window's whole width.
    """

    name: str
    title: str
    lead: str
    body: str
    menu: str = ""
    scripts: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)
    leaflet: bool = False
    wide: bool = False

    def __post_init__(self) -> None:
        check_name(self.name)
        for name in self.data:
            check_name(name)

    @property
    def address(self) -> str:
        """Where the page stands in the site, from its root: what a chapter links to."""
        return f"/{ASSETS}/{FOLDER}/{self.name}.html"


def publish(project: Project, pages: Iterable[Page]) -> list[Page]:
    """Write pages, with what they load, below ``<project>/assets``.

    Parameters
    ----------
    pages
        All pages of the site: the menu of each leads to those that have a name there.

    Returns
    -------
    list of Page
        The pages, in their order.
    """
    made = list(pages)
    folder = project.shown / ASSETS / FOLDER
    publish_vendor(project)
    loaded = {name for page in made for name in (*page.scripts, *page.styles)}
    for name in sorted(name for name in loaded if not name.startswith("../")):
        write_bytes(folder / name, files("kwev.site").joinpath("assets", name).read_bytes())
    for page in made:
        write_text(folder / f"{page.name}.html", document(page, made))
        for name, value in page.data.items():
            text = f"kwev.give({escape.script(name)},{escape.script(value)});\n"
            write_text(folder / "data" / f"{name}.js", text)
        for path, content in page.files.items():
            write_bytes(folder / path, content)
    return made


def document(page: Page, pages: Sequence[Page]) -> str:
    """Return the HTML of a page, with the menu of all pages."""
    styles = (*(_LEAFLET_STYLE if page.leaflet else ()), "../vendor/page.css", *page.styles)
    scripts = ("../vendor/page.js", *(_LEAFLET if page.leaflet else ()))
    data = tuple(f"data/{name}.js" for name in page.needs)
    loads = "\n".join(
        [f'<link rel="stylesheet" href="{name}">' for name in styles]
        + [f'<script src="{name}"></script>' for name in scripts[:1]]
        + [f'<script defer src="{name}"></script>' for name in (*scripts[1:], *data, *page.scripts)]
    )
    wide = ' class="wide"' if page.wide else ""
    return (
        '<!DOCTYPE html>\n<html lang="en-CA">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape.html(page.title)}</title>\n"
        f'<meta name="description" content="{escape.html(page.lead)}">\n'
        f'<link rel="icon" href="data:,">\n{loads}\n</head>\n<body{wide}>\n'
        '<a class="skip" href="#main">To the content</a>\n'
        f"{_menu(page, pages)}\n"
        f'<main id="main" tabindex="-1">\n<h1>{escape.html(page.title)}</h1>\n'
        f'<p class="lead">{escape.html(page.lead)}</p>\n{page.body}\n</main>\n</body>\n</html>\n'
    )


def _menu(page: Page, pages: Sequence[Page]) -> str:
    items = [f'<li><a href="{BOOK}">The book</a></li>']
    for other in pages:
        if other.menu:
            here = ' aria-current="page"' if other is page else ""
            link = f'<a href="{other.name}.html"{here}>{escape.html(other.menu)}</a>'
            items.append(f"<li>{link}</li>")
    return f'<nav aria-label="Site"><ul>{"".join(items)}</ul></nav>'
