"""What the certificate recomputes with: who is covered, energy and objective.

Written apart from ``siting``, ``coverage``, ``model`` and ``record`` on purpose: an import contract
keeps it so. Actions are those of :mod:`kwev.certify.actions`, distances are measured in
:mod:`kwev.certify.reach`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from kwev.certify import weights as certify_weights
from kwev.certify.actions import NEW, ActionKey, ActionRules, Done
from kwev.certify.reach import Measure, Points
from kwev.certify.weights import place_weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kwev.config import Config
    from kwev.data.tables import Tables

Where = Literal["cell", "model"]


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


class Evaluation(ActionRules):
    """A scenario's data, with who is covered and what it is worth, recomputed.

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
        super().__init__(tables, config)
        self._tables = tables
        self._geography = geography
        self._measure = Measure(tables, config)

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
        return certify_weights.evs(self._tables, self.config.demand.ev_year, geography)

    def cover(self, where: Where, ports: Done) -> Cover:
        """Return who is covered once the given actions are done."""
        return self._cover(where, *self.network(ports))

    def network(self, ports: Done) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Return the rows of the places that offer L2, and L3, once the actions are done."""
        return self._offering("l2", ports), self._offering("l3", ports)

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
        far as L2). Added ports reach nobody new, and a removal never reaches more. Where an
        optional rule ties sites together (see :func:`kwev.certify.constraints.ties`), it is an
        upper bound.
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
            if not self.problem(ActionKey("new_l2", site_id), fewest.min_l2):
                l2.append(site)
            if not self.problem(ActionKey("new_l3", site_id), fewest.min_l3):
                l3.append(site)
        l3 += [
            station
            for station in counted
            if not self.problem(ActionKey("upgrade", station["station_id"]), fewest.min_l3)
        ]
        cover = self._cover(where, l2, l3)
        return {target: cover.share(target) for target in ("l2", "l3", "ev_owners")}

    # -- energy and objective ------------------------------------------------------------------

    def unserved_share(self, ports: Done) -> float:
        """Return the share of the Region's public-charging need left unserved, by municipality."""
        need, supply = self._need_kwh, self._supply_kwh(ports)
        total = sum(need.values())
        missing = sum(max(0.0, need[area] - supply[area]) for area in need)
        return missing / total if total > 0 else 0.0

    def idle_share(self, ports: Done) -> float:
        """Return what ports could give beyond their municipality's need, of the Region's need."""
        need, supply = self._need_kwh, self._supply_kwh(ports)
        total = sum(need.values())
        beyond = sum(max(0.0, supply[area] - need[area]) for area in need)
        return beyond / total if total > 0 else 0.0

    @cached_property
    def _need_kwh(self) -> dict[str, float]:
        return certify_weights.need_kwh(self._tables, self.config)

    def _supply_kwh(self, ports: Done) -> dict[str, float]:
        """Return the energy that the ports of each municipality can give in a year (kWh)."""
        kw = dict.fromkeys(self._need_kwh, 0.0)
        for station in self._stations.values():
            if self._counts(station) and station["municipality_id"] in kw:
                kw[station["municipality_id"]] += self.standing_kw(station)
        for place, added in ports.items():
            table = self._sites if place.kind in NEW else self._stations
            area = table[place.place_id]["municipality_id"]
            if area in kw:
                kw[area] += self._effect(place, added).kw
        kwh_per_kw = 8_760 * self.config.demand.utilisation
        return {area: kwh_per_kw * value for area, value in kw.items()}

    @cached_property
    def _place_weight(self) -> NDArray[np.float64]:
        points = self.points("model")
        return place_weights(
            self._tables, self.config, self._geography, points.ids, points.people, points.ev
        )

    def objective_parts(self, ports: Done, missed_by_rules: float = 0.0) -> dict[str, float]:
        """Return what the objective is made of, in points; losses are negative.

        What optional rules miss (share) counts with the other shortfalls in the weighted mode.
        """
        weights, cover = self.config.weights, self.cover("model", ports)
        effects = [self._effect(place, added) for place, added in ports.items()]
        net_cad = sum(effect.purchase_cad - effect.resale_cad for effect in effects)
        run_cad = self.config.operating.years * sum(effect.yearly_cad for effect in effects)
        idle = self.idle_share(ports) if weights.idle_points_per_point > 0 else 0.0
        rule, missed = self.config.objective, 0.0
        if rule.mode == "weighted":
            missed = missed_by_rules
            missed += sum(v for v in self.shortfall(ports).values() if v is not None)
        return {
            "l2": 100.0 * weights.l2 * float(self._place_weight[cover.l2].sum()),
            "l3": 100.0 * weights.l3 * float(self._place_weight[cover.l3].sum()),
            "net_cost": -weights.cost_points_per_million_cad * net_cad / 1e6,
            "operating_cost": -weights.operating_points_per_million_cad * run_cad / 1e6,
            "idle_energy": -weights.idle_points_per_point * 100.0 * idle,
            "shortfall": -rule.shortfall_points_per_point * 100.0 * missed,
        }

    def objective_points(self, ports: Done, missed_by_rules: float = 0.0) -> float:
        """Return weighted coverage less cost and inefficiency, in points."""
        return sum(self.objective_parts(ports, missed_by_rules).values())

    def shortfall(self, ports: Done) -> dict[str, float | None]:
        """Return the share missed of each target on the model's points; None where not enforced."""
        reached, targets = self.cover("model", ports), self.config.targets
        evs = max(0.0, targets.ev_owners.share - reached.share("ev_owners"))
        return {
            "l2": max(0.0, targets.l2 - reached.share("l2")),
            "l3": max(0.0, targets.l3 - reached.share("l3")),
            "ev_owners": evs if targets.ev_owners.enforce else None,
            "demand": self.unserved_share(ports) if self.config.demand.enforce else None,
        }
