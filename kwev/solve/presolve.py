"""Smaller inputs with the same optimum, and rows that close the gap: what speeds a search.

**Column dominance.** Column k may go if another column j of the same kind can always stand in for
it: j costs no more, adds no fewer ports and no less power, and everything that k brings within
reach, j brings too. Take any plan with k and without j: with j in the place of k it costs no more,
covers no less and serves no less energy. Take a plan with both: without k the same holds, as long
as k adds nothing but cover (and, in a municipality in need, energy). The exchange must not be
forbidden by anything else:

- the place of j has no other column, else the plan may have that other column where j should go;
- k and j are both new stations: an upgrade takes Level 2 away, and a kind that this module does
  not know may do anything, so those are left alone;
- no active constraint reads more of k or j than cover, cost and capacity: columns for which one
  does are ``protected`` and neither go nor stand in;
- the energy row of k's municipality cannot bind, or j stands in the same municipality. A row that
  cannot bind: even if every action that lowers the supply is done, the need is met.

In a municipality whose row can bind, a plan with both j and k may need the energy of k, so there
k goes only where j has no fewer spare ports than k could ever add to what is needed; this is
checked as ``most_kw(j) >= need + lost`` of the municipality.

Columns may go one after the other: dominance is transitive, ties are broken by the order of the
columns, and a place that has lost its other columns can stand in for more, so the passes repeat
until nothing goes.

**Columns of no use.** A new station that brings nobody within reach, or ports added at a station,
in a municipality whose energy row cannot bind, only cost.

**Ports.** Where the energy row cannot bind, ports above the fewest only cost: the most is lowered
to the fewest.

**Rows.** Points with the same row are one group already (:func:`kwev.model.coverage.cover_rows`);
with fewer columns more rows are equal and are joined again, and rows out of every kept column's
reach are uncovered for good.

All that is removed is removed from the search, never from what is planned: every plan of the
smaller model is a plan of the whole one at the same cost, cover and energy, and a bound of the
smaller model is a bound of the whole one.

**Valid rows.** The relaxation of the model meets a target with a fraction of one large station,
serves a township with a fraction of a fast charger, and spends the budget to the last dollar on a
fractional number of stations. None of the rows of :class:`Tight` cuts off a plan (``build`` and
``ports`` whole numbers); each says why in its docstring. They add nothing to what is planned, so
the certificate does not know them.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, TypeVar

import cvxpy as cp
import numpy as np
from scipy import sparse

from kwev.model.constraints import need_share
from kwev.model.coverage import regrouped
from kwev.solve.record import Choice

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kwev.config import Config
    from kwev.model.formulation import Model
    from kwev.model.inputs import Inputs
    from kwev.model.siting import Columns


KNOWN = ("new_l2", "new_l3")
"""Kinds that may go or stand in for another: they add a level and take nothing away."""

ADDS = ("add_l2", "add_l3")
"""Kinds that add ports where the level stands: without a need for energy they only cost."""

KW_TOL = 1e-9

Scalar = TypeVar("Scalar", bound=np.generic)


@dataclass(frozen=True)
class Reduced:
    """Smaller inputs with the same optimum.

    Attributes
    ----------
    inputs
        The inputs without the columns that went, rows joined again.
    kept
        Shape (kept,): index of each kept column in the whole inputs, rising.
    columns
        Number of columns of the whole inputs.
    """

    inputs: Inputs
    kept: NDArray[np.int64]
    columns: int

    def back(self, values: NDArray[Scalar]) -> NDArray[Scalar]:
        """Return values of the kept columns as values of all columns, zero where one went."""
        full = np.zeros(self.columns, values.dtype)
        full[self.kept] = values
        return full

    def choice(self, model: Model) -> Choice:
        """Read the decisions that a solve left in a model's variables, over all columns."""
        build, ports = (_whole(variable) for variable in (model.build, model.ports))
        return Choice(self.back(build.astype(bool)), self.back(ports * build))

    def start(self, model: Model, choice: Choice) -> dict[int, NDArray[np.float64]]:
        """Return a choice as values of a model's whole variables, by variable id."""
        return {
            model.build.id: choice.build[self.kept].astype(np.float64),
            model.ports.id: choice.ports[self.kept].astype(np.float64),
        }

    def sizes(self) -> dict[str, int]:
        """Return the number of columns and rows left, by name."""
        rows = {f"reduced_rows_{level}": len(r.base) for level, r in self.inputs.rows.items()}
        return {"reduced_columns": len(self.kept), **rows}


def _whole(variable: cp.Variable) -> NDArray[np.int64]:
    if variable.value is None:  # a scenario without any column
        return np.zeros(variable.shape, np.int64)
    return np.rint(np.asarray(variable.value, np.float64)).astype(np.int64)


