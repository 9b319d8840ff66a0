"""The ledger of assumptions, and the sweeps: the plans that each is made of.

Each varies one choice, or a few that belong together, from the plan that the book publishes, on
the same demand points and metric; the study ``swings`` sets every assumption to both ends of its
range, one at a time. A point that changes nothing is the published plan itself, so that no two
values stand for one quantity.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from kwev.config import Case, load_config, scenario_paths
from kwev.display import origins
from kwev.display.figure import Origin
from kwev.display.style import MINUS
from kwev.errors import KwevError
from kwev.files import read_json
from kwev.studies.study import Point, results
from kwev.units import POINTS
from kwev.vocabulary import TARGET_KEYS, TARGET_NAMES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from kwev.config import Config
    from kwev.project import Project
    from kwev.report.scenario import Report

    Changes = Mapping[str, Mapping[str, Any]]

SCENARIO: Final = "recommended"
GEOGRAPHY: Final = "cell"
"""The plan that the book publishes, and that the sweeps start from."""

GAP: Final = 0.005
"""Gap at which the plans of the sweeps stop (share): half a percent takes a quarter of a minute
of one core, and the published plan goes on."""

SWINGS, UNCHANGED = "swings", "base"
"""Name of the study of assumptions, and how the names of its unchanged points begin."""


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


def ledger(project: Project) -> list[dict[str, Any]]:
    """Return the assumptions of ``data/assumptions.json``."""
    found: list[dict[str, Any]] = read_json(project.root / "data" / "assumptions.json")
    return found


def assumption_names(project: Project) -> dict[str, str]:
    """Return the ledger's words for each assumption, or group that moves together, by its key."""
    known = ledger(project)
    groups = {e["group"]: f"{e['group'].capitalize()} costs, all" for e in known if "group" in e}
    return groups | {e["key"]: e["what"] for e in known}


def ranges(project: Project) -> tuple[Range, ...]:
    """Return the assumptions of ``data/assumptions.json`` that are varied, in its order.

    Those without a range are not, nor those that no row of the model reads.
    """
    found: dict[str, Range] = {}
    for entry in ledger(project):
        if entry["low"] is None or entry["high"] is None or not entry.get("in_model", True):
            continue
        group = entry.get("group", entry["key"])
        known = found.setdefault(group, Range(group, {}, {}))
        known.low[entry["key"]], known.high[entry["key"]] = entry["low"], entry["high"]
    return tuple(found.values())


def shown_gap(rows: pd.DataFrame) -> pd.Series[float]:
    """Return the gap to print beside plans of a study (share of the objective).

    The checked one, which multipliers prove; the solver's own where they prove none.
    """
    return rows["gap_checked"].fillna(rows["gap"])


def own_gap(rows: pd.DataFrame) -> pd.Series[float]:
    """Return the solver's own gap (share), where a rule makes the checked bound say nothing."""
    return rows["gap"]


def with_radii(rows: pd.DataFrame, points: Iterable[Point]) -> pd.DataFrame:
    """Return rows of a study with the reach of each plan: ``l2_radius_m`` and ``l3_radius_m``.

    A table whose plans differ in reach says so: a larger radius reaches more with the same plan.
    """
    reach = [point.case.config.coverage for point in points]
    return rows.assign(
        l2_radius_m=[own.l2_radius_m for own in reach],
        l3_radius_m=[own.l3_radius_m for own in reach],
    )


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


def changed(config: Config, values: Mapping[str, Any]) -> Config:
    """Return a configuration with the values of dotted keys put in."""
    return config.with_values(**{key.replace(".", "__"): v for key, v in values.items()})


def published(project: Project) -> Config:
    """Return the scenario of the plan that the book publishes."""
    return load_config(SCENARIO, project.config)


