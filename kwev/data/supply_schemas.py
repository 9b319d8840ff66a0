"""Processed tables of charging stations."""

from __future__ import annotations

from typing import Final

import pandera.pandas as pa

from kwev.data.columns import (
    CANADA,
    CSD_ID,
    CT_ID,
    DA_ID,
    FSA_ID,
    MUNICIPALITY,
    POINT,
    Schema,
    flag,
    integer,
    real,
    table_of,
    text,
)

PORTS_BASES: Final = (
    "one_count", "one_list_several_rows", "quantity_or_level_unclear", "lists_differ",
    "operators_differ",
)  # fmt: skip
"""Why low and high may differ from base, from the mildest reason to the strongest."""
CONDITIONS: Final = (
    "staff", "guests", "customers", "one_maker", "fee", "business_hours", "always", "unknown",
)  # fmt: skip
"""Conditions of use, the strictest first."""
LOCATION_CHECKS: Final = (
    "ok", "city_differs", "far_from_address", "address_elsewhere", "not_found", "no_number",
    "no_address", "outside",
)  # fmt: skip
"""Outcomes of the check of a station's place against its address."""


def ordered(level: str) -> pa.Check:
    """Return the check that low <= base <= high at a level."""
    return pa.Check(
        lambda t: (
            (t[f"{level}_ports_low"] <= t[f"{level}_ports"])
            & (t[f"{level}_ports"] <= t[f"{level}_ports_high"])
        ),
        name="ordered",
        error=f"ports of {level}: low <= base <= high",
    )


TABLES: Final[dict[str, Schema]] = {
    "stations": table_of(
        {
            "station_id": text(
                pattern=r"^(nrcan|ocm)_[0-9_]+$", unique=True, about="Id of its leading record."
            ),
            "name": text(about="Name in its leading record."),
            "operator": text(null=True, about="Network or company; empty where unknown."),
            "address": text(null=True, about="Civic address; empty where unknown."),
            "municipality_id": text(
                pattern=rf"^$|{CSD_ID}", null=True, about="Municipality; empty outside the Region."
            ),
            "area_id": text(
                pattern=r"^$|^541\d{4}\.\d{2}$|^wellesley$",
                null=True,
                about="Area of the minimum-service rule; empty outside the Region.",
            ),
            "in_region": flag(about="Whether it stands in the Region."),
            **POINT,
            "l2_ports": integer(unit="ports", about="Level 2 ports, base count."),
            "l3_ports": integer(unit="ports", about="Level 3 (DC fast) ports, base count."),
            "l2_ports_low": integer(unit="ports", about="Fewest Level 2 ports the sources allow."),
            "l2_ports_high": integer(unit="ports", about="Most Level 2 ports the sources allow."),
            "l3_ports_low": integer(unit="ports", about="Fewest Level 3 ports the sources allow."),
            "l3_ports_high": integer(unit="ports", about="Most Level 3 ports the sources allow."),
            "ports_basis": text(isin=PORTS_BASES, about="Why low and high may differ from base."),
            "l2_kw": real(0, 1000, null=True, unit="kW", about="Power of a Level 2 port."),
            "l3_kw": real(0, 1000, null=True, unit="kW", about="Power of a Level 3 port."),
            "access": text(
                isin=("public", "tesla_only"), about="Public, or for one maker's cars only."
            ),
            "owner": text(isin=("public", "private", "unknown"), about="Who owns the place."),
            "hours": text(null=True, about="Hours as published in 2022; empty where not."),
            "conditions": text(isin=CONDITIONS, about="Who may use it or when, as far as told."),
            "connectors": text(null=True, about="Kinds of plug as told in 2022 to 2024."),
            "opened": text(
                null=True,
                pattern=r"^$|^\d{4}-\d{2}-\d{2}$",
                about="Date of opening; empty where unknown.",
            ),
            "sources": text(
                isin=("nrcan", "ocm", "ocm+nrcan"), about="Inventories that list the station."
            ),
            "confidence": text(
                isin=("matched", "single"), about="Whether two inventories agree that it exists."
            ),
            "location_check": text(
                isin=LOCATION_CHECKS, about="Whether it stands where its address says."
            ),
            "address_apart_m": real(
                0, 100_000, null=True, unit="m", about="Distance to its own civic address."
            ),
            "grid_kw": real(
                0,
                null=True,
                unit="kW",
                about="Proxy of the power the grid can give; empty outside the Region.",
            ),
        },
        exact=True,
        checks=[ordered(level) for level in ("l2", "l3")],
        about="One row for each charging station in the Region or just outside it.",
    ),
    "station_records": table_of(
        {
            "record_id": text(unique=True, about="Source and its id or place."),
            "source": text(
                isin=("ocm", "nrcan", "nrcan_2022", "dc_fast"), about="Snapshot that it is from."
            ),
            "snapshot": text(about="Date of the snapshot."),
            "name": text(about="Name as listed."),
            "latitude": real(*CANADA[1], unit="°", about="Latitude as listed."),
            "longitude": real(*CANADA[0], unit="°", about="Longitude as listed."),
            "in_region": flag(about="Whether the listed point lies in the Region."),
            "l2_ports": integer(unit="ports", about="Level 2 ports as listed."),
            "l3_ports": integer(unit="ports", about="Level 3 ports as listed."),
            "opened": text(
                null=True,
                pattern=r"^$|^\d{4}-\d{2}-\d{2}$",
                about="Date of opening; empty where not listed.",
            ),
            "comparable": flag(
                about="Electric, available, public and dated: counted alike in every snapshot."
            ),
            "outcome": text(isin=("kept", "merged", "dropped"), about="What became of the record."),
            "reason": text(about="Why."),
            "station_id": text(null=True, about="Station that it went into; empty where dropped."),
        },
        exact=True,
        about="One row for each record of the inventories of stations.",
    ),
}


