"""Names and civic addresses: one spelling, keys to compare them, and where an address is.

The civic address list gives the points of each street number. A station's own address is looked
up by number and street; type and direction of the street must agree where both are given. Nothing
is moved: where a station and its address disagree, that is told.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pandas as pd

from kwev.pipeline.geometry import metres_of
from kwev.units import METRE_DECIMALS

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from kwev.pipeline.parameters import Parameters
    from kwev.pipeline.raw import Ledger

ACRONYMS = frozenset(
    {
        "A&W", "AMCC", "BGO", "BMW", "CIGI", "CIP", "DWE", "EC2", "EV", "FH1", "GM", "GO", "GRT",
        "IBEW", "II", "III", "ION", "K-W", "KMA", "KOF", "KPL", "KW", "KWAG", "LP", "MEC", "NE",
        "NH", "NW", "PSHQ", "RCAFA", "RIM", "ROW", "SBS", "SE", "SW", "TD", "UPI", "UW", "VW",
        "WCDSB", "WLU", "WNCC", "WRDSB", "WRPS", "WTC1", "WTSN", "YKF", "YMCA", "YNCU",
    }
)  # fmt: skip
_SMALL = frozenset({"of", "and", "the", "at", "in", "for", "on", "de", "la", "le"})
_ABBREVIATIONS = {"CTR": "Centre", "COM": "Community", "SCH": "School", "TWP": "Township"}
_UNIT = re.compile(
    r"(?:[\s\-#;(]+(?:left|right|station|stn|unit|charger|loading|l[23]|link|ct4k|gw\d|[a-flrp]|"
    r"ev|cp|no\.?|pl\d|[a-z]{0,3}\d{1,3})|(?<=[a-z])\d{1,2})[);.]*$",
    re.IGNORECASE,
)
_STREET = re.compile(r"(?:^|\s|-)(\d+)[a-z]?\s+(?:rue\s+)?([a-z.'\-]+)(?:\s+([a-z.'\-]+))?")
_WORDS = re.compile(r"[a-z0-9]+")


def readable(text: str) -> str:
    """Return a name in Title Case if it is written in capitals; collapse white space."""
    text = " ".join(text.replace("�", "'").split()).strip(" ;,")
    text = re.sub(r"\b([A-Z])\.([A-Z])\.([A-Z])\.", r"\1\2\3", text)
    letters = [c for c in text if c.isalpha()]
    if not letters or sum(c.isupper() for c in letters) < 0.7 * len(letters):
        return text
    words = [_word(word, first=i == 0) for i, word in enumerate(text.split(" "))]
    text = re.sub(r"(?<=\d)(?:ST|ND|RD|TH)\b", lambda m: m.group().lower(), " ".join(words))
    return re.sub(r"\bMc([a-z])", lambda m: "Mc" + m.group(1).upper(), text)


def _word(word: str, *, first: bool) -> str:
    core = word.strip('()/,;:."')
    if core.upper() in ACRONYMS:
        return word
    if any(c.isdigit() for c in core):
        return re.sub(r"[^\W\d_]{4,}", lambda m: m.group().capitalize(), word)
    if core.upper() in _ABBREVIATIONS:
        return word.replace(core, _ABBREVIATIONS[core.upper()])
    if core.lower() in _SMALL and not first:
        return word.lower()
    return re.sub(r"[^\W\d_]+(?:'[a-zA-Z]+)?", lambda m: m.group().capitalize(), word)


def unit_stem(name: str) -> str:
    """Return the name without its trailing unit number or side, or "" if it bears none.

    ``MONTEZ STATION 4`` and ``CITY HALL (LEFT)`` are units of one place.
    """
    stem = name.strip()
    for _ in range(3):
        stem = _UNIT.sub("", stem).strip()
    return stem.lower() if stem and stem != name.strip() else ""


def address_key(address: str) -> str:
    """Return street number and first word of the street, lower case, or "" without a number."""
    found = _STREET.search(address.lower().replace("\u2019", "'"))
    if not found:
        return ""
    number, word = found.group(1), found.group(2).strip(".'-")
    return f"{number} {word[:6]}"


def similarity(one: str, other: str) -> float:
    """Return the share of words that two names have in common (0 to 1)."""
    first, second = set(_WORDS.findall(one.lower())), set(_WORDS.findall(other.lower()))
    return len(first & second) / len(first | second) if first and second else 0.0


OUTCOMES: Final = {
    "ok": "its address is near, in the municipality that it names",
    "city_differs": "its address is near, but in another municipality than the one that it names",
    "far_from_address": "its address is elsewhere in the municipality that it names",
    "address_elsewhere": "it stands in another municipality than its address, which is not near",
    "not_found": "its address is not in the civic address list",
    "no_number": "its address has no street number",
    "no_address": "no street address is published",
    "outside": "outside the Region, where the civic address list does not reach",
}
"""Outcomes of the check, with what each means."""

TYPES: Final = {
    "street": "st", "avenue": "ave", "road": "rd", "drive": "dr", "boulevard": "blvd",
    "court": "crt", "ct": "crt", "place": "pl", "crescent": "cres", "parkway": "pky",
    "pkwy": "pky", "square": "sq", "circle": "cir", "terrace": "terr", "highway": "hwy",
}  # fmt: skip
"""Types of street and how the civic address list writes them, both in lower case."""
_KINDS: Final = frozenset(TYPES.values()) | {"lane", "way", "trail", "line", "gate", "walk"}
SIDES: Final = {"north": "n", "south": "s", "east": "e", "west": "w"}
_NUMBER = re.compile(r"^(?:[\da-z]+-)?(\d+)[a-z]?$")


class Street(NamedTuple):
    """A civic address in one spelling; ``kind`` and ``side`` are "" where not given."""

    number: int
    name: str
    kind: str
    side: str


def street_of(address: str) -> Street | None:
    """Return number, name, type and direction of a civic address; None without a number.

    ``200 University Ave. W`` and ``200 University Avenue West`` are the same.
    """
    words = address.partition(",")[0].lower().replace("\u2019", "'").replace(".", " ").split()
    found = _NUMBER.match(words[0]) if words else None
    if found is None:
        return None
    rest = [TYPES.get(w, SIDES.get(w, w)) for w in words[1:] if w != "the"]
    side = next((w for w in reversed(rest[1:]) if w in SIDES.values()), "")
    kind = next((w for w in reversed(rest[1:]) if w in _KINDS), "")
    name = " ".join(w for i, w in enumerate(rest) if i == 0 or w not in {side, kind})
    return Street(int(found.group(1)), name, kind, side)


def _by_street(addresses: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return number, type, side, town and metres by street; none without a number."""
    streets = addresses["street"].astype("str")
    parsed = {street: street_of(f"1 {street}") for street in streets.unique()}
    parts = {street: part or Street(0, "", "", "") for street, part in parsed.items()}
    table = pd.DataFrame([parts[street] for street in streets], columns=list(Street._fields))
    number = addresses["street_no"].str.extract(r"^(\d+)", expand=False)
    table["number"] = pd.to_numeric(number).to_numpy()
    places = addresses[["city", "easting_m", "northing_m"]].astype({"city": "str"})
    table = pd.concat([table, places.reset_index(drop=True)], axis=1).dropna(subset="number")
    return {str(name): rows for name, rows in table.groupby("name")}


