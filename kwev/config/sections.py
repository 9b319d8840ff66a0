"""The sections of a scenario: what a planner may choose, each value with its unit and its range.

A section is frozen and strict: an unknown key, a value out of range or one of another type is
refused. What stands below a value is its description in the JSON schema and in error messages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from kwev.vocabulary import LandKey  # noqa: TC001 -- read by the schema at run time

if TYPE_CHECKING:
    from kwev.vocabulary import LevelKey

Share = Annotated[float, Field(ge=0, le=1)]
PositiveM = Annotated[float, Field(gt=0, le=100_000)]
PositiveKw = Annotated[float, Field(gt=0, le=10_000)]
CapacityKw = Annotated[float, Field(ge=0, le=1e6)]
Cad = Annotated[float, Field(ge=0, le=1e9)]
Weight = Annotated[float, Field(ge=0, le=1_000)]


class Section(BaseModel):
    """A frozen object of the configuration; an unknown key or a wrong type is refused."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,  # "5" and true are no numbers
        allow_inf_nan=False,
        use_attribute_docstrings=True,
    )


Geography = Literal["tract", "da", "cell"]
Metric = Literal["straight_line", "network"]
EvYear = Literal["now", "2030", "2035"]
"""Vehicles that a plan is made for: those registered, or the forecast of a year's end."""

SolverName = Literal["auto", "highs", "gurobi", "scip"]

GEOGRAPHIES: Final[tuple[Geography, ...]] = get_args(Geography)
"""Demand points that a model may have, from the coarsest to the finest."""

SOLVERS: Final[tuple[SolverName, ...]] = get_args(SolverName)
"""Solvers that a scenario may name."""


class Budget(Section):
    """Money available."""

    limit_cad: Cad
    """Most that may be spent net of resale (CAD)."""


class EvOwnersTarget(Section):
    """Target for EVs within either radius."""

    share: Share
    """Share of EVs that should be within reach of a charger of either level (0 to 1)."""
    enforce: bool
    """Make it a row of the model; otherwise it is reported and monitored."""


class Targets(Section):
    """Shares that the plan should reach."""

    l2: Share
    """Share of people within the L2 radius of an L2 station (0 to 1)."""
    l3: Share
    """Share of people within the L3 radius of an L3 station (0 to 1)."""
    ev_owners: EvOwnersTarget
    """EVs within reach of either level."""

    def shares(self) -> dict[str, float]:
        """Return every target by its key, enforced or only reported (shares)."""
        return {"l2": self.l2, "l3": self.l3, "ev_owners": self.ev_owners.share}

    def enforced(self) -> dict[str, float]:
        """Return the targets that are rows of the model, by key (shares)."""
        wanted = self.shares()
        if not self.ev_owners.enforce:
            del wanted["ev_owners"]
        return wanted


class Coverage(Section):
    """What counts as covered."""

    metric: Metric
    """How distance is measured: `straight_line` in metres, or `network`: along the roads, on
    foot to L2 and by car to L3."""
    l2_radius_m: PositiveM
    """Reach of an L2 station, a walk (m)."""
    l3_radius_m: PositiveM
    """Reach of an L3 station, a drive (m)."""
    l3_counts_for_l2: bool
    """Whether an L3 station also serves L2 demand within the L2 radius."""
    include_tesla_only: bool
    """Whether existing stations that serve Teslas only count."""
    include_outside: bool
    """Whether existing stations outside the Region (within 7 km) count."""

    def radius_m(self, level: LevelKey) -> float:
        """Return the reach of a station of a level (m)."""
        return self.l2_radius_m if level == "l2" else self.l3_radius_m


class Weights(Section):
    """How the objective weighs places, levels and money."""

    people: Weight
    """Weight of a place's share of people; the three place weights are rescaled to sum to 1."""
    ev: Weight
    """Weight of a place's share of EVs."""
    score: Weight
    """Weight of a place's share of demand score times people (see `scores.demand`)."""
    l2: Weight
    """Objective points per point of L2 coverage."""
    l3: Weight
    """Objective points per point of L3 coverage."""
    cost_points_per_million_cad: Weight
    """Objective points lost per million CAD of net cost."""
    operating_points_per_million_cad: Weight
    """Objective points lost per million CAD of operating cost that the plan adds over
    `operating.years`; won where it takes some away."""
    idle_points_per_point: Weight
    """Objective points lost per point of idle energy: what the ports of a municipality could give
    beyond what its EVs need, in points of the Region's need (100 is as much as the Region needs).
    The inefficiency of a plan; 0 leaves it out."""

    @model_validator(mode="after")
    def _some_place_weight(self) -> Weights:
        if self.people + self.ev + self.score <= 0:
            raise ValueError("people, ev and score cannot all be 0")
        return self


