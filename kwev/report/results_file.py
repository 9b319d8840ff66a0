"""The format of ``results.json``: what a plan builds, reaches and costs, and how well it is known.

Names follow the client's specification, sections 3.3, 3.6.3 and 3.7, with the unit added: shares
are 0 to 1, money is CAD, lengths are metres, power kW. A value that does not exist is null.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from kwev import __version__
from kwev.files import write_json
from kwev.report import metrics
from kwev.report.findings import Findings

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from kwev.data.tables import Tables
    from kwev.plan.format import Plan
    from kwev.studies.store import Entry

RESULTS_VERSION: Literal[1] = 1

LevelName = Literal["l2", "l3"]
WhenName = Literal["before", "after"]
Share = float


class _Record(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True
    )


class Item(_Record):
    """Things of one kind that are bought."""

    count: int = Field(ge=0)
    cost_cad: float


class Sold(_Record):
    """Things of one kind that are sold."""

    count: int = Field(ge=0)
    revenue_cad: float


class InfrastructureChanges(_Record):
    """What is built (section 3.3.2); the costs add up to all purchases."""

    new_l2_stations: Item
    new_l3_stations: Item
    upgrades: Item
    """Level 2 stations converted to Level 3."""
    other_actions: Item
    """Actions of any other kind, without their ports."""
    l2_ports: Item
    l3_ports: Item


class ResaleRevenue(_Record):
    """What is sold; the revenues add up to all resale."""

    l2_stations: Sold
    l2_ports: Sold


class Levels(_Record):
    """Shares of people by level, measured on the cells."""

    l2_coverage: Share
    l3_coverage: Share
    ev_owner_coverage: Share
    """Share of vehicles near either level."""


class Improvement(_Record):
    """Final less initial (share)."""

    l2: float
    l3: float
    ev_owners: float


class CoverageMetrics(_Record):
    """Coverage before and after (section 3.6.3)."""

    initial: Levels
    final: Levels
    improvement: Improvement


class PerPoint(_Record):
    """What a point of coverage gained costs."""

    net_cost_cad: float
    gain_points: float
    """Final less initial share, times 100."""
    cad_per_point: float | None
    """Null where nothing is gained."""
    reason: str
    """Why there is none; empty where there is one."""


class CostPerPoint(_Record):
    """By level, and the client's formula over both."""

    l2: PerPoint
    l3: PerPoint
    together: PerPoint


class CostAnalysis(_Record):
    """Money (section 3.6.3)."""

    total_purchase_cad: float
    total_revenue_cad: float
    net_cost_cad: float
    budget_cad: float
    operating_cad_per_year: float | None
    """What the plan adds to the yearly operating cost; null where the plan does not tell."""
    resale_revenue: ResaleRevenue
    cost_per_coverage_point: CostPerPoint


class Solve(_Record):
    """One solve behind the plan."""

    status: str
    seconds: float = Field(ge=0)
    nodes: int = Field(ge=0)


class SolverMetrics(_Record):
    """The solver's account of itself (section 3.7.2)."""

    status: str
    """As the solver ended; being optimal is not what makes a plan feasible."""
    solution_count: int | None
    """Better plans that the logs of both stages tell of; null where they tell of none."""
    node_count: int = Field(ge=0)
    """Of all solves."""
    runtime_s: float = Field(ge=0)
    """Of all solves."""
    gap: float = Field(ge=0)
    """(bound - objective) / |objective|, by the solver's own bound."""
    gap_checked: float | None
    """The same by a bound that the certificate verified; null where the plan carries none."""
    objective_points: float
    bound_points: float
    solves: dict[str, Solve]


class ConstraintUtilization(_Record):
    """How far each limit is used: 1 is all of it; null where there is no such limit."""

    budget: float | None
    """Net cost over budget."""
    l2_coverage: float | None
    """Achieved over required share, on the cells."""
    l3_coverage: float | None
    """Achieved over required share, on the cells."""
    ev_owner_coverage: float | None
    """Achieved over wanted share, on the cells."""
    energy: float | None
    """Share of the energy needed from public ports that ports serve; null where not enforced."""
    site_power_most: float | None
    """Largest share of its grid proxy that a changed site uses."""
    area_power_most: float | None
    """Largest share of its grid proxy that an area's ports use, existing ones included."""


class QualityMetrics(_Record):
    """Solution quality (section 3.7.2)."""

    solver_metrics: SolverMetrics
    constraint_utilization: ConstraintUtilization


