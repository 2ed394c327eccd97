"""One URL → its ``Resource``, access function and path operation functions in ``routes.py``."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from segue.refusal import Refusal, Refused, refuse
from segue.snapshot.model import Operation, Route
from segue.target.ir import Decl, Import, NativeOperation, Origin, RefusedOperation
from segue.translate import patched
from segue.translate.context import Context
from segue.translate.filters.filtersets import left_to_django
from segue.translate.functions.record import reached
from segue.translate.functions.same import canonical
from segue.translate.functions.writing import may_write
from segue.translate.interp import carried
from segue.translate.interp.carried import REQUEST_AUTH
from segue.translate.interp.leaving import WRITTEN
from segue.translate.middleware.stack import RouteMiddleware, add_finalizer, of_route
from segue.translate.middleware.values import Fact
from segue.translate.permissions.access import access_body
from segue.translate.rules import scopes
from segue.translate.serializers import actions as metadata_of
from segue.translate.specialise.endpoint import Endpoint
from segue.translate.specialise.fold import Ref, plain
from segue.translate.views import (
    authentication,
    generic,
    jwt_views,
    left_saves,
    middleware,
    nested,
    own_constructor,
    own_errors,
    own_initial,
    own_limits,
    own_parsers,
    renderers,
    throttles,
    versioning,
    written_before,
)
from segue.translate.views.bodies import write_models
from segue.translate.views.kept_properties import read_around_write
from segue.translate.views.links import shows_links
from segue.translate.views.operation import PathOperation, build, check_dispatch, opens_scopes
from segue.translate.views.reached import unreachable

# ``View.http_method_names``
_IN_ORDER = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE")


@dataclass(slots=True)
class Facts:
    """What the run knows of all routes: names taken in each routes module."""

    taken: dict[str, set[str]] = field(default_factory=dict)

    def free(self, module: str, wish: str) -> str:
        """``wish`` or ``wish_2`` …, not used in ``module`` yet."""
        used = self.taken.setdefault(module, {"router"})
        number, name = 1, wish
        while name in used:
            number += 1
            name = f"{wish}_{number}"
        used.add(name)
        return name


def translate_route(ctx: Context, facts: Facts, route: Route) -> None:
    """Add what ``route`` becomes to the program; every operation ends up native or refused."""
    ctx.memo[WRITTEN] = False
    with carried.new_route(ctx):
        try:
            _translate_route(ctx, facts, route)
        except Exception as error:  # noqa: BLE001 - a defect of ours must cost one route, not the run
            told = {(o.route_id, o.method) for o in ctx.program.native}
            told |= {(o.route_id, o.method) for o in ctx.program.refused}
            rest = [o for o in route.operations if (route.id, o.method) not in told]
            view = ctx.snapshot.views[route.view]
            refuse_all(ctx, route, rest, defect(Endpoint(ctx, route, view, "", None), error))


def _translate_route(ctx: Context, facts: Facts, route: Route) -> None:
    view = ctx.snapshot.views.get(route.view)
    if view is None:
        where = route.where
        for operation in route.operations:
            reason = Refusal(
                "no-view", route.view, "The snapshot does not know this view.", where.file if where else "", 0
            )
            ctx.program.refused.append(RefusedOperation(route.id, operation.method, (reason,)))
        return
    never = unreachable(ctx, route) or patched.of_route(ctx.snapshot, route)
    if never is not None:
        refuse_all(ctx, route, route.operations, never)
        return
    base = Endpoint(ctx, route, view, "", None)
    ctx.memo[REQUEST_AUTH] = None  # middleware runs before anybody asks
    kept = of_route(ctx, route)
    kept.enter(ctx)
    ctx.memo[WRITTEN] = False  # what middleware writes before the view is taken back (middleware.writing)
    if opens_scopes(base):
        scopes.enter(ctx, scopes.DISABLED)
    finalizer = base.overridden("finalize_response")
    if finalizer:
        add_finalizer(ctx, route, kept, base.cls, finalizer)
    for method, refusal in kept.refused.items():
        ctx.program.refused.append(RefusedOperation(route.id, method, (refusal,)))
    operations = [o for o in route.operations if o.method not in kept.refused]
    if not operations:
        return
    try:
        base = replace(base, rebound=own_constructor.replaced(base))
        shared = _shared(base)
    except Refused as refused:
        refuse_all(ctx, route, operations, refused.refusal)
        return
    except Exception as error:  # noqa: BLE001 - a defect of ours must cost one route, not the run
        refuse_all(ctx, route, operations, defect(base, error))
        return
    built: list[tuple[Operation, PathOperation]] = []
    for operation in operations:
        endpoint = replace(base, method=operation.method, action=operation.action or None)
        try:
            built.append((operation, build(endpoint, operation)))
        except Refused as refused:
            ctx.program.refused.append(RefusedOperation(route.id, operation.method, (refused.refusal,)))
        except Exception as error:  # noqa: BLE001
            ctx.program.refused.append(
                RefusedOperation(route.id, operation.method, (defect(endpoint, error),))
            )
    if not built:
        return
    left = left_to_django(base)
    for operation, made in built:
        head = _otherwise_for_head(
            replace(base, method="HEAD", action=operation.action or None), operation, made
        )
        if head:
            kept.left.setdefault((Fact("method", "HEAD"),), []).append(head)
    drop_done_again(ctx, route, kept, shared.before, built)
    if not built:
        return
    try:
        why = {name: f"{reason.why} ({reason.place})" for name, reason in left.items()}
        extra, needed = middleware.arguments(base, kept, why)
    except Refused as refused:
        refuse_all(ctx, route, [operation for operation, _ in built], refused.refusal)
        return
    try:
        handled, wanted = own_errors.arguments(
            base, ctx.module(base.app, "routes"), constant_name(base).lower()
        )
    except Refused as refused:
        refuse_all(ctx, route, [operation for operation, _ in built], refused.refusal)
        return
    shared.arguments += [*extra, *handled]
    shared.imports |= needed | wanted
    notes = tuple(f"?{name}=: {reason.why} {reason.place}" for name, reason in left.items())
    _emit(ctx, facts, base, shared, built, notes)


def drop_done_again(
    ctx: Context,
    route: Route,
    kept: RouteMiddleware,
    before: Sequence[str],
    built: list[tuple[Operation, PathOperation]],
) -> None:
    """Refuse, and take out of ``built``, what might leave a request to Django after it has written; ``before`` is what runs before the view."""
    for one in tuple(built):
        again = written_before.done_again(ctx, kept, before, *one) or written_before.left_late(ctx, *one)
        again = again or left_saves.check(ctx, before, *one)
        again = again or read_around_write(ctx, before, *one)
        if again is not None:
            built.remove(one)
            ctx.program.refused.append(RefusedOperation(route.id, one[0].method, (again,)))


def _otherwise_for_head(endpoint: Endpoint, operation: Operation, made: PathOperation) -> str:
    """Where the view looks at the method, HEAD runs the handler of GET and may find another way through it: why so."""
    if operation.method == "GET" and streams(endpoint.ctx, made.lines):
        return f"{made.legacy} makes the pieces of its answer for GET only ({endpoint.where})"
    known = endpoint.klass()
    if operation.method != "GET" or known is None:
        return ""
    asking = [
        f
        for f in endpoint.ctx.snapshot.functions.values()
        if f.owner in known.mro and not f.owner.startswith("rest_framework.") and ".method" in f.source
    ]
    if not asking:
        return ""
    try:
        other = build(endpoint, operation)
    except Refused as refused:
        return f"{refused.refusal.construct} for HEAD ({refused.refusal.file}:{refused.refusal.line})"
    ctx = endpoint.ctx
    if canonical(ctx, "\n".join(made.lines)) == canonical(ctx, "\n".join(other.lines)):
        return ""
    return f"{made.legacy} looks at the method ({asking[0].where})"


def streams(ctx: Context, lines: Sequence[str]) -> bool:
    """Whether it answers in pieces for which it asks the database: Django never asks for HEAD."""
    called = [record for record in reached(ctx, lines) if record is not None]
    text = "\n".join([*lines, *(line for record in called for line in record.lines)])
    return "streamed(" in text and "await " in text


def defect(endpoint: Endpoint, error: Exception) -> Refusal:
    """The refusal that a mistake of Segue's own becomes."""
    import traceback

    last = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{last.filename.rpartition('/')[2]}:{last.lineno}"
    return refuse(
        "segue-defect",
        type(error).__name__,
        f"Segue stumbled ({place}: {str(error)[:120]}); please report it.",
        endpoint.where,
    ).refusal


