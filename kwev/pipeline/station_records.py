"""Records of stations from four snapshots in one form, each fault handled by a stated rule.

Operator, owner, conditions of use and connectors get one spelling.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from kwev.pipeline.addresses import address_key, readable, unit_stem
from kwev.pipeline.geometry import farther

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapely.geometry.base import BaseGeometry

    from kwev.pipeline.parameters import Parameters
    from kwev.pipeline.raw import Ledger, Raw

_OPERATORS = {
    "flo": "FLO", "chargepoint": "ChargePoint", "chargepoint network": "ChargePoint",
    "swtch - charge everywhere": "SWTCH", "swtch": "SWTCH", "swtch energy": "SWTCH",
    "tesla (tesla-only charging)": "Tesla", "tesla (including non-tesla)": "Tesla",
    "tesla destination": "Tesla", "tesla": "Tesla", "ivy": "Ivy", "chargelab": "ChargeLab",
    "greenlots": "Shell Recharge", "shell_recharge": "Shell Recharge", "unknown": "",
    "non-networked": "Non-networked",
}  # fmt: skip
TESLA_NAME: Final = re.compile(r"\btesla\s+(?:super|destination)", re.IGNORECASE)
"""In names of stations of Tesla's networks: a street or a dealer of that name is none."""
_NAMED_OPERATORS = (
    (TESLA_NAME, "Tesla"),
    (re.compile(r"\bswtch\b", re.IGNORECASE), "SWTCH"),
    (re.compile(r"^flo\b", re.IGNORECASE), "FLO"),
    (re.compile(r"^ivy\b", re.IGNORECASE), "Ivy"),
)
_PUBLIC_OWNER = re.compile(
    r"city hall|city of|regional municipality|region of|twp|township|corporation of the|police|"
    r"memorial recreation|community centre|public parking",
    re.IGNORECASE,
)
_PRIVATE_OWNER = re.compile(r"scotiabank|\bmall\b|condos|mitsubishi|hotel|suites", re.IGNORECASE)

CONDITIONS: Final = (
    ("staff", re.compile(r"\bstaff\b|employees only", re.IGNORECASE)),
    ("guests", re.compile(r"guests? (use )?only", re.IGNORECASE)),
    ("customers", re.compile(r"customers? (use )?only|clients? use|front desk", re.IGNORECASE)),
    ("one_maker", re.compile(r"tesla use only", re.IGNORECASE)),
    ("fee", re.compile(r"parking fee", re.IGNORECASE)),
    ("business_hours", re.compile(r"business hours|hours only|\d(am|pm)", re.IGNORECASE)),
    ("always", re.compile(r"24 hours", re.IGNORECASE)),
)
"""Conditions of use by what the published text says, the strictest first."""
_CONNECTORS: Final = {
    "J1772": "J1772", "J1772COMBO": "CCS", "CHADEMO": "CHAdeMO", "TESLA": "Tesla",
}  # fmt: skip
_OTHERS: Final = "CCS"
"""A connector by which a station of Tesla's serves other cars too. J1772 is none: at its
destinations that plug is locked to its own cars."""


def operator(text: str, name: str) -> str:
    """Return who runs a station, in one spelling: by its network, else by its name."""
    found = _OPERATORS.get(text.strip().lower(), text.strip())
    if found:
        return found
    return next((label for pattern, label in _NAMED_OPERATORS if pattern.search(name)), "")


def teslas(network: pd.Series[str], name: pd.Series[str]) -> pd.Series[bool]:
    """Return which stations are Tesla's: by the network, by the name where that is not known.

    Parameters
    ----------
    network
        As the list names it; empty, or "Unknown", where it does not.
    """
    known = network.str.strip().str.casefold().replace("unknown", "")
    return known.str.startswith("tesla") | ((known == "") & name.str.contains(TESLA_NAME))


def serves_others(connectors: pd.Series[str]) -> pd.Series[bool]:
    """Return which of Tesla's stations other cars can use, by their connectors in words."""
    return connectors.str.split().map(lambda found: _OTHERS in found).astype(bool)


