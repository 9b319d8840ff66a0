"""How unevenly something is spread over people: Lorenz curve, Gini and concentration index.

Sources: Lorenz (1905), Gini (1912); the concentration index of Wagstaff, Paci and van Doorslaer
(1991), which orders people by means in the place of what they have.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import pandas as pd
from matplotlib.ticker import PercentFormatter
from numpy.typing import NDArray
from plotly.subplots import make_subplots
from scipy import sparse

from kwev.display import cartography, origins, style
from kwev.display.chart import chart, require
from kwev.display.layers import Layer, graded
from kwev.display.table import Column
from kwev.errors import KwevError
from kwev.model.coverage import Level, Ruler, ruler_of
from kwev.report.effects import WHENS, Effects, When
from kwev.vocabulary import LEVEL_KEYS

if TYPE_CHECKING:
    from pathlib import Path

    import plotly.graph_objects as go

    from kwev.data.tables import Tables
    from kwev.display.figure import Figure, Origin
    from kwev.model.network import Places
    from kwev.plan.format import Plan

if TYPE_CHECKING:
    from numpy.typing import NDArray

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


# -- How many ports people have for themselves: two-step floating catchment areas.

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Values_catchment = NDArray[np.float64]

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
    ports: Values_catchment


def two_step(
    near: sparse.csr_array, supply: Values_catchment, demand: Values_catchment
) -> Values_catchment:
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


def _ports(effects: Effects, level: Level, when: When, ids: NDArray[np.str_]) -> Values_catchment:
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
) -> Values_catchment:
    """Return shape (n,): ports per 1,000 people, or per 1,000 EVs, that each cell has in reach."""
    here, offered = effects.cells, supply(effects, level, when)
    reach = effects.config.coverage
    radius_m = reach.l2_radius_m if level == "l2" else reach.l3_radius_m
    ruler = ruler_of(effects.tables, reach.metric)
    near = nearness(ruler, level, here.places, offered.places, radius_m, zones)
    demand = here.people if per == "people" else here.ev
    return PER_THOUSAND * two_step(near, offered.ports, demand)


def incomes(effects: Effects) -> tuple[NDArray[np.int64], Values_catchment, Values_catchment]:
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
    for level in LEVEL_KEYS:
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
                        "gini": gini(values, living),
                        "gini_reached": gini(values[some], living[some])
                        if living[some].sum() > 0
                        else 0.0,
                        "by_income": concentration(values[at], people, income),
                    }
                )
    return pd.DataFrame(rows)


def curves(effects: Effects, *, points: int = 200) -> pd.DataFrame:
    """Return the Lorenz curves of plain accessibility: ``level``, ``when``, ``people``, ``value``.

    Each curve is read at ``points`` equal steps of people, and where it leaves the ground.
    """
    parts = []
    for level in LEVEL_KEYS:
        for when in WHENS:
            curve = lorenz(access(effects, level, when), effects.cells.people)
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
    for level in LEVEL_KEYS:
        for when in WHENS:
            name = f"{level}_{when}"
            frame[name] = people * access(effects, level, when)[at]
            names.append(name)
    sums = frame.groupby("da_id", sort=True).sum()
    sums = sums[sums["people"] > 0]
    for name in names:
        sums[name] /= sums["people"]
    return sums.reset_index()


# -- The map of accessibility: how many ports people have for themselves, by dissemination area.

_FACTS: Final = (
    "municipality people",
    Column("l2_before", "Level 2 ports per 1,000 people, today", format=",.2f"),
    Column("l2_after", "with the plan", format=",.2f"),
    Column("l3_before", "Level 3 ports per 1,000 people, today", format=",.2f"),
    Column("l3_after", "with the plan", format=",.2f"),
)


def accessibility(
    tables: Tables, plan: Plan, found: pd.DataFrame, *, folder: Path | None = None
) -> Figure:
    """Map Level 2 ports within reach per 1,000 people with the plan; areas have all four figures.

    Parameters
    ----------
    found
        As from :func:`kwev.report.accessibility.by_area`.
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
    return cartography.build(
        "map-accessibility",
        alt,
        origins.plan(tables, plan),
        [layer, *cartography.borders(tables, folder)],
    )


