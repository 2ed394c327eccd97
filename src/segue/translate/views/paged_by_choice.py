"""``ListModelMixin.list`` over an overridden ``paginate_queryset`` that pages some requests and not others.

The override's body becomes the body of ``list``: each of its ``return``s goes on as ``list`` does with that page, so that the
branches of the override are those of the path operation.
"""

from __future__ import annotations

import ast
import textwrap
from dataclasses import replace

from segue.snapshot.model import Function, GlobalRef
from segue.translate.specialise.endpoint import Endpoint

_RESPONSE = "rest_framework.response.Response"
_REST = """
if PAGE is not None:
    return self.get_paginated_response(self.get_serializer(PAGE, many=True).data)
return Response(self.get_serializer(LISTED, many=True).data)
"""


def listing(endpoint: Endpoint) -> Function:
    """``list(self, request, *args, **kwargs)`` with the override's body in place of the call. Raises ``Refused``."""
    found = endpoint.ctx.snapshot.functions.get(endpoint.overridden("paginate_queryset"))
    tree = ast.parse(textwrap.dedent(found.source)).body[0] if found is not None else None
    if (
        found is None
        or not isinstance(tree, ast.FunctionDef)
        or tree.decorator_list
        or len(tree.args.args) != 2
        or tree.args.vararg is not None
        or tree.args.kwarg is not None
    ):
        raise endpoint.refuse_method("paginate_queryset", "It is no plain method of one queryset.")
    given = tree.args.args[1].arg
    used = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)} | set(found.globals)
    page, listed = _free("page", used), _free("listed", used)
    if "Response" in found.globals and found.globals["Response"].name != _RESPONSE:
        raise endpoint.refuse_method("paginate_queryset", "Its Response is not DRF's.")
    rest = ast.parse(_REST.replace("PAGE", page).replace("LISTED", listed)).body
    goes_on = _GoesOn(page, rest)
    body = [s for statement in tree.body for s in goes_on.many(statement)]
    if not isinstance(tree.body[-1], ast.Return):
        body += goes_on.tail(ast.Constant(None))
    begin = ast.parse(f"{listed} = self.filter_queryset(self.get_queryset())\n{given} = {listed}\n").body
    receiver = tree.args.args[0].arg
    arguments = ast.parse(f"def list({receiver}, request, *args, **kwargs): pass").body[0]
    assert isinstance(arguments, ast.FunctionDef)
    if receiver != "self":
        raise endpoint.refuse_method("paginate_queryset", "Its first parameter is not self.")
    arguments.body = [*begin, *body]
    # The lines stay those of the override, so that refusals point into it.
    arguments.lineno = tree.lineno
    return replace(
        found,
        source=ast.unparse(ast.fix_missing_locations(arguments)),
        globals={**found.globals, "Response": GlobalRef("class", _RESPONSE)},
    )


class _GoesOn(ast.NodeTransformer):
    """``return X`` → what ``list`` does when ``paginate_queryset`` gives X."""

    def __init__(self, page: str, rest: list[ast.stmt]) -> None:
        self.page, self.rest = page, rest

    def many(self, statement: ast.stmt) -> list[ast.stmt]:
        """The statements that one becomes."""
        found = self.visit(statement)
        return found if isinstance(found, list) else [found]

    def tail(self, value: ast.expr) -> list[ast.stmt]:
        """``list`` from the page on."""
        if isinstance(value, ast.Constant) and value.value is None:
            return self.rest[1:]
        target = ast.Name(self.page, ast.Store())
        return [ast.Assign([target], value), *self.rest]

    def visit_Return(self, node: ast.Return) -> list[ast.stmt]:
        """One return."""
        return self.tail(node.value or ast.Constant(None))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """Its returns are its own."""
        return node

    visit_Lambda = visit_AsyncFunctionDef = visit_FunctionDef  # type: ignore[assignment]


def _free(wish: str, used: set[str]) -> str:
    while wish in used:
        wish += "_"
    return wish


__all__ = ["listing"]
