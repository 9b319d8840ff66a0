"""The Pareto frontier of cost and coverage, by the epsilon-constraint method.

Cost is held by the budget and Level 3 coverage by its target, and Level 2 coverage is maximised
[Haimes, Lasdon and Wismer, 1971]. The objective holds a little of Level 3 coverage and of cost too,
so that a plan found is efficient and not only weakly so [Mavrotas, 2009]. Each point is an ordinary
case, certified like any other plan. Which point beats which is judged on the values that the model
itself sees, since the model decides by them; the cells' values stand beside them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from matplotlib.ticker import PercentFormatter

from kwev.certify import ActionKey, Evaluation
from kwev.config import Case, load_config
from kwev.display import style
from kwev.display.chart import chart, require
from kwev.display.figure import rows
from kwev.report import sweeps
from kwev.studies import study
from kwev.studies.rows import actions_of
from kwev.studies.study import Point
from kwev.units import CAD_PER_MILLION, POINTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from kwev.config import Config
    from kwev.data.tables import Tables
    from kwev.display.figure import Figure, Origin
    from kwev.project import Project

BUDGETS_CAD: Final = (2_000_000.0, 3_000_000.0, 4_000_000.0, 5_000_000.0, 6_000_000.0)
L3_SHARES: Final = (0.0, 0.9, 0.94, 0.96, 0.966)
"""Least Level 3 coverage asked for; the first asks for none."""
L3_SHARES_BETWEEN: Final = (0.92, 0.95, 0.963, 0.97)
"""Asked for at the slice's budget besides, to be laid against the weighted sum."""

L3_WEIGHTS: Final = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
"""Points of the objective per point of Level 3, one per point of Level 2, in the weighted sum."""

TOTAL_KW: Final = (1_000.0, 2_000.0, 3_000.0, 5_000.0)
POWER_GAP: Final = 0.005
"""Gap at which the search under a limit on power stops: money and power both bind, and the last
tenth of a percent takes a minute."""
SPACINGS_M: Final = (1.0, 6_000.0, 9_000.0, 12_000.0)
"""Least distances of a new Level 3 station to any other one; the first only bars the same spot."""

LITTLE: Final = 0.01
"""Points per point of Level 3, and per million CAD, that make a point efficient."""

PLAIN: Final[dict[str, Any]] = {
    "targets.l2": 0.0,
    "weights.people": 1.0,
    "weights.ev": 0.0,
    "weights.score": 0.0,
    "weights.l2": 1.0,
    "weights.l3": LITTLE,
    "weights.cost_points_per_million_cad": LITTLE,
    "weights.operating_points_per_million_cad": 0.0,
}
"""The objective of the frontier: people within reach of Level 2, with a little of the rest."""

MET_POINTS: Final = 1e-3
"""A plan that misses what it was asked for by more is no point of the frontier (points)."""

SHARE_TOL: Final = 1e-9
HULL_TOL: Final = 1e-7
"""Rounding of a chord (points)."""
CAD_TOL: Final = 0.005


# -- what is solved ----------------------------------------------------------------------------


def points(project: Project) -> list[Point]:
    """Cross budgets with least Level 3 coverage; at one budget the steps are finer."""
    config = _base(project)
    own = config.budget.limit_cad
    grid = [(budget, share) for budget in BUDGETS_CAD for share in L3_SHARES]
    grid += [(own, share) for share in L3_SHARES_BETWEEN]
    return [
        _point(
            config,
            "frontier",
            f"{budget / CAD_PER_MILLION:g}m-l3-{share:g}",
            {"budget.limit_cad": budget, "targets.l3": share},
        )
        for budget, share in grid
    ]


def weighted_sum(project: Project) -> list[Point]:
    """Weigh the two levels against each other at the scenario's own budget."""
    config = _base(project)
    return [
        _point(config, "weighted-sum", f"{weight:g}", {"targets.l3": 0.0, "weights.l3": weight})
        for weight in L3_WEIGHTS
    ]


