"""What the schedules say, in sentences that follow from their numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import plotly.graph_objects as go
from matplotlib.ticker import PercentFormatter
from plotly.subplots import make_subplots

from kwev.display import origins, style
from kwev.display.chart import chart, require
from kwev.display.figure import rows
from kwev.display.table import Column, table
from kwev.display.values import Number, Numbers
from kwev.files import read_json
from kwev.report import phases as report_phases
from kwev.report import timing
from kwev.vocabulary import LEVEL_NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from kwev.display.figure import Figure, Origin
    from kwev.display.table import Table
    from kwev.report.scenario import Report
    from kwev.report.timing import Timetable

AS_GOOD: Final = 0.005
"""A schedule that gains less than this share below the best one is as good in practice."""

NOTHING: Final = 1e-6
"""A change of the gain smaller than this is none (share)."""

LIMIT_WORDS: Final = {
    "phasing.budget_share_per_period": "{:.0%} of the money",
    "phasing.crews.l2": "{:,.0f} Level 2 jobs",
    "phasing.crews.l3": "{:,.0f} Level 3 jobs",
    "phasing.connected_kw_per_period": "{:,.0f} kW connected",
}
"""A limit of a period in words, with its value."""


def empty_phases(phases: pd.DataFrame) -> str:
    """Say which phases of the specification have nothing to do, and which carries most.

    Parameters
    ----------
    phases
        As from :func:`kwev.report.phases.phases`.
    """
    none = phases[phases["stations"] == 0]
    most = phases.iloc[int(phases["cost_cad"].to_numpy().argmax())]
    total = float(phases["cost_cad"].sum())
    share = float(most["cost_cad"]) / total if total > 0 else 0.0
    last = (
        f"phase {most['phase']} carries {share:.0%} of the money in months "
        f"{most['month_from']} to {most['month_to']}"
    )
    if none.empty:
        return f"Every phase has work to do; {last}."
    idle = [f"months {row['month_from']} to {row['month_to']}" for _, row in none.iterrows()]
    words = " and ".join(idle)
    how_many = "One of its phases has" if len(none) == 1 else f"{len(none)} of its phases have"
    return f"{how_many} nothing to do: {words} would pass without works, and {last}."


def proof(timetable: Timetable) -> str:
    """Say how much better another schedule could be, by the solver's bound."""
    if timetable.gap < NOTHING:
        return "The solver's bound leaves no room for a better one"
    return (
        "By the solver's bound no other gains more than "
        f"{timetable.gap:.2%} beyond what this one gains"
    )


def in_short(timetable: Timetable) -> str:
    """Say what the best schedule gathers beyond the specification's months."""
    best, written = timetable.gain("best"), timetable.gain("written")
    people = (best.l2 + best.l3) - (written.l2 + written.l3)
    if people <= 0:
        return "No order within the assumed limits serves more people sooner than these months"
    return (
        f"In the best order, begun in the first month, the same works give {people:,.0f} more "
        f"person-months within reach of a charger in the first {timetable.months} months"
    )


def against_order(timetable: Timetable) -> str:
    """Say what the best schedule gathers beyond the specification's order."""
    return _more(timetable, "order", "the specification's order within the same limits")


def inside_phases(timetable: Timetable) -> str:
    """Say how much of it is the order of the phases, and how much the order inside them."""
    best, phased = timetable.gain("best").points, timetable.gain("phased").points
    missing = (best - phased) / best if best > 0 else 0.0
    start = (
        "The specification does not say what comes first within a phase, and the plan's own list "
        "stands in for it; with most gain first in each phase, its order"
    )
    if missing < NOTHING:
        return f"{start} is as good as the best, so that all the difference lies there"
    if missing < AS_GOOD:
        return (
            f"{start} comes within {missing:.2%} of the best schedule, so that nearly all the "
            "difference lies inside the phases"
        )
    return f"{start} gains {missing:.1%} less than the best schedule"


def against_greedy(timetable: Timetable) -> str:
    """Say whether a simple list does as well as the best schedule."""
    best, other = timetable.gain("best").points, timetable.gain("greedy").points
    missing = (best - other) / best if best > 0 else 0.0
    if missing < NOTHING:
        return "A simple list, most gain for the money first, is just as good here"
    if missing < AS_GOOD:
        return (
            "A simple list, most gain for the money first, comes within "
            f"{missing:.2%} of it, so no solver is needed to follow it"
        )
    return _more(timetable, "greedy", "a simple list, most gain for the money first")


