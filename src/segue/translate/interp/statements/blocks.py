"""``with``: transactions and harmless contexts."""

from __future__ import annotations

import ast

from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import Const, Global, Kind, LibraryObject, OpenFile
from segue.translate.rules import libraries, registry, scopes
from segue.translate.rules.registry import statement

_IGNORED = ("contextlib.suppress",)


@statement(ast.With)
def block(frame: Frame, node: ast.With) -> None:
    """``with transaction.atomic(): …`` → ``async with db.atomic(): …``."""
    if _opened(frame, node) or _of_rule(frame, node) or _suppressed(frame, node) or _of_library(frame, node):
        return
    if len(node.items) == 1 and node.items[0].optional_vars is None:
        with scopes.opened(frame, node.items[0].context_expr) as disabled:
            if disabled:
                frame.run(node.body)
                return
    headers: list[str] = []
    for item in node.items:
        if item.optional_vars is not None:
            raise frame.refuse(
                "with", ast.unparse(item.context_expr), "Segue has no rule for this context manager.", node
            )
        headers.append(_context(frame, item.context_expr))
    frame.in_atomic += 1
    with frame.capture() as lines:
        frame.run(node.body)
    frame.in_atomic -= 1
    if lines:
        frame.emit_block(f"async with {', '.join(headers)}:", lines)


def _of_rule(frame: Frame, node: ast.With) -> bool:
    """``with name(...):`` whose context manager has a rule."""
    item = node.items[0]
    call = item.context_expr
    if len(node.items) != 1 or item.optional_vars is not None or not isinstance(call, ast.Call):
        return False
    if not isinstance(call.func, ast.Name | ast.Attribute):
        return False
    found = frame.eval(call.func).kind
    rule = registry.contexts.get(found.ref.name) if isinstance(found, Global) else None
    return rule is not None and isinstance(found, Global) and rule(frame, call, found.ref.name, node)


def _of_library(frame: Frame, node: ast.With) -> bool:
    """``with ZipFile(buffer, "w") as archive: …`` of a library that both sides have."""
    item = node.items[0]
    if (
        len(node.items) != 1
        or not isinstance(item.context_expr, ast.Call)
        or not isinstance(item.optional_vars, ast.Name | None)
    ):
        return False
    if not libraries.is_call(frame, item.context_expr):
        return False
    value = frame.eval(item.context_expr)
    header = f"with {value.text}"
    if item.optional_vars is not None:
        header += f" as {frame.bind(item.optional_vars.id, Val(_entered(value)))}"
    with frame.capture() as lines:
        frame.run(node.body)
    frame.emit_block(f"{header}:", lines)
    return True


def _entered(value: Val) -> Kind:
    """What ``as`` names: the buffer or archive itself, or what some other library gives."""
    own = isinstance(value.kind, LibraryObject) and value.kind.name.endswith("()")
    return value.kind if own else LibraryObject()


def _suppressed(frame: Frame, node: ast.With) -> bool:
    """``with suppress(KeyError): …`` is ``try: … except KeyError: pass``."""
    match node.items:
        case [ast.withitem(ast.Call(func, [_, *_] as classes, []), None)]:
            pass
        case _:
            return False
    target = frame.eval(func)
    if not isinstance(target.kind, Global) or target.kind.ref.name not in _IGNORED:
        return False
    caught = classes[0] if len(classes) == 1 else ast.Tuple(classes, ast.Load())
    handler = ast.ExceptHandler(caught, None, [ast.Pass()])
    tried = ast.copy_location(ast.Try(node.body, [handler], [], []), node)
    frame.run([ast.fix_missing_locations(tried)])
    return True


def _opened(frame: Frame, node: ast.With) -> bool:
    """``with default_storage.open(name) as file: …``: the file stands for its name, and is read where it is used.

    Only one statement that uses it is known, so that nothing changes the file before.
    """
    item = node.items[0]
    if len(node.items) != 1 or not isinstance(item.optional_vars, ast.Name) or len(node.body) != 1:
        return False
    called = item.context_expr
    if (
        not isinstance(called, ast.Call)
        or not isinstance(called.func, ast.Attribute)
        or called.func.attr != "open"
    ):
        return False
    value = frame.eval(called)
    if not isinstance(value.kind, OpenFile):
        return False
    before = frame.env.get(item.optional_vars.id)
    frame.env[item.optional_vars.id] = value
    frame.run(node.body)
    frame.env.pop(item.optional_vars.id)
    if before is not None:
        frame.env[item.optional_vars.id] = before
    return True


def _context(frame: Frame, node: ast.expr) -> str:
    options: dict[str, str] = {}
    target = node
    if isinstance(node, ast.Call):
        target = node.func
        for keyword in node.keywords:
            value = frame.eval(keyword.value)
            if keyword.arg == "durable" and isinstance(value.kind, Const):
                options["durable"] = "durable=True" if value.kind.value else ""
            elif keyword.arg == "savepoint" and isinstance(value.kind, Const):
                options["savepoint"] = "" if value.kind.value else "savepoint=False"
            elif (
                keyword.arg == "using"
                and isinstance(value.kind, Const)
                and value.kind.value in (None, "default")
            ):
                continue
            else:
                raise frame.refuse(
                    "atomic", ast.unparse(node), "Segue does not know this argument of atomic().", node
                )
        if node.args:
            raise frame.refuse("atomic", ast.unparse(node), "Another database than the default one.", node)
    value = frame.eval(target)
    if isinstance(value.kind, Global) and value.kind.ref.name == "django.db.transaction.atomic":
        return f"{ast.unparse(frame.db)}.atomic({', '.join(filter(None, options.values()))})"
    raise frame.refuse("with", ast.unparse(node), "Segue has no rule for this context manager.", node)


__all__ = ["Val", "block"]
