"""What a factory needs beside its own lines: imports, other factories, models, the bridge."""

from __future__ import annotations

import ast
import copy
from collections.abc import Collection, Mapping

from segue.snapshot.model import Model
from segue.target.ir import Import
from segue.translate.context import Context
from segue.translate.factories.expression import Expression
from segue.translate.factories.found import Factories, Factory, Module
from segue.translate.load.fetch import entity_type
from segue.translate.load.models import concrete, field_of, is_relation
from segue.translate.models.kinds import has_column
from segue.translate.views.authentication import passwords

TESTING = "segue_bridge.testing.rows"
_FILES = ("FileField", "ImageField")
_USUAL = "django.contrib.auth.base_user.AbstractBaseUser.set_password"


class Code:
    """Rewrites expressions that stand in one factory. ``imports`` and ``needs`` (other factories) grow with them."""

    def __init__(self, ctx: Context, factories: Factories, factory: Factory) -> None:
        self.ctx, self.factories, self.factory = ctx, factories, factory
        self.module: Module = factory.module
        self.model: Model | None = None
        self.imports: set[Import] = set()
        self.needs: dict[str, Factory] = {}
        self.later: dict[str, Factory] = {}  # those that are found by name, when they are called
        self.saves = False  # whether its code saves the object itself
        self.copied: dict[str, ast.expr] = {}  # names of the module, such as ``fake = Faker()``

    def expression(
        self,
        node: ast.expr,
        names: Collection[str] = (),
        objects: Mapping[str, Model] | None = None,
        stubs: Collection[str] = (),
    ) -> ast.expr:
        """``node`` for the other side. ``names`` are local; ``objects`` are those among them that are objects of a model, ``stubs``
        those that a factory is making."""
        made = Expression(self, set(names), dict(objects or {}), stubs).visit(copy.deepcopy(node))
        assert isinstance(made, ast.expr)
        return made

    def model_class(self, label: str) -> ast.expr:
        name, item = entity_type(self.ctx, label)
        self.imports.add(item)
        return ast.Name(name, ast.Load())

    def bridge(self, name: str, module: str = TESTING) -> ast.expr:
        self.imports.add(Import(module, name))
        return ast.Name(name, ast.Load())

    def hashed(self, raw: ast.expr, node: ast.AST) -> ast.expr:
        """The hash of a password, as the service makes it."""
        passwords(self.ctx, self.module.where(node))
        self.imports.add(Import(f"{self.ctx.program.package}.access", "PASSWORDS"))
        return ast.Call(self.bridge("hashed"), [ast.Name("PASSWORDS", ast.Load()), raw], [])

    def hashes(self, node: ast.Call) -> bool:
        """``make_password("raw")`` of Django's."""
        value = self.module.value(ast.unparse(node.func))
        named = value.name if value is not None and value.kind == "ref" else ""
        return (
            named == "django.contrib.auth.hashers.make_password" and len(node.args) == 1 and not node.keywords
        )

    @property
    def sets_passwords(self) -> bool:
        """Whether ``set_password`` of its objects is Django's, which keeps a hash."""
        known = self.ctx.snapshot.classes.get(self.model.cls) if self.model is not None else None
        return known is not None and known.methods.get("set_password") == _USUAL

    def label(self, node: ast.expr) -> str:
        """The model that an expression names; '' for any other."""
        match node:
            case ast.Constant(str() as text):
                return next((key for key in self.ctx.snapshot.models if key.lower() == text.lower()), "")
            case ast.Call(
                ast.Attribute(_, "get_model"), [ast.Constant(str() as app), ast.Constant(str() as name)]
            ):
                return self.label(ast.Constant(f"{app}.{name}"))
            case ast.Call(func, [], []) if self.module.dotted(func) == "django.contrib.auth.get_user_model":
                return self._user_model()
            case ast.Attribute(_, "AUTH_USER_MODEL"):
                return self._user_model()
        value = self.module.value(ast.unparse(node))
        if value is not None and value.kind == "ref" and value.name.startswith("model:"):
            return value.name.removeprefix("model:")
        return ""

    def _user_model(self) -> str:
        value = self.ctx.snapshot.settings.values.get("AUTH_USER_MODEL")
        return str(value.data) if value is not None else "auth.User"

    def check_column(self, model: Model, name: str, node: ast.AST, *, files: bool = False) -> None:
        """Refuse what is no column or relation of the mapped class that may be given a value; ``files``: whether one that holds a file may."""
        item = field_of(model, name)
        if item is None or not has_column(item):
            raise self.module.refuse(f"{model.label}.{name}", "It is no column of the model.", node)
        if item.base.rpartition(".")[2] in _FILES and not files:
            raise self.module.refuse(f"{model.label}.{name}", "Factories of files are not translated.", node)
        if item.attname != item.name and not is_relation(item):
            raise self.module.refuse(f"{model.label}.{name}", "SQLAlchemy keeps this name for itself.", node)

    def attribute(self, model: Model, name: str, node: ast.AST) -> Model | None:
        """Refuse an attribute that the mapped class has not; the model that a relation leads to."""
        item = field_of(model, name)
        if item is None or not has_column(item) or (item.attname != name and not is_relation(item)):
            raise self.module.refuse(
                f"{model.label}.{name}",
                "It is code of the model, or a set of objects: only columns are known here.",
                node,
            )
        if item.relation is not None and name == item.name:
            return concrete(self.ctx, item.relation.to)
        return None
