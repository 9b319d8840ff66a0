"""The chart of hindsight: what was built, what a plan would have reached, what chance gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go

from kwev.figures import style
from kwev.figures.charts import chart, require
from kwev.figures.figure import rows

if TYPE_CHECKING:
    import pandas as pd

    from kwev.figures.figure import Figure, Origin

_MARKS: dict[str, tuple[str, str, str, str, int]] = {
    "then": ("Network of 2022", style.EXISTING, "circle", "o", 12),
    "built": ("Really built", style.L3, "square", "s", 13),
    "greedy": ("Most people first", style.GOOD, "x", "x", 10),
    "plan": ("The plan", style.L2, "diamond", "D", 13),
}
"""Words, colour, mark (plotly, matplotlib) and size of a network."""
_LOT = "Chosen by lot: nine tenths"
_TITLE = "Share reached (%)"


def compared(df: pd.DataFrame, *, origin: Origin, name: str = "hindsight") -> Figure:
    """Show what each network reaches, by measure.

    Parameters
    ----------
    df
        Columns ``name`` (of the measure), ``then``, ``built``, ``plan``, ``greedy``,
        ``random_low``, ``random_high`` (shares).
    """
    require(df, ("name", *_MARKS, "random_low", "random_high"), name)
    each = [
        f"{r.name}: {r.then:.1%} in 2022, {r.built:.1%} as built, {r.plan:.1%} with the plan, "
        f"{r.random_low:.1%} to {r.random_high:.1%} by lot"
        for r in rows(df)
    ]
    height = 170 + 75 * len(df)
    return chart(
        (name, f"What each network reaches. {'; '.join(each)}.", origin, df, height),
        lambda: _plotly(df, height),
        lambda canvas: _draw(canvas, df),
        height_in=1.2 + 0.5 * len(df),
    )


def _plotly(df: pd.DataFrame, height_px: int) -> go.Figure:
    figure = go.Figure(layout=style.plotly_layout(height_px=height_px))
    names = df["name"].tolist()
    for index, row in enumerate(rows(df)):
        figure.add_scatter(
            x=[row.random_low, row.random_high],
            y=[row.name, row.name],
            mode="lines",
            name=_LOT,
            line={"color": style.LINE, "width": 9},
            showlegend=index == 0,
            hovertemplate="%{y}<br>by lot: %{x:.1%}<extra></extra>",
        )
    for key, (words, colour, symbol, _, size) in _MARKS.items():
        figure.add_scatter(
            x=df[key].tolist(),
            y=names,
            mode="markers",
            name=words,
            marker={"symbol": symbol, "size": size, "color": colour},
            hovertemplate="%{y}<br>" + words + ": %{x:.1%}<extra></extra>",
        )
    figure.update_xaxes(range=[0, 1.03], tickformat=".0%", title_text=_TITLE)
    figure.update_yaxes(
        showgrid=False, autorange="reversed", categoryorder="array", categoryarray=names
    )
    return figure


def _draw(canvas: Any, df: pd.DataFrame) -> None:
    axes = canvas.subplots()
    at = range(len(df))
    axes.hlines(
        at, 100 * df["random_low"], 100 * df["random_high"], color=style.LINE, linewidth=6,
        label=_LOT,
    )  # fmt: skip
    for key, (words, colour, _, mark, _) in _MARKS.items():
        axes.plot(100 * df[key], at, mark, color=colour, markersize=6, label=words)
    axes.set_yticks(at, df["name"].tolist())
    axes.set_ylim(len(df) - 0.5, -0.5)
    axes.set_xlim(0, 103)
    axes.grid(axis="y", visible=False)
    axes.set_xlabel(_TITLE)
    canvas.legend(loc="outside upper left", ncols=3, columnspacing=2)
