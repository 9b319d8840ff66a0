"""Numbers of the frontier, of plans near the best, and of futures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwev.analysis import frontier, nearoptimal, robustness, tradeoffs
from kwev.numbers.number import Number, Numbers
from kwev.units import CAD_PER_MILLION, POINTS

if TYPE_CHECKING:
    from kwev.report import Report

MONEY = "${:.0f} million"
GWH_PER_KWH = 1e-6


def of_frontier(report: Report) -> Numbers:
    """Return the numbers of the frontier and of its two further axes."""
    found = report.tradeoffs
    every, here, weights = found.frontier, found.slice, found.weights
    kept, met = every[every["efficient"]], every[every["attained"]]
    power, spacing = found.power, found.spacing
    parts = (every, weights, power, spacing)
    budgets = sorted({b / CAD_PER_MILLION for b in frontier.BUDGETS_CAD})
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
            Number("frontier_per_million", tradeoffs.per_million(every, frontier.L3_SHARES[1]),
                   "points", "tradeoffs.per_million"),
            Number("frontier_share", frontier.L3_SHARES[1], "share", "frontier.L3_SHARES",
                   "{:.0%}"),
            Number("slice_words", tradeoffs.level_words(here), "text", "tradeoffs.level_words"),
            Number("slice_points", len(here), "count", "frontier.slice_at"),
            Number("slice_hidden", int(here["unsupported"].sum()), "count", "frontier.unsupported"),
            Number("weights_beaten", int(weights["beaten"].sum()), "count",
                   "frontier.found_by_weights"),
            Number("weights_words", tradeoffs.weights_words(here, weights), "text",
                   "tradeoffs.weights_words"),
            Number("power_words", tradeoffs.power_words(power), "text", "tradeoffs.power_words"),
            Number("power_gap", float(power["gap"].max()), "share", "study frontier-kw", "{:.2%}"),
            Number("power_missed", int((~power["attained"]).sum()), "count", "frontier.power"),
            Number("spacing_words", tradeoffs.spacing_words(spacing), "text",
                   "tradeoffs.spacing_words"),
        ]
    )  # fmt: skip


def of_alternatives(report: Report) -> Numbers:
    """Return the numbers of the plans near the best."""
    found, origin = report.tradeoffs.alternatives, "record alternatives"
    plans = found.plans
    near = plans[plans["name"] != nearoptimal.BEST]
    published = [action.id for action in report.plan.actions]
    best = len(found.done[nearoptimal.BEST])
    return Numbers(
        [
            Number("near_plans", len(near), "count", origin),
            Number("near_checks", int(near["checks"].sum()), "count", "certificates"),
            Number("near_violations", int(near["violations"].sum()), "count", "certificates"),
            Number("near_words", tradeoffs.alternatives_words(found), "text", origin),
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
    point_people = robustness.people_of(1.0, found.people)
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
            Number("regret_violations", found.violations, "count", "study.remeasured"),
            Number("robust_words", tradeoffs.robust_words(found), "text", origin),
            Number("robust_price", found.price_points, "points", origin),
            Number("robust_price_people", found.price_people, "people", origin),
            Number("robust_l2", float(robust["l2"]), "share", origin),
            Number("robust_base_l2", float(base["l2"]), "share", origin),
            Number("point_people", point_people, "people", "Census 2021"),
            Number("point_energy", middle_need * GWH_PER_KWH / POINTS, "GWh", origin,
                   "{:,.2f} GWh"),
        ]
    )  # fmt: skip
