"""Named values with unit, format and origin: the only figures that the book's prose prints."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from kwev import escape
from kwev.errors import KwevError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

MINUS = "\N{MINUS SIGN}"
Value = float | int | str

SHOW = {
    "share": "{:.1%}",
    "points": "{:.1f}",
    "people": "{:,.0f}",
    "EV": "{:,.0f}",
    "count": "{:,.0f}",
    "CAD": "${:,.0f}",
    "million CAD": "${:.2f} million",
    "km²": "{:,.0f} km²",
    "m": "{:,.0f} m",
    "km": "{:.2f} km",
    "kW": "{:,.1f} kW",
    "MW": "{:,.1f} MW",
    "kWh": "{:,.0f} kWh",
    "GWh": "{:,.1f} GWh",
    "A": "{:,.0f} A",
    "kVA": "{:,.0f} kVA",
    "V": "{:,.0f} V",
    "s": "{:.1f} s",
    "ratio": "{:.2f}",
    "text": "{}",
}
"""How a value of each unit is printed unless the number says otherwise."""

ASSUMED_DIGITS: Final = 3
"""Significant digits of what rests on an assumption: more would say more than anybody knows."""

_DECIMALS = re.compile(r"\.(\d+)([f%])")
_FORM = re.compile(r"\{.*?\}")


@dataclass(frozen=True)
class Number:
    """One named value.

    Attributes
    ----------
    name
        Its name in the book.
    value
        The value itself, unrounded.
    unit
        A key of ``SHOW``.
    origin
        Where it comes from: a table and column, or a function.
    show
        Format, where the unit's own does not fit.
    digits
        Most significant digits that are printed; 0 where all of the format's are known.
    """

    name: str
    value: Value
    unit: str
    origin: str
    show: str = ""
    digits: int = 0

    def __str__(self) -> str:
        text = self._text()
        if isinstance(self.value, str):
            return text
        # below zero: a true minus sign, before the dollar
        for sign, better in (("$-", f"{MINUS}$"), ("-", MINUS)):
            if text.startswith(sign):
                return better + text.removeprefix(sign)
        return text

    def _text(self) -> str:
        show, value = self.show or SHOW[self.unit], self.value
        if not self.digits or isinstance(value, str) or not value or not math.isfinite(value):
            return show.format(value)
        known = significant(value, self.digits)

        def shorter(found: re.Match[str]) -> str:
            size = math.floor(math.log10(abs(known))) + (2 if found[2] == "%" else 0)
            return f".{min(int(found[1]), max(0, self.digits - 1 - size))}{found[2]}"

        return _DECIMALS.sub(shorter, show).format(known)

    def _repr_markdown_(self) -> str:
        """Return the value as prose prints it, marked with its name: the page's ledger has it."""
        shown = escape.markdown_value if isinstance(self.value, str) else escape.markdown
        return f'[{shown(str(self))}]{{n="{self.name}"}}'


def significant(value: float, digits: int = ASSUMED_DIGITS) -> float:
    """Return a value rounded to so many significant digits: 75,471 to three is 75,500."""
    return float(f"{value:.{digits}g}")


def named(
    origin: str,
    source: Any = None,
    prefix: str = "",
    digits: int = 0,
    **by_unit: str | Mapping[str, Any],
) -> list[Number]:
    """Return numbers by unit: read from a result by their names, or given beside them.

    Parameters
    ----------
    origin
        As in :class:`Number`.
    source
        A mapping, a row or an object whose items or attributes hold the values.
    prefix
        Stands before each name.
    digits
        As in :class:`Number`, of all of them.
    **by_unit
        By unit (:data:`SHOW`; ``cad``, ``km2``, ``million_cad`` for those that are no words of
        Python): names in ``source`` with blanks between, or values by name. A name may carry its
        own format after a colon (``"share:.0%"``).

    Examples
    --------
    >>> named("plan.cost", {"net": 5.0}, "cost_", cad="net", count={"sites": 2})
    """
    units = {unit.replace("²", "2").replace(" ", "_").lower(): unit for unit in SHOW}
    found = []
    for key, given in by_unit.items():
        values = {n: _read(source, n) for n in given.split()} if isinstance(given, str) else given
        unit = units[key.lower()]
        for known, value in values.items():
            name, _, form = known.partition(":")
            show = _FORM.sub(f"{{:{form}}}", SHOW[unit]) if form else ""
            found.append(Number(f"{prefix}{name}", _plain(value), unit, origin, show, digits))
    return found


def _read(source: Any, name: str) -> Any:
    name = name.partition(":")[0]
    return getattr(source, name) if hasattr(source, name) else source[name]


def _plain(value: Any) -> Value:
    """Return a value of numpy as Python's own."""
    plain: Value = value.item() if hasattr(value, "item") else value
    return plain


def instead(value: Number, other: Number) -> str:
    """Return a value beside another one: 86.3% instead of 76.2%, or 89.8% either way."""
    one, two = str(value), str(other)
    return f"{one} either way" if one == two else f"{one} instead of {two}"


def some(count: int, one: str, many: str) -> str:
    """Return a count as the subject of a sentence: no area stands out, one …, 12 areas stand out.

    Parameters
    ----------
    one, many
        What stands behind the count where it is one or none, and where it is more.
    """
    if count > 1:
        return f"{count:,} {many}"
    return f"{'one' if count else 'no'} {one}"


def listed(words: Sequence[str]) -> str:
    """Return words as a list in a sentence: a, b and c."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


class Numbers:
    """Numbers by attribute; an unknown name is refused with the nearest known one."""

    def __init__(self, numbers: list[Number]) -> None:
        self._by_name = {number.name: number for number in numbers}
        if len(self._by_name) != len(numbers):
            raise KwevError("two numbers share a name", where="kwev.report.numbers")

    def __getattr__(self, name: str) -> Number:
        if name.startswith("__"):
            raise AttributeError(name)
        if name not in self._by_name:
            hint = nearest(name, list(self._by_name))
            raise KwevError(f"no number {name!r}", where="kwev.report.numbers", hint=hint)
        return self._by_name[name]

    def __iter__(self) -> Iterator[Number]:
        return iter(self._by_name.values())

    def __or__(self, other: Numbers) -> Numbers:
        return Numbers([*self, *other])
