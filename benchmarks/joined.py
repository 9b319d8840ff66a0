"""Municipalities that share one budget: a curve of value by budget for each, joined exactly.

Each is planned apart, by the project's own model: its own people and sites, in points of the whole
Region, with today's stations of everybody but those that another municipality might convert. What
a municipality's plan does for people beyond its border counts for nothing here. So values add up,
and plans of the parts are one plan of the Region that is worth their sum at least: a lower bound of
the model that plans all of it together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from os import cpu_count
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from benchmarks.record import Time, Watch, verdict
from kwev.certify import Evaluation
from kwev.certify.actions import ActionKey
from kwev.certify.constraints import broken
from kwev.config import Case, load_config
from kwev.data.tables import load_tables
from kwev.model.coverage import Reach, cover_rows
from kwev.model.inputs import assembled
from kwev.model.siting import decision_columns, existing_stations
from kwev.solve import stages
from kwev.solve.presolve import some_columns
from kwev.solve.record import action_id, objective_parts
from kwev.solve.solvers import choose_engine
from kwev.studies.store import solve_certified

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.record import Sheet
    from kwev.config import Config
    from kwev.data.tables import Tables
    from kwev.model.inputs import Inputs
    from kwev.project import Project

    Floats = NDArray[np.float64]

SCENARIO, GEOGRAPHY = "recommended", "cell"

STEP_CAD, TOGETHER = 250_000, 4
"""Step of the curves, and of how many steps each budget is that is planned together as well."""

GAP, LIMIT_S = 1e-3, 60.0
"""Gap at which the plan of a part may stop, and its longest time (s)."""

ROUNDED = 1e-6
"""What sums of the same points in another order may be off by."""


@dataclass(frozen=True)
class Part:
    """The plan of one municipality under one budget.

    Attributes
    ----------
    value, bound
        Objective of its own people, and the solver's bound on it (points of the whole Region).
    actions
        Ports added by the id of each action.
    time
        What it took.
    """

    value: float
    bound: float
    actions: dict[str, int]
    time: Time


def shared(curves: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Split each budget over regions so that their values add up to the most.

    Dynamic programming over regions: the best of the first few of them under a budget gives the
    next one any part of it. What is not spent may be left, so curves need not rise.

    Parameters
    ----------
    curves
        Shape (r, n): value of each region with 0, 1, ... n - 1 steps of budget.

    Returns
    -------
    tuple
        Shape (n,), the most by budget; shape (n, r), the steps that each region gets.
    """
    regions, n = curves.shape
    best, given = np.zeros(n), np.zeros((regions, n), np.int64)
    whole, own = np.tril_indices(n)
    for region, curve in enumerate(curves):
        sums = np.full((n, n), -np.inf)
        sums[whole, own] = best[whole - own] + curve[own]
        given[region], best = sums.argmax(axis=1), sums.max(axis=1)
    left, split = np.arange(n), np.zeros((n, regions), np.int64)
    for region in reversed(range(regions)):
        split[:, region] = given[region, left]
        left = left - split[:, region]
    return best, split


def between(bounds: Floats) -> Floats:
    """Return bounds that hold from each step to the next: those of the next, at the end its own.

    Whatever regions spend between the steps, rounded down it is a split of the budget by steps.
    """
    return np.hstack([bounds[:, 1:], bounds[:, -1:]])


def alone(
    tables: Tables, config: Config, geography: str, municipality: str
) -> tuple[Inputs, Config]:
    """Return inputs and scenario of one municipality: others have people, but ask for nothing.

    Its targets are its part of the people: what it misses is told in shares of the Region.
    """
    stations = existing_stations(tables, config)
    columns = decision_columns(tables, config, stations)
    own = columns.municipality == municipality
    standing = {}
    for ports, ends in (("l2_ports", columns.ends_l2), ("l3_ports", columns.ends_l3)):
        standing[ports] = getattr(stations, ports).copy()
        standing[ports][columns.station[ends & ~own]] = 0  # another plan may take it away
    columns = some_columns(columns, np.flatnonzero(own))
    whole = assembled(tables, config, geography, replace(stations, **standing), columns)
    here, energy = whole.points.municipality == municipality, whole.energy
    points = replace(whole.points, weight=np.where(here, whole.points.weight, 0.0))
    reach = {level: _within(part, here) for level, part in whole.reach.items()}
    served = np.where(energy.municipality == municipality, energy.supply_kwh, energy.need_kwh)
    inputs = replace(
        whole,
        points=points,
        reach=reach,
        rows={level: cover_rows(part, points) for level, part in reach.items()},
        energy=replace(energy, supply_kwh=served),
    )
    part = float(points.people[here].sum()) / max(inputs.people, 1e-12)
    targets = config.targets
    return inputs, config.with_values(targets__l2=targets.l2 * part, targets__l3=targets.l3 * part)


def _within(reach: Reach, here: NDArray[np.bool_]) -> Reach:
    """Return the reach of some points, the others being out of every station's."""
    change = sparse.csr_array(reach.change.multiply(here[:, None]))
    change.eliminate_zeros()
    return Reach(change.astype(np.int8), reach.fixed * here, reach.losable * here)


