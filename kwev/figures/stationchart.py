"""The chart of how the network grew: two snapshots of one source, another source as a mark."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd
import plotly.graph_objects as go
from matplotlib.dates import DateFormatter, YearLocator

from kwev.figures import style
from kwev.figures.canvas import picture
from kwev.figures.charts import embed
from kwev.figures.figure import Figure, Origin, rows

HEIGHT_PX: Final = 380
HEIGHT_IN: Final = 3.0
_LOOKS: Final = (("dash", "--", style.EXISTING), ("solid", "-", style.L2))
"""Line of the older and of the newer snapshot: plotly, matplotlib, colour."""


def growth(curves: pd.DataFrame, mark: pd.Series, *, origin: Origin) -> Figure:
    """Show stations by the month in which they had opened.

    Parameters
    ----------
    curves
        Columns ``month`` (YYYY-MM), ``source`` (as shown) and ``records`` (stations opened by the
        end of the month); the older source first.
    mark
        A snapshot without dates: ``source`` (as shown), ``snapshot`` (its date) and ``records``.
    """
    curves = curves.assign(date=pd.PeriodIndex(curves["month"], freq="M").end_time.normalize())
    ends = "; ".join(
        f"{name}: {part['records'].iloc[-1]} by {part['month'].iloc[-1]}"
        for name, part in curves.groupby("source", sort=False)
    )
    alt = (
        f"Stations by month of opening. {ends}. {mark['source']} listed {mark['records']} on "
        f"{mark['snapshot']}, undated."
    )
    return Figure(
        name="station-growth",
        alt=alt,
        source=origin.source,
        vintage=origin.vintage,
        data=curves.drop(columns="date"),
        interactive=lambda: embed("station-growth", _interactive(curves, mark), HEIGHT_PX),
        static=lambda: picture(
            lambda canvas: _static(canvas, curves, mark),
            height_in=HEIGHT_IN,
            alt=alt,
            note=origin.line(),
        ),
        height_px=HEIGHT_PX,
    )


def _interactive(curves: pd.DataFrame, mark: pd.Series) -> go.Figure:
    figure = go.Figure(layout=style.plotly_layout(height_px=HEIGHT_PX))
    for (name, part), (dash, _, colour) in zip(_parts(curves), _LOOKS, strict=True):
        figure.add_scatter(
            x=part["month"].tolist(),
            y=part["records"].tolist(),
            name=name,
            mode="lines",
            line={"color": colour, "dash": dash, "width": 2.5, "shape": "hv"},
            hovertemplate="%{x}: %{y} stations<extra></extra>",
        )
    figure.add_scatter(
        x=[mark["snapshot"]],
        y=[mark["records"]],
        name=f"{mark['source']} (no dates)",
        mode="markers",
        marker={"symbol": "diamond", "size": 12, "color": style.L3},
        hovertemplate="%{x}: %{y} records<extra></extra>",
    )
    figure.update_xaxes(title_text="Month of opening", type="date")
    figure.update_yaxes(title_text="Stations (count)", rangemode="tozero")
    return figure


def _static(canvas: Any, curves: pd.DataFrame, mark: pd.Series) -> None:
    axes = canvas.subplots()
    for (name, part), (_, dash, colour) in zip(_parts(curves), _LOOKS, strict=True):
        axes.step(
            part["date"], part["records"], where="post", label=name, color=colour, linestyle=dash
        )
    axes.scatter(
        [pd.Timestamp(mark["snapshot"])],
        [mark["records"]],
        label=f"{mark['source']} (no dates)",
        marker="D",
        s=40,
        color=style.L3,
        zorder=3,
    )
    axes.xaxis.set_major_locator(YearLocator(2))  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_formatter(DateFormatter("%Y"))  # type: ignore[no-untyped-call]
    axes.set_ylim(bottom=0)
    axes.set_xlabel("Month of opening")
    axes.set_ylabel("Stations (count)")
    axes.legend(loc="upper left")


def _parts(curves: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    first = rows(curves.drop_duplicates("source"))
    return [(str(row.source), curves[curves["source"] == row.source]) for row in first]