def refuse_all(ctx: Context, route: Route, operations: Sequence[Operation], reason: Refusal) -> None:
    """Refuse all of them for one reason."""
    for operation in operations:
        ctx.program.refused.append(RefusedOperation(route.id, operation.method, (reason,)))


@dataclass(slots=True)
class _Shared:
    arguments: list[str]
    imports: set[Import]
    access: list[str]
    access_imports: set[Import]
    limits: list[str]
    limits_imports: set[Import]
    initial: list[str]
    initial_imports: set[Import]
    bare: bool
    before: list[str]


def _shared(base: Endpoint) -> _Shared:
    """What all methods of the URL share. Raises ``Refused``: then all of it stays on Django."""
    check_dispatch(base)
    route, view = base.route, base.view
    imports: set[Import] = set()
    methods = tuple(o.method for o in route.operations)
    arguments = [repr(route.path)]
    if view.display_name:
        arguments.append(f"name={view.display_name!r}")
    if view.description:
        arguments.append(f"description={view.description!r}")
    arguments.append(f"methods={methods!r}")
    if view.flavour == "function" and "HEAD" not in methods:
        # @api_view names its methods itself: HEAD is refused there although GET is not.
        arguments.append("head=False")
    if view.method_names:
        listed = tuple(name.upper() for name in view.method_names if name == name.lower())
        refused = [
            a for a, method in (("head", "HEAD"), ("allows_options", "OPTIONS")) if method not in listed
        ]
        arguments += [f"{argument}=False" for argument in refused]
        if [m for m in _IN_ORDER if m in listed] != [m for m in listed if m in _IN_ORDER]:
            arguments.append(f"listed={listed!r}")
    name, needed = authentication.constant(base)
    who = written_before.declared(base.ctx, needed)
    arguments.append(f"authentication={name}")
    imports |= needed
    said = jwt_views.challenge(base)
    if said is not None:
        arguments.append(f"challenge={said!r}")
    actions = [(o.action or None, o.method) for o in route.operations]
    limits, limits_needed = own_limits.limits(base, actions)
    found, counted = throttles.constants(base) if not base.overridden(own_limits.HOOK) else ([], set())
    if found:
        arguments.append(f"throttles=({', '.join(found)},)")
        imports |= counted
    if route.suffix_regex:
        arguments.append("suffix=True")
    found_versions, needed = versioning.arguments(base)
    arguments += found_versions
    imports |= needed
    text, needed = renderers.argument(base)
    if text:
        arguments.append(text)
        imports |= needed
    put = nested.parents(base)
    if put:
        arguments.append(f"parents={put!r}")
    text, needed = own_parsers.argument(base)
    if text:
        arguments.append(text)
        imports |= needed
    regexes = {
        p.name: p.regex for p in route.parameters if p.regex != "[^/.]+" and not versioning.whole_regex(base)
    }
    if regexes:
        arguments.append(f"parameters={regexes!r}")
    if view.atomic_requests:
        arguments.append("atomic=True")
    ctx = base.ctx
    counting = written_before.declared(ctx, {*counted, *limits_needed})
    access, needed = access_body(base, actions)
    ctx.memo[WRITTEN] = bool(ctx.memo[WRITTEN]) or may_write(ctx, [*counting, *access])
    if (found or limits) and carried.replaces_user(base.ctx):
        raise base.refuse(
            "throttle",
            "request.user",
            "Its permissions put another user there, and DRF's releases limit None differently.",
        )
    initial, wanted, bare = own_initial.hook(base, actions)
    ctx.memo[WRITTEN] = bool(ctx.memo[WRITTEN]) or may_write(ctx, initial)
    written_before.check_parsers(base, arguments)
    before = [*who, *counting, *access, *initial]
    return _Shared(arguments, imports, access, needed, limits, limits_needed, initial, wanted, bare, before)


