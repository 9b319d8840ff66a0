"""Removals need an alternative: each level of a removed station is still offered nearby."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cvxpy as cp
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from kwev.model.coverage import Level, alike, row_of_points, within
from kwev.units import CAD_SCALE

if TYPE_CHECKING:
    from kwev.config import Config
    from kwev.model.inputs import Inputs
    from kwev.model.siting import Columns


@dataclass(frozen=True)
class Alternatives:
    """Rows ``chosen @ x <= base + change @ x``: what is removed is offered elsewhere.

    One row for each removal and each level that its station offers. In whole numbers a removal is
    allowed where at least one other station or new place within the distance offers the level
    once the plan is done.

    Attributes
    ----------
    chosen
        Shape (r, m), int8: 1 at the removal that the row is about.
    change
        Shape (r, m), int8: +1 where an action brings the level within the distance, -1 where it
        ends it at another station.
    base
        Shape (r,): other stations within the distance that offer the level today.
    """

    chosen: sparse.csr_array
    change: sparse.csr_array
    base: NDArray[np.int64]


def alternatives(inputs: Inputs, config: Config) -> Alternatives | None:
    """Return the rows that removals have to keep; None where the scenario asks for none.

    Distances are straight lines, inclusive to the centimetre, whatever the metric of coverage.
    """
    limit_m = config.siting.removal.alternative_m
    columns, stations = inputs.columns, inputs.stations
    removals = np.flatnonzero(columns.is_kind("remove"))
    if limit_m is None or len(removals) == 0:
        return None
    parts = [
        _of_level(inputs, limit_m, removals[ends[removals]], (has, brings, ends))
        for has, brings, ends in (
            (stations.l2_ports > 0, columns.brings_l2, columns.ends_l2),
            (stations.l3_ports > 0, columns.brings_l3, columns.ends_l3),
        )
    ]
    return Alternatives(
        chosen=sparse.csr_array(sparse.vstack([part.chosen for part in parts])),
        change=sparse.csr_array(sparse.vstack([part.change for part in parts])),
        base=np.concatenate([part.base for part in parts]),
    )


def _of_level(
    inputs: Inputs,
    limit_m: float,
    removals: NDArray[np.int64],
    level: tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]],
) -> Alternatives:
    has, brings, ends = level
    columns, stations = inputs.columns, inputs.stations
    here, own = columns.xy_m[removals], columns.station[removals]
    rows, shape = np.arange(len(removals)), (len(removals), len(columns))
    ones = np.ones(len(removals), np.int8)
    chosen = sparse.csr_array((ones, (rows, removals)), shape=shape)
    near_today = within(here, stations.xy_m, limit_m).astype(np.int64)
    # the station itself is no alternative to itself
    base = near_today @ has.astype(np.int64) - has[own]
    sign = brings.astype(np.int8) - ends.astype(np.int8)
    change = within(here, columns.xy_m, limit_m) @ sparse.diags_array(sign, dtype=np.int8)
    # what is done at its own place does not make up for it either
    other = (columns.place[None, :] != columns.place[removals][:, None]).astype(np.int8)
    change = sparse.csr_array(change.multiply(other)).astype(np.int8)
    change.eliminate_zeros()
    return Alternatives(chosen, change, np.asarray(base, np.int64))


def touched(inputs: Inputs, config: Config) -> NDArray[np.bool_]:
    """Return the columns that a removal's alternative hangs on: no dominance may drop them.

    Shape (m,), bool; all False where removals need no alternative.
    """
    rows = alternatives(inputs, config)
    if rows is None:
        return np.zeros(len(inputs.columns), bool)
    count = abs(rows.chosen) + abs(rows.change)
    return np.asarray(count.sum(axis=0) > 0).ravel()


# -- Optional rules of the model: one object each, off unless the scenario sets it.

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]
    Values = NDArray[np.float64]

CM_PER_M = 100
KW_SCALE = 1e3
"""Power of areas is written in MW."""

L2_STATIONS = ("new_l2",)
"""Actions that bring an L2 station to a place that has none."""
L3_STATIONS = ("new_l3", "upgrade")
"""Actions that bring an L3 station to a place that has none."""
NEW_STATIONS = ("new_l2", "new_l3")
"""Actions at a place without a station."""
L2_PORTS = ("new_l2", "add_l2")
"""Actions that add L2 ports."""
L3_PORTS = ("new_l3", "upgrade", "add_l3")
"""Actions that add L3 ports."""


@dataclass(frozen=True)
class Decisions:
    """The model's variables, as far as rules read them."""

    build: cp.Variable
    ports: cp.Variable
    covered: dict[str, cp.Variable]


