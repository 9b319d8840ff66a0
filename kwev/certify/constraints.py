"""Whether a plan keeps the scenario's optional rules, recomputed for the certificate.

Written apart from :mod:`kwev.model.constraints` and :mod:`kwev.model.demand` on purpose, from the
tables, the scenario and numpy alone. Each rule is checked by the function that has its name; one
with an end for the level (``ports_l2``, ``renters_l3``) by a function of both levels. Cost and
ports of a single action are in :meth:`kwev.certify.actions.ActionEncoding.problem` as well, which
says which actions are possible at all.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

from kwev.certify.actions import ADDS, CAD_TOL, KW_TOL, LEVELS, NEW
from kwev.certify.local import unserved_locally
from kwev.certify.reach import xy_cm

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kwev.certify.actions import Level, Ports
    from kwev.certify.evaluation import Evaluation
    from kwev.config import Floors
    from kwev.data.tables import Tables

L3_STATIONS = ("new_l3", "upgrade")
CM_PER_M = 100
SHARE_TOL = 1e-9


def broken(evaluation: Evaluation, ports: Ports) -> list[str]:
    """Say which hard optional rules a plan breaks.

    Parameters
    ----------
    evaluation
        The scenario's data and rules.
    ports
        Ports that each action adds.

    Returns
    -------
    list of str
        One sentence for each, sorted; empty where none is broken.
    """
    return sorted(text for rule in HARD for text in rule(evaluation, ports))


def missed(evaluation: Evaluation, ports: Ports) -> dict[str, float]:
    """Return what a plan misses of each elastic optional rule that the scenario sets.

    Parameters
    ----------
    evaluation
        The scenario's data and rules.
    ports
        Ports that each action adds.

    Returns
    -------
    dict
        By rule, for example ``municipality_l2``: the share of the Region's people that
        it misses (0 to 1); ``local``: of the Region's energy need.
    """
    rules = evaluation.config.rules
    groupings: tuple[tuple[str, Floors], ...] = (
        ("municipality", rules.municipality),
        ("quintile", rules.quintile),
        *rules.groups,
    )
    found: dict[str, float] = {}
    for grouping, floors in groupings:
        for level in LEVELS:
            least = getattr(floors, level)
            if least is not None:
                found[f"{grouping}_{level}"] = floor(evaluation, ports, grouping, level, least)
    for level in LEVELS:
        least = getattr(rules.redundancy, level)
        if least is not None:
            found[f"redundancy_{level}"] = redundancy(evaluation, ports, level, least)
    if (part := evaluation.config.demand.local) is not None:
        found["local"] = unserved_locally(evaluation, ports, part)
    return found


# -- places and totals ---------------------------------------------------------------------------


def site_budget(evaluation: Evaluation, ports: Ports) -> Iterator[str]:
    """Compare the net cost of each place, all its actions together, with the rule."""
    most = evaluation.config.rules.site_budget_cad
    cost: dict[str, float] = defaultdict(float)
    for key, added in ports.items():
        cost[key.place_id] += evaluation.effect(key, added).net_cad
    for place_id, net in cost.items():
        if most is not None and net > most + CAD_TOL:
            yield f"rule site_budget: {net:,.2f} CAD at {place_id}, allowed {most:,.2f}"


def ports_per_place(evaluation: Evaluation, ports: Ports) -> Iterator[str]:
    """Compare the ports of each place, all its actions together, with the rule."""
    most = evaluation.config.rules.ports.per_place
    before: dict[str, int] = {}
    gained: dict[str, int] = defaultdict(int)
    for key, added in ports.items():
        row, effect = evaluation.row(key), evaluation.effect(key, added)
        before[key.place_id] = 0 if key.kind in NEW else row["l2_ports"] + row["l3_ports"]
        gained[key.place_id] += effect.l2 + effect.l3
    for place_id, today in before.items():
        count = today + gained[place_id]
        if most is not None and count > max(most, today):
            yield f"rule ports_per_place: {count} ports at {place_id}, allowed {max(most, today)}"


def ports_total(evaluation: Evaluation, ports: Ports) -> Iterator[str]:
    """Compare the new ports of each level with the rules ``ports_l2`` and ``ports_l3``."""
    for level in LEVELS:
        most = getattr(evaluation.config.rules.ports, f"{level}_total")
        added = sum(number for key, number in ports.items() if ADDS.get(key.kind) == level)
        if most is not None and added > most:
            yield f"rule ports_{level}: {added} ports added, allowed {most}"


def total_kw(evaluation: Evaluation, ports: Ports) -> Iterator[str]:
    """Compare the power that the plan adds in all with the rule."""
    most = evaluation.config.rules.total_kw
    kw = sum(evaluation.effect(key, number).kw for key, number in ports.items())
    if most is not None and kw > most + KW_TOL:
        yield f"rule total_kw: {kw:,.1f} kW added, allowed {most:,.1f}"


# -- distance between Level 3 stations ---------------------------------------------------------


def l3_spacing(evaluation: Evaluation, ports: Ports) -> Iterator[str]:
    """Compare the distance of each new Level 3 station to the nearest other one with the rule."""
    least = evaluation.config.rules.l3_spacing_m
    if least is None:
        return
    for place_id, squared in _nearest_l3(evaluation, ports):
        if squared is not None and squared < (least * CM_PER_M) ** 2:
            yield (
                f"rule l3_spacing: the nearest Level 3 to {place_id} is {_away(squared)}, "
                f"must be at least {least:g} m"
            )


def l3_gap(evaluation: Evaluation, ports: Ports) -> Iterator[str]:
    """Compare the distance of each new Level 3 station to the nearest other one with the rule."""
    most = evaluation.config.rules.l3_gap_m
    if most is None:
        return
    for place_id, squared in _nearest_l3(evaluation, ports):
        if squared is None or squared > np.floor((most * CM_PER_M) ** 2):
            yield (
                f"rule l3_gap: the nearest Level 3 to {place_id} is {_away(squared)}, "
                f"must be at most {most:g} m"
            )


def _nearest_l3(evaluation: Evaluation, ports: Ports) -> Iterator[tuple[str, int | None]]:
    """Yield each new Level 3 place with its squared distance (cm²) to the nearest other one."""
    new = sorted(key for key in ports if key.kind in L3_STATIONS)
    chosen = [evaluation.row(key) for key in new]
    taken = {id(row) for row in chosen}
    stays = [row for row in evaluation.network(ports)[1] if id(row) not in taken]
    spots = xy_cm([*chosen, *stays])
    for i, key in enumerate(new):
        apart = spots - spots[i]
        squared = np.delete((apart * apart).sum(axis=1), i)
        yield key.place_id, int(squared.min()) if len(squared) else None


def _away(squared_cm: int | None) -> str:
    return "none" if squared_cm is None else f"{np.sqrt(squared_cm) / CM_PER_M:,.2f} m away"


# -- areas -------------------------------------------------------------------------------------


def stations_per_area(evaluation: Evaluation, ports: Ports) -> Iterator[str]:
    """Compare the stations of each area where something is done with the rule, or with today's."""
    most = evaluation.config.rules.stations_per_area
    if most is None:
        return
    stations: dict[str, int] = defaultdict(int)
    for row in evaluation.counted():
        stations[row["area_id"]] += 1
    before = dict(stations)
    for key in ports:
        stations[evaluation.row(key)["area_id"]] += (key.kind in NEW) - (key.kind == "remove")
    for area in _areas(evaluation, ports):
        allowed = max(most, before.get(area, 0))
        if stations[area] > allowed:
            yield (
                f"rule stations_per_area: {stations[area]} stations in {area}, allowed {allowed}"
            )


