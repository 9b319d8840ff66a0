"""The format of ``results.json``: what a plan builds, reaches and costs, and how well it is known.

Names follow the client's specification, sections 3.3, 3.6.3 and 3.7, with the unit added: shares
are 0 to 1, money is CAD, lengths are metres, power kW. A value that does not exist is null.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from kwev.report.file_format import FileRecord, schema_of

RESULTS_VERSION: Literal[2] = 2

LevelName = Literal["l2", "l3"]
WhenName = Literal["before", "after"]
Share = float


class Item(FileRecord):
    """Things of one kind that are bought."""

    count: int = Field(ge=0)
    cost_cad: float


class Sold(FileRecord):
    """Things of one kind that are sold."""

    count: int = Field(ge=0)
    revenue_cad: float


class InfrastructureChanges(FileRecord):
    """What is built (section 3.3.2); the costs add up to all purchases."""

    new_l2_stations: Item
    new_l3_stations: Item
    upgrades: Item
    """Level 2 stations converted to Level 3."""
    other_actions: Item
    """Actions of any other kind, without their ports."""
    l2_ports: Item
    l3_ports: Item


class ResaleRevenue(FileRecord):
    """What is sold; the revenues add up to all resale."""

    l2_stations: Sold
    l2_ports: Sold


class Levels(FileRecord):
    """Shares of people by level, measured on the cells."""

    l2_coverage: Share
    l3_coverage: Share
    ev_owner_coverage: Share
    """Share of vehicles near either level."""


class Improvement(FileRecord):
    """Final less initial (share)."""

    l2: float
    l3: float
    ev_owners: float


class CoverageMetrics(FileRecord):
    """Coverage before and after (section 3.6.3)."""

    initial: Levels
    final: Levels
    improvement: Improvement


class PerPoint(FileRecord):
    """What a point of coverage gained costs."""

    net_cost_cad: float
    gain_points: float
    """Final less initial share, times 100."""
    cad_per_point: float | None
    """Null where nothing is gained."""
    reason: str
    """Why there is none; empty where there is one."""


class CostPerPoint(FileRecord):
    """By level, and the client's formula over both."""

    l2: PerPoint
    l3: PerPoint
    together: PerPoint


class CostAnalysis(FileRecord):
    """Money (section 3.6.3)."""

    total_purchase_cad: float
    total_revenue_cad: float
    net_cost_cad: float
    budget_cad: float
    operating_cad_per_year: float | None
    """What the plan adds to the yearly operating cost; null where the plan does not tell."""
    resale_revenue: ResaleRevenue
    cost_per_coverage_point: CostPerPoint


class Solve(FileRecord):
    """One solve behind the plan."""

    status: str
    seconds: float = Field(ge=0)
    nodes: int = Field(ge=0)


class SolverMetrics(FileRecord):
    """The solver's word (section 3.7.2), but for `gap_checked` and `objective_points`."""

    status: Literal["gap", "limit"]
    """Whether the search ended within the gap asked for or at a limit before it."""
    solution_count: int | None
    """Better plans that the logs of both stages tell of; null where they tell of none."""
    node_count: int = Field(ge=0)
    """Of all solves."""
    runtime_s: float = Field(ge=0)
    """Of all solves."""
    gap: float = Field(ge=0)
    """(bound - objective) / |objective|, by the solver's own bound."""
    gap_checked: float | None
    """The same by a bound that the certificate verified; null where the plan carries none."""
    objective_points: float
    bound_points: float
    solves: dict[str, Solve]


class ConstraintUtilization(FileRecord):
    """How far each limit is used: 1 is all of it; null where there is no such limit."""

    budget: float | None
    """Net cost over budget."""
    l2_coverage: float | None
    """Achieved over required share, on the cells."""
    l3_coverage: float | None
    """Achieved over required share, on the cells."""
    ev_owner_coverage: float | None
    """Achieved over wanted share, on the cells."""
    energy: float | None
    """Share of the energy needed from public ports that ports serve; null where not enforced."""
    site_power_most: float | None
    """Largest share of its grid proxy that a changed site uses."""
    area_power_most: float | None
    """Largest share of its grid proxy that an area's ports use, existing ones included."""


class QualityMetrics(FileRecord):
    """Solution quality (section 3.7.2)."""

    solver_metrics: SolverMetrics
    constraint_utilization: ConstraintUtilization


class ValidationMetrics(FileRecord):
    """What the certificate says (section 3.7.1)."""

    optimality_status: Literal["within_gap", "not_proven"]
    optimality_gap: float | None
    """By the checked bound; null where none is proven."""
    constraint_satisfaction: bool
    """Whether the independent check found no violation."""
    solution_feasibility: bool
    """The same, since it is the check and not the solver's status that makes a plan feasible."""
    checks: int
    """Comparisons made."""
    violations: list[str]
    targets: dict[str, str]
    """Status of each target: met, unmet_proven, unmet_unproven or nobody."""


class Change(FileRecord):
    """A share of people before and after, with the people."""

    initial: Share
    final: Share
    improvement: float
    initial_people: float
    final_people: float


class PopulationCovered(FileRecord):
    """People covered by level, measured on the cells."""

    l2: Change
    l3: Change


class OutOfReach(FileRecord):
    """Whom the plan leaves without a level."""

    level: LevelName
    people: float
    places: int
    """Places in `service_gaps`."""
    people_listed: float
    people_scattered: float
    """People in no listed place."""
    within_a_site: Share | None
    """Share of all of them whom an action outside the plan would reach."""


