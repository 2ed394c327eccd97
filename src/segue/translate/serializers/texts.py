"""DRF's own error texts, by field class (3.18). Only what a project changed is written down."""

from __future__ import annotations

from segue.snapshot.model import SerializerField, Value
from segue.target.ir import Import
from segue.translate.context import Context
from segue.translate.language import given

_FIELD = {"required": "This field is required.", "null": "This field may not be null."}
_CHAR = {
    "invalid": "Not a valid string.",
    "blank": "This field may not be blank.",
    "max_length": "Ensure this field has no more than {max_length} characters.",
    "min_length": "Ensure this field has at least {min_length} characters.",
}
_BOUNDS = {
    "max_value": "Ensure this value is less than or equal to {max_value}.",
    "min_value": "Ensure this value is greater than or equal to {min_value}.",
}
_NUMBER = {**_BOUNDS, "max_string_length": "String value too large."}
_CHOICE = {"invalid_choice": '"{input}" is not a valid choice.'}
_FILE = {
    "required": "No file was submitted.",
    "invalid": "The submitted data was not a file. Check the encoding type on the form.",
    "no_name": "No filename could be determined.",
    "empty": "The submitted file is empty.",
    "max_length": "Ensure this filename has at most {max_length} characters (it has {length}).",
}
_LIST = {
    "not_a_list": 'Expected a list of items but got type "{input_type}".',
    "empty": "This list may not be empty.",
    "min_length": "Ensure this field has at least {min_length} elements.",
    "max_length": "Ensure this field has no more than {max_length} elements.",
}
_DICT = {
    "not_a_dict": 'Expected a dictionary of items but got type "{input_type}".',
    "empty": "This dictionary may not be empty.",
}
DEFAULTS: dict[str, dict[str, str]] = {
    "CharField": _CHAR,
    "PhoneNumberField": {**_CHAR, "invalid": "Enter a valid phone number."},
    "EmailField": {**_CHAR, "invalid": "Enter a valid email address."},
    "URLField": {**_CHAR, "invalid": "Enter a valid URL."},
    "RegexField": {**_CHAR, "invalid": "This value does not match the required pattern."},
    "SlugField": {
        **_CHAR,
        "invalid": 'Enter a valid "slug" consisting of letters, numbers, underscores or hyphens.',
        "invalid_unicode": 'Enter a valid "slug" consisting of Unicode letters, numbers, underscores, or hyphens.',
    },
    "IPAddressField": {**_CHAR, "invalid": "Enter a valid IPv4 or IPv6 address."},
    "UUIDField": {"invalid": "Must be a valid UUID."},
    "IntegerField": {**_NUMBER, "invalid": "A valid integer is required."},
    "BigIntegerField": {**_NUMBER, "invalid": "A valid biginteger is required."},
    "FloatField": {
        **_NUMBER,
        "invalid": "A valid number is required.",
        "overflow": "Integer value too large to convert to float",
    },
    "DecimalField": {
        **_NUMBER,
        "invalid": "A valid number is required.",
        "max_digits": "Ensure that there are no more than {max_digits} digits in total.",
        "max_decimal_places": "Ensure that there are no more than {max_decimal_places} decimal places.",
        "max_whole_digits": "Ensure that there are no more than {max_whole_digits} digits before the decimal point.",
    },
    "MoneyField": {
        **_NUMBER,
        "invalid": "A valid number is required.",
        "max_digits": "Ensure that there are no more than {max_digits} digits in total.",
        "max_decimal_places": "Ensure that there are no more than {max_decimal_places} decimal places.",
        "max_whole_digits": "Ensure that there are no more than {max_whole_digits} digits before the decimal point.",
        "invalid_currency": "{currency!r} is not a valid currency",
    },
    "BooleanField": {"invalid": "Must be a valid boolean."},
    "DateTimeField": {
        "invalid": "Datetime has wrong format. Use one of these formats instead: {format}.",
        "date": "Expected a datetime but got a date.",
        "make_aware": 'Invalid datetime for the timezone "{timezone}".',
        "overflow": "Datetime value out of range.",
    },
    "DateField": {
        "invalid": "Date has wrong format. Use one of these formats instead: {format}.",
        "datetime": "Expected a date but got a datetime.",
    },
    "TimeField": {"invalid": "Time has wrong format. Use one of these formats instead: {format}."},
    "DurationField": {
        **_BOUNDS,
        "invalid": "Duration has wrong format. Use one of these formats instead: {format}.",
        "overflow": "The number of days must be between {min_days} and {max_days}.",
    },
    "ChoiceField": _CHOICE,
    "MultipleChoiceField": {
        **_CHOICE,
        "not_a_list": 'Expected a list of items but got type "{input_type}".',
        "empty": "This selection may not be empty.",
    },
    "FilePathField": {"invalid_choice": '"{input}" is not a valid path choice.'},
    "FileField": _FILE,
    "ImageField": {
        **_FILE,
        "invalid_image": "Upload a valid image. The file you uploaded was either not an image or a corrupted image.",
    },
    "ListField": _LIST,
    "DictField": _DICT,
    "HStoreField": _DICT,
    "JSONField": {"invalid": "Value must be valid JSON."},
    "PrimaryKeyRelatedField": {
        "does_not_exist": 'Invalid pk "{pk_value}" - object does not exist.',
        "incorrect_type": "Incorrect type. Expected pk value, received {data_type}.",
    },
    "SlugRelatedField": {
        "does_not_exist": "Object with {slug_name}={value} does not exist.",
        "invalid": "Invalid value.",
    },
    "ManyRelatedField": {
        "not_a_list": 'Expected a list of items but got type "{input_type}".',
        "empty": "This list may not be empty.",
    },
    "ListSerializer": _LIST,
}


def changed(ctx: Context, item: SerializerField, base: str) -> tuple[str, set[Import]]:
    """Code of a dict with the texts of ``item`` that differ from DRF's, by key; '' for none."""
    known = {**_FIELD, **DEFAULTS.get(base, {})}
    parts: list[str] = []
    imports: set[Import] = set()
    for key, text in sorted(item.error_messages.items()):
        value = item.lazy_messages.get(key, Value("const", text))
        found = given(ctx, value, known[key], item.where, item.name) if key in known else None
        if found is not None:
            parts.append(f"{key!r}: {found[0]}")
            imports |= found[1]
    return (f"{{{', '.join(parts)}}}" if parts else ""), imports
