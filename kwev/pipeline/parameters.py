"""Choices of the pipeline: each with unit, range and source.

They are fixed with the processed data and not part of a scenario: changing one means building
``data/processed`` again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

BASE_KW: Final[Mapping[str, float]] = MappingProxyType({
    "existing_station": 750.0, "shopping_mall": 2_000.0, "retail_complex": 1_000.0,
    "business_park": 1_500.0, "parking": 750.0, "transit_station": 1_000.0,
    "park_and_ride": 750.0, "community_centre": 500.0, "library": 300.0,
    "recreation_centre": 750.0, "fuel_station": 1_000.0, "highway_corridor": 2_000.0,
    "dense_residential": 400.0, "kerbside": 150.0,
})  # fmt: skip
"""Power that a place of each category could draw where every factor is 1 (kW)."""


@dataclass(frozen=True)
class GridRule:
    """Choices of the grid proxy (``kwev.pipeline.grid``).

    No figure of a utility is among the data, so every one is an assumption; factors are 1 near
    the middle of the Region's areas, and ``siting.grid_factor`` varies all capacities together.
    """

    base_kw: Mapping[str, float] = field(default_factory=lambda: BASE_KW)
    """Power of a place of each category where every factor is 1 (kW). Range half to double.
    Assumption: service of a building of that use."""

    age_new: float = 1.2
    """Factor where no home is old (1). Range 1 to 1.4. Assumption: newer feeders spare more."""

    age_old: float = 0.8
    """Factor where every home is old (1). Range 0.6 to 1. Assumption: as ``age_new``."""

    type_houses: float = 0.95
    """Factor where nobody lives in an apartment (1). Range 0.9 to 1. Assumption: lines of one
    phase are common among houses."""

    type_apartments: float = 1.15
    """Factor where everybody lives in an apartment (1). Range 1 to 1.3. Assumption: towers have
    three phases at the street."""

    density_low: float = 0.7
    """Factor where a place is rural (1). Range 0.5 to 1. Assumption: long lines."""

    density_high: float = 1.2
    """Factor where a place is dense (1). Range 1 to 1.5. Assumption: short lines, several
    feeders to choose from."""

    rural_per_km2: float = 400.0
    """Density up to which a place is rural (people/km²). Statistics Canada's lower limit of
    a population centre."""

    dense_per_km2: float = 6_000.0
    """Density from which a place is dense (people/km²). Range 4,000 to 10,000. Assumption."""

    site_low_kw: float = 100.0
    """Least capacity of a place (kW). Range 50 to 200. Assumption: an ordinary shop's service."""

    site_high_kw: float = 3_000.0
    """Most capacity of a place (kW). Range 2,000 to 5,000. Assumption: one large transformer."""

    spare_kw_per_household: float = 1.5
    """Power an area spares for public charging, for each household (kW). Range 0.5 to 3.
    Assumption: feeders are laid out for more than homes draw at once."""

    area_low_kw: float = 1_400.0
    """Least capacity of an area (kW). Range 700 to 2,800. Assumption: workplaces and shops bring
    lines even where few people live."""

    area_high_kw: float = 10_000.0
    """Most capacity of an area (kW). Range 5,000 to 20,000. Assumption: about one feeder."""


