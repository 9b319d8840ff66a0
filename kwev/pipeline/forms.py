"""Forms of growth: a history of totals in, totals of later quarters out.

Each form answers one question about the future. All but the damped trend have a closed solution,
and that one searches a fixed grid, so that every environment finds the same parameters. None
exceeds the market and none falls below 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.optimize import nnls

from kwev.schemas.vehicles import FORMS

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    Form = Callable[[Numbers, int, float], Numbers]


def linear(history: Numbers, quarters: int, market: float) -> Numbers:
    """Continue the mean increase: as many new vehicles each quarter as so far on average.

    A random walk with drift.

    Parameters
    ----------
    history
        (T,) totals, one a quarter, above 0.
    quarters
        How many quarters ahead.
    market
        Vehicles there can be at most.

    Returns
    -------
    NDArray
        (quarters,) totals, 0 to ``market``.
    """
    step = (history[-1] - history[0]) / (len(history) - 1)
    later: Numbers = np.clip(history[-1] + step * _ahead(quarters), 0.0, market)
    return later


def drift(history: Numbers, quarters: int, market: float) -> Numbers:
    """Continue the mean growth rate: a random walk with drift on the logarithm, cut at the market.

    Parameters and return value as in :func:`linear`.
    """
    rate = np.log(history[-1] / history[0]) / (len(history) - 1)
    later: Numbers = np.minimum(history[-1] * np.exp(rate * _ahead(quarters)), market)
    return later


def logistic(history: Numbers, quarters: int, market: float) -> Numbers:
    """Continue the log-odds of the market in a straight line from the last quarter.

    The slope is that of a least-squares line through all quarters. Parameters and return value as
    in :func:`linear`.
    """
    odds = _log_odds(history, market)
    slope = np.polyfit(np.arange(len(odds)), odds, 1)[0]
    later: Numbers = market / (1 + np.exp(-(odds[-1] + slope * _ahead(quarters))))
    return later


def bass(history: Numbers, quarters: int, market: float) -> Numbers:
    """Let a share of those without an EV buy one, p + q times the share that has one.

    Bass (1969): p and q, at least 0, by least squares over the quarters. Parameters and return
    value as in :func:`linear`.
    """
    room = np.maximum(market - history[:-1], 1e-9)
    rate = np.diff(history) / room
    (p, q), _ = nnls(np.column_stack([np.ones(len(rate)), history[:-1] / market]), rate)
    later, now = [], min(float(history[-1]), market)
    for _ in range(quarters):
        now += min((p + q * now / market) * (market - now), market - now)
        later.append(now)
    return np.array(later)


def damped_trend(history: Numbers, quarters: int, market: float) -> Numbers:
    """Continue the logarithm with a trend that fades: Holt's damped trend.

    Level and trend start from the first two quarters; the three smoothing parameters are those of
    a grid with the least squared error one quarter ahead. Parameters and return value as in
    :func:`linear`.
    """
    level, trend, damping = _holt(np.log(history))
    fade = np.cumsum(damping ** _ahead(quarters))
    return np.minimum(np.exp(level + trend * fade), market)


def _holt(series: Numbers) -> tuple[float, float, float]:
    alpha, beta, phi = (axis.ravel() for axis in np.meshgrid(*_GRID, indexing="ij"))
    level = np.full(alpha.shape, series[0])
    trend = np.full(alpha.shape, series[1] - series[0])
    squares = np.zeros(alpha.shape)
    for value in series[1:]:
        ahead = level + phi * trend
        squares += (value - ahead) ** 2
        new = ahead + alpha * (value - ahead)
        trend = beta * (new - level) + (1 - beta) * phi * trend
        level = new
    # rounded, so that a last digit does not choose between two equal fits
    best = int(np.argmin(np.round(squares, 12)))
    return float(level[best]), float(trend[best]), float(phi[best])


def _log_odds(history: Numbers, market: float) -> Numbers:
    inside = np.minimum(history, market * (1 - 1e-9))
    odds: Numbers = np.log(inside / (market - inside))
    return odds


def _ahead(quarters: int) -> Numbers:
    return np.arange(1, quarters + 1, dtype=float)


_GRID: Final = (
    np.arange(1, 11) / 10,  # level
    np.arange(0, 11) / 10,  # trend
    np.arange(80, 99, 3) / 100,  # damping, in the range that is usual
)

BY_NAME: Final[dict[str, Form]] = dict(
    zip(FORMS, (linear, bass, damped_trend, logistic, drift), strict=True)
)
"""The forms by name."""

NEEDS_MARKET: Final = ("bass", "logistic")
"""Forms whose course, not only whose end, hangs on the size of the market."""
