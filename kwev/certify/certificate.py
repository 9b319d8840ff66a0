"""The certificate: a plan recomputed from the data, without cvxpy, a solver or the model's code.

:func:`certify` counts its comparisons and tells in a sentence each which of them do not hold.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import ValidationError

from kwev.certify import constraints
from kwev.certify.actions import CAD_TOL, KINDS, KW_TOL, LEVELS, TARGETS, ActionKey, Ports
from kwev.certify.checks import Checks
from kwev.certify.dual_bound import Bounds, plan_bounds
from kwev.certify.evaluation import Evaluation, wanted_shares
from kwev.certify.exact import UncheckedError
from kwev.certify.exact_model import ExactModel
from kwev.config import Case, Solver, load_config
from kwev.files import sha256_json
from kwev.plan.format import Certificate

if TYPE_CHECKING:
    from kwev.data.tables import Tables
    from kwev.plan.format import Action, Plan, Reached, Shares, TargetStatus

SHARE_TOL = 1e-9
MODEL_TOL = 1e-6
"""Tolerance on shares that a solver meets to its own feasibility tolerance."""
BOUND_TOL = 1e-9
"""Tolerance on bounds, which are stated with nine decimals."""
REASON_TOL = 1e-4
"""Tolerance on shares printed with four decimals."""
POINTS_TOL = 1e-6
"""Tolerance on objective points, relative to the larger of 1 and the objective."""

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


def certify(plan: Plan, tables: Tables, case: Case | None = None) -> Certificate:
    """Recompute a plan and say what holds.

    Parameters
    ----------
    plan
        The plan as stated.
    tables
        ``data/processed``, read.
    case
        The scenario as it stands in ``config/``, not as the plan states it, and the geography;
        where it is None, the scenario of the plan's name in the checkout around the working folder.

    Returns
    -------
    Certificate
        ``violations`` is empty where every logic rule holds and every reported number is what
        the recomputation gives; ``targets`` says which targets are met, on the cells; ``checks``
        counts the comparisons.

    Raises
    ------
    KwevError
        If ``case`` is None and no scenario has the plan's name.
    """
    if case is None:
        case = Case(plan.scenario, load_config(plan.scenario), plan.geography)
    return _Certification(plan, tables, case).run()


class _Certification(Checks):
    """The checks of one plan against the data and the scenario that it must be of."""

    def __init__(self, plan: Plan, tables: Tables, case: Case) -> None:
        super().__init__()
        self._plan, self._tables, self._case, self._config = plan, tables, case, case.config
        self._evaluation = Evaluation(tables, case.config, case.geography)
        stated = {ActionKey(a.kind, a.place_id): a.ports_added for a in plan.actions}
        # what is done at no place that there is has no effect to count
        self._ports = {key: n for key, n in stated.items() if self._evaluation.known(key)}

    def run(self) -> Certificate:
        """Make every check; what the plan's own certificate says otherwise is not counted."""
        self._check_header()
        self._check_actions()
        self._check_money()
        broken = constraints.broken(self._evaluation, self._ports)
        self.holds(not broken, "; ".join(broken))
        after = self._check_coverage()
        missed = constraints.missed(self._evaluation, self._ports)
        self._check_shortfall(missed)
        self._check_objective(sum(missed.values()))
        self._check_solver()
        self._check_extremes()
        shown = self._check_proof()
        targets = {name: self._target_status(name, after[name], shown) for name in TARGETS}
        own, count, clean = self._plan.certificate, self.count, not self.violations
        if own is not None:
            self.equal("certificate.targets", own.targets, targets)
            self.equal("certificate.violations", own.violations, [])
            if clean:
                self.equal("certificate.checks", own.checks, count)
        return Certificate(violations=self.violations, targets=targets, checks=count)

    def _check_header(self) -> None:
        plan, config = self._plan, self._config
        self.equal("scenario", plan.scenario, self._case.scenario)
        self.equal("geography", plan.geography, self._case.geography)
        self.equal("metric", plan.metric, config.coverage.metric)
        self.equal("inputs_sha256", plan.inputs_sha256, self._tables.inputs_sha256)
        self.equal("config_sha256", plan.config_sha256, sha256_json(plan.config))
        stated, own = dict(plan.config), config.as_dict()
        # which engine ran, and how long it might, is recorded, not planned
        self.holds(_is_solver(stated.pop("solver", None)), "config.solver is not a solver section")
        own.pop("solver")
        # when a plan is built, and what chargers earn, are other questions than what is built
        for values in (stated, own):
            values.pop("phasing", None)
            values.pop("finance", None)
        for key in sorted(own.keys() | stated.keys()):
            self.equal(f"config.{key}", stated.get(key), own.get(key))

    def _check_actions(self) -> None:
        """Check each action's fields against the data and the rules."""
        evaluation, seen = self._evaluation, list[ActionKey]()
        for action in self._plan.actions:
            where, key = f"action {action.id}", ActionKey(action.kind, action.place_id)
            problem = evaluation.problem(key, self._ports.get(key, 0), self._ports)
            self.holds(not problem, f"{where}: {problem}")
            clash = any(evaluation.clash(key, other) for other in seen)
            self.holds(not clash, f"{where}: a second action at one place")
            here = [other.kind for other in seen if other.place_id == key.place_id]
            late = [kind for kind in here if KINDS.index(key.kind) < KINDS.index(kind)]
            self.holds(not late, f"{where}: listed after {', '.join(late)}, which it comes before")
            seen.append(key)
            if evaluation.known(key):
                expected = evaluation.expected(key, action.ports_added, self._ports)
                self._check_fields(where, action, expected)

    def _check_fields(self, where: str, action: Action, expected: dict[str, Any]) -> None:
        stated = action.model_dump()
        for name in ("id", "name", "category", "municipality"):
            self.equal(f"{where}: {name}", stated[name], expected[name])
        for name in ("l2_ports_before", "l2_ports_after", "l3_ports_before", "l3_ports_after"):
            self.equal(f"{where}: {name}", stated[name], expected[name])
        for name in ("latitude", "longitude"):
            self.close(f"{where}: {name}", stated[name], expected[name], 1e-9)
        for name in ("kw_after", "grid_kw"):
            self.close(f"{where}: {name}", stated[name], expected[name], KW_TOL)
        for name in ("purchase_cad", "resale_cad", "net_cad", "operating_cad_per_year"):
            self.close(f"{where}: {name}", stated[name], expected[name], CAD_TOL)

    def _net(self, ports: Ports) -> float:
        """Return the net cost of actions (CAD)."""
        return sum(self._evaluation.effect(key, added).net_cad for key, added in ports.items())

    def _check_money(self) -> None:
        effects = [self._evaluation.effect(key, added) for key, added in self._ports.items()]
        purchase = sum(effect.purchase_cad for effect in effects)
        resale = sum(effect.resale_cad for effect in effects)
        yearly = sum(effect.yearly_cad for effect in effects)
        cost, budget = self._plan.cost, self._config.budget.limit_cad
        self.close("cost.purchase_cad", cost.purchase_cad, purchase, CAD_TOL)
        self.close("cost.resale_cad", cost.resale_cad, resale, CAD_TOL)
        self.close("cost.net_cad", cost.net_cad, purchase - resale, CAD_TOL)
        name = "cost.operating_cad_per_year"
        self.close(name, cost.operating_cad_per_year, yearly, CAD_TOL)
        self.close("cost.budget_cad", cost.budget_cad, budget, CAD_TOL)
        over = purchase - resale - budget
        self.holds(over <= CAD_TOL, f"net cost is {over:,.2f} CAD over the budget")

    def _check_coverage(self) -> dict[str, float]:
        """Check what is covered; return the share of each target on the cells."""
        plan, cover, ports = self._plan, self._evaluation.cover, self._ports
        targets = self._config.targets
        wanted = {"l2": targets.l2, "l3": targets.l3, "ev_owners": targets.ev_owners.share}
        cells, model = (cover("cell", {}), cover("cell", ports)), cover("model", ports)
        today = cover("model", {})
        for name in TARGETS:
            stated: Reached = getattr(plan.coverage, name)
            path = f"coverage.{name}"
            self.close(f"{path}.before", stated.before, cells[0].share(name), SHARE_TOL)
            self.close(f"{path}.after", stated.after, cells[1].share(name), SHARE_TOL)
            self.close(f"{path}.target", stated.target, wanted[name], SHARE_TOL)
            modelled: Shares = getattr(plan.model_coverage, name)
            path = f"model_coverage.{name}"
            self.close(f"{path}.before", modelled.before, today.share(name), SHARE_TOL)
            self.close(f"{path}.after", modelled.after, model.share(name), SHARE_TOL)
        for level in LEVELS:
            ids = sorted(model.ids(level))
            self.same_ids(f"model_covered.{level}", getattr(plan.model_covered, level), ids)
        return {name: cells[1].share(name) for name in TARGETS}

    def _check_shortfall(self, rules: dict[str, float]) -> None:
        stated, parts = self._plan.shortfall, self._evaluation.shortfall(self._ports)
        for name, value in parts.items():
            self.close(f"shortfall.{name}", getattr(stated, name), value, SHARE_TOL)
        self.equal("shortfall.rules", sorted(stated.rules), sorted(rules))
        for name, value in rules.items():
            self.close(f"shortfall.rules.{name}", stated.rules.get(name), value, SHARE_TOL)
        missed = [*(value for value in parts.values() if value is not None), *rules.values()]
        total = 100.0 * sum(missed)
        self.close("shortfall.total_points", stated.total_points, total, POINTS_TOL)
        low = -POINTS_TOL <= stated.bound_points <= total + POINTS_TOL
        self.holds(low, f"shortfall.bound_points {stated.bound_points} is not a lower bound")

    def _check_objective(self, missed_by_rules: float) -> None:
        parts = self._evaluation.objective_parts(self._ports, missed_by_rules)
        for name, value in parts.items():
            stated = getattr(self._plan.objective_parts, name)
            self.close(f"objective_parts.{name}", stated, value, POINTS_TOL)
        objective, solver = sum(parts.values()), self._plan.solver
        tolerance = POINTS_TOL * max(1.0, abs(objective))
        self.close("solver.objective", solver.objective, objective, tolerance)
        below = f"solver.bound {solver.bound} is below the objective {objective}"
        self.holds(solver.bound >= objective - tolerance, below)

    def _check_solver(self) -> None:
        """Check what the plan says of the solver: its gap, licence and status."""
        solver, section = self._plan.solver, self._plan.config.get("solver")
        gap = abs(solver.bound - solver.objective) / max(abs(solver.objective), 1e-9)
        self.close("solver.gap_solver", solver.gap_solver, gap, 1e-9)
        self.holds(
            solver.name in LICENCES and solver.licence in LICENCES[solver.name],
            f"solver.name {solver.name!r} under solver.licence {solver.licence!r} is not known",
        )
        known = solver.status in ("optimal", "limit")
        self.holds(known, f"solver.status {solver.status!r} is not one of optimal, limit")
        if solver.status == "optimal":
            stated = section.get("mip_gap") if isinstance(section, dict) else None
            allowed = (float(stated) if isinstance(stated, int | float) else 0.0) + 1e-9
            self.holds(
                gap <= allowed or abs(solver.bound - solver.objective) <= POINTS_TOL,
                f"solver.status is 'optimal' with a gap of {gap:.3e}, above config.solver.mip_gap",
            )

    # -- attainable, ceiling and least budget ----------------------------------------------------

    def _check_extremes(self) -> None:
        """Check attainable, ceiling and least budget through their witnesses and a closed form.

        Where an optional rule ties sites together, the closed form is an upper bound alone, and the
        stated ceiling is what the others are held against.
        """
        plan, most = self._plan, dict(self._evaluation.ceiling("model"))
        # a solve that stops at the gap may stay so far below another plan (share)
        slack = self._config.solver.mip_gap + MODEL_TOL
        for name in TARGETS:
            stated: Reached = getattr(plan.coverage, name)
            own, path = getattr(plan.model_coverage, name).after, f"coverage.{name}"
            if constraints.ties(self._config) and stated.ceiling is not None:
                message = (
                    f"{path}.ceiling {stated.ceiling} is above {most[name]!r}, or below the plan"
                )
                self.holds(own - MODEL_TOL <= stated.ceiling <= most[name] + MODEL_TOL, message)
                most[name] = stated.ceiling
            else:
                self.close(f"{path}.ceiling", stated.ceiling, most[name], MODEL_TOL)
            if stated.attainable is None:
                self.holds(ok=False, message=f"{path}.attainable is missing")
                continue
            self.holds(
                own <= stated.attainable + slack and stated.attainable <= most[name] + MODEL_TOL,
                f"{path}.attainable {stated.attainable} is not between the plan and the ceiling",
            )
            witness = self._witness(f"attainable_{name}", self._config.budget.limit_cad)
            if witness is not None:
                shown = self._evaluation.cover("model", witness).share(name)
                self.close(f"{path}.attainable", stated.attainable, shown, SHARE_TOL)
        self._check_least_budget(most)
        used = {f"attainable_{name}" for name in TARGETS}
        if plan.cost.least_budget_cad is not None:
            used.add("least_budget")
        stray = sorted(plan.witnesses.keys() - used)
        self.holds(not stray, f"witnesses of nothing: {', '.join(stray)}")

    def _check_least_budget(self, most: dict[str, float]) -> None:
        evaluation, cost = self._evaluation, self._plan.cost
        wanted = wanted_shares(self._config, float)
        least, bound = cost.least_budget_cad, cost.least_budget_bound_cad
        self.holds(
            bound is None or (least is not None and bound <= least + CAD_TOL),
            f"cost.least_budget_bound_cad {bound} is above the least budget, or of none",
        )
        if least is None:
            self._check_no_least_budget(wanted, most)
            return
        self.equal("cost.least_budget_reason", cost.least_budget_reason, "")
        beyond = [name for name, share in wanted.items() if most[name] < share - SHARE_TOL]
        self.holds(not beyond, f"cost.least_budget_cad stated, but out of reach: {beyond}")
        witness = self._witness("least_budget", np.inf)
        if witness is None:
            return
        reached = evaluation.cover("model", witness)
        for name, share in wanted.items():
            met = reached.share(name) >= share - MODEL_TOL
            self.holds(met, f"the witness of least_budget misses target {name}")
        asked = self._config.demand.enforce
        served = not asked or evaluation.unserved_share(witness) <= MODEL_TOL
        self.holds(served, "the witness of least_budget leaves energy demand unserved")
        for name, share in constraints.missed(evaluation, witness).items():
            self.holds(share <= MODEL_TOL, f"the witness of least_budget misses rule {name}")
        self.close("cost.least_budget_cad", least, self._net(witness), CAD_TOL)

    def _check_no_least_budget(self, wanted: dict[str, float], most: dict[str, float]) -> None:
        """Check why there is no least budget: a target no plan reaches, in numbers that hold."""
        reason = self._plan.cost.least_budget_reason
        beyond = {name: share for name, share in wanted.items() if most[name] < share + SHARE_TOL}
        if beyond and reason not in UNPROVEN_REASONS:
            stated = [float(number) for number in re.findall(r"\d+\.\d+", reason)]
            holds = any(
                f"target {name} " in reason
                and np.allclose(stated, [share, most[name]], rtol=0, atol=REASON_TOL)
                for name, share in beyond.items()
                if len(stated) == 2  # noqa: PLR2004 -- the target and the most
            )
            self.holds(holds, f"cost.least_budget_reason {reason!r} is not what the data give")
            return
        self.holds(
            reason in UNPROVEN_REASONS,
            f"cost.least_budget_cad is missing for no known reason ({reason!r})",
        )
        # a plan that meets every target is itself an amount that suffices
        short = self._plan.shortfall.total_points > POINTS_TOL
        self.holds(
            short, "cost.least_budget_cad is missing, but the plan itself meets every target"
        )

    def _witness(self, name: str, budget_cad: float) -> dict[ActionKey, int] | None:
        """Return the ports of a witness plan, or None where it is missing or breaks a rule."""
        evaluation, path = self._evaluation, f"witnesses.{name}"
        if name not in self._plan.witnesses:
            self.holds(ok=False, message=f"{path} is missing")
            return None
        ports: dict[ActionKey, int] = {}
        for action_id, added in self._plan.witnesses[name].actions:
            key = ActionKey.from_id(action_id)
            known = key is not None and evaluation.known(key)
            if key is None or not known or any(evaluation.clash(key, other) for other in ports):
                problem = "twice" if known else "unknown action"
                self.holds(ok=False, message=f"{path}: {action_id}: {problem}")
                return None
            ports[key] = added
        for key, added in ports.items():
            problem = evaluation.problem(key, added, ports)
            if problem:
                self.holds(ok=False, message=f"{path}: {key.id}: {problem}")
                return None
        net = self._net(ports)
        self.holds(net <= budget_cad + CAD_TOL, f"{path} costs {net:,.2f} CAD, too much")
        broken = constraints.broken(evaluation, ports)
        self.holds(not broken, f"{path}: {'; '.join(broken)}")
        return ports

    # -- checked bounds and targets --------------------------------------------------------------

    def _check_proof(self) -> Bounds:
        """Check the bounds through the multipliers in the plan file, and return what these prove.

        Multipliers that are worse, by mistake or on purpose, prove a weaker bound, and a plan may
        state no other than the one they prove.
        """
        plan, shown = self._plan, Bounds(None, None, dict.fromkeys(TARGETS))
        if plan.proof.branches:
            try:
                model = ExactModel(self._tables, self._config, self._case.geography)
                shown = plan_bounds(plan, model)
            except UncheckedError as error:
                self.holds(ok=False, message=f"proof: {error}")
        values, reason = [*shown.attainable.values()], plan.proof.reason
        lacking = None in (shown.shortfall_points, shown.objective, *values)
        self.holds(lacking == bool(reason), f"proof.reason {reason!r} does not fit the bounds")
        solver, short = plan.solver, plan.shortfall
        self.close("solver.bound_checked", solver.bound_checked, shown.objective, BOUND_TOL)
        path = "shortfall.bound_checked_points"
        self.close(path, short.bound_checked_points, shown.shortfall_points, BOUND_TOL)
        gap = None
        if shown.objective is not None:
            gap = abs(shown.objective - solver.objective) / max(abs(solver.objective), 1e-9)
            tolerance = POINTS_TOL * max(1.0, abs(solver.objective))
            above = shown.objective >= solver.objective - tolerance
            self.holds(above, f"the objective is above its checked bound {shown.objective}")
        self.close("solver.gap_checked", solver.gap_checked, gap, BOUND_TOL)
        if shown.shortfall_points is not None:
            below = shown.shortfall_points <= short.total_points + POINTS_TOL
            self.holds(below, f"the shortfall is below its checked bound {shown.shortfall_points}")
        for name, most in shown.attainable.items():
            reached: Reached = getattr(plan.coverage, name)
            self.close(f"coverage.{name}.bound_checked", reached.bound_checked, most, BOUND_TOL)
            if most is not None and reached.attainable is not None:
                message = f"coverage.{name}.attainable is above its checked bound {most}"
                self.holds(reached.attainable <= most + SHARE_TOL, message)
        return shown

    def _target_status(self, name: str, after: float, shown: Bounds) -> TargetStatus:
        """Met on the cells, out of reach of any plan there, or neither shown.

        Out of reach of any plan at all by the closed form, or of any within the budget by a checked
        bound: on the cells only where the model's demand points are the cells.
        """
        wanted = getattr(self._plan.coverage, name).target
        if after >= wanted - 1e-12:
            return "met"
        most = shown.attainable[name] if self._plan.geography == "cell" else None
        ceiling = self._evaluation.ceiling("cell")[name]
        proven = ceiling < wanted or (most is not None and most < wanted)
        return "unmet_proven" if proven else "unmet_unproven"


def _is_solver(values: Any) -> bool:
    try:
        Solver.model_validate(values)
    except ValidationError:
        return False
    return True
