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

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cvxpy as cp
import numpy as np

from kwev import rules
from kwev.demand import share_of
from kwev.engines import Answer, choose_engine, run
from kwev.errors import KwevError
from kwev.files import sha256_json
from kwev.inputs import build_inputs
from kwev.model import Model, build_model, energy_share, need_share
from kwev.record import Choice, action_id, objective_parts, target_shares, unserved_share
from kwev.units import POINTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from kwev.config import Case, Config, Solver
    from kwev.inputs import Inputs
    from kwev.plan import Plan
    from kwev.tables import Tables

Actions = dict[str, int]
"""Ports that each action adds, by action id."""

HOLD_POINTS = 1e-4
"""How far the worst regret may rise while the rest is chosen (points)."""

TIE_POINTS = 1e-3
"""Points of mean regret that a point of the objective is worth: it only breaks ties."""


@dataclass(frozen=True)
class Future:
    """A scenario that may come, with the least total shortfall that any plan has in it (points)."""

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
    choice, left_out = choice_of(inputs, actions)
    columns, points = inputs.columns, inputs.points
    reached = {level: inputs.reach[level].covered(choice.build) for level in inputs.reach}
    wanted = target_shares(config)
    if not config.targets.ev_owners.enforce:
        del wanted["ev_owners"]
    missed = [
        max(0.0, share - share_of(points.ev if name == "ev_owners" else points.people, got))
        for name, share in wanted.items()
        for got in [reached[name]]
    ]
    unserved = unserved_share(inputs, choice) if config.demand.enforce else 0.0
    missed += [unserved, *rules.missed(inputs, config, choice.build).values()]
    net_cad = (columns.fixed_cad - columns.resale_cad) @ choice.build
    net_cad += columns.port_cad @ choice.ports
    return Standing(
        shortfall_points=POINTS * sum(missed),
        people={level: float(points.people[~reached[level]].sum()) for level in ("l2", "l3")},
        unserved_kwh=unserved * float(inputs.energy.need_kwh.sum()),
        objective=sum(objective_parts(inputs, config, choice).values()),
        net_cad=float(net_cad),
        left_out=left_out,
    )


def choice_of(inputs: Inputs, actions: Mapping[str, int]) -> tuple[Choice, tuple[str, ...]]:
    """Return actions as a choice of columns, and those that are none of them."""
    known = _columns(inputs)
    size = len(inputs.columns)
    build, ports = np.zeros(size, bool), np.zeros(size, np.int64)
    for name, added in actions.items():
        if name in known:
            build[known[name]], ports[known[name]] = True, added
    return Choice(build, ports), tuple(sorted(actions.keys() - known.keys()))


def _columns(inputs: Inputs) -> dict[str, int]:
    return {action_id(inputs.columns, k): k for k in range(len(inputs.columns))}


def least_worst_regret(
    tables: Tables, futures: Sequence[Future], settings: Solver | None = None
) -> Robust:
    """Return the plan whose largest regret over the futures is least.

    Among such plans, the one with the least mean regret; among those, the one with the largest
    objective in the first future.

    Raises
    ------
    KwevError
        If there is no future, or the solver finds nothing in its time.
    """
    if not futures:
        raise KwevError("a robust plan needs at least one future", where="futures")
    settings = settings or futures[0].case.config.solver
    together = _Together(tables, futures)
    engine = choose_engine(settings.name)
    worst = cp.Variable(name="worst_regret")
    rows = [*together.rows, *(worst >= regret for regret in together.regrets)]
    first = run(cp.Problem(cp.Minimize(worst), rows), engine, settings)
    _insist(first)
    mean = sum(together.regrets) / len(futures)
    second = run(
        cp.Problem(
            cp.Minimize(mean - TIE_POINTS * together.objective_points),
            [*rows, worst <= first.value + HOLD_POINTS],
        ),
        engine,
        settings,
    )
    _insist(second)
    actions = together.actions()
    regrets = [
        standing(together.inputs[at], future.case.config, actions).shortfall_points
        - future.best_points
        for at, future in enumerate(futures)
    ]
    return Robust(actions, max(regrets), min(first.bound, max(regrets)))


def _insist(answer: Answer) -> None:
    if not answer.found:
        raise KwevError(
            "no plan of least regret within the time limit",
            where="solver.time_limit_s",
            hint="Raise it, or take a smaller geography.",
        )


class _Together:
    """The rows of all futures over one set of decisions.

    Attributes
    ----------
    inputs
        By future, its inputs.
    rows
        Every row of every future.
    regrets
        By future, its regret (points), convex in the decisions.
    objective_points
        Objective of the first future.
    """

    def __init__(self, tables: Tables, futures: Sequence[Future]) -> None:
        self.inputs = [build_inputs(tables, f.case.config, f.case.geography) for f in futures]
        shared = set.intersection(*(set(_columns(inputs)) for inputs in self.inputs))
        self._names = sorted(shared)
        self._build = cp.Variable(len(self._names), boolean=True, name="build")
        self._ports = cp.Variable(len(self._names), integer=True, name="ports")
        self.rows: list[cp.Constraint] = []
        self.regrets: list[Any] = []
        models: dict[str, Model] = {}
        for inputs, future in zip(self.inputs, futures, strict=True):
            config = future.case.config
            alike = _but_demand(config)
            if alike not in models:
                models[alike] = self._model(inputs, config)
            model = models[alike]
            missed = [*model.shortfall.values()]
            if config.demand.enforce and inputs.energy.need_kwh.sum() > 0:
                areas = len(inputs.energy.municipality)
                unserved = cp.Variable(areas, nonneg=True, name=f"unserved_{future.name}")
                served = energy_share(inputs, model.build, model.ports)
                self.rows.append(served + unserved >= need_share(inputs))
                missed.append(cp.sum(unserved))
            total = POINTS * sum(missed)
            self.regrets.append(total - future.best_points)
        self.objective_points = next(iter(models.values())).objective_points

    def _model(self, inputs: Inputs, config: Config) -> Model:
        """Return the model of futures that differ in energy alone, tied to the decisions."""
        model = build_model(inputs, config.with_values(demand__enforce=False))
        known = _columns(inputs)
        own = np.array([known[name] for name in self._names], np.int64)
        self.rows += [
            *model.hard(), *model.elastic(),
            model.build[own] == self._build, model.ports[own] == self._ports,
        ]  # fmt: skip
        others: NDArray[np.int64] = np.setdiff1d(np.arange(len(known)), own)
        if len(others):
            self.rows += [model.build[others] == 0, model.ports[others] == 0]
        return model

    def actions(self) -> Actions:
        """Read the decisions that the last solve left in the variables."""
        build = np.rint(np.asarray(self._build.value)).astype(bool)
        ports = np.rint(np.asarray(self._ports.value)).astype(np.int64)
        return {self._names[k]: int(ports[k]) for k in np.flatnonzero(build).tolist()}


def _but_demand(config: Config) -> str:
    """Return the hash of what futures share that differ in their need for energy alone.

    The year of the vehicles stays: it is in the weights of places too.
    """
    values = config.as_dict()
    year = values.pop("demand")["ev_year"]
    del values["solver"], values["description"]
    return sha256_json({**values, "ev_year": year})
