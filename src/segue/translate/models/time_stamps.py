"""``TimeStampedModel`` of django-extensions and of django-model-utils.

django-extensions has a switch on the object that keeps ``modified`` from being set: ``save(update_modified=False)`` notes it, and
``ModificationDateTimeField.pre_save`` asks for it. Where nothing of the project names the switch, both do what Django's own do
(``django_extensions.db.models``, ``django_extensions.db.fields``).

``AutoLastModifiedField`` of django-model-utils is ``auto_now`` but for a new row, which gets the moment that its first
``AutoCreatedField`` has, or the value that was given (``model_utils.fields``).
"""

from __future__ import annotations

import ast
import textwrap

from segue.snapshot.model import Function, Model, ModelField, Snapshot
from segue.translate.context import Context
from segue.translate.versions import since

_SWITCH = "update_modified"
_PACKAGE = "django_extensions.db."
_SAVE = f"{_PACKAGE}models.TimeStampedModel.save"
_SAVES = """
self.update_modified = kwargs.pop("update_modified", getattr(self, "update_modified", True))
super().save(**kwargs)
"""
_PRE_SAVE = f"{_PACKAGE}fields.ModificationDateTimeField.pre_save"
_PRE_SAVES = """
if not getattr(model_instance, "update_modified", True):
    return getattr(model_instance, self.attname)
return super().pre_save(model_instance, add)
"""


def keeps_a_switch(ctx: Context, function: Function) -> bool:
    """Whether it is that ``save``, and the switch is never used."""
    return function.name == _SAVE and _says(function, _SAVES) and not _is_used(ctx.snapshot)


def asks_for_it(snapshot: Snapshot, function: Function) -> bool:
    """Whether it is that ``pre_save``, and the switch is never used."""
    return function.name == _PRE_SAVE and _says(function, _PRE_SAVES) and not _is_used(snapshot)


def _says(function: Function, text: str) -> bool:
    """Whether the function's statements are those, as the release that is known has them."""
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    body = tree.body if isinstance(tree, ast.FunctionDef) and not tree.decorator_list else []
    if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:]
    return [ast.dump(s) for s in body] == [ast.dump(s) for s in ast.parse(text).body]


_CREATED = "model_utils.fields.AutoCreatedField"
_MODIFIED = "model_utils.fields.AutoLastModifiedField"


def follows(snapshot: Snapshot, field: ModelField, dotted: str) -> bool:
    """Whether the method is one of ``AutoLastModifiedField``, which :func:`created_of` accounts for."""
    ours = dotted in (f"{_MODIFIED}.pre_save", f"{_MODIFIED}.get_default")
    release = snapshot.versions.packages.get("django-model-utils", "")
    return (
        ours
        and since(release or "0", 5)
        and field.auto_now
        and field.default.name == "django.utils.timezone.now"
    )


def created_of(snapshot: Snapshot, model: Model, field: ModelField) -> str | None:
    """The attribute of whose moment a new row takes for ``field``; None for other fields, '' where that is not known."""
    known = snapshot.classes.get(field.cls)
    if known is None or _MODIFIED not in known.mro:
        return None
    for other in model.fields:
        seen = snapshot.classes.get(other.cls)
        if seen is not None and _CREATED in seen.mro:
            plain = other.cls == _CREATED and other.default.name == "django.utils.timezone.now"
            return other.attname if plain and not any(model.parents.values()) else ""
    return ""


def _is_used(snapshot: Snapshot) -> bool:
    """Whether anything outside of the package names it."""
    if any(_SWITCH in f.source and not f.name.startswith(_PACKAGE) for f in snapshot.functions.values()):
        return True
    named = (name for known in snapshot.classes.values() for name in (*known.attributes, *known.methods))
    fields = (f.name for model in snapshot.models.values() for f in model.fields)
    return _SWITCH in {*named, *fields}


__all__ = ["asks_for_it", "created_of", "follows", "keeps_a_switch"]
