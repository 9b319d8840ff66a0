"""Bad inputs of every kind, each told once: what spoils a checkout, the command, what it must say.

``tests/cli/test_outcomes.py`` tries each and ``tests/outcomes.py`` writes what came out. To add a
kind, make a list of :class:`Bad` and name it in :data:`CASES`.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from home_region import FILES

from kwev import sets
from kwev.report.history import COLUMNS, FILE

ROOT = Path(__file__).resolve().parents[1]
RAW = Path(os.environ.get("KWEV_RAW") or ROOT / "data" / "raw").resolve()
HALF = "a\udcff"
"""A name that is no UTF-8, as the system hands it over."""
LONG = "a" * 300
Spoil = Callable[[Path], object]
Change = Callable[[bytes], bytes | None]
TRACT = ("solve", "-g", "tract", "-o", "plan")
CHECK = ("check", "plan/plan.json")


@dataclass(frozen=True)
class Bad:
    """A bad input: its kind and name, a command, what its line must hold, and what spoils a copy.

    The command runs in a checkout with base at tract solved into ``plan``; a text is a script.
    Code 2 is one line on standard error, else the words stand on standard output.
    """

    kind: str
    name: str
    command: tuple[str, ...] | str
    words: tuple[str, ...] = ()
    spoil: Spoil = bool
    code: int = 2

    @property
    def needs_raw(self) -> bool:
        """Return whether it needs the raw files."""
        return self.kind == "raw file"


def put(name: str, content: bytes | str) -> Spoil:
    """Return what writes a file."""

    def spoil(root: Path) -> None:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    return spoil


def spoilt(name: str, change: Change) -> Spoil:
    """Return what changes a file, or takes it away where nothing is left."""

    def spoil(root: Path) -> None:
        path = root / name
        before = path.read_bytes()
        after = change(before)
        assert after != before, name
        path.unlink()
        if after is not None:
            path.write_bytes(after)

    return spoil


def swapped(old: bytes, new: bytes, times: int = 1) -> Change:
    return lambda content: content.replace(old, new, times)


def gone(_: bytes) -> None:
    """Leave nothing."""


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


# -- configuration, options, names -------------------------------------------------------------


def set_in(dotted: str, value: object) -> Spoil:
    """Return what sets one key of base."""

    def change(content: bytes) -> bytes:
        values = node = json.loads(content)
        *parents, leaf = dotted.split(".")
        for parent in parents:
            node = node[parent]
        node[leaf] = value
        return json.dumps(values).encode()

    return spoilt("config/base.json", change)


BALANCED = "config/scenarios/balanced.json"
CONFIG = [
    Bad("configuration", name, TRACT, (*words, "base.json"), set_in(key, value))
    for name, key, value, words in (
        ("unknown key", "budget.limit_cda", 1, ("budget.limit_cda", "'limit_cad'")),
        ("unknown section", "buget", {}, ("'buget'", "'budget'")),
        ("no grid", "siting.grid_factor", 0, ("siting.grid_factor", "greater than 0")),
        ("negative budget", "budget.limit_cad", -1, ("budget.limit_cad", "not -1")),
        ("radius of 0", "coverage.l2_radius_m", 0, ("coverage.l2_radius_m", "(m)")),
        ("text for a number", "targets.l2", "95%", ("targets.l2", "'95%'", "0 to 1")),
        ("percent for a share", "targets.l2", 95, ("targets.l2", "not 95", "0 to 1")),
        ("ports the wrong way", "ports.min_l3", 99, ("min_l3 is above max_new_l3",)),
        ("unknown solver", "solver.name", "cplex", ("solver.name", "'cplex'", "'highs'")),
    )
] + [
    Bad("configuration", name, ("solve", "-s", "balanced", *TRACT[1:]), (word, "balanced.json"),
        spoil)
    for name, spoil, word in (
        ("NaN", put(BALANCED, '{"budget": {"limit_cad": NaN}}'), "NaN"),
        ("cut off", put(BALANCED, '{"budget": '), "not valid JSON"),
        ("a list", put(BALANCED, "[]"), "JSON object"),
        ("not UTF-8", put(BALANCED, b"\xff\xfe"), "not UTF-8"),
        ("a link to nowhere", lambda root: ((root / BALANCED).unlink(),
                                            (root / BALANCED).symlink_to("no.json")), "not found"),
    )
]  # fmt: skip

OPTIONS = [
    Bad("option", " ".join(option), ("solve", *option, "--out", "plan"), words)
    for option, words in (
        (("--scenario", "agressive"), ("'agressive'", "config", "'aggressive'")),
        (("--scenario", "winter"), ("unknown scenario", "Known: ")),
        (("--geography", "das"), ("'das'", "--geography", "'da'")),
        (("--geography", "block"), ("'block'", "--geography", "Known: cell, da, tract")),
        (("--solver", "higs"), ("'higs'", "--solver", "'highs'")),
        (("--solver", "cplex"), ("'cplex'", "--solver", "Known: ")),
    )
] + [Bad("option", "output folder that is a file", (*TRACT[:-1], "taken"),
         ("stands in the way", "taken", "folder"), put("taken", "mine"))]  # fmt: skip

NAMES = [
    Bad("name that cannot be", " ".join(command).replace(LONG, "LONG").replace(HALF, "HALF"),
        tuple(command), spoil=put(FILE, ",".join(COLUMNS) + "\n"))
    for command in (
        ["check", f"{LONG}.json"],
        ["check", f"{HALF}.json"],
        ["check", "/root/../proc/1/mem"],
        ["schedule", f"{LONG}/plan.json"],
        ["schedule", "plan/plan.json", "--out", LONG],
        ["solve", "-g", "tract", "--out", LONG],
        ["solve", "-g", "tract", "-s", LONG],
        ["solve", "-g", "tract", "-s", HALF],
        ["explain", "-s", LONG],
        ["data", "--raw", LONG],
        ["data", "--out", f"{LONG}/x"],
        ["data", "--accept", HALF],
        ["monitor", f"{LONG}-2026-01.csv"],
        ["monitor", f"{HALF}-2026-01.csv"],
        ["monitor", "config", "--date", "2026-01"],
        ["sweep", HALF],
        ["sweep", LONG],
        ["render", "--engine", HALF],
        ["schema", "--out", LONG],
        ["schema", "--out", "/proc/nowhere"],
    )
]  # fmt: skip

# -- plan files and the files beside them ------------------------------------------------------

PLAN = "plan/plan.json"
PLANS = [
    Bad("plan file", name, CHECK, (word, PLAN), spoilt(PLAN, change))
    for name, change, word in (
        ("cut in half", cut, "not valid JSON"),
        ("empty", lambda _: b"", "not valid JSON"),
        ("a list", lambda _: b"[]", "this is a list"),
        ("a number", lambda _: b"3", "must be a JSON object"),
        ("another object", lambda _: b'{"type": "FeatureCollection"}', "not a plan of format 2"),
        ("not UTF-8", lambda _: b"\xff\xfe{}", "not UTF-8"),
        ("missing", gone, "file not found"),
        ("a later format", swapped(b'"format_version": 2', b'"format_version": 3'),
         "format_version"),
        ("a port without end", swapped(b'"l2_ports_after": 0', b'"l2_ports_after": 1' + b"0" * 400),
         "too many digits"),
        ("unknown geography", swapped(b'"geography": "tract"', b'"geography": "block"'),
         "geography"),
        ("1e400", lambda _: b'{"a": 1e400}', "not valid JSON"),
        ("-1e400", lambda _: b'{"a": -1e400}', "not valid JSON"),
        ("half a character", lambda _: b'{"a": "\\ud800"}', "not valid JSON"),
        ("half a character as a key", lambda _: b'{"\\udfff": 1}', "not valid JSON"),
        ("a zero byte", lambda _: b"\x00", "not valid JSON"),
        ("brackets without end", lambda _: b"{" * 9999, "not valid JSON"),
        ("brackets within brackets", lambda _: b"[" * 99999, "not valid JSON"),
    )
]  # fmt: skip

BESIDE = ("plan.csv", "plan.geojson", "results.json", "solve.json")


def without_manifest(name: str) -> Spoil:
    """Return what makes a file say something else and takes away the manifest that would tell."""

    def spoil(root: Path) -> None:
        (root / "plan" / sets.MANIFEST).unlink()
        path = root / "plan" / name
        text = path.read_text().replace('"net_cost_cad": ', '"net_cost_cad": 1')
        path.write_text(text.replace("new_", "old_"))

    return spoil


SETS = [
    Bad("file beside a plan", f"{name} {what}", CHECK, (f"violation: {name} {words}",), spoil, 1)
    for name in BESIDE
    for what, words, spoil in (
        ("changed", "is not the file that manifest.json names",
         spoilt(f"plan/{name}", swapped(b"1", b"2"))),
        ("lost", "cannot be read", spoilt(f"plan/{name}", gone)),
        ("changed, no manifest", "does not say what", without_manifest(name)),
    )
    if "manifest" not in what or name != "solve.json"
]  # fmt: skip

# -- what would destroy ------------------------------------------------------------------------

MINE = ("../bundle/raw/sub", "../home", "../own")


def precious(root: Path) -> None:
    """Make folders of the user's own, each with a file, and a store."""
    for folder in MINE:
        put(f"{folder}/precious.txt", "mine")(root)
    put("build/store/base-tract-0123456789abcdef/plan.json", "{}")(root)


