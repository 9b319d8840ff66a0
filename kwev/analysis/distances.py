"""How far the nearest charger is, before and after a plan: percentiles and distribution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from kwev.analysis.effects import LEVELS, WHENS
from kwev.analysis.neighbourhoods import nearest_m
from kwev.coverage import MODE_OF
from kwev.network import RoadNetwork

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kwev.analysis.effects import Effects, When
    from kwev.config import Metric
    from kwev.coverage import Level

METRICS: Final[tuple[Metric, ...]] = ("straight_line", "network")
PERCENTILES: Final = {"p50": 0.5, "p75": 0.75, "p90": 0.9, "p95": 0.95, "p99": 0.99, "max": 1.0}
"""Column and share of people within the distance; the last is the farthest home."""

CURVE_M: Final[dict[Level, tuple[int, int]]] = {"l2": (3_000, 50), "l3": (12_000, 200)}
"""By level how far a distribution goes, and its step (m)."""

ROUNDING: Final = 1e-9
"""Part of all people that a sum of doubles may miss."""


@dataclass(frozen=True, eq=False)
class Distances:
    """Distance from each cell to the nearest station.

    Attributes
    ----------
    metres
        By level, metric and time: shape (n,), m; infinite where no station is reached.
    weights
        By name (``people``, ``bev``, ``phev``): how many each cell has, shape (n,).
    """

    metres: dict[tuple[Level, Metric, When], NDArray[np.float64]]
    weights: dict[str, NDArray[np.float64]]


def distances(effects: Effects) -> Distances:
    """Return how far each cell is from the nearest station: in a straight line, and by road.

    On foot to Level 2, by car to Level 3.
    """
    cells = effects.cells
    roads = RoadNetwork.of(effects.tables)
    metres: dict[tuple[Level, Metric, When], NDArray[np.float64]] = {}
    for when in WHENS:
        for level in LEVELS:
            places = effects.network[when].l2 if level == "l2" else effects.network[when].l3
            metres[level, "straight_line", when] = nearest_m(cells.xy_m, places.xy_m)
            metres[level, "network", when] = (
                roads.nearest_m(MODE_OF[level], cells.places, places)
                if len(places)
                else np.full(len(cells), np.inf)
            )
    return Distances(metres, {"people": cells.people, **effects.vehicles})


def percentiles(found: Distances) -> pd.DataFrame:
    """Return within which distance given shares of people and vehicles have the nearest station.

    Returns
    -------
    pandas.DataFrame
        ``level``, ``metric``, ``who`` (people, bev, phev), ``when`` (before, after); ``p50`` to
        ``p99`` and ``max`` (m; NaN where the station can't be reached), ``unreached`` (share
        without any way to a station).
    """
    rows = []
    for (level, metric, when), metres in found.metres.items():
        for who, weights in found.weights.items():
            total = float(weights.sum())
            lost = float(weights[~np.isfinite(metres)].sum()) / total if total > 0 else 0.0
            at = quantiles(metres, weights, list(PERCENTILES.values()))
            named = dict(zip(PERCENTILES, at.tolist(), strict=True))
            rows.append({"level": level, "metric": metric, "who": who, "when": when,
                         **named, "unreached": lost})  # fmt: skip
    table = pd.DataFrame(rows).replace(np.inf, np.nan)
    order = {name: i for i, name in enumerate((*METRICS, *found.weights, *LEVELS, *WHENS))}
    keys = ["level", "metric", "who", "when"]
    return table.sort_values(keys, key=lambda c: c.map(order), ignore_index=True)


def quantiles(
    metres: NDArray[np.float64], weights: NDArray[np.float64], shares: list[float]
) -> NDArray[np.float64]:
    """Return the least distance within which each share of the weight lies (m).

    Places without weight count for nothing, at the share 1 too.

    Parameters
    ----------
    metres, weights
        Shapes (n,); NaN is returned where there is no weight.
    shares
        Above 0, at most 1.
    """
    some = weights > 0
    metres, weights = metres[some], weights[some]
    if len(metres) == 0:
        return np.full(len(shares), np.nan)
    order = np.argsort(metres, kind="stable")
    within = np.cumsum(weights[order])
    at = np.searchsorted(within, np.array(shares) * within[-1] * (1 - ROUNDING))
    return np.asarray(metres[order][np.minimum(at, len(order) - 1)])


def curves(found: Distances) -> pd.DataFrame:
    """Return the share of people within each distance: what a chart of the distribution draws.

    Returns
    -------
    pandas.DataFrame
        ``level``, ``distance_m``, and a share for each metric and time, for example
        ``network_after``.
    """
    people = found.weights["people"]
    parts = []
    for level, (end_m, step_m) in CURVE_M.items():
        at = np.arange(0, end_m + step_m, step_m)
        part: dict[str, object] = {"level": level, "distance_m": at}
        for metric in METRICS:
            for when in WHENS:
                metres = found.metres[level, metric, when]
                # right edge closed: a home at the distance is within it
                counts = np.bincount(
                    np.searchsorted(at, metres), weights=people, minlength=len(at) + 1
                )[: len(at)]
                part[f"{metric}_{when}"] = np.cumsum(counts) / people.sum()
        parts.append(pd.DataFrame(part))
    return pd.concat(parts, ignore_index=True)
