"""Redundancy, overlap, spacing, stations and power per area, transit: today and with a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from kwev.model.demand import share_of
from kwev.model.network import Places
from kwev.pipeline.parameters import Parameters
from kwev.report.effects import WHENS
from kwev.report.stations import nearest_m
from kwev.report.transit import is_frequent, near_stop
from kwev.vocabulary import LEVEL_KEYS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kwev.model.coverage import Level
    from kwev.report.effects import Effects, When

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
    for level in LEVEL_KEYS:
        for when in WHENS:
            count = effects.counts[level, when]
            with_one, with_two = (float(people[count >= n].sum()) for n in (1, 2))
            row: dict[str, object] = {"level": level, "when": when}
            for n in COUNTS:
                row[f"at_least_{n}"] = share_of(people, count >= n)
            row["redundant_share"] = with_two / with_one if with_one > 0 else np.nan
            row["mean_stations"] = (
                float((people * count).sum()) / with_one if with_one > 0 else np.nan
            )
            rows.append(row)
    return pd.DataFrame(rows)


def spacing(effects: Effects) -> pd.DataFrame:
    """Return how far each station is from the next one of its level, in a straight line.

    Returns
    -------
    pandas.DataFrame
        ``level``, ``when``, ``stations`` (in the Region), ``least_m``, ``median_m``, ``mean_m``,
        ``most_m`` (NaN where there is no second station).
    """
    rows = []
    for level in LEVEL_KEYS:
        for when in WHENS:
            places = _level_places(effects, level, when)
            apart = nearest_m(places.xy_m)
            known = apart[~np.isnan(apart)]
            least, median, mean, most = (
                (float(of(known)) if len(known) else np.nan)
                for of in (np.min, np.median, np.mean, np.max)
            )
            rows.append(
                {"level": level, "when": when, "stations": len(places), "least_m": least,
                 "median_m": median, "mean_m": mean, "most_m": most}
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
    """Return stations and power of each area (census tract; Wellesley is one).

    Returns
    -------
    pandas.DataFrame
        ``area_id``, ``people``, ``stations_before``, ``stations_after``, ``kw_before``,
        ``kw_after`` (power of all ports), ``grid_kw`` (proxy), ``grid_share_after`` (of the proxy).
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
    table["grid_kw"] = grid.to_numpy(np.float64)
    table["grid_share_after"] = table["kw_after"] / table["grid_kw"].where(table["grid_kw"] > 0)
    return table.reset_index(drop=True)


def stations(effects: Effects, when: When) -> Places:
    """Return the places with a station of either level, each once."""
    both = Places.joined([effects.network[when].l2, effects.network[when].l3])
    keys = np.char.add(np.char.add(both.kind.astype(str), "/"), both.ids.astype(str))
    _, first = np.unique(keys, return_index=True)
    return both[np.sort(first)]


def _areas(effects: Effects, places: Places) -> NDArray[np.str_]:
    """Return the area of each place inside the Region; places outside are left out."""
    known = _area_of(effects)
    found = [
        known.get((kind, key), "")
        for kind, key in zip(places.kind.tolist(), places.ids.tolist(), strict=True)
    ]
    return np.array([area for area in found if area], str)


def _area_of(effects: Effects) -> dict[tuple[str, str], str]:
    tables = effects.tables
    areas = {}
    for kind, table in (("site", tables.sites), ("station", tables.stations)):
        ids = table[f"{kind}_id"].astype(str)
        for key, area in zip(ids, table["area_id"].fillna("").astype(str), strict=True):
            areas[kind, key] = area
    return areas


def _power_kw(effects: Effects) -> tuple[pd.Series[float], pd.Series[float]]:
    """Return the power of all ports by area, before and after (kW)."""
    standing, area_of = effects.stations, _area_of(effects)
    now = {
        ("station", str(key)): float(kw)
        for key, kw in zip(standing.ids, standing.standing_kw, strict=True)
    }
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


def transit(effects: Effects, parameters: Parameters | None = None) -> pd.DataFrame:
    """Return which shares of stations, candidates and new sites lie within a walk of transit.

    Returns
    -------
    pandas.DataFrame
        ``what`` (words), ``places`` (count), ``bus``, ``ion``, ``either``, ``frequent`` (shares
        within the walk to a bus stop, to an ION station, to any of them, to one with frequent
        service; NaN where there are no places). Straight line.
    """
    chosen = parameters or Parameters()
    columns, build = effects.columns, effects.choice.build
    sites = effects.tables.sites
    parts: list[tuple[str, NDArray[np.float64]]] = [
        ("Stations today", _inside(effects, stations(effects, "before")).xy_m),
        ("Candidate sites", sites[["easting_m", "northing_m"]].to_numpy(np.float64)),
        ("New Level 2 stations", columns.xy_m[build & columns.is_kind("new_l2")]),
        ("New Level 3 stations", columns.xy_m[build & columns.is_kind("new_l3")]),
        ("Conversions to Level 3", columns.xy_m[build & columns.is_kind("upgrade")]),
        ("Stations with the plan", _inside(effects, stations(effects, "after")).xy_m),
    ]
    return pd.DataFrame(
        [
            {"what": what, "places": len(xy_m), **_near(effects, xy_m, chosen)}
            for what, xy_m in parts
        ]
    )


def _inside(effects: Effects, places: Places) -> Places:
    """Return the places inside the Region."""
    outside = set(effects.stations.ids[~effects.stations.in_region].tolist())
    return places[np.array([key not in outside for key in places.ids.tolist()], bool)]


def _near(effects: Effects, xy_m: NDArray[np.float64], parameters: Parameters) -> dict[str, float]:
    stops = effects.tables.transit_stops
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
