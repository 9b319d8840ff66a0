"""Redundancy, overlap, spacing, stations and power per area, transit: today and with a plan.

Each measure, then their named values and tables, and how far the plan uses each of its limits.
"""

from __future__ import annotations

import math
from itertools import product
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from kwev.certify import ActionKey, Evaluation
from kwev.display import origins
from kwev.display.table import Column, table
from kwev.display.values import SHOW, Numbers, named
from kwev.model.demand import share_of
from kwev.model.network import Places
from kwev.model.siting import candidates
from kwev.pipeline.parameters import Parameters
from kwev.region import area_name
from kwev.report.effects import WHENS
from kwev.report.region import metres
from kwev.report.stations import nearest_m
from kwev.report.transit import is_frequent, near_stop
from kwev.units import HOURS_PER_YEAR, POINTS
from kwev.vocabulary import LEVEL_KEYS, LEVEL_NAMES

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from kwev.data.tables import Tables
    from kwev.display.table import Table
    from kwev.model.coverage import Level
    from kwev.plan.format import Plan
    from kwev.report.effects import Effects, When
    from kwev.report.results import Findings
    from kwev.report.scenario import Report
    from kwev.vocabulary import ActionKindKey

COUNTS: Final = (1, 2, 3)
"""Numbers of stations in reach of which the share of people is told, each as "at least"."""


def redundancy(effects: Effects) -> pd.DataFrame:
    """Return how many stations people have in reach.

    Returns
    -------
    pandas.DataFrame
        ``level``, ``when``; ``at_least_1``, ``at_least_2``, ``at_least_3`` (shares of all people
        with so many stations in reach), ``redundant_share`` (of the people with one, those with
        two or more: the overlap; NaN where nobody has one) and ``mean_stations`` (in reach of a
        person with one).
    """
    people = effects.cells.people
    rows = []
    for level, when in product(LEVEL_KEYS, WHENS):
        count = effects.counts[level, when]
        with_one, with_two = (float(people[count >= n].sum()) for n in (1, 2))
        in_reach, some = float((people * count).sum()), with_one > 0
        rows.append(
            {"level": level, "when": when,
             **{f"at_least_{n}": share_of(people, count >= n) for n in COUNTS},
             "redundant_share": with_two / with_one if some else np.nan,
             "mean_stations": in_reach / with_one if some else np.nan}
        )  # fmt: skip
    return pd.DataFrame(rows)


def spacing(effects: Effects) -> pd.DataFrame:
    """Return how far each station is from the next one of its level, in a straight line.

    Returns
    -------
    pandas.DataFrame
        ``level``, ``when``, ``stations`` (in the Region), ``least_m``, ``median_m``, ``mean_m``,
        ``most_m`` (NaN where there is no second station).
    """
    columns: dict[str, Callable[[NDArray[np.float64]], Any]] = {
        "least_m": np.min, "median_m": np.median, "mean_m": np.mean, "most_m": np.max,
    }  # fmt: skip
    rows = []
    for level, when in product(LEVEL_KEYS, WHENS):
        places = _level_places(effects, level, when)
        apart = nearest_m(places.xy_m)
        known = apart[~np.isnan(apart)]
        rows.append(
            {"level": level, "when": when, "stations": len(places),
             **{name: float(of(known)) if len(known) else np.nan for name, of in columns.items()}}
        )  # fmt: skip
    return pd.DataFrame(rows)


def _level_places(effects: Effects, level: Level, when: When) -> Places:
    """Return the places that offer a level: its own stations, not those that stand in for it."""
    net = effects.network[when]
    if level == "l3":
        return net.l3
    if not effects.config.coverage.l3_counts_for_l2:
        return net.l2
    # Level 3 is listed after Level 2 there; a mixed station stands in both
    return net.l2[np.arange(len(net.l2) - len(net.l3))]


def by_area(effects: Effects) -> pd.DataFrame:
    """Return stations and power of each area (census tract, or a place without tracts).

    Returns
    -------
    pandas.DataFrame
        ``area_id``, ``people``, ``stations_before``, ``stations_after``, ``kw_before``,
        ``kw_after`` (power of all ports), ``grid_kw`` (proxy, at least what stands there today),
        ``grid_share_after`` (of it).
    """
    tables = effects.tables
    grid = tables.area_grid.set_index("area_id")["proxy_kw"].sort_index()
    cells = tables.cells.set_index("cell_id").reindex(effects.cells.ids)
    people = pd.Series(effects.cells.people).groupby(cells["area_id"].to_numpy(str)).sum()
    table = pd.DataFrame({"area_id": grid.index, "people": people.reindex(grid.index).fillna(0)})
    for when in WHENS:
        count = pd.Series(_areas(effects, stations(effects, when))).value_counts()
        table[f"stations_{when}"] = count.reindex(grid.index).fillna(0).to_numpy(int)
    for when, kw in zip(WHENS, _power_kw(effects), strict=True):
        table[f"kw_{when}"] = kw.reindex(grid.index).fillna(0.0).to_numpy(np.float64)
    # what stands in an area shows that the area can carry it
    table["grid_kw"] = np.maximum(grid.to_numpy(np.float64), table["kw_before"].to_numpy())
    table["grid_share_after"] = table["kw_after"] / table["grid_kw"].where(table["grid_kw"] > 0)
    return table.reset_index(drop=True)


