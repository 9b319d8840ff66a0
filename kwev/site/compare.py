"""Scenarios side by side: two maps that move together, and one table of all plans.

Plans that were made with other radii or another metric are measured again with the recommended
plan's radii, by both metrics, so that the shares of the table can be held against each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from kwev import escape
from kwev.display.table import Column, Table
from kwev.report.sweeps import origin, shown_gap
from kwev.site.page import Page
from kwev.site.shown_plans import METRICS, RECOMMENDED, SPECIFICATION, measured
from kwev.units import CAD_PER_MILLION, M_PER_KM
from kwev.vocabulary import ACTION_KIND, LEVEL_KEYS, LEVELS, METRIC_WORDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwev.config import Config
    from kwev.report.scenario import Report
    from kwev.site.shown_plans import Gauge, ShownPlan

NAME: Final = "compare"
MENU: Final = "Scenarios side by side"

_KINDS: Final = ("upgrade", "new_l3", "new_l2")
_MILLION: Final = "million CAD"


def pages(report: Report) -> list[Page]:
    """Return the page that sets plans side by side."""
    return [page(report, *measured(report))]


def page(report: Report, gauge: Gauge, plans: Sequence[ShownPlan]) -> Page:
    """Return the page for the given plans, the first two of which are shown first."""
    frame = compared(report, gauge, plans)
    return Page(
        name=NAME,
        title=MENU,
        lead="Two plans on two maps, and every plan of the book's studies in one table.",
        body=f"{maps(plans)}\n<h2>All plans</h2>\n{notes(report.config)}\n"
        f"{table(report, frame).html()}",
        menu=MENU,
        scripts=("compare.js",),
        styles=("compare.css",),
        wide=True,
    )


def compared(report: Report, gauge: Gauge, plans: Sequence[ShownPlan]) -> pd.DataFrame:
    """Return what each plan costs, builds and reaches, a row a plan.

    Returns
    -------
    pandas.DataFrame
        ``key``, ``title``, ``metric`` (words), ``l2_radius_m``, ``l3_radius_m`` (m), what a row of
        a study holds of money, actions and power (:data:`kwev.studies.rows.COLUMNS`), with
        ``l2``, ``l3`` and ``ev_owners`` by the plan's own metric and radii, ``shown_gap`` (share);
        and with the recommended plan's radii ``l2_network``, ``l3_network``,
        ``l2_straight_line`` and ``l3_straight_line`` (shares of people).
    """
    studies = {study: _rows(report, study) for study in sorted({plan.study for plan in plans})}
    made = []
    for plan in plans:
        row = studies[plan.study].loc[plan.row].drop(["key", "actions", "status"])
        reach = plan.config.coverage
        made.append(
            {
                "key": plan.key,
                "title": plan.title,
                "metric": METRIC_WORDS[reach.metric],
                "l2_radius_m": reach.l2_radius_m,
                "l3_radius_m": reach.l3_radius_m,
                **{str(name): value for name, value in row.items()},
                **same_measure(gauge, plan, report.config),
            }
        )
    return pd.DataFrame(made)


def same_measure(gauge: Gauge, plan: ShownPlan, config: Config) -> dict[str, float]:
    """Return the shares of people in reach of a plan by a scenario's radii and both metrics."""
    reach = config.coverage
    shares = {}
    for metric in METRICS:
        found = gauge.evaluation(
            plan.config.with_values(
                coverage__l2_radius_m=reach.l2_radius_m, coverage__l3_radius_m=reach.l3_radius_m
            ),
            metric,
        )
        people = found.points("cell").people
        for level in LEVEL_KEYS:
            count = gauge.counts(found, level, plan.ports)
            shares[f"{level}_{metric}"] = float(people[count > 0].sum() / people.sum())
    return shares


def _rows(report: Report, study: str) -> pd.DataFrame:
    rows = report.study(study)
    return rows.assign(shown_gap=shown_gap(rows)).set_index("name")


