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
import plotly.graph_objects as go
from scipy import sparse

from kwev.certify import Measure, Points, evs
from kwev.config import Case, load_config
from kwev.data.tables import load_tables
from kwev.display import style
from kwev.display.chart import chart, require
from kwev.display.figure import Origin, rows
from kwev.display.table import Column, table
from kwev.display.values import Number, Numbers
from kwev.files import sha256_json
from kwev.pipeline.geometry import project as to_metres
from kwev.report.inventories import COMPARED, dated
from kwev.studies import records
from kwev.studies.store import solve_certified
from kwev.units import POINTS
from kwev.vocabulary import LEVEL_KEYS, LEVEL_NAMES, TARGET_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from kwev.certify.actions import Level, Row
    from kwev.config import Config
    from kwev.data.tables import Tables
    from kwev.display.figure import Figure
    from kwev.display.table import Table
    from kwev.plan.format import Action
    from kwev.project import Project
    from kwev.report.scenario import Report

SAME_PLACE_M: Final = 50.0
"""A record that is gone and one that came this near are one place, listed anew (m)."""
NAME: Final = "hindsight"
DRAWS, SEED = 60, 0
"""Random choices of sites that the plan is held against."""
REAL: Final = "real_"
"""How the id of a candidate begins that stands where a station was really built."""
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
        .rename(columns={f"{level}_ports": f"{level}_{name}" for level in LEVEL_KEYS})
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
    for level in LEVEL_KEYS:
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
    came = {level: set(found.came(level)["place_id"]) for level in LEVEL_KEYS}
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
        points = Points.read(self.tables, "cell", evs(self.tables, "now", "cell"))
        earlier = Points.read(self.then, "cell", evs(self.then, "now", "cell"))
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
    chosen: dict[str, list[Row]] = {
        level: [
            sites.get(a.place_id) or stations[a.place_id]
            for a in actions
            if getattr(a, f"{level}_ports_after") > getattr(a, f"{level}_ports_before")
        ]
        for level in LEVEL_KEYS
    }
    return with_chosen(found, chosen)


def with_chosen(found: Past, chosen: dict[str, list[Row]]) -> dict[str, list[Row]]:
    """Return the places by level: those that stand in both snapshots, and the chosen ones."""
    return {level: found.offering(level, *BOTH) + chosen[level] for level in LEVEL_KEYS}


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
    points = Points.read(then, "da", evs(then, "now", "da"))
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
"""Version of the code behind the record (see :func:`kwev.studies.study.made_from`)."""


def record(project: Project) -> records.Record:
    """Return the record of the comparison: what it is made from, and how."""
    tables = load_tables(project.processed)
    base = load_config("base", project.config)
    found = past(tables)
    case = Case("hindsight", config_of(base, found), "da")
    parts = records.made_from(tables_of(tables, found), case, VERSION)
    return records.Record(NAME, parts, lambda: make(project))


