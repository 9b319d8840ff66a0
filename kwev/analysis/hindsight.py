"""What a plan made in 2022 would have reached, beside what was really built by 2025.

The network of 2022 and that of 2025 are two snapshots of one source, filtered alike: electric,
available, public, dated, in the Region, not for one maker's cars alone. Records are joined to
places as in the merged network; a record that is gone stands at its own point, or at a place of
the newer snapshot within :data:`SAME_PLACE_M`, where it was listed anew. What a place came to
offer, and did not before, is new.

The plan knows the network and the vehicles of 2022, and may choose among today's candidates and the
places that were really used. It gets as many stations of each level as really came, one port each:
ports reach nobody. Money does not bind, what a place can draw does. Stations of 2022 that have gone
since are taken from the plan as from the world before both are measured.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from scipy import sparse

from kwev import config as configuration
from kwev import fleet, study
from kwev.analysis.stations import COMPARED, dated
from kwev.config import Case
from kwev.files import sha256_json
from kwev.pipeline.geometry import project as to_metres
from kwev.remeasure import Measure, Points
from kwev.store import solve_certified
from kwev.tables import load_tables

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from kwev.config import Config
    from kwev.plan import Action
    from kwev.project import Project
    from kwev.remeasure import Level, Row
    from kwev.tables import Tables

SAME_PLACE_M: Final = 50.0
"""A record that is gone and one that came this near are one place, listed anew (m)."""
NAME: Final = "hindsight"
DRAWS, SEED = 60, 0
"""Random choices of sites that the plan is held against."""
REAL: Final = "real_"
"""How the id of a candidate begins that stands where a station was really built."""
LEVELS: Final = ("l2", "l3")
UNBOUND_CAD: Final = 1e9
MANY_PORTS: Final = 100
BOTH: Final = ("older", "newer")


@dataclass(frozen=True)
class Past:
    """Two snapshots by place.

    Attributes
    ----------
    places
        One row a place: ``place_id``, ``easting_m``, ``northing_m``, ``latitude``, ``longitude``,
        ``name``, and ports in each snapshot: ``l2_older``, ``l3_older``, ``l2_newer``,
        ``l3_newer`` (0 where it does not offer the level).
    cut
        Date of the older snapshot.
    newest
        Date of the newer one.
    """

    places: pd.DataFrame
    cut: str
    newest: str

    def came(self, level: str) -> pd.DataFrame:
        """Return the places that offer a level in the newer snapshot and did not in the older."""
        table = self.places
        return table[(table[f"{level}_newer"] > 0) & (table[f"{level}_older"] == 0)]

    def went(self, level: str) -> pd.DataFrame:
        """Return the places that offered a level and no longer do."""
        table = self.places
        return table[(table[f"{level}_older"] > 0) & (table[f"{level}_newer"] == 0)]

    def offering(self, level: str, *snapshots: str) -> list[Row]:
        """Return the places that offer a level in all of the named snapshots, as rows."""
        table = self.places
        keep = np.logical_and.reduce([table[f"{level}_{s}"] > 0 for s in snapshots])
        return _rows(table[keep])


def past(tables: Tables) -> Past:
    """Return the two snapshots by place."""
    older, newer = (_placed(dated(tables, source), tables) for source in COMPARED)
    older = _listed_anew(older, newer)
    parts = [
        part.groupby("place_id")
        .agg({"l2_ports": "sum", "l3_ports": "sum"})
        .rename(columns={f"{level}_ports": f"{level}_{name}" for level in LEVELS})
        for part, name in ((older, "older"), (newer, "newer"))
    ]
    ports = pd.concat(parts, axis=1).fillna(0).astype(int)
    facts = pd.concat([newer, older]).drop_duplicates("place_id").set_index("place_id")
    columns = ["name", "latitude", "longitude", "easting_m", "northing_m"]
    table = facts[columns].join(ports).sort_index().reset_index()
    cut, newest = (str(dated(tables, source)["snapshot"].iloc[0]) for source in COMPARED)
    return Past(table, cut, newest)


def _placed(records: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    """Return records for all cars with the place that each stands at.

    That of its station, or the record's own point where no station is left.
    """
    stations = tables.stations.set_index("station_id")
    known = records["station_id"].isin(stations.index)
    tesla = records["station_id"].map(stations["access"]).eq("tesla_only")
    tesla |= ~known & records["name"].str.contains("tesla", case=False)
    kept = records[~tesla].reset_index(drop=True)
    known = known[~tesla].reset_index(drop=True)
    own = to_metres(kept["longitude"], kept["latitude"])
    place = kept["station_id"].where(known, kept["record_id"])
    made = kept.assign(place_id=place, easting_m=own[:, 0], northing_m=own[:, 1])
    for name in ("name", "latitude", "longitude", "easting_m", "northing_m"):
        of_station = kept["station_id"].map(stations[name])
        made[name] = of_station.where(known, made[name])
    return made.astype({"easting_m": float, "northing_m": float})


def _listed_anew(older: pd.DataFrame, newer: pd.DataFrame) -> pd.DataFrame:
    """Return the older records, those that are gone moved to a newer place beside them."""
    xy = newer[["easting_m", "northing_m"]].to_numpy()
    ids = newer["place_id"].to_numpy()
    places = []
    for row in older.to_dict("records"):
        apart = np.hypot(*(xy - [row["easting_m"], row["northing_m"]]).T)
        near = int(np.argmin(apart))
        gone = row["place_id"] not in set(ids)
        places.append(ids[near] if gone and apart[near] <= SAME_PLACE_M else row["place_id"])
    return older.assign(place_id=places)


# -- the tables of 2022 ------------------------------------------------------------------------


def quarter_before(date: str) -> str:
    """Return the last quarter that had ended on a date: ``2022Q2`` for 2022-07-15."""
    year, month = int(date[:4]), int(date[5:7])
    ended = (month - 1) // 3
    return f"{year}Q{ended}" if ended else f"{year - 1}Q4"


def vehicles_of(tables: Tables, quarter: str) -> dict[str, float]:
    """Return the EVs of each dissemination area in a quarter, by id.

    Its area of postal codes had so many for each of today's; within it they are spread as today.
    """
    counts = tables.ev_quarters
    then = counts[counts["quarter"] == quarter].set_index("fsa")["ev_inside"]
    now = tables.fsas.set_index("fsa")["ev_inside"]
    part = (then / now.where(now > 0)).fillna(0.0)
    fsa = tables.da_profiles.set_index("da_id")["fsa"]
    return {
        str(da): float(ev) * float(part[fsa[da]])
        for da, ev in zip(tables.das["da_id"], tables.das["ev"], strict=True)
    }


def tables_of(tables: Tables, found: Past) -> Tables:
    """Return the tables as they would have stood at the older snapshot.

    Stations are those of the snapshot. Candidates are today's that do not stand on one of them,
    and the places that came to offer a level since; those of both levels stand twice, one for each.
    """
    ev = vehicles_of(tables, quarter_before(found.cut))
    parts = tables.cell_parts
    part = parts["da_id"].map(ev) / parts["da_id"].map(tables.das.set_index("da_id")["ev"])
    by_cell = (parts["ev"] * part.fillna(0.0)).groupby(parts["cell_id"]).sum()
    stations = _stations_then(tables, found)
    made = {
        "das": tables.das.assign(ev=tables.das["da_id"].map(ev)),
        "cells": tables.cells.assign(ev=tables.cells["cell_id"].map(by_cell)),
        "stations": stations,
        "sites": _sites_then(tables, found, set(stations["station_id"])),
    }
    changed = {
        "ev": made["das"]["ev"].tolist(),
        "stations": stations.to_csv(index=False),
        "sites": made["sites"].to_csv(index=False),
    }
    return replace(
        tables, **made, inputs_sha256=sha256_json({"base": tables.inputs_sha256, **changed})
    )


def _stations_then(tables: Tables, found: Past) -> pd.DataFrame:
    """Return the stations of the older snapshot with its ports, in the columns of today's."""
    table = found.places
    there = table[table[["l2_older", "l3_older"]].sum(axis=1) > 0].set_index("place_id")
    known = tables.stations[tables.stations["station_id"].isin(there.index)]
    lost = there[~there.index.isin(known["station_id"])]
    gone = pd.DataFrame(
        {
            **dict.fromkeys(tables.stations.columns, ""),
            "station_id": lost.index,
            **{name: lost[name].to_numpy() for name in
               ("name", "latitude", "longitude", "easting_m", "northing_m")},
            # its own ports are all that is known of what the place can draw
            **dict.fromkeys(("l2_kw", "l3_kw", "address_apart_m", "grid_kw"), np.nan),
            "municipality_id": _nearest(tables, lost, "municipality_id"),
            "area_id": _nearest(tables, lost, "area_id"),
            "in_region": True,
            "access": "public",
            "owner": "unknown",
        }
    )  # fmt: skip
    both = pd.concat([known, gone], ignore_index=True) if len(gone) else known
    ports: dict[str, pd.Series[int]] = {}
    for level in LEVELS:
        count = both["station_id"].map(there[f"{level}_older"]).astype(int)
        ports |= {f"{level}_ports{end}": count for end in ("", "_low", "_high")}
    return both.assign(**ports).sort_values("station_id", ignore_index=True)


