"""The constraints that every scenario has: cover, targets, money, places, ports, power, energy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cvxpy as cp
import numpy as np
from scipy import sparse

from kwev.model.constraints import (
    Constraint,
    Rows,
    by_place,
    cover_constraint,
    covered_share,
    energy_share,
    need_share,
)
from kwev.model.notation import Formula
from kwev.units import CAD_SCALE

if TYPE_CHECKING:
    from kwev.config import Config
    from kwev.model.constraints import Decisions, Target
    from kwev.model.inputs import Inputs


@dataclass(frozen=True)
class Coverage(Constraint):
    """A point is covered at a level only where a station of the level is within reach."""

    level: Target

    formulas = (
        Formula(
            r"<covered> &\le <today> + \sum_{k \in <actions>} <reaches> <build>",
            r"j \in <points>, \ell \in <levels>",
        ),
    )
    check = "evaluation.Evaluation.cover"

    def rows(self, inputs: Inputs, config: Config, decisions: Decisions) -> Rows | None:
        """Return one row a group of points that the same actions reach."""
        del config
        if self.level not in decisions.covered:
            return None
        covered = decisions.covered[self.level]
        return Rows(cover_constraint(inputs.rows[self.level], covered, decisions.build))


@dataclass(frozen=True)
class CoverageTarget(Constraint):
    """The share of people covered at a level, or of vehicles at either, reaches the target."""

    level: Target

    formulas = (
        Formula(
            r"\sum_{j \in <points>} <people> <covered> / \sum_{j \in <points>} <people>"
            r" + <shortfall> &\ge <target>",
            r"\ell \in <levels>",
        ),
    )
    check = "evaluation.Evaluation.shortfall"
    elastic = True

    def target(self, config: Config) -> float:
        """Return the share that the scenario asks for."""
        targets = config.targets
        by_level = {"l2": targets.l2, "l3": targets.l3, "ev_owners": targets.ev_owners.share}
        return by_level[self.level]

    def sentence(self, config: Config) -> str:
        """Return what is asked for, with share and reach."""
        target, reach = self.target(config), config.coverage
        if self.level == "ev_owners":
            return f"{self.words} {target:.0%} of vehicles"
        radius_m = reach.l2_radius_m if self.level == "l2" else reach.l3_radius_m
        return f"{self.words} {target:.0%} of people within {radius_m:,.0f} m"

    def rows(self, inputs: Inputs, config: Config, decisions: Decisions) -> Rows | None:
        """Return one row: the share reached and the shortfall."""
        if self.level not in decisions.covered:
            return None
        shortfall = cp.Variable(nonneg=True, name=f"shortfall_{self.name}")
        reached = covered_share(inputs, self.level, decisions.covered[self.level])
        return Rows([reached + shortfall >= self.target(config)], shortfall)


@dataclass(frozen=True)
class Budget(Constraint):
    """Price of all actions and ports less the credit for what is sold is within the budget."""

    formulas = (
        Formula(
            r"\sum_{k \in <actions>} \left( <fixed> <build> + <per_port> <ports>"
            r" - <credit> <build> \right) &\le <budget>"
        ),
    )
    check = "certificate._Certification._check_money"

    def sentence(self, config: Config) -> str:
        """Return the budget with its sum."""
        return f"{self.words} of ${config.budget.limit_cad:,.0f}"

    def rows(self, inputs: Inputs, config: Config, decisions: Decisions) -> Rows:
        """Return one row."""
        net = self.net(inputs, decisions.build, decisions.ports)
        return Rows([net <= config.budget.limit_cad / CAD_SCALE])

    @staticmethod
    def net(inputs: Inputs, build: cp.Variable, ports: cp.Variable) -> cp.Expression:
        """Return purchase less resale, in units of ``CAD_SCALE``."""
        columns = inputs.columns
        per_build = (columns.fixed_cad - columns.resale_cad) / CAD_SCALE
        return per_build @ build + (columns.port_cad / CAD_SCALE) @ ports


@dataclass(frozen=True)
class OneActionPerPlace(Constraint):
    """At most one action settles the L2 equipment of a place, and one its L3 equipment."""

    formulas = (
        Formula(
            r"\sum_{k \in <settling>} <build> &\le 1", r"i \in <places>, \ell \in <levels>"
        ),
    )  # fmt: skip
    check = "evaluation.Evaluation.clash"

    def rows(self, inputs: Inputs, config: Config, decisions: Decisions) -> Rows:
        """Return a row for each place and level with more than one action."""
        del config
        columns = inputs.columns
        uses_l2, uses_l3 = by_place(inputs, columns.uses_l2), by_place(inputs, columns.uses_l3)
        # where every action uses both levels, the two rows are one
        differs = by_place(inputs) @ (columns.uses_l2 != columns.uses_l3).astype(np.float64) > 0
        some_l2 = (uses_l2.sum(axis=1) > 1).ravel()
        some_l3 = (uses_l3.sum(axis=1) > 1).ravel() & differs
        rows = sparse.vstack([uses_l2[np.flatnonzero(some_l2)], uses_l3[np.flatnonzero(some_l3)]])
        return Rows([rows @ decisions.build <= 1] if rows.shape[0] else [])


@dataclass(frozen=True)
class PortsPerAction(Constraint):
    """An action that is done adds as many ports as it may; one that is not adds none."""

    formulas = (
        Formula(r"<fewest> <build> \le <ports> &\le <most> <build>", r"k \in <actions>"),
    )  # fmt: skip
    check = "evaluation.Evaluation.problem"

    def rows(self, inputs: Inputs, config: Config, decisions: Decisions) -> Rows:
        """Return both rows of each column."""
        del config
        columns, build, ports = inputs.columns, decisions.build, decisions.ports
        fewest, most = cp.multiply(columns.min_ports, build), cp.multiply(columns.max_ports, build)
        return Rows([ports >= fewest, ports <= most])


@dataclass(frozen=True)
class SiteCapacity(Constraint):
    """Power of all ports at a place, kept and new, is within its capacity.

    The room at a place with one action at most is multiplied by the decision. With the rows of
    ports and of one action a place this is the formula in whole numbers, and bounds it better.
    """

    formulas = (
        Formula(
            r"\sum_{k \in <at_place>} (<port_power> <ports> - <lost> <build>)"
            r" &\le <capacity> - <standing>",
            r"i \in <places>",
        ),
    )
    check = "evaluation.Evaluation.problem"

    def rows(self, inputs: Inputs, config: Config, decisions: Decisions) -> Rows:
        """Return one row a place that its ports could overload (kW)."""
        del config
        columns, build, ports = inputs.columns, decisions.build, decisions.ports
        if len(columns) == 0:
            return Rows([])
        of_place = by_place(inputs)
        new_kw = by_place(inputs, columns.port_kw)
        only_l2 = of_place @ (columns.uses_l2 & ~columns.uses_l3).astype(np.float64) > 0
        only_l3 = of_place @ (columns.uses_l3 & ~columns.uses_l2).astype(np.float64) > 0
        shared = only_l2 & only_l3
        alone, both = np.flatnonzero(~shared), np.flatnonzero(shared)
        # one action at most: the room times `build` is no port without a station, and tighter
        room_kw = by_place(inputs, columns.capacity_kw - columns.kept_kw)
        # a place with one column whose most ports fit has no row: `ports` bounds it already
        fits = columns.max_ports * columns.port_kw + columns.kept_kw <= columns.capacity_kw
        single = np.bincount(columns.place) == 1
        binds = np.bincount(columns.place, weights=~(fits & single[columns.place])) > 0
        alone = alone[binds[alone]]
        rows = [new_kw[alone] @ ports <= room_kw[alone] @ build] if len(alone) else []
        if len(both):  # two actions may share the room
            free_kw = np.zeros(of_place.shape[0])
            free_kw[columns.place] = columns.capacity_kw - columns.standing_kw
            lost_kw = by_place(inputs, columns.lost_kw)
            rows.append(new_kw[both] @ ports - lost_kw[both] @ build <= free_kw[both])
        return Rows(rows)


@dataclass(frozen=True)
class MunicipalEnergy(Constraint):
    """Ports of a municipality give the energy that its vehicles need, but for what is unserved."""

    formulas = (
        Formula(
            r"<supply> + <hours> \sum_{k \in <in_municipality>}"
            r" (<port_power> <ports> - <lost> <build>)"
            r" + <unserved> \textstyle\sum_{m \in <municipalities>} <need> &\ge <need>",
            r"m \in <municipalities>",
        ),
    )
    check = "evaluation.Evaluation.unserved_share"

    def rows(self, inputs: Inputs, config: Config, decisions: Decisions) -> Rows | None:
        """Return one row a municipality, in shares of the Region's need."""
        del config
        if decisions.unserved is None:
            return None
        served = energy_share(inputs, decisions.build, decisions.ports)
        return Rows([served + decisions.unserved >= need_share(inputs)])


