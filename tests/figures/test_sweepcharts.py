"""Charts and map of the sweeps: both forms, the same again, and words that say what they show."""

from __future__ import annotations

import pandas as pd
import pytest

from kwev.display.figure import SVG_LIMIT
from kwev.errors import KwevError
from kwev.report import picks, sensitivity

LIMIT_BYTES = 400_000

RADII = pd.DataFrame(
    [(800.0, 0.86, 0.96, 0.98), (400.0, 0.53, 0.9, 0.91)],
    columns=["value", "l2", "l3", "ev_owners"],
)
SPANS = pd.DataFrame(
    [("Reach of Level 2, a walk", -14.0, 17.5, 31.5), ("Budget", -15.0, 3.0, 18.0)],
    columns=["what", "low", "high", "span"],
)


def draw(name, tables, origin):
    if name == "along":
        return sensitivity.along(RADII, "value", "Reach (m)", origin=origin, name="along")
    if name == "tornado":
        return sensitivity.tornado(SPANS, "Change (points)", origin=origin, name="tornado")
    places = tables.sites.head(3).assign(
        **{"class": ["core", "fragile", "usual"], "in_base": True, "in_published": True},
        words="New Level 2 stations", municipality="Kitchener", share=0.5,
    )  # fmt: skip
    return picks.map_of(tables, places, origin)


@pytest.mark.parametrize("name", ["along", "tornado", "map"])
def test_both_forms_are_small_and_the_same_again(tables, origin, name):
    first, second = draw(name, tables, origin), draw(name, tables, origin)
    page, picture = first.interactive(), first.static().printed
    assert len(page) < LIMIT_BYTES
    assert len(picture) < SVG_LIMIT * 2
    assert page == second.interactive()
    assert picture == second.static().printed


def test_words_tell_the_ends_and_the_widest(tables, origin):
    alt = draw("along", tables, origin).alt
    assert alt.startswith("Coverage along Reach (m), 400 to 800, 2 plans")
    assert "People, L2 from 53.0% to 86.0%" in alt
    alt = draw("tornado", tables, origin).alt
    assert "Widest: Reach of Level 2, a walk -14.0 to +17.5" in alt
    alt = draw("map", tables, origin).alt
    assert "3 actions" in alt
    assert "1 in fewer than half, 1 in half or more, 1 in nine of ten or more" in alt


def test_a_table_without_a_column_is_refused(origin):
    with pytest.raises(KwevError, match="figure x needs columns l3"):
        sensitivity.along(RADII.drop(columns="l3"), "value", "Reach", origin=origin, name="x")
    with pytest.raises(KwevError, match="figure x has no rows"):
        sensitivity.tornado(SPANS.head(0), "Change", origin=origin, name="x")
