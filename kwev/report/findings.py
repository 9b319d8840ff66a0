"""Everything that is found out about a plan, each table computed once when it is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from kwev.report import accessibility, measures, remaining
from kwev.report import distances as report_distances
from kwev.report import effects as report_effects
from kwev.report import reasons as report_reasons
from kwev.report.effects import effects

if TYPE_CHECKING:
    import pandas as pd

    from kwev.data.tables import Tables
    from kwev.plan.format import Plan
    from kwev.report.distances import Distances
    from kwev.report.effects import Effects


@dataclass(frozen=True, eq=False)
class Findings:
    """What a plan changes, in tables; each is described where it is computed."""

    effects: Effects

    @classmethod
    def of(cls, tables: Tables, plan: Plan) -> Findings:
        """Measure a plan anew from the tables and its actions."""
        return cls(effects(tables, plan))

    @cached_property
    def groups(self) -> pd.DataFrame:
        """:func:`kwev.report.effects.by_group`."""
        return report_effects.by_group(self.effects)

    @cached_property
    def households(self) -> pd.DataFrame:
        """:func:`kwev.report.effects.by_household`."""
        return report_effects.by_household(self.effects)

    @cached_property
    def access(self) -> pd.DataFrame:
        """:func:`kwev.report.accessibility.summary`."""
        return accessibility.summary(self.effects)

    @cached_property
    def lorenz(self) -> pd.DataFrame:
        """:func:`kwev.report.accessibility.curves`."""
        return accessibility.curves(self.effects)

    @cached_property
    def distances(self) -> Distances:
        """:func:`kwev.report.distances.distances`."""
        return report_distances.distances(self.effects)

    @cached_property
    def percentiles(self) -> pd.DataFrame:
        """:func:`kwev.report.distances.percentiles`."""
        return report_distances.percentiles(self.distances)

    @cached_property
    def redundancy(self) -> pd.DataFrame:
        """:func:`kwev.report.measures.redundancy`."""
        return measures.redundancy(self.effects)

    @cached_property
    def spacing(self) -> pd.DataFrame:
        """:func:`kwev.report.measures.spacing`."""
        return measures.spacing(self.effects)

    @cached_property
    def areas(self) -> pd.DataFrame:
        """:func:`kwev.report.measures.by_area`."""
        return measures.by_area(self.effects)

    @cached_property
    def transit(self) -> pd.DataFrame:
        """:func:`kwev.report.measures.transit`."""
        return measures.transit(self.effects)

    @cached_property
    def reasons(self) -> pd.DataFrame:
        """:func:`kwev.report.reasons.reasons`."""
        return report_reasons.reasons(self.effects)

    @cached_property
    def gaps(self) -> pd.DataFrame:
        """:func:`kwev.report.remaining.gaps`."""
        return remaining.gaps(self.effects)

    @cached_property
    def out_of_reach(self) -> pd.DataFrame:
        """:func:`kwev.report.remaining.summary`."""
        return remaining.summary(self.effects, self.gaps)