def stations(effects: Effects, when: When) -> Places:
    """Return the places with a station of either level, each once."""
    both = Places.joined([effects.network[when].l2, effects.network[when].l3])
    keys = np.char.add(np.char.add(both.kind.astype(str), "/"), both.ids.astype(str))
    _, first = np.unique(keys, return_index=True)
    return both[np.sort(first)]


def _areas(effects: Effects, places: Places) -> list[str]:
    """Return the area of each place inside the Region; places outside are left out."""
    known = _area_of(effects)
    both = zip(places.kind.tolist(), places.ids.tolist(), strict=True)
    return [area for key in both if (area := known.get(key, ""))]


def _area_of(effects: Effects) -> dict[tuple[str, str], str]:
    """Return the area of each place by its kind (site, station) and id; empty outside."""
    tables = effects.tables
    return {
        (kind, key): area
        for kind, table in (("site", tables.sites), ("station", tables.stations))
        for key, area in zip(
            table[f"{kind}_id"].astype(str), table["area_id"].fillna("").astype(str), strict=True
        )
    }


def _power_kw(effects: Effects) -> tuple[pd.Series[float], pd.Series[float]]:
    """Return the power of all ports by area, before and after (kW)."""
    standing, area_of = effects.stations, _area_of(effects)
    ids = (("station", str(key)) for key in standing.ids)
    now = dict(zip(ids, standing.standing_kw.tolist(), strict=True))
    # one place may have several actions: what the last of its ports stand at counts
    later = now | {
        ("station" if action.category == "existing_station" else "site", action.place_id): (
            action.kw_after
        )
        for action in effects.plan.actions
    }
    both = []
    for power in (now, later):
        found = pd.Series(list(power.values()), index=[area_of.get(key, "") for key in power])
        both.append(found[found.index != ""].groupby(level=0).sum().astype(float))
    return both[0], both[1]


NEW_SITES: Final[dict[str, ActionKindKey]] = {
    "New Level 2 stations": "new_l2",
    "New Level 3 stations": "new_l3",
    "Conversions to Level 3": "upgrade",
}
CANDIDATES: Final = "Candidate sites"


def transit(effects: Effects) -> pd.DataFrame:
    """Return which shares of stations, candidates and new sites lie within a walk of transit.

    Returns
    -------
    pandas.DataFrame
        ``what`` (words), ``places`` (count), ``bus``, ``ion``, ``either``, ``frequent`` (shares
        within the walk to a bus stop, to an ION station, to any of them, to one with frequent
        service; NaN where there are no places). Straight line.
    """
    columns, build = effects.columns, effects.choice.build
    places: dict[str, NDArray[np.float64]] = {
        "Stations today": _inside(effects, stations(effects, "before")).xy_m,
        CANDIDATES: metres(candidates(effects.tables, effects.config)),
        **{what: columns.xy_m[build & columns.is_kind(kind)] for what, kind in NEW_SITES.items()},
        "Stations with the plan": _inside(effects, stations(effects, "after")).xy_m,
    }
    return pd.DataFrame(
        {"what": what, "places": len(xy_m), **_near(effects, xy_m)} for what, xy_m in places.items()
    )


def _inside(effects: Effects, places: Places) -> Places:
    """Return the places inside the Region."""
    outside = set(effects.stations.ids[~effects.stations.in_region].tolist())
    return places[np.array([key not in outside for key in places.ids.tolist()], bool)]


