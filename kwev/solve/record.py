"""From a choice of columns to the plan's record: actions, coverage on the cells, money."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from kwev.model.coverage import ruler_of
from kwev.model.demand import demand_points, share_of
from kwev.model.network import Places
from kwev.plan.format import FORMAT_VERSION, Plan, parse_plan
from kwev.units import CAD_PER_MILLION, DEGREE_DECIMALS, POINTS
from kwev.vocabulary import ACTION_KIND, TARGET_KEYS

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from numpy.typing import NDArray

    from kwev.config import Case, Config
    from kwev.data.tables import Tables
    from kwev.model.coverage import Reach, Ruler
    from kwev.model.demand import DemandPoints
    from kwev.model.inputs import Inputs
    from kwev.model.siting import Columns, Stations

NO_POINTS = 1e-6
"""A smaller total shortfall is none (points)."""


@dataclass(frozen=True)
class Choice:
    """Which columns are done and how many ports each adds.

    Attributes
    ----------
    build
        Shape (m,), bool.
    ports
        Shape (m,), ports added; 0 where not built.
    """

    build: NDArray[np.bool_]
    ports: NDArray[np.int64]

    @classmethod
    def nothing(cls, columns: Columns) -> Choice:
        """Return the choice to do nothing."""
        return cls(np.zeros(len(columns), bool), np.zeros(len(columns), np.int64))


def choice_of(
    columns: Columns, actions: Iterable[tuple[str, int]]
) -> tuple[Choice, tuple[str, ...]]:
    """Return actions as a choice of columns.

    Parameters
    ----------
    columns
        The columns of a scenario.
    actions
        Action ids with the ports that each adds.

    Returns
    -------
    tuple
        The choice, and the ids of the actions that are no column.
    """
    known, choice, left_out = column_of_action(columns), Choice.nothing(columns), []
    for name, added in actions:
        if name in known:
            choice.build[known[name]], choice.ports[known[name]] = True, added
        else:
            left_out.append(name)
    return choice, tuple(sorted(left_out))


def column_of_action(columns: Columns) -> dict[str, int]:
    """Return the index of each column by the id of its action."""
    return {action_id(columns, k): k for k in range(len(columns))}


def action_id(columns: Columns, k: int) -> str:
    """Return the id of the action of column k.

    Parameters
    ----------
    columns
        The columns of a scenario.
    k
        Index of one of them.

    Returns
    -------
    str
        ``<kind>_<place_id>``.
    """
    return f"{columns.kind[k]}_{columns.place_id[k]}"


@dataclass(frozen=True)
class Network:
    """Where each level is offered.

    Attributes
    ----------
    l2, l3
        Places that offer a level, to measure from (m).
    """

    l2: Places
    l3: Places


def network(stations: Stations, columns: Columns, choice: Choice, config: Config) -> Network:
    """Return where each level is offered once the chosen actions are done.

    Parameters
    ----------
    stations
        What stands today.
    columns
        The m possible actions.
    choice
        Which of them are done.
    config
        The scenario: whether an L3 station serves L2 demand.

    Returns
    -------
    Network
        Stations that keep a level, and places that come to offer it.
    """
    has_l2, has_l3 = stations.l2_ports > 0, stations.l3_ports > 0
    has_l2[columns.station[choice.build & columns.ends_l2]] = False
    has_l3[columns.station[choice.build & columns.ends_l3]] = False
    l2 = [stations.places[has_l2], columns.places[choice.build & columns.brings_l2]]
    l3 = Places.joined([stations.places[has_l3], columns.places[choice.build & columns.brings_l3]])
    if config.coverage.l3_counts_for_l2:
        l2.append(l3)
    return Network(Places.joined(l2), l3)


def share(points: DemandPoints, target: str, reached: NDArray[np.bool_]) -> float:
    """Return the share that counts for a target, of people or of EVs, at the points reached."""
    return share_of(points.ev if target == "ev_owners" else points.people, reached)


def net_cad(columns: Columns, choice: Choice) -> float:
    """Return the purchase of a choice less its resale (CAD)."""
    per_build = columns.fixed_cad - columns.resale_cad
    return float(per_build @ choice.build + columns.port_cad @ choice.ports)


@dataclass(frozen=True)
class Covered:
    """Which points are covered, by target."""

    l2: NDArray[np.bool_]
    l3: NDArray[np.bool_]

    def share(self, points: DemandPoints, target: str) -> float:
        """Return the share of people (``l2``, ``l3``) or of EVs (``ev_owners``) covered."""
        reached = {"l2": self.l2, "l3": self.l3, "ev_owners": self.l2 | self.l3}
        return share(points, target, reached[target])


def covered(points: DemandPoints, stations: Network, config: Config, ruler: Ruler) -> Covered:
    """Return which points a network covers, by level."""
    reach, here = config.coverage, points.places
    l2 = ruler.within("l2", here, stations.l2, reach.l2_radius_m)
    l3 = ruler.within("l3", here, stations.l3, reach.l3_radius_m)
    return Covered(np.diff(l2.indptr) > 0, np.diff(l3.indptr) > 0)


@dataclass(frozen=True)
class Extreme:
    """The best that one question allows: a share or an amount, with the plan that shows it.

    Attributes
    ----------
    value
        Share for coverage, CAD for money; None where no plan answers the question.
    witness
        The choice that attains it, None where there is none.
    why_none
        Why there is none: :class:`kwev.plan.format.NoLeastBudget` as plain values.
    """

    value: float | None
    witness: Choice | None
    why_none: dict[str, Any] | None = None


@dataclass(frozen=True)
class Outcome:
    """What the solves of a scenario found.

    Attributes
    ----------
    choice
        The plan's decisions.
    solver_says
        The solver's word, as in the plan file.
    attainable
        By target: the most that was found within the budget.
    ceiling
        By target: the share that no plan exceeds (see :meth:`kwev.certify.Evaluation.ceiling`).
    least_budget
        The least net cost that meets every enforced target.
    """

    choice: Choice
    solver_says: dict[str, Any]
    attainable: dict[str, Extreme]
    ceiling: dict[str, float]
    least_budget: Extreme


def plan_record(tables: Tables, case: Case, inputs: Inputs, outcome: Outcome) -> Plan:
    """Write the record of a choice: every number of the plan file but the certificate."""
    config = case.config
    columns, stations, choice = inputs.columns, inputs.stations, outcome.choice
    nothing = Choice.nothing(columns)
    before_net = network(stations, columns, nothing, config)
    after_net = network(stations, columns, choice, config)
    cells = demand_points(tables, config, "cell")
    ruler = ruler_of(tables, config.coverage.metric)
    cell_before, cell_after = (
        covered(cells, net, config, ruler) for net in (before_net, after_net)
    )
    before, after = _as_modelled(inputs, nothing), _as_modelled(inputs, choice)
    actions = action_records(tables, inputs, choice)
    parts = objective_parts(inputs, config, choice)
    short = _shortfall(inputs, config, choice, after)
    spent_cad = sum(a["net_cad"] for a in actions)
    shown = _extremes(outcome, spent_cad if short["total_points"] <= NO_POINTS else np.inf)
    for target in TARGET_KEYS:
        own = Extreme(after.share(inputs.points, target), choice)
        shown[f"attainable_{target}"] = max(shown[f"attainable_{target}"], own, key=_value)
    coverage = {
        target: {
            "before": cell_before.share(cells, target),
            "after": cell_after.share(cells, target),
            "target": wanted,
            "attainable": shown[f"attainable_{target}"].value,
            "ceiling": outcome.ceiling[target],
            "bound_checked": None,
        }
        for target, wanted in config.targets.shares().items()
    }
    record = {
        "format_version": FORMAT_VERSION,
        "scenario": case.scenario,
        "geography": inputs.points.geography,
        "metric": config.coverage.metric,
        "inputs_sha256": tables.inputs_sha256,
        "config_sha256": config.planning_sha256(),
        "config": config.planning().as_dict(),
        "solver_says": outcome.solver_says,
        "objective_parts": parts,
        "quality": {
            "objective": sum(parts.values()),
            "bound_checked": None,
            "gap_checked": None,
            "status": "not_proven",
        },
        "actions": actions,
        "model_covered": {
            "l2": inputs.points.ids[after.l2].tolist(),
            "l3": inputs.points.ids[after.l3].tolist(),
        },
        "coverage": coverage,
        "model_coverage": {
            target: {
                "before": before.share(inputs.points, target),
                "after": after.share(inputs.points, target),
            }
            for target in coverage
        },
        "shortfall": short,
        "cost": {
            **{key: sum(a[key] for a in actions) for key in ("purchase_cad", "resale_cad")},
            "net_cad": spent_cad,
            "operating_cad_per_year": sum(a["operating_cad_per_year"] for a in actions),
            "budget_cad": config.budget.limit_cad,
            "least_budget_cad": shown["least_budget"].value,
            "least_budget_bound_checked_cad": None,
            "no_least_budget": shown["least_budget"].why_none,
        },
        "witnesses": {
            name: _witness(columns, extreme.witness)
            for name, extreme in shown.items()
            if extreme.witness is not None
        },
        "proof": {"missing": "not_asked", "branches": {}},
        "certificate": None,
    }
    return parse_plan(record, where="plan")


def _extremes(outcome: Outcome, enough_cad: float) -> dict[str, Extreme]:
    """Return the best that was found for each question, by the name of its witness.

    Parameters
    ----------
    enough_cad
        What the plan itself costs where it meets every target, infinite where it does not: a search
        that stops at its gap may not have found as little.
    """
    found = {f"attainable_{target}": e for target, e in outcome.attainable.items()}
    least = outcome.least_budget
    cheaper = enough_cad < (np.inf if least.value is None else least.value)
    return {**found, "least_budget": Extreme(enough_cad, outcome.choice) if cheaper else least}


def _value(extreme: Extreme) -> float:
    return -np.inf if extreme.value is None else extreme.value


def _as_modelled(inputs: Inputs, choice: Choice) -> Covered:
    reach: dict[str, Reach] = inputs.reach
    return Covered(reach["l2"].covered(choice.build), reach["l3"].covered(choice.build))


def _shortfall(inputs: Inputs, config: Config, choice: Choice, after: Covered) -> dict[str, Any]:
    parts: dict[str, float | None] = {
        **dict.fromkeys((*TARGET_KEYS, "demand")),
        **{
            target: max(0.0, wanted - after.share(inputs.points, target))
            for target, wanted in config.targets.enforced().items()
        },
    }
    if config.demand.enforce:
        parts["demand"] = unserved_share(inputs, choice)
    from kwev.model.formulation import missed  # noqa: PLC0415 -- cvxpy loads only where it solves

    rules = missed(inputs, config, choice.build, choice.ports)
    shares = [*(value for value in parts.values() if value is not None), *rules.values()]
    return {
        **parts,
        "rules": rules,
        "total_points": POINTS * sum(shares),
        "bound_checked_points": None,
    }


def unserved_share(inputs: Inputs, choice: Choice) -> float:
    """Return the share of the Region's energy need that no port of its municipality serves.

    Where nothing is needed, nothing is unserved.
    """
    energy = inputs.energy
    if energy.need_kwh.sum() <= 0:
        return 0.0
    missing = np.maximum(energy.need_kwh - _supply_kwh(inputs, choice), 0.0)
    return float(missing.sum() / energy.need_kwh.sum())


def idle_share(inputs: Inputs, choice: Choice) -> float:
    """Return the energy that ports could give beyond their municipality's need, of the Region's.

    Where nothing is needed, this has no measure, and is 0.
    """
    need_kwh = inputs.energy.need_kwh
    if need_kwh.sum() <= 0:
        return 0.0
    return float(np.maximum(_supply_kwh(inputs, choice) - need_kwh, 0.0).sum() / need_kwh.sum())


def _supply_kwh(inputs: Inputs, choice: Choice) -> NDArray[np.float64]:
    """Return the energy that the ports of each municipality can give after a choice (kWh)."""
    energy, columns = inputs.energy, inputs.columns
    index = np.searchsorted(energy.municipality, columns.municipality)
    added_kw = columns.port_kw * choice.ports - columns.lost_kw * choice.build
    per_area = np.bincount(index, weights=added_kw, minlength=len(energy.municipality))
    return np.asarray(energy.supply_kwh + energy.kwh_per_kw * per_area)


def objective_parts(inputs: Inputs, config: Config, choice: Choice) -> dict[str, float]:
    """Return what the objective of a choice is made of, in points, by the plan file's names."""
    columns, points, w = inputs.columns, inputs.points, config.weights
    after = _as_modelled(inputs, choice)
    yearly_cad = columns.yearly_cad @ choice.build + columns.port_yearly_cad @ choice.ports
    run_cad = config.operating.years * yearly_cad
    short = 0.0
    if config.objective.mode == "weighted":
        parts = _shortfall(inputs, config, choice, after)
        short = config.objective.shortfall_points_per_point * (parts["total_points"] or 0.0)
    return {
        "l2": float(POINTS * w.l2 * points.weight[after.l2].sum()),
        "l3": float(POINTS * w.l3 * points.weight[after.l3].sum()),
        "net_cost": _lost(
            w.cost_points_per_million_cad * net_cad(columns, choice) / CAD_PER_MILLION
        ),
        "operating_cost": _lost(w.operating_points_per_million_cad * run_cad / CAD_PER_MILLION),
        "idle_energy": _lost(w.idle_points_per_point * POINTS * idle_share(inputs, choice)),
        "shortfall": _lost(short),
    }


