"""The class body of a plain exception of the project: constants, and ``__init__`` and ``__str__`` that only keep and format.

Such code does the same wherever it stands, so it is written down as it is; anything else is a problem that is told.
"""

from __future__ import annotations

import ast
import math
import textwrap
from collections.abc import Mapping

from segue.snapshot.model import Class, Function, GlobalRef, Value
from segue.translate.context import Context

_METHODS = ("__init__", "__str__")
_CALLS = frozenset({"str", "dict", "list", "tuple", "int", "len", "bool"})
_OF_VALUES = frozenset({"format", "join", "get", "copy", "lower", "upper", "title", "strip", "capitalize"})
_TYPES = frozenset({"str", "int", "float", "bool", "dict", "list"})


class Unfit(Exception):
    """Something in the class that Segue does not write down; its text says what."""


def body(ctx: Context, cls: Class) -> list[str]:
    """Lines of the class body below its docstring. Raises :class:`Unfit`."""
    lines = [
        _attribute(name, item.value)
        for name, item in cls.attributes.items()
        if item.defined_in == cls.name and name != "__doc__"
    ]
    for name, dotted in cls.methods.items():
        if dotted.startswith("builtins.") or not dotted.startswith(f"{cls.name}."):
            continue
        found = ctx.snapshot.functions.get(dotted)
        if name not in _METHODS or found is None:
            raise Unfit("The exception has methods of its own.")
        lines += ["", *_method(found)]
    return lines


def attributes(ctx: Context, cls: Class) -> frozenset[str]:
    """Names that objects of the class have, its own bases included."""
    names: set[str] = set()
    for base in cls.mro:
        known = ctx.snapshot.classes.get(base)
        if known is None or base.startswith("builtins."):
            continue
        names |= {n for n, item in known.attributes.items() if item.defined_in == base}
        found = ctx.snapshot.functions.get(known.methods.get("__init__", ""))
        if found is not None:
            names |= {
                n.attr
                for n in ast.walk(_definition(found))
                if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store)
            }
    return frozenset(names)


def _attribute(name: str, value: Value) -> str:
    shown = _literal(value)
    return f"{name}: Any = None" if shown == "None" else f"{name} = {shown}"


def _literal(value: Value) -> str:
    if value.kind == "const" and (value.data is None or isinstance(value.data, str | int | float | bool)):
        if isinstance(value.data, float) and not math.isfinite(value.data):
            raise Unfit("The exception has an attribute that is no finite number.")
        return repr(value.data)
    raise Unfit("The exception has attributes that are no plain constants.")


def _definition(found: Function) -> ast.FunctionDef:
    node = ast.parse(textwrap.dedent(found.source)).body[0]
    if not isinstance(node, ast.FunctionDef) or node.decorator_list:
        raise Unfit("The exception has methods of its own.")
    return node


def _method(found: Function) -> list[str]:
    node = _definition(found)
    arguments = node.args
    if arguments.vararg or arguments.kwarg:
        raise Unfit("Its __init__ takes any arguments.")
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    names = {a.arg for a in every}
    known = _Constants(found.globals, names)
    for argument in every[1:]:
        kept = isinstance(argument.annotation, ast.Name) and argument.annotation.id in _TYPES
        optional = _may_be_none(node, argument.arg)
        argument.annotation = argument.annotation if kept and not optional else ast.Name("Any", ast.Load())
    every[0].annotation = None
    arguments.defaults = [known.constant(d) for d in arguments.defaults]
    arguments.kw_defaults = [d if d is None else known.constant(d) for d in arguments.kw_defaults]
    node.returns = ast.Name("str", ast.Load()) if node.name == "__str__" else ast.Constant(None)
    node.body = [s for s in (known.statement(s) for s in node.body) if s is not None] or [ast.Pass()]
    return ast.unparse(ast.fix_missing_locations(node)).splitlines()


def _may_be_none(node: ast.FunctionDef, name: str) -> bool:
    positional = [*node.args.posonlyargs, *node.args.args]
    defaults = dict(zip([a.arg for a in positional][::-1], node.args.defaults[::-1], strict=False))
    defaults |= {
        a.arg: d for a, d in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True) if d is not None
    }
    default = defaults.get(name)
    return isinstance(default, ast.Constant) and default.value is None


