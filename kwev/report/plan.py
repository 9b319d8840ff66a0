"""Four charts in one: what is built, what it costs, whom it reaches, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import plotly.graph_objects as go

from kwev.display import chart, origins, style
from kwev.display.figure import Figure, Origin, picture
from kwev.display.table import Column, Columns, Table, table
from kwev.display.values import Number, Numbers
from kwev.files import read_json
from kwev.report import metrics, sweeps
from kwev.report import phases as report_phases
from kwev.report import plan_map as report_plan_map
from kwev.units import CAD_PER_MILLION, POINTS, SQRT3
from kwev.vocabulary import ACTION_KIND, KIND_NAMES

if TYPE_CHECKING:
    from kwev.plan.format import Plan
    from kwev.report.scenario import Report

TITLES = ("Infrastructure", "Cost", "Coverage", "Timeline")
_PANEL_PX = 320
_HEIGHT_IN = 5.2


def dashboard(
    made: Plan, phases: pd.DataFrame, *, origin: Origin, name: str = "dashboard"
) -> Figure:
    """Show a plan on four axes: infrastructure, cost, coverage and timeline.

    Parameters
    ----------
    phases
        As for :func:`kwev.display.chart.phases_drawn`.
    """
    built, cost = metrics.actions_by_kind(made), metrics.cost_breakdown(made)
    # short names: a panel is narrow
    names = {word: style.ACTION_NAMES[kind] for kind, word in KIND_NAMES.items()}
    built = pd.DataFrame({"item": built["kind"].map(names), "actions": built["stations"]})
    cost = cost.assign(item=cost["item"].replace(names))
    cover = metrics.coverage(made).drop(columns="status")
    parts = (built, cost, cover, phases)
    each = "; ".join(f"{n} {a}" for n, a in zip(built["item"], built["actions"], strict=True))
    reach = "; ".join(
        f"{n} {b:.0%} to {a:.0%}"
        for n, b, a in zip(cover["name"], cover["before"], cover["after"], strict=True)
    )
    alt = (
        f"Four charts of the {made.scenario} plan. Actions: {each}. "
        f"Net cost {style.money(float(cost['cad'].sum()))}. Coverage: {reach}. "
        f"Timeline: {len(phases)} phases in {int(phases['month_to'].max())} months."
    )
    return Figure(
        name=name,
        alt=alt,
        source=origin.source,
        vintage=origin.vintage,
        data=pd.concat(
            [part.assign(panel=title) for title, part in zip(TITLES, parts, strict=True)],
            ignore_index=True,
        ),
        interactive=lambda: _interactive(name, *parts),
        static=lambda: picture(
            lambda canvas: _static(canvas, *parts),
            height_in=_HEIGHT_IN,
            alt=alt,
            note=origin.line(),
        ),
        height_px=2 * _PANEL_PX,
    )


def _interactive(
    name: str, built: pd.DataFrame, cost: pd.DataFrame, cover: pd.DataFrame, phases: pd.DataFrame
) -> str:
    """Return four panels, two in a row where there is room and one below the other on a phone."""
    figures = [_empty() for _ in TITLES]
    first, second, third, fourth = figures
    colour_of = {style.ACTION_NAMES[kind]: colour for kind, colour in style.ACTIONS.items()}
    colours = [colour_of[item] for item in built["item"]]
    chart.add_bars(first, built["item"], built["actions"], money=False, colours=colours)
    first.update_xaxes(title_text="Actions (count)")
    colours = [colour_of.get(item, style.GOOD) for item in cost["item"]]
    chart.add_bars(second, cost["item"], cost["cad"], money=True, colours=colours)
    second.update_xaxes(title_text="Cost (CAD)")
    chart.add_coverage_drawn(third, cover)
    chart.add_phases(fourth, phases)
    panels = "\n".join(
        f'<div><p style="text-align:left;margin:0.5rem 0 0"><strong>{title}</strong></p>\n'
        f"{chart.panel(f'{name}-{title.lower()}', figure, _PANEL_PX)}</div>"
        for title, figure in zip(TITLES, figures, strict=True)
    )
    grid = (
        "display:grid;gap:0.5rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,18rem),1fr))"
    )
    return f'<div style="{grid}">\n{panels}\n</div>\n{chart.SCRIPT}'


def _empty() -> go.Figure:
    return go.Figure(layout=style.plotly_layout(height_px=_PANEL_PX))


def _static(
    canvas: Any,
    built: pd.DataFrame,
    cost: pd.DataFrame,
    cover: pd.DataFrame,
    phases: pd.DataFrame,
) -> None:
    (first, second), (third, fourth) = canvas.subplots(2, 2)
    chart.actions(first, built)
    chart.cost(second, cost)
    chart.add_coverage(third, cover)
    chart.phases(fourth, phases)
    for axes, title in zip((first, second, third, fourth), TITLES, strict=True):
        axes.set_title(title, loc="left", fontsize=9, fontweight="bold")
        axes.tick_params(axis="y", labelsize=6.5)
    marks, words = third.get_legend_handles_labels()
    legend = canvas.legend(marks, words, loc="outside upper left", ncols=len(words), fontsize=6.5)
    legend.legend_handles[-1].set_sizes([60])


# -- Numbers of a scenario, its plan and what the plan hangs on.

SOLVER_NAMES = {"highs": "HiGHS", "gurobi": "Gurobi", "scip": "SCIP"}


def of_scenario(report: Report) -> Numbers:
    """Return the planning choices that the prose names."""
    c = report.config
    l3_va = c.power.l3_kw * 1000 / c.power.power_factor
    return Numbers(
        [
            Number("budget", c.budget.limit_cad / 1e6, "million CAD", "budget.limit_cad"),
            Number("target_l2", c.targets.l2, "share", "targets.l2", "{:.0%}"),
            Number("target_l3", c.targets.l3, "share", "targets.l3", "{:.0%}"),
            Number("target_ev", c.targets.ev_owners.share, "share", "targets.ev_owners", "{:.0%}"),
            Number("l2_radius", c.coverage.l2_radius_m, "m", "coverage.l2_radius_m"),
            Number("l3_radius", c.coverage.l3_radius_m, "m", "coverage.l3_radius_m"),
            Number("l2_kw", c.power.l2_kw, "kW", "power.l2_kw"),
            Number("l3_kw", c.power.l3_kw, "kW", "power.l3_kw", "{:,.0f} kW"),
            Number("l3_pair_kw", c.ports.min_l3 * c.power.l3_kw, "kW", "ports", "{:,.0f} kW"),
            Number("l2_volts", c.power.l2_volts, "V", "power.l2_volts"),
            Number("l3_volts", c.power.l3_volts, "V", "power.l3_volts"),
            Number("l3_kva", l3_va / 1000, "kVA", "P / cos φ"),
            Number("l3_pair_kva", c.ports.min_l3 * l3_va / 1000, "kVA", "P / cos φ"),
            Number("l3_amps", l3_va / (SQRT3 * c.power.l3_volts), "A", "P / (√3 V cos φ)"),
            Number("l3_amps_single", c.power.l3_kw * 1000 / c.power.l3_volts, "A", "P / V"),
            Number("l2_station_cost", c.costs.l2_station_cad, "CAD", "costs.l2_station_cad"),
            Number("l2_port_cost", c.costs.l2_port_cad, "CAD", "costs.l2_port_cad"),
            Number("l3_station_cost", c.costs.l3_station_cad, "CAD", "costs.l3_station_cad"),
            Number("l3_port_cost", c.costs.l3_port_cad, "CAD", "costs.l3_port_cad"),
            Number("resale", c.costs.resale_factor, "share", "costs.resale_factor", "{:.0%}"),
            Number("utilisation", c.demand.utilisation, "share", "demand.utilisation", "{:.0%}"),
            Number("public_share", c.demand.public_share, "share", "demand", "{:.0%}"),
            Number("kwh_per_ev", c.demand.kwh_per_ev_year, "kWh", "demand.kwh_per_ev_year"),
            Number("min_l3_ports", c.ports.min_l3, "count", "ports.min_l3"),
        ]
    )


def of_plan(report: Report) -> Numbers:
    """Return the numbers of the published plan."""
    plan, account = report.plan, report.entry.account
    kinds = metrics.actions_by_kind(plan).set_index("kind")["stations"]
    solver, cost = plan.solver, plan.cost
    numbers = [
        Number("actions", len(plan.actions), "count", "plan.actions"),
        *(
            Number(f"plan_{kind}", int(kinds.get(name, 0)), "count", "plan.actions.kind")
            for kind, name in KIND_NAMES.items()
        ),
        Number("actions_in_words", metrics.actions(plan), "text", "plan.actions.kind"),
        Number("net_cost", cost.net_cad, "CAD", "plan.cost.net_cad"),
        Number("purchase", cost.purchase_cad, "CAD", "plan.cost.purchase_cad"),
        Number("resale_income", cost.resale_cad, "CAD", "plan.cost.resale_cad"),
        Number("operating_cost", cost.operating_cad_per_year, "CAD", "plan.cost"),
        Number("unspent", cost.budget_cad - cost.net_cad, "CAD", "plan.cost"),
        Number("objective", solver.objective, "points", "plan.solver.objective", "{:.2f}"),
        Number("bound", solver.bound, "points", "plan.solver.bound", "{:.2f}"),
        *_bounds(plan),
        Number("gap_solver", solver.gap_solver, "share", "plan.solver.gap_solver", "{:.4%}"),
        Number(
            "solver", f"{SOLVER_NAMES[solver.name]} {solver.version}", "text", "plan.solver.version"
        ),
        Number("solver_reason", solver.reason, "text", "plan.solver.reason"),
        Number("solves", len(account["solves"]), "count", "solve.json"),
        Number("columns", account["size"]["columns"], "count", "solve.json: size"),
        Number("rows_l2", account["size"]["rows_l2"], "count", "solve.json: size"),
        Number("rows_l3", account["size"]["rows_l3"], "count", "solve.json: size"),
        Number("shortfall", plan.shortfall.total_points, "points", "plan.shortfall"),
        Number("shortfall_bound", plan.shortfall.bound_points, "points", "plan.shortfall"),
        Number("unserved", plan.shortfall.demand or 0.0, "share", "plan.shortfall.demand"),
        Number("l2_model", plan.model_coverage.l2.after, "share", "plan.model_coverage"),
        Number("l3_model", plan.model_coverage.l3.after, "share", "plan.model_coverage"),
    ]
    if plan.certificate is not None:
        found = plan.certificate
        numbers += [
            Number("checks", found.checks, "count", "plan.certificate.checks"),
            Number("violations", len(found.violations), "count", "plan.certificate"),
        ]
    for name, short in (("l2", "l2"), ("l3", "l3"), ("ev_owners", "ev")):
        reached = getattr(plan.coverage, name)
        numbers += [
            Number(f"{short}_before", reached.before, "share", f"plan.coverage.{name}"),
            Number(f"{short}_after", reached.after, "share", f"plan.coverage.{name}"),
            Number(f"{short}_attainable", reached.attainable, "share", f"plan.coverage.{name}"),
            Number(f"{short}_ceiling", reached.ceiling, "share", f"plan.coverage.{name}"),
            Number(f"{short}_verdict", metrics.verdict(plan, name), "text", "plan.certificate"),
            Number(
                f"{short}_gain",
                POINTS * (reached.after - reached.before),
                "points",
                f"plan.coverage.{name}",
            ),
        ]
    return Numbers(numbers)


def of_coarse(report: Report) -> Numbers:
    """Return what the same scenario reaches when it is planned on coarser demand points."""
    reached = report.coarse_plan.coverage
    return Numbers(
        [
            Number("l2_coarse", reached.l2.after, "share", "plan.coverage, coarse"),
            Number("l3_coarse", reached.l3.after, "share", "plan.coverage, coarse"),
        ]
    )


def _bounds(plan: Plan) -> list[Number]:
    """Return the checked gap and bounds; the solver's where a scenario leaves no bound to check."""
    solver, short = plan.solver, plan.shortfall
    found = []
    if solver.gap_checked is None or solver.bound_checked is None:
        found.append(Number("gap", solver.gap_solver, "share", "plan.solver.gap_solver", "{:.2%}"))
        shown_by = "the solver"
    else:
        origin = "plan.solver.bound_checked"
        found += [
            Number("gap", solver.gap_checked, "share", "plan.solver.gap_checked", "{:.2%}"),
            Number("bound_checked", solver.bound_checked, "points", origin, "{:.2f}"),
        ]
        shown_by = "a sum of whole numbers"
    found.append(Number("gap_shown_by", shown_by, "text", "plan.proof"))
    if short.bound_checked_points is not None:
        origin = "plan.shortfall.bound_checked_points"
        points = short.bound_checked_points
        found.append(Number("shortfall_bound_checked", points, "points", origin, "{:.2f}"))
    return found


