"""Python values as JSON: the ``Value`` of the snapshot.

Instances become ``call`` values: ``name`` is the class, ``items`` the positional arguments
where the class remembers them (Django's ``deconstructible``), ``pairs`` keyword arguments or
the attributes that decide what the instance does.
"""

import datetime
import decimal
import enum
import functools
import inspect
import re
import types
import uuid

from . import languages

CREDENTIALS = re.compile(r"://[^/\s@]*:[^/\s@]*@")
# The key of a cache (``USERS_CACHE_KEY``) is no secret.
SECRET_NAME = re.compile(
    r"SECRET|TOKEN|PASSW|PWD|DSN|CREDENTIAL|SALT|PRIVATE|SIGNING|VERIFYING|^KEY|(?<!CACHE)_KEY|(?<!CACHE_)KEY($|_)",
    re.IGNORECASE,
)
MAX_DEPTH = 8
_PLAIN_STATE = 40


def const(value):
    """A ``const`` value."""
    return {"kind": "const", "data": value}


def opaque(value):
    """Something that JSON cannot carry: its type only, since a repr might show data."""
    kind = value if inspect.isclass(value) else type(value)
    return {"kind": "opaque", "data": "<%s.%s>" % (kind.__module__, kind.__qualname__)}


EMPTY = {"kind": "empty"}
# Longer bytes are data, not a default.
_SHORT_BYTES = 256


