"""Serializers: a live instance of each, field by field."""

from .limits import choices_limit
from .own_queryset import queryset_by_class
from .values import plain_lookups

# kept elsewhere in the document, or internal to DRF
_NOT_KWARGS = {
    "read_only",
    "write_only",
    "required",
    "default",
    "source",
    "initial",
    "label",
    "help_text",
    "allow_null",
    "error_messages",
    "field_name",
    "parent",
    "default_error_messages",
    "child",
    "child_relation",
    "queryset",
    "default_empty_html",
    "source_attrs",
    "choice_strings_to_values",
    "reverse",
    "model_field",
    "validators",
    "fields",
    "instance",
    "initial_data",
    "partial",
}
# class-level attributes that decide what a field does when not given to the instance
_CLASS_LEVEL = (
    "format",
    "input_formats",
    "use_url",
    "coerce_to_string",
    "MAX_STRING_LENGTH",
    "lookup_field",
    "lookup_url_kwarg",
    "view_name",
    "html_cutoff",
    "html_cutoff_text",
    "many",
    "initial",
    "default_empty_html",
    "allow_empty",
    "trim_whitespace",
    "max_string_length",
)


class Serializers:
    """Builds every serializer class that views use or the project defines."""

    def __init__(self, collector, guard):
        self.c = collector
        self.guard = guard
        self.result = {}
        self._queue = []
        self._seen = {}
        self._contexts = {}

    def use(self, cls, context=None):
        """Queue a serializer class; ``context`` is what a view would give it."""
        name = self.c.meet_class(cls)
        if id(cls) not in self._seen:
            self._seen[id(cls)] = cls
            self._queue.append(cls)
        if context is not None:
            self._contexts.setdefault(id(cls), context)
        return name

    def drain(self):
        """Describe all queued classes and those nested in them."""
        while self._queue:
            cls = self._queue.pop(0)
            self.result[self.c.names.cls(cls)] = self._describe(cls)

    def _describe(self, cls):
        c = self.c
        meta = getattr(cls, "Meta", None)
        model = getattr(meta, "model", None)
        result = {
            "name": c.names.cls(cls),
            "where": c.names.class_where(cls),
            "fields": [],
            "model": model._meta.label if model is not None and hasattr(model, "_meta") else "",
            "validators": [],
            "meta": {},
            "error": "",
        }
        if meta is not None:
            for name in sorted(n for n in dir(meta) if not n.startswith("__")):
                result["meta"][name] = c.encoder.encode(getattr(meta, name, None))
        if not any(
            b.__name__ == "Serializer" and b.__module__ == "rest_framework.serializers" for b in cls.__mro__
        ):
            return result  # BaseSerializer or ListSerializer: no fields to tell
        queries = self.guard.count
        instance, fields, error = self._build(cls)
        if self.guard.count > queries:
            error = "its fields depend on a database query at %s" % self.guard.last
        if error:
            result["error"] = error
            return result
        declared = getattr(cls, "_declared_fields", {})
        for name, field in fields.items():
            try:
                result["fields"].append(self.field(name, field, cls, name in declared))
            except Exception as problem:
                result["error"] = "field %s: %s: %s" % (name, type(problem).__name__, problem)
        try:
            result["validators"] = [c.encoder.encode(v) for v in instance.validators]
        except Exception as problem:
            result["error"] = result["error"] or "validators: %s: %s" % (type(problem).__name__, problem)
        return result

    def _build(self, cls):
        first = None
        for context in (self._contexts.get(id(cls)), {}):
            if context is None:
                continue
            try:
                instance = cls(context=context)
                return instance, dict(instance.fields.items()), ""
            except Exception as error:
                first = first or error
        return None, {}, "%s: %s" % (type(first).__name__, (str(first).strip().splitlines() or [""])[0])

    # -- fields ----------------------------------------------------------------------------

    def field(self, name, field, owner, declared):
        """One ``SerializerField``."""
        c = self.c
        cls = type(field)
        result = {
            "name": name or "",
            "cls": c.meet_class(cls),
            "base": drf_base(cls),
            "source": getattr(field, "source", None) or name or "",
            "where": self._where(name, owner),
            "declared": bool(declared),
            "read_only": bool(getattr(field, "read_only", False)),
            "write_only": bool(getattr(field, "write_only", False)),
            "required": bool(getattr(field, "required", False)),
            "allow_null": bool(getattr(field, "allow_null", False)),
            "default": c.encoder.encode(getattr(field, "default", None)),
            "initial": self._initial(field),
            "label": _text(getattr(field, "label", None)),
            "help_text": _text(getattr(field, "help_text", None)),
            "kwargs": self._kwargs(field),
            "error_messages": {
                str(k): str(v) for k, v in (getattr(field, "error_messages", None) or {}).items()
            },
            "lazy_messages": {
                str(k): found
                for k, v in (getattr(field, "error_messages", None) or {}).items()
                for found in [c.encoder.lazy(v)]
                if found is not None
            },
            "validators": self._validators(field),
        }
        self._related(field, result, owner)
        result["metadata"] = self._metadata(field)
        return result

    def _related(self, field, result, owner):
        child = getattr(field, "child_relation", None)
        if child is not None:
            result["many"] = True
            result["child"] = self.field("", child, owner, False)
            for key in ("queryset_model", "queryset_source"):
                if key in result["child"]:
                    result[key] = result["child"][key]
            return
        if _is(field, "rest_framework.serializers", "ListSerializer"):
            result["many"] = True
            result["child"] = self._nested(field.child, owner)
            result["serializer"] = result["child"]["serializer"]
            return
        if _is(field, "rest_framework.serializers", "BaseSerializer"):
            result["serializer"] = self._key(field)
            return
        child = getattr(field, "child", None)
        if child is not None and _is(child, "rest_framework.fields", "Field"):
            result["child"] = (
                self._nested(child, owner)
                if _is(child, "rest_framework.serializers", "BaseSerializer")
                else self.field("", child, owner, False)
            )
        self._queryset(field, result, owner)
        model_field = getattr(field, "model_field", None)
        if model_field is not None and hasattr(model_field, "model"):
            result["model_field"] = "%s.%s" % (model_field.model._meta.label, model_field.name)

    def _nested(self, serializer, owner):
        result = self.field("", serializer, owner, False)
        result["serializer"] = result.get("serializer") or self._key(serializer)
        return result

    def _key(self, serializer):
        return self.use(type(serializer))

    def _queryset(self, field, result, owner):
        own = queryset_by_class(field) if _overrides_queryset(field) else None
        queryset = getattr(field, "queryset", None) if own is None else own
        if own is not None:
            result["kwargs"]["queryset_by_class"] = self.c.encoder.encode(True)
        model = getattr(queryset, "model", None)
        if model is None:
            return
        result["queryset_model"] = model._meta.label
        plain = plain_lookups(queryset)
        result["kwargs"]["queryset_plain"] = self.c.encoder.encode(plain)
        limit = None if plain else choices_limit(field)
        if limit is not None:
            result["kwargs"]["queryset_limit"] = self.c.encoder.encode(limit)
        if not plain and hasattr(queryset, "query") and queryset.query.is_empty():
            result["kwargs"]["queryset_none"] = self.c.encoder.encode(True)
        manager = "" if plain or limit is not None else getattr(queryset, "name", "")
        if manager and getattr(model, manager, None) is queryset:
            result["kwargs"]["queryset_manager"] = self.c.encoder.encode(manager)
        given = self._given_queryset(result["name"], owner)
        if given:
            result["queryset_source"] = given

    def _given_queryset(self, name, owner):
        import ast

        found = self.c.names.class_attribute_source(owner, name)
        if found is None:
            return ""
        source, value = found
        if isinstance(value, ast.Call):
            for keyword in value.keywords:
                if keyword.arg == "queryset":
                    return source.segment(keyword.value)
        return ""

    def _kwargs(self, field):
        c = self.c
        found = {}
        for key, value in vars(field).items():
            if key.startswith("_") and key not in ("_choices",):
                continue
            if key in _NOT_KWARGS or key == "grouped_choices":
                continue
            found[key] = value
        # asked of a relation first: its ``choices`` would query the database
        if (
            not _is(field, "rest_framework.relations", "RelatedField")
            and not _is(field, "rest_framework.relations", "ManyRelatedField")
            and hasattr(field, "choices")
        ):
            found.pop("_choices", None)
            try:
                found["choices"] = [(k, v) for k, v in field.choices.items()]
                found["grouped_choices"] = field.grouped_choices
            except Exception:
                found.pop("choices", None)
        for key in _CLASS_LEVEL:
            if key not in found and key not in _NOT_KWARGS and hasattr(type(field), key):
                value = getattr(field, key)
                if not callable(value):
                    found[key] = value
        return {key: c.encoder.encode(value) for key, value in sorted(found.items())}

    def _initial(self, field):
        initial = vars(field).get("initial")
        if callable(initial):
            return self.c.encoder.encode(initial)
        return self.c.encoder.encode(initial)

    def _validators(self, field):
        if _is(field, "rest_framework.serializers", "Serializer"):
            given = vars(field).get("_validators")  # a nested serializer's own are told with its class
            return [self.c.encoder.encode(v) for v in given or ()]
        try:
            return [self.c.encoder.encode(v) for v in field.validators]
        except Exception as error:
            self.c.warn("validators of %r: %s" % (type(field).__name__, error))
            return []

    def _metadata(self, field):
        from rest_framework.metadata import SimpleMetadata

        if _is(field, "rest_framework.serializers", "BaseSerializer"):
            return {}
        try:
            info = SimpleMetadata().get_field_info(field)
        except Exception:
            return {}
        return {str(key): self.c.encoder.encode(value) for key, value in info.items()}

    def _where(self, name, owner):
        names = self.c.names
        for base in owner.__mro__:
            source, _node = names.class_source(base)
            if source is not None:
                body = source.class_body(base.__qualname__)
                if name and name in body:
                    return names.place(source.file, body[name][0].lineno)
        meta = getattr(owner, "Meta", None)
        return names.class_where(meta if meta is not None else owner)


def serializer_classes():
    """Every subclass of ``BaseSerializer`` loaded, in a stable order."""
    from rest_framework.serializers import BaseSerializer

    found, queue = {}, [BaseSerializer]
    while queue:
        for cls in queue.pop().__subclasses__():
            if id(cls) not in found:
                found[id(cls)] = cls
                queue.append(cls)
    return sorted(found.values(), key=lambda cls: (cls.__module__, cls.__qualname__))


def drf_base(cls):
    """The nearest ``rest_framework.*`` class of a field class."""
    for base in cls.__mro__:
        if base.__module__.startswith("rest_framework."):
            return "%s.%s" % (base.__module__, base.__qualname__)
    return ""


def _is(thing, module, name):
    return any(base.__name__ == name and base.__module__ == module for base in type(thing).__mro__)


def _text(value):
    return "" if value is None else str(value)


def _overrides_queryset(field):
    from rest_framework.relations import RelatedField

    return isinstance(field, RelatedField) and type(field).get_queryset is not RelatedField.get_queryset
