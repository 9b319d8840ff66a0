"""Whether a plan keeps the scenario's optional rules, recomputed for the certificate.

Written apart from :mod:`kwev.model.constraints` and :mod:`kwev.model.groups` on purpose, from the
tables, the scenario
and numpy alone. A rule about a single action (its cost, its ports) is in
:meth:`kwev.certify.evaluation.Evaluation.problem` as well, since it says which actions are possible
at all.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from kwev.certify.actions import NEW, ActionKey

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kwev.certify.evaluation import Evaluation, Where
    from kwev.config import Config, Floors
    from kwev.data.tables import Tables

    Row = dict[str, Any]
    Ports = dict[ActionKey, int]
    Level = Literal["l2", "l3"]

L2_PORTS = ("new_l2", "add_l2")
L3_PORTS = ("new_l3", "upgrade", "add_l3")
L3_STATIONS = ("new_l3", "upgrade")

CM_PER_M = 100
SHARE_TOL = 1e-9
KW_TOL = 1e-6
CAD_TOL = 0.005


def ties(config: Config) -> bool:
    """Return whether a rule ties sites together, so that not everything can be built at once."""
    rules = config.rules
    together = (
        rules.l3_spacing_m,
        rules.l3_gap_m,
        rules.stations_per_area,
        rules.area_power.proxy_factor,
        rules.area_power.cap_kw,
        rules.overlap,
        rules.ports.l2_total,
        rules.ports.l3_total,
        rules.total_kw,
    )
    return any(value is not None for value in together)


def broken(evaluated: Evaluation, tables: Tables, ports: Ports) -> list[str]:
    """Return the hard optional rules that a plan breaks, one sentence each; empty where none.

    Parameters
    ----------
    evaluated
        The scenario's data and rules.
    tables
        ``data/processed``, read.
    ports
        Ports that each action adds.
    """
    found = [
        *_places(evaluated, ports),
        *_totals(evaluated, ports),
        *_distances(evaluated, ports),
        *_areas(evaluated, tables, ports),
        *_overlap(evaluated, ports),
    ]
    return sorted(found)


def _places(evaluated: Evaluation, ports: Ports) -> list[str]:
    """Compare cost and ports of each place, all its actions together, with the rules."""
    rules = evaluated.config.rules
    cost: dict[str, float] = defaultdict(float)
    before: dict[str, int] = {}
    after: dict[str, int] = {}
    for place, added in ports.items():
        effect, facts = evaluated.effect(place, added), evaluated.expected(place, added)
        cost[place.place_id] += effect.purchase_cad - effect.resale_cad
        today = facts["l2_ports_before"] + facts["l3_ports_before"]
        before[place.place_id] = today
        after[place.place_id] = after.get(place.place_id, today) + effect.l2 + effect.l3
    found = []
    if rules.site_budget_cad is not None:
        most = rules.site_budget_cad
        found += [
            f"rule site_budget: {net:,.2f} CAD at {place_id}, allowed {most:,.2f}"
            for place_id, net in cost.items()
            if net > most + CAD_TOL
        ]
    if rules.ports.per_place is not None:
        for place_id, count in after.items():
            allowed = max(rules.ports.per_place, before[place_id])
            if count > allowed:
                found.append(
                    f"rule ports_per_place: {count} ports at {place_id}, allowed {allowed}"
                )
    return found


def _totals(evaluated: Evaluation, ports: Ports) -> list[str]:
    limit = evaluated.config.rules.ports
    found = []
    for name, most, kinds in (
        ("ports_l2", limit.l2_total, L2_PORTS),
        ("ports_l3", limit.l3_total, L3_PORTS),
    ):
        added = sum(number for place, number in ports.items() if place.kind in kinds)
        if most is not None and added > most:
            found.append(f"rule {name}: {added} ports added, allowed {most}")
    allowed_kw = evaluated.config.rules.total_kw
    if allowed_kw is not None:
        kw = sum(evaluated.effect(place, number).kw for place, number in ports.items())
        if kw > allowed_kw + KW_TOL:
            found.append(f"rule total_kw: {kw:,.1f} kW added, allowed {allowed_kw:,.1f}")
    return found


# -- distance between Level 3 stations ---------------------------------------------------------


def _distances(evaluated: Evaluation, ports: Ports) -> list[str]:
    rules = evaluated.config.rules
    if rules.l3_spacing_m is None and rules.l3_gap_m is None:
        return []
    new = sorted(place for place in ports if place.kind in L3_STATIONS)
    chosen = [evaluated.row(place) for place in new]
    taken = {id(row) for row in chosen}
    stays = [row for row in evaluated.network(ports)[1] if id(row) not in taken]
    spots = _cm([*chosen, *stays])
    found = []
    for i, place in enumerate(new):
        apart = spots - spots[i]
        squared = np.delete((apart * apart).sum(axis=1), i)
        nearest = int(squared.min()) if len(squared) else None
        shown = "none" if nearest is None else f"{np.sqrt(nearest) / CM_PER_M:,.2f} m away"
        least, most = rules.l3_spacing_m, rules.l3_gap_m
        if least is not None and nearest is not None and nearest < (least * CM_PER_M) ** 2:
            found.append(
                f"rule l3_spacing: the nearest Level 3 to {place.place_id} is {shown}, "
                f"must be at least {least:g} m"
            )
        if most is not None and (nearest is None or nearest > np.floor((most * CM_PER_M) ** 2)):
            found.append(
                f"rule l3_gap: the nearest Level 3 to {place.place_id} is {shown}, "
                f"must be at most {most:g} m"
            )
    return found


def _cm(rows: list[Row]) -> NDArray[np.int64]:
    metres = np.array([(row["easting_m"], row["northing_m"]) for row in rows], float)
    return np.asarray(np.rint(metres * CM_PER_M), np.int64).reshape(-1, 2)


# -- areas -------------------------------------------------------------------------------------


def _areas(evaluated: Evaluation, tables: Tables, ports: Ports) -> list[str]:
    rules = evaluated.config.rules
    cap = rules.area_power
    power = cap.proxy_factor is not None or cap.cap_kw is not None
    if rules.stations_per_area is None and not power:
        return []
    stations: dict[str, int] = defaultdict(int)
    today_kw: dict[str, float] = defaultdict(float)
    after_kw: dict[str, float] = defaultdict(float)
    for row in evaluated.counted():
        stations[row["area_id"]] += 1
        today_kw[row["area_id"]] += evaluated.standing_kw(row)
    before = dict(stations)
    after_kw.update(today_kw)
    for place, added in ports.items():
        area = evaluated.row(place)["area_id"]
        stations[area] += (place.kind in NEW) - (place.kind == "remove")
        after_kw[area] += evaluated.effect(place, added).kw
    found = []
    proxy = dict(zip(tables.area_grid["area_id"], tables.area_grid["proxy_kw"], strict=True))
    for area in sorted({evaluated.row(place)["area_id"] for place in ports}):
        if rules.stations_per_area is not None:
            most = max(rules.stations_per_area, before.get(area, 0))
            if stations[area] > most:
                found.append(
                    f"rule stations_per_area: {stations[area]} stations in {area}, allowed {most}"
                )
        if power:
            allowed = max(_cap_kw(cap.proxy_factor, cap.cap_kw, proxy[area]), today_kw[area])
            if after_kw[area] > allowed + KW_TOL:
                found.append(
                    f"rule area_power: {after_kw[area]:,.1f} kW in {area}, allowed {allowed:,.1f}"
                )
    return found


def _cap_kw(factor: float | None, cap_kw: float | None, proxy_kw: float) -> float:
    by_proxy = np.inf if factor is None else factor * proxy_kw
    return min(by_proxy, np.inf if cap_kw is None else cap_kw)


# -- people ------------------------------------------------------------------------------------


def _overlap(evaluated: Evaluation, ports: Ports) -> list[str]:
    most = evaluated.config.rules.overlap
    new = [evaluated.row(place) for place in ports if place.kind == "new_l2"]
    if most is None or not new:
        return []
    people = evaluated.points("model").people
    near = evaluated.count("model", "l2", new)
    today = evaluated.cover("model", {}).l2
    reach = float((people * near).sum())
    newly = float(people[(near > 0) & ~today].sum())
    if reach - newly <= most * reach + SHARE_TOL * float(people.sum()):
        return []
    share = 1 - newly / reach
    return [f"rule overlap: {share:.4%} of the reach of new Level 2 overlaps, allowed {most:.4%}"]


def missed(evaluated: Evaluation, tables: Tables, ports: Ports) -> dict[str, float]:
    """Return the share of the Region's people that each elastic rule misses, by rule."""
    rules, total = evaluated.config.rules, float(evaluated.points("model").people.sum())
    found: dict[str, float] = {}
    groupings: tuple[tuple[str, Floors], ...] = (
        ("municipality", rules.municipality),
        ("quintile", rules.quintile),
        *rules.groups,
    )
    levels: tuple[Level, ...] = ("l2", "l3")
    for grouping, floors in groupings:
        for level in levels:
            floor = getattr(floors, level)
            if floor is not None:
                below = _below_floor(
                    evaluated, tables, grouping, floor, _covered(evaluated, level, ports)
                )
                found[f"{grouping}_{level}"] = below / total if total > 0 else 0.0
    for level in levels:
        wanted = getattr(rules.redundancy, level)
        if wanted is not None:
            found[f"redundancy_{level}"] = max(0.0, wanted - _redundant(evaluated, level, ports))
    return found


