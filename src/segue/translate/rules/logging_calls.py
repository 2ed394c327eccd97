"""Logging: kept, through the standard library's logger of the same name.

What a log says of an object need not be what Django's says: of rows it is the model and the key, never the columns.
"""

from __future__ import annotations

import ast
import copy

from segue.target.ir import Import
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.expressions.attributes import of
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, name
from segue.translate.kinds import Const, Global, HandledView, Instance, QuerySet, Request, Unknown, User
from segue.translate.rules.registry import function, method

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
    return _call(frame, call, "logging" if ref.kind == "module" else "logging.getLogger(__name__)")


@function(*(f"logging.{level}" for level in _LEVELS))
def log_to_root(frame: Frame, call: CallSite) -> Val:
    """``logging.error("…", x)``: the root logger, which gets a handler where it has none."""
    return _call(frame, call, "logging")


def _call(frame: Frame, call: CallSite, logger: str) -> Val:
    parts = [_told(frame, call, node) for node in call.raw_args]
    keywords: list[ast.keyword] = []
    for key, node in call.raw_kwargs.items():
        if key == "extra":
            keywords.append(ast.keyword(key, _extra(frame, call, node)))
            continue
        if key not in ("exc_info", "stack_info", "stacklevel"):
            raise frame.refuse("logging", key, "Segue does not know this argument.", call.node)
        value = frame.eval(node)
        if value.node is not None:
            keywords.append(ast.keyword(key, value.node))
    if len(call.raw_kwargs) < len(call.node.keywords):
        raise frame.refuse("logging", ast.unparse(call.node), "Its arguments come from a mapping.", call.node)
    frame.use(Import("logging"))
    level = call.name.rpartition(".")[2]
    made = ast.Call(ast.Attribute(name(logger), level, ast.Load()), parts, keywords)
    return Val(Const(None), made)


def _extra(frame: Frame, call: CallSite, node: ast.expr) -> ast.expr:
    """``extra={"user": user}``: attributes of the record, by names that are written there."""
    if not isinstance(node, ast.Dict) or not all(isinstance(k, ast.Constant) for k in node.keys):
        raise frame.refuse("logging", ast.unparse(node), "Its keys are not written here.", call.node)
    return ast.Dict(node.keys, [_told(frame, call, value) for value in node.values])


def _told(frame: Frame, call: CallSite, node: ast.expr) -> ast.expr:
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
        key = of(frame, value, "pk", node)
        if key.node is not None and not getattr(kind, "nullable", False):
            return _text([ast.Constant(f"{kind.model.rpartition('.')[2]} "), key.node])
    if value.node is None or isinstance(kind, Instance | QuerySet | User | Unknown):
        raise frame.refuse(
            "logging", ast.unparse(node), "The logged value has no text in the generated code.", call.node
        )
    return _Asked().visit(copy.deepcopy(value.node))  # type: ignore[no-any-return]


def _text(parts: list[ast.expr]) -> ast.expr:
    return ast.JoinedStr([p if isinstance(p, ast.Constant) else ast.FormattedValue(p, -1) for p in parts])


def _is_structlog(kind: Global) -> bool:
    """``structlog.get_logger()``: its processors and its logger decide what is logged, where, and in what form."""
    return kind.ref.value is not None and kind.ref.value.name.startswith("structlog.")


class _Asked(ast.NodeTransformer):
    """The text of an exception in a log need not be that of the other side: what an answer would wait for is not asked."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id == "text_of" and len(node.args) == 2:
            return node.args[1]
        return node
