"""My town: a page for each municipality and ward, which prints on two sheets, and their list."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

import numpy as np

from kwev import escape
from kwev.pipeline.geometry import unproject
from kwev.report.forecast import quarter_words
from kwev.site import parts, town_map
from kwev.site.page import Page
from kwev.site.parts import Cell
from kwev.site.town_facts import METRICS, TownFacts
from kwev.vocabulary import ACTION_KIND, L2, L3, LAND_KEYS, LANDS, LEVELS, METRIC_WORDS, LevelKey

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kwev.config import Metric
    from kwev.report.effects import When
    from kwev.report.scenario import Report
    from kwev.report.site_packages import SitePackage
    from kwev.site.town_facts import Town
    from kwev.vocabulary import LandKey, Level

WARDS: Final = "ward_boundaries_row_2017"
"""Id of the wards in the register of sources."""

PLAN: Final = "the recommended plan"
AT_STATION: Final = "A station's: its owner"
FRAME_PX: Final = (640, 420)
"""Size of the map's frame for which its zoom is chosen (px)."""
_WAY: Final[dict[LevelKey, str]] = {"l2": "a walk", "l3": "a drive"}
_WHENS: Final[tuple[tuple[When, str], ...]] = (("before", "today"), ("after", "with the plan"))


def pages(report: Report) -> list[Page]:
    """Return the list of towns, then the page of each municipality and ward."""
    facts = TownFacts(report)
    return [_list(facts), *(_town(facts, town) for town in facts.towns)]


# -- The list.


def _list(facts: TownFacts) -> Page:
    head = ("Place", "Kind", "People", "EVs", *_share_headings(facts), "Sites",
            "Money there", "Share of the money", "Share of the people")  # fmt: skip
    rows = [
        [
            Cell(town.name, link=f"{town.page}.html"),
            Cell("ward" if town.is_ward else "municipality"),
            _count(facts.people(town)),
            _count(facts.vehicles(town)),
            *_share_cells(facts, town),
            Cell(f"{len(town.sites):,}", len(town.sites)),
            Cell(parts.money(town.cost_cad), town.cost_cad),
            _percent(facts.money_share(town)),
            _percent(facts.people_share(town)),
        ]
        for town in facts.towns
    ]
    links = "".join(
        f'<li><a class="button" href="{escape.href(town.page)}.html">{escape.html(town.name)}</a>'
        "</li>"
        for town in facts.towns
        if not town.is_ward
    )
    body = "\n".join(
        [
            f'<ul class="choice" aria-label="Municipalities">{links}</ul>',
            "<h2>All municipalities and wards</h2>",
            parts.paragraph(_about_metric(facts), "note"),
            parts.table(
                "towns", f"Who is near a charger, and what {PLAN} spends where", head, rows,
                sortable=True, filter_label="Find a place:",
            ),
            _notes(facts),
        ]
    )  # fmt: skip
    lead = (
        "Choose a municipality or a ward. Its page says who is near a public charger, today and "
        f"with {PLAN}, what is built there and when, and who stays without."
    )
    return Page(
        "towns", "My town", lead, body, menu="My town", scripts=("../vendor/tables.js",),
        styles=("town.css",), wide=True,
    )  # fmt: skip


def _share_headings(facts: TownFacts) -> list[str]:
    del facts
    return [f"{level.name}, {words}" for level in LEVELS for _, words in _WHENS]


def _share_cells(facts: TownFacts, town: Town) -> list[Cell]:
    metric = _own_metric(facts)
    return [
        _percent(facts.share(town, metric, when, level.key))
        for level in LEVELS
        for when, _ in _WHENS
    ]


def _own_metric(facts: TownFacts) -> Metric:
    return facts.effects.config.coverage.metric


def _about_metric(facts: TownFacts) -> str:
    reach = "; ".join(_reach(facts, level) for level in LEVELS)
    return f"Shares are of people on the cells of 100 m who have a charger within reach: {reach}."


def _reach(facts: TownFacts, level: Level) -> str:
    """Return the reach of a level in words: Level 2 within a walk of 500 m along the roads."""
    coverage = facts.effects.config.coverage
    radius = parts.distance(coverage.radius_m(level.key))
    return f"{level.name} within {_WAY[level.key]} of {radius} {METRIC_WORDS[coverage.metric]}"


# -- A town.


def _town(facts: TownFacts, town: Town) -> Page:
    body = "\n".join(
        part
        for part in (
            _way_back(town),
            _cards(facts, town),
            _map(facts, town),
            "<h2>Near a charger, measured in two ways</h2>",
            _two_ways(facts, town),
            "<h2>Who stays without, and why</h2>",
            *(_without(facts, town, level) for level in LEVELS),
            _wards(facts, town),
            f"<h2{_SHEET[len(town.sites) > _LONG]}>What is built, and when</h2>",
            *_built(facts, town),
            _notes(facts),
        )
        if part
    )
    return Page(
        town.page, town.name, lead(facts, town), body, scripts=("../vendor/tables.js",),
        styles=("town.css",),
    )  # fmt: skip


