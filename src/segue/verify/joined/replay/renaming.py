"""Values that the recording got and this run got instead: ids of what it created, tokens, session keys.

What a recorded request created has another id now. The recorded answer and Django's answer of today say which is
which, and later requests are sent with today's.
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode

_KEY = re.compile(r"(?:^|_)(?:id|pk|uuid|ids|pks)$|Id$|Ids$")
_LONG = 8  # texts that are long enough to be no chance: uuids, tokens, slugs
_MOST = 100_000


class Renaming:
    """Recorded → today's. Numbers are only exchanged where a path or a field says what they are."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self._numbers: dict[tuple[str, str], str] = {}

    def learn(self, path: str, recorded: Any, today: Any) -> None:
        """From the two answers to a request that created something at ``path``."""
        self._compare(_collection(path), recorded, today, "")

    def text(self, recorded: str, today: str) -> None:
        """A token or session key."""
        if recorded != today and len(recorded) >= _LONG and len(self.texts) < _MOST:
            self.texts[recorded] = today

    def _compare(self, collection: str, one: Any, other: Any, key: str) -> None:
        if isinstance(one, dict) and isinstance(other, dict):
            for name in one.keys() & other.keys():
                self._compare(collection, one[name], other[name], name)
        elif isinstance(one, list) and isinstance(other, list):
            for left, right in zip(one, other, strict=False):
                self._compare(collection, left, right, key)
        elif type(one) is type(other) and one != other:
            if isinstance(one, str):
                self.text(one, other)
            elif isinstance(one, int) and key in ("id", "pk") and len(self._numbers) < _MOST:
                self._numbers[collection, str(one)] = str(other)

    def path(self, path: str) -> str:
        """With today's ids: a number belongs to the segment before it (``/books/12/``)."""
        out, before = [], ""
        for segment in path.split("/"):
            plain = unquote(segment)
            new = self._numbers.get((_singular(before), plain)) or self.texts.get(plain)
            out.append(segment if new is None else quote(new, safe=""))
            before = plain
        return "/".join(out)

    def query(self, query: str) -> str:
        """A query string or form."""
        pairs = parse_qsl(query, keep_blank_values=True)
        changed = [(k, str(self._scalar(v, k))) for k, v in pairs]
        return query if changed == pairs else urlencode(changed)

    def body(self, body: bytes, kind: str) -> bytes:
        """JSON and forms; anything else is sent as it is."""
        if not body or not (self.texts or self._numbers):
            return body
        if kind.startswith("application/x-www-form-urlencoded"):
            return self.query(body.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
        try:
            value = json.loads(body)
        except ValueError:
            return body
        new = self._value(value, "")
        return body if new == value else json.dumps(new).encode()

    def header(self, value: str) -> str:
        """A header with today's tokens and session keys."""
        for recorded, today in self.texts.items():
            if recorded in value:
                value = value.replace(recorded, today)
        return value

    def _value(self, value: Any, key: str) -> Any:
        if isinstance(value, dict):
            return {k: self._value(v, k) for k, v in value.items()}
        if isinstance(value, list):
            return [self._value(v, key) for v in value]
        return self._scalar(value, key)

    def _scalar(self, value: Any, key: str) -> Any:
        if isinstance(value, bool) or not isinstance(value, str | int):
            return value
        if isinstance(value, str) and value in self.texts:
            return self.texts[value]
        text = str(value)
        names = (
            [_singular(re.sub(r"(?:_|)(?:id|pk|Id)s?$", "", key))] if _KEY.search(key) else [_singular(key)]
        )
        new = next((self._numbers[n, text] for n in names if (n, text) in self._numbers), None)
        return value if new is None else type(value)(new)


def _collection(path: str) -> str:
    """The name of the collection that a request to ``path`` creates in: its last word."""
    words = [w for w in path.split("/") if w and not w.isdigit()]
    return _singular(words[-1]) if words else ""


def _singular(word: str) -> str:
    """``categories`` → ``category``, as far as that is needed to match a field with a path."""
    word = word.lower().replace("-", "_")
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    if word.endswith(("ses", "xes", "ches", "shes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word
