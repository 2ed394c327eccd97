"""List serializers of the project's own (``Meta.list_serializer_class``): their ``to_representation``, ``validate``, ``create`` and ``update``.

Source: ``rest_framework.serializers.ListSerializer``. Each method is lifted with the list serializer as ``self``; ``self.child`` is the
serializer of one item. What else such a class overrides is refused.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Hashable
from dataclasses import dataclass, replace

from segue.refusal import Refused, refuse
from segue.snapshot.model import Function, Where
from segue.translate.context import Context
from segue.translate.functions.lift import Lifted, lift
from segue.translate.functions.record import record_of
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import Kind, Object, QuerySet, RelatedManager
from segue.translate.load.models import snake
from segue.translate.query.build import settle
from segue.translate.redefined import redefined
from segue.translate.rules.queryset_evaluate import loaded_list
from segue.translate.serializers.by_view import OwnContext, own_context, view_of
from segue.translate.serializers.facts import (
    app_label,
    framework,
    overridden,
    override_place,
    serializer_of,
    short,
    stem,
)
from segue.translate.serializers.interface import Writer
from segue.translate.serializers.own_field import parameters_of
from segue.translate.serializers.synthetic import call_lifted, in_validation
from segue.translate.specialise.endpoint import Endpoint

LIST = "rest_framework.serializers.ListSerializer"
_METHODS = ("to_representation", "validate", "create", "update")


@dataclass(frozen=True, slots=True, eq=False)
class ListUse:
    """``self`` of a list serializer: the serializer of its items, the operation and the context as for :class:`Use`. ``rows`` is what
    ``self.instance`` is where it is known."""

    child: str
    view: Endpoint | None = None
    own: OwnContext | None = None

    @property
    def key(self) -> Hashable:
        """Equal keys translate equally."""
        return self.child, self.view and self.view.key, self.own and self.own.key


def list_class(ctx: Context, serializer: str) -> str:
    """The list serializer that ``many=True`` makes of a class; empty for DRF's own. Raises ``Refused`` where it is not known."""
    known = ctx.snapshot.serializers[serializer]
    given = known.meta.get("list_serializer_class")
    if given is None or (given.kind == "const" and given.data is None) or given.name == LIST:
        return ""
    if given.kind != "ref" or given.name not in ctx.snapshot.classes:
        raise refuse(
            "list-serializer", short(serializer), "Segue does not see its list serializer.", known.where
        )
    check_list_class(ctx, given.name, known.where)
    return given.name


def check_list_class(ctx: Context, cls: str, where: Where) -> None:
    """Refuse what it overrides beside the four methods."""
    if framework(cls):
        return
    if cls not in ctx.snapshot.classes:
        raise refuse("list-serializer", short(cls), "The snapshot lacks its class.", where)
    for method, name in redefined(ctx, cls, frozenset(_METHODS)):
        why = "It overrides how DRF drives a list."
        raise refuse("list-serializer", f"{short(cls)}.{method}", why, override_place(ctx, name, where))


def method_of(ctx: Context, cls: str, method: str) -> Function | None:
    """What the project has in the place of DRF's."""
    name = overridden(ctx, cls, method) if cls and not framework(cls) else ""
    found = ctx.snapshot.functions.get(name)
    if name and found is None:
        raise refuse("no-source", name, "The snapshot has no source for it.", Where(name))
    return found


def self_of(ctx: Context, cls: str, child: str) -> Object:
    """The list serializer as ``self``."""
    return Object(cls, ListUse(child, view_of(ctx, child), own_context(ctx)))


def shows_lists(ctx: Context, serializer: str) -> bool:
    """Whether ``many=True`` of the class shows rows by a ``to_representation`` of the project's."""
    return method_of(ctx, list_class(ctx, serializer), "to_representation") is not None