RAW_HERE = ("data", "--raw", "../bundle/raw", "--out")
DESTROY = [
    Bad("destroys what is there", f"--out is {what}", (*RAW_HERE, out),
        ("the output folder", "Nothing was touched"), precious)
    for what, out in (("the raw folder", "../bundle/raw"), ("above the raw folder", "../bundle"),
                      ("within the raw folder", "../bundle/raw/sub"), ("the checkout", "."),
                      ("a folder of the checkout", "config"), ("home", "../home"),
                      ("a folder of the user's", "../own"))
] + [
    Bad("destroys what is there", " ".join(command), tuple(command), (words,), precious)
    for command, words in (
        (("render", "--fresh", "--engine", "wrod"), "unknown engine 'wrod'"),
        (("sweep", "geografy", "--fresh"), "unknown study"),
        (("sweep", "geography", "--fresh", "--scheduler", "tcp://127.0.0.1:1"), "no scheduler"),
    )
]  # fmt: skip

# -- data --------------------------------------------------------------------------------------

NRCAN = FILES["nrcan"]


def at_zero(content: bytes) -> bytes:
    """Move the first station to 0,0."""
    header, first, rest = content.split(b"\n", 2)
    columns, values = header.split(b","), first.split(b",")
    assert b'"' not in first
    for name in (b"Latitude", b"Longitude"):
        values[columns.index(name)] = b"0"
    return b"\n".join([header, b",".join(values), rest])


