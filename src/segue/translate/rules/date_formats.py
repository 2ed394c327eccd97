"""``django.utils.formats`` and ``dateformat``: dates and times as people read them, in the project's own language.

Source: ``django.utils.formats.get_format``/``date_format``/``time_format``/``localize`` and ``django.utils.dateformat``
(the same from 4.2 to 5.2). The pattern is settled here; ``segue_bridge.formats`` has the letters.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from segue.snapshot.model import Value
from segue.translate import language
from segue.translate.bridge_texts import DATES
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.join import widen
from segue.translate.interp.value import Val, literal, quote
from segue.translate.kinds import Const, Scalar
from segue.translate.rules.registry import function

LETTER = re.compile(r"(?<!\\)([aAbcdDeEfFgGhHiIjlLmMnNoOPrsStTUuwWyYzZ])")
TIME_LETTERS = frozenset("aAefgGhHiOPsTuZ")
# Letters that are texts of a language. S is English in all of them.
WORDS = frozenset("aAbDEFlMNP")


@function("django.utils.formats.date_format", "django.utils.formats.time_format")
def formatted(frame: Frame, call: CallSite) -> Val:
    """``date_format(value, format=None, use_l10n=None)`` and ``time_format``."""
    call.only("value", "format", "use_l10n", at_most=3)
    use = call.argument(2, "use_l10n")
    if use is not None and not (isinstance(use.kind, Const) and use.kind.value is None):
        raise frame.refuse(
            "date-format", ast.unparse(call.node), "use_l10n asks for the formats of the settings.", call.node
        )
    short = call.name.rpartition(".")[2]
    pattern = _pattern(frame, call, call.argument(1, "format"), short.upper())
    return _made(frame, call, short, pattern)


@function("django.utils.dateformat.format", "django.utils.dateformat.time_format")
def by_letters(frame: Frame, call: CallSite) -> Val:
    """``dateformat.format(value, "jS F Y")``: the pattern as it is."""
    call.only("value", "format_string", at_most=2)
    given = call.argument(1, "format_string")
    if given is None or not isinstance(given.kind, Const) or not isinstance(given.kind.value, str):
        raise frame.refuse("date-format", ast.unparse(call.node), _COMPUTED, call.node)
    short = "date_format" if call.name.endswith(".format") else "time_format"
    return _made(frame, call, short, _Pattern(given.kind.value))


@function("django.utils.formats.localize")
def localized(frame: Frame, call: CallSite) -> Val | None:
    """``localize(value)`` of a moment; numbers have their own rules and are refused."""
    call.only("value", at_most=1)
    value = call.argument(0, "value")
    kind = widen(value.kind) if value is not None else None
    if not isinstance(kind, Scalar) or kind.type not in ("datetime", "date", "time"):
        return None
    short = "time_format" if kind.type == "time" else "date_format"
    return _made(frame, call, short, _named(frame, call, f"{kind.type.upper()}_FORMAT"))


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A pattern, and where it has a ``name`` those of other languages."""

    text: str
    name: str = ""
    others: Mapping[str, str] = field(default_factory=dict)


_COMPUTED = "The format is computed."


def _pattern(frame: Frame, call: CallSite, given: Val | None, usual: str) -> _Pattern:
    """What ``get_format`` answers for the argument."""
    if given is None or (isinstance(given.kind, Const) and given.kind.value in (None, "")):
        return _named(frame, call, usual)
    if not isinstance(given.kind, Const) or not isinstance(given.kind.value, str):
        raise frame.refuse("date-format", ast.unparse(call.node), _COMPUTED, call.node)
    text = given.kind.value
    # ``getattr(module, text)`` on the formats of the locale: only the name of a format can be in one.
    return _named(frame, call, text) if re.fullmatch(r"[A-Z_]{4,}|__\w+", text) else _Pattern(text)


def _named(frame: Frame, call: CallSite, name: str) -> _Pattern:
    """The format called ``name`` in the project's language."""
    found: Value | None = frame.ctx.snapshot.settings.formats.get(name)
    if found is None or not isinstance(found.data, str):
        raise frame.refuse(
            "date-format", ast.unparse(call.node), f"The snapshot does not know the format {name}.", call.node
        )
    languages = frame.ctx.snapshot.settings.languages
    others: dict[str, str] = {}
    if languages is not None and language.chosen_by_request(frame.ctx.snapshot):
        others = {
            code: str(formats[name].data) for code, formats in languages.formats.items() if name in formats
        }
    return _Pattern(found.data, name, others)


def _made(frame: Frame, call: CallSite, short: str, pattern: _Pattern) -> Val:
    """The call of the bridge, where value and letters fit."""
    value = call.argument(0, "value")
    kind = widen(value.kind) if value is not None else None
    fitting = ("datetime", "time") if short == "time_format" else ("datetime", "date")
    if value is None or value.node is None or not isinstance(kind, Scalar) or kind.type not in fitting:
        raise frame.refuse(
            "date-format", ast.unparse(call.node), f"Its value may be no {fitting[1]}.", call.node
        )
    if kind.nullable:
        raise frame.refuse("date-format", ast.unparse(call.node), "Its value may be None.", call.node)
    letters = {letter for text in (pattern.text, *pattern.others.values()) for letter in LETTER.findall(text)}
    wrong = (
        letters & TIME_LETTERS
        if kind.type == "date"
        else letters - TIME_LETTERS
        if short == "time_format"
        else set()
    )
    if wrong:
        raise frame.refuse(
            "date-format",
            ast.unparse(call.node),
            f"{', '.join(sorted(wrong))} cannot be shown of it.",
            call.node,
        )
    if letters & WORDS and language.vary(frame.ctx):
        for context, text in DATES:
            language.says(frame.ctx, text, context=context)
    written = literal(pattern.text)
    if pattern.others:
        constant = language.format_by_language(frame.ctx, pattern.name, pattern.text, pattern.others)
        written = frame.imported(constant.module, constant.name)
    made = quote("{0}({1}, {2})", frame.imported("segue_bridge.formats", short), value.node, written)
    return Val(Scalar("str"), made)
