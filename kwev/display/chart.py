"""A chart described once, and drawn in both forms: interactive by plotly, in print by matplotlib.

A :class:`Chart` is panels of :mod:`kwev.display.series`; :mod:`kwev.display.plotting` draws
them.
"""

from __future__ import annotations

import html
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import plotly.graph_objects as go
from matplotlib.ticker import MaxNLocator, PercentFormatter
from plotly.subplots import make_subplots

from kwev.display import style
from kwev.display.figure import ASSETS, Figure, Origin, picture, rows
from kwev.display.plotting import plotly_of, print_panels
from kwev.display.series import Panel
from kwev.errors import KwevError
from kwev.vocabulary import ALWAYS_SHOWN

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

COVERAGE_WORDS: Final = {
    "before": "Before",
    "after": "After the plan",
    "attainable": "Attainable at this budget",
    "ceiling": "Ceiling without a budget",
    "target": "Target",
}

PATTERNS: Final = {
    "upgrade": "/", "new_l3": "", "new_l2": "", "add_l3": ".", "add_l2": ".", "remove": "x",
}  # fmt: skip
"""Fill of an action's bar: all but new stations are patterned, so that they stand out in grey."""

_LABEL_LETTERS = 24
"""A phase's name breaks after so many: its label stands beside the bar."""

_HATCH = {
    "upgrade": "////", "new_l3": "", "new_l2": "", "add_l3": "..", "add_l2": "..", "remove": "xx",
}  # fmt: skip
_MARKS = {"circle": "o", "square": "s", "diamond": "D"}
_DASHES = {"solid": "-", "dash": "--", "dot": ":"}


def coverage(canvas: Any, df: pd.DataFrame) -> None:
    """Draw a dumbbell per target with its target, attainable share and ceiling."""
    axes = canvas.subplots()
    add_coverage(axes, df)
    legend = canvas.legend(loc="outside upper left", ncols=3, columnspacing=2)
    # the tick of a target is tall among the rows, not in the legend
    legend.legend_handles[-1].set_sizes([80])


def add_coverage(axes: Any, df: pd.DataFrame) -> None:
    """Draw the dumbbells on existing axes."""
    places = list(range(len(df)))
    axes.hlines(places, df["before"], df["after"], color=style.EXISTING, linewidth=3, zorder=2)
    marks: dict[str, dict[str, Any]] = {
        "before": {"marker": "o", "s": 60, "color": style.EXISTING},
        "after": {"marker": "o", "s": 75, "color": style.L2},
        "attainable": {"marker": "D", "s": 45, "facecolor": "none", "edgecolor": style.L3},
        "ceiling": {"marker": "<", "s": 50, "facecolor": "none", "edgecolor": style.INK},
        "target": {"marker": "|", "s": 320, "color": style.INK, "linewidth": 2},
    }
    for key, mark in marks.items():
        values = df[key].astype(float)
        axes.scatter(values, places, label=COVERAGE_WORDS[key], zorder=3, **mark)
    axes.set_yticks(places, df["name"])
    axes.set_ylim(len(df) - 0.4, -0.6)
    axes.set_xlim(0, 1.02)
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set_xlabel("Share covered (%)")
    axes.grid(axis="y", visible=False)


def budget_sweep(
    canvas: Any, df: pd.DataFrame, levels: dict[str, tuple[str, str, str, str]]
) -> None:
    """Draw coverage over the budget, and the actions below it."""
    upper, lower = canvas.subplots(2, 1, sharex=True, height_ratios=[0.62, 0.38])
    millions = df["budget_cad"] / 1e6
    for key, (label, colour, mark, dash) in levels.items():
        upper.plot(
            millions,
            df[key],
            label=label,
            color=colour,
            marker=_MARKS[mark],
            markersize=4,
            linestyle=_DASHES[dash],
        )
    upper.set_ylim(0, 1.02)
    upper.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    upper.set_ylabel("Covered (%)")
    upper.legend(loc="lower left", bbox_to_anchor=(0, 1.01), ncols=3)
    gaps = millions.diff().dropna()
    width = 0.55 * float(gaps.min()) if len(gaps) else 0.5
    below = 0 * millions
    for kind, colour in shown_actions(df).items():
        lower.bar(
            millions,
            df[kind],
            width,
            bottom=below,
            color=colour,
            hatch=_HATCH[kind],
            edgecolor=style.PAPER,
            linewidth=0,
            label=style.ACTION_NAMES[kind],
        )
        below = below + df[kind]
    lower.set_ylabel("Actions (count)")
    lower.set_xlabel("Budget (million CAD)")
    lower.set_xticks(millions)
    lower.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    lower.legend(loc="lower left", bbox_to_anchor=(0, 1.01), ncols=3)
    lower.grid(axis="x", visible=False)


