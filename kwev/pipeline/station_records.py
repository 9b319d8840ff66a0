"""Station records of every source in one form, each fault handled by a stated rule."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from kwev.pipeline.geometry import farther, project
from kwev.pipeline.names import address_key, readable, unit_stem

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from kwev.pipeline.parameters import Parameters
    from kwev.pipeline.quality import Ledger
    from kwev.pipeline.raw import Raw

SNAPSHOTS: Final = {
    "ocm": "2024-11-23",
    "nrcan": "2025-10",
    "nrcan_2022": "2022-07-15",
    "dc_fast": "2022-11/2024-06",
}
"""Date of each source's snapshot."""

COLUMNS: Final = [
    "record_id", "source", "name", "operator", "address", "owner", "facility", "opened",
    "latitude", "longitude", "easting_m", "northing_m", "l2_ports", "l3_ports", "level_known",
    "tesla", "others_may_use", "stem", "key", "dropped", "repeat",
]  # fmt: skip
"""Columns of a record. ``dropped`` is the reason, or "" if the record stands;
``repeat`` marks a row whose ports another row has already counted."""

_OPERATORS = {
    "flo": "FLO", "chargepoint": "ChargePoint", "chargepoint network": "ChargePoint",
    "swtch - charge everywhere": "SWTCH", "swtch": "SWTCH", "swtch energy": "SWTCH",
    "tesla (tesla-only charging)": "Tesla", "tesla (including non-tesla)": "Tesla",
    "tesla destination": "Tesla", "tesla": "Tesla", "ivy": "Ivy", "chargelab": "ChargeLab",
    "greenlots": "Shell Recharge", "shell_recharge": "Shell Recharge", "unknown": "",
    "non-networked": "Non-networked",
}  # fmt: skip
_NAMED_OPERATORS = (
    (re.compile(r"\btesla\b", re.IGNORECASE), "Tesla"),
    (re.compile(r"\bswtch\b", re.IGNORECASE), "SWTCH"),
    (re.compile(r"^flo\b", re.IGNORECASE), "FLO"),
    (re.compile(r"^ivy\b", re.IGNORECASE), "Ivy"),
)
_PUBLIC_OWNER = re.compile(
    r"city hall|kitchener (33|charles|francis|civic|the aud|kitchenermarket|fh1|kof|sw com)|"
    r"city of|regional municipality|waterloo region|region of|twp|township|corporation of the|"
    r"wrdsb|wcdsb|camwaterpl2|grt station|ykf station|university of waterloo|wilfrid|\bwlu\b|"
    r"conestoga ?colleg|police|wrps|memorial recreation|community centre|public parking|"
    r"cambridge campus|civicdistrict|55 dickson|enova power|energy\+|north dumfries hydro",
    re.IGNORECASE,
)
_PRIVATE_OWNER = re.compile(r"scotiabank|\bmall\b|condos|mitsubishi|hotel|suites", re.IGNORECASE)
_GUESTS_ONLY = re.compile(r"guests only", re.IGNORECASE)
_UNKNOWN_PLACE = "address and coordinates name different municipalities"


def read_records(
    raw: Raw, region: BaseGeometry, settlements: set[str], parameters: Parameters, ledger: Ledger
) -> pd.DataFrame:
    """Return the records of all four sources with :data:`COLUMNS`, sorted by record_id.

    Parameters
    ----------
    region
        The Region in EPSG:26917.
    settlements
        Names of places in the Region, lower case and without full stops.
    """
    ocm = _ocm(raw, settlements, ledger)
    nrcan = _nrcan(raw, region, parameters, ledger)
    older = _nrcan_2022(raw, set(nrcan["record_id"]), ledger)
    fast = _dc_fast(raw, set(nrcan["record_id"]), ledger)
    table = pd.concat([ocm, nrcan, older, fast], ignore_index=True)
    table["owner"] = [
        _owner(name, code, facility)
        for name, code, facility in zip(
            table["name"], table["owner"], table["facility"], strict=True
        )
    ]
    table["repeat"] = table["repeat"].eq(other=True)
    return table[COLUMNS].sort_values("record_id", ignore_index=True)


def _finish(table: pd.DataFrame, source: str) -> pd.DataFrame:
    metres = project(table["longitude"], table["latitude"])
    names = table["name"].str.strip()
    return table.assign(
        source=source,
        stem=[unit_stem(name) for name in names],
        key=[address_key(address) for address in table["address"].fillna("")],
        name=[readable(name) for name in names],
        address=[_readable_address(address) for address in table["address"].fillna("")],
        latitude=table["latitude"].round(7),
        longitude=table["longitude"].round(7),
        easting_m=metres[:, 0],
        northing_m=metres[:, 1],
        l2_ports=table["l2_ports"].fillna(0).astype("int64"),
        l3_ports=table["l3_ports"].fillna(0).astype("int64"),
    )