def by_power(project: Project) -> list[Point]:
    """Hold the power that the plan adds, at the scenario's own budget and Level 3 target."""
    config = _base(project)
    return [
        _point(
            config, "frontier-kw", f"{kw:g}", {"rules.total_kw": kw, "solver.mip_gap": POWER_GAP}
        )
        for kw in TOTAL_KW
    ]


def by_spacing(project: Project) -> list[Point]:
    """Hold new Level 3 stations apart, with the scenario's own weights of the two levels."""
    config = _base(project)
    weights = {"targets.l3": 0.0, "weights.l3": config.weights.l3}
    return [
        _point(config, "frontier-spacing", f"{m:g}", {"rules.l3_spacing_m": m, **weights})
        for m in SPACINGS_M
    ]


def _base(project: Project) -> Config:
    return load_config(sweeps.SCENARIO, project.config)


def _point(config: Config, name: str, point: str, changes: Mapping[str, Any]) -> Point:
    values = {key.replace(".", "__"): value for key, value in {**PLAIN, **changes}.items()}
    case = Case(sweeps.SCENARIO, config.with_values(**values), sweeps.GEOGRAPHY)
    return Point(name, point, case)


# -- what it says ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Axis:
    """One thing that a frontier trades: a column, and whether more of it is better."""

    column: str
    more: bool
    tolerance: float


COST: Final = Axis("net_cad", more=False, tolerance=CAD_TOL)
L2: Final = Axis("l2_model", more=True, tolerance=SHARE_TOL)
L3: Final = Axis("l3_model", more=True, tolerance=SHARE_TOL)
POWER: Final = Axis("kw_added", more=False, tolerance=1e-6)
SPACING: Final = Axis("spacing_m", more=True, tolerance=1e-6)


def efficient(frame: pd.DataFrame, axes: Sequence[Axis]) -> NDArray[np.bool_]:
    """Return shape (n,): rows that no other row beats.

    One row beats another if it is at least as good on every axis and better on one; of rows that
    are equal on all of them the first stays.
    """
    values = np.column_stack(
        [frame[axis.column].to_numpy(float) * (1 if axis.more else -1) for axis in axes]
    )
    tolerance = np.array([axis.tolerance for axis in axes])
    stays = np.ones(len(frame), bool)
    for i, own in enumerate(values):
        as_good = (values >= own - tolerance).all(axis=1)
        better = (values > own + tolerance).any(axis=1)
        beaten = as_good & better
        equal = as_good & ~better
        stays[i] = not beaten.any() and not equal[:i].any()
    return stays


def attained(frame: pd.DataFrame, shares: Iterable[float]) -> NDArray[np.bool_]:
    """Return shape (n,): rows that reach the Level 3 coverage that they were asked for."""
    met = frame["l3_model"].to_numpy(float) >= np.asarray(list(shares)) - SHARE_TOL
    return met & (frame["shortfall_points"].to_numpy(float) <= MET_POINTS)


def frontier(project: Project) -> pd.DataFrame:
    """Return the frontier of cost, Level 2 and Level 3 coverage.

    Returns
    -------
    pandas.DataFrame
        The columns of a study, ``l3_asked`` (share), ``attained`` (whether it is reached) and
        ``efficient`` (whether no other row beats it; False where it is not reached).
    """
    own = points(project)
    frame = study.results(project, own)
    asked = [point.case.config.targets.l3 for point in own]
    return _judged(frame.assign(l3_asked=asked), (COST, L2, L3))


def _judged(frame: pd.DataFrame, axes: Sequence[Axis]) -> pd.DataFrame:
    frame = frame.assign(attained=attained(frame, frame["l3_asked"]), efficient=False)
    reached = frame[frame["attained"]]
    frame.loc[reached.index, "efficient"] = efficient(reached, axes)
    return frame


def power(project: Project) -> pd.DataFrame:
    """Return the frontier of added power against coverage (see :func:`frontier`).

    Besides ``kw_allowed`` (kW).
    """
    own = by_power(project)
    frame = study.results(project, own)
    return _judged(
        frame.assign(
            l3_asked=[p.case.config.targets.l3 for p in own],
            kw_allowed=np.array([p.case.config.rules.total_kw for p in own], float),
        ),
        (POWER, L2, L3),
    )


