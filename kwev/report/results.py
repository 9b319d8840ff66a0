"""Everything that is found out about a plan, and ``results.json``: computed, never typed."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from kwev import __version__
from kwev.errors import KwevError
from kwev.files import dump_json, read_json
from kwev.plan.export import RESULTS, has_results
from kwev.report import accessibility, distances, effects, gaps, measures, plan, reasons
from kwev.report.effects import WHENS
from kwev.report.file_format import FileRecord, file_record
from kwev.report.memory import once
from kwev.studies.store import Entry
from kwev.vocabulary import LEVEL_KEYS

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from kwev.config import Config
    from kwev.data.tables import Tables
    from kwev.display.values import Numbers
    from kwev.plan.format import Action, Plan
    from kwev.report.effects import Effects
    from kwev.report.scenario import Report

RESULTS_VERSION: Final = 2
"""Version of the format of ``results.json``."""

STAGES: Final = ("shortfall", "plan")
"""The solves that the plan comes from; the others ask what is attainable."""

DECIMALS: Final = 12
"""Of every number: a gap keeps its digits, and no sum shows the noise of its last bits."""

_NOTED = re.compile(r"^solution: ", re.MULTILINE)
"""A better plan in the log of the search."""
_INCUMBENT = re.compile(r"^ [A-Za-z] +\d+ +\d+ +\d+ .*\d+(?:\.\d+)?s$", re.MULTILINE)
"""A line of HiGHS' log that a new best plan writes: its source is one letter."""


@dataclass(frozen=True, eq=False)
class Findings:
    """What a plan changes, in tables; each is described where it is computed.

    Attributes
    ----------
    groups, households
        Who is in reach (:func:`kwev.report.effects.by_group`, ``by_household``).
    access, lorenz
        Ports in reach (:func:`kwev.report.accessibility.summary`, ``curves``).
    distances, percentiles
        The way to the nearest station (:mod:`kwev.report.distances`).
    redundancy, spacing, areas, transit
        As in :mod:`kwev.report.measures`.
    reasons
        Why each action was chosen (:func:`kwev.report.reasons.reasons`).
    gaps, out_of_reach
        Places left without, and all who are (:func:`kwev.report.gaps.gaps`, ``summary``).
    """

    effects: Effects

    @classmethod
    def of(cls, tables: Tables, plan: Plan) -> Findings:
        """Measure a plan anew from the tables and its actions."""
        return cls(effects.effects(tables, plan))

    groups = cached_property(lambda self: effects.by_group(self.effects))
    households = cached_property(lambda self: effects.by_household(self.effects))
    access = cached_property(lambda self: accessibility.summary(self.effects))
    lorenz = cached_property(lambda self: accessibility.curves(self.effects))
    distances = cached_property(lambda self: distances.distances(self.effects))
    percentiles = cached_property(lambda self: distances.percentiles(self.distances))
    redundancy = cached_property(lambda self: measures.redundancy(self.effects))
    spacing = cached_property(lambda self: measures.spacing(self.effects))
    areas = cached_property(lambda self: measures.by_area(self.effects))
    transit = cached_property(lambda self: measures.transit(self.effects))
    reasons = cached_property(lambda self: reasons.reasons(self.effects))
    gaps = cached_property(lambda self: gaps.gaps(self.effects))
    out_of_reach = cached_property(lambda self: gaps.summary(self.effects, self.gaps))


@once
def of_findings(report: Report) -> Numbers:
    """Return the numbers of what the plan changes: for whom, how far, why, and what is left.

    They are measured of this very plan, so they carry no tolerance of a solve: another plan, as
    good as it may be, is news.
    """
    return (
        plan.of_costs(report)
        | effects.of_effects(report)
        | distances.of_distances(report)
        | measures.of_measures(report)
        | reasons.of_reasons(report)
        | gaps.of_gaps(report)
    )


