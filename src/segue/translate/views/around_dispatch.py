"""``dispatch`` that only calls DRF's, for decorators of Django's that stand around it: ``vary_on_cookie``, ``vary_on_headers``, ``cache_page``.

``CacheMiddleware.process_request`` looks at GET and HEAD alone, and its ``process_response`` writes no header on what it does not keep:
``cache_page`` does nothing to any other method. What it keeps are pickled answers of Django's classes under a key of the URL and the headers
that the answer varies on; those are refused (``page-cache``). Source: ``django.middleware.cache``, ``django.utils.cache.patch_vary_headers``.
"""

from __future__ import annotations

import ast
import textwrap
from dataclasses import dataclass

from segue.snapshot.model import Function
from segue.translate.rules.scopes import passes_on
from segue.translate.specialise.endpoint import Endpoint

_METHOD = "django.utils.decorators.method_decorator"
_CACHE = "django.views.decorators.cache.cache_page"
_VARY = "django.views.decorators.vary."
_READS = ("GET", "HEAD")


@dataclass(frozen=True, slots=True)
class Around:
    """``vary``: what each answer varies on, in the order in which it is written; ``caches``: whether pages are kept."""

    vary: tuple[str, ...] = ()
    caches: bool = False


def around(endpoint: Endpoint) -> Around | None:
    """What stands around the view's ``dispatch``; None where that does more than Segue knows."""
    function = endpoint.ctx.snapshot.functions.get(endpoint.overridden("dispatch"))
    known = endpoint.klass()
    if function is None or known is None or function.owner not in known.mro:
        return None
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    if not isinstance(tree, ast.FunctionDef) or len(tree.decorator_list) != len(function.wrapped_by):
        return None
    # The view takes the layers of its dispatch for its own (all of them in ``ViewSetMixin.as_view``, all but the outermost in
    # ``View.as_view``); one more is put around it in the URLs.
    own_layers = len(tree.decorator_list) - ("rest_framework.viewsets.ViewSetMixin" not in known.mro)
    if len(endpoint.view.decorators) != own_layers:
        return None
    if not _only_calls(tree) or _goes_on_to_another(endpoint, function):
        return None
    vary: list[str] = []
    caches = False
    for decorator, name in zip(reversed(tree.decorator_list), reversed(function.wrapped_by), strict=True):
        match decorator:
            case ast.Call(ast.Name() | ast.Attribute() as made, [inner], []) if (
                _ref(function, made) == _METHOD
            ):
                pass
            case _:
                return None
        if isinstance(inner, ast.Call) and name == _ref(function, inner.func) == _CACHE:
            caches = True
            continue
        headers = _varies(function, inner, name)
        if headers is None:
            return None
        vary += [header for header in headers if header.lower() not in map(str.lower, vary)]
    return Around(tuple(vary), caches)


def check(endpoint: Endpoint, found: Around) -> None:
    """Refuse what the page cache answers."""
    if not found.caches or endpoint.method not in _READS:
        return
    why = (
        "Django's page cache answers it before anybody is asked who they are, with what it has kept of Django's; the service does not read that."
        " Keep it on Django, or cache what is computed with django.core.cache."
    )
    function = endpoint.ctx.snapshot.functions[endpoint.overridden("dispatch")]
    raise endpoint.refuse("page-cache", "cache_page", why, function.where)


def _only_calls(tree: ast.FunctionDef) -> bool:
    match tree.body[1:] if ast.get_docstring(tree) is not None else tree.body:
        case [ast.Return(ast.Call() as call)]:
            return ast.unparse(call.func) == "super().dispatch" and passes_on(tree.args, call)
    return False


def _goes_on_to_another(endpoint: Endpoint, function: Function) -> bool:
    """Whether a class behind has a ``dispatch`` of its own as well."""
    known = endpoint.klass()
    assert known is not None
    behind = known.mro[known.mro.index(function.owner) + 1 :]
    return any(
        f"{base}.dispatch" in endpoint.ctx.snapshot.functions
        for base in behind
        if not base.startswith(("rest_framework.", "django."))
    )


def _ref(function: Function, node: ast.expr) -> str:
    ref = function.globals.get(ast.unparse(node))
    return ref.name if ref is not None else ""


def _varies(function: Function, node: ast.expr, name: str) -> tuple[str, ...] | None:
    """The headers of ``vary_on_cookie`` and ``vary_on_headers("Authorization", …)``."""
    if isinstance(node, ast.Call):
        given = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
        known = name == _ref(function, node.func) == f"{_VARY}vary_on_headers"
        return tuple(given) if known and len(given) == len(node.args) and not node.keywords else None
    # It is what ``vary_on_headers("Cookie")`` has made, the only one that Django gives a name.
    made = (f"{_VARY}vary_on_cookie", f"{_VARY}vary_on_headers.<locals>.decorator")
    return ("Cookie",) if name == _ref(function, node) and name.startswith(made) else None


__all__ = ["Around", "around", "check"]
