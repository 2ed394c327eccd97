"""Legacy function or method → module-level function (lambda lifting).

Each call of :func:`lift` interprets the body with the kinds of that use, so that every fetch
site learns what the function touches; functions that come out with equal text are one
function in the output (:mod:`segue.translate.functions.finish`).
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from segue.refusal import Refused, refuse
from segue.snapshot.model import Class, Function, Where
from segue.target.ir import Import
from segue.translate import language
from segue.translate.context import Context
from segue.translate.functions import memoized
from segue.translate.functions.atomic import ATOMIC_DECORATORS, in_atomic, is_atomic
from segue.translate.functions.idle_decorators import gives_back
from segue.translate.functions.naming import function_name
from segue.translate.functions.record import FunctionRecord, records
from segue.translate.functions.shape import shape_of
from segue.translate.functions.symbols import symbols
from segue.translate.interp import carried
from segue.translate.interp.annotations import annotation
from segue.translate.interp.comments import Comments
from segue.translate.interp.decide import decide
from segue.translate.interp.dict_types import say_types
from segue.translate.interp.frame import Frame, Parameter, RenameNeeded
from segue.translate.interp.join import join, widen
from segue.translate.interp.known_entries import entry_by_entry
from segue.translate.interp.leaving import BEHIND
from segue.translate.interp.process_state import check_default
from segue.translate.interp.same_set import giving
from segue.translate.interp.scope import STATE, Scope, in_source
from segue.translate.interp.split import MOST, split
from segue.translate.interp.value import Val, const, name
from segue.translate.kinds import (
    AcceptedType,
    Const,
    EarlyRequest,
    Global,
    HandlerContext,
    KeywordDict,
    Keywords,
    Kind,
    ListOf,
    NoArguments,
    Object,
    ParsingContext,
    RenderedView,
    RendererContext,
    Request,
    Response,
    Scalar,
    Serializer,
    SerializerSelf,
    Unknown,
    ViewSelf,
)
from segue.translate.load.models import snake
from segue.translate.rules import registry
from segue.translate.trees import walk

HARMLESS_DECORATORS = frozenset(
    {
        "property",
        "builtins.property",
        "staticmethod",
        "builtins.staticmethod",
        "classmethod",
        "builtins.classmethod",
        "django.utils.functional.cached_property",
        "functools.cached_property",
        "rest_framework.decorators.action",
        "rest_framework.decorators.api_view",
        "rest_framework.decorators.permission_classes",
        "rest_framework.decorators.authentication_classes",
        "rest_framework.decorators.renderer_classes",
        "rest_framework.decorators.parser_classes",
        "rest_framework.decorators.throttle_classes",
        "drf_spectacular.drainage.isolate_view_method",
        "drf_spectacular.utils.extend_schema",
        "drf_spectacular.utils.extend_schema_field",
        "drf_spectacular.utils.extend_schema_serializer",
        "drf_yasg.utils.swagger_auto_schema",
        "drf_yasg.utils.swagger_serializer_method",
        "django.contrib.admin.display",
        "django.contrib.admin.decorators.display",
        "typing.override",
        "typing_extensions.override",
        "abc.abstractmethod",
        "django.dispatch.dispatcher.receiver",
        "django.dispatch.receiver",
        "rules.predicates.predicate",  # called by name it is the function itself
    }
)


LEVEL = ("kernel", "recursion level")
"""Memo: how many presenters are being written, one in the other: a serializer may be met again in another context."""

WORD = re.compile(r"[A-Za-z_]\w*")
# The whole body stands in a block.


@dataclass(frozen=True, slots=True)
class State:
    """A free-state parameter of a lifted function: ``sort`` is ``state``, ``url`` or ``extra``."""

    name: str
    sort: str
    annotation: Callable[[], str]
    kind: Kind | None = None


@dataclass(frozen=True, slots=True)
class Signature:
    """The function is called by the names of its parameters: it keeps them, its ``defaults`` (source texts) and ``**rest``."""

    defaults: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Lifted:
    """A lifted function: how to call it and what it gives back.

    ``name`` is a token until :func:`segue.translate.functions.finish.finish` has run. ``gives_read``: a queryset that it gives back may have been evaluated.
    """

    name: str
    module: str
    state: tuple[State, ...]
    explicit: tuple[str, ...]
    is_async: bool
    returns: Kind
    changes_user: frozenset[str] = frozenset()
    puts: carried.Puts = field(default_factory=carried.Puts)
    gives_read: bool = False

    @property
    def imports(self) -> frozenset[Import]:
        """What a module that calls it must import."""
        return frozenset({Import(self.module, self.name)})

    def call(self, scope: Scope, *args: str, **kwargs: str) -> str:
        """Call expression (with ``await`` when needed); explicit arguments as source text, in the
        order of :attr:`explicit` or by name."""
        parts: list[str] = []
        for item in self.state:
            given = scope.url_argument(item.name) if item.sort == "url" else None
            given = scope.get(item.name) or given
            if given is None and item.name.startswith("request_"):
                raise refuse(
                    "request",
                    item.name.replace("_", ".", 1),
                    "It is read where nothing of the view's method is at hand.",
                    Where(self.module),
                )
            if given is None:
                raise KeyError(f"{self.name} needs {item.name}, which the scope does not have")
            parts.append(given)
        parts.extend(args)
        parts.extend(f"{key}={value}" for key, value in kwargs.items())
        text = f"{self.name}({', '.join(parts)})"
        return f"await {text}" if self.is_async else text


@dataclass(frozen=True, slots=True)
class Body:
    """An interpreted body that the caller wraps itself (a path operation function)."""

    lines: tuple[str, ...]
    imports: frozenset[Import]
    is_async: bool
    returns: Kind
    doc: str
    state: tuple[State, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    frame: Frame | None = field(default=None, compare=False)


def find(ctx: Context, function: str | Function, where: Where | None = None) -> Function:
    """The function of that dotted name; refuses when the snapshot has no source for it."""
    if isinstance(function, Function):
        return function
    found = ctx.snapshot.functions.get(function)
    if found is None:
        raise refuse("no-source", function, "The snapshot has no source for it.", where or Where(function))
    return found


def lift(
    ctx: Context,
    function: str | Function,
    *,
    self_kind: Kind | Val | None = None,
    arguments: Mapping[str, Kind | Val] | None = None,
    module_kind: str = "services",
    app: str = "",
    name: str | None = None,
    hint: str = "",
    scope: Scope | None = None,
    listener: Sequence[Parameter] | None = None,
    signature: Signature | None = None,
) -> Lifted:
    """Translate ``function`` and emit it into ``app/<app>/<module_kind>.py``.

    ``arguments`` gives the kind of each explicit parameter that is passed; a parameter left out
    takes its default. A :class:`Val` with a ``Const`` kind is folded into the text. ``name`` is
    the wished name, ``hint`` a word for row classes that only this use needs. Free state that ``scope`` has is no
    parameter. ``listener``: the bridge calls it, as a coroutine function of the session and these arguments by
    position, whatever it takes of them. ``signature``: callers spread a dict of keywords, so parameters keep names and defaults. Raises :class:`segue.refusal.Refused`.
    """
    found = find(ctx, function)
    label = app or app_of(ctx, found)
    receiver = self_kind if isinstance(self_kind, Val) or self_kind is None else Val(self_kind)
    key = (
        found.name,
        module_kind,
        label,
        name,
        shape_of(receiver),
        in_source(ctx),
        carried.shape(ctx),
        bool(ctx.memo.get(("kernel", "in-validation"))),  # whose error Django's ValidationError is
        ctx.memo.get(("kernel", "in-clean")),
        bool(ctx.memo.get(BEHIND)),  # who request.user is
        tuple(p.legacy for p in listener or ()),
        signature,
        tuple((k, shape_of(v)) for k, v in sorted((arguments or {}).items())),
    )
    memo = ctx.memo.get(("lifted", key))
    if isinstance(memo, Lifted):
        carried.called(ctx, memo.puts)
        return memo
    mark = carried.mark(ctx)
    body = interpret(
        ctx,
        found,
        self_kind=receiver,
        arguments=arguments or {},
        app=label,
        hint=hint,
        shape=key,
        scope=scope,
        signature=signature,
    )
    if listener is not None:
        body = _for_the_bridge(found, body, listener)
    table = symbols(ctx)
    record = FunctionRecord(
        token="",
        base_name=name or function_name(ctx, found),
        app=label,
        module_kind=module_kind,
        parameters=[*(Parameter(s.name, s.annotation) for s in body.state), *body.parameters],
        lines=list(body.lines),
        imports=body.imports,
        is_async=body.is_async,
        returns=widen(body.returns),
        doc=body.doc,
        legacy=found.name,
        where=found.where,
        folded=tuple(
            (k, v.kind.value)
            for k, v in (arguments or {}).items()
            if isinstance(v, Val) and isinstance(v.kind, Const)
        ),
        hint=hint,
        user=_user(receiver, arguments or {}),
    )
    record.token = table.new("fn", lambda: record.final)
    if body.frame is not None and body.frame.gives_held:
        giving(ctx).add(record.token)
    records(ctx).append(record)
    lifted = Lifted(
        record.token,
        ctx.import_path(label, module_kind),
        body.state,
        tuple(p.name for p in body.parameters),
        body.is_async,
        record.returns,
        frozenset(body.frame.changes_user if body.frame is not None else ()),
        carried.puts_since(ctx, mark, body.frame),
        body.frame is not None and body.frame.gives_read,
    )
    carried.called(ctx, lifted.puts)
    ctx.memo[("lifted", key)] = lifted
    # What has no hash is told apart by identity (``shape_of``): one that is gone must not lend its own to another.
    alive = ctx.memo.setdefault(("kernel", "lifted-for"), [])
    assert isinstance(alive, list)
    alive.append((receiver, dict(arguments or {})))
    return lifted


def _for_the_bridge(function: Function, body: Body, taken: Sequence[Parameter]) -> Body:
    """``body`` as that of an ``async def`` whose only state is the session, and whose arguments stand for those ``taken``."""
    own = {parameter.legacy: parameter for parameter in body.parameters}
    beyond = next((item.name for item in body.state if item.name != "db"), None)
    if beyond is not None:
        raise refuse("signal", function.name, f"It would need the request's {beyond}.", function.where)
    known = STATE["db"]
    state = (State("db", "state", lambda: known.annotation),)
    return replace(
        body,
        imports=body.imports | known.imports,
        is_async=True,
        state=state,
        parameters=tuple(own.get(parameter.legacy, parameter) for parameter in taken),
    )


def interpret(
    ctx: Context,
    function: str | Function,
    *,
    self_kind: Kind | Val | None = None,
    arguments: Mapping[str, Kind | Val] | None = None,
    app: str = "",
    scope: Scope | None = None,
    hint: str = "",
    shape: object = None,
    signature: Signature | None = None,
) -> Body:
    """Translate the body only. With a ``scope``, free state is written as the scope's expressions
    and no parameter is made for it."""
    registry.discover()
    found = find(ctx, function)
    if found.is_async:
        raise refuse("async-source", found.name, "The function is a coroutine already.", found.where)
    for decorator in found.wrapped_by:
        harmless = decorator in HARMLESS_DECORATORS | ATOMIC_DECORATORS | memoized.DECORATORS or _maps(
            ctx, found, decorator
        )
        if not harmless and not gives_back(ctx, decorator):
            raise refuse(
                "decorator", f"@{decorator}", "Segue does not know what this decorator does.", found.where
            )
    if "rules.predicates.predicate" in found.wrapped_by and re.search(r"@[^\n]*\bbind\b", found.source):
        raise refuse("decorator", "bind=True", "The predicate takes itself as an argument.", found.where)
    stack = ctx.memo.setdefault(("kernel", "stack"), [])
    assert isinstance(stack, list)
    # The same method of another class (a mixin's, of a serializer inside of a serializer) is another function.
    mark = f"{found.name} {_whose(self_kind)} {ctx.memo.get(LEVEL, 0)}"
    if mark in stack:
        raise refuse("recursion", found.name, "The function reaches itself.", found.where)
    stack.append(mark)
    try:
        renames: dict[str, str] = {}
        splits: list[int] = []
        decided: list[str] = []
        first: Refused | None = None
        for _ in range(12):
            frame = Frame(
                ctx,
                found,
                app or app_of(ctx, found),
                scope=scope,
                hint=hint,
                shape=shape,
                renames=dict(renames),
                splits=tuple(splits),
                decided=tuple(decided),
            )
            try:
                with carried.translating(ctx, frame):
                    return _interpret(frame, self_kind, arguments or {}, signature)
            except RenameNeeded as needed:
                renames[needed.local] = renames.get(needed.local, needed.local) + "_"
            except Refused as refused:
                first = first or refused
                unknown = next((local for local in frame.undecided if local not in decided), None)
                if unknown is not None and not decided:
                    decided.append(unknown)
                    first = None
                    continue
                torn = next((line for line in frame.torn if line not in splits), None)
                if torn is None or len(splits) == MOST:
                    raise first from None
                splits.append(torn)
        raise refuse("names", found.name, "Local names and state names cannot be told apart.", found.where)
    finally:
        stack.pop()


def _maps(ctx: Context, function: Function, decorator: str) -> bool:
    """``@star.mapping.delete``: the function is what it was, and DRF's router calls it for that method of the action's URL
    (``rest_framework.decorators.MethodMapper``)."""
    name, _, method = decorator.partition(".mapping.")
    if method not in ("get", "post", "put", "patch", "delete", "head", "options", "trace"):
        return False
    cls = ctx.snapshot.classes.get(function.owner)
    action = ctx.snapshot.functions.get(cls.methods.get(name, "")) if cls is not None else None
    return action is not None and "rest_framework.decorators.action" in action.wrapped_by


def _whose(self_kind: Kind | Val | None) -> str:
    kind = self_kind.kind if isinstance(self_kind, Val) else self_kind
    return kind.name if isinstance(kind, SerializerSelf) else kind.cls if isinstance(kind, Object) else ""


def _user(receiver: Val | None, arguments: Mapping[str, Kind | Val]) -> str:
    """The class, in snake case, of the view that hands itself in, or of the serializer; '' for none."""
    kinds = [g.kind if isinstance(g, Val) else g for g in (receiver, *arguments.values())]
    views = [k.endpoint.cls for k in kinds if isinstance(k, ViewSelf)]
    serializers = [k.name for k in kinds if isinstance(k, SerializerSelf)]
    return next((snake(cls.rpartition(".")[2]) for cls in (*views, *serializers) if cls), "")


def _interpret(
    frame: Frame,
    self_kind: Kind | Val | None,
    arguments: Mapping[str, Kind | Val],
    signature: Signature | None,
) -> Body:
    found = frame.function
    source = textwrap.dedent(found.source)
    tree = ast.parse(source)
    definition = tree.body[0] if tree.body else None
    if not isinstance(definition, ast.FunctionDef):
        raise frame.refuse("no-source", found.name, "Its source is not one function definition.")
    frame.comments = Comments.of(source)
    every = walk(definition)
    if any(isinstance(n, ast.Yield | ast.YieldFrom) for n in every):
        raise frame.refuse("generator", found.name, "The function is a generator.", definition)
    for node in every:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            frame.locals_seen.add(node.id)
    frame.owner = found.owner
    frame.keeps_state = True
    parameters = _bind_parameters(frame, definition, self_kind, arguments)
    if signature is not None:
        parameters = _spread_parameters(frame, definition, parameters, signature)
    statements = definition.body
    doc = ast.get_docstring(definition, clean=True) or ""
    if doc:
        frame.comments.skip(statements[0])
        statements = statements[1:]
    else:
        for row in [r for r in frame.comments.own if r < definition.lineno]:
            del frame.comments.own[row]
    statements = entry_by_entry(frame, statements)
    _run(frame, definition, decide(split(statements, frame.splits), frame.decided))
    if frame.alive:
        frame.leave(Const(None))
    from segue.translate.serializers.kept import leaves

    leaves(frame)
    from segue.translate.rules.request_state import opened

    returns = frame.returns[0] if frame.returns else Const(None)
    for kind in frame.returns[1:]:
        returns = join(returns, kind)
    if isinstance(returns, Response) and returns.drf:  # what is answered is asked nothing
        returns = replace(returns, drf=False)
    opened(frame)
    if frame.scope is None:
        _forget_unused_state(frame)
    if memoized.DECORATORS & set(found.wrapped_by):
        memoized.check(frame.ctx, found, frame, parameters, returns)
    order = {key: i for i, key in enumerate(STATE)}
    state = tuple(
        State(
            key,
            "state" if key in STATE else "url" if key in frame.url_arguments else "extra",
            parameter.annotation,
            frame.url_arguments.get(key),
        )
        for key, parameter in sorted(frame.state_used.items(), key=lambda i: (order.get(i[0], 99), i[0]))
    )
    if frame.alive and (not frame.lines or returns != Const(None)):
        # What comes to its end gives None, which type checkers want said where other ends give something.
        frame.emit("return None")
    say_types(frame)
    from segue.translate.rules.standard_containers import say_containers

    say_containers(frame)
    return Body(
        tuple(frame.lines),
        frozenset(frame.imports),
        frame.is_async,
        returns,
        doc,
        state,
        tuple(parameters),
        frame,
    )


def _forget_unused_state(frame: Frame) -> None:
    """What was asked for on the way (the session, for a row whose key was at hand after all) is no parameter."""
    words = set(WORD.findall("\n".join(frame.lines)))
    for key in [k for k in frame.state_used if k not in words]:
        del frame.state_used[key]
    frame.is_async = frame.is_async and not words.isdisjoint({"await", "async"})


def _run(frame: Frame, definition: ast.FunctionDef, statements: list[ast.stmt]) -> None:
    """The body; with ``@transaction.atomic`` it stands in ``async with db.atomic():``."""
    if not is_atomic(frame, definition):
        frame.run(statements)
        return
    with in_atomic(frame):
        frame.run(statements)


AMBIENT = (
    Request,
    EarlyRequest,
    ViewSelf,
    SerializerSelf,
    HandlerContext,
    RendererContext,
    RenderedView,
    ParsingContext,
    AcceptedType,
    Keywords,
    NoArguments,
    Global,
)


def _bind_parameters(
    frame: Frame,
    definition: ast.FunctionDef,
    self_kind: Kind | Val | None,
    arguments: Mapping[str, Kind | Val],
) -> list[Parameter]:
    spec = definition.args
    legacy = [*spec.posonlyargs, *spec.args]
    defaults: dict[str, ast.expr] = {}
    for arg, default in zip(legacy[len(legacy) - len(spec.defaults) :], spec.defaults, strict=True):
        defaults[arg.arg] = default
    for arg, kw_default in zip(spec.kwonlyargs, spec.kw_defaults, strict=True):
        if kw_default is not None:
            defaults[arg.arg] = kw_default
    names = [a.arg for a in legacy] + [a.arg for a in spec.kwonlyargs]
    out: list[Parameter] = []
    if frame.function.role in ("method", "property", "cached_property", "classmethod") and names:
        own, names = names[0], names[1:]
        receiver = self_kind if isinstance(self_kind, Val) else Val(self_kind or Unknown("self"))
        frame.receiver = receiver
        if receiver.node is not None and isinstance(receiver.node, ast.Name):
            # ``def is_friend(self, user)`` of the user model: two users, two names.
            local = receiver.node.id if receiver.node.id not in names else f"this_{receiver.node.id}"
            frame.locals_seen.add(local)
            value = Val(receiver.kind, name(local))
            out.append(Parameter(local, _annotate(frame, receiver.kind), legacy=own))
        else:
            value = receiver
        frame.receiver = value
        frame.env[own] = value
    for extra in (spec.vararg, spec.kwarg):
        if extra is not None:
            passed = arguments.get(extra.arg)
            known = passed.kind if isinstance(passed, Val) else passed
            frame.env[extra.arg] = Val(known if known is not None else Unknown(f"*{extra.arg}"))
    for legacy_name in names:
        if legacy_name in arguments:
            given = arguments[legacy_name]
            kind = given.kind if isinstance(given, Val) else given
            if isinstance(given, Val) and isinstance(kind, Const):
                _bind_constant(frame, definition, legacy_name, given)
                continue
            if _ambient(kind):
                frame.env[legacy_name] = Val(kind)
                continue
            local = frame.bind(legacy_name, Val(kind))
            frame.parameters[legacy_name] = kind
            out.append(Parameter(local, _annotate(frame, kind), legacy=legacy_name))
        elif legacy_name in defaults:
            check_default(frame, legacy_name, defaults[legacy_name])
            with language.unsettled(frame.ctx, language.IN_DEFAULT):
                frame.env[legacy_name] = frame.eval(defaults[legacy_name])
        else:
            frame.env[legacy_name] = Val(Unknown(f"argument {legacy_name}"))
    if spec.kwarg is not None and spec.kwarg.arg not in arguments:
        fixed = {*names, *(a.arg for a in legacy), spec.vararg.arg if spec.vararg is not None else ""}
        rest = {key: given for key, given in sorted(arguments.items()) if key not in fixed}
        if rest:
            _bind_rest(frame, spec.kwarg.arg, rest, out)
    return out


def _bind_rest(frame: Frame, name_of_rest: str, rest: Mapping[str, Kind | Val], out: list[Parameter]) -> None:
    """``**kwargs`` that this call gives by known names: a parameter for each that has code."""
    entries: list[tuple[str, Val]] = []
    for key, given in rest.items():
        kind = given.kind if isinstance(given, Val) else given
        if isinstance(given, Val) and isinstance(kind, Const):
            plain = isinstance(kind.value, str | int | float | bool | None)
            entries.append((key, const(kind.value) if plain else given))
        elif _ambient(kind):
            entries.append((key, Val(kind)))
        else:
            if key in frame.locals_seen:
                raise frame.refuse(
                    "names", key, "A local of the function and what it is passed have one name."
                )
            local = frame.bind(key, Val(kind))
            frame.parameters[key] = kind
            out.append(Parameter(local, _annotate(frame, kind), legacy=key))
            entries.append((key, frame.env.pop(key)))
    frame.env[name_of_rest] = Val(KeywordDict(tuple(entries)))


def _bind_constant(frame: Frame, definition: ast.FunctionDef, local: str, given: Val) -> None:
    """What is known of the argument stands where the parameter is used. A parameter that the body sets anew is a local."""
    kind = given.kind
    assert isinstance(kind, Const)
    # The caller may hold it in a variable of its own.
    value = const(kind.value) if isinstance(kind.value, str | int | float | bool | None) else given
    frame.env[local] = value
    anew = any(
        isinstance(n, ast.Name) and n.id == local and isinstance(n.ctx, ast.Store)
        for n in ast.walk(definition)
    )
    if anew and value.node is not None and frame.scope is None:
        frame.emit(f"{frame.bind(local, Val(kind))} = {value.text}")


def _spread_parameters(
    frame: Frame, definition: ast.FunctionDef, found: list[Parameter], signature: Signature
) -> list[Parameter]:
    """``found`` with the defaults of the legacy function, and its ``**rest``."""
    defaults = dict(signature.defaults)
    out = [replace(p, default=defaults.get(p.legacy, "")) for p in found]
    rest = definition.args.kwarg
    if rest is not None:
        local = frame.bind(rest.arg, frame.env[rest.arg])
        out.append(Parameter(f"**{local}", _annotate(frame, Scalar("Any")), legacy=f"**{rest.arg}"))
    return out


def _ambient(kind: Kind) -> bool:
    return isinstance(kind, (AMBIENT, Serializer, Global))


def _annotate(frame: Frame, kind: Kind) -> Callable[[], str]:
    text, imports = annotation(frame.ctx, kind)
    frame.use(*imports)
    return lambda: text


def app_of(ctx: Context, function: Function | Class) -> str:
    """Label of the app whose package holds the function or class; the longest module prefix wins."""
    best = max(
        (a for a in ctx.snapshot.apps if function.name.startswith(a.module + ".")),
        key=lambda a: len(a.module),
        default=None,
    )
    if best is not None:
        return best.label
    parts = function.name.split(".")
    return parts[0] if parts else "common"


__all__ = ["AMBIENT", "Body", "Lifted", "ListOf", "State", "find", "interpret", "lift"]
