"""Declared validators → ``segue_bridge.schema.validators``, or lifted functions of the project."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from segue.refusal import refuse
from segue.snapshot.model import SerializerField, Value, Where
from segue.target.ir import Import
from segue.translate.context import Context
from segue.translate.functions.lift import Lifted, app_of, lift
from segue.translate.interp.join import not_null
from segue.translate.kinds import Const, Kind, Scalar
from segue.translate.language import given, is_text, source_text, vary, written
from segue.translate.serializers import phones
from segue.translate.serializers.code import Text, pairs_of, value_text
from segue.translate.serializers.facts import base_name, const, field_refusal, option
from segue.translate.serializers.own_validators import is_own_validator, own_validator
from segue.translate.serializers.synthetic import in_validation
from segue.translate.views.accounts import password_rules

MODULE = "segue_bridge.schema.validators"
UNIQUE = "rest_framework.validators.UniqueValidator"
VALIDATE_PASSWORD = "django.contrib.auth.password_validation.validate_password"
_DJANGO = "django.core.validators."
_SURROGATES = "rest_framework.validators.ProhibitSurrogateCharactersValidator"
_CHARS = frozenset({"CharField", "EmailField", "URLField", "RegexField", "SlugField", "IPAddressField"})
_TAIL = {
    "EmailField": ("EmailValidator",),
    "URLField": ("URLValidator",),
    "RegexField": ("RegexValidator",),
    "SlugField": ("RegexValidator",),
}
_LIMITS = {
    "MaxLengthValidator": ("MaxLength", "Ensure this value has at most %(limit_value)d"),
    "MinLengthValidator": ("MinLength", "Ensure this value has at least %(limit_value)d"),
    "MaxValueValidator": ("MaxValue", "Ensure this value is less than or equal to %(limit_value)s."),
    "MinValueValidator": ("MinValue", "Ensure this value is greater than or equal to %(limit_value)s."),
    "StepValueValidator": ("Step", "Ensure this value is a multiple of step size %(limit_value)s."),
}
_FUNCTIONS = {
    "validate_ipv4_address": "ValidIp('ipv4')",
    "validate_ipv6_address": "ValidIp('ipv6')",
    "validate_ipv46_address": "ValidIp()",
    "validate_integer": "Matches(r'^-?\\d+\\Z', message={})",
}


_INTEGER = "Enter a valid integer."
# code of a message, None for the validator's own
Message = tuple[str, set[Import]] | None


@dataclass(slots=True)
class Validators:
    """The validators of one field: ``plain`` go into the write model, the others follow there."""

    plain: list[Text] = field(default_factory=list)
    unique: list[Value] = field(default_factory=list)
    lifted: list[Lifted] = field(default_factory=list)


def validators_of(ctx: Context, item: SerializerField, kind: Kind) -> Validators:
    """The given validators of ``item``, those that DRF itself appends left out."""
    found = Validators()
    for value in _given(item):
        if value.name == UNIQUE or _only_made_otherwise(ctx, value):
            found.unique.append(value)
            continue
        made = validator_of(ctx, item, value, not_null(kind))  # DRF asks no validator about None
        waits = bool(found.unique or found.lifted)
        if isinstance(made, Lifted) and not (waits or made.state or made.is_async):
            made = Text(made.name, set(made.imports))
        if isinstance(made, Lifted):
            found.lifted.append(made)
        elif waits:
            raise field_refusal(
                item, "validator-order", "A plain validator stands after one that asks the database."
            )
        else:
            found.plain.append(made)
    return found


def _only_made_otherwise(ctx: Context, value: Value) -> bool:
    """A subclass of ``UniqueValidator`` with nothing of its own but what its instances are made from.

    The snapshot has queryset, lookup and message of the instance itself.
    """
    known = ctx.snapshot.classes.get(value.name)
    if value.kind != "call" or known is None or UNIQUE not in known.mro:
        return False
    own = known.mro[: known.mro.index(UNIQUE)]
    return not any(
        f"{cls}.{method}" in ctx.snapshot.functions or known.methods.get(method, "").startswith(f"{cls}.")
        for cls in own
        for method in ("__call__", "filter_queryset", "exclude_current_instance", "set_context")
    )


def _built_in(item: SerializerField) -> list[str]:
    """Class names of what the field's constructor appends, in order."""
    base = base_name(item)
    names: list[str] = []
    if base in _CHARS or base == "ListField":
        names += ["MaxLengthValidator"] * (option(item, "max_length") is not None)
        names += ["MinLengthValidator"] * (option(item, "min_length") is not None)
    if base in _CHARS:
        names += ["ProhibitNullCharactersValidator", "ProhibitSurrogateCharactersValidator"]
        names += _TAIL.get(base, ())
        if base == "IPAddressField":
            protocol = str(option(item, "protocol", "both")).lower()
            names.append(
                {"ipv4": "validate_ipv4_address", "ipv6": "validate_ipv6_address"}.get(
                    protocol, "validate_ipv46_address"
                )
            )
    if base in ("IntegerField", "BigIntegerField", "FloatField", "DecimalField", "DurationField"):
        names += ["MaxValueValidator"] * (_set(item, "max_value"))
        names += ["MinValueValidator"] * (_set(item, "min_value"))
    return names