def results(findings: Findings, account: dict[str, Any]) -> FileRecord:
    """Return the results of a certified plan; ``account`` is the content of ``solve.json``."""
    made, config = findings.effects.plan, findings.effects.config
    same = ("scenario", "geography", "metric", "inputs_sha256", "config_sha256")
    record = {
        "format_version": RESULTS_VERSION,
        "kwev_version": __version__,
        **{key: getattr(made, key) for key in same},
        "infrastructure_changes": infrastructure(made, config),
        "coverage_metrics": _coverage_metrics(findings.effects),
        "cost_analysis": {
            "total_purchase_cad": made.cost.purchase_cad,
            "total_revenue_cad": made.cost.resale_cad,
            "net_cost_cad": made.cost.net_cad,
            "budget_cad": made.cost.budget_cad,
            "operating_cad_per_year": made.cost.operating_cad_per_year,
            "resale_revenue": resale(made, config),
            "cost_per_coverage_point": plan.cost_per_point(made),
        },
        "validation_metrics": _validation(made),
        "quality_metrics": {
            "solver_metrics": _solver_metrics(made, account),
            "constraint_utilization": _utilization(findings),
        },
        "coverage_validation": _coverage_validation(findings),
        "access": {
            "by_group": _rows(findings.groups),
            "distance_to_nearest": _rows(findings.percentiles),
            "transit_integration": _rows(findings.transit),
        },
        "sites": _rows(findings.reasons),
    }
    return file_record("Results", _plain(record))


def results_text(tables: Tables, entry: Entry) -> str:
    """Return the results of a certified plan as the text of :data:`RESULTS`."""
    return dump_json(results(Findings.of(tables, entry.plan), entry.account).as_dict())


def problems_of(path: Path, tables: Tables, plan: Plan) -> list[str]:
    """Return what is wrong with the results beside a ``plan.json``: one line, or none.

    They are made again from the plan and the account of its solves (``solve.json``).
    """
    if not has_results(path):
        return []
    file, account = path.with_name(RESULTS), path.with_name("solve.json")
    try:
        again = results_text(tables, Entry(plan, read_json(account)))
    except (KwevError, KeyError, TypeError, AttributeError, ValueError):
        return [f"{RESULTS} cannot be made again from the plan and {account.name}"]
    same = read_json(file) == json.loads(again)
    return [] if same else [f"{RESULTS} does not say what the plan gives"]


STATION_ITEMS: Final = {
    "new_l2": "new_l2_stations",
    "new_l3": "new_l3_stations",
    "upgrade": "upgrades",
}
"""Item of the client's section 3.3.2 by kind of action; other kinds go to ``other_actions``."""


def ports_added(action: Action, level: str) -> int:
    """Return the ports of ``l2`` or ``l3`` that an action adds (0 where it removes some)."""
    before, after = (getattr(action, f"{level}_ports_{when}") for when in ("before", "after"))
    return max(int(after) - int(before), 0)


def infrastructure(made: Plan, config: Config) -> dict[str, dict[str, float | int]]:
    """Return count and cost (CAD) of each item: stations by kind of action, ports by level.

    A port costs what the configuration says; the station is what is left of an action's purchase,
    so that the items add up to all purchases.
    """
    prices = {"l2": config.costs.l2_port_cad, "l3": config.costs.l3_port_cad}
    names = (*STATION_ITEMS.values(), "other_actions", "l2_ports", "l3_ports")
    items: dict[str, dict[str, float | int]] = {
        name: {"count": 0, "cost_cad": 0.0} for name in names
    }
    for action in made.actions:
        left_cad = action.purchase_cad
        for level, price in prices.items():
            added = ports_added(action, level)
            items[f"{level}_ports"]["count"] += added
            items[f"{level}_ports"]["cost_cad"] += added * price
            left_cad -= added * price
        item = items[STATION_ITEMS.get(action.kind, "other_actions")]
        item["count"] += 1
        item["cost_cad"] += left_cad
    return items


def resale(made: Plan, config: Config) -> dict[str, dict[str, float | int]]:
    """Return count and revenue (CAD) of what is sold: Level 2 ports, and whole stations."""
    per_port = config.costs.resale_factor * config.costs.l2_port_cad
    items: dict[str, dict[str, float | int]] = {
        name: {"count": 0, "revenue_cad": 0.0} for name in ("l2_stations", "l2_ports")
    }
    for action in made.actions:
        removed = max(action.l2_ports_before - action.l2_ports_after, 0)
        items["l2_ports"]["count"] += removed
        items["l2_ports"]["revenue_cad"] += removed * per_port
        items["l2_stations"]["count"] += removed > 0 and action.l2_ports_after == 0
        items["l2_stations"]["revenue_cad"] += action.resale_cad - removed * per_port
    return items


