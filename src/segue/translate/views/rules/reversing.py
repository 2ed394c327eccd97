"""``django.urls.reverse`` and ``rest_framework.reverse.reverse``.

With the request of DRF it is the same ``Link`` as hyperlinked fields use; without one, DRF's is Django's: the path alone.
"""

from __future__ import annotations

import ast

from segue.snapshot.model import Value
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.expressions.calls import call_named
from segue.translate.interp.frame import Frame
from segue.translate.interp.join import widen
from segue.translate.interp.value import Val, literal, name
from segue.translate.kinds import Const, DictOf, Object, Request, Scalar, Unknown, UrlArguments, ViewSelf
from segue.translate.rules.registry import framework, function, method
from segue.translate.rules.url_arguments import url_entries
from segue.translate.serializers.facts import rest_setting
from segue.translate.serializers.own_field import FieldUse
from segue.translate.specialise.endpoint import Endpoint
from segue.translate.views.links import link, pattern

_REST = "rest_framework.reverse.reverse"
_NUMBERS = ("int", "UUID")


@function("django.urls.base.reverse", "django.urls.reverse", "django.shortcuts.reverse")
def reverse(frame: Frame, call: CallSite) -> Val | None:
    """``reverse("book-detail", kwargs={"pk": book.pk})``: the path."""
    call.only("viewname", "args", "kwargs", at_most=1)
    return path_to(frame, call, _view(frame, call), _arguments(frame, call))


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
        return path_to(frame, call, _view(frame, call), given)
    if not isinstance(request.kind, Request) or request.kind.raw:
        raise frame.refuse("hyperlink", ast.unparse(call.node), "Without a request of DRF.", call.node)
    return address_of(frame, call, _view(frame, call), given)


def address_of(frame: Frame, call: CallSite, view: str, given: dict[str, Val] | list[Val]) -> Val:
    """The whole address of the URL that is named ``view``, with these arguments. Raises ``Refused`` (``hyperlink``) where it is not told."""
    numbers = isinstance(given, dict) and all(
        isinstance(v.kind, Scalar) and not v.kind.nullable and v.kind.type in _NUMBERS for v in given.values()
    )
    if isinstance(given, dict) and numbers and ":" not in view:
        imported = link(frame.ctx, view, frozenset(given), frame.where(call.node))
        frame.use(imported)
        return Val(Scalar("str"), _call(f"{imported.name}.url", [frame.state("call")], given))
    if any(
        v.policies.get("versioning_class") not in (None, Value("const"))
        for v in frame.ctx.snapshot.views.values()
    ):
        raise frame.refuse(
            "hyperlink",
            ast.unparse(call.node),
            "Only links by numbers and UUIDs are translated, where URLs have versions.",
            call.node,
        )
    path = path_to(frame, call, view, given).node
    assert isinstance(path, ast.Call)
    assert isinstance(path.func, ast.Attribute)
    kept = rest_setting(frame.ctx, "URL_FORMAT_OVERRIDE", None)
    keywords = (
        [ast.keyword("keeps", literal(kept or "")), *path.keywords] if kept != "format" else path.keywords
    )
    return Val(
        Scalar("str"),
        ast.Call(ast.Attribute(path.func.value, "url", ast.Load()), [frame.state("call")], keywords),
    )


@framework("rest_framework.viewsets.ViewSetMixin.reverse_action")
def reverse_action(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``self.reverse_action("detail", args=[note.pk])``: the address of another action of the viewset."""
    endpoint = getattr(owner.kind, "endpoint", None)
    if not isinstance(owner.kind, ViewSelf) or not isinstance(endpoint, Endpoint):
        return None
    call.only("args", "kwargs", at_most=1)
    basename, name = endpoint.view.initkwargs.get("basename"), call.argument(0)
    if (
        basename is None
        or not isinstance(basename.data, str)
        or name is None
        or not isinstance(name.kind, Const)
    ):
        raise frame.refuse("hyperlink", ast.unparse(call.node), "The name of the URL is computed.", call.node)
    view = f"{basename.data}-{name.kind.value}"
    namespace = endpoint.route.namespace
    return address_of(frame, call, f"{namespace}:{view}" if namespace else view, _arguments(frame, call))


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
    if isinstance(kind, UrlArguments):
        return url_entries(frame, mapping, call.node)
    known = (
        isinstance(kind, DictOf) and kind.items and (kind.value is None or isinstance(kind.value, Unknown))
    )
    if not known or mapping.node is None:
        raise frame.refuse(
            "hyperlink", ast.unparse(call.node), "The arguments of the URL are computed.", call.node
        )
    assert isinstance(kind, DictOf)
    return {key: Val(item, ast.Subscript(mapping.node, literal(key), ast.Load())) for key, item in kind.items}


def path_to(frame: Frame, call: CallSite, view: str, given: dict[str, Val] | list[Val]) -> Val:
    """The path of the URL that is named ``view``, with these arguments. Raises ``Refused`` (``hyperlink``) where it is not told."""
    imported, names = pattern(
        frame.ctx,
        view,
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


__all__ = ["address_of", "path_to", "rest_reverse", "reverse"]
