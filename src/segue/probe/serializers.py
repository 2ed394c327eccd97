"""Serializers: a live instance of each, field by field."""

from .field_kwargs import is_a, kwargs_of
from .limits import choices_limit
from .nested import Nested
from .own_queryset import queryset_by_class
from .untouched import is_touched, untouched
from .values import plain_lookups


class Serializers:
    """Builds every serializer class that views use or the project defines."""

    def __init__(self, collector, guard):
        self.c = collector
        self.guard = guard
        self.result = {}
        self._queue = []
        self._seen = {}
        self._contexts = {}
        self.nested = Nested(self)

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
            self.told(self._queue.pop(0))

    def told(self, cls):
        """The description of a class."""
        name = self.c.names.cls(cls)
        if name not in self.result:
            with self.nested.under_way(name):
                self.result[name] = self._describe(cls, lambda: self._build(cls))
                if is_touched(cls):
                    self._add_untouched(cls, self.result[name])
        return self.result[name]

    def _add_untouched(self, cls, told):
        """Tell what ``cls`` has before code of the project changes its fields, where that is something else."""
        plain = self._describe(cls, lambda: _asked(lambda: untouched(cls)))
        if not plain["error"] and any(plain[key] != told[key] for key in ("fields", "validators", "error")):
            told["untouched"] = plain

    def describe_object(self, serializer, where):
        """The description of a serializer that is a field of another, with its own fields; ``where``: its place."""
        return dict(self._describe(type(serializer), lambda: _built(serializer)), where=where)

    def _describe(self, cls, build):
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
        instance, fields, error = build()
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
                made = _built(cls(context=context))
            except Exception as error:
                made = None, {}, _problem(error)
            if not made[2]:
                return made
            first = first or made
        return first

    # -- fields ----------------------------------------------------------------------------

    def field(self, name, field, owner, declared, within=""):
        """One ``SerializerField``; ``within``: the field that it is the child of."""
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
            "kwargs": kwargs_of(field, c.encoder),
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
        self._related(field, result, owner, name or within)
        result["metadata"] = self._metadata(field)
        return result

    def _related(self, field, result, owner, name):
        child = getattr(field, "child_relation", None)
        if child is not None:
            result["many"] = True
            result["child"] = self.field("", child, owner, False)
            for key in ("queryset_model", "queryset_source"):
                if key in result["child"]:
                    result[key] = result["child"][key]
            return
        if is_a(field, "rest_framework.serializers", "ListSerializer"):
            result["many"] = True
            result["child"] = self._nested(field.child, owner, name)
            result["serializer"] = result["child"]["serializer"]
            return
        if is_a(field, "rest_framework.serializers", "BaseSerializer"):
            result["serializer"] = self._key(field, owner, name)
            return
        child = getattr(field, "child", None)
        if child is not None and is_a(child, "rest_framework.fields", "Field"):
            result["child"] = (
                self._nested(child, owner, name)
                if is_a(child, "rest_framework.serializers", "BaseSerializer")
                else self.field("", child, owner, False)
            )
        self._queryset(field, result, owner)
        model_field = getattr(field, "model_field", None)
        if model_field is not None and hasattr(model_field, "model"):
            result["model_field"] = "%s.%s" % (model_field.model._meta.label, model_field.name)

    def _nested(self, serializer, owner, name):
        result = self.field("", serializer, owner, False, within=name)
        result["serializer"] = result.get("serializer") or self._key(serializer, owner, name)
        return result

    def _key(self, serializer, owner, name):
        return self.nested.key(serializer, owner, self._where(name, owner))

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

    def _initial(self, field):
        initial = vars(field).get("initial")
        if callable(initial):
            return self.c.encoder.encode(initial)
        return self.c.encoder.encode(initial)

    def _validators(self, field):
        if is_a(field, "rest_framework.serializers", "Serializer"):
            given = vars(field).get("_validators")  # a nested serializer's own are told with its class
            return [self.c.encoder.encode(v) for v in given or ()]
        try:
            return [self.c.encoder.encode(v) for v in field.validators]
        except Exception as error:
            self.c.warn("validators of %r: %s" % (type(field).__name__, error))
            return []

    def _metadata(self, field):
        from rest_framework.metadata import SimpleMetadata

        if is_a(field, "rest_framework.serializers", "BaseSerializer"):
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


def _built(serializer):
    """A serializer, its fields and why it has none."""
    try:
        return serializer, dict(serializer.fields.items()), ""
    except Exception as error:
        return None, {}, _problem(error)


def _asked(make):
    """What ``make`` gives, and why it gives nothing."""
    try:
        return (*make(), "")
    except Exception as error:
        return None, {}, _problem(error)


def _problem(error):
    return "%s: %s" % (type(error).__name__, (str(error).strip().splitlines() or [""])[0])


def drf_base(cls):
    """The nearest ``rest_framework.*`` class of a field class."""
    for base in cls.__mro__:
        if base.__module__.startswith("rest_framework."):
            return "%s.%s" % (base.__module__, base.__qualname__)
    return ""


def _text(value):
    return "" if value is None else str(value)


def _overrides_queryset(field):
    from rest_framework.relations import RelatedField

    return isinstance(field, RelatedField) and type(field).get_queryset is not RelatedField.get_queryset