def case_of(config: Config, values: Mapping[str, Any]) -> Case:
    """Return the published plan with the values of dotted keys put in, to the gap of the sweeps."""
    made = changed(config, values)
    if made != config:
        made = changed(made, {"solver.mip_gap": GAP, "solver.extremes": False, **values})
    return Case(SCENARIO, made, GEOGRAPHY)


def swings(project: Project, assumptions: Iterable[Range]) -> list[Swing]:
    """Return each assumption at each end of its range, where that is not its value already."""
    config = published(project)
    return [
        Swing(
            known.key,
            end,
            next(iter(values.values())) if len(values) == 1 else None,
            case_of(config, values),
        )
        for known in assumptions
        for end, values in (("low", known.low), ("high", known.high))
        if any(value != value_at(config, key) for key, value in values.items())
    ]


def swing_points(project: Project, assumptions: Iterable[Range]) -> list[Point]:
    """Return the points of the study ``swings``: the published plan itself, then each swing."""
    return [
        Point(SWINGS, UNCHANGED, case_of(published(project), {})),
        *(
            Point(SWINGS, f"{swing.key}.{swing.end}", swing.case)
            for swing in swings(project, assumptions)
        ),
    ]


def one_at_a_time(project: Project, assumptions: Iterable[Range]) -> pd.DataFrame:
    """Return what changes with one assumption after the other at either end of its range.

    Read from the committed rows of the study ``swings``.

    Returns
    -------
    pandas.DataFrame
        One row an assumption and end: ``key``, ``end``, ``value``, the change against the
        published plan in ``l2``, ``l3``, ``ev_owners`` (points, on the cells) and ``net_cad``, and
        ``violations`` of the plan's certificate.

    Raises
    ------
    KwevError
        If a row of the study is missing, damaged or stale.
    """
    known = list(assumptions)
    rows = {
        row["name"]: row
        for row in results(project, swing_points(project, known)).to_dict("records")
    }
    before = rows[UNCHANGED]
    found = []
    for swing in swings(project, known):
        after = rows[f"{swing.key}.{swing.end}"]
        found.append(
            (swing.key, swing.end, swing.value,
             *(POINTS * (after[name] - before[name]) for name in TARGET_KEYS),
             after["net_cad"] - before["net_cad"], after["violations"])
        )  # fmt: skip
    columns = ["key", "end", "value", *TARGET_KEYS, "net_cad", "violations"]
    return pd.DataFrame(found, columns=columns)


# -- one choice after another ------------------------------------------------------------------

STEP_CAD: Final = 500_000.0
"""Step of money between two budgets that are solved (CAD)."""

PRICES: Final = ("l2_port_cad", "l3_port_cad")
FACTORS: Final = (0.5, 0.75, 1.0, 1.25, 1.5, 2.0)
"""What each price is multiplied by, alone, and both together."""

NAMED: Final = ("base", "aggressive", "balanced", "conservative", "high_budget", "low_budget")
"""The client's scenarios and both test configurations (specification, section 2: Scenarios)."""


def _along(key: str, *values: float | str) -> dict[str, dict[str, Any]]:
    return {f"{v:g}" if isinstance(v, float) else str(v): {key: v} for v in values}


def _budgets(*cad: float, **more: float) -> dict[str, dict[str, Any]]:
    more = {key.replace("__", "."): value for key, value in more.items()}
    return {f"{limit / 1000:.0f}k": {"budget.limit_cad": limit, **more} for limit in cad}


def _steps(first: float, last: float, step: float) -> list[float]:
    return [first + step * n for n in range(round((last - first) / step) + 1)]


LANDS: Final = {
    "own": ["own"],
    "own-and-partner": ["own", "partner"],
    "no-homes": ["own", "partner", "customers"],
}
"""Whose land the study ``land`` builds on, beside the published plan's own."""

