"""Plans against futures that were not planned for: regret, and the price of being ready.

A future draws the vehicles of 2030 from the forecast's interval, the use of the ports and the share
of public charging from the ranges of the assumptions, and which count of ports stands where the
sources disagree, each evenly. Regret is what a plan misses in a future beyond what the best plan
known for that future misses (points of the total shortfall, the first thing the model minimises).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from kwev.config import Case, load_config
from kwev.data.tables import load_tables
from kwev.display.table import Column, table
from kwev.display.values import Number, Numbers, named
from kwev.files import sha256_json
from kwev.report import picks, sweeps
from kwev.studies import store, study
from kwev.studies.rows import actions_of, evaluated
from kwev.studies.study import Point, Record
from kwev.units import CAD_PER_MILLION, POINTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kwev.data.tables import Tables
    from kwev.display.table import Table
    from kwev.project import Project
    from kwev.report.scenario import Report

STUDY: Final = "futures"
NAME: Final = "robustness"
VERSION: Final = "1"
"""Version of the code behind the record (see :func:`kwev.studies.study.made_from`)."""

SEED: Final = 2030
FUTURES: Final = 12
"""Futures in all; the first is the middle one, with the forecast and every assumption as stated."""

GWH_PER_KWH: Final = 1e-6

YEAR: Final = "2030"
QUARTER: Final = "2030Q4"
COUNTS: Final = ("low", "base", "high")

BEST_GAP: Final = 0.02
"""Gap at which the search for the best plan of a future stops: people and energy compete for every
port, and closing it takes minutes. Of ten points missed it leaves a fifth of a point open, which
comparing the plans of all futures narrows."""

BEST_LONGEST_S: Final = 60.0
"""Longest of its solves (s)."""

GAP: Final = 0.005
LONGEST_S: Final = 400.0
"""Gap and longest time of each of the two searches for the plan of least worst regret; what ends
them on most machines is the number of relaxations (``kwev.solve.minimax_regret.ENOUGH``)."""


@dataclass(frozen=True)
class Draw:
    """What one future is made of: vehicles, use of the ports, public share, count of ports."""

    name: str
    ev: float
    utilisation: float
    public_share: float
    port_counts: str


def draws(project: Project, tables: Tables) -> list[Draw]:
    """Return the futures: the middle one, and others drawn evenly with a fixed seed."""
    base = load_config(sweeps.SCENARIO, project.config).demand
    low, mid, high = forecast(tables)
    ranges = {r.key: (float(r.low[r.key]), float(r.high[r.key]))
              for r in sweeps.ranges(project)
              if r.key in ("demand.utilisation", "demand.public_share")}  # fmt: skip
    rng = np.random.default_rng(SEED)
    drawn = [
        Draw(
            f"future-{number:02d}",
            round(float(rng.uniform(low, high)), 1),
            round(float(rng.uniform(*ranges["demand.utilisation"])), 3),
            round(float(rng.uniform(*ranges["demand.public_share"])), 3),
            COUNTS[int(rng.integers(len(COUNTS)))],
        )
        for number in range(1, FUTURES)
    ]
    return [Draw("middle", mid, base.utilisation, base.public_share, "base"), *drawn]


def forecast(tables: Tables) -> tuple[float, float, float]:
    """Return low, middle and high forecast of the Region's vehicles at the end of 2030."""
    table = tables.ev_forecast
    row = table[table["chosen"] & (table["quarter"] == QUARTER)].iloc[0]
    return float(row["low"]), float(row["mid"]), float(row["high"])


def points(project: Project) -> list[Point]:
    """Make the best plan for each future.

    Vehicles enter the model by the energy that they need and by their share of each place; more
    of them everywhere is more energy, so a draw multiplies the energy of a vehicle.
    """
    tables = load_tables(project.processed)
    config, (_, mid, _) = load_config(sweeps.SCENARIO, project.config), forecast(tables)
    return [
        Point(
            STUDY,
            draw.name,
            Case(
                sweeps.SCENARIO,
                config.with_values(
                    demand__ev_year=YEAR,
                    demand__kwh_per_ev_year=round(config.demand.kwh_per_ev_year * draw.ev / mid, 3),
                    demand__utilisation=draw.utilisation,
                    demand__public_share=draw.public_share,
                    siting__port_counts=draw.port_counts,
                    solver__mip_gap=BEST_GAP,
                    solver__time_limit_s=BEST_LONGEST_S,
                ),
                sweeps.GEOGRAPHY,
            ),
        )
        for draw in draws(project, tables)
    ]


def record(project: Project) -> Record:
    """Return the record of regrets and of the plan of least worst regret."""
    tables, base = load_tables(project.processed), picks.case_of(project)
    parts = {
        **study.made_from(tables, base, VERSION),
        "futures": sha256_json([store.key(tables, point.case) for point in points(project)]),
        "alternatives": sha256_json(picks.record(project).parts),
    }
    return Record(NAME, parts, lambda: _made(project, tables, base))


