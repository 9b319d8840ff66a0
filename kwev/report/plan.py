"""The published plan: what it reaches, builds and costs, in tables, words, named values, charts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from kwev.display.table import Column, Columns, table
from kwev.display.values import ASSUMED_DIGITS, Number, Numbers, listed, named
from kwev.plan import words
from kwev.report import sweeps
from kwev.report.memory import once
from kwev.units import CAD_PER_MILLION, M_PER_KM, POINTS, SQRT3
from kwev.vocabulary import (
    ACTION_KIND,
    ALWAYS_SHOWN,
    KIND_NAMES,
    LEVEL_KEYS,
    TARGET_KEYS,
    TARGET_NAMES,
)

if TYPE_CHECKING:
    from kwev.config import Demand
    from kwev.display.table import Table
    from kwev.plan.format import Action, Plan
    from kwev.report.scenario import Report

SOLVER_NAMES: Final = {"highs": "HiGHS", "gurobi": "Gurobi", "scip": "SCIP"}

LEAST_GAIN_POINTS: Final = 1e-9
"""A gain below this is none (points)."""


def coverage(plan: Plan) -> pd.DataFrame:
    """Return one row a target: shares before and after on the cells, target, what is possible.

    Returns
    -------
    pandas.DataFrame
        ``name`` (of the target), ``before``, ``after``, ``target``, ``attainable``, ``ceiling``
        (shares, the last two on the model's geography) and ``status`` (words).
    """
    shares = ["before", "after", "target", "attainable", "ceiling"]
    rows = [
        {"name": name, **{s: getattr(getattr(plan.coverage, key), s) for s in shares},
         "status": words.TARGET_STATUS[_status(plan, key)]}
        for key, name in TARGET_NAMES.items()
    ]  # fmt: skip
    return pd.DataFrame(rows).astype(dict.fromkeys(shares, float))


def _status(plan: Plan, target: str) -> str:
    return plan.certificate.targets[target] if plan.certificate else "unmet_unproven"


def kinds_of(plan: Plan) -> list[str]:
    """Return the kinds of action that a table of the plan shows, in their order."""
    used = {action.kind for action in plan.actions}
    return [kind for kind in KIND_NAMES if kind in ALWAYS_SHOWN or kind in used]


def kinds_built(counts: pd.DataFrame) -> list[str]:
    """Return the kinds that a table of counts by kind shows: all of the phases, others in use."""
    used = {kind for kind in KIND_NAMES if kind in counts and counts[kind].any()}
    return [kind for kind in KIND_NAMES if kind in ALWAYS_SHOWN or kind in used]


def actions_by_kind(plan: Plan) -> pd.DataFrame:
    """Return one row a kind: stations, ports, power after (kW), purchase, resale, net (CAD)."""
    rows = []
    for kind in kinds_of(plan):
        done = [a for a in plan.actions if a.kind == kind]
        sold = sum(max(a.l2_ports_before - a.l2_ports_after, 0) for a in done)
        sums = ("ports_added", "kw_after", "purchase_cad", "resale_cad", "net_cad")
        rows.append(
            {"kind": KIND_NAMES[kind], "stations": len(done), "l2_ports_removed": sold,
             **{key: sum(getattr(a, key) for a in done) for key in sums}}
        )  # fmt: skip
    order = ["kind", "stations", "ports_added", "l2_ports_removed", "kw_after"]
    return pd.DataFrame(rows)[[*order, "purchase_cad", "resale_cad", "net_cad"]]


def actions_by_municipality(plan: Plan) -> pd.DataFrame:
    """Return one row a municipality with the actions of each kind and the net cost (CAD)."""
    rows = [(a.municipality, a.kind, a.net_cad) for a in plan.actions]
    table = pd.DataFrame(rows, columns=["municipality", "kind", "net_cad"])
    counts = table.pivot_table(
        index="municipality", columns="kind", values="net_cad", aggfunc="count", fill_value=0
    ).reindex(columns=kinds_of(plan), fill_value=0)
    counts["net_cad"] = table.groupby("municipality")["net_cad"].sum()
    return counts.sort_index().reset_index().rename_axis(columns=None)


def ports_at_new_stations(plan: Plan) -> pd.DataFrame:
    """Return how many new stations have how many ports: ``kind``, ``ports_each``, ``stations``."""
    new = [action for action in plan.actions if action.kind in ("new_l2", "new_l3")]
    frame = pd.DataFrame(
        {"kind": [KIND_NAMES[a.kind] for a in new], "ports_each": [a.ports_added for a in new]}
    )
    return frame.groupby(["kind", "ports_each"]).size().rename("stations").reset_index()


def cost_breakdown(plan: Plan) -> pd.DataFrame:
    """Return what the money buys: ``item`` and ``cad``, resale as a negative row."""
    kinds = actions_by_kind(plan)
    buys = kinds[kinds["kind"] != KIND_NAMES["remove"]]
    rows = list(zip(buys["kind"], buys["purchase_cad"].astype(float), strict=True))
    rows.append(("Resale", -float(kinds["resale_cad"].sum())))
    return pd.DataFrame(rows, columns=["item", "cad"])


def is_level3(action: Action) -> bool:
    """Return whether an action's money goes to Level 3: it changes the ports of that level."""
    return action.l3_ports_after != action.l3_ports_before


def cost_per_point(plan: Plan) -> dict[str, dict[str, Any]]:
    """Return what a point of coverage gained costs, by level and together.

    An action that changes Level 3 ports counts for Level 3 with all it costs, every other for
    Level 2; a Level 2 station that a conversion takes away lowers the gain of Level 2. Together is
    the client's formula: net cost over the sum of both gains.

    Returns
    -------
    dict
        For ``l2``, ``l3`` and ``together``: ``net_cost_cad``, ``gain_points``, ``cad_per_point``
        (None where nothing is gained) and ``reason`` (why there is none; else empty).
    """
    cover, actions = plan.coverage, plan.actions
    l2, l3 = (POINTS * (at.after - at.before) for at in (cover.l2, cover.l3))
    found = {
        "l2": (l2, sum(a.net_cad for a in actions if not is_level3(a))),
        "l3": (l3, sum(a.net_cad for a in actions if is_level3(a))),
        "together": (l2 + l3, sum(a.net_cad for a in actions)),
    }
    return {
        name: {
            "net_cost_cad": cost,
            "gain_points": gain,
            "cad_per_point": cost / gain if gain > LEAST_GAIN_POINTS else None,
            "reason": "" if gain > LEAST_GAIN_POINTS else "the plan gains no coverage here",
        }
        for name, (gain, cost) in found.items()
    }


# -- In words that a sentence can take in.


def verdict(plan: Plan, target: str) -> str:
    """Return in words whether a target is met, and if not, what is possible."""
    reached, status = getattr(plan.coverage, target), _status(plan, target)
    who = "vehicles" if target == "ev_owners" else "people"
    if status == "met":
        return f"met: {reached.after:.1%} of the {who}"
    if status == "nobody":
        return f"of nobody: there are no {who}"
    if status == "unmet_proven" and reached.ceiling >= reached.target > (
        1.0 if reached.bound_checked is None else reached.bound_checked
    ):
        return (
            f"out of reach of this budget: no plan within it reaches more than "
            f"{reached.bound_checked:.1%} of the {who}"
        )
    if status == "unmet_proven":
        return (
            f"out of reach of any budget: with every candidate site built, "
            f"{reached.ceiling:.1%} of the {who} would be near one"
        )
    return (
        f"not met by this plan, which gives weight to other things too: "
        f"for this target alone the budget allows {words.attainable(reached)} of the {who}"
    )


_NOUNS: Final = {
    "new_l2": ("new Level 2 station", "new Level 2 stations"),
    "new_l3": ("new Level 3 station", "new Level 3 stations"),
    "upgrade": ("conversion of Level 2 to Level 3", "conversions of Level 2 to Level 3"),
    "add_l3": ("station with more Level 3 ports", "stations with more Level 3 ports"),
    "add_l2": ("station with more Level 2 ports", "stations with more Level 2 ports"),
    "remove": ("removed station", "removed stations"),
}


def actions_in_words(plan: Plan) -> str:
    """Return how many actions of each kind there are: 151 new Level 2 stations, no ... .

    Kinds that the client's phases do not name are told only where there are some.
    """
    kinds: list[str] = [action.kind for action in plan.actions]
    parts = [
        f"{format(kinds.count(kind), ',') if kind in kinds else 'no'} "
        f"{nouns[kinds.count(kind) != 1]}"
        for kind, nouns in _NOUNS.items()
        if kind in kinds or kind in ALWAYS_SHOWN
    ]
    return listed(parts)


# -- Named values of a scenario, its plan and what the plan hangs on.


@once
def of_scenario(report: Report) -> Numbers:
    """Return the planning choices that the prose names."""
    c = report.config
    ports, l3_va = c.ports.min_l3, c.power.l3_kw * 1000 / c.power.power_factor
    return Numbers(
        [
            *named("budget.limit_cad", million_cad={"budget": c.budget.limit_cad / 1e6}),
            *named("targets", c.targets, "target_", share="l2:.0% l3:.0%"),
            *named("targets.ev_owners", share={"target_ev:.0%": c.targets.ev_owners.share}),
            *named("coverage", m={f"{k}_radius": getattr(c.coverage, f"{k}_radius_m")
                                  for k in LEVEL_KEYS}),
            *named("coverage", km={"l3_drive:g": c.coverage.l3_radius_m / M_PER_KM}),
            *named("power", kw={"l2_kw": c.power.l2_kw, "l3_kw:,.0f": c.power.l3_kw}),
            *named("ports", kw={"l3_pair_kw:,.0f": ports * c.power.l3_kw}),
            *named("power", c.power, v="l2_volts l3_volts"),
            *named("P / cos φ", kva={
                "l3_kva": l3_va / 1000, "l3_pair_kva": ports * l3_va / 1000,
            }),
            *named("P / (√3 V cos φ)", a={"l3_amps": l3_va / (SQRT3 * c.power.l3_volts)}),
            *named("P / V", a={"l3_amps_single": c.power.l3_kw * 1000 / c.power.l3_volts}),
            *named("costs", cad={f"{level}_{part}_cost": getattr(c.costs, f"{level}_{part}_cad")
                                 for level in LEVEL_KEYS for part in ("station", "port")}),
            *named("costs", share={"resale:.0%": c.costs.resale_factor}),
            *named("demand", c.demand, share="utilisation:.0%"),
            *named("demand", text={"public_share_words": public_share_words(c.demand)}),
            *named("demand", kwh={"kwh_per_ev": c.demand.kwh_per_ev_year}),
            *named("ports", count={"min_l2_ports": c.ports.min_l2, "min_l3_ports": ports}),
        ]
    )  # fmt: skip


def public_share_words(demand: Demand) -> str:
    """Return which part of its energy a vehicle takes from public ports, by its home, in words."""
    by_home = demand.home_access
    if by_home is None:
        return f"{demand.public_share:.0%}"
    house, row, flat = by_home.house, by_home.row_or_duplex, by_home.apartment
    return (
        f"{house:.0%} at a house, {row:.0%} at a row house or duplex and {flat:.0%} in an apartment"
    )


def shortfall_said(plan: Plan) -> str:
    """Return what the solver says of the shortfall: a bound where it is made least first."""
    if plan.config.objective.mode == "weighted":
        return "it has its price, so the solver names no bound on it alone"
    least = Number("", plan.solver_says.shortfall_bound_points, "points", "")
    return f"by the solver's word no plan has less than {least}"


@once
def of_plan(report: Report) -> Numbers:
    """Return the numbers of the published plan."""
    plan, account = report.plan, report.entry.account
    kinds: list[str] = [action.kind for action in plan.actions]
    said, cost, short = plan.solver_says, plan.cost, plan.shortfall
    version = f"{SOLVER_NAMES[said.name]} {said.version}"
    numbers = [
        *named("plan.actions", count={"actions": len(kinds)}),
        *named("plan.actions.kind", count={f"plan_{k}": kinds.count(k) for k in KIND_NAMES}),
        *named("plan.actions.kind", text={"actions_in_words": actions_in_words(plan)}),
        *named("plan.cost", million_cad={"net_cost": cost.net_cad / CAD_PER_MILLION}),
        *named("plan.cost", digits=ASSUMED_DIGITS, cad={
            "purchase": cost.purchase_cad, "resale_income": cost.resale_cad,
            "operating_cost": cost.operating_cad_per_year,
            "unspent": cost.budget_cad - cost.net_cad,
        }),
        *named("plan.quality", plan.quality, points="objective:.2f"),
        *named("plan.solver_says", said, points="bound:.2f"),
        *named("plan.solver_says.bound", share={"gap_solver:.4%": plan.gap_said}),
        *_bounds(plan),
        *named("plan.solver_says.version", text={"solver": version}),
        *named("plan.solver_says.reason", text={"solver_reason": words.SOLVER_REASON[said.reason]}),
        *named("solve.json", count={"solves": len(account["solves"])}),
        *named("solve.json: size", account["size"], count="columns rows_l2 rows_l3"),
        *named("plan.shortfall", points={"shortfall": short.total_points},
               text={"shortfall_said": shortfall_said(plan)}),
        *named("plan.shortfall.demand", share={"unserved": short.demand or 0.0}),
        *named("plan.model_coverage", share={
            f"{level}_model": getattr(plan.model_coverage, level).after for level in LEVEL_KEYS
        }),
    ]  # fmt: skip
    each = ports_at_new_stations(plan)
    single, built = each.loc[each["ports_each"] == 1, "stations"].sum(), each["stations"].sum()
    numbers += named("plan.actions", count={"one_port": int(single), "new_stations": int(built)})
    if plan.certificate is not None:
        made, broken = plan.certificate.checks, plan.certificate.violations
        numbers += named("plan.certificate.checks", count={"checks": made})
        numbers += named("plan.certificate", count={"violations": len(broken)})
    for name in TARGET_KEYS:
        reached, short_name = getattr(plan.coverage, name), name.removesuffix("_owners")
        numbers += [
            *named(f"plan.coverage.{name}", reached, f"{short_name}_",
                   share="before after attainable ceiling",
                   points={"gain": POINTS * (reached.after - reached.before)}),
            *named("plan.certificate", text={f"{short_name}_verdict": verdict(plan, name)}),
        ]  # fmt: skip
    return Numbers(numbers)


def _bounds(plan: Plan) -> list[Number]:
    """Return the checked gap and bounds, as far as they are proven."""
    quality, short = plan.quality, plan.shortfall.bound_checked_points
    found = named("plan.quality.status", text={"optimality": words.optimality(plan)})
    if quality.gap_checked is not None:
        found += named("plan.quality.gap_checked", share={"gap:.2%": quality.gap_checked})
        found += named("plan.quality.bound_checked", quality, points="bound_checked:.2f")
    if short is not None:
        origin = "plan.shortfall.bound_checked_points"
        found += named(origin, points={"shortfall_bound_checked:.2f": short})
    return found


def of_costs(report: Report) -> Numbers:
    """Return what a point of coverage costs, or why that is not defined."""
    numbers = []
    for level, cost in cost_per_point(report.plan).items():
        name, value = f"{level}_cost_per_point", cost["cad_per_point"]
        origin = f"cost_per_point: {level}"
        if value is None:
            numbers += named(origin, text={name: f"not defined: {cost['reason']}"})
        else:
            numbers += named(origin, digits=ASSUMED_DIGITS, cad={name: value})
    return Numbers(numbers)


@once
def of_budgets(report: Report) -> Numbers:
    """Return the numbers of the budget sweep."""
    sweep = report.budgets
    low, high = sweep.iloc[0], sweep.iloc[-1]
    ends = {"low": low, "high": high}
    extra = (high["budget_cad"] - low["budget_cad"]) / 1e6
    slope = POINTS * (high["l2"] - low["l2"]) / extra
    return Numbers(
        [
            *named("sensitivity.budget_sweep", count={"sweep_points": len(sweep)}),
            *named("budget", million_cad={
                f"sweep_{end}:.0f": row["budget_cad"] / 1e6 for end, row in ends.items()
            }),
            *named("budget_sweep", share={
                f"{level}_{end}": row[level] for level in LEVEL_KEYS for end, row in ends.items()
            }),
            *named("budget_sweep: mean slope", points={"l2_points_per_million": slope}),
            *named("certificates", count={"sweep_violations": int(sweep["violations"].sum())}),
        ]
    )  # fmt: skip


@once
def of_assumptions(report: Report) -> Numbers:
    """Return what the plan hangs on: the assumptions that move each level most, one at a time."""
    changes, config = report.swings, report.config
    assumptions = sweeps.ledger(report.project)
    names = {entry["key"]: entry["what"] for entry in assumptions}
    varied = sweeps.ranges(report.project)
    origin = "one_at_a_time"
    numbers = [
        *named("data/assumptions.json", count={"assumptions": len(names)}),
        *named(origin, count={
            "assumptions_varied": sum(len(r.low) for r in varied),
            "swing_plans": len(changes),
            "swing_violations": int(changes["violations"].sum()),
        }),
    ]  # fmt: skip
    for level in LEVEL_KEYS:
        largest = max(changes.to_dict("records"), key=lambda row: abs(row[level]))
        what = names.get(str(largest["key"]), str(largest["key"]))
        numbers += named(
            origin, prefix=f"swing_{level}_",
            text={"what": what[0].lower() + what[1:]}, points={"points": abs(largest[level])},
        )  # fmt: skip
    price = config.weights.cost_points_per_million_cad
    if price > 0:
        cad = config.solver.mip_gap * report.plan.quality.objective / price * CAD_PER_MILLION
        numbers += named("plan.solver_says: gap over the price of a point", cad={"gap_cad": cad})
    return Numbers(numbers)


# -- Tables and charts of the plan and of its budget sweep.


def coverage_table(report: Report) -> Table:
    """Return each target before and after the plan, with what is attainable."""
    share = Column("target", "Target share", format=".0%")
    columns = (Column("name", "Target"), "before after", share, "attainable ceiling status")
    return table("coverage", coverage(report.plan), columns, report.origin)


def kind_table(report: Report) -> Table:
    """Return what the plan builds, by kind."""
    ports = Column("ports_added", "Ports added", format=",d")
    columns = ("kind stations", ports, "l2_ports_removed purchase_cad resale_cad net_cad")
    return table("actions", actions_by_kind(report.plan), columns, report.origin)


def municipality_table(report: Report) -> Table:
    """Return what the plan builds, by municipality."""
    frame = actions_by_municipality(report.plan)
    columns: Columns = ["municipality", *_kind_columns(kinds_of(report.plan)), "net_cad"]
    return table("actions-by-municipality", frame, columns, report.origin)


def _kind_columns(kinds: list[str]) -> list[Column]:
    return [Column(kind, ACTION_KIND[kind].heading, format=",d") for kind in kinds]


def budget_table(report: Report) -> Table:
    """Return the budget sweep."""
    kinds = _kind_columns(kinds_built(report.budgets))
    columns: Columns = (
        "budget_cad net_cad l2 l3 ev_owners", *kinds, Column("gap", "Checked gap", format=".2%"),
    )  # fmt: skip
    frame = report.budgets.assign(gap=sweeps.shown_gap(report.budgets))
    return table("budgets", frame, columns, report.origin)
