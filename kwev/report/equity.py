"""Who is served, and the price of a floor: what the Region gives up to promise a group a share.

Each floor is the published plan solved again with one rule on. Floors are elastic: a person below
the floor of a group counts as much as a person below a target, so a floor that would cost the
targets more than it gives is missed in part, and what is missed is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from kwev.display import origins, style
from kwev.display.table import Column, table
from kwev.display.values import Number, Numbers, named
from kwev.errors import KwevError
from kwev.model.demand import share_of
from kwev.model.inputs import build_inputs
from kwev.report import sweeps
from kwev.report.accessibility import of_access
from kwev.report.effects import (
    HOUSEHOLD_NAMES,
    UNSCORED,
    fifths,
    of_served,
    people_in,
)
from kwev.report.memory import once
from kwev.units import POINTS
from kwev.vocabulary import GROUPS, HOUSEHOLDS, LEVEL_KEYS, LEVEL_NAMES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kwev.config import Config
    from kwev.display.table import Table
    from kwev.model.coverage import Level
    from kwev.project import Project
    from kwev.report.effects import Effects
    from kwev.report.scenario import Report
    from kwev.studies.study import Point

STUDY: Final = "equity"
BASE: Final = "base"
"""Name of the plan without a floor."""

TOWNSHIPS: Final = "The four townships"


@dataclass(frozen=True)
class Ask:
    """One floor of the study.

    Attributes
    ----------
    grouping
        ``municipality``, ``quintile`` or a kind of household (``kwev.model.demand.HOUSEHOLDS``).
    level
        Of charger.
    floor
        Least share of each group's people in reach (0 to 1).
    extra_cad
        Money beyond the scenario's budget (CAD).
    """

    grouping: str
    level: Level
    floor: float
    extra_cad: float = 0.0

    @property
    def name(self) -> str:
        """Name of its plan in the study."""
        more = f"-plus{self.extra_cad / 1000:.0f}k" if self.extra_cad else ""
        return f"{self.grouping.replace('_', '-')}-{self.level}-{POINTS * self.floor:.0f}{more}"

    @property
    def key(self) -> str:
        """Key of its rule in the configuration, with ``__`` between the parts."""
        parent = "groups__" if self.grouping in HOUSEHOLDS else ""
        return f"rules__{parent}{self.grouping}__{self.level}"


FLOORS: Final = (
    *(Ask("municipality", "l3", floor) for floor in (0.25, 0.5, 0.85)),
    *(Ask("municipality", "l2", floor) for floor in (0.2, 0.3)),
    Ask("quintile", "l3", 0.9),
    Ask("quintile", "l2", 0.35),
    Ask("renters", "l2", 0.65),
    Ask("multi_unit", "l2", 0.8),
    Ask("low_income", "l2", 0.8),
)
"""Floors above what the published plan gives the group that has least."""

PRICED: Final = Ask("municipality", "l3", 0.5)
"""The floor that the text tells of, and that is solved again with more money."""

EXTRA_CAD: Final = (250_000.0, 1_000_000.0)
"""Money added to the budget beside :data:`PRICED` (CAD)."""


def asks() -> tuple[Ask, ...]:
    """Return every floor of the study, those with more money last."""
    richer = (Ask(PRICED.grouping, PRICED.level, PRICED.floor, extra) for extra in EXTRA_CAD)
    return (*FLOORS, *richer)


def points(project: Project) -> list[Point]:
    """Return the plans of the study: the published plan, and one a floor."""
    limit_cad = sweeps.published(project).budget.limit_cad
    floors = {
        ask.name: {
            ask.key.replace("__", "."): ask.floor, "budget.limit_cad": limit_cad + ask.extra_cad
        }
        for ask in asks()
    }  # fmt: skip
    return sweeps.points_of(project, STUDY, {BASE: {}, **floors})


def prices(effects: Effects, results: pd.DataFrame) -> pd.DataFrame:
    """Return what each floor gives its group and takes from the Region, on the cells.

    Parameters
    ----------
    effects
        Of the published scenario, whatever plan: its cells, possible actions and reach.
    results
        Rows of the study (:func:`kwev.studies.study.results`): ``name``, ``budget_cad``,
        ``actions``.

    Returns
    -------
    pandas.DataFrame
        ``name``, ``grouping``, ``level``, ``floor`` (share), ``extra_cad`` (CAD), ``who`` (the
        group that has least in the published plan; of municipalities the townships together),
        ``people``, ``before`` and ``after`` (share of the group in reach without and with the
        floor), ``most`` (the same with every possible site built), ``missed`` (share of the
        Region's people below the floor of their group, on the model's demand points),
        ``l2_price``, ``l3_price`` (points of the Region's people lost, negative where won) and
        ``l2``, ``l3`` (shares of the Region).

    Raises
    ------
    KwevError
        If the study lacks a plan, or a plan has an action that the scenario does not allow.
    """
    builds = {
        str(name): _build(effects, str(actions))
        for name, actions in zip(results["name"], results["actions"], strict=True)
    }
    lost = [name for name in (BASE, *(ask.name for ask in asks())) if name not in builds]
    if lost:
        raise KwevError(f"no plan named {lost[0]!r}", where=f"study {STUDY}")
    everybody = effects.cells.people
    model = build_inputs(effects.tables, _all_groups(effects.config), sweeps.GEOGRAPHY)
    from kwev.model.formulation import missed  # noqa: PLC0415 -- cvxpy loads only where it solves

    rows = []
    for ask in asks():
        groups = groups_of(effects, ask.grouping)
        who, people = _least(effects, groups, ask, builds[BASE])
        region = {
            (level, name): _reached(effects, level, builds[name], everybody)
            for level in LEVEL_KEYS
            for name in (BASE, ask.name)
        }
        rows.append(
            {
                "name": ask.name,
                **vars(ask),
                "who": who,
                "people": float(people.sum()),
                "before": _reached(effects, ask.level, builds[BASE], people),
                "after": _reached(effects, ask.level, builds[ask.name], people),
                "most": _most(effects, ask.level, people),
                # a floor reads no port
                "missed": missed(
                    model,
                    effects.config.with_values(**{ask.key: ask.floor}),
                    builds[ask.name],
                    np.zeros(len(builds[ask.name]), np.int64),
                )[f"{ask.grouping}_{ask.level}"],
                **{
                    f"{level}_price": POINTS * (region[level, BASE] - region[level, ask.name])
                    for level in LEVEL_KEYS
                },
                **{f"{level}": region[level, ask.name] for level in LEVEL_KEYS},
            }
        )
    return pd.DataFrame(rows)


def _build(effects: Effects, actions: str) -> NDArray[np.bool_]:
    """Return shape (m,): the columns that a plan of the study builds (``id:ports``, blanks)."""
    build = np.zeros(len(effects.columns), bool)
    for action in actions.split():
        name = action.rsplit(":", 1)[0]
        if name not in effects.column_of:
            hint = "Run `kwev sweep equity`."
            raise KwevError(f"no action {name!r} in the scenario", where="study equity", hint=hint)
        build[effects.column_of[name]] = True
    return build


def groups_of(effects: Effects, grouping: str) -> dict[str, NDArray[np.float64]]:
    """Return shape (n,): the people of each cell in each group of a grouping, by name."""
    cells = effects.cells
    if grouping == "municipality":
        table = effects.tables.municipalities.sort_values("name")
        return {
            str(name): np.where(cells.municipality == str(key), cells.people, 0.0)
            for key, name in zip(table["municipality_id"], table["name"], strict=True)
        }
    if grouping == "quintile":
        return {
            name: people
            for name, people in fifths(effects).items()
            if name != UNSCORED and people.sum() > 0
        }
    return {HOUSEHOLD_NAMES[grouping][0]: people_in(effects, grouping)}


def _least(
    effects: Effects,
    groups: dict[str, NDArray[np.float64]],
    ask: Ask,
    build: NDArray[np.bool_],
) -> tuple[str, NDArray[np.float64]]:
    """Return whom a floor is for: the group with the least share, or the townships together."""
    if ask.grouping == "municipality":
        kinds = effects.tables.municipalities.set_index("name")["kind"]
        parts = [people for name, people in groups.items() if kinds[name] == "township"]
        return TOWNSHIPS, np.asarray(np.sum(parts, axis=0))
    name = min(groups, key=lambda one: _reached(effects, ask.level, build, groups[one]))
    return name, groups[name]


def _reached(
    effects: Effects, level: Level, build: NDArray[np.bool_], people: NDArray[np.float64]
) -> float:
    return share_of(people, effects.reach[level].covered(build))


def _most(effects: Effects, level: Level, people: NDArray[np.float64]) -> float:
    """Return the share of people whom every station and every possible site together reach."""
    reach = effects.reach[level]
    gains = np.diff((reach.change > 0).tocsr().indptr) > 0
    return share_of(people, (reach.fixed + reach.losable >= 1) | gains)


def _all_groups(config: Config) -> Config:
    """Return the scenario with a floor of nothing for each kind of household: inputs know all."""
    return config.with_values(**{f"rules__groups__{kind}__l2": 0.0 for kind in HOUSEHOLDS})


def dollars_back(table: pd.DataFrame, l2_before: float) -> float | None:
    """Return the money that brings Level 2 back to what it was without the floor (CAD).

    Read between the plans of :data:`PRICED` with more and more money, in a straight line.

    Parameters
    ----------
    table
        What :func:`prices` returns.
    l2_before
        Share of the Region's people near Level 2 in the plan without a floor.

    Returns
    -------
    float or None
        None where even the most money tried does not bring it back.
    """
    same = (table["grouping"] == PRICED.grouping) & (table["level"] == PRICED.level)
    rows = table[same & (table["floor"] == PRICED.floor)].sort_values("extra_cad")
    money, share = rows["extra_cad"].to_numpy(float), rows["l2"].to_numpy(float)
    for i in range(len(share)):
        if share[i] >= l2_before:
            if i == 0:
                return 0.0
            part = (l2_before - share[i - 1]) / (share[i] - share[i - 1])
            return float(money[i - 1] + part * (money[i] - money[i - 1]))
    return None


def sentence(row: pd.Series) -> str:
    """Return what a floor gives and takes, in a sentence without its full stop.

    Parameters
    ----------
    row
        One row of :func:`prices`.
    """
    level, every = LEVEL_NAMES[str(row["level"])], _EVERY[str(row["grouping"])]
    gives = f"takes {_the(str(row['who']))} from {row['before']:.1%} to {row['after']:.1%}"
    if round(POINTS * (row["after"] - row["before"]), 1) == 0:
        gives = f"leaves {_the(str(row['who']))} at {row['after']:.1%}"
    told = f"a floor of {row['floor']:.0%} near {level} {every} {gives}, and {_costs(row)}"
    if row["missed"] > _TOLD_FROM:
        told += (
            f"; {row['missed']:.1%} of the Region's people are still below it, by the model's own "
            "count"
        )
    return told


_TOLD_FROM: Final = 0.0005
"""Share of people below a floor from which a sentence tells of it."""

_EVERY: Final = {group.key: group.who for group in GROUPS}


def _the(who: str) -> str:
    """Return a group's name inside a sentence."""
    lower = who[0].lower() + who[1:]
    if lower.startswith("in "):
        return f"people {lower}"
    return f"the {lower}" if lower.endswith(" fifth") else lower


def _costs(row: pd.Series) -> str:
    """Return what the Region loses or wins at each level, in words."""
    parts: dict[bool, list[str]] = {True: [], False: []}
    for level, name in LEVEL_NAMES.items():
        points = round(float(row[f"{level}_price"]), 1)
        if points:
            words = "point" if abs(points) == 1 else "points"
            parts[points > 0].append(f"{abs(points):.1f} {words} of {name}")
    costs, gives = (" and ".join(parts[key]) for key in (True, False))
    if costs and gives:
        return f"costs the Region {costs} and brings it {gives}"
    if gives:
        return f"brings the Region {gives}"
    return f"costs the Region {costs or 'nothing that shows in a tenth of a point'}"


DOLLAR_DIGITS: Final = 4
"""Digits of money that are left out: it is read between two plans in a straight line."""


def dollars_words(back: float | None) -> str:
    """Return what it takes to keep Level 2 as it was beside the floor, in words."""
    if back is None:
        most = max(EXTRA_CAD)
        return f"not even ${most:,.0f} more would keep Level 2 where it is without the floor"
    if back <= 0:
        return "Level 2 is no lower than without the floor"
    about = round(back, -DOLLAR_DIGITS)
    return f"about ${about:,.0f} more would keep Level 2 where it is without the floor"


CHEAP_POINTS: Final = 0.5
"""Points of the Region, both levels together, up to which a floor is called cheap."""


# -- Named values and tables.

TOLD: Final = {
    "floor_towns_l3": PRICED,
    "floor_towns_l3_high": Ask("municipality", "l3", 0.85),
    "floor_towns_l2": Ask("municipality", "l2", 0.3),
    "floor_fifth_l3": Ask("quintile", "l3", 0.9),
    "floor_renters_l2": Ask("renters", "l2", 0.65),
}
"""Floors whose sentence the text prints, by the number's name."""


@once
def of_equity(report: Report) -> Numbers:
    """Return the numbers of the sections on who is served and on the price of a floor."""
    return of_served(report) | of_access(report) | Numbers(_floors(report))


def _floors(report: Report) -> list[Number]:
    table, plans = report.floor_prices, report.study(STUDY)
    l2_base = float(plans.loc[plans["name"] == BASE, "l2"].iloc[0])
    rows = {name: _row(table, ask) for name, ask in TOLD.items()}
    priced, towns_l2 = rows["floor_towns_l3"], rows["floor_towns_l2"]
    homes = table[(table["level"] == "l2") & (table["grouping"] != "municipality")]
    cost = homes["l2_price"].clip(lower=0) + homes["l3_price"].clip(lower=0)
    cheap = {"floor_cheap": int((cost <= CHEAP_POINTS).sum()), "floor_cheap_tried": len(homes)}
    gain = POINTS * float((homes["after"] - homes["before"]).max())
    told = {f"{name}_sentence": sentence(row) for name, row in rows.items()}
    return [
        *named(
            "study equity",
            count={"floor_plans": len(table), **cheap},
            points={"floor_cheap_gain": gain, "floor_cheap_points": CHEAP_POINTS},
            text={
                **{name: text[0].upper() + text[1:] for name, text in told.items()},
                "floor_dollars_back": dollars_words(dollars_back(table, l2_base)),
            },
        ),
        *named("cells.population", people={"floor_towns_people": priced["people"]}),
        *named(
            "cells and sites",
            share={"floor_towns_l3_most": priced["most"], "floor_towns_l2_most": towns_l2["most"]},
        ),
    ]


def _row(table: pd.DataFrame, ask: Ask) -> pd.Series:
    found = table[table["name"] == ask.name]
    if len(found) != 1:
        raise KwevError(f"no plan named {ask.name!r}", where=f"study {STUDY}")
    return found.iloc[0]


ASKED_OF: Final = {
    "municipality": "Every municipality",
    "quintile": "Every fifth of deprivation",
    **{kind: names[0] for kind, names in HOUSEHOLD_NAMES.items()},
}


def floor_table(report: Report) -> Table:
    """Return what each floor gives its group and takes from the Region."""
    frame = report.floor_prices
    frame = frame.assign(
        asked=frame["grouping"].map(ASKED_OF),
        kind=frame["level"].map(LEVEL_NAMES),
        gives=_signed(-frame["l2_price"]),
        takes=_signed(-frame["l3_price"]),
        more=frame["extra_cad"].where(frame["extra_cad"] > 0),
    )
    columns = (
        "asked floor more who",
        Column("before", "Recommended plan", format=".1%"),
        Column("after", "With the floor", format=".1%"),
        "most gives takes missed",
    )
    return table("floors", frame, columns, origins.of_homes(report.origin), group="kind")


def _signed(values: pd.Series) -> list[str]:
    """Return points with their sign, a true minus; what rounds to nothing is 0.0."""
    texts = [f"{value:+.1f}" for value in values]
    return ["0.0" if float(text) == 0 else text.replace("-", style.MINUS) for text in texts]
