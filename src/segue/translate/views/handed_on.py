"""``def dispatch(self, *args, **kwargs): return super().dispatch(*args, **kwargs)``, there for its decorators alone, and other hooks like it.

``sensitive_post_parameters`` only marks what error reports leave out, so that such a ``dispatch`` is DRF's.
"""

from __future__ import annotations

import ast
import textwrap

from segue.snapshot.model import Class, Function
from segue.translate.context import Context
from segue.translate.rules.scopes import passes_on

_DRF = "rest_framework.views.APIView"
_REPORTS = "django.views.decorators.debug."
# Methods that ``APIView`` has, and calls.
_HOOKS = frozenset(
    {
        "dispatch", "initialize_request", "http_method_not_allowed", "options", "get_parsers", "get_authenticators",
        "get_renderer_context", "get_parser_context", "perform_authentication", "check_throttles", "throttled",
        "perform_content_negotiation", "determine_version", "get_content_negotiator", "get_authenticate_header",
        "get_exception_handler", "raise_uncaught_exception",
    }
)  # fmt: skip


def only_hands_on(ctx: Context, cls: Class | None, name: str) -> bool:
    """Whether every class of the project before DRF's ``APIView`` that defines its method ``name`` only calls its parent's."""
    for base in cls.mro if cls is not None else ():
        if base == _DRF:
            return name in _HOOKS
        if base.startswith("rest_framework."):
            continue
        known = ctx.snapshot.classes.get(base)
        defined = known.methods.get(name, "") if known is not None else f"{base}.{name}"
        if defined == f"{base}.{name}":
            function = ctx.snapshot.functions.get(defined)
            if function is None or not hands_on(function):
                return False
    return False


def hands_on(function: Function) -> bool:
    """Whether the method only calls its parent's, under decorators that change nothing."""
    if not all(decorator.startswith(_REPORTS) for decorator in function.wrapped_by):
        return False
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    if not isinstance(tree, ast.FunctionDef):
        return False
    name = function.name.rpartition(".")[2]
    match tree.body[1:] if ast.get_docstring(tree) is not None else tree.body:
        case [ast.Return(ast.Call() as call)]:
            return ast.unparse(call.func) == f"super().{name}" and passes_on(tree.args, call)
    return False
