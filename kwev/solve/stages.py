"""A scenario solved: the least shortfall, the plan, what is attainable, the least budget.

Two stages are lexicographic: the least total shortfall first, then the best objective that keeps
it. The others are the extremes that a planner asks for: the largest share for one target alone
with the budget (attainable), and the least budget that meets all. What no plan exceeds without a
budget (ceiling) is the certificate's closed form.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from time import perf_counter
from typing import TYPE_CHECKING, Any

import cvxpy as cp
import numpy as np

from kwev.certify import Evaluation
from kwev.model.constraints import cover_constraint, covered_share
from kwev.model.formulation import HOLD_POINTS, Model, build_model, touched
from kwev.model.inputs import Inputs, build_inputs
from kwev.plan.format import relative_gap
from kwev.solve.branch_and_bound import ASK_AFTER, Hints, ask_after, solve
from kwev.solve.dual_multipliers import proven
from kwev.solve.presolve import Reduced, Tight, reduce, tight_rows, whole
from kwev.solve.record import (
    Choice,
    Extreme,
    Outcome,
    net_cad,
    objective_parts,
    plan_record,
    share,
    unserved_share,
)
from kwev.solve.solvers import (
    Answer,
    Engine,
    choose_engine,
    out_of_time,
    run,
    solve_account,
    solver_says,
)
from kwev.units import POINTS
from kwev.vocabulary import TARGET_KEYS

if TYPE_CHECKING:
    from collections.abc import Callable

    from kwev.config import Case, Config
    from kwev.data.tables import Tables
    from kwev.plan.format import Plan


@dataclass(frozen=True)
class Solved:
    """A plan and how it came about.

    Attributes
    ----------
    plan
        The plan, not yet certified.
    account
        Seconds, nodes and log by solve, and the machine: the content of ``solve.json``.
    """

    plan: Plan
    account: dict[str, Any]


SAY_EVERY_S = 2.0
"""Least time between two words of progress within one solve (s)."""

LEAST_BUDGET_GAP = 0.005
"""Gap at which the least budget is good enough (share), unless a scenario asks for exact answers:
at ``da`` half a percent takes half a second where a hundredth takes a minute."""

ASIDE = ("attainable", "least_budget")
"""Solves beside the plan: an answer with an honest gap will do."""

ENOUGH = 400
"""Relaxations that a solve beside the plan takes, at most."""


@dataclass(frozen=True)
class Run:
    """One scenario being solved: its parts, and the account that grows with each solve.

    ``inputs`` are the whole ones: every choice is told over all columns. The model is written
    over the reduced ones, with the valid rows of ``tight`` where there are any.
    """

    inputs: Inputs
    config: Config
    reduced: Reduced
    model: Model
    tight: Tight | None
    engine: Engine
    answers: dict[str, Answer]
    progress: Callable[[str], None]

    def solve(
        self,
        name: str,
        objective: Any,
        constraints: list[cp.Constraint],
        start: Choice | None = None,
    ) -> Answer:
        """Solve one of :data:`SOLVES` from a start where there is one, and keep its account."""
        self.progress(name)
        settings = self.config.solver
        if name == "least_budget" and settings.mip_gap > 0:
            asked = max(settings.mip_gap, LEAST_BUDGET_GAP)
            settings = settings.model_copy(update={"mip_gap": asked})
        rows = [*self.tight.counted, *constraints] if self.tight else constraints
        if self.tight is None:
            answer = run(cp.Problem(objective, rows), self.engine, settings)
        else:
            parted = self.tight.parted if self.engine.name == "highs" else []
            hints = Hints(
                tuple(self.tight.branched()),
                None if start is None else self.reduced.start(self.model, start),
                self._watch(name),
                ENOUGH if name.startswith(ASIDE) else None,
                ASK_AFTER if name.startswith(ASIDE) else ask_after(self.config.objective.mode),
            )
            answer = solve(cp.Problem(objective, [*parted, *rows]), self.engine, settings, hints)
        self.answers[name] = answer
        return answer

    def choice(self) -> Choice:
        """Read the decisions that the last solve left in the variables."""
        return self.reduced.choice(self.model)

    def _watch(self, name: str) -> Callable[[float, float], None]:
        """Return what tells of a long solve: incumbent, bound, gap and seconds, now and then."""
        started = perf_counter()
        said = [started]

        def tell(value: float, bound: float) -> None:
            now = perf_counter()
            if now - said[0] < SAY_EVERY_S:
                return
            said[0] = now
            found = (
                f"{value:.6g}, gap {relative_gap(value, bound):.3%}"
                if np.isfinite(value)
                else "none"
            )
            self.progress(f"{name}: best {found}, bound {bound:.6g}, {now - started:.0f} s")

        return tell


LEFT_OUT = ("coverage_l2", "coverage_l3", "coverage_ev_owners", "unserved")
"""Constraints that the largest share of one target alone does without."""

SOLVES = (
    "shortfall",
    "plan",
    "attainable_l2",
    "attainable_l3",
    "attainable_ev_owners",
    "least_budget",
)
"""Names of the solves behind one plan, in order."""


def solve_scenario(
    tables: Tables,
    case: Case,
    *,
    progress: Callable[[str], None] = lambda _: None,
    plain: bool = False,
) -> Solved:
    """Solve a scenario and write the plan's record, without its certificate.

    Parameters
    ----------
    tables
        ``data/processed``, read.
    case
        The scenario and the geography.
    progress
        Called with the name of each solve before it starts (see ``SOLVES``); during a long one
        again, with ``name: `` and what is known so far.
    plain
        Solve the model as it is written, without reduction, valid rows, start or search: what
        the fast way is compared with.

    Returns
    -------
    Solved
        The plan with the account of its solves.

    Raises
    ------
    KwevError
        If the geography or solver is unknown, or the solver fails.
    """
    inputs = build_inputs(tables, case.config, case.geography)
    return solve_inputs(tables, case, inputs, progress=progress, plain=plain)


def solve_inputs(
    tables: Tables,
    case: Case,
    inputs: Inputs,
    *,
    progress: Callable[[str], None] = lambda _: None,
    plain: bool = False,
) -> Solved:
    """Solve a scenario whose inputs are built already (see :func:`solve_scenario`)."""
    config, engine = case.config, choose_engine(case.config.solver.name)
    ceiling = Evaluation(tables, config, case.geography).ceiling("model")
    if len(inputs.columns) == 0:
        outcome = _nothing_to_decide(inputs, config, engine, ceiling)
        plan = proven(plan_record(tables, case, inputs, outcome), tables, case)
        return Solved(plan, solve_account(inputs, engine, {}))
    going = start_run(inputs, config, engine, progress, plain=plain)
    outcome = _outcome(going, ceiling)
    plan = proven(plan_record(tables, case, inputs, outcome), tables, case)
    return Solved(plan, solve_account(inputs, engine, going.answers, going.reduced))


def start_run(
    inputs: Inputs,
    config: Config,
    engine: Engine,
    progress: Callable[[str], None],
    *,
    plain: bool,
) -> Run:
    """Reduce the inputs and write the model; with ``plain`` the model as it stands alone."""
    reduced = whole(inputs) if plain else reduce(inputs, config, touched(inputs, config))
    model = build_model(reduced.inputs, config)
    tight = None if plain else tight_rows(reduced.inputs, config, model)
    return Run(inputs, config, reduced, model, tight, engine, {}, progress)


def _outcome(going: Run, ceiling: dict[str, float]) -> Outcome:
    weighted = going.config.objective.mode == "weighted"
    choice, first, second = one_stage(going) if weighted else two_stages(going)
    # stated as the plan's own ports and people give it, not as the solver's tolerances do
    second = replace(
        second, value=sum(objective_parts(going.inputs, going.config, choice).values())
    )
    least_shortfall = max(0.0, min(first.bound, first.value) * POINTS)
    said = solver_says(going.engine, going.inputs, going.config, second, least_shortfall)
    return Outcome(
        choice=choice,
        solver_says=said,
        attainable={target: _attainable(going, target, choice) for target in TARGET_KEYS},
        ceiling=ceiling,
        least_budget=_least_budget(going, choice, ceiling),
    )


def _nothing_to_decide(
    inputs: Inputs, config: Config, engine: Engine, ceiling: dict[str, float]
) -> Outcome:
    """Return the outcome of a scenario without a single possible action: all stays as it is."""
    choice = Choice.nothing(inputs.columns)
    as_is = {}
    for target in TARGET_KEYS:
        reached = inputs.reach[target].covered(choice.build)
        as_is[target] = Extreme(share(inputs.points, target, reached), choice)
    why = _out_of_reach(config, ceiling)
    if why is None and config.demand.enforce and unserved_share(inputs, choice) > 0:
        why = _none("infeasible_unproven")
    objective = sum(objective_parts(inputs, config, choice).values())
    answer = Answer("optimal", objective, objective, 0, 0.0, "")
    return Outcome(
        choice=choice,
        solver_says=solver_says(engine, inputs, config, answer, 0.0),
        attainable=as_is,
        ceiling=ceiling,
        least_budget=Extreme(0.0, choice) if why is None else Extreme(None, None, why),
    )


def two_stages(going: Run) -> tuple[Choice, Answer, Answer]:
    """Minimise the total shortfall, hold each part of it, then maximise the objective."""
    model = going.model
    rows = [*model.hard(), *model.elastic()]
    if going.tight is not None:
        rows += [row for part in going.tight.targets.values() for row in part]
    total = cp.sum(cp.hstack(list(model.shortfall.values())))
    nothing = Choice.nothing(going.inputs.columns)  # always a plan
    first = going.solve("shortfall", cp.Minimize(total), rows, nothing)
    if not first.found:  # only time can run out
        raise out_of_time("answer to 'shortfall'")
    choice = going.choice()
    holds = [s <= float(s.value) + HOLD_POINTS for s in model.shortfall.values()]
    objective_first = float(model.objective_points.value)
    second = going.solve("plan", cp.Maximize(model.objective_points), [*rows, *holds], choice)
    if second.found:
        return going.choice(), first, second
    # the first stage's plan is feasible for the second by construction
    kept = Answer("limit", objective_first, np.inf, second.nodes, second.seconds, second.log)
    return choice, first, kept


def one_stage(going: Run) -> tuple[Choice, Answer, Answer]:
    """Maximise the objective, in which shortfall has its price: no least shortfall is known."""
    model = going.model
    rows = [*model.hard(), *model.elastic()]
    nothing = Choice.nothing(going.inputs.columns)  # always a plan
    answer = going.solve("plan", cp.Maximize(model.objective_points), rows, nothing)
    if not answer.found:
        raise out_of_time("answer to 'plan'")
    unknown = Answer("no_solution", 0.0, 0.0, 0, 0.0, "")
    return going.choice(), unknown, answer


def _attainable(going: Run, target: str, choice: Choice) -> Extreme:
    """Return the largest share for one target alone under the budget."""
    if not going.config.solver.extremes:
        return Extreme(None, None)  # the plan itself shows a share
    return _extreme(going, "attainable_" + target, target, choice)


def _extreme(going: Run, name: str, target: str, start: Choice) -> Extreme:
    """Return the largest share found for one target alone, with the plan that shows it."""
    hard, inputs = going.model.hard(without=LEFT_OUT), going.reduced.inputs
    rows = inputs.rows[target]
    covered = cp.Variable(len(rows.base), bounds=[0, 1], name=name)
    part = covered_share(inputs, target, covered)
    constraints = [*hard, *cover_constraint(rows, covered, going.model.build)]
    answer = going.solve(name, cp.Maximize(part), constraints, start)
    if not answer.found:
        return Extreme(None, None)  # the plan itself shows a share
    # the share is read off the plan found, so that the plan is its proof
    choice = going.choice()
    reached = going.inputs.reach[target].covered(choice.build)
    return Extreme(share(going.inputs.points, target, reached), choice)


def _least_budget(going: Run, choice: Choice, ceiling: dict[str, float]) -> Extreme:
    """Return a net cost at which every enforced target is met, where one was found."""
    why = _out_of_reach(going.config, ceiling)
    if why is None and not going.config.solver.extremes:
        why = _none("not_sought")
    if why is not None:
        return Extreme(None, None, why)
    model = going.model
    met = [s <= 0 for s in model.shortfall.values()]
    constraints = [*model.hard(without=("budget",)), *model.elastic(), *met]
    # the plan is an answer where it meets the targets; elsewhere the start is refused
    answer = going.solve("least_budget", cp.Minimize(model.net_cad), constraints, choice)
    if not answer.found:
        infeasible = answer.status == "infeasible"
        return Extreme(None, None, _none("infeasible_unproven" if infeasible else "not_found"))
    choice = going.choice()
    return Extreme(net_cad(going.inputs.columns, choice), choice)


def _out_of_reach(config: Config, ceiling: dict[str, float]) -> dict[str, Any] | None:
    """Return the enforced target that no plan reaches, whatever it costs; None where none is."""
    for target, wanted in config.targets.enforced().items():
        if ceiling[target] < wanted:
            return _none("out_of_reach", target, wanted, ceiling[target])
    return None


def _none(
    code: str, target: str | None = None, wanted: float | None = None, most: float | None = None
) -> dict[str, Any]:
    """Return why there is no least budget, as it stands in the plan file."""
    return {"code": code, "target": target, "wanted": wanted, "most": most}
