"""Python's builtins on plain values, lists and querysets."""

from __future__ import annotations

import ast
import re

from segue.snapshot.model import ModelField
from segue.translate.interp.callbacks import as_function
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.expressions.comprehensions import awaits
from segue.translate.interp.expressions.literals import printable
from segue.translate.interp.frame import Frame
from segue.translate.interp.iterate import iterable
from segue.translate.interp.join import join, nullable, widen
from segue.translate.interp.scope import field_source
from segue.translate.interp.value import Val, const, name, quote
from segue.translate.kinds import (
    BoundMethod,
    Const,
    DictOf,
    Failure,
    FieldParent,
    Global,
    Instance,
    Introspected,
    Kind,
    ListOf,
    Localized,
    Object,
    Payload,
    QuerySet,
    RelatedManager,
    RenderedView,
    Request,
    Scalar,
    SerializerContext,
    SerializerSelf,
    SettingsObject,
    Unknown,
    User,
    ValidatedData,
    ViewSelf,
)
from segue.translate.models.polymorphic import children
from segue.translate.rules import registry
from segue.translate.rules.by_class import by_class
from segue.translate.rules.introspection import fact_or
from segue.translate.rules.localized import is_localized
from segue.translate.rules.own_attributes import (
    OF_FRAMEWORKS,
    is_never_there,
    is_own_attribute,
    may_be_given,
)
from segue.translate.rules.polymorphic import same_for_children
from segue.translate.rules.registry import function
from segue.translate.rules.request_attributes import by_middleware, held
from segue.translate.rules.types import exact_class, is_apart
from segue.translate.rules.view_attributes import view_has

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
            own = registry.methods.get((type(first.kind), "__str__"))
            shown = own(frame, first, call) if own is not None else None
            if shown is not None:
                return shown
            inner = printable(frame, first, call.raw_args[0])
            if isinstance(widen(first.kind), Scalar) and widen(first.kind) == Scalar("str"):
                return Val(Scalar("str"), inner)
            return Val(Scalar("str"), quote("str({0})", inner))
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
    if isinstance(first.kind, QuerySet | RelatedManager):
        from segue.translate.rules.queryset_evaluate import fetched_rows

        rows = fetched_rows(frame, first, call.raw_args[0])
        assert rows.node is not None
        return Val(Scalar("int"), quote("len({0})", rows.node))
    if isinstance(first.kind, Const) and isinstance(first.kind.value, str | tuple):
        return const(len(first.kind.value))
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


@function("builtins.dict", "collections.OrderedDict")
def to_dict(frame: Frame, call: CallSite) -> Val:
    """``dict(a=1)``, ``dict(pairs)``; every dict keeps its order."""
    if call.args:
        first = call.args[0]
        if (
            isinstance(first.kind, DictOf | ValidatedData | Payload)
            and first.node is not None
            and not call.kwargs
        ):
            return Val(
                DictOf((), Scalar("Any")) if isinstance(first.kind, Payload) else first.kind,
                quote("dict({0})", first.node),
            )
        inner, _ = iterable(frame, first, call.raw_args[0])
        if call.kwargs:
            raise frame.refuse("argument", ast.unparse(call.node), "dict(pairs, **more).", call.node)
        return Val(DictOf((), Scalar("Any")), quote("dict({0})", inner))
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
    first = call.args[0]
    inner, _ = iterable(frame, first, call.raw_args[0])
    builtin = call.name.rpartition(".")[2]
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
    parts = [inner, *(code(frame, v, call.node) for v in call.args[1:])]
    result = widen(item)
    for key, value in call.kwargs.items():
        if key == "key":
            lambda_node, _ = as_function(frame, value, [item], call.node)
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
            lambda_node, _ = as_function(frame, value, [item], call.node)
            keywords.append(ast.keyword("key", lambda_node))
        elif key == "reverse":
            keywords.append(ast.keyword("reverse", code(frame, value, call.node)))
        else:
            call.only("key", "reverse")
    if "key" not in call.kwargs and builtin == "sorted" and isinstance(item, Instance):
        raise frame.refuse("sorted", ast.unparse(call.node), "Objects have no order.", call.node)
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


_ACCESS_TOKEN = "oauth2_provider.models.AccessToken"  # as request.auth of OAuth2Authentication


