"""The page on what the book costs says what the bench's files hold."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from benchmarks.__main__ import chosen
from kwev.errors import KwevError
from kwev.files import write_json
from kwev.report import bench

WHERE = {"date": "2026-11-30", "commit": "abc", "processors": 2, "load_before": 1.2}


def scale(customers, join_s):
    about = {"customers": customers, "what": "", "radius": 5.5}
    return [
        {**about, "stage": "draw", "cpu_s": 0.5, "peak_mb": 90.0, "radius": None},
        {**about, "stage": "join", "cpu_s": join_s, "peak_mb": 100.0, "points": 70},
        {**about, "stage": "solve", "cpu_s": 9.0, "peak_mb": 1_250.0},
        {**about, "stage": "solve", "cpu_s": 99.0, "peak_mb": 9.0, "radius": 3.25},
    ]


def city(name, count, value, gap):
    return {"city": name, "count": count, "value": value, "bound": value * (1 + gap), "gap": gap,
            "known": 100.0, "cpu_s": 7.0, "limit_s": 150.0}  # fmt: skip


def cells(copies, scale, bound_checked):
    about = {"copies": copies, "people": 600 * copies, "points": 25 * copies, "what": ""}
    return [
        {**about, "stage": "check", "cpu_s": 2.0 * scale, "peak_mb": 80.0},
        {
            **about,
            "stage": "plan",
            "cpu_s": 10.0 * scale,
            "peak_mb": 990.0 * copies,
            "gap": 0.01,
            "value": 240.0,
            "bound_checked": bound_checked,
        },
        {**about, "stage": "inputs", "cpu_s": 1.0 * scale, "peak_mb": 70.0},
    ]


def together(budget, union, value):
    return {"what": "", "stage": "together", "budget": budget, "apart": union - 1, "union": union,
            "value": value, "bound": value + 1, "today": 50.0, "cpu_s": 3.0}  # fmt: skip


@pytest.fixture
def report(tmp_path):
    parts = {
        "rivals-5": [
            {"what": "r = 5: kwev", "who": "kwev", "value": 9.0, "gap": 0.0, "cpu_s": 2.0},
            {"what": "r = 5: SCIP", "who": "SCIP", "value": 9.0, "gap": 0.0, "cpu_s": 3.0,
             "ratio": 1.5},
            {"what": "r = 5: Gurobi", "who": "Gurobi", "value": 9.0, "gap": 0.0, "cpu_s": 1.0,
             "ratio": 0.5},
        ],
        "covering-small": [
            {"what": "small: kwev", "who": "kwev", "value": 5.0, "gap": 0.0, "cpu_s": 1.0},
            {"what": "small: HiGHS", "who": "HiGHS", "value": 4.0, "gap": 0.25, "cpu_s": 0.9,
             "ratio": 0.9},
        ],
        "scale-100": scale(100, 0.01), "scale-9000": scale(9_000, 12.0),
        "city-a": [city("Bronx", 60, 100.0, 0.0)], "city-b": [city("Bronx", 50, 102.0, 0.01)],
        "city-c": [city("NewYork", 50, 97.0, 0.04)],
        "cells-1": cells(1, 1, 246.0), "cells-10": cells(10, 30, None),
        "joined": [
            {"what": "", "stage": "curves", "plans": 14, "cpu_s": 5.0},
            together(1_000, 68.0, 70.0), together(2_000, 89.0, 90.0),
        ],
    }  # fmt: skip
    for k, (part, rows) in enumerate(parts.items()):
        told = {**WHERE, "part": part, "load_after": 2.0 + k, "rows": rows}
        write_json(tmp_path / bench.FOLDER / f"{part}.json", told)
    return SimpleNamespace(project=SimpleNamespace(root=tmp_path))


def test_the_numbers_by_hand(report):
    said = {number.name: str(number) for number in bench.numbers(report)}
    assert said == {
        "bench_customers": "9,000", "bench_points": "70", "bench_join": "12 s",
        "bench_solve": "9 s", "bench_memory": "1.2 GB", "bench_cities": "3",
        "bench_cities_reached": "2", "bench_cities_better": "1", "bench_cities_proven": "1",
        "bench_cities_worst": "3.00%", "bench_city_limit": "150 s", "bench_city_longest": "7 s",
        "bench_processors": "2",
        "bench_beside": "3", "bench_faster": "1", "bench_load": "1 to 11",
        "bench_days": "2026-11-30", "bench_people": "6,000", "bench_copies": "10",
        "bench_apart": "14", "bench_apart_least": "90.0%", "bench_apart_most": "97.5%",
        "bench_road_memory": "9.9 GB", "bench_road_times": "30",
    }  # fmt: skip


def test_plans_stand_after_the_reach_that_they_need(report):
    for part, gap in (("roads", None), ("da", 0.0001), ("cell", 0.002)):
        row = {"what": f"{part}: plan", "gap": gap, "cpu_s": 3.0, "peak_mb": 70.0}
        told = {**WHERE, "part": part, "rows": [row]}
        write_json(report.project.root / bench.FOLDER / f"{part}.json", told)
    with pytest.raises(KwevError, match=r"no part addresses\.json"):
        bench.plans_table(report)
    for part in ("addresses", "gurobi"):
        told = {**WHERE, "part": part, "rows": [{**row, "what": f"{part}: plan"}]}
        write_json(report.project.root / bench.FOLDER / f"{part}.json", told)
    shown = bench.plans_table(report).frame
    parts = ["roads", "da", "cell", "addresses", "gurobi"]
    assert shown["what"].tolist() == [f"{part}: plan" for part in parts]
    assert shown["gap"].isna().tolist() == [True, False, False, False, False]


def test_the_stages_of_a_plan_stand_in_order_beside_those_of_the_region(report):
    found = bench.road(report.project)
    assert found["stage"].tolist() == [*bench.ROAD, *bench.ROAD]
    assert found["times"].tolist() == [1.0, 1.0, 1.0, 30.0, 30.0, 30.0]
    assert found["gap"].isna().tolist() == [True, False, True] * 2
    assert found["checked"].tolist()[1] == pytest.approx(0.025)
    assert found["checked"].isna().tolist() == [True, False, *[True] * 4]
    shown = bench.road_table(report).frame
    assert shown["size"].unique().tolist() == [
        "600 people on 25 cells", "6,000 people on 250 cells",
    ]  # fmt: skip
    assert shown["stage"].tolist()[:3] == list(bench.ROAD.values())


def test_what_is_planned_apart_stands_beside_the_whole_above_today(report):
    found = bench.together_table(report).frame
    assert found["apart"].tolist() == [17.0, 38.0]
    assert found["value"].tolist() == [20.0, 40.0]
    assert found["bound"].tolist() == [21.0, 41.0]
    assert found["kept"].tolist() == pytest.approx([0.9, 0.975])


def test_cities_stand_in_order_beside_the_best_known(report):
    found = bench.cities(report.project)
    places = list(zip(found["city"], found["count"], strict=True))
    assert places == [("Bronx", 50), ("Bronx", 60), ("New York", 50)]
    assert found["beside"].tolist() == pytest.approx([0.02, 0.0, -0.03])


def test_rivals_stand_by_problem_with_their_ratio(report):
    found = bench.rivals(report.project)
    assert found[["problem", "who", "ratio", "faster"]].to_numpy().tolist() == [
        ["small", "kwev", 1.0, False], ["small", "HiGHS", 0.9, False],  # it covers less
        ["r = 5", "kwev", 1.0, False], ["r = 5", "SCIP", 1.5, False],
        ["r = 5", "Gurobi", 0.5, True],
    ]  # fmt: skip


def test_the_chart_shows_one_family_of_instances(report):
    found = bench.growth(report.project)
    assert found["cpu_s"].tolist() == [0.5, 0.01, 9.0, 0.5, 12.0, 9.0]
    assert "customers joined 0.0 to 12.0 seconds" in bench.growth_chart(report).alt


def test_a_part_that_was_not_measured_is_told(tmp_path):
    with pytest.raises(KwevError, match="the bench has no part"):
        bench.measured(SimpleNamespace(root=tmp_path), "city-")


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("cell", ["cell"]), ("cells", ["cells-1", "cells-10"]), ("cells-1", ["cells-1"]),
        ("c,da", ["da", "cell", "cells-1", "cells-10"]), ("no", []),
        ("", ["da", "cell", "cells-1", "cells-10"]),
    ],
)  # fmt: skip
def test_a_part_is_asked_for_by_name_or_by_how_it_begins(asked, names):
    assert chosen(["da", "cell", "cells-1", "cells-10"], asked) == names
