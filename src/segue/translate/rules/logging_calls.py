"""Logging: kept, through the standard library's logger of the same name."""

from __future__ import annotations

import ast
import copy

from segue.target.ir import Import
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, name
from segue.translate.kinds import Const, Global, Instance, QuerySet, Unknown, User
from segue.translate.rules.registry import method

_LEVELS = ("debug", "info", "warning", "error", "exception", "critical", "warn")


@method(Global, *_LEVELS)
def log(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``logger.info("…", x)``."""
    assert isinstance(owner.kind, Global)
    ref = owner.kind.ref
    if not (
        ref.name.startswith("logging.") or ref.name.rpartition(".")[2] in ("logger", "log", "LOGGER", "LOG")
    ):
        return None
    if ref.kind not in ("instance", "module", "missing"):
        return None
    if _is_structlog(owner.kind):
        raise frame.refuse(
            "logging",
            ast.unparse(call.node),
            "What structlog makes of it is no record of logging's.",
            call.node,
        )
    parts: list[ast.expr] = []
    for value, node in zip(call.args, call.raw_args, strict=True):
        if value.node is None or isinstance(value.kind, Instance | QuerySet | User | Unknown):
            raise frame.refuse(
                "logging", ast.unparse(node), "The logged value has no text in the generated code.", call.node
            )
        parts.append(_Told().visit(copy.deepcopy(value.node)))
    for key in call.kwargs:
        if key not in ("exc_info", "stack_info"):
            raise frame.refuse("logging", key, "Segue does not know this argument.", call.node)
    keywords = [ast.keyword(k, v.node) for k, v in call.kwargs.items() if v.node is not None]
    frame.use(Import("logging"))
    made = ast.Call(
        ast.Attribute(name("logging.getLogger(__name__)"), call.name, ast.Load()), parts, keywords
    )
    return Val(Const(None), made)


def _is_structlog(kind: Global) -> bool:
    """``structlog.get_logger()``: its processors and its logger decide what is logged, where, and in what form."""
    return kind.ref.value is not None and kind.ref.value.name.startswith("structlog.")


class _Told(ast.NodeTransformer):
    """The text of an exception in a log need not be that of the other side: what an answer would wait for is not asked."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id == "text_of" and len(node.args) == 2:
            return node.args[1]
        return node