class ValidationMetrics(_Record):
    """What the certificate says (section 3.7.1)."""

    optimality_gap: float
    constraint_satisfaction: bool
    """Whether the independent check found no violation."""
    solution_feasibility: bool
    """The same, since it is the check and not the solver's status that makes a plan feasible."""
    checks: int
    """Comparisons made."""
    violations: list[str]
    targets: dict[str, str]
    """Status of each target: met, unmet_proven or unmet_unproven."""


class Change(_Record):
    """A share of people before and after, with the people."""

    initial: Share
    final: Share
    improvement: float
    initial_people: float
    final_people: float


class PopulationCovered(_Record):
    """People covered by level, measured on the cells."""

    l2: Change
    l3: Change


class OutOfReach(_Record):
    """Whom the plan leaves without a level."""

    level: LevelName
    people: float
    places: int
    """Places in `service_gaps`."""
    people_listed: float
    people_scattered: float
    """People in no listed place."""
    within_a_site: Share | None
    """Share of all of them whom an action outside the plan would reach."""


class Gap(_Record):
    """A place whose people have no station of a level in reach after the plan."""

    level: LevelName
    gap: int
    """Place in the order of people, from 1 within its level."""
    near: str
    """Well-known place nearest to its middle."""
    municipality: str
    people: float
    ev: float
    cells: int
    latitude: float
    longitude: float
    nearest_m: float | None
    """Mean straight way of its people to the nearest station of the level after the plan (m)."""
    farthest_m: float | None
    """That of the farthest cell (m)."""
    within_a_site: Share
    """Share of its people whom an action outside the plan would reach."""


class Redundancy(_Record):
    """How many stations people have in reach."""

    level: LevelName
    when: WhenName
    at_least_1: Share
    at_least_2: Share
    at_least_3: Share
    redundant_share: Share | None
    """Of the people with one, those with two or more: the overlap."""
    mean_stations: float | None
    """Stations in reach of a person who has one."""


class Spacing(_Record):
    """Straight way from each station to the next one of its level."""

    level: LevelName
    when: WhenName
    stations: int
    least_m: float | None
    median_m: float | None
    mean_m: float | None
    most_m: float | None


class Area(_Record):
    """Stations and power of one area: a census tract, or Wellesley."""

    area_id: str
    people: float
    stations_before: int
    stations_after: int
    kw_before: float
    kw_after: float
    grid_kw: float
    """Grid proxy (kW): a proxy, not a utility's figure."""
    grid_share_after: float | None
    """Power of all ports over the proxy."""


class RedundancyAnalysis(_Record):
    """Redundancy, overlap, spacing, and what stands in each area."""

    stations_in_reach: list[Redundancy]
    spacing: list[Spacing]
    areas: list[Area]


class CoverageValidation(_Record):
    """Coverage, what it leaves, and where it doubles (section 3.7.2)."""

    population_covered: PopulationCovered
    out_of_reach: list[OutOfReach]
    service_gaps: list[Gap]
    redundancy_analysis: RedundancyAnalysis


class Group(_Record):
    """Coverage of one group of people or vehicles."""

    group: str
    name: str
    unit: Literal["people", "EV"]
    total: float
    l2_before: Share
    l2_after: Share
    l3_before: Share
    l3_after: Share
    either_before: Share
    either_after: Share


class Distance(_Record):
    """Within which distance shares of people or vehicles have the nearest station (m)."""

    level: LevelName
    metric: Literal["straight_line", "network"]
    who: Literal["people", "bev", "phev"]
    when: WhenName
    p50: float | None
    p75: float | None
    p90: float | None
    p95: float | None
    p99: float | None
    max: float | None
    """Of the farthest home; null where one has no way to a station."""
    unreached: Share
    """Share without any way to a station."""


class Transit(_Record):
    """Share of places within a walk of transit, in a straight line."""

    what: str
    places: int
    bus: Share | None
    ion: Share | None
    either: Share | None
    frequent: Share | None


class Access(_Record):
    """Who has access, how far it is, and how it goes with transit (section 3.3.1)."""

    by_group: list[Group]
    distance_to_nearest: list[Distance]
    transit_integration: list[Transit]


