"""What the page "Change the plan" computes with: places, reach in cells, people, in compact form.

Reach is shipped for a few radii alone, for every action that any question of the page may allow.
Cells that the same places reach are one demand point, which is exact
(:func:`kwev.model.coverage.cover_rows`). Whole numbers are packed as text: base64 of numbers of
seven bits a byte, the lowest first, the eighth bit set where more follow.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy import sparse

from kwev.certify.dual_bound import MULTIPLIER, PART, read_parts
from kwev.files import dump_json
from kwev.model.coverage import cover_rows, reach_l2, reach_l3, row_of_points, ruler_of
from kwev.model.demand import demand_points, energy_need_kwh
from kwev.model.siting import decision_columns, existing_stations
from kwev.plan.questions import QUESTION_KEYS
from kwev.units import DEGREE_DECIMALS, HOURS_PER_YEAR
from kwev.vocabulary import LAND_KEYS, PLACE_CATEGORIES

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from kwev.config import Config
    from kwev.data.tables import Tables
    from kwev.model.coverage import Ruler
    from kwev.model.demand import DemandPoints
    from kwev.model.siting import Columns, Stations
    from kwev.plan.format import Plan
    from kwev.vocabulary import LevelKey

RADII_M: Final = {"l2": (400, 500, 800), "l3": (3_000, 5_000, 7_000)}
"""Reach that the page offers (m), by level."""

MICRO: Final = 10**6
"""People and vehicles have six decimals: they are shipped in millionths."""
WEIGHT_UNITS: Final = 10**13
"""Units of a weight of 1."""
PART_STEPS: Final = 2**14 - 1
"""Steps in which a part of a point's gain is shipped: two bytes."""
_BITS, _LOW = 7, 0x7F


@dataclass(frozen=True)
class Ground:
    """The demand points, and every place with every action that a question may allow."""

    config: Config
    points: DemandPoints
    stations: Stations
    columns: Columns
    ruler: Ruler

    @classmethod
    def of(cls, tables: Tables, config: Config) -> Ground:
        """Return the ground of a scenario, on the cells."""
        widest = config.with_values(ports__min_l2=1, ports__min_l3=1)
        stations = existing_stations(tables, widest)
        return cls(
            widest,
            demand_points(tables, widest, "cell"),
            stations,
            decision_columns(tables, widest, stations),
            ruler_of(tables, widest.coverage.metric),
        )

    @property
    def places(self) -> list[str]:
        """Ids of the places, in the order of ``columns.place``."""
        return [str(place) for place in np.unique(self.columns.place_id)]


def packed(numbers: ArrayLike) -> str:
    """Return whole numbers, none below 0, as text.

    Raises
    ------
    ValueError
        If a number is below 0.
    """
    rest = np.asarray(numbers, np.int64)
    if rest.size and rest.min() < 0:
        raise ValueError("only whole numbers from 0 on can be packed")
    parts, owners = [], []
    index = np.arange(len(rest))
    while len(rest):
        more = rest > _LOW
        parts.append(((rest & _LOW) | (more << _BITS)).astype(np.uint8))
        owners.append(index)
        rest, index = rest[more] >> _BITS, index[more]
    if not parts:
        return ""
    order = np.argsort(np.concatenate(owners), kind="stable")
    return base64.b64encode(np.concatenate(parts)[order].tobytes()).decode()


def steps(lists: list[NDArray[np.int64]], size: int) -> str:
    """Return rising lists packed, each as what differs from the most similar list before it.

    Places that lie near each other reach nearly the same. Of each list: how many lists back the
    other one is (0 for an empty one), how many numbers are in one of the two alone, the first of
    these and the steps from each to the next, less one.

    Parameters
    ----------
    size
        All numbers are below it.
    """
    lengths = np.array([len(numbers) for numbers in lists])
    columns = np.concatenate([np.empty(0, np.int64), *lists])
    shape = (len(lists), size)
    member = sparse.csr_array(
        (np.ones(len(columns), np.int32), columns, np.concatenate([[0], np.cumsum(lengths)])), shape
    )
    shared = sparse.csr_array(member @ member.T)
    found: list[NDArray[np.int64]] = []
    for i, numbers in enumerate(lists):
        other = shared.indices[shared.indptr[i] : shared.indptr[i + 1]]
        both = shared.data[shared.indptr[i] : shared.indptr[i + 1]]
        earlier = np.flatnonzero(other < i)
        apart = lengths[i] + lengths[other[earlier]] - 2 * both[earlier]
        back = 0
        # the nearest of those that are as similar: `other` is not sorted
        if len(earlier) and apart.min() < lengths[i]:
            back = i - int(other[earlier[apart == apart.min()]].max())
            numbers = np.setxor1d(numbers, lists[i - back], assume_unique=True)  # noqa: PLW2901
        found += [np.array([back, len(numbers)]), numbers[:1], np.diff(numbers) - 1]
    return packed(np.concatenate(found) if found else [])


