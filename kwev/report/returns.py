"""A plan as a business, in tables: by kind of action, by site, over utilisation, with intervals."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from kwev.display import origins, style
from kwev.display.chart import chart, require
from kwev.display.figure import Origin
from kwev.display.table import Column, Table, table
from kwev.display.values import Number, Numbers
from kwev.model.demand import energy_need_kwh
from kwev.model.siting import existing_stations
from kwev.report import finance as report_finance
from kwev.report.finance import Ports
from kwev.report.metrics import is_level3
from kwev.units import CAD_PER_MILLION, HOURS_PER_YEAR
from kwev.vocabulary import KIND_NAMES, LEVEL_NAMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwev.config import Config, EvYear
    from kwev.data.tables import Tables
    from kwev.display.figure import Figure
    from kwev.plan.format import Action, Plan
    from kwev.project import Project
    from kwev.report.scenario import Report

GRID: Final = tuple(round(0.02 * step, 2) for step in range(21))
"""Utilisations of the chart (share of the year's hours)."""
BAND_DRAWS: Final = 200
"""Draws behind the bands of the chart, at each utilisation."""
STATIONS: Final = ((1, 0), (2, 0), (4, 0), (0, 2), (0, 4))
"""Level 2 and Level 3 ports of the new stations whose break-even is told."""
ALL: Final = "The whole plan"


@dataclass(frozen=True)
class Business:
    """A plan's actions as a business under one scenario.

    Attributes
    ----------
    project
        The checkout, whose ledger of assumptions holds the ranges.
    tables
        ``data/processed``, read.
    plan
        A certified plan.
    config
        The scenario.
    """

    project: Project
    tables: Tables
    plan: Plan
    config: Config

    @cached_property
    def ports(self) -> Ports:
        """Ports of the plan's actions."""
        return Ports.of(self.plan.actions)

    @cached_property
    def now(self) -> report_finance.Return:
        """What the whole plan brings, at the scenario's values."""
        return report_finance.of_ports(self.ports, self.config)

    @cached_property
    def year(self) -> report_finance.Year:
        """The plan's year, summed."""
        return report_finance.year(self.ports, self.config).total()

    @cached_property
    def spans(self) -> list[report_finance.Span]:
        """Assumptions on money that have a range."""
        return report_finance.spans(self.project)

    @cached_property
    def draws(self) -> list[Config]:
        """The scenario with its assumptions drawn over their ranges."""
        return report_finance.draws(self.spans, self.config)

    @cached_property
    def drawn(self) -> pd.DataFrame:
        """Returns of the whole plan, one row a draw."""
        return report_finance.returns_spread(self.ports, self.draws)

    @cached_property
    def swings(self) -> pd.DataFrame:
        """Net present value with one assumption at a time at either end of its range."""
        return report_finance.one_at_a_time(self.ports, self.spans, self.config)

    def level(self, level: str) -> Ports:
        """Return the ports of the actions whose money goes to ``l2`` or ``l3``."""
        return Ports.of([a for a in self.plan.actions if is_level3(a) == (level == "l3")])

    def by_kind(self) -> pd.DataFrame:
        """Return one row a kind of action, and one of all, which adds them up.

        Columns: ``kind`` (words), ``stations``, ``capital_cad`` (net of resale), ``income``,
        ``energy``, ``power``, ``other`` (fees, fixed charges and upkeep), ``cash`` (CAD a year),
        ``npv_cad``, ``roi`` (share of the money spent that comes back on top of it over the years),
        ``payback_years`` and ``break_even`` (share; NaN where never).
        """
        rows = []
        for kind, words in KIND_NAMES.items():
            some = [a for a in self.plan.actions if a.kind == kind]
            if some:
                rows.append({"kind": words, **self._row(some)})
        return pd.DataFrame([*rows, {"kind": ALL, **self._row(self.plan.actions)}])

    def by_site(self) -> pd.DataFrame:
        """Return one row a place, the best net present value first; sums are the plan's totals.

        Columns as :meth:`by_kind`, with ``name``, ``municipality``, ``what``, ``place_id``, and
        ``npv_low_cad`` and ``npv_high_cad``: between them lie nine tenths of the draws.
        """
        places: dict[str, list[Action]] = {}
        for action in self.plan.actions:
            places.setdefault(action.place_id, []).append(action)
        worth = pd.DataFrame(report_finance.present_values(self.ports, self.draws))
        at = pd.Series([action.place_id for action in self.plan.actions])
        ends = {
            place_id: report_finance.interval(worth.loc[:, (at == place_id).to_numpy()].sum(axis=1))
            for place_id in places
        }
        rows = [
            {
                "place_id": place_id,
                "name": done[0].name,
                "municipality": done[0].municipality,
                "what": ", ".join(KIND_NAMES[a.kind] for a in done),
                **self._row(done),
                "npv_low_cad": ends[place_id][0],
                "npv_high_cad": ends[place_id][1],
            }
            for place_id, done in places.items()
        ]
        table = pd.DataFrame(rows)
        if table.empty:
            return table
        return table.sort_values(
            ["npv_cad", "place_id"], ascending=[False, True], ignore_index=True
        )

    def _row(self, actions: Sequence[Action]) -> dict[str, Any]:
        ports, config = Ports.of(actions), self.config
        total = report_finance.year(ports, config).total()
        found = report_finance.of_ports(ports, config)
        return {
            "stations": len(actions),
            "capital_cad": found.capital_cad,
            "income": float(total.income),
            "energy": float(total.energy),
            "power": float(total.power),
            "other": float(total.fees + total.fixed + total.upkeep),
            "cash": found.cash_cad_per_year,
            "npv_cad": found.npv_cad,
            "roi": _number(found.roi),
            "payback_years": _number(found.payback_years),
            "break_even": _number(report_finance.break_even(ports, config)),
        }

    def stations(self) -> pd.DataFrame:
        """Return one row a new station of :data:`STATIONS`: what it needs to pay.

        Columns: ``station`` (words), ``level``, ``ports``, ``peak_kw`` (a month's),
        ``capital_cad``, ``power`` (charges on the peak, CAD a year), ``runs`` and ``pays``
        (utilisation at which
        income covers the running cost, and the money too; NaN where never) and ``price`` (CAD/kWh
        at which it pays at the scenario's utilisation).
        """
        rows = []
        for l2, l3 in STATIONS:
            ports, config = Ports.station(l2, l3), self.config
            level, count = ("Level 2", l2) if l2 else ("Level 3", l3)
            rows.append(
                {
                    "station": f"{level}, {count} {'port' if count == 1 else 'ports'}",
                    "level": level,
                    "ports": count,
                    "peak_kw": float(
                        report_finance.peak_kw(ports.l2_after, ports.l3_after, config)[0]
                    ),
                    "capital_cad": float(report_finance.capital_cad(ports, config)[0]),
                    "power": float(report_finance.year(ports, config).power[0]),
                    "runs": _number(report_finance.break_even(ports, config, pays_back=False)),
                    "pays": _number(report_finance.break_even(ports, config)),
                    "price": _number(report_finance.break_even_price(ports, config)),
                }
            )
        return pd.DataFrame(rows)

    def over_utilisation(self) -> pd.DataFrame:
        """Return what a dollar brings in a year, by level, over the utilisation, with intervals.

        Columns: ``level`` (words), ``utilisation``, ``yield``, ``low``, ``high`` (cash of a year
        over the money spent: a share a year) and ``needed`` (the yield that pays the money back
        over the scenario's years with interest).
        """
        free = [span for span in self.spans if span.name != "demand.utilisation"]
        drawn = report_finance.draws(free, self.config, size=BAND_DRAWS)
        money = self.config.finance
        needed = 1 / report_finance.annuity(money.discount_share_per_year, money.years)
        rows = []
        for level, words in LEVEL_NAMES.items():
            ports = self.level(level)
            if len(ports) == 0 or report_finance.capital_cad(ports, self.config).sum() <= 0:
                continue
            for used in GRID:
                earned = pd.Series([_yield(ports, config, used) for config in drawn])
                low, high = report_finance.interval(earned)
                rows.append(
                    {
                        "level": words,
                        "utilisation": used,
                        "yield": _yield(ports, self.config, used),
                        "low": low,
                        "high": high,
                        "needed": needed,
                    }
                )
        return pd.DataFrame(
            rows, columns=["level", "utilisation", "yield", "low", "high", "needed"]
        )

    def supported(self, ev_year: EvYear = "now") -> float:
        """Return the utilisation that the Region's vehicles can fill, all ports of the plan built.

        Public-charging energy that they need, over what all ports, existing and new, could give at
        full power all year; both as the model's energy rows count them.
        """
        config = self.config.with_values(demand__ev_year=ev_year)
        need = sum(energy_need_kwh(self.tables, config).values())
        standing = float(existing_stations(self.tables, config).standing_kw.sum())
        power = self.config.power
        added = float(
            np.sum(self.ports.l2_after - self.ports.l2_before) * power.l2_kw
            + np.sum(self.ports.l3_after - self.ports.l3_before) * power.l3_kw
        )
        return need / (HOURS_PER_YEAR * (standing + added))

    def at(self, utilisation: float) -> report_finance.Return:
        """Return what the plan brings at another utilisation."""
        config = self.config.with_values(demand__utilisation=utilisation)
        return report_finance.of_ports(self.ports, config)


def by_budget(rows: pd.DataFrame, tables: Tables, config: Config) -> pd.DataFrame:
    """Return what plans bring, one row each, as the rows of a study have them.

    Parameters
    ----------
    rows
        ``budget_cad``, ``net_cad`` and ``actions`` (``id:ports`` joined by blanks).

    Returns
    -------
    pandas.DataFrame
        ``budget_cad``, ``capital_cad``, ``cash``, ``npv_cad``, ``roi``, ``payback_years``.
    """
    found = []
    for row in rows.to_dict("records"):
        brings = report_finance.of_row(str(row["actions"]), tables, config)
        found.append(
            {
                "budget_cad": row["budget_cad"],
                "capital_cad": brings.capital_cad,
                "cash": brings.cash_cad_per_year,
                "npv_cad": brings.npv_cad,
                "roi": _number(brings.roi),
                "payback_years": _number(brings.payback_years),
            }
        )
    return pd.DataFrame(found)


def _yield(ports: Ports, config: Config, utilisation: float) -> float:
    cash = float(report_finance.year(ports, config, utilisation).cash.sum())
    return cash / float(report_finance.capital_cad(ports, config).sum())


def _number(value: float | None) -> float:
    return np.nan if value is None else float(value)


# -- What a plan's money says, in sentences: each is derived from the numbers it names.

CLOSE = 0.1
"""Two utilisations nearer than this part of each other are told as about the same."""


def pays(business: Business) -> str:
    """Return whether the plan pays for itself, and in how many of the draws."""
    finance, now = business.config.finance, business.now
    share = float((business.drawn["npv_cad"] > 0).mean())
    if now.npv_cad > 0:
        return (
            f"At these values the plan pays for itself within {finance.years} years, interest "
            f"included, and it does in {share:.0%} of the draws."
        )
    running = (
        "its income covers the running cost but not the money spent"
        if now.cash_cad_per_year >= 0
        else "its income does not even cover the running cost"
    )
    return (
        f"At these values the plan does not pay for itself within {finance.years} years: "
        f"{running}; it pays in {share:.0%} of the draws."
    )


def levels(stations: pd.DataFrame) -> str:
    """Return which use stations of each level need to pay (rows of ``Business.stations``)."""
    parts = []
    for level, part in stations.groupby("level", sort=True):
        known = part.dropna(subset=["pays"])
        if known.empty:
            parts.append(f"no {level} station pays at any use")
            continue
        best = known.sort_values("pays").iloc[0]
        port = "port" if best["ports"] == 1 else "ports"
        parts.append(
            f"the {level} station that pays soonest, with {best['ports']} {port}, does so from "
            f"{best['pays']:.1%} of the year's hours at full power"
        )
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}."


