"""Numbers of a scenario, its plan and what the plan hangs on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwev.analysis import metrics, phasing, sensitivity, wording
from kwev.files import read_json
from kwev.numbers.number import Number, Numbers
from kwev.units import CAD_PER_MILLION, POINTS, SQRT3

if TYPE_CHECKING:
    from kwev.plan import Plan
    from kwev.report import Report

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
            for kind, name in metrics.KIND_NAMES.items()
        ),
        Number("actions_in_words", wording.actions(plan), "text", "plan.actions.kind"),
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
            Number(f"{short}_verdict", wording.verdict(plan, name), "text", "plan.certificate"),
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
    table = phasing.phases(report.plan)
    numbers = []
    for row in table.to_dict("records"):
        name = f"phase{row['phase']}"
        numbers += [
            Number(f"{name}_stations", int(row["stations"]), "count", "phasing.phases"),
            Number(f"{name}_cost", float(row["cost_cad"]), "CAD", "phasing.phases"),
        ]
    last = int(table["month_to"].max())
    words = wording.phases(table)
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
    varied = sensitivity.ranges(report.project)
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
