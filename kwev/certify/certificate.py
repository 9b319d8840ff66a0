"""The certificate: a plan recomputed from the data, without cvxpy, a solver or the model's code.

:func:`certify` counts its comparisons and tells in a sentence each which of them do not hold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from kwev.certify import constraints
from kwev.certify.actions import CAD_TOL, KINDS, KW_TOL, LEVELS, TARGETS, ActionKey, Ports
from kwev.certify.checks import Checks
from kwev.certify.dual_bound import NO_BOUNDS, Bounds, checked_bounds
from kwev.certify.evaluation import Evaluation, wanted_shares
from kwev.certify.exact import UncheckedError
from kwev.certify.exact_model import ExactModel
from kwev.config import Case, load_config
from kwev.plan.format import Certificate, relative_gap

if TYPE_CHECKING:
    from kwev.data.tables import Tables
    from kwev.plan.format import Action, NoLeastBudget, Plan, Reached, Shares, TargetStatus

SHARE_TOL = 1e-9
MODEL_TOL = 1e-6
"""Tolerance on shares that a solver meets to its own feasibility tolerance."""
BOUND_TOL = 1e-9
"""Tolerance on bounds, which are stated with nine decimals."""
POINTS_TOL = 1e-6
"""Tolerance on objective points, relative to the larger of 1 and the objective."""

NOT_CHECKED = (
    ("solver_says.kwev_version", "which release wrote the file"),
    ("solver_says.version", "which release of the solver ran"),
    ("solver_says.reason", "why this solver ran, one of four codes"),
    ("solver_says.ended", "whether the search ended by itself, if its own gap allows it"),
    ("solver_says.bound", "the solver's bound on the objective, not below the objective"),
    ("solver_says.shortfall_bound_points", "the same for the shortfall, not above it"),
    ("solver_says.settings", "gap, time, threads and seed that the solver was given"),
    ("cost.no_least_budget.code", "all but `out_of_reach` prove nothing"),
    ("proof.branches", "other multipliers may prove the same bound; none proves a wrong one"),
    ("proof.missing", "why bounds are missing, if they are: nothing is claimed then"),
    ("witnesses.*.ports", "with another count the witness may show as much; it is recomputed"),
)  # fmt: skip
"""All that a plan may state otherwise without a violation, and what it is: nothing else rests on
it. The book prints this list, and the mutation test exempts these and no others."""


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
        self._stated = {ActionKey(a.kind, a.place_id): a.ports_added for a in plan.actions}
        # what is done at no place that there is has no effect to count
        self._ports = {key: n for key, n in self._stated.items() if self._evaluation.known(key)}

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
        self._check_quality(shown)
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
        self.equal("config_sha256", plan.config_sha256, plan.config.sha256())
        stated, own = plan.config.as_dict(), config.planning().as_dict()
        for key in own:
            self.equal(f"config.{key}", stated[key], own[key])

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
        wanted = targets.shares()
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

    def _check_objective(self, missed_by_rules: float) -> None:
        parts = self._evaluation.objective_parts(self._ports, missed_by_rules)
        for name, value in parts.items():
            stated = getattr(self._plan.objective_parts, name)
            self.close(f"objective_parts.{name}", stated, value, POINTS_TOL)
        objective = sum(parts.values())
        tolerance = POINTS_TOL * max(1.0, abs(objective))
        self.close("quality.objective", self._plan.quality.objective, objective, tolerance)

    def _check_solver(self) -> None:
        """Check that the solver's word does not contradict itself or the plan."""
        plan, said = self._plan, self._plan.solver_says
        own = said.licence == "open source"
        fits = own == (said.name != "gurobi")
        self.holds(fits, f"solver_says: no {said.name} has the licence {said.licence!r}")
        objective, total = plan.quality.objective, plan.shortfall.total_points
        tolerance = POINTS_TOL * max(1.0, abs(objective))
        below = f"solver_says.bound {said.bound} is below the objective {objective}"
        self.holds(said.bound >= objective - tolerance, below)
        low = -POINTS_TOL <= said.shortfall_bound_points <= total + POINTS_TOL
        self.holds(low, "solver_says.shortfall_bound_points is no lower bound on the shortfall")
        near = plan.gap_said <= said.settings.mip_gap + BOUND_TOL
        near = near or said.bound - objective <= tolerance
        self.holds(
            near or said.ended == "limit",
            f"solver_says.ended is 'gap' with a gap of {plan.gap_said:.3e}, above its mip_gap",
        )

    # -- attainable, ceiling and least budget ----------------------------------------------------

    def _check_extremes(self) -> None:
        """Check attainable, ceiling and least budget through their witnesses and a closed form."""
        plan, most = self._plan, self._evaluation.ceiling("model")
        used = {f"attainable_{name}" for name in TARGETS}
        for name in TARGETS:
            stated: Reached = getattr(plan.coverage, name)
            own, path = getattr(plan.model_coverage, name).after, f"coverage.{name}"
            self.close(f"{path}.ceiling", stated.ceiling, most[name], SHARE_TOL)
            if stated.attainable is None:
                self.holds(ok=False, message=f"{path}.attainable is missing")
                continue
            self.holds(
                own <= stated.attainable + MODEL_TOL,
                f"{path}.attainable {stated.attainable} is below what the plan covers",
            )
            witness = self._witness(f"attainable_{name}", self._config.budget.limit_cad)
            if witness is not None:
                shown = self._evaluation.cover("model", witness).share(name)
                self.close(f"{path}.attainable", stated.attainable, shown, SHARE_TOL)
        if plan.cost.least_budget_cad is None:
            self._check_no_least_budget(plan.cost.no_least_budget, most)
        else:
            used.add("least_budget")
            self._check_least_budget(plan.cost.least_budget_cad)
        stray = sorted(plan.witnesses.keys() - used)
        self.holds(not stray, f"witnesses of nothing: {', '.join(stray)}")

    def _check_least_budget(self, least: float) -> None:
        evaluation, cost = self._evaluation, self._plan.cost
        self.equal("cost.no_least_budget", cost.no_least_budget, None)
        itself = self._plan.shortfall.total_points <= POINTS_TOL
        self.holds(
            not itself or least <= cost.net_cad + CAD_TOL,
            f"cost.least_budget_cad is {least:,.2f}, but the plan itself meets every target for "
            f"{cost.net_cad:,.2f}",
        )
        witness = self._witness("least_budget", np.inf)
        if witness is None:
            return
        reached = evaluation.cover("model", witness)
        for name, share in wanted_shares(self._config, float).items():
            met = reached.share(name) >= share - MODEL_TOL
            self.holds(met, f"the witness of least_budget misses target {name}")
        asked = self._config.demand.enforce
        served = not asked or evaluation.unserved_share(witness) <= MODEL_TOL
        self.holds(served, "the witness of least_budget leaves energy demand unserved")
        for name, share in constraints.missed(evaluation, witness).items():
            self.holds(share <= MODEL_TOL, f"the witness of least_budget misses rule {name}")
        self.close("cost.least_budget_cad", least, self._net(witness), CAD_TOL)

    def _check_no_least_budget(self, why: NoLeastBudget | None, most: dict[str, float]) -> None:
        """Check why there is no least budget: a target out of reach in numbers that hold."""
        path, wanted = "cost.no_least_budget", wanted_shares(self._config, float)
        if why is None:
            self.holds(ok=False, message=f"{path} is missing, and so is a least budget")
            return
        if why.code == "out_of_reach":
            target = str(why.target)
            self.holds(target in wanted, f"{path}.target {target} is no target of the scenario")
            self.close(f"{path}.wanted", why.wanted, wanted.get(target), SHARE_TOL)
            self.close(f"{path}.most", why.most, most.get(target), SHARE_TOL)
            beyond = most.get(target, 1.0) < wanted.get(target, 0.0)
            self.holds(beyond, f"{path}: target {target} is within reach of some plan")
            return
        self.equal(f"{path}.target", (why.target, why.wanted, why.most), (None, None, None))
        beyond = any(most[name] < share - SHARE_TOL for name, share in wanted.items())
        self.holds(not beyond, f"{path}.code is {why.code}, but a target is out of reach, proven")
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
        plan, shown, exact = self._plan, NO_BOUNDS, True
        if plan.proof.branches or plan.proof.missing == "no_exact_model":
            try:
                model = ExactModel(self._tables, self._config, self._case.geography)
                if plan.proof.branches:
                    shown = checked_bounds(model, plan.proof.branches, self._stated)
            except UncheckedError as error:
                exact = bool(plan.proof.branches)
                self.holds(not exact, f"proof: {error}")
        why = plan.proof.missing
        lacks = shown.lacks(least_budget=plan.cost.least_budget_cad is not None)
        fits = lacks == (why is not None) and (why == "no_exact_model") != exact
        self.holds(fits, f"proof.missing {why!r} does not fit the bounds")
        short, cost = plan.shortfall, plan.cost
        path = "shortfall.bound_checked_points"
        self.close(path, short.bound_checked_points, shown.shortfall_points, BOUND_TOL)
        if shown.shortfall_points is not None:
            below = shown.shortfall_points <= short.total_points + POINTS_TOL
            self.holds(below, f"the shortfall is below its checked bound {shown.shortfall_points}")
        path, least = "cost.least_budget_bound_checked_cad", shown.least_budget_cad
        self.close(path, cost.least_budget_bound_checked_cad, least, CAD_TOL)
        if least is not None and cost.least_budget_cad is not None:
            above = cost.least_budget_cad >= least - CAD_TOL
            self.holds(above, f"cost.least_budget_cad is below its checked bound {least:,.2f}")
        for name, most in shown.attainable.items():
            reached: Reached = getattr(plan.coverage, name)
            self.close(f"coverage.{name}.bound_checked", reached.bound_checked, most, BOUND_TOL)
            if most is not None and reached.attainable is not None:
                message = f"coverage.{name}.attainable is above its checked bound {most}"
                self.holds(reached.attainable <= most + SHARE_TOL, message)
        return shown

    def _check_quality(self, shown: Bounds) -> None:
        """Check how good the plan is said to be: by the checked bounds alone."""
        stated, bound = self._plan.quality, shown.objective
        self.close("quality.bound_checked", stated.bound_checked, bound, BOUND_TOL)
        gap = None
        if bound is not None:
            gap = relative_gap(stated.objective, bound)
            tolerance = POINTS_TOL * max(1.0, abs(stated.objective))
            above = bound >= stated.objective - tolerance
            self.holds(above, f"the objective is above its checked bound {bound}")
        self.close("quality.gap_checked", stated.gap_checked, gap, BOUND_TOL)
        self.equal("quality.status", stated.status, shown.optimality())

    def _target_status(self, name: str, after: float, shown: Bounds) -> TargetStatus:
        most = shown.attainable[name] if self._case.geography == "cell" else None
        return target_status(self._evaluation, name, after, most)


def target_status(
    evaluation: Evaluation, target: str, after: float, most: float | None
) -> TargetStatus:
    """Return whether a target is met on the cells, out of reach of any plan there, or neither.

    Parameters
    ----------
    evaluation
        The scenario's data and rules.
    target
        ``l2``, ``l3`` or ``ev_owners``.
    after
        Share covered after the plan, on the cells.
    most
        Checked bound on that of any plan within the budget, where one is known: on the cells only
        where the model's demand points are the cells.

    Returns
    -------
    str
        ``met``, ``unmet_proven`` where no plan can meet it, ``unmet_unproven``, or ``nobody`` where
        the target counts nobody.
    """
    wanted = evaluation.config.targets.shares()[target]
    if evaluation.points("cell").weights(target).sum() <= 0:
        return "nobody"
    if after >= wanted - 1e-12:
        return "met"
    proven = evaluation.ceiling("cell")[target] < wanted or (most is not None and most < wanted)
    return "unmet_proven" if proven else "unmet_unproven"
