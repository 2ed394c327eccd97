"""The modules of this package for interpreters older than 3.11, which lack some of what they are written with.

They are parsed as they are and compiled with those constructs put in older words. Itself it must do without them:
it runs on Python 3.8.
"""

from __future__ import annotations

import ast
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from typing import Any

NEWEST = (3, 11)  # from here on nothing needs to be lowered
_GENERIC = ("dict", "list", "tuple", "set", "frozenset", "type")


def install(package: str, folder: str) -> None:
    """Lower what is imported of ``package`` (its modules are in ``folder``) from now on, where it needs that."""
    if sys.version_info < NEWEST:
        sys.meta_path.insert(0, _Finder(package, folder))


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, package: str, folder: str) -> None:
        self._package, self._folder = package, folder

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """A spec whose loader lowers the source; None for what is not of the package."""
        if not name.startswith(f"{self._package}."):
            return None
        found = importlib.machinery.PathFinder.find_spec(name, path)
        if found is None or found.origin is None:
            return None
        found.loader = _Loader(name, found.origin)
        found.cached = None
        return found


class _Loader(importlib.machinery.SourceFileLoader):
    def get_code(self, fullname: str) -> Any:
        """Compiled anew each time: what lies in ``__pycache__`` may be of other rules."""
        return self.source_to_code(self.get_data(self.path), self.path)

    def source_to_code(self, data: Any, path: Any, **options: Any) -> Any:  # type: ignore[override]
        """Code of the lowered source."""
        tree = _Lower().visit(ast.parse(data, str(path)))
        return compile(ast.fix_missing_locations(tree), str(path), "exec", dont_inherit=True)


class _Lower(ast.NodeTransformer):
    def visit_Call(self, node: ast.Call) -> Any:
        """``isinstance(x, A | B)``, ``zip(…, strict=…)``, ``text.removeprefix(…)``."""
        self.generic_visit(node)
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name == "isinstance" and isinstance(node.args[1], ast.BinOp):
            node.args[1] = ast.Tuple(_members(node.args[1]), ast.Load())
        elif name == "zip":
            node.keywords = [k for k in node.keywords if k.arg != "strict"]
        elif isinstance(node.func, ast.Attribute) and node.func.attr in _STRIPPING and len(node.args) == 1:
            function = ast.parse(_STRIPPING[node.func.attr], mode="eval").body
            return ast.copy_location(ast.Call(function, [node.func.value, node.args[0]], []), node)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> Any:
        """``dt.UTC``."""
        self.generic_visit(node)
        if node.attr == "UTC" and isinstance(node.value, ast.Name):
            return ast.copy_location(
                ast.Attribute(ast.Attribute(node.value, "timezone", ast.Load()), "utc", ast.Load()), node
            )
        return node

    def visit_BinOp(self, node: ast.BinOp) -> Any:
        """``mapping | {…}``."""
        self.generic_visit(node)
        if isinstance(node.op, ast.BitOr) and any(
            isinstance(side, ast.Dict) for side in (node.left, node.right)
        ):
            return ast.copy_location(ast.Dict([None, None], [node.left, node.right]), node)
        return node

    def visit_Assign(self, node: ast.Assign) -> Any:
        """``Name = dict[str, int]``: only annotations use it, and they are not evaluated."""
        self.generic_visit(node)
        value = node.value
        if (
            isinstance(value, ast.Subscript)
            and isinstance(value.value, ast.Name)
            and value.value.id in _GENERIC
        ):
            node.value = value.value
        return node

    def visit_ImportFrom(self, node: ast.ImportFrom) -> Any:
        """``functools.cache`` and the names under which ``re`` keeps its parser."""
        if node.module == "functools" and not node.level:
            for alias in node.names:
                if alias.name == "cache":
                    alias.name, alias.asname = "lru_cache", alias.asname or "cache"
        if node.module == "re" and any(a.name in _OF_RE for a in node.names):
            return [
                ast.copy_location(ast.Import([ast.alias(_OF_RE[a.name], a.asname or a.name)]), node)
                for a in node.names
            ]
        return node


_STRIPPING = {
    "removeprefix": "lambda text, end: text[len(end):] if text.startswith(end) else text",
    "removesuffix": "lambda text, end: text[:-len(end)] if end and text.endswith(end) else text",
}
_OF_RE = {"_constants": "sre_constants", "_parser": "sre_parse"}


def _members(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return [*_members(node.left), *_members(node.right)]
    return [node]