def raw_with(change: Change) -> Spoil:
    """Return what lays raw files beside the checkout, one of them spoilt."""

    def spoil(root: Path) -> None:
        for file in FILES.values():
            path = root.parent / "raw" / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to(RAW / file)
        spoilt(f"../raw/{NRCAN}", change)(root)

    return spoil


DATA = ("data", "--raw", "../raw", "--out", "data/processed")
RAWS = [
    Bad("raw file", name + ", accepted" * bool(accept), (*DATA, *accept),
        (NRCAN, word if accept or word in ("missing", "empty") else "the register"),
        raw_with(change))
    for name, change, word in (
        ("missing", gone, "missing"),
        ("empty", lambda _: b"", "empty"),
        ("truncated", cut, "the last line has no end"),
        ("renamed column", swapped(b"Latitude", b"Lat"), "Latitude"),
        ("coordinate at 0,0", at_zero, "0.0"),
    )
    for accept in ((), ("--accept", NRCAN))
]  # fmt: skip


def declared(folder: Path, name: str, text: str, **more: object) -> None:
    """Change a processed table and what the manifest says of it, as one who hides it would."""
    (folder / name).write_bytes(text.encode())
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["processed"][name] = sets.entry(text.encode(), **more)
    (folder / "manifest.json").write_text(json.dumps(manifest))


def lost_row(text: str) -> str:
    """Return the table without its last row."""
    return "\n".join(text.splitlines()[:-1]) + "\n"


def changed(column: str, value: Callable[[str], str]) -> Callable[[str], str]:
    """Return what changes a column of the first row alone."""

    def change(text: str) -> str:
        table = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
        table.loc[0, column] = value(table.loc[0, column])
        return table.to_csv(index=False)

    return change


