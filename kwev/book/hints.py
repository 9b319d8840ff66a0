"""The first use of each glossary term on a page leads to its meaning, and shows it on hover."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from kwev import escape
from kwev.report.glossary import PAGE, Term

if TYPE_CHECKING:
    from collections.abc import Sequence

_TAG: Final = re.compile(r"(<!--.*?-->|<[^>]+>)", re.DOTALL)
_NAME: Final = re.compile(r"</?\s*([a-zA-Z0-9]+)")
_PROSE: Final = {"p", "li"}
_APART: Final = {
    "a", "abbr", "button", "code", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6",
    "math", "nav", "pre", "script", "style", "summary", "svg", "table",
}  # fmt: skip
"""What holds no prose, or a link already."""
_MAIN: Final = re.compile(r"<main\b.*?</main>", re.DOTALL)


def with_hints(page: str, terms: Sequence[Term], up: str) -> str:
    """Return an HTML page with a link at the first use of each term in its paragraphs.

    Parameters
    ----------
    page
        The page's HTML; it changes inside ``<main>`` alone.
    terms
        The glossary, its values in place.
    up
        Way from the page to the site's root, such as ``../``.
    """
    if not terms:
        return page
    return _MAIN.sub(lambda found: _hinted(found[0], terms, up), page, count=1)


def _hinted(text: str, terms: Sequence[Term], up: str) -> str:
    left = {form.lower(): term for term in terms for form in term.forms}
    done = {term.term for term in terms if f'{PAGE}#{term.anchor}"' in text}  # of an earlier run
    open_tags: list[str] = []
    pieces = _TAG.split(text)
    for i, piece in enumerate(pieces):
        name = _NAME.match(piece) if piece.startswith("<") else None
        if name:
            _follow(open_tags, piece, name[1].lower())
        elif piece.strip() and _PROSE & {*open_tags} and not _APART & {*open_tags}:
            pieces[i] = _linked(piece, left, done, up)
    return "".join(pieces)


def _follow(open_tags: list[str], tag: str, name: str) -> None:
    """Keep the list of open elements that matter."""
    if name not in _PROSE | _APART or tag.endswith("/>"):
        return
    if not tag.startswith("</"):
        open_tags.append(name)
    elif name in open_tags:
        del open_tags[len(open_tags) - 1 - open_tags[::-1].index(name) :]


def _linked(text: str, left: dict[str, Term], done: set[str], up: str) -> str:
    def link(found: re.Match[str]) -> str:
        term = left[found[0].lower()]
        if term.term in done:
            return found[0]
        done.add(term.term)
        about = escape.html(term.about)
        return (
            f'<a class="kwev-term" href="{up}{PAGE}#{term.anchor}" title="{about}">{found[0]}</a>'
        )

    forms = "|".join(re.escape(form) for form in sorted(left, key=len, reverse=True))
    return re.sub(rf"(?<![\w-])(?:{forms})(?![\w-])", link, text, flags=re.IGNORECASE)
