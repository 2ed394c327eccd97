"""Validators of the whole serializer: unique together, unique for a date, functions of the project."""

from __future__ import annotations

from segue.refusal import Refused, refuse
from segue.snapshot.model import Serializer, SerializerField, Value
from segue.target.ir import Import
from segue.translate.functions.lift import lift
from segue.translate.interp.frame import Frame
from segue.translate.kinds import SerializerSelf, ValidatedData
from segue.translate.language import given
from segue.translate.load.fetch import entity_type
from segue.translate.load.models import concrete, field_of, python_type
from segue.translate.serializers.code import pairs_of, value_text
from segue.translate.serializers.conditions import condition_text
from segue.translate.serializers.facts import app_label, const, short
from segue.translate.serializers.own_validators import is_own_validator, lifted_validator
from segue.translate.serializers.synthetic import call_lifted, in_validation
from segue.translate.serializers.validators import first_parameter
from segue.translate.versions import since

_DRF = "rest_framework.validators."
_PARTS = {
    "UniqueForDateValidator": ("('day', 'month', 'year')", "date"),
    "UniqueForMonthValidator": ("('month',)", "month"),
    "UniqueForYearValidator": ("('year',)", "year"),
}


def serializer_checks(frame: Frame, serializer: Serializer, me: SerializerSelf) -> None:
    """Emit all of them; their errors are collected before ``validate`` is asked."""
    if not serializer.validators:
        return
    for value in serializer.validators:
        call = _one(frame, serializer, value, me)
        frame.emit_block("with form.non_field():", [call])
    frame.emit("form.raise_invalid()")


def _refused(serializer: Serializer, value: Value, code: str, why: str) -> Refused:
    return refuse(code, short(value.name or str(value.data)), why, serializer.where)


def _one(frame: Frame, serializer: Serializer, value: Value, me: SerializerSelf) -> str:
    name = short(value.name)
    if value.name == f"{_DRF}UniqueTogetherValidator":
        return _together(frame, serializer, value)
    if value.name.startswith(_DRF) and name in _PARTS:
        return _for_date(frame, serializer, value)
    if value.kind == "ref" and value.name in frame.ctx.snapshot.functions:
        function = frame.ctx.snapshot.functions[value.name]
        parameter = first_parameter(function.source, function.where)
        with in_validation(frame.ctx):
            lifted = lift(
                frame.ctx,
                function,
                arguments={parameter: ValidatedData(serializer.name)},
                module_kind="validation",
                app=app_label(frame.ctx, serializer),
            )
        return call_lifted(frame, lifted, _read_only_defaults(frame, serializer))
    if is_own_validator(frame.ctx, value):
        why = "Segue does not see all that it holds, or it is called with something else than the values."
        refused = _refused(serializer, value, "serializer-validator", why)
        lifted = lifted_validator(frame.ctx, value, ValidatedData(serializer.name), refused, me)
        return call_lifted(frame, lifted, _read_only_defaults(frame, serializer))
    raise _refused(serializer, value, "serializer-validator", "Segue has no rule for this validator.")


def _names(value: Value | None) -> list[str]:
    return [str(const(item)) for item in value.items] if value is not None else []


def _field(serializer: Serializer, name: str, value: Value) -> SerializerField:
    for item in serializer.fields:
        if item.name == name:
            return item
    raise _refused(serializer, value, "unique-together", f"It names {name}, which the serializer lacks.")


def _sources(serializer: Serializer, names: list[str], value: Value) -> dict[str, str]:
    return {name: _field(serializer, name, value).source for name in names}


def _read_only_defaults(frame: Frame, serializer: Serializer) -> str:
    """``_read_only_defaults``: read-only fields with a default take part in uniqueness."""
    parts: list[str] = []
    for item in serializer.fields:
        if item.read_only and item.default.kind != "empty" and item.source != "*" and "." not in item.source:
            found = value_text(item.default, item.where, f"default of {item.name}")
            frame.use(*found.imports)
            parts.append(f"{item.source!r}: {found.text}")
    if not parts:
        return "form.values"
    return f"{{**({{{', '.join(parts)}}} if not partial else {{}}), **form.values}}"


def _model(frame: Frame, serializer: Serializer, value: Value) -> str:
    pairs = pairs_of(value)
    model = str(const(pairs.get("model"), ""))
    if model not in frame.ctx.snapshot.models or not const(pairs.get("queryset_plain")):
        raise _refused(serializer, value, "unique-queryset", "Uniqueness is asked of a filtered queryset.")
    return model


