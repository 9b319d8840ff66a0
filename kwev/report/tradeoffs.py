"""What is traded for what: the frontier, plans near the best, and futures, read once each.

Sentences are made here from the numbers, so that none outlives them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kwev.display import origins
from kwev.display.table import Column, table
from kwev.display.values import Number, Numbers
from kwev.report import frontier as report_frontier
from kwev.report import futures as report_futures
from kwev.report import near_optimal
from kwev.studies import study
from kwev.units import CAD_PER_MILLION, POINTS
from kwev.vocabulary import KIND_NAMES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kwev.data.tables import Tables
    from kwev.display.figure import Figure, Origin
    from kwev.display.table import Table
    from kwev.project import Project
    from kwev.report.futures import Robustness
    from kwev.report.near_optimal import Alternatives
    from kwev.report.scenario import Report

KW_PER_MW = 1_000
M_PER_KM = 1_000
EVEN_POINTS = 0.05
"""Differences below this are no difference in a sentence (points)."""


@dataclass(frozen=True, eq=False)
class Tradeoffs:
    """The committed results of the frontier, the alternatives and the futures."""

    project: Project
    tables: Tables
    budget_cad: float

    @cached_property
    def frontier(self) -> pd.DataFrame:
        """:func:`kwev.report.frontier.frontier`."""
        return report_frontier.frontier(self.project)

    @cached_property
    def slice(self) -> pd.DataFrame:
        """The frontier at the scenario's own budget, with ``unsupported``."""
        found = report_frontier.slice_at(self.frontier, self.budget_cad)
        others = study.results(self.project, report_frontier.weighted_sum(self.project))
        return found.assign(unsupported=report_frontier.unsupported(found, others))

    @cached_property
    def weights(self) -> pd.DataFrame:
        """:func:`kwev.report.frontier.found_by_weights`."""
        return report_frontier.found_by_weights(self.project, self.slice)

    @cached_property
    def power(self) -> pd.DataFrame:
        """:func:`kwev.report.frontier.power`."""
        return report_frontier.power(self.project)

    @cached_property
    def spacing(self) -> pd.DataFrame:
        """:func:`kwev.report.frontier.spacing`."""
        return report_frontier.spacing(self.project, self.tables)

    @cached_property
    def alternatives(self) -> Alternatives:
        """:func:`kwev.report.near_optimal.read`."""
        return near_optimal.read(self.project)

    @cached_property
    def robustness(self) -> Robustness:
        """:func:`kwev.report.futures.read`."""
        return report_futures.read(self.project)


def level_words(here: pd.DataFrame) -> str:
    """Say what Level 3 costs in Level 2 along a slice of the frontier (by rising Level 3)."""
    first, last = here.iloc[0], here.iloc[-1]
    lost = POINTS * (first["l2_model"] - last["l2_model"])
    gained = POINTS * (last["l3_model"] - first["l3_model"])
    if len(here) == 1 or gained < EVEN_POINTS:
        return "one plan is best for both levels at once"
    if lost < EVEN_POINTS:
        return f"{gained:.1f} points more of Level 3 cost nothing of Level 2"
    steps = _slopes(here)
    return (
        f"{gained:.1f} points more of Level 3 cost {lost:.1f} points of Level 2, "
        f"from {steps[0]:.1f} for the first point to {steps[-1]:.1f} for the last"
    )


def _slopes(here: pd.DataFrame) -> NDArray[np.float64]:
    """Return the Level 2 points lost per Level 3 point, step by step."""
    l2, l3 = here["l2_model"].to_numpy(float), here["l3_model"].to_numpy(float)
    return np.asarray(-np.diff(l2) / np.diff(l3))


def weights_words(here: pd.DataFrame, found: pd.DataFrame) -> str:
    """Say how much of a slice the weighted sum can show."""
    hidden, every = int(here["unsupported"].sum()), len(here)
    distinct = len(found[["l2_model", "l3_model"]].round(9).drop_duplicates())
    shown = f"{len(found)} weights find {distinct} different plans"
    if hidden == 0:
        return f"{shown}, and some weights find each of the {every} plans of the frontier"
    verb = "is" if hidden == 1 else "are"
    return (
        f"{shown}, and {hidden} of the {every} plans of the frontier {verb} found by no weights "
        "at all"
    )


