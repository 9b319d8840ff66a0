"""Named values as a French text prints them (Office québécois de la langue française)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from kwev.display.values import Number, Numbers

if TYPE_CHECKING:
    from collections.abc import Iterable

_NBSP: Final = "\N{NO-BREAK SPACE}"
_AMOUNT: Final = re.compile(
    r"(?P<dollar>\$?)(?P<value>\d[\d,.]*)(?:(?P<percent>%)|(?P<million> million))?"
)
_PLURAL: Final = 2
"""A million becomes plural at two in French."""


def in_french(numbers: Iterable[Number]) -> Numbers:
    """Return the same values as French text: 41,1 %, 3,99 millions de dollars, 260 000 $."""
    return Numbers([Number(n.name, french(str(n)), "text", n.origin) for n in numbers])


def french(text: str) -> str:
    """Return an English amount as French writes it; words stay as they are."""
    return _AMOUNT.sub(_amount, text)


def _amount(found: re.Match[str]) -> str:
    parts = [found["value"].replace(",", _NBSP).replace(".", ",")]
    if found["million"]:
        few = float(found["value"].replace(",", "")) < _PLURAL
        parts += ["million" if few else "millions", *(["de dollars"] if found["dollar"] else [])]
    elif found["percent"] or found["dollar"]:
        parts += ["%" if found["percent"] else "$"]
    return _NBSP.join(parts)
