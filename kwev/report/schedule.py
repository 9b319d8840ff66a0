"""What the schedules say: file, sentences that follow from their numbers, calendar and tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kwev.display import style
from kwev.display.chart import Chart, require
from kwev.display.figure import rows
from kwev.display.series import Axis, Bars, Line, Panel
from kwev.display.table import Column, table
from kwev.display.values import Numbers, listed, named, significant
from kwev.report.file_format import FORMAT_VERSION, FileRecord, file_record
from kwev.report.memory import once
from kwev.report.sweeps import ledger
from kwev.report.timing import NAMES
from kwev.vocabulary import ACTION_KIND, ACTION_KINDS, LEVEL_KEYS, LEVEL_NAMES

if TYPE_CHECKING:
    import pandas as pd

    from kwev.display.figure import Figure, Origin
    from kwev.display.series import Dash
    from kwev.display.table import Table
    from kwev.report.scenario import Report
    from kwev.report.timing import Name, Timetable


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


def in_short(timetable: Timetable) -> str:
    """Say what the best schedule gathers beyond the specification's months."""
    best, written = timetable.gain("best"), timetable.gain("written")
    people = (best.l2 + best.l3) - (written.l2 + written.l3)
    if people <= 0:
        return "No order within the assumed limits serves more people sooner than these months"
    return (
        f"In the best order, begun in the first month, the same works give "
        f"{significant(people):,.0f} more person-months within reach of a charger in "
        f"the first {timetable.months} months"
    )


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
    return more_than(timetable, "greedy", "a simple list, most gain for the money first")


