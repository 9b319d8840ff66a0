"""The Pareto frontier of cost and coverage, by the epsilon-constraint method.

Cost is held by the budget and Level 3 coverage by its target, and Level 2 coverage is maximised
[Haimes, Lasdon and Wismer, 1971]. The objective holds a little of Level 3 coverage and of cost too,
so that a plan found is efficient and not only weakly so [Mavrotas, 2009]. Each point is an ordinary
case, certified like any other plan. Which point beats which is judged on the values that the model
itself sees, since the model decides by them; the cells' values stand beside them.
"""

from __future__ import annotations

import math
from itertools import product
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import pandas as pd

from kwev.certify import ActionKey, Evaluation
from kwev.display import style
from kwev.display.chart import Chart, require
from kwev.display.figure import rows
from kwev.display.series import Axis as ChartAxis
from kwev.display.series import Line, Panel
from kwev.display.table import Column, table
from kwev.display.values import Number, Numbers, named, some
from kwev.report import sweeps
from kwev.report.memory import once
from kwev.studies.rows import actions_of
from kwev.units import CAD_PER_MILLION, KW_PER_MW, M_PER_KM, POINTS
from kwev.vocabulary import LEVEL_KEYS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from kwev.config import Case
    from kwev.data.tables import Tables
    from kwev.display.figure import Figure, Origin
    from kwev.display.table import Table
    from kwev.project import Project
    from kwev.report.scenario import Report
    from kwev.studies.study import Point

BUDGETS_CAD: Final = (2_000_000.0, 3_000_000.0, 4_000_000.0, 5_000_000.0, 6_000_000.0)
L3_SHARES: Final = (0.0, 0.88, 0.92, 0.95)
"""Least Level 3 coverage asked for; the first asks for none."""
L3_SHARES_BETWEEN: Final = (0.85, 0.9, 0.94, 0.96)
"""Asked for at the slice's budget besides, to be laid against the weighted sum."""

L3_WEIGHTS: Final = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
"""Points of the objective per point of Level 3, one per point of Level 2, in the weighted sum."""

TOTAL_KW: Final = (1_000.0, 1_500.0, 2_000.0, 2_500.0)
SPACINGS_M: Final = (1.0, 6_000.0, 9_000.0, 12_000.0)
"""Least distances of a new Level 3 station to any other one; the first only bars the same spot."""

EVEN_POINTS: Final = 0.05
"""Differences below this are no difference in a sentence (points)."""

LITTLE: Final = 0.01
"""Points per point of Level 3, and per million CAD, that make a point efficient."""

PLAIN: Final[dict[str, Any]] = {
    "objective.mode": "weighted",
    "objective.shortfall_points_per_point": 100.0,
    "demand.enforce": False,
    "targets.l2": 0.0,
    "weights.people": 1.0,
    "weights.ev": 0.0,
    "weights.score": 0.0,
    "weights.l2": 1.0,
    "weights.l3": LITTLE,
    "weights.cost_points_per_million_cad": LITTLE,
    "weights.operating_points_per_million_cad": 0.0,
}
"""The objective of the frontier: people within reach of Level 2, with a little of the rest. What is
missing of the Level 3 coverage that is asked for costs a hundredfold; energy is left out."""

MET_POINTS: Final = 1e-3
"""A plan that misses what it was asked for by more is no point of the frontier (points)."""

SHARE_TOL: Final = 1e-9
HULL_TOL: Final = 1e-7
"""Rounding of a chord (points)."""
CAD_TOL: Final = 0.005


# -- what is solved ----------------------------------------------------------------------------


def points(project: Project) -> list[Point]:
    """Cross budgets with least Level 3 coverage; at one budget the steps are finer."""
    own = sweeps.published(project).budget.limit_cad
    pairs = [*product(BUDGETS_CAD, L3_SHARES), *((own, share) for share in L3_SHARES_BETWEEN)]
    changes = {
        f"{cad / CAD_PER_MILLION:g}m-l3-{share:g}": {"budget.limit_cad": cad, "targets.l3": share}
        for cad, share in pairs
    }
    return _points(project, "frontier", changes)


