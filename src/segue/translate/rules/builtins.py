"""Python's builtins on plain values, lists and querysets."""

from __future__ import annotations

import ast

from segue.translate.interp.callbacks import as_function
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.expressions.comprehensions import awaits
from segue.translate.interp.expressions.literals import printable
from segue.translate.interp.frame import Frame
from segue.translate.interp.iterate import iterable
from segue.translate.interp.join import join, widen
from segue.translate.interp.members import has_members, told
from segue.translate.interp.value import Val, const, is_pure, name, quote
from segue.translate.kinds import (
    Const,
    DictOf,
    Global,
    Instance,
    Kind,
    ListOf,
    Money,
    Payload,
    QuerySet,
    Record,
    RelatedManager,
    Scalar,
    TupleOf,
    Unknown,
    UrlArguments,
    ValidatedData,
)
from segue.translate.rules import registry
from segue.translate.rules.enumeration_loops import members
from segue.translate.rules.registry import function
from segue.translate.rules.url_arguments import url_entries, whole

_PLAIN = (Const, Scalar, ListOf, DictOf, Payload, ValidatedData)


def code(frame: Frame, value: Val, node: ast.AST) -> ast.expr:
    """Code of a plain value; refuses anything else."""
    if value.node is not None and frame.bottom(value.kind, node):
        return value.node
    if value.node is None or not isinstance(value.kind, _PLAIN):
        why = value.kind.why if isinstance(value.kind, Unknown) else ""
        text = ast.unparse(node) if isinstance(node, ast.expr) else ""
        raise frame.refuse(
            "argument", text, why or f"Segue has no rule for a {type(value.kind).__name__} here.", node
        )
    return value.node


def _converter(builtin: str, result: str) -> None:
    @function(f"builtins.{builtin}")
    def rule(frame: Frame, call: CallSite) -> Val:
        if builtin == "str":
            if not call.args:
                return const("")
            first = call.args[0]
            of_member = told(first.kind)
            if of_member is not None:
                return const(of_member)
            own = registry.methods.get((type(first.kind), "__str__"))
            shown = own(frame, first, call) if own is not None else None
            if shown is not None:
                return shown
            inner = printable(frame, first, call.raw_args[0])
            if isinstance(widen(first.kind), Scalar) and widen(first.kind) == Scalar("str"):
                return Val(Scalar("str"), inner)
            return Val(Scalar("str"), quote("str({0})", inner))
        if builtin == "repr" and any(has_members(v.kind) for v in call.args):
            raise frame.refuse(
                "text-of", ast.unparse(call.node), "The picture of a member of an enumeration.", call.node
            )
        parts = [code(frame, v, call.node) for v in call.args]
        if call.kwargs and builtin != "int":
            call.only()
        if call.args and builtin in ("int", "float") and _may_be_none(call.args[0]):
            # A TypeError on both sides, which mypy would tell of.
            helper = frame.imported("segue_bridge.db.reads", "unchecked")
            parts[0] = quote("{0}({1})", helper, parts[0])
        made = ast.Call(
            name(builtin), parts, [ast.keyword(k, code(frame, v, call.node)) for k, v in call.kwargs.items()]
        )
        return Val(Scalar(result), made)


def _may_be_none(value: Val) -> bool:
    return isinstance(value.kind, Scalar) and value.kind.nullable and value.kind.type != "Any"


for _builtin, _result in (
    ("int", "int"),
    ("float", "float"),
    ("str", "str"),
    ("bytes", "bytes"),
    ("ord", "int"),
    ("chr", "str"),
    ("hex", "str"),
    ("repr", "str"),
    ("hash", "int"),
):
    _converter(_builtin, _result)


@function("builtins.bool")
def to_bool(frame: Frame, call: CallSite) -> Val:
    """``bool(x)``."""
    from segue.translate.interp.conditions import test

    found = test(frame, call.raw_args[0])
    if found.known is not None:
        return const(found.known)
    return Val(Scalar("bool"), quote("bool({0})", found.node))


@function("builtins.len")
def length(frame: Frame, call: CallSite) -> Val:
    """``len(x)``; of a queryset: of its rows (Django fetches them too)."""
    first = call.args[0]
    if isinstance(first.kind, UrlArguments):
        return const(len(url_entries(frame, first, call.node)))
    if isinstance(first.kind, QuerySet | RelatedManager):
        from segue.translate.rules.queryset_evaluate import fetched_rows

        rows = fetched_rows(frame, first, call.raw_args[0])
        assert rows.node is not None
        return Val(Scalar("int"), quote("len({0})", rows.node))
    if isinstance(first.kind, Global):
        first = members(frame, first) or first
    if isinstance(first.kind, Const) and isinstance(first.kind.value, str | tuple):
        return const(len(first.kind.value))
    items = (
        first.node.elts if isinstance(first.node, ast.List | ast.Tuple) else None
    )  # a list of a class, say
    if items is not None and not any(isinstance(i, ast.Starred) or not is_pure(i) for i in items):
        return const(len(items))
    return Val(Scalar("int"), quote("len({0})", code(frame, first, call.node)))


