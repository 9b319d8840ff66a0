"""Things told one by one: closed boxes that open in HTML, short paragraphs and tables in the PDF.

For what has too many facts for the columns of a table. A box needs no script; a search in the page
opens it in browsers that look inside.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwev import escape
from kwev.display.figure import check_name
from kwev.project import find_project

if TYPE_CHECKING:
    from kwev.display.table import Table


@dataclass(frozen=True)
class Fact:
    """One fact of a card.

    Attributes
    ----------
    name, text
        What it is about, and what it is.
    link
        Where that leads to (``/…`` in the site); empty for nowhere.
    in_print
        Whether the PDF shows it.
    """

    name: str
    text: str
    link: str = ""
    in_print: bool = True


@dataclass(frozen=True, eq=False)
class Card:
    """One thing: its title, a few words beside it, facts, and maybe a table."""

    title: str
    words: str
    facts: tuple[Fact, ...]
    table: Table | None = None


@dataclass(frozen=True, eq=False)
class Cards:
    """Cards in order.

    Attributes
    ----------
    name
        Id in the page; lower-case letters, digits and hyphens.
    """

    name: str
    cards: tuple[Card, ...]

    def __post_init__(self) -> None:
        check_name(self.name)

    def html(self) -> str:
        """Return a box for each card, closed."""
        boxes = "\n".join(_box(card) for card in self.cards)
        return f'<div class="kwev-cards" id="cards-{self.name}">\n{boxes}\n</div>'

    def markdown(self) -> str:
        """Return a paragraph, and the table if there is one, for each card."""
        return "\n\n".join(_paragraph(card) for card in self.cards) + "\n"

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        for card in self.cards:
            if card.table:
                card.table.publish(find_project())
        text = self.markdown()
        return {"text/html": self.html(), "text/markdown": text, "text/plain": text}


def _box(card: Card) -> str:
    facts = "".join(
        f'<dt style="font-weight:600">{escape.html(fact.name)}</dt>'
        f'<dd style="margin:0 0 0.3em 0.8em">{_linked(fact)}</dd>'
        for fact in card.facts
    )
    table = f"{card.table.html()}\n" if card.table else ""
    return (
        '<details style="border-top:1px solid #8a8f9866;padding:0.35em 0"><summary>'
        f"<b>{escape.html(card.title)}</b> {escape.html(card.words)}</summary>\n{table}"
        f'<dl style="overflow-wrap:anywhere;margin:0.6em 0 0.8em">{facts}</dl></details>'
    )


def _linked(fact: Fact) -> str:
    text = escape.html(fact.text)
    return f'<a href="{escape.href(fact.link)}">{text}</a>' if fact.link else text


def _paragraph(card: Card) -> str:
    printed = [fact for fact in card.facts if fact.in_print]
    facts = " ".join(
        f"*{escape.markdown(f.name)}:* {escape.markdown(f.text.rstrip('.'))}." for f in printed
    )
    first = f"**{escape.markdown(card.title)}** {escape.markdown(card.words)}".strip()
    parts = [first, card.table.markdown() if card.table else "", facts]
    return "\n\n".join(part for part in parts if part)