# -- Lorenz curves of accessibility: which part of the ports which part of the people has.

_PANELS: Final = {"l2": ("Level 2", style.L2), "l3": ("Level 3", style.L3)}
_WHENS: Final = {"before": ("Today", False), "after": ("With the plan", True)}
_HEIGHT_PX, _HEIGHT_IN = 400, 3.0
_HALF: Final = 0.5


def lorenz_drawn(df: pd.DataFrame, *, origin: Origin, name: str = "lorenz") -> Figure:
    """Show Lorenz curves before and after, one panel a level.

    Parameters
    ----------
    df
        As from :func:`kwev.report.accessibility.curves`.
    """
    require(df, ("level", "when", "people", "value"), name)
    each = []
    for level, (words, _) in _PANELS.items():
        half = {
            when: float(np.interp(_HALF, part["people"], part["value"]))
            for when, part in df[df["level"] == level].groupby("when")
        }
        each.append(
            f"{words}: the half of the people with least has {half['before']:.0%} of the ports "
            f"today and {half['after']:.0%} with the plan"
        )
    alt = f"Lorenz curves of ports within reach. {'; '.join(each)}."
    return chart(
        (name, alt, origin, df, _HEIGHT_PX),
        lambda: _plotly(df),
        lambda canvas: _draw(canvas, df),
        height_in=_HEIGHT_IN,
    )


def _plotly(df: pd.DataFrame) -> go.Figure:
    titles = [words for words, _ in _PANELS.values()]
    figure = make_subplots(rows=1, cols=2, shared_yaxes=True, subplot_titles=titles)
    layout = style.plotly_layout(height_px=_HEIGHT_PX)
    figure.update_layout(**layout)
    for col, (level, (_, colour)) in enumerate(_PANELS.items(), start=1):
        figure.add_scatter(
            x=[0, 1], y=[0, 1], mode="lines", name="All have as much", showlegend=col == 1,
            legendgroup="even", line={"color": style.LINE, "width": 1.5}, hoverinfo="skip",
            row=1, col=col,
        )  # fmt: skip
        for when, (words, is_after) in _WHENS.items():
            part = df[(df["level"] == level) & (df["when"] == when)]
            figure.add_scatter(
                x=part["people"].tolist(),
                y=part["value"].tolist(),
                mode="lines",
                name=words,
                legendgroup=when,
                showlegend=col == 1,
                line={"color": colour if is_after else style.EXISTING,
                      "dash": "solid" if is_after else "dash", "width": 2.4},
                hovertemplate="%{x:.0%} of people: %{y:.1%} of ports<extra>" + words + "</extra>",
                row=1,
                col=col,
            )  # fmt: skip
    figure.update_xaxes(**layout["xaxis"])
    figure.update_yaxes(**layout["xaxis"])
    figure.update_xaxes(title_text="People, least served first (%)", tickformat=".0%", range=[0, 1])
    figure.update_yaxes(tickformat=".0%", range=[0, 1])
    figure.update_yaxes(title_text="Ports in their reach (%)", col=1)
    return figure


def _draw(canvas: Any, df: pd.DataFrame) -> None:
    plots = canvas.subplots(1, 2, sharey=True)
    for axes, (level, (words, colour)) in zip(plots, _PANELS.items(), strict=True):
        axes.plot([0, 1], [0, 1], color=style.LINE, linewidth=1, label="All have as much")
        for when, (label, is_after) in _WHENS.items():
            part = df[(df["level"] == level) & (df["when"] == when)]
            axes.plot(
                part["people"],
                part["value"],
                color=colour if is_after else style.EXISTING,
                linestyle="-" if is_after else "--",
                label=label,
            )
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1)
        axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.set_title(words, fontsize=8, loc="left")
        axes.set_xlabel("People, least served first (%)")
        axes.legend(loc="upper left")
    plots[0].set_ylabel("Ports in their reach (%)")
