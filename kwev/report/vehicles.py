"""Electric vehicles over time: history, back-test, what the forecast hangs on, growth by place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd
import plotly.graph_objects as go

from kwev.data.place_schemas import BASES, FORMS
from kwev.display import origins, style
from kwev.display.chart import embed
from kwev.display.figure import Figure, Origin, picture, rows
from kwev.display.table import OWN, Column, Columns, Table, table
from kwev.display.values import Number, Numbers
from kwev.pipeline import forecast as pipeline_forecast
from kwev.pipeline.forecast import COVERAGE, market_of, without_jump
from kwev.pipeline.parameters import Parameters
from kwev.report import clusters, region
from kwev.report.clusters import area_km2
from kwev.vocabulary import ALWAYS_SHOWN

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from kwev.data.tables import Tables
    from kwev.pipeline.forecast import Market
    from kwev.plan.format import Action, Plan
    from kwev.report.scenario import Report

FORM_NAMES: Final = {
    "linear": "Linear: the mean increase goes on",
    "bass": "Bass: buyers follow owners",
    "damped_trend": "Damped trend: growth fades",
    "logistic": "Logistic: an S-curve to the market",
    "drift": "Drift: the mean growth rate goes on",
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
    """Return the form of growth that places are planned on."""
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
        run = pipeline_forecast.BY_NAME[form]
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


def by_fsa(tables: Tables, folder: Path | None = None) -> pd.DataFrame:
    """Return one row a forward sortation area, its part inside: counts, density, growth, forecast.

    Columns of ``fsas`` and ``fsa_growth``, and ``area_km2`` (inside the Region), ``per_km2``,
    ``per_thousand`` (residents), ``bev_per_phev``.
    """
    table = tables.fsas.merge(tables.fsa_growth, on="fsa", validate="one_to_one")
    table["area_km2"] = table["fsa"].map(area_km2("fsas", "fsa", folder))
    table["per_km2"] = table["ev_inside"] / table["area_km2"]
    table["per_thousand"] = 1_000 * table["ev_inside"] / table["population_inside"]
    table["bev_per_phev"] = table["bev"] / table["phev"].where(table["phev"] > 0)
    return table


def growth_plans(now: Plan, later: Plan) -> pd.DataFrame:
    """Return a plan beside one made for later vehicles: what each does and leaves.

    Columns ``what`` (words), ``now`` and ``later`` (numbers), ``unit``.
    """
    rows: list[list[object]] = []
    for target, words in (
        ("l2", "People near Level 2"),
        ("l3", "People near Level 3"),
        ("ev_owners", "Vehicles of the year near either level"),
    ):
        share = [100 * getattr(plan.coverage, target).after for plan in (now, later)]
        rows.append([words, *share, "%"])
    unserved = [100 * (plan.shortfall.demand or 0.0) for plan in (now, later)]
    rows.append(["Public charging need left unserved", *unserved, "%"])
    for kind, words in (
        ("upgrade", "Conversions"),
        ("new_l3", "New Level 3"),
        ("new_l2", "New Level 2"),
        ("add_l3", "Level 3 ports added"),
        ("add_l2", "Level 2 ports added"),
        ("remove", "Removals"),
    ):
        done = any(_count(plan.actions, kind) for plan in (now, later))
        if not done and kind not in ALWAYS_SHOWN:
            continue
        rows.append([words, *(_count(plan.actions, kind) for plan in (now, later)), "stations"])
    rows.append(["Net cost", *(plan.cost.net_cad / 1e6 for plan in (now, later)), "million CAD"])
    return pd.DataFrame(rows, columns=["what", "now", "later", "unit"])


def _count(actions: Sequence[Action], kind: str) -> float:
    return float(sum(action.kind == kind for action in actions))


# -- The chart of electric vehicles over time: what was counted, and where forms of growth lead.

_HEIGHT_PX, _HEIGHT_IN = 480, 3.6
_BAND = f"Interval of {COVERAGE:.0%}"
_TICK_YEARS = 2
_THIN = (
    (style.UPGRADE, "dash", "--"),
    (style.EXISTING_L3, "dot", ":"),
    (style.GOOD, "dashdot", "-."),
    (style.EXISTING, "longdash", (0, (8, 3))),
)
"""Colour and dashes (plotly, matplotlib) of the forms that are not chosen."""


def growth(
    history: pd.DataFrame,
    forecast: pd.DataFrame,
    names: dict[str, str],
    *,
    origin: Origin,
    name: str = "ev-growth",
) -> Figure:
    """Show the quarters counted, the chosen form with its interval, and the other forms thin.

    Parameters
    ----------
    history
        Columns ``quarter`` and ``ev_inside``.
    forecast
        ``ev_forecast``.
    names
        Words for each form.
    """
    chosen = forecast[forecast["chosen"]].sort_values("quarter")
    start, last = history.iloc[-1], chosen.iloc[-1]
    ends = "; ".join(
        f"{names[str(row.form)]} {row.mid:,.0f}"
        for row in rows(forecast[forecast["quarter"] == last["quarter"]])
    )
    alt = (
        f"Electric vehicles in the Region: {history.iloc[0]['ev_inside']:,.0f} in "
        f"{history.iloc[0]['quarter']}, {start['ev_inside']:,.0f} in {start['quarter']}; forecast "
        f"for {last['quarter']}: {last['mid']:,.0f}, interval {last['low']:,.0f} to "
        f"{last['high']:,.0f}. By form: {ends}."
    )
    counted = history.rename(columns={"ev_inside": "mid"})[["quarter", "mid"]]
    table = pd.concat([counted.assign(form="counted", chosen=False), forecast], ignore_index=True)
    lines = _lines(history, forecast)
    return Figure(
        name=name,
        alt=alt,
        source=origin.source,
        vintage=origin.vintage,
        data=table[list(forecast.columns)],
        interactive=lambda: embed(name, _plotly(lines, names), _HEIGHT_PX),
        static=lambda: picture(
            lambda canvas: _draw(canvas, lines, names),
            height_in=_HEIGHT_IN,
            alt=alt,
            note=origin.line(),
        ),
        height_px=_HEIGHT_PX,
    )


def _lines(history: pd.DataFrame, forecast: pd.DataFrame) -> dict[str, Any]:
    """Return what is drawn: years and counts of the history, of each form, and the interval."""
    past = [_year(quarter) for quarter in history["quarter"]], history["ev_inside"].tolist()
    now = past[0][-1], past[1][-1]
    courses = {}
    for form, part in forecast.sort_values("quarter").groupby("form", sort=False):
        years = [now[0], *(_year(quarter) for quarter in part["quarter"])]
        courses[str(form)] = (years, [now[1], *part["mid"]], bool(part["chosen"].iloc[0]))
    chosen = forecast[forecast["chosen"]].sort_values("quarter")
    years = [now[0], *(_year(quarter) for quarter in chosen["quarter"])]
    band = years, [now[1], *chosen["low"]], [now[1], *chosen["high"]]
    top = 1.15 * max(band[2])
    ends = range(int(years[-1]), int(past[0][0]) + 1, -_TICK_YEARS)
    ticks = list(ends), [str(end - 1) for end in ends]
    quarters = history["quarter"].tolist()
    return {
        "past": past, "quarters": quarters, "courses": courses, "band": band, "top": top,
        "ticks": ticks,
    }  # fmt: skip


def _year(quarter: str) -> float:
    """Return the time of a quarter's end in years."""
    return int(quarter[:4]) + int(quarter[-1]) / 4


