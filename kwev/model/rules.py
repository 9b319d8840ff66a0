"""Optional constraints on money, ports, power, areas and people; those on distance are apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cvxpy as cp
import numpy as np
from scipy import sparse

from kwev.model.constraints import (
    KW_SCALE,
    Rows,
    Rule,
    by_place,
    of_kinds,
    sum_by,
)
from kwev.model.coverage import alike, row_of_points
from kwev.model.notation import Formula
from kwev.model.siting import KINDS
from kwev.model.spacing import L3Gap, L3Spacing
from kwev.units import CAD_SCALE
from kwev.vocabulary import GROUPS, HOUSEHOLDS, LEVELS

if TYPE_CHECKING:
    from kwev.config import Config
    from kwev.model.constraints import Counts, Decisions, Floats, Mask
    from kwev.model.coverage import Level
    from kwev.model.inputs import Inputs
    from kwev.model.siting import Kind

NEW_STATIONS: tuple[Kind, ...] = ("new_l2", "new_l3")
L2_PORTS: tuple[Kind, ...] = ("new_l2", "add_l2")
L3_PORTS: tuple[Kind, ...] = ("new_l3", "upgrade", "add_l3")


@dataclass(frozen=True)
class SiteBudget(Rule):
    """Net cost of what is done at one place is at most ``rules.site_budget_cad``."""

    formulas = (
        Formula(
            r"\sum_{k \in <at_place>} (<fixed> <build> + <per_port> <ports> - <credit> <build>)"
            r" &\le <site_budget>",
            r"i \in <places>",
        ),
    )
    check = "constraints.site_budget"

    def rows(self, inputs: Inputs, config: Config, decisions: Decisions) -> Rows:
        """Return one row a place."""
        columns = inputs.columns
        fixed = by_place(inputs, (columns.fixed_cad - columns.resale_cad) / CAD_SCALE)
        ports = by_place(inputs, columns.port_cad / CAD_SCALE)
        most = self.limit(config) / CAD_SCALE
        return Rows([fixed @ decisions.build + ports @ decisions.ports <= most])


@dataclass(frozen=True)
class PortsPerPlace(Rule):
    """A place has at most ``rules.ports.per_place`` ports of both levels, or as many as today."""

    formulas = (
        Formula(
            r"\sum_{k \in <at_place>} (<ports> - <ports_gone> <build>)"
            r" &\le \max (0, <ports_of_place> - <ports_today>)",
            r"i \in <places>",
        ),
    )
    check = "constraints.ports_per_place"
    # a dominator may keep more ports and have room for fewer new ones
    breaks = KINDS

    def rows(self, inputs: Inputs, config: Config, decisions: Decisions) -> Rows:
        """Return one row a place: new ports less those that go."""
        columns = inputs.columns
        new, goes = by_place(inputs), by_place(inputs, self._gone(inputs))
        standing = np.zeros(new.shape[0])
        standing[columns.place] = self._today(inputs)
        room = np.maximum(0.0, self.limit(config) - standing)
        return Rows([new @ decisions.ports - goes @ decisions.build <= room])

    @staticmethod
    def _today(inputs: Inputs) -> Floats:
        columns, stations = inputs.columns, inputs.stations
        ports = np.append(stations.l2_ports + stations.l3_ports, 0)  # no station: index -1
        return np.asarray(ports[columns.station], np.float64)

    @staticmethod
    def _gone(inputs: Inputs) -> Floats:
        columns = inputs.columns
        l2_ports = np.append(inputs.stations.l2_ports, 0)
        return np.asarray(l2_ports[columns.station] - columns.kept_l2_ports, np.float64)


@dataclass(frozen=True)
class PortTotal(Rule):
    """The plan adds at most ``rules.ports.<level>_total`` ports of a level."""

    kinds: tuple[Kind, ...]

    formulas = (
        Formula(r"\sum_{k \in <brings>} <ports> &\le <ports_of_level>", r"\ell \in <levels>"),
    )
    check = "constraints.ports_total"

    def rows(self, inputs: Inputs, config: Config, decisions: Decisions) -> Rows:
        """Return one row."""
        adds = of_kinds(inputs, self.kinds).astype(np.float64)
        return Rows([adds @ decisions.ports <= float(self.limit(config))])


@dataclass(frozen=True)
class PowerTotal(Rule):
    """The plan adds at most ``rules.total_kw`` of power, less what it takes away."""

    formulas = (
        Formula(
            r"\sum_{k \in <actions>} (<port_power> <ports> - <lost> <build>) &\le <total_power>"
        ),
    )
    check = "constraints.total_kw"

    def rows(self, inputs: Inputs, config: Config, decisions: Decisions) -> Rows:
        """Return one row (MW)."""
        columns = inputs.columns
        gained = (columns.port_kw / KW_SCALE) @ decisions.ports
        lost = (columns.lost_kw / KW_SCALE) @ decisions.build
        return Rows([gained - lost <= self.limit(config) / KW_SCALE])


# -- areas -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class StationsPerArea(Rule):
    """An area has at most ``rules.stations_per_area`` stations, or as many as stand today."""

    formulas = (
        Formula(
            r"\sum_{k \in <new_in_area>} <build> - \sum_{k \in <gone_in_area>} <build>"
            r" &\le \max (0, <most_stations> - <stations_today>)",
            r"a \in <areas>",
        ),
    )
    check = "constraints.stations_per_area"
    # it reads the area
    breaks = (*NEW_STATIONS, "remove")

    def rows(self, inputs: Inputs, config: Config, decisions: Decisions) -> Rows:
        """Return one row an area."""
        ids, area = inputs.groups.index(inputs.columns.place_id)
        _, standing = inputs.groups.index(inputs.stations.ids)
        today = np.bincount(standing[standing >= 0], minlength=len(ids))
        change = of_kinds(inputs, NEW_STATIONS).astype(float) - of_kinds(inputs, ("remove",))
        new = sum_by(area, len(ids), change)
        return Rows([new @ decisions.build <= np.maximum(0.0, self.limit(config) - today)])


@dataclass(frozen=True)
class AreaPower(Rule):
    """Ports of an area, existing and new, draw at most its cap, or what stands there today.

    A proxy below what stands in the area is wrong there: it is raised to that before the factor.
    """

    formulas = (
        Formula(
            r"\sum_{k \in <in_area>} (<port_power> <ports> - <lost> <build>)"
            r" &\le \max (0, <area_cap> - <area_power>)",
            r"a \in <areas>",
        ),
    )
    check = "constraints.area_power"
    # it reads the area and the power
    breaks = KINDS

    def asked(self, config: Config) -> float | None:
        """Return the factor of the proxy or the cap, None where neither is set."""
        cap = config.rules.area_power
        return cap.cap_kw if cap.proxy_factor is None else cap.proxy_factor

    def _cap_kw(self, inputs: Inputs, config: Config, area: str, today_kw: float) -> float:
        cap = config.rules.area_power
        most = np.inf if cap.cap_kw is None else cap.cap_kw
        if cap.proxy_factor is None:
            return most
        return min(most, cap.proxy_factor * max(inputs.groups.proxy_kw[area], today_kw))

    def rows(self, inputs: Inputs, config: Config, decisions: Decisions) -> Rows:
        """Return one row an area (MW)."""
        columns, stations = inputs.columns, inputs.stations
        ids, area = inputs.groups.index(columns.place_id)
        _, standing = inputs.groups.index(stations.ids)
        today = sum_by(standing, len(ids)) @ stations.standing_kw
        both = zip(ids, today, strict=True)
        cap = np.array(
            [self._cap_kw(inputs, config, name, float(kw)) for name, kw in both], np.float64
        )
        gained = sum_by(area, len(ids), columns.port_kw / KW_SCALE)
        lost = sum_by(area, len(ids), columns.lost_kw / KW_SCALE)
        room = np.maximum(0.0, cap - today) / KW_SCALE
        return Rows([gained @ decisions.ports - lost @ decisions.build <= room])


@dataclass(frozen=True)
class Overlap(Rule):
    """At most ``rules.overlap`` of the reach of new L2 stations falls on people reached otherwise.

    The reach of a station is the people within the L2 radius. Summed over the new L2 stations,
    somebody near two of them counts twice; who is near one of them and near no L2 station of today
    counts once as newly reached. Overlap is one less newly reached over summed reach: linear in
    the decisions, zero for stations that reach new people only, and without an order among them.
    The cover variables are continuous: the row pushes them up, to an integer count or one.
    """

    formulas = (
        Formula(
            r"(1 - <overlap>) \sum_{k \in K^{2}} <reach> <build>"
            r" &\le \sum_{j \in <points>} <people> <newly>"
        ),
        Formula(r"<newly> &\le \sum_{k \in K^{2}} a_{jk}^{2} <build>", r"j \in <points>"),
    )
    check = "constraints.overlap"
    # a dominator reaches more people, and may overlap more
    breaks = ("new_l2",)

    def rows(self, inputs: Inputs, config: Config, decisions: Decisions) -> Rows:
        """Return ``newly <= stations in reach`` a group, and the cap."""
        new_share = 1 - self.limit(config)
        level = inputs.rows["l2"]
        brings = np.flatnonzero(inputs.columns.brings_l2)
        change = inputs.reach["l2"].change[:, brings].astype(np.float64)
        total = max(inputs.people, 1e-12)
        reached = (change.T @ inputs.points.people) / total
        nobody = np.flatnonzero(level.base == 0)
        build = decisions.build[brings]
        if len(brings) == 0 or len(nobody) == 0:  # who could be reached is reached already
            return Rows([new_share * reached @ build <= 0] if len(brings) else [])
        newly = cp.Variable(len(nobody), bounds=[0, 1], name="newly_reached")
        matrix = level.matrix[nobody][:, brings].astype(np.float64)
        people = level.people[nobody] / total
        return Rows([newly <= matrix @ build, new_share * reached @ build <= people @ newly])


@dataclass(frozen=True)
class Floor(Rule):
    """In each group of people at least a share is covered at a level; elastic.

    What is missed is the people below the floor of their group, summed, over the Region's people.
    """

    grouping: str
    level: Level

    formulas = (
        Formula(
            r"\sum_{j \in <points>} <group_people> <covered>"
            r" + <below> \sum_{j \in <points>} <people>"
            r" &\ge <floor> \sum_{j \in <points>} <group_people>",
            r"g \in <groups>, \ell \in <levels>",
        ),
        Formula(r"\sum_{g \in <groups>} <below> &\le <missed>", r"r \in <elastic>"),
    )
    check = "constraints.floor"
    elastic = True

    def rows(self, inputs: Inputs, config: Config, decisions: Decisions) -> Rows:
        """Return one row a group, and the sum of what they miss."""
        groups, level = inputs.groups.people[self.grouping], inputs.rows[self.level]
        total = max(inputs.people, 1e-12)
        always = inputs.reach[self.level].fixed >= 1
        wanted = self.limit(config) * np.asarray(groups.sum(axis=1)).ravel()
        needed = (wanted - groups @ always.astype(np.float64)) / total
        missing = cp.Variable(groups.shape[0], nonneg=True, name=f"missing_{self.name}")
        shortfall = cp.Variable(nonneg=True, name=f"shortfall_{self.name}")
        reached: cp.Expression | float = 0.0
        if len(level.base):
            of_group = sum_by(row_of_points(inputs.reach[self.level], level), len(level.base))
            people = sparse.csr_array(groups @ of_group.T) / total
            reached = people @ decisions.covered[self.level]
        return Rows([reached + missing >= needed, shortfall >= cp.sum(missing)], shortfall)

    def missed(self, inputs: Inputs, config: Config, build: Mask, ports: Counts) -> float:
        """Return the share of the Region's people below the floor of their group."""
        del ports
        groups = inputs.groups.people[self.grouping]
        covered = inputs.reach[self.level].covered(build).astype(np.float64)
        wanted = self.limit(config) * np.asarray(groups.sum(axis=1)).ravel()
        below = np.maximum(0.0, wanted - groups @ covered).sum()
        return float(below / max(inputs.people, 1e-12))


