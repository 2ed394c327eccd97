"""Which branches of the generated code a run reaches, per operation.

The package is instrumented when it is imported: at the start of every branch a byte is set. That costs some 30 ns
a branch and works alike on every Python, where ``sys.monitoring`` needs 3.12 and ``sys.settrace`` slows all calls
down. A branch is a function's body, either side of an ``if`` or of a conditional expression (also the side that is
not written), a loop's body, an ``except`` or ``case`` block.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from .callgraph import CallGraph

HITS = "_segue_hits"  # the name of the bytes in every instrumented module
_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Branch:
    """Where a branch begins. ``owner`` is the dotted name of the module-level function or class it belongs to."""

    owner: str
    file: str
    line: int
    what: str


class Branches:
    """All branches of a package, and those reached since :meth:`take` was last called."""

    def __init__(self, package: str) -> None:
        self.hits = bytearray()
        self.all: list[Branch] = []
        self.calls = CallGraph(package)

    def instrument(self, tree: ast.Module, module: str, file: str) -> ast.Module:
        """``tree`` with its branches marked; ``module`` is its dotted name, ``file`` what reports call it."""
        self.calls.add(module, tree)
        marker = _Marker(self, module, file)
        for node in tree.body:
            marker.top(node)
        return ast.fix_missing_locations(tree)

    def take(self) -> int:
        """What was reached since the last call, as a bit set: bit ``8 * number`` for a branch."""
        reached = int.from_bytes(self.hits, "little")
        self.hits[:] = bytes(len(self.hits))
        return reached

    def report(self, function: str, reached: int, most: int = 200) -> dict[str, Any]:
        """``{"entered", "reached", "total", "missed": ["file:line"…]}`` of an operation.

        ``function`` is the dotted name of its path operation function; counted are its branches and those of
        everything that it may call in the package. ``entered``: whether the function was ever run.
        """
        owners = self.calls.reachable(function)
        mine = [(number, b) for number, b in enumerate(self.all) if b.owner in owners]
        missed = [b for number, b in mine if not reached >> (8 * number) & 1]
        entered = any(
            b.owner == function and b.what == _BODY and reached >> (8 * number) & 1 for number, b in mine
        )
        return {
            "entered": entered,
            "reached": len(mine) - len(missed),
            "total": len(mine),
            "missed": list(dict.fromkeys(f"{b.file}:{b.line}" for b in missed))[:most],
        }

    def number(self, branch: Branch) -> int:
        """Note a branch; its number."""
        self.all.append(branch)
        self.hits.append(0)
        return len(self.all) - 1


_BODY = "function"


class _Marker(ast.NodeTransformer):
    """Puts ``_segue_hits[n] = 1`` at the start of branches inside functions."""

    def __init__(self, branches: Branches, module: str, file: str) -> None:
        self._branches, self._module, self._file = branches, module, file
        self._owner = module
        self._inside = False

    def top(self, node: ast.stmt) -> None:
        """Instrument one statement of a module."""
        if isinstance(node, _Function | ast.ClassDef):
            self._owner = f"{self._module}.{node.name}"
            self.visit(node)

    def _mark(self, line: int, what: str) -> ast.stmt:
        number = self._branches.number(Branch(self._owner, self._file, line, what))
        return ast.Assign(
            [ast.Subscript(ast.Name(HITS, ast.Load()), ast.Constant(number), ast.Store())], ast.Constant(1), lineno=line
        )  # fmt: skip

    def _marked(self, body: Sequence[ast.stmt], what: str, line: int = 0) -> list[ast.stmt]:
        """``body`` behind its mark. An ``if`` that is all there is marks its own branches."""
        first = body[0]
        mark = ast.copy_location(self._mark(line or first.lineno, what), first)
        return [mark, *body]

    def _function(self, node: Any) -> Any:
        outer, self._inside = self._inside, True
        self.generic_visit(node)
        self._inside = outer
        rest = 1 if ast.get_docstring(node, clean=False) is not None and len(node.body) > 1 else 0
        if self._inside and isinstance(node.body[0], ast.Return | ast.Raise) and len(node.body) == 1:
            return node  # a nested one-liner: its caller tells
        node.body[rest:] = self._marked(node.body[rest:], _BODY, node.lineno)
        return node

    visit_FunctionDef = visit_AsyncFunctionDef = _function

    def visit_If(self, node: ast.If) -> Any:
        if not self._inside:
            return node
        chained = len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If)
        self.generic_visit(node)
        node.body = self._marked(node.body, "if")
        if not node.orelse:
            node.orelse = [ast.copy_location(self._mark(node.lineno, "if not"), node)]
        elif not chained:
            node.orelse = self._marked(node.orelse, "else")
        return node

    def visit_IfExp(self, node: ast.IfExp) -> Any:
        self.generic_visit(node)
        if self._inside:
            node.body = self._value(node.body, "value if")
            node.orelse = self._value(node.orelse, "value else")
        return node

    def _value(self, node: ast.expr, what: str) -> ast.expr:
        """The value of ``node``, marked as it is taken: ``(value, hits.__setitem__(n, 1))[0]``."""
        number = self._branches.number(Branch(self._owner, self._file, node.lineno, what))
        mark = ast.Call(
            ast.Attribute(ast.Name(HITS, ast.Load()), "__setitem__", ast.Load()),
            [ast.Constant(number), ast.Constant(1)],
            [],
        )
        made = ast.Subscript(ast.Tuple([node, mark], ast.Load()), ast.Constant(0), ast.Load())
        return ast.copy_location(made, node)

    def _loop(self, node: Any) -> Any:
        self.generic_visit(node)
        if self._inside:
            node.body = self._marked(node.body, "loop")
        return node

    visit_For = visit_AsyncFor = visit_While = _loop

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> Any:
        self.generic_visit(node)
        if self._inside:
            node.body = self._marked(node.body, "except")
        return node

    def visit_match_case(self, node: ast.match_case) -> Any:
        self.generic_visit(node)
        if self._inside:
            node.body = self._marked(node.body, "case")
        return node


def never_entered(operations: Iterable[dict[str, Any]]) -> list[str]:
    """Keys of the operations whose function no case reached: nothing is proven of those."""
    return [o["key"] for o in operations if o.get("coverage") and not o["coverage"]["entered"]]
