"""``django.urls.reverse`` and ``rest_framework.reverse.reverse``.

With the request of DRF it is the same ``Link`` as hyperlinked fields use; without one, DRF's is Django's: the path alone.
"""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.expressions.calls import call_named
from segue.translate.interp.frame import Frame
from segue.translate.interp.join import widen
from segue.translate.interp.value import Val, literal, name
from segue.translate.kinds import Const, DictOf, Object, Request, Scalar, Unknown
from segue.translate.rules.registry import function, method
from segue.translate.serializers.own_field import FieldUse
from segue.translate.views.links import link, pattern

_REST = "rest_framework.reverse.reverse"
_NUMBERS = ("int", "UUID")


@function("django.urls.base.reverse", "django.urls.reverse", "django.shortcuts.reverse")
def reverse(frame: Frame, call: CallSite) -> Val | None:
    """``reverse("book-detail", kwargs={"pk": book.pk})``: the path."""
    call.only("viewname", "args", "kwargs", at_most=1)
    return _path(frame, call, _arguments(frame, call))


@function(_REST)
def rest_reverse(frame: Frame, call: CallSite) -> Val | None:
    """``reverse("api-book", kwargs={"pk": book.pk}, request=request)``."""
    call.only("viewname", "args", "kwargs", "request", "format", at_most=1)
    suffix = call.kwargs.get("format")
    if suffix is not None and not (isinstance(suffix.kind, Const) and suffix.kind.value is None):
        raise frame.refuse(
            "hyperlink", ast.unparse(call.node), "A link with a format is not translated.", call.node
        )
    request = call.kwargs.get("request")
    given = _arguments(frame, call)
    if request is None or (isinstance(request.kind, Const) and request.kind.value is None):
        return _path(frame, call, given)
    if not isinstance(request.kind, Request) or request.kind.raw:
        raise frame.refuse("hyperlink", ast.unparse(call.node), "Without a request of DRF.", call.node)
    if not isinstance(given, dict):
        raise frame.refuse(
            "hyperlink", ast.unparse(call.node), "The arguments of the URL have no names.", call.node
        )
    for key, value in given.items():
        if not isinstance(value.kind, Scalar) or value.kind.nullable or value.kind.type not in _NUMBERS:
            raise frame.refuse("hyperlink", key, "Only links by numbers and UUIDs are translated.", call.node)
    imported = link(frame.ctx, _view(frame, call), frozenset(given), frame.where(call.node))
    frame.use(imported)
    return Val(Scalar("str"), _call(f"{imported.name}.url", [frame.state("call")], given))


@method(Object, "reverse")
def of_field(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``self.reverse(…)`` of a hyperlinked field, which DRF sets to its own function."""
    kind = owner.kind
    if (
        not isinstance(kind, Object)
        or not isinstance(kind.use, FieldUse)
        or "Hyperlinked" not in kind.use.item.base
    ):
        return None
    return call_named(frame, _REST, call.node)


def _view(frame: Frame, call: CallSite) -> str:
    view = call.argument(0, "viewname")
    if view is None or not isinstance(view.kind, Const) or not isinstance(view.kind.value, str):
        raise frame.refuse("hyperlink", ast.unparse(call.node), "The name of the URL is computed.", call.node)
    return view.kind.value


def _arguments(frame: Frame, call: CallSite) -> dict[str, Val] | list[Val]:
    """The URL's arguments, by name or in order."""
    mapping, order = call.kwargs.get("kwargs"), call.kwargs.get("args")
    if order is not None and not (isinstance(order.kind, Const) and order.kind.value is None):
        raw = call.raw_kwargs["args"]
        if mapping is not None or not isinstance(raw, ast.List | ast.Tuple):
            raise frame.refuse(
                "hyperlink", ast.unparse(call.node), "The arguments of the URL are computed.", call.node
            )
        return [frame.eval(part) for part in raw.elts]
    if mapping is None or (isinstance(mapping.kind, Const) and mapping.kind.value is None):
        return {}
    raw = call.raw_kwargs["kwargs"]
    if isinstance(raw, ast.Dict) and all(isinstance(k, ast.Constant) for k in raw.keys):
        return {
            str(k.value): frame.eval(v)
            for k, v in zip(raw.keys, raw.values, strict=True)
            if isinstance(k, ast.Constant)
        }
    kind = mapping.kind
    known = (
        isinstance(kind, DictOf) and kind.items and (kind.value is None or isinstance(kind.value, Unknown))
    )
    if not known or mapping.node is None:
        raise frame.refuse(
            "hyperlink", ast.unparse(call.node), "The arguments of the URL are computed.", call.node
        )
    assert isinstance(kind, DictOf)
    return {key: Val(item, ast.Subscript(mapping.node, literal(key), ast.Load())) for key, item in kind.items}


def _path(frame: Frame, call: CallSite, given: dict[str, Val] | list[Val]) -> Val:
    imported, names = pattern(
        frame.ctx,
        _view(frame, call),
        frozenset(given) if isinstance(given, dict) else len(given),
        frame.where(call.node),
    )
    named = given if isinstance(given, dict) else dict(zip(names, given, strict=True))
    for key, value in named.items():
        kind = widen(value.kind)
        if (
            not isinstance(kind, Scalar)
            or kind.nullable
            or kind.type not in ("str", *_NUMBERS)
            or value.node is None
        ):
            raise frame.refuse(
                "hyperlink", key, "Only texts, numbers and UUIDs are put into addresses.", call.node
            )
    frame.use(imported)
    return Val(Scalar("str"), _call(f"{imported.name}.reverse", [], named))


def _call(text: str, first: list[ast.expr], given: dict[str, Val]) -> ast.expr:
    keywords = [ast.keyword(key, value.node) for key, value in given.items() if value.node is not None]
    return ast.Call(name(text), first, keywords)


__all__ = ["rest_reverse", "reverse"]
