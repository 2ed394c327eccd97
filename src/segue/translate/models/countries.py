"""Columns of django-countries: the code of one country, which Django's code sees as a ``Country``.

Source: ``django_countries.fields.CountryField`` (7.6 to 9). What is assigned, written and looked up by equality is the text
(``country_to_text``); the descriptor makes a ``Country`` of it whenever it is read, and what is saved is the code of that (``pre_save``).
The bridge's column gives objects that code (``segue_bridge.db.countries``).
"""

from __future__ import annotations

from segue.refusal import Refusal
from segue.snapshot.model import ModelField
from segue.target.ir import Decl, Import
from segue.translate.context import Context
from segue.translate.versions import since

FIELD = "django_countries.fields.CountryField"
BRIDGE = "segue_bridge.countries"
_PACKAGE = "django-countries"


def is_country(ctx: Context, field: ModelField) -> bool:
    """Whether the column is the package's own, of one country among those of the settings."""
    return field.cls == FIELD and not field.options.keys() & {"multiple", "countries"}


def problem(ctx: Context, field: ModelField) -> Refusal | None:
    """Why its values are neither read nor written, or None."""
    release = ctx.snapshot.versions.packages.get(_PACKAGE, "")
    if not since(release, 7, 6) or since(release, 10, 0):
        return _refusal(field, f"Segue knows {_PACKAGE} from 7.6 to 9, and this is {release or 'another'}.")
    if field.null and not since(release, 9, 0):
        return _refusal(field, f"{_PACKAGE} {release} makes a country of NULL, too.")
    shown = field.attributes.get("countries_str_attr")
    if field.primary_key or shown is None or shown.data != "code":
        return _refusal(field, "A key, or a country whose text is not its code, is not translated.")
    if not codes(field) or any(len(code) == 3 or code.isdigit() for code in codes(field)):
        return _refusal(field, "Its countries have codes of their own.")
    return None


def codes(field: ModelField) -> list[str]:
    """The codes that the package knows in this project (``Countries.countries``), sorted; none where they are not all texts."""
    found = {key.data for key, _ in field.choices}
    return sorted(str(code) for code in found if code) if all(isinstance(code, str) for code in found) else []


def codes_of(ctx: Context) -> list[str]:
    """:func:`codes` of the columns there are: all have the same."""
    return codes(_any(ctx))


def _any(ctx: Context) -> ModelField:
    return next(
        item for model in ctx.snapshot.models.values() for item in model.fields if is_country(ctx, item)
    )


def declared(ctx: Context) -> Import:
    """The constant of all codes, which is declared: the settings of the package say which there are, for all columns alike."""
    module = ctx.program.module(
        f"{ctx.program.package}/countries.py", "The countries that the service knows."
    )
    if "COUNTRIES" not in module.decls:
        listed = " ".join(codes_of(ctx))
        code = f'COUNTRIES = frozenset(\n    "{listed}".split()\n)'
        module.add(Decl("COUNTRIES", code, frozenset(), rank=10))
    return Import(f"{ctx.program.package}.countries", "COUNTRIES")


def column_code(ctx: Context, field: ModelField) -> tuple[str, set[Import]]:
    """``Country(2, COUNTRIES)``."""
    constant = declared(ctx)
    more = f", collation={field.collation!r}" if field.collation else ""
    return f"Country({field.max_length!r}, {constant.name}{more})", {
        constant,
        Import("segue_bridge.db.countries", "Country"),
    }


def _refusal(field: ModelField, why: str) -> Refusal:
    return Refusal("field-custom", field.name, why, field.where.file, field.where.line)


__all__ = ["BRIDGE", "FIELD", "codes", "codes_of", "column_code", "declared", "is_country", "problem"]
