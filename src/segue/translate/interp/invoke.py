"""Calls of project functions from a frame: lift the callee, pass state and arguments."""

from __future__ import annotations

import ast
import textwrap
from dataclasses import replace

from segue.refusal import Refused
from segue.snapshot.model import Function, GlobalRef
from segue.translate.functions.lift import AMBIENT, Lifted, app_of, lift
from segue.translate.functions.record import gives_no_items, gives_none, only_names, text_constant
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.join import widen
from segue.translate.interp.kept_rows import hand_on
from segue.translate.interp.members import has_members, is_member
from segue.translate.interp.same_set import as_read
from segue.translate.interp.told import told
from segue.translate.interp.value import Val, const, is_pure, name
from segue.translate.kinds import (
    Const,
    Expr,
    Global,
    KeywordDict,
    Keywords,
    Kind,
    LimitOffsetSelf,
    ListOf,
    NoArguments,
    PaginatorSelf,
    Q,
    QuerySet,
    Record,
    Scalar,
    Serializer,
    SerializerSelf,
    Unknown,
    UrlArguments,
    ViewSelf,
)
from segue.translate.load.models import snake
from segue.translate.trees import parsed


def invoke_function(
    frame: Frame, function: Function, site: CallSite, receiver: Val | None = None, module_kind: str = ""
) -> Val:
    """``function(...)`` (or ``receiver.function(...)``) with the arguments of ``site``."""
    from segue.translate.interp.handing_on import handed_on
    from segue.translate.interp.spread import spread_call

    spread = spread_call(
        frame, function, site, receiver, module_kind or module_kind_of(frame, function, receiver)
    )
    if spread is not None:
        return spread
    handed = handed_on(frame, function, site, receiver)
    if handed is not None:
        return handed
    arguments = bind_arguments(frame, function, site, receiver is not None)
    rest = rest_of(function)
    if rest and site.passed_on is None and arguments.keys() <= {*parameter_names(function), "self", "cls"}:
        arguments[rest] = Val(KeywordDict(()))
    return invoke(frame, function, arguments, receiver, site.node, module_kind)


def invoke(
    frame: Frame,
    function: Function,
    arguments: dict[str, Val],
    receiver: Val | None,
    node: ast.AST,
    module_kind: str = "",
) -> Val:
    """Call ``function`` with bound ``arguments``."""
    if any(isinstance(v.kind, Serializer) for v in arguments.values()):
        from segue.translate.interp.inline import inline_call

        return inline_call(frame, function, arguments, receiver, node)
    prepared: dict[str, Val] = {}
    constants: dict[str, Val] = {}
    for key, value in arguments.items():
        kind = value.kind
        if isinstance(kind, QuerySet) and _is_prefetched(kind):
            # The rows are there: a statement would ask for them again, once for each object.
            from segue.translate.rules.queryset_evaluate import loaded_list

            value = loaded_list(frame, value) or value
            kind = value.kind
        if isinstance(kind, QuerySet):
            from segue.translate.query.build import query_of, settle

            value = settle(frame, value)
            kind = QuerySet(replace(query_of(value), anew=False, read=False))
            value = Val(kind, value.node)
        if isinstance(kind, Const) and not (kind.value is None or isinstance(kind.value, bool)):
            if isinstance(kind.value, str) or is_member(kind.value):
                constants[key] = value
            kind = widen(kind) if not isinstance(kind.value, tuple) else kind
            value = Val(kind, value.node)
        if isinstance(kind, UrlArguments):
            from segue.translate.rules.url_arguments import whole

            value = whole(frame, value, node)
        if isinstance(kind, Unknown):
            raise frame.refuse(
                "unknown-argument",
                ast.unparse(node) if isinstance(node, ast.expr) else key,
                kind.why or f"Segue does not know what is passed as {key}.",
                node,
            )
        prepared[key] = value
    own: Val | None = None
    if receiver is not None:
        own = receiver
        if receiver.node is not None:
            own = Val(receiver.kind, name(receiver_name(frame, receiver.kind)))
    if constants and constants.keys() == prepared.keys():
        text = told(frame, function, own, constants)
        if text is not None:
            return const(text)
    label = app_of(frame.ctx, function)

    def lifted_with(given: dict[str, Val]) -> Lifted:
        return lift(
            frame.ctx,
            function,
            self_kind=own,
            arguments={k: (v if isinstance(v.kind, Const) else Val(v.kind)) for k, v in given.items()},
            module_kind=module_kind or home_of(frame) or module_kind_of(frame, function, receiver),
            app=label,
            name=_of_object(receiver, function),
            hint=frame.hint,
        )

    try:
        lifted = lifted_with(prepared)
    except Refused as refused:
        member = refused.refusal.code == "text-of" and any(has_members(v.kind) for v in constants.values())
        if not constants or not (member or refused.refusal.code in NAMING):
            raise
        # The text names something (a field, a column): the function is translated for that text.
        prepared.update(constants)
        lifted = lifted_with(prepared)
    if isinstance(lifted.returns, Q | Expr):
        # Conditions and expressions have no code before a query gives them meaning.
        from segue.translate.interp.inline import inline_call

        return inline_call(frame, function, _steady(frame, {**arguments, **prepared}, node), receiver, node)
    parts: list[ast.expr] = []
    if receiver is not None and receiver.node is not None:
        parts.append(receiver.node)
    named = parameter_names(function)
    # What the callee takes as ``**kwargs`` are parameters behind the others there (``lift._bind_rest``).
    order = [p for p in named if p in prepared] + sorted(p for p in prepared if p not in named)
    for key in order:
        value = prepared[key]
        if isinstance(value.kind, (*AMBIENT, Serializer, Const, Global)) or value.kind == KeywordDict(()):
            continue
        if value.node is None:
            raise frame.refuse("argument", key, "This has no form in the generated code.", node)
        parts.append(value.node)
    if lifted.is_async:
        hand_on(frame, function, arguments, node)
        if receiver is not None:
            hand_on(frame, function, {"self": receiver}, node)
    text = text_constant(frame.ctx, lifted)
    if text is not None and all(is_pure(part) for part in parts):
        return const(text)  # the name of a field, a key: what follows may have to know it
    if gives_no_items(frame.ctx, lifted) and all(is_pure(part) for part in parts):
        return Val(ListOf(Unknown("empty")), ast.List([], ast.Load()))
    still = all(is_pure(part) for part in parts)
    if isinstance(lifted.returns, Global) and only_names(frame.ctx, lifted) and still:
        return Val(lifted.returns)  # a class, which has no code of its own
    if lifted.returns == Const(None) and gives_none(frame.ctx, lifted) and still:
        return const(None)  # type checkers refuse the value of a function that only ever gives None
    returns = as_read(lifted.returns) if lifted.gives_read else lifted.returns
    return Val(returns, lifted_call(frame, lifted, parts))


