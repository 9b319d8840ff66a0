"""The page "Change the plan": a reader's own question, answered in the reader's browser.

The page holds what the model of the recommended scenario reads (:mod:`kwev.site.what_if_data`);
``what-if-solver.js`` searches and bounds, ``what-if-plan.js`` writes files that ``kwev check``
reads, ``sql.js-1.17.0/geopackage.js`` one for a GIS, ``what-if.js`` is the page itself.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from kwev import __version__, escape
from kwev.display.cartography import CATEGORY_MARKS
from kwev.plan.questions import QUESTION_KEYS
from kwev.site import what_if_data as data
from kwev.site.page import Page
from kwev.units import CAD_PER_MILLION, M_PER_KM
from kwev.vocabulary import ACTION_KINDS, LAND_KEYS, LANDS, METRIC_WORDS, PLACE_CATEGORIES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kwev.report.scenario import Report

NAME: Final = "what-if"
SQLITE: Final = "sql.js-1.17.0"
"""Folder of SQLite for the browser, published as ``sqlite``."""
BUDGET_CAD: Final = (500_000, 8_000_000, 250_000)
"""Least and largest budget, and the step between two (CAD)."""
PRICES: Final = (0, 0.25, 0.5, 1, 2, 5, 10)
"""Prices of a point that is missing of a target (points): those of the study of prices."""
WEIGHTS: Final = (0, 0.5, 1, 2, 3, 4)
PORTS: Final = (1, 2, 3, 4)
EXAMPLE_CAD: Final = 3_000_000
"""Budget of the first example (CAD)."""
ENOUGH: Final = 0.0005
"""Gap at which the search ends (share of what the plan gains)."""
MOST_MS: Final = 30_000
"""Longest search (ms)."""


def pages(report: Report) -> list[Page]:
    """Return the page "Change the plan", with the data that its solver reads."""
    ground = data.Ground.of(report.tables, report.config)
    rows, parts = data.multipliers(report.plan, ground.points)
    levels = {
        f"{NAME}-{level}-{radius_m}": data.level_data(ground, level, radius_m, parts[level])
        for level, radii_m in data.RADII_M.items()
        for radius_m in radii_m
    }
    start = _start(report, ground, rows)
    return [
        Page(
            name=NAME,
            title="Change the plan",
            lead="Set another budget, other weights or other sites. "
            "The plan is worked out here, in your browser, and nothing is sent anywhere.",
            body=_body(report),
            menu="Change the plan",
            scripts=("what-if-solver.js", "what-if-plan.js", "what-if.js"),
            styles=("what-if.css",),
            data={NAME: start, f"{NAME}-cells": data.cell_data(ground.points), **levels},
            needs=(NAME,),
            files={
                f"sqlite/{path.name}": path.read_bytes()
                for path in files("kwev.site").joinpath("assets", SQLITE).iterdir()
            },  # loaded when a reader asks for a GeoPackage
            leaflet=True,
            wide=True,
        )
    ]


def _start(report: Report, ground: data.Ground, rows: dict[str, float]) -> dict[str, Any]:
    """Return what the page needs before the first question."""
    tables, config, plan = report.tables, report.config, report.plan
    values = config.as_dict()
    defaults = {key: values[key.split(".")[0]][key.split(".")[1]] for key in QUESTION_KEYS}
    return {
        "ground": {
            "places": data.place_data(tables, ground),
            "energy": data.energy_data(tables, ground),
            "lands": LAND_KEYS,
            "people": float(ground.points.people.sum()),
            "ev": float(ground.points.ev.sum()),
        },
        "canonical": data.canonical(config),
        "defaults": defaults,
        "rows": rows,
        "recommended": [[action.id, action.ports_added] for action in plan.actions],
        "enough": ENOUGH,
        "most_ms": MOST_MS,
        "about": {
            "scenario": plan.scenario,
            "geography": plan.geography,
            "inputs_sha256": plan.inputs_sha256,
            "version": __version__,
            "solver": config.solver.model_dump(mode="json"),
        },
        "words": {
            "categories": PLACE_CATEGORIES,
            "category_names": [
                CATEGORY_MARKS[key].label if key in CATEGORY_MARKS else "Station of today"
                for key in PLACE_CATEGORIES
            ],
            "lands": [LANDS[key].short for key in LAND_KEYS],
            "consents": [LANDS[key].consent for key in LAND_KEYS],
            "kinds": {
                kind.key: {"name": kind.name, "short": kind.short, "colour": kind.colour,
                           "radius": kind.radius_px}
                for kind in ACTION_KINDS
            },
            "metric": METRIC_WORDS[config.coverage.metric],
        },
        "base_map": files("kwev.display").joinpath("assets", "ground.js").is_file(),
    }  # fmt: skip


def _select(key: str, label: str, choices: Iterable[tuple[float, str]], now: float) -> str:
    options = "".join(
        f'<option value="{value:g}"{" selected" if value == now else ""}>{escape.html(text)}'
        "</option>"
        for value, text in choices
    )
    return (
        f'<p class="field"><label for="q-{key}">{escape.html(label)}</label>'
        f'<select id="q-{key}" data-key="{key}">{options}</select></p>'
    )


def _questions(report: Report) -> str:
    """Return the controls; each names the configuration's key that it sets."""
    config = report.config
    least, most, step = BUDGET_CAD
    weights = [(w, f"{w:g}") for w in WEIGHTS]
    ports = [(n, f"{n}") for n in PORTS]
    lands = "".join(
        f'<li><label><input type="checkbox" data-land="{key}"'
        f"{' checked' if key in config.siting.land else ''}> {escape.html(LANDS[key].short)}"
        "</label></li>"
        for key in LAND_KEYS
    )
    radii = {
        level: [(m, f"{m} m" if m < M_PER_KM else f"{m / M_PER_KM:g} km") for m in radii_m]
        for level, radii_m in data.RADII_M.items()
    }
    budget = (
        '<p class="field"><label for="q-budget">Budget, net of resale: <output id="budget-said" '
        'for="q-budget"></output></label>'
        f'<input type="range" id="q-budget" data-key="budget.limit_cad" min="{least}" '
        f'max="{most}" step="{step}" value="{config.budget.limit_cad:.0f}"></p>'
    )
    return "".join((
        budget,
        _select("objective.shortfall_points_per_point",
                "Price of a point short of a target",
                [(price, f"{price:g} {'point' if price == 1 else 'points'}") for price in PRICES],
                config.objective.shortfall_points_per_point),
        _select("weights.l2", "Weight of Level 2", weights, config.weights.l2),
        _select("weights.l3", "Weight of Level 3", weights, config.weights.l3),
        _select("coverage.l2_radius_m", "Walk to Level 2, at most", radii["l2"],
                config.coverage.l2_radius_m),
        _select("coverage.l3_radius_m", "Drive to Level 3, at most", radii["l3"],
                config.coverage.l3_radius_m),
        _select("ports.min_l2", "Level 2 ports, at least", ports,
                config.ports.min_l2),
        _select("ports.min_l3", "Level 3 ports, at least", ports,
                config.ports.min_l3),
        f'<fieldset><legend>Land to build on</legend><ul class="plain">{lands}</ul></fieldset>',
    ))  # fmt: skip