def shown_actions(df: pd.DataFrame) -> dict[str, str]:
    """Return the kinds of action that a chart of counts shows, with their colours.

    Those of the phases always; the others where a row has some.
    """
    return {
        kind: colour
        for kind, colour in style.ACTIONS.items()
        if kind in ALWAYS_SHOWN or (kind in df and df[kind].any())
    }


def phase_label(row: Any, newline: str) -> str:
    """Return what stands beside a phase's bar: its name, and what it does and costs below."""
    word = "action" if row.actions == 1 else "actions"
    name = textwrap.wrap(f"{row.phase}. {row.name}", _LABEL_LETTERS)
    return newline.join([*name, f"{row.actions} {word}, {style.money(row.cost_cad)}"])


def phase_months(df: pd.DataFrame) -> list[int]:
    """Return the months that bound the phases, from the start of the works: the ticks."""
    return [0, *sorted({int(month) for month in df["month_to"]})]


def phase_colour(row: Any, index: int) -> str:
    """Return the colour of a phase: that of its kind of action, where it has one."""
    kind = getattr(row, "kind", "")
    return style.ACTIONS.get(kind, style.QUALITATIVE[index % len(style.QUALITATIVE)])


def phases(axes: Any, df: pd.DataFrame) -> None:
    """Draw a bar per phase over its months."""
    for index, row in enumerate(rows(df)):
        start, length = row.month_from - 1, row.month_to - row.month_from + 1
        axes.barh(index, length, left=start, height=0.62, color=phase_colour(row, index))
    axes.set_yticks(range(len(df)), [phase_label(r, "\n") for r in rows(df)])
    axes.invert_yaxis()
    months = phase_months(df)
    axes.set_xlim(0, months[-1])
    axes.set_xticks(months)
    axes.set_xlabel("Month (end)")
    axes.grid(axis="y", visible=False)


def cost(axes: Any, df: pd.DataFrame) -> None:
    """Draw what the money goes to."""
    colours = [style.GOOD if value < 0 else style.L2 for value in df["cad"]]
    _bars(axes, df["item"], df["cad"] / 1e6, [style.money(v) for v in df["cad"]], colours)
    axes.set_xlabel("Cost (million CAD)")


def actions(axes: Any, df: pd.DataFrame) -> None:
    """Draw the number of actions by kind."""
    colour_of = {style.ACTION_NAMES[kind]: colour for kind, colour in style.ACTIONS.items()}
    colours = [colour_of[item] for item in df["item"]]
    _bars(axes, df["item"], df["actions"], [f"{value:,}" for value in df["actions"]], colours)
    axes.set_xlabel("Actions (count)")


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

_LEVELS = {
    "l2": ("People, L2", style.L2, "circle", "solid"),
    "l3": ("People, L3", style.L3, "square", "dash"),
    "ev_owners": ("EV owners, either level", style.GOOD, "diamond", "dot"),
}


