"""A chart described once, and drawn in both forms: interactive by plotly, in print by matplotlib.

A :class:`Chart` is panels of :mod:`kwev.display.series`; :mod:`kwev.display.plotting` draws
them.
"""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import plotly.graph_objects as go

from kwev.display import style
from kwev.display.figure import ASSETS, Figure, Origin, picture, rows
from kwev.display.plotting import plotly_of, print_panels
from kwev.display.series import Panel
from kwev.errors import KwevError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

SCRIPT: Final = (
    f'<script defer src="/{ASSETS}/vendor/figures.js"></script>\n'
    "<noscript><p>This chart needs scripts; its data are in the CSV below.</p></noscript>"
)
"""What stands once in each figure that has charts."""


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A chart, described once.

    Attributes
    ----------
    name, alt, origin, data
        As in :class:`kwev.display.figure.Figure`.
    panels
        One, or several below each other.
    across
        How many panels stand side by side in print, and on the screen where there is room.
    height_px, height_in
        Height on the screen and in print.
    legend
        ``above`` the panels, or ``within`` the first one (print only).
    overlay
        Whether bars stand before each other instead of being stacked.
    apart
        Whether each panel is a chart of its own on the screen, so that they wrap on a phone.
    """

    name: str
    alt: str
    origin: Origin
    data: pd.DataFrame
    panels: Sequence[Panel]
    height_px: int
    height_in: float
    across: int = 1
    legend: Literal["above", "lower right", "lower left", "upper left"] = "above"
    legend_columns: int = 3
    overlay: bool = False
    apart: bool = False

    def figure(self) -> Figure:
        """Return the chart as a figure with both forms."""
        return Figure(
            name=self.name,
            alt=self.alt,
            source=self.origin.source,
            vintage=self.origin.vintage,
            data=self.data,
            interactive=lambda: _wrapped(self) if self.apart else _embedded(self),
            static=lambda: picture(
                lambda canvas: print_panels(canvas, self),
                height_in=self.height_in,
                alt=self.alt,
                note=self.origin.line(),
            ),
            height_px=self.height_px,
        )


def require(df: pd.DataFrame, columns: Sequence[str], name: str) -> None:
    """Refuse a table without rows or without a column that the figure shows.

    Raises
    ------
    KwevError
        Naming the figure and what is missing.
    """
    missing = [column for column in columns if column not in df.columns]
    if missing:
        raise KwevError(f"figure {name} needs columns {', '.join(missing)}")
    if df.empty:
        raise KwevError(f"figure {name} has no rows to show")


def _embedded(chart: Chart) -> str:
    return f"{_box(chart.name, plotly_of(chart), chart.height_px)}\n{SCRIPT}"


def _wrapped(chart: Chart) -> str:
    """Return each panel as a chart of its own, side by side where there is room."""
    height_px = chart.height_px // -(-len(chart.panels) // chart.across)
    parts = []
    for panel in chart.panels:
        alone = Chart(
            name=f"{chart.name}-{panel.title.lower()}", alt=chart.alt, origin=chart.origin,
            data=chart.data, height_px=height_px, height_in=1, overlay=chart.overlay,
            panels=[Panel(series=panel.series, x=panel.x, y=panel.y)],
        )  # fmt: skip
        parts.append(
            f'<div><p style="text-align:left;margin:0.5rem 0 0"><strong>{html.escape(panel.title)}'
            f"</strong></p>\n{_box(alone.name, plotly_of(alone), height_px)}</div>"
        )
    grid = (
        "display:grid;gap:0.5rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,18rem),1fr))"
    )
    inner = "\n".join(parts)
    return f'<div style="{grid}">\n{inner}\n</div>\n{SCRIPT}'


def _box(name: str, figure: go.Figure, height_px: int) -> str:
    """Return an empty box for a plotly figure, and what is to be drawn in it as JSON."""
    spec = figure.to_json(validate=True, remove_uids=True, engine="json").replace("</", "<\\/")
    return (
        f'<div class="kwev-panel"><div class="kwev-plot" id="plot-{html.escape(name)}"'
        f' style="width:100%;min-height:{height_px}px"></div>\n'
        f'<script type="application/json">{spec}</script></div>'
    )


# == to be replaced by descriptions, chart by chart ==


def categories(axes: Any, df: pd.DataFrame) -> None:
    """Draw candidates by category."""
    labels = [f"{value:,}" for value in df["sites"]]
    _bars(axes, df["category"], df["sites"], labels, [style.L2] * len(df))
    axes.set_xlabel("Candidate sites (count)")


def _bars(
    axes: Any, names: pd.Series[Any], values: pd.Series[Any], labels: list[str], colours: list[str]
) -> None:
    bars = axes.barh(range(len(names)), values, height=0.66, color=colours)
    axes.bar_label(bars, labels, padding=3, fontsize=7)
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    low, high = min(0.0, float(values.min())), max(0.0, float(values.max()))
    # room for the labels beyond the ends of the bars
    room = 0.4 * (high - low or 1)
    axes.set_xlim(low - room if low < 0 else 0, high + room)
    axes.axvline(0, color=style.QUIET, linewidth=0.8)
    axes.grid(axis="y", visible=False)


# -- Charts: each takes a small table and returns a :class:`Figure` with both forms.


def candidates_by_category(
    df: pd.DataFrame, *, origin: Origin, name: str = "candidates-by-category"
) -> Figure:
    """Show how many candidate sites each category has.

    Parameters
    ----------
    df
        Columns ``category`` (text as shown), ``sites`` (count).
    """
    require(df, ("category", "sites"), name)
    df = df.sort_values(["sites", "category"], ascending=[False, True], ignore_index=True)
    each = "; ".join(f"{r.category} {r.sites:,}" for r in rows(df))
    alt = f"Candidate sites by category: {each}."
    height = 90 + 30 * len(df)
    return chart(
        (name, alt, origin, df, height),
        lambda: _drawn_bars(
            df["category"], df["sites"], height, "Candidate sites (count)", money=False
        ),
        lambda canvas: categories(canvas.subplots(), df),
        height_in=0.8 + 0.22 * len(df),
    )


def chart(
    facts: tuple[str, str, Origin, pd.DataFrame, int],
    make: Callable[[], go.Figure],
    draw: Callable[[Any], None],
    *,
    height_in: float,
) -> Figure:
    """Return a chart as a figure: (name, alt, origin, data, height in px), and both its forms."""
    name, alt, origin, df, height_px = facts
    return Figure(
        name=name,
        alt=alt,
        source=origin.source,
        vintage=origin.vintage,
        data=df,
        interactive=lambda: embed(name, make(), height_px),
        static=lambda: picture(draw, height_in=height_in, alt=alt, note=origin.line()),
        height_px=height_px,
    )


def embed(name: str, figure: go.Figure, height_px: int) -> str:
    """Return the HTML of a plotly figure: a panel, and the script that all charts share."""
    return f"{panel(name, figure, height_px)}\n{SCRIPT}"


def panel(name: str, figure: go.Figure, height_px: int) -> str:
    """Return an empty box for a plotly figure, and what is to be drawn in it as JSON."""
    spec = figure.to_json(validate=True, remove_uids=True, engine="json").replace("</", "<\\/")
    return (
        f'<div class="kwev-panel"><div class="kwev-plot" id="plot-{html.escape(name)}"'
        f' style="width:100%;min-height:{height_px}px"></div>\n'
        f'<script type="application/json">{spec}</script></div>'
    )


def _drawn_bars(
    names: pd.Series[Any], values: pd.Series[Any], height_px: int, title: str, *, money: bool
) -> go.Figure:
    figure = go.Figure(layout=style.plotly_layout(height_px=height_px))
    add_bars(figure, names, values, money=money)
    figure.update_xaxes(title_text=title)
    return figure


def add_bars(
    figure: go.Figure,
    names: pd.Series[Any],
    values: pd.Series[Any],
    *,
    money: bool,
    colours: Sequence[str] = (),
) -> None:
    """Add labelled horizontal bars to a figure, first on top."""
    shown = [style.money(v) if money else f"{v:,}" for v in values]
    figure.add_bar(
        x=values.tolist(),
        y=names.tolist(),
        orientation="h",
        marker={"color": list(colours) or [style.GOOD if v < 0 else style.L2 for v in values]},
        text=shown,
        textposition="outside",
        cliponaxis=False,
        showlegend=False,
        hovertemplate="%{y}: %{text}<extra></extra>",
    )
    low, high = min(0.0, float(values.min())), max(0.0, float(values.max()))
    # room for the labels beyond the ends of the bars
    room = 0.3 * (high - low or 1)
    figure.update_xaxes(range=[low - 1.5 * room if low < 0 else 0, high + room])
    figure.update_yaxes(autorange="reversed", showgrid=False)
