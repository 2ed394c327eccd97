"""A view's own ``get_throttles``: the limits of each method, where nothing but the method and the action decides them.

Source: ``APIView.check_throttles``, which ``initial`` calls for every request, and ``ViewSetMixin.initialize_request``, by which each
method of a URL has its action.
"""

from __future__ import annotations

from segue.target.ir import Import
from segue.translate.specialise.endpoint import Endpoint
from segue.translate.specialise.fold import Made, call_method
from segue.translate.views import throttles

HOOK = "get_throttles"
# Methods that a request may have; those that the view does not offer are treated as the last one is.
_METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE")


def limits(endpoint: Endpoint, actions: list[tuple[str | None, str]]) -> tuple[list[str], set[Import]]:
    """The body of the function that gives the limits of a call; nothing where DRF's ``get_throttles`` does. Raises ``Refused``."""
    if not endpoint.overridden(HOOK):
        return [], set()
    by_method = {method: action for action, method in actions}
    found: dict[str, tuple[str, ...]] = {}
    imports: set[Import] = set()
    for method in _METHODS:
        action = by_method.get("GET" if method == "HEAD" and "HEAD" not in by_method else method)
        if method == "OPTIONS" and method not in by_method and endpoint.view.flavour == "viewset":
            action = "metadata"
        given = call_method(endpoint.for_action(action, method), HOOK)
        if not isinstance(given, list) or not all(isinstance(one, Made) and not one.parts for one in given):
            raise endpoint.refuse_method(HOOK, "Segue does not see which throttles it gives.")
        constants = [throttles.constant(endpoint, one.cls) for one in given]
        found[method] = tuple(name for name in constants if name)
    used = {name for one in found.values() for name in one}
    imports |= {Import(f"{endpoint.ctx.program.package}.access", name) for name in used}
    if not used:
        return [], set()
    rest = found["TRACE"]
    lines: list[str] = []
    for names in dict.fromkeys(found.values()):
        if names != rest:
            methods = tuple(m for m in _METHODS if found[m] == names)
            test = f"== {methods[0]!r}" if len(methods) == 1 else f"in {methods!r}"
            lines += [f"if call.verb {test}:", f"    return {_tuple(names)}"]
    return [*lines, f"return {_tuple(rest)}"], imports


def _tuple(names: tuple[str, ...]) -> str:
    return f"({', '.join(names)}{',' if len(names) == 1 else ''})"


__all__ = ["HOOK", "limits"]
