"""Plans nearly as good as the best: what is in all of them, and what stands in for what."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from kwev.certify import KINDS, certify
from kwev.config import Case, load_config
from kwev.data.tables import load_tables
from kwev.display.table import Column, table
from kwev.display.values import Number, Numbers, named
from kwev.errors import KwevError
from kwev.report import sweeps
from kwev.report.frontier import LEVELS
from kwev.studies import records
from kwev.studies.records import Record
from kwev.studies.rows import actions_of, values_of
from kwev.studies.store import stored
from kwev.units import POINTS
from kwev.vocabulary import KIND_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kwev.data.tables import Tables
    from kwev.display.table import Table
    from kwev.plan.format import Plan
    from kwev.project import Project
    from kwev.report.scenario import Report

NAME: Final = "alternatives"
VERSION: Final = "1"
"""Version of the code behind the record (see :func:`kwev.studies.study.made_from`)."""
BEST: Final = "best"
"""Name of the plan that the alternatives stand beside."""


def case_of(project: Project) -> Case:
    """Return the case whose alternatives are shown: the base scenario on the sweeps' geography."""
    config = load_config(sweeps.SCENARIO, project.config)
    return Case(sweeps.SCENARIO, config, sweeps.GEOGRAPHY)


def record(project: Project) -> Record:
    """Return the record of the alternatives."""
    tables, case = load_tables(project.processed), case_of(project)
    parts = records.made_from(tables, case, VERSION)
    return Record(NAME, parts, lambda: _made(project, tables, case))


def _made(project: Project, tables: Tables, case: Case) -> dict[str, Any]:
    """Find the alternatives, certify each, and return what is kept of them.

    Raises
    ------
    KwevError
        If one does not pass its certificate.
    """
    from kwev.solve.near_optimal import alternatives  # noqa: PLC0415 -- cvxpy loads only where it solves

    best = stored(project, tables, case).plan
    rows = [_row(tables, case, BEST, best)]
    for number, near in enumerate(alternatives(tables, case, best), start=1):
        certificate = certify(near.plan, tables, near.case)
        if certificate.violations:
            raise KwevError(
                f"an alternative fails its certificate: {certificate.violations[0]}",
                where=f"alternative {number}",
            )
        plan = near.plan.model_copy(update={"certificate": certificate})
        more = {"shared": near.shared, "shared_bound": near.shared_bound}
        rows.append({**_row(tables, near.case, f"alternative-{number}", plan), **more})
    return {"plans": rows}


def _row(tables: Tables, case: Case, name: str, plan: Plan) -> dict[str, Any]:
    values = values_of(tables, case, plan)
    return {
        "name": name,
        **{key: values[key] for key in _KEPT},
        "checks": plan.certificate.checks if plan.certificate else 0,
        "shared": None,
        "shared_bound": None,
        "actions": " ".join(f"{a.id}:{a.ports_added}" for a in plan.actions),
        "places": {a.id: [a.name, a.municipality] for a in plan.actions},
    }


_KEPT: Final = (
    "net_cad", "l2", "l3", "l2_model", "l3_model", "shortfall_points", "objective", "gap",
    "gap_checked", "violations",
)  # fmt: skip


@dataclass(frozen=True)
class Alternatives:
    """The best plan and the plans near it.

    Attributes
    ----------
    plans
        One row a plan, the best first: ``name``, ``net_cad``, coverage on the cells and the model's
        points (shares), ``objective`` (points), ``gap``, ``gap_checked`` (shares), ``violations``,
        ``actions`` (count), ``kept`` (actions shared with the best plan), ``below`` (part of the
        best objective that it gives up).
    done
        By plan, the ids of its actions.
    """

    plans: pd.DataFrame
    done: dict[str, frozenset[str]]
    places: dict[str, tuple[str, str]]

    @property
    def always(self) -> frozenset[str]:
        """Actions that every plan has."""
        return frozenset.intersection(*self.done.values())

    @property
    def exchangeable(self) -> frozenset[str]:
        """Actions of the best plan that some other plan does without."""
        return self.done[BEST] - self.always

    def share_always(self, actions: Iterable[str]) -> float:
        """Return the share of given actions that every plan has; 0 where none is given."""
        given = set(actions)
        return len(given & self.always) / len(given) if given else 0.0

    def frequency(self) -> pd.DataFrame:
        """Return how many plans have each action that some plan has.

        Returns
        -------
        pandas.DataFrame
            ``action``, ``kind``, ``place``, ``municipality``, ``plans`` (count), most first.
        """
        counted = Counter(action for done in self.done.values() for action in done)
        rows = [
            {
                "action": action,
                "kind": next(kind for kind in KINDS if action.startswith(f"{kind}_")),
                "place": self.places[action][0],
                "municipality": self.places[action][1],
                "plans": plans,
            }
            for action, plans in counted.items()
        ]
        frame = pd.DataFrame(rows)
        return frame.sort_values(["plans", "action"], ascending=[False, True], ignore_index=True)