@dataclass(frozen=True)
class Rows:
    """What a rule adds to the model.

    Attributes
    ----------
    hard
        Constraints that hold as they stand.
    elastic
        Constraints with ``shortfall`` in them, the last one ``shortfall >= what is missed``.
    shortfall
        Share of the Region's people that the rule misses; None for a hard rule.
    """

    hard: list[cp.Constraint] = field(default_factory=list)
    elastic: list[cp.Constraint] = field(default_factory=list)
    shortfall: cp.Variable | None = None


@dataclass(frozen=True)
class Rule(ABC):
    """One optional rule.

    Attributes
    ----------
    name
        Its name among the model's rows; with ``target_`` before it where it is elastic.
    words
        What it is called in a sentence.
    """

    name: str
    words: str

    @property
    def elastic(self) -> bool:
        """Whether it can be missed, at a named shortfall."""
        return False

    @abstractmethod
    def on(self, config: Config) -> bool:
        """Return whether the scenario has this rule."""

    @abstractmethod
    def rows(self, inputs: Inputs, config: Config, decisions: Decisions) -> Rows:
        """Return the rule's rows; called only where it is on."""

    @abstractmethod
    def touched(self, inputs: Inputs, config: Config) -> Mask:
        """Return shape (m,): columns that must not go though another column dominates them.

        A dominator covers at least as much at no higher cost and with no less capacity. A column
        is touched where the rule reads anything else of a column, so that the dominator might
        break the rule where the column does not, or where it wants both of them.
        """

    def missed(self, inputs: Inputs, config: Config, build: Mask) -> float:
        """Return the share of the Region's people that a choice of columns misses."""
        del inputs, config, build
        return 0.0


def _none(columns: Columns) -> Mask:
    return np.zeros(len(columns), bool)


def _all(columns: Columns) -> Mask:
    return np.ones(len(columns), bool)


def _of(columns: Columns, kinds: Iterable[str]) -> Mask:
    return np.isin(columns.kind, list(kinds))


def _sum_by(index: NDArray[np.int64], size: int, values: Values) -> sparse.csr_array:
    """Return shape (size, m): row i adds the values of the columns with index i (-1: none)."""
    at = np.flatnonzero(index >= 0)
    shape = (size, len(index))
    return sparse.csr_array((values[at].astype(np.float64), (index[at], at)), shape=shape)


# -- money and ports at one place --------------------------------------------------------------


@dataclass(frozen=True)
class SiteBudget(Rule):
    """Net cost of what is done at one place is at most ``rules.site_budget_cad``."""

    def on(self, config: Config) -> bool:
        """Return whether the scenario has this rule."""
        return config.rules.site_budget_cad is not None

    def rows(self, inputs: Inputs, config: Config, decisions: Decisions) -> Rows:
        """Return one row a place."""
        columns, most = inputs.columns, config.rules.site_budget_cad or 0.0
        size = int(columns.place.max()) + 1
        fixed = _sum_by(columns.place, size, (columns.fixed_cad - columns.resale_cad) / CAD_SCALE)
        ports = _sum_by(columns.place, size, columns.port_cad / CAD_SCALE)
        return Rows([fixed @ decisions.build + ports @ decisions.ports <= most / CAD_SCALE])

    def touched(self, inputs: Inputs, config: Config) -> Mask:
        """Return no column: it reads cost alone, and a dominator costs no more."""
        del config
        return _none(inputs.columns)


