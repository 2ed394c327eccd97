"""Names: locals, globals as the probe resolved them, builtins."""

from __future__ import annotations

import ast
import builtins

from segue.snapshot.model import GlobalRef
from segue.translate.interp.constants import value_of
from segue.translate.interp.frame import Frame
from segue.translate.interp.join import nullable
from segue.translate.interp.process_state import check_attribute, check_variable
from segue.translate.interp.value import Val
from segue.translate.kinds import (
    CacheObject,
    CachesObject,
    Global,
    Maybe,
    Scalar,
    SettingsObject,
    Unknown,
    User,
)
from segue.translate.rules import libraries
from segue.translate.rules.registry import expression


@expression(ast.Name)
def read_name(frame: Frame, node: ast.Name) -> Val:
    """A local, else what the probe says the global is."""
    if node.id in frame.env:
        return or_nobody(frame, frame.env[node.id])
    return global_value(frame, node.id, node)


def or_nobody(frame: Frame, value: Val) -> Val:
    """``request.user if request.user.is_authenticated else None``: a user of the table, or None."""
    kind = value.kind
    if not isinstance(kind, Maybe) or kind.kind != User(frame.ctx.snapshot.settings.user_model, True):
        return value
    from segue.translate.rules.user import entity_of

    return Val(nullable(entity_of(frame, Val(kind.kind, value.node)).kind), value.node)


def global_value(frame: Frame, text: str, node: ast.expr) -> Val:
    """The global (or dotted chain of globals) called ``text``."""
    ref = frame.function.globals.get(text)
    if ref is None:
        if hasattr(builtins, text):
            return Val(Global(GlobalRef("builtin", f"builtins.{text}")))
        if node is not None and isinstance(node, ast.Name) and text in frame.locals_seen:
            raise frame.refuse("unbound", text, "The variable may be read before it is set.", node)
        return Val(Unknown(f"The snapshot does not know what {text} is."))
    return of_ref(frame, ref, node)


def of_ref(frame: Frame, ref: GlobalRef, node: ast.expr) -> Val:
    """A value for what the probe resolved."""
    if ref.name in ("django.conf.settings",):
        return Val(SettingsObject())
    if ref.name == "django.core.cache.cache":
        return Val(CacheObject())
    if ref.name == "django.core.cache.caches":
        return Val(CachesObject())
    if ref.name == "django.conf.settings.DEBUG":  # a switch, not a constant: tests and servers turn it off
        from segue.translate.rules.django_utils import debug

        return debug(frame)
    if ref.name.startswith("django.conf.settings.") and ref.value is not None and ref.value.kind == "opaque":
        from segue.translate.rules.django_utils import setting

        attr = ref.name.removeprefix("django.conf.settings.")
        kept = frame.ctx.snapshot.settings.values.get(attr)
        if kept is not None and kept.kind == "dict" and all(value.kind == "const" for _, value in kept.pairs):
            return setting(frame, Val(SettingsObject()), attr, node) or Val(Global(ref))
    library = libraries.held(frame, ref, node)
    if library is not None:
        return library
    owner, _, end = ref.name.rpartition(".")
    if owner in ("datetime.date", "datetime.datetime", "datetime.time") and end in ("max", "min"):
        kind = owner.removeprefix("datetime.")
        return Val(Scalar(kind), ast.Attribute(frame.imported("datetime", kind), end, ast.Load()))
    if ref.kind == "constant" and ref.value is not None:
        found = value_of(frame, ref.value)
        if found is not None:
            _check_constant(frame, ref, node)
            return found
    if ref.kind == "variable":
        raise frame.refuse(
            "process-state",
            ast.unparse(node),
            "It is kept in the memory of the process, and a function of its module changes it.",
            node,
        )
    if ref.kind == "instance":
        from segue.translate.rules.enumerations import member

        of_enum = member(frame, ref.value)
        if of_enum is not None:
            return of_enum
        from segue.translate.rules.zones import held_zone

        zone = held_zone(frame, ref.value)
        if zone is not None:
            return zone
    if ref.kind == "missing":
        return Val(Unknown(f"The snapshot does not know what {ast.unparse(node)} is."))
    return Val(Global(ref))


def _check_constant(frame: Frame, ref: GlobalRef, node: ast.expr) -> None:
    """Refuse a name, ``module.NAME`` or ``Class.NAME`` that functions change."""
    if isinstance(node, ast.Name):
        check_variable(frame, ref, node.id, node)
    elif isinstance(node, ast.Attribute):
        owner = frame.function.globals.get(ast.unparse(node.value))
        if owner is not None and owner.kind in ("class", "model"):
            check_attribute(frame, owner.name, node.attr, node)
        elif ref.name.startswith("django.conf.settings.") or (owner is not None and owner.kind == "module"):
            check_variable(frame, ref, node.attr, node)
