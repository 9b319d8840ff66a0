"""When what a plan was made on has moved so far that a new plan is due."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import pandas as pd
from matplotlib.dates import DateFormatter, YearLocator
from matplotlib.ticker import PercentFormatter
from plotly.subplots import make_subplots

from kwev.display import origins, style
from kwev.display.chart import chart, require
from kwev.display.table import Column, table
from kwev.display.values import Number, Numbers
from kwev.errors import KwevError
from kwev.report import history as report_history
from kwev.report import snapshots
from kwev.report import targets as report_targets
from kwev.report.forecast import chosen_form
from kwev.units import POINTS
from kwev.vocabulary import LEVEL_NAMES, TARGET_NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping

    import plotly.graph_objects as go

    from kwev.data.tables import Tables
    from kwev.display.figure import Figure, Origin
    from kwev.display.table import Table
    from kwev.plan.format import Plan
    from kwev.report.history import Line
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


def triggers(tables: Tables, watched: Targets, lines: list[Line], plan: Plan) -> pd.DataFrame:
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
    rows = [
        vehicles(tables, _last(lines, report_history.REGISTRATIONS)),
        regression(lines, watched),
        network(_last(lines, "merged"), plan, watched.triggers.network_points),
        leaving(tables, watched.triggers.gone_per_year),
        use(),
    ]
    return pd.DataFrame([asdict(row) for row in rows])


def _last(lines: list[Line], series: str) -> Line:
    own = [line for line in lines if line.series == series]
    if not own:
        hint = "Run `kwev monitor --from-processed`."
        raise KwevError(f"the history has no {series}", where=report_history.FILE, hint=hint)
    return own[-1]


def vehicles(tables: Tables, counted: Line) -> Trigger:
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
    known = float(
        tables.ev_quarters.loc[tables.ev_quarters["quarter"] == newest, "ev_inside"].sum()
    )
    at = [newest, *table["quarter"].astype(str)]
    if quarter > at[-1]:
        raise KwevError(f"the forecast ends before {quarter}", where="ev_forecast")
    ends = [_between(at, [known, *table[end]], quarter) for end in ("low", "high")]
    return ends[0], ends[1], "the forecast says"


def _between(quarters: list[str], values: list[float], wanted: str) -> float:
    place = [pd.Period(quarter, "Q").ordinal for quarter in (*quarters, wanted)]
    after = next(i for i, at in enumerate(place[:-1]) if at >= place[-1])
    if place[after] == place[-1]:
        return float(values[after])
    part = (place[-1] - place[after - 1]) / (place[after] - place[after - 1])
    return float(values[after - 1] + part * (values[after] - values[after - 1]))


def _quarter(text: str) -> str:
    return f"{text[:4]} {text[4:]}"


def regression(lines: list[Line], watched: Targets) -> Trigger:
    """Return whether the last line of any series shows a target that went back."""
    series = sorted({line.series for line in lines})
    back = []
    for name in series:
        last = _last(lines, name)
        verdict = report_history.judged(lines, last, watched)
        back += [
            f"{TARGET_NAMES[str(target)]} in the series {name}"
            for target in verdict.loc[verdict["regressed"], "target"]
        ]
    calls = (
        f"A target that was met is not any more, or has lost {watched.regression_points:g} points"
    )
    none = f"No target went back in any of {len(series)} series"
    return Trigger("Targets", calls, "; ".join(back) or none, "yes" if back else "no")


def network(merged: Line, plan: Plan, most_points: float) -> Trigger:
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
    years = (
        pd.Timestamp(newer.date) - pd.Timestamp(older.date)
    ).days / report_history.DAYS_PER_YEAR
    rate = gone / len(own) / years
    present = f"{gone} of {len(own)} of {older.date} had gone by {newer.date}: {rate:.1%} a year"
    calls = f"More than {most:.0%} of the listed stations leave in a year"
    return Trigger("Stations that close", calls, present, "yes" if rate > most else "no")


def _ids(stations: pd.DataFrame) -> set[str]:
    return set(stations["station_id"].str.split("_").str[1])


def use() -> Trigger:
    """Return what would be looked at if operators published it."""
    return Trigger(
        "Use of ports and waiting times",
        "Ports are busier or emptier than the plan assumes",
        "No public data",
        "not known",
    )


# -- Coverage over time: dated lists, openings between them, and marks that stand apart.

_PANELS: Final = {"l2": ("Level 2", style.L2), "l3": ("Level 3", style.L3)}
_SERIES: Final = {
    "nrcan_opened": ("By opening date", "lines", "circle", "o"),
    "nrcan": ("Dated list, filtered alike", "markers", "circle", "o"),
    "ocm": ("OpenChargeMap, undated", "markers", "diamond", "D"),
    "merged": ("Merged network of the plan", "markers", "star", "*"),
}
"""Words, plotly mode and symbol, matplotlib marker of each series."""
_HEIGHT_PX, _HEIGHT_IN = 560, 4.4


def history(
    df: pd.DataFrame, wanted: dict[str, float], *, origin: Origin, name: str = "monitoring-history"
) -> Figure:
    """Show the share of people in reach over time, one panel a level.

    Parameters
    ----------
    df
        As from :func:`kwev.report.history.as_frame`; other series than the four are left out.
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
    alt = f"Share of people in reach over time, in lists of one source filtered alike. {each}."
    return chart(
        (name, alt, origin, df, _HEIGHT_PX),
        lambda: _plotly(df, wanted),
        lambda canvas: _draw(canvas, df, wanted),
        height_in=_HEIGHT_IN,
    )


