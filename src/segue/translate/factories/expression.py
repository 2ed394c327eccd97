"""Expressions of factories, node by node: plain Python, the libraries', and what of Django's and the project's has an equal on the other side."""

from __future__ import annotations

import ast
import copy
import datetime
import decimal
import sys
import uuid
from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from segue.snapshot.model import Model, Value
from segue.target.ir import Import
from segue.translate.factories.found import LIBRARY
from segue.translate.load.models import concrete, field_of
from segue.translate.models.defaults import literal

if TYPE_CHECKING:
    from segue.translate.factories.code import Code

# Builtins that only compute.
_BUILTINS = frozenset(
    {
        "abs", "all", "any", "bool", "bytes", "chr", "dict", "divmod", "enumerate", "filter", "float", "format", "frozenset",
        "int", "isinstance", "iter", "len", "list", "map", "max", "min", "next", "ord", "pow", "range", "repr", "reversed",
        "round", "set", "sorted", "str", "sum", "tuple", "zip", "Exception", "ValueError", "TypeError", "print",
    }
)  # fmt: skip
_PLAIN = (
    str, bytes, int, float, dict, list, tuple, set, datetime.datetime, datetime.date, datetime.time, datetime.timedelta,
    decimal.Decimal, uuid.UUID,
)  # fmt: skip
# Attributes of plain values: an object of a model that has one of the name is known as such, or refused before.
_ATTRIBUTES = frozenset(name for kind in _PLAIN for name in dir(kind)) - {"add", "update", "remove", "clear"}
_OF_FACTORIES = frozenset({"create", "create_batch", "build", "build_batch"})
_DJANGO = {
    "django.utils.timezone.now": ("segue_bridge.zone", "now"),
    "django.utils.text.slugify": ("segue_bridge.text", "slugify"),
    "django.utils.timezone.localdate": ("segue_bridge.zone", "localdate"),
}
# Names that the output has for something of the bridge: no local may hide them.
BRIDGE = frozenset({"add", "put", "save", "hashed", "now", "slugify", "localdate"})
# Declarations whose function gets what is being made.
_OF_STUBS = frozenset(
    f"factory.{name}"
    for name in ("LazyAttribute", "LazyAttributeSequence", "lazy_attribute", "lazy_attribute_sequence")
)


