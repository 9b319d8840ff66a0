"""Distances along made-up streets: by hand, against Floyd and Warshall, and on the Region."""

from __future__ import annotations

import math
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from regions import SETTINGS
from toy import WAYS, Toy, streets, toy

from kwev.certify.reach import CutRoads
from kwev.model.network import Places, RoadNetwork

MODES = ("walk", "drive")


def places_of(tables, kind):
    """Return the places of a toy, in the order of their ids."""
    name = "das" if kind == "da" else f"{kind}s"
    table = getattr(tables, name)
    xy = table[["easting_m", "northing_m"]].to_numpy(float).reshape(-1, 2)
    return Places.of_kind(kind, table[f"{kind}_id"].to_numpy(str), xy)


def cut_roads(tables, mode, kind):
    """Return the roads as the certificate cuts them, with the points in the order of their ids."""
    return CutRoads(tables, mode, kind, tuple(sorted(getattr(tables, f"{kind}s")[f"{kind}_id"])))


def town(edges, spots):
    """Return tables with as many points, stations and sites as the spots name, all in one place."""
    count = {letter: sum(name[0] == letter for name in spots) for letter in "psq"}
    made = toy(
        [(0, 0, 1, 1)] * count["p"],
        [(0, 0, 1, 0)] * count["s"],
        [(0, 0, "library")] * count["q"],
    )
    return streets(made, edges, spots)


def matrix_m(tables, mode, *, turned=False):
    """Return distances from points (rows) to sites (columns), m, infinite where there is no way."""
    network = RoadNetwork.of(tables)
    points, sites = places_of(tables, "da"), places_of(tables, "site")
    distance = np.full((len(points), len(sites)), np.inf)
    if turned:  # a crowd of sites that are nowhere turns the search round
        crowd = Places.of_kind("site", np.full(len(points) + 1, "q999"), np.zeros((1, 2)))
        sites = Places.joined([sites, crowd])
    found = network.pairs(mode, points, sites, 1e7)
    distance[found.source, found.target] = found.distance_cm / 100
    return distance


def between(edges, start, end, mode="walk"):
    """Return the distance (m) from a point's spot to a site's, and agree with the certificate."""
    tables = town(edges, {"p000": start, "q000": end})
    (distance,) = matrix_m(tables, mode).ravel()
    cut = cut_roads(tables, mode, "da")
    (again,) = cut.distance_cm(tables.sites.to_dict("records"))
    assert again / 100 == distance
    (nearest,) = RoadNetwork.of(tables).nearest_m(
        mode, places_of(tables, "da"), places_of(tables, "site")
    )
    assert nearest == distance
    return distance


#   2 ─(2)─ 3
#  (3)     (1)      a block of 100 m, and a dead end of 80 m from node 2
#   0 ─(0)─ 1
BLOCK = [(0, 1, 100), (1, 3, 100), (2, 3, 100), (0, 2, 100)]
ONE_WAY = [(0, 1, 100, "->"), *BLOCK[1:]]


def test_round_the_corner_with_both_offsets():
    assert between(BLOCK, (0, 30, 4), (1, 20, 5)) == 4 + 70 + 20 + 5
    assert between(BLOCK, (0, 30, 0), (2, 40, 0)) == 30 + 100 + 40
    assert between(BLOCK, (0, 80, 0), (2, 40, 0)) == 20 + 100 + 60


def test_two_places_on_one_edge_go_along_it():
    assert between(BLOCK, (0, 30, 1), (0, 90, 2)) == 1 + 60 + 2
    assert between(BLOCK, (0, 90, 1), (0, 30, 2)) == 1 + 60 + 2
    assert between(BLOCK, (0, 30, 1), (0, 30, 2)) == 3


def test_the_way_round_may_be_shorter_than_the_edge():
    detour = [(0, 1, 1_000), (0, 1, 10)]
    assert between(detour, (0, 100, 0), (0, 900, 0)) == 100 + 10 + 100


def test_one_way_is_driven_round_the_block_and_walked_straight():
    assert between(ONE_WAY, (0, 30, 0), (0, 90, 0), "drive") == 60
    assert between(ONE_WAY, (0, 90, 0), (0, 30, 0), "drive") == 10 + 300 + 30
    assert between(ONE_WAY, (0, 90, 0), (0, 30, 0), "walk") == 60
    against = [(0, 1, 100, "<-"), *BLOCK[1:]]
    assert between(against, (0, 30, 0), (0, 90, 0), "drive") == 30 + 300 + 10


