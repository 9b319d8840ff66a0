"""Facts about a station in one form: operator, owner, hours, who may use it, connectors."""

from __future__ import annotations

import re
from typing import Final

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


def operator(text: str, name: str) -> str:
    """Return who runs a station, in one spelling: by its network, else by its name."""
    found = _OPERATORS.get(text.strip().lower(), text.strip())
    if found:
        return found
    return next((label for pattern, label in _NAMED_OPERATORS if pattern.search(name)), "")


def owner(name: str, code: str, facility: str) -> str:
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


def conditions(*texts: str) -> str:
    """Return the first of :data:`CONDITIONS` that a text names; "unknown" where none says any."""
    said = " ".join(texts)
    return next((name for name, pattern in CONDITIONS if pattern.search(said)), "unknown")


def connectors(codes: str) -> str:
    """Return connector types as words in order, from AFDC's codes: ``CCS CHAdeMO``."""
    return " ".join(sorted({_CONNECTORS.get(code, code) for code in codes.split()}))
