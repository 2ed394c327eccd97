"""``raise`` and ``try``."""

from __future__ import annotations

import ast
import re
import textwrap

from segue.refusal import Refused
from segue.translate.context import Context
from segue.translate.functions.record import reached
from segue.translate.interp import held
from segue.translate.interp.carried import SURE
from segue.translate.interp.frame import Frame
from segue.translate.interp.key_missing import KeyMissing
from segue.translate.interp.leaving import BEHIND
from segue.translate.interp.statements import any_exception, around_next
from segue.translate.interp.statements.branches import End, merge
from segue.translate.interp.statements.of_django import let_through
from segue.translate.interp.value import Val
from segue.translate.kinds import Failure, Global, Raised
from segue.translate.rules.registry import statement

_CAUGHT = "error"


@statement(ast.Raise)
def raised(frame: Frame, node: ast.Raise) -> None:
    """``raise Error(...)``; bare ``raise`` inside a handler."""
    if node.exc is None:
        frame.emit("raise")
        frame.alive = False
        return
    value = frame.eval(node.exc)
    if isinstance(value.kind, Global):
        from segue.translate.interp.expressions.calls import call_named

        made = ast.copy_location(ast.Call(node.exc, [], []), node.exc)
        value = call_named(frame, value.kind.ref.name, made)
    if isinstance(value.kind, Failure) and not value.kind.api and value.node is not None:
        # An exception handler lets through what it was given, to Django's page.
        frame.emit(f"raise {value.text}")
        frame.alive = False
        return
    if not isinstance(value.kind, Raised) or value.node is None:
        raise frame.refuse("raise", ast.unparse(node), "Segue has no rule for this exception.", node)
    cause = ""
    if node.cause is not None:
        found = frame.eval(node.cause)
        cause = f" from {found.text}" if found.node is not None else " from None"
    elif (handling := frame.env.get("#handling")) is not None and handling.node is not None:
        cause = f" from {handling.text}"  # Python keeps it as the context; linters want it said
        frame.causes.append(handling.node)
    frame.emit(f"raise {value.text}{cause}")
    frame.alive = False