def whole(inputs: Inputs) -> Reduced:
    """Return inputs as they are."""
    size = len(inputs.columns)
    return Reduced(inputs, np.arange(size), size)


def reduce(inputs: Inputs, config: Config, protected: NDArray[np.bool_] | None = None) -> Reduced:
    """Return inputs without dominated columns, with equal rows joined.

    Parameters
    ----------
    inputs
        The whole inputs.
    config
        The scenario: whether energy is a row, whether EVs of either level are a target.
    protected
        Shape (m,): columns that an active constraint reads beyond cover, cost and capacity.
    """
    columns = inputs.columns
    shielded = np.zeros(len(columns), bool) if protected is None else protected
    touchable = np.isin(columns.kind, KNOWN) & ~shielded & _costs(columns)
    useless = touchable | (np.isin(columns.kind, ADDS) & ~shielded & _costs(columns))
    binds = _energy_binds(inputs, config)
    fewer = _fewest_ports(columns, ~binds & touchable)
    inputs = replace(inputs, columns=fewer)
    alive = np.ones(len(columns), bool)
    alive[useless & ~binds & ~_brings_anybody(inputs)] = False
    pairs = _stand_ins(inputs, touchable, binds, energy_short_kw(inputs))
    while True:
        gone = _dominated(alive, pairs, columns.place)
        if not gone.any():
            break
        alive[gone] = False
    kept = np.flatnonzero(alive)
    if len(kept) == 0:  # a model needs a column
        kept = np.arange(min(1, len(columns)))
    return Reduced(_subset(inputs, kept), kept, len(columns))


def _costs(columns: Columns) -> NDArray[np.bool_]:
    """Return the columns that save nothing: no part of their price or yearly cost is negative."""
    parts = (columns.fixed_cad, columns.port_cad, columns.yearly_cad, columns.port_yearly_cad)
    return np.asarray(np.logical_and.reduce([part >= 0 for part in parts]))


def _fewest_ports(columns: Columns, which: NDArray[np.bool_]) -> Columns:
    return replace(columns, max_ports=np.where(which, columns.min_ports, columns.max_ports))


def _area(inputs: Inputs) -> NDArray[np.int64]:
    return np.searchsorted(inputs.energy.municipality, inputs.columns.municipality)


def _energy_binds(inputs: Inputs, config: Config) -> NDArray[np.bool_]:
    """Return, by column, whether an energy row of its municipality can bind, idle energy too."""
    read = config.demand.enforce or config.weights.idle_points_per_point > 0
    if not read or inputs.energy.need_kwh.sum() <= 0:
        return np.zeros(len(inputs.columns), bool)
    return energy_short_kw(inputs)[_area(inputs)] > 0


def energy_short_kw(inputs: Inputs) -> NDArray[np.float64]:
    """Return, by municipality, the power missing if all that lowers the supply is done (kW)."""
    columns, energy = inputs.columns, inputs.energy
    change = columns.min_ports * columns.port_kw - columns.lost_kw
    worst = np.bincount(
        _area(inputs), weights=np.minimum(change, 0.0), minlength=len(energy.municipality)
    )
    if energy.kwh_per_kw <= 0:
        return np.where(energy.need_kwh > 0, np.inf, 0.0)
    return np.asarray((energy.need_kwh - energy.supply_kwh) / energy.kwh_per_kw - worst)


def _brought(inputs: Inputs) -> sparse.csc_array:
    """Return who is brought within reach of what by which column: rows of both levels."""
    parts = [(inputs.rows[level].matrix > 0).astype(np.int32) for level in ("l2", "l3")]
    return sparse.csc_array(sparse.vstack(parts))


def _brings_anybody(inputs: Inputs) -> NDArray[np.bool_]:
    return np.diff(_brought(inputs).indptr) > 0


