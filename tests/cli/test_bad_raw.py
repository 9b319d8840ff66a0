"""``kwev data`` and the raw folder: what cannot be accepted, and no folder at all."""

from __future__ import annotations

from home_region import FILES

NRCAN = FILES["nrcan"]


def test_a_file_that_nobody_reads_cannot_be_accepted(checkout):
    ended = checkout.call("data", "--accept", NRCAN + "x")
    assert ended.is_one_error("--accept", f"Did you mean {NRCAN!r}")


def test_no_raw_folder_at_all(checkout):
    before = checkout.hashes()
    assert checkout.run("data", KWEV_RAW="nowhere").is_one_error("nowhere")
    assert checkout.hashes() == before
