"""Files that belong together: written whole or not at all, and known apart when they are mixed.

A set is a folder with a manifest: the size and hash of each of its files. It is written in one of
two ways, and a run that is killed at any moment leaves the old set, the new one, or what the next
run needs to bring one of them back (:func:`recover`), which it then says on standard error:

- :func:`replacing` makes a whole folder beside the old one and puts it in its place;
- :func:`write_set` puts files into a folder that may hold other things, which stay.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kwev import escape
from kwev.errors import KwevError
from kwev.files import dump_json, read_json, sha256_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MANIFEST: Final = "manifest.json"
PLAN: Final = "plan.json"
"""What the other files of a plan's folder are made from."""
_PART: Final = ".kwev-part"
"""Files being written: what stands there is nothing yet."""
_NEW: Final = ".kwev-new"
"""All files, whole, on their way into place."""
_KEYS: Final = ("files", "processed")
"""Where a manifest keeps its files: that of any set, and that of ``data/processed``."""
_HINT: Final = "Check the folder, its permissions and the room on its disk."

Entry = dict[str, Any]
"""What a manifest says of a file: ``bytes``, ``sha256`` and more."""


def entry(content: bytes, **more: Any) -> Entry:
    """Return what a manifest says of a file."""
    return {"bytes": len(content), "sha256": sha256_bytes(content), **more}


def listed(folder: Path) -> dict[str, Entry] | None:
    """Return what the manifest of a folder says, by file; None where it has none.

    Raises
    ------
    KwevError
        If the manifest is damaged.
    """
    path = folder / MANIFEST
    if not os.path.lexists(path):
        return None
    values = read_json(path)
    for key in _KEYS if isinstance(values, dict) else ():
        files = values.get(key)
        if isinstance(files, dict) and all(
            isinstance(one, dict) and isinstance(one.get("sha256"), str) for one in files.values()
        ):
            return files
    raise KwevError("not a manifest of files", where=str(path), hint="Write the folder again.")


def problems(folder: Path) -> list[str]:
    """Return what is wrong with the files of a set, a line each; empty where nothing is.

    A file is missing, is not what the manifest says, or was made from another plan than the one
    in the folder. A folder without a manifest has nothing to be held against.
    """
    files = listed(folder) or {}
    of_plan = folder / PLAN
    plan = sha256_bytes(of_plan.read_bytes()) if of_plan.is_file() else None
    found = []
    for name, kept in sorted(files.items()):
        try:
            digest = sha256_bytes((folder / name).read_bytes())
        except OSError as error:
            found.append(f"{name} cannot be read: {error.strerror}")
            continue
        if digest != kept["sha256"]:
            found.append(f"{name} is not the file that {MANIFEST} names")
        if name != PLAN and kept.get("plan", plan) != plan and plan is not None:
            found.append(f"{name} was made from another plan than {PLAN}")
    return found


# -- One folder, replaced as a whole.


@contextmanager
def replacing(target: Path, *, manifest: bool = True) -> Iterator[Path]:
    """Give an empty folder that takes the place of ``target`` when the block ends without error.

    Parameters
    ----------
    target
        The folder; a symbolic link to it stays one.
    manifest
        Whether to write a manifest of all files; not where the block writes its own.

    Raises
    ------
    KwevError
        If a folder cannot be written or moved; the old one stays as it was.
    """
    target = target.resolve()
    part, new, old = _beside(target)
    with locked(target.parent):
        _recover_folder(target)
        try:
            with _told(target):
                part.mkdir()
            yield part
            with _told(target):
                if manifest:
                    _write_manifest(part, _files_below(part))
                part.rename(new)  # from here on the new folder is whole
                if target.exists():
                    target.rename(old)
                new.rename(target)
        except BaseException:
            _recover_folder(target, loud=False)
            raise
        shutil.rmtree(old, ignore_errors=True)


def recover(target: Path) -> None:
    """Finish or undo what a killed run left of a folder, and say so; else do nothing."""
    target = target.resolve()
    part, new, old = _beside(target)
    if (target / _NEW).is_dir() or (target / _PART).is_dir():
        with locked(target):
            _recover_files(target)
    if not target.exists() and (new.exists() or old.exists()):
        with locked(target.parent):
            _recover_folder(target)
    elif part.exists() and not target.exists():
        _tell(f"{target} was never finished; what a stopped run left is in {part}")