def coverage_drawn(df: pd.DataFrame, *, origin: Origin, name: str = "coverage") -> Figure:
    """Show each target's share before and after, against target, attainable share and ceiling.

    Parameters
    ----------
    df
        Columns ``name`` (of the target), ``before``, ``after``, ``target``, ``attainable``,
        ``ceiling`` (shares, 0 to 1; the last two may be missing).
    """
    require(df, ("name", "before", "after", "target", "attainable", "ceiling"), name)
    each = [
        f"{r.name}: {r.before:.1%} before, {r.after:.1%} after, target {r.target:.0%}"
        for r in rows(df)
    ]
    alt = f"Coverage before and after the plan, by target. {'; '.join(each)}."
    height = 190 + 75 * len(df)
    return chart(
        (name, alt, origin, df, height),
        lambda: _coverage(df, height),
        lambda canvas: coverage(canvas, df),
        height_in=1.2 + 0.5 * len(df),
    )


def budget_sweep_drawn(df: pd.DataFrame, *, origin: Origin, name: str = "budget-sweep") -> Figure:
    """Show coverage and number of actions over the budget.

    Parameters
    ----------
    df
        Columns ``budget_cad`` (CAD), ``l2``, ``l3``, ``ev_owners`` (shares covered after the
        plan), ``upgrade``, ``new_l3``, ``new_l2`` and, where there are some, the other kinds
        (actions); one row a budget.
    """
    require(df, ("budget_cad", *_LEVELS, *ALWAYS_SHOWN), name)
    df = df.sort_values("budget_cad", ignore_index=True)
    first, last = df.iloc[0], df.iloc[-1]
    ends = "; ".join(
        f"{label} from {first[key]:.1%} to {last[key]:.1%}" for key, (label, *_) in _LEVELS.items()
    )
    alt = (
        f"Coverage and actions for {len(df)} budgets from {style.money(first.budget_cad)} "
        f"to {style.money(last.budget_cad)}: {ends}."
    )
    return chart(
        (name, alt, origin, df, 560),
        lambda: _budget_sweep(df),
        lambda canvas: budget_sweep(canvas, df, _LEVELS),
        height_in=4.4,
    )


def phases_drawn(df: pd.DataFrame, *, origin: Origin, name: str = "phases") -> Figure:
    """Show the phases on the months, with what each builds and costs.

    Parameters
    ----------
    df
        Columns ``phase`` (number), ``name``, ``month_from``, ``month_to`` (both inside the
        phase), ``actions``, ``stations``, ``ports``, ``cost_cad`` (net, CAD); where there is a
        column ``kind`` (of action), a bar has its colour.
    """
    columns = ("phase", "name", "month_from", "month_to", "actions", "stations", "ports")
    require(df, (*columns, "cost_cad"), name)
    each = [
        f"phase {r.phase}, {r.name}: months {r.month_from} to {r.month_to}, {r.actions} actions, "
        f"{r.ports} ports, {style.money(r.cost_cad)}"
        for r in rows(df)
    ]
    alt = f"Timeline of the phases. {'; '.join(each)}."
    height = 130 + 70 * len(df)
    return chart(
        (name, alt, origin, df, height),
        lambda: _phases(df, height),
        lambda canvas: phases(canvas.subplots(), df),
        height_in=0.9 + 0.45 * len(df),
    )


def cost_breakdown(df: pd.DataFrame, *, origin: Origin, name: str = "cost-breakdown") -> Figure:
    """Show what the money goes to; a credit is a bar to the left.

    Parameters
    ----------
    df
        Columns ``item`` (text), ``cad`` (CAD; negative for money that comes back).
    """
    require(df, ("item", "cad"), name)
    each = "; ".join(f"{r.item} {style.money(r.cad)}" for r in rows(df))
    alt = f"Cost by item: {each}. Net {style.money(float(df['cad'].sum()))}."
    height = 90 + 40 * len(df)
    return chart(
        (name, alt, origin, df, height),
        lambda: _drawn_bars(df["item"], df["cad"], height, "Cost (CAD)", money=True),
        lambda canvas: cost(canvas.subplots(), df),
        height_in=0.8 + 0.3 * len(df),
    )


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


def _coverage(df: pd.DataFrame, height_px: int) -> go.Figure:
    figure = go.Figure(layout=style.plotly_layout(height_px=height_px))
    add_coverage_drawn(figure, df)
    return figure


