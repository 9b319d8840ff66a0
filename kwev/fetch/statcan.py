"""Statistics Canada: outlines, the census profile and who belongs to whom, census of 2021."""

from __future__ import annotations

import io
import zipfile
import zlib
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
import shapely

from kwev.errors import KwevError
from kwev.fetch.arcgis import features, layer_of
from kwev.fetch.wanted import Wanted, csv_bytes, geojson_bytes, pick, read_table
from kwev.fetch.web import UNTOUCHED, Web, place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import geopandas as gpd

    from kwev.fetch.services import Services

SOURCE: Final = "statcan"
MOST_UNPACKED: Final = 2**31
"""The largest table that is read from an archive (bytes): the whole country's blocks."""
AREAS_A_REQUEST: Final = 40
"""So that an address stays short."""

_OUTLINES: Final = {
    "das": ("lda_000b21", "DAUID", "dissemination areas"),
    "tracts": ("lct_000b21", "CTUID", "census tracts"),
    "fsas": ("lfsa000b21", "CFSAUID", "forward sortation areas"),
}
"""Table, name of the publisher's layer, key, words."""
_KEPT: Final = ("DGUID", "LANDAREA")
_UNTRACTED: Final = "none"
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
    at, ours = services.at, f"census code {services.region.code}"
    shapes = {"das": _das, "tracts": _tracts, "fsas": _fsas}
    for table, (_, _, words) in _OUTLINES.items():
        yield _wanted(
            table, at.statcan_boundaries, f"Cartographic boundary file, {words}",
            f"{words} of {ours}", partial(shapes[table], services=services),
        )  # fmt: skip
    yield _wanted(
        "da_links", at.statcan_links, "Geographic attribute file (92-151-X)",
        f"blocks of {ours}, added up to dissemination areas",
        lambda web: csv_bytes(_links(web, services)),
    )  # fmt: skip
    yield _wanted(
        "da_census", at.statcan_profile, "Census profile, dissemination areas",
        f"{ours}: people, dwellings by type, households",
        lambda web: csv_bytes(_areas(web, services)),
    )  # fmt: skip
    yield _wanted(
        "municipalities", at.statcan_profile, "Census profile, census subdivisions",
        f"{ours}: people",
        lambda web: csv_bytes(_municipalities(web, services)),
    )  # fmt: skip
    yield _wanted(
        "fsa_census", at.statcan_profile, "Census profile, forward sortation areas",
        "people, households by tenure, median income of 2020",
        lambda web: csv_bytes(
            _profile(web, at.statcan_profile, "DF_FSA", services.fsas, _HOUSEHOLDS)
            .rename_axis("fsa").reset_index()
        ),
    )  # fmt: skip


def _wanted(table: str, address: str, title: str, subset: str, make: Any) -> Wanted:
    return Wanted(
        SOURCE, table, address, f"2021 Census - {title}", "Statistics Canada", "statcan-open",
        subset, make,
    )  # fmt: skip


def _das(web: Web, services: Services) -> bytes:
    codes = set(_links(web, services)["da_id_21"])
    return _bytes_of(_outlines(web, services, "das", services.region.divisions), "das", codes)


def _tracts(web: Web, services: Services) -> bytes:
    codes = set(_links(web, services)["ct_id_21"]) - {_UNTRACTED}
    if not codes:
        hint = "Take 'tracts' out of config/region.json: its municipalities stand for them."
        raise KwevError("no census tract lies in the region", where="tracts", hint=hint)
    metropolitan = sorted({code[:3] for code in codes})
    return _bytes_of(_outlines(web, services, "tracts", metropolitan), "tracts", codes)


def _fsas(web: Web, services: Services) -> bytes:
    """Return the areas that meet the region's box, and then the region itself."""
    frame = _outlines(web, services, "fsas", (), services.box)
    region = shapely.union_all(shapely.make_valid(services.outlines("das").geometry.to_numpy()))
    ours = shapely.intersects(shapely.make_valid(frame.geometry.to_numpy()), region)
    return _bytes_of(frame, "fsas", set(frame.loc[ours, "CFSAUID"]))


def _outlines(
    web: Web,
    services: Services,
    table: str,
    begins: Sequence[str],
    box: tuple[float, float, float, float] | None = None,
) -> gpd.GeoDataFrame:
    """Return the features whose code begins like one of ``begins``, or those that meet a box."""
    name, key, _ = _OUTLINES[table]
    layer = layer_of(web, services.at.statcan_boundaries, name)
    rule = " OR ".join(f"{key} LIKE '{code}%'" for code in begins) or "1=1"
    frame = features(web, layer, rule, box)
    pick(frame, (key, *_KEPT), place(layer))
    return frame


def _bytes_of(frame: gpd.GeoDataFrame, table: str, codes: set[str]) -> bytes:
    key = _OUTLINES[table][1]
    ours = frame[frame[key].isin(codes)]
    return geojson_bytes(ours.sort_values(key), (key, *_KEPT))


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
        parts.append(part[part["CSDUID"].map(services.region.holds)])
    blocks = pd.concat(parts, ignore_index=True).rename(columns=_LINKS)
    people = pd.to_numeric(blocks["da_pop_21"], errors="coerce").fillna(0).astype(int)
    areas = blocks.assign(da_pop_21=people).groupby("da_id_21", as_index=False)
    table = areas.agg({name: "first" for name in _LINKS.values() if name != "da_id_21"} | {
        "da_pop_21": "sum"
    })  # fmt: skip
    return table.replace({"cma_id_21": {"": "000"}, "ct_id_21": {"": _UNTRACTED}})


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