def spacing(project: Project, tables: Tables) -> pd.DataFrame:
    """Return the frontier of spacing against coverage (see :func:`frontier`).

    Besides ``spacing_asked_m`` and ``spacing_m``, the least distance from a new Level 3 station to
    any other one (m; infinite where none is new).
    """
    own = by_spacing(project)
    frame = study.results(project, own)
    found = [
        nearest_l3_m(tables, point.case, str(actions))
        for point, actions in zip(own, frame["actions"], strict=True)
    ]
    frame = frame.assign(
        l3_asked=0.0,
        spacing_asked_m=np.array([p.case.config.rules.l3_spacing_m for p in own], float),
        spacing_m=found,
    )
    return _judged(frame, (SPACING, L2, L3))


def nearest_l3_m(tables: Tables, case: Case, actions: str) -> float:
    """Return the least straight-line distance from a new Level 3 station to any other one (m)."""
    evaluation = Evaluation(tables, case.config, case.geography)
    ports = {
        place: added
        for name, added in actions_of(actions)
        for place in [ActionKey.from_id(name)]
        if place is not None
    }
    new = [evaluation.row(place) for place in ports if place.kind in ("new_l3", "upgrade")]
    taken = {id(row) for row in new}
    every = [*new, *(row for row in evaluation.network(ports)[1] if id(row) not in taken)]
    spots = np.array([(row["easting_m"], row["northing_m"]) for row in every], float)
    nearest = np.inf
    for i in range(len(new)):
        apart = np.hypot(*(np.delete(spots, i, axis=0) - spots[i]).T)
        nearest = min(nearest, float(apart.min(initial=np.inf)))
    return nearest


def slice_at(frame: pd.DataFrame, budget_cad: float) -> pd.DataFrame:
    """Return the points of one budget that no other point of it beats, by rising Level 3."""
    here = frame[(frame["budget_cad"] == budget_cad) & frame["attained"]]
    here = here[efficient(here, (L2, L3))]
    return here.sort_values("l3_model", ignore_index=True)


def unsupported(frame: pd.DataFrame, others: pd.DataFrame | None = None) -> NDArray[np.bool_]:
    """Return shape (n,): points of a slice that no weights of the two levels can find.

    They lie below the chord of two known plans: for any weights one of the two is worth more.

    Parameters
    ----------
    frame
        Columns ``l2_model`` and ``l3_model``, by rising ``l3_model``, none beaten by another.
    others
        Further plans of the same budget, on either end of a chord.
    """
    known = frame if others is None else pd.concat([frame, others], ignore_index=True)
    all_x, all_y = (POINTS * known[name].to_numpy(float) for name in ("l3_model", "l2_model"))
    below = np.zeros(len(frame), bool)
    for j in range(len(frame)):
        x, y = all_x[j], all_y[j]
        left, right = np.flatnonzero(all_x < x - HULL_TOL), np.flatnonzero(all_x > x + HULL_TOL)
        for i in left:
            along = (x - all_x[i]) / (all_x[right] - all_x[i])
            chord = all_y[i] + along * (all_y[right] - all_y[i])
            below[j] |= bool((chord > y + HULL_TOL).any())
    return below


