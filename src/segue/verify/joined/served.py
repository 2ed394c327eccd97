"""What a test has changed around the request: patches, settings; and the rows before it."""

from __future__ import annotations

from typing import Any

from .effects import Tables

PATCHES: list[str] = []
SETTINGS: list[str] = []
# Settings that change nothing of what a translated operation answers.
_HARMLESS = {
    "PASSWORD_HASHERS", "EMAIL_BACKEND", "DEBUG", "ALLOWED_HOSTS", "STORAGES", "STATICFILES_STORAGE", "LOGGING", "CACHES",
    "CELERY_TASK_ALWAYS_EAGER", "CELERY_TASK_EAGER_PROPAGATES", "CELERY_ALWAYS_EAGER", "DEBUG_PROPAGATE_EXCEPTIONS",
    "FIXTURE_DIRS", "TEST_RUNNER",
}  # fmt: skip

# Django's own: test cases without ``databases`` may not connect.
_OF_DJANGO = "django.db.backends.base.base.ensure_connection"


def watch_patches() -> None:
    """Keep the names of ``mock.patch`` that are in force in :data:`PATCHES`."""
    from unittest import mock

    patch: Any = mock._patch
    enter, leave = patch.__enter__, patch.__exit__

    def name_of(self: Any) -> str:
        target = self.target
        return f"{getattr(target, '__module__', '') or getattr(target, '__name__', '')}.{self.attribute}"

    def __enter__(self: Any) -> Any:
        made = enter(self)
        name = name_of(self)
        if name == _OF_DJANGO:
            return made
        self._segue_name = name
        PATCHES.append(self._segue_name)
        return made

    def __exit__(self: Any, *exc: Any) -> Any:
        name = self.__dict__.pop("_segue_name", None)
        if name in PATCHES:
            PATCHES.remove(name)
        return leave(self, *exc)

    patch.__enter__, patch.__exit__ = __enter__, __exit__


def watch_settings() -> None:
    """Keep the names of overridden settings in :data:`SETTINGS`."""
    from django.core.signals import setting_changed

    def changed(sender: Any, setting: str, enter: bool, **more: Any) -> None:
        if setting in _HARMLESS:
            return
        if enter:
            SETTINGS.append(setting)
        elif setting in SETTINGS:
            SETTINGS.remove(setting)

    setting_changed.connect(changed, weak=False)


def circumstances() -> list[str]:
    """What is not as the translation knew it."""
    return [f"mock.patch({name})" for name in dict.fromkeys(PATCHES)] + [
        f"override_settings({name})" for name in dict.fromkeys(SETTINGS)
    ]


class Watch:
    """Rows before a write, and what it changed."""

    def __init__(self, method: str) -> None:
        self.tables = Tables() if method not in ("GET", "HEAD", "OPTIONS") else None
        if self.tables is not None:
            self.tables.remember_all()

    def changes(self, statements: list[str] | None) -> dict[str, Any]:
        """What changed; ``None`` looks at every table."""
        return {} if self.tables is None else self.tables.changes(statements)
