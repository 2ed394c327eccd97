"""Statements of a validation function that ask the database about one field."""

from __future__ import annotations

import ast

from segue.refusal import Refused
from segue.snapshot.model import Serializer, SerializerField, Value
from segue.target.ir import Import
from segue.translate.interp.carried import SCOPES
from segue.translate.interp.constants import value_of
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import Instance, Scalar
from segue.translate.language import given
from segue.translate.load.fetch import entity_type
from segue.translate.load.models import concrete, field_of, pk_field, python_type
from segue.translate.models.conversions import lookup_problem
from segue.translate.query.build import root_of
from segue.translate.query.compile import Compiler, repeats
from segue.translate.query.grouping import crosses
from segue.translate.query.ir import Query
from segue.translate.query.where import Leaf, Node
from segue.translate.rules.managers import manager_of, start
from segue.translate.rules.scopes import has_scoped_rows
from segue.translate.serializers.code import pairs_of
from segue.translate.serializers.facts import base_name, const, field_refusal, option
from segue.translate.serializers.given_querysets import given_queryset
from segue.translate.serializers.own_input import converts_itself
from segue.translate.serializers.rules_text import related_column
from segue.translate.serializers.values import SCALARS, value_kind

PLAIN_MANAGERS = frozenset({"", "django.db.models.manager.Manager", "django.db.models.Manager"})


def lookup_lines(frame: Frame, item: SerializerField) -> None:
    """Find the objects that a relation field names."""
    base = base_name(item)
    many = base == "ManyRelatedField"
    child = item.child if many else item
    given = given_queryset(frame, item)
    if given is not None and converts_itself(frame.ctx, item):
        raise field_refusal(
            item, "relation-queryset", "It looks rows up itself, in a queryset of the request."
        )
    if (
        child is None
        or converts_itself(frame.ctx, item)
        or base_name(child) not in ("PrimaryKeyRelatedField", "SlugRelatedField")
    ):
        return
    cls, imported = entity_type(frame.ctx, child.queryset_model)
    if given is None:
        given = _by_manager(frame, child)
    if given is None:
        statement = f"select({cls})" + _limit(frame, item, child)
    else:
        key = pk_field(frame.ctx, child.queryset_model).attname
        statement = f"select({cls}).where({cls}.{key}.in_({given.text}))"
    column = related_column(frame.ctx, child).attname
    function = "find_all" if many else "find"
    frame.use(imported, Import("sqlalchemy", "select"), Import("segue_bridge.schema.related", function))
    _ = frame.db
    target = f"form[{item.name!r}]"
    frame.emit_block(
        f"with form.field({item.name!r}):",
        [f"{target} = await {function}(db, {statement}, {cls}.{column}, {target})"],
    )


def _by_manager(frame: Frame, child: SerializerField) -> Val | None:
    """The rows of a manager that shows those of the active scope (django-scopes): ``RelatedField.get_queryset`` asks it for each request."""
    named = const(child.kwargs.get("queryset_manager"))
    if not isinstance(named, str) or not named or not isinstance(frame.ctx.memo.get(SCOPES), dict):
        return None
    model = frame.ctx.model(child.queryset_model)
    if named != (model.default_manager or "objects") or not has_scoped_rows(frame.ctx, model.label):
        return None
    manager = manager_of(frame, model.label, "_default_manager")
    return start(frame, manager, ast.Pass(lineno=1)) if manager is not None else None


def _limit(frame: Frame, item: SerializerField, child: SerializerField) -> str:
    """``.where(…)`` for the ``limit_choices_to`` of the model field; '' for a queryset that lists the model.

    Only conditions on the model's own columns: a join could give a row twice, which ``QuerySet.get`` minds.
    """
    if const(child.kwargs.get("queryset_none")):
        frame.use(Import("sqlalchemy", "false"))
        return ".where(false())"
    plain, limit = child.kwargs.get("queryset_plain"), child.kwargs.get("queryset_limit")
    if plain is not None and const(plain):
        return ""
    if limit is None or limit.kind != "dict":
        raise field_refusal(item, "relation-queryset", "Its queryset does more than list the model.")
    at = ast.Pass(lineno=1, col_offset=0)
    leaves = []
    for key, value in limit.pairs:
        found = value_of(frame, value)
        if found is None or not isinstance(key.data, str):
            raise field_refusal(
                item, "relation-queryset", f"Segue cannot write down its limit by {key.data}."
            )
        leaves.append(Leaf(key.data, found, at))
    tree = Node("AND", tuple(leaves))
    if crosses(frame, child.queryset_model, tree) or repeats(frame, child.queryset_model, tree):
        raise field_refusal(item, "relation-queryset", "Its limit looks into related objects.")
    root = root_of(frame, child.queryset_model)
    condition = Compiler(frame, Query(child.queryset_model), root).tree(tree)
    return f".where({ast.unparse(condition)})" if condition is not None else ""


def unique_lines(frame: Frame, serializer: Serializer, item: SerializerField, found: list[Value]) -> None:
    """``UniqueValidator``: no other row has the value."""
    for value in found:
        pairs = pairs_of(value)
        model = str(const(pairs.get("model"), ""))
        if not const(pairs.get("queryset_plain")) or model not in frame.ctx.snapshot.models:
            raise field_refusal(item, "unique-queryset", "Its uniqueness is asked of a filtered queryset.")
        if const(pairs.get("lookup"), "exact") != "exact":
            raise field_refusal(item, "unique-lookup", f"Uniqueness by {const(pairs.get('lookup'))}.")
        column = field_of(concrete(frame.ctx, model), item.source.split(".")[-1])
        if column is None or column.column == "":
            raise field_refusal(item, "unique-field", f"{item.source} is no column of {model}.")
        problem = lookup_problem(frame.ctx, column)
        if problem is not None:
            raise Refused(problem)
        _same_type(frame, item, python_type(frame.ctx, column))
        cls, imported = entity_type(frame.ctx, model)
        frame.use(imported, Import("segue_bridge.schema.unique", "unique"))
        _ = frame.db
        arguments = ["db", f"{cls}.{column.attname}", f"form[{item.name!r}]"]
        if serializer.model:
            arguments.append("instance=instance")
        message = given(frame.ctx, pairs.get("message"), "This field must be unique.", item.where, item.name)
        if message is not None:
            arguments.append(f"message={message[0]}")
            frame.use(*message[1])
        check = [f"await unique({', '.join(arguments)})"]
        if isinstance(value_kind(frame.ctx, item), Instance):
            # a relation that was not found has no value to ask for
            frame.emit_block(
                f"if form.parsed({item.name!r}):", [f"with form.check({item.name!r}):", "    " + check[0]]
            )
        else:
            frame.emit_block(f"with form.check({item.name!r}):", check)


def _same_type(frame: Frame, item: SerializerField, column: str) -> None:
    known = SCALARS.get(base_name(item))
    if converts_itself(frame.ctx, item):
        kind = value_kind(frame.ctx, item)
        known = kind.type if isinstance(kind, Scalar) else "object"
    if known is not None and known != column:
        raise field_refusal(item, "unique-type", f"A {known} is looked up in a {column} column.")
    if (
        known is None
        and option(item, "slug_field") is None
        and base_name(item)
        not in (
            "PrimaryKeyRelatedField",
            "SlugRelatedField",
            "ChoiceField",
        )
    ):
        raise field_refusal(item, "unique-type", f"Uniqueness of a {base_name(item)}.")
