"""How far the nearest charger is, before and after a plan: percentiles and distribution."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from kwev.display import style
from kwev.display.chart import Chart, require
from kwev.display.series import Axis, Line, Panel, Rule
from kwev.display.table import Column, table
from kwev.display.values import Numbers, named
from kwev.model.coverage import MODE_OF
from kwev.model.network import RoadNetwork
from kwev.report.effects import VEHICLE_NAMES, WHEN_NAMES, WHENS
from kwev.report.neighbourhoods import nearest_m
from kwev.vocabulary import LEVEL_KEYS, LEVEL_NAMES, LEVELS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kwev.config import Metric
    from kwev.display.figure import Figure, Origin
    from kwev.display.series import Dash
    from kwev.display.table import Table
    from kwev.model.coverage import Level
    from kwev.report.effects import Effects, When
    from kwev.report.scenario import Report

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
        for level in LEVEL_KEYS:
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
    order = {name: i for i, name in enumerate((*METRICS, *found.weights, *LEVEL_KEYS, *WHENS))}
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


# -- Named values, chart and table.

METRIC_NAMES: Final = {"straight_line": "Straight line", "network": "Along the roads"}
WHO_NAMES: Final = {"people": "People", **VEHICLE_NAMES}


def within(found: Distances, level: Level, metric: Metric, when: When, radius_m: float) -> float:
    """Return the share of people whose nearest station of a level lies within a distance (m)."""
    people = found.weights["people"]
    return float(people[found.metres[level, metric, when] <= radius_m].sum() / people.sum())


def of_distances(report: Report) -> Numbers:
    """Return within how far half, nine in ten and all people have a station.

    ``<level>_reached_road`` is the share of people within the scenario's radius along the roads,
    with the plan.
    """
    found, reach = report.findings.distances, report.config.coverage
    numbers = []
    for level in LEVEL_KEYS:
        share = within(found, level, "network", "after", reach.radius_m(level))
        numbers += named("distances.within", share={f"{level}_reached_road": share})
    for row in report.findings.percentiles.to_dict("records"):
        if row["who"] != "people":
            continue
        straight = row["metric"] == "straight_line"
        names = {"half": "p50", "ninety": "p90"} | ({"farthest": "max"} if straight else {})
        for word, column in names.items():
            name = f"{row['level']}_{word}_{row['when']}{'' if straight else '_road'}"
            origin, metres = f"distances.percentiles: {row['level']}, {row['metric']}", row[column]
            if math.isnan(metres):
                numbers += named(origin, text={name: "no station is reached"})
            else:
                numbers += named(origin, km={name: metres / 1_000})
    return Numbers(numbers)


_LINES: Final[dict[str, tuple[str, When, Dash, float]]] = {
    "straight_line_before": ("Today, straight line", "before", "solid", 2.4),
    "straight_line_after": ("With the plan, straight line", "after", "solid", 2.4),
    "network_before": ("Today, along the roads", "before", "dash", 1.4),
    "network_after": ("With the plan, along the roads", "after", "dash", 1.4),
}
"""Words, time, dashes and width of each line."""


def distance_chart(found: pd.DataFrame, radius_m: dict[str, float], *, origin: Origin) -> Figure:
    """Show the share of people within each distance of a station, one panel a level.

    Parameters
    ----------
    found
        As from :func:`curves`.
    radius_m
        The plan's radius by level, drawn as a vertical line (m).
    """
    name = "distances"
    require(found, ("level", "distance_m", *_LINES), name)
    each, panels = [], []
    for level in LEVELS:
        part = found[found["level"] == level.key]
        at = part[part["distance_m"] <= radius_m[level.key]].iloc[-1]
        each.append(
            f"{level.name} within {at['distance_m']:,.0f} m: in a straight line "
            f"{at['straight_line_before']:.0%} today and {at['straight_line_after']:.0%} with the "
            f"plan, along the roads {at['network_before']:.0%} and {at['network_after']:.0%}"
        )
        km = (part["distance_m"] / 1_000).tolist()
        lines = [
            Line(
                x=km, y=part[key].tolist(), label=words, dash=dash, width=width,
                colour=level.colour if when == "after" else style.EXISTING,
                hover="within %{x:.2f} km: %{y:.1%}",
            )
            for key, (words, when, dash, width) in _LINES.items()
        ]  # fmt: skip
        panels.append(
            Panel(
                title=f"{level.name}; dotted: the plan's radius",
                series=[*lines, Rule(x=radius_m[level.key] / 1_000)],
                x=Axis(title="Distance to the nearest station (km)", span=(0, km[-1])),
                y=Axis(title="People (%)", form="share", span=(0, 1.02)),
            )
        )
    return Chart(
        name=name,
        alt=f"Share of people by distance to the nearest station. {'; '.join(each)}.",
        origin=origin,
        data=found,
        panels=panels,
        height_px=560,
        height_in=4.6,
        legend_columns=2,
    ).figure()


def distance_table(report: Report) -> Table:
    """Return percentiles of the distance to the nearest station; the PDF shows people alone."""
    frame = report.findings.percentiles
    frame = frame.assign(
        printed=frame["who"] == "people",
        what=frame["level"].map(LEVEL_NAMES) + ", " + frame["metric"].map(METRIC_NAMES).str.lower(),
        time=frame["when"].map(WHEN_NAMES),
        who=frame["who"].map(WHO_NAMES),
    )
    order = {name: i for i, name in enumerate(WHO_NAMES.values())}
    frame = frame.sort_values("who", key=lambda c: c.map(order), kind="stable", ignore_index=True)
    columns = (Column("what", "Nearest"), "time p50 p75 p90 p95 p99 max unreached")
    return table("distances", frame, columns, report.origin, group="who", printed="printed")