def _emit(
    ctx: Context,
    facts: Facts,
    base: Endpoint,
    shared: _Shared,
    built: list[tuple[Operation, PathOperation]],
    notes: tuple[str, ...],
) -> None:
    module = ctx.module(base.app, "routes")
    dotted = ctx.import_path(base.app, "routes")
    if "router" not in module.decls:
        module.add(
            Decl(
                "router",
                f"router = Router(tags=[{base.app!r}])",
                frozenset({Import("segue_bridge.http.router", "Router")}),
                0,
            )
        )
    constant = facts.free(module.path, constant_name(base))
    imports = {Import("segue_bridge.http.resource", "Resource"), *shared.imports}
    arguments = list(shared.arguments)
    # What a renderer of the project's makes of that description is Python's picture of it.
    rendered = any(a.startswith("renderers=(OwnRenderer(") for a in arguments)
    # DRF asks the permissions again for OPTIONS, with a copy of the request that has nothing of what they put there.
    options = None if rendered or carried.mark(ctx) else _options(base)
    if options is None:
        arguments.append("options=False")
    elif options:
        described = constant.removesuffix("_URL") + "_FIELDS"
        metadata = ctx.module(base.app, "metadata")
        text = f"{described}: Mapping[str, Any] = {options}"
        needed = {Import("collections.abc", "Mapping"), Import("typing", "Any")}
        metadata.add(
            Decl(described, text, frozenset(needed), 0, Origin(base.cls or base.view.function, base.where))
        )
        arguments.append(f"actions={described}")
        imports.add(Import(ctx.import_path(base.app, "metadata"), described))
    origin = Origin(base.cls or base.view.function, base.where)
    text = f"{constant} = Resource({', '.join(arguments)})"
    module.add(Decl(constant, text, frozenset(imports), 40, origin))
    call = Import("segue_bridge.http.call", "Call")
    if shared.access:
        name = facts.free(module.path, f"{constant.lower()}_access")
        body = "\n".join(f"    {line}" for line in shared.access)
        code = f'@{constant}.access\nasync def {name}(call: Call) -> None:\n    """Who may use it ({base.where})."""\n{body}\n'
        module.add(Decl(name, code, frozenset({call, *shared.access_imports}), 40, origin))
    if shared.limits:
        name = facts.free(module.path, f"{constant.lower()}_limits")
        body = "\n".join(f"    {line}" for line in shared.limits)
        code = f'@{constant}.limits\ndef {name}(call: Call) -> Throttles:\n    """How often it may be asked ({base.where})."""\n{body}\n'
        limits = Import("segue_bridge.http.resource", "Throttles")
        module.add(Decl(name, code, frozenset({call, limits, *shared.limits_imports}), 40, origin))
    if shared.initial:
        name = facts.free(module.path, f"{constant.lower()}_initial")
        body = "\n".join(f"    {line}" for line in shared.initial)
        said = "Before OPTIONS and 405" if shared.bare else "Before every handler"
        options_ = "_without_handler" if shared.bare else ""
        code = f'@{constant}.initial{options_}\nasync def {name}(call: Call) -> None:\n    """{said} ({base.where})."""\n{body}\n'
        module.add(Decl(name, code, frozenset({call, *shared.initial_imports}), 40, origin))
    for operation, made in built:
        native = emit_operation(ctx, facts, base, constant, operation, made, dotted)
        ctx.program.native.append(replace(native, notes=notes))