def filled(supported: float, assumed: float) -> str:
    """Return whether the Region's vehicles can fill the assumed use of all ports.

    Parameters
    ----------
    supported, assumed
        Utilisations (shares of the year's hours at full power).
    """
    if assumed <= 0:
        return "The scenario assumes no use at all."
    ratio = supported / assumed
    if ratio < 1 - CLOSE:
        return (
            f"The energy that today's vehicles take in public would fill all ports, existing and "
            f"new, for only {supported:.1%} of the hours, not the assumed {assumed:.0%}: what the "
            f"plan earns at the assumed use is an upper end until there are more vehicles."
        )
    if ratio <= 1 + CLOSE:
        return (
            f"The energy that today's vehicles take in public would fill all ports for about the "
            f"assumed {assumed:.0%} of the hours."
        )
    return (
        f"The energy that today's vehicles take in public would fill all ports for {supported:.1%} "
        f"of the hours, more than the assumed {assumed:.0%}."
    )


def pays_from(utilisation: float | None) -> str:
    """Return from which use something pays back, in words."""
    if utilisation is None:
        return "at no use"
    return f"from {utilisation:.1%} of the hours"


def paying(stations: pd.DataFrame, utilisation: float) -> str:
    """Return which stations pay back at a utilisation, in a sentence's end."""
    pays = stations[stations["pays"] <= utilisation]
    if pays.empty:
        return "no new station of either level pays back"
    if len(pays) == len(stations):
        return "new stations of either level pay back"
    only = sorted(set(pays["level"]))
    others = stations[~stations["level"].isin(only)]
    if len(only) == 1 and len(pays) == (stations["level"] == only[0]).sum() and len(others):
        return f"new {only[0]} stations pay back and no others"
    return f"{len(pays)} of the {len(stations)} kinds of new station in the table pay back"


