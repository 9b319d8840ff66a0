"""The list of what changed since the last release: for users, in the numbers, in the sources."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from kwev import escape
from kwev.book import expected
from kwev.errors import KwevError
from kwev.files import parse_json, read_json
from kwev.report.edition import CHANGELOG, FILE, changes, newest_changes

if TYPE_CHECKING:
    from kwev.project import Project
    from kwev.release.checkout import Checkout

NONE_MOVED: Final = "No number moved beyond its tolerance."
_EXPECTED: Final = "tests/chapters/expected.json"
_REGISTER: Final = "data/sources.json"


def change_list(project: Project, checkout: Checkout, since: str = "") -> str:
    """Return the changes since a commit, as Markdown.

    Parameters
    ----------
    since
        Tag or commit to compare with. Without one it is the last tag ``v…``, or else the commit of
        the edition before (``data/edition-before.json``).

    Raises
    ------
    KwevError
        If the commit that was named is not there.
    """
    ref = since or checkout.last_release() or _edition(project)
    there = bool(ref) and checkout.shown(ref, CHANGELOG) is not None
    if since and not there:
        hint = "Give a tag or commit of this repository; a shallow clone has few."
        raise KwevError(f"no such release: {since!r}", where="--since", hint=hint)
    title = f"# kwev {checkout.version}" + (f", compared with {ref}" if there else "")
    parts = [title, "## For users", newest_changes(project)]
    if there:
        parts += ["## Numbers", _listed(_numbers(project, checkout, ref), NONE_MOVED)]
        parts += ["## Sources", _listed(_sources(project, checkout, ref), "No source changed.")]
    else:
        parts.append("There is no earlier release here to compare with.")
    return "\n\n".join(parts) + "\n"


def _edition(project: Project) -> str:
    try:
        said = str(read_json(project.root / FILE)["made_from"])
    except (KwevError, KeyError, TypeError):
        return ""
    return said if re.fullmatch(r"[0-9a-f]{7,40}", said) else ""


def _listed(lines: list[str], nothing: str) -> str:
    return "\n".join(f"- {escape.markdown(line)}" for line in lines) or nothing


def _at(checkout: Checkout, ref: str, path: str) -> Any:
    """Return a JSON file as it was; None where it was not there."""
    content = checkout.shown(ref, path)
    if content is None:
        return None
    return parse_json(content.decode("utf-8", errors="replace"), f"{ref}:{path}")


def _numbers(project: Project, checkout: Checkout, ref: str) -> list[str]:
    before = _at(checkout, ref, _EXPECTED)
    if before is None:
        return [f"{_EXPECTED} was not there"]
    old = expected.parsed(before, f"{ref}:{_EXPECTED}")
    return expected.differences(old, expected.read(project))


def _sources(project: Project, checkout: Checkout, ref: str) -> list[str]:
    before = _at(checkout, ref, _REGISTER)
    if before is None:
        return [f"{_REGISTER} was not there"]
    found = changes(_files(before), _files(read_json(project.register)))
    return [
        *(f"changed: {name}" for name in found.changed),
        *(f"new: {name}" for name in found.new),
        *(f"gone: {name}" for name in found.gone),
    ]


def _files(register: dict[str, Any]) -> dict[str, str]:
    return {str(one["id"]): str(one["sha256"]) for one in register["sources"]}
