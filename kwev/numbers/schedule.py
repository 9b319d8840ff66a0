"""Numbers of when the plan is built, and of its sites."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwev.analysis import phasing, timewords
from kwev.numbers.number import Number, Numbers

if TYPE_CHECKING:
    from kwev.report import Report

_ORIGIN = "schedule"


def of_schedule(report: Report) -> Numbers:
    """Return the numbers of the schedules."""
    made, rule = report.timetable, report.config.phasing
    best, written = made.gain("best"), made.gain("written")
    phases = phasing.phases(report.plan)
    halves = {name: timewords.halfway(made, name) or 0 for name in ("best", "order", "written")}
    return Numbers(
        [
            Number("periods", rule.periods, "count", "phasing.periods"),
            Number("period_months", rule.months_per_period, "count", "phasing.months_per_period"),
            Number("period_share", rule.budget_share_per_period, "share", "phasing", "{:.0%}"),
            Number("crews_l2", rule.crews.l2, "count", "phasing.crews.l2"),
            Number("crews_l3", rule.crews.l3, "count", "phasing.crews.l3"),
            Number("period_kw", rule.connected_kw_per_period, "kW", "phasing", "{:,.0f} kW"),
            Number("schedule_proof", timewords.proof(made), "text", _ORIGIN),
            Number(
                "written_share",
                written.points / best.points if best.points > 0 else 1.0,
                "share",
                _ORIGIN,
                "{:.0%}",
            ),
            *(Number(f"half_{name}", month, "count", _ORIGIN) for name, month in halves.items()),
            Number("empty_phases", timewords.empty_phases(phases), "text", "phasing.phases"),
            Number("in_short", timewords.in_short(made), "text", _ORIGIN),
            Number("against_order", timewords.against_order(made), "text", _ORIGIN),
            Number("inside_phases", timewords.inside_phases(made), "text", _ORIGIN),
            Number("against_greedy", timewords.against_greedy(made), "text", _ORIGIN),
            Number("written_asks", timewords.what_written_asks(made), "text", _ORIGIN),
            Number("who_waits", timewords.who_waits(made.calendar()), "text", _ORIGIN),
            Number("holds_back", timewords.what_holds_back(made), "text", _ORIGIN),
        ]
    )


def of_sites(report: Report) -> Numbers:
    """Return the numbers of the site packages."""
    made = report.packages
    grids = [package.implementation.grid_requirements for package in made]
    least = min(grids, key=lambda grid: grid.headroom_kw)
    increase = sum(grid.power_increase_kw for grid in grids)
    origin = "site packages"
    return Numbers(
        [
            Number("packages", len(made), "count", origin),
            Number("packages_mw", increase / 1_000, "MW", origin),
            Number(
                "packages_cost",
                sum(package.implementation.estimated_cost_cad for package in made),
                "CAD",
                origin,
            ),
            Number("least_room", least.headroom_kw, "kW", origin, "{:,.0f} kW"),
            Number("big_transformers", sum(g.phases == 3 for g in grids), "count", origin),  # noqa: PLR2004
        ]
    )