def area_power(evaluation: Evaluation, ports: Ports) -> Iterator[str]:
    """Compare the power of each area where something is done with its cap, or with today's."""
    cap = evaluation.config.rules.area_power
    if cap.proxy_factor is None and cap.cap_kw is None:
        return
    kw: dict[str, float] = defaultdict(float)
    for row in evaluation.counted():
        kw[row["area_id"]] += evaluation.standing_kw(row)
    today = dict(kw)
    for key, added in ports.items():
        kw[evaluation.row(key)["area_id"]] += evaluation.effect(key, added).kw
    grid = evaluation.tables.area_grid
    proxy = dict(zip(grid["area_id"], grid["proxy_kw"], strict=True))
    for area in _areas(evaluation, ports):
        # what stands in an area shows that the area can carry it, whatever its proxy says
        carries = max(proxy[area], today.get(area, 0.0))
        by_proxy = np.inf if cap.proxy_factor is None else cap.proxy_factor * carries
        most = min(by_proxy, np.inf if cap.cap_kw is None else cap.cap_kw)
        allowed = max(most, today.get(area, 0.0))
        if kw[area] > allowed + KW_TOL:
            yield f"rule area_power: {kw[area]:,.1f} kW in {area}, allowed {allowed:,.1f}"


def _areas(evaluation: Evaluation, ports: Ports) -> list[str]:
    return sorted({evaluation.row(key)["area_id"] for key in ports})


