"""What is traded for what: the frontier, plans near the best, and futures, read once each.

Their named values and tables; the charts are those of :mod:`kwev.report.frontier`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import pandas as pd

from kwev.display import origins
from kwev.display.table import Column, table
from kwev.display.values import Number, Numbers, named
from kwev.report import frontier as pareto
from kwev.report import futures, near_optimal
from kwev.studies import study
from kwev.units import CAD_PER_MILLION, POINTS
from kwev.vocabulary import KIND_NAMES

if TYPE_CHECKING:
    from kwev.data.tables import Tables
    from kwev.display.figure import Figure, Origin
    from kwev.display.table import Table
    from kwev.project import Project
    from kwev.report.futures import Robustness
    from kwev.report.near_optimal import Alternatives
    from kwev.report.scenario import Report

KW_PER_MW: Final = 1_000
M_PER_KM: Final = 1_000
GWH_PER_KWH: Final = 1e-6
EVEN_POINTS: Final = 0.05
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
        return pareto.frontier(self.project)

    @cached_property
    def slice(self) -> pd.DataFrame:
        """The frontier at the scenario's own budget, with ``unsupported``."""
        found = pareto.slice_at(self.frontier, self.budget_cad)
        others = study.results(self.project, pareto.weighted_sum(self.project))
        return found.assign(unsupported=pareto.unsupported(found, others))

    @cached_property
    def weights(self) -> pd.DataFrame:
        """:func:`kwev.report.frontier.found_by_weights`."""
        return pareto.found_by_weights(self.project, self.slice)

    @cached_property
    def power(self) -> pd.DataFrame:
        """:func:`kwev.report.frontier.power`."""
        return pareto.power(self.project)

    @cached_property
    def spacing(self) -> pd.DataFrame:
        """:func:`kwev.report.frontier.spacing`."""
        return pareto.spacing(self.project, self.tables)

    @cached_property
    def alternatives(self) -> Alternatives:
        """:func:`kwev.report.near_optimal.read`."""
        return near_optimal.read(self.project)

    @cached_property
    def robustness(self) -> Robustness:
        """:func:`kwev.report.futures.read`."""
        return futures.read(self.project)


# -- named values ------------------------------------------------------------------------------


def numbers(report: Report) -> Numbers:
    """Return the numbers of the frontier, of plans near the best, and of the futures."""
    found = report.tradeoffs
    published = [action.id for action in report.plan.actions]
    return Numbers(
        [*_frontier(found), *_slice(found), *_further_axes(found),
         *_alternatives(found.alternatives, published), *_robustness(found.robustness)]
    )  # fmt: skip


def _frontier(found: Tradeoffs) -> list[Number]:
    every = found.frontier
    kept, met = every[every["efficient"]], every[every["attained"]]
    parts = (every, found.weights, found.power, found.spacing)
    budgets, share = pareto.BUDGETS_CAD, pareto.L3_SHARES[1]
    counts = {"points": len(kept), "beaten": len(met) - len(kept)}
    violations = sum(int(part["violations"].sum()) for part in parts)
    return [
        *named("study frontier", None, "frontier_", count={"solved": len(every)}),
        *named("frontier.efficient", None, "frontier_", count=counts),
        *named("frontier.attained", None, "frontier_", count={"missed": len(every) - len(met)}),
        *named("studies frontier*", None, "frontier_", count={"plans": sum(map(len, parts))}),
        *named("certificates", None, "frontier_", count={"violations": violations}),
        Number("frontier_gap", float(kept["gap_checked"].max()), "share", "study frontier",
               "{:.2%}"),
        *(Number(f"frontier_{end}", cad / CAD_PER_MILLION, "million CAD", "frontier.BUDGETS_CAD",
                 "${:.0f} million")
          for end, cad in (("low", min(budgets)), ("high", max(budgets)))),
        *named("tradeoffs.per_million", points={"frontier_per_million": per_million(every, share)}),
        Number("frontier_share", share, "share", "frontier.L3_SHARES", "{:.0%}"),
    ]  # fmt: skip


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


