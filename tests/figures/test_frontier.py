"""The charts of the frontier, on tables written by hand."""

from __future__ import annotations

import json
import re

import pandas as pd
import pytest
from figures.reading import outside

from kwev.display.figure import is_svg
from kwev.errors import KwevError
from kwev.report import frontier

PLANS = pd.DataFrame(
    [
        (2e6, 0.69, 0.82, 0.0, 0.56, 0.81),
        (4e6, 0.87, 0.82, 0.0, 0.70, 0.81),
        (2e6, 0.60, 0.94, 0.92, 0.49, 0.93),
    ],
    columns=["net_cad", "l2_model", "l3_model", "l3_asked", "l2", "l3"],
).assign(efficient=True)
SLICE = pd.DataFrame(
    {
        "l3_model": [0.8, 0.9, 0.95],
        "l2_model": [0.9, 0.8, 0.79],
        "unsupported": [False, True, False],
    }
)
WEIGHTED = pd.DataFrame({"l3_model": [0.8, 0.95], "l2_model": [0.9, 0.79], "weight": [0.5, 4.0]})


def drawn(figure):
    """Return the series of the interactive form."""
    pattern = r'<script type="application/json">(.*?)</script>'
    text = re.search(pattern, figure.interactive(), re.DOTALL)
    return json.loads(text.group(1).replace("<\\/", "</"))["data"]


def test_each_share_of_level_3_is_a_line_over_cost(origin):
    figure = frontier.frontier_chart(PLANS, origin=origin)
    lines = {line["name"]: line for line in drawn(figure)}
    assert list(lines) == ["No Level 3 asked for", "Level 3 at least 92%"]
    assert lines["No Level 3 asked for"]["x"] == [2, 4]
    assert lines["No Level 3 asked for"]["y"] == [0.69, 0.87]
    assert "3 plans" in figure.alt
    assert "Level 2 from 69.0% at $2.00 M to 87.0% at $4.00 M" in figure.alt


def test_what_no_weights_find_is_told_apart_by_shape_and_word(origin):
    figure = frontier.levels_chart(SLICE, WEIGHTED, origin=origin)
    marks = {line["name"]: line for line in drawn(figure) if line.get("name")}
    assert marks["Found by some weights"]["x"] == [0.8, 0.95]
    assert marks["Found by no weights"]["x"] == [0.9]
    assert marks["Found by no weights"]["marker"]["symbol"] == "circle-open"
    assert marks["Weighted sum"]["y"] == [0.9, 0.79]
    assert "Level 3 90.0% with Level 2 80.0%, found by no weights" in figure.alt


@pytest.mark.parametrize(
    "make",
    [
        lambda origin: frontier.frontier_chart(PLANS, origin=origin),
        lambda origin: frontier.levels_chart(SLICE, WEIGHTED, origin=origin),
    ],
)
def test_the_charts_are_local_and_the_same_again(make, origin):
    figure, again = make(origin), make(origin)
    assert is_svg(figure.static().printed)
    assert figure.static().printed == again.static().printed
    assert figure.interactive() == again.interactive()
    assert outside(figure.interactive()) == []


def test_an_empty_frontier_is_refused(origin):
    with pytest.raises(KwevError, match="no rows"):
        frontier.frontier_chart(PLANS.iloc[:0], origin=origin)
    with pytest.raises(KwevError, match="unsupported"):
        frontier.levels_chart(PLANS, WEIGHTED, origin=origin)
