"""``to_internal_value`` and ``run_validation`` of the project's own that go on to ``super()``: what stands before the
call prepares the input, what stands behind it finishes the values.

Sources: ``Serializer.run_validation``, ``Serializer.to_internal_value``, ``Serializer.errors``.
"""

from __future__ import annotations

import ast
import textwrap
from dataclasses import dataclass, replace

from segue.refusal import Refused, refuse
from segue.snapshot.model import Function, Serializer
from segue.translate.context import Context
from segue.translate.functions.lift import Lifted, lift
from segue.translate.functions.record import record_of
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import Payload, SerializerSelf, ValidatedData
from segue.translate.load.models import snake
from segue.translate.serializers.facts import app_label, framework, short, stem
from segue.translate.serializers.synthetic import call_lifted
from segue.translate.serializers.use import Use

DRIVEN = ("run_validation", "to_internal_value")


@dataclass(frozen=True, slots=True)
class Driving:
    """An override, cut at its call of ``super()``: ``before`` gives the input, ``after`` the values; None for nothing."""

    function: Function
    before: Function | None
    after: Function | None


def overrides(ctx: Context, serializer: Serializer, method: str) -> list[Driving]:
    """The project's definitions of ``method`` along the MRO, the outermost first. Raises ``Refused``."""
    known = ctx.snapshot.classes.get(serializer.name)
    if known is None or method not in known.methods:
        return []
    found: list[Driving] = []
    for base in known.mro:
        behind = ctx.snapshot.classes.get(base)
        if behind is None or behind.methods.get(method) != f"{base}.{method}":
            continue
        if framework(base):
            break
        function = ctx.snapshot.functions.get(f"{base}.{method}")
        if function is None:
            raise refuse("no-source", f"{base}.{method}", "The snapshot has no source for it.", behind.where)
        found.append(_cut(function, method))
    return found


def _cut(function: Function, method: str) -> Driving:
    def refused(why: str) -> Refused:
        code = f"serializer-{method.replace('_', '-')}"
        return refuse(code, ".".join(function.name.split(".")[-2:]), why, function.where)

    source = textwrap.dedent(function.source)
    tree = ast.parse(source).body[0]
    if not isinstance(tree, ast.FunctionDef) or function.wrapped_by or tree.args.vararg or tree.args.kwarg:
        raise refused("It is no plain method of the input.")
    names = [a.arg for a in tree.args.args]
    if len(names) != 2 or tree.args.kwonlyargs:
        raise refused("It is no plain method of the input.")
    calls = [n for n in ast.walk(tree) if _goes_on(n, method)]
    place = next((s for s in tree.body if any(_goes_on(n, method) for n in ast.walk(s))), None)
    if len(calls) != 1 or place is None:
        raise refused("It does not go on to super() just once.")
    match place:
        case ast.Return(ast.Call(args=[given])):
            target = ""
        case ast.Assign([ast.Name(target)], ast.Call(args=[given])):
            pass
        case _:
            raise refused("It does not go on to super() in a statement of its own.")
    _check_raises(tree, refused)
    lines = source.splitlines()
    index = tree.body.index(place)
    first = tree.body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    head = tree.body[1 if documented else 0 : index]
    before = after = None
    if any(isinstance(n, ast.Return) for s in head for n in ast.walk(s)):
        raise refused("Some of its ways do not go on to super().")
    if head or ast.unparse(given) != names[1]:
        indent = " " * place.col_offset
        text = "\n".join([*lines[: place.lineno - 1], f"{indent}return {ast.unparse(given)}"])
        before = replace(function, source=text)
    rest = tree.body[index + 1 :]
    if rest and target:
        if not isinstance(rest[-1], ast.Return):
            raise refused("It does not return the values.")
        if names[1] in {n.id for s in rest for n in ast.walk(s) if isinstance(n, ast.Name)} or _locals(
            head
        ) & _names(rest):
            raise refused("What stands behind super() needs what stands before it.")
        # Lines stay where they are, so that refusals point into the override.
        blank = [""] * ((place.end_lineno or place.lineno) - 1)
        text = "\n".join(
            [f"def {method}({names[0]}, {target}):", *blank, *lines[place.end_lineno or place.lineno :]]
        )
        if ast.unparse(rest[0]) != f"return {target}":
            after = replace(function, source=text)
    return Driving(function, before, after)