def found_by_weights(project: Project, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the points that the weighted sum finds, with the weight of each.

    Parameters
    ----------
    frame
        The frontier's own slice at the same budget (see :func:`slice_at`).

    Returns
    -------
    pandas.DataFrame
        The columns of a study, ``weight``, and ``beaten``: whether a point of the slice beats it.
    """
    own = weighted_sum(project)
    rows = study.results(project, own)
    known, tolerance = _levels(frame), np.array([SHARE_TOL, SHARE_TOL])
    beaten = [
        bool(((known >= one - tolerance).all(axis=1) & (known > one + tolerance).any(axis=1)).any())
        for one in _levels(rows)
    ]
    return rows.assign(weight=[p.case.config.weights.l3 for p in own], beaten=beaten)


def _levels(frame: pd.DataFrame) -> NDArray[np.float64]:
    return frame[["l2_model", "l3_model"]].to_numpy(float)


# -- Charts of the frontier: cost against Level 2 with Level 3 as series, and one slice of it.

_MARKS: Final = (("circle", "o"), ("square", "s"), ("diamond", "D"), ("triangle-up", "^"),
                 ("triangle-down", "v"))  # fmt: skip
_COLOURS: Final = ("#9ac8e1", "#529dcc", "#1c6cb1", "#08306b", style.L3)
_HEIGHT_PX, _HEIGHT_IN = 520, 3.9


def frontier_drawn(df: pd.DataFrame, *, origin: Origin, name: str = "frontier") -> Figure:
    """Show Level 2 coverage over cost, one line for each Level 3 coverage asked for.

    Parameters
    ----------
    df
        Columns ``net_cad`` (CAD), ``l2_model``, ``l3_model``, ``l3_asked``, ``l2``, ``l3``
        (shares); one row a plan that no other one beats.
    """
    require(df, ("net_cad", "l2_model", "l3_model", "l3_asked", "l2", "l3"), name)
    df = df.sort_values(["l3_asked", "net_cad"], ignore_index=True)
    each = []
    for asked, part in df.groupby("l3_asked"):
        ends = part.iloc[[0, -1]]
        each.append(
            f"{_asked(float(str(asked)))}: Level 2 from {ends['l2_model'].iloc[0]:.1%} at "
            f"{style.money(float(ends['net_cad'].iloc[0]))} to {ends['l2_model'].iloc[1]:.1%} at "
            f"{style.money(float(ends['net_cad'].iloc[1]))}"
        )
    alt = f"Frontier of cost and coverage, {len(df)} plans. {'; '.join(each)}."
    return chart(
        (name, alt, origin, df, _HEIGHT_PX),
        lambda: _frontier(df),
        lambda canvas: _draw_frontier(canvas.subplots(), df),
        height_in=_HEIGHT_IN,
    )


def _asked(share: float) -> str:
    return "No Level 3 asked for" if share <= 0 else f"Level 3 at least {POINTS * share:g}%"


def _frontier(df: pd.DataFrame) -> go.Figure:
    figure = go.Figure(layout=style.plotly_layout(height_px=_HEIGHT_PX))
    for index, (asked, part) in enumerate(df.groupby("l3_asked")):
        figure.add_scatter(
            x=(part["net_cad"] / CAD_PER_MILLION).tolist(),
            y=part["l2_model"].tolist(),
            customdata=part[["l3_model", "l2", "l3"]].to_numpy().tolist(),
            mode="lines+markers",
            name=_asked(float(str(asked))),
            line={"color": _COLOURS[index % len(_COLOURS)], "width": 2},
            marker={"symbol": _MARKS[index % len(_MARKS)][0], "size": 9},
            hovertemplate="$%{x:.2f} M<br>Level 2 %{y:.1%}, Level 3 %{customdata[0]:.1%}<br>"
            "on the cells %{customdata[1]:.1%} and %{customdata[2]:.1%}<extra></extra>",
        )
    figure.update_xaxes(title_text="Net cost (million CAD)")
    figure.update_yaxes(title_text="People near Level 2 (%)", tickformat=".0%")
    return figure


def _draw_frontier(axes: Any, df: pd.DataFrame) -> None:
    for index, (asked, part) in enumerate(df.groupby("l3_asked")):
        axes.plot(
            part["net_cad"] / CAD_PER_MILLION,
            part["l2_model"],
            color=_COLOURS[index % len(_COLOURS)],
            marker=_MARKS[index % len(_MARKS)][1],
            markersize=4.5,
            linewidth=1.4,
            label=_asked(float(str(asked))),
        )
    axes.set_xlabel("Net cost (million CAD)")
    axes.set_ylabel("People near Level 2 (%)")
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.legend(loc="lower right")


def levels(
    df: pd.DataFrame, weighted: pd.DataFrame, *, origin: Origin, name: str = "levels"
) -> Figure:
    """Show the frontier of the two levels at one budget, with what the weighted sum finds.

    Parameters
    ----------
    df
        Columns ``l2_model``, ``l3_model`` (shares), ``unsupported`` (found by no weights); one row
        a plan of the frontier, by rising ``l3_model``.
    weighted
        The same first two, and ``weight``; one row a weight.
    """
    require(df, ("l2_model", "l3_model", "unsupported"), name)
    require(weighted, ("l2_model", "l3_model", "weight"), name)
    each = "; ".join(
        f"Level 3 {r.l3_model:.1%} with Level 2 {r.l2_model:.1%}"
        + (", found by no weights" if r.unsupported else "")
        for r in rows(df)
    )
    alt = (
        f"Frontier of the two levels at one budget: {each}. {len(weighted)} weights of the levels "
        f"find plans from Level 3 {weighted['l3_model'].min():.1%} to "
        f"{weighted['l3_model'].max():.1%}."
    )
    return chart(
        (name, alt, origin, df, _HEIGHT_PX),
        lambda: _drawn_levels(df, weighted),
        lambda canvas: _draw_levels(canvas.subplots(), df, weighted),
        height_in=_HEIGHT_IN,
    )


def _parts(df: pd.DataFrame) -> list[tuple[str, pd.DataFrame, bool]]:
    hidden = df["unsupported"].to_numpy(bool)
    return [
        ("Found by some weights", df[~hidden], True),
        ("Found by no weights", df[hidden], False),
    ]


def _drawn_levels(df: pd.DataFrame, weighted: pd.DataFrame) -> go.Figure:
    figure = go.Figure(layout=style.plotly_layout(height_px=_HEIGHT_PX))
    figure.add_scatter(
        x=df["l3_model"].tolist(), y=df["l2_model"].tolist(), mode="lines",
        line={"color": style.LINE, "width": 2}, hoverinfo="skip", showlegend=False,
    )  # fmt: skip
    for words, part, full in _parts(df):
        figure.add_scatter(
            x=part["l3_model"].tolist(),
            y=part["l2_model"].tolist(),
            mode="markers",
            name=words,
            marker={"symbol": "circle" if full else "circle-open", "size": 12, "color": style.L2,
                    "line": {"width": 2}},
            hovertemplate="Level 3 %{x:.1%}, Level 2 %{y:.1%}<extra>" + words + "</extra>",
        )  # fmt: skip
    figure.add_scatter(
        x=weighted["l3_model"].tolist(),
        y=weighted["l2_model"].tolist(),
        customdata=weighted["weight"].tolist(),
        mode="markers",
        name="Weighted sum",
        marker={"symbol": "x-thin", "size": 10, "line": {"width": 2, "color": style.L3}},
        hovertemplate="weight %{customdata:g}: Level 3 %{x:.1%}, Level 2 %{y:.1%}<extra></extra>",
    )
    figure.update_xaxes(title_text="People near Level 3 (%)", tickformat=".0%")
    figure.update_yaxes(title_text="People near Level 2 (%)", tickformat=".0%")
    return figure


def _draw_levels(axes: Any, df: pd.DataFrame, weighted: pd.DataFrame) -> None:
    axes.plot(df["l3_model"], df["l2_model"], color=style.LINE, linewidth=1.2, zorder=1)
    for words, part, full in _parts(df):
        axes.scatter(
            part["l3_model"], part["l2_model"], s=42, label=words, edgecolor=style.L2, zorder=2,
            facecolor=style.L2 if full else style.PAPER,
        )  # fmt: skip
    axes.scatter(
        weighted["l3_model"], weighted["l2_model"], marker="x", s=38, color=style.L3, zorder=3,
        label="Weighted sum",
    )  # fmt: skip
    for which in (axes.xaxis, axes.yaxis):
        which.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set_xlabel("People near Level 3 (%)")
    axes.set_ylabel("People near Level 2 (%)")
    axes.legend(loc="lower left")
