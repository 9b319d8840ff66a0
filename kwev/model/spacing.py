"""Optional constraints on distance: between Level 3 stations, and from a removed station on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from kwev.model.constraints import Constraint, Rows, Rule, of_kinds, sum_by
from kwev.model.coverage import within
from kwev.model.notation import Formula
from kwev.units import CM_PER_M

if TYPE_CHECKING:
    import cvxpy as cp
    from numpy.typing import NDArray

    from kwev.config import Config
    from kwev.model.constraints import Decisions, Floats, Mask
    from kwev.model.inputs import Inputs
    from kwev.model.siting import Columns


@dataclass(frozen=True)
class L3Spacing(Rule):
    """A new L3 station stands at least ``rules.l3_spacing_m`` from every other L3 station.

    Pairs that stand too close exclude each other. Stations in one square whose diagonal is below
    the distance all exclude each other, so a square is one row (a clique), which is tighter than
    its pairs; pairs that share no square of four shifted grids have a row of their own.
    """

    formulas = (
        Formula(r"\sum_{k \in C} <build> &\le 1 - <taken>", r"C \in <too_close>"),
    )  # fmt: skip
    check = "constraints.l3_spacing"
    # it reads where a column stands
    breaks = ("new_l3", "upgrade")

    def rows(self, inputs: Inputs, config: Config, decisions: Decisions) -> Rows:
        """Return a row for what stands too near today's stations, for each square, each pair."""
        distance_m, columns, stations = self.limit(config), inputs.columns, inputs.stations
        brings = np.flatnonzero(columns.brings_l3)
        xy = columns.xy_m[brings]
        offers = np.flatnonzero(stations.l3_ports > 0)
        today = closer(xy, stations.xy_m[offers], distance_m).tocoo()
        ended = _ended(columns, len(stations.ids))[offers]
        removable = (np.diff(ended.indptr) > 0)[today.col]
        barred = np.zeros(len(columns))
        barred[brings[today.row[~removable]]] = 1.0
        rows = [barred @ decisions.build <= 0] if barred.any() else []
        if removable.any():  # only where the station of today goes
            at, pairs = today.row[removable], int(removable.sum())
            one = sum_by(np.arange(pairs), pairs)
            gone = ended[today.col[removable]]
            rows.append(one @ decisions.build[brings[at]] <= gone @ decisions.build)
        free = brings[barred[brings] == 0]
        exclusive = _exclusive(columns.xy_m[free], distance_m)
        if exclusive.shape[0]:
            rows.append(exclusive @ decisions.build[free] <= 1)
        return Rows(rows)


@dataclass(frozen=True)
class L3Gap(Rule):
    """A new L3 station has another L3 station, existing or new, within ``rules.l3_gap_m``."""

    formulas = (
        Formula(
            r"<build> &\le <company> + \sum_{k' \in <near>} x_{k'}"
            r" - \sum_{k' \in <near_ends>} x_{k'}",
            r"k \in K^{3}",
        ),
    )
    check = "constraints.l3_gap"
    # it reads where a column stands
    breaks = ("new_l3", "upgrade")

    def rows(self, inputs: Inputs, config: Config, decisions: Decisions) -> Rows:
        """Return one row for each column that brings L3 and has none of today's within reach."""
        distance_m, columns, stations = self.limit(config), inputs.columns, inputs.stations
        brings = np.flatnonzero(columns.brings_l3)
        offers = np.flatnonzero(stations.l3_ports > 0)
        today = within(columns.xy_m[brings], stations.xy_m[offers], distance_m).astype(float)
        ended = _ended(columns, len(stations.ids))[offers]
        removable = np.diff(ended.indptr) > 0
        alone = np.flatnonzero(np.diff(sparse.csr_array(today[:, ~removable]).indptr) == 0)
        if len(alone) == 0:
            return Rows([])
        near = within(columns.xy_m[brings[alone]], columns.xy_m[brings], distance_m).astype(float)
        itself = sum_by(np.arange(len(alone)), len(alone))
        itself = sparse.csr_array((itself.data, (itself.indices, alone)), shape=near.shape)
        build = decisions.build[brings]
        stays: cp.Expression | float = 0.0
        if removable.any():
            company = sparse.csr_array(today[alone][:, removable])
            gone = sparse.csr_array(ended[removable])
            stays = np.asarray(company.sum(axis=1)).ravel() - (company @ gone) @ decisions.build
        # near holds the column itself: x <= sum of the others
        return Rows([2 * itself @ build <= near @ build + stays])


