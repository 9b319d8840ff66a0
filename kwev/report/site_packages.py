"""A package for each site of the plan: what is built, what it draws, what it needs, when.

The format of ``site-packages.geojson`` follows the client's specification, sections 3.5.2 and 3.8.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import pandas as pd
from pydantic import Field

from kwev import escape
from kwev.plan.export import points_schema
from kwev.report.file_format import FileRecord
from kwev.report.phases import phase_of
from kwev.report.site_needs import Ground, Requirement, checklist, supply
from kwev.vocabulary import (
    ACTION_KIND,
    LAND_KEYS,
    LEVEL_NAMES,
    ActionKindKey,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kwev.config import Config
    from kwev.data.tables import Tables
    from kwev.plan.format import Action, Plan
    from kwev.report.site_needs import Supply

DECIMALS: Final = 3
"""Decimals of power (kW, kVA) and current (A) in the files."""


class Location(FileRecord):
    """Where a site is."""

    latitude: float
    """Degrees, WGS 84."""
    longitude: float
    """Degrees, WGS 84."""
    type: str
    """Category of the site; `existing_station` for a station."""


class PowerOutput(FileRecord):
    """What one new port gives."""

    kw: float = Field(gt=0)
    voltage: float = Field(gt=0)
    """V; line to line of three phases for Level 3."""


class Charging(FileRecord):
    """The ports that are added."""

    charger_type: Literal["Level 2", "Level 3"]
    num_ports: int = Field(ge=1)
    power_output: PowerOutput


class GridRequirements(FileRecord):
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


class Window(FileRecord):
    """When it is built."""

    phase: int = Field(ge=1)
    """Phase of the specification."""
    period: int = Field(ge=1)
    """Period of the best schedule."""
    month_from: int = Field(ge=1)
    month_to: int = Field(ge=1)


class Implementation(FileRecord):
    """How it is built, and what it costs."""

    grid_requirements: GridRequirements
    estimated_cost_cad: float
    """Net of resale: what the objective counts for the action."""
    purchase_cad: float
    resale_cad: float
    schedule: Window


class SitePackage(FileRecord):
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


# -- From a plan to its packages.


def packages(
    tables: Tables, plan: Plan, config: Config, periods: Mapping[str, int]
) -> list[SitePackage]:
    """Return the package of each action of a plan, in the plan's order.

    Parameters
    ----------
    periods
        Period of each action by its id, 1 for the first.
    """
    before = _kw_before(tables, plan, config)
    return [
        _package(action, before[action.id], config, periods[action.id], _ground(tables, action))
        for action in plan.actions
    ]


def supply_of(action: Action, config: Config) -> Supply | None:
    """Return the supply of the ports that an action adds; None where it adds none."""
    level = ACTION_KIND[action.kind].adds
    return supply(level, action.ports_added, config.power) if level else None


def _package(
    action: Action, kw_before: float, config: Config, period: int, ground: Ground
) -> SitePackage:
    level, need = ACTION_KIND[action.kind].adds, supply_of(action, config)
    months = config.phasing.months_per_period
    charging = None
    if level and need:
        charging = Charging(
            charger_type=LEVEL_NAMES[level],  # type: ignore[arg-type]
            num_ports=need.ports,
            power_output=PowerOutput(kw=need.port_kw, voltage=need.volts),
        )
    return SitePackage(
        id=action.id,
        kind=action.kind,
        place_id=action.place_id,
        name=action.name,
        municipality=action.municipality,
        location=Location(
            latitude=action.latitude, longitude=action.longitude, type=action.category
        ),
        charging=charging,
        implementation=Implementation(
            grid_requirements=_grid(action, kw_before, need),
            estimated_cost_cad=action.net_cad,
            purchase_cad=action.purchase_cad,
            resale_cad=action.resale_cad,
            schedule=Window(
                phase=phase_of(action.kind).number,
                period=period,
                month_from=(period - 1) * months + 1,
                month_to=period * months,
            ),
        ),
        requirements=list(checklist(action.kind, need, ground)),
    )


def _grid(action: Action, kw_before: float, need: Supply | None) -> GridRequirements:
    return GridRequirements(
        power_increase_kw=round(action.kw_after - kw_before, DECIMALS),
        power_after_kw=round(action.kw_after, DECIMALS),
        grid_proxy_kw=round(action.grid_kw, DECIMALS),
        headroom_kw=round(action.grid_kw - action.kw_after, DECIMALS),
        voltage_requirement=f"{need.volts:.0f}V" if need else "",
        phases=need.phases if need else None,
        current_a=round(need.amps, DECIMALS) if need else None,
        apparent_power_kva=round(need.kva, DECIMALS) if need else None,
        transformer_kva=need.transformer_kva if need else None,
        arithmetic=list(need.arithmetic()) if need else [],
    )


def _kw_before(tables: Tables, plan: Plan, config: Config) -> dict[str, float]:
    """Return the power at the place before each action, by its id (kW).

    What stands today, or what another action of the plan leaves there first.
    """
    stations = tables.stations.set_index("station_id")
    left: dict[str, float] = {}
    found = {}
    for action in plan.actions:
        if action.place_id not in left:
            left[action.place_id] = 0.0
            if action.kind not in ("new_l2", "new_l3"):
                row = stations.loc[action.place_id]
                left[action.place_id] = action.l2_ports_before * _or_else(
                    row["l2_kw"], config.power.l2_kw
                ) + action.l3_ports_before * _or_else(row["l3_kw"], config.power.l3_kw)
        found[action.id] = left[action.place_id]
        left[action.place_id] = action.kw_after
    return found


def _or_else(value: Any, constant: float) -> float:
    return constant if pd.isna(value) else float(value)


def _ground(tables: Tables, action: Action) -> Ground:
    is_station = action.kind not in ("new_l2", "new_l3")
    table, key = (tables.stations, "station_id") if is_station else (tables.sites, "site_id")
    row = table[table[key] == action.place_id].iloc[0]
    names = ("owner", "operator", "land", "land_confidence")
    told = {name: str(row[name] or "") for name in names if name in row.index}
    return Ground(
        is_station,
        told.get("owner", ""),
        told.get("operator", ""),
        next((key for key in LAND_KEYS if key == told.get("land")), ""),
        told.get("land_confidence", ""),
    )


# -- As files.


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of ``site-packages.geojson``; its properties are the packages."""
    package = SitePackage.model_json_schema(ref_template="#/$defs/{model}")
    defs = {**package.pop("$defs", {}), "SitePackage": package}
    return {**points_schema("kwev site packages", {"$ref": "#/$defs/SitePackage"}), "$defs": defs}


