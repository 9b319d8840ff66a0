"""The publishers of the made-up town of :mod:`elsewhere`: what they send makes its raw files.

Each answers in its own protocol, as :class:`fetch.publishers.Publishers` does; only what it has to
tell is the town's.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import elsewhere
from fetch.publishers import Publishers, js, layer_answer, node, tagged, text, way, zipped

from kwev.fetch.statcan import _DWELLINGS, _FLOWS, _HOUSEHOLDS, _OUTLINES

if TYPE_CHECKING:
    import pandas as pd

NATIONAL = (
    "statcan_boundaries", "statcan_profile", "statcan_links", "ontario", "open_charge_map", "nrcan",
    "osm",
)  # fmt: skip


@dataclass
class News:
    """What the publishers have new since the files of :mod:`elsewhere`."""

    stations: list[dict[str, object]] = field(default_factory=list)
    """Rows of Natural Resources Canada's list."""
    vehicles: dict[str, dict[str, int]] = field(default_factory=dict)
    """All electric vehicles by postal area, by quarter (2026Q1)."""


class Town(Publishers):
    """Seven national publishers, asked about one town."""

    def __init__(self) -> None:
        self.news = News()
        self.census = elsewhere.census()
        self.places = elsewhere.places()
        super().__init__()

    def services(self) -> dict:
        every = super().services()["services"]
        return {"services": {name: every[name] for name in NATIONAL}}

    # -- Statistics Canada

    def statcan(self, path, query, _headers):
        tables = {12: "das", 10: "tracts", 14: "fsas"}
        last = path.rsplit("/", 1)[-1]
        if last == "MapServer":
            layers = [{"id": i, "name": _OUTLINES[name][0]} for i, name in tables.items()]
            return js({"layers": layers})
        layer = json.loads(self.census[tables[int(path.split("/MapServer/")[1].split("/")[0])]])
        rows = [
            ({"OBJECTID": i + 1, "DGUID": f"2021X{i}", **one["properties"]}, one["geometry"])
            for i, one in enumerate(layer["features"])
        ]
        return layer_answer(last, query, rows)

    def profile(self, path, _query, _headers):
        flow, key = path.split(",")[1].split("/")[:2]
        _, areas, _, characteristics, _ = key.split(".")
        name, columns = {
            "DF_DA": ("da_census", _DWELLINGS), "DF_CSD": ("municipalities", {"population": 1}),
            "DF_FSA": ("fsa_census", _HOUSEHOLDS),
        }[flow]  # fmt: skip
        names = {str(number): column for column, number in columns.items()}
        table = by_code(self.census[name])
        lines = ["REF_AREA,CHARACTERISTIC,OBS_VALUE"]
        for area in areas.split("+"):
            row = table.loc[area.removeprefix(_FLOWS[flow])]
            lines += [
                f"{area},{one},{row.get(names[one], 800)}" for one in characteristics.split("+")
            ]
        return text("\n".join(lines) + "\n", "text/csv")

    def links(self, _path, _query, _headers):
        table = self.census["da_links"].assign(DBPOP2021_X=100)
        names = {
            "da_id_21": "DAUID_X", "csd_id_21": "CSDUID_X", "csd_name_21": "CSDNAME_X",
            "cma_id_21": "CMAUID_X", "ct_id_21": "CTUID_X",
        }  # fmt: skip
        table = table.rename(columns=names).assign(
            PRUID_X="35", CDUID_X=elsewhere.TOWN[:4], people=table["da_pop_21"] // 4
        )
        blocks = table.assign(DBPOP2021_X=table["people"]).loc[table.index.repeat(4)]
        return tagged(zipped({"links.csv": blocks.to_csv(index=False).encode()}), "application/zip")

    # -- Ontario

    def ckan(self, path, _query, _headers):
        old = elsewhere.vehicles().drop(columns=["BEV", "PHEV"])
        quarters = {
            str(quarter): dict(zip(part["FSA"], part["TotalEV"], strict=True))
            for quarter, part in old.groupby("quarter")
        } | self.news.vehicles
        if path.endswith("package_show"):
            files = [
                {"name": f"Q{quarter[-1]} {quarter[:4]}", "format": "CSV",
                 "url": f"/ckan/files/{quarter}.csv"}
                for quarter in quarters
            ]  # fmt: skip
            return js({"success": True, "result": {"resources": files}})
        counts = quarters[path.rsplit("/", 1)[-1].removesuffix(".csv")]
        rows = [f"{fsa},{n - n // 3},{n // 3},{n}" for fsa, n in counts.items()]
        return text("\n".join(["FSA,BEV,PHEV,TotalEV", *rows]), "text/csv")

    # -- stations

    def ocm(self, _path, query, _headers):
        stations = [
            {
                "ID": i, "UsageTypeID": 1, "OperatorInfo": {"Title": row.operator},
                "Connections": [{"LevelID": 2, "Quantity": row.num_chargers}],
                "AddressInfo": {
                    "Title": row.name, "AddressLine1": row.address, "Town": row.city,
                    "Latitude": row.latitude, "Longitude": row.longitude,
                },
            }
            for i, row in enumerate(self.places["ocm"].itertuples(index=False), start=1)
        ]  # fmt: skip
        return js([one for one in stations if one["ID"] > int(query["greaterthanid"])])

    def nrcan(self, _path, _query, _headers):
        old = self.places["nrcan"]
        rows = [*old.to_dict("records"), *self.news.stations]
        table = old.__class__(rows, columns=old.columns)
        return tagged(table.to_csv(index=False).encode(), "text/csv")

    # -- OpenStreetMap

    def osm(self, _path, query, _headers):
        lots = self.places["osm_places"]
        ground = {name: json.loads(layer) for name, layer in elsewhere.ground().items()}
        pond = ground["water"]["features"][0]["geometry"]["coordinates"][0][:-1]
        river = ground["rivers"]["features"][0]["geometry"]["coordinates"]
        forms = {
            "amenity": [
                node(i, (row.longitude, row.latitude), {"amenity": row.amenity, "name": row.name})
                for i, row in enumerate(lots.itertuples(index=False), start=1)
            ],
            "natural": line(pond, {"natural": "water"}, closed=True),
            "waterway": line(river, {"waterway": "river"}),
            "highway": line(river, {"highway": "footway"}),
        }  # fmt: skip
        key = next(key for key in forms if f'"{key}"' in query["data"])
        body = f'<?xml version="1.0"?><osm version="0.6">{"".join(forms[key])}</osm>'
        return text(body, "application/xml")


def by_code(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of the census by the code of its areas, its first column."""
    return table.set_index(table.columns[0]).rename(index=str)


def line(spots: list, tags: dict[str, str], *, closed: bool = False) -> list[str]:
    """Return nodes, and a way along them, back to the first where it is closed."""
    ids = tuple(range(1, len(spots) + 1))
    nodes = [node(i, spot) for i, spot in zip(ids, spots, strict=True)]
    return [*nodes, way(10_000, (*ids, 1) if closed else ids, tags)]
