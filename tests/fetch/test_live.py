"""The real services, for whoever asks: ``make live``. Never part of continuous integration."""

from __future__ import annotations

import json
import os

import pytest
from cli.conftest import Checkout
from fetch.desk import ROOT, begin
from fetch.publishers import Publishers

from kwev.fetch.run import PUBLISHERS

pytestmark = pytest.mark.skipif(
    os.environ.get("KWEV_LIVE") != "1", reason="asks the network: run `make live`"
)


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    """Return an empty checkout with the project's own addresses."""
    server = Publishers()
    desk = begin(tmp_path_factory.mktemp("live") / "checkout", server)
    server.close()
    services = json.loads((ROOT / "data" / "services.json").read_text())
    (desk.root / "data" / "services.json").write_text(json.dumps(services))
    return desk


@pytest.mark.parametrize("source", sorted(PUBLISHERS))
def test_a_publisher_still_sends_what_the_pipeline_reads(live, source):
    if source == "openchargemap" and not os.environ.get("OCMAP_API_KEY"):
        pytest.skip("no OCMAP_API_KEY")
    ended = Checkout(live.root).run("fetch", "--only", source, KWEV_RAW="")
    assert ended.code == 0, ended.out + ended.err
    wanted = [line for line in ended.out.splitlines() if line.startswith(source)]
    assert wanted
    assert all(": new, " in line for line in wanted), ended.out