class Encoder:
    """Encodes values; classes and functions met are told to ``meet``."""

    def __init__(self, names, meet_class, meet_function):
        self.names = names
        self.meet_class = meet_class
        self.meet_function = meet_function
        self._special = {}

    def pairs(self, mapping, depth=0):
        """``pairs`` of a mapping with text keys, in its order."""
        return [[const(str(key)), self.encode(value, depth + 1)] for key, value in mapping.items()]

    def call(self, cls, items=(), pairs=None, depth=0):
        """A ``call`` of ``cls`` (a class or dotted name)."""
        if inspect.isclass(cls):
            self.meet_class(cls)
            cls = self.names.cls(cls)
        value = {"kind": "call", "name": cls}
        if items:
            value["items"] = [self.encode(item, depth + 1) for item in items]
        if pairs:
            value["pairs"] = self.pairs(pairs, depth)
        return value

    def encode(self, value, depth=0):
        """The JSON form of any value."""
        try:
            return self._encode(value, depth)
        except RecursionError:
            return opaque(value)
        except Exception:
            return opaque(value)

    def _encode(self, value, depth):
        if value is None or value is True or value is False:
            return const(value)
        if isinstance(value, enum.Enum):
            return self._enum(value, depth)
        if isinstance(value, int):
            return const(int(value))
        if isinstance(value, float):
            if value != value or value in (float("inf"), float("-inf")):
                return {"kind": "call", "name": "builtins.float", "items": [const(str(value))]}
            return const(float(value))
        if _is_lazy(value):
            return self._lazy(value, depth)
        if isinstance(value, str):
            if CREDENTIALS.search(value):
                return {"kind": "opaque", "data": "<address with credentials>"}
            return const(str(value))
        if type(value) is bytes and len(value) <= _SHORT_BYTES:
            return {"kind": "bytes", "data": value.hex()}
        simple = _simple(value)
        if simple is not None:
            return simple
        if depth > MAX_DEPTH:
            return opaque(value)
        if isinstance(value, dict):
            return {
                "kind": "dict",
                "pairs": [[self.encode(k, depth + 1), self.encode(v, depth + 1)] for k, v in value.items()],
            }
        if isinstance(value, (list, tuple, set, frozenset)) or type(value).__name__ in (
            "dict_keys",
            "dict_values",
        ):
            return self._sequence(value, depth)
        return self._object(value, depth)

    def lazy(self, value):
        """A text that depends on the language; None for any other."""
        if not _is_lazy(value):
            return None
        found = self.encode(value)
        return found if found["kind"] == "lazy" else None

    def _lazy(self, value, depth):
        """The text as it is now, and the call that makes it: its function (``name``) and arguments.

        A text that every language says as the source does is a constant.
        """
        if type(value).__name__ == "lazy_format":  # rest_framework.utils.formatting
            name, items, pairs = "lazy_format", (value.format_string, *value.args), value.kwargs
        else:
            rest = value.__reduce__()[1]
            name = "%s.%s" % (rest[0].__module__, rest[0].__qualname__)
            if isinstance(rest[1], type):  # ngettext_lazy: _lazy_number_unpickle(func, resultclass, kwargs)
                items, pairs = (), rest[2]
            else:
                items, pairs = rest[1], rest[2]
        if name.startswith("django.utils.translation.") and not pairs and not languages.vary():
            return const(str(value))
        try:
            text = str(value)
        except KeyError:  # ngettext_lazy with a number that is named
            text = str(pairs.get("singular", ""))
        found = {"kind": "lazy", "data": text}
        if depth <= MAX_DEPTH:
            found["name"] = name
            if items:
                found["items"] = [self.encode(item, depth + 1) for item in items]
            if pairs:
                found["pairs"] = self.pairs(pairs, depth)
        return found

    def _sequence(self, value, depth):
        if isinstance(value, (set, frozenset)):
            items = sorted((self.encode(item, depth + 1) for item in value), key=repr)
            return {"kind": "set", "items": items}
        kind = "tuple" if isinstance(value, tuple) else "list"
        return {"kind": kind, "items": [self.encode(item, depth + 1) for item in value]}

    def _enum(self, value, depth):
        if isinstance(value, (str, int)):
            plain = value.value
            found = const(plain if isinstance(plain, (str, int)) else str(plain))
            told, filled = str(value), format(value)
            if (told, filled) != (str(found["data"]), str(found["data"])):
                found.update(name=told, items=[const(filled)])
            return found
        return self.call(type(value), [value.value], depth=depth)

    def _object(self, value, depth):
        if inspect.isclass(value):
            self.meet_class(value)
            return {"kind": "ref", "name": self.names.cls(value)}
        if isinstance(value, types.ModuleType):
            return {"kind": "ref", "name": value.__name__}
        if isinstance(value, types.FunctionType):
            return {"kind": "ref", "name": self.meet_function(value)}
        if isinstance(value, types.MethodType):
            return {"kind": "ref", "name": "%s.%s" % (self._owner(value.__self__), value.__name__)}
        if isinstance(value, (types.BuiltinFunctionType, types.BuiltinMethodType)):
            module = value.__module__ or "builtins"
            return {"kind": "ref", "name": "%s.%s" % (module, value.__qualname__)}
        if isinstance(value, functools.partial):
            return self.call("functools.partial", (value.func, *value.args), value.keywords, depth)
        found = _framework_instance(self, value, depth)
        if found is not None:
            return found
        return self._instance(value, depth)

    def _owner(self, owner):
        if inspect.isclass(owner):
            self.meet_class(owner)
            return self.names.cls(owner)
        self.meet_class(type(owner))
        return self.names.cls(type(owner))

    def _instance(self, value, depth):
        cls = type(value)
        made = getattr(value, "_constructor_args", None)
        if isinstance(made, tuple) and len(made) == 2:
            return self.call(cls, made[0], made[1], depth)
        state = getattr(value, "__dict__", None)
        if cls.__module__ == "builtins":
            return opaque(value)
        if (cls.__module__, cls.__name__) == ("zoneinfo", "ZoneInfo"):
            return self.call("zoneinfo.ZoneInfo", [value.key], depth=depth)
        if cls is datetime.timezone:
            return self.call("datetime.timezone", [value.utcoffset(None)], depth=depth)
        if isinstance(state, dict) and len(state) <= _PLAIN_STATE and depth < 4:
            plain = {k: v for k, v in state.items() if not k.startswith("_") and not SECRET_NAME.search(k)}
            return self.call(cls, (), plain, depth + 2)
        return self.call(cls)


def _is_lazy(value):
    for cls in type(value).__mro__:
        if cls.__name__ == "Promise" and cls.__module__ == "django.utils.functional":
            return True
        if cls.__name__ == "lazy_format" and cls.__module__ == "rest_framework.utils.formatting":
            return True
    return False


