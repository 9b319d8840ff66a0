"""Numbers of what the published plan changes: for whom, how far, why, and what is left.

They are measured of this very plan, so they carry no tolerance of a solve: another plan, as good as
it may be, is news.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from kwev.analysis import beneficiaries, costs, wording
from kwev.analysis.effects import LEVELS, WHENS
from kwev.analysis.remaining import GAP_RULE
from kwev.numbers.number import Number, Numbers
from kwev.pipeline.parameters import Parameters

if TYPE_CHECKING:
    from kwev.analysis.findings import Findings
    from kwev.report import Report


def of_results(report: Report) -> Numbers:
    """Return the numbers of what the plan changes."""
    found = report.findings
    return Numbers(
        [
            *_costs(report),
            *_groups(found),
            *_distances(found),
            *_measures(found),
            *_reasons(found),
            *_gaps(found),
        ]
    )


def _costs(report: Report) -> list[Number]:
    numbers = []
    for level, cost in costs.per_point(report.plan).items():
        value, origin = cost["cad_per_point"], f"costs.per_point: {level}"
        name = f"{level}_cost_per_point"
        if value is None:
            numbers.append(Number(name, f"not defined: {cost['reason']}", "text", origin))
        else:
            numbers.append(Number(name, float(value), "CAD", origin))
    return numbers


def _groups(found: Findings) -> list[Number]:
    groups, people = found.groups, found.effects.cells.people
    towns = groups[groups["group"] == beneficiaries.MUNICIPALITIES]
    towns = towns[towns["name"] != beneficiaries.REGION]
    fifths = {
        str(row["name"]): row
        for row in groups[groups["group"] == beneficiaries.FIFTHS].to_dict("records")
    }
    names = list(beneficiaries.FIFTH_NAMES.values())
    numbers = []
    for level in LEVELS:
        effects, origin = found.effects, f"beneficiaries.by_group: {level}"
        newly = effects.covered(level, "after") & ~effects.covered(level, "before")
        last = towns.sort_values([f"{level}_after", "name"]).iloc[0]
        numbers += [
            Number(f"{level}_newly", float(people[newly].sum()), "people", origin),
            Number(f"{level}_last_town", str(last["name"]), "text", origin),
            Number(f"{level}_last_town_share", float(last[f"{level}_after"]), "share", origin),
        ]
        for end, name in (("least", names[0]), ("most", names[-1])):
            numbers += [
                Number(
                    f"{level}_{end}_deprived_{when}", float(fifths[name][f"{level}_{when}"]),
                    "share", origin,
                )
                for when in WHENS
                if name in fifths
            ]  # fmt: skip
    return numbers


def _distances(found: Findings) -> list[Number]:
    numbers = []
    for row in found.percentiles.to_dict("records"):
        level, metric, when = row["level"], row["metric"], row["when"]
        if row["who"] != "people":
            continue
        tag = "" if metric == "straight_line" else "_road"
        origin = f"distances.percentiles: {level}, {metric}"
        for column, words in (("p50", "half"), ("p90", "ninety"), ("max", "farthest")):
            if column != "max" or not tag:
                name = f"{level}_{words}_{when}{tag}"
                numbers.append(_km(name, float(row[column]), origin))
    return numbers


def _km(name: str, metres: float, origin: str) -> Number:
    if math.isnan(metres):
        return Number(name, "no station is reached", "text", origin)
    return Number(name, metres / 1_000, "km", origin)


def _measures(found: Findings) -> list[Number]:
    numbers = []
    for row in found.redundancy.to_dict("records"):
        name, origin = f"{row['level']}_two_{row['when']}", "measures.redundancy"
        numbers.append(Number(name, float(row["at_least_2"]), "share", origin))
    transit = {str(row["what"]): row for row in found.transit.to_dict("records")}
    new = [transit[name] for name in NEW_SITES if transit[name]["places"]]
    count = sum(int(row["places"]) for row in new)
    near = sum(row["either"] * row["places"] for row in new)
    either = float(transit["Candidate sites"]["either"])
    candidates = 0.0 if math.isnan(either) else either
    origin = "measures.transit"
    return [
        *numbers,
        Number("new_sites_near_transit", near / count if count else 0.0, "share", origin),
        Number(
            "candidates_near_transit", candidates, "share",
            origin,
        ),
        Number("walk_to_bus", Parameters().bus_walk_m, "m", "pipeline.parameters"),
        Number("walk_to_ion", Parameters().ion_walk_m, "m", "pipeline.parameters"),
    ]  # fmt: skip


NEW_SITES = ("New Level 2 stations", "New Level 3 stations", "Conversions to Level 3")


def _reasons(found: Findings) -> list[Number]:
    table, origin = found.reasons, "reasons.reasons"
    kept = table["kept_share"].dropna().astype(float)
    median = float(kept.median()) if len(kept) else 0.0
    return [
        Number("kept_median", median, "share", origin, "{:.0%}"),
        Number("swaps", wording.swaps(int((kept > 1).sum()), len(table)), "text", origin),
        Number("no_alternative", int((table["alternative"] == "").sum()), "count", origin),
    ]


def _gaps(found: Findings) -> list[Number]:
    numbers = [
        Number("gap_people_least", GAP_RULE.core_people, "people", "remaining.GAP_RULE"),
        Number("gap_reach", GAP_RULE.reach_m, "m", "remaining.GAP_RULE"),
    ]
    for row in found.out_of_reach.to_dict("records"):
        level, origin = row["level"], "remaining.summary"
        near = row["within_a_site"]
        numbers += [
            Number(f"{level}_out", float(row["people"]), "people", origin),
            Number(f"{level}_gap_places", int(row["places"]), "count", origin),
            Number(f"{level}_gap_people", float(row["people_listed"]), "people", origin),
            Number(
                f"{level}_out_near_a_site", 0.0 if math.isnan(near) else float(near),
                "share", origin,
            ),
        ]  # fmt: skip
    return numbers
