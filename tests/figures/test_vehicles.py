"""Maps and chart of electric vehicles on the committed data: both forms, small, and the same."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from kwev.display.figure import SVG_LIMIT
from kwev.report import forecast, vehicles

LIMIT_BYTES = 400_000


def draw(name, tables):
    if name == "growth":
        return vehicles.growth_map(tables, vehicles.by_fsa(tables))
    if name == "clusters":
        return vehicles.cluster_map(tables, vehicles.da_clusters(tables).areas)
    if name == "density":
        return vehicles.density_map(tables)
    return forecast.growth_chart(SimpleNamespace(tables=tables))


@pytest.mark.parametrize("name", ["growth", "clusters", "density", "chart"])
def test_both_forms_are_small_and_the_same_again(tables, name):
    first, second = draw(name, tables), draw(name, tables)
    page, picture = first.interactive(), first.static().printed
    assert len(page) < LIMIT_BYTES
    assert len(picture) < SVG_LIMIT * 2
    assert page == second.interactive()
    assert picture == second.static().printed


def test_chart_data_hold_what_is_drawn(tables):
    data = draw("chart", tables).data
    assert (data["form"] == "counted").sum() == 16
    assert len(data) == 16 + len(tables.ev_forecast)
    last = data[data["form"] == "counted"]["mid"].iloc[-1]
    assert last == pytest.approx(tables.fsas["ev_inside"].sum(), abs=1e-5)


def test_density_and_ratio_by_area(tables):
    areas = vehicles.by_fsa(tables)
    assert areas["area_km2"].sum() == pytest.approx(
        tables.municipalities["area_km2"].sum(), rel=0.01
    )
    assert (areas["per_km2"] * areas["area_km2"]).sum() == pytest.approx(
        areas["ev_inside"].sum(), rel=1e-9
    )
    assert (areas["bev_per_phev"] * areas["phev"] - areas["bev"]).abs().max() < 1e-9


def test_errors_are_those_of_the_back_test(tables):
    table = forecast.errors(tables, "published").set_index("form")
    rows = tables.ev_backtest[tables.ev_backtest["basis"] == "published"]
    for form, part in rows.groupby("form"):
        assert table.loc[form, "mean"] == pytest.approx(part["error"].abs().mean())
        assert table.loc[form, "h4"] == pytest.approx(
            part.loc[part["horizon"] == 4, "error"].abs().mean()
        )
    assert table["chosen"].sum() == 1


def test_what_the_forecast_hangs_on_starts_from_the_forecast(tables):
    table = forecast.what_it_hangs_on(tables).set_index("form")
    ahead = tables.ev_forecast[tables.ev_forecast["quarter"] == "2035Q4"].set_index("form")["mid"]
    assert (table["market_base"] - ahead.loc[table.index]).abs().max() < 0.051
    assert (table["market_low"] <= table["market_high"]).all()
