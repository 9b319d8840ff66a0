"""The Region's electric vehicles to 2035: forms of growth, tested on real quarters, with intervals.

The count jumped in one quarter when licence plates began to renew by themselves: plates that had
lapsed were counted again. No form of growth foresees that, so forms are compared on the history
with the jump taken out as well as on the counts as published, and fitted without it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from kwev.pipeline import forms
from kwev.pipeline.fan import Market, Member, interval, mixture, spread
from kwev.schemas.vehicles import BASES, FORMS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kwev.pipeline.parameters import Parameters

    Numbers = NDArray[np.float64]

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


@dataclass(frozen=True)
class _Trial:
    """One forecast of the back-test beside what came."""

    form: str
    origin: int
    horizon: int
    actual: float
    forecast: float

    @property
    def pace(self) -> float:
        """Return the logarithm of the ratio for each quarter ahead."""
        return float(np.log(self.actual / max(self.forecast, 1e-9))) / self.horizon


def market_of(households: float, parameters: Parameters) -> Market:
    """Return how many EVs there can be: households, vehicles each, and the share electric."""
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
    backtest = [
        _backtest(basis, names, histories[basis], trials[basis], market, chosen) for basis in BASES
    ]
    forecast = _forecast(names[-1], histories[BASES[0]], trials[BASES[0]], market, chosen)
    return Outlook(pd.concat(backtest, ignore_index=True), forecast, chosen)


def without_jump(history: Numbers, jump: int) -> Numbers:
    """Return the history as it would be had earlier quarters been counted like later ones.

    Quarters before ``jump`` are scaled so that growth into it is the mean of the two quarters
    before and the two after. A history without these neighbours is returned as it is.
    """
    if jump < 3 or jump + 2 >= len(history):  # noqa: PLR2004 - two neighbours on either side
        return history.copy()
    growth = np.diff(np.log(history))
    usual = growth[[jump - 3, jump - 2, jump, jump + 1]].mean()
    scaled = history.copy()
    scaled[:jump] *= np.exp(growth[jump - 1] - usual)
    return scaled


def best_form(trials: list[_Trial]) -> str:
    """Return the form with the least mean absolute error; the first listed of equal ones."""
    return min(FORMS, key=lambda form: round(_mean_error(trials, form), 9))


def _mean_error(trials: list[_Trial], form: str) -> float:
    return float(np.mean([abs(t.forecast / t.actual - 1) for t in trials if t.form == form]))


def _trials(history: Numbers, market: float) -> list[_Trial]:
    found = []
    for origin in range(TRAINING - 1, len(history) - 1):
        for form in FORMS:
            later = forms.BY_NAME[form](history[: origin + 1], HORIZONS[-1], market)
            found += [
                _Trial(form, origin, h, float(history[origin + h]), float(later[h - 1]))
                for h in HORIZONS
                if origin + h < len(history)
            ]
    return found


def _members(history: Numbers, quarters: int, trials: list[_Trial], market: Market) -> list[Member]:
    """Return each form's course for each market, with its weight and its error per quarter."""
    members = []
    for form in FORMS:
        weight = 1 / max(_mean_error(trials, form), 1e-6) ** 2
        sizes = market.sizes if form in forms.NEEDS_MARKET else (market.base,)
        pace = spread([t.pace for t in trials if t.form == form])
        for size in sizes:
            course = forms.BY_NAME[form](history, quarters, size)
            members.append(Member(course, pace, weight / len(sizes)))
    return members


def _backtest(  # noqa: PLR0913, PLR0917 - one basis, all that it is judged by
    basis: str,
    names: list[str],
    history: Numbers,
    trials: list[_Trial],
    market: Market,
    chosen: str,
) -> pd.DataFrame:
    """Return ``ev_backtest`` of a basis; each interval is made from the other origins' errors."""
    rows = []
    for origin in sorted({t.origin for t in trials}):
        others = [t for t in trials if t.origin != origin]
        members = _members(history[: origin + 1], HORIZONS[-1], others, market)
        for trial in (t for t in trials if t.origin == origin):
            low, high = _ends(trial, others, members, market, chosen)
            rows.append(
                {
                    "basis": basis,
                    "form": trial.form,
                    "origin": names[origin],
                    "horizon": trial.horizon,
                    "actual": round(trial.actual, VEHICLE_DECIMALS),
                    "forecast": round(trial.forecast, VEHICLE_DECIMALS),
                    "error": round(trial.forecast / trial.actual - 1, 6),
                    "low": round(low, VEHICLE_DECIMALS),
                    "high": round(high, VEHICLE_DECIMALS),
                }
            )
    return pd.DataFrame(rows).sort_values(["form", "origin", "horizon"], ignore_index=True)


def _ends(
    trial: _Trial, others: list[_Trial], members: list[Member], market: Market, chosen: str
) -> tuple[float, float]:
    if trial.form == chosen:
        return mixture(members, trial.horizon, trial.forecast, market.high)
    pace = spread([t.pace for t in others if t.form == trial.form])
    return interval(trial.forecast, pace, trial.horizon, market.high)


def _forecast(
    latest: str, history: Numbers, trials: list[_Trial], market: Market, chosen: str
) -> pd.DataFrame:
    """Return ``ev_forecast``: the ends of the years after the latest quarter."""
    ahead = [
        (f"{year}Q4", 4 * (year - int(latest[:4])) + 4 - int(latest[-1]))
        for year in range(int(latest[:4]) + 1, LAST + 1)
    ]
    members = _members(history, ahead[-1][1], trials, market)
    rows = []
    for form in FORMS:
        course = forms.BY_NAME[form](history, ahead[-1][1], market.base)
        pace = spread([t.pace for t in trials if t.form == form])
        for quarter, horizon in ahead:
            mid = float(course[horizon - 1])
            low, high = (
                mixture(members, horizon, mid, market.high)
                if form == chosen
                else interval(mid, pace, horizon, market.high)
            )
            ends = [round(value, VEHICLE_DECIMALS) for value in (low, mid, high)]
            rows.append([quarter, form, *ends, form == chosen])
    columns = ["quarter", "form", "low", "mid", "high", "chosen"]
    table = pd.DataFrame(rows, columns=columns)
    return table.sort_values(["form", "quarter"], ignore_index=True)
