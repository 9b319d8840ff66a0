"""Cited figures: counted, converted, named; and what the processed table holds of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kwev.data.schemas import PROCESSED, check
from kwev.pipeline.parameters import Parameters
from kwev.pipeline.raw import Ledger
from kwev.pipeline.tariffs import higher, how_many, per, slug, tariff_table


@pytest.mark.parametrize(
    ("unit", "item", "many", "word"),
    [
        ("project", "12 public Level 2 charging stations", 12, "station"),
        ("3 units", "3 dual-port units", 3, "unit"),
        ("500 chargers", "500 chargers at 68 sites", 500, "charger"),
        ("complex", "six-vehicle DCFC complex, 350 kW", 6, "charger"),
        ("charger", "average cost, 2 installed", 1, "charger"),
        ("cents/kWh", "TOU off-peak", 1, "kWh"),
        ("kW-month", "General Service > 50 kW", 1, "kW-month"),
    ],
)
def test_a_figure_is_for_so_many_things(unit, item, many, word):
    assert (how_many(unit, item), per(unit)) == (many, word)


def test_the_higher_figure_stands_in_brackets():
    assert higher("kWh (0.90 non-Tesla)") == 0.9
    assert higher("hour (1 to 2 proposed 2017)") == 2
    assert np.isnan(higher("kWh"))


def test_an_id_is_words_and_year():
    assert slug("Tesla Supercharger Kitchener: Tesla / non-Tesla", 2024) == (
        "tesla_supercharger_kitchener_2024"
    )


def rows(*given):
    names = ["topic", "item", "value", "unit", "currency", "date", "place", "url", "note"]
    return pd.DataFrame(given, columns=names)


def test_figures_become_cad_for_one_thing(tiny_raw):
    raw = tiny_raw(
        tariffs=rows(
            # 382,500 USD x 1.2986 of 2017 over 6 chargers
            ("capital_cost", "six-vehicle complex", 382_500, "complex", "USD", "2017", "US", "u",
             ""),
            # no date: 2023, 1.3497
            ("capital_cost", "one charger", 100, "charger", "USD", "programme", "US", "u", ""),
            ("electricity_price_RPP", "TOU", 9.8, "cents/kWh", "CAD", "from 2025-11-01", "ON", "u",
             "n"),
            ("delivery_rate_EVC", "EVC rate: share", 17, "% of rate", "", "2026-01-01", "ON", "u",
             ""),
            ("driver_price", "fee", 1, "hour (1 to 2 in 2017)", "CAD", "2014-06-30", "ON", "u", ""),
        )
    )  # fmt: skip
    ledger = Ledger()
    table = tariff_table(raw, Parameters(), ledger)
    table = check(table, PROCESSED["tariffs"], where="tariffs", hint="").set_index("tariff_id")
    assert table.loc["six_vehicle_complex_2017", "cad"] == pytest.approx(382_500 * 1.2986 / 6)
    assert table.loc["one_charger_2023", "cad"] == pytest.approx(134.97)
    assert table.loc["tou_2025", "cad"] == pytest.approx(0.098)
    assert np.isnan(table.loc["evc_rate_2026", "cad"])
    assert table.loc["fee_2014", ["cad", "high_cad", "per"]].tolist() == [1, 2, "hour"]
    assert [row[4] for row in ledger.rows] == [2, 1, 1]


def test_the_processed_table_tells_unit_year_source_and_licence(tables):
    table = tables.tariffs
    assert len(table) == 33
    assert table["source"].str.len().min() > 0
    assert set(table["licence"]) == {"citation"}
    assert table["year"].between(2014, 2026).all()
    money = table[table["currency"] != ""]
    assert money["cad"].notna().all()
    assert table.loc[table["currency"] == "", "cad"].isna().all()
    fast = table.set_index("tariff_id")["cad"]
    # 350 kW complexes cost several times what those of 50 kW do
    units = "kw_units_community_setting_2017"
    large, small = (fast[f"six_vehicle_dcfc_complex_{kw}_{units}"] for kw in (350, 50))
    assert large > 4 * small