class Power(Section):
    """Electrical rating of one port."""

    l2_kw: PositiveKw
    """Power of an L2 port (kW)."""
    l2_volts: Annotated[float, Field(gt=0, le=1_000)]
    """Supply voltage of an L2 port, single phase (V)."""
    l3_kw: PositiveKw
    """Power of an L3 port (kW)."""
    l3_volts: Annotated[float, Field(gt=0, le=1_000)]
    """Supply voltage of an L3 port, three phase line to line (V)."""
    power_factor: Annotated[float, Field(gt=0, le=1)]
    """Power factor of an L3 port."""


class Costs(Section):
    """Prices of equipment and work."""

    l2_station_cad: Cad
    """A new L2 station without ports (CAD)."""
    l2_port_cad: Cad
    """One L2 port (CAD)."""
    l3_station_cad: Cad
    """A new L3 station, or the conversion of an L2 station to L3, without ports (CAD)."""
    l3_port_cad: Cad
    """One L3 port (CAD)."""
    resale_factor: Share
    """Part of the price that removed L2 equipment brings back (0 to 1)."""


CadPerYear = Annotated[float, Field(ge=0, le=1e6)]


class Operating(Section):
    """What running the equipment costs, energy apart: it is sold on to drivers."""

    l2_station_cad_per_year: CadPerYear
    """An L2 station without ports: lease, insurance, network (CAD per year)."""
    l2_port_cad_per_year: CadPerYear
    """One L2 port: upkeep and fees (CAD per year)."""
    l3_station_cad_per_year: CadPerYear
    """An L3 station without ports (CAD per year)."""
    l3_port_cad_per_year: CadPerYear
    """One L3 port (CAD per year)."""
    years: Annotated[float, Field(ge=0, le=50)]
    """Years of operation that the objective counts, without discount."""


class Objective(Section):
    """How the targets and the rest are put together."""

    mode: Literal["lexicographic", "weighted"]
    """`lexicographic`: least total shortfall first, then the objective. `weighted`: one search,
    in which each point of shortfall costs `shortfall_points_per_point`."""
    shortfall_points_per_point: Weight
    """Objective points lost per point of shortfall; read in the mode `weighted` alone."""


class Ports(Section):
    """Port counts."""

    min_l2: Annotated[int, Field(ge=1, le=100)]
    """Fewest ports of a new L2 station."""
    min_l3: Annotated[int, Field(ge=1, le=100)]
    """Fewest ports of a new L3 station or conversion."""
    max_new_l2: Annotated[int, Field(ge=1, le=100)]
    """Most L2 ports added at one place."""
    max_new_l3: Annotated[int, Field(ge=1, le=100)]
    """Most L3 ports added at one place."""
    retained_l2: Annotated[int, Field(ge=0, le=100)]
    """L2 ports that stay at a station converted to L3 (never more than it has)."""
    add_l2: bool
    """Allow L2 ports to be added where a station keeps L2."""
    add_l3: bool
    """Allow L3 ports to be added where a station has L3 already."""

    @model_validator(mode="after")
    def _ordered(self) -> Ports:
        if self.min_l2 > self.max_new_l2:
            raise ValueError("min_l2 is above max_new_l2")
        if self.min_l3 > self.max_new_l3:
            raise ValueError("min_l3 is above max_new_l3")
        return self


class HomeAccess(Section):
    """Public share of a vehicle's energy by the dwelling it is kept at (0 to 1)."""

    house: Share
    """At a single-detached or movable house, which mostly has a driveway."""
    row_or_duplex: Share
    """At a semi-detached, row or other attached house, or a duplex."""
    apartment: Share
    """In an apartment building of any height."""


