"""``{% for %}``, and the rows that it runs over.

Source: ``django.template.defaulttags.ForNode``.
"""

from __future__ import annotations

import ast
from typing import Any

from segue.refusal import Refused
from segue.translate.interp.iterate import iterable
from segue.translate.interp.join import not_null, widen
from segue.translate.interp.value import Val
from segue.translate.kinds import (
    Const,
    DictOf,
    Kind,
    LibraryObject,
    ListOf,
    Maybe,
    QuerySet,
    RelatedManager,
    Scalar,
    TupleOf,
    Unknown,
)
from segue.translate.templates.filters import expression
from segue.translate.templates.paths import in_terms
from segue.translate.templates.tags import tag, written
from segue.translate.templates.writing import TAKEN, Found, Template


@tag("for")
def _for(
    template: Template,
    line: int,
    names: list[str],
    sequence: dict[str, Any],
    backwards: bool,
    body: list[Any],
    empty: list[Any],
) -> str:
    for name in names:
        if name in TAKEN or not name.isidentifier():
            raise template.refuse(name, "It means something else in Jinja2. Give it another name.", line)
    text, kind = _sequence(template, expression(template, sequence, line, condition=True), line)
    items: list[Kind]
    if len(names) == 1:
        items = [kind]
    elif isinstance(kind, TupleOf) and len(kind.items) == len(names):
        items = list(kind.items)
    elif isinstance(kind, DictOf) and [key for key, _ in kind.items] == [str(n) for n in range(len(names))]:
        items = [one for _, one in kind.items]
    elif isinstance(kind, ListOf) and kind.type == "tuple":
        items = [kind.item] * len(names)
    else:
        raise template.refuse(", ".join(names), "Segue does not know the parts of the items.", line)
    known = {n: Found(n, k, ast.Name(n, ast.Load())) for n, k in zip(names, items, strict=True)}
    if backwards:
        text = f"{text}|reverse"
    template.loops += 1
    with template.maybe():
        with template.scope(known):
            inner = written(template, body)
        template.loops -= 1
        rest = written(template, empty)
    made = f"{{% for {', '.join(names)} in {text} %}}{inner}"
    return made + ("{% else %}" + rest if rest else "") + "{% endfor %}"


def _sequence(template: Template, found: Found, line: int) -> tuple[str, Kind]:
    """What a loop runs over, and what its items are."""
    if found.absent or found.kind == Const(None):
        return (found.text if found.absent else f"{found.text} or []"), Unknown()
    kind = found.kind
    kind, nothing = (kind.kind, True) if isinstance(kind, Maybe) else (kind, not_null(kind) != kind)
    text = f"({found.text} or [])" if nothing else found.text
    if isinstance(kind, QuerySet | RelatedManager):
        return _rows(template, found, line)
    if isinstance(kind, ListOf) and isinstance(kind.item, LibraryObject):
        raise template.refuse(found.text, "Its items are objects of a library.", line)
    if isinstance(kind, ListOf) and kind.type in ("list", "tuple"):
        return text, kind.item
    if isinstance(kind, Const) and isinstance(kind.value, tuple) and kind.value:
        return text, widen(Const(kind.value[0])) if len({type(v) for v in kind.value}) == 1 else Scalar("Any")
    if isinstance(kind, Scalar) and kind.type == "list[Any]":
        return text, Scalar("Any", True)
    raise template.refuse(found.text, "Segue does not know what it runs over.", line)


def _rows(template: Template, found: Found, line: int) -> tuple[str, Kind]:
    """``for item in order.items.all``: the rows that the object brings, or asked for before where that is the same."""
    frame = template.frame
    if found.node is None or found.missing:
        raise template.refuse(found.text, "It may be missing.", line)
    try:
        with frame.capture() as lines:
            node, item = iterable(frame, Val(found.kind, found.node), template.shared.call)
    except Refused as refused:
        raise template.at(refused, found.text, line) from None
    owner = found.text.split(".")[0]
    text = _prefetched(template, node, owner) if not lines else None
    if text is not None:
        return text, item
    name = "_".join(part for part in found.text.split(".") if part != "all")
    if not name.isidentifier():
        raise template.refuse(found.text, "Ask for its rows before, and give the template a list.", line)
    shadowed = any(owner in scope for scope in template.scopes)
    if template.inside or template.loops or lines or shadowed:
        why = "Its rows are asked for where the template decides so. Ask for them before, and give the template a list."
        raise template.refuse(found.text, why, line)
    if name in template.shared.names or name in template.shared.more or name in TAKEN:
        raise template.refuse(found.text, f"There is a {name} already.", line)
    template.shared.more[name] = node
    return name, item


def _prefetched(template: Template, node: ast.expr, root: str) -> str | None:
    """``order.items``, where the rows are there already."""
    parts: list[str] = []
    inner = node
    while isinstance(inner, ast.Attribute):
        parts.append(inner.attr)
        inner = inner.value
    for scope in reversed(template.scopes):
        if root in scope:
            known = scope[root]
            break
    else:
        value = template.shared.names.get(root)
        known = Found(root, Unknown()) if value is None else Found(root, value.kind, value.node)
    return in_terms(template, node, known) if parts and known.node is not None else None
