"""What a constraint is, what those of the model share, and those that every scenario has.

A constraint is one class: what it is called, its formula, the rows that say it, what it breaks in
column dominance, and its check in the certificate. Tests evaluate the formula as it is printed and
hold the rows against it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, ClassVar, Literal

import cvxpy as cp
import numpy as np
from scipy import sparse

from kwev.model.notation import Formula
from kwev.units import CAD_SCALE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from kwev.config import Config
    from kwev.model.coverage import CoverRows
    from kwev.model.inputs import Inputs
    from kwev.model.siting import Kind

    Mask = NDArray[np.bool_]
    Floats = NDArray[np.float64]
    Counts = NDArray[np.int64]
    Target = Literal["l2", "l3", "ev_owners"]


KW_SCALE = 1e3
"""Rows of power over several places are written in MW."""


@dataclass(frozen=True)
class Decisions:
    """The model's variables, as far as constraints read them (see ``formulation.Model``)."""

    build: cp.Variable
    ports: cp.Variable
    covered: dict[str, cp.Variable]
    unserved: cp.Variable | None = None
    idle: cp.Variable | None = None


@dataclass(frozen=True)
class Rows:
    """What a constraint adds to the model.

    Attributes
    ----------
    rows
        cvxpy constraints. Where some of them define variables of its own, the last one is what
        the constraint asks for.
    shortfall
        By how much an elastic constraint is missed (share); None for a hard one.
    """

    rows: list[cp.Constraint]
    shortfall: cp.Variable | None = None


@dataclass(frozen=True)
class Constraint(ABC):
    """One constraint of the model.

    Attributes
    ----------
    name
        Its name in ``Model.constraints``, or in ``Model.target_rows`` where it is elastic.
    title
        What it is called in a table.
    words
        What it is called in a sentence.
    formulas
        Its formula, and those that define the variables of its own.
    check
        The function of :mod:`kwev.certify` that checks it without solver or model.
    breaks
        Kinds of action that must not go though another column dominates them. A dominator covers
        at least as much at no higher cost and with no less capacity, so none where the constraint
        reads nothing else. Else the dominator might break it where the column does not, or it
        wants both of them.
    elastic
        Whether it can be missed, at a named shortfall.
    """

    name: str
    title: str
    words: str

    formulas: ClassVar[tuple[Formula, ...]]
    check: ClassVar[str]
    breaks: ClassVar[tuple[Kind, ...]] = ()
    elastic: ClassVar[bool] = False

    @property
    def row(self) -> str:
        """Its name among all rows: with ``target_`` before it where it is elastic."""
        return f"target_{self.name}" if self.elastic else self.name

    def sentence(self, config: Config) -> str:
        """Return what the scenario asks for, as part of a sentence."""
        del config
        return self.words

    @abstractmethod
    def rows(self, inputs: Inputs, config: Config, decisions: Decisions) -> Rows | None:
        """Return the rows of the model; None where there is nothing for it to hold."""

    def touched(self, inputs: Inputs, config: Config) -> Mask:
        """Return shape (m,): the columns that column dominance must leave."""
        del config
        return of_kinds(inputs, self.breaks)


@dataclass(frozen=True)
class Rule(Constraint):
    """An optional constraint: off unless the scenario sets its value.

    Attributes
    ----------
    key
        Where its value stands in ``config.rules``, if not elsewhere (:meth:`asked`).
    """

    key: str

    def asked(self, config: Config) -> float | None:
        """Return the scenario's value, None where the rule is off."""
        value: float | None = attrgetter(self.key)(config.rules)
        return value

    def on(self, config: Config) -> bool:
        """Return whether the scenario has this rule."""
        return self.asked(config) is not None

    def limit(self, config: Config) -> float:
        """Return the scenario's value, where the rule is on."""
        return self.asked(config) or 0.0

    def missed(self, inputs: Inputs, config: Config, build: Mask, ports: Counts) -> float:
        """Return the share of the Region's people that an elastic rule misses under a choice."""
        raise NotImplementedError


def of_kinds(inputs: Inputs, kinds: Iterable[Kind]) -> Mask:
    """Return shape (m,): the columns of some kinds of action."""
    return np.isin(inputs.columns.kind, list(kinds))


def sum_by(
    index: NDArray[np.int64], size: int, values: Floats | Mask | None = None
) -> sparse.csr_array:
    """Return shape (size, m): row i adds the values (ones) of what has index i (-1: none)."""
    at = np.flatnonzero(index >= 0)
    data = np.ones(len(at)) if values is None else values[at].astype(np.float64)
    return sparse.csr_array((data, (index[at], at)), shape=(size, len(index)))


def by_place(inputs: Inputs, values: Floats | Mask | None = None) -> sparse.csr_array:
    """Return shape (places, m): the matrix that adds values of columns place by place."""
    place = inputs.columns.place
    return sum_by(place, int(place.max(initial=-1)) + 1, values)


def covered_share(inputs: Inputs, target: str, covered: cp.Variable) -> cp.Expression:
    """Return the share of people (of EVs for ``ev_owners``) covered, affine in ``covered``."""
    rows = inputs.rows[target]
    if target == "ev_owners":
        total = max(inputs.ev, 1e-12)
        return rows.always_ev / total + (rows.ev / total) @ covered
    total = max(inputs.people, 1e-12)
    return rows.always_people / total + (rows.people / total) @ covered


def cover_constraint(
    rows: CoverRows, covered: cp.Variable, build: cp.Variable
) -> list[cp.Constraint]:
    """Return ``covered <= base + matrix @ build``: no cover without a station that gives it."""
    if len(rows.base) == 0:
        return []
    return [covered <= rows.base + rows.matrix.astype(np.float64) @ build]


def need_share(inputs: Inputs) -> Floats:
    """Return each municipality's energy need as a share of the Region's."""
    return np.asarray(inputs.energy.need_kwh / inputs.energy.need_kwh.sum())


def energy_share(inputs: Inputs, build: cp.Variable, ports: cp.Variable) -> cp.Expression:
    """Return the energy each municipality's ports can deliver, in shares of the Region's need."""
    energy, columns = inputs.energy, inputs.columns
    scale = energy.kwh_per_kw / energy.need_kwh.sum()
    municipality = np.searchsorted(energy.municipality, columns.municipality)
    size = len(energy.municipality)
    gained = sum_by(municipality, size, columns.port_kw * scale)
    lost = sum_by(municipality, size, columns.lost_kw * scale)
    return energy.supply_kwh / energy.need_kwh.sum() + gained @ ports - lost @ build


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
