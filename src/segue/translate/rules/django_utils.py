"""Django's helpers: clock, shortcuts, settings, translation, text."""

from __future__ import annotations

import ast

from segue.snapshot.model import GlobalRef, Value
from segue.target.ir import Import
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.constants import value_of
from segue.translate.interp.frame import Frame
from segue.translate.interp.invoke import model_label
from segue.translate.interp.join import widen
from segue.translate.interp.value import Val, const, literal, name, quote
from segue.translate.kinds import (
    Const,
    Global,
    Instance,
    Manager,
    QuerySet,
    RelatedManager,
    Scalar,
    SettingsObject,
)
from segue.translate.query.build import filtered, query_of
from segue.translate.query.transforms import asks_for_years
from segue.translate.rules import registry
from segue.translate.rules.builtins import code
from segue.translate.rules.q_objects import tree_of
from segue.translate.rules.registry import attribute, function


@function("django.utils.timezone.now")
def now(frame: Frame, call: CallSite) -> Val:
    """``timezone.now()``: the aware UTC clock, or with ``USE_TZ = False`` the naive one of ``TIME_ZONE``."""
    use_tz = frame.ctx.snapshot.settings.values.get("USE_TZ")
    if use_tz is not None and use_tz.data is False:
        return Val(Scalar("datetime"), quote("{0}()", frame.imported("segue_bridge.zone", "now")))
    frame.use(Import("datetime", "datetime"), Import("datetime", "UTC"))
    return Val(Scalar("datetime"), name("datetime.now(UTC)"))


@function("django.utils.timezone.is_naive", "django.utils.timezone.is_aware")
def naive_or_aware(frame: Frame, call: CallSite) -> Val:
    """``timezone.is_naive(value)``, ``is_aware(value)``: whether the datetime has an offset."""
    call.only("value", at_most=1)
    value = call.argument(0, "value")
    if (
        value is None
        or not isinstance(value.kind, Scalar)
        or value.kind.type != "datetime"
        or value.kind.nullable
        or value.node is None
    ):
        raise frame.refuse("is-naive", ast.unparse(call.node), "Its argument may be no datetime.", call.node)
    template = "{0}.utcoffset() is None" if call.name.endswith("naive") else "{0}.utcoffset() is not None"
    return Val(Scalar("bool"), quote(template, value.node))


@function("django.shortcuts.get_object_or_404", "rest_framework.generics.get_object_or_404")
def get_object_or_404(frame: Frame, call: CallSite) -> Val:
    """``get_object_or_404(Model, pk=…)``; DRF's own also answers 404 to values of the wrong type."""
    from segue.translate.load.fetch import fetch_all, limit_one, site_of

    source = call.args[0]
    value = as_queryset(frame, source, call)
    api = call.name.startswith("rest_framework")
    if api and _converts(value.node) and value.node is not None:
        # What the set itself was narrowed by has failed before, where DRF does not catch it.
        value = Val(value.kind, frame.hoist("objects", value.node, call.node))
    rest = CallSite(frame, call.node, call.name)
    rest._args = call.args[1:]
    rest._kwargs = call.kwargs
    value = filtered(frame, value, tree_of(frame, rest), call.node)
    query = query_of(value)
    if query.values is not None:
        raise frame.refuse("values-get", ast.unparse(call.node), "get() of values().", call.node)
    from dataclasses import replace

    if query.order in ("meta", "terms"):
        value = Val(QuerySet(replace(query, order="none")), value.node)
    if api and _converts(value.node):
        assert value.node is not None
        if frame.no_hoist or asks_for_years(frame, value.text):
            why = "DRF's get_object_or_404 with a value that may be of the wrong type: give it a statement of its own."
            raise frame.refuse("get-object-or-404", ast.unparse(call.node), why, call.node)
        frame.use(Import("segue_bridge.http.lookup", "key"))
        local = frame.fresh("statement")
        frame.emit_block("with key():", [f"{local} = {ast.unparse(value.node)}"])
        value = Val(value.kind, name(local))
    site = site_of(frame, value, at=call.node)
    rows = fetch_all(frame, limit_one(frame, value, 21), site, call.node)
    assert rows.node is not None
    object_name = frame.ctx.model(query.model).cls.rpartition(".")[2]
    found = frame.imported("segue_bridge.http.lookup", "found")
    return Val(Instance(query.model, site), quote("{0}({1}, {2})", found, rows.node, literal(object_name)))