def shown_by(frame: Frame, cls: str, child: str, rows: Val) -> Val:
    """``to_representation(rows)`` of the project's list serializer ``cls``. Raises ``Refused``."""
    function = method_of(frame.ctx, cls, "to_representation")
    assert function is not None
    given, names = rows, parameters_of(function)
    if len(names) != 2:
        raise refused(function, "It does not take just what DRF gives it.")
    function = replace(function, source=_of_manager(names[1]).sub(names[1], function.source))
    if isinstance(rows.kind, QuerySet):
        given = loaded_list(frame, rows, only_prefetched=True) or settle(frame, rows)
        # A queryset, or a manager, has the same rows as its ``all()``.
        function = replace(function, source=re.sub(rf"\b{names[1]}\.all\(\)", names[1], function.source))
    if isinstance(given.kind, QuerySet):
        given = Val(QuerySet(given.kind.query.with_(anew=False, read=False)), given.node)
    lifted = lifted_method(frame.ctx, cls, child, "to_representation", given.kind, function=function)
    assert lifted is not None
    return Val(lifted.returns, parsed(call_lifted(frame, lifted, given.text)))


def _of_manager(rows: str) -> re.Pattern[str]:
    """``iterable = data.all() if isinstance(data, models.Manager) else data``, as DRF's own: the rows in either case."""
    asked = rf"""(?:isinstance\({rows}, (?:\w+\.)*(?:Base)?Manager\)|hasattr\({rows}, ["']all["']\))"""
    return re.compile(rf"\b{rows}\.all\(\) if {asked} else {rows}\b")


def lifted_method(
    ctx: Context, cls: str, child: str, method: str, *kinds: Kind, function: Function | None = None
) -> Lifted | None:
    """``method`` of the project's, given arguments of these kinds by position; None where DRF's own is meant."""
    function = function or method_of(ctx, cls, method)
    if function is None:
        return None
    names = parameters_of(function)
    if len(names) != len(kinds) + 1:
        raise refused(function, "It does not take just what DRF gives it.")
    serializer = serializer_of(ctx, child)
    room = {"to_representation": "presenters", "validate": "validation"}.get(method, "services")
    verb = {"to_representation": "present", "validate": "check"}.get(method, method)
    name = f"{verb}_all_{snake(stem(ctx, serializer))}"
    return lift(
        ctx,
        function,
        self_kind=self_of(ctx, cls, child),
        arguments=dict(zip(names[1:], kinds, strict=True)),
        module_kind=room,
        app=app_label(ctx, serializer),
        name=name,
    )


def refused(function: Function, why: str) -> Refused:
    """Of one of its methods."""
    owner, _, method = function.name.rpartition(".")
    return refuse("list-serializer", f"{short(owner)}.{method}", why, function.where)


def whole_check(frame: Frame, child: str) -> str:
    """Code of what the list serializer's own ``validate`` makes of all values, as an argument of ``each_sent``; empty without one."""
    from segue.translate.kinds import ListOf, ValidatedData

    cls = list_class(frame.ctx, child)
    with in_validation(frame.ctx):
        lifted = lifted_method(frame.ctx, cls, child, "validate", ListOf(ValidatedData(child)))
    if lifted is None:
        return ""
    function = method_of(frame.ctx, cls, "validate")
    assert function is not None
    kind = lifted.returns
    if (
        not isinstance(kind, ListOf)
        or not isinstance(kind.item, ValidatedData)
        or kind.item.serializer != child
    ):
        raise refused(function, "Segue does not see that it returns the values.")
    call = call_lifted(frame, lifted, "items").removeprefix("await ")
    return f", whole=lambda items: {call}"


def check_child_alone(ctx: Context, cls: str, made: Writer) -> None:
    """Refuse validation of items that looks at an instance: DRF gives each item's serializer the whole list as its own."""
    lines = "\n".join(record_of(ctx, made.lifted).lines)
    if re.search(r"\binstance\b", lines):
        function = method_of(ctx, cls, "update")
        assert function is not None
        raise refused(
            function,
            "Its items are validated against the object that is updated, and DRF has the whole list there.",
        )


def is_rows(val: Val) -> bool:
    """Whether it is what a list serializer is given of rows that nobody has fetched."""
    return isinstance(val.kind, QuerySet | RelatedManager)


def parsed(text: str) -> ast.expr:
    """The text as a node."""
    return ast.parse(text, mode="eval").body


__all__ = [
    "LIST",
    "ListUse",
    "check_child_alone",
    "check_list_class",
    "is_rows",
    "lifted_method",
    "list_class",
    "method_of",
    "parsed",
    "refused",
    "self_of",
    "shown_by",
    "shows_lists",
    "whole_check",
]