def _set(item: SerializerField, name: str) -> bool:
    value = item.kwargs.get(name)
    return value is not None and not (value.kind == "const" and value.data is None) and value.kind != "empty"


def _given(item: SerializerField) -> tuple[Value, ...]:
    expected = _built_in(item)
    found = [value.name.rpartition(".")[2] for value in item.validators]
    if expected and found[-len(expected) :] != expected:
        raise field_refusal(item, "validators", "Its validators are not those that DRF builds.")
    return item.validators[: len(item.validators) - len(expected)]


def validator_of(ctx: Context, item: SerializerField, value: Value, kind: Kind) -> Text | Lifted:
    """One validator of a field; ``item`` tells where it stands. Raises ``Refused``."""
    short = value.name.rpartition(".")[2]
    phone = phones.validator(ctx, value)
    if phone is not None:
        return phone
    if value.kind == "ref" and value.name.startswith(_DJANGO):
        if short == "validate_integer":
            said = Value("lazy", _INTEGER, "django.utils.translation.gettext", (Value("const", _INTEGER),))
            text, needed = written(ctx, _INTEGER, said if vary(ctx) else None, item.where, item.name)
            return _text(_FUNCTIONS[short].format(text), needed)
        if short in _FUNCTIONS:
            return _text(_FUNCTIONS[short])
        raise field_refusal(item, "validator", f"Segue has no rule for {value.name}.")
    if value.kind == "ref" and value.name == VALIDATE_PASSWORD and isinstance(kind, Scalar):
        return password_rules(ctx, kind, Const(None), item.where)
    if value.kind == "ref" and value.name in ctx.snapshot.functions:
        return _project(ctx, item, value.name, kind)
    if value.kind == "call" and value.name.startswith(_DJANGO):
        return _django(ctx, item, value, short)
    inherited = _inherited(ctx, value)
    if inherited:
        return _django(ctx, item, value, inherited)
    if is_own_validator(ctx, value):
        return own_validator(ctx, item, value, kind)
    if value.kind == "call" and value.name == _SURROGATES:
        return _text("NoSurrogates()")
    raise field_refusal(item, "validator", f"Segue has no rule for {value.name or value.data}.")


def _inherited(ctx: Context, value: Value) -> str:
    """Django's validator class whose behaviour a subclass has, when it changes only attributes."""
    cls = ctx.snapshot.classes.get(value.name)
    if value.kind != "call" or cls is None:
        return ""
    for method in ("__call__", "compare", "clean", "__init__"):
        if not cls.methods.get(method, _DJANGO).startswith(_DJANGO):
            return ""
    return next((name.rpartition(".")[2] for name in cls.mro if name.startswith(_DJANGO)), "")


def _text(text: str, imports: set[Import] | None = None) -> Text:
    name = text.partition("(")[0]
    return Text(text, {Import(MODULE, name), *(imports or set())})


def _project(ctx: Context, item: SerializerField, name: str, kind: Kind) -> Lifted:
    """A validator function of the project's, lifted into validators.py."""
    function = ctx.snapshot.functions[name]
    parameter = first_parameter(function.source, item.where)
    with in_validation(ctx):
        return lift(
            ctx, function, arguments={parameter: kind}, module_kind="validators", app=app_of(ctx, function)
        )