def _readable_address(address: str) -> str:
    return ", ".join(readable(part) for part in address.split(", "))


def _operator(text: str, name: str) -> str:
    found = _OPERATORS.get(text.strip().lower(), text.strip())
    if found:
        return found
    return next((label for pattern, label in _NAMED_OPERATORS if pattern.search(name)), "")


def _owner(name: str, code: str, facility: str) -> str:
    """Return who owns a station: by its name first, then by NRCan's 2022 code.

    NRCan codes some bank branches as government: a facility that is a business is private.
    """
    if facility in {"BANK", "HOTEL", "CAR_DEALER", "SHOPPING_CENTER", "RESTAURANT"}:
        return "private"
    if _PRIVATE_OWNER.search(name):
        return "private"
    if _PUBLIC_OWNER.search(name):
        return "public"
    return {"P": "private", "LG": "public", "SG": "public", "FG": "public"}.get(code, "unknown")


def _ocm(raw: Raw, settlements: set[str], ledger: Ledger) -> pd.DataFrame:
    table = raw.read("ocm")
    text = table[["operator", "usage_cost", "address", "city"]].fillna("")
    cost, operator = text["usage_cost"], text["operator"].str.lower()
    town = text["city"].str.split(",").str[0].str.strip()
    elsewhere = ~town.str.lower().str.replace(".", "", regex=False).isin(settlements)
    guests = cost.str.contains(_GUESTS_ONLY)
    fast = table["charger_type"] == "Level 3"
    unknown = table["charger_type"] == "Unknown"
    foreign = cost.str.contains("£")
    notes = (
        (_UNKNOWN_PLACE, "dropped", elsewhere, ", ".join(sorted(set(town[elsewhere])))),
        ("for hotel guests only, not public", "dropped", guests, ""),
        (
            "charger type unknown: level taken from the NRCan match, dropped without one",
            "flagged",
            unknown,
            "",
        ),
        ("price in a currency other than CAD (prices are not used)", "flagged", foreign, ""),
        ("no operator", "flagged", operator.isin(["", "unknown"]), ""),
        ("no price", "flagged", cost.isin(["", "Unknown"]), ""),
    )
    for rule, action, rows, note in notes:
        ledger.add("stations", "ocm", rule, action, int(rows.sum()), note)  # type: ignore[arg-type]
    dropped = np.select([elsewhere, guests], [_UNKNOWN_PLACE, "for hotel guests only"], "")
    metres = project(table["longitude"], table["latitude"])
    table = table.assign(
        record_id=_point_ids("ocm", metres),
        operator=[_operator(o, n) for o, n in zip(text["operator"], table["name"], strict=True)],
        address=(text["address"].str.strip(" ,") + ", " + town).str.strip(", "),
        owner="", facility="", opened="",
        l2_ports=table["num_chargers"].where(~fast & ~unknown, 0),
        l3_ports=table["num_chargers"].where(fast, 0),
        level_known=~unknown,
        tesla=operator.str.contains("tesla"),
        others_may_use=operator.str.contains("including non-tesla"),
        dropped=dropped,
    )  # fmt: skip
    return _finish(table, "ocm")


def _point_ids(prefix: str, metres: np.ndarray) -> list[str]:
    """Return ids from rounded coordinates; a second row at one point gets a suffix."""
    seen: dict[str, int] = {}
    ids = []
    for east, north in np.rint(metres).astype(int):
        name = f"{prefix}_{east}_{north}"
        seen[name] = seen.get(name, 0) + 1
        ids.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return ids


