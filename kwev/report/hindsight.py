"""What a plan made in 2022 would have reached, beside what was really built by 2025.

The plan knows the network and the vehicles of 2022 (:mod:`kwev.report.past`), and may choose among
today's candidates and the places that were really used. It gets as many stations of each level as
really came, one port each: ports reach nobody. Money does not bind, what a place can draw does.
Stations of 2022 that have gone since are taken from the plan as from the world before both are
measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from scipy import sparse

from kwev.certify import Measure, Points, evs
from kwev.config import Case
from kwev.data.tables import load_tables
from kwev.display import style
from kwev.display.chart import Chart, require
from kwev.display.figure import Origin, rows
from kwev.display.series import Axis, Bars, Line, Panel
from kwev.display.table import Column, table
from kwev.display.values import Number, Numbers, named
from kwev.model.siting import candidates, power_limit_kw
from kwev.report import sweeps
from kwev.report.memory import once
from kwev.report.past import BOTH, REAL, Past, config_of, past, quarter_before, rows_of, tables_of
from kwev.studies import study
from kwev.studies.store import solve_certified
from kwev.units import POINTS
from kwev.vocabulary import LEVEL_KEYS, TARGET_NAMES

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

NAME: Final = "hindsight"
DRAWS, SEED = 60, 0
"""Random choices of sites that the plan is held against."""


@dataclass(frozen=True)
class Ruler:
    """Measures networks on the cells, with the people and vehicles of today and of then."""

    tables: Tables
    then: Tables
    """The tables of the older snapshot."""
    config: Config
    """The scenario, for radii and metric."""

    def shares(self, network: Mapping[Any, list[Row]]) -> dict[str, float]:
        """Return the shares reached: people by level, and EVs of today (and then) by either."""
        points = Points.read(self.tables, "cell", evs(self.tables, "now", "cell"))
        earlier = Points.read(self.then, "cell", evs(self.then, "now", "cell"))
        measure = Measure(self.then, self.config)  # it knows the places of both snapshots
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
    sites = {str(row["site_id"]): row for row in rows_of(then.sites)}
    stations = {str(row["station_id"]): row for row in rows_of(then.stations)}
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

    On the cells, as the plan; fast chargers first, a candidate is taken once.
    """
    points = Points.read(then, "cell", evs(then, "now", "cell"))
    measure, sites = Measure(then, config), _candidates(then, config)
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
    sites = _candidates(then, config)
    fast = np.flatnonzero(_hosts_l3(sites, config))
    l3 = generator.choice(fast, len(found.came("l3")), replace=False)
    rest = np.setdiff1d(np.arange(len(sites)), l3)
    l2 = generator.choice(rest, len(found.came("l2")), replace=False)
    return {"l2": [sites[i] for i in l2], "l3": [sites[i] for i in l3]}


def _candidates(then: Tables, config: Config) -> list[Row]:
    sites = candidates(then, config)
    return rows_of(sites[sites["station_id"] == ""])


def _hosts_l3(sites: list[Row], config: Config) -> NDArray[np.bool_]:
    kw = power_limit_kw(
        config,
        np.array([(row["easting_m"], row["northing_m"]) for row in sites], float).reshape(-1, 2),
        np.array([row["grid_kw"] for row in sites], float),
    )
    return np.asarray(kw >= config.ports.min_l3 * config.power.l3_kw)


# -- the record --------------------------------------------------------------------------------

VERSION: Final = "2"
"""Version of the code behind the record (see :func:`kwev.studies.study.made_from`)."""


def record(project: Project) -> study.Record:
    """Return the record of the comparison: what it is made from, and how."""
    tables = load_tables(project.processed)
    base = sweeps.published(project)
    found = past(tables)
    case = Case("hindsight", config_of(base, found), sweeps.GEOGRAPHY)
    parts = study.made_from(tables_of(tables, found), case, VERSION)
    return study.Record(NAME, parts, lambda: make(project))


