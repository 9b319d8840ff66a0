"""Ontario's data catalogue (CKAN): electric vehicles by forward sortation area, every quarter."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin

import pandas as pd

from kwev.errors import KwevError
from kwev.fetch.wanted import Wanted, csv_bytes, read_table
from kwev.fetch.web import UNTOUCHED, Web, place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kwev.fetch.services import Services

SOURCE: Final = "ontario"
_COLUMNS: Final = ("FSA", "BEV", "PHEV", "TotalEV")
_QUARTER: Final = re.compile(
    r"(?<!\d)(?:q(?P<q1>[1-4])\W{0,3}(?P<y1>20\d\d)|(?P<y2>20\d\d)\W{0,3}q(?P<q2>[1-4]))(?!\d)",
    re.IGNORECASE,
)


def wanted(services: Services) -> Iterator[Wanted]:
    """Yield the table of all quarters."""
    yield Wanted(
        SOURCE, "evs", services.at.ontario,
        "Electric vehicles in Ontario - by forward sortation area, all quarters in one table",
        "Ministry of Transportation of Ontario (Ontario Data Catalogue)", "ogl-ontario",
        "the Region's forward sortation areas in every quarter that the catalogue lists",
        lambda web: _quarters(web, services),
        "Counts are registered vehicles at the end of the quarter; an empty cell means none "
        "published.",
    )  # fmt: skip


def quarter_of(name: str) -> str:
    """Return the quarter that a name holds, as 2024Q3; empty where it holds none."""
    match = _QUARTER.search(name.replace("_", " "))
    if match is None:
        return ""
    return f"{match['y1'] or match['y2']}Q{match['q1'] or match['q2']}"


def _quarters(web: Web, services: Services) -> bytes:
    url = services.at.ontario
    answer = web.json(url)
    result = answer.get("result") if isinstance(answer, dict) and answer.get("success") else None
    resources = result.get("resources") if isinstance(result, dict) else None
    if not isinstance(resources, list):
        words = "the catalogue does not know the data set any more"
        raise KwevError(words, where=place(url), hint=UNTOUCHED)
    listed: dict[str, str] = {}
    for one in resources:
        quarter = quarter_of(str(one.get("name") or "")) or quarter_of(str(one.get("url") or ""))
        if quarter and str(one.get("format", "")).upper() == "CSV":
            if quarter in listed:
                words = f"the catalogue lists {quarter} twice"
                raise KwevError(words, where=place(url), hint=UNTOUCHED)
            listed[quarter] = urljoin(url, str(one.get("url")))
    if not listed:
        raise KwevError("the catalogue lists no quarter", where=place(url), hint=UNTOUCHED)
    parts = [_quarter(web, quarter, listed[quarter], services) for quarter in sorted(listed)]
    return csv_bytes(pd.concat(parts, ignore_index=True))


def _quarter(web: Web, quarter: str, url: str, services: Services) -> pd.DataFrame:
    content = web.get(url, "csv")
    # the total is written with and without a blank
    head, end, rows = content.partition(b"\n")
    table = read_table(head.replace(b"Total EV", b"TotalEV") + end + rows, _COLUMNS, place(url))
    table = pd.DataFrame({name: table[name].str.strip() for name in table})
    ours: pd.DataFrame = table[table["FSA"].isin(services.fsas)].sort_values("FSA")
    if ours.empty:
        raise KwevError(f"no area of the Region in {quarter}", where=place(url), hint=UNTOUCHED)
    ours.insert(0, "quarter", quarter)
    return ours
