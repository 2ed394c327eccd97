"""One input field → its rules in the write model: ``Annotated[str, Char(max_length=200)]``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from segue.snapshot.model import ModelField, SerializerField
from segue.target.ir import Import
from segue.translate.context import Context
from segue.translate.load.models import concrete, field_of, python_type
from segue.translate.models.conversions import conversion
from segue.translate.serializers.choices import declare
from segue.translate.serializers.code import Text, pairs_of, value_text
from segue.translate.serializers.facts import (
    base_name,
    check_field,
    const,
    field_refusal,
    option,
    rest_value,
)
from segue.translate.serializers.money import BRIDGE as MONEYS
from segue.translate.serializers.money import FIELD as MONEY
from segue.translate.serializers.money import field_arguments as money_arguments
from segue.translate.serializers.own_input import converts_itself, unfollowed
from segue.translate.serializers.phones import BRIDGE as PHONES
from segue.translate.serializers.phones import field_arguments as phone_arguments
from segue.translate.serializers.phones import is_phone_field
from segue.translate.serializers.tag_lists import BRIDGE as TAG_NAMES
from segue.translate.serializers.tag_lists import is_tag_list
from segue.translate.serializers.texts import changed
from segue.translate.versions import since

FIELDS = "segue_bridge.schema.fields"
JSON_TYPES = {"int": "integer", "str": "string", "UUID": "uuid"}


@dataclass(slots=True)
class Rules:
    """``type`` for people, ``name`` of the rules class, its arguments."""

    type: str
    name: str
    arguments: list[str] = field(default_factory=list)
    imports: set[Import] = field(default_factory=set)

    def text(self) -> str:
        """The call that makes the rules."""
        return f"{self.name}({', '.join(self.arguments)})"


Maker = Callable[[Context, str, SerializerField], Rules]


def rules_of(ctx: Context, app: str, owner: str, item: SerializerField) -> Rules:
    """The rules of ``item`` without validators, source and name."""
    phone, money = is_phone_field(ctx, item), item.cls == MONEY
    if not (is_tag_list(item) or phone or money):
        check_field(ctx, item, unfollowed(ctx, item), "field-input")
    base = base_name(item)
    maker = MAKERS.get(base)
    if base.startswith("Hyperlinked"):
        raise field_refusal(item, "hyperlink", f"Input through {base} is not translated.")
    if is_tag_list(item):
        return tag_names(ctx, item)
    if maker is None:
        raise field_refusal(item, "field-class", f"Segue does not know how {item.base} reads input.")
    rules = maker(ctx, f"{app}\n{owner}", item)
    if phone:
        arguments, needed = phone_arguments(ctx, item)
        rules = Rules("Any", "Phone", [*arguments, *rules.arguments], {*needed, *rules.imports})
    if money:
        known = ctx.snapshot.serializers.get(owner)
        more = money_arguments(ctx, item, known.model if known is not None else "")
        digits, places, *rest = rules.arguments
        rules = Rules(
            "Any", "MoneyField", [digits, places, more.text, *rest], {*more.imports, *rules.imports}
        )
    rules.imports.add(Import(PHONES if phone else MONEYS if money else FIELDS, rules.name))
    if converts_itself(ctx, item):
        if base != "Field":
            rules.arguments.append("as_sent=True")
        rules.type = "Any"
    if item.allow_null:
        rules.arguments.append("null=True")
        if rules.type != "Any":
            rules.type += " | None"
    texts, needed = changed(ctx, item, "PhoneNumberField" if phone else "MoneyField" if money else base)
    if texts:
        rules.arguments.append(f"messages={texts}")
        rules.imports |= needed
    _type_imports(rules)
    return rules


def tag_names(ctx: Context, item: SerializerField) -> Rules:
    """The names of django-taggit's tags."""
    child = item.child
    if (
        child is None
        or child.cls != "rest_framework.fields.CharField"
        or any(option(child, key) != usual for key, usual in _TAG.items() if key in child.kwargs)
    ):
        raise field_refusal(item, "tags", "Its items are read otherwise than taggit's own.")
    rules = Rules("list[str]", "TagNames", imports={TAG_NAMES})
    _add(rules, item, "max_length", "max_length")
    _add(rules, item, "min_length", "min_length")
    if item.allow_null:
        raise field_refusal(item, "tags", "None is no list of names.")
    return rules


