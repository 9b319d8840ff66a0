"""What a constraint is, and what those of the model share.

A constraint is one class: what it is called, its formula, the rows that say it, what it breaks in
column dominance, and its check in the certificate. Tests evaluate the formula as it is printed and
hold the rows against it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from scipy import sparse

if TYPE_CHECKING:
    from collections.abc import Iterable

    import cvxpy as cp
    from numpy.typing import NDArray

    from kwev.config import Config
    from kwev.model.coverage import CoverRows
    from kwev.model.inputs import Inputs
    from kwev.model.notation import Formula
    from kwev.model.siting import Kind

    Mask = NDArray[np.bool_]
    Floats = NDArray[np.float64]
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
        Where its value stands in ``config.rules``.
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

    def missed(self, inputs: Inputs, config: Config, build: Mask) -> float:
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
