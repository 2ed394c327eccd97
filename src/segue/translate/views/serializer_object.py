"""Serializer objects made in view code: what they were given, and what calling them writes down.

The object itself does not exist in the generated code. Its protocol becomes ``validate_x``, ``create_x``,
``update_x`` and ``present_x``; :class:`Held` remembers what has happened to it so far.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from types import MappingProxyType

from segue.snapshot.model import Function
from segue.target.ir import Import
from segue.translate.context import Context
from segue.translate.functions.lift import Lifted
from segue.translate.functions.writing import may_write, may_write_any_of
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.kept_rows import kept_rows
from segue.translate.interp.members import has_members
from segue.translate.interp.since import aged, lines_since
from segue.translate.interp.value import Val, const, is_pure, literal, name, quote
from segue.translate.kinds import (
    Const,
    DictOf,
    Global,
    Instance,
    KeywordDict,
    Kind,
    ListOf,
    Payload,
    QueryParameters,
    QuerySet,
    RelatedManager,
    Scalar,
    Serializer,
    SerializerSelf,
    ShownValues,
    User,
    ValidatedData,
)
from segue.translate.load.fetch import fetch_all, site_of
from segue.translate.load.models import concrete, field_of
from segue.translate.rules.following import keep_related
from segue.translate.rules.polymorphic import as_saved
from segue.translate.rules.queryset_evaluate import fetched_rows, loaded_list
from segue.translate.rules.shared_objects import check_unshared
from segue.translate.serializers import (
    Presenter,
    Saver,
    Writer,
    creator,
    half_prefetched,
    looks_further,
    presenter,
    saved_presenter,
    show_given,
    updater,
    writer,
)
from segue.translate.serializers.absent import bare_object, depends_on_query, is_bare
from segue.translate.serializers.added import lose
from segue.translate.serializers.by_view import view_of
from segue.translate.serializers.dropping import SHARED, own_set
from segue.translate.serializers.facts import error_key, overridden, serializer_of
from segue.translate.serializers.instance_sets import looks_at_instance
from segue.translate.serializers.made import Made, made_as
from segue.translate.serializers.never_saved import shown_unsaved, shows_its_values
from segue.translate.serializers.own_fields_source import is_plain_data, taken_arguments
from segue.translate.serializers.own_list import (
    LIST,
    check_child_alone,
    lifted_method,
    list_class,
    method_of,
    shown_by,
    whole_check,
)
from segue.translate.serializers.own_list import refused as refused_list
from segue.translate.serializers.own_save import keywords, own_saves
from segue.translate.serializers.polymorphic import mapped
from segue.translate.serializers.popped import unvalidated
from segue.translate.serializers.read import depends_on_partial
from segue.translate.serializers.recursion import site_below
from segue.translate.serializers.shown_members import check_members
from segue.translate.serializers.synthetic import call_lifted
from segue.translate.serializers.untouched import changes_fields
from segue.translate.serializers.use import Use
from segue.translate.serializers.values import kinds_by_source
from segue.translate.serializers.write import errors_as_dict
from segue.translate.views.given_context import NONE, OF_VIEW, Given, given_context, within


@dataclass(slots=True, eq=False)
class Held:
    """``instance`` is what it shows or updates, ``data`` the code of its input, ``values`` the local
    that holds validated data, ``errors`` the local with its errors, ``kept`` the local with what its methods put on
    ``self``, ``saved`` what ``save()`` returned, ``fetched``
    what was loaded before that, ``given`` the objects that it was given by name, ``given_context`` its context. ``unasked``: nobody looks at what
    ``is_valid()`` said; ``unused``: nor at what ``save()`` gave. ``torn``: branches have left it in different states;
    ``created``: it was made without an instance; ``arguments``: those that are not DRF's; ``limits``: those of the length of a list. ``sometimes``: one of them has saved, and ``saved`` is None otherwise. ``shown_at``: how many lines the function had when ``data`` was first read, -1 before."""

    serializer: str
    instance: Val | None = None
    data: ast.expr | None = None
    many: bool = False
    partial: str = "False"
    values: str = ""
    errors: str = ""
    kept: str = ""
    saved: Val | None = None
    fetched: Instance | None = None
    given_context: Given = OF_VIEW
    torn: bool = False
    sometimes: bool = False
    unasked: bool = False
    unused: bool = False
    given: dict[str, Instance] = field(default_factory=dict)
    shown_at: int = -1
    created: bool = False
    arguments: dict[str, object] = field(default_factory=dict)
    limits: dict[str, object] = field(default_factory=dict)