def numbered(rows: NDArray[np.int64]) -> str:
    """Return numbers that come up in the order of the first of each, packed.

    A number is written as what the next new one would be, less it: 0 for a new one.
    """
    before = np.maximum.accumulate(np.concatenate([[-1], rows[:-1]])) if len(rows) else rows
    return packed(before + 1 - rows)


def level_data(
    ground: Ground, level: str, radius_m: int, part: NDArray[np.int64]
) -> dict[str, Any]:
    """Return the demand points of a level at a radius, and which places reach them.

    Parameters
    ----------
    part
        Shape (cells,): part of a cell's gain that its covering row takes, in units of
        :data:`kwev.certify.dual_bound.PART`.

    Returns
    -------
    dict
        ``reach``: of each place the points; ``base``: stations in reach today that may go;
        ``people``, ``ev`` (millionths), ``weight`` (of ``WEIGHT_UNITS``), ``part`` of each point;
        ``always``: the three sums over cells that have a charger whatever is done; ``cells``: of
        each cell 0 (never), 1 (always), or 2 and its point, as :func:`numbered`.
    """
    at = {f"coverage__{level}_radius_m": float(radius_m)}
    config, points = ground.config.with_values(**at), ground.points
    measure = {"l2": reach_l2, "l3": reach_l3}[level]
    reach = measure(points, ground.stations, ground.columns, config, ground.ruler)
    rows = cover_rows(reach, points)
    row = row_of_points(reach, rows)
    near = sparse.csc_array(rows.matrix)
    lists = [np.empty(0, np.int64)] * (int(ground.columns.place.max()) + 1)
    for k in np.flatnonzero(np.diff(near.indptr)):
        # one action of a place changes a level, so its reach is that of the place
        lists[ground.columns.place[k]] = np.sort(near.indices[near.indptr[k] : near.indptr[k + 1]])
    size = len(rows.base)
    hangs = row >= 0
    gain = points.weight[hangs]
    with np.errstate(invalid="ignore"):
        taken = np.bincount(row[hangs], gain * part[hangs], size) / np.bincount(
            row[hangs], gain, size
        )
    of_cell = np.where(reach.fixed >= 1, 1, np.where(hangs, row + 2, 0))
    return {
        "reach": steps(lists, size),
        "base": packed(rows.base),
        "people": packed(np.rint(rows.people * MICRO)),
        "ev": packed(np.rint(rows.ev * MICRO)),
        "weight": packed(np.rint(rows.weight * WEIGHT_UNITS)),
        "part": packed(np.rint(np.nan_to_num(taken) * (PART_STEPS / PART)).astype(np.int64)),
        "always": [rows.always_people, rows.always_ev, rows.always_weight],
        "cells": numbered_cells(of_cell),
    }


def numbered_cells(of_cell: NDArray[np.int64]) -> str:
    """Return the point of each cell as :func:`numbered`, the two that have none being 0 and 1."""
    return numbered(np.concatenate([[0, 1], of_cell]))


def cell_data(points: DemandPoints) -> dict[str, Any]:
    """Return the cells by id: people and EVs; ids as steps of the two grid numbers."""
    column, line = (
        np.array([int(name.split("_")[i]) for name in points.ids.tolist()]) for i in (1, 2)
    )
    return {
        "column": packed(_zigzag(np.diff(column, prepend=0))),
        "line": packed(_zigzag(np.diff(line, prepend=0))),
        "people": packed(np.rint(points.people * MICRO)),
        "ev": packed(np.rint(points.ev * MICRO)),
    }