@dataclass(frozen=True)
class PortsPerPlace(Rule):
    """A place has at most ``rules.ports.per_place`` ports of both levels, or as many as today."""

    def on(self, config: Config) -> bool:
        """Return whether the scenario has this rule."""
        return config.rules.ports.per_place is not None

    def rows(self, inputs: Inputs, config: Config, decisions: Decisions) -> Rows:
        """Return one row a place: new ports less those that go."""
        columns, stations = inputs.columns, inputs.stations
        size = int(columns.place.max()) + 1
        standing, gone = np.zeros(size), np.zeros(len(columns))
        at = np.flatnonzero(columns.station >= 0)
        station = columns.station[at]
        standing[columns.place[at]] = (stations.l2_ports + stations.l3_ports)[station]
        gone[at] = stations.l2_ports[station] - columns.kept_l2_ports[at]
        new = _sum_by(columns.place, size, np.ones(len(columns)))
        goes = _sum_by(columns.place, size, gone)
        room = np.maximum(0.0, (config.rules.ports.per_place or 0) - standing)
        return Rows([new @ decisions.ports - goes @ decisions.build <= room])

    def touched(self, inputs: Inputs, config: Config) -> Mask:
        """Return every column: a dominator may keep more ports and have room for fewer new ones."""
        del config
        return _all(inputs.columns)


@dataclass(frozen=True)
class PortTotal(Rule):
    """The plan adds at most ``rules.ports.<level>_total`` ports of a level."""

    level: Level

    def most(self, config: Config) -> int | None:
        """Return the scenario's limit."""
        ports = config.rules.ports
        return ports.l2_total if self.level == "l2" else ports.l3_total

    def on(self, config: Config) -> bool:
        """Return whether the scenario has this rule."""
        return self.most(config) is not None

    def rows(self, inputs: Inputs, config: Config, decisions: Decisions) -> Rows:
        """Return one row."""
        adds = _of(inputs.columns, L2_PORTS if self.level == "l2" else L3_PORTS)
        return Rows([adds.astype(np.float64) @ decisions.ports <= float(self.most(config) or 0)])

    def touched(self, inputs: Inputs, config: Config) -> Mask:
        """Return no column: a dominator with room for as many ports adds the same number."""
        del config
        return _none(inputs.columns)


@dataclass(frozen=True)
class PowerTotal(Rule):
    """The plan adds at most ``rules.total_kw`` of power, less what it takes away."""

    def on(self, config: Config) -> bool:
        """Return whether the scenario has this rule."""
        return config.rules.total_kw is not None

    def rows(self, inputs: Inputs, config: Config, decisions: Decisions) -> Rows:
        """Return one row (MW)."""
        columns, most = inputs.columns, config.rules.total_kw or 0.0
        gained = (columns.port_kw / KW_SCALE) @ decisions.ports
        lost = (columns.lost_kw / KW_SCALE) @ decisions.build
        return Rows([gained - lost <= most / KW_SCALE])

    def touched(self, inputs: Inputs, config: Config) -> Mask:
        """Return no column: a dominator has ports of the same power, and adds as many."""
        del config
        return _none(inputs.columns)


# -- distance between Level 3 stations ---------------------------------------------------------


