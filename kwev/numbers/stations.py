"""Numbers of the station network: ports, places, spacing, operators, growth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwev.analysis import spacing, stations
from kwev.errors import KwevError
from kwev.files import read_json
from kwev.numbers.number import Number, Numbers
from kwev.pipeline.parameters import Parameters

if TYPE_CHECKING:
    import pandas as pd

    from kwev.report import Report


TOP = 3
"""Operators that the text adds up."""


def stated(report: Report, number: str) -> float:
    """Return what the client states about a number, from the table of claims.

    Raises
    ------
    KwevError
        If the table of claims holds nothing about it.
    """
    where = report.project.root / "data" / "claims.json"
    for claim in read_json(where):
        if claim.get("number") == number:
            return float(claim["value"])
    raise KwevError(f"no claim about the number {number!r}", where=str(where))


def spacing_readings(report: Report) -> pd.DataFrame:
    """Return each reading of the client's average distance between stations."""
    return spacing.readings(
        report.tables,
        report.config,
        stated_km=stated(report, "spacing"),
        stated_stations=int(stated(report, "stations")),
    )


def of_stations(report: Report) -> Numbers:
    """Return the numbers of the section on stations that are not in ``of_data``."""
    t, c = report.tables, report.config
    return Numbers([*_ports(report), *_places(report), *_spacing(report), *_growth(report),
                    *_operators(stations.operators(t, c))])  # fmt: skip


def _ports(report: Report) -> list[Number]:
    whole = stations.port_ranges(report.tables, report.config).iloc[-1]
    parameters = Parameters()
    numbers = [
        Number(
            f"{level}_ports_{end}", int(whole[f"{level}_{end}"]), "count", "stations.port_ranges"
        )
        for level in ("l2", "l3")
        for end in ("low", "high")
    ]
    older = report.tables.stations
    older = older[(older["sources"] == "ocm") & older["in_region"]]
    return [
        *numbers,
        Number("unstated_high", parameters.unstated_ports_high, "count", "pipeline.parameters"),
        Number("ocm_only_ports", int(older[["l2_ports", "l3_ports"]].to_numpy().sum()), "count",
               "stations known to OpenChargeMap alone"),
    ]  # fmt: skip


def _places(report: Report) -> list[Number]:
    lacks, inside = stations.missing(report.tables), report.tables.stations
    inside = inside[inside["in_region"]]
    check = inside["location_check"]
    known = inside["address_apart_m"].notna()
    near = check.isin(["ok", "city_differs"])
    far = stations.misplaced(report.tables)["address_apart_m"].max()
    origin = "stations.location_check"
    return [
        Number("stations_inside", len(inside), "count", "stations.in_region"),
        Number("places_near", int(near.sum()), "count", origin),
        Number("places_checked", int(known.sum()), "count", origin),
        Number("places_no_address", lacks["address"], "count", origin),
        Number("places_far_km", float(far) / 1000, "km", "stations.address_apart_m", "{:.1f} km"),
        Number("address_near", Parameters().address_near_m, "m", "pipeline.parameters"),
        Number("hours_missing", lacks["hours"], "count", "stations.hours"),
        Number("power_missing", lacks["power"], "count", "stations.l2_kw, l3_kw"),
        Number("operator_missing", lacks["operator"], "count", "stations.operator"),
        Number("opened_missing", lacks["opened"], "count", "stations.opened"),
        Number("connectors_missing", lacks["connectors"], "count", "stations.connectors"),
    ]


def _spacing(report: Report) -> list[Number]:
    whole, _, fast = spacing.by_level(report.tables, report.config).to_dict("records")
    closest = spacing_readings(report).iloc[0]
    reading = str(closest["reading"])
    return [
        Number("spacing_stated", stated(report, "spacing"), "km", "data/claims.json", "{:.1f} km"),
        Number("spacing_l3", float(fast["nearest_mean_km"]), "km", "spacing.by_level"),
        Number("spacing_pairs", float(whole["pair_mean_km"]), "km", "by_level", "{:.1f} km"),
        Number("spacing_largest", float(whole["nearest_max_km"]), "km", "spacing.by_level",
               "{:.1f} km"),
        Number("spacing_closest", reading[0].lower() + reading[1:], "text", "spacing.readings"),
        Number("spacing_closest_km", float(closest["km"]), "km", "spacing.readings"),
    ]  # fmt: skip


def _growth(report: Report) -> list[Number]:
    older, ocm, newer = stations.growth(report.tables).to_dict("records")
    origin = "stations.growth"
    return [
        Number("growth_older", int(older["records"]), "count", origin),
        Number("growth_newer", int(newer["records"]), "count", origin),
        Number("growth_ocm", int(ocm["records"]), "count", origin),
        Number("growth_gone", int(older["gone"]), "count", origin),
        Number("growth_fresh", int(newer["fresh"]), "count", origin),
        Number("growth_older_date", str(older["snapshot"])[:7], "text", origin),
        Number("growth_newer_date", str(newer["snapshot"])[:7], "text", origin),
    ]


def _operators(table: pd.DataFrame) -> list[Number]:
    known = table[table["operator"] != stations.NO_OPERATOR]
    top = known.iloc[0]
    return [
        Number("operator_first", str(top["operator"]), "text", "stations.operators"),
        Number("operator_first_share", float(top["share"]), "share", "operators", "{:.0%}"),
        Number("operators_top", TOP, "count", "numbers.stations"),
        Number("operators_top_share", float(known["share"].head(TOP).sum()), "share",
               "stations.operators", "{:.0%}"),
        Number("ports_per_station",
               float(table[["l2_ports", "l3_ports"]].to_numpy().sum() / table["stations"].sum()),
               "points", "stations.operators"),
    ]  # fmt: skip
