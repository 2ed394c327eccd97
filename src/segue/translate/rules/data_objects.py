"""Dataclasses and named tuples of the project: the same classes in the generated code, with the same fields and defaults.

``dataclasses`` makes the constructor, comparison and ``__repr__`` of a dataclass on both sides, ``collections.namedtuple`` those of a
named tuple. What a field holds is known from what each object is made with; its annotation is the project's where that is a plain one.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import Any

from segue.snapshot.model import Class, Value
from segue.target.ir import Import
from segue.translate.context import Context
from segue.translate.functions.lift import app_of
from segue.translate.interp.annotations import SCALAR_IMPORTS, annotation
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.constants import value_of
from segue.translate.interp.frame import Frame
from segue.translate.interp.join import nullable, widen
from segue.translate.interp.parts import parts
from segue.translate.interp.value import Val, const
from segue.translate.kinds import (
    Const,
    DictOf,
    EnumMember,
    Kind,
    ListOf,
    Maybe,
    Record,
    Scalar,
    TupleOf,
    Unknown,
)
from segue.translate.rules.object_classes import Written, declared, plain_class
from segue.translate.rules.own_objects import HELD, check_unchanged, loose
from segue.translate.rules.registry import function, method

_BY_DATACLASS = frozenset(
    {
        "__init__",
        "__repr__",
        "__eq__",
        "__hash__",
        "__setattr__",
        "__delattr__",
        "__lt__",
        "__le__",
        "__gt__",
        "__ge__",
        "__replace__",
        "__match_args__",
    }
)
_BY_TUPLE = frozenset({"__new__", "__repr__", "__getnewargs__", "__replace__"})
_PLAIN = frozenset(
    {
        "str",
        "int",
        "float",
        "bool",
        "Decimal",
        "datetime",
        "date",
        "time",
        "timedelta",
        "UUID",
        "Any",
        "bytes",
    }
)
_MISSING = object()


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    said: str
    init: bool = True
    compare: bool = True
    keyword: bool = False
    default: Any = _MISSING
    factory: str = ""

    @property
    def required(self) -> bool:
        return self.default is _MISSING and not self.factory


@dataclass(frozen=True, slots=True)
class _Shape:
    fields: tuple[_Field, ...]
    decorator: str
    form: str
    equal: bool


def construct_data(frame: Frame, cls: str, site: CallSite) -> Val | None:
    """``Stats(total=3)``, ``Pair("a", 2)``; None for classes that are neither dataclasses nor named tuples."""
    shape = shape_of_class(frame, cls, site)
    if shape is None:
        return None
    check_unchanged(frame, cls, site)
    places = [f for f in shape.fields if f.init and not f.keyword]
    names = {f.name for f in shape.fields if f.init}
    given = dict(zip([f.name for f in places], site.args, strict=False))
    if len(site.args) > len(places) or set(site.kwargs) & set(given) or not set(site.kwargs) <= names:
        raise frame.refuse(
            "call-arguments", ast.unparse(site.node), "The class takes other arguments.", site.node
        )
    given |= site.kwargs
    missing = [f.name for f in shape.fields if f.init and f.required and f.name not in given]
    if missing:
        raise frame.refuse(
            "call-arguments", ast.unparse(site.node), f"It is not given {missing[0]}.", site.node
        )
    kinds = tuple((f.name, _kind(frame, cls, f, given.get(f.name), site)) for f in shape.fields)
    token, module = _declare(frame, cls, shape, dict(kinds), set(given))
    count = len(site.args)
    nodes = [_node(frame, v, site) for v in given.values()]
    keywords = [ast.keyword(n, node) for n, node in zip(list(given)[count:], nodes[count:], strict=True)]
    call = ast.Call(frame.imported(module, token), nodes[:count], keywords)
    return Val(Record(cls, None, kinds, name=token, module=module, form=shape.form), call)


def _node(frame: Frame, value: Val, site: CallSite) -> ast.expr:
    if value.node is None:
        raise frame.refuse(
            "object-field", ast.unparse(site.node), "This has no form in the generated code.", site.node
        )
    return value.node


def shape_of_class(frame: Frame, cls: str, site: CallSite) -> _Shape | None:
    """What the probe has seen of the class; None for any other. Raises ``Refused`` for what is not followed."""
    ctx = frame.ctx
    known = ctx.snapshot.classes.get(cls)
    if known is None:
        return None
    if "__dataclass_fields__" in known.attributes:
        found = _plain(known.attributes["__dataclass_fields__"].value)
        if not plain_class(ctx, cls, _BY_DATACLASS):
            hook = "__post_init__" if "__post_init__" in known.methods else "a hook of Python's"
            raise frame.refuse(
                "object-state", f"{cls.rpartition('.')[2]}()", f"The dataclass has {hook}.", site.node
            )
        return _dataclass(ctx, frame, known, found, site)
    if "builtins.tuple" in known.mro and "_fields" in known.attributes:
        made = frozenset({"builtins.tuple", "typing.NamedTuple"})
        if not plain_class(ctx, cls, _BY_TUPLE, made) or any(
            n in known.methods and not known.methods[n].startswith(("namedtuple_", "collections."))
            for n in _BY_TUPLE
        ):
            return None
        defaults = {k.data: v for k, v in known.attributes["_field_defaults"].value.pairs}
        fields = tuple(
            _Field(str(i.data), "", default=_constant(frame, defaults.get(i.data), site))
            for i in known.attributes["_fields"].value.items
        )
        return _Shape(fields, "", "tuple", True)
    return None


def _dataclass(ctx: Context, frame: Frame, known: Class, found: Any, site: CallSite) -> _Shape:
    options = found["options"]
    fields: list[_Field] = []
    own = {n: known.methods.get(n, "") for n in ("__init__", "__eq__", "__hash__", "__lt__")}
    written = any(f is not None and f.source for f in map(ctx.snapshot.functions.get, own.values()))
    if written or not options["init"] or not all(f["plain"] for f in found["fields"].values()):
        why = "It has a constructor or comparison of its own, or fields that dataclasses keep for themselves."
        raise frame.refuse("object-state", f"{known.name.rpartition('.')[2]}()", why, site.node)
    for name, one in found["fields"].items():
        if "factory" in one and not one["factory"]:
            why = "The default is computed by code: give the value where the object is made."
            raise frame.refuse("object-field", f"{known.name.rpartition('.')[2]}.{name}", why, site.node)
        default = _constant(frame, one["default_value"], site) if "default_value" in one else _MISSING
        fields.append(
            _Field(
                name,
                one["type"],
                one["init"],
                one["compare"],
                one["kw_only"],
                default,
                one.get("factory", ""),
            )
        )
    said = [
        f"{n}={options[n]}"
        for n, usual in (("eq", True), ("order", False), ("unsafe_hash", False), ("frozen", False))
        if options[n] is not usual
    ]
    if all(f.keyword for f in fields) and fields:
        said.append("kw_only=True")
    elif any(f.keyword for f in fields):
        raise frame.refuse(
            "object-field", f"{known.name.rpartition('.')[2]}()", "Some fields can only be named.", site.node
        )
    if any(not f.init for f in fields):
        raise frame.refuse(
            "object-field", f"{known.name.rpartition('.')[2]}()", "A field is no argument.", site.node
        )
    return _Shape(
        tuple(fields), f"@dataclass({', '.join(said)})" if said else "@dataclass", "dataclass", options["eq"]
    )


def _plain(value: Value) -> Any:
    """The probe's description as Python has it; a default stays the ``Value`` that it is, under ``default_value``."""
    if value.kind != "dict":
        return value.data
    return {
        ("default_value" if k.data == "default" else k.data): (v if k.data == "default" else _plain(v))
        for k, v in value.pairs
    }


