"""How many ports people have for themselves: two-step floating catchment areas.

A station within reach is worth less where many others reach it too. Step one divides the ports of
each station by the people within its radius; step two adds up, for each place, the ratios of the
stations within its own radius (Luo and Wang 2003). Luo and Qi (2009) let distance count: in three
zones of the radius with weights that fall.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import pandas as pd
from scipy import sparse

from kwev.analysis import inequality
from kwev.analysis.effects import LEVELS, WHENS
from kwev.coverage import ruler_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kwev.analysis.effects import Effects, When
    from kwev.coverage import Level, Ruler
    from kwev.places import Places

    Values = NDArray[np.float64]

Per = Literal["people", "ev"]

PER_THOUSAND: Final = 1_000.0

PLAIN: Final = ((1.0, 1.0),)
"""All of the radius counts alike (Luo and Wang 2003)."""

DECAY: Final = ((1 / 3, 1.0), (2 / 3, 0.68), (1.0, 0.22))
"""Outer end of each zone as a part of the radius, and its weight (Luo and Qi 2009, first set)."""

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
    counted = (
        ("l2", "l3") if level == "l2" and effects.config.coverage.l3_counts_for_l2 else (level,)
    )
    stations = effects.stations
    ports = dict.fromkeys(ids.tolist(), 0)
    for one in counted:
        standing = zip(
            stations.ids.tolist(), getattr(stations, f"{one}_ports").tolist(), strict=True
        )
        for place, number in standing:
            if place in ports:
                ports[place] += number
        for action in effects.plan.actions if when == "after" else ():
            if action.place_id in ports:
                after = getattr(action, f"{one}_ports_after")
                ports[action.place_id] += after - getattr(action, f"{one}_ports_before")
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


def incomes(effects: Effects) -> tuple[NDArray[np.int64], Values, Values]:
    """Return cell, people and median household income (CAD) of each part of a cell."""
    parts, cells = effects.tables.cell_parts, effects.cells
    by_da = effects.tables.da_profiles.set_index("da_id")["median_income_cad"]
    at = pd.Index(cells.ids).get_indexer(pd.Index(parts["cell_id"]))
    income = parts["da_id"].map(by_da).to_numpy(np.float64)
    return at.astype(np.int64), parts["population"].to_numpy(np.float64), income


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
    at, people, income = incomes(effects)
    rows = []
    for level in LEVELS:
        for when in WHENS:
            for name, zones in (("plain", PLAIN), ("decay", DECAY)):
                values = access(effects, level, when, zones=zones)
                of_ev = access(effects, level, when, per="ev", zones=zones)
                living, ev = effects.cells.people, effects.cells.ev
                some = values > 0
                rows.append(
                    {
                        "level": level,
                        "when": when,
                        "zones": name,
                        "mean": float(living @ values / living.sum()),
                        "per_ev": float(ev @ of_ev / ev.sum()) if ev.sum() > 0 else 0.0,
                        "none": float(living[~some].sum() / living.sum()),
                        "gini": inequality.gini(values, living),
                        "gini_reached": inequality.gini(values[some], living[some])
                        if living[some].sum() > 0
                        else 0.0,
                        "by_income": inequality.concentration(values[at], people, income),
                    }
                )
    return pd.DataFrame(rows)


def curves(effects: Effects, *, points: int = 200) -> pd.DataFrame:
    """Return the Lorenz curves of plain accessibility: ``level``, ``when``, ``people``, ``value``.

    Each curve is read at ``points`` equal steps of people, and where it leaves the ground.
    """
    parts = []
    for level in LEVELS:
        for when in WHENS:
            curve = inequality.lorenz(access(effects, level, when), effects.cells.people)
            at = np.union1d(
                np.linspace(0.0, 1.0, points + 1), curve.loc[curve["value"] <= 0, "people"].max()
            )
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
    parts = effects.tables.cell_parts
    at = pd.Index(effects.cells.ids).get_indexer(pd.Index(parts["cell_id"]))
    people = parts["population"].to_numpy(np.float64)
    frame = pd.DataFrame({"da_id": parts["da_id"].to_numpy(), "people": people})
    names = []
    for level in LEVELS:
        for when in WHENS:
            name = f"{level}_{when}"
            frame[name] = people * access(effects, level, when)[at]
            names.append(name)
    sums = frame.groupby("da_id", sort=True).sum()
    sums = sums[sums["people"] > 0]
    for name in names:
        sums[name] /= sums["people"]
    return sums.reset_index()
