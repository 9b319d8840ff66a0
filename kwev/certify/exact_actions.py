"""What may be done at each place, in exact decimals, for the checked bound.

Written apart from ``siting`` on purpose, as :mod:`kwev.certify.evaluation` is. A kind of action is
one function from a row of a table to a :class:`ExactAction`, listed in ``OF_SITES`` or
``OF_STATIONS``; a scenario that sets what is not known here gets no bound (:func:`unknown`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from kwev.certify.exact import exact, leaves

if TYPE_CHECKING:
    import pandas as pd

    from kwev.config import Config
    from kwev.data.tables import Tables

Row = dict[str, Any]
Level = Literal["l2", "l3"]
LEVELS: tuple[Level, ...] = ("l2", "l3")

ROOM_KW = Fraction(1, 10**6)
"""What a site may draw over its capacity before the certificate calls it a fault (kW)."""

NO_OBJECTIVE = (
    "description", "solver.", "phasing.", "rules.", "finance.",
    "scores.site.", "scores.adjust.", "scores.charger_reach_m", "scores.access_reach_m",
    "power.l2_volts", "power.l3_volts", "power.power_factor",
    "siting.removal.usage", "siting.removal.alternative_m", "weights.idle_points_per_point",
)  # fmt: skip
"""Keys that a bound need not know: without them there is the same, or more, to choose from."""

KNOWN = frozenset({
    "budget.limit_cad",
    "targets.l2", "targets.l3", "targets.ev_owners.share", "targets.ev_owners.enforce",
    "coverage.metric", "coverage.l2_radius_m", "coverage.l3_radius_m",
    "coverage.l3_counts_for_l2", "coverage.include_tesla_only", "coverage.include_outside",
    "weights.people", "weights.ev", "weights.score", "weights.l2", "weights.l3",
    "weights.cost_points_per_million_cad", "weights.operating_points_per_million_cad",
    "objective.mode", "objective.shortfall_points_per_point",
    "operating.l2_station_cad_per_year", "operating.l2_port_cad_per_year",
    "operating.l3_station_cad_per_year", "operating.l3_port_cad_per_year", "operating.years",
    "ports.add_l2", "ports.add_l3", "siting.removal.stations", "siting.removal.below_usage",
    "power.l2_kw", "power.l3_kw",
    "costs.l2_station_cad", "costs.l2_port_cad", "costs.l3_station_cad", "costs.l3_port_cad",
    "costs.resale_factor",
    "ports.min_l2", "ports.min_l3", "ports.max_new_l2", "ports.max_new_l3", "ports.retained_l2",
    "demand.ev_year", "demand.enforce", "demand.kwh_per_ev_year", "demand.public_share",
    "demand.utilisation",
    "siting.grid_factor", "siting.public_owners_only", "siting.port_counts",
    "scores.demand.density", "scores.demand.infrastructure", "scores.demand.transit",
    "scores.demand.housing",
})  # fmt: skip
"""Keys that are worked out here and in :mod:`kwev.certify.dual_bound`."""

OFF: tuple[Any, ...] = (None, False, 0, "", "none", "off", "lexicographic", [], {})
"""Values that leave a key which is not known here without effect."""


def unknown(config: Config) -> str:
    """Return the first setting that the bound does not understand, in words; empty if none."""
    for key, value in leaves(config.as_dict()).items():
        if key not in KNOWN and not key.startswith(NO_OBJECTIVE) and value not in OFF:
            return f"the bound does not know the setting {key}"
    return ""


@dataclass(frozen=True)
class ExactAction:
    """One kind of action at one place.

    Attributes
    ----------
    kind, place_id
        As in the plan file.
    row
        The site or station, as a row of its table.
    uses
        Levels whose equipment it settles: two moves of one place go together if they share none.
    gives
        By level: 1 where the place offers it from then on, -1 where no longer, 0 for no change.
    fewest, most
        Ports that it may add, capacity included.
    fixed_cad, port_cad
        Net price without ports, and of each port (CAD).
    lost_kw, port_kw
        Power taken away, and of each port added (kW).
    area
        Municipality id.
    yearly_cad, port_yearly_cad
        Change of the yearly operating cost without new ports, and by each of them (CAD a year).
    """

    kind: str
    place_id: str
    row: Row
    uses: frozenset[str]
    gives: dict[str, int]
    fewest: int
    most: int
    fixed_cad: Fraction
    port_cad: Fraction
    lost_kw: Fraction
    port_kw: Fraction
    area: str
    yearly_cad: Fraction
    port_yearly_cad: Fraction


def counting(tables: Tables, config: Config) -> list[Row]:
    """Return the stations that count in the scenario, with its count of ports, sorted by id."""
    reach, end = config.coverage, config.siting.port_counts
    kept = []
    for row in _rows(tables.stations, "station_id"):
        here = row["in_region"] or reach.include_outside
        if not here or not (row["access"] == "public" or reach.include_tesla_only):
            continue
        own = {} if end == "base" else {k: row[f"{k}_{end}"] for k in ("l2_ports", "l3_ports")}
        kept.append({**row, **own})
    return kept


def offers(row: Row, config: Config) -> dict[str, bool]:
    """Return which levels a station offers as it stands."""
    l2, l3 = row["l2_ports"] > 0, row["l3_ports"] > 0
    return {"l2": bool(l2 or (l3 and config.coverage.l3_counts_for_l2)), "l3": bool(l3)}


def moves(tables: Tables, config: Config) -> list[ExactAction]:
    """Return every action that the scenario allows, with room for its fewest ports."""
    sites = [row for row in _rows(tables.sites, "site_id") if row["station_id"] == ""]
    found = [rule(row, config) for row in sites for rule in OF_SITES.values()]
    found += [
        rule(row, config) for row in counting(tables, config) for rule in OF_STATIONS.values()
    ]
    return [move for move in found if move is not None and move.fewest <= move.most]


def _rows(table: pd.DataFrame, key: str) -> list[Row]:
    rows = [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]
    return sorted(rows, key=lambda row: str(row[key]))


def port_kw(row: Row, level: str, config: Config) -> Fraction:
    """Return the power of one port that stands at a station: recorded, else the constant (kW)."""
    recorded = float(row[f"{level}_kw"])
    constant = config.power.l2_kw if level == "l2" else config.power.l3_kw
    return exact(constant if recorded != recorded else recorded)  # noqa: PLR0124 -- not a number


def standing_kw(row: Row, config: Config) -> Fraction:
    """Return the power that stands at a station (kW)."""
    levels = ("l2", "l3")
    return sum((int(row[f"{a}_ports"]) * port_kw(row, a, config) for a in levels), Fraction(0))


def _capacity_kw(row: Row, config: Config) -> Fraction:
    proxy = float(row["grid_kw"])
    given = _times(config.siting.grid_factor, 0.0 if proxy != proxy else proxy)  # noqa: PLR0124
    return max(given, standing_kw(row, config)) if "l2_ports" in row else given


@cache
def _times(one: float, other: float) -> Fraction:
    """Return the exact product of two decimals; few proxies differ, and each is asked for often."""
    return exact(one) * exact(other)


def _most(room_kw: Fraction, kw: Fraction, most: int) -> int:
    """Return how many ports fit, the certificate's tolerance included."""
    return min(most, (room_kw + ROOM_KW) // kw)


def _new_l2(row: Row, config: Config) -> ExactAction | None:
    kw, costs, ports = exact(config.power.l2_kw), config.costs, config.ports
    return ExactAction(
        kind="new_l2",
        place_id=str(row["site_id"]),
        row=row,
        uses=frozenset(("l2", "l3")),
        gives={"l2": 1, "l3": 0},
        fewest=ports.min_l2,
        most=_most(_capacity_kw(row, config), kw, ports.max_new_l2),
        fixed_cad=exact(costs.l2_station_cad),
        port_cad=exact(costs.l2_port_cad),
        lost_kw=Fraction(0),
        port_kw=kw,
        area=str(row["municipality_id"]),
        yearly_cad=exact(config.operating.l2_station_cad_per_year),
        port_yearly_cad=exact(config.operating.l2_port_cad_per_year),
    )


def _new_l3(row: Row, config: Config) -> ExactAction | None:
    kw, costs, ports = exact(config.power.l3_kw), config.costs, config.ports
    return ExactAction(
        kind="new_l3",
        place_id=str(row["site_id"]),
        row=row,
        uses=frozenset(("l2", "l3")),
        gives={"l2": int(config.coverage.l3_counts_for_l2), "l3": 1},
        fewest=ports.min_l3,
        most=_most(_capacity_kw(row, config), kw, ports.max_new_l3),
        fixed_cad=exact(costs.l3_station_cad),
        port_cad=exact(costs.l3_port_cad),
        lost_kw=Fraction(0),
        port_kw=kw,
        area=str(row["municipality_id"]),
        yearly_cad=exact(config.operating.l3_station_cad_per_year),
        port_yearly_cad=exact(config.operating.l3_port_cad_per_year),
    )


def _upgrade(row: Row, config: Config) -> ExactAction | None:
    had, stays = int(row["l2_ports"]), _stays(row, config)
    if had < 1 or row["l3_ports"] > 0:
        return None
    costs, ports, run = config.costs, config.ports, config.operating
    kw, old_kw = exact(config.power.l3_kw), port_kw(row, "l2", config)
    ends_l2 = stays == 0 and not config.coverage.l3_counts_for_l2
    return ExactAction(
        kind="upgrade",
        place_id=str(row["station_id"]),
        row=row,
        uses=frozenset(("l3",) if stays > 0 else ("l2", "l3")),
        gives={"l2": -int(ends_l2), "l3": 1},
        fewest=ports.min_l3,
        most=_most(_capacity_kw(row, config) - stays * old_kw, kw, ports.max_new_l3),
        fixed_cad=exact(costs.l3_station_cad) - _credit(row, config, stays),
        port_cad=exact(costs.l3_port_cad),
        lost_kw=(had - stays) * old_kw,
        port_kw=kw,
        area=str(row["municipality_id"]),
        yearly_cad=exact(run.l3_station_cad_per_year) - _saved(row, config, "l2", stays),
        port_yearly_cad=exact(run.l3_port_cad_per_year),
    )


def _add(level: Level, row: Row, config: Config) -> ExactAction | None:
    """Return ports added where a level is offered.

    What a conversion of the same station takes away leaves room for them: at most that is let
    pass here, with or without it.
    """
    if not getattr(config.ports, f"add_{level}") or row[f"{level}_ports"] < 1:
        return None
    kw = exact(config.power.l2_kw if level == "l2" else config.power.l3_kw)
    room_kw = _capacity_kw(row, config) - standing_kw(row, config)
    stays = _stays(row, config)
    if level == "l2" and row["l3_ports"] == 0 and stays > 0:
        room_kw += (int(row["l2_ports"]) - stays) * port_kw(row, "l2", config)
    most = config.ports.max_new_l2 if level == "l2" else config.ports.max_new_l3
    return ExactAction(
        kind=f"add_{level}",
        place_id=str(row["station_id"]),
        row=row,
        uses=frozenset((level,)),
        gives={"l2": 0, "l3": 0},
        fewest=1,
        most=_most(room_kw, kw, most),
        fixed_cad=Fraction(0),
        port_cad=exact(getattr(config.costs, f"{level}_port_cad")),
        lost_kw=Fraction(0),
        port_kw=kw,
        area=str(row["municipality_id"]),
        yearly_cad=Fraction(0),
        port_yearly_cad=exact(getattr(config.operating, f"{level}_port_cad_per_year")),
    )


def _add_l2(row: Row, config: Config) -> ExactAction | None:
    return _add("l2", row, config)


def _add_l3(row: Row, config: Config) -> ExactAction | None:
    return _add("l3", row, config)


def _remove(row: Row, config: Config) -> ExactAction | None:
    """Return the removal of a station; that an alternative must stand nearby is let pass."""
    rule, offered = config.siting.removal, offers(row, config)
    used = rule.usage.get(row["station_id"])
    measured = rule.below_usage is None or (used is not None and used < rule.below_usage)
    kept = rule.stations == "none" or (rule.stations == "l2" and row["l3_ports"] > 0)
    if kept or not measured or not any(row[f"{level}_ports"] > 0 for level in LEVELS):
        return None
    return ExactAction(
        kind="remove",
        place_id=str(row["station_id"]),
        row=row,
        uses=frozenset(("l2", "l3")),
        gives={level: -int(offered[level]) for level in LEVELS},
        fewest=0,
        most=0,
        fixed_cad=-_credit(row, config, 0),
        port_cad=Fraction(0),
        lost_kw=standing_kw(row, config),
        port_kw=Fraction(0),
        area=str(row["municipality_id"]),
        yearly_cad=-_saved(row, config, "l2", 0) - _saved(row, config, "l3", 0),
        port_yearly_cad=Fraction(0),
    )


def _stays(row: Row, config: Config) -> int:
    """Return the L2 ports that a conversion leaves at a station."""
    return min(int(row["l2_ports"]), config.ports.retained_l2)


def _credit(row: Row, config: Config, stays: int) -> Fraction:
    """Return what the L2 equipment sold brings back (CAD)."""
    had = int(row["l2_ports"])
    sold = (had - stays) * exact(config.costs.l2_port_cad)
    sold += exact(config.costs.l2_station_cad) if stays == 0 < had else 0
    return exact(config.costs.resale_factor) * sold


def _saved(row: Row, config: Config, level: Level, stays: int) -> Fraction:
    """Return the yearly operating cost of the equipment of a level that goes (CAD a year)."""
    had, run = int(row[f"{level}_ports"]), config.operating
    saved = (had - stays) * exact(getattr(run, f"{level}_port_cad_per_year"))
    return saved + (exact(getattr(run, f"{level}_station_cad_per_year")) if stays == 0 < had else 0)


Rule = Callable[[Row, "Config"], ExactAction | None]
OF_SITES: dict[str, Rule] = {"new_l2": _new_l2, "new_l3": _new_l3}
OF_STATIONS: dict[str, Rule] = {
    "upgrade": _upgrade,
    "add_l2": _add_l2,
    "add_l3": _add_l3,
    "remove": _remove,
}
