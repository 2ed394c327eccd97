"""``asdict``, ``astuple``, ``replace`` and comparison of dataclasses and named tuples (:mod:`segue.translate.rules.data_objects`)."""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.parts import parts
from segue.translate.interp.value import Val, const
from segue.translate.kinds import Const, DictOf, EnumMember, Kind, ListOf, Maybe, Record, Scalar, TupleOf
from segue.translate.rules.data_objects import declare, kind_of_field, node_of, shape_of_class
from segue.translate.rules.registry import function, method


def _record(frame: Frame, call: CallSite, form: str = "dataclass") -> tuple[Val, Record]:
    first = call.args[0] if call.args else None
    if first is None or first.node is None or not isinstance(first.kind, Record) or first.kind.form != form:
        raise frame.refuse(
            "object-field", ast.unparse(call.node), "Segue does not know which object this is.", call.node
        )
    return first, first.kind


@function("dataclasses.asdict")
def asdict(frame: Frame, call: CallSite) -> Val:
    """``asdict(stats)``: a dict of copies, of dataclasses within as well."""
    call.only(at_most=1)
    first, kind = _record(frame, call)
    shown = _shown(frame, kind, call)
    return Val(shown, ast.Call(frame.imported("dataclasses", "asdict"), [node_of(frame, first, call)], []))


@function("dataclasses.astuple")
def astuple(frame: Frame, call: CallSite) -> Val:
    """``astuple(point)``."""
    call.only(at_most=1)
    first, kind = _record(frame, call)
    shown = _shown(frame, kind, call)
    assert isinstance(shown, DictOf)
    if any(isinstance(k, DictOf | TupleOf) for _, k in shown.items):
        raise frame.refuse("object-field", ast.unparse(call.node), "It holds other objects.", call.node)
    return Val(
        TupleOf(tuple(k for _, k in shown.items)),
        ast.Call(frame.imported("dataclasses", "astuple"), [node_of(frame, first, call)], []),
    )


def _shown(frame: Frame, kind: Kind, call: CallSite) -> Kind:
    """What ``asdict`` makes of it."""
    match kind:
        case Record(form="dataclass", fields=fields):
            return DictOf(tuple((name, _shown(frame, held, call)) for name, held in fields))
        case Const() | Scalar() | EnumMember():
            return kind
        case ListOf(item=item, type="list"):
            return ListOf(_shown(frame, item, call))
        case Maybe(kind=inner):
            return Maybe(_shown(frame, inner, call))
        case DictOf(value=value, items=items) if all(
            isinstance(k, Scalar | Const) for k in ([value] if value else []) + [k for _, k in items]
        ):
            return kind
    raise frame.refuse(
        "object-field", ast.unparse(call.node), "It would copy more than plain values.", call.node
    )


@function("dataclasses.replace")
def replaced(frame: Frame, call: CallSite) -> Val:
    """``replace(point, y=3)``: another object with other values."""
    first, kind = _record(frame, call)
    return _changed(
        frame, first, kind, call, frame.imported("dataclasses", "replace"), [node_of(frame, first, call)]
    )


@method(Record, "_replace")
def replaced_tuple(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``pair._replace(second=3)``."""
    assert isinstance(owner.kind, Record)
    if owner.kind.form != "tuple" or owner.node is None:
        return None
    return _changed(frame, owner, owner.kind, call, ast.Attribute(owner.node, "_replace", ast.Load()), [])


def _changed(
    frame: Frame, owner: Val, kind: Record, call: CallSite, by: ast.expr, args: list[ast.expr]
) -> Val:
    shape = shape_of_class(frame, kind.cls, call)
    assert shape is not None
    known = {f.name: f for f in shape.fields}
    if len(call.args) != len(args) or not set(call.kwargs) <= set(known):
        raise frame.refuse(
            "call-arguments", ast.unparse(call.node), "The class takes other arguments.", call.node
        )
    fields = dict(kind.fields)
    for name, value in call.kwargs.items():
        fields[name] = kind_of_field(frame, kind.cls, known[name], value, call)
    declare(frame, kind.cls, shape, fields, set(call.kwargs))
    made = ast.Call(by, args, [ast.keyword(n, node_of(frame, v, call)) for n, v in call.kwargs.items()])
    return Val(
        Record(kind.cls, None, tuple(fields.items()), name=kind.name, module=kind.module, form=kind.form),
        made,
    )


@method(Record, "_asdict")
def tuple_as_dict(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``pair._asdict()``."""
    assert isinstance(owner.kind, Record)
    if owner.kind.form != "tuple" or owner.node is None:
        return None
    call.only(at_most=0)
    return Val(DictOf(owner.kind.fields), ast.Call(ast.Attribute(owner.node, "_asdict", ast.Load()), [], []))


@method(Record, "__getitem__")
def item(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``pair[0]``."""
    assert isinstance(owner.kind, Record)
    key = call.argument(0)
    if owner.kind.form != "tuple" or owner.node is None or key is None or not isinstance(key.kind, Const):
        return None
    place = key.kind.value
    if not isinstance(place, int) or not -len(owner.kind.fields) <= place < len(owner.kind.fields):
        return None
    kind = owner.kind.fields[place][1]
    return (
        const(None)
        if kind == Const(None)
        else Val(kind, ast.Subscript(owner.node, ast.Constant(place), ast.Load()))
    )


def compared(frame: Frame, op: ast.cmpop, left: Val, right: Val) -> Val | None:
    """``==`` and ``is`` of two objects where that is what it is in the generated code: which object it is, or, of two of one dataclass or
    two of one named tuple, the plain values that they hold."""
    one, other = left.kind, right.kind
    if (
        not isinstance(one, Record)
        or not isinstance(other, Record)
        or left.node is None
        or right.node is None
    ):
        return None
    same = isinstance(op, ast.Is | ast.IsNot)
    if isinstance(op, ast.Eq | ast.NotEq):
        own = frame.ctx.snapshot.classes[one.cls].methods.get("__eq__")
        by_place = one.form == "class" and own is None
        same = by_place or (
            one.cls == other.cls and one.form != "class" and _is_plain(one) and _is_plain(other)
        )
    return Val(Scalar("bool"), ast.Compare(left.node, [op], [right.node])) if same else None


def _is_plain(kind: Kind) -> bool:
    """Whether ``==`` of two such values asks no row."""
    if isinstance(kind, Record) and kind.form == "class":
        return False
    held = parts(kind)
    return (
        all(map(_is_plain, held))
        if held
        else isinstance(kind, Scalar | Const | EnumMember | ListOf | DictOf | Record)
    )


__all__ = ["asdict", "astuple", "compared", "item", "replaced", "replaced_tuple", "tuple_as_dict"]
