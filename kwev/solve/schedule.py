"""When each action of a plan is done: an exact multi-period model, and lists to hold it against.

A plan says what is built; here each of its actions gets a period. What is done in a period serves
from the end of it, and a Level 2 station that is converted or removed stops serving then. The best
schedule gathers the most weighted coverage over the months, within money, crews and power of each
period: a maximal covering problem over time (after Church and ReVelle, 1974) with monotone
decisions "done by the end of a period".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import sparse

from kwev.errors import KwevError
from kwev.model.coverage import Reach, cover_rows
from kwev.units import CAD_PER_MILLION, POINTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import cvxpy as cp
    from numpy.typing import NDArray

    from kwev.config import Phasing, Solver
    from kwev.model.coverage import CoverRows, Level
    from kwev.model.demand import DemandPoints
    from kwev.vocabulary import ActionKindKey

CREW_OF: Final[dict[ActionKindKey, Level]] = {
    "upgrade": "l3",
    "new_l3": "l3",
    "add_l3": "l3",
    "new_l2": "l2",
    "add_l2": "l2",
    "remove": "l2",
}
"""Which crew does a job of a kind."""

GAP: Final = 1e-3
"""Relative gap at which the search stops, of what is gained over today."""

SECONDS: Final = 60.0
"""Longest time for the search (s)."""

ROOM: Final = 1e-9
"""Relative rounding that a limit allows for sums of money and power."""


@dataclass(frozen=True, eq=False)
class Jobs:
    """The actions of a plan as jobs; every array has one entry a job, in the plan's order.

    Attributes
    ----------
    ids, kind
        Action id and kind.
    net_cad
        Purchase less resale (CAD).
    kw
        Power connected (kW), 0 where power is taken away.
    area
        Area of the grid proxy that it stands in; empty where none is known.
    before
        Pairs of jobs: the first may not be done later than the second.
    """

    ids: tuple[str, ...]
    kind: tuple[ActionKindKey, ...]
    net_cad: NDArray[np.float64]
    kw: NDArray[np.float64]
    area: tuple[str, ...]
    before: tuple[tuple[int, int], ...] = ()

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def outlay_cad(self) -> NDArray[np.float64]:
        """Money that each job takes (CAD): what a removal earns pays for no other job."""
        return np.maximum(self.net_cad, 0.0)

    @property
    def budget_cad(self) -> float:
        """Outlay of all jobs together (CAD)."""
        return float(self.outlay_cad.sum())

    def of_crew(self, level: Level) -> NDArray[np.bool_]:
        """Return which jobs are those of a crew."""
        return np.array([CREW_OF[kind] == level for kind in self.kind], bool)


@dataclass(frozen=True, eq=False)
class Worth:
    """What the jobs cover, by level: rows over jobs, with the weight of each row in points.

    Attributes
    ----------
    rows
        Coverage rows over the jobs, equal demand points joined (exact).
    points
        By level, objective points per whole share of weight.
    """

    rows: Mapping[Level, CoverRows]
    points: Mapping[Level, float]

    def value(self, done: NDArray[np.bool_]) -> float:
        """Return the weighted coverage once some jobs are done (points)."""
        return sum(
            self.points[level]
            * (
                rows.always_weight
                + float(rows.weight[rows.base + rows.matrix @ done.astype(np.int64) >= 1].sum())
            )
            for level, rows in self.rows.items()
        )


@dataclass(frozen=True, eq=False)
class Schedule:
    """A period for each job.

    Attributes
    ----------
    period
        Shape (n,): 1 for the first period; a list that does not fit goes beyond the last.
    value
        Weighted coverage gathered over the periods (point-months).
    bound
        No schedule within the limits gathers more (point-months); None for a list.
    status
        The solver's word; ``list`` for a list.
    seconds
        Time that it took (s).
    """

    period: NDArray[np.int64]
    value: float
    bound: float | None = None
    status: str = "list"
    seconds: float = 0.0


def worth(
    reach: Mapping[Level, Reach],
    points: DemandPoints,
    chosen: NDArray[np.int64],
    weights: Mapping[Level, float],
) -> Worth:
    """Return what some columns cover over time.

    Parameters
    ----------
    reach
        By level, reach of every column of the scenario.
    chosen
        The columns that are the jobs, in their order.
    weights
        Weight of each level in the objective.
    """
    rows: dict[Level, CoverRows] = {}
    for level, every in reach.items():
        change = sparse.csr_array(every.change[:, chosen])
        today = every.fixed + every.losable
        lost = np.asarray((change < 0).sum(axis=1)).ravel()
        stays = today - lost >= 1
        rows[level] = cover_rows(
            Reach(change, stays.astype(np.int64), np.where(stays, 0, today)), points
        )
    return Worth(rows, {level: POINTS * weights[level] for level in rows})


def point_months(worth: Worth, period: NDArray[np.int64], phasing: Phasing) -> float:
    """Return the weighted coverage that a schedule gathers over all periods (point-months)."""
    states = (worth.value(period < t) for t in range(1, phasing.periods + 1))
    return phasing.months_per_period * sum(states)


def best(jobs: Jobs, worth: Worth, phasing: Phasing, solver: Solver) -> Schedule:
    """Return the schedule that gathers most, within a gap of :data:`GAP`.

    Raises
    ------
    KwevError
        If one job alone is beyond a limit, or the periods are too few for all jobs.
    """
    refuse_impossible(jobs, phasing)
    if phasing.periods == 1 or len(jobs) == 0:
        return _at_once(jobs, worth, phasing)
    settings = solver.model_copy(update={"mip_gap": GAP, "time_limit_s": SECONDS})
    model = _Model(jobs, worth, phasing)
    from kwev.solve.solvers import choose_engine, run

    answer = run(model.problem, choose_engine(solver.name), settings)
    if not answer.found:
        raise _no_schedule(jobs, phasing, answer.status)
    period = model.periods()
    value = point_months(worth, period, phasing)
    # the solver's objective leaves out what stands today
    bound = max(value, answer.bound + model.today)
    return Schedule(period, value, bound, answer.status, answer.seconds)


def _at_once(jobs: Jobs, worth: Worth, phasing: Phasing) -> Schedule:
    """Return the only schedule of a single period, or of no job."""
    period = listed(jobs, phasing, range(len(jobs)))
    if (period > 1).any():
        raise _no_schedule(jobs, phasing, "infeasible")
    value = point_months(worth, period, phasing)
    return Schedule(period, value, value, "optimal")


def _no_schedule(jobs: Jobs, phasing: Phasing, status: str) -> KwevError:
    if status == "infeasible":
        return KwevError(
            f"no schedule of {phasing.periods} periods fits all {len(jobs)} actions",
            where="phasing",
            hint="Raise phasing.periods, the crews, the power or the budget share of a period.",
        )
    return KwevError(
        f"no schedule was found in {SECONDS:.0f} s",
        where="phasing",
        hint="Choose fewer, longer periods, or wider limits.",
    )


def refuse_impossible(jobs: Jobs, phasing: Phasing) -> None:
    """Refuse limits that one job alone breaks, or that all jobs together must.

    Raises
    ------
    KwevError
        Naming the limit and what breaks it.
    """
    caps = {
        "connected_kw_per_period": phasing.connected_kw_per_period,
        "area_kw_per_period": phasing.area_kw_per_period,
    }
    for key, cap in caps.items():
        for job, kw in zip(jobs.ids, jobs.kw, strict=True):
            if cap is not None and kw > cap * (1 + ROOM):
                raise KwevError(
                    f"{job} alone connects {kw:,.1f} kW, above the {cap:,.1f} kW of a period",
                    where=f"phasing.{key}",
                    hint="Raise the limit.",
                )
    least = {
        "budget_share_per_period": 1 / phasing.budget_share_per_period if len(jobs) else 0,
        "crews.l2": jobs.of_crew("l2").sum() / phasing.crews.l2,
        "crews.l3": jobs.of_crew("l3").sum() / phasing.crews.l3,
        "connected_kw_per_period": jobs.kw.sum() / phasing.connected_kw_per_period,
    }
    for key, needed in least.items():
        if np.ceil(needed - ROOM) > phasing.periods:
            raise KwevError(
                f"the {len(jobs)} actions need {int(np.ceil(needed - ROOM))} periods or more, "
                f"there are {phasing.periods}",
                where=f"phasing.{key}",
                hint="Raise phasing.periods or the limit.",
            )


class _Model:
    """The multi-period model: ``done[j, t]`` says whether job j is done by the end of period t.

    By the end of the last period everything is done, so that the last needs no decision.
    """

    def __init__(self, jobs: Jobs, worth: Worth, phasing: Phasing) -> None:
        import cvxpy as cp

        self._jobs, self._phasing = jobs, phasing
        n, last = len(jobs), phasing.periods
        self._done = cp.Variable((n, last - 1), boolean=True, name="done")
        by = cp.hstack([self._done, np.ones((n, 1))])
        before = cp.hstack([np.zeros((n, 1)), self._done])
        rows = [*self._order(by), *self._limits(by - before), *self._money(by)]
        gained: list[cp.Expression] = []
        months = phasing.months_per_period
        self.today = months * last * worth.value(np.zeros(n, bool))
        for level, cover in worth.rows.items():
            expression, more = self._covered(cover)
            rows += more
            base = float(cover.weight[cover.base >= 1].sum()) * (last - 1)
            gained.append(worth.points[level] * (expression - base))
        self.problem = cp.Problem(cp.Maximize(months * cp.sum(cp.hstack(gained))), rows)

    def periods(self) -> NDArray[np.int64]:
        """Return the period of each job in the solution."""
        done = np.rint(np.asarray(self._done.value)).astype(np.int64)
        return np.asarray(self._phasing.periods - done.sum(axis=1), np.int64)

    def _order(self, by: cp.Expression) -> Iterator[cp.Constraint]:
        yield by[:, 1:] >= by[:, :-1]
        if self._jobs.before:
            first, second = np.array(self._jobs.before).T
            yield by[first] >= by[second]

    def _limits(self, during: cp.Expression) -> Iterator[cp.Constraint]:
        jobs, phasing = self._jobs, self._phasing
        caps: dict[Level, int] = {"l2": phasing.crews.l2, "l3": phasing.crews.l3}
        for level, most in caps.items():
            yield jobs.of_crew(level).astype(float)[None, :] @ during <= most
        yield jobs.kw[None, :] @ during <= phasing.connected_kw_per_period * (1 + ROOM)
        if phasing.area_kw_per_period is not None:
            areas = np.array(sorted(set(jobs.area) - {""}))
            if len(areas):
                here = (areas[:, None] == np.array(jobs.area)) * jobs.kw
                yield here @ during <= phasing.area_kw_per_period * (1 + ROOM)

    def _money(self, by: cp.Expression) -> Iterator[cp.Constraint]:
        """Limit what is spent by the end of each period, in million CAD."""
        spent = (self._jobs.outlay_cad / CAD_PER_MILLION)[None, :] @ by
        allowed = allowed_cad(self._jobs.budget_cad, self._phasing) / CAD_PER_MILLION
        yield spent <= allowed[None, :]

    def _covered(self, cover: CoverRows) -> tuple[cp.Expression, list[cp.Constraint]]:
        """Return the weight covered, added up over the ends of all periods but the last.

        A row that one job alone covers, with nothing to lose, needs no variable of its own.
        """
        import cvxpy as cp

        if len(cover.base) == 0:
            return cp.Constant(0.0), []
        matrix = sparse.csr_array(cover.matrix).astype(np.float64)
        sizes = np.diff(matrix.indptr)
        gains = np.asarray(matrix.sum(axis=1)).ravel() == 1
        alone = (sizes == 1) & gains & (cover.base == 0)
        direct = cover.weight[alone] @ matrix[alone]
        total = cp.sum(direct[None, :] @ self._done)
        rest, weight, base = matrix[~alone], cover.weight[~alone], cover.base[~alone]
        if len(base) == 0:
            return total, []
        covered = cp.Variable((len(base), self._phasing.periods - 1), bounds=[0, 1])
        row = covered <= base[:, None].astype(float) + rest @ self._done
        return total + cp.sum(weight[None, :] @ covered), [row]


def allowed_cad(budget_cad: float, phasing: Phasing) -> NDArray[np.float64]:
    """Return what may be spent by the end of each period (CAD), shape (periods,)."""
    shares = phasing.budget_share_per_period * np.arange(1, phasing.periods + 1)
    allowed = np.minimum(shares, 1.0) * budget_cad
    return np.asarray(allowed + ROOM * max(budget_cad, 1.0))


def listed(
    jobs: Jobs, phasing: Phasing, order: Sequence[int], *, stages: Sequence[int] | None = None
) -> NDArray[np.int64]:
    """Return a schedule by a list: each job in turn in the first period that has room for it.

    Parameters
    ----------
    order
        The jobs in the order in which they are placed; one that must wait for another is placed
        after it.
    stages
        Stage of each job: a later stage begins no sooner than in the period in which the one
        before it ends.

    Returns
    -------
    ndarray
        Shape (n,): the period of each job, beyond the last where there was no room.

    Raises
    ------
    KwevError
        If one job alone is beyond a limit.
    """
    refuse_alone(jobs, phasing)
    room = _Room(jobs, phasing)
    stage = np.zeros(len(jobs), np.int64) if stages is None else np.asarray(stages, np.int64)
    period = np.zeros(len(jobs), np.int64)
    waits: dict[int, list[int]] = {}
    for first, second in jobs.before:
        waits.setdefault(second, []).append(first)
    for job in _after_what_they_wait_for(order, waits):
        earlier = period[(stage < stage[job]) & (period > 0)]
        start = max([1, *earlier.tolist(), *(int(period[k]) for k in waits.get(job, []))])
        period[job] = room.take(job, start)
    return period


def refuse_alone(jobs: Jobs, phasing: Phasing) -> None:
    """Refuse limits that one job alone breaks: a list would never end."""
    refuse_impossible(jobs, phasing.model_copy(update={"periods": len(jobs) + _far(phasing)}))


def _far(phasing: Phasing) -> int:
    """Return periods by which all money may be spent."""
    return int(np.ceil(1 / phasing.budget_share_per_period))


def _after_what_they_wait_for(
    order: Sequence[int], waits: Mapping[int, Sequence[int]]
) -> Iterator[int]:
    placed: set[int] = set()

    def place(job: int) -> Iterator[int]:
        if job not in placed:
            placed.add(job)
            for first in waits.get(job, ()):
                yield from place(first)
            yield job

    for job in order:
        yield from place(int(job))


class _Room:
    """What each period still has of crews, power and money."""

    def __init__(self, jobs: Jobs, phasing: Phasing) -> None:
        self._jobs, self._phasing = jobs, phasing
        last = len(jobs) + _far(phasing)
        self._long = phasing.model_copy(update={"periods": last})
        self._used = {name: np.zeros(last) for name in ("l2", "l3", "kw")}
        self._area: dict[str, NDArray[np.float64]] = {}
        self._outlay_cad = jobs.outlay_cad
        self._allowed = allowed_cad(jobs.budget_cad, self._long)
        self._spent = np.zeros(last)

    def take(self, job: int, start: int) -> int:
        """Put a job into the first period from ``start`` on that has room; return the period."""
        period = next(t for t in range(start, len(self._spent) + 1) if self.has(job, t))
        self.put(job, period)
        return period

    def has(self, job: int, period: int) -> bool:
        """Return whether a period has room for a job."""
        phasing, at = self._phasing, period - 1
        level, kw = CREW_OF[self._jobs.kind[job]], self._jobs.kw[job]
        crew = {"l2": phasing.crews.l2, "l3": phasing.crews.l3}[level]
        fits = self._used[level][at] + 1 <= crew
        fits &= self._used["kw"][at] + kw <= phasing.connected_kw_per_period * (1 + ROOM)
        if phasing.area_kw_per_period is not None and self._jobs.area[job]:
            used = self._in_area(job)[at]
            fits &= used + kw <= phasing.area_kw_per_period * (1 + ROOM)
        money = self._spent[at:] + self._outlay_cad[job] <= self._allowed[at:]
        return bool(fits and money.all())

    def put(self, job: int, period: int) -> None:
        """Take the room that a job needs in a period."""
        at = period - 1
        self._used[CREW_OF[self._jobs.kind[job]]][at] += 1
        self._used["kw"][at] += self._jobs.kw[job]
        self._in_area(job)[at] += self._jobs.kw[job]
        self._spent[at:] += self._outlay_cad[job]

    def _in_area(self, job: int) -> NDArray[np.float64]:
        return self._area.setdefault(self._jobs.area[job], np.zeros(len(self._spent)))


def by_gain(jobs: Jobs, worth: Worth) -> list[int]:
    """Return the jobs in the order of their worth: what gains most for its money comes first.

    Each time the next is the job with the most weighted coverage gained per dollar, given what is
    done already; of equals the first, so that the list is the same everywhere.
    """
    done = np.zeros(len(jobs), bool)
    order: list[int] = []
    value = worth.value(done)
    price = np.maximum(jobs.net_cad, 1.0)
    for _ in range(len(jobs)):
        left = np.flatnonzero(~done)
        gains = np.array([worth.value(_with(done, int(job))) - value for job in left])
        job = int(left[np.argmax(np.round(gains / price[left], 12))])
        done[job] = True
        order.append(job)
        value = worth.value(done)
    return order


def _with(done: NDArray[np.bool_], job: int) -> NDArray[np.bool_]:
    more = done.copy()
    more[job] = True
    return more
