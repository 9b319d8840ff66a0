"""A list of comparisons: how many were made and which did not hold."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import ValidationError

from kwev.certify import constraints
from kwev.certify.actions import KINDS, ActionKey
from kwev.certify.dual_bound import Bounds, Lagrangian, UncheckedError, stated
from kwev.certify.evaluation import Evaluation
from kwev.config import Solver
from kwev.files import sha256_json
from kwev.plan.format import Certificate

if TYPE_CHECKING:
    from kwev.config import Case, Config
    from kwev.data.tables import Tables
    from kwev.plan.format import Action, Plan, Reached, Shares, TargetStatus

SHOWN = 5
"""Most ids named in one violation."""


@dataclass
class Audit:
    """Collects violations; every call is one check.

    Attributes
    ----------
    violations
        One sentence each, in the order found.
    checks
        Comparisons made.
    """

    violations: list[str] = dataclasses.field(default_factory=list)
    checks: int = 0

    def true(self, ok: bool, message: str) -> None:  # noqa: FBT001 -- reads as a sentence
        """Record ``message`` unless ``ok``."""
        self.checks += 1
        if not ok:
            self.violations.append(message)

    def same(self, name: str, stated: Any, recomputed: Any) -> None:
        """Record a violation unless both values are equal."""
        self.true(stated == recomputed, f"{name} is {stated!r}, must be {recomputed!r}")

    def near(
        self, name: str, stated: float | None, recomputed: float | None, tolerance: float
    ) -> None:
        """Record a violation unless both are missing or differ by at most ``tolerance``."""
        if stated is None or recomputed is None:
            self.same(name, stated, recomputed)
            return
        close = abs(stated - recomputed) <= tolerance
        self.true(close, f"{name} is {stated!r}, recomputed {recomputed!r}")

    def same_ids(self, name: str, stated: list[str], recomputed: list[str]) -> None:
        """Record a violation unless both lists hold the same ids in the same order."""
        extra = sorted(set(stated) - set(recomputed))
        missing = sorted(set(recomputed) - set(stated))
        parts = []
        if extra:
            parts.append(f"{len(extra)} out of reach ({', '.join(extra[:SHOWN])})")
        if missing:
            parts.append(f"{len(missing)} left out ({', '.join(missing[:SHOWN])})")
        if not parts and list(stated) != list(recomputed):
            parts.append("order or repetition differs")
        self.true(not parts, f"{name}: {'; '.join(parts)}")


# -- The certificate: a plan recomputed from the data, without cvxpy, a solver or the model's code.

SHARE_TOL = 1e-9
CAD_TOL = 0.005
KW_TOL = 1e-6
MODEL_TOL = 1e-6
"""Tolerance on shares that a solver meets to its own feasibility tolerance."""
BOUND_TOL = 1e-9
"""Tolerance on bounds, which are stated with nine decimals."""
REASON_TOL = 1e-4
"""Tolerance on shares printed with four decimals."""
POINTS_TOL = 1e-6
"""Tolerance on objective points, relative to the larger of 1 and the objective."""

TARGETS = ("l2", "l3", "ev_owners")

UNPROVEN_REASONS = (
    "the targets cannot be met together",
    "no action is possible",
    "not found within the time limit",
)
"""Reasons for a missing least budget that recomputation cannot test."""

LICENCES = {
    "highs": ("open source",),
    "scip": ("open source",),
    "gurobi": ("full", "size-limited, non-production"),
}
"""Solvers a plan may come from, with the licences each may state."""


def certify(plan: Plan, tables: Tables, case: Case) -> Certificate:
    """Recompute a plan and say what holds.

    Parameters
    ----------
    plan
        The plan as stated.
    tables
        ``data/processed``, read.
    case
        The scenario as it stands in ``config/``, not as the plan states it, and the geography.

    Returns
    -------
    Certificate
        ``violations`` is empty where every logic rule holds and every reported number is what
        the recomputation gives; ``targets`` says which targets are met, on the cells.
    """
    audit, config = Audit(), case.config
    evaluated = Evaluation(tables, config, case.geography)
    _check_header(audit, plan, tables, case)
    ports = _check_actions(audit, plan, evaluated)
    _check_money(audit, plan, config, evaluated, ports)
    broken = constraints.broken(evaluated, tables, ports)
    audit.true(not broken, "; ".join(broken))
    after = _check_coverage(audit, plan, config, evaluated, ports)
    _check_shortfall(audit, plan, evaluated, tables, ports)
    missed = sum(constraints.missed(evaluated, tables, ports).values())
    _check_objective(audit, plan, evaluated, ports, missed)
    _check_extremes(audit, plan, evaluated, tables)
    shown = _check_proof(audit, plan, tables, case)
    targets = {name: _target_status(name, plan, evaluated, after[name], shown) for name in TARGETS}
    found = Certificate(violations=audit.violations, targets=targets, checks=audit.checks)
    return found if plan.certificate is None else _compared(found, plan.certificate)


def _compared(found: Certificate, stated: Certificate) -> Certificate:
    """Add what a plan's own certificate says otherwise; these comparisons are not counted."""
    audit = Audit(list(found.violations))
    audit.same("certificate.targets", stated.targets, found.targets)
    audit.same("certificate.violations", stated.violations, [])
    if not found.violations:
        audit.same("certificate.checks", stated.checks, found.checks)
    return found.model_copy(update={"violations": audit.violations})


