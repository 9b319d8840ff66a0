"""The formats of what builders take away: the phases, and a package for each site.

Names follow the client's specification, sections 3.5.1, 3.5.2 and 3.8, with the unit added. A value
that does not exist is null.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from kwev.report.site_needs import Topic  # noqa: TC001 -- pydantic reads annotations
from kwev.vocabulary import ActionKindKey  # noqa: TC001 -- pydantic reads annotations

if TYPE_CHECKING:
    from kwev.config import Power
    from kwev.plan.format import Plan

FORMAT_VERSION: Literal[1] = 1


class _Record(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True
    )


class KindRecord(_Record):
    """The actions of one kind in a phase."""

    kind: ActionKindKey
    stations: int = Field(ge=0)
    ports: int = Field(ge=0)
    cost_cad: float


class PhaseRecord(_Record):
    """One phase of the specification (section 3.5.1)."""

    phase: int = Field(ge=1)
    name: str
    month_from: int = Field(ge=1)
    month_to: int = Field(ge=1)
    actions: int = Field(ge=0)
    """Stations plus ports installed, as the specification counts."""
    stations: int = Field(ge=0)
    ports: int = Field(ge=0)
    cost_cad: float
    """Net of resale."""
    kinds: list[KindRecord]
    """The same by kind: which of the phase's ports are added at stations."""


class LevelPower(_Record):
    """What the new ports of a level ask of the grid (section 3.8.1)."""

    voltage: float = Field(gt=0)
    """V; line to line of three phases for Level 3."""
    power_per_port_kw: float = Field(gt=0)
    ports: int = Field(ge=0)
    total_requirement_kw: float = Field(ge=0)


class GridTotals(_Record):
    """By level."""

    l2_stations: LevelPower
    l3_stations: LevelPower


class PhaseFile(_Record):
    """``phases.json``: the three phases; they add up to the plan."""

    format_version: Literal[1]
    scenario: str
    inputs_sha256: str
    config_sha256: str
    phases: list[PhaseRecord]
    stations: int = Field(ge=0)
    ports: int = Field(ge=0)
    cost_cad: float
    grid_requirements: GridTotals


class Done(_Record):
    """One action in its period."""

    id: str
    """`<kind>_<place_id>`."""
    period: int = Field(ge=1)
    month_from: int = Field(ge=1)
    month_to: int = Field(ge=1)


class State(_Record):
    """How things stand at the end of a period; period 0 is the start of the works."""

    period: int = Field(ge=0)
    month: int = Field(ge=0)
    l2_people: float = Field(ge=0)
    l3_people: float = Field(ge=0)
    weighted_points: float
    spent_cad: float
    jobs: int = Field(ge=0)
    """Finished in the period."""
    connected_kw: float = Field(ge=0)
    """In the period."""


class ScheduleFile(_Record):
    """``schedule.json``: the best schedule of a plan, and what it gains."""

    format_version: Literal[1]
    scenario: str
    inputs_sha256: str
    config_sha256: str
    limits: dict[str, Any]
    """Section `phasing` of the configuration."""
    status: str
    """The solver's word."""
    gain_point_months: float
    """Weighted coverage gathered beyond what stands today."""
    bound_point_months: float
    """No schedule within the limits gains more, says the solver."""
    gap: float = Field(ge=0)
    gains_of_others_point_months: dict[str, float]
    """The same of a greedy list, of the specification's order within the limits (`phased` with most
    gain first in each phase, `order` in the plan's list), and of its months to the letter, which
    keep no limit."""
    actions: list[Done]
    states: list[State]


class Location(_Record):
    """Where a site is."""

    latitude: float
    """Degrees, WGS 84."""
    longitude: float
    """Degrees, WGS 84."""
    type: str
    """Category of the site; `existing_station` for a station."""


class PowerOutput(_Record):
    """What one new port gives."""

    kw: float = Field(gt=0)
    voltage: float = Field(gt=0)
    """V; line to line of three phases for Level 3."""


class Charging(_Record):
    """The ports that are added."""

    charger_type: Literal["Level 2", "Level 3"]
    num_ports: int = Field(ge=1)
    power_output: PowerOutput