def _coverage_metrics(found: Effects) -> dict[str, Any]:
    names = {"l2": "l2_coverage", "l3": "l3_coverage", "ev_owners": "ev_owner_coverage"}
    before, after = (
        {level: found.share(found.cells.people, level, when) for level in LEVEL_KEYS}
        | {"ev_owners": found.share(found.cells.ev, "either", when)}
        for when in WHENS
    )
    return {
        "initial": {names[key]: value for key, value in before.items()},
        "final": {names[key]: value for key, value in after.items()},
        "improvement": {key: after[key] - before[key] for key in names},
    }


def _validation(made: Plan) -> dict[str, Any]:
    found = made.certificate
    clean = found is not None and not found.violations
    return {
        "optimality_status": made.quality.status,
        "optimality_gap": made.quality.gap_checked,
        "constraint_satisfaction": clean,
        "solution_feasibility": clean,
        "checks": found.checks if found else 0,
        "violations": found.violations if found else ["the plan was not checked"],
        "targets": dict(found.targets) if found else {},
    }


def _solver_metrics(made: Plan, account: dict[str, Any]) -> dict[str, Any]:
    solves = account["solves"]
    return {
        "status": made.solver_says.ended,
        "solution_count": solution_count(
            "\n".join(str(solves[name]["log"]) for name in STAGES if name in solves)
        ),
        "node_count": account["nodes"],
        "runtime_s": account["seconds"],
        "gap": made.gap_said,
        "gap_checked": made.quality.gap_checked,
        "objective_points": made.quality.objective,
        "bound_points": made.solver_says.bound,
        "solves": {
            name: {key: solve[key] for key in ("status", "seconds", "nodes")}
            for name, solve in solves.items()
        },
    }


def solution_count(log: str) -> int | None:
    """Return how many better plans the logs tell of; None where they tell of none.

    The search of :mod:`kwev.solve.branch_and_bound` notes each; else the lines of HiGHS's own log
    are counted.
    """
    return len(_NOTED.findall(log)) or len(_INCUMBENT.findall(log)) or None


def _utilization(findings: Findings) -> dict[str, float | None]:
    made = findings.effects.plan
    reached = made.coverage
    unserved = made.shortfall.demand
    site_kw = [a.kw_after / a.grid_kw for a in made.actions if a.grid_kw > 0]
    area = findings.areas["grid_share_after"].dropna()
    return {
        "budget": _ratio(made.cost.net_cad, made.cost.budget_cad),
        "l2_coverage": _ratio(reached.l2.after, reached.l2.target),
        "l3_coverage": _ratio(reached.l3.after, reached.l3.target),
        "ev_owner_coverage": _ratio(reached.ev_owners.after, reached.ev_owners.target),
        "energy": None if unserved is None else 1 - unserved,
        "site_power_most": max(site_kw, default=None),
        "area_power_most": float(area.max()) if len(area) else None,
    }


def _ratio(used: float, limit: float) -> float | None:
    return used / limit if limit > 0 else None


def _coverage_validation(findings: Findings) -> dict[str, Any]:
    found, people = findings.effects, findings.effects.cells.people
    changes = {}
    for level in LEVEL_KEYS:
        before, after = (found.share(people, level, when) for when in WHENS)
        changes[level] = {
            "initial": before,
            "final": after,
            "improvement": after - before,
            "initial_people": before * people.sum(),
            "final_people": after * people.sum(),
        }
    return {
        "population_covered": changes,
        "out_of_reach": _rows(findings.out_of_reach),
        "service_gaps": _rows(findings.gaps),
        "redundancy_analysis": {
            "stations_in_reach": _rows(findings.redundancy),
            "spacing": _rows(findings.spacing),
            "areas": _rows(findings.areas),
        },
    }


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]


def _plain(value: Any) -> Any:
    """Return JSON values: rounded, and null for what is not a number."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return round(value, DECIMALS) if math.isfinite(value) else None
    return value
