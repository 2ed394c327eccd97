"""One (route, method) → the body of its path operation function."""

from __future__ import annotations

import ast
import textwrap
from dataclasses import dataclass, field, replace

from segue.snapshot.model import Function, Operation
from segue.target.ir import Import
from segue.translate.functions.idle_decorators import gives_back
from segue.translate.functions.lift import interpret
from segue.translate.interp.frame import Frame
from segue.translate.interp.leaving import leavable
from segue.translate.interp.value import Val, const
from segue.translate.kinds import Keywords, Kind, NoArguments, Request, Response
from segue.translate.redefined import redefined
from segue.translate.rules import registry, scopes
from segue.translate.rules.request_state import opened
from segue.translate.serializers.by_view import translating
from segue.translate.specialise.endpoint import Endpoint, path_scope
from segue.translate.views import around_dispatch, jwt_views, own_initial, programs
from segue.translate.views.deployment import check_settings
from segue.translate.views.described import said
from segue.translate.views.generic import self_of
from segue.translate.views.given_context import without_unasked
from segue.translate.views.handed_on import only_hands_on
from segue.translate.views.paged_by_choice import listing
from segue.translate.views.policies import check_policies
from segue.translate.views.versioning import check_versioning

# Overriding one of these changes the order of work itself.
DISPATCH = (
    "dispatch", "initial", "handle_exception", "initialize_request", "perform_authentication",
    "check_throttles", "perform_content_negotiation", "determine_version", "get_authenticate_header", "raise_uncaught_exception",
    "http_method_not_allowed", "options", "get_exception_handler", "get_parsers", "get_content_negotiator",
    "get_authenticators", "get_throttles", "throttled", "get_renderer_context", "get_parser_context", "allowed_methods",
    "default_response_headers", "as_view", "setup", "reverse_action", "head",
)  # fmt: skip
# What other rules translate or refuse where it matters.
_ACCOUNTED = frozenset(
    {
        *DISPATCH, "__init__", "get", "post", "put", "patch", "delete", "list", "create", "retrieve", "update", "partial_update", "destroy",
        "perform_create", "perform_update", "perform_destroy", "get_queryset", "get_object", "filter_queryset", "paginator",
        "paginate_queryset", "get_paginated_response", "get_serializer", "get_serializer_class", "get_serializer_context",
        "get_permissions", "check_permissions", "check_object_permissions", "permission_denied", "get_renderers",
        "finalize_response", "get_success_headers", "get_view_name", "get_view_description", "get_format_suffix",
    }
)  # fmt: skip
_GENERIC = {"post": "create", "put": "update", "patch": "partial_update", "delete": "destroy"}


@dataclass(slots=True)
class PathOperation:
    """What a path operation function consists of. ``legacy`` is the function it came from."""

    name: str
    lines: list[str]
    imports: set[Import] = field(default_factory=set)
    doc: str = ""
    legacy: str = ""
    status: int = 200


def build(endpoint: Endpoint, operation: Operation) -> PathOperation:
    """Translate. Raises ``Refused``."""
    registry.discover()
    with translating(endpoint), leavable(endpoint.ctx, endpoint.method in ("GET", "HEAD")):
        return _build(endpoint, operation)


def _build(endpoint: Endpoint, operation: Operation) -> PathOperation:
    check_dispatch(endpoint)
    dotted = operation.function
    given: tuple[tuple[str, object], ...] = ()
    # What the view's own ``__init__`` has put in the place of the handler.
    dotted = dict(endpoint.rebound).get(endpoint.action or operation.method.lower(), dotted)
    if endpoint.view.flavour == "function":
        dotted = endpoint.view.function
    if dotted.startswith("rest_framework.") and dotted not in endpoint.ctx.snapshot.functions:
        action = _builtin(endpoint, operation, dotted)
        overridden = endpoint.overridden(action) if action else ""
        if overridden:
            dotted = overridden
        elif action == "partial_update" and endpoint.overridden("update"):
            # ``UpdateModelMixin.partial_update`` is ``update(request, *args, partial=True, **kwargs)``.
            dotted = endpoint.overridden("update")
            given = (("partial", True),)
        elif action == "list" and endpoint.overridden("paginate_queryset"):
            return replace(
                _own(endpoint, own_initial.joined(endpoint, listing(endpoint))), legacy=f"{endpoint.cls}.list"
            )
        elif action in programs.PROGRAMS:
            return _program(endpoint, action, dotted)
        else:
            raise endpoint.refuse(
                "framework-view", dotted, "Segue has no translation of this view of DRF yet."
            )
    function = endpoint.ctx.snapshot.functions.get(dotted)
    if function is None:
        raise endpoint.refuse("no-source", dotted or endpoint.view.key, "The snapshot has no source for it.")
    if endpoint.view.flavour != "function":
        function = own_initial.joined(endpoint, function)
    return _own(endpoint, function, given)