def planned(inputs: Inputs, config: Config) -> tuple[float, float, dict[str, int]]:
    """Return value and bound (points) of the best plan found, and its ports by action id."""
    engine = choose_engine("highs")
    going = stages.start_run(inputs, config, engine, lambda _: None, plain=False)
    choice, _, answer = stages.one_stage(going)
    value = sum(objective_parts(inputs, config, choice).values())
    done = np.flatnonzero(choice.build).tolist()
    actions = {action_id(inputs.columns, k): int(choice.ports[k]) for k in done}
    return value, max(value, answer.bound), actions


@lru_cache(maxsize=1)
def _known(project: Project, municipality: str) -> tuple[Inputs, Config]:
    config = load_config(SCENARIO, project.config).with_values(
        solver__mip_gap=GAP, solver__time_limit_s=LIMIT_S
    )
    return alone(load_tables(project.processed), config, GEOGRAPHY, municipality)


def plan_part(project: Project, municipality: str, budget_cad: float) -> Part:
    """Plan one municipality under one budget: the work of a Dask worker."""
    with Watch() as watch:
        inputs, config = _known(project, municipality)
        found = planned(inputs, config.with_values(budget__limit_cad=budget_cad))
    return Part(*found, watch.time)


def on_cluster(project: Project, jobs: list[tuple[str, float]]) -> list[Part]:
    """Plan parts on a Dask cluster of this machine, in processes; half of its cores work."""
    from distributed import Client, LocalCluster  # noqa: PLC0415 -- a second to import

    workers = max(1, (cpu_count() or 1) // 2)
    with (
        LocalCluster(  # type: ignore[no-untyped-call]
            n_workers=workers, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
        ) as cluster,
        Client(cluster) as client,  # type: ignore[no-untyped-call]
    ):
        asked = [client.submit(plan_part, project, *job, pure=False) for job in jobs]
        found: list[Part] = client.gather(asked)
    return found


def value_of(tables: Tables, case: Case, actions: dict[str, int]) -> float:
    """Return what actions are worth together, as the certificate recomputes it (points).

    Raises
    ------
    ValueError
        If they break a constraint, or cost more than the budget.
    """
    evaluation = Evaluation(tables, case.config, case.geography)
    ports = {key: n for name, n in actions.items() if (key := ActionKey.from_id(name))}
    wrong = [*broken(evaluation, ports), *filter(None, (
        evaluation.problem(key, n, ports) for key, n in ports.items()
    ))]  # fmt: skip
    net_cad = sum(evaluation.effect(key, n).net_cad for key, n in ports.items())
    if net_cad > case.config.budget.limit_cad:
        wrong.append(f"{net_cad:,.2f} CAD are over the budget")
    if wrong or len(ports) < len(actions):
        raise ValueError(f"plans of the parts are no plan of the whole: {wrong}")
    return evaluation.objective_points(ports)


def measure(tables: Tables, project: Project, sheet: Sheet) -> None:
    """Draw the curves, join them, and hold some budgets against the model of the whole Region."""
    config = load_config(SCENARIO, project.config)
    steps = round(config.budget.limit_cad / STEP_CAD) + 1
    budgets = [STEP_CAD * step for step in range(steps)]
    towns = sorted(zip(tables.municipalities["municipality_id"], tables.municipalities["name"],
                       strict=True))  # fmt: skip
    with Watch() as watch:
        found = on_cluster(project, [(town, b) for town, _ in towns for b in budgets])
    curves = [found[i : i + steps] for i in range(0, len(found), steps)]
    for (_, name), parts in zip(towns, curves, strict=True):
        spent = Time(
            wall_s=sum(part.time.wall_s for part in parts),
            cpu_s=sum(part.time.cpu_s for part in parts),
            peak_mb=max(part.time.peak_mb for part in parts),
        )
        sheet.add(
            f"{name}: curve of {steps} budgets", spent, stage="curve", town=name, budgets=budgets,
            values=[part.value for part in parts], bounds=[part.bound for part in parts],
        )  # fmt: skip
    all_cpu_s = sum(part.time.cpu_s for part in found)
    most_mb = max(part.time.peak_mb for part in found)
    spent = Time(watch.time.wall_s, all_cpu_s, most_mb)
    sheet.add(f"{len(found)} plans apart, on Dask", spent, stage="curves", plans=len(found))
    with Watch() as watch:
        values, split = shared(np.array([[part.value for part in parts] for parts in curves]))
        over = shared(between(np.array([[part.bound for part in parts] for parts in curves])))[0]
    sheet.add("all budgets joined", watch.time, stage="joined", budgets=budgets,
              values=values.tolist(), bounds=over.tolist(), split=split.tolist())  # fmt: skip
    for step in range(TOGETHER, steps, TOGETHER):
        given = config.with_values(budget__limit_cad=budgets[step], solver__extremes=False)
        case = Case(SCENARIO, given, GEOGRAPHY)
        chosen = [parts[own] for parts, own in zip(curves, split[step], strict=True)]
        union = value_of(tables, case, {k: n for part in chosen for k, n in part.actions.items()})
        with Watch() as watch:
            plan = solve_certified(tables, case).plan
        value, bound, apart = plan.quality.objective, plan.solver_says.bound, float(values[step])
        kept = apart <= union + ROUNDED and union <= bound + ROUNDED
        sheet.add(
            f"together: ${budgets[step]:,}", watch.time, plan.gap_said,
            verdict(kept, "the parts <= measured together <= the bound of the whole"),
            stage="together", budget=budgets[step], apart=apart, union=union, value=value,
            bound=bound, apart_bound=float(over[step]), today=value_of(tables, case, {}),
        )  # fmt: skip