@dataclass(frozen=True)
class L3Spacing(Rule):
    """A new L3 station stands at least ``rules.l3_spacing_m`` from every other L3 station.

    Pairs that stand too close exclude each other. Stations in one square whose diagonal is below
    the distance all exclude each other, so a square is one row (a clique), which is tighter than
    its pairs; pairs that share no square of four shifted grids have a row of their own.
    """

    def on(self, config: Config) -> bool:
        """Return whether the scenario has this rule."""
        return config.rules.l3_spacing_m is not None

    def rows(self, inputs: Inputs, config: Config, decisions: Decisions) -> Rows:
        """Return a row for what stands too near today's stations, for each square, each pair."""
        distance_m = config.rules.l3_spacing_m or 0.0
        columns, stations = inputs.columns, inputs.stations
        brings = np.flatnonzero(_of(columns, L3_STATIONS))
        xy = columns.xy_m[brings]
        offers = np.flatnonzero(stations.l3_ports > 0)
        today = closer(xy, stations.xy_m[offers], distance_m).tocoo()
        ended = _ended(columns, len(stations.ids))[offers]
        removable = (np.diff(ended.indptr) > 0)[today.col]
        barred = np.zeros(len(columns))
        barred[brings[today.row[~removable]]] = 1.0
        hard = [barred @ decisions.build <= 0] if barred.any() else []
        if removable.any():  # only where the station of today goes
            at, pairs = today.row[removable], int(removable.sum())
            one = _sum_by(np.arange(pairs), pairs, np.ones(pairs))
            gone = ended[today.col[removable]]
            hard.append(one @ decisions.build[brings[at]] <= gone @ decisions.build)
        free = brings[barred[brings] == 0]
        exclusive = _exclusive(columns.xy_m[free], distance_m)
        if exclusive.shape[0]:
            hard.append(exclusive @ decisions.build[free] <= 1)
        return Rows(hard)

    def touched(self, inputs: Inputs, config: Config) -> Mask:
        """Return every column that brings L3: it reads where a column stands."""
        del config
        return _of(inputs.columns, L3_STATIONS)


def _ended(columns: Columns, stations: int) -> sparse.csr_array:
    """Return shape (stations, m): one where a column ends L3 at a station."""
    at = np.where(columns.ends_l3, columns.station, -1)
    return _sum_by(at, stations, np.ones(len(columns)))


def closer(a_m: Values, b_m: Values, distance_m: float) -> sparse.csr_array:
    """Return shape (n, m), one where two places stand less than a distance apart (straight line).

    Compared in whole centimetres, so exactly at the distance is not closer.
    """
    near = within(a_m, b_m, distance_m).tocoo()
    a, b = (np.rint(xy * CM_PER_M).astype(np.int64).reshape(-1, 2) for xy in (a_m, b_m))
    squared = ((a[near.row] - b[near.col]) ** 2).sum(axis=1)
    keep = squared < (distance_m * CM_PER_M) ** 2
    ones = np.ones(int(keep.sum()), np.int8)
    return sparse.csr_array((ones, (near.row[keep], near.col[keep])), shape=near.shape)


def _exclusive(xy_m: Values, distance_m: float) -> sparse.csr_array:
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
        _, square = np.unique(cell, axis=0, return_inverse=True)
        square = square.ravel()
        squares.append(_sum_by(square, int(square.max()) + 1, np.ones(n)))
        apart &= square[pairs.row] != square[pairs.col]
    stacked = sparse.csr_array(sparse.vstack(squares))
    cliques = stacked[np.diff(stacked.indptr) > 1]
    left = np.flatnonzero(apart)
    row, col = (
        np.repeat(np.arange(len(left)), 2),
        np.ravel(np.column_stack([pairs.row[left], pairs.col[left]])),
    )
    single = sparse.csr_array((np.ones(len(row)), (row, col)), shape=(len(left), n))
    return sparse.csr_array(sparse.vstack([cliques, single]))