def first_parameter(source: str, where: Where, skip: int = 0) -> str:
    """Name of the parameter after ``skip`` ones."""
    import textwrap

    tree = ast.parse(textwrap.dedent(source)).body[0]
    if not isinstance(tree, ast.FunctionDef) or len(tree.args.args) <= skip:
        raise refuse("validator", "def", "It takes no value.", where)
    return tree.args.args[skip].arg


def _django(ctx: Context, item: SerializerField, value: Value, short: str) -> Text:
    pairs = pairs_of(value)
    if short in _LIMITS:
        return _limit(ctx, item, pairs, short)

    def message(default: str) -> Message:
        return given(ctx, pairs.get("message"), default, item.where, item.name)

    if short in ("RegexValidator", "DomainNameValidator") or (
        "regex" in pairs and short not in ("URLValidator",)
    ):
        return _regex(item, pairs, message("Enter a valid value."))
    if short == "URLValidator":
        schemes = pairs.get("schemes")
        text = value_text(schemes, item.where, item.name) if schemes is not None else Text("")
        arguments = [] if text.text in ("", "['http', 'https', 'ftp', 'ftps']") else [f"schemes={text.text}"]
        return _made("ValidUrl", arguments, message("Enter a valid URL."))
    if short == "EmailValidator":
        hosts = pairs.get("domain_allowlist") or pairs.get("domain_whitelist")
        allowed = value_text(hosts, item.where, item.name).text if hosts is not None else "['localhost']"
        arguments = [] if allowed == "['localhost']" else [f"allowlist={allowed}"]
        return _made("ValidEmail", arguments, message("Enter a valid email address."))
    if short == "DecimalValidator":
        digits, places = const(pairs.get("max_digits")), const(pairs.get("decimal_places"))
        return _text(f"Digits({digits!r}, {places!r})")
    if short == "FileExtensionValidator":
        extensions = pairs.get("allowed_extensions")
        listed = value_text(extensions, item.where, item.name).text if extensions is not None else "None"
        default = (
            "File extension “%(extension)s” is not allowed. Allowed extensions are: %(allowed_extensions)s."
        )
        return _made("Extension", [listed], message(default))
    if short == "ProhibitNullCharactersValidator":
        return _made("NoNull", [], message("Null characters are not allowed."))
    raise field_refusal(item, "validator", f"Segue has no rule for {value.name}.")


def _made(name: str, arguments: list[str], message: Message, imports: set[Import] | None = None) -> Text:
    if message is not None:
        arguments = [*arguments, f"message={message[0]}"]
    return _text(f"{name}({', '.join(arguments)})", {*(imports or ()), *(message[1] if message else ())})


def _limit(ctx: Context, item: SerializerField, pairs: dict[str, Value], short: str) -> Text:
    name, default = _LIMITS[short]
    said = pairs.get("message")
    limit = value_text(pairs["limit_value"], item.where, item.name)
    arguments = [limit.text]
    offset = pairs.get("offset")
    if offset is not None and const(offset, "set") is not None:
        found = value_text(offset, item.where, item.name)
        arguments.append(f"offset={found.text}")
        said = None
    # Django's length texts are lazy plurals of a number that is named.
    lazily = said is not None and (is_text(said) or not vary(ctx))
    text = source_text(said) if said is not None and is_text(said) else str(const(said, ""))
    message = None if lazily and text.startswith(default) else given(ctx, said, "", item.where, item.name)
    return _made(name, arguments, message, limit.imports)


def _regex(item: SerializerField, pairs: dict[str, Value], message: Message) -> Text:
    regex = pairs.get("regex")
    if regex is None or regex.kind != "regex":
        raise field_refusal(item, "validator", "The pattern of its validator is not known.")
    flags = int(str(const(pairs_of(regex).get("flags"), 32))) & ~32
    arguments = [repr(regex.data)]
    if flags:
        arguments.append(f"flags={flags}")
    if const(pairs.get("inverse_match"), False):
        arguments.append("inverse=True")
    return _made("Matches", arguments, message)
