"""What goes wrong at a publisher, each told once: ``docs/fetch-faults.md`` is written from it.

``python tests/fetch/faults.py --write`` runs each and writes the page; ``test_faults.py`` runs each
again and holds its row against the page.
"""

from __future__ import annotations

import argparse
import errno
import io
import json
import os
import signal
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cli.conftest import Ended
from fetch.desk import Desk, begin, copied
from fetch.publishers import KEY, Answer, Publishers, js, zipped
from outcomes import Row

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "fetch-faults.md"
HEAD = """# What a fault at a publisher gives

`python tests/fetch/faults.py --write` runs `kwev fetch --only SOURCE` against a local server with
each fault and writes this. `tests/fetch/test_faults.py` runs each again, holds its row against this
page, and insists on one line, on no traceback, and on good data and a register that stay as they
were. PUBLISHER is the server's address. Where a fault passes, news is taken.

| source | fault | tried | outcome | left behind |
|---|---|---:|---|---|
"""
NEWS = "the file and its entry, both new"
Prepare = Callable[[Desk, pytest.MonkeyPatch], object]


@dataclass(frozen=True)
class Fault:
    """A fault: the source, its name, what prepares it, the words of the line, the exit code."""

    source: str
    name: str
    prepare: Prepare
    words: tuple[str, ...] = ()
    code: int = 2
    key: str = KEY
    options: tuple[str, ...] = ()
    timeout_s: float = 20
    run: Callable[[Desk], Ended] | None = None


def sent(match: str, times: int = 10_000, **changes) -> Prepare:
    """Return what changes fields of answers."""
    return lambda desk, _: desk.server.spoil(match, lambda a: replace(a, **changes), times)


def body(match: str, change: Callable[[bytes], bytes]) -> Prepare:
    """Return what changes the bodies of answers."""
    return lambda desk, _: desk.server.spoil(match, lambda a: replace(a, body=change(a.body)))


def value(match: str, change: Callable) -> Prepare:
    """Return what changes what JSON says."""

    def changed(content: bytes) -> bytes:
        found = json.loads(content)
        made = change(found)
        return js(found if made is None else made).body

    return body(match, changed)


def swap(match: str, old: bytes, new: bytes) -> Prepare:
    return body(match, lambda content: content.replace(old, new))


def half(answer: Answer) -> Answer:
    return replace(answer, cut=0.5)


def halved(match: str, times: int = 10_000) -> Prepare:
    return lambda desk, _: desk.server.spoil(match, half, times)


def elsewhere(**addresses: str) -> Prepare:
    return lambda desk, _: desk.services(**addresses)


def moved(status: int, to: str) -> Prepare:
    """Return what sends requests for Ontario's catalogue to another address."""

    def prepare(desk: Desk, _) -> None:
        desk.services(ontario=f"{desk.server.url}/gone/ev")
        headers = {"Location": to}
        desk.server.spoil("/gone/", lambda _: Answer(status=status, headers=headers))

    return prepare


def full_disk(_: Desk, patch: pytest.MonkeyPatch) -> None:
    """Let every write to a file be refused as a full disk refuses it."""

    class Full(io.BytesIO):
        def write(self, _content):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def opened(handle, _mode):
        os.close(handle)
        return Full()

    patch.setattr("kwev.files.os.fdopen", opened)


def first_page_again(desk: Desk, _) -> None:
    """Let the station list ignore that a page was seen: it sends the first two again."""
    pages: list[bytes] = []

    def change(answer: Answer) -> Answer:
        pages.append(answer.body)
        return replace(answer, body=pages[0])

    desk.server.spoil("/ocm/", change)


def layer_repeats(desk: Desk, _) -> None:
    pages: list[bytes] = []

    def change(answer: Answer) -> Answer:
        pages.append(answer.body)
        return replace(answer, body=pages[0])

    desk.server.spoil("MapServer/12/query?f=geojson", change)


def no_features(found: dict) -> None:
    if "features" in found:
        found["features"] = []


def in_metres(found: dict) -> None:
    for one in found.get("features", ()):
        ring = [[7e6, 1e6], [7e6, 2e6], [8e6, 2e6], [7e6, 1e6]]
        one["geometry"] = {"type": "Polygon", "coordinates": [ring]}


def named_crs(found: dict) -> None:
    if "features" in found:
        found["crs"] = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3347"}}


def listed_twice(found: dict) -> None:
    resources = found["result"]["resources"]
    resources.append(resources[1])


def few(found: list) -> list:
    return [{**one, "UsageTypeID": 2} if one["ID"] > 1 else one for one in found]