def power_words(frame: pd.DataFrame) -> str:
    """Say what less new power costs in coverage: the least power that the target leaves."""
    kept = frame[frame["efficient"]].sort_values("kw_added", ignore_index=True)
    least, most = kept.iloc[0], kept.iloc[-1]
    lost = POINTS * (most["l2_model"] - least["l2_model"])
    if len(kept) == 1:
        return f"one plan, with {most['kw_added'] / KW_PER_MW:.1f} MW, is best at every limit"
    return (
        f"with {least['kw_added'] / KW_PER_MW:.1f} MW of new power instead of "
        f"{most['kw_added'] / KW_PER_MW:.1f} MW, Level 2 reaches {lost:.1f} points fewer"
    )


def spacing_words(frame: pd.DataFrame) -> str:
    """Say what keeping new Level 3 stations apart costs in coverage."""
    by_distance = frame.sort_values("spacing_asked_m", ignore_index=True)
    free, far = by_distance.iloc[0], by_distance.iloc[-1]
    lost = POINTS * (free["l3_model"] - far["l3_model"])
    change = POINTS * (far["l2_model"] - free["l2_model"])
    told = (
        f"unasked, new Level 3 stations stand at least {free['spacing_m'] / M_PER_KM:.1f} km from "
        f"any other; {far['spacing_asked_m'] / M_PER_KM:.0f} km"
    )
    if abs(lost) < EVEN_POINTS and abs(change) < EVEN_POINTS:
        return f"{told} would cost nothing"
    if change >= EVEN_POINTS:
        return (
            f"{told} would cost {lost:.1f} points of Level 3, and the money would bring "
            f"{change:.1f} points of Level 2"
        )
    return f"{told} would cost {lost:.1f} points of Level 3 and {-change:.1f} of Level 2"


def alternatives_words(found: Alternatives) -> str:
    """Say how much of the best plan can be exchanged at no loss that counts."""
    best, always = len(found.done[near_optimal.BEST]), len(found.always)
    plans = len(found.done)
    if plans == 1:
        return "no other plan was found that is as good within one hundredth"
    below = float(found.plans["below"].max())
    return (
        f"of the {best} actions of the best plan, {always} are in all {plans} plans and "
        f"{best - always} can be exchanged; what is lost is at most {below:.2%} of the objective"
    )


def robust_words(found: Robustness) -> str:
    """Say whether it pays to be ready, and what it costs."""
    base, robust = found.plan("base"), found.plan("robust")
    gain, price = found.gain_points, found.price_points
    told = (
        f"in the worst of {len(found.futures)} futures today's plan misses "
        f"{base['worst_points']:.1f} points more than it need have, the robust plan "
        f"{robust['worst_points']:.1f}"
    )
    if gain < EVEN_POINTS:
        return f"{told}: being ready buys nothing"
    if price < EVEN_POINTS:
        return f"{told}, and being ready costs nothing today"
    return f"{told}; being ready costs {price:.1f} points today"


def per_million(frame: pd.DataFrame, l3_asked: float) -> float:
    """Return the Level 2 points that a million dollars adds along the frontier, on average.

    Parameters
    ----------
    l3_asked
        Least Level 3 coverage at which budgets are compared (share).
    """
    same = frame[(frame["l3_asked"] == l3_asked) & frame["attained"]].sort_values("net_cad")
    first, last = same.iloc[0], same.iloc[-1]
    millions = (last["net_cad"] - first["net_cad"]) / CAD_PER_MILLION
    return float(POINTS * (last["l2_model"] - first["l2_model"]) / millions)


# -- Numbers of the frontier, of plans near the best, and of futures.

MONEY = "${:.0f} million"
GWH_PER_KWH = 1e-6


