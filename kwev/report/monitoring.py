"""The targets that are watched, what was measured, and when a new plan is due.

Its measures, named values, tables and chart; the history itself is :mod:`kwev.report.history`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import pandas as pd

from kwev.display import origins, style
from kwev.display.chart import Chart, require
from kwev.display.series import Axis, Line, Panel, Rule
from kwev.display.table import Column, table
from kwev.display.values import Number, Numbers, named
from kwev.errors import KwevError
from kwev.report import comparison, history, snapshots, targets
from kwev.report.forecast import chosen_form
from kwev.report.memory import once
from kwev.units import POINTS
from kwev.vocabulary import LEVEL_NAMES, METRIC_WORDS, TARGET_NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kwev.config import Metric
    from kwev.data.tables import Tables
    from kwev.display.figure import Figure, Origin
    from kwev.display.table import Table
    from kwev.plan.format import Plan
    from kwev.report.history import Measured
    from kwev.report.scenario import Report
    from kwev.report.targets import Targets

State = Literal["no", "yes", "not known"]

BASIS: Final = "recount_removed"
"""History that the back-test of the chosen forecast leaves the recount out of."""
YEAR_AHEAD: Final = 4
"""Quarters of the back-test that is told while no forecast is due."""


@dataclass(frozen=True)
class Trigger:
    """One thing that would call for a new plan.

    Attributes
    ----------
    what
        What is looked at.
    calls
        From when on it calls for a new plan, in words.
    present
        How it stands, in words.
    state
        Whether it calls for one now; ``not known`` where nobody publishes it.
    """

    what: str
    calls: str
    present: str
    state: State


def triggers(tables: Tables, watched: Targets, lines: list[Measured], plan: Plan) -> pd.DataFrame:
    """Return every trigger with its present state: the fields of :class:`Trigger`.

    Parameters
    ----------
    tables
        ``data/processed``, read.
    watched
        The targets and thresholds.
    lines
        The history (:func:`kwev.report.history.read_history`).
    plan
        The published plan.

    Raises
    ------
    KwevError
        If the history lacks the lines of the processed tables.
    """
    metric = plan.config.coverage.metric
    found = [
        vehicles(tables, of_series(lines, history.REGISTRATIONS, metric)[-1]),
        regression(lines, watched),
        network(
            of_series(lines, snapshots.MERGED, metric)[-1], plan, watched.triggers.network_points
        ),
        leaving(tables, watched.triggers.gone_per_year),
        Trigger(
            "Use of ports and waiting times",
            "Ports are busier or emptier than the plan assumes",
            "No public data",
            "not known",
        ),
    ]
    return pd.DataFrame([asdict(trigger) for trigger in found])


def of_series(lines: list[Measured], series: str, metric: Metric) -> list[Measured]:
    """Return the lines of a series on a metric, of which there must be some.

    Raises
    ------
    KwevError
        If the history has none.
    """
    own = [line for line in lines if (line.series, line.metric) == (series, metric)]
    if not own:
        hint = "Run `kwev monitor --from-processed`."
        words = f"the history has no {series} {METRIC_WORDS[metric]}"
        raise KwevError(words, where=history.FILE, hint=hint)
    return own


def vehicles(tables: Tables, counted: Measured) -> Trigger:
    """Hold a count against the interval of the chosen forecast, or, before one is due, of its test.

    Between two quarters of the forecast its interval is read in a straight line.
    """
    calls = "The count lies outside the forecast's interval"
    low, high, words = interval(tables, counted.ev_quarter)
    state: State = "no" if low <= counted.evs <= high else "yes"
    present = f"{counted.evs:,.0f} at the end of {_quarter(counted.ev_quarter)}; {words}"
    return Trigger("Electric vehicles", calls, f"{present} {low:,.0f} to {high:,.0f}", state)


def interval(tables: Tables, quarter: str) -> tuple[float, float, str]:
    """Return low and high of a quarter's forecast (EV), and which forecast it is, in words.

    Raises
    ------
    KwevError
        If the quarter lies before every test or beyond the forecast.
    """
    form = chosen_form(tables)
    newest = str(tables.ev_quarters["quarter"].max())
    if quarter <= newest:
        test = tables.ev_backtest
        test = test[(test["basis"] == BASIS) & (test["form"] == form)]
        due = (pd.PeriodIndex(test["origin"], freq="Q") + test["horizon"]).astype(str)
        test = test[(due == quarter) & (test["horizon"] == YEAR_AHEAD)]
        if test.empty:
            raise KwevError(f"no forecast was tested for {quarter}", where="ev_backtest")
        words = "no forecast is due yet, and one made a year earlier would have said"
        return float(test["low"].iloc[0]), float(test["high"].iloc[0]), words
    table = tables.ev_forecast[tables.ev_forecast["form"] == form].sort_values("quarter")
    counts = tables.ev_quarters[tables.ev_quarters["quarter"] == newest]
    known = float(counts["ev_inside"].sum())
    at = [pd.Period(due, "Q").ordinal for due in (newest, *table["quarter"])]
    wanted = pd.Period(quarter, "Q").ordinal
    if wanted > at[-1]:
        raise KwevError(f"the forecast ends before {quarter}", where="ev_forecast")
    low, high = (float(np.interp(wanted, at, [known, *table[end]])) for end in ("low", "high"))
    return low, high, "the forecast says"


def _quarter(text: str) -> str:
    return f"{text[:4]} {text[4:]}"


def regression(lines: list[Measured], watched: Targets) -> Trigger:
    """Return whether the last line of any series shows a target that went back."""
    last = {(line.series, line.metric): line for line in lines}
    back = []
    for (name, metric), line in sorted(last.items()):
        verdict = targets.judged(lines, line, watched)
        back += [
            f"{TARGET_NAMES[str(target)]} {METRIC_WORDS[metric]} in the series {name}"
            for target in verdict.loc[verdict["regressed"], "target"]
        ]
    calls = (
        f"A target that was met is not any more, or has lost {watched.regression_points:g} points"
    )
    none = f"No target went back in any of {len({name for name, _ in last})} series"
    return Trigger("Targets", calls, "; ".join(back) or none, "yes" if back else "no")


def network(merged: Measured, plan: Plan, most_points: float) -> Trigger:
    """Hold today's network against the one that the plan was made on."""
    moved = {
        level: POINTS * ((getattr(merged, level) or 0.0) - getattr(plan.coverage, level).before)
        for level in LEVEL_NAMES
    }
    words = " and ".join(f"{moved[level]:+.1f} points of {LEVEL_NAMES[level]}" for level in moved)
    state: State = "yes" if any(abs(points) >= most_points for points in moved.values()) else "no"
    unit = "point" if most_points == 1 else "points"
    calls = f"Coverage before the plan has moved by {most_points:g} {unit} at either level"
    return Trigger("Stations of today", calls, f"{words} since the plan was made", state)