def _check_header(audit: Audit, plan: Plan, tables: Tables, case: Case) -> None:
    config = case.config
    audit.same("scenario", plan.scenario, case.scenario)
    audit.same("geography", plan.geography, case.geography)
    audit.same("metric", plan.metric, config.coverage.metric)
    audit.same("inputs_sha256", plan.inputs_sha256, tables.inputs_sha256)
    audit.same("config_sha256", plan.config_sha256, sha256_json(plan.config))
    stated, own = dict(plan.config), config.as_dict()
    # which engine ran, and how long it might, is recorded, not planned
    audit.true(_is_solver(stated.pop("solver", None)), "config.solver is not a solver section")
    own.pop("solver")
    # when a plan is built, and what chargers earn, are other questions than what is built
    for values in (stated, own):
        values.pop("phasing", None)
        values.pop("finance", None)
    for key in sorted(own.keys() | stated.keys()):
        audit.same(f"config.{key}", stated.get(key), own.get(key))


def _is_solver(values: Any) -> bool:
    try:
        Solver.model_validate(values)
    except ValidationError:
        return False
    return True


def _check_actions(audit: Audit, plan: Plan, evaluated: Evaluation) -> dict[ActionKey, int]:
    """Check each action's fields against the data and the rules; return ports by action."""
    added = {ActionKey(a.kind, a.place_id): _added(a) for a in plan.actions}
    ports = {place: number for place, number in added.items() if evaluated.known(place)}
    seen: list[ActionKey] = []
    for action in plan.actions:
        where = f"action {action.id}"
        place = ActionKey(action.kind, action.place_id)
        problem = evaluated.problem(place, added[place], ports)
        audit.true(not problem, f"{where}: {problem}")
        clash = any(evaluated.clash(place, other) for other in seen)
        audit.true(not clash, f"{where}: a second action at one place")
        late = [p.kind for p in seen if p.place_id == place.place_id and _comes_first(place, p)]
        audit.true(not late, f"{where}: listed after {', '.join(late)}, which it comes before")
        seen.append(place)
        if evaluated.known(place):
            _check_fields(audit, where, action, evaluated.expected(place, _added(action), ports))
    return ports


def _added(action: Action) -> int:
    """Return the ports that an action adds, as it states them."""
    if action.kind == "remove":
        return 0
    if action.kind in ("new_l2", "add_l2"):
        return action.l2_ports_after - action.l2_ports_before
    return action.l3_ports_after - action.l3_ports_before


