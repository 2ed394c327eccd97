"""A serializer as DRF alone makes it, before the ``__init__`` and ``get_fields`` of the project have changed its fields.

What these do may depend on who asks; the fields that an object has when the probe makes it are those of one case.
"""


def is_touched(cls):
    """Whether a class of the project's makes or changes the fields of ``cls`` in ``__init__`` or ``get_fields``."""
    return any(
        name in vars(base)
        for base in cls.__mro__
        if base is not object and not base.__module__.startswith("rest_framework.")
        for name in ("__init__", "get_fields")
    )


def untouched(cls):
    """``(serializer, fields)`` of a ``cls`` that only DRF's own constructor and ``get_fields`` have been asked for.

    Source: ``rest_framework.serializers.Serializer.fields``. What either raises is the caller's.
    """
    from rest_framework.serializers import BaseSerializer
    from rest_framework.utils.serializer_helpers import BindingDict

    made = cls.__new__(cls)
    BaseSerializer.__init__(made)
    own = next(
        base.get_fields
        for base in cls.__mro__
        if base.__module__.startswith("rest_framework.") and "get_fields" in vars(base)
    )
    fields = BindingDict(made)
    for name, field in own(made).items():
        fields[name] = field
    made.__dict__["fields"] = fields
    return made, dict(fields.items())
