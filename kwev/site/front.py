"""The front page's own exhibits: the plan in five cards, a door for each reader, the imprint.

Each has two forms: HTML for the site, and a small table or list for print.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from kwev import escape
from kwev.config import read_publisher
from kwev.report import comparison, decisions, plan, plan_charts
from kwev.report.edition import citation
from kwev.report.scenario import data_dates

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kwev.config import Publisher
    from kwev.display.figure import Figure
    from kwev.report.scenario import Report
    from kwev.site.page import Page

DOORS: Final = {
    "place": "What is near my street, today and after the plan?",
    "towns": "What does my municipality or ward get, where and when?",
    "what-if": "What if the money, the distances or the land were others?",
    "map": "Where would each station stand, and what is around it?",
    "compare": "How do the plans differ, on two maps and in one table?",
    "utility": "How much power is asked for, where and when?",
}
"""What a reader asks, by the name of the page that answers, in the order of the doors."""

MAP_PX: Final = 420
"""Height of the front page's map."""

_CARDS_STYLE: Final = """<style>
.kwev-front-cards { display: grid; gap: 0.6rem; margin: 0.8rem 0; padding: 0; list-style: none;
  grid-template-columns: repeat(auto-fit, minmax(min(15rem, 100%), 1fr)); }
.kwev-front-cards > li { border: 1px solid #8a8f9899; border-top: 4px solid #0072b2;
  padding: 0.4rem 0.7rem; min-width: 0; }
.kwev-front-cards > li.first { grid-column: 1 / -1; display: grid; gap: 0 1.5rem;
  grid-template-columns: repeat(auto-fit, minmax(14rem, 1fr)); }
.kwev-front-cards p { margin: 0; line-height: 1.35; font-size: 0.85rem; }
.kwev-front-cards p.what { font-weight: 700; grid-column: 1 / -1; }
.kwev-front-cards b { display: block; font-size: 1.3rem; line-height: 1.3;
  font-variant-numeric: tabular-nums; }
.kwev-front-cards b.long { font-size: 1.05rem; }
#figure-map-plan .kwev-still img { max-height: 24rem; object-fit: contain; }
</style>"""
_DOORS_STYLE: Final = """<style>
.kwev-front-doors { display: grid; gap: 0.6rem; margin: 0.8rem 0; padding: 0; list-style: none;
  grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); }
.kwev-front-doors > li { min-width: 0; }
.kwev-front-doors a { display: block; height: 100%; border: 1px solid #8a8f9899;
  padding: 0.5rem 0.7rem; text-decoration: none; }
.kwev-front-doors a:hover b { text-decoration: underline; }
.kwev-front-doors span { display: block; font-size: 0.85rem; color: var(--ink, inherit); }
</style>"""
_IMPRINT_STYLE: Final = """<style>
.kwev-front-imprint { display: grid; grid-template-columns: max-content minmax(0, 1fr);
  gap: 0.2rem 1rem; overflow-wrap: anywhere; }
.kwev-front-imprint dt { font-weight: 600; }
.kwev-front-imprint dd { margin: 0; }
@media (max-width: 30rem) { .kwev-front-imprint { display: block; } }
</style>"""

_LONG: Final = 12
"""Letters from which on a figure of a card is set smaller."""


@dataclass(frozen=True, eq=False)
class Block:
    """One exhibit in both its forms."""

    html: str
    markdown: str

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/html": self.html, "text/markdown": self.markdown, "text/plain": self.markdown}


@dataclass(frozen=True)
class Card:
    """One card: what it is about, and its figures, each with the words that belong to it."""

    what: str
    figures: tuple[tuple[str, str], ...]


def plan_cards(report: Report) -> list[Card]:
    """Return the recommended plan in five cards: who is near, money twice, land, how sure."""
    n = comparison.of_both(report) | plan.of_scenario(report) | plan.of_plan(report)
    consent = {number.name: str(number) for number in decisions.consent(report)}
    foot, car = (f"{n.rec_l2_road_before} → {n.rec_l2_road_after}",
                 f"{n.rec_l3_road_before} → {n.rec_l3_road_after}")  # fmt: skip
    on_foot = (
        f"on foot: Level 2 within {n.l2_radius}. "
        "Where a footpath is missing from the map, more people can walk than are counted."
    )
    own = f"{n.rec_land_own} of {consent['rec_new']}"
    land = (
        "new stations stand on land of the Region or its municipalities, "
        f"{consent['rec_kerbs']} of them at a kerb. Owners of the others must consent."
    )
    is_proven = report.plan.quality.status == "within_gap"
    sure = (
        f"{'plan of the model: proven. ' if is_proven else ''}"
        "What the grid can give and how much chargers are used is assumed."
    )
    near = "People near a public charger, along the roads: today → with the recommended plan"
    year = "more to run it, before energy; what drivers pay is not counted."
    return [
        Card(near, ((foot, on_foot), (car, f"by car: Level 3, fast, within {n.l3_drive}."))),
        Card("Money once", ((str(n.rec_net), f"to build it, within a budget of {n.budget}."),)),
        Card("Money a year", ((str(n.rec_running), year),)),
        Card("Whose land, whose consent", ((own, land),)),
        Card("How sure", ((str(n.optimality), sure),)),
    ]


