"""A few cases of the fuzzer, so that it runs; ``python tests/fuzz.py`` makes 20,000."""

from __future__ import annotations

import signal
from random import Random

import fuzz
import pytest


@pytest.fixture(scope="module")
def readers(tmp_path_factory):
    return fuzz.readers(tmp_path_factory.mktemp("readers"))


@pytest.mark.parametrize("kind", ["plan", "record", "configuration", "history", "sources",
                                  "monitor: own", "processed: stations"])  # fmt: skip
def test_spoilt_files_end_in_a_value_or_one_line(readers, tmp_path, kind):
    tally = fuzz.fuzz(kind, readers[kind], 25, tmp_path, seed=2)
    assert tally.found == {}
    assert (tally.read > 0, tally.refused > 0) == (True, True)


def test_the_fuzzer_finds_what_it_looks_for(tmp_path):
    def endless(path):
        while path.exists():
            pass

    signal.signal(signal.SIGPROF, fuzz.too_long)
    reader = fuzz.Reader(len, "a.csv", b"a,b\n1,2\n")
    assert "TypeError" in fuzz.finding(reader, tmp_path / "a.csv", b"")
    assert fuzz.shrunk(reader, tmp_path / "a.csv", b"a,b\n" * 9, "? TypeError: x") != b"a,b\n" * 9
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fuzz, "MOST_S", 0.1)
        assert "TooLong" in fuzz.finding(reader._replace(read=endless), tmp_path / "a.csv", b"")


@pytest.mark.parametrize("ending", fuzz.MUTATIONS)
def test_mutations_change_most_files(readers, ending):
    reader = next((one for one in readers.values() if one.name.endswith(ending)), None)
    if reader is None:
        pytest.skip(f"only raw files end in {ending}, and none are here")
    made = {fuzz.spoilt(reader, Random(seed), 1) for seed in range(40)}  # noqa: S311 -- no secret
    assert len(made) > 15