def weighted_sum(project: Project) -> list[Point]:
    """Weigh the two levels against each other at the scenario's own budget."""
    changes = {f"{w:g}": {"targets.l3": 0.0, "weights.l3": w} for w in L3_WEIGHTS}
    return _points(project, "weighted-sum", changes)


def by_power(project: Project) -> list[Point]:
    """Hold the power that the plan adds, at the scenario's own budget and Level 3 target."""
    changes = {f"{kw:g}": {"rules.total_kw": kw} for kw in TOTAL_KW}
    return _points(project, "frontier-kw", changes)


def by_spacing(project: Project) -> list[Point]:
    """Hold new Level 3 stations apart, with the scenario's own weights of the two levels."""
    l3 = sweeps.published(project).weights.l3
    rest = {"targets.l3": 0.0, "weights.l3": l3}
    changes = {f"{m:g}": {"rules.l3_spacing_m": m, **rest} for m in SPACINGS_M}
    return _points(project, "frontier-spacing", changes)


def _points(project: Project, study: str, changes: Mapping[str, Mapping[str, Any]]) -> list[Point]:
    plain = {name: {**PLAIN, **values} for name, values in changes.items()}
    return sweeps.points_of(project, study, plain)


# -- what it says ------------------------------------------------------------------------------


Axis = tuple[str, Literal[1, -1], float]
"""One thing that a frontier trades: its column, 1 where more of it is better, and its tolerance."""

COST: Final[Axis] = ("net_cad", -1, CAD_TOL)
L2: Final[Axis] = ("l2_model", 1, SHARE_TOL)
L3: Final[Axis] = ("l3_model", 1, SHARE_TOL)
POWER: Final[Axis] = ("kw_added", -1, 1e-6)
SPACING: Final[Axis] = ("spacing_m", 1, 1e-6)


def efficient(frame: pd.DataFrame, axes: Sequence[Axis]) -> NDArray[np.bool_]:
    """Return shape (n,): rows that no other row beats.

    One row beats another if it is at least as good on every axis and better on one; of rows that
    are equal on all of them the first stays.
    """
    values = np.column_stack([sign * frame[column].to_numpy(float) for column, sign, _ in axes])
    tolerance = np.array([tolerance for *_, tolerance in axes])
    stays = np.ones(len(frame), bool)
    for i, own in enumerate(values):
        as_good = (values >= own - tolerance).all(axis=1)
        better = (values > own + tolerance).any(axis=1)
        stays[i] = not (as_good & better).any() and not (as_good & ~better)[:i].any()
    return stays


def attained(frame: pd.DataFrame, shares: Iterable[float]) -> NDArray[np.bool_]:
    """Return shape (n,): rows that reach the Level 3 coverage that they were asked for."""
    met = frame["l3_model"].to_numpy(float) >= np.asarray(list(shares)) - SHARE_TOL
    return met & (frame["shortfall_points"].to_numpy(float) <= MET_POINTS)


def frontier(report: Report) -> pd.DataFrame:
    """Return the frontier of cost, Level 2 and Level 3 coverage.

    Returns
    -------
    pandas.DataFrame
        The columns of a study, ``l3_asked`` (share), ``attained`` (whether it is reached) and
        ``efficient`` (whether no other row beats it; False where it is not reached).
    """
    asked = [point.case.config.targets.l3 for point in points(report.project)]
    return _judged(report.study("frontier").assign(l3_asked=asked), (COST, L2, L3))


def _judged(frame: pd.DataFrame, axes: Sequence[Axis]) -> pd.DataFrame:
    frame = frame.assign(attained=attained(frame, frame["l3_asked"]), efficient=False)
    reached = frame[frame["attained"]]
    frame.loc[reached.index, "efficient"] = efficient(reached, axes)
    return frame