@dataclass(frozen=True)
class DemandTarget(Constraint):
    """Energy that stays unserved, summed over the municipalities, is the shortfall of demand."""

    formulas = (Formula(r"\sum_{m \in <municipalities>} <unserved> &\le <unserved_all>"),)
    check = "evaluation.Evaluation.unserved_share"
    elastic = True

    def rows(self, inputs: Inputs, config: Config, decisions: Decisions) -> Rows | None:
        """Return one row."""
        del inputs, config
        if decisions.unserved is None:
            return None
        shortfall = cp.Variable(nonneg=True, name=f"shortfall_{self.name}")
        return Rows([shortfall >= cp.sum(decisions.unserved)], shortfall)


@dataclass(frozen=True)
class IdleEnergy(Constraint):
    """Energy that the ports of a municipality could give beyond its need is idle."""

    formulas = (
        Formula(
            r"<supply> + <hours> \sum_{k \in <in_municipality>}"
            r" (<port_power> <ports> - <lost> <build>)"
            r" - <idle> \textstyle\sum_{m \in <municipalities>} <need> &\le <need>",
            r"m \in <municipalities>",
        ),
    )
    check = "evaluation.Evaluation.idle_share"

    def rows(self, inputs: Inputs, config: Config, decisions: Decisions) -> Rows | None:
        """Return one row a municipality, in shares of the Region's need."""
        del config
        if decisions.idle is None:
            return None
        served = energy_share(inputs, decisions.build, decisions.ports)
        return Rows([decisions.idle >= served - need_share(inputs)])