@dataclass(frozen=True)
class L3Gap(Rule):
    """A new L3 station has another L3 station, existing or new, within ``rules.l3_gap_m``."""

    def on(self, config: Config) -> bool:
        """Return whether the scenario has this rule."""
        return config.rules.l3_gap_m is not None

    def rows(self, inputs: Inputs, config: Config, decisions: Decisions) -> Rows:
        """Return one row for each column that brings L3 and has none of today's within reach."""
        distance_m = config.rules.l3_gap_m or 0.0
        columns, stations = inputs.columns, inputs.stations
        brings = np.flatnonzero(_of(columns, L3_STATIONS))
        offers = np.flatnonzero(stations.l3_ports > 0)
        today = within(columns.xy_m[brings], stations.xy_m[offers], distance_m).astype(float)
        ended = _ended(columns, len(stations.ids))[offers]
        removable = np.diff(ended.indptr) > 0
        alone = np.flatnonzero(np.diff(sparse.csr_array(today[:, ~removable]).indptr) == 0)
        if len(alone) == 0:
            return Rows()
        near = within(columns.xy_m[brings[alone]], columns.xy_m[brings], distance_m).astype(float)
        itself = sparse.csr_array(
            (np.ones(len(alone)), (np.arange(len(alone)), alone)), shape=near.shape
        )
        build = decisions.build[brings]
        stays: cp.Expression | float = 0.0
        if removable.any():
            company = sparse.csr_array(today[alone][:, removable])
            gone = sparse.csr_array(ended[removable])
            stays = np.asarray(company.sum(axis=1)).ravel() - (company @ gone) @ decisions.build
        # near holds the column itself: x <= sum of the others
        return Rows([2 * itself @ build <= near @ build + stays])

    def touched(self, inputs: Inputs, config: Config) -> Mask:
        """Return every column that brings L3: it reads where a column stands."""
        del config
        return _of(inputs.columns, L3_STATIONS)


# -- areas -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class StationsPerArea(Rule):
    """An area has at most ``rules.stations_per_area`` stations, or as many as stand today."""

    def on(self, config: Config) -> bool:
        """Return whether the scenario has this rule."""
        return config.rules.stations_per_area is not None

    def rows(self, inputs: Inputs, config: Config, decisions: Decisions) -> Rows:
        """Return one row an area."""
        columns, most = inputs.columns, config.rules.stations_per_area or 0
        ids, area = inputs.areas.index(columns.place_id)
        _, standing = inputs.areas.index(inputs.stations.ids)
        today = np.bincount(standing[standing >= 0], minlength=len(ids))
        change = _of(columns, NEW_STATIONS).astype(float) - _of(columns, ("remove",)).astype(float)
        new = _sum_by(area, len(ids), change)
        return Rows([new @ decisions.build <= np.maximum(0.0, most - today)])

    def touched(self, inputs: Inputs, config: Config) -> Mask:
        """Return every column of a new or removed station: it reads the area."""
        del config
        return _of(inputs.columns, (*NEW_STATIONS, "remove"))


@dataclass(frozen=True)
class AreaPower(Rule):
    """Ports of an area, existing and new, draw at most its cap, or what stands there today."""

    def on(self, config: Config) -> bool:
        """Return whether the scenario has this rule."""
        cap = config.rules.area_power
        return cap.proxy_factor is not None or cap.cap_kw is not None

    def rows(self, inputs: Inputs, config: Config, decisions: Decisions) -> Rows:
        """Return one row an area (MW)."""
        columns, stations, rule = inputs.columns, inputs.stations, config.rules.area_power
        ids, area = inputs.areas.index(columns.place_id)
        _, standing = inputs.areas.index(stations.ids)
        inside = standing >= 0
        today = np.bincount(
            standing[inside], weights=stations.standing_kw[inside], minlength=len(ids)
        )
        cap = np.full(len(ids), np.inf if rule.cap_kw is None else rule.cap_kw)
        if rule.proxy_factor is not None:
            proxy = np.array([inputs.areas.proxy_kw[place] for place in ids])
            cap = np.minimum(cap, rule.proxy_factor * proxy)
        gained = _sum_by(area, len(ids), columns.port_kw / KW_SCALE)
        lost = _sum_by(area, len(ids), columns.lost_kw / KW_SCALE)
        room = np.maximum(0.0, cap - today) / KW_SCALE
        return Rows([gained @ decisions.ports - lost @ decisions.build <= room])

    def touched(self, inputs: Inputs, config: Config) -> Mask:
        """Return every column: it reads the area and the power."""
        del config
        return _all(inputs.columns)