def test_the_end_of_a_one_way_edge_is_its_corner():
    assert between(ONE_WAY, (0, 0, 0), (3, 50, 0), "drive") == 50
    assert between(ONE_WAY, (3, 50, 0), (0, 0, 0), "drive") == 50
    assert between(ONE_WAY, (0, 100, 0), (1, 50, 0), "drive") == 50


def test_a_dead_end_is_left_the_way_it_was_entered():
    dead_end = [*BLOCK, (2, 4, 80)]
    assert between(dead_end, (4, 80, 0), (2, 40, 0)) == 120
    assert between(dead_end, (4, 50, 3), (4, 80, 0), "drive") == 33


def test_of_parallel_edges_the_shortest_is_taken_but_a_place_stays_on_its_own():
    twins = [(0, 1, 100), (0, 1, 60), (0, 1, 300, "walk")]
    assert between(twins, (0, 0, 0), (0, 100, 0)) == 60
    assert between(twins, (2, 150, 0), (1, 30, 0)) == 150 + 30
    assert between(twins, (0, 10, 0), (1, 50, 0), "drive") == 10 + 50


def test_a_loop_is_left_by_the_nearer_side_and_one_way_round():
    loop = [(0, 1, 50), (0, 0, 90)]
    assert between(loop, (1, 20, 0), (0, 50, 0)) == 70
    assert between(loop, (1, 80, 0), (0, 50, 0)) == 60
    assert between(loop, (1, 10, 0), (1, 85, 0)) == 10 + 5
    round_about = [(0, 1, 50), (0, 0, 90, "->")]
    assert between(round_about, (1, 20, 0), (0, 50, 0), "drive") == 70 + 50
    assert between(round_about, (1, 85, 0), (1, 10, 0), "drive") == 5 + 10
    assert between(round_about, (0, 50, 0), (1, 80, 0), "drive") == 50 + 80


def test_what_no_road_leads_to_is_out_of_reach():
    apart = [(0, 1, 100), (2, 3, 100)]
    assert between(apart, (0, 50, 0), (1, 50, 0)) == math.inf
    footpath = [(0, 1, 100), (1, 2, 100, "walk"), (2, 3, 100)]
    assert between(footpath, (0, 100, 0), (2, 0, 0), "walk") == 100
    assert between(footpath, (0, 100, 0), (2, 0, 0), "drive") == math.inf


def test_a_place_off_the_roads_is_reached_by_no_one():
    tables = town(BLOCK, {"p000": (0, 10, 0), "p001": (0, 20, 0), "q000": (0, 30, 0)})
    snaps = tables.road_snaps
    tables = Toy(**vars(tables) | {"road_snaps": snaps[snaps["id"] != "p000"]})
    assert matrix_m(tables, "walk").ravel().tolist() == [math.inf, 10]
    tables = Toy(**vars(tables) | {"road_snaps": snaps[snaps["id"] != "q000"]})
    assert np.isinf(matrix_m(tables, "drive")).all()
    network = RoadNetwork.of(tables)
    points, sites = places_of(tables, "da"), places_of(tables, "site")
    assert network.within("drive", points, sites, 1e6).nnz == 0
    assert np.isinf(network.nearest_m("walk", points, sites)).all()
    assert not network.snapped("walk", sites).any()


def test_on_foot_and_by_car_a_place_may_meet_other_roads():
    edges = [(0, 1, 100), (1, 2, 100, "walk")]
    near_path = {"walk": (1, 10, 3), "drive": (0, 100, 12)}
    assert between(edges, near_path, (0, 60, 0), "walk") == 3 + 10 + 40
    assert between(edges, near_path, (0, 60, 0), "drive") == 12 + 40


@pytest.mark.parametrize(("radius_m", "reached"), [(99.99, 0), (100.0, 1), (100.01, 1)])
def test_the_radius_is_inclusive_to_the_centimetre(radius_m, reached):
    tables = town(BLOCK, {"p000": (0, 30, 5), "q000": (1, 20, 5)})
    network = RoadNetwork.of(tables)
    found = network.within("walk", places_of(tables, "da"), places_of(tables, "site"), radius_m)
    assert (found.nnz, found.dtype, found.shape) == (reached, np.int8, (1, 1))


# -- any streets -----------------------------------------------------------------------------------


