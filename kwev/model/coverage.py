"""Who is within reach of what: sparse reach matrices and aggregated coverage rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
from scipy import sparse
from scipy.spatial import cKDTree

from kwev.model.network import RoadNetwork
from kwev.units import CM_PER_M

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kwev.config import Config, Metric
    from kwev.data.tables import Tables
    from kwev.model.demand import DemandPoints
    from kwev.model.network import Mode, Places
    from kwev.model.siting import Columns, Stations

PLACES_AT_A_TIME = 256
"""Places measured at a time: bounds the memory of their pairs with the points."""

Level = Literal["l2", "l3"]
MODE_OF: dict[Level, Mode] = {"l2": "walk", "l3": "drive"}
"""How one comes to a charger: a level is reached within a walk or a drive."""


class Ruler(Protocol):
    """A way to measure: which place is within reach of which point."""

    def within(
        self, level: Level, points: Places, places: Places, radius_m: float
    ) -> sparse.csr_array:
        """Return shape (n, m), int8, 1 where the place is at most ``radius_m`` from the point."""


class StraightLine:
    """Distances as the crow flies, in the region's metric projection."""

    def within(
        self,
        level: Level,  # noqa: ARG002 -- the crow neither walks nor drives
        points: Places,
        places: Places,
        radius_m: float,
    ) -> sparse.csr_array:
        """Return the matrix of :func:`within`."""
        return within(points.xy_m, places.xy_m, radius_m)


@dataclass(frozen=True)
class AlongRoads:
    """Distances along the roads: on foot to Level 2, by car to Level 3."""

    network: RoadNetwork

    def within(
        self, level: Level, points: Places, places: Places, radius_m: float
    ) -> sparse.csr_array:
        """Return the matrix of :meth:`kwev.model.network.RoadNetwork.within`."""
        return self.network.within(MODE_OF[level], points, places, radius_m)


def ruler_of(tables: Tables, metric: Metric) -> Ruler:
    """Return how a metric measures."""
    return AlongRoads(RoadNetwork.of(tables)) if metric == "network" else StraightLine()


def within(
    points_m: NDArray[np.float64], places_m: NDArray[np.float64], radius_m: float
) -> sparse.csr_array:
    """Return which place is within a straight-line radius of which point.

    Distances are compared exactly, in whole centimetres squared, so a place at the radius counts
    on every machine.

    Parameters
    ----------
    points_m, places_m
        Shapes (n, 2) and (m, 2) in metres, rounded to 0.01 m.
    radius_m
        Reach (m), inclusive.

    Returns
    -------
    scipy.sparse.csr_array
        Shape (n, m), int8, 1 where within reach, indices sorted.
    """
    shape = (len(points_m), len(places_m))
    points = np.rint(points_m * CM_PER_M).astype(np.int64).reshape(-1, 2)
    places = np.rint(places_m * CM_PER_M).astype(np.int64).reshape(-1, 2)
    if 0 in shape:
        return _empty(shape)
    radius_cm = radius_m * CM_PER_M
    tree = cKDTree(points)
    parts = [
        _within_part(tree, points, places[start : start + PLACES_AT_A_TIME], radius_cm)
        for start in range(0, len(places), PLACES_AT_A_TIME)
    ]
    counts, rows = (np.concatenate(part) for part in zip(*parts, strict=True))
    indptr = np.concatenate([[0], np.cumsum(counts)])
    by_place = sparse.csc_array((np.ones(len(rows), np.int8), rows, indptr), shape=shape)
    return sparse.csr_array(by_place)  # by point, with places rising


