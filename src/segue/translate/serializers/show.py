"""One field of a presenter: where its value comes from, what happens when it is missing or null."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from segue.snapshot.model import Serializer, SerializerField
from segue.target.ir import Import
from segue.translate.context import Context
from segue.translate.interp.annotations import annotation
from segue.translate.interp.frame import Frame
from segue.translate.interp.join import nullable as nullable_kind
from segue.translate.interp.value import Val, is_pure, name
from segue.translate.kinds import (
    Const,
    DictOf,
    Instance,
    Kind,
    ListOf,
    Maybe,
    QuerySet,
    RelatedManager,
    Scalar,
    Shape,
    StoredFile,
    Unknown,
)
from segue.translate.load.models import concrete, field_of, pk_field
from segue.translate.load.needs import column
from segue.translate.rules.column_objects import holds_localized
from segue.translate.rules.managers import related_queryset
from segue.translate.rules.plain_data import object_in
from segue.translate.serializers.absent import is_absent
from segue.translate.serializers.as_made import as_made
from segue.translate.serializers.code import value_text
from segue.translate.serializers.dropping import shares
from segue.translate.serializers.facts import (
    FIELD_OUTPUT,
    base_name,
    check_field,
    field_refusal,
    option,
)
from segue.translate.serializers.hyperlinks import hyperlink
from segue.translate.serializers.interface import Presenter
from segue.translate.serializers.made import as_a_field
from segue.translate.serializers.money import FIELD as MONEY
from segue.translate.serializers.own_field import own_url, shown_by_itself, shows_itself, whole_object
from segue.translate.serializers.own_list import check_list_class, method_of, shown_by
from segue.translate.serializers.path import Found, Guard, follow
from segue.translate.serializers.popped import unvalidated
from segue.translate.serializers.represent import nullable, represent, scalar_type
from segue.translate.serializers.synthetic import call_lifted, evaluate
from segue.translate.serializers.tag_lists import is_tag_list, names_shown

NESTED = frozenset({"Serializer", "ModelSerializer", "HyperlinkedModelSerializer"})
UNKNOWN = Unknown()
_LINKS = ("HyperlinkedIdentityField", "HyperlinkedRelatedField")
PLAIN_SLUGS = frozenset({"str", "int", "bool", "float"})


@dataclass(frozen=True, slots=True)
class Piece:
    """A key of the answer. ``condition``: the key is there only when it holds; ``block``: what is done then, where
    that is more than to set it."""

    name: str
    text: str
    type: str
    imports: frozenset[Import]
    kind: Kind
    condition: str = ""
    block: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Made:
    text: str
    type: str
    imports: frozenset[Import] = frozenset()
    kind: Kind = UNKNOWN


def show(
    frame: Frame, serializer: Serializer, item: SerializerField, instance: Val, partial: bool = False
) -> Piece | None:
    """The key that ``item`` adds; None where it never adds any."""
    base = base_name(item)
    if is_absent(frame, item, instance):
        return _piece(item, _Made("None", "None", kind=Const(None)), []) if item.allow_null else None
    if base == "SerializerMethodField":
        return _piece(item, _method(frame, serializer, item, instance), [])
    if is_tag_list(item):
        return _piece(item, _free(frame, item, names_shown(frame, serializer, item, instance)), [])
    attributes = [] if item.source == "*" else item.source.split(".")
    if item.cls == MONEY:
        found = follow(frame, instance, attributes, item.where)
        return _piece(item, _nullable(frame, item, found, _represented), found.guards, partial)
    if base == "ListSerializer" and shows_all(frame.ctx, item):
        return _piece(item, _by_list(frame, item, instance, attributes), [], partial)
    if base not in (*NESTED, "ListSerializer") and shows_itself(frame, item):
        if not whole_object(frame, item):
            raise field_refusal(
                item, "field-output", "It shows an object of which DRF gives it the key alone."
            )
        found = follow(frame, instance, attributes, item.where)
        found.val = as_file(frame, instance, attributes, found.val, item)
        if isinstance(found.val.kind, StoredFile):  # a ``FieldFile`` is an object, without a file too
            return _piece(item, _by_itself(frame, item, found.val), found.guards, partial)
        return _piece(item, _nullable(frame, item, found, _by_itself), found.guards, partial)
    allowed = {"to_representation", "get_url"} if base in _LINKS else {"to_representation"}
    check_field(frame.ctx, item, FIELD_OUTPUT - allowed, "field-output")
    if base == "PrimaryKeyRelatedField":
        found = _primary_key(frame, item, instance, attributes)
        return _piece(item, _nullable(frame, item, found, _as_is), found.guards, partial)
    found = follow(frame, instance, attributes, item.where)
    if base == "ManyRelatedField":
        return _piece(item, _many_related(frame, item, found.val), found.guards, partial)
    if base == "ListSerializer":
        return _piece(item, _nested_list(frame, item, found.val, partial), found.guards, partial)
    if base in NESTED:

        def nested(frame: Frame, item: SerializerField, val: Val) -> _Made:
            return _nested(frame, item, val, partial)

        return _piece(item, _nullable(frame, item, found, nested), found.guards, partial)
    if base == "StringRelatedField":
        return _piece(item, _nullable(frame, item, found, _string), found.guards, partial)
    if base == "SlugRelatedField":
        return _piece(item, _nullable(frame, item, found, _slug), found.guards, partial)
    if base in _LINKS:
        return _piece(item, _nullable(frame, item, found, _linked), found.guards, partial)
    found.val = as_made(frame, instance, attributes, found.val)
    return _piece(item, _nullable(frame, item, found, _represented), found.guards, partial)


def _piece(item: SerializerField, made: _Made, guards: list[Guard], partial: bool = False) -> Piece:
    """Apply the guards: a missing attribute is the default, null, or no key at all."""
    text, type_, condition = made.text, made.type, ""
    imports = set(made.imports)
    for guard in reversed(guards):
        if not guard.missing:
            text, type_ = f"({text} if {guard.text} is not None else None)", _or_none(type_)
        elif item.default.kind != "empty" and partial:
            # ``get_default`` raises SkipField for a partial serializer, on output too
            condition = f"{guard.text} is not None" + (f" and {condition}" if condition else "")
        elif item.default.kind != "empty":
            fallback = value_text(item.default, item.where, item.name)
            imports |= fallback.imports
            text = f"({text} if {guard.text} is not None else {fallback.text})"
            type_ = _or_none(type_) if fallback.text == "None" else type_
        elif item.allow_null:
            text, type_ = f"({text} if {guard.text} is not None else None)", _or_none(type_)
        elif not item.required:
            condition = f"{guard.text} is not None" + (f" and {condition}" if condition else "")
        else:
            raise field_refusal(
                item, "source-missing", "The source may be None on the way, which DRF answers with an error."
            )
    return Piece(item.name, text, type_, frozenset(imports), made.kind, condition)


def _or_none(text: str) -> str:
    return text if text in ("Any", "None") or text.endswith("| None") else f"{text} | None"


def _nullable(frame: Frame, item: SerializerField, found: Found, make: object) -> _Made:
    """``None`` stays ``None``; anything else is shown."""
    val = found.val
    if isinstance(val.kind, Const) and val.kind.value is None:
        return _Made("None", "None", kind=val.kind)
    maybe = nullable(val)
    if maybe and val.node is not None and not is_pure(val.node):
        # A lifted function may have the field's name.
        local = item.name if item.name.isidentifier() and "segue__fn_" not in val.text else "value"
        val = Val(val.kind, frame.hoist(local, val.node))
    sure = Val(_not_null(val.kind), val.node)
    assert callable(make)
    made: _Made = make(frame, item, sure)
    if not maybe or made.text == val.text:
        return _Made(made.text, _or_none(made.type) if maybe else made.type, made.imports, val.kind)
    kind = Maybe(made.kind) if isinstance(made.kind, Shape) else nullable_kind(made.kind)
    return _Made(
        f"({made.text} if {val.text} is not None else None)", _or_none(made.type), made.imports, kind
    )


def _not_null(kind: Kind) -> Kind:
    if isinstance(kind, Instance):
        return Instance(kind.model, kind.site, kind.mode)
    if isinstance(kind, Scalar):
        return Scalar(kind.type)
    return kind


def _as_is(frame: Frame, item: SerializerField, val: Val) -> _Made:
    pk_field_given = item.kwargs.get("pk_field")
    if pk_field_given is not None and pk_field_given.data is not None:
        raise field_refusal(item, "pk-field", "pk_field= is not translated.")
    if pk_field_given is not None and pk_field_given.kind not in ("const", "empty"):
        raise field_refusal(item, "pk-field", "pk_field= is not translated.")
    return _key(frame, val)


def _key(frame: Frame, val: Val) -> _Made:
    """A primary key as the renderer writes it: numbers and text as they are, UUIDs as text."""
    text, imports = annotation(frame.ctx, val.kind)
    if scalar_type(val) == "UUID":
        return _Made(f"str({val.text})", "str", kind=Scalar("str"))
    return _Made(val.text, text, imports, val.kind)


def _represented(frame: Frame, item: SerializerField, val: Val) -> _Made:
    if isinstance(val.kind, Instance | QuerySet | RelatedManager | ListOf | DictOf) and base_name(
        item
    ) not in (
        "ListField",
        "DictField",
        "JSONField",
        "ReadOnlyField",
        "HStoreField",
    ):
        raise field_refusal(item, "field-value", "The value is an object, not plain data.")
    if isinstance(val.kind, Instance | QuerySet | RelatedManager):
        raise field_refusal(item, "field-value", "The value is an object, not plain data.")
    if holds_localized(val.kind):
        raise field_refusal(item, "localized-text", "It shows a text in several languages.")
    shown = represent(frame, item, val)
    return _Made(shown.text, shown.type, shown.imports, Scalar(shown.type))


def _method(frame: Frame, serializer: Serializer, item: SerializerField, instance: Val) -> _Made:
    """``SerializerMethodField``: the serializer's method, lifted by the kernel."""
    method = str(option(item, "method_name") or f"get_{item.name}")
    val = evaluate(frame, f"self.{method}({instance.text})", item.where)
    return _free(frame, item, val)


