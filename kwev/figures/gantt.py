"""The calendar of the works: what is done in which months, by municipality and kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import plotly.graph_objects as go

from kwev.figures import style
from kwev.figures.charts import chart, require
from kwev.figures.figure import rows

if TYPE_CHECKING:
    import pandas as pd

    from kwev.figures.figure import Figure, Origin

_ON_BAR: Final = {"upgrade": "#000000", "new_l3": "#000000", "add_l3": "#000000"}
"""Colour of a count on a bar, where white would not stand out."""

_WHITE: Final = "#ffffff"
_ROW_PX, _ROW_IN = 30, 0.21
_COLUMNS: Final = ("municipality", "kind", "month_from", "month_to", "actions")


@dataclass(frozen=True)
class _Bar:
    """What one kind of action does at one place in one period."""

    row: int
    start: int
    length: int
    kind: str
    actions: int


def gantt(df: pd.DataFrame, *, origin: Origin, name: str = "calendar") -> Figure:
    """Show in which months how many actions of each kind are done in each municipality.

    Parameters
    ----------
    df
        Columns ``municipality``, ``kind`` (of action), ``month_from``, ``month_to`` (inclusive,
        from the start of the works), ``actions`` (count); a row for each that has some.
    """
    require(df, _COLUMNS, name)
    labels, bars = _arranged(df)
    by_months = df.groupby(["month_from", "month_to"])[["actions"]].sum().reset_index()
    each = "; ".join(f"months {r.month_from} to {r.month_to}: {r.actions}" for r in rows(by_months))
    places = df.groupby("municipality")["actions"].sum()
    where = ", ".join(f"{place} {count}" for place, count in places.items())
    alt = f"Calendar of the works. Actions by months: {each}. By municipality: {where}."
    height = 80 + _ROW_PX * len(labels)
    return chart(
        (name, alt, origin, df, height),
        lambda: _plotly(labels, bars, height),
        lambda canvas: _draw(canvas, labels, bars),
        height_in=0.7 + _ROW_IN * len(labels),
    )


def _arranged(df: pd.DataFrame) -> tuple[list[tuple[str, str]], list[_Bar]]:
    """Return the rows (municipality, kind), those with most actions first, and their bars."""
    totals = df.groupby("municipality")["actions"].sum()
    towns = sorted(totals.index, key=lambda town: (-int(totals[town]), str(town)))
    kinds = list(style.ACTIONS)
    pairs = sorted(
        {(r.municipality, r.kind) for r in rows(df)},
        key=lambda pair: (towns.index(pair[0]), kinds.index(pair[1])),
    )
    at = {pair: row for row, pair in enumerate(pairs)}
    bars = [
        _Bar(
            at[r.municipality, r.kind],
            int(r.month_from) - 1,
            int(r.month_to - r.month_from) + 1,
            str(r.kind),
            int(r.actions),
        )
        for r in rows(df)
    ]
    return pairs, bars


def _label(pair: tuple[str, str], newline: str) -> str:
    return f"{pair[0]}{newline}{style.ACTION_NAMES[pair[1]]}"


def _months(bars: list[_Bar]) -> list[int]:
    return sorted({0, *(bar.start for bar in bars), *(bar.start + bar.length for bar in bars)})


def _plotly(labels: list[tuple[str, str]], bars: list[_Bar], height_px: int) -> go.Figure:
    figure = go.Figure(layout=style.plotly_layout(height_px=height_px))
    figure.update_layout(barmode="overlay", bargap=0.2)
    for kind, colour in style.ACTIONS.items():
        own = [bar for bar in bars if bar.kind == kind]
        if not own:
            continue
        figure.add_bar(
            x=[bar.length for bar in own],
            base=[bar.start for bar in own],
            y=[bar.row for bar in own],
            orientation="h",
            showlegend=False,  # a row's label names its kind
            marker={"color": colour, "line": {"color": _WHITE, "width": 1}},
            text=[f"<b>{bar.actions}</b>" for bar in own],
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            textfont={"color": _ON_BAR.get(kind, _WHITE), "size": 12},
            customdata=[[_label(labels[bar.row], ": ")] for bar in own],
            hovertemplate="%{customdata[0]}<br>%{text} from month %{base}<extra></extra>",
        )
    months = _months(bars)
    figure.update_xaxes(
        range=[0, months[-1]], tickvals=months, tickangle=0, title_text="Month (end)"
    )
    figure.update_yaxes(
        tickvals=list(range(len(labels))),
        ticktext=[f"{_label(pair, '<br>')}" for pair in labels],
        tickfont={"size": 10},
        range=[len(labels) - 0.5, -0.5],
        showgrid=False,
    )
    return figure


def _draw(canvas: Any, labels: list[tuple[str, str]], bars: list[_Bar]) -> None:
    axes = canvas.subplots()
    for bar in bars:
        axes.barh(
            bar.row,
            bar.length,
            left=bar.start,
            height=0.8,
            color=style.ACTIONS[bar.kind],
            edgecolor=style.PAPER,
            linewidth=0.8,
        )
        axes.text(
            bar.start + bar.length / 2,
            bar.row,
            str(bar.actions),
            ha="center",
            va="center",
            fontsize=6.5,
            fontweight="bold",
            color=_ON_BAR.get(bar.kind, _WHITE),
        )
    axes.set_yticks(range(len(labels)), [_label(pair, ", ") for pair in labels], fontsize=6.5)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    months = _months(bars)
    axes.set_xlim(0, months[-1])
    axes.set_xticks(months)
    axes.set_xlabel("Month (end)")
    axes.grid(axis="y", visible=False)
