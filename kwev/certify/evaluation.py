"""What a plan is worth, recomputed: who is covered, what is missed, and the objective.

Written apart from :mod:`kwev.model` and :mod:`kwev.solve.record` on purpose: an import contract
keeps it so. Actions are those of :mod:`kwev.certify.actions`, distances those of
:mod:`kwev.certify.reach`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

from kwev.certify.actions import (
    LEVELS,
    TARGETS,
    ActionKey,
    Level,
    Number,
    Ports,
    Row,
)
from kwev.certify.energy import EnergyBalance
from kwev.certify.reach import Measure, Points
from kwev.certify.weights import evs, point_weights

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from kwev.config import Config
    from kwev.data.tables import Tables

Where = Literal["cell", "model"]
"""The cells, or the demand points of the model's geography."""


def wanted_shares(config: Config, number: Callable[[float], Number]) -> dict[str, Number]:
    """Return the coverage targets that the scenario enforces (shares), by target."""
    chosen = config.targets
    found = {"l2": number(chosen.l2), "l3": number(chosen.l3)}
    if chosen.ev_owners.enforce:
        found["ev_owners"] = number(chosen.ev_owners.share)
    return found


@dataclass(frozen=True)
class Cover:
    """Which points are covered at each level.

    Attributes
    ----------
    points
        The n demand points.
    l2, l3
        Shape (n,).
    """

    points: Points
    l2: NDArray[np.bool_]
    l3: NDArray[np.bool_]

    def share(self, target: str) -> float:
        """Return the share of people (``l2``, ``l3``) or EVs (``ev_owners``) covered."""
        weights = self.points.weights(target)
        total = float(np.sum(weights))
        return float(np.sum(weights[self.covered(target)])) / total if total > 0 else 0.0

    def covered(self, target: str) -> NDArray[np.bool_]:
        """Return which points count for a target, shape (n,)."""
        return {"l2": self.l2, "l3": self.l3, "ev_owners": self.l2 | self.l3}[target]

    def ids(self, level: Level) -> list[str]:
        """Return the ids covered at a level."""
        return [str(i) for i in self.points.ids[self.covered(level)]]