def more_than(timetable: Timetable, name: Name, words: str) -> str:
    """Say what the best schedule gathers beyond another one."""
    best, other = timetable.gain("best"), timetable.gain(name)
    more = (best.points - other.points) / other.points if other.points > 0 else 0.0
    people = (best.l2 - other.l2) + (best.l3 - other.l3)
    if best.points - other.points <= NOTHING * abs(best.points):
        return f"The best schedule gains no more than {words}"
    word = "more" if people >= 0 else "fewer"
    return (
        f"The best schedule gains {more:.0%} more weighted coverage over the months than {words}: "
        f"{significant(abs(people)):,.0f} {word} person-months within reach of a charger"
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
    return f"{LIMIT_WORDS[str(swing['key'])].format(float(swing['value']))} a period"


def who_waits(calendar: pd.DataFrame) -> str:
    """Say which municipalities see the first works, and which wait longest for theirs."""
    first = calendar.groupby("municipality")["month_from"].min()
    soon, late = int(first.min()), int(first.max())
    if soon == late:
        return f"Works begin in every municipality in month {soon}"
    places = sorted(str(town) for town in first.index[first == late])
    return (
        f"Works begin in month {soon} where most people can be served soonest, and not before "
        f"month {late} in {listed(places)}"
    )


def halfway(timetable: Timetable, name: Name) -> int | None:
    """Return the month by whose end a schedule has half of all people that it adds at Level 2."""
    moments = timetable.moments[name]
    half = (moments[0].l2 + moments[-1].l2) / 2
    if moments[-1].l2 <= moments[0].l2:
        return None
    return next(m.month for m in moments if m.l2 >= half)


# -- The file of the best schedule.


def schedule_file(made: Timetable) -> FileRecord:
    """Return the best schedule in the form of ``schedule.json``."""
    values, period_of = made.values, made.periods("best")
    same = ("scenario", "inputs_sha256", "config_sha256")
    return file_record("ScheduleFile", {
        "format_version": FORMAT_VERSION,
        **{key: getattr(made.plan, key) for key in same},
        "limits": made.config.phasing.model_dump(mode="json"),
        "status": values["status"],
        "gain_point_months": made.gain("best").points,
        "bound_point_months": values["bound"] - values["points"]["today"],
        "gap": max(made.gap, 0.0),
        "gains_of_others_point_months": {
            name: made.gain(name).points for name in NAMES if name != "best"
        },
        "actions": [
            {"id": name, "period": period, "month_from": first, "month_to": last}
            for name, period in period_of.items()
            for first, last in [made.window(name)]
        ],
        "states": [
            {"period": m.period, "month": m.month, "l2_people": m.l2, "l3_people": m.l3,
             "weighted_points": m.points, "spent_cad": m.spent_cad,
             "jobs": m.jobs_l2 + m.jobs_l3, "connected_kw": m.connected_kw}
            for m in made.moments["best"]
        ],
    })  # fmt: skip


# -- Named values, tables and charts.


@once
def of_schedule(report: Report) -> Numbers:
    """Return the numbers of the schedules."""
    made, rule = report.timetable, report.config.phasing
    best, written = made.gain("best").points, made.gain("written").points
    asked = made.compared().set_index("schedule")
    return Numbers(
        [
            *named("phasing", rule, count="periods"),
            *named("phasing", count={"period_months": rule.months_per_period}),
            *named("phasing", share={"period_share:.0%": rule.budget_share_per_period}),
            *named("phasing.crews", rule.crews, "crews_", count="l2 l3"),
            *named("phasing", kw={"period_kw:,.0f": rule.connected_kw_per_period}),
            *named("schedule", share={"written_share:.0%": written / best if best > 0 else 1.0}),
            *named("schedule", share={"schedule_gap:.2%": round(max(made.gap, 0.0), 4)}),
            *named("schedule", count={
                f"{name}_jobs": asked["most_jobs"][name] for name in ("best", "written")
            }),
            *named("schedule", cad={
                f"{name}_spent": asked["most_cad"][name] for name in ("best", "written")
            }),
            *named("schedule", count={
                f"half_{name}": halfway(made, name) or 0 for name in ("best", "order", "written")
            }),
            *named("schedule", text={
                "in_short": in_short(made),
                "against_order": more_than(
                    made, "order", "the specification's order within the same limits"
                ),
                "inside_phases": inside_phases(made),
                "against_greedy": against_greedy(made),
                "who_waits": who_waits(made.calendar()),
                "holds_back": what_holds_back(made),
            }),
        ]
    )  # fmt: skip


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
    # the limits of a period are assumptions
    frame = frame.assign(**{level: frame[level].map(significant) for level in LEVEL_KEYS})
    return table("schedules", frame, columns, report.origin)


def limits(report: Report) -> Table:
    """Return what the best schedule gains where a limit is narrower or wider."""
    assumptions = ledger(report.project)
    frame = report.timetable.swings()
    frame = frame.assign(
        what=frame["key"].map({entry["key"]: entry["what"] for entry in assumptions}),
        over=frame["best"] - frame["order"],
        # what does not fit is told in the column of the gain
        shown=frame["best"].astype(object).where(frame["best"].notna(), frame["reason"]),
    )
    columns = (Column("what", "Limit"), Column("value", "Set to", format=",.10g"), "shown over")
    return table("limits", frame, columns, report.origin)


def calendar(found: pd.DataFrame, *, origin: Origin) -> Figure:
    """Show in which months how many actions of each kind are done in each municipality.

    Parameters
    ----------
    found
        As from :meth:`kwev.report.timing.Timetable.calendar`: columns ``municipality``, ``kind``
        (of action), ``month_from``, ``month_to`` (inclusive, from the start of the works),
        ``actions`` (count); a row for each that has some.
    """
    name = "calendar"
    require(found, ("municipality", "kind", "month_from", "month_to", "actions"), name)
    totals = found.groupby("municipality")["actions"].sum()
    # those with most actions first
    towns = sorted(totals.index, key=lambda town: (-int(totals[town]), str(town)))
    kinds = list(ACTION_KIND)
    pairs = sorted(
        {(r.municipality, r.kind) for r in rows(found)},
        key=lambda pair: (towns.index(pair[0]), kinds.index(pair[1])),
    )
    bars = []
    for kind in ACTION_KINDS:
        part = found[found["kind"] == kind.key]
        if len(part):
            bars.append(
                Bars(
                    at=[pairs.index((town, kind.key)) for town in part["municipality"]],
                    size=(part["month_to"] - part["month_from"] + 1).tolist(),
                    start=(part["month_from"] - 1).tolist(), colour=kind.colour, lying=True,
                    text=[str(count) for count in part["actions"]], bold=True, thick=0.8,
                    # white does not stand out on every colour
                    inside="#000000" if kind.adds == "l3" else style.PAPER,
                    facts=[[f"{town}: {kind.short}"] for town in part["municipality"]],
                    hover="%{customdata[0]}<br>%{text} from month %{base}",
                )
            )  # fmt: skip
    by_months = found.groupby(["month_from", "month_to"])[["actions"]].sum().reset_index()
    each = "; ".join(f"months {r.month_from} to {r.month_to}: {r.actions}" for r in rows(by_months))
    where = ", ".join(f"{place} {count}" for place, count in totals.items())
    months = sorted({0, *(found["month_from"] - 1).tolist(), *found["month_to"].tolist()})
    ticks = (months, [*map(str, months)])
    labels = [f"{town}, {ACTION_KIND[kind].short}" for town, kind in pairs]
    alt = f"Calendar of the works. Actions by months: {each}. By municipality: {where}."
    x = Axis(title="Month (end)", span=(0, months[-1]), ticks=ticks)
    y = Axis(flipped=True, ticks=(range(len(pairs)), labels))
    return Chart(
        name=name, alt=alt, origin=origin, data=found, panels=[Panel(series=bars, x=x, y=y)],
        height_px=80 + 30 * len(pairs), height_in=0.7 + 0.21 * len(pairs), overlay=True,
    ).figure()  # fmt: skip


IN_CHART: Final[dict[Name, tuple[str, str, Dash, float]]] = {
    "best": (NAMES["best"], style.L2, "solid", 2.6),
    "greedy": (NAMES["greedy"], style.GOOD, "dot", 3.0),
    "order": ("The specification's order", style.L3, "dash", 2.0),
    "written": (NAMES["written"], style.EXISTING, "dashdot", 2.0),
}
"""Schedules that the chart shows: words, colour, dashes and width, in the order of the legend."""


def over_time(found: pd.DataFrame, *, origin: Origin) -> Figure:
    """Show the share of people within reach of each level, month by month, a line a schedule.

    Parameters
    ----------
    found
        As from :meth:`kwev.report.timing.Timetable.curves`: columns ``schedule``, ``month`` (since
        the start of the works), ``l2``, ``l3`` (shares of people, 0 to 1), from that month on.
    """
    name = "coverage-over-time"
    require(found, ("schedule", "month", *LEVEL_NAMES), name)
    months = sorted({int(month) for month in found["month"]})
    ticks = (months, [*map(str, months)])
    middle = months[(len(months) - 1) // 2]
    parts = {key: found[found["schedule"] == key] for key in IN_CHART}
    each = []
    for key, (words, *_) in IN_CHART.items():
        at = parts[key][parts[key]["month"] == middle].iloc[0]
        each.append(f"{words}: {at['l2']:.1%} Level 2, {at['l3']:.1%} Level 3")
    last = parts["best"].iloc[-1]
    alt = (
        f"People within reach by month. After month {middle}: {'; '.join(each)}. "
        f"At the end {last['l2']:.1%} and {last['l3']:.1%}."
    )
    x = Axis(title="Months since the start", span=(0, months[-1]), ticks=ticks)
    y = Axis(title="People (%)", form="share", span=(0, 1.02))
    panels = []
    for level, title in LEVEL_NAMES.items():
        lines = [
            Line(x=parts[key]["month"].tolist(), y=parts[key][level].tolist(), label=label,
                 colour=colour, dash=dash, width=width, step=True,
                 hover="from month %{x}: %{y:.1%}")
            for key, (label, colour, dash, width) in IN_CHART.items()
        ]  # fmt: skip
        panels.append(Panel(title=title, series=lines, x=x, y=y))
    return Chart(
        name=name, alt=alt, origin=origin, data=found, panels=panels, height_px=600, height_in=4.4,
        legend_columns=2,
    ).figure()  # fmt: skip
