"""Processed tables of stations, sites, grid, roads, transit, scores' facts, money, and quality."""

from __future__ import annotations

from typing import Any, Final

import pandera.pandas as pa

from kwev.data.columns import (
    AREA,
    AREA_ID,
    CANADA,
    CSD_ID,
    HOUSEHOLDS,
    MUNICIPALITY,
    POINT,
    Schema,
    amount,
    flag,
    integer,
    processed,
    real,
    text,
)
from kwev.vocabulary import SITE_CATEGORIES

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

ROAD_CLASSES: Final = (
    "freeway", "ramp", "highway", "arterial", "collector", "local_street", "cul_de_sac",
    "turning_lane", "alleyway_lane", "private", "footpath",
)  # fmt: skip
"""Classes of roads, as the Region's road file has them; footpaths are for other networks."""

DAYS: Final = ("weekday", "saturday", "sunday")
"""Kinds of day for which service is counted."""

MODES: Final = ("bus", "ixpress", "ion")
"""Modes of routes, slowest first."""

POINT_GEOGRAPHIES: Final = ("cell", "da", "tract")
"""Geographies of demand points, in the order of the file."""

TARIFF_TOPICS: Final = (
    "capital_cost", "electricity_price_RPP", "delivery_rate_EVC", "delivery_rate_GS50plus",
    "driver_price", "inventory_check", "national_need",
)  # fmt: skip
"""What a cited figure is about."""

_OURS: Final = text("Municipality; empty outside the Region.", pattern=rf"^$|{CSD_ID}", null=True)
_OWNERS: Final = text("Who owns the place.", isin=("public", "private", "unknown"))
_DATE_OR_NONE: Final = r"^$|^\d{4}-\d{2}-\d{2}$"


def _ordered(level: str) -> pa.Check:
    """Return the check that low <= base <= high at a level."""
    low, base, high = f"{level}_ports_low", f"{level}_ports", f"{level}_ports_high"
    return pa.Check(
        lambda t: (t[low] <= t[base]) & (t[base] <= t[high]),
        name="ordered",
        error=f"ports of {level}: low <= base <= high",
    )


def _trips(about: str) -> dict[str, Any]:
    return {
        f"trips_{day}": integer("trips", f"{about} on the representative {day}.") for day in DAYS
    }