class _Constants:
    """Checks code and puts constants of modules in the place of their names."""

    def __init__(self, refs: Mapping[str, GlobalRef], names: set[str]) -> None:
        self._refs = refs
        self._names = names

    def constant(self, node: ast.expr) -> ast.expr:
        """A default: a constant, or an empty container. Raises :class:`Unfit`."""
        made = self.expression(node)
        if not isinstance(made, ast.Constant | ast.UnaryOp):
            raise Unfit("A default of its __init__ is no plain constant.")
        return made

    def statement(self, node: ast.stmt) -> ast.stmt | None:
        match node:
            case ast.Expr(value=ast.Constant()):
                return None
            case ast.Pass():
                return node
            case ast.Assign(targets=[ast.Attribute(value=ast.Name(id="self"))], value=value):
                node.value = self.expression(value)
                return node
            case ast.AnnAssign(
                target=ast.Attribute(value=ast.Name(id="self")) as target, value=ast.expr() as value
            ):
                return ast.Assign([target], self.expression(value))
            case ast.Assign(targets=[ast.Name(id=local)], value=value):
                node.value = self.expression(value)
                self._names.add(local)
                return node
            case ast.Return(value=ast.expr() as value):
                node.value = self.expression(value)
                return node
            case ast.If(test=test):
                node.test = self.expression(test)
                node.body = [s for s in map(self.statement, node.body) if s is not None] or [ast.Pass()]
                node.orelse = [s for s in map(self.statement, node.orelse) if s is not None]
                return node
            case ast.Expr(
                value=ast.Call(
                    func=ast.Attribute(
                        value=ast.Call(func=ast.Name(id="super"), args=given), attr="__init__" as called
                    ),
                    keywords=[],
                ) as call
            ):
                if len(given) in (0, 2):
                    call.func = ast.Attribute(
                        ast.Call(ast.Name("super", ast.Load()), [], []), called, ast.Load()
                    )
                    call.args = [self.expression(a) for a in call.args]
                    return node
        raise Unfit(f"{ast.unparse(node).splitlines()[0]} in its body is more than keeping and formatting.")

    def expression(self, node: ast.expr) -> ast.expr:
        text = ast.unparse(node)
        ref = self._refs.get(text)
        fixed = (
            ref is not None and ref.kind == "constant" and not ref.name.startswith("django.conf.settings.")
        )
        if fixed and ref is not None and ref.value is not None and text not in self._names:
            return ast.parse(_literal(ref.value), mode="eval").body
        match node:
            case ast.Constant():
                return node
            case ast.Name(id=name) if name in self._names and name != "self":
                return node
            case ast.Attribute(value=ast.Name(id="self")):
                return node
            case ast.BoolOp() | ast.List() | ast.Tuple() | ast.JoinedStr():
                parts = node.elts if isinstance(node, ast.List | ast.Tuple) else node.values
                parts[:] = [self.expression(p) for p in parts]
                return node
            case ast.FormattedValue(format_spec=None, value=value):
                node.value = self.expression(value)
                return node
            case ast.IfExp():
                node.test, node.body, node.orelse = map(self.expression, (node.test, node.body, node.orelse))
                return node
            case ast.Compare():
                node.left = self.expression(node.left)
                node.comparators = [self.expression(c) for c in node.comparators]
                return node
            case ast.UnaryOp():
                node.operand = self.expression(node.operand)
                return node
            case ast.BinOp(op=ast.Add() | ast.Mod()):
                node.left, node.right = self.expression(node.left), self.expression(node.right)
                return node
            case ast.Dict() if all(k is not None for k in node.keys):
                node.keys = [self.expression(k) for k in node.keys if k is not None]
                node.values = [self.expression(v) for v in node.values]
                return node
            case ast.Call(keywords=[]):
                return self._call(node)
        raise Unfit(f"{text} in its body is more than keeping and formatting.")

    def _call(self, node: ast.Call) -> ast.expr:
        match node.func:
            case ast.Name(id=name) if name in _CALLS and name not in self._names:
                pass
            case ast.Attribute(value=owner, attr=attr) if attr in _OF_VALUES:
                node.func.value = self.expression(owner)
            case ast.Attribute(value=ast.Call(func=ast.Name(id="super"), args=[]), attr="__str__"):
                pass
            case _:
                raise Unfit(f"{ast.unparse(node)} in its body is more than keeping and formatting.")
        node.args = [self.expression(a) for a in node.args]
        return node


__all__ = ["Unfit", "attributes", "body"]