def _more(timetable: Timetable, name: str, words: str) -> str:
    best, other = timetable.gain("best"), timetable.gain(name)  # type: ignore[arg-type]
    more = (best.points - other.points) / other.points if other.points > 0 else 0.0
    people = (best.l2 - other.l2) + (best.l3 - other.l3)
    if best.points - other.points <= NOTHING * abs(best.points):
        return f"The best schedule gains no more than {words}"
    word = "more" if people >= 0 else "fewer"
    return (
        f"The best schedule gains {more:.0%} more weighted coverage over the months than {words}: "
        f"{abs(people):,.0f} {word} person-months within reach of a charger"
    )


def what_written_asks(timetable: Timetable) -> str:
    """Say whether the specification's months keep the limits, and what they ask for."""
    table = timetable.compared().set_index("schedule")
    written, best = table.loc["written"], table.loc["best"]
    if written["keeps"]:
        return "The specification's months keep every limit"
    return (
        f"Kept to the letter, the specification's months ask for {written['most_jobs']:,} jobs "
        f"in one period where the best schedule asks for {best['most_jobs']:,}, and for "
        f"${written['most_cad']:,.0f} in one period instead of ${best['most_cad']:,.0f}"
    )


def what_holds_back(timetable: Timetable) -> str:
    """Say which limit, made narrower or wider within its range, changes the gain most."""
    now = timetable.gain("best").points
    swings = timetable.swings()
    swings = swings[swings["key"].isin(LIMIT_WORDS)]
    known = swings[swings["best"].notna()]
    if known.empty or now <= 0:
        return "No limit was varied"
    low, high = (known[known["end"] == end] for end in ("low", "high"))
    parts = []
    if len(low) and (now - low["best"].min()) / now > NOTHING:
        worst = low.iloc[int(low["best"].to_numpy().argmin())]
        lost = (now - float(worst["best"])) / now
        parts.append(f"with only {_limit(worst)}, {lost:.0%} of what is gained would be lost")
    if len(high) and (high["best"].max() - now) / now > NOTHING:
        most = high.iloc[int(high["best"].to_numpy().argmax())]
        more = (float(most["best"]) - now) / now
        parts.append(f"with {_limit(most)}, {more:.1%} more would be gained")
    if not parts:
        return "Within their ranges no limit changes what is gained"
    text = "; ".join(parts)
    return text[0].upper() + text[1:]


def _limit(swing: pd.Series[Any]) -> str:
    """Return the value of a varied limit in words."""
    return f"{LIMIT_WORDS[str(swing['key'])].format(float(swing['value']))} a period"


def who_waits(calendar: pd.DataFrame) -> str:
    """Say which municipalities see the first works, and which wait longest for theirs.

    Parameters
    ----------
    calendar
        As from :meth:`kwev.report.timing.Timetable.calendar`.
    """
    first = calendar.groupby("municipality")["month_from"].min()
    soon, late = int(first.min()), int(first.max())
    if soon == late:
        return f"Works begin in every municipality in month {soon}"
    places = sorted(str(town) for town in first.index[first == late])
    return (
        f"Works begin in month {soon} where most people can be served soonest, and not before "
        f"month {late} in {_joined(places)}"
    )


def _joined(names: list[str]) -> str:
    head = ", ".join(names[:-1])
    return f"{head} and {names[-1]}" if head else names[-1]


def halfway(timetable: Timetable, name: str) -> int | None:
    """Return the month by whose end a schedule has half of all people that it adds at Level 2."""
    moments = timetable.moments[name]  # type: ignore[index]
    half = (moments[0].l2 + moments[-1].l2) / 2
    if moments[-1].l2 <= moments[0].l2:
        return None
    return next(m.month for m in moments if m.l2 >= half)


# -- The calendar of the works: what is done in which months, by municipality and kind.

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


# -- Coverage over time: who is within reach month by month, under each schedule.

_LINES: Final = {
    "written": (style.EXISTING, "dashdot", "-.", 2.0),
    "order": (style.L3, "dash", "--", 2.0),
    "greedy": (style.GOOD, "dot", ":", 3.0),
    "best": (style.L2, "solid", "-", 2.6),
}
"""Colour, dashes (plotly, matplotlib) and width of each schedule; the first is drawn below."""

