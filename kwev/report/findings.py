"""Everything that is found out about a plan, each table computed once when it is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from kwev.report import accessibility, distances, effects, gaps, measures, plan, reasons

if TYPE_CHECKING:
    from kwev.data.tables import Tables
    from kwev.display.values import Numbers
    from kwev.plan.format import Plan
    from kwev.report.effects import Effects
    from kwev.report.scenario import Report


@dataclass(frozen=True, eq=False)
class Findings:
    """What a plan changes, in tables; each is described where it is computed.

    Attributes
    ----------
    groups, households
        Who is in reach (:func:`kwev.report.effects.by_group`, ``by_household``).
    access, lorenz
        Ports in reach (:func:`kwev.report.accessibility.summary`, ``curves``).
    distances, percentiles
        The way to the nearest station (:mod:`kwev.report.distances`).
    redundancy, spacing, areas, transit
        As in :mod:`kwev.report.measures`.
    reasons
        Why each action was chosen (:func:`kwev.report.reasons.reasons`).
    gaps, out_of_reach
        Places left without, and all who are (:func:`kwev.report.gaps.gaps`, ``summary``).
    """

    effects: Effects

    @classmethod
    def of(cls, tables: Tables, plan: Plan) -> Findings:
        """Measure a plan anew from the tables and its actions."""
        return cls(effects.effects(tables, plan))

    groups = cached_property(lambda self: effects.by_group(self.effects))
    households = cached_property(lambda self: effects.by_household(self.effects))
    access = cached_property(lambda self: accessibility.summary(self.effects))
    lorenz = cached_property(lambda self: accessibility.curves(self.effects))
    distances = cached_property(lambda self: distances.distances(self.effects))
    percentiles = cached_property(lambda self: distances.percentiles(self.distances))
    redundancy = cached_property(lambda self: measures.redundancy(self.effects))
    spacing = cached_property(lambda self: measures.spacing(self.effects))
    areas = cached_property(lambda self: measures.by_area(self.effects))
    transit = cached_property(lambda self: measures.transit(self.effects))
    reasons = cached_property(lambda self: reasons.reasons(self.effects))
    gaps = cached_property(lambda self: gaps.gaps(self.effects))
    out_of_reach = cached_property(lambda self: gaps.summary(self.effects, self.gaps))


def of_findings(report: Report) -> Numbers:
    """Return the numbers of what the plan changes: for whom, how far, why, and what is left.

    They are measured of this very plan, so they carry no tolerance of a solve: another plan, as
    good as it may be, is news.
    """
    return (
        plan.of_costs(report)
        | effects.of_effects(report)
        | distances.of_distances(report)
        | measures.of_measures(report)
        | reasons.of_reasons(report)
        | gaps.of_gaps(report)
    )