def _nearest(tables: Tables, places: pd.DataFrame, column: str) -> list[str]:
    """Return a column of the dissemination area that is nearest to each place."""
    xy = tables.das[["easting_m", "northing_m"]].to_numpy()
    values = tables.das[column].tolist()
    own = places[["easting_m", "northing_m"]].to_numpy()
    return [values[int(np.argmin(np.hypot(*(xy - point).T)))] for point in own]


def _sites_then(tables: Tables, found: Past, standing: set[str]) -> pd.DataFrame:
    came = {level: set(found.came(level)["place_id"]) for level in LEVELS}
    new = (came["l2"] | came["l3"]) - standing
    known = tables.stations.set_index("station_id")
    both = came["l2"] & came["l3"]
    rows = [
        {
            **dict.fromkeys(tables.sites.columns, ""),
            **{name: known.loc[place, name] for name in
               ("name", "municipality_id", "area_id", "latitude", "longitude", "easting_m",
                "northing_m", "owner", "grid_kw")},
            "site_id": f"{REAL}{place}{suffix}",
            "category": "existing_station",
            "station_id": "",
        }
        for place in sorted(new)
        for suffix in (("", "_l3") if place in both else ("",))
    ]  # fmt: skip
    kept = tables.sites[~tables.sites["station_id"].isin(new)]
    # stations that are not of this snapshot at all leave their candidates free
    free = kept["station_id"].where(kept["station_id"].isin(standing), "")
    sites = pd.concat([kept.assign(station_id=free), pd.DataFrame(rows)], ignore_index=True)
    return sites.sort_values("site_id", ignore_index=True)


