"""Charts of the frontier: cost against Level 2 with Level 3 as series, and one slice of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import plotly.graph_objects as go
from matplotlib.ticker import PercentFormatter

from kwev.figures import style
from kwev.figures.charts import chart, require
from kwev.figures.figure import rows
from kwev.units import CAD_PER_MILLION, POINTS

if TYPE_CHECKING:
    import pandas as pd

    from kwev.figures.figure import Figure, Origin

_MARKS: Final = (("circle", "o"), ("square", "s"), ("diamond", "D"), ("triangle-up", "^"),
                 ("triangle-down", "v"))  # fmt: skip
_COLOURS: Final = ("#9ac8e1", "#529dcc", "#1c6cb1", "#08306b", style.L3)
_HEIGHT_PX, _HEIGHT_IN = 520, 3.9


def frontier(df: pd.DataFrame, *, origin: Origin, name: str = "frontier") -> Figure:
    """Show Level 2 coverage over cost, one line for each Level 3 coverage asked for.

    Parameters
    ----------
    df
        Columns ``net_cad`` (CAD), ``l2_model``, ``l3_model``, ``l3_asked``, ``l2``, ``l3``
        (shares); one row a plan that no other one beats.
    """
    require(df, ("net_cad", "l2_model", "l3_model", "l3_asked", "l2", "l3"), name)
    df = df.sort_values(["l3_asked", "net_cad"], ignore_index=True)
    each = []
    for asked, part in df.groupby("l3_asked"):
        ends = part.iloc[[0, -1]]
        each.append(
            f"{_asked(float(str(asked)))}: Level 2 from {ends['l2_model'].iloc[0]:.1%} at "
            f"{style.money(float(ends['net_cad'].iloc[0]))} to {ends['l2_model'].iloc[1]:.1%} at "
            f"{style.money(float(ends['net_cad'].iloc[1]))}"
        )
    alt = f"Frontier of cost and coverage, {len(df)} plans. {'; '.join(each)}."
    return chart(
        (name, alt, origin, df, _HEIGHT_PX),
        lambda: _frontier(df),
        lambda canvas: _draw_frontier(canvas.subplots(), df),
        height_in=_HEIGHT_IN,
    )


def _asked(share: float) -> str:
    return "No Level 3 asked for" if share <= 0 else f"Level 3 at least {POINTS * share:g}%"


def _frontier(df: pd.DataFrame) -> go.Figure:
    figure = go.Figure(layout=style.plotly_layout(height_px=_HEIGHT_PX))
    for index, (asked, part) in enumerate(df.groupby("l3_asked")):
        figure.add_scatter(
            x=(part["net_cad"] / CAD_PER_MILLION).tolist(),
            y=part["l2_model"].tolist(),
            customdata=part[["l3_model", "l2", "l3"]].to_numpy().tolist(),
            mode="lines+markers",
            name=_asked(float(str(asked))),
            line={"color": _COLOURS[index % len(_COLOURS)], "width": 2},
            marker={"symbol": _MARKS[index % len(_MARKS)][0], "size": 9},
            hovertemplate="$%{x:.2f} M<br>Level 2 %{y:.1%}, Level 3 %{customdata[0]:.1%}<br>"
            "on the cells %{customdata[1]:.1%} and %{customdata[2]:.1%}<extra></extra>",
        )
    figure.update_xaxes(title_text="Net cost (million CAD)")
    figure.update_yaxes(title_text="People near Level 2 (%)", tickformat=".0%")
    return figure


def _draw_frontier(axes: Any, df: pd.DataFrame) -> None:
    for index, (asked, part) in enumerate(df.groupby("l3_asked")):
        axes.plot(
            part["net_cad"] / CAD_PER_MILLION,
            part["l2_model"],
            color=_COLOURS[index % len(_COLOURS)],
            marker=_MARKS[index % len(_MARKS)][1],
            markersize=4.5,
            linewidth=1.4,
            label=_asked(float(str(asked))),
        )
    axes.set_xlabel("Net cost (million CAD)")
    axes.set_ylabel("People near Level 2 (%)")
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.legend(loc="lower right")


def levels(
    df: pd.DataFrame, weighted: pd.DataFrame, *, origin: Origin, name: str = "levels"
) -> Figure:
    """Show the frontier of the two levels at one budget, with what the weighted sum finds.

    Parameters
    ----------
    df
        Columns ``l2_model``, ``l3_model`` (shares), ``unsupported`` (found by no weights); one row
        a plan of the frontier, by rising ``l3_model``.
    weighted
        The same first two, and ``weight``; one row a weight.
    """
    require(df, ("l2_model", "l3_model", "unsupported"), name)
    require(weighted, ("l2_model", "l3_model", "weight"), name)
    each = "; ".join(
        f"Level 3 {r.l3_model:.1%} with Level 2 {r.l2_model:.1%}"
        + (", found by no weights" if r.unsupported else "")
        for r in rows(df)
    )
    alt = (
        f"Frontier of the two levels at one budget: {each}. {len(weighted)} weights of the levels "
        f"find plans from Level 3 {weighted['l3_model'].min():.1%} to "
        f"{weighted['l3_model'].max():.1%}."
    )
    return chart(
        (name, alt, origin, df, _HEIGHT_PX),
        lambda: _levels(df, weighted),
        lambda canvas: _draw_levels(canvas.subplots(), df, weighted),
        height_in=_HEIGHT_IN,
    )


def _parts(df: pd.DataFrame) -> list[tuple[str, pd.DataFrame, bool]]:
    hidden = df["unsupported"].to_numpy(bool)
    return [
        ("Found by some weights", df[~hidden], True),
        ("Found by no weights", df[hidden], False),
    ]


def _levels(df: pd.DataFrame, weighted: pd.DataFrame) -> go.Figure:
    figure = go.Figure(layout=style.plotly_layout(height_px=_HEIGHT_PX))
    figure.add_scatter(
        x=df["l3_model"].tolist(), y=df["l2_model"].tolist(), mode="lines",
        line={"color": style.LINE, "width": 2}, hoverinfo="skip", showlegend=False,
    )  # fmt: skip
    for words, part, full in _parts(df):
        figure.add_scatter(
            x=part["l3_model"].tolist(),
            y=part["l2_model"].tolist(),
            mode="markers",
            name=words,
            marker={"symbol": "circle" if full else "circle-open", "size": 12, "color": style.L2,
                    "line": {"width": 2}},
            hovertemplate="Level 3 %{x:.1%}, Level 2 %{y:.1%}<extra>" + words + "</extra>",
        )  # fmt: skip
    figure.add_scatter(
        x=weighted["l3_model"].tolist(),
        y=weighted["l2_model"].tolist(),
        customdata=weighted["weight"].tolist(),
        mode="markers",
        name="Weighted sum",
        marker={"symbol": "x-thin", "size": 10, "line": {"width": 2, "color": style.L3}},
        hovertemplate="weight %{customdata:g}: Level 3 %{x:.1%}, Level 2 %{y:.1%}<extra></extra>",
    )
    figure.update_xaxes(title_text="People near Level 3 (%)", tickformat=".0%")
    figure.update_yaxes(title_text="People near Level 2 (%)", tickformat=".0%")
    return figure


def _draw_levels(axes: Any, df: pd.DataFrame, weighted: pd.DataFrame) -> None:
    axes.plot(df["l3_model"], df["l2_model"], color=style.LINE, linewidth=1.2, zorder=1)
    for words, part, full in _parts(df):
        axes.scatter(
            part["l3_model"], part["l2_model"], s=42, label=words, edgecolor=style.L2, zorder=2,
            facecolor=style.L2 if full else style.PAPER,
        )  # fmt: skip
    axes.scatter(
        weighted["l3_model"], weighted["l2_model"], marker="x", s=38, color=style.L3, zorder=3,
        label="Weighted sum",
    )  # fmt: skip
    for which in (axes.xaxis, axes.yaxis):
        which.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set_xlabel("People near Level 3 (%)")
    axes.set_ylabel("People near Level 2 (%)")
    axes.legend(loc="lower left")
