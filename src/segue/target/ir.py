"""The FastAPI program that translation writes down, one declaration at a time.

A :class:`Program` is data: modules of named declarations with the imports each needs.
``segue.emit`` turns it into files (sorts declarations, merges imports, runs ruff format).
Declarations carry their source text; what they *are* (which route, which legacy function)
is kept beside the text so that verification can point from one side to the other.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from segue.refusal import Refusal
from segue.snapshot.model import Where


@dataclass(frozen=True, slots=True, order=True)
class Import:
    """``from module import name as alias``; ``name == ""`` is ``import module as alias``.

    ``type_only`` puts it under ``if TYPE_CHECKING``.
    """

    module: str
    name: str = ""
    alias: str = ""
    type_only: bool = False


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a declaration came from: the legacy dotted name and its place.

    Of a lifted function also what stands for what: ``parameters`` has the legacy name of each generated
    parameter (empty for state that became one), ``folded`` the legacy arguments that are constants here.
    """

    name: str
    where: Where
    parameters: tuple[str, ...] = ()
    folded: tuple[tuple[str, object], ...] = ()


@dataclass(frozen=True, slots=True)
class Decl:
    """One top-level statement of a generated module: a class, function or assignment.

    ``code`` is complete Python text (unformatted is fine). ``rank`` orders declarations
    inside a module (lower first; equal ranks keep insertion order): 0 constants and types,
    10 classes, 20 statements, 30 functions, 40 routes.
    """

    name: str
    code: str
    imports: frozenset[Import] = frozenset()
    rank: int = 30
    origin: Origin | None = None


@dataclass(slots=True)
class Module:
    """A generated Python module. ``path`` is relative to the output, e.g. ``app/articles/routes.py``."""

    path: str
    doc: str
    decls: dict[str, Decl] = field(default_factory=dict)
    imports: set[Import] = field(default_factory=set)

    def add(self, decl: Decl) -> None:
        """Add ``decl``; adding an equal one again is a no-op, a different one of that name
        raises ``ValueError`` (two legacy things must not share a generated name)."""
        known = self.decls.get(decl.name)
        if known is None:
            self.decls[decl.name] = decl
        elif known != decl:
            raise ValueError(f"{self.path}: two declarations named {decl.name}")


@dataclass(frozen=True, slots=True)
class NativeOperation:
    """A translated (route, method): the path operation function that answers it."""

    route_id: str
    method: str
    module: str
    function: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RefusedOperation:
    """A (route, method) that stays on Django, with every reason found (first is the main one)."""

    route_id: str
    method: str
    reasons: tuple[Refusal, ...]


@dataclass(slots=True)
class Program:
    """Everything ``segue generate`` will write.

    ``modules`` by path; ``files`` are non-Python or ready-made texts by path (Dockerfile,
    alembic.ini); ``package`` is the Python package name of the output, normally ``app``. ``factories_refused``: factories of the
    project's tests that are not taken along, by dotted name; ``factories_alone``: those that write their row, but not what saving
    does besides.
    """

    package: str = "app"
    modules: dict[str, Module] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    native: list[NativeOperation] = field(default_factory=list)
    refused: list[RefusedOperation] = field(default_factory=list)
    factories_refused: dict[str, Refusal] = field(default_factory=dict)
    factories_alone: dict[str, Refusal] = field(default_factory=dict)

    def module(self, path: str, doc: str) -> Module:
        """The module at ``path``, made with docstring ``doc`` if it is not there yet."""
        if path not in self.modules:
            self.modules[path] = Module(path, doc)
        return self.modules[path]