def _comes_first(one: ActionKey, other: ActionKey) -> bool:
    return KINDS.index(one.kind) < KINDS.index(other.kind)


def _check_fields(audit: Audit, where: str, action: Action, expected: dict[str, Any]) -> None:
    stated = action.model_dump()
    for field in ("id", "name", "category", "municipality"):
        audit.same(f"{where}: {field}", stated[field], expected[field])
    for field in ("l2_ports_before", "l2_ports_after", "l3_ports_before", "l3_ports_after"):
        audit.same(f"{where}: {field}", stated[field], expected[field])
    for field in ("latitude", "longitude"):
        audit.near(f"{where}: {field}", stated[field], expected[field], 1e-9)
    for field in ("kw_after", "grid_kw"):
        audit.near(f"{where}: {field}", stated[field], expected[field], KW_TOL)
    for field in ("purchase_cad", "resale_cad", "net_cad", "operating_cad_per_year"):
        audit.near(f"{where}: {field}", stated[field], expected[field], CAD_TOL)


def _check_money(
    audit: Audit, plan: Plan, config: Config, evaluated: Evaluation, ports: dict[ActionKey, int]
) -> None:
    money = [evaluated.expected(place, added) for place, added in ports.items()]
    purchase = sum(m["purchase_cad"] for m in money)
    resale = sum(m["resale_cad"] for m in money)
    cost = plan.cost
    audit.near("cost.purchase_cad", cost.purchase_cad, purchase, CAD_TOL)
    audit.near("cost.resale_cad", cost.resale_cad, resale, CAD_TOL)
    audit.near("cost.net_cad", cost.net_cad, purchase - resale, CAD_TOL)
    yearly = sum(m["operating_cad_per_year"] for m in money)
    audit.near("cost.operating_cad_per_year", cost.operating_cad_per_year, yearly, CAD_TOL)
    audit.near("cost.budget_cad", cost.budget_cad, config.budget.limit_cad, CAD_TOL)
    over = purchase - resale - config.budget.limit_cad
    audit.true(over <= CAD_TOL, f"net cost is {over:,.2f} CAD over the budget")


def _check_coverage(
    audit: Audit, plan: Plan, config: Config, evaluated: Evaluation, ports: dict[ActionKey, int]
) -> dict[str, float]:
    wanted = {
        "l2": config.targets.l2,
        "l3": config.targets.l3,
        "ev_owners": config.targets.ev_owners.share,
    }
    before = {"cell": evaluated.cover("cell", {}), "model": evaluated.cover("model", {})}
    after = {"cell": evaluated.cover("cell", ports), "model": evaluated.cover("model", ports)}
    for name in TARGETS:
        stated: Reached = getattr(plan.coverage, name)
        path = f"coverage.{name}"
        audit.near(f"{path}.before", stated.before, before["cell"].share(name), SHARE_TOL)
        audit.near(f"{path}.after", stated.after, after["cell"].share(name), SHARE_TOL)
        audit.near(f"{path}.target", stated.target, wanted[name], SHARE_TOL)
        modelled: Shares = getattr(plan.model_coverage, name)
        path = f"model_coverage.{name}"
        audit.near(f"{path}.before", modelled.before, before["model"].share(name), SHARE_TOL)
        audit.near(f"{path}.after", modelled.after, after["model"].share(name), SHARE_TOL)
    for level in ("l2", "l3"):
        ids = sorted(after["model"].ids(level))
        audit.same_ids(f"model_covered.{level}", getattr(plan.model_covered, level), ids)
    return {name: after["cell"].share(name) for name in TARGETS}


