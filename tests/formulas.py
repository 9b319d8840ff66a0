"""Formulas as they are printed, evaluated symbol by symbol, and held against the model's rows.

The templates of :mod:`kwev.model` are parsed here and evaluated with plain loops over the sets they
name; what a symbol stands for is looked up in the inputs, one entry a symbol. The rows of the same
constraint are evaluated by cvxpy at the same decisions. So a symbol, a sign or an index in the book
that is not in the rows shows, and the other way round.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from kwev.model.constraints import BASE
from kwev.model.coverage import alike, row_of_points
from kwev.model.formulation import OPTIONS, _decisions, active
from kwev.model.inputs import build_inputs

TOLERANCE = 1e-7
TOKEN = re.compile(
    r"<(?P<symbol>\w+)>|\\sum_\{(?P<over>[^{}]*(?:\{[^{}]*\}[^{}]*)*)\}"
    r"|(?P<literal>x_\{k'\}|a_\{jk\}\^\{2\})|(?P<number>\d+)|(?P<relation>\\[lg]e(?![a-z]))"
    r"|(?P<sign>\\max|[-+/(),])|(?P<skipped>&|\\left|\\right|\\textstyle|\s+)"
)
SIGN_ONLY = {("SiteCapacity", 0), ("L3Spacing", 0), ("Redundancy", 1)}
"""Formulas that the rows say otherwise, tighter, so that only whether they hold is the same."""
LEGAL_ONLY = {("SiteCapacity", 0), ("Redundancy", 1)}
"""Formulas that the rows say together with those of ports and of one action a place."""


def tokens(template):
    found, at = [], 0
    while at < len(template):
        match = TOKEN.match(template, at)
        assert match, f"not understood: {template[at:]!r}"
        at = match.end()
        if match.lastgroup != "skipped":
            found.append((match.lastgroup, match[match.lastgroup]))
    return found


class Parser:
    """Evaluates a template for given elements of the index sets."""

    def __init__(self, template, meaning, elements):
        self.tokens, self.at = tokens(template), 0
        self.meaning, self.elements = meaning, elements

    def violations(self):
        """Return left less right side of each relation, so that nothing above zero holds."""
        sides, found = [self.sum()], []
        while self.at < len(self.tokens):
            relation = self.take("relation")
            sides.append(self.sum())
            less, more = sides[-2:] if relation == r"\le" else sides[:-3:-1]
            found.append(less - more)
        return found

    def peek(self, *values):
        return self.at < len(self.tokens) and self.tokens[self.at][1] in values

    def take(self, kind):
        found, value = self.tokens[self.at]
        assert found == kind, f"{value!r} is no {kind}"
        self.at += 1
        return value

    def sum(self):
        value = self.product()
        while self.peek("+", "-"):
            sign = 1 if self.take("sign") == "+" else -1
            value += sign * self.product()
        return value

    def product(self):
        value = self.factors()
        while self.peek("/"):
            self.take("sign")
            by = self.factors()
            value = value / by if by else math.nan
        return value

    def factors(self):
        value = self.factor()
        while self.at < len(self.tokens) and not self.peek("+", "-", "/", ")", ",", r"\le", r"\ge"):
            value *= self.factor()
        return value

    def factor(self):
        kind, value = self.tokens[self.at]
        self.at += 1
        if kind == "number":
            return float(value)
        if kind in ("symbol", "literal"):
            return self.meaning[value](self.elements)
        if kind == "over":
            return self.summed(value)
        if value == r"\max":
            return max(self.bracket())
        assert value == "(", f"not understood: {value!r}"
        self.at -= 1
        return self.bracket()[0]

    def bracket(self):
        self.take("sign")
        values = [self.sum()]
        while self.peek(","):
            self.take("sign")
            values.append(self.sum())
        assert self.take("sign") == ")"
        return values

    def summed(self, over):
        start, outer, total, end = self.at, self.elements, 0.0, None
        for elements in each(over, self.meaning, outer):
            self.at, self.elements = start, elements
            total += self.factors()
            end = self.at
        if end is None:  # an empty set: skip the body
            self.elements = Anything(outer)
            self.factors()
            end = self.at
        self.at, self.elements = end, outer
        return total


class Anything(dict):
    """Elements with which a sum over nothing is skipped: any index is the first one."""

    def __missing__(self, key):
        return {"l": "l2"}.get(key, 0)


def each(domain, meaning, elements):
    """Yield the elements of a domain such as ``j \\in <points>, \\ell \\in <levels>``."""
    if not domain:
        yield elements
        return
    first, _, rest = domain.partition(", ")
    index, _, name = first.partition(r" \in ")
    for element in meaning[name.strip("<>")](elements):
        yield from each(rest, meaning, {**elements, index.replace(r"\ell", "l"): element})


def apart(a, b):
    return math.dist(np.rint(a * 100), np.rint(b * 100)) / 100


def kwh_per_ev(home, demand):
    """Return what a vehicle of a hand-written point takes in public: homes as vehicles go."""
    if demand.home_access is None:
        return demand.kwh_per_ev_year * demand.public_share
    kinds = {"house": "single_detached", "row_or_duplex": "row_house",
             "apartment": "apartment_high_rise"}  # fmt: skip
    homes = {kind: home[column] for kind, column in kinds.items()}
    by_kind = demand.home_access.model_dump()
    mean = sum(homes[kind] * by_kind[kind] for kind in homes) / sum(homes.values())
    return demand.kwh_per_ev_year * mean


@dataclass
class Instance:
    """A region and a scenario with values for every decision."""

    inputs: Any
    config: Any
    constraint: Any
    tables: Any = None

    def __post_init__(self):
        self.decisions = _decisions(self.inputs, self.config)
        written = self.constraint.rows(self.inputs, self.config, self.decisions)
        self.rows = [] if written is None else written.rows
        self.shortfall = None if written is None else written.shortfall
        given = [self.decisions.build, self.decisions.ports, *self.decisions.covered.values()]
        self.own = {
            v.name(): v
            for row in self.rows
            for v in row.variables()
            if all(v is not g for g in given)
        }

    def draw(self, rng, *, legal):
        """Give every decision a value; legal ones keep the rows of ports and of one action."""
        c = self.inputs.columns
        build = (rng.random(len(c)) < rng.choice([0.15, 0.5])).astype(float)
        ports = rng.integers(0, 4, len(c)).astype(float)
        if legal:
            for place in np.unique(c.place):
                at = np.flatnonzero((c.place == place) & (build > 0))
                build[at[1:]] = 0.0
            ports = build * rng.integers(c.min_ports, np.maximum(c.max_ports, c.min_ports) + 1)
        self.decisions.build.value, self.decisions.ports.value = build, ports
        for variable in self.decisions.covered.values():
            variable.value = rng.choice([0.0, 0.5, 1.0], variable.shape)
        for name, variable in self.own.items():
            if name.startswith("redundancy"):  # whole numbers, whether or not it has to say so
                variable.value = rng.integers(0, 2, variable.shape).astype(float)
            else:
                variable.value = rng.random(variable.shape) * rng.choice([0.0, 0.2, 1.0])

    @cached_property
    def need_kwh(self):
        """Return the energy that each point's vehicles need: points are dissemination areas."""
        return self.inputs.points.ev * [
            kwh_per_ev(home, self.config.demand) for home in self.tables.das.to_dict("records")
        ]

    @cached_property
    def area(self):
        return self.tables.das["area_id"].tolist()

    def part(self, spot, level, area):
        """Return the part of a place's energy that an area gets, measured point by point."""
        reach = self.config.coverage
        radius = {"l2": reach.l2_radius_m, "l3": reach.l3_radius_m}[level]
        xy = self.inputs.points.xy_m
        near = [j for j in range(len(xy)) if apart(xy[j], spot) <= radius]
        kwh = sum(self.need_kwh[j] for j in near)
        own = sum(self.need_kwh[j] for j in near if self.area[j] == area)
        return own / kwh if kwh > 0 else 0.0

    def gone_kw(self, k):
        """Return the power that an action takes away, by level."""
        c, s = self.inputs.columns, self.inputs.stations
        t = c.station[k]
        if c.kind[k] not in ("upgrade", "remove"):
            return []
        l3_kw = s.l3_ports[t] * s.l3_kw[t] if c.kind[k] == "remove" else 0.0
        return [("l2", (s.l2_ports[t] - c.kept_l2_ports[k]) * s.l2_kw[t]), ("l3", l3_kw)]

    def local(self, area):
        """Return what an area needs, and what ports of today within reach give it."""
        s, at = self.inputs.stations, range(len(self.inputs.points))
        kw = sum(
            s.l2_ports[t] * s.l2_kw[t] * self.part(s.xy_m[t], "l2", area)
            + s.l3_ports[t] * s.l3_kw[t] * self.part(s.xy_m[t], "l3", area)
            for t in range(len(s.ids))
        )
        need = sum(self.need_kwh[j] for j in at if self.area[j] == area)
        return need, self.inputs.energy.kwh_per_kw * kw

    @cached_property
    def change(self):
        return {level: part.change.toarray() for level, part in self.inputs.reach.items()}

    def covered(self, level):
        """Return the cover variable of each point; one where it is covered whatever is decided."""
        row = row_of_points(self.inputs.reach[level], self.inputs.rows[level])
        values = np.append(np.atleast_1d(self.decisions.covered[level].value), 0.0)[row]
        return np.where(self.inputs.reach[level].fixed >= 1, 1.0, values)

    def newly(self):
        """Return the overlap rule's variable of each point, zero where it has none."""
        if "newly_reached" not in self.own:
            return np.zeros(len(self.inputs.points))
        level = self.inputs.rows["l2"]
        row = row_of_points(self.inputs.reach["l2"], level)
        number = np.full(len(level.base) + 1, -1)
        number[np.flatnonzero(level.base == 0)] = np.arange(int((level.base == 0).sum()))
        return np.append(np.atleast_1d(self.own["newly_reached"].value), 0.0)[number[row]]

    def enough(self):
        """Return the redundancy rule's variable of each point; one where enough stations stay."""
        level, several = self.constraint.level, self.config.rules.redundancy.stations
        reach = self.inputs.reach[level]
        more = (self.change[level] > 0).sum(axis=1)
        some = np.flatnonzero(
            (reach.fixed < several) & (reach.fixed + reach.losable + more >= several)
        )
        values = (reach.fixed >= several).astype(float)
        if len(some):
            first, group = alike(reach, some)
            needed = several - reach.fixed[some[first]]
            for binary in (False, True):
                part = np.flatnonzero((needed > 1) == binary)
                if len(part):
                    got = self.own[f"{self.constraint.name}_{binary:d}"].value
                    values[some] = np.where(
                        np.isin(group, part), got[np.searchsorted(part, group) % len(part)],
                        values[some],
                    )  # fmt: skip
        return values

    def is_legal(self):
        c, x, p = self.inputs.columns, self.decisions.build.value, self.decisions.ports.value
        one = max(np.bincount(c.place, weights=x), default=0) <= 1
        return one and bool(((p >= c.min_ports * x) & (p <= c.max_ports * x)).all())

    def meaning(self):  # noqa: C901 -- an entry a symbol
        """Return what each symbol stands for, as a function of the elements of its indices."""
        i, config, one = self.inputs, self.config, self.constraint
        c, s, points, energy, g = i.columns, i.stations, i.points, i.energy, i.groups
        x, p = self.decisions.build.value, self.decisions.ports.value
        level = getattr(one, "level", None)
        levels = [level] if level else ["l2", "l3"]
        if type(one).__name__ == "PortTotal":
            levels = [one.name.removeprefix("ports_")]
        rules, areas = config.rules, sorted(set(g.area_of.values()) - {""})
        places = list(dict.fromkeys(c.place.tolist()))
        actions = range(len(c))
        who = points.ev if level == "ev_owners" else points.people
        ports_today = s.l2_ports + s.l3_ports
        uses = {"l2": c.uses_l2, "l3": c.uses_l3}
        ends = {"l2": c.ends_l2, "l3": c.ends_l3}
        offers = {"l2": s.l2_ports > 0, "l3": s.l3_ports > 0}
        brings = {
            "l2": c.kind == "new_l2", "l3": np.isin(c.kind, ["new_l3", "upgrade"]),
        }  # fmt: skip
        adds = {
            "l2": np.isin(c.kind, ["new_l2", "add_l2"]),
            "l3": np.isin(c.kind, ["new_l3", "upgrade", "add_l3"]),
        }

        def first(place):
            return int(np.flatnonzero(c.place == place)[0])

        def own(name):
            return np.atleast_1d(self.own[name].value) if name in self.own else None

        def area_of(k):
            return g.area_of[c.place_id[k]]

        def stays(t):
            return 1 - sum(x[k] for k in actions if c.ends_l3[k] and c.station[k] == t)

        def too_close():
            new = [k for k in actions if brings["l3"][k]]
            least = rules.l3_spacing_m
            pairs = [
                (a, b) for a in new for b in new if a < b and apart(c.xy_m[a], c.xy_m[b]) < least
            ]
            return [*pairs, *((k,) for k in new)]

        def taken(together):
            near = [
                stays(t) for t in range(len(s.ids)) if s.l3_ports[t] > 0
                and all(apart(c.xy_m[k], s.xy_m[t]) < rules.l3_spacing_m for k in together)
            ]  # fmt: skip
            return max(near, default=0)

        def nearby(k, other, level):
            limit = config.siting.removal.alternative_m
            if c.place[k] == c.place[other] or apart(c.xy_m[k], c.xy_m[other]) > limit:
                return 0
            return int(brings[level][other]) - int(ends[level][other])

        def cap_kw(area):
            cap = rules.area_power
            own = [t for t in range(len(s.ids)) if g.area_of[s.ids[t]] == area]
            carries = max(g.proxy_kw[area], sum(s.standing_kw[t] for t in own))
            by_proxy = cap.proxy_factor and cap.proxy_factor * carries
            return min(most for most in (cap.cap_kw, by_proxy) if most is not None)

        if type(one).__name__ == "LocalNeed":
            areas = list(i.local.areas)
        floor = {"l2": 0.0, "l3": 0.0}
        if type(one).__name__ == "Floor":
            floor[level] = one.asked(config)
        group_people = g.people[one.grouping].toarray() if hasattr(one, "grouping") else None
        targets = {
            "l2": config.targets.l2, "l3": config.targets.l3,
            "ev_owners": config.targets.ev_owners.share,
        }  # fmt: skip
        s_value = None if self.shortfall is None else float(self.shortfall.value)
        cover = self.covered(level) if level in self.decisions.covered else None
        newly = self.newly() if type(one).__name__ == "Overlap" else None
        enough = self.enough() if type(one).__name__ == "Redundancy" else None
        gap_m = rules.l3_gap_m
        return {
            # sets
            "actions": lambda _: actions,
            "points": lambda _: range(len(points)),
            "levels": lambda _: levels,
            "places": lambda _: places,
            "municipalities": lambda _: range(len(energy.municipality)),
            "areas": lambda _: areas,
            "groups": lambda _: range(len(group_people)),
            "elastic": lambda _: [one.name],
            "at_place": lambda e: np.flatnonzero(c.place == e["i"]),
            "settling": lambda e: np.flatnonzero((c.place == e["i"]) & uses[e["l"]]),
            "removals": lambda _: np.flatnonzero(c.kind == "remove"),
            "in_municipality": lambda e: np.flatnonzero(
                c.municipality == energy.municipality[e["m"]]
            ),
            "brings": lambda e: np.flatnonzero(adds[e["l"]]),
            "K^{2}": lambda _: np.flatnonzero(brings["l2"]),
            "K^{3}": lambda _: np.flatnonzero(brings["l3"]),
            "C": lambda e: e["C"],
            "new_in_area": lambda e: [
                k for k in actions if c.station[k] < 0 and area_of(k) == e["a"]
            ],
            "gone_in_area": lambda e: [
                k for k in actions if c.kind[k] == "remove" and area_of(k) == e["a"]
            ],
            "in_area": lambda e: [k for k in actions if area_of(k) == e["a"]],
            "too_close": lambda _: too_close(),
            "near": lambda e: [
                k for k in actions
                if brings["l3"][k] and k != e["k"] and apart(c.xy_m[k], c.xy_m[e["k"]]) <= gap_m
            ],
            "near_ends": lambda e: [
                k for k in actions if ends["l3"][k] and apart(c.xy_m[k], c.xy_m[e["k"]]) <= gap_m
            ],
            # decisions
            "build": lambda e: x[e["k"]],
            "x_{k'}": lambda e: x[e["k'"]],
            "ports": lambda e: p[e["k"]],
            "covered": lambda e: cover[e["j"]],
            "shortfall": lambda _: s_value,
            "unserved_all": lambda _: s_value,
            "missed": lambda _: s_value,
            "unserved": lambda e: own("unserved")[e["m"]],
            "idle": lambda e: own("idle")[e["m"]],
            "below": lambda e: own(f"missing_{one.name}")[e["g"]],
            "newly": lambda e: newly[e["j"]],
            "enough": lambda e: enough[e["j"]],
            # what is given
            "target": lambda e: targets[e["l"]],
            "people": lambda e: who[e["j"]],
            "reaches": lambda e: self.change[e["l"]][e["j"], e["k"]],
            "a_{jk}^{2}": lambda e: self.change["l2"][e["j"], e["k"]],
            "today": lambda e: (i.reach[e["l"]].fixed + i.reach[e["l"]].losable)[e["j"]],
            "fixed": lambda e: c.fixed_cad[e["k"]],
            "per_port": lambda e: c.port_cad[e["k"]],
            "credit": lambda e: c.resale_cad[e["k"]],
            "budget": lambda _: config.budget.limit_cad,
            "fewest": lambda e: c.min_ports[e["k"]],
            "most": lambda e: c.max_ports[e["k"]],
            "port_power": lambda e: c.port_kw[e["k"]],
            "capacity": lambda e: c.capacity_kw[first(e["i"])],
            "standing": lambda e: c.standing_kw[first(e["i"])],
            "lost": lambda e: c.lost_kw[e["k"]],
            "need": lambda e: energy.need_kwh[e["m"]],
            "supply": lambda e: energy.supply_kwh[e["m"]],
            "hours": lambda _: energy.kwh_per_kw,
            "site_budget": lambda _: rules.site_budget_cad,
            "ports_today": lambda e: (
                ports_today[c.station[first(e["i"])]] if c.station[first(e["i"])] >= 0 else 0
            ),
            "ports_gone": lambda e: (
                s.l2_ports[c.station[e["k"]]] - c.kept_l2_ports[e["k"]]
                if c.station[e["k"]] >= 0 else 0
            ),
            "ports_of_place": lambda _: rules.ports.per_place,
            "ports_of_level": lambda _: one.asked(config),
            "total_power": lambda _: rules.total_kw,
            "taken": lambda e: taken(e["C"]),
            "company": lambda e: sum(
                s.l3_ports[t] > 0 and apart(c.xy_m[e["k"]], s.xy_m[t]) <= gap_m
                for t in range(len(s.ids))
            ),
            "stations_today": lambda e: sum(g.area_of[t] == e["a"] for t in s.ids),
            "most_stations": lambda _: rules.stations_per_area,
            "area_cap": lambda e: cap_kw(e["a"]),
            "area_power": lambda e: sum(
                s.standing_kw[t] for t in range(len(s.ids)) if g.area_of[s.ids[t]] == e["a"]
            ),
            "overlap": lambda _: rules.overlap,
            "reach": lambda e: points.people @ (self.change["l2"][:, e["k"]] > 0),
            "group_people": lambda e: group_people[e["g"], e["j"]],
            "floor": lambda e: floor[e["l"]],
            "several": lambda _: rules.redundancy.stations,
            "redundant": lambda e: getattr(rules.redundancy, e["l"]),
            "others": lambda e: sum(
                offers[e["l"]][t] and t != c.station[e["k"]]
                and apart(c.xy_m[e["k"]], s.xy_m[t]) <= config.siting.removal.alternative_m
                for t in range(len(s.ids))
            ),
            "nearby": lambda e: nearby(e["k"], e["k'"], e["l"]),
            "unserved_local": lambda e: own("unserved_local")[areas.index(e["a"])],
            "local_part": lambda _: config.demand.local,
            "local_need": lambda e: self.local(e["a"])[0],
            "local_supply": lambda e: self.local(e["a"])[1],
            "serving": lambda e: c.port_kw[e["k"]] * self.part(
                c.xy_m[e["k"]], "l2" if c.kind[e["k"]] in ("new_l2", "add_l2") else "l3", e["a"]
            ),
            "serving_lost": lambda e: sum(
                kw * self.part(c.xy_m[e["k"]], at, e["a"]) for at, kw in self.gone_kw(e["k"])
            ),
        }  # fmt: skip

    def reading(self, number, template=None):
        """Return the violations of one of the constraint's formulas, for all its domain."""
        formula, meaning = self.constraint.formulas[number], self.meaning()
        latex = formula.latex if template is None else template
        found = []
        for elements in each(formula.domain, meaning, {}):
            if type(self.constraint).__name__ == "RemovalAlternative" and not self.offered(
                elements
            ):
                continue
            found += Parser(latex, meaning, elements).violations()
        return np.array(found, float)

    def offered(self, elements):
        """Return whether a removed station offers the level: only then the rule asks for it."""
        if type(self.constraint).__name__ != "RemovalAlternative":
            return True
        c = self.inputs.columns
        return bool({"l2": c.ends_l2, "l3": c.ends_l3}[elements["l"]][elements["k"]])

    def unit(self, number):
        """Return how much of the formula's unit is one in the rows."""
        people, need = self.inputs.people, self.inputs.energy.need_kwh.sum()
        return {
            ("Budget", 0): 1e5, ("SiteBudget", 0): 1e5, ("PowerTotal", 0): 1e3,
            ("AreaPower", 0): 1e3, ("MunicipalEnergy", 0): need, ("IdleEnergy", 0): need,
            ("Overlap", 0): people, ("Floor", 0): people, ("LocalNeed", 0): need,
        }.get((type(self.constraint).__name__, number), 1.0)  # fmt: skip

    def said(self, number):
        """Return the violations of the rows that say one of the formulas."""
        kind, rows = type(self.constraint).__name__, self.rows
        if kind in ("Overlap", "Redundancy"):
            rows = rows[-1:] if number == 0 else rows[:-1]
        elif kind in ("Floor", "LocalNeed"):
            rows = rows[:1] if number == 0 else rows[1:]
        values = [np.atleast_1d(row.expr.value).ravel() for row in rows]
        return np.concatenate(values) if values else np.zeros(0)

    def agrees(self, number, template=None):
        """Return whether formula and rows say the same of the present decisions."""
        kind = (type(self.constraint).__name__, number)
        if kind in LEGAL_ONLY and not self.is_legal():
            return True
        read, said = self.reading(number, template) / self.unit(number), self.said(number)
        worst = [max(0.0, values.max(initial=0.0)) for values in (read, said)]
        if kind in SIGN_ONLY:
            return (worst[0] > TOLERANCE) == (worst[1] > TOLERANCE)
        if len(read) == len(said):
            return bool(np.allclose(np.sort(read), np.sort(said), atol=TOLERANCE))
        return abs(worst[0] - worst[1]) <= TOLERANCE

    def holds(self, number):
        return bool(self.said(number).max(initial=0.0) <= TOLERANCE)


def hold(tables, case):
    """Insist that formulas and rows say the same in a scenario, with a few decisions tried."""
    inputs = build_inputs(tables, case.config, case.geography)
    for constraint in (*BASE, *active(case.config), *OPTIONS):
        one = Instance(inputs, case.config, constraint, tables)
        for seed in range(2 if one.rows and len(inputs.columns) else 0):
            one.draw(np.random.default_rng(seed), legal=seed == 0)
            for number in range(len(constraint.formulas)):
                assert one.agrees(number), constraint.row
