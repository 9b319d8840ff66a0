"""Coverage over time: who is within reach month by month, under each schedule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from matplotlib.ticker import PercentFormatter
from plotly.subplots import make_subplots

from kwev.figures import style
from kwev.figures.charts import chart, require

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    import plotly.graph_objects as go

    from kwev.figures.figure import Figure, Origin

_PANELS: Final = {"l2": "Level 2", "l3": "Level 3"}
_LINES: Final = {
    "written": (style.EXISTING, "dashdot", "-.", 2.0),
    "order": (style.L3, "dash", "--", 2.0),
    "greedy": (style.GOOD, "dot", ":", 3.0),
    "best": (style.L2, "solid", "-", 2.6),
}
"""Colour, dashes (plotly, matplotlib) and width of each schedule; the first is drawn below."""

_HEIGHT_PX, _HEIGHT_IN = 600, 4.4


def over_time(
    df: pd.DataFrame, names: Mapping[str, str], *, origin: Origin, name: str = "coverage-over-time"
) -> Figure:
    """Show the share of people within reach of each level, month by month, a line a schedule.

    Parameters
    ----------
    df
        Columns ``schedule``, ``month`` (since the start of the works), ``l2``, ``l3`` (shares of
        people, 0 to 1), from that month on.
    names
        Words of each schedule, in the order of the legend.
    """
    require(df, ("schedule", "month", *_PANELS), name)
    months = sorted({int(month) for month in df["month"]})
    middle = months[(len(months) - 1) // 2]
    each = []
    for key, words in names.items():
        part = df[(df["schedule"] == key) & (df["month"] == middle)].iloc[0]
        each.append(f"{words}: {part['l2']:.1%} Level 2, {part['l3']:.1%} Level 3")
    last = df[df["schedule"] == "best"].iloc[-1]
    alt = (
        f"People within reach by month. After month {middle}: {'; '.join(each)}. "
        f"At the end {last['l2']:.1%} and {last['l3']:.1%}."
    )
    return chart(
        (name, alt, origin, df, _HEIGHT_PX),
        lambda: _plotly(df, names),
        lambda canvas: _draw(canvas, df, names),
        height_in=_HEIGHT_IN,
    )


def _plotly(df: pd.DataFrame, names: Mapping[str, str]) -> go.Figure:
    figure = make_subplots(
        rows=2, cols=1, vertical_spacing=0.2, subplot_titles=list(_PANELS.values())
    )
    layout = style.plotly_layout(height_px=_HEIGHT_PX)
    figure.update_layout(**layout)
    figure.update_layout(legend={"y": 1.08})
    for row, level in enumerate(_PANELS, start=1):
        for key, (colour, dash, _, width) in _LINES.items():
            part = df[df["schedule"] == key]
            figure.add_scatter(
                x=part["month"].tolist(),
                y=part[level].tolist(),
                mode="lines",
                name=names[key],
                legendgroup=key,
                legendrank=list(names).index(key),
                showlegend=row == 1,
                line={"color": colour, "dash": dash, "width": width, "shape": "hv"},
                hovertemplate="from month %{x}: %{y:.1%}<extra>" + names[key] + "</extra>",
                row=row,
                col=1,
            )
    axis = layout["xaxis"]
    figure.update_xaxes(**axis)
    figure.update_yaxes(**axis)
    months = sorted({int(month) for month in df["month"]})
    figure.update_xaxes(tickvals=months, tickangle=0, title_text="Months since the start")
    figure.update_yaxes(title_text="People (%)", tickformat=".0%", range=[0, 1.02])
    return figure


def _draw(canvas: Any, df: pd.DataFrame, names: Mapping[str, str]) -> None:
    months = sorted({int(month) for month in df["month"]})
    marks = {}
    for axes, (level, words) in zip(canvas.subplots(1, 2), _PANELS.items(), strict=True):
        for key, (colour, _, dash, width) in _LINES.items():
            part = df[df["schedule"] == key]
            (marks[key],) = axes.step(
                part["month"], part[level], where="post", color=colour, linestyle=dash,
                linewidth=0.7 * width,
            )  # fmt: skip
        axes.set_ylim(0, 1.02)
        axes.set_xlim(0, months[-1])
        axes.set_xticks(months)
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.set_title(words, fontsize=8, loc="left")
        axes.set_xlabel("Months since the start")
    canvas.axes[0].set_ylabel("People (%)")
    canvas.legend(
        [marks[key] for key in names], list(names.values()), loc="outside upper left", ncols=2
    )