def slipped(_: bytes) -> bytes:
    return zipped({"../../gaf.csv": b"DAUID_ADIDU\n1\n"})


def bomb(name: str) -> Callable[[bytes], bytes]:
    """Return an archive of a few kilobytes that says it holds gigabytes."""

    def made(_: bytes) -> bytes:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, b"a,b\n" + b"0,0\n" * 1000)
        content = bytearray(stream.getvalue())
        at = content.index(b"PK\x01\x02") + 24  # size unpacked, in the directory
        content[at : at + 4] = (3 * 2**30).to_bytes(4, "little")
        return bytes(content)

    return made


def kill_in_an_archive(desk: Desk) -> bytes:
    """Kill a fetch of the buses' timetable when half of it has come; return the whole of it."""
    whole = desk.server.grt("/grt/1", {}, {}).body
    desk.server.spoil("/grt/1", lambda a: replace(half(a), stall_s=60), times=1)
    process = desk.start("--only", "grt")
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and _kept(desk) < len(whole) // 2:
        time.sleep(0.05)
    process.kill()
    out, err = process.communicate()
    assert (out, err, process.returncode) == ("", "", -signal.SIGKILL)
    assert _kept(desk) == len(whole) // 2
    return whole


def _kept(desk: Desk) -> int:
    parts = desk.raw / ".fetch"
    return sum(p.stat().st_size for p in parts.iterdir() if not p.suffix) if parts.is_dir() else -1


def killed(desk: Desk) -> Ended:
    kill_in_an_archive(desk)
    return Ended(-signal.SIGKILL, "", "no word")