def free(frame: Frame, item: SerializerField, val: Val) -> str:
    """The code of a value of custom code as it is shown. Raises ``Refused`` for what is no plain data."""
    made = _free(frame, item, val)
    frame.use(*made.imports)
    return made.text


def _free(frame: Frame, item: SerializerField, val: Val) -> _Made:
    """A value of custom code as it is shown: plain data only."""
    if isinstance(val.kind, QuerySet | RelatedManager | Instance | Unknown) or val.node is None:
        raise field_refusal(item, "method-value", "Segue cannot see that the method gives plain data.")
    if holds_localized(val.kind):
        raise field_refusal(item, "localized-text", "It gives a text in several languages as it is.")
    if isinstance(val.kind, ListOf) and isinstance(val.kind.item, QuerySet):
        raise field_refusal(item, "method-value", "The method gives model instances.")
    why = object_in(val.kind, None)
    if why:
        raise field_refusal(item, "method-value", why)
    text, imports = annotation(frame.ctx, val.kind)
    return _Made(val.text, text, imports, val.kind)


def _primary_key(frame: Frame, item: SerializerField, instance: Val, attributes: list[str]) -> Found:
    """The key of a related object without joining it (``use_pk_only_optimization``)."""
    found = follow(frame, instance, attributes[:-1], item.where)
    owner = found.val.kind
    if isinstance(owner, Instance) and owner.nullable:
        found.guards.append(Guard(found.val.text, missing=True))
        found.val = Val(Instance(owner.model, owner.site, owner.mode), found.val.node)
        owner = found.val.kind
    if not isinstance(owner, Instance):
        raise field_refusal(item, "source", "The source is no relation of a model.")
    last = attributes[-1]
    model = concrete(frame.ctx, owner.model)
    field = field_of(model, last)
    if (
        field is not None
        and field.relation is not None
        and field.relation.kind in ("fk", "o2o")
        and field.name == last
    ):
        column(frame.ctx, owner.site, field.attname)
        from segue.translate.load.models import column_kind

        return Found(
            Val(column_kind(frame.ctx, field), name(f"{found.val.text}.{field.attname}")), found.guards
        )
    return _key_of_object(frame, item, found, last)