class GridRequirements(_Record):
    """What the site takes from the grid."""

    power_increase_kw: float
    """Power after less power before; negative where some is taken away."""
    power_after_kw: float = Field(ge=0)
    """Power of all ports at the place."""
    grid_proxy_kw: float = Field(ge=0)
    """What the place can draw: a proxy, not a utility's figure."""
    headroom_kw: float
    """Proxy less power after."""
    voltage_requirement: str
    """`480V` or `240V`; empty where nothing is added."""
    phases: Literal[1, 3] | None
    current_a: float | None
    """Of all new ports at once."""
    apparent_power_kva: float | None
    """Of all new ports at once."""
    transformer_kva: float | None
    """The least usual rating that carries them; an engineer must confirm."""
    arithmetic: list[str]
    """How the figures come about."""


class Window(_Record):
    """When it is built."""

    phase: int = Field(ge=1)
    """Phase of the specification."""
    period: int = Field(ge=1)
    """Period of the best schedule."""
    month_from: int = Field(ge=1)
    month_to: int = Field(ge=1)


class Implementation(_Record):
    """How it is built, and what it costs."""

    grid_requirements: GridRequirements
    estimated_cost_cad: float
    """Net of resale: what the objective counts for the action."""
    purchase_cad: float
    resale_cad: float
    schedule: Window


class Requirement(_Record):
    """One thing that the site needs (section 3.8)."""

    topic: Topic
    text: str
    source: str
    confirm: str
    """Who must confirm it; empty for nobody."""


class SitePackage(_Record):
    """One action of the plan, ready to be looked at by an engineer (section 3.5.2)."""

    id: str
    """`<kind>_<place_id>`."""
    kind: ActionKindKey
    place_id: str
    name: str
    municipality: str
    location: Location
    charging: Charging | None
    """Null where no port is added."""
    implementation: Implementation
    requirements: list[Requirement]


def phases_schema() -> dict[str, Any]:
    """Return the JSON schema of ``phases.json``."""
    return _titled(PhaseFile, "kwev phases")


def schedule_schema() -> dict[str, Any]:
    """Return the JSON schema of ``schedule.json``."""
    return _titled(ScheduleFile, "kwev schedule")


def packages_schema() -> dict[str, Any]:
    """Return the JSON schema of ``site-packages.geojson``; its properties are the packages."""
    package = SitePackage.model_json_schema(ref_template="#/$defs/{model}")
    defs = {**package.pop("$defs", {}), "SitePackage": package}
    feature = {
        "type": "object",
        "required": ["type", "id", "geometry", "properties"],
        "properties": {
            "type": {"const": "Feature"},
            "id": {"type": "string"},
            "geometry": {
                "type": "object",
                "required": ["type", "coordinates"],
                "properties": {
                    "type": {"const": "Point"},
                    "coordinates": {
                        "type": "array",
                        "items": {"type": "number"},
                        "minItems": 2,
                        "maxItems": 2,
                    },
                },
            },
            "properties": {"$ref": "#/$defs/SitePackage"},
        },
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "kwev site packages",
        "type": "object",
        "required": ["type", "features"],
        "properties": {
            "type": {"const": "FeatureCollection"},
            "features": {"type": "array", "items": feature},
        },
        "additionalProperties": False,
        "$defs": defs,
    }


def _titled(model: type[BaseModel], title: str) -> dict[str, Any]:
    schema = model.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = title
    return schema


# -- The specification's three phases: conversions, new Level 3, new Level 2.


@dataclass(frozen=True)
class Phase:
    """A phase of the implementation: months are counted from the start of the works, inclusive.

    Attributes
    ----------
    kind
        The kind of action that it is named after.
    also
        Kinds that are done in the same months, with the words that its name then takes on.
    """

    number: int
    name: str
    kind: ActionKindKey
    month_from: int
    month_to: int
    also: dict[ActionKindKey, str] = field(default_factory=dict)


