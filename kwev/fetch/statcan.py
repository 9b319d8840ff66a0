"""Statistics Canada: outlines, the census profile and who belongs to whom, census of 2021."""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from kwev.errors import KwevError
from kwev.fetch.arcgis import features, layer_of
from kwev.fetch.wanted import Wanted, csv_bytes, geojson_bytes, pick, read_table
from kwev.fetch.web import UNTOUCHED, Web, place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kwev.fetch.services import Services

SOURCE: Final = "statcan"
MOST_UNPACKED: Final = 2**31
"""The largest table that is read from an archive (bytes): the whole country's blocks."""
AREAS_A_REQUEST: Final = 40
"""So that an address stays short."""

_OUTLINES: Final = (
    ("das", "lda_000b21", "DAUID", "dissemination areas", "DAUID LIKE '{cd}%'"),
    ("tracts", "lct_000b21", "CTUID", "census tracts", "CTUID LIKE '{cma}%'"),
    ("fsas", "lfsa000b21", "CFSAUID", "forward sortation areas", "CFSAUID IN ({fsas})"),
)
"""Table, name of the publisher's layer, key, words, and which features."""
_FLOWS: Final = {"DF_DA": "2021S0512", "DF_CSD": "2021A0005", "DF_FSA": "2021A0011"}
"""Parts of the profile, and what stands before the code of an area in each."""
_DWELLINGS: Final = {
    "2021-a-Population": 1, "2021-b-Total dwellings": 4, "2021-c-Total dwelling type": 41,
    "2021-d-Single detached house": 42, "2021-e-Semi detached house": 43, "2021-f-Row house": 44,
    "2021-g-Apartment or flat duplex": 45, "2021-h-Apartment five or more storeys": 47,
    "2021-i-Apartment fewer than five storeys": 46, "2021-j-Other single attached house": 48,
    "2021-k-Movable dwelling": 49, "2021-l-Total households": 50,
}  # fmt: skip
"""Columns of the file and the profile's characteristics."""
_HOUSEHOLDS: Final = {
    "population_2021": 1, "households_total": 1414, "households_owner": 1415,
    "households_renter": 1416, "median_household_income": 243,
}  # fmt: skip
_LINKS: Final = {
    "DAUID": "da_id_21", "DBPOP2021": "da_pop_21", "PRUID": "pr_id_21", "CDUID": "cd_id_21",
    "CSDUID": "csd_id_21", "CSDNAME": "csd_name_21", "CMAUID": "cma_id_21", "CTUID": "ct_id_21",
}  # fmt: skip
"""English halves of the attribute file's column names, and ours."""


def wanted(services: Services) -> Iterator[Wanted]:
    """Yield outlines, the profile of areas and places, and the links between areas."""
    at, area = services.at, services.area
    names = {
        "cd": area.census_division, "cma": area.metropolitan_area,
        "fsas": ",".join(f"'{code}'" for code in area.fsas),
    }  # fmt: skip
    for table, layer, key, words, rule in _OUTLINES:
        yield _wanted(
            table, at.statcan_boundaries, f"Cartographic boundary file, {words}",
            f"{words} with {rule.format(**names)}",
            lambda web, layer=layer, key=key, rule=rule: _outlines(
                web, at.statcan_boundaries, layer, key, rule.format(**names)
            ),
        )  # fmt: skip
    yield _wanted(
        "da_links", at.statcan_links, "Geographic attribute file (92-151-X)",
        f"blocks of census division {area.census_division}, added up to dissemination areas",
        lambda web: csv_bytes(_links(web, services)),
    )  # fmt: skip
    yield _wanted(
        "da_census", at.statcan_profile, "Census profile, dissemination areas",
        f"census division {area.census_division}: people, dwellings by type, households",
        lambda web: csv_bytes(_areas(web, services)),
    )  # fmt: skip
    yield _wanted(
        "municipalities", at.statcan_profile, "Census profile, census subdivisions",
        f"census division {area.census_division}: people",
        lambda web: csv_bytes(_municipalities(web, services)),
    )  # fmt: skip
    yield _wanted(
        "fsa_census", at.statcan_profile, "Census profile, forward sortation areas",
        "people, households by tenure, median income of 2020",
        lambda web: csv_bytes(
            _profile(web, at.statcan_profile, "DF_FSA", area.fsas, _HOUSEHOLDS)
            .rename_axis("fsa").reset_index()
        ),
    )  # fmt: skip


def _wanted(table: str, address: str, title: str, subset: str, make: Any) -> Wanted:
    return Wanted(
        SOURCE, table, address, f"2021 Census - {title}", "Statistics Canada", "statcan-open",
        subset, make,
    )  # fmt: skip