_HEIGHT_PX, _HEIGHT_IN = 600, 4.4


def over_time(
    df: pd.DataFrame, names: Mapping[str, str], *, origin: Origin, name: str = "coverage-over-time"
) -> Figure:
    """Show the share of people within reach of each level, month by month, a line a schedule.

    Parameters
    ----------
    df
        Columns ``schedule``, ``month`` (since the start of the works), ``l2``, ``l3`` (shares of
        people, 0 to 1), from that month on.
    names
        Words of each schedule, in the order of the legend.
    """
    require(df, ("schedule", "month", *LEVEL_NAMES), name)
    months = sorted({int(month) for month in df["month"]})
    middle = months[(len(months) - 1) // 2]
    each = []
    for key, words in names.items():
        part = df[(df["schedule"] == key) & (df["month"] == middle)].iloc[0]
        each.append(f"{words}: {part['l2']:.1%} Level 2, {part['l3']:.1%} Level 3")
    last = df[df["schedule"] == "best"].iloc[-1]
    alt = (
        f"People within reach by month. After month {middle}: {'; '.join(each)}. "
        f"At the end {last['l2']:.1%} and {last['l3']:.1%}."
    )
    return chart(
        (name, alt, origin, df, _HEIGHT_PX),
        lambda: _drawn_plotly(df, names),
        lambda canvas: _drawn_draw(canvas, df, names),
        height_in=_HEIGHT_IN,
    )


def _drawn_plotly(df: pd.DataFrame, names: Mapping[str, str]) -> go.Figure:
    figure = make_subplots(
        rows=2, cols=1, vertical_spacing=0.2, subplot_titles=list(LEVEL_NAMES.values())
    )
    layout = style.plotly_layout(height_px=_HEIGHT_PX)
    figure.update_layout(**layout)
    figure.update_layout(legend={"y": 1.08})
    for row, level in enumerate(LEVEL_NAMES, start=1):
        for key, (colour, dash, _, width) in _LINES.items():
            part = df[df["schedule"] == key]
            figure.add_scatter(
                x=part["month"].tolist(),
                y=part[level].tolist(),
                mode="lines",
                name=names[key],
                legendgroup=key,
                legendrank=list(names).index(key),
                showlegend=row == 1,
                line={"color": colour, "dash": dash, "width": width, "shape": "hv"},
                hovertemplate="from month %{x}: %{y:.1%}<extra>" + names[key] + "</extra>",
                row=row,
                col=1,
            )
    axis = layout["xaxis"]
    figure.update_xaxes(**axis)
    figure.update_yaxes(**axis)
    months = sorted({int(month) for month in df["month"]})
    figure.update_xaxes(tickvals=months, tickangle=0, title_text="Months since the start")
    figure.update_yaxes(title_text="People (%)", tickformat=".0%", range=[0, 1.02])
    return figure


def _drawn_draw(canvas: Any, df: pd.DataFrame, names: Mapping[str, str]) -> None:
    months = sorted({int(month) for month in df["month"]})
    marks = {}
    for axes, (level, words) in zip(canvas.subplots(1, 2), LEVEL_NAMES.items(), strict=True):
        for key, (colour, _, dash, width) in _LINES.items():
            part = df[df["schedule"] == key]
            (marks[key],) = axes.step(
                part["month"], part[level], where="post", color=colour, linestyle=dash,
                linewidth=0.7 * width,
            )  # fmt: skip
        axes.set_ylim(0, 1.02)
        axes.set_xlim(0, months[-1])
        axes.set_xticks(months)
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.set_title(words, fontsize=8, loc="left")
        axes.set_xlabel("Months since the start")
    canvas.axes[0].set_ylabel("People (%)")
    canvas.legend(
        [marks[key] for key in names], list(names.values()), loc="outside upper left", ncols=2
    )


# -- Numbers of when the plan is built, and of its sites.

_ORIGIN = "schedule"


def of_schedule(report: Report) -> Numbers:
    """Return the numbers of the schedules."""
    made, rule = report.timetable, report.config.phasing
    best, written = made.gain("best"), made.gain("written")
    phases = report_phases.phases(report.plan)
    halves = {name: halfway(made, name) or 0 for name in ("best", "order", "written")}
    return Numbers(
        [
            Number("periods", rule.periods, "count", "phasing.periods"),
            Number("period_months", rule.months_per_period, "count", "phasing.months_per_period"),
            Number("period_share", rule.budget_share_per_period, "share", "phasing", "{:.0%}"),
            Number("crews_l2", rule.crews.l2, "count", "phasing.crews.l2"),
            Number("crews_l3", rule.crews.l3, "count", "phasing.crews.l3"),
            Number("period_kw", rule.connected_kw_per_period, "kW", "phasing", "{:,.0f} kW"),
            Number("schedule_proof", proof(made), "text", _ORIGIN),
            Number(
                "written_share",
                written.points / best.points if best.points > 0 else 1.0,
                "share",
                _ORIGIN,
                "{:.0%}",
            ),
            *(Number(f"half_{name}", month, "count", _ORIGIN) for name, month in halves.items()),
            Number("empty_phases", empty_phases(phases), "text", "phasing.phases"),
            Number("in_short", in_short(made), "text", _ORIGIN),
            Number("against_order", against_order(made), "text", _ORIGIN),
            Number("inside_phases", inside_phases(made), "text", _ORIGIN),
            Number("against_greedy", against_greedy(made), "text", _ORIGIN),
            Number("written_asks", what_written_asks(made), "text", _ORIGIN),
            Number("who_waits", who_waits(made.calendar()), "text", _ORIGIN),
            Number("holds_back", what_holds_back(made), "text", _ORIGIN),
        ]
    )


def of_sites(report: Report) -> Numbers:
    """Return the numbers of the site packages."""
    made = report.packages
    grids = [package.implementation.grid_requirements for package in made]
    least = min(grids, key=lambda grid: grid.headroom_kw)
    increase = sum(grid.power_increase_kw for grid in grids)
    origin = "site packages"
    return Numbers(
        [
            Number("packages", len(made), "count", origin),
            Number("packages_mw", increase / 1_000, "MW", origin),
            Number(
                "packages_cost",
                sum(package.implementation.estimated_cost_cad for package in made),
                "CAD",
                origin,
            ),
            Number("least_room", least.headroom_kw, "kW", origin, "{:,.0f} kW"),
            Number("big_transformers", sum(g.phases == 3 for g in grids), "count", origin),  # noqa: PLR2004
        ]
    )


# -- Tables and figures of when the plan is built.

IN_CHART: Final[dict[str, str]] = {
    "best": timing.NAMES["best"],
    "greedy": timing.NAMES["greedy"],
    "order": "The specification's order",
    "written": timing.NAMES["written"],
}
"""Schedules that the chart shows, with the words of its legend."""


def calendar(report: Report) -> Figure:
    """Return the best schedule by municipality and kind, as bars over the months."""
    return gantt(report.timetable.calendar(), origin=origins.plan(report.tables, report.plan))


def coverage_over_time(report: Report) -> Figure:
    """Return who is within reach month by month, under each schedule."""
    return over_time(
        report.timetable.curves(),
        IN_CHART,
        origin=origins.plan(report.tables, report.plan),
    )


def schedules(report: Report) -> Table:
    """Return what each schedule gains over today, and what it asks of a period."""
    columns = (
        Column("name", "Schedule"),
        Column("l2", "Level 2 gained", "person-months", ",.0f"),
        Column("l3", "Level 3 gained", "person-months", ",.0f"),
        Column("share", "Of the best gain, weighted", format=".1%"),
        "most_jobs most_kw most_cad keeps",
    )
    frame = report.timetable.compared()
    return table("schedules", frame, columns, origins.plan(report.tables, report.plan))


def limits(report: Report) -> Table:
    """Return what the best schedule gains where a limit is narrower or wider."""
    names = {
        entry["key"]: entry["what"]
        for entry in read_json(report.project.root / "data" / "assumptions.json")
    }
    frame = report.timetable.swings()
    frame = frame.assign(
        what=frame["key"].map(names),
        over=frame["best"] - frame["order"],
        # what does not fit is told in the column of the gain
        shown=frame["best"].astype(object).where(frame["best"].notna(), frame["reason"]),
    )
    columns = (Column("what", "Limit"), Column("value", "Set to", format=",.10g"), "shown over")
    return table("limits", frame, columns, origins.plan(report.tables, report.plan))
