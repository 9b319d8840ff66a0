"""What a scenario lets the checked bound choose from: every action there is, in exact decimals.

The rules are those of :mod:`kwev.certify.actions`; left out are those that hold for a
whole plan, and that of owners: with more to choose from, a bound is no smaller.
A scenario that sets what is not known here gets no bound (:func:`unknown`).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from kwev.certify.actions import (
    KW_TOL,
    LEVELS,
    NEW,
    ActionKey,
    Effect,
    Level,
    Row,
)
from kwev.certify.energy import EnergyBalance
from kwev.certify.exact import exact

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kwev.config import Config
    from kwev.data.tables import Tables

NO_OBJECTIVE = (
    "description", "solver.", "phasing.", "rules.", "finance.",
    "scores.site.", "scores.adjust.", "scores.charger_reach_m", "scores.access_reach_m",
    "power.l2_volts", "power.l3_volts", "power.power_factor",
    "siting.removal.usage", "siting.removal.alternative_m", "siting.public_owners_only",
    "weights.idle_points_per_point", "demand.local",
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
    "demand.home_access.house", "demand.home_access.row_or_duplex",
    "demand.home_access.apartment", "demand.utilisation",
    "siting.grid_factor", "siting.capacity", "siting.port_counts", "siting.land",
    "siting.dense_housing",
    "scores.demand.density", "scores.demand.infrastructure", "scores.demand.transit",
    "scores.demand.housing",
})  # fmt: skip
"""Keys that are worked out by the checked bound."""

OFF: tuple[Any, ...] = (None, False, 0, "", "none", "off", "lexicographic", [], {})
"""Values that leave a key which is not known here without effect."""


@dataclass(frozen=True)
class Option:
    """One kind of action at one place, with all that the bound needs of it.

    Attributes
    ----------
    key
        Kind and place.
    row
        The site or station, as a row of its table.
    settles
        Levels whose equipment it settles: two options of one place go together if they share none.
    gives
        By level: 1 where the place offers it from then on, -1 where no longer, 0 for no change.
    fewest, most
        Ports that it may add, capacity included.
    fixed
        What it changes without a port added.
    per_port
        What each port adds to that.
    """

    key: ActionKey
    row: Row
    settles: frozenset[Level]
    gives: Mapping[Level, int]
    fewest: int
    most: int
    fixed: Effect[Fraction]
    per_port: Effect[Fraction]

    @property
    def area(self) -> str:
        """Id of its municipality."""
        return str(self.row["municipality_id"])


class ExactActions(EnergyBalance[Fraction]):
    """Actions in exact decimals, as the scenario and the tables write them.

    Parameters
    ----------
    tables
        ``data/processed``, read.
    config
        The resolved scenario.
    """

    def __init__(self, tables: Tables, config: Config) -> None:
        super().__init__(tables, config, exact)

    def options(self) -> list[Option]:
        """Return every action that the scenario allows, with room for its fewest ports."""
        sites = (ActionKey(kind, place) for place in sorted(self._sites) for kind in NEW)
        kinds = ("upgrade", "add_l2", "add_l3", "remove")
        stations = (ActionKey(kind, place) for place in sorted(self._stations) for kind in kinds)
        found = [self._option(key) for key in (*sites, *stations) if self._possible(key)]
        return [option for option in found if option.fewest <= option.most]

    def _possible(self, key: ActionKey) -> bool:
        return not (self._place_problem(key) or self._kind_problem(key))

    def offers(self, l2_ports: int, l3_ports: int) -> dict[Level, bool]:
        """Return which levels a station with so many ports offers."""
        either = l3_ports > 0 and self.config.coverage.l3_counts_for_l2
        return {"l2": l2_ports > 0 or either, "l3": l3_ports > 0}

    def _option(self, key: ActionKey) -> Option:
        (fewest, most), settles = self._ports_range(key.kind), self._settles(key)
        fixed, each = self._fixed(key), self._per_port(key.kind)
        l2, l3, kw = self._standing(key)
        if each.kw > 0:
            room_kw = self._capacity_kw(key) - kw - fixed.kw + exact(KW_TOL)
            if key.kind == "add_l2" and self._stays(self.row(key)) > 0:
                # a conversion that keeps ports leaves room for more: let pass with or without it
                convert = key._replace(kind="upgrade")
                room_kw -= self._fixed(convert).kw if self._possible(convert) else 0
            most = min(most, room_kw // each.kw)
        before = self.offers(l2, l3)
        after = self.offers(l2 + fixed.l2 + fewest * each.l2, l3 + fixed.l3 + fewest * each.l3)
        gives = {level: after[level] - before[level] for level in LEVELS}
        return Option(key, self.row(key), settles, gives, fewest, most, fixed, each)


def unknown(config: Config) -> str:
    """Return the first setting that the bound does not understand, in words; empty if none."""
    for key, value in leaves(config.as_dict()).items():
        if key not in KNOWN and not key.startswith(NO_OBJECTIVE) and value not in OFF:
            return f"the bound does not know the setting {key}"
    return ""


def leaves(values: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    """Return every value of nested objects by its dotted path; an empty object is a value."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        name = f"{path}.{key}" if path else key
        if isinstance(value, dict) and value:
            found |= leaves(value, name)
        else:
            found[name] = value
    return found