def _nrcan(raw: Raw, region: BaseGeometry, parameters: Parameters, ledger: Ledger) -> pd.DataFrame:
    table = raw.read("nrcan").rename(columns={"ID": "id", "Station Name": "name"})
    older = raw.read("nrcan_2022").set_index("ID")
    fast = raw.read("dc_fast").drop_duplicates("id").set_index("id")
    network = table["id"].map(older["EV Network"]).fillna(table["id"].map(fast["ev_network"]))
    street = (
        table["id"].map(older["Street Address"]).fillna(table["id"].map(fast["street_address"]))
    )
    table = table.assign(
        record_id="nrcan_" + table["id"],
        operator=[_operator(o, n) for o, n in zip(network.fillna(""), table["name"], strict=True)],
        address=(street + ", " + table["City"]).fillna(""),
        owner=table["id"].map(older["Owner Type Code"]).fillna(""),
        facility=table["id"].map(older["Facility Type"]).fillna(""),
        opened=table["Open Date"],
        latitude=table["Latitude"], longitude=table["Longitude"],
        l2_ports=table["EV Level2 EVSE Num"], l3_ports=table["EV DC Fast Count"],
        level_known=True,
        tesla=table["name"].str.contains("tesla", case=False),
        others_may_use=False,
    )  # fmt: skip
    table = _finish(table, "nrcan")
    metres = table[["easting_m", "northing_m"]].to_numpy()
    far = farther(metres, region, parameters.outside_station_m)
    closed = (table["Access Code"] != "public") | (table["Status Code"] != "E")
    empty = (table["l2_ports"] + table["l3_ports"]) == 0
    same = ["name", "latitude", "longitude", "l2_ports", "l3_ports", "opened"]
    repeat = table.sort_values("record_id").duplicated(same).reindex(table.index)
    reasons: dict[str, Any] = {
        f"more than {parameters.outside_station_m / 1000:g} km outside the Region": far,
        "not public or not available": closed,
        "no port": empty,
    }
    for rule, rows in reasons.items():
        ledger.add("stations", "nrcan", rule, "dropped", int(rows.sum()))
    ledger.add(
        "stations",
        "nrcan",
        "row repeats another (name, place, ports, date): its ports count once",
        "repaired",
        int(repeat.sum()),
    )
    ledger.add(
        "stations",
        "nrcan",
        "name speaks of staff, yet listed as public",
        "flagged",
        int(table["name"].str.contains("staff", case=False).sum()),
    )
    dual = table["id"].map(older["EV Connector Types"]).fillna("").str.contains("J1772 TESLA")
    ledger.add(
        "stations",
        "nrcan",
        "Tesla destination with a J1772 connector in 2022: Tesla-only, as the later snapshots say",
        "flagged",
        int(dual.sum()),
    )
    ledger.add(
        "stations", "nrcan", "operator unknown", "flagged", int((table["operator"] == "").sum())
    )
    dropped = np.select(list(reasons.values()), list(reasons), "")
    return table.assign(dropped=dropped, repeat=repeat)


def _nrcan_2022(raw: Raw, current: set[str], ledger: Ledger) -> pd.DataFrame:
    table = raw.read("nrcan_2022").rename(columns={"Station Name": "name"})
    electric = table["Fuel Type Code"] == "ELEC"
    known = ("nrcan_" + table["ID"]).isin(current)
    reasons = {
        "another fuel": ~electric,
        "not in the 2025 snapshot": electric & ~known,
    }
    for rule, rows in reasons.items():
        ledger.add("stations", "nrcan_2022", rule, "dropped", int(rows.sum()))
    ledger.add(
        "stations",
        "nrcan_2022",
        "same id in the 2025 snapshot: gives operator, address, owner and facility",
        "kept",
        int((electric & known).sum()),
    )
    table = table.assign(
        record_id="nrcan2022_" + table["ID"], operator="", address="", owner="", facility="",
        opened="", latitude=table["Latitude"], longitude=table["Longitude"],
        l2_ports=table["EV Level2 EVSE Num"], l3_ports=table["EV DC Fast Count"],
        level_known=True, tesla=False, others_may_use=False,
        dropped=np.select(list(reasons.values()), list(reasons), ""),
    )  # fmt: skip
    return _finish(table, "nrcan_2022")


def _dc_fast(raw: Raw, current: set[str], ledger: Ledger) -> pd.DataFrame:
    table = raw.read("dc_fast").rename(columns={"station_name": "name"})
    known = ("nrcan_" + table["id"]).isin(current)
    ledger.add("stations", "dc_fast", "not in the 2025 snapshot", "dropped", int((~known).sum()))
    ledger.add(
        "stations",
        "dc_fast",
        "same id in the 2025 snapshot: gives network and address",
        "kept",
        int(known.sum()),
    )
    table = table.assign(
        record_id="dcfast_" + table["id"] + "_" + table["connector_file"].str.lower(),
        operator="",
        address="",
        owner="",
        facility="",
        opened="",
        l2_ports=0.0,
        l3_ports=0.0,
        level_known=False,
        tesla=False,
        others_may_use=False,
        dropped=np.where(known, "", "not in the 2025 snapshot"),
    )
    return _finish(table, "dc_fast")
