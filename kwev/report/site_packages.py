"""A package for each site of the plan: what is built, what it draws, what it needs, when."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from kwev.report.phases import (
    Charging,
    GridRequirements,
    Implementation,
    Location,
    PowerOutput,
    Requirement,
    SitePackage,
    Window,
    phase_of,
)
from kwev.report.site_needs import Ground, checklist, supply
from kwev.vocabulary import LEVEL_NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kwev.config import Config
    from kwev.data.tables import Tables
    from kwev.model.coverage import Level
    from kwev.plan.format import Action, Plan
    from kwev.report.site_needs import Supply

DECIMALS: Final = 3
"""Decimals of power (kW, kVA) and current (A) in the files."""


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


def level_added(action: Action) -> Level | None:
    """Return the level whose ports an action adds; None where it adds none."""
    if action.kind == "remove":
        return None
    return "l2" if action.kind in ("new_l2", "add_l2") else "l3"


def supply_of(action: Action, config: Config) -> Supply | None:
    """Return the supply of the ports that an action adds; None where it adds none."""
    level = level_added(action)
    return supply(level, action.ports_added, config.power) if level else None


def _package(
    action: Action, kw_before: float, config: Config, period: int, ground: Ground
) -> SitePackage:
    level, need = level_added(action), supply_of(action, config)
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
        requirements=[
            Requirement(topic=n.topic, text=n.text, source=n.source, confirm=n.confirm)
            for n in checklist(action.kind, need, ground)
        ],
    )


def _grid(action: Action, kw_before: float, need: Supply | None) -> GridRequirements:
    return GridRequirements(
        power_increase_kw=_rounded(action.kw_after - kw_before),
        power_after_kw=_rounded(action.kw_after),
        grid_proxy_kw=_rounded(action.grid_kw),
        headroom_kw=_rounded(action.grid_kw - action.kw_after),
        voltage_requirement=f"{need.volts:.0f}V" if need else "",
        phases=need.phases if need else None,
        current_a=_rounded(need.amps) if need else None,
        apparent_power_kva=_rounded(need.kva) if need else None,
        transformer_kva=need.transformer_kva if need else None,
        arithmetic=list(need.arithmetic()) if need else [],
    )


def _rounded(value: float) -> float:
    return round(value, DECIMALS)


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
    told = {name: str(row[name] or "") for name in ("owner", "operator") if name in row.index}
    return Ground(is_station, told.get("owner", ""), told.get("operator", ""))


# -- files -----------------------------------------------------------------------------------


def as_frame(made: Sequence[SitePackage]) -> pd.DataFrame:
    """Return the packages as a table, one row a site, without what their needs say in words."""
    rows = []
    for package in made:
        grid, charging = package.implementation.grid_requirements, package.charging
        when = package.implementation.schedule
        rows.append(
            {
                "id": package.id,
                "kind": package.kind,
                "place_id": package.place_id,
                "name": package.name,
                "municipality": package.municipality,
                "category": package.location.type,
                "latitude": package.location.latitude,
                "longitude": package.location.longitude,
                "charger_type": charging.charger_type if charging else "",
                "ports_added": charging.num_ports if charging else 0,
                "port_kw": charging.power_output.kw if charging else None,
                "volts": charging.power_output.voltage if charging else None,
                "phases": grid.phases,
                "current_a": grid.current_a,
                "apparent_power_kva": grid.apparent_power_kva,
                "transformer_kva": grid.transformer_kva,
                "power_increase_kw": grid.power_increase_kw,
                "power_after_kw": grid.power_after_kw,
                "grid_proxy_kw": grid.grid_proxy_kw,
                "headroom_kw": grid.headroom_kw,
                "purchase_cad": package.implementation.purchase_cad,
                "resale_cad": package.implementation.resale_cad,
                "estimated_cost_cad": package.implementation.estimated_cost_cad,
                "phase": when.phase,
                "period": when.period,
                "month_from": when.month_from,
                "month_to": when.month_to,
                "needs": "; ".join(need.topic for need in package.requirements),
            }
        )
    return pd.DataFrame(rows)


def as_csv(made: Sequence[SitePackage]) -> str:
    """Return the packages as CSV text with LF line ends."""
    text = io.StringIO()
    as_frame(made).to_csv(text, index=False, lineterminator="\n")
    return text.getvalue()


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