def table(report: Report, frame: pd.DataFrame) -> Table:
    """Return the table of all plans; headings name radii and metric."""
    frame = frame.assign(
        **{f"{key}_m": frame[key] / CAD_PER_MILLION for key in ("budget_cad", "net_cad")},
        yearly_m=frame["operating_cad_per_year"] / CAD_PER_MILLION,
        reach=[
            f"{_km(l2_m)} and {_km(l3_m)} {metric}"
            for l2_m, l3_m, metric in zip(
                frame["l2_radius_m"], frame["l3_radius_m"], frame["metric"], strict=True
            )
        ],
    )
    radius_m = {level: getattr(report.config.coverage, f"{level}_radius_m") for level in LEVEL_KEYS}
    same = [
        Column(f"{level.key}_{metric}",
               f"People within {_km(radius_m[level.key])} of {level.name} {METRIC_WORDS[metric]}",
               format=".1%")
        for level in LEVELS
        for metric in METRICS
    ]  # fmt: skip
    columns = (
        Column("title", "Plan"),
        Column("budget_cad_m", "Budget", _MILLION, ".3g"),
        Column("net_cad_m", "Net cost", _MILLION, ".2f"),
        Column("yearly_m", "Yearly cost", _MILLION, ".2f"),
        *same,
        Column("reach", "The plan's own reach: Level 2 and Level 3"),
        *(
            Column(level.key, f"People near {level.name}, by its own reach", format=".1%")
            for level in LEVELS
        ),
        Column("ev_owners", "EVs near either level, by its own reach", format=".1%"),
        *(Column(kind, ACTION_KIND[kind].heading, format=",.0f") for kind in _KINDS),
        *(
            Column(f"{level.key}_ports_added", f"{level.name} ports added", format=",.0f")
            for level in LEVELS
        ),
        Column("kw_added", "Power added", "kW", ",.0f"),
        Column("shown_gap", "How far from the best at most", format=".2%"),
    )
    seen = origin(report)
    return Table(NAME, frame, columns, seen.source, seen.vintage, is_noted=False)


def _km(metres: float) -> str:
    return f"{metres:g} m" if metres < M_PER_KM else f"{metres / M_PER_KM:g} km"


def notes(config: Config) -> str:
    """Return what stands above the table: how its shares are measured."""
    reach = config.coverage
    words = (
        "Four columns measure every plan alike, with the recommended plan's radii: "
        f"{_km(reach.l2_radius_m)} to Level 2 and {_km(reach.l3_radius_m)} to Level 3. "
        "Then come the shares by the reach that each plan was made for. "
        "Two plans with other radii or another metric cannot be held against each other there."
    )
    return f"<p>{escape.html(words)}</p>"


def maps(plans: Sequence[ShownPlan]) -> str:
    """Return the two frames with a choice of plan above each, and what both colour."""
    sides = []
    both = (("left", "Left map", RECOMMENDED), ("right", "Right map", SPECIFICATION))
    for side, words, first in both:
        options = "".join(
            f'<option value="{escape.html(plan.key)}"{" selected" if plan.key == first else ""}>'
            f"{escape.html(plan.title)}</option>"
            for plan in plans
        )
        sides.append(
            f'<section class="side"><label>{words} <select data-side="{side}">{options}</select>'
            f'</label><iframe data-frame="{side}" title="{words}: a plan" loading="lazy"></iframe>'
            "</section>"
        )
    reach = (
        "<fieldset><legend>Colour people by what is in reach along the roads</legend>"
        '<label><input type="radio" name="layers" value="" checked> Not at all</label>'
        '<label><input type="radio" name="layers" value="l2"> Level 2</label>'
        '<label><input type="radio" name="layers" value="l3"> Level 3</label></fieldset>'
    )
    return f'<div class="sides">{"".join(sides)}</div>\n{reach}'