def of_budgets(report: Report) -> Numbers:
    """Return the numbers of the budget sweep."""
    sweep = report.budgets
    low, high = sweep.iloc[0], sweep.iloc[-1]
    extra = (high["budget_cad"] - low["budget_cad"]) / 1e6
    return Numbers(
        [
            Number("sweep_points", len(sweep), "count", "sensitivity.budget_sweep"),
            Number(
                "sweep_low", low["budget_cad"] / 1e6, "million CAD", "budget", "${:.0f} million"
            ),
            Number(
                "sweep_high", high["budget_cad"] / 1e6, "million CAD", "budget", "${:.0f} million"
            ),
            Number("l2_low", float(low["l2"]), "share", "budget_sweep.l2"),
            Number("l2_high", float(high["l2"]), "share", "budget_sweep.l2"),
            Number("l3_low", float(low["l3"]), "share", "budget_sweep.l3"),
            Number("l3_high", float(high["l3"]), "share", "budget_sweep.l3"),
            Number(
                "l2_points_per_million",
                float(POINTS * (high["l2"] - low["l2"]) / extra),
                "points",
                "budget_sweep: mean slope",
            ),
            Number("sweep_violations", int(sweep["violations"].sum()), "count", "certificates"),
        ]
    )


def of_phases(report: Report) -> Numbers:
    """Return the numbers of the three phases."""
    table = report_phases.phases(report.plan)
    numbers = []
    for row in table.to_dict("records"):
        name = f"phase{row['phase']}"
        numbers += [
            Number(f"{name}_stations", int(row["stations"]), "count", "phasing.phases"),
            Number(f"{name}_cost", float(row["cost_cad"]), "CAD", "phasing.phases"),
        ]
    last = int(table["month_to"].max())
    words = metrics.phases(table)
    return Numbers(
        [
            *numbers,
            Number("months", last, "count", "phasing.PHASES"),
            Number("phases_in_words", words, "text", "phasing.phases"),
        ]
    )


