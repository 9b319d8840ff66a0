"""Numbers of what a plan costs to run and what it earns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwev.analysis import finance, moneywords, returns, spread
from kwev.numbers.number import Number, Numbers
from kwev.units import CAD_PER_MILLION

if TYPE_CHECKING:
    from kwev.analysis.returns import Business
    from kwev.report import Report

_ORIGIN = "plan.actions: returns.Business"
_FAST_ID = "six_vehicle_dcfc_complex_350_kw_units_community_setting_2017"
_FEE_ID = "curbside_garage_level_2_public_charging_fee_2014"


def of_money(report: Report) -> Numbers:
    """Return the numbers of running cost, income and return."""
    business = report.business
    return Numbers(
        [*_plan(business), *_intervals(business), *_stations(business), *_use(business),
         *_tariffs(report), *_budgets(report)]
    )  # fmt: skip


def _plan(business: Business) -> list[Number]:
    now, year, money = business.now, business.year, business.config.finance
    return [
        Number("money_capital", now.capital_cad, "CAD", _ORIGIN),
        Number("money_income", float(year.income), "CAD", _ORIGIN),
        Number("money_running", float(year.running), "CAD", _ORIGIN),
        Number("money_energy", float(year.energy), "CAD", _ORIGIN),
        Number("money_power", float(year.power), "CAD", _ORIGIN),
        Number("money_cash", now.cash_cad_per_year, "CAD", _ORIGIN),
        Number("money_npv", now.npv_cad / CAD_PER_MILLION, "million CAD", _ORIGIN),
        Number("money_payback", moneywords.payback(now.payback_years), "text", _ORIGIN),
        *(
            []
            if now.roi is None
            else [Number("money_roi", now.roi, "share", _ORIGIN, "{:.0%}")]
        ),
        Number("money_years", money.years, "count", "finance.years"),
        Number("money_interest", money.discount_share_per_year, "share",
               "finance.discount_share_per_year", "{:.0%}"),
        Number("money_verdict", moneywords.pays(business), "text", _ORIGIN),
    ]  # fmt: skip


def _intervals(business: Business) -> list[Number]:
    low, high = spread.interval(business.drawn["npv_cad"])
    roi_low, roi_high = spread.interval(business.drawn["roi"].dropna())
    soon, late = spread.interval(business.drawn["payback_years"])
    first = business.swings.iloc[0]
    what = str(first["what"])
    return [
        Number("money_draws", len(business.drawn), "count", "spread.DRAWS"),
        Number("money_spans", len(business.spans), "count", "data/assumptions.json"),
        Number("money_npv_low", low / CAD_PER_MILLION, "million CAD", _ORIGIN),
        Number("money_npv_high", high / CAD_PER_MILLION, "million CAD", _ORIGIN),
        Number("money_roi_low", roi_low, "share", _ORIGIN, "{:.0%}"),
        Number("money_roi_high", roi_high, "share", _ORIGIN, "{:.0%}"),
        Number("money_soon", moneywords.payback(soon), "text", _ORIGIN),
        Number("money_late", moneywords.payback(late), "text", _ORIGIN),
        Number("money_swing_what", what[0].lower() + what[1:], "text", _ORIGIN),
        Number("money_swing", float(first["swing_cad"]) / CAD_PER_MILLION, "million CAD", _ORIGIN),
    ]


def _stations(business: Business) -> list[Number]:
    table, config = business.stations(), business.config
    origin = "finance: returns.STATIONS"
    fast = table[table["level"] == "Level 3"].iloc[0]
    cited = float(business.tables.tariffs.set_index("tariff_id")["cad"][_FAST_ID])
    dear = config.with_values(costs__l3_station_cad=0.0, costs__l3_port_cad=cited)
    pays = finance.break_even(finance.Ports.station(l3=int(fast["ports"])), dear)
    return [
        Number("fast_cited", cited, "CAD", "tariffs"),
        Number("fast_here", float(fast["capital_cad"] / fast["ports"]), "CAD", origin),
        Number("fast_cited_pays", moneywords.pays_from(pays), "text", origin),
        Number("money_levels", moneywords.levels(table), "text", origin),
        Number("money_peaks", moneywords.ports_and_peaks(table), "text", origin),
        Number("money_fast_ports", int(fast["ports"]), "count", origin),
        Number("money_fast_peak", float(fast["peak_kw"]), "kW", origin, "{:,.0f} kW"),
        Number("money_fast_power", float(fast["power"]), "CAD", origin),
        Number("money_energy_price", finance.energy_cad_per_kwh(config), "CAD", "finance.energy",
               "${:.3f}"),
    ]  # fmt: skip


def _use(business: Business) -> list[Number]:
    now = business.supported()
    lean = business.at(now)
    stations, later = business.stations(), business.supported("2035")
    words = moneywords.filled(now, business.config.demand.utilisation)
    return [
        Number("money_filled", words, "text", _ORIGIN),
        Number("money_use_now", now, "share", _ORIGIN),
        Number("money_use_2030", business.supported("2030"), "share", _ORIGIN),
        Number("money_use_2035", later, "share", _ORIGIN),
        Number("money_paying_now", moneywords.paying(stations, now), "text", _ORIGIN),
        Number("money_paying_2035", moneywords.paying(stations, later), "text", _ORIGIN),
        Number("money_npv_now", lean.npv_cad / CAD_PER_MILLION, "million CAD", _ORIGIN),
        Number("money_cash_now", lean.cash_cad_per_year, "CAD", _ORIGIN),
    ]


def _budgets(report: Report) -> list[Number]:
    rows = report.budgets
    table = returns.by_budget(rows, report.tables, report.config)
    words = moneywords.budgets(table, rows["l3_ports_added"])
    return [Number("money_budgets", words, "text", "budget_sweep: returns.by_budget")]


def _tariffs(report: Report) -> list[Number]:
    table, power = report.tables.tariffs, report.config.power
    fee = float(table.set_index("tariff_id")["cad"][_FEE_ID])
    lost = report.config.finance.energy.loss_share
    energy = finance.energy_cad_per_kwh(report.config) * (1 + lost)
    return [
        Number("tariffs", len(table), "count", "tariffs"),
        Number("tariff_first_year", str(int(table["year"].min())), "text", "tariffs.year"),
        Number("tariff_last_year", str(int(table["year"].max())), "text", "tariffs.year"),
        Number("l2_fee_words", moneywords.fee(fee / power.l2_kw, energy), "text", "tariffs"),
        Number("l2_fee_hour", fee, "CAD", "tariffs", "${:.2f}"),
        Number("l2_fee_kwh", fee / power.l2_kw, "CAD", "tariffs, power.l2_kw", "${:.3f}"),
    ]