def config_of(base: Config, found: Past) -> Config:
    """Return the scenario: as many stations of each level as came, one port each, no budget."""
    return base.with_values(
        budget__limit_cad=UNBOUND_CAD,
        demand__enforce=False,
        ports__min_l2=1,
        ports__max_new_l2=1,
        ports__min_l3=1,
        ports__max_new_l3=1,
        ports__retained_l2=MANY_PORTS,
        ports__add_l2=False,
        ports__add_l3=False,
        rules__ports__l2_total=len(found.came("l2")),
        rules__ports__l3_total=len(found.came("l3")),
    )


# -- measuring ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ruler:
    """Measures networks on the cells, with the people and vehicles of today and of then.

    Attributes
    ----------
    tables, then
        The tables of today and those of the older snapshot.
    config
        The scenario, for radii and metric.
    """

    tables: Tables
    then: Tables
    config: Config

    def shares(self, network: dict[str, list[Row]]) -> dict[str, float]:
        """Return the shares reached: people by level, and EVs of today (and then) by either."""
        points = Points.read(self.tables, "cell", fleet.evs(self.tables, "now", "cell"))
        earlier = Points.read(self.then, "cell", fleet.evs(self.then, "now", "cell"))
        measure = Measure(self.tables, self.config)
        levels: tuple[Level, ...] = ("l2", "l3")
        mask = {level: measure.reached(level, points, network[level]) for level in levels}
        either = mask["l2"] | mask["l3"]
        return {
            **{level: _share(points.people, mask[level]) for level in levels},
            "ev_owners": _share(points.ev, either),
            "ev_owners_then": _share(earlier.ev, either),
        }


