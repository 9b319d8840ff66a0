"""A plan: what to do at which place, and how good that is. One JSON format.

A plan file states only what ``kwev check`` recomputes, and, in one section that says so
(``solver_says``), the solver's word. It holds codes and numbers; :mod:`kwev.plan.words` makes
words of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kwev.config import Planning, Solver  # noqa: TC001 -- pydantic reads annotations
from kwev.errors import KwevError
from kwev.files import read_json
from kwev.vocabulary import ActionKindKey, LevelKey, TargetKey  # noqa: TC001 -- pydantic reads it

if TYPE_CHECKING:
    from pathlib import Path

FORMAT_VERSION: Literal[2] = 2
MOST_PORTS = 10_000
"""More ports than any place has; a larger number is a damaged file."""

MOST_UNITS = 10**18
"""A larger multiplier is a damaged file."""

MOST: Final = 1e12
"""No amount of money, power or points is larger; a larger number is a damaged file."""
LONGEST: Final = 500
"""Characters of the longest name or id."""

Amount = Annotated[float, Field(ge=-MOST, le=MOST)]
Share = Annotated[float, Field(ge=0, le=1 + 1e-9)]  # what a sum may be over by its rounding
Text = Annotated[str, Field(max_length=LONGEST)]
Version = Annotated[str, Field(pattern=r"^[0-9A-Za-z.+-]{1,40}$")]  # no room for prose
Ports = Annotated[int, Field(ge=0, le=MOST_PORTS)]
Count = Annotated[int, Field(ge=0, le=MOST_UNITS)]

TargetStatus = Literal["met", "unmet_proven", "unmet_unproven", "nobody"]
"""``nobody`` where a target counts nobody at all: no people, or no EVs."""
Optimality = Literal["within_gap", "not_proven"]
"""Whether it is proven how near a plan is to the best; the gap says how near."""


class _Record(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,  # "5" and true are no numbers
        allow_inf_nan=False,
        use_attribute_docstrings=True,
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
    id: Text
    """`<kind>_<place_id>`."""
    place_id: Text
    """Site id of a new station, station id of any other action."""
    name: Text
    category: Text
    """Site category; `existing_station` for an action at a station."""
    municipality: Text
    """Name of the municipality."""
    latitude: float = Field(ge=-90, le=90)
    """Degrees, WGS 84."""
    longitude: float = Field(ge=-180, le=180)
    """Degrees, WGS 84."""
    l2_ports_before: Ports
    l2_ports_after: Ports
    l3_ports_before: Ports
    l3_ports_after: Ports
    kw_after: float = Field(ge=0, le=MOST)
    """Power of all ports at the place after the action (kW)."""
    grid_kw: float = Field(ge=0, le=MOST)
    """Grid proxy of the place (kW): a proxy, not a utility's figure."""
    purchase_cad: Amount
    resale_cad: Amount
    net_cad: Amount
    operating_cad_per_year: Amount
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

    before: Share
    after: Share
    target: Share
    attainable: Share | None
    """At least so much for this target alone under the budget, on the model's demand points: what
    the witness shows. More than `bound_checked` is impossible; between the two nothing is known."""
    ceiling: Share
    """No plan covers more, with or without a budget, on the model's demand points: every possible
    site built. Without an optional rule that ties sites together one does cover as much."""
    bound_checked: Share | None
    """No plan within the budget covers more, on the model's demand points: shown by `proof`."""


class CoverageAll(_Record):
    """Coverage by target."""

    l2: Reached
    l3: Reached
    ev_owners: Reached


class Shares(_Record):
    """A share before and after, as the model saw it."""

    before: Share
    after: Share


class ModelCoverage(_Record):
    """Coverage on the model's geography."""

    l2: Shares
    l3: Shares
    ev_owners: Shares


class Covered(_Record):
    """Ids of the model's demand points covered after the plan, by level, sorted."""

    l2: list[Text]
    l3: list[Text]


class Shortfall(_Record):
    """Shares missing on the model's geography; `total_points` is their sum in points."""

    l2: Share
    l3: Share
    ev_owners: Share | None
    """Null where the target is not enforced."""
    demand: Share | None
    """Share of the Region's energy need left unserved; null where not enforced."""
    rules: dict[Text, Share]
    """Share of the Region's people that each elastic optional rule misses, by rule; `local`: of
    the Region's energy need."""
    total_points: Amount
    bound_checked_points: Amount | None
    """No plan within the budget misses less in total, shown by `proof`."""


class NoLeastBudget(_Record):
    """Why no least budget is stated."""

    code: Literal["out_of_reach", "infeasible_unproven", "not_found", "not_sought"]
    """`out_of_reach`: one target by itself exceeds what every possible site gives, proven.
    `infeasible_unproven`: the solver says that the targets cannot be met together.
    `not_found`: the search for it ended at a limit. `not_sought`: nobody searched."""
    target: TargetKey | None
    """Of `out_of_reach`."""
    wanted: Share | None
    """Of `out_of_reach`: the target."""
    most: Share | None
    """Of `out_of_reach`: no plan covers more, on the model's demand points."""


class Cost(_Record):
    """Money (CAD)."""

    purchase_cad: Amount
    resale_cad: Amount
    net_cad: Amount
    operating_cad_per_year: Amount
    """What the plan adds to the yearly operating cost (CAD per year)."""
    budget_cad: Amount
    least_budget_cad: Amount | None
    """Net cost that is enough to meet every enforced target, as the witness shows; null where no
    plan that does was found."""
    least_budget_bound_checked_cad: Amount | None
    """No plan that meets every enforced target costs less, shown by `proof`."""
    no_least_budget: NoLeastBudget | None
    """Why there is none; null where there is one."""


