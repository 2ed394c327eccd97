"""What a loop runs over: the code of the iterable and the kind of an item."""

from __future__ import annotations

import ast

from segue.translate.interp.frame import Frame
from segue.translate.interp.join import widen
from segue.translate.interp.value import Val
from segue.translate.kinds import (
    Const,
    DictOf,
    FieldSet,
    Global,
    Kind,
    LibraryObject,
    ListOf,
    QuerySet,
    Record,
    RelatedManager,
    Scalar,
    TupleOf,
    Unknown,
)


def iterable(frame: Frame, value: Val, at: ast.expr) -> tuple[ast.expr, Kind]:
    """Code and item kind; querysets are fetched, related managers refuse (``for x in obj.tags``)."""
    kind = value.kind
    if isinstance(kind, QuerySet | RelatedManager):
        from segue.translate.rules.queryset_evaluate import fetched_rows

        value = fetched_rows(frame, value, at)
        kind = value.kind
    if isinstance(kind, Global):
        from segue.translate.rules.enumeration_loops import members

        value = members(frame, value) or value
        kind = value.kind
    if value.node is None and isinstance(kind, Const) and isinstance(kind.value, tuple):
        value = Val(kind, ast.Tuple([ast.Constant(v) for v in kind.value], ast.Load()))
    if value.node is None:
        raise frame.refuse("iteration", ast.unparse(at), "Segue has no rule for iterating over this.", at)
    if isinstance(kind, ListOf):
        return value.node, kind.item
    if isinstance(kind, FieldSet):
        return value.node, Scalar("str")
    if isinstance(kind, DictOf):
        return value.node, kind.key or Scalar("str" if kind.items else "Any")
    if isinstance(kind, Const) and isinstance(kind.value, tuple | str):
        if isinstance(kind.value, str):
            return value.node, Scalar("str")
        item: Kind | None = None
        from segue.translate.interp.join import join

        for element in kind.value:
            one = widen(Const(element))
            item = one if item is None else join(item, one)
        return value.node, item or Scalar("Any")
    if isinstance(kind, LibraryObject):
        return value.node, LibraryObject()
    if isinstance(kind, Scalar) and kind.type in ("Any", "list[Any]", "dict[str, Any]"):
        return value.node, Scalar("Any")
    if isinstance(kind, Scalar) and kind.type == "str" and not kind.nullable:
        return value.node, Scalar("str")
    why = kind.why if isinstance(kind, Unknown) else ""
    raise frame.refuse("iteration", ast.unparse(at), why or "Segue has no rule for iterating over this.", at)


def bind_target(
    frame: Frame, target: ast.expr, kind: Kind, later: list[tuple[ast.Attribute, Val]] | None = None
) -> ast.expr:
    """Bind the loop variable(s); returns the target in generated names.

    Attributes (``self.access, self.refresh = …``) are locals first; ``later`` gets them, to be stored behind the statement.
    """
    if isinstance(target, ast.Name):
        return ast.Name(frame.bind(target.id, Val(kind)), ast.Store())
    if isinstance(target, ast.Tuple | ast.List) and any(isinstance(t, ast.Starred) for t in target.elts):
        return _starred(frame, target, kind, later)
    if isinstance(target, ast.Tuple | ast.List):
        items: list[Kind]
        if isinstance(kind, ListOf):
            items = [kind.item] * len(target.elts)
        elif isinstance(kind, TupleOf) and len(kind.items) == len(target.elts):
            items = list(kind.items)
        elif isinstance(kind, DictOf) and len(kind.items) == len(target.elts) and kind.value is None:
            items = [k for _, k in kind.items]
        elif isinstance(kind, Record) and kind.form == "tuple" and len(kind.fields) == len(target.elts):
            items = [held for _, held in kind.fields]
        elif isinstance(kind, LibraryObject):
            items = [LibraryObject()] * len(target.elts)
        elif isinstance(kind, Scalar) and kind.type == "Any":
            items = [Scalar("Any")] * len(target.elts)
        elif (
            isinstance(kind, Const) and isinstance(kind.value, tuple) and len(kind.value) == len(target.elts)
        ):
            items = [widen(Const(v)) for v in kind.value]
        else:
            raise frame.refuse("unpack", ast.unparse(target), "Segue does not know the parts.", target)
        return ast.Tuple(
            [bind_target(frame, t, k, later) for t, k in zip(target.elts, items, strict=True)], ast.Store()
        )
    if isinstance(target, ast.Attribute) and later is not None:
        local = frame.fresh(target.attr)
        later.append((target, Val(kind, ast.Name(local, ast.Load()))))
        return ast.Name(local, ast.Store())
    raise frame.refuse("unpack", ast.unparse(target), "Segue has no rule for this target.", target)


def _starred(
    frame: Frame,
    target: ast.Tuple | ast.List,
    kind: Kind,
    later: list[tuple[ast.Attribute, Val]] | None,
) -> ast.expr:
    """``first, *rest``: the rest is a list, whatever it is taken from."""
    place = next(n for n, t in enumerate(target.elts) if isinstance(t, ast.Starred))
    behind = len(target.elts) - place - 1
    if isinstance(kind, ListOf) and not isinstance(kind.item, Unknown):
        each = [kind.item] * (len(target.elts) - 1)
        rest: list[Kind] = [kind.item]
    elif isinstance(kind, TupleOf) and len(kind.items) > place + behind:
        each = [*kind.items[:place], *kind.items[len(kind.items) - behind :]]
        rest = list(kind.items[place : len(kind.items) - behind])
    elif isinstance(kind, Const) and isinstance(kind.value, tuple) and len(kind.value) > place + behind:
        return _starred(frame, target, TupleOf(tuple(widen(Const(v)) for v in kind.value)), later)
    else:
        raise frame.refuse("unpack", ast.unparse(target), "Segue does not know the parts.", target)
    from segue.translate.interp.join import join

    item = rest[0]
    for other in rest[1:]:
        item = join(item, other)
    bound: list[ast.expr] = []
    for number, part in enumerate(target.elts):
        if isinstance(part, ast.Starred):
            bound.append(ast.Starred(bind_target(frame, part.value, ListOf(widen(item))), ast.Store()))
        else:
            bound.append(bind_target(frame, part, each[number if number < place else number - 1], later))
    return ast.Tuple(bound, ast.Store())