def _examples() -> str:
    """Return questions that a council may ask, each one click away."""
    questions = (
        (f"${EXAMPLE_CAD / CAD_PER_MILLION:g} million on public land only",
         f"budget={EXAMPLE_CAD}&land=own,partner"),
        ("No sites at homes or places of worship", "land=own,partner,customers"),
        ("Fast charging counts four times", f"w3={WEIGHTS[-1]:g}"),
    )  # fmt: skip
    links = "".join(
        f'<li><a href="#{escape.html(address)}">{escape.html(words)}</a></li>'
        for words, address in questions
    )
    return f'<p>For example:</p><ul class="plain">{links}</ul>'


def _body(report: Report) -> str:
    metric = METRIC_WORDS[report.config.coverage.metric]
    return f"""
<noscript><p>This page computes in your browser and needs JavaScript.</p></noscript>
<div class="wi">
<section class="wi-ask" aria-labelledby="ask-h">
<h2 id="ask-h">Your question</h2>
{_examples()}
<form id="ask">{_questions(report)}
<p class="wi-row"><button type="reset" id="reset">Back to the recommended plan</button></p></form>
<h3 id="fixed-h">Sites that you have fixed</h3>
<ul id="fixed" class="plain" aria-labelledby="fixed-h"></ul>
</section>
<section class="wi-answer" aria-labelledby="answer-h">
<h2 id="answer-h">The answer</h2>
<p id="proof" class="wi-proof">Reading the data …</p>
<p id="said" class="wi-hidden" role="status" aria-live="polite"></p>
<p id="work" class="note"></p>
<div class="scroll" tabindex="0" role="region" aria-label="Numbers beside the recommended plan">
<table id="numbers"><caption id="metric"></caption><thead><tr><th scope="col"></th>
<th scope="col" class="n">Yours</th><th scope="col" class="n">Recommended</th>
<th scope="col" class="n">Difference</th><th scope="col" class="n">Today</th></tr></thead>
<tbody></tbody></table></div>
<div id="map" class="wi-map" role="region" aria-label="Map; the list of sites says the same"></div>
<ul id="key" class="wi-key" aria-label="Marks of the map"></ul>
<section id="site" class="card wi-site" aria-labelledby="site-h" hidden>
<h3 id="site-h" tabindex="-1"></h3><p id="site-facts"></p>
<fieldset><legend>What should happen here?</legend><div id="site-choice"></div></fieldset>
<p><button type="button" id="site-close">Close</button></p></section>
<h2>Sites</h2>
<p class="field"><label for="find">Find a site by name or municipality</label>
<input type="search" id="find" autocomplete="off"></p>
<div class="scroll" tabindex="0" role="region" aria-labelledby="list-said">
<table id="list"><caption id="list-said"></caption><thead><tr><th scope="col">Site</th>
<th scope="col">What</th><th scope="col">Municipality</th><th scope="col" class="n">Ports</th>
<th scope="col" class="n">Once, net</th></tr></thead><tbody></tbody></table></div>
<p class="wi-row"><button type="button" id="before">Sites before</button>
<button type="button" id="after">Sites after</button></p>
<h2>Take it away</h2>
<p class="wi-row"><button type="button" data-save="json">Plan (JSON)</button>
<button type="button" data-save="csv">Actions (CSV)</button>
<button type="button" data-save="geojson">Map (GeoJSON)</button>
<button type="button" data-save="gpkg">Map (GeoPackage)</button></p>
<p class="note">The JSON is a plan file: <code>kwev check</code> computes each number of it again.
The address of this page holds your question: send it, and another reader gets the same one.</p>
<h2>How sure is this?</h2>
<p>A search builds a plan, tears it open in places and closes it again, as long as that helps.
Beside it a bound comes down that no plan can exceed.
The gap between the two is what the page states, as a share of what your plan gains over doing
nothing, rounded up.
People and vehicles are counted on the same cells as in the book, {escape.html(metric)}.
Each target that is missed costs points; <a href="../../chapters/03a-model.html">the model</a> says
how.</p>
</section></div>
"""