# -- Processed tables of public transit.

DAYS: Final = ("weekday", "saturday", "sunday")
"""Kinds of day for which service is counted."""

MODES: Final = ("bus", "ixpress", "ion")
"""Modes of routes, slowest first."""

_OURS = text(pattern=rf"^$|{CSD_ID}", null=True, about="Municipality; empty outside the Region.")
_ROUTE = text(about="Number of the route in the feed.")


def _trips(about: str) -> dict[str, pa.Column]:
    return {
        f"trips_{day}": integer(unit="trips", about=f"{about} on the representative {day}.")
        for day in DAYS
    }


TRANSIT_TABLES: Final[dict[str, Schema]] = {
    "transit_stops": table_of(
        {
            "stop_id": text(
                unique=True,
                about="Id in the feed; of an ION station that of its first platform.",
            ),
            "name": text(about="Name in the feed."),
            "mode": text(isin=("bus", "ion"), about="What calls here."),
            **POINT,
            "municipality_id": _OURS,
            "platforms": integer(
                unit="stops", about="Stops of the feed that the station or terminal stands for."
            ),
            "routes": text(about="Routes that call, by number, on any representative day."),
            "bus_routes_near": integer(
                unit="routes", about="Bus routes that call within the reach of a hub, own included."
            ),
            "trips_peak_per_h": real(
                0, unit="trips/h", about="Departures in the weekday peak, all directions."
            ),
            "trips_midday_per_h": real(
                0, unit="trips/h", about="Departures at midday of a weekday, all directions."
            ),
            **_trips("Departures"),
            "service_per_h": real(
                0, unit="trips/h", about="Departures over the week, weighted by mode and time."
            ),
            "score": real(0, 1, unit="1", about="Accessibility score, from 0 to below 1."),
            "hub": flag(about="Whether it is a multimodal hub or a hub of buses."),
        },
        exact=True,
        about="One row for each bus stop, bus terminal and ION station with a departure.",
    ),
    "transit_routes": table_of(
        {
            "route_id": text(unique=True, about="Id in the feed."),
            "short_name": _ROUTE,
            "long_name": text(about="Name of the route in the feed."),
            "mode": text(isin=MODES, about="Ordinary bus, iXpress (few stops) or ION."),
            "length_km": real(
                0, null=True, unit="km", about="Length one way, mean of the directions' main lines."
            ),
            **_trips("Trips"),
            "headway_peak_min": real(
                0,
                null=True,
                unit="min",
                about="Mean time between starts in the peak in the busier direction.",
            ),
        },
        exact=True,
        about="One row for each route that runs on a representative day.",
    ),
    "transit_days": table_of(
        {
            "day": text(isin=DAYS, unique=True, about="Kind of day."),
            "date": text(pattern=r"^\d{4}-\d{2}-\d{2}$", about="The day that stands for it."),
            "days_alike": integer(unit="days", about="Days with the same services."),
            "days": integer(unit="days", about="Days of this kind that both feeds serve."),
            "bus_trips": integer(unit="trips", about="Trips of buses on that day."),
            "ion_trips": integer(unit="trips", about="Trips of ION on that day."),
        },
        exact=True,
        about="One row for each kind of day.",
    ),
    "transit_lengths": table_of(
        {
            "municipality_id": MUNICIPALITY,
            "route_km": real(0, unit="km", about="Streets with a route, once for each route."),
            "street_km": real(0, unit="km", about="Streets with a route, each once."),
        },
        exact=True,
        unique=["municipality_id"],
        about="One row for each municipality.",
    ),
    "transit_planned": table_of(
        {
            "stop_id": text(unique=True, about="Made from easting and northing."),
            "name": text(about="Name in the Region's list."),
            **POINT,
            "municipality_id": _OURS,
        },
        exact=True,
        about="One row for each planned stop of ION's second stage; nothing runs there.",
    ),
}
"""Processed tables of transit."""


