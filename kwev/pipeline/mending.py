"""Slips of a raw file that have one remedy: mended as the file is read, and counted.

A byte-order mark is skipped, CRLF line ends are read as line ends, and a pair of coordinates that
lies near the Region only when swapped is swapped back. What has no single remedy, such as a
coordinate of 0,0 or a text where a number belongs, is refused by the schema instead.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import pandas as pd

from kwev.schemas import BOUNDS

if TYPE_CHECKING:
    from kwev.pipeline.quality import Ledger

BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
RULES: Final = {
    "mark": "file begins with a byte-order mark: skipped",
    "crlf": "file ends its lines with CRLF: read as line ends",
    "swapped": "latitude and longitude swapped: swapped back, as only then near the Region",
}
"""What was wrong and what was done about it."""
_PAIRS: Final = (
    ("latitude", "longitude"), ("Latitude", "Longitude"), ("stop_lat", "stop_lon"),
)  # fmt: skip
"""Columns that hold latitudes and longitudes."""


@dataclass
class Mends:
    """How often each rule of :data:`RULES` was met, by table."""

    counts: dict[tuple[str, str], int] = field(default_factory=dict)

    def text(self, name: str, content: bytes) -> None:
        """Count what the text of a file is known to have; the parsers read it either way."""
        self._add("mark", name, int(content.startswith(BYTE_ORDER_MARK)))
        self._add("crlf", name, int(b"\r\n" in content))

    def table(self, name: str, frame: pd.DataFrame) -> pd.DataFrame:
        """Return ``frame`` with swapped coordinates swapped back."""
        for north, east in _PAIRS:
            if north in frame and east in frame:
                swapped = _swapped(frame[north], frame[east])
                self._add("swapped", name, int(swapped.sum()))
                if swapped.any():
                    frame = frame.copy()
                    pair = frame.loc[swapped, [east, north]].to_numpy()
                    frame.loc[swapped, [north, east]] = pair
        return frame

    def note(self, ledger: Ledger) -> None:
        """Put each rule into the ledger: how often, and in which tables."""
        for key, rule in RULES.items():
            met = {name: n for (kind, name), n in sorted(self.counts.items()) if kind == key}
            ledger.add("raw", "all", rule, "repaired", sum(met.values()), ", ".join(met))

    def _add(self, kind: str, name: str, rows: int) -> None:
        if rows:
            self.counts[kind, name] = rows


def _swapped(north: pd.Series, east: pd.Series) -> pd.Series:
    """Return which pairs lie in the Region's box only when they are swapped."""
    west, south, far_east, far_north = BOUNDS
    lat, lon = (pd.to_numeric(values, errors="coerce") for values in (north, east))
    return lat.between(west, far_east) & lon.between(south, far_north)
