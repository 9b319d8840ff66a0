"""The report on local need: a table by tract that adds up, and values that stand on it."""

from __future__ import annotations

import pytest

from kwev.config import load_config
from kwev.model.demand import energy_need_kwh
from kwev.report import local_need
from kwev.report.effects import effects as effects_of
from kwev.studies.store import solve_certified


@pytest.fixture(scope="module")
def effects(tables, base_case):
    config = base_case.config.with_values(budget__limit_cad=200_000.0)
    case = type(base_case)("base", config, "tract")
    return effects_of(tables, solve_certified(tables, case).plan)


@pytest.fixture(scope="module")
def found(effects, project):
    return local_need.by_tract(effects, local_need.with_home_access(project, effects.config))


def test_a_scenario_without_home_access_takes_that_of_the_case(project):
    base = load_config("base", project.config)
    case = load_config("home_access", project.config)
    assert local_need.with_home_access(project, base).demand == case.demand
    own = base.with_values(
        demand__home_access={"house": 0.0, "row_or_duplex": 0.5, "apartment": 1.0}
    )
    assert local_need.with_home_access(project, own) == own


def test_the_tracts_add_up_to_the_municipalities(found, effects, project):
    config = local_need.with_home_access(project, effects.config)
    for year in local_need.YEARS:
        in_year = energy_need_kwh(effects.tables, config.with_values(demand__ev_year=year))
        sums = found.groupby("municipality_id")[f"need_{year}"].sum()
        assert sums.to_dict() == pytest.approx(in_year, rel=1e-9)


def test_a_plan_leaves_no_more_unserved_and_no_more_is_given_than_stands(found, effects):
    kwh_per_kw = 8_760 * effects.config.demand.utilisation
    before = kwh_per_kw * effects.stations.standing_kw.sum()
    added = effects.columns.port_kw @ effects.choice.ports
    lost = effects.columns.lost_kw @ effects.choice.build
    assert found["supply_before"].sum() <= before * (1 + 1e-9)
    assert found["supply_after"].sum() <= (before + kwh_per_kw * (added - lost)) * (1 + 1e-9)
    lacking = (found["need_now"] - found["supply_after"]).clip(lower=0.0)
    assert found["unserved_now"].to_numpy() == pytest.approx(lacking.to_numpy())
    for less, more in (("now", "2030"), ("2030", "2035")):
        assert found[f"unserved_{less}"].sum() <= found[f"unserved_{more}"].sum()


def test_kinds_of_dwelling_add_up_to_the_need(tables, project):
    config = local_need.with_home_access(project, load_config("base", project.config))
    kinds = local_need.need_by_kind(tables, config)
    assert kinds["ev"].sum() == pytest.approx(tables.das["ev"].sum(), rel=1e-9)
    need = sum(energy_need_kwh(tables, config).values())
    assert kinds["need"].sum() == pytest.approx(need, rel=1e-9)
