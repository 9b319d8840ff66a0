"""Named values with unit, format and origin: the only figures that the book's prose prints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwev.analysis import baseline, metrics, phasing, reconciliation, sensitivity, wording
from kwev.errors import KwevError, nearest
from kwev.files import read_json
from kwev.pipeline.parameters import Parameters
from kwev.units import CAD_PER_MILLION, POINTS, SQRT3

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from kwev.report import Report
    from kwev.tables import Tables

Value = float | int | str

SHOW = {
    "share": "{:.1%}",
    "points": "{:.1f}",
    "people": "{:,.0f}",
    "EV": "{:,.0f}",
    "count": "{:,.0f}",
    "CAD": "${:,.0f}",
    "million CAD": "${:.2f} million",
    "km²": "{:,.0f} km²",
    "m": "{:,.0f} m",
    "km": "{:.2f} km",
    "kW": "{:,.1f} kW",
    "kWh": "{:,.0f} kWh",
    "GWh": "{:,.1f} GWh",
    "A": "{:,.0f} A",
    "kVA": "{:,.0f} kVA",
    "V": "{:,.0f} V",
    "s": "{:.1f} s",
    "ratio": "{:.2f}",
    "text": "{}",
}
"""How a value of each unit is printed unless the number says otherwise."""


SOLVER_NAMES = {"highs": "HiGHS", "gurobi": "Gurobi", "scip": "SCIP"}


@dataclass(frozen=True)
class Number:
    """One named value.

    Attributes
    ----------
    name
        Its name in the book.
    value
        The value itself, unrounded.
    unit
        A key of ``SHOW``.
    origin
        Where it comes from: a table and column, or a function.
    show
        Format, where the unit's own does not fit.
    """

    name: str
    value: Value
    unit: str
    origin: str
    show: str = ""

    def __str__(self) -> str:
        return (self.show or SHOW[self.unit]).format(self.value)

    def _repr_markdown_(self) -> str:
        # a dollar sign would open mathematics
        return str(self).replace("$", "\\$")


class Numbers:
    """Numbers by attribute; an unknown name is refused with the nearest known one."""

    def __init__(self, numbers: list[Number]) -> None:
        self._by_name = {number.name: number for number in numbers}
        if len(self._by_name) != len(numbers):
            raise KwevError("two numbers share a name", where="kwev.numbers")

    def __getattr__(self, name: str) -> Number:
        if name.startswith("__"):
            raise AttributeError(name)
        if name not in self._by_name:
            hint = nearest(name, list(self._by_name))
            raise KwevError(f"no number {name!r}", where="kwev.numbers", hint=hint)
        return self._by_name[name]

    def __iter__(self) -> Iterator[Number]:
        return iter(self._by_name.values())

    def __or__(self, other: Numbers) -> Numbers:
        return Numbers([*self, *other])


def of_region(report: Report) -> Numbers:
    """Return the numbers of place and people."""
    t = report.tables
    people = t.municipalities["population"]
    cities = t.municipalities["kind"] == "city"
    dense = t.das["population"] / t.das["land_area_km2"]
    return Numbers(
        [
            Number("people", int(people.sum()), "people", "municipalities.population"),
            Number("cma_people", _outside_wellesley(t), "people", "municipalities.population"),
            Number("households", int(t.das["households"].sum()), "count", "das.households"),
            Number("dwellings", int(t.das["dwellings"].sum()), "count", "das.dwellings"),
            Number("area", float(t.municipalities["area_km2"].sum()), "km²", "municipalities"),
            Number("municipalities", len(t.municipalities), "count", "municipalities"),
            Number("cities", int(cities.sum()), "count", "municipalities.kind"),
            Number("townships", int((~cities).sum()), "count", "municipalities.kind"),
            Number("city_share", float(people[cities].sum() / people.sum()), "share", "kind"),
            Number("das", len(t.das), "count", "das"),
            Number("tracts", len(t.tracts), "count", "tracts"),
            Number("cells", len(t.cells), "count", "cells"),
            Number("addresses", int(t.cells["addresses"].sum()), "count", "cells.addresses"),
            Number("densest_da", float(dense.max()), "count", "das: people per km²"),
        ]
    )


def of_data(report: Report) -> Numbers:
    """Return the numbers of vehicles, stations, candidates and of the network as it stands."""
    t, c = report.tables, report.config
    quarter = str(t.fsas["quarter"].iloc[0])
    parameters = Parameters()
    recon = reconciliation.counts(t)
    network = baseline.stations_by_municipality(t, c)
    now = baseline.coverage_by_geography(t, c).to_dict("records")
    cell, tract = now[-1], now[0]
    category = t.sites.groupby("category").size()
    rate = baseline.candidates_per_10000(t).set_index("name")["per_10000"]
    numbers = [
        Number("quarter", f"{quarter[4:]} of {quarter[:4]}", "text", "fsas.quarter"),
        Number("fsas", len(t.fsas), "count", "fsas"),
        Number("fsas_crossing", int((t.fsas["inside_share"] < 1).sum()), "count", "fsas"),
        Number("ev_published", float(t.fsas["ev"].sum()), "EV", "fsas.ev"),
        Number("ev_inside", float(t.das["ev"].sum()), "EV", "das.ev"),
        Number("bev_share", float(t.das["bev"].sum() / t.das["ev"].sum()), "share", "das.bev"),
        Number("stations", int(network["stations"].sum()), "count", "stations"),
        Number("l2_stations", int(network["l2_stations"].sum()), "count", "stations"),
        Number("l3_stations", int(network["l3_stations"].sum()), "count", "stations"),
        Number("l2_ports", int(network["l2_ports"].sum()), "count", "stations.l2_ports"),
        Number("l3_ports", int(network["l3_ports"].sum()), "count", "stations.l3_ports"),
        Number("spacing", baseline.spacing_m(t, c) / 1000, "km", "stations: nearest neighbour"),
        Number("sites", len(t.sites), "count", "sites"),
        Number("sites_on_stations", int((t.sites["station_id"] != "").sum()), "count", "sites"),
        Number("categories", len(category), "count", "sites.category"),
        Number("largest_category", str(category.idxmax()).replace("_", " "), "text", "sites"),
        Number("rate_highest", float(rate.max()), "points", "sites per 10,000 residents"),
        Number("rate_highest_place", str(rate.idxmax()), "text", "sites per 10,000 residents"),
        Number("rate_lowest", float(rate.min()), "points", "sites per 10,000 residents"),
        Number("rate_lowest_place", str(rate.idxmin()), "text", "sites per 10,000 residents"),
        Number("l2_now", float(cell["l2"]), "share", "cells within the L2 radius"),
        Number("l3_now", float(cell["l3"]), "share", "cells within the L3 radius"),
        Number("ev_now", float(cell["ev_owners"]), "share", "cells within either radius"),
        Number("l2_now_tract", float(tract["l2"]), "share", "tract centroids"),
        Number("l3_now_tract", float(tract["l3"]), "share", "tract centroids"),
        Number("waterloo_stations", _in(network, "Waterloo"), "count", "stations in Waterloo"),
        Number("kitchener_stations", _in(network, "Kitchener"), "count", "stations in Kitchener"),
        Number("other_stations", _elsewhere(network), "count", "stations in other municipalities"),
        Number("household_size", _household_size(report), "ratio", "das: people per household"),
        Number("cell_size", parameters.cell_m, "m", "pipeline.parameters"),
        Number("match_radius", parameters.match_station_m, "m", "pipeline.parameters"),
        Number("same_place_radius", parameters.station_site_m, "m", "pipeline.parameters"),
        Number("quality_rules", len(t.quality), "count", "quality"),
        Number("quality_rows", int(_dropped(report)), "count", "quality.rows dropped"),
    ]
    return Numbers(
        [*numbers, *(Number(k, v, "count", "station_records") for k, v in recon.items())]
    )


def of_scenario(report: Report) -> Numbers:
    """Return the planning choices that the prose names."""
    c = report.config
    l3_va = c.power.l3_kw * 1000 / c.power.power_factor
    return Numbers(
        [
            Number("budget", c.budget.limit_cad / 1e6, "million CAD", "budget.limit_cad"),
            Number("target_l2", c.targets.l2, "share", "targets.l2", "{:.0%}"),
            Number("target_l3", c.targets.l3, "share", "targets.l3", "{:.0%}"),
            Number("target_ev", c.targets.ev_owners.share, "share", "targets.ev_owners", "{:.0%}"),
            Number("l2_radius", c.coverage.l2_radius_m, "m", "coverage.l2_radius_m"),
            Number("l3_radius", c.coverage.l3_radius_m, "m", "coverage.l3_radius_m"),
            Number("l2_kw", c.power.l2_kw, "kW", "power.l2_kw"),
            Number("l3_kw", c.power.l3_kw, "kW", "power.l3_kw", "{:,.0f} kW"),
            Number("l3_pair_kw", c.ports.min_l3 * c.power.l3_kw, "kW", "ports", "{:,.0f} kW"),
            Number("l2_volts", c.power.l2_volts, "V", "power.l2_volts"),
            Number("l3_volts", c.power.l3_volts, "V", "power.l3_volts"),
            Number("l3_kva", l3_va / 1000, "kVA", "P / cos φ"),
            Number("l3_pair_kva", c.ports.min_l3 * l3_va / 1000, "kVA", "P / cos φ"),
            Number("l3_amps", l3_va / (SQRT3 * c.power.l3_volts), "A", "P / (√3 V cos φ)"),
            Number("l3_amps_single", c.power.l3_kw * 1000 / c.power.l3_volts, "A", "P / V"),
            Number("l2_station_cost", c.costs.l2_station_cad, "CAD", "costs.l2_station_cad"),
            Number("l2_port_cost", c.costs.l2_port_cad, "CAD", "costs.l2_port_cad"),
            Number("l3_station_cost", c.costs.l3_station_cad, "CAD", "costs.l3_station_cad"),
            Number("l3_port_cost", c.costs.l3_port_cad, "CAD", "costs.l3_port_cad"),
            Number("resale", c.costs.resale_factor, "share", "costs.resale_factor", "{:.0%}"),
            Number("utilisation", c.demand.utilisation, "share", "demand.utilisation", "{:.0%}"),
            Number("public_share", c.demand.public_share, "share", "demand", "{:.0%}"),
            Number("kwh_per_ev", c.demand.kwh_per_ev_year, "kWh", "demand.kwh_per_ev_year"),
            Number("min_l3_ports", c.ports.min_l3, "count", "ports.min_l3"),
        ]
    )


def of_plan(report: Report) -> Numbers:
    """Return the numbers of the published plan."""
    plan, account = report.plan, report.entry.account
    kinds = metrics.actions_by_kind(plan).set_index("kind")["stations"]
    solver, cost = plan.solver, plan.cost
    numbers = [
        Number("actions", len(plan.actions), "count", "plan.actions"),
        *(
            Number(f"plan_{kind}", int(kinds[name]), "count", "plan.actions.kind")
            for kind, name in metrics.KIND_NAMES.items()
        ),
        Number("actions_in_words", wording.actions(plan), "text", "plan.actions.kind"),
        Number("net_cost", cost.net_cad, "CAD", "plan.cost.net_cad"),
        Number("purchase", cost.purchase_cad, "CAD", "plan.cost.purchase_cad"),
        Number("resale_income", cost.resale_cad, "CAD", "plan.cost.resale_cad"),
        Number("unspent", cost.budget_cad - cost.net_cad, "CAD", "plan.cost"),
        Number("objective", solver.objective, "points", "plan.solver.objective", "{:.2f}"),
        Number("bound", solver.bound, "points", "plan.solver.bound", "{:.2f}"),
        Number("gap", solver.gap_solver, "share", "plan.solver.gap_solver", "{:.4%}"),
        Number(
            "solver", f"{SOLVER_NAMES[solver.name]} {solver.version}", "text", "plan.solver.version"
        ),
        Number("solver_reason", solver.reason, "text", "plan.solver.reason"),
        Number("solves", len(account["solves"]), "count", "solve.json"),
        Number("columns", account["size"]["columns"], "count", "solve.json: size"),
        Number("rows_l2", account["size"]["rows_l2"], "count", "solve.json: size"),
        Number("rows_l3", account["size"]["rows_l3"], "count", "solve.json: size"),
        Number("shortfall", plan.shortfall.total_points, "points", "plan.shortfall"),
        Number("shortfall_bound", plan.shortfall.bound_points, "points", "plan.shortfall"),
        Number("unserved", plan.shortfall.demand or 0.0, "share", "plan.shortfall.demand"),
        Number("l2_model", plan.model_coverage.l2.after, "share", "plan.model_coverage"),
        Number("l3_model", plan.model_coverage.l3.after, "share", "plan.model_coverage"),
    ]
    if plan.certificate is not None:
        found = plan.certificate
        numbers += [
            Number("checks", found.checks, "count", "plan.certificate.checks"),
            Number("violations", len(found.violations), "count", "plan.certificate"),
        ]
    for name, short in (("l2", "l2"), ("l3", "l3"), ("ev_owners", "ev")):
        reached = getattr(plan.coverage, name)
        numbers += [
            Number(f"{short}_before", reached.before, "share", f"plan.coverage.{name}"),
            Number(f"{short}_after", reached.after, "share", f"plan.coverage.{name}"),
            Number(f"{short}_attainable", reached.attainable, "share", f"plan.coverage.{name}"),
            Number(f"{short}_ceiling", reached.ceiling, "share", f"plan.coverage.{name}"),
            Number(f"{short}_verdict", wording.verdict(plan, name), "text", "plan.certificate"),
            Number(
                f"{short}_gain",
                POINTS * (reached.after - reached.before),
                "points",
                f"plan.coverage.{name}",
            ),
        ]
    return Numbers(numbers)


def of_budgets(report: Report) -> Numbers:
    """Return the numbers of the budget sweep."""
    sweep = report.budgets
    low, high = sweep.iloc[0], sweep.iloc[-1]
    extra = (high["budget_cad"] - low["budget_cad"]) / 1e6
    return Numbers(
        [
            Number("sweep_points", len(sweep), "count", "sensitivity.budget_sweep"),
            Number(
                "sweep_low", low["budget_cad"] / 1e6, "million CAD", "budget", "${:.0f} million"
            ),
            Number(
                "sweep_high", high["budget_cad"] / 1e6, "million CAD", "budget", "${:.0f} million"
            ),
            Number("l2_low", float(low["l2"]), "share", "budget_sweep.l2"),
            Number("l2_high", float(high["l2"]), "share", "budget_sweep.l2"),
            Number("l3_low", float(low["l3"]), "share", "budget_sweep.l3"),
            Number("l3_high", float(high["l3"]), "share", "budget_sweep.l3"),
            Number(
                "l2_points_per_million",
                float(POINTS * (high["l2"] - low["l2"]) / extra),
                "points",
                "budget_sweep: mean slope",
            ),
            Number("sweep_violations", int(sweep["violations"].sum()), "count", "certificates"),
        ]
    )


def of_phases(report: Report) -> Numbers:
    """Return the numbers of the three phases."""
    table = phasing.phases(report.plan)
    numbers = []
    for row in table.to_dict("records"):
        name = f"phase{row['phase']}"
        numbers += [
            Number(f"{name}_stations", int(row["stations"]), "count", "phasing.phases"),
            Number(f"{name}_cost", float(row["cost_cad"]), "CAD", "phasing.phases"),
        ]
    last = int(table["month_to"].max())
    words = wording.phases(table)
    return Numbers(
        [
            *numbers,
            Number("months", last, "count", "phasing.PHASES"),
            Number("phases_in_words", words, "text", "phasing.phases"),
        ]
    )


def of_assumptions(report: Report) -> Numbers:
    """Return what the plan hangs on: the assumptions that move each level most, one at a time."""
    changes, config, solver = report.swings, report.config, report.plan.solver
    names = {
        entry["key"]: entry["what"]
        for entry in read_json(report.project.root / "data" / "assumptions.json")
    }
    varied = sensitivity.ranges(report.project)
    origin = "one_at_a_time"
    numbers = [
        Number("assumptions", len(names), "count", "data/assumptions.json"),
        Number("assumptions_varied", sum(len(r.low) for r in varied), "count", origin),
        Number("swing_plans", len(changes), "count", origin),
        Number("swing_violations", int(changes["violations"].sum()), "count", origin),
    ]
    for level in ("l2", "l3"):
        largest = max(changes.to_dict("records"), key=lambda row: abs(row[level]))
        what = names.get(str(largest["key"]), "the grid proxies of all kinds of site")
        numbers += [
            Number(f"swing_{level}_what", what[0].lower() + what[1:], "text", origin),
            Number(f"swing_{level}_points", abs(float(largest[level])), "points", origin),
        ]
    price = config.weights.cost_points_per_million_cad
    if price > 0:
        cad = config.solver.mip_gap * solver.objective / price * CAD_PER_MILLION
        numbers.append(Number("gap_cad", cad, "CAD", "plan.solver: gap over the price of a point"))
    return Numbers(numbers)


def everything(report: Report) -> Numbers:
    """Return every number of the book."""
    parts = (
        of_region, of_data, of_scenario, of_plan, of_budgets, of_phases, of_assumptions,
    )  # fmt: skip
    return Numbers([number for part in parts for number in part(report)])


def _in(network: pd.DataFrame, name: str) -> int:
    return int(network.loc[network["municipality"] == name, "stations"].sum())


def _elsewhere(network: pd.DataFrame) -> int:
    return int(network["stations"].sum()) - _in(network, "Waterloo") - _in(network, "Kitchener")


def _outside_wellesley(tables: Tables) -> int:
    """Return the people of census metropolitan area 541: the Region without Wellesley."""
    places = tables.municipalities
    return int(places.loc[places["name"] != "Wellesley", "population"].sum())


def _household_size(report: Report) -> float:
    das = report.tables.das
    return float(das["population"].sum() / das["households"].sum())


def _dropped(report: Report) -> int:
    quality = report.tables.quality
    return int(quality.loc[quality["action"] == "dropped", "rows"].sum())
