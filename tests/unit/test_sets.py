"""Files that belong together: whole or not at all, and what a killed run leaves is mended."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
from pathlib import Path

import pytest

from kwev.errors import KwevError
from kwev.sets import (
    MANIFEST,
    problems,
    recover,
    refuse_unless_ours,
    renewing,
    replacing,
    write_set,
)

OLD, NEW = {"a": "old a", "b": "old b"}, {"a": "new a", "b": "new b"}


def content(folder):
    return {p.name: p.read_text() for p in folder.iterdir() if p.name != MANIFEST}


def filled(folder, files):
    with replacing(folder) as fresh:
        for name, text in files.items():
            (fresh / name).write_text(text)
    return folder


# -- a whole folder


def test_a_folder_is_replaced_whole_and_its_manifest_tells_a_mix(tmp_path):
    folder = filled(tmp_path / "out", OLD)
    assert (content(folder), problems(folder)) == (OLD, [])
    assert content(filled(folder, NEW)) == NEW
    (folder / "a").write_text("old a")
    assert problems(folder) == ["a is not the file that manifest.json names"]
    (folder / "a").unlink()
    assert problems(folder) == ["a cannot be read: No such file or directory"]
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_what_fails_leaves_the_old_folder(tmp_path):
    folder = filled(tmp_path / "out", OLD)
    with pytest.raises(FileNotFoundError), replacing(folder) as fresh:
        (fresh / "a" / "b").write_text("new a")
    assert content(folder) == OLD
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_link_to_a_folder_stays_one(tmp_path):
    filled(tmp_path / "real", OLD)
    (tmp_path / "link").symlink_to("real")
    filled(tmp_path / "link", NEW)
    assert (tmp_path / "link").is_symlink()
    assert content(tmp_path / "real") == NEW


def write_until(steps, folder, way):
    """Write the new files, and be killed before the step with this number that touches the disk."""
    left = iter(range(steps))

    def counted(call):
        def one(*arguments, **options):
            if next(left, None) is None:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*arguments, **options)

        return one

    for name in ("rename", "replace", "mkdir", "rmdir", "write_bytes", "write_text"):
        setattr(Path, name, counted(getattr(Path, name)))
    shutil.rmtree = counted(shutil.rmtree)
    if way == "write_set":
        write_set(folder, NEW)
    else:
        filled(folder, NEW)


def killed_at(*arguments):
    """Run :func:`write_until` in a process of its own; return the signal that ended it, or 0."""
    child = os.fork()
    if child == 0:
        try:
            write_until(*arguments)
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitpid(child, 0)[1]


@pytest.mark.parametrize("way", ["replacing", "write_set"])
def test_a_kill_between_any_two_steps_leaves_the_old_or_the_new(tmp_path, way):
    """Each step that touches the disk is the last one once."""
    seen, last = [], 0
    for steps in range(40):
        folder = tmp_path / str(steps) / "out"
        filled(folder, OLD)
        last = killed_at(steps, folder, way)
        recover(folder)
        assert problems(folder) == []
        assert content(folder) in (OLD, NEW)
        seen.append(content(folder) == NEW)
        assert content(filled(folder, {"a": "third"})) == {"a": "third"}
        assert [p.name for p in folder.parent.iterdir()] == ["out"]
        assert last in {0, signal.SIGKILL}
        if last == 0:
            break
    assert last == 0
    assert seen == sorted(seen)  # old up to a moment, new from then on
    assert not seen[0]


# -- some files of a folder


def test_files_made_from_another_plan_are_told(tmp_path):
    write_set(tmp_path, {"plan.json": "one", "plan.csv": "of one"})
    write_set(tmp_path, {"schedule.json": "of one"}, plan=sha("one"))
    (tmp_path / "notes.txt").write_text("mine")
    assert problems(tmp_path) == []
    write_set(tmp_path, {"plan.json": "two", "plan.csv": "of two"})
    assert problems(tmp_path) == ["schedule.json was made from another plan than plan.json"]
    assert (tmp_path / "notes.txt").read_text() == "mine"


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


# -- what may be replaced


def test_only_what_kwev_made_is_replaced(tmp_path):
    refuse_unless_ours(tmp_path / "absent")
    (tmp_path / "empty").mkdir()
    refuse_unless_ours(tmp_path / "empty")
    folder = filled(tmp_path / "out", OLD)
    refuse_unless_ours(folder)
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(KwevError, match=r"holds 'notes\.txt', which kwev did not write"):
        refuse_unless_ours(folder)
    (folder / "notes.txt").unlink()
    (folder / MANIFEST).unlink()
    with pytest.raises(KwevError, match="has files and no manifest"):
        refuse_unless_ours(folder)
    (tmp_path / "file").write_text("mine")
    with pytest.raises(KwevError, match="a file stands in the way"):
        refuse_unless_ours(tmp_path / "file")


# -- a folder made anew


def test_what_was_there_comes_back_where_making_it_anew_fails(tmp_path):
    store = tmp_path / "store"
    for name in ("one", "two"):
        (store / name).mkdir(parents=True)
    with pytest.raises(FileExistsError), renewing(store, fresh=True, keep=False):
        [(store / "three").mkdir(parents=True) for _ in "once more"]
    assert sorted(p.name for p in store.iterdir()) == ["one", "three", "two"]
    with renewing(store, fresh=True):
        (store / "one" / "new").mkdir(parents=True)
    assert sorted(p.name for p in store.rglob("*")) == ["new", "one", "three", "two"]
    with renewing(store, fresh=True, keep=False):
        (store / "one").mkdir(parents=True)
    assert [p.name for p in store.iterdir()] == ["one"]
    assert [p.name for p in tmp_path.iterdir()] == ["store"]


def test_a_run_that_was_killed_is_made_good_by_the_next(tmp_path, capsys):
    (tmp_path / ".store.kwev-aside" / "one").mkdir(parents=True)
    (tmp_path / "store" / "two").mkdir(parents=True)
    with renewing(tmp_path / "store", fresh=False):
        assert sorted(p.name for p in (tmp_path / "store").iterdir()) == ["one", "two"]
    assert "put back what a stopped run had moved aside" in capsys.readouterr().err
