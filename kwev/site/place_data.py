"""What the page My place reads: names, numbers, roads and chargers, each in files of its own.

Roads are numbered by their start, so that a list of differences stays short; all lengths are whole
centimetres, all places hundred-thousandths of a degree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from kwev.data.links import crs_of
from kwev.model.demand import share_of
from kwev.pipeline.geometry import metres_of, unproject
from kwev.report.effects import WHENS
from kwev.site.place_address import WORDS
from kwev.units import CM_PER_M
from kwev.vocabulary import ACTION_KIND, LEVEL_KEYS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from kwev.data.tables import Tables
    from kwev.report.effects import Effects
    from kwev.report.scenario import Report

SHARD: Final = 1_000
"""Streets whose numbers are in one file."""
DEGREE: Final = 100_000
"""Parts of a degree that places are told in: about a metre."""
FEWEST: Final = 2
"""A settlement with fewer streets is no place to look for."""
NEW: Final = ("new_l2", "new_l3")
WHO: Final = {
    "staff": "for staff", "guests": "for guests", "customers": "for customers",
    "one_maker": "for cars of one maker", "business_hours": "in business hours",
}  # fmt: skip
"""Who may use a station, in words, where its list says so."""


@dataclass(frozen=True, eq=False)
class Numbering:
    """How the page numbers roads and municipalities.

    Attributes
    ----------
    edges
        ``road_edges``, by rising start and end.
    of_edge
        Number of each road by its ``edge_id``.
    of_town
        Number of each municipality by its id, in the order of their names.
    towns
        Their names.
    """

    edges: pd.DataFrame
    of_edge: pd.Series
    of_town: dict[str, int]
    towns: list[str]

    @classmethod
    def of(cls, tables: Tables) -> Numbering:
        """Return the numbering of the tables."""
        edges = tables.road_edges.sort_values(["u", "v", "edge_id"], ignore_index=True)
        towns = tables.municipalities.sort_values("name", ignore_index=True)
        return cls(
            edges,
            pd.Series(edges.index, index=edges["edge_id"]),
            {str(key): i for i, key in enumerate(towns["municipality_id"])},
            towns["name"].tolist(),
        )


def data(report: Report) -> dict[str, Any]:
    """Return all that the page may load, by name of its file."""
    tables, numbering = report.tables, Numbering.of(report.tables)
    found: dict[str, Any] = {
        "place-names": names(tables, report.findings.effects, numbering),
        "place-roads": roads(tables, numbering),
        "place-shapes": shapes(tables, numbering),
        "place-chargers": chargers(report, numbering),
    }
    for shard, lines in enumerate(numbers(tables, numbering)):
        found[f"place-numbers-{shard}"] = lines
    return found


# -- Roads.


def roads(tables: Tables, numbering: Numbering) -> dict[str, Any]:
    """Return the road network: start of each road, its end from there, length, ways to go.

    ``go`` has a digit for each road: 1 on foot, 2 by car from start to end, 4 back, added up.
    """
    edges, index = numbering.edges, pd.Index(tables.road_nodes["node_id"])
    start, end = index.get_indexer(edges["u"]), index.get_indexer(edges["v"])
    ways = edges["walk"] + 2 * edges["drive_forward"] + 4 * edges["drive_backward"]
    return {
        "nodes": len(index),
        "start": _steps(start),
        "end": (end - start).tolist(),
        "cm": _whole(edges["length_m"], CM_PER_M),
        "go": "".join(str(way) for way in ways),
    }


def shapes(tables: Tables, numbering: Numbering) -> dict[str, Any]:
    """Return where junctions are, and the bends of each road: its number, then pairs from it."""
    nodes = tables.road_nodes
    xy_m, crs = metres_of(nodes), crs_of(tables.das)
    at = _degrees(unproject(xy_m, crs))
    row = pd.Series(np.arange(len(nodes)), index=nodes["node_id"])
    start_of = numbering.edges.set_index("edge_id")["u"].map(row)
    bent = tables.street_shapes
    off_m = [np.array(text.split(), np.float64).reshape(-1, 2) for text in bent["bends"]]
    start = np.repeat(start_of[bent["edge_id"]].to_numpy(), [len(one) for one in off_m])
    steps = _degrees(unproject(xy_m[start] + np.concatenate(off_m), crs)) - at[start]
    ends = np.cumsum([len(one) for one in off_m])[:-1]
    bends = [
        [int(edge), *part.ravel().tolist()]
        for edge, part in zip(
            numbering.of_edge[bent["edge_id"]], np.split(steps, ends), strict=True
        )
    ]
    return {"lon": _steps(at[:, 0]), "lat": _steps(at[:, 1]), "bends": sorted(bends)}


def _degrees(lonlat: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.rint(lonlat * DEGREE).astype(np.int64)


def _steps(values: NDArray[np.int64]) -> list[int]:
    return [int(step) for step in np.diff(values, prepend=0)]


def _whole(values: pd.Series, parts: int) -> list[int]:
    return [int(part) for part in np.rint(values.to_numpy(np.float64) * parts)]


# -- Streets and other names.


def names(tables: Tables, effects: Effects, numbering: Numbering) -> dict[str, Any]:
    """Return what can be looked for by name, and the words that are one in the search.

    A street is its name, number of its municipality, lowest and highest number (0 without any),
    its middle (road, metres along it) and its settlements; an area its name, kind, place and
    middle, and people near each level, where its people are known.
    """
    ends = _ends(tables)
    rows = [
        [row["name"], numbering.of_town[row["municipality_id"]],
         *ends.get(row["street_id"], (0, 0)),
         int(numbering.of_edge[row["edge_id"]]), row["along_m"],
         *([row["settlements"]] if row["settlements"] else [])]
        for row in tables.streets.to_dict("records")
    ]  # fmt: skip
    areas = [*_settlements(tables, numbering), *_areas(effects, numbering)]
    return {"towns": numbering.towns, "streets": rows, "areas": areas, "words": WORDS,
            "shard": SHARD}  # fmt: skip


def _ends(tables: Tables) -> dict[int, tuple[int, int]]:
    """Return the lowest and the highest number of each street that has numbers."""
    rows = tables.street_numbers
    lists = rows["numbers"].str.split()
    low, high = lists.str[0].astype(int), lists.str[-1].astype(int)
    table = pd.DataFrame({"id": rows["street_id"], "low": low, "high": high})
    ends = table.groupby("id").agg({"low": "min", "high": "max"})
    return {int(key): (int(low), int(high)) for key, low, high in ends.itertuples()}


def numbers(tables: Tables, numbering: Numbering) -> Iterator[list[str]]:
    """Yield the numbers of :data:`SHARD` streets at a time, one text a street.

    A side of a road is its number, street numbers, metres along it, metres from it; commas part
    these four, semicolons the sides.
    """
    rows = tables.street_numbers
    parts = zip(
        numbering.of_edge[rows["edge_id"]], rows["numbers"], rows["alongs"], rows["offsets"],
        strict=True,
    )  # fmt: skip
    texts: dict[int, list[str]] = {}
    for street, part in zip(rows["street_id"], parts, strict=True):
        texts.setdefault(int(street), []).append(",".join(map(str, part)))
    every = [";".join(texts.get(int(street), [])) for street in tables.streets["street_id"]]
    for first in range(0, len(every), SHARD):
        yield every[first : first + SHARD]


def _settlements(tables: Tables, numbering: Numbering) -> Iterator[list[Any]]:
    """Yield each settlement at the middle of the street that is nearest to the mean of all."""
    streets = tables.streets.assign(place=tables.streets["settlements"].str.split("|"))
    streets = streets.explode("place")
    towns = set(tables.municipalities["name"])
    streets = streets[(streets["place"] != "") & ~streets["place"].isin(towns)]
    start = tables.road_edges.set_index("edge_id")["u"]
    nodes = tables.road_nodes.set_index("node_id")
    for (place, town), part in streets.groupby(["place", "municipality_id"]):
        if len(part) < FEWEST:
            continue
        at = metres_of(nodes.loc[start.loc[part["edge_id"]]])
        row = part.iloc[_nearest_to(at, at.mean(axis=0))]
        spot = [int(numbering.of_edge[row["edge_id"]]), int(row["along_m"]) * CM_PER_M, 0]
        yield [place, "settlement", numbering.of_town[str(town)], spot]


def _areas(effects: Effects, numbering: Numbering) -> Iterator[list[Any]]:
    """Yield municipalities and forward sortation areas, at the home nearest to their middle."""
    tables, cells = effects.tables, effects.cells
    snaps = tables.road_snaps
    snaps = snaps[(snaps["kind"] == "cell") & (snaps["mode"] == "both")].set_index("id")
    known = np.flatnonzero(pd.Index(cells.ids).isin(snaps.index))
    fsa = effects.parts["da_id"].map(tables.da_profiles.set_index("da_id")["fsa"])
    groups = [
        (name, "municipality", town, np.where(cells.municipality == key, cells.people, 0.0))
        for (key, town), name in zip(numbering.of_town.items(), numbering.towns, strict=True)
    ] + [
        (code, "postal code", None,
         effects.in_cells(effects.parts["people"].where(fsa == code, 0.0).to_numpy()))
        for code in sorted(tables.fsas["fsa"])
    ]  # fmt: skip
    for name, kind, town, people in groups:
        if people.sum() <= 0:
            continue
        middle = (cells.xy_m * people[:, None]).sum(axis=0) / people.sum()
        own = known[people[known] > 0]
        snap = snaps.loc[cells.ids[own[_nearest_to(cells.xy_m[own], middle)]]]
        shares = [
            round(100 * share_of(people, effects.covered(level, when)))
            for level in LEVEL_KEYS
            for when in WHENS
        ]
        yield [name, kind, town, _spot(snap, numbering), round(people.sum()), shares]


def _nearest_to(xy_m: NDArray[np.float64], point_m: NDArray[np.float64]) -> int:
    return int(np.argmin(np.hypot(*(xy_m - point_m).T)))


def _spot(snap: Any, numbering: Numbering) -> list[int]:
    """Return where a place meets the roads: road, way along it and way to it (cm)."""
    along, offset = (round(snap[name] * CM_PER_M) for name in ("along_m", "offset_m"))
    return [int(numbering.of_edge[snap["edge_id"]]), along, offset]


# -- Chargers and candidates.


def chargers(report: Report, numbering: Numbering) -> dict[str, Any]:
    """Return all places that offer a level today or with the plan, and the candidates beside them.

    Each is id, name, more words, municipality (null outside), latitude, longitude, spot on foot,
    spot by car (null where no road is near, 0 for the same) and what it is, added up: 1 and 2 for
    Level 2 and Level 3 today, 4 and 8 for them with the plan, 16 and 32 where a candidate that was
    not chosen may have them.
    Where the plan brings a level, the month by which it is done and the action's id follow.
    """
    effects, config = report.findings.effects, report.config
    kinds = _kinds(effects)
    done: dict[tuple[str, str | None], tuple[int, str]] = {
        (package.place_id, ACTION_KIND[package.kind].adds): (
            package.implementation.schedule.month_to, package.id,
        )
        for package in report.packages
    }  # fmt: skip
    spots = {mode: _spots(report.tables, mode, numbering) for mode in ("walk", "drive")}
    rows = []
    for key, facts in _facts(report.tables, numbering).items():
        kind = kinds.get(key, 0)
        if not kind:
            continue
        walk, drive = (spots[mode].get(key) for mode in ("walk", "drive"))
        row = [*facts, walk, 0 if drive == walk else drive, kind]
        news = [
            done.get((key[1], level), (0, "")) if kind & gains and not kind & had else (0, "")
            for level, had, gains in (("l2", 1, 4), ("l3", 2, 8))
        ]
        rows.append(row + ([*news[0], *news[1]] if any(news[0] + news[1]) else []))
    coverage = config.coverage
    return {
        "places": rows,
        "radius": [coverage.l2_radius_m, coverage.l3_radius_m],
        "along": coverage.metric == "network",
    }


def _kinds(effects: Effects) -> dict[tuple[str, str], int]:
    kinds: dict[tuple[str, str], int] = {}
    bit = 1
    for when in WHENS:
        for places in (effects.network[when].l2, effects.network[when].l3):
            for key in zip(places.kind.tolist(), places.ids.tolist(), strict=True):
                kinds[key] = kinds.get(key, 0) | bit
            bit *= 2
    taken = {action.place_id for action in effects.plan.actions}
    columns = effects.columns
    for kind, place in zip(columns.kind.tolist(), columns.place_id.tolist(), strict=True):
        if kind in NEW and place not in taken:
            key = ("site", place)
            kinds[key] = kinds.get(key, 0) | (16 if kind == NEW[0] else 32)
    return kinds


def _facts(tables: Tables, numbering: Numbering) -> dict[tuple[str, str], list[Any]]:
    """Return id, name, words, municipality, latitude and longitude of every station and site."""
    found = {}
    for kind, table, words in (
        ("station", tables.stations, ("operator", "address")),
        ("site", tables.sites, ("category",)),
    ):
        for row in table.sort_values(f"{kind}_id").to_dict("records"):
            said = [str(row[name]).replace("_", " ") for name in words if row[name]]
            said += [WHO[row["conditions"]]] if row.get("conditions") in WHO else []
            town = numbering.of_town.get(str(row["municipality_id"]))
            place = [round(row[name] * DEGREE) for name in ("latitude", "longitude")]
            key = str(row[f"{kind}_id"])
            found[kind, key] = [key, row["name"], ", ".join(said), town, *place]
    return found


def _spots(tables: Tables, mode: str, numbering: Numbering) -> dict[tuple[str, str], list[int]]:
    snaps = tables.road_snaps
    snaps = snaps[snaps["mode"].isin([mode, "both"]) & snaps["kind"].isin(["station", "site"])]
    return {(row["kind"], row["id"]): _spot(row, numbering) for row in snaps.to_dict("records")}
