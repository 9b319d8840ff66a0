"""Every publisher on one local server: each speaks its documented protocol over real HTTP.

Payloads are small and made for the tests. A :class:`Spoil` changes an answer, or how it is sent,
before it leaves; ``times`` says how often.
"""

from __future__ import annotations

import gzip
import io
import json
import threading
import time
import zipfile
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

from timetables import bus_feed, ion_feed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FSAS = ("N2G", "N2H")
DAS = {"35300001": "5410001.00", "35300002": "5410001.00", "35300003": "5410002.00"}
KEY = "planted-0CM-k3y-7f3a"
FORGOTTEN = 10_000
"""Times without end."""
NO_TAGS: Mapping[str, str] = {}


@dataclass
class Answer:
    body: bytes = b""
    kind: str = "application/json"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: float = 0
    """Part of the body after which the connection is closed, where above 0."""
    stall_s: float = 0
    """Wait before anything is sent, or where the body is cut (s)."""


@dataclass
class Spoil:
    match: str
    change: Callable[[Answer], Answer]
    times: int = FORGOTTEN


@dataclass
class Asked:
    path: str
    headers: dict[str, str]


class Publishers:
    """The server; ``version`` 2 has news of everything."""

    def __init__(self) -> None:
        self.version = 1
        self.spoils: list[Spoil] = []
        self.asked: list[Asked] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self):
                outer.serve(self)

            def log_message(self, *_):
                """Say nothing."""

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_):
                """Say nothing: a client that hangs up is no fault of the server."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def spoil(self, match: str, change: Callable[[Answer], Answer], times: int = FORGOTTEN) -> None:
        self.spoils.append(Spoil(match, change, times))

    def services(self) -> dict:
        u = self.url
        return {
            "services": {
                "statcan_boundaries": f"{u}/statcan/rest/services/b/MapServer",
                "statcan_profile": f"{u}/profile/STC_CP", "statcan_links": f"{u}/links/gaf.zip",
                "ontario": f"{u}/ckan/package_show?id=ev", "open_charge_map": f"{u}/ocm/poi",
                "nrcan": f"{u}/nrcan/v1.csv", "osm": f"{u}/osm/interpreter",
                "grt_bus": f"{u}/grt/1", "grt_ion": f"{u}/grt/2",
                "region_hub": f"{u}/hub/dcat.json",
            },
        }  # fmt: skip

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        headers = {name.lower(): value for name, value in handler.headers.items()}
        self.asked.append(Asked(handler.path, headers))
        parts = urlsplit(handler.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        answer = self.answer(unquote(parts.path), query, headers)
        for one in self.spoils:
            if one.times and one.match in unquote(handler.path):
                one.times -= 1
                answer = one.change(answer)
        self._send(handler, headers, answer)

    def _send(self, handler, headers, answer: Answer) -> None:
        body, sent = answer.body, dict(answer.headers)
        if answer.status == 200 and "ETag" in sent:
            start = headers.get("range", "").removeprefix("bytes=").rstrip("-")
            if headers.get("if-none-match") == sent["ETag"]:
                answer.status, body = 304, b""
            elif start and headers.get("if-range") == sent["ETag"]:
                whole, first = len(body), int(start)
                answer.status, body = 206, body[first:]
                sent["Content-Range"] = f"bytes {first}-{whole - 1}/{whole}"
        if "gzip" in headers.get("accept-encoding", "") and "Content-Encoding" not in sent:
            body, sent["Content-Encoding"] = gzip.compress(body), "gzip"
        if not answer.cut:
            time.sleep(answer.stall_s)
        try:
            handler.send_response(answer.status)
            for name, value in {
                "Content-Type": answer.kind, "Content-Length": str(len(body)), **sent
            }.items():  # fmt: skip
                handler.send_header(name, value)
            handler.end_headers()
            handler.wfile.write(body[: int(len(body) * (answer.cut or 1))])
            if answer.cut:
                handler.wfile.flush()
                time.sleep(answer.stall_s)
                handler.close_connection = True
        except OSError:
            handler.close_connection = True

    def answer(self, path: str, query: dict[str, str], headers: dict[str, str]) -> Answer:
        head = path.strip("/").partition("/")[0].partition(",")[0]
        kinds = {
            "statcan": self.statcan, "profile": self.profile, "links": self.links,
            "ckan": self.ckan, "ocm": self.ocm, "nrcan": self.nrcan, "osm": self.osm,
            "grt": self.grt, "hub": self.hub,
        }  # fmt: skip
        if head not in kinds:
            return Answer(b"nothing here", "text/plain", 404)
        return kinds[head](path, query, headers)

    # -- Statistics Canada

    def statcan(self, path, query, _headers):
        names = {12: "DA - lda_000b21a_e", 10: "CT - lct_000b21a_e", 14: "FSA - lfsa000b21a_e"}
        last = path.rsplit("/", 1)[-1]
        if last == "MapServer":
            return js({"layers": [{"id": i, "name": name} for i, name in names.items()]})
        layer = int(path.split("/MapServer/")[1].split("/")[0])
        key, codes = {
            12: ("DAUID", list(DAS)), 10: ("CTUID", sorted(set(DAS.values()))),
            14: ("CFSAUID", list(FSAS)),
        }[layer]  # fmt: skip
        rows = [
            ({"OBJECTID": i + 1, key: code, "DGUID": f"2021X{code}", "LANDAREA": 1.5}, square(i))
            for i, code in enumerate(codes)
        ]  # fmt: skip
        return layer_answer(last, query, rows)

    def profile(self, path, _query, _headers):
        flow, key = path.split(",")[1].split("/")[:2]
        _, areas, gender, characteristics, statistic = key.split(".")
        assert (gender, statistic) == ("1", "1"), key
        lines = ["DATAFLOW,FREQ,REF_AREA,GENDER,CHARACTERISTIC,STATISTIC,OBS_VALUE,FLAG"]
        for area in areas.split("+"):
            for number in characteristics.split("+"):
                value = 60_000 if number == "243" else 400 + int(number) + self.version
                lines.append(f"STC_CP:{flow}(1.3),A5,{area},1,{number},1,{value},")
        return text("\r\n".join(lines) + "\r\n", "text/csv")

    def links(self, _path, _query, _headers):
        head = (
            "PRUID_PRIDU,CDUID_DRIDU,CSDUID_SDRIDU,CSDNAME_SDRNOM,CMAUID_RMRIDU,CTUID_SRIDU,"
            "DAUID_ADIDU,DBUID_IDIDU,DBPOP2021_IDPOP2021"
        )
        rows = [head]
        rows += [
            f"35,3530,3530013,Kitchener,541,{tract},{da},{da}0{block},200"
            for da, tract in DAS.items()
            for block in ("01", "02")
        ]
        rows.append("24,2401,2401023,Îles-de-la-Madeleine,000,,24010001,24010001001,17")
        table = "\n".join(rows) + "\n"
        return tagged(zipped({"2021_92-151_X.csv": table.encode("latin-1")}), "application/zip")

    # -- Ontario

    def ckan(self, path, _query, _headers):
        quarters = ["Q1 2025", "Q2 2025", *(["Q3 2025"] if self.version > 1 else [])]
        if path.endswith("package_show"):
            files = [
                {"name": name, "format": "CSV", "url": f"/ckan/old/{name.replace(' ', '_')}.csv"}
                for name in quarters
            ]
            others = [{"name": "Data dictionary", "format": "XLSX", "url": "/ckan/dictionary.xlsx"}]
            return js({"success": True, "result": {"resources": [*others, *files]}})
        if "/old/" in path:  # the catalogue's own addresses lead on
            return Answer(status=302, headers={"Location": path.replace("/old/", "/files/")})
        number = int(path.split("_")[0][-1])
        head = "FSA,BEV,PHEV,TotalEV" if number == 1 else "FSA,BEV,PHEV,Total EV"
        rows = [f"{fsa},{100 * number},{10 * number},{110 * number}" for fsa in (*FSAS, "M5V")]
        return text("\n".join([head, *rows]), "text/csv")

    # -- stations

    def ocm(self, _path, query, headers):
        if headers.get("x-api-key") != KEY:
            return Answer(b"You must specify an API key", "text/plain", 403)
        stations = [station(i, 43.44 + i / 1000) for i in range(1, 5 + self.version)]
        stations[0]["Connections"] = [
            {"LevelID": 2, "Quantity": 4}, {"LevelID": 3, "Quantity": 1},
            {"LevelID": None, "CurrentTypeID": 30, "Quantity": 1}, {"LevelID": 1, "Quantity": 9},
        ]  # fmt: skip
        stations[1]["Connections"] = [{"LevelID": 2, "Quantity": None}]
        stations[2]["UsageTypeID"] = 2  # private
        after = int(query["greaterthanid"])
        rest = [one for one in stations if one["ID"] > after]
        return js(rest[: int(query["maxresults"])])

    def nrcan(self, _path, query, _headers):
        assert query["country"] == "CA"
        assert query["fuel_type"] == "ELEC"
        head = ("Fuel Type Code,Station Name,Street Address,City,State,ZIP,Status Code,"
                "EV Level2 EVSE Num,EV DC Fast Count,Latitude,Longitude,ID,Open Date,"
                "Access Code,Country")  # fmt: skip
        rows = [
            f"ELEC,Station {i},{i} King St,Kitchener,ON,N2G,E,2,,43.45,-80.4{i},{i},2020-01-0{i},"
            "public,CA"
            for i in range(3 + self.version, self.version - 1, -1)
        ]
        rows.append("ELEC,Far,1 Rue,Ottawa,ON,K1A,E,2,,45.4,-75.7,99,2020-01-01,public,CA")
        return tagged("\n".join([head, *rows, ""]).encode(), "text/csv; charset=utf-8")

    # -- OpenStreetMap

    def osm(self, _path, query, _headers):
        assert query["data"].startswith("[out:xml]")
        forms = {
            "amenity": [spot(1, 43.45, amenity="parking", name="Lot"),
                        spot(2, 43.46, amenity="fuel")],
            "natural": [*(spot(i, 43.4 + i / 1000 * (i % 2)) for i in range(1, 5)),
                        way(10, (1, 2, 3, 4, 1), {"natural": "water"})],
            "waterway": [spot(1, 43.4), spot(2, 43.41), way(11, (1, 2), {"waterway": "river"})],
            "highway": [spot(1, 43.4), spot(2, 43.41), way(12, (1, 2), {"highway": "footway"})],
        }  # fmt: skip
        key = next(key for key in forms if f'"{key}"' in query["data"])
        more = [spot(100 + i, 43.5 + i / 1000) for i in range(self.version)]
        inner = "".join([*forms[key], *more])
        return text(f'<?xml version="1.0"?><osm version="0.6">{inner}</osm>', "application/xml")

    # -- Grand River Transit and the Region

    def grt(self, path, _query, _headers):
        feed = bus_feed() if path.endswith("1") else ion_feed()
        tables = {f"{name}.txt": table.to_csv(index=False).encode() for name, table in feed.items()}
        tables["feed_info.txt"] = b"feed_version\n%d\n" % self.version
        return tagged(zipped(tables), "application/x-zip-compressed")

    def hub(self, path, query, _headers):
        if path.endswith("dcat.json"):
            sets = [
                {"title": title, "distribution": [
                    {"accessURL": "https://nowhere.invalid/page"},
                    {"accessURL": f"{self.url}/hub/rest/services/{name}/MapServer/{i}"},
                ]}
                for i, (title, name) in enumerate(
                    (("Roads", "Roads"), ("ION Stops", "Stops"), ("Regional Boundary", "Edge"))
                )
            ]  # fmt: skip
            return js({"dataset": sets})
        last = path.rsplit("/", 1)[-1]
        if "/Edge/" in path:
            return layer_answer(last, query, [({"OBJECTID": 1, "Name": "Region"}, square(0))])
        if "/Stops/" in path:
            stop = {"OBJECTID": 1, "StopName": "City Hall", "StopStatus": "Constructed",
                    "Stage2": None, "StopDirection": "Bi-Directional"}  # fmt: skip
            point = {"type": "Point", "coordinates": [-80.49, 43.45]}
            return layer_answer(last, query, [(stop, point)])
        rows = [(road(i), line(i)) for i in range(5, 5 - 3 - self.version, -1)]
        return layer_answer(last, query, rows)


def js(value) -> Answer:
    return Answer(json.dumps(value).encode())


def text(body: str, kind: str) -> Answer:
    return Answer(body.encode(), kind)


def tagged(body: bytes, kind: str) -> Answer:
    return Answer(body, kind, headers={"ETag": f'"{sha256(body).hexdigest()[:8]}"'})


def zipped(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content)
    return stream.getvalue()


def layer_answer(last: str, query: dict[str, str], rows: list) -> Answer:
    """Answer as a layer of ArcGIS does, two features a page."""
    if last != "query":
        fields = [{"name": "OBJECTID", "type": "esriFieldTypeOID"}]
        return js({"fields": fields, "maxRecordCount": 2})
    if query.get("returnCountOnly") == "true":
        return js({"count": len(rows)})
    assert query["outSR"] == "4326"
    rows = sorted(rows, key=lambda row: row[0][query["orderByFields"]])
    start = int(query["resultOffset"])
    page = rows[start : start + int(query["resultRecordCount"])]
    features = [
        {"type": "Feature", "id": row["OBJECTID"], "properties": row, "geometry": shape}
        for row, shape in page
    ]
    more = {"exceededTransferLimit": True} if start + len(page) < len(rows) else {}
    return js({"type": "FeatureCollection", "features": features, **more})


def square(i: int) -> dict:
    x, y = -80.5 + i / 100, 43.4
    ring = [[x, y], [x + 0.01, y], [x + 0.01, y + 0.012345678901], [x, y + 0.01], [x, y]]
    return {"type": "Polygon", "coordinates": [ring]}


def line(i: int) -> dict:
    return {"type": "LineString", "coordinates": [[-80.5, 43.4 + i / 100], [-80.4, 43.4]]}


def road(i: int) -> dict:
    return {
        "OBJECTID": i, "CartoClass": "Local", "RMWID": f"RD{i}", "FullStreet": f"Road {i}",
        "PublicAccess": "Public roadway", "RoadNumber": None, "LeftSettlement": "Kitchener",
        "LeftMunicipality": "Kitchener", "RightSettlement": "Kitchener",
        "RightMunicipality": "Kitchener", "FlowDirection": "Two-Way", "SpeedZone": 50.0,
        "AADT": None, "PlowRoute": "x",
    }  # fmt: skip


def station(i: int, lat: float) -> dict:
    return {
        "ID": i, "UsageTypeID": 1, "UsageCost": None, "StatusType": {"IsOperational": True},
        "OperatorInfo": {"Title": "FLO"}, "Connections": [{"LevelID": 2, "Quantity": 2}],
        "AddressInfo": {
            "Title": f"Station {i}", "AddressLine1": f"{i} King St", "Town": "Kitchener",
            "StateOrProvince": "Ontario", "Postcode": "N2G 1A1", "Latitude": lat,
            "Longitude": -80.49,
        },
    }  # fmt: skip


def spot(i: int, lat: float, **tags: str) -> str:
    return node(i, (-80.5 + i / 1000, lat), tags)


def node(i: int, spot: tuple[float, float], tags: Mapping[str, str] = NO_TAGS) -> str:
    """Return a node at a longitude and latitude."""
    return f'<node id="{i}" lat="{spot[1]}" lon="{spot[0]}">{_told(tags)}</node>'


def way(i: int, nodes: tuple[int, ...], tags: Mapping[str, str]) -> str:
    refs = "".join(f'<nd ref="{n}"/>' for n in nodes)
    return f'<way id="{i}">{refs}{_told(tags)}</way>'


def _told(tags: Mapping[str, str]) -> str:
    return "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items())