_TAG = {
    "allow_blank": False,
    "trim_whitespace": True,
    "max_length": None,
    "min_length": None,
    "allow_null": False,
}
_TYPE_IMPORTS = {
    "Decimal": Import("decimal", "Decimal"),
    "datetime": Import("datetime", "datetime"),
    "date": Import("datetime", "date"),
    "time": Import("datetime", "time"),
    "timedelta": Import("datetime", "timedelta"),
    "UUID": Import("uuid", "UUID"),
    "Any": Import("typing", "Any"),
}


def _type_imports(rules: Rules) -> None:
    for word, item in _TYPE_IMPORTS.items():
        if word in rules.type.replace("[", " ").replace("]", " ").replace(",", " ").split():
            rules.imports.add(item)


def _add(rules: Rules, item: SerializerField, name: str, key: str, default: object = None) -> None:
    """Argument ``name`` from keyword ``key`` when it is not the default."""
    value = item.kwargs.get(key)
    if value is None or value.kind == "empty" or (value.kind in ("const", "lazy") and value.data == default):
        return
    found = value_text(value, item.where, item.name)
    rules.arguments.append(f"{name}={found.text}" if name else found.text)
    rules.imports |= found.imports


def _char(name: str, type_: str = "str") -> Maker:
    def make(ctx: Context, place: str, item: SerializerField) -> Rules:
        rules = Rules(type_, name)
        if name == "Regex":
            _pattern(rules, item)
        _add(rules, item, "blank", "allow_blank", False)
        _add(rules, item, "trim", "trim_whitespace", True)
        _add(rules, item, "max_length", "max_length")
        _add(rules, item, "min_length", "min_length")
        if name == "Slug":
            _add(rules, item, "unicode", "allow_unicode", False)
        if name == "Ip":
            _add(rules, item, "protocol", "protocol", "both")
        return rules

    return make


def _pattern(rules: Rules, item: SerializerField) -> None:
    last = pairs_of(item.validators[-1]).get("regex") if item.validators else None
    if last is None or last.kind != "regex":
        raise field_refusal(item, "regex", "Its pattern is not known.")
    rules.arguments.append(repr(last.data))
    flags = int(str(const(pairs_of(last).get("flags"), 32))) & ~32
    if flags:
        rules.arguments.append(f"flags={flags}")


def _bounded(name: str, type_: str) -> Maker:
    def make(ctx: Context, place: str, item: SerializerField) -> Rules:
        rules = Rules(type_, name)
        if name == "DecimalField":
            if option(item, "localize", False):
                raise field_refusal(
                    item, "decimal-localize", "Localised numbers depend on the language of the request."
                )
            rules.arguments += [repr(option(item, "max_digits")), repr(option(item, "decimal_places"))]
            _add(rules, item, "rounding", "rounding")
        if name == "Float" and not since(ctx.snapshot.versions.drf, 3, 18):
            rules.arguments.append("finite=False")
        _add(rules, item, "max_value", "max_value")
        _add(rules, item, "min_value", "min_value")
        return rules

    return make


def _simple(name: str, type_: str) -> Maker:
    return lambda ctx, place, item: Rules(type_, name)


