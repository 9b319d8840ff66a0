"""What is traded for what: the frontier, plans near the best, and futures, read once each.

Sentences are made here from the numbers, so that none outlives them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from kwev import study
from kwev.analysis import frontier, nearoptimal, robustness
from kwev.units import CAD_PER_MILLION, POINTS

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from kwev.analysis.nearoptimal import Alternatives
    from kwev.analysis.robustness import Robustness
    from kwev.project import Project
    from kwev.tables import Tables

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
        """:func:`kwev.analysis.frontier.frontier`."""
        return frontier.frontier(self.project)

    @cached_property
    def slice(self) -> pd.DataFrame:
        """The frontier at the scenario's own budget, with ``unsupported``."""
        found = frontier.slice_at(self.frontier, self.budget_cad)
        others = study.results(self.project, frontier.weighted_sum(self.project))
        return found.assign(unsupported=frontier.unsupported(found, others))

    @cached_property
    def weights(self) -> pd.DataFrame:
        """:func:`kwev.analysis.frontier.found_by_weights`."""
        return frontier.found_by_weights(self.project, self.slice)

    @cached_property
    def power(self) -> pd.DataFrame:
        """:func:`kwev.analysis.frontier.power`."""
        return frontier.power(self.project)

    @cached_property
    def spacing(self) -> pd.DataFrame:
        """:func:`kwev.analysis.frontier.spacing`."""
        return frontier.spacing(self.project, self.tables)

    @cached_property
    def alternatives(self) -> Alternatives:
        """:func:`kwev.analysis.nearoptimal.read`."""
        return nearoptimal.read(self.project)

    @cached_property
    def robustness(self) -> Robustness:
        """:func:`kwev.analysis.robustness.read`."""
        return robustness.read(self.project)


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
    best, always = len(found.done[nearoptimal.BEST]), len(found.always)
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
