"""What a plan's money says, in sentences: each is derived from the numbers it names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kwev.units import CAD_PER_MILLION

if TYPE_CHECKING:
    import pandas as pd

    from kwev.analysis.returns import Business

CLOSE = 0.1
"""Two utilisations nearer than this part of each other are told as about the same."""


def pays(business: Business) -> str:
    """Return whether the plan pays for itself, and in how many of the draws."""
    finance, now = business.config.finance, business.now
    share = float((business.drawn["npv_cad"] > 0).mean())
    if now.npv_cad > 0:
        return (
            f"At these values the plan pays for itself within {finance.years} years, interest "
            f"included, and it does in {share:.0%} of the draws."
        )
    running = (
        "its income covers the running cost but not the money spent"
        if now.cash_cad_per_year >= 0
        else "its income does not even cover the running cost"
    )
    return (
        f"At these values the plan does not pay for itself within {finance.years} years: "
        f"{running}; it pays in {share:.0%} of the draws."
    )


def levels(stations: pd.DataFrame) -> str:
    """Return which use stations of each level need to pay (rows of ``Business.stations``)."""
    parts = []
    for level, part in stations.groupby("level", sort=True):
        known = part.dropna(subset=["pays"])
        if known.empty:
            parts.append(f"no {level} station pays at any use")
            continue
        best = known.sort_values("pays").iloc[0]
        port = "port" if best["ports"] == 1 else "ports"
        parts.append(
            f"the {level} station that pays soonest, with {best['ports']} {port}, does so from "
            f"{best['pays']:.1%} of the year's hours at full power"
        )
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}."


def filled(supported: float, assumed: float) -> str:
    """Return whether the Region's vehicles can fill the assumed use of all ports.

    Parameters
    ----------
    supported, assumed
        Utilisations (shares of the year's hours at full power).
    """
    if assumed <= 0:
        return "The scenario assumes no use at all."
    ratio = supported / assumed
    if ratio < 1 - CLOSE:
        return (
            f"The energy that today's vehicles take in public would fill all ports, existing and "
            f"new, for only {supported:.1%} of the hours, not the assumed {assumed:.0%}: what the "
            f"plan earns at the assumed use is an upper end until there are more vehicles."
        )
    if ratio <= 1 + CLOSE:
        return (
            f"The energy that today's vehicles take in public would fill all ports for about the "
            f"assumed {assumed:.0%} of the hours."
        )
    return (
        f"The energy that today's vehicles take in public would fill all ports for {supported:.1%} "
        f"of the hours, more than the assumed {assumed:.0%}."
    )


def pays_from(utilisation: float | None) -> str:
    """Return from which use something pays back, in words."""
    if utilisation is None:
        return "at no use"
    return f"from {utilisation:.1%} of the hours"


def paying(stations: pd.DataFrame, utilisation: float) -> str:
    """Return which stations pay back at a utilisation, in a sentence's end."""
    pays = stations[stations["pays"] <= utilisation]
    if pays.empty:
        return "no new station of either level pays back"
    if len(pays) == len(stations):
        return "new stations of either level pay back"
    only = sorted(set(pays["level"]))
    others = stations[~stations["level"].isin(only)]
    if len(only) == 1 and len(pays) == (stations["level"] == only[0]).sum() and len(others):
        return f"new {only[0]} stations pay back and no others"
    return f"{len(pays)} of the {len(stations)} kinds of new station in the table pay back"


def ports_and_peaks(stations: pd.DataFrame) -> str:
    """Return what a larger Level 2 station pays for its peak."""
    level2 = stations[stations["level"] == "Level 2"].sort_values("ports")
    free, charged = level2[level2["power"] == 0], level2[level2["power"] > 0]
    if free.empty or charged.empty:
        return "No Level 2 station here crosses the limit between the utility's classes."
    small, large = free.iloc[-1], charged.iloc[0]
    worse = not np.nan_to_num(large["pays"], nan=np.inf) < small["pays"]
    verdict = "and needs more use to pay, not less" if worse else "and still needs less use to pay"
    return (
        f"With {large['ports']} ports instead of {small['ports']}, a Level 2 station becomes a "
        f"larger customer and pays ${large['power']:,.0f} a year for its peak, {verdict}."
    )


def fee(cad_per_kwh: float, energy_cad_per_kwh: float) -> str:
    """Return how a fee stands to what the energy of a kWh sold costs."""
    return "less than" if cad_per_kwh < energy_cad_per_kwh else "at least what"


def budgets(table: pd.DataFrame, ports: pd.Series) -> str:
    """Return at which budget the return is best, and what that has to do with Level 3.

    Parameters
    ----------
    table
        As :func:`kwev.analysis.returns.by_budget` returns it.
    ports
        Level 3 ports that each budget's plan adds, in the same order.
    """
    known = table.assign(ports=ports.to_numpy()).dropna(subset=["roi"])
    best = known.sort_values("roi", kind="stable").iloc[-1]
    worst = known.sort_values("roi", kind="stable").iloc[0]
    if best["budget_cad"] == worst["budget_cad"]:
        return "the budgets return the same"
    text = (
        f"the return is best with a budget of {millions(best['budget_cad'])} and worst with one "
        f"of {millions(worst['budget_cad'])}"
    )
    if best["ports"] > worst["ports"]:
        return f"{text}: the former adds {_fast(best['ports'])}, the latter {worst['ports']:.0f}"
    return text


def millions(cad: float) -> str:
    """Return an amount in millions of dollars, as prose has it."""
    return f"${cad / CAD_PER_MILLION:g} million"


def _fast(ports: float) -> str:
    return f"{ports:.0f} Level 3 {'port' if ports == 1 else 'ports'}"


def payback(years: float | None) -> str:
    """Return when the money is back, in words that end a sentence."""
    if years is None or not np.isfinite(years):
        return "the money never comes back"
    return f"the money is back after {years:.1f} years"