def leaving(tables: Tables, most: float) -> Trigger:
    """Return which part of the listed stations leaves in a year, between the two dated lists."""
    older, newer = (snapshots.listed(tables, source) for source in snapshots.DATED)
    own = _ids(older.stations)
    gone = len(own - _ids(newer.stations))
    days = (pd.Timestamp(newer.date) - pd.Timestamp(older.date)).days
    years = days / targets.DAYS_PER_YEAR
    rate = gone / len(own) / years
    present = f"{gone} of {len(own)} of {older.date} had gone by {newer.date}: {rate:.1%} a year"
    calls = f"More than {most:.0%} of the listed stations leave in a year"
    return Trigger("Stations that close", calls, present, "yes" if rate > most else "no")


def _ids(stations: pd.DataFrame) -> set[str]:
    return set(stations["station_id"].str.split("_").str[1])


def as_frame(lines: list[Measured]) -> pd.DataFrame:
    """Return a history as a table of :data:`history.COLUMNS`; what a line does not have is NaN."""
    frame = pd.DataFrame([asdict(line) for line in lines], columns=list(history.COLUMNS))
    return frame.astype(
        dict.fromkeys(("stations", "l2_ports", "l3_ports", "evs", "l2", "l3", "ev_owners"), float)
    )


# -- the chart ---------------------------------------------------------------------------------

