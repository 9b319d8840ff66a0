"""The room that solves: its public names, loaded when they are asked for."""

from __future__ import annotations

import subprocess
import sys

import pytest

from kwev import solve


@pytest.mark.parametrize("name", solve.__all__)
def test_every_public_name_is_there(name):
    assert getattr(solve, name) is not None


def test_no_other_name_is():
    with pytest.raises(AttributeError, match="no attribute 'guess'"):
        solve.guess  # noqa: B018


def test_the_room_opens_without_cvxpy():
    code = "import sys, kwev.solve; sys.exit('cvxpy' in sys.modules or 'highspy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
