"""Any single value of a plan changed by more than its tolerance is found."""

from __future__ import annotations

from fnmatch import fnmatch
from typing import Any

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from planted import village

from kwev.certify import NOT_CHECKED
from kwev.errors import KwevError

TOWN = village()

Path = tuple[str | int, ...]


def leaves(value: Any, path: Path = ()) -> list[Path]:
    """Return the path of every value that is neither an object nor a list."""
    if isinstance(value, dict):
        return [leaf for key, below in value.items() for leaf in leaves(below, (*path, key))]
    if isinstance(value, list | tuple):
        return [leaf for i, below in enumerate(value) for leaf in leaves(below, (*path, i))]
    return [path]


def named(path: Path) -> str:
    """Return a leaf's name as the list of what is not checked has it, places in lists left out."""
    parts = [part for part in path if isinstance(part, str)]
    return ".".join([*parts, "ports"] if path[0] == "witnesses" and path[-1] == 1 else parts)


def is_exempt(path: Path) -> bool:
    name = named(path)
    return any(fnmatch(name, one) or name.startswith(f"{one}.") for one, _ in NOT_CHECKED)


LEAVES = [path for path in leaves(TOWN.plan.as_dict()) if not is_exempt(path)]


def test_every_exemption_is_of_something_that_there_is():
    names = {named(path) for path in leaves(TOWN.plan.as_dict())} | {"cost.no_least_budget.code"}
    for one, why in NOT_CHECKED:
        assert any(fnmatch(name, one) or name.startswith(f"{one}.") for name in names), one
        assert why


def tolerance(path: Path) -> float:
    name = str(path[-1])
    if name in ("objective", "bound", "total_points") or name.endswith(
        ("_cad", "_cad_per_year", "_kw", "kw_after")
    ):
        return 0.01
    return 1e-5


def changed(value: Any, path: Path, size: float, sign: int) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + sign * max(1, int(size))
    if isinstance(value, float):
        return value + sign * tolerance(path) * (1 + size)
    return f"{value}x" if isinstance(value, str) else 0.5


def test_the_leaves_cover_the_plan():
    assert {path[0] for path in LEAVES} >= set(TOWN.plan.as_dict()) - {"proof"}


@examples(400)
@given(
    path=st.sampled_from(LEAVES),
    size=st.floats(0, 1_000),
    sign=st.sampled_from([-1, 1]),
)
def test_one_changed_value_is_caught(path, size, sign):
    values = TOWN.copy()
    node = values
    for part in path[:-1]:
        node = list_to_edit(node, part)
    node[path[-1]] = changed(node[path[-1]], path, size, sign)
    try:
        found = TOWN.violations(values)
    except KwevError:
        return  # not even readable as a plan
    assert found, path


def list_to_edit(node: Any, part: str | int) -> Any:
    if isinstance(node[part], tuple):
        node[part] = list(node[part])
    return node[part]


@examples(100)
@given(st.data())
def test_one_dropped_entry_is_caught(data):
    values = TOWN.copy()
    part = data.draw(st.sampled_from(["actions", "l2", "l3"]))
    entries = values["actions"] if part == "actions" else values["model_covered"][part]
    entries.pop(data.draw(st.integers(0, len(entries) - 1)))
    assert TOWN.violations(values)


@pytest.mark.parametrize("key", sorted(TOWN.plan.as_dict()))
def test_a_missing_part_is_no_plan(key):
    values = TOWN.copy()
    del values[key]
    with pytest.raises(KwevError, match=key):
        TOWN.violations(values)
