"""Which stages a table comes from is read from the pipeline's text, and raw reads are noted."""

from __future__ import annotations

import json

import pandas as pd
from home_region import FILES, REGION

from kwev.data.schemas import PROCESSED
from kwev.pipeline.build import STAGES, Meter, _tables, stages_of
from kwev.pipeline.raw import Raw


def two_rivers(raw, meter):  # pragma: no cover - followed, never run
    ledger = list()  # noqa: C408
    with meter.stage("land"):
        land = read(raw, ledger)  # noqa: F821
        layers = draw(land)  # noqa: F821
    with meter.stage("water"):
        water = read(raw, ledger)  # noqa: F821
    with meter.stage("boats"):
        boats, oars = build(water, ledger)  # noqa: F821
    with meter.stage("jetties"):
        land["jetty"] = reach(boats)  # noqa: F821
    with meter.stage("birds"):
        birds = watch(raw)  # noqa: F821
    tables = {"land": land, "boats": boats, "oars": oars, "birds": birds, "log": ledger.table()}
    return tables, layers


def test_stages_follow_the_variables():
    assert stages_of(two_rivers) == {
        "land": ("land", "water", "boats", "jetties"),
        "boats": ("water", "boats"),
        "oars": ("water", "boats"),
        "birds": ("birds",),
        "log": ("land", "water", "boats"),
        "*": ("land",),
    }


def test_every_processed_table_has_its_stages():
    found = stages_of(_tables)
    assert set(found) == {*PROCESSED, "*"}
    assert all(found.values())
    assert {stage for stages in found.values() for stage in stages} <= set(STAGES)


def test_a_read_is_noted_under_its_stage(monkeypatch, tmp_path):
    raw = Raw(tmp_path, tmp_path / "sources.json", REGION)
    monkeypatch.setattr(Raw, "_read", lambda _, name: pd.DataFrame({"name": [name]}))
    with Meter(("one", "two"), shown=False) as meter:
        meter.listen(raw.enter)
        with meter.stage("one"):
            raw.read_all()
        with meter.stage("two"):
            raw.read("evs")
            raw.read("evs")
            raw.read("das")
    assert raw.reads == {"two": {"evs", "das"}}


def test_the_manifest_says_what_each_stage_read(project):
    lineage = json.loads((project.processed / "manifest.json").read_text())["lineage"]
    assert set(lineage["tables"]) == {*PROCESSED, "*"}
    read = {name for names in lineage["stages"].values() for name in names}
    # a file that no stage reads feeds nothing: it has no place among the pipeline's
    assert read == set(lineage["read"]) == set(FILES)
    assert "evs" in lineage["stages"]["adoption"]
    assert all(entry["rows"] > 0 for entry in lineage["read"].values())
