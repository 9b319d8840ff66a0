"""Charts of the sweeps: coverage along one choice, and what each assumption moves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import plotly.graph_objects as go
from matplotlib.ticker import PercentFormatter

from kwev.figures import style
from kwev.figures.charts import chart, require
from kwev.figures.figure import Figure, Origin, rows

if TYPE_CHECKING:
    import pandas as pd

LINES: Final = {
    "l2": ("People, L2", style.L2, "circle", "solid", "o", "-"),
    "l3": ("People, L3", style.L3, "square", "dash", "s", "--"),
    "ev_owners": ("EV owners, either level", style.GOOD, "diamond", "dot", "D", ":"),
}
"""Words, colour, mark and dash on the screen, mark and dash in print, by measure."""

_HEIGHT_PX = 380


def along(df: pd.DataFrame, by: str, title: str, *, origin: Origin, name: str) -> Figure:
    """Show coverage along one choice.

    Parameters
    ----------
    df
        Columns ``by``, ``l2``, ``l3`` and ``ev_owners`` (shares on the cells); one row a plan.
    by
        Column of what is varied.
    title
        What it is, with its unit.
    """
    require(df, (by, *LINES), name)
    df = df.sort_values(by, ignore_index=True)
    first, last = df.iloc[0], df.iloc[-1]
    ends = "; ".join(
        f"{words} from {first[key]:.1%} to {last[key]:.1%}" for key, (words, *_) in LINES.items()
    )
    alt = f"Coverage along {title}, {first[by]:g} to {last[by]:g}, {len(df)} plans: {ends}."
    return chart(
        (name, alt, origin, df, _HEIGHT_PX),
        lambda: _along(df, by, title),
        lambda canvas: _drawn_along(canvas, df, by, title),
        height_in=2.9,
    )


def _along(df: pd.DataFrame, by: str, title: str) -> go.Figure:
    figure = go.Figure(layout=style.plotly_layout(height_px=_HEIGHT_PX))
    for key, (words, colour, mark, dash, _, _) in LINES.items():
        figure.add_scatter(
            x=df[by].tolist(),
            y=df[key].tolist(),
            name=words,
            mode="lines+markers",
            line={"color": colour, "dash": dash, "width": 2},
            marker={"symbol": mark, "size": 9},
            hovertemplate="%{x:g}: %{y:.1%}<extra>" + words + "</extra>",
        )
    figure.update_xaxes(title_text=title)
    figure.update_yaxes(title_text="Covered (%)", tickformat=".0%", rangemode="tozero")
    return figure


def _drawn_along(canvas: Any, df: pd.DataFrame, by: str, title: str) -> None:
    axes = canvas.subplots()
    for key, (words, colour, _, _, mark, dash) in LINES.items():
        axes.plot(
            df[by], df[key], label=words, color=colour, marker=mark, markersize=4, linestyle=dash
        )
    axes.set_ylim(0, 1.02)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set_ylabel("Covered (%)")
    axes.set_xlabel(title)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1.01), ncols=3)


ENDS: Final = {"low": ("Low end of the range", style.L3), "high": ("High end", style.L2)}


def tornado(df: pd.DataFrame, title: str, *, origin: Origin, name: str) -> Figure:
    """Show the change at both ends of each assumption, widest on top.

    Parameters
    ----------
    df
        Columns ``what``, ``low``, ``high`` (change at each end) and ``span``, widest first.
    title
        What changes, with its unit.
    """
    require(df, ("what", "low", "high", "span"), name)
    each = "; ".join(f"{r.what} {r.low:+.1f} to {r.high:+.1f}" for r in rows(df.head(3)))
    alt = f"{title}, at both ends of {len(df)} assumptions. Widest: {each}."
    height = 110 + 34 * len(df)
    return chart(
        (name, alt, origin, df, height),
        lambda: _tornado(df, title, height),
        lambda canvas: _drawn_tornado(canvas, df, title),
        height_in=0.9 + 0.26 * len(df),
    )


def _tornado(df: pd.DataFrame, title: str, height_px: int) -> go.Figure:
    figure = go.Figure(layout={**style.plotly_layout(height_px=height_px), "barmode": "overlay"})
    for end, (words, colour) in ENDS.items():
        figure.add_bar(
            x=df[end].tolist(),
            y=df["what"].tolist(),
            orientation="h",
            name=words,
            marker={"color": colour, "pattern": {"shape": "/" if end == "low" else ""}},
            hovertemplate="%{y}: %{x:+.1f}<extra>" + words + "</extra>",
        )
    figure.update_xaxes(title_text=title)
    figure.update_yaxes(autorange="reversed", showgrid=False)
    return figure


def _drawn_tornado(canvas: Any, df: pd.DataFrame, title: str) -> None:
    axes = canvas.subplots()
    for end, (words, colour) in ENDS.items():
        hatch = "////" if end == "low" else ""
        axes.barh(
            range(len(df)),
            df[end],
            height=0.66,
            color=colour,
            label=words,
            hatch=hatch,
            edgecolor=style.PAPER,
            linewidth=0,
        )
    axes.set_yticks(range(len(df)), df["what"])
    axes.invert_yaxis()
    axes.axvline(0, color=style.QUIET, linewidth=0.8)
    axes.set_xlabel(title)
    axes.grid(axis="y", visible=False)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1.01), ncols=2)
