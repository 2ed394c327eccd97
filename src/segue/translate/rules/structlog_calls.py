"""structlog: the generated service keeps it, and its loggers are asked as they stand.

What is done with an event is decided by the processors that the service configures, as in Django's process; a logger has no
more than that configuration and what was bound to it. Source: ``structlog.get_logger``, ``structlog.contextvars``.
"""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import Const, Global, LibraryObject
from segue.translate.rules.logged_values import logged
from segue.translate.rules.registry import function, method

LEVELS = (
    "debug",
    "info",
    "warning",
    "error",
    "exception",
    "critical",
    "warn",
    "msg",
    "fatal",
    "failure",
    "err",
)
_BINDING = ("bind", "new", "unbind", "try_unbind")
# A logger that nothing was bound to yet.
_PLAIN = "structlog._config.BoundLoggerLazyProxy"
_NAME = "structlog()"
_CONTEXT = ("bind_contextvars", "unbind_contextvars", "clear_contextvars")


def is_logger(kind: Global) -> bool:
    """Whether a variable of a module is a logger of structlog."""
    return kind.ref.value is not None and kind.ref.value.name.startswith("structlog.")


def of_module(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``log.info("event", key=value)`` of the module's logger. Raises ``Refused``."""
    assert isinstance(owner.kind, Global)
    assert owner.kind.ref.value is not None
    if owner.kind.ref.value.name != _PLAIN:
        raise frame.refuse(
            "logging", ast.unparse(call.node), "Segue does not see what was bound to this logger.", call.node
        )
    return _called(frame, _logger(frame), call)


@method(Global, *_BINDING)
def bound(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``log.bind(user=user.pk)``."""
    assert isinstance(owner.kind, Global)
    return of_module(frame, owner, call) if is_logger(owner.kind) else None


@function("structlog._config.get_logger", "structlog.get_logger", "structlog.stdlib.get_logger")
def get_logger(frame: Frame, call: CallSite) -> Val:
    """``structlog.get_logger()`` within a function."""
    call.only()
    return Val(LibraryObject(name=_NAME), _logger(frame))


@method(LibraryObject, *LEVELS, *_BINDING)
def of_local(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``log = logger.bind(…)``, then ``log.info(…)``."""
    assert isinstance(owner.kind, LibraryObject)
    if owner.kind.name != _NAME or owner.node is None:
        return None
    return _called(frame, owner.node, call)


@function(*(f"structlog.contextvars.{name}" for name in _CONTEXT))
def in_context(frame: Frame, call: CallSite) -> Val:
    """``bind_contextvars(user=user.pk)``: for what the request logs from there on."""
    frame.module("structlog.contextvars")
    target = ast.parse(f"structlog.contextvars.{call.name.rpartition('.')[2]}", mode="eval").body
    return Val(Const(None), ast.Call(target, *_arguments(frame, call)))


def _logger(frame: Frame) -> ast.expr:
    frame.module("structlog")
    return ast.parse("structlog.get_logger()", mode="eval").body


def _called(frame: Frame, logger: ast.expr, call: CallSite) -> Val:
    name = "warning" if call.name == "warn" else call.name
    made = ast.Call(ast.Attribute(logger, name, ast.Load()), *_arguments(frame, call))
    return Val(LibraryObject(name=_NAME) if call.name in _BINDING else Const(None), made)


def _arguments(frame: Frame, call: CallSite) -> tuple[list[ast.expr], list[ast.keyword]]:
    """What is logged, as code. Raises ``Refused`` for objects that are others on the other side."""
    if len(call.raw_kwargs) < len(call.node.keywords):
        raise frame.refuse("logging", ast.unparse(call.node), "Its arguments come from a mapping.", call.node)
    parts = [logged(frame, call, node) for node in call.raw_args]
    return parts, [ast.keyword(key, logged(frame, call, node)) for key, node in call.raw_kwargs.items()]


__all__ = ["LEVELS", "is_logger", "of_module"]