def of_assumptions(report: Report) -> Numbers:
    """Return what the plan hangs on: the assumptions that move each level most, one at a time."""
    changes, config, solver = report.swings, report.config, report.plan.solver
    names = {
        entry["key"]: entry["what"]
        for entry in read_json(report.project.root / "data" / "assumptions.json")
    }
    varied = sweeps.ranges(report.project)
    origin = "one_at_a_time"
    numbers = [
        Number("assumptions", len(names), "count", "data/assumptions.json"),
        Number("assumptions_varied", sum(len(r.low) for r in varied), "count", origin),
        Number("swing_plans", len(changes), "count", origin),
        Number("swing_violations", int(changes["violations"].sum()), "count", origin),
    ]
    for level in ("l2", "l3"):
        largest = max(changes.to_dict("records"), key=lambda row: abs(row[level]))
        what = names.get(str(largest["key"]), str(largest["key"]))
        numbers += [
            Number(f"swing_{level}_what", what[0].lower() + what[1:], "text", origin),
            Number(f"swing_{level}_points", abs(float(largest[level])), "points", origin),
        ]
    price = config.weights.cost_points_per_million_cad
    if price > 0:
        cad = config.solver.mip_gap * solver.objective / price * CAD_PER_MILLION
        numbers.append(Number("gap_cad", cad, "CAD", "plan.solver: gap over the price of a point"))
    return Numbers(numbers)