def ports_and_peaks(stations: pd.DataFrame) -> str:
    """Return what a larger Level 2 station pays for its peak."""
    level2 = stations[stations["level"] == "Level 2"].sort_values("ports")
    free, charged = level2[level2["power"] == 0], level2[level2["power"] > 0]
    if free.empty or charged.empty:
        return "No Level 2 station here crosses the limit between the utility's classes."
    small, large = free.iloc[-1], charged.iloc[0]
    worse = not np.nan_to_num(large["pays"], nan=np.inf) < small["pays"]
    verdict = "and needs more use to pay, not less" if worse else "and still needs less use to pay"
    return (
        f"With {large['ports']} ports instead of {small['ports']}, a Level 2 station becomes a "
        f"larger customer and pays ${large['power']:,.0f} a year for its peak, {verdict}."
    )


def fee_moneywords(cad_per_kwh: float, energy_cad_per_kwh: float) -> str:
    """Return how a fee stands to what the energy of a kWh sold costs."""
    return "less than" if cad_per_kwh < energy_cad_per_kwh else "at least what"


def budgets(table: pd.DataFrame, ports: pd.Series) -> str:
    """Return at which budget the return is best, and what that has to do with Level 3.

    Parameters
    ----------
    table
        As :func:`kwev.report.returns.by_budget` returns it.
    ports
        Level 3 ports that each budget's plan adds, in the same order.
    """
    known = table.assign(ports=ports.to_numpy()).dropna(subset=["roi"])
    best = known.sort_values("roi", kind="stable").iloc[-1]
    worst = known.sort_values("roi", kind="stable").iloc[0]
    if best["budget_cad"] == worst["budget_cad"]:
        return "the budgets return the same"
    text = (
        f"the return is best with a budget of {millions(best['budget_cad'])} and worst with one "
        f"of {millions(worst['budget_cad'])}"
    )
    if best["ports"] > worst["ports"]:
        return f"{text}: the former adds {_fast(best['ports'])}, the latter {worst['ports']:.0f}"
    return text