@dataclass(frozen=True)
class Redundancy(Rule):
    """At least a share of people have ``rules.redundancy.stations`` of a level in reach; elastic.

    A group of points needs ``r`` stations more than those that stay whatever is decided. Where one
    is enough its variable is continuous in ``z <= stations in reach``: the bound is an integer and
    the row pushes it up. Where two or more are needed, ``r z <= stations in reach`` would let a
    fraction through, so there the variable is binary. Both are exact.
    """

    level: Level

    formulas = (
        Formula(
            r"\sum_{j \in <points>} <people> <enough> / \sum_{j \in <points>} <people> + <missed>"
            r" &\ge <redundant>",
            r"\ell \in <levels>",
        ),
        Formula(
            r"<several> <enough> &\le <today> + \sum_{k \in <actions>} <reaches> <build>",
            r"j \in <points>, \ell \in <levels>",
        ),
    )
    check = "constraints.redundancy"
    elastic = True

    def rows(self, inputs: Inputs, config: Config, decisions: Decisions) -> Rows:
        """Return ``r z <= stations in reach`` a group, and the share."""
        stations, reach = config.rules.redundancy.stations, inputs.reach[self.level]
        people = inputs.points.people / max(inputs.people, 1e-12)
        more = np.asarray((reach.change > 0).sum(axis=1)).ravel()
        enough = reach.fixed >= stations
        open_points = np.flatnonzero(~enough & (reach.fixed + reach.losable + more >= stations))
        shortfall = cp.Variable(nonneg=True, name=f"shortfall_{self.name}")
        wanted = self.limit(config) - float(people[enough].sum())
        if len(open_points) == 0:
            return Rows([shortfall >= wanted], shortfall)
        first, group = alike(reach, open_points)
        weight = np.bincount(group, weights=people[open_points])
        point = open_points[first]
        needed = (stations - reach.fixed[point]).astype(np.float64)
        rows: list[cp.Constraint] = []
        share: cp.Expression | float = 0.0
        for several in (False, True):
            part = np.flatnonzero((needed > 1) == several)
            if len(part) == 0:
                continue
            kind = {"boolean": True} if several else {"bounds": [0, 1]}
            enough_there = cp.Variable(len(part), name=f"{self.name}_{several:d}", **kind)
            in_reach = reach.change[point[part]].astype(np.float64) @ decisions.build
            rows.append(
                cp.multiply(needed[part], enough_there) <= reach.losable[point[part]] + in_reach
            )
            share += weight[part] @ enough_there
        return Rows([*rows, share + shortfall >= wanted], shortfall)

    def touched(self, inputs: Inputs, config: Config) -> Mask:
        """Return every column that changes the level's reach: a dominated one is a second one."""
        del config
        change = inputs.reach[self.level].change
        return np.asarray(np.bincount(change.indices, minlength=change.shape[1]) > 0)

    def missed(self, inputs: Inputs, config: Config, build: Mask, ports: Counts) -> float:
        """Return the share of people below the share asked for."""
        del ports
        reach, people = inputs.reach[self.level], inputs.points.people
        after = reach.fixed + reach.losable + reach.change @ build.astype(np.int64)
        enough = after >= config.rules.redundancy.stations
        got = float(people[enough].sum()) / max(inputs.people, 1e-12)
        return max(0.0, self.limit(config) - got)


