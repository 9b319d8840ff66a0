"""Names for people and keys for matching."""

from __future__ import annotations

import pytest

from kwev.pipeline.addresses import address_key, readable, similarity, unit_stem


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("FOREST HEIGHTS COMMUNITY CENTRE", "Forest Heights Community Centre"),
        ("ST. CLEMENT'S ARENA", "St. Clement's Arena"),
        ("WRDSB CHICOPEE HILLS", "WRDSB Chicopee Hills"),
        ("8TH AVENUE CHURCH OF GOD", "8th Avenue Church of God"),
        ("DUNCAN MCINTOSH ARENA", "Duncan McIntosh Arena"),
        ("K.P.L. - CENTRAL LIBRARY", "KPL - Central Library"),
        ("  Conestoga   Mall ", "Conestoga Mall"),
        ("McDonald's", "McDonald's"),
    ],
)
def test_readable(raw, name):
    assert readable(raw) == name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("MONTEZ STATION 1", "MONTEZ STATION 6"),
        ("KITCHENER THE AUD (LEFT)", "KITCHENER THE AUD (RIGHT)"),
        ("WRDSB EASTWOOD1", "WRDSB EASTWOOD2"),
        ("CAMWATERPL2 CIVICSQUARE PL1", "CAMWATERPL2 CIVICSQUARE PL2"),
    ],
)
def test_numbered_units_share_a_stem(one, other):
    assert unit_stem(one) == unit_stem(other) != ""


@pytest.mark.parametrize("name", ["BLACKBRIDGE HD", "67 Erb Street", "SWTCH Energy Inc.", "11"])
def test_plain_names_have_no_stem(name):
    assert unit_stem(name) == ""


def test_address_key_ignores_spelling_of_the_street_type():
    assert address_key("135 Westminster Dr. S.") == address_key("135 Westminster Drive South")
    assert address_key("60 Snyder\u2019s Road West") == address_key("60 Snyder's Rd W")
    assert address_key("1-4881 Fountain St N.") == "4881 founta"
    assert address_key("Francis St. S. & Joseph St.") == ""


def test_similarity_counts_shared_words():
    assert similarity("Waterloo Kia", "Waterloo Nissan") == pytest.approx(1 / 3)
    assert similarity("", "x") == 0
