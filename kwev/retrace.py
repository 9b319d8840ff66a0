"""What the certificate recomputes with: rules, who is covered, energy and objective.

Written apart from ``siting``, ``coverage``, ``model`` and ``record`` on purpose: an import contract
keeps it so. Distances are measured in :mod:`kwev.remeasure`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from kwev import fleet
from kwev.remeasure import Measure, Points
from kwev.rescore import place_weights

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from kwev.config import Config
    from kwev.tables import Tables

KINDS = ("new_l2", "new_l3", "upgrade")

Where = Literal["cell", "model"]


class Place(NamedTuple):
    """One kind of action at one place."""

    kind: str
    place_id: str

    @classmethod
    def from_id(cls, action_id: str) -> Place | None:
        """Read ``<kind>_<place_id>``; None where it is neither."""
        for kind in KINDS:
            if action_id.startswith(f"{kind}_"):
                return cls(kind, action_id.removeprefix(f"{kind}_"))
        return None


@dataclass(frozen=True)
class Cover:
    """Which points are covered at each level."""

    points: Points
    l2: NDArray[np.bool_]
    l3: NDArray[np.bool_]

    def share(self, target: str) -> float:
        """Return the share of people (``l2``, ``l3``) or EVs (``ev_owners``) covered."""
        if target == "ev_owners":
            weights, mask = self.points.ev, self.l2 | self.l3
        else:
            weights, mask = self.points.people, self.l2 if target == "l2" else self.l3
        total = float(np.sum(weights))
        return float(np.sum(weights[mask])) / total if total > 0 else 0.0

    def ids(self, level: str) -> list[str]:
        """Return the ids covered at a level."""
        return [str(i) for i in self.points.ids[self.l2 if level == "l2" else self.l3]]


class Retrace:
    """A scenario's data and rules, recomputed.

    Parameters
    ----------
    tables
        ``data/processed``, read.
    config
        The resolved scenario.
    geography
        The model's geography: ``tract``, ``da`` or ``cell``.
    """

    def __init__(self, tables: Tables, config: Config, geography: str) -> None:
        self.config = config
        self._tables = tables
        self._geography = geography
        self._measure = Measure(tables, config)
        self._sites = {row["site_id"]: row for row in _records(tables.sites)}
        end = config.siting.port_counts
        self._stations = {r["station_id"]: _at_end(r, end) for r in _records(tables.stations)}
        self._municipality = {
            row["municipality_id"]: row["name"] for row in _records(tables.municipalities)
        }

    # -- rules -------------------------------------------------------------------------------

    def known(self, place: Place) -> bool:
        """Return whether the place exists in the data."""
        return place.place_id in (self._stations if place.kind == "upgrade" else self._sites)

    def problem(self, place: Place, added: int) -> str:
        """Return which rule an action breaks, in words; empty where it breaks none."""
        if not self.known(place):
            return f"no place {place.place_id!r} for {place.kind}"
        rule = self._station_problem if place.kind == "upgrade" else self._site_problem
        return (
            rule(place)
            or self._ports_problem(place, added)
            or self._power_problem(place, added)
            or self._own_problem(place, added)
        )

    def _site_problem(self, place: Place) -> str:
        station = self._sites[place.place_id]["station_id"]
        return f"the site is the existing station {station}" if station else ""

    def _station_problem(self, place: Place) -> str:
        station = self._stations[place.place_id]
        if not station["in_region"]:
            return "the station is outside the Region"
        if not self._counts(station):
            return "the station does not count in this scenario"
        if station["l3_ports"] > 0:
            return "the station has L3 already"
        if station["l2_ports"] < 1:
            return "the station has no L2 to convert"
        if self.config.siting.public_owners_only and station["owner"] != "public":
            return "the station has no public owner on record"
        return ""

    def _ports_problem(self, place: Place, added: int) -> str:
        rule = self.config.ports
        low, high = (
            (rule.min_l2, rule.max_new_l2)
            if place.kind == "new_l2"
            else (rule.min_l3, rule.max_new_l3)
        )
        return "" if low <= added <= high else f"{added} new ports, allowed {low} to {high}"

    def _power_problem(self, place: Place, added: int) -> str:
        facts = self.expected(place, added)
        if facts["kw_after"] <= facts["grid_kw"] + 1e-6:
            return ""
        return f"{facts['kw_after']} kW exceed the capacity of {facts['grid_kw']} kW"

    def _own_problem(self, place: Place, added: int) -> str:
        """Return which optional rule an action breaks by itself, whatever else is done."""
        rules, facts = self.config.rules, self.expected(place, added)
        money, most = rules.site_budget_cad, rules.ports.per_place
        if money is not None and facts["net_cad"] > money + 0.005:
            return f"{facts['net_cad']:,.2f} CAD at one place, allowed {money:,.2f}"
        before, ports = (
            facts[f"l2_ports_{when}"] + facts[f"l3_ports_{when}"] for when in ("before", "after")
        )
        if most is not None and ports > max(most, before):
            return f"{ports} ports at one place, allowed {max(most, before)}"
        return ""

    def counted(self) -> list[dict[str, Any]]:
        """Return the rows of the stations that count in the scenario today."""
        return [station for station in self._stations.values() if self._counts(station)]

    def row(self, place: Place) -> dict[str, Any]:
        """Return the row of the site or station that an action is done at."""
        return (self._stations if place.kind == "upgrade" else self._sites)[place.place_id]

    def standing_kw(self, station: dict[str, Any]) -> float:
        """Return the power of the ports that stand at a station today (kW)."""
        return self._standing_kw(station)

    def _counts(self, station: dict[str, Any]) -> bool:
        reach = self.config.coverage
        here = station["in_region"] or reach.include_outside
        return bool(here and (station["access"] == "public" or reach.include_tesla_only))

    def expected(self, place: Place, added: int) -> dict[str, Any]:
        """Return the record that an action with ``added`` ports must have."""
        if place.kind == "upgrade":
            return self._expected_upgrade(place, added)
        costs, power = self.config.costs, self.config.power
        site = self._sites[place.place_id]
        l2 = place.kind == "new_l2"
        purchase = (
            costs.l2_station_cad + added * costs.l2_port_cad
            if l2
            else costs.l3_station_cad + added * costs.l3_port_cad
        )
        return {
            **self._facts(place, site, site["category"]),
            "l2_ports_before": 0,
            "l2_ports_after": added if l2 else 0,
            "l3_ports_before": 0,
            "l3_ports_after": 0 if l2 else added,
            "kw_after": added * (power.l2_kw if l2 else power.l3_kw),
            "grid_kw": self.config.siting.grid_factor * float(site["grid_kw"]),
            "purchase_cad": purchase,
            "resale_cad": 0.0,
            "net_cad": purchase,
        }

    def _expected_upgrade(self, place: Place, added: int) -> dict[str, Any]:
        costs, power = self.config.costs, self.config.power
        station = self._stations[place.place_id]
        had = int(station["l2_ports"])
        stays = min(had, self.config.ports.retained_l2)
        sold = (had - stays) * costs.l2_port_cad + (costs.l2_station_cad if stays == 0 else 0.0)
        purchase = costs.l3_station_cad + added * costs.l3_port_cad
        resale = costs.resale_factor * sold
        return {
            **self._facts(place, station, "existing_station"),
            "l2_ports_before": had,
            "l2_ports_after": stays,
            "l3_ports_before": int(station["l3_ports"]),
            "l3_ports_after": added,
            "kw_after": stays * self._port_kw(station, "l2") + added * power.l3_kw,
            "grid_kw": self._station_capacity_kw(station),
            "purchase_cad": purchase,
            "resale_cad": resale,
            "net_cad": purchase - resale,
        }

    def _facts(self, place: Place, row: dict[str, Any], category: str) -> dict[str, Any]:
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

    def _standing_kw(self, station: dict[str, Any]) -> float:
        return float(
            station["l2_ports"] * self._port_kw(station, "l2")
            + station["l3_ports"] * self._port_kw(station, "l3")
        )

    def _station_capacity_kw(self, station: dict[str, Any]) -> float:
        """Return the proxy of the place (kW), none outside the Region, or what stands there."""
        proxy = self.config.siting.grid_factor * float(station["grid_kw"])
        standing = self._standing_kw(station)
        return standing if np.isnan(proxy) else max(standing, proxy)

    # -- reach -------------------------------------------------------------------------------

    def points(self, where: Where) -> Points:
        """Return the cells, or the points of the model's geography."""
        return self._cells if where == "cell" or self._geography == "cell" else self._model_points

    @cached_property
    def _cells(self) -> Points:
        return Points.read(self._tables, "cell", self._evs("cell"))

    @cached_property
    def _model_points(self) -> Points:
        return Points.read(self._tables, self._geography, self._evs(self._geography))

    def _evs(self, geography: str) -> dict[str, float]:
        return fleet.evs(self._tables, self.config.demand.ev_year, geography)

    def cover(self, where: Where, ports: dict[Place, int]) -> Cover:
        """Return who is covered once the given actions are done."""
        return self._cover(where, *self.network(ports))

    def network(self, ports: dict[Place, int]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Return the rows of the places that offer L2, and L3, once the actions are done."""
        l2: list[dict[str, Any]] = []
        l3: list[dict[str, Any]] = []
        stays = self.config.ports.retained_l2
        for station_id, station in self._stations.items():
            if not self._counts(station):
                continue
            upgraded = Place("upgrade", station_id) in ports
            if station["l2_ports"] > 0 and (not upgraded or min(stays, station["l2_ports"]) > 0):
                l2.append(station)
            if station["l3_ports"] > 0 or upgraded:
                l3.append(station)
        l2 += [self._sites[p.place_id] for p in ports if p.kind == "new_l2"]
        l3 += [self._sites[p.place_id] for p in ports if p.kind == "new_l3"]
        return l2, l3

    def count(
        self, where: Where, level: Literal["l2", "l3"], rows: list[dict[str, Any]]
    ) -> NDArray[np.int64]:
        """Return for each point how many of the places are within reach at a level."""
        points = self.points(where)
        found = np.zeros(len(points.ids), np.int64)
        for row in rows:
            found += self._measure.reached(level, points, [row])
        return found

    def _cover(self, where: Where, l2: list[dict[str, Any]], l3: list[dict[str, Any]]) -> Cover:
        points = self.points(where)
        serves_l2 = l2 + l3 if self.config.coverage.l3_counts_for_l2 else l2
        return Cover(
            points,
            self._measure.reached("l2", points, serves_l2),
            self._measure.reached("l3", points, l3),
        )

    def ceiling(self, where: Where) -> dict[str, float]:
        """Return the share no plan can exceed, by target: every station, every possible site.

        As long as no constraint but budget, capacity and ports ties sites together, each target
        alone attains it without a budget (for EVs of either level, where L3 reaches at least as
        far as L2). Where an optional rule does (see :func:`kwev.obey.ties`), it is an upper bound.
        """
        if where == "model" and self._geography == "cell":
            where = "cell"
        if where not in self._ceilings:
            self._ceilings[where] = self._ceiling(where)
        return self._ceilings[where]

    @cached_property
    def _ceilings(self) -> dict[str, dict[str, float]]:
        return {}

    def _ceiling(self, where: Where) -> dict[str, float]:
        fewest = self.config.ports
        counted = [s for s in self._stations.values() if self._counts(s)]
        l2 = [s for s in counted if s["l2_ports"] > 0]
        l3 = [s for s in counted if s["l3_ports"] > 0]
        for site_id, site in self._sites.items():
            if not self.problem(Place("new_l2", site_id), fewest.min_l2):
                l2.append(site)
            if not self.problem(Place("new_l3", site_id), fewest.min_l3):
                l3.append(site)
        l3 += [
            station
            for station in counted
            if not self.problem(Place("upgrade", station["station_id"]), fewest.min_l3)
        ]
        cover = self._cover(where, l2, l3)
        return {target: cover.share(target) for target in ("l2", "l3", "ev_owners")}

    # -- energy and objective ------------------------------------------------------------------

    def unserved_share(self, ports: dict[Place, int]) -> float:
        """Return the share of the Region's public-charging need left unserved, by municipality."""
        kwh_per_kw = 8_760 * self.config.demand.utilisation
        need = fleet.need_kwh(self._tables, self.config)
        kw = dict.fromkeys(need, 0.0)
        for station_id, station in self._stations.items():
            area = station["municipality_id"]
            if not self._counts(station) or area not in kw:
                continue
            place = Place("upgrade", station_id)
            added = ports.get(place)
            kw[area] += (
                self._standing_kw(station)
                if added is None
                else self.expected(place, added)["kw_after"]
            )
        for place, added in ports.items():
            if place.kind != "upgrade":
                area = self._sites[place.place_id]["municipality_id"]
                kw[area] += self.expected(place, added)["kw_after"]
        total = sum(need.values())
        missing = sum(max(0.0, need[area] - kw[area] * kwh_per_kw) for area in need)
        return missing / total if total > 0 else 0.0

    @cached_property
    def _place_weight(self) -> NDArray[np.float64]:
        points = self.points("model")
        return place_weights(
            self._tables, self.config, self._geography, points.ids, points.people, points.ev
        )

    def objective_points(self, ports: dict[Place, int]) -> float:
        """Return weighted coverage less net cost, in points."""
        weights, cover = self.config.weights, self.cover("model", ports)
        place_weight = self._place_weight
        covered = (
            weights.l2 * place_weight[cover.l2].sum() + weights.l3 * place_weight[cover.l3].sum()
        )
        net = sum(self.expected(place, added)["net_cad"] for place, added in ports.items())
        return float(100.0 * covered - weights.cost_points_per_million_cad * net / 1e6)


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]


def _at_end(station: dict[str, Any], end: str) -> dict[str, Any]:
    """Return a station with its low, base or high count of ports."""
    other = {} if end == "base" else {k: station[f"{k}_{end}"] for k in ("l2_ports", "l3_ports")}
    return {**station, **other}