def _gives_tokens(frame: Frame) -> bool:
    """Whether a class of the project's may put a row of that table into ``request.auth``: that is no token of the bridge's."""
    snapshot = frame.ctx.snapshot
    return any(
        ref.name == _ACCESS_TOKEN or ref.name.startswith("oauth2_provider.models.")
        for cls in snapshot.classes.values()
        if cls.origin == "own" and "rest_framework.authentication.BaseAuthentication" in cls.mro
        for dotted in cls.methods.values()
        if dotted in snapshot.functions and not dotted.startswith("rest_framework.")
        for ref in snapshot.functions[dotted].globals.values()
    )


@function("builtins.isinstance")
def isinstance_(frame: Frame, call: CallSite) -> Val:
    """Folded where the kind decides; else kept for plain types."""
    value = frame.eval(call.raw_args[0])
    node = call.raw_args[1]
    classes = node.elts if isinstance(node, ast.Tuple) else [node]
    names: list[str] = []
    for part in classes:
        target = frame.eval(part)
        if not isinstance(target.kind, Global):
            raise frame.refuse(
                "isinstance", ast.unparse(call.node), "Segue does not know the class.", call.node
            )
        names.append(target.kind.ref.name)
    kind = value.kind
    if names == [_ACCESS_TOKEN] and kind == Scalar("Any") and value.text == ast.unparse(frame.state("auth")):
        if _gives_tokens(frame):
            raise frame.refuse(
                "oauth2", ast.unparse(call.node), "An authentication class of the project finds such tokens itself.", call.node
            )  # fmt: skip
        token = frame.imported("segue_bridge.auth.oauth2", "AccessToken")
        return Val(Scalar("bool"), quote("isinstance({0}, {1})", frame.state("auth"), token))
    if isinstance(kind, Failure):
        from segue.translate.rules.failures import is_a

        return is_a(frame, value, names, call.node)
    if isinstance(kind, User):
        if kind.authenticated is True:
            return const("django.contrib.auth.models.AnonymousUser" not in names)
        if kind.authenticated is False:
            return const("django.contrib.auth.models.AnonymousUser" in names)
        if names == ["django.contrib.auth.models.AnonymousUser"] and value.node is not None:
            return Val(Scalar("bool"), quote("not {0}.is_authenticated", value.node))
    if isinstance(kind, Instance) and not kind.nullable:
        model = frame.ctx.model(kind.model)
        if any(child.cls in names for child in children(frame.ctx.snapshot, model)):
            raise frame.refuse(
                "polymorphic",
                ast.unparse(call.node),
                "The row decides of which class the object is.",
                call.node,
            )
        cls = model.cls
        known = frame.ctx.snapshot.classes.get(cls)
        return const(any(n in (known.mro if known is not None else (cls,)) for n in names))
    if isinstance(kind, Localized) and names == ["i18nfield.strings.LazyI18nString"]:
        return const(True) if kind.present else is_localized(frame, value)
    if isinstance(kind, Object) and kind.cls in frame.ctx.snapshot.classes and value.node is None:
        return const(any(n in frame.ctx.snapshot.classes[kind.cls].mro for n in names))
    if isinstance(kind, Introspected):
        from segue.translate.rules.introspection import is_field_of

        certain = is_field_of(frame.ctx, kind, names)
        if certain is not None:
            return const(certain)
    if isinstance(kind, Const) and all(n.startswith("builtins.") for n in names):
        return const(any(type(kind.value).__name__ == n.removeprefix("builtins.") for n in names))
    if isinstance(kind, Scalar | Payload | ListOf | DictOf | ValidatedData) and value.node is not None:
        plain = {
            "builtins.str",
            "builtins.int",
            "builtins.float",
            "builtins.bool",
            "builtins.list",
            "builtins.dict",
            "builtins.tuple",
            "builtins.set",
            "builtins.bytes",
        }
        exact = exact_class(kind)
        if exact is not None:
            return const(any(f"{c.__module__}.{c.__qualname__}" in names for c in exact.__mro__))
        if isinstance(kind, DictOf) and all(n in plain for n in names):
            return const("builtins.dict" in names)
        if isinstance(kind, Scalar) and all(is_apart(frame.ctx, kind, n) for n in names):
            return const(False)
        if (
            isinstance(kind, Scalar)
            and kind.type != "Any"
            and not kind.nullable
            and kind.type in ("str", "int", "float", "bool", "list", "dict")
        ):
            return const(
                f"builtins.{kind.type}" in names or (kind.type == "bool" and "builtins.int" in names)
            )
        if all(n in plain for n in names):
            classes_node: ast.expr = (
                name(names[0].removeprefix("builtins."))
                if len(names) == 1
                else ast.Tuple([name(n.removeprefix("builtins.")) for n in names], ast.Load())
            )
            return Val(Scalar("bool"), quote("isinstance({0}, {1})", value.node, classes_node))
    raise frame.refuse("isinstance", ast.unparse(call.node), "Segue cannot tell what this is.", call.node)