def _made(project: Project, tables: Tables, base: Case) -> dict[str, Any]:
    from kwev.model.inputs import build_inputs  # noqa: PLC0415
    from kwev.solve.minimax_regret import Future, least_worst_regret, standing  # noqa: PLC0415 -- loads cvxpy

    own = points(project)
    solved = study.results(project, own)
    others = _candidates(project, own, solved)
    inputs = [build_inputs(tables, point.case.config, point.case.geography) for point in own]
    futures = []
    for point, here, short in zip(own, inputs, solved["shortfall_points"], strict=True):
        budget = point.case.config.budget.limit_cad
        seen = [standing(here, point.case.config, actions) for actions in others.values()]
        # where a search has stopped at its gap, a plan made for something else may miss less
        allowed = [s.shortfall_points for s in seen if not s.left_out and s.net_cad <= budget]
        futures.append(Future(point.name, point.case, min([float(short), *allowed])))
    limits = {"mip_gap": GAP, "time_limit_s": LONGEST_S}
    settings = base.config.solver.model_copy(update=limits)
    robust = least_worst_regret(tables, futures, settings, known=list(others.values()))
    candidates = {"robust": dict(robust.actions), **others}
    rows = []
    for name, actions in candidates.items():
        now = evaluated(tables, base, actions.items())
        seen = [
            standing(place, future.case.config, actions)
            for place, future in zip(inputs, futures, strict=True)
        ]
        rows.append(
            {
                "name": name,
                "actions": " ".join(f"{key}:{ports}" for key, ports in sorted(actions.items())),
                "regret_points": [
                    s.shortfall_points - f.best_points for s, f in zip(seen, futures, strict=True)
                ],
                **{f"people_{level}": [s.people[level] for s in seen] for level in ("l2", "l3")},
                "unserved_kwh": [s.unserved_kwh for s in seen],
                "net_cad": [s.net_cad for s in seen],
                "left_out": [len(s.left_out) for s in seen],
                "now": {key: now[key] for key in _NOW},
            }
        )
    again = [evaluated(tables, future.case, robust.actions.items()) for future in futures]
    return {
        "futures": [
            {"name": f.name, "best_points": f.best_points,
             "need_kwh": float(i.energy.need_kwh.sum())}
            for f, i in zip(futures, inputs, strict=True)
        ],
        "people": inputs[0].people,
        "worst_points": robust.worst_points,
        "bound_points": robust.bound_points,
        "violations": sum(int(values["violations"]) for values in again),
        "plans": rows,
    }  # fmt: skip


_NOW: Final = (
    "net_cad", "l2", "l3", "l2_model", "l3_model", "shortfall_points", "objective", "violations",
)  # fmt: skip


def _candidates(
    project: Project, own: list[Point], best: pd.DataFrame
) -> dict[str, dict[str, int]]:
    """Return the plans that are compared: today's best, its alternatives, the best of a future."""
    near = study.read_record(project, picks.record(project))["plans"]
    found = {("base" if row["name"] == picks.BEST else row["name"]): row["actions"] for row in near}
    found |= {p.name: str(actions) for p, actions in zip(own, best["actions"], strict=True)}
    return {name: dict(actions_of(text)) for name, text in found.items()}


# -- what it says ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Robustness:
    """Regrets of the plans that are compared."""

    futures: pd.DataFrame
    """One row a future: ``name``, ``ev``, ``utilisation``, ``public_share``, ``port_counts``,
    ``need_kwh``, ``best_points`` (least total shortfall)."""
    plans: pd.DataFrame
    """One row a plan: ``name``, ``worst_points``, ``mean_points`` (regret), ``worst_future``,
    ``worst_unserved_kwh``, ``people_l2``, ``people_l3`` (most without it within reach in any
    future), ``over_cad`` (most by which it is over the budget in a future), ``left_out`` (most
    actions that a future does not allow), ``l2``, ``l3`` (shares today, on the cells),
    ``now_points``, ``now_objective`` (shortfall and objective today, points), ``net_cad``."""
    regret_points: np.ndarray[Any, np.dtype[np.float64]]
    """Shape (plans, futures)."""
    people: float
    """People of the Region."""
    bound_points: float
    """No plan that every future allows has a smaller worst regret."""
    violations: int
    """Rules that the plan of least worst regret breaks in any future, by the certificate's code."""

    def plan(self, name: str) -> pd.Series[Any]:
        """Return the row of a plan."""
        return self.plans[self.plans["name"] == name].iloc[0]

    @property
    def price_points(self) -> float:
        """What being ready costs if nothing changes: shortfall today beyond the base plan's."""
        return float(self.plan("robust")["now_points"] - self.plan("base")["now_points"])

    @property
    def price_people(self) -> float:
        """The same in people who would be without Level 2 today, on the cells."""
        lost = self.plan("base")["l2"] - self.plan("robust")["l2"]
        return float(lost * self.people)


