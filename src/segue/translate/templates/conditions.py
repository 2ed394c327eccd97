"""``{% if a and b == 3 %}``. Source: ``django.template.smartif``: what raises is false, what is not known is None."""

from __future__ import annotations

from typing import Any

from segue.translate.interp.join import not_null, widen
from segue.translate.kinds import Const, DictOf, Instance, Kind, ListOf, Scalar, TupleOf, User
from segue.translate.templates.filters import expression
from segue.translate.templates.writing import Found, Template

_SAME_ORDER = ("int", "float", "Decimal")
_ASKED = Instance | User | Scalar | ListOf | DictOf | TupleOf


def condition(template: Template, one: dict[str, Any], line: int) -> str:
    """The condition of an ``if`` in Jinja2's words. Raises ``Refused``."""
    if "value" in one:
        return _truth(template, expression(template, one["value"], line, condition=True), line)
    operator, parts = one["operator"], one["parts"]
    if operator in ("and", "or", "not"):
        inner: list[str] = []
        for at, part in enumerate(parts):
            template.inside += at > 0
            inner.append(condition(template, part, line))
            template.inside -= at > 0
            if "value" not in part:
                inner[-1] = f"({inner[-1]})"
        return f"not {inner[0]}" if operator == "not" else f" {operator} ".join(inner)
    if any("value" not in part for part in parts):
        raise template.refuse(operator, "It compares the result of another operator.", line)
    left, right = (expression(template, part["value"], line, condition=True) for part in parts)
    return _compared(template, operator, left, right, line)


def _truth(template: Template, found: Found, line: int) -> str:
    kind = not_null(widen(found.kind))
    if isinstance(kind, Const) or found.absent:
        return found.text
    if not isinstance(kind, _ASKED):
        raise template.refuse(found.text, "Segue does not know whether it is true.", line)
    if isinstance(kind, ListOf) and kind.type not in ("list", "tuple", "set"):
        raise template.refuse(found.text, "An iterator is always true.", line)
    if isinstance(kind, User):
        raise template.refuse(found.text, "Ask for user.is_authenticated.", line)
    return found.text


def _compared(template: Template, operator: str, left: Found, right: Found, line: int) -> str:
    what = f"{left.text} {operator} {right.text}"
    texts = [f"none_if_missing({one.text})" if one.missing else one.text for one in (left, right)]
    kinds: list[Kind] = [Const(None) if one.absent else widen(one.kind) for one in (left, right)]
    if operator in ("is", "is not"):
        constant = right.kind.value if isinstance(right.kind, Const) else ...
        if constant is not None and not isinstance(constant, bool):
            raise template.refuse(what, "Segue knows it of None, True and False only.", line)
        word = "none" if constant is None else str(constant).lower()
        return f"{texts[0]} {operator} {word}"
    if operator in ("==", "!="):
        if not all(isinstance(kind, Scalar) or kind == Const(None) for kind in kinds):
            raise template.refuse(what, "Segue knows it of plain values only.", line)
        return f"{texts[0]} {operator} {texts[1]}"
    sure = not left.missing and not right.missing and not any(_null(kind) for kind in kinds)
    if operator in ("<", "<=", ">", ">="):
        types = [kind.type if isinstance(kind, Scalar) else "" for kind in kinds]
        numbers = all(one in _SAME_ORDER for one in types)
        if sure and (numbers or (types[0] == types[1] and types[0] in ("str", "date", "datetime", "time"))):
            return f"{left.text} {operator} {right.text}"
        raise template.refuse(what, "It may be compared with something that has no order to it.", line)
    plain = isinstance(kinds[0], Scalar) and kinds[0].type in ("str", "int")
    among = (
        isinstance(kinds[1], ListOf)
        and kinds[1].type in ("list", "tuple", "set")
        and isinstance(widen(kinds[1].item), Scalar)
    )
    within = all(isinstance(kind, Scalar) and kind.type == "str" for kind in kinds)
    if sure and plain and (among or within):
        return f"{left.text} {operator} {right.text}"
    raise template.refuse(what, "Segue knows it of plain values in lists, and texts in texts, only.", line)


def _null(kind: Kind) -> bool:
    return not_null(kind) != kind or kind == Const(None)


__all__ = ["condition"]
