"""Logging: kept, through the standard library's logger of the same name (``rules/loggers.py``).

A row is logged as its text; where that cannot be translated, and the level is below ERROR (which ``verify`` compares), as its
model and key, never as its columns.
"""

from __future__ import annotations

import ast

from segue.target.ir import Import
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, name
from segue.translate.kinds import Const, Global, HandledView, Request
from segue.translate.rules import loggers, structlog_calls
from segue.translate.rules.log_config import is_unseen
from segue.translate.rules.logged_values import logged
from segue.translate.rules.registry import function, method

_LEVELS = ("debug", "info", "warning", "error", "exception", "critical", "warn")


@method(Global, *_LEVELS)
def log(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``logger.info("…", x)``."""
    assert isinstance(owner.kind, Global)
    if structlog_calls.is_logger(owner.kind):
        return structlog_calls.of_module(frame, owner, call)
    if not loggers.is_logger(owner.kind.ref):
        return None
    return _call(frame, call, loggers.source(frame, owner.kind.ref, call.node))


@function(*(f"logging.{level}" for level in _LEVELS))
def log_to_root(frame: Frame, call: CallSite) -> Val:
    """``logging.error("…", x)``: the root logger, which gets a handler where it has none."""
    return _call(frame, call, "logging")


def _call(frame: Frame, call: CallSite, logger: str) -> Val:
    parts = [logged(frame, call, node) for node in call.raw_args]
    keywords: list[ast.keyword] = []
    for key, node in call.raw_kwargs.items():
        if key == "extra":
            extra = _extra(frame, call, node)
            if extra.keys:
                keywords.append(ast.keyword(key, extra))
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


def _extra(frame: Frame, call: CallSite, node: ast.expr) -> ast.Dict:
    """``extra={"user": user.pk}``: attributes of the record, by names that are written there.

    Handlers ask them what they can do (Django's mail to admins has ``record.request.META``), so they are no texts of objects.
    The request and the view are left out where no handler sees them.
    """
    if not isinstance(node, ast.Dict) or not all(isinstance(k, ast.Constant) for k in node.keys):
        raise frame.refuse("logging", ast.unparse(node), "Its keys are not written here.", call.node)
    entries = [
        (key, logged(frame, call, value, only_data=True))
        for key, value in zip(node.keys, node.values, strict=True)
        if not _left_out(frame, key, value)
    ]
    return ast.Dict([key for key, _ in entries], [value for _, value in entries])


def _left_out(frame: Frame, key: ast.expr | None, node: ast.expr) -> bool:
    value = frame.eval(node)
    named = key.value if isinstance(key, ast.Constant) else None
    of_call = isinstance(value.kind, HandledView | Request) and value.node is None
    return of_call and isinstance(named, str) and is_unseen(frame.ctx, named)