# -- Processed tables of electric vehicles over time: counts, forecast, growth.

FORMS: Final = ("linear", "bass", "damped_trend", "logistic", "drift")
"""Forms of growth that are compared; :mod:`kwev.pipeline.forecast` says what each is."""

BASES: Final = ("recount_removed", "published")
"""Histories that the forms are tested on; see :mod:`kwev.pipeline.forecast`."""

_NAME: Final = r"^\d{4}Q[1-4]$"
_FSA = "Forward sortation area: the first half of a postal code."
_QUARTER = text(pattern=_NAME, about="Quarter at whose end vehicles are counted.")
_YEAR_END = text(pattern=_NAME, about="Last quarter of the year that is forecast.")
_FORM = text(isin=FORMS, about="Form of growth.")


def _evs(about: str) -> pa.Column:
    return real(0, unit="EV", about=about)


_LATER = {
    f"ev_{year}": _evs(f"Forecast of the electric vehicles at the end of {year}.")
    for year in (2030, 2035)
}

VEHICLES_TABLES: Final[dict[str, Schema]] = {
    "ev_quarters": table_of(
        {
            "fsa": text(pattern=FSA_ID, about=_FSA),
            "quarter": _QUARTER,
            "bev": integer(unit="EV", about="Battery-electric vehicles of the whole area."),
            "phev": integer(unit="EV", about="Plug-in hybrids of the whole area."),
            "ev": integer(unit="EV", about="Electric vehicles of both kinds of the whole area."),
            "ev_inside": _evs(
                "Part of them that falls to the Region; the same share all quarters."
            ),
        },
        exact=True,
        unique=["fsa", "quarter"],
        about="One row for each forward sortation area and quarter.",
    ),
    "ev_backtest": table_of(
        {
            "basis": text(isin=BASES, about="History: without the recount of 2024, or published."),
            "form": _FORM,
            "origin": text(pattern=_NAME, about="Last quarter that the forecast knows."),
            "horizon": integer(unit="quarter", about="How far ahead the forecast looks."),
            "actual": _evs("What was counted."),
            "forecast": _evs("What was forecast."),
            "error": real(-1, unit="1", about="Forecast over actual, less one."),
            "low": _evs("Lower end of the interval, from the errors of the other origins."),
            "high": _evs("Upper end of the interval, from the errors of the other origins."),
        },
        exact=True,
        unique=["basis", "form", "origin", "horizon"],
        about="One row for each forecast of the back-test: basis, form, origin and horizon.",
    ),
    "ev_forecast": table_of(
        {
            "quarter": _YEAR_END,
            "form": _FORM,
            "low": _evs("Lower end of the interval."),
            "mid": _evs("The forecast."),
            "high": _evs("Upper end of the interval."),
            "chosen": flag(about="Whether the form is the one that places are planned on."),
        },
        exact=True,
        unique=["quarter", "form"],
        about="One row for each year's end and form, for the Region.",
    ),
    "fsa_growth": table_of(
        {
            "fsa": text(pattern=FSA_ID, unique=True, about=_FSA),
            "growth_4q_per_year": real(-1, unit="1", about="Growth over the last four quarters."),
            "growth_8q_per_year": real(
                -1, unit="1", about="Growth per year over the last eight quarters."
            ),
            **_LATER,
        },
        exact=True,
        about="One row for each forward sortation area: its part inside the Region.",
    ),
    "da_growth": table_of(
        {
            "da_id": text(
                pattern=DA_ID, unique=True, about="Dissemination area of the 2021 census."
            ),
            **_LATER,
        },
        exact=True,
        about="One row for each dissemination area, in the order of das.",
    ),
    "tract_growth": table_of(
        {
            "tract_id": text(
                pattern=rf"{CT_ID}|{DA_ID}",
                unique=True,
                about="Census tract, or dissemination area in Wellesley.",
            ),
            **_LATER,
        },
        exact=True,
        about="One row for each demand point of tracts, in their order.",
    ),
    "cell_growth": table_of(
        {
            "cell_id": text(pattern=r"^c_\d+_\d+$", unique=True, about="Cell of the grid."),
            **_LATER,
        },
        exact=True,
        about="One row for each cell of the grid, in the order of cells.",
    ),
}
"""What each table of electric vehicles over time holds."""