moved = changed("longitude", lambda text: f"{float(text) + 0.00124:.6f}")
crowded = changed("population", lambda _: "99999")
UNFIT = (
    ("da_profiles", lost_row, r"no row for '\d+' of das\.csv"),
    ("das", lost_row, r"is not in das\.csv"),
    ("cell_growth", lost_row, r"no row for .* of cells\.csv"),
    ("point_facts", lost_row, r"no row for .* of"),
    ("sites", moved, r"data row 1: degrees and metres are \d+\.\d m apart"),
    ("stations", moved, r"data row 1: degrees and metres are \d+\.\d m apart"),
)
"""Tables that do not fit the others: a row lost, a place moved in degrees alone."""
PROCESSED = "data/processed"


def hidden(name: str, change: Callable[[str], str]) -> Spoil:
    def spoil(root: Path) -> None:
        text = (root / PROCESSED / f"{name}.csv").read_text()
        declared(root / PROCESSED, f"{name}.csv", change(text))

    return spoil


TABLES = [
    Bad("processed table", f"{table}.csv {name}", CHECK, (f"{table}.csv", *words),
        spoilt(f"{PROCESSED}/{table}.csv", change))
    for table, name, change, words in (
        ("stations", "missing", gone, ()),
        ("stations", "cut in half", cut, ()),
        ("stations", "with a renamed column", swapped(b"l2_ports", b"l2_plugs"), ()),
        ("stations", "not UTF-8", lambda _: b"\xff\xfe", ()),
        ("cells", "missing", gone, ("kwev data",)),
        ("cells", "with 99,999 people in one", lambda c: crowded(c.decode()).encode(), ("kwev",)),
    )
] + [
    Bad("processed table", f"{table}.csv {name}, manifest changed with it", CHECK, (words,),
        hidden(table, change))
    for table, name, change, words in (
        ("cells", "with 99,999 people in one", crowded, "is not the sum of its rows"),
        *((table, "one row short" if change is lost_row else "with a place 100 m off", change, "")
          for table, change, _ in UNFIT),
    )
]  # fmt: skip

# -- measurements ------------------------------------------------------------------------------

LIST = """name,latitude,longitude,l2_ports,l3_ports,access
City Hall,43.4516,-80.4925,4,0,public
Highway stop,43.4100,-80.3900,0,2,public
Waterloo Square,43.4643,-80.5204,2,0,
Makers only,43.4650,-80.5210,8,0,tesla_only
Guelph,43.5448,-80.2482,4,0,public
"""
DATED = LIST.replace("access\n", "access,opened\n").replace("public\n", "public,\n")
DATED = DATED.replace("only\n", "only,\n").replace("2,0,\n", "2,0,,2026-02-31\n")


def vehicles(factor: float = 1.0) -> str:
    fsas = pd.read_csv(ROOT / "data" / "processed" / "fsas.csv")
    return fsas.assign(ev=fsas["ev"] * factor)[["fsa", "ev"]].to_csv(index=False)


def measured(name: str, text: str) -> Spoil:
    """Return what begins a history and puts a list beside it."""

    def spoil(root: Path) -> None:
        put(FILE, ",".join(COLUMNS) + "\n")(root)
        put(name, text)(root)

    return spoil