def _constant(frame: Frame, value: Value | None, site: CallSite) -> Any:
    if value is None:
        return _MISSING
    found = value_of(frame, value)
    if found is None or not isinstance(found.kind, Const):
        raise frame.refuse("object-field", ast.unparse(site.node), "A default is no constant.", site.node)
    return found.kind.value


def _kind(frame: Frame, cls: str, one: _Field, value: Val | None, site: CallSite) -> Kind:
    if value is None and one.factory:
        return (
            DictOf((), Scalar("Any"), Scalar("Any"))
            if one.factory == "dict"
            else ListOf(Scalar("Any"), one.factory)
        )
    said = _said(one.said)
    kind = widen(value.kind) if value is not None else widen(Const(one.default))
    if kind == Const(None) and said is not None and said.removesuffix(" | None") in _PLAIN:
        return Scalar(said.removesuffix(" | None"), True)
    if kind == Const(None):
        return kind
    if not isinstance(kind, HELD):
        why = (
            kind.why if isinstance(kind, Unknown) and kind.why != "empty" else ""
        ) or "Segue cannot keep that there: keep what is needed of it."
        raise frame.refuse("object-field", f"{cls.rpartition('.')[2]}.{one.name}", why, site.node)
    if value is not None:
        kind = loose(frame.ctx, one.name, kind, value)
    optional = one.default is None or (said or one.said).endswith(" | None") or "Optional" in one.said
    return nullable(kind) if optional and isinstance(kind, Scalar) else kind


