"""``EXCEPTION_HANDLER`` of drf-standardized-errors, with the package's own classes: ``segue_bridge.standard_errors``."""

from __future__ import annotations

from dataclasses import dataclass

from segue.refusal import refuse
from segue.snapshot.model import Value, Where
from segue.target.ir import Import
from segue.translate.context import Context
from segue.translate.versions import since

NAME = "drf_standardized_errors.handler.exception_handler"
_SETTING = "DRF_STANDARDIZED_ERRORS"
_CLASSES = {
    "EXCEPTION_HANDLER_CLASS": "drf_standardized_errors.handler.ExceptionHandler",
    "EXCEPTION_FORMATTER_CLASS": "drf_standardized_errors.formatter.ExceptionFormatter",
}


@dataclass(frozen=True, slots=True)
class Standard:
    """``in_debug``: exceptions that DRF does not answer are answered with DEBUG, too."""

    separator: str = "."
    in_debug: bool = False


def standard(ctx: Context) -> Standard:
    """What the project's settings say. Raises ``Refused`` for classes of its own, and for releases that answer otherwise."""
    where = Where(ctx.snapshot.settings.module)
    release = ctx.snapshot.versions.packages.get("drf-standardized-errors", "")
    if not since(release, 0, 15):
        raise refuse(
            "exception-handler",
            f"drf-standardized-errors {release}",
            "Releases before 0.15 answer otherwise; upgrade it first.",
            where,
        )
    given = ctx.snapshot.settings.values.get(_SETTING)
    pairs = {str(key.data): value for key, value in given.pairs} if given is not None else {}
    for key, default in _CLASSES.items():
        if key not in pairs or pairs[key].name != default:
            raise refuse(
                "exception-handler",
                f"{_SETTING}: {key}",
                "A class of the project's own in the place of the package's is not translated.",
                where,
            )
    found = Standard(
        str(pairs["NESTED_FIELD_SEPARATOR"].data),
        bool(pairs["ENABLE_IN_DEBUG_FOR_UNHANDLED_EXCEPTIONS"].data),
    )
    if not found.in_debug:
        used = ctx.memo.setdefault(("kernel", "settings"), {})
        assert isinstance(used, dict)
        used["DEBUG"] = Value("const", False)
    return found


def option(ctx: Context, found: Standard) -> tuple[str, set[Import]]:
    """Arguments of the application's handlers, and their imports."""
    made = "StandardErrors()" if found.separator == "." else f"StandardErrors({found.separator!r})"
    other = f"{made}.answer_others"
    imports = {Import("segue_bridge.standard_errors", "StandardErrors")}
    if not found.in_debug:
        other = f"None if settings.DEBUG else {other}"
    return f", error_handler={made}.answer, other_handler={other}", imports


__all__ = ["NAME", "Standard", "option", "standard"]
