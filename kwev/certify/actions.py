"""What each action may do and what it changes, for the certificate.

Written apart from ``siting``, ``coverage``, ``model`` and ``record`` on purpose: an import contract
keeps it so.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from kwev.config import Config
    from kwev.data.tables import Tables

KINDS = ("upgrade", "new_l3", "new_l2", "add_l3", "add_l2", "remove")
"""Kinds of action in the order in which two of them at one place are done."""
NEW = ("new_l2", "new_l3")
CAD_TOL = 0.005


class ActionKey(NamedTuple):
    """One kind of action at one place."""

    kind: str
    place_id: str

    @classmethod
    def from_id(cls, action_id: str) -> ActionKey | None:
        """Read ``<kind>_<place_id>``; None where it is neither."""
        for kind in KINDS:
            if action_id.startswith(f"{kind}_"):
                return cls(kind, action_id.removeprefix(f"{kind}_"))
        return None


class Effect(NamedTuple):
    """What an action changes: ports of each level, power (kW), money, yearly cost (CAD a year)."""

    l2: int = 0
    l3: int = 0
    kw: float = 0.0
    purchase_cad: float = 0.0
    resale_cad: float = 0.0
    yearly_cad: float = 0.0


Done = Mapping[ActionKey, int]
"""Actions with the ports that each adds."""

NOTHING: Done = MappingProxyType({})


class ActionRules:
    """Stations and sites, the rules that actions keep, and what each action changes.

    Parameters
    ----------
    tables
        ``data/processed``, read.
    config
        The resolved scenario.
    """

    def __init__(self, tables: Tables, config: Config) -> None:
        self.config = config
        self._sites = {row["site_id"]: row for row in _records(tables.sites)}
        end = config.siting.port_counts
        self._stations = {r["station_id"]: _at_end(r, end) for r in _records(tables.stations)}
        self._municipality = {
            row["municipality_id"]: row["name"] for row in _records(tables.municipalities)
        }

    # -- rules -------------------------------------------------------------------------------

    def known(self, place: ActionKey) -> bool:
        """Return whether the place exists in the data."""
        return place.place_id in (self._sites if place.kind in NEW else self._stations)

    def problem(self, place: ActionKey, added: int, done: Done = NOTHING) -> str:
        """Return which rule an action breaks among those done, in words; empty where none."""
        if not self.known(place):
            return f"no place {place.place_id!r} for {place.kind}"
        rule = self._site_problem if place.kind in NEW else self._station_problem
        return (
            rule(place)
            or self._ports_problem(place, added)
            or self._power_problem(place, added, done)
            or self._alternative_problem(place, done)
            or self._own_problem(place, added)
        )

    def _own_problem(self, place: ActionKey, added: int) -> str:
        """Return which optional rule an action breaks by itself, whatever else is done."""
        rules, facts = self.config.rules, self.expected(place, added)
        money, most = rules.site_budget_cad, rules.ports.per_place
        if money is not None and facts["net_cad"] > money + CAD_TOL:
            return f"{facts['net_cad']:,.2f} CAD at one place, allowed {money:,.2f}"
        before, after = (
            facts[f"l2_ports_{k}"] + facts[f"l3_ports_{k}"] for k in ("before", "after")
        )
        if place.kind.startswith("add_"):  # a conversion beside it may take ports away
            return ""
        if most is not None and after > max(most, before):
            return f"{after} ports at one place, allowed {max(most, before)}"
        return ""

    def clash(self, one: ActionKey, other: ActionKey) -> bool:
        """Return whether two actions settle the same level's equipment at one place."""
        same = one.place_id == other.place_id
        return same and bool(self._settles(one) & self._settles(other))

    def _settles(self, place: ActionKey) -> set[str]:
        if place.kind in ("add_l2", "add_l3"):
            return {place.kind.removeprefix("add_")}
        if place.kind == "upgrade" and self.known(place):
            had = self._stations[place.place_id]["l2_ports"]
            return {"l3"} if min(had, self.config.ports.retained_l2) > 0 else {"l2", "l3"}
        return {"l2", "l3"}

    def _site_problem(self, place: ActionKey) -> str:
        station = self._sites[place.place_id]["station_id"]
        return f"the site is the existing station {station}" if station else ""

    def _station_problem(self, place: ActionKey) -> str:
        station = self._stations[place.place_id]
        private = station["owner"] != "public"
        broken = (
            (not station["in_region"], "the station is outside the Region"),
            (not self._counts(station), "the station does not count in this scenario"),
            (
                self.config.siting.public_owners_only and private,
                "the station has no public owner on record",
            ),
        )
        rule = {"upgrade": self._upgrade_problem, "remove": self._removal_problem}
        own = rule.get(place.kind, partial(self._adding_problem, place.kind))
        return _first(broken) or own(station)

    def _adding_problem(self, kind: str, station: dict[str, Any]) -> str:
        level = kind.removeprefix("add_")
        allowed, word = getattr(self.config.ports, kind), level.upper()
        return _first(
            (
                (not allowed, f"the scenario adds no {word} ports at stations"),
                (station[f"{level}_ports"] < 1, f"the station has no {word} to add to"),
            )
        )

    def _upgrade_problem(self, station: dict[str, Any]) -> str:
        return _first(
            (
                (station["l3_ports"] > 0, "the station has L3 already"),
                (station["l2_ports"] < 1, "the station has no L2 to convert"),
            )
        )

    def _removal_problem(self, station: dict[str, Any]) -> str:
        rule = self.config.siting.removal
        used = rule.usage.get(station["station_id"])
        asked = rule.below_usage is not None
        least = rule.below_usage or 0.0
        return _first(
            (
                (rule.stations == "none", "the scenario removes no station"),
                (
                    rule.stations == "l2" and station["l3_ports"] > 0,
                    "the station has L3, which the scenario does not remove",
                ),
                (station["l2_ports"] + station["l3_ports"] < 1, "the station has no port"),
                (asked and used is None, "the station's use is not measured"),
                (
                    asked and (used or 0.0) >= least,
                    f"the station's use of {used} is not below {least}",
                ),
            )
        )

    def _alternative_problem(self, place: ActionKey, done: Done) -> str:
        """Say which level of a removed station nobody offers nearby once all is done."""
        limit_m = self.config.siting.removal.alternative_m
        if place.kind != "remove" or limit_m is None:
            return ""
        station = self._stations[place.place_id]
        others = {
            "l2": [row for row in self._offering("l2", done) if row is not station],
            "l3": [row for row in self._offering("l3", done) if row is not station],
        }
        for level, rows in others.items():
            if station[f"{level}_ports"] > 0 and not any(
                _squared_cm(station, row) <= (limit_m * 100) ** 2 for row in rows
            ):
                return f"no other {level.upper()} within {limit_m} m"
        return ""

    def _ports_problem(self, place: ActionKey, added: int) -> str:
        rule = self.config.ports
        low, high = {
            "new_l2": (rule.min_l2, rule.max_new_l2),
            "new_l3": (rule.min_l3, rule.max_new_l3),
            "upgrade": (rule.min_l3, rule.max_new_l3),
            "add_l2": (1, rule.max_new_l2),
            "add_l3": (1, rule.max_new_l3),
            "remove": (0, 0),
        }[place.kind]
        return "" if low <= added <= high else f"{added} new ports, allowed {low} to {high}"

    def _power_problem(self, place: ActionKey, added: int, done: Done) -> str:
        facts = self.expected(place, added, done)
        if facts["kw_after"] <= facts["grid_kw"] + 1e-6:
            return ""
        return f"{facts['kw_after']} kW exceed the capacity of {facts['grid_kw']} kW"

    def counted(self) -> list[dict[str, Any]]:
        """Return the rows of the stations that count in the scenario today."""
        return [station for station in self._stations.values() if self._counts(station)]

    def row(self, place: ActionKey) -> dict[str, Any]:
        """Return the row of the site or station that an action is done at."""
        return (self._sites if place.kind in NEW else self._stations)[place.place_id]

    def effect(self, place: ActionKey, added: int) -> Effect:
        """Return what an action changes."""
        return self._effect(place, added)

    def _counts(self, station: dict[str, Any]) -> bool:
        reach = self.config.coverage
        here = station["in_region"] or reach.include_outside
        return bool(here and (station["access"] == "public" or reach.include_tesla_only))

    def expected(self, place: ActionKey, added: int, done: Done = NOTHING) -> dict[str, Any]:
        """Return the record that an action with ``added`` ports must have.

        Where another of the actions ``done`` comes first at the same place, it is before.
        """
        at_site = place.kind in NEW
        row = (self._sites if at_site else self._stations)[place.place_id]
        l2, l3, kw = (
            (0, 0, 0.0)
            if at_site
            else (int(row["l2_ports"]), int(row["l3_ports"]), self.standing_kw(row))
        )
        for kind in KINDS[: KINDS.index(place.kind)]:
            first = ActionKey(kind, place.place_id)
            if first in done and (kind in NEW) == at_site:
                earlier = self._effect(first, done[first])
                l2, l3, kw = l2 + earlier.l2, l3 + earlier.l3, kw + earlier.kw
        effect = self._effect(place, added)
        return {
            **self._facts(place, row, row["category"] if at_site else "existing_station"),
            "l2_ports_before": l2,
            "l2_ports_after": l2 + effect.l2,
            "l3_ports_before": l3,
            "l3_ports_after": l3 + effect.l3,
            "kw_after": max(0.0, kw + effect.kw),
            "grid_kw": (
                self.config.siting.grid_factor * float(row["grid_kw"])
                if at_site
                else self._station_capacity_kw(row)
            ),
            "purchase_cad": effect.purchase_cad,
            "resale_cad": effect.resale_cad,
            "net_cad": effect.purchase_cad - effect.resale_cad,
            "operating_cad_per_year": effect.yearly_cad,
        }

    def _effect(self, place: ActionKey, added: int) -> Effect:
        """Return what an action changes: first what it takes away, then what it adds."""
        costs, power, run = self.config.costs, self.config.power, self.config.operating
        gone = self._taken(place)
        builds = place.kind in ("new_l2", "new_l3", "upgrade")
        if place.kind in ("new_l2", "add_l2"):
            return gone._replace(
                l2=gone.l2 + added,
                kw=gone.kw + added * power.l2_kw,
                purchase_cad=builds * costs.l2_station_cad + added * costs.l2_port_cad,
                yearly_cad=gone.yearly_cad
                + builds * run.l2_station_cad_per_year
                + added * run.l2_port_cad_per_year,
            )
        return gone._replace(
            l3=gone.l3 + added,
            kw=gone.kw + added * power.l3_kw,
            purchase_cad=builds * costs.l3_station_cad + added * costs.l3_port_cad,
            yearly_cad=gone.yearly_cad
            + builds * run.l3_station_cad_per_year
            + added * run.l3_port_cad_per_year,
        )

    def _taken(self, place: ActionKey) -> Effect:
        """Return what an action takes away; of L3 equipment nothing is sold."""
        if place.kind not in ("upgrade", "remove"):
            return Effect()
        costs, run = self.config.costs, self.config.operating
        station = self._stations[place.place_id]
        l2, l3 = int(station["l2_ports"]), int(station["l3_ports"])
        stays = min(l2, self.config.ports.retained_l2) if place.kind == "upgrade" else 0
        if place.kind == "upgrade":
            l3 = 0  # a conversion takes no L3 away
        ended = l2 > 0 and stays == 0
        sold = (l2 - stays) * costs.l2_port_cad + ended * costs.l2_station_cad
        saved = (l2 - stays) * run.l2_port_cad_per_year + ended * run.l2_station_cad_per_year
        saved += l3 * run.l3_port_cad_per_year + (l3 > 0) * run.l3_station_cad_per_year
        return Effect(
            l2=stays - l2,
            l3=-l3,
            kw=-(l2 - stays) * self._port_kw(station, "l2") - l3 * self._port_kw(station, "l3"),
            resale_cad=costs.resale_factor * sold,
            yearly_cad=-saved,
        )

    def _facts(self, place: ActionKey, row: dict[str, Any], category: str) -> dict[str, Any]:
        return {
            "id": f"{place.kind}_{place.place_id}",
            "name": row["name"],
            "category": category,
            "municipality": self._municipality.get(row["municipality_id"], ""),
            "latitude": row["latitude"],
            "longitude": row["longitude"],
        }

    def _port_kw(self, station: dict[str, Any], level: str) -> float:
        recorded = float(station[f"{level}_kw"])
        constant = self.config.power.l2_kw if level == "l2" else self.config.power.l3_kw
        return constant if np.isnan(recorded) else recorded

    def standing_kw(self, station: dict[str, Any]) -> float:
        """Return the power of the ports that stand at a station today (kW)."""
        return float(
            station["l2_ports"] * self._port_kw(station, "l2")
            + station["l3_ports"] * self._port_kw(station, "l3")
        )

    def _station_capacity_kw(self, station: dict[str, Any]) -> float:
        """Return the proxy of the place (kW), none outside the Region, or what stands there."""
        proxy = self.config.siting.grid_factor * float(station["grid_kw"])
        standing = self.standing_kw(station)
        return standing if np.isnan(proxy) else max(standing, proxy)

    def _offering(self, level: Literal["l2", "l3"], ports: Done) -> list[dict[str, Any]]:
        """Return the stations and sites that offer a level once the given actions are done."""
        found = []
        for station_id, station in self._stations.items():
            if not self._counts(station):
                continue
            left = int(station[f"{level}_ports"])
            for kind in KINDS:
                added = None if kind in NEW else ports.get(ActionKey(kind, station_id))
                if added is not None:
                    left += getattr(self._effect(ActionKey(kind, station_id), added), level)
            if left > 0:
                found.append(station)
        found += [self._sites[p.place_id] for p in ports if p.kind == f"new_{level}"]
        return found


def _first(broken: tuple[tuple[bool, str], ...]) -> str:
    """Return the words of the first rule that is broken; empty where none is."""
    return next((words for is_broken, words in broken if is_broken), "")


def _squared_cm(one: dict[str, Any], other: dict[str, Any]) -> int:
    """Return the square of the straight line between two places, in whole centimetres."""
    axes = ("easting_m", "northing_m")
    return int(sum((round(100 * one[axis]) - round(100 * other[axis])) ** 2 for axis in axes))


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]


def _at_end(station: dict[str, Any], end: str) -> dict[str, Any]:
    """Return a station with its low, base or high count of ports."""
    other = {} if end == "base" else {k: station[f"{k}_{end}"] for k in ("l2_ports", "l3_ports")}
    return {**station, **other}
