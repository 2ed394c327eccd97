"""What a function of the generated package may call there, by the names that its text uses."""

from __future__ import annotations

import ast


class CallGraph:
    """Names of ``package``'s functions, classes and constants, and which others each of them mentions."""

    def __init__(self, package: str) -> None:
        self._package = package
        self._mentions: dict[str, set[str]] = {}
        self._known: dict[str, frozenset[str]] = {}

    def add(self, module: str, tree: ast.Module) -> None:
        """Read one module (``module`` is its dotted name in the package)."""
        imported = self._imports(module, tree)
        own = {name: f"{module}.{name}" for node in tree.body for name in _defined(node)}
        scope = {**imported, **own}
        for node in tree.body:
            found = _mentioned(node, scope)
            for name in _defined(node):
                self._mentions.setdefault(f"{module}.{name}", set()).update(found)
        self._known.clear()

    def reachable(self, start: str) -> frozenset[str]:
        """``start`` and everything that it mentions, and what that mentions, and so on."""
        if start not in self._known:
            seen: set[str] = set()
            left = [start]
            while left:
                name = left.pop()
                if name not in seen:
                    seen.add(name)
                    left += self._mentions.get(name, ())
            self._known[start] = frozenset(seen)
        return self._known[start]

    def _imports(self, module: str, tree: ast.Module) -> dict[str, str]:
        out: dict[str, str] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                if node.module == self._package or node.module.startswith(f"{self._package}."):
                    out.update({a.asname or a.name: f"{node.module}.{a.name}" for a in node.names})
            elif isinstance(node, ast.Import):
                for a in node.names:
                    if a.asname and a.name.startswith(f"{self._package}."):
                        out[a.asname] = a.name
        return out


def _defined(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Assign):
        return [t.id for t in node.targets if isinstance(t, ast.Name)]
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return [node.target.id]
    return []


def _mentioned(node: ast.stmt, scope: dict[str, str]) -> set[str]:
    """Dotted names that a statement mentions; a function's decorators say where it is used, not what it uses."""
    out: set[str] = set()
    parts: list[ast.AST] = [node]
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        parts = [node.args, *node.body]
    for part in parts:
        for child in ast.walk(part):
            if isinstance(child, ast.Name) and child.id in scope:
                out.add(scope[child.id])
            elif isinstance(child, ast.Attribute) and isinstance(child.value, ast.Name):
                base = scope.get(child.value.id)
                if base is not None:
                    out.add(f"{base}.{child.attr}")
    return out
