"""Faults planted in certified plans: recomputation alone has to find and name every one."""

from __future__ import annotations

import pytest
from faults import FAULTS
from planted import Ground, village

from kwev.plan.format import Action


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