PAGE_OF_HTML = b"<!DOCTYPE html><title>We have moved</title>"
FAULTS = [
    Fault("ontario", "no answer in time", sent("package_show", stall_s=4),
          ("no answer within 1.5 s, 3 times",), timeout_s=1.5),
    Fault("ontario", "no answer in time once, then one",
          sent("package_show", 1, stall_s=4), (), 0, timeout_s=1.5),
    Fault("ontario", "429 with Retry-After: 1, then an answer",
          sent("package_show", 1, status=429, headers={"Retry-After": "1"}), (), 0),
    Fault("ontario", "429 with Retry-After: 3600",
          sent("package_show", status=429, headers={"Retry-After": "3600"}),
          ("asks to wait 3,600 s", "120 s is the most")),
    Fault("ontario", "429 for ever", sent("package_show", status=429), ("429 3 times",)),
    Fault("ontario", "500, then an answer", sent("package_show", 1, status=500), (), 0),
    Fault("ontario", "500 for ever", sent("package_show", status=500), ("answered 500 3 times",)),
    Fault("ontario", "418", sent("package_show", status=418), ("answered 418",)),
    Fault("ontario", "body cut off", halved("Q2_2025"), ("broke off in the middle, 3 times",)),
    Fault("ontario", "body cut off once", halved("files/Q2_2025", 1), (), 0),
    Fault("ontario", "body that stops in the middle",
          lambda desk, _: desk.server.spoil(
              "files/Q2_2025", lambda a: replace(half(a), stall_s=4)),
          ("stopped in the middle, 3 times",), timeout_s=1.5),
    Fault("ontario", "content type of an image", sent("files/Q2_2025", kind="image/png"),
          ("sent image/png and not CSV",)),
    Fault("ontario", "a web page", sent("files/Q2_2025", body=PAGE_OF_HTML, kind="text/html"),
          ("a web page (HTML) and not CSV",)),
    Fault("ontario", "a web page that says it is CSV", sent("files/Q2_2025", body=PAGE_OF_HTML),
          ("a web page (HTML) and not CSV",)),
    Fault("ontario", "renamed column", swap("files/Q2_2025", b"PHEV", b"Plug-in"),
          ("'PHEV' is missing", "FSA, BEV, Plug-in, TotalEV")),
    Fault("ontario", "row with a cell too many", swap("files/Q2_2025", b"N2H,", b"N2H,,"),
          ("is no CSV: row 2 has 5 cells and not 4",)),
    Fault("ontario", "text for a count", swap("files/Q2_2025", b"N2H,200", b"N2H,many"),
          ("column 'BEV'",)),
    Fault("ontario", "not UTF-8", swap("files/Q2_2025", b"N2H", b"\xff\xfe"), ("is no CSV",)),
    Fault("ontario", "heading and no rows",
          body("files/Q2_2025", lambda content: content.splitlines()[0] + b"\n"),
          ("no area of the Region in 2025Q2",)),
    Fault("ontario", "nothing at all", sent("files/Q2_2025", body=b""), ("the answer is empty",)),
    Fault("ontario", "packed, and cannot be unpacked",
          sent("files/Q2_2025", headers={"Content-Encoding": "gzip"}), ("cannot be unpacked",)),
    Fault("ontario", "larger than anything it could be",
          sent("files/Q2_2025", body=b"FSA,BEV,PHEV,Total EV\n" + b"N2G,1,1,2\n" * 200_000),
          ("larger than 1 MB",)),
    Fault("ontario", "data set withdrawn", value("package_show", lambda _: {"success": False}),
          ("does not know the data set any more",)),
    Fault("ontario", "catalogue without quarters",
          value("package_show", lambda found: found["result"].update(resources=[])),
          ("lists no quarter",)),
    Fault("ontario", "one quarter twice",
          value("package_show", listed_twice),
          ("lists 2025Q1 twice",)),
    Fault("ontario", "JSON cut off", body("package_show", lambda content: content[:40]),
          ("not valid JSON",)),
    Fault("ontario", "moved for good (301), and there", moved(301, "/ckan/package_show"),
          ("moved for good",), 0),
    Fault("ontario", "moved (301) to nowhere (404)", moved(301, "/lost"),
          ("(404)", "services.json")),
    Fault("ontario", "moved in a circle", moved(301, "/gone/ev"), ("from address to address",)),
    Fault("ontario", "gone (404)", sent("package_show", status=404), ("(404)", "services.json")),
    Fault("ontario", "no network", elsewhere(ontario="http://127.0.0.1:9/ev"),
          ("cannot be reached", "Check the network")),
    Fault("ontario", "full disk", full_disk, ("No space left on device",)),
    Fault("openchargemap", "no key", sent("nothing"), ("asks for a key", "OCMAP_API_KEY"), key=""),
    Fault("openchargemap", "expired key", sent("nothing"), ("refuses the key (403)",), key="old"),
    Fault("openchargemap", "the same page twice", first_page_again, ("the same page twice",)),
    Fault("openchargemap", "stations without a place",
          swap("/ocm/", b'"AddressInfo"', b'"Address"'), ("station 1 has no place",)),
    Fault("openchargemap", "an object for a list", value("/ocm/", lambda _: {"error": 1}),
          ("not a list of stations",)),
    Fault("openchargemap", "no station", value("/ocm/", lambda _: []),
          ("no station stands in the area",)),
    Fault("openchargemap", "most of its stations lost", value("/ocm/", few),
          ("2 rows where the file before has 5", "--fewer")),
    Fault("openchargemap", "the same, and it is true", value("/ocm/", few), (), 0,
          options=("--fewer",)),
    Fault("nrcan", "renamed column", swap("/nrcan/", b"EV DC Fast Count", b"DCFC"),
          ("'EV DC Fast Count' is missing",)),
    Fault("nrcan", "over the limit of the key", sent("/nrcan/", status=429), ("429 3 times",)),
    Fault("nrcan", "coordinates swapped",
          swap("/nrcan/", b",43.45,-80.", b",-80.45,43."), ("file has no rows",)),
    Fault("statcan", "layer renamed", swap("MapServer?", b"lda_000b21a_e", b"areas"),
          ("no layer 'lda_000b21'",)),
    Fault("statcan", "an error that comes as 200",
          value("MapServer/12/query", lambda _: {"error": {"code": 400, "message": "Failed"}}),
          ("the publisher says: Failed",)),
    Fault("statcan", "fewer features than counted",
          value("MapServer/12/query", no_features), ("sent 0 of 3 features",)),
    Fault("statcan", "the same page twice", layer_repeats, ("the same page twice",)),
    Fault("statcan", "another reference system, by name",
          value("MapServer/12/query", named_crs), ("EPSG::3347 and not in degrees",)),
    Fault("statcan", "another reference system, unsaid",
          value("MapServer/12/query", in_metres), ("outside Canada",)),
    Fault("statcan", "profile without an area", swap("DF_DA", b"2021S051235300003", b"other"),
          ("nothing for 35300003",)),
    Fault("statcan", "archive with a name that leads out", body("/links/", slipped),
          ("a name that leads out of it",)),
    Fault("statcan", "archive that would fill the disk", body("/links/", bomb("gaf.csv")),
          ("one table of a size that can be",)),
    Fault("statcan", "archive cut off, but whole by its length",
          body("/links/", lambda content: content[:-30]), ("archive cannot be read",)),
    Fault("osm", "gave up before it had everything",
          swap("/osm/", b"</osm>", b"<remark>runtime error: timed out</remark></osm>"),
          ("gave up before it had everything",)),
    Fault("osm", "no feature",
          sent("/osm/", body=b'<osm version="0.6"></osm>'), ("no feature came",)),
    Fault("osm", "no XML", sent("/osm/", body=b"Dispatcher_Client::request_read_and_idx"),
          ("no OpenStreetMap data",)),
    Fault("osm", "busy (504)", sent("/osm/", status=504), ("answered 504 3 times",)),
    Fault("grt", "feed cut off for ever", halved("/grt/1"), ("broke off in the middle, 3 times",)),
    Fault("grt", "killed (SIGKILL) in the middle of a feed", sent("nothing"), ("no word",),
          -signal.SIGKILL, run=killed),
    Fault("grt", "feed that would fill the disk", body("/grt/1", bomb("stops.txt")),
          ("larger than 268 MB when unpacked",)),
    Fault("grt", "no zip", sent("/grt/1", body=b"Sorry", kind="application/octet-stream"),
          ("refused: raw file cannot be read",)),
    Fault("region", "layer gone from the catalogue", swap("dcat", b"Roads", b"Streets"),
          ("no layer 'Roads' any more",)),
    Fault("region", "renamed column", swap("Roads/MapServer/0/query", b"FlowDirection", b"Oneway"),
          ("'FlowDirect' is missing",)),
]  # fmt: skip


