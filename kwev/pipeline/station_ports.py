"""Ports of a place from the rows that list it: base, and the fewest and most they allow.

OpenChargeMap's quantities came through a reader that wrote 1 for a missing quantity, added up all
plugs of a record and gave it its highest level. A row of that list is therefore read as a range:

- Level 2, one plug: 1 to ``unstated_ports_high``, for the quantity may not have been stated;
- Level 2, more: as listed;
- Level 3: at least one port, at most every plug; all but one may be Level 2. Tesla's as listed;
- level unknown: 0 to every plug, at either level;
- no quantity at all: 1 to ``unstated_ports_high``, base ``unstated_ports``.

The newer list, NRCan, is read as it stands. :func:`place_ports` joins the rows of a place.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    import pandas as pd

    from kwev.pipeline.parameters import Parameters

LEVELS: Final = ("l2", "l3")
Row: TypeAlias = "Mapping[Hashable, Any]"
"""A record with the columns of ``station_records.COLUMNS``."""


class PortRange(NamedTuple):
    """Ports of one level at a place: ``low`` <= ``base`` <= ``high``."""

    low: int
    base: int
    high: int


class PlacePorts(NamedTuple):
    """Ports of a place by level, and why the ends may differ from it (``kwev.schemas``)."""

    l2: PortRange
    l3: PortRange
    basis: str

    @property
    def base(self) -> int:
        """Ports of both levels, base count."""
        return self.l2.base + self.l3.base


def place_ports(part: pd.DataFrame, parameters: Parameters) -> PlacePorts:
    """Return the ports of a place.

    Base is NRCan's count where it lists the place, else OpenChargeMap's. Low counts only the
    largest family of rows (units of one name), high counts every row, repeats too. Where both
    lists count a level, the range of NRCan reaches to the nearest reading of OpenChargeMap; where
    they name different operators, they may speak of different equipment and high adds both. A
    list that is silent on a level says nothing about it.

    Parameters
    ----------
    part
        Records of one place, with the columns of ``station_records.COLUMNS``.
    """
    rows: list[Row] = [*part.to_dict("records")]
    newer = [row for row in rows if row["source"] == "nrcan"]
    older = [row for row in rows if row["source"] == "ocm"]
    first, second = (_of_list(own, parameters) for own in (newer, older))
    if not newer or not older:
        ranges = first if newer else second
        several = "one_list_several_rows" if len(rows) > 1 else "one_count"
        basis = "quantity_or_level_unclear" if any(_unclear(row) for row in older) else several
    elif _name_others(newer, older):
        ranges = {
            k: PortRange(first[k].low, first[k].base, first[k].high + second[k].high)
            for k in LEVELS
        }
        basis = "operators_differ"
    else:
        ranges = {
            k: _reach(first[k], second[k], listed=any(row[f"{k}_ports"] > 0 for row in older))
            for k in LEVELS
        }
        basis = "one_list_several_rows" if ranges == first else "lists_differ"
    if all(ends.low == ends.high for ends in ranges.values()):
        basis = "one_count"
    return PlacePorts(ranges["l2"], ranges["l3"], basis)


def _reach(newer: PortRange, older: PortRange, *, listed: bool) -> PortRange:
    """Widen the newer list's range to the nearest reading of the older one."""
    low = min(newer.low, older.high) if listed else newer.low
    return PortRange(low, newer.base, max(newer.high, older.low))


def _name_others(newer: list[Row], older: list[Row]) -> bool:
    """Return whether both lists name operators, and none in common."""
    one, other = ({r["operator"] for r in own} - {"", "Non-networked"} for own in (newer, older))
    return bool(one and other and one.isdisjoint(other))


def _unclear(row: Row) -> bool:
    mixed = row["l3_ports"] > 0 and not row["tesla"]
    levels_open = mixed or row["unknown_ports"] > 0
    return bool(row["l2_ports"] + row["l3_ports"] <= 1 or levels_open or row["unstated"])


def _of_list(rows: list[Row], parameters: Parameters) -> dict[str, PortRange]:
    """Return the range by level that the rows of one list allow.

    Rows of OpenChargeMap without an operator repeat those with one, unless they show more.
    """
    read = [reading(row, parameters) for row in rows]
    own = _distinct(rows)
    ranges = {}
    for level in LEVELS:
        base: dict[bool, int] = defaultdict(int)
        low: dict[tuple[bool, str], int] = defaultdict(int)
        for i in own:
            named = rows[i]["source"] == "nrcan" or rows[i]["operator"] != ""
            family = rows[i]["stem"] or rows[i]["name"].lower()
            base[named] += int(rows[i][f"{level}_ports"])
            low[named, family] += read[i][level][0]
        high = sum(ends[level][1] for ends in read)
        ranges[level] = PortRange(max(low.values(), default=0), max(base.values(), default=0), high)
    return ranges


def _distinct(rows: list[Row]) -> list[int]:
    """Return the rows that count in base.

    NRCan rows are distinct equipment but for exact repeats. In OpenChargeMap, rows that agree in
    operator and ports and bear no unit number repeat each other.
    """
    seen, own = set(), []
    for i, row in enumerate(rows):
        number = row["name"] if row["stem"] else ""
        same = (row["operator"], row["l2_ports"], row["l3_ports"], number)
        if row["source"] == "nrcan":
            if not row["repeat"]:
                own.append(i)
        elif same not in seen:
            seen.add(same)
            own.append(i)
    return own


def reading(row: Row, parameters: Parameters) -> dict[str, tuple[int, int]]:
    """Return the fewest and most ports of each level that a row can mean, as the module says."""
    l2, l3, plugs = int(row["l2_ports"]), int(row["l3_ports"]), int(row["unknown_ports"])
    if row["source"] != "ocm":
        return {"l2": (l2, l2), "l3": (l3, l3)}
    most = parameters.unstated_ports_high
    mixed = l3 > 0 and not row["tesla"]

    def ends(ports: int) -> tuple[int, int]:
        unclear = ports == 1 or (ports > 0 and row["unstated"])
        return (1, max(ports, most)) if unclear else (ports, ports)

    either = max(plugs, most) if plugs == 1 else plugs
    (low2, high2), (low3, high3) = ends(l2), ends(l3)
    high2 += l3 - 1 if mixed else 0
    return {"l2": (low2, high2 + either), "l3": (1 if mixed else low3, high3 + either)}
