"""Faults to seed: small changes of generated code that a client would notice, made on its syntax tree."""

from __future__ import annotations

import ast
import copy
import json
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

Change = Callable[[ast.AST], ast.AST | None]


@dataclass(frozen=True)
class Fault:
    """``kind`` and ``place`` for people; ``text`` is the changed module ``path``; ``keys`` the operations to ask."""

    kind: str
    path: str
    place: str
    text: str
    keys: frozenset[str]

    def seed(self, output: Path, target: Path) -> Path:
        """A copy of the generated project at ``target`` with the fault in it."""
        shutil.copytree(output, target, ignore=shutil.ignore_patterns("__pycache__"))
        (target / self.path).write_text(self.text, encoding="utf-8")
        return target


def faults(output: Path, *, most: int = 10_000) -> list[Fault]:
    """The faults that fit somewhere in a generated project, at most ``most`` of a kind."""
    manifest = json.loads((output / "segue-manifest.json").read_text(encoding="utf-8"))
    operations = manifest["operations"]
    texts = {p: p.read_text(encoding="utf-8") for p in sorted((output / "app").rglob("*.py"))}
    bodies = _bodies(texts)
    out: list[Fault] = []
    made: Counter[str] = Counter()
    for path, text in texts.items():
        tree = ast.parse(text)
        module = ".".join(path.relative_to(output).with_suffix("").parts)
        for function in (n for n in tree.body if isinstance(n, ast.AsyncFunctionDef | ast.FunctionDef)):
            keys = frozenset(_operations_of(function.name, module, operations, bodies))
            keys = keys or frozenset(_operations_under(function, tree, module, operations))
            if not keys:
                continue
            for kind, line, changed in _changes(function):
                if made[kind] >= most:
                    continue
                made[kind] += 1
                whole = copy.deepcopy(tree)
                whole.body[tree.body.index(function)] = changed
                place = f"{module}.{function.name}:{line}"
                out.append(
                    Fault(
                        kind,
                        str(path.relative_to(output)),
                        place,
                        ast.unparse(ast.fix_missing_locations(whole)),
                        keys,
                    )
                )
    return sorted(out, key=lambda f: (f.kind, f.place))


def _bodies(texts: dict[Path, str]) -> dict[str, str]:
    found = {}
    for text in texts.values():
        for node in ast.parse(text).body:
            if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef):
                found[node.name] = ast.unparse(node)
    return found


def _operations_of(
    name: str, module: str, operations: list[dict[str, str]], bodies: dict[str, str]
) -> Iterator[str]:
    """Operations whose function is ``name`` or calls it, directly or once removed."""
    callers = {name}
    for _ in range(2):
        callers |= {
            other for other, body in bodies.items() if any(re.search(rf"\b{c}\(", body) for c in callers)
        }
    for item in operations:
        same_module = item["module"] == module or name not in {o["function"] for o in operations}
        if same_module and item["function"] in callers:
            yield f"{item['method']} {item['route']}"


def _operations_under(
    function: ast.stmt, tree: ast.Module, module: str, operations: list[dict[str, str]]
) -> Iterator[str]:
    """Operations of the resource that an ``@RESOURCE.access`` function belongs to."""
    resources = {
        d.value.id
        for d in getattr(function, "decorator_list", ())
        if isinstance(d, ast.Attribute) and d.attr == "access" and isinstance(d.value, ast.Name)
    }
    for node in tree.body:
        if isinstance(node, ast.AsyncFunctionDef) and resources:
            first = [
                ast.unparse(d.args[0]) for d in node.decorator_list if isinstance(d, ast.Call) and d.args
            ]
            for item in operations if resources & set(first) else ():
                if item["module"] == module and item["function"] == node.name:
                    yield f"{item['method']} {item['route']}"


def _changes(function: ast.AsyncFunctionDef | ast.FunctionDef) -> Iterator[tuple[str, int, ast.stmt]]:
    for kind, fits, change in KINDS:
        places = [index for index, node in enumerate(ast.walk(function)) if fits(node, function)]
        for index in places:
            clone = copy.deepcopy(function)
            node = list(ast.walk(clone))[index]
            line = getattr(node, "lineno", function.lineno)
            replaced = change(node)
            yield kind, line, _replace(clone, node, replaced)


def _replace(function: ast.stmt, old: ast.AST, new: ast.AST | None) -> ast.stmt:
    class Swap(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST | None:
            return new if node is old else self.generic_visit(node)

    made = Swap().visit(function)
    assert isinstance(made, ast.stmt)
    return made


def _method(node: ast.AST, *names: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in names


def _receiver(node: ast.AST) -> ast.AST:
    assert isinstance(node, ast.Call)
    assert isinstance(node.func, ast.Attribute)
    return node.func.value


def _is_write(node: ast.AST, _: object) -> bool:
    inner = node.value.value if isinstance(node, ast.Expr) and isinstance(node.value, ast.Await) else None
    return inner is not None and _method(inner, "insert", "update", "delete")


def _renamed(node: ast.AST, name: str) -> ast.AST:
    assert isinstance(node, ast.Call)
    assert isinstance(node.func, ast.Attribute)
    node.func.attr = name
    return node


def _without_first(node: ast.AST) -> ast.AST:
    assert isinstance(node, ast.Dict)
    del node.keys[-1], node.values[-1]
    return node


def _bare_return(node: ast.AST, function: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Dict)
        and len(node.keys) > 1
        and getattr(function, "name", "").startswith("present_")
    )


def _other_operator(node: ast.AST) -> ast.AST:
    assert isinstance(node, ast.Compare)
    node.ops = [ast.NotEq() if isinstance(node.ops[0], ast.Eq) else ast.Eq()]
    return node


def _in_where(node: ast.AST, function: ast.stmt) -> bool:
    if not (isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq | ast.NotEq)):
        return False
    return any(node in ast.walk(call) for call in ast.walk(function) if _method(call, "where"))


def _pass(node: ast.AST) -> ast.AST:
    return ast.Pass()


KINDS: list[tuple[str, Callable[[ast.AST, ast.stmt], bool], Change]] = [
    (
        "permission dropped",
        lambda n, f: isinstance(n, ast.Expr) and _method(n.value, "require"),
        _pass,
    ),
    ("filter dropped", lambda n, f: _method(n, "where"), _receiver),
    ("filter turned round", _in_where, _other_operator),
    ("wrong status", lambda n, f: _method(n, "created"), lambda n: _renamed(n, "reply")),
    ("lost write", _is_write, _pass),
    ("field dropped", _bare_return, _without_first),
    ("validation dropped", lambda n, f: isinstance(n, ast.Expr) and _method(n.value, "raise_invalid"), _pass),
]