_SOME = ast.Name("shown", ast.Load())
_PLAIN = ("str", "int", "bool", "float")
_TORN = "It was validated or saved in some of the branches before this only."


def construct_serializer(frame: Frame, dotted: str, call: CallSite) -> Val:
    """``XSerializer(instance, data=…, many=…, partial=…, context=…)``."""
    taken = _own_arguments(frame, dotted, call)
    limits = _limits(call)
    known = frame.ctx.snapshot.classes.get(dotted)
    if known is not None and LIST in known.mro:
        why = "Make it by the class of one item, with many=True; Segue follows Meta.list_serializer_class of that."
        raise frame.refuse("list-serializer", dotted, why, call.node)
    call.only("instance", "data", "many", "partial", "context", "read_only", *taken, *limits, at_most=2)
    return new(
        frame,
        dotted,
        instance=call.argument(0, "instance"),
        data=call.argument(1, "data"),
        many=call.kwargs.get("many"),
        partial=call.kwargs.get("partial"),
        context=context_given(frame, call, NONE),
        arguments=taken,
        limits={("empty" if key == "allow_empty" else key): value for key, value in limits.items()},
        at=call.node,
    )


def _limits(call: CallSite) -> dict[str, object]:
    """What ``many=True`` says of the length of a list, as constants."""
    many = call.kwargs.get("many")
    if many is None or not isinstance(many.kind, Const) or not many.kind.value:
        return {}
    return {
        key: value.kind.value
        for key in ("allow_empty", "max_length", "min_length")
        if (value := call.kwargs.get(key)) is not None and isinstance(value.kind, Const)
    }


def _own_arguments(frame: Frame, dotted: str, call: CallSite) -> dict[str, object]:
    """Constants for the arguments that the class's own constructor takes."""
    if not changes_fields(frame.ctx, dotted):
        return {}
    names = taken_arguments(frame.ctx, dotted)
    found: dict[str, object] = {}
    for key in names & call.kwargs.keys():
        value = call.kwargs[key]
        with suppress(ValueError):
            known = (
                value.kind.value
                if isinstance(value.kind, Const)
                else ast.literal_eval(value.node or ast.Name("x"))
            )
            if is_plain_data(given := tuple(known) if isinstance(known, list | set) else known):
                found[key] = given
    return found


def context_given(frame: Frame, call: CallSite, otherwise: Given) -> Given:
    """What ``context=`` of the call says. Raises ``Refused``."""
    context = call.kwargs.get("context")
    if context is None:
        return otherwise
    return given_context(frame, call.raw_kwargs.get("context", call.node), context)


def new(
    frame: Frame,
    dotted: str,
    *,
    instance: Val | None = None,
    data: Val | None = None,
    many: Val | None = None,
    partial: Val | None = None,
    context: Given = OF_VIEW,
    arguments: Mapping[str, object] = MappingProxyType({}),
    limits: Mapping[str, object] = MappingProxyType({}),
    at: ast.AST | None = None,
) -> Val:
    """A serializer object. Raises ``Refused`` for arguments that cannot be written down."""
    held = Held(dotted, given_context=context, arguments=dict(arguments), limits=dict(limits))
    if instance is not None and not (isinstance(instance.kind, Const) and instance.kind.value is None):
        held.instance = instance
    held.created = held.instance is None
    if many is not None:
        if not isinstance(many.kind, Const):
            local = next((k for k, v in frame.env.items() if v.node is not None and v.text == many.text), "")
            if local and isinstance(many.node, ast.Name):
                frame.undecided.append(local)
            raise frame.refuse("serializer-many", dotted, "Whether it is a list is decided at run time.", at)
        held.many = bool(many.kind.value)
    if partial is not None:
        if partial.node is None:
            raise frame.refuse("serializer-partial", dotted, "partial has no form in the generated code.", at)
        held.partial = partial.text
    if data is not None and not _is_empty(data):
        sent = data.kind.item if isinstance(data.kind, ListOf) and data.kind.type == "list" else data.kind
        again = isinstance(sent, ValidatedData) and _reads_again(frame.ctx, sent.serializer)
        if isinstance(sent, QueryParameters) and data.node is not None:
            data = Val(Payload(), quote("{0}.form()", data.node))
            sent = data.kind
        if data.node is None or not (again or isinstance(sent, Payload | DictOf | Scalar)):
            raise frame.refuse("serializer-data", dotted, "Segue does not know what its data is.", at)
        # Whatever changes something happens where the serializer is made.
        still = is_pure(data.node) or data.text == "await call.data()"
        held.data = data.node if still else frame.hoist("data", data.node, at)
    return Val(Serializer(dotted, many=held.many, held=held))


