"""Four charts in one: what is built, what it costs, whom it reaches, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import plotly.graph_objects as go

from kwev.analysis import metrics
from kwev.figures import charts, drawings, style
from kwev.figures.canvas import picture
from kwev.figures.figure import Figure, Origin

if TYPE_CHECKING:
    from kwev.plan import Plan

TITLES = ("Infrastructure", "Cost", "Coverage", "Timeline")
_PANEL_PX = 320
_HEIGHT_IN = 5.2


def dashboard(
    made: Plan, phases: pd.DataFrame, *, origin: Origin, name: str = "dashboard"
) -> Figure:
    """Show a plan on four axes: infrastructure, cost, coverage and timeline.

    Parameters
    ----------
    phases
        As for :func:`kwev.figures.charts.phases`.
    """
    built, cost = metrics.actions_by_kind(made), metrics.cost_breakdown(made)
    # short names: a panel is narrow
    names = {word: style.ACTION_NAMES[kind] for kind, word in metrics.KIND_NAMES.items()}
    built = pd.DataFrame({"item": built["kind"].map(names), "actions": built["stations"]})
    cost = cost.assign(item=cost["item"].replace(names))
    cover = metrics.coverage(made).drop(columns="status")
    parts = (built, cost, cover, phases)
    each = "; ".join(f"{n} {a}" for n, a in zip(built["item"], built["actions"], strict=True))
    reach = "; ".join(
        f"{n} {b:.0%} to {a:.0%}"
        for n, b, a in zip(cover["name"], cover["before"], cover["after"], strict=True)
    )
    alt = (
        f"Four charts of the {made.scenario} plan. Actions: {each}. "
        f"Net cost {style.money(float(cost['cad'].sum()))}. Coverage: {reach}. "
        f"Timeline: {len(phases)} phases in {int(phases['month_to'].max())} months."
    )
    return Figure(
        name=name,
        alt=alt,
        source=origin.source,
        vintage=origin.vintage,
        data=pd.concat(
            [part.assign(panel=title) for title, part in zip(TITLES, parts, strict=True)],
            ignore_index=True,
        ),
        interactive=lambda: _interactive(name, *parts),
        static=lambda: picture(
            lambda canvas: _static(canvas, *parts),
            height_in=_HEIGHT_IN,
            alt=alt,
            note=origin.line(),
        ),
        height_px=2 * _PANEL_PX,
    )


def _interactive(
    name: str, built: pd.DataFrame, cost: pd.DataFrame, cover: pd.DataFrame, phases: pd.DataFrame
) -> str:
    """Return four panels, two in a row where there is room and one below the other on a phone."""
    figures = [_empty() for _ in TITLES]
    first, second, third, fourth = figures
    colour_of = {style.ACTION_NAMES[kind]: colour for kind, colour in style.ACTIONS.items()}
    colours = [colour_of[item] for item in built["item"]]
    charts.add_bars(first, built["item"], built["actions"], money=False, colours=colours)
    first.update_xaxes(title_text="Actions (count)")
    colours = [colour_of.get(item, style.GOOD) for item in cost["item"]]
    charts.add_bars(second, cost["item"], cost["cad"], money=True, colours=colours)
    second.update_xaxes(title_text="Cost (CAD)")
    charts.add_coverage(third, cover)
    charts.add_phases(fourth, phases)
    panels = "\n".join(
        f'<div><p style="text-align:left;margin:0.5rem 0 0"><strong>{title}</strong></p>\n'
        f"{charts.panel(f'{name}-{title.lower()}', figure, _PANEL_PX)}</div>"
        for title, figure in zip(TITLES, figures, strict=True)
    )
    grid = (
        "display:grid;gap:0.5rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,18rem),1fr))"
    )
    return f'<div style="{grid}">\n{panels}\n</div>\n{charts.SCRIPT}'


def _empty() -> go.Figure:
    return go.Figure(layout=style.plotly_layout(height_px=_PANEL_PX))


def _static(
    canvas: Any,
    built: pd.DataFrame,
    cost: pd.DataFrame,
    cover: pd.DataFrame,
    phases: pd.DataFrame,
) -> None:
    (first, second), (third, fourth) = canvas.subplots(2, 2)
    drawings.actions(first, built)
    drawings.cost(second, cost)
    drawings.add_coverage(third, cover)
    drawings.phases(fourth, phases)
    for axes, title in zip((first, second, third, fourth), TITLES, strict=True):
        axes.set_title(title, loc="left", fontsize=9, fontweight="bold")
        axes.tick_params(axis="y", labelsize=6.5)
    marks, words = third.get_legend_handles_labels()
    legend = canvas.legend(marks, words, loc="outside upper left", ncols=len(words), fontsize=6.5)
    legend.legend_handles[-1].set_sizes([60])