class Evaluation(EnergyBalance[float]):
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
        super().__init__(tables, config, float)
        self._geography = geography
        self.measure = Measure(tables, config)
        self._points: dict[str, Points] = {}
        self._ceilings: dict[str, dict[str, float]] = {}
        self._covers: dict[tuple[object, ...], Cover] = {}

    # -- reach -------------------------------------------------------------------------------

    def points(self, where: Where) -> Points:
        """Return the cells, or the points of the model's geography."""
        kind = "cell" if where == "cell" else self._geography
        if kind not in self._points:
            counts = evs(self.tables, self.config.demand.ev_year, kind)
            self._points[kind] = Points.read(self.tables, kind, counts)
        return self._points[kind]

    def cover(self, where: Where, ports: Ports) -> Cover:
        """Return who is covered once the given actions are done."""
        return self._cover(where, *self.network(ports))

    def network(self, ports: Ports) -> tuple[list[Row], list[Row]]:
        """Return the rows of the places that offer L2, and L3, once the actions are done."""
        return self.offering("l2", ports), self.offering("l3", ports)

    def count(self, where: Where, level: Level, rows: list[Row]) -> NDArray[np.int64]:
        """Return for each point how many of the places are within reach at a level."""
        points = self.points(where)
        found = np.zeros(len(points.ids), np.int64)
        for row in rows:
            found += self.measure.reached(level, points, [row])
        return found

    def _cover(self, where: Where, l2: list[Row], l3: list[Row]) -> Cover:
        points = self.points(where)
        # each row of this evaluation is one object for as long as the evaluation lives
        known = points.kind, *map(id, l2), "l3", *map(id, l3)
        if known not in self._covers:
            serves_l2 = l2 + l3 if self.config.coverage.l3_counts_for_l2 else l2
            self._covers[known] = Cover(
                points,
                self.measure.reached("l2", points, serves_l2),
                self.measure.reached("l3", points, l3),
            )
        return self._covers[known]

    def ceiling(self, where: Where) -> dict[str, float]:
        """Return the share no plan can exceed, by target: every station, every possible site.

        As long as no constraint but budget, capacity and ports ties sites together, each target
        alone attains it without a budget (for EVs of either level, where L3 reaches at least as
        far as L2). Added ports reach nobody new, and a removal never reaches more. Where an
        optional rule ties sites together (a spacing, a total of ports or power), it is an upper
        bound alone.
        """
        kind = self.points(where).kind
        if kind not in self._ceilings:
            cover = self._cover(where, *self._ever_offering)
            self._ceilings[kind] = {target: cover.share(target) for target in TARGETS}
        return self._ceilings[kind]

    @cached_property
    def _ever_offering(self) -> list[list[Row]]:
        """By level, the places that could offer it."""
        return [self._could_offer(level) for level in LEVELS]

    def _could_offer(self, level: Level) -> list[Row]:
        """Return the places that offer a level today, or might after some action."""
        counted = self.counted()
        rows = [station for station in counted if station[f"{level}_ports"] > 0]
        keys = [ActionKey(f"new_{level}", site) for site in self._sites]
        if level == "l3":
            keys += [ActionKey("upgrade", station["station_id"]) for station in counted]
        fewest = getattr(self.config.ports, f"min_{level}")
        return rows + [self.row(key) for key in keys if not self.problem(key, fewest)]

    # -- objective -----------------------------------------------------------------------------

    @cached_property
    def point_weight(self) -> NDArray[np.float64]:
        """Weight of each of the model's n points in the objective, shape (n,)."""
        return point_weights(self.tables, self.config, self.points("model")).as_floats()

    def objective_parts(self, ports: Ports, missed_by_rules: float = 0.0) -> dict[str, float]:
        """Return what the objective is made of, in points; losses are negative.

        Parameters
        ----------
        ports
            Ports that each action adds.
        missed_by_rules
            What optional rules miss (share): in the weighted mode it counts with the other
            shortfalls.

        Returns
        -------
        dict
            ``l2``, ``l3``, ``net_cost``, ``operating_cost``, ``idle_energy``, ``shortfall``.
        """
        weights, cover = self.config.weights, self.cover("model", ports)
        effects = [self.effect(key, added) for key, added in ports.items()]
        net_cad = sum(effect.net_cad for effect in effects)
        run_cad = self.config.operating.years * sum(effect.yearly_cad for effect in effects)
        idle = self.idle_share(ports) if weights.idle_points_per_point > 0 else 0.0
        rule, missed = self.config.objective, 0.0
        if rule.mode == "weighted":
            missed = missed_by_rules
            missed += sum(v for v in self.shortfall(ports).values() if v is not None)
        return {
            "l2": 100.0 * weights.l2 * float(self.point_weight[cover.l2].sum()),
            "l3": 100.0 * weights.l3 * float(self.point_weight[cover.l3].sum()),
            "net_cost": -weights.cost_points_per_million_cad * net_cad / 1e6,
            "operating_cost": -weights.operating_points_per_million_cad * run_cad / 1e6,
            "idle_energy": -weights.idle_points_per_point * 100.0 * idle,
            "shortfall": -rule.shortfall_points_per_point * 100.0 * missed,
        }

    def objective_points(self, ports: Ports, missed_by_rules: float = 0.0) -> float:
        """Return weighted coverage less cost and inefficiency, in points."""
        return sum(self.objective_parts(ports, missed_by_rules).values())

    def shortfall(self, ports: Ports) -> dict[str, float | None]:
        """Return the share missed of each target on the model's points; None where not enforced."""
        reached, wanted = self.cover("model", ports), wanted_shares(self.config, float)
        short: dict[str, float | None] = {
            target: max(0.0, wanted[target] - reached.share(target)) if target in wanted else None
            for target in TARGETS
        }
        served = self.config.demand.enforce
        return {**short, "demand": self.unserved_share(ports) if served else None}