@st.composite
def towns(draw):
    """Draw streets with loops, twins and one-way edges, and places on them, in centimetres."""
    node = st.integers(0, 4)
    edges = draw(
        st.lists(
            st.tuples(node, node, st.integers(1, 60), st.sampled_from(sorted(WAYS))),
            min_size=1, max_size=8,
        )
    )  # fmt: skip
    open_to = {
        "walk": [i for i, edge in enumerate(edges) if WAYS[edge[3]][0]],
        "drive": [i for i, edge in enumerate(edges) if any(WAYS[edge[3]][1:])],
    }
    spots = {}
    for letter, most in (("p", 4), ("q", 5)):
        for i in range(draw(st.integers(1, most))):
            spots[f"{letter}{i:03d}"] = {
                mode: (edge := draw(st.sampled_from(ways)),
                       draw(st.integers(0, edges[edge][2])) / 100, draw(st.integers(0, 9)) / 100)
                for mode, ways in open_to.items() if ways
            }  # fmt: skip
    return [(u, v, length / 100, way) for u, v, length, way in edges], spots


def pieces(edges, spots, mode):
    """Yield every arc of the streets cut at the places' spots: tail, head, centimetres."""
    for i, (u, v, length, way) in enumerate(edges):
        walk, ahead, back = WAYS[way]
        ahead, back = (walk, walk) if mode == "walk" else (ahead, back)
        chain = [(0, u)]
        here = [(at[mode], name) for name, at in spots.items() if mode in at and at[mode][0] == i]
        for (_, along, offset), name in sorted(here):
            chain.append((round(along * 100), f"on {name}"))
            yield name, f"on {name}", round(offset * 100)
            yield f"on {name}", name, round(offset * 100)
        for (start, tail), (end, head) in pairwise([*chain, (round(length * 100), v)]):
            if ahead or start == end:
                yield tail, head, end - start
            if back or start == end:
                yield head, tail, end - start


def floyd_warshall(arcs, names):
    """Return the distance between all nodes."""
    far = {(a, b): 0 if a == b else math.inf for a in names for b in names}
    for tail, head, cm in arcs:
        far[tail, head] = min(cm, far[tail, head])
    for middle, a, b in product(names, repeat=3):
        far[a, b] = min(far[a, b], far[a, middle] + far[middle, b])
    return far


@SETTINGS
@given(towns(), st.sampled_from(MODES))
def test_both_implementations_agree_with_floyd_and_warshall(drawn, mode):
    edges, spots = drawn
    tables = town(edges, spots)
    arcs = list(pieces(edges, spots, mode))
    names = {*spots, *(tail for tail, _, _ in arcs), *(head for _, head, _ in arcs)}
    far = floyd_warshall(arcs, sorted(names, key=str))
    points = [name for name in spots if name[0] == "p"]
    sites = [name for name in spots if name[0] == "q"]
    expected = np.array([[far[p, q] for q in sites] for p in points]) / 100
    assert np.array_equal(matrix_m(tables, mode), expected)
    assert np.array_equal(matrix_m(tables, mode, turned=True), expected)
    nearest = RoadNetwork.of(tables).nearest_m(
        mode, places_of(tables, "da"), places_of(tables, "site")
    )
    assert np.array_equal(nearest, expected.min(axis=1))
    cut = cut_roads(tables, mode, "da")
    again = cut.distance_cm(tables.sites.to_dict("records"))
    assert np.array_equal(again / 100, expected.min(axis=1))
    radius_m = 0.4
    within = RoadNetwork.of(tables).within(
        mode, places_of(tables, "da"), places_of(tables, "site"), radius_m
    )
    assert np.array_equal(within.toarray() == 1, expected <= radius_m)
    assert within.has_sorted_indices


# -- the Region ---------------------------------------------------------------------------------


def region(tables, kind):
    return places_of(tables, kind)


@pytest.mark.parametrize(("mode", "radius_m"), [("walk", 800.0), ("drive", 3_000.0)])
def test_along_the_roads_is_never_nearer_than_the_straight_line(tables, mode, radius_m):
    """Exactly, in centimetres, for each pair in reach: not one is below."""
    network = RoadNetwork.of(tables)
    points, places = region(tables, "da"), region(tables, "site")
    found = network.pairs(mode, points, places, radius_m)
    assert len(found.source) > 500
    one, other = (
        np.rint(p.xy_m[i] * 100).astype(np.int64)
        for p, i in ((points, found.source), (places, found.target))
    )
    assert (found.distance_cm**2 >= ((one - other) ** 2).sum(axis=1)).all()


@pytest.mark.parametrize("mode", MODES)
def test_both_implementations_agree_on_the_region(tables, mode):
    points, stations = region(tables, "cell"), region(tables, "station")
    nearest = RoadNetwork.of(tables).nearest_m(mode, points, stations)
    cut = cut_roads(tables, mode, "cell")
    again = cut.distance_cm(tables.stations.to_dict("records"))
    order = np.argsort(points.ids)
    assert np.array_equal(np.rint(nearest[order] * 100), again)
    assert np.isinf(again).sum() == (~RoadNetwork.of(tables).snapped(mode, points)).sum()
