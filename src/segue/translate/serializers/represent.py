"""One output field → expression: ``to_representation`` of each DRF field class, specialised by
what the value is known to be (a text column needs no ``str()``)."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass

from segue.snapshot.model import SerializerField
from segue.target.ir import Import
from segue.translate.interp.annotations import annotation
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import Const, Country, MemberValue, Money, Phone, Scalar, StoredFile, Uploaded
from segue.translate.models.countries import BRIDGE as COUNTRIES
from segue.translate.models.countries import codes_of, declared
from segue.translate.serializers.choices import choices_constant
from segue.translate.serializers.facts import (
    FIELD_OUTPUT,
    base_name,
    check_field,
    const,
    field_refusal,
    option,
    rest_setting,
)
from segue.translate.serializers.money import FIELD as MONEY

OUTPUT = "segue_bridge.schema.output"
TEXTS = frozenset({"CharField", "EmailField", "URLField", "SlugField", "RegexField", "IPAddressField"})


@dataclass(frozen=True, slots=True)
class Shown:
    """Expression and the type text of its value (imports are noted in the frame and in ``imports``)."""

    text: str
    type: str
    imports: frozenset[Import] = frozenset()


Writer = Callable[[Frame, SerializerField, Val], Shown]


def scalar_type(val: Val) -> str:
    """``str``, ``int``, …; ``Any`` when it is not known."""
    kind = val.kind
    if isinstance(kind, Scalar):
        return kind.type
    if isinstance(kind, Const):
        return type(kind.value).__name__
    return "Any"


def nullable(val: Val) -> bool:
    """May the value be ``None``?"""
    kind = val.kind
    if isinstance(kind, Scalar):
        return kind.nullable or kind.type == "Any"
    return bool(getattr(kind, "nullable", False)) or (isinstance(kind, Const) and kind.value is None)


def represent(frame: Frame, item: SerializerField, val: Val) -> Shown:
    """How a value that is not ``None`` is shown by ``item``. Refuses unknown fields."""
    if item.cls == MONEY and isinstance(val.kind, Money):
        return _decimal(
            frame, item, Val(Scalar("Decimal"), ast.parse(f"{val.text}.amount", mode="eval").body)
        )
    if item.cls == MONEY:
        raise field_refusal(item, "money", "It shows something else than an amount of money.")
    check_field(frame.ctx, item, FIELD_OUTPUT, "field-output")
    if isinstance(val.kind, Money):
        raise field_refusal(item, "money", "An amount of money is shown by the package's own field only.")
    writer = WRITERS.get(base_name(item))
    if isinstance(val.kind, Country):
        return _country(frame, item, val)
    if isinstance(val.kind, MemberValue) and base_name(item) in TEXTS:
        why = "It may hold the member of an enumeration, whose text is not its value; give the column .value of it."
        raise field_refusal(item, "text-of", why)
    if isinstance(val.kind, Phone) and base_name(item) not in TEXTS:
        raise field_refusal(item, "phone-number", "A phone number is shown by a field of texts only.")
    if writer is None:
        raise field_refusal(item, "field-class", f"Segue does not know how {item.base} is shown.")
    return writer(frame, item, val)


def _country(frame: Frame, item: SerializerField, val: Val) -> Shown:
    """A ``Country`` by the field that a ``ModelSerializer`` makes for its column; the package's own field is refused before."""
    listed = item.kwargs.get("choices")
    keys = {pair.items[0].data for pair in listed.items if pair.items} if listed is not None else set()
    if base_name(item) != "ChoiceField" or keys - {""} != set(codes_of(frame.ctx)):
        raise field_refusal(item, "country", "A country is shown by a ChoiceField of all countries only.")
    constant = declared(frame.ctx)
    frame.use(constant, Import(COUNTRIES, "country_choice"))
    return Shown(f"country_choice({val.text}, {constant.name})", "str")


def _call(frame: Frame, function: str, *arguments: str) -> str:
    frame.use(Import(OUTPUT, function))
    return f"{function}({', '.join(arguments)})"