def _simple(value):
    if isinstance(value, decimal.Decimal):
        return {"kind": "decimal", "data": str(value)}
    if isinstance(value, datetime.datetime):
        return {"kind": "datetime", "data": value.isoformat()}
    if isinstance(value, datetime.date):
        return {"kind": "date", "data": value.isoformat()}
    if isinstance(value, datetime.time):
        return {"kind": "time", "data": value.isoformat()}
    if isinstance(value, datetime.timedelta):
        # microseconds as text: exact, and read with one int()
        total = (value.days * 86400 + value.seconds) * 1000000 + value.microseconds
        return {"kind": "timedelta", "data": str(total)}
    if isinstance(value, uuid.UUID):
        return {"kind": "uuid", "data": str(value)}
    if isinstance(value, re.Pattern):
        if isinstance(value.pattern, bytes):
            return opaque(value)
        return {"kind": "regex", "data": value.pattern, "pairs": [[const("flags"), const(int(value.flags))]]}
    if type(value).__module__ == "rest_framework.fields" and type(value).__name__ == "empty":
        return dict(EMPTY)
    if isinstance(value, type) and value.__module__ == "rest_framework.fields" and value.__name__ == "empty":
        return dict(EMPTY)
    if (
        isinstance(value, type)
        and value.__module__ == "django.db.models.fields"
        and value.__name__ == "NOT_PROVIDED"
    ):
        return dict(EMPTY)
    return None


def _framework_instance(encoder, value, depth):
    """Instances of Django's and DRF's own classes that are told by what they do."""
    cls = type(value)
    names = {"%s.%s" % (c.__module__, c.__name__) for c in cls.__mro__}
    if "django.db.models.query_utils.Q" in names:
        items = []
        for child in value.children:
            items.append(tuple(child) if isinstance(child, (tuple, list)) else child)
        return encoder.call(
            "django.db.models.Q", items, {"connector": value.connector, "negated": value.negated}, depth
        )
    if "django.db.models.expressions.F" in names:
        return encoder.call("django.db.models.F", [value.name], depth=depth)
    if "rest_framework.permissions.OperandHolder" in names:
        return encoder.call(value.operator_class, [value.op1_class, value.op2_class], depth=depth)
    if "rest_framework.permissions.SingleOperandHolder" in names:
        return encoder.call(value.operator_class, [value.op1_class], depth=depth)
    if "django.db.models.query.Prefetch" in names:
        return encoder.call(
            "django.db.models.Prefetch",
            [value.prefetch_through],
            {"queryset": value.queryset, "to_attr": value.to_attr},
            depth,
        )
    if "django.db.models.query.QuerySet" in names:
        return encoder.call(cls, (), {"model": value.model}, depth)
    if "django.db.models.manager.BaseManager" in names:
        return encoder.call(cls, (), {"model": value.model, "name": value.name}, depth)
    if "django.core.validators.RegexValidator" in names:
        return _validator(
            encoder,
            value,
            depth,
            ("message", "code", "inverse_match", "schemes", "max_length"),
            regex=value.regex,
        )
    if "django.core.validators.BaseValidator" in names:
        limit = value.limit_value
        return _validator(encoder, value, depth, ("message", "code", "offset"), limit_value=limit)
    if any(name.startswith("django.core.validators.") for name in names):
        return _validator(
            encoder,
            value,
            depth,
            (
                "message",
                "code",
                "max_digits",
                "decimal_places",
                "messages",
                "allowed_extensions",
                "allowlist",
                "domain_allowlist",
                "domain_whitelist",
                "ipv6_validation",
                "accept_idna",
            ),
        )
    if any(name.startswith("rest_framework.validators.") for name in names):
        return _drf_validator(encoder, value, depth)
    if "django.dispatch.dispatcher.Signal" in names:
        return encoder.call(cls)  # its state is identities of objects
    if any(name == "rest_framework.relations.Hyperlink" for name in names):
        return const(str(value))
    return None


def _validator(encoder, value, depth, attributes, **known):
    for name in attributes:
        if hasattr(value, name):
            known[name] = getattr(value, name)
    return encoder.call(type(value), (), known, depth)


_UNIQUE = "rest_framework.utils.field_mapping.get_unique_error_message"


