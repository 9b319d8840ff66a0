"""What was measured when: a file that only grows, and what a new line in it says.

Each line ends with a hash of all lines up to it, so that none can be changed, moved or taken out of
the midst unseen. One process at a time reads, measures and appends.

Lines are compared within one series and metric alone: a source filtered alike, and distances along
the roads or in a straight line (:mod:`kwev.report.measurement`).
"""

from __future__ import annotations

import io
import math
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Final

import pandas as pd

from kwev.errors import KwevError
from kwev.files import sha256_bytes, write_text
from kwev.report import snapshots

if TYPE_CHECKING:
    from pathlib import Path

    from kwev.project import Project

FILE: Final = "data/monitoring/history.csv"
REGISTRATIONS: Final = "registrations"
"""Series of vehicles counted, held against the network that plans count on."""
OPENED: Final = "nrcan_opened"
"""Series of the newest dated list by opening date: the least that stood at each quarter's end."""

DECIMALS: Final = 9
DIGITS: Final = 16


@dataclass(frozen=True)
class Measured:
    """One measurement.

    Attributes
    ----------
    date
        Day that it shows (YYYY-MM-DD).
    series
        Source; ``nrcan``, ``nrcan_opened``, ``ocm``, ``merged``, ``registrations`` or a name of
        the user's.
    content
        Hash of what was measured, whatever the layout it came in.
    metric
        How distance was measured.
    stations, l2_ports, l3_ports
        Records that counted and their ports; None in a line of vehicles.
    ev_quarter, evs
        Quarter whose vehicles weigh, and how many of them are the Region's (EV).
    l2, l3
        Shares of people in reach; None in a line of vehicles.
    ev_owners
        Share of vehicles with either level in reach.
    """

    date: str
    series: str
    content: str
    metric: str
    stations: int | None
    l2_ports: int | None
    l3_ports: int | None
    ev_quarter: str
    evs: float
    l2: float | None
    l3: float | None
    ev_owners: float

    def follows(self, other: Measured) -> bool:
        """Return whether both are of one series, measured alike."""
        return (self.series, self.metric) == (other.series, other.metric)

    def text(self) -> str:
        """Return the line as CSV, without its end."""
        return ",".join(_text(value) for value in asdict(self).values())


CHAIN: Final = "chain"
"""Last column: the hash of the line and of the hash before it."""
COLUMNS: Final = (*(field.name for field in fields(Measured)), CHAIN)
COUNTS: Final = ("stations", "l2_ports", "l3_ports")
_NUMBERS: Final = ("evs", "l2", "l3", "ev_owners")


def _text(value: str | float | None) -> str:
    if value is None:
        return ""
    return f"{value:.{DECIMALS}f}" if isinstance(value, float) else str(value)


# -- the file --------------------------------------------------------------------------------


def path_of(project: Project) -> Path:
    """Return where a checkout keeps its history."""
    return project.root / FILE


def read_history(path: Path, *, begin: bool = False) -> list[Measured]:
    """Return the lines of a history, in their order.

    Parameters
    ----------
    begin
        Whether a file that is not there is a history without lines.

    Raises
    ------
    KwevError
        If there is no file, or naming the first line that is not one of a history.
    """
    if not path.exists():
        if begin:
            return []
        hint = "Restore it from git; `kwev monitor --begin` begins a new one."
        raise KwevError("no history here", where=str(path), hint=hint)
    try:
        text = path.read_text(encoding="utf-8")
        table = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise KwevError(f"history cannot be read: {error}", where=str(path), hint=_HINT) from error
    if tuple(table.columns) != COLUMNS or not text.endswith("\n"):
        raise KwevError("not a whole history", where=str(path), hint=_HINT)
    lines: list[Measured] = []
    for number, row in enumerate(table.to_dict("records"), start=2):
        try:
            lines = added(lines, _line({str(key): str(value) for key, value in row.items()}))
        except (ValueError, KwevError) as error:
            words = f"line {number} is not one of a history: {error}"
            raise KwevError(words, where=str(path), hint=_HINT) from error
    there = text.splitlines()
    for number, line in enumerate(_chained(lines), start=1):
        if there[number - 1] != line or len(there) != len(lines) + 1:
            words = f"line {number} is not one of a history: it is not as it was written"
            raise KwevError(words, where=str(path), hint=_HINT)
    return lines