def _reads_again(ctx: Context, name: str) -> bool:
    """Whether validated data of a serializer is, as input, what was sent: plain values under the names of their fields."""
    serializer = serializer_of(ctx, name)
    written = [item for item in serializer.fields if not item.read_only]
    kinds = kinds_by_source(ctx, serializer)
    return all(
        item.source == item.name
        and isinstance(kind := kinds.get(item.source), Scalar)
        and kind.type in _PLAIN
        for item in written
    )


def _is_empty(data: Val) -> bool:
    """``data=empty``, the default of ``BaseSerializer.__init__``."""
    return isinstance(data.kind, Global) and data.kind.ref.name == "rest_framework.fields.empty"


def held_of(frame: Frame, owner: Val) -> Held:
    """The state of a serializer value. Raises ``Refused`` where branches have left it in different states."""
    held = _held(frame, owner)
    if held.sometimes:
        raise frame.refuse("serializer-state", held.serializer, _TORN)
    return held


def _held(frame: Frame, owner: Val) -> Held:
    assert isinstance(owner.kind, Serializer)
    held = owner.kind.held
    assert isinstance(held, Held)
    if held.torn:
        raise frame.refuse("serializer-state", held.serializer, _TORN)
    return held


def is_valid(frame: Frame, owner: Val, raise_exception: bool, at: ast.AST | None = None) -> Val:
    """``serializer.is_valid(raise_exception=…)``: the validation happens here."""
    held = held_of(frame, owner)
    with within(frame, held.given_context), made_as(frame.ctx, _how(held)):
        return _is_valid(frame, held, raise_exception, at)


def _is_valid(frame: Frame, held: Held, raise_exception: bool, at: ast.AST | None) -> Val:
    if held.data is None:
        raise frame.refuse("serializer-data", held.serializer, "is_valid() without data= fails in DRF.", at)
    if held.many:
        return _all_valid(frame, held, raise_exception, at)
    made = writer(frame.ctx, held.serializer)
    _check_request(frame, held, made, at)
    _check_leaves(frame, held, made, at)
    data = held.data
    if isinstance(data, ast.Await) or not isinstance(data, ast.Name):
        data = frame.hoist("data", data, at)
    arguments = [ast.unparse(data)]
    if held.instance is not None:
        instance = entity(frame, held.instance, at)
        if made.takes_instance and "instance" in made.lifted.explicit:
            arguments.append(f"instance={instance.text}")
    if held.partial != "False":
        arguments.append(f"partial={held.partial}")
    if any(state.name == "kept" for state in made.lifted.state):
        held.kept = frame.fresh("kept")
        frame.use(Import("typing", "Any"))
        frame.emit(f"{held.kept}: dict[str, Any] = {{}}")
        frame.given["kept"] = held.kept
    call = call_lifted(frame, made.lifted, *arguments)
    frame.given.pop("kept", None)
    held.values = frame.fresh("values")
    if raise_exception:
        frame.emit(f"{held.values} = {call}")
        return const(True)
    helper = Import("segue_bridge.schema.form", "checked")
    return _checked(frame, held, call.removeprefix("await "), helper)


def _all_valid(frame: Frame, held: Held, raise_exception: bool, at: ast.AST | None) -> Val:
    """``ListSerializer.is_valid``: every item is validated, then all errors are told, by place."""
    cls = list_class(frame.ctx, held.serializer)
    refused = unvalidated(frame.ctx, held.serializer)
    if refused is not None:
        raise refused
    updates = held.instance is not None and method_of(frame.ctx, cls, "update") is not None
    if (held.instance is not None and not updates) or held.partial not in ("False", "True"):
        raise frame.refuse(
            "serializer-many", held.serializer, "Input with many=True is translated for new objects.", at
        )
    made = writer(frame.ctx, held.serializer)
    _check_request(frame, held, made, at)
    _check_leaves(frame, held, made, at)
    if held.instance is not None:
        check_child_alone(frame.ctx, list_class(frame.ctx, held.serializer), made)
    assert held.data is not None
    given = held.data if isinstance(held.data, ast.Name) else frame.hoist("data", held.data, at)
    frame.locals_seen.add("item")
    partial = ["partial=True"] if held.partial == "True" else []
    call = call_lifted(frame, made.lifted, "item", *partial).removeprefix("await ")
    frame.use(Import("segue_bridge.schema.nested", "each_sent"))
    options = "" if errors_as_dict(frame.ctx) else ", errors_as_dict=False"
    options += "".join(f", {key}={value!r}" for key, value in held.limits.items())
    options += whole_check(frame, held.serializer)
    if error_key(frame.ctx) != "non_field_errors":
        options += f", error_key={error_key(frame.ctx)!r}"
    held.values = frame.fresh("values")
    frame.is_async = True
    each = f"each_sent({ast.unparse(given)}, lambda item: {call}{options})"
    if not raise_exception:
        return _checked(frame, held, each, Import("segue_bridge.schema.nested", "all_checked"))
    frame.emit(f"{held.values} = await {each}")
    return const(True)