def _lost(points: Any) -> float:
    """Return points lost as a part of a sum; what loses nothing is 0, not minus 0."""
    return -float(points) + 0.0


def _witness(columns: Columns, choice: Choice) -> dict[str, Any]:
    chosen: list[int] = np.flatnonzero(choice.build).tolist()
    pairs = [(action_id(columns, k), int(choice.ports[k])) for k in chosen]
    return {"actions": sorted(pairs)}


def action_records(tables: Tables, inputs: Inputs, choice: Choice) -> list[dict[str, Any]]:
    """Return the plan's actions, in the order of :data:`ACTION_KINDS`, each kind by place id."""
    columns, rank = inputs.columns, list(ACTION_KIND)
    order = sorted(
        np.flatnonzero(choice.build).tolist(),
        key=lambda k: (rank.index(str(columns.kind[k])), str(columns.place_id[k])),
    )
    places = _place_facts(tables)
    names = dict(
        zip(tables.municipalities["municipality_id"], tables.municipalities["name"], strict=True)
    )
    found, standing = [], _standing_ports(inputs)
    for k in order:
        place_id = str(columns.place_id[k])
        action = _action(inputs, choice, k, standing.get(place_id, _Standing()))
        fact = places[place_id]
        action |= {
            "name": str(fact["name"]),
            "category": str(fact["category"]),
            "municipality": names[str(columns.municipality[k])],
            "latitude": round(float(fact["latitude"]), DEGREE_DECIMALS),
            "longitude": round(float(fact["longitude"]), DEGREE_DECIMALS),
        }
        standing[place_id] = _Standing(
            action["l2_ports_after"], action["l3_ports_after"], action["kw_after"]
        )
        found.append(action)
    return found


