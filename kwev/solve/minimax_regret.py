"""One plan for several futures: the least worst regret, and what any plan regrets in each.

A future is a scenario of its own: vehicles, use of the ports, ports that stand today. What a plan
regrets in it is its total shortfall less the least that any plan of that future has, in points:
a point is one in a hundred people without a charger within reach, or one hundredth of the energy
that the Region's vehicles need from public ports left unserved. The min-max-regret plan [Kouvelis
and Yu, 1997] is one set of decisions, allowed in every future, whose largest regret is least.

Futures that differ in their demand for energy alone share the rows of covering, money and power;
each has its own row of energy for every municipality.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import cvxpy as cp
import numpy as np

from kwev.errors import KwevError
from kwev.files import sha256_json
from kwev.model import formulation
from kwev.model.constraints import energy_share, need_share
from kwev.model.formulation import Model, build_model, touched
from kwev.model.inputs import assembled, build_inputs
from kwev.solve.branch_and_bound import Hints, solve
from kwev.solve.presolve import energy_short_kw, reduce, some_columns, tight_rows
from kwev.solve.record import (
    choice_of,
    column_of_action,
    net_cad,
    objective_parts,
    share,
    unserved_share,
)
from kwev.solve.solvers import Answer, choose_engine, out_of_time
from kwev.units import POINTS
from kwev.vocabulary import LEVEL_KEYS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from kwev.config import Case, Config, Solver
    from kwev.data.tables import Tables
    from kwev.model.inputs import Inputs
    from kwev.plan.format import Plan

Actions = dict[str, int]
"""Ports that each action adds, by action id."""

HOLD_POINTS = 1e-4
"""How far the worst regret may rise while the rest is chosen (points)."""

ENOUGH = 120
"""Relaxations that each of the two searches takes, at most: a busy machine finds what an idle one
does, and the bound says how good it is."""

TIE_POINTS = 1e-3
"""Points of mean regret that a point of the objective is worth: it only breaks ties."""


@dataclass(frozen=True)
class Future:
    """A scenario that may come.

    Attributes
    ----------
    name
        Its name.
    case
        The scenario and the geography.
    best_points
        Least total shortfall that any plan has in it (points).
    """

    name: str
    case: Case
    best_points: float


@dataclass(frozen=True)
class Robust:
    """The plan of least worst regret.

    Attributes
    ----------
    actions
        Ports that each action adds, by action id.
    worst_points
        Its largest regret (points).
    bound_points
        No plan that every future allows has a smaller largest regret (the solver's bound).
    """

    actions: Actions
    worst_points: float
    bound_points: float


@dataclass(frozen=True)
class Standing:
    """A plan in one future.

    Attributes
    ----------
    shortfall_points
        Total shortfall (points).
    people
        By level, people without it within reach, on the model's geography.
    unserved_kwh
        Energy a year that the ports of some municipality cannot give (kWh).
    objective
        Objective of the future's scenario (points).
    net_cad
        Net cost at the prices and port counts of the future (CAD).
    left_out
        Actions that the future does not allow: they are neither done nor paid.
    """

    shortfall_points: float
    people: dict[str, float]
    unserved_kwh: float
    objective: float
    net_cad: float
    left_out: tuple[str, ...]


def actions_of(plan: Plan) -> Actions:
    """Return the ports that each action of a plan adds, by action id."""
    return {action.id: action.ports_added for action in plan.actions}


def standing(inputs: Inputs, config: Config, actions: Mapping[str, int]) -> Standing:
    """Return how a plan stands in a future whose inputs are given."""
    choice, left_out = choice_of(inputs.columns, actions.items())
    points = inputs.points
    reached = {level: inputs.reach[level].covered(choice.build) for level in inputs.reach}
    missed = [
        max(0.0, wanted - share(points, target, reached[target]))
        for target, wanted in config.targets.enforced().items()
    ]
    unserved = unserved_share(inputs, choice) if config.demand.enforce else 0.0
    missed += [unserved, *formulation.missed(inputs, config, choice.build, choice.ports).values()]
    return Standing(
        shortfall_points=POINTS * sum(missed),
        people={level: float(points.people[~reached[level]].sum()) for level in LEVEL_KEYS},
        unserved_kwh=unserved * float(inputs.energy.need_kwh.sum()),
        objective=sum(objective_parts(inputs, config, choice).values()),
        net_cad=net_cad(inputs.columns, choice),
        left_out=left_out,
    )


def least_worst_regret(
    tables: Tables,
    futures: Sequence[Future],
    settings: Solver | None = None,
    *,
    known: Sequence[Mapping[str, int]] = (),
) -> Robust:
    """Return the plan whose largest regret over the futures is least.

    Among such plans, the one with the least mean regret; among those, the one with the largest
    objective in the first future. Doing nothing is always a plan, so there is an answer however
    short the time; its bound says how good it is.

    Parameters
    ----------
    tables
        ``data/processed``, read.
    futures
        What may come, of one geography.
    settings
        How each of the two searches runs; those of the first future where none is given.
    known
        Plans to start from: ports by action id. Those that some future does not allow are left
        aside.

    Returns
    -------
    Robust
        Its actions, its largest regret and a bound on it (points).

    Raises
    ------
    KwevError
        If there is no future, or the solver finds nothing in its time.
    """
    if not futures:
        raise KwevError("a robust plan needs at least one future", where="futures")
    settings = settings or futures[0].case.config.solver
    together = _Together(tables, futures, known)
    worst = cp.Variable(name="worst_regret")
    rows = [*together.rows, *(worst >= regret for regret in together.regrets)]
    start = together.best_of(known)
    first = together.solve(cp.Problem(cp.Minimize(worst), rows), settings, start)
    actions = together.actions()
    mean = sum(together.regrets) / len(futures)
    held = worst <= together.worst_points(actions) + HOLD_POINTS
    second = cp.Minimize(mean - TIE_POINTS * together.objective_points)
    together.solve(cp.Problem(second, [*rows, held]), settings, actions)
    actions = together.actions()
    points = together.worst_points(actions)
    return Robust(actions, points, min(first.bound, points))


class _Together:
    """The rows of all futures over one set of decisions.

    Attributes
    ----------
    inputs
        By future, its inputs, whole.
    rows
        Every row of every future.
    regrets
        By future, its regret (points), convex in the decisions.
    objective_points
        Objective of the first future.
    """

    def __init__(
        self, tables: Tables, futures: Sequence[Future], known: Sequence[Mapping[str, int]]
    ) -> None:
        self._futures = futures
        self.inputs = [build_inputs(tables, f.case.config, f.case.geography) for f in futures]
        self._names = _worth_asking(self.inputs, [f.case.config for f in futures], known)
        self._build = cp.Variable(len(self._names), boolean=True, name="build")
        self._ports = cp.Variable(len(self._names), integer=True, name="ports")
        self.rows: list[cp.Constraint] = []
        self.regrets: list[Any] = []
        self._models: dict[str, tuple[Inputs, Model]] = {}
        self._counts: list[cp.Variable] = []
        for whole_inputs, future in zip(self.inputs, futures, strict=True):
            config = future.case.config
            alike = _but_demand(config)
            if alike not in self._models:
                self._models[alike] = self._model(tables, whole_inputs, future.case)
            inputs, model = self._models[alike]
            inputs = replace(inputs, energy=whole_inputs.energy)
            missed = [*model.shortfall.values()]
            if config.demand.enforce and inputs.energy.need_kwh.sum() > 0:
                areas = len(inputs.energy.municipality)
                unserved = cp.Variable(areas, nonneg=True, name=f"unserved_{future.name}")
                served = energy_share(inputs, model.build, model.ports)
                self.rows.append(served + unserved >= need_share(inputs))
                missed.append(cp.sum(unserved))
            self.regrets.append(POINTS * sum(missed) - future.best_points)
        self.objective_points = next(iter(self._models.values()))[1].objective_points

    def _model(self, tables: Tables, inputs: Inputs, case: Case) -> tuple[Inputs, Model]:
        """Return the model of futures that differ in energy alone, tied to the decisions."""
        config = case.config.with_values(demand__enforce=False)
        known = column_of_action(inputs.columns)
        columns = some_columns(inputs.columns, np.array([known[n] for n in self._names], np.int64))
        own = assembled(tables, config, case.geography, inputs.stations, columns)
        model = build_model(own, config)
        tight = tight_rows(own, config, model)
        self.rows += [
            *model.hard(), *model.elastic(), *tight.rows(),
            model.build == self._build, model.ports == self._ports,
        ]  # fmt: skip
        self._counts = self._counts or list(tight.counts.values())
        return own, model

    def solve(self, problem: cp.Problem, settings: Solver, start: Mapping[str, int]) -> Answer:
        """Solve over all futures from a plan that each of them allows."""
        build = np.array([float(name in start) for name in self._names])
        ports = np.array([float(start.get(name, 0)) for name in self._names])
        whole = {self._build.id: build, self._ports.id: ports}
        for _, model in self._models.values():
            whole |= {model.build.id: build, model.ports.id: ports}
        hints = Hints(tuple(self._counts), whole, enough=ENOUGH)
        answer = solve(problem, choose_engine(settings.name), settings, hints)
        if not answer.found:
            raise out_of_time("plan of least regret")
        return answer

    def best_of(self, known: Sequence[Mapping[str, int]]) -> Actions:
        """Return the known plan of least worst regret among those that every future allows."""
        allowed = [dict(plan) for plan in known if self._is_allowed(plan)]
        return min([{}, *allowed], key=self.worst_points)

    def _is_allowed(self, plan: Mapping[str, int]) -> bool:
        for inputs, future in zip(self.inputs, self._futures, strict=True):
            seen = standing(inputs, future.case.config, plan)
            if seen.left_out or seen.net_cad > future.case.config.budget.limit_cad:
                return False
        return plan.keys() <= set(self._names)

    def worst_points(self, plan: Mapping[str, int]) -> float:
        """Return the largest regret of a plan (points)."""
        return max(
            standing(inputs, future.case.config, plan).shortfall_points - future.best_points
            for inputs, future in zip(self.inputs, self._futures, strict=True)
        )

    def actions(self) -> Actions:
        """Read the decisions that the last solve left in the variables."""
        build = np.rint(np.asarray(self._build.value)).astype(bool)
        ports = np.rint(np.asarray(self._ports.value)).astype(np.int64)
        return {self._names[k]: int(ports[k]) for k in np.flatnonzero(build).tolist()}


def _worth_asking(
    inputs: Sequence[Inputs], configs: Sequence[Config], known: Sequence[Mapping[str, int]]
) -> list[str]:
    """Return the actions that every future allows, without those that another stands in for.

    Column dominance (:mod:`kwev.solve.presolve`) holds in all futures at once if it holds where
    the most points are uncovered and the most power is missing: the exchange then costs no more,
    covers no less and serves no less in each. Where no future has all the uncovered points of the
    others, nothing is left out. The actions of known plans stay.
    """
    shared = set.intersection(*(set(column_of_action(one.columns)) for one in inputs))
    widest = max(inputs, key=_open_points)
    nested = all(
        not (_is_open(one, level) & ~_is_open(widest, level)).any()
        for one in inputs
        for level in LEVEL_KEYS
    )
    if not nested or widest.energy.kwh_per_kw <= 0:
        return sorted(shared)
    config = configs[next(i for i, one in enumerate(inputs) if one is widest)].with_values(
        demand__enforce=any(config.demand.enforce for config in configs)
    )
    columns = widest.columns
    names = list(column_of_action(columns))
    used = {name for plan in known for name in plan}
    known_or_unshared = np.array([name in used or name not in shared for name in names], bool)
    protected = known_or_unshared | touched(widest, config)
    short_kw = np.max([energy_short_kw(one) for one in inputs], axis=0)
    # the need at which so much power is missing in the widest future
    energy = widest.energy
    need_kwh = energy.need_kwh + (short_kw - energy_short_kw(widest)) * energy.kwh_per_kw
    needy = replace(widest, energy=replace(energy, need_kwh=need_kwh))
    kept = reduce(needy, config, protected).kept
    return sorted(shared & {names[k] for k in kept.tolist()})


def _is_open(inputs: Inputs, level: str) -> NDArray[np.bool_]:
    """Return which points are not within reach of what stands and stays."""
    return np.asarray(inputs.reach[level].fixed < 1)


def _open_points(inputs: Inputs) -> int:
    return sum(int(_is_open(inputs, level).sum()) for level in LEVEL_KEYS)


def _but_demand(config: Config) -> str:
    """Return the hash of what futures share that differ in their need for energy alone.

    The year of the vehicles stays: it is in the weights of places too.
    """
    values = config.as_dict()
    year = values.pop("demand")["ev_year"]
    del values["solver"], values["description"]
    return sha256_json({**values, "ev_year": year})
