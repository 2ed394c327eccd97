"""What a test has changed around its requests: patches and settings that are in force."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from typing import Any

# Settings that change nothing of what a translated operation answers.
_HARMLESS = {
    "PASSWORD_HASHERS", "EMAIL_BACKEND", "DEBUG", "ALLOWED_HOSTS", "STORAGES", "STATICFILES_STORAGE", "LOGGING", "CACHES",
    "CELERY_TASK_ALWAYS_EAGER", "CELERY_TASK_EAGER_PROPAGATES", "CELERY_ALWAYS_EAGER", "DEBUG_PROPAGATE_EXCEPTIONS",
    "FIXTURE_DIRS", "TEST_RUNNER", "MEDIA_ROOT", "STATIC_ROOT",
}  # fmt: skip

# Patches that change no answer: Django's own (test cases without ``databases`` may not connect), pytest-mock's, which
# rewrites the assertions of mocks for as long as pytest runs, and pytest's of itself (``tmp_path``). Taken for patches of
# the test, they would excuse every difference.
_OF_TOOLS = ("django.db.backends.base.base", "unittest.mock.", "_pytest.")


class Patch:
    """``owner.attribute`` is ``new`` now and was ``original``. ``owner`` is None for the content of a mapping."""

    def __init__(self, name: str, owner: Any, attribute: str, original: Any, new: Any) -> None:
        self.name, self.owner, self.attribute = name, owner, attribute
        self.original, self.new = original, new


PATCHES: list[Patch] = []
SETTINGS: list[str] = []


def _path(owner: Any) -> str:
    if inspect.ismodule(owner):
        return owner.__name__
    kind = owner if isinstance(owner, type) else type(owner)
    return f"{kind.__module__}.{kind.__qualname__}"


def _static(owner: Any, attribute: str) -> Any:
    return inspect.getattr_static(owner, attribute, None)


def watch_mock() -> None:
    """``mock.patch`` and ``patch.object``, and with them pytest-mock."""
    from unittest import mock

    patch: Any = mock._patch
    enter, leave = patch.__enter__, patch.__exit__

    def __enter__(self: Any) -> Any:
        made = enter(self)
        where = _path(self.target)
        if not where.startswith(_OF_TOOLS):
            name = f"mock.patch({where}.{self.attribute})"
            new = _static(self.target, self.attribute)
            self._segue = Patch(name, self.target, self.attribute, self.temp_original, new)
            PATCHES.append(self._segue)
        return made

    def __exit__(self: Any, *exc: Any) -> Any:
        _forget(self.__dict__.pop("_segue", None))
        return leave(self, *exc)

    patch.__enter__, patch.__exit__ = __enter__, __exit__
    _watch_dict(mock)


def _watch_dict(mock: Any) -> None:
    patch: Any = mock._patch_dict
    put, back = patch._patch_dict, patch._unpatch_dict

    def _patch_dict(self: Any) -> Any:
        given = self.in_dict
        put(self)
        name = (
            given if isinstance(given, str) else "os.environ" if _is_environ(given) else type(given).__name__
        )
        self._segue = Patch(f"mock.patch.dict({name})", None, "", self._original, self.in_dict)
        PATCHES.append(self._segue)

    def _unpatch_dict(self: Any) -> Any:
        _forget(self.__dict__.pop("_segue", None))
        return back(self)

    patch._patch_dict, patch._unpatch_dict = _patch_dict, _unpatch_dict


def _is_environ(mapping: Any) -> bool:
    import os

    return mapping is os.environ


def watch_monkeypatch() -> None:
    """pytest's ``monkeypatch``, where pytest runs the tests."""
    kind: Any = getattr(sys.modules.get("_pytest.monkeypatch"), "MonkeyPatch", None)
    if kind is None:
        return
    undo = kind.undo

    def noted(method: Callable[..., Any]) -> Callable[..., Any]:
        def put(self: Any, target: Any, name: Any, *rest: Any, **options: Any) -> Any:
            before = len(self._setattr)
            made = method(self, target, name, *rest, **options)
            for owner, attribute, original in self._setattr[before:]:
                where = f"{_path(owner)}.{attribute}"
                if not where.startswith(_OF_TOOLS):
                    patch = Patch(
                        f"monkeypatch({where})", owner, attribute, original, _static(owner, attribute)
                    )
                    PATCHES.append(patch)
                    self.__dict__.setdefault("_segue", []).append(patch)
            return made

        return put

    def setitem(self: Any, mapping: Any, name: Any, value: Any) -> Any:
        made = _setitem(self, mapping, name, value)
        place = "os.environ" if _is_environ(mapping) else type(mapping).__name__
        patch = Patch(f"monkeypatch({place}[{name!r}])", None, "", None, mapping)
        PATCHES.append(patch)
        self.__dict__.setdefault("_segue", []).append(patch)
        return made

    _setitem = kind.setitem

    def back(self: Any) -> Any:
        for patch in self.__dict__.pop("_segue", []):
            _forget(patch)
        return undo(self)

    kind.setattr, kind.delattr = noted(kind.setattr), _delattr(kind.delattr)
    kind.setitem, kind.undo = setitem, back


def _delattr(method: Callable[..., Any]) -> Callable[..., Any]:
    def put(self: Any, target: Any, *rest: Any, **options: Any) -> Any:
        before = len(self._setattr)
        made = method(self, target, *rest, **options)
        for owner, attribute, original in self._setattr[before:]:
            patch = Patch(f"monkeypatch({_path(owner)}.{attribute})", owner, attribute, original, None)
            PATCHES.append(patch)
            self.__dict__.setdefault("_segue", []).append(patch)
        return made

    return put


def _forget(patch: Patch | None) -> None:
    # By identity: a patch may compare equal to anything.
    for index, known in enumerate(PATCHES):
        if known is patch:
            del PATCHES[index]
            return


def watch_settings() -> None:
    """``override_settings``, ``modify_settings`` and pytest-django's ``settings``: all send ``setting_changed``."""
    from django.core.signals import setting_changed

    def changed(sender: Any, setting: str, enter: bool, **more: Any) -> None:
        if setting in _HARMLESS:
            return
        if enter:
            SETTINGS.append(setting)
        elif setting in SETTINGS:
            SETTINGS.remove(setting)

    setting_changed.connect(changed, weak=False)
