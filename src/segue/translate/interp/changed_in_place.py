"""Which names and attributes the functions of a project change: directly, by another name for the same dict or list
(:mod:`segue.translate.interp.origins`), in a function that they are given to, or that gives them back.

``names = self.names`` and then ``names.append(…)`` changes the class's list. Where a copy may have been made, and where it may not,
a change is told.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from segue.snapshot.model import Function, Snapshot
from segue.translate.interp.origins import COPY, INSIDE, ITEMS, SAME, Flow, Origin, dotted, related
from segue.translate.trees import parsed

CHANGING = frozenset(
    {
        "add", "append", "appendleft", "clear", "discard", "extend", "extendleft", "insert", "move_to_end", "pop", "popitem", "popleft",
        "remove", "reverse", "rotate", "setdefault", "sort", "update", "difference_update", "intersection_update",
        "symmetric_difference_update",
    }
)  # fmt: skip
_LIBRARY = frozenset({"shuffle", "heappush", "heappop", "heapify", "heapreplace", "heappushpop", "insort", "insort_left", "insort_right"})  # fmt: skip
_DISPLAYS = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)


@dataclass(frozen=True, slots=True)
class Change:
    """``function``'s line ``line`` (of its source) changes ``origin``; ``in_place`` where what it held before is changed."""

    origin: Origin
    function: Function
    line: int
    in_place: bool