def _of_object(receiver: Val | None, function: Function) -> str | None:
    """``note_service_close``: the function that a method of such an object is."""
    method = function.name.rpartition(".")[2]
    if receiver is None or not isinstance(receiver.kind, Record) or method.startswith("__"):
        return None
    return f"{snake(receiver.kind.cls.rpartition('.')[2].lstrip('_'))}_{method.lstrip('_')}"


# Refusals of a function that knows nothing of a text but its type.
NAMING = frozenset(
    {
        "dynamic-keywords",
        "expression",
        "values",
        "aggregate",
        "getattr",
        "setattr",
        "ordering",
        "date-format",
        "permission-name",
    }
)


def _steady(frame: Frame, arguments: dict[str, Val], node: ast.AST) -> dict[str, Val]:
    """The arguments as expressions that may be written down more than once."""
    found: dict[str, Val] = {}
    for key, value in arguments.items():
        if (
            value.node is None
            or isinstance(value.node, ast.Name | ast.Attribute | ast.Constant)
            or (isinstance(value.kind, QuerySet) and is_pure(value.node))
        ):
            found[key] = value
        else:
            found[key] = Val(value.kind, frame.hoist(key, value.node, node))
    return found


def _is_prefetched(kind: QuerySet) -> bool:
    """``instance.accessor.all()`` where the query that gave the instance has prefetched that."""
    related = kind.query.related
    return related is not None and related[0].mode == "row" and related[1] in related[0].site.prefetched


def lifted_call(frame: Frame, lifted: Lifted, explicit: list[ast.expr]) -> ast.expr:
    """The call, state first; state that this frame lacks becomes its parameter."""
    frame.use(*lifted.imports)
    parts: list[ast.expr] = []
    for item in lifted.state:
        if item.sort == "state":
            parts.append(frame.db if item.name == "db" else frame.state(item.name))
        elif item.sort == "url":
            value = frame.url_argument(item.name, item.kind or Scalar("str"), item.annotation())
            assert value.node is not None
            parts.append(value.node)
        else:
            value = frame.extra_state(item.name, item.annotation, item.kind or Unknown(item.name))
            assert value.node is not None
            parts.append(value.node)
    frame.changes_user |= lifted.changes_user
    call: ast.expr = ast.Call(name(lifted.name), [*parts, *explicit], [])
    if lifted.is_async:
        frame.is_async = True
        call = ast.Await(call)
    return call