def _text(frame: Frame, item: SerializerField, val: Val) -> Shown:
    return Shown(val.text if scalar_type(val) == "str" else f"str({val.text})", "str")


def _integer(frame: Frame, item: SerializerField, val: Val) -> Shown:
    return Shown(val.text if scalar_type(val) == "int" else f"int({val.text})", "int")


def _big_integer(frame: Frame, item: SerializerField, val: Val) -> Shown:
    coerce = option(item, "coerce_to_string", rest_setting(frame.ctx, "COERCE_BIGINT_TO_STRING", False))
    return Shown(f"str({val.text})", "str") if coerce else _integer(frame, item, val)


def _float(frame: Frame, item: SerializerField, val: Val) -> Shown:
    return Shown(val.text if scalar_type(val) == "float" else f"float({val.text})", "float")


def _boolean(frame: Frame, item: SerializerField, val: Val) -> Shown:
    if scalar_type(val) == "bool":
        return Shown(val.text, "bool")
    if item.allow_null:
        return Shown(_call(frame, "boolean", val.text, "null=True"), "bool | None")
    return Shown(_call(frame, "boolean", val.text), "bool | None")


def _decimal(frame: Frame, item: SerializerField, val: Val) -> Shown:
    if option(item, "localize", False):
        raise field_refusal(
            item, "decimal-localize", "Localised numbers depend on the language of the request."
        )
    arguments = [val.text, repr(option(item, "max_digits")), repr(option(item, "decimal_places"))]
    if option(item, "rounding"):
        arguments.append(f"rounding={option(item, 'rounding')!r}")
    if option(item, "normalize_output"):
        arguments.append("normalize=True")
    if option(item, "coerce_to_string", rest_setting(frame.ctx, "COERCE_DECIMAL_TO_STRING", True)):
        return Shown(_call(frame, "decimal_text", *arguments), "str")
    # DRF's JSON encoder writes a Decimal as a float.
    return Shown(f"float({_call(frame, 'decimal_value', *arguments)})", "float")


def _moment(function: str, python: str, setting: str) -> Writer:
    def write(frame: Frame, item: SerializerField, val: Val) -> Shown:
        if scalar_type(val) not in (python, "Any"):
            raise field_refusal(item, "field-value", f"The value is a {scalar_type(val)}, not a {python}.")
        given = item.kwargs.get("format")
        style = (
            const(given, "iso-8601") if given is not None else rest_setting(frame.ctx, setting, "iso-8601")
        )
        if style is None:
            raise field_refusal(item, "raw-moment", "format=None leaves the value to the renderer.")
        if given is not None and given.kind not in ("const", "lazy", "empty"):
            raise field_refusal(item, "field-option", "Its format is not plain text.")
        arguments = [val.text]
        if str(style).lower() != "iso-8601":
            arguments.append(repr(style))
        zone = item.kwargs.get("timezone")
        if zone is not None and const(zone, "other") is not None:
            raise field_refusal(item, "field-timezone", "It has a time zone of its own.")
        return Shown(_call(frame, function, *arguments), "str")

    return write


def _duration(frame: Frame, item: SerializerField, val: Val) -> Shown:
    given = item.kwargs.get("format")
    style = (
        const(given, "django") if given is not None else rest_setting(frame.ctx, "DURATION_FORMAT", "django")
    )
    if scalar_type(val) not in ("timedelta", "Any"):
        raise field_refusal(item, "field-value", f"The value is a {scalar_type(val)}, not a timedelta.")
    if style is None:
        raise field_refusal(item, "raw-moment", "format=None leaves the value to the renderer.")
    function = "duration_iso" if str(style).lower() == "iso-8601" else "duration_text"
    return Shown(_call(frame, function, val.text), "str")


def _uuid(frame: Frame, item: SerializerField, val: Val) -> Shown:
    style = str(option(item, "uuid_format", "hex_verbose"))
    if style == "hex_verbose":
        return Shown(f"str({val.text})", "str")
    return Shown(_call(frame, "uuid_text", val.text, repr(style)), "str | int")


