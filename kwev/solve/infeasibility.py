"""Why targets cannot be met together: an irreducible infeasible set of named constraint groups.

The groups are what a planner could give up: the budget, each coverage target, demand satisfaction,
the capacity of sites, the limits on ports, one action a place, and each optional rule. The deletion
filter [Chinneck and Dravnieks, 1991] drops one group after the other: where the rest stays
infeasible the group is dropped for good, else it is kept. What is left is infeasible, and without
any one of its groups it is not. Which set is found depends on the order: the budget is tried first,
so that it is in the set only where money matters.

Places, radii and what an action does are no groups: they hold throughout. So that the capacity of
sites and the fewest ports can be given up, every place has a column here, whether its capacity
lets it build or not; the capacity rows then keep out what the model of a plan never has.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Literal, cast

import cvxpy as cp
import numpy as np
from scipy import sparse

from kwev.model.demand import share_of
from kwev.model.formulation import active, build_model
from kwev.model.inputs import Inputs, assembled
from kwev.model.siting import decision_columns, existing_stations, station_capacity_kw
from kwev.plan.format import MOST_PORTS
from kwev.solve.record import Choice, unserved_share
from kwev.solve.solvers import choose_engine, run

if TYPE_CHECKING:
    from collections.abc import Callable

    from kwev.config import Case, Config
    from kwev.data.tables import Tables
    from kwev.model.formulation import Model
    from kwev.model.siting import Columns, Stations

Verdict = Literal["feasible", "infeasible", "unknown"]
Status = Literal["none", "irreducible", "infeasible", "unknown"]

ROOM_KW = 1e9
"""Capacity of a place while its columns are made, so that none is left out."""
SHARE_TOL = 1e-9
TIME_LIMIT_S = 60.0
"""Longest time for one test of the filter (s)."""


@dataclass(frozen=True)
class Test:
    """One test of the filter: whether what is left without a group can be met."""

    without: str
    verdict: Verdict
    seconds: float


@dataclass(frozen=True)
class Conflict:
    """What stands in the way of the targets.

    Attributes
    ----------
    status
        ``none``: all groups can be met together. ``irreducible``: ``groups`` cannot, and without
        any one of them the rest of it can. ``infeasible``: ``groups`` cannot, but a test ran out
        of time, so that a part of them may be enough. ``unknown``: not decided in time.
    groups
        Names of the groups in the set, in the order of :func:`group_names`.
    undecided
        Groups of the set whose test ran out of time.
    considered
        Every group of the scenario.
    tests
        What was tested, in order; empty where a closed form shows it.
    most
        Largest share that any plan covers for the target in the set, where a closed form shows it.
    """

    status: Status
    groups: tuple[str, ...]
    undecided: tuple[str, ...]
    considered: tuple[str, ...]
    tests: tuple[Test, ...]
    most: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Conflict:
        """Read what :meth:`as_dict` returned; a TypeError or KeyError where it is damaged."""
        plain = dict(values)
        for key in ("groups", "undecided", "considered"):
            plain[key] = tuple(str(name) for name in plain[key])
        plain["tests"] = tuple(Test(**test) for test in plain["tests"])
        return cls(**plain)


def group_names(config: Config) -> tuple[str, ...]:
    """Return the groups of a scenario in the order in which the filter tries to drop them."""
    rules = active(config)
    return (
        "budget",
        *(rule.name for rule in rules if not rule.elastic),
        "ports",
        "one_action_per_place",
        "site_capacity",
        *(("demand",) if config.demand.enforce else ()),
        *(rule.name for rule in rules if rule.elastic),
        *sorted(config.targets.enforced(), key=("ev_owners", "l3", "l2").index),
    )


def explain(
    tables: Tables,
    case: Case,
    *,
    progress: Callable[[str], None] = lambda _: None,
) -> Conflict:
    """Return an irreducible set of constraint groups that cannot be met together.

    Parameters
    ----------
    tables
        ``data/processed``, read.
    case
        The scenario and the geography; its targets are hard here.
    progress
        Called with the name of each group before it is tested, ``""`` for the first test of all.

    Returns
    -------
    Conflict
        Whether targets and rules can be met together, and the groups that cannot.

    Raises
    ------
    KwevError
        If the geography or solver is unknown, or the solver fails.
    """
    config = case.config
    names = group_names(config)
    inputs = wide_inputs(tables, case)
    alone = _alone(inputs, config)
    if alone:
        most = most_covered(inputs, alone) if alone in config.targets.enforced() else None
        return Conflict("irreducible", (alone,), (), names, (), most)
    if len(inputs.columns) == 0:  # nothing to decide, and each target is met as it is
        return Conflict("none", (), (), names, ())
    return deletion_filter(names, Prober(inputs, config), progress)


def deletion_filter(
    names: tuple[str, ...],
    probe: Callable[[tuple[str, ...]], tuple[Verdict, float]],
    progress: Callable[[str], None] = lambda _: None,
) -> Conflict:
    """Drop one group after the other, as long as the rest cannot be met.

    Parameters
    ----------
    names
        The groups, in the order in which they are tried.
    probe
        Says whether groups can be met together, and in how many seconds it found out.
    """
    progress("")
    verdict, seconds = probe(names)
    tests = [Test("", verdict, seconds)]
    if verdict != "infeasible":
        status: Status = "none" if verdict == "feasible" else "unknown"
        return Conflict(status, (), (), names, tuple(tests))
    kept, undecided = list(names), []
    for name in names:
        progress(name)
        rest = tuple(group for group in kept if group != name)
        verdict, seconds = probe(rest) if rest else ("feasible", 0.0)
        tests.append(Test(name, verdict, seconds))
        if verdict == "infeasible":
            kept.remove(name)
        elif verdict == "unknown":
            undecided.append(name)
    status = "infeasible" if undecided else "irreducible"
    return Conflict(status, tuple(kept), tuple(undecided), names, tuple(tests))


class Prober:
    """Says whether groups can be met together: one feasibility problem a call.

    Parameters
    ----------
    inputs
        With a column for every place (:func:`wide_inputs`).
    config
        The scenario.
    """

    def __init__(self, inputs: Inputs, config: Config) -> None:
        self._settings = config.solver.model_copy(update={"time_limit_s": TIME_LIMIT_S})
        self._engine = choose_engine(config.solver.name)
        model = build_model(inputs, config)
        self._model = model
        met = {name: [missed <= 0] for name, missed in model.shortfall.items()}
        self._groups: dict[str, list[cp.Constraint]] = {
            **model.constraints,
            **{name: [*rows, *met[name]] for name, rows in model.target_rows.items()},
        }
        self._groups["site_capacity"] = _capacity(inputs, model)
        given_up = group_names(config)
        self._always = model.hard(without=given_up)

    def __call__(self, names: tuple[str, ...]) -> tuple[Verdict, float]:
        """Return whether the named groups can be met together, and the seconds it took."""
        rows = [row for name in names for row in self._groups.get(name, [])]
        build, ports = self._model.build, self._model.ports
        if "ports" not in names:  # what is built has a port, and no port stands alone
            rows += [ports >= build, ports <= MOST_PORTS * build]
        problem = cp.Problem(cp.Minimize(0), [*self._always, *rows])
        answer = run(problem, self._engine, self._settings)
        if answer.status == "infeasible":
            return "infeasible", answer.seconds
        # nothing is minimised, so a solution found is optimal: at a limit there is none to trust
        return ("feasible" if answer.status == "optimal" else "unknown"), answer.seconds


def _capacity(inputs: Inputs, model: Model) -> list[cp.Constraint]:
    """Return the capacity of each place, which several actions share where that is allowed."""
    columns, build, ports = inputs.columns, model.build, model.ports
    room_kw = columns.capacity_kw - columns.kept_kw
    at = np.arange(len(columns))
    of_place = sparse.csr_array((np.ones(len(columns)), (columns.place, at)))
    capacity = np.zeros(of_place.shape[0])
    capacity[columns.place] = columns.capacity_kw
    drawn = of_place @ sparse.diags_array(columns.port_kw)
    kept = of_place @ sparse.diags_array(columns.kept_kw)
    return [
        cp.multiply(columns.port_kw, ports) <= cp.multiply(room_kw, build),
        drawn @ ports + kept @ build <= capacity,
    ]


def wide_inputs(tables: Tables, case: Case) -> Inputs:
    """Return the inputs with a column for every action at every place, its true capacity on it."""
    config = case.config
    stations = existing_stations(tables, config)
    columns = _wide_columns(tables, config, stations)
    return assembled(tables, config, case.geography, stations, columns)


def _wide_columns(tables: Tables, config: Config, stations: Stations) -> Columns:
    roomy = SimpleNamespace(sites=tables.sites.assign(grid_kw=ROOM_KW), stations=tables.stations)
    room = np.full(len(stations.ids), ROOM_KW)
    columns = decision_columns(cast("Tables", roomy), config, replace(stations, grid_kw=room))
    capacity = dict(
        zip(
            tables.sites["site_id"],
            config.siting.grid_factor * tables.sites["grid_kw"],
            strict=True,
        )
    )
    capacity |= dict(zip(stations.ids, station_capacity_kw(config, stations), strict=True))
    true_kw = np.array([capacity[place] for place in columns.place_id], np.float64)
    return replace(columns, capacity_kw=true_kw)


def _alone(inputs: Inputs, config: Config) -> str:
    """Return the target that no choice of columns meets, in closed form; empty where none.

    Building all that brings a level, and nothing that takes one away, covers whatever any plan
    covers. So a target above that is a set of its own, which no test has to show. Of several, the
    one that the filter would keep.
    """
    targets = config.targets.enforced()
    for name in reversed(group_names(config)):
        if name in targets and most_covered(inputs, name) < targets[name] - SHARE_TOL:
            return name
        nothing = Choice.nothing(inputs.columns)
        if name == "demand" and not len(nothing.build) and unserved_share(inputs, nothing) > 0:
            return name
    return ""


def most_covered(inputs: Inputs, target: str) -> float:
    """Return the largest share (of people, or of EVs) that any choice of columns covers."""
    reach, points = inputs.reach[target], inputs.points
    brought = np.asarray((reach.change > 0).sum(axis=1)).ravel() > 0
    covered = (reach.fixed + reach.losable >= 1) | brought
    return share_of(points.ev if target == "ev_owners" else points.people, covered)
