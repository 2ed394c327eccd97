"""Serializers that show, in a method field, objects of their own model through themselves: a category and its subcategories.

``CategorySerializer(obj.children.all(), many=True).data`` in ``CategorySerializer.get_children`` makes a presenter that
calls itself. The rows below are fetched at the site of the row that is shown (the same columns, by the same loader), so that
one function shows them all, with one query for each object, as in Django. What leads in a circle ends on both sides with a
``RecursionError``.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass

from segue.refusal import Refused, refuse
from segue.snapshot.model import Where
from segue.target.ir import Import
from segue.translate.context import Context
from segue.translate.functions.lift import LEVEL, Lifted, State
from segue.translate.functions.record import record_of, records
from segue.translate.functions.symbols import symbols
from segue.translate.interp.scope import STATE
from segue.translate.kinds import Instance, Scalar
from segue.translate.load.fetch import describe
from segue.translate.needs import Needs
from segue.translate.query.ir import Query
from segue.translate.serializers.by_view import view_key
from segue.translate.serializers.interface import Presenter, Saver, Writer

_ROUNDS = 4  # each adds what the one before it asked for of the request


@dataclass(slots=True, eq=False)
class _Open:
    """A presenter that is being written. ``plain``: it shows rows that a query of the project gives, as they are; ``context``: what the
    serializer was made with, as far as it looks at that."""

    serializer: str
    key: Hashable
    context: Hashable
    instance: Instance
    module: str
    plain: bool
    state: tuple[State, ...]
    token: str = ""


def composing(
    ctx: Context,
    serializer: str,
    key: Hashable,
    instance: Instance,
    module: str,
    compose: Callable[[], Presenter],
) -> Presenter:
    """What ``compose`` gives, which may come back to itself (:func:`again`). Raises ``Refused``."""
    open_ = _opened(ctx)
    plain = _is_plain(instance)
    context = view_key(ctx, serializer)
    if any((one.serializer, one.plain, one.context) == (serializer, plain, context) for one in open_):
        raise refuse(
            "recursion", serializer.rpartition(".")[2], "It reaches itself.", _where(ctx, serializer)
        )
    state: tuple[State, ...] = (State("db", "state", lambda: STATE["db"].annotation),)
    for _ in range(_ROUNDS):
        one = _Open(serializer, key, context, instance, module, plain, state)
        known, first = set(ctx.memo), len(records(ctx))
        open_.append(one)
        try:
            ctx.memo[LEVEL] = len(open_)
            made = compose()
        except Refused:
            if one.token:
                _forget(ctx, known, first)
            raise
        finally:
            open_.pop()
            ctx.memo[LEVEL] = len(open_)
        if not one.token:
            return made
        if [s.name for s in made.lifted.state] == [s.name for s in state] and made.lifted.is_async:
            _tie(ctx, one, made, first)
            return made
        state = made.lifted.state
        _forget(ctx, known, first)
    raise refuse("recursion", serializer.rpartition(".")[2], "It reaches itself.", _where(ctx, serializer))


def again(ctx: Context, key: Hashable) -> Presenter | None:
    """The presenter ``key``, where it is being written: a call of it from what it calls itself."""
    one = next((one for one in _opened(ctx) if one.key == key and one.plain), None)
    if one is None:
        return None
    if not one.token:
        one.token = symbols(ctx).new("again", lambda: "")
    lifted = Lifted(one.token, one.module, one.state, ("row",), True, Scalar("Any"))
    return Presenter(lifted, "Any", frozenset({Import("typing", "Any")}))


def site_below(ctx: Context, serializer: str, query: Query) -> Needs | None:
    """The site to fetch the rows of ``query`` at, which ``serializer`` shows while it shows such rows; None elsewhere."""
    wanted = (serializer, True, view_key(ctx, serializer))
    one = next((one for one in _opened(ctx) if (one.serializer, one.plain, one.context) == wanted), None)
    bare = not (query.annotations or query.prefetch or query.selected or query.grouped or query.compound)
    if one is None or query.model != one.instance.model or not bare or query.values is not None:
        return None
    describe(ctx, one.instance.site, query)
    return one.instance.site


def _is_plain(instance: Instance) -> bool:
    site = instance.site
    special = (
        site.written, site.computed, site.annotations, site.shown, site.unshown, site.prefetched, site.selected, site.classes,
        site.told, site.stale, site.copied, site.refreshed, site.expressions, site.united,
    )  # fmt: skip
    return instance.mode == "row" and site.fetched and not instance.aged and not any(special)


def _opened(ctx: Context) -> list[_Open]:
    found = ctx.memo.setdefault(("serializers", "presenters being written"), [])
    assert isinstance(found, list)
    return found


def _forget(ctx: Context, known: set[tuple[str, object]], first: int) -> None:
    """Leave out what was translated with a call that is not written after all."""
    for key in set(ctx.memo) - known:
        if isinstance(ctx.memo[key], Lifted | Presenter | Writer | Saver):
            del ctx.memo[key]
    for record in records(ctx)[first:]:
        record.unused = True


def _tie(ctx: Context, one: _Open, made: Presenter, first: int) -> None:
    """Give the calls the name of the function that they are of."""
    record = record_of(ctx, made.lifted)
    record.recursive = True
    for other in records(ctx)[first:]:
        other.lines = [line.replace(one.token, record.token) for line in other.lines]
        other.imports = frozenset(
            Import(i.module, record.token, i.alias, i.type_only) if i.name == one.token else i
            for i in other.imports
        )


def _where(ctx: Context, serializer: str) -> Where:
    return ctx.snapshot.serializers[serializer].where


__all__ = ["again", "composing", "site_below"]
