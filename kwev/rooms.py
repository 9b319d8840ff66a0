"""Packages that are called by their own name: ``kwev.solve(...)`` is ``kwev.solve.solve(...)``."""

from __future__ import annotations

from types import ModuleType
from typing import Any


class Room(ModuleType):
    """A package whose main function has its name.

    A package and a function of ``kwev`` cannot both be ``kwev.solve``: importing any module of the
    package would put the package in the function's place. So the package can be called.
    """

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function of the package's own name."""
        return getattr(self, self.__name__.rpartition(".")[2])(*args, **kwargs)
