"""Faults to seed: small changes of generated code that a client would notice, made on its syntax tree."""

from __future__ import annotations

import ast
import copy
import hashlib
import json
import random
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.faults.fresh import FRESH
from bench.faults.invisible import Code, name_of, reason
from bench.faults.kinds import KINDS, Change

_NOT_CODE = ("models.py", "settings.py", "main.py", "__init__.py", "rows.py")
_NEVER = ("settings.py", "__init__.py", "rows.py")


@dataclass(frozen=True)
class Fault:
    """``kind`` and ``place`` for people; ``text`` is the changed module ``path``; ``keys`` the operations to ask."""

    kind: str
    path: str
    place: str
    text: str
    keys: frozenset[str]

    @property
    def digest(self) -> str:
        """Which fault it is: the changed module."""
        return hashlib.sha256(f"{self.kind} {self.path}\n{self.text}".encode()).hexdigest()[:16]

    def seed(self, output: Path, target: Path) -> Path:
        """A copy of the generated project at ``target`` with the fault in it."""
        shutil.copytree(output, target, ignore=shutil.ignore_patterns("__pycache__"))
        (target / self.path).write_text(self.text, encoding="utf-8")
        return target


def faults(
    output: Path,
    *,
    most: int = 10_000,
    fresh: bool = False,
    seed: int | None = None,
    left_out: Counter[str] | None = None,
) -> list[Fault]:
    """The faults that fit somewhere in a generated project and may be seen.

    Of a kind with more than ``most`` evenly spread ones, or with ``seed`` randomly drawn ones. ``fresh`` takes the kinds of
    :mod:`bench.faults.fresh`. ``left_out`` counts the places that rules of :mod:`bench.faults.invisible` take out.
    """
    passed_over = _NEVER if fresh else _NOT_CODE
    texts = {
        p: p.read_text(encoding="utf-8")
        for p in sorted((output / "app").rglob("*.py"))
        if p.name not in passed_over
    }
    trees = {path: ast.parse(text) for path, text in texts.items()}
    reach = _Reach(output, trees)
    code = Code(trees.values(), reach.functions)
    places: dict[str, list[tuple[Path, int, int, Change]]] = defaultdict(list)
    for path, tree in trees.items():
        for at, stmt in enumerate(tree.body):
            if isinstance(stmt, ast.Import | ast.ImportFrom | ast.Expr) or not reach.of(path, stmt, "delete"):
                continue
            nodes = list(ast.walk(stmt))
            for kind, fits, change in FRESH if fresh else KINDS:
                if not reach.of(path, stmt, kind):
                    continue
                for i, node in enumerate(nodes):
                    if not fits(node, stmt):
                        continue
                    if path.name == "models.py" and not reach.deletions(_target(stmt, node)):
                        why = "no native operation deletes rows of the table that the foreign key leads to"
                    else:
                        why = reason(kind, code, stmt, node)
                    if not why:
                        places[kind].append((path, at, i, change))
                    elif left_out is not None:
                        left_out[f"{kind}: {why}"] += 1
    out: list[Fault] = []
    for kind, found in places.items():
        chosen = found[:: max(1, -(-len(found) // most))]
        if seed is not None:
            chosen = random.Random(f"{seed} {kind}").sample(found, min(most, len(found)))
        for path, at, index, change in chosen:
            stmt = trees[path].body[at]
            clone = copy.deepcopy(stmt)
            node = list(ast.walk(clone))[index]
            line = getattr(node, "lineno", stmt.lineno)
            whole = ast.Module(
                [*trees[path].body[:at], _replace(clone, node, change(node)), *trees[path].body[at + 1 :]], []
            )
            name = str(path.relative_to(output))
            place = f"{name.removesuffix('.py').replace('/', '.')}.{name_of(stmt)}:{line}"
            text = ast.unparse(ast.fix_missing_locations(whole))
            keys = reach.of(path, stmt, kind)
            if path.name == "models.py":
                keys = reach.deletions(_target(stmt, list(ast.walk(stmt))[index]))
            if keys:
                out.append(Fault(kind, name, place, text, frozenset(keys)))
    return sorted(out, key=lambda f: (f.kind, f.place))


class _Reach:
    """Which operations a top-level statement takes part in, by the names that the code mentions."""

    def __init__(self, output: Path, trees: dict[Path, ast.Module]) -> None:
        manifest = json.loads((output / "segue-manifest.json").read_text(encoding="utf-8"))
        self._keys = {o["function"]: f"{o['method']} {o['route']}" for o in manifest["operations"]}
        self.functions = frozenset(self._keys)
        self._users: dict[str, set[str]] = defaultdict(set)
        for tree in trees.values():
            for stmt in tree.body:
                for mentioned in _mentioned(stmt):
                    self._users[mentioned].add(name_of(stmt))
                for resource in _guards(stmt):
                    # An ``@RESOURCE.access`` function runs before every operation of the resource.
                    self._users[name_of(stmt)].add(resource)
        self._known: dict[str, list[str]] = {}
        self._tables: dict[str, list[str]] = defaultdict(list)
        self._deleting: list[
            tuple[str, str]
        ] = []  # a model's name and an operation that looks one up to delete it
        for path, tree in trees.items():
            for stmt in tree.body:
                key = self._keys.get(name_of(stmt), "")
                # ``@router.delete(`` is no deletion; ``call.db.delete(`` and a function that destroys are.
                if key.startswith("DELETE ") and any(
                    w in ast.unparse(stmt) for w in ("db.delete(", "_destroy(")
                ):
                    called = (
                        n
                        for n in ast.walk(stmt)
                        if isinstance(n, ast.Call) and ast.unparse(n.func) == "found"
                    )
                    self._deleting += [(ast.literal_eval(n.args[-1]), key) for n in called]
                for line in getattr(stmt, "body", ()) if path.name == "models.py" else ():
                    if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "__tablename__":
                        self._tables[ast.literal_eval(line.value)].append(name_of(stmt))

    def of(self, path: Path, stmt: ast.stmt, kind: str) -> list[str]:
        """Keys of the operations to ask about a fault of ``kind``, at most six, spread over all."""
        if path.name == "main.py":
            return _spread(sorted(self._keys.values()))
        if path.name == "models.py":
            return self.deletions("") if "delete" in kind else []
        return _spread(self.operations(stmt))

    def deletions(self, table: str) -> list[str]:
        """Operations that delete rows of ``table`` themselves ('': of any): what a deletion takes with it shows there."""
        return _spread(
            sorted({key for name, key in self._deleting if not table or name in self._tables.get(table, ())})
        )

    def operations(self, stmt: ast.stmt) -> list[str]:
        """All their keys (``GET /books/``)."""
        name = name_of(stmt)
        if name not in self._known:
            seen, todo = {name}, [name]
            while todo:
                for user in self._users[todo.pop()] - seen:
                    seen.add(user)
                    todo.append(user)
            self._known[name] = sorted(self._keys[n] for n in seen if n in self._keys)
        return self._known[name]


def _target(stmt: ast.stmt, node: ast.AST) -> str:
    """The table that the foreign key around ``node`` leads to."""
    for call in ast.walk(stmt):
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "ForeignKey" and node in ast.walk(call):
            return str(ast.literal_eval(call.args[0])).partition(".")[0]
    return ""


def _spread(keys: list[str], most: int = 6) -> list[str]:
    return keys[:: max(1, -(-len(keys) // most))]


def _mentioned(stmt: ast.stmt) -> Iterator[str]:
    yield from (n.id for n in ast.walk(stmt) if isinstance(n, ast.Name) and n.id != name_of(stmt))


def _guards(stmt: ast.stmt) -> Iterator[str]:
    for decorator in getattr(stmt, "decorator_list", ()):
        if isinstance(decorator, ast.Attribute) and decorator.attr == "access":
            yield ast.unparse(decorator.value)


def _replace(stmt: ast.stmt, old: ast.AST, new: ast.AST | None) -> ast.stmt:
    class Swap(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST | None:
            return new if node is old else self.generic_visit(node)

    made = Swap().visit(stmt)
    assert isinstance(made, ast.stmt)
    return made