_PANELS: Final = {"l2": ("Level 2", style.L2), "l3": ("Level 3", style.L3)}
_SERIES: Final[dict[str, tuple[str, Any, Any]]] = {
    "nrcan_opened": ("By opening date", "solid", ""),
    "nrcan": ("Dated list, filtered alike", "", "circle"),
    "ocm": ("OpenChargeMap, undated", "", "diamond"),
    "merged": ("Merged network of the plan", "", "star"),
}
"""Words, dash and mark of each series."""


def over_time(
    df: pd.DataFrame, wanted: dict[str, float], *, origin: Origin, name: str = "monitoring-history"
) -> Figure:
    """Show the share of people in reach over time, one panel a level.

    Parameters
    ----------
    df
        As from :func:`as_frame`; other series than the four are left out.
    wanted
        Target by level (share), drawn as a dotted line.
    """
    require(df, ("date", "series", "l2", "l3"), name)
    df = df[df["series"].isin(_SERIES)].sort_values(["series", "date"], ignore_index=True)
    listed = df[df["series"] == "nrcan"]
    first, last = listed.iloc[0], listed.iloc[-1]
    each = "; ".join(
        f"{words} from {first[level]:.1%} on {first['date']} to {last[level]:.1%} on "
        f"{last['date']}, target {wanted[level]:.0%}"
        for level, (words, _) in _PANELS.items()
    )
    panels = []
    for level, (title, colour) in _PANELS.items():
        series: list[Line | Rule] = []
        for key, (words, dash, mark) in _SERIES.items():
            part = df[df["series"] == key]
            series.append(
                Line(x=part["date"].tolist(), y=part[level].tolist(), label=words, dash=dash,
                     mark=mark, size=11, width=1.5, step=bool(dash),
                     colour=colour if key.startswith("nrcan") else style.INK,
                     hover="%{x}: %{y:.1%}<extra>" + words + "</extra>")
            )  # fmt: skip
        series.append(Rule(y=wanted[level]))
        y = Axis(title="People (%)", form="share", span=(0, 1.02))
        panels.append(
            Panel(series=series, x=Axis(form="date"), y=y, title=f"{title}; dotted: the target")
        )
    return Chart(
        name=name, origin=origin, data=df, panels=panels, height_px=560, height_in=4.4,
        alt=f"Share of people in reach over time, in lists of one source filtered alike. {each}.",
        legend_columns=2,
    ).figure()  # fmt: skip


# -- named values ------------------------------------------------------------------------------

ORIGIN: Final = "data/monitoring/history.csv"


@once
def numbers(report: Report) -> Numbers:
    """Return the numbers of the history and of drift."""
    lines, watched = report.history, report.watched
    metric = report.config.coverage.metric
    listed, mark = of_series(lines, "nrcan", metric), of_series(lines, "ocm", metric)[-1]
    ends = {"older": listed[0], "newer": listed[-1], "mark": mark}
    judged = targets.judged(lines, listed[-1], watched).set_index("target")
    found = triggers(report.tables, watched, lines, report.plan)
    calling = found.loc[found["state"] == "yes", "what"].tolist()
    trend = {level: float(judged["per_year"][level]) for level in LEVEL_NAMES}
    missing = POINTS * float(judged["wanted"]["l2"] - judged["measured"]["l2"])
    l2 = report.plan.coverage.l2
    reachable = l2.ceiling >= float(judged["wanted"]["l2"])
    texts = {name: line.date for name, line in ends.items()}
    return Numbers(
        [
            *named(ORIGIN, None, "watch_", count={"lines": len(lines)},
                   text={**texts, "years": years_words(missing, trend["l2"], in_reach=reachable)},
                   points={f"{level}_per_year": points for level, points in trend.items()}),
            *(Number(f"watch_{level}_{end}", getattr(line, level), "share", ORIGIN)
              for level in LEVEL_NAMES for end, line in ends.items()),
            Number("watch_places", _moved(report, ends), "points", ORIGIN, "{:.1f}"),
            Number("watch_regression", watched.regression_points, "points", "data/targets.json"),
            *named("drift.triggers", None, "drift_", count={"triggers": len(found)},
                   text={"words": drift_words(calling)}),
        ]
    )  # fmt: skip


