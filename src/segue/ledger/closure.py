"""Which generated code an operation runs, as one digest: what its evidence is about.

The closure of a path operation function is every top-level statement that it reaches by name, through all modules of the
package. What is not reached by name alone always belongs to it: the application (``main.py``), settings, access rules,
mapped classes, the table of URLs, statements that act while their module is imported, and functions that a decorator
hangs on an object in the closure (``@RESOURCE.access``). Code that looks names up by text has no closure that could be
trusted: then it is the whole package. Comments and layout do not count.
"""

from __future__ import annotations

import ast
import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from pathlib import Path

_ALWAYS = ("main", "settings", "access", "models", "__init__")  # names of modules
_BY_TEXT = {
    "globals",
    "eval",
    "exec",
    "__import__",
    "importlib",
    "import_module",
    "vars",
    "getattr",
    "setattr",
}
_ROUTERS = ("Router", "APIRouter")
_HARMLESS = ("dataclass", "cache", "lru_cache", "contextmanager", "asynccontextmanager", "final", "override")
_DEFINITION = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign)

# A module, the number of its top-level statement, and which of the names that it imports (else 0).
Node = tuple[str, int, int]


def of_folder(output: Path, package: str, functions: Iterable[str]) -> dict[str, str]:
    """Digest by function (``app.shop.routes.order_list``) of the generated ``package`` in ``output``; none for
    a function that is not there. The last answer is kept: a rollout asks before each move, and following all code takes seconds."""
    return dict(_kept(tuple(sorted(read(output, package).items())), package, tuple(functions)))


@lru_cache(maxsize=1)
def _kept(texts: tuple[tuple[str, str], ...], package: str, functions: tuple[str, ...]) -> Mapping[str, str]:
    return of_texts(dict(texts), package, functions)


def of_texts(texts: Mapping[str, str], package: str, functions: Iterable[str]) -> dict[str, str]:
    """The same for modules by dotted name."""
    try:
        code = _Code({name: ast.parse(text) for name, text in texts.items()}, package)
    except (SyntaxError, ValueError):
        # It cannot run; nothing that was shown of it holds any longer.
        whole = hashlib.sha256(repr(sorted(texts.items())).encode()).hexdigest()[:16]
        return dict.fromkeys(functions, whole)
    return {f: code.digest(f) for f in functions if code.find(f) is not None}


def names(texts: Mapping[str, str], package: str, function: str) -> set[str]:
    """Dotted names of the functions, classes and values in the closure of ``function``."""
    code = _Code({name: ast.parse(text) for name, text in texts.items()}, package)
    start = code.find(function)
    reached = code.reached(start) if start is not None else set()
    return {name for node in reached for name in code.names(node)}


def alone(
    texts: Mapping[str, str], package: str, functions: Iterable[str]
) -> dict[str, list[tuple[str, ast.stmt]] | None]:
    """By function, module and top-level statement of all that it reaches by name, with who may use its resource, and without the other
    operations of that resource and what belongs to every operation. Of an import just the name that is reached.

    None where names are looked up by text, so that nobody can follow them, and for a function that is not there. Raises ``SyntaxError`` for code
    that cannot run.
    """
    code = _Code({name: ast.parse(text) for name, text in texts.items()}, package)
    found = {function: code.find(function) for function in functions}
    return {function: None if start is None else code.alone(start) for function, start in found.items()}


def read(output: Path, package: str) -> dict[str, str]:
    """The modules of the generated ``package`` in ``output``, by dotted name."""
    texts = {}
    for file in sorted((output / package).rglob("*.py")):
        if not file.is_file():  # see :func:`segue.digest.of_code`
            continue
        parts = file.relative_to(output).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        texts[name] = file.read_text(encoding="utf-8", errors="replace")
    return texts


