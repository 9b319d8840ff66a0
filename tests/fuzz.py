"""Give every reader spoilt files: it must return a value or raise a KwevError of one line.

    python tests/fuzz.py --cases 20000 [--reader NAME] [--keep]

Valid small files are mutated (bytes flipped, cut, doubled; keys, cells, rows and columns lost,
doubled or exchanged for what they must not be) and read in this process. Anything else than the
two ends, more than 5 s of the processor, or a traceback on standard error is a finding: printed
once by its place, with a file that reproduces it below ``build/fuzz``. ``--keep`` writes the counts
for ``docs/bad-inputs.md``. Not in the ordinary suite, which runs a few cases of each reader.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import itertools
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import geopandas as gpd
import pandas as pd
from home_region import FILES, REGION

from kwev.config import load_config
from kwev.data.schemas import PROCESSED
from kwev.data.tables import load_tables, parsed
from kwev.errors import KwevError
from kwev.pipeline.raw import Raw
from kwev.project import Project
from kwev.report import history, observations, targets
from kwev.report.sources import read_catalogue
from kwev.sets import problems
from kwev.studies.rows import read_rows
from kwev.studies.study import Record, read_record

ROOT = Path(__file__).resolve().parents[1]
RAW = Path(os.environ.get("KWEV_RAW") or ROOT / "data" / "raw")
MOST_S = 5.0
LONGEST = 4_000
"""Characters of a line that a person still reads."""
MARK = "\ue000"
"""Around what stands in JSON as it is."""
AS_IT_IS = (
    "1e400", "-1e400", "NaN", "Infinity", "1" + "0" * 30, "1e308", "-0.0", "0", "-1", "1e-320",
    "true", "null", "[]", "{}", '"\\ud800"', '"\\u0000"', "[[[[[[]]]]]]", "3.5",
)  # fmt: skip
TEXTS = (
    "", " ", "x", "-1", "0", "1e400", "nan", "inf", "99999999999999999999", "1e308", "3.5",
    "2260-01-01", "0001-01-01", "9999-99-99", "20261301", "25:61:61", "=1+1", "\x1b[31m", "\x00",
    "two\nlines", "ü\u202e", "true", "'", '"', "a" * 5_000, "Level 3", "-79.9", "\u0663", "1_0",
)  # fmt: skip
Read = Callable[[Path], object]
Mutate = Callable[[bytes, random.Random], bytes]


class Reader(NamedTuple):
    """What reads a file, where it looks for it, and a valid one."""

    read: Read
    name: str
    seed: bytes


class TooLongError(Exception):
    """A reader takes more of the processor than :data:`MOST_S`."""


# -- mutations ---------------------------------------------------------------------------------


def of_bytes(content: bytes, chance: random.Random) -> bytes:
    """Flip, cut, double, drop or put in bytes."""
    at = chance.randrange(len(content) + 1)
    end = min(len(content), at + chance.choice((1, 2, 16, 200)))
    junk = chance.choice(
        (b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b'"', b",", b"\n", b"\r", b"{", b"]")
    )
    flipped = bytes([chance.randrange(256)])
    return chance.choice((
        content[:at], content[at:], content[:at] + content[end:],
        content[:at] + junk + content[at:],
        content[:end] + content[at:], content[:at] + flipped + content[at + 1 :], b"",
        b"\xef\xbb\xbf" + content, content * 2, content.replace(b"\n", b"\r"),
    ))  # fmt: skip


def of_json(content: bytes, chance: random.Random) -> bytes:
    """Exchange, drop or double one value somewhere in JSON."""
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return of_bytes(content, chance)
    token = MARK + chance.choice(AS_IT_IS) + MARK
    if chance.random() < 0.5:
        token = chance.choice(TEXTS)
    places = [(None, None), *_places(value)]
    node, key = places[chance.randrange(len(places))]
    doubled = None
    if node is None:
        value = token
    elif chance.random() < 0.15:
        del node[key]
    elif chance.random() < 0.15 and isinstance(node, dict):
        doubled = key
        node[MARK + "twice"] = token
    elif chance.random() < 0.2:
        node[key] = [node[key]] * 2
    else:
        node[key] = token
    text = json.dumps(value).replace(json.dumps(MARK + "twice"), json.dumps(doubled))
    mark = json.dumps(MARK)[1:-1]
    for word in AS_IT_IS:
        text = text.replace(json.dumps(MARK + word + MARK), word)
    return text.replace(mark, "").encode()


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield what holds each value, and its key there."""
    keys = list(value) if isinstance(value, dict) else []
    keys = range(len(value)) if isinstance(value, list) else keys
    for key in keys:
        yield value, key
        yield from _places(value[key])