def _key_of_object(frame: Frame, item: SerializerField, found: Found, last: str) -> Found:
    inner = follow(frame, found.val, [last], item.where)
    kind = inner.val.kind
    if isinstance(kind, Scalar):
        return Found(inner.val, [*found.guards, *inner.guards])
    if not isinstance(kind, Instance):
        raise field_refusal(item, "source", "The source is no related object.")
    key = pk_field(frame.ctx, kind.model).attname
    column(frame.ctx, kind.site, key)
    from segue.translate.load.models import column_kind

    guards = [*found.guards, *inner.guards]
    if kind.nullable:
        guards.append(Guard(inner.val.text, missing=False))
    value = Val(column_kind(frame.ctx, pk_field(frame.ctx, kind.model)), name(f"{inner.val.text}.{key}"))
    return Found(value, guards)


def _each(frame: Frame, item: SerializerField, val: Val) -> tuple[str, str, Instance]:
    """A name for each of them, the list behind a to-many source with what it leaves out, and what its items are."""
    kind = val.kind
    if isinstance(kind, QuerySet):
        from segue.translate.load.fetch import fetch_all, site_of

        site = site_of(frame, val, hint=frame.hint)
        val = fetch_all(frame, val, site)
        kind = val.kind
    if isinstance(kind, ListOf) and isinstance(kind.item, Instance) and val.node is not None:
        match val.node:
            case ast.ListComp(ast.Name(one), [ast.comprehension(ast.Name(same), rows, [test])]) if (
                one == same
            ):
                return one, f"{ast.unparse(rows)} if {ast.unparse(test)}", kind.item
        return frame.fresh("item"), val.text, kind.item
    raise field_refusal(item, "source", "Segue does not see which objects the source lists.")


