"""``self.kwargs`` as a whole: ``{**self.kwargs}``, ``.items()``, ``f(**self.kwargs)``, ``reverse("x", kwargs=self.kwargs)``.

Django gives a view the arguments of its URL in the order of the pattern, each as its converter makes it (``URLPattern.resolve``).
"""

from __future__ import annotations

import ast
import re

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, literal
from segue.translate.kinds import DictOf, Scalar, UrlArguments
from segue.translate.rules import registry
from segue.translate.rules.registry import method


def url_entries(frame: Frame, value: Val, node: ast.AST) -> dict[str, Val]:
    """The arguments by name. Raises ``Refused`` (``url-argument``) where some requests have others."""
    assert isinstance(value.kind, UrlArguments)
    endpoint = value.kind.endpoint
    known, route = getattr(endpoint, "url_arguments", None), getattr(endpoint, "route", None)
    text = ast.unparse(node) if isinstance(node, ast.expr) else "self.kwargs"
    if not isinstance(known, dict) or route is None:
        raise frame.refuse("url-argument", text, "Several URLs lead here, with other arguments.", node)
    if route.default_kwargs or route.suffix_regex or re.search(r"\(\?P<[^)]*\)+\?", route.regex):
        raise frame.refuse(
            "url-argument", text, "The URL has arguments that some requests lack, or defaults.", node
        )
    return {
        name: frame.url_argument(name, kind, kind.type if isinstance(kind, Scalar) else "str")
        for name, kind in known.items()
    }


def whole(frame: Frame, value: Val, node: ast.AST) -> Val:
    """``self.kwargs`` as a dict of its own."""
    entries = url_entries(frame, value, node)
    keys: list[ast.expr | None] = [literal(name) for name in entries]
    values = [entry.node for entry in entries.values() if entry.node is not None]
    return Val(DictOf(tuple((name, entry.kind) for name, entry in entries.items())), ast.Dict(keys, values))


@method(UrlArguments, "items", "keys", "values", "copy")
def of_all(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``self.kwargs.items()``."""
    made = whole(frame, owner, call.node)
    if call.name == "copy":
        return made
    rule = registry.methods.get((DictOf, call.name)) or registry.methods.get((DictOf, "*"))
    return rule(frame, made, call) if rule is not None else None


__all__ = ["url_entries", "whole"]