def emit_operation(
    ctx: Context,
    facts: Facts,
    base: Endpoint,
    constant: str,
    operation: Operation,
    made: PathOperation,
    dotted: str,
) -> NativeOperation:
    """Add the path operation function of ``made`` to ``routes.py``."""
    module = ctx.module(base.app, "routes")
    name = facts.free(module.path, made.name)
    options = [constant]
    imports = set(made.imports)
    if operation.action:
        options.append(f"action={operation.action!r}")
    if made.status != 200:
        options.append(f"status={made.status}")
    if base.route.suffix_regex and (
        shows_links(ctx, made.lines, made.imports)
        or not _takes_format(ctx, operation.function or base.view.function)
    ):
        options.append("suffix=False")
    if operation.method in ("POST", "PUT", "PATCH"):
        models = write_models(ctx, made)
        if models:
            options.append(f"body={' | '.join(model.name for model in models)}")
            imports.update(models)
    doc = made.doc.strip()
    reference = f"{made.legacy} ({base.where})"
    text = f'    """{_safe(doc)}\n\n    From {reference}.\n    """' if doc else f'    """{reference}."""'
    lines = "\n".join(f"    {line}" if line else "" for line in made.lines)
    code = (
        f"@router.{operation.method.lower()}({', '.join(options)})\n"
        f"async def {name}(call: Call) -> Response:\n{text}\n{lines}\n"
    )
    imports |= {Import("segue_bridge.http.call", "Call"), Import("starlette.responses", "Response")}
    where = (
        operation.where
        if made.legacy and not operation.function.startswith("rest_framework.")
        else base.where
    )
    module.add(Decl(name, code, frozenset(imports), 40, Origin(made.legacy, where)))
    return NativeOperation(base.route.id, operation.method, dotted, name)