def of_frontier(report: Report) -> Numbers:
    """Return the numbers of the frontier and of its two further axes."""
    found = report.tradeoffs
    every, here, weights = found.frontier, found.slice, found.weights
    kept, met = every[every["efficient"]], every[every["attained"]]
    power, spacing = found.power, found.spacing
    parts = (every, weights, power, spacing)
    budgets = sorted({b / CAD_PER_MILLION for b in report_frontier.BUDGETS_CAD})
    return Numbers(
        [
            Number("frontier_solved", len(every), "count", "study frontier"),
            Number("frontier_points", len(kept), "count", "frontier.efficient"),
            Number("frontier_beaten", len(met) - len(kept), "count", "frontier.efficient"),
            Number("frontier_missed", len(every) - len(met), "count", "frontier.attained"),
            Number("frontier_plans", sum(map(len, parts)), "count", "studies frontier*"),
            Number(
                "frontier_violations",
                sum(int(part["violations"].sum()) for part in parts),
                "count",
                "certificates",
            ),
            Number("frontier_gap", float(kept["gap_checked"].max()), "share", "study frontier",
                   "{:.2%}"),
            Number("frontier_low", budgets[0], "million CAD", "frontier.BUDGETS_CAD", MONEY),
            Number("frontier_high", budgets[-1], "million CAD", "frontier.BUDGETS_CAD", MONEY),
            Number("frontier_per_million", per_million(every, report_frontier.L3_SHARES[1]),
                   "points", "tradeoffs.per_million"),
            Number("frontier_share", report_frontier.L3_SHARES[1], "share", "frontier.L3_SHARES",
                   "{:.0%}"),
            Number("slice_words", level_words(here), "text", "tradeoffs.level_words"),
            Number("slice_points", len(here), "count", "frontier.slice_at"),
            Number("slice_hidden", int(here["unsupported"].sum()), "count", "frontier.unsupported"),
            Number("weights_beaten", int(weights["beaten"].sum()), "count",
                   "frontier.found_by_weights"),
            Number("weights_words", weights_words(here, weights), "text",
                   "tradeoffs.weights_words"),
            Number("power_words", power_words(power), "text", "tradeoffs.power_words"),
            Number("power_gap", float(power["gap"].max()), "share", "study frontier-kw", "{:.2%}"),
            Number("power_missed", int((~power["attained"]).sum()), "count", "frontier.power"),
            Number("spacing_words", spacing_words(spacing), "text",
                   "tradeoffs.spacing_words"),
        ]
    )  # fmt: skip


def of_alternatives(report: Report) -> Numbers:
    """Return the numbers of the plans near the best."""
    found, origin = report.tradeoffs.alternatives, "record alternatives"
    plans = found.plans
    near = plans[plans["name"] != near_optimal.BEST]
    published = [action.id for action in report.plan.actions]
    best = len(found.done[near_optimal.BEST])
    return Numbers(
        [
            Number("near_plans", len(near), "count", origin),
            Number("near_checks", int(near["checks"].sum()), "count", "certificates"),
            Number("near_violations", int(near["violations"].sum()), "count", "certificates"),
            Number("near_words", alternatives_words(found), "text", origin),
            Number("near_always", len(found.always), "count", origin),
            Number("near_exchangeable", len(found.exchangeable), "count", origin),
            Number("near_share_always", len(found.always) / best, "share", origin, "{:.0%}"),
            Number("near_l2_low", float(plans["l2"].min()), "share", origin),
            Number("near_l2_high", float(plans["l2"].max()), "share", origin),
            Number("near_l2_spread", float(POINTS * (plans["l2"].max() - plans["l2"].min())),
                   "points", origin),
            Number("near_published", found.share_always(published), "share", origin, "{:.0%}"),
        ]
    )  # fmt: skip


