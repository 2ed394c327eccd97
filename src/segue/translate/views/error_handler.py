"""``EXCEPTION_HANDLER``: the project's own function between an error and its answer.

DRF calls it for every exception of a view (``APIView.handle_exception``); what it returns is the answer, and None
lets the exception through to Django's 500. The generated function is called for the exceptions that DRF answers; for
all others the translation has to show that the legacy handler returns None too.
"""

from __future__ import annotations

import ast
import textwrap

from segue.refusal import Refusal, Refused, refuse
from segue.snapshot.model import Function, Where
from segue.target.ir import Decl, Import, Module
from segue.translate.context import Context
from segue.translate.functions.finish import keep
from segue.translate.functions.lift import Lifted, find, interpret, lift
from segue.translate.functions.symbols import symbols
from segue.translate.kinds import Const, ErrorResponse, Failure, HandlerContext, Response

_OWN = "rest_framework.views.exception_handler"
# State of lifted functions, as an application-wide function has it.
_STATE = {
    "call": "call",
    "db": "call.db",
    "user": "call.user",
    "method": "call.method",
    "query": "call.query",
}
_MEMO = ("views", "error-handler")


def prepare(ctx: Context) -> tuple[Refusal, ...]:
    """Translate the handler, where the project has one of its own; the reasons why not."""
    name = _named(ctx)
    if name in ("", _OWN):
        return ()
    try:
        ctx.memo[_MEMO] = _lifted(ctx, find(ctx, name, Where(ctx.snapshot.settings.module)))
    except Refused as refused:
        return (refused.refusal,)
    return ()


def option(ctx: Context, main: Module) -> tuple[str, set[Import]]:
    """``, error_handler=…`` for the application; where it needs more than the call, an adapter in ``main``."""
    lifted = ctx.memo.get(_MEMO)
    if not isinstance(lifted, Lifted):
        return "", set()
    name = symbols(ctx).text(lifted.name)
    imported = Import(symbols(ctx).text(lifted.module), name)
    if [s.name for s in lifted.state] == ["call"]:
        return f", error_handler={name}", {imported}
    given = ", ".join(_STATE[s.name] for s in lifted.state)
    wait = ("async ", "await ") if lifted.is_async else ("", "")
    lines = [
        f"{wait[0]}def answer_error(call: Call, error: APIException) -> Response:",
        f"    return {wait[1]}{name}({given}, error)",
    ]
    needed = {
        imported, Import("segue_bridge.http.call", "Call"), Import("segue_bridge.errors", "APIException"),
        Import("starlette.responses", "Response"),
    }  # fmt: skip
    main.add(Decl("answer_error", "\n".join(lines), frozenset(needed), 20))
    return ", error_handler=answer_error", set()


def _named(ctx: Context) -> str:
    framework = ctx.snapshot.settings.values.get("REST_FRAMEWORK")
    for key, value in framework.pairs if framework is not None else ():
        if key.data == "EXCEPTION_HANDLER":
            return value.name or str(value.data or "")
    return ""


def _lifted(ctx: Context, found: Function) -> Lifted:
    parameters = _parameters(found)
    if len(parameters) != 2:
        raise refuse(
            "exception-handler", found.name, "It does not take an exception and a context.", found.where
        )
    error, context = parameters
    _check_rollback(ctx, found)
    other = interpret(ctx, found, arguments={error: Failure(False), context: HandlerContext()})
    if other.returns != Const(None):
        raise refuse(
            "exception-handler",
            found.name,
            "It may answer exceptions that DRF leaves to Django.",
            found.where,
        )
    lifted = lift(
        ctx, found, arguments={error: Failure(True), context: HandlerContext()}, module_kind="errors"
    )
    if not isinstance(lifted.returns, ErrorResponse | Response):
        raise refuse(
            "exception-handler", found.name, "It does not answer every exception of DRF.", found.where
        )
    unknown = [s.name for s in lifted.state if s.name not in _STATE]
    if unknown:
        raise refuse("exception-handler", found.name, f"It needs {', '.join(unknown)}.", found.where)
    keep(ctx, lifted)
    return lifted


def _parameters(found: Function) -> list[str]:
    definition = ast.parse(textwrap.dedent(found.source)).body[0]
    if not isinstance(definition, ast.FunctionDef):
        return []
    return [a.arg for a in (*definition.args.posonlyargs, *definition.args.args)]


def _check_rollback(ctx: Context, found: Function) -> None:
    """With ``ATOMIC_REQUESTS`` it is DRF's handler that undoes what the view wrote."""
    if not any(d.atomic_requests for d in ctx.snapshot.settings.databases):
        return
    definition = ast.parse(textwrap.dedent(found.source)).body[0]
    assert isinstance(definition, ast.FunctionDef)
    body = [s for s in definition.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    first = body[0] if body else None
    if not (isinstance(first, ast.Assign | ast.Return) and isinstance(first.value, ast.Call)):
        raise refuse(
            "exception-handler",
            found.name,
            "With ATOMIC_REQUESTS it may keep what a failed view wrote.",
            found.where,
        )