def _stand_ins(
    inputs: Inputs,
    touchable: NDArray[np.bool_],
    binds: NDArray[np.bool_],
    short_kw: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return pairs (k, j): j could stand in for k, were it alone at its place."""
    columns = inputs.columns
    brought = _brought(inputs)
    size = np.diff(brought.indptr)
    shared = sparse.coo_array(brought.T @ brought)
    k, j = shared.coords[0].astype(np.int64), shared.coords[1].astype(np.int64)
    covers = (shared.data == size[k]) & (k != j)
    k, j = k[covers], j[covers]
    area = _area(inputs)
    most_ports = np.minimum(
        columns.max_ports,
        np.floor(
            (columns.capacity_kw - columns.kept_kw) / np.maximum(columns.port_kw, 1.0) + KW_TOL
        ),
    )
    fits = touchable[k] & touchable[j] & (columns.kind[k] == columns.kind[j])
    for cost in (
        columns.fixed_cad, columns.port_cad, columns.yearly_cad, columns.port_yearly_cad,
        columns.min_ports,
    ):  # fmt: skip
        fits &= cost[j] <= cost[k]
    fits &= (columns.port_kw[j] == columns.port_kw[k]) & (most_ports[j] >= most_ports[k])
    enough = most_ports[j] * columns.port_kw[j] >= short_kw[area[k]]
    fits &= ~binds[k] | ((area[j] == area[k]) & enough)
    return k[fits], j[fits]


def _dominated(
    alive: NDArray[np.bool_],
    pairs: tuple[NDArray[np.int64], NDArray[np.int64]],
    place: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """Return the columns that go in one pass; ties (j for k and k for j) keep the first."""
    alone = np.bincount(place[alive], minlength=int(place.max(initial=-1)) + 1)[place] == 1
    k, j = pairs
    usable = alive[k] & alive[j] & alone[j]
    k, j = k[usable], j[usable]
    size = len(alive)
    mutual = np.isin(j * size + k, k * size + j)
    goes = ~mutual | (j < k)
    gone = np.zeros(size, bool)
    gone[k[goes]] = True
    return gone


def some_columns(columns: Columns, kept: NDArray[np.int64]) -> Columns:
    """Return some of the columns, their places numbered anew."""
    values = {field.name: getattr(columns, field.name)[kept] for field in fields(columns)}
    values["place"] = np.unique(values["place"], return_inverse=True)[1].astype(np.int64)
    return type(columns)(**values)


def _subset(inputs: Inputs, kept: NDArray[np.int64]) -> Inputs:
    reach = {
        level: replace(part, change=sparse.csr_array(part.change[:, kept]))
        for level, part in inputs.reach.items()
    }
    rows = {level: regrouped(part, kept) for level, part in inputs.rows.items()}
    return replace(inputs, columns=some_columns(inputs.columns, kept), reach=reach, rows=rows)


WHOLE_TOL = 1e-6
"""A need this near a whole number of ports is taken as that number (ports)."""

HALVINGS = 5
"""How often the places where Level 3 could come are halved: parts of 1/2 down to 1/32 of them."""


@dataclass(frozen=True)
class Tight:
    """Valid rows and the counts that a search branches on first.

    Attributes
    ----------
    counts
        Whole variables that a search branches on first: by level, the number of columns built
        that bring it (``l2``, ``l3``); by municipality in need, the ports of the least power.
    counted
        The rows that define the counts.
    targets
        By target: the rows on its shortfall.
    parts
        Whole variables that are branched on next: stations that come to offer Level 3 in a part
        of the Region, large parts first (see :func:`halves`).
    parted
        The rows that define the parts.
    """

    counts: dict[str, cp.Variable]
    counted: list[cp.Constraint]
    targets: dict[str, list[cp.Constraint]]
    parts: list[cp.Variable]
    parted: list[cp.Constraint]

    def rows(self) -> list[cp.Constraint]:
        """Return all rows."""
        targets = (row for rows in self.targets.values() for row in rows)
        return [*self.counted, *self.parted, *targets]

    def branched(self) -> list[cp.Variable]:
        """Return what a search makes whole before all others, in its order."""
        return [*self.counts.values(), *self.parts]


def tight_rows(inputs: Inputs, config: Config, model: Model) -> Tight:
    """Return the valid rows of a model."""
    brings = {"l2": inputs.columns.brings_l2, "l3": inputs.columns.brings_l3}
    counts = {
        name: cp.Variable(integer=True, name=f"count_{name}")
        for name, which in brings.items()
        if which.any()
    }
    counted = [
        count == brings[name].astype(np.float64) @ model.build for name, count in counts.items()
    ]
    wanted = config.targets.shares()
    rows = {
        name: _target_row(inputs, name, wanted[name], model)
        for name in model.shortfall
        if name in wanted
    }
    if "demand" in model.shortfall and model.unserved is not None:
        rows["demand"] = _energy_rows(inputs, model, model.unserved, counts)
    parts, parted = _part_rows(inputs, model)
    return Tight(counts, counted, rows, parts, parted)


def _part_rows(inputs: Inputs, model: Model) -> tuple[list[cp.Variable], list[cp.Constraint]]:
    columns = inputs.columns
    parts, rows = [], []
    for i, part in enumerate(halves(columns.xy_m, np.flatnonzero(columns.brings_l3))):
        here = np.zeros(len(columns))
        here[part] = 1.0
        parts.append(cp.Variable(integer=True, name=f"part_{i}"))
        rows.append(parts[-1] == here @ model.build)
    return parts, rows


def halves(xy_m: NDArray[np.float64], which: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Halve places again and again, each time across their longer side; return the first halves.

    A Level 3 station reaches far, so the relaxation builds parts of several that could stand in
    for each other, and shutting one moves its part to the next. The number of stations in a part
    of the Region is whole in every plan, and whichever way it is rounded, the relaxation has to
    give something up. The other half needs no count: it is what is left of the whole.

    Parameters
    ----------
    xy_m
        Shape (m, 2) in metres.
    which
        Indices of the places to halve.
    """
    firsts, level = [], [which]
    for _ in range(HALVINGS):
        halved = []
        for part in level:
            if len(part) > 1:
                axis = int(np.argmax(np.ptp(xy_m[part], axis=0)))
                order = part[np.argsort(xy_m[part, axis], kind="stable")]
                halved += [order[: len(order) // 2], order[len(order) // 2 :]]
        firsts += halved[::2]
        level = halved
    return firsts


def _target_row(inputs: Inputs, target: str, wanted: float, model: Model) -> list[cp.Constraint]:
    """Return ``shortfall + sum_k min(g_k, d) build_k >= d`` in units of d.

    d is the share missing today and g_k the share that column k adds to today's network alone.
    Cover is subadditive: what several columns add together is at most the sum of what each adds
    alone, and losses only take away, so ``shortfall >= d - sum_k g_k build_k`` in every plan. If
    some built column has ``g_k >= d`` the row with ``min`` holds whatever the shortfall, and
    otherwise the ``min`` changes nothing.
    """
    missing = wanted - today(inputs, target)
    if missing <= 0:
        return []
    gain = np.minimum(gain_alone(inputs, target), missing)
    return [(model.shortfall[target] + gain @ model.build) / missing >= 1]


def today(inputs: Inputs, target: str) -> float:
    """Return the share of people (EVs for ``ev_owners``) covered if nothing is done."""
    rows = inputs.rows[target]
    who, always, total = _measured(inputs, target)
    return float((always + who[rows.base >= 1].sum()) / max(total, 1e-12))


def gain_alone(inputs: Inputs, target: str) -> NDArray[np.float64]:
    """Return the share that each column, done alone, newly covers; shape (m,)."""
    rows = inputs.rows[target]
    who, _, total = _measured(inputs, target)
    uncovered = rows.base == 0
    brings = (rows.matrix[uncovered] > 0).astype(np.float64)
    return np.asarray(brings.T @ who[uncovered]) / max(total, 1e-12)


def _measured(inputs: Inputs, target: str) -> tuple[NDArray[np.float64], float, float]:
    rows = inputs.rows[target]
    if target == "ev_owners":
        return rows.ev, rows.always_ev, inputs.ev
    return rows.people, rows.always_people, inputs.people


def _energy_rows(
    inputs: Inputs, model: Model, unserved: cp.Variable, counts: dict[str, cp.Variable]
) -> list[cp.Constraint]:
    """Count the ports of each municipality in need; return their rows.

    For each municipality in need, a mixed-integer rounding of its energy row is added.

    Let b be the need beyond today's supply in ports of the least power that a column of the
    municipality adds, u the unserved need in the same unit, p the ports of that power and Z the
    number of built columns of any other power. A plan with ``Z = 0`` has ``p + u >= b`` (losses
    only make it worse), and p is whole, so with f the fraction of b, ``p + u / f >= ceil(b)``:
    either ``p >= ceil(b)``, or ``p <= floor(b)`` and ``u >= b - p >= f (ceil(b) - p)``. A plan
    with ``Z >= 1`` keeps ``p + u / f + ceil(b) Z >= ceil(b)`` without any of it.
    """
    columns, energy = inputs.columns, inputs.energy
    index = np.searchsorted(energy.municipality, columns.municipality)
    short = need_share(inputs) - energy.supply_kwh / energy.need_kwh.sum()
    scale = energy.kwh_per_kw / energy.need_kwh.sum()
    rows = []
    for area in np.flatnonzero(short > 0):
        here = (index == area) & (columns.max_ports > 0) & (columns.port_kw > 0)
        if not here.any() or scale <= 0:
            continue
        unit_kw = columns.port_kw[here].min()
        unit = here & (columns.port_kw == unit_kw)
        need = short[area] / (unit_kw * scale)
        if abs(need - np.rint(need)) < WHOLE_TOL:
            need = float(np.rint(need))
        whole = np.ceil(need)
        part = need - np.floor(need)
        other = here & ~unit
        name = str(energy.municipality[area])
        counts[name] = cp.Variable(integer=True, name=f"ports_{name}")
        rows.append(counts[name] == unit.astype(np.float64) @ model.ports)
        left = counts[name] / whole + other.astype(np.float64) @ model.build
        left = left + unserved[area] / (unit_kw * scale * (part if part > 0 else 1.0) * whole)
        rows.append(left >= 1)
    return rows
