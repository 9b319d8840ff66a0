"""The chart of what a dollar brings: yield over utilisation by level, with intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go

from kwev.figures import style
from kwev.figures.charts import chart, require

if TYPE_CHECKING:
    import pandas as pd

    from kwev.figures.figure import Figure, Origin

_HEIGHT_PX, _HEIGHT_IN = 460, 3.4
_LOOKS = {
    "Level 2": (style.L2, "0,114,178", "solid", "-"),
    "Level 3": (style.L3, "213,94,0", "dash", "--"),
}
"""Colour, the same as numbers, and dashes (plotly, matplotlib) of a level."""
_NEEDED = "Pays the money back"
_Y = "Cash of a year per dollar spent (%)"
_RANGE = (-0.3, 0.6)
"""What is shown of it (shares a year): beyond, a level pays or loses whatever is assumed."""
_X = "Share of the year's hours at full power (%)"


def yields(df: pd.DataFrame, *, origin: Origin, name: str = "money-use") -> Figure:
    """Show what a dollar brings in a year over the utilisation, by level.

    Parameters
    ----------
    df
        ``level``, ``utilisation``, ``yield``, ``low``, ``high``, ``needed`` (shares a year).
    """
    require(df, ("level", "utilisation", "yield", "low", "high", "needed"), name)
    needed = float(df["needed"].iloc[0])
    each = [
        f"{level} from {part['yield'].iloc[0]:.0%} at {part['utilisation'].iloc[0]:.0%} of the "
        f"hours to {part['yield'].iloc[-1]:.0%} at {part['utilisation'].iloc[-1]:.0%}"
        for level, part in df.groupby("level")
    ]
    alt = (
        f"Cash of a year for each dollar spent, over the use of the ports: {'; '.join(each)}. "
        f"{needed:.1%} a year pays the money back."
    )
    return chart(
        (name, alt, origin, df, _HEIGHT_PX),
        lambda: _plotly(df, needed),
        lambda canvas: _draw(canvas, df, needed),
        height_in=_HEIGHT_IN,
    )


def _plotly(df: pd.DataFrame, needed: float) -> go.Figure:
    figure = go.Figure(layout=style.plotly_layout(height_px=_HEIGHT_PX))
    for level, part in df.groupby("level"):
        colour, numbers, dash, _ = _LOOKS[str(level)]
        used = part["utilisation"].tolist()
        figure.add_scatter(
            x=[*used, *reversed(used)],
            y=[*part["high"], *reversed(part["low"].tolist())],
            fill="toself",
            fillcolor=f"rgba({numbers},0.15)",
            line={"width": 0},
            hoverinfo="skip",
            name=f"{level}: nine tenths of the draws",
        )
        figure.add_scatter(
            x=used,
            y=part["yield"].tolist(),
            mode="lines",
            name=str(level),
            line={"color": colour, "dash": dash, "width": 3},
            hovertemplate="%{x:.0%} of the hours: %{y:.1%} a year<extra>" + str(level) + "</extra>",
        )
    used = [float(df["utilisation"].min()), float(df["utilisation"].max())]
    figure.add_scatter(
        x=used,
        y=[needed, needed],
        mode="lines",
        name=_NEEDED,
        line={"color": style.GOOD, "dash": "dot", "width": 2},
        hovertemplate="%{y:.1%} a year<extra>" + _NEEDED + "</extra>",
    )
    figure.update_xaxes(title_text=_X, tickformat=".0%")
    figure.update_yaxes(title_text=_Y, tickformat=".0%", range=list(_RANGE))
    return figure


def _draw(canvas: Any, df: pd.DataFrame, needed: float) -> None:
    axes = canvas.subplots()
    for level, part in df.groupby("level"):
        colour, _, _, dash = _LOOKS[str(level)]
        used = 100 * part["utilisation"]
        axes.fill_between(
            used, 100 * part["low"], 100 * part["high"], color=colour, alpha=0.15, linewidth=0,
            label=f"{level}: nine tenths of the draws",
        )  # fmt: skip
        axes.plot(used, 100 * part["yield"], color=colour, linestyle=dash, label=str(level))
    axes.axhline(100 * needed, color=style.GOOD, linestyle=":", label=_NEEDED)
    axes.axhline(0, color=style.QUIET, linewidth=0.6)
    axes.set_ylim(100 * _RANGE[0], 100 * _RANGE[1])
    axes.set_xlabel(_X)
    axes.set_ylabel(_Y)
    canvas.legend(loc="outside upper left", ncols=2, columnspacing=2)
