"""What changes with the assumptions: every point is a plan solved and certified again."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from kwev.config import Case, load_config, scenario_paths
from kwev.errors import KwevError
from kwev.files import read_json
from kwev.studies.study import Point, results
from kwev.units import POINTS
from kwev.vocabulary import TARGET_KEYS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from kwev.config import Config
    from kwev.project import Project

SWINGS, UNCHANGED = "swings", "base"
"""Name of the study, and how the names of its points begin at which nothing is changed."""

SWING_GEOGRAPHY = "da"
"""Demand points of the plans that vary one assumption at a time. On tracts, the smallest model, two
million dollars reach nearly all that six do, so the budget would seem not to matter."""

HARD = ("power.l2_kw", "demand.public_share", "demand.utilisation")
HARD_GEOGRAPHY = "tract"
"""Assumptions that tie the sites of a municipality together through its energy: their plans take
minutes on dissemination areas and are made on tracts, against the unchanged plan there."""


SWING_COLUMNS = (
    "key",
    "end",
    "value",
    "geography",
    "l2",
    "l3",
    "ev_owners",
    "net_cad",
    "violations",
)


@dataclass(frozen=True)
class Range:
    """An assumption, or a group that moves together: values of dotted keys at either end.

    ``key`` is the assumption's own, or what the group's keys begin with.
    """

    key: str
    low: dict[str, float | str]
    high: dict[str, float | str]


@dataclass(frozen=True)
class Swing:
    """One assumption or group set to one end of its range; a group has no single value."""

    key: str
    end: str
    value: float | str | None
    case: Case


def ranges(project: Project) -> tuple[Range, ...]:
    """Return the assumptions of ``data/assumptions.json`` that are varied, in its order.

    Those without a range are not, nor those that no row of the model reads.
    """
    found: dict[str, Range] = {}
    for entry in read_json(project.root / "data" / "assumptions.json"):
        if entry["low"] is None or entry["high"] is None or not entry.get("in_model", True):
            continue
        group = entry.get("group", entry["key"])
        known = found.setdefault(group, Range(group, {}, {}))
        known.low[entry["key"]], known.high[entry["key"]] = entry["low"], entry["high"]
    return tuple(found.values())


def value_at(config: Config, key: str) -> Any:
    """Return the value of a dotted key of the configuration.

    Raises
    ------
    KwevError
        If there is no such key.
    """
    node: Any = config.as_dict()
    for part in key.split("."):
        if not isinstance(node, dict) or part not in node:
            raise KwevError(f"unknown key {key!r}", where="data/assumptions.json")
        node = node[part]
    return node


def _at(key: str, geography: str) -> str:
    return HARD_GEOGRAPHY if key in HARD else geography


def changed(config: Config, values: Mapping[str, Any]) -> Config:
    """Return a configuration with the values of dotted keys put in."""
    return config.with_values(**{key.replace(".", "__"): v for key, v in values.items()})


def swings(
    project: Project,
    assumptions: Iterable[Range],
    *,
    scenario: str = "base",
    geography: str = SWING_GEOGRAPHY,
) -> list[Swing]:
    """Return each assumption at each end of its range, where that is not its value already."""
    config = load_config(scenario, project.config)
    return [
        Swing(
            known.key,
            end,
            next(iter(values.values())) if len(values) == 1 else None,
            Case(scenario, changed(config, values), _at(known.key, geography)),
        )
        for known in assumptions
        for end, values in (("low", known.low), ("high", known.high))
        if any(value != value_at(config, key) for key, value in values.items())
    ]


def swing_points(
    project: Project,
    assumptions: Iterable[Range],
    *,
    scenario: str = "base",
    geography: str = SWING_GEOGRAPHY,
) -> list[Point]:
    """Return the points of the study ``swings``: the scenario itself, then each swing.

    The scenario stands there on each kind of demand points that a swing is made on.
    """
    config = load_config(scenario, project.config)
    ends = swings(project, assumptions, scenario=scenario, geography=geography)
    used = dict.fromkeys((geography, *(swing.case.geography for swing in ends)))
    return [
        *(Point(SWINGS, f"{UNCHANGED}-{at}", Case(scenario, config, at)) for at in used),
        *(Point(SWINGS, f"{swing.key}.{swing.end}", swing.case) for swing in ends),
    ]


def one_at_a_time(
    project: Project,
    assumptions: Iterable[Range],
    *,
    scenario: str = "base",
    geography: str = SWING_GEOGRAPHY,
) -> pd.DataFrame:
    """Return what changes with one assumption after the other at either end of its range.

    Read from the committed rows of the study ``swings``.

    Returns
    -------
    pandas.DataFrame
        One row an assumption and end: ``key``, ``end``, ``value``, ``geography`` (demand points of
        the plan), the change against the unchanged scenario on the same demand points in ``l2``,
        ``l3``, ``ev_owners`` (points, on the cells) and ``net_cad``, and ``violations`` of the
        plan's certificate.

    Raises
    ------
    KwevError
        If a row of the study is missing, damaged or stale.
    """
    known = list(assumptions)
    points = swing_points(project, known, scenario=scenario, geography=geography)
    rows = {row["name"]: row for row in results(project, points).to_dict("records")}
    told = []
    for swing in swings(project, known, scenario=scenario, geography=geography):
        after = rows[f"{swing.key}.{swing.end}"]
        before = rows[f"{UNCHANGED}-{swing.case.geography}"]
        told.append(
            {
                "key": swing.key,
                "end": swing.end,
                "value": swing.value,
                "geography": swing.case.geography,
                **{str(name): POINTS * (after[name] - before[name]) for name in TARGET_KEYS},
                "net_cad": after["net_cad"] - before["net_cad"],
                "violations": after["violations"],
            }
        )
    return pd.DataFrame(told, columns=list(SWING_COLUMNS))


# -- The sweeps of the sensitivity chapter: which plans each of them is made of.

SCENARIO: Final = "base"
GEOGRAPHY: Final = "da"
"""Demand points of the sweeps: a plan takes two to three seconds of one core."""

COARSE: Final = "tract"
"""Demand points of the sweeps that are too hard on dissemination areas."""
HARD_CASES: Final = ("power_7_150", "ev_2030", "removal")
"""Named cases that take minutes on dissemination areas: they are taken on census tracts."""

BUDGETS_CAD: Final = tuple(500_000.0 * n for n in range(4, 13))
"""Two to six million dollars (client's specification, section 3.4.1)."""

STEP_CAD: Final = 100_000.0
"""The next money whose worth is shown by solving again."""
STEP_FROM_CAD: Final = (2_000_000.0, 3_000_000.0, 4_000_000.0, 5_000_000.0, 6_000_000.0)

L2_TARGETS: Final = (0.85, 0.875, 0.9, 0.925, 0.95)
L3_TARGETS: Final = (0.75, 0.8, 0.85, 0.9)
L2_RADII_M: Final = tuple(50.0 * n for n in range(8, 17))
L3_RADII_M: Final = tuple(500.0 * n for n in range(6, 15))

PRICES: Final = ("l2_station_cad", "l2_port_cad", "l3_station_cad", "l3_port_cad")
FACTORS: Final = (0.5, 0.75, 1.0, 1.25, 1.5, 2.0)
"""What each price is multiplied by, alone, and all four together."""

SCENARIOS: Final = (
    "base", "aggressive", "balanced", "conservative", "high_budget", "low_budget",
)  # fmt: skip
"""The client's scenarios and both test configurations (specification, section 2: Scenarios)."""

CELL_BUDGETS_CAD: Final = STEP_FROM_CAD
CELL_GAP: Final = 0.001
"""Gap at which these plans on the cells stop (share); the published one goes on to a tenth."""


def budget(project: Project) -> list[Point]:
    """Vary the budget from two to six million dollars."""
    return _points(project, "budget", {_cad(cad): {"budget.limit_cad": cad} for cad in BUDGETS_CAD})


def next_step(project: Project) -> list[Point]:
    """Take each of five budgets, and the same with a hundred thousand dollars more."""
    budgets = [cad + more for cad in STEP_FROM_CAD for more in (0.0, STEP_CAD)]
    return _points(project, "next-100k", {_cad(cad): {"budget.limit_cad": cad} for cad in budgets})


def targets(project: Project) -> list[Point]:
    """Cross targets for Level 2 with targets for Level 3."""
    grid = product(L2_TARGETS, L3_TARGETS)
    return _points(
        project,
        "targets",
        {f"l2-{l2:g}-l3-{l3:g}": {"targets.l2": l2, "targets.l3": l3} for l2, l3 in grid},
    )


def l2_radius(project: Project) -> list[Point]:
    """Vary the reach of Level 2 from 400 to 800 m."""
    return _along(project, "l2-radius", "coverage.l2_radius_m", L2_RADII_M)


def l3_radius(project: Project) -> list[Point]:
    """Vary the reach of Level 3 from 3 to 7 km."""
    return _along(project, "l3-radius", "coverage.l3_radius_m", L3_RADII_M)


def power(project: Project) -> list[Point]:
    """Change the power of a port at each level, together and apart, on census tracts.

    With small Level 2 ports the energy rows tie every site of a municipality together, and the
    least shortfall on dissemination areas is still 8 % open after a minute.
    """
    pairs = product((19.2, 7.2), (350.0, 150.0))
    return _points(
        project,
        "power",
        {f"{l2:g}-{l3:g}": {"power.l2_kw": l2, "power.l3_kw": l3} for l2, l3 in pairs},
        COARSE,
    )


def prices(project: Project) -> list[Point]:
    """Vary each price, and all of them together, from half to twice."""
    costs = load_config(SCENARIO, project.config).costs
    changes = {
        f"{price.removesuffix('_cad')}-{factor:g}": {
            f"costs.{price}": factor * getattr(costs, price)
        }
        for price, factor in product(PRICES, FACTORS)
    }
    for factor in FACTORS:
        changes[f"all-{factor:g}"] = {f"costs.{p}": factor * getattr(costs, p) for p in PRICES}
    return _points(project, "prices", changes)


def resale(project: Project) -> list[Point]:
    """Vary what removed Level 2 equipment brings, from nothing to its full price."""
    return _along(project, "resale", "costs.resale_factor", (0.0, 0.25, 0.5, 0.75, 1.0))


def weights(project: Project) -> list[Point]:
    """Change whom and what the objective counts."""
    return _points(
        project,
        "weights",
        {
            "base": {},
            "people-only": {"weights.people": 1, "weights.ev": 0, "weights.score": 0},
            "vehicles-only": {"weights.people": 0, "weights.ev": 1, "weights.score": 0},
            "scores-only": {"weights.people": 0, "weights.ev": 0, "weights.score": 1},
            "levels-alike": {"weights.l3": 1},
            "l2-twice-l3": {"weights.l2": 2, "weights.l3": 1},
            "l3-four-times-l2": {"weights.l3": 4},
            "money-free": {
                "weights.cost_points_per_million_cad": 0,
                "weights.operating_points_per_million_cad": 0,
            },
            "money-tenfold": {
                "weights.cost_points_per_million_cad": 1,
                "weights.operating_points_per_million_cad": 1,
            },
        },
    )


def grid(project: Project) -> list[Point]:
    """Vary the grid proxy of every place, from half to double."""
    return _along(project, "grid", "siting.grid_factor", (0.5, 0.75, 1.0, 1.5, 2.0))


def energy(project: Project) -> list[Point]:
    """Vary what vehicles need from public ports, and how busy ports are.

    Twice the need, or ports half as busy, tie the sites of a municipality together and take
    minutes: these ends of the ranges are among the swings.
    """
    ladders: dict[str, tuple[float, ...]] = {
        "demand.utilisation": (0.075, 0.1, 0.15, 0.2),
        "demand.kwh_per_ev_year": (2_500.0, 3_500.0, 4_000.0),
        "demand.public_share": (0.1, 0.3),
    }
    return _points(
        project,
        "energy",
        {
            f"{key.split('.')[1]}-{value:g}": {key: value}
            for key, values in ladders.items()
            for value in values
        },
    )


def ports(project: Project) -> list[Point]:
    """Vary the fewest Level 3 ports, kept Level 2 ports, and the counts of existing ports."""
    return _points(
        project,
        "ports",
        {
            **{f"min_l3-{n}": {"ports.min_l3": n} for n in (1, 2, 3, 4)},
            **{f"retained_l2-{n}": {"ports.retained_l2": n} for n in (1, 2)},
            **{f"counts-{end}": {"siting.port_counts": end} for end in ("low", "high")},
        },
    )


def growth(project: Project) -> list[Point]:
    """Plan for the vehicles of today, and those forecast for 2030 and 2035, on census tracts.

    Their energy is out of reach of the budget, as with small ports (see :func:`power`).
    """
    years = ("now", "2030", "2035")
    return _points(project, "growth", {year: {"demand.ev_year": year} for year in years}, COARSE)


def cases(project: Project) -> list[Point]:
    """Take the named scenarios and cases, on dissemination areas."""
    return _named(project, "cases", lambda name: name not in HARD_CASES, GEOGRAPHY)


def hard_cases(project: Project) -> list[Point]:
    """Take the named cases that are too hard on dissemination areas, and base, on tracts."""
    return _named(project, "hard-cases", lambda name: name in (SCENARIO, *HARD_CASES), COARSE)


def _named(project: Project, study: str, is_in: Callable[[str], bool], at: str) -> list[Point]:
    return [
        Point(study, name, Case(name, load_config(name, project.config), at))
        for name, path in scenario_paths(project.config).items()
        if path.parent.name != "test" and is_in(name)
    ]


def geography(project: Project) -> list[Point]:
    """Plan the base scenario on census tracts and on dissemination areas."""
    config = load_config(SCENARIO, project.config)
    return [Point("geography", at, Case(SCENARIO, config, at)) for at in ("tract", "da")]


def cells(project: Project) -> list[Point]:
    """Solve five budgets on the cells themselves, to a wider gap: half a minute each."""
    changes = {
        _cad(cad): {"budget.limit_cad": cad, "solver.mip_gap": CELL_GAP} for cad in CELL_BUDGETS_CAD
    }
    return _points(project, "cells", changes, "cell")


def scenarios(project: Project) -> list[Point]:
    """Solve the client's scenarios and both test configurations on the cells, to a wider gap."""
    configs = {name: load_config(name, project.config) for name in SCENARIOS}
    return [
        Point("scenarios", name, Case(name, config.with_values(solver__mip_gap=CELL_GAP), "cell"))
        for name, config in configs.items()
    ]


def swings_sweeps(project: Project) -> list[Point]:
    """Set every assumption with a range to both ends of it, one at a time."""
    return swing_points(project, ranges(project))


def _cad(cad: float) -> str:
    return f"{cad / 1000:.0f}k"


def _along(project: Project, study: str, key: str, values: tuple[float, ...]) -> list[Point]:
    return _points(project, study, {f"{value:g}": {key: value} for value in values})


def _points(
    project: Project,
    study: str,
    changes: Mapping[str, Mapping[str, Any]],
    at: str = GEOGRAPHY,
) -> list[Point]:
    """Return a point for each set of changes to the base scenario (values by dotted key)."""
    config = load_config(SCENARIO, project.config)
    return [
        Point(study, name, Case(SCENARIO, changed(config, values), at))
        for name, values in changes.items()
    ]