def _checked(frame: Frame, held: Held, validation: str, helper: Import) -> Val:
    """Validation whose errors ``helper`` keeps; whether there are none."""
    frame.use(helper)
    held.errors = frame.fresh("errors")
    frame.emit(f"{held.values}, {held.errors} = await {helper.name}({validation})")
    frame.is_async = True
    return Val(Scalar("bool"), quote("not {0}", name(held.errors)))


def ask_for_errors(frame: Frame, held: Held) -> None:
    """``BaseSerializer.save``, where the answer of ``is_valid()`` was thrown away: it asserts that there are no errors."""
    if held.errors and held.unasked:
        text = "You cannot call `.save()` on a serializer with invalid data."
        frame.emit_block(f"if {held.errors}:", [f"raise AssertionError({text!r})"])


def _check_leaves(frame: Frame, held: Held, made: Writer, at: ast.AST | None) -> None:
    """A request that is left to Django at this point must not have changed anything."""
    if not made.leaves:
        return
    if frame.scope is None or may_write(frame.ctx, frame.lines):
        raise frame.refuse(
            "serializer-left",
            held.serializer,
            "Some of its input is left to Django, and something may have been written before it is looked at.",
            at,
        )


def validated_data(frame: Frame, owner: Val, at: ast.AST) -> Val:
    """``serializer.validated_data``."""
    held = held_of(frame, owner)
    if not held.values:
        raise frame.refuse(
            "serializer-order", held.serializer, "validated_data before is_valid() fails in DRF.", at
        )
    if held.many:
        return Val(ListOf(ValidatedData(held.serializer)), name(held.values))
    return Val(ValidatedData(held.serializer), name(held.values))


def save(frame: Frame, owner: Val, extra: dict[str, Val], at: ast.AST | None = None) -> Val:
    """``serializer.save(**extra)``: create or update, and the entity."""
    held = held_of(frame, owner)
    with within(frame, held.given_context), made_as(frame.ctx, _how(held)):
        return _save(frame, held, extra, at)


def _save(frame: Frame, held: Held, extra: dict[str, Val], at: ast.AST | None) -> Val:
    if not held.values:
        raise frame.refuse("serializer-order", held.serializer, "save() before is_valid() fails in DRF.", at)
    own = overridden(frame.ctx, held.serializer, "save")
    if own and not held.many:  # a list of them is saved by create() of each
        for function in own_saves(frame.ctx, held.serializer):
            extra = _own_keywords(frame, held, function, extra)
    ask_for_errors(frame, held)
    values: ast.expr = name("item" if held.many else held.values)
    if extra:
        _check_columns(frame, held, extra, at)
        for one in (held.serializer, *mapped(frame.ctx, held.serializer)):
            lose(frame.ctx, one)
        keys: list[ast.expr | None] = [None]
        items: list[ast.expr] = [values]
        for key, value in extra.items():
            if value.node is None:
                raise frame.refuse(
                    "serializer-save", f"{key}=…", "This argument has no form in the generated code.", at
                )
            keys.append(literal(key))
            items.append(value.node)
            if isinstance(value.kind, Instance):
                held.given[key] = value.kind
        values = ast.Dict(keys, items)
    if held.many:
        return _save_all(frame, held, values, bool(extra), at)
    if held.instance is None:
        saver = creator(frame.ctx, held.serializer)
        _check_request(frame, held, saver, at)
        call = call_lifted(frame, saver.lifted, ast.unparse(values))
    else:
        saver = updater(frame.ctx, held.serializer)
        _check_request(frame, held, saver, at)
        if isinstance(held.instance.kind, Instance):
            check_unshared(frame, held.instance, at or ast.Pass(), at_once=True)
        instance = entity(frame, held.instance, at)
        held.fetched = instance.kind if isinstance(instance.kind, Instance) else None
        if held.fetched is not None:
            keep_related(frame.ctx, held.fetched.site, held.fetched.model)
        call = call_lifted(frame, saver.lifted, instance.text, ast.unparse(values))
    kind = saver.lifted.returns
    if isinstance(kind, Instance):
        kind.site.members.update(key for key, value in extra.items() if has_members(value.kind))
    stem = _stem(frame, kind)
    local = frame.fresh(stem)
    frame.emit(f"{local} = {call}")
    held.saved = Val(kind, name(local))
    held.instance = held.saved
    return held.saved


