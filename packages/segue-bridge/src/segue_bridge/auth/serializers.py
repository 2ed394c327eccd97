"""How signed data is written: ``SESSION_SERIALIZER`` and the serializers of ``django.core.signing``."""

from __future__ import annotations

import json
from typing import Any, Protocol

from segue_bridge.cache import values


class Serializer(Protocol):
    """Data to bytes and back. Reading broken content raises ``ValueError``."""

    def dumps(self, value: Any) -> bytes:
        """``value`` as bytes."""

    def loads(self, content: bytes) -> Any:
        """The value of those bytes."""


class JSONSerializer:
    """``django.core.signing.JSONSerializer``, also ``django.contrib.sessions.serializers.JSONSerializer``."""

    def dumps(self, value: Any) -> bytes:
        return json.dumps(value, separators=(",", ":")).encode("latin-1")

    def loads(self, content: bytes) -> Any:
        return json.loads(content.decode("latin-1"))


class PickleSerializer:
    """``django.contrib.sessions.serializers.PickleSerializer`` (Django before 5.0, or a class of the project's like it).

    Nothing reads pickles unless this class is named in the settings of the sessions. Reading knows plain classes only
    (:mod:`segue_bridge.cache.values`) and raises :class:`~segue_bridge.cache.values.NotPlain` for any other, so that who
    knows the secret key still cannot run code here.
    """

    def dumps(self, value: Any) -> bytes:
        return values.dumps(value)

    def loads(self, content: bytes) -> Any:
        try:
            return values.loads(content)
        except values.NotPlain:
            raise
        except Exception as error:  # a broken pickle raises almost anything
            raise ValueError("the pickled content is broken") from error


JSON = JSONSerializer()
