"""What the sweeps say, in sentences: each is derived from rows of plans solved again.

A sentence says no more than its rows show: that more money helps only where a plan with more money
does better, that a target is out of reach only where it is proven.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
import plotly.graph_objects as go
from matplotlib.ticker import PercentFormatter

from kwev.display import origins, style
from kwev.display.chart import chart, require
from kwev.display.figure import Figure, Origin, rows
from kwev.display.table import Column, Table, category_name, columns_of, table
from kwev.display.values import Number, Numbers
from kwev.report import picks, readings, registry, sweeps
from kwev.report.metrics import STATUS_WORDS
from kwev.report.out_of_reach import listed
from kwev.report.readings import ALL, VERDICTS
from kwev.units import POINTS
from kwev.vocabulary import ACTION_KINDS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kwev.report.scenario import Report

SMALL_POINTS: Final = 0.05
"""Changes of coverage that print as nothing."""
CEILING_TOL: Final = 1e-6
MONEY_TOL: Final = 0.5

PRICE_NAMES: Final = {
    "l2_station_cad": "a Level 2 station",
    "l2_port_cad": "a Level 2 port",
    "l3_station_cad": "a Level 3 station",
    "l3_port_cad": "a Level 3 port",
    ALL: "everything",
}
KIND_WORDS: Final = {kind.key: kind.several for kind in ACTION_KINDS}


def money(cad: float) -> str:
    """Return an amount for a sentence: ``$4.5 million``, ``$100,000``."""
    if abs(cad) >= 1e6:  # noqa: PLR2004 -- a million
        return f"${cad / 1e6:g} million"
    return f"${cad:,.0f}"


def next_money(steps: pd.DataFrame, budget_cad: float) -> str:
    """Say what the next step of money buys at a budget (rows of :func:`marginal.steps`).

    Raises
    ------
    StopIteration
        If the budget was not solved with and without the step.
    """
    row = next(r for r in steps.to_dict("records") if abs(r["budget_cad"] - budget_cad) < MONEY_TOL)
    start = f"From {money(budget_cad)} on, another {money(row['step_cad'])}"
    if abs(row["spent_cad"]) < MONEY_TOL and row["shortfall_points"] < SMALL_POINTS:
        return f"{start} buys nothing: the plan made with it costs no more"
    return f"{start} {_people(row)}"


def _people(row: Mapping[Any, Any]) -> str:
    parts = []
    for level, name in (("l2", "Level 2"), ("l3", "Level 3")):
        people = float(row[f"{level}_people"])
        if abs(float(row[f"{level}_points"])) < SMALL_POINTS:
            parts.append(f"hardly anybody near {name}")
        else:
            parts.append(f"{abs(people):,.0f} {'more' if people > 0 else 'fewer'} near {name}")
    return f"brings {parts[0]} and {parts[1]}"


def full_level2(budgets: pd.DataFrame) -> str:
    """Say from which solved budget on Level 2 is as far as any candidate takes it."""
    rows = budgets.sort_values("budget_cad").to_dict("records")
    full = [row for row in rows if row["l2_model"] >= row["l2_ceiling"] - CEILING_TOL]
    if not full:
        return (
            f"Up to {money(rows[-1]['budget_cad'])}, more money still brings Level 2 to places "
            "that have none"
        )
    first, last = full[0], rows[-1]
    gain = POINTS * (last["l3"] - first["l3"])
    then = (
        f"; what is added up to {money(last['budget_cad'])} goes to Level 3, "
        f"which gains {gain:.1f} points"
        if gain >= SMALL_POINTS
        else ""
    )
    return (
        f"From {money(first['budget_cad'])} on, Level 2 stands as far as any candidate takes it on "
        f"the model's points{then}"
    )


def unspent(budgets: pd.DataFrame) -> str:
    """Say what the plan of the largest budget leaves unspent."""
    last = budgets.sort_values("budget_cad").iloc[-1]
    left = float(last["budget_cad"] - last["net_cad"])
    if left < MONEY_TOL:
        return f"The plan of {money(float(last['budget_cad']))} spends all of it"
    return f"The plan of {money(float(last['budget_cad']))} leaves ${left:,.0f} unspent"


def widest(table: pd.DataFrame, level: str) -> str:
    """Say which assumption moves a level most (rows of :func:`tornado.tornado`)."""
    top, second = table.iloc[0], table.iloc[1]
    return (
        f"{level} hangs most on {_lower(top['what'])}, with {top['span']:.1f} points from one end "
        f"of its range to the other, and next on {_lower(second['what'])}, with "
        f"{second['span']:.1f}"
    )


def targets_insights(grid: pd.DataFrame) -> str:
    """Say how the pairs of targets fall out (rows of :func:`targetgrid.grid`)."""
    counts = grid["verdict"].value_counts()
    parts = [
        f"{counts[key]} {'is' if counts[key] == 1 else 'are'} {words}"
        for key, words in VERDICTS.items()
        if counts.get(key, 0)
    ]
    return f"Of {len(grid)} pairs of targets, {'; '.join(parts)}"


def cheapest(grid: pd.DataFrame) -> str:
    """Say what the dearest pair of targets with a known least budget would cost."""
    known = grid[grid["least_budget_cad"].notna()]
    if known.empty:
        return "No pair of targets can be met for any money on the model's points"
    most = known.sort_values(["least_budget_cad", "l2_target", "l3_target"]).iloc[-1]
    return (
        f"The highest pair within reach on the model's points, {most['l2_target']:.1%} near "
        f"Level 2 and {most['l3_target']:.1%} near Level 3, takes "
        f"${most['least_budget_cad'] / 1e6:.2f} million at least, within half a percent"
    )


def easing(grid: pd.DataFrame, l2: float, from_l3: float, to_l3: float) -> str:
    """Say what a lower Level 3 target does to both levels, on the cells."""
    at = {(row["l2_target"], row["l3_target"]): row for row in grid.to_dict("records")}
    one, other = at[l2, from_l3], at[l2, to_l3]
    changes = [POINTS * (other[level] - one[level]) for level in ("l2", "l3")]
    words = [
        f"{'adds' if change > 0 else 'takes'} {abs(change):.1f} points of {level}"
        for change, level in zip(changes, ("Level 2", "Level 3"), strict=True)
    ]
    return f"Asking {to_l3:.0%} near Level 3 instead of {from_l3:.0%} {words[0]} and {words[1]}"


def break_even(table: pd.DataFrame) -> list[str]:
    """Say between which prices a purchase begins or ends (rows of :func:`breakeven.break_even`)."""
    said = []
    for row in table.to_dict("records"):
        name, kind = PRICE_NAMES[row["price"]], KIND_WORDS[row["kind"]]
        if row["price"] == ALL:
            where, other = (_prices(row[end]) for end in ("buys_at", "not_at"))
        else:
            where = f"{name} at ${row['buys_at_cad']:,.0f}"
            other = f"one at ${row['not_at_cad']:,.0f}"
        said.append(f"With {where} the plan buys {kind}, with {other} none")
    return said


def _prices(factor: float) -> str:
    return "all at base prices" if factor == 1 else f"all at {factor:g} times the base prices"


def worth(table: pd.DataFrame, factor: float) -> str:
    """Say which budget at base prices does as well as the base budget at other prices."""
    row = table[(table["price"] == ALL) & (table["factor"] == factor)].iloc[0]
    low, high = float(row["budget_from_cad"]), float(row["budget_to_cad"])
    change = f"{abs(factor - 1):.0%} {'dearer' if factor > 1 else 'cheaper'}"
    start = f"With everything {change}, the same budget falls as short of the targets as"
    if math.isnan(low):  # below the lowest budget
        return f"{start} less than {money(high)} do at base prices"
    if math.isnan(high):  # above the highest budget
        return f"{start} more than {money(low)} do at base prices"
    if abs(low - high) < MONEY_TOL:
        return f"{start} {money(low)} does at base prices"
    if low > high:  # several budgets miss just as much
        return f"{start} any budget from {money(high)} to {money(low)} does at base prices"
    return f"{start} something between {money(low)} and {money(high)} does at base prices"


def robust(summary: pd.DataFrame, plans: int) -> str:
    """Say how many actions of the base plan are core and fragile (:func:`picks.summary`)."""
    chosen, core, fragile = (int(summary[name].sum()) for name in ("chosen", "core", "fragile"))
    return (
        f"Of the {chosen} actions of the plan on dissemination areas, {core} are in nine of ten of "
        f"the {plans} plans of the sweeps or more, and {fragile} in fewer than half"
    )


def kilometres(metres: float) -> str:
    """Return a length for a sentence: ``6.5 km``."""
    return f"{metres / 1000:g} km"


def not_met(scenarios: pd.DataFrame) -> str:
    """Say which targets of scenarios are missed though each could be met alone.

    Such a target is given up for another one: only the sum of what is missed is proven.
    """
    found = [
        f"{name} in {row['name'].replace('_', ' ')}"
        for row in scenarios.to_dict("records")
        for level, name in (("l2", "Level 2"), ("l3", "Level 3"))
        if row[f"{level}_status"] == "unmet_unproven"
    ]
    if not found:
        return "Every target is met, or proven out of reach of any plan"
    return (
        "Every other target is met, or proven out of reach of any plan; these are missed though "
        "the budget could meet them alone, since the plan misses the least in all: "
        f"{listed(found)}"
    )


def dipping(
    found: list[tuple[float, float, float]], what: str, show: Callable[[float], str] = money
) -> str:
    """Say where a measured value falls along a sweep (:func:`monotone.dips`)."""
    if not found:
        return f"Measured on the cells, {what} never falls along the sweep"
    where, to, by = max(found, key=lambda dip: dip[2])
    times = "once" if len(found) == 1 else f"{len(found)} times"
    return (
        f"Measured on the cells, {what} falls {times} along the sweep, most from {show(where)} to "
        f"{show(to)}, by {POINTS * by:.2f} points"
    )


def _lower(text: str) -> str:
    return text[0].lower() + text[1:]


# -- Charts of the sweeps: coverage along one choice, and what each assumption moves.

LINES: Final = {
    "l2": ("People, L2", style.L2, "circle", "solid", "o", "-"),
    "l3": ("People, L3", style.L3, "square", "dash", "s", "--"),
    "ev_owners": ("EV owners, either level", style.GOOD, "diamond", "dot", "D", ":"),
}
"""Words, colour, mark and dash on the screen, mark and dash in print, by measure."""

_HEIGHT_PX = 380


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
    require(df, (by, *LINES), name)
    df = df.sort_values(by, ignore_index=True)
    first, last = df.iloc[0], df.iloc[-1]
    ends = "; ".join(
        f"{words} from {first[key]:.1%} to {last[key]:.1%}" for key, (words, *_) in LINES.items()
    )
    alt = f"Coverage along {title}, {first[by]:g} to {last[by]:g}, {len(df)} plans: {ends}."
    return chart(
        (name, alt, origin, df, _HEIGHT_PX),
        lambda: _along(df, by, title),
        lambda canvas: _drawn_along(canvas, df, by, title),
        height_in=2.9,
    )


def _along(df: pd.DataFrame, by: str, title: str) -> go.Figure:
    figure = go.Figure(layout=style.plotly_layout(height_px=_HEIGHT_PX))
    for key, (words, colour, mark, dash, _, _) in LINES.items():
        figure.add_scatter(
            x=df[by].tolist(),
            y=df[key].tolist(),
            name=words,
            mode="lines+markers",
            line={"color": colour, "dash": dash, "width": 2},
            marker={"symbol": mark, "size": 9},
            hovertemplate="%{x:g}: %{y:.1%}<extra>" + words + "</extra>",
        )
    figure.update_xaxes(title_text=title)
    figure.update_yaxes(title_text="Covered (%)", tickformat=".0%", rangemode="tozero")
    return figure


def _drawn_along(canvas: Any, df: pd.DataFrame, by: str, title: str) -> None:
    axes = canvas.subplots()
    for key, (words, colour, _, _, mark, dash) in LINES.items():
        axes.plot(
            df[by], df[key], label=words, color=colour, marker=mark, markersize=4, linestyle=dash
        )
    axes.set_ylim(0, 1.02)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set_ylabel("Covered (%)")
    axes.set_xlabel(title)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1.01), ncols=3)


ENDS: Final = {"low": ("Low end of the range", style.L3), "high": ("High end", style.L2)}


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
    alt = f"{title}, at both ends of {len(df)} assumptions. Widest: {each}."
    height = 110 + 34 * len(df)
    return chart(
        (name, alt, origin, df, height),
        lambda: _tornado(df, title, height),
        lambda canvas: _drawn_tornado(canvas, df, title),
        height_in=0.9 + 0.26 * len(df),
    )


def _tornado(df: pd.DataFrame, title: str, height_px: int) -> go.Figure:
    figure = go.Figure(layout={**style.plotly_layout(height_px=height_px), "barmode": "overlay"})
    for end, (words, colour) in ENDS.items():
        figure.add_bar(
            x=df[end].tolist(),
            y=df["what"].tolist(),
            orientation="h",
            name=words,
            marker={"color": colour, "pattern": {"shape": "/" if end == "low" else ""}},
            hovertemplate="%{y}: %{x:+.1f}<extra>" + words + "</extra>",
        )
    figure.update_xaxes(title_text=title)
    figure.update_yaxes(autorange="reversed", showgrid=False)
    return figure


def _drawn_tornado(canvas: Any, df: pd.DataFrame, title: str) -> None:
    axes = canvas.subplots()
    for end, (words, colour) in ENDS.items():
        hatch = "////" if end == "low" else ""
        axes.barh(
            range(len(df)),
            df[end],
            height=0.66,
            color=colour,
            label=words,
            hatch=hatch,
            edgecolor=style.PAPER,
            linewidth=0,
        )
    axes.set_yticks(range(len(df)), df["what"])
    axes.invert_yaxis()
    axes.axvline(0, color=style.QUIET, linewidth=0.8)
    axes.set_xlabel(title)
    axes.grid(axis="y", visible=False)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1.01), ncols=2)


# -- Numbers and sentences of the sweeps; read from committed rows, so exact.


def of_sweeps(report: Report) -> Numbers:
    """Return what the sensitivity chapter says."""
    return Numbers(
        [*_size(report), *_budgets(report), *_targets(report), *_assumptions(report),
         *_values_prices(report), *_radii(report), *_picks(report)]
    )  # fmt: skip


def _text(name: str, sentence: str, study: str) -> Number:
    return Number(name, sentence, "text", f"data/results/{study}.csv")


def _size(report: Report) -> list[Number]:
    sizes = registry.size(report.project, registry.STUDIES)
    rows = [report.readings.study(name) for name in _own()]
    return [
        Number("studies", len(sizes), "count", "studies.STUDIES"),
        Number("study_plans", sum(sizes.values()), "count", "studies.STUDIES"),
        Number(
            "study_violations", int(sum(r["violations"].sum() for r in rows)), "count",
            "certificates",
        ),
    ]  # fmt: skip


def _own() -> list[str]:
    """Return the studies that the sensitivity chapter shows itself."""
    return [name for name, make in registry.STUDIES.items() if make.__module__ == sweeps.__name__]


def _budgets(report: Report) -> list[Number]:
    found, rows = report.readings, report.readings.study("budget")
    steps, base = found.steps, report.config.budget.limit_cad
    last = float(steps["budget_cad"].max())
    return [
        _text("say_next", next_money(steps, base), "next-100k"),
        _text("say_next_last", next_money(steps, last), "next-100k"),
        _text("say_level2_full", full_level2(rows), "budget"),
        _text("say_unspent", unspent(rows), "budget"),
        _text(
            "say_dips",
            dipping(readings.dips(rows, "budget_cad", "l2"), "Level 2 coverage"),
            "budget",
        ),
        Number("step", sweeps.STEP_CAD, "CAD", "sweeps.STEP_CAD"),
    ]


def _targets(report: Report) -> list[Number]:
    grid = report.readings.target_grid
    targets = report.config.targets
    eased = min(grid["l3_target"])
    return [
        _text("say_targets", targets_insights(grid), "targets"),
        _text("say_cheapest", cheapest(grid), "targets"),
        _text("say_easing", easing(grid, targets.l2, targets.l3, eased), "targets"),
        Number("l2_ceiling_model", _ceiling(report, "l2"), "share", "data/results/budget.csv"),
    ]


def _ceiling(report: Report, level: str) -> float:
    return float(report.readings.study("budget")[f"{level}_ceiling"].iloc[0])


def _assumptions(report: Report) -> list[Number]:
    levels = {"l2": "Level 2 coverage", "l3": "Level 3 coverage"}
    spread = POINTS * readings.noise(report.readings.study("swings"), "l2")
    return [
        Number("cell_noise", spread, "points", "data/results/swings.csv"),
        *(
            _text(f"say_tornado_{key}", widest(report.readings.tornado(key), words), "swings")
            for key, words in levels.items()
        ),
    ]


def _values_prices(report: Report) -> list[Number]:
    found = report.readings
    crossings = break_even(found.break_even)
    say = ". ".join(crossings) if crossings else "No tested price ends or begins a purchase"
    return [
        _text("say_break_even", say, "prices"),
        _text("say_dearer", worth(found.worth, 1.25), "prices"),
        _text("say_cheaper", worth(found.worth, 0.75), "prices"),
    ]


def _radii(report: Report) -> list[Number]:
    reach = report.readings.along("l3-radius", "coverage.l3_radius_m")
    dips = readings.dips(reach, "value", "l3")
    say = dipping(dips, "Level 3 coverage", kilometres)
    numbers = [_text("say_radius_dips", say, "l3-radius")]
    for level, study in (("l2", "l2-radius"), ("l3", "l3-radius")):
        rows = report.readings.along(study, f"coverage.{level}_radius_m").sort_values("value")
        for end, row in (("short", rows.iloc[0]), ("long", rows.iloc[-1])):
            numbers += [
                Number(f"{level}_radius_{end}", float(row["value"]), "m", f"{study}.csv"),
                Number(f"{level}_at_{end}_radius", float(row[level]), "share", f"{study}.csv"),
            ]
    return numbers


def _picks(report: Report) -> list[Number]:
    found = report.readings
    table: Any = found.picks
    core = table[table["class"] == "core"]
    both = core["in_published"].mean() if len(core) else 0.0
    return [
        _text("say_robust", robust(picks.summary(table), found.plans_counted), "picks"),
        Number("core_published", float(both), "share", "picks", "{:.0%}"),
        Number("core_share", picks.CORE_SHARE, "share", "picks.CORE_SHARE", "{:.0%}"),
        Number("others_tried", int((~table["in_base"]).sum()), "count", "picks"),
    ]


def of_cells(report: Report) -> Numbers:
    """Return how far planning on areas lies from planning on the cells."""
    rows = report.readings.on_cells
    l2, l3 = (POINTS * (rows[level] - rows[f"{level}_da"]) for level in ("l2", "l3"))
    origin, asked = "data/results/cells.csv", report.study("scenarios")
    scenarios = "data/results/scenarios.csv"
    return Numbers(
        [
            Number("scenario_plans", len(asked), "count", scenarios),
            Number("scenario_violations", int(asked["violations"].sum()), "count", scenarios),
            Number("scenario_gap", float(asked["gap"].max()), "share", scenarios, "{:.2%}"),
            Number("scenario_open", not_met(asked), "text", scenarios),
            Number("cell_plans", len(rows), "count", origin),
            Number("cell_l2_least", float(l2.min()), "points", origin),
            Number("cell_l2_most", float(l2.max()), "points", origin),
            Number("cell_l3_most", float(l3.abs().max()), "points", origin),
            Number("cell_shared", float(rows["shared"].mean()), "share", origin, "{:.0%}"),
        ]
    )


# -- Tables and figures of the sweeps.

SHOWN_ASSUMPTIONS: Final = 12
"""Assumptions of a tornado chart, the widest."""
PRINTED_PICKS: Final = 20


def _origin(report: Report) -> Origin:
    seen = origins.plan(report.tables, report.plan)
    return Origin(f"kwev, sweeps of scenario {report.scenario}; open data", seen.vintage)


def next_money_shown(report: Report) -> Table:
    """Return what the next step of money buys from each budget."""
    columns = "budget_cad spent_cad l2_people l3_people shortfall_points"
    return table("next-money", report.readings.steps, columns, _origin(report))


def budget_phases(report: Report) -> Table:
    """Return what each budget puts into the three phases."""
    heads = {1: "Conversions", 2: "Level 3", 3: "Level 2"}
    columns = [*columns_of("budget_cad")]
    for number, words in heads.items():
        columns += [
            Column(f"phase{number}_actions", f"{words}, actions", format=",.0f"),
            Column(f"phase{number}_cad", f"{words}, net cost", "CAD", ",.0f"),
        ]
    return table("budget-phases", report.readings.phases_by_budget, columns, _origin(report))


def target_grid(report: Report) -> Table:
    """Return what is known of each pair of targets."""
    frame = readings.cross(report.readings.target_grid)
    columns = [Column("l2_target", "Level 2 target", format=".1%")]
    columns += [
        Column(str(key), f"Level 3 {float(str(key).removeprefix('l3_')):.0%}")
        for key in frame.columns[1:]
    ]
    return table("target-grid", frame, columns, _origin(report))


def l2_radius_chart(report: Report) -> Figure:
    """Return coverage along the reach of Level 2."""
    return _shown_along(report, "l2-radius", "coverage.l2_radius_m", "Reach of Level 2 (m)")


def l3_radius_chart(report: Report) -> Figure:
    """Return coverage along the reach of Level 3."""
    return _shown_along(report, "l3-radius", "coverage.l3_radius_m", "Reach of Level 3 (m)")


def _shown_along(report: Report, name: str, key: str, title: str) -> Figure:
    columns = ["name", "value", "l2", "l3", "ev_owners", "net_cad", "shortfall_points"]
    frame = report.readings.along(name, key)[columns]
    return along(frame, "value", title, origin=_origin(report), name=f"sweep-{name}")


def tornado_l2(report: Report) -> Figure:
    """Return what moves Level 2 coverage."""
    return _shown_tornado(report, "l2", "Change of people near Level 2 (points)")


def tornado_l3(report: Report) -> Figure:
    """Return what moves Level 3 coverage."""
    return _shown_tornado(report, "l3", "Change of people near Level 3 (points)")


def _shown_tornado(report: Report, measure: str, title: str) -> Figure:
    frame = report.readings.tornado(measure).head(SHOWN_ASSUMPTIONS)
    return tornado(frame, title, origin=_origin(report), name=f"tornado-{measure}")


def prices(report: Report) -> Table:
    """Return the sweep of prices."""
    frame = report.readings.worth.assign(
        name=[_upper(PRICE_NAMES[price]) for price in report.readings.worth["price"]],
        worth=[
            _between(low, high)
            for low, high in zip(
                report.readings.worth["budget_from_cad"],
                report.readings.worth["budget_to_cad"],
                strict=True,
            )
        ],
    )
    counts = report.readings.prices[["new_l3", "upgrade", "new_l2", "price_cad"]]
    columns = "factor price_cad l2 l3 new_l2 new_l3 upgrade worth"
    origin = _origin(report)
    frame = pd.concat([frame, counts], axis=1)
    return Table("prices", frame, columns, origin.source, origin.vintage, group="name")


def _upper(text: str) -> str:
    return text[0].upper() + text[1:]


def _between(low: float, high: float) -> str:
    if math.isnan(low):
        return f"below {high / 1e6:g}"
    if math.isnan(high):
        return f"above {low / 1e6:g}"
    least, most = sorted((low / 1e6, high / 1e6))
    return f"{least:g}" if least == most else f"{least:g} to {most:g}"


OTHERS: Final = {
    "power": "Power of ports (Level 2 and Level 3, kW), on census tracts",
    "resale": "Resale factor",
    "weights": "Weights",
    "grid": "Factor on the grid proxy",
    "energy": "Energy",
    "ports": "Ports",
    "growth": "Vehicles planned for, on census tracts",
    "cases": "Named scenarios and cases",
    "hard-cases": "Named cases on census tracts",
    "geography": "Demand points",
}
"""Sweeps that one table shows, in order."""


def other_sweeps(report: Report) -> Table:
    """Return every other sweep, a row a plan."""
    frames = [report.readings.study(name).assign(group=words) for name, words in OTHERS.items()]
    frame = pd.concat(frames, ignore_index=True)
    frame = frame.assign(
        name=[_plan_words(name) for name in frame["name"]],
        gap=frame["gap_checked"].fillna(frame["gap"]),
    )
    columns = (Column("name", "Plan"), "net_cad l2 l3 ev_owners new_l2 new_l3 upgrade gap")
    shown = frame[["group", *(column.key for column in columns_of(columns))]]
    origin = _origin(report)
    return Table(
        "other-sweeps", shown, columns, origin.source, origin.vintage, len(shown), group="group"
    )


_SHORT: Final = {"l2": "Level 2", "l3": "Level 3", "ev": "EV", "da": "dissemination areas"}


def _plan_words(name: str) -> str:
    """Return the name of a point as words: ``min_l3-2`` becomes ``min Level 3 2``."""
    return " ".join(_SHORT.get(word, word) for word in name.replace("_", "-").split("-"))


def slack(report: Report) -> Table:
    """Return slack, right-hand side and use of each limit of the published plan."""
    columns = (
        Column("name", "Limit or requirement"),
        "sense used rhs unit slack utilisation",
        Column("state", "State"),
    )
    origin = origins.plan(report.tables, report.plan)
    return table("slack", report.readings.slack, columns, origin)


def robust_core(report: Report) -> Table:
    """Return how many actions of each kind are core, usual and fragile."""
    frame = picks.summary(report.readings.picks)
    frame = frame.assign(words=[_upper(KIND_WORDS[kind]) for kind in frame["kind"]])
    columns = "words chosen core usual fragile"
    return table("robust-core", frame, columns, _origin(report))


def pick_list(report: Report) -> Table:
    """Return each place with how often it is chosen."""
    frame = _shown_picks(report)
    columns = (
        "name municipality words category",
        Column("share", "Share of the plans", format=".0%"),
        "in_base in_published",
    )
    origin = _origin(report)
    return Table("picks", frame, columns, origin.source, origin.vintage, PRINTED_PICKS)


def pick_map(report: Report) -> Figure:
    """Return the map of the robust core and the fragile picks."""
    return picks.picks_drawn(report.tables, _shown_picks(report), _origin(report))


def _shown_picks(report: Report) -> pd.DataFrame:
    frame = report.readings.picks
    plain: dict[str, Any] = {
        "words": [_upper(KIND_WORDS[kind]) for kind in frame["kind"]],
        "category": [category_name(category) for category in frame["category"]],
    }
    return frame.assign(**plain)


def scenario_plans(report: Report) -> Table:
    """Return the client's scenarios and both test configurations, planned on the cells."""
    asked = [point.case.config.targets for point in registry.points(report.project, "scenarios")]
    rows = report.study("scenarios")
    frame = rows.assign(
        scenario=rows["name"].str.replace("_", " "),
        l2_target=[targets.l2 for targets in asked],
        l3_target=[targets.l3 for targets in asked],
        l2_words=rows["l2_status"].map(STATUS_WORDS),
        l3_words=rows["l3_status"].map(STATUS_WORDS),
    )
    columns = (
        "scenario budget_cad net_cad l2_target",
        Column("l2", "Level 2", format=".1%"),
        "l2_words l3_target",
        Column("l3", "Level 3", format=".1%"),
        "l3_words",
        Column("gap_checked", "Gap, checked", format=".2%"),
    )
    return table("scenario-plans", frame, columns, _origin(report))


def cell_check(report: Report) -> Table:
    """Return five budgets planned on the cells beside the same on dissemination areas."""
    frame = report.readings.on_cells
    columns = (
        "budget_cad l2_da",
        Column("l2", "Level 2, planned on cells", format=".1%"),
        "l3_da",
        Column("l3", "Level 3, planned on cells", format=".1%"),
        "shared",
        Column("gap", "Gap on cells", format=".3%"),
    )
    return table("cell-check", frame, columns, _origin(report))
