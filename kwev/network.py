"""The road network with places on it: who is within a distance along the roads of what.

A place lies at a spot on an edge; the way from the place to its spot (the offset) counts at both
ends, so no distance is ever below the straight line.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from scipy import sparse

from kwev.paths import Pairs, Spots, Streets

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kwev.places import Places
    from kwev.tables import Tables

Mode = Literal["walk", "drive"]

CM_PER_M = 100


@dataclass(frozen=True, eq=False)
class RoadNetwork:
    """A road network with places on it.

    Attributes
    ----------
    nodes, edges, snaps
        Tables ``road_nodes``, ``road_edges`` and ``road_snaps`` of :mod:`kwev.schemas.roads`.
    """

    nodes: pd.DataFrame
    edges: pd.DataFrame
    snaps: pd.DataFrame

    @classmethod
    def of(cls, tables: Tables) -> RoadNetwork:
        """Return the network of the processed tables."""
        return cls(tables.road_nodes, tables.road_edges, tables.road_snaps)

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
        """Return every pair of a point and a place within reach; arguments as in ``within``."""
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
        start, of_start = self._spots(mode, points)
        end, _ = self._spots(mode, places)
        nearest = np.full(len(points), np.inf)
        nearest[of_start] = self._streets[mode].turned().nearest_cm(end, start) / CM_PER_M
        return nearest

    def snapped(self, mode: Mode, places: Places) -> NDArray[np.bool_]:
        """Return which places have a spot on the roads."""
        found = np.zeros(len(places), bool)
        found[self._spots(mode, places)[1]] = True
        return found

    @cached_property
    def _streets(self) -> dict[str, Streets]:
        edges, index = self.edges, pd.Index(self.nodes["node_id"])
        u, v = index.get_indexer(edges["u"]), index.get_indexer(edges["v"])
        length_cm = _whole_cm(edges["length_m"])
        walk, ahead, back = (
            edges[name].to_numpy(bool) for name in ("walk", "drive_forward", "drive_backward")
        )
        return {
            "walk": Streets(len(index), u, v, length_cm, walk, walk),
            "drive": Streets(len(index), u, v, length_cm, ahead, back),
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

    def _spots(self, mode: Mode, places: Places) -> tuple[Spots, NDArray[np.int32]]:
        """Return the spots of the places that have one, and which places these are."""
        parts, index = [], []
        for kind in np.unique(places.kind):
            table = self._snaps_of.get((mode, str(kind)))
            which = np.flatnonzero(places.kind == kind)
            if table is not None:
                row = table.index.get_indexer(pd.Index(places.ids[which]))
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
