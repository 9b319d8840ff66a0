"""Which stages a processed table hangs on, read from the text of the pipeline itself.

The pipeline is one function whose blocks ``with meter.stage("…")`` make variables from variables.
Following the names through it gives, for each table, the stages that it comes from; which raw
tables a stage reads is noted while it runs (:class:`kwev.pipeline.raw.Raw`). Nothing is declared,
so nothing goes stale. What is stated is an upper bound: all that a stage reads counts for all that
it makes.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from collections.abc import Set as AbstractSet
    from typing import Any

Stages = dict[str, set[str]]
"""Stages by name of a variable, or by name of a table."""


def stages_of(function: Callable[..., Any]) -> dict[str, tuple[str, ...]]:
    """Return the stages of each table of a function that returns ``tables, layers``.

    ``*`` stands for the map layers.

    Parameters
    ----------
    function
        Puts each table into a dictionary by a name that stands in its text.

    Returns
    -------
    dict
        Stages by table, in the order in which they run.
    """
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    body = next(node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)).body
    flow = _Flow()
    for statement in body:
        flow.follow(statement)
    order = flow.order
    found = {**flow.tables, "*": flow.known.get("layers", set())}
    return {name: tuple(s for s in order if s in stages) for name, stages in found.items()}


class _Flow:
    """What is known of each variable while the statements are followed in order."""

    def __init__(self) -> None:
        self.known: Stages = {}
        self.tables: Stages = {}
        self.order: list[str] = []
        self.bins: set[str] = set()

    def follow(self, statement: ast.stmt) -> None:
        """Follow one statement of the function."""
        stage = _stage(statement)
        if stage:
            self.order.append(stage)
            behind = self._behind(statement, but=self.bins) | {stage}
            changed = {*_changed(statement), *(self.bins & set(_names(statement, ast.Load)))}
        else:
            behind = self._behind(statement)
            changed = set(_changed(statement))
            # what is made from nothing before or between stages, such as the ledger, is a bin that
            # stages fill and do not read
            self.bins |= set() if behind else changed
        for name in changed:
            self.known[name] = self.known.get(name, set()) | behind
        for key, value in _entries(statement):
            self.tables[key] = self._behind(value) | ({stage} if stage else set())

    def _behind(self, node: ast.AST, but: AbstractSet[str] = frozenset()) -> set[str]:
        found: set[str] = set()
        for name in set(_names(node, ast.Load)) - but:
            found |= self.known.get(name, set())
        return found


def _stage(statement: ast.stmt) -> str:
    """Return the stage of a block ``with meter.stage("…")``, empty for another statement."""
    if not isinstance(statement, ast.With):
        return ""
    call = statement.items[0].context_expr
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
        argument = call.args[0]
        if call.func.attr == "stage" and isinstance(argument, ast.Constant):
            return str(argument.value)
    return ""


def _names(node: ast.AST, context: type[ast.expr_context]) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, context):
            yield inner.id


def _changed(node: ast.AST) -> Iterator[str]:
    """Give the names that are assigned to, or whose items are."""
    yield from _names(node, ast.Store)
    for inner in ast.walk(node):
        if (
            isinstance(inner, ast.Subscript)
            and isinstance(inner.ctx, ast.Store)
            and isinstance(inner.value, ast.Name)
        ):
            yield inner.value.id


def _entries(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Give what is put into ``tables``: each key with the expression of its value."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Assign | ast.AugAssign | ast.AnnAssign):
            targets = inner.targets if isinstance(inner, ast.Assign) else [inner.target]
            named = any(isinstance(t, ast.Name) and t.id == "tables" for t in targets)
            if named and isinstance(inner.value, ast.Dict):
                for key, value in zip(inner.value.keys, inner.value.values, strict=True):
                    if isinstance(key, ast.Constant):
                        yield str(key.value), value
