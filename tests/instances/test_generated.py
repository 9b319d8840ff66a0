"""Public covering instances: what the generator draws, how customers are joined, what is best."""

from __future__ import annotations

import json
import math
import subprocess

import numpy as np
import pytest

from benchmarks import covering
from benchmarks.city import known_best, read_city
from benchmarks.covering import joined, words_of
from benchmarks.effort import Effort
from benchmarks.generated import ANSWERS, covering_of, generate, rand
from benchmarks.maximal_covering import solve_covering
from benchmarks.record import Sheet, Time, circumstances, measured_here
from kwev.errors import KwevError

GLIBC = [1_804_289_383, 846_930_886, 1_681_692_777, 1_714_636_915, 1_957_747_793]
"""What ``srand(1)`` and five calls of ``rand`` give with glibc."""


def test_the_numbers_are_those_of_glibc():
    assert rand(1, 5).tolist() == GLIBC


def test_lanes_go_on_where_the_one_before_ended():
    """By the rule of the sums, number by number, over three lanes."""
    drawn = [2 * int(number) for number in rand(7, 10_000)]
    for i in range(31, 10_000):
        # the lowest bit of each term is not told: the sum is known to one or two
        assert (drawn[i] - drawn[i - 3] - drawn[i - 31]) % 2**32 in (0, 2)


def test_customers_are_covered_as_one_by_one():
    """Every customer held against every site, for a block and a part of one."""
    made = generate(9_000)
    problem = covering_of(made, 4.25, 15)
    sites, customers = (np.round(xy / (2**31 - 1) * 30, 6) for xy in (made.sites, made.customers))
    apart = customers[:, None, :] - sites[None, :, :]
    within = (apart**2).sum(axis=2) <= 4.25**2
    demand = made.demand.astype(float)
    assert problem.weight.sum() == demand.sum()
    for chosen in ([], [3], [0, 50, 99], list(range(0, 100, 7))):
        assert problem.value(np.array(chosen, int)) == demand[within[:, chosen].any(axis=1)].sum()
    words = words_of(problem.points)
    assert len(np.unique(words, axis=0)) == len(words)


def test_the_best_of_a_published_instance():
    found = solve_covering(covering_of(generate(10_000), 3.25, 20), Effort(gap=0.0, seconds=60))
    assert found.value == ANSWERS[10_000, 3.25, 20] == pytest.approx(found.bound)


@pytest.mark.parametrize("width", [1, 2, 5])
def test_rows_are_joined_by_all_of_their_words(width):
    draw = np.random.default_rng(width)
    words = draw.integers(0, 3, (500, width), dtype=np.uint64) << np.uint64(40)
    weight = draw.integers(1, 9, 500)
    first, total = joined(words, weight)
    every, at, back = np.unique(words, axis=0, return_index=True, return_inverse=True)
    assert first.tolist() == sorted(at.tolist())
    expected = np.bincount(back.reshape(-1), weights=weight)[np.argsort(at)]
    assert total.tolist() == expected.tolist()
    assert len(every) == len(first)


@pytest.mark.parametrize("hashed", [None, np.zeros])
def test_rows_of_one_hash_are_told_apart(monkeypatch, hashed):
    """The last bit of either word, in turns; and whatever the hash, were it none at all."""
    if hashed:
        monkeypatch.setattr(covering, "_hash", lambda words: hashed(len(words), np.uint64))
    words = np.array([[1 << 63, 0], [0, 1 << 63]] * 3 + [[1 << 63, 1 << 63]], np.uint64)
    first, total = joined(words, np.arange(1, 8))
    assert (first.tolist(), total.tolist()) == ([0, 1, 6], [9, 12, 7])


def city_files(folder):
    """Three places on one meridian, a thousandth of a degree apart: 111.3 m."""
    text = "NAME : Bronx\nNODE_COORD_SECTION\n40 -73\n40.001 -73\n40.002 -73\n"
    for name, content in (
        ("city/Bronx.txt", f"{text}DEMAND_SECTION\n5\n2\n4\nEOF"),
        ("best/Bronx_1_112.txt", "f: 11\nFacilidade: 1 \n"),
    ):
        (folder / name).parent.mkdir()
        (folder / name).write_text(content)


def test_a_city_is_read_and_its_best_choice_recomputed(tmp_path):
    city_files(tmp_path)
    (known,) = known_best(tmp_path)
    problem = read_city(tmp_path, known)
    assert problem.points.toarray().tolist() == [[1, 1, 0], [1, 1, 1], [0, 1, 1]]
    assert problem.value(known.chosen) == known.value == 11
    assert (known.name, known.radius_m, known.proven) == ("Bronx-1", 112.0, False)


def test_a_folder_without_cities_is_told(tmp_path):
    with pytest.raises(KwevError, match="no instances"):
        known_best(tmp_path)


def test_a_part_is_kept_with_where_it_was_measured(tmp_path):
    sheet = Sheet("roads", tmp_path)
    sheet.write()
    assert not (tmp_path / "benchmarks").exists()  # nothing was measured
    sheet.add("on foot", Time(2.0, 1.0, 50.0), goal="kept", pairs=3)
    sheet.add("stopped", Time(2.0, 1.0, 50.0), math.inf)
    sheet.write()
    told = json.loads((tmp_path / "benchmarks/results/roads.json").read_text())
    assert told["rows"] == [
        {"what": "on foot", "wall_s": 2.0, "cpu_s": 1.0, "peak_mb": 50.0, "gap": None,
         "goal": "kept", "pairs": 3},
        {"what": "stopped", "wall_s": 2.0, "cpu_s": 1.0, "peak_mb": 50.0, "gap": None, "goal": ""},
    ]  # fmt: skip
    assert {"date", "commit", "machine", "load_before", "load_after"} <= told.keys()
    assert told["packages"]["highspy"].count(".") == 2
    assert measured_here("roads", tmp_path)
    assert not measured_here("cell", tmp_path)


def test_results_written_before_are_no_change_of_the_code(tmp_path):
    """Parts are measured one after the other, and each writes its file into the checkout."""

    def git(*given):
        name = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
        subprocess.run(["git", "-C", tmp_path, *name, *given], check=True, capture_output=True)

    write = {place: tmp_path / place for place in ("code.py", "benchmarks/results/roads.json")}
    for path in write.values():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    git("init")
    git("add", ".")
    git("commit", "-m", "one")
    write["benchmarks/results/roads.json"].write_text("[]")
    assert "changes" not in circumstances(tmp_path)["commit"]
    write["code.py"].write_text("changed")
    assert circumstances(tmp_path)["commit"].endswith("with local changes")
