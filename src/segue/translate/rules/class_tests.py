"""``isinstance`` and ``issubclass``: decided by what is known of the value, or asked at run time of plain types."""

from __future__ import annotations

import ast
import collections.abc
from types import NoneType

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, const, name, quote
from segue.translate.kinds import (
    Const,
    DictOf,
    Failure,
    Global,
    Instance,
    Introspected,
    Kind,
    ListOf,
    Localized,
    Object,
    Payload,
    Raised,
    Record,
    Scalar,
    User,
    ValidatedData,
    ViewSelf,
)
from segue.translate.models.polymorphic import children
from segue.translate.rules.localized import is_localized
from segue.translate.rules.registry import function
from segue.translate.rules.types import exact_class, is_apart

_ACCESS_TOKEN = "oauth2_provider.models.AccessToken"  # as request.auth of OAuth2Authentication


def _gives_tokens(frame: Frame) -> bool:
    """Whether a class of the project's may put a row of that table into ``request.auth``: that is no token of the bridge's."""
    snapshot = frame.ctx.snapshot
    return any(
        ref.name == _ACCESS_TOKEN or ref.name.startswith("oauth2_provider.models.")
        for cls in snapshot.classes.values()
        if cls.origin == "own" and "rest_framework.authentication.BaseAuthentication" in cls.mro
        for dotted in cls.methods.values()
        if dotted in snapshot.functions and not dotted.startswith("rest_framework.")
        for ref in snapshot.functions[dotted].globals.values()
    )


@function("builtins.isinstance")
def isinstance_(frame: Frame, call: CallSite) -> Val:
    """Folded where the kind decides; else kept for plain types."""
    value = frame.eval(call.raw_args[0])
    node = call.raw_args[1]
    classes = node.elts if isinstance(node, ast.Tuple) else [node]
    names: list[str] = []
    for part in classes:
        target = frame.eval(part)
        if not isinstance(target.kind, Global):
            raise frame.refuse(
                "isinstance", ast.unparse(call.node), "Segue does not know the class.", call.node
            )
        names.append(target.kind.ref.name)
    kind = value.kind
    if names == [_ACCESS_TOKEN] and kind == Scalar("Any") and value.text == ast.unparse(frame.state("auth")):
        if _gives_tokens(frame):
            raise frame.refuse(
                "oauth2", ast.unparse(call.node), "An authentication class of the project finds such tokens itself.", call.node
            )  # fmt: skip
        token = frame.imported("segue_bridge.auth.oauth2", "AccessToken")
        return Val(Scalar("bool"), quote("isinstance({0}, {1})", frame.state("auth"), token))
    if isinstance(kind, Failure):
        from segue.translate.rules.failures import is_a

        return is_a(frame, value, names, call.node)
    if isinstance(kind, Raised):
        from segue.translate.rules.failures import made_is_a

        made = made_is_a(frame, value, names)
        if made is not None:
            return const(made)
    if isinstance(kind, User):
        if kind.authenticated is True:
            return const("django.contrib.auth.models.AnonymousUser" not in names)
        if kind.authenticated is False:
            return const("django.contrib.auth.models.AnonymousUser" in names)
        if names == ["django.contrib.auth.models.AnonymousUser"] and value.node is not None:
            return Val(Scalar("bool"), quote("not {0}.is_authenticated", value.node))
    if isinstance(kind, Instance) and not kind.nullable:
        model = frame.ctx.model(kind.model)
        if any(child.cls in names for child in children(frame.ctx.snapshot, model)):
            raise frame.refuse(
                "polymorphic",
                ast.unparse(call.node),
                "The row decides of which class the object is.",
                call.node,
            )
        cls = model.cls
        known = frame.ctx.snapshot.classes.get(cls)
        return const(any(n in (known.mro if known is not None else (cls,)) for n in names))
    if isinstance(kind, Localized) and names == ["i18nfield.strings.LazyI18nString"]:
        return const(True) if kind.present else is_localized(frame, value)
    if (
        isinstance(kind, Object)
        and kind.cls in frame.ctx.snapshot.classes
        and (value.node is None or isinstance(kind, Record))
    ):
        return const(any(n in frame.ctx.snapshot.classes[kind.cls].mro for n in names))
    view = getattr(kind.endpoint, "cls", "") if isinstance(kind, ViewSelf) else ""
    if view in frame.ctx.snapshot.classes:
        return const(any(n in frame.ctx.snapshot.classes[view].mro for n in names))
    if isinstance(kind, Introspected):
        from segue.translate.rules.introspection import is_field_of

        certain = is_field_of(frame.ctx, kind, names)
        if certain is not None:
            return const(certain)
    if isinstance(kind, Const) and all(n.startswith("builtins.") for n in names):
        return const(any(type(kind.value).__name__ == n.removeprefix("builtins.") for n in names))
    certain = _of_abstract(kind, names)
    if certain is not None:
        return const(certain)
    if isinstance(kind, Scalar | Payload | ListOf | DictOf | ValidatedData) and value.node is not None:
        plain = {
            "builtins.str",
            "builtins.int",
            "builtins.float",
            "builtins.bool",
            "builtins.list",
            "builtins.dict",
            "builtins.tuple",
            "builtins.set",
            "builtins.bytes",
        }
        exact = exact_class(kind)
        if exact is not None:
            return const(any(f"{c.__module__}.{c.__qualname__}" in names for c in exact.__mro__))
        if isinstance(kind, DictOf) and all(n in plain for n in names):
            return const("builtins.dict" in names)
        if isinstance(kind, ListOf) and all(n in plain for n in names) and not _SEVERAL & set(names):
            return const(False)
        if isinstance(kind, Scalar) and all(is_apart(frame.ctx, kind, n) for n in names):
            return const(False)
        if (
            isinstance(kind, Scalar)
            and kind.type != "Any"
            and not kind.nullable
            and kind.type in ("str", "int", "float", "bool", "list", "dict")
        ):
            return const(
                f"builtins.{kind.type}" in names or (kind.type == "bool" and "builtins.int" in names)
            )
        if all(n in plain for n in names):
            classes_node: ast.expr = (
                name(names[0].removeprefix("builtins."))
                if len(names) == 1
                else ast.Tuple([name(n.removeprefix("builtins.")) for n in names], ast.Load())
            )
            return Val(Scalar("bool"), quote("isinstance({0}, {1})", value.node, classes_node))
    raise frame.refuse("isinstance", ast.unparse(call.node), "Segue cannot tell what this is.", call.node)


