"""``prefetch_related(…)`` and ``Prefetch(…)``.

Source: ``django.db.models.query.Prefetch``, ``prefetch_one_level``: the rows of the given queryset that belong to the object take
the place of ``object.books.all()``, or are the list ``object.<to_attr>``; other questions to ``object.books`` are asked of all rows.
"""

from __future__ import annotations

import ast
import re
import textwrap

from segue.target.ir import Import
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import Const, PrefetchObject, QuerySet
from segue.translate.load.models import concrete, field_of, reverse_of
from segue.translate.load.needs import many_target
from segue.translate.query.build import commit, model_queryset, ordered_constant, ordering_of, query_of
from segue.translate.query.ir import Prefetch
from segue.translate.query.ordering import order_terms
from segue.translate.query.related_sets import related_set
from segue.translate.rules.registry import function, method


@function("django.db.models.query.Prefetch", "django.db.models.Prefetch")
def prefetch_object(frame: Frame, call: CallSite) -> Val:
    """``Prefetch("books", queryset=…, to_attr="published")``."""
    call.only("lookup", "queryset", "to_attr", at_most=3)
    path, rows, attribute = (call.argument(i, n) for i, n in enumerate(("lookup", "queryset", "to_attr")))
    words = [
        part.kind.value
        if part is not None and isinstance(part.kind, Const)
        else None
        if part is None
        else ...
        for part in (path, attribute)
    ]
    if not isinstance(words[0], str) or words[1] is ...:
        raise frame.refuse("prefetch", ast.unparse(call.node), "What it prefetches is computed.", call.node)
    if rows is not None and isinstance(rows.kind, Const) and rows.kind.value is None:
        rows = None
    if rows is not None and not isinstance(rows.kind, QuerySet):
        raise frame.refuse("prefetch", ast.unparse(call.node), "Its queryset is something else.", call.node)
    return Val(PrefetchObject(words[0], words[1] or "", rows))


@method(QuerySet, "prefetch_related")
def prefetch(frame: Frame, owner: Val, call: CallSite) -> Val:
    """Noted: what is prefetched costs Django nothing later, and is what its own queryset gives."""
    query = query_of(owner)
    found: list[Prefetch] = [*query.prefetch]
    for value in call.args:
        kind = value.kind
        if isinstance(kind, Const) and isinstance(kind.value, str):
            found.append(Prefetch(kind.value))
        elif isinstance(kind, Const) and kind.value is None:
            found = []
        elif isinstance(kind, PrefetchObject):
            found += _entries(frame, query.model, kind, call)
        else:
            raise frame.refuse(
                "prefetch", ast.unparse(call.node), "What it prefetches is computed.", call.node
            )
    own = [item.name for item in found if item.own]
    plain = {part for item in found if not item.own for part in (item.path, item.path.split("__")[0])}
    if len(own) != len(set(own)) or plain & set(own):
        raise frame.refuse(
            "prefetch", ast.unparse(call.node), "A relation is prefetched twice in different ways.", call.node
        )
    return Val(QuerySet(query.with_(prefetch=tuple(found))), owner.node)


def _entries(frame: Frame, model: str, given: PrefetchObject, call: CallSite) -> list[Prefetch]:
    """What one ``Prefetch`` means for rows of ``model``."""
    at = call.node
    if given.rows is None and not given.attribute:
        return [Prefetch(given.path)]
    nested: tuple[Prefetch, ...] = ()
    given_rows = _unsettled(frame, given.rows) if given.rows is not None else None
    if given_rows is not None:
        nested = query_of(given_rows).prefetch
        if not given.attribute and _as_related(frame, given_rows):
            if any(item.own for item in nested):
                raise frame.refuse(
                    "prefetch", ast.unparse(at), "A queryset of its own for a relation of a relation.", at
                )
            return [Prefetch(given.path), *(Prefetch(f"{given.path}__{item.path}") for item in nested)]
    label = concrete(frame.ctx, model)
    try:
        target = many_target(frame.ctx, model, given.path)
    except KeyError:
        raise frame.refuse(
            "prefetch",
            ast.unparse(at),
            "A queryset of its own for something else than a to-many relation of the model.",
            at,
        ) from None
    if given.attribute and (field_of(label, given.attribute) or reverse_of(label, given.attribute)):
        raise frame.refuse(
            "prefetch", ast.unparse(at), "Django raises ValueError: to_attr names a field.", at
        )
    rows = given_rows
    if rows is None:
        related_set(frame.ctx, target)
        rows = model_queryset(frame, target, at)
    text, imports = _statement(frame, rows, at)
    query = query_of(rows)
    ordered = ".order_by(" in text
    written = query.with_(
        order="done" if ordered else "none",
        terms=(),
        flip=False,
        meta_written=ordered and query.order == "meta",
    )
    return [Prefetch(given.path, given.attribute, True, text, imports, written, frame.where(at))]