PHASES = (
    Phase(1, "Level 2 to Level 3 conversions", "upgrade", 1, 4),
    Phase(2, "New Level 3 stations", "new_l3", 5, 8, {"add_l3": "added ports"}),
    Phase(
        3,
        "New Level 2 stations",
        "new_l2",
        9,
        12,
        {"add_l2": "added ports", "remove": "removals"},
    ),
)
"""Order and months of the client's specification, section 3.5.1.

It names no phase for ports added at stations, which go with new stations of their level, nor for
removals, which come last: what replaces a station stands before it goes.
"""


def phase_of(kind: str) -> Phase:
    """Return the phase that actions of a kind belong to."""
    (phase,) = (phase for phase in PHASES if kind in (phase.kind, *phase.also))
    return phase


def phase_file(plan: Plan, power: Power) -> PhaseFile:
    """Return the phases in the form of the client's section 3.5.1; they add up to the plan."""
    records = []
    for row, phase in zip(phases(plan).to_dict("records"), PHASES, strict=True):
        kinds = [_kind_record(plan, kind) for kind in (phase.kind, *phase.also)]
        records.append(
            PhaseRecord(
                phase=phase.number,
                name=str(row["name"]),
                month_from=phase.month_from,
                month_to=phase.month_to,
                actions=int(row["actions"]),
                stations=int(row["stations"]),
                ports=int(row["ports"]),
                cost_cad=float(row["cost_cad"]),
                kinds=[kind for kind in kinds if kind.stations > 0],
            )
        )
    return PhaseFile(
        format_version=FORMAT_VERSION,
        scenario=plan.scenario,
        inputs_sha256=plan.inputs_sha256,
        config_sha256=plan.config_sha256,
        phases=records,
        stations=len(plan.actions),
        ports=sum(action.ports_added for action in plan.actions),
        cost_cad=plan.cost.net_cad,
        grid_requirements=_grid_totals(plan, power),
    )


def _grid_totals(plan: Plan, power: Power) -> GridTotals:
    slow = sum(a.ports_added for a in plan.actions if a.kind in ("new_l2", "add_l2"))
    fast = sum(a.ports_added for a in plan.actions) - slow
    l2, l3 = (
        LevelPower(
            voltage=volts, power_per_port_kw=kw, ports=ports, total_requirement_kw=ports * kw
        )
        for ports, kw, volts in (
            (slow, power.l2_kw, power.l2_volts),
            (fast, power.l3_kw, power.l3_volts),
        )
    )
    return GridTotals(l2_stations=l2, l3_stations=l3)


def _kind_record(plan: Plan, kind: ActionKindKey) -> KindRecord:
    done = [action for action in plan.actions if action.kind == kind]
    return KindRecord(
        kind=kind,
        stations=len(done),
        ports=sum(action.ports_added for action in done),
        cost_cad=sum(action.net_cad for action in done),
    )


def phases(plan: Plan) -> pd.DataFrame:
    """Return one row a phase; stations, ports and cost sum to the plan's totals.

    Columns: ``phase``, ``name``, ``kind`` (of action), ``month_from``, ``month_to``, ``actions``
    (stations plus ports installed, as the specification counts them), ``stations``, ``ports``,
    ``kw`` (after the phase, at the places where something is done) and ``cost_cad`` (net of
    resale).
    """
    rows = []
    for phase in PHASES:
        done = [a for a in plan.actions if a.kind in (phase.kind, *phase.also)]
        ports = sum(a.ports_added for a in done)
        words = [word for kind, word in phase.also.items() if any(a.kind == kind for a in done)]
        kw_after = {a.place_id: a.kw_after for a in done}
        rows.append(
            {
                "phase": phase.number,
                "name": _listed([phase.name, *words]),
                "kind": phase.kind,
                "month_from": phase.month_from,
                "month_to": phase.month_to,
                "actions": len(done) + ports,
                "stations": len(done),
                "ports": ports,
                "kw": sum(kw_after.values()),
                "cost_cad": sum(a.net_cad for a in done),
            }
        )
    return pd.DataFrame(rows)


def _listed(words: list[str]) -> str:
    """Return words as a list in a sentence: a, b and c."""
    first = ", ".join(words[:-1])
    return f"{first} and {words[-1]}" if first else words[-1]
