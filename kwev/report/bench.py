"""What it takes to make the book and to solve the problem below it, as ``make bench`` measured it.

The bench writes a file a part below ``benchmarks/results``; what is shown is read from these, with
the machine, its load, the commit and the day that stand in them. Seconds are the processor's.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from kwev.display import style
from kwev.display.chart import Chart, require
from kwev.display.figure import Origin
from kwev.display.series import Axis, Line, Panel
from kwev.display.table import Column, table
from kwev.display.values import Numbers, named
from kwev.errors import KwevError
from kwev.files import read_json
from kwev.report.memory import once

if TYPE_CHECKING:
    from kwev.display.figure import Figure
    from kwev.display.series import Mark
    from kwev.display.table import Table
    from kwev.project import Project
    from kwev.report.scenario import Report

FOLDER: Final = "benchmarks/results"

OWN: Final = "kwev"
"""What the bench calls the search of this repository."""

PROVEN: Final = 1e-7
"""Gap below which a choice is as good as any: the sums of the bench are rounded."""

MARGIN: Final = 0.06
"""Part of a factor of ten that an axis goes on beyond its last mark, so that no point is cut."""

STAGES: Final[dict[str, tuple[str, str, Mark]]] = {
    "draw": ("Customers drawn", style.EXISTING, "square"),
    "join": ("Customers joined", style.L2, "circle"),
    "solve": ("Solved and proven", style.L3, "diamond"),
}
"""Words, colour and mark of each stage, in their order."""

ROAD: Final = {
    "inputs": "Who reaches what",
    "plan": "The plan and its bound",
    "check": "The check of the plan",
}
"""Words of the stages from tables to a certified plan, in their order."""


def measured(project: Project, *parts: str) -> pd.DataFrame:
    """Return the rows of all parts whose names begin so, with each part's circumstances.

    Raises
    ------
    KwevError
        If no such part was measured.
    """
    paths = sorted((project.root / FOLDER).glob("*.json"))
    files = [read_json(path) for path in paths if path.name.startswith(parts)]
    rows = [{**file, **row} for file in files for row in file["rows"]]
    if not rows:
        raise KwevError(
            f"the bench has no part {' or '.join(parts)}",
            where=str(project.root / FOLDER),
            hint="Run make bench.",
        )
    return pd.DataFrame(rows).drop(columns="rows")


def growth(project: Project) -> pd.DataFrame:
    """Return time and memory of each stage by number of customers, of the family in all sizes.

    Returns
    -------
    pandas.DataFrame
        ``customers``, ``stage``, ``cpu_s`` (s), ``peak_mb`` (MB), ``points`` (after joining).
    """
    rows = measured(project, "scale-")
    largest = rows[rows["customers"] == rows["customers"].max()]
    radius = largest["radius"].dropna().iloc[0]
    ours = rows[(rows["radius"] == radius) | (rows["stage"] == "draw")]
    shown: pd.DataFrame = ours[["customers", "stage", "cpu_s", "peak_mb", "points"]]
    return shown.sort_values(["customers", "stage"], ignore_index=True)


def road(project: Project) -> pd.DataFrame:
    """Return time and memory of each stage of a plan, for the Region and for several of it.

    Returns
    -------
    pandas.DataFrame
        ``copies`` (of the Region), ``people``, ``points`` (cells), ``stage``, ``cpu_s`` (s),
        ``times`` (the time of the one Region), ``peak_mb`` (MB); of the plan, else NaN: ``gap`` and
        ``checked``, by the solver's bound and by that which is checked (shares; NaN without one).
    """
    rows = measured(project, "cells-")
    one = rows[rows["copies"] == 1].set_index("stage")["cpu_s"]
    rows["times"] = rows["cpu_s"] / rows["stage"].map(one)
    rows["order"] = rows["stage"].map(list(ROAD).index)
    rows["checked"] = rows["bound_checked"].astype(float) / rows["value"] - 1
    names = ["copies", "people", "points", "stage", "cpu_s", "times", "peak_mb", "gap", "checked"]
    shown: pd.DataFrame = rows.sort_values(["copies", "order"], ignore_index=True)[names]
    return shown


def together(project: Project) -> pd.DataFrame:
    """Return by budget what municipalities planned apart are worth, and planned together.

    Returns
    -------
    pandas.DataFrame
        ``budget`` (CAD); ``apart``, the best split of the budget over plans made apart; ``union``,
        the same plans measured as one; ``value``, the plan of the whole, and ``bound`` on any, all
        in points above what stands today; ``kept``, the share of the plan's that the union has.
    """
    rows = measured(project, "joined.json").query("stage == 'together'")
    points = ["apart", "union", "value", "bound"]
    shown = rows[["budget", *points]].reset_index(drop=True)
    shown[points] = shown[points].sub(rows["today"].to_numpy(), axis=0)
    shown["kept"] = shown["union"] / shown["value"]
    return shown


def cities(project: Project) -> pd.DataFrame:
    """Return what was found for each city and number of sites, beside the best known.

    Returns
    -------
    pandas.DataFrame
        ``city``, ``count`` (sites), ``value``, ``bound``, ``known`` (weight covered),
        ``beside`` (share above the best known), ``gap`` (share), ``cpu_s`` (s).
    """
    rows = measured(project, "city-")
    rows["beside"] = rows["value"] / rows["known"] - 1
    rows["city"] = rows["city"].str.replace(r"(?<=[a-z])(?=[A-Z])", " ", regex=True)
    columns = ["city", "count", "value", "bound", "known", "beside", "gap", "cpu_s"]
    return rows[columns].sort_values(["city", "count"], ignore_index=True)


def rivals(project: Project) -> pd.DataFrame:
    """Return what each solver made of each problem that several solved.

    Returns
    -------
    pandas.DataFrame
        ``problem``, ``who``, ``value`` (weight covered), ``gap`` (share; NaN where the solver
        tells none), ``cpu_s`` (s), ``ratio`` (times the time of the book's own search), ``faster``
        (in less time, and as much covered).
    """
    rows = measured(project, "rivals-", "covering-")
    rows["problem"] = rows["what"].str.rsplit(":", n=1).str[0]
    rows["ratio"] = rows["ratio"].fillna(1.0)
    own = rows["problem"].map(rows[rows["who"] == OWN].set_index("problem")["value"])
    rows["faster"] = (rows["ratio"] < 1) & (rows["value"] >= own * (1 - PROVEN))
    return rows[["problem", "who", "value", "gap", "cpu_s", "ratio", "faster"]]


@once
def numbers(report: Report) -> Numbers:
    """Return how far the bench went, what of it was proven, and where and when it ran."""
    project = report.project
    files, grown, towns = measured(project, ""), growth(project), cities(project)
    last = grown[grown["customers"] == grown["customers"].max()].set_index("stage")
    loads = [*files["load_before"], *files["load_after"]]
    days = sorted({files["date"].min(), files["date"].max()})
    others = rivals(project).query("who != @OWN")
    whole, joined = road(project), together(project)
    large = whole[whole["copies"] == whole["copies"].max()]
    apart = measured(project, "joined.json").set_index("stage")
    reached, missed = towns["value"] >= towns["known"], max(0.0, -towns["beside"].min())
    return Numbers(
        [
            *named("benchmarks/results", {
                "customers": grown["customers"].max(),
                "points": last["points"].max(), "cities": len(towns),
                "cities_reached": reached.sum(),
                "cities_better": (towns["value"] > towns["known"]).sum(),
                "cities_proven": (towns["gap"] <= PROVEN).sum(),
                "processors": files["processors"].max(),
                "beside": len(others), "faster": others["faster"].sum(),
                "people": large["people"].max(), "copies": large["copies"].max(),
                "apart": apart.loc["curves", "plans"],
            }, prefix="bench_",
            count="customers points cities cities_reached cities_better cities_proven processors "
                  "beside faster people copies apart"),
            *named("benchmarks/results", s={
                "bench_join:.0f": last.loc["join", "cpu_s"],
                "bench_solve:.0f": last.loc["solve", "cpu_s"],
                "bench_city_limit:.0f": measured(project, "city-")["limit_s"].max(),
                "bench_city_longest:.0f": towns["cpu_s"].max(),
            }),
            *named("benchmarks/results", share={
                "bench_cities_worst:.2%": missed,
                "bench_apart_least:.1%": joined["kept"].min(),
                "bench_apart_most:.1%": joined["kept"].max(),
            }),
            *named("benchmarks/results", text={
                "bench_road_times": f"{large['times'].max():.0f}",
                "bench_road_memory": f"{large['peak_mb'].max() / 1_000:.1f} GB",
                "bench_memory": f"{last['peak_mb'].max() / 1_000:.1f} GB",
                "bench_load": f"{min(loads):.0f} to {max(loads):.0f}",
                "bench_days": " to ".join(days),
            }),
        ]
    )  # fmt: skip


def origin(project: Project) -> Origin:
    """Return where the bench's figures come from."""
    return Origin(f"make bench, files of {FOLDER}", str(measured(project, "")["date"].max()))


def rivals_table(report: Report) -> Table:
    """Return the solvers beside each other, problem by problem."""
    columns = (
        Column("who", "Solver"),
        Column("value", "Covered", "weight", ",.0f"),
        Column("gap", "Gap", format=".2%"),
        Column("cpu_s", "Processor time", "s", ",.1f"),
        Column("ratio", "Times the book's own", format=",.1f"),
    )
    frame = rivals(report.project)
    return table("bench-rivals", frame, columns, origin(report.project), group="problem")


def plans_table(report: Report) -> Table:
    """Return what the model of the book took: reach, and plans from data to certificate."""
    columns = (
        Column("what", "What was done"),
        Column("gap", "Gap", format=".3%"),
        Column("cpu_s", "Processor time", "s", ",.1f"),
        Column("peak_mb", "Most memory", "MB", ",.0f"),
    )
    parts = ("roads", "da", "cell", "addresses", "gurobi")
    frame = pd.concat([measured(report.project, f"{part}.json") for part in parts])
    shown = frame[[column.key for column in columns]].astype({"gap": float})
    return table("bench-plans", shown.reset_index(drop=True), columns, origin(report.project))


def cities_table(report: Report) -> Table:
    """Return the cities: what is covered, the bound, and the best choice known."""
    columns = (
        Column("count", "Sites", format=",d"),
        Column("value", "Covered", "weight", ",.0f"),
        Column("bound", "Bound", "weight", ",.0f"),
        Column("known", "Best known", "weight", ",.0f"),
        Column("beside", "Beside it", align="right"),
        Column("cpu_s", "Processor time", "s", ",.0f"),
    )
    frame = cities(report.project)
    frame["beside"] = [f"{share:+.3%}" if share else "equal" for share in frame["beside"]]
    return table("bench-cities", frame, columns, origin(report.project), group="city")


def road_table(report: Report) -> Table:
    """Return the stages of a plan, for the Region and for several of it."""
    columns = (
        Column("stage", "Stage"),
        Column("gap", "Gap, by the solver", format=".2%"),
        Column("checked", "Gap, checked", format=".2%"),
        Column("cpu_s", "Processor time", "s", ",.1f"),
        Column("times", "Times the Region's", format=",.1f"),
        Column("peak_mb", "Most memory", "MB", ",.0f"),
    )
    frame = road(report.project).astype({"gap": float})
    frame["size"] = [
        f"{row.people:,.0f} people on {row.points:,.0f} cells" for row in frame.itertuples()
    ]
    frame["stage"] = frame["stage"].map(ROAD)
    return table("bench-road", frame, columns, origin(report.project), group="size")


def together_table(report: Report) -> Table:
    """Return municipalities planned apart beside the Region planned as one, by budget."""
    columns = (
        Column("budget", "Budget", "CAD", ",.0f"),
        Column("apart", "Planned apart", "points", ",.2f"),
        Column("union", "The same plans, measured together", "points", ",.2f"),
        Column("value", "Planned together", "points", ",.2f"),
        Column("bound", "No plan gains more than", "points", ",.2f"),
        Column("kept", "Kept by planning apart", format=".1%"),
    )
    frame = together(report.project)
    return table("bench-together", frame, columns, origin(report.project))


def growth_chart(report: Report, name: str = "bench-growth") -> Figure:
    """Show time and memory by the number of customers, both by factors of ten."""
    df = growth(report.project)
    require(df, ("customers", "stage", "cpu_s", "peak_mb"), name)
    at = sorted({int(customers) for customers in df["customers"]})
    ends = "; ".join(
        f"{words.lower()} {_span(df, stage, 'cpu_s')} seconds and {_span(df, stage, 'peak_mb')} MB"
        for stage, (words, _, _) in STAGES.items()
    )
    alt = f"Processor time and most memory from {at[0]:,} to {at[-1]:,} customers: {ends}."
    x = Axis(title="Customers", ticks=([math.log10(each) for each in at], [f"{n:,}" for n in at]))
    panels = [
        Panel(series=_lines(df, "cpu_s", "s"), x=x, y=_powers(df["cpu_s"], "Processor time (s)")),
        Panel(series=_lines(df, "peak_mb", "MB"), x=x, y=_powers(df["peak_mb"], "Memory (MB)")),
    ]
    return Chart(
        name=name, alt=alt, origin=origin(report.project), data=df, panels=panels,
        height_px=560, height_in=4.6,
    ).figure()  # fmt: skip


def _span(df: pd.DataFrame, stage: str, column: str) -> str:
    values = df[df["stage"] == stage][column]
    return f"{values.iloc[0]:,.1f} to {values.iloc[-1]:,.1f}"


def _lines(df: pd.DataFrame, column: str, unit: str) -> list[Line]:
    labelled = column == "cpu_s"
    lines = []
    for stage, (words, colour, mark) in STAGES.items():
        part = df[(df["stage"] == stage) & (df[column] > 0)]
        facts: list[Any] = [[f"{r.customers:,.0f} customers: {getattr(r, column):,.2f} {unit}"]
                            for r in part.itertuples()]  # fmt: skip
        lines.append(Line(
            x=[math.log10(n) for n in part["customers"]],
            y=[math.log10(value) for value in part[column]],
            colour=colour, mark=mark, label=words if labelled else "",
            hover="%{customdata[0]}", facts=facts,
        ))  # fmt: skip
    return lines


def _powers(values: pd.Series[float], title: str) -> Axis:
    """Return an axis whose steps are factors of ten."""
    some = values[values > 0]
    low, high = math.floor(math.log10(some.min())), math.ceil(math.log10(some.max()))
    steps = list(range(low, high + 1))
    return Axis(
        title=title, span=(low, high + MARGIN), ticks=(steps, [f"{10.0**step:g}" for step in steps])
    )
