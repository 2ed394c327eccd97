"""A view's own ``handle_exception``: what it makes of an exception before, or in the place of, what DRF makes of it.

As with ``EXCEPTION_HANDLER`` it is translated twice: for the exceptions that DRF answers, and for all others; ``super()`` lets the
latter through to Django, unless the project's handler answers them.

Source: ``rest_framework.views.APIView.handle_exception``.
"""

from __future__ import annotations

import ast
import textwrap
from dataclasses import replace

from segue.snapshot.model import Function
from segue.target.ir import Decl, Import, Module
from segue.translate.functions.finish import keep
from segue.translate.functions.lift import Lifted, find, interpret, lift
from segue.translate.kinds import ErrorResponse, Failure, Kind, Maybe, Response, ViewSelf
from segue.translate.specialise.endpoint import Endpoint
from segue.translate.views.errors_by_class import drawn_out
from segue.translate.views.raises_djangos import raises_djangos

HOOK = "handle_exception"
_STATE = {
    "call": "call",
    "db": "call.db",
    "user": "call.user",
    "method": "call.method",
    "query": "call.query",
    "action": "call.action",
}


def arguments(endpoint: Endpoint, module: Module, stem: str) -> tuple[list[str], set[Import]]:
    """Arguments of the view's ``Resource``, and their imports; adapters go into ``module``. Raises ``Refused``."""
    dotted = endpoint.overridden(HOOK)
    if not dotted:
        return [], set()
    function = find(endpoint.ctx, dotted, endpoint.where)
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    if not isinstance(tree, ast.FunctionDef) or len(tree.args.args) != 2 or tree.decorator_list:
        raise endpoint.refuse_method(HOOK, "It is no plain handle_exception(self, exc).")
    endpoint = replace(endpoint, any_action=True)
    error = tree.args.args[1].arg
    function = drawn_out(endpoint, function, error)
    made: list[str] = []
    imports: set[Import] = set()
    answered = _lifted(endpoint, function, error, api=True)
    text, needed = _argument(module, answered, "error_handler", f"{stem}_error")
    made.append(text)
    imports |= needed
    other = interpret(
        endpoint.ctx,
        function,
        self_kind=ViewSelf(endpoint),
        arguments={error: Failure(False)},
        app=endpoint.app,
    )
    if other.frame is None or other.frame.returns or other.frame.alive:
        text, needed = _argument(
            module, _lifted(endpoint, function, error, api=False), "other_handler", f"{stem}_other_error"
        )
        made.append(text)
        imports |= needed
    return made, imports


def _lifted(endpoint: Endpoint, function: Function, error: str, *, api: bool) -> Lifted:
    """The hook for the exceptions of DRF, or for all others. Raises ``Refused``."""
    given: dict[str, Kind] = {error: Failure(api)}
    lifted = lift(
        endpoint.ctx,
        function,
        self_kind=ViewSelf(endpoint),
        arguments=given,
        module_kind="errors",
        app=endpoint.app,
        name=HOOK if api else f"{HOOK}_of_others",
    )
    kind = lifted.returns.kind if isinstance(lifted.returns, Maybe) and not api else lifted.returns
    if not isinstance(kind, ErrorResponse | Response):
        raise endpoint.refuse_method(
            HOOK, f"Segue does not see that it returns a Response ({lifted.returns})."
        )
    if any(s.name not in _STATE for s in lifted.state):
        raise endpoint.refuse_method(HOOK, "It needs more than the request.")
    if raises_djangos(endpoint.ctx, lifted.name, again=api):
        raise endpoint.refuse_method(HOOK, "What it raises itself is Django's to answer, with a page.")
    keep(endpoint.ctx, lifted)
    return lifted


def _argument(module: Module, lifted: Lifted, argument: str, adapter: str) -> tuple[str, set[Import]]:
    if [s.name for s in lifted.state] == ["call"] and lifted.explicit:
        return f"{argument}={lifted.name}", set(lifted.imports)
    wait = ("async ", "await ") if lifted.is_async else ("", "")
    others = argument == "other_handler"
    error, answer = ("Exception", "Response | None") if others else ("APIException", "Response")
    given = [_STATE[s.name] for s in lifted.state] + ["error"] * len(lifted.explicit)
    lines = [
        f"{wait[0]}def {adapter}(call: Call, error: {error}) -> {answer}:",
        f'    """What the view makes of {"other exceptions" if others else "an error"}."""',
        f"    return {wait[1]}{lifted.name}({', '.join(given)})",
    ]
    needed = {
        Import("segue_bridge.http.call", "Call"),
        Import("starlette.responses", "Response"),
        *lifted.imports,
    }
    if not others:
        needed.add(Import("segue_bridge.errors", "APIException"))
    module.add(Decl(adapter, "\n".join(lines), frozenset(needed), 39))
    return f"{argument}={adapter}", set()


__all__ = ["HOOK", "arguments"]
