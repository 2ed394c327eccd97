"""Columns of django-phonenumber-field: a ``PhoneNumber`` of the library phonenumbers is read, assigned and written.

Source: ``phonenumber_field.modelfields.PhoneNumberField`` (7.2 to 9), whose ``from_db_value`` and descriptor make a number of a text,
and whose ``get_prep_value`` writes it in one format. The bridge's column type does the same (``segue_bridge.db.phones``).
"""

from __future__ import annotations

from segue.refusal import Refusal
from segue.snapshot.model import ModelField, Where
from segue.target.ir import Decl, Import
from segue.translate.context import Context
from segue.translate.versions import since

FIELD = "phonenumber_field.modelfields.PhoneNumberField"
_PACKAGE = "django-phonenumber-field"
_FORMATS = ("E164", "INTERNATIONAL", "NATIONAL", "RFC3966")
# What the class says of values, which a class of the project's below it may say anew.
_CONVERTING = (
    "__init__", "from_db_value", "to_python", "get_prep_value", "get_db_prep_value", "get_db_prep_save", "pre_save",
    "value_from_object", "contribute_to_class", "get_default", "_get_default", "region",
)  # fmt: skip


def is_phone(ctx: Context, field: ModelField) -> bool:
    """Whether the column is a phone number that is converted as the package does."""
    known = ctx.snapshot.classes.get(field.cls)
    if known is None or FIELD not in known.mro:
        return False
    own = ("phonenumber_field.", "django.")
    methods = all(dotted.startswith(own) for name, dotted in known.methods.items() if name in _CONVERTING)
    attributes = (known.attributes.get(name) for name in ("descriptor_class", "attr_class", *_CONVERTING))
    return methods and all(one is None or one.defined_in.startswith(own) for one in attributes)


def problem(ctx: Context, field: ModelField) -> Refusal | None:
    """Why its values are neither read nor written, or None."""
    release = ctx.snapshot.versions.packages.get(_PACKAGE, "")
    if not since(release, 7, 2) or since(release, 10, 0):
        return _refusal(field, f"Segue knows {_PACKAGE} from 7.2 to 9, and this is {release or 'another'}.")
    if region_of(field) and not since(release, 8, 2):
        return _refusal(field, f"{_PACKAGE} {release} looks numbers up without the region of the field.")
    if field.primary_key:
        return _refusal(field, "A phone number as the key of its rows is not translated.")
    for name in ("DB_FORMAT", "DEFAULT_FORMAT"):
        if setting(ctx, name, "E164") not in _FORMATS:
            return _refusal(field, f"PHONENUMBER_{name} is none of the formats of the package.")
    return None


def region_of(field: ModelField) -> str:
    """``region=`` of the field; '' without one."""
    given = field.options.get("region")
    return given.data if given is not None and isinstance(given.data, str) else ""


def setting(ctx: Context, name: str, default: str | None) -> object:
    """A setting of the package without its prefix."""
    found = ctx.snapshot.settings.values.get(f"PHONENUMBER_{name}")
    return default if found is None else found.data


def column_code(ctx: Context, field: ModelField) -> tuple[str, set[Import]]:
    """``Phone(128, PHONES, region="BE")``."""
    arguments = [repr(field.max_length), declared(ctx).name]
    if region_of(field):
        arguments.append(f"region={region_of(field)!r}")
    if field.collation:
        arguments.append(f"collation={field.collation!r}")
    return f"Phone({', '.join(arguments)})", {declared(ctx), Import("segue_bridge.db.phones", "Phone")}


def declared(ctx: Context) -> Import:
    """The constant that says how the service writes and reads numbers, which is declared."""
    module = ctx.program.module(f"{ctx.program.package}/phones.py", "How phone numbers are stored and shown.")
    arguments = []
    for argument, name, usual in (
        ("region", "DEFAULT_REGION", None),
        ("stored", "DB_FORMAT", "E164"),
        ("shown", "DEFAULT_FORMAT", "E164"),
    ):
        value = setting(ctx, name, usual)
        if value != usual:
            arguments.append(f"{argument}={value!r}")
    if "PHONES" not in module.decls:
        needed = frozenset({Import("segue_bridge.phones", "Phones")})
        module.add(Decl("PHONES", f"PHONES = Phones({', '.join(arguments)})", needed, rank=10))
    return Import(f"{ctx.program.package}.phones", "PHONES")


def validator_code(ctx: Context) -> str:
    """``''``, or the code of the errors of ``validate_international_phonenumber`` where it is another than DRF's."""
    old = not since(ctx.snapshot.versions.packages.get(_PACKAGE, ""), 8, 0)
    return "invalid_phone_number" if old else ""


def _refusal(field: ModelField, why: str) -> Refusal:
    where: Where = field.where
    return Refusal("field-custom", field.name, why, where.file, where.line)


__all__ = [
    "FIELD",
    "column_code",
    "declared",
    "is_phone",
    "problem",
    "region_of",
    "setting",
    "validator_code",
]
