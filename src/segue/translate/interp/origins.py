"""Which names and attributes the value of an expression may be: another name for the same dict or list, an item of it, a copy.

Python's containers are what the names for them mean (data model, "Objects, values and types"). What is followed: locals, items, shallow
copies (whose items are shared), arguments and results of the project's functions.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Protocol

from segue.snapshot.model import Function, Snapshot
from segue.translate.trees import nodes

ITEMS = frozenset({"get", "setdefault", "pop", "popitem", "popleft", "values", "items", "__getitem__"})
_COPIES = frozenset({"list", "dict", "set", "tuple", "sorted", "reversed", "enumerate", "zip", "iter", "filter", "deque", "chain", "OrderedDict"})  # fmt: skip
SAME, INSIDE, COPY = 0, 1, -1
_DEEP, _ROUNDS = (
    4,
    20,
)  # locals that are followed one by one; more than a chain of other names for one thing has


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value may come from: ``expr`` (a name or an attribute) as ``function`` understands it. ``level``: that object itself (0),
    something in it (1), or a shallow copy of it (-1)."""

    function: Function
    expr: ast.expr
    level: int = SAME

    def inside(self) -> Origin:
        """An item of it."""
        return Origin(self.function, self.expr, INSIDE)

    def copy(self) -> Origin:
        """A shallow copy of it."""
        return Origin(self.function, self.expr, COPY)


class Calls(Protocol):
    """What is known of the project's other functions."""

    snapshot: Snapshot

    def called(self, function: Function, call: ast.Call) -> list[Function]: ...

    def properties(self, name: str) -> list[Function]: ...

    def results(self, function: Function) -> list[Origin]: ...

    def flow(self, function: Function) -> Flow | None: ...