def _chained(lines: list[Measured]) -> list[str]:
    """Return the lines of the file, its heading first."""
    found, chain = [",".join(COLUMNS)], ""
    for line in lines:
        chain = sha256_bytes(f"{chain},{line.text()}".encode())[:DIGITS]
        found.append(f"{line.text()},{chain}")
    return found


_HINT: Final = "Restore it from git; `kwev monitor --from-processed` writes its first lines anew."


def _line(row: dict[str, str]) -> Measured:
    whole = {name: int(row[name]) if row[name] else None for name in COUNTS}
    real = {name: float(row[name]) if row[name] else None for name in _NUMBERS}
    if real["evs"] is None or real["ev_owners"] is None:
        raise ValueError("no vehicles")
    texts = {name: row[name] for name in ("series", "content", "metric", "ev_quarter")}
    return Measured(date=snapshots.last_day(row["date"]), **texts, **whole, **real)  # type: ignore[arg-type]


def _implausible(line: Measured) -> str:
    """Return what cannot be in a line, in words; empty where all can."""
    counts = [value for value in (line.stations, line.l2_ports, line.l3_ports) if value is not None]
    shares = [value for value in (line.l2, line.l3, line.ev_owners) if value is not None]
    if pd.Period(line.date, "Q").start_time > pd.Timestamp.now():
        return f"{line.date} lies in the future"
    if any(value < 0 for value in counts):
        return "a count is negative"
    if counts and sum(counts[1:]) < max(counts[0], 1):
        return "it has no stations, or fewer ports than stations"
    if not (math.isfinite(line.evs) and line.evs > 0):
        return "it has no vehicles"
    if not all(0 <= value <= 1 for value in shares):
        return "a share is not between 0 and 1"
    return ""


def added(lines: list[Measured], line: Measured) -> list[Measured]:
    """Return the lines with one more; the same ones where it is among them already.

    Raises
    ------
    KwevError
        If it cannot be, or its series has other content for that date, or a later date already.
    """
    wrong = _implausible(line)
    if wrong:
        hint = "Nothing was written."
        raise KwevError(f"not a measurement: {wrong}", where="kwev monitor", hint=hint)
    same = [other for other in lines if other.follows(line)]
    for other in same:
        if other.date == line.date and other.content == line.content:
            return lines
        if other.date == line.date:
            words = f"the history has another {line.series} for {line.date}"
            hint = "Give another --series or --date; nothing was written."
            raise KwevError(words, where="kwev monitor", hint=hint)
    if same and line.date < same[-1].date:
        words = f"the history of {line.series} has {same[-1].date} already; {line.date} is older"
        hint = "A history only grows at its end; nothing was written."
        raise KwevError(words, where="kwev monitor", hint=hint)
    return [*lines, line]


def grown(lines: list[Measured], found: list[Measured]) -> tuple[list[Measured], list[Measured]]:
    """Return the lines with what is newer among those found, and what they have otherwise.

    A source that was fetched again tells its past anew: a count is restated, a station that has
    closed is in none of its dates any more. What was measured then stays.

    Raises
    ------
    KwevError
        If a newer line cannot be.
    """
    after, otherwise = lines, []
    for line in found:
        own = [other for other in after if other.follows(line)]
        if not own or line.date > own[-1].date:
            after = added(after, line)
        elif (line.date, line.content) not in {(other.date, other.content) for other in own}:
            otherwise.append(line)
    return after, otherwise


def write(path: Path, before: list[Measured], after: list[Measured]) -> bool:
    """Append what is new, whole or not at all; return whether anything was written.

    Raises
    ------
    KwevError
        If the lines of before are not the file's any more: somebody else wrote meanwhile.
    """
    if after == before and path.exists():
        return False
    if read_history(path, begin=True) != before or after[: len(before)] != before:
        hint = "Run the command again."
        raise KwevError("the history changed meanwhile", where=str(path), hint=hint)
    write_text(path.resolve(), "\n".join(_chained(after)) + "\n")  # a symbolic link stays one
    return True
