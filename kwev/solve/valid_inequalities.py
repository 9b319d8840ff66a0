"""Rows that every plan keeps and the relaxation does not: they close most of the gap.

The relaxation of the model meets a target with a fraction of one large station, serves a township
with a fraction of a fast charger, and spends the budget to the last dollar on a fractional number
of stations. None of the rows here cuts off a plan (``build`` and ``ports`` whole numbers); each
says why in its docstring. They add nothing to what is planned, so the certificate does not know
them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cvxpy as cp
import numpy as np

from kwev.model.constraints import need_share

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kwev.config import Config
    from kwev.model.formulation import Model
    from kwev.model.inputs import Inputs

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
        Shape (m, 2) in EPSG:26917 (m).
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
