"""Snapshot values written down as Python text."""

from __future__ import annotations

from dataclasses import dataclass, field

from segue.refusal import Refused, refuse
from segue.snapshot.model import Value, Where
from segue.target.ir import Import
from segue.translate.language import is_text

_EXACT = {
    "decimal": ("Decimal({!r})", Import("decimal", "Decimal")),
    "date": ("date.fromisoformat({!r})", Import("datetime", "date")),
    "datetime": ("datetime.fromisoformat({!r})", Import("datetime", "datetime")),
    "time": ("time.fromisoformat({!r})", Import("datetime", "time")),
    "uuid": ("UUID({!r})", Import("uuid", "UUID")),
}
_BRACKETS = {"list": "[{}]", "tuple": "({},)", "set": "{{{}}}"}
_EMPTY = {"list": "[]", "tuple": "()", "set": "set()"}


@dataclass(slots=True)
class Text:
    """Source text and what it needs imported."""

    text: str
    imports: set[Import] = field(default_factory=set)


def value_text(value: Value, where: Where, construct: str) -> Text:
    """``value`` as an expression. Refuses what is no plain data."""
    if value.kind in ("const", "lazy") and not is_text(value):
        return Text(repr(value.data))
    if value.kind in _EXACT:
        template, item = _EXACT[value.kind]
        return Text(template.format(value.data), {item})
    if value.kind == "bytes":
        return Text(repr(bytes.fromhex(str(value.data))))
    if value.kind == "timedelta":
        return Text(f"timedelta(microseconds={int(str(value.data))})", {Import("datetime", "timedelta")})
    if value.kind in _BRACKETS:
        if not value.items:
            return Text(_EMPTY[value.kind])
        items = [value_text(item, where, construct) for item in value.items]
        text = _BRACKETS[value.kind].format(", ".join(item.text for item in items))
        return Text(text, set().union(*(item.imports for item in items)))
    if value.kind == "dict":
        pairs = [(value_text(k, where, construct), value_text(v, where, construct)) for k, v in value.pairs]
        text = "{" + ", ".join(f"{k.text}: {v.text}" for k, v in pairs) + "}"
        return Text(text, set().union(*(k.imports | v.imports for k, v in pairs)))
    raise _refused(value, where, construct)


def _refused(value: Value, where: Where, construct: str) -> Refused:
    what = value.name or str(value.data or value.kind)
    return refuse("value", construct, f"{what} cannot be written down as plain data.", where)


def pairs_of(value: Value) -> dict[str, Value]:
    """Keyword pairs of a ``call`` or ``dict`` by name."""
    return {str(key.data): item for key, item in value.pairs}