def _unique_message(encoder, message, model):
    """The message that a ``ModelSerializer`` made of a field's, as lazy as its parts are; None for any other."""
    from rest_framework.utils.field_mapping import get_unique_error_message

    for field in model._meta.fields:
        text = field.error_messages.get("unique")
        if field.unique and get_unique_error_message(field) == message and _is_lazy(text):
            parts = (text, model._meta.verbose_name, field.verbose_name)
            return {
                "kind": "lazy",
                "data": str(message),
                "name": _UNIQUE,
                "items": [encoder.encode(part) for part in parts],
            }
    return None


def _drf_validator(encoder, value, depth):
    known = {}
    queryset = getattr(value, "queryset", None)
    if queryset is not None:
        model = getattr(queryset, "model", None)
        known["model"] = model._meta.label if model is not None else None
        known["queryset_plain"] = plain_lookups(queryset)
    for name in (
        "fields",
        "lookup",
        "message",
        "missing_message",
        "field",
        "date_field",
        "code",
        "condition",
        "condition_fields",
        "nulls_distinct",
        "date_field_name",
        "field_name",
    ):
        if hasattr(value, name):
            known[name] = getattr(value, name)
    found = encoder.call(type(value), (), known, depth)
    model = getattr(queryset, "model", None)
    if type(known.get("message")) is str and model is not None and languages.vary():
        message = _unique_message(encoder, known["message"], model)
        if message is not None:
            found["pairs"] = [
                [key, message if key.get("data") == "message" else item] for key, item in found["pairs"]
            ]
    return found


class _Plain:
    """Has the attributes that Python gives to every class; 3.13 added ``__firstlineno__`` and others."""

    nothing: int


_EVERYWHERE = frozenset(vars(_Plain)) | {"__orig_bases__", "__parameters__"}


# What looking one row up (``get``, ``filter``, ``exclude``, ``exists``) never calls, so that an override of it changes no look-up.
_NOT_IN_LOOKUPS = frozenset(
    [
        "aggregate",
        "as_manager",
        "bulk_create",
        "bulk_update",
        "contains",
        "create",
        "dates",
        "datetimes",
        "defer",
        "delete",
        "difference",
        "distinct",
        "earliest",
        "explain",
        "extra",
        "first",
        "get_or_create",
        "in_bulk",
        "intersection",
        "last",
        "latest",
        "only",
        "raw",
        "reverse",
        "select_for_update",
        "union",
        "update",
        "update_or_create",
        "values",
        "values_list",
    ]
)


def _overrides(cls, harmless=frozenset()):
    """True when a QuerySet subclass replaces something of Django's; adding methods is harmless."""
    from django.db.models import QuerySet

    return any(
        name in dir(QuerySet) and name not in _EVERYWHERE and name not in harmless
        for base in cls.__mro__
        if not base.__module__.startswith(("django.", "typing", "builtins"))
        for name in vars(base)
    )


def plain_lookups(queryset):
    """True when a row is looked up in ``queryset`` (a relation's ``get``, a validator's ``filter(...).exists()``) as in
    ``Model.objects.all()`` with Django's own manager. Its order plays no part: ``QuerySet.get`` and ``exists`` clear it."""
    return plain_queryset(queryset, _NOT_IN_LOOKUPS, ordered=True)


def plain_queryset(queryset, harmless=frozenset(), ordered=False):
    """True when ``queryset`` selects every row of its model as ``Model.objects.all()`` would
    with Django's own manager: no filter, ordering, annotation, join, slice or prefetch.

    ``harmless``: names of methods that its class may override; ``ordered``: whether it may have an order."""
    from django.db.models.manager import BaseManager

    try:
        if isinstance(queryset, BaseManager):
            queryset = queryset.all()
        query = queryset.query
        limits = (query.low_mark, query.high_mark) == (0, None)
        deferred = tuple(query.deferred_loading) == (frozenset(), True) or (
            not query.deferred_loading[0] and query.deferred_loading[1]
        )
        return bool(
            limits
            and deferred
            and not query.where
            and not query.annotations
            and not query.select_related
            and not query.distinct
            and not query.combinator
            and not query.extra
            and not query.extra_order_by
            and not query.select_for_update
            and (ordered or (not query.order_by and query.standard_ordering and query.default_ordering))
            and not queryset._prefetch_related_lookups
            and getattr(queryset, "_fields", None) is None
            and not _overrides(type(queryset), harmless)
        )
    except Exception:
        return False
