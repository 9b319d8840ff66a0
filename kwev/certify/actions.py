"""What each action may do and what it changes.

Each rule stands here once, for any kind of number: :class:`ActionRules` works it out in doubles,
which the certificate compares within tolerances, and :class:`kwev.certify.options.ExactActions` in
exact decimals for the checked bound. Written apart from :mod:`kwev.model.siting` and
:mod:`kwev.solve.record` on purpose: an import contract keeps it so.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from math import dist, isnan
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple, TypeVar

from kwev.units import CM_PER_M
from kwev.vocabulary import ACTION_KINDS, LEVEL_KEYS, TARGET_KEYS, LevelKey

if TYPE_CHECKING:
    from collections.abc import Callable

    from kwev.config import Config
    from kwev.data.tables import Tables

Row = dict[str, Any]
"""A row of the table of sites or of stations, by column."""
Level = LevelKey
LEVELS = LEVEL_KEYS
TARGETS: tuple[str, ...] = TARGET_KEYS

KINDS: tuple[str, ...] = tuple(kind.key for kind in ACTION_KINDS)
"""Kinds of action in the order in which two of them at one place are done."""
NEW = ("new_l2", "new_l3")
BUILDS = ("upgrade", *NEW)
"""Kinds of action that pay for a station, not for its ports alone."""
ADDS: dict[str, Level] = {kind.key: kind.adds for kind in ACTION_KINDS if kind.adds}
"""Level of the ports that a kind of action adds; a removal adds none."""

CAD_TOL = 0.005
KW_TOL = 1e-6

Number = TypeVar("Number", float, Fraction)


class ActionKey(NamedTuple):
    """One kind of action at one place: a site, or a station."""

    kind: str
    place_id: str

    @property
    def id(self) -> str:
        """The action's id in a plan: ``<kind>_<place_id>``."""
        return f"{self.kind}_{self.place_id}"

    @classmethod
    def from_id(cls, action_id: str) -> ActionKey | None:
        """Read ``<kind>_<place_id>``; None where it is neither."""
        for kind in KINDS:
            if action_id.startswith(f"{kind}_"):
                return cls(kind, action_id.removeprefix(f"{kind}_"))
        return None


Ports = Mapping[ActionKey, int]
"""Actions with the ports that each adds."""

NOTHING: Ports = MappingProxyType({})


class Effect(NamedTuple, Generic[Number]):
    """What an action changes: ports of each level, power (kW), money, yearly cost (CAD a year)."""

    l2: int
    l3: int
    kw: Number
    purchase_cad: Number
    resale_cad: Number
    yearly_cad: Number

    @property
    def net_cad(self) -> Number:
        """Purchase less resale (CAD)."""
        return self.purchase_cad - self.resale_cad


