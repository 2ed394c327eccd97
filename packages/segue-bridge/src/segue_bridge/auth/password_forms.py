"""``django.contrib.auth.forms.SetPasswordForm``, as code of APIs uses it: a new password, twice, for a user."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

from segue_bridge.errors import Invalid
from segue_bridge.translation import gettext as _

Person = TypeVar("Person")


class NewPassword(Generic[Person]):
    """``data`` has ``new_password1`` and ``new_password2``: texts that a serializer has checked, or that are not there in a
    partial update. ``errors`` are the form's, by field::

        form = NewPassword(user, data)
        if form.is_alike():
            with form.checking():
                check_new_password(form.password, user)
    """

    def __init__(self, user: Person, data: Mapping[str, Any]) -> None:
        self.user = user
        self.password: str = data.get("new_password2", "")
        self.errors: dict[str, list[str]] = {}
        self._first: str = data.get("new_password1", "")

    @property
    def accepted(self) -> bool:
        """Whether nothing was wrong with it."""
        return not self.errors

    def is_alike(self) -> bool:
        """Whether the second is there and is the first, if that is there; else that is the error. Empty is not there."""
        for name, text in (("new_password1", self._first), ("new_password2", self.password)):
            if not text:
                self.errors[name] = [_("This field is required.")]
        if self._first and self.password and self._first != self.password:
            self.errors["new_password2"] = [_("The two password fields didn’t match.")]
        return "new_password2" not in self.errors

    @contextmanager
    def checking(self) -> Iterator[None]:
        """What the password's rules say is the error of the second field."""
        try:
            yield
        except Invalid as error:
            self.errors["new_password2"] = list(error.messages)
