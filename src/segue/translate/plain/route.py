"""One URL of a plain view → its ``PlainResource``, guard and path operation functions in ``routes.py``."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Sequence
from dataclasses import replace

from segue.refusal import Refused
from segue.snapshot import plain
from segue.snapshot.model import Function, Operation, Route
from segue.target.ir import Decl, Import, Origin, RefusedOperation
from segue.translate import patched
from segue.translate.context import Context
from segue.translate.functions.atomic import ATOMIC_DECORATORS
from segue.translate.functions.lift import Body, interpret
from segue.translate.functions.same import canonical
from segue.translate.functions.writing import may_write
from segue.translate.interp import carried
from segue.translate.interp.carried import REQUEST_AUTH
from segue.translate.interp.leaving import WRITTEN, leavable
from segue.translate.interp.value import Val
from segue.translate.kinds import Keywords, Kind, NoArguments, Request, Response
from segue.translate.middleware.stack import of_route
from segue.translate.middleware.values import Fact
from segue.translate.plain.arguments import own_pages, resource_arguments
from segue.translate.plain.late_user import ASKED, KNOWN, settle
from segue.translate.plain.layers import Around, around
from segue.translate.plain.own_pages import after_write
from segue.translate.redefined import redefined
from segue.translate.rules import registry
from segue.translate.serializers.by_view import translating
from segue.translate.specialise.endpoint import Endpoint, PathScope, path_scope
from segue.translate.views import versioning
from segue.translate.views.deployment import check_settings
from segue.translate.views.generic import self_of
from segue.translate.views.operation import PathOperation, imports_of, parameters, signature, used
from segue.translate.views.reached import unreachable
from segue.translate.views.resources import (
    Facts,
    constant_name,
    defect,
    drop_done_again,
    emit_operation,
    refuse_all,
    streams,
)

_VIEW = "django.views.generic.base.View"
# What ``View`` itself has and calls; ``dispatch`` is read layer by layer.
_ACCOUNTED = frozenset({"dispatch", "get", "post", "put", "patch", "delete", "test_func"})
_CONVERTERS = frozenset({"str", "int", "slug", "uuid", "path", "regex", ""})


def translate_plain(ctx: Context, facts: Facts, route: Route) -> None:
    """Add what a plain route becomes to the program; each of its operations ends up native or refused. Pages are passed over."""
    operations = plain.operations(ctx.snapshot, route)
    if not operations:
        return
    registry.discover()
    view = ctx.snapshot.views[route.view]
    base = Endpoint(ctx, route, view, "", None)
    ctx.memo[WRITTEN] = False
    with carried.new_route(ctx):
        try:
            _translate(facts, base, operations)
        except Exception as error:  # noqa: BLE001 - a defect of ours must cost one route, not the run
            told = {(o.route_id, o.method) for o in ctx.program.native}
            told |= {(o.route_id, o.method) for o in ctx.program.refused}
            rest = [o for o in operations if (route.id, o.method) not in told]
            refuse_all(ctx, route, rest, defect(base, error))


def _translate(facts: Facts, base: Endpoint, operations: Sequence[Operation]) -> None:
    ctx, route = base.ctx, base.route
    never = unreachable(ctx, route) or patched.of_route(ctx.snapshot, route)
    if never is not None:
        refuse_all(ctx, route, operations, never)
        return
    ctx.memo[REQUEST_AUTH] = None
    kept = of_route(ctx, route)
    kept.enter(ctx)
    ctx.memo[WRITTEN] = False
    for operation in operations:
        if operation.method in kept.refused:
            reason = kept.refused[operation.method]
            ctx.program.refused.append(RefusedOperation(route.id, operation.method, (reason,)))
    operations = [o for o in operations if o.method not in kept.refused]
    if not operations:
        return
    try:
        _check(base)
        layers = around(base, base.view.layers)
        function = _function(base, layers)
        guard = _guard(base, layers, base.view.function or base.cls)
    except Refused as refused:
        refuse_all(ctx, route, operations, refused.refusal)
        return
    before = guard.lines if guard is not None else ()
    ctx.memo[WRITTEN] = may_write(ctx, before)
    built: list[tuple[Operation, PathOperation]] = []
    for operation in operations:
        endpoint = replace(base, method=operation.method)
        try:
            built.append((operation, _operation(endpoint, operation, layers, function)))
        except Refused as refused:
            ctx.program.refused.append(RefusedOperation(route.id, operation.method, (refused.refusal,)))
        except Exception as error:  # noqa: BLE001
            refuse_all(ctx, route, [operation], defect(endpoint, error))
    for operation, made in built:
        why = _otherwise_for_head(replace(base, method="HEAD"), operation, layers, function, made)
        if why:
            kept.left.setdefault((Fact("method", "HEAD"),), []).append(why)
    drop_done_again(ctx, route, kept, before, built)
    if own_pages(ctx) and not base.view.atomic_requests:
        for operation, made in tuple(built):
            if after_write(ctx, made.lines):
                built.remove((operation, made))
                why = "It may end in a page of the project's own, which only Django shows, behind a write: look before you write."
                reason = base.refuse("own-error-page", made.legacy, why, operation.where).refusal
                ctx.program.refused.append(RefusedOperation(route.id, operation.method, (reason,)))
    if not built:
        return
    try:
        arguments, imports = resource_arguments(base, layers, kept, guard, built)
    except Refused as refused:
        refuse_all(ctx, route, [operation for operation, _ in built], refused.refusal)
        return
    _emit(facts, base, arguments, imports, guard, built)


def _check(base: Endpoint) -> None:
    """Refuse classes that change ``View`` itself, and URLs that bring arguments which Segue does not follow."""
    check_settings(base)
    if base.route.default_kwargs:
        raise base.refuse(
            "default-kwargs", "path(..., kwargs)", "Extra arguments of a URL are not translated yet."
        )
    for parameter in base.route.parameters:
        if parameter.name.isdigit() or parameter.converter not in _CONVERTERS:
            what = (
                "an argument without a name"
                if parameter.name.isdigit()
                else f"the converter {parameter.converter}"
            )
            raise base.refuse(
                "url-argument", base.route.path, f"Its URL has {what}: Segue follows Django's by name."
            )
    versioning.check_optional(base)
    if not base.cls:
        return
    for name, _ in redefined(base.ctx, base.cls, _ACCOUNTED):
        raise base.refuse_method(name, "Segue does not know what it changes: Django calls it by itself.")
    known = base.klass()
    for name in ("http_method_not_allowed", "options", "head", "setup", "__init__"):
        defined = known.methods.get(name, "") if known is not None else ""
        if defined and not defined.startswith("django."):
            raise base.refuse_method(name, "It changes what Django does before the method's own code.")
    if base.view.initkwargs:
        raise base.refuse(
            "default-kwargs", "as_view(…)", "Arguments of as_view() are not translated for plain views."
        )


def _function(base: Endpoint, layers: Around) -> Function | None:
    """The function behind a function view, without the decorators that stand around it; None for a class."""
    if base.cls:
        if layers.own:
            raise base.refuse(
                "view-decorator", f"@{layers.own[0]}", "Segue does not know what this decorator does."
            )
        return None
    found = base.ctx.snapshot.functions.get(base.view.function)
    if found is None:
        raise base.refuse("no-source", base.view.function, "The snapshot has no source for it.")
    if not re.search(r"^(?:async )?def ", found.source, re.MULTILINE):
        raise base.refuse(
            "no-source", base.view.function, "It is a lambda: write the view as a function of its own."
        )
    # The project's own are written into it (:mod:`segue.translate.decorators`), but for those that cannot be.
    if any(name in found.wrapped_by for name in layers.own):
        raise base.refuse(
            "view-decorator", f"@{layers.own[0]}", "Segue does not know what this decorator does."
        )
    return replace(found, wrapped_by=tuple(n for n in found.wrapped_by if n in ATOMIC_DECORATORS))


def _scope(endpoint: Endpoint, asked: bool) -> PathScope:
    """Everything hangs on ``call``; the user is asked when code comes to her."""
    found = path_scope(endpoint)
    user = KNOWN if asked else f"(await {ASKED})"
    return replace(found, names={**found.names, "user": user, "request_user": user})


def _guard(base: Endpoint, layers: Around, name: str) -> Body | None:
    """What stands around the view and may answer in its place; None where nothing does. Raises ``Refused``."""
    if not layers.guard:
        return None
    head = "def guard(self):" if base.cls else "def guard(request):"
    source = "\n".join([head, *(f"    {line}" for line in layers.guard), "    return None"])
    function = Function(
        f"{name}.guard",
        base.where,
        source,
        "method" if base.cls else "function",
        layers.names,
        owner=base.cls,
    )
    with translating(base), leavable(base.ctx, possible=False):
        body = interpret(
            base.ctx,
            function,
            self_kind=self_of(base) if base.cls else None,
            arguments={} if base.cls else {"request": Request(raw=True)},
            app=base.app,
            scope=_scope(base, asked=False),
            shape=(base.key, name, "guard"),
        )
    lines, fine = settle(base.ctx, body.lines)
    if not fine:
        raise base.refuse(
            "late-user",
            "request.user",
            "It is handed to code that may not look at it, before anything else has.",
        )
    return replace(body, lines=tuple(lines))


def _operation(
    endpoint: Endpoint, operation: Operation, layers: Around, function: Function | None
) -> PathOperation:
    """One method. Raises ``Refused``."""
    ctx = endpoint.ctx
    inner = Around()
    if function is None:
        found = ctx.snapshot.functions.get(operation.function)
        if found is None:
            raise endpoint.refuse("no-source", operation.function, "The snapshot has no source for it.")
        inner = around(endpoint, operation.layers)
        if inner.allowed or inner.finish or inner.own:
            raise endpoint.refuse(
                "view-decorator", operation.function, "Put its decorators around the class.", found.where
            )
        function = replace(found, wrapped_by=tuple(n for n in found.wrapped_by if n in ATOMIC_DECORATORS))
    if function.is_async:
        raise endpoint.refuse("async-source", function.name, "The view is a coroutine.", function.where)
    if layers.atomic and not function.wrapped_by:
        function = replace(function, wrapped_by=("django.db.transaction.atomic",))
    asked = layers.asks or inner.asks
    guard = _guard(endpoint, inner, function.name)
    with translating(endpoint), leavable(ctx, endpoint.method in ("GET", "HEAD")):
        body = _body(endpoint, function, asked)
    lines, fine = settle(ctx, body.lines)
    if not fine:
        why = "It is handed to code that may not look at it, before anything else has: look at it first (is_authenticated)."
        raise endpoint.refuse("late-user", "request.user", why, function.where)
    imports = set(body.imports)
    given = [
        f"{p.name} = {path_scope(endpoint).url_argument(p.legacy)}"
        for p in body.parameters
        if used(p.name, tuple(lines))
    ]
    lines = [*given, *lines]
    if guard is not None:
        if guard.lines[-1] == "return None":
            lines = [*guard.lines[:-1], *lines]
        else:
            lines = list(guard.lines)
        imports |= guard.imports
    status = body.returns.status or 200 if isinstance(body.returns, Response) else 200
    name = function.name.rpartition(".")[2]
    if endpoint.cls:
        name = f"{access_name(endpoint)}_{name}"
    elif len(endpoint.route.operations) > 1:
        name = f"{name}_{endpoint.method.lower()}"
    return PathOperation(name, lines, imports_of(imports, lines), body.doc, function.name, status)


def access_name(endpoint: Endpoint) -> str:
    """``note_list`` for ``NoteListView``."""
    from segue.translate.load.models import snake

    stem = endpoint.cls.rpartition(".")[2].partition("#")[0]
    return snake(stem.removesuffix("View") or stem)


def _body(endpoint: Endpoint, function: Function, asked: bool) -> Body:
    spec, names = signature(function), parameters(function)
    arguments: dict[str, Kind | Val] = {}
    if endpoint.cls:
        names = names[1:]
    if names:
        arguments[names[0]] = Request(raw=True, method=endpoint.method)
    kinds = endpoint.url_arguments
    arguments |= {name: kinds[name] for name in names[1:] if name in kinds}
    surplus = sorted(kinds.keys() - set(names[1:])) if spec.kwarg is None else []
    if surplus:
        why = "The URL has this argument, and the view does not take it: Django fails."
        raise endpoint.refuse("call-arguments", f"{function.name}: {surplus[0]}", why, function.where)
    if spec.vararg is not None:
        arguments[spec.vararg.arg] = NoArguments()
    if spec.kwarg is not None:
        arguments[spec.kwarg.arg] = Keywords(endpoint, ())
    body = interpret(
        endpoint.ctx,
        function,
        self_kind=self_of(endpoint) if endpoint.cls else None,
        arguments=arguments,
        app=endpoint.app,
        scope=_scope(endpoint, asked),
        shape=endpoint.key,
    )
    raises = body.frame is not None and not body.frame.alive and not body.frame.returns
    if not isinstance(body.returns, Response) and not raises:
        why = f"It may return something else than an HttpResponse ({body.returns}), which is an error in Django."
        raise endpoint.refuse("response", function.name, why, function.where)
    return body


def _otherwise_for_head(
    endpoint: Endpoint, operation: Operation, layers: Around, function: Function | None, made: PathOperation
) -> str:
    """Where HEAD finds another way through the code than GET: why it is left to Django."""
    ctx = endpoint.ctx
    if operation.method != "GET" or (layers.allowed and "HEAD" not in layers.allowed):
        return ""
    if streams(ctx, made.lines):
        return f"{made.legacy} makes the pieces of its answer for GET only ({operation.where})"
    if not any(".method" in f.source for f in plain.reached(ctx.snapshot, endpoint.view, operation)):
        return ""
    try:
        other = _operation(endpoint, operation, layers, function)
    except Refused as refused:
        return f"{refused.refusal.construct} for HEAD ({refused.refusal.file}:{refused.refusal.line})"
    if canonical(ctx, "\n".join(made.lines)) == canonical(ctx, "\n".join(other.lines)):
        return ""
    return f"{made.legacy} looks at the method ({operation.where})"


def _resource_name(base: Endpoint) -> str:
    """As DRF's resources are called; another name where links have that (:mod:`segue.translate.views.links`), as code may need both."""
    wish = constant_name(base)
    named = ((r.namespace, r.name) for r in base.ctx.snapshot.routes if r.name)
    links = {
        re.sub(r"\W+", "_", f"{space}:{name}" if space else name).upper() + "_URL" for space, name in named
    }
    return f"{wish.removesuffix('_URL')}_VIEW_URL" if wish in links else wish