def _beside(target: Path) -> tuple[Path, Path, Path]:
    """Return where a folder is made, waits when it is whole, and where the old one waits."""
    part, new, old = (
        target.with_name(f".{target.name}.kwev-{word}") for word in ("part", "new", "old")
    )
    return part, new, old


def _recover_folder(target: Path, *, loud: bool = True) -> None:
    part, new, old = _beside(target)
    said = ""
    with _told(target):
        if not target.exists() and new.exists():
            new.rename(target)
            said = f"{target} was whole but not in place yet; a run was stopped: put there now"
        elif not target.exists() and old.exists():
            old.rename(target)
            said = f"{target} was moved aside by a run that was stopped: put back now"
        elif part.exists() or new.exists() or old.exists():
            said = f"removed what a stopped run had left beside {target}"
    for rest in (part, new, old):
        shutil.rmtree(rest, ignore_errors=True)
    if said and loud:
        _tell(said)


def _files_below(folder: Path) -> dict[str, Entry]:
    return {
        path.relative_to(folder).as_posix(): entry(path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _write_manifest(folder: Path, files: Mapping[str, Entry]) -> None:
    (folder / MANIFEST).write_text(dump_json({"files": dict(files)}), encoding="utf-8")


@contextmanager
def renewing(folder: Path, *, fresh: bool, keep: bool = True) -> Iterator[None]:
    """Make the content of a folder anew; what stood there comes back where that fails.

    Parameters
    ----------
    folder
        Aside while the block runs. Where that is stopped, the next call, fresh or not, puts all of
        it back that was not made anew.
    fresh
        Whether to set it aside at all.
    keep
        Whether what was not made anew comes back after success as well.
    """
    folder = folder.resolve()
    old = folder.with_name(f".{folder.name}.kwev-aside")
    if not fresh and not old.exists():
        yield
        return
    with _told(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
    with locked(folder.parent):  # what is aside may be that of a run that lives
        with _told(folder):
            if _put_back(folder, old):
                _tell(f"put back what a stopped run had moved aside from {folder}")
            if fresh and folder.exists():
                folder.rename(old)
        done = False
        try:
            yield
            done = True
        finally:
            if done and not keep:
                shutil.rmtree(old, ignore_errors=True)
            with _told(folder):
                _put_back(folder, old)


def _put_back(folder: Path, old: Path) -> bool:
    """Move what is in ``old`` and not in ``folder`` there; return whether there was an ``old``."""
    if not old.exists():
        return False
    folder.mkdir(exist_ok=True)
    for path in old.iterdir():
        if not (folder / path.name).exists():
            path.rename(folder / path.name)
    shutil.rmtree(old, ignore_errors=True)
    return True


# -- Some files of a folder.


def write_set(folder: Path, files: Mapping[str, str], *, plan: str = "") -> None:
    """Write files into a folder, all or none, and enter them in its manifest.

    What else is in the folder stays, and so does what its manifest says of other files.

    Parameters
    ----------
    folder
        Made where it is missing.
    files
        Text by file name.
    plan
        SHA-256 of the plan that the files are made from, where it is not among them.

    Raises
    ------
    KwevError
        If the folder cannot be written to; the old files stay as they were.
    """
    folder = folder.resolve()
    content = {name: text.encode() for name, text in files.items()}
    made_from = plan or sha256_bytes(content.get(PLAN, b""))
    with locked(folder), _told(folder):
        _recover_files(folder)
        part = folder / _PART
        try:
            part.mkdir()
            for name, one in content.items():
                (part / name).write_bytes(one)
            kept = _kept(folder)
            kept.update({name: entry(one, plan=made_from) for name, one in content.items()})
            _write_manifest(part, kept)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise
        part.rename(folder / _NEW)  # from here on the new files are whole
        _move_in(folder)


def _kept(folder: Path) -> dict[str, Entry]:
    """Return what the old manifest says; nothing where it is damaged, as it is made anew."""
    try:
        return listed(folder) or {}
    except KwevError:
        return {}


def _move_in(folder: Path) -> None:
    new = folder / _NEW
    # the manifest last: until then it names the old files, and a reader sees that they are mixed
    for path in sorted(new.iterdir(), key=lambda path: path.name == MANIFEST):
        path.replace(folder / path.name)
    new.rmdir()


def _recover_files(folder: Path) -> None:
    if (folder / _NEW).is_dir():
        _move_in(folder)
        _tell(f"finished writing {folder}: a run was stopped in the midst of it")
    if (folder / _PART).is_dir():
        shutil.rmtree(folder / _PART)
        _tell(f"removed what a stopped run had left in {folder}; the files there are the old ones")


# -- What may be replaced.


def refuse_unless_ours(
    target: Path, *, raw: Path | None = None, own: Path | None = None, names: Iterable[str] = ()
) -> None:
    """Refuse to replace a folder that kwev did not make, or that holds what must never go.

    Parameters
    ----------
    target
        The folder to be replaced.
    raw
        Folder of raw files: the target must not be, hold or lie in it.
    own
        The folder of the checkout that this command writes; the only one in a checkout, but for
        those below ``build``.
    names
        Names of files that the command writes: in ``own`` they need no manifest.

    Raises
    ------
    KwevError
        Naming what stands in the way; nothing has been touched.
    """
    target = target.resolve()
    hint = "Give an empty folder, a new one, or one that kwev wrote."

    def refuse(what: str) -> None:
        raise KwevError(what, where=str(target), hint=f"{hint} Nothing was touched.")

    if raw is not None:
        _refuse_kin(target, raw.resolve(), "the raw files", refuse)
    for path, what in ((_home(), "the home folder"), (_here(), "the working folder")):
        if path is not None and path.is_relative_to(target):
            refuse(f"the output folder is or holds {what}")
    if own is not None and target == own.resolve():
        _refuse_strangers(target, {*names, MANIFEST}, refuse, manifest=False)
        return
    root = next((path for path in (target, *target.parents) if _is_checkout(path)), None)
    if root is not None and not target.is_relative_to(root / "build"):
        refuse("the output folder is or lies in a checkout of kwev")
    _refuse_strangers(target, {MANIFEST}, refuse, manifest=True)


def _refuse_kin(target: Path, other: Path, what: str, refuse: Any) -> None:
    if target == other or target in other.parents or other in target.parents:
        refuse(f"the output folder is, holds or lies in {what}")


def _refuse_strangers(target: Path, known: set[str], refuse: Any, *, manifest: bool) -> None:
    """Refuse a folder with anything that neither its manifest nor ``known`` names."""
    if not target.exists():
        return
    if not target.is_dir():
        refuse("a file stands in the way of the output")
    every = sorted(path for path in target.rglob("*") if not path.is_dir() or path.is_symlink())
    if not every:
        return
    files = _kept(target)
    if manifest and not files:
        refuse("the output folder has files and no manifest of kwev")
    for path in every:
        name = path.relative_to(target).as_posix()
        if name not in files and name not in known:
            refuse(f"the output folder holds {name!r}, which kwev did not write")


def _is_checkout(folder: Path) -> bool:
    return (folder / "config" / "base.json").is_file() and (folder / "pyproject.toml").is_file()


def _home() -> Path | None:
    try:
        return Path.home().resolve()
    except (RuntimeError, OSError):
        return None


def _here() -> Path | None:
    try:
        return Path.cwd()
    except OSError:
        return None


# -- One writer at a time.


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Let one process at a time into the block, by a lock on a folder that ends with it.

    The folder is made where it is missing. The lock is on the folder itself, so that none is left
    behind, whatever happens.
    """
    with _told(folder):
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY)
    try:
        with _told(folder):
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                _tell(f"waiting for another kwev that writes in {folder}")
                fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextmanager
def _told(where: Path) -> Iterator[None]:
    """Turn what the system refuses into one line."""
    try:
        yield
    except OSError as error:
        raise KwevError(f"cannot write: {error.strerror}", where=str(where), hint=_HINT) from error


def _tell(text: str) -> None:
    if sys.stderr is not None:
        print(escape.terminal(f"note: {text}"), file=sys.stderr)  # noqa: T201 -- for whoever runs the command