def _covered(evaluated: Evaluation, level: Level, ports: Ports) -> NDArray[np.bool_]:
    cover = evaluated.cover("model", ports)
    return cover.l2 if level == "l2" else cover.l3


def _below_floor(
    evaluated: Evaluation,
    tables: Tables,
    grouping: str,
    floor: float,
    covered: NDArray[np.bool_],
) -> float:
    """Return the people below the floor of their group, summed over the groups."""
    points = evaluated.points("model")
    is_covered = dict(zip(points.ids.tolist(), covered.tolist(), strict=True))
    living: dict[str, float] = defaultdict(float)
    served: dict[str, float] = defaultdict(float)
    for group, point, people in _people(tables, points.kind, grouping):
        living[group] += people
        served[group] += people * is_covered[point]
    return sum(max(0.0, floor * living[group] - served[group]) for group in sorted(living))


def _people(tables: Tables, kind: str, grouping: str) -> list[tuple[str, str, float]]:
    """Return (group, point, people) of every point or part of one; no group, no entry."""
    table = {"cell": tables.cells, "da": tables.das, "tract": tables.tracts}[kind]
    if grouping == "municipality":
        return _triples(table["municipality_id"], table[f"{kind}_id"], table["population"])
    profile = tables.tract_profiles if kind == "tract" else tables.da_profiles
    key = "tract_id" if kind == "tract" else "da_id"
    if grouping != "quintile":
        part = _household(tables, profile, key, grouping)
        source = tables.cell_parts if kind == "cell" else table
        living = _triples(source[key], source[f"{kind}_id"], source["population"])
        return [(grouping, point, people * part[area]) for area, point, people in living]
    quintile = dict(zip(profile[key], profile["deprivation_quintile"], strict=True))
    source = tables.cell_parts if kind == "cell" else table
    named = [quintile.get(place) for place in source[key]]
    return [
        (str(int(q)), point, people)
        for q, point, people in _triples(named, source[f"{kind}_id"], source["population"])
        if q is not None and not np.isnan(q)
    ]


