"""What may be done at each place, in exact decimals, for the checked bound.

Written apart from ``siting`` on purpose, as :mod:`kwev.retrace` is. A kind of action is one
function from a row of a table to a :class:`Move`, listed in ``OF_SITES`` or ``OF_STATIONS``; a
scenario that sets what is not known here gets no bound (:func:`unknown`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from kwev.exact import exact, leaves

if TYPE_CHECKING:
    import pandas as pd

    from kwev.config import Config
    from kwev.tables import Tables

Row = dict[str, Any]

ROOM_KW = Fraction(1, 10**6)
"""What a site may draw over its capacity before the certificate calls it a fault (kW)."""

NO_OBJECTIVE = (
    "description", "solver.", "rules.",
    "scores.site.", "scores.adjust.", "scores.charger_reach_m", "scores.access_reach_m",
    "power.l2_volts", "power.l3_volts", "power.power_factor",
)  # fmt: skip
"""Keys that a bound need not know: without them there is the same, or more, to choose from."""

KNOWN = frozenset({
    "budget.limit_cad",
    "targets.l2", "targets.l3", "targets.ev_owners.share", "targets.ev_owners.enforce",
    "coverage.metric", "coverage.l2_radius_m", "coverage.l3_radius_m",
    "coverage.l3_counts_for_l2", "coverage.include_tesla_only", "coverage.include_outside",
    "weights.people", "weights.ev", "weights.score", "weights.l2", "weights.l3",
    "weights.cost_points_per_million_cad",
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
"""Keys that are worked out here and in :mod:`kwev.dualcheck`."""

OFF: tuple[Any, ...] = (None, False, 0, "", "none", "off", "lexicographic", [], {})
"""Values that leave a key which is not known here without effect."""


def unknown(config: Config) -> str:
    """Return the first setting that the bound does not understand, in words; empty if none."""
    for key, value in leaves(config.as_dict()).items():
        if key not in KNOWN and not key.startswith(NO_OBJECTIVE) and value not in OFF:
            return f"the bound does not know the setting {key}"
    return ""


@dataclass(frozen=True)
class Move:
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


def moves(tables: Tables, config: Config) -> list[Move]:
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
    given = exact(config.siting.grid_factor) * exact(0.0 if proxy != proxy else proxy)  # noqa: PLR0124
    return max(given, standing_kw(row, config)) if "l2_ports" in row else given


def _most(room_kw: Fraction, kw: Fraction, most: int) -> int:
    """Return how many ports fit, the certificate's tolerance included."""
    return min(most, (room_kw + ROOM_KW) // kw)


def _new_l2(row: Row, config: Config) -> Move | None:
    kw, costs, ports = exact(config.power.l2_kw), config.costs, config.ports
    return Move(
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
    )


def _new_l3(row: Row, config: Config) -> Move | None:
    kw, costs, ports = exact(config.power.l3_kw), config.costs, config.ports
    return Move(
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
    )


def _upgrade(row: Row, config: Config) -> Move | None:
    had, has_l3 = int(row["l2_ports"]), int(row["l3_ports"]) > 0
    owner = config.siting.public_owners_only and row["owner"] != "public"
    if not row["in_region"] or had < 1 or has_l3 or owner:
        return None
    costs, ports = config.costs, config.ports
    kw, old_kw = exact(config.power.l3_kw), port_kw(row, "l2", config)
    stays = min(had, ports.retained_l2)
    sold = (had - stays) * exact(costs.l2_port_cad)
    sold += exact(costs.l2_station_cad) if stays == 0 else 0
    ends_l2 = stays == 0 and not config.coverage.l3_counts_for_l2
    return Move(
        kind="upgrade",
        place_id=str(row["station_id"]),
        row=row,
        uses=frozenset(("l2", "l3")),
        gives={"l2": -int(ends_l2), "l3": 1},
        fewest=ports.min_l3,
        most=_most(_capacity_kw(row, config) - stays * old_kw, kw, ports.max_new_l3),
        fixed_cad=exact(costs.l3_station_cad) - exact(costs.resale_factor) * sold,
        port_cad=exact(costs.l3_port_cad),
        lost_kw=(had - stays) * old_kw,
        port_kw=kw,
        area=str(row["municipality_id"]),
    )


Rule = Callable[[Row, "Config"], Move | None]
OF_SITES: dict[str, Rule] = {"new_l2": _new_l2, "new_l3": _new_l3}
OF_STATIONS: dict[str, Rule] = {"upgrade": _upgrade}