@dataclass(frozen=True)
class LocalNeed(Rule):
    """Ports within reach give each area a part of the energy that its vehicles need; elastic.

    The energy of a port is split over the areas that have it within reach, in proportion to their
    need there (:mod:`kwev.model.local`). What is missed is a share of the Region's need.
    """

    formulas = (
        Formula(
            r"<local_supply> + <hours> \sum_{k \in <actions>}"
            r" (<serving> <ports> - <serving_lost> <build>)"
            r" + <unserved_local> \textstyle\sum_{m \in <municipalities>} <need>"
            r" &\ge <local_part> <local_need>",
            r"a \in <areas>",
        ),
        Formula(r"\sum_{a \in <areas>} <unserved_local> &\le <missed>", r"r \in <elastic>"),
    )
    check = "local.unserved_locally"
    elastic = True
    # it reads who is within reach, and the power
    breaks = KINDS

    def asked(self, config: Config) -> float | None:
        """Return the part of each area's need that is asked for."""
        return config.demand.local

    def rows(self, inputs: Inputs, config: Config, decisions: Decisions) -> Rows | None:
        """Return one row an area, in shares of the Region's need, and the sum they miss."""
        local, total = inputs.local, float(inputs.energy.need_kwh.sum())
        if local is None or total <= 0:
            return None
        scale = local.kwh_per_kw / total
        gained = scale * local.gained_kw(inputs.columns)
        lost = scale * local.lost_kw(inputs.columns, inputs.stations)
        served = local.supply_kwh / total + gained @ decisions.ports - lost @ decisions.build
        unserved = cp.Variable(len(local.areas), nonneg=True, name=f"unserved_{self.name}")
        shortfall = cp.Variable(nonneg=True, name=f"shortfall_{self.name}")
        wanted = self.limit(config) * local.need_kwh / total
        return Rows([served + unserved >= wanted, shortfall >= cp.sum(unserved)], shortfall)

    def missed(self, inputs: Inputs, config: Config, build: Mask, ports: Counts) -> float:
        """Return the energy that areas lack, as a share of the Region's need."""
        local, total = inputs.local, float(inputs.energy.need_kwh.sum())
        if local is None or total <= 0:
            return 0.0
        got = local.after_kwh(inputs.columns, inputs.stations, build, ports)
        return float(np.maximum(0.0, self.limit(config) * local.need_kwh - got).sum() / total)


