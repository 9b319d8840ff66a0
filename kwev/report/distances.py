"""How far the nearest charger is, before and after a plan: percentiles and distribution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from matplotlib.ticker import PercentFormatter
from plotly.subplots import make_subplots

from kwev.display import style
from kwev.display.chart import chart, require
from kwev.model.coverage import MODE_OF
from kwev.model.network import RoadNetwork
from kwev.report.effects import WHENS
from kwev.report.neighbourhoods import nearest_m
from kwev.vocabulary import LEVEL_KEYS

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from numpy.typing import NDArray

    from kwev.config import Metric
    from kwev.display.figure import Figure, Origin
    from kwev.model.coverage import Level
    from kwev.report.effects import Effects, When

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


# -- The chart of distances: which share of people has a charger within how far, before and after.

_PANELS: Final = {"l2": ("Level 2", style.L2), "l3": ("Level 3", style.L3)}
_LINES: Final = {
    "straight_line_before": ("Today, straight line", False, "solid", "-", 2.4),
    "straight_line_after": ("With the plan, straight line", True, "solid", "-", 2.4),
    "network_before": ("Today, along the roads", False, "dash", "--", 1.4),
    "network_after": ("With the plan, along the roads", True, "dash", "--", 1.4),
}
"""Words, whether after the plan, dashes (plotly, matplotlib) and width of each line."""

_HEIGHT_PX, _HEIGHT_IN = 560, 4.6
_METRES: Final = 1_000


def distances_drawn(
    df: pd.DataFrame, radius_m: dict[str, float], *, origin: Origin, name: str = "distances"
) -> Figure:
    """Show the share of people within each distance of a station, one panel a level.

    Parameters
    ----------
    df
        As from :func:`kwev.report.distances.curves`.
    radius_m
        The plan's radius by level, drawn as a vertical line (m).
    """
    require(df, ("level", "distance_m", *_LINES), name)
    each = []
    for level, (words, _) in _PANELS.items():
        part = df[df["level"] == level]
        at = part[part["distance_m"] <= radius_m[level]].iloc[-1]
        each.append(
            f"{words} within {at['distance_m']:,.0f} m: in a straight line "
            f"{at['straight_line_before']:.0%} today and {at['straight_line_after']:.0%} with the "
            f"plan, along the roads {at['network_before']:.0%} and {at['network_after']:.0%}"
        )
    alt = f"Share of people by distance to the nearest station. {'; '.join(each)}."
    return chart(
        (name, alt, origin, df, _HEIGHT_PX),
        lambda: _plotly(df, radius_m),
        lambda canvas: _draw(canvas, df, radius_m),
        height_in=_HEIGHT_IN,
    )


def _plotly(df: pd.DataFrame, radius_m: dict[str, float]) -> go.Figure:
    titles = [words for words, _ in _PANELS.values()]
    figure = make_subplots(rows=2, cols=1, vertical_spacing=0.17, subplot_titles=titles)
    layout = style.plotly_layout(height_px=_HEIGHT_PX)
    figure.update_layout(**layout)
    figure.update_layout(legend={"y": 1.08})
    for row, (level, (_, colour)) in enumerate(_PANELS.items(), start=1):
        part = df[df["level"] == level]
        for key, (words, is_after, dash, _, width) in _LINES.items():
            figure.add_scatter(
                x=(part["distance_m"] / _METRES).tolist(),
                y=part[key].tolist(),
                mode="lines",
                name=words,
                legendgroup=key,
                showlegend=row == 1,
                line={"color": colour if is_after else style.EXISTING, "dash": dash,
                      "width": width},
                hovertemplate="within %{x:.2f} km: %{y:.1%}<extra>" + words + "</extra>",
                row=row,
                col=1,
            )  # fmt: skip
        figure.add_vline(
            x=radius_m[level] / _METRES, line={"color": style.INK, "width": 1, "dash": "dot"},
            row=row, col=1,
        )  # fmt: skip
    axis = layout["xaxis"]
    figure.update_xaxes(**axis)
    figure.update_yaxes(**axis)
    figure.update_xaxes(title_text="Distance to the nearest station (km)", rangemode="tozero")
    figure.update_yaxes(title_text="People (%)", tickformat=".0%", range=[0, 1.02])
    return figure


def _draw(canvas: Any, df: pd.DataFrame, radius_m: dict[str, float]) -> None:
    for axes, (level, (words, colour)) in zip(canvas.subplots(2, 1), _PANELS.items(), strict=True):
        part = df[df["level"] == level]
        for key, (label, is_after, _, dash, width) in _LINES.items():
            axes.plot(
                part["distance_m"] / _METRES,
                part[key],
                color=colour if is_after else style.EXISTING,
                linestyle=dash,
                linewidth=0.7 * width,
                label=label,
            )
        axes.axvline(radius_m[level] / _METRES, color=style.INK, linestyle=":", linewidth=0.8)
        axes.set_ylim(0, 1.02)
        axes.set_xlim(0, part["distance_m"].max() / _METRES)
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.set_ylabel("People (%)")
        axes.set_title(f"{words}; dotted: the plan's radius", fontsize=8, loc="left")
        axes.legend(loc="lower right")
    axes.set_xlabel("Distance to the nearest station (km)")