def opens_scopes(endpoint: Endpoint) -> bool:
    """Whether ``dispatch`` only runs DRF's in ``with scopes_disabled():``."""
    function = endpoint.ctx.snapshot.functions.get(endpoint.overridden("dispatch"))
    return function is not None and scopes.wraps_call(endpoint.ctx, endpoint.klass(), function)


_HANDLERS = ("get", "post", "put", "patch", "delete", "trace")


def _check_handlers(endpoint: Endpoint) -> None:
    """Refuse routes of viewsets with a method called ``delete``, say, that is no handler of theirs: DRF looks handlers up
    by the method's name alone, so it answers DELETE at each route of the viewset, and ``Allow`` names it."""
    known = endpoint.klass()
    if known is None or not any(o.action for o in endpoint.route.operations):
        return
    served = {o.method.lower() for o in endpoint.route.operations}
    allowed = known.attributes.get("http_method_names")
    names = {str(v.data) for v in allowed.value.items} if allowed is not None else set(_HANDLERS)
    for method in _HANDLERS:
        if method in known.methods and method in names and method not in served:
            raise endpoint.refuse_method(
                method, f"DRF calls it for {method.upper()} here, too, and not only where a router says so."
            )


def check_dispatch(endpoint: Endpoint) -> None:
    """Refuse views that change DRF's dispatch, and decorators that may do anything."""
    wrapped = around_dispatch.around(endpoint) if endpoint.overridden("dispatch") else None
    for hook in DISPATCH:
        if (
            endpoint.overridden(hook)
            and endpoint.overridden(hook) != jwt_views.CHALLENGE
            and not only_hands_on(endpoint.ctx, endpoint.klass(), hook)
            and not (hook == "dispatch" and (wrapped is not None or opens_scopes(endpoint)))
            and hook not in ("initial", "handle_exception", "get_throttles")
        ):
            raise endpoint.refuse_method(hook, f"An overridden {hook} changes DRF's order of work.")
    if wrapped is not None:
        around_dispatch.check(endpoint, wrapped)
    own_initial.steps(endpoint)
    for name, _ in redefined(endpoint.ctx, endpoint.cls, _ACCOUNTED):
        raise endpoint.refuse_method(name, "Segue does not know what it changes: DRF calls it by itself.")
    for decorator in endpoint.view.decorators if wrapped is None else ():
        if decorator not in _SEEN_THROUGH and not gives_back(endpoint.ctx, decorator):
            raise endpoint.refuse(
                "view-decorator", f"@{decorator}", "Segue does not know what this decorator does."
            )
    _check_handlers(endpoint)
    check_settings(endpoint)
    check_policies(endpoint)
    check_versioning(endpoint)
    if endpoint.route.default_kwargs:
        raise endpoint.refuse(
            "default-kwargs", "path(..., kwargs)", "Extra arguments of a URL are not translated yet."
        )


_SEEN_THROUGH = frozenset(
    {
        "rest_framework.decorators.api_view",
        "rest_framework.decorators.permission_classes",
        "rest_framework.decorators.authentication_classes",
        "rest_framework.decorators.renderer_classes",
        "rest_framework.decorators.parser_classes",
        "rest_framework.decorators.throttle_classes",
        "rest_framework.decorators.action",
        "drf_spectacular.utils.extend_schema",
        "drf_spectacular.utils.extend_schema_view",
        "drf_yasg.utils.swagger_auto_schema",
        "django.views.decorators.csrf.csrf_exempt",
    }
)


def _builtin(endpoint: Endpoint, operation: Operation, dotted: str) -> str:
    """The mixin's method behind a framework handler."""
    last = dotted.rpartition(".")[2]
    if last in programs.PROGRAMS:
        return last
    if dotted.startswith("rest_framework.generics."):
        if last == "get":
            return "list" if "List" in dotted.split(".")[-2] else "retrieve"
        return _GENERIC.get(last, "")
    return ""


def _program(endpoint: Endpoint, action: str, dotted: str) -> PathOperation:
    begun = own_initial.begins(endpoint, action)
    if begun is not None:
        doc = said(endpoint.view.description, endpoint.method, action)
        return replace(
            _own(endpoint, begun), name=_name(endpoint, action), legacy=f"{endpoint.cls}.{action}", doc=doc
        )
    function = Function(endpoint.view.key, endpoint.where, "", "function", {}, owner=endpoint.cls)
    frame = Frame(endpoint.ctx, function, endpoint.app, scope=path_scope(endpoint), shape=endpoint.key)
    frame.locals_seen.update({"call"})
    frame.receiver = self_of(endpoint)
    frame.keeps_state = True
    result = programs.PROGRAMS[action](frame, endpoint)
    frame.emit(f"return {result.text}")
    opened(frame)
    frame.lines = without_unasked(frame)
    doc = said(endpoint.view.description, endpoint.method, action)
    return PathOperation(
        _name(endpoint, action), frame.lines, imports_of(frame.imports, frame.lines), doc, f"{endpoint.cls}.{action}",
        result.kind.status or 200 if isinstance(result.kind, Response) else 200,
    )  # fmt: skip