def lead(facts: TownFacts, town: Town) -> str:
    """Return in a few sentences who is near each level, today and with the plan."""
    metric = _own_metric(facts)
    two, three = (
        [parts.have(facts.share(town, metric, when, level.key)) for when, _ in _WHENS]
        for level in LEVELS
    )
    coverage = facts.effects.config.coverage
    walk, drive = (
        f"within {_WAY[level.key]} of {parts.distance(coverage.radius_m(level.key))} "
        f"{METRIC_WORDS[metric]}"
        for level in LEVELS
    )
    today = two[0].replace("of 100", "of 100 people")
    return (
        f"In {town.name}, {today} a public {L2.name} charger {walk}. "
        f"With {PLAN}, {two[1]} one. {drive[0].upper()}{drive[1:]}, {three[0]} {L3.name} today. "
        f"With the plan, {three[1]} it."
    )


def _way_back(town: Town) -> str:
    links = ['<a href="towns.html">All towns and wards</a>']
    if town.is_ward:
        slug = town.slug.rpartition("-ward-")[0]
        links.append(f'<a href="town-{slug}.html">{escape.html(town.municipality)}</a>')
    return f'<p class="no-print">{" · ".join(links)}</p>'


def _cards(facts: TownFacts, town: Town) -> str:
    metric, shares = _own_metric(facts), []
    for level in LEVELS:
        today, later = (facts.share(town, metric, when, level.key) for when, _ in _WHENS)
        figure = f"{parts.percent(today)} → {parts.percent(later)}"
        shares.append((f"Near {level.name}", figure, "of people, today → with the plan"))
    ports = sum(one.charging.num_ports for one in town.sites if one.charging)
    stands = facts.effects.stations
    today_ports = int((stands.l2_ports + stands.l3_ports)[town.stations].sum())
    people_share = parts.percent(facts.people_share(town))
    money_share = parts.percent(facts.money_share(town))
    return parts.cards(
        [
            *shares,
            (
                "Money spent there",
                parts.money(town.cost_cad),
                f"{money_share} of the money for {people_share} of the Region's people",
            ),
            ("New sites", f"{len(town.sites):,}", _built_words(town, ports)),
            (
                "People",
                parts.people(facts.people(town)),
                (
                    f"{parts.people(facts.vehicles(town))} electric vehicles, "
                    f"{_plural(int(town.stations.sum()), 'public station')} with "
                    f"{_plural(today_ports, 'port')} today"
                ),
            ),
        ]
    )


def _built_words(town: Town, ports: int) -> str:
    if not town.sites:
        return "the plan builds nothing here"
    windows = [one.implementation.schedule for one in town.sites]
    first, last = (
        min(one.month_from for one in windows),
        max(one.month_to for one in windows),
    )
    return f"{_plural(ports, 'port')}, months {first} to {last} from the start"