class Demand(Section):
    """Public charging energy that the ports of a municipality should be able to deliver."""

    ev_year: EvYear
    """EVs that are planned for, in the energy need, in the weight of a place and in the share of
    EVs covered: `now` as registered, `2030` or `2035` as forecast for the end of that year."""
    enforce: bool
    """Make demand satisfaction a row per municipality (elastic where out of reach)."""
    kwh_per_ev_year: Annotated[float, Field(ge=0, le=100_000)]
    """Energy one EV uses in a year (kWh)."""
    public_share: Share
    """Share of that energy taken from public ports (0 to 1)."""
    home_access: HomeAccess | None
    """The same by dwelling type, in the place of `public_share`: in the energy need, and in the
    housing part of the demand score; null takes one share for all."""
    utilisation: Share
    """Share of the year's hours in which a port delivers its full power (0 to 1)."""
    local: Share | None
    """Part of its energy need that every area, a census tract or a place without tracts, should get
    from ports within reach of its people (0 to 1, elastic); null leaves it out."""


class Removal(Section):
    """Which existing stations may be removed, whole, with all their ports."""

    stations: Literal["none", "l2", "all"]
    """`none`, those that offer L2 alone (`l2`), or `all`, which may lose L3 coverage too."""
    usage: dict[str, Share]
    """Measured use of a station's ports by its id (share of the year's hours, 0 to 1): the place
    where an operator's data enter. Empty where there are none."""
    below_usage: Share | None
    """Only stations whose measured use is below this share may go (0 to 1); null asks for no
    measurement."""
    alternative_m: PositiveM | None
    """Farthest, in a straight line, that each level of a removed station must still be offered
    from it once the plan is done (m); null asks for none."""