def _check_shortfall(
    audit: Audit, plan: Plan, evaluated: Evaluation, tables: Tables, ports: dict[ActionKey, int]
) -> None:
    stated, parts = plan.shortfall, evaluated.shortfall(ports)
    for name, value in parts.items():
        audit.near(f"shortfall.{name}", getattr(stated, name), value, SHARE_TOL)
    rules = constraints.missed(evaluated, tables, ports)
    audit.same("shortfall.rules", sorted(stated.rules), sorted(rules))
    for name, value in rules.items():
        audit.near(f"shortfall.rules.{name}", stated.rules.get(name), value, SHARE_TOL)
    missed = [*(value for value in parts.values() if value is not None), *rules.values()]
    total = 100.0 * sum(missed)
    audit.near("shortfall.total_points", stated.total_points, total, POINTS_TOL)
    low = -POINTS_TOL <= stated.bound_points <= total + POINTS_TOL
    audit.true(low, f"shortfall.bound_points {stated.bound_points} is not a lower bound")


def _check_objective(
    audit: Audit,
    plan: Plan,
    evaluated: Evaluation,
    ports: dict[ActionKey, int],
    missed_by_rules: float,
) -> None:
    solver = plan.solver
    parts = evaluated.objective_parts(ports, missed_by_rules)
    for name, value in parts.items():
        stated = getattr(plan.objective_parts, name)
        audit.near(f"objective_parts.{name}", stated, value, POINTS_TOL)
    objective = sum(parts.values())
    tolerance = POINTS_TOL * max(1.0, abs(objective))
    audit.near("solver.objective", solver.objective, objective, tolerance)
    audit.true(
        solver.bound >= objective - tolerance,
        f"solver.bound {solver.bound} is below the objective {objective}",
    )
    gap = abs(solver.bound - solver.objective) / max(abs(solver.objective), 1e-9)
    audit.near("solver.gap_solver", solver.gap_solver, gap, 1e-9)
    audit.true(
        solver.name in LICENCES and solver.licence in LICENCES[solver.name],
        f"solver.name {solver.name!r} under solver.licence {solver.licence!r} is not known",
    )
    known = solver.status in ("optimal", "limit")
    audit.true(known, f"solver.status {solver.status!r} is not one of optimal, limit")
    if solver.status == "optimal":
        allowed = _stated_gap(plan) + 1e-9
        audit.true(
            gap <= allowed or abs(solver.bound - solver.objective) <= POINTS_TOL,
            f"solver.status is 'optimal' with a gap of {gap:.3e}, above config.solver.mip_gap",
        )


def _stated_gap(plan: Plan) -> float:
    """Return the gap at which the plan says its search might stop; 0 where it says none."""
    section = plan.config.get("solver")
    value = section.get("mip_gap") if isinstance(section, dict) else None
    return float(value) if isinstance(value, int | float) else 0.0


def _check_extremes(audit: Audit, plan: Plan, evaluated: Evaluation, tables: Tables) -> None:
    """Check attainable, ceiling and least budget through their witnesses and a closed form.

    Where an optional rule ties sites together, the closed form is an upper bound alone, and the
    stated ceiling is what the others are held against.
    """
    config, most = evaluated.config, dict(evaluated.ceiling("model"))
    for name in TARGETS:
        stated: Reached = getattr(plan.coverage, name)
        own = getattr(plan.model_coverage, name).after
        path = f"coverage.{name}"
        if constraints.ties(config) and stated.ceiling is not None:
            below = own - MODEL_TOL <= stated.ceiling <= most[name] + MODEL_TOL
            audit.true(
                below, f"{path}.ceiling {stated.ceiling} is above {most[name]!r}, or below the plan"
            )
            most[name] = stated.ceiling
        else:
            audit.near(f"{path}.ceiling", stated.ceiling, most[name], MODEL_TOL)
        if stated.attainable is None:
            audit.true(ok=False, message=f"{path}.attainable is missing")
            continue
        audit.true(
            own <= stated.attainable + _slack(config)
            and stated.attainable <= most[name] + MODEL_TOL,
            f"{path}.attainable {stated.attainable} is not between the plan and the ceiling",
        )
        witness = _witness(audit, plan, evaluated, tables, f"attainable_{name}")
        if witness is not None:
            shown = evaluated.cover("model", witness).share(name)
            audit.near(f"{path}.attainable", stated.attainable, shown, SHARE_TOL)
    _check_least_budget(audit, plan, evaluated, tables, most)
    used = {f"attainable_{name}" for name in TARGETS}
    if plan.cost.least_budget_cad is not None:
        used.add("least_budget")
    stray = sorted(plan.witnesses.keys() - used)
    audit.true(not stray, f"witnesses of nothing: {', '.join(stray)}")