def make(project: Project, geography: str = sweeps.GEOGRAPHY) -> dict[str, Any]:
    """Return the comparison as plain values: what was built, what the plan would have built.

    Keys: ``cut``, ``newest``, ``quarter``, ``ev_then``, ``ev_now``; ``counts`` (places then, gone
    and come, by level); ``shares`` by network (``then``, ``built``, ``plan``, ``greedy``,
    ``random_low``, ``random_mid``, ``random_high``); ``actions`` and ``chosen`` of the plan,
    ``near`` (share of the new Level 2 stations with another one within the radius, as built and as
    planned), ``real`` (how many are places that were really used), ``gap``, ``violations``.
    """
    tables = load_tables(project.processed)
    base = sweeps.published(project)
    found = past(tables)
    then, config = tables_of(tables, found), config_of(base, found)
    plan = solve_certified(then, Case("hindsight", config, geography)).plan
    ruler = Ruler(tables, then, config)
    older, newer = ({level: found.offering(level, when) for level in LEVEL_KEYS} for when in BOTH)
    planned, standing = network_of(found, then, plan.actions), len(found.offering("l2", *BOTH))
    shares = {
        "then": ruler.shares(older),
        "built": ruler.shares(newer),
        "plan": ruler.shares(planned),
        "greedy": ruler.shares(with_chosen(found, greedy(then, found, config))),
        **_by_lot(then, found, config, ruler),
    }
    return {
        "cut": found.cut,
        "newest": found.newest,
        "quarter": quarter_before(found.cut),
        "ev_then": float(then.das["ev"].sum()),
        "ev_now": float(tables.das["ev"].sum()),
        "counts": {
            level: {"then": len(older[level]), "went": len(found.went(level)),
                    "came": len(found.came(level)), "now": len(newer[level])}
            for level in LEVEL_KEYS
        },
        "shares": shares,
        "actions": [f"{a.id}:{a.ports_added}" for a in plan.actions],
        "chosen": [{name: getattr(a, name) for name in _CHOSEN} for a in plan.actions],
        "near": {
            "built": near_another(rows_of(found.came("l2")), newer["l2"], base),
            "plan": near_another(planned["l2"][standing:], planned["l2"], base),
        },
        "real": sum(a.place_id.startswith(REAL) for a in plan.actions),
        "gap": plan.gap_said,
        "violations": len(plan.certificate.violations) if plan.certificate else -1,
    }  # fmt: skip


_CHOSEN: Final = ("kind", "name", "municipality", "category", "latitude", "longitude")


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


# -- named values, table and chart -------------------------------------------------------------

_ORIGIN: Final = "hindsight: data/results/hindsight.json"
"""Its plan stops at a gap, so its numbers have the tolerance of a plan's."""

_NETWORKS: Final = {
    "then": "The network of 2022",
    "built": "What was really built by 2025",
    "random_mid": "As many sites by lot: the middle",
    "greedy": "As many sites, most people first",
    "plan": "The plan of 2022",
}

_MARKS: Final[dict[str, tuple[str, str, Any, int]]] = {
    "then": ("Network of 2022", style.EXISTING, "circle", 12),
    "built": ("Really built", style.L3, "square", 13),
    "greedy": ("Most people first", style.GOOD, "cross", 10),
    "plan": ("The plan", style.L2, "diamond", 13),
}
"""Words, colour, mark and size of a network."""


