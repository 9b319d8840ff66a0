"""Everything that is found out about a plan, each table computed once when it is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from kwev.analysis import (
    beneficiaries,
    catchment,
    distances,
    households,
    measures,
    reasons,
    remaining,
)
from kwev.analysis.effects import effects

if TYPE_CHECKING:
    import pandas as pd

    from kwev.analysis.distances import Distances
    from kwev.analysis.effects import Effects
    from kwev.plan import Plan
    from kwev.tables import Tables


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
        """:func:`kwev.analysis.beneficiaries.by_group`."""
        return beneficiaries.by_group(self.effects)

    @cached_property
    def households(self) -> pd.DataFrame:
        """:func:`kwev.analysis.households.by_household`."""
        return households.by_household(self.effects)

    @cached_property
    def access(self) -> pd.DataFrame:
        """:func:`kwev.analysis.catchment.summary`."""
        return catchment.summary(self.effects)

    @cached_property
    def lorenz(self) -> pd.DataFrame:
        """:func:`kwev.analysis.catchment.curves`."""
        return catchment.curves(self.effects)

    @cached_property
    def distances(self) -> Distances:
        """:func:`kwev.analysis.distances.distances`."""
        return distances.distances(self.effects)

    @cached_property
    def percentiles(self) -> pd.DataFrame:
        """:func:`kwev.analysis.distances.percentiles`."""
        return distances.percentiles(self.distances)

    @cached_property
    def redundancy(self) -> pd.DataFrame:
        """:func:`kwev.analysis.measures.redundancy`."""
        return measures.redundancy(self.effects)

    @cached_property
    def spacing(self) -> pd.DataFrame:
        """:func:`kwev.analysis.measures.spacing`."""
        return measures.spacing(self.effects)

    @cached_property
    def areas(self) -> pd.DataFrame:
        """:func:`kwev.analysis.measures.by_area`."""
        return measures.by_area(self.effects)

    @cached_property
    def transit(self) -> pd.DataFrame:
        """:func:`kwev.analysis.measures.transit`."""
        return measures.transit(self.effects)

    @cached_property
    def reasons(self) -> pd.DataFrame:
        """:func:`kwev.analysis.reasons.reasons`."""
        return reasons.reasons(self.effects)

    @cached_property
    def gaps(self) -> pd.DataFrame:
        """:func:`kwev.analysis.remaining.gaps`."""
        return remaining.gaps(self.effects)

    @cached_property
    def out_of_reach(self) -> pd.DataFrame:
        """:func:`kwev.analysis.remaining.summary`."""
        return remaining.summary(self.effects, self.gaps)
