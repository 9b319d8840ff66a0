"""The history of measurements: what a line says, that it only grows, and what drift calls for."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest

from kwev.errors import KwevError
from kwev.files import read_json, write_json
from kwev.report import history, measurement, monitoring, snapshots, targets
from kwev.report.history import Measured, added, write
from kwev.report.history import read_history as read
from kwev.report.measurement import Ground
from kwev.report.monitoring import drift_words, years_words
from kwev.report.observations import Counted

FIRST = Measured(
    "2026-01-31", "city", "aa", "straight_line", 10, 20, 4, "2026Q1", 100.0, 0.96, 0.84, 0.98
)


@pytest.fixture(scope="module")
def watched(project):
    return targets.of_project(project)


@pytest.fixture(scope="module")
def grounds(tables, project, watched):
    """Return what is measured on, by metric."""
    return {c.coverage.metric: Ground.of(tables, c) for c in watched.configs(project)}


@pytest.fixture(scope="module")
def ground(grounds):
    return grounds["straight_line"]


def later(date, **changes):
    return replace(FIRST, date=date, content=date, **changes)


# -- targets ---------------------------------------------------------------------------------


def test_the_targets_are_those_of_the_base_scenario(watched, base_case):
    config = base_case.config
    wanted = {target.name: target.share for target in watched.targets}
    assert wanted == {
        "l2": config.targets.l2, "l3": config.targets.l3,
        "ev_owners": config.targets.ev_owners.share,
    }  # fmt: skip
    near = {target.name: target.within for target in watched.targets}
    assert near["l2"].l2_radius_m == config.coverage.l2_radius_m == 500
    assert near["l3"].l3_radius_m == config.coverage.l3_radius_m == 5_000
    assert near["l2"].l3_radius_m is None
    assert near["l3"].l2_radius_m is None
    assert (near["ev_owners"].l2_radius_m, near["ev_owners"].l3_radius_m) == (500, 5_000)
    assert watched.metrics == ["network", "straight_line"]
    every = {target.name: target.every for target in watched.targets}
    assert every == {"l2": "month", "l3": "month", "ev_owners": "quarter"}


def broken(values, change):
    change(values)
    return values


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda v: v["targets"][0].update(share=95), "targets.0.share"),
        (lambda v: v["targets"][0].update(every="year"), "targets.0.every"),
        (lambda v: v["targets"].pop(), "each of l2, l3, ev_owners"),
        (lambda v: v["targets"][0]["within"].update(l2_radius_m=None), "one radius at least"),
        (lambda v: v.update(metric="network"), "unknown key 'metric'"),
        (lambda v: v.update(metrics=["network", "network"]), "a metric stands there twice"),
        (lambda v: v.update(metrics=[]), "metrics"),
        (lambda v: v["triggers"].update(gone_per_year=0), "triggers.gone_per_year"),
    ],
)
def test_wrong_targets_are_refused_by_name(project, tmp_path, change, words):
    values = broken(read_json(project.root / targets.FILE), change)
    path = tmp_path / "targets.json"
    write_json(path, values)
    with pytest.raises(KwevError, match=words):
        targets.read(path)


# -- judging ---------------------------------------------------------------------------------


def verdict(watched, *lines):
    return targets.judged(list(lines), lines[-1], watched).set_index("target")


def test_the_first_line_of_a_series_has_nothing_to_go_back_from(watched):
    found = verdict(watched, FIRST)
    assert found["passes"].to_dict() == {"l2": True, "l3": False, "ev_owners": True}
    assert not found["regressed"].any()
    assert found["change"].isna().all()
    assert (found["since"] == "").all()


@pytest.mark.parametrize(
    ("l2", "l3", "back"),
    [
        (0.9499, 0.84, {"l2"}),  # met before and not now, though by a hundredth of a point
        (0.9551, 0.84, set()),  # 0.49 points less, and still met
        (0.955, 0.84, {"l2"}),  # half a point less is told though it is met
        (0.96, 0.8351, set()),  # not met before, 0.49 points less
        (0.96, 0.835, {"l3"}),  # half a point less
        (0.99, 0.86, set()),
    ],
)
def test_a_target_goes_back_where_it_is_lost_or_half_a_point_lower(watched, l2, l3, back):
    found = verdict(watched, FIRST, later("2026-02-28", l2=l2, l3=l3))
    assert set(found.index[found["regressed"]]) == back
    assert found.loc["l2", "change"] == pytest.approx(100 * (l2 - 0.96))
    assert (found["since"] == "2026-01-31").all()


def test_metrics_are_not_compared_with_each_other(watched):
    other = later("2026-02-28", metric="network", l2=0.5)
    assert not verdict(watched, FIRST, other)["regressed"].any()
    assert verdict(watched, FIRST, other)["since"].eq("").all()
    alike = replace(FIRST, metric="network")
    assert added([FIRST], alike) == [FIRST, alike]


def test_a_station_of_a_list_stands_on_the_roads_where_its_neighbour_does(grounds):
    # the station of the network itself, and the same one 30 m away from every known place
    ground = grounds["network"]
    snapshot = snapshots.merged(ground.tables, ground.config)
    tables = snapshots.on_the_roads(ground.tables, snapshot.network)
    own = tables.road_snaps[tables.road_snaps["kind"] == "station"].set_index(["id", "mode"])
    known = ground.tables.road_snaps
    known = known[known["kind"] == "station"].set_index(["id", "mode"])
    shared = own.index.intersection(known.index)
    assert len(shared) == len(own)
    pd.testing.assert_frame_equal(own.loc[shared], known.loc[shared])
    one = snapshot.stations.iloc[:1].assign(station_id="listed")
    moved = replace(snapshot, stations=one.assign(easting_m=one["easting_m"] + 1.0))
    found = snapshots.on_the_roads(ground.tables, moved.network).road_snaps
    found = found[found["kind"] == "station"]
    assert set(found["id"]) == {"listed"}
    was = known.loc[one["station_id"].index.map(snapshot.stations["station_id"])[0]]
    assert found["offset_m"].to_numpy() == pytest.approx(was["offset_m"].to_numpy() + 1.0)


def test_series_are_not_compared_with_each_other(watched):
    other = later("2026-02-28", series="county", l2=0.1)
    assert not verdict(watched, FIRST, other)["regressed"].any()


def test_the_trend_is_a_straight_line_through_the_series(watched):
    # 1,461 days are four years; points rise by two a year, by least squares as by eye
    lines = [later("2022-01-01", l2=0.5), later("2026-01-01", l2=0.58)]
    assert verdict(watched, *lines).loc["l2", "per_year"] == pytest.approx(2)
    # three years at one day: 0, 0 and 3 points after 0, 1 and 2 years: slope 1.5
    lines = [later("2023-01-01", l2=0.5), later("2024-01-01", l2=0.5), later("2025-01-01", l2=0.53)]
    assert verdict(watched, *lines).loc["l2", "per_year"] == pytest.approx(1.5, abs=0.01)


def test_a_line_of_vehicles_judges_vehicles_alone(watched):
    line = later("2026-02-28", stations=None, l2_ports=None, l3_ports=None, l2=None, l3=None)
    assert verdict(watched, line).index.tolist() == ["ev_owners"]


# -- the file --------------------------------------------------------------------------------


def test_a_history_only_grows(tmp_path):
    path = tmp_path / "history.csv"
    assert read(path, begin=True) == []
    with pytest.raises(KwevError, match="no history here"):
        read(path)
    lines = added([], FIRST)
    assert write(path, [], lines)
    whole = path.read_bytes()
    assert read(path) == lines
    # the same measurement again is nothing new
    assert added(lines, FIRST) == lines
    assert not write(path, lines, lines)
    assert path.read_bytes() == whole
    more = added(lines, later("2026-02-28"))
    assert write(path, lines, more)
    assert path.read_bytes().startswith(whole)
    assert read(path) == more


def test_another_measurement_for_a_date_and_an_older_one_are_refused():
    lines = [FIRST]
    with pytest.raises(KwevError, match="has another city for 2026-01-31"):
        added(lines, replace(FIRST, content="bb"))
    with pytest.raises(KwevError, match="2025-12-31 is older"):
        added(lines, later("2025-12-31"))
    # another series has dates of its own
    assert len(added(lines, later("2025-12-31", series="county"))) == 2


def test_what_changed_meanwhile_is_not_overwritten(tmp_path):
    path = tmp_path / "history.csv"
    write(path, [], [FIRST])
    with pytest.raises(KwevError, match="changed meanwhile"):
        write(path, [], [later("2026-02-28")])
    with pytest.raises(KwevError, match="changed meanwhile"):
        write(path, [FIRST], [later("2026-02-28")])  # a line would go
    assert read(path) == [FIRST]


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:-20],  # half written
        lambda text: text.replace("0.96", "1.96"),
        lambda text: text.replace("2026-01-31", "2026-13-31"),
        lambda text: text.replace("0.960000000", "0.96"),
        lambda text: text.replace("stations,", ""),
        lambda text: text.replace(",10,", ",ten,"),
    ],
)
def test_a_damaged_history_is_named_and_not_used(tmp_path, damage):
    path = tmp_path / "history.csv"
    write(path, [], [FIRST])
    path.write_text(damage(path.read_text()))
    with pytest.raises(KwevError, match="history"):
        read(path)


def test_no_line_can_be_changed_moved_or_taken_out_unseen(tmp_path):
    path = tmp_path / "history.csv"
    write(path, [], [FIRST, later("2026-02-28"), later("2026-03-31")])
    head, *lines = path.read_text().splitlines()
    elsewhere = tmp_path / "elsewhere.csv"
    write(elsewhere, [], [replace(FIRST, stations=11)])
    other = elsewhere.read_text().splitlines()[1]
    for damaged in (lines[1:], [lines[0], lines[2]], [other, *lines[1:]], [lines[1], lines[0]]):
        path.write_text("\n".join([head, *damaged]) + "\n")
        with pytest.raises(KwevError, match=r"line \d is not one of a history"):
            read(path)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"date": "2999-01-01"}, "lies in the future"),
        ({"stations": -1}, "negative"),
        ({"l2_ports": -1}, "negative"),
        ({"stations": 0, "l2_ports": 0, "l3_ports": 0}, "no stations"),
        ({"l2_ports": 4, "l3_ports": 4}, "fewer ports than stations"),
        ({"evs": 0.0}, "no vehicles"),
        ({"evs": float("inf")}, "no vehicles"),
        ({"evs": float("nan")}, "no vehicles"),
        ({"l3": 1.01}, "share"),
        ({"ev_owners": float("nan")}, "share"),
    ],
)
def test_what_cannot_be_is_neither_added_nor_read(tmp_path, changes, words):
    line = replace(FIRST, **changes)
    with pytest.raises(KwevError, match=words):
        added([], line)
    path = tmp_path / "history.csv"
    write(path, [], [line])
    with pytest.raises(KwevError, match=f"line 2 is not one of a history.*{words}"):
        read(path)


# -- measuring -------------------------------------------------------------------------------


def test_the_merged_network_is_measured_as_both_plans_measure_it(grounds, recommended):
    for plan in (recommended.plan, recommended.specification.plan):
        ground = grounds[plan.config.coverage.metric]
        line = measurement.of_stations(ground, snapshots.merged(ground.tables, ground.config))
        for name in ("l2", "l3", "ev_owners"):
            before = getattr(plan.coverage, name).before
            assert getattr(line, name) == pytest.approx(before, abs=1e-9)
        assert line.metric == plan.config.coverage.metric
    assert line.evs == pytest.approx(ground.tables.fsas["ev_inside"].sum(), abs=1e-4)


def test_vehicles_grow_by_area_and_in_all(ground):
    newest = ground.tables.fsas.set_index("fsa")["ev"].astype(float)
    now = measurement.of_vehicles(ground, Counted("2025Q4", newest))
    twice = measurement.of_vehicles(ground, Counted("2026Q4", 2 * newest))
    assert twice.evs == pytest.approx(2 * now.evs, rel=1e-9)
    assert twice.ev_owners == pytest.approx(now.ev_owners, abs=1e-9)
    assert twice.date == "2026-12-31"
    # vehicles where there is a fast charger at every corner count for more of the whole
    city = newest.where(newest.index != "N2J", 10 * newest)
    assert measurement.of_vehicles(ground, Counted("2026Q4", city)).ev_owners > now.ev_owners


def test_the_content_of_a_list_does_not_hang_on_order_or_layout(ground):
    network = snapshots.undated(ground.tables)
    turned = replace(network, stations=network.stations.iloc[::-1].reset_index(drop=True))
    lines = [measurement.of_stations(ground, one) for one in (network, turned)]
    assert lines[0] == lines[1]
    fewer = replace(network, stations=network.stations.iloc[1:].reset_index(drop=True))
    assert measurement.of_stations(ground, fewer).content != lines[0].content


def test_what_is_fetched_again_grows_a_history_and_changes_nothing_of_it():
    restated = replace(FIRST, content="f" * 16, l2=FIRST.l2 / 2)
    older = replace(FIRST, date="2001-01-31")
    newer = replace(FIRST, date=str(pd.Timestamp.now().date()))
    other = replace(older, series="other")
    found = [older, FIRST, restated, newer, other]
    assert history.grown([FIRST], found) == ([FIRST, newer, other], [older, restated])
    with pytest.raises(KwevError, match="no vehicles"):
        history.grown([FIRST], [replace(newer, evs=0.0)])


@pytest.mark.slow
def test_the_committed_history_begins_with_what_the_data_give(project, grounds):
    kept = read(history.path_of(project))
    made = [line for ground in grounds.values() for line in measurement.from_processed(ground)]
    assert kept[: len(made)] == made


def test_the_committed_history_holds_both_lists_the_mark_and_every_quarter(project, tables):
    every = read(history.path_of(project))
    assert {line.metric for line in every} == {"network", "straight_line"}
    for metric in ("network", "straight_line"):
        hold_a_metric([line for line in every if line.metric == metric], tables)


def hold_a_metric(lines, tables):
    dates = {line.series: [] for line in lines}
    for line in lines:
        dates[line.series].append(line.date)
    assert dates["nrcan"] == ["2022-07-15", "2025-10-17"]
    assert dates["ocm"] == ["2024-11-23"]
    assert len(dates["registrations"]) == tables.ev_quarters["quarter"].nunique()
    assert dates["nrcan_opened"] == sorted(dates["nrcan_opened"])
    assert len(dates["nrcan_opened"]) == 13  # ends of quarters from September 2022
    opened = [line for line in lines if line.series == "nrcan_opened"]
    newer = next(line for line in lines if line.series == "nrcan" and line.date > "2025")
    # who had opened by a date stands in the list, and reach only grows with openings
    shares = [line.l2 for line in (*opened, newer)]
    assert shares == sorted(shares)


# -- snapshots -------------------------------------------------------------------------------


def test_both_lists_pass_one_filter(tables):
    for source in snapshots.DATED:
        found = snapshots.listed(tables, source).stations
        records = tables.station_records.set_index("record_id").loc[found["station_id"]]
        assert records["comparable"].all()
        assert records["in_region"].all()
        teslas = records.loc[records["name"].str.contains("tesla", case=False), "name"]
        # the one that takes other cars is in the merged network as such
        assert teslas.tolist() == ["Tesla Kitchener - Tesla Supercharger"]
        assert (found["opened"] != "").all()
    older, newer = (snapshots.listed(tables, source) for source in snapshots.DATED)
    assert newer.opened_by("2022-07-15").stations["opened"].max() <= "2022-07-15"
    assert (older.date, newer.date) == ("2022-07-15", "2025-10-17")


@pytest.mark.parametrize(
    ("text", "day"),
    [("2025-10", "2025-10-31"), ("2024-02", "2024-02-29"), ("2025Q4", "2025-12-31"),
     ("2025-03-07", "2025-03-07")],
)  # fmt: skip
def test_a_date_stands_for_its_last_day(text, day):
    assert snapshots.last_day(text) == day


@pytest.mark.parametrize("text", ["", "2025", "2025-13", "2025-02-30", "soon", "2025Q5"])
def test_what_is_no_date_is_refused(text):
    with pytest.raises(KwevError, match="not a date"):
        snapshots.last_day(text)


def test_an_unknown_list_is_refused(tables):
    with pytest.raises(KwevError, match="no dated list"):
        snapshots.listed(tables, "ocm")


# -- drift -----------------------------------------------------------------------------------


def forecast():
    """Return 100 vehicles at the end of 2025, 120 (110 to 140) a year later."""
    return SimpleNamespace(
        ev_quarters=pd.DataFrame({"quarter": ["2025Q3", "2025Q4"], "ev_inside": [90.0, 100.0]}),
        ev_forecast=pd.DataFrame(
            {"quarter": ["2026Q4"], "form": ["linear"], "low": [110.0], "mid": [120.0],
             "high": [140.0], "chosen": [True]}
        ),
        ev_backtest=pd.DataFrame(
            {"basis": "recount_removed", "form": "linear", "origin": ["2024Q4", "2024Q4"],
             "horizon": [3, 4], "low": [70.0, 80.0], "high": [75.0, 95.0]}
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("quarter", "evs", "state"),
    [
        ("2026Q4", 110.0, "no"),
        ("2026Q4", 109.9, "yes"),
        ("2026Q4", 140.1, "yes"),
        # half way, the interval is 105 to 120
        ("2026Q2", 105.0, "no"),
        ("2026Q2", 104.9, "yes"),
        ("2026Q2", 120.1, "yes"),
        # no forecast is due: the one of a year before, 80 to 95
        ("2025Q4", 100.0, "yes"),
        ("2025Q4", 94.0, "no"),
    ],
)
def test_vehicles_outside_the_interval_call_for_a_plan(quarter, evs, state):
    line = replace(FIRST, series="registrations", ev_quarter=quarter, evs=evs)
    assert monitoring.vehicles(forecast(), line).state == state


def test_a_quarter_beyond_the_forecast_is_refused():
    with pytest.raises(KwevError, match="the forecast ends before 2027Q1"):
        monitoring.interval(forecast(), "2027Q1")
    with pytest.raises(KwevError, match="no forecast was tested for 2025Q3"):
        monitoring.interval(forecast(), "2025Q3")


@pytest.mark.parametrize(("l2", "state"), [(0.255, "no"), (0.26, "yes"), (0.24, "yes")])
def test_a_network_that_moved_calls_for_a_plan(l2, state):
    plan = SimpleNamespace(
        coverage=SimpleNamespace(l2=SimpleNamespace(before=0.25), l3=SimpleNamespace(before=0.84))
    )
    assert monitoring.network(replace(FIRST, l2=l2), plan, 1.0).state == state


def test_a_target_that_went_back_calls_for_a_plan(watched):
    assert monitoring.regression([FIRST], watched).state == "no"
    found = monitoring.regression([FIRST, later("2026-02-28", l2=0.9)], watched)
    assert found.state == "yes"
    assert "People near Level 2 in a straight line in the series city" in found.present


def test_stations_that_leave_are_counted_by_their_ids(tables):
    older, newer = (
        set(snapshots.listed(tables, source).stations["station_id"].str.split("_").str[1])
        for source in snapshots.DATED
    )
    found = monitoring.leaving(tables, 0.1)
    assert found.present.startswith(f"{len(older - newer)} of {len(older)} of 2022-07-15")
    rate = len(older - newer) / len(older) / (1_190 / 365.25)  # days between the two lists
    assert f"{rate:.1%} a year" in found.present
    assert found.state == ("yes" if rate > 0.1 else "no")
    assert monitoring.leaving(tables, 0.01).state == "yes"


def test_the_state_of_every_trigger_is_known_or_said_not_to_be(
    project, tables, watched, recommended
):
    lines = read(history.path_of(project))
    found = monitoring.triggers(tables, watched, lines, recommended.plan).set_index("what")["state"]
    assert set(found) <= {"no", "yes", "not known"}
    assert found["Use of ports and waiting times"] == "not known"
    assert found["Stations of today"] == "no"
    with pytest.raises(KwevError, match="the history has no registrations"):
        monitoring.triggers(tables, watched, [FIRST], recommended.plan)


def test_pace_and_drift_in_words():
    assert years_words(72.0, 2.6) == "would take about 28 years at that pace"
    assert years_words(0.0, 2.6) == "is met"
    assert years_words(0.0, 2.6, in_reach=False) == "is met"
    # what no budget reaches has no date, whatever the pace
    assert "years" not in years_words(72.0, 2.6, in_reach=False)
    assert years_words(5.0, -0.1) == "comes no nearer at that pace"
    assert drift_words([]) == "none of them calls for a new plan now"
    assert drift_words(["Targets"]) == "this one calls for a new plan now: targets"
    assert drift_words(["Targets", "Electric vehicles"]).startswith("these call for")