def millions(cad: float) -> str:
    """Return an amount in millions of dollars, as prose has it."""
    return f"${cad / CAD_PER_MILLION:g} million"


def _fast(ports: float) -> str:
    return f"{ports:.0f} Level 3 {'port' if ports == 1 else 'ports'}"


def payback(years: float | None) -> str:
    """Return when the money is back, in words that end a sentence."""
    if years is None or not np.isfinite(years):
        return "the money never comes back"
    return f"the money is back after {years:.1f} years"


# -- The chart of what a dollar brings: yield over utilisation by level, with intervals.

_HEIGHT_PX, _HEIGHT_IN = 460, 3.4
_LOOKS = {
    "Level 2": (style.L2, "0,114,178", "solid", "-"),
    "Level 3": (style.L3, "213,94,0", "dash", "--"),
}
"""Colour, the same as numbers, and dashes (plotly, matplotlib) of a level."""
_NEEDED = "Pays the money back"
_Y = "Cash of a year per dollar spent (%)"
_RANGE = (-0.3, 0.6)
"""What is shown of it (shares a year): beyond, a level pays or loses whatever is assumed."""
_X = "Share of the year's hours at full power (%)"


def yields(df: pd.DataFrame, *, origin: Origin, name: str = "money-use") -> Figure:
    """Show what a dollar brings in a year over the utilisation, by level.

    Parameters
    ----------
    df
        ``level``, ``utilisation``, ``yield``, ``low``, ``high``, ``needed`` (shares a year).
    """
    require(df, ("level", "utilisation", "yield", "low", "high", "needed"), name)
    needed = float(df["needed"].iloc[0])
    each = [
        f"{level} from {part['yield'].iloc[0]:.0%} at {part['utilisation'].iloc[0]:.0%} of the "
        f"hours to {part['yield'].iloc[-1]:.0%} at {part['utilisation'].iloc[-1]:.0%}"
        for level, part in df.groupby("level")
    ]
    alt = (
        f"Cash of a year for each dollar spent, over the use of the ports: {'; '.join(each)}. "
        f"{needed:.1%} a year pays the money back."
    )
    return chart(
        (name, alt, origin, df, _HEIGHT_PX),
        lambda: _plotly(df, needed),
        lambda canvas: _draw(canvas, df, needed),
        height_in=_HEIGHT_IN,
    )


