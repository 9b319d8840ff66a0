"""Places by kind and id: what a distance, straight or along the roads, is measured between."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.sparse.csgraph import dijkstra

from kwev.units import CM_PER_M

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from kwev.data.tables import Tables

Names = tuple[tuple[str, ...], tuple[str, ...]]
"""Kinds of places, and their ids."""


@dataclass(frozen=True, eq=False)
class Places:
    """Places in an order of the caller's; every array has one entry per place.

    Attributes
    ----------
    kind
        ``cell``, ``da``, ``tract``, ``station`` or ``site``: the table that knows the id.
    ids
        Ids, text.
    xy_m
        Shape (n, 2), metres, rounded to 0.01 m.
    """

    kind: NDArray[np.str_]
    ids: NDArray[np.str_]
    xy_m: NDArray[np.float64]

    @classmethod
    def of_kind(cls, kind: str, ids: NDArray[np.str_], xy_m: NDArray[np.float64]) -> Places:
        """Return places of one kind."""
        return cls(np.full(len(ids), kind, dtype="U7"), ids, xy_m)

    @classmethod
    def joined(cls, parts: Sequence[Places]) -> Places:
        """Return the places of several sets, one after the other."""
        return cls(
            np.concatenate([part.kind for part in parts]),
            np.concatenate([part.ids for part in parts]),
            np.concatenate([part.xy_m for part in parts]),
        )

    @cached_property
    def names(self) -> Names:
        """Kinds and ids, by which the roads know the places."""
        return tuple(self.kind.tolist()), tuple(self.ids.tolist())

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, which: NDArray[np.bool_] | NDArray[np.int64]) -> Places:
        """Return some of the places, by mask or by index."""
        return Places(self.kind[which], self.ids[which], self.xy_m[which])


# -- Shortest paths between spots on the edges of a directed graph, cut off at a distance.

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

CHUNK = 64
"""Sources of shortest paths at a time: what bounds the memory."""

STRIP_M = 2_500.0
"""Width of a strip of sources that are searched from together: they reach the same targets (m)."""


class Spots(NamedTuple):
    """Where places lie: index of the edge, way from its start ``u``, way to the place (cm)."""

    edge: NDArray[np.int64]
    along_cm: Floats
    offset_cm: Floats

    def some(self, which: NDArray[np.int64]) -> Spots:
        """Return some of the spots, by index."""
        return Spots(self.edge[which], self.along_cm[which], self.offset_cm[which])


class Pairs(NamedTuple):
    """A source and a target within reach of it, by index, and how far it is (cm)."""

    source: NDArray[np.int32]
    target: NDArray[np.int32]
    distance_cm: Floats


@dataclass(frozen=True, eq=False)
class Streets:
    """Edges that may be gone one way or both.

    Attributes
    ----------
    xy_m
        Shape (n, 2), where the n nodes are: which of them are neighbours, no more (m).
    u, v
        Shape (m,), index of the node at the start and the end of each edge.
    length_cm
        Shape (m,), cm.
    ahead, back
        Shape (m,), whether the edge may be gone from ``u`` to ``v``, and from ``v`` to ``u``.
    """

    xy_m: Floats
    u: NDArray[np.int64]
    v: NDArray[np.int64]
    length_cm: Floats
    ahead: NDArray[np.bool_]
    back: NDArray[np.bool_]

    @property
    def nodes(self) -> int:
        """How many nodes there are."""
        return len(self.xy_m)

    def turned(self) -> Streets:
        """Return the streets with every direction turned round."""
        return Streets(self.xy_m, self.u, self.v, self.length_cm, self.back, self.ahead)

    def leaving(self, spots: Spots) -> tuple[NDArray[np.int64], Floats]:
        """Return the nodes at both ends of each spot's edge and the ways to them.

        Both of shape (2, k); cm, infinite where the direction is forbidden. A spot at the very
        end of an edge is at that node.
        """
        edge, along, offset = spots
        ahead, length = self.ahead[edge], self.length_cm[edge]
        to_u = np.where(self.back[edge] | (along == 0), offset + along, np.inf)
        to_v = np.where(ahead | (along == length), offset + length - along, np.inf)
        return np.stack([self.u[edge], self.v[edge]]), np.stack([to_u, to_v])

    def direct(self, sources: Spots, targets: Spots) -> Pairs:
        """Return the pairs on one edge, and the way along it, sorted by source."""
        order = np.argsort(targets.edge, kind="stable")
        low, high = (
            np.searchsorted(targets.edge[order], sources.edge, side) for side in ("left", "right")
        )
        count = high - low
        source = np.repeat(np.arange(len(sources.edge)), count)
        rank = np.arange(len(source)) - np.repeat(np.cumsum(count) - count, count)
        target = order[np.repeat(low, count) + rank]
        step = targets.along_cm[target] - sources.along_cm[source]
        edge = sources.edge[source]
        may = (self.ahead[edge] & (step >= 0)) | (self.back[edge] & (step <= 0)) | (step == 0)
        way = sources.offset_cm[source] + np.abs(step) + targets.offset_cm[target]
        return Pairs(source[may].astype(np.int32), target[may].astype(np.int32), way[may])

    def within(self, sources: Spots, targets: Spots, limit_cm: float) -> Iterator[Pairs]:
        """Yield the pairs at most ``limit_cm`` apart, chunk by chunk of neighbouring sources.

        The limit is compared as straight lines are: in squares of whole centimetres.
        """
        count = len(sources.edge)
        if count == 0 or len(targets.edge) == 0:
            return
        graph = self._graph(*self.leaving(sources), np.arange(count))
        order = self._side_by_side(sources)
        direct = self.direct(sources.some(order), targets)
        for first in range(0, count, CHUNK):
            chunk = order[first : first + CHUNK]
            cost = np.asarray(dijkstra(graph, indices=self.nodes + chunk, limit=limit_cm + 1))
            here = slice(*np.searchsorted(direct.source, [first, first + len(chunk)]))
            at = self._passed(targets, cost, direct.target[here])
            distance = self._arriving(targets.some(at), cost)
            spot = (direct.source[here] - first, np.searchsorted(at, direct.target[here]))
            np.minimum.at(distance, spot, direct.distance_cm[here])
            near = np.nonzero(distance**2 <= np.floor(limit_cm * limit_cm))
            source, target = chunk[near[0]].astype(np.int32), at[near[1]].astype(np.int32)
            yield Pairs(source, target, distance[near])

    def _side_by_side(self, spots: Spots) -> NDArray[np.int64]:
        """Return the order of spots in strips from west to east, each from south to north."""
        east, north = self.xy_m[self.u[spots.edge]].T
        return np.lexsort((north, east // STRIP_M))

    def _passed(
        self, targets: Spots, cost_cm: Floats, direct: NDArray[np.int32]
    ) -> NDArray[np.int64]:
        """Return, rising, the targets on edges with an end that was reached, and direct ones."""
        passed = np.asarray(np.isfinite(cost_cm).any(axis=0))
        may = passed[self.u[targets.edge]] | passed[self.v[targets.edge]]
        may[direct] = True
        return np.flatnonzero(may)

    def nearest_cm(self, sources: Spots, targets: Spots) -> Floats:
        """Return how far each target is from its nearest source (cm), infinite where from none."""
        if len(sources.edge) == 0:
            return np.full(len(targets.edge), np.inf)
        together = np.zeros(len(sources.edge), np.int64)
        graph = self._graph(*self.leaving(sources), together)
        cost = np.asarray(dijkstra(graph, indices=np.array([self.nodes])))
        distance = self._arriving(targets, cost)[0]
        direct = self.direct(sources, targets)
        np.minimum.at(distance, direct.target, direct.distance_cm)
        return np.asarray(distance)

    def _arriving(self, targets: Spots, cost_cm: Floats) -> Floats:
        """Return shape (s, k): least way to each target, given the ways to all nodes."""
        nodes, rest = self.turned().leaving(targets)
        by_u, by_v = cost_cm[:, nodes[0]] + rest[0], cost_cm[:, nodes[1]] + rest[1]
        return np.asarray(np.minimum(by_u, by_v))

    def _graph(
        self, nodes: NDArray[np.int64], cost_cm: Floats, source: NDArray[np.int64]
    ) -> sparse.csr_array:
        """Return the graph with the sources numbered after the nodes; nothing leads into them.

        A source has an arc to each end of its edge, which is what cutting the edge at its spot
        comes to. Of parallel arcs the shortest stays; loops shorten nothing.
        """
        u, v, ahead, back = self.u, self.v, self.ahead, self.back
        behind = self.nodes + source
        tail = np.concatenate([u[ahead], v[back], behind, behind])
        head = np.concatenate([v[ahead], u[back], nodes[0], nodes[1]])
        cost = np.concatenate([self.length_cm[ahead], self.length_cm[back], *cost_cm])
        keep = np.isfinite(cost) & (tail != head)
        tail, head, cost = tail[keep], head[keep], cost[keep]
        order = np.lexsort((cost, head, tail))
        tail, head, cost = tail[order], head[order], cost[order]
        first = np.append(True, (np.diff(tail) != 0) | (np.diff(head) != 0))[: len(tail)]
        size = self.nodes + int(source.max()) + 1
        shape = (size, size)
        return sparse.csr_array((cost[first], (tail[first], head[first])), shape=shape)


# -- The road network with places on it: who is within a distance along the roads of what.

Mode = Literal["walk", "drive"]


@dataclass(frozen=True, eq=False)
class RoadNetwork:
    """A road network with places on it.

    Attributes
    ----------
    nodes, edges, snaps
        Tables ``road_nodes``, ``road_edges`` and ``road_snaps`` of :mod:`kwev.data.schemas`.
    """

    nodes: pd.DataFrame
    edges: pd.DataFrame
    snaps: pd.DataFrame

    @staticmethod
    @lru_cache(maxsize=2)
    def of(tables: Tables) -> RoadNetwork:
        """Return the network of the processed tables, the same one for the same tables."""
        return RoadNetwork(tables.road_nodes, tables.road_edges, tables.road_snaps)

    def within(
        self, mode: Mode, points: Places, places: Places, radius_m: float
    ) -> sparse.csr_array:
        """Return which place is within a distance along the roads of which point.

        Driving is from the point to the place. A place or point without a spot on the roads is
        out of reach.

        Parameters
        ----------
        mode
            ``walk`` (both ways everywhere) or ``drive`` (one-way roads count).
        points, places
            Demand points and chargers, n and m.
        radius_m
            Reach (m), inclusive, offsets included.

        Returns
        -------
        scipy.sparse.csr_array
            Shape (n, m), int8, 1 where within reach, indices sorted.
        """
        found = self.pairs(mode, points, places, radius_m)
        ones = np.ones(len(found.source), np.int8)
        shape = (len(points), len(places))
        matrix = sparse.csr_array((ones, (found.source, found.target)), shape=shape)
        matrix.sort_indices()
        return matrix

    def pairs(self, mode: Mode, points: Places, places: Places, radius_m: float) -> Pairs:
        """Return every pair of a point and a place within reach; arguments as in ``within``.

        The last answers are kept: plans of a study ask for the same.
        """
        return self._pairs_of(mode, points.names, places.names, radius_m)

    def _paired(self, mode: Mode, points: Names, places: Names, radius_m: float) -> Pairs:
        streets = self._streets[mode]
        start, of_start = self._spots(mode, points)
        end, of_end = self._spots(mode, places)
        limit_cm = radius_m * CM_PER_M
        if len(of_start) <= len(of_end):
            found = _joined(list(streets.within(start, end, limit_cm)))
            return Pairs(of_start[found.source], of_end[found.target], found.distance_cm)
        # fewer searches from the other side, with every direction turned round
        found = _joined(list(streets.turned().within(end, start, limit_cm)))
        return Pairs(of_start[found.target], of_end[found.source], found.distance_cm)

    def nearest_m(self, mode: Mode, points: Places, places: Places) -> NDArray[np.float64]:
        """Return how far each point is from the place that is nearest along the roads.

        Returns
        -------
        numpy.ndarray
            Shape (n,), m; infinite where no place is reached.
        """
        start, of_start = self._spots(mode, points.names)
        end, _ = self._spots(mode, places.names)
        nearest = np.full(len(points), np.inf)
        nearest[of_start] = self._streets[mode].turned().nearest_cm(end, start) / CM_PER_M
        return nearest

    def snapped(self, mode: Mode, places: Places) -> NDArray[np.bool_]:
        """Return which places have a spot on the roads."""
        found = np.zeros(len(places), bool)
        found[self._spots(mode, places.names)[1]] = True
        return found

    @cached_property
    def _streets(self) -> dict[str, Streets]:
        edges, index = self.edges, pd.Index(self.nodes["node_id"])
        u, v = index.get_indexer(edges["u"]), index.get_indexer(edges["v"])
        length_cm = _whole_cm(edges["length_m"])
        xy_m = self.nodes[["easting_m", "northing_m"]].to_numpy(np.float64)
        walk, ahead, back = (
            edges[name].to_numpy(bool) for name in ("walk", "drive_forward", "drive_backward")
        )
        return {
            "walk": Streets(xy_m, u, v, length_cm, walk, walk),
            "drive": Streets(xy_m, u, v, length_cm, ahead, back),
        }

    @cached_property
    def _snaps_of(self) -> dict[tuple[str, str], pd.DataFrame]:
        """Snaps by mode and kind of place, with the id as index."""
        found = {}
        for mode in ("walk", "drive"):
            rows = self.snaps[self.snaps["mode"].isin([mode, "both"])]
            for kind, part in rows.groupby("kind"):
                found[mode, str(kind)] = part.set_index("id")
        return found

    @cached_property
    def _pairs_of(self) -> Callable[[Mode, Names, Names, float], Pairs]:
        return lru_cache(maxsize=8)(self._paired)

    def _spots(self, mode: Mode, places: Names) -> tuple[Spots, NDArray[np.int32]]:
        """Return the spots of the places that have one, and which places these are."""
        parts, index = [], []
        kinds, ids = (np.array(part, str) for part in places)
        for kind in np.unique(kinds):
            table = self._snaps_of.get((mode, str(kind)))
            which = np.flatnonzero(kinds == kind)
            if table is not None:
                row = table.index.get_indexer(pd.Index(ids[which]))
                parts.append(table.iloc[row[row >= 0]])
                index.append(which[row >= 0])
        if not parts:
            return Spots(np.empty(0, np.int64), np.empty(0), np.empty(0)), np.empty(0, np.int32)
        chosen = pd.concat(parts)
        edge = pd.Index(self.edges["edge_id"]).get_indexer(chosen["edge_id"])
        spots = Spots(edge, _whole_cm(chosen["along_m"]), _whole_cm(chosen["offset_m"]))
        return spots, np.concatenate(index).astype(np.int32)


def _whole_cm(metres: pd.Series) -> NDArray[np.float64]:
    return np.asarray(np.rint(metres.to_numpy(np.float64) * CM_PER_M))


def _joined(parts: list[Pairs]) -> Pairs:
    if not parts:
        return Pairs(np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0))
    return Pairs(*(np.concatenate(column) for column in zip(*parts, strict=True)))
