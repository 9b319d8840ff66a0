"""Electric vehicles over time: history, back-test, what the forecast hangs on, growth by place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from kwev.analysis.clusters import area_km2
from kwev.analysis.metrics import ALWAYS_SHOWN
from kwev.pipeline import forms
from kwev.pipeline.forecast import market_of, without_jump
from kwev.pipeline.parameters import Parameters
from kwev.schemas.vehicles import FORMS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from kwev.pipeline.fan import Market
    from kwev.plan import Action, Plan
    from kwev.tables import Tables

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


def market(tables: Tables) -> Market:
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
    sizes = market(tables)
    rows = []
    for form in FORMS:
        run = forms.BY_NAME[form]
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