def of_robustness(report: Report) -> Numbers:
    """Return the numbers of the futures, of regret, and of the price of being ready."""
    found, origin = report.tradeoffs.robustness, "record robustness"
    base, robust, middle = (found.plan(name) for name in ("base", "robust", "middle"))
    futures = found.futures
    point_people = report_futures.people_of(1.0, found.people)
    middle_need = float(futures[futures["name"] == "middle"]["need_kwh"].iloc[0])
    return Numbers(
        [
            Number("futures", len(futures), "count", origin),
            Number("futures_ev_low", float(futures["ev"].min()), "EV", origin),
            Number("futures_ev_high", float(futures["ev"].max()), "EV", origin),
            Number("futures_need_low", float(futures["need_kwh"].min()) * GWH_PER_KWH, "GWh",
                   origin),
            Number("futures_need_high", float(futures["need_kwh"].max()) * GWH_PER_KWH, "GWh",
                   origin),
            Number("regret_plans", len(found.plans), "count", origin),
            Number("regret_base", float(base["worst_points"]), "points", origin),
            Number("regret_base_mean", float(base["mean_points"]), "points", origin),
            Number("regret_middle", float(middle["worst_points"]), "points", origin),
            Number("regret_robust", float(robust["worst_points"]), "points", origin),
            Number("regret_robust_mean", float(robust["mean_points"]), "points", origin),
            Number("regret_bound", found.bound_points, "points", origin),
            Number("regret_violations", found.violations, "count", "evaluated"),
            Number("robust_words", robust_words(found), "text", origin),
            Number("robust_price", found.price_points, "points", origin),
            Number("robust_price_people", found.price_people, "people", origin),
            Number("robust_l2", float(robust["l2"]), "share", origin),
            Number("robust_base_l2", float(base["l2"]), "share", origin),
            Number("point_people", point_people, "people", "Census 2021"),
            Number("point_energy", middle_need * GWH_PER_KWH / POINTS, "GWh", origin,
                   "{:,.2f} GWh"),
        ]
    )  # fmt: skip


# -- Tables and figures of the frontier, of plans near the best, and of futures.

SHOWN_GWH_PER_KWH = 1e-6


def _origin(report: Report) -> Origin:
    return origins.plan(report.tables, report.coarse_plan)


def _levels() -> tuple[str | Column, ...]:
    return (
        "l2_model l3_model",
        Column("l2", "Level 2 on the cells", format=".1%"),
        Column("l3", "Level 3 on the cells", format=".1%"),
    )


def frontier_chart(report: Report) -> Figure:
    """Return the frontier of cost, Level 2 and Level 3, a line for each share asked for."""
    frame = report.tradeoffs.frontier
    drawn = frame["efficient"] & frame["l3_asked"].isin(report_frontier.L3_SHARES)
    return report_frontier.frontier_drawn(frame[drawn], origin=_origin(report))


def frontier_table(report: Report) -> Table:
    """Return the plans of the frontier."""
    frame = report.tradeoffs.frontier
    kept = frame[frame["efficient"]].sort_values(["l3_asked", "net_cad"], ignore_index=True)
    columns = ["l3_asked net_cad", *_levels(), "gap_checked"]
    return table("frontier-plans", kept, columns, _origin(report))


def levels_chart(report: Report) -> Figure:
    """Return the two levels at the scenario's budget, with what the weighted sum finds."""
    found = report.tradeoffs
    return report_frontier.levels(found.slice, found.weights, origin=_origin(report))


def power_table(report: Report) -> Table:
    """Return the frontier of new power against coverage."""
    frame = report.tradeoffs.power.sort_values("kw_allowed", ignore_index=True)
    frame = frame.assign(verdict=_verdicts(frame))
    columns = ["kw_allowed kw_added net_cad", *_levels(), "verdict"]
    return table("frontier-power", frame, columns, _origin(report))


def spacing_table(report: Report) -> Table:
    """Return the frontier of Level 3 spacing against coverage."""
    frame = report.tradeoffs.spacing.sort_values("spacing_asked_m", ignore_index=True)
    frame = frame.assign(verdict=_verdicts(frame), stations=frame["new_l3"] + frame["upgrade"])
    frame["spacing_m"] = frame["spacing_m"].where(frame["spacing_m"] < math.inf)
    columns = (
        "spacing_asked_m spacing_m",
        Column("stations", "New Level 3", format=",d"),
        *_levels(),
        "verdict",
    )
    return table("frontier-spacing", frame, columns, _origin(report))


