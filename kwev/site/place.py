"""My place: the nearest chargers of an address, a street, a postal code or a named place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwev import escape
from kwev.pipeline.streets import ALONG_M
from kwev.site.page import Page
from kwev.site.place_data import data

if TYPE_CHECKING:
    from kwev.report.scenario import Report


def pages(report: Report) -> list[Page]:
    """Return the page, with the data that it searches."""
    return [
        Page(
            name="place",
            title="My place",
            lead="How far is the nearest public charger, today and with the plan?"
            f" Look for a street or an address in the {report.region.name}.",
            body=_body(report),
            menu="My place",
            scripts=("place-search.js", "place-roads.js", "place.js"),
            styles=("place.css",),
            data=data(report),
        )
    ]


def _examples(report: Report) -> str:
    words = [f"<i>{escape.html(text)}</i>" for text in report.region.search_examples]
    return f"For example {', '.join(words[:-1])} or {words[-1]}. " if len(words) > 1 else ""


def _body(report: Report) -> str:
    addresses = next(s for s in report.sources if s["id"] == "oda_addresses_row_2021")
    roads = next(s for s in report.sources if s["id"] == "row_roads_2026_01")
    sources = " ".join(
        f"{escape.html(source['title'])}. {escape.html(source['attribution'].rstrip('.'))}."
        for source in (addresses, roads)
    )
    return f"""<form id="place-form" role="search">
<label for="place-input">Address, street, postal code or name of a place</label>
<div class="row"><input type="text" id="place-input" role="combobox" autocomplete="off"
 spellcheck="false" aria-autocomplete="list" aria-expanded="false" aria-controls="place-list"
 aria-describedby="place-hint">
<button type="submit" disabled>Find</button></div>
<ul id="place-list" role="listbox" aria-label="Names found" hidden></ul>
<p id="place-hint" class="note">{_examples(report)}What you write stays in your browser.</p>
</form>
<div id="place-status" role="status" aria-live="polite"></div>
<noscript><p>This page looks for places with a script, which your browser does not run.</p>
</noscript>
<div id="place-answer"></div>
<section aria-labelledby="place-how"><h2 id="place-how">How this is worked out</h2>
<p>Ways are measured along the roads: on foot to Level 2, by car to Level 3.
 By car, one-way streets count. Footpaths and trails are not in the data, so a walk may be shorter
 than the page says.</p>
<p>A street number is placed from the numbers around it, to within about {ALONG_M:.0f} m along
 its road. Only streets and numbers of open lists are held, and no person's.</p>
<p>The months count from the start of the works. The address bar holds the place that you see: copy
 it to share the answer.</p>
<p class="note">Addresses and roads: {sources}</p></section>"""