@dataclass(frozen=True)
class Parameters:
    """Parameters of ``kwev.pipeline.build``."""

    cell_m: int = 100
    """Side of a demand cell (m). Settled: 100 m floor grid of the metric projection."""

    quarter: str = ""
    """Quarter of the EV counts (2025Q4). Settled: the latest in the file, where none is given."""

    border_share: float = 0.001
    """Part of a forward sortation area's outline by which it may miss the region's border (1): one
    with less inside is outside, one with less outside is wholly inside. Settled: outlines that
    follow one border differ by less."""

    apartment_ev_ratio: float = 0.4
    """EVs per apartment household for each EV per ground-oriented household (1). Range 0.2 to 1.
    Assumption: surveys agree that homes with a driveway own EVs more often, none gives the
    Region's own ratio."""

    recount_quarter: str = "2024Q3"
    """First quarter counted after licence plates began to renew by themselves. Ontario, 1 July
    2024; all areas rose at once (decision 0011)."""

    vehicles_per_household: float = 1.5
    """Light vehicles for each household (1). Range 1.2 to 1.8. Assumption: no count of vehicles is
    in the data."""

    vehicles_per_household_range: tuple[float, float] = (1.2, 1.8)
    """Ends of the range of ``vehicles_per_household`` (1). Assumption."""

    electric_share: float = 1.0
    """Share of light vehicles that end up electric (1). Range 0.5 to 1. Assumption: sixteen
    quarters of early growth cannot tell it."""

    electric_share_low: float = 0.5
    """Lower end of ``electric_share`` (1). Assumption."""

    additions_share: float = 0.5
    """How much an area's part of the growth follows its part of the last eight quarters' increase;
    the rest follows its part of the vehicles (1). Range 0 to 1. From a back-test that is flat:
    the mean error by area hardly moves over the whole range."""

    old_before: int = 1981
    """Homes built before this year count as old (year). Range 1961 to 1991: the ends of the
    census's periods. Assumption: wiring and service of that time were not made for charging."""

    income_people: int = 250
    """People below which the census publishes no income of an area (1). Statistics Canada's rule
    of suppression; with fewer, an income in the file is not the census's."""

    income_households: int = 40
    """Households below which the census publishes no income of an area (1). As above."""

    repeat_station_m: float = 30.0
    """Rows of one source this close stand at one place (m). Range 10 to 50. Settled for candidates
    and stations alike: a candidate within 30 m of a station is that station."""

    same_address_m: float = 125.0
    """Rows of one source with the same civic address, or numbered units of one name, up to this
    far apart stand at one place (m). Range 50 to 200. Assumption: length of a large lot."""

    match_station_m: float = 100.0
    """OpenChargeMap and NRCan places up to this far apart may be the same (m). Settled."""

    name_bonus_m: float = 60.0
    """How many metres of distance a fully agreeing name is worth when several places compete for
    a match (m). Range 0 to 100. Assumption."""

    usd_cad: Mapping[int, float] = field(
        default_factory=lambda: MappingProxyType({2017: 1.2986, 2023: 1.3497})
    )
    """CAD for one USD, by year: annual averages of the Bank of Canada. A cited figure in USD is
    converted at its own year and not made dearer for the years since."""

    undated_year: int = 2023
    """Year at whose rate a cited figure in USD without a date is converted. Assumption."""

    outside_station_m: float = 7_000.0
    """Stations up to this far outside the Region are kept (m). Settled: the largest L3 radius."""

    unstated_ports: int = 2
    """Ports of a row whose quantity is missing, base count (ports). Range 1 to 4.
    Assumption: the commonest count in either inventory."""

    unstated_ports_high: int = 4
    """Most ports of a row whose quantity may not have been stated (ports). Range 2 to 10.
    Assumption: nine of ten rows of either inventory have no more."""

    address_near_m: float = 250.0
    """A station this close to its own civic address stands there (m). Range 100 to 500.
    Assumption: across the lot of a mall or a campus."""

    address_numbers: int = 10
    """Street numbers up to this far apart stand for each other where the exact one is not in the
    address list (1). Range 0 to 50. Assumption: the same block."""

    mended_area_share: float = 0.01
    """Largest change of a polygon's area when it is made valid (share). Range 0.001 to 0.05.
    Assumption: more is no slip of the pen but another polygon."""

    sliver_m2: float = 1.0
    """A polygon of less area is a sliver and dropped (m2). Range 0.01 to 100. Assumption: the
    smallest dissemination area is thousands of times larger."""

    station_site_m: float = 30.0
    """A candidate within this distance of a station is that station (m). Settled."""

    site_gap_m: float = 30.0
    """Candidates of different categories closer than this are one: the category that comes first
    in ``PRIORITY`` stays (m). Range 10 to 100. Assumption."""

    mall_premises: int = 5
    """Food premises at one address that make it a shopping mall (1). Range 4 to 8. From a trial
    that found the Region's known malls."""

    retail_premises: int = 2
    """Food premises at one address that make it a retail complex (1). Range 2 to 4. Assumption:
    a strip of shops with its own parking."""

    strip_m: float = 200.0
    """Side of a block in which shops of different addresses form a strip (m). Range 100 to 300.
    Assumption: one walk from a shared lot."""

    strip_premises: int = 2
    """Addresses with food premises in one block that make it a retail complex (1). Range 2 to 5.
    Assumption."""

    dense_units: int = 20
    """Addresses at one street number that make it dense residential (1). Range 10 to 50.
    Assumption: too large for home charging to reach every household."""

    business_premises: int = 3
    """Production, wholesale, transport or office firms within ``business_reach_m`` that make a
    business park (1). Range 3 to 10. Assumption."""

    business_reach_m: float = 150.0
    """Distance that links firms of one business park (m). Range 100 to 300. Assumption."""

    zone_jobs: float = 300.0
    """Full-time jobs that make a travel-survey zone a place of work (1). Range 200 to 1,000.
    Assumption."""

    zone_jobs_per_worker: float = 2.0
    """Full-time jobs for each full-time worker living there, at least (1). Range 1 to 5.
    Assumption: where people drive to, not where they live."""

    ramp_reach_m: float = 400.0
    """Ramp ends this close belong to one interchange (m). Range 200 to 600. From a trial: 40
    clusters, one for each interchange."""

    park_and_ride_m: float = 400.0
    """A transit station this close to a ramp end is a park-and-ride site (m). Range 200 to 1,000.
    Assumption: no list of park-and-ride lots is in the data."""

    highway_m: float = 500.0
    """Ramp ends farther than this from every freeway or highway are turning lanes between
    ordinary roads (m). Range 300 to 800. Assumption."""

    lane_reach_m: float = 1.0
    """Ends of private lanes this close are joined to one lot (m). Range 0.5 to 5. Assumption."""

    lane_min_m: float = 100.0
    """Shortest total length of private lanes that make a lot (m). Range 50 to 300. Assumption."""

    road_join_m: float = 0.5
    """Ends of roads this close are one junction (m). Range 0.1 to 2. From a trial: the components
    of the network are the same from 0.25 to 3 m."""

    road_snap_m: float = 150.0
    """A home is reached from the nearest road up to this far away (m). Range 100 to 300. From a
    trial: it leaves out one resident in a hundred."""

    road_snap_wide_m: float = 1_000.0
    """The same for points that stand for a whole area, and for stations and sites, which may lie
    deep in a lot (m). Range 300 to 1,500. Assumption: the way to the road counts as well, so no
    distance comes out short; at 150 m a station in twenty and an area in five would be lost."""

    road_speeds_kmh: tuple[tuple[str, float], ...] = (
        ("freeway", 90.0),
        ("ramp", 50.0),
        ("highway", 80.0),
        ("arterial", 50.0),
        ("collector", 40.0),
        ("local_street", 50.0),
        ("cul_de_sac", 50.0),
        ("turning_lane", 20.0),
        ("alleyway_lane", 50.0),
        ("private", 20.0),
        ("footpath", 5.0),
    )
    """Speed by class where the road file has none (km/h). Range 10 to 100. Source: the most
    frequent speed of the class in the file."""

    grid: GridRule = field(default_factory=GridRule)
    """Choices of the grid proxy."""

    simplify_m: float = 6.0
    """Tolerance of the simplified map geometry (m). Range 1 to 20. Maps only."""

    peak_hours: tuple[tuple[float, float], ...] = ((7.0, 9.0), (16.0, 18.0))
    """Hours of a weekday that are the peak (h from midnight, end not included). Range one hour
    either way. Assumption: when most people travel to and from work."""

    midday_hours: tuple[tuple[float, float], ...] = ((9.0, 15.0),)
    """Hours of a weekday that are midday (h from midnight, end not included). Range one hour
    either way. Assumption: between the peaks."""

    service_day_h: float = 18.0
    """Hours over which the departures of a Saturday or Sunday are spread (h). Range 14 to 20.
    Assumption: from six in the morning to midnight."""

    service_weights: tuple[float, float, float, float] = (0.4, 0.3, 0.15, 0.15)
    """Weight of peak, midday, Saturday and Sunday in a stop's service (1). Sum 1. Assumption:
    weekdays first, the peak before midday."""

    mode_weights: tuple[float, float, float] = (1.0, 1.5, 2.0)
    """Weight of a departure by bus, iXpress and ION (1). Range 1 to 3, never falling. Assumption:
    a faster line brings a stop within reach of more places."""

    half_service_per_h: float = 4.0
    """Service at which a stop scores one half (weighted departures an hour). Range 2 to 8.
    Assumption: an ordinary bus every fifteen minutes on every day of the week."""

    bus_walk_m: float = 400.0
    """How far people walk to a bus stop (m). Range 300 to 500. Settled with the requirements."""

    ion_walk_m: float = 800.0
    """How far people walk to an ION station (m). Range 600 to 1,000. Settled with the
    requirements."""

    frequent_per_h: float = 4.0
    """Departures an hour, in the peak and at midday, from which a stop has frequent service
    (departures/h). Range 4 to 6. Settled with the requirements."""

    hub_reach_m: float = 100.0
    """Bus stops this close to an ION station belong to its hub (m). Range 50 to 200. Assumption:
    a change of vehicle within sight."""

    hub_bus_routes: int = 3
    """Bus routes near an ION station that make it a multimodal hub (1). Range 1 to 5.
    Assumption."""

    hub_routes: int = 5
    """Routes at a bus stop or terminal that make it a hub (1). Range 4 to 8. Assumption."""

    corridor_m: float = 10.0
    """Lines of routes within twice this distance run on one street (m). Range 5 to 20. From a
    trial: the length of streets changes by two percent between the ends of the range."""

    line_simplify_m: float = 10.0
    """Tolerance of the simplified lines of transit routes (m). Range 5 to 30. Maps only."""
    people_near_m: float = 500.0
    """People this close to a site count as near it (m). Range 400 to 800. Settled: the walk of
    Level 2."""

    evs_near_m: float = 1_000.0
    """EVs this close to a site make its EV density and growth (m). Range 500 to 2,000.
    Assumption: vehicles are spread over addresses by area, so a smaller circle is not finer."""

    traffic_near_m: float = 150.0
    """A traffic count on a road this close is the site's (m). Range 100 to 300. Assumption: the
    depth of a large lot; beyond it drivers pass another place."""

    land_use_fit: tuple[tuple[str, float], ...] = (
        ("shopping_mall", 1.0),
        ("park_and_ride", 1.0),
        ("highway_corridor", 0.9),
        ("retail_complex", 0.9),
        ("parking", 0.9),
        ("fuel_station", 0.9),
        ("business_park", 0.8),
        ("transit_station", 0.8),
        ("recreation_centre", 0.8),
        ("community_centre", 0.8),
        ("library", 0.7),
        ("dense_residential", 0.6),
        ("kerbside", 0.6),
    )
    """How well a public charger suits each category (1): long stays on a lot of its own are best,
    homes worst. Range 0 to 1. Assumption: no zoning layer is in the data."""

    kerb_reach_m: float = 150.0
    """A place at the kerb serves homes whose central address is this close to the street (m).
    Range 100 to 250. Assumption: the depth of a large block of apartments."""

    kerb_offset_m: float = 5.0
    """From a street's centre line to its kerb (m). Range 4 to 7. Assumption: half of a local
    street of two lanes with parking."""

    local_street_fit: float = 0.8
    """Factor on the fit of a site whose nearest public road is a local street or lane (1). Range
    0.5 to 1. Assumption: strangers' cars suit a main road better than a quiet street."""

    ground_simplify_m: float = 5.0
    """Detail below this is left out of the base map (m). Range 2 to 10. Assumption: half the width
    of a street's land."""

    ground_margin_m: float = 2000.0
    """How far the base map reaches beyond the Region (m). Range 500 to 5000. Assumption: what a map
    that is fitted to the Region shows of its neighbours."""
