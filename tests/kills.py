"""Kill commands at random moments and look at what is left, and at what the next run makes of it.

    python tests/kills.py --times 50 solve schedule data render sweep monitor

works in a copy of the checkout and prints a line for each command: how many runs were killed, how
many ended before that, in how many the next run had something to mend, and what was wrong (which
must be nothing). Small inputs: base at tract, one small study, the preview of two pages. It is not
in the ordinary suite, where `tests/unit/test_sets.py` kills at each step that touches the disk.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from outcomes import Row, keep

ROOT = Path(__file__).resolve().parents[1]
COPIED = ("config", "data", "pyproject.toml", "chapters", "theme", "references.bib")
BOOK = """project: {type: book, output-dir: _book}
book: {title: Killed, author: Nobody, chapters: [index.qmd, one.qmd]}
"""
LIST = "name,latitude,longitude,l2_ports,l3_ports\nHall,43.4516,-80.4925,4,0\n"
EVERY = {"solve": 5, "schedule": 5, "data": 5, "render": 5, "sweep": 5}
"""After how many kills a run goes on to its end; for each of them it would take hours."""
HISTORY = Path("data/monitoring/history.csv")


@dataclass
class Tally:
    """What became of the kills of one command."""

    killed: int = 0
    ended: int = 0
    mended: int = 0
    wrong: list[str] = field(default_factory=list)


def copied(folder: Path) -> Path:
    """Make a checkout with a small book."""
    for name in COPIED:
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, folder / name)
    (folder / "_quarto.yml").write_text(BOOK)
    for name in ("index", "one"):
        (folder / f"{name}.qmd").write_text(f"# Page {name}\n\nText.\n")
    return folder


def run(root: Path, *words: str, kill_after_s: float = 0.0) -> tuple[int, str, float]:
    """Run a command, perhaps killed with all its processes; return code, output and seconds."""
    began = time.monotonic()
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "kwev.cli", *words]
    if words[0] == "book":  # the render alone: the plans of the real book take minutes
        script = (
            "from pathlib import Path; from kwev.book.render import render; "
            f"render(Path({str(root)!r}), engine='preview', to=['html'], progress=False)"
        )
        command = [sys.executable, "-c", script]
    with tempfile.TemporaryFile("w+") as told:
        process = subprocess.Popen(
            command, cwd=root, env=environment, stdout=told, stderr=told, start_new_session=True
        )
        try:
            process.wait(kill_after_s or 600)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        told.seek(0)
        return process.returncode, told.read(), time.monotonic() - began


def leftovers(root: Path) -> list[str]:
    """Return what no finished run leaves behind."""
    return [
        str(path.relative_to(root))
        for path in root.rglob("*")
        if ".kwev-" in path.name or (path.parent.name, path.name[:5]) == ("build", "site-")
    ]


def whole(root: Path, name: str) -> list[str]:
    """Return what is wrong with what a command writes: it must be whole, old or new."""
    from kwev.data.tables import load_tables
    from kwev.report.history import read_history
    from kwev.sets import problems

    if name == "data":
        load_tables(root / "out")
    if name == "monitor":
        read_history(root / HISTORY)
    places = {"solve": "plan", "schedule": "plan", "data": "out", "render": "_book"}
    found = problems(root / places[name]) if name in places else []
    if name == "sweep":
        table = root / "data/results/geography.csv"
        found += [] if table.read_text().endswith("\n") else ["the table is cut off"]
    return found


COMMANDS = {
    "solve": ("solve", "-g", "tract", "-o", "plan"),
    "schedule": ("schedule", "plan/plan.json"),
    "data": ("data", "--out", "out"),
    "render": ("book",),
    "sweep": ("sweep", "geography", "--fresh"),
    "monitor": ("monitor", "--series", "killed"),
}


def words_of(root: Path, name: str, number: int) -> tuple[str, ...]:
    """Return the command; the list of stations has a date of its own each time."""
    if name != "monitor":
        return COMMANDS[name]
    day = f"20{10 + number // 300:02d}-{number // 25 % 12 + 1:02d}-{number % 25 + 1:02d}"
    (root / f"stations-{day}.csv").write_text(LIST)
    return (*COMMANDS[name], f"stations-{day}.csv")


def try_command(root: Path, name: str, times: int, chance: random.Random) -> Tally:
    """Kill a command so often, at moments spread over its length, and look each time."""
    tally = Tally()
    code, said, length = run(root, *words_of(root, name, 0))
    if code not in {0, 3}:
        return Tally(wrong=[f"it fails by itself: {said[-300:]}"])
    for number in range(1, times + 1):
        # half of the moments in the last fifth, where files are written
        share = chance.uniform(0.8, 1.02) if number % 2 else chance.uniform(0.02, 1)
        words = words_of(root, name, number)
        code, _, _ = run(root, *words, kill_after_s=share * length)
        tally.killed += code == -signal.SIGKILL
        tally.ended += code != -signal.SIGKILL
        found = looked_at(root, name)
        if number % EVERY.get(name, 1) == 0:
            code, said, length = run(root, *words)
            tally.mended += "note: " in said
            if code not in {0, 3}:
                found.append(f"the next run ends with {code}: {said[-200:]}")
            found += looked_at(root, name) + leftovers(root)
        tally.wrong += [f"{number}: {line}" for line in found]
    return tally


def looked_at(root: Path, name: str) -> list[str]:
    """Return what is wrong with what stands there, whatever it is."""
    try:
        return whole(root, name)
    except Exception as error:  # noqa: BLE001 -- told, whatever it is
        return [repr(error)]


def main() -> int:
    """Run from the command line; return 1 where anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="+", choices=list(COMMANDS))
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="keep the counts for the page")
    given = parser.parse_args()
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        root = copied(Path(folder))
        if "data" in given.names:
            out = str(root / "build" / "out")
            COMMANDS["data"] = ("data", "--raw", os.environ["KWEV_RAW"], "--out", out)
            (root / "build").mkdir()
            (root / "out").symlink_to("build/out")
        if "schedule" in given.names and "solve" not in given.names:
            run(root, *COMMANDS["solve"])
        chance = random.Random(given.seed)  # noqa: S311 -- moments, no secrets
        for name in given.names:
            tally = try_command(root, name, given.times, chance)
            wrong += len(tally.wrong)
            print(json.dumps({"command": name, **vars(tally)}), flush=True)  # noqa: T201
            if given.keep and not tally.wrong:
                often = EVERY.get(name, 1)
                told = f"{tally.killed} killed, {tally.ended} ended before; "
                told += f"the whole runs, one after each {often}," if often > 1 else "the next run"
                told += " as ever"
                left = f"whole, old or new; the next run had to mend {tally.mended} times"
                row = Row("kill at a random moment", f"kwev {name}", given.times, told, left)
                keep(f"kill {name}", [row])
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
