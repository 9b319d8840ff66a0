"""Numbers of what the published plan changes: for whom, how far, why, and what is left.

They are measured of this very plan, so they carry no tolerance of a solve: another plan, as good as
it may be, is news.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import pandas as pd

from kwev import vocabulary
from kwev.display import origins
from kwev.display.table import Column, Table, table
from kwev.display.values import SHOW, Number, Numbers
from kwev.pipeline.parameters import Parameters
from kwev.report import distances, metrics, remaining
from kwev.report import effects as report_effects
from kwev.report.effects import WHENS
from kwev.report.remaining import GAP_RULE
from kwev.vocabulary import LEVEL_KEYS, LEVEL_NAMES

if TYPE_CHECKING:
    from kwev.display.figure import Figure, Origin
    from kwev.report.findings import Findings
    from kwev.report.scenario import Report


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
    for level, cost in metrics.per_point(report.plan).items():
        value, origin = cost["cad_per_point"], f"costs.per_point: {level}"
        name = f"{level}_cost_per_point"
        if value is None:
            numbers.append(Number(name, f"not defined: {cost['reason']}", "text", origin))
        else:
            numbers.append(Number(name, float(value), "CAD", origin))
    return numbers


def _groups(found: Findings) -> list[Number]:
    groups, people = found.groups, found.effects.cells.people
    towns = groups[groups["group"] == report_effects.MUNICIPALITIES]
    towns = towns[towns["name"] != report_effects.REGION]
    fifths = {
        str(row["name"]): row
        for row in groups[groups["group"] == report_effects.FIFTHS].to_dict("records")
    }
    names = list(report_effects.FIFTH_NAMES.values())
    numbers = []
    for level in LEVEL_KEYS:
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
        Number("swaps", metrics.swaps(int((kept > 1).sum()), len(table)), "text", origin),
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


# -- Tables and figures of what the plan changes: for whom, how far, why each site, what is left.

METRIC_NAMES: Final = {"straight_line": "Straight line", "network": "Along the roads"}
WHEN_NAMES: Final = {"before": "Today", "after": "With the plan"}
WHO_NAMES: Final = {"people": "People", **report_effects.VEHICLE_NAMES}
KIND_NAMES: Final = {
    **vocabulary.KIND_NAMES,
    "upgrade": "Conversion to Level 3",
    "new_l3": "New Level 3",
    "new_l2": "New Level 2",
}

PRINTED_REASONS: Final = 15
"""Actions that the PDF shows, those that hold most coverage."""
PRINTED_GAPS: Final = 8
"""Gaps of each level that the PDF shows, those with most people."""

Row = tuple[str, str, str, float, float]


def _origin(report: Report) -> Origin:
    return origins.plan(report.tables, report.plan)


def who_gains(report: Report) -> Table:
    """Return coverage before and after by municipality, deprivation and kind of vehicle."""
    frame = report.findings.groups
    frame = frame[frame["group"] != report_effects.TOWN_VEHICLES].reset_index(drop=True)
    columns = (Column("name", "Who"), "total l2_before l2_after l3_before l3_after either_after")
    origin = _origin(report)
    return Table("who-gains", frame, columns, origin.source, origin.vintage, group="group")


def distance_chart(report: Report) -> Figure:
    """Return the share of people by distance to the nearest station, before and after."""
    reach = report.config.coverage
    return distances.distances_drawn(
        distances.curves(report.findings.distances),
        {"l2": reach.l2_radius_m, "l3": reach.l3_radius_m},
        origin=_origin(report),
    )


def distance_table(report: Report) -> Table:
    """Return percentiles of the distance to the nearest station; the PDF shows people alone."""
    frame = report.findings.percentiles
    frame = frame.assign(
        printed=frame["who"] == "people",
        what=frame["level"].map(LEVEL_NAMES) + ", " + frame["metric"].map(METRIC_NAMES).str.lower(),
        time=frame["when"].map(WHEN_NAMES),
        who=frame["who"].map(WHO_NAMES),
    )
    order = {name: i for i, name in enumerate(WHO_NAMES.values())}
    frame = frame.sort_values("who", key=lambda c: c.map(order), kind="stable", ignore_index=True)
    columns = (Column("what", "Nearest"), "time p50 p75 p90 p95 p99 max unreached")
    origin = _origin(report)
    return Table(
        "distances", frame, columns, origin.source, origin.vintage, group="who", printed="printed"
    )


def plan_measures(report: Report) -> Table:
    """Return redundancy, overlap, spacing, and stations and power by area, before and after."""
    found = report.findings
    rows = [*_redundancy(found), *_spacing(found), *_areas(found)]
    frame = pd.DataFrame(rows, columns=["group", "measure", "unit", "before", "after"])
    for when, key in (("before", "today"), ("after", "with_plan")):
        frame[key] = [
            "" if pd.isna(value) else SHOW[unit].format(value)
            for value, unit in zip(frame[when], frame["unit"], strict=True)
        ]
    columns = "measure today with_plan"
    origin = _origin(report)
    return Table("plan-measures", frame, columns, origin.source, origin.vintage, group="group")


def _pairs(frame: pd.DataFrame, level: str, column: str) -> tuple[float, float]:
    part = frame[frame["level"] == level].set_index("when")[column]
    return float(part["before"]), float(part["after"])


def _redundancy(found: Findings) -> list[Row]:
    rows: list[Row] = []
    for level, name in LEVEL_NAMES.items():
        for column, unit, words in (
            ("at_least_2", "share", f"People with two or more {name} stations in reach"),
            ("redundant_share", "share", f"The same among people with a {name} station in reach"),
            ("mean_stations", "ratio", f"{name} stations in reach of a person who has one"),
        ):
            pair = _pairs(found.redundancy, level, column)
            rows.append(("Redundancy and overlap", words, unit, *pair))
    return rows


def _spacing(found: Findings) -> list[Row]:
    wanted = (
        ("l2", "mean_m", "Mean distance from a Level 2 station to the next one"),
        ("l3", "mean_m", "Mean distance from a Level 3 station to the next one"),
        ("l3", "least_m", "Least distance between two Level 3 stations"),
        ("l3", "most_m", "Largest distance from a Level 3 station to the next one"),
    )
    return [
        ("Spacing, straight line", words, "m", *_pairs(found.spacing, level, column))
        for level, column, words in wanted
    ]


def _areas(found: Findings) -> list[Row]:
    areas, group = found.areas, "Areas (census tracts; Wellesley is one)"
    none = [float((areas[f"stations_{when}"] == 0).sum()) for when in ("before", "after")]
    most = [float(areas[f"stations_{when}"].max()) for when in ("before", "after")]
    power = [float((areas[f"kw_{when}"] / areas["grid_kw"]).max()) for when in ("before", "after")]
    return [
        (group, "Areas without a station", "count", none[0], none[1]),
        (group, "Most stations in one area", "count", most[0], most[1]),
        (group, "Highest power of all ports over the grid proxy", "share", power[0], power[1]),
    ]


def plan_transit(report: Report) -> Table:
    """Return which stations, candidates and new sites lie within a walk of transit."""
    parameters = Parameters()
    columns = (
        Column("what", "Places"),
        "places",
        Column("bus", f"Bus stop within {parameters.bus_walk_m:,.0f} m", format=".0%"),
        Column("ion", f"ION station within {parameters.ion_walk_m:,.0f} m", format=".0%"),
        "either frequent",
    )
    return table("plan-transit", report.findings.transit, columns, origins.transit(report.tables))


def site_reasons(report: Report) -> Table:
    """Return each action with the reason it was chosen, those that hold most coverage first."""
    frame = report.findings.reasons
    level = frame["level"]
    frame = frame.assign(
        what=frame["kind"].map(KIND_NAMES),
        alone=frame["alone_l2"].where(level == "l2", frame["alone_l3"]),
        company=frame["company_l2"].where(level == "l2", frame["company_l3"]),
    )
    frame = frame.sort_values(["points", "id"], ascending=[False, True], ignore_index=True)
    columns = "name municipality what alone company points alternative_name kept_share"
    origin = _origin(report)
    return Table(
        "site-reasons", frame, columns, origin.source, origin.vintage, pdf_rows=PRINTED_REASONS
    )


def gap_table(report: Report) -> Table:
    """Return the places that the plan leaves without a level; the PDF shows the largest."""
    frame = report.findings.gaps
    frame = frame.assign(
        group=frame["level"].map({key: f"Without {name}" for key, name in LEVEL_NAMES.items()}),
        printed=frame["gap"] <= PRINTED_GAPS,
    )
    columns = "near municipality people ev nearest_m farthest_m within_a_site"
    origin = _origin(report)
    return Table(
        "gaps", frame, columns, origin.source, origin.vintage, group="group", printed="printed"
    )


def gap_map(report: Report) -> Figure:
    """Return the map of the places that the plan leaves without a charger in reach."""
    found = report.findings
    people = {str(r["level"]): float(r["people"]) for r in found.out_of_reach.to_dict("records")}
    return remaining.gaps_drawn(found.effects, found.gaps, people)