def of_csv(content: bytes, chance: random.Random) -> bytes:
    """Exchange cells, or drop, double or move rows and columns."""
    rows = list(csv.reader(io.StringIO(content.decode("utf-8", "replace"), newline="")))
    if len(rows) < 2 or chance.random() < 0.15:
        return of_bytes(content, chance)
    number = (
        chance.randrange(len(rows)) if chance.random() < 0.3 else chance.randrange(1, len(rows))
    )
    column = chance.randrange(len(rows[number]) or 1)
    way = chance.random()
    if way < 0.7 and rows[number]:
        rows[number][column] = chance.choice(TEXTS)
    elif way < 0.8:
        rows.insert(number, list(rows[chance.randrange(len(rows))]))
    elif way < 0.9:
        del rows[number]
    else:
        double = chance.random() < 0.5
        rows = [r[: column + double] + r[column + (not double) :] for r in rows]
        rows = [r[:column] + r[column : column + 1] * double + r[column:] for r in rows]
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def of_zip(content: bytes, chance: random.Random) -> bytes:
    """Mutate a table of a zip file, lose it, or harm the file itself."""
    if chance.random() < 0.2:
        return of_bytes(content, chance)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
    except Exception:  # noqa: BLE001 -- spoilt before
        return of_bytes(content, chance)
    name = chance.choice(sorted(files) or ["x"])
    changed = of_csv(files.pop(name, b""), chance)
    if chance.random() < 0.9:
        files[name] = changed
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for key, text in files.items():
            archive.writestr(f"in/{key}" if chance.random() < 0.02 else key, text)
    return made.getvalue()


def of_parquet(content: bytes, chance: random.Random) -> bytes:
    """Exchange, drop or double a column or a row of a columnar file."""
    if chance.random() < 0.3:
        return of_bytes(content, chance)
    try:
        table = pd.read_parquet(io.BytesIO(content))
    except Exception:  # noqa: BLE001 -- spoilt before
        return of_bytes(content, chance)
    name = chance.choice(list(table.columns) or ["x"])
    value = chance.choice((*TEXTS, None, -1, float("inf"), 10**20, b"\x00", float("nan")))
    changed = chance.choice((
        lambda: table.drop(columns=name), lambda: table.iloc[:0], lambda: table.iloc[:1],
        lambda: table.assign(**{name: value}), lambda: table.rename(columns={name: "other"}),
        lambda: pd.concat([table, table]),
    ))()  # fmt: skip
    made = io.BytesIO()
    try:
        changed.to_parquet(made)
    except Exception:  # noqa: BLE001 -- no such column can be written
        return of_bytes(content, chance)
    return made.getvalue()


MUTATIONS: dict[str, Mutate] = {
    ".json": of_json, ".geojson": of_json, ".csv": of_csv, ".zip": of_zip, ".parquet": of_parquet,
}  # fmt: skip

# -- readers -----------------------------------------------------------------------------------


def head(file: Path, rows: int = 4) -> bytes:
    """Return the first rows of a file of any kind, as one that is valid itself."""
    made = io.BytesIO()
    if file.suffix == ".parquet":
        table = gpd.read_parquet(file) if "road" in file.name else pd.read_parquet(file)
        table.head(rows).to_parquet(made)
        return made.getvalue()
    if file.suffix == ".geojson":
        value = json.loads(file.read_text())
        return json.dumps(value | {"features": value["features"][:2]}).encode()
    lines = csv.reader(io.StringIO(file.read_text(encoding="utf-8-sig"), newline=""))
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(itertools.islice(lines, rows))
    return text.getvalue().encode()


def raw_readers(folder: Path) -> dict[str, Reader]:
    """Return one reader for each raw file that is here; the timetables are small ones of tests."""
    from timetables import bus_feed, ion_feed, write_feed

    feeds = {"grt_feed": bus_feed, "ion_feed": ion_feed}
    found = {}
    for name, file in FILES.items():
        if not (name in feeds or (RAW / file).is_file()):
            continue
        seed = (
            write_feed(folder / "feed.zip", feeds[name]()).read_bytes()
            if name in feeds else head(RAW / file)
        )  # fmt: skip

        def read(path: Path, name: str = name, file: str = file) -> object:
            raw = Raw(
                path.parents[file.count("/")], folder / "sources.json", REGION, frozenset({file})
            )
            return raw._checked(name)

        found[f"raw: {name}"] = Reader(read, f"raw/{file}", seed)
    return found


