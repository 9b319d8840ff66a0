"""Reach, measured again for the certificate: straight lines pair by pair, roads in one search.

Written apart from ``coverage``, ``network`` and ``paths`` on purpose. Here every edge is really
cut at every spot on it, and one search from a node in front of all stations, against the
direction of travel, gives the distance of every demand point at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Self

import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from kwev.certify.actions import Level, Row
    from kwev.config import Config
    from kwev.data.tables import Tables

CHUNK = 512
"""Demand points compared with all places at a time."""

BATCH = 32
"""Searches along the roads that are held at a time."""

STRIP_CM = 250_000
"""Width of the strips in which places are gone through, each from south to north (cm)."""


@dataclass(frozen=True)
class Points:
    """Demand points of one kind, sorted by id; every array has one entry a point.

    Attributes
    ----------
    kind
        ``cell``, ``da`` or ``tract``.
    ids
        Shape (n,): ids, text.
    xy_cm
        Shape (n, 2): easting and northing in metres (whole cm).
    people
        Shape (n,): residents.
    ev
        Shape (n,): EVs of the year that the scenario plans for (vehicles).
    """

    kind: str
    ids: NDArray[np.str_]
    xy_cm: NDArray[np.int64]
    people: NDArray[np.float64]
    ev: NDArray[np.float64]

    @classmethod
    def read(cls, tables: Tables, kind: str, evs: dict[str, float]) -> Points:
        """Return the cells, dissemination areas or tracts, sorted by id, with the given EVs."""
        table = _by_id(tables, kind)
        return cls(
            kind=kind,
            ids=table[f"{kind}_id"].to_numpy(str),
            xy_cm=_to_cm(table[["easting_m", "northing_m"]].to_numpy(float)),
            people=table["population"].to_numpy(float),
            ev=np.array([evs[place] for place in table[f"{kind}_id"]], float),
        )

    def weights(self, target: str) -> NDArray[np.float64]:
        """Return whom a target counts: the people, or for ``ev_owners`` the EVs, shape (n,)."""
        return self.ev if target == "ev_owners" else self.people


class Measure:
    """Which points have a station within reach, by the scenario's metric.

    Parameters
    ----------
    tables
        ``data/processed``, read.
    config
        The resolved scenario.
    """

    def __init__(self, tables: Tables, config: Config) -> None:
        self._tables = tables
        self._radius_m = {"l2": config.coverage.l2_radius_m, "l3": config.coverage.l3_radius_m}
        self._along_roads = config.coverage.metric == "network"

    def reached(self, level: Level, points: Points, stations: list[Row]) -> NDArray[np.bool_]:
        """Return which points have one of the stations (rows of sites or stations) in reach."""
        radius_m = self._radius_m[level]
        if not self._along_roads:
            return any_within(points.xy_cm, xy_cm(stations), radius_m)
        far_cm = self._cut_roads(level, points).distance_cm(stations, radius_m)
        return np.asarray(far_cm**2 <= np.floor((radius_m * 100) ** 2))

    def reach(
        self,
        level: Level,
        points: Points,
        stations: list[Row],
        asked: NDArray[np.bool_] | None = None,
    ) -> list[NDArray[np.int64]]:
        """Return, for each station, which of the points asked for have it in reach, rising.

        All are asked for where nothing else is said.
        """
        radius_m = self._radius_m[level]
        asked = np.ones(len(points.ids), bool) if asked is None else asked
        if self._along_roads:
            return self._cut_roads(level, points).each_within(stations, radius_m, asked)
        found = each_within(points.xy_cm, xy_cm(stations), radius_m)
        return [near[asked[near]] for near in found]

    def _cut_roads(self, level: Level, points: Points) -> CutRoads:
        return _cut_roads(self._tables, "walk" if level == "l2" else "drive", points.kind)


class CutRoads:
    """The roads of one way to go, cut wherever a demand point, a station or a site meets them.

    Parameters
    ----------
    tables
        ``data/processed``, read.
    way
        ``walk`` or ``drive``.
    kind
        ``cell``, ``da`` or ``tract``.
    ids
        Ids of the demand points.

    Raises
    ------
    ValueError
        If a place meets no road of this way where it says.
    """

    def __init__(self, tables: Tables, way: str, kind: str, ids: Sequence[str]) -> None:
        snaps = tables.road_snaps
        here = snaps["mode"].isin([way, "both"]) & snaps["kind"].isin([kind, "station", "site"])
        snaps = snaps[here]
        edges = _Edges.of(tables, way)
        spots, offsets = edges.spots(snaps), _to_cm(snaps["offset_m"].to_numpy(float))
        order, nodes = edges.cut(spots)
        if (spots < 0).any():
            raise ValueError(f"a place meets no road to {way}")
        node = nodes[np.searchsorted(order, spots)]
        # no road of this way at all: the node in front of all stations stands alone
        self._source = int(nodes.max()) + 1 if len(nodes) else 0
        self._against = edges.arcs_against(order, nodes, self._source + 1)
        point = pd.Index(ids).get_indexer(pd.Index(snaps["id"].where(snaps["kind"] == kind)))
        self._node, self._offset = np.full(len(ids), -1), np.zeros(len(ids), np.int64)
        self._node[point[point >= 0]] = node[point >= 0]
        self._offset[point[point >= 0]] = offsets[point >= 0]
        others = (snaps["kind"] != kind).to_numpy(bool)
        places = zip(*(snaps.loc[others, name].tolist() for name in ("kind", "id")), strict=True)
        meets = zip(node[others].tolist(), offsets[others].tolist(), strict=True)
        self._spot = dict(zip(places, meets, strict=True))
        self._each_within = lru_cache(maxsize=4)(self._searched)

    def distance_cm(self, stations: Sequence[Row], radius_m: float = np.inf) -> NDArray[np.float64]:
        """Return the way from each point to its nearest station (cm), infinite where none is.

        One that is longer than the radius may be infinite as well.
        """
        first: dict[int, int] = {}
        for row in stations:
            node, offset = self._spot.get(place_of(row), (-1, 0))
            if node >= 0:
                first[node] = min(offset, first.get(node, offset))
        roads = self._against
        graph = csr_array(
            (
                np.append(roads.data, np.array(list(first.values()), float)),
                np.append(roads.indices, np.array(list(first), roads.indices.dtype)),
                np.append(roads.indptr[:-1], roads.nnz + len(first)),
            ),
            shape=roads.shape,
        )
        cost = dijkstra(graph, indices=np.array([self._source]), limit=radius_m * 100)[0]
        return np.where(self._node >= 0, cost[self._node] + self._offset, np.inf)

    def each_within(
        self, stations: Sequence[Row], radius_m: float, asked: NDArray[np.bool_]
    ) -> list[NDArray[np.int64]]:
        """Return, for each station, which of the points asked for are in reach along the roads.

        The last answers are kept: a plan and its neighbours in a study ask for the same.
        """
        # neighbours are searched from together: what is out of reach of all of them is left out
        east, north = xy_cm(stations).T
        order = np.lexsort((north, east // STRIP_CM)).tolist()
        keys = tuple(place_of(stations[i]) for i in order)
        near = self._each_within(keys, radius_m, asked.tobytes())
        found = dict(zip(order, near, strict=True))
        return [found[i] for i in range(len(order))]

    def _searched(
        self, stations: tuple[tuple[str, str], ...], radius_m: float, asked: bytes
    ) -> list[NDArray[np.int64]]:
        limit = radius_m * 100
        spots = [self._spot.get(station, (-1, 0)) for station in stations]
        wanted = np.flatnonzero((self._node >= 0) & np.frombuffer(asked, np.bool_))
        if len(wanted) == 0:
            return [wanted] * len(stations)
        # what is left of the way at each node, to the nearest point that is asked for
        left = dijkstra(
            csr_array(self._against.T), indices=np.unique(self._node[wanted]), limit=limit,
            min_only=True,
        )  # fmt: skip
        starts = list(dict.fromkeys(node for node, _ in spots if node >= 0))
        reached: dict[int, tuple[NDArray[np.int64], NDArray[np.float64]]] = {}
        for first in range(0, len(starts), BATCH):
            batch = starts[first : first + BATCH]
            gone = dijkstra(self._against, indices=batch, limit=limit, min_only=True)
            inside = np.flatnonzero(gone + left <= limit)
            number = np.full(len(gone), -1)
            number[inside] = np.arange(len(inside))
            ends = wanted[number[self._node[wanted]] >= 0]
            part = self._against[inside][:, inside]
            from_here = [node for node in batch if number[node] >= 0]
            cost = dijkstra(part, indices=number[from_here], limit=limit)
            way = cost[:, number[self._node[ends]]] + self._offset[ends]
            reached |= {node: (ends, far) for node, far in zip(from_here, way, strict=True)}
        none = np.empty(0, np.int64), np.empty(0)
        most = np.floor(limit**2)
        found = []
        for node, offset in spots:
            ends, far = reached.get(node, none)
            found.append(ends[(far + offset) ** 2 <= most])
        return found


@lru_cache(maxsize=4)
def _cut_roads(tables: Tables, way: str, kind: str) -> CutRoads:
    """Return the cut roads of a way and a kind of points; kept while the tables are the same."""
    return CutRoads(tables, way, kind, _by_id(tables, kind)[f"{kind}_id"].tolist())


def _by_id(tables: Tables, kind: str) -> pd.DataFrame:
    """Return the table of demand points of a kind, sorted by id."""
    table = {"cell": tables.cells, "da": tables.das, "tract": tables.tracts}[kind]
    return table.sort_values(f"{kind}_id")


def place_of(row: Row) -> tuple[str, str]:
    """Return whether a row is one of a site or of a station, and its id."""
    kind = "site" if "site_id" in row else "station"
    return kind, str(row[f"{kind}_id"])


@dataclass(frozen=True, eq=False)
class _Edges:
    """The edges of one way to go; a spot on them is one number, which rises along each edge.

    Attributes
    ----------
    ids
        Shape (m,): ids, rising.
    ends
        Shape (m, 2): first and last node, numbered.
    length
        Shape (m,): whole cm.
    ahead, back
        Shape (m,): whether it is gone from first to last node, and from last to first.
    nodes
        Number of nodes.
    """

    ids: NDArray[np.int64]
    ends: NDArray[np.int64]
    length: NDArray[np.int64]
    ahead: NDArray[np.bool_]
    back: NDArray[np.bool_]
    nodes: int

    @classmethod
    def of(cls, tables: Tables, way: str) -> Self:
        """Read the edges of ``walk`` or ``drive``."""
        both = {"walk": ["walk", "walk"], "drive": ["drive_forward", "drive_backward"]}[way]
        edges = tables.road_edges.sort_values("edge_id")
        edges = edges[edges[both].any(axis=1)]
        nodes = pd.Index(tables.road_nodes["node_id"])
        return cls(
            ids=edges["edge_id"].to_numpy(np.int64),
            ends=np.stack([nodes.get_indexer(pd.Index(edges[end])) for end in ("u", "v")], axis=1),
            length=_to_cm(edges["length_m"].to_numpy(float)),
            ahead=edges[both[0]].to_numpy(bool),
            back=edges[both[1]].to_numpy(bool),
            nodes=len(nodes),
        )

    @property
    def _stride(self) -> int:
        return int(self.length.max(initial=0)) + 1

    def spots(self, snaps: pd.DataFrame) -> NDArray[np.int64]:
        """Return where places meet these roads, -1 where they meet another one."""
        which = pd.Index(self.ids).get_indexer(pd.Index(snaps["edge_id"]))
        along = _to_cm(snaps["along_m"].to_numpy(float))
        on_it = (along >= 0) & (along <= np.append(self.length, -1)[which])
        return np.where(on_it, which * self._stride + along, -1)

    def cut(self, spots: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return all spots where an edge starts, ends or is cut, rising, and the node at each."""
        first = np.arange(len(self.ids)) * self._stride
        every = np.concatenate([first, first + self.length, spots])
        ends = np.concatenate([*self.ends.T, np.full(len(spots), -1)])
        order = np.argsort(every, kind="stable")
        every, nodes = every[order], ends[order]
        # ends come first among equals: what meets the road there, or where another did, is no cut
        kept = (nodes >= 0) | np.append(True, every[1:] != every[:-1])[: len(every)]
        every, nodes = every[kept], nodes[kept]
        cuts = nodes < 0
        nodes[cuts] = self.nodes + np.arange(cuts.sum())
        return every, nodes

    def arcs_against(
        self, order: NDArray[np.int64], nodes: NDArray[np.int64], size: int
    ) -> csr_array:
        """Return the shortest arc between neighbours (cm), from the head of each way to its tail.

        A matrix of shape (size, size), from row to column.
        """
        edge, along = np.divmod(order, self._stride)
        joined = np.flatnonzero(edge[1:] == edge[:-1])
        one, other, cm = nodes[joined], nodes[joined + 1], (along[1:] - along[:-1])[joined]
        ahead, back = self.ahead[edge[joined]], self.back[edge[joined]]
        row = np.append(other[ahead], one[back])
        column = np.append(one[ahead], other[back])
        length = np.append(cm[ahead], cm[back])
        by_length = np.lexsort((length, column, row))
        row, column, length = row[by_length], column[by_length], length[by_length]
        shortest = np.append(True, (row[1:] != row[:-1]) | (column[1:] != column[:-1]))[: len(row)]
        ends = row[shortest], column[shortest]
        return csr_array((length[shortest].astype(float), ends), shape=(size, size))


