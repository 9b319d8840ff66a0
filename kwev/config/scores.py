"""The weights of a scenario's scores: of a demand point, and of a candidate site."""

from __future__ import annotations

from typing import Final

from pydantic import model_validator

from kwev.config.sections import PositiveM, Section, Share

SUM_TOL: Final = 1e-9
"""How far weights may be from adding up to one."""


class _Parts(Section):
    """Weights of the parts of a score.

    They add up to 1 as written. A part may be switched off with a weight of 0; then the others
    are rescaled to 1 where the score is computed, so that one key is enough to leave a part out.
    """

    @model_validator(mode="after")
    def _adds_up(self) -> _Parts:
        weights = list(self.model_dump().values())
        total = sum(weights)
        if total <= 0:
            raise ValueError("every weight is 0")
        if min(weights) > 0 and abs(total - 1) > SUM_TOL:
            raise ValueError(f"the weights add up to {total:g}, not 1")
        return self

    def rescaled(self) -> dict[str, float]:
        """Return the weights by name, adding up to 1."""
        weights = self.model_dump()
        total = sum(weights.values())
        return {name: weight / total for name, weight in weights.items()}


class SiteWeights(_Parts):
    """Parts of the score of a candidate site (client's specification, section 2.6.2)."""

    people: Share
    """Weight of the people nearby."""
    ev: Share
    """Weight of the density of EVs around the site."""
    grid: Share
    """Weight of the grid proxy of the site."""
    transit: Share
    """Weight of transit at the site."""
    growth: Share
    """Weight of the forecast growth of EVs around the site."""


class Adjustments(Section):
    """How much each factor may take from a site's score: 0 is off, 1 takes all of it."""

    chargers: Share
    """Taken where a public charger stands at the site already (less as it is farther away)."""
    land_use: Share
    """Taken where a charger does not suit the use of the land."""
    ownership: Share
    """Taken where the owner is not public."""
    capacity: Share
    """Taken where the grid proxy has no room for the smallest Level 3 station."""
    access: Share
    """Taken where no road that cars may use is near."""
    traffic: Share
    """Taken where little traffic passes."""


class DemandWeights(_Parts):
    """Parts of the score of a demand point (client's specification, section 2.5.1)."""

    density: Share
    """Weight of population density."""
    infrastructure: Share
    """Weight of infrastructure quality: age of the housing and grid proxy, half each."""
    transit: Share
    """Weight of transit at the point."""
    housing: Share
    """Weight of housing: households in apartments, who cannot charge at home."""


class Scores(Section):
    """The score of a candidate site and the score of a demand point."""

    site: SiteWeights
    """Weights of the parts of a site's score."""
    adjust: Adjustments
    """Strengths of the factors that adjust a site's score."""
    charger_reach_m: PositiveM
    """Distance from which on a public charger takes nothing from a site's score (m)."""
    access_reach_m: PositiveM
    """Distance to a road from which on a site counts as out of reach by car (m)."""
    demand: DemandWeights
    """Weights of the parts of a demand point's score."""