def _plotly(lines: dict[str, Any], names: dict[str, str]) -> go.Figure:
    figure = go.Figure(layout=style.plotly_layout(height_px=_HEIGHT_PX))
    years, low, high = lines["band"]
    figure.add_scatter(
        x=[*years, *reversed(years)],
        y=[*high, *reversed(low)],
        fill="toself",
        fillcolor="rgba(0,114,178,0.15)",
        line={"width": 0},
        hoverinfo="skip",
        name=_BAND,
    )
    looks = iter(_THIN)
    for form, (when, mid, is_chosen) in lines["courses"].items():
        colour, dash, _ = (style.L2, "solid", "-") if is_chosen else next(looks)
        figure.add_scatter(
            x=when,
            y=mid,
            mode="lines",
            name=names[form],
            line={"color": colour, "dash": dash, "width": 3 if is_chosen else 1.3},
            text=[f"end of {year - 1:.0f}" for year in when],
            hovertemplate="%{text}: %{y:,.0f}<extra>" + names[form] + "</extra>",
        )
    when, counted = lines["past"]
    figure.add_scatter(
        x=when,
        y=counted,
        mode="lines+markers",
        name="Counted",
        line={"color": style.INK, "width": 2},
        marker={"size": 6},
        text=lines["quarters"],
        hovertemplate="%{text}: %{y:,.0f}<extra>Counted</extra>",
    )
    where, words = lines["ticks"]
    # half a year on either side, so that the last year's name is not cut
    ends = [when[0] - 0.5, years[-1] + 0.5]
    figure.update_xaxes(title_text="End of year", tickvals=where, ticktext=words, range=ends)
    figure.update_yaxes(
        title_text="EVs in the Region (count)", range=[0, lines["top"]], tickformat=",.0f"
    )
    return figure


