"""Transit on feeds made by hand, whose frequencies are known, and on damaged ones."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from home_region import CRS, FILES, REGION
from hypothesis import given
from hypothesis import strategies as st
from timetables import bus_feed, ion_feed, write_feed

from kwev.errors import KwevError
from kwev.pipeline.parameters import Parameters
from kwev.pipeline.raw import Ledger, Raw
from kwev.pipeline.timetables import (
    buses_only,
    flag_unequal_days,
    read_feed,
    service_days,
    transit_service,
)
from kwev.pipeline.transit import (
    access,
    lines_layer,
    platforms,
    route_lines,
    stop_score,
    transit_lengths,
    transit_routes,
    transit_stops,
)

PARAMETERS = Parameters(hub_bus_routes=1, hub_routes=2)


@pytest.fixture
def feeds(tmp_path):
    return (
        read_feed(write_feed(tmp_path / "bus.zip", bus_feed())),
        read_feed(write_feed(tmp_path / "ion.zip", ion_feed())),
    )


@pytest.fixture
def ledger():
    return Ledger()


@pytest.fixture
def service(feeds, ledger):
    bus, ion = feeds
    return transit_service(buses_only(bus, ion, ledger), ion, ledger)


@pytest.fixture
def stops(service, feeds, squares, ledger):
    calls = platforms(*feeds, CRS, ledger)
    table = transit_stops(service, calls, squares, PARAMETERS, ledger)
    return table.set_index("stop_id")


def _rows(ledger, rule):
    table = ledger.table()
    return int(table.loc[table["rule"].str.startswith(rule), "rows"].sum())


def test_representative_days_are_the_usual_ones_and_no_holiday(feeds):
    days = service_days(*feeds).set_index("day")
    assert days["date"].to_dict() == {
        "weekday": "20260107", "saturday": "20260110", "sunday": "20260111"
    }  # fmt: skip
    assert days.loc["weekday", ["days_alike", "days"]].tolist() == [5, 6]


def test_of_equal_patterns_the_earliest_counts(tmp_path, feeds):
    feed = bus_feed()
    dates = feed["calendar_dates"]
    few = dates["date"].isin(["20260106", "20260107"]) | ~dates["service_id"].eq("WD")
    tied = read_feed(write_feed(tmp_path / "tied.zip", {**feed, "calendar_dates": dates[few]}))
    assert service_days(tied, feeds[1])["date"].iloc[0] == "20260106"


def test_trips_count_once_and_ion_comes_from_its_own_feed(service, ledger):
    days = service.days.set_index("day")
    # route 1: ten, the headway route: eight, route 2: one
    assert days["bus_trips"].to_dict() == {"weekday": 19, "saturday": 2, "sunday": 1}
    assert days["ion_trips"].tolist() == [2, 2, 2]
    assert service.routes.set_index("route_id")["mode"].to_dict() == {
        "1": "bus", "2": "bus", "201": "ixpress", "301": "ion"
    }  # fmt: skip
    assert _rows(ledger, "trips of ION") == 1
    assert _rows(ledger, "stops of ION") == 4


def test_departures_by_window(stops):
    wanted = ["trips_peak_per_h", "trips_midday_per_h", "trips_weekday", "trips_saturday",
              "trips_sunday"]  # fmt: skip
    # 0A: six of route 1 and eight of 201 in four hours of peak; the trips at 09:00 and at noon
    assert stops.loc["0A", wanted].tolist() == [3.5, 0.3333, 18, 2, 1]
    # 0B: 08:59 leaves no time there: 09:04; 17:59 gets there after the peak; route 2 at 13:05 ends
    assert stops.loc["0B", wanted].tolist() == [1.0, 0.5, 10, 2, 1]
    # where trips only end, nothing departs
    assert "0C" not in stops.index
    assert stops.loc["6001", wanted].tolist() == [0.25, 0.0, 1, 1, 1]


def test_repairs_are_counted(stops, ledger):
    assert len(stops)
    assert _rows(ledger, "no time given: put between") == 1
    assert _rows(ledger, "last call") == 10 + 2 + 1 + 8 + 1 + 2
    assert _rows(ledger, "no departure on a representative day") == 1
    # 60 m from the bus feed's place
    assert _rows(ledger, "platform placed as in the bus feed") == 1


def test_score_by_hand(stops):
    service = 0.4 * (6 + 8 * 1.5) / 4 + 0.3 * 2 / 6 + 0.15 * 2 / 18 + 0.15 * 1 / 18
    assert stops.loc["0A", "service_per_h"] == pytest.approx(service, abs=1e-4)
    assert stops.loc["0A", "score"] == pytest.approx(service / (service + 4), abs=1e-5)
    ion = 2 * (0.4 / 4 + 0.15 / 18 + 0.15 / 18)
    assert stops.loc["6001", "service_per_h"] == pytest.approx(ion, abs=1e-4)


def test_an_ordinary_bus_every_quarter_of_an_hour_scores_one_half():
    assert stop_score(np.array([0.0, 4.0, 12.0]), Parameters()).tolist() == [0.0, 0.5, 0.75]


def test_platforms_are_grouped_and_placed(stops):
    assert stops.index.tolist() == ["0A", "0B", "6001", "6003", "place_T"]
    alpha = stops.loc["6001"]
    assert (alpha["name"], alpha["platforms"], alpha["mode"]) == ("Alpha Station", 2, "ion")
    # the mean of the two places in the bus feed, 110 and 130
    assert alpha["easting_m"] == pytest.approx(540_120, abs=0.02)
    terminal = stops.loc["place_T"]
    assert (terminal["name"], terminal["platforms"]) == ("Terminal", 2)
    assert terminal["easting_m"] == pytest.approx(541_500, abs=0.02)
    assert terminal["routes"] == "2 201"
    assert stops["municipality_id"].tolist() == ["3530013"] * 3 + ["3530016"] * 2


def test_hubs(stops):
    # Alpha lies 63 m from 0A with two bus routes; Beta is alone
    assert stops["bus_routes_near"].to_dict() == {
        "0A": 2, "0B": 1, "6001": 2, "6003": 0, "place_T": 2
    }  # fmt: skip
    assert stops["hub"].to_dict() == {
        "0A": True, "0B": False, "6001": True, "6003": False, "place_T": True
    }  # fmt: skip


def test_routes_lengths_and_headways(service, feeds):
    lines = route_lines(service, feeds, CRS)
    assert lines["route_id"].tolist() == ["1", "201", "301", "301"]
    assert lines["main"].all()
    routes = transit_routes(service, lines, Parameters()).set_index("route_id")
    assert routes.loc["1", "length_km"] == pytest.approx(1.0, abs=1e-3)
    assert routes.loc["301", "length_km"] == pytest.approx(1.79, abs=1e-3)
    # six starts in four hours; eight; none
    assert routes.loc["1", "headway_peak_min"] == 40
    assert routes.loc["201", "headway_peak_min"] == 30
    assert np.isnan(routes.loc["2", "headway_peak_min"])
    assert routes["trips_weekday"].to_dict() == {"1": 10, "2": 1, "201": 8, "301": 2}
    assert np.isnan(routes.loc["2", "length_km"])


def test_streets_count_once_and_routes_as_often_as_they_run(service, feeds, squares):
    lines = route_lines(service, feeds, CRS)
    lengths = transit_lengths(lines, squares, Parameters()).set_index("municipality_id")
    # west of 1,000 m: routes 1 and 201 share 900 m of street; ION has 890 m of its own, both ways
    ion = 0.89 * 23 / 20  # two tracks 3 m apart widen the corridor of 20 m
    assert lengths.loc["3530013", "street_km"] == pytest.approx(0.9 + ion, abs=2e-3)
    assert lengths.loc["3530013", "route_km"] == pytest.approx(0.9 * 2 + ion, abs=2e-3)
    assert lengths.loc["3530016", "street_km"] == pytest.approx(0.5 + 0.9 * 23 / 20, abs=2e-3)


def test_one_feature_for_each_route_with_a_line(service, feeds):
    lines = route_lines(service, feeds, CRS)
    routes = transit_routes(service, lines, Parameters())
    frame, properties = lines_layer(routes, lines, Parameters())
    assert frame["route_id"].tolist() == ["1", "201", "301"]
    assert properties == ["route_id", "short_name", "long_name", "mode"]


def test_days_on_which_the_feeds_disagree_are_flagged(feeds, ledger):
    flag_unequal_days(*feeds, ledger)
    (row,) = ledger.rows
    # the copy has one trip of ION on weekdays and none on weekends and holidays; ION itself two
    assert row[3:5] == ("flagged", 6 + 2 + 2)
    assert row[5].startswith("2026-01-06, 2026-01-07")


def test_byte_order_mark_and_windows_lines_change_nothing(tmp_path, feeds):
    odd = read_feed(write_feed(tmp_path / "odd.zip", bus_feed(), bom=True, newline="\r\n"))
    for name in ("stops", "routes", "trips", "stop_times", "shapes"):
        pd.testing.assert_frame_equal(getattr(odd, name), getattr(feeds[0], name))
    assert odd.services == feeds[0].services


def test_ids_that_look_like_numbers_stay_text(tmp_path):
    feed = bus_feed()
    for name in ("stops", "stop_times"):
        feed[name] = feed[name].replace({"stop_id": {"0A": "007"}})
    read = read_feed(write_feed(tmp_path / "zeros.zip", feed))
    assert "007" in set(read.stops["stop_id"])


def _without(column):
    return lambda table: table.drop(columns=column)


DAMAGE = {
    "no stop_times": ("stop_times", None, "without stop_times.txt"),
    "empty trips": ("trips", lambda t: t.head(0), "without trips.txt"),
    "no calendar": ("calendar_dates", None, "without a day of service"),
    "column missing": ("stops", _without("stop_lat"), "column missing: 'stop_lat'"),
    "no trip of that name": (
        "stop_times", lambda t: t.replace({"trip_id": {"y": "q"}}), "trip_id 'q' of stop_times"),
    "no stop of that name": (
        "stop_times", lambda t: t.replace({"stop_id": {"T2": "T9"}}), "'T9' of stop_times.txt"),
    "a time that is none": (
        "stop_times", lambda t: t.replace({"departure_time": {"13:00:00": "noon"}}),
        "noon does not look like"),
    "stop at 0,0": (
        "stops", lambda t: t.assign(stop_lat=0.0, stop_lon=0.0), "column 'stop_lat': 0.0 is below"),
    "stop twice": ("stops", lambda t: pd.concat([t, t.head(1)]), "is repeated"),
}  # fmt: skip


@pytest.mark.parametrize("case", DAMAGE)
def test_damage_gives_one_clear_line(case, tmp_path):
    name, spoil, expected = DAMAGE[case]
    feed = bus_feed()
    feed[name] = spoil(feed[name]) if spoil else None
    path = write_feed(tmp_path / "bad.zip", feed)
    with pytest.raises(KwevError, match=expected) as caught:
        read_feed(path)
    assert "\n" not in str(caught.value)
    assert "bad.zip" in str(caught.value)


def test_feeds_of_different_seasons_are_refused(tmp_path, feeds):
    summer = ion_feed()
    summer["calendar"] = summer["calendar"].assign(start_date="20260701", end_date="20260731")
    ion = read_feed(write_feed(tmp_path / "summer.zip", summer))
    with pytest.raises(KwevError, match="share no weekday"):
        service_days(feeds[0], ion)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["grt_feed", "ion_feed"])
def test_feeds_hold_what_the_register_says(name, raw_dir, project):
    feed = Raw(raw_dir, project.register, REGION).read_feed(name)
    sources = json.loads(project.register.read_text())["sources"]
    (rows,) = (source["rows"] for source in sources if source["file"] == FILES[name])
    for table in ("stops", "routes", "trips", "stop_times", "shapes"):
        assert len(getattr(feed, table)) == rows[f"{table}.txt"]
    pinned = {"grt_feed": (2372, 53, 11395), "ion_feed": (32, 1, 473)}
    assert (len(feed.stops), len(feed.routes), len(feed.trips)) == pinned[name]


STOPS = pd.DataFrame(
    {
        "mode": ["bus", "bus", "ion"],
        "easting_m": [0.0, 300.0, 1000.0],
        "northing_m": [0.0, 0.0, 0.0],
        "score": [0.4, 0.8, 0.9],
    }
)


def test_access_by_hand():
    points = np.array([[0, 0], [0, 100], [300, 0], [600, 0], [1000, 800], [1000, 801], [0, 5000]])
    # at the first stop its own score; 0.8 at 300 m of 400 is 0.2; halfway to ION 0.45
    expected = [0.4, 0.3, 0.8, 0.45, 0.0, 0.0, 0.0]
    found = access(points.astype(float), STOPS)
    assert found.tolist() == pytest.approx(expected, abs=1e-6)


def test_access_without_points_or_stops():
    assert access(np.empty((0, 2)), STOPS).shape == (0,)
    assert access(np.zeros((2, 2)), STOPS.head(0)).tolist() == [0.0, 0.0]


@given(
    x=st.floats(-1500, 2500), y=st.floats(-1500, 1500), i=st.integers(0, 2),
    more=st.floats(0, 1), closer=st.floats(0, 1),
)  # fmt: skip
def test_access_never_falls_with_score_or_nearness(x, y, i, more, closer):
    point = np.array([[x, y]])
    before = access(point, STOPS)[0]
    assert 0 <= before <= 1
    better = STOPS.copy()
    better.loc[i, "score"] += (1 - better.loc[i, "score"]) * more
    assert access(point, better)[0] >= before
    nearer = STOPS.copy()
    nearer.loc[i, "easting_m"] += (x - nearer.loc[i, "easting_m"]) * closer
    nearer.loc[i, "northing_m"] += (y - nearer.loc[i, "northing_m"]) * closer
    assert access(point, nearer)[0] >= before - 1e-6
    assert access(point, STOPS.drop(index=i))[0] <= before


@given(st.lists(st.floats(0, 200), min_size=2, max_size=8))
def test_score_rises_with_service_and_stays_below_one(service):
    score = stop_score(np.sort(np.array(service)), Parameters())
    assert (np.diff(score) >= 0).all()
    assert ((score >= 0) & (score < 1)).all()


@given(added=st.sampled_from(["peak", "midday", "saturday", "sunday"]), mode=st.integers(0, 2))
def test_a_departure_more_never_lowers_the_service(added, mode):
    from kwev.data.columns import MODES
    from kwev.pipeline.transit import _counts

    rows = [("a", "bus", 8.0, True, False, False), ("a", "ixpress", 10.0, True, True, True)]
    hour = {"peak": 7.5, "midday": 12.0}.get(added, 20.0)
    flags = (added in {"peak", "midday"}, added == "saturday", added == "sunday")
    columns = ["stop_id", "mode", "hour", "weekday", "saturday", "sunday"]
    before = _counts(pd.DataFrame(rows, columns=columns), Parameters())
    rows.append(("a", MODES[mode], hour, *flags))
    after = _counts(pd.DataFrame(rows, columns=columns), Parameters())
    assert after.loc["a", "service_per_h"] > before.loc["a", "service_per_h"]