def owner(name: str, code: str, facility: str, public: Iterable[str] = ()) -> str:
    """Return who owns a station: by its name first, then by NRCan's 2022 code.

    ``public`` are patterns of names that a public body of the region owns.

    NRCan codes some bank branches as government: a facility that is a business is private.
    """
    if facility in {"BANK", "HOTEL", "CAR_DEALER", "SHOPPING_CENTER", "RESTAURANT"}:
        return "private"
    if _PRIVATE_OWNER.search(name):
        return "private"
    own = (re.search(pattern, name, re.IGNORECASE) for pattern in public)
    if _PUBLIC_OWNER.search(name) or any(own):
        return "public"
    return {"P": "private", "LG": "public", "SG": "public", "FG": "public"}.get(code, "unknown")


def conditions(*texts: str) -> str:
    """Return the first of :data:`CONDITIONS` that a text names; "unknown" where none says any."""
    said = " ".join(texts)
    return next((name for name, pattern in CONDITIONS if pattern.search(said)), "unknown")


def connectors(codes: str) -> str:
    """Return connector types as words in order, from AFDC's codes: ``CCS CHAdeMO``."""
    return " ".join(sorted({_CONNECTORS.get(code, code) for code in codes.split()}))


_NRCAN_NAMES: Final = {
    "ID": "id", "Station Name": "name", "Latitude": "latitude", "Longitude": "longitude",
    "EV Level2 EVSE Num": "l2_ports", "EV DC Fast Count": "l3_ports",
}  # fmt: skip
"""NRCan's name to ours, in both of its snapshots."""

SNAPSHOTS: Final = {
    "ocm": "2024-11-23",
    "nrcan": "2025-10-17",
    "nrcan_2022": "2022-07-15",
    "dc_fast": "2022-11/2024-06",
}
"""Date of each source's snapshot: the day that the file itself was published, not what its name
rounds it to."""

COLUMNS: Final = [
    "record_id", "source", "name", "operator", "address", "city", "owner", "facility", "opened",
    "hours", "connectors", "latitude", "longitude", "easting_m", "northing_m", "l2_ports",
    "l3_ports", "unknown_ports", "unstated", "level_known", "tesla", "others_may_use", "stem",
    "key", "dropped", "repeat", "comparable", "snapshot",
]  # fmt: skip
"""Columns of a record. ``dropped`` is the reason, or "" if the record stands;
``repeat`` marks a row whose ports another row has already counted, ``unstated`` one that gives no
quantity; ``unknown_ports`` are plugs whose level is not known. ``comparable`` rows are electric,
available, public and dated: the filter under which snapshots are compared."""

SAME: Final = ("name", "latitude", "longitude", "l2_ports", "l3_ports", "opened")
"""Columns in which a row that repeats another agrees with it."""
_GUESTS_ONLY = re.compile(r"guests only", re.IGNORECASE)
_UNKNOWN_PLACE = "address and coordinates name different municipalities"
_REPEATS = "row repeats another (name, place, ports, date): its ports count once"
_NO_PORT = "no port"
_ABROAD = "listed in another province or state than its coordinates"
_LATER = "opens after the date of the list"
_ONTARIO: Final = frozenset({"", "on", "ont", "ontario", "canada", "unknown"})
"""What a list may say of a station's province here."""
_PROVINCE: Final = r",\s*(\w+)"
"""The word after a town in OpenChargeMap's list."""
_ABSENT: Final[dict[str, Any]] = {
    "operator": "", "address": "", "city": "", "owner": "", "facility": "", "opened": "",
    "hours": "", "connectors": "", "l2_ports": 0, "l3_ports": 0, "unknown_ports": 0,
    "unstated": False, "level_known": True, "tesla": False, "others_may_use": False,
    "dropped": "", "repeat": False, "comparable": False,
}  # fmt: skip
"""What stands in a column that a source does not have."""


def read_records(
    raw: Raw, region: BaseGeometry, settlements: set[str], parameters: Parameters, ledger: Ledger
) -> pd.DataFrame:
    """Return the records of all four sources with :data:`COLUMNS`, sorted by record_id.

    Parameters
    ----------
    region
        The Region in metres.
    settlements
        Names of places in the Region, lower case and without full stops.
    """
    ocm = _ocm(raw, region, settlements, parameters, ledger)
    nrcan = _nrcan(raw, region, parameters, ledger)
    older = _nrcan_2022(raw, set(nrcan["record_id"]), ledger)
    fast = _dc_fast(raw, set(nrcan["record_id"]), ledger)
    table = pd.concat([ocm, nrcan, older, fast], ignore_index=True)
    table["owner"] = [
        owner(name, code, facility, raw.region.public_owners)
        for name, code, facility in zip(
            table["name"], table["owner"], table["facility"], strict=True
        )
    ]
    return table[COLUMNS].sort_values("record_id", ignore_index=True)


