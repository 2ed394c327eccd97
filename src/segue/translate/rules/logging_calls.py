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
    named = call.kwargs if _is_structlog(owner.kind) else {}
    parts: list[ast.expr] = []
    for value, node in zip(call.args, call.raw_args, strict=True):
        if value.node is None or isinstance(value.kind, Instance | QuerySet | User | Unknown):
            raise frame.refuse(
                "logging", ast.unparse(node), "The logged value has no text in the generated code.", call.node
            )
        parts.append(_Told().visit(copy.deepcopy(value.node)))
    kept = {key: value for key, value in named.items() if key not in ("exc_info", "stack_info", "stacklevel")}
    if kept:
        parts = _event(frame, call, parts, kept)
    for key in call.kwargs:
        if key not in kept and key not in ("exc_info", "stack_info"):
            raise frame.refuse("logging", key, "Segue does not know this argument.", call.node)
    keywords = [
        ast.keyword(k, v.node) for k, v in call.kwargs.items() if v.node is not None and k not in kept
    ]
    frame.use(Import("logging"))
    level = "warning" if call.name == "warn" and _is_structlog(owner.kind) else call.name
    made = ast.Call(ast.Attribute(name("logging.getLogger(__name__)"), level, ast.Load()), parts, keywords)
    return Val(Const(None), made)


def _is_structlog(kind: Global) -> bool:
    """``structlog.get_logger()``, which takes what it is to log by name as well."""
    return kind.ref.value is not None and kind.ref.value.name.startswith("structlog.")


def _event(frame: Frame, call: CallSite, parts: list[ast.expr], given: dict[str, Val]) -> list[ast.expr]:
    """``log.info("paid", order=4)`` as ``"paid order=%s", 4``."""
    event = call.args[0].kind if call.args else None
    if not isinstance(event, Const) or not isinstance(event.value, str):
        raise frame.refuse("logging", ast.unparse(call.node), "Its event is no constant text.", call.node)
    text = event.value if len(parts) > 1 else event.value.replace("%", "%%")
    values: list[ast.expr] = []
    for key, value in given.items():
        if value.node is None or isinstance(value.kind, Instance | QuerySet | User | Unknown):
            raise frame.refuse(
                "logging", key, "The logged value has no text in the generated code.", call.node
            )
        values.append(_Told().visit(copy.deepcopy(value.node)))
    return [ast.Constant(text + "".join(f" {key}=%s" for key in given)), *parts[1:], *values]


@method(Global, "bind", "new")
def bound(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``logger.bind()`` of structlog with nothing to keep: the same logger."""
    assert isinstance(owner.kind, Global)
    if not _is_structlog(owner.kind) or call.node.args or call.node.keywords:
        return None
    return owner


class _Told(ast.NodeTransformer):
    """The text of an exception in a log need not be that of the other side: what an answer would wait for is not asked."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id == "text_of" and len(node.args) == 2:
            return node.args[1]
        return node
