"""Plans nearly as good as the best: what is in all of them, and what stands in for what."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from kwev.certify import KINDS, certify
from kwev.config import Case, load_config
from kwev.data.tables import load_tables
from kwev.errors import KwevError
from kwev.report import sweeps
from kwev.studies import study
from kwev.studies.rows import actions_of, values_of
from kwev.studies.store import stored
from kwev.studies.study import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kwev.data.tables import Tables
    from kwev.plan.format import Plan
    from kwev.project import Project

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
    parts = study.made_from(tables, case, VERSION)
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
    return of_values(study.read_record(project, record(project)))


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
