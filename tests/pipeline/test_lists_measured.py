"""The published lists, read from their files, are the lines that the processed tables give."""

from __future__ import annotations

import pytest

from kwev.report import history, measurement, observations, targets
from kwev.report.measurement import Ground


@pytest.fixture(scope="module", params=[0, 1], ids=["first metric", "second metric"])
def ground(tables, project, request):
    return Ground.of(tables, targets.of_project(project).configs(project)[request.param])


def kept_of(project, ground, series):
    lines = history.read_history(history.path_of(project))
    metric = ground.config.coverage.metric
    return [line for line in lines if (line.series, line.metric) == (series, metric)]


@pytest.mark.parametrize(
    ("file", "date"),
    [
        ("afdc_nrcan_stations_2022-07-15.csv", "2022-07-15"),
        ("afdc_nrcan_stations_2025-10.csv", "2025-10-17"),
    ],
)
def test_a_list_of_natural_resources_canada_is_its_line(  # noqa: PLR0913, PLR0917 -- fixtures
    raw_dir, project, tables, ground, file, date
):
    path = raw_dir / "charging_stations" / file
    # the name of the newer file gives the month alone; the file was published within it
    read = observations.read(project, tables, path, date=date, series="")
    line = measurement.of_stations(ground, read.snapshot)
    kept = kept_of(project, ground, "nrcan")
    assert line in kept
    assert line.date == date
    assert history.added(kept, line) == kept


def test_a_list_of_openchargemap_is_read(raw_dir, project, tables, ground):
    path = raw_dir / "charging_stations" / "ocm_stations_2024-11-23.csv"
    read = observations.read(project, tables, path, date="", series="mine")
    line = measurement.of_stations(ground, read.snapshot)
    (mark,) = kept_of(project, ground, "ocm")
    # the pipeline also drops hotels' own and takes levels from the other list: a station or two
    assert line.date == mark.date
    assert line.stations == pytest.approx(mark.stations, rel=0.05)
    assert line.l2 == pytest.approx(mark.l2, abs=0.01)
    assert line.l3 == pytest.approx(mark.l3, abs=0.01)


def test_the_region_of_a_list_is_that_of_the_pipeline(project, tables):
    records = tables.station_records
    inside = observations.in_region(project, records["longitude"], records["latitude"])
    assert (inside == records["in_region"]).all()