def _own_keywords(frame: Frame, held: Held, function: Function, extra: dict[str, Val]) -> dict[str, Val]:
    """What the class's own ``save`` makes of the keywords."""
    use = Use(held.serializer, "called", view=view_of(frame.ctx, held.serializer), own=held.given_context.own)
    before = frame.given
    frame.given = {**before, **held.given_context.passed, "values": held.values}
    try:
        me = SerializerSelf(held.serializer, use)
        return keywords(frame, function, me, extra, creates=held.instance is None)
    finally:
        frame.given = before


def _save_all(frame: Frame, held: Held, values: ast.expr, merged: bool, at: ast.AST | None) -> Val:
    """``ListSerializer.create``: one after another, or what the project has in its place."""
    cls = list_class(frame.ctx, held.serializer)
    action = "create" if held.instance is None else "update"
    if method_of(frame.ctx, cls, action) is not None:
        return _save_by_list(frame, held, cls, action, values if merged else None, at)
    saver = creator(frame.ctx, held.serializer)
    _check_request(frame, held, saver, None)
    frame.locals_seen.add("item")
    call = call_lifted(frame, saver.lifted, ast.unparse(values))
    if held.unused:
        frame.emit_block(f"for item in {held.values}:", [call])
        return const(None)
    local = frame.fresh("saved")
    frame.emit(f"{local} = [{call} for item in {held.values}]")
    held.saved = held.instance = Val(ListOf(saver.lifted.returns), name(local))
    return held.saved


def _save_by_list(
    frame: Frame, held: Held, cls: str, action: str, merged: ast.expr | None, at: ast.AST | None
) -> Val:
    """``create`` or ``update`` of a list serializer of the project's: what it gives is what is shown."""
    kinds: list[Kind] = [ListOf(ValidatedData(held.serializer))]
    given = name(held.values) if merged is None else quote(f"[{{0}} for item in {held.values}]", merged)
    arguments = [ast.unparse(given)]
    if held.instance is not None:
        if held.instance.node is None or not isinstance(held.instance.kind, QuerySet | ListOf):
            raise frame.refuse("list-serializer", held.serializer, "Segue does not see what is updated.", at)
        kinds.insert(0, held.instance.kind)
        arguments.insert(0, held.instance.text)
    lifted = lifted_method(frame.ctx, cls, held.serializer, action, *kinds)
    assert lifted is not None
    function = method_of(frame.ctx, cls, action)
    assert function is not None
    kind = lifted.returns
    if not isinstance(kind, ListOf) or not isinstance(kind.item, Instance) or kind.item.nullable:
        raise refused_list(function, "Segue does not see that it returns a list of objects.")
    _check_state(frame, held, lifted, at)
    local = frame.fresh("saved")
    frame.emit(f"{local} = {call_lifted(frame, lifted, *arguments)}")
    held.saved = held.instance = Val(kind, name(local))
    return held.saved


def _check_columns(frame: Frame, held: Held, extra: dict[str, Val], at: ast.AST | None) -> None:
    """DRF's own ``create`` and ``update`` hand every keyword to the model: only columns and foreign keys have
    the same form in an entity. An overridden one reads them by name."""
    for one in mapped(frame.ctx, held.serializer) or [held.serializer]:
        _check_columns_of(frame, one, held, extra, at)


def _check_columns_of(frame: Frame, name: str, held: Held, extra: dict[str, Val], at: ast.AST | None) -> None:
    action = "create" if held.instance is None else "update"
    serializer = serializer_of(frame.ctx, name)
    if overridden(frame.ctx, name, action) or serializer.model not in frame.ctx.snapshot.models:
        return
    model = concrete(frame.ctx, serializer.model)
    for key in extra:
        column = field_of(model, key)
        if column is None or (column.relation is not None and column.relation.kind not in ("fk", "o2o")):
            raise frame.refuse(
                "serializer-save", f"save({key}=…)", f"{key} is no column of {serializer.model}.", at
            )