@dataclass(frozen=True)
class Gazetteer:
    """Where addresses and settlements are.

    Attributes
    ----------
    civic
        The civic address list by street: rows of number, type, side, town and metres.
    towns_of
        Names of the municipalities that a settlement (see :func:`settlement_key`) belongs to.
    """

    civic: Mapping[str, pd.DataFrame]
    towns_of: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, addresses: pd.DataFrame, roads: pd.DataFrame, towns: set[str]) -> Gazetteer:
        """Build it from the addresses and from the places that roads name, for the towns given.

        Parameters
        ----------
        addresses
            As ``population.read_addresses`` returns it.
        roads
            Columns LeftMunici and LeftSettle of the Region's road file.
        towns
            Names of the municipalities.
        """
        ours = roads[roads["LeftMunici"].isin(towns)].dropna(subset=["LeftSettle"])
        found: dict[str, set[str]] = {settlement_key(town): {town} for town in towns}
        for place, town in set(zip(ours["LeftSettle"], ours["LeftMunici"], strict=True)):
            if place not in towns:
                found.setdefault(settlement_key(place), set()).add(town)
        return cls(_by_street(addresses), {k: frozenset(v) for k, v in sorted(found.items())})

    @property
    def settlements(self) -> set[str]:
        """Names of the places in the Region: lower case, without full stops."""
        return set(self.towns_of)

    def rows(self, street: Street) -> pd.DataFrame:
        """Return the points of a street, type and side agreeing where both are known."""
        rows = self.civic.get(street.name)
        if rows is None:
            return pd.DataFrame(columns=["number", "city", "easting_m", "northing_m"])
        for column, value in (("kind", street.kind), ("side", street.side)):
            if value:
                rows = rows[rows[column].isin([value, ""])]
        return rows

    def check(self, stations: pd.DataFrame, parameters: Parameters, ledger: Ledger) -> pd.DataFrame:
        """Return ``stations`` with ``location_check`` and ``address_apart_m``.

        Parameters
        ----------
        stations
            Columns ``address``, ``city``, ``in_region``, ``municipality`` (its name, "" outside),
            ``easting_m``, ``northing_m``.
        """
        rows = stations.to_dict("records")
        checked = [_checked(row, self, parameters) for row in rows]
        table = stations.assign(
            location_check=[outcome for outcome, _ in checked],
            address_apart_m=[apart for _, apart in checked],
        )
        faults = {
            f"location: {words}": table["location_check"] == outcome
            for outcome, words in OUTCOMES.items()
            if outcome != "ok"
        }
        ledger.each("stations", "flagged", faults)
        return table


