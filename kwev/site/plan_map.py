"""The plan on a map, full screen: month by month, with layers, search, and a list in step with it.

Its state stands in the address (``lat``, ``lon``, ``zoom``, ``month``, ``layers``, ``plan``,
``pin``, ``site``, ``embed``), so that a view can be sent, and shown in a frame of another page.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from kwev.pipeline.parameters import Parameters
from kwev.report.region import town_names
from kwev.site import map_layers
from kwev.site.page import Page
from kwev.site.shown_plans import Gauge, cells_data, plan_data, reach_data, shown_plans
from kwev.vocabulary import ACTION_KINDS, LEVELS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwev.report.scenario import Report
    from kwev.site.shown_plans import ShownPlan

NAME: Final = "map"
MENU: Final = "The plan on a map"

_REACH: Final = (
    ("l2", "Level 2, along the roads"),
    ("l3", "Level 3, along the roads"),
    ("l2-line", "Level 2, in a straight line"),
    ("l3-line", "Level 3, in a straight line"),
)
_AREAS: Final = (
    ("", "Nothing"),
    ("grid", "Grid proxy by census tract"),
    ("need-today", "Need unserved today, by tract"),
    ("need-after", "Need unserved with the recommended plan"),
    ("equity", "Deprivation, by dissemination area"),
)
_SITES: Final = (
    ("", "Nothing"),
    ("category", "Candidate sites by category"),
    ("land", "Candidate sites by whose land"),
    ("transit", "Transit stops by departures"),
)
"""Layers by key, in the words of the panel."""


def pages(report: Report) -> list[Page]:
    """Return the page of the map, with the data of all plans and layers."""
    gauge, plans = Gauge(report.tables), shown_plans(report)
    return [page(report, gauge, plans)]


def page(report: Report, gauge: Gauge, plans: Sequence[ShownPlan]) -> Page:
    """Return the page of the map with the given plans, the first of which is shown first."""
    data: dict[str, Any] = {"map-today": _today(report, plans), **_layers(report, gauge, plans)}
    for plan in plans:
        data[f"plan-{plan.key}"] = plan_data(gauge, plan)
        data[f"reach-{plan.key}"] = reach_data(gauge, plan)
    return Page(
        name=NAME,
        title=MENU,
        lead="What stands today, what the plan builds month by month, and who comes into reach.",
        body=_body(),
        menu=MENU,
        scripts=("plan-map.js",),
        styles=("plan-map.css",),
        data=data,
        needs=("map-today", f"plan-{plans[0].key}"),
        leaflet=True,
        wide=True,
    )


def _today(report: Report, plans: Sequence[ShownPlan]) -> dict[str, Any]:
    tables, folder = report.tables, report.project.processed
    outlines = map_layers.outlines(tables, folder)
    cells = tables.cells
    return {
        "bounds": [
            [round(float(cells["latitude"].agg(end)), 3), round(float(cells["longitude"].agg(end)), 3)]
            for end in ("min", "max")
        ],
        "ground": files("kwev.display").joinpath("assets", "ground.js").is_file(),
        "plans": [[plan.key, plan.title] for plan in plans],
        "kinds": _kinds(),
        "towns": sorted(str(name) for name in town_names(tables)),
        "stations": map_layers.stations(tables, report.config),
        "outlines": outlines,
    }  # fmt: skip


def _kinds() -> dict[str, dict[str, Any]]:
    """Return the look of each kind of action, and of today's stations by their highest level."""
    shapes = {"upgrade": "diamond"}
    made = {
        kind.key: {
            "name": kind.name, "short": kind.name, "colour": kind.colour, "adds": kind.adds or "",
            "radius": kind.radius_px, "shape": shapes.get(kind.key, "square"), "rank": rank,
        }
        for rank, kind in enumerate(ACTION_KINDS)
    }  # fmt: skip
    for rank, level in enumerate(reversed(LEVELS)):
        made[f"today-{level.key}"] = {
            "name": f"{level.name} today", "short": f"{level.name} today", "adds": "",
            "colour": level.colour_today, "radius": level.radius_px, "shape": "circle",
            "rank": len(ACTION_KINDS) + rank,
        }  # fmt: skip
    return made


def _layers(report: Report, gauge: Gauge, plans: Sequence[ShownPlan]) -> dict[str, Any]:
    tables, folder = report.tables, report.project.processed
    points = gauge.evaluation(plans[0].config, "network").points("cell")
    grid = map_layers.grid_in_degrees(tables)
    return {
        "map-cells": {**cells_data(points, Parameters().cell_m), **grid},
        "map-candidates": map_layers.candidates(tables),
        "map-stops": map_layers.stops(tables),
        "map-tracts": map_layers.tracts(report, folder),
        "map-deprivation": map_layers.deprivation(tables, folder),
    }


def _body() -> str:
    reach = "".join(
        f'<label><input type="checkbox" data-layer="{key}">{words}</label>' for key, words in _REACH
    )
    return f"""<div class="plan-map" id="plan-map">
<div class="pm-bar">
<label class="pm-slide"><span>Month</span><input type="range" data-part="month" min="0" max="1" step="1" value="1">
<output data-part="when" aria-live="polite"></output></label>
<button type="button" data-part="play">Play</button>
<label class="pm-choose"><span>Plan</span><select data-part="plan"></select></label>
<button type="button" data-part="screen">Full screen</button>
<a class="pm-full" data-part="full" target="_top" href="map.html">Open the full map</a>
<p class="pm-sum"><b data-part="title"></b>: <span data-part="sum"></span> <span class="pm-more note" data-part="timing"></span> <span data-part="said" role="status"></span></p>
</div>
<section class="pm-side" aria-label="List of what the map shows">
<div class="pm-filters">
<label class="wide">Search by name or place<input type="search" data-part="search" autocomplete="off"></label>
<label>Show<select data-part="what"><option value="plan">The plan's actions</option><option value="today">Stations of today</option><option value="all">Both</option></select></label>
<label>Municipality<select data-part="town"><option value="">All</option></select></label>
<label>Sort by<select data-part="sort"><option value="month">Month</option><option value="kind">Kind</option><option value="municipality">Municipality</option><option value="people">People newly reached</option><option value="name">Name</option></select></label>
<label class="row"><input type="checkbox" data-part="in-view">Only what the map shows</label>
</div>
<p class="pm-count" data-part="count" role="status"></p>
<p class="note" id="pm-help" hidden>Up and down arrows go through the list; Enter opens a place on the map.</p>
<ul class="pm-list" data-part="list" aria-describedby="pm-help"></ul>
</section>
<div class="pm-stage">
<div class="pm-map" data-part="map"></div>
<div class="pm-over">
<details><summary>Layers</summary>
<fieldset><legend>Marks</legend>
<label><input type="checkbox" data-mark="today" checked>Stations of today</label>
<label><input type="checkbox" data-mark="plan" checked>Actions of the plan</label></fieldset>
<fieldset><legend>People in reach</legend>{reach}</fieldset>
<fieldset><legend>Areas</legend>{_radios("areas", _AREAS)}</fieldset>
<fieldset><legend>Sites and stops</legend>{_radios("sites", _SITES)}</fieldset>
</details>
<details open><summary>Legend</summary><div class="pm-legend" data-part="legend"></div></details>
</div>
</div>
</div>"""


def _radios(group: str, choices: Sequence[tuple[str, str]]) -> str:
    return "".join(
        f'<label><input type="radio" name="{group}" value="{key}" data-layer="{key}">{words}</label>'
        for key, words in choices
    )
