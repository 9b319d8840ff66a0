"""Charging stations: one list from OpenChargeMap and NRCan, and the fate of every record.

Rows that stand at one place are one station. Its ports have a base count, and the fewest and most
that its rows allow.

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

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from kwev.data.schemas import arrange
from kwev.pipeline.addresses import similarity
from kwev.pipeline.geometry import components, farther, metres_of, place
from kwev.pipeline.station_records import conditions
from kwev.vocabulary import LEVEL_KEYS

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from numpy.typing import NDArray

    from kwev.pipeline.addresses import Gazetteer
    from kwev.pipeline.boundaries import Boundaries
    from kwev.pipeline.parameters import Parameters
    from kwev.pipeline.raw import Ledger

Row: TypeAlias = "Mapping[Hashable, Any]"
"""A record with the columns of ``station_records.COLUMNS``."""


class PortRange(NamedTuple):
    """Ports of one level at a place: ``low`` <= ``base`` <= ``high``."""

    low: int
    base: int
    high: int


class PlacePorts(NamedTuple):
    """Ports of a place by level, and why the ends may differ from it (``kwev.data.schemas``)."""

    l2: PortRange
    l3: PortRange
    basis: str


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
            for k in LEVEL_KEYS
        }
        basis = "operators_differ"
    else:
        ranges = {
            k: _reach(first[k], second[k], listed=any(row[f"{k}_ports"] > 0 for row in older))
            for k in LEVEL_KEYS
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
    ranges: dict[str, PortRange] = {}
    for level in LEVEL_KEYS:
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
        same = (row["operator"], row["l2_ports"], row["l3_ports"], number.casefold())
        if row["repeat"]:
            continue
        if row["source"] == "nrcan":
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


_FAR = 1e9
SNAPSHOTS_MERGED: Final = ("ocm", "nrcan")
"""Sources whose rows become stations; the other two only add to rows of ``nrcan``."""


def merge_stations(  # noqa: PLR0913, PLR0917 -- what earlier stages made
    records: pd.DataFrame,
    bounds: Boundaries,
    gazetteer: Gazetteer,
    parameters: Parameters,
    ledger: Ledger,
    generic: Sequence[str] = (),
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return ``stations`` and ``station_records``.

    Parameters
    ----------
    records
        As ``station_records.read_records`` returns it.
    bounds
        Outlines of the Region.
    gazetteer
        Checks where a station stands.
    parameters
        Distances (m) within which rows are one place.
    ledger
        Takes what was merged, dropped or is uncertain.
    generic
        The region's patterns of whole names that say who runs a station, not where it is.

    Returns
    -------
    tuple
        Stations, without their grid proxy, and the fate of each record.
    """
    standing = records[(records["dropped"] == "") & records["source"].isin(SNAPSHOTS_MERGED)]
    groups = {
        source: group_places(standing[standing["source"] == source], parameters)
        for source in SNAPSHOTS_MERGED
    }
    places = match_places(standing, groups, parameters)
    grouped = standing.assign(place=places)
    rows = [_station(part, parameters, generic) for _, part in grouped.groupby("place")]
    stations = pd.DataFrame([row for row in rows if row["l2_ports"] + row["l3_ports"] > 0])
    stations = _located(stations, bounds)
    stations = gazetteer.check(stations, parameters, ledger)
    # the grid proxy is known once the candidates are
    stations = arrange(stations.assign(grid_kw=np.nan), "stations")
    station_of = {
        record: row["station_id"] if row["l2_ports"] + row["l3_ports"] > 0 else ""
        for row in rows
        for record in row["record_ids"]
    }
    fate = _fates(records, bounds, grouped, station_of)
    _count_fates(fate, stations, ledger)
    return stations, fate


def group_places(table: pd.DataFrame, parameters: Parameters) -> NDArray[np.int64]:
    """Return (N,) group of each row: rows of one source that stand at one place.

    Two rows are linked if both or neither belong to Tesla and they are within
    ``repeat_station_m``, or within ``same_address_m`` with one address or numbered units of one
    name.
    """
    metres = metres_of(table)
    stem, key = table["stem"].to_numpy(), table["key"].to_numpy()
    tesla = table["tesla"].to_numpy(bool)
    pairs = cKDTree(metres).query_pairs(parameters.same_address_m, output_type="ndarray")
    one, other = pairs[:, 0], pairs[:, 1]
    apart = np.hypot(*(metres[one] - metres[other]).T)
    same_key = (key[one] == key[other]) & (key[one] != "")
    same_stem = (stem[one] == stem[other]) & (stem[one] != "")
    linked = (apart <= parameters.repeat_station_m) | same_key | same_stem
    linked &= tesla[one] == tesla[other]
    return components(one[linked], other[linked], len(table))


