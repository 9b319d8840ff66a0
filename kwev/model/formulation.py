"""The optimisation model: Inputs to a cvxpy problem, every constraint named; no I/O, no solving.

A maximal-covering location model [Church and ReVelle, 1974] with integer ports, a net budget,
conversions and removals that take coverage away, and elastic targets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cvxpy as cp
import numpy as np
from scipy import sparse

from kwev.model.constraints import Decisions, alternatives, optional_rows
from kwev.units import CAD_PER_MILLION, CAD_SCALE, POINTS

if TYPE_CHECKING:
    from kwev.config import Config
    from kwev.model.coverage import CoverRows
    from kwev.model.inputs import Inputs

HOLD_POINTS = 1e-6
"""Slack, in share, with which a shortfall found in the first stage is held in the second."""


@dataclass(frozen=True)
class Model:
    """Decision variables, named constraints and the expressions that objectives are made of.

    Attributes
    ----------
    build
        Shape (m,), boolean: whether column k is done.
    ports
        Shape (m,), integer: ports column k adds.
    covered
        By level, shape (g,) in [0, 1]: whether a group is covered. Continuous: with integer
        ``build`` its upper bound is an integer, and every objective pushes it up.
    shortfall
        By target, share in [0, 1] missing (elastic); ``demand`` is the share of the Region's
        energy need that stays unserved; an optional rule's is the share of the Region's people
        that it misses.
    unserved
        Shape (areas,): the same by municipality; None where demand is not enforced.
    constraints
        By name: the hard rows of the model, ``budget`` among them.
    target_rows
        By target: the elastic row ``reached + shortfall >= target``.
    people_share, ev_share
        By level, affine: share of people (EVs) covered.
    weighted_share
        By level, affine: share of objective weight covered.
    net_cad
        Affine: purchase less resale, in units of ``CAD_SCALE``.
    objective_points
        Affine: weighted coverage less net cost, operating cost and idle energy, in points; in
        the weighted mode less the shortfall too.
    """

    build: cp.Variable
    ports: cp.Variable
    covered: dict[str, cp.Variable]
    shortfall: dict[str, cp.Variable]
    unserved: cp.Variable | None
    constraints: dict[str, list[cp.Constraint]]
    target_rows: dict[str, list[cp.Constraint]]
    people_share: dict[str, cp.Expression]
    ev_share: dict[str, cp.Expression]
    weighted_share: dict[str, cp.Expression]
    net_cad: cp.Expression
    objective_points: cp.Expression

    def hard(self, *, without: tuple[str, ...] = ()) -> list[cp.Constraint]:
        """Return the hard constraints but the named ones."""
        kept = (rows for name, rows in self.constraints.items() if name not in without)
        return [row for rows in kept for row in rows]

    def elastic(self) -> list[cp.Constraint]:
        """Return the elastic target rows."""
        return [row for rows in self.target_rows.values() for row in rows]


def build_model(inputs: Inputs, config: Config) -> Model:
    """Write the model of a scenario.

    Returns
    -------
    Model
        Variables and constraints; nothing is solved.
    """
    columns = inputs.columns
    m = len(columns)
    build = cp.Variable(m, boolean=True, name="build")
    ports = cp.Variable(m, integer=True, name="ports")
    levels = ("l2", "l3", "ev_owners") if config.targets.ev_owners.enforce else ("l2", "l3")
    covered = {
        level: cp.Variable(len(inputs.rows[level].base), name=f"covered_{level}", bounds=[0, 1])
        for level in levels
    }
    net = _net_cost(inputs, build, ports)
    people = {level: people_share(inputs, level, covered[level]) for level in levels}
    ev = {level: ev_share(inputs, level, covered[level]) for level in levels}
    weighted = {level: _weighted(inputs.rows[level], covered[level]) for level in ("l2", "l3")}
    constraints = {
        "budget": [net <= config.budget.limit_cad / CAD_SCALE],
        "one_action_per_place": _one_action(inputs, build),
        "ports": [
            ports >= cp.multiply(columns.min_ports, build),
            ports <= cp.multiply(columns.max_ports, build),
        ],
        "site_capacity": _site_capacity(inputs, build, ports),
    }
    for level in levels:
        constraints[f"coverage_{level}"] = cover_constraint(
            inputs.rows[level], covered[level], build
        )
    reached = {"l2": people["l2"], "l3": people["l3"]}
    if "ev_owners" in ev:
        reached["ev_owners"] = ev["ev_owners"]
    shortfall, target_rows = _targets(config, reached)
    unserved = None
    if config.demand.enforce and inputs.energy.need_kwh.sum() > 0:
        shortfall["demand"] = _elastic("demand")
        unserved = cp.Variable(len(inputs.energy.municipality), nonneg=True, name="unserved")
        served = energy_share(inputs, build, ports)
        constraints["unserved"] = [served + unserved >= need_share(inputs)]
        target_rows["demand"] = [shortfall["demand"] >= cp.sum(unserved)]
    optional = optional_rows(inputs, config, Decisions(build, ports, covered))
    constraints |= optional.hard
    shortfall |= optional.shortfall
    target_rows |= optional.elastic
    rows = alternatives(inputs, config)
    if rows is not None:
        constraints["removal_alternative"] = [
            rows.chosen @ build <= rows.base + rows.change @ build
        ]
    w = config.weights
    objective = (
        POINTS * (w.l2 * weighted["l2"] + w.l3 * weighted["l3"])
        - w.cost_points_per_million_cad * net * (CAD_SCALE / CAD_PER_MILLION)
        - w.operating_points_per_million_cad * _operating_cost(inputs, config, build, ports)
    )
    if w.idle_points_per_point > 0 and inputs.energy.need_kwh.sum() > 0:
        idle = cp.Variable(len(inputs.energy.municipality), nonneg=True, name="idle")
        constraints["idle"] = [idle >= energy_share(inputs, build, ports) - need_share(inputs)]
        objective = objective - w.idle_points_per_point * POINTS * cp.sum(idle)
    if config.objective.mode == "weighted":
        total = cp.sum(cp.hstack(list(shortfall.values())))
        objective = objective - config.objective.shortfall_points_per_point * POINTS * total
    return Model(
        build=build,
        ports=ports,
        covered=covered,
        shortfall=shortfall,
        unserved=unserved,
        constraints=constraints,
        target_rows=target_rows,
        people_share=people,
        ev_share=ev,
        weighted_share=weighted,
        net_cad=net,
        objective_points=objective,
    )


def people_share(inputs: Inputs, level: str, covered: cp.Variable) -> cp.Expression:
    """Return the share of people covered at a level, as an affine expression."""
    rows, total = inputs.rows[level], max(inputs.people, 1e-12)
    return rows.always_people / total + (rows.people / total) @ covered


def ev_share(inputs: Inputs, level: str, covered: cp.Variable) -> cp.Expression:
    """Return the share of EVs covered at a level, as an affine expression."""
    rows, total = inputs.rows[level], max(inputs.ev, 1e-12)
    return rows.always_ev / total + (rows.ev / total) @ covered


def cover_constraint(
    rows: CoverRows, covered: cp.Variable, build: cp.Variable
) -> list[cp.Constraint]:
    """Return ``covered <= base + matrix @ build``: no cover without a station that gives it."""
    if len(rows.base) == 0:
        return []
    return [covered <= rows.base + rows.matrix.astype(np.float64) @ build]


def _weighted(rows: CoverRows, covered: cp.Variable) -> cp.Expression:
    return rows.always_weight + rows.weight @ covered


def _net_cost(inputs: Inputs, build: cp.Variable, ports: cp.Variable) -> cp.Expression:
    columns = inputs.columns
    per_build = (columns.fixed_cad - columns.resale_cad) / CAD_SCALE
    return per_build @ build + (columns.port_cad / CAD_SCALE) @ ports


def _operating_cost(
    inputs: Inputs, config: Config, build: cp.Variable, ports: cp.Variable
) -> cp.Expression:
    """Change of the operating cost over the years that the scenario counts, in million CAD."""
    columns, scale = inputs.columns, config.operating.years / CAD_PER_MILLION
    return (columns.yearly_cad * scale) @ build + (columns.port_yearly_cad * scale) @ ports


def _one_action(inputs: Inputs, build: cp.Variable) -> list[cp.Constraint]:
    """At most one action settles the L2 equipment of a place, and one its L3 equipment."""
    columns = inputs.columns
    of_place = _place_matrix(inputs)
    uses_l2 = sparse.csr_array(of_place @ sparse.diags_array(columns.uses_l2.astype(np.float64)))
    uses_l3 = sparse.csr_array(of_place @ sparse.diags_array(columns.uses_l3.astype(np.float64)))
    # where every action uses both levels, the two rows are one
    differs = of_place @ (columns.uses_l2 != columns.uses_l3).astype(np.float64) > 0
    some_l2 = (uses_l2.sum(axis=1) > 1).ravel()
    some_l3 = (uses_l3.sum(axis=1) > 1).ravel() & differs
    rows = sparse.vstack([uses_l2[np.flatnonzero(some_l2)], uses_l3[np.flatnonzero(some_l3)]])
    return [rows @ build <= 1] if rows.shape[0] else []


def _site_capacity(inputs: Inputs, build: cp.Variable, ports: cp.Variable) -> list[cp.Constraint]:
    """Power of all ports at a place, kept and new, within its capacity (kW)."""
    columns = inputs.columns
    if len(columns) == 0:
        return []
    of_place = _place_matrix(inputs)
    new_kw = of_place @ sparse.diags_array(columns.port_kw)
    only_l2 = of_place @ (columns.uses_l2 & ~columns.uses_l3).astype(np.float64) > 0
    only_l3 = of_place @ (columns.uses_l3 & ~columns.uses_l2).astype(np.float64) > 0
    shared = only_l2 & only_l3
    alone, both = np.flatnonzero(~shared), np.flatnonzero(shared)
    # one action at most: the room times `build` is no port without a station, and tighter
    room_kw = of_place @ sparse.diags_array(columns.capacity_kw - columns.kept_kw)
    # a place with one column whose most ports fit has no row: `ports` bounds it already
    fits = columns.max_ports * columns.port_kw + columns.kept_kw <= columns.capacity_kw
    single = np.bincount(columns.place) == 1
    binds = np.bincount(columns.place, weights=~(fits & single[columns.place])) > 0
    alone = alone[binds[alone]]
    rows = [new_kw[alone] @ ports <= room_kw[alone] @ build] if len(alone) else []
    if len(both):  # two actions may share the room
        free_kw = np.zeros(of_place.shape[0])
        free_kw[columns.place] = columns.capacity_kw - columns.standing_kw
        lost_kw = of_place @ sparse.diags_array(columns.lost_kw)
        rows.append(new_kw[both] @ ports - lost_kw[both] @ build <= free_kw[both])
    return rows


def _place_matrix(inputs: Inputs) -> sparse.csr_array:
    place = inputs.columns.place
    shape = (int(place.max()) + 1 if len(place) else 0, len(place))
    return sparse.csr_array((np.ones(len(place)), (place, np.arange(len(place)))), shape=shape)


def _targets(
    config: Config, reached: dict[str, cp.Expression]
) -> tuple[dict[str, cp.Variable], dict[str, list[cp.Constraint]]]:
    targets = config.targets
    wanted = {"l2": targets.l2, "l3": targets.l3, "ev_owners": targets.ev_owners.share}
    shortfall = {name: _elastic(name) for name in reached}
    rows = {name: [reached[name] + shortfall[name] >= wanted[name]] for name in reached}
    return shortfall, rows


def _elastic(name: str) -> cp.Variable:
    return cp.Variable(nonneg=True, name=f"shortfall_{name}")


def need_share(inputs: Inputs) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return each municipality's need as a share of the Region's."""
    return np.asarray(inputs.energy.need_kwh / inputs.energy.need_kwh.sum())


def energy_share(inputs: Inputs, build: cp.Variable, ports: cp.Variable) -> cp.Expression:
    """Return the energy each municipality's ports can deliver, in shares of the Region's need."""
    energy, columns = inputs.energy, inputs.columns
    scale = energy.kwh_per_kw / energy.need_kwh.sum()
    index = np.searchsorted(energy.municipality, columns.municipality)
    shape = (len(energy.municipality), len(columns))
    of_area = sparse.csr_array(
        (np.ones(len(columns)), (index, np.arange(len(columns)))), shape=shape
    )
    gained = of_area @ sparse.diags_array(columns.port_kw * scale)
    lost = of_area @ sparse.diags_array(columns.lost_kw * scale)
    return energy.supply_kwh / energy.need_kwh.sum() + gained @ ports - lost @ build
