"""Why each site was chosen: whom it reaches alone and in company, and what would do next best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from scipy import sparse

from kwev.solve.record import action_id
from kwev.units import POINTS
from kwev.vocabulary import LEVEL_KEYS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kwev.model.coverage import Level
    from kwev.report.effects import Effects

LEAST_POINTS: Final = 1e-9
"""Coverage below this is none (points)."""

COLUMNS: Final = [
    "id", "kind", "place_id", "name", "municipality", "level", "net_cad",
    "alone_l2", "alone_l3", "company_l2", "company_l3", "lost_l2", "lost_l3", "in_reach", "shared",
    "points", "cad_per_point", "alternative", "alternative_kind", "alternative_name",
    "alternative_net_cad", "alternative_points", "kept_share",
]  # fmt: skip


@dataclass(frozen=True)
class _Swaps:
    """What coverage becomes when a chosen action goes and another comes (points, levels weighed).

    Attributes
    ----------
    lost
        Shape (c,): coverage that goes with each chosen action.
    regained
        Shape (m, c): coverage that column u brings once chosen action k is gone.
    """

    lost: NDArray[np.float64]
    regained: NDArray[np.float64]


def reasons(effects: Effects) -> pd.DataFrame:
    """Return each action of the plan with the reason it was chosen and its best alternative.

    Coverage in points is that of people on the cells, each level with the weight of the
    objective. The best alternative is the action outside the plan, at a place that is free once
    this one goes, that keeps the most coverage in its stead; with the fewest ports it may have, it
    must cost no more than this action's net cost and what the plan leaves unspent. Each swap is
    measured, none is solved; rules that tie sites together are not asked.

    Returns
    -------
    pandas.DataFrame
        Action by action as in the plan: ``id``, ``kind``, ``place_id``, ``name``,
        ``municipality``, ``level`` (l3 where it adds ports of Level 3, else l2), ``net_cad``;
        people whom it would newly reach if it were added alone to today's network (``alone_l2``,
        ``alone_l3``), who would have no station if it were taken out of the plan (``company_l2``,
        ``company_l3``), and who have no station in the plan because of it (``lost_l2``,
        ``lost_l3``); ``in_reach`` (people within its radius at its level) and ``shared`` (part of
        them whom another station of the level reaches as well); ``points`` (coverage that would go
        with it), ``cad_per_point`` (NaN where none would); ``alternative`` (id),
        ``alternative_kind``, ``alternative_name``, ``alternative_net_cad`` with the fewest ports,
        ``alternative_points`` (coverage that it would bring instead) and ``kept_share`` (of
        ``points``); empty where no other action brings any.
    """
    columns, plan = effects.columns, effects.plan
    chosen = np.flatnonzero(effects.choice.build)
    if len(chosen) == 0:
        return pd.DataFrame(columns=COLUMNS)
    swaps = _swaps(effects, chosen)
    people = {level: _people(effects, level, chosen) for level in LEVEL_KEYS}
    of_column = {int(k): i for i, k in enumerate(chosen)}
    known = {action_id(columns, int(k)): int(k) for k in chosen}
    names = _names(effects)
    rows = []
    for action in plan.actions:
        k = known[action.id]
        i = of_column[k]
        l2, l3 = people["l2"], people["l3"]
        level: Level = "l3" if action.l3_ports_after > action.l3_ports_before else "l2"
        brought = people[level]
        points = float(swaps.lost[i])
        rows.append(
            {
                "id": action.id,
                "kind": action.kind,
                "place_id": action.place_id,
                "name": action.name,
                "municipality": action.municipality,
                "level": level,
                "net_cad": action.net_cad,
                "alone_l2": l2.alone[i],
                "alone_l3": l3.alone[i],
                "company_l2": l2.company[i],
                "company_l3": l3.company[i],
                "lost_l2": l2.lost[i],
                "lost_l3": l3.lost[i],
                "in_reach": brought.in_reach[i],
                "shared": brought.shared[i] / brought.in_reach[i]
                if brought.in_reach[i] > 0
                else np.nan,
                "points": points,
                "cad_per_point": action.net_cad / points if points > LEAST_POINTS else np.nan,
                **_alternative(effects, swaps, chosen, i, names),
            }
        )
    return pd.DataFrame(rows, columns=COLUMNS)


@dataclass(frozen=True)
class _People:
    """People of one level by chosen action; arrays of shape (c,)."""

    alone: NDArray[np.float64]
    company: NDArray[np.float64]
    lost: NDArray[np.float64]
    in_reach: NDArray[np.float64]
    shared: NDArray[np.float64]


def _people(effects: Effects, level: Level, chosen: NDArray[np.int64]) -> _People:
    change = effects.reach[level].change.tocsc()[:, chosen]
    brings, takes = _part(change, 1).T, _part(change, -1).T
    today, later = effects.counts[level, "before"], effects.counts[level, "after"]
    people = effects.cells.people
    return _People(
        alone=brings @ (people * (today == 0)),
        company=brings @ (people * (later == 1)),
        # whoever is left without any in the plan, and would not be without this action
        lost=takes @ (people * (later == 0)),
        in_reach=brings @ people,
        shared=brings @ (people * (later > 1)),
    )


def _part(change: sparse.csc_array, sign: int) -> sparse.csc_array:
    """Return 1 where ``change`` has the sign, as doubles."""
    part = change.copy()
    part.data = (part.data == sign).astype(np.float64)
    part.eliminate_zeros()
    return part


def _swaps(effects: Effects, chosen: NDArray[np.int64]) -> _Swaps:
    """Measure every swap of one chosen action for one other column.

    With count a_j of stations in reach of cell j in the plan, taking out k leaves
    a_j - change_jk. Adding u then brings the cells that have 0 left and that u reaches, and takes
    those that have 1 left and lose it by u. Both sums are those of the whole plan plus a
    correction on the cells that k changes, so only these are visited.
    """
    m, c = len(effects.columns), len(chosen)
    lost, regained = np.zeros(c), np.zeros((m, c))
    weights = {"l2": effects.config.weights.l2, "l3": effects.config.weights.l3}
    everybody = max(float(effects.cells.people.sum()), np.finfo(float).tiny)
    for level in LEVEL_KEYS:
        value = POINTS * weights[level] * effects.cells.people / everybody
        change = effects.reach[level].change.tocsc()
        later = effects.counts[level, "after"]
        brings, takes = _part(change, 1).T.tocsr(), _part(change, -1).T.tocsr()
        none, one = later == 0, later == 1
        without = _Without.of(change[:, chosen], later)
        to_none, to_one = without.moved(0, none, value), without.moved(1, one, value)
        lost += np.asarray(to_none.sum(axis=0)).ravel()
        regained += (brings @ (value * none) - takes @ (value * one))[:, None]
        regained += (brings @ to_none).toarray() - (takes @ to_one).toarray()
    return _Swaps(lost, regained)


@dataclass(frozen=True, eq=False)
class _Without:
    """What is left where a chosen action goes: one entry for each cell that it changes.

    Attributes
    ----------
    cell, action
        Row and column of each entry.
    remain
        Stations in reach of the cell without the action.
    shape
        Cells and chosen actions.
    """

    cell: NDArray[np.int64]
    action: NDArray[np.int64]
    remain: NDArray[np.int64]
    shape: tuple[int, int]

    @classmethod
    def of(cls, change: sparse.csc_array, later: NDArray[np.int64]) -> _Without:
        """Read the changes of the chosen actions (n, c) beside the counts of the plan (n,)."""
        entries = change.tocoo()
        cell, action = entries.row.astype(np.int64), entries.col.astype(np.int64)
        return cls(cell, action, later[cell] - entries.data, change.shape)

    def moved(
        self, count: int, now: NDArray[np.bool_], value: NDArray[np.float64]
    ) -> sparse.csc_array:
        """Return +value (n,) where an action's going makes the count so, -value where it was."""
        step = (self.remain == count).astype(np.float64) - now[self.cell]
        data = value[self.cell] * step
        return sparse.csc_array((data, (self.cell, self.action)), shape=self.shape)