# -- people ------------------------------------------------------------------------------------


def overlap(evaluation: Evaluation, ports: Ports) -> Iterator[str]:
    """Compare the part of new Level 2 stations' reach that overlaps with the rule."""
    most = evaluation.config.rules.overlap
    new = [evaluation.row(key) for key in ports if key.kind == "new_l2"]
    if most is None or not new:
        return
    people = evaluation.points("model").people
    near = evaluation.count("model", "l2", new)
    today = evaluation.cover("model", {}).l2
    reach = float((people * near).sum())
    newly = float(people[(near > 0) & ~today].sum())
    if reach - newly > most * reach + SHARE_TOL * float(people.sum()):
        share = 1 - newly / reach
        yield f"rule overlap: {share:.4%} of the reach of new Level 2 overlaps, allowed {most:.4%}"


HARD = (
    site_budget,
    ports_per_place,
    ports_total,
    total_kw,
    l3_spacing,
    l3_gap,
    stations_per_area,
    area_power,
    overlap,
)
"""Checks of the rules that a plan must not break."""


def floor(evaluation: Evaluation, ports: Ports, grouping: str, level: Level, least: float) -> float:
    """Return the people below the floor of their group, of all people, summed over the groups.

    Parameters
    ----------
    evaluation
        The scenario's data and rules.
    ports
        Ports that each action adds.
    grouping
        ``municipality``, ``quintile``, or a kind of household.
    level
        Of the stations.
    least
        Share of each group's people that should be covered.
    """
    points, cover = evaluation.points("model"), evaluation.cover("model", ports)
    is_covered = dict(zip(points.ids.tolist(), cover.covered(level).tolist(), strict=True))
    living: dict[str, float] = defaultdict(float)
    served: dict[str, float] = defaultdict(float)
    for group, point, people in _people(evaluation.tables, points.kind, grouping):
        living[group] += people
        served[group] += people * is_covered[point]
    below = sum(max(0.0, least * living[group] - served[group]) for group in sorted(living))
    total = float(points.people.sum())
    return below / total if total > 0 else 0.0


def redundancy(evaluation: Evaluation, ports: Ports, level: Level, least: float) -> float:
    """Return by how much the share of people with several stations in reach is too small.

    Parameters
    ----------
    evaluation
        The scenario's data and rules.
    ports
        Ports that each action adds.
    level
        Of the stations.
    least
        Share of people that should have ``rules.redundancy.stations`` of them in reach.
    """
    l2, l3 = evaluation.network(ports)
    rows = l3 if level == "l3" else l2
    if level == "l2" and evaluation.config.coverage.l3_counts_for_l2:
        offers_l2 = {id(row) for row in l2}  # a mixed station is one station
        rows = l2 + [row for row in l3 if id(row) not in offers_l2]
    people = evaluation.points("model").people
    enough = evaluation.count("model", level, rows) >= evaluation.config.rules.redundancy.stations
    total = float(people.sum())
    share = float(people[enough].sum()) / total if total > 0 else 0.0
    return max(0.0, least - share)


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
