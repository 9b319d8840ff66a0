"""What the sweeps say, in tables, read once from committed rows of plans solved again."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from kwev.certify import ActionKey, Evaluation
from kwev.errors import KwevError
from kwev.files import read_json
from kwev.report import picks, prices, registry, sweeps
from kwev.report.phases import PHASES, phase_of
from kwev.studies.rows import actions_of
from kwev.units import CAD_PER_MILLION, POINTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kwev.data.tables import Tables
    from kwev.plan.format import Plan
    from kwev.project import Project
    from kwev.studies.study import Point

MONEY_TOL: Final = 0.5
"""Two budgets are a step apart within half a dollar."""


def steps(rows: pd.DataFrame, step_cad: float, people: float) -> pd.DataFrame:
    """Return what a step of money buys from each budget that was solved with and without it.

    It is shown by solving again, never read off a multiplier.

    Parameters
    ----------
    rows
        Rows of the study ``next-100k``.
    step_cad
        The step (CAD).
    people
        People of the Region.

    Returns
    -------
    pandas.DataFrame
        One row a budget, rising: ``budget_cad``, ``step_cad``, ``spent_cad`` (how much more the
        plan with the step costs), gains in ``l2_points`` and ``l3_points`` and as ``l2_people``
        and ``l3_people`` (on the cells; negative where fewer), ``shortfall_points`` (how much less
        is missing on the model's points) and ``objective_points``.

    Raises
    ------
    KwevError
        If no two budgets are a step apart.
    """
    records, found = [dict(row) for row in rows.to_dict("records")], []
    for one in records:
        for other in records:
            if abs(other["budget_cad"] - one["budget_cad"] - step_cad) >= MONEY_TOL:
                continue
            l2, l3 = (other[level] - one[level] for level in ("l2", "l3"))
            found.append(
                {
                    "budget_cad": one["budget_cad"],
                    "step_cad": step_cad,
                    "spent_cad": other["net_cad"] - one["net_cad"],
                    "l2_points": POINTS * l2,
                    "l3_points": POINTS * l3,
                    "l2_people": people * l2,
                    "l3_people": people * l3,
                    "shortfall_points": one["shortfall_points"] - other["shortfall_points"],
                    "objective_points": other["objective"] - one["objective"],
                }
            )
    if not found:
        raise KwevError(f"no two budgets are {step_cad:,.0f} CAD apart", where="next-100k")
    return pd.DataFrame(found).sort_values("budget_cad", ignore_index=True)


# -- the grid of targets -----------------------------------------------------------------------

NOTHING_POINTS: Final = 1e-3
"""Less missing than this is nothing missing: the second stage may miss so much."""

VERDICTS: Final = {
    "met": "met on the cells",
    "model": "met on the model's points, not on the cells",
    "budget": "out of reach of the budget, proven",
    "money": "out of reach of any money, proven",
    "open": "not met, not proven out of reach",
}
"""What is known of a pair of targets, in words."""

_MEASURED: Final = ["least_budget_cad", "shortfall_points", "l2", "l3", "l2_model", "l3_model"]


def grid(points: list[Point], rows: pd.DataFrame) -> pd.DataFrame:
    """Return what is known of each pair of targets.

    On the model's demand points a pair is out of reach of the budget where multipliers show, in
    whole numbers, that some shortfall is left in every plan, and of any money where a target is
    above what every candidate built together reaches. What is met there may be missed on the
    cells, where it counts.

    Parameters
    ----------
    points, rows
        Points of the study ``targets`` and its rows, in the same order.

    Returns
    -------
    pandas.DataFrame
        ``l2_target``, ``l3_target``, ``verdict`` (a key of :data:`VERDICTS`), ``words``,
        ``least_budget_cad`` (NaN where none is known), ``shortfall_points`` and the coverage.
    """
    found = []
    for point, row in zip(points, rows.to_dict("records"), strict=True):
        wanted = point.case.config.targets
        key = verdict(wanted.l2, wanted.l3, row)
        found.append(
            {"l2_target": wanted.l2, "l3_target": wanted.l3, "verdict": key, "words": VERDICTS[key],
             **{name: row[name] for name in _MEASURED}}
        )  # fmt: skip
    return pd.DataFrame(found)


def verdict(l2: float, l3: float, row: Mapping[Any, Any]) -> str:
    """Return what a row of a study says of the targets that it was asked for."""
    if row["l2_status"] == "met" and row["l3_status"] == "met":
        return "met"
    if row["shortfall_points"] <= NOTHING_POINTS:
        return "model"
    if row["l2_ceiling"] < l2 or row["l3_ceiling"] < l3:
        return "money"
    checked = row["shortfall_checked_points"]
    return "budget" if pd.notna(checked) and checked > NOTHING_POINTS else "open"


def cross(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the grid with a row for each Level 2 target and a column for each Level 3 target.

    A cell says the verdict, and the least budget where one is known.
    """
    known = frame["least_budget_cad"].notna() & frame["verdict"].isin(["model", "budget", "met"])
    least = [f"; from ${cad / CAD_PER_MILLION:.2f} million" for cad in frame["least_budget_cad"]]
    told = frame.assign(cell=frame["words"] + pd.Series(least, frame.index).where(known, ""))
    table = told.pivot_table(index="l2_target", columns="l3_target", values="cell", aggfunc="first")
    table.columns = [f"l3_{share:g}" for share in table.columns]
    return table.reset_index()


# -- assumptions, and how far equal plans lie apart --------------------------------------------

_TORNADO: Final = ["key", "what", "low", "high", "low_value", "high_value", "span"]


def tornado(changes: pd.DataFrame, measure: str, names: Mapping[str, str]) -> pd.DataFrame:
    """Return the change at both ends of each assumption, widest span first.

    Parameters
    ----------
    changes
        As :func:`kwev.report.sweeps.one_at_a_time` gives it.
    measure
        ``l2``, ``l3`` or ``ev_owners`` (points) or ``net_cad`` (CAD).
    names
        Words for each key.

    Returns
    -------
    pandas.DataFrame
        ``key``, ``what``, ``low`` and ``high`` (change at that end; 0 where the end is the value
        already), ``low_value`` and ``high_value`` (of the assumption; None for a group or where
        the end is the value already) and ``span``, from the lowest to the highest of the changes
        and 0.
    """
    found = []
    for key, ends in changes.groupby("key", sort=False):
        at: dict[str, Any] = {str(r["end"]): r for r in ends.to_dict("records")}
        low, high = (float(at[end][measure]) if end in at else 0.0 for end in ("low", "high"))
        values = [at[end]["value"] if end in at else None for end in ("low", "high")]
        span = max(low, high, 0.0) - min(low, high, 0.0)
        found.append((str(key), names.get(str(key), str(key)), low, high, *values, span))
    table = pd.DataFrame(found, columns=_TORNADO)
    return table.sort_values(["span", "key"], ascending=[False, True], ignore_index=True)


def noise(rows: pd.DataFrame, measure: str) -> float:
    """Return how far plans that the model takes for equal lie apart on the cells (share).

    Parameters
    ----------
    rows
        Rows of plans of one scenario and geography with a few choices changed.
    measure
        ``l2`` or ``l3``: the widest span of it among rows whose coverage of both levels on the
        model's points and whose shortfall are the same.
    """
    same = ["l2_model", "l3_model", "shortfall_points"]
    spans = rows.groupby([rows[name].round(9) for name in same])[measure].agg(["min", "max"])
    return float((spans["max"] - spans["min"]).max())


def dips(rows: pd.DataFrame, along: str, value: str) -> list[tuple[float, float, float]]:
    """Return where a value falls along a sweep: from where, to where, and by how much."""
    ordered = rows.sort_values(along)
    pairs = list(zip(ordered[along].tolist(), ordered[value].tolist(), strict=True))
    return [(a, b, x - y) for (a, x), (b, y) in pairwise(pairs) if y < x]


# -- everything, read once ---------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Readings:
    """What the sweeps say; each table is described where it is computed.

    Attributes
    ----------
    project, tables
        The checkout and its processed data.
    published
        The plan that the book publishes.
    changes
        As :func:`kwev.report.sweeps.one_at_a_time` gives it.
    """

    project: Project
    tables: Tables
    published: Plan
    changes: pd.DataFrame

    def study(self, name: str) -> pd.DataFrame:
        """Return the committed rows of a study, read once."""
        if name not in self._read:
            self._read[name] = registry.results(self.project, name)
        return self._read[name]

    @cached_property
    def _read(self) -> dict[str, pd.DataFrame]:
        return {}

    def along(self, name: str, key: str) -> pd.DataFrame:
        """Return the rows of a study with the value of a dotted key in the column ``value``."""
        points = registry.points(self.project, name)
        return self.study(name).assign(
            value=[sweeps.value_at(point.case.config, key) for point in points]
        )

    @property
    def people(self) -> float:
        """People of the Region."""
        return float(self.tables.cells["population"].sum())

    @cached_property
    def steps(self) -> pd.DataFrame:
        """:func:`kwev.report.readings.steps`."""
        return steps(self.study("next-100k"), sweeps.STEP_CAD, self.people)

    @cached_property
    def target_grid(self) -> pd.DataFrame:
        """:func:`kwev.report.readings.grid`."""
        return grid(registry.points(self.project, "targets"), self.study("targets"))

    @cached_property
    def prices(self) -> pd.DataFrame:
        """:func:`kwev.report.prices.ladders`."""
        return prices.ladders(registry.points(self.project, "prices"), self.study("prices"))

    @cached_property
    def break_even(self) -> pd.DataFrame:
        """:func:`kwev.report.prices.break_even`."""
        return prices.break_even(self.prices)

    @cached_property
    def worth(self) -> pd.DataFrame:
        """:func:`kwev.report.prices.worth`."""
        return prices.worth(self.prices, self.study("budget"))

    @cached_property
    def picks(self) -> pd.DataFrame:
        """:func:`kwev.report.picks.picks`."""
        base = self.study("geography")
        return picks.picks(
            (self.study(name) for name in picks.STUDIES),
            base[base["name"] == sweeps.GEOGRAPHY],
            self.published,
            self.tables,
        )

    @cached_property
    def plans_counted(self) -> int:
        """Different plans over which picks are counted."""
        return len({key for name in picks.STUDIES for key in self.study(name)["key"]})

    @cached_property
    def assumption_names(self) -> dict[str, str]:
        """The ledger's words for each assumption, or group that moves together, by its key."""
        ledger = read_json(self.project.root / "data" / "assumptions.json")
        groups = {
            e["group"]: f"{e['group'].capitalize()} costs, all" for e in ledger if "group" in e
        }
        names = {
            e["key"]: e["what"] + (", on tracts" if e["key"] in sweeps.HARD else "") for e in ledger
        }
        return {**groups, **names}

    def tornado(self, measure: str) -> pd.DataFrame:
        """Return :func:`kwev.report.readings.tornado` of a measure."""
        return tornado(self.changes, measure, self.assumption_names)

    @cached_property
    def on_cells(self) -> pd.DataFrame:
        """Five budgets planned on the cells beside the same planned on dissemination areas.

        Rows of the study ``cells`` with ``l2_da`` and ``l3_da`` (shares on the cells of the plan
        made on areas) and ``shared`` (part of the actions on the areas that both plans take).
        """
        other = self.study("budget").set_index("budget_cad")
        rows = []
        for row in self.study("cells").to_dict("records"):
            if row["budget_cad"] not in other.index:
                continue
            coarse = other.loc[row["budget_cad"]]
            mine, theirs = (
                {action for action, _ in actions_of(str(text))}
                for text in (row["actions"], coarse["actions"])
            )
            shared = len(mine & theirs) / len(theirs) if theirs else float("nan")
            rows.append({**row, "l2_da": coarse["l2"], "l3_da": coarse["l3"], "shared": shared})
        return pd.DataFrame(rows)

    @cached_property
    def phases_by_budget(self) -> pd.DataFrame:
        """Net cost and actions of each phase, by budget.

        Columns: ``budget_cad``, and for each phase its ``phase<n>_actions`` and ``phase<n>_cad``
        (net of resale), worked out from the rows' actions by the certificate's code.
        """
        rows = []
        points = registry.points(self.project, "budget")
        for point, row in zip(points, self.study("budget").to_dict("records"), strict=True):
            evaluation = Evaluation(self.tables, point.case.config, point.case.geography)
            found: dict[str, float] = {"budget_cad": float(row["budget_cad"])}
            for phase in PHASES:
                found |= {f"phase{phase.number}_actions": 0, f"phase{phase.number}_cad": 0.0}
            for action, ports in actions_of(str(row["actions"])):
                key = ActionKey.from_id(action)
                if key is not None:
                    number, effect = phase_of(key.kind).number, evaluation.effect(key, ports)
                    found[f"phase{number}_actions"] += 1
                    found[f"phase{number}_cad"] += effect.purchase_cad - effect.resale_cad
            rows.append(found)
        return pd.DataFrame(rows)