def read(project: Project) -> Alternatives:
    """Return the committed alternatives.

    Raises
    ------
    KwevError
        If they are missing, damaged or stale.
    """
    return of_values(records.read_record(project, record(project)))


def of_values(values: Mapping[str, Any]) -> Alternatives:
    """Return the alternatives of a record's values."""
    rows = values["plans"]
    done = {
        row["name"]: frozenset(action for action, _ in actions_of(row["actions"])) for row in rows
    }
    best = next(row["objective"] for row in rows if row["name"] == BEST)
    frame = pd.DataFrame(
        [
            {
                **{key: value for key, value in row.items() if key not in ("actions", "places")},
                "actions": len(done[row["name"]]),
                "kept": len(done[row["name"]] & done[BEST]),
                "below": (best - row["objective"]) / best,
            }
            for row in rows
        ]
    )
    places = {action: (p[0], p[1]) for row in rows for action, p in row["places"].items()}
    return Alternatives(frame, done, places)


# -- named values and tables --------------------------------------------------------------------


def numbers(report: Report) -> Numbers:
    """Return the numbers of plans near the best."""
    found, published = report.alternatives, [action.id for action in report.plan.actions]
    origin, plans = "record alternatives", found.plans
    near, best = plans[plans["name"] != BEST], len(found.done[BEST])
    counts = {
        "plans": len(near), "all": len(plans), "best": best, "always": len(found.always),
        "exchangeable": len(found.exchangeable),
    }  # fmt: skip
    low, high = float(plans["l2"].min()), float(plans["l2"].max())
    return Numbers([
        *named(origin, None, "near_", count=counts, share={"l2_low": low, "l2_high": high},
               points={"l2_spread": POINTS * (high - low)}),
        *named("certificates", None, "near_", count={name: int(near[name].sum())
                                                     for name in ("checks", "violations")}),
        Number("near_below", float(plans["below"].max()), "share", origin, "{:.2%}"),
        Number("near_share_always", len(found.always) / best, "share", origin, "{:.0%}"),
        Number("near_published", found.share_always(published), "share", origin, "{:.0%}"),
    ])  # fmt: skip


def alternatives_table(report: Report) -> Table:
    """Return the best plan and the plans near it."""
    frame = report.alternatives.plans
    frame = frame.assign(plan=[name.replace("-", " ").capitalize() for name in frame["name"]])
    kept = Column("kept", "Shared with the best", format=",d")
    columns = ["plan actions", kept, "net_cad below", *LEVELS, "gap_checked"]
    return table("alternatives", frame, columns, report.coarse_origin)


def exchangeable_table(report: Report) -> Table:
    """Return, by kind of action, what all near plans share and what can be exchanged."""
    found = report.alternatives
    frame = found.frequency()
    rows = []
    for kind, words in KIND_NAMES.items():
        part = frame[frame["kind"] == kind]
        best = part[part["action"].isin(found.done[BEST])]
        always = int((best["plans"] == len(found.done)).sum())
        counts = {"best": len(best), "always": always, "exchangeable": len(best) - always}
        if len(part):
            rows.append({"kind": words, **counts, "ever": len(part)})
    columns = "kind best always exchangeable ever"
    return table("exchangeable", pd.DataFrame(rows), columns, report.coarse_origin)


def must_have_table(report: Report) -> Table:
    """Return the actions that every near plan has; the CSV has all that some plan has."""
    frame = report.alternatives.frequency()
    published = frame["action"].isin([action.id for action in report.plan.actions])
    frame = frame.assign(
        what=frame["kind"].map(KIND_NAMES), published=published.map({True: "yes", False: "no"})
    )
    columns = ("place municipality what plans", Column("published", "In the published plan"))
    return table("must-have", frame, columns, report.coarse_origin)
