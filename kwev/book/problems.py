"""What a check found: where, and what is wrong there."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Problem:
    """One finding; ``where`` is ``file:line`` for a chapter and the page's path for a site."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"
