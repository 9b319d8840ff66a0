"""Tables and figures of what a plan costs to run and what it earns."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kwev.analysis import returns
from kwev.exhibits.common import table
from kwev.figures import moneychart, origins
from kwev.figures.figure import Origin
from kwev.figures.tables import Column, Table

if TYPE_CHECKING:
    from kwev.figures.figure import Figure
    from kwev.report import Report

SITES_IN_PRINT = 15
_WHOLE = (
    Column("capital_cad", "Installation", "CAD", ",.0f"),
    Column("cash", "Left", "CAD/year", ",.0f"),
    Column("npv_cad", "Present value", "CAD", ",.0f"),
    Column("payback_years", "Payback", "years", ".1f"),
    Column("break_even", "Pays from a use of", format=".1%"),
)
_YEAR = (
    Column("income", "Income", "CAD/year", ",.0f"),
    Column("energy", "Energy", "CAD/year", ",.0f"),
    Column("power", "Peak", "CAD/year", ",.0f"),
    Column("other", "Other", "CAD/year", ",.0f"),
)


def money(report: Report) -> Table:
    """Return installation, income and running cost by kind of action and in total."""
    columns = [Column("kind", "What"), _WHOLE[0], *_YEAR, *_WHOLE[1:]]
    return table("money", report.business.by_kind(), columns, _origin(report))


def money_sites(report: Report) -> Table:
    """Return what every place costs and brings, the best first; the CSV has income and costs."""
    columns = (
        Column("name", "Place"),
        Column("what", "Action"),
        *_WHOLE[:3],
        Column("npv_low_cad", "Low", "CAD", ",.0f"),
        Column("npv_high_cad", "High", "CAD", ",.0f"),
        *_WHOLE[3:],
    )
    origin, frame = _origin(report), report.business.by_site()
    return Table("money-sites", frame, columns, origin.source, origin.vintage, SITES_IN_PRINT)


def money_stations(report: Report) -> Table:
    """Return what new stations of several sizes need to pay."""
    columns = [
        Column("station", "New station"),
        Column("capital_cad", "Installation", "CAD", ",.0f"),
        Column("peak_kw", "Peak", "kW", ",.0f"),
        Column("power", "Charges on the peak", "CAD/year", ",.0f"),
        Column("runs", "Covers running cost from", format=".1%"),
        Column("pays", "Pays back from", format=".1%"),
        Column("price", "Pays back at a price of", "CAD/kWh", ".2f"),
    ]
    return table("money-stations", report.business.stations(), columns, _origin(report))


def money_budgets(report: Report) -> Table:
    """Return what each budget of the sweep would bring."""
    columns = [
        Column("budget_cad", "Budget", "CAD", ",.0f"),
        Column("capital_cad", "Installation", "CAD", ",.0f"),
        Column("cash", "Left", "CAD/year", ",.0f"),
        Column("npv_cad", "Present value", "CAD", ",.0f"),
        Column("roi", "Return on the money", format=".0%"),
        Column("payback_years", "Payback", "years", ".1f"),
    ]
    frame = returns.by_budget(report.budgets, report.tables, report.config)
    return table("money-budgets", frame, columns, _origin(report))


def money_chart(report: Report) -> Figure:
    """Return what a dollar brings over the utilisation, by level."""
    return moneychart.yields(report.business.over_utilisation(), origin=_origin(report))


def money_swings(report: Report) -> Table:
    """Return what the present value hangs on, the widest first."""
    columns = [
        Column("what", "Assumption"),
        Column("low_cad", "Present value at its low end", "CAD", ",.0f"),
        Column("high_cad", "At its high end", "CAD", ",.0f"),
        Column("swing_cad", "Between them", "CAD", ",.0f"),
    ]
    return table("money-swings", report.business.swings, columns, _origin(report))


def tariffs(report: Report) -> Table:
    """Return every cited figure on costs, tariffs and prices; the CSV has it as published."""
    columns = (
        Column("item", "What"),
        Column("year", "Year"),
        Column("place", "Where"),
        Column("cad", "Amount", "CAD", ",.6g"),
        Column("per", "For one"),
        Column("value", "As published", format=",.6g"),
        Column("page", "Read from", link="address"),
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
