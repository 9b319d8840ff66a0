"""Growth by place: the Region's forecast shared out to areas and address points, totals exact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from kwev.pipeline.population import from_micro, split_largest_remainder, to_micro

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kwev.pipeline.forecast import Outlook
    from kwev.pipeline.vehicles import Vehicles

YEARS: Final = (2030, 2035)
"""Years whose ends are shared out to places."""

COLUMNS: Final = [f"ev_{year}" for year in YEARS]
_YEAR_QUARTERS: Final = 4
_WINDOW: Final = 8
"""Quarters whose increase tells where growth is: two years, one of each season twice."""


@dataclass(frozen=True)
class Growth:
    """EVs to come.

    Parameters
    ----------
    fsas
        ``fsa_growth.csv``.
    points
        (N, 2) millionths of a vehicle at address points at the ends of :data:`YEARS`.
    """

    fsas: pd.DataFrame
    points: NDArray[np.int64]


def grow(vehicles: Vehicles, outlook: Outlook, additions_share: float) -> Growth:
    """Share the Region's forecast out to areas and their address points.

    Within an area the vehicles to come go where today's are: by households and kind of dwelling.
    """
    history = vehicles.quarters.pivot_table(index="fsa", columns="quarter", values="ev_inside")
    history = history.sort_index(axis=1).loc[vehicles.fsas["fsa"]]
    counts = history.to_numpy(float)
    table = pd.DataFrame(
        {
            "fsa": vehicles.fsas["fsa"],
            "growth_4q_per_year": yearly(counts, _YEAR_QUARTERS),
            "growth_8q_per_year": yearly(counts, _WINDOW),
        }
    )
    micro = to_micro(counts)
    now, before = micro[:, -1], micro[:, -1 - min(_WINDOW, counts.shape[1] - 1)]
    points = []
    for year, column in zip(YEARS, COLUMNS, strict=True):
        later = share_out(to_micro(outlook.middle(year)), now, before, additions_share)
        table[column] = from_micro(later)
        points.append(split_largest_remainder(later, vehicles.area, vehicles.weight))
    return Growth(table, np.column_stack(points))


def yearly(counts: NDArray[np.float64], quarters: int) -> NDArray[np.float64]:
    """Return (F,) mean growth per year over the last quarters (share), 0 where none was before.

    Parameters
    ----------
    counts
        (F, T) totals by area and quarter.
    quarters
        How far back; a shorter history is taken whole.
    """
    back = min(quarters, counts.shape[1] - 1)
    before, now = counts[:, -1 - back], counts[:, -1]
    ratio = np.divide(now, before, out=np.ones(len(now)), where=before > 0)
    rate: NDArray[np.float64] = np.round(ratio ** (_YEAR_QUARTERS / back) - 1, 6)
    return rate


def share_out(
    total: int | np.int64 | NDArray[np.int64],
    now: NDArray[np.int64],
    before: NDArray[np.int64],
    additions_share: float,
) -> NDArray[np.int64]:
    """Return (F,) whole parts of ``total``: what stands, and a part of what is added.

    The part of an area in what is added is ``additions_share`` times its part of the last increase
    and the rest times its part of what stands: an area that grew fast goes on to, but less so. A
    total below what stands is shared by what stands.

    Parameters
    ----------
    total
        Whole total, at least 0.
    now, before
        (F,) whole counts today and at the start of the last increase, at least 0.
    additions_share
        0 to 1.
    """
    one = np.zeros(len(now), dtype=np.int64)
    added = int(total) - int(now.sum())
    stock = now / max(int(now.sum()), 1)
    if added < 0:
        return split_largest_remainder(np.array([int(total)]), one, stock)
    rise = np.clip(now - before, 0, None)
    # where nothing rose, what stands is all that is known
    recent = rise / rise.sum() if rise.sum() > 0 else stock
    weight = additions_share * recent + (1 - additions_share) * stock
    return now + split_largest_remainder(np.array([added]), one, weight)


def growth_tables(
    growth: Growth,
    points: pd.DataFrame,
    das: pd.DataFrame,
    tracts: pd.DataFrame,
    cells: pd.DataFrame,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return ``da_growth``, ``tract_growth`` and ``cell_growth``: sums over address points.

    Parameters
    ----------
    points
        One row for each address point, with ``da_id`` and ``cell_id``.
    das, tracts, cells
        The processed tables of the places, whose order is kept.
    """
    named = das["area_id"].isin(set(tracts["tract_id"]))
    tract_of = dict(zip(das["da_id"], das["area_id"].where(named, das["da_id"]), strict=True))
    return (
        _summed(growth, points["da_id"], das, "da_id"),
        _summed(growth, points["da_id"].map(tract_of), tracts, "tract_id"),
        _summed(growth, points["cell_id"], cells, "cell_id"),
    )


def _summed(growth: Growth, ids: pd.Series[str], table: pd.DataFrame, key: str) -> pd.DataFrame:
    sums = pd.DataFrame(growth.points, columns=COLUMNS).groupby(ids.to_numpy()).sum()
    found = sums.loc[table[key]]
    return pd.DataFrame({key: table[key].to_numpy(), **{c: from_micro(found[c]) for c in COLUMNS}})