def _plotly(df: pd.DataFrame, needed: float) -> go.Figure:
    figure = go.Figure(layout=style.plotly_layout(height_px=_HEIGHT_PX))
    for level, part in df.groupby("level"):
        colour, numbers, dash, _ = _LOOKS[str(level)]
        used = part["utilisation"].tolist()
        figure.add_scatter(
            x=[*used, *reversed(used)],
            y=[*part["high"], *reversed(part["low"].tolist())],
            fill="toself",
            fillcolor=f"rgba({numbers},0.15)",
            line={"width": 0},
            hoverinfo="skip",
            name=f"{level}: nine tenths of the draws",
        )
        figure.add_scatter(
            x=used,
            y=part["yield"].tolist(),
            mode="lines",
            name=str(level),
            line={"color": colour, "dash": dash, "width": 3},
            hovertemplate="%{x:.0%} of the hours: %{y:.1%} a year<extra>" + str(level) + "</extra>",
        )
    used = [float(df["utilisation"].min()), float(df["utilisation"].max())]
    figure.add_scatter(
        x=used,
        y=[needed, needed],
        mode="lines",
        name=_NEEDED,
        line={"color": style.GOOD, "dash": "dot", "width": 2},
        hovertemplate="%{y:.1%} a year<extra>" + _NEEDED + "</extra>",
    )
    figure.update_xaxes(title_text=_X, tickformat=".0%")
    figure.update_yaxes(title_text=_Y, tickformat=".0%", range=list(_RANGE))
    return figure


def _draw(canvas: Any, df: pd.DataFrame, needed: float) -> None:
    axes = canvas.subplots()
    for level, part in df.groupby("level"):
        colour, _, _, dash = _LOOKS[str(level)]
        used = 100 * part["utilisation"]
        axes.fill_between(
            used, 100 * part["low"], 100 * part["high"], color=colour, alpha=0.15, linewidth=0,
            label=f"{level}: nine tenths of the draws",
        )  # fmt: skip
        axes.plot(used, 100 * part["yield"], color=colour, linestyle=dash, label=str(level))
    axes.axhline(100 * needed, color=style.GOOD, linestyle=":", label=_NEEDED)
    axes.axhline(0, color=style.QUIET, linewidth=0.6)
    axes.set_ylim(100 * _RANGE[0], 100 * _RANGE[1])
    axes.set_xlabel(_X)
    axes.set_ylabel(_Y)
    canvas.legend(loc="outside upper left", ncols=2, columnspacing=2)