# -- Processed tables of money: what others have published on costs, tariffs and prices.

TARIFF_TOPICS: Final = (
    "capital_cost", "electricity_price_RPP", "delivery_rate_EVC", "delivery_rate_GS50plus",
    "driver_price", "inventory_check", "national_need",
)  # fmt: skip
"""What a cited figure is about."""

MONEY_TABLES: Final[dict[str, Schema]] = {
    "tariffs": table_of(
        {
            "tariff_id": text(
                pattern=r"^[a-z0-9_]+$", unique=True, about="Its words and its year."
            ),
            "topic": text(isin=TARIFF_TOPICS, about="What it is about."),
            "item": text(about="What was published, in the words of its page."),
            "value": real(0, unit="1", about="As published, in the unit beside it."),
            "unit": text(about="Unit of the published value."),
            "currency": text(null=True, about="Currency as published; empty where it is no money."),
            "year": integer(unit="year", about="Year of the figure, or of its exchange rate."),
            "per": text(about="What the amount in CAD is for."),
            "cad": real(
                0, null=True, unit="CAD", about="For one of these; empty where it is no money."
            ),
            "high_cad": real(
                0, null=True, unit="CAD", about="The higher figure given with it, where one is."
            ),
            "place": text(about="Where it holds."),
            "source": text(about="Address of the page, or the file, that it was read from."),
            "licence": text(isin=("citation",), about="Key of its licence: a fact quoted."),
            "note": text(null=True, about="What else the page says."),
        },
        exact=True,
        about="One row for each published figure on costs, electricity tariffs and prices.",
    ),
}
