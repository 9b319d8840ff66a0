"""Shortest paths between spots on the edges of a directed graph, cut off at a distance.

Lengths are whole centimetres held as floats: exact here, so comparisons are the same on every
machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import dijkstra

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

CHUNK = 128
"""Sources of shortest paths at a time: what bounds the memory."""


class Spots(NamedTuple):
    """Where places lie: index of the edge, way from its start ``u``, way to the place (cm)."""

    edge: NDArray[np.int64]
    along_cm: Floats
    offset_cm: Floats


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
    nodes
        How many nodes there are.
    u, v
        Shape (m,), index of the node at the start and the end of each edge.
    length_cm
        Shape (m,), cm.
    ahead, back
        Shape (m,), whether the edge may be gone from ``u`` to ``v``, and from ``v`` to ``u``.
    """

    nodes: int
    u: NDArray[np.int64]
    v: NDArray[np.int64]
    length_cm: Floats
    ahead: NDArray[np.bool_]
    back: NDArray[np.bool_]

    def turned(self) -> Streets:
        """Return the streets with every direction turned round."""
        return Streets(self.nodes, self.u, self.v, self.length_cm, self.back, self.ahead)

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
        """Yield the pairs at most ``limit_cm`` apart, chunk by chunk of the sources.

        The limit is compared as straight lines are: in squares of whole centimetres.
        """
        count = len(sources.edge)
        if count == 0 or len(targets.edge) == 0:
            return
        graph = self._graph(*self.leaving(sources), np.arange(count))
        direct = self.direct(sources, targets)
        for first in range(0, count, CHUNK):
            last = min(first + CHUNK, count)
            rows = self.nodes + np.arange(first, last)
            cost = np.asarray(dijkstra(graph, indices=rows, limit=limit_cm + 1))
            distance = self._arriving(targets, cost)
            here = slice(*np.searchsorted(direct.source, [first, last]))
            spot = (direct.source[here] - first, direct.target[here])
            np.minimum.at(distance, spot, direct.distance_cm[here])
            near = np.nonzero(distance**2 <= np.floor(limit_cm * limit_cm))
            source, target = (index.astype(np.int32) for index in near)
            yield Pairs(source + np.int32(first), target, distance[near])

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