def _together(frame: Frame, serializer: Serializer, value: Value) -> str:
    pairs = pairs_of(value)
    model = _model(frame, serializer, value)
    fields = _sources(serializer, _names(pairs.get("fields")), value)
    others = _sources(serializer, _names(pairs.get("condition_fields")), value)
    for source in [*fields.values(), *others.values()]:
        if field_of(concrete(frame.ctx, model), source) is None:
            raise _refused(serializer, value, "unique-together", f"{source} is no column of {model}.")
    by_changes = _as_in_release(frame, serializer, value, model, fields, others)
    cls, imported = entity_type(frame.ctx, model)
    frame.use(imported, Import("segue_bridge.schema.unique", "unique_together"))
    _ = frame.db
    arguments = ["db", cls, _read_only_defaults(frame, serializer), repr(fields)]
    if serializer.model:
        arguments.append("instance=instance")
    _texts(frame, serializer, arguments, pairs)
    condition = pairs.get("condition")
    if condition is not None and condition.kind != "const":
        arguments.append(f"condition={condition_text(frame, serializer, model, condition)}")
        if others:
            arguments.append(f"condition_fields={others!r}")
    distinct = pairs.get("nulls_distinct")
    if distinct is not None and const(distinct) is not None:
        arguments.append(f"nulls_distinct={const(distinct)!r}")
    if by_changes and serializer.model:
        arguments.append("changed_only=True")
    return f"await unique_together({', '.join(arguments)})"


def _as_in_release(
    frame: Frame, serializer: Serializer, value: Value, model: str, fields: dict[str, str], others: object
) -> bool:
    """Whether only changed values are looked at for None, as ``UniqueTogetherValidator`` of a DRF before 3.18 does where a
    column may be NULL.

    Raises ``Refused`` for conditions, which those releases compared in other ways, and, before 3.16, for fields whose
    source is another name, which were never looked at: where nothing else changes the set was not asked for, and the database failed.
    """
    drf = frame.ctx.snapshot.versions.drf
    if since(drf, 3, 18):
        return False
    columns = [field_of(concrete(frame.ctx, model), source) for source in fields.values()]
    nullable = any(column is not None and column.null for column in columns)
    renamed = not since(drf, 3, 16) and any(name != source for name, source in fields.items())
    if others or renamed:
        what = "conditions" if others else "fields whose source has another name"
        why = f"DRF 3.18 treats {what} in it otherwise than the installed release; upgrade DRF first."
        raise _refused(serializer, value, "unique-together", why)
    return nullable


def _texts(frame: Frame, serializer: Serializer, arguments: list[str], pairs: dict[str, Value]) -> None:
    _message(
        frame, serializer, arguments, "message", pairs, "The fields {field_names} must make a unique set."
    )
    code = str(const(pairs.get("code"), "unique"))
    if code != "unique":
        arguments.append(f"code={code!r}")
    _message(frame, serializer, arguments, "missing_message", pairs, "This field is required.")


def _message(
    frame: Frame,
    serializer: Serializer,
    arguments: list[str],
    key: str,
    pairs: dict[str, Value],
    default: str,
) -> None:
    found = given(frame.ctx, pairs.get(key), default, serializer.where, serializer.name)
    if found is not None:
        arguments.append(f"{key}={found[0]}")
        frame.use(*found[1])


def _for_date(frame: Frame, serializer: Serializer, value: Value) -> str:
    pairs = pairs_of(value)
    model = _model(frame, serializer, value)
    name, date_name = str(const(pairs.get("field"))), str(const(pairs.get("date_field")))
    column = field_of(concrete(frame.ctx, model), _field(serializer, name, value).source)
    date = field_of(concrete(frame.ctx, model), _field(serializer, date_name, value).source)
    if column is None or date is None or python_type(frame.ctx, date) != "date":
        raise _refused(serializer, value, "unique-for-date", "Only plain dates are compared.")
    if (
        _field(serializer, name, value).source != name
        or _field(serializer, date_name, value).source != date_name
    ):
        raise _refused(serializer, value, "unique-for-date", "A field has a source of its own.")
    cls, imported = entity_type(frame.ctx, model)
    frame.use(imported, Import("segue_bridge.schema.unique", "unique_for_date"))
    _ = frame.db
    parts, word = _PARTS[short(value.name)]
    arguments = [
        "db",
        _read_only_defaults(frame, serializer),
        f"{cls}.{column.attname}",
        f"{cls}.{date.attname}",
        f"field={name!r}",
        f"date_field={date_name!r}",
    ]
    if word != "date":
        arguments.append(f"parts={parts}")
    if serializer.model:
        arguments.append("instance=instance")
    _message(
        frame, serializer, arguments, "message", pairs,
        'This field must be unique for the "{date_field}" date.',
    )  # fmt: skip
    return f"await unique_for_date({', '.join(arguments)})"