def snapshot(raw: Raw, source: str) -> str:
    """Return the date of a source's snapshot: the day it was fetched, else :data:`SNAPSHOTS`."""
    return raw.fetched(source) or SNAPSHOTS[source]


def _finish(raw: Raw, table: pd.DataFrame, source: str) -> pd.DataFrame:
    table = table.assign(**{k: v for k, v in _ABSENT.items() if k not in table})
    metres = raw.project(table["longitude"], table["latitude"])
    names = table["name"].str.strip()
    counts = {k: table[k].fillna(0).astype("int64") for k in ("l2_ports", "l3_ports")}
    return table.assign(
        source=source,
        snapshot=snapshot(raw, source),
        stem=[unit_stem(name) for name in names],
        key=[address_key(address) for address in table["address"].fillna("")],
        name=[readable(name) for name in names],
        address=[_readable_address(address) for address in table["address"].fillna("")],
        latitude=table["latitude"].round(7),
        longitude=table["longitude"].round(7),
        easting_m=metres[:, 0],
        northing_m=metres[:, 1],
        **counts,
    )[COLUMNS]


def _readable_address(address: str) -> str:
    return ", ".join(readable(part) for part in address.split(", "))


def in_another(province: pd.Series[str]) -> pd.Series[bool]:
    """Return which rows name a province or state that is not Ontario; an empty one names none."""
    return ~province.fillna("").str.strip().str.casefold().isin(_ONTARIO)


def opens_later(opened: pd.Series[str], date: str) -> pd.Series[bool]:
    """Return which stations open after a date, a month (YYYY-MM) or a day; empty is not known."""
    return opened.str[: len(date)] > date


def repeats(table: pd.DataFrame, columns: Iterable[str]) -> pd.Series[bool]:
    """Return which rows say again what a row before them says, whatever their case and blanks."""
    plain = {
        name: table[name] if is_numeric_dtype(table[name]) else
        table[name].fillna("").astype(str).str.split().str.join(" ").str.casefold()
        for name in columns
    }  # fmt: skip
    return pd.DataFrame(plain, table.index).duplicated()


def _far(parameters: Parameters) -> str:
    return f"more than {parameters.outside_station_m / 1000:g} km outside the Region"