def _zigzag(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.where(numbers >= 0, 2 * numbers, -2 * numbers - 1)


def canonical(config: Config) -> str:
    """Return the text whose hash names a configuration, with ``"@key"`` for what a question sets.

    The page puts its own values there, so that the hash that it states is that of
    :meth:`kwev.config.Planning.sha256`.
    """
    values = config.planning().as_dict()
    for key in QUESTION_KEYS:
        *parents, leaf = key.split(".")
        node = values
        for parent in parents:
            node = node[parent]
        node[leaf] = f"@{key}"
    return dump_json(values, indent=None)


def place_data(tables: Tables, ground: Ground) -> dict[str, Any]:
    """Return the facts of each place, in the order of ``columns.place``; by name one list each.

    Degrees are in ten-millionths, as whole numbers; power is kW; ``station`` is 1 where one stands
    there today; ``capacity_kw`` is what the place can draw.
    """
    columns, stations = ground.columns, ground.stations
    _, first = np.unique(columns.place, return_index=True)
    station = columns.station[first]
    facts = {str(row["site_id"]): row for row in tables.sites.to_dict("records")}
    facts |= {
        str(row["station_id"]): {**row, "category": "existing_station", "land": None}
        for row in tables.stations.to_dict("records")
    }
    rows = [facts[place] for place in ground.places]
    scale = 10.0**DEGREE_DECIMALS
    towns = sorted(energy_need_kwh(tables, ground.config))
    return {
        "id": ground.places,
        "name": [str(row["name"]) for row in rows],
        "category": [PLACE_CATEGORIES.index(row["category"]) for row in rows],
        "land": [-1 if row["land"] is None else LAND_KEYS.index(row["land"]) for row in rows],
        "town": [towns.index(str(columns.municipality[k])) for k in first.tolist()],
        "latitude": [round(float(row["latitude"]) * scale) for row in rows],
        "longitude": [round(float(row["longitude"]) * scale) for row in rows],
        "capacity_kw": columns.capacity_kw[first].tolist(),
        "station": (station >= 0).astype(int).tolist(),
        # no station: index -1
        **{
            name: np.append(getattr(stations, name), 0)[station].tolist()
            for name in ("l2_ports", "l3_ports", "l2_kw", "l3_kw")
        },
    }


def energy_data(tables: Tables, ground: Ground) -> dict[str, Any]:
    """Return the energy of each municipality: need and today's supply (kWh a year), and names."""
    need = energy_need_kwh(tables, ground.config)
    stations, demand = ground.stations, ground.config.demand
    kwh_per_kw = HOURS_PER_YEAR * demand.utilisation
    kw = {t: float(stations.standing_kw[stations.municipality == t].sum()) for t in sorted(need)}
    table = tables.municipalities
    names = dict(zip(table["municipality_id"], table["name"], strict=True))
    return {
        "towns": [str(names[town]) for town in sorted(need)],
        "need_kwh": [need[town] for town in sorted(need)],
        "supply_kwh": [kw[town] * kwh_per_kw for town in sorted(need)],
        "kwh_per_kw": kwh_per_kw,
        "ids": sorted(need),
    }


def multipliers(plan: Plan, points: DemandPoints) -> tuple[dict[str, float], dict[str, Any]]:
    """Return multipliers of a plan's checked bound: of rows (points), and parts of each cell.

    Of the branches that prove the bound the one is taken that holds the plan itself. Where a plan
    has no proof, nothing is known: no row has a price, and half of each gain is taken.
    """
    branches = plan.proof.branches.get("plan", [])
    given: dict[LevelKey, int] = {
        "l2": sum(action.kind == "new_l2" for action in plan.actions),
        "l3": sum(action.kind in ("new_l3", "upgrade") for action in plan.actions),
    }
    own = [
        b
        for b in branches
        if all(b.least.get(k, 0) <= n <= b.most.get(k, n) for k, n in given.items())
    ]
    if not own:
        half = np.full(len(points), PART // 2)
        return {}, dict.fromkeys(given, half)
    rows = {name: units / MULTIPLIER for name, units in sorted(own[0].rows.items())}
    return rows, {level: read_parts(own[0].cover.get(level, ""), len(points)) for level in given}