def _converts(node: ast.expr | None) -> bool:
    """Whether a value of another type is converted there, which may fail."""
    return node is not None and any(
        isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id.startswith("as_")
        for n in ast.walk(node)
    )


def as_queryset(frame: Frame, source: Val, call: CallSite) -> Val:
    """A model class, manager or queryset as a queryset."""
    from segue.translate.rules.managers import manager_of, related_queryset, start

    if isinstance(source.kind, QuerySet):
        return source
    if isinstance(source.kind, Manager):
        return start(frame, source, call.node)
    if isinstance(source.kind, RelatedManager):
        return related_queryset(frame, source, call.node)
    if isinstance(source.kind, Global):
        label = model_label(frame, source.kind.ref.name)
        if label is not None:
            manager = manager_of(frame, label, "_default_manager")
            if manager is not None:
                return start(frame, manager, call.node)
    raise frame.refuse("queryset", ast.unparse(call.node), "Segue does not know this queryset.", call.node)


@function("django.contrib.auth.get_user_model")
def user_model(frame: Frame, call: CallSite) -> Val:
    """The user model's class."""
    label = frame.ctx.snapshot.settings.user_model
    return Val(Global(GlobalRef("model", frame.ctx.model(label).cls)))


@attribute(SettingsObject, "*")
def setting(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val | None:
    """``settings.X``: a field of the generated settings; ``DEBUG`` and plain constants keep their type."""
    snapshot = frame.ctx.snapshot.settings
    value = snapshot.values.get(attr)
    if attr == "DEBUG":
        return debug(frame)
    if value is None:
        return None
    if attr in snapshot.secret_names:
        raise frame.refuse(
            "secret-setting", f"settings.{attr}", "The setting is a secret; its type is not known.", node
        )
    found = value_of(frame, value)
    if found is None:
        raise frame.refuse("setting", f"settings.{attr}", "Segue cannot write this setting down.", node)
    used = frame.ctx.memo.setdefault(("kernel", "settings"), {})
    assert isinstance(used, dict)
    used[attr] = value
    frame.use(Import("{package}.settings", "settings"))
    kind = widen(found.kind)
    if isinstance(kind, Const):
        kind = Scalar("Any", True)
    return Val(kind, name(f"settings.{attr}"))


def is_set(frame: Frame, node: ast.expr, attr: str) -> bool | None:
    """Whether the project's settings have ``attr``, of which ``getattr`` asks ``node``; None where the probe has not looked."""
    if attr == "DEBUG" or attr in frame.ctx.snapshot.settings.values:
        return True
    found = frame.function.globals.get(f"{ast.unparse(node)}.{attr}")
    return None if found is None else found.kind != "missing"


def debug(frame: Frame) -> Val:
    """``settings.DEBUG``: off unless the environment says otherwise, whatever the settings that were probed have."""
    used = frame.ctx.memo.setdefault(("kernel", "settings"), {})
    assert isinstance(used, dict)
    used["DEBUG"] = Value("const", False)
    frame.use(Import("{package}.settings", "settings"))
    return Val(Scalar("bool"), name("settings.DEBUG"))


@function("django.utils.text.slugify")
def slugify(frame: Frame, call: CallSite) -> Val:
    """``slugify(text)``: pure; the bridge has it."""
    call.only("allow_unicode", at_most=2)
    parts = [code(frame, v, call.node) for v in call.args]
    made = ast.Call(frame.imported("segue_bridge.text", "slugify"), parts, [])
    for key, value in call.kwargs.items():
        made.keywords.append(ast.keyword(key, code(frame, value, call.node)))
    return Val(Scalar("str"), made)


@function("django.utils.html.strip_tags")
def strip_tags(frame: Frame, call: CallSite) -> Val:
    """``strip_tags(text)``: pure; the bridge has it."""
    call.only("value", at_most=1)
    given = call.argument(0, "value")
    if given is None or not isinstance(given.kind, Scalar | Const):
        raise frame.refuse("argument", ast.unparse(call.node), "Only a text is known here.", call.node)
    made = ast.Call(frame.imported("segue_bridge.text", "strip_tags"), [code(frame, given, call.node)], [])
    return Val(Scalar("str"), made)


@function("django.template.defaultfilters.slugify")
def slugify_filter(frame: Frame, call: CallSite) -> Val:
    """The template filter called as a function (``stringfilter``): what it is given becomes a text first."""
    call.only(at_most=1)
    if len(call.args) != 1 or call.args[0].kind != Scalar("str"):
        raise frame.refuse("argument", ast.unparse(call.node), "Only a text is known here.", call.node)
    return slugify(frame, call)


@function(
    "django.utils.functional.lazy",
    "django.utils.safestring.mark_safe",
    "django.utils.encoding.force_str",
    "django.utils.encoding.smart_str",
)
def same_text(frame: Frame, call: CallSite) -> Val | None:
    """Text stays text."""
    first = call.argument(0)
    if first is not None and isinstance(widen(first.kind), Scalar) and widen(first.kind) == Scalar("str"):
        if call.name.endswith(".mark_safe") and frame.ctx.snapshot.templates and first.node is not None:
            # A template may show it.
            return Val(
                Scalar("str"),
                quote("{0}({1})", frame.imported("segue_bridge.templates.safe", "SafeText"), first.node),
            )
        return first
    if (
        call.name.startswith("django.utils.encoding.")
        and first is not None
        and first.node is not None
        and first.kind == Scalar("Any")
        and set(call.kwargs) <= {"encoding"}
        and len(call.args) == 1
    ):
        encoding = call.kwargs.get("encoding")
        if encoding is not None and encoding.kind != Const("utf-8"):
            return None
        return Val(Scalar("str"), quote("{0}({1})", frame.imported("segue_bridge.text", "shown"), first.node))
    if (
        call.name.startswith("django.utils.encoding.")
        and len(call.args) == 1
        and not call.kwargs
        and first is not None
        and first.kind == Scalar("bytes")
        and first.node is not None
    ):
        return Val(Scalar("str"), quote("{0}.decode()", first.node))
    if (
        call.name.startswith("django.utils.encoding.")
        and len(call.args) == 1
        and not call.kwargs
        and first is not None
        and isinstance(first.kind, Instance)
    ):
        return registry.functions["builtins.str"](frame, call)
    return None


@function("django.utils.encoding.force_bytes")
def force_bytes(frame: Frame, call: CallSite) -> Val | None:
    """``force_bytes(value)`` of text, numbers and UUIDs: the text's UTF-8."""
    first = call.argument(0)
    kind = widen(first.kind) if first is not None else None
    if first is None or first.node is None or len(call.args) != 1 or call.kwargs:
        return None
    if not isinstance(kind, Scalar) or kind.nullable or kind.type not in ("str", "int", "UUID", "bytes"):
        return None
    template = {"str": "{0}.encode()", "bytes": "{0}"}.get(kind.type, "str({0}).encode()")
    return Val(Scalar("bytes"), quote(template, first.node))


@function("django.utils.http.urlsafe_base64_encode")
def base64_encode(frame: Frame, call: CallSite) -> Val | None:
    """``urlsafe_base64_encode(data)``."""
    first = call.argument(0)
    if first is None or first.node is None or first.kind != Scalar("bytes"):
        return None
    return Val(
        Scalar("str"), quote("{0}({1})", frame.imported("segue_bridge.text", "base64_encode"), first.node)
    )


@function("django.utils.http.urlsafe_base64_decode")
def base64_decode(frame: Frame, call: CallSite) -> Val | None:
    """``urlsafe_base64_decode(text)``: ``ValueError`` for what is no base64."""
    first = call.argument(0)
    if first is None or first.node is None or not isinstance(first.kind, Scalar | Const):
        return None
    return Val(
        Scalar("bytes"), quote("{0}({1})", frame.imported("segue_bridge.text", "base64_decode"), first.node)
    )


__all__ = ["const"]