def _ocm(
    raw: Raw, region: BaseGeometry, settlements: set[str], parameters: Parameters, ledger: Ledger
) -> pd.DataFrame:
    table = raw.read("ocm")
    text = table[["operator", "usage_cost", "address", "city"]].fillna("")
    cost, network = text["usage_cost"], text["operator"].str.lower()
    town = text["city"].str.split(",").str[0].str.strip()
    metres = raw.project(table["longitude"], table["latitude"])
    far = pd.Series(farther(metres, region, parameters.outside_station_m), index=table.index)
    # without a town the place decides
    here = town.str.lower().str.replace(".", "", regex=False).isin(settlements | {""})
    abroad = ~far & in_another(text["city"].str.extract(_PROVINCE, expand=False))
    elsewhere = ~far & ~abroad & ~here
    guests = guests_only(cost)
    fast = table["charger_type"] == "Level 3"
    unknown = table["charger_type"] == "Unknown"
    unstated = table["num_chargers"].isna()
    tesla = teslas(text["operator"], table["name"])
    none = table["num_chargers"] == 0
    plugs = table["num_chargers"].fillna(parameters.unstated_ports)
    same = ["name", "latitude", "longitude", "num_chargers", "charger_type", "operator"]
    stands = ~(far | abroad | elsewhere | guests | none)
    repeat = repeats(table[stands], same).reindex(table.index, fill_value=False)
    ledger.add("ocm", _far(parameters), "dropped", far)
    ledger.add("ocm", _UNKNOWN_PLACE, "dropped", elsewhere, ", ".join(sorted(set(town[elsewhere]))))
    ledger.met("ocm", _ABROAD, "dropped", abroad)
    ledger.met("ocm", "no town: the place alone decides", "kept", town == "")
    ledger.met("ocm", _NO_PORT, "dropped", none)
    ledger.add("ocm", "for hotel guests only, not public", "dropped", guests)
    ledger.add("ocm", _REPEATS, "repaired", repeat)
    ledger.add("ocm", "no quantity: the usual one stands, with its range", "repaired", unstated)
    ledger.each("ocm", "flagged", {
        "one Level 2 plug: the quantity may not have been stated":
            (table["num_chargers"] == 1) & (table["charger_type"] == "Level 2"),
        "Level 3: plugs of one charger may count twice, and some may be Level 2": fast & ~tesla,
        "charger type unknown: level taken from the NRCan match, dropped without one": unknown,
        "price in a currency other than CAD (prices are not used)": cost.str.contains("£"),
        "no operator": network.isin(["", "unknown"]),
        "no price": cost.isin(["", "Unknown"]),
        "price speaks of kW, which is no rating of the charger": cost.str.contains(r"kW(?!h)"),
    })  # fmt: skip
    reasons = {
        _far(parameters): far, _ABROAD: abroad, _UNKNOWN_PLACE: elsewhere,
        "for hotel guests only": guests, _NO_PORT: none,
    }  # fmt: skip
    table = table.assign(
        record_id=point_ids("ocm", metres),
        operator=[operator(o, n) for o, n in zip(text["operator"], table["name"], strict=True)],
        address=(text["address"].str.strip(" ,") + ", " + town).str.strip(", "),
        city=town,
        l2_ports=plugs.where(~fast & ~unknown, 0),
        l3_ports=plugs.where(fast, 0),
        unknown_ports=plugs.where(unknown, 0).astype("int64"),
        unstated=unstated,
        level_known=~unknown,
        tesla=tesla,
        others_may_use=network.str.contains("including non-tesla"),
        dropped=np.select(list(reasons.values()), list(reasons), ""),
        repeat=repeat,
    )
    return _finish(raw, table, "ocm")


def guests_only(cost: pd.Series[str]) -> pd.Series[bool]:
    """Return which of OpenChargeMap's prices say that a charger is for guests of a hotel alone."""
    return cost.str.contains(_GUESTS_ONLY)


def point_ids(prefix: str, metres: np.ndarray) -> list[str]:
    """Return ids from rounded coordinates; a second row at one point gets a suffix."""
    ids = pd.Series([f"{prefix}_{east}_{north}" for east, north in np.rint(metres).astype(int)])
    rank = ids.groupby(ids).cumcount() + 1
    return ids.where(rank == 1, ids + "_" + rank.astype(str)).tolist()


def _nrcan(raw: Raw, region: BaseGeometry, parameters: Parameters, ledger: Ledger) -> pd.DataFrame:
    table = _with_older(raw)
    metres = raw.project(table["longitude"], table["latitude"])
    ports = table[["l2_ports", "l3_ports"]]
    reasons: dict[str, Any] = {
        _far(parameters): farther(metres, region, parameters.outside_station_m),
        "not public or not available": (table["Access Code"] != "public")
        | (table["Status Code"] != "E"),
        _NO_PORT: ports.fillna(0).sum(axis=1) == 0,
    }
    ledger.each("nrcan", "dropped", reasons)
    slips = {
        _ABROAD: ~reasons[_far(parameters)] & in_another(table["State"]),
        _LATER: opens_later(table["opened"], snapshot(raw, "nrcan")),
    }
    for rule, rows in slips.items():
        ledger.met("nrcan", rule, "dropped", rows)
    reasons |= slips
    dropped = np.select(list(reasons.values()), list(reasons), "")
    stands = table[dropped == ""].sort_values("record_id")
    repeat = repeats(stands, SAME).reindex(table.index, fill_value=False)
    ledger.add("nrcan", _REPEATS, "repaired", repeat)
    single = ports.isna().sum(axis=1) == 1
    ledger.add("nrcan", "no count at one level: none there", "repaired", single)
    ledger.each("nrcan", "flagged", {
        "no count at either level": ports.isna().all(axis=1),
        "name speaks of staff, yet listed as public":
            table["name"].str.contains("staff", case=False),
        "hours of 2022 say for guests only, yet listed as public":
            table["hours"].map(conditions) == "guests",
        "Tesla destination with a J1772 connector in 2022: Tesla-only, as later snapshots say":
            table["codes"].str.contains("J1772 TESLA"),
        "operator unknown": table["operator"] == "",
        "hours not published": table["hours"] == "",
        "connector types not published": table["connectors"] == "",
    })  # fmt: skip
    table = table.assign(dropped=dropped, repeat=repeat, comparable=comparable(table))
    return _finish(raw, table, "nrcan")