def _plural(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def _map(facts: TownFacts, town: Town) -> str:
    corners = unproject(np.array(town.shape.bounds).reshape(2, 2), facts.crs)
    (west, south), (east, north) = corners.tolist()
    zoom = zoom_of(west, south, east, north)
    place = urlencode(
        {
            "lat": f"{(south + north) / 2:.5f}",
            "lon": f"{(west + east) / 2:.5f}",
            "zoom": zoom,
            "month": facts.report.timetable.months,
        }
    )
    words = f"Map of {PLAN} in {town.name}"
    frame = (
        f'<iframe class="no-print" title="{escape.html(words)}" loading="lazy" height="'
        f'{FRAME_PX[1]}" src="map.html?embed=1#{escape.html(place)}&amp;layers=l2,l3"></iframe>'
    )
    picture = town_map.picture(town, facts.effects.stations.xy_m[town.stations], words, facts.crs)
    return f'{frame}\n<figure class="on-paper">{picture}</figure>'


def zoom_of(west: float, south: float, east: float, north: float) -> int:
    """Return the largest zoom of a web map at which a box of degrees fits the frame."""

    def mercator(latitude: float) -> float:
        return math.degrees(math.asinh(math.tan(math.radians(latitude))))

    wide, high = max(east - west, 1e-6), max(mercator(north) - mercator(south), 1e-6)
    tile_px, turn = 256, 360
    fits = min(FRAME_PX[0] / wide, FRAME_PX[1] / high) * turn / tile_px
    return max(8, min(16, math.floor(math.log2(fits))))


def _two_ways(facts: TownFacts, town: Town) -> str:
    coverage = facts.effects.config.coverage
    ways = (coverage.metric, *(metric for metric in METRICS if metric != coverage.metric))
    head = ["", *(f"{METRIC_WORDS[m].capitalize()}, {words}" for m in ways for _, words in _WHENS)]
    rows = [
        [
            Cell(f"People, {level.name} within {parts.distance(coverage.radius_m(level.key))}"),
            *(_percent(facts.share(town, m, when, level.key)) for m in ways for when, _ in _WHENS),
        ]
        for level in LEVELS
    ]
    either = (_percent(facts.vehicle_share(town, m, when)) for m in ways for when, _ in _WHENS)
    rows.append([Cell("Electric vehicles, either level"), *either])
    caption = f"Share within reach of a public charger in {town.name}, today and with {PLAN}"
    return parts.table("two-ways", caption, head, rows)


def _without(facts: TownFacts, town: Town, level: Level) -> str:
    left = facts.without(town, level.key)
    if not left.people > 0:
        return parts.paragraph(f"{level.name}: nobody is left out of reach.")
    near = left.people - left.beyond
    said = [f"{level.name}: the plan leaves {parts.people(left.people)} people out of reach."]
    if left.beyond > 0:
        said.append(
            f"No place where the plan may build is near enough to {parts.people(left.beyond)} of "
            "them, so money alone does not help."
        )
    if near > 0:
        said.append(
            f"A possible site is near enough to {parts.people(near)}, but the money reaches more "
            "elsewhere."
        )
    if left.places:
        groups = "; ".join(f"{name} ({parts.people(count)})" for name, count in left.places)
        said.append(f"Most of them live near: {groups}.")
    return parts.paragraph(" ".join(said))


def _wards(facts: TownFacts, town: Town) -> str:
    own = [one for one in facts.towns if one.is_ward and one.municipality == town.municipality]
    if town.is_ward:
        return ""
    head = ("Ward", "People", *_share_headings(facts), "Sites", "Money there")
    rows = [
        [
            Cell(f"Ward {one.number}", one.number, f"{one.page}.html"),
            _count(facts.people(one)),
            *_share_cells(facts, one),
            Cell(f"{len(one.sites):,}", len(one.sites)),
            Cell(parts.money(one.cost_cad), one.cost_cad),
        ]
        for one in own
    ]
    caption = f"Wards of {town.name}: who is near a charger, and what {PLAN} spends"
    return f"<h2>Its wards</h2>\n{parts.table('wards', caption, head, rows, sortable=True)}"


def _built(facts: TownFacts, town: Town) -> Iterator[str]:
    if not town.sites:
        yield parts.paragraph(f"The plan builds nothing in {town.name}.")
        return
    head = ("Place", "Months", "What", "New ports", "Cost", "Whose land")
    rows = [_site_row(one, facts.land(one)) for one in town.sites]
    caption = f"Sites of {PLAN} in {town.name}; months count from the start of the works"
    many = len(rows) if len(rows) > _LONG else 0
    yield parts.table("built", caption, head, rows, sortable=True, print_rows=many)
    lands = {facts.land(one) for one in town.sites}
    needs = [f"{LANDS[key].short}: {LANDS[key].consent}." for key in LAND_KEYS if key in lands]
    if needs:
        yield parts.paragraph("What each class of land needs. " + " ".join(needs), "note")


_LONG: Final = 30
"""A list of more sites has a sheet of its own on paper."""
_SHEET: Final = {True: ' class="sheet"', False: ""}


def _site_row(site: SitePackage, land: LandKey | None) -> list[Cell]:
    when, ports = site.implementation.schedule, site.charging.num_ports if site.charging else 0
    cost_cad = site.implementation.estimated_cost_cad
    return [
        Cell(site.name, link=f"../sites/{site.id}.html"),
        Cell(f"{when.month_from} to {when.month_to}", when.month_from),
        Cell(ACTION_KIND[site.kind].short),
        Cell(f"{ports:,}", ports),
        Cell(parts.money(cost_cad), cost_cad),
        Cell(LANDS[land].short if land else AT_STATION),
    ]


def _notes(facts: TownFacts) -> str:
    report = facts.report
    source = next(one for one in report.sources if one["id"] == WARDS)
    quarter = quarter_words(str(report.tables.fsas["quarter"].iloc[0]))
    said = [
        (
            f"Wards: boundaries published {source['vintage'][:4]}. {source['caveats']} "
            f"{source['attribution']}"
        ),
        (
            "A cell of 100 m lies in the municipality of the census, and there in the ward that "
            "holds its point, or is nearest."
        ),
        (
            f"Vehicles: registrations of {quarter}, an estimate below postal areas. Costs: the "
            "scenario's prices, to three digits."
        ),
    ]
    return parts.paragraph(" ".join(said), "note")


def _count(value: float) -> Cell:
    return Cell(parts.people(value), value)


def _percent(share: float) -> Cell:
    return Cell(parts.percent(share), share)