def _slack(config: Config) -> float:
    """Return how far a solve that stops at the gap may stay below another plan (share)."""
    return config.solver.mip_gap + MODEL_TOL


def _check_least_budget(
    audit: Audit, plan: Plan, evaluated: Evaluation, tables: Tables, most: dict[str, float]
) -> None:
    config = evaluated.config
    wanted = {"l2": config.targets.l2, "l3": config.targets.l3}
    if config.targets.ev_owners.enforce:
        wanted["ev_owners"] = config.targets.ev_owners.share
    least, bound = plan.cost.least_budget_cad, plan.cost.least_budget_bound_cad
    audit.true(
        bound is None or (least is not None and bound <= least + CAD_TOL),
        f"cost.least_budget_bound_cad {bound} is above the least budget, or of none",
    )
    if least is None:
        missed = {name: share for name, share in wanted.items() if most[name] < share + SHARE_TOL}
        _check_no_least_budget(audit, plan, missed, most)
        return
    audit.same("cost.least_budget_reason", plan.cost.least_budget_reason, "")
    out_of_reach = [name for name, share in wanted.items() if most[name] < share - SHARE_TOL]
    audit.true(not out_of_reach, f"cost.least_budget_cad stated, but out of reach: {out_of_reach}")
    witness = _witness(audit, plan, evaluated, tables, "least_budget")
    if witness is None:
        return
    reached = evaluated.cover("model", witness)
    for name, share in wanted.items():
        met = reached.share(name) >= share - MODEL_TOL
        audit.true(met, f"the witness of least_budget misses target {name}")
    served = not config.demand.enforce or evaluated.unserved_share(witness) <= MODEL_TOL
    audit.true(served, "the witness of least_budget leaves energy demand unserved")
    for name, share in constraints.missed(evaluated, tables, witness).items():
        audit.true(share <= MODEL_TOL, f"the witness of least_budget misses rule {name}")
    shown = sum(evaluated.expected(place, n)["net_cad"] for place, n in witness.items())
    audit.near("cost.least_budget_cad", least, shown, CAD_TOL)


def _check_no_least_budget(
    audit: Audit, plan: Plan, out_of_reach: dict[str, float], most: dict[str, float]
) -> None:
    """Check why there is no least budget: a target no plan reaches, in the numbers that hold."""
    reason = plan.cost.least_budget_reason
    if out_of_reach and reason not in UNPROVEN_REASONS:
        stated = [float(number) for number in re.findall(r"\d+\.\d+", reason)]
        holds = any(
            f"target {name} " in reason
            and np.allclose(stated, [share, most[name]], rtol=0, atol=REASON_TOL)
            for name, share in out_of_reach.items()
            if len(stated) == 2  # noqa: PLR2004 -- the target and the most
        )
        audit.true(holds, f"cost.least_budget_reason {reason!r} is not what the data give")
        return
    audit.true(
        reason in UNPROVEN_REASONS,
        f"cost.least_budget_cad is missing for no known reason ({reason!r})",
    )
    # a plan that meets every target is itself an amount that suffices
    short = plan.shortfall.total_points > POINTS_TOL
    audit.true(short, "cost.least_budget_cad is missing, but the plan itself meets every target")


