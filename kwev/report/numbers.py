"""Every number of the book, and the client's figures beside them, with a verdict in words.

``data/claims.json`` holds each claim with the rule that judges it:

- ``compare``: a measured or computed number, up to a relative tolerance;
- ``constant``: a planning choice, which is taken over or not;
- ``range``: the ends of a sweep, held against ``data/assumptions.json``;
- ``sum``: shares that should add up to one;
- ``codes``: a list of postal areas, held against those of the data;
- ``money``: whether a larger budget helps, which only another solve can show;
- ``margin``: whether a share lies above its target;
- ``cited``: what no computation settles; the verdict stands in the file, with its source.

Texts may name numbers of the book in braces; nothing computed is typed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from kwev.display.values import SHOW, Numbers
from kwev.errors import KwevError
from kwev.files import read_json
from kwev.report import (
    catalogue,
    decisions,
    forecast,
    frontier,
    grid,
    hindsight,
    homes,
    inventories,
    local_need,
    monitoring,
    neighbourhoods,
    other_counts,
    policies,
    reach,
    region,
    returns,
    scores,
    sensitivity,
    stations,
    transit,
    vehicles,
)
from kwev.report.comparison import of_both
from kwev.report.edition import of_edition
from kwev.report.equity import of_equity
from kwev.report.memory import once
from kwev.report.out_of_reach import of_targets_out_of_reach
from kwev.report.phases import of_phases
from kwev.report.picks import of_alternatives
from kwev.report.plan import of_assumptions, of_budgets, of_plan, of_scenario
from kwev.report.results import of_findings
from kwev.report.schedule import of_schedule
from kwev.report.sites import of_sites
from kwev.report.sweeps import ledger
from kwev.units import POINTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from kwev.display.values import Value
    from kwev.report.scenario import Report


@once
@once
def everything(report: Report) -> Numbers:
    """Return every number of the book."""
    rooms = (
        region, homes, vehicles, forecast, stations, inventories, transit, grid, reach, scores,
        neighbourhoods, catalogue, policies, other_counts, returns, hindsight, sensitivity,
        frontier, local_need, monitoring, decisions,
    )  # fmt: skip
    parts = (
        *(room.numbers for room in rooms),
        of_both, of_scenario, of_plan, of_budgets, of_phases, of_assumptions,
        of_targets_out_of_reach, of_findings, of_schedule, of_sites, of_equity, of_alternatives,
        of_edition,
    )  # fmt: skip
    return Numbers([number for part in parts for number in part(report)])


# -- the client's figures ------------------------------------------------------------------------

Entry = dict[str, Any]
Judged = tuple[str, str, str]
"""What is stated, what is computed or cited, and the verdict."""
COLUMNS = ("claim", "section", "stated", "computed", "source", "verdict")


@dataclass(frozen=True)
class Known:
    """What a claim is judged by: the report, and its numbers as values and as text."""

    report: Report
    values: Mapping[str, Value]
    texts: Mapping[str, str]


_POSTAL = "ABCEGHJKLMNPRSTVWXYZ"
"""Letters of Canadian postal codes."""
_CLOSE = 0.05
"""Relative difference up to which a figure that disagrees is still called close."""


def claims(report: Report, entries: Sequence[Entry] | None = None) -> pd.DataFrame:
    """Return one row a claim, judged by the report's numbers, in text: columns ``COLUMNS``.

    Parameters
    ----------
    entries
        The claims; by default those of ``data/claims.json``.

    Raises
    ------
    KwevError
        If a claim names a number, a rule or an assumption that does not exist.
    """
    found = everything(report)
    known = Known(report, {n.name: n.value for n in found}, {n.name: str(n) for n in found})
    if entries is None:
        entries = read_json(report.project.root / "data" / "claims.json")
    return pd.DataFrame([_row(entry, known) for entry in entries], columns=list(COLUMNS))


def _row(entry: Entry, known: Known) -> dict[str, str]:
    try:
        judge = RULES[entry["rule"]]
        filled = {
            key: text.format(**known.texts) if isinstance(text, str) else text
            for key, text in entry.items()
        }
        stated, computed, verdict = judge(filled, known)
    except KeyError as error:
        told = f"claim {entry.get('claim')!r} names {error}, which does not exist"
        raise KwevError(told, where="data/claims.json") from error
    row = (entry["claim"], entry["section"], stated, computed, entry["source"], verdict)
    return dict(zip(COLUMNS, row, strict=True))


def compare(ratio: float, tolerance: float) -> str:
    """Return in words how a computed value stands to a stated one.

    Parameters
    ----------
    ratio
        Computed over stated.
    tolerance
        Relative difference up to which both agree (share).
    """
    if abs(ratio - 1) <= tolerance:
        return "agrees"
    if abs(ratio - 1) <= max(5 * tolerance, _CLOSE):
        return f"close, but {'higher' if ratio > 1 else 'lower'}"
    return f"not supported: the computed figure is {ratio:.2f} times the stated one"


def postal_areas(codes: list[str]) -> list[str]:
    """Return the codes of a list in which ``N2A-N2H`` stands for all between, both included."""
    areas = []
    for code in codes:
        first, _, last = code.partition("-")
        letters = _POSTAL[_POSTAL.index(first[2]) : _POSTAL.index((last or first)[2]) + 1]
        areas += [first[:2] + letter for letter in letters]
    return areas


def money_helps(budgets: pd.DataFrame, budget_cad: float) -> tuple[str, str]:
    """Return what the next larger budget of the sweep changes, and the verdict.

    Parameters
    ----------
    budgets
        Rows of the study ``budget``, by rising budget.
    """
    own = budgets[budgets["budget_cad"] == budget_cad]
    larger = budgets[budgets["budget_cad"] > budget_cad]
    if own.empty or larger.empty:
        return "no larger budget was solved", "not shown: no plan with more money was made"
    now, more = own.iloc[0], larger.iloc[0]
    before, after = float(now["shortfall_points"]), float(more["shortfall_points"])
    computed = (
        f"{SHOW['CAD'].format(now['net_cad'])} of {SHOW['CAD'].format(budget_cad)} is spent; with "
        f"{SHOW['CAD'].format(more['budget_cad'])} the shortfall goes from {before:.1f} to "
        f"{after:.1f} points"
    )
    if after < before - 1 / POINTS:
        return computed, "holds: another solve shows it"
    return computed, "not supported: another solve leaves the shortfall as it is"


def _compare(entry: Entry, known: Known) -> Judged:
    ratio = float(known.values[entry["number"]]) / float(entry["value"])
    verdict = compare(ratio, entry["tolerance"])
    if verdict != "agrees" and "why" in entry:
        verdict = f"{verdict}; {entry['why']}"
    return _value(entry), entry.get("shown", known.texts[entry["number"]]), verdict


def _constant(entry: Entry, known: Known) -> Judged:
    computed = entry.get("shown", known.texts[entry["number"]])
    if known.values[entry["number"]] == entry["value"]:
        return _value(entry), computed, "taken over"
    return _value(entry), computed, "; ".join(["not taken over", *filter(None, [entry.get("why")])])


def _range(entry: Entry, known: Known) -> Judged:
    listed = ledger(known.report.project)
    own = {assumption["key"]: assumption for assumption in listed}[entry["key"]]
    ends = [own["low"], own["high"]]
    verdict = "taken over" if ends == entry["value"] else "another range is tested"
    return _ends(entry["value"], entry["unit"]), _ends(ends, entry["unit"]), verdict


def _sum(entry: Entry, _: Known) -> Judged:
    total = sum(entry["value"])
    stated = ", ".join(f"{part:.0%}" for part in entry["value"])
    verdict = "adds up" if abs(total - 1) < 1 / POINTS**2 else "does not add up to one"
    return stated, f"{total:.0%} together", verdict


def _codes(entry: Entry, known: Known) -> Judged:
    listed = postal_areas(entry["codes"])
    own = set(known.report.tables.fsas["fsa"])
    twice = sorted({code for code in listed if listed.count(code) > 1})
    missing, surplus = sorted(own - set(listed)), sorted(set(listed) - own)
    faults = [
        f"{what} {', '.join(codes)}"
        for what, codes in (("missing:", missing), ("not here:", surplus), ("listed twice:", twice))
        if codes
    ]
    computed = f"{len(own)} areas that touch the Region"
    stated = f"{len(listed)} codes, {len(set(listed))} of them distinct"
    same = "the same areas" if not (missing or surplus) else "other areas"
    return stated, computed, "; ".join([same, *faults])


def _money(entry: Entry, known: Known) -> Judged:
    return entry["stated"], *money_helps(known.report.budgets, known.report.config.budget.limit_cad)


def _margin(entry: Entry, known: Known) -> Judged:
    margin = POINTS * (float(known.values[entry["number"]]) - float(known.values[entry["target"]]))
    computed = f"{known.texts[entry['number']]} of {known.texts[entry['target']]}"
    verdict = f"holds: by {margin:.1f} points" if margin > 0 else "does not hold"
    return entry["stated"], computed, verdict


def _cited(entry: Entry, _: Known) -> Judged:
    return entry["stated"], entry["shown"], entry["verdict"]


RULES: dict[str, Callable[[Entry, Known], Judged]] = {
    "compare": _compare, "constant": _constant, "range": _range, "sum": _sum, "codes": _codes,
    "money": _money, "margin": _margin, "cited": _cited,
}  # fmt: skip


def _value(entry: Entry) -> str:
    return SHOW[entry["unit"]].format(entry["value"])


def _ends(ends: list[float], unit: str) -> str:
    return " to ".join(SHOW[unit].format(end) for end in ends)