class Changes:
    """All changes that the functions of a snapshot make."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._flows: dict[str, Flow | None] = {}
        self._busy: set[tuple[str, str]] = set()
        self._of_class: dict[str, dict[str, set[int]]] = {}
        self._by_end: dict[str, list[Function]] = {}
        self._by_owner: dict[str, list[Function]] = {}
        for function in snapshot.functions.values():
            self._by_end.setdefault(function.name.rpartition(".")[2], []).append(function)
            if function.owner:
                self._by_owner.setdefault(function.owner, []).append(function)
        self._made_by: dict[str, list[Change]] = {}
        self._index: dict[str, list[Change]] | None = None

    def of(self, text: str) -> list[Change]:
        """Changes of a name, or of an attribute, that is called ``text``."""
        if self._index is None:
            self._index = {}
            for function in self.snapshot.functions.values():
                for change in self.made_by(function):
                    expr = change.origin.expr
                    end = expr.attr if isinstance(expr, ast.Attribute) else dotted(expr)
                    self._index.setdefault(end, []).append(change)
        return self._index.get(text, [])

    def made_by(self, function: Function) -> list[Change]:
        """Those of one function."""
        flow = self.flow(function)
        if flow is None:
            return []
        if function.name not in self._made_by:
            self._made_by[function.name] = list(self._made(flow))
        return self._made_by[function.name]

    def flow(self, function: Function) -> Flow | None:
        """What is known of a function; None where its source cannot be read."""
        if function.name not in self._flows:
            try:
                tree = parsed(function.source).body
            except SyntaxError:
                tree = []
            known = tree and isinstance(tree[0], ast.FunctionDef | ast.AsyncFunctionDef)
            self._flows[function.name] = Flow(self, function, tree[0]) if known else None  # type: ignore[arg-type]
        return self._flows[function.name]

    def changed_arguments(self, function: Function) -> dict[str, set[int]]:
        """Parameter → at which levels the function changes what it is given."""
        key = ("arguments", function.name)
        flow = self.flow(function)
        if flow is None or key in self._busy:
            return {}
        if flow.arguments is None:
            self._busy.add(key)
            found: dict[str, set[int]] = {}
            for change in self.made_by(function):
                expr = change.origin.expr
                if isinstance(expr, ast.Name) and change.in_place and expr.id in flow.parameters:
                    found.setdefault(expr.id, set()).add(change.origin.level)
            if function.name.endswith(".__init__") and function.owner:
                for name, level in self._kept(function, flow):
                    found.setdefault(name, set()).add(level)
            self._busy.discard(key)
            flow.arguments = found
        return flow.arguments

    def results(self, function: Function) -> list[Origin]:
        """Where what the function returns comes from; its parameters are names of its own."""
        key = ("results", function.name)
        flow = self.flow(function)
        if flow is None or key in self._busy:
            return []
        if flow.results is None:
            self._busy.add(key)
            flow.results = [
                origin for node in flow.nodes
                if isinstance(node, ast.Return) and node.value is not None
                for origin in flow.origins(node.value)
            ]  # fmt: skip
            self._busy.discard(key)
        return flow.results

    def properties(self, name: str) -> list[Function]:
        """The project's properties of a name."""
        return [f for f in self._by_end.get(name, ()) if f.role in ("property", "cached_property")]

    def constructed(self, function: Function, call: ast.Call) -> Function | None:
        """The ``__init__`` that a call of a class runs."""
        known = function.globals.get(dotted(call.func))
        cls = self.snapshot.classes.get(known.name) if known is not None and known.kind == "class" else None
        return self.snapshot.functions.get(cls.methods.get("__init__", "")) if cls is not None else None

    def _kept(self, function: Function, flow: Flow) -> Iterator[tuple[str, int]]:
        """Parameters that a constructor puts on the object, and at which levels methods change that attribute."""
        for node in flow.nodes:
            if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
                continue
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [t.attr for t in targets if isinstance(t, ast.Attribute)]
            for origin in flow.origins(node.value) if names else ():
                if (
                    isinstance(origin.expr, ast.Name)
                    and origin.expr.id in flow.parameters
                    and origin.level != COPY
                ):
                    for level in (one for name in names for one in self._changed_on(function.owner, name)):
                        yield origin.expr.id, level

    def _changed_on(self, cls: str, name: str) -> set[int]:
        """At which levels methods of ``cls`` and of its relatives change what ``self.<name>`` holds."""
        if cls not in self._of_class:
            levels = self._of_class[cls] = {}
            owners = [owner for owner in self._by_owner if related(self.snapshot, owner, cls)]
            for function in (f for owner in owners for f in self._by_owner[owner]):
                for change in self.made_by(function):
                    if isinstance(change.origin.expr, ast.Attribute) and change.in_place:
                        levels.setdefault(change.origin.expr.attr, set()).add(change.origin.level)
        return self._of_class[cls].get(name, set())

    def called(self, function: Function, call: ast.Call) -> list[Function]:
        """The project's functions that a call may mean: by their name where nobody knows whose method it is."""
        known = function.globals.get(dotted(call.func))
        if known is not None:
            found = self.snapshot.functions.get(known.name)
            return [found] if found is not None else []
        if not isinstance(call.func, ast.Attribute) or call.func.attr in CHANGING | ITEMS:
            return []
        methods = [f for f in self._by_end.get(call.func.attr, ()) if f.owner]
        if isinstance(call.func.value, ast.Name) and call.func.value.id in ("self", "cls") and function.owner:
            return [f for f in methods if related(self.snapshot, f.owner, function.owner)]
        return methods

    def _made(self, flow: Flow) -> Iterator[Change]:
        for node in flow.nodes:
            match node:
                case ast.Assign() | ast.Delete():
                    yield from self._stored(flow, node.targets)
                case ast.AugAssign():
                    yield from self._augmented(flow, node)
                case ast.AnnAssign() | ast.For() | ast.NamedExpr():
                    yield from self._stored(flow, [node.target])
                case ast.Call():
                    yield from self._called(flow, node)

    def _stored(self, flow: Flow, targets: Iterable[ast.expr]) -> Iterator[Change]:
        for target in targets:
            if isinstance(target, ast.Tuple | ast.List):
                yield from self._stored(flow, target.elts)
            elif isinstance(target, ast.Starred):
                yield from self._stored(flow, [target.value])
            elif isinstance(target, ast.Subscript):
                yield from self._in_place(flow, flow.origins(target.value), target.lineno)
            else:
                yield Change(Origin(flow.function, target), flow.function, target.lineno, False)

    def _augmented(self, flow: Flow, node: ast.AugAssign) -> Iterator[Change]:
        yield from self._stored(flow, [node.target])
        held = isinstance(node.value, _DISPLAYS) or isinstance(node.op, ast.BitOr)
        if held and isinstance(node.target, ast.Name | ast.Attribute):
            yield from self._in_place(flow, flow.origins(node.target), node.lineno)

    def _called(self, flow: Flow, node: ast.Call) -> Iterator[Change]:
        func = node.func
        if isinstance(func, ast.Attribute) and func.attr in CHANGING:
            yield from self._in_place(flow, flow.origins(func.value), func.lineno)
            return
        end = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
        if end in _LIBRARY:
            yield from self._in_place(flow, (o for a in node.args[:1] for o in flow.origins(a)), node.lineno)
            return
        if not any(flow.origins(value) for value in (*node.args, *(k.value for k in node.keywords))):
            return
        made = self.constructed(flow.function, node)
        called = self.called(flow.function, node) if made is None else [made]
        for callee in called:
            for name, levels in self.changed_arguments(callee).items():
                for origin in flow.origins_of_argument(callee, node, name):
                    if origin.level != COPY and SAME in levels:
                        yield Change(origin, flow.function, node.lineno, True)
                    elif INSIDE in levels:
                        yield Change(origin.inside(), flow.function, node.lineno, True)

    def _in_place(self, flow: Flow, origins: Iterable[Origin], line: int) -> Iterator[Change]:
        for origin in origins:
            if origin.level != COPY:
                yield Change(origin, flow.function, line, True)
