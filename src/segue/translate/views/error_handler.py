"""``EXCEPTION_HANDLER``: the project's own function between an error and its answer.

DRF calls it for every exception of a view (``APIView.handle_exception``); what it returns is the answer, and None
lets the exception through to Django's 500. It is translated twice: for the exceptions that DRF answers, and for all others; where the
second comes out as None whatever the exception is, it is not written down.
"""

from __future__ import annotations

import ast
import re
import textwrap
from dataclasses import dataclass
from itertools import takewhile

from segue.refusal import Refusal, Refused, refuse
from segue.snapshot.model import Function, Where
from segue.target.ir import Decl, Import, Module
from segue.translate.context import Context
from segue.translate.functions.finish import keep
from segue.translate.functions.lift import Lifted, find, interpret, lift
from segue.translate.functions.record import records
from segue.translate.functions.symbols import symbols
from segue.translate.kinds import Const, ErrorResponse, Failure, HandlerContext, Kind, Maybe, Response
from segue.translate.views import standard_errors

_OWN = "rest_framework.views.exception_handler"
# State of lifted functions, as an application-wide function has it.
_STATE = {
    "call": "call",
    "db": "call.db",
    "user": "call.user",
    "method": "call.method",
    "query": "call.query",
}
_TEXT = re.compile(r"\btext_of\(call, \w+\)")
_NOTHING = re.compile(r"\s*(\w+) = None")
_MEMO = ("views", "error-handler")


@dataclass(frozen=True, slots=True)
class Handlers:
    """The project's handler twice: for the exceptions that DRF answers, and, if it answers some, for all others."""

    api: Lifted
    others: Lifted | None


def prepare(ctx: Context) -> tuple[Refusal, ...]:
    """Translate the handler, where the project has one of its own; the reasons why not."""
    name = _named(ctx)
    if name in ("", _OWN):
        return ()
    try:
        if name == standard_errors.NAME:
            ctx.memo[_MEMO] = standard_errors.standard(ctx)
            return ()
        ctx.memo[_MEMO] = _lifted(ctx, find(ctx, name, Where(ctx.snapshot.settings.module)))
    except Refused as refused:
        return (refused.refusal,)
    return ()


def option(ctx: Context, main: Module) -> tuple[str, set[Import]]:
    """``, error_handler=…`` for the application, and ``, other_handler=…`` where it answers what DRF does not.

    Where one needs more than the call, an adapter in ``main``.
    """
    found = ctx.memo.get(_MEMO)
    if isinstance(found, standard_errors.Standard):
        return standard_errors.option(ctx, found)
    if not isinstance(found, Handlers):
        return "", set()
    text, imports = _option(ctx, main, found.api, "error_handler", "answer_error")
    if found.others is not None:
        other, needed = _option(ctx, main, found.others, "other_handler", "answer_others")
        asks = any(
            one.module.partition(".")[0] in ("requests", "httpx")
            for part in ctx.program.modules.values()
            for decl in part.decls.values()
            for one in decl.imports
        )
        return text + other + (", asks_others=True" if asks else ""), imports | needed
    return text, imports


def _option(
    ctx: Context, main: Module, lifted: Lifted, argument: str, adapter: str
) -> tuple[str, set[Import]]:
    name = symbols(ctx).text(lifted.name)
    imported = Import(symbols(ctx).text(lifted.module), name)
    if [s.name for s in lifted.state] == ["call"] and lifted.explicit:
        return f", {argument}={name}", {imported}
    given = [_STATE[s.name] for s in lifted.state] + ["error"] * len(lifted.explicit)
    wait = ("async ", "await ") if lifted.is_async else ("", "")
    others = argument == "other_handler"
    error, answer = ("Exception", "Response | None") if others else ("APIException", "Response")
    lines = [
        f"{wait[0]}def {adapter}(call: Call, error: {error}) -> {answer}:",
        f"    return {wait[1]}{name}({', '.join(given)})",
    ]
    needed = {
        imported, Import("segue_bridge.http.call", "Call"), Import("starlette.responses", "Response"),
    }  # fmt: skip
    if not others:
        needed.add(Import("segue_bridge.errors", "APIException"))
    main.add(Decl(adapter, "\n".join(lines), frozenset(needed), 20))
    return f", {argument}={adapter}", set()


