"""Which rows a manager of the project shows, and in which order, where they are loaded without calling it.

Sources: ``create_reverse_many_to_one_manager`` and ``create_forward_many_to_many_manager`` (related sets begin with the class
of ``_default_manager``), ``Model._base_manager``.
"""

from __future__ import annotations

import ast
from dataclasses import replace

from segue.refusal import Refused, refuse
from segue.snapshot.model import ModelField, Where
from segue.translate.context import Context
from segue.translate.interp.carried import SCOPES, scopes_here
from segue.translate.load.models import concrete, field_of
from segue.translate.load.own_loading import check_no_proxy
from segue.translate.load.render import scratch
from segue.translate.query.build import model_queryset, query_of
from segue.translate.query.ir import Query
from segue.translate.rules.managers import manager_of, start
from segue.translate.rules.scopes import DISABLED, has_scoped_rows, scope_of, scoped

Condition = tuple[tuple[tuple[ModelField, ...], str], ...]
"""Paths of foreign keys, each with the attribute of the request that it leads to."""


def related_set(ctx: Context, label: str) -> Query | None:
    """The order of a related set of ``label``, as a query of all its rows; None where the model's own order holds.

    Raises :class:`Refused` where its default manager leaves rows out or adds to them.
    """
    check_no_proxy(ctx, label)
    return shows_all(ctx, label, "_default_manager")


def scoped_set(ctx: Context, label: str) -> Condition | None:
    """How a related set of ``label`` is narrowed by the scope in hand (django-scopes), beside :func:`in_any_scope`; None where it is not.

    Raises :class:`Refused` where the manager does more, or its scope looks at more than foreign keys.
    """
    active = ctx.memo.get(SCOPES)
    if not isinstance(active, dict) or not has_scoped_rows(ctx, label):
        related_set(ctx, label)
        return None
    in_any_scope(ctx, label)
    found = []
    for dimension, look_up in scope_of(ctx, label).items():
        path = _keys(ctx, label, look_up)
        if not path or dimension not in active:
            related_set(ctx, label)
            return None
        found.append((path, active[dimension]))
    return tuple(found)


def _keys(ctx: Context, label: str, look_up: str) -> tuple[ModelField, ...]:
    """The foreign keys of ``question__event``, each of which has an object; empty where they are something else."""
    found: list[ModelField] = []
    for part in look_up.split("__"):
        item = field_of(concrete(ctx, label), part)
        if item is None or item.relation is None or item.relation.kind not in ("fk", "o2o") or item.null:
            return ()
        found.append(item)
        label = item.relation.to
    return tuple(found)


def in_any_scope(ctx: Context, label: str) -> Query | None:
    """:func:`related_set` of all rows, whatever scope is active."""
    with scoped(ctx, DISABLED):
        return related_set(ctx, label)


def shows_all(ctx: Context, label: str, name: str) -> Query | None:
    """The query of a manager that shows every row; None for one that shows them as Django's own does.

    Raises :class:`Refused` for other managers.
    """
    key = ("shows", (f"{label}.{name}", scopes_here(ctx)))
    if key not in ctx.memo:
        # A manager may list the set of another model, and that of this one.
        ctx.memo[key] = refuse(
            "recursion", f"{label}.{name}", "The manager reaches itself.", _place(ctx, label, name)
        )
        try:
            ctx.memo[key] = _shown(ctx, label, name)
        except Refused as refused:
            ctx.memo[key] = refused
    found = ctx.memo[key]
    if isinstance(found, Refused):
        raise found
    return found if isinstance(found, Query) else None


def _shown(ctx: Context, label: str, name: str) -> Query | None:
    frame = scratch(ctx, concrete(ctx, label).app)
    at = ast.Constant(name)
    manager = manager_of(frame, label, name)
    if manager is None:
        return None
    begun, plain = start(frame, manager, at, inlined=True), model_queryset(frame, label, at)
    ours, theirs = query_of(begun), query_of(plain)
    bare = replace(ours, manager="", begun="", order=theirs.order, terms=theirs.terms, flip=theirs.flip)
    if begun.text != plain.text or bare != theirs:
        raise refuse(
            "related-manager",
            f"{label}.{name}",
            "Relations look through this manager, which does not give every row as it is.",
            _place(ctx, label, name),
        )
    return None if (ours.order, ours.terms, ours.flip) == (theirs.order, theirs.terms, theirs.flip) else ours


def _place(ctx: Context, label: str, name: str) -> Where:
    model = ctx.model(label)
    wanted = (model.default_manager or "objects") if name == "_default_manager" else name
    known = ctx.snapshot.classes.get(model.managers.get(wanted, ""))
    dotted = known.methods.get("get_queryset", "") if known is not None else ""
    function = ctx.snapshot.functions.get(dotted)
    return function.where if function is not None else model.where
