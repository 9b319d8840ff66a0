"""Lorenz curves of accessibility: which part of the ports which part of the people has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from matplotlib.ticker import PercentFormatter
from plotly.subplots import make_subplots

from kwev.figures import style
from kwev.figures.charts import chart, require

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from kwev.figures.figure import Figure, Origin

_PANELS: Final = {"l2": ("Level 2", style.L2), "l3": ("Level 3", style.L3)}
_WHENS: Final = {"before": ("Today", False), "after": ("With the plan", True)}
_HEIGHT_PX, _HEIGHT_IN = 400, 3.0
_HALF: Final = 0.5


def lorenz(df: pd.DataFrame, *, origin: Origin, name: str = "lorenz") -> Figure:
    """Show Lorenz curves before and after, one panel a level.

    Parameters
    ----------
    df
        As from :func:`kwev.analysis.catchment.curves`.
    """
    require(df, ("level", "when", "people", "value"), name)
    each = []
    for level, (words, _) in _PANELS.items():
        half = {
            when: float(np.interp(_HALF, part["people"], part["value"]))
            for when, part in df[df["level"] == level].groupby("when")
        }
        each.append(
            f"{words}: the half of the people with least has {half['before']:.0%} of the ports "
            f"today and {half['after']:.0%} with the plan"
        )
    alt = f"Lorenz curves of ports within reach. {'; '.join(each)}."
    return chart(
        (name, alt, origin, df, _HEIGHT_PX),
        lambda: _plotly(df),
        lambda canvas: _draw(canvas, df),
        height_in=_HEIGHT_IN,
    )


def _plotly(df: pd.DataFrame) -> go.Figure:
    titles = [words for words, _ in _PANELS.values()]
    figure = make_subplots(rows=1, cols=2, shared_yaxes=True, subplot_titles=titles)
    layout = style.plotly_layout(height_px=_HEIGHT_PX)
    figure.update_layout(**layout)
    for col, (level, (_, colour)) in enumerate(_PANELS.items(), start=1):
        figure.add_scatter(
            x=[0, 1], y=[0, 1], mode="lines", name="All have as much", showlegend=col == 1,
            legendgroup="even", line={"color": style.LINE, "width": 1.5}, hoverinfo="skip",
            row=1, col=col,
        )  # fmt: skip
        for when, (words, is_after) in _WHENS.items():
            part = df[(df["level"] == level) & (df["when"] == when)]
            figure.add_scatter(
                x=part["people"].tolist(),
                y=part["value"].tolist(),
                mode="lines",
                name=words,
                legendgroup=when,
                showlegend=col == 1,
                line={"color": colour if is_after else style.EXISTING,
                      "dash": "solid" if is_after else "dash", "width": 2.4},
                hovertemplate="%{x:.0%} of people: %{y:.1%} of ports<extra>" + words + "</extra>",
                row=1,
                col=col,
            )  # fmt: skip
    figure.update_xaxes(**layout["xaxis"])
    figure.update_yaxes(**layout["xaxis"])
    figure.update_xaxes(title_text="People, least served first (%)", tickformat=".0%", range=[0, 1])
    figure.update_yaxes(tickformat=".0%", range=[0, 1])
    figure.update_yaxes(title_text="Ports in their reach (%)", col=1)
    return figure


def _draw(canvas: Any, df: pd.DataFrame) -> None:
    plots = canvas.subplots(1, 2, sharey=True)
    for axes, (level, (words, colour)) in zip(plots, _PANELS.items(), strict=True):
        axes.plot([0, 1], [0, 1], color=style.LINE, linewidth=1, label="All have as much")
        for when, (label, is_after) in _WHENS.items():
            part = df[(df["level"] == level) & (df["when"] == when)]
            axes.plot(
                part["people"],
                part["value"],
                color=colour if is_after else style.EXISTING,
                linestyle="-" if is_after else "--",
                label=label,
            )
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1)
        axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.set_title(words, fontsize=8, loc="left")
        axes.set_xlabel("People, least served first (%)")
        axes.legend(loc="upper left")
    plots[0].set_ylabel("Ports in their reach (%)")
