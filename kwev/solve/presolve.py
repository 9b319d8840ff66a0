"""Exact reduction: Inputs to smaller Inputs with the same optimum, and choices back.

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
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from scipy import sparse

from kwev.model.coverage import regrouped
from kwev.solve.record import Choice

if TYPE_CHECKING:
    import cvxpy as cp
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
    known = set((k * size + j).tolist())
    mutual = np.fromiter((b * size + a in known for a, b in zip(k, j, strict=True)), bool, len(k))
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