# -- Tables and figures of the plan, its sweep, its phases and its targets.


def plan_map(report: Report) -> Figure:
    """Return the map of the plan."""
    return report_plan_map.plan(report.tables, report.plan)


def coverage(report: Report) -> Table:
    """Return each target before and after the plan, with what is attainable."""
    columns = (
        Column("name", "Target"),
        "before after",
        Column("target", "Target share", format=".0%"),
        "attainable ceiling status",
    )
    return table(
        "coverage", metrics.coverage(report.plan), columns, origins.plan(report.tables, report.plan)
    )


def coverage_chart(report: Report) -> Figure:
    """Return each target before and after the plan as a chart."""
    return chart.coverage_drawn(
        metrics.coverage(report.plan), origin=origins.plan(report.tables, report.plan)
    )


def target_chart(report: Report) -> Figure:
    """Return the distance to the monitored targets as a chart."""
    origin = origins.plan(report.tables, report.plan)
    return chart.coverage_drawn(metrics.coverage(report.plan), origin=origin, name="targets")


def actions_by_kind(report: Report) -> Table:
    """Return what the plan builds, by kind."""
    columns = (
        "kind stations",
        Column("ports_added", "Ports added", format=",d"),
        "l2_ports_removed purchase_cad resale_cad net_cad",
    )
    return table(
        "actions",
        metrics.actions_by_kind(report.plan),
        columns,
        origins.plan(report.tables, report.plan),
    )


