"""Credentials for authentication classes of the project's own, found by asking the class itself.

Its code names the headers and cookies that it reads, the words before a key, and the models that it looks keys up in. What
is put together of these is tried on Django, until the class knows the user.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from typing import Any

from django.db import models, transaction

Header = tuple[str, str]
_META = re.compile(r"HTTP_[A-Z][A-Z_]*\Z")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*\Z")
_MOST = 120  # tries for one user


def headers_of(authenticator: Any, user: Any) -> list[Header]:
    """Headers by which ``authenticator`` finds ``user``; [] where none of those tried does."""
    code = _Code(type(authenticator))
    for tried, (header, value) in enumerate(_candidates(code, user)):
        if tried >= _MOST:
            break
        if _finds(authenticator, user, [(header, value)]):
            return [(header, value)]
    return []


def bad_headers(authenticator: Any) -> list[tuple[str, list[Header]]]:
    """The headers that it reads, with nonsense in them."""
    code = _Code(type(authenticator))
    out: list[tuple[str, list[Header]]] = []
    for header in code.headers[:2]:
        out.append((f"nonsense in {header}", [(header, "nonsense")]))
        for word in code.words[:2]:
            out += [
                (f"{header} with {word} and nonsense", [(header, f"{word} nonsense")]),
                (f"{header} with {word} alone", [(header, word)]),
                (f"{header} with {word} and two words", [(header, f"{word} a b")]),
            ]
    return out


class _Code:
    """What the project's methods of an authentication class mention, and the functions that they call in its module."""

    def __init__(self, cls: type) -> None:
        self.headers: list[str] = []
        self.cookies: list[str] = []
        self.words: list[str] = []
        self.models: list[type[models.Model]] = []
        self._seen: set[Any] = set()
        for base in cls.__mro__:
            for name, value in vars(base).items():
                if not base.__module__.startswith(("rest_framework.", "builtins")):
                    self._value(value)
                    self._attribute(name, value)
        self._attribute("keyword", getattr(cls, "keyword", None))
        if "Authorization" not in self.headers:
            self.headers.append("Authorization")

    def _attribute(self, name: str, value: Any) -> None:
        if name.startswith("__"):
            return
        for item in value if isinstance(value, (list, tuple, set)) else [value]:
            text = item.decode("latin-1") if isinstance(item, bytes) else item
            if isinstance(text, str):
                self._text(text)

    def _value(self, value: Any) -> None:
        if isinstance(value, type) and issubclass(value, models.Model) and value not in self.models:
            self.models.append(value)
        function = getattr(value, "__func__", value)
        code = getattr(function, "__code__", None)
        if code is None or code in self._seen:
            return
        self._seen.add(code)
        for constant in _constants(code):
            self._text(constant)
        for name in code.co_names:
            if name in function.__globals__:
                found = function.__globals__[name]
                if getattr(found, "__module__", "").partition(".")[0] not in ("rest_framework", "django"):
                    self._value(found)

    def _text(self, text: str) -> None:
        text = text.strip()
        if _META.match(text):
            self._keep(self.headers, text[5:].replace("_", "-").title())
        elif _NAME.match(text) and len(text) < 30:
            self._keep(self.words, text)
            self._keep(self.cookies, text)
            if "-" in text:
                self._keep(self.headers, text)

    @staticmethod
    def _keep(into: list[str], text: str) -> None:
        if text not in into:
            into.append(text)


def _constants(code: Any) -> Iterator[str]:
    for constant in code.co_consts:
        if isinstance(constant, str) and constant is not code.co_consts[0]:
            yield constant
        elif isinstance(constant, bytes):
            yield constant.decode("latin-1")
        elif hasattr(constant, "co_consts"):
            yield from _constants(constant)


def _candidates(code: _Code, user: Any) -> Iterator[Header]:
    values = [value for model in code.models for value in _values(model, user)]
    for value in dict.fromkeys(values):
        for header in code.headers:
            yield header, value
            for word in code.words:
                yield header, f"{word} {value}"
        for cookie in code.cookies:
            yield "Cookie", f"{cookie}={value}"


def _values(model: type[models.Model], user: Any) -> list[str]:
    """What a row of the user's holds that could be a key; the row is made where there is none."""
    from .seeding import instance

    if isinstance(user, model):
        row: Any = user
    else:
        link = next((f for f in model._meta.concrete_fields if f.related_model is type(user)), None)
        if link is None:
            return []
        row = model._base_manager.filter(**{link.name: user}).order_by("pk").first()
        if row is None:
            try:
                with transaction.atomic():
                    row = instance(model, 70 + model._base_manager.count(), {link.name: user})
            except Exception:  # noqa: BLE001 - a model we cannot fill: no such credential
                return []
    if row is not user:
        _allow(row)
    found = []
    for field in model._meta.concrete_fields:
        value = getattr(row, field.attname, None)
        if not isinstance(field, (models.CharField, models.TextField, models.UUIDField)) or not value:
            continue
        if len(str(value).split()) > 1 and _rewrite(row, field):
            value = getattr(row, field.attname)
        found.append(str(value))
    return found


def _allow(row: Any) -> None:
    """Let a credential reach as much as one may: no end, all rows of its relations, and every name that stands beside its model.

    A column of JSON that is an empty dict by default is taken for rights by name: ``ENDPOINTS`` of the model's module are the keys
    of ``endpoints``, and all other texts of its constants the rights.
    """
    model = type(row)
    for field in model._meta.many_to_many:
        if field.remote_field.through._meta.auto_created:
            getattr(row, field.name).set(field.related_model._base_manager.order_by("pk")[:50])
    changed: dict[str, Any] = {
        f.attname: None for f in model._meta.concrete_fields if f.null and isinstance(f, models.DateTimeField)
    }
    constants = {k: v for k, v in vars(sys.modules[model.__module__]).items() if k.isupper()}
    for field in model._meta.concrete_fields:
        keys = constants.get(field.name.upper())
        if not isinstance(field, models.JSONField) or field.default is not dict or not _is_names(keys):
            continue
        rights = sorted({n for k, v in constants.items() if v is not keys and _is_names(v) for n in v})
        changed[field.attname] = dict.fromkeys(list(keys or ()), rights)
    for name, value in changed.items():
        setattr(row, name, value)
    if changed:
        model._base_manager.filter(pk=row.pk).update(**changed)


def _is_names(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and bool(value) and all(isinstance(v, str) for v in value)


def _rewrite(row: Any, field: Any) -> bool:
    """Sample data has words in it, which a header splits at the blank: such a text becomes one word."""
    if field.choices:
        return False
    text = "".join(str(getattr(row, field.attname)).split())
    try:
        with transaction.atomic():
            type(row)._base_manager.filter(pk=row.pk).update(**{field.attname: text})
    except Exception:  # noqa: BLE001 - another row has it
        return False
    setattr(row, field.attname, text)
    return True


def _finds(authenticator: Any, user: Any, headers: list[Header]) -> bool:
    from rest_framework.request import Request
    from rest_framework.test import APIRequestFactory

    meta = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers}
    try:
        with transaction.atomic():
            found = authenticator.authenticate(Request(APIRequestFactory().get("/", **meta)))
            transaction.set_rollback(True)
    except Exception:  # noqa: BLE001 - not this one
        return False
    return bool(found) and getattr(found[0], "pk", None) == user.pk