@dataclass(frozen=True)
class _Standing:
    """Ports and power (kW) at a place at some moment of the plan."""

    l2: int = 0
    l3: int = 0
    kw: float = 0.0


def _standing_ports(inputs: Inputs) -> dict[str, _Standing]:
    """Return what stands at each station today."""
    stations = inputs.stations
    return {
        str(station_id): _Standing(int(l2), int(l3), float(kw))
        for station_id, l2, l3, kw in zip(
            stations.ids, stations.l2_ports, stations.l3_ports, stations.standing_kw, strict=True
        )
    }


def _place_facts(tables: Tables) -> dict[str, dict[Hashable, Any]]:
    facts = ["name", "category", "latitude", "longitude"]
    sites = tables.sites.set_index("site_id")[facts]
    stations = tables.stations.assign(category="existing_station").set_index("station_id")[facts]
    found = sites.to_dict("index") | stations.to_dict("index")
    return {str(place_id): fact for place_id, fact in found.items()}


def _action(inputs: Inputs, choice: Choice, k: int, before: _Standing) -> dict[str, Any]:
    """Return what the action of column k changes where ``before`` stands."""
    columns, kind, ports = inputs.columns, str(inputs.columns.kind[k]), int(choice.ports[k])
    l2_after, l3_after = before.l2, before.l3
    if kind in ("upgrade", "remove"):
        l2_after, l3_after = int(columns.kept_l2_ports[k]), 0
    if kind in ("new_l2", "add_l2"):
        l2_after += ports
    else:
        l3_after += ports
    purchase = float(columns.fixed_cad[k] + columns.port_cad[k] * ports)
    resale = float(columns.resale_cad[k])
    return {
        "kind": kind,
        "id": action_id(columns, k),
        "place_id": str(columns.place_id[k]),
        "l2_ports_before": before.l2,
        "l2_ports_after": l2_after,
        "l3_ports_before": before.l3,
        "l3_ports_after": l3_after,
        "kw_after": max(
            0.0, before.kw - float(columns.lost_kw[k]) + float(columns.port_kw[k]) * ports
        ),
        "grid_kw": float(columns.capacity_kw[k]),
        "purchase_cad": purchase,
        "resale_cad": resale,
        "net_cad": purchase - resale,
        "operating_cad_per_year": float(columns.yearly_cad[k] + columns.port_yearly_cad[k] * ports),
    }
