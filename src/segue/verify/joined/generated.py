"""The generated package beside a project that may have a package of the same name.

Only the package itself is made importable: the folder around it (with ``tests``, ``migrations``) never comes on
``sys.path``. Where its name is taken, as ``app`` often is, it is imported under another one: its absolute
imports, and the dotted class names by which mapped classes know each other, are rewritten while its modules
are compiled; files and lines stay as they are.
"""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from .branches import HITS, Branches

ALIAS = "segue_generated"


def make_importable(output: Path, package: str, branches: Branches | None = None) -> str:
    """Let ``output/package`` be imported; returns the name to import it by. ``branches`` measures it."""
    name = ALIAS if _taken(package) else package
    sys.meta_path.insert(0, _Finder(output / package, package, name, branches))
    return name


def _taken(package: str) -> bool:
    if package in sys.modules:
        return True
    try:
        return importlib.util.find_spec(package) is not None
    except (ImportError, ValueError):
        return False


class _Finder(MetaPathFinder):
    def __init__(self, folder: Path, package: str, name: str, branches: Branches | None) -> None:
        self._folder, self._package, self._name, self._branches = folder, package, name, branches

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != self._name and not name.startswith(f"{self._name}."):
            return None
        base = self._folder.joinpath(*name.split(".")[1:])
        file, places = base / "__init__.py", [str(base)]
        if not file.is_file():
            file, places = base.with_name(f"{base.name}.py"), []
        if not file.is_file():
            return None
        same = self._name == self._package and self._branches is None
        loader = (
            SourceFileLoader(name, str(file))
            if same
            else _Changing(name, file, self._package, self._name, self._folder, self._branches)
        )
        return importlib.util.spec_from_file_location(
            name, file, loader=loader, submodule_search_locations=places or None
        )


class _Changing(SourceFileLoader):
    """Compiles with the package's absolute imports renamed and its branches marked; no bytecode is kept of that."""

    def __init__(
        self, fullname: str, file: Path, package: str, name: str, folder: Path, branches: Branches | None
    ) -> None:
        super().__init__(fullname, str(file))
        self._renamer = None
        if name != package:
            self._renamer = _Renamer(package, name, strings=file.name == "models.py")
        self._module = package + fullname[len(name) :]
        self._file = file.relative_to(folder.parent).as_posix()
        self._branches = branches

    def get_code(self, fullname: str) -> CodeType:
        tree = ast.parse(self.get_data(self.path), self.path)
        if self._branches is not None:
            tree = self._branches.instrument(tree, self._module, self._file)
        if self._renamer is not None:
            tree = self._renamer.visit(tree)
        code: Any = compile(ast.fix_missing_locations(tree), self.path, "exec", dont_inherit=True)
        assert isinstance(code, CodeType)
        return code

    def exec_module(self, module: ModuleType) -> None:
        if self._branches is not None:
            setattr(module, HITS, self._branches.hits)
        super().exec_module(module)


class _Renamer(ast.NodeTransformer):
    def __init__(self, package: str, name: str, *, strings: bool) -> None:
        self._package, self._name = package, name
        self._dotted = re.compile(rf"\b{re.escape(package)}\.(?=\w+\.models\b)") if strings else None

    def _renamed(self, module: str) -> str:
        if module == self._package or module.startswith(f"{self._package}."):
            return self._name + module[len(self._package) :]
        return module

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.ImportFrom:
        if node.module and not node.level:
            node.module = self._renamed(node.module)
        return node

    def visit_Import(self, node: ast.Import) -> ast.Import:
        for item in node.names:
            renamed = self._renamed(item.name)
            if renamed != item.name:
                # ``import app.models`` is there for its effect; the name ``app`` may mean something else.
                item.name, item.asname = renamed, item.asname or "_segue_imported"
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        if self._dotted is not None and isinstance(node.value, str):
            node.value = self._dotted.sub(f"{self._name}.", node.value)
        return node
