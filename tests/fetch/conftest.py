"""Publishers on a local server, and checkouts that fetch from them."""

from __future__ import annotations

import pytest
from fetch.desk import begin, copied
from fetch.publishers import Publishers


@pytest.fixture
def server():
    made = Publishers()
    yield made
    made.close()


@pytest.fixture
def empty(tmp_path, server):
    """Return a checkout without raw files."""
    made = begin(tmp_path / "checkout", server)
    made.outline()
    return made


@pytest.fixture(scope="session")
def fetched(tmp_path_factory):
    """Return a checkout with a raw file of each publisher; never to change."""
    made = Publishers()
    desk = begin(tmp_path_factory.mktemp("fetched") / "checkout", made)
    ended = desk.call()
    made.close()
    assert ended.code == 0, ended
    return desk


@pytest.fixture
def desk(fetched, tmp_path, server):
    """Return a copy of the checkout with raw files; its publishers have news."""
    server.version = 2
    return copied(fetched, tmp_path, server)
