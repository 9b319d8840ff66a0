"""Why each site was chosen: whom it reaches alone and in company, and what would do next best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from scipy import sparse

from kwev.display.table import table
from kwev.display.values import Numbers, named
from kwev.solve.record import action_id
from kwev.units import POINTS
from kwev.vocabulary import KIND_NAMES, LEVEL_KEYS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kwev.display.table import Table
    from kwev.model.coverage import Level
    from kwev.report.effects import Effects
    from kwev.report.scenario import Report

LEAST_POINTS: Final = 1e-9
"""Coverage below this is none (points)."""

PRINTED: Final = 15
"""Actions that the PDF shows, those that hold most coverage."""

COLUMNS: Final = [
    "id", "kind", "place_id", "name", "municipality", "level", "net_cad",
    "alone_l2", "alone_l3", "company_l2", "company_l3", "lost_l2", "lost_l3", "in_reach", "shared",
    "points", "cad_per_point", "alternative", "alternative_kind", "alternative_name",
    "alternative_net_cad", "alternative_points", "kept_share",
]  # fmt: skip


@dataclass(frozen=True)
class _Swaps:
    """Coverage when a chosen action goes and another comes (points, levels weighed)."""

    lost: NDArray[np.float64]
    """Shape (c,): coverage that goes with each chosen action."""
    regained: NDArray[np.float64]
    """Shape (m, c): coverage that column u brings once chosen action k is gone."""


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
    chosen = np.flatnonzero(effects.choice.build)
    if len(chosen) == 0:
        return pd.DataFrame(columns=COLUMNS)
    swaps = _swaps(effects, chosen)
    l2, l3 = (_people(effects, level, chosen) for level in LEVEL_KEYS)
    rows = []
    for action in effects.plan.actions:
        i = int(np.searchsorted(chosen, effects.column_of[action.id]))
        level: Level = "l3" if action.l3_ports_after > action.l3_ports_before else "l2"
        brought = l3 if level == "l3" else l2
        points, some = float(swaps.lost[i]), brought.in_reach[i] > 0
        rows.append(
            {
                **{key: getattr(action, key) for key in COLUMNS[:5]},
                "level": level,
                "net_cad": action.net_cad,
                **{f"{part}_{key}": getattr(people, part)[i]
                   for part in ("alone", "company", "lost")
                   for key, people in (("l2", l2), ("l3", l3))},
                "in_reach": brought.in_reach[i],
                "shared": brought.shared[i] / brought.in_reach[i] if some else np.nan,
                "points": points,
                "cad_per_point": action.net_cad / points if points > LEAST_POINTS else np.nan,
                **_alternative(effects, swaps, chosen, i),
            }
        )  # fmt: skip
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
    """What is left where a chosen action goes: one entry for each cell that it changes."""

    cell: NDArray[np.int64]
    action: NDArray[np.int64]
    remain: NDArray[np.int64]
    """Stations in reach of the cell without the action."""
    shape: tuple[int, int]
    """Cells and chosen actions."""

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
    effects: Effects, swaps: _Swaps, chosen: NDArray[np.int64], i: int
) -> dict[str, object]:
    """Return the column that keeps the most coverage in place of chosen action i."""
    columns, plan = effects.columns, effects.plan
    net_cad = columns.fixed_cad + columns.port_cad * columns.min_ports - columns.resale_cad
    own = action_id(columns, int(chosen[i]))
    freed_cad = next(action.net_cad for action in plan.actions if action.id == own)
    freed_cad += max(plan.cost.budget_cad - plan.cost.net_cad, 0.0)
    taken = np.isin(columns.place, np.delete(columns.place[chosen], i))
    free = ~taken & ~effects.choice.build & (net_cad <= freed_cad + 0.005)
    gain = np.where(free, swaps.regained[:, i], -np.inf)
    # equal coverage: the cheaper, then the first by id
    ids = np.array(list(effects.column_of), str)
    best = int(np.lexsort((ids, net_cad, -gain.round(9)))[0])
    if not gain[best] > LEAST_POINTS:
        return dict.fromkeys(COLUMNS[-6:-3], "") | dict.fromkeys(COLUMNS[-3:], np.nan)
    points = float(swaps.lost[i])
    return {
        "alternative": ids[best],
        "alternative_kind": str(columns.kind[best]),
        "alternative_name": _name(effects, str(columns.place_id[best])),
        "alternative_net_cad": float(net_cad[best]),
        "alternative_points": float(gain[best]),
        "kept_share": float(gain[best]) / points if points > LEAST_POINTS else np.nan,
    }


def _name(effects: Effects, place: str) -> str:
    sites, stations = effects.tables.sites, effects.tables.stations
    at_station = stations.loc[stations["station_id"] == place, "name"]
    found = at_station if len(at_station) else sites.loc[sites["site_id"] == place, "name"]
    return str(found.iloc[-1])


# -- Named values and table.


def of_reasons(report: Report) -> Numbers:
    """Return what the best alternatives keep, and what swaps for them would gain."""
    found, origin = report.findings.reasons, "reasons.reasons"
    kept = found["kept_share"].dropna().astype(float)
    return Numbers(
        [
            *named(origin, share={"kept_median:.0%": kept.median() if len(kept) else 0.0}),
            *named(origin, text={"swaps": swaps_in_words(int((kept > 1).sum()), len(found))}),
            *named(origin, count={"no_alternative": int((found["alternative"] == "").sum())}),
        ]
    )


def swaps_in_words(gaining: int, actions: int) -> str:
    """Return in a sentence how many actions a swap for their best alternative would better."""
    if gaining == 0:
        return "No such swap would bring more people on the cells within reach."
    where = "one case" if gaining == 1 else f"{gaining:,} cases"
    return (
        f"In {where} of {actions:,} the swap would bring more people on the cells within reach: "
        "the plan weighs vehicles and scores as well, and is proved to its gap only."
    )


_SHORT_NAMES: Final = {
    "upgrade": "Conversion to Level 3",
    "new_l3": "New Level 3",
    "new_l2": "New Level 2",
}


def site_reasons(report: Report) -> Table:
    """Return each action with the reason it was chosen, those that hold most coverage first."""
    frame = report.findings.reasons
    is_l2 = frame["level"] == "l2"
    frame = frame.assign(
        what=frame["kind"].map({**KIND_NAMES, **_SHORT_NAMES}),
        alone=frame["alone_l2"].where(is_l2, frame["alone_l3"]),
        company=frame["company_l2"].where(is_l2, frame["company_l3"]),
    )
    frame = frame.sort_values(["points", "id"], ascending=[False, True], ignore_index=True)
    columns = "name municipality what alone company points alternative_name kept_share"
    return table("site-reasons", frame, columns, report.origin, pdf_rows=PRINTED)
