"""What this machine has: the answer to "why does it not run here?".

It runs where nothing is installed yet (``python3 -m kwev.doctor``): a package is imported only to
look deeper, and one that is absent is a finding.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from kwev import escape
from kwev.errors import KwevError
from kwev.files import read_json, sha256_bytes
from kwev.lock import FILE as LOCK
from kwev.lock import asked_for, installed, read_lock, spelled
from kwev.project import find_project
from kwev.sets import listed, problems

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kwev.project import Project

OLDEST: Final = (3, 11)
NEWEST: Final = (3, 13)
"""The lock is made for Python from one to the other."""
QUARTO: Final = (1, 10)
"""Oldest Quarto that renders the book."""
KEYS: Final = {
    "OCMAP_API_KEY": ("OpenChargeMap", "openchargemap.org"),
    "NREL_API_KEY": ("NREL", "developer.nrel.gov"),
}
"""Variables with keys, in the environment or in ``.env``: whose each is, and who gives it."""
LEAST_FREE_GB: Final = 1
EASY_FREE_GB: Final = 4
"""Room for an environment (2 GB), the plans of a whole sweep and the book."""

SETUP: Final = "Run 'make setup'."
_SHOWN: Final = 6
_SECONDS: Final = 60
_GB: Final = 1e9


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's report; ``remedy`` is a sentence, empty where nothing is to do."""

    mark: Literal["ok", "note", "missing"]
    what: str
    detail: str
    remedy: str = ""

    def line(self) -> str:
        """Return it as a line of text."""
        return f"{self.mark:<8} {self.what:<22} {self.detail}" + (
            f". {self.remedy}" if self.remedy else ""
        )


def examine(project: Project) -> list[Finding]:
    """Return what is here, what is optional and absent, and what is missing."""
    return [
        _python(),
        *_packages(project),
        _highs(),
        _gurobi(),
        _quarto(),
        *(_key(project, name) for name in KEYS),
        _raw(project),
        _processed(project),
        _disk(project),
        *(_writable(project, name) for name in ("build", "_book", "data")),
        _program("git", "the book cannot say which commit it was made from"),
        _program("chromium", "the browser tests cannot run"),
    ]


def is_ready(findings: Iterable[Finding]) -> bool:
    """Return whether nothing that is needed is missing."""
    return all(finding.mark != "missing" for finding in findings)


def told(findings: Sequence[Finding], *, as_json: bool = False) -> list[str]:
    """Return the report as lines: a line a finding, or JSON with ``ready`` and ``findings``."""
    if not as_json:
        return [finding.line() for finding in findings]
    value = {"ready": is_ready(findings), "findings": [asdict(finding) for finding in findings]}
    return json.dumps(value, indent=1, ensure_ascii=False).splitlines()


def main(arguments: Sequence[str]) -> int:
    """Report without the command line's own packages; return 0 where nothing is missing, else 2."""
    try:
        findings = examine(find_project())
    except KwevError as error:
        sys.stderr.write(escape.terminal(f"error: {error}") + "\n")
        return 2
    lines = told(findings, as_json="--json" in arguments)
    sys.stdout.write("".join(f"{escape.terminal(line)}\n" for line in lines))
    return 0 if is_ready(findings) else 2


def _python() -> Finding:
    here, detail = tuple(sys.version_info[:2]), platform.python_version()
    if here < OLDEST:
        remedy = "Install Python 3.11 or newer, then 'make PYTHON=python3.12 setup'."
        return Finding("missing", "Python", detail, remedy)
    if here > NEWEST:
        remedy = "The lock is made for 3.11 to 3.13; 'make newest' takes what fits."
        return Finding("note", "Python", detail, remedy)
    return Finding("ok", "Python", detail)


# -- Packages and solvers.


def _packages(project: Project) -> list[Finding]:
    """Hold what is installed against the lock."""
    try:
        locked = {one.name: one.version for one in read_lock(project.root / LOCK) if one.applies}
    except KwevError as error:
        return [Finding("note", "packages", str(error).rstrip("."), "Nothing was held against it.")]
    here = {name: installed(name) for name in locked}
    absent = sorted(name for name, version in here.items() if version is None)
    others = sorted(
        f"{name} {version} (lock: {locked[name]})"
        for name, version in here.items()
        if version not in {None, locked[name]}
    )
    needed = {spelled(re.split(r"[^\w.-]", row)[0]) for row in asked_for(project.root)}
    right = f"{len(locked) - len(absent) - len(others)} of {len(locked)} as in {LOCK}"
    found = [Finding("note" if absent or others else "ok", "packages", right)]
    if lacking := [name for name in absent if name in needed]:
        found.append(Finding("missing", "packages needed", _some(lacking), SETUP))
    if rest := [name for name in absent if name not in needed]:
        found.append(Finding("note", "packages not here", _some(rest), SETUP))
    if others:
        remedy = f"{SETUP} After 'make newest' this is as it should be."
        found.append(Finding("note", "other versions", _some(others), remedy))
    return found


