"""A project's ``DjangoFilterBackend`` that only says otherwise what an invalid form gives.

Where a view has no FilterSet, ``DjangoFilterBackend.filter_queryset`` gives the queryset back and raises nothing
(``django_filters.rest_framework.backends``), so a ``try: return super()… except …`` around it changes nothing.
"""

from __future__ import annotations

import ast
import textwrap

from segue.translate.specialise.endpoint import Endpoint
from segue.translate.specialise.fold import plain

_DJANGO = "django_filters.rest_framework.backends.DjangoFilterBackend"


def falls_back(endpoint: Endpoint, name: str) -> bool:
    """Whether backend ``name`` is ``DjangoFilterBackend`` but for what an invalid form gives."""
    known = endpoint.ctx.snapshot.classes.get(name)
    if known is None or _DJANGO not in known.mro:
        return False
    own = {m: d for m, d in known.methods.items() if not d.startswith(("django_filters.", "rest_framework."))}
    attributes = [
        a
        for a, v in known.attributes.items()
        if not v.defined_in.startswith(("django_filters.", "rest_framework."))
    ]
    function = endpoint.ctx.snapshot.functions.get(own.get("filter_queryset", ""))
    return (
        set(own) == {"filter_queryset"}
        and not attributes
        and function is not None
        and _only_super(function.source)
    )


def own_backend(endpoint: Endpoint, name: str) -> bool:
    """Whether backend ``name`` leaves the rows of this view alone. Anything that is not sure is not."""
    known = endpoint.ctx.snapshot.classes.get(name)
    if known is None or _DJANGO not in known.mro:
        return False
    for attribute in ("filterset_class", "filterset_fields"):
        if plain(endpoint.attribute(attribute)):
            return False
    methods = {
        m: d for m, d in known.methods.items() if not d.startswith(("django_filters.", "rest_framework."))
    }
    own = endpoint.klass()
    if set(methods) != {"filter_queryset"} or own is None or "get_filterset_class" in own.methods:
        return False
    function = endpoint.ctx.snapshot.functions.get(methods["filter_queryset"])
    return function is not None and _only_super(function.source)


def _only_super(source: str) -> bool:
    """``[try:] return super().filter_queryset(request, queryset, view) [except …: …]``."""
    tree = ast.parse(textwrap.dedent(source)).body[0]
    if not isinstance(tree, ast.FunctionDef) or tree.decorator_list:
        return False
    names = [a.arg for a in tree.args.args]
    body = [s for s in tree.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    if len(body) == 1 and isinstance(body[0], ast.Try) and not body[0].finalbody and not body[0].orelse:
        body = body[0].body
    if len(body) != 1 or not isinstance(body[0], ast.Return) or body[0].value is None or len(names) != 4:
        return False
    value = body[0].value
    return (
        isinstance(value, ast.Call)
        and isinstance(value.func, ast.Attribute)
        and value.func.attr == "filter_queryset"
        and isinstance(value.func.value, ast.Call)
        and isinstance(value.func.value.func, ast.Name)
        and value.func.value.func.id == "super"
        and len(value.func.value.args) in (0, 2)
        and not value.keywords
        and [ast.unparse(a) for a in value.args] == names[1:]
    )
