"""Which classes are factories, what their bases are, and which of them a name means."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from functools import cached_property

from segue.refusal import Refused, refuse
from segue.snapshot.model import FactoryModule, Snapshot, Value, Where
from segue.target.ir import Import

DJANGO = ("factory.django.DjangoModelFactory", "factory.DjangoModelFactory")
LIBRARY = ("factory", "faker")
_SAME_AS_TOP = ("factory.declarations.", "factory.helpers.")  # what ``factory`` itself hands on


@dataclass
class Module:
    """A module with its names: ``imports`` are dotted, ``defined`` what it assigns itself, ``changed`` those among them that have another value
    later, or may have."""

    known: FactoryModule
    tree: ast.Module
    imports: dict[str, str] = field(default_factory=dict)
    forms: dict[str, set[Import]] = field(default_factory=dict)
    defined: dict[str, ast.expr] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)

    def where(self, node: ast.AST) -> Where:
        return Where(self.known.where.file, getattr(node, "lineno", 1))

    def value(self, text: str) -> Value | None:
        """What a name or attribute chain is, where it is no factory."""
        return self.known.values.get(text)

    def dotted(self, node: ast.expr) -> str:
        """The imported thing that a name or chain means; '' for any other."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id not in self.imports:
            return ""
        found = ".".join([self.imports[node.id], *reversed(parts)])
        inside = next((text for text in _SAME_AS_TOP if found.startswith(text)), None)
        return f"factory.{found.removeprefix(inside)}" if inside is not None else found

    def refuse(self, construct: str, why: str, node: ast.AST, code: str = "factory") -> Refused:
        return refuse(code, construct, why, self.where(node))


@dataclass
class Factory:
    """A factory class. ``base`` is another factory of the project's, or None where it is factory_boy's."""

    module: Module
    node: ast.ClassDef
    base: Factory | None = None
    name: str = ""  # in the output

    @property
    def dotted(self) -> str:
        return f"{self.module.known.name}.{self.node.name}"

    @cached_property
    def meta(self) -> dict[str, ast.expr]:
        return _assigned(self.node, "Meta")

    @cached_property
    def params(self) -> dict[str, ast.expr]:
        return _assigned(self.node, "Params")

    def option(self, name: str) -> tuple[ast.expr, Module] | None:
        """An option of ``Meta``, its own or inherited, and where it is written."""
        if name in self.meta:
            return self.meta[name], self.module
        return self.base.option(name) if self.base is not None else None

    @property
    def not_plain(self) -> ast.stmt | None:
        """A ``Meta`` or ``Params`` that inherits, or a statement in it that gives no name its value."""
        for inner in self.node.body:
            if isinstance(inner, ast.ClassDef):
                if inner.bases or inner.decorator_list:
                    return inner
                for node in inner.body:
                    if not (_assignment(node) or isinstance(node, ast.Pass) or _is_text(node)):
                        return node
        return None

    def declared(self) -> set[str]:
        """What each object is given: names of the class and its bases."""
        found: set[str] = set()
        for one in self.chain():
            for node in one.node.body:
                if given := _assignment(node):
                    found.add(given[0])
                elif isinstance(node, ast.FunctionDef):
                    found.add(node.name)
        return found

    def chain(self) -> list[Factory]:
        """Itself and its bases of the project's."""
        return [self, *(self.base.chain() if self.base is not None else [])]


def _assigned(node: ast.ClassDef, name: str) -> dict[str, ast.expr]:
    inner = next((n for n in node.body if isinstance(n, ast.ClassDef) and n.name == name), None)
    found: dict[str, ast.expr] = {}
    for statement in inner.body if inner is not None else ():
        if given := _assignment(statement):
            found[given[0]] = given[1]
    return found


def _assignment(node: ast.stmt) -> tuple[str, ast.expr] | None:
    """Name and value of ``name = value`` and ``name: kind = value``."""
    match node:
        case ast.Assign([ast.Name(name)], value):
            return name, value
        case ast.AnnAssign(ast.Name(name), _, ast.expr() as value):
            return name, value
    return None


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


