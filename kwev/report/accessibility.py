"""How many ports people have for themselves, and how unevenly they are spread.

Two-step floating catchment areas (Luo and Wang 2003, Luo and Qi 2009); Lorenz curve (1905), Gini
coefficient (1912), and the concentration index of Wagstaff, Paci and van Doorslaer (1991), which
orders people by means in the place of what they have.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from kwev.display import cartography, origins, style
from kwev.display.chart import Chart, require
from kwev.display.layers import Layer, graded
from kwev.display.series import Axis, Line, Panel
from kwev.display.table import Column, table
from kwev.display.values import Numbers, named
from kwev.errors import KwevError
from kwev.model.coverage import Level, Ruler, ruler_of
from kwev.report.effects import WHEN_NAMES, WHENS, Effects, When
from kwev.vocabulary import LEVEL_KEYS, LEVEL_NAMES, LEVELS

if TYPE_CHECKING:
    from pathlib import Path

    from kwev.data.tables import Tables
    from kwev.display.figure import Figure, Origin
    from kwev.display.table import Table
    from kwev.model.network import Places
    from kwev.plan.format import Plan
    from kwev.report.scenario import Report

Values = NDArray[np.float64]


def lorenz(values: Values, people: Values) -> pd.DataFrame:
    """Return the Lorenz curve: who has least first.

    Parameters
    ----------
    values
        Shape (n,): what each person of a place has, 0 or more, in any unit.
    people
        Shape (n,): people of each place.

    Returns
    -------
    pandas.DataFrame
        ``people`` and ``value``: shares of all people, and of all that they have, rising from
        (0, 0) to (1, 1). Where nobody has anything, everybody has as much: the diagonal.

    Raises
    ------
    KwevError
        If the arrays do not fit, something is negative, or there are no people.
    """
    return _curve(values, people, values)


def gini(values: Values, people: Values) -> float:
    """Return the Gini coefficient over people: 0 where all have as much, near 1 where one has all.

    Twice the area between the diagonal and :func:`lorenz`; unchanged where all values are
    multiplied by one number.
    """
    return _twice_area(lorenz(values, people))


def concentration(values: Values, people: Values, means: Values) -> float:
    """Return the concentration index: -1 to 1, positive where those of more means have more.

    Parameters
    ----------
    values, people
        As in :func:`lorenz`.
    means
        Shape (n,): income, or any order of people from poor to rich. People of equal means have
        one rank.
    """
    return _twice_area(_curve(values, people, means))


def _curve(values: Values, people: Values, order: Values) -> pd.DataFrame:
    """Return shares of people and values added up along an order, ties taken together."""
    if not len(values) == len(people) == len(order):
        raise KwevError("values, people and order differ in length", where="inequality")
    if (values < 0).any() or (people < 0).any() or not people.sum() > 0:
        raise KwevError("values and people must be 0 or more, with some people", where="inequality")
    _, group = np.unique(order, return_inverse=True)
    mass = np.bincount(group, weights=people)
    owned = np.bincount(group, weights=people * values)
    at = np.concatenate([[0.0], np.cumsum(mass)]) / mass.sum()
    total = owned.sum()
    have = np.concatenate([[0.0], np.cumsum(owned)]) / total if total > 0 else at
    return pd.DataFrame({"people": at, "value": have})


def _twice_area(curve: pd.DataFrame) -> float:
    at, have = curve["people"].to_numpy(), curve["value"].to_numpy()
    below = float((np.diff(at) * (have[1:] + have[:-1])).sum())
    return 1.0 - below


# -- Ports in reach.

Per = Literal["people", "ev"]
PER_THOUSAND: Final = 1_000.0

PLAIN: Final = ((1.0, 1.0),)
"""All of the radius counts alike (Luo and Wang 2003)."""

DECAY: Final = ((1 / 3, 1.0), (2 / 3, 0.68), (1.0, 0.22))
"""Outer end of each zone as a part of the radius, and its weight (Luo and Qi 2009, first set)."""

ZONES: Final = {"plain": PLAIN, "decay": DECAY}

Zones = tuple[tuple[float, float], ...]


@dataclass(frozen=True, eq=False)
class Supply:
    """Where ports of a level are: places, and ports of each (shape (m,))."""

    places: Places
    ports: Values


def two_step(near: sparse.csr_array, supply: Values, demand: Values) -> Values:
    """Return shape (n,): supply per unit of demand that each place has within reach.

    Parameters
    ----------
    near
        Shape (n, m): weight of station j for place i, 0 where out of reach.
    supply
        Shape (m,): what each station offers.
    demand
        Shape (n,): who asks at each place.

    Notes
    -----
    Supply that somebody reaches is handed out whole: ``demand @ two_step(...)`` is the supply of
    the stations with demand within reach.
    """
    asked = near.T @ demand
    ratio = np.divide(supply, asked, out=np.zeros(len(supply)), where=asked > 0)
    return np.asarray(near @ ratio, np.float64)


def nearness(  # noqa: PLR0913, PLR0917 - who, what, how far
    ruler: Ruler, level: Level, points: Places, places: Places, radius_m: float, zones: Zones
) -> sparse.csr_array:
    """Return shape (n, m): weight of the zone of each place around each point, 0 out of reach."""
    found = sparse.csr_array((len(points), len(places)), dtype=np.float64)
    # a place of a zone lies in every wider one: each adds what its weight is above the next one's
    weights = [weight for _, weight in zones]
    for (part, weight), after in zip(zones, [*weights[1:], 0.0], strict=True):
        inside = ruler.within(level, points, places, part * radius_m).astype(np.float64)
        found = sparse.csr_array(found + (weight - after) * inside)
    return found


def supply(effects: Effects, level: Level, when: When) -> Supply:
    """Return where a level is offered before or after the plan, and with how many ports."""
    places = getattr(effects.network[when], level)
    _, first = np.unique(places.ids, return_index=True)
    places = places[np.sort(first)]
    return Supply(places, _ports(effects, level, when, places.ids))


def _ports(effects: Effects, level: Level, when: When, ids: NDArray[np.str_]) -> Values:
    both = level == "l2" and effects.config.coverage.l3_counts_for_l2
    stations, ports = effects.stations, dict.fromkeys(ids.tolist(), 0)
    for one in LEVEL_KEYS if both else (level,):
        standing = getattr(stations, f"{one}_ports").tolist()
        changes = [
            (a.place_id, getattr(a, f"{one}_ports_after") - getattr(a, f"{one}_ports_before"))
            for a in (effects.plan.actions if when == "after" else ())
        ]
        for place, number in [*zip(stations.ids.tolist(), standing, strict=True), *changes]:
            if place in ports:
                ports[place] += number
    return np.array([ports[place] for place in ids.tolist()], np.float64)


def access(
    effects: Effects, level: Level, when: When, *, per: Per = "people", zones: Zones = PLAIN
) -> Values:
    """Return shape (n,): ports per 1,000 people, or per 1,000 EVs, that each cell has in reach."""
    here, offered = effects.cells, supply(effects, level, when)
    reach = effects.config.coverage
    radius_m = reach.l2_radius_m if level == "l2" else reach.l3_radius_m
    ruler = ruler_of(effects.tables, reach.metric)
    near = nearness(ruler, level, here.places, offered.places, radius_m, zones)
    demand = here.people if per == "people" else here.ev
    return PER_THOUSAND * two_step(near, offered.ports, demand)


def summary(effects: Effects) -> pd.DataFrame:
    """Return how accessibility stands and how evenly it is spread, before and after.

    Returns
    -------
    pandas.DataFrame
        ``level``, ``when``, ``zones`` (plain, decay), ``mean`` (ports per 1,000 people, over all
        people), ``per_ev`` (ports per 1,000 EVs, over all EVs), ``none`` (share of people with no
        port in reach), ``gini``, ``gini_reached`` (among people with a port in reach) and
        ``by_income`` (concentration index by median household income of the area).
    """
    parts = effects.parts
    by_da = effects.tables.da_profiles.set_index("da_id")["median_income_cad"]
    income, at = parts["da_id"].map(by_da).to_numpy(np.float64), parts["cell"].to_numpy()
    living, ev = effects.cells.people, effects.cells.ev
    rows = []
    for level, when, (name, zones) in product(LEVEL_KEYS, WHENS, ZONES.items()):
        values = access(effects, level, when, zones=zones)
        of_ev = access(effects, level, when, per="ev", zones=zones)
        some = values > 0
        inside = living[some].sum() > 0
        rows.append(
            {
                "level": level,
                "when": when,
                "zones": name,
                "mean": float(living @ values / living.sum()),
                "per_ev": float(ev @ of_ev / ev.sum()) if ev.sum() > 0 else 0.0,
                "none": float(living[~some].sum() / living.sum()),
                "gini": gini(values, living),
                "gini_reached": gini(values[some], living[some]) if inside else 0.0,
                "by_income": concentration(values[at], parts["people"].to_numpy(), income),
            }
        )
    return pd.DataFrame(rows)


def curves(effects: Effects, *, points: int = 200) -> pd.DataFrame:
    """Return the Lorenz curves of plain accessibility: ``level``, ``when``, ``people``, ``value``.

    Each curve is read at ``points`` equal steps of people, and where it leaves the ground.
    """
    parts = []
    for level, when in product(LEVEL_KEYS, WHENS):
        curve = lorenz(access(effects, level, when), effects.cells.people)
        ground = curve.loc[curve["value"] <= 0, "people"].max()
        at = np.union1d(np.linspace(0.0, 1.0, points + 1), ground)
        have = np.interp(at, curve["people"], curve["value"])
        parts.append(pd.DataFrame({"level": level, "when": when, "people": at, "value": have}))
    return pd.concat(parts, ignore_index=True)


def by_area(effects: Effects) -> pd.DataFrame:
    """Return accessibility by dissemination area, the mean over its people.

    Returns
    -------
    pandas.DataFrame
        ``da_id``, ``people``, and ``l2_before``, ``l2_after``, ``l3_before``, ``l3_after`` (ports
        per 1,000 people); areas without people have no row.
    """
    parts = effects.parts
    people, at = parts["people"].to_numpy(), parts["cell"].to_numpy()
    frame = pd.DataFrame({"da_id": parts["da_id"], "people": people})
    names = []
    for level, when in product(LEVEL_KEYS, WHENS):
        names.append(f"{level}_{when}")
        frame[names[-1]] = people * access(effects, level, when)[at]
    sums = frame.groupby("da_id", sort=True).sum()
    sums = sums[sums["people"] > 0]
    sums[names] = sums[names].div(sums["people"], axis=0)
    return sums.reset_index()


# -- Named values, table, chart and map.

EVEN: Final = 0.02
"""A concentration index or a change of Gini smaller than this is called none."""


def of_access(report: Report) -> Numbers:
    """Return how many ports people have in reach, and how evenly they are spread."""
    table = report.findings.access
    rows = table[table["zones"] == "plain"].set_index(["level", "when"])
    at = {f"{level}_{when}": rows.loc[(level, when)] for level, when in rows.index}
    before, after = at["l2_before"], at["l2_after"]
    return Numbers(
        named(
            "accessibility.summary",
            ratio={
                **{f"access_{key}": row["mean"] for key, row in at.items()},
                **{f"gini_{key}": row["gini"] for key, row in at.items()},
            },
            text={
                "access_income_words": income_sentence(before["by_income"], after["by_income"]),
                "gini_words": gini_words(before["gini"], after["gini"]),
            },
        )
    )


def _income_words(index: float) -> str:
    if abs(index) < EVEN:
        return "areas of all incomes have as many"
    return f"areas of {'lower' if index < 0 else 'higher'} income have more"


def income_sentence(before: float, after: float) -> str:
    """Return where the ports are by income, before and after a plan, without its full stop."""
    today, then = _income_words(before), _income_words(after)
    if today == then:
        return f"For each person {then}, today and with the plan"
    return f"For each person {today} today, and with the plan {then}"


def gini_words(before: float, after: float) -> str:
    """Return what a plan does to inequality, in words."""
    if abs(after - before) < EVEN:
        return "as uneven as before"
    return f"{'less' if after < before else 'more'} uneven than before"


def access_table(report: Report) -> Table:
    """Return ports in reach for themselves, and how evenly they are spread."""
    plain, decay = (
        report.findings.access.query("zones == @zones").reset_index(drop=True) for zones in ZONES
    )
    when = plain["when"].map(WHEN_NAMES).str.lower()
    frame = plain.assign(
        what=plain["level"].map(LEVEL_NAMES) + ", " + when, gini_decay=decay["gini"]
    )
    columns = (
        Column("what", "What"),
        Column("mean", "Ports per 1,000 people", format=".2f"),
        "per_ev none gini gini_reached gini_decay by_income",
    )
    return table("accessibility", frame, columns, origins.of_homes(report.origin))


_HALF: Final = 0.5


def lorenz_chart(found: pd.DataFrame, *, origin: Origin) -> Figure:
    """Show Lorenz curves before and after, one panel a level.

    Parameters
    ----------
    found
        As from :func:`curves`.
    """
    name = "lorenz"
    require(found, ("level", "when", "people", "value"), name)
    each, panels = [], []
    for level in LEVELS:
        parts = {
            when: found[(found["level"] == level.key) & (found["when"] == when)] for when in WHENS
        }
        half = {w: float(np.interp(_HALF, p["people"], p["value"])) for w, p in parts.items()}
        each.append(
            f"{level.name}: the half of the people with least has {half['before']:.0%} of the "
            f"ports today and {half['after']:.0%} with the plan"
        )
        lines = [Line(x=[0, 1], y=[0, 1], colour=style.LINE, label="All have as much", width=1.5)]
        lines += [
            Line(
                x=part["people"].tolist(), y=part["value"].tolist(), label=WHEN_NAMES[when],
                colour=level.colour if when == "after" else style.EXISTING,
                dash="solid" if when == "after" else "dash", width=2.4,
                hover="%{x:.0%} of people: %{y:.1%} of ports",
            )
            for when, part in parts.items()
        ]  # fmt: skip
        panels.append(
            Panel(
                title=level.name,
                series=lines,
                x=Axis(title="People, least served first (%)", form="share", span=(0, 1)),
                y=Axis(title="Ports in their reach (%)", form="share", span=(0, 1)),
            )
        )
    return Chart(
        name=name,
        alt=f"Lorenz curves of ports within reach. {'; '.join(each)}.",
        origin=origin,
        data=found,
        panels=panels,
        across=2,
        height_px=400,
        height_in=3.0,
    ).figure()


_FACTS: Final[tuple[str | Column, ...]] = (
    "municipality people",
    *(
        Column(f"{level.key}_{when}", words, format=",.2f")
        for level in LEVELS
        for when, words in (
            ("before", f"{level.name} ports per 1,000 people, today"),
            ("after", "with the plan"),
        )
    ),
)


def access_map(
    tables: Tables, plan: Plan, found: pd.DataFrame, *, folder: Path | None = None
) -> Figure:
    """Map Level 2 ports within reach per 1,000 people with the plan; areas have all four figures.

    Parameters
    ----------
    found
        As from :func:`by_area`.
    """
    shape = cartography.areas("das", "da_id", folder, tolerance_m=55.0)[["da_id", "geometry"]]
    towns = cartography.named(tables, tables.das[["da_id", "municipality_id"]])
    frame = shape.merge(towns, on="da_id", validate="one_to_one")
    frame = frame.merge(found, on="da_id", validate="one_to_one").reset_index(drop=True)
    frame["mark"], marks = graded(frame["l2_after"].tolist(), style.SEQUENCE, ",.3g", style.PAPER)
    layer = Layer(
        "Accessibility", frame, marks, title="da_id", facts=_FACTS,
        heading="Level 2 ports per 1,000 people, with the plan",
    )  # fmt: skip
    none = int((frame["l2_after"] <= 0).sum())
    alt = (
        f"Map of Level 2 ports within reach per 1,000 people with the plan in {len(frame)} "
        f"dissemination areas: none in {none}, median {frame['l2_after'].median():.2f}, most "
        f"{frame['l2_after'].max():.1f}."
    )
    layers = [layer, *cartography.borders(tables, folder)]
    return cartography.build("map-accessibility", alt, origins.plan(tables, plan), layers)
