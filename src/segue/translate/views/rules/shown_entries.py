"""``XSerializer(instance={"user": user, "access": token}).data``: a serializer that shows a dict of known keys."""

from __future__ import annotations

import ast
import textwrap

from segue.snapshot.model import SerializerField
from segue.translate.interp.frame import Frame
from segue.translate.interp.inline import inline_call
from segue.translate.interp.value import Val, const, literal, quote
from segue.translate.kinds import (
    Const,
    DictOf,
    JwtToken,
    KeywordDict,
    Kind,
    Scalar,
    SerializerSelf,
)
from segue.translate.rules.view_self import definition
from segue.translate.serializers.by_view import own_context, view_of
from segue.translate.serializers.facts import (
    FIELD_OUTPUT,
    base_name,
    check_field,
    option,
    overridden,
    serializer_of,
)
from segue.translate.serializers.represent import represent
from segue.translate.serializers.show import free
from segue.translate.serializers.use import Use


def shown_entries(frame: Frame, name: str, given: KeywordDict, node: ast.AST | None) -> Val:
    """The dict of what the fields show of ``given``. Raises ``Refused`` for what is not there or may be None."""
    serializer = serializer_of(frame.ctx, name)
    for hook in ("to_representation", "get_fields", "data"):
        if overridden(frame.ctx, name, hook):
            raise frame.refuse(
                "serializer-data", f"{name}.{hook}", "It shows a dict in a way of its own.", node
            )
    entries: dict[str, Val] = dict(given.entries)
    keys: list[ast.expr | None] = []
    values: list[ast.expr] = []
    kinds: list[tuple[str, Kind]] = []
    for item in serializer.fields:
        if item.write_only:
            continue
        if base_name(item) == "SerializerMethodField":
            made = _by_method(frame, name, item, given, node)
        else:
            made = _entry(frame, item, entries, node)
        assert made.node is not None
        keys.append(literal(item.name))
        values.append(made.node)
        kinds.append((item.name, made.kind))
    return Val(DictOf(tuple(kinds)), ast.Dict(keys, values))


def _by_method(
    frame: Frame, name: str, item: SerializerField, given: KeywordDict, node: ast.AST | None
) -> Val:
    method_name = str(option(item, "method_name") or f"get_{item.name}")
    dotted = definition(frame, name, method_name)
    function = frame.ctx.snapshot.functions.get(dotted) if dotted else None
    if function is None or function.role != "method":
        raise frame.refuse("serializer-data", f"{name}.{method_name}", "Segue has no source for it.", node)
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    if not isinstance(tree, ast.FunctionDef) or len(tree.args.args) != 2:
        raise frame.refuse("serializer-data", f"{name}.{method_name}", "It takes more than the object.", node)
    use = Use(name, "read", view=view_of(frame.ctx, name), own=own_context(frame.ctx))
    arguments = {tree.args.args[1].arg: Val(given)}
    value = inline_call(frame, function, arguments, Val(SerializerSelf(name, use)), node or tree)
    made = free(frame, item, value)
    return Val(value.kind, ast.parse(made, mode="eval").body)


def _entry(frame: Frame, item: SerializerField, entries: dict[str, Val], node: ast.AST | None) -> Val:
    check_field(frame.ctx, item, FIELD_OUTPUT, "field-output")
    value = entries.get(item.source)
    if value is None or value.node is None:
        raise frame.refuse("serializer-data", item.source, "The dict that it shows has no such key.", node)
    if isinstance(value.kind, JwtToken) and base_name(item) == "CharField":
        return Val(Scalar("str"), quote("str({0})", value.node))
    known = isinstance(value.kind, Scalar) and not value.kind.nullable and value.kind.type != "Any"
    if not known and not (isinstance(value.kind, Const) and value.kind.value is not None):
        raise frame.refuse("serializer-data", item.source, "Segue does not know what it shows there.", node)
    if isinstance(value.kind, Const) and base_name(item) == "CharField":
        return const(str(value.kind.value))
    made = represent(frame, item, value)
    frame.use(*made.imports)
    return Val(Scalar(made.type), ast.parse(made.text, mode="eval").body)


__all__ = ["shown_entries"]
