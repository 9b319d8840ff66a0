"""A plan: what to do at which place, and the solver's account of itself. One JSON format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kwev.errors import KwevError
from kwev.files import read_json
from kwev.vocabulary import ActionKindKey, LevelKey  # noqa: TC001 -- pydantic reads annotations

if TYPE_CHECKING:
    from pathlib import Path

FORMAT_VERSION: Literal[1] = 1
MOST_PORTS = 10_000
"""More ports than any place has; a larger number is a damaged file."""

MOST_UNITS = 10**18
"""A larger multiplier is a damaged file."""

TargetStatus = Literal["met", "unmet_proven", "unmet_unproven"]


class _Record(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True
    )


class Action(_Record):
    """One action at one place.

    A place has one action, or two where one changes its L2 and the other its L3 equipment; then
    they are done in the order of the list, and what is before the second is what is after the
    first.
    """

    kind: ActionKindKey
    """`new_l2`, `new_l3`, `upgrade` (an L2 station converted to L3), `add_l2` or `add_l3` (ports
    added at a station that has the level) or `remove` (a station taken away whole)."""
    id: str
    """`<kind>_<place_id>`."""
    place_id: str
    """Site id of a new station, station id of any other action."""
    name: str
    category: str
    """Site category; `existing_station` for an action at a station."""
    municipality: str
    """Name of the municipality."""
    latitude: float
    """Degrees, WGS 84."""
    longitude: float
    """Degrees, WGS 84."""
    l2_ports_before: int = Field(ge=0, le=MOST_PORTS)
    l2_ports_after: int = Field(ge=0, le=MOST_PORTS)
    l3_ports_before: int = Field(ge=0, le=MOST_PORTS)
    l3_ports_after: int = Field(ge=0, le=MOST_PORTS)
    kw_after: float = Field(ge=0)
    """Power of all ports at the place after the action (kW)."""
    grid_kw: float = Field(ge=0)
    """Grid proxy of the place (kW): a proxy, not a utility's figure."""
    purchase_cad: float
    resale_cad: float
    net_cad: float
    operating_cad_per_year: float
    """What the action adds to the yearly operating cost (CAD per year); negative where it saves."""

    @property
    def ports_added(self) -> int:
        """New ports, of whichever level the action adds."""
        level = "l2" if self.kind in ("new_l2", "add_l2") else "l3"
        if self.kind == "remove":
            return 0
        return int(getattr(self, f"{level}_ports_after") - getattr(self, f"{level}_ports_before"))


class Reached(_Record):
    """Share covered before and after, measured on the cells, beside what is possible."""

    before: float
    after: float
    target: float
    attainable: float | None
    """Largest share for this target alone under the budget, on the model's geography."""
    ceiling: float | None
    """Largest share without a budget, on the model's geography."""
    bound_checked: float | None
    """No plan within the budget covers more, on the model's geography: shown by `proof`."""


class CoverageAll(_Record):
    """Coverage by target."""

    l2: Reached
    l3: Reached
    ev_owners: Reached


class Shares(_Record):
    """A share before and after, as the model saw it."""

    before: float
    after: float


class ModelCoverage(_Record):
    """Coverage on the model's geography."""

    l2: Shares
    l3: Shares
    ev_owners: Shares


class Covered(_Record):
    """Ids of the model's demand points covered after the plan, by level, sorted."""

    l2: list[str]
    l3: list[str]


class Shortfall(_Record):
    """Shares missing on the model's geography; `total_points` is their sum in points."""

    l2: float
    l3: float
    ev_owners: float | None
    """Null where the target is not enforced."""
    demand: float | None
    """Share of the Region's energy need left unserved; null where not enforced."""
    rules: dict[str, float]
    """Share of the Region's people that each elastic optional rule misses, by rule."""
    total_points: float
    bound_points: float
    """Lower bound on the total shortfall, from the solver."""
    bound_checked_points: float | None
    """Lower bound on the total shortfall, shown by `proof`."""


class Cost(_Record):
    """Money (CAD)."""

    purchase_cad: float
    resale_cad: float
    net_cad: float
    operating_cad_per_year: float
    """What the plan adds to the yearly operating cost (CAD per year)."""
    budget_cad: float
    least_budget_cad: float | None
    """Least net cost found at which every enforced target is met; null where none does."""
    least_budget_bound_cad: float | None = None
    """No plan that meets every enforced target costs less, by the solver's own account: half a
    percent below the least found at most, unless the search ran out of what it may take."""
    least_budget_reason: str
    """Why there is none, in words; empty where there is one."""