def tried(desk: Desk, fault: Fault) -> str:
    """Run one fault in a checkout that nobody needs and return its row.

    Raises
    ------
    AssertionError
        If it ends with a traceback, another code or other words, or good data are touched.
    """
    before = desk.state()
    with pytest.MonkeyPatch.context() as patch:
        fault.prepare(desk, patch)
        prepared = desk.state()
        ended = fault.run(desk) if fault.run else desk.call(
            "--only", fault.source, *fault.options, key=fault.key, timeout_s=fault.timeout_s
        )  # fmt: skip
    told = ended.err + ended.out
    assert ended.code == fault.code, ended
    assert "Traceback" not in told, ended
    several = "files could not be fetched" in ended.err
    lines = ended.err.splitlines()
    assert len(lines) == (1 if fault.code else 0), ended.err
    said = next(
        (line for line in ended.out.splitlines() if fault.words and fault.words[0] in line), ""
    ) if several or not fault.code else lines[0]  # fmt: skip
    for word in fault.words:
        assert word in said, (word, said, told)
    where = said.partition(": not fetched: ")[2] or said.removeprefix("error: ")
    outcome = desk.plain(where) if fault.words else "fetched"
    after, own = desk.state(), {"services.json"}
    lost = before.keys() - after.keys()
    assert not lost, lost
    files = {name for name in after if after[name] != prepared.get(name)} - own
    left = _untouched(desk, prepared, files)
    if fault.code == 0:
        assert left == "as it was; 1 other file(s) of it are new", left
        left = NEWS
    return Row(fault.source, fault.name, 1, f"{fault.code}: {outcome}", left).line()


def _untouched(desk: Desk, prepared: dict[str, str], files: set[str]) -> str:
    """Insist that what is in place is good: as it was, or whole news with its entry."""
    register = desk.register()
    others, parts = set(), {name for name in files if name.startswith("raw/.fetch/")}
    for name in files - {"sources.json", "fetched.json"} - parts:
        entry = register.get(name.removeprefix("raw/"))
        assert entry is not None, name
        assert entry["sha256"] == desk.state()[name], name
        others.add(name)
    for name, digest in prepared.items():
        if name.startswith("raw/") and name not in others:
            assert register[name.removeprefix("raw/")]["sha256"] == digest
    told = f"; {len(others)} other file(s) of it are new" if others else ""
    return f"as it was{told}{'; the part that came is kept' if parts else ''}"


def of_server(fetched: Desk, folder: Path, fault: Fault) -> str:
    """Return the row of a fault, tried with a server of its own that has news."""
    server = Publishers()
    server.version = 2
    try:
        return tried(copied(fetched, folder, server), fault)
    finally:
        server.close()


def page(rows: list[str]) -> str:
    """Return the page of rows."""
    return HEAD + "\n".join(rows) + f"\n\n{len(rows)} faults.\n"


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the page, else print it")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = Publishers()
        fetched = begin(Path(folder) / "fetched" / "checkout", server)
        assert fetched.call().code == 0
        server.close()
        run = partial(of_server, fetched)
        rows = [run(Path(folder) / str(number), fault) for number, fault in enumerate(FAULTS)]
    show = PAGE.write_text if given.write else print
    show(page(rows))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