def plan_readers(project: Project) -> dict[str, Reader]:
    """Return the readers of plans, of what stands beside them, and of studies."""
    from planted import village

    from kwev.certify import certify
    from kwev.plan.format import read_plan
    from kwev.report import results
    from kwev.studies.store import solve_certified

    town = village()
    plan = town.plan
    entry = solve_certified(town.tables, town.case)

    def checked(path: Path) -> object:
        return certify(read_plan(path), town.tables, town.case)

    def account(path: Path) -> object:
        (path.parent / "results.json").write_text("{}")
        (path.parent / "plan.json").write_text("{}")
        return results.problems_of(path.parent / "plan.json", town.tables, entry.plan)

    def record(path: Path) -> object:
        parts = json.loads((project.results / "alternatives.json").read_text())["made_from"]
        made = Project(path.parents[2])
        return read_record(made, Record("alternatives", parts, dict))

    study = (project.results / "geography.csv").read_bytes()
    manifest = {"files": {"a": {"bytes": 1, "sha256": "0" * 64}, "b": {"bytes": 2, "sha256": "1"}}}
    return {
        "plan": Reader(checked, "plan.json", json.dumps(plan.as_dict()).encode()),
        "account of solves": Reader(account, "solve.json", json.dumps(entry.account).encode()),
        "study": Reader(lambda path: read_rows(path, "geography"), "geography.csv", study),
        "record": Reader(record, "data/results/alternatives.json",
                         (project.results / "alternatives.json").read_bytes()),
        "manifest": Reader(lambda path: problems(path.parent), "manifest.json",
                           json.dumps(manifest).encode()),
    }  # fmt: skip


def readers(folder: Path) -> dict[str, Reader]:
    """Return every reader by name."""
    from bad_inputs import DATED, LIST, vehicles

    project = Project(ROOT)
    (folder / "sources.json").write_text('{"sources": []}')
    tables = load_tables(project.processed)

    def scenario(path: Path) -> object:
        return load_config("balanced", path.parents[1])

    def base(path: Path) -> object:
        return load_config("base", path.parent)

    def observed(path: Path) -> object:
        return observations.read(project, tables, path, date="2026-03", series="")

    def catalogue(path: Path) -> object:
        own = Project(path.parents[1])
        own.config.mkdir(exist_ok=True)
        shutil.copy(project.config / "region.json", own.config)
        return read_catalogue(own)

    points = [
        {"type": "Feature", "properties": {"name": "a", "l2_ports": 2, "l3_ports": 0},
         "geometry": {"type": "Point", "coordinates": [-80.49, 43.45]}}
    ]  # fmt: skip
    lists = {
        "own": LIST.encode(), "dated": DATED.replace("02-31", "02-28").encode(),
        "vehicles": vehicles().encode(),
        "points": json.dumps({"type": "FeatureCollection", "features": points}).encode(),
        **{key: head(RAW / FILES[key]) for key in ("ocm", "nrcan") if (RAW / FILES[key]).is_file()},
    }  # fmt: skip
    config = project.config
    found = {
        "configuration": Reader(base, "base.json", (config / "base.json").read_bytes()),
        "scenario": Reader(scenario, "scenarios/balanced.json",
                           (config / "scenarios" / "balanced.json").read_bytes()),
        "targets": Reader(targets.read, "targets.json",
                          (project.root / "data" / "targets.json").read_bytes()),
        "history": Reader(history.read_history, "history.csv",
                          (project.root / history.FILE).read_bytes()),
        "sources": Reader(catalogue, "data/sources.json", project.register.read_bytes()),
    }  # fmt: skip
    for key, seed in lists.items():
        ending = "geojson" if key == "points" else "csv"
        found[f"monitor: {key}"] = Reader(observed, f"list.{ending}", seed)
    for name, schema in PROCESSED.items():
        read = partial(_processed, schema=schema)
        found[f"processed: {name}"] = Reader(
            read, f"{name}.csv", head(project.processed / f"{name}.csv")
        )
    return {**plan_readers(project), **found, **raw_readers(folder)}


def _processed(path: Path, schema: Any) -> object:
    return parsed(path.read_bytes(), schema, str(path))


