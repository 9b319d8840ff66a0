"""Plans nearly as good as the best that differ from it, and from each other, as much as they can.

Modelling to generate alternatives, by hop, skip and jump [Brill, Chang and Hopkins, 1982]: hold
every shortfall of the best plan, hold the objective within a share of its bound, and minimise the
actions shared with the plans found so far; then start again with one plan more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cvxpy as cp
import numpy as np

from kwev.errors import KwevError
from kwev.model.formulation import HOLD_POINTS, build_model, touched
from kwev.model.inputs import build_inputs
from kwev.solve.branch_and_bound import Hints, ask_after, solve
from kwev.solve.dual_multipliers import proven
from kwev.solve.presolve import Reduced, reduce, tight_rows
from kwev.solve.record import Choice, Extreme, Outcome, choice_of, objective_parts, plan_record
from kwev.solve.solvers import Engine, choose_engine, out_of_time
from kwev.vocabulary import TARGET_KEYS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from kwev.config import Case, Config
    from kwev.data.tables import Tables
    from kwev.model.inputs import Inputs
    from kwev.plan.format import Plan

WITHIN = 0.01
"""How far below the bound an alternative's objective may lie (share of its own objective)."""

COUNT = 5
"""Alternatives that are looked for."""

UNTIL_WHOLE = 0.9
"""The objective is a tie-breaker: over its whole range it is worth this part of one action."""

SEARCH_GAP = 0.005
"""Gap at which a search for an alternative stops (share of what is shared)."""

ENOUGH = 250
"""Relaxations that a search for one alternative takes, at most: a busy machine finds what an idle
one does; the bound that it reached is told."""

LONGEST_S = 300.0
"""Longest search for one alternative (s), for machines that are much too slow."""

ROOM_POINTS = 1e-7
"""The best plan is near itself, whatever the rounding (points)."""

DEAR = 1e6
"""What an action shared counts as a cost when like is compared with like."""


@dataclass(frozen=True)
class Near:
    """A plan near the best one, not yet certified.

    Attributes
    ----------
    plan
        The plan, whose gap is that of an alternative: honest, and larger than the best plan's.
    case
        What it is a plan of: the scenario, whose search may stop at the gap of an alternative.
    shared
        Actions that it shares with the plans found before it, summed over them.
    shared_bound
        No plan as near shares fewer (the solver's bound).
    """

    plan: Plan
    case: Case
    shared: int
    shared_bound: float


@dataclass(frozen=True)
class _Search:
    """What makes a plan a near one, over the whole inputs."""

    inputs: Inputs
    config: Config
    held: dict[str, float | None]
    least_points: float
    per_point: float
    engine: Engine

    def next(self, before: Sequence[Choice]) -> tuple[Choice, float]:
        """Return the near plan that shares least with those before, and a bound on what it shares.

        A column that shares less with the plans before is no worse than its like that shares
        more: sharing counts as a cost where dominated columns are taken out. The columns of the
        plans before stay, so that each of them is a start.
        """
        shared = np.sum([choice.build for choice in before], axis=0).astype(np.float64)
        kept, start = self._kept(shared), before[-1]
        model = build_model(kept.inputs, self.config)
        tight = tight_rows(kept.inputs, self.config, model)
        # where a shortfall has its price, it counts in the objective
        missed = {} if self.config.objective.mode == "weighted" else model.shortfall
        holds = [part <= (self.held[name] or 0.0) + HOLD_POINTS for name, part in missed.items()]
        gain = self.per_point * (model.objective_points - self.least_points)
        problem = cp.Problem(
            cp.Minimize(shared[kept.kept] @ model.build - gain),
            [
                *tight.rows(), *model.hard(), *model.elastic(), *holds,
                model.objective_points >= self.least_points - ROOM_POINTS,
            ],
        )  # fmt: skip
        own = self.config.solver
        limits = {"mip_gap": SEARCH_GAP, "time_limit_s": min(own.time_limit_s, LONGEST_S)}
        settings = own.model_copy(update=limits)
        hints = Hints(
            tuple(tight.counts.values()), kept.start(model, start), enough=ENOUGH,
            ask_after=ask_after(self.config.objective.mode),
        )  # fmt: skip
        answer = solve(problem, self.engine, settings, hints)
        if not answer.found:
            raise out_of_time("near-optimal alternative")
        return kept.choice(model), answer.bound

    def _kept(self, shared: NDArray[np.float64]) -> Reduced:
        """Return the inputs without columns that another one stands in for."""
        columns = self.inputs.columns
        dearer = replace(columns, yearly_cad=columns.yearly_cad + DEAR * shared)
        protected = (shared > 0) | touched(self.inputs, self.config)
        reduced = reduce(replace(self.inputs, columns=dearer), self.config, protected)
        own = replace(reduced.inputs.columns, yearly_cad=columns.yearly_cad[reduced.kept])
        return replace(reduced, inputs=replace(reduced.inputs, columns=own))