def _moment(name: str, type_: str, setting: str) -> Maker:
    def make(ctx: Context, place: str, item: SerializerField) -> Rules:
        rules = Rules(type_, name)
        formats = item.kwargs.get("input_formats") or rest_value(ctx, setting)
        if formats is not None and formats.kind in ("list", "tuple"):
            texts = [const(value) for value in formats.items]
            if any(not isinstance(text, str) for text in texts):
                raise field_refusal(item, "field-option", "Its input formats are not plain text.")
            if texts != ["iso-8601"]:
                rules.arguments.append(f"formats={texts!r}")
        zone = item.kwargs.get("timezone")
        if zone is not None and const(zone, "other") is not None:
            raise field_refusal(item, "field-timezone", "It has a time zone of its own.")
        return rules

    return make


def _own(ctx: Context, place: str, item: SerializerField) -> Rules:
    if not converts_itself(ctx, item):
        raise field_refusal(item, "field-class", "It does not say how it reads input.")
    return Rules("Any", "Unparsed")


def _choice(name: str, type_: str) -> Maker:
    def make(ctx: Context, place: str, item: SerializerField) -> Rules:
        app, owner = place.split("\n")
        constant, imported = declare(ctx, app, owner, item)
        rules = Rules(type_, name, [constant])
        if imported.module != ctx.import_path(app, "schemas"):
            rules.imports.add(imported)
        if name == "MultipleChoice":
            _add(rules, item, "empty", "allow_empty", True)
        else:
            _add(rules, item, "blank", "allow_blank", False)
        return rules

    return make


def _file(name: str) -> Maker:
    def make(ctx: Context, place: str, item: SerializerField) -> Rules:
        rules = Rules("Any", name)
        _add(rules, item, "max_length", "max_length")
        _add(rules, item, "empty", "allow_empty_file", False)
        return rules

    return make


def _container(name: str, type_: str) -> Maker:
    def make(ctx: Context, place: str, item: SerializerField) -> Rules:
        rules = Rules(type_, name)
        child = item.child
        if child is not None and base_name(child) != "_UnvalidatedField":
            if child.serializer:
                raise field_refusal(item, "nested-list", "A serializer inside ListField or DictField.")
            if converts_itself(ctx, child):
                raise field_refusal(
                    item, "field-input", f"{child.cls} converts the items of a list or dict itself."
                )
            app, owner = place.split("\n")
            inner = rules_of(ctx, app, owner, child)
            with_validators(ctx, inner, child)
            rules.arguments.append(inner.text())
            rules.imports |= inner.imports
        _add(rules, item, "empty", "allow_empty", True)
        if name == "List":
            _add(rules, item, "max_length", "max_length")
            _add(rules, item, "min_length", "min_length")
        return rules

    return make


def with_validators(ctx: Context, rules: Rules, item: SerializerField) -> None:
    """Add the plain validators of a child, which has no place for others."""
    from segue.translate.kinds import Scalar
    from segue.translate.serializers.validators import validators_of

    found = validators_of(ctx, item, Scalar("Any"))
    if found.unique or found.lifted:
        raise field_refusal(item, "validator", "A child's validator asks the database.")
    add_validators(rules, found.plain)


def add_validators(rules: Rules, plain: list[Text]) -> None:
    """``validators=[...]``."""
    if plain:
        rules.arguments.append(f"validators=[{', '.join(text.text for text in plain)}]")
        for text in plain:
            rules.imports |= text.imports


def _json(ctx: Context, place: str, item: SerializerField) -> Rules:
    for key in ("encoder", "decoder"):
        value = item.kwargs.get(key)
        if (
            value is not None
            and const(value, "set") is not None
            and not (key == "encoder" and value.name == "django.core.serializers.json.DjangoJSONEncoder")
        ):
            raise field_refusal(item, "json-coder", f"It has a JSON {key} of its own.")
    rules = Rules("Any", "Json")
    if not converts_itself(ctx, item):
        _add(rules, item, "binary", "binary", False)
    return rules


