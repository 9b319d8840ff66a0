"""Runs chapters, each in a process of its own that begins where this one has got to.

This process loads the packages, reads the tables and analyses the plan once, then becomes a copy of
itself for each chapter (``fork``): a chapter shares what was worked out before it and can change
nothing for another. It is started fresh, has solved nothing and has one thread, so that a copy is
whole. It takes an order on standard input and tells on standard output what happens, as JSON.
"""

from __future__ import annotations

import gc
import json
import multiprocessing
import os
import signal
import sys
import time
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import nbformat

from kwev.book import execute, keys, shell
from kwev.book.chapters import Page, read_chapter
from kwev.errors import KwevError
from kwev.files import write_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection


@dataclass(frozen=True)
class Job:
    """A chapter to be run: its file, where its notebook goes, and what it leaves for its page."""

    source: str
    folder: str
    shown: str


@dataclass(frozen=True)
class Order:
    """What is to be run.

    Attributes
    ----------
    root
        The checkout.
    jobs
        The chapters.
    at_once
        How many run at a time.
    seconds
        Longest that a cell may take (s).
    numbers
        Where the numbers of the book go; empty where the plan is not to be analysed before, for all
        of them.
    """

    root: str
    jobs: tuple[Job, ...]
    at_once: int
    seconds: float
    numbers: str

    @classmethod
    def of_text(cls, text: str) -> Order:
        """Read an order."""
        values = json.loads(text)
        return cls(**{**values, "jobs": tuple(Job(**job) for job in values["jobs"])})


def serve(order: Order, tell: Callable[..., None]) -> None:
    """Run the chapters of an order, and stop at the first that fails.

    Parameters
    ----------
    tell
        Called with ``what`` (``running``, ``done``, ``failed``), ``source``, and for what is done
        ``seconds`` (of processor time) and ``strangers``, for a failure the parts of its error.
    """
    os.chdir(order.root)
    if order.numbers:
        _analyse(Path(order.numbers))
    gc.freeze()  # a copy need not look through what it shares, nor copy it by doing so
    waiting, running = list(order.jobs), dict[Any, _Running]()
    try:
        while waiting or running:
            while waiting and len(running) < order.at_once:
                job = waiting.pop(0)
                tell(what="running", source=job.source)
                one = _Running.start(order, job)
                running[one.told] = one
            for one in _ready(running, order.seconds):
                news = one.news(order.seconds)
                if news["what"] != "cell":
                    tell(source=one.job.source, **news)
                    del running[one.told]
                    one.process.join()
                if news["what"] == "failed":
                    return
    finally:
        for one in running.values():
            one.process.kill()


def _analyse(target: Path) -> None:
    """Work out what most chapters ask of the plan; what a chapter asks alone is its own affair."""
    from kwev.book.kept import write_numbers  # noqa: PLC0415 -- only for a book about a plan
    from kwev.display import ground  # noqa: PLC0415
    from kwev.report.numbers import everything  # noqa: PLC0415
    from kwev.report.scenario import load_report  # noqa: PLC0415

    report = load_report()
    write_numbers(everything(report), target)
    ground.script_of(report.project)


@dataclass
class _Running:
    """A chapter that runs; ``heard`` is when it last began a cell."""

    job: Job
    process: Any
    told: Connection
    heard: float

    @classmethod
    def start(cls, order: Order, job: Job) -> _Running:
        context = multiprocessing.get_context("fork")
        told, tells = context.Pipe(duplex=False)
        process = context.Process(target=_run, args=(Path(order.root), job, tells), daemon=True)
        process.start()
        tells.close()
        return cls(job, process, told, time.monotonic())

    def news(self, seconds: float) -> dict[str, Any]:
        """Return what the chapter tells, or what became of it."""
        try:
            if self.told.poll():
                self.heard = time.monotonic()
                news: dict[str, Any] = self.told.recv()
                return news
        except EOFError:
            return {"what": "failed", "message": "the process died while running it",
                    "hint": "It may have run out of memory."}  # fmt: skip
        self.process.kill()
        return {"what": "failed", "message": f"a cell ran longer than {seconds:g} s"}


def _ready(running: dict[Any, _Running], seconds: float) -> Iterator[_Running]:
    """Give the chapters that tell something, or have told nothing for too long."""
    first = min(one.heard for one in running.values()) + seconds
    heard = wait(list(running), timeout=max(first - time.monotonic(), 0))
    late = [one for one in running.values() if time.monotonic() - one.heard > seconds]
    yield from [running[told] for told in heard] or late


def _run(root: Path, job: Job, tells: Connection) -> None:
    """Run one chapter in this process, which is its own."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    began, opened = time.process_time(), set[str]()
    sys.addaudithook(lambda name, args: _note(opened, name, args))
    folder = Path(job.folder)
    os.environ |= {
        "KWEV_SHOWN": job.shown,
        "QUARTO_PROJECT_ROOT": str(root),
        "QUARTO_DOCUMENT_PATH": str((root / job.source).parent),
        "QUARTO_DOCUMENT_FILE": Path(job.source).name,
    }
    sys.path.insert(0, "")  # as in a kernel: modules beside the book
    try:
        chapter = read_chapter(root, Page(PurePosixPath(job.source)))
        notebook = execute.build(chapter, os.path.relpath(root, folder))
        os.chdir(folder)
        if not shell.run(notebook, lambda: tells.send({"what": "cell"})):
            raise execute.failure(chapter, notebook)
        os.chdir(root)
        text = nbformat.writes(notebook)  # type: ignore[no-untyped-call]
        write_text(folder / f"{chapter.page.name}.ipynb", text + "\n")
    except KwevError as error:
        parts = {"message": error.what, "where": error.where, "hint": error.hint}
        tells.send({"what": "failed", **parts})
        return
    seconds, beyond = time.process_time() - began, keys.strangers(root, opened)
    tells.send({"what": "done", "seconds": seconds, "strangers": beyond})


def _note(opened: set[str], event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open" and isinstance(arguments[0], (str, os.PathLike)):
        opened.add(os.path.abspath(arguments[0]))  # noqa: PTH100 -- no look at the disk in a hook


def main() -> None:
    """Serve the order on standard input; what else is printed goes to standard error."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what runs is ended on the way out
    order = Order.of_text(sys.stdin.read())
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as told:
        os.dup2(2, 1)

        def tell(**news: Any) -> None:
            told.write(f"{json.dumps(news)}\n")
            told.flush()

        serve(order, tell)


if __name__ == "__main__":
    main()
