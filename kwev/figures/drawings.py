"""The charts once more, drawn with matplotlib for print."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any, Final

from matplotlib.ticker import MaxNLocator, PercentFormatter

from kwev.analysis.metrics import ALWAYS_SHOWN
from kwev.figures import style
from kwev.figures.figure import rows

if TYPE_CHECKING:
    import pandas as pd

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