# -- people ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Overlap(Rule):
    """At most ``rules.overlap`` of the reach of new L2 stations falls on people reached otherwise.

    The reach of a station is the people within the L2 radius. Summed over the new L2 stations,
    somebody near two of them counts twice; who is near one of them and near no L2 station of today
    counts once as newly reached. Overlap is one less newly reached over summed reach: linear in
    the decisions, zero for stations that reach new people only, and without an order among them.
    The cover variables are continuous: the row pushes them up, to an integer count or one.
    """

    def on(self, config: Config) -> bool:
        """Return whether the scenario has this rule."""
        return config.rules.overlap is not None

    def rows(self, inputs: Inputs, config: Config, decisions: Decisions) -> Rows:
        """Return ``newly <= stations in reach`` a group, and the cap."""
        most = config.rules.overlap or 0.0
        level = inputs.rows["l2"]
        brings = np.flatnonzero(_of(inputs.columns, L2_STATIONS))
        change = inputs.reach["l2"].change[:, brings].astype(np.float64)
        total = max(inputs.people, 1e-12)
        reached = (change.T @ inputs.points.people) / total
        nobody = np.flatnonzero(level.base == 0)
        build = decisions.build[brings]
        if len(brings) == 0 or len(nobody) == 0:  # who could be reached is reached already
            return Rows([(1 - most) * reached @ build <= 0] if len(brings) else [])
        newly = cp.Variable(len(nobody), bounds=[0, 1], name="newly_reached")
        matrix = level.matrix[nobody][:, brings].astype(np.float64)
        people = level.people[nobody] / total
        cap = (1 - most) * reached @ build <= people @ newly
        return Rows([newly <= matrix @ build, cap])

    def touched(self, inputs: Inputs, config: Config) -> Mask:
        """Return every new L2 station: a dominator reaches more people, and may overlap more."""
        del config
        return _of(inputs.columns, L2_STATIONS)


@dataclass(frozen=True)
class Floor(Rule):
    """In each group of people at least a share is covered at a level; elastic.

    What is missed is the people below the floor of their group, summed, over the Region's people.
    """

    grouping: str
    level: Level

    @property
    def elastic(self) -> bool:
        """Whether it can be missed, at a named shortfall."""
        return True

    def share(self, config: Config) -> float | None:
        """Return the scenario's floor."""
        rules = config.rules
        by_area = {"municipality": rules.municipality, "quintile": rules.quintile}
        floors = by_area.get(self.grouping) or getattr(rules.groups, self.grouping)
        return floors.l2 if self.level == "l2" else floors.l3

    def on(self, config: Config) -> bool:
        """Return whether the scenario has this rule."""
        return self.share(config) is not None

    def rows(self, inputs: Inputs, config: Config, decisions: Decisions) -> Rows:
        """Return one elastic row a group, and their sum."""
        groups, level = inputs.areas.groups[self.grouping], inputs.rows[self.level]
        total = max(inputs.people, 1e-12)
        always = inputs.reach[self.level].fixed >= 1
        wanted = (self.share(config) or 0.0) * np.asarray(groups.people.sum(axis=1)).ravel()
        needed = (wanted - groups.people @ always.astype(np.float64)) / total
        missing = cp.Variable(len(groups.names), nonneg=True, name=f"missing_{self.name}")
        shortfall = cp.Variable(nonneg=True, name=f"shortfall_{self.name}")
        reached: cp.Expression | float = 0.0
        if len(level.base):
            row = row_of_points(inputs.reach[self.level], level)
            of_group = _sum_by(row, len(level.base), np.ones(len(row)))
            people = sparse.csr_array(groups.people @ of_group.T) / total
            reached = people @ decisions.covered[self.level]
        return Rows([], [reached + missing >= needed, shortfall >= cp.sum(missing)], shortfall)

    def touched(self, inputs: Inputs, config: Config) -> Mask:
        """Return no column: it reads cover alone, and a dominator covers every point as well."""
        del config
        return _none(inputs.columns)

    def missed(self, inputs: Inputs, config: Config, build: Mask) -> float:
        """Return the share of the Region's people below the floor of their group."""
        groups = inputs.areas.groups[self.grouping]
        covered = inputs.reach[self.level].covered(build).astype(np.float64)
        wanted = (self.share(config) or 0.0) * np.asarray(groups.people.sum(axis=1)).ravel()
        below = np.maximum(0.0, wanted - groups.people @ covered).sum()
        return float(below / max(inputs.people, 1e-12))