def _takes_format(ctx: Context, function: str) -> bool:
    """Whether the legacy method can be called with the ``format=`` of a suffix (a ``TypeError`` and 500 otherwise)."""
    found = ctx.snapshot.functions.get(function)
    if found is None:
        return True  # DRF's own take **kwargs
    node = next(
        (n for n in ast.walk(ast.parse(textwrap.dedent(found.source))) if isinstance(n, ast.FunctionDef)),
        None,
    )
    if node is None:
        return True
    names = {a.arg for a in (*node.args.args, *node.args.kwonlyargs)}
    return node.args.kwarg is not None or "format" in names


_METADATA = "rest_framework.metadata.SimpleMetadata"


def _options(base: Endpoint) -> str | None:
    """``actions`` of OPTIONS as a literal; '' for none; None when only Django can tell."""
    given = plain(base.policy("metadata_class"))
    if not isinstance(given, Ref) or given.name != _METADATA:
        return None
    methods = [o.method for o in base.route.operations if o.method in ("PUT", "POST")]
    known = base.klass()
    if known is None or "get_serializer" not in known.methods or not methods:
        return ""
    if base.overridden("get_serializer") or base.overridden("get_serializer_context"):
        return None
    try:
        name = generic.serializer_class(base.for_action("metadata"))
        if "PUT" in methods:
            # OPTIONS describes PUT only where get_object() succeeds; that part is Django's for now.
            return None
        text = metadata_of(base.ctx, name)
    except Refused:
        return None
    return "{" + ", ".join(f"{m!r}: {text}" for m in methods) + "}"


def constant_name(base: Endpoint) -> str:
    """``NOTES_DETAIL_URL``: what the resource is called before other routes have taken the name."""
    words = re.findall(
        r"[A-Za-z0-9]+",
        re.sub(r"\{\w+\}", "detail" if base.route.path.rstrip("/").endswith("}") else "", base.route.path),
    )
    if words and words[0] in ("api", "v1") and len(words) > 1 and not words[1][0].isdigit():
        words = words[1:]
    if words and words[0][0].isdigit():  # no name begins so: ``/2fa/``
        words = ["at", *words]
    return "_".join([*words, "url"]).upper()


def _safe(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"""', "'''").replace("\n", "\n    ")