def _plotly(df: pd.DataFrame, wanted: dict[str, float]) -> go.Figure:
    titles = [f"{words}; dotted: the target" for words, _ in _PANELS.values()]
    figure = make_subplots(
        rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.12, subplot_titles=titles
    )
    layout = style.plotly_layout(height_px=_HEIGHT_PX)
    figure.update_layout(**layout)
    figure.update_layout(legend={"y": 1.1})
    for row, (level, (_, colour)) in enumerate(_PANELS.items(), start=1):
        for key, (words, mode, symbol, _) in _SERIES.items():
            part = df[df["series"] == key]
            own = key.startswith("nrcan")
            figure.add_scatter(
                x=part["date"].tolist(),
                y=part[level].tolist(),
                mode=mode,
                name=words,
                legendgroup=key,
                showlegend=row == 1,
                line={"color": colour, "width": 1.5, "shape": "hv"},
                marker={"symbol": symbol, "size": 11, "color": colour if own else style.INK},
                hovertemplate="%{x}: %{y:.1%}<extra>" + words + "</extra>",
                row=row,
                col=1,
            )
        figure.add_hline(
            y=wanted[level], line={"color": style.INK, "width": 1, "dash": "dot"}, row=row, col=1
        )
    figure.update_xaxes(**layout["xaxis"])
    figure.update_yaxes(**layout["xaxis"])
    figure.update_xaxes(type="date")
    figure.update_yaxes(title_text="People (%)", tickformat=".0%", range=[0, 1.02])
    return figure


def _draw(canvas: Any, df: pd.DataFrame, wanted: dict[str, float]) -> None:
    dates = pd.to_datetime(df["date"])
    plots = canvas.subplots(2, 1, sharex=True)
    for axes, (level, (words, colour)) in zip(plots, _PANELS.items(), strict=True):
        for key, (label, mode, _, marker) in _SERIES.items():
            at = df["series"] == key
            if mode == "lines":
                axes.step(
                    dates[at], df.loc[at, level], where="post", color=colour, linewidth=1,
                    label=label,
                )  # fmt: skip
            else:
                tint = colour if key == "nrcan" else style.INK
                axes.scatter(
                    dates[at], df.loc[at, level], marker=marker, color=tint, s=32, label=label,
                    zorder=3,
                )  # fmt: skip
        axes.axhline(wanted[level], color=style.INK, linestyle=":", linewidth=0.8)
        axes.set_ylim(0, 1.02)
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.set_ylabel("People (%)")
        axes.set_title(f"{words}; dotted: the target", fontsize=8, loc="left")
    plots[-1].xaxis.set_major_locator(YearLocator())  # type: ignore[no-untyped-call]
    plots[-1].xaxis.set_major_formatter(DateFormatter("%Y"))  # type: ignore[no-untyped-call]
    canvas.legend(*plots[0].get_legend_handles_labels(), loc="outside upper left", ncols=2)


# -- Numbers of what is watched: the history, its trend, and what would call for a new plan.