@dataclass(frozen=True)
class Redundancy(Rule):
    """At least a share of people have ``rules.redundancy.stations`` of a level in reach; elastic.

    A group of points needs ``r`` stations more than those that stay whatever is decided. Where one
    is enough its variable is continuous in ``z <= stations in reach``: the bound is an integer and
    the row pushes it up. Where two or more are needed, ``r z <= stations in reach`` would let a
    fraction through, so there the variable is binary. Both are exact.
    """

    level: Level

    @property
    def elastic(self) -> bool:
        """Whether it can be missed, at a named shortfall."""
        return True

    def share(self, config: Config) -> float | None:
        """Return the share of people that the scenario asks for."""
        rule = config.rules.redundancy
        return rule.l2 if self.level == "l2" else rule.l3

    def on(self, config: Config) -> bool:
        """Return whether the scenario has this rule."""
        return self.share(config) is not None

    def rows(self, inputs: Inputs, config: Config, decisions: Decisions) -> Rows:
        """Return ``r z <= stations in reach`` a group, and the elastic share."""
        stations, reach = config.rules.redundancy.stations, inputs.reach[self.level]
        total = max(inputs.people, 1e-12)
        people = inputs.points.people / total
        more = np.asarray((reach.change > 0).sum(axis=1)).ravel()
        enough = reach.fixed >= stations
        open_points = np.flatnonzero(~enough & (reach.fixed + reach.losable + more >= stations))
        shortfall = cp.Variable(nonneg=True, name=f"shortfall_{self.name}")
        wanted = (self.share(config) or 0.0) - float(people[enough].sum())
        if len(open_points) == 0:
            return Rows([], [shortfall >= wanted], shortfall)
        first, group = alike(reach, open_points)
        weight = np.bincount(group, weights=people[open_points])
        point = open_points[first]
        needed = (stations - reach.fixed[point]).astype(np.float64)
        rows: list[cp.Constraint] = []
        share: cp.Expression | float = 0.0
        for several in (False, True):
            part = np.flatnonzero((needed > 1) == several)
            if len(part) == 0:
                continue
            kind = {"boolean": True} if several else {"bounds": [0, 1]}
            enough_there = cp.Variable(len(part), name=f"{self.name}_{several:d}", **kind)
            in_reach = reach.change[point[part]].astype(np.float64) @ decisions.build
            rows.append(
                cp.multiply(needed[part], enough_there) <= reach.losable[point[part]] + in_reach
            )
            share += weight[part] @ enough_there
        return Rows([], [*rows, share + shortfall >= wanted], shortfall)

    def touched(self, inputs: Inputs, config: Config) -> Mask:
        """Return every column that changes the level's reach: a dominated one is a second one."""
        del config
        change = inputs.reach[self.level].change
        return np.asarray(np.bincount(change.indices, minlength=change.shape[1]) > 0)

    def missed(self, inputs: Inputs, config: Config, build: Mask) -> float:
        """Return the share of people below the share asked for."""
        reach, people = inputs.reach[self.level], inputs.points.people
        after = reach.fixed + reach.losable + reach.change @ build.astype(np.int64)
        enough = after >= config.rules.redundancy.stations
        got = float(people[enough].sum()) / max(inputs.people, 1e-12)
        return max(0.0, (self.share(config) or 0.0) - got)


