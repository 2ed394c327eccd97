"""Serializers that are fields of others and not what their class alone makes: ``X(many=True, fields=("id", "name"))``.

Which fields such an object has is its own affair (the mixin of DRF's documentation, drf-flex-fields). It is told like a class that
inherits from its class and adds nothing: under ``X#2``, with the fields of the object.
"""

import contextlib

# What DRF's constructors take themselves, ``context`` apart (Field, BaseSerializer, ListSerializer)
_OF_DRF = {
    "allow_empty",
    "allow_null",
    "child",
    "data",
    "default",
    "error_messages",
    "help_text",
    "initial",
    "instance",
    "label",
    "many",
    "max_length",
    "min_length",
    "partial",
    "read_only",
    "required",
    "source",
    "style",
    "validators",
    "write_only",
}
# What decides which fields there are
_DRIVERS = (
    "__init__",
    "__new__",
    "__deepcopy__",
    "get_fields",
    "fields",
    "_readable_fields",
    "_writable_fields",
    "get_field_names",
    "get_extra_kwargs",
    "include_extra_kwargs",
    "build_field",
    "bind",
)


class Nested:
    """Names for the serializers in others; those that differ from their class are described, too."""

    def __init__(self, kitchen):
        self.kitchen = kitchen
        self._variants = {}  # name of the class → keys of the objects that differ from it
        self._under_way = []

    def key(self, serializer, owner, where):
        """Under which name ``serializer``, a field of an ``owner`` that stands at ``where``, is described."""
        cls = type(serializer)
        kitchen = self.kitchen
        name = kitchen.use(cls)
        if not hasattr(cls, "_declared_fields") or not (drives(cls) or drives(owner)):
            return name  # then it has the fields of its class, and DRF takes no further arguments
        given = arguments(serializer)
        if name in self._under_way:  # it is a field of itself
            return self._variant(name, self._endless(name, where, given)) if given else name
        plain = kitchen.told(cls)
        with self.under_way(name):
            told = kitchen.describe_object(serializer, where)
        told["arguments"] = given
        if not given and _same(plain, told):
            return name
        return self._variant(name, told)

    @contextlib.contextmanager
    def under_way(self, name):
        """While the class ``name`` is described."""
        self._under_way.append(name)
        try:
            yield
        finally:
            self._under_way.pop()

    def add_classes(self, classes):
        """Put the classes that the variants stand for among ``classes``."""
        for name, keys in self._variants.items():
            if name in classes:
                for key in keys:
                    classes[key] = dict(classes[name], name=key, mro=[key, *classes[name]["mro"]])

    def _variant(self, name, told):
        keys = self._variants.setdefault(name, [])
        result = self.kitchen.result
        for key in keys:
            if _same(result[key], told) and result[key]["arguments"] == told["arguments"]:
                return key
        key = self.kitchen.c.names.further(name)
        keys.append(key)
        result[key] = dict(told, name=key)
        return key

    def _endless(self, name, where, given):
        error = "it is a field of itself, made with arguments (%s)" % ", ".join(given)
        return {
            "name": name,
            "where": where,
            "fields": [],
            "model": "",
            "validators": [],
            "meta": {},
            "error": error,
            "arguments": given,
        }


def arguments(serializer):
    """What its constructor was given that is not DRF's. ``context`` counts: a nested serializer's is its root's otherwise."""
    return sorted(set(getattr(serializer, "_kwargs", {})) - _OF_DRF)


def drives(cls):
    """Whether any class that is not DRF's has a say in which fields there are."""
    return any(
        name in vars(base)
        for base in cls.__mro__
        if base is not object and not base.__module__.startswith("rest_framework.")
        for name in _DRIVERS
    )


def _same(one, other):
    return all(one[key] == other[key] for key in ("fields", "validators", "error"))