def _choice(frame: Frame, item: SerializerField, val: Val) -> Shown:
    keys = item.kwargs.get("choices")
    types = (
        {type(pair.items[0].data).__name__ for pair in keys.items if pair.items}
        if keys is not None
        else set()
    )
    known = scalar_type(val)
    if known != "Any" and types <= {known}:
        return Shown(val.text, known)
    constant = choices_constant(frame, item)
    return Shown(_call(frame, "choice", val.text, f"by_text({constant})"), "Any", _by_text(frame))


def _choices(frame: Frame, item: SerializerField, val: Val) -> Shown:
    constant = choices_constant(frame, item)
    return Shown(_call(frame, "choices", val.text, f"by_text({constant})"), "list[Any]", _by_text(frame))


def _by_text(frame: Frame) -> frozenset[Import]:
    frame.use(Import(OUTPUT, "by_text"))
    return frozenset({Import("typing", "Any")})


def _list(frame: Frame, item: SerializerField, val: Val) -> Shown:
    return _items(frame, item, val, f"for item in {val.text}")


def _items(frame: Frame, item: SerializerField, val: Val, loop: str) -> Shown:
    child = item.child
    any_item = Shown("item", "Any", frozenset({Import("typing", "Any")}))
    if child is None or base_name(child) == "_UnvalidatedField":
        return Shown(f"list({val.text})", "list[Any]", any_item.imports)
    shown = represent(frame, child, Val(Scalar("Any"), ast.Name("item", ast.Load())))
    return Shown(
        f"[{shown.text} if item is not None else None {loop}]", f"list[{shown.type} | None]", shown.imports
    )


def _dict(frame: Frame, item: SerializerField, val: Val) -> Shown:
    child = item.child
    imports = frozenset({Import("typing", "Any")})
    if child is None or base_name(child) == "_UnvalidatedField":
        return Shown(f"{{str(key): item for key, item in {val.text}.items()}}", "dict[str, Any]", imports)
    shown = represent(frame, child, Val(Scalar("Any"), ast.Name("item", ast.Load())))
    return Shown(
        f"{{str(key): {shown.text} if item is not None else None for key, item in {val.text}.items()}}",
        f"dict[str, {shown.type} | None]",
        shown.imports,
    )


def _json(frame: Frame, item: SerializerField, val: Val) -> Shown:
    if option(item, "binary", False):
        raise field_refusal(item, "json-binary", "JSONField(binary=True) is shown as bytes.")
    return raw(frame, item, val)


def raw(frame: Frame, item: SerializerField, val: Val) -> Shown:
    """The value as it is (``ReadOnlyField``); dates and the like are written by the renderer."""
    text, imports = annotation(frame.ctx, val.kind)
    if val.node is None or text.startswith("segue__") or isinstance(val.kind, StoredFile | Uploaded):
        raise field_refusal(item, "field-value", "The value is no plain data.")
    return Shown(val.text, text.removesuffix(" | None"), imports)


def _file(frame: Frame, item: SerializerField, val: Val) -> Shown:
    from segue.translate.serializers.files import shown_file

    return shown_file(frame, item, val)


WRITERS: dict[str, Writer] = {
    **dict.fromkeys(TEXTS, _text),
    "IntegerField": _integer,
    "BigIntegerField": _big_integer,
    "FloatField": _float,
    "BooleanField": _boolean,
    "NullBooleanField": _boolean,
    "DecimalField": _decimal,
    "DateTimeField": _moment("datetime_text", "datetime", "DATETIME_FORMAT"),
    "DateField": _moment("date_text", "date", "DATE_FORMAT"),
    "TimeField": _moment("time_text", "time", "TIME_FORMAT"),
    "DurationField": _duration,
    "UUIDField": _uuid,
    "ChoiceField": _choice,
    "FilePathField": _choice,
    "MultipleChoiceField": _choices,
    "ListField": _list,
    "DictField": _dict,
    "HStoreField": _dict,
    "JSONField": _json,
    "ReadOnlyField": raw,
    "FileField": _file,
    "ImageField": _file,
}