_ACTION: Final = ("id", "kind", "place_id", "name", "municipality")
_GRID: Final = (
    "phases", "current_a", "apparent_power_kva", "transformer_kva", "power_increase_kw",
    "power_after_kw", "grid_proxy_kw", "headroom_kw",
)  # fmt: skip
_MONEY: Final = ("purchase_cad", "resale_cad", "estimated_cost_cad")


def as_frame(made: Sequence[SitePackage]) -> pd.DataFrame:
    """Return the packages as a table, one row a site, without what their needs say in words."""
    rows = []
    for package in made:
        grid, charging = package.implementation.grid_requirements, package.charging
        money, when = package.implementation, package.implementation.schedule
        rows.append(
            {
                **{key: getattr(package, key) for key in _ACTION},
                "category": package.location.type,
                "latitude": package.location.latitude,
                "longitude": package.location.longitude,
                "charger_type": charging.charger_type if charging else "",
                "ports_added": charging.num_ports if charging else 0,
                "port_kw": charging.power_output.kw if charging else None,
                "volts": charging.power_output.voltage if charging else None,
                **{key: getattr(grid, key) for key in _GRID},
                **{key: getattr(money, key) for key in _MONEY},
                **when.model_dump(),
                "needs": "; ".join(need.topic for need in package.requirements),
            }
        )
    return pd.DataFrame(rows)


def as_csv(made: Sequence[SitePackage]) -> str:
    """Return the packages as CSV text with LF line ends."""
    return escape.csv(as_frame(made))


def as_geojson(made: Sequence[SitePackage]) -> dict[str, Any]:
    """Return the packages as a GeoJSON FeatureCollection (RFC 7946, WGS 84)."""
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": package.id,
                "geometry": {
                    "type": "Point",
                    "coordinates": [package.location.longitude, package.location.latitude],
                },
                "properties": package.model_dump(mode="json"),
            }
            for package in made
        ],
    }