def data(frame: Frame, owner: Val, at: ast.AST | None = None) -> Val:
    """``serializer.data``: the presentation."""
    held = _held(frame, owner)
    so_far = [line for lines in (*frame.around, frame.lines) for line in lines]
    if held.shown_at >= 0 and may_write(frame.ctx, so_far[held.shown_at :]):
        raise frame.refuse(
            "serializer-data",
            held.serializer,
            "DRF keeps what it has shown once, and something may have been written since: keep it in a local.",
            at,
        )
    if held.shown_at < 0:
        held.shown_at = len(so_far)
    with within(frame, held.given_context), made_as(frame.ctx, _how(held)):
        return _data(frame, owner, held, at)


def _how(held: Held) -> Made:
    return Made(created=held.created, arguments=tuple(held.arguments.items()))


def _data(frame: Frame, owner: Val, held: Held, at: ast.AST | None) -> Val:
    if held.sometimes:
        return _data_or_none(frame, owner, held, at)
    if held.many:
        return _many(frame, held, at)
    shown = held.saved or held.instance
    if shown is not None and isinstance(shown.kind, KeywordDict) and held.data is None:
        from segue.translate.views.rules.shown_entries import shown_entries

        return shown_entries(frame, held.serializer, shown.kind, at)
    if shown is None and held.values and not held.errors:
        as_they_are = shows_its_values(frame.ctx, held.serializer)
        return Val(ShownValues(held.serializer, held.values), name(held.values) if as_they_are else None)
    if shown is None or shown.node is None:
        raise frame.refuse("serializer-data", held.serializer, "It shows no model instance.", at)
    if isinstance(shown.kind, User):
        from segue.translate.rules.user import entity_of

        shown = member(frame, entity_of(frame, shown))
        assert isinstance(shown.kind, Instance)
        return _saved(frame, held, shown, at)
    if not isinstance(shown.kind, Instance):
        raise frame.refuse("serializer-data", held.serializer, "It shows no model instance.", at)
    if shown.kind.nullable:
        raise frame.refuse("serializer-data", held.serializer, "What it shows may be None.", at)
    written = shown.kind.site.written and not shown.kind.site.classes
    if shown.kind.mode == "entity" or written or held.saved is not None:
        return _saved(frame, held, shown, at)
    old = aged(frame, _SOME, shown).kind
    if isinstance(old, Instance) and old.aged and looks_further(frame.ctx, held.serializer, old.model):
        shown.kind.site.written = True
        return _saved(frame, held, shown, at)
    made = presenter(frame.ctx, held.serializer, shown.kind)
    _check_request(frame, held, made, at)
    local = in_local(frame, shown).text
    with own_set(frame, made):
        return Val(made.kind, name_of(call_lifted(frame, made.lifted, local)))


def _data_or_none(frame: Frame, owner: Val, held: Held, at: ast.AST | None) -> Val:
    """The presentation of what one branch has saved, or what the serializer shows where none has."""
    assert held.saved is not None
    refused = unvalidated(frame.ctx, held.serializer)
    if refused is not None:
        raise refused
    unsaved = shown_unsaved(frame.ctx, held.serializer)
    held.sometimes = False
    frame.no_hoist += 1
    try:
        shown = data(frame, owner, at)
    finally:
        frame.no_hoist -= 1
        held.sometimes = True
    assert shown.node is not None
    return Val(
        Scalar("Any"), quote(f"{{0}} if {held.saved.text} is not None else {{1}}", shown.node, unsaved)
    )


def _saved(frame: Frame, held: Held, shown: Val, at: ast.AST | None) -> Val:
    assert isinstance(shown.kind, Instance)
    refused = unvalidated(frame.ctx, held.serializer) if not held.values else None
    if refused is not None:
        raise refused
    if held.partial not in ("True", "False") and depends_on_partial(frame.ctx, held.serializer):
        raise frame.refuse("serializer-partial", held.serializer, "What it shows depends on partial=.", at)
    partial = held.partial == "True"
    check_members(frame, held.serializer, shown.kind, at)
    fetched = held.fetched or (shown.kind if held.saved is None else None)
    if fetched is not None:
        _check_half(frame, held.serializer, shown, fetched, at)
    known = frame.ctx.snapshot.serializers[held.serializer]
    bare = depends_on_query(frame.ctx, known) and is_bare(frame.ctx, shown.kind, fetched)
    with bare_object(frame.ctx, bare):
        made = saved_presenter(frame.ctx, held.serializer, shown.kind.model, partial=partial, fetched=fetched)
        show_given(frame.ctx, held.serializer, shown.kind.model, held.given, partial=partial)
    _check_request(frame, held, made, at)
    local = in_local(frame, shown).text
    with own_set(frame, made):
        return Val(made.kind, name_of(call_lifted(frame, made.lifted, local)))


