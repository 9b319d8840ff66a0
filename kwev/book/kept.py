"""Chapters run once for what they hang on: notebook and files kept by key, whole or not at all.

A kept chapter is a folder of ``build/chapters``: the notebook with its outputs, below ``assets``
all that the chapter left for its page, and a manifest with the hash of each. It is taken only where
key and every hash agree; anything else is run again. Quarto's freeze and cache look at the text
alone and are never used.
"""

from __future__ import annotations

import shutil
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

import nbformat

from kwev.book import keys
from kwev.book.execute import LOG, Executed, Place, execute_all, require_values
from kwev.display.figure import ASSETS
from kwev.display.values import Number, Numbers
from kwev.errors import KwevError
from kwev.files import read_json, sha256_json, write_json
from kwev.report.numbers import everything
from kwev.report.scenario import load_report
from kwev.sets import listed, locked, problems, replacing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from kwev.book.chapters import Chapter

FOLDER: Final = "build/chapters"
"""Folder of the kept chapters, below the checkout."""

SHARED_FROM: Final = 4
"""Chapters to be run from which on the plan is analysed once before, for all of them."""

LOCK: Final = "build/render-chapters"
_RUNNING: Final = ".run-"
_NUMBERS: Final = "numbers"


@dataclass(frozen=True)
class Shelf:
    """The kept chapters of one state of a checkout.

    Attributes
    ----------
    root
        The checkout.
    folders
        Where each chapter is kept, by its text and by everything that it hangs on.
    of_numbers
        Where the numbers of the book are kept.
    stamp
        That of the files before the keys were made.
    """

    root: Path
    folders: Mapping[Chapter, Path]
    of_numbers: Path
    stamp: str

    @classmethod
    def of(cls, root: Path, chapters: Sequence[Chapter], plans: Mapping[str, str]) -> Shelf:
        """Return the places of chapters.

        Parameters
        ----------
        chapters
            Chapters and papers.
        plans
            Hash of each stored file that they show, by its path.
        """
        pages, stamp = [chapter.page for chapter in chapters], keys.stamp(root)
        checkout = keys.of_checkout(root, pages)
        found = {
            chapter: root
            / FOLDER
            / f"{chapter.page.name}-{keys.of_chapter(root, chapter.page, checkout, plans)}"
            for chapter in chapters
        }
        of_all = sha256_json({"checkout": checkout, "plans": dict(plans)})[:16]
        return cls(root, found, root / FOLDER / f"{_NUMBERS}-{of_all}", stamp)

    def numbers(self) -> Numbers:
        """Return every number of the book: kept, or worked out now and kept."""
        file = self.of_numbers / f"{_NUMBERS}.json"
        try:
            if file.name in (listed(self.of_numbers) or {}) and not problems(self.of_numbers):
                return Numbers([Number(**one) for one in read_json(file)])
        except (KwevError, OSError, TypeError):
            pass
        made = everything(load_report())
        if keys.stamp(self.root) == self.stamp:
            with locked(self.root / LOCK), replacing(self.of_numbers) as fresh:
                write_numbers(made, fresh / file.name)
        return made

    def run(
        self,
        *,
        fresh: bool = False,
        lays_out: bool = True,
        progress: Callable[[str], None] = lambda _: None,
    ) -> list[Executed]:
        """Return the chapters with their outputs; those are run that are not kept.

        Parameters
        ----------
        fresh
            Run all of them.
        lays_out
            Whether to put what they left for their pages below the checkout's ``assets``.

        Raises
        ------
        KwevError
            As :func:`kwev.book.execute.execute_all`, or if two chapters leave one file in two
            versions. What had been run by then stays kept.
        """
        shelf = self.root / FOLDER
        with locked(self.root / LOCK):
            shelf.mkdir(parents=True, exist_ok=True)
            for left in shelf.glob(f"{_RUNNING}*"):
                shutil.rmtree(left)
            taken = {} if fresh else {c: read(f, c) for c, f in self.folders.items()}
            made = self._made(taken, progress)
            executed = [taken.get(chapter) or made[chapter][0] for chapter in self.folders]
            require_values(executed)
            where = {chapter: folder for chapter, (_, folder) in made.items()}
            if lays_out:
                self._lay_out([where.get(c, folder) for c, folder in self.folders.items()])
            for old in set(shelf.iterdir()) - {*self.folders.values(), self.of_numbers}:
                shutil.rmtree(old, ignore_errors=True)
        return executed

    def _made(
        self,
        taken: Mapping[Chapter, Executed | None],
        progress: Callable[[str], None],
    ) -> dict[Chapter, tuple[Executed, Path]]:
        """Run what is not kept; return it with where its files are."""
        # as deep as where it is kept: its first cell goes up to the checkout
        run = {c: self.root / FOLDER / f"{_RUNNING}{n}" for n, c in enumerate(self.folders)}
        places = {c: Place(run[c], run[c]) for c in self.folders if taken.get(c) is None}
        made: dict[Chapter, tuple[Executed, Path]] = {}

        def keep(one: Executed) -> None:
            folder, target = places[one.chapter].folder, self.folders[one.chapter]
            # it read what no key is over, or something was changed since: run again next time
            if one.strangers or keys.stamp(self.root) != self.stamp:
                made[one.chapter] = one, folder
                return
            with replacing(target) as fresh:
                for path in folder.iterdir():
                    if path.name != LOG:
                        path.rename(fresh / path.name)
            made[one.chapter] = one, target

        numbers = None
        if len(places) >= SHARED_FROM and (self.root / "config" / "base.json").is_file():
            numbers = self.root / FOLDER / f"{_RUNNING}{_NUMBERS}" / f"{_NUMBERS}.json"
        execute_all(self.root, places, numbers=numbers, progress=progress, done=keep)
        if numbers is not None and keys.stamp(self.root) == self.stamp:
            with replacing(self.of_numbers) as fresh:
                numbers.rename(fresh / numbers.name)
        return made

    def _lay_out(self, folders: Sequence[Path]) -> None:
        """Put what chapters left for their pages together below the checkout's ``assets``."""
        target = self.root / ASSETS
        shutil.rmtree(target, ignore_errors=True)
        for folder in folders:
            for path in sorted((folder / ASSETS).rglob("*")):
                place = target / path.relative_to(folder / ASSETS)
                if path.is_dir():
                    place.mkdir(parents=True, exist_ok=True)
                elif not place.exists():
                    place.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(path, place)
                elif place.read_bytes() != path.read_bytes():
                    name = place.relative_to(self.root).as_posix()
                    raise KwevError(
                        "two chapters leave this file, in two versions", where=name,
                        hint="Give one of the figures or tables another name.",
                    )  # fmt: skip


def write_numbers(numbers: Numbers, path: Path) -> None:
    """Write numbers as JSON."""
    plain = [asdict(number) for number in numbers]
    for one in plain:
        one["value"] = getattr(one["value"], "item", lambda v=one["value"]: v)()
    write_json(path, plain)


def read(folder: Path, chapter: Chapter) -> Executed | None:
    """Return a kept chapter; None where there is none, or where one byte of it is another."""
    notebook = folder / f"{chapter.page.name}.ipynb"
    try:
        if notebook.name not in (listed(folder) or {}) or problems(folder):
            return None
        return Executed(chapter, nbformat.read(notebook, as_version=4))  # type: ignore[no-untyped-call]
    except (KwevError, OSError, ValueError):
        return None