class Factories:
    """All factories of a project."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.modules = {known.name: _module(known, snapshot) for known in snapshot.factories}
        self._classes = {
            f"{module.known.name}.{node.name}": Factory(module, node)
            for module in self.modules.values()
            for node in module.tree.body
            if isinstance(node, ast.ClassDef)
        }
        self.all: dict[str, Factory] = {}
        for dotted in self._classes:
            self._place(dotted, ())

    def meant(self, module: Module, node: ast.expr) -> Factory | None:
        """The factory that a name in ``module`` means, through whatever hands it on."""
        if isinstance(node, ast.Name) and f"{module.known.name}.{node.id}" in self.all:
            return self.all[f"{module.known.name}.{node.id}"]
        return self.named(module.dotted(node))

    def named(self, dotted: str, depth: int = 0) -> Factory | None:
        """The factory at a dotted path."""
        if dotted in self.all or not dotted or depth > 5:
            return self.all.get(dotted)
        package, _, name = dotted.rpartition(".")
        module = self.modules.get(package)
        return self.named(module.imports.get(name, ""), depth + 1) if module is not None else None

    def _place(self, dotted: str, seen: tuple[str, ...]) -> Factory | None:
        """The class as a factory, or None where it is none."""
        if dotted in self.all or dotted in seen or dotted not in self._classes:
            return self.all.get(dotted)
        found = self._classes[dotted]
        for base in found.node.bases:
            base = base.value if isinstance(base, ast.Subscript) else base
            path = found.module.dotted(base)
            if path in DJANGO:
                self.all[dotted] = found
                return found
            inside = f"{found.module.known.name}.{base.id}" if isinstance(base, ast.Name) else ""
            above = self._place(inside, (*seen, dotted)) or self._above(path, (*seen, dotted))
            if above is not None:
                found.base = above
                self.all[dotted] = found
                return found
        return None

    def _above(self, dotted: str, seen: tuple[str, ...]) -> Factory | None:
        for _ in range(5):
            if dotted in self._classes:
                return self._place(dotted, seen)
            package, _, name = dotted.rpartition(".")
            module = self.modules.get(package)
            if module is None:
                return None
            dotted = module.imports.get(name, "")
        return None


def _outermost(body: list[ast.stmt]) -> list[ast.stmt]:
    """Statements of a module, those of ``try`` in their order."""
    found: list[ast.stmt] = []
    for node in body:
        if isinstance(node, ast.Try):
            parts = [node.body, *(handler.body for handler in node.handlers), node.orelse]
            found += [statement for part in parts for statement in _outermost(part)]
        else:
            found.append(node)
    return found


def _module(known: FactoryModule, snapshot: Snapshot) -> Module:
    tree = ast.parse(known.source)
    module = Module(known, tree)
    package = any(other.name.startswith(known.name + ".") for other in snapshot.factories)
    here = (
        known.name if package and known.where.file.endswith("__init__.py") else known.name.rpartition(".")[0]
    )
    for node in _outermost(tree.body):
        if isinstance(node, ast.ImportFrom):
            parts = here.split(".")
            above = ".".join(parts[: len(parts) - node.level + 1]) if node.level else ""
            base = ".".join(p for p in (above, node.module or "") if p)
            for alias in node.names:
                local = alias.asname or alias.name
                if local in module.imports:
                    continue  # ``except ImportError: from elsewhere import the_same``
                module.imports[local] = f"{base}.{alias.name}"
                module.forms[local] = {Import(base, alias.name, alias.asname or "")}
        elif isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                module.imports[alias.asname or top] = alias.name if alias.asname else top
                module.forms.setdefault(alias.asname or top, set()).add(
                    Import(alias.name, "", alias.asname or "")
                )
        elif given := _assignment(node):
            if given[0] in module.defined:
                module.changed.add(given[0])
            module.defined[given[0]] = given[1]
        elif not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            # ``STATES.append("sold")``, ``fake.add_provider(…)``, ``if …: fake = …``
            module.changed |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    module.changed |= {name for n in ast.walk(tree) if isinstance(n, ast.Global) for name in n.names}
    return module