def receiver_name(frame: Frame, kind: Kind) -> str:
    """What ``self`` is called in a lifted method: the model in snake case."""
    from segue.translate.kinds import Instance, User

    if isinstance(kind, Instance):
        return snake(frame.ctx.model(kind.model).cls.rpartition(".")[2])
    if isinstance(kind, User):
        return "user"
    if isinstance(kind, QuerySet):
        return "statement"
    if isinstance(kind, Record):
        return snake(kind.cls.rpartition(".")[2].lstrip("_"))
    if isinstance(kind, PaginatorSelf | LimitOffsetSelf):
        return "page"
    return "value"


def home_of(frame: Frame) -> str:
    """The module in which all helpers of what is being lifted stand; '' for each beside what it is part of."""
    home = frame.ctx.memo.get(("kernel", "home"))
    return home if isinstance(home, str) else ""


def module_kind_of(frame: Frame, function: Function, receiver: Val | None = None) -> str:
    """Where a helper goes: beside what it is part of. What views do themselves needs the rest, and nothing needs it."""
    from segue.translate.kinds import QuerySet as Q  # noqa: F401

    owner = frame.ctx.snapshot.classes.get(function.owner)
    names = " ".join(owner.mro) if owner is not None else function.owner
    use = getattr(receiver.kind, "use", None) if receiver is not None else None
    if getattr(use, "purpose", "") == "write":
        return "validation"
    if "rest_framework.permissions" in names or ".permissions." in function.name:
        return "permissions"
    if "rest_framework.authentication" in names:
        return "authentication"
    if "rest_framework.serializers" in names:
        kind = receiver.kind if receiver is not None else None
        use = kind.use if isinstance(kind, SerializerSelf) else None
        return "validation" if getattr(use, "purpose", "") == "write" else "presenters"
    if "django_filters" in names:
        return "filters"
    if "django.db.models.query" in names or "django.db.models.manager" in names:
        return "queries"
    return "views" if receiver is not None and isinstance(receiver.kind, ViewSelf) else "services"


def rest_of(function: Function) -> str:
    """The name of its ``**kwargs``; '' for none."""
    tree = parsed(textwrap.dedent(function.source)).body[0]
    return tree.args.kwarg.arg if isinstance(tree, ast.FunctionDef) and tree.args.kwarg is not None else ""


def parameter_names(function: Function) -> list[str]:
    """The names of its parameters, ``self`` included, but for ``*args`` and ``**kwargs``."""
    tree = parsed(textwrap.dedent(function.source)).body[0]
    assert isinstance(tree, ast.FunctionDef | ast.AsyncFunctionDef)
    spec = tree.args
    return [a.arg for a in [*spec.posonlyargs, *spec.args, *spec.kwonlyargs]]


def bind_arguments(frame: Frame, function: Function, site: CallSite, bound: bool) -> dict[str, Val]:
    """Arguments of the call by the callee's parameter names."""
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    if not isinstance(tree, ast.FunctionDef):
        raise frame.refuse(
            "no-source", function.name, "Its source is not one function definition.", site.node
        )
    spec = tree.args
    positional = [a.arg for a in [*spec.posonlyargs, *spec.args]]
    if function.role in ("method", "property", "cached_property", "classmethod") and positional:
        positional = positional[1:]
    found: dict[str, Val] = {}
    beyond = site.args[len(positional) :]
    constants = [v.kind.value for v in beyond if isinstance(v.kind, Const)]
    fixed = spec.vararg is not None and bool(beyond) and len(constants) == len(beyond)
    if beyond and not fixed and not _only_passed_on(tree, beyond):
        raise frame.refuse(
            "call-arguments", ast.unparse(site.node), "More arguments than parameters.", site.node
        )
    for parameter, value in zip(positional, site.args, strict=False):
        found[parameter] = value
    known = {*positional, *(a.arg for a in spec.kwonlyargs)}
    if spec.vararg is not None:
        every = ast.Tuple([ast.Constant(c) for c in constants], ast.Load())
        found[spec.vararg.arg] = Val(Const(tuple(constants)), every) if fixed else Val(NoArguments())
    rest = list(site.passed_on.given) if site.kwargs is not None and site.passed_on is not None else []
    if site.passed_on is not None:
        _pass_on(frame, function, site, found, known)
    for key, value in site.kwargs.items():
        if key not in known and spec.kwarg is not None and site.passed_on is not None:
            if not isinstance(value.kind, Const):
                raise frame.refuse(
                    "call-arguments", ast.unparse(site.node), f"Passed on as **{key}.", site.node
                )
            rest.append((key, value.kind.value))
            continue
        if key not in known and spec.kwarg is None:
            raise frame.refuse(
                "call-arguments", ast.unparse(site.node), f"There is no parameter {key}.", site.node
            )
        found[key] = value
    if spec.kwarg is not None and site.passed_on is not None:
        given = tuple((k, v) for k, v in dict(rest).items() if k not in known)
        found[spec.kwarg.arg] = Val(Keywords(site.passed_on.endpoint, given))
    del bound
    return found


