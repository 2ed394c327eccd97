"""A view's own ``permission_denied``: what is done where a permission says no.

``APIView.check_permissions`` and ``check_object_permissions`` call it with the permission's ``message`` and ``code``; where
it returns, they go on with the next permission.
"""

from __future__ import annotations

import ast

from segue.target.ir import Import
from segue.translate.functions.lift import find, lift
from segue.translate.kinds import Keywords, Request, ViewSelf
from segue.translate.load.models import snake
from segue.translate.permissions.condition import Condition
from segue.translate.specialise.endpoint import Endpoint, path_scope


def statements(endpoint: Endpoint, condition: Condition) -> tuple[list[str], set[Import]]:
    """The statements that require ``condition`` (which is not always granted). Raises ``Refused``."""
    dotted = endpoint.overridden("permission_denied")
    if not dotted:
        return [condition.statement], set()
    function = find(endpoint.ctx, dotted, endpoint.where)
    if "gettext" in condition.message:
        raise endpoint.refuse_method(
            "permission_denied", "It is given a message that is another one in another language."
        )
    if condition.message[:1] in ("{", "["):
        raise endpoint.refuse_method("permission_denied", "It is given a message that is no text.")
    given = tuple(
        (name, ast.literal_eval(text) if text else None)
        for name, text in (("message", condition.message), ("code", condition.code))
    )
    tree = ast.parse(_dedented(function.source)).body[0]
    assert isinstance(tree, ast.FunctionDef)
    spec = tree.args
    names = [a.arg for a in spec.args]
    if len(names) != 2 or spec.kwarg is None or spec.vararg is not None or spec.kwonlyargs:
        raise endpoint.refuse_method(
            "permission_denied", "Segue translates permission_denied(self, request, **kwargs) only."
        )
    lifted = lift(
        endpoint.ctx,
        function,
        self_kind=ViewSelf(endpoint),
        arguments={names[1]: Request(), spec.kwarg.arg: Keywords(endpoint, given)},
        module_kind="permissions",
        app=endpoint.app,
        name=f"deny_{snake(endpoint.cls.rpartition('.')[2])}",
        hint=endpoint.action or "",
    )
    call = lifted.call(path_scope(endpoint))
    refused = ast.UnaryOp(ast.Not(), ast.parse(condition.text, mode="eval").body)
    return [f"if {ast.unparse(refused)}:", f"    {call}"], set(lifted.imports)


def _dedented(source: str) -> str:
    import textwrap

    return textwrap.dedent(source)
