"""Arguments of a serializer's own that choose its fields: ``X(many=True, fields=("id", "name"))``.

Followed is the ``DynamicFieldsModelSerializer`` of DRF's documentation (Serializers, "Dynamically modifying fields") and what is written
like it: the arguments are taken, DRF's constructor gets the rest, and where one was given, fields are taken out by it. Without any
it does nothing. Which fields an object has is in the snapshot (``Serializer.arguments``), since the probe has made it.
"""

from __future__ import annotations

import ast
import textwrap

from segue.refusal import refuse
from segue.snapshot.model import Function, Serializer
from segue.translate.context import Context
from segue.translate.serializers.flex_fields import arguments

_KINDS = frozenset({"set", "frozenset", "list", "tuple", "sorted"})
_OF_FIELDS = frozenset({"self.fields.pop", "self.fields.keys"})
_NODES = (
    ast.For, ast.Assign, ast.Expr, ast.Delete, ast.If, ast.expr_context, ast.Name, ast.Attribute, ast.Subscript, ast.Call, ast.Constant,
    ast.BinOp, ast.operator, ast.Compare, ast.cmpop, ast.BoolOp, ast.boolop, ast.UnaryOp, ast.unaryop,
)  # fmt: skip


def taken(function: Function) -> frozenset[str]:
    """The arguments by which the ``__init__`` takes fields out, and does nothing else; empty for any other."""
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    if not isinstance(tree, ast.FunctionDef) or tree.decorator_list:
        return frozenset()
    spec = tree.args
    if (
        [a.arg for a in (*spec.posonlyargs, *spec.args)] != ["self"]
        or spec.vararg is None
        or spec.kwarg is None
        or not all(d is not None and _is_nothing(d) for d in spec.kw_defaults)
    ):
        return frozenset()
    names = {a.arg: a.arg for a in spec.kwonlyargs}  # local → argument
    body = [s for s in tree.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    while body:
        match body[0]:
            case ast.Assign(
                [ast.Name(local)],
                ast.Call(
                    ast.Attribute(ast.Name(rest), "pop"), [ast.Constant(str() as argument), nothing], []
                ),
            ) if rest == spec.kwarg.arg and _is_nothing(nothing):
                names[local] = argument
                del body[0]
            case _:
                break
    passed = f".__init__(*{spec.vararg.arg}, **{spec.kwarg.arg})"
    if not names or not body or not _is_super(body[0], passed):
        return frozenset()
    allowed = set(names) | {"self"} | _KINDS
    replaced = {name for name, ref in function.globals.items() if ref.kind != "builtin"}
    if _KINDS & (replaced | set(names)):
        return frozenset()
    if all(_takes_out(s, set(names), allowed) for s in body[1:]):
        return frozenset(names.values())
    return frozenset()


def check_arguments(ctx: Context, serializer: Serializer) -> None:
    """Refuse a nested serializer whose arguments may do more than choose its fields."""
    if not serializer.arguments:
        return
    from segue.translate.serializers.own_init import inits

    constructors = inits(ctx, serializer.name)
    known = {name for function in constructors or () for name in taken(function)}
    known |= arguments(ctx, serializer.name)
    if constructors is not None and all(taken(function) for function in constructors):
        known.add("context")  # nothing looks at it before it is a field, and then at its root's
    left = [name for name in serializer.arguments if name not in known]
    if left:
        raise refuse(
            "serializer-arguments",
            f"{serializer.name.rpartition('.')[2].partition('#')[0]}({', '.join(f'{name}=…' for name in left)})",
            "The nested serializer is made with arguments, and Segue does not know what else they do.",
            serializer.where,
        )


def _is_nothing(node: ast.expr) -> bool:
    """``None``, ``False``, an empty list or tuple: false, and never changed by anybody."""
    match node:
        case ast.Constant(value):
            return value is None or value is False
        case ast.Tuple(elts=[]) | ast.List(elts=[]):
            return True
    return False


def _is_super(node: ast.stmt, passed: str) -> bool:
    match node:
        case ast.Expr(ast.Call(ast.Attribute(ast.Call(ast.Name("super")) as parent, "__init__")) as call):
            return f"{ast.unparse(parent)}{passed}" == ast.unparse(call)
    return False


def _takes_out(node: ast.stmt, names: set[str], allowed: set[str]) -> bool:
    """``if fields is not None: …``, in which only fields are taken out."""
    match node:
        case ast.If(test, body, []) if _was_given(test, names):
            own = {n.id for s in body for n in ast.walk(s) if isinstance(n, ast.Name) and _stores(n)}
            return not own & (_KINDS | {"self"}) and all(_is_plain(s, allowed | own) for s in body)
    return False


def _was_given(test: ast.expr, names: set[str]) -> bool:
    """A test that fails for all arguments' defaults."""
    match test:
        case ast.Name(name):
            return name in names
        case ast.Compare(ast.Name(name), [ast.IsNot()], [ast.Constant(None)]):
            return name in names
        case ast.BoolOp(_, values):
            return all(_was_given(value, names) for value in values)
    return False


def _is_plain(statement: ast.stmt, allowed: set[str]) -> bool:
    called: set[int] = set()
    for node in ast.walk(statement):
        if not isinstance(node, _NODES):
            return False
        match node:
            case ast.Call(function):
                text = ast.unparse(function)
                if text not in _KINDS and text not in _OF_FIELDS:
                    return False
                called.add(id(function))
            case ast.Attribute():
                if ast.unparse(node) != "self.fields" and id(node) not in called:
                    return False
                if _stores(node):
                    return False
            case ast.Subscript():
                if isinstance(node.ctx, ast.Store):
                    return False
            case ast.Name(name) if name not in allowed:
                return False
    return True


def _stores(node: ast.Name | ast.Attribute) -> bool:
    return not isinstance(node.ctx, ast.Load)


__all__ = ["check_arguments", "taken"]