def power(report: Report) -> pd.DataFrame:
    """Return the frontier of added power against coverage (see :func:`frontier`).

    Besides ``kw_allowed`` (kW).
    """
    own = [point.case.config for point in by_power(report.project)]
    frame = report.study("frontier-kw").assign(
        l3_asked=[config.targets.l3 for config in own],
        kw_allowed=np.array([config.rules.total_kw for config in own], float),
    )
    return _judged(frame, (POWER, L2, L3))


def spacing(report: Report) -> pd.DataFrame:
    """Return the frontier of spacing against coverage (see :func:`frontier`).

    Besides ``spacing_asked_m`` and ``spacing_m``, the least distance from a new Level 3 station to
    any other one (m; infinite where none is new).
    """
    own, frame = by_spacing(report.project), report.study("frontier-spacing")
    done = zip(own, frame["actions"], strict=True)
    frame = frame.assign(
        l3_asked=0.0,
        spacing_asked_m=np.array([p.case.config.rules.l3_spacing_m for p in own], float),
        spacing_m=[nearest_l3_m(report.tables, point.case, text) for point, text in done],
    )
    return _judged(frame, (SPACING, L2, L3))


def nearest_l3_m(tables: Tables, case: Case, actions: str) -> float:
    """Return the least straight-line distance from a new Level 3 station to any other one (m)."""
    evaluation = Evaluation(tables, case.config, case.geography)
    known = ((ActionKey.from_id(name), added) for name, added in actions_of(actions))
    ports = {place: added for place, added in known if place is not None}
    new = [evaluation.row(place) for place in ports if place.kind in ("new_l3", "upgrade")]
    taken = {id(row) for row in new}
    every = [*new, *(row for row in evaluation.network(ports)[1] if id(row) not in taken)]
    spots = np.array([(row["easting_m"], row["northing_m"]) for row in every], float).reshape(-1, 2)
    apart = np.hypot(*(spots[None, :] - spots[: len(new), None]).transpose(2, 0, 1))
    np.fill_diagonal(apart, np.inf)
    return float(apart.min(initial=np.inf))


def slice_at(frame: pd.DataFrame, budget_cad: float) -> pd.DataFrame:
    """Return the points of one budget that no other point of it beats, by rising Level 3."""
    here = frame[(frame["budget_cad"] == budget_cad) & frame["attained"]]
    here = here[efficient(here, (L2, L3))]
    return here.sort_values("l3_model", ignore_index=True)


def own_slice(report: Report) -> pd.DataFrame:
    """Return the frontier at the scenario's own budget, with ``unsupported``."""
    found = slice_at(frontier(report), report.config.budget.limit_cad)
    return found.assign(unsupported=unsupported(found, report.study("weighted-sum")))


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


def found_by_weights(report: Report) -> pd.DataFrame:
    """Return the points that the weighted sum finds, with the weight of each.

    Returns
    -------
    pandas.DataFrame
        The columns of a study, ``weight``, and ``beaten``: whether a point of the frontier's own
        slice at the same budget beats it.
    """
    rows = report.study("weighted-sum")
    known, found = (
        frame[["l2_model", "l3_model"]].to_numpy(float) for frame in (own_slice(report), rows)
    )
    beaten = [
        bool(((known >= one - SHARE_TOL).all(axis=1) & (known > one + SHARE_TOL).any(axis=1)).any())
        for one in found
    ]
    weights = [point.case.config.weights.l3 for point in weighted_sum(report.project)]
    return rows.assign(weight=weights, beaten=beaten)


# -- named values ------------------------------------------------------------------------------


@once
def numbers(report: Report) -> Numbers:
    """Return the numbers of the frontier."""
    parts = (frontier, found_by_weights, power, spacing)
    every, weights, by_kw, apart = (of(report) for of in parts)
    return Numbers([
        *_plans(every, (every, weights, by_kw, apart)),
        *_slice(own_slice(report), weights),
        *_further_axes(by_kw, apart),
    ])  # fmt: skip


