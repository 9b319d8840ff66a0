"""The chart of electric vehicles over time: what was counted, and where forms of growth lead."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from kwev.figures import style
from kwev.figures.canvas import picture
from kwev.figures.charts import embed
from kwev.figures.figure import Figure, Origin, rows
from kwev.pipeline.fan import COVERAGE

_HEIGHT_PX, _HEIGHT_IN = 480, 3.6
_BAND = f"Interval of {COVERAGE:.0%}"
_TICK_YEARS = 2
_THIN = (
    (style.UPGRADE, "dash", "--"),
    (style.EXISTING_L3, "dot", ":"),
    (style.GOOD, "dashdot", "-."),
    (style.EXISTING, "longdash", (0, (8, 3))),
)
"""Colour and dashes (plotly, matplotlib) of the forms that are not chosen."""


def growth(
    history: pd.DataFrame,
    forecast: pd.DataFrame,
    names: dict[str, str],
    *,
    origin: Origin,
    name: str = "ev-growth",
) -> Figure:
    """Show the quarters counted, the chosen form with its interval, and the other forms thin.

    Parameters
    ----------
    history
        Columns ``quarter`` and ``ev_inside``.
    forecast
        ``ev_forecast``.
    names
        Words for each form.
    """
    chosen = forecast[forecast["chosen"]].sort_values("quarter")
    start, last = history.iloc[-1], chosen.iloc[-1]
    ends = "; ".join(
        f"{names[str(row.form)]} {row.mid:,.0f}"
        for row in rows(forecast[forecast["quarter"] == last["quarter"]])
    )
    alt = (
        f"Electric vehicles in the Region: {history.iloc[0]['ev_inside']:,.0f} in "
        f"{history.iloc[0]['quarter']}, {start['ev_inside']:,.0f} in {start['quarter']}; forecast "
        f"for {last['quarter']}: {last['mid']:,.0f}, interval {last['low']:,.0f} to "
        f"{last['high']:,.0f}. By form: {ends}."
    )
    counted = history.rename(columns={"ev_inside": "mid"})[["quarter", "mid"]]
    table = pd.concat([counted.assign(form="counted", chosen=False), forecast], ignore_index=True)
    lines = _lines(history, forecast)
    return Figure(
        name=name,
        alt=alt,
        source=origin.source,
        vintage=origin.vintage,
        data=table[list(forecast.columns)],
        interactive=lambda: embed(name, _plotly(lines, names), _HEIGHT_PX),
        static=lambda: picture(
            lambda canvas: _draw(canvas, lines, names),
            height_in=_HEIGHT_IN,
            alt=alt,
            note=origin.line(),
        ),
        height_px=_HEIGHT_PX,
    )


def _lines(history: pd.DataFrame, forecast: pd.DataFrame) -> dict[str, Any]:
    """Return what is drawn: years and counts of the history, of each form, and the interval."""
    past = [_year(quarter) for quarter in history["quarter"]], history["ev_inside"].tolist()
    now = past[0][-1], past[1][-1]
    courses = {}
    for form, part in forecast.sort_values("quarter").groupby("form", sort=False):
        years = [now[0], *(_year(quarter) for quarter in part["quarter"])]
        courses[str(form)] = (years, [now[1], *part["mid"]], bool(part["chosen"].iloc[0]))
    chosen = forecast[forecast["chosen"]].sort_values("quarter")
    years = [now[0], *(_year(quarter) for quarter in chosen["quarter"])]
    band = years, [now[1], *chosen["low"]], [now[1], *chosen["high"]]
    top = 1.15 * max(band[2])
    ends = range(int(years[-1]), int(past[0][0]) + 1, -_TICK_YEARS)
    ticks = list(ends), [str(end - 1) for end in ends]
    quarters = history["quarter"].tolist()
    return {
        "past": past, "quarters": quarters, "courses": courses, "band": band, "top": top,
        "ticks": ticks,
    }  # fmt: skip


def _year(quarter: str) -> float:
    """Return the time of a quarter's end in years."""
    return int(quarter[:4]) + int(quarter[-1]) / 4


def _plotly(lines: dict[str, Any], names: dict[str, str]) -> go.Figure:
    figure = go.Figure(layout=style.plotly_layout(height_px=_HEIGHT_PX))
    years, low, high = lines["band"]
    figure.add_scatter(
        x=[*years, *reversed(years)],
        y=[*high, *reversed(low)],
        fill="toself",
        fillcolor="rgba(0,114,178,0.15)",
        line={"width": 0},
        hoverinfo="skip",
        name=_BAND,
    )
    looks = iter(_THIN)
    for form, (when, mid, is_chosen) in lines["courses"].items():
        colour, dash, _ = (style.L2, "solid", "-") if is_chosen else next(looks)
        figure.add_scatter(
            x=when,
            y=mid,
            mode="lines",
            name=names[form],
            line={"color": colour, "dash": dash, "width": 3 if is_chosen else 1.3},
            text=[f"end of {year - 1:.0f}" for year in when],
            hovertemplate="%{text}: %{y:,.0f}<extra>" + names[form] + "</extra>",
        )
    when, counted = lines["past"]
    figure.add_scatter(
        x=when,
        y=counted,
        mode="lines+markers",
        name="Counted",
        line={"color": style.INK, "width": 2},
        marker={"size": 6},
        text=lines["quarters"],
        hovertemplate="%{text}: %{y:,.0f}<extra>Counted</extra>",
    )
    where, words = lines["ticks"]
    # half a year on either side, so that the last year's name is not cut
    ends = [when[0] - 0.5, years[-1] + 0.5]
    figure.update_xaxes(title_text="End of year", tickvals=where, ticktext=words, range=ends)
    figure.update_yaxes(
        title_text="EVs in the Region (count)", range=[0, lines["top"]], tickformat=",.0f"
    )
    return figure


def _draw(canvas: Any, lines: dict[str, Any], names: dict[str, str]) -> None:
    axes = canvas.subplots()
    years, low, high = lines["band"]
    axes.fill_between(years, low, high, color=style.L2, alpha=0.15, linewidth=0, label=_BAND)
    looks = iter(_THIN)
    for form, (when, mid, is_chosen) in lines["courses"].items():
        colour, _, dash = (style.L2, "solid", "-") if is_chosen else next(looks)
        width = 2.2 if is_chosen else 0.9
        axes.plot(when, mid, color=colour, linestyle=dash, linewidth=width, label=names[form])
    when, counted = lines["past"]
    axes.plot(when, counted, color=style.INK, marker="o", markersize=2.5, label="Counted")
    axes.set_ylim(0, lines["top"])
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.set_xticks(*lines["ticks"])
    axes.set_xlabel("End of year")
    axes.set_ylabel("EVs in the Region (count)")
    canvas.legend(loc="outside upper left", ncols=2, columnspacing=2)