@dataclass(frozen=True)
class RemovalAlternative(Constraint):
    """Each level of a removed station is still offered within ``siting.removal.alternative_m``.

    In whole numbers a removal is allowed where at least one other station or new place within the
    distance offers the level once the plan is done. Distances are straight lines, inclusive to the
    centimetre, whatever the metric of coverage.
    """

    formulas = (
        Formula(
            r"<build> &\le <others> + \sum_{k' \in <actions>} <nearby> x_{k'}",
            r"k \in <removals>, \ell \in <levels>",
        ),
    )
    check = "evaluation.Evaluation.problem"

    def rows(self, inputs: Inputs, config: Config, decisions: Decisions) -> Rows | None:
        """Return one row for each removal and each level that its station offers."""
        parts = self._parts(inputs, config)
        if parts is None:
            return None
        chosen, change, base = parts
        return Rows([chosen @ decisions.build <= base + change @ decisions.build])

    def touched(self, inputs: Inputs, config: Config) -> Mask:
        """Return the columns that some removal's alternative hangs on."""
        parts = self._parts(inputs, config)
        if parts is None:
            return of_kinds(inputs, ())
        count = abs(parts[0]) + abs(parts[1])
        return np.asarray(count.sum(axis=0) > 0).ravel()

    def _parts(
        self, inputs: Inputs, config: Config
    ) -> tuple[sparse.csr_array, sparse.csr_array, NDArray[np.int64]] | None:
        """Return, by row: 1 at the removal; what actions bring and end near it; other stations."""
        limit_m = config.siting.removal.alternative_m
        columns = inputs.columns
        removals = np.flatnonzero(columns.is_kind("remove"))
        if limit_m is None or len(removals) == 0:
            return None
        near = within(columns.xy_m[removals], columns.xy_m, limit_m)
        near_today = within(columns.xy_m[removals], inputs.stations.xy_m, limit_m)
        # neither the station itself nor what is done at its place is an alternative to it
        other = columns.place[None, :] != columns.place[removals][:, None]
        chosen, change, base = [], [], []
        for has, brings, ends in _by_level(inputs):
            of = np.flatnonzero(ends[removals])
            shape = (len(of), len(columns))
            ones = np.ones(len(of), np.int8)
            chosen.append(sparse.csr_array((ones, (np.arange(len(of)), removals[of])), shape=shape))
            sign = brings.astype(np.int8) - ends.astype(np.int8)
            at = near[of] @ sparse.diags_array(sign, dtype=np.int8)
            here = sparse.csr_array(at.multiply(other[of].astype(np.int8))).astype(np.int8)
            here.eliminate_zeros()
            change.append(here)
            today = near_today[of].astype(np.int64) @ has.astype(np.int64)
            base.append(today - has[columns.station[removals[of]]])
        rows, changes = sparse.vstack(chosen), sparse.vstack(change)
        return sparse.csr_array(rows), sparse.csr_array(changes), np.concatenate(base)


def _by_level(inputs: Inputs) -> tuple[tuple[Mask, Mask, Mask], ...]:
    """Return, by level: stations that offer it today, columns that bring it, that end it."""
    stations, columns = inputs.stations, inputs.columns
    return (
        (stations.l2_ports > 0, columns.brings_l2, columns.ends_l2),
        (stations.l3_ports > 0, columns.brings_l3, columns.ends_l3),
    )


def _ended(columns: Columns, stations: int) -> sparse.csr_array:
    """Return shape (stations, m): one where a column ends L3 at a station."""
    return sum_by(np.where(columns.ends_l3, columns.station, -1), stations)


def closer(a_m: Floats, b_m: Floats, distance_m: float) -> sparse.csr_array:
    """Return shape (n, m), one where two places stand less than a distance apart (straight line).

    Compared in whole centimetres, so exactly at the distance is not closer.
    """
    near = within(a_m, b_m, distance_m).tocoo()
    a, b = (np.rint(xy * CM_PER_M).astype(np.int64).reshape(-1, 2) for xy in (a_m, b_m))
    squared = ((a[near.row] - b[near.col]) ** 2).sum(axis=1)
    keep = squared < (distance_m * CM_PER_M) ** 2
    ones = np.ones(int(keep.sum()), np.int8)
    return sparse.csr_array((ones, (near.row[keep], near.col[keep])), shape=near.shape)


def _exclusive(xy_m: Floats, distance_m: float) -> sparse.csr_array:
    """Return shape (c, n): sets of places of which one may be built, cliques first, then pairs."""
    n = len(xy_m)
    pairs = sparse.triu(closer(xy_m, xy_m, distance_m), k=1).tocoo()
    if pairs.nnz == 0:
        return sparse.csr_array((0, n))
    xy = np.rint(xy_m * CM_PER_M).astype(np.int64).reshape(-1, 2)
    # two whole-centimetre spots of a square differ by less than its side in each direction
    side = max(1, int(np.floor(distance_m * CM_PER_M / np.sqrt(2))))
    apart = np.ones(pairs.nnz, bool)
    squares = []
    for shift in ((0, 0), (side // 2, 0), (0, side // 2), (side // 2, side // 2)):
        cell = (xy + np.array(shift)) // side
        square = np.unique(cell, axis=0, return_inverse=True)[1].ravel()
        squares.append(sum_by(square, int(square.max()) + 1))
        apart &= square[pairs.row] != square[pairs.col]
    stacked = sparse.csr_array(sparse.vstack(squares))
    cliques = stacked[np.diff(stacked.indptr) > 1]
    left = np.flatnonzero(apart)
    col = np.ravel(np.column_stack([pairs.row[left], pairs.col[left]]))
    row = np.repeat(np.arange(len(left)), 2)
    single = sparse.csr_array((np.ones(len(row)), (row, col)), shape=(len(left), n))
    return sparse.csr_array(sparse.vstack([cliques, single]))