def _plans(every: pd.DataFrame, parts: Sequence[pd.DataFrame]) -> list[Number]:
    kept, met = every[every["efficient"]], every[every["attained"]]
    budgets, share = BUDGETS_CAD, L3_SHARES[1]
    counts = {"points": len(kept)}
    violations = sum(int(part["violations"].sum()) for part in parts)
    return [
        *named("study frontier", None, "frontier_", count={"solved": len(every)}),
        *named("frontier.efficient", None, "frontier_", count=counts),
        *named("frontier.attained", None, "frontier_", text={
            "beaten": some(len(met) - len(kept), "plan is beaten by another",
                           "plans are beaten by another"),
            "missed": some(len(every) - len(met), "plan misses what was asked for",
                           "plans miss what was asked for")}),
        *named("studies frontier*", None, "frontier_", count={"plans": sum(map(len, parts))}),
        *named("certificates", None, "frontier_", count={"violations": violations}),
        Number("frontier_gap", float(kept["gap_checked"].max()), "share", "study frontier",
               "{:.2%}"),
        *(Number(f"frontier_{end}", cad / CAD_PER_MILLION, "million CAD", "frontier.BUDGETS_CAD",
                 "${:.0f} million")
          for end, cad in (("low", min(budgets)), ("high", max(budgets)))),
        *named("frontier.per_million", points={"frontier_per_million": per_million(every, share)}),
        Number("frontier_share", share, "share", "frontier.L3_SHARES", "{:.0%}"),
    ]  # fmt: skip


def per_million(frame: pd.DataFrame, l3_asked: float) -> float:
    """Return the Level 2 points that a million dollars adds on average at one Level 3 share."""
    same = frame[(frame["l3_asked"] == l3_asked) & frame["attained"]].sort_values("net_cad")
    first, last = same.iloc[0], same.iloc[-1]
    millions = (last["net_cad"] - first["net_cad"]) / CAD_PER_MILLION
    return float(POINTS * (last["l2_model"] - first["l2_model"]) / millions)


def _slice(here: pd.DataFrame, weights: pd.DataFrame) -> list[Number]:
    plans = weights[["l2_model", "l3_model"]].round(9).drop_duplicates()
    return [
        *named("frontier.level_words", text={"slice_words": level_words(here)}),
        *named("frontier.slice_at", count={"slice_points": len(here)}),
        *named("frontier.unsupported", count={"slice_hidden": int(here["unsupported"].sum())}),
        *named("frontier.found_by_weights", None, "weights_",
               count={"beaten": int(weights["beaten"].sum()), "tried": len(weights),
                      "plans": len(plans)}),
    ]  # fmt: skip


def level_words(here: pd.DataFrame) -> str:
    """Say what Level 3 costs in Level 2 along a slice of the frontier (by rising Level 3)."""
    l2, l3 = (POINTS * here[name].to_numpy(float) for name in ("l2_model", "l3_model"))
    lost, gained = l2[0] - l2[-1], l3[-1] - l3[0]
    if len(here) == 1 or gained < EVEN_POINTS:
        return "one plan is best for both levels at once"
    if lost < EVEN_POINTS:
        return f"{gained:.1f} points more of Level 3 cost nothing of Level 2"
    total = f"{gained:.1f} points more of Level 3 cost {lost:.1f} points of Level 2"
    if len(here) == 2:  # noqa: PLR2004 - one step, which is the whole
        return total
    # amounts beside amounts: a rate over half a point would look like a price
    first, last = (f"{l2[i] - l2[i + 1]:.1f} for {l3[i + 1] - l3[i]:.1f} points" for i in (0, -2))
    return f"{total}; the first step costs {first}, the last {last}"