def _alternative(
    effects: Effects,
    swaps: _Swaps,
    chosen: NDArray[np.int64],
    i: int,
    names: dict[str, str],
) -> dict[str, object]:
    """Return the column that keeps the most coverage in place of chosen action i."""
    columns, plan = effects.columns, effects.plan
    k = chosen[i]
    net_cad = columns.fixed_cad + columns.port_cad * columns.min_ports - columns.resale_cad
    freed_cad = plan.actions[_at(effects, int(k))].net_cad
    freed_cad += max(plan.cost.budget_cad - plan.cost.net_cad, 0.0)
    taken = np.isin(columns.place, np.delete(columns.place[chosen], i))
    free = ~taken & ~effects.choice.build & (net_cad <= freed_cad + 0.005)
    gain = np.where(free, swaps.regained[:, i], -np.inf)
    # equal coverage: the cheaper, then the first by id
    order = np.lexsort((_rank(effects), net_cad, -gain.round(9)))
    best = int(order[0])
    if not gain[best] > LEAST_POINTS:
        return dict.fromkeys(_ALTERNATIVE[:3], "") | dict.fromkeys(_ALTERNATIVE[3:], np.nan)
    points = float(swaps.lost[i])
    place = str(columns.place_id[best])
    return {
        "alternative": action_id(columns, best),
        "alternative_kind": str(columns.kind[best]),
        "alternative_name": names[place],
        "alternative_net_cad": float(net_cad[best]),
        "alternative_points": float(gain[best]),
        "kept_share": float(gain[best]) / points if points > LEAST_POINTS else np.nan,
    }


_ALTERNATIVE: Final = COLUMNS[-6:]


def _at(effects: Effects, k: int) -> int:
    wanted = action_id(effects.columns, k)
    return next(i for i, action in enumerate(effects.plan.actions) if action.id == wanted)


def _rank(effects: Effects) -> NDArray[np.int64]:
    """Return the place of each column in the order of ids."""
    columns = effects.columns
    ids = np.array([action_id(columns, k) for k in range(len(columns))], str)
    return np.argsort(np.argsort(ids, kind="stable"), kind="stable")


def _names(effects: Effects) -> dict[str, str]:
    sites, stations = effects.tables.sites, effects.tables.stations
    return {
        **dict(zip(sites["site_id"], sites["name"].astype(str), strict=True)),
        **dict(zip(stations["station_id"], stations["name"].astype(str), strict=True)),
    }
