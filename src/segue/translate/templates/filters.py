"""Filters: which of Django's there are, what they may be given here, and what they make of it.

Source: ``django.template.base.FilterExpression.resolve`` and ``django.template.defaultfilters``. A filter of the project's own is refused.
"""

from __future__ import annotations

import re
from typing import Any

from segue.refusal import Refused
from segue.translate import language
from segue.translate.bridge_texts import DATES
from segue.translate.interp.join import nullable, widen
from segue.translate.kinds import Const, DictOf, Kind, ListOf, Scalar, TupleOf, Unknown
from segue.translate.rules.date_formats import LETTER, TIME_LETTERS, WORDS
from segue.translate.templates.paths import path
from segue.translate.templates.writing import Found, Template, literal, quoted

_DJANGO = "django.template.defaultfilters."
_STR = Scalar("str")
# Of texts, and what they make of them.
_TEXTS: dict[str, Kind] = {
    **dict.fromkeys(
        ("addslashes", "capfirst", "escapejs", "lower", "upper", "slugify", "title", "truncatechars", "truncatewords",
         "urlencode", "ljust", "rjust", "center", "cut", "escape", "force_escape", "safe", "linebreaks", "linebreaksbr"),
        _STR,
    ),
    "wordcount": Scalar("int"),
}  # fmt: skip
_NAMES = {
    "escapejs_filter": "escapejs", "escape_filter": "escape", "linebreaks_filter": "linebreaks", "slice_filter": "slice",
}  # fmt: skip
# With an argument, which is a number.
_COUNTED = frozenset({"truncatechars", "truncatewords", "ljust", "rjust", "center"})
_SHOWN_AS_TEXT = ("str", "int", "UUID")


def expression(template: Template, one: dict[str, Any], line: int, *, condition: bool = False) -> Found:
    """A path or a constant, and its filters. ``condition``: what is not known is None, not an empty text."""
    if "odd" in one:
        raise template.refuse("_(…)", f"{one['odd'].capitalize()} inside of a tag.", line)
    if "literal" in one:
        value = one["literal"]
        found = Found(literal(value, safe=bool(one["safe"])), Const(value))
    else:
        found = path(template, list(one["path"]), line)
    if one["filters"] and found.absent and condition:
        found = Found("none", Const(None))
    elif one["filters"] and found.missing and condition:
        found = Found(f"none_if_missing({found.text})", nullable(found.kind), None)
    for name, arguments in one["filters"]:
        found = _filtered(template, found, name, arguments, line)
    return found


def _filtered(template: Template, found: Found, dotted: str, arguments: list[Any], line: int) -> Found:
    if not dotted.startswith(_DJANGO):
        raise template.refuse(
            f"|{dotted.rpartition('.')[2]}", "A filter that does not come with Django's templates.", line
        )
    name = dotted.removeprefix(_DJANGO)
    name = _NAMES.get(name, name)
    given = [_argument(template, one, name, line) for one in arguments]
    kind, changed = _kind(template, name, found, given, line)
    written = [text for text, _ in given] if changed is None else changed
    return Found(f"{found.text}|{name}" + (f"({', '.join(written)})" if written else ""), kind)


def _argument(template: Template, one: dict[str, Any], name: str, line: int) -> tuple[str, Kind]:
    if "odd" in one:
        raise template.refuse(f"|{name}", "A translated text as the argument of a filter.", line)
    if "literal" in one:
        return literal(one["literal"], safe=bool(one["safe"])), Const(one["literal"])
    found = path(template, list(one["path"]), line)
    if found.missing or found.absent:
        raise template.refuse(f"|{name}", "Its argument may be missing, which is an error in Django.", line)
    return found.text, found.kind