def as_file(frame: Frame, instance: Val, attributes: list[str], val: Val, item: SerializerField) -> Val:
    """A column of files as the object that it is in Django, for methods of the project's. Raises ``Refused``."""
    from segue.translate.rules.stored_files import is_file, stored_file

    if not isinstance(instance.kind, Instance) or not attributes:
        return val
    column_ = field_of(concrete(frame.ctx, instance.kind.model), attributes[-1])
    if len(attributes) > 1 or column_ is None or not is_file(column_):
        return val
    return stored_file(frame, instance, column_, ast.Pass(lineno=1))


def _by_itself(frame: Frame, item: SerializerField, val: Val) -> _Made:
    return _free(frame, item, shown_by_itself(frame, item, val))


def _linked(frame: Frame, item: SerializerField, val: Val) -> _Made:
    url = own_url(frame, item, val)
    if url is not None:
        return _free(frame, item, url)
    return _Made(hyperlink(frame, item, val), "str", kind=Scalar("str"))


def _many_related(frame: Frame, item: SerializerField, val: Val) -> _Made:
    """``ManyRelatedField``: its child decides."""
    child = item.child
    if child is None:
        raise field_refusal(item, "field-class", "The snapshot lacks its child.")
    by_itself = shows_itself(frame, child)
    if not by_itself:
        check_field(frame.ctx, child, FIELD_OUTPUT, "field-output")
    one, source, kind = _each(frame, item, val)
    inner = Val(kind, name(one))
    base = base_name(child)
    if by_itself:
        made = _by_itself(frame, child, inner)
    elif base == "PrimaryKeyRelatedField":
        key = pk_field(frame.ctx, kind.model)
        column(frame.ctx, kind.site, key.attname)
        from segue.translate.load.models import column_kind

        made = _key(frame, Val(column_kind(frame.ctx, key), name(f"{one}.{key.attname}")))
    elif base == "SlugRelatedField":
        made = _slug(frame, child, inner)
    elif base == "StringRelatedField":
        frame.env[one] = inner
        made = _string(frame, child, inner)
    elif base == "HyperlinkedRelatedField":
        made = _linked(frame, child, inner)
    else:
        raise field_refusal(item, "hyperlink", f"Lists of {base} are not translated.")
    return _Made(
        f"[{made.text} for {one} in {source}]", f"list[{made.type}]", made.imports, ListOf(made.kind)
    )