def _share(values: NDArray[np.float64], mask: NDArray[np.bool_]) -> float:
    return float(values[mask].sum() / values.sum())


def network_of(found: Past, then: Tables, actions: Iterable[Action]) -> dict[str, list[Row]]:
    """Return the places by level once actions are done: what is left of then, and what they add."""
    sites = {str(row["site_id"]): row for row in _rows(then.sites)}
    stations = {str(row["station_id"]): row for row in _rows(then.stations)}
    chosen = {
        level: [
            sites.get(a.place_id) or stations[a.place_id]
            for a in actions
            if getattr(a, f"{level}_ports_after") > getattr(a, f"{level}_ports_before")
        ]
        for level in LEVELS
    }
    return with_chosen(found, chosen)


def with_chosen(found: Past, chosen: dict[str, list[Row]]) -> dict[str, list[Row]]:
    """Return the places by level: those that stand in both snapshots, and the chosen ones."""
    return {level: found.offering(level, *BOTH) + chosen[level] for level in LEVELS}


def near_another(places: list[Row], network: list[Row], config: Config) -> float:
    """Return the share of places that have another of a network within the Level 2 radius."""
    if not places:
        return 0.0
    axes = ("easting_m", "northing_m")
    own = np.array([[row[a] for a in axes] for row in places], float)
    every = np.array([[row[a] for a in axes] for row in network], float)
    apart = np.hypot(*(own[:, None, :] - every[None, :, :]).transpose(2, 0, 1))
    # a place is within the radius of itself
    return float(((apart <= config.coverage.l2_radius_m).sum(axis=1) > 1).mean())


def greedy(then: Tables, found: Past, config: Config) -> dict[str, list[Row]]:
    """Choose by a simple rule: time after time the candidate that reaches most people anew.

    On dissemination areas, as the plan; fast chargers first, a candidate is taken once.
    """
    points = Points.read(then, "da", fleet.evs(then, "now", "da"))
    measure, sites = Measure(then, config), _candidates(then)
    chosen: dict[str, list[Row]] = {}
    taken: set[int] = set()
    levels: tuple[Level, ...] = ("l3", "l2")
    for level in levels:
        open_people = np.where(
            measure.reached(level, points, found.offering(level, "older")), 0.0, points.people
        )
        near = measure.reach(level, points, sites)
        size = [len(one) for one in near]
        cover = sparse.csr_array(
            (np.ones(sum(size)), (np.repeat(np.arange(len(near)), size), np.concatenate(near))),
            shape=(len(sites), len(points.ids)),
        )
        chosen[level] = []
        for _ in range(len(found.came(level))):
            gain = cover @ open_people
            gain[list(taken)] = -1.0
            if level == "l3":
                gain[~_hosts_l3(sites, config)] = -1.0
            best = int(np.argmax(gain))
            taken.add(best)
            chosen[level].append(sites[best])
            open_people[near[best]] = 0.0
    return chosen


def random_choice(
    then: Tables, found: Past, config: Config, generator: np.random.Generator
) -> dict[str, list[Row]]:
    """Choose as many candidates of each level by lot, none twice."""
    sites = _candidates(then)
    fast = np.flatnonzero(_hosts_l3(sites, config))
    l3 = generator.choice(fast, len(found.came("l3")), replace=False)
    rest = np.setdiff1d(np.arange(len(sites)), l3)
    l2 = generator.choice(rest, len(found.came("l2")), replace=False)
    return {"l2": [sites[i] for i in l2], "l3": [sites[i] for i in l3]}


def _candidates(then: Tables) -> list[Row]:
    return _rows(then.sites[then.sites["station_id"] == ""])


def _hosts_l3(sites: list[Row], config: Config) -> NDArray[np.bool_]:
    kw = np.array([row["grid_kw"] for row in sites], float) * config.siting.grid_factor
    return np.asarray(kw >= config.ports.min_l3 * config.power.l3_kw)