class Expression(ast.NodeTransformer):
    def __init__(
        self, code: Code, names: set[str], objects: dict[str, Model], stubs: Collection[str] = ()
    ) -> None:
        self.code, self.names, self.objects, self.stubs = code, names, dict(objects), set(stubs)
        self.module = code.module
        self.made_stubs: set[str] = set()

    def visit_Lambda(self, node: ast.Lambda) -> ast.expr:
        names = {a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)}
        if node.args.vararg or node.args.kwarg or node.args.defaults:
            raise self.module.refuse(
                ast.unparse(node), "Its parameters have defaults, or are any number.", node
            )
        if names & BRIDGE:
            raise self.module.refuse(
                ast.unparse(node), "A parameter has the name of a function of Segue's.", node
            )
        return self._within(names, node)

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> ast.expr:
        names = {n.id for part in node.generators for n in ast.walk(part.target) if isinstance(n, ast.Name)}
        return self._within(names, node)

    visit_ListComp = visit_SetComp = visit_GeneratorExp = visit_DictComp = _comprehension

    def _within(self, names: set[str], node: ast.expr) -> ast.expr:
        before, held, stubs = self.names, self.objects, self.stubs
        self.names, self.stubs = self.names | names, (stubs - names) | self.made_stubs
        self.made_stubs = set()
        self.objects = {k: v for k, v in held.items() if k not in names}
        found = self.generic_visit(node)
        self.names, self.objects, self.stubs = before, held, stubs
        assert isinstance(found, ast.expr)
        return found

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self.names or not isinstance(node.ctx, ast.Load):
            return node
        return self._global(node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        root: ast.expr = node
        while isinstance(root, ast.Attribute):
            root = root.value
        if isinstance(root, ast.Name) and root.id not in self.names:
            return self._global(node)
        if isinstance(root, ast.Call) and self.module.value(ast.unparse(node)) is not None:
            return self._global(node)  # get_user_model().Role.ADMIN
        owner = self._object(node.value)
        if owner is not None:
            self.code.attribute(owner, node.attr, node)
        elif not self._is_stub(node.value) and node.attr not in _ATTRIBUTES:
            raise self.module.refuse(ast.unparse(node), "Segue does not know what this is asked of.", node)
        node.value = self.visit(node.value)
        return node

    def _is_stub(self, node: ast.expr) -> bool:
        """What a factory is making: it has all that is declared and given."""
        return isinstance(node, ast.Name) and node.id in self.stubs

    def _object(self, node: ast.expr) -> Model | None:
        """The model of the object that an expression gives."""
        if isinstance(node, ast.Name):
            return self.objects.get(node.id)
        if isinstance(node, ast.Attribute):
            owner = self.code.model if self._is_stub(node.value) else self._object(node.value)
            if owner is not None:
                item = field_of(owner, node.attr)
                if item is not None and item.relation is not None and node.attr == item.name:
                    return concrete(self.code.ctx, item.relation.to)
        return None

    def visit_Call(self, node: ast.Call) -> ast.expr:
        dotted = self.module.dotted(node.func)
        value = self.module.value(ast.unparse(node.func))
        named = value.name if value is not None and value.kind == "ref" else dotted
        made = self.code.factories.meant(self.module, node.func)
        if made is None and isinstance(node.func, ast.Attribute) and node.func.attr in _OF_FACTORIES:
            made = self.code.factories.meant(self.module, node.func.value)
        if made is None and named == "django.utils.timezone.now" and not node.args:
            return self._now()
        if made is None and self.code.hashes(node):
            return self.code.hashed(self.visit(node.args[0]), node)
        if (
            dotted in _OF_STUBS
            and node.args
            and isinstance(node.args[0], ast.Lambda)
            and node.args[0].args.args
        ):
            self.made_stubs = {node.args[0].args.args[0].arg}
        if named == "django.utils.timezone.localdate" and len(node.args) + len(node.keywords) > 1:
            raise self.module.refuse(ast.unparse(node), "It names a time zone.", node)
        node.args = [self.visit(a) for a in node.args]
        node.keywords = [ast.keyword(k.arg, self.visit(k.value)) for k in node.keywords]
        node.func = self.visit(node.func)
        return node

    def _now(self) -> ast.expr:
        """The clock, which may be asked before the application knows its time zone: when the module is imported."""
        use_tz = self.code.ctx.snapshot.settings.values.get("USE_TZ")
        if use_tz is not None and use_tz.data is False:
            return ast.Call(self.code.bridge("now", "segue_bridge.zone"), [], [])
        if {"datetime", "UTC"} & self.names:
            raise self.module.refuse(
                "timezone.now()", "A local is called datetime or UTC.", self.code.factory.node
            )
        self.code.imports |= {Import("datetime", "datetime"), Import("datetime", "UTC")}
        return ast.parse("datetime.now(UTC)", mode="eval").body

    def _global(self, node: ast.Name | ast.Attribute) -> ast.expr:
        """A name of the module: a library's, a constant, a model, another factory, Python's own."""
        text, code = ast.unparse(node), self.code
        made = code.factories.meant(self.module, node)
        if made is not None:
            code.needs[made.dotted] = made
            return ast.Name(made.name, ast.Load())
        if isinstance(node, ast.Attribute) and node.attr in _OF_FACTORIES:
            made = code.factories.meant(self.module, node.value)
            if made is not None:
                code.needs[made.dotted] = made
                return ast.Attribute(ast.Name(made.name, ast.Load()), node.attr, ast.Load())
        dotted, value = self.module.dotted(node), self.module.value(text)
        root = dotted.partition(".")[0]
        own = any(app.module.partition(".")[0] == root for app in code.ctx.snapshot.apps)
        if root in LIBRARY or (root in sys.stdlib_module_names and not own):
            return self._imported(node)
        top = _top(node)
        held = self.module.value(top)
        if held is not None and held.kind == "call":
            return self._value(node, top)
        if value is not None:
            return self._value(node, text)
        if top in self.module.defined and top not in self.module.imports:
            return self._kept(node, top)
        if top in _BUILTINS and top not in self.module.imports:
            return node
        raise self.module.refuse(text, "It is code of the project, which factories do not take along.", node)

    def _imported(self, node: ast.Name | ast.Attribute) -> ast.expr:
        dotted = self.module.dotted(node)
        if dotted.startswith("factory.django"):
            raise self.module.refuse(ast.unparse(node), "Segue has no equal of this declaration.", node)
        if dotted.startswith("datetime.") and self.module.imports[_top(node)] == "datetime":
            return self._of_datetime(node, dotted)
        self.code.imports |= self.module.forms[_top(node)]
        return node

    def _of_datetime(self, node: ast.expr, dotted: str) -> ast.expr:
        """``datetime.date(…)`` as ``date(…)``: other modules, whose factories stand beside, import the class ``datetime``."""
        _, first, *rest = dotted.split(".")
        if first in self.names or first in self.code.factory.declared():
            why = f"A local or an attribute of the factory is called {first} as well."
            raise self.module.refuse(ast.unparse(node), why, node)
        self.code.imports.add(Import("datetime", first))
        made: ast.expr = ast.Name(first, ast.Load())
        for attribute in rest:
            made = ast.Attribute(made, attribute, ast.Load())
        return made

    def _kept(self, node: ast.Name | ast.Attribute, name: str) -> ast.expr:
        """``fake = Faker()``, and other names that the module gives to what is known."""
        if name in self.module.changed:
            why = "The module gives it another value, or changes it, when it is imported."
            raise self.module.refuse(name, why, node)
        if name not in self.code.copied:
            self.code.copied[name] = ast.Constant(None)
            self.code.copied[name] = Expression(self.code, set(), {}).visit(
                copy.deepcopy(self.module.defined[name])
            )
        return node

    def _value(self, node: ast.expr, text: str) -> ast.expr:
        value = self.module.value(text)
        assert value is not None
        if value.kind == "ref":
            if value.name.startswith("model:"):
                return self.code.model_class(value.name.removeprefix("model:"))
            known = _DJANGO.get(value.name)
            if known is not None:
                return self.code.bridge(known[1], known[0])
        elif value.kind == "call" and value.name == "faker.Faker":
            name = _top(node)
            self.code.imports.add(Import("faker", "Faker"))
            self.code.copied[name] = ast.Call(ast.Name("Faker", ast.Load()), [], [])
            return node
        else:
            made = literal(_spoken(value))
            if made is not None:
                self.code.imports |= made[1]
                return ast.parse(made[0], mode="eval").body
        raise self.module.refuse(text, "It is code of the project, which factories do not take along.", node)


def _spoken(value: Value) -> Value:
    """Lazy texts as they are in the language of the project: tests take them for labels."""
    if value.kind == "lazy":
        return Value("const", value.data)
    pairs = tuple((_spoken(key), _spoken(item)) for key, item in value.pairs)
    return replace(value, items=tuple(map(_spoken, value.items)), pairs=pairs)


def _top(node: ast.expr) -> str:
    """The name that a chain of attributes begins with."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
