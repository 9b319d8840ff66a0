"""The Region's electric vehicles to 2035: forms of growth, back-test, intervals, forecast.

A form takes a history of totals and gives the totals of later quarters. All but the damped trend
have a closed solution, and that one searches a fixed grid, so that every environment finds the
same parameters. None exceeds the market and none falls below 0. Forms are tested on real quarters;
intervals come from errors that grow with the horizon, and from forms that disagree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from scipy.optimize import bisect, nnls
from scipy.stats import norm

from kwev.data.columns import BASES, FORMS
from kwev.data.schemas import arrange

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from kwev.pipeline.parameters import Parameters

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
    return np.asarray(np.clip(history[-1] + step * _ahead(quarters), 0.0, market))


def drift(history: Numbers, quarters: int, market: float) -> Numbers:
    """Continue the mean growth rate: a random walk with drift on the logarithm, cut at the market.

    Parameters and return value as in :func:`linear`.
    """
    rate = np.log(history[-1] / history[0]) / (len(history) - 1)
    return np.asarray(np.minimum(history[-1] * np.exp(rate * _ahead(quarters)), market))


def logistic(history: Numbers, quarters: int, market: float) -> Numbers:
    """Continue the log-odds of the market in a straight line from the last quarter.

    The slope is that of a least-squares line through all quarters. Parameters and return value as
    in :func:`linear`.
    """
    inside = np.minimum(history, market * (1 - 1e-9))
    odds = np.log(inside / (market - inside))
    slope = np.polyfit(np.arange(len(odds)), odds, 1)[0]
    return np.asarray(market / (1 + np.exp(-(odds[-1] + slope * _ahead(quarters)))))


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


COVERAGE: Final = 0.8
"""Share of cases that an interval should hold."""

_TAIL: Final = (1 - COVERAGE) / 2


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

    course: Numbers
    pace: float
    weight: float


def spread(paces: Sequence[float]) -> float:
    """Return the root mean square of errors per quarter ahead (log ratio)."""
    return float(np.sqrt(np.mean(np.square(paces))))


def interval(mid: float, pace: float, horizon: int, most: float) -> tuple[float, float]:
    """Return the ends of one form's interval: log-normal, its width proportional to the horizon.

    Neither end exceeds ``most``; the ends enclose ``mid``.

    Parameters
    ----------
    mid
        The forecast (EV).
    pace
        Error per quarter ahead (log ratio), as :func:`spread` returns it.
    horizon
        Quarters ahead.
    most
        Vehicles there can be (EV).

    Returns
    -------
    tuple
        Low and high end (EV).
    """
    half = float(norm.ppf(1 - _TAIL)) * pace * horizon
    return mid * float(np.exp(-half)), max(mid, min(mid * float(np.exp(half)), most))


def mixture(
    members: Sequence[Member], horizon: int, mid: float, most: float
) -> tuple[float, float]:
    """Return the ends of the interval of all members together, enclosing ``mid``.

    Each member is log-normal about its own course, with the spread of :func:`interval`, and counts
    with its weight; the ends are the quantiles of the mixture, cut at ``most``.

    Parameters
    ----------
    members
        Possible courses.
    horizon
        Quarters ahead.
    mid
        The forecast (EV).
    most
        Vehicles there can be (EV).

    Returns
    -------
    tuple
        Low and high end (EV).
    """
    weight = np.array([member.weight for member in members])
    centre = np.log([max(float(member.course[horizon - 1]), 1e-9) for member in members])
    width = np.maximum([member.pace * horizon for member in members], 1e-9)

    def quantile(share: float) -> float:
        def above(value: float) -> float:
            return float(np.average(norm.cdf((value - centre) / width), weights=weight)) - share

        reach = 10 * width
        return float(np.exp(bisect(above, (centre - reach).min(), (centre + reach).max())))

    return min(mid, quantile(_TAIL)), max(mid, min(quantile(1 - _TAIL), most))


TRAINING: Final = 8
"""Fewest quarters before the first origin of the back-test: two years, so that each season is seen
twice."""

HORIZONS: Final = (1, 2, 3, 4)
"""Quarters ahead of the back-test."""

LAST: Final = 2035
"""Last year of the forecast."""

VEHICLE_DECIMALS: Final = 1
"""Decimals of a forecast, so that other environments write the same."""


@dataclass(frozen=True)
class Outlook:
    """What the forecast says.

    Parameters
    ----------
    backtest, forecast
        ``ev_backtest.csv`` and ``ev_forecast.csv``.
    chosen
        The form with the least mean error on the history without the recount.
    """

    backtest: pd.DataFrame
    forecast: pd.DataFrame
    chosen: str

    def middle(self, year: int) -> float:
        """Return the chosen form's forecast of a year's end."""
        row = (self.forecast["quarter"] == f"{year}Q4") & self.forecast["chosen"]
        return float(self.forecast.loc[row, "mid"].iloc[0])


def market_of(households: float, parameters: Parameters) -> Market:
    """Return how many EVs there can be: households, vehicles each, and the share electric.

    Parameters
    ----------
    households
        Households of the Region (census of 2021).
    parameters
        Vehicles per household and the share that ends up electric.

    Returns
    -------
    Market
        Low, base and high number of EVs.
    """
    low, high = parameters.vehicles_per_household_range
    return Market(
        low=households * low * parameters.electric_share_low,
        base=households * parameters.vehicles_per_household * parameters.electric_share,
        high=households * high * parameters.electric_share,
    )


def outlook(quarters: pd.DataFrame, market: Market, recount_quarter: str) -> Outlook:
    """Return back-test and forecast of the Region's total inside.

    Parameters
    ----------
    quarters
        Columns ``quarter`` and ``ev_inside``: ``ev_quarters``.
    market
        Low, base and high number of vehicles that there can be.
    recount_quarter
        The quarter in which the way of counting changed.
    """
    totals = quarters.groupby("quarter", sort=True)["ev_inside"].sum()
    names, published = list(totals.index), totals.to_numpy(float)
    jump = names.index(recount_quarter) if recount_quarter in names else -1
    histories = dict(zip(BASES, (without_jump(published, jump), published), strict=True))
    trials = {basis: _trials(history, market.base) for basis, history in histories.items()}
    chosen = best_form(trials[BASES[0]])
    backtest = pd.concat(
        _backtest(histories[basis], trials[basis], market, chosen).assign(basis=basis)
        for basis in BASES
    )
    backtest = arrange(
        backtest.assign(origin=backtest["origin"].map(dict(enumerate(names)))), "ev_backtest"
    ).reset_index(drop=True)
    forecast = _forecast(names[-1], histories[BASES[0]], trials[BASES[0]], market, chosen)
    return Outlook(backtest, forecast, chosen)


def without_jump(history: Numbers, jump: int) -> Numbers:
    """Return the history as it would be had earlier quarters been counted like later ones.

    Quarters before ``jump`` are scaled so that growth into it is the mean of the two quarters
    before and the two after. A history without these neighbours is returned as it is.

    Parameters
    ----------
    history
        (T,) EVs, one total a quarter, above 0.
    jump
        Index of the first quarter of the new count; -1 for none.

    Returns
    -------
    numpy.ndarray
        (T,) EVs; quarters from ``jump`` on are those given.
    """
    if jump < 3 or jump + 2 >= len(history):  # noqa: PLR2004 - two neighbours on either side
        return history.copy()
    growth = np.diff(np.log(history))
    usual = growth[[jump - 3, jump - 2, jump, jump + 1]].mean()
    scaled = history.copy()
    scaled[:jump] *= np.exp(growth[jump - 1] - usual)
    return scaled


def best_form(trials: pd.DataFrame) -> str:
    """Return the form with the least mean absolute error; the first listed of equal ones."""
    return min(FORMS, key=lambda form: round(_mean_error(trials, form), 9))


def _mean_error(trials: pd.DataFrame, form: str) -> float:
    return float(trials.loc[trials["form"] == form, "error"].abs().mean())


def _trials(history: Numbers, market: float) -> pd.DataFrame:
    """Return each forecast of the back-test beside what came, and its error per quarter (log)."""
    rows = []
    for origin in range(TRAINING - 1, len(history) - 1):
        for form in FORMS:
            later = BY_NAME[form](history[: origin + 1], HORIZONS[-1], market)
            came = history[origin + 1 : origin + 1 + HORIZONS[-1]]
            rows += [(form, origin, *row) for row in zip(HORIZONS, came, later, strict=False)]
    table = pd.DataFrame(rows, columns=["form", "origin", "horizon", "actual", "forecast"])
    ratio = table["actual"] / table["forecast"].clip(lower=1e-9)
    return table.assign(
        error=table["forecast"] / table["actual"] - 1, pace=np.log(ratio) / table["horizon"]
    )


def _ends(
    history: Numbers, quarters: int, trials: pd.DataFrame, market: Market, chosen: str
) -> Callable[[str, int, float], tuple[float, float]]:
    """Return what gives the ends of a forecast by form, horizon and middle.

    The chosen form's interval is the mixture of every form's course for each market.
    """
    paces = {form: spread(trials.loc[trials["form"] == form, "pace"].to_list()) for form in FORMS}
    members = []
    for form in FORMS:
        weight = 1 / max(_mean_error(trials, form), 1e-6) ** 2
        sizes = market.sizes if form in NEEDS_MARKET else (market.base,)
        for size in sizes:
            course = BY_NAME[form](history, quarters, size)
            members.append(Member(course, paces[form], weight / len(sizes)))

    def ends(form: str, horizon: int, mid: float) -> tuple[float, float]:
        if form == chosen:
            return mixture(members, horizon, mid, market.high)
        return interval(mid, paces[form], horizon, market.high)

    return ends


def _backtest(history: Numbers, trials: pd.DataFrame, market: Market, chosen: str) -> pd.DataFrame:
    """Return the rows of a basis; each interval is made from the other origins' errors."""
    table = trials.sort_values(["form", "origin", "horizon"], ignore_index=True)
    rows = []
    for origin in table["origin"].unique():
        others = trials[trials["origin"] != origin]
        ends = _ends(history[: origin + 1], HORIZONS[-1], others, market, chosen)
        own = table[table["origin"] == origin]
        rows.append(pd.DataFrame(
            [ends(*row) for row in zip(own["form"], own["horizon"], own["forecast"], strict=True)],
            own.index, ["low", "high"],
        ))  # fmt: skip
    counts = dict.fromkeys(("actual", "forecast", "low", "high"), VEHICLE_DECIMALS)
    return table.join(pd.concat(rows)).round({**counts, "error": 6})


def _forecast(
    latest: str, history: Numbers, trials: pd.DataFrame, market: Market, chosen: str
) -> pd.DataFrame:
    """Return ``ev_forecast``: the ends of the years after the latest quarter."""
    ahead = [
        (f"{year}Q4", 4 * (year - int(latest[:4])) + 4 - int(latest[-1]))
        for year in range(int(latest[:4]) + 1, LAST + 1)
    ]
    ends = _ends(history, ahead[-1][1], trials, market, chosen)
    rows = []
    for form in FORMS:
        course = BY_NAME[form](history, ahead[-1][1], market.base)
        for quarter, horizon in ahead:
            mid = float(course[horizon - 1])
            low, high = ends(form, horizon, mid)
            rows.append((quarter, form, low, mid, high, form == chosen))
    columns = ["quarter", "form", "low", "mid", "high", "chosen"]
    table = pd.DataFrame(rows, columns=columns)
    table = table.round(dict.fromkeys(["low", "mid", "high"], VEHICLE_DECIMALS))
    return table.sort_values(["form", "quarter"], ignore_index=True)
