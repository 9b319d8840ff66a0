"""Fingerprints of the code behind plans and records, held against the versions that it declares.

A stored plan and a committed record carry a version of the code that made them, raised by hand
where that code may give another answer. So that nobody forgets it, the fingerprint of all code
that a stage can reach stands beside each version in versions.json. It is the hash of the syntax
trees of the functions, classes and constants in reach, sorted, without docstrings, comments,
annotations, imports and the names of kwev's modules: what is moved or described anew has the
fingerprint that it had.
"""

from __future__ import annotations

import argparse
import ast
import copy
import hashlib
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
KEPT = Path(__file__).with_name("versions.json")

PLAN_ENTRIES = (
    ("kwev.data.tables", "load_tables"),
    ("kwev.studies.store", "stored"),
    ("kwev.studies.rows", "values_of"),
)
"""What makes, certifies and keeps a plan, and what measures it for a row of a study."""

NOT_FOLLOWED = re.compile(r"kwev\.(data\.(?!tables)|display\.|pipeline\.build)")
"""What describes and shows: what the data hold is in a plan's key, as a hash."""

DIGITS = 16
DEFINED = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef

Key = tuple[str, str]
"""Module and name of a definition."""


@dataclass
class Module:
    """What a module defines at its top, and the names that it imports from kwev."""

    defined: dict[str, ast.stmt] = field(default_factory=dict)
    imported: dict[str, tuple[str, str]] = field(default_factory=dict)


