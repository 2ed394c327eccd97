"""Fields of models, and the relations that they are."""

from . import lookups, money, tags
from .storages import keeps_files_as_default, storage_behind


class Fields:
    """Writes down fields; ``ddl`` says what their columns are."""

    def __init__(self, collector, ddl):
        self.c = collector
        self.ddl = ddl

    def field(self, model, field):
        """One ``ModelField``."""
        c = self.c
        cls = type(field)
        result = {
            "name": field.name,
            "attname": getattr(field, "attname", None) or field.name,
            "cls": c.meet_class(cls),
            "base": _django_base(cls),
            "where": self._field_where(model, field),
            "column": "" if getattr(field, "many_to_many", False) else getattr(field, "column", None) or "",
            "db_types": self.ddl.column_types(field) if hasattr(field, "db_type") else {},
            "null": bool(getattr(field, "null", False)),
            "blank": bool(getattr(field, "blank", False)),
            "unique": bool(getattr(field, "unique", False)),
            "primary_key": bool(getattr(field, "primary_key", False)),
            "db_index": bool(getattr(field, "db_index", False)),
            "editable": bool(getattr(field, "editable", True)),
            "max_length": _integer(getattr(field, "max_length", None)),
            "max_digits": _integer(getattr(field, "max_digits", None)),
            "decimal_places": _integer(getattr(field, "decimal_places", None)),
            "default": c.encoder.encode(field.default) if hasattr(field, "default") else {"kind": "empty"},
            "db_default": c.encoder.encode(field.db_default)
            if hasattr(field, "db_default")
            else {"kind": "empty"},
            "choices": [
                [c.encoder.encode(k), c.encoder.encode(v)] for k, v in getattr(field, "flatchoices", ()) or ()
            ],
            "validators": [c.encoder.encode(v) for v in self._validators(field)],
            "verbose_name": str(getattr(field, "verbose_name", "") or ""),
            "lazy_name": c.encoder.lazy(getattr(field, "verbose_name", "")),
            "help_text": str(getattr(field, "help_text", "") or ""),
            "auto_now": bool(getattr(field, "auto_now", False)) or _is_last_modified(cls),
            "auto_now_add": bool(getattr(field, "auto_now_add", False)),
            "collation": getattr(field, "db_collation", None) or "",
            "comment": getattr(field, "db_comment", None) or "",
            "inherited_from": self._inherited_from(model, field),
            "options": self._options(field),
            "attributes": self._attributes(field),
            "replaced_lookups": lookups.of_field(cls),
            "money": money.columns_of(field),
        }
        if hasattr(field, "upload_to"):
            result["upload_to"] = c.encoder.encode(field.upload_to)
            result["storage"] = c.meet_class(type(storage_behind(field.storage)))
            result["default_storage"] = keeps_files_as_default(field.storage)
        relation = self._relation(model, field)
        if relation is not None:
            result["relation"] = relation
        tagged = tags.relation(model, field)
        if tagged is not None:
            result["tags"] = tagged
        return result

    def _validators(self, field):
        try:
            return list(getattr(field, "validators", ()) or ())
        except Exception as error:
            self.c.warn("validators of %s: %s" % (field, error))
            return []

    def _options(self, field):
        try:
            _name, path, args, kwargs = field.deconstruct()
        except Exception:
            return {}
        if path == "django.db.models.CompositePrimaryKey":
            kwargs["field_names"] = args
        return {key: self.c.encoder.encode(value) for key, value in kwargs.items()}

    def _attributes(self, field):
        """What the instance of a field class from outside Django holds besides what Django keeps of fields."""
        if type(field).__module__.startswith("django."):
            return {}
        state = {k: v for k, v in vars(field).items() if not k.startswith("_") and k not in _DJANGOS}
        return {key: self.c.encoder.encode(value) for key, value in sorted(state.items())}

    def _field_where(self, model, field):
        names = self.c.names
        owner = getattr(field, "model", model)
        for base in getattr(owner, "__mro__", ()):
            source, _node = names.class_source(base)
            if source is not None:
                body = source.class_body(base.__qualname__)
                if field.name in body:
                    return names.place(source.file, body[field.name][0].lineno)
        return names.class_where(model)

    def _inherited_from(self, model, field):
        owner = getattr(field, "model", model)
        if (
            owner is not model
            and hasattr(owner, "_meta")
            and owner._meta.concrete_model is not model._meta.concrete_model
        ):
            return owner._meta.label
        for base in reversed(model.__mro__[1:]):
            meta = getattr(base, "_meta", None)
            if meta is not None and meta.abstract and any(f.name == field.name for f in _local_fields(meta)):
                return self.c.names.cls(base)
        return ""

    def _relation(self, model, field):
        from django.db import models

        content_types = _content_type_fields()
        if content_types and isinstance(field, content_types[0]):
            return {
                "kind": "generic_fk",
                "to": "",
                "content_type_field": field.ct_field,
                "object_id_field": field.fk_field,
                "for_concrete_model": bool(field.for_concrete_model),
            }
        if content_types and isinstance(field, content_types[1]):
            return {
                "kind": "generic_relation",
                "to": _label(field.remote_field.model),
                "accessor": field.name,
                "related_query_name": field.remote_field.related_name or "",
                "content_type_field": field.content_type_field_name,
                "object_id_field": field.object_id_field_name,
                "for_concrete_model": bool(field.for_concrete_model),
            }
        if not isinstance(field, (models.ForeignKey, models.ManyToManyField)):
            return None
        remote = field.remote_field
        relation = {
            "kind": "m2m" if field.many_to_many else "o2o" if field.one_to_one else "fk",
            "to": _label(remote.model),
            "related_name": remote.related_name or "",
            "related_query_name": field.related_query_name(),
            "accessor": remote.get_accessor_name() or "",
            "db_constraint": bool(getattr(remote, "db_constraint", getattr(field, "db_constraint", True))),
        }
        if field.many_to_many:
            through = remote.through
            relation["symmetrical"] = bool(remote.symmetrical)
            if through is not None:  # a swapped model has none
                relation["through"] = _label(through)
                relation["through_auto_created"] = bool(through._meta.auto_created)
                relation["through_source"] = field.m2m_field_name()
                relation["through_target"] = field.m2m_reverse_field_name()
        else:
            relation["db_constraint"] = bool(field.db_constraint)
            relation["to_field"] = field.target_field.name
            relation["on_delete"] = self._on_delete(remote.on_delete)
            relation["parent_link"] = bool(remote.parent_link)
        return relation

    def _on_delete(self, function):
        if (type(function).__module__, type(function).__name__) == (
            "polymorphic.deletion",
            "PolymorphicGuard",
        ):
            function = function.action  # the same, of rows as their own table has them
        module = getattr(function, "__module__", "")
        name = getattr(function, "__name__", "")
        if module == "django.db.models.deletion" and name.isupper():
            return name
        made = getattr(function, "deconstruct", None)  # SET(value)
        if made is not None:
            value = self.c.encoder.encode(made()[1][0])
            return "SET(%s)" % (value.get("name") or value.get("data"))
        if type(function).__module__ == "django.db.models.deletion":  # DB_CASCADE and others of Django 6.1
            return getattr(function, "operation", "") or type(function).__name__
        return "%s.%s" % (module, name)