def _related(many: bool) -> Maker:
    def make(ctx: Context, place: str, item: SerializerField) -> Rules:
        child = item.child if many else item
        if child is None:
            raise field_refusal(item, "field-class", "The snapshot lacks its child.")
        check_field(ctx, child, unfollowed(ctx, child), "field-input")
        base = base_name(child)
        if base not in ("PrimaryKeyRelatedField", "SlugRelatedField"):
            raise field_refusal(item, "hyperlink", f"Input through {base} is not translated.")
        given = child.kwargs.get("pk_field")
        if given is not None and not (given.kind == "const" and given.data is None):
            raise field_refusal(item, "pk-field", "pk_field= is not translated.")
        column = related_column(ctx, child)
        kind = python_type(ctx, column)
        if kind not in JSON_TYPES:
            raise field_refusal(item, "relation-key", f"Related objects are found by a {kind}.")
        slug = base == "SlugRelatedField"
        name = f"{'Many' if many else ''}{'SlugRelated' if slug else 'Pk'}"
        type_ = f"list[{kind}]" if many else kind
        rules = Rules(type_, name)
        if slug:
            rules.arguments.append(repr(option(child, "slug_field")))
        if JSON_TYPES[kind] != ("string" if slug else "integer"):
            rules.arguments.append(f"type={JSON_TYPES[kind]!r}")
        if many:
            _add(rules, item, "empty", "allow_empty", True)
            texts, needed = changed(ctx, child, base)
            if texts:
                rules.arguments.append(f"texts={texts}")
                rules.imports |= needed
        return rules

    return make


def related_column(ctx: Context, child: SerializerField) -> ModelField:
    """The column by which a relation field finds its objects."""
    model = ctx.snapshot.models.get(child.queryset_model)
    if model is None:
        raise field_refusal(child, "relation-queryset", "The model of its queryset is not known.")
    slug = str(option(child, "slug_field") or "pk") if base_name(child) == "SlugRelatedField" else "pk"
    found = field_of(concrete(ctx, model.label), slug)
    if found is not None and conversion(ctx, found) is not None:
        raise field_refusal(
            child, "relation-key", "Related objects are found by a column whose values are converted."
        )
    if found is None:
        raise field_refusal(child, "slug-path", f"{slug} is no column of {model.label}.")
    return found


MAKERS: dict[str, Maker] = {
    "Field": _own,
    "CharField": _char("Char"),
    "EmailField": _char("Email"),
    "URLField": _char("Url"),
    "RegexField": _char("Regex"),
    "SlugField": _char("Slug"),
    "IPAddressField": _char("Ip"),
    "UUIDField": _simple("Uuid", "UUID"),
    "IntegerField": _bounded("Integer", "int"),
    "BigIntegerField": _bounded("BigInteger", "int"),
    "FloatField": _bounded("Float", "float"),
    "DecimalField": _bounded("DecimalField", "Decimal"),
    "BooleanField": _simple("Boolean", "bool"),
    "NullBooleanField": _simple("Boolean", "bool"),
    "DateTimeField": _moment("DateTime", "datetime", "DATETIME_INPUT_FORMATS"),
    "DateField": _moment("Date", "date", "DATE_INPUT_FORMATS"),
    "TimeField": _moment("Time", "time", "TIME_INPUT_FORMATS"),
    "DurationField": _bounded("Duration", "timedelta"),
    "ChoiceField": _choice("Choice", "Any"),
    "FilePathField": _choice("FilePath", "str"),
    "MultipleChoiceField": _choice("MultipleChoice", "list[Any]"),
    "FileField": _file("File"),
    "ImageField": _file("Image"),
    "ListField": _container("List", "list[Any]"),
    "DictField": _container("Dict", "dict[str, Any]"),
    "HStoreField": _container("HStore", "dict[str, str | None]"),
    "JSONField": _json,
    "PrimaryKeyRelatedField": _related(False),
    "SlugRelatedField": _related(False),
    "ManyRelatedField": _related(True),
}
__all__ = ["Rules", "add_validators", "related_column", "rules_of", "with_validators"]