BASE: tuple[Constraint, ...] = (
    Budget("budget", "Net budget", "the budget"),
    OneActionPerPlace(
        "one_action_per_place", "One action a place", "the rule that a place has one action"
    ),
    PortsPerAction(
        "ports", "Fewest and most ports of an action", "the fewest and most ports of a station"
    ),
    SiteCapacity("site_capacity", "Grid capacity of a site", "the grid capacity of the sites"),
    Coverage("coverage_l2", "Level 2 covers who is within reach", "the reach of Level 2", "l2"),
    Coverage("coverage_l3", "Level 3 covers who is within reach", "the reach of Level 3", "l3"),
    Coverage(
        "coverage_ev_owners", "Either level covers vehicles within reach", "the reach of either",
        "ev_owners",
    ),
    CoverageTarget("l2", "Minimum coverage, Level 2", "Level 2 for", "l2"),
    CoverageTarget("l3", "Minimum coverage, Level 3", "Level 3 for", "l3"),
    CoverageTarget(
        "ev_owners", "Minimum coverage, vehicles", "a charger within reach of", "ev_owners"
    ),
    MunicipalEnergy("unserved", "Energy of a municipality", "the energy of each municipality"),
    DemandTarget(
        "demand", "Demand satisfaction", "the energy that each municipality's vehicles need"
    ),
)  # fmt: skip
"""The constraints of every scenario, in the order of the model's rows."""