def _rows(table: pd.DataFrame) -> list[Row]:
    return [{str(k): v for k, v in row.items()} for row in table.to_dict("records")]


# -- the record --------------------------------------------------------------------------------


VERSION: Final = "1"
"""Version of the code behind the record (see :func:`kwev.study.made_from`)."""


def record(project: Project) -> study.Record:
    """Return the record of the comparison: what it is made from, and how."""
    tables = load_tables(project.processed)
    base = configuration.load("base", project.config)
    found = past(tables)
    case = Case("hindsight", config_of(base, found), "da")
    parts = study.made_from(tables_of(tables, found), case, VERSION)
    return study.Record(NAME, parts, lambda: make(project))


def make(project: Project, geography: str = "da") -> dict[str, Any]:
    """Return the comparison as plain values: what was built, what the plan would have built.

    Keys: ``cut``, ``newest``, ``quarter``, ``ev_then``, ``ev_now``; ``counts`` (places then, gone
    and come, by level); ``shares`` by network (``then``, ``built``, ``plan``, ``greedy``,
    ``random_low``, ``random_mid``, ``random_high``); ``actions`` and ``chosen`` of the plan,
    ``near`` (share of the new Level 2 stations with another one within the radius, as built and as
    planned), ``real`` (how many are places that were really used), ``gap``, ``violations``.
    """
    tables = load_tables(project.processed)
    base = configuration.load("base", project.config)
    found = past(tables)
    then, config = tables_of(tables, found), config_of(base, found)
    plan = solve_certified(then, Case("hindsight", config, geography)).plan
    ruler = Ruler(tables, then, config)
    drawn = _by_lot(then, found, config, ruler)
    shares = {
        "then": ruler.shares({level: found.offering(level, "older") for level in LEVELS}),
        "built": ruler.shares({level: found.offering(level, "newer") for level in LEVELS}),
        "plan": ruler.shares(network_of(found, then, plan.actions)),
        "greedy": ruler.shares(with_chosen(found, greedy(then, found, config))),
        **drawn,
    }
    return {
        "cut": found.cut,
        "newest": found.newest,
        "quarter": quarter_before(found.cut),
        "ev_then": float(then.das["ev"].sum()),
        "ev_now": float(tables.das["ev"].sum()),
        "counts": {
            level: {
                "then": len(found.offering(level, "older")),
                "went": len(found.went(level)),
                "came": len(found.came(level)),
                "now": len(found.offering(level, "newer")),
            }
            for level in LEVELS
        },
        "shares": shares,
        "actions": [f"{a.id}:{a.ports_added}" for a in plan.actions],
        "chosen": [_chosen(a) for a in plan.actions],
        "near": {
            "built": near_another(_rows(found.came("l2")), found.offering("l2", "newer"), base),
            "plan": near_another(
                network_of(found, then, plan.actions)["l2"][len(found.offering("l2", *BOTH)) :],
                network_of(found, then, plan.actions)["l2"],
                base,
            ),
        },
        "real": sum(a.place_id.startswith(REAL) for a in plan.actions),
        "gap": plan.solver.gap_solver,
        "violations": len(plan.certificate.violations) if plan.certificate else -1,
    }


def _chosen(action: Action) -> dict[str, Any]:
    return {
        "kind": action.kind,
        "name": action.name,
        "municipality": action.municipality,
        "category": action.category,
        "latitude": action.latitude,
        "longitude": action.longitude,
    }


def _by_lot(then: Tables, found: Past, config: Config, ruler: Ruler) -> dict[str, dict[str, float]]:
    """Return the shares that choices by lot reach: 5 %, the middle and 95 % of the draws."""
    generator = np.random.default_rng(SEED)
    drawn = pd.DataFrame(
        [
            ruler.shares(with_chosen(found, random_choice(then, found, config, generator)))
            for _ in range(DRAWS)
        ]
    )
    ends = (("random_low", 0.05), ("random_mid", 0.5), ("random_high", 0.95))
    return {name: {str(k): float(v) for k, v in drawn.quantile(q).items()} for name, q in ends}