def setting_keys(frame: Frame, value: Val) -> tuple[str, ...] | None:
    """The keys of a setting of the project that is a dict: ``list(settings.REGIONS)``."""
    if not isinstance(value.kind, Global) or not value.kind.ref.name.startswith("django.conf.settings."):
        return None
    found = frame.ctx.snapshot.settings.values.get(value.kind.ref.name.rpartition(".")[2])
    if found is None or found.kind != "dict" or not all(isinstance(key.data, str) for key, _ in found.pairs):
        return None
    return tuple(str(key.data) for key, _ in found.pairs)


def _collect(builtin: str) -> None:
    @function(f"builtins.{builtin}")
    def rule(frame: Frame, call: CallSite) -> Val:
        if not call.args:
            empty = Unknown("empty")
            return Val(
                ListOf(empty, builtin),
                quote(
                    f"{builtin}()"
                    if builtin == "set"
                    else {"list": "[]", "tuple": "()"}.get(builtin, "frozenset()")
                ),
            )
        first = call.args[0]
        keys = setting_keys(frame, first)
        if keys is not None:
            parts: list[ast.expr] = [ast.Constant(key) for key in keys]
            made = (
                ast.List(parts, ast.Load())
                if builtin == "list"
                else quote(f"{builtin}({{0}})", ast.Tuple(parts, ast.Load()))
            )
            return Val(ListOf(Scalar("str"), builtin), made)
        inner, item = iterable(frame, first, call.raw_args[0])
        if (
            builtin == "list"
            and isinstance(inner, ast.Call)
            and isinstance(inner.func, ast.Name)
            and inner.func.id == "sorted"
        ):
            return Val(ListOf(item), inner)  # a list of its own already
        if builtin == "list" and isinstance(inner, ast.List | ast.Tuple):
            return Val(ListOf(item), ast.List(inner.elts, ast.Load()))
        if isinstance(inner, ast.GeneratorExp) and (builtin == "list" or awaits(inner)):
            inner = ast.ListComp(inner.elt, inner.generators)
            if builtin == "list":
                return Val(ListOf(item), inner)
        if builtin == "list" and isinstance(first.kind, QuerySet):
            return Val(
                ListOf(item),
                inner if isinstance(inner, ast.Await | ast.ListComp) else quote("list({0})", inner),
            )
        return Val(ListOf(item, builtin), quote(f"{builtin}({{0}})", inner))


for _builtin in ("list", "set", "tuple", "frozenset"):
    _collect(_builtin)


def _first_of(pair: Kind) -> Kind:
    """What the keys are that ``dict(pairs)`` makes."""
    first: Kind = Scalar("Any")
    if isinstance(pair, TupleOf) and pair.items:
        first = widen(pair.items[0])
    elif isinstance(pair, DictOf) and pair.items:
        first = widen(pair.items[0][1])
    elif isinstance(pair, ListOf):
        first = widen(pair.item)
    return first if isinstance(first, Scalar) else Scalar("Any")


@function("builtins.dict", "collections.OrderedDict")
def to_dict(frame: Frame, call: CallSite) -> Val:
    """``dict(a=1)``, ``dict(pairs)``; every dict keeps its order."""
    if call.args:
        first = call.args[0]
        if isinstance(first.kind, UrlArguments) and not call.kwargs:
            return whole(frame, first, call.node)
        if (
            isinstance(first.kind, DictOf | ValidatedData | Payload)
            and first.node is not None
            and not call.kwargs
        ):
            return Val(
                DictOf((), Scalar("Any")) if isinstance(first.kind, Payload) else first.kind,
                quote("dict({0})", first.node),
            )
        inner, pair = iterable(frame, first, call.raw_args[0])
        if call.kwargs:
            raise frame.refuse("argument", ast.unparse(call.node), "dict(pairs, **more).", call.node)
        return Val(DictOf((), Scalar("Any"), _first_of(pair)), quote("dict({0})", inner))
    items = [(k, widen(v.kind)) for k, v in call.kwargs.items()]
    made = ast.Dict(
        [ast.Constant(k) for k in call.kwargs], [code_any(frame, v, call.node) for v in call.kwargs.values()]
    )
    return Val(DictOf(tuple(items)), made)


def code_any(frame: Frame, value: Val, node: ast.AST) -> ast.expr:
    """Code of anything that has code."""
    if value.node is not None and frame.bottom(value.kind, node):
        return value.node
    if value.node is None or isinstance(value.kind, Unknown):
        raise frame.refuse(
            "argument",
            ast.unparse(node) if isinstance(node, ast.expr) else "",
            "This has no form in the generated code.",
            node,
        )
    return value.node


