"""The chart of distances: which share of people has a charger within how far, before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from matplotlib.ticker import PercentFormatter
from plotly.subplots import make_subplots

from kwev.figures import style
from kwev.figures.charts import chart, require

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from kwev.figures.figure import Figure, Origin

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


def distances(
    df: pd.DataFrame, radius_m: dict[str, float], *, origin: Origin, name: str = "distances"
) -> Figure:
    """Show the share of people within each distance of a station, one panel a level.

    Parameters
    ----------
    df
        As from :func:`kwev.analysis.distances.curves`.
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
