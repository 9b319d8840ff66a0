"""The edition beside the one before it: what the plan, its numbers and the data became.

The edition before is kept as ``data/edition-before.json``, which :func:`record` writes from a
report: actions with the ports that each adds, what the plan reaches on both metrics, what it
costs, and the checksum of each registered source.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

import pandas as pd
import yaml
from pydantic import Field

from kwev import escape
from kwev.config import Section, Share
from kwev.display.table import Column, table
from kwev.display.values import ASSUMED_DIGITS, Number, Numbers, listed, named, some
from kwev.errors import KwevError, validated
from kwev.files import read_json
from kwev.report import comparison
from kwev.report.distances import METRICS
from kwev.report.memory import once
from kwev.units import CAD_PER_MILLION
from kwev.vocabulary import METRIC_WORDS, TARGET_NAMES

if TYPE_CHECKING:
    from kwev.display.table import Table
    from kwev.project import Project
    from kwev.report.scenario import Report

FILE: Final = "data/edition-before.json"
CITATION: Final = "CITATION.cff"
CHANGELOG: Final = "CHANGELOG.md"

Cad = Annotated[float, Field(ge=-1e9, le=1e9)]


class Reach(Section):
    """What a plan reaches, of people by level and of vehicles near either."""

    l2: Share
    """Share of people near Level 2 (0 to 1)."""
    l3: Share
    """Share of people near Level 3 (0 to 1)."""
    ev_owners: Share | None
    """Share of vehicles near either (0 to 1); null where the edition did not tell it."""


class Edition(Section):
    """What is kept of an edition."""

    name: str
    """What it is called, within a sentence."""
    made_from: str
    """Commit that it was made from."""
    plan: str
    """Scenario of its plan."""
    network: Reach
    """What its plan reaches along the roads."""
    straight_line: Reach
    """What its plan reaches in a straight line."""
    net_cad: Cad
    """Money once, net of resale (CAD)."""
    operating_cad_per_year: Cad
    """Money a year, energy apart (CAD)."""
    actions: dict[str, int]
    """Ports that each action of the plan adds, by id."""
    sources: dict[str, str]
    """SHA-256 of each registered source's file, by id."""


def read_edition(project: Project) -> Edition:
    """Read the edition before this one.

    Raises
    ------
    KwevError
        If its file is missing or is no such record.
    """
    path = project.root / FILE
    return validated(read_json(path), Edition, where=str(path))


def record(report: Report, name: str, commit: str) -> Edition:
    """Return what is kept of a report, to stand as the edition before the next.

    Parameters
    ----------
    name
        What it is called, within a sentence.
    commit
        Commit that it is made from.
    """
    shares, plan = comparison.reached(report), report.plan
    reach: dict[str, dict[str, float]] = {metric: {} for metric in METRICS}
    for (target, metric, when), share in shares.items():
        if when == "after":
            reach[metric][target] = share
    return Edition.model_validate(
        {
            "name": name,
            "made_from": commit,
            "plan": report.scenario,
            **reach,
            "net_cad": float(plan.cost.net_cad),
            "operating_cad_per_year": float(plan.cost.operating_cad_per_year),
            "actions": _actions(report),
            "sources": _sources(report),
        }
    )


def _actions(report: Report) -> dict[str, int]:
    return {action.id: action.ports_added for action in report.plan.actions}


def _sources(report: Report) -> dict[str, str]:
    return {str(source["id"]): str(source["sha256"]) for source in report.sources}


@dataclass(frozen=True)
class Changes:
    """What became of the keys of one record in another."""

    kept: tuple[str, ...]
    changed: tuple[str, ...]
    gone: tuple[str, ...]
    new: tuple[str, ...]


def changes(before: dict[str, Any], now: dict[str, Any]) -> Changes:
    """Return which keys of two records stayed, with another value, went or came, each sorted."""
    both = sorted(before.keys() & now.keys())
    return Changes(
        kept=tuple(key for key in both if before[key] == now[key]),
        changed=tuple(key for key in both if before[key] != now[key]),
        gone=tuple(sorted(before.keys() - now.keys())),
        new=tuple(sorted(now.keys() - before.keys())),
    )


def this_edition(report: Report) -> Edition:
    """Return the record of the report's own edition."""
    return record(report, "this edition", "")


@once
def of_edition(report: Report) -> Numbers:
    """Return how far this edition's plan and sources are those of the edition before."""
    before = read_edition(report.project)
    plan, files = _actions(report), _sources(report)
    same, sources = before.actions.keys() & plan.keys(), changes(before.sources, files)
    return Numbers(
        [
            *named("edition-before.json", text={"edition_before": before.name}),
            *named("edition.changes", count={
                "edition_actions_before": len(before.actions),
                "edition_actions_now": len(plan), "edition_actions_both": len(same),
                "edition_sources_before": len(before.sources),
                "edition_sources_now": len(files),
            }),
            *named("edition.changes", text={"edition_sources_words": said(sources)}),
        ]
    )  # fmt: skip


