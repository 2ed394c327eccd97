"""The fields that one serializer object has, where that depends on the request.

A mapping like ``Serializer.fields`` (``rest_framework.utils.serializer_helpers.BindingDict``), of names and of what was set on the
field: code that takes fields out or makes them optional reads as it did.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(slots=True)
class FieldOptions:
    """What was set on a field; None where it is as declared. A field that is ``read_only`` is not read from input, one that is
    ``write_only`` not shown."""

    required: bool | None = None
    read_only: bool = False
    write_only: bool = False


class FieldSet(Mapping[str, FieldOptions]):
    """The fields ``names``, in order, until some are taken out.

    ``del`` and ``pop`` raise ``KeyError`` for a name that is not there (any more); going over the names while some are taken out raises
    ``RuntimeError``, as a dict does.
    """

    def __init__(self, *names: str) -> None:
        self._names = names
        self._fields = {name: FieldOptions() for name in names}

    def __getitem__(self, name: str) -> FieldOptions:
        return self._fields[name]

    def __delitem__(self, name: str) -> None:
        del self._fields[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def pop(self, name: str, *default: None) -> FieldOptions | None:
        """Take a field out. With a default a name that is not there is passed over."""
        return self._fields.pop(name, *default)

    @property
    def hidden(self) -> set[str]:
        """The names of the fields that are not shown."""
        return {name for name in self._names if name not in self._fields or self._fields[name].write_only}

    def reads(self, name: str) -> bool:
        """Whether input is looked up for the field ``name``. One that is none of these is always read."""
        if name not in self._names:
            return True
        return name in self._fields and not self._fields[name].read_only

    def required(self, name: str, declared: bool) -> bool:
        """Whether the field must be sent."""
        options = self._fields.get(name)
        return declared if options is None or options.required is None else options.required
