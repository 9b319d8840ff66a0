"""The chart of homes by period of construction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go

from kwev.figures import style
from kwev.figures.charts import chart, require
from kwev.figures.figure import Figure, Origin, rows

if TYPE_CHECKING:
    import pandas as pd

KINDS = {
    "houses": ("Single, semi-detached and other attached houses", style.QUALITATIVE[0], "", ""),
    "rows": ("Row houses and duplexes", style.QUALITATIVE[1], "/", "////"),
    "apartments": ("Apartments", style.QUALITATIVE[2], ".", "...."),
}
"""Words, colour, and fill of a bar on the screen and in print, by group of types."""

_HEIGHT_PX = 420
_PATTERN = {"fgcolor": style.PAPER, "size": 6, "solidity": 0.25}


def construction(df: pd.DataFrame, *, origin: Origin, name: str = "construction") -> Figure:
    """Show dwellings by period of construction, stacked by kind.

    Parameters
    ----------
    df
        Columns ``period`` (text, in order) and one count for each of :data:`KINDS`.
    """
    require(df, ("period", *KINDS), name)
    each = [
        f"{r.period}: {sum(getattr(r, kind) for kind in KINDS):,}, of which {r.apartments:,} "
        "apartments"
        for r in rows(df)
    ]
    alt = f"Dwellings by period of construction. {'; '.join(each)}."
    return chart(
        (name, alt, origin, df, _HEIGHT_PX),
        lambda: _bars(df),
        lambda canvas: _drawn(canvas, df),
        height_in=3.2,
    )


def _bars(df: pd.DataFrame) -> go.Figure:
    figure = go.Figure(layout={**style.plotly_layout(height_px=_HEIGHT_PX), "barmode": "stack"})
    for kind, (words, colour, pattern, _) in KINDS.items():
        figure.add_bar(
            x=df["period"].tolist(),
            y=df[kind].tolist(),
            name=words,
            marker={"color": colour, "pattern": {"shape": pattern, **_PATTERN, "bgcolor": colour}},
            hovertemplate="%{x}: %{y:,}<extra>" + words + "</extra>",
        )
    figure.update_layout(legend_traceorder="normal")
    figure.update_xaxes(title_text="Period of construction", type="category")
    figure.update_yaxes(title_text="Dwellings (count)", tickformat=",d")
    return figure


def _drawn(canvas: Any, df: pd.DataFrame) -> None:
    axes = canvas.subplots()
    below = 0 * df["houses"]
    for kind, (words, colour, _, hatch) in KINDS.items():
        axes.bar(
            df["period"], df[kind], 0.7, bottom=below, color=colour, hatch=hatch,
            edgecolor=style.PAPER, linewidth=0, label=words,
        )  # fmt: skip
        below = below + df[kind]
    axes.set_xlabel("Period of construction")
    axes.set_ylabel("Dwellings (count)")
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.tick_params(axis="x", rotation=40)
    for label in axes.get_xticklabels():
        label.set_ha("right")
    axes.grid(axis="x", visible=False)
    canvas.legend(loc="outside upper left", ncols=3)
