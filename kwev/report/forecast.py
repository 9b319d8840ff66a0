"""Electric vehicles over time: history, forecast with its back-test, and a plan made for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from kwev.data.columns import BASES, FORMS
from kwev.display import origins, style
from kwev.display.chart import Chart
from kwev.display.figure import rows
from kwev.display.series import Axis, Band, Line, Panel
from kwev.display.values import Number, Numbers, named
from kwev.pipeline.forecast import BY_NAME, COVERAGE, market_of, without_jump
from kwev.pipeline.parameters import Parameters
from kwev.report.memory import once
from kwev.vocabulary import ACTION_KINDS, ALWAYS_SHOWN, TARGET_NAMES

if TYPE_CHECKING:
    from kwev.data.tables import Tables
    from kwev.display.figure import Figure
    from kwev.display.series import Dash
    from kwev.pipeline.forecast import Market
    from kwev.plan.format import Plan
    from kwev.report.scenario import Report

FORM_NAMES: Final = {
    "linear": "Linear: the mean increase goes on",
    "bass": "Bass: buyers follow owners",
    "damped_trend": "Damped trend: growth fades",
    "logistic": "Logistic: an S-curve to the market",
    "drift": "Drift: the mean growth rate goes on",
}

_FORMS: Final = {
    "linear": "linear growth",
    "bass": "the Bass model",
    "damped_trend": "the damped trend",
    "logistic": "the logistic curve",
    "drift": "constant growth rates",
}

YEARS: Final = (2030, 2035)
_PER_YEAR: Final = 4


def totals(tables: Tables) -> pd.DataFrame:
    """Return one row a quarter of all areas together.

    Columns ``bev``, ``phev``, ``ev`` of the whole areas, ``ev_inside``, ``bev_share`` (0 to 1) and
    ``growth`` since the quarter before (share).
    """
    columns = ["bev", "phev", "ev", "ev_inside"]
    table = tables.ev_quarters.groupby("quarter", sort=True)[columns].sum().reset_index()
    table["bev_share"] = table["bev"] / table["ev"]
    table["growth"] = table["ev_inside"].pct_change()
    return table


def chosen_form(tables: Tables) -> str:
    """Return the form of growth that places are planned on.

    Parameters
    ----------
    tables
        ``data/processed``, read: ``ev_forecast``.

    Returns
    -------
    str
        A key of :data:`FORM_NAMES`.
    """
    return str(tables.ev_forecast.loc[tables.ev_forecast["chosen"], "form"].iloc[0])


def forecast_at(tables: Tables, year: int) -> pd.Series[float]:
    """Return ``low``, ``mid`` and ``high`` of the chosen form at the end of a year."""
    table = tables.ev_forecast
    row = table[table["chosen"] & (table["quarter"] == f"{year}Q4")].iloc[0]
    return row[["low", "mid", "high"]].astype(float)


def errors(tables: Tables, basis: str) -> pd.DataFrame:
    """Return one row a form: mean absolute error by quarters ahead, mean signed error, coverage.

    Columns ``form``, ``h1`` to ``h4``, ``mean``, ``signed`` (shares of the count), ``inside``
    (share of counts within the interval made from the other origins), ``chosen``; best first.
    """
    table = tables.ev_backtest[tables.ev_backtest["basis"] == basis]
    size = table.assign(
        size=table["error"].abs(),
        inside=table["actual"].between(table["low"], table["high"]),
    )
    groups = size.groupby("form")
    found = groups[["size", "error", "inside"]].mean()
    found.columns = pd.Index(["mean", "signed", "inside"])
    ahead = size.pivot_table(index="form", columns="horizon", values="size")
    found = found.join(ahead.rename(columns=lambda h: f"h{h}")).reset_index()
    found["chosen"] = found["form"] == chosen_form(tables)
    return found.sort_values("mean", ignore_index=True)


def back_test(tables: Tables) -> pd.DataFrame:
    """Return :func:`errors` on both histories, with the history in words as ``basis``."""
    words = zip(BASES, ("recount taken out", "as published"), strict=True)
    parts = [errors(tables, basis).assign(basis=name) for basis, name in words]
    return pd.concat(parts, ignore_index=True)


def market_vehicles(tables: Tables) -> Market:
    """Return how many EVs there can be: low, base and high."""
    return market_of(float(tables.das["households"].sum()), Parameters())


def what_it_hangs_on(tables: Tables) -> pd.DataFrame:
    """Return one row a form: totals of 2035 by market, and with the recount left in.

    Columns ``form``, ``market_low``, ``market_base``, ``market_high``, ``published``,
    ``published_2030``, ``base_2030``.
    """
    real = totals(tables)
    jump = list(real["quarter"]).index(Parameters().recount_quarter)
    published = real["ev_inside"].to_numpy(float)
    history = without_jump(published, jump)
    last = str(real["quarter"].iloc[-1])
    first, second = (_PER_YEAR * (year - int(last[:4])) + 4 - int(last[-1]) for year in YEARS)
    sizes = market_vehicles(tables)
    rows = []
    for form in FORMS:
        run = BY_NAME[form]
        low, base, high = (run(history, second, size) for size in sizes.sizes)
        as_published = run(published, second, sizes.base)
        rows.append(
            {
                "form": form,
                "base_2030": base[first - 1],
                "market_low": low[-1],
                "market_base": base[-1],
                "market_high": high[-1],
                "published_2030": as_published[first - 1],
                "published": as_published[-1],
            }
        )
    return pd.DataFrame(rows)


def recount(tables: Tables) -> tuple[float, float]:
    """Return growth into the recounted quarter, and the most in any other (shares)."""
    growth = totals(tables).set_index("quarter")["growth"]
    quarter = Parameters().recount_quarter
    return float(growth[quarter]), float(growth.drop(quarter).max())


def recounted_areas(tables: Tables) -> int:
    """Return how many areas grew more into the recounted quarter than in the mean of the others."""
    table = tables.ev_quarters.pivot_table(index="fsa", columns="quarter", values="ev")
    growth = table.sort_index(axis=1).pct_change(axis=1)
    quarter = Parameters().recount_quarter
    return int((growth[quarter] > growth.drop(columns=quarter).mean(axis=1)).sum())


def growth_plans(now: Plan, later: Plan) -> pd.DataFrame:
    """Return a plan beside one made for later vehicles: what each does and leaves.

    Columns ``what`` (words), ``now`` and ``later`` (numbers), ``unit``.
    """
    plans = (now, later)
    rows: list[list[object]] = []
    targets = TARGET_NAMES | {"ev_owners": "Vehicles of the year near either level"}
    for target, words in targets.items():
        rows.append([words, *(100 * getattr(p.coverage, target).after for p in plans), "%"])
    unserved = [100 * (plan.shortfall.demand or 0.0) for plan in plans]
    rows.append(["Public charging need left unserved", *unserved, "%"])
    for kind in ACTION_KINDS:
        counts = [float(sum(a.kind == kind.key for a in plan.actions)) for plan in plans]
        if any(counts) or kind.key in ALWAYS_SHOWN:
            # the unit says at what
            rows.append([kind.heading.removesuffix(" at"), *counts, "stations"])
    rows.append(["Net cost", *(plan.cost.net_cad / 1e6 for plan in plans), "million CAD"])
    return pd.DataFrame(rows, columns=["what", "now", "later", "unit"])


# -- Named values.


@once
def numbers(report: Report) -> Numbers:
    """Return the numbers of electric vehicles over time, and of the plan made for 2030."""
    t, plan = report.tables, report.growth_plan
    planned = {
        "growth_l2": plan.coverage.l2.after,
        "growth_l3": plan.coverage.l3.after,
        "growth_unserved": plan.shortfall.demand or 0.0,
    }
    of_plan = named(f"plan of case {plan.scenario}", share=planned)
    return Numbers([*_of_history(t), *_of_forecast(t), *_of_back_test(t), *of_plan])


def _of_history(t: Tables) -> list[Number]:
    table = totals(t)
    first, last = table.iloc[0], table.iloc[-1]
    into, usual = recount(t)
    quarter = Parameters().recount_quarter
    counts = {"ev_quarters": len(table), "ev_recount_areas": recounted_areas(t)}
    shares = {
        "ev_recount_growth": into,
        "ev_usual_growth": usual,
        "ev_last_growth": last["growth"],
        "bev_share_low": table["bev_share"].min(),
        "bev_share_high": table["bev_share"].max(),
        "bev_share_last": last["bev_share"],
    }
    words = {
        "ev_first_quarter": quarter_words(str(first["quarter"])),
        "ev_recount_quarter": quarter_words(quarter),
    }
    evs = {
        "ev_first": first["ev_inside"],
        "ev_recount_total": int(table.set_index("quarter")["ev"][quarter]),
    }
    times = float(last["ev_inside"] / first["ev_inside"])
    return [
        *named("ev_quarters", count=counts, share=shares, text=words, ev=evs),
        Number("ev_times", times, "ratio", "ev_quarters", "{:.1f} times"),
    ]


def _of_forecast(t: Tables) -> list[Number]:
    market, p = market_vehicles(t), Parameters()
    ends = {
        f"ev_{year}_{end}": value for year in YEARS for end, value in forecast_at(t, year).items()
    }
    last = what_it_hangs_on(t)["market_base"]
    sizes = {"ev_market": market.base, "ev_market_low": market.low, "ev_market_high": market.high}
    return [
        *named("ev_forecast", ev={**ends, "ev_2035_least": last.min(), "ev_2035_most": last.max()}),
        *named("households x vehicles x share", ev=sizes),
        *named("parameters", ratio={"ev_per_household:.1f": p.vehicles_per_household},
               share={"ev_additions_share:.0%": p.additions_share}),
    ]  # fmt: skip


def _of_back_test(t: Tables) -> list[Number]:
    chosen = chosen_form(t)
    apart, published = (errors(t, basis).set_index("form") for basis in BASES)
    best = str(published["mean"].idxmin())
    own, counted = apart.loc[chosen], published.loc[chosen]
    shares = {
        "ev_error": own["mean"],
        "ev_error_signed": own["signed"],
        "ev_inside_interval:.0%": own["inside"],
        "ev_inside_published:.0%": counted["inside"],
        "ev_error_published": counted["mean"],
        "ev_best_error_published": published.loc[best, "mean"],
        "ev_coverage:.0%": COVERAGE,
    }
    tried = int((t.ev_backtest["form"] == chosen).sum() / len(BASES))
    words = {"ev_form": _FORMS[chosen], "ev_best_published": _FORMS[best]}
    return named("ev_backtest", share=shares, text=words, count={"ev_forecasts": tried})


def quarter_words(quarter: str) -> str:
    """Return ``2025Q4`` as ``Q4 of 2025``."""
    return f"{quarter[4:]} of {quarter[:4]}"


# -- Chart.

_THIN: Final[tuple[tuple[str, Dash], ...]] = (
    (style.UPGRADE, "dash"),
    (style.EXISTING_L3, "dot"),
    (style.GOOD, "dashdot"),
    (style.EXISTING, "longdash"),
)
"""Colour and dashes of the forms that are not chosen."""

_TICK_YEARS: Final = 2


def growth_chart(report: Report) -> Figure:
    """Return the quarters counted, the chosen form with its interval, and the other forms thin."""
    history, published = totals(report.tables), report.tables.ev_forecast
    forecast = published.sort_values("quarter", kind="stable")
    chosen = forecast[forecast["chosen"]]
    first, start, last = history.iloc[0], history.iloc[-1], chosen.iloc[-1]
    ends = "; ".join(
        f"{FORM_NAMES[str(row.form)]} {row.mid:,.0f}"
        for row in rows(published[published["quarter"] == last["quarter"]])
    )
    alt = (
        f"Electric vehicles in the Region: {first['ev_inside']:,.0f} in {first['quarter']}, "
        f"{start['ev_inside']:,.0f} in {start['quarter']}; forecast for {last['quarter']}: "
        f"{last['mid']:,.0f}, interval {last['low']:,.0f} to {last['high']:,.0f}. "
        f"By form: {ends}."
    )
    counted = history.rename(columns={"ev_inside": "mid"})[["quarter", "mid"]]
    counted = counted.assign(form="counted", chosen=False)
    data = pd.concat([counted, published], ignore_index=True)
    return Chart(
        name="ev-growth",
        alt=alt,
        origin=origins.vehicles(report.tables),
        data=data[list(forecast.columns)],
        panels=[_growth_panel(history, forecast)],
        height_px=480,
        height_in=3.6,
        legend_columns=2,
    ).figure()


def _growth_panel(history: pd.DataFrame, forecast: pd.DataFrame) -> Panel:
    past = [_year(quarter) for quarter in history["quarter"]]
    now = float(history["ev_inside"].iloc[-1])
    chosen = forecast[forecast["chosen"]]
    years = [past[-1], *(_year(quarter) for quarter in chosen["quarter"])]
    low, high = [now, *chosen["low"]], [now, *chosen["high"]]
    band = Band(
        x=years,
        low=low,
        high=high,
        colour=style.L2,
        label=f"Interval of {COVERAGE:.0%}, without policy",
    )
    hover, thin = "%{customdata}: %{y:,.0f}", iter(_THIN)
    ends = [f"end of {year - 1:.0f}" for year in years]
    courses = []
    dash: Dash
    for form, part in forecast.groupby("form", sort=False):
        is_chosen = bool(part["chosen"].iloc[0])
        colour, dash = (style.L2, "solid") if is_chosen else next(thin)
        courses.append(
            Line(
                x=years, y=[now, *part["mid"]], colour=colour, dash=dash,
                width=3 if is_chosen else 1.3, label=FORM_NAMES[str(form)], hover=hover, facts=ends,
            )
        )  # fmt: skip
    counted = Line(
        x=past, y=history["ev_inside"].tolist(), colour=style.INK, mark="circle", size=6,
        label="Counted", hover=hover, facts=history["quarter"].tolist(),
    )  # fmt: skip
    ticks = list(range(int(years[-1]), int(past[0]) + 1, -_TICK_YEARS))
    # half a year on either side, so that the last year's name is not cut
    span = (past[0] - 0.5, years[-1] + 0.5)
    return Panel(
        series=[band, *courses, counted],
        x=Axis(title="End of year", ticks=(ticks, [str(end - 1) for end in ticks]), span=span),
        y=Axis(title="EVs in the Region (count)", form="count", span=(0, 1.15 * max(high))),
    )


def _year(quarter: str) -> float:
    """Return the time of a quarter's end in years."""
    return int(quarter[:4]) + int(quarter[-1]) / 4