def _within_part(
    tree: cKDTree, points: NDArray[np.int64], places: NDArray[np.int64], radius_cm: float
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return how many points are within reach of each place, and which, place by place."""
    found = tree.query_ball_point(places, radius_cm + 1.0, return_sorted=True)
    near = [np.asarray(indices, np.int32) for indices in found]
    counts = np.fromiter((len(indices) for indices in near), np.int64, len(near))
    rows = np.concatenate(near)
    squared = np.zeros(len(rows), np.int64)
    for axis in (0, 1):
        squared += (points[rows, axis] - np.repeat(places[:, axis], counts)) ** 2
    keep = squared <= np.floor(radius_cm * radius_cm)
    of_place = np.repeat(np.arange(len(places)), counts)
    return np.bincount(of_place[keep], minlength=len(places)), rows[keep]


def _empty(shape: tuple[int, int]) -> sparse.csr_array:
    none = np.empty(0, np.int64)
    return sparse.csr_array((np.empty(0, np.int8), (none, none)), shape=shape)


@dataclass(frozen=True)
class CoverRows:
    """Coverage rows of one level: group g is covered if ``base + matrix @ x >= 1``.

    Points with the same row are one group, which is exact: they are covered or not together.
    Points covered whatever is decided, or out of every column's reach, have no row; the former
    stand in the ``always`` totals.

    Attributes
    ----------
    matrix
        Shape (g, m), int8: +1 where an action brings the level within reach, -1 where it ends it
        at a station. For a charger of either level both are added up.
    base
        Shape (g,): existing stations within reach that an action could take away.
    people, ev, weight
        Shape (g,): totals of each group.
    always_people, always_ev, always_weight
        Totals of the points that are covered whatever is decided.
    """

    matrix: sparse.csr_array
    base: NDArray[np.int64]
    people: NDArray[np.float64]
    ev: NDArray[np.float64]
    weight: NDArray[np.float64]
    always_people: float
    always_ev: float
    always_weight: float


@dataclass(frozen=True)
class Reach:
    """Reach of one level before grouping: what each action changes at each point.

    Attributes
    ----------
    change
        Shape (n, m), int8, as in ``CoverRows.matrix``.
    fixed
        Shape (n,): existing stations within reach that stay whatever is decided.
    losable
        Shape (n,): existing stations within reach that an action could take away.
    """

    change: sparse.csr_array
    fixed: NDArray[np.int64]
    losable: NDArray[np.int64]

    def covered(self, chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return which points are covered when the chosen actions are done."""
        after = self.fixed + self.losable + self.change @ chosen.astype(np.int64)
        return np.asarray(after >= 1)


def reach_l2(
    points: DemandPoints, stations: Stations, columns: Columns, config: Config, ruler: Ruler
) -> Reach:
    """Return the reach of L2: new stations bring it, conversions and removals may take it away."""
    has, brings, takes = stations.l2_ports > 0, columns.brings_l2, columns.ends_l2
    if config.coverage.l3_counts_for_l2:
        has = has | (stations.l3_ports > 0)
        brings = brings | columns.is_kind("new_l3")
        takes = columns.is_kind("remove")  # a converted station serves on, by its L3
    return _reach(
        _Offer("l2", has, brings, takes, config.coverage.l2_radius_m),
        points,
        stations,
        columns,
        ruler,
    )


def reach_l3(
    points: DemandPoints, stations: Stations, columns: Columns, config: Config, ruler: Ruler
) -> Reach:
    """Return the reach of L3: new stations and conversions bring it, removals take it away."""
    return _reach(
        _Offer(
            "l3",
            stations.l3_ports > 0,
            columns.brings_l3,
            columns.ends_l3,
            config.coverage.l3_radius_m,
        ),
        points,
        stations,
        columns,
        ruler,
    )


@dataclass(frozen=True)
class _Offer:
    """A level: which stations offer it, which columns bring it or take it away, and its reach."""

    level: Level
    has: NDArray[np.bool_]
    brings: NDArray[np.bool_]
    takes: NDArray[np.bool_]
    radius_m: float


def _reach(
    offer: _Offer, points: DemandPoints, stations: Stations, columns: Columns, ruler: Ruler
) -> Reach:
    loses = np.zeros(len(stations.ids), bool)
    loses[columns.station[offer.takes]] = True
    near = ruler.within(offer.level, points.places, stations.places, offer.radius_m)
    sign = offer.brings.astype(np.int8)
    sign[offer.takes] = -1
    changing = np.flatnonzero(sign)
    at = ruler.within(offer.level, points.places, columns.places[changing], offer.radius_m)
    return Reach(
        change=_spread(at, sign, changing),
        fixed=_row_sums(near, offer.has & ~loses),
        losable=_row_sums(near, offer.has & loses),
    )


def reach_either(l2: Reach, l3: Reach) -> Reach:
    """Return the reach of a charger of either level."""
    change = sparse.csr_array(l2.change.astype(np.int8) + l3.change.astype(np.int8))
    return Reach(change, l2.fixed + l3.fixed, l2.losable + l3.losable)


def _row_sums(near: sparse.csr_array, which: NDArray[np.bool_]) -> NDArray[np.int64]:
    return np.asarray(near.astype(np.int64) @ which.astype(np.int64))


def _spread(
    near: sparse.csr_array, sign: NDArray[np.int8], changing: NDArray[np.int64]
) -> sparse.csr_array:
    """Return a matrix of the changing columns as one of all columns, each with its sign."""
    # the changing columns are in order, so the indices stay sorted
    indices = changing[near.indices]
    shape = (near.shape[0], len(sign))
    return sparse.csr_array((sign[indices], indices, near.indptr), shape=shape)


def cover_rows(reach: Reach, points: DemandPoints) -> CoverRows:
    """Group the points whose coverage hangs on the same decisions.

    Two points with the same signed row and the same count of losable stations are covered by
    exactly the same plans, so one row with their summed weights gives the same optimum.
    """
    always = reach.fixed >= 1
    reachable = np.diff(reach.change.indptr) > 0
    open_points = np.flatnonzero(~always & (reachable | (reach.losable > 0)))
    group, matrix, base = _joined(reach.change[open_points], reach.losable[open_points])

    def total(values: NDArray[np.float64]) -> NDArray[np.float64]:
        sums = np.bincount(group, weights=values[open_points], minlength=len(base))
        return sums.astype(np.float64)

    return CoverRows(
        matrix=matrix,
        base=base,
        people=total(points.people),
        ev=total(points.ev),
        weight=total(points.weight),
        always_people=float(points.people[always].sum()),
        always_ev=float(points.ev[always].sum()),
        always_weight=float(points.weight[always].sum()),
    )


def alike(reach: Reach, which: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Group points with the same count of stations in reach whatever is decided.

    Parameters
    ----------
    which
        Indices of the points to group.

    Returns
    -------
    tuple
        Position in ``which`` of each group's first point, and the group of each entry of it.
    """
    rows = sparse.csr_array(reach.change[which])
    rows.sort_indices()
    losable = reach.losable[which]
    both = reach.fixed[which] * (int(losable.max(initial=0)) + 1) + losable
    group = _group_of_rows(rows, both)
    return np.unique(group, return_index=True)[1], group


def regrouped(rows: CoverRows, kept: NDArray[np.int64]) -> CoverRows:
    """Return the rows over a part of the columns, those that are equal now joined.

    Groups that no kept column reaches and no station covers are left out: uncovered for good.
    """
    matrix = sparse.csr_array(rows.matrix[:, kept])
    still = np.flatnonzero((np.diff(matrix.indptr) > 0) | (rows.base > 0))
    group, matrix, base = _joined(matrix[still], rows.base[still])

    def total(values: NDArray[np.float64]) -> NDArray[np.float64]:
        sums = np.bincount(group, weights=values[still], minlength=len(base))
        return sums.astype(np.float64)

    return replace(
        rows,
        matrix=matrix,
        base=base,
        people=total(rows.people),
        ev=total(rows.ev),
        weight=total(rows.weight),
    )


def _joined(
    rows: sparse.csr_array, base: NDArray[np.int64]
) -> tuple[NDArray[np.int64], sparse.csr_array, NDArray[np.int64]]:
    """Return the group of each row, and the row and base of each group, in order of appearance."""
    rows = sparse.csr_array(rows)
    rows.sort_indices()
    group = _group_of_rows(rows, base)
    first = np.unique(group, return_index=True)[1]
    return group, sparse.csr_array(rows[first]), base[first]


def row_of_points(reach: Reach, rows: CoverRows) -> NDArray[np.int64]:
    """Return shape (n,): the row of each point among a level's rows, -1 where it has none."""
    known = {key: row for row, key in enumerate(_keys(rows.matrix, rows.base))}
    keys = _keys(reach.change, reach.losable)
    found = np.array([known.get(key, -1) for key in keys], np.int64)
    return np.where(reach.fixed >= 1, -1, found)


def _keys(matrix: sparse.csr_array, base: NDArray[np.int64]) -> list[tuple[int, bytes, bytes]]:
    """Return of each row its count of losable stations, its columns and its signs."""
    rows = sparse.csr_array(matrix)
    rows.sort_indices()
    ends = rows.indptr.tolist()
    columns, signs = rows.indices.astype(np.int64), rows.data.astype(np.int8)
    return [
        (int(base[row]), columns[start:end].tobytes(), signs[start:end].tobytes())
        for row, (start, end) in enumerate(pairwise(ends))
    ]


def _group_of_rows(rows: sparse.csr_array, base: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the group of each row: equal rows with equal bases, numbered as they appear."""
    indptr = rows.indptr.tolist()
    # column and sign in one number, so that a row is one stretch of bytes
    data = (rows.indices.astype(np.int64) * 8 + rows.data + 4).tobytes()
    bases = [tuple(row) for row in np.column_stack([base]).tolist()]
    seen: dict[tuple[tuple[int, ...], bytes], int] = {}
    return np.fromiter(
        (
            seen.setdefault((bases[row], data[8 * indptr[row] : 8 * indptr[row + 1]]), len(seen))
            for row in range(len(bases))
        ),
        np.int64,
        len(bases),
    )
