"""The sweeps as the chapter reads them: each table computed once, from committed rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from kwev.analysis import breakeven, marginal, picks, slack, studies, sweeps, targetgrid, tornado
from kwev.analysis.phasing import PHASES
from kwev.analysis.sensitivity import HARD
from kwev.deeds import Place
from kwev.files import read_json
from kwev.retrace import Retrace
from kwev.study import actions_of

if TYPE_CHECKING:
    from kwev.plan import Plan
    from kwev.project import Project
    from kwev.study import Point
    from kwev.tables import Tables


@dataclass(frozen=True, eq=False)
class Readings:
    """What the sweeps say, in tables; each is described where it is computed.

    Attributes
    ----------
    project, tables
        The checkout and its processed data.
    published
        The plan that the book publishes.
    changes
        As :func:`kwev.analysis.sensitivity.one_at_a_time` gives it.
    """

    project: Project
    tables: Tables
    published: Plan
    changes: pd.DataFrame

    def study(self, name: str) -> pd.DataFrame:
        """Return the committed rows of a study, read once."""
        if name not in self._read:
            self._read[name] = studies.results(self.project, name)
        return self._read[name]

    @cached_property
    def _read(self) -> dict[str, pd.DataFrame]:
        return {}

    @property
    def people(self) -> float:
        """People of the Region."""
        return float(self.tables.cells["population"].sum())

    @cached_property
    def steps(self) -> pd.DataFrame:
        """:func:`kwev.analysis.marginal.steps`."""
        return marginal.steps(self.study("next-100k"), sweeps.STEP_CAD, self.people)

    def along(self, name: str, key: str) -> pd.DataFrame:
        """Return the rows of a study with the value of a dotted key in the column ``value``."""
        points = studies.points(self.project, name)
        return self.study(name).assign(value=[_value(point, key) for point in points])

    @cached_property
    def target_grid(self) -> pd.DataFrame:
        """:func:`kwev.analysis.targetgrid.grid`."""
        points = studies.points(self.project, "targets")
        return targetgrid.grid(points, self.study("targets"))

    @cached_property
    def prices(self) -> pd.DataFrame:
        """:func:`kwev.analysis.breakeven.ladders`."""
        return breakeven.ladders(studies.points(self.project, "prices"), self.study("prices"))

    @cached_property
    def break_even(self) -> pd.DataFrame:
        """:func:`kwev.analysis.breakeven.break_even`."""
        return breakeven.break_even(self.prices)

    @cached_property
    def worth(self) -> pd.DataFrame:
        """:func:`kwev.analysis.breakeven.worth`."""
        return breakeven.worth(self.prices, self.study("budget"))

    @cached_property
    def slack(self) -> pd.DataFrame:
        """:func:`kwev.analysis.slack.record`."""
        return slack.record(self.tables, self.published)

    @cached_property
    def picks(self) -> pd.DataFrame:
        """:func:`kwev.analysis.picks.picks`."""
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
        keys = {key for name in picks.STUDIES for key in self.study(name)["key"]}
        return len(keys)

    def tornado(self, measure: str) -> pd.DataFrame:
        """Return :func:`kwev.analysis.tornado.tornado` of a measure, in the ledger's words."""
        ledger = read_json(self.project.root / "data" / "assumptions.json")
        names = {
            entry["key"]: entry["what"] + (", on tracts" if entry["key"] in HARD else "")
            for entry in ledger
        }
        groups = {
            e["group"]: f"{e['group'].capitalize()} costs, all" for e in ledger if "group" in e
        }
        return tornado.tornado(self.changes, measure, {**groups, **names})

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
        points = studies.points(self.project, "budget")
        rows = zip(points, self.study("budget").to_dict("records"), strict=True)
        return pd.DataFrame([_phased(self.tables, point, dict(row)) for point, row in rows])


def _value(point: Point, key: str) -> Any:
    node: Any = point.case.config.as_dict()
    for part in key.split("."):
        node = node[part]
    return node


def _phased(tables: Tables, point: Point, row: dict[Any, Any]) -> dict[str, float]:
    retrace = Retrace(tables, point.case.config, point.case.geography)
    found: dict[str, float] = {"budget_cad": float(row["budget_cad"])}
    for phase in PHASES:
        found[f"phase{phase.number}_actions"] = 0
        found[f"phase{phase.number}_cad"] = 0.0
    phase_of = {kind: p.number for p in PHASES for kind in (p.kind, *p.also)}
    for action, ports in actions_of(str(row["actions"])):
        place = Place.from_id(action)
        if place is None:
            continue
        number, effect = phase_of[place.kind], retrace.effect(place, ports)
        found[f"phase{number}_actions"] += 1
        found[f"phase{number}_cad"] += effect.purchase_cad - effect.resale_cad
    return found