def _kind(
    template: Template, name: str, found: Found, given: list[tuple[str, Kind]], line: int
) -> tuple[Kind, list[str] | None]:
    """What the filter gives, and its arguments where they are written in another way. Raises ``Refused``."""
    kind = widen(found.kind)
    if found.absent:
        kind = _STR

    def wrong(why: str) -> Refused:
        return template.refuse(f"|{name}", why, line)

    if name in _TEXTS:
        if not _is(kind, *_SHOWN_AS_TEXT):
            raise wrong("Segue knows it of texts and whole numbers only.")
        if name in _COUNTED and not _counts(given):
            raise wrong("Its argument may be no number.")
        if (
            name in ("cut", "urlencode")
            and given
            and not (isinstance(given[0][1], Const) and isinstance(given[0][1].value, str))
        ):
            raise wrong("Its argument is computed.")
        if name == "truncatechars" and language.vary(template.frame.ctx):
            language.says(
                template.frame.ctx, "%(truncated_text)s…", context="String to return when truncating text"
            )
        if name == "cut":
            return _TEXTS[name], [quoted(str(given[0][1].value))]  # type: ignore[attr-defined]
        return _TEXTS[name], None
    if name in ("default", "default_if_none"):
        other = widen(given[0][1])
        if isinstance(kind, Unknown):
            return other, None
        if found.missing and name == "default_if_none" and isinstance(other, Scalar) and other.type != "str":
            return Scalar("Any"), None  # an empty text
        if kind == other or (isinstance(kind, Scalar) and isinstance(other, Scalar)):
            same = isinstance(kind, Scalar) and isinstance(other, Scalar) and kind.type == other.type
            return (other if same else Scalar("Any", _null(other))), None
        if kind == Const(None):
            return other, None
        raise wrong("The value and what stands for it are of different kinds.")
    if name == "length":
        sized = isinstance(kind, ListOf | DictOf | TupleOf) or _is(kind, "str", "list[Any]")
        if not sized and kind != Const(None):
            raise wrong("Segue knows it of texts and lists only.")
        return Scalar("int"), None
    if name in ("first", "last"):
        if isinstance(kind, ListOf) and kind.type in ("list", "tuple"):
            # An empty text where there is none.
            if not isinstance(widen(kind.item), Scalar) or found.missing:
                raise wrong("Segue knows it of lists of plain values only.")
            return (kind.item if _is(widen(kind.item), "str") else Scalar("Any", _null(kind.item))), None
        raise wrong("Segue knows it of lists only.")
    if name == "join":
        if not (isinstance(kind, ListOf) and _is(widen(kind.item), "str") and not _null(kind.item)):
            raise wrong("Segue knows it of lists of texts only.")
        if not _is(widen(given[0][1]), "str") or _null(given[0][1]):
            raise wrong("It joins with a text.")
        return _STR, None
    if name == "slice":
        if not (_is(kind, "str") or (isinstance(kind, ListOf) and kind.type in ("list", "tuple"))) or _null(
            kind
        ):
            raise wrong("Segue knows it of texts and lists only.")
        if not isinstance(given[0][1], Const) or not re.fullmatch(
            r"-?\d*(:-?\d*){0,2}", str(given[0][1].value)
        ):
            raise wrong("Its argument is computed.")
        if ":" not in str(given[0][1].value):
            raise wrong("Its argument is one number.")
        return kind, None
    if name == "add":
        if (
            not _is(kind, "int")
            or not _is(widen(given[0][1]), "int", "str")
            or _null(kind)
            or _null(given[0][1])
        ):
            raise wrong("Segue knows it of whole numbers only.")
        if _is(widen(given[0][1]), "str"):
            value = given[0][1].value if isinstance(given[0][1], Const) else ""
            if not re.fullmatch(r"-?\d+", str(value)):
                raise wrong("It adds no number.")
        return Scalar("Any" if found.missing else "int"), None
    if name == "divisibleby":
        if not _is(kind, "int") or _null(kind) or found.missing or not isinstance(given[0][1], Const):
            raise wrong("Segue knows it of whole numbers only.")
        return Scalar("bool"), None
    if name == "floatformat":
        if not _is(kind, "int", "float", "Decimal"):
            raise wrong("Segue knows it of numbers only.")
        if given and not (
            isinstance(given[0][1], Const) and re.fullmatch(r"-?\d+u?", str(given[0][1].value))
        ):
            raise wrong("Its argument is computed, or asks for groups of digits.")
        return _STR, None
    if name == "stringformat":
        wanted = given[0][1].value if isinstance(given[0][1], Const) else ""
        fitting = {"d": ("int",), "i": ("int",), "f": ("int", "float", "Decimal"), "s": ("str", "int")}
        match = re.fullmatch(r"[-+ 0]?\d*(?:\.\d+)?([dfis])", str(wanted))
        if match is None or not _is(kind, *fitting[match[1]]) or _null(kind) or found.missing:
            raise wrong("Segue knows simple formats of numbers and texts only.")
        return _STR, None
    if name == "yesno":
        if not isinstance(kind, Scalar | ListOf | DictOf) and kind != Const(None):
            raise wrong("Segue does not know what is asked.")
        if given and not (isinstance(given[0][1], Const) and "," in str(given[0][1].value)):
            raise wrong("Its argument is computed, or has no comma.")
        if not given and language.vary(template.frame.ctx):
            language.says(template.frame.ctx, "yes,no,maybe")
        return _STR, None
    if name == "pluralize":
        if not _is(kind, "int", "float", "Decimal") and not isinstance(kind, ListOf):
            raise wrong("Segue knows it of numbers and lists only.")
        if given and not (isinstance(given[0][1], Const) and isinstance(given[0][1].value, str)):
            raise wrong("Its argument is computed.")
        return _STR, None
    if name in ("date", "time"):
        return _STR, _pattern(template, name, kind, given, line)
    raise wrong("Segue has no rule for this filter.")


