"""A fetch: which files are wanted, each asked for and landed, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from kwev.errors import KwevError, nearest
from kwev.fetch import grt, nrcan, ontario, open_charge_map, osm, region_hub, statcan
from kwev.fetch.web import Unchanged, UnreachableError, Web
from kwev.sets import locked

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from kwev.fetch.landing import Shelf
    from kwev.fetch.services import Services
    from kwev.fetch.wanted import Wanted

PUBLISHERS: Final = {
    module.SOURCE: module
    for module in (statcan, ontario, open_charge_map, nrcan, osm, grt, region_hub)
}
"""By the word that ``--only`` takes."""
PARTS: Final = ".fetch"
"""Folder of archives that are not whole, below the raw folder."""


@dataclass
class Fetched:
    """What became of each file, a line each, and what went wrong."""

    lines: list[str] = field(default_factory=list)
    errors: list[KwevError] = field(default_factory=list)

    def raise_errors(self) -> None:
        """Raise what went wrong as one error.

        Raises
        ------
        KwevError
            The only one, or how many files are missing.
        """
        if len(self.errors) == 1:
            raise self.errors[0]
        if self.errors:
            words = f"{len(self.errors)} files could not be fetched; the lines above say why"
            raise KwevError(words, where="kwev fetch", hint="What was there is unchanged.")


def all_wanted(services: Services, only: Sequence[str] = ()) -> list[Wanted]:
    """Return the files that publishers can bring.

    Parameters
    ----------
    only
        Keys of :data:`PUBLISHERS`; none for all.

    Raises
    ------
    KwevError
        If one is unknown.
    """
    for name in only:
        if name not in PUBLISHERS:
            hint = nearest(name, list(PUBLISHERS))
            raise KwevError(f"unknown source {name!r}", where="--only", hint=hint)
    files = services.region.files
    return [
        replace(one, file=one.file or files[one.table])
        for name, module in PUBLISHERS.items()
        if not only or name in only
        for one in module.wanted(services)
        if not one.table or one.table in files
    ]


def dry_lines(services: Services, wanted: Sequence[Wanted]) -> Iterator[str]:
    """Tell what would be asked, where, and which raw files no publisher's module brings."""
    for one in wanted:
        yield f"{one.source:<14} {one.file:<52} {one.address}"
    brought = {one.file for one in all_wanted(services)}
    for file in sorted(set(services.region.files.values()) - brought):
        yield f"{'left alone':<14} {file}"


def fetch(
    wanted: Sequence[Wanted],
    shelf: Shelf,
    web: Web,
    step: Callable[[str], object] = lambda _file: None,
) -> Fetched:
    """Ask for each file and land it; a fault with one leaves the others their chance.

    Parameters
    ----------
    wanted
        The files.
    shelf
        Where they land.
    web
        Asks for them.
    step
        Told each file as it is begun.

    Returns
    -------
    Fetched
        A line a file, and the errors.
    """
    told = Fetched()
    silent: set[str] = set()
    with locked(shelf.raw):
        web.parts.mkdir(exist_ok=True)
        for one in wanted:
            step(one.file)
            host = urlsplit(one.address).netloc
            try:
                if host in silent:
                    raise KwevError("not asked again", where=host)  # noqa: TRY301
                web.known = shelf.known(one)
                content = one.make(web)
                line = shelf.land(one, content, web.known)
            except Unchanged:
                line = "as it was, says the publisher"
            except KwevError as error:
                silent |= {host} if isinstance(error, UnreachableError) else set()
                told.errors.append(error)
                line = f"not fetched: {error}"
            told.lines.append(f"{one.source:<14} {one.file}: {line}")
        if not any(web.parts.iterdir()):
            web.parts.rmdir()
    return told


def offline_lines(shelf: Shelf, files: Collection[str]) -> Fetched:
    """Tell which of the region's raw files are here as registered, without any request."""
    told = Fetched()
    good = 0
    for file in sorted(files):
        entry, found = shelf.entry(file), shelf.sha256(file)
        if entry is not None and found == entry["sha256"]:
            good += 1
            continue
        what = "missing" if found is None else "not the registered one"
        hint = "Fetch it, or put it there by hand: data/sources.json says where it is from."
        told.errors.append(KwevError(f"raw file {what}", where=file, hint=hint))
        told.lines.append(f"{file}: {what}")
    told.lines.append(f"{good} of {len(files)} raw files are here as registered")
    return told