@statement(ast.Try)
def guarded(frame: Frame, node: ast.Try) -> None:
    """``try``/``except``/``else``/``finally`` over exceptions that the generated code raises too."""
    from segue.translate.rules.exceptions import caught
    from segue.translate.rules.same_failures import fails_alike, reads_alike, writes_alike

    if _tells_any_exception(frame, node):
        _leave_to_django(frame, node)
        return
    plainer = around_next.drawn_out(frame, node)
    if plainer is not None:
        frame.run(plainer)
        return
    handlers: list[tuple[str, ast.ExceptHandler, Val | None]] = []
    broad: Refused | None = None
    for handler in node.handlers:
        try:
            text, value = caught(frame, handler)
        except Refused as refused:
            if refused.refusal.code not in ("broad-except", "bare-except") or isinstance(
                handler.type, ast.Tuple
            ):
                raise
            broad, text, value = refused, "Exception", Val(Raised("Exception"))
        handlers.append((text, handler, value))
    before, untouched = frame.snapshot_env(), held.remember(frame)
    leave = all(isinstance(h.body[-1], ast.Raise | ast.Return) for h in node.handlers)
    frame.sure += leave
    try:
        with frame.capture() as body:
            frame.run(node.body)
            after_body = frame.alive
    except KeyMissing as missing:
        left = _at_once(frame, node, handlers, missing)
        if left is None:
            raise
        frame.restore_env(before)
        frame.run(left.body)
        _finally(frame, node)
        return
    finally:
        frame.sure -= leave
    alike = broad is None or fails_alike(frame.ctx, body, raises=all(map(_raises, node.handlers)))
    # Of the errors of drivers it is only known that they are some: one handler takes whatever comes.
    told = all(
        text in ("Exception", "ObjectDoesNotExist", "MultipleObjectsReturned") for text, _, _ in handlers
    )
    # Middleware, behind the view: no transaction is open, so that nothing comes of a statement that has failed.
    behind = bool(frame.ctx.memo.get(BEHIND))
    asking = (
        not alike
        and told
        and not frame.in_atomic
        and (reads_alike(frame.ctx, body) or (behind and writes_alike(frame.ctx, body)))
    )
    alike = alike or asking
    leaves = not alike and any_exception.may_leave(frame, node, body)
    _two_in_one(frame, node, [text for text, _, _ in handlers], body)
    ends: list[End] = []
    with frame.capture() as orelse:
        if after_body and node.orelse:
            frame.run(node.orelse)
    ends.append((frame.env, frame.facts, frame.alive))
    tried, touched = frame.env, held.states(untouched)
    out: list[tuple[str, list[str]]] = []
    for at, (text, handler, value) in enumerate(handlers):
        out += let_through(frame, node, [one for one, _, _ in handlers], body, at)
        rest = leaves and text == "Exception" and not _lets_through(handler)
        if rest:
            classes = any_exception.alike(frame, handler, body)
            text, value = f"({', '.join(classes)})" if len(classes) > 1 else "".join(classes), None
        # A handler may start anywhere in the body: what the body set is only perhaps set.
        frame.restore_env(before)
        frame.facts = {}
        frame.alive = True
        _perhaps(frame, before[0], tried)
        if handler.name and value is not None:
            frame.bind(handler.name, Val(Raised(text, _is_told(frame, text, body)), value.node))
        caught_as = _caught_as(frame, handler)
        frame.env["#handling"] = Val(Raised(text), caught_as)
        with frame.capture() as lines:
            if not rest:
                frame.run(handler.body)
            elif text and not _caught_alike(frame, handler):
                text = ""
        frame.env.pop("#handling", None)
        if rest and not text:
            out.append(any_exception.left(frame))
            continue
        if frame.alive:
            held.tear(untouched, touched)
        name = f" as {frame.renames.get(handler.name, handler.name)}" if handler.name else ""
        if not name and any(one is caught_as for one in frame.causes):
            name = f" as {_CAUGHT}"
        if not alike and text == "Exception" and broad is not None and not _only_logs(lines):
            raise broad
        out.append((f"except {text}{name}:" if text else "except Exception:", lines))
        ends.append((frame.env, {}, frame.alive))
        if rest:
            out.append(any_exception.left(frame))
    if not body and after_body:  # nothing can be raised
        frame.env, frame.facts, frame.alive = ends[0]
        frame.lines.extend(orelse)
        _finally(frame, node)
        return
    frame.emit_block("try:", body)
    if asking:
        service = ast.unparse(frame.imported("segue_bridge.leaving", "ONLY_HERE"))
        frame.emit_block(f"except {service}:", ["raise"])
    for header, lines in out:
        frame.emit_block(header, lines)
    if orelse:
        frame.emit_block("else:", orelse)
    merge(frame, before, ends)
    if node.finalbody:
        with frame.capture() as final:
            _finally(frame, node)
        around_next.check_finally(frame, node, body, final)
        frame.emit_block("finally:", final)


def _caught_as(frame: Frame, handler: ast.ExceptHandler) -> ast.Name | None:
    """What the handler's exception is called in the generated code; None where that name means something else, there or later:
    Python forgets it at the end of the handler."""
    if handler.name:
        kept = {type(n.ctx) for n in _names(handler, handler.name)} <= {ast.Load}
        return ast.Name(frame.renames.get(handler.name, handler.name), ast.Load()) if kept else None
    named = _CAUGHT in frame.names_taken or _names(ast.parse(textwrap.dedent(frame.function.source)), _CAUGHT)
    return None if named else ast.Name(_CAUGHT, ast.Load())


def _names(node: ast.AST, name: str) -> list[ast.Name]:
    return [n for n in ast.walk(node) if isinstance(n, ast.Name) and n.id == name]


def _caught_alike(frame: Frame, handler: ast.ExceptHandler) -> bool:
    """Run the handler for what both sides raise; False where it cannot be translated: then Django does that as well."""
    saved = frame.snapshot_env(), list(frame.lines), (frame.in_atomic, frame.loops, frame.no_hoist)
    try:
        frame.run(handler.body)
    except Refused:
        frame.restore_env(saved[0])
        frame.lines[:] = saved[1]
        frame.in_atomic, frame.loops, frame.no_hoist = saved[2]
        return False
    return True


def _lets_through(handler: ast.ExceptHandler) -> bool:
    """Whether it raises what it caught again, so that it can only be about logs."""
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def _only_logs(lines: list[str]) -> bool:
    """Whether what was caught is logged and goes on as it came: whatever it is, on either side."""
    return lines[-1:] == ["raise"] and all(line.startswith("logging.") for line in lines[:-1])


def _raises(handler: ast.ExceptHandler) -> bool:
    """Whether it ends with an error, whatever its conditions."""
    leaves = any(isinstance(n, ast.Return | ast.Break | ast.Continue) for n in ast.walk(handler))
    return isinstance(handler.body[-1], ast.Raise) and not leaves


