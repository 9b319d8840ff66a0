"""Load requests: one sheet for each site of the plan, for the screen, for paper and as a PDF."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import typst

from kwev import escape
from kwev.errors import KwevError
from kwev.report.sites import NOTE, power_facts
from kwev.site.page import Page
from kwev.vocabulary import KIND_NAMES

if TYPE_CHECKING:
    from kwev.report.site_packages import SitePackage
    from kwev.site.utility_facts import UtilityFacts

PDF: Final = "load-requests.pdf"
TO_FILL: Final = (
    "Feeder and transformer", "Capacity that is free there (kW)", "Works that are needed",
    "Cost to the applicant, and date", "Name, date, signature",
)  # fmt: skip
"""What the utility writes on a sheet."""
FILL_TITLE: Final = "For the utility to fill in"
LEAD: Final = (
    "A sheet for each site of the recommended plan, with the load that its new ports add; "
    "a name opens it. Print this page, or take all sheets as a PDF."
)

Facts = list[tuple[str, str]]


def page(facts: UtilityFacts) -> Page:
    """Return the page of all load requests; each sheet prints on a page of its own."""
    sheets = "\n".join(_sheet(facts, site) for site in facts.report.packages)
    body = (
        '<p class="no-print"><a href="utility.html">For the utility</a> · '
        f'<a href="{PDF}">All sheets (PDF)</a> · '
        '<a href="load-requests.csv">All sites (CSV)</a> · '
        '<button type="button" onclick="window.print()">Print all sheets</button></p>\n'
        f"{sheets}"
    )
    return Page(
        "load-requests", "Load requests", LEAD, body, styles=("utility.css",),
        files={PDF: pdf(facts)},
    )  # fmt: skip


def anchor(site: SitePackage) -> str:
    """Return where a site's sheet stands."""
    return f"load-requests.html#{site.id}"


def sections(facts: UtilityFacts, site: SitePackage) -> dict[str, Facts]:
    """Return what a sheet says, by heading."""
    when, limit = site.implementation.schedule, facts.limit(site)
    ports = "none"
    if site.charging:
        new = site.charging
        ports = f"{new.num_ports} of {new.power_output.kw:g} kW ({new.charger_type})"
    return {
        "The site": [
            ("Place", site.name),
            ("What", KIND_NAMES[site.kind]),
            ("Municipality", site.municipality),
            ("Census tract", facts.area_of(site)),
            (
                "Coordinates (WGS 84)",
                f"{site.location.latitude:.5f}, {site.location.longitude:.5f}",
            ),
            ("Id in the plan", site.id),
            ("Energized in months", f"{when.month_from} to {when.month_to} of the works"),
        ],
        "The load": [
            ("New ports", ports),
            *power_facts(site),
            ("The limit is from", limit.source),
            ("Feeder", limit.feeder or "not known: no capacity file names it"),
        ],
    }


def _sheet(facts: UtilityFacts, site: SitePackage) -> str:
    # an address leads to what is inside, which opens the fold
    parts = ['<details class="request">',
             f"<summary><h2>Load request: {escape.html(site.name)}</h2></summary>",
             f'<div id="{escape.html(site.id)}">']  # fmt: skip
    for title, rows in sections(facts, site).items():
        parts += [f"<h3>{escape.html(title)}</h3>", _list(rows)]
    lines = site.implementation.grid_requirements.arithmetic
    if lines:
        items = "".join(f"<li>{escape.html(line)}</li>" for line in lines)
        parts.append(f'<p class="note">How it comes about, all ports at full power:</p><ul>{items}'
                     "</ul>")  # fmt: skip
    parts.append(
        f'<div class="fill"><h3>{FILL_TITLE}</h3>{_list([(n, "") for n in TO_FILL])}</div>'
    )
    parts.append(f'<p class="note">{escape.html(NOTE)}</p></div></details>')
    return "\n".join(parts)


def _list(rows: Facts) -> str:
    items = "".join(f"<dt>{escape.html(n)}</dt><dd>{escape.html(w)}</dd>" for n, w in rows)
    return f"<dl>{items}</dl>"


# -- The same sheets as a PDF.

_LOOK: Final = """\
#set document(title: "Load requests", author: "kwev", date: none)
#set page(paper: "us-letter", margin: 20mm, numbering: "1")
#set text(size: 10pt, lang: "en")
#let facts(rows) = grid(columns: (5cm, 1fr), row-gutter: 6pt, ..rows.map(r => (
  text(fill: rgb("#55606e"), r.at(0)), r.at(1))).flatten())
#let fill(rows) = grid(columns: (5cm, 1fr), row-gutter: 16pt, ..rows.map(r => (
  text(fill: rgb("#55606e"), r), line(length: 100%, stroke: 0.4pt))).flatten())
"""


def pdf(facts: UtilityFacts) -> bytes:
    """Return all sheets as one PDF, a letter page each.

    Raises
    ------
    KwevError
        If Typst refuses the text.
    """
    sheets = "#pagebreak()\n".join(_typst(facts, site) for site in facts.report.packages)
    try:
        # tags would make it five times as large; the page says the same to a screen reader
        made: bytes = typst.compile(
            (_LOOK + sheets).encode(), ignore_system_fonts=True, pdf_tags=False
        )
    except typst.TypstError as error:
        raise KwevError(f"typst refused the sheets: {error}", where=PDF) from error
    return made


def _typst(facts: UtilityFacts, site: SitePackage) -> str:
    quoted = escape.typst
    parts = [f"= #{quoted(f'Load request: {site.name}')}"]
    for title, rows in sections(facts, site).items():
        listed = "".join(f"({quoted(name)}, {quoted(words)}), " for name, words in rows)
        parts.append(f"== #{quoted(title)}\n#facts(({listed}))")
    lines = site.implementation.grid_requirements.arithmetic
    parts += [f"#text(size: 9pt, {quoted(line)})\\" for line in lines]
    blanks = "".join(f"{quoted(name)}, " for name in TO_FILL)
    parts.append(f"== #{quoted(FILL_TITLE)}\n#v(8pt)\n#fill(({blanks}))")
    parts.append(f"#v(1fr)\n#text(size: 8pt, {quoted(NOTE)})\n")
    return "\n".join(parts)
