"""Ground to plant faults in, and the tools of a careful forger.

A plan is handled as plain JSON values. ``refreshed`` puts every total, hash and gap right after an
edit and drops the certificate, so that adding up finds nothing; ``agreed`` also rewrites coverage,
shortfall and objective to what the forged actions really give, so that only a rule can be broken.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from toy import base_config, streets, toy

from kwev.certify import ActionKey, Evaluation, certify, missed
from kwev.config import Case
from kwev.errors import KwevError
from kwev.files import sha256_json
from kwev.plan.format import Action, Plan, parse_plan, relative_gap
from kwev.studies.store import solve_certified

TARGETS = ("l2", "l3", "ev_owners")


@dataclass(frozen=True)
class Ground:
    """A certified plan with the data and the scenario it was made from."""

    plan: Plan
    tables: Any
    case: Case

    @cached_property
    def evaluation(self) -> Evaluation:
        return Evaluation(self.tables, self.case.config, self.case.geography)

    def copy(self) -> dict[str, Any]:
        return copy.deepcopy(self.plan.as_dict())

    def violations(self, values: dict[str, Any]) -> list[str]:
        return certify(parse_plan(values, where="planted"), self.tables, self.case).violations

    def told(self, values: dict[str, Any]) -> list[str]:
        """Return the violations, or why the values are not even read as a plan."""
        try:
            return self.violations(values)
        except KwevError as error:
            return [str(error)]

    def action(self, kind: str, place_id: str, added: int) -> dict[str, Any]:
        """Return a well-formed record of an action, allowed or not."""
        facts = self.evaluation.expected(ActionKey(kind, place_id), added, self.done)
        return {"kind": kind, "place_id": place_id, **facts}

    @cached_property
    def done(self) -> dict[ActionKey, int]:
        """The plan's actions with the ports that each adds."""
        return {ActionKey(a.kind, a.place_id): a.ports_added for a in self.plan.actions}

    def station(self, **wanted: Any) -> str:
        """Return the first station with the given values (a function tests the value)."""
        table = self.tables.stations
        for name, value in wanted.items():
            table = table[table[name].map(value) if callable(value) else table[name] == value]
        return str(table["station_id"].iloc[0])

    def free_site(self, *categories: str) -> str:
        """Return a site of a category that is no station and has no action in the plan."""
        used = {action.place_id for action in self.plan.actions}
        table = self.tables.sites
        table = table[(table["station_id"] == "") & ~table["site_id"].isin(used)]
        table = table[table["category"].isin(categories)] if categories else table
        return str(table["site_id"].iloc[0])


def settle(tables: Any, case: Case) -> Ground:
    """Solve and certify a case, as ground to plant faults in."""
    return Ground(solve_certified(tables, case).plan, tables, case)


def village(metric: str = "straight_line") -> Ground:
    """Return two towns 30 km apart whose best plan takes all three kinds of action.

    Along the roads it is one straight road; every place lies at its own easting on it, as far off
    as its northing says.
    """
    near, far = 0, 30_000
    points = [(near, 0, 400, 5), (near + 900, 0, 100, 2), (far, 0, 300, 4), (2 * far, 0, 50, 1)]
    stations = [
        (near + 3_000, 0, 4, 0),
        (2 * far, 0, 2, 2),
        {"x": near, "y": 0, "l2_ports": 2, "l3_ports": 0, "access": "tesla_only"},
        {"x": far, "y": 90, "l2_ports": 2, "l3_ports": 0, "in_region": False,
         "municipality_id": ""},
        (2 * far, 500, 0, 4),
    ]  # fmt: skip
    sites = [
        (near, 0, "library"),
        (near + 1_000, 0, "library"),
        (far + 100, 0, "shopping_mall"),
        (far, 200, "library"),
        {"x": 2 * far, "y": 5, "category": "shopping_mall", "station_id": "s001"},
        (2 * far, 20_000, "shopping_mall"),
        (2 * far, 22_000, "library"),
    ]
    config = base_config(
        budget__limit_cad=450_000,
        demand__enforce=True,
        demand__utilisation=0.001,
        targets__l2=0.9,
        coverage__metric=metric,
    )
    return settle(_on_one_road(toy(points, stations, sites)), Case("toy", config, "da"))


def _on_one_road(tables: Any) -> Any:
    west, south = 539_000.0, 4_810_000.0
    spots = {
        row[key]: (0, row["easting_m"] - west, row["northing_m"] - south)
        for table, key in (("das", "da_id"), ("stations", "station_id"), ("sites", "site_id"))
        for row in getattr(tables, table).to_dict("records")
    }
    return streets(tables, [(0, 1, 70_000)], spots)


def refreshed(values: dict[str, Any]) -> dict[str, Any]:
    """Return the edited plan with sums, gap and hashes put right and no certificate."""
    cost, quality, short = values["cost"], values["quality"], values["shortfall"]
    for key in ("purchase_cad", "resale_cad", "net_cad", "operating_cad_per_year"):
        cost[key] = sum(action[key] for action in values["actions"])
    short["total_points"] = 100 * sum(
        share
        for share in (*(short[key] for key in (*TARGETS, "demand")), *short["rules"].values())
        if share is not None
    )
    if quality["bound_checked"] is not None:
        quality["gap_checked"] = relative_gap(quality["objective"], quality["bound_checked"])
    values["config_sha256"] = sha256_json(values["config"])
    values["certificate"] = None
    return values


def agreed(values: dict[str, Any], ground: Ground) -> dict[str, Any]:
    """Return the plan with every measured number as its own actions would really give it."""
    actions = [Action.model_validate(a) for a in values["actions"]]
    ports = {ActionKey(a.kind, a.place_id): a.ports_added for a in actions}
    evaluation = ground.evaluation
    cells, model = evaluation.cover("cell", ports), evaluation.cover("model", ports)
    for name in TARGETS:
        values["coverage"][name]["after"] = cells.share(name)
        values["model_coverage"][name]["after"] = model.share(name)
        if values["shortfall"][name] is not None:
            missing = values["coverage"][name]["target"] - model.share(name)
            values["shortfall"][name] = max(0.0, missing)
    if values["shortfall"]["demand"] is not None:
        values["shortfall"]["demand"] = evaluation.unserved_share(ports)
    values["shortfall"]["rules"] = missed(evaluation, ports)
    for level in ("l2", "l3"):
        values["model_covered"][level] = sorted(model.ids(level))
    missed_share = sum(values["shortfall"]["rules"].values())
    values["objective_parts"] = evaluation.objective_parts(ports, missed_share)
    values["quality"]["objective"] = evaluation.objective_points(ports, missed_share)
    return refreshed(values)


def reconfigured(values: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return the plan with its own configuration edited."""
    for key, value in changes.items():
        *parents, leaf = key.split("__")
        node = values["config"]
        for parent in parents:
            node = node[parent]
        node[leaf] = value
    return refreshed(values)