@function("builtins.issubclass")
def issubclass_(frame: Frame, call: CallSite) -> Val:
    """Folded: both classes are known, or it is refused."""
    call.only(at_most=2)
    node = call.raw_args[1]
    cls, others = frame.eval(call.raw_args[0]), frame.eval(node)
    wanted = [frame.eval(n) for n in node.elts] if isinstance(node, ast.Tuple) else [others]
    names = [w.kind.ref.name for w in wanted if isinstance(w.kind, Global)]
    known = frame.ctx.snapshot.classes.get(cls.kind.ref.name) if isinstance(cls.kind, Global) else None
    if known is None or len(names) != len(wanted):
        raise frame.refuse(
            "issubclass", ast.unparse(call.node), "Segue does not know the classes.", call.node
        )
    if any(n in known.mro for n in names):
        return const(True)
    classes = frame.ctx.snapshot.classes
    if any(
        n not in classes or "abc.ABC" in classes[n].mro for n in names
    ):  # ``object``, or a register() of its own
        raise frame.refuse(
            "issubclass", ast.unparse(call.node), "Segue does not know who counts as one.", call.node
        )
    return const(False)


@function("builtins.hasattr")
def hasattr_(frame: Frame, call: CallSite) -> Val:
    """Decided from the model's facts."""
    value, attr = call.args[0], call.args[1]
    if not isinstance(attr.kind, Const) or not isinstance(attr.kind.value, str):
        raise frame.refuse("hasattr", ast.unparse(call.node), "The name is computed.", call.node)
    wanted = attr.kind.value
    if isinstance(value.kind, Failure):
        from segue.translate.rules.failures import has

        return has(frame, value, wanted, call.node)
    if isinstance(value.kind, RenderedView):
        from segue.translate.rules.rendering import class_attribute

        return const(class_attribute(frame, value.kind, wanted, call.node) is not None)
    asked = ("user", "query_params", "data", "method", "META", "auth", "GET")
    if isinstance(value.kind, Request) and wanted in asked:
        return const(True)
    if isinstance(value.kind, Request) and wanted == "accepted_renderer" and not value.kind.raw:
        return const(True)
    if isinstance(value.kind, Request) and not value.kind.raw and held(frame, wanted) is not None:
        return const(True)
    given = by_middleware(frame, value, wanted)
    if given is not None:
        return const(given)
    if isinstance(value.kind, ViewSelf):
        there = view_has(frame, value.kind, wanted)
        if there is not None:
            return const(there)
    if isinstance(value.kind, Instance) and not value.kind.nullable:
        from segue.translate.load.models import concrete, field_of, reverse_of
        from segue.translate.rules.instance import model_method

        if wanted in value.kind.site.shown or wanted in value.kind.site.unshown:
            return const(True)
        same_for_children(frame, value.kind, wanted, call.node)
        model = concrete(frame.ctx, value.kind.model)
        reverse = reverse_of(model, wanted)
        if (
            reverse is not None
            and reverse.kind == "o2o"
            and value.node is not None
            and value.kind.mode == "row"
        ):
            from segue.translate.load.needs import to_one

            to_one(frame.ctx, value.kind.site, wanted)
            return Val(Scalar("bool"), quote(f"{{0}}.{wanted} is not None", value.node))
        item = field_of(model, wanted)
        if (
            (item is not None and (item.relation is None or item.relation.kind == "m2m"))
            or model_method(frame, model.cls, wanted)
            or (reverse is not None and reverse.kind != "o2o")
        ):
            return const(True)
        if _lacks(frame, value, wanted) or is_never_there(frame.ctx, value.kind, wanted):
            return const(False)
    raise frame.refuse("hasattr", ast.unparse(call.node), "Segue cannot tell whether it has that.", call.node)


