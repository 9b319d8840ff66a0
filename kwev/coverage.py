"""Who is within reach of what: sparse reach matrices and aggregated coverage rows."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
from scipy import sparse
from scipy.spatial import cKDTree

from kwev.network import RoadNetwork

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kwev.config import Config, Metric
    from kwev.demand import DemandPoints
    from kwev.network import Mode
    from kwev.places import Places
    from kwev.siting import Columns, Stations
    from kwev.tables import Tables

CM_PER_M = 100

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
    """Distances as the crow flies, in EPSG:26917."""

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
        """Return the matrix of :meth:`kwev.network.RoadNetwork.within`."""
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
        Shapes (n, 2) and (m, 2) in EPSG:26917 (m), rounded to 0.01 m.
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
    found = tree.query_ball_point(places, radius_cm + 1.0, return_sorted=True)
    near = [np.asarray(indices, np.int64) for indices in found]
    counts = np.fromiter((len(indices) for indices in near), np.int64, len(near))
    rows = np.concatenate(near)
    columns = np.repeat(np.arange(len(places)), counts)
    squared = ((points[rows] - places[columns]) ** 2).sum(axis=1)
    keep = squared <= np.floor(radius_cm * radius_cm)
    ones = np.ones(int(keep.sum()), np.int8)
    matrix = sparse.csr_array((ones, (rows[keep], columns[keep])), shape=shape)
    matrix.sort_indices()
    return matrix


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
        Shape (g, m), int8: +1 where an action brings the level within reach, -1 where an upgrade
        takes an L2 station away.
    base
        Shape (g,): existing stations within reach that an upgrade could take away.
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
        Shape (n,): existing stations within reach that an upgrade would take away.
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
    """Return the reach of L2: new L2 stations bring it, upgrades may take it away."""
    radius_m = config.coverage.l2_radius_m
    n = len(points)
    has = stations.l2_ports > 0
    if config.coverage.l3_counts_for_l2:
        has |= stations.l3_ports > 0
    takes = columns.is_kind("upgrade") & (columns.kept_l2_ports == 0)
    if config.coverage.l3_counts_for_l2:
        takes[:] = False
    loses = np.zeros(len(stations.ids), bool)
    loses[columns.station[takes]] = True
    near = ruler.within("l2", points.places, stations.places, radius_m)
    fixed = _row_sums(near, has & ~loses)
    losable = _row_sums(near, has & loses)
    brings = columns.is_kind("new_l2")
    if config.coverage.l3_counts_for_l2:
        brings |= columns.is_kind("new_l3")
    sign = brings.astype(np.int8)
    sign[takes] = -1
    change = _signed(ruler.within("l2", points.places, columns.places, radius_m), sign, n)
    return Reach(change, fixed, losable)


def reach_l3(
    points: DemandPoints, stations: Stations, columns: Columns, config: Config, ruler: Ruler
) -> Reach:
    """Return the reach of L3: new L3 stations and upgrades bring it, nothing takes it away."""
    radius_m = config.coverage.l3_radius_m
    near = ruler.within("l3", points.places, stations.places, radius_m)
    fixed = _row_sums(near, stations.l3_ports > 0)
    brings = columns.is_kind("new_l3") | columns.is_kind("upgrade")
    reached = ruler.within("l3", points.places, columns.places, radius_m)
    change = _signed(reached, brings.astype(np.int8), len(points))
    return Reach(change, fixed, np.zeros(len(points), np.int64))


def reach_either(l2: Reach, l3: Reach) -> Reach:
    """Return the reach of a charger of either level."""
    change = sparse.csr_array(l2.change.astype(np.int8) + l3.change.astype(np.int8))
    return Reach(change, l2.fixed + l3.fixed, l2.losable + l3.losable)


def _row_sums(near: sparse.csr_array, which: NDArray[np.bool_]) -> NDArray[np.int64]:
    return np.asarray(near.astype(np.int64) @ which.astype(np.int64))


def _signed(near: sparse.csr_array, sign: NDArray[np.int8], n: int) -> sparse.csr_array:
    signed = sparse.csr_array(near @ sparse.diags_array(sign, dtype=np.int8)).astype(np.int8)
    signed.eliminate_zeros()
    signed.sort_indices()
    return signed if signed.shape[0] == n else _empty((n, len(sign)))


def cover_rows(reach: Reach, points: DemandPoints) -> CoverRows:
    """Group the points whose coverage hangs on the same decisions.

    Two points with the same signed row and the same count of losable stations are covered by
    exactly the same plans, so one row with their summed weights gives the same optimum.
    """
    always = reach.fixed >= 1
    reachable = np.diff(reach.change.indptr) > 0
    open_points = np.flatnonzero(~always & (reachable | (reach.losable > 0)))
    rows = sparse.csr_array(reach.change[open_points])
    rows.sort_indices()
    group = _group_of_rows(rows, reach.losable[open_points])
    first = np.unique(group, return_index=True)[1]

    def total(values: NDArray[np.float64]) -> NDArray[np.float64]:
        sums = np.bincount(group, weights=values[open_points], minlength=len(first))
        return sums.astype(np.float64)

    return CoverRows(
        matrix=sparse.csr_array(rows[first]),
        base=reach.losable[open_points][first],
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
    seen: dict[bytes, int] = {}
    group = np.empty(rows.shape[0], np.int64)
    indptr, indices, data = rows.indptr, rows.indices, rows.data
    for row in range(rows.shape[0]):
        part = slice(indptr[row], indptr[row + 1])
        key = indices[part].tobytes() + b"|" + data[part].tobytes() + b"|" + base[row].tobytes()
        group[row] = seen.setdefault(key, len(seen))
    return group
