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
from segue.translate.interp.value import Val
from segue.translate.kinds import (
    Const,
    DictOf,
    Kind,
    ListOf,
    Record,
    Scalar,
    Unknown,
)
from segue.translate.rules.object_classes import Written, declared, plain_class
from segue.translate.rules.own_objects import HELD, check_unchanged, loose

_BY_DATACLASS = frozenset(
    f"__{name}__"
    for name in (
        "init", "repr", "eq", "hash", "setattr", "delattr", "lt", "le", "gt", "ge", "replace", "match_args",
    )
)  # fmt: skip
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
    kinds = tuple((f.name, kind_of_field(frame, cls, f, given.get(f.name), site)) for f in shape.fields)
    token, module = declare(frame, cls, shape, dict(kinds), set(given))
    count = len(site.args)
    nodes = [node_of(frame, v, site) for v in given.values()]
    keywords = [ast.keyword(n, node) for n, node in zip(list(given)[count:], nodes[count:], strict=True)]
    call = ast.Call(frame.imported(module, token), nodes[:count], keywords)
    return Val(Record(cls, None, kinds, name=token, module=module, form=shape.form), call)


def node_of(frame: Frame, value: Val, site: CallSite) -> ast.expr:
    """The code of a value. Raises ``Refused`` where it has none."""
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


def kind_of_field(frame: Frame, cls: str, one: _Field, value: Val | None, site: CallSite) -> Kind:
    """What a field holds that is given ``value``, or its default. Raises ``Refused``."""
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


def declare(
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


__all__ = ["construct_data", "declare", "kind_of_field", "node_of", "shape_of_class"]