def _only_passed_on(tree: ast.FunctionDef, extra: list[Val]) -> bool:
    """``super().create(request, args, kwargs)``: what a view is called with, for a ``*args`` that nobody looks into."""
    if tree.args.vararg is None or not all(isinstance(v.kind, NoArguments | Keywords) for v in extra):
        return False
    handed_on = {
        id(argument.value if isinstance(argument, ast.Starred) else argument)
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        for argument in call.args
    }
    return all(
        id(node) in handed_on
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and node.id == tree.args.vararg.arg
    )


def _pass_on(
    frame: Frame, function: Function, site: CallSite, found: dict[str, Val], known: set[str]
) -> None:
    """``**kwargs`` of a view's method for the parameters that the callee names."""
    assert site.passed_on is not None
    for key, value in site.passed_on.given:
        if key in known:
            found[key] = const(value)
    reachable = site.passed_on.endpoint.url_arguments if site.passed_on.endpoint is not None else {}
    for key, kind in reachable.items():
        if key in known and key not in found:
            found[key] = frame.url_argument(key, kind, kind.type if isinstance(kind, Scalar) else "str")


def method_function(frame: Frame, cls: str, attr: str) -> tuple[str, Function | None] | None:
    """``(dotted name, source)`` of the method that look-up on ``cls`` finds."""
    known = frame.ctx.snapshot.classes.get(cls)
    if known is None or attr not in known.methods:
        dotted = f"{cls}.{attr}"
        function = frame.ctx.snapshot.functions.get(dotted)
        return (dotted, function) if function is not None else None
    dotted = known.methods[attr]
    return dotted, frame.ctx.snapshot.functions.get(dotted)


def construct(frame: Frame, dotted: str, site: CallSite) -> Val | None:
    """An exception class of the project or a framework, a model, else ``None``."""
    from segue.translate.rules.exceptions import project_exception
    from segue.translate.rules.model_class import new_instance

    label = model_label(frame, dotted)
    if label is not None:
        return new_instance(frame, label, site)
    if dotted in frame.ctx.snapshot.serializers:
        from segue.translate.views.serializer_object import construct_serializer

        return construct_serializer(frame, dotted, site)
    from segue.translate.rules.queryset_class import construct_queryset

    rows = construct_queryset(frame, dotted, site)
    if rows is not None:
        return rows
    from segue.translate.filters.rules.objects import construct_filterset
    from segue.translate.pagination.rules.objects import construct_paginator

    made = construct_filterset(frame, dotted, site) or construct_paginator(frame, dotted, site)
    if made is not None:
        return made
    from segue.translate.rules.csv_files import echo
    from segue.translate.rules.data_objects import construct_data
    from segue.translate.rules.enumerations import construct_enum
    from segue.translate.rules.own_objects import construct_object
    from segue.translate.rules.plain_objects import construct_plain

    of_enum = construct_enum(frame, dotted, site)
    if of_enum is not None:
        return of_enum
    found = echo(frame, dotted, site) or construct_plain(frame, dotted, site)
    found = found if found is not None else project_exception(frame, dotted, site)
    found = found if found is not None else construct_data(frame, dotted, site)
    return found if found is not None else construct_object(frame, dotted, site)


def model_label(frame: Frame, dotted: str) -> str | None:
    """Label of the model with that class."""
    table = frame.ctx.memo.get(("kernel", "model-classes"))
    if table is None:
        table = {m.cls: label for label, m in frame.ctx.snapshot.models.items()}
        frame.ctx.memo[("kernel", "model-classes")] = table
    assert isinstance(table, dict)
    found = table.get(dotted)
    return str(found) if found is not None else None


__all__ = [
    "Global",
    "GlobalRef",
    "bind_arguments",
    "construct",
    "invoke",
    "invoke_function",
    "lifted_call",
    "method_function",
    "model_label",
    "parameter_names",
    "rest_of",
]