def _outlines(web: Web, service: str, name: str, key: str, rule: str) -> bytes:
    layer = layer_of(web, service, name)
    frame, columns = features(web, layer, rule), (key, "DGUID", "LANDAREA")
    pick(frame, columns, place(layer))
    return geojson_bytes(frame.sort_values(key), columns)


def _profile(
    web: Web, base: str, flow: str, codes: Sequence[str], columns: dict[str, int]
) -> pd.DataFrame:
    """Return characteristics of areas: one row a code, empty where the census withholds one."""
    prefix = _FLOWS[flow]
    wanted_ids = {str(number): name for name, number in columns.items()}
    parts = []
    for start in range(0, len(codes), AREAS_A_REQUEST):
        areas = "+".join(prefix + code for code in codes[start : start + AREAS_A_REQUEST])
        url = f"{base},{flow}/A5.{areas}.1.{'+'.join(wanted_ids)}.1?format=csv"
        need = ("REF_AREA", "CHARACTERISTIC", "OBS_VALUE")
        parts.append(read_table(web.get(url, "csv"), need, place(base)))
    rows = pd.concat(parts, ignore_index=True)
    rows = rows.assign(
        code=rows["REF_AREA"].str.removeprefix(prefix),
        name=rows["CHARACTERISTIC"].map(wanted_ids),
        value=pd.to_numeric(rows["OBS_VALUE"], errors="coerce"),
    ).drop_duplicates(["code", "name"])
    table = rows.pivot_table(index="code", columns="name", values="value")
    lost = sorted(set(codes) - set(table.index))
    if lost:
        words = f"the profile has nothing for {lost[0]} ({len(lost)} area(s) missing)"
        raise KwevError(words, where=place(base), hint=UNTOUCHED)
    return table.reindex(sorted(codes)).reindex(columns=list(columns))


def _areas(web: Web, services: Services) -> pd.DataFrame:
    links = _links(web, services).set_index("da_id_21")
    codes = sorted(links.index)
    table = _profile(web, services.at.statcan_profile, "DF_DA", codes, _DWELLINGS)
    table.insert(0, "CSDUID", links["csd_id_21"])
    return table.rename_axis("DAUID").reset_index()


def _municipalities(web: Web, services: Services) -> pd.DataFrame:
    names = _links(web, services).groupby("csd_id_21")["csd_name_21"].first()
    people = {"population": 1}
    codes = sorted(names.index)
    table = _profile(web, services.at.statcan_profile, "DF_CSD", codes, people)
    table.insert(0, "name", names)
    return table.rename_axis("csduid").reset_index()


def _links(web: Web, services: Services) -> pd.DataFrame:
    """Return one row a dissemination area with the areas that it lies in."""
    url = services.at.statcan_links
    content = web.once(url, "zip")
    parts = []
    for chunk in _chunks(content, place(url)):
        # names are bilingual: the English half stands first
        part = chunk.rename(columns=lambda name: str(name).lstrip("ï»¿").partition("_")[0])
        part = pick(part, list(_LINKS), place(url))
        parts.append(part[part["CDUID"] == services.area.census_division])
    blocks = pd.concat(parts, ignore_index=True).rename(columns=_LINKS)
    people = pd.to_numeric(blocks["da_pop_21"], errors="coerce").fillna(0).astype(int)
    areas = blocks.assign(da_pop_21=people).groupby("da_id_21", as_index=False)
    table = areas.agg({name: "first" for name in _LINKS.values() if name != "da_id_21"} | {
        "da_pop_21": "sum"
    })  # fmt: skip
    return table.replace({"cma_id_21": {"": "000"}, "ct_id_21": {"": "none"}})


def _chunks(content: bytes, where: str) -> Iterator[pd.DataFrame]:
    """Yield the one table of an archive in pieces; nothing is written, nothing grows too large."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = [item for item in archive.infolist() if item.filename.lower().endswith(".csv")]
            paths = [PurePosixPath(item.filename.replace("\\", "/")) for item in archive.infolist()]
            if any(path.is_absolute() or ".." in path.parts for path in paths):
                words = "the archive holds a name that leads out of it"
                raise KwevError(words, where=where, hint=UNTOUCHED)
            if len(names) != 1 or names[0].file_size > MOST_UNPACKED:
                words = "the archive does not hold one table of a size that can be"
                raise KwevError(words, where=where, hint=UNTOUCHED)
            with archive.open(names[0]) as stream:
                yield from pd.read_csv(
                    stream, dtype=str, keep_default_na=False, encoding="latin-1", chunksize=50_000
                )
    except (ValueError, EOFError, OSError, zipfile.BadZipFile, zlib.error) as error:
        words = f"the archive cannot be read: {str(error).splitlines()[0]}"
        raise KwevError(words, where=where, hint=UNTOUCHED) from error
