"""A plan as a business: by kind of action, by site, over the use of its ports, with intervals."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import numpy as np
import pandas as pd

from kwev.display import origins, style
from kwev.display.chart import Chart, require
from kwev.display.figure import Origin
from kwev.display.series import Axis, Band, Line, Panel
from kwev.display.table import Column, table
from kwev.display.values import ASSUMED_DIGITS, Number, Numbers, named, significant
from kwev.model.demand import energy_need_kwh
from kwev.model.siting import existing_stations
from kwev.report import finance
from kwev.report.finance import Ports
from kwev.report.memory import once
from kwev.report.plan import is_level3
from kwev.units import CAD_PER_MILLION, HOURS_PER_YEAR
from kwev.vocabulary import KIND_NAMES, LEVEL_NAMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwev.config import Config, EvYear
    from kwev.data.tables import Tables
    from kwev.display.figure import Figure
    from kwev.display.table import Table
    from kwev.plan.format import Action, Plan
    from kwev.project import Project
    from kwev.report.scenario import Report

GRID: Final = tuple(round(0.02 * step, 2) for step in range(21))
"""Utilisations of the chart (share of the year's hours)."""
BAND_DRAWS: Final = 200
"""Draws behind the bands of the chart, at each utilisation."""
STATIONS: Final = ((1, 0), (2, 0), (4, 0), (0, 2), (0, 4))
"""Level 2 and Level 3 ports of the new stations that the table shows."""
ALL: Final = "The whole plan"
YIELD: Final = ("level", "utilisation", "yield", "low", "high", "needed")


@dataclass(frozen=True)
class Business:
    """A certified plan's actions as a business under one scenario."""

    project: Project
    """The checkout, whose ledger of assumptions holds the ranges."""
    tables: Tables
    plan: Plan
    config: Config

    @cached_property
    def ports(self) -> Ports:
        """Ports of the plan's actions."""
        return Ports.of(self.plan.actions)

    @cached_property
    def now(self) -> finance.Return:
        """What the whole plan brings, at the scenario's values."""
        return finance.of_ports(self.ports, self.config)

    @cached_property
    def spans(self) -> list[finance.Span]:
        """Assumptions on money that have a range."""
        return finance.spans(self.project)

    @cached_property
    def draws(self) -> list[Config]:
        """The scenario with its assumptions drawn over their ranges."""
        return finance.draws(self.spans, self.config)

    @cached_property
    def drawn(self) -> pd.DataFrame:
        """Returns of the whole plan, one row a draw."""
        return finance.returns_spread(self.ports, self.draws)

    @cached_property
    def swings(self) -> pd.DataFrame:
        """Net present value with one assumption at a time at either end of its range."""
        return finance.one_at_a_time(self.ports, self.spans, self.config)

    def by_kind(self) -> pd.DataFrame:
        """Return one row a kind of action, and one of all, which adds them up.

        Columns: ``kind`` (words), ``stations``, ``capital_cad`` (net of resale), ``income``,
        ``energy``, ``power``, ``other`` (fees, fixed charges and upkeep), ``cash`` (CAD a year),
        ``npv_cad``, ``roi`` (share of the money spent that comes back on top of it over the years),
        ``payback_years`` and ``break_even`` (share; NaN where never).
        """
        actions = self.plan.actions
        done = {kind: [a for a in actions if a.kind == kind] for kind in KIND_NAMES}
        rows = [{"kind": KIND_NAMES[k], **self._row(some)} for k, some in done.items() if some]
        return pd.DataFrame([*rows, {"kind": ALL, **self._row(actions)}])

    def by_site(self) -> pd.DataFrame:
        """Return one row a place, the best net present value first; sums are the plan's totals.

        Columns as :meth:`by_kind`, with ``name``, ``municipality``, ``what``, ``place_id``, and
        ``npv_low_cad`` and ``npv_high_cad``: between them lie nine tenths of the draws.
        """
        places: dict[str, list[int]] = {}
        for column, action in enumerate(self.plan.actions):
            places.setdefault(action.place_id, []).append(column)
        worth, rows = pd.DataFrame(finance.present_values(self.ports, self.draws)), []
        for place_id, columns in places.items():
            done = [self.plan.actions[column] for column in columns]
            low, high = finance.interval(worth[columns].sum(axis=1))
            rows.append(
                {"place_id": place_id, "name": done[0].name, "municipality": done[0].municipality,
                 "what": ", ".join(KIND_NAMES[a.kind] for a in done), **self._row(done),
                 "npv_low_cad": low, "npv_high_cad": high}
            )  # fmt: skip
        rows.sort(key=lambda row: (-row["npv_cad"], row["place_id"]))
        return pd.DataFrame(rows)

    def _row(self, actions: Sequence[Action]) -> dict[str, Any]:
        ports, config = Ports.of(actions), self.config
        total = finance.year(ports, config).total()
        brings = finance.brings(finance.of_ports(ports, config))
        return {
            "stations": len(actions),
            "capital_cad": brings.pop("capital_cad"),
            **{name: float(getattr(total, name)) for name in ("income", "energy", "power")},
            "other": float(total.fees + total.fixed + total.upkeep),
            **brings,
            "break_even": finance.or_nan(finance.break_even(ports, config)),
        }

    @cached_property
    def every_size(self) -> pd.DataFrame:
        """Return one row a new station of every size that the scenario allows."""
        ports = self.config.ports
        l2 = [(count, 0) for count in range(ports.min_l2, ports.max_new_l2 + 1)]
        return self.stations([*l2, *((0, n) for n in range(ports.min_l3, ports.max_new_l3 + 1))])

    def stations(self, sizes: Sequence[tuple[int, int]] = STATIONS) -> pd.DataFrame:
        """Return one row a new station of a size: what it needs to pay.

        ``sizes`` are its Level 2 and Level 3 ports.

        Columns: ``station`` (words), ``level``, ``ports``, ``peak_kw`` (a month's),
        ``capital_cad``, ``power`` (charges on the peak, CAD a year), ``runs`` and ``pays``
        (utilisation at which income covers the running cost, and the money too; NaN where never)
        and ``price`` (CAD/kWh at which it pays at the scenario's utilisation).
        """
        rows = []
        for l2, l3 in sizes:
            ports, config = Ports.station(l2, l3), self.config
            level, count = ("Level 2", l2) if l2 else ("Level 3", l3)
            words = f"{level}, {count} {'port' if count == 1 else 'ports'}"
            pays = (
                finance.break_even(ports, config, pays_back=False),
                finance.break_even(ports, config),
                finance.break_even_price(ports, config),
            )
            rows.append(
                (words, level, count, finance.peak_kw(ports.l2_after, ports.l3_after, config)[0],
                 finance.capital_cad(ports, config)[0], finance.year(ports, config).power[0],
                 *map(finance.or_nan, pays))
            )  # fmt: skip
        columns = "station level ports peak_kw capital_cad power runs pays price"
        return pd.DataFrame(rows, columns=columns.split())

    def over_utilisation(self) -> pd.DataFrame:
        """Return what a dollar brings in a year, by level, over the utilisation, with intervals.

        Columns: ``level`` (words), ``utilisation``, ``yield``, ``low``, ``high`` (cash of a year
        over the money spent: a share a year) and ``needed`` (the yield that pays the money back
        over the scenario's years with interest).
        """
        free = [span for span in self.spans if span.name != "demand.utilisation"]
        drawn = finance.draws(free, self.config, size=BAND_DRAWS)
        needed = 1 / finance.worth(self.config)
        rows = []
        for level, words in LEVEL_NAMES.items():
            # an action's money goes to one level
            ports = Ports.of([a for a in self.plan.actions if is_level3(a) == (level == "l3")])
            if len(ports) == 0 or finance.capital_cad(ports, self.config).sum() <= 0:
                continue
            for used in GRID:
                earned = pd.Series([_yield(ports, config, used) for config in drawn])
                own = _yield(ports, self.config, used)
                rows.append((words, used, own, *finance.interval(earned), needed))
        return pd.DataFrame(rows, columns=list(YIELD))

    def supported(self, ev_year: EvYear = "now") -> float:
        """Return the utilisation that the Region's vehicles can fill, all ports of the plan built.

        Public-charging energy that they need, over what all ports, existing and new, could give at
        full power all year; both as the model's energy rows count them.
        """
        config = self.config.with_values(demand__ev_year=ev_year)
        return self.use_of(sum(energy_need_kwh(self.tables, config).values()))

    def use_of(self, need_kwh: float) -> float:
        """Return the utilisation at which all ports, the plan built, give so much energy a year."""
        standing = float(existing_stations(self.tables, self.config).standing_kw.sum())
        ports, power = self.ports, self.config.power
        added = np.sum(ports.l2_after - ports.l2_before) * power.l2_kw
        added += np.sum(ports.l3_after - ports.l3_before) * power.l3_kw
        return need_kwh / (HOURS_PER_YEAR * (standing + float(added)))

    def at(self, utilisation: float) -> finance.Return:
        """Return what the plan brings at another utilisation."""
        config = self.config.with_values(demand__utilisation=utilisation)
        return finance.of_ports(self.ports, config)


def _yield(ports: Ports, config: Config, utilisation: float) -> float:
    cash = float(finance.year(ports, config, utilisation).cash.sum())
    return cash / float(finance.capital_cad(ports, config).sum())


# -- words of three or more outcomes -----------------------------------------------------------

CLOSE: Final = 0.1
"""Two utilisations nearer than this part of each other are told as about the same."""
YEARS_DIGITS: Final = 2
"""Digits of a time until money is back, which rests on every assumption at once."""


def verdict(now: finance.Return, years: int) -> str:
    """Return whether a plan pays for itself, and how far it gets."""
    if now.npv_cad > 0:
        return f"pays for itself within {years} years, interest included"
    start = f"does not pay for itself within {years} years: its income"
    if now.cash_cad_per_year < 0:
        return f"{start} does not even cover the running cost"
    return f"{start} covers the running cost but not the money spent"


def left(cash_cad: float) -> str:
    """Return what a plan has left each year of what drivers pay, or what it lacks (CAD a year)."""
    (amount,) = named(_ORIGIN, None, digits=ASSUMED_DIGITS, cad={"amount": abs(cash_cad)})
    if cash_cad < 0:
        return f"falls {amount} a year short of its running cost"
    return f"has {amount} left each year"


def filled(supported: float, assumed: float) -> str:
    """Return how the use that the Region's vehicles can fill stands to the assumed one (shares)."""
    if supported < (1 - CLOSE) * assumed:
        end = "what the plan earns at the assumed use is an upper end until there are more vehicles"
        return f"not for the assumed {assumed:.0%}: {end}"
    if supported <= (1 + CLOSE) * assumed:
        return f"about the assumed {assumed:.0%}"
    return f"more than the assumed {assumed:.0%}"


def paying(stations: pd.DataFrame, utilisation: float) -> str:
    """Return which of the stations of ``Business.stations`` pay back at a utilisation."""
    pays = stations[stations["pays"] <= utilisation]
    if pays.empty:
        return "no new station of either level pays back"
    if len(pays) == len(stations):
        return "new stations of either level pay back"
    only = sorted(set(pays["level"]))
    if len(only) == 1 and len(pays) == (stations["level"] == only[0]).sum():
        return f"new {only[0]} stations pay back and no others"
    return f"{len(pays)} of the {len(stations)} kinds of new station in the table pay back"


def larger_customer(stations: pd.DataFrame) -> str:
    """Return what a Level 2 station pays for its peak once it is a larger customer."""
    level2 = stations[stations["level"] == LEVEL_NAMES["l2"]].sort_values("ports")
    free, charged = level2[level2["power"] == 0], level2[level2["power"] > 0]
    if free.empty or charged.empty:
        return "no Level 2 station here crosses the limit between the utility's classes"
    small, large = free.iloc[-1], charged.iloc[0]
    less = np.nan_to_num(large["pays"], nan=np.inf) < small["pays"]
    return (
        f"with {large['ports']} ports instead of {small['ports']}, a Level 2 station becomes a "
        f"larger customer and pays ${significant(large['power']):,.0f} a year for its peak, and "
        f"{'still needs less use to pay' if less else 'needs more use to pay, not less'}"
    )


def pays_from(utilisation: float) -> str:
    """Return from which use something pays back; NaN is never."""
    return "at no use" if np.isnan(utilisation) else f"from {utilisation:.1%} of the hours"


def payback(years: float | None) -> str:
    """Return when the money is back, in words that end a sentence."""
    if years is None or not np.isfinite(years):
        return "the money never comes back"
    return f"the money is back after {significant(years, YEARS_DIGITS):g} years"


# -- the chart ---------------------------------------------------------------------------------

_LOOKS: Final[dict[str, Any]] = {"Level 2": (style.L2, "solid"), "Level 3": (style.L3, "dash")}
_RANGE: Final = (-0.3, 0.6)
"""Yields that are shown (shares a year): beyond, a level pays or loses whatever is assumed."""


def yields(df: pd.DataFrame, *, origin: Origin, name: str = "money-use") -> Figure:
    """Show what a dollar brings in a year over the utilisation, by level.

    Parameters
    ----------
    df
        ``level``, ``utilisation``, ``yield``, ``low``, ``high``, ``needed`` (shares a year).
    """
    require(df, YIELD, name)
    needed, each = float(df["needed"].iloc[0]), []
    series: list[Band | Line] = []
    for key, part in df.groupby("level"):
        level, (colour, dash) = str(key), _LOOKS[str(key)]
        used, own = part["utilisation"].tolist(), part["yield"].tolist()
        low, high = part["low"].tolist(), part["high"].tolist()
        each.append(f"{level} from {own[0]:.0%} at {used[0]:.0%} of the hours to {own[-1]:.0%} "
                    f"at {used[-1]:.0%}")  # fmt: skip
        hover = "%{x:.0%} of the hours: %{y:.1%} a year<extra>" + level + "</extra>"
        label = f"{level}: nine tenths of the draws"
        series += [
            Band(x=used, low=low, high=high, colour=colour, label=label),
            Line(x=used, y=own, colour=colour, label=level, dash=dash, width=3, hover=hover),
        ]
    ends = [float(df["utilisation"].min()), float(df["utilisation"].max())]
    series.append(
        Line(x=ends, y=[needed, needed], colour=style.GOOD, label="Pays the money back", dash="dot",
             hover="%{y:.1%} a year<extra>Pays the money back</extra>")
    )  # fmt: skip
    x = Axis(title="Share of the year's hours at full power (%)", form="share")
    y = Axis(title="Cash of a year per dollar spent (%)", form="share", span=_RANGE)
    alt = (
        f"Cash of a year for each dollar spent, over the use of the ports: {'; '.join(each)}. "
        f"{needed:.1%} a year pays the money back."
    )
    return Chart(
        name=name, alt=alt, origin=origin, data=df, panels=[Panel(series=series, x=x, y=y)],
        height_px=460, height_in=3.4, legend_columns=2,
    ).figure()  # fmt: skip


# -- named values ------------------------------------------------------------------------------

_ORIGIN: Final = "plan.actions: returns.Business"
_STATIONS: Final = "finance: returns.STATIONS"
_FAST_ID: Final = "six_vehicle_dcfc_complex_350_kw_units_community_setting_2017"
_FEE_ID: Final = "curbside_garage_level_2_public_charging_fee_2014"


@once
def numbers(report: Report) -> Numbers:
    """Return the numbers of running cost, income and return."""
    business = report.business
    own = [n for part in (_whole, _intervals, _stations, _use) for n in part(business)]
    return Numbers([*own, *_tariffs(report), *_budgets(report)])


def _millions(**cad: float) -> dict[str, float]:
    return {name: value / CAD_PER_MILLION for name, value in cad.items()}


def _whole(business: Business) -> list[Number]:
    now, money = business.now, business.config.finance
    year = finance.year(business.ports, business.config).total()
    return [
        *named(_ORIGIN, year, "money_", digits=ASSUMED_DIGITS, cad="income running"),
        # to the dollar, as the plan's own cost
        *named(_ORIGIN, None, "money_", cad={"capital": now.capital_cad}),
        *named(_ORIGIN, None, "money_", digits=ASSUMED_DIGITS,
               million_cad=_millions(npv=now.npv_cad),
               share={"paid:.0%": float((business.drawn["npv_cad"] > 0).mean())},
               text={"payback": payback(now.payback_years), "verdict": verdict(now, money.years),
                     "left": left(now.cash_cad_per_year)}),
        Number("money_years", money.years, "count", "finance.years"),
        *named("finance.discount_share_per_year",
               share={"money_interest:.0%": money.discount_share_per_year}),
    ]  # fmt: skip


def _intervals(business: Business) -> list[Number]:
    low, high = finance.interval(business.drawn["npv_cad"])
    roi_low, roi_high = finance.interval(business.drawn["roi"].dropna())
    soon, late = finance.interval(business.drawn["payback_years"])
    first = business.swings.iloc[0]
    what, swing = str(first["what"]), float(first["swing_cad"])
    return [
        Number("money_draws", len(business.drawn), "count", "spread.DRAWS"),
        Number("money_spans", len(business.spans), "count", "data/assumptions.json"),
        *named(_ORIGIN, None, "money_", digits=ASSUMED_DIGITS,
               million_cad=_millions(npv_low=low, npv_high=high,
                                                              swing=swing),
               share={"roi_low:.0%": roi_low, "roi_high:.0%": roi_high},
               text={"soon": payback(soon), "late": payback(late),
                     "swing_what": what[0].lower() + what[1:]}),
    ]  # fmt: skip


def _stations(business: Business) -> list[Number]:
    table, config = business.stations(), business.config
    every = business.every_size
    best = {key: every[every["level"] == words].sort_values("pays", kind="stable").iloc[0]
            for key, words in LEVEL_NAMES.items()}  # fmt: skip
    fast = table[table["level"] == LEVEL_NAMES["l3"]].iloc[0]
    cited = float(business.tables.tariffs.set_index("tariff_id")["cad"][_FAST_ID])
    dear = config.with_values(costs__l3_station_cad=0.0, costs__l3_port_cad=cited)
    pays = finance.or_nan(finance.break_even(Ports.station(l3=int(fast["ports"])), dear))
    price = finance.energy_cad_per_kwh(config)
    return [
        Number("fast_cited", cited, "CAD", "tariffs"),
        Number("money_fast_peak", float(fast["peak_kw"]), "kW", _STATIONS, "{:,.0f} kW"),
        Number("money_energy_price", price, "CAD", "finance.energy", "${:.3f}"),
        *named(_STATIONS, fast, "money_fast_", digits=ASSUMED_DIGITS, count="ports", cad="power"),
        *named(
            _STATIONS, None, cad={"fast_here": float(fast["capital_cad"] / fast["ports"])},
            text={"fast_cited_pays": pays_from(pays), "money_peaks": larger_customer(table),
                  **{f"money_{key}_best": str(row["station"]) for key, row in best.items()},
                  **{f"money_{key}_pays": pays_from(row["pays"]) for key, row in best.items()}},
        ),
    ]  # fmt: skip


def _use(business: Business) -> list[Number]:
    now, later = business.supported(), business.supported("2035")
    lean, stations = business.at(now), business.stations()
    shares = {"use_now": now, "use_2030": business.supported("2030"), "use_2035": later}
    words = {"paying_now": paying(stations, now), "paying_2035": paying(stations, later),
             "filled": filled(now, business.config.demand.utilisation),
             "left_now": left(lean.cash_cad_per_year)}  # fmt: skip
    return named(_ORIGIN, None, "money_", digits=ASSUMED_DIGITS, share=shares, text=words,
                 cad={"cash_now": lean.cash_cad_per_year},
                 million_cad=_millions(npv_now=lean.npv_cad))  # fmt: skip


def _budgets(report: Report) -> list[Number]:
    rows, origin = report.budgets, "budget_sweep: returns.by_budget"
    found = finance.by_budget(rows, report.tables, report.config)
    found["ports"] = rows["l3_ports_added"].to_numpy()
    ordered = found.dropna(subset=["roi"]).sort_values("roi", kind="stable")
    return [
        number
        for end, row in (("worst", ordered.iloc[0]), ("best", ordered.iloc[-1]))
        for number in (
            Number(f"money_{end}_budget", row["budget_cad"] / CAD_PER_MILLION, "million CAD",
                   origin, "${:g} million"),
            Number(f"money_{end}_fast", int(row["ports"]), "count", origin),
        )
    ]  # fmt: skip


def _tariffs(report: Report) -> list[Number]:
    table, config = report.tables.tariffs, report.config
    fee = float(table.set_index("tariff_id")["cad"][_FEE_ID])
    hourly = fee / config.power.l2_kw
    energy = finance.energy_cad_per_kwh(config) * (1 + config.finance.energy.loss_share)
    return [
        *named("tariffs", count={"tariffs": len(table)},
               text={"l2_fee_words": "less than" if hourly < energy else "at least what"}),
        *named("tariffs.year", text={"tariff_first_year": str(int(table["year"].min())),
                                     "tariff_last_year": str(int(table["year"].max()))}),
        Number("l2_fee_hour", fee, "CAD", "tariffs", "${:.2f}"),
        Number("l2_fee_kwh", hourly, "CAD", "tariffs, power.l2_kw", "${:.3f}"),
    ]  # fmt: skip


# -- tables and figures ------------------------------------------------------------------------

_YEAR: Final[tuple[str | Column, ...]] = (
    "income energy",
    Column("power", "Peak", "CAD/year", ",.0f"),
    Column("other", "Other", "CAD/year", ",.0f"),
)


def by_kind_table(report: Report, kinds: pd.DataFrame) -> Table:
    """Return installation, income and running cost by kind (rows of ``Business.by_kind``)."""
    whole = "cash npv_cad payback_years break_even"
    columns = (Column("kind", "What"), "capital_cad", *_YEAR, whole)
    return table("money", kinds, columns, _origin(report))


def sites_table(report: Report) -> Table:
    """Return what every place costs and brings, the best first; the CSV has income and costs."""
    columns = "name what capital_cad cash npv_cad npv_low_cad npv_high_cad payback_years break_even"
    return table("money-sites", report.business.by_site(), columns, _origin(report), pdf_rows=15)


def stations_table(report: Report) -> Table:
    """Return what new stations of several sizes need to pay."""
    columns = "station capital_cad peak_kw power runs pays price"
    return table("money-stations", report.business.stations(), columns, _origin(report))


def budgets_table(report: Report) -> Table:
    """Return what each budget of the sweep would bring."""
    columns = "budget_cad capital_cad cash npv_cad roi payback_years"
    frame = finance.by_budget(report.budgets, report.tables, report.config)
    return table("money-budgets", frame, columns, _origin(report))


def use_chart(report: Report) -> Figure:
    """Return what a dollar brings over the utilisation, by level."""
    return yields(report.business.over_utilisation(), origin=_origin(report))


def swings_table(report: Report) -> Table:
    """Return what the present value hangs on, the widest first."""
    columns = (Column("what", "Assumption"), "low_cad high_cad swing_cad")
    return table("money-swings", report.business.swings, columns, _origin(report))


def tariffs_table(report: Report) -> Table:
    """Return every cited figure on costs, tariffs and prices; the CSV has it as published."""
    value = Column("value", "As published", format=",.8g")
    columns = ("item year", Column("place", "Where"), "cad per", value, "page")
    frame = report.tables.tariffs.sort_values(["topic", "tariff_id"], ignore_index=True)
    is_page = frame["source"].str.startswith("http")
    frame = frame.assign(
        page=[urlsplit(s).netloc if page else s.partition(",")[0]
              for s, page in zip(frame["source"], is_page, strict=True)],
        address=frame["source"].where(is_page, ""),
    )  # fmt: skip
    origin = Origin("pages cited row by row", "the years given there")
    return table("tariffs-cited", frame, columns, origin)


def _origin(report: Report) -> Origin:
    own = origins.plan(report.tables, report.plan)
    return Origin(f"{own.source}; cited tariffs and assumptions", own.vintage)
