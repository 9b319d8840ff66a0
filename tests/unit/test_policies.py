"""Vehicles under named policies and national needs by people, by hand; sources say how seen."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest
from toy import base_config

from kwev.errors import KwevError
from kwev.report import policies
from kwev.report.policies import AIM, KEPT, Path

FINDINGS = {
    policies.SHARE_ID: "10% in 2025 against 14.6% in 2024",
    policies.AIM_ID: "Repeal announced 5 Feb 2026; stated aim 60% of sales in 2035 and 90% in 2040",
    policies.PORTS_IDS[2025]: "100,000",
    policies.PORTS_IDS[2035]: "400,000 to 500,000 (a study of 2022)",
}


def small(findings=None):
    """A region of a thousandth of Canada's people: 1,000 vehicles, 300 more in the last year."""
    texts = FINDINGS if findings is None else findings
    forecast = [
        (f"{year}Q4", True, "linear", mid - 100, mid, mid + high)
        for year, mid, high in ((2030, 2_000.0, 5_000.0), (2035, 3_000.0, 6_000.0))
    ]
    return SimpleNamespace(
        citations=pd.DataFrame({
            "citation_id": list(texts), "published": list(texts.values()),
            "item": "what", "seen": ["second_hand", "page", "second_hand", "second_hand"],
        }),
        tariffs=pd.DataFrame({"tariff_id": [policies.PORTS_2040_ID], "value": [679_000.0],
                              "item": ["by 2040"]}),
        municipalities=pd.DataFrame({"population": [policies.CANADA_PEOPLE / 1_000]}),
        ev_quarters=pd.DataFrame(
            [("2024Q4", "N2A", 500, 200, 700, 700.0), ("2025Q4", "N2A", 700, 300, 1_000, 1_000.0)],
            columns=["quarter", "fsa", "bev", "phev", "ev", "ev_inside"],
        ),
        ev_forecast=pd.DataFrame(
            forecast, columns=["quarter", "chosen", "form", "low", "mid", "high"]
        ),
        das=pd.DataFrame({"da_id": ["a", "b"], "municipality_id": "m", "ev": [600.0, 400.0]}),
        tract_growth=None, cell_growth=None,
        da_growth=pd.DataFrame({"da_id": ["a", "b"], "ev_2030": [1_000.0, 1_000.0],
                                "ev_2035": [2_000.0, 1_000.0]}),
    )  # fmt: skip


def test_shares_are_read_with_their_years():
    assert policies.shares_in(FINDINGS[policies.AIM_ID]) == {2035: 0.6, 2040: 0.9}
    assert policies.shares_in("9.5% in 2025 against 14.6% in 2024") == {2025: 0.095, 2024: 0.146}
    assert policies.shares_in("CAD 5,000 in 2026") == {}


def test_a_path_is_straight_between_its_years_and_level_after_them():
    path = Path("p", {2025: 0.1, 2035: 0.6})
    assert [path.share(year) for year in (2025, 2030, 2035, 2050)] == pytest.approx(
        [0.1, 0.35, 0.6, 0.6]
    )


def test_vehicles_by_hand():
    tables = small()
    # 300 gained are a tenth of what is newly registered: 3,000 a year
    assert policies.registrations_per_year(tables) == pytest.approx(3_000)
    kept, aim = (policies.vehicles(tables, path) for path in policies.paths(tables))
    # 300 each year for five and for ten years
    assert kept[2030] == pytest.approx(2_500)
    assert kept[2035] == pytest.approx(4_000)
    # 15, 20, ... 35 % are 125 % in five years, 15 ... 60 % are 375 % in ten
    assert aim[2030] == pytest.approx(1_000 + 3_000 * 1.25)
    assert aim[2035] == pytest.approx(1_000 + 3_000 * 3.75)


def test_every_scenario_stands_beside_the_forecast():
    found = policies.scenarios(small())
    assert found["scenario"].tolist() == list(policies.NAMES) * 2
    ev = found.set_index(["scenario", "year"])["ev"]
    assert ev["mid", 2030] == 2_000
    # 3,000 low to 9,000 high in 2035: 4,000 lie within, 12,250 above
    assert policies.outside_words(ev) == (
        "where adoption of 2025 is kept, the count lies within the interval; "
        "where the federal aim of 2026 is met, the count lies above the interval"
    )


def test_need_and_use_follow_the_vehicles():
    report = SimpleNamespace(
        tables=small(), config=base_config(), business=SimpleNamespace(use_of=lambda kwh: kwh / 6e6)
    )
    found = policies.stress(report).set_index(["scenario", "year"])
    # 2,500 x 3,000 kWh x 0.2 = 1.5 GWh; a port gives 19.2 x 8,760 x 0.1 = 16,819.2 kWh: 89.2
    row = found.loc[(KEPT, 2030)]
    assert (row["need_gwh"], row["use"], row["ports"]) == (pytest.approx(1.5), 0.25, 90)
    assert found.loc[(AIM, 2030), "need_gwh"] == pytest.approx(4_750 * 600 / 1e6)


def test_national_ports_are_scaled_by_people_and_say_how_they_were_seen():
    found = policies.scaled_ports(small()).set_index("year")
    # a thousandth of the people
    assert found["low"].tolist() == pytest.approx([100, 400, 679])
    assert found["high"].tolist() == pytest.approx([100, 500, 679])
    assert set(found["seen"]) == {"seen through another page"}


@pytest.mark.parametrize(
    ("findings", "words"),
    [
        ({}, "no citation"),
        ({**FINDINGS, policies.AIM_ID: "no figure here"}, "names no share"),
        ({**FINDINGS, policies.SHARE_ID: "10% in 2024"}, "names no share"),
    ],
)
def test_a_finding_that_says_nothing_is_refused(findings, words):
    tables = small()
    kept = tables.citations["citation_id"].isin(list(findings))
    tables.citations = tables.citations[kept].assign(
        published=lambda t: t["citation_id"].map(findings)
    )
    with pytest.raises(KwevError, match=words):
        policies.paths(tables)


def test_what_is_printed_as_read_was_read(tables):
    seen = tables.citations.set_index("citation_id")["seen"]
    assert seen[policies.AIM_ID] == "page"
    for key in (policies.SHARE_ID, policies.STATE_ID, *policies.PORTS_IDS.values()):
        assert seen[key] == "second_hand"