class Reason(_Record):
    """Why an action was chosen, and what would do next best."""

    id: str
    """As in the plan."""
    kind: str
    place_id: str
    name: str
    municipality: str
    level: LevelName
    """The level that it brings: Level 3 where it adds ports of it."""
    net_cad: float
    alone_l2: float
    """People whom it would newly reach with Level 2 if it were added alone to today's network."""
    alone_l3: float
    """The same with Level 3."""
    company_l2: float
    """People who would have no Level 2 station if it were taken out of the plan."""
    company_l3: float
    """The same for Level 3."""
    lost_l2: float
    """People who have no Level 2 station in the plan because of it."""
    lost_l3: float
    """The same for Level 3."""
    in_reach: float
    """People within its radius, at its level."""
    shared: Share | None
    """Part of them whom another station of the level reaches too."""
    points: float
    """Coverage that would go with it: points of people, levels weighed as in the objective."""
    cad_per_point: float | None
    """Net cost over `points`; null where none would go."""
    alternative: str
    """Id of the action that keeps most coverage in its stead; empty where none brings any."""
    alternative_kind: str
    alternative_name: str
    alternative_net_cad: float | None
    """With the fewest ports."""
    alternative_points: float | None
    """Coverage that it would bring instead (points)."""
    kept_share: float | None
    """`alternative_points` over `points`; above 1 where the swap would gain on the cells."""


class Results(_Record):
    """What a plan builds, reaches and costs, computed anew from its actions and the tables."""

    format_version: Literal[1]
    kwev_version: str
    scenario: str
    geography: Literal["tract", "da", "cell"]
    """Demand points of the model; everything here is measured on the cells."""
    metric: str
    inputs_sha256: str
    config_sha256: str
    infrastructure_changes: InfrastructureChanges
    coverage_metrics: CoverageMetrics
    cost_analysis: CostAnalysis
    validation_metrics: ValidationMetrics
    quality_metrics: QualityMetrics
    coverage_validation: CoverageValidation
    access: Access
    sites: list[Reason]

    def as_dict(self) -> dict[str, Any]:
        """Return the results as plain JSON values."""
        return self.model_dump(mode="json")


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of a results file."""
    schema = Results.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "kwev results"
    return schema


# -- From a certified plan to ``results.json``: every number computed, none typed.

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
        "infrastructure_changes": metrics.infrastructure(plan, config),
        "coverage_metrics": _coverage_metrics(findings),
        "cost_analysis": {
            "total_purchase_cad": plan.cost.purchase_cad,
            "total_revenue_cad": plan.cost.resale_cad,
            "net_cost_cad": plan.cost.net_cad,
            "budget_cad": plan.cost.budget_cad,
            "operating_cad_per_year": plan.cost.model_dump().get("operating_cad_per_year"),
            "resale_revenue": metrics.resale(plan, config),
            "cost_per_coverage_point": metrics.per_point(plan),
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
    """Write the results of a certified plan beside it and return the path."""
    path = folder / FILE
    write_json(path, results(Findings.of(tables, entry.plan), entry.account).as_dict())
    return path


def _coverage_metrics(findings: Findings) -> dict[str, Any]:
    effects = findings.effects
    people, ev = effects.cells.people, effects.cells.ev
    shares = {
        when: {
            "l2": effects.share(people, "l2", when),
            "l3": effects.share(people, "l3", when),
            "ev_owners": effects.share(ev, "either", when),
        }
        for when in ("before", "after")
    }
    names = {"l2": "l2_coverage", "l3": "l3_coverage", "ev_owners": "ev_owner_coverage"}
    return {
        "initial": {names[key]: value for key, value in shares["before"].items()},
        "final": {names[key]: value for key, value in shares["after"].items()},
        "improvement": {key: shares["after"][key] - shares["before"][key] for key in names},
    }


def _validation(plan: Plan) -> dict[str, Any]:
    found = plan.certificate
    clean = found is not None and not found.violations
    return {
        "optimality_gap": plan.solver.gap_solver,
        "constraint_satisfaction": clean,
        "solution_feasibility": clean,
        "checks": found.checks if found else 0,
        "violations": found.violations if found else ["the plan was not checked"],
        "targets": dict(found.targets) if found else {},
    }


def _solver_metrics(plan: Plan, account: dict[str, Any]) -> dict[str, Any]:
    solves = account["solves"]
    return {
        "status": plan.solver.status,
        "solution_count": solution_count(
            "\n".join(str(solves[name]["log"]) for name in STAGES if name in solves)
        ),
        "node_count": account["nodes"],
        "runtime_s": account["seconds"],
        "gap": plan.solver.gap_solver,
        # a plan that carries no multipliers has none
        "gap_checked": plan.solver.model_dump().get("gap_checked"),
        "objective_points": plan.solver.objective,
        "bound_points": plan.solver.bound,
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
    for level in ("l2", "l3"):
        before, after = (effects.share(people, level, when) for when in ("before", "after"))
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