def read(project: Project) -> Robustness:
    """Return the committed regrets.

    Raises
    ------
    KwevError
        If they are missing, damaged or stale.
    """
    tables = load_tables(project.processed)
    values = study.read_record(project, record(project))
    budget = picks.case_of(project).config.budget.limit_cad
    return of_values(values, draws(project, tables), budget)


def of_values(values: Mapping[str, Any], drawn: list[Draw], budget_cad: float) -> Robustness:
    """Return the regrets of a record's values."""
    by_name = {draw.name: draw for draw in drawn}
    futures = pd.DataFrame([{**row, **asdict(by_name[row["name"]])} for row in values["futures"]])
    regret = np.array([row["regret_points"] for row in values["plans"]], float)
    rows = []
    for row, own in zip(values["plans"], regret, strict=True):
        worst = int(own.argmax())
        now = row["now"]
        rows.append(
            {"name": row["name"], "worst_points": float(own[worst]),
             "mean_points": float(own.mean()), "worst_future": futures["name"].iloc[worst],
             "worst_unserved_kwh": float(row["unserved_kwh"][worst]),
             "most_unserved_kwh": max(row["unserved_kwh"]),
             **{name: max(row[name]) for name in ("people_l2", "people_l3")},
             "over_cad": max(0.0, max(row["net_cad"]) - budget_cad),
             "left_out": max(row["left_out"]), "l2": now["l2"], "l3": now["l3"],
             "now_points": now["shortfall_points"], "now_objective": now["objective"],
             "now_violations": now["violations"], "net_cad": now["net_cad"]}
        )  # fmt: skip
    return Robustness(
        futures, pd.DataFrame(rows), regret, float(values["people"]),
        float(values["bound_points"]), int(values["violations"]),
    )  # fmt: skip


# -- named values and tables --------------------------------------------------------------------


def numbers(report: Report) -> Numbers:
    """Return the numbers of the futures and of what plans regret."""
    found = report.robustness
    origin, drawn = "record robustness", found.futures
    base, robust, middle = (found.plan(name) for name in ("base", "robust", "middle"))
    need = drawn["need_kwh"] * GWH_PER_KWH
    middle_need = float(need[drawn["name"] == "middle"].iloc[0])
    regret = {
        "base": base["worst_points"], "base_mean": base["mean_points"],
        "middle": middle["worst_points"], "robust": robust["worst_points"],
        "robust_mean": robust["mean_points"], "bound": found.bound_points,
    }  # fmt: skip
    return Numbers([
        *named(origin, count={"futures": len(drawn), "regret_plans": len(found.plans)}),
        *named(origin, None, "futures_", gwh={"need_low": need.min(), "need_high": need.max()},
               ev={"ev_low": drawn["ev"].min(), "ev_high": drawn["ev"].max()}),
        *named(origin, None, "regret_", points=regret),
        *named(origin, None, "robust_", points={"price": found.price_points},
               share={"l2": robust["l2"], "base_l2": base["l2"]},
               people={"price_people": found.price_people}),
        Number("regret_violations", found.violations, "count", "evaluated"),
        Number("point_people", found.people / POINTS, "people", "Census 2021"),
        Number("point_energy", middle_need / POINTS, "GWh", origin, "{:,.2f} GWh"),
    ])  # fmt: skip


def futures_table(report: Report) -> Table:
    """Return the futures and what the plan made for each misses."""
    frame = report.robustness.futures
    frame = frame.assign(
        future=[name.replace("-", " ").capitalize() for name in frame["name"]],
        need_gwh=frame["need_kwh"] * GWH_PER_KWH,
    )
    columns = (
        "future",
        Column("ev", "Vehicles", format=",.0f"),
        Column("utilisation", "Use of a port", format=".1%"),
        "public_share port_counts need_gwh best_points",
    )
    return table("futures", frame, columns, report.coarse_origin)


def regret_table(report: Report) -> Table:
    """Return what each plan regrets."""
    found = report.robustness
    frame = found.plans.sort_values(["worst_points", "name"], ignore_index=True)
    frame = frame.assign(
        plan=[_made_for(name) for name in frame["name"]],
        when=[name.replace("-", " ") for name in frame["worst_future"]],
        unserved_gwh=frame["worst_unserved_kwh"] * GWH_PER_KWH,
        over=frame["over_cad"] / CAD_PER_MILLION,
    )
    columns = (
        "plan worst_points when mean_points unserved_gwh people_l2 now_points",
        Column("l2", "Level 2 today, on the cells", format=".1%"),
    )
    return table("regret", frame, columns, report.coarse_origin)


def _made_for(name: str) -> str:
    known = {"base": "Made for today", "robust": "Least worst regret", "middle": "Made for 2030"}
    words = name.replace("-", " ")
    made = f"Made for {words}" if words.startswith("future") else words.capitalize()
    return known.get(name, made)