def _slug(frame: Frame, item: SerializerField, val: Val) -> _Made:
    slug = str(option(item, "slug_field")).replace("__", ".").split(".")
    found = follow(frame, val, slug, item.where)
    if found.guards:
        raise field_refusal(item, "slug-path", "The slug goes through an object that may be None.")
    if scalar_type(found.val) == "UUID" and not nullable(found.val):
        return _Made(f"str({found.val.text})", "str", kind=Scalar("str"))
    if scalar_type(found.val) not in PLAIN_SLUGS:
        raise field_refusal(item, "slug-value", f"The slug is a {scalar_type(found.val)}.")
    text, imports = annotation(frame.ctx, found.val.kind)
    return _Made(found.val.text, text, imports, found.val.kind)


def _string(frame: Frame, item: SerializerField, val: Val) -> _Made:
    """``str(instance)``: the model's ``__str__``, lifted by the kernel."""
    local = val.text
    if local.isidentifier():
        frame.env[local] = val
        text = f"str({local})"
    else:
        frame.env["segue_object"] = val
        text = "str(segue_object)"
    found = evaluate(frame, text, item.where)
    return _Made(found.text, "str", kind=Scalar("str"))


def _nested(frame: Frame, item: SerializerField, val: Val, partial: bool) -> _Made:
    from segue.translate.serializers.read import presenter

    if not isinstance(val.kind, Instance):
        raise field_refusal(item, "nested-value", "The nested serializer does not show a model instance.")
    _check_popped(frame, item)
    with as_a_field(frame.ctx):
        nested = presenter(frame.ctx, item.serializer, val.kind, partial=partial)
    _check_shared(item, nested)
    text = call_lifted(frame, nested.lifted, val.text)
    return _Made(text, nested.shape, nested.shape_imports, nested.kind)


def _nested_list(frame: Frame, item: SerializerField, val: Val, partial: bool) -> _Made:
    from segue.translate.serializers.read import presenter

    check_list(frame, item)
    one, source, kind = _each(frame, item, val)
    _check_popped(frame, item)
    with as_a_field(frame.ctx):
        nested = presenter(frame.ctx, item.serializer, kind, partial=partial)
    _check_shared(item, nested)
    text = call_lifted(frame, nested.lifted, one)
    return _Made(
        f"[{text} for {one} in {source}]", f"list[{nested.shape}]", nested.shape_imports, ListOf(nested.kind)
    )


def _check_popped(frame: Frame, item: SerializerField) -> None:
    refused = unvalidated(frame.ctx, item.serializer)
    if refused is not None:
        raise refused


def _check_shared(item: SerializerField, nested: Presenter) -> None:
    """A nested serializer lives as long as the one that it stands in, which may show many rows."""
    if nested.fields is not None:
        why = "Which fields this nested serializer shows is decided by requests; decide it in to_representation of the outer one."
        raise field_refusal(item, "serializer-fields", why)
    if shares(nested):
        raise field_refusal(item, "serializer-fields", "It takes out fields for one row, and those after it.")


def check_list(frame: Frame, item: SerializerField) -> None:
    """Refuse what a list serializer of the project's own overrides beside what is translated."""
    check_list_class(frame.ctx, item.cls, item.where)


def shows_all(ctx: Context, item: SerializerField) -> bool:
    """Whether a list serializer of the project's says itself how all are shown."""
    check_list_class(ctx, item.cls, item.where)
    return method_of(ctx, item.cls, "to_representation") is not None


def _by_list(frame: Frame, item: SerializerField, instance: Val, attributes: list[str]) -> _Made:
    """``to_representation`` of a list serializer's own, given the manager, as ``Field.get_attribute`` gives it."""
    if len(attributes) != 1 or not instance.text.isidentifier():
        raise field_refusal(item, "list-serializer", "Its source is no set of the object itself.")
    frame.env.setdefault(instance.text, instance)
    manager = evaluate(frame, f"{instance.text}.{attributes[0]}", item.where)
    if not isinstance(manager.kind, RelatedManager):
        raise field_refusal(item, "list-serializer", "Its source is no set of the object itself.")
    rows = related_queryset(frame, manager, ast.Pass(lineno=1))
    with as_a_field(frame.ctx):
        made = shown_by(frame, item.cls, item.serializer, rows)
    return _free(frame, item, made)


__all__ = ["Piece", "check_list", "show"]