def _some(names: list[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _highs() -> Finding:
    version = installed("highspy")
    if version is None:
        return Finding("missing", "HiGHS", "not installed; it is the default solver", SETUP)
    return Finding("ok", "HiGHS", version)


def _gurobi() -> Finding:
    try:
        from kwev.solve import solvers  # noqa: PLC0415 -- may be what is missing
    except ImportError as error:
        return Finding("note", "Gurobi", f"not asked: no module {error.name}", SETUP)
    version, licence = installed("gurobipy"), solvers.gurobi_licence()
    if licence == "full":
        return Finding("ok", "Gurobi", f"{version}, full licence: no limits, used by default")
    remedy = "None is needed. With a licence of your own set GRB_LICENSE_FILE."
    if licence == "none":
        return Finding("note", "Gurobi", "not installed or no licence: HiGHS is used", remedy)
    most = f"at most {solvers.GUROBI_FREE_LIMIT:,} variables and as many constraints"
    detail = f"{version}, {licence} licence: {most}; used only when asked for"
    return Finding("note", "Gurobi", detail, remedy)


# -- Programs and keys.


def _quarto() -> Finding:
    """Ask Quarto, beside this interpreter or on the path, for its version."""
    remedy = "Install 1.10 or newer from https://quarto.org/docs/download."
    where = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    path = shutil.which("quarto", path=where)
    if path is None:
        return Finding("note", "Quarto", "not found: the preview is rendered", remedy)
    said = _asked(path, "--version")
    found = re.match(r"(\d+)\.(\d+)", said)
    if not found:
        return Finding("note", "Quarto", f"{path} does not run: the preview is rendered", remedy)
    if (int(found[1]), int(found[2])) < QUARTO:
        return Finding("note", "Quarto", f"{said} is older than the book is written for", remedy)
    return Finding("ok", "Quarto", f"{said}, {path}")


def _asked(*command: str) -> str:
    """Return the first line that a program tells; nothing where it fails."""
    try:
        done = subprocess.run(
            command, capture_output=True, encoding="utf-8", timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return ""
    return done.stdout.strip().partition("\n")[0] if done.returncode == 0 else ""


def _program(name: str, without: str) -> Finding:
    path = shutil.which(name)
    if path:
        return Finding("ok", name, path)
    return Finding("note", name, f"not found: {without}", f"Install {name} with your system.")


def _key(project: Project, name: str) -> Finding:
    """Say whether there is a key; the key itself is never shown."""
    owner, giver = KEYS[name]
    what = f"key of {owner}"
    try:
        lines = (project.root / ".env").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        lines = []
    if os.environ.get(name):
        return Finding("ok", what, f"{name} is set in the environment")
    if any(re.match(rf"\s*(export\s+)?{name}\s*=\s*[^\s#]", line) for line in lines):
        return Finding("ok", what, f"{name} is set in .env")
    remedy = f"Ask {giver} for one and write {name}=... into .env."
    return Finding("note", what, "none: needed only to fetch its stations anew", remedy)


# -- Data and disk.


def _raw(project: Project) -> Finding:
    """Hold each raw file against the register of sources."""
    what, remedy = "raw data", "Run 'kwev fetch', or set KWEV_RAW to a folder that has them."
    if not project.raw.is_dir():
        detail = f"none at {project.raw}: data/processed cannot be rebuilt"
        return Finding("note", what, detail, remedy)
    try:
        sources = {one["file"]: one["sha256"] for one in read_json(project.register)["sources"]}
    except (KwevError, KeyError, TypeError):
        return Finding("note", what, "no register of sources to hold it against", "Mend it.")
    wrong = [name for name, known in sorted(sources.items()) if _sha256(project, name) != known]
    if wrong:
        detail = f"missing, or not as registered: {_some(wrong)}"
        return Finding("note", what, detail, remedy)
    return Finding("ok", what, f"{len(sources)} files as registered, {project.raw}")


def _sha256(project: Project, name: str) -> str:
    try:
        return sha256_bytes((project.raw / name).read_bytes())
    except OSError:
        return ""


def _processed(project: Project) -> Finding:
    """Hold the tables against their manifest and, where pandas is, against their schemas."""
    what, remedy = "data/processed", "Take it from git, or run 'kwev data'."
    try:
        files = listed(project.processed)
        wrong = problems(project.processed) if files else ["no manifest"]
        if not wrong:
            _require_tables(project)
    except KwevError as error:
        wrong = [str(error).rstrip(".")]
    if wrong:
        return Finding("missing", what, _some(wrong), remedy)
    return Finding("ok", what, f"{len(files or ())} files as in their manifest")


def _require_tables(project: Project) -> None:
    try:
        from kwev.data.tables import load_tables  # noqa: PLC0415 -- may be what is missing
    except ImportError:
        return
    load_tables(project.processed)


def _disk(project: Project) -> Finding:
    free = shutil.disk_usage(project.root).free / _GB
    mark: Literal["ok", "note", "missing"] = "ok" if free >= EASY_FREE_GB else "note"
    remedy = f"Make room: {EASY_FREE_GB} GB are enough for everything." if mark != "ok" else ""
    return Finding(
        "missing" if free < LEAST_FREE_GB else mark, "disk", f"{free:,.1f} GB free", remedy
    )


def _writable(project: Project, name: str) -> Finding:
    """Say whether a folder, or what it would be made in, may be written to."""
    what, folder = f"writing {name}/", project.root / name
    place = next(path for path in (folder, *folder.parents) if path.exists())
    if not place.is_dir():
        return Finding("missing", what, f"{place} is a file", "Move it away.")
    if not os.access(place, os.W_OK | os.X_OK):
        remedy = "Give yourself permission, or work on a copy."
        return Finding("missing", what, f"{place} may not be written to", remedy)
    return Finding("ok", what, "allowed" if place == folder else "allowed; made when needed")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
