"""Statements of a serializer's ``__init__`` or ``get_fields`` as code about ``self.fields`` alone (:mod:`.own_fields_source`).

Whether there is an instance becomes the name :data:`UPDATING`, arguments that are not DRF's constants, ``kwargs["context"]``
``self.context``; what a field is called for people is passed over. What else is done with them is refused.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from segue.translate.serializers.own_init import OF_SERIALIZERS

if TYPE_CHECKING:
    from segue.translate.serializers.own_fields_source import Source

UPDATING = "updating"
OF_DRF = frozenset({"instance", "data", "partial", "many", "context", "read_only"})
TOLD = frozenset({"label", "help_text", "style", "initial"})
FIELDS = "self.fields"
INSTANCE = "self.instance"


class Rewriter(ast.NodeTransformer):
    def __init__(self, source: Source, named: dict[str, str], method: str) -> None:
        self.source, self.named, self.method = source, named, method
        self.asks = False
        spec = source.spec
        self.kwargs = spec.kwarg.arg if spec.kwarg is not None else ""
        self.args = spec.vararg.arg if spec.vararg is not None else ""

    # conditions: whether there is an instance

    def visit_If(self, node: ast.If) -> ast.AST:
        node.test = self._condition(node.test)
        self.generic_visit(node)
        return node

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        node.test = self._condition(node.test)
        self.generic_visit(node)
        return node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        node.values = [self._condition(value) for value in node.values]
        self.generic_visit(node)
        return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        if isinstance(node.op, ast.Not):
            node.operand = self._condition(node.operand)
        self.generic_visit(node)
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        match node:
            case ast.Compare(left, [ast.Is() | ast.IsNot() as op], [ast.Constant(None)]) if self._is_instance(
                left
            ):
                there = self._there(node)
                return (
                    there
                    if isinstance(op, ast.IsNot)
                    else ast.copy_location(ast.UnaryOp(ast.Not(), there), node)
                )
            case ast.Compare(
                ast.Attribute(attr="method"), [ast.Eq() | ast.NotEq() | ast.In() | ast.NotIn()], [value]
            ) if self.method == "GET":
                # What serves GET serves HEAD, too: known where both are answered alike.
                known = {_compared(method, node.ops[0], value) for method in ("GET", "HEAD")}
                if len(known) == 1 and None not in known:
                    return ast.copy_location(ast.Constant(known.pop()), node)
        self.generic_visit(node)
        return node

    def _condition(self, node: ast.expr) -> ast.expr:
        if self._is_instance(node) or ast.unparse(node) in ("self.instance.pk", "self.instance.id"):
            return self._there(node)
        match node:
            case ast.Call(
                ast.Name("hasattr"), [ast.Name("self"), ast.Constant("instance" | "fields" | "context")], []
            ):
                return ast.copy_location(ast.Constant(True), node)
            case ast.Call(
                ast.Name("getattr"), [ast.Name("self"), ast.Constant("instance"), ast.Constant(None)], []
            ):
                return self._there(node)
        return node

    def _is_instance(self, node: ast.expr) -> bool:
        return ast.unparse(node) == INSTANCE or (
            isinstance(node, ast.Name) and self.named.get(node.id) == INSTANCE
        )

    def _there(self, node: ast.expr) -> ast.expr:
        self.asks = True
        return ast.copy_location(ast.Name(UPDATING, ast.Load()), node)

    # fields that are made

    def visit_For(self, node: ast.For) -> ast.AST:
        self.generic_visit(node)
        idle = all(isinstance(s, ast.Pass) for s in [*node.body, *node.orelse])
        return ast.copy_location(ast.Pass(), node) if idle and _is_plain_loop(node.iter) else node

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        match node:
            # What people are told of a field: OPTIONS is Django's.
            case ast.Assign([ast.Attribute(ast.Subscript() | ast.Name(), attribute)], value) if (
                attribute in TOLD
            ):
                if all(isinstance(part, ast.Constant) for part in ast.walk(value)):
                    return ast.copy_location(ast.Pass(), node)
        for target in node.targets:
            if isinstance(target, ast.Subscript) and self._is_fields(target.value):
                why = (
                    "It makes a field where a request decides about fields. Declare the field in the class, and take it out where it is "
                    "not wanted."
                )
                raise self.source.refused(why, node)
        self.generic_visit(node)
        return node

    def _is_fields(self, node: ast.expr) -> bool:
        return ast.unparse(node) == FIELDS or (
            isinstance(node, ast.Name) and self.named.get(node.id) == FIELDS
        )

    # arguments

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id in (self.kwargs, self.args) and node.id:
            raise self.source.refused(f"Segue does not follow what it does with {node.id}.", node)
        replaced = self.named.get(node.id)
        if replaced is None:
            return node
        if not isinstance(node.ctx, ast.Load):
            if replaced in (FIELDS, INSTANCE):
                raise self.source.refused(f"It gives {node.id} another value.", node)
            return node
        if replaced == INSTANCE:
            raise self.source.refused("It looks into self.instance.", node)
        return ast.copy_location(ast.parse(replaced, mode="eval").body, node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if ast.unparse(node) == INSTANCE:
            raise self.source.refused("It looks into self.instance.", node)
        match node:
            case ast.Attribute(ast.Name("self"), name) if name not in OF_SERIALIZERS and self._is_kept(name):
                return ast.copy_location(ast.Name(f"own_{name}", node.ctx), node)
        self.generic_visit(node)
        return node

    def _is_kept(self, name: str) -> bool:
        """Whether the constructor itself puts it on the serializer."""
        return f"self.{name} = " in self.source.function.source

    def visit_Call(self, node: ast.Call) -> ast.AST:
        match node:
            case ast.Call(
                ast.Attribute(ast.Name(owner), "pop" | "get" as method),
                [ast.Constant(str() as name), *rest],
                [],
            ) if owner and owner == self.kwargs:
                if name == "context" and method == "get":
                    return self._context(node)
                if name in OF_DRF or len(rest) > 1 or (method == "get" and name not in self.source.given):
                    raise self.source.refused(f"It looks at {name}=.", node)
                text = self.source.argument(name, rest[0] if rest else None, node)
                return ast.copy_location(ast.parse(text, mode="eval").body, node)
        self.generic_visit(node)
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        match node:
            case ast.Subscript(ast.Name(owner), ast.Constant("context")) if owner and owner == self.kwargs:
                return self._context(node)
        self.generic_visit(node)
        return node

    def _context(self, node: ast.expr) -> ast.expr:
        return ast.copy_location(ast.parse("self.context", mode="eval").body, node)


def _is_plain_loop(node: ast.expr) -> bool:
    return ast.unparse(node) in (FIELDS, f"{FIELDS}.values()", f"{FIELDS}.items()", f"{FIELDS}.keys()")


def _compared(method: str, op: ast.cmpop, value: ast.expr) -> bool | None:
    try:
        known = ast.literal_eval(value)
    except ValueError:
        return None
    if isinstance(op, ast.Eq | ast.NotEq):
        return bool(method == known) == isinstance(op, ast.Eq)
    return bool(method in known) == isinstance(op, ast.In) if isinstance(known, list | tuple | set) else None


__all__ = ["FIELDS", "INSTANCE", "OF_DRF", "TOLD", "UPDATING", "Rewriter"]
