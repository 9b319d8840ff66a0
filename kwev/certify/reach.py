"""Reach, measured again for the certificate: straight lines pair by pair, roads in one search.

Written apart from ``coverage``, ``network`` and ``paths`` on purpose. Here every edge is really
cut at every spot on it, and one search from a node in front of all stations, against the
direction of travel, gives the distance of every demand point at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kwev.certify.actions import Level, Row
    from kwev.config import Config
    from kwev.data.tables import Tables

CHUNK = 512
"""Demand points compared with all places at a time."""

BATCH = 32
"""Searches along the roads that are held at a time."""

STRIP_CM = 250_000
"""Width of the strips in which stations are gone through, each from south to north (cm)."""


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
        table = {"cell": tables.cells, "da": tables.das, "tract": tables.tracts}[kind]
        table = table.sort_values(f"{kind}_id")
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
        far_cm = self._cut_roads(level, points).distance_cm(stations)
        return np.asarray(far_cm**2 <= np.floor((radius_m * 100) ** 2))

    def reach(self, level: Level, points: Points, stations: list[Row]) -> list[NDArray[np.int64]]:
        """Return, for each station, the indices of the points that have it in reach, rising."""
        radius_m = self._radius_m[level]
        if not self._along_roads:
            return each_within(points.xy_cm, xy_cm(stations), radius_m)
        return self._cut_roads(level, points).each_within(stations, radius_m)

    def _cut_roads(self, level: Level, points: Points) -> CutRoads:
        way = "walk" if level == "l2" else "drive"
        return _cut_roads(self._tables, way, points.kind, tuple(points.ids.tolist()))


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
    """

    def __init__(self, tables: Tables, way: str, kind: str, ids: tuple[str, ...]) -> None:
        snaps = tables.road_snaps
        here = snaps["mode"].isin([way, "both"])
        here &= snaps["kind"].isin([kind, "station", "site"])
        snaps = snaps[here].assign(
            along=_to_cm(snaps.loc[here, "along_m"].to_numpy(float)),
            offset=_to_cm(snaps.loc[here, "offset_m"].to_numpy(float)),
        )
        chain = _cut(tables, way, snaps)
        # no road of this way at all: the node in front of all stations stands alone
        self._source = int(chain["node"].max()) + 1 if len(chain) else 0
        self._against = _arcs_against(chain)
        at = chain.drop_duplicates(["edge_id", "along"])[["edge_id", "along", "node"]]
        snaps = snaps.merge(at, on=["edge_id", "along"], how="left", validate="many_to_one")
        self._spot = {
            (str(kind), str(place)): (int(node), int(offset))
            for kind, place, node, offset in zip(
                snaps["kind"], snaps["id"], snaps["node"], snaps["offset"], strict=True
            )
        }
        spots = [self._spot.get((kind, place), (-1, 0)) for place in ids]
        self._node, self._offset = np.array(spots, np.int64).reshape(-1, 2).T
        self._each_within = lru_cache(maxsize=4)(self._searched)

    def distance_cm(self, stations: list[Row]) -> NDArray[np.float64]:
        """Return the way from each point to its nearest station (cm), infinite where none is."""
        first: dict[int, int] = {}
        for row in stations:
            node, offset = self._spot.get(_key(row), (-1, 0))
            if node >= 0:
                first[node] = min(offset, first.get(node, offset))
        arcs = pd.DataFrame(
            {"from": self._source, "to": list(first), "cm": list(first.values())}, dtype=np.int64
        )
        graph = self._graph(pd.concat([self._against, arcs]))
        cost = np.asarray(dijkstra(graph, indices=np.array([self._source])))[0]
        return np.where(self._node >= 0, cost[self._node] + self._offset, np.inf)

    def _graph(self, arcs: pd.DataFrame) -> csr_array:
        size = self._source + 1
        ends = arcs["from"], arcs["to"]
        return csr_array((arcs["cm"].to_numpy(float), ends), shape=(size, size))

    def each_within(self, stations: list[Row], radius_m: float) -> list[NDArray[np.int64]]:
        """Return, for each station, the indices of the points within a radius along the roads.

        The last answers are kept: a plan and its neighbours in a study ask for the same.
        """
        # neighbours are searched from together: what is out of reach of all of them is left out
        east, north = xy_cm(stations).T
        order = np.lexsort((north, east // STRIP_CM)).tolist()
        near = self._each_within(tuple(_key(stations[i]) for i in order), radius_m)
        found = dict(zip(order, near, strict=True))
        return [found[i] for i in range(len(order))]

    def _searched(
        self, stations: tuple[tuple[str, str], ...], radius_m: float
    ) -> list[NDArray[np.int64]]:
        limit = np.floor((radius_m * 100) ** 2)
        graph = self._graph(self._against)
        spots = [self._spot.get(station, (-1, 0)) for station in stations]
        found = [np.empty(0, np.int64)] * len(stations)
        known = [i for i, (node, _) in enumerate(spots) if node >= 0]
        for start in range(0, len(known), BATCH):
            batch = known[start : start + BATCH]
            nodes = np.array([spots[i][0] for i in batch])
            reached = dijkstra(graph, indices=nodes, limit=radius_m * 100, min_only=True)
            inside = np.flatnonzero(np.isfinite(reached))
            number = np.full(len(reached), -1)
            number[inside] = np.arange(len(inside))
            here = np.flatnonzero((self._node >= 0) & (number[self._node] >= 0))
            at, offset = number[self._node[here]], self._offset[here]
            part = graph[inside][:, inside]
            cost = np.asarray(dijkstra(part, indices=number[nodes], limit=radius_m * 100))
            for i, far in zip(batch, cost, strict=True):
                found[i] = here[(far[at] + offset + spots[i][1]) ** 2 <= limit]
        return found


@lru_cache(maxsize=4)
def _cut_roads(tables: Tables, way: str, kind: str, ids: tuple[str, ...]) -> CutRoads:
    """Return the cut roads of a way and a kind of points; kept while the tables are the same."""
    return CutRoads(tables, way, kind, ids)


def _key(row: Row) -> tuple[str, str]:
    kind = "site" if "site_id" in row else "station"
    return kind, str(row[f"{kind}_id"])


def _cut(tables: Tables, way: str, snaps: pd.DataFrame) -> pd.DataFrame:
    """Return every edge as a chain of nodes: one row a node, with its place along the edge (cm).

    Columns: ``edge_id``, ``along``, ``node``, ``ahead``, ``back``.
    """
    edges = tables.road_edges
    walk, ahead, back = (edges[c] for c in ("walk", "drive_forward", "drive_backward"))
    ways = {"ahead": walk, "back": walk} if way == "walk" else {"ahead": ahead, "back": back}
    edges = edges.assign(**ways, length=_to_cm(edges["length_m"].to_numpy(float)))
    edges = edges[edges["ahead"] | edges["back"]]
    number = {name: i for i, name in enumerate(tables.road_nodes["node_id"].tolist())}
    cuts = snaps[["edge_id", "along"]].drop_duplicates()
    cuts = cuts.merge(edges[["edge_id", "length"]], on="edge_id", validate="many_to_one")
    cuts = cuts[(cuts["along"] > 0) & (cuts["along"] < cuts["length"])]
    starts = edges[["edge_id"]].assign(along=0, node=edges["u"].map(number))
    ends = edges[["edge_id"]].assign(along=edges["length"], node=edges["v"].map(number))
    inner = cuts[["edge_id", "along"]].assign(node=len(number) + np.arange(len(cuts)))
    chain = pd.concat([starts, inner, ends]).sort_values(["edge_id", "along"], ignore_index=True)
    return chain.merge(edges[["edge_id", "ahead", "back"]], on="edge_id", validate="many_to_one")


def _arcs_against(chain: pd.DataFrame) -> pd.DataFrame:
    """Return the shortest arc between neighbours, from the head of each way to its tail."""
    this, after = chain.iloc[:-1].reset_index(drop=True), chain.iloc[1:].reset_index(drop=True)
    joined = this["edge_id"] == after["edge_id"]
    pieces = pd.DataFrame(
        {
            "tail": this["node"],
            "head": after["node"],
            "cm": after["along"] - this["along"],
            "ahead": this["ahead"],
            "back": this["back"],
        }
    )[joined]
    travelled = pieces[pieces["ahead"]].rename(columns={"head": "from", "tail": "to"})
    returned = pieces[pieces["back"]].rename(columns={"tail": "from", "head": "to"})
    arcs = pd.concat([travelled, returned])[["from", "to", "cm"]]
    return arcs.groupby(["from", "to"])[["cm"]].min().reset_index()


def _to_cm(metres: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.rint(metres * 100).astype(np.int64)


def xy_cm(rows: list[Row]) -> NDArray[np.int64]:
    """Return the easting and northing of sites or stations in whole centimetres, shape (n, 2)."""
    pairs = [(row["easting_m"], row["northing_m"]) for row in rows]
    return _to_cm(np.array(pairs, float).reshape(-1, 2))


def any_within(
    points_cm: NDArray[np.int64], places_cm: NDArray[np.int64], radius_m: float
) -> NDArray[np.bool_]:
    """Return which points have a place within the radius: a sweep from south to north."""
    limit = np.floor((radius_m * 100) ** 2)
    found = np.zeros(len(points_cm), bool)
    places = places_cm[np.argsort(places_cm[:, 1], kind="stable")]
    north_to = np.int64(np.ceil(radius_m * 100)) + 1
    order = np.argsort(points_cm[:, 1], kind="stable")
    for start in range(0, len(order), CHUNK):
        rows = order[start : start + CHUNK]
        part = points_cm[rows]
        # nothing further north or south than the radius can be within it
        low, high = np.searchsorted(
            places[:, 1], [part[0, 1] - north_to, part[-1, 1] + north_to + 1]
        )
        east = part[:, None, 0] - places[None, low:high, 0]
        north = part[:, None, 1] - places[None, low:high, 1]
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
