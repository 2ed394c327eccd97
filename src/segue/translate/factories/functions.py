"""Functions of a factory: ``lazy_attribute`` and ``post_generation``, statement by statement."""

from __future__ import annotations

import ast

from segue.snapshot.model import Model
from segue.target.ir import Import
from segue.translate.factories.code import Code
from segue.translate.factories.expression import BRIDGE
from segue.translate.load.fetch import entity_type
from segue.translate.load.models import concrete, field_of, reverse_of


class Body:
    """The statements of one function. ``own``: the name of the object that was made (``post_generation``)."""

    def __init__(
        self, code: Code, function: ast.FunctionDef, own: str = "", model: Model | None = None
    ) -> None:
        self.code, self.own, self.model = code, own, model
        spec = function.args
        if spec.posonlyargs or spec.kwonlyargs or spec.vararg or spec.defaults or (spec.kwarg and not own):
            shown = f"def {function.name}({ast.unparse(spec)})"
            raise code.module.refuse(shown, "Its parameters have defaults, or are any number.", function)
        self.names = {a.arg for a in (*spec.args, spec.kwarg) if a is not None}
        self.names |= {
            n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
        }
        if self.names & BRIDGE:
            shown = ", ".join(sorted(self.names & BRIDGE))
            raise code.module.refuse(shown, "A local has the name of a function of Segue's.", function)
        self.stubs = set() if own else {spec.args[0].arg} if spec.args else set()
        self.objects = {own: model} if own and model is not None else {}

    def statements(self, body: list[ast.stmt]) -> list[ast.stmt]:
        found: list[ast.stmt] = []
        for statement in body:
            found += self._statement(statement)
        return found or [ast.Pass()]

    def _statement(self, node: ast.stmt) -> list[ast.stmt]:
        match node:
            case ast.Expr(ast.Constant()) | ast.Pass() | ast.Continue() | ast.Break():
                return [node]
            case ast.Return(None):
                return [node]
            case ast.Return(value) if value is not None:
                return [ast.Return(self.value(value))]
            case ast.If(test, body, orelse):
                return [
                    ast.If(self.value(test), self.statements(body), self.statements(orelse) if orelse else [])
                ]
            case ast.For(target, over, body, []) if not self._is_made(target):
                return [ast.For(target, self.value(over), self.statements(body), [], lineno=node.lineno)]
            case ast.Assign([ast.Name() as target], value) if not self._is_made(target):
                return [ast.Assign(node.targets, self.value(value), lineno=node.lineno)]
            case ast.Assign([ast.Attribute(ast.Name(own), attr) as target], value) if own == self.own and own:
                assert self.model is not None
                self.code.check_column(self.model, attr, target)
                return [ast.Assign(node.targets, self.value(value), lineno=node.lineno)]
            case ast.Expr(ast.Call() as call):
                return [self._call(call)]
        raise self.code.module.refuse(
            _first_line(node), "Segue does not translate this statement of a factory.", node
        )

    def value(self, node: ast.expr) -> ast.expr:
        return self.code.expression(node, self.names, self.objects, self.stubs)

    def _is_made(self, target: ast.expr) -> bool:
        """Whether a target has the name of what the factory has made or makes, which is another object then."""
        return any(isinstance(n, ast.Name) and n.id in {self.own, *self.stubs} for n in ast.walk(target))

    def _call(self, call: ast.Call) -> ast.stmt:
        """A statement that is a call: what it does to the object that was made."""
        match call.func:
            case ast.Attribute(ast.Attribute(ast.Name(own), accessor), ("add" | "set") as verb) if (
                own and own == self.own
            ):
                return ast.Expr(self._relate(call, accessor, verb))
            case ast.Attribute(ast.Name(own), "save") if own and own == self.own:
                return ast.Expr(self._save(call))
            case ast.Attribute(ast.Name(own), "set_password") if own and own == self.own:
                if len(call.args) == 1 and not call.keywords and self.code.sets_passwords:
                    target = ast.Attribute(ast.Name(own), "password", ast.Store())
                    made = self.code.hashed(self.value(call.args[0]), call)
                    return ast.Assign([target], made, lineno=call.lineno)
        return ast.Expr(self.value(call))

    def _save(self, call: ast.Call) -> ast.expr:
        match call:
            case ast.Call(args=[], keywords=[]):
                names: list[ast.expr] = []
            case ast.Call(
                args=[], keywords=[ast.keyword("update_fields", ast.List(names) | ast.Tuple(names))]
            ) if all(isinstance(n, ast.Constant) for n in names):
                pass
            case _:
                raise self.code.module.refuse(ast.unparse(call), "Its arguments are computed.", call)
        self.code.saves = True
        return ast.Call(self.code.bridge("save"), [ast.Name(self.own, ast.Load()), *names], [])

    def _relate(self, call: ast.Call, accessor: str, verb: str) -> ast.expr:
        """``self.tags.add(*tags)`` → ``add(self, "tags", tags)``."""
        relation = self._relation(accessor, call)
        if call.keywords or (verb == "set" and len(call.args) != 1):
            raise self.code.module.refuse(ast.unparse(call), "It has keyword arguments.", call)
        if verb == "set" or (len(call.args) == 1 and isinstance(call.args[0], ast.Starred)):
            only = call.args[0]
            others = self.value(only.value if isinstance(only, ast.Starred) else only)
        else:
            others = ast.List([self.value(a) for a in call.args], ast.Load())
        name = self.code.bridge("add" if verb == "add" else "put")
        return ast.Call(name, [ast.Name(self.own, ast.Load()), relation, others], [])

    def _relation(self, accessor: str, at: ast.AST) -> ast.expr:
        assert self.model is not None
        ctx, model, attribute = self.code.ctx, self.model, accessor
        item = field_of(model, accessor)
        back = reverse_of(model, accessor)
        if item is None and back is not None and back.kind == "m2m":
            model, attribute = concrete(ctx, back.model), back.field
            item = field_of(model, back.field)
        if item is None or item.relation is None or item.relation.kind != "m2m":
            raise self.code.module.refuse(
                f"{self.model.label}.{accessor}", "Only many-to-many relations are added to and set here.", at
            )
        through = ctx.snapshot.models.get(item.relation.through)
        if not item.relation.through_auto_created or through is None:
            raise self.code.module.refuse(
                f"{model.label}.{item.name}", "The table between is a model of its own.", at
            )
        if any(r.signal.rpartition(".")[2] == "m2m_changed" for r in ctx.snapshot.receivers):
            raise self.code.module.refuse(
                f"{model.label}.{item.name}", "There are receivers of m2m_changed.", at
            )
        if model is self.model and attribute == accessor:
            return ast.Constant(attribute)
        cls, imported = entity_type(ctx, model.label)
        self.code.imports.add(imported)
        return ast.Attribute(ast.Name(cls, ast.Load()), attribute, ast.Load())


def typed(code: Code, function: ast.FunctionDef, cls: str) -> str:
    """``(self: Book, create: bool, extracted: Any, **kwargs: Any) -> …`` of a ``post_generation``."""
    code.imports.add(Import("typing", "Any"))
    spec = function.args
    names = [a.arg for a in spec.args]
    kinds = [cls, "bool", "Any"]
    parts = [f"{name}: {kind}" for name, kind in zip(names, kinds, strict=False)]
    if spec.kwarg is not None:
        parts.append(f"**{spec.kwarg.arg}: Any")
    gives = any(isinstance(n, ast.Return) and n.value is not None for n in ast.walk(function))
    return f"({', '.join(parts)}) -> {'Any' if gives else 'None'}"


def _first_line(node: ast.stmt) -> str:
    return ast.unparse(node).splitlines()[0]
