"""The body of a factory class, line by line."""

from __future__ import annotations

import ast
import inspect
import textwrap

from segue.snapshot.model import Model
from segue.target.ir import Import
from segue.translate.factories.code import Code
from segue.translate.factories.found import Factories, Factory
from segue.translate.factories.functions import Body, typed
from segue.translate.load.models import field_of
from segue.translate.models.kinds import has_column

_LAZY = (
    "lazy_attribute",
    "LazyAttribute",
    "lazy_attribute_sequence",
    "LazyAttributeSequence",
    "sequence",
    "Sequence",
)
_PASSWORD = ("factory.django.Password",)
_KEPT_OPTIONS = ("skip_postgeneration_save", "exclude", "rename")
_SUBFACTORIES = ("SubFactory", "RelatedFactory", "RelatedFactoryList")


class Declarations:
    """What a factory declares, as lines of the class of the output."""

    def __init__(
        self, code: Code, factories: Factories, factory: Factory, model: Model | None, cls: str
    ) -> None:
        self.code, self.factories, self.factory, self.model, self.cls = code, factories, factory, model, cls
        self.module = factory.module
        self.depth = 0  # of factories, dicts and lists around what is read now: ``SelfAttribute("..name")`` looks out of one

    def lines(self) -> list[str]:
        found: list[str] = []
        for node in self.factory.node.body:
            match node:
                case ast.Expr(ast.Constant(str() as doc)) if node is self.factory.node.body[0]:
                    doc = inspect.cleandoc(doc)
                    found += [f'"""{doc}"""', ""] if '"""' not in doc and "\\" not in doc else []
                case ast.ClassDef(name="Meta"):
                    found += self._meta()
                case ast.ClassDef(name="Params"):
                    found += ["", "class Params:", *self._indented(self._params())]
                case ast.Assign([ast.Name(name)], value):
                    self._check_name(name, value, node)
                    found.append(f"{name} = {ast.unparse(self._declaration(value))}")
                case ast.AnnAssign(ast.Name(name), _, value) if value is not None:
                    self._check_name(name, value, node)
                    found.append(f"{name} = {ast.unparse(self._declaration(value))}")
                case ast.FunctionDef():
                    found += ["", *self._function(node)]
                case ast.Pass() | ast.AnnAssign(value=None):
                    continue
                case _:
                    text = ast.unparse(node).splitlines()[0]
                    raise self.module.refuse(text, "Segue does not translate this part of a factory.", node)
        return found

    @staticmethod
    def _indented(lines: list[str]) -> list[str]:
        return [f"    {line}" if line else "" for line in lines]

    def _meta(self) -> list[str]:
        found = []
        for name, value in self.factory.meta.items():
            if name == "model":
                found.append(f"model = {self.cls}")
            elif name == "django_get_or_create":
                found.append(f"get_or_create = {self._names(value)}")
            elif name in _KEPT_OPTIONS or name == "abstract":
                found.append(f"{name} = {ast.unparse(self._plain(value))}")
            elif not (name == "strategy" and ast.unparse(value).endswith("CREATE_STRATEGY")):
                raise self.module.refuse(f"Meta.{name}", "Segue has no equal of this option.", value)
        return ["", "class Meta:", *self._indented(found or ["pass"]), ""]

    def _names(self, value: ast.expr) -> str:
        names = (
            [e.value for e in value.elts if isinstance(e, ast.Constant)]
            if isinstance(value, ast.Tuple | ast.List)
            else []
        )
        if not names or self.model is None:
            raise self.module.refuse(ast.unparse(value), "Its names are computed.", value)
        for name in names:
            item = field_of(self.model, str(name))
            if item is None or not has_column(item):
                raise self.module.refuse(str(name), "It is no column of the model.", value)
        return ast.unparse(ast.Tuple([ast.Constant(n) for n in names], ast.Load()))

    def _plain(self, value: ast.expr) -> ast.expr:
        try:
            ast.literal_eval(value)
        except ValueError:
            raise self.module.refuse(ast.unparse(value), "It is computed.", value) from None
        return value

    def _params(self) -> list[str]:
        return [
            f"{name} = {ast.unparse(self._declaration(value))}" for name, value in self.factory.params.items()
        ] or ["pass"]

    def _check_name(self, name: str, value: ast.expr, node: ast.AST) -> None:
        """What is declared is a column or a relation of the model, or is left out before the object is made."""
        if name.startswith("_") or self.model is None:
            return
        excluded = {
            e.value
            for one in self.factory.chain()
            for e in getattr(one.meta.get("exclude"), "elts", ())
            if isinstance(e, ast.Constant)
        }
        option = self.factory.option("exclude")
        if option is not None and isinstance(option[0], ast.Constant):
            excluded.add(option[0].value)
        if name in excluded or self._is_after(value):
            return
        self.code.check_column(self.model, name, node, files=isinstance(value, ast.Constant))

    def _is_after(self, value: ast.expr) -> bool:
        """A ``RelatedFactory``, or a call of a method of what was made."""
        name = self.module.dotted(value.func).rpartition(".")[2] if isinstance(value, ast.Call) else ""
        return name in ("RelatedFactory", "RelatedFactoryList")

    def _declaration(self, node: ast.expr) -> ast.expr:
        if isinstance(node, ast.Call):
            dotted = self.module.dotted(node.func)
            if dotted in _PASSWORD and len(node.args) == 1:
                return self._password(node.args[0], node)
            if dotted == "factory.PostGenerationMethodCall":
                return self._method_call(node)
            if dotted.startswith("factory.") and dotted.rpartition(".")[2] in _SUBFACTORIES:
                return self._subfactory(node)
            if dotted == "factory.SelfAttribute":
                self._check_path(node)
            if dotted in ("factory.Trait", "factory.Maybe", "factory.Dict", "factory.List"):
                inside = dotted in ("factory.Dict", "factory.List")
                self.depth += inside
                node = ast.Call(
                    node.func,
                    [self._nested(a) for a in node.args],
                    [ast.keyword(k.arg, self._nested(k.value)) for k in node.keywords],
                )
                self.depth -= inside
                self.code.imports |= self.module.forms[_first(node.func)]
                return node
            if self.code.hashes(node):
                self.code.imports.add(Import("factory"))
                made = self.code.hashed(self.code.expression(node.args[0]), node)
                return ast.parse(f"factory.LazyFunction(lambda: {ast.unparse(made)})", mode="eval").body
        return self.code.expression(node)

    def _nested(self, node: ast.expr) -> ast.expr:
        match node:
            case ast.Call():
                return self._declaration(node)
            case ast.List(items):
                return ast.List([self._nested(item) for item in items], ast.Load())
            case ast.Dict(keys, values):
                names = [self.code.expression(key) if key is not None else None for key in keys]
                return ast.Dict(names, [self._nested(value) for value in values])
        return self.code.expression(node)

    def _check_path(self, node: ast.Call) -> None:
        """``SelfAttribute("author.name")`` asks a related object what ``lambda made: made.author.name`` would."""
        match node.args:
            case [ast.Constant(str() as path), *_]:
                inner = path.lstrip(".")
                first, *more = inner.split(".")
                item = field_of(self.model, first) if self.model is not None else None
                outside = max(len(path) - len(inner) - 1, 0)
                if outside == self.depth and more and item is not None and item.relation is not None:
                    asked: ast.expr = ast.Name("made", ast.Load())
                    for name in (first, *more):
                        asked = ast.Attribute(asked, name, ast.Load(), lineno=node.lineno)
                    self.code.expression(asked, {"made"}, stubs={"made"})

    def _password(self, raw: ast.expr, at: ast.AST) -> ast.expr:
        """``Password("secret")``: hashed when the object is made, whatever is given."""
        self.code.imports.add(Import("factory"))
        made = self.code.hashed(ast.Name("raw", ast.Load()), at)
        given = self.code.expression(raw)
        text = f"factory.Transformer({ast.unparse(given)}, transform=lambda raw: {ast.unparse(made)})"
        return ast.parse(text, mode="eval").body

    def _method_call(self, node: ast.Call) -> ast.expr:
        """``password = PostGenerationMethodCall("set_password", "secret")``."""
        match node.args:
            case [ast.Constant("set_password"), raw] if not node.keywords and self.model is not None:
                if self.code.sets_passwords and self.factory.option("skip_postgeneration_save") is None:
                    return self._password(raw, node)
        raise self.module.refuse(ast.unparse(node), "It calls a method of the model.", node)

    def _subfactory(self, node: ast.Call) -> ast.expr:
        """A factory by its class, or by its dotted name."""
        keywords = {k.arg: k.value for k in node.keywords}
        given = node.args[0] if node.args else keywords.pop("factory", None)
        other = self.factories.meant(self.module, given) if given is not None else None
        text = given.value if isinstance(given, ast.Constant) and isinstance(given.value, str) else ""
        if other is None and text:
            other = self.factories.named(text) or self.factories.named(f"{self.module.known.name}.{text}")
        if other is None:
            shown = ast.unparse(given) if given is not None else ast.unparse(node)
            raise self.module.refuse(shown, "Segue does not know this factory.", node)
        self.code.needs[other.dotted] = other
        lazily = text or other is self.factory
        target: ast.expr = (
            ast.Constant(f"tests.factories.{other.name}") if lazily else ast.Name(other.name, ast.Load())
        )
        if text:
            self.code.needs.pop(other.dotted)
            self.code.later[other.dotted] = other
        self.code.imports |= self.module.forms[_first(node.func)]
        self.depth += 1
        rest = [self._nested(a) for a in node.args[1:]]
        named = [ast.keyword(k, self._nested(v)) for k, v in keywords.items()]
        self.depth -= 1
        return ast.Call(node.func, [target, *rest], named)

    def _function(self, node: ast.FunctionDef) -> list[str]:
        if len(node.decorator_list) != 1:
            raise self.module.refuse(f"def {node.name}", "Factories have no methods of their own here.", node)
        decorator = node.decorator_list[0]
        dotted = self.module.dotted(decorator)
        name = dotted.rpartition(".")[2]
        if not dotted.startswith("factory.") or name not in (*_LAZY, "post_generation"):
            raise self.module.refuse(f"def {node.name}", "Factories have no methods of their own here.", node)
        self.code.imports |= self.module.forms[_first(decorator)]
        if name == "post_generation":
            if self.model is None or not node.args.args:
                raise self.module.refuse(f"def {node.name}", "The model of the factory is not known.", node)
            own = node.args.args[0].arg
            body = Body(self.code, node, own, self.model)
            head = f"def {node.name}{typed(self.code, node, self.cls)}:"
        else:
            self._check_name(node.name, decorator, node)
            body = Body(self.code, node)
            head = f"def {node.name}({', '.join(a.arg for a in node.args.args)}):"
        shown = ast.unparse(ast.Module(body.statements(node.body), []))
        return [f"@{ast.unparse(decorator)}", head, *textwrap.indent(shown, "    ").splitlines()]


def _first(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
