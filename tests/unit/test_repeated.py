"""The Region repeated: ids of their own, no reach from one copy to another, the same shares."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.repeated import APART_M, IDS, repeated, settings
from kwev.certify import Evaluation
from kwev.config import load_config
from kwev.data.columns import kinds
from kwev.data.tables import INPUTS
from kwev.model.inputs import build_inputs

COPIES = 3


@pytest.fixture(scope="module")
def made(tables):
    return repeated(tables, COPIES)


@pytest.fixture(scope="module")
def config(project):
    return settings(load_config("recommended", project.config), COPIES)


def test_one_copy_is_the_region_itself(tables):
    one = repeated(tables, 1)
    assert all(getattr(one, name).equals(getattr(tables, name)) for name in INPUTS)


def test_every_id_is_moved():
    """A new column of ids in a table that plans depend on must be known here."""
    ids = {
        column for name in INPUTS if not name.startswith("road_") for column in kinds()[name]
        if column.endswith("id") or column == "fsa"
    }  # fmt: skip
    assert ids == IDS


def test_ids_are_unique_and_a_missing_one_stays_missing(made, tables):
    for name, key in (("cells", "cell_id"), ("sites", "site_id"), ("stations", "station_id")):
        assert getattr(made, name)[key].is_unique
        assert len(getattr(made, name)) == COPIES * len(getattr(tables, name))
    none = (tables.sites["station_id"] == "").sum()
    assert (made.sites["station_id"] == "").sum() == COPIES * none


def test_copies_do_not_touch_and_reach_what_the_region_reaches(made, tables, config, project):
    one = build_inputs(tables, settings(load_config("recommended", project.config), 1), "da")
    all_of_them = build_inputs(made, config, "da")
    east_m = tables.stations["easting_m"]
    farthest_m = config.coverage.l3_radius_m
    assert APART_M - (east_m.max() - tables.cells["easting_m"].min()) > farthest_m
    for level in ("l2", "l3"):
        reach, own = all_of_them.reach[level], one.reach[level]
        assert reach.change.nnz == COPIES * own.change.nnz
        assert reach.fixed.sum() == COPIES * own.fixed.sum()
    assert all_of_them.energy.need_kwh.sum() == pytest.approx(COPIES * one.energy.need_kwh.sum())
    assert np.allclose(np.sort(all_of_them.points.weight)[-3:] * COPIES,
                       np.sort(one.points.weight)[-1], rtol=1e-3)  # fmt: skip


def test_the_objective_is_that_of_the_region(made, tables, config, project):
    """Nothing done, and all shares are the same: so are the points."""
    one = Evaluation(tables, settings(load_config("recommended", project.config), 1), "da")
    several = Evaluation(made, config, "da")
    assert several.objective_points({}) == pytest.approx(one.objective_points({}), rel=1e-3)
    assert config.budget.limit_cad == COPIES * one.config.budget.limit_cad
