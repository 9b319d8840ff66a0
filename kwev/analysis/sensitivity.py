"""What changes with the assumptions: every point is a plan solved and certified again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from kwev import config as configuration
from kwev.config import Case
from kwev.errors import KwevError
from kwev.files import read_json
from kwev.study import Point, results
from kwev.units import POINTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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


TARGETS = ("l2", "l3", "ev_owners")
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
    config = configuration.load(scenario, project.config)
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
    config = configuration.load(scenario, project.config)
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
                **{name: POINTS * (after[name] - before[name]) for name in TARGETS},
                "net_cad": after["net_cad"] - before["net_cad"],
                "violations": after["violations"],
            }
        )
    return pd.DataFrame(told, columns=list(SWING_COLUMNS))