CHANGES: Final[dict[str, Changes]] = {
    # two to six million dollars (client's specification, section 3.4.1)
    "budget": _budgets(*_steps(2e6, 6e6, STEP_CAD)),
    "targets": {
        f"l2-{l2:g}-l3-{l3:g}": {"targets.l2": l2, "targets.l3": l3}
        for l2, l3 in product((0.4, 0.85, 0.95), (0.75, 0.85, 0.9))
    },
    # what a point that is missing of a target costs, against a point of the objective
    "shortfall-price": {
        **_along("objective.shortfall_points_per_point", 0.0, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0),
        "first": {"objective.mode": "lexicographic"},
    },
    "land": {"all": {}, **{name: {"siting.land": land} for name, land in LANDS.items()}},
    "l2-radius": _along("coverage.l2_radius_m", *_steps(400.0, 800.0, 100.0)),
    "l3-radius": _along("coverage.l3_radius_m", *_steps(3_000.0, 7_000.0, 1_000.0)),
    "power": {
        f"{l2:g}-{l3:g}": {"power.l2_kw": l2, "power.l3_kw": l3}
        for l2, l3 in product((19.2, 7.2), (350.0, 150.0))
    },
    "resale": _along("costs.resale_factor", 0.0, 0.5, 1.0),
    "weights": {
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
    # the grid proxy of every place
    "grid": _along("siting.grid_factor", 0.5, 0.75, 1.0, 1.5, 2.0),
    "energy": {
        f"{key}-{value:g}": {f"demand.{key}": value}
        for key, values in (
            ("utilisation", (0.05, 0.1, 0.2)), ("kwh_per_ev_year", (2_500.0, 4_000.0)),
        )
        for value in values
    },
    "ports": {
        **{f"min_l2-{n}": {"ports.min_l2": n} for n in (1, 2, 4)},
        **{f"min_l3-{n}": {"ports.min_l3": n} for n in (1, 2, 4)},
        **{f"retained_l2-{n}": {"ports.retained_l2": n} for n in (1, 2)},
        **{f"counts-{end}": {"siting.port_counts": end} for end in ("low", "high")},
    },
    "growth": _along("demand.ev_year", "now", "2030", "2035"),
}  # fmt: skip
"""What each study changes in the published plan: values of dotted keys, by point."""


def points(project: Project, study: str) -> list[Point]:
    """Return the points of a study of :data:`CHANGES`."""
    return points_of(project, study, CHANGES[study])


def points_of(project: Project, study: str, changes: Changes) -> list[Point]:
    """Return a point for each set of changes to the published plan (values by dotted key)."""
    config = published(project)
    return [Point(study, name, case_of(config, values)) for name, values in changes.items()]


def price_points(project: Project) -> list[Point]:
    """Vary each price of a port, and both together, from half to twice."""
    costs = published(project).costs
    sets = [*((price.removesuffix("_cad"), (price,)) for price in PRICES), ("all", PRICES)]
    changes = {
        f"{name}-{factor:g}": {f"costs.{p}": factor * getattr(costs, p) for p in some}
        for name, some in sets
        for factor in FACTORS
    }
    return points_of(project, "prices", changes)


def case_points(project: Project) -> list[Point]:
    """Take what the named cases change, each alone, wherever the published plan differs."""
    found = {}
    for name, path in scenario_paths(project.config).items():
        if path.parent.name == "cases":
            sections = read_json(path)
            del sections["description"]
            found[name] = {
                f"{section}.{key}": value
                for section, values in sections.items()
                for key, value in values.items()
            }
    found["straight_line"] = {"coverage.metric": "straight_line"}
    if "removal" in found:  # a region may have fewer cases
        removal = dict(published(project).as_dict()["siting"]["removal"])
        found["removal"] = {"siting.removal": removal | found["removal"]["siting.removal"]}
    cases = points_of(project, "cases", {"recommended": {}, **found})
    return [p for n, p in enumerate(cases) if n == 0 or p.case.config != cases[0].case.config]


def geography_points(project: Project) -> list[Point]:
    """Plan the published scenario on census tracts and on dissemination areas too."""
    return [
        Point("geography", at, Case(SCENARIO, published(project), at))
        for at in ("tract", "da", GEOGRAPHY)
    ]


def scenario_points(project: Project) -> list[Point]:
    """Solve the client's scenarios and both test configurations on the cells, as they are."""
    configs = {name: load_config(name, project.config) for name in NAMED}
    return [
        Point(
            "scenarios",
            name,
            Case(
                name,
                config
                if name == "base"
                else config.with_values(solver__mip_gap=GAP, solver__extremes=False),
                GEOGRAPHY,
            ),
        )
        for name, config in configs.items()
    ]


STUDIES: Final[dict[str, Callable[[Project], list[Point]]]] = {
    **{name: partial(points, study=name) for name in CHANGES},
    "prices": price_points,
    "cases": case_points,
    "geography": geography_points,
    SWINGS: lambda project: swing_points(project, ranges(project)),
    "scenarios": scenario_points,
}
"""Studies of this chapter by name: what makes their points."""


def origin(report: Report) -> Origin:
    """Return the origin of what is read from the sweeps."""
    seen = origins.plan(report.tables, report.plan)
    return Origin(f"kwev, sweeps of scenario {report.scenario}; open data", seen.vintage)


# -- the ledger, and what hangs on each assumption -----------------------------------------------

TELLS_POINTS: Final = 1.0
"""A change of coverage that is less than this is within what plans as good differ by (points)."""

SMALL_POINTS = 0.1
"""Smaller changes of coverage than this are not told: another plan inside the gap has them too."""

NOT_IN_MODEL = "nothing: no row of the model reads it"


def assumptions(report: Report) -> pd.DataFrame:
    """Return each planning choice: value from the configuration, range, source, where it enters.

    ``hangs`` says in words which coverage moves most when the choice goes to either end of its
    range, and ``net_cad`` by how much the net cost moves at most (CAD, NaN where not varied).

    Raises
    ------
    KwevError
        If the ledger names a key that the configuration does not have.
    """
    changes = report.swings
    rows = []
    for entry in ledger(report.project):
        known = [_shown(bound) for bound in (entry["low"], entry["high"]) if bound is not None]
        ends = changes[changes["key"] == entry.get("group", entry["key"])]
        config = report.config
        if "case" in entry:  # where the published plan has none
            config = load_config(entry["case"], report.project.config)
        value, cost = value_at(config, entry["key"]), ends["net_cad"]
        rows.append(
            {
                "what": entry["what"],
                # a value that is a name of the configuration, as words
                "value": value.replace("_", " ") if isinstance(value, str) else value,
                "unit": entry["unit"],
                "range": " to ".join(known),
                "source": entry["source"],
                "enters": entry["enters"],
                "hangs": hangs(ends) if entry.get("in_model", True) else NOT_IN_MODEL,
                "net_cad": float(max(cost, key=abs)) if len(cost) else float("nan"),
                "key": entry["key"],
            }
        )
    return pd.DataFrame(rows)


def hangs(ends: pd.DataFrame) -> str:
    """Return in words what moves most at the ends of an assumption's range (rows of a sweep)."""
    if ends.empty:
        return "not varied"
    moves = [
        (float(row[target]), target, row)
        for row in ends.to_dict("records")
        for target in TARGET_NAMES
    ]
    change, target, row = max(moves, key=lambda move: abs(move[0]))
    if abs(change) < SMALL_POINTS:
        return f"nothing by {SMALL_POINTS:g} points"
    sign = "+" if change > 0 else MINUS
    value = row["value"]
    group = f"with the whole group at its {row['end']} end"
    where = f"at {_shown(value)}" if pd.notna(value) else group
    return f"{TARGET_NAMES[target]}: {sign}{abs(change):.1f} points {where}"


def _shown(value: float | str) -> str:
    """Return a number or the name of a choice as text."""
    return value if isinstance(value, str) else f"{value:,.10g}"