def match_places(
    standing: pd.DataFrame, groups: dict[str, NDArray[np.int64]], parameters: Parameters
) -> NDArray[np.int64]:
    """Return (N,) place of each standing record after the one-to-one match.

    Among all one-to-one matches the one with most pairs is taken, then the one with the least
    distance less ``name_bonus_m`` times the agreement of names.
    """
    source = standing["source"].to_numpy()
    ocm, nrcan = np.flatnonzero(source == "ocm"), np.flatnonzero(source == "nrcan")
    apart, cost = _costs(standing, ocm, nrcan, groups, parameters)
    rows, columns = linear_sum_assignment(cost)
    good = cost[rows, columns] < _FAR / 2
    chosen = dict(zip(rows[good].tolist(), columns[good].tolist(), strict=True))
    own = groups["nrcan"].max(initial=-1) + 1
    result = np.empty(len(standing), dtype=np.int64)
    result[nrcan] = groups["nrcan"]
    place_of = {}
    for group in range(len(apart)):
        near = int(np.argmin(apart[group])) if apart.shape[1] else -1
        beside = near >= 0 and apart[group, near] <= parameters.repeat_station_m
        place_of[group] = chosen.get(group, near if beside else own + group)
    result[ocm] = [place_of[group] for group in groups["ocm"]]
    return result