def alternatives(tables: Tables, case: Case, best: Plan, *, count: int = COUNT) -> list[Near]:
    """Return plans near the best one that differ from it and from each other.

    The model is the whole one, without column dominance: a dominated site is exactly what may
    stand in for another. Each shortfall is held at the best plan's, so that no alternative reaches
    fewer people than a target asks for; the objective may give way (:data:`WITHIN`), in which
    shortfall counts where it has a price.

    Parameters
    ----------
    tables
        ``data/processed``, read.
    case
        The scenario and the geography that ``best`` was made for.
    best
        Its certified plan.
    count
        Alternatives at most; fewer where no other plan is as near.

    Returns
    -------
    list of Near
        In the order in which they are found.

    Raises
    ------
    KwevError
        If the plan is none of the case, or the solver finds nothing in its time.
    """
    inputs = build_inputs(tables, case.config, case.geography)
    found = [_choice(inputs, [(a.id, a.ports_added) for a in best.actions])]
    searching, near_case = _search(inputs, case, best), _near(case)
    near: list[Near] = []
    for _ in range(count):
        choice, bound = searching.next(found)
        if any((choice.build == one.build).all() for one in found):
            break  # what shares least with the plans found is one of them
        shared = int(sum((one.build & choice.build).sum() for one in found))
        found.append(choice)
        plan = proven(_record(tables, near_case, inputs, best, choice), tables, near_case)
        near.append(Near(plan, near_case, shared, min(max(0.0, bound), shared)))
    return near


def _near(case: Case) -> Case:
    settings = case.config.solver.model_copy(update={"mip_gap": WITHIN})
    return replace(case, config=case.config.model_copy(update={"solver": settings}))


def _search(inputs: Inputs, case: Case, best: Plan) -> _Search:
    bound = best.solver_says.bound
    least = bound / (1 + WITHIN)
    held = {name: getattr(best.shortfall, name) for name in (*TARGET_KEYS, "demand")}
    room = max(bound - least, 1e-6)
    return _Search(
        inputs=inputs,
        config=case.config,
        held={**held, **best.shortfall.rules},
        least_points=least,
        per_point=UNTIL_WHOLE / room,
        engine=choose_engine(case.config.solver.name),
    )


def _record(tables: Tables, case: Case, inputs: Inputs, best: Plan, choice: Choice) -> Plan:
    """Write the record of an alternative beside the extremes and the bound of the best plan."""
    points = sum(objective_parts(inputs, case.config, choice).values())
    said = best.solver_says.model_dump(mode="json")
    said |= {
        "ended": "gap",
        "bound": max(said["bound"], points),
        "settings": case.config.solver.model_dump(),
    }
    shown = {name: _choice(inputs, witness.actions) for name, witness in best.witnesses.items()}
    targets = {name: getattr(best.coverage, name) for name in TARGET_KEYS}
    why = best.cost.no_least_budget
    outcome = Outcome(
        choice=choice,
        solver_says=said,
        attainable={
            name: Extreme(part.attainable, shown.get(f"attainable_{name}"))
            for name, part in targets.items()
        },
        ceiling={name: part.ceiling for name, part in targets.items()},
        least_budget=Extreme(
            best.cost.least_budget_cad,
            shown.get("least_budget"),
            None if why is None else why.model_dump(mode="json"),
        ),
    )
    return plan_record(tables, case, inputs, outcome)


def _choice(inputs: Inputs, actions: Iterable[tuple[str, int]]) -> Choice:
    """Return actions as a choice of columns.

    Raises
    ------
    KwevError
        If an action is no column.
    """
    choice, left_out = choice_of(inputs.columns, actions)
    if left_out:
        raise KwevError(f"action {left_out[0]} is none that the scenario allows", where="plan")
    return choice