def _verdicts(frame: pd.DataFrame) -> list[str]:
    words = {(True, True): "yes", (True, False): "no, beaten", (False, False): "not attained"}
    pairs = zip(frame["attained"], frame["efficient"], strict=True)
    return [words[bool(attained), bool(efficient)] for attained, efficient in pairs]


def alternatives_table(report: Report) -> Table:
    """Return the best plan and the plans near it."""
    frame = report.tradeoffs.alternatives.plans
    frame = frame.assign(plan=[name.replace("-", " ").capitalize() for name in frame["name"]])
    columns = (
        "plan actions",
        Column("kept", "Shared with the best", format=",d"),
        "net_cad below",
        *_levels(),
        "gap_checked",
    )
    return table("alternatives", frame, columns, _origin(report))


def exchangeable_table(report: Report) -> Table:
    """Return, by kind of action, what all near plans share and what can be exchanged."""
    found = report.tradeoffs.alternatives
    frame = found.frequency()
    rows = []
    for kind, words in KIND_NAMES.items():
        part = frame[frame["kind"] == kind]
        own = part[part["action"].isin(found.done[near_optimal.BEST])]
        if len(part):
            always = int((own["plans"] == len(found.done)).sum())
            rows.append(
                {
                    "kind": words,
                    "best": len(own),
                    "always": always,
                    "exchangeable": len(own) - always,
                    "ever": len(part),
                }
            )
    columns = "kind best always exchangeable ever"
    return table("exchangeable", pd.DataFrame(rows), columns, _origin(report))


def must_have_table(report: Report) -> Table:
    """Return the actions that every near plan has; the CSV has all that some plan has."""
    found = report.tradeoffs.alternatives
    frame = found.frequency()
    frame = frame.assign(
        what=frame["kind"].map(KIND_NAMES),
        published=[
            "yes" if action in {a.id for a in report.plan.actions} else "no"
            for action in frame["action"]
        ],
    )
    columns = ("place municipality what plans", Column("published", "In the published plan"))
    return table("must-have", frame, columns, _origin(report))


def futures_table(report: Report) -> Table:
    """Return the futures and what the plan made for each misses."""
    frame = report.tradeoffs.robustness.futures
    frame = frame.assign(
        future=[name.replace("-", " ").capitalize() for name in frame["name"]],
        need_gwh=frame["need_kwh"] * SHOWN_GWH_PER_KWH,
    )
    columns = (
        "future",
        Column("ev", "Vehicles", format=",.0f"),
        Column("utilisation", "Use of a port", format=".1%"),
        "public_share port_counts need_gwh best_points",
    )
    return table("futures", frame, columns, _origin(report))


def regret_table(report: Report) -> Table:
    """Return what each plan regrets."""
    found = report.tradeoffs.robustness
    frame = found.plans.sort_values(["worst_points", "name"], ignore_index=True)
    frame = frame.assign(
        plan=[_plan_words(name) for name in frame["name"]],
        when=[name.replace("-", " ") for name in frame["worst_future"]],
        unserved_gwh=frame["worst_unserved_kwh"] * SHOWN_GWH_PER_KWH,
        over=frame["over_cad"] / CAD_PER_MILLION,
    )
    columns = (
        "plan worst_points when mean_points unserved_gwh people_l2 now_points",
        Column("l2", "Level 2 today, on the cells", format=".1%"),
    )
    return table("regret", frame, columns, _origin(report))


def _plan_words(name: str) -> str:
    known = {"base": "Made for today", "robust": "Least worst regret", "middle": "Made for 2030"}
    if name in known:
        return known[name]
    words = name.replace("-", " ")
    return f"Made for {words}" if words.startswith("future") else words.capitalize()
