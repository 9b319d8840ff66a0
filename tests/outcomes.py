"""Try every bad input and write what came out: ``python tests/outcomes.py --write``.

The table is ``docs/bad-inputs.md``; ``tests/cli/test_outcomes.py`` tries each row again.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import pytest
from bad_inputs import CASES, RAW, Bad
from cli.conftest import Checkout, Ended, copied_to, copy_of
from forgeries import FORGERIES, TEXT, TYPES
from hostile import NAMED, PAYLOADS
from pipeline.test_readers import CASES as OWN_FILES

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "bad-inputs.md"
LONG_RUNS = Path(__file__).with_name("long-runs.json")
"""What ``tests/kills.py`` and ``tests/fuzz.py`` found when they were last run with ``--keep``."""
HEAD = """# What bad input gives

`python tests/outcomes.py --write` runs the commands and writes this. `tests/cli/test_outcomes.py`
runs each again, holds its row against this page, and insists on one line, on its words, on no
traceback and on no file lost. Paths of the machine are left out. Exit codes: `kwev --help`.

| kind | input | tried | outcome | left behind |
|---|---|---:|---|---|
"""


VOLATILE = (
    ("^error: ", ""),
    ("a{60,}", "LONG"),
    (r"(Known: (\S+ ){5}).*", r"\1…"),
    (r": line \d+ column \d+ \(char \d+\)", ""),
    (r"[\d,]+ (people|EV)", r"… \1"),
)
"""What a line has that changes with the data, or is too long for a table."""


class Row(NamedTuple):
    """One line of the table."""

    kind: str
    input: str
    tried: int
    outcome: str
    left: str

    def line(self) -> str:
        cells = (str(cell).replace("|", "\\|").replace("<", "&lt;") for cell in self)
        return f"| {' | '.join(cells)} |"


def script(checkout: Checkout, text: str, **environment: str) -> Ended:
    """Run a shell script in a checkout, with `kwev` in it."""
    prepared = f'kwev() {{ "{sys.executable}" -m kwev.cli "$@"; }}\n{text}'
    done = subprocess.run(
        ["bash", "-c", prepared], cwd=checkout.root, check=False, capture_output=True,
        env={**os.environ, **environment}, errors="backslashreplace", encoding="utf-8", timeout=120,
    )  # fmt: skip
    return Ended(done.returncode, done.stdout, done.stderr)


def tried(checkout: Checkout, bad: Bad) -> Row:
    """Spoil a checkout that nobody needs, run the command, and return what came out.

    Raises
    ------
    AssertionError
        If it ends with a traceback, another code or other words, or if a file is lost.
    """
    bad.spoil(checkout.root)
    before = state(checkout.root.parent)
    with pytest.MonkeyPatch.context() as patch:
        if (home := checkout.root.parent / "home").is_dir():
            patch.setenv("HOME", str(home))
        text = bad.command
        ended = script(checkout, text) if isinstance(text, str) else checkout.call(*text)
    assert ended.code == bad.code, ended
    assert not re.search("Traceback|Exception ignored", ended.err + ended.out), ended
    lines = ended.err.splitlines()
    if bad.code == 2:
        assert len(lines) == (1 if bad.words or not isinstance(text, str) else 0), ended.err
        assert not lines or lines[0].startswith("error: ")
    told = lines if bad.code == 2 else ended.out.splitlines()
    said = next((one for one in told if (*bad.words, "error: ")[0] in one), "")
    for word in bad.words:
        assert word in said, (word, said)
    outcome = plain(said, checkout.root) or ("no word" if bad.code else "done as ever")
    return Row(bad.kind, bad.name, 1, f"{bad.code}: {outcome}", left(before, state(home.parent)))


def state(folder: Path) -> dict[str, str]:
    """Return what each file below a folder holds, by its hash; of a link where it leads to."""
    return {
        path.relative_to(folder).as_posix().removeprefix("checkout/"):
        str(path.readlink()) if path.is_symlink() else sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() or path.is_symlink()
    }  # fmt: skip


def plain(text: str, root: Path) -> str:
    """Return a line without what is this machine's."""
    for place, word in ((root, "."), (root.parent, ".."), (RAW, "RAW"), (Path.cwd(), ".")):
        text = re.sub(rf"(/private)?{re.escape(str(place))}", word, text)
    for pattern, word in VOLATILE:
        text = re.sub(pattern, word, text)
    return text


def left(before: dict[str, str], after: dict[str, str]) -> str:
    """Return what a command changed; no file of before may be lost."""
    assert not before.keys() - after.keys(), before.keys() - after.keys()
    changed = sorted(name for name in after if after[name] != before.get(name))
    return f"written: {', '.join(changed)}" if changed else "as it was"


def elsewhere() -> list[Row]:
    """Return what other tests try, by kind, and what was found in runs of hours."""
    kinds = Counter(forgery.kind for forgery in FORGERIES)
    rows = [
        Row(
            "forged plan", kind, number,
            "2: refused by the reader" if kind in (TEXT, TYPES) else "1: a violation names it",
            "as it was; each in [forged-plans.md](forged-plans.md)",
        )
        for kind, number in kinds.items()
    ]  # fmt: skip
    columns = sum(map(len, NAMED.values()))
    rows.append(Row(
        "hostile name", f"{len(PAYLOADS)} names in {columns} columns, and `tests/hostile_parts.py`",
        len(PAYLOADS), "shown as typed; nothing runs, nothing is fetched",
        "pages opened in a browser by `tests/cli/test_hostile.py`",
    ))  # fmt: skip
    rows += [Row(kind, what, 1, outcome, "as it was") for kind, what, outcome in OWN_FILES]
    kept = json.loads(LONG_RUNS.read_text()) if LONG_RUNS.is_file() else {}
    return [*rows, *(Row(*row) for name in sorted(kept) for row in kept[name])]


def keep(name: str, rows: list[Row]) -> None:
    """Keep what a long run found for the page."""
    kept = json.loads(LONG_RUNS.read_text()) if LONG_RUNS.is_file() else {}
    LONG_RUNS.write_text(json.dumps(kept | {name: rows}, indent=1, sort_keys=True) + "\n")
    PAGE.write_text(page(of_commands(PAGE.read_text())))


def page(lines: list[str]) -> str:
    """Return the page of lines, one a command, with what other tests try."""
    others = elsewhere()
    count = len(lines) + sum(row.tried for row in others)
    every = [*lines, *(row.line() for row in others)]
    return HEAD + "\n".join(every) + f"\n\n{count:,} tried in all.\n"


def of_commands(text: str) -> list[str]:
    """Return the lines of the page that are commands' own."""
    return [line for line in text.splitlines() if line.startswith("| ")][1 : len(CASES) + 1]


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the page, else print it")
    given = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TMPDIR"] = folder
        solved = copy_of(ROOT, Path(folder) / "solved")
        assert solved.run("solve", "-g", "tract", "--out", "plan").code == 0
        for number, bad in enumerate(CASES):
            checkout = copied_to(solved, Path(folder) / str(number))
            rows.append(tried(checkout, bad).line())
            print(rows[-1], file=sys.stderr, flush=True)  # noqa: T201
    text = page(rows)
    if given.write:
        PAGE.write_text(text)
    else:
        print(text)  # noqa: T201
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