class ObjectiveParts(_Record):
    """What the objective is made of, each in points; they sum to it."""

    l2: Amount
    """Weighted L2 coverage."""
    l3: Amount
    """Weighted L3 coverage."""
    net_cost: Amount
    """Lost to net cost; negative where money is spent."""
    operating_cost: Amount
    """Lost to operating cost over the years that the scenario counts."""
    idle_energy: Amount
    """Lost to energy that ports could give beyond the need of their municipality."""
    shortfall: Amount
    """Lost to targets missed, in the weighted mode; 0 in the other."""


class Quality(_Record):
    """How good the plan is, as its own actions and the multipliers of `proof` show."""

    objective: Amount
    """Weighted coverage less cost and inefficiency (points): the sum of `objective_parts`."""
    bound_checked: Amount | None
    """Upper bound, shown by `proof`, on the objective of every plan that misses no target by more
    than this one, within a millionth; in the weighted mode of every plan (points)."""
    gap_checked: Amount | None
    """(bound_checked - objective) / |objective|."""
    status: Optimality
    """`within_gap` where the bound is shown, else `not_proven`."""


class SolverSays(_Record):
    """The solver's word: nothing here can be recomputed, and nothing else rests on it."""

    kwev_version: Version
    """Version of kwev that wrote the file."""
    name: Literal["highs", "scip", "gurobi", "browser"]
    """`browser`: a reader's own, on the page "Change the plan"."""
    version: Version
    licence: Literal["open source", "full", "size-limited, non-production"]
    reason: Literal["asked_for", "full_licence", "gurobi_size_limited", "no_gurobi"]
    """Why this solver ran."""
    ended: Literal["gap", "limit"]
    """Whether the search for the plan ended within the gap asked for, or at a limit before it."""
    bound: Amount
    """Upper bound on the objective (points)."""
    shortfall_bound_points: Amount
    """Lower bound on the total shortfall (points)."""
    settings: Solver
    """What it was asked: gap, time, threads, seed."""


class Witness(_Record):
    """A plan that attains a reported extreme: pairs of action id and ports that it adds."""

    actions: list[Annotated[tuple[Text, Ports], Field(strict=False)]]


class Branch(_Record):
    """Plans that build so many stations, and multipliers of the relaxed rows for these plans."""

    least: dict[LevelKey, Count]
    """Fewest stations that come to offer a level; 0 where it is not named."""
    most: dict[LevelKey, Count]
    """Most stations that come to offer a level; any number where it is not named."""
    rows: dict[Text, Count]
    """By row, in billionths of a point: `budget` for a million CAD, `least_l2` and the like for a
    station, the others for a share of 1; 0 where a row is left out."""
    cover: dict[str, str]
    """By target: what the covering row of each demand point takes of the point's gain, in
    millionths, in the order of the ids; `0*12` is twelve times 0."""


class Proof(_Record):
    """Multipliers from which the checked bounds follow by weak duality."""

    missing: Literal["not_asked", "no_exact_model", "no_multipliers"] | None
    """Why a bound is missing; null where none is. `no_exact_model`: the scenario or its data hold
    something that the bound does not know. `no_multipliers`: a linear relaxation was not solved."""
    branches: dict[Text, list[Branch]]
    """By problem: `shortfall`, `plan`, `attainable_l2`, `attainable_l3`, `attainable_ev_owners`,
    and `least_budget` where one is stated. The branches of a problem leave out no plan."""


class Certificate(_Record):
    """What holds, recomputed without the solver."""

    violations: list[str]
    targets: dict[Text, TargetStatus]
    checks: Count
    """Number of comparisons made."""


class Plan(_Record):
    """A plan file, whole."""

    format_version: Literal[2]
    scenario: Text
    geography: Literal["tract", "da", "cell"]
    metric: Literal["straight_line", "network"]
    inputs_sha256: Text
    config_sha256: Text
    """Hash of `config`."""
    config: Planning
    """All of the scenario that is planned with, resolved."""
    actions: list[Action]
    objective_parts: ObjectiveParts
    quality: Quality
    model_covered: Covered
    coverage: CoverageAll
    model_coverage: ModelCoverage
    shortfall: Shortfall
    cost: Cost
    witnesses: dict[Text, Witness]
    """Plans behind `attainable` (`attainable_l2`, ...) and `least_budget`."""
    proof: Proof
    certificate: Certificate | None
    solver_says: SolverSays

    @property
    def gap_said(self) -> float:
        """Return the solver's own gap, ``(bound - objective) / |objective|`` (share)."""
        return relative_gap(self.quality.objective, self.solver_says.bound)

    def as_dict(self) -> dict[str, Any]:
        """Return the plan as plain JSON values."""
        return self.model_dump(mode="json")


def relative_gap(objective: float, bound: float) -> float:
    """Return ``|bound - objective| / |objective|`` (share; 0 where both are equal)."""
    distance = abs(bound - objective)
    return distance / max(abs(objective), 1e-9) if distance > 0 else 0.0


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
    version = values.get("format_version")
    if type(version) is int and version in range(FORMAT_VERSION):
        raise KwevError(
            f"a plan of format {version}, which this kwev no longer reads",
            where=where,
            hint=f"Solve the scenario again: 'kwev solve' writes format {FORMAT_VERSION}.",
        )
    try:
        return Plan.model_validate(values)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        path = ".".join(str(part) for part in problem["loc"])[:LONGEST] or "plan"
        path = path if path.isprintable() else ascii(path)
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