def _costs(
    standing: pd.DataFrame,
    ocm: NDArray[np.int64],
    nrcan: NDArray[np.int64],
    groups: dict[str, NDArray[np.int64]],
    parameters: Parameters,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return distances (m) and match costs between groups; incompatible pairs are far apart."""
    first, second = standing.iloc[ocm], standing.iloc[nrcan]
    apart = cdist(first[["easting_m", "northing_m"]], second[["easting_m", "northing_m"]])
    tesla = first["tesla"].to_numpy()[:, None] == second["tesla"].to_numpy()[None, :]
    levels = ~first["level_known"].to_numpy()[:, None]
    for ports in ("l2_ports", "l3_ports"):
        levels = levels | (
            (first[ports].to_numpy() > 0)[:, None] & (second[ports].to_numpy() > 0)[None, :]
        )
    allowed = tesla & levels
    apart = np.where(allowed, apart, _FAR)
    cost = np.full(apart.shape, _FAR)
    for i, j in zip(*np.nonzero(apart <= parameters.match_station_m), strict=True):
        agree = similarity(first["name"].iloc[i], second["name"].iloc[j])
        cost[i, j] = apart[i, j] - parameters.name_bonus_m * agree
    shape = (groups["ocm"].max(initial=-1) + 1, groups["nrcan"].max(initial=-1) + 1)
    nearest, best = np.full(shape, _FAR), np.full(shape, _FAR)
    index = (groups["ocm"][:, None], groups["nrcan"][None, :])
    np.minimum.at(nearest, index, apart)
    np.minimum.at(best, index, cost)
    return nearest, best


def _station(part: pd.DataFrame, parameters: Parameters, generic: Sequence[str]) -> dict[str, Any]:
    """Merge the records of one place."""
    lead_source = "nrcan" if (part["source"] == "nrcan").any() else "ocm"
    leading = part[part["source"] == lead_source]
    total = leading["l2_ports"] + leading["l3_ports"]
    lead = (
        leading.assign(total=total)
        .sort_values(["total", "record_id"], ascending=[False, True])
        .iloc[0]
    )
    ports = place_ports(part, parameters)
    tesla = bool(part["tesla"].any()) and not bool(part["others_may_use"].any())
    owners = set(part["owner"]) - {"unknown"}
    opened = sorted(d for d in leading["opened"] if d)
    hours = next((h for h in [lead["hours"], *leading["hours"]] if h), "")
    return {
        "station_id": min(leading["record_id"]),
        "name": _best_name(part, lead["name"], _best_address(part, lead), generic),
        "operator": _joined(part["operator"]),
        "address": _best_address(part, lead),
        "easting_m": lead["easting_m"], "northing_m": lead["northing_m"],
        "l2_ports": ports.l2.base, "l2_ports_low": ports.l2.low, "l2_ports_high": ports.l2.high,
        "l3_ports": ports.l3.base, "l3_ports_low": ports.l3.low, "l3_ports_high": ports.l3.high,
        "ports_basis": ports.basis,
        "l2_kw": np.nan, "l3_kw": np.nan,
        "connectors": " ".join(sorted({c for text in part["connectors"] for c in text.split()})),
        "hours": hours,
        "conditions": conditions(hours, *part["name"]),
        "city": lead["city"],
        "access": "tesla_only" if tesla else "public",
        "owner": "public" if "public" in owners else "private" if owners else "unknown",
        "opened": opened[0] if opened else "",
        "sources": "+".join(sorted(set(part["source"]), reverse=True)),
        "confidence": "matched" if len(set(part["source"])) > 1 else "single",
        "record_ids": list(part["record_id"]),
    }  # fmt: skip


_GENERIC = re.compile(
    r"swtch energy.*|pollution probe|11|first capital asset.*|electric vehicle network.*",
    re.IGNORECASE,
)
"""Whole names that say who runs or pays for a station, not where it is."""


def _best_name(part: pd.DataFrame, lead: str, address: str, generic: Sequence[str]) -> str:
    """Return the leading name; one that names no place gives way or gets its street address."""
    own = [re.compile(pattern, re.IGNORECASE) for pattern in generic]

    def names_a_place(name: str) -> bool:
        return not any(pattern.fullmatch(name) for pattern in (_GENERIC, *own))

    if names_a_place(lead):
        return lead
    better = [n for n in part.sort_values("record_id")["name"] if names_a_place(n)]
    street = address.partition(",")[0].strip()
    return better[0] if better else f"{lead}, {street}" if street else lead


def _best_address(part: pd.DataFrame, lead: pd.Series) -> str:
    known = [lead["address"], *part.sort_values("record_id")["address"]]
    return next((a for a in known if a), "")


def _joined(values: pd.Series) -> str:
    return " / ".join(sorted({v for v in values if v and v != "Non-networked"})) or (
        "Non-networked" if (values == "Non-networked").any() else ""
    )


def _located(stations: pd.DataFrame, bounds: Boundaries) -> pd.DataFrame:
    metres = metres_of(stations)
    table = place(stations, metres, bounds.crs).join(bounds.locate(metres))
    towns = bounds.municipalities.set_index("municipality_id")["name"]
    return table.assign(
        in_region=table["area_id"] != "",
        municipality=table["municipality_id"].map(towns).fillna(""),
    ).sort_values("station_id", ignore_index=True)


def _fates(
    records: pd.DataFrame, bounds: Boundaries, grouped: pd.DataFrame, station_of: dict[str, str]
) -> pd.DataFrame:
    """Return ``station_records``: outcome, reason and station of every raw record."""
    sources = grouped.groupby("place")["source"].agg(lambda s: len(set(s)))
    shared = dict(zip(grouped["record_id"], grouped["place"].map(sources) > 1, strict=True))
    fates = [
        _fate(row, station_of, shared=bool(shared.get(row["record_id"], False)))
        for row in records.to_dict("records")
    ]
    table = records.assign(in_region=~farther(metres_of(records), bounds.region, 0.0))
    told = pd.DataFrame(fates, records.index, ["outcome", "reason", "station_id"])
    return arrange(table.join(told), "station_records")


def _fate(
    row: dict[Hashable, Any], station_of: dict[str, str], *, shared: bool
) -> tuple[str, str, str]:
    """Return outcome, reason and station of one record; ``shared``: both sources know the place."""
    own, why = station_of.get(row["record_id"], ""), row["dropped"]
    if row["source"] not in SNAPSHOTS_MERGED and not why:
        own = station_of.get("nrcan_" + row["record_id"].split("_")[1], "")
        why = "" if own else "its 2025 row was dropped"
    elif not own and not why:
        why = "level unknown and no match"
    if why:
        return "dropped", why, ""
    if own == row["record_id"]:
        known = "both sources know" if shared else f"only {row['source']} knows"
        return "kept", f"leads a place that {known}", own
    if row["source"] not in SNAPSHOTS_MERGED:
        return "merged", "adds to the same id", own
    if row["repeat"]:
        return "merged", "row repeats another (name, place, ports, date)", own
    other = "a record of either source" if shared else "another row of its source"
    return "merged", f"same place as {other}", own


def _count_fates(fate: pd.DataFrame, stations: pd.DataFrame, ledger: Ledger) -> None:
    lost = fate["reason"] == "level unknown and no match"
    ledger.add("ocm", "level unknown and no match", "dropped", lost)
    for source in SNAPSHOTS_MERGED:
        merged = (fate["source"] == source) & (fate["outcome"] == "merged")
        rule = "rows that stand at a place with another row"
        ledger.add(source, rule, "kept", merged)
    differ = {
        level: stations[f"{level}_ports_low"] < stations[f"{level}_ports_high"]
        for level in ("l2", "l3")
    }
    ledger.each("stations", "flagged", {
        "known to one source only": stations["confidence"] == "single",
        "outside the Region, in no total": ~stations["in_region"],
        "Tesla-only": stations["access"] == "tesla_only",
        "power not recorded: the constant of its level stands":
            stations[["l2_kw", "l3_kw"]].isna().all(axis=1),
        "Level 2 ports uncertain: low and high stand beside base": differ["l2"],
        "Level 3 ports uncertain: low and high stand beside base": differ["l3"],
        "hours of use not published": stations["hours"] == "",
        "opening date not published": stations["opened"] == "",
        "operator not known": stations["operator"] == "",
    })  # fmt: skip
