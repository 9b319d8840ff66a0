"""Targets out of reach: what stands in the way, in words and tables, and who is left without."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kwev.deeds import Place
from kwev.errors import KwevError
from kwev.files import read_json, sha256_bytes, write_json
from kwev.retrace import Retrace
from kwev.store import key

if TYPE_CHECKING:
    from collections.abc import Callable

    from kwev.config import Case, Config
    from kwev.conflict import Conflict
    from kwev.plan import Plan
    from kwev.project import Project
    from kwev.tables import Tables

REGION = "Region"
LEVELS = {"l2": "Level 2", "l3": "Level 3"}
MISSED = 1e-6
"""A shortfall (share) up to this is none: the model holds each to as much."""


def conflict(
    project: Project, tables: Tables, case: Case, progress: Callable[[str], None] = lambda _: None
) -> Conflict:
    """Return what stands in the way of a case's targets, kept beside the stored plans."""
    spec = find_spec("kwev.conflict")
    source = sha256_bytes(Path(str(spec and spec.origin)).read_bytes())[:8]
    name = f"conflict-{case.scenario}-{case.geography}-{key(tables, case)}-{source}.json"
    note = project.store / name
    kept = _kept(note)
    if kept is None:
        from kwev.conflict import explain  # noqa: PLC0415 -- cvxpy loads only where it solves

        kept = explain(tables, case, progress=progress)
        write_json(note, kept.as_dict())
    return kept


def _kept(note: Path) -> Conflict | None:
    from kwev.conflict import Conflict  # noqa: PLC0415 -- cvxpy loads only where it solves

    try:
        return Conflict.from_dict(read_json(note))
    except (KwevError, KeyError, TypeError, OSError):
        return None


def words(config: Config) -> dict[str, str]:
    """Return what each constraint group is called in a sentence."""
    from kwev.rules import RULES  # noqa: PLC0415 -- cvxpy loads only where it solves

    targets, reach = config.targets, config.coverage
    rules = {rule.name: rule.words for rule in RULES}
    return {
        "budget": f"the budget of ${config.budget.limit_cad:,.0f}",
        "ports": "the fewest and most ports of a station",
        "one_action_per_place": "the rule that a place has one action",
        "site_capacity": "the grid capacity of the sites",
        "demand": "the energy that each municipality's vehicles need",
        "ev_owners": f"a charger within reach of {targets.ev_owners.share:.0%} of vehicles",
        "l2": f"Level 2 for {targets.l2:.0%} of people within {reach.l2_radius_m:,.0f} m",
        "l3": f"Level 3 for {targets.l3:.0%} of people within {reach.l3_radius_m:,.0f} m",
        **rules,
    }


def listed(parts: list[str]) -> str:
    """Return parts as a list in a sentence: a, b and c."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def sentence(found: Conflict, config: Config) -> str:
    """Return in a sentence what cannot be met together, and what would help."""
    named = words(config)
    told = listed([named[group] for group in found.groups]) if found.groups else ""
    told = told[:1].upper() + told[1:]
    if found.status == "none":
        return "All targets can be met together under every rule."
    if found.status == "unknown":
        return "Whether the targets can be met together was not decided in time."
    if found.most is not None:
        return (
            f"{told} is out of reach by itself: with every candidate built, on any grid, "
            f"{found.most:.1%} is the most, so no money helps."
        )
    if len(found.groups) == 1:
        return f"{told} cannot be met by any plan, whatever else is given up: no money helps."
    money = "" if "budget" in found.groups else ": no money helps"
    end = (
        "; without any one of these the rest of them can be"
        if found.status == "irreducible"
        else "; whether all of these are needed was not decided in time"
    )
    return f"{told} cannot be met together{money}{end}."


def rest(plan: Plan, found: Conflict) -> str:
    """Return in a sentence which other targets the plan meets on the model's demand points.

    Empty where it misses all, or none is out of reach.
    """
    short = plan.shortfall
    parts = {"l2": short.l2, "l3": short.l3, "ev_owners": short.ev_owners, "demand": short.demand}
    names = {
        **{level: f"the target of {name}" for level, name in LEVELS.items()},
        "ev_owners": "the target for vehicles",
        "demand": "the energy target",
    }
    met = [
        names[name]
        for name, share in parts.items()
        if share is not None and share <= MISSED and name not in found.groups
    ]
    if not met or not found.groups:
        return ""
    told = listed(met)
    return f"{told[:1].upper()}{told[1:]} {'is' if len(met) == 1 else 'are'} met by the plan."


def group_table(found: Conflict, config: Config) -> pd.DataFrame:
    """Return one row a constraint group: ``group``, ``name`` and ``part`` (whether in the set)."""
    named = words(config)
    undecided = set(found.undecided)
    return pd.DataFrame(
        [
            {
                "group": group,
                "name": named[group][:1].upper() + named[group][1:],
                "part": "undecided"
                if group in undecided
                else ("yes" if group in found.groups else "no"),
            }
            for group in found.considered
        ]
    )


def by_municipality(tables: Tables, plan: Plan, case: Case) -> pd.DataFrame:
    """Return who is left without, by municipality, measured on the cells.

    Returns
    -------
    pandas.DataFrame
        One row a municipality, by name, and one for the Region, last: ``municipality``,
        ``people``, and by level ``l2`` and ``l3`` the share covered after the plan, ``l2_short``
        and ``l3_short`` the share missing to the target, and ``l2_missing`` and ``l3_missing`` the
        people whom the target asks for and the plan does not reach.
    """
    retrace = Retrace(tables, case.config, case.geography)
    cover = retrace.cover("cell", _ports(plan))
    area = tables.cells.set_index("cell_id")["municipality_id"].reindex(cover.points.ids)
    names = dict(
        zip(tables.municipalities["municipality_id"], tables.municipalities["name"], strict=True)
    )
    groups = [(names[m], (area == m).to_numpy(bool)) for m in sorted(set(area))]
    groups = sorted(groups, key=lambda group: str(group[0]))
    everybody = np.ones(len(cover.points.ids), bool)
    people, covered = cover.points.people, {"l2": cover.l2, "l3": cover.l3}
    targets = {"l2": case.config.targets.l2, "l3": case.config.targets.l3}
    rows = []
    for name, mask in [*groups, (REGION, everybody)]:
        living = float(people[mask].sum())
        row: dict[str, str | float] = {"municipality": str(name), "people": living}
        for level, target in targets.items():
            served = float(people[mask & covered[level]].sum())
            missing = max(0.0, target * living - served)
            row[level] = served / living if living else 0.0
            row[f"{level}_short"] = missing / living if living else 0.0
            row[f"{level}_missing"] = missing
        rows.append(row)
    return pd.DataFrame(rows)


def _ports(plan: Plan) -> dict[Place, int]:
    return {Place(a.kind, a.place_id): a.ports_added for a in plan.actions}