class Flow:
    """Locals of one function: what each may be another name for."""

    def __init__(
        self, calls: Calls, function: Function, tree: ast.FunctionDef | ast.AsyncFunctionDef
    ) -> None:
        self.all, self.function = calls, function
        self.nodes = nodes(tree)
        given = tree.args
        self.positional = [a.arg for a in (*given.posonlyargs, *given.args)]
        self.parameters = {*self.positional, *(a.arg for a in given.kwonlyargs)}
        self.arguments: dict[str, set[int]] | None = None
        self.results: list[Origin] | None = None
        self._looking: set[str] = set()
        self._ever: dict[str, dict[tuple[str, str, int], Origin]] | None = None
        self._outer = {id(s) for s in tree.body}
        self._declared = {n for node in self.nodes if isinstance(node, ast.Global) for n in node.names}
        self._bound: dict[
            str, list[tuple[int, bool, ast.expr, bool]]
        ] = {}  # line, in the body itself, value, an item of it
        for node in self.nodes:
            self._bind(node)

    def _bind(self, node: ast.AST) -> None:
        pairs: list[tuple[ast.expr, ast.expr, bool]] = []
        if isinstance(node, ast.Assign):
            pairs = [(target, node.value, False) for target in node.targets]
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
            pairs = [(node.target, node.value, False)]
        elif isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
            pairs = [(node.target, node.iter, True)]
        for target, value, inside in pairs:
            single = isinstance(target, ast.Name)
            for name in nodes(target):
                if (
                    isinstance(name, ast.Name)
                    and isinstance(name.ctx, ast.Store)
                    and name.id not in self._declared
                ):
                    self._bound.setdefault(name.id, []).append(
                        (name.lineno, id(node) in self._outer and single, value, inside or not single)
                    )

    def origins(self, node: ast.expr) -> list[Origin]:
        """Where the value of an expression may come from, each once."""
        return list({(o.function.name, dotted(o.expr), o.level): o for o in self._origins(node)}.values())

    def _origins(self, node: ast.expr) -> list[Origin]:
        match node:
            case ast.Name():
                return self._of_name(node)
            case ast.Attribute():
                return [
                    *([Origin(self.function, node)] if self._shared(node) else ()),
                    *self._of_property(node),
                ]
            case ast.Subscript():
                copied = isinstance(node.slice, ast.Slice)
                return [o.copy() if copied else o.inside() for o in self.origins(node.value)]
            case ast.IfExp():
                return [*self.origins(node.body), *self.origins(node.orelse)]
            case ast.BoolOp():
                return [o for value in node.values for o in self.origins(value)]
            case ast.NamedExpr() | ast.Starred() | ast.Await():
                return self.origins(node.value)
            case ast.BinOp(op=ast.Add() | ast.BitOr() | ast.BitAnd() | ast.Sub() | ast.Mult()):
                return [o.copy() for value in (node.left, node.right) for o in self.origins(value)]
            case ast.List() | ast.Tuple() | ast.Set():
                return [o.copy() for value in node.elts for o in self.origins(value)]
            case ast.Dict():
                return [o.copy() for value in node.values for o in self.origins(value)]
            case ast.Call():
                return self._of_call(node)
        return []

    def _shared(self, node: ast.Attribute) -> bool:
        """Whether a class or a module may hold it: its owner is ``self``, ``type(self)``, or a global."""
        owner = (
            node.value.value
            if isinstance(node.value, ast.Attribute) and node.value.attr == "__class__"
            else node.value
        )
        if isinstance(owner, ast.Call):
            owner = owner.args[0] if owner.args and dotted(owner.func) == "type" else owner
        text = dotted(owner)
        return (
            text in self.positional[:1]
            or text in self.function.globals
            or dotted(node) in self.function.globals
        )

    def _of_property(self, node: ast.Attribute) -> list[Origin]:
        """What a property of the project gives."""
        return [
            o for f in self.all.properties(node.attr)
            if not self.function.owner or related(self.all.snapshot, f.owner, self.function.owner)
            for o in self.all.results(f)
        ]  # fmt: skip

    def _of_name(self, node: ast.Name) -> list[Origin]:
        bound = self._bound.get(node.id)
        known = node.id in self.parameters or node.id in self.function.globals
        here = [Origin(self.function, node)] if known else []
        if bound is None:
            return here
        if node.id in self._looking or len(self._looking) >= _DEEP:
            return list(self._whole().get(node.id, {}).values())
        # The last one that surely ran counts, and those behind it, which a loop may have brought about.
        sure = max((line for line, outer, _, _ in bound if outer and line <= node.lineno), default=0)
        seen = [
            (value, inside)
            for line, outer, value, inside in bound
            if line >= sure and (line <= node.lineno or not outer)
        ]
        self._looking.add(node.id)
        found = [o.inside() if inside else o for value, inside in seen for o in self.origins(value)]
        self._looking.discard(node.id)
        return found if sure or node.id not in self.parameters else [*found, *here]

    def _whole(self) -> dict[str, dict[tuple[str, str, int], Origin]]:
        """Of each local all that it ever is, whatever the order: what a chain of many locals, or a loop, may come to."""
        if self._ever is None:
            self._ever = {
                name: {(self.function.name, name, SAME): Origin(self.function, ast.Name(name, ast.Load()))} if name in self.parameters else {}
                for name in self._bound
            }  # fmt: skip
            looking, self._looking = self._looking, set(self._bound)
            for _ in range(_ROUNDS):
                before = sum(len(found) for found in self._ever.values())
                for name, bound in self._bound.items():
                    for _, _, value, inside in bound:
                        for o in self.origins(value):
                            one = o.inside() if inside else o
                            self._ever[name][one.function.name, dotted(one.expr), one.level] = one
                if sum(len(found) for found in self._ever.values()) == before:
                    break
            self._looking = looking
        return self._ever

    def _of_call(self, node: ast.Call) -> list[Origin]:
        func = node.func
        named = _by_getattr(node)
        if named is not None:
            return self.origins(named)
        if isinstance(func, ast.Attribute):
            if func.attr in ITEMS:
                return [
                    *(o.inside() for o in self.origins(func.value)),
                    *(o for a in node.args[1:] for o in self.origins(a)),
                ]
            if func.attr == "copy":
                return [o.copy() for value in (func.value, *node.args) for o in self.origins(value)]
        end = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
        if end in _COPIES or end == "copy":
            return [
                o.copy()
                for value in (*node.args, *(k.value for k in node.keywords))
                for o in self.origins(value)
            ]
        found: list[Origin] = []
        for callee in self.all.called(self.function, node):
            for origin in self.all.results(callee):
                if origin.function is not callee or not self._parameter(callee, origin.expr):
                    found.append(origin)
                    continue
                assert isinstance(origin.expr, ast.Name)
                given = self.origins_of_argument(callee, node, origin.expr.id)
                found += [
                    o.inside() if origin.level == INSIDE else o.copy() if origin.level == COPY else o
                    for o in given
                ]
        return found

    def _parameter(self, callee: Function, expr: ast.expr) -> bool:
        flow = self.all.flow(callee)
        return flow is not None and isinstance(expr, ast.Name) and expr.id in flow.parameters

    def origins_of_argument(self, callee: Function, call: ast.Call, name: str) -> list[Origin]:
        """What a call gives for the parameter ``name``."""
        flow = self.all.flow(callee)
        assert flow is not None
        text = dotted(call.func)
        unbound = callee.role == "method" and text in self.function.globals  # Class.method(object, …)
        made = callee.name.endswith(".__init__") and not text.endswith(".__init__")
        of_object = callee.role in ("method", "classmethod") and isinstance(call.func, ast.Attribute)
        bound = made or (of_object and not unbound)
        values = [k.value for k in call.keywords if k.arg == name]
        if name in flow.positional:
            place = flow.positional.index(name) - bound
            values += call.args[place : place + 1] if place >= 0 else []
        return [o for value in values for o in self.origins(value)]


def _by_getattr(node: ast.Call) -> ast.Attribute | None:
    """``getattr(self, "names")`` as ``self.names``."""
    match node:
        case ast.Call(func=ast.Name(id="getattr"), args=[owner, ast.Constant(value=str(name)), *_]):
            return ast.copy_location(ast.Attribute(owner, name, ast.Load()), node)
    return None


def dotted(node: ast.expr) -> str:
    """``a.b.c`` of names; the source of anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return ast.unparse(node)


def related(snapshot: Snapshot, one: str, other: str) -> bool:
    """Whether one class is the other or a base of it."""
    return any(
        a == b or (a in snapshot.classes and b in snapshot.classes[a].mro)
        for a, b in ((one, other), (other, one))
    )