@function("builtins.any", "builtins.all")
def quantifier(frame: Frame, call: CallSite) -> Val:
    """``any(...)``/``all(...)``; one that asks the database stops at the same item."""
    known = _decided(frame, call)
    if known is not None:
        return const(known)
    first = call.args[0]
    builtin = call.name.rpartition(".")[2]
    if isinstance(first.kind, TupleOf) and first.node is not None and is_pure(first.node):
        return Val(Scalar("bool"), quote(f"{builtin}({{0}})", first.node))
    inner, _ = iterable(frame, first, call.raw_args[0])
    if awaits(inner):
        assert isinstance(inner, ast.GeneratorExp)
        generator = inner.generators[0]
        if len(inner.generators) != 1 or generator.ifs or not isinstance(generator.target, ast.Name):
            raise frame.refuse(
                "async-any", ast.unparse(call.node), f"{builtin}() over queries with conditions.", call.node
            )
        element = inner.elt.value if isinstance(inner.elt, ast.Await) else None
        if element is None:
            raise frame.refuse(
                "async-any", ast.unparse(call.node), f"{builtin}() over a composed query.", call.node
            )
        helper = frame.imported("segue_bridge.db.reads", f"{builtin}_of")
        test = ast.Lambda(ast.arguments([], [ast.arg(generator.target.id)], None, [], [], None, []), element)
        return Val(Scalar("bool"), quote("await {0}({1}, {2})", helper, generator.iter, test))
    return Val(Scalar("bool"), quote(f"{builtin}({{0}})", inner))


def _decided(frame: Frame, call: CallSite) -> bool | None:
    """What it comes to of settings and classes, written in place."""
    from segue.translate.interp.conditions import test

    raw = call.node.args[0] if len(call.node.args) == 1 and not call.node.keywords else None
    if not isinstance(raw, ast.List | ast.Tuple) or not all(
        isinstance(e, ast.Name | ast.Attribute) for e in raw.elts
    ):
        return None
    with frame.capture() as lines:
        tests = [test(frame, element).known for element in raw.elts]
    if lines or None in tests:
        return None
    return any(tests) if call.name == "builtins.any" else all(tests)


@function("builtins.sum", "builtins.min", "builtins.max")
def fold(frame: Frame, call: CallSite) -> Val:
    """``sum(items)``, ``min(a, b)``, ``max(items, key=…)``."""
    builtin = call.name.rpartition(".")[2]
    keywords: list[ast.keyword] = []
    if len(call.args) > 1 and builtin != "sum":
        parts = [code(frame, v, call.node) for v in call.args]
        kind: Kind = widen(call.args[0].kind)
        for value in call.args[1:]:
            kind = join(kind, widen(value.kind))
        call.only()
        return Val(kind, ast.Call(name(builtin), parts, []))
    inner, item = iterable(frame, call.args[0], call.raw_args[0])
    if awaits(inner):
        assert isinstance(inner, ast.GeneratorExp)
        inner = ast.ListComp(inner.elt, inner.generators)
    if "key" not in call.kwargs and builtin != "sum" and isinstance(item, Instance):
        raise frame.refuse("sorted", ast.unparse(call.node), "Objects have no order.", call.node)
    _no_money(frame, item, call)
    parts = [inner, *(code(frame, v, call.node) for v in call.args[1:])]
    result = widen(item)
    for key, value in call.kwargs.items():
        if key == "key":
            lambda_node, given = as_function(frame, value, [item], call.node)
            _no_money(frame, given, call)
            keywords.append(ast.keyword("key", lambda_node))
        elif key == "default":
            keywords.append(ast.keyword("default", code_any(frame, value, call.node)))
            result = join(result, value.kind)
        elif key == "start":
            keywords.append(ast.keyword("start", code(frame, value, call.node)))
        else:
            call.only("key", "default", "start")
    if builtin == "sum" and isinstance(result, Scalar) and result.type == "bool":
        result = Scalar("int")
    return Val(result, ast.Call(name(builtin), parts, keywords))


def _no_money(frame: Frame, kind: Kind, call: CallSite) -> None:
    """Refuse to sum or to order amounts of money, which django-money does where their currencies are equal."""
    if isinstance(kind, Money):
        why = "Amounts of money are neither summed nor ordered here: take their .amount."
        raise frame.refuse("money", ast.unparse(call.node), why, call.node)