def actions_by_municipality(report: Report) -> Table:
    """Return what the plan builds, by municipality."""
    frame = metrics.actions_by_municipality(report.plan)
    columns: Columns = ["municipality", *_kind_columns(metrics.kinds_of(report.plan)), "net_cad"]
    return table(
        "actions-by-municipality", frame, columns, origins.plan(report.tables, report.plan)
    )


def _kind_columns(kinds: list[str]) -> list[Column]:
    return [Column(kind, ACTION_KIND[kind].heading, format=",d") for kind in kinds]


def costs(report: Report) -> Figure:
    """Return what the money buys as bars."""
    return chart.cost_breakdown(
        metrics.cost_breakdown(report.plan), origin=origins.plan(report.tables, report.plan)
    )


def budget_table(report: Report) -> Table:
    """Return the budget sweep."""
    columns: Columns = (
        "budget_cad net_cad l2 l3 ev_owners",
        *_kind_columns(list(chart.shown_actions(report.budgets))),
        Column("gap", "Gap", format=".3%"),
    )
    return table("budgets", report.budgets, columns, origins.plan(report.tables, report.plan))


def budget_chart(report: Report) -> Figure:
    """Return the budget sweep as a chart."""
    return chart.budget_sweep_drawn(report.budgets, origin=origins.plan(report.tables, report.plan))


def phases_table(report: Report) -> Table:
    """Return the three phases."""
    columns = (
        "phase",
        Column("name", "What"),
        "month_from month_to actions stations ports cost_cad",
    )
    return table(
        "phases",
        report_phases.phases(report.plan),
        columns,
        origins.plan(report.tables, report.plan),
    )


def phases_chart(report: Report) -> Figure:
    """Return the three phases on a time line."""
    return chart.phases_drawn(
        report_phases.phases(report.plan), origin=origins.plan(report.tables, report.plan)
    )


def plan_dashboard(report: Report) -> Figure:
    """Return the plan on four axes: infrastructure, cost, coverage, time line."""
    origin = origins.plan(report.tables, report.plan)
    return dashboard(report.plan, report_phases.phases(report.plan), origin=origin)