def _goes_on(node: ast.AST, method: str) -> bool:
    match node:
        case ast.Call(ast.Attribute(ast.Call(ast.Name("super")), name)):
            return name == method
    return False


def _check_raises(tree: ast.FunctionDef, refused: object) -> None:
    """Errors that are no dict of fields make ``Serializer.errors`` fail; they are no errors of input."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Try):
            raise refused("It handles exceptions.")  # type: ignore[operator]
        if isinstance(node, ast.Raise) and not (
            isinstance(node.exc, ast.Call) and node.exc.args and isinstance(node.exc.args[0], ast.Dict)
        ):
            raise refused("It raises something else than errors by field.")  # type: ignore[operator]


def _names(statements: list[ast.stmt]) -> set[str]:
    return {n.id for s in statements for n in ast.walk(s) if isinstance(n, ast.Name)}


def _locals(statements: list[ast.stmt]) -> set[str]:
    return {
        n.id
        for s in statements
        for n in ast.walk(s)
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }


def prepare(frame: Frame, serializer: Serializer, use: Use) -> str:
    """Emit what is done with the input before its fields are read; the name of what they are read from."""
    sent = "data"
    for method in DRIVEN:
        for driving in overrides(frame.ctx, serializer, method):
            if driving.before is None:
                continue
            lifted = _lift(frame, serializer, driving.before, use, "prepare", Val(Payload()))
            if not isinstance(lifted.returns, Payload):
                raise _unknown(driving, method, "Segue does not see that it hands on the input.")
            if sent == "data":
                sent = frame.fresh("given")
                frame.emit(f"{sent} = data")
            line = f"{sent} = {call_lifted(frame, lifted, sent)}"
            if method == "run_validation":
                frame.emit(line)
            else:  # ``validate_empty_values`` has turned a null away
                frame.emit_block(f"if {sent} is not None:", [line])
    return sent


def finish(frame: Frame, serializer: Serializer, use: Use, method: str) -> None:
    """Emit what is done with ``values`` behind ``super()``, the innermost first."""
    for driving in reversed(overrides(frame.ctx, serializer, method)):
        if driving.after is None:
            continue
        kind = ValidatedData(serializer.name)
        lifted = _lift(frame, serializer, driving.after, use, "finish", Val(kind))
        if lifted.returns != kind:
            raise _unknown(driving, method, "Segue does not see that it returns the values.")
        frame.emit(f"values = {call_lifted(frame, lifted, 'values')}")


def finishes(ctx: Context, serializer: Serializer, method: str) -> bool:
    """Whether an override does something with the values."""
    return any(driving.after is not None for driving in overrides(ctx, serializer, method))


def _lift(
    frame: Frame, serializer: Serializer, function: Function, use: Use, verb: str, value: Val
) -> Lifted:
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    assert isinstance(tree, ast.FunctionDef)
    lifted = lift(
        frame.ctx,
        function,
        self_kind=Val(SerializerSelf(serializer.name, use)),
        arguments={tree.args.args[1].arg: value},
        module_kind="validation",
        app=app_label(frame.ctx, serializer),
        name=f"{verb}_{snake(stem(frame.ctx, serializer))}",
    )
    record = record_of(frame.ctx, lifted)
    if record is not None and any("segue__fn_" in line for line in record.lines):
        # Errors of input that are no dict of fields, raised further down, are a failure in DRF.
        raise refuse(
            "serializer-driving",
            short(function.name),
            "It calls functions of the project whose errors DRF would not answer.",
            function.where,
        )
    return lifted


def _unknown(driving: Driving, method: str, why: str) -> Refused:
    name = ".".join(driving.function.name.split(".")[-2:])
    return refuse(f"serializer-{method.replace('_', '-')}", name, why, driving.function.where)