def _draw(canvas: Any, lines: dict[str, Any], names: dict[str, str]) -> None:
    axes = canvas.subplots()
    years, low, high = lines["band"]
    axes.fill_between(years, low, high, color=style.L2, alpha=0.15, linewidth=0, label=_BAND)
    looks = iter(_THIN)
    for form, (when, mid, is_chosen) in lines["courses"].items():
        colour, _, dash = (style.L2, "solid", "-") if is_chosen else next(looks)
        width = 2.2 if is_chosen else 0.9
        axes.plot(when, mid, color=colour, linestyle=dash, linewidth=width, label=names[form])
    when, counted = lines["past"]
    axes.plot(when, counted, color=style.INK, marker="o", markersize=2.5, label="Counted")
    axes.set_ylim(0, lines["top"])
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.set_xticks(*lines["ticks"])
    axes.set_xlabel("End of year")
    axes.set_ylabel("EVs in the Region (count)")
    canvas.legend(loc="outside upper left", ncols=2, columnspacing=2)


# -- Numbers of electric vehicles: history, clusters, forecast.

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
    table = totals(t)
    first, last = table.iloc[0], table.iloc[-1]
    jump, usual = recount(t)
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
        Number("ev_recount_areas", recounted_areas(t), "count", origin),
        Number("ev_last_growth", float(last["growth"]), "share", origin),
        Number("bev_share_low", float(table["bev_share"].min()), "share", origin),
        Number("bev_share_high", float(table["bev_share"].max()), "share", origin),
        Number("bev_share_last", float(last["bev_share"]), "share", origin),
    ]  # fmt: skip


def _forecast(t: Tables) -> list[Number]:
    chosen = chosen_form(t)
    market, parameters = market_vehicles(t), Parameters()
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
    for year in YEARS:
        ends = forecast_at(t, year)
        numbers += [
            Number(f"ev_{year}_{end}", float(ends[end]), "EV", origin)
            for end in ("low", "mid", "high")
        ]
    table = what_it_hangs_on(t)
    numbers += [
        Number("ev_2035_least", float(table["market_base"].min()), "EV", origin),
        Number("ev_2035_most", float(table["market_base"].max()), "EV", origin),
    ]
    return numbers