def _further_axes(power: pd.DataFrame, apart: pd.DataFrame) -> list[Number]:
    spacing = apart.sort_values("spacing_asked_m")
    kept = power[power["efficient"]].sort_values("kw_added")
    least, most, free, far = kept.iloc[0], kept.iloc[-1], spacing.iloc[0], spacing.iloc[-1]
    moved = {f"far_{level}_moves": far[f"{level}_model"] - free[f"{level}_model"]
             for level in LEVEL_KEYS}  # fmt: skip
    moved["power_l2_moves"] = least["l2_model"] - most["l2_model"]
    return [
        Number("power_gap", float(sweeps.own_gap(power).max()), "share", "study frontier-kw",
               "{:.2%}"),
        Number("power_gap_checked", float(sweeps.shown_gap(power).max()), "share",
               "study frontier-kw", "{:.0%}"),
        *named("frontier.power", None, "power_",
               text={"missed": some(int((~power["attained"]).sum()), "limit stands in its way",
                                    "limits stand in its way")},
               mw={"least": least["kw_added"] / KW_PER_MW, "most": most["kw_added"] / KW_PER_MW}),
        *(Number(name, POINTS * share, "points", "studies frontier*", "{:+.1f}")
          for name, share in moved.items()),
        Number("far_free", free["spacing_m"] / M_PER_KM, "km", "frontier.spacing", "{:.1f} km"),
        Number("far_asked", far["spacing_asked_m"] / M_PER_KM, "km", "frontier.spacing",
               "{:.0f} km"),
    ]  # fmt: skip


# -- tables and charts -------------------------------------------------------------------------

LEVELS: Final[tuple[str | Column, ...]] = (
    "l2_model l3_model",
    Column("l2", "Level 2 on the cells", format=".1%"),
    Column("l3", "Level 3 on the cells", format=".1%"),
)
"""Coverage as the model sees it, and as the cells measure it."""

_MARKS: Final[tuple[Any, ...]] = ("circle", "square", "diamond", "up", "down")
_COLOURS: Final = ("#9ac8e1", "#529dcc", "#1c6cb1", "#08306b", style.L3)
_NEAR_L2: Final = ChartAxis(title="People near Level 2 (%)", form="share")
_HEIGHT_PX, _HEIGHT_IN = 520, 3.9


def frontier_chart(plans: pd.DataFrame, *, origin: Origin) -> Figure:
    """Show Level 2 coverage over cost, one line for each Level 3 coverage asked for.

    Parameters
    ----------
    plans
        Of :func:`frontier`: columns ``net_cad`` (CAD), ``l2_model``, ``l3_model``, ``l3_asked``,
        ``l2``, ``l3`` (shares) and ``efficient``; one row a plan.
    """
    columns = ("net_cad", "l2_model", "l3_model", "l3_asked", "l2", "l3", "efficient")
    require(plans, columns, "frontier")
    df = plans[plans["efficient"] & plans["l3_asked"].isin(L3_SHARES)]
    df = df.sort_values(["l3_asked", "net_cad"], ignore_index=True)
    each, series = [], []
    for index, (asked, part) in enumerate(df.groupby("l3_asked")):
        share = float(str(asked))
        label = f"Level 3 at least {POINTS * share:g}%" if share > 0 else "No Level 3 asked for"
        first, last = (f"{row.l2_model:.1%} at {style.money(row.net_cad)}"
                       for row in rows(part.iloc[[0, -1]]))  # fmt: skip
        each.append(f"{label}: Level 2 from {first} to {last}")
        line = Line(
            x=(part["net_cad"] / CAD_PER_MILLION).tolist(), y=part["l2_model"].tolist(),
            label=label, colour=_COLOURS[index % len(_COLOURS)], mark=_MARKS[index % len(_MARKS)],
            facts=part[["l3_model", "l2", "l3"]].to_numpy().tolist(),
            hover="$%{x:.2f} M<br>Level 2 %{y:.1%}, Level 3 %{customdata[0]:.1%}<br>"
            "on the cells %{customdata[1]:.1%} and %{customdata[2]:.1%}<extra></extra>",
        )  # fmt: skip
        series.append(line)
    alt = f"Frontier of cost and coverage, {len(df)} plans. {'; '.join(each)}."
    panel = Panel(series=series, x=ChartAxis(title="Net cost (million CAD)"), y=_NEAR_L2)
    return Chart(
        name="frontier", alt=alt, origin=origin, data=df, panels=[panel], height_px=_HEIGHT_PX,
        height_in=_HEIGHT_IN, legend="lower right",
    ).figure()  # fmt: skip


