"""Which sites stay: how often the sweeps choose each, and what plans nearly as good have in common.

A robust core stands against fragile picks; then the alternatives to the best plan, what is in all
of them, and what stands in for what.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from kwev.certify import KINDS, NEW, ActionKey, certify
from kwev.data.tables import load_tables
from kwev.display import cartography, style
from kwev.display.layers import Layer, Mark
from kwev.display.table import Column, Table, category_name, table
from kwev.display.values import Number, Numbers, named
from kwev.errors import KwevError
from kwev.report import sweeps
from kwev.report.frontier import LEVELS
from kwev.report.memory import once
from kwev.studies import study
from kwev.studies.rows import actions_of, values_of
from kwev.studies.store import stored
from kwev.studies.study import Record
from kwev.units import POINTS
from kwev.vocabulary import ACTION_KINDS, KIND_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kwev.config import Case
    from kwev.data.tables import Tables
    from kwev.display.figure import Figure, Origin
    from kwev.plan.format import Plan
    from kwev.project import Project
    from kwev.report.scenario import Report

STUDIES: Final = (
    "l2-radius", "l3-radius", "prices", "resale", "weights", "grid", "energy", "ports", "power",
    "growth", "cases",
)  # fmt: skip
"""Sweeps that are counted: assumptions that may be wrong, not choices of budget and targets."""

KIND_TITLES: Final = {kind.key: kind.several[0].upper() + kind.several[1:] for kind in ACTION_KINDS}

CORE_SHARE, FRAGILE_SHARE = 0.9, 0.5
"""Chosen in so many plans a pick is part of the robust core; in fewer than the second, fragile."""


def picks(
    studies: Iterable[pd.DataFrame], base: pd.DataFrame, published: Plan, tables: Tables
) -> pd.DataFrame:
    """Return in how many plans each action is taken, most often first.

    Plans that stand in several sweeps are counted once. Ports are left aside: a site counts as
    chosen whatever the number.

    Parameters
    ----------
    studies
        Rows of the sweeps.
    base
        The one row of the plan that the sweeps start from.
    published
        The plan that the book publishes.

    Returns
    -------
    pandas.DataFrame
        ``action`` (id), ``kind``, ``place_id``, ``name``, ``municipality``, ``category``,
        ``plans`` (count), ``share`` (of all plans), ``in_base``, ``in_published``, ``class``
        (``core``, ``usual``, ``fragile`` for what the published plan takes; ``other`` for what only
        other plans take) and where it is (degrees).

    Raises
    ------
    KwevError
        If there is no plan to count.
    """
    plans = pd.concat([frame[["key", "actions"]] for frame in studies], ignore_index=True)
    plans = plans.drop_duplicates("key")
    if plans.empty or len(base) != 1:
        raise KwevError("no plans to count picks over", where="kwev.report.picks")
    counted = Counter(
        action for text in plans["actions"] for action in {a for a, _ in actions_of(text)}
    )
    own = {action for action, _ in actions_of(str(base["actions"].iloc[0]))}
    shown = {action.id for action in published.actions}
    found = []
    for action, number in counted.items():
        share, fact = number / len(plans), _facts(tables, action)
        spot = {name: fact.pop(name) for name in ("latitude", "longitude")}
        found.append(
            {"action": action, **fact, "plans": number, "share": share, "in_base": action in own,
             "in_published": action in shown, "class": _class(share, in_base=action in own), **spot}
        )  # fmt: skip
    table = pd.DataFrame(found)
    return table.sort_values(["plans", "action"], ascending=[False, True], ignore_index=True)


def of_report(report: Report) -> pd.DataFrame:
    """Return the :func:`picks` of the sweeps that are counted."""
    areas = report.study("geography")
    base = areas[areas["name"] == sweeps.GEOGRAPHY]
    return picks(map(report.study, STUDIES), base, report.plan, report.tables)


def plans_counted(report: Report) -> int:
    """Return the number of different plans over which picks are counted."""
    return len({key for name in STUDIES for key in report.study(name)["key"]})


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Return, for each kind of action of the plan, how many are core, usual and fragile."""
    own = table[table["in_base"]]
    counts = pd.crosstab(own["kind"], own["class"])
    counts = counts.reindex(columns=["core", "usual", "fragile"], fill_value=0)
    counts = counts.reindex([kind for kind in KINDS if kind in counts.index])
    return counts.assign(chosen=counts.sum(axis=1)).reset_index()


def _class(share: float, *, in_base: bool) -> str:
    if not in_base:
        return "other"
    return "core" if share >= CORE_SHARE else "usual" if share >= FRAGILE_SHARE else "fragile"


def _facts(tables: Tables, action: str) -> dict[str, object]:
    """Return kind, name, place and category of an action's site or station."""
    key = ActionKey.from_id(action)
    if key is None:
        raise KwevError(f"no action {action!r}", where="kwev.report.picks")
    at_site, towns = key.kind in NEW, tables.municipalities.set_index("municipality_id")["name"]
    places, name = (tables.sites, "site_id") if at_site else (tables.stations, "station_id")
    row: Any = places[places[name] == key.place_id].iloc[0]
    return {
        "kind": key.kind,
        "place_id": key.place_id,
        "name": str(row["name"]),
        "municipality": towns.get(row["municipality_id"], ""),
        "category": str(row["category"]) if at_site else "existing_station",
        "latitude": float(row["latitude"]),
        "longitude": float(row["longitude"]),
    }


