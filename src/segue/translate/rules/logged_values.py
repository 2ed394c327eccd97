"""What logs are told: of objects that are others in the generated code, what stands for them."""

from __future__ import annotations

import ast
import copy

from segue.refusal import Refused
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.expressions.attributes import of
from segue.translate.interp.expressions.literals import printable
from segue.translate.interp.frame import Frame
from segue.translate.kinds import HandledView, Instance, QuerySet, Request, Unknown, User

_COMPARED = frozenset({"error", "exception", "critical"})


def logged(frame: Frame, call: CallSite, node: ast.expr) -> ast.expr:
    """The argument as the log has it."""
    value = frame.eval(node)
    kind = value.kind
    if isinstance(kind, HandledView):
        return ast.Constant("the view")
    if isinstance(kind, Request) and value.node is None:
        path = of(frame, value, "path", node)
        assert path.node is not None
        return _text([frame.state("method"), ast.Constant(" "), path.node])
    if isinstance(kind, Instance | User) and value.node is not None:
        try:
            return printable(frame, value, node)
        except Refused:
            key = of(frame, value, "pk", node)
            if call.name.rpartition(".")[2] not in _COMPARED and key.node is not None:
                return _text([ast.Constant(f"{kind.model.rpartition('.')[2]} "), key.node])
            raise
    if value.node is None or isinstance(kind, Instance | QuerySet | User | Unknown):
        raise frame.refuse(
            "logging", ast.unparse(node), "The logged value has no text in the generated code.", call.node
        )
    return _Asked().visit(copy.deepcopy(value.node))  # type: ignore[no-any-return]


def _text(parts: list[ast.expr]) -> ast.expr:
    return ast.JoinedStr([p if isinstance(p, ast.Constant) else ast.FormattedValue(p, -1) for p in parts])


class _Asked(ast.NodeTransformer):
    """The text of an exception in a log need not be that of the other side: what an answer would wait for is not asked."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id == "text_of" and len(node.args) == 2:
            return node.args[1]
        return node


__all__ = ["logged"]