def _slice(found: Tradeoffs) -> list[Number]:
    here, weights = found.slice, found.weights
    plans = weights[["l2_model", "l3_model"]].round(9).drop_duplicates()
    return [
        *named("tradeoffs.level_words", text={"slice_words": level_words(here)}),
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
    first, last = (l2[i] - l2[i + 1] for i in (0, -2))
    first, last = first / (l3[1] - l3[0]), last / (l3[-1] - l3[-2])
    return (
        f"{gained:.1f} points more of Level 3 cost {lost:.1f} points of Level 2, "
        f"from {first:.1f} for the first point to {last:.1f} for the last"
    )


def _further_axes(found: Tradeoffs) -> list[Number]:
    power, spacing = found.power, found.spacing.sort_values("spacing_asked_m")
    kept = power[power["efficient"]].sort_values("kw_added")
    least, most, free, far = kept.iloc[0], kept.iloc[-1], spacing.iloc[0], spacing.iloc[-1]
    moved = {
        "power_l2_moves": least["l2_model"] - most["l2_model"],
        "far_l2_moves": far["l2_model"] - free["l2_model"],
        "far_l3_moves": far["l3_model"] - free["l3_model"],
    }
    return [
        Number("power_gap", float(power["gap"].max()), "share", "study frontier-kw", "{:.2%}"),
        *named("frontier.power", None, "power_", count={"missed": int((~power["attained"]).sum())},
               mw={"least": least["kw_added"] / KW_PER_MW, "most": most["kw_added"] / KW_PER_MW}),
        *(Number(name, POINTS * share, "points", "studies frontier*", "{:+.1f}")
          for name, share in moved.items()),
        Number("far_free", free["spacing_m"] / M_PER_KM, "km", "frontier.spacing", "{:.1f} km"),
        Number("far_asked", far["spacing_asked_m"] / M_PER_KM, "km", "frontier.spacing",
               "{:.0f} km"),
    ]  # fmt: skip


def _alternatives(found: Alternatives, published: list[str]) -> list[Number]:
    origin, plans = "record alternatives", found.plans
    near, best = plans[plans["name"] != near_optimal.BEST], len(found.done[near_optimal.BEST])
    counts = {
        "plans": len(near), "all": len(plans), "best": best, "always": len(found.always),
        "exchangeable": len(found.exchangeable),
    }  # fmt: skip
    low, high = float(plans["l2"].min()), float(plans["l2"].max())
    return [
        *named(origin, None, "near_", count=counts, share={"l2_low": low, "l2_high": high},
               points={"l2_spread": POINTS * (high - low)}),
        *named("certificates", None, "near_", count={name: int(near[name].sum())
                                                     for name in ("checks", "violations")}),
        Number("near_below", float(plans["below"].max()), "share", origin, "{:.2%}"),
        Number("near_share_always", len(found.always) / best, "share", origin, "{:.0%}"),
        Number("near_published", found.share_always(published), "share", origin, "{:.0%}"),
    ]  # fmt: skip


def _robustness(found: Robustness) -> list[Number]:
    origin, drawn = "record robustness", found.futures
    base, robust, middle = (found.plan(name) for name in ("base", "robust", "middle"))
    need = drawn["need_kwh"] * GWH_PER_KWH
    middle_need = float(need[drawn["name"] == "middle"].iloc[0])
    regret = {
        "base": base["worst_points"], "base_mean": base["mean_points"],
        "middle": middle["worst_points"], "robust": robust["worst_points"],
        "robust_mean": robust["mean_points"], "bound": found.bound_points,
    }  # fmt: skip
    return [
        *named(origin, count={"futures": len(drawn), "regret_plans": len(found.plans)}),
        *named(origin, None, "futures_", gwh={"need_low": need.min(), "need_high": need.max()},
               ev={"ev_low": drawn["ev"].min(), "ev_high": drawn["ev"].max()}),
        *named(origin, None, "regret_", points=regret),
        *named(origin, None, "robust_", points={"price": found.price_points},
               share={"l2": robust["l2"], "base_l2": base["l2"]},
               people={"price_people": found.price_people}),
        Number("regret_violations", found.violations, "count", "evaluated"),
        Number("point_people", found.people / POINTS, "people", "Census 2021"),
        Number("point_energy", middle_need / POINTS, "GWh", origin, "{:,.2f} GWh"),
    ]  # fmt: skip


# -- tables and charts -------------------------------------------------------------------------

_LEVELS: Final[tuple[str | Column, ...]] = (
    "l2_model l3_model",
    Column("l2", "Level 2 on the cells", format=".1%"),
    Column("l3", "Level 3 on the cells", format=".1%"),
)


def _origin(report: Report) -> Origin:
    return origins.plan(report.tables, report.coarse_plan)


def frontier_chart(report: Report, plans: pd.DataFrame) -> Figure:
    """Return the frontier of cost, Level 2 and Level 3, a line for each share asked for."""
    drawn = plans["efficient"] & plans["l3_asked"].isin(pareto.L3_SHARES)
    return pareto.frontier_chart(plans[drawn], origin=_origin(report))


def frontier_table(report: Report) -> Table:
    """Return the plans of the frontier."""
    frame = report.tradeoffs.frontier
    kept = frame[frame["efficient"]].sort_values(["l3_asked", "net_cad"], ignore_index=True)
    columns = ["l3_asked net_cad", *_LEVELS, "gap_checked"]
    return table("frontier-plans", kept, columns, _origin(report))


def levels_chart(report: Report) -> Figure:
    """Return the two levels at the scenario's budget, with what the weighted sum finds."""
    found = report.tradeoffs
    return pareto.levels_chart(found.slice, found.weights, origin=_origin(report))


def power_table(report: Report) -> Table:
    """Return the frontier of new power against coverage."""
    frame = _judged(report.tradeoffs.power.sort_values("kw_allowed", ignore_index=True))
    columns = ["kw_allowed kw_added net_cad", *_LEVELS, "verdict"]
    return table("frontier-power", frame, columns, _origin(report))


def spacing_table(report: Report) -> Table:
    """Return the frontier of Level 3 spacing against coverage."""
    frame = _judged(report.tradeoffs.spacing.sort_values("spacing_asked_m", ignore_index=True))
    frame = frame.assign(stations=frame["new_l3"] + frame["upgrade"])
    frame["spacing_m"] = frame["spacing_m"].where(frame["spacing_m"] < math.inf)
    stations = Column("stations", "New Level 3", format=",d")
    columns = ["spacing_asked_m spacing_m", stations, *_LEVELS, "verdict"]
    return table("frontier-spacing", frame, columns, _origin(report))


def _judged(frame: pd.DataFrame) -> pd.DataFrame:
    words = {(True, True): "yes", (True, False): "no, beaten", (False, False): "not attained"}
    pairs = zip(frame["attained"], frame["efficient"], strict=True)
    return frame.assign(verdict=[words[bool(met), bool(kept)] for met, kept in pairs])


def alternatives_table(report: Report) -> Table:
    """Return the best plan and the plans near it."""
    frame = report.tradeoffs.alternatives.plans
    frame = frame.assign(plan=[name.replace("-", " ").capitalize() for name in frame["name"]])
    kept = Column("kept", "Shared with the best", format=",d")
    columns = ["plan actions", kept, "net_cad below", *_LEVELS, "gap_checked"]
    return table("alternatives", frame, columns, _origin(report))


def exchangeable_table(report: Report) -> Table:
    """Return, by kind of action, what all near plans share and what can be exchanged."""
    found = report.tradeoffs.alternatives
    frame = found.frequency()
    rows = []
    for kind, words in KIND_NAMES.items():
        part = frame[frame["kind"] == kind]
        best = part[part["action"].isin(found.done[near_optimal.BEST])]
        always = int((best["plans"] == len(found.done)).sum())
        counts = {"best": len(best), "always": always, "exchangeable": len(best) - always}
        if len(part):
            rows.append({"kind": words, **counts, "ever": len(part)})
    columns = "kind best always exchangeable ever"
    return table("exchangeable", pd.DataFrame(rows), columns, _origin(report))


def must_have_table(report: Report) -> Table:
    """Return the actions that every near plan has; the CSV has all that some plan has."""
    frame = report.tradeoffs.alternatives.frequency()
    published = frame["action"].isin([action.id for action in report.plan.actions])
    frame = frame.assign(
        what=frame["kind"].map(KIND_NAMES), published=published.map({True: "yes", False: "no"})
    )
    columns = ("place municipality what plans", Column("published", "In the published plan"))
    return table("must-have", frame, columns, _origin(report))


def futures_table(report: Report) -> Table:
    """Return the futures and what the plan made for each misses."""
    frame = report.tradeoffs.robustness.futures
    frame = frame.assign(
        future=[name.replace("-", " ").capitalize() for name in frame["name"]],
        need_gwh=frame["need_kwh"] * GWH_PER_KWH,
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
        plan=[_made_for(name) for name in frame["name"]],
        when=[name.replace("-", " ") for name in frame["worst_future"]],
        unserved_gwh=frame["worst_unserved_kwh"] * GWH_PER_KWH,
        over=frame["over_cad"] / CAD_PER_MILLION,
    )
    columns = (
        "plan worst_points when mean_points unserved_gwh people_l2 now_points",
        Column("l2", "Level 2 today, on the cells", format=".1%"),
    )
    return table("regret", frame, columns, _origin(report))


def _made_for(name: str) -> str:
    known = {"base": "Made for today", "robust": "Least worst regret", "middle": "Made for 2030"}
    words = name.replace("-", " ")
    made = f"Made for {words}" if words.startswith("future") else words.capitalize()
    return known.get(name, made)