def add_coverage_drawn(figure: go.Figure, df: pd.DataFrame) -> None:
    """Add the dumbbells of coverage to a figure."""
    names = df["name"].tolist()
    for row in rows(df):
        figure.add_scatter(
            x=[row.before, row.after],
            y=[row.name, row.name],
            mode="lines",
            line={"color": style.EXISTING, "width": 4},
            hoverinfo="skip",
            showlegend=False,
        )
    marks: dict[str, dict[str, Any]] = {
        "before": {"symbol": "circle", "size": 14, "color": style.EXISTING},
        "after": {"symbol": "circle", "size": 16, "color": style.L2},
        "attainable": {"symbol": "diamond-open", "size": 13, "color": style.L3},
        "ceiling": {"symbol": "triangle-left-open", "size": 13, "color": style.INK},
        "target": {"symbol": "line-ns-open", "size": 26, "color": style.INK},
    }
    for key, mark in marks.items():
        line = {"width": 3 if key == "target" else 2}
        figure.add_scatter(
            x=df[key].tolist(),
            y=names,
            mode="markers",
            name=COVERAGE_WORDS[key],
            marker={**mark, "line": line},
            hovertemplate="%{y}<br>" + COVERAGE_WORDS[key] + ": %{x:.1%}<extra></extra>",
        )
    figure.update_xaxes(range=[0, 1.03], tickformat=".0%", title_text="Share covered (%)")
    figure.update_yaxes(
        showgrid=False, autorange="reversed", categoryorder="array", categoryarray=names
    )


def _budget_sweep(df: pd.DataFrame) -> go.Figure:
    figure = make_subplots(
        rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.09, row_heights=[0.62, 0.38]
    )
    figure.update_layout(**style.plotly_layout(height_px=560), barmode="stack")
    millions = (df["budget_cad"] / 1e6).tolist()
    for key, (label, colour, symbol, dash) in _LEVELS.items():
        figure.add_scatter(
            x=millions,
            y=df[key].tolist(),
            name=label,
            mode="lines+markers",
            line={"color": colour, "dash": dash, "width": 2},
            marker={"symbol": symbol, "size": 9},
            hovertemplate="$%{x} M: %{y:.1%}<extra>" + label + "</extra>",
            row=1,
            col=1,
        )
    for kind, colour in shown_actions(df).items():
        figure.add_bar(
            x=millions,
            y=df[kind].tolist(),
            name=style.ACTION_NAMES[kind],
            marker={"color": colour, "pattern": {"shape": PATTERNS[kind]}},
            hovertemplate="$%{x} M: %{y}<extra>" + style.ACTION_NAMES[kind] + "</extra>",
            row=2,
            col=1,
        )
    axes = style.plotly_layout(height_px=560)["xaxis"]
    figure.update_xaxes(**axes)
    figure.update_yaxes(**axes)
    figure.update_xaxes(title_text="Budget (million CAD)", row=2, col=1)
    figure.update_yaxes(title_text="Covered (%)", tickformat=".0%", rangemode="tozero", row=1)
    figure.update_yaxes(title_text="Actions (count)", rangemode="tozero", row=2)
    return figure


def _phases(df: pd.DataFrame, height_px: int) -> go.Figure:
    figure = go.Figure(layout=style.plotly_layout(height_px=height_px))
    add_phases(figure, df)
    return figure


def add_phases(figure: go.Figure, df: pd.DataFrame) -> None:
    """Add the bars of a timeline to a figure."""
    for index, row in enumerate(rows(df)):
        figure.add_bar(
            x=[row.month_to - row.month_from + 1],
            base=[row.month_from - 1],
            y=[phase_label(row, "<br>")],
            orientation="h",
            marker={"color": phase_colour(row, index)},
            showlegend=False,
            hovertemplate=f"Months {row.month_from} to {row.month_to}<br>%{{y}}<br>"
            f"{row.stations} stations, {row.ports} ports<extra></extra>",
        )
    months = phase_months(df)
    figure.update_xaxes(
        range=[0, months[-1]], tickvals=months, tickangle=0, title_text="Month (end)"
    )
    figure.update_yaxes(autorange="reversed", showgrid=False)


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