def _near(effects: Effects, xy_m: NDArray[np.float64]) -> dict[str, float]:
    stops, parameters = effects.tables.transit_stops, Parameters()
    often = is_frequent(stops, parameters.frequent_per_h)
    walks = {"bus": parameters.bus_walk_m, "ion": parameters.ion_walk_m}
    if len(xy_m) == 0:
        return dict.fromkeys((*walks, "either", "frequent"), np.nan)
    near = {
        mode: near_stop(xy_m, stops[stops["mode"] == mode], walk) for mode, walk in walks.items()
    }
    frequent = [
        near_stop(xy_m, stops[(stops["mode"] == mode) & often], walk)
        for mode, walk in walks.items()
    ]
    return {
        **{mode: float(flags.mean()) for mode, flags in near.items()},
        "either": float((near["bus"] | near["ion"]).mean()),
        "frequent": float(np.logical_or(*frequent).mean()),
    }


# -- Named values and tables.


def of_measures(report: Report) -> Numbers:
    """Return redundancy, and which sites lie within a walk of transit."""
    found = report.findings
    two = {
        f"{row['level']}_two_{row['when']}": row["at_least_2"]
        for row in found.redundancy.to_dict("records")
    }
    near = found.transit.set_index("what")
    new = near.loc[[name for name in NEW_SITES if near["places"][name]]]
    count = int(new["places"].sum())
    candidates = float(near["either"][CANDIDATES])
    parameters = Parameters()
    return Numbers(
        [
            *named("measures.redundancy", share=two),
            *named("measures.transit", share={
                "new_sites_near_transit":
                    sum(new["either"] * new["places"]) / count if count else 0.0,
                "candidates_near_transit": 0.0 if math.isnan(candidates) else candidates,
            }),
            *named("pipeline.parameters", m={
                "walk_to_bus": parameters.bus_walk_m, "walk_to_ion": parameters.ion_walk_m,
            }),
        ]
    )  # fmt: skip


def plan_measures(report: Report) -> Table:
    """Return redundancy, overlap, spacing, and stations and power by area, before and after."""
    found = report.findings
    rows = [*_redundancy_rows(found), *_spacing_rows(found), *_area_rows(found)]
    frame = pd.DataFrame(rows, columns=["group", "measure", "unit", "before", "after"])
    for when, key in (("before", "today"), ("after", "with_plan")):
        frame[key] = [
            "" if pd.isna(value) else SHOW[unit].format(value)
            for value, unit in zip(frame[when], frame["unit"], strict=True)
        ]
    return table("plan-measures", frame, "measure today with_plan", report.origin, group="group")


_Row = tuple[str, str, str, float, float]
"""Group, measure, unit, before and after."""


def _pair(frame: pd.DataFrame, level: str, column: str) -> tuple[float, float]:
    part = frame[frame["level"] == level].set_index("when")[column]
    return float(part["before"]), float(part["after"])


def _redundancy_rows(found: Findings) -> list[_Row]:
    wanted = (
        ("at_least_2", "share", "People with two or more {} stations in reach"),
        ("redundant_share", "share", "The same among people with a {} station in reach"),
        ("mean_stations", "ratio", "{} stations in reach of a person who has one"),
    )
    return [
        ("Redundancy and overlap", words.format(name), unit, *_pair(found.redundancy, level, key))
        for level, name in LEVEL_NAMES.items()
        for key, unit, words in wanted
    ]


def _spacing_rows(found: Findings) -> list[_Row]:
    wanted = (
        ("l2", "mean_m", "Mean distance from a Level 2 station to the next one"),
        ("l3", "mean_m", "Mean distance from a Level 3 station to the next one"),
        ("l3", "least_m", "Least distance between two Level 3 stations"),
        ("l3", "most_m", "Largest distance from a Level 3 station to the next one"),
    )
    return [
        ("Spacing, straight line", words, "m", *_pair(found.spacing, level, column))
        for level, column, words in wanted
    ]


def _untracted(areas: pd.DataFrame) -> str:
    names = [name for name in map(area_name, areas["area_id"]) if name[0].isalpha()]
    return (
        f"; {' and '.join(names)} {'is one' if len(names) == 1 else 'are one each'}"
        if names
        else ""
    )


def _area_rows(found: Findings) -> list[_Row]:
    areas, group = found.areas, f"Areas (census tracts{_untracted(found.areas)})"
    before, after = (areas[f"stations_{when}"] for when in WHENS)
    power = [float((areas[f"kw_{when}"] / areas["grid_kw"]).max()) for when in WHENS]
    none, most = "Areas without a station", "Most stations in one area"
    return [
        (group, none, "count", float((before == 0).sum()), float((after == 0).sum())),
        (group, most, "count", float(before.max()), float(after.max())),
        (
            group,
            "Highest power of all ports over the grid proxy, raised to today's ports",
            "share",
            power[0],
            power[1],
        ),
    ]


