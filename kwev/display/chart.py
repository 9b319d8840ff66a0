"""A chart described once, and drawn in both forms: interactive by plotly, in print by matplotlib.

A :class:`Chart` is panels of :mod:`kwev.display.series`; :mod:`kwev.display.plotting` draws
them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from kwev import escape
from kwev.display.figure import Figure, Origin, picture
from kwev.display.plotting import plotly_of, print_panels
from kwev.display.series import Panel
from kwev.errors import KwevError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    import plotly.graph_objects as go


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
    return _box(chart.name, plotly_of(chart), chart.height_px)


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
            f'<div><p style="text-align:left;margin:0.5rem 0 0"><strong>{escape.html(panel.title)}'
            f"</strong></p>\n{_box(alone.name, plotly_of(alone), height_px)}</div>"
        )
    grid = (
        "display:grid;gap:0.5rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,18rem),1fr))"
    )
    inner = "\n".join(parts)
    return f'<div style="{grid}">\n{inner}\n</div>'


def _box(name: str, figure: go.Figure, height_px: int) -> str:
    """Return an empty box for a plotly figure, and what is to be drawn in it as JSON."""
    spec = escape.in_script(figure.to_json(validate=True, remove_uids=True, engine="json"))
    return (
        f'<div class="kwev-panel"><div class="kwev-plot" id="plot-{escape.html(name)}"'
        f' style="width:100%;min-height:{height_px}px"></div>\n'
        f'<script type="application/json">{spec}</script></div>'
    )