def _said(text: str) -> str | None:
    """The annotation as generated code says it; None where it is no plain one."""
    text = (
        re.sub(r"\b(?:typing|datetime|decimal|uuid)\.(?=[A-Za-z])", "", text)
        .replace('"', "")
        .replace("'", "")
    )
    text = re.sub(r"\b(List|Dict|Set|Tuple)\[", lambda m: m[1].lower() + "[", text)
    optional = re.fullmatch(r"Optional\[(.+)\]|Union\[(.+), None(?:Type)?\]", text)
    if optional is not None:
        text = f"{optional[1] or optional[2]} | None"
    words = set(re.findall(r"[A-Za-z_]\w*", text))
    return text if text and words <= _PLAIN | {"list", "dict", "set", "tuple", "None"} else None


def _declare(
    frame: Frame, cls: str, shape: _Shape, kinds: dict[str, Kind], given: set[str]
) -> tuple[str, str]:
    """The generated class: its annotations grow with what objects are made with."""
    ctx = frame.ctx
    known = ctx.snapshot.classes[cls]
    base = "(NamedTuple)" if shape.form == "tuple" else ""
    made = declared(ctx, known, cls, lambda token: Written(known, token, shape.decorator, base))
    made.imports.add(Import("typing", "NamedTuple") if base else Import("dataclasses", "dataclass"))
    for one in shape.fields:
        texts = made.annotations.setdefault(one.name, [])
        said = _said(one.said)
        if said is not None:
            more = [said] if not texts else []
            made.imports |= {SCALAR_IMPORTS[w] for w in re.findall(r"\w+", said) if w in SCALAR_IMPORTS}
        else:
            text, imports = annotation(ctx, kinds[one.name])
            more = [text]
            made.imports |= imports
            if one.default is None and "None" not in texts:
                more.append("None")
        texts += [text for text in more if text not in texts]
        if one.factory:
            made.defaults[one.name] = f" = field(default_factory={one.factory})"
            made.imports.add(Import("dataclasses", "field"))
        elif one.default is not _MISSING:
            made.defaults[one.name] = f" = {one.default!r}"
    return made.token, ctx.import_path(app_of(ctx, known), "objects")


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
    return Val(shown, ast.Call(frame.imported("dataclasses", "asdict"), [_node(frame, first, call)], []))


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
        ast.Call(frame.imported("dataclasses", "astuple"), [_node(frame, first, call)], []),
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
        frame, first, kind, call, frame.imported("dataclasses", "replace"), [_node(frame, first, call)]
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
        fields[name] = _kind(frame, kind.cls, known[name], value, call)
    _declare(frame, kind.cls, shape, fields, set(call.kwargs))
    made = ast.Call(by, args, [ast.keyword(n, _node(frame, v, call)) for n, v in call.kwargs.items()])
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


__all__ = ["compared", "construct_data", "shape_of_class"]
