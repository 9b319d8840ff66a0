"""Intervals around a forecast: errors that grow with the horizon, and forms that disagree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.stats import norm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

COVERAGE: Final = 0.8
"""Share of cases that an interval should hold."""

_TAIL: Final = (1 - COVERAGE) / 2
_HALVINGS: Final = 80
"""Enough to pin a quantile far below the decimals that are kept."""


@dataclass(frozen=True)
class Market:
    """How many EVs there can be: low, base and high (count)."""

    low: float
    base: float
    high: float

    @property
    def sizes(self) -> tuple[float, float, float]:
        """Return low, base and high."""
        return self.low, self.base, self.high


@dataclass(frozen=True)
class Member:
    """One possible course: totals by quarter ahead, error per quarter (log), and weight."""

    course: NDArray[np.float64]
    pace: float
    weight: float


def spread(paces: Sequence[float]) -> float:
    """Return the root mean square of errors per quarter ahead (log ratio)."""
    return float(np.sqrt(np.mean(np.square(paces))))


def interval(mid: float, pace: float, horizon: int, most: float) -> tuple[float, float]:
    """Return the ends of one form's interval: log-normal, its width proportional to the horizon.

    Neither end exceeds ``most``; the ends enclose ``mid``.
    """
    half = float(norm.ppf(1 - _TAIL)) * pace * horizon
    return mid * float(np.exp(-half)), max(mid, min(mid * float(np.exp(half)), most))


def mixture(
    members: Sequence[Member], horizon: int, mid: float, most: float
) -> tuple[float, float]:
    """Return the ends of the interval of all members together, enclosing ``mid``.

    Each member is log-normal about its own course, with the spread of :func:`interval`, and counts
    with its weight; the ends are the quantiles of the mixture, cut at ``most``.
    """
    weight = np.array([member.weight for member in members])
    centre = np.log([max(float(member.course[horizon - 1]), 1e-9) for member in members])
    width = np.maximum([member.pace * horizon for member in members], 1e-9)

    def quantile(share: float) -> float:
        low = float((centre - 10 * width).min())
        high = float((centre + 10 * width).max())
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            below = float((weight * norm.cdf((middle - centre) / width)).sum() / weight.sum())
            low, high = (middle, high) if below < share else (low, middle)
        return float(np.exp((low + high) / 2))

    return min(mid, quantile(_TAIL)), max(mid, min(quantile(1 - _TAIL), most))