def levels_chart(df: pd.DataFrame, weighted: pd.DataFrame, *, origin: Origin) -> Figure:
    """Show the frontier of the two levels at one budget, with what the weighted sum finds.

    Parameters
    ----------
    df
        Columns ``l2_model``, ``l3_model`` (shares), ``unsupported`` (found by no weights); one row
        a plan of the frontier, by rising ``l3_model``.
    weighted
        The same first two, and ``weight``; one row a weight.
    """
    require(df, ("l2_model", "l3_model", "unsupported"), "levels")
    require(weighted, ("l2_model", "l3_model", "weight"), "levels")
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
    series = [Line(x=df["l3_model"].tolist(), y=df["l2_model"].tolist(), colour=style.LINE)]
    hidden = df["unsupported"].to_numpy(bool)
    for words, part in (("some", df[~hidden]), ("no", df[hidden])):
        label = f"Found by {words} weights"
        series.append(
            Line(x=part["l3_model"].tolist(), y=part["l2_model"].tolist(), label=label, dash="",
                 colour=style.L2, mark="circle", size=12, filled=words == "some",
                 hover="Level 3 %{x:.1%}, Level 2 %{y:.1%}<extra>" + label + "</extra>")
        )  # fmt: skip
    series.append(
        Line(x=weighted["l3_model"].tolist(), y=weighted["l2_model"].tolist(), dash="",
             label="Weighted sum", colour=style.L3, mark="cross",
             facts=weighted[["weight"]].to_numpy().tolist(),
             hover="weight %{customdata[0]:g}: Level 3 %{x:.1%}, Level 2 %{y:.1%}<extra></extra>")
    )  # fmt: skip
    near_l3 = ChartAxis(title="People near Level 3 (%)", form="share")
    return Chart(
        name="levels", alt=alt, origin=origin, data=df, height_px=_HEIGHT_PX, height_in=_HEIGHT_IN,
        panels=[Panel(series=series, x=near_l3, y=_NEAR_L2)], legend="lower left",
    ).figure()  # fmt: skip


def frontier_table(report: Report) -> Table:
    """Return the plans of the frontier."""
    frame = frontier(report)
    kept = frame[frame["efficient"]].sort_values(["l3_asked", "net_cad"], ignore_index=True)
    columns = ["l3_asked net_cad", *LEVELS, "gap_checked"]
    return table("frontier-plans", kept, columns, sweeps.origin(report))


def power_table(report: Report) -> Table:
    """Return the frontier of new power against coverage."""
    frame = _worded(power(report).sort_values("kw_allowed", ignore_index=True))
    columns = ["kw_allowed kw_added net_cad", *LEVELS, "verdict"]
    return table("frontier-power", frame, columns, sweeps.origin(report))


def spacing_table(report: Report) -> Table:
    """Return the frontier of Level 3 spacing against coverage."""
    frame = _worded(spacing(report).sort_values("spacing_asked_m", ignore_index=True))
    frame = frame.assign(stations=frame["new_l3"] + frame["upgrade"])
    frame["spacing_m"] = frame["spacing_m"].where(frame["spacing_m"] < math.inf)
    stations = Column("stations", "New Level 3", format=",d")
    columns = ["spacing_asked_m spacing_m", stations, *LEVELS, "verdict"]
    return table("frontier-spacing", frame, columns, sweeps.origin(report))


def _worded(frame: pd.DataFrame) -> pd.DataFrame:
    words = {(True, True): "yes", (True, False): "no, beaten", (False, False): "not attained"}
    pairs = zip(frame["attained"], frame["efficient"], strict=True)
    return frame.assign(verdict=[words[bool(met), bool(kept)] for met, kept in pairs])