MONITOR = [
    Bad("measurement", name, ("monitor", file, *options), words, measured(file, text))
    for name, file, text, options, words in (
        ("renamed column", "list-2026-03.csv", LIST.replace("l2_ports", "ports"), (),
         ("column missing: 'l2_ports'",)),
        ("latitude of 143", "list-2026-03.csv", LIST.replace("43.4516", "143.4"), (),
         ("row 1", "latitude")),
        ("fewer ports than none", "list-2026-03.csv", LIST.replace(",4,0,p", ",-4,0,p"), (),
         ("row 1", "l2_po")),
        ("half a port", "list-2026-03.csv", LIST.replace(",4,0,p", ",4.5,0,p"), (),
         ("row 1", "4.5")),
        ("unknown access", "list-2026-03.csv", LIST.replace("tesla_only", "teslas"), (),
         ("row 4", "access")),
        ("no date", "list.csv", LIST, (), ("no date",)),
        ("month 13", "list-2026-03.csv", LIST, ("--date", "2026-13"), ("not a date",)),
        ("series of ours", "list-2026-03.csv", LIST, ("--series", "merged"), ("kept for",)),
        ("series with a comma", "list-2026-03.csv", LIST, ("--series", "a,b"),
         ("not a name of a series",)),
        ("no stations", "list-2026-03.csv", LIST.splitlines()[0] + "\n", (),
         ("file has no rows",)),
        ("cut off", "list-2026-03.csv", LIST[:-8], (), ("the last line has no end",)),
        ("a cell too many", "list-2026-03.csv", LIST.replace(",2,0,", ",2,0,,"), (),
         ("row 3 has 7 cells and not 6",)),
        ("empty file", "list-2026-03.csv", "", (), ("cannot be read",)),
        ("one area alone", "ev-2026Q1.csv", "fsa,ev\nN2L,5\n", (), ("no row for area 'N0B'",)),
        ("no count", "ev-2026Q1.csv", "fsa,cars\nN2L,5\n", (), ("no column 'bev'",)),
        ("area twice", "ev-2026Q1.csv", vehicles() + "N2L,5\n", (), ("stands twice",)),
        ("in the future", "list-2031-03.csv", LIST, (), ("2031-03 lies in the future",)),
        ("opened on 2026-02-31", "list-2026-03.csv", DATED, (),
         ("row 3", "opened", "2026-02-31", "day")),
        ("no vehicles at all", "ev-2026Q1.csv", vehicles(0), (), ("no vehicle in any area",)),
        ("99,999 ports", "list-2026-03.csv", LIST.replace(",4,0,p", ",99999,0,p"), (),
         ("is above",)),
        ("1e400 ports", "list-2026-03.csv", LIST.replace(",4,0,p", ",1e400,0,p"), (),
         ("is above",)),
        ("ports without end", "list-2026-03.csv", LIST.replace(",4,0,p", ",inf,0,p"), (),
         ("is above",)),
        ("vehicles by the billion", "ev-2026Q1.csv", vehicles(1e9), (),
         ("column 'ev'", "is above")),
        ("a letter in a count", "ev-2026Q1.csv", vehicles().replace("N2L,", "N2L,x"), (),
         ("column 'ev'", "x")),
        ("a point", "list-2026-03.geojson", '{"type": "Point"}', (), ("not GeoJSON",)),
        ("features null", "list-2026-03.geojson", '{"features": null}', (), ("not GeoJSON",)),
        ("brackets without end", "list-2026-03.geojson", "[" * 100_000, (), ("not valid JSON",)),
        ("missing history", "list-2026-03.csv", LIST, ("--history", "no.csv"),
         ("no history here", "--begin")),
    )
] + [Bad("measurement", "outside the Region, for one make", ("monitor", "list-2026-03.csv"),
         ("left out: 1 outside the Region, 1 not for all cars",),
         measured("list-2026-03.csv", LIST), 0)]  # fmt: skip

# -- terminals and folders that fail -----------------------------------------------------------

TERMINALS = [
    Bad("terminal or folder", script, script, (words,) * bool(words), code=code)
    for script, code, words in (
        ("kwev scenarios > /dev/full", 2, "No space left on device"),
        ("kwev scenarios >&-", 2, "standard output is closed"),
        ("kwev --help > /dev/full", 2, "No space left"),
        ("kwev check plan/plan.json > /dev/full", 2, "No space left"),
        ("kwev check plan/plan.json >&-", 2, "standard output is closed"),
        ("kwev scenarios 2>&-", 0, ""),
        ("kwev check nowhere.json >&- 2>&-", 2, ""),
        ("kwev check plan/plan.json | true; exit ${PIPESTATUS[0]}", 2, "was closed before"),
        ("mkdir gone && cd gone && rmdir ../gone && kwev scenarios; x=$?; exit $x", 2, "error: "),
        ("TMPDIR=/nowhere HOME=/nowhere kwev check plan/plan.json", 0, ""),
    )
]

CASES = [
    *CONFIG, *OPTIONS, *NAMES, *PLANS, *SETS, *DESTROY, *RAWS, *TABLES, *MONITOR, *TERMINALS,
]  # fmt: skip
"""Every bad input that a command gets."""