_SEVERAL = frozenset({"builtins.list", "builtins.tuple", "builtins.set"})
_ABSTRACT = frozenset(collections.abc.__all__)
_BUILTIN: dict[str, type] = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}


def _of_abstract(kind: Kind, names: list[str]) -> bool | None:
    """Whether it is of one of these classes of ``collections.abc``; None where a name is another, or its type is not certain."""
    found = [n.removeprefix("typing.").removeprefix("collections.abc.") for n in names]
    if not all(n in _ABSTRACT and name != n for n, name in zip(found, names, strict=True)):
        return None
    if isinstance(kind, ListOf):
        made = _BUILTIN.get(kind.type)
    elif isinstance(kind, DictOf):
        made = dict
    elif (
        isinstance(kind, Scalar)
        and kind.type in ("str", "bytes", "int", "float", "bool")
        and not kind.nullable
    ):
        made = {"str": str, "bytes": bytes, "int": int, "float": float, "bool": bool}[kind.type]
    elif isinstance(kind, Const) and isinstance(
        kind.value, list | tuple | set | frozenset | dict | bool | NoneType
    ):
        made = type(kind.value)
    else:
        return None
    return None if made is None else any(issubclass(made, getattr(collections.abc, n)) for n in found)


@function("builtins.issubclass")
def issubclass_(frame: Frame, call: CallSite) -> Val:
    """Folded: both classes are known, or it is refused."""
    call.only(at_most=2)
    node = call.raw_args[1]
    cls, others = frame.eval(call.raw_args[0]), frame.eval(node)
    wanted = [frame.eval(n) for n in node.elts] if isinstance(node, ast.Tuple) else [others]
    names = [w.kind.ref.name for w in wanted if isinstance(w.kind, Global)]
    known = frame.ctx.snapshot.classes.get(cls.kind.ref.name) if isinstance(cls.kind, Global) else None
    if known is None or len(names) != len(wanted):
        raise frame.refuse(
            "issubclass", ast.unparse(call.node), "Segue does not know the classes.", call.node
        )
    if any(n in known.mro for n in names):
        return const(True)
    classes = frame.ctx.snapshot.classes
    if any(
        n not in classes or "abc.ABC" in classes[n].mro for n in names
    ):  # ``object``, or a register() of its own
        raise frame.refuse(
            "issubclass", ast.unparse(call.node), "Segue does not know who counts as one.", call.node
        )
    return const(False)