def plan_transit(report: Report) -> Table:
    """Return which stations, candidates and new sites lie within a walk of transit."""
    parameters = Parameters()
    bus = Column("bus", f"Bus stop within {parameters.bus_walk_m:,.0f} m", format=".0%")
    ion = Column("ion", f"ION station within {parameters.ion_walk_m:,.0f} m", format=".0%")
    columns = (Column("what", "Places"), "places", bus, ion, "either frequent")
    return table("plan-transit", report.findings.transit, columns, origins.transit(report.tables))


# -- Slack, right-hand side and use of each limit, with one sign convention.

RELATIVE_TOL: Final = 1e-6
"""Part of the right-hand side within which a limit is used to the full."""

SLACK: Final = ("name", "sense", "used", "rhs", "unit", "slack", "utilisation", "state")

_Slack = tuple[str, str, float, float, str, float, float, str]


def slack(tables: Tables, plan: Plan) -> pd.DataFrame:
    """Return one row a limit or requirement of a plan.

    Returns
    -------
    pandas.DataFrame
        ``name``, ``sense`` (``at most`` or ``at least``), ``used`` and ``rhs`` (in ``unit``),
        ``slack``, ``utilisation`` (share; NaN where the right-hand side is 0) and ``state``
        (``room left``, ``at the limit``, ``missed``). Of limits that hold place by place, the
        place with least room stands for all.
    """
    config = plan.config.as_config()
    evaluation = Evaluation(tables, config, plan.geography)
    cover = plan.coverage
    found = [
        _limit("Budget", "at most", plan.cost.net_cad, plan.cost.budget_cad, "CAD"),
        *(
            _limit(name, "at least", POINTS * reached.after, POINTS * reached.target, "points")
            for name, reached in (
                ("People near Level 2, on the cells", cover.l2),
                ("People near Level 3, on the cells", cover.l3),
                ("EVs near either level, on the cells", cover.ev_owners),
            )
        ),
        *_energy_limits(tables, plan, evaluation),
        *_place_limits(plan, config.ports.max_new_l2, config.ports.max_new_l3),
    ]
    return pd.DataFrame(found, columns=list(SLACK))


def _limit(name: str, sense: str, used: float, rhs: float, unit: str) -> _Slack:
    slack = rhs - used if sense == "at most" else used - rhs
    near = RELATIVE_TOL * max(1.0, abs(rhs))
    state = "at the limit" if abs(slack) <= near else "room left" if slack > 0 else "missed"
    return name, sense, used, rhs, unit, slack, used / rhs if rhs else float("nan"), state


def _energy_limits(tables: Tables, plan: Plan, evaluation: Evaluation) -> list[_Slack]:
    """Return, by municipality, the energy that ports can give against what EVs need (MWh)."""
    need, names = evaluation.need_kwh, tables.municipalities.set_index("municipality_id")["name"]
    kw = dict.fromkeys(need, 0.0)
    for station in evaluation.counted():
        if station["municipality_id"] in kw:
            kw[station["municipality_id"]] += evaluation.standing_kw(station)
    for action in plan.actions:
        place = ActionKey(action.kind, action.place_id)
        area = evaluation.row(place)["municipality_id"]
        if area in kw:
            kw[area] += evaluation.effect(place, action.ports_added).kw
    per_kw = HOURS_PER_YEAR * evaluation.config.demand.utilisation / 1000
    return [
        _limit(f"Energy from public ports, {names[area]}", "at least", per_kw * kw[area],
               need[area] / 1000, "MWh a year")
        for area in sorted(need)
    ]  # fmt: skip


def _place_limits(plan: Plan, most_l2: int, most_l3: int) -> list[_Slack]:
    rows = []
    sited = [a for a in plan.actions if a.grid_kw > 0]
    if sited:
        tight = min(sited, key=lambda a: (a.grid_kw - a.kw_after, a.id))
        name = "Power of the place with least room, proxy"
        rows.append(_limit(name, "at most", tight.kw_after, tight.grid_kw, "kW"))
    for level, most, kinds in (
        ("Level 2", most_l2, ("new_l2", "add_l2")),
        ("Level 3", most_l3, ("new_l3", "upgrade", "add_l3")),
    ):
        added = [a.ports_added for a in plan.actions if a.kind in kinds]
        if added:
            name = f"{level} ports added at one place, the most"
            rows.append(_limit(name, "at most", float(max(added)), float(most), "ports"))
    return rows


def slack_table(report: Report, found: pd.DataFrame) -> Table:
    """Return slack, right-hand side and use of each limit of the published plan."""
    name, state = Column("name", "Limit or requirement"), Column("state", "State")
    columns = (name, "sense used rhs unit slack utilisation", state)
    return table("slack", found, columns, report.origin)