def _household(tables: Tables, profile: Any, key: str, kind: str) -> dict[str, float]:
    """Return the part of each area's people in a kind of household: 0 where it is not known.

    Low incomes are the areas, poorest first, up to the median income at which a fifth of all
    people is reached, every area of that income with them.
    """
    rows = profile.to_dict("records")
    if kind != "low_income":
        column = {"renters": "renter_share", "multi_unit": "multi_unit_share"}[kind]
        value = {row[key]: float(row[column]) for row in rows}
        return {area: 0.0 if np.isnan(share) else share for area, share in value.items()}
    table = tables.das if key == "da_id" else tables.tracts
    people = dict(zip(table[key], map(float, table["population"]), strict=True))
    wanted, below, top = sum(people.values()) / 5, 0.0, -np.inf
    for row in sorted(rows, key=lambda row: float(row["median_income_cad"])):
        if below >= wanted:
            break
        below, top = below + people[row[key]], float(row["median_income_cad"])
    return {row[key]: float(row["median_income_cad"] <= top) for row in rows}


def _triples(groups: Any, points: Any, people: Any) -> list[tuple[Any, str, float]]:
    return list(zip(groups, points, map(float, people), strict=True))


def _redundant(evaluated: Evaluation, level: Level, ports: Ports) -> float:
    """Return the share of people with as many stations of a level in reach as the rule asks for."""
    l2, l3 = evaluated.network(ports)
    rows = l3 if level == "l3" else l2
    if level == "l2" and evaluated.config.coverage.l3_counts_for_l2:
        offers_l2 = {id(row) for row in l2}  # a mixed station is one station
        rows = l2 + [row for row in l3 if id(row) not in offers_l2]
    where: Where = "model"
    people = evaluated.points(where).people
    enough = evaluated.count(where, level, rows) >= evaluated.config.rules.redundancy.stations
    total = float(people.sum())
    return float(people[enough].sum()) / total if total > 0 else 0.0