def _check_half(frame: Frame, serializer: str, shown: Val, fetched: Instance, at: ast.AST | None) -> None:
    """Refuse objects whose sets were prefetched in part of what is shown, where rows of such a set may have been written since."""
    node = shown.node
    if node is None or not fetched.site.prefetched or any(isinstance(n, ast.Await) for n in ast.walk(node)):
        return  # nothing is prefetched, or it is fetched right here
    local = next((n.id for n in ast.walk(node) if isinstance(n, ast.Name)), "")
    behind, rounds = lines_since(frame, local)
    if not rounds and not may_write(frame.ctx, behind):
        return
    half = half_prefetched(frame.ctx, serializer, fetched)
    if half is None:
        return
    accessor, classes = half
    cls = concrete(frame.ctx, fetched.model).cls.rpartition(".")[2]
    if rounds or may_write_any_of(frame.ctx, behind, classes, {local: cls}):
        why = (
            f"Django shows the rows of {accessor} that were prefetched, with what leads on from them now; rows may have been "
            "written since. Prefetch all that is shown, or read the object again."
        )
        raise frame.refuse("read-order", serializer, why, at)


def _many(frame: Frame, held: Held, at: ast.AST | None) -> Val:
    shown = held.instance
    if shown is None:
        raise frame.refuse("serializer-data", held.serializer, "It shows nothing.", at)
    if not (isinstance(shown.kind, ListOf) and shown.kind.type == "list"):
        check_not_asked(frame, held.serializer, at)
    cls = list_class(frame.ctx, held.serializer)
    if method_of(frame.ctx, cls, "to_representation") is not None:
        return _shown_by_list(frame, held, cls, shown, at)
    return listed(frame, held.serializer, shown, at, held)


def _shown_by_list(frame: Frame, held: Held, cls: str, shown: Val, at: ast.AST | None) -> Val:
    """``ListSerializer.data``, by the project's ``to_representation``."""
    if isinstance(shown.kind, RelatedManager):
        shown = _all_of(frame, shown)
    if shown.node is None:
        raise frame.refuse("serializer-data", held.serializer, "It shows nothing.", at)
    made = shown_by(frame, cls, held.serializer, shown)
    function = method_of(frame.ctx, cls, "to_representation")
    assert function is not None
    if not isinstance(made.kind, ListOf):
        # ``ReturnList`` makes a list of whatever it is: of a dict's keys, say.
        raise refused_list(function, "Segue does not see that it returns a list.")
    if not held.given_context.has_request and "context" in function.source:
        raise frame.refuse("serializer-context", held.serializer, "It is made without a request.", at)
    return made


def _all_of(frame: Frame, manager: Val) -> Val:
    from segue.translate.interp.expressions.calls import method_call

    call = ast.parse("x.all()", mode="eval").body
    assert isinstance(call, ast.Call)
    return method_call(frame, manager, "all", call)


def listed(frame: Frame, serializer: str, shown: Val, at: ast.AST | None, held: Held | None = None) -> Val:
    """``ListSerializer.to_representation``: each of the rows, or of those of a manager, by the serializer of one."""
    if isinstance(shown.kind, RelatedManager):
        shown = _all_of(frame, shown)
    if isinstance(shown.kind, QuerySet) and shown.kind.query.related is not None:
        shown = loaded_list(frame, shown, only_prefetched=True) or shown
    if isinstance(shown.kind, QuerySet) and (
        "#rows:" + shown.text in frame.env or (_read_again(frame, shown) and not frame.no_hoist)
    ):
        shown = fetched_rows(frame, shown, at if isinstance(at, ast.expr) else name(shown.text))
    elif isinstance(shown.kind, QuerySet):
        kept_rows(frame, shown, at or ast.Pass())  # under another name they may have been read before
        needs = site_below(frame.ctx, serializer, shown.kind.query) or site_of(frame, shown, hint="", at=at)
        shown = fetch_all(frame, shown, needs, at)
    return present_rows(frame, serializer, shown, at, held)


