"""``self.fail("key")`` and ``self.error_messages["key"]`` of serializers (``rest_framework.fields.Field``)."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from segue.snapshot.model import Value
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.constants import value_of
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, const, literal, name
from segue.translate.kinds import Const, Kind, Object, Scalar, SerializerSelf
from segue.translate.rules.registry import attribute, framework, method
from segue.translate.serializers.own_field import FieldUse

_ATTRIBUTE = "default_error_messages"


@dataclass(frozen=True, slots=True)
class ErrorMessages(Kind):
    """``self.error_messages`` of a serializer."""

    serializer: str


@attribute(SerializerSelf, "error_messages")
def error_messages(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val:
    """All ``default_error_messages`` of the MRO, the nearest first."""
    assert isinstance(owner.kind, SerializerSelf)
    return Val(ErrorMessages(owner.kind.name))


@method(ErrorMessages, "__getitem__", "get")
def message(frame: Frame, owner: Val, call: CallSite) -> Val:
    """One text."""
    assert isinstance(owner.kind, ErrorMessages)
    key = call.argument(0)
    return Val(Scalar("str"), _text(frame, owner.kind.serializer, key, call.node))


@framework("rest_framework.fields.Field.fail")
def fail(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``Field.fail``: a ``ValidationError`` of the text, filled in, with the key as its code."""
    if not isinstance(owner.kind, SerializerSelf) and field_texts(owner.kind) is None:
        return None
    if len(call.args) != 1 or frame.no_hoist:
        raise frame.refuse(
            "serializer-fail", ast.unparse(call.node), "It stands inside of an expression.", call.node
        )
    key = call.args[0]
    known = field_texts(owner.kind)
    if known is not None:
        text = _of_field(frame, known, key, call.node)
    else:
        assert isinstance(owner.kind, SerializerSelf)
        text = _text(frame, owner.kind.name, key, call.node)
    made: ast.expr
    given = call.kwargs
    if isinstance(text, ast.Constant) and all(isinstance(v.kind, Const) for v in given.values()):
        try:
            known_values = {k: getattr(v.kind, "value", None) for k, v in given.items()}
            made = literal(str(text.value).format(**known_values))
        except (KeyError, IndexError, ValueError):
            raise frame.refuse(
                "serializer-fail",
                ast.unparse(call.node),
                "The text asks for what it is not given.",
                call.node,
            ) from None
    else:
        if any(v.node is None or not isinstance(v.kind, Const | Scalar) for v in given.values()):
            raise frame.refuse(
                "serializer-fail", ast.unparse(call.node), "Segue cannot write these down.", call.node
            )
        made = ast.Call(
            ast.Attribute(text, "format", ast.Load()),
            [],
            [ast.keyword(k, v.node) for k, v in given.items() if v.node is not None],
        )
    error = ast.unparse(frame.imported("segue_bridge.errors", "ValidationError"))
    code = getattr(key.kind, "value", None)
    frame.emit(f"raise {error}({ast.unparse(made)}, code={code!r})")
    frame.alive = False
    return const(None)


def field_texts(kind: Kind) -> dict[str, Value] | None:
    """``self.error_messages`` of a field that is ``self``, as its instance has them."""
    use = kind.use if isinstance(kind, Object) else None
    if not isinstance(use, FieldUse):
        return None
    return {key: Value("const", text) for key, text in use.item.error_messages.items()} | dict(
        use.item.lazy_messages
    )


def _of_field(frame: Frame, texts: dict[str, Value], key: Val | None, at: ast.AST) -> ast.expr:
    wanted = key.kind.value if key is not None and isinstance(key.kind, Const) else None
    if not isinstance(wanted, str) or wanted not in texts:
        raise frame.refuse(
            "serializer-fail", f"error_messages[{wanted!r}]", "Segue does not know this text.", at
        )
    return _shown(frame, texts[wanted], wanted, at)


def _shown(frame: Frame, text: Value, wanted: object, at: ast.AST) -> ast.expr:
    found = value_of(frame, text)
    if found is None or found.node is None or not isinstance(text.data, str):
        raise frame.refuse(
            "serializer-fail", f"error_messages[{wanted!r}]", "Segue does not know this text.", at
        )
    return found.node


def _text(frame: Frame, serializer: str, key: Val | None, at: ast.AST) -> ast.expr:
    wanted = key.kind.value if key is not None and isinstance(key.kind, Const) else None
    known = frame.ctx.snapshot.classes.get(serializer)
    for cls in known.mro if known is not None else ():
        other = frame.ctx.snapshot.classes.get(cls)
        if other is None:
            break
        found = other.attributes.get(_ATTRIBUTE)
        if found is None or found.defined_in != cls:
            continue
        text = _entry(found.value, wanted)
        if text is None:
            continue
        if text.kind in ("const", "lazy"):
            return _shown(frame, text, wanted, at)
        break
    raise frame.refuse("serializer-fail", f"error_messages[{wanted!r}]", "Segue does not know this text.", at)


def _entry(table: Value, wanted: object) -> Value | None:
    return next((v for k, v in table.pairs if k.kind == "const" and k.data == wanted), None)


__all__ = ["name"]
