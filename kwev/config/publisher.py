"""Who publishes a book: whose name it bears, whom to write to, where it stands.

The one file of ``config/`` that no plan depends on. A public body that adopts the book puts its
own name there; until then each edition says that none has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import Field

from kwev.config.sections import Section
from kwev.errors import validated
from kwev.files import json_schema_of, read_json

if TYPE_CHECKING:
    from pathlib import Path

FILE: Final = "publisher.json"
"""Name of the file below ``config/``."""

UNENDORSED: Final = "not endorsed by any public body"
"""What stands for the name of a publisher where there is none."""

Line = Annotated[str, Field(max_length=200, pattern=r"^[^\r\n]*$")]
Web = Annotated[str, Field(max_length=300, pattern=r"^(https?://[^\s\"<>]+)?$")]
Address = Annotated[str, Field(max_length=300, pattern=r"^((https?://|mailto:)[^\s\"<>]+)?$")]


class Publisher(Section):
    """Who publishes the book; what is empty is not shown."""

    name: Line
    """The public body in whose name the book appears; empty: no public body endorses it."""
    contact: Line
    """Office or person to ask, in words."""
    feedback: Address
    """Where readers write to: an address of the web, or mailto: with one of mail."""
    site_url: Web
    """Address of the published site: gives canonical addresses and a site map."""
    repo_url: Web
    """Address of the repository: gives links to edit a page and to report a fault."""
    repo_branch: Annotated[str, Field(pattern=r"^[\w./-]+$")]
    """Branch that a link to edit a page leads to."""
    licence: Line
    """Licence of text and code; data keep the licences of their sources."""

    @property
    def said(self) -> str:
        """Return the publisher's name, or that there is none."""
        return self.name or UNENDORSED

    @property
    def site(self) -> str:
        """Return the address of the site with a slash at its end, or nothing."""
        return f"{self.site_url.rstrip('/')}/" if self.site_url else ""

    @property
    def repository(self) -> str:
        """Return the address of the repository without a slash at its end, or nothing."""
        return self.repo_url.rstrip("/")


NOBODY: Final = Publisher(
    name="", contact="", feedback="", site_url="", repo_url="", repo_branch="main", licence=""
)
"""The publisher of a book that has no such file."""


def read_publisher(folder: Path) -> Publisher:
    """Read ``publisher.json`` strictly.

    Parameters
    ----------
    folder
        The folder ``config``.

    Returns
    -------
    Publisher
        What the file says; :data:`NOBODY` where there is no file.

    Raises
    ------
    KwevError
        If it is not JSON, or a key or value is wrong.
    """
    path = folder / FILE
    if not path.is_file():
        return NOBODY
    return validated(read_json(path), Publisher, where=str(path))


def publisher_schema() -> dict[str, Any]:
    """Return the JSON schema of ``publisher.json``.

    Returns
    -------
    dict
        A schema of draft 2020-12.
    """
    return json_schema_of(Publisher, "kwev publisher")