def _own(endpoint: Endpoint, function: Function, given: tuple[tuple[str, object], ...] = ()) -> PathOperation:
    """A method of the project; ``given`` is what DRF passes by name besides the URL's arguments."""
    arguments: dict[str, Kind | Val] = {}
    names = parameters(function)
    if endpoint.view.flavour != "function":
        names = names[1:]
    if names:
        arguments[names[0]] = Request()
    kinds = endpoint.url_arguments
    for name in names[1:]:
        if name in kinds:
            arguments[name] = kinds[name]
        elif name in dict(given):
            arguments[name] = const(dict(given)[name])
    spec = signature(function)
    surplus = sorted(kinds.keys() - set(names[1:])) if spec.kwarg is None else []
    if surplus:
        why = "The URL has this argument, and the method does not take it: Django fails."
        raise endpoint.refuse("call-arguments", f"{function.name}: {surplus[0]}", why, function.where)
    if spec.vararg is not None:
        arguments[spec.vararg.arg] = NoArguments()
    if spec.kwarg is not None:
        arguments[spec.kwarg.arg] = Keywords(endpoint, tuple(g for g in given if g[0] not in names))
    body = interpret(
        endpoint.ctx,
        function,
        self_kind=self_of(endpoint) if endpoint.view.flavour != "function" else None,
        arguments=arguments,
        app=endpoint.app,
        scope=path_scope(endpoint),
        shape=endpoint.key,
    )
    always_raises = body.frame is not None and not body.frame.alive and not body.frame.returns
    if not isinstance(body.returns, Response) and not always_raises:
        raise endpoint.refuse(
            "response",
            function.name,
            f"It may return something else than a DRF Response ({body.returns}).",
            function.where,
        )
    lines = [
        f"{p.name} = {path_scope(endpoint).url_argument(p.legacy)}"
        for p in body.parameters
        if used(p.name, body.lines)
    ]
    action = endpoint.action or (endpoint.method.lower() if endpoint.view.flavour != "function" else "")
    return PathOperation(
        _name(endpoint, action), [*lines, *body.lines], imports_of(set(body.imports), [*lines, *body.lines]), body.doc,
        function.name, (body.returns.status or 200) if isinstance(body.returns, Response) else 200,
    )  # fmt: skip


def used(name: str, lines: tuple[str, ...]) -> bool:
    """Whether the statements have that name."""
    body = "async def f():\n" + "\n".join("    " + line for line in lines or ("pass",))
    return any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(ast.parse(body)))


def imports_of(imports: set[Import], lines: list[str]) -> set[Import]:
    """``imports``, and what arguments of the URL need."""
    if any("UUID(call.path" in line for line in lines):
        return {*imports, Import("uuid", "UUID")}
    return set(imports)


def signature(function: Function) -> ast.arguments:
    """The parameters as they are written."""
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    assert isinstance(tree, ast.FunctionDef | ast.AsyncFunctionDef)
    return tree.args


def parameters(function: Function) -> list[str]:
    """The names of those by position."""
    spec = signature(function)
    return [a.arg for a in [*spec.posonlyargs, *spec.args]]


def _name(endpoint: Endpoint, action: str) -> str:
    """``book_list``, ``book_publish``, ``stats_get``, ``health``."""
    from segue.translate.load.models import snake

    view = endpoint.view
    if view.flavour == "function":
        return view.function.rpartition(".")[2]
    stem = endpoint.cls.rpartition(".")[2].partition("#")[0]
    for ending in ("ModelViewSet", "ViewSet", "APIView", "View"):
        if stem.endswith(ending) and stem != ending:
            stem = stem.removesuffix(ending)
            break
    if view.flavour == "generic" and action in programs.PROGRAMS:
        # PublisherListView.list is the list of publishers, PublisherDetailView.retrieve one of them.
        stem = next(
            (stem.removesuffix(e) for e in ("List", "Detail") if stem.endswith(e) and stem != e), stem
        )
    base = snake(stem)
    # Noun first: what is lifted from the project is called verb first, and both meet in routes.py.
    return f"{base}_{action}" if action else f"{base}_view"


__all__ = ["DISPATCH", "PathOperation", "build", "check_dispatch", "opens_scopes"]