class _Code:
    """The top-level statements of a package and what they reach."""

    def __init__(self, trees: Mapping[str, ast.Module], package: str) -> None:
        self._package = package
        self._bodies = {name: tree.body for name, tree in trees.items()}
        self._bound: dict[str, dict[str, list[Node]]] = {}
        self._hung: dict[Node, set[Node]] = defaultdict(set)
        self._edges: dict[Node, set[Node]] = {}
        self._texts: dict[Node, str] = {}
        self._handlers: set[Node] = set()  # functions that a router hangs on a resource
        self._opaque = any(_by_text(tree) for tree in trees.values())
        for name, body in self._bodies.items():
            names: dict[str, list[Node]] = defaultdict(list)
            for number, stmt in enumerate(body):
                for bound, which in _binds(stmt):
                    names[bound].append((name, number, which))
            self._bound[name] = names
        for name, body in self._bodies.items():
            for number, stmt in enumerate(body):
                for decorator in getattr(stmt, "decorator_list", ()):
                    self._hang((name, number, 0), decorator)
                    if self._handles(name, decorator):
                        self._handlers.add((name, number, 0))
        self._roots = self._always()
        self._urls = repr(self._url_table())

    def find(self, function: str) -> Node | None:
        """The statement that defines ``app.shop.routes.order_list``."""
        module, _, name = function.rpartition(".")
        found = self._bound.get(module, {}).get(name)
        return found[-1] if found else None

    def names(self, node: Node) -> list[str]:
        """Dotted names that the statement binds."""
        bound = _binds(self._bodies[node[0]][node[1]])
        return [f"{node[0]}.{name}" for name, which in bound if which == node[2]]

    def digest(self, function: str) -> str:
        """16 hex digits of what ``function`` runs."""
        start = self.find(function)
        assert start is not None
        reached = self.reached(start)
        told = hashlib.sha256(f"{function}\0{self._urls}\0".encode())
        for module, text in sorted((node[0], self._text(node)) for node in reached):
            told.update(f"{module}\0{text}\0".encode())
        return told.hexdigest()[:16]

    def reached(self, start: Node) -> set[Node]:
        """Every statement that takes part where ``start`` does."""
        if self._opaque:
            return {node for module in self._bodies for node in self._whole(module)}
        return self._reach({start, *self._roots})

    def alone(self, start: Node) -> list[tuple[str, ast.stmt]] | None:
        """See :func:`alone`."""
        if self._opaque:
            return None
        reached = self._reach({start}, self._handlers - {start})
        return [(node[0], self._statement(node)) for node in sorted(reached)]

    def _reach(self, todo: set[Node], without: Collection[Node] = ()) -> set[Node]:
        seen: set[Node] = set()
        while todo:
            node = todo.pop()
            if node not in seen and node not in without:
                seen.add(node)
                todo |= self._next(node) - seen
        return seen

    def _next(self, node: Node) -> set[Node]:
        known = self._edges.get(node)
        if known is None:
            known = self._edges[node] = self._mentioned(node) | self._hung[node]
        return known

    def _mentioned(self, node: Node) -> set[Node]:
        module, number, which = node
        stmt = self._bodies[module][number]
        if isinstance(stmt, ast.ImportFrom):
            source, name = self._source(module, stmt), stmt.names[which].name
            return {*self._bound.get(source, {}).get(name, ()), *self._whole(f"{source}.{name}")}
        if isinstance(stmt, ast.Import):
            return self._whole(stmt.names[which].name)
        out: set[Node] = set()
        names = self._bound[module]
        for found in ast.walk(stmt):
            if isinstance(found, ast.Name):
                out |= set(names.get(found.id, ()))
            elif isinstance(found, ast.Constant) and isinstance(found.value, str):
                out |= set(names.get(found.value, ()))  # an annotation or a class named by a text
        return out - {node}

    def _source(self, module: str, stmt: ast.ImportFrom) -> str:
        if not stmt.level:
            return stmt.module or ""
        base = module.split(".")[: -stmt.level] or [self._package]
        return ".".join([*base, *([stmt.module] if stmt.module else [])])

    def _whole(self, module: str) -> set[Node]:
        return {
            (module, number, which)
            for number, stmt in enumerate(self._bodies.get(module, ()))
            for which in range(len(stmt.names) if isinstance(stmt, ast.Import | ast.ImportFrom) else 1)
        }

    def _hang(self, node: Node, decorator: ast.expr) -> None:
        """A decorated function belongs to the object whose method decorates it, and to those given by position:
        ``@RESOURCE.access``, ``@router.get(RESOURCE, …)``. Keywords (pages, models) are what it uses."""
        called = decorator if isinstance(decorator, ast.Call) else None
        places = [called.func, *called.args] if called is not None else [decorator]
        for found in (n for place in places for n in ast.walk(place)):
            if isinstance(found, ast.Name):
                for target in self._objects(node[0], found.id):
                    self._hung[target].add(node)

    def _objects(self, module: str, name: str, depth: int = 3) -> list[Node]:
        """Statements that make the object ``name``: a resource that handlers are hung on. Not routers: one
        holds every operation of a module, and what they share is in the table of URLs."""
        out = []
        for node in self._bound.get(module, {}).get(name, ()):
            stmt = self._bodies[node[0]][node[1]]
            if isinstance(stmt, ast.ImportFrom) and depth:
                out += self._objects(self._source(module, stmt), stmt.names[node[2]].name, depth - 1)
            elif (
                isinstance(value := getattr(stmt, "value", None), ast.Call)
                and _made_by(value) not in _ROUTERS
            ):
                out.append(node)
        return out

    def _always(self) -> set[Node]:
        out: set[Node] = set()
        for name, body in self._bodies.items():
            always = name == self._package or name.rpartition(".")[2] in _ALWAYS
            for number, stmt in enumerate(body):
                # What an import names counts where the name is used.
                if not isinstance(stmt, ast.Import | ast.ImportFrom) and (always or self._acts(name, stmt)):
                    out.add((name, number, 0))
        return out

    def _acts(self, module: str, stmt: ast.stmt) -> bool:
        """Whether the statement does something while its module is imported, besides binding its names."""
        if isinstance(stmt, ast.Expr):
            return not isinstance(stmt.value, ast.Constant)
        if isinstance(stmt, ast.If) and ast.unparse(stmt.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            return False
        if not isinstance(stmt, _DEFINITION):
            return True
        if isinstance(stmt, ast.Assign) and any(
            not isinstance(t, ast.Name | ast.Tuple) for t in stmt.targets
        ):
            return True  # an attribute or an item of something else
        for decorator in getattr(stmt, "decorator_list", ()):
            root = next((n.id for n in ast.walk(decorator) if isinstance(n, ast.Name)), "")
            last = ast.unparse(decorator.func if isinstance(decorator, ast.Call) else decorator).rpartition(
                "."
            )[2]
            if (
                not self._is_router(module, root)
                and not self._objects(module, root)
                and last not in _HARMLESS
            ):
                return True
        return False

    def _is_router(self, module: str, name: str) -> bool:
        made = [self._bodies[m][n] for m, n, _ in self._bound.get(module, {}).get(name, ())]
        values = [s.value for s in made if isinstance(s, ast.Assign)]
        return any(isinstance(v, ast.Call) and _made_by(v) in _ROUTERS for v in values)

    def _handles(self, module: str, decorator: ast.expr) -> bool:
        """``@router.get(RESOURCE, …)``."""
        method = decorator.func if isinstance(decorator, ast.Call) else decorator
        base = method.value if isinstance(method, ast.Attribute) else None
        return isinstance(base, ast.Name) and self._is_router(module, base.id)

    def _url_table(self) -> list[tuple[str, str]]:
        """Name and address of every resource, in order: what one operation can take from another."""
        out = []
        for name, body in self._bodies.items():
            for stmt in body:
                value = getattr(stmt, "value", None)
                if isinstance(value, ast.Call) and _made_by(value) == "Resource" and value.args:
                    keywords = [ast.unparse(k) for k in value.keywords if k.arg in ("parameters", "suffix")]
                    out.append((name, " ".join([ast.unparse(value.args[0]), *keywords])))
        return out

    def _text(self, node: Node) -> str:
        if node not in self._texts:
            self._texts[node] = ast.unparse(self._statement(node))
        return self._texts[node]

    def _statement(self, node: Node) -> ast.stmt:
        stmt = self._bodies[node[0]][node[1]]
        if isinstance(stmt, ast.ImportFrom):
            return ast.ImportFrom(stmt.module, [stmt.names[node[2]]], stmt.level)
        if isinstance(stmt, ast.Import):
            return ast.Import([stmt.names[node[2]]])
        return stmt


def _made_by(call: ast.Call) -> str:
    return ast.unparse(call.func).rpartition(".")[2]


def _binds(stmt: ast.stmt) -> list[tuple[str, int]]:
    """Names that a statement binds, and by which of its aliases."""
    if isinstance(stmt, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [(stmt.name, 0)]
    if isinstance(stmt, ast.Import):
        return [(a.asname or a.name.partition(".")[0], n) for n, a in enumerate(stmt.names)]
    if isinstance(stmt, ast.ImportFrom):
        return [(a.asname or a.name, n) for n, a in enumerate(stmt.names)]
    return [(n.id, 0) for n in ast.walk(stmt) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]


def _by_text(tree: ast.Module) -> bool:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and any(a.name == "*" for a in node.names):
            return True
        name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
        if name in _BY_TEXT:
            return True
    return False
