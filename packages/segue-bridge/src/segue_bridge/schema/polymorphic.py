"""Input that names the class of the object that it describes, as django-rest-polymorphic reads it.

Source: ``rest_polymorphic.serializers.PolymorphicSerializer``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from segue_bridge.db.base import Base
from segue_bridge.errors import Unserved, ValidationError

E = TypeVar("E", bound=Base)


def resource_type(
    data: object,
    field: str,
    types: Sequence[type[Base]],
    instance: Base | None = None,
    *,
    partial: bool = False,
) -> str:
    """The name of the class that ``data`` is about: one of ``types``, by ``data[field]``; for a partial update that of
    ``instance``.

    Raises :class:`~segue_bridge.errors.ValidationError` where ``data`` names none, ``TypeError`` where it is no mapping,
    and :class:`~segue_bridge.errors.Unserved` for a whole update by another class than the instance's, which sets what
    the instance has no columns for.
    """
    if partial and instance is not None:
        return type(instance).__segue__.name
    known: Mapping[object, type[Base]] = {cls.__segue__.name: cls for cls in types}
    try:
        named = data[field]  # type: ignore[index]
    except KeyError:
        raise ValidationError({field: "This field is required"}) from None
    found = known.get(named)
    if found is None:
        raise invalid_type(field)
    if instance is not None and not isinstance(instance, found):
        raise Unserved(f"{field} is not that of the object")
    return found.__segue__.name


def invalid_type(field: str) -> ValidationError:
    """The error of a class that has no serializer."""
    return ValidationError({field: f"Invalid {field}"})


def of_class(instance: Base | None, cls: type[E]) -> E | None:
    """``instance`` as one of ``cls``, which :func:`resource_type` found. Raises ``TypeError`` for any other."""
    if instance is not None and not isinstance(instance, cls):
        raise TypeError(f"{instance!r} is no {cls.__name__}.")
    return instance
