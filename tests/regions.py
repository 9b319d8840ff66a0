"""Small random regions for property tests: a strategy, and the same from a seed."""

from __future__ import annotations

import numpy as np
from examples import examples
from hypothesis import strategies as st
from toy import toy

CATEGORIES = ("library", "shopping_mall", "parking", "retail_complex")
SETTINGS = examples(20)

metres = st.integers(0, 30).map(lambda k: 250 * k)
"""A coarse grid: shared places, and points exactly on the radius, are common."""


@st.composite
def regions(draw, max_points=10, max_stations=4, max_sites=6):
    """Draw tables of a small region."""
    spot = st.tuples(metres, metres)
    points = draw(
        st.lists(st.tuples(spot, st.integers(0, 90), st.integers(0, 9)), min_size=1,
                 max_size=max_points)
    )  # fmt: skip
    stations = draw(
        st.lists(st.tuples(spot, st.integers(0, 4), st.sampled_from([0, 0, 2])),
                 max_size=max_stations)
    )  # fmt: skip
    sites = draw(st.lists(st.tuples(spot, st.sampled_from(CATEGORIES)), max_size=max_sites))
    return toy(
        [(*xy, people, ev) for xy, people, ev in points],
        [(*xy, l2, l3) for xy, l2, l3 in stations],
        [(*xy, category) for xy, category in sites],
    )


scenarios = st.fixed_dictionaries(
    {
        "budget__limit_cad": st.integers(0, 40).map(lambda k: 25_000 * k),
        "targets__l2": st.sampled_from([0.0, 0.5, 0.95, 1.0]),
        "targets__l3": st.sampled_from([0.0, 0.5, 0.85]),
        "targets__ev_owners__enforce": st.booleans(),
        "coverage__l2_radius_m": st.sampled_from([250, 500, 750]),
        "coverage__l3_radius_m": st.sampled_from([250, 1_000, 2_500]),
        "coverage__l3_counts_for_l2": st.booleans(),
        "ports__retained_l2": st.sampled_from([0, 0, 1, 3]),
        "ports__min_l2": st.sampled_from([1, 2]),
        "ports__add_l2": st.booleans(),
        "ports__add_l3": st.booleans(),
        "siting__removal__stations": st.sampled_from(["none", "l2", "all"]),
        "siting__removal__alternative_m": st.sampled_from([None, 500.0, 2_000.0]),
        "weights__idle_points_per_point": st.sampled_from([0.0, 0.0, 0.001]),
        "demand__enforce": st.booleans(),
        "demand__ev_year": st.sampled_from(["now", "now", "2030", "2035"]),
        "demand__utilisation": st.sampled_from([0.001, 0.01]),
    }
)


def seeded_region(seed: int):
    """Return tables with at most two sites or stations that an action can be done at."""
    rng = np.random.default_rng(seed)
    spots = rng.integers(0, 9, (12, 2)) * 250
    points = [
        (*spots[i], int(rng.integers(1, 90)), int(rng.integers(0, 9)))
        for i in range(int(rng.integers(2, 7)))
    ]
    stations = [(*spots[8], int(rng.integers(1, 4)), 0)] if rng.random() < 0.6 else []
    if rng.random() < 0.4:
        stations.append((*spots[9], int(rng.integers(0, 3)), 2))
    sites = [(*spots[10], str(rng.choice(CATEGORIES)))]
    if rng.random() < 0.7:
        sites.append((*spots[11], str(rng.choice(CATEGORIES))))
    return toy(points, stations, sites)