def _moved(report: Report, lines: Mapping[str, Measured]) -> float:
    """Return by how much hindsight's shares of the two lists differ from the history's (points).

    A list says where its stations are; hindsight has each where the merged network has it.
    """
    shares: dict[str, dict[str, float]] = report.hindsight["shares"]
    apart: list[float] = [
        abs(shares[network][level] - getattr(lines[end], level))
        for network, end in (("then", "older"), ("built", "newer"))
        for level in LEVEL_NAMES
    ]
    return POINTS * max(apart)


def years_words(missing_points: float, points_per_year: float, *, in_reach: bool = True) -> str:
    """Return how long a target would take at the pace of the history, in words.

    ``in_reach`` is whether any budget reaches it: a target that none does has no date.
    """
    if missing_points <= 0:
        return "is met"
    if not in_reach:
        return "has no date at any pace: no budget reaches it"
    if not points_per_year > 0:
        return "comes no nearer at that pace"
    return f"would take about {missing_points / points_per_year:,.0f} years at that pace"


def drift_words(calling: list[str]) -> str:
    """Return which triggers call for a new plan, in words."""
    if not calling:
        return "none of them calls for a new plan now"
    named = ", ".join(what[0].lower() + what[1:] for what in calling)
    who = "this one calls" if len(calling) == 1 else "these call"
    return f"{who} for a new plan now: {named}"


# -- tables and charts -------------------------------------------------------------------------

SERIES_NAMES: Final = {
    "nrcan": "Natural Resources Canada, filtered alike",
    "ocm": "OpenChargeMap, undated",
    "merged": "Merged network of the plan",
}
"""Series whose lines stand in the table: lists of stations, not their openings in between."""


def targets_table(report: Report) -> Table:
    """Return the monitored targets with pass or fail."""
    columns = (
        "target radius_m", Column("distance", "Distance"),
        "wanted measured before passes_before after passes_after missing_points",
    )  # fmt: skip
    frame = targets.targets(report.watched, comparison.reached(report))
    return table("targets", frame, columns, origins.plan(report.tables, report.plan))


def lists_table(report: Report) -> Table:
    """Return each list of stations with what it reached."""
    frame = as_frame(report.history)
    frame = frame[frame["series"].isin(SERIES_NAMES)].reset_index(drop=True)
    frame = frame.assign(
        source=frame["series"].map(SERIES_NAMES), distance=frame["metric"].map(METRIC_WORDS)
    ).sort_values(["source", "date", "distance"], ignore_index=True)
    columns = (
        Column("source", "List"),
        "date",
        Column("distance", "Distance"),
        Column("stations", "Records", format=",.0f"),
        Column("l2_ports", "Level 2 ports", format=",.0f"),
        Column("l3_ports", "Level 3 ports", format=",.0f"),
        "l2 l3 evs ev_owners",
    )
    return table("measured-lists", frame, columns, origins.stations(report.tables))


def history_chart(report: Report) -> Figure:
    """Return coverage over time, on the metric of the plan."""
    wanted: dict[str, float] = {
        target.name: target.share for target in report.watched.targets if target.measure == "people"
    }
    frame = as_frame(report.history)
    frame = frame[frame["metric"] == report.config.coverage.metric]
    return over_time(frame, wanted, origin=origins.stations(report.tables))


def triggers_table(report: Report, found: pd.DataFrame) -> Table:
    """Return what would call for a new plan, and whether it does (rows of :func:`triggers`)."""
    columns = (Column("what", "What is watched"), "calls present state")
    return table("drift-triggers", found, columns, origins.plan(report.tables, report.plan))