def _witness(
    audit: Audit, plan: Plan, evaluated: Evaluation, tables: Tables, name: str
) -> dict[ActionKey, int] | None:
    """Return the ports of a witness plan, or None where it is missing or breaks a rule."""
    budget_cad = np.inf if name == "least_budget" else evaluated.config.budget.limit_cad
    if name not in plan.witnesses:
        audit.true(ok=False, message=f"witnesses.{name} is missing")
        return None
    ports: dict[ActionKey, int] = {}
    for action_id, added in plan.witnesses[name].actions:
        place = ActionKey.from_id(action_id)
        known = place is not None and evaluated.known(place)
        if place is None or not known or any(evaluated.clash(place, other) for other in ports):
            problem = "twice" if known else "unknown action"
            audit.true(ok=False, message=f"witnesses.{name}: {action_id}: {problem}")
            return None
        ports[place] = added
    for place, added in ports.items():
        problem = evaluated.problem(place, added, ports)
        if problem:
            message = f"witnesses.{name}: {place.kind}_{place.place_id}: {problem}"
            audit.true(ok=False, message=message)
            return None
    net = sum(evaluated.expected(place, added)["net_cad"] for place, added in ports.items())
    audit.true(net <= budget_cad + CAD_TOL, f"witnesses.{name} costs {net:,.2f} CAD, too much")
    broken = constraints.broken(evaluated, tables, ports)
    audit.true(not broken, f"witnesses.{name}: {'; '.join(broken)}")
    return ports


def _check_proof(audit: Audit, plan: Plan, tables: Tables, case: Case) -> Bounds:
    """Check the bounds through the multipliers in the plan file, and return what these prove.

    Multipliers that are worse, by mistake or on purpose, prove a weaker bound, and a plan may state
    no other than the one they prove.
    """
    shown, reason = Bounds(None, None, dict.fromkeys(TARGETS)), plan.proof.reason
    if plan.proof.branches:
        try:
            shown = stated(plan, Lagrangian(tables, case.config, case.geography))
        except UncheckedError as error:
            audit.true(ok=False, message=f"proof: {error}")
    values = [shown.shortfall_points, shown.objective, *shown.attainable.values()]
    audit.true((None in values) == bool(reason), f"proof.reason {reason!r} does not fit the bounds")
    solver, short = plan.solver, plan.shortfall
    audit.near("solver.bound_checked", solver.bound_checked, shown.objective, BOUND_TOL)
    path = "shortfall.bound_checked_points"
    audit.near(path, short.bound_checked_points, shown.shortfall_points, BOUND_TOL)
    gap = None
    if shown.objective is not None:
        gap = abs(shown.objective - solver.objective) / max(abs(solver.objective), 1e-9)
        tolerance = POINTS_TOL * max(1.0, abs(solver.objective))
        above = shown.objective >= solver.objective - tolerance
        audit.true(above, f"the objective is above its checked bound {shown.objective}")
    audit.near("solver.gap_checked", solver.gap_checked, gap, BOUND_TOL)
    if shown.shortfall_points is not None:
        below = shown.shortfall_points <= short.total_points + POINTS_TOL
        audit.true(below, f"the shortfall is below its checked bound {shown.shortfall_points}")
    for name, most in shown.attainable.items():
        reached: Reached = getattr(plan.coverage, name)
        audit.near(f"coverage.{name}.bound_checked", reached.bound_checked, most, BOUND_TOL)
        if most is not None and reached.attainable is not None:
            audit.true(
                reached.attainable <= most + SHARE_TOL,
                f"coverage.{name}.attainable is above its checked bound {most}",
            )
    return shown


def _target_status(
    name: str, plan: Plan, evaluated: Evaluation, after: float, shown: Bounds
) -> TargetStatus:
    """Met on the cells, out of reach of any plan there, or neither shown.

    Out of reach of any plan at all by the closed form, or of any within the budget by a checked
    bound: on the cells only where the model's demand points are the cells.
    """
    wanted = getattr(plan.coverage, name).target
    if after >= wanted - 1e-12:
        return "met"
    most = shown.attainable[name] if plan.geography == "cell" else None
    proven = evaluated.ceiling("cell")[name] < wanted or (most is not None and most < wanted)
    return "unmet_proven" if proven else "unmet_unproven"