class Capacity(Section):
    """Power that a utility says it can give to one place, around a point."""

    easting_m: Annotated[float, Field(ge=0, le=1e7)]
    """Easting of the point (m, the region's metric projection)."""
    northing_m: Annotated[float, Field(ge=0, le=1e7)]
    """Northing of the point (m, the region's metric projection)."""
    reach_m: PositiveM
    """How far from the point it holds, in a straight line (m)."""
    kw: CapacityKw
    """Power for one place (kW)."""
    feeder: Annotated[str, Field(max_length=80)] = ""
    """The utility's name of the line; empty where its file gives none. No plan depends on it."""

    @model_serializer(mode="wrap")
    def _without_unnamed(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave an empty name out, as of a file without the column."""
        values: dict[str, Any] = handler(self)
        if not self.feeder:
            del values["feeder"]
        return values


class Siting(Section):
    """What a site can host."""

    grid_factor: Annotated[float, Field(gt=0, le=10)]
    """Multiplies the grid proxy of every place (1 as the processed tables hold it)."""
    public_owners_only: bool
    """Allow conversions, added ports and removals only at stations with a public owner on
    record."""
    land: Annotated[list[LandKey], Field(min_length=1)]
    """Whose land new stations may stand on: `own` (a municipality's or the Region's, kerbs
    included), `partner` (school board, university, college, hospital, transit agency), `customers`
    (private, open to customers), `residential` (private, homes or worship)."""
    dense_housing: Literal["lot", "kerb"]
    """Where a station for dense housing stands: on its `lot`, or at the `kerb` of the nearest
    municipal street."""
    removal: Removal
    """Which existing stations may be removed."""
    port_counts: Literal["low", "base", "high"]
    """Which count of existing ports stands where the sources allow several."""
    capacity: list[Capacity] = []
    """A utility's figures in the place of the proxy, where they reach: the nearest counts, and
    `grid_factor` does not touch it. A scenario's file may name a CSV beside it instead, with
    `latitude`, `longitude`, `reach_m`, `capacity_kw` and maybe `feeder`."""

    @model_serializer(mode="wrap")
    def _without_unused(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave the capacity out where there is none: a plan keeps the key that it had."""
        values: dict[str, Any] = handler(self)
        if not self.capacity:
            del values["capacity"]
        return values


class Floors(Section):
    """Least share of people covered in each area, by level; null leaves it out."""

    l2: Share | None
    """Least share of an area's people within the L2 radius (0 to 1)."""
    l3: Share | None
    """Least share of an area's people within the L3 radius (0 to 1)."""


class Groups(Section):
    """Least share covered among people of one kind of household, by level."""

    renters: Floors
    """People in rented homes: those of an area by its share of households that rent."""
    multi_unit: Floors
    """People in apartment buildings: those of an area by its share of households in apartments."""
    low_income: Floors
    """People of the areas with the lowest median household incomes, a fifth of the Region."""


class AreaPower(Section):
    """Most power of all ports of an area, existing and new; the lower of the two caps holds."""

    proxy_factor: Annotated[float, Field(ge=0, le=100)] | None
    """Cap as a multiple of the area's grid proxy (1 as the processed tables hold it)."""
    cap_kw: Annotated[float, Field(ge=0, le=1e6)] | None
    """Cap that is the same for every area (kW)."""


class Redundancy(Section):
    """Share of people who should have several stations of a level within reach."""

    stations: Annotated[int, Field(ge=2, le=10)]
    """Stations within reach that count as redundant."""
    l2: Share | None
    """Share of people with so many L2 stations within reach (0 to 1)."""
    l3: Share | None
    """Share of people with so many L3 stations within reach (0 to 1)."""


class PortLimits(Section):
    """Limits on ports beside those of one action."""

    l2_total: Annotated[int, Field(ge=0, le=1_000_000)] | None
    """Most L2 ports that the plan adds in all."""
    l3_total: Annotated[int, Field(ge=0, le=1_000_000)] | None
    """Most L3 ports that the plan adds in all."""
    per_place: Annotated[int, Field(ge=0, le=1_000)] | None
    """Most ports of both levels at a place, kept and new; as many as stand today may stay."""


class Rules(Section):
    """Optional rules; null leaves a rule out. What stands today never breaks one."""

    site_budget_cad: Cad | None
    """Most net cost of what is done at one place (CAD)."""
    municipality: Floors
    """Floor of coverage in every municipality (elastic)."""
    quintile: Floors
    """Floor of coverage in every quintile of deprivation (elastic)."""
    groups: Groups
    """Floor of coverage of renters, of people in apartments, of low incomes (elastic)."""
    redundancy: Redundancy
    """People with several stations within reach (elastic)."""
    area_power: AreaPower
    """Power of all ports by area: a census tract, or a place without tracts."""
    l3_spacing_m: PositiveM | None
    """Least straight-line distance from a new L3 station to any other L3 station (m)."""
    l3_gap_m: PositiveM | None
    """Most straight-line distance from a new L3 station to the nearest other one (m)."""
    stations_per_area: Annotated[int, Field(ge=0, le=1_000)] | None
    """Most stations in an area, existing and new; what stands already may stay."""
    overlap: Share | None
    """Most of the reach of new L2 stations that may fall on people whom another one reaches, or
    an existing one does already (share of people counted once a station)."""
    ports: PortLimits
    """Ports in all and at a place."""
    total_kw: Annotated[float, Field(ge=0, le=1e7)] | None
    """Most power that the plan adds in all, less what it takes away (kW)."""


class Crews(Section):
    """Jobs that can be finished in one period, by the level that they change."""

    l2: Annotated[int, Field(ge=1, le=10_000)]
    """New Level 2 stations, Level 2 ports added at stations, and removals (jobs a period)."""
    l3: Annotated[int, Field(ge=1, le=10_000)]
    """Conversions, new Level 3 stations and Level 3 ports added at stations (jobs a period)."""


class Phasing(Section):
    """When a plan is built; never part of what is planned."""

    periods: Annotated[int, Field(ge=1, le=60)]
    """Periods in which everything is built."""
    months_per_period: Annotated[int, Field(ge=1, le=12)]
    """Length of a period (months)."""
    budget_share_per_period: Annotated[float, Field(gt=0, le=1)]
    """Part of what all actions cost, each net of its resale, that a period adds to what may be
    spent (0 to 1); what is not spent carries over, and what a removal earns is not spent."""
    crews: Crews
    """Jobs that can be finished in a period."""
    connected_kw_per_period: Annotated[float, Field(gt=0, le=1e6)]
    """Most power that can be connected in a period (kW); power taken away gives none back."""
    area_kw_per_period: Annotated[float, Field(gt=0, le=1e6)] | None
    """The same within one area, a census tract or a place without tracts (kW); null: no limit."""


class Solver(Section):
    """How the model is solved; recorded with the plan, never part of what is planned."""

    name: SolverName
    """Engine: `auto` takes Gurobi where a full licence is found, else HiGHS."""
    mip_gap: Annotated[float, Field(ge=0, le=0.5)]
    """Relative gap at which the search stops (share)."""
    time_limit_s: Annotated[float, Field(gt=0, le=86_400)]
    """Longest time for one solve (s)."""
    threads: Annotated[int, Field(ge=1, le=64)]
    """Threads of the solver; fixed, so that the same machine gives the same plan."""
    seed: Annotated[int, Field(ge=0, le=2_000_000_000)]
    """Random seed of the solver."""
    extremes: bool
    """Also search for the most that each target could reach alone, and for the least budget that
    meets all; without them the plan itself shows what is attainable at least."""