class Gap(FileRecord):
    """A place whose people have no station of a level in reach after the plan."""

    level: LevelName
    gap: int
    """Place in the order of people, from 1 within its level."""
    near: str
    """Well-known place nearest to its middle."""
    municipality: str
    people: float
    ev: float
    cells: int
    latitude: float
    longitude: float
    nearest_m: float | None
    """Mean straight way of its people to the nearest station of the level after the plan (m)."""
    farthest_m: float | None
    """That of the farthest cell (m)."""
    within_a_site: Share
    """Share of its people whom an action outside the plan would reach."""


class Redundancy(FileRecord):
    """How many stations people have in reach."""

    level: LevelName
    when: WhenName
    at_least_1: Share
    at_least_2: Share
    at_least_3: Share
    redundant_share: Share | None
    """Of the people with one, those with two or more: the overlap."""
    mean_stations: float | None
    """Stations in reach of a person who has one."""


class Spacing(FileRecord):
    """Straight way from each station to the next one of its level."""

    level: LevelName
    when: WhenName
    stations: int
    least_m: float | None
    median_m: float | None
    mean_m: float | None
    most_m: float | None


class Area(FileRecord):
    """Stations and power of one area: a census tract, or Wellesley."""

    area_id: str
    people: float
    stations_before: int
    stations_after: int
    kw_before: float
    kw_after: float
    grid_kw: float
    """Grid proxy (kW): a proxy, not a utility's figure."""
    grid_share_after: float | None
    """Power of all ports over the proxy."""


class RedundancyAnalysis(FileRecord):
    """Redundancy, overlap, spacing, and what stands in each area."""

    stations_in_reach: list[Redundancy]
    spacing: list[Spacing]
    areas: list[Area]


class CoverageValidation(FileRecord):
    """Coverage, what it leaves, and where it doubles (section 3.7.2)."""

    population_covered: PopulationCovered
    out_of_reach: list[OutOfReach]
    service_gaps: list[Gap]
    redundancy_analysis: RedundancyAnalysis


class Group(FileRecord):
    """Coverage of one group of people or vehicles."""

    group: str
    name: str
    unit: Literal["people", "EV"]
    total: float
    l2_before: Share
    l2_after: Share
    l3_before: Share
    l3_after: Share
    either_before: Share
    either_after: Share


class Distance(FileRecord):
    """Within which distance shares of people or vehicles have the nearest station (m)."""

    level: LevelName
    metric: Literal["straight_line", "network"]
    who: Literal["people", "bev", "phev"]
    when: WhenName
    p50: float | None
    p75: float | None
    p90: float | None
    p95: float | None
    p99: float | None
    max: float | None
    """Of the farthest home; null where one has no way to a station."""
    unreached: Share
    """Share without any way to a station."""


class Transit(FileRecord):
    """Share of places within a walk of transit, in a straight line."""

    what: str
    places: int
    bus: Share | None
    ion: Share | None
    either: Share | None
    frequent: Share | None


class Access(FileRecord):
    """Who has access, how far it is, and how it goes with transit (section 3.3.1)."""

    by_group: list[Group]
    distance_to_nearest: list[Distance]
    transit_integration: list[Transit]


class Reason(FileRecord):
    """Why an action was chosen, and what would do next best."""

    id: str
    """As in the plan."""
    kind: str
    place_id: str
    name: str
    municipality: str
    level: LevelName
    """The level that it brings: Level 3 where it adds ports of it."""
    net_cad: float
    alone_l2: float
    """People whom it would newly reach with Level 2 if it were added alone to today's network."""
    alone_l3: float
    """The same with Level 3."""
    company_l2: float
    """People who would have no Level 2 station if it were taken out of the plan."""
    company_l3: float
    """The same for Level 3."""
    lost_l2: float
    """People who have no Level 2 station in the plan because of it."""
    lost_l3: float
    """The same for Level 3."""
    in_reach: float
    """People within its radius, at its level."""
    shared: Share | None
    """Part of them whom another station of the level reaches too."""
    points: float
    """Coverage that would go with it: points of people, levels weighed as in the objective."""
    cad_per_point: float | None
    """Net cost over `points`; null where none would go."""
    alternative: str
    """Id of the action that keeps most coverage in its stead; empty where none brings any."""
    alternative_kind: str
    alternative_name: str
    alternative_net_cad: float | None
    """With the fewest ports."""
    alternative_points: float | None
    """Coverage that it would bring instead (points)."""
    kept_share: float | None
    """`alternative_points` over `points`; above 1 where the swap would gain on the cells."""


class Results(FileRecord):
    """What a plan builds, reaches and costs, computed anew from its actions and the tables."""

    format_version: Literal[2]
    kwev_version: str
    scenario: str
    geography: Literal["tract", "da", "cell"]
    """Demand points of the model; everything here is measured on the cells."""
    metric: str
    inputs_sha256: str
    config_sha256: str
    infrastructure_changes: InfrastructureChanges
    coverage_metrics: CoverageMetrics
    cost_analysis: CostAnalysis
    validation_metrics: ValidationMetrics
    quality_metrics: QualityMetrics
    coverage_validation: CoverageValidation
    access: Access
    sites: list[Reason]

    def as_dict(self) -> dict[str, Any]:
        """Return the results as plain JSON values."""
        return self.model_dump(mode="json")


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of a results file."""
    return schema_of(Results, "kwev results")