def _errors(t: Tables, basis: str) -> dict[str, dict[str, float]]:
    table = errors(t, basis)
    columns = ["mean", "signed", "inside"]
    return {
        str(row["form"]): {c: float(row[c]) for c in columns} for row in table.to_dict("records")
    }


def _places(t: Tables) -> list[Number]:
    table = by_fsa(t)
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


# -- Tables and figures of electric vehicles: now, over time, in clusters, to come.


def vehicle_map(report: Report) -> Figure:
    """Return the map of electric vehicles by forward sortation area."""
    return region.ev_by_fsa(report.tables)


def vehicle_density_map(report: Report) -> Figure:
    """Return the map of electric vehicles per square kilometre."""
    return clusters.density(report.tables)


def vehicle_growth_map(report: Report) -> Figure:
    """Return the map of growth by forward sortation area."""
    return clusters.growth(report.tables, by_fsa(report.tables))


def vehicle_cluster_map(report: Report) -> Figure:
    """Return the map of local clusters of EVs per household."""
    return clusters.clusters(report.tables, clusters.by_da(report.tables).areas)


def vehicle_chart(report: Report) -> Figure:
    """Return the quarters counted and the forecast to 2035."""
    return growth(
        totals(report.tables),
        report.tables.ev_forecast,
        FORM_NAMES,
        origin=origins.vehicles(report.tables),
    )


def vehicles(report: Report) -> Table:
    """Return EVs by forward sortation area: published, and the part inside the Region."""
    columns = (
        "fsa bev phev ev",
        Column("bev_per_phev", "Battery electric for each hybrid", format=".1f"),
        "inside_share ev_inside",
        Column("per_km2", "EVs per km²", format=",.1f"),
        Column("per_thousand", "EVs per 1,000 residents", format=".1f"),
    )
    frame = by_fsa(report.tables)
    return table("vehicles", frame, columns, origins.vehicles(report.tables))


def vehicle_growth(report: Report) -> Table:
    """Return growth and forecast by forward sortation area, its part inside the Region."""
    columns = "fsa ev_inside growth_4q_per_year growth_8q_per_year ev_2030 ev_2035"
    frame = by_fsa(report.tables)
    return table("vehicle-growth", frame, columns, origins.vehicles(report.tables))


def vehicle_quarters(report: Report) -> Table:
    """Return the sixteen quarters of all areas together."""
    columns = (
        "quarter bev phev ev bev_share",
        Column("ev_inside", "EVs inside the Region", format=",.0f"),
        "growth",
    )
    frame = totals(report.tables)
    return table("vehicle-quarters", frame, columns, origins.vehicles(report.tables))


def vehicle_backtest(report: Report) -> Table:
    """Return the errors of each form on both histories."""
    words = dict(zip(BASES, ("recount taken out", "as published"), strict=True))
    parts = [errors(report.tables, basis).assign(basis=words[basis]) for basis in BASES]
    frame = pd.concat(parts, ignore_index=True)
    frame["form"] = frame["form"].map(FORM_NAMES)
    columns: Columns = [
        "form basis",
        *(Column(f"h{h}", f"{h} ahead", format=".1%") for h in (1, 2, 3, 4)),
        "mean signed inside",
    ]
    return table("vehicle-backtest", frame, columns, origins.vehicles(report.tables))


def vehicle_assumptions(report: Report) -> Table:
    """Return what the forecast hangs on: form, market, and the recount."""
    frame = what_it_hangs_on(report.tables)
    frame["form"] = frame["form"].map(FORM_NAMES)
    columns = ["form base_2030 market_base market_low market_high published_2030", "published"]
    return table("vehicle-assumptions", frame, columns, origins.vehicles(report.tables))


def vehicle_plans(report: Report) -> Table:
    """Return the base plan beside the one made for the vehicles of 2030, on the same points."""
    frame = growth_plans(report.coarse_plan, report.growth_plan)
    columns = (Column("what", "Outcome"), "now later unit")
    return table("vehicle-plans", frame, columns, OWN)
