"""What logs are told: of objects that are others in the generated code, what stands for them."""

from __future__ import annotations

import ast
import copy

from segue.refusal import Refused
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.expressions.attributes import of
from segue.translate.interp.expressions.literals import printable
from segue.translate.interp.frame import Frame
from segue.translate.kinds import (
    Const,
    DictOf,
    HandledView,
    Instance,
    Kind,
    ListOf,
    Maybe,
    QuerySet,
    Request,
    Scalar,
    TupleOf,
    Unknown,
    User,
)

_COMPARED = frozenset({"error", "exception", "critical"})


def logged(frame: Frame, call: CallSite, node: ast.expr, *, only_data: bool = False) -> ast.expr:
    """The argument as the log has it. Raises ``Refused``, with ``only_data`` for all objects."""
    value = frame.eval(node)
    kind = value.kind
    if only_data and not _is_data(kind):
        why = "In Django the record has an object here, which handlers may ask: log its key or a text."
        raise frame.refuse("logging", ast.unparse(node), why, call.node)
    compared = call.name.rpartition(".")[2] in _COMPARED
    if isinstance(kind, HandledView) and not compared:
        return ast.Constant("the view")
    if isinstance(kind, Request) and value.node is None and not compared:
        path = of(frame, value, "path", node)
        assert path.node is not None
        return _text([frame.state("method"), ast.Constant(" "), path.node])
    if isinstance(kind, Instance | User) and value.node is not None:
        try:
            return printable(frame, value, node)
        except Refused:
            key = of(frame, value, "pk", node)
            if not compared and key.node is not None:
                return _text([ast.Constant(f"{kind.model.rpartition('.')[2]} "), key.node])
            raise
    if value.node is None or isinstance(kind, Instance | QuerySet | User | Unknown):
        raise frame.refuse(
            "logging", ast.unparse(node), "The logged value has no text in the generated code.", call.node
        )
    return unasked(value.node)


def unasked(node: ast.expr) -> ast.expr:
    """``node`` with the texts of exceptions as they are here."""
    return _Asked().visit(copy.deepcopy(node))  # type: ignore[no-any-return]


def _is_data(kind: Kind) -> bool:
    match kind:
        case Maybe(inner) | ListOf(inner):
            return _is_data(inner)
        case TupleOf(items):
            return all(map(_is_data, items))
        case DictOf(items, value, key):
            return all(map(_is_data, (*(k for _, k in items), *(k for k in (value, key) if k is not None))))
    return isinstance(kind, Const | Scalar)


def _text(parts: list[ast.expr]) -> ast.expr:
    return ast.JoinedStr([p if isinstance(p, ast.Constant) else ast.FormattedValue(p, -1) for p in parts])


class _Asked(ast.NodeTransformer):
    """The text of an exception in a log need not be that of the other side: what an answer would wait for is not asked."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id == "text_of" and len(node.args) == 2:
            return node.args[1]
        return node


__all__ = ["logged", "unasked"]
