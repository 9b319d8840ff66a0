"""The sensitivity chapter's named values, charts and tables, from committed rows.

Words say no more than the rows show: that more money helps only where a plan with more money does
better, that a target is out of reach only where it is proven.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from kwev.display import style
from kwev.display.chart import Chart, require
from kwev.display.figure import rows
from kwev.display.series import Axis, Bars, Line, Panel, Rule
from kwev.display.table import Column, Table, columns_of, table
from kwev.display.values import Number, Numbers, listed, named
from kwev.plan.words import TARGET_STATUS
from kwev.report import picks, readings, registry, sweeps
from kwev.report.memory import once
from kwev.report.plan_charts import LEVEL_LINES
from kwev.report.readings import MONEY_TOL, VERDICTS, money
from kwev.report.sweeps import origin as _origin
from kwev.units import POINTS
from kwev.vocabulary import LEVEL_NAMES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kwev.display.figure import Figure, Origin
    from kwev.report.scenario import Report

NO_DIFFERENCE: Final = "makes no difference that can be proven: both plans are open by more"
"""Said of a gain that is smaller than the gap of either plan; no figure is told of it."""
SMALL_POINTS: Final = 0.05
"""Changes of coverage that print as nothing."""
CEILING_TOL: Final = 1e-6


# -- words of three or more outcomes -----------------------------------------------------------


def step_at(steps: pd.DataFrame, budget_cad: float) -> dict[str, float]:
    """Return the row of :func:`kwev.report.readings.steps` at a budget.

    Raises
    ------
    StopIteration
        If the budget was not solved with and without the step.
    """
    near = (steps["budget_cad"] - budget_cad).abs() < MONEY_TOL
    return next({str(k): v for k, v in row.items()} for row in steps[near].to_dict("records"))


def brings(step: Mapping[str, float]) -> str:
    """Return what the next step of money brings (see :func:`step_at`), in words."""
    if abs(step["spent_cad"]) < MONEY_TOL and step["shortfall_points"] < SMALL_POINTS:
        return "buys nothing: the plan made with it costs no more"
    if not step["proven"]:
        return NO_DIFFERENCE
    parts = []
    for level, name in LEVEL_NAMES.items():
        people = float(step[f"{level}_people"])
        if abs(float(step[f"{level}_points"])) < SMALL_POINTS:
            parts.append(f"hardly anybody near {name}")
        else:
            parts.append(f"{abs(people):,.0f} {'more' if people > 0 else 'fewer'} near {name}")
    return f"brings {' and '.join(parts)}"


def full_level2(budgets: pd.DataFrame) -> str:
    """Say from which solved budget on Level 2 is as far as any candidate takes it."""
    ordered = budgets.sort_values("budget_cad")
    full = ordered[ordered["l2_model"] >= ordered["l2_ceiling"] - CEILING_TOL]
    last = ordered.iloc[-1]
    most = money(last["budget_cad"])
    if full.empty:
        return f"Up to {most}, more money still brings Level 2 to places that have none"
    gain = POINTS * (last["l3"] - full["l3"].iloc[0])
    then = (
        f"; what is added up to {most} goes to Level 3, which gains {gain:.1f} points"
        if gain >= SMALL_POINTS
        else ""
    )
    return (
        f"From {money(full['budget_cad'].iloc[0])} on, Level 2 stands as far as any candidate "
        f"takes it on the model's points{then}"
    )


def verdicts(grid: pd.DataFrame) -> str:
    """Say how the pairs of targets fall out (rows of :func:`kwev.report.readings.grid`)."""
    counts = grid["verdict"].value_counts()
    return "; ".join(
        f"{counts[key]} {'is' if counts[key] == 1 else 'are'} {words}"
        for key, words in VERDICTS.items()
        if counts.get(key, 0)
    )


def given_up(scenarios: pd.DataFrame) -> list[str]:
    """Return the targets of scenarios that are missed though each could be met alone.

    Such a target is given up for another one: only the sum of what is missed is proven.
    """
    return [
        f"{name} in {row['name'].replace('_', ' ')}"
        for row in scenarios.to_dict("records")
        for level, name in LEVEL_NAMES.items()
        if row[f"{level}_status"] == "unmet_unproven"
    ]


def dipping(dips: list[tuple[float, float, float]], show: Callable[[float], str] = money) -> str:
    """Say where a measured value falls along a sweep (see :func:`kwev.report.readings.dips`)."""
    if not dips:
        return "never falls along the sweep"
    where, to, by = max(dips, key=lambda dip: dip[2])
    times = "once" if len(dips) == 1 else f"{len(dips)} times"
    return (
        f"falls {times} along the sweep, most from {show(where)} to {show(to)}, by "
        f"{POINTS * by:.2f} points"
    )


# -- charts ------------------------------------------------------------------------------------

ENDS: Final[tuple[tuple[str, str, str, Any], ...]] = (
    ("low", "Low end of the range", style.L3, "/"), ("high", "High end", style.L2, ""),
)  # fmt: skip


def along(df: pd.DataFrame, by: str, title: str, *, origin: Origin, name: str) -> Figure:
    """Show coverage along one choice.

    Parameters
    ----------
    df
        Columns ``by``, ``l2``, ``l3`` and ``ev_owners`` (shares on the cells); one row a plan.
    by
        Column of what is varied.
    title
        What it is, with its unit.
    """
    require(df, (by, *LEVEL_LINES), name)
    df = df.sort_values(by, ignore_index=True)
    first, last = df.iloc[0], df.iloc[-1]
    ends = "; ".join(
        f"{look['label']} from {first[key]:.1%} to {last[key]:.1%}"
        for key, look in LEVEL_LINES.items()
    )
    series = [
        Line(x=df[by].tolist(), y=df[key].tolist(), **look,
             hover="%{x:g}: %{y:.1%}<extra>" + look["label"] + "</extra>")
        for key, look in LEVEL_LINES.items()
    ]  # fmt: skip
    y = Axis(title="Covered (%)", form="share", from_zero=True)
    return Chart(
        name=name, data=df, origin=origin, height_px=380, height_in=2.9,
        alt=f"Coverage along {title}, {first[by]:g} to {last[by]:g}, {len(df)} plans: {ends}.",
        panels=[Panel(series=series, x=Axis(title=title), y=y)],
    ).figure()  # fmt: skip


def tornado(df: pd.DataFrame, title: str, *, origin: Origin, name: str) -> Figure:
    """Show the change at both ends of each assumption, widest on top.

    Parameters
    ----------
    df
        Columns ``what``, ``low``, ``high`` (change at each end) and ``span``, widest first.
    title
        What changes, with its unit.
    """
    require(df, ("what", "low", "high", "span"), name)
    each = "; ".join(f"{r.what} {r.low:+.1f} to {r.high:+.1f}" for r in rows(df.head(3)))
    series: list[Bars | Rule] = [
        Bars(at=df["what"].tolist(), size=df[end].tolist(), start=[0.0] * len(df), label=words,
             colour=colour, pattern=pattern, lying=True,
             hover="%{y}: %{x:+.1f}<extra>" + words + "</extra>")
        for end, words, colour, pattern in ENDS
    ]  # fmt: skip
    return Chart(
        name=name, data=df, origin=origin, overlay=True,
        alt=f"{title}, at both ends of {len(df)} assumptions. Widest: {each}.",
        panels=[Panel(series=[*series, Rule(x=0.0, colour=style.QUIET, dash="solid")],
                      x=Axis(title=title), y=Axis(flipped=True))],
        height_px=110 + 34 * len(df), height_in=0.9 + 0.26 * len(df), legend_columns=2,
    ).figure()  # fmt: skip


# -- named values ------------------------------------------------------------------------------


@once
def numbers(report: Report) -> Numbers:
    """Return what the sensitivity chapter says of the sweeps."""
    parts = (_size, _budgets, _targets, _tornados, _radii, _scenarios, _land,
             _shortfall_prices, readings.of_prices)  # fmt: skip
    own = [number for part in parts for number in part(report)]
    return Numbers(own + picks.numbers(report))


def _size(report: Report) -> list[Number]:
    sizes = registry.size(report.project, registry.STUDIES)
    violations = sum(report.study(name)["violations"].sum() for name in sweeps.STUDIES)
    return [
        *named(
            "studies.STUDIES", count={"studies": len(sizes), "study_plans": sum(sizes.values())}
        ),
        Number("study_violations", int(violations), "count", "certificates"),
    ]


def _budgets(report: Report) -> list[Number]:
    found, rows = readings.next_money(report), report.study("budget")
    last = rows.sort_values("budget_cad").iloc[-1]
    steps = {
        "next": report.config.budget.limit_cad, "next_last": float(found["budget_cad"].max()),
    }  # fmt: skip
    dips = readings.dips(rows, "budget_cad", "l2")
    return [
        Number("step", sweeps.STEP_CAD, "CAD", "sweeps.STEP_CAD"),
        *named(
            "data/results/budget.csv",
            cad={"sweep_unspent": float(last["budget_cad"] - last["net_cad"])},
            text={"level2_full": full_level2(rows), "budget_dips": dipping(dips)},
        ),
        *named(
            "data/results/budget.csv",
            text={**{f"{name}_budget": money(cad) for name, cad in steps.items()},
                  **{f"{name}_brings": brings(step_at(found, cad))
                     for name, cad in steps.items()}},
        ),
    ]  # fmt: skip


def _targets(report: Report) -> list[Number]:
    grid, own = readings.grid(report), report.config.targets
    origin = "data/results/targets.csv"
    at = {(row.l2_target, row.l3_target): row for row in rows(grid)}
    eased = float(grid["l3_target"].min())
    before, after = at[own.l2, own.l3], at[own.l2, eased]
    moved = {name: POINTS * (getattr(after, name) - getattr(before, name)) for name in LEVEL_NAMES}
    return [
        *named(
            origin, count={"target_pairs": len(grid)}, text={"target_verdicts": verdicts(grid)}
        ),
        Number("eased_l3", eased, "share", origin, "{:.0%}"),
        *(Number(f"eased_{level}_moves", points, "points", origin, "{:+.1f}")
          for level, points in moved.items()),
    ]  # fmt: skip


def _tornados(report: Report) -> list[Number]:
    origin = "data/results/swings.csv"
    spread = POINTS * readings.noise(report.study("swings"), "l2")
    found = [Number("cell_noise", spread, "points", origin)]
    for level in LEVEL_NAMES:
        widest = readings.moved(report, level).head(2)
        for place, row in zip(("first", "second"), rows(widest), strict=True):
            name, what = f"swing_{level}_{place}", row.what[0].lower() + row.what[1:]
            found += named(origin, text={name: what}, points={f"{name}_span": row.span})
    return found


def _radii(report: Report) -> list[Number]:
    found: list[Number] = []
    for level in LEVEL_NAMES:
        study = f"{level}-radius"
        reached = readings.along(report, study, f"coverage.{level}_radius_m").sort_values("value")
        for end, row in (("short", reached.iloc[0]), ("long", reached.iloc[-1])):
            found += named(f"{study}.csv", m={f"{level}_radius_{end}": row["value"]},
                           share={f"{level}_at_{end}_radius": row[level]})  # fmt: skip
    dips = readings.dips(reached, "value", "l3")
    words = dipping(dips, lambda metres: f"{metres / 1_000:g} km")
    return [*found, Number("radius_dips", words, "text", "data/results/l3-radius.csv")]


def _moves(report: Report, study: str, start: str, end: str) -> dict[str, float]:
    """Return by how much coverage of each level moves from one point of a study to another."""
    found = {row["name"]: row for row in report.study(study).to_dict("records")}
    return {
        level: POINTS * (float(found[end][level]) - float(found[start][level]))
        for level in LEVEL_NAMES
    }


def _shortfall_prices(report: Report) -> list[Number]:
    study, origin = "shortfall-price", "data/results/shortfall-price.csv"
    moves = _moves(report, study, "0", "10")
    row = report.study(study).set_index("name").loc["first"]
    return [
        *(Number(f"price_{level}_moves", points, "points", origin, "{:+.1f}")
          for level, points in moves.items()),
        *named(origin, share={f"price_first_{level}": row[level] for level in LEVEL_NAMES},
               text={"price_trade": traded(moves["l2"], moves["l3"])}),
    ]  # fmt: skip


def traded(l2_points: float, l3_points: float) -> str:
    """Return what a point more of Level 2 takes from Level 3 between two plans, in words."""
    if l2_points < sweeps.TELLS_POINTS or l3_points > -sweeps.TELLS_POINTS:
        return "no point of one level is seen to cost the other any"
    return f"each point more of Level 2 costs {-l3_points / l2_points:.1f} points of Level 3"


def _land(report: Report) -> list[Number]:
    return [
        Number(f"land_{short}_{level}", points, "points", "data/results/land.csv", "{:+.1f}")
        for short, name in (("own", "own"), ("partner", "own-and-partner"))
        for level, points in _moves(report, "land", "all", name).items()
    ]


def _scenarios(report: Report) -> list[Number]:
    asked, origin = report.study("scenarios"), "data/results/scenarios.csv"
    counts = {"scenario_plans": len(asked), "scenario_violations": int(asked["violations"].sum())}
    return [
        *named(origin, count=counts, text={"scenario_open": listed(given_up(asked)) or "none"}),
        Number("scenario_gap", float(sweeps.shown_gap(asked).max()), "share", origin, "{:.2%}"),
    ]


# -- tables and figures ------------------------------------------------------------------------

SHOWN_ASSUMPTIONS: Final = 12
"""Assumptions of a tornado chart, the widest."""


def steps_table(report: Report, found: pd.DataFrame) -> Table:
    """Return what the next step of money buys (rows of :func:`kwev.report.readings.steps`)."""
    told = ["l2_people", "l3_people", "shortfall_points"]
    frame = found.assign(
        **{name: found[name].where(found["proven"]) for name in told},
        proven=found["proven"].map({True: "yes", False: "no difference that can be proven"}),
    )
    columns = (
        "budget_cad spent_cad l2_people l3_people shortfall_points", Column("proven", "Proven"),
    )  # fmt: skip
    return table("next-money", frame, columns, _origin(report))


def phases_table(report: Report) -> Table:
    """Return what each budget puts into the three phases."""
    columns: list[str | Column] = ["budget_cad"]
    for number, words in ((1, "Conversions"), (2, "Level 3"), (3, "Level 2")):
        columns += [
            Column(f"phase{number}_actions", f"{words}, actions", format=",.0f"),
            Column(f"phase{number}_cad", f"{words}, net cost", "CAD", ",.0f"),
        ]
    return table("budget-phases", readings.phases_by_budget(report), columns, _origin(report))


def targets_table(report: Report) -> Table:
    """Return what is known of each pair of targets."""
    frame = readings.cross(readings.grid(report))
    columns = [
        Column("l2_target", "Level 2 target", format=".1%"),
        *(Column(str(key), f"Level 3 {float(str(key).removeprefix('l3_')):.0%}")
          for key in frame.columns[1:]),
    ]  # fmt: skip
    return table("target-grid", frame, columns, _origin(report))


def radius_chart(report: Report, level: str) -> Figure:
    """Return coverage along the reach of a level, ``l2`` or ``l3``."""
    columns = ["name", "value", "l2", "l3", "ev_owners", "net_cad", "shortfall_points"]
    frame = readings.along(report, f"{level}-radius", f"coverage.{level}_radius_m")[columns]
    title, name = f"Reach of {LEVEL_NAMES[level]} (m)", f"sweep-{level}-radius"
    return along(frame, "value", title, origin=_origin(report), name=name)


def tornado_chart(report: Report, changes: pd.DataFrame, level: str) -> Figure:
    """Return what moves coverage of a level most (rows of :func:`kwev.report.readings.tornado`)."""
    frame = changes.head(SHOWN_ASSUMPTIONS)
    title = f"Change of people near {LEVEL_NAMES[level]} (points)"
    return tornado(frame, title, origin=_origin(report), name=f"tornado-{level}")


OTHERS: Final = {
    "power": "Power of ports (Level 2 and Level 3, kW)",
    "resale": "Resale factor",
    "weights": "Weights",
    "grid": "Factor on the grid proxy",
    "energy": "Energy",
    "ports": "Ports",
    "growth": "Vehicles planned for",
    "cases": "Named cases",
    "geography": "Demand points",
}
"""Sweeps that one table shows, in order."""


def others_table(report: Report) -> Table:
    """Return every other sweep, a row a plan."""
    frames = [
        sweeps.with_radii(report.study(name), registry.points(report.project, name))
        .assign(group=words)
        for name, words in OTHERS.items()
    ]  # fmt: skip
    frame = pd.concat(frames, ignore_index=True)
    frame = frame.assign(
        name=[_plan_words(name) for name in frame["name"]],
        gap=sweeps.shown_gap(frame),
    )
    columns = (
        Column("name", "Plan"), *_REACH, "net_cad l2 l3 ev_owners new_l2 new_l3 upgrade gap",
    )  # fmt: skip
    shown = frame[["group", *(column.key for column in columns_of(columns))]]
    origin = _origin(report)
    return table("other-sweeps", shown, columns, origin, group="group", pdf_rows=len(shown))


_REACH: Final = (
    Column("l2_radius_m", "Reach of Level 2", "m", ",.0f"),
    Column("l3_radius_m", "Reach of Level 3", "m", ",.0f"),
)
_SHORT: Final = {"l2": "Level 2", "l3": "Level 3", "ev": "EV", "da": "dissemination areas"}


def _plan_words(name: str) -> str:
    """Return the name of a point as words: ``min_l3-2`` becomes ``min Level 3 2``."""
    return " ".join(_SHORT.get(word, word) for word in name.replace("_", "-").split("-"))


def scenarios_table(report: Report) -> Table:
    """Return the client's scenarios and both test configurations, planned on the cells."""
    points = registry.points(report.project, "scenarios")
    asked = [point.case.config.targets for point in points]
    rows = sweeps.with_radii(report.study("scenarios"), points)
    frame = rows.assign(
        scenario=rows["name"].str.replace("_", " "),
        l2_target=[targets.l2 for targets in asked],
        l3_target=[targets.l3 for targets in asked],
        l2_words=rows["l2_status"].map(TARGET_STATUS),
        l3_words=rows["l3_status"].map(TARGET_STATUS),
    )
    columns = (
        "scenario", *_REACH, "budget_cad net_cad l2_target", Column("l2", "Level 2", format=".1%"),
        "l2_words l3_target", Column("l3", "Level 3", format=".1%"), "l3_words",
        Column("gap_checked", "Gap, checked", format=".2%"),
    )  # fmt: skip
    return table("scenario-plans", frame, columns, _origin(report))


def shortfall_price_table(report: Report) -> Table:
    """Return what the price of a point missing of a target buys at either level."""
    frame = report.study("shortfall-price")
    frame = frame.assign(
        price=["Shortfall first" if name == "first" else name for name in frame["name"]],
        gap=sweeps.shown_gap(frame),
    )
    columns = (
        Column("price", "Points a point missing costs", align="right"),
        "l2 l3 ev_owners new_l2 new_l3 net_cad gap",
    )
    return table("shortfall-price", frame, columns, _origin(report))


LAND_WORDS: Final = {
    "all": "All land (the recommended plan)",
    "no-homes": "All but homes and places of worship",
    "own-and-partner": "Own land and public partners",
    "own": "Own land alone",
}


def land_table(report: Report) -> Table:
    """Return what the recommended plan's money buys on fewer classes of land."""
    frame = report.study("land").set_index("name").loc[list(LAND_WORDS)].reset_index()
    frame = frame.assign(land=list(LAND_WORDS.values()), gap=sweeps.shown_gap(frame))
    columns = (Column("land", "Built on"), "l2 l3 ev_owners new_l2 new_l3 net_cad gap")
    return table("land-study", frame, columns, _origin(report))
