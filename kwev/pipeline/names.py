"""Names that people can read, and keys that tell whether two names or addresses agree."""

from __future__ import annotations

import re

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

    ``MONTEZ STATION 4`` and ``KITCHENER THE AUD (LEFT)`` are units of one place.
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
