"""Numbers of electric vehicles: history, clusters, forecast."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwev.analysis import clusters
from kwev.analysis import vehicles as analysis
from kwev.numbers.number import Number, Numbers
from kwev.pipeline.fan import COVERAGE
from kwev.pipeline.parameters import Parameters
from kwev.schemas.vehicles import BASES

if TYPE_CHECKING:
    from kwev.report import Report
    from kwev.tables import Tables

_FORMS = {
    "linear": "linear growth",
    "bass": "the Bass model",
    "damped_trend": "the damped trend",
    "logistic": "the logistic curve",
    "drift": "constant growth rates",
}


def of_vehicles(report: Report) -> Numbers:
    """Return the numbers of electric vehicles over time."""
    t = report.tables
    return Numbers([*_history(t), *_forecast(t), *_places(t), *_clusters(t)])


def of_growth(report: Report) -> Numbers:
    """Return the numbers of the plan made for the vehicles forecast for 2030."""
    plan = report.growth_plan
    return Numbers(
        [
            Number("growth_l2", plan.coverage.l2.after, "share", "plan of case ev_2030"),
            Number("growth_l3", plan.coverage.l3.after, "share", "plan of case ev_2030"),
            Number("growth_unserved", plan.shortfall.demand or 0.0, "share", "case ev_2030"),
        ]
    )


def _quarter(name: str) -> str:
    return f"{name[4:]} of {name[:4]}"


def _history(t: Tables) -> list[Number]:
    table = analysis.totals(t)
    first, last = table.iloc[0], table.iloc[-1]
    jump, usual = analysis.recount(t)
    parameters = Parameters()
    counted = table.set_index("quarter")["ev"]
    origin = "ev_quarters"
    return [
        Number("ev_quarters", len(table), "count", origin),
        Number("ev_first_quarter", _quarter(str(first["quarter"])), "text", origin),
        Number("ev_first", float(first["ev_inside"]), "EV", origin),
        Number("ev_times", float(last["ev_inside"] / first["ev_inside"]), "ratio", origin,
               "{:.1f} times"),
        Number("ev_recount_quarter", _quarter(parameters.recount_quarter), "text", "parameters"),
        Number("ev_recount_total", int(counted[parameters.recount_quarter]), "EV", origin),
        Number("ev_recount_growth", jump, "share", origin),
        Number("ev_usual_growth", usual, "share", origin),
        Number("ev_recount_areas", analysis.recounted_areas(t), "count", origin),
        Number("ev_last_growth", float(last["growth"]), "share", origin),
        Number("bev_share_low", float(table["bev_share"].min()), "share", origin),
        Number("bev_share_high", float(table["bev_share"].max()), "share", origin),
        Number("bev_share_last", float(last["bev_share"]), "share", origin),
    ]  # fmt: skip


def _forecast(t: Tables) -> list[Number]:
    chosen = analysis.chosen_form(t)
    market, parameters = analysis.market(t), Parameters()
    apart, published = (_errors(t, basis) for basis in BASES)
    best = min(published, key=lambda form: published[form]["mean"])
    origin = "ev_forecast"
    numbers = [
        Number("ev_form", _FORMS[chosen], "text", "ev_backtest"),
        Number("ev_error", apart[chosen]["mean"], "share", "ev_backtest"),
        Number("ev_error_signed", apart[chosen]["signed"], "share", "ev_backtest"),
        Number("ev_inside_interval", apart[chosen]["inside"], "share", "ev_backtest",
               "{:.0%}"),
        Number("ev_inside_published", published[chosen]["inside"], "share",
               "ev_backtest", "{:.0%}"),
        Number("ev_error_published", published[chosen]["mean"], "share", "ev_backtest"),
        Number("ev_best_published", _FORMS[best], "text", "ev_backtest"),
        Number("ev_best_error_published", published[best]["mean"], "share", "ev_backtest"),
        Number("ev_forecasts", int((t.ev_backtest["form"] == chosen).sum() / len(BASES)), "count",
               "ev_backtest"),
        Number("ev_coverage", COVERAGE, "share", "fan.COVERAGE", "{:.0%}"),
        Number("ev_market", market.base, "EV", "households x vehicles x share"),
        Number("ev_market_low", market.low, "EV", "households x vehicles x share"),
        Number("ev_market_high", market.high, "EV", "households x vehicles x share"),
        Number("ev_per_household", parameters.vehicles_per_household, "ratio", "parameters",
               "{:.1f}"),
    ]  # fmt: skip
    for year in analysis.YEARS:
        ends = analysis.forecast_at(t, year)
        numbers += [
            Number(f"ev_{year}_{end}", float(ends[end]), "EV", origin)
            for end in ("low", "mid", "high")
        ]
    table = analysis.what_it_hangs_on(t)
    numbers += [
        Number("ev_2035_least", float(table["market_base"].min()), "EV", origin),
        Number("ev_2035_most", float(table["market_base"].max()), "EV", origin),
    ]
    return numbers


def _errors(t: Tables, basis: str) -> dict[str, dict[str, float]]:
    table = analysis.errors(t, basis)
    columns = ["mean", "signed", "inside"]
    return {
        str(row["form"]): {c: float(row[c]) for c in columns} for row in table.to_dict("records")
    }


def _places(t: Tables) -> list[Number]:
    table = analysis.by_fsa(t)
    (fast,) = table.nlargest(1, "growth_4q_per_year").to_dict("records")
    (slow,) = table.nsmallest(1, "growth_4q_per_year").to_dict("records")
    (dense,) = table.nlargest(1, "per_km2").to_dict("records")
    origin = "fsa_growth"
    return [
        Number("ev_fastest", str(fast["fsa"]), "text", origin),
        Number("ev_fastest_growth", float(fast["growth_4q_per_year"]), "share", origin, "{:.0%}"),
        Number("ev_slowest", str(slow["fsa"]), "text", origin),
        Number("ev_slowest_growth", float(slow["growth_4q_per_year"]), "share", origin, "{:.0%}"),
        Number("ev_densest", str(dense["fsa"]), "text", origin),
        Number("ev_densest_per_km2", float(dense["per_km2"]), "ratio", origin, "{:.0f}"),
        Number("ev_additions_share", Parameters().additions_share, "share", "parameters",
               "{:.0%}"),
    ]  # fmt: skip


def _clusters(t: Tables) -> list[Number]:
    wide, fine = clusters.by_fsa(t), clusters.by_da(t)
    origin = "analysis.clusters"
    found = len(wide.areas) - wide.count("No cluster")
    return [
        Number("moran_fsa", wide.i, "ratio", origin),
        Number("moran_fsa_p", wide.p, "ratio", origin),
        Number("moran_fsa_clusters", found, "count", origin),
        Number("moran_da", fine.i, "ratio", origin),
        Number("moran_dwellings", clusters.dwelling_i(t), "ratio", origin),
        Number("moran_da_many", fine.count("Many among many"), "count", origin),
        Number("moran_da_few", fine.count("Few among few"), "count", origin),
        Number("moran_shuffles", clusters.PERMUTATIONS, "count", origin),
        Number("moran_false", clusters.FALSE_SHARE, "share", origin, "{:.0%}"),
    ]
