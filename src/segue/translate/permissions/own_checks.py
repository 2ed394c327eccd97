"""A view's own ``check_permissions``: its body is that of the access function.

``APIView.initial`` calls it once the request is authenticated, and takes no notice of what it returns.
"""

from __future__ import annotations

import ast
import textwrap

from segue.target.ir import Import
from segue.translate.functions.lift import Body, find, interpret
from segue.translate.kinds import Request, ViewSelf
from segue.translate.specialise.endpoint import Endpoint, path_scope


def own_checks(endpoint: Endpoint) -> tuple[list[str], set[Import]]:
    """The statements of the project's ``check_permissions(self, request)``. Raises ``Refused``."""
    function = find(endpoint.ctx, endpoint.overridden("check_permissions"), endpoint.where)
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    if not isinstance(tree, ast.FunctionDef) or len(tree.args.args) != 2:
        raise endpoint.refuse_method("check_permissions", "It is no plain method of one request.")
    body = interpret(
        endpoint.ctx,
        function,
        self_kind=ViewSelf(endpoint),
        arguments={tree.args.args[1].arg: Request()},
        scope=path_scope(endpoint),
        app=endpoint.app,
        hint="permissions",
        shape=("check_permissions", endpoint.key),
    )
    return statements_of(body)


def statements_of(body: Body) -> tuple[list[str], set[Import]]:
    """The statements of a function of DRF's that returns nothing, and its imports."""
    module = ast.parse(
        "async def access(call):\n" + textwrap.indent("\n".join([*body.lines, "pass"]), "    ")
    )
    definition = module.body[0]
    assert isinstance(definition, ast.AsyncFunctionDef)
    statements = _required(definition.body[:-1])
    if statements and isinstance(statements[-1], ast.Return):
        statements.pop()
    return [line for s in statements for line in ast.unparse(s).splitlines()], set(body.imports)


def _required(statements: list[ast.stmt]) -> list[ast.stmt]:
    """``if not granted: call.require(False)`` is ``call.require(granted)``; nothing is returned."""
    found: list[ast.stmt] = []
    for statement in statements:
        if isinstance(statement, ast.If):
            statement.body = _required(statement.body) or [ast.Pass()]
            statement.orelse = _required(statement.orelse)
            found.append(_one(statement))
        elif isinstance(statement, ast.Return):
            if any(isinstance(n, ast.Call) for n in ast.walk(statement)):
                assert statement.value is not None
                found.append(ast.Expr(statement.value))
            found.append(ast.Return())
        else:
            found.append(statement)
    return found


def _one(statement: ast.If) -> ast.stmt:
    match statement:
        case ast.If(ast.UnaryOp(ast.Not(), granted), [ast.Expr(ast.Call() as call)], []) if (
            ast.unparse(call.func) == "call.require" and call.args and ast.unparse(call.args[0]) == "False"
        ):
            call.args[0] = granted
            return ast.Expr(call)
    return statement