# -- named values, tables and map ---------------------------------------------------------------

CLASSES: Final = {
    "fragile": Mark(
        "in fewer than half", fill="#f3c78a", line=style.QUIET, radius=4.5, is_square=True
    ),
    "usual": Mark("in half or more", fill="#9ac8e1", line=style.QUIET, radius=5, is_square=True),
    "core": Mark(
        "in nine of ten or more", fill="#08306b", line=style.INK, radius=6, is_square=True
    ),
}
"""Looks of the classes of what the recommended plan takes, the core drawn last."""

_FACTS: Final = (
    "words category municipality",
    Column("share", "Share of the plans", format=".0%"),
    "in_published",
)


def map_of(tables: Tables, table: pd.DataFrame, origin: Origin) -> Figure:
    """Map the actions of the recommended plan by how many plans of the sweeps take them.

    Parameters
    ----------
    table
        As from :func:`kwev.report.picks.picks`, with the kind in ``words``.
    """
    own = pd.DataFrame(table[table["in_base"]]).reset_index(drop=True)
    rank = {name: number for number, name in enumerate(CLASSES)}
    own["mark"] = [rank[name] for name in own["class"]]
    frame = cartography.places(own.sort_values("mark", kind="stable"))
    layer = Layer(
        "Actions of the recommended plan",
        frame,
        tuple(CLASSES.values()),
        title="name",
        facts=_FACTS,
        heading="Chosen in how many plans",
    )
    counts = ", ".join(
        f"{int((own['class'] == name).sum())} {mark.label}" for name, mark in CLASSES.items()
    )
    alt = (
        f"Map of the {len(own)} actions of the recommended plan by the share of the sweeps' plans "
        f"that take them: {counts}."
    )
    return cartography.build("map-picks", alt, origin, [*cartography.land(tables, None), layer])


PRINTED: Final = 20


def numbers(report: Report) -> list[Number]:
    """Return how many picks are core and fragile."""
    table: Any = report.picks
    kinds, core = summary(table), table[table["class"] == "core"]
    both = core["in_published"].mean() if len(core) else 0.0
    counts = {name: int(kinds[name].sum()) for name in ("chosen", "core", "fragile")}
    return [
        Number("core_published", float(both), "share", "picks", "{:.0%}"),
        Number("core_share", CORE_SHARE, "share", "picks.CORE_SHARE", "{:.0%}"),
        *named("picks", None, "picks_", count=counts),
        *named("picks", count={"others_tried": int((~table["in_base"]).sum()),
                               "plans_counted": plans_counted(report)}),
    ]  # fmt: skip


def core_table(report: Report) -> Table:
    """Return how many actions of each kind are core, usual and fragile."""
    frame = summary(report.picks)
    frame = frame.assign(words=[KIND_TITLES[kind] for kind in frame["kind"]])
    columns = "words chosen core usual fragile"
    return table("robust-core", frame, columns, sweeps.origin(report))


def picks_table(report: Report) -> Table:
    """Return each place with how often it is chosen."""
    frame = _worded(report)
    columns = (
        "name municipality words category",
        Column("share", "Share of the plans", format=".0%"),
        "in_base in_published",
    )
    origin = sweeps.origin(report)
    return Table("picks", frame, columns, origin.source, origin.vintage, PRINTED)


def picks_map(report: Report) -> Figure:
    """Return the map of the robust core and the fragile picks."""
    return map_of(report.tables, _worded(report), sweeps.origin(report))


def _worded(report: Report) -> pd.DataFrame:
    frame = report.picks
    plain: dict[str, Any] = {
        "words": [KIND_TITLES[kind] for kind in frame["kind"]],
        "category": [category_name(category) for category in frame["category"]],
    }
    return frame.assign(**plain)


# -- plans nearly as good as the best -----------------------------------------------------------

NAME: Final = "alternatives"
VERSION: Final = "2"
"""Version of the code behind the record (see :func:`kwev.studies.study.made_from`)."""
BEST: Final = "best"
"""Name of the plan that the alternatives stand beside."""


def case_of(project: Project) -> Case:
    """Return the case whose alternatives are shown: the published plan."""
    return sweeps.case_of(sweeps.published(project), {})


def record(project: Project) -> Record:
    """Return the record of the alternatives."""
    tables, case = load_tables(project.processed), case_of(project)
    parts = study.made_from(tables, case, VERSION)
    return Record(
        NAME,
        parts,
        lambda: _made(project, tables, case),
        lambda values: [(case, row) for row in values["plans"]],
    )


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


# -- named values and tables --------------------------------------------------------------------


@once
def of_alternatives(report: Report) -> Numbers:
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
    return table("alternatives", frame, columns, sweeps.origin(report))


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
    return table("exchangeable", pd.DataFrame(rows), columns, sweeps.origin(report))


def must_have_table(report: Report) -> Table:
    """Return the actions that every near plan has; the CSV has all that some plan has."""
    frame = report.alternatives.frequency()
    published = frame["action"].isin([action.id for action in report.plan.actions])
    frame = frame.assign(
        what=frame["kind"].map(KIND_NAMES), published=published.map({True: "yes", False: "no"})
    )
    columns = ("place municipality what plans", Column("published", "In the published plan"))
    return table("must-have", frame, columns, sweeps.origin(report))
