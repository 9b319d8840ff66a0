"""Cited findings: their id, year and how they were seen, and what the processed table holds."""

from __future__ import annotations

import pandas as pd

from kwev.data.schemas import PROCESSED, check
from kwev.pipeline.citations import citation_table

COLUMNS = ["topic", "item", "as_published", "date_or_year", "source", "how_seen"]


def test_a_finding_has_its_year_and_says_how_it_was_seen(tiny_raw):
    rows = [
        ("home_charging", "Owners without", "38% against 2%", "2023", "https://a.ca/x",
         "read as stored page"),
        ("ev_policy", "A standard, legal state", "repealed", "2026-02-05", "https://b.ca",
         "through index excerpts; read the page itself before citing"),
        ("need_for_ports", "Ports needed (2035)", "442,000", "2022", "a study", "secondary"),
    ]  # fmt: skip
    made = citation_table(tiny_raw(citations=pd.DataFrame(rows, columns=COLUMNS)))
    made = check(made, PROCESSED["citations"], where="test", hint="test")
    assert made["citation_id"].tolist() == [
        "a_standard_legal_state_2026", "owners_without_2023", "ports_needed_2022",
    ]  # fmt: skip
    assert made["year"].tolist() == [2026, 2023, 2022]
    assert made["seen"].tolist() == ["second_hand", "page", "second_hand"]
    assert made["published"].tolist() == ["repealed", "38% against 2%", "442,000"]


def test_at_least_two_pages_stand_behind_home_access(tables):
    cited = tables.citations[tables.citations["topic"] == "home_charging"]
    assert cited["source"].nunique() >= 2
    assert (cited["seen"] == "page").any()