class ActionEncoding(Generic[Number]):
    """Stations and sites, the rules that actions keep, and what each action changes.

    Parameters
    ----------
    tables
        ``data/processed``, read.
    config
        The resolved scenario.
    number
        Makes a number of the scenario or the tables one to compute with.
    """

    def __init__(self, tables: Tables, config: Config, number: Callable[[float], Number]) -> None:
        self.tables: Tables = tables
        self.config: Config = config
        self._number: Callable[[float], Number] = number
        self._sites = {row["site_id"]: row for row in _records(tables, "sites")}
        end = config.siting.port_counts
        self._stations = {r["station_id"]: _at_end(r, end) for r in _records(tables, "stations")}
        self._municipality = {
            row["municipality_id"]: row["name"] for row in _records(tables, "municipalities")
        }
        zero = number(0)
        self._nothing: Effect[Number] = Effect(0, 0, zero, zero, zero, zero)
        self._station: dict[Level, Effect[Number]] = {
            level: self._priced(level, "station") for level in LEVELS
        }
        self._port: dict[Level, Effect[Number]] = {
            level: self._priced(level, "port") for level in LEVELS
        }
        self._builds: dict[str, Effect[Number]] = {
            kind: self._built(kind, self._nothing) for kind in NEW
        }

    def _priced(self, level: Level, what: Literal["station", "port"]) -> Effect[Number]:
        """Return what a station of a level changes without its ports, or what one of them does."""
        ports = what == "port"
        kw = getattr(self.config.power, f"{level}_kw") if ports else 0
        price = getattr(self.config.costs, f"{level}_{what}_cad")
        yearly = getattr(self.config.operating, f"{level}_{what}_cad_per_year")
        return Effect(
            l2=int(ports and level == "l2"),
            l3=int(ports and level == "l3"),
            kw=self._number(kw),
            purchase_cad=self._number(price),
            resale_cad=self._number(0),
            yearly_cad=self._number(yearly),
        )

    # -- places ------------------------------------------------------------------------------

    def known(self, key: ActionKey) -> bool:
        """Return whether the place of an action exists in the data."""
        return key.place_id in (self._sites if key.kind in NEW else self._stations)

    def row(self, key: ActionKey) -> Row:
        """Return the row of the site or station that an action is done at."""
        return (self._sites if key.kind in NEW else self._stations)[key.place_id]

    def counted(self) -> list[Row]:
        """Return the rows of the stations that count in the scenario today."""
        return [station for station in self._stations.values() if self._counts(station)]

    def _counts(self, station: Row) -> bool:
        reach = self.config.coverage
        here = station["in_region"] or reach.include_outside
        return bool(here and (station["access"] == "public" or reach.include_tesla_only))

    def offering(self, level: Level, ports: Ports) -> list[Row]:
        """Return the stations and sites that offer a level once the given actions are done."""
        found = []
        for station in self.counted():
            left = int(station[f"{level}_ports"])
            for kind in KINDS:
                key = ActionKey(kind, station["station_id"])
                if kind not in NEW and key in ports:
                    left += getattr(self.effect(key, ports[key]), level)
            if left > 0:
                found.append(station)
        return found + [self.row(key) for key in ports if key.kind == f"new_{level}"]

    def port_kw(self, station: Row, level: Level) -> Number:
        """Return the power of one port that stands at a station: recorded, or the constant (kW)."""
        recorded = float(station[f"{level}_kw"])
        return self._port[level].kw if isnan(recorded) else self._number(recorded)

    def standing_kw(self, station: Row) -> Number:
        """Return the power of the ports that stand at a station today (kW)."""
        l2, l3 = int(station["l2_ports"]), int(station["l3_ports"])
        return l2 * self.port_kw(station, "l2") + l3 * self.port_kw(station, "l3")

    def _capacity_kw(self, key: ActionKey) -> Number:
        """Return what a place can draw (kW), at a station no less than what stands there."""
        row = self.row(key)
        known = self._utility_kw(row)
        proxy = 0.0 if isnan(row["grid_kw"]) else float(row["grid_kw"])
        given = self._number(self.config.siting.grid_factor) * self._number(proxy)
        given = given if known is None else self._number(known)
        return given if key.kind in NEW else max(self.standing_kw(row), given)

    def _utility_kw(self, row: Row) -> float | None:
        """Return a utility's figure for a place (kW): the nearest that reaches it, if any."""
        here = (float(row["easting_m"]), float(row["northing_m"]))
        reaching = [
            (away_cm, known.kw)
            for known in self.config.siting.capacity
            for away_cm in [round(dist(here, (known.easting_m, known.northing_m)) * CM_PER_M)]
            if away_cm <= known.reach_m * CM_PER_M
        ]
        return min(reaching)[1] if reaching else None

    # -- rules -------------------------------------------------------------------------------

    def problem(self, key: ActionKey, added: int, ports: Ports = NOTHING) -> str:
        """Return which rule an action breaks among those done, in words; empty where none."""
        return (
            self._place_problem(key)
            or self._owner_problem(key)
            or self._kind_problem(key)
            or self._ports_problem(key, added)
            or self._power_problem(key, added, ports)
            or self._alternative_problem(key, ports)
            or self._own_problem(key, added)
        )

    def _place_problem(self, key: ActionKey) -> str:
        """Return why nothing of a kind is possible at a place."""
        if not self.known(key):
            return f"no place {key.place_id!r} for {key.kind}"
        row = self.row(key)
        if key.kind in NEW:
            return self._site_problem(row)
        return _first(
            (not row["in_region"], "the station is outside the Region"),
            (not self._counts(row), "the station does not count in this scenario"),
        )

    def _site_problem(self, site: Row) -> str:
        """Return why no new station may stand at a site."""
        siting, station = self.config.siting, site["station_id"]
        form = {"dense_residential": "lot", "kerbside": "kerb"}.get(site["category"])
        return _first(
            (bool(station), f"the site is the existing station {station}"),
            (site["land"] not in siting.land, _no_land(site["land"])),
            (
                form not in (None, siting.dense_housing),
                f"for dense housing the scenario builds at the {siting.dense_housing}",
            ),
        )

    def _owner_problem(self, key: ActionKey) -> str:
        asked = self.config.siting.public_owners_only and key.kind not in NEW
        private = asked and self.row(key)["owner"] != "public"
        return "the station has no public owner on record" if private else ""

    def _kind_problem(self, key: ActionKey) -> str:
        """Return why a kind of action does not fit what stands at a station."""
        if key.kind in NEW:
            return ""
        rule = {"upgrade": self._upgrade_problem, "remove": self._removal_problem}
        row = self.row(key)
        return rule[key.kind](row) if key.kind in rule else self._adding_problem(key.kind, row)

    def _adding_problem(self, kind: str, station: Row) -> str:
        level = ADDS[kind]
        allowed, word = getattr(self.config.ports, kind), level.upper()
        return _first(
            (not allowed, f"the scenario adds no {word} ports at stations"),
            (station[f"{level}_ports"] < 1, f"the station has no {word} to add to"),
        )

    def _upgrade_problem(self, station: Row) -> str:
        return _first(
            (station["l3_ports"] > 0, "the station has L3 already"),
            (station["l2_ports"] < 1, "the station has no L2 to convert"),
        )

    def _removal_problem(self, station: Row) -> str:
        rule = self.config.siting.removal
        used, least = rule.usage.get(station["station_id"]), rule.below_usage or 0.0
        asked = rule.below_usage is not None
        return _first(
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

    def _ports_range(self, kind: str) -> tuple[int, int]:
        """Return the fewest and the most ports that a kind of action may add."""
        if kind == "remove":
            return 0, 0
        rule, level = self.config.ports, ADDS[kind]
        fewest = getattr(rule, f"min_{level}") if kind in BUILDS else 1
        return fewest, getattr(rule, f"max_new_{level}")

    def _ports_problem(self, key: ActionKey, added: int) -> str:
        low, high = self._ports_range(key.kind)
        return "" if low <= added <= high else f"{added} new ports, allowed {low} to {high}"

    def _power_problem(self, key: ActionKey, added: int, ports: Ports) -> str:
        kw, most = self._kw_after(key, added, ports), self._capacity_kw(key)
        if kw <= most + self._number(KW_TOL):
            return ""
        return f"{kw} kW exceed the capacity of {most} kW"

    def _alternative_problem(self, key: ActionKey, ports: Ports) -> str:
        """Say which level of a removed station nobody offers nearby once all is done."""
        limit_m = self.config.siting.removal.alternative_m
        if key.kind != "remove" or limit_m is None:
            return ""
        station = self.row(key)
        for level in LEVELS:
            if station[f"{level}_ports"] > 0 and not any(
                _squared_cm(station, row) <= (limit_m * 100) ** 2
                for row in self.offering(level, ports)
                if row is not station
            ):
                return f"no other {level.upper()} within {limit_m} m"
        return ""

    def _own_problem(self, key: ActionKey, added: int) -> str:
        """Return which optional rule an action breaks by itself, whatever else is done."""
        rules, effect = self.config.rules, self.effect(key, added)
        money, most = rules.site_budget_cad, rules.ports.per_place
        if money is not None and effect.net_cad > money + CAD_TOL:
            return f"{effect.net_cad:,.2f} CAD at one place, allowed {money:,.2f}"
        if most is None or key.kind.startswith("add_"):  # a conversion may take ports away
            return ""
        before = sum(self._standing(key)[:2])
        after = before + effect.l2 + effect.l3
        if after > max(most, before):
            return f"{after} ports at one place, allowed {max(most, before)}"
        return ""

    def clash(self, one: ActionKey, other: ActionKey) -> bool:
        """Return whether two actions settle the same level's equipment at one place."""
        same = one.place_id == other.place_id
        return same and bool(self._settles(one) & self._settles(other))

    def _settles(self, key: ActionKey) -> frozenset[Level]:
        """Return the levels whose equipment an action settles."""
        if key.kind in ("add_l2", "add_l3"):
            return frozenset((ADDS[key.kind],))
        if key.kind == "upgrade" and self.known(key) and self._stays(self.row(key)) > 0:
            return frozenset(("l3",))
        return frozenset(LEVELS)

    # -- what an action changes ----------------------------------------------------------------

    def effect(self, key: ActionKey, added: int) -> Effect[Number]:
        """Return what an action changes: first what it takes away, then what it adds."""
        fixed, each = self._fixed(key), self._per_port(key.kind)
        return Effect(
            l2=fixed.l2 + added * each.l2,
            l3=fixed.l3 + added * each.l3,
            kw=fixed.kw + added * each.kw,
            purchase_cad=fixed.purchase_cad + added * each.purchase_cad,
            resale_cad=fixed.resale_cad,
            yearly_cad=fixed.yearly_cad + added * each.yearly_cad,
        )

    def _per_port(self, kind: str) -> Effect[Number]:
        return self._port[ADDS[kind]] if kind in ADDS else self._nothing

    def _fixed(self, key: ActionKey) -> Effect[Number]:
        """Return what an action changes before any port is added."""
        if key.kind in NEW:  # the same at every site
            return self._builds[key.kind]
        if key.kind == "upgrade":
            return self._built(key.kind, self._taken(key))
        return self._taken(key) if key.kind == "remove" else self._nothing

    def _built(self, kind: str, taken: Effect[Number]) -> Effect[Number]:
        """Add the station that a kind of action pays for to what it takes away."""
        station = self._station[ADDS[kind]]
        return taken._replace(
            purchase_cad=station.purchase_cad, yearly_cad=taken.yearly_cad + station.yearly_cad
        )

    def _stays(self, station: Row) -> int:
        """Return the L2 ports that a conversion leaves at a station."""
        return min(int(station["l2_ports"]), self.config.ports.retained_l2)

    def _taken(self, key: ActionKey) -> Effect[Number]:
        """Return what a conversion or a removal takes away; of L3 equipment nothing is sold."""
        station = self.row(key)
        l2, l3 = int(station["l2_ports"]), int(station["l3_ports"])
        stays = 0
        if key.kind == "upgrade":
            stays, l3 = self._stays(station), 0  # a conversion takes no L3 away
        ended, gone = l2 > 0 and stays == 0, l2 - stays
        port, place = self._port, self._station
        sold = gone * port["l2"].purchase_cad + ended * place["l2"].purchase_cad
        saved = gone * port["l2"].yearly_cad + ended * place["l2"].yearly_cad
        saved += l3 * port["l3"].yearly_cad + (l3 > 0) * place["l3"].yearly_cad
        return Effect(
            l2=-gone,
            l3=-l3,
            kw=-gone * self.port_kw(station, "l2") - l3 * self.port_kw(station, "l3"),
            purchase_cad=self._number(0),
            resale_cad=self._number(self.config.costs.resale_factor) * sold,
            yearly_cad=-saved,
        )

    def _standing(self, key: ActionKey) -> tuple[int, int, Number]:
        """Return the L2 ports, L3 ports and kW that stand where an action is done."""
        if key.kind in NEW:
            return 0, 0, self._number(0)
        row = self.row(key)
        return int(row["l2_ports"]), int(row["l3_ports"]), self.standing_kw(row)

    def _before(self, key: ActionKey, ports: Ports) -> tuple[int, int, Number]:
        """Return the same once those of the given actions are done that come first there."""
        l2, l3, kw = self._standing(key)
        for kind in KINDS[: KINDS.index(key.kind)]:
            first = ActionKey(kind, key.place_id)
            if first in ports and (kind in NEW) == (key.kind in NEW):
                earlier = self.effect(first, ports[first])
                l2, l3, kw = l2 + earlier.l2, l3 + earlier.l3, kw + earlier.kw
        return l2, l3, kw

    def _kw_after(self, key: ActionKey, added: int, ports: Ports) -> Number:
        return max(self._number(0), self._before(key, ports)[2] + self.effect(key, added).kw)

    def expected(self, key: ActionKey, added: int, ports: Ports = NOTHING) -> Row:
        """Return the record that an action must have in a plan with the given actions.

        Parameters
        ----------
        key
            The action.
        added
            Ports that it adds.
        ports
            All actions of the plan: one that comes first at the same place is before.

        Returns
        -------
        dict
            By field of :class:`kwev.plan.format.Action`, ``kind`` and ``place_id`` apart.
        """
        row, effect = self.row(key), self.effect(key, added)
        l2, l3, _ = self._before(key, ports)
        return {
            "id": key.id,
            "name": row["name"],
            "category": row["category"] if key.kind in NEW else "existing_station",
            "municipality": self._municipality.get(row["municipality_id"], ""),
            "latitude": row["latitude"],
            "longitude": row["longitude"],
            "l2_ports_before": l2,
            "l2_ports_after": l2 + effect.l2,
            "l3_ports_before": l3,
            "l3_ports_after": l3 + effect.l3,
            "kw_after": self._kw_after(key, added, ports),
            "grid_kw": self._capacity_kw(key),
            "purchase_cad": effect.purchase_cad,
            "resale_cad": effect.resale_cad,
            "net_cad": effect.net_cad,
            "operating_cad_per_year": effect.yearly_cad,
        }


class ActionRules(ActionEncoding[float]):
    """Actions in doubles, as plans state them.

    Parameters
    ----------
    tables
        ``data/processed``, read.
    config
        The resolved scenario.
    """

    def __init__(self, tables: Tables, config: Config) -> None:
        super().__init__(tables, config, float)


def _no_land(land: str) -> str:
    return f"the scenario builds on no land of class {land}"


def _first(*broken: tuple[bool, str]) -> str:
    """Return the words of the first rule that is broken; empty where none is."""
    return next((words for is_broken, words in broken if is_broken), "")


def _squared_cm(one: Row, other: Row) -> int:
    """Return the square of the straight line between two places, in whole centimetres."""
    axes = ("easting_m", "northing_m")
    return int(sum((round(100 * one[axis]) - round(100 * other[axis])) ** 2 for axis in axes))


@lru_cache(maxsize=8)
def _records(tables: Tables, name: str) -> list[Row]:
    table = getattr(tables, name)
    names = [str(column) for column in table.columns]
    values = (table[column].tolist() for column in table.columns)
    return [dict(zip(names, row, strict=True)) for row in zip(*values, strict=True)]


def _at_end(station: Row, end: str) -> Row:
    """Return a station with its low, base or high count of ports."""
    other = {} if end == "base" else {k: station[f"{k}_{end}"] for k in ("l2_ports", "l3_ports")}
    return {**station, **other}
