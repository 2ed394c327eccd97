"""``str(instance)`` of models whose ``__str__`` is Django's or a package's: the snapshot says whose, and has no source of it.

Those that give a column are followed; another one is refused, since Django's text for all models (``Note object (1)``) is not it.
"""

from __future__ import annotations

import ast

from segue.snapshot.model import Model
from segue.translate.interp.expressions.attributes import of
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import Scalar
from segue.translate.load.models import field_of

_USER = "django.contrib.auth.base_user.AbstractBaseUser"
_COLUMNS = {
    "django.contrib.auth.models.Group.__str__": "name",
    "django.contrib.sessions.base_session.AbstractBaseSession.__str__": "session_key",
    "django.contrib.sites.models.Site.__str__": "domain",
    "rest_framework.authtoken.models.Token.__str__": "key",
}


def text_of_another(frame: Frame, value: Val, model: Model, node: ast.expr) -> ast.expr:
    """The text of an object whose ``__str__`` (``model.text``) the project has not written. Raises ``Refused`` for one that gives more
    than a column."""
    column = _column(frame, model)
    item = field_of(model, column) if column else None
    if item is not None and not item.null:
        found = of(frame, value, column, node)
        if found.node is not None and isinstance(found.kind, Scalar) and found.kind == Scalar("str"):
            return found.node
    raise frame.refuse("text-of", ast.unparse(node), f"Segue does not follow {model.text}.", node)


def _column(frame: Frame, model: Model) -> str:
    if model.text != f"{_USER}.__str__":
        return _COLUMNS.get(model.text, "")
    # get_username(), which gives the column that USERNAME_FIELD names
    known = frame.ctx.snapshot.classes.get(model.cls)
    if known is None or known.methods.get("get_username") != f"{_USER}.get_username":
        return ""
    named = known.attributes.get("USERNAME_FIELD")
    return named.value.data if named is not None and isinstance(named.value.data, str) else ""


__all__ = ["text_of_another"]