def _as_related(frame: Frame, rows: Val) -> bool:
    """Whether the queryset is what the relation gives by itself: every row, in the order of its related set."""
    query = query_of(rows)
    plain = model_queryset(frame, query.model)
    usual = related_set(frame.ctx, query.model) or query_of(plain)
    order = (query.order, query.terms, query.flip) == (usual.order, usual.terms, usual.flip)
    simple = not (query.pending or query.annotations or query.hidden or query.distinct or query.values)
    return simple and order and rows.text == plain.text


def _statement(frame: Frame, rows: Val, at: ast.AST) -> tuple[str, frozenset[Import]]:
    """``.where(…).order_by(…)``: what narrows and orders the rows, of names that any module can import."""
    query = query_of(rows)
    if (
        query.pending or query.annotations or query.hidden or query.distinct or query.values or query.sliced or query.many
        or query.locked or query.compound or query.grouped
    ):  # fmt: skip
        raise frame.refuse(
            "prefetch",
            ast.unparse(at),
            "The queryset of a Prefetch does more than narrow and order rows.",
            at,
        )
    rows = commit(frame, rows)
    if query.order in ("meta", "terms"):
        terms = ordering_of(frame, query.model) if query.order == "meta" else query.terms
        rows = order_terms(frame, rows, terms, at, flip=query.flip)
    base = model_queryset(frame, query.model).text
    text = rows.text
    if not text.startswith(base) or rows.node is None:
        raise frame.refuse("prefetch", ast.unparse(at), "Segue does not see here what its queryset is.", at)
    used = {part.id for part in ast.walk(rows.node) if isinstance(part, ast.Name)}
    imports = frozenset(i for i in frame.imports if (i.alias or i.name or i.module) in used)
    unknown = used - {i.alias or i.name or i.module for i in imports}
    if unknown:
        raise frame.refuse(
            "prefetch", ast.unparse(at), "The queryset of a Prefetch depends on a value of the request.", at
        )
    return text.removeprefix(base), imports


def _unsettled(frame: Frame, rows: Val) -> Val:
    """The queryset with its statement in place of the name that it was given; every row in the model's order is not ordered yet."""
    rows = Val(rows.kind, _written(frame, rows.node))
    query = query_of(rows)
    whole = (
        ordered_constant(frame, query.model)
        if isinstance(rows.node, ast.Name) and query.meta_written
        else None
    )
    if whole is not None and ast.unparse(whole) == rows.text:
        plain = model_queryset(frame, query.model)
        return Val(QuerySet(query.with_(order=query_of(plain).order, meta_written=False)), plain.node)
    return rows


def _written(frame: Frame, node: ast.expr | None) -> ast.expr | None:
    """The statement behind a local name that is assigned once; the name goes where nothing else uses it."""
    if not isinstance(node, ast.Name):
        return node
    lines = [line for line in frame.lines if re.match(rf"\s*{node.id}\b", line)]
    begun = f"{node.id} = "
    if len(lines) != 1 or not lines[0].startswith(begun):
        return node
    found = ast.parse(lines[0].removeprefix(begun), mode="eval").body
    for key, value in list(frame.env.items()):
        if value.text == node.id and isinstance(value.kind, QuerySet) and _used_once(frame, key):
            frame.lines.remove(lines[0])
            frame.env[key] = Val(value.kind, found)
    return found


def _used_once(frame: Frame, local: str) -> bool:
    """Whether the legacy function reads the local in one place."""
    names = [
        part.ctx
        for part in ast.walk(ast.parse(textwrap.dedent(frame.function.source)))
        if isinstance(part, ast.Name) and part.id == local
    ]
    return len(names) == 2 and isinstance(names[0], ast.Store) and isinstance(names[1], ast.Load)
