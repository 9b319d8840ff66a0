"""Coverage over time: dated lists, openings between them, and marks that stand apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd
from matplotlib.dates import DateFormatter, YearLocator
from matplotlib.ticker import PercentFormatter
from plotly.subplots import make_subplots

from kwev.figures import style
from kwev.figures.charts import chart, require

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from kwev.figures.figure import Figure, Origin

_PANELS: Final = {"l2": ("Level 2", style.L2), "l3": ("Level 3", style.L3)}
_SERIES: Final = {
    "nrcan_opened": ("By opening date", "lines", "circle", "o"),
    "nrcan": ("Dated list, filtered alike", "markers", "circle", "o"),
    "ocm": ("OpenChargeMap, undated", "markers", "diamond", "D"),
    "merged": ("Merged network of the plan", "markers", "star", "*"),
}
"""Words, plotly mode and symbol, matplotlib marker of each series."""
_HEIGHT_PX, _HEIGHT_IN = 560, 4.4


def history(
    df: pd.DataFrame, wanted: dict[str, float], *, origin: Origin, name: str = "monitoring-history"
) -> Figure:
    """Show the share of people in reach over time, one panel a level.

    Parameters
    ----------
    df
        As from :func:`kwev.analysis.history.as_frame`; other series than the four are left out.
    wanted
        Target by level (share), drawn as a dotted line.
    """
    require(df, ("date", "series", "l2", "l3"), name)
    df = df[df["series"].isin(_SERIES)].sort_values(["series", "date"], ignore_index=True)
    listed = df[df["series"] == "nrcan"]
    first, last = listed.iloc[0], listed.iloc[-1]
    each = "; ".join(
        f"{words} from {first[level]:.1%} on {first['date']} to {last[level]:.1%} on "
        f"{last['date']}, target {wanted[level]:.0%}"
        for level, (words, _) in _PANELS.items()
    )
    alt = f"Share of people in reach over time, in lists of one source filtered alike. {each}."
    return chart(
        (name, alt, origin, df, _HEIGHT_PX),
        lambda: _plotly(df, wanted),
        lambda canvas: _draw(canvas, df, wanted),
        height_in=_HEIGHT_IN,
    )


def _plotly(df: pd.DataFrame, wanted: dict[str, float]) -> go.Figure:
    titles = [f"{words}; dotted: the target" for words, _ in _PANELS.values()]
    figure = make_subplots(
        rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.12, subplot_titles=titles
    )
    layout = style.plotly_layout(height_px=_HEIGHT_PX)
    figure.update_layout(**layout)
    figure.update_layout(legend={"y": 1.1})
    for row, (level, (_, colour)) in enumerate(_PANELS.items(), start=1):
        for key, (words, mode, symbol, _) in _SERIES.items():
            part = df[df["series"] == key]
            own = key.startswith("nrcan")
            figure.add_scatter(
                x=part["date"].tolist(),
                y=part[level].tolist(),
                mode=mode,
                name=words,
                legendgroup=key,
                showlegend=row == 1,
                line={"color": colour, "width": 1.5, "shape": "hv"},
                marker={"symbol": symbol, "size": 11, "color": colour if own else style.INK},
                hovertemplate="%{x}: %{y:.1%}<extra>" + words + "</extra>",
                row=row,
                col=1,
            )
        figure.add_hline(
            y=wanted[level], line={"color": style.INK, "width": 1, "dash": "dot"}, row=row, col=1
        )
    figure.update_xaxes(**layout["xaxis"])
    figure.update_yaxes(**layout["xaxis"])
    figure.update_xaxes(type="date")
    figure.update_yaxes(title_text="People (%)", tickformat=".0%", range=[0, 1.02])
    return figure


def _draw(canvas: Any, df: pd.DataFrame, wanted: dict[str, float]) -> None:
    dates = pd.to_datetime(df["date"])
    plots = canvas.subplots(2, 1, sharex=True)
    for axes, (level, (words, colour)) in zip(plots, _PANELS.items(), strict=True):
        for key, (label, mode, _, marker) in _SERIES.items():
            at = df["series"] == key
            if mode == "lines":
                axes.step(
                    dates[at], df.loc[at, level], where="post", color=colour, linewidth=1,
                    label=label,
                )  # fmt: skip
            else:
                tint = colour if key == "nrcan" else style.INK
                axes.scatter(
                    dates[at], df.loc[at, level], marker=marker, color=tint, s=32, label=label,
                    zorder=3,
                )  # fmt: skip
        axes.axhline(wanted[level], color=style.INK, linestyle=":", linewidth=0.8)
        axes.set_ylim(0, 1.02)
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.set_ylabel("People (%)")
        axes.set_title(f"{words}; dotted: the target", fontsize=8, loc="left")
    plots[-1].xaxis.set_major_locator(YearLocator())  # type: ignore[no-untyped-call]
    plots[-1].xaxis.set_major_formatter(DateFormatter("%Y"))  # type: ignore[no-untyped-call]
    canvas.legend(*plots[0].get_legend_handles_labels(), loc="outside upper left", ncols=2)