# -- Numbers of what a plan costs to run and what it earns.

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
        Number("money_payback", payback(now.payback_years), "text", _ORIGIN),
        *(
            []
            if now.roi is None
            else [Number("money_roi", now.roi, "share", _ORIGIN, "{:.0%}")]
        ),
        Number("money_years", money.years, "count", "finance.years"),
        Number("money_interest", money.discount_share_per_year, "share",
               "finance.discount_share_per_year", "{:.0%}"),
        Number("money_verdict", pays(business), "text", _ORIGIN),
    ]  # fmt: skip


def _intervals(business: Business) -> list[Number]:
    low, high = report_finance.interval(business.drawn["npv_cad"])
    roi_low, roi_high = report_finance.interval(business.drawn["roi"].dropna())
    soon, late = report_finance.interval(business.drawn["payback_years"])
    first = business.swings.iloc[0]
    what = str(first["what"])
    return [
        Number("money_draws", len(business.drawn), "count", "spread.DRAWS"),
        Number("money_spans", len(business.spans), "count", "data/assumptions.json"),
        Number("money_npv_low", low / CAD_PER_MILLION, "million CAD", _ORIGIN),
        Number("money_npv_high", high / CAD_PER_MILLION, "million CAD", _ORIGIN),
        Number("money_roi_low", roi_low, "share", _ORIGIN, "{:.0%}"),
        Number("money_roi_high", roi_high, "share", _ORIGIN, "{:.0%}"),
        Number("money_soon", payback(soon), "text", _ORIGIN),
        Number("money_late", payback(late), "text", _ORIGIN),
        Number("money_swing_what", what[0].lower() + what[1:], "text", _ORIGIN),
        Number("money_swing", float(first["swing_cad"]) / CAD_PER_MILLION, "million CAD", _ORIGIN),
    ]


def _stations(business: Business) -> list[Number]:
    table, config = business.stations(), business.config
    origin = "finance: returns.STATIONS"
    fast = table[table["level"] == "Level 3"].iloc[0]
    cited = float(business.tables.tariffs.set_index("tariff_id")["cad"][_FAST_ID])
    dear = config.with_values(costs__l3_station_cad=0.0, costs__l3_port_cad=cited)
    pays = report_finance.break_even(report_finance.Ports.station(l3=int(fast["ports"])), dear)
    return [
        Number("fast_cited", cited, "CAD", "tariffs"),
        Number("fast_here", float(fast["capital_cad"] / fast["ports"]), "CAD", origin),
        Number("fast_cited_pays", pays_from(pays), "text", origin),
        Number("money_levels", levels(table), "text", origin),
        Number("money_peaks", ports_and_peaks(table), "text", origin),
        Number("money_fast_ports", int(fast["ports"]), "count", origin),
        Number("money_fast_peak", float(fast["peak_kw"]), "kW", origin, "{:,.0f} kW"),
        Number("money_fast_power", float(fast["power"]), "CAD", origin),
        Number("money_energy_price", report_finance.energy_cad_per_kwh(config), "CAD",
        "finance.energy",
               "${:.3f}"),
    ]  # fmt: skip


def _use(business: Business) -> list[Number]:
    now = business.supported()
    lean = business.at(now)
    stations, later = business.stations(), business.supported("2035")
    words = filled(now, business.config.demand.utilisation)
    return [
        Number("money_filled", words, "text", _ORIGIN),
        Number("money_use_now", now, "share", _ORIGIN),
        Number("money_use_2030", business.supported("2030"), "share", _ORIGIN),
        Number("money_use_2035", later, "share", _ORIGIN),
        Number("money_paying_now", paying(stations, now), "text", _ORIGIN),
        Number("money_paying_2035", paying(stations, later), "text", _ORIGIN),
        Number("money_npv_now", lean.npv_cad / CAD_PER_MILLION, "million CAD", _ORIGIN),
        Number("money_cash_now", lean.cash_cad_per_year, "CAD", _ORIGIN),
    ]