def cards(report: Report) -> Block:
    """Return the five cards; in print a small table."""
    return card_block(plan_cards(report))


def card_block(made: Sequence[Card]) -> Block:
    """Return cards as a list whose first takes the whole width; in print a table."""
    items, rows = [], []
    for number, card in enumerate(made):
        figures = "".join(
            f'<p><b class="{"long" if len(big) > _LONG else "short"}">{escape.html(big)}</b> '
            f"{escape.html(words)}</p>"
            for big, words in card.figures
        )
        first = ' class="first"' if number == 0 else ""
        items.append(f'<li{first}><p class="what">{escape.html(card.what)}</p>{figures}</li>')
        for line, (big, words) in enumerate(card.figures):
            what = "" if line else escape.markdown(card.what)
            rows.append(f"| {what} | **{escape.markdown(big)}** {escape.markdown(words)} |")
    html = f'{_CARDS_STYLE}\n<ul class="kwev-front-cards">{"".join(items)}</ul>'
    table = "\n".join(["| | The recommended plan |", "|:-------|:----------------|", *rows])
    return Block(html, f"{table}\n")


def plan_map(report: Report) -> Figure:
    """Return the map of the plan, low enough for the first screens."""
    return replace(plan_charts.plan_map(report.tables, report.plan), height_px=MAP_PX)


def doors(pages: Iterable[Page]) -> Block:
    """Return a door for each kind of reader whose page there is, and one to the numbers.

    Parameters
    ----------
    pages
        The site's pages (:func:`kwev.site.registry.publish_all`); those without a name in the menu
        have no door.
    """
    known = {page.name: page for page in pages if page.menu}
    order = [*(name for name in DOORS if name in known), *(n for n in known if n not in DOORS)]
    found = [(known[n].menu, DOORS.get(n, known[n].lead), known[n].address) for n in order]
    found.append(
        ("The numbers behind it", "Which data, which checks, what is assumed?",
         "/chapters/a-data-catalogue.html")
    )  # fmt: skip
    items = "".join(
        f'<li><a href="{escape.href(address)}"><b>{escape.html(name)}</b>'
        f"<span>{escape.html(question)}</span></a></li>"
        for name, question, address in found
    )
    lines = [
        f"- **{escape.markdown(name)}.** {escape.markdown(question)}" for name, question, _ in found
    ]
    html = f'{_DOORS_STYLE}\n<ul class="kwev-front-doors">{items}</ul>'
    return Block(html, "\n".join(lines) + "\n")


def imprint(report: Report) -> Block:
    """Return who publishes the book, when, from which data, and under which licence."""
    publisher = read_publisher(report.project.config)
    return imprint_block(publisher, citation(report.project).edition, data_dates(report.tables))


def imprint_block(publisher: Publisher, edition: str, data: str) -> Block:
    """Return the imprint; a line of the publisher's that is empty is left out.

    Parameters
    ----------
    edition
        Version and date of the edition, in words.
    data
        Dates of the data, in words.
    """
    facts = [
        ("In whose name", publisher.said, ""),
        ("Edition", edition, ""),
        ("Data", data, ""),
        ("Contact", publisher.contact, ""),
        ("Feedback", publisher.feedback.removeprefix("mailto:"), publisher.feedback),
        ("Website", publisher.site_url, publisher.site_url),
        ("Licence of text and code", publisher.licence, ""),
    ]
    kept = [fact for fact in facts if fact[1]]
    entries = "".join(
        f"<dt>{escape.html(name)}</dt><dd>{_linked(text, address)}</dd>"
        for name, text, address in kept
    )
    lines = [f"- **{name}:** {escape.markdown(text)}" for name, text, _ in kept]
    html = f'{_IMPRINT_STYLE}\n<dl class="kwev-front-imprint">{entries}</dl>'
    return Block(html, "\n".join(lines) + "\n")


def cite(report: Report) -> Block:
    """Return how the book is cited: as a line, and as an entry of BibTeX."""
    said = citation(report.project)
    address = read_publisher(report.project.config).site
    fields = {
        "title": f"{{{said.title}}}",
        "author": " and ".join(f"{{{author}}}" for author in said.authors),
        "year": said.date[:4],
        "version": said.version,
        **({"url": address} if address else {}),
    }
    entry = ",\n".join(["@misc{kwev", *(f"  {key} = {{{text}}}" for key, text in fields.items())])
    line = said.text(address)
    code = f'<pre class="{escape.FROM_DATA}">{escape.html(entry)}\n}}</pre>'
    return Block(
        f"<p>{escape.html(line)}</p>\n{code}",
        f"{escape.markdown(line)}\n\n```bibtex\n{entry}\n}}\n```\n",
    )


def _linked(text: str, address: str) -> str:
    shown = escape.html(text)
    return f'<a href="{escape.href(address)}">{shown}</a>' if address else shown