def _is_told(frame: Frame, text: str, body: list[str]) -> bool:
    from segue.translate.rules.exception_text import told
    from segue.translate.rules.same_failures import texts_alike

    return texts_alike(frame.ctx, body) if text == "Exception" else told(frame.ctx, text, body)


def converted_in(ctx: Context) -> set[str]:
    """Legacy functions that raise Django's ``ValidationError`` while a serializer validates."""
    found = ctx.memo.setdefault(("kernel", "converted-in"), set())
    assert isinstance(found, set)
    return found


def _two_in_one(frame: Frame, node: ast.Try, caught: list[str], body: list[str]) -> None:
    """While a serializer validates, Django's ValidationError is raised as DRF's, which it becomes there anyway
    (``Serializer.run_validation``). Code that catches one of the two would see the other as well, or not see it."""
    if not frame.ctx.memo.get(("kernel", "in-validation")):
        return
    if not any(re.search(r"\b(Invalid|ValidationError)\b", text) for text in caught):
        return
    called = [record for record in reached(frame.ctx, body) if record is not None]
    lines = [*body, *(line for record in called for line in record.lines)]
    raising = {frame.function.name, *(record.legacy for record in called)} & converted_in(frame.ctx)
    if raising or any("clean_entity(" in line for line in lines):
        raise frame.refuse(
            "except",
            "ValidationError",
            "Django's and DRF's are one while a serializer validates: which of them is caught here cannot be told.",
            node,
        )


def _at_once(
    frame: Frame,
    node: ast.Try,
    handlers: list[tuple[str, ast.ExceptHandler, Val | None]],
    missing: KeyMissing,
) -> ast.ExceptHandler | None:
    """The handler that is left where the first thing that the body evaluates is a key that is never there; else None."""
    first = node.body[0]
    if missing.frame is not frame or not isinstance(first, ast.Assign | ast.Expr | ast.Return):
        return None
    evaluated: ast.expr | None = first.value
    while (
        evaluated is not None
        and (evaluated.lineno, evaluated.col_offset, evaluated.end_col_offset) != missing.at
    ):
        match evaluated:
            case ast.Attribute(value=inner) | ast.Subscript(value=inner) | ast.Call(func=inner):
                evaluated = inner
            case _:
                return None
    for text, handler, _ in handlers:
        if not text or {"KeyError", "LookupError", "Exception"} & set(re.findall(r"\w+", text)):
            raises_again = any(isinstance(n, ast.Raise) and n.exc is None for n in ast.walk(handler))
            return None if handler.name or raises_again else handler
    return None


def _finally(frame: Frame, node: ast.Try) -> None:
    was = frame.alive
    frame.alive = True
    frame.run(node.finalbody)
    frame.alive = was and frame.alive


def _tells_any_exception(frame: Frame, node: ast.Try) -> bool:
    """``except Exception as e: raise ValidationError(str(e))`` around all that is written, in a transaction of this function.

    The text of an exception, such as the database's, is another on the other side.
    """
    if len(node.handlers) != 1 or node.orelse or node.finalbody or not frame.in_atomic or frame.loops:
        return False
    handler = node.handlers[0]
    if not handler.name or not isinstance(handler.type, ast.Name) or len(handler.body) != 1:
        return False
    target = frame.eval(handler.type).kind
    if not isinstance(target, Global) or target.ref.name != "builtins.Exception":
        return False
    told = any(isinstance(n, ast.Name) and n.id == handler.name for n in ast.walk(handler.body[0]))
    decorated = any(d == "django.db.transaction.atomic" for d in frame.function.wrapped_by)
    return decorated and told and isinstance(handler.body[0], ast.Raise)


def _leave_to_django(frame: Frame, node: ast.Try) -> None:
    """What was written is rolled back as the exception leaves the function; then Django answers."""
    with frame.capture() as body:
        frame.run(node.body)
    unserved = frame.imported("segue_bridge.errors", "Unserved")
    if not body:
        return
    frame.emit_block("try:", body)
    frame.emit_block("except Exception as error:", [f"raise {ast.unparse(unserved)}('exception') from error"])


def _perhaps(frame: Frame, before: dict[str, Val], after: dict[str, Val]) -> None:
    from segue.translate.interp.statements.branches import _joined

    for key, value in after.items():
        if key.startswith("#"):
            if not (key.startswith(SURE) and key in before):
                frame.env.pop(key, None)
            continue
        frame.env[key] = _joined(before[key], value) if key in before else value