class ObjectiveParts(_Record):
    """What the objective is made of, each in points; they sum to it."""

    l2: float
    """Weighted L2 coverage."""
    l3: float
    """Weighted L3 coverage."""
    net_cost: float
    """Lost to net cost; negative where money is spent."""
    operating_cost: float
    """Lost to operating cost over the years that the scenario counts."""
    idle_energy: float
    """Lost to energy that ports could give beyond the need of their municipality."""
    shortfall: float
    """Lost to targets missed, in the weighted mode; 0 in the other."""


class SolverAccount(_Record):
    """What the solver says of itself."""

    name: str
    version: str
    licence: str
    status: str
    objective: float
    """Weighted coverage less cost and inefficiency (points): the sum of `objective_parts`."""
    bound: float
    """Upper bound on the objective (points)."""
    gap_solver: float
    """(bound - objective) / |objective|."""
    bound_checked: float | None
    """Upper bound, shown by `proof`, on the objective of every plan that misses no target by more
    than this one, within a millionth; in the weighted mode of every plan (points)."""
    gap_checked: float | None
    """(bound_checked - objective) / |objective|."""
    reason: str
    """Why this solver ran."""


class Witness(_Record):
    """A plan that attains a reported extreme: pairs of action id and ports that it adds."""

    actions: list[tuple[str, Annotated[int, Field(ge=0, le=MOST_PORTS)]]]


Count = Annotated[int, Field(ge=0, le=MOST_UNITS)]


class Branch(_Record):
    """Plans that build so many stations, and multipliers of the relaxed rows for these plans."""

    least: dict[LevelKey, Count]
    """Fewest stations that come to offer a level; 0 where it is not named."""
    most: dict[LevelKey, Count]
    """Most stations that come to offer a level; any number where it is not named."""
    rows: dict[str, Count]
    """By row, in billionths of a point: `budget` for a million CAD, `least_l2` and the like for a
    station, the others for a share of 1; 0 where a row is left out."""
    cover: dict[str, str]
    """By target: what the covering row of each demand point takes of the point's gain, in
    millionths, in the order of the ids; `0*12` is twelve times 0."""


class Proof(_Record):
    """Multipliers from which the checked bounds follow by weak duality."""

    reason: str
    """Why a bound is missing, in words; empty where none is."""
    branches: dict[str, list[Branch]]
    """By problem: `shortfall`, `plan`, `attainable_l2`, `attainable_l3`,
    `attainable_ev_owners`. The branches of a problem leave out no plan."""


class Certificate(_Record):
    """What holds, recomputed without the solver."""

    violations: list[str]
    targets: dict[str, TargetStatus]
    checks: int
    """Number of comparisons made."""


class Plan(_Record):
    """A plan file, whole."""

    format_version: Literal[1]
    kwev_version: str
    scenario: str
    geography: Literal["tract", "da", "cell"]
    metric: str
    inputs_sha256: str
    config_sha256: str
    config: dict[str, Any]
    """The whole configuration, resolved."""
    solver: SolverAccount
    objective_parts: ObjectiveParts
    actions: list[Action]
    model_covered: Covered
    coverage: CoverageAll
    model_coverage: ModelCoverage
    shortfall: Shortfall
    cost: Cost
    witnesses: dict[str, Witness]
    """Plans behind `attainable` (`attainable_l2`, ...) and `least_budget`."""
    proof: Proof
    certificate: Certificate | None

    def as_dict(self) -> dict[str, Any]:
        """Return the plan as plain JSON values."""
        return self.model_dump(mode="json")


def parse_plan(values: Any, *, where: str) -> Plan:
    """Read plain JSON values as a plan.

    Raises
    ------
    KwevError
        If the values are not a plan, naming the first field that is wrong.
    """
    if not isinstance(values, dict):
        kind = {list: "a list", str: "a string", type(None): "null"}.get(type(values), "a number")
        raise KwevError(
            f"a plan must be a JSON object, this is {kind}",
            where=where,
            hint="Give the plan.json that 'kwev solve' wrote.",
        )
    try:
        return Plan.model_validate(values)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        path = ".".join(str(part) for part in problem["loc"]) or "plan"
        raise KwevError(
            f"not a plan of format {FORMAT_VERSION}: {path}: {problem['msg']}",
            where=where,
            hint="Give the plan.json that 'kwev solve' wrote, unedited.",
        ) from error


def read_plan(path: Path) -> Plan:
    """Read a plan file.

    Raises
    ------
    KwevError
        If the file is missing, cut off, not JSON or not a plan.
    """
    return parse_plan(read_json(path), where=str(path))


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of a plan file."""
    schema = Plan.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "kwev plan"
    return schema