class Code:
    """The modules of a package, parsed.

    Parameters
    ----------
    sources
        Text of each module, by its dotted name; a package is named by itself.
    """

    def __init__(self, sources: dict[str, str]) -> None:
        self.root = min(sources, key=len).split(".", maxsplit=1)[0]
        self.modules = {name: self._parsed(text) for name, text in sources.items()}
        self._packages = {name.rpartition(".")[0] for name in sources}
        self._followed: dict[Key, list[tuple[Key, bool]]] = {}

    @classmethod
    def of(cls, root: Path, package: str = "kwev") -> Code:
        """Read a package below a folder."""
        sources = {}
        for path in sorted((root / package).rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            sources[".".join(parts).removesuffix(".__init__")] = path.read_text(encoding="utf-8")
        return cls(sources)

    def _parsed(self, text: str) -> Module:
        tree, found = ast.parse(text), Module()
        for statement in _at_top(tree.body):
            for name in _names(statement):
                found.defined[name] = statement
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(self.root):
                for part in node.names:
                    found.imported[part.asname or part.name] = (node.module or "", part.name)
        return found

    def fingerprint(self, entries: tuple[Key, ...], without: tuple[Key, ...] = ()) -> str:
        """Return the hash of all definitions that some entries reach and others do not."""
        beyond = self.reached(entries) - self.reached(without)
        dumps = sorted({self._dumped(key) for key in beyond})
        return hashlib.sha256("\n".join(dumps).encode()).hexdigest()[:DIGITS]

    def reached(self, entries: tuple[Key, ...]) -> set[Key]:
        """Return the definitions that entries reach, in code or as the class of a parameter."""
        found: set[Key] = set()
        seen: set[tuple[Key, bool]] = set()
        waiting = [(self._resolved(*entry), True) for entry in entries]
        while waiting:
            key, in_code = waiting.pop()
            if key is None:
                raise LookupError(f"no such entry among {entries}: name it anew")
            if (key, in_code) in seen:
                continue
            seen.add((key, in_code))
            if in_code or isinstance(self.modules[key[0]].defined[key[1]], DEFINED):
                found.add(key)
                waiting += self._next(key)
            else:  # a name for a type is an annotation, wherever it stands
                waiting += [(other, False) for other, _ in self._next(key)]
        return found

    def _next(self, key: Key) -> list[tuple[Key, bool]]:
        """Return what a definition refers to, and whether in code or in an annotation."""
        if key not in self._followed:
            statement = self.modules[key[0]].defined[key[1]]
            coded = set(self._references(key[0], _without_annotations(statement)))
            every = set(self._references(key[0], statement))
            self._followed[key] = [(other, other in coded) for other in every | coded]
        return self._followed[key]

    def _references(self, module: str, node: ast.AST) -> Iterator[Key]:
        for part in ast.walk(node):
            target = None
            if isinstance(part, ast.Name):
                target = self._resolved(module, part.id)
            elif isinstance(part, ast.Attribute):
                target = self._of_module(module, part)
            if target is not None and not NOT_FOLLOWED.match(target[0]):
                yield target

    def _of_module(self, module: str, part: ast.Attribute) -> Key | None:
        """Return what ``module.name`` means, where it is one of ours."""
        if not isinstance(part.value, ast.Name):
            return None
        where = ".".join(self.modules[module].imported.get(part.value.id, ("", "")))
        return self._resolved(where, part.attr) if where in self.modules else None

    def _resolved(self, module: str, name: str) -> Key | None:
        """Return where a name of a module is defined; None where it is none of ours."""
        own = self.modules.get(module)
        if own is None or f"{module}.{name}" in self.modules:
            return None
        if name in own.defined:
            return (module, name)
        if name in own.imported:
            return self._resolved(*own.imported[name])
        if module not in self._packages:
            return None
        # a package that loads its public names when they are asked for
        below = [m for m in self.modules if m.startswith(f"{module}.")]
        found = [m for m in below if name in self.modules[m].defined]
        return (found[0], name) if len(found) == 1 else None

    def _dumped(self, key: Key) -> str:
        statement = _without_annotations(self.modules[key[0]].defined[key[1]])
        return _dump(_Plain(self, key[0]).visit(statement))


class _Plain(ast.NodeTransformer):
    """Takes docstrings, imports and the names of modules away."""

    def __init__(self, code: Code, module: str) -> None:
        self._code, self._module = code, module

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            return None
        return self.generic_visit(node)

    def visit_Import(self, _: ast.Import) -> None:
        return None

    def visit_ImportFrom(self, _: ast.ImportFrom) -> None:
        return None

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        target = self._code._of_module(self._module, node)
        return ast.Name(target[1]) if target else self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        target = self._code.modules[self._module].imported.get(node.id)
        return ast.Name(target[1] if target else node.id)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if isinstance(node.value, str):
            dotted = rf"\b{self._code.root}(\.\w+)+"
            return ast.Constant(re.sub(dotted, self._code.root, node.value))
        return node


class _Bare(ast.NodeTransformer):
    """Takes annotations away; the order of a class's fields stays."""

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        self.generic_visit(node)
        if node.value is None:
            return ast.AnnAssign(node.target, ast.Constant(None), None, node.simple)
        return ast.Assign([node.target], node.value)


def _without_annotations(statement: ast.stmt) -> ast.stmt:
    plain: ast.stmt = _Bare().visit(copy.deepcopy(statement))
    return plain


def _at_top(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for statement in body:
        if isinstance(statement, ast.If):  # as under TYPE_CHECKING
            yield from _at_top([*statement.body, *statement.orelse])
        else:
            yield statement


def _names(statement: ast.stmt) -> list[str]:
    if isinstance(statement, DEFINED):
        return [statement.name]
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    else:
        return []
    return [n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)]


SKIPPED = {"ctx", "kind", "type_comment", "type_params", "type_ignores"}
"""Fields that say nothing of what code does, or that some versions of Python do not have."""


def _dump(node: object) -> str:
    """Return a tree as text that is the same for every version of Python."""
    if isinstance(node, ast.AST):
        fields = ((k, v) for k, v in ast.iter_fields(node) if k not in SKIPPED)
        told = [f"{k}={_dump(v)}" for k, v in fields if v is not None and v != []]
        return f"{type(node).__name__}({', '.join(told)})"
    if isinstance(node, list):
        return f"[{', '.join(_dump(part) for part in node)}]"
    return repr(node)


@dataclass(frozen=True)
class Stage:
    """A stage as it stands: the version that it declares and the fingerprint of its code."""

    version: str
    fingerprint: str


def stages() -> dict[str, Stage]:
    """Return the stages of this checkout; a record's code is what it has beside that of a plan."""
    import importlib

    from kwev.report.registry import RECORDS
    from kwev.studies.store import PLAN_VERSION

    code = Code.of(ROOT)
    found = {"plan": Stage(PLAN_VERSION, code.fingerprint(PLAN_ENTRIES))}
    for name, make in RECORDS.items():
        entry = (make.__module__, make.__qualname__)
        version = importlib.import_module(make.__module__).VERSION
        found[name] = Stage(version, code.fingerprint((entry,), PLAN_ENTRIES))
    return found


def kept() -> dict[str, Stage]:
    """Return the stages as they were accepted."""
    return {name: Stage(**stage) for name, stage in json.loads(KEPT.read_text()).items()}


def problems(now: dict[str, Stage], before: dict[str, Stage]) -> list[str]:
    """Return what to do about each stage that is not as it was accepted, a line each."""
    accept = "`python tests/model/versions.py --accept`"
    told = [f"{name}: no such stage any more; {accept}" for name in before.keys() - now.keys()]
    for name, stage in now.items():
        if stage == before.get(name):
            continue
        if name not in before or stage.version != before[name].version:
            told.append(f"{name}: version {stage.version} is not accepted yet; {accept}")
        else:
            told.append(
                f"{name}: the code has changed, its version is still {stage.version}. If an answer "
                f"can change, raise the version and run `make sweeps`; if none can, {accept}"
            )
    return told


def main() -> None:
    """Tell which stages have changed, and accept them where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accept", action="store_true", help="keep versions and fingerprints")
    now, before = stages(), kept() if KEPT.is_file() else {}
    if parser.parse_args().accept:
        plain = {name: vars(stage) for name, stage in sorted(now.items())}
        KEPT.write_text(json.dumps(plain, indent=2) + "\n", encoding="utf-8")
        before = now
    for line in problems(now, before) or ["every stage is as it was accepted"]:
        print(line)  # noqa: T201


if __name__ == "__main__":
    main()