TABLES: Final[dict[str, Schema]] = {
    "stations": processed(
        "One row for each charging station in the Region or just outside it.",
        checks=[_ordered(level) for level in ("l2", "l3")],
        station_id=text("Id of its leading record.", pattern=r"^(nrcan|ocm)_[0-9_]+$", unique=True),
        name=text("Name in its leading record."),
        operator=text("Network or company; empty where unknown.", null=True),
        address=text("Civic address; empty where unknown.", null=True),
        municipality_id=_OURS,
        area_id=text(
            "Area of the minimum-service rule; empty outside the Region.",
            pattern=r"^$|^541\d{4}\.\d{2}$|^wellesley$",
            null=True,
        ),
        in_region=flag("Whether it stands in the Region."),
        **POINT,
        l2_ports=integer("ports", "Level 2 ports, base count."),
        l3_ports=integer("ports", "Level 3 (DC fast) ports, base count."),
        l2_ports_low=integer("ports", "Fewest Level 2 ports the sources allow."),
        l2_ports_high=integer("ports", "Most Level 2 ports the sources allow."),
        l3_ports_low=integer("ports", "Fewest Level 3 ports the sources allow."),
        l3_ports_high=integer("ports", "Most Level 3 ports the sources allow."),
        ports_basis=text("Why low and high may differ from base.", isin=PORTS_BASES),
        l2_kw=amount("kW", "Power of a Level 2 port.", 1000, null=True),
        l3_kw=amount("kW", "Power of a Level 3 port.", 1000, null=True),
        access=text("Public, or for one maker's cars only.", isin=("public", "tesla_only")),
        owner=_OWNERS,
        hours=text("Hours as published in 2022; empty where not.", null=True),
        conditions=text("Who may use it or when, as far as told.", isin=CONDITIONS),
        connectors=text("Kinds of plug as told in 2022 to 2024.", null=True),
        opened=text("Date of opening; empty where unknown.", null=True, pattern=_DATE_OR_NONE),
        sources=text("Inventories that list the station.", isin=("nrcan", "ocm", "ocm+nrcan")),
        confidence=text(
            "Whether two inventories agree that it exists.", isin=("matched", "single")
        ),
        location_check=text("Whether it stands where its address says.", isin=LOCATION_CHECKS),
        address_apart_m=amount("m", "Distance to its own civic address.", 100_000, null=True),
        grid_kw=amount(
            "kW", "Proxy of the power the grid can give; empty outside the Region.", null=True
        ),
    ),
    "station_records": processed(
        "One row for each record of the inventories of stations.",
        record_id=text("Source and its id or place.", unique=True),
        source=text("Snapshot that it is from.", isin=("ocm", "nrcan", "nrcan_2022", "dc_fast")),
        snapshot=text("Date of the snapshot."),
        name=text("Name as listed."),
        latitude=real(*CANADA[1], unit="°", about="Latitude as listed."),
        longitude=real(*CANADA[0], unit="°", about="Longitude as listed."),
        in_region=flag("Whether the listed point lies in the Region."),
        l2_ports=integer("ports", "Level 2 ports as listed."),
        l3_ports=integer("ports", "Level 3 ports as listed."),
        opened=text("Date of opening; empty where not listed.", null=True, pattern=_DATE_OR_NONE),
        comparable=flag("Electric, available, public and dated: counted alike in every snapshot."),
        outcome=text("What became of the record.", isin=("kept", "merged", "dropped")),
        reason=text("Why."),
        station_id=text("Station that it went into; empty where dropped.", null=True),
    ),
    "sites": processed(
        "One row for each place where a station may be built.",
        site_id=text("Category, easting and northing.", pattern=r"^[a-z]+_\d+_\d+$", unique=True),
        name=text("Name in its source, or the nearest address."),
        category=text("Kind of place.", isin=SITE_CATEGORIES),
        municipality_id=MUNICIPALITY,
        area_id=AREA,
        **POINT,
        source=text("Data set that lists the place."),
        owner=_OWNERS,
        station_id=text("Station that stands here already; empty for none.", null=True),
        grid_kw=amount("kW", "Proxy of the power the grid can give; no utility's figure."),
    ),
    "area_grid": processed(
        "One row for each area: the grid proxy and the pieces it is made of.",
        area_id=text("Census tract of 2021, or 'wellesley'.", pattern=AREA_ID, unique=True),
        households=HOUSEHOLDS,
        density_per_km2=amount("people/km²", "People per square kilometre of land."),
        old_dwelling_share=amount("share", "Homes built before 1981, bridged by mix of types.", 1),
        multi_unit_share=amount("share", "Households in apartments.", 1),
        age_factor=amount("1", "Factor for the age of homes; an assumption."),
        type_factor=amount("1", "Factor for apartments; an assumption."),
        density_factor=amount("1", "Factor for density; an assumption."),
        factor=amount("1", "Product of the three factors."),
        proxy_kw=amount("kW", "Proxy of the power for charging; no utility's figure."),
    ),
    "road_nodes": processed(
        "One row for each junction or end of a road.",
        unique=("node_id",),
        node_id=integer("id", "Number of the junction, from west to east."),
        easting_m=real(400_000, 700_000, unit="m", about="Easting in EPSG:26917."),
        northing_m=real(4_700_000, 4_900_000, unit="m", about="Northing in EPSG:26917."),
    ),
    "road_edges": processed(
        "One row for each road between two junctions.",
        unique=("edge_id",),
        edge_id=integer("id", "Number of the road in the Region's file."),
        u=integer("id", "Junction where the road starts, as drawn."),
        v=integer("id", "Junction where the road ends; u again for a loop."),
        length_m=real(0.01, unit="m", about="Length in EPSG:26917, rounded up to 1 cm."),
        walk=flag("Whether one may walk here, and come everywhere from here."),
        drive_forward=flag("Whether one may drive from u to v."),
        drive_backward=flag("Whether one may drive from v to u."),
        speed_kmh=real(5, 120, unit="km/h", about="Speed limit."),
        road_class=text("Class of the road.", isin=ROAD_CLASSES),
    ),
    "road_snaps": processed(
        "One row for each place, where it meets the roads; none where no road is near.",
        unique=("kind", "id", "mode"),
        kind=text("Kind of place.", isin=("cell", "da", "tract", "station", "site")),
        id=text("Id of the place in the table of its kind."),
        mode=text(
            "Whether the row holds on foot, by car, or for both.", isin=("walk", "drive", "both")
        ),
        edge_id=integer("id", "Road at which the place is reached."),
        along_m=amount("m", "Way along the road from its start."),
        offset_m=amount("m", "Straight line from the place to the road."),
    ),
    "transit_stops": processed(
        "One row for each bus stop, bus terminal and ION station with a departure.",
        stop_id=text("Id in the feed; of an ION station that of its first platform.", unique=True),
        name=text("Name in the feed."),
        mode=text("What calls here.", isin=("bus", "ion")),
        **POINT,
        municipality_id=_OURS,
        platforms=integer("stops", "Stops of the feed that the station or terminal stands for."),
        routes=text("Routes that call, by number, on any representative day."),
        bus_routes_near=integer(
            "routes", "Bus routes that call within the reach of a hub, own included."
        ),
        trips_peak_per_h=amount("trips/h", "Departures in the weekday peak, all directions."),
        trips_midday_per_h=amount("trips/h", "Departures at midday of a weekday, all directions."),
        **_trips("Departures"),
        service_per_h=amount("trips/h", "Departures over the week, weighted by mode and time."),
        score=amount("1", "Accessibility score, from 0 to below 1.", 1),
        hub=flag("Whether it is a multimodal hub or a hub of buses."),
    ),
    "transit_routes": processed(
        "One row for each route that runs on a representative day.",
        route_id=text("Id in the feed.", unique=True),
        short_name=text("Number of the route in the feed."),
        long_name=text("Name of the route in the feed."),
        mode=text("Ordinary bus, iXpress (few stops) or ION.", isin=MODES),
        length_km=amount("km", "Length one way, mean of the directions' main lines.", null=True),
        **_trips("Trips"),
        headway_peak_min=amount(
            "min", "Mean time between starts in the peak in the busier direction.", null=True
        ),
    ),
    "transit_days": processed(
        "One row for each kind of day.",
        day=text("Kind of day.", isin=DAYS, unique=True),
        date=text("The day that stands for it.", pattern=r"^\d{4}-\d{2}-\d{2}$"),
        days_alike=integer("days", "Days with the same services."),
        days=integer("days", "Days of this kind that both feeds serve."),
        bus_trips=integer("trips", "Trips of buses on that day."),
        ion_trips=integer("trips", "Trips of ION on that day."),
    ),
    "transit_lengths": processed(
        "One row for each municipality.",
        unique=("municipality_id",),
        municipality_id=MUNICIPALITY,
        route_km=amount("km", "Streets with a route, once for each route."),
        street_km=amount("km", "Streets with a route, each once."),
    ),
    "transit_planned": processed(
        "One row for each planned stop of ION's second stage; nothing runs there.",
        stop_id=text("Made from easting and northing.", unique=True),
        name=text("Name in the Region's list."),
        **POINT,
        municipality_id=_OURS,
    ),
    "site_facts": processed(
        "One row for each candidate site: what its score is made of.",
        site_id=text("Candidate site.", unique=True),
        people_near=amount("people", "People of cells within a walk (500 m)."),
        evs_per_km2=amount("EV/km²", "EVs within 1 km, for each km²."),
        grid_kw=amount("kW", "Grid proxy of the site; no utility's figure."),
        transit=amount("1", "Access to public transit, 1 is best.", 1),
        growth=amount("1", "EVs in 2030 for each one today, within 1 km."),
        charger_m=amount("m", "Distance to the nearest public station."),
        land_use=amount("1", "How well a charger suits the use of the land.", 1),
        ownership=amount("1", "Public 1, unknown 0.5, private 0.", 1),
        access_m=amount("m", "Distance to the nearest road open to cars."),
        road_class=text("Class of the nearest public road."),
        aadt=amount(
            "vehicles/day",
            "Annual average daily traffic of a counted road within 150 m.",
            null=True,
        ),
    ),
    "point_facts": processed(
        "One row for each demand point: what its demand score is made of.",
        unique=("geography", "id"),
        geography=text("Which demand points.", isin=POINT_GEOGRAPHIES),
        id=text("Demand point of that geography."),
        density_per_km2=amount("people/km²", "People for each km²."),
        transit=amount("1", "Access to public transit, 1 is best.", 1),
        old_dwelling_share=amount("share", "Dwellings built before 1981.", 1),
        grid_kw=amount("kW", "Grid proxy of the area for each household."),
        multi_unit_share=amount("share", "Households in apartments.", 1),
    ),
    "tariffs": processed(
        "One row for each published figure on costs, electricity tariffs and prices.",
        tariff_id=text("Its words and its year.", pattern=r"^[a-z0-9_]+$", unique=True),
        topic=text("What it is about.", isin=TARIFF_TOPICS),
        item=text("What was published, in the words of its page."),
        value=amount("1", "As published, in the unit beside it."),
        unit=text("Unit of the published value."),
        currency=text("Currency as published; empty where it is no money.", null=True),
        year=integer("year", "Year of the figure, or of its exchange rate."),
        per=text("What the amount in CAD is for."),
        cad=amount("CAD", "For one of these; empty where it is no money.", null=True),
        high_cad=amount("CAD", "The higher figure given with it, where one is.", null=True),
        place=text("Where it holds."),
        source=text("Address of the page, or the file, that it was read from."),
        licence=text("Key of its licence: a fact quoted.", isin=("citation",)),
        note=text("What else the page says.", null=True),
    ),
    "quality": processed(
        "One row for each rule of the pipeline, in the order of its stages.",
        stage=text("Stage of the pipeline."),
        dataset=text("Raw table, or the table being made."),
        rule=text("What the stage looks for."),
        action=text("What is done with the rows.", isin=("dropped", "repaired", "kept", "flagged")),
        rows=integer("rows", "How many rows met the rule."),
        note=text("A detail: a limit, a date, a place.", null=True),
    ),
}
"""Columns of each table, in order."""
