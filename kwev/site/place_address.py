"""What a reader writes as an address, and where on the roads it is: the page does the same."""

from __future__ import annotations

import math
import re
import unicodedata
from typing import TYPE_CHECKING, Final, NamedTuple

from kwev.pipeline.addresses import SIDES, TYPES

if TYPE_CHECKING:
    from collections.abc import Sequence

WORDS: Final = {
    **TYPES, **SIDES,
    "av": "ave", "bl": "blvd", "boul": "blvd", "cr": "cres", "heights": "hts",
    "ln": "lane", "mount": "mt", "pk": "pky", "rue": "st", "saint": "st", "sainte": "st",
    "ste": "st", "str": "st", "ter": "terr", "township": "twp", "trl": "trail", "wy": "way",
}  # fmt: skip
"""Words of an address and the one spelling that all of them are compared in."""

_ACCENTS: Final = re.compile("[\u0300-\u036f]")
_QUOTES: Final = re.compile("['\u2018\u2019\u02bc]")
_WORD: Final = re.compile("[a-z0-9]+")


def spelling(text: str) -> tuple[str, ...]:
    """Return the words of a text in one spelling: no case, accents, points or long forms.

    ``120 King Street North`` and ``120 KING ST. N.`` come out the same.
    """
    plain = _ACCENTS.sub("", unicodedata.normalize("NFD", text.lower()))
    return tuple(WORDS.get(word, word) for word in _WORD.findall(_QUOTES.sub("", plain)))


class Run(NamedTuple):
    """Numbers on one side of one road: a row of ``street_numbers``, its lists read.

    ``offsets_m`` has one entry where all are alike, else one for each number.
    """

    edge_id: int
    numbers: Sequence[int]
    alongs_m: Sequence[int]
    offsets_m: Sequence[int]


class Spot(NamedTuple):
    """Where a number is reached.

    Attributes
    ----------
    edge_id
        The road.
    along_m, offset_m
        Way along it, and from it to the number (m, whole); the offset is negative to the right.
    number
        The number that stands for the one asked for: the same where the list reaches so far.
    """

    edge_id: int
    along_m: int
    offset_m: int
    number: int


def run_of(edge_id: int, numbers: str, alongs_m: str, offsets_m: str) -> Run:
    """Return a row of ``street_numbers`` with its lists read."""
    lists = ([int(part) for part in text.split()] for text in (numbers, alongs_m, offsets_m))
    return Run(edge_id, *lists)


def spot_of(runs: Sequence[Run], number: int) -> Spot | None:
    """Return where a number of a street is reached; None where the street has no numbers.

    On its own side the shortest run that spans the number is taken, and the place worked out from
    the two numbers that stand around it. Where none spans it, the nearest number that is listed
    stands for it, of two the lower.
    """
    spanning = [
        run for run in runs
        if run.numbers[0] % 2 == number % 2 and run.numbers[0] <= number <= run.numbers[-1]
    ]  # fmt: skip
    if spanning:
        run = min(spanning, key=lambda one: one.numbers[-1] - one.numbers[0])
        return _between(run, number)
    marks = [(abs(mark - number), mark, at) for at, run in enumerate(runs) for mark in run.numbers]
    if not marks:
        return None
    _, mark, at = min(marks)
    return _between(runs[at], mark)


def _between(run: Run, number: int) -> Spot:
    after = next(i for i, mark in enumerate(run.numbers) if mark >= number)
    before = after if run.numbers[after] == number else after - 1
    span = run.numbers[after] - run.numbers[before]
    share = (number - run.numbers[before]) / span if span else 0.0
    along, offset = (
        values[0] if len(values) == 1 else _mixed(values[before], values[after], share)
        for values in (run.alongs_m, run.offsets_m)
    )
    return Spot(run.edge_id, along, offset, number)


def _mixed(one: int, other: int, share: float) -> int:
    # halves up, as the page rounds
    return math.floor(one + share * (other - one) + 0.5)
