"""When what a plan was made on has moved so far that a new plan is due."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final, Literal

import pandas as pd

from kwev.analysis import history, snapshots
from kwev.analysis.metrics import TARGET_NAMES
from kwev.analysis.vehicles import chosen_form
from kwev.errors import KwevError
from kwev.units import POINTS

if TYPE_CHECKING:
    from kwev.analysis.history import Line
    from kwev.analysis.targets import Targets
    from kwev.plan import Plan
    from kwev.tables import Tables

State = Literal["no", "yes", "not known"]

BASIS: Final = "recount_removed"
"""History that the back-test of the chosen forecast leaves the recount out of."""
YEAR_AHEAD: Final = 4
"""Quarters of the back-test that is told while no forecast is due."""
LEVEL_NAMES: Final = {"l2": "Level 2", "l3": "Level 3"}


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
        The history (:func:`kwev.analysis.history.read`).
    plan
        The published plan.

    Raises
    ------
    KwevError
        If the history lacks the lines of the processed tables.
    """
    rows = [
        vehicles(tables, _last(lines, history.REGISTRATIONS)),
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
        raise KwevError(f"the history has no {series}", where=history.FILE, hint=hint)
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
        verdict = history.judged(lines, last, watched)
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
    years = (pd.Timestamp(newer.date) - pd.Timestamp(older.date)).days / history.DAYS_PER_YEAR
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