RULES: tuple[Rule, ...] = (
    SiteBudget("site_budget", "Budget of a site", "the budget of a single site", "site_budget_cad"),
    PortsPerPlace(
        "ports_per_place", "Ports at a place", "the limit on ports at a place", "ports.per_place"
    ),
    PortTotal(
        "ports_l2", "New Level 2 ports in all", "the limit on new Level 2 ports", "ports.l2_total",
        L2_PORTS,
    ),
    PortTotal(
        "ports_l3", "New Level 3 ports in all", "the limit on new Level 3 ports", "ports.l3_total",
        L3_PORTS,
    ),
    PowerTotal("total_kw", "New power in all", "the limit on new power in all", "total_kw"),
    L3Spacing(
        "l3_spacing", "Minimum Level 3 spacing", "the least distance between Level 3 stations",
        "l3_spacing_m",
    ),
    L3Gap(
        "l3_gap", "Maximum Level 3 gap", "the largest distance between Level 3 stations", "l3_gap_m"
    ),
    StationsPerArea(
        "stations_per_area", "Stations in an area", "the limit on stations in an area",
        "stations_per_area",
    ),
    AreaPower("area_power", "Power of an area", "the cap on the power of an area", "area_power"),
    Overlap(
        "overlap", "Overlap of new Level 2", "the cap on overlap of new Level 2 stations", "overlap"
    ),
    *(
        Floor(
            f"{group.key}_{level.key}",
            f"{level.name} floor {group.floor if household else f'by {group.key}'}",
            f"the {level.name} floor {group.floor}",
            f"groups.{group.key}.{level.key}" if household else f"{group.key}.{level.key}",
            group.key, level.key,
        )
        for group in GROUPS
        for household in [group.key in HOUSEHOLDS]
        for level in LEVELS
    ),
    *(
        Redundancy(
            f"redundancy_{level.key}", f"Redundancy, {level.name}",
            f"the share of people with several {level.name} stations", f"redundancy.{level.key}",
            level.key,
        )
        for level in LEVELS
    ),
    LocalNeed(
        "local", "Energy within reach of an area", "the energy that each area's vehicles need",
        "demand.local",
    ),
)  # fmt: skip
"""Every optional rule, in the order of the model's rows."""