def _checked(
    row: Mapping[Hashable, Any], gazetteer: Gazetteer, parameters: Parameters
) -> tuple[str, float]:
    """Return the outcome for one station and the distance to its own address (m; NaN: unknown)."""
    if not row["in_region"]:
        return "outside", np.nan
    named = gazetteer.towns_of.get(settlement_key(str(row["city"])), frozenset())
    home = row["municipality"] in named or not row["city"]
    street = street_of(str(row["address"]))
    if street is None:
        told = "no_number" if row["address"] else "no_address"
        return (told if home else "address_elsewhere"), np.nan
    anywhere, in_town = _apart(row, gazetteer.rows(street), street, named, parameters)
    if anywhere <= parameters.address_near_m:
        return ("ok" if home else "city_differs"), anywhere
    known = np.isfinite(in_town)
    told = "far_from_address" if known else "not_found"
    return (told if home else "address_elsewhere"), in_town if known else np.nan


def _apart(
    row: Mapping[Hashable, Any],
    rows: pd.DataFrame,
    street: Street,
    named: frozenset[str],
    parameters: Parameters,
) -> tuple[float, float]:
    """Return the distance to the address in any town, and in the towns named (m; inf: none).

    Where a town named lacks the exact number, the nearest numbers of the block stand for it.
    """
    here = np.array([row["easting_m"], row["northing_m"]], np.float64)

    def least(part: pd.DataFrame) -> float:
        points = metres_of(part)
        away = np.hypot(*(points - here).T).min() if len(part) else np.inf
        return round(float(away), METRE_DECIMALS)

    off = (rows["number"] - street.number).abs()
    in_town = rows["city"].isin(named)
    exact, block = off == 0, off <= parameters.address_numbers
    own = in_town & (exact if (in_town & exact).any() else block)
    return min(least(rows[exact]), least(rows[own])), least(rows[own])


def settlement_key(name: str) -> str:
    """Return the name of a settlement in lower case and without full stops."""
    return name.partition(",")[0].strip().lower().replace(".", "")