def _emit(
    facts: Facts,
    base: Endpoint,
    arguments: list[str],
    imports: set[Import],
    guard: Body | None,
    built: Sequence[tuple[Operation, PathOperation]],
) -> None:
    ctx = base.ctx
    module, dotted = ctx.module(base.app, "routes"), ctx.import_path(base.app, "routes")
    if "router" not in module.decls:
        text = f"router = Router(tags=[{base.app!r}])"
        module.add(Decl("router", text, frozenset({Import("segue_bridge.http.router", "Router")}), 0))
    constant = facts.free(module.path, _resource_name(base))
    origin = Origin(base.cls or base.view.function, base.where)
    needed = {Import("segue_bridge.http.plain_view", "PlainResource"), *imports}
    text = f"{constant} = PlainResource({', '.join(arguments)})"
    module.add(Decl(constant, text, frozenset(needed), 40, origin))
    if guard is not None:
        name = facts.free(module.path, f"{constant.lower()}_guard")
        lines = textwrap.indent("\n".join(guard.lines), "    ")
        code = f'@{constant}.guard\nasync def {name}(call: Call) -> Response | None:\n    """Who may use it ({base.where})."""\n{lines}\n'
        ast.parse(code) if "segue__" not in code else None
        wanted = {
            *guard.imports, Import("segue_bridge.http.call", "Call"), Import("starlette.responses", "Response"),
        }  # fmt: skip
        module.add(Decl(name, code, frozenset(wanted), 40, origin))
    for operation, made in built:
        ctx.program.native.append(emit_operation(ctx, facts, base, constant, operation, made, dotted))


__all__ = ["translate_plain"]