def _to_cm(metres: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.rint(metres * 100).astype(np.int64)


def xy_cm(rows: Sequence[Row]) -> NDArray[np.int64]:
    """Return the easting and northing of sites or stations in whole centimetres, shape (n, 2)."""
    pairs = [(row["easting_m"], row["northing_m"]) for row in rows]
    return _to_cm(np.array(pairs, float).reshape(-1, 2))


def any_within(
    points_cm: NDArray[np.int64], places_cm: NDArray[np.int64], radius_m: float
) -> NDArray[np.bool_]:
    """Return which points have a place within the radius: strip by strip, from south to north."""
    limit = np.floor((radius_m * 100) ** 2)
    found = np.zeros(len(points_cm), bool)
    beyond = np.int64(np.ceil(radius_m * 100)) + 1
    order = np.lexsort((points_cm[:, 1], points_cm[:, 0] // STRIP_CM))
    for start in range(0, len(order), CHUNK):
        rows = order[start : start + CHUNK]
        part = points_cm[rows]
        # nothing further away than the radius in one direction can be within it
        low, high = part.min(axis=0) - beyond, part.max(axis=0) + beyond
        near = places_cm[((places_cm >= low) & (places_cm <= high)).all(axis=1)]
        east = part[:, None, 0] - near[None, :, 0]
        north = part[:, None, 1] - near[None, :, 1]
        found[rows] = (east * east + north * north <= limit).any(axis=1)
    return found


def each_within(
    points_cm: NDArray[np.int64], places_cm: NDArray[np.int64], radius_m: float
) -> list[NDArray[np.int64]]:
    """Return, for each place, the indices of the points within the radius, rising."""
    limit = np.floor((radius_m * 100) ** 2)
    north_to = np.int64(np.ceil(radius_m * 100)) + 1
    order = np.argsort(points_cm[:, 1], kind="stable")
    east, north = points_cm[order, 0], points_cm[order, 1]
    low = np.searchsorted(north, places_cm[:, 1] - north_to)
    high = np.searchsorted(north, places_cm[:, 1] + north_to, side="right")
    found = []
    for (x, y), start, end in zip(places_cm, low, high, strict=True):
        aside, along = east[start:end] - x, north[start:end] - y
        near = aside * aside + along * along <= limit
        found.append(np.sort(order[start:end][near]))
    return found
