"""``get_queryset`` of a view where ``DjangoModelPermissions`` asks for it: its model is what the permissions are of.

Source: ``DjangoModelPermissions._queryset``. DRF runs the method before it looks the permissions up, so that what it raises is the
answer, and what it asks the database is asked. So does the access function, but where the method only builds a statement.
"""

from __future__ import annotations

import ast
import re
import textwrap

from segue.target.ir import Import
from segue.translate.context import Context
from segue.translate.functions.lift import Lifted, lift
from segue.translate.functions.record import reached
from segue.translate.functions.writing import may_write
from segue.translate.interp.leaving import leavable
from segue.translate.kinds import QuerySet, ViewSelf
from segue.translate.load.models import snake
from segue.translate.specialise.endpoint import Endpoint, path_scope

_WHY = "The model behind DjangoModelPermissions is computed by get_queryset."
# What builds statements, and asks nothing that may fail.
_METHODS = frozenset(
    {
        "where", "join", "outerjoin", "order_by", "limit", "offset", "distinct", "in_", "is_", "is_not", "asc", "desc", "nulls_first",
        "nulls_last", "exists", "with_only_columns", "label", "scalar_subquery", "correlate_except", "select_from", "add_columns",
    }
)  # fmt: skip
_FUNCTIONS = frozenset(
    {
        "select",
        "and_",
        "or_",
        "not_",
        "true",
        "false",
        "related",
        "keys",
        "one_of",
        "is_authenticated",
        "is_staff",
    }
)
_TOKEN = re.compile(r"segue__fn_\d+__")
_NODES = (
    ast.FunctionDef, ast.arguments, ast.Return, ast.If, ast.IfExp, ast.Expr, ast.Assign, ast.Call, ast.Attribute, ast.Name, ast.Constant,
    ast.BoolOp, ast.boolop, ast.UnaryOp, ast.unaryop, ast.Compare, ast.cmpop, ast.Tuple, ast.List, ast.Load, ast.Store, ast.Pass,
    ast.keyword, ast.Module,
)  # fmt: skip


def model_asked(endpoint: Endpoint, *, anonymous: bool) -> tuple[str, str, set[Import]]:
    """The label of the model, the expression that runs ``get_queryset`` ('' where that shows nowhere), and its imports.

    ``anonymous``: it is run for anonymous users, too, who have not every attribute. Raises ``Refused``.
    """
    ctx = endpoint.ctx
    dotted = endpoint.overridden("get_queryset")
    function = ctx.snapshot.functions.get(dotted)
    if function is None:
        raise endpoint.refuse("permission", dotted, _WHY)
    name = snake(re.sub(r"(ViewSet|APIView|View)$", "", endpoint.cls.rpartition(".")[2]) or "view")
    with leavable(ctx, possible=False):
        lifted = lift(
            ctx,
            function,
            self_kind=ViewSelf(endpoint),
            arguments={},
            module_kind="queries",
            name=f"{name}_queryset",
            hint=endpoint.action or endpoint.method.lower(),
        )
    if not isinstance(lifted.returns, QuerySet):
        raise endpoint.refuse("permission", dotted, _WHY, function.where)
    text = lifted.call(path_scope(endpoint))
    if may_write(ctx, [text]):
        raise endpoint.refuse("permission", dotted, f"{_WHY} It writes.", function.where)
    label = lifted.returns.query.model
    if _only_builds(ctx, lifted, text) and not (anonymous and "call.user" in text):
        return label, "", set()
    return label, text, set(lifted.imports)


def _only_builds(ctx: Context, lifted: Lifted, text: str) -> bool:
    called = reached(ctx, [text])
    if lifted.is_async or None in called or "call.path" in text or "call.query" in text:
        return False
    return all(record is not None and not record.is_async and _builds(record.lines) for record in called)


def _builds(lines: list[str]) -> bool:
    tree = ast.parse("def f():\n" + textwrap.indent("\n".join([*lines, "pass"]), "    "))
    return all(isinstance(node, _NODES) and _is_known(node) for node in ast.walk(tree))


def _is_known(node: ast.AST) -> bool:
    match node:
        case ast.Call(ast.Name(name)):
            return name in _FUNCTIONS or bool(_TOKEN.fullmatch(name))
        case ast.Call(ast.Attribute(_, name)):
            return name in _METHODS
        case ast.Call():
            return False
    return True


__all__ = ["model_asked"]
