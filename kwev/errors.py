"""The one exception a user of kwev meets."""

from __future__ import annotations

from difflib import get_close_matches


class KwevError(Exception):
    """Something a user can mend, told in one line.

    The command line prints it as ``error: what (where). hint`` and exits with code 2, without a
    traceback; anything else that escapes is a defect of kwev.

    Parameters
    ----------
    what
        What is wrong, as a clause without a full stop.
    where
        The file, key or option it was found in.
    hint
        What to do about it, as a sentence.
    """

    def __init__(self, what: str, *, where: str = "", hint: str = "") -> None:
        self.what = what
        self.where = where
        self.hint = hint
        super().__init__(str(self))

    def __str__(self) -> str:
        text = self.what.rstrip(".")
        if self.where:
            text += f" ({self.where})"
        text += "."
        if self.hint:
            text += f" {self.hint}"
        return " ".join(text.split())


def nearest(name: str, known: list[str]) -> str:
    """Return a hint naming the known name nearest to ``name``, or all of them."""
    close = get_close_matches(name, known, n=1, cutoff=0.6)
    if close:
        return f"Did you mean {close[0]!r}?"
    return "Known: " + ", ".join(sorted(known)) + "."