def _budgets(report: Report) -> list[Number]:
    rows = report.budgets
    table = by_budget(rows, report.tables, report.config)
    words = budgets(table, rows["l3_ports_added"])
    return [Number("money_budgets", words, "text", "budget_sweep: returns.by_budget")]


def _tariffs(report: Report) -> list[Number]:
    table, power = report.tables.tariffs, report.config.power
    fee = float(table.set_index("tariff_id")["cad"][_FEE_ID])
    lost = report.config.finance.energy.loss_share
    energy = report_finance.energy_cad_per_kwh(report.config) * (1 + lost)
    return [
        Number("tariffs", len(table), "count", "tariffs"),
        Number("tariff_first_year", str(int(table["year"].min())), "text", "tariffs.year"),
        Number("tariff_last_year", str(int(table["year"].max())), "text", "tariffs.year"),
        Number("l2_fee_words", fee_moneywords(fee / power.l2_kw, energy), "text", "tariffs"),
        Number("l2_fee_hour", fee, "CAD", "tariffs", "${:.2f}"),
        Number("l2_fee_kwh", fee / power.l2_kw, "CAD", "tariffs, power.l2_kw", "${:.3f}"),
    ]


# -- Tables and figures of what a plan costs to run and what it earns.

SITES_IN_PRINT = 15
_WHOLE = "capital_cad cash npv_cad payback_years break_even"
_YEAR = (
    "income energy",
    Column("power", "Peak", "CAD/year", ",.0f"),
    Column("other", "Other", "CAD/year", ",.0f"),
)


def money(report: Report) -> Table:
    """Return installation, income and running cost by kind of action and in total."""
    columns = [Column("kind", "What"), _WHOLE[0], *_YEAR, *_WHOLE[1:]]
    return table("money", report.business.by_kind(), columns, _origin(report))


def money_sites(report: Report) -> Table:
    """Return what every place costs and brings, the best first; the CSV has income and costs."""
    columns = ("name what", *_WHOLE[:3], "npv_low_cad npv_high_cad", *_WHOLE[3:])
    origin, frame = _origin(report), report.business.by_site()
    return Table("money-sites", frame, columns, origin.source, origin.vintage, SITES_IN_PRINT)


def money_stations(report: Report) -> Table:
    """Return what new stations of several sizes need to pay."""
    columns = "station capital_cad peak_kw power runs pays price"
    return table("money-stations", report.business.stations(), columns, _origin(report))


def money_budgets(report: Report) -> Table:
    """Return what each budget of the sweep would bring."""
    columns = "budget_cad capital_cad cash npv_cad roi payback_years"
    frame = by_budget(report.budgets, report.tables, report.config)
    return table("money-budgets", frame, columns, _origin(report))


def money_chart(report: Report) -> Figure:
    """Return what a dollar brings over the utilisation, by level."""
    return yields(report.business.over_utilisation(), origin=_origin(report))


def money_swings(report: Report) -> Table:
    """Return what the present value hangs on, the widest first."""
    columns = (Column("what", "Assumption"), "low_cad high_cad swing_cad")
    return table("money-swings", report.business.swings, columns, _origin(report))


def tariffs(report: Report) -> Table:
    """Return every cited figure on costs, tariffs and prices; the CSV has it as published."""
    columns = (
        "item year",
        Column("place", "Where"),
        "cad per",
        Column("value", "As published", format=",.6g"),
        "page",
    )
    frame = report.tables.tariffs.sort_values(["topic", "tariff_id"], ignore_index=True)
    is_page = frame["source"].str.startswith("http")
    frame = frame.assign(
        page=[urlsplit(s).netloc if page else s.partition(",")[0]
              for s, page in zip(frame["source"], is_page, strict=True)],
        address=frame["source"].where(is_page, ""),
    )  # fmt: skip
    origin = Origin("pages cited row by row", "the years given there")
    return Table("tariffs-cited", frame, columns, origin.source, origin.vintage)


def _origin(report: Report) -> Origin:
    own = origins.plan(report.tables, report.plan)
    return Origin(f"{own.source}; cited tariffs and assumptions", own.vintage)
