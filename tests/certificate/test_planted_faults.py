"""Faults planted in certified plans: recomputation alone has to find and name every one."""

from __future__ import annotations

import pytest
from faults import FAULTS
from planted import Ground, village

from kwev.certify import certificate
from kwev.plan.format import Action


@pytest.fixture(scope="module", autouse=True)
def _scenarios_read_once():
    """Read data and scenario of each ground once: what is spoiled here is the plan alone."""
    known = {}

    def once(make):
        def made(tables, config, geography):
            at = (make, id(tables), id(config), geography)
            if at not in known:  # what is named by its id is held as well
                known[at] = (make(tables, config, geography), tables, config)
            return known[at][0]

        return made

    with pytest.MonkeyPatch.context() as patch:
        for name in ("Evaluation", "ExactModel"):
            patch.setattr(certificate, name, once(getattr(certificate, name)))
        yield


@pytest.fixture(scope="module")
def town():
    return village()


@pytest.fixture(scope="module")
def region(tables, base_plan, base_case):
    return Ground(base_plan, tables, base_case)


@pytest.fixture(scope="module")
def road():
    """The same two towns, measured along the road between them."""
    return village("network")


@pytest.fixture(params=["town", "road", "region"])
def ground(request):
    return request.getfixturevalue(request.param)


def test_the_clean_plan_has_no_violation(ground):
    assert ground.plan.actions
    assert ground.violations(ground.copy()) == []


def test_the_town_takes_every_kind_of_action(town, road):
    for ground in (town, road):
        assert {action.kind for action in ground.plan.actions} == {"upgrade", "new_l3", "new_l2"}


def test_every_field_of_an_action_has_a_fault():
    assert {f"field_{name}" for name in Action.model_fields} <= FAULTS.keys()
    assert len(FAULTS) >= 25


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_caught_and_named(ground, name):
    forged, words = FAULTS[name](ground)
    found = ground.told(forged)
    assert any(words in violation for violation in found), (words, found[:8])
