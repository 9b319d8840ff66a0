"""From a certified plan to ``results.json``: every number computed, none typed."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from kwev import __version__
from kwev.files import write_json
from kwev.report.effects import WHENS
from kwev.report.findings import Findings
from kwev.report.plan import cost_per_point
from kwev.report.results_file import RESULTS_VERSION, Results
from kwev.vocabulary import LEVEL_KEYS

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from kwev.config import Config
    from kwev.data.tables import Tables
    from kwev.plan.format import Action, Plan
    from kwev.studies.store import Entry

FILE: Final = "results.json"
"""Beside ``plan.json``."""

STAGES: Final = ("shortfall", "plan")
"""The solves that the plan comes from; the others ask what is attainable."""

DECIMALS: Final = 12
"""Of every number: a gap keeps its digits, and no sum shows the noise of its last bits."""

_NOTED = re.compile(r"^solution: ", re.MULTILINE)
"""A better plan in the log of the search."""
_INCUMBENT = re.compile(r"^ [A-Za-z] +\d+ +\d+ +\d+ .*\d+(?:\.\d+)?s$", re.MULTILINE)
"""A line of HiGHS' log that a new best plan writes: its source is one letter."""


def results(findings: Findings, account: dict[str, Any]) -> Results:
    """Return the results of a certified plan.

    Parameters
    ----------
    account
        The content of ``solve.json``.
    """
    plan, config = findings.effects.plan, findings.effects.config
    record = {
        "format_version": RESULTS_VERSION,
        "kwev_version": __version__,
        "scenario": plan.scenario,
        "geography": plan.geography,
        "metric": plan.metric,
        "inputs_sha256": plan.inputs_sha256,
        "config_sha256": plan.config_sha256,
        "infrastructure_changes": infrastructure(plan, config),
        "coverage_metrics": _coverage_metrics(findings),
        "cost_analysis": {
            "total_purchase_cad": plan.cost.purchase_cad,
            "total_revenue_cad": plan.cost.resale_cad,
            "net_cost_cad": plan.cost.net_cad,
            "budget_cad": plan.cost.budget_cad,
            "operating_cad_per_year": plan.cost.model_dump().get("operating_cad_per_year"),
            "resale_revenue": resale(plan, config),
            "cost_per_coverage_point": cost_per_point(plan),
        },
        "validation_metrics": _validation(plan),
        "quality_metrics": {
            "solver_metrics": _solver_metrics(plan, account),
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
    return Results.model_validate(_plain(record))


def write_results(folder: Path, tables: Tables, entry: Entry) -> Path:
    """Write the results of a certified plan beside it.

    Parameters
    ----------
    folder
        Where the file goes.
    entry
        The plan with the account of its solves.

    Returns
    -------
    pathlib.Path
        Of ``results.json``.
    """
    path = folder / FILE
    write_json(path, results(Findings.of(tables, entry.plan), entry.account).as_dict())
    return path


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


def infrastructure(plan: Plan, config: Config) -> dict[str, dict[str, float | int]]:
    """Return count and cost (CAD) of each item: stations by kind of action, ports by level.

    A port costs what the configuration says; the station is what is left of an action's purchase,
    so that the items add up to all purchases.
    """
    prices = {"l2": config.costs.l2_port_cad, "l3": config.costs.l3_port_cad}
    names = (*STATION_ITEMS.values(), "other_actions", "l2_ports", "l3_ports")
    items: dict[str, dict[str, float | int]] = {
        name: {"count": 0, "cost_cad": 0.0} for name in names
    }
    for action in plan.actions:
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


def resale(plan: Plan, config: Config) -> dict[str, dict[str, float | int]]:
    """Return count and revenue (CAD) of what is sold: Level 2 ports, and whole stations."""
    per_port = config.costs.resale_factor * config.costs.l2_port_cad
    items: dict[str, dict[str, float | int]] = {
        name: {"count": 0, "revenue_cad": 0.0} for name in ("l2_stations", "l2_ports")
    }
    for action in plan.actions:
        removed = max(action.l2_ports_before - action.l2_ports_after, 0)
        items["l2_ports"]["count"] += removed
        items["l2_ports"]["revenue_cad"] += removed * per_port
        items["l2_stations"]["count"] += removed > 0 and action.l2_ports_after == 0
        items["l2_stations"]["revenue_cad"] += action.resale_cad - removed * per_port
    return items


def _coverage_metrics(findings: Findings) -> dict[str, Any]:
    effects = findings.effects
    names = {"l2": "l2_coverage", "l3": "l3_coverage", "ev_owners": "ev_owner_coverage"}
    before, after = (
        {
            **{level: effects.share(effects.cells.people, level, when) for level in LEVEL_KEYS},
            "ev_owners": effects.share(effects.cells.ev, "either", when),
        }
        for when in WHENS
    )
    return {
        "initial": {names[key]: value for key, value in before.items()},
        "final": {names[key]: value for key, value in after.items()},
        "improvement": {key: after[key] - before[key] for key in names},
    }


def _validation(plan: Plan) -> dict[str, Any]:
    found = plan.certificate
    clean = found is not None and not found.violations
    return {
        "optimality_status": plan.quality.status,
        "optimality_gap": plan.quality.gap_checked,
        "constraint_satisfaction": clean,
        "solution_feasibility": clean,
        "checks": found.checks if found else 0,
        "violations": found.violations if found else ["the plan was not checked"],
        "targets": dict(found.targets) if found else {},
    }


def _solver_metrics(plan: Plan, account: dict[str, Any]) -> dict[str, Any]:
    solves = account["solves"]
    return {
        "status": plan.solver_says.ended,
        "solution_count": solution_count(
            "\n".join(str(solves[name]["log"]) for name in STAGES if name in solves)
        ),
        "node_count": account["nodes"],
        "runtime_s": account["seconds"],
        "gap": plan.gap_said,
        "gap_checked": plan.quality.gap_checked,
        "objective_points": plan.quality.objective,
        "bound_points": plan.solver_says.bound,
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
    plan = findings.effects.plan
    reached = plan.coverage
    unserved = plan.shortfall.demand
    site_kw = [a.kw_after / a.grid_kw for a in plan.actions if a.grid_kw > 0]
    area = findings.areas["grid_share_after"].dropna()
    return {
        "budget": _ratio(plan.cost.net_cad, plan.cost.budget_cad),
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
    effects = findings.effects
    people = effects.cells.people
    changes = {}
    for level in LEVEL_KEYS:
        before, after = (effects.share(people, level, when) for when in WHENS)
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