def comparable(table: pd.DataFrame) -> pd.Series[bool]:
    """Return which rows of NRCan's list pass the filter of the trend.

    Electric, available, public and dated.
    """
    return (
        (table["Fuel Type Code"] == "ELEC")
        & (table["Status Code"] == "E")
        & (table["Access Code"] == "public")
        & table["Open Date"].notna()
    )


def _with_older(raw: Raw) -> pd.DataFrame:
    """Return NRCan's newest rows with what the older snapshots say of the same ids."""
    table = raw.read("nrcan").rename(columns=_NRCAN_NAMES).fillna({"City": ""})
    older = raw.read("nrcan_2022").set_index("ID")
    every = raw.read("dc_fast")
    fast = every.drop_duplicates("id").set_index("id")
    plugs = {key: " ".join(part) for key, part in every.groupby("id")["connector_file"]}

    def known(column: str, other: str = "") -> pd.Series:
        told = fast[other].dropna().to_dict() if other else {}
        told |= older[column].dropna().to_dict()
        return pd.Series([told.get(i, "") for i in table["id"]], table.index, dtype="str")

    network, street = known("EV Network", "ev_network"), known("Street Address", "street_address")
    codes = known("EV Connector Types")
    return table.assign(
        record_id="nrcan_" + table["id"],
        operator=[operator(o, n) for o, n in zip(network, table["name"], strict=True)],
        address=(street + ", " + table["City"]).where(street != "", "").str.strip(", "),
        city=table["City"],
        owner=known("Owner Type Code"),
        facility=known("Facility Type"),
        opened=table["Open Date"],
        hours=known("Access Days Time"),
        codes=codes,
        connectors=(codes + " " + table["id"].map(lambda i: plugs.get(i, ""))).map(connectors),
        tesla=teslas(network, table["name"]),
        others_may_use=lambda t: t["tesla"] & serves_others(t["connectors"]),
    )


def _nrcan_2022(raw: Raw, current: set[str], ledger: Ledger) -> pd.DataFrame:
    table = raw.read("nrcan_2022").rename(columns=_NRCAN_NAMES)
    electric = table["Fuel Type Code"] == "ELEC"
    known = ("nrcan_" + table["id"]).isin(current)
    reasons = {"another fuel": ~electric, "not in the 2025 snapshot": electric & ~known}
    ledger.each("nrcan_2022", "dropped", reasons)
    gives = "same id in the 2025 snapshot: gives operator, address, owner, hours, connectors"
    ledger.add("nrcan_2022", gives, "kept", electric & known)
    table = table.assign(
        record_id="nrcan2022_" + table["id"],
        opened=table["Open Date"].fillna(""),
        comparable=comparable(table),
        dropped=np.select(list(reasons.values()), list(reasons), ""),
    )
    return _finish(raw, table, "nrcan_2022")


def _dc_fast(raw: Raw, current: set[str], ledger: Ledger) -> pd.DataFrame:
    table = raw.read("dc_fast").rename(columns={"station_name": "name"})
    known = ("nrcan_" + table["id"]).isin(current)
    ledger.add("dc_fast", "not in the 2025 snapshot", "dropped", ~known)
    gives = "same id in the 2025 snapshot: gives network, address and connectors"
    ledger.add("dc_fast", gives, "kept", known)
    table = table.assign(
        record_id="dcfast_" + table["id"] + "_" + table["connector_file"].str.lower(),
        level_known=False,
        dropped=np.where(known, "", "not in the 2025 snapshot"),
    )
    return _finish(raw, table, "dc_fast")