@function("builtins.sorted", "builtins.reversed")
def ordered(frame: Frame, call: CallSite) -> Val:
    """``sorted(items, key=lambda …, reverse=…)``."""
    builtin = call.name.rpartition(".")[2]
    inner, item = iterable(frame, call.args[0], call.raw_args[0])
    if awaits(inner):
        assert isinstance(inner, ast.GeneratorExp)
        inner = ast.ListComp(inner.elt, inner.generators)
    keywords: list[ast.keyword] = []
    for key, value in call.kwargs.items():
        if key == "key":
            if isinstance(value.kind, Global) and value.kind.ref.name in (
                "builtins.str.lower",
                "builtins.len",
                "builtins.str",
            ):
                keywords.append(ast.keyword("key", name(value.kind.ref.name.removeprefix("builtins."))))
                continue
            lambda_node, given = as_function(frame, value, [item], call.node)
            _no_money(frame, given, call)
            keywords.append(ast.keyword("key", lambda_node))
        elif key == "reverse":
            keywords.append(ast.keyword("reverse", code(frame, value, call.node)))
        else:
            call.only("key", "reverse")
    if "key" not in call.kwargs and builtin == "sorted" and isinstance(item, Instance | Record):
        raise frame.refuse("sorted", ast.unparse(call.node), "Objects have no order.", call.node)
    _no_money(frame, item, call)
    return Val(
        ListOf(item, "list" if builtin == "sorted" else "Iterator"),
        ast.Call(name(builtin), [inner], keywords),
    )


@function("builtins.enumerate")
def enumerate_(frame: Frame, call: CallSite) -> Val:
    """``enumerate(items)``."""
    inner, item = iterable(frame, call.args[0], call.raw_args[0])
    rest = [code(frame, v, call.node) for v in call.args[1:]]
    keywords = [ast.keyword(k, code(frame, v, call.node)) for k, v in call.kwargs.items()]
    pair = DictOf((("0", Scalar("int")), ("1", item)))
    return Val(ListOf(pair, "Iterator"), ast.Call(name("enumerate"), [inner, *rest], keywords))


@function("builtins.zip")
def zip_(frame: Frame, call: CallSite) -> Val:
    """``zip(a, b)``."""
    call.only()
    parts = [iterable(frame, v, n) for v, n in zip(call.args, call.raw_args, strict=True)]
    pair = DictOf(tuple((str(i), kind) for i, (_, kind) in enumerate(parts)))
    made = ast.Call(name("zip"), [c for c, _ in parts], [ast.keyword("strict", ast.Constant(False))])
    return Val(ListOf(pair, "Iterator"), made)


@function("builtins.range")
def range_(frame: Frame, call: CallSite) -> Val:
    """``range(n)``."""
    return Val(
        ListOf(Scalar("int"), "Iterator"),
        ast.Call(name("range"), [code(frame, v, call.node) for v in call.args], []),
    )


@function("builtins.abs", "builtins.round")
def number(frame: Frame, call: CallSite) -> Val:
    """``abs(x)``, ``round(x, n)``."""
    builtin = call.name.rpartition(".")[2]
    parts = [code(frame, v, call.node) for v in call.args]
    kind = widen(call.args[0].kind)
    if builtin == "round" and len(parts) == 1:
        kind = Scalar("int")
    return Val(kind if isinstance(kind, Scalar) else Scalar("Any"), ast.Call(name(builtin), parts, []))


@function("builtins.next")
def next_(frame: Frame, call: CallSite) -> Val:
    """``next((x for …), default)``."""
    inner, item = iterable(frame, call.args[0], call.raw_args[0])
    if awaits(inner):
        raise frame.refuse("async-next", ast.unparse(call.node), "next() over queries.", call.node)
    if len(call.args) > 1:
        default = call.args[1]
        return Val(
            join(item, default.kind), quote("next({0}, {1})", inner, code_any(frame, default, call.node))
        )
    return Val(item, quote("next({0})", inner))


@function("builtins.filter", "builtins.map")
def functional(frame: Frame, call: CallSite) -> Val:
    """``map(lambda …, items)``, ``filter(None, items)``."""
    builtin = call.name.rpartition(".")[2]
    inner, item = iterable(frame, call.args[1], call.raw_args[1])
    first = call.args[0]
    if builtin == "filter" and isinstance(first.kind, Const) and first.kind.value is None:
        from segue.translate.interp.join import not_null

        return Val(ListOf(not_null(item), "Iterator"), quote("filter(None, {0})", inner))
    if (
        builtin == "map"
        and isinstance(first.kind, Global)
        and first.kind.ref.name in ("builtins.int", "builtins.str", "builtins.float")
    ):
        short = first.kind.ref.name.removeprefix("builtins.")
        if not isinstance(item, Scalar):
            raise frame.refuse("map", ast.unparse(call.node), "Segue does not know the items.", call.node)
        return Val(ListOf(Scalar(short), "Iterator"), quote(f"map({short}, {{0}})", inner))
    made, kind = as_function(frame, first, [item], call.node)
    return Val(
        ListOf(kind if builtin == "map" else item, "Iterator"), quote(f"{builtin}({{0}}, {{1}})", made, inner)
    )
