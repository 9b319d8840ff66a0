"""Local energy on the Region's data and on random regions: conserved, and given once."""

from __future__ import annotations

import numpy as np
import pytest
from properties.test_rules import region
from toy import base_config

from kwev.config import load_config
from kwev.model.demand import demand_points, energy_need_kwh, vehicles
from kwev.model.inputs import build_inputs
from kwev.model.local import Ground, areas_of, need_by_area, need_of_areas
from kwev.model.need import parts_of_points, public_share, vehicles_by_kind

SEEDS = range(30)
REL = 1e-9
ACCESS = {"house": 0.12, "row_or_duplex": 0.19, "apartment": 0.44}
LOCAL = {"demand__local": 1.0, "ports__add_l2": True, "ports__add_l3": True,
         "siting__removal__stations": "all"}  # fmt: skip


def configs(project):
    base = load_config("base", project.config)
    return [
        base.with_values(demand__home_access=access, demand__ev_year=year)
        for access in (None, ACCESS)
        for year in ("now", "2030", "2035")
    ]


@pytest.mark.parametrize("geography", ["tract", "da", "cell"])
def test_the_need_of_tracts_is_that_of_points_and_of_municipalities(project, tables, geography):
    for config in configs(project):
        need = need_of_areas(tables, config, vehicles(tables, config, "da"))
        points = demand_points(tables, config, geography)
        own = need_by_area(tables, need, points)
        assert own.shape == (len(points), len(areas_of(tables)))
        whole = need.sum()
        assert own.sum() == pytest.approx(whole, rel=REL)
        assert sum(energy_need_kwh(tables, config).values()) == pytest.approx(whole, rel=REL)
        by_area = need.groupby(tables.das.set_index("da_id")["area_id"]).sum()
        assert own.sum(axis=0) == pytest.approx(by_area.loc[areas_of(tables)].to_numpy(), rel=REL)


def test_every_vehicle_is_kept_at_one_kind_of_dwelling(tables):
    parts = vehicles_by_kind(tables)
    known = parts.notna().all(axis=1)
    assert (~known).sum() == 1  # one area whose dwellings are not published
    assert parts[known].sum(axis=1).to_numpy() == pytest.approx(1.0, abs=1e-12)
    assert (parts[known] >= 0).all().all()
    ev = tables.das.set_index("da_id")["ev"]
    flats = float((parts["apartment"] * ev).sum())
    assert flats == pytest.approx(tables.da_profiles["multi_unit_ev"].sum(), rel=REL)


@pytest.mark.parametrize("geography", ["tract", "da", "cell"])
def test_points_take_each_area_whole(tables, geography):
    whole = parts_of_points(tables, geography).groupby("da_id")["part"].sum()
    assert set(whole.index) == set(tables.das["da_id"])
    assert whole.to_numpy() == pytest.approx(1.0, abs=1e-12)


def test_home_access_moves_need_to_apartments(project, tables):
    """Ablation: with one share for all, the same areas need another part of the energy."""
    config = load_config("base", project.config)
    with_homes = config.with_values(demand__home_access=ACCESS)
    ev = vehicles(tables, config, "da")
    before, after = (need_of_areas(tables, c, ev) for c in (config, with_homes))
    flats = tables.da_profiles.set_index("da_id")["multi_unit_share"].fillna(0.0)
    moved = after / after.sum() - before / before.sum()
    assert moved[flats > 0.8].sum() > 0.05
    assert moved[flats == 0].sum() < -0.05
    # the same for all kinds is one share for all
    same = config.with_values(demand__home_access=dict.fromkeys(ACCESS, 0.2))
    assert need_of_areas(tables, same, ev).to_numpy() == pytest.approx(before.to_numpy(), rel=REL)
    assert public_share(tables, same.demand).to_numpy() == pytest.approx(0.2, abs=1e-12)
    scores = [demand_points(tables, c, "da").score for c in (config, with_homes)]
    assert not np.allclose(*scores)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_port_gives_more_than_it_has(seed):
    inputs = build_inputs(region(seed), base_config(**LOCAL), "da")
    local, columns, stations = inputs.local, inputs.columns, inputs.stations
    for level, parts in local.parts.items():
        given = np.asarray(parts.sum(axis=1)).ravel()
        assert np.all(np.isclose(given, 1.0) | (given == 0.0)), level
        assert parts.min() >= 0.0
    standing = local.kwh_per_kw * stations.standing_kw.sum()
    assert local.supply_kwh.sum() <= standing * (1 + REL)
    gained = np.asarray(local.gained_kw(columns).sum(axis=0)).ravel()
    assert np.all(gained <= columns.port_kw * (1 + REL))
    lost = np.asarray(local.lost_kw(columns, stations).sum(axis=0)).ravel()
    assert np.all(lost <= columns.lost_kw * (1 + REL) + 1e-9)
    assert local.need_kwh.sum() == pytest.approx(inputs.energy.need_kwh.sum(), rel=REL)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_an_area_gets_adds_up_over_actions(seed):
    """Linear: what two actions give together is what each gives alone."""
    inputs = build_inputs(region(seed), base_config(**LOCAL), "da")
    rng = np.random.default_rng(seed)
    m = len(inputs.columns)

    def gains(build):
        ports = build * np.maximum(inputs.columns.min_ports, 1)
        after = inputs.local.after_kwh(inputs.columns, inputs.stations, build, ports)
        return after - inputs.local.supply_kwh

    both = rng.random(m) < 0.7
    one = both & (rng.random(m) < 0.5)
    assert gains(both) == pytest.approx(gains(one) + gains(both & ~one), abs=1e-6)


def test_every_place_has_its_row_once(tables, project):
    config = load_config("base", project.config)
    inputs = build_inputs(tables, config.with_values(demand__local=0.5), "tract")
    ground = Ground(inputs.points, inputs.stations, inputs.columns)
    known = set(inputs.stations.ids) | set(inputs.columns.place_id)
    assert set(inputs.local.row_of) == known == set(ground.places.ids.tolist())