def _read_again(frame: Frame, rows: Val) -> bool:
    """Whether the local of a queryset is looked at in other places of the function, too: Django keeps its rows in it."""
    legacy = {k for k, v in frame.env.items() if v.text == rows.text}
    tree = ast.parse(textwrap.dedent(frame.function.source))
    return (
        sum(
            isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load) and n.id in legacy for n in ast.walk(tree)
        )
        > 1
    )


def check_not_asked(frame: Frame, serializer: str, at: ast.AST | None = None) -> None:
    """Refuse a serializer whose ``__init__`` looks at ``self.instance``, where that is (or may be) a queryset. Raises ``Refused``."""
    # Whether there is one is all that may be asked where a constructor changes fields: rows that are none are not shown.
    if looks_at_instance(frame.ctx, serializer) and not changes_fields(frame.ctx, serializer):
        why = "Its __init__ looks at self.instance, which is a queryset here."
        raise frame.refuse("serializer-init", serializer, why, at)


def present_rows(
    frame: Frame, serializer: str, rows: Val, at: ast.AST | None = None, held: Held | None = None
) -> Val:
    """``[present_x(row) for row in rows]``."""
    if not isinstance(rows.kind, ListOf) or not isinstance(rows.kind.item, Instance) or rows.node is None:
        raise frame.refuse("serializer-data", serializer, "It shows no list of model instances.", at)
    _check_half(frame, serializer, rows, rows.kind.item, at)
    old = aged(frame, _SOME, rows).kind
    further = isinstance(old, ListOf) and isinstance(old.item, Instance) and old.item.aged
    if further and looks_further(frame.ctx, serializer, rows.kind.item.model):
        rows.kind.item.site.written = True
    if rows.kind.item.site.written and not rows.kind.item.site.classes:
        made = saved_presenter(frame.ctx, serializer, rows.kind.item.model, fetched=rows.kind.item)
    else:
        made = presenter(frame.ctx, serializer, rows.kind.item)
    if held is not None:
        _check_request(frame, held, made, at)
    with own_set(frame, made):
        call = call_lifted(frame, made.lifted, "row")
    frame.locals_seen.add("row")
    source = rows.node
    if made.lifted.is_async and any(isinstance(n, ast.Await) for n in ast.walk(source)):
        source = frame.hoist("rows", source, at)
    return Val(ListOf(made.kind), quote("[{0} for row in {1}]", name_of(call), source))


def _check_request(frame: Frame, held: Held, made: Presenter | Writer | Saver, at: ast.AST | None) -> None:
    """A serializer made without the request finds none: what asks for it behaves otherwise in DRF."""
    _check_state(frame, held, made.lifted, at)


def _check_state(frame: Frame, held: Held, lifted: Lifted, at: ast.AST | None) -> None:
    entries = {*held.given_context.passed, "db", "kept", SHARED}
    if not held.given_context.has_request and any(s.name not in entries for s in lifted.state):
        raise frame.refuse(
            "serializer-context", held.serializer, "It is made without the request it asks for.", at
        )


def entity(frame: Frame, value: Val, at: ast.AST | None) -> Val:
    """``value`` as an object that is written: all its columns are fetched."""
    if isinstance(value.kind, User):
        from segue.translate.rules.user import entity_of

        return member(frame, entity_of(frame, value))
    if not isinstance(value.kind, Instance) or value.node is None or value.kind.nullable:
        raise frame.refuse("serializer-instance", "instance", "Segue does not know what is updated.", at)
    value.kind.site.written = True
    as_saved(frame, value.kind, at)
    return value


def member(frame: Frame, user: Val) -> Val:
    """The user in a local of the user class: anonymous ones end here as in Django."""
    assert user.node is not None
    node = quote("{0}({1})", frame.imported("segue_bridge.auth.users", "member"), user.node)
    return Val(user.kind, frame.hoist("user", node))


def name_of(text: str) -> ast.expr:
    """Expression text as a node."""
    return ast.parse(text, mode="eval").body


def in_local(frame: Frame, value: Val) -> Val:
    """``value`` in a local, so that it is computed once."""
    assert value.node is not None
    if isinstance(value.node, ast.Name | ast.Attribute):
        return value
    return Val(value.kind, frame.hoist(_stem(frame, value.kind), value.node))


def _stem(frame: Frame, kind: Kind) -> str:
    from segue.translate.load.models import snake

    if isinstance(kind, Instance):
        return snake(frame.ctx.model(kind.model).cls.rpartition(".")[2])
    return "saved"
