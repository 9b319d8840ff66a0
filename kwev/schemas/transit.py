"""Processed tables of public transit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kwev.schemas.columns import (
    CSD_ID,
    MUNICIPALITY,
    POINT,
    Schema,
    flag,
    integer,
    real,
    table_of,
    text,
)

if TYPE_CHECKING:
    import pandera.pandas as pa

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


TABLES: Final[dict[str, Schema]] = {
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
