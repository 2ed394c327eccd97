"""What is written about recorded traffic without what must not be told.

Values of fields whose names say so, credentials of the recording wherever they occur, and e-mail addresses. Equal
values become equal words, so that a difference stays one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl, urlencode

_FIELD = re.compile(
    r"passw|secret|token|authoriz|cookie|api.?key|session|csrf|xsrf|otp|credential|signature|private|e.?mail", re.IGNORECASE
)  # fmt: skip
_MAIL = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
_SHORTEST = 6  # shorter values occur by chance, and tell nothing
_MOST = 50_000


class Redactor:
    """``fields`` are more names of fields (whole names, any case)."""

    def __init__(self, fields: Iterable[str] = ()) -> None:
        self._fields = {name.lower() for name in fields}
        self._words: dict[str, str] = {}
        self._secrets: dict[str, None] = {}
        self._pattern: re.Pattern[str] | None = None

    def secret(self, text: str) -> None:
        """A credential: it is redacted wherever it occurs."""
        if len(text) >= _SHORTEST and text not in self._secrets and len(self._secrets) < _MOST:
            self._secrets[text] = None
            self._pattern = None

    def learn(self, value: Any, name: str = "") -> None:
        """Note the values of fields that must not be told, wherever they are in ``value``."""
        if isinstance(value, dict):
            for key, item in value.items():
                self.learn(item, str(key))
        elif isinstance(value, list | tuple):
            for item in value:
                self.learn(item, name)
        elif name and self.private(name) and isinstance(value, str):
            self.secret(value)

    def value(self, value: Any, name: str = "") -> Any:
        """``value`` as it may be written."""
        if isinstance(value, dict):
            return {self.text(str(k)): self.value(v, str(k)) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(v, name) for v in value]
        if name and self.private(name) and value not in (None, "", True, False):
            return self._word(f"{type(value).__name__}:{value}", "redacted")
        return self.text(value) if isinstance(value, str) else value

    def text(self, text: str) -> str:
        """``text`` without credentials and addresses."""
        if self._secrets:
            if self._pattern is None:
                longest = sorted(self._secrets, key=len, reverse=True)
                self._pattern = re.compile("|".join(re.escape(s) for s in longest))
            text = self._pattern.sub(lambda found: self._word(found[0], "redacted"), text)
        return _MAIL.sub(lambda found: self._word(found[0], "mail"), text)

    def body(self, text: str, kind: str) -> str:
        """A request's body: JSON and forms by their fields; of anything else only how long it is."""
        if not text:
            return ""
        try:
            return json.dumps(self.value(json.loads(text)), ensure_ascii=False)
        except ValueError:
            pass
        if kind.startswith("application/x-www-form-urlencoded"):
            return self.query(text)
        return f"({len(text)} characters)"

    def query(self, text: str) -> str:
        """A query string or form."""
        pairs = parse_qsl(text, keep_blank_values=True)
        return urlencode([(k, self.value(v, k)) for k, v in pairs]) if pairs else self.text(text)

    def private(self, name: str) -> bool:
        """Whether the values of fields with this name must not be told."""
        return name.lower() in self._fields or bool(_FIELD.search(name))

    def _word(self, value: str, kind: str) -> str:
        if value not in self._words:
            if len(self._words) >= _MOST:
                return f"<{kind}>"
            self._words[value] = f"<{kind} {len(self._words) + 1}>"
        return self._words[value]


def redacted(found: dict[str, Any], by: Redactor) -> dict[str, Any]:
    """One difference (``outcome.as_found``) as it may be written."""
    kind = next((v for k, v in found["headers"] if k.lower() == "content-type"), "")
    return {
        **found,
        "path": by.text(found["path"]),
        "query": by.query(found["query"]),
        "headers": [[k, by.value(v, k)] for k, v in found["headers"]],
        "body": by.body(found["body"], kind),
        "django": by.value(found["django"]),
        "fastapi": by.value(found["fastapi"]),
        "errors": [by.text(text) for text in found["errors"]],
        "differences": [
            [by.text(p), by.value(a, _last(p)), by.value(b, _last(p)), *rest]
            for p, a, b, *rest in found["differences"]
        ],
    }


def _last(path: str) -> str:
    """The name of the field that a path ends at: ``body.user.email`` → ``email``; an index belongs to its list."""
    return re.sub(r"\[\d+\]", "", path).rpartition(".")[2]
