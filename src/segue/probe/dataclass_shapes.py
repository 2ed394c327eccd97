"""What ``@dataclass`` has made of a class: its fields in their order, and the options that it was given."""

import dataclasses

_OPTIONS = ("init", "repr", "eq", "order", "unsafe_hash", "frozen")


def dataclass_shape(encoder, cls):
    """A ``dict`` value: ``fields`` by name (type, default, factory, init, kw_only, compare), ``options`` by name."""
    fields = {}
    for name, field in cls.__dataclass_fields__.items():
        sort = getattr(field._field_type, "name", "")
        if sort == "_FIELD_CLASSVAR":
            continue
        entry = {
            "type": field.type if isinstance(field.type, str) else _said(field.type),
            "init": field.init,
            "kw_only": getattr(field, "kw_only", False) is True,
            "compare": field.compare,
            "plain": sort == "_FIELD" and not field.metadata,
        }
        if field.default is not dataclasses.MISSING:
            entry["default"] = field.default
        if field.default_factory is not dataclasses.MISSING:
            made = field.default_factory
            entry["factory"] = made.__name__ if made in (list, dict, set) else ""
        fields[name] = entry
    params = cls.__dataclass_params__
    options = {name: getattr(params, name) for name in _OPTIONS}
    return encoder.encode({"fields": fields, "options": options})


def _said(kind):
    """``int``, ``Optional[str]`` as text; other things by what Python shows of them."""
    return kind.__qualname__ if isinstance(kind, type) and not getattr(kind, "__args__", None) else str(kind)