def _counts(given: list[tuple[str, Kind]]) -> bool:
    """Whether the first argument is a whole number for certain, or a text of one."""
    if not given:
        return False
    kind = given[0][1]
    if isinstance(kind, Const):
        return str(kind.value).isdigit()
    return _is(kind, "int") and not _null(kind)


def _is(kind: Kind, *types: str) -> bool:
    return isinstance(kind, Scalar) and kind.type in types


def _null(kind: Kind) -> bool:
    return (isinstance(kind, Scalar) and kind.nullable) or kind == Const(None)


def _pattern(
    template: Template, name: str, kind: Kind, given: list[tuple[str, Kind]], line: int
) -> list[str] | None:
    """The argument of ``date`` and ``time``: the pattern itself where it is the name of one."""
    fitting = ("date", "datetime") if name == "date" else ("time", "datetime")
    if not _is(kind, *fitting):
        raise template.refuse(f"|{name}", f"The value may be no {fitting[0]}.", line)
    assert isinstance(kind, Scalar)
    ctx = template.frame.ctx
    usual = "DATE_FORMAT" if name == "date" else "TIME_FORMAT"
    pattern: object = (
        given[0][1].value if given and isinstance(given[0][1], Const) else None if not given else ...
    )
    if pattern is ...:
        raise template.refuse(f"|{name}", "The format is computed.", line)
    named = (
        str(pattern) if pattern and re.fullmatch(r"[A-Z_]{4,}", str(pattern)) else "" if pattern else usual
    )
    if named:
        found = ctx.snapshot.settings.formats.get(named)
        if found is None or not isinstance(found.data, str):
            raise template.refuse(f"|{name}", f"The snapshot does not know the format {named}.", line)
        if given and language.chosen_by_request(ctx.snapshot):
            raise template.refuse(
                f"|{name}", "Which format it is depends on the language of the request.", line
            )
        pattern = found.data
    letters = set(LETTER.findall(str(pattern)))
    if letters & TIME_LETTERS if kind.type == "date" else name == "time" and letters - TIME_LETTERS:
        raise template.refuse(f"|{name}", "The format has letters that the value cannot show.", line)
    if letters & WORDS and language.vary(ctx):
        for context, text in DATES:
            language.says(ctx, text, context=context)
    return [quoted(str(pattern))] if given else None


__all__ = ["expression"]