def laid(folder: Path) -> None:
    """Lay what some readers need beside their file."""
    shutil.copy(ROOT / "config" / "base.json", folder)
    shutil.copytree(ROOT / "config" / "scenarios", folder / "scenarios")
    (folder / "data").mkdir()
    (folder / "data" / "processed").symlink_to(ROOT / "data" / "processed")


# -- one case ----------------------------------------------------------------------------------


def spoilt(reader: Reader, chance: random.Random, times: int) -> bytes:
    """Return a valid file after so many mutations."""
    content = reader.seed
    for _ in range(times):
        content = MUTATIONS[Path(reader.name).suffix](content, chance)
    return content


def finding(reader: Reader, path: Path, content: bytes) -> str | None:
    """Return what is wrong with the way a reader ends; None where nothing is, "" where it read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    said = io.StringIO()
    signal.setitimer(signal.ITIMER_PROF, MOST_S)
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
            reader.read(path)
    except KwevError as error:
        line = str(error)
        if "\n" in line or len(line) > LONGEST or not line.isprintable():
            return f"not one line that shows: {line[:200]!r}"
        return None
    except BaseException as error:  # noqa: BLE001 -- any other end is what is looked for
        own = [f for f in traceback.extract_tb(error.__traceback__) if "/kwev/" in f.filename]
        place = f"{Path(own[-1].filename).name}:{own[-1].lineno}" if own else "?"
        return f"{place} {type(error).__name__}: {' '.join(str(error).split())[:160]}"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return "a traceback was printed" if "Traceback" in said.getvalue() else ""


def shrunk(reader: Reader, path: Path, content: bytes, found: str) -> bytes:
    """Return a smaller file with the same fault, taking away halves, quarters and so on."""
    size = len(content) // 2
    tries = 0
    while size and tries < 300:
        for start in range(0, len(content), size):
            tries += 1
            less = content[:start] + content[start + size :]
            if (finding(reader, path, less) or "").split(": ")[0] == found.split(": ", maxsplit=1)[
                0
            ]:
                content = less
                break
        else:
            size //= 2
    return content


@dataclass
class Tally:
    """What became of the cases of one reader."""

    read: int = 0
    refused: int = 0
    found: Counter[str] = field(default_factory=Counter)


def fuzz(name: str, reader: Reader, cases: int, folder: Path, seed: int) -> Tally:
    """Try a reader so often; print each kind of finding once and keep a file of it."""
    # one generator a reader, so that a reader alone sees the same files as among the others
    chance = random.Random(f"{seed} {name}")  # noqa: S311 -- mutations, no secrets
    tally = Tally()
    place = folder / name.replace(": ", "-")
    place.mkdir()
    laid(place)
    path = place / reader.name
    for number in range(cases):
        content = spoilt(reader, chance, number and chance.choice((1, 1, 1, 2, 3)))
        found = finding(reader, path, content)
        if found and not tally.found[found.split(": ")[0]]:
            kept = ROOT / "build" / "fuzz" / f"{place.name}-{number}{path.suffix}"
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_bytes(shrunk(reader, path, content, found))
            print(f"{name} case {number}: {found}", flush=True)  # noqa: T201
        if found:
            tally.found[found.split(": ")[0]] += 1
        if number == 0 and found != "":
            raise SystemExit(f"{name}: the file that is not spoilt is refused ({found})")
        tally.read += found == ""
        tally.refused += found is None
    return tally


def too_long(*_: object) -> None:
    """End a reader that takes too long."""
    raise TooLongError


def main() -> int:
    """Run from the command line; return 1 where anything was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--reader", help="one reader alone, by name or the beginning of it")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="keep the counts for the page")
    given = parser.parse_args()
    signal.signal(signal.SIGPROF, too_long)
    print(f"seed {given.seed}", flush=True)  # noqa: T201
    rows, wrong = [], 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        every = {
            key: reader for key, reader in readers(folder).items()
            if key.startswith(given.reader or "")
        }  # fmt: skip
        if not every:
            sys.exit(f"no reader {given.reader!r}")
        for key, reader in every.items():
            tally = fuzz(key, reader, -(-given.cases // len(every)), folder, given.seed)
            wrong += sum(tally.found.values())
            told = f"{tally.read:,} read, {tally.refused:,} refused in one line"
            print(f"{key}: {told}, {sum(tally.found.values())} wrong", flush=True)  # noqa: T201
            rows.append(["fuzzed reader", key, tally.read + tally.refused, told, "nothing written"])
    if given.keep and not wrong:
        from outcomes import keep

        keep("fuzz", rows)
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