def has_own(ctx: Context) -> bool:
    """Whether the project has a handler of its own."""
    return _named(ctx) not in ("", _OWN)


def _named(ctx: Context) -> str:
    framework = ctx.snapshot.settings.values.get("REST_FRAMEWORK")
    for key, value in framework.pairs if framework is not None else ():
        if key.data == "EXCEPTION_HANDLER":
            return value.name or str(value.data or "")
    return ""


def _lifted(ctx: Context, found: Function) -> Handlers:
    parameters = _parameters(found)
    if len(parameters) != 2:
        raise refuse(
            "exception-handler", found.name, "It does not take an exception and a context.", found.where
        )
    error, context = parameters
    other = interpret(ctx, found, arguments={error: Failure(False), context: HandlerContext()})
    others: Lifted | None = None
    if other.returns != Const(None):
        others = _one(ctx, found, {error: Failure(False), context: HandlerContext()}, "_of_others")
    lifted = _one(ctx, found, {error: Failure(True), context: HandlerContext()}, "")
    if not isinstance(lifted.returns, ErrorResponse | Response):
        raise refuse(
            "exception-handler", found.name, "It does not answer every exception of DRF.", found.where
        )
    for one in (lifted, others):
        if one is not None:
            keep(ctx, one)
    return Handlers(lifted, others)


def _one(ctx: Context, found: Function, arguments: dict[str, Kind], suffix: str) -> Lifted:
    """The handler for the exceptions of DRF or, with a ``suffix``, for all others. Raises ``Refused``."""
    short = found.name.rpartition(".")[2]
    lifted = lift(ctx, found, arguments=arguments, module_kind="errors", name=f"{short}{suffix}")
    for record in records(ctx):
        if record.token == lifted.name:
            record.lines = _told_first(record.lines)
            if _say_optional(record.lines):
                record.imports |= {Import("segue_bridge.http.responses", "JSON")}
    unknown = [s.name for s in lifted.state if s.name not in _STATE]
    if unknown:
        raise refuse("exception-handler", found.name, f"It needs {', '.join(unknown)}.", found.where)
    kind = lifted.returns.kind if isinstance(lifted.returns, Maybe) else lifted.returns
    if not isinstance(kind, ErrorResponse | Response):
        raise refuse(
            "exception-handler", found.name, "Segue does not see that it returns a Response.", found.where
        )
    return lifted


def _say_optional(lines: list[str]) -> bool:
    """``response: JSON | None`` at the top where a branch says ``response = None`` after others that have one, which type checkers
    refuse else."""
    said = False
    for local in dict.fromkeys(found[1] for line in lines if (found := _NOTHING.fullmatch(line))):
        index = next(i for i, line in enumerate(lines) if line.strip().startswith(f"{local} = "))
        if lines[index].partition(" = ")[2].startswith(("answer(", "answer_of(", "call.reply(")):
            lines.insert(0, f"{local}: JSON | None")
            said = True
    return said


def _told_first(lines: list[str]) -> list[str]:
    """``text_of`` before what a branch logs, where it is asked for later on: a request that is left to Django is logged there."""
    out: list[str] = []
    for index, line in enumerate(lines):
        margin = len(line) - len(line.lstrip())
        rest = takewhile(lambda other: len(other) - len(other.lstrip()) >= margin, lines[index + 1 :])  # noqa: B023
        asked = next((found[0] for other in rest if (found := _TEXT.search(other))), "")
        if (
            asked
            and "logging.getLogger(" in line
            and not _TEXT.search(line)
            and asked not in map(str.strip, out)
        ):
            out.append(f"{' ' * margin}{asked}")
        out.append(line)
    return out


def _parameters(found: Function) -> list[str]:
    definition = ast.parse(textwrap.dedent(found.source)).body[0]
    if not isinstance(definition, ast.FunctionDef):
        return []
    return [a.arg for a in (*definition.args.posonlyargs, *definition.args.args)]