# Attributes that ``Field.__init__`` and ``contribute_to_class`` of Django set; those of interest are told one by one.
_DJANGOS = frozenset(
    [
        "attname",
        "auto_created",
        "blank",
        "cached_col",
        "choices",
        "column",
        "concrete",
        "creation_counter",
        "db_collation",
        "db_column",
        "db_comment",
        "db_default",
        "db_index",
        "db_tablespace",
        "default",
        "editable",
        "error_messages",
        "flatchoices",
        "help_text",
        "is_relation",
        "max_length",
        "model",
        "name",
        "opclasses",
        "primary_key",
        "related_model",
        "remote_field",
        "serialize",
        "storage",
        "unique_for_date",
        "unique_for_month",
        "unique_for_year",
        "upload_to",
        "validators",
        "verbose_name",
    ]
)


def _is_last_modified(cls):
    """Whether it is set on each save as the AutoLastModifiedField of django-model-utils is."""
    owner = next((base for base in cls.__mro__ if "pre_save" in vars(base)), cls)
    return (owner.__module__, owner.__name__) == ("model_utils.fields", "AutoLastModifiedField")


def _local_fields(meta):
    return list(meta.local_fields) + list(meta.local_many_to_many) + list(meta.private_fields)


def _integer(value):
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _label(model):
    meta = getattr(model, "_meta", None)
    return meta.label if meta is not None else str(model)


def _django_base(cls):
    for base in cls.__mro__:
        if base.__module__.startswith("django."):
            return "%s.%s" % (base.__module__, base.__qualname__)
    return "%s.%s" % (cls.__module__, cls.__qualname__)


def _content_type_fields():
    from django.apps import apps

    if not apps.is_installed("django.contrib.contenttypes"):
        return ()
    from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation

    return GenericForeignKey, GenericRelation