def _lacks(frame: Frame, value: Val, name: str) -> bool:
    """Whether an object of a known query has no attribute ``name``: neither its model nor the query knows it.

    An attribute that other code sets on the object is refused where that happens.
    """
    from segue.translate.load.models import concrete, field_of, reverse_of

    kind = value.kind
    if not isinstance(kind, Instance) or kind.nullable or name in kind.site.computed:
        return False
    model = concrete(frame.ctx, kind.model)
    known = frame.ctx.snapshot.classes.get(model.cls)
    made = frame.ctx.snapshot.functions.get(known.methods.get("__init__", "")) if known is not None else None
    if made is not None and re.search(rf"\bself\.{re.escape(name)}\b", made.source):
        return False
    if known is None or name in ("pk", "objects", "DoesNotExist") or name in OF_FRAMEWORKS:
        return False
    if name.startswith("__") or is_own_attribute(frame.ctx, kind.model, name):
        return False
    magic = any(m in known.methods for m in ("__getattr__", "__getattribute__"))
    there = name in known.methods or name in known.attributes or name in model.managers
    if magic or there or field_of(model, name) is not None or reverse_of(model, name) is not None:
        return False
    return not may_be_given(frame.ctx, kind, name)


@function("builtins.getattr")
def getattr_(frame: Frame, call: CallSite) -> Val:
    """``getattr(x, "name")`` as ``x.name``; with a default only where the name is certain."""
    from segue.translate.interp.expressions.attributes import of

    value, attr = call.args[0], call.args[1]
    if not isinstance(attr.kind, Const) or not isinstance(attr.kind.value, str):
        raise frame.refuse("getattr", ast.unparse(call.node), "The name is computed.", call.node)
    if attr.kind.value == "_prefetched_objects_cache" and isinstance(value.kind, Instance):
        # DRF's own update() asks for it, and many copies of it, to empty it.
        value.kind.site.reread = True
        return const(None)
    if len(call.args) > 2:
        if isinstance(value.kind, FieldParent) and attr.kind.value == "context":
            return of(frame, value, "context", call.node)
        if isinstance(value.kind, RenderedView):
            from segue.translate.rules.rendering import class_attribute

            return class_attribute(frame, value.kind, attr.kind.value, call.node) or call.args[2]
        if isinstance(value.kind, SettingsObject):
            from segue.translate.rules.django_utils import is_set

            there = is_set(frame, call.raw_args[0], attr.kind.value)
            if there is not None:
                return of(frame, value, attr.kind.value, call.node) if there else call.args[2]
        if isinstance(value.kind, Failure):
            from segue.translate.rules.failures import given_or

            return given_or(frame, value, attr.kind.value, call.args[2], call.node)
        if isinstance(value.kind, Localized) and value.kind.present and attr.kind.value == "data":
            return of(frame, value, "data", call.node)
        if isinstance(value.kind, Introspected):
            return fact_or(frame, value.kind, attr.kind.value, call.args[2], call.node)
        if isinstance(value.kind, Instance) and any(
            attr.kind.value in known
            for known in (value.kind.site.computed, value.kind.site.shown, value.kind.site.unshown)
        ):
            return of(frame, value, attr.kind.value, call.node)
        if isinstance(value.kind, Instance):
            chosen = by_class(frame, value, attr.kind.value, call.node, call.args[2])
            if chosen is not None:
                return chosen
        if _lacks(frame, value, attr.kind.value):
            return call.args[2]
        if (
            isinstance(value.kind, Instance)
            and not value.kind.nullable
            and is_never_there(frame.ctx, value.kind, attr.kind.value)
        ):
            return call.args[2]
        if isinstance(value.kind, Instance) and not value.kind.nullable:
            from segue.translate.load.models import concrete, field_of, reverse_of
            from segue.translate.rules.instance import model_method

            model = concrete(frame.ctx, value.kind.model)
            item = field_of(model, attr.kind.value)
            if item is not None and (item.relation is None or item.null):
                return of(frame, value, attr.kind.value, call.node)
            if item is not None and _is_there(value.kind, item):
                return of(frame, value, attr.kind.value, call.node)
            found = model_method(frame, model.cls, attr.kind.value) if item is None else None
            if found is not None and found.role == "method":
                return Val(BoundMethod(value.kind, attr.kind.value, found))
            if found is not None and found.role in ("property", "cached_property"):
                with field_source(frame.ctx):  # an AttributeError inside of it would give the default
                    return of(frame, value, attr.kind.value, call.node)
            reverse = reverse_of(model, attr.kind.value)
            default = call.args[2]
            if (
                reverse is not None
                and reverse.kind == "o2o"
                and isinstance(default.kind, Const)
                and default.kind.value is None
                and value.kind.mode == "row"
            ):
                from segue.translate.load.needs import to_one

                child = to_one(frame.ctx, value.kind.site, attr.kind.value)
                assert value.node is not None
                return Val(
                    Instance(child.model, child, "row", True),
                    ast.Attribute(value.node, attr.kind.value, ast.Load()),
                )
        if isinstance(value.kind, Global) and value.kind.ref.kind == "class":
            known = frame.ctx.snapshot.classes.get(value.kind.ref.name)
            if known is not None and known.origin == "own":
                there = attr.kind.value in known.attributes or attr.kind.value in known.methods
                return of(frame, value, attr.kind.value, call.node) if there else call.args[2]
        if isinstance(value.kind, ViewSelf):
            has = view_has(frame, value.kind, attr.kind.value)
            if has is not None:
                return of(frame, value, attr.kind.value, call.node) if has else call.args[2]
        if isinstance(value.kind, SerializerSelf):
            from segue.translate.serializers.kept import or_default

            kept = or_default(frame, value, attr.kind.value, call.args[2])
            if kept is not None:
                return kept
        if isinstance(value.kind, Request) and not value.kind.raw:
            put = held(frame, attr.kind.value)
            if put is not None:
                return put
        given = by_middleware(frame, value, attr.kind.value)
        if given is not None and not getattr(value.kind, "raw", False):
            return of(frame, value, attr.kind.value, call.node) if given else call.args[2]
        of_nullable = _getattr_of_nullable(frame, call, value, attr.kind.value)
        if of_nullable is not None:
            return of_nullable
        raise frame.refuse(
            "getattr", ast.unparse(call.node), "Segue cannot tell whether it has that.", call.node
        )
    return of(frame, value, attr.kind.value, call.node)