RULES: tuple[Rule, ...] = (
    SiteBudget("site_budget", "the budget of a single site"),
    PortsPerPlace("ports_per_place", "the limit on ports at a place"),
    PortTotal("ports_l2", "the limit on new Level 2 ports", "l2"),
    PortTotal("ports_l3", "the limit on new Level 3 ports", "l3"),
    PowerTotal("total_kw", "the limit on new power in all"),
    L3Spacing("l3_spacing", "the least distance between Level 3 stations"),
    L3Gap("l3_gap", "the largest distance between Level 3 stations"),
    StationsPerArea("stations_per_area", "the limit on stations in an area"),
    AreaPower("area_power", "the cap on the power of an area"),
    Overlap("overlap", "the cap on overlap of new Level 2 stations"),
    Floor("municipality_l2", "the Level 2 floor in every municipality", "municipality", "l2"),
    Floor("municipality_l3", "the Level 3 floor in every municipality", "municipality", "l3"),
    Floor("quintile_l2", "the Level 2 floor in every quintile of deprivation", "quintile", "l2"),
    Floor("quintile_l3", "the Level 3 floor in every quintile of deprivation", "quintile", "l3"),
    Floor("renters_l2", "the Level 2 floor of renters", "renters", "l2"),
    Floor("renters_l3", "the Level 3 floor of renters", "renters", "l3"),
    Floor("multi_unit_l2", "the Level 2 floor of people in apartments", "multi_unit", "l2"),
    Floor("multi_unit_l3", "the Level 3 floor of people in apartments", "multi_unit", "l3"),
    Floor("low_income_l2", "the Level 2 floor of low incomes", "low_income", "l2"),
    Floor("low_income_l3", "the Level 3 floor of low incomes", "low_income", "l3"),
    Redundancy("redundancy_l2", "the share of people with several Level 2 stations", "l2"),
    Redundancy("redundancy_l3", "the share of people with several Level 3 stations", "l3"),
)
"""Every optional rule, in the order of the model's rows."""


@dataclass(frozen=True)
class Added:
    """What the rules of a scenario add to the model, by rule (see :class:`Rows`)."""

    hard: dict[str, list[cp.Constraint]]
    elastic: dict[str, list[cp.Constraint]]
    shortfall: dict[str, cp.Variable]


def active(config: Config) -> tuple[Rule, ...]:
    """Return the rules that the scenario has."""
    return tuple(rule for rule in RULES if rule.on(config))


def optional_rows(inputs: Inputs, config: Config, decisions: Decisions) -> Added:
    """Return what the scenario's rules add to the model; nothing in a scenario without any."""
    written = {rule.name: rule.rows(inputs, config, decisions) for rule in active(config)}
    return Added(
        hard={name: rows.hard for name, rows in written.items() if rows.shortfall is None},
        elastic={
            name: rows.elastic for name, rows in written.items() if rows.shortfall is not None
        },
        shortfall={
            name: rows.shortfall for name, rows in written.items() if rows.shortfall is not None
        },
    )


def touched_rules(inputs: Inputs, config: Config) -> NDArray[np.bool_]:
    """Return shape (m,): columns that some rule of the scenario keeps from column dominance."""
    masks = [rule.touched(inputs, config) for rule in active(config)]
    return np.asarray(np.logical_or.reduce([_none(inputs.columns), *masks]))


def missed(inputs: Inputs, config: Config, build: NDArray[np.bool_]) -> dict[str, float]:
    """Return what each elastic rule misses under a choice of columns, by rule (shares)."""
    elastic = (rule for rule in active(config) if rule.elastic)
    return {rule.name: rule.missed(inputs, config, build) for rule in elastic}


def ceiling_in_closed_form(config: Config) -> bool:
    """Return whether building everything shows a target's ceiling: no hard rule is in the way.

    What elastic rules ask for may be missed, so none of them lowers a ceiling.
    """
    return all(rule.elastic for rule in active(config))