def said(sources: Changes) -> str:
    """Return what became of the data sets, in words; a count of nought is left out."""
    groups = (
        (sources.new, "data set is new", "data sets are new"),
        (sources.gone, "is gone", "are gone"),
        (sources.changed, "has another file than before", "have another file than before"),
    )
    told = [some(len(keys), one, many) for keys, one, many in groups if keys]
    return listed(told) if told else "all data sets are those of the edition before"


def edition_table(report: Report) -> Table:
    """Return both editions' plans side by side: reach on both metrics, money, actions."""
    before, now = read_edition(report.project), this_edition(report)
    columns = (
        Column("what", "What"),
        Column("before", f"{before.name[:1].upper()}{before.name[1:]}", align="right"),
        Column("now", "This edition", align="right"),
    )
    return table("editions", compared(before, now), columns, report.origin)


def compared(before: Edition, now: Edition) -> pd.DataFrame:
    """Return the rows of :func:`edition_table`: ``what``, ``before``, ``now`` (texts)."""
    rows = []
    for metric, way in reversed(METRIC_WORDS.items()):
        for target, who in TARGET_NAMES.items():
            shares = [getattr(getattr(one, metric), target) for one in (before, now)]
            shown = ["not told" if s is None else str(Number("", s, "share", "")) for s in shares]
            rows.append([f"{who}, {way}", *shown])
    both = (before, now)
    rows.append(["Money once", *(_money(one.net_cad / CAD_PER_MILLION, "million CAD")
                                 for one in both)])  # fmt: skip
    rows.append(["Money a year, energy apart",
                 *(_money(one.operating_cad_per_year, "CAD") for one in both)])  # fmt: skip
    rows.append(["Actions", *(f"{len(one.actions):,}" for one in both)])
    rows.append(["Ports added", *(f"{sum(one.actions.values()):,}" for one in both)])
    return pd.DataFrame(rows, columns=["what", "before", "now"])


def _money(value: float, unit: str) -> str:
    return str(Number("", value, unit, "", digits=ASSUMED_DIGITS))


# -- What the repository says of itself: how to cite it, and what changed for its users.


@dataclass(frozen=True)
class Citation:
    """``CITATION.cff``: title, authors, version, date of the version, licence."""

    title: str
    authors: tuple[str, ...]
    version: str
    date: str
    licence: str

    @property
    def edition(self) -> str:
        """Return version and date in words."""
        return f"version {self.version}, {self.date}"

    def text(self, address: str = "") -> str:
        """Return the citation as one line, with the address of the site if there is one."""
        names = ", ".join(self.authors)
        found = f"{names} ({self.date[:4]}). {self.title}. Version {self.version}."
        return f"{found} {address}".strip()


def citation(project: Project) -> Citation:
    """Read how the book is cited.

    Raises
    ------
    KwevError
        If ``CITATION.cff`` is missing or lacks a field.
    """
    path = project.root / CITATION
    try:
        said = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Citation(
            title=str(said["title"]),
            authors=tuple(str(author["name"]) for author in said["authors"]),
            version=str(said["version"]),
            date=str(said["date-released"]),
            licence=str(said["license"]),
        )
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise KwevError(f"no citation can be read: {error}", where=str(path)) from error


_LINK: Final = re.compile(r"\[([^\]]+)\]\((?!https?:)[^)]*\)")
_HEADING: Final = re.compile(r"^### (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Log:
    """What changed for users, as Markdown."""

    text: str

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/markdown": self.text, "text/plain": self.text}


def newest_changes(project: Project) -> str:
    """Return the topmost section of ``CHANGELOG.md``, as it is written, without its heading.

    Raises
    ------
    KwevError
        If the file has no section.
    """
    whole = (project.root / CHANGELOG).read_text(encoding="utf-8")
    sections = re.split(r"^## .*$", whole, flags=re.MULTILINE)
    if len(sections) == 1:
        raise KwevError("no section in the change log", where=CHANGELOG)
    return sections[1].strip()


def change_log(project: Project) -> Log:
    """Return the topmost section of ``CHANGELOG.md``: its parts in bold, links within it as text.

    It is folded on the screen; print names the file.

    Raises
    ------
    KwevError
        If the file has no section.
    """
    text = _LINK.sub(r"\1", newest_changes(project))
    told = _HEADING.sub(r"**\1**", text).strip()
    folded = escape.fold("All changes for users", told)
    return Log(
        f'::: {{.content-visible when-format="html"}}\n{folded}\n:::\n\n'
        '::: {.content-visible when-format="typst"}\n'
        f"It stands on the web page of this chapter, and in the file `{CHANGELOG}`.\n:::\n"
    )