def _is_there(kind: Instance, item: ModelField) -> bool:
    """Whether the database holds that the relation leads somewhere: Django would raise an ``AttributeError`` else."""
    fetched = kind.mode == "row" or kind.site.fetched or (kind.mode == "entity" and not item.null)
    stored = fetched and not kind.site.keyless
    relation = item.relation
    return stored and relation is not None and relation.kind in ("fk", "o2o") and relation.db_constraint


def _getattr_of_nullable(frame: Frame, call: CallSite, value: Val, attr: str) -> Val | None:
    """``getattr(self.instance, "status", default)``: the default when there is no object."""
    from segue.translate.interp.expressions.attributes import of
    from segue.translate.load.models import concrete, field_of

    kind, default = value.kind, call.args[2]
    if (
        not (isinstance(kind, Instance) and kind.nullable)
        or not isinstance(value.node, ast.Name)
        or default.node is None
    ):
        return None
    item = field_of(concrete(frame.ctx, kind.model), attr)
    if item is None or (item.relation is not None and attr == item.name):
        return None
    inner = of(frame, Val(Instance(kind.model, kind.site, kind.mode), value.node), attr, call.node)
    assert inner.node is not None
    test = ast.Compare(value.node, [ast.IsNot()], [ast.Constant(None)])
    return Val(join(inner.kind, default.kind), ast.IfExp(test, inner.node, default.node))


@function("builtins.setattr")
def setattr_(frame: Frame, call: CallSite) -> Val | None:
    """``setattr(user, User.USERNAME_FIELD, value)`` as ``user.username = value`` where the name is known."""
    if len(call.args) != 3 or not isinstance(call.args[1].kind, Const):
        return None
    owner = call.args[0]
    for kind in type(owner.kind).__mro__:
        rule = registry.methods.get((kind, "__setattr__"))
        if rule is not None:
            return rule(frame, owner, CallSite(frame, call.node, "__setattr__", call.args[1:], {}))
    return None


@function("builtins.print")
def print_(frame: Frame, call: CallSite) -> Val:
    """Left out: standard output is no part of the service."""
    return const(None)


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


__all__ = ["Object", "SerializerContext", "nullable"]