ORIGIN: Final = "data/monitoring/history.csv"


def of_monitoring(report: Report) -> Numbers:
    """Return the numbers of the history and of drift."""
    lines, watched = report.history, report.watched
    older, newer = _of(lines, "nrcan")[0], _of(lines, "nrcan")[-1]
    mark = _of(lines, "ocm")[-1]
    judged = {
        str(row["target"]): row
        for row in report_history.judged(lines, newer, watched).to_dict("records")
    }
    found = triggers(report.tables, watched, lines, report.plan)
    calling = found.loc[found["state"] == "yes", "what"].tolist()
    return Numbers(
        [
            Number("watch_older", older.date, "text", ORIGIN),
            Number("watch_newer", newer.date, "text", ORIGIN),
            Number("watch_mark", mark.date, "text", ORIGIN),
            Number("watch_lines", len(lines), "count", ORIGIN),
            *(
                Number(f"watch_{level}_{end}", getattr(line, level), "share", ORIGIN)
                for level in ("l2", "l3")
                for end, line in (("older", older), ("newer", newer), ("mark", mark))
            ),
            *(
                Number(
                    f"watch_{level}_per_year", float(judged[level]["per_year"]), "points",
                    ORIGIN,
                )
                for level in ("l2", "l3")
            ),
            Number("watch_years", years_words(*_pace(judged["l2"])), "text", ORIGIN),
            Number("watch_regression", watched.regression_points, "points", "data/targets.json"),
            Number("drift_triggers", len(found), "count", "drift.triggers"),
            Number("drift_words", drift_words(calling), "text", "drift.triggers"),
        ]
    )  # fmt: skip


def _of(lines: list[Line], series: str) -> list[Line]:
    own = [line for line in lines if line.series == series]
    if not own:
        hint = "Run `kwev monitor --from-processed`."
        raise KwevError(f"the history has no {series}", where=report_history.FILE, hint=hint)
    return own


def _pace(row: Mapping[Any, Any]) -> tuple[float, float]:
    """Return what is missing of a target, and the trend (points, points a year)."""
    missing = POINTS * (float(row["wanted"]) - float(row["measured"]))
    return missing, float(row["per_year"])


def years_words(missing_points: float, points_per_year: float) -> str:
    """Return how long a target would take at the pace of the history, in words."""
    if missing_points <= 0:
        return "is met"
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


# -- Tables and figures of the targets that are watched, of what was measured, and of drift.

SERIES_NAMES: Final = {
    "nrcan": "Natural Resources Canada, filtered alike",
    "ocm": "OpenChargeMap, undated",
    "merged": "Merged network of the plan",
}
"""Series whose lines stand in the table: lists of stations, not their openings in between."""


def targets(report: Report) -> Table:
    """Return the monitored targets with pass or fail."""
    columns = [
        "target radius_m wanted measured before passes_before after passes_after",
        "missing_points",
    ]
    frame = report_targets.targets(report.plan, report.watched)
    return table("targets", frame, columns, origins.plan(report.tables, report.plan))


def measured_lists(report: Report) -> Table:
    """Return each list of stations with what it reached."""
    frame = report_history.as_frame(report.history)
    frame = frame[frame["series"].isin(SERIES_NAMES)].reset_index(drop=True)
    frame = frame.assign(source=frame["series"].map(SERIES_NAMES))
    columns = (
        Column("source", "List"),
        "date",
        Column("stations", "Records", format=",.0f"),
        Column("l2_ports", "Level 2 ports", format=",.0f"),
        Column("l3_ports", "Level 3 ports", format=",.0f"),
        "l2 l3 evs ev_owners",
    )
    return table("measured-lists", frame, columns, origins.stations(report.tables))


def history_chart(report: Report) -> Figure:
    """Return coverage over time."""
    wanted: dict[str, float] = {
        target.name: target.share for target in report.watched.targets if target.measure == "people"
    }
    return history(
        report_history.as_frame(report.history), wanted, origin=origins.stations(report.tables)
    )


def drift_triggers(report: Report) -> Table:
    """Return what would call for a new plan, and whether it does."""
    frame = triggers(report.tables, report.watched, report.history, report.plan)
    columns = (Column("what", "What is watched"), "calls present state")
    return table("drift-triggers", frame, columns, origins.plan(report.tables, report.plan))