@once
def numbers(report: Report) -> Numbers:
    """Return the numbers of hindsight."""
    record = report.hindsight
    shares, counts = record["shares"], record["counts"]
    found = [
        *named(_ORIGIN, record, "hind_", text="cut newest", ev="ev_then ev_now",
               count="real violations"),
        Number("hind_draws", DRAWS, "count", "hindsight.DRAWS"),
        *(Number(f"hind_near_{key}", share, "share", _ORIGIN, "{:.0%}")
          for key, share in record["near"].items()),
    ]  # fmt: skip
    for level in LEVEL_KEYS:
        built, plan, greedy = (shares[name][level] for name in ("built", "plan", "greedy"))
        found += [
            *named(_ORIGIN, counts[level], f"hind_{level}_", count="then went came now"),
            *named(_ORIGIN, None, f"hind_{level}_", text={"lot": by_lot(shares, level)},
                   share={"built": built, "plan": plan}),
            *(Number(f"hind_{level}_{name}", POINTS * (plan - other), "points", _ORIGIN, "{:+.1f}")
              for name, other in (("gain", built), ("over_rule", greedy))),
        ]  # fmt: skip
    return Numbers(found)


def by_lot(shares: Mapping[str, Mapping[str, float]], level: str) -> str:
    """Return how what was built stands to sites chosen by lot at a level."""
    built = shares["built"][level]
    low, mid, high = (shares[f"random_{end}"][level] for end in ("low", "mid", "high"))
    among = "people than nearly all choices by lot"
    if built < low:
        return f"it reaches fewer {among}, whose middle is {mid:.1%}"
    if built > high:
        return f"it reaches more {among}, whose middle is {mid:.1%}"
    return (
        f"it reaches as many people as choices by lot may, nine tenths of which lie between "
        f"{low:.1%} and {high:.1%}"
    )


def hindsight_table(report: Report) -> Table:
    """Return what each network reaches: people by level, vehicles of today and of 2022."""
    shares = report.hindsight["shares"]
    frame = pd.DataFrame([{"network": words, **shares[key]} for key, words in _NETWORKS.items()])
    today = Column("ev_owners", "Today's EVs near either", format=".1%")
    columns = (Column("network", "Network"), "l2 l3", today, "ev_owners_then")
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


def compared(df: pd.DataFrame, *, origin: Origin, name: str = "hindsight") -> Figure:
    """Show what each network reaches, by measure.

    ``df`` has columns ``name`` (of the measure), ``then``, ``built``, ``plan``, ``greedy``,
    ``random_low``, ``random_high`` (shares).
    """
    require(df, ("name", *_MARKS, "random_low", "random_high"), name)
    each = [
        f"{r.name}: {r.then:.1%} in 2022, {r.built:.1%} as built, {r.plan:.1%} with the plan, "
        f"{r.random_low:.1%} to {r.random_high:.1%} by lot"
        for r in rows(df)
    ]
    names, low = df["name"].tolist(), df["random_low"]
    lot = "Chosen by lot: nine tenths"
    series: list[Bars | Line] = [
        Bars(at=names, size=(df["random_high"] - low).tolist(), start=low.tolist(), lying=True,
             colour=style.LINE, thick=0.2, label=lot, facts=df[["random_high"]].to_numpy().tolist(),
             hover="%{y}<br>by lot: %{base:.1%} to %{customdata[0]:.1%}<extra></extra>"),
        *(Line(x=df[key].tolist(), y=names, dash="", label=words, colour=colour, mark=mark,
               size=size, hover="%{y}<br>" + words + ": %{x:.1%}<extra></extra>")
          for key, (words, colour, mark, size) in _MARKS.items()),
    ]  # fmt: skip
    x = Axis(title="Share reached (%)", form="share", span=(0, 1.03))
    y = Axis(flipped=True)
    return Chart(
        name=name, alt=f"What each network reaches. {'; '.join(each)}.", origin=origin, data=df,
        panels=[Panel(series=series, x=x, y=y)], height_px=170 + 75 * len(df),
        height_in=1.2 + 0.5 * len(df),
    ).figure()  # fmt: skip


def _origin(record: dict[str, Any]) -> Origin:
    return Origin(
        "Natural Resources Canada, two snapshots filtered alike; Statistics Canada; kwev",
        f"{record['cut']} and {record['newest']}",
    )