def make(project: Project, geography: str = "da") -> dict[str, Any]:
    """Return the comparison as plain values: what was built, what the plan would have built.

    Keys: ``cut``, ``newest``, ``quarter``, ``ev_then``, ``ev_now``; ``counts`` (places then, gone
    and come, by level); ``shares`` by network (``then``, ``built``, ``plan``, ``greedy``,
    ``random_low``, ``random_mid``, ``random_high``); ``actions`` and ``chosen`` of the plan,
    ``near`` (share of the new Level 2 stations with another one within the radius, as built and as
    planned), ``real`` (how many are places that were really used), ``gap``, ``violations``.
    """
    tables = load_tables(project.processed)
    base = load_config("base", project.config)
    found = past(tables)
    then, config = tables_of(tables, found), config_of(base, found)
    plan = solve_certified(then, Case("hindsight", config, geography)).plan
    ruler = Ruler(tables, then, config)
    drawn = _by_lot(then, found, config, ruler)
    shares = {
        "then": ruler.shares({level: found.offering(level, "older") for level in LEVEL_KEYS}),
        "built": ruler.shares({level: found.offering(level, "newer") for level in LEVEL_KEYS}),
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
            for level in LEVEL_KEYS
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


# -- What hindsight says, in sentences derived from its record.

CLOSE_POINTS = 0.5
"""Differences up to this are told as none (points)."""


def against(shares: Mapping[str, Mapping[str, float]], level: str) -> str:
    """Return how the plan stands to what was built at a level."""
    built, plan = shares["built"][level], shares["plan"][level]
    more = POINTS * (plan - built)
    who = "people near a charger"
    if abs(more) <= CLOSE_POINTS:
        return f"what was built and the plan bring about as many {who}, {built:.1%} and {plan:.1%}"
    side = "more" if more > 0 else "less"
    return (
        f"what was built brings {built:.1%} of the {who}; the plan would have brought {plan:.1%}, "
        f"{abs(more):.1f} points {side}"
    )


def by_lot(shares: Mapping[str, Mapping[str, float]], level: str) -> str:
    """Return how what was built stands to sites chosen by lot at a level."""
    built = shares["built"][level]
    low, mid, high = (shares[f"random_{end}"][level] for end in ("low", "mid", "high"))
    who, among = f"at {LEVEL_NAMES[level]}", "people than nearly all choices by lot"
    if built < low:
        return f"{who} it reaches fewer {among}, whose middle is {mid:.1%}"
    if built > high:
        return f"{who} it reaches more {among}, whose middle is {mid:.1%}"
    return (
        f"{who} it reaches as many people as choices by lot may, nine tenths of which lie between "
        f"{low:.1%} and {high:.1%}"
    )


def simple_rule(shares: Mapping[str, Mapping[str, float]]) -> str:
    """Return what the model adds to the rule of most people first."""
    gaps = {
        level: POINTS * (shares["plan"][level] - shares["greedy"][level]) for level in LEVEL_NAMES
    }
    if all(abs(gap) <= CLOSE_POINTS for gap in gaps.values()):
        return (
            "taking the site that reaches most people, time after time, does as well as the model "
            "where neither budget nor energy binds"
        )
    parts = [
        f"{abs(gap):.1f} points {'more' if gap > 0 else 'fewer'} at {LEVEL_NAMES[level]}"
        for level, gap in gaps.items()
    ]
    return (
        f"against taking the site that reaches most people, time after time, the model reaches "
        f"{' and '.join(parts)}"
    )


def clustered(near: Mapping[str, Any]) -> str:
    """Return why: how many new Level 2 stations stand within reach of another."""
    built, plan = float(near["built"]), float(near["plan"])
    if built > plan:
        return (
            f"{built:.0%} of the new Level 2 stations that were built stand within the radius of "
            f"another one, and {plan:.0%} of those planned: what stands close together reaches the "
            f"same people"
        )
    return (
        f"{built:.0%} of the new Level 2 stations that were built stand within the radius of "
        f"another one, and {plan:.0%} of those planned"
    )


# -- The chart of hindsight: what was built, what a plan would have reached, what chance gives.

_MARKS: dict[str, tuple[str, str, str, str, int]] = {
    "then": ("Network of 2022", style.EXISTING, "circle", "o", 12),
    "built": ("Really built", style.L3, "square", "s", 13),
    "greedy": ("Most people first", style.GOOD, "x", "x", 10),
    "plan": ("The plan", style.L2, "diamond", "D", 13),
}
"""Words, colour, mark (plotly, matplotlib) and size of a network."""
_LOT = "Chosen by lot: nine tenths"
_TITLE = "Share reached (%)"


def compared(df: pd.DataFrame, *, origin: Origin, name: str = "hindsight") -> Figure:
    """Show what each network reaches, by measure.

    Parameters
    ----------
    df
        Columns ``name`` (of the measure), ``then``, ``built``, ``plan``, ``greedy``,
        ``random_low``, ``random_high`` (shares).
    """
    require(df, ("name", *_MARKS, "random_low", "random_high"), name)
    each = [
        f"{r.name}: {r.then:.1%} in 2022, {r.built:.1%} as built, {r.plan:.1%} with the plan, "
        f"{r.random_low:.1%} to {r.random_high:.1%} by lot"
        for r in rows(df)
    ]
    height = 170 + 75 * len(df)
    return chart(
        (name, f"What each network reaches. {'; '.join(each)}.", origin, df, height),
        lambda: _plotly(df, height),
        lambda canvas: _draw(canvas, df),
        height_in=1.2 + 0.5 * len(df),
    )


def _plotly(df: pd.DataFrame, height_px: int) -> go.Figure:
    figure = go.Figure(layout=style.plotly_layout(height_px=height_px))
    names = df["name"].tolist()
    for index, row in enumerate(rows(df)):
        figure.add_scatter(
            x=[row.random_low, row.random_high],
            y=[row.name, row.name],
            mode="lines",
            name=_LOT,
            line={"color": style.LINE, "width": 9},
            showlegend=index == 0,
            hovertemplate="%{y}<br>by lot: %{x:.1%}<extra></extra>",
        )
    for key, (words, colour, symbol, _, size) in _MARKS.items():
        figure.add_scatter(
            x=df[key].tolist(),
            y=names,
            mode="markers",
            name=words,
            marker={"symbol": symbol, "size": size, "color": colour},
            hovertemplate="%{y}<br>" + words + ": %{x:.1%}<extra></extra>",
        )
    figure.update_xaxes(range=[0, 1.03], tickformat=".0%", title_text=_TITLE)
    figure.update_yaxes(
        showgrid=False, autorange="reversed", categoryorder="array", categoryarray=names
    )
    return figure


def _draw(canvas: Any, df: pd.DataFrame) -> None:
    axes = canvas.subplots()
    at = range(len(df))
    axes.hlines(
        at, 100 * df["random_low"], 100 * df["random_high"], color=style.LINE, linewidth=6,
        label=_LOT,
    )  # fmt: skip
    for key, (words, colour, _, mark, _) in _MARKS.items():
        axes.plot(100 * df[key], at, mark, color=colour, markersize=6, label=words)
    axes.set_yticks(at, df["name"].tolist())
    axes.set_ylim(len(df) - 0.5, -0.5)
    axes.set_xlim(0, 103)
    axes.grid(axis="y", visible=False)
    axes.set_xlabel(_TITLE)
    canvas.legend(loc="outside upper left", ncols=3, columnspacing=2)


# -- Numbers of what a plan of 2022 would have reached by 2025.

_ORIGIN = "hindsight: data/results/hindsight.json"
"""Its plan stops at a gap, so its numbers have the tolerance of a plan's."""


def of_hindsight(report: Report) -> Numbers:
    """Return the numbers of hindsight."""
    record = report.hindsight
    shares, counts = record["shares"], record["counts"]
    numbers = [
        Number("hind_cut", record["cut"], "text", _ORIGIN),
        Number("hind_newest", record["newest"], "text", _ORIGIN),
        Number("hind_ev_then", record["ev_then"], "EV", _ORIGIN),
        Number("hind_ev_now", record["ev_now"], "EV", _ORIGIN),
        Number("hind_draws", DRAWS, "count", "hindsight.DRAWS"),
        Number("hind_real", record["real"], "count", _ORIGIN),
        Number("hind_violations", record["violations"], "count", _ORIGIN),
        Number("hind_rule", simple_rule(shares), "text", _ORIGIN),
        Number("hind_near", clustered(record["near"]), "text", _ORIGIN),
    ]
    for level in LEVEL_KEYS:
        numbers += [
            Number(f"hind_{level}_{key}", counts[level][key], "count", _ORIGIN)
            for key in ("then", "went", "came", "now")
        ]
        numbers += [
            Number(f"hind_{level}_before", shares["then"][level], "share", _ORIGIN),
            Number(f"hind_{level}_built", shares["built"][level], "share", _ORIGIN),
            Number(f"hind_{level}_plan", shares["plan"][level], "share", _ORIGIN),
            Number(f"hind_{level}_against", against(shares, level), "text", _ORIGIN),
            Number(f"hind_{level}_lot", by_lot(shares, level), "text", _ORIGIN),
        ]
    return Numbers(numbers)


# -- Table and figure of what a plan of 2022 would have reached by 2025.

_NETWORKS = {
    "then": "The network of 2022",
    "built": "What was really built by 2025",
    "random_mid": "As many sites by lot: the middle",
    "greedy": "As many sites, most people first",
    "plan": "The plan of 2022",
}


def hindsight(report: Report) -> Table:
    """Return what each network reaches: people by level, vehicles of today and of 2022."""
    shares = report.hindsight["shares"]
    frame = pd.DataFrame([{"network": words, **shares[key]} for key, words in _NETWORKS.items()])
    columns = (
        Column("network", "Network"),
        "l2 l3",
        Column("ev_owners", "Today's EVs near either", format=".1%"),
        "ev_owners_then",
    )
    return table("hindsight", frame, columns, _origin(report.hindsight))


def hindsight_chart(report: Report) -> Figure:
    """Return what each network reaches as a chart."""
    shares = report.hindsight["shares"]
    names = {"l2": TARGET_NAMES["l2"], "l3": TARGET_NAMES["l3"], "ev_owners": "Today's EVs"}
    frame = pd.DataFrame(
        [
            {"name": words, **{network: shares[network][key] for network in shares}}
            for key, words in names.items()
        ]
    )
    return compared(frame, origin=_origin(report.hindsight))


def _origin(record: dict[str, Any]) -> Origin:
    return Origin(
        "Natural Resources Canada, two snapshots filtered alike; Statistics Canada; kwev",
        f"{record['cut']} and {record['newest']}",
    )
