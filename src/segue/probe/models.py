"""Models: fields, relations, Meta, managers, DDL."""

from . import lookups, tags
from .ddl import Ddl, loose_collations
from .storages import keeps_files_as_default, storage_behind


class Models:
    """Writes down every model of the app registry."""

    def __init__(self, collector):
        self.c = collector
        self.ddl = Ddl(collector.warn, loose_collations(collector.names.sources))

    def all(self):
        """Label -> Model, in the registry's order."""
        from django.apps import apps

        result = {}
        for model in apps.get_models(include_auto_created=True, include_swapped=True):
            try:
                result[model._meta.label] = self.model(model)
            except Exception as error:
                self.c.warn("model %s: %s: %s" % (model._meta.label, type(error).__name__, error))
        return result

    def model(self, model):
        """One ``Model``."""
        meta = model._meta
        names = self.c.names
        own = names.class_origin(model) == "own" and not meta.auto_created
        self.c.meet_class(model)
        result = {
            "label": meta.label,
            "cls": names.cls(model),
            "app": meta.app_label,
            "where": names.class_where(meta.auto_created or model),
            "table": meta.db_table,
            "fields": [self.field(model, field) for field in _fields(model)],
            "reverse": list(self.reverse(model)),
            "pk": meta.pk.name if meta.pk is not None else "",
            "ordering": [self.c.encoder.encode(item) for item in meta.ordering],
            "unique_together": [list(item) for item in meta.unique_together],
            "index_together": [list(item) for item in getattr(meta, "index_together", ())],
            "indexes": [self.index(model, index) for index in meta.indexes],
            "constraints": [self.constraint(model, constraint) for constraint in meta.constraints],
            "managed": bool(meta.managed),
            "abstract": False,
            "proxy": bool(meta.proxy),
            "proxy_for": meta.proxy_for_model._meta.label if meta.proxy and meta.proxy_for_model else "",
            "swapped": meta.swapped or "",
            "parents": {
                parent._meta.label: link.name if link is not None else ""
                for parent, link in meta.parents.items()
            },
            "own": own or bool(meta.auto_created and names.class_origin(meta.auto_created) == "own"),
            "auto_created": bool(meta.auto_created),
            "verbose_name": str(meta.verbose_name),
            "verbose_name_plural": str(meta.verbose_name_plural),
            "lazy_name": self.c.encoder.lazy(meta.verbose_name),
            "default_manager": "",
            "base_manager": meta.base_manager_name or "",
            "managers": {},
            "querysets": {},
            **_registered(meta),
            "get_latest_by": _names(meta.get_latest_by),
            "db_table_comment": getattr(meta, "db_table_comment", "") or "",
            "select_on_save": bool(meta.select_on_save),
            "text": self._text(model),
            "create_sql": {},
        }
        if not meta.swapped:
            self._managers(model, result)
        if not meta.proxy and not meta.swapped:
            result["create_sql"] = self.ddl.create_table(model)
        return result

    def _text(self, model):
        """Who defines ``__str__``; '' where it is Django's for all models."""
        owner = next(base for base in model.__mro__ if "__str__" in vars(base))
        usual = owner.__module__ == "django.db.models.base"
        return "" if usual else self.c.names.cls(owner) + ".__str__"

    def _managers(self, model, result):
        meta = model._meta
        for name, manager in meta.managers_map.items():
            cls = type(manager)
            result["managers"][name] = self.c.meet_class(cls)
            queryset = getattr(manager, "_queryset_class", None)
            if queryset is not None:
                result["querysets"][name] = self.c.meet_class(queryset)
        default = getattr(model, "_default_manager", None)
        result["default_manager"] = default.name if default is not None else ""

    # -- fields ----------------------------------------------------------------------------

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
            }
        if content_types and isinstance(field, content_types[1]):
            return {
                "kind": "generic_relation",
                "to": _label(field.remote_field.model),
                "accessor": field.name,
                "related_query_name": field.remote_field.related_name or "",
                "content_type_field": field.content_type_field_name,
                "object_id_field": field.object_id_field_name,
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

    def reverse(self, model):
        """``ReverseRelation``s of a model."""
        for relation in model._meta.get_fields(include_hidden=True):
            if not (relation.auto_created and not relation.concrete and relation.is_relation):
                continue
            accessor = relation.get_accessor_name()
            if accessor is None or (relation.hidden and not accessor):
                continue
            yield {
                "accessor": "" if relation.hidden else accessor,
                "query_name": relation.field.related_query_name(),
                "model": relation.related_model._meta.label,
                "field": relation.field.name,
                "kind": "m2m" if relation.many_to_many else "o2o" if relation.one_to_one else "fk",
            }

    # -- indexes and constraints -----------------------------------------------------------

    def index(self, model, index):
        """One ``Index``."""
        cls = type(index)
        self.c.meet_class(cls)
        result = {
            "name": index.name or "",
            "fields": [("-" if order else "") + name for name, order in index.fields_orders],
            "cls": _public(cls, self.c.names),
            "include": list(getattr(index, "include", ()) or ()),
            "opclasses": list(getattr(index, "opclasses", ()) or ()),
        }
        if getattr(index, "condition", None) is not None:
            result["condition"] = self.ddl.each(lambda editor: index._get_condition_sql(model, editor))
        if getattr(index, "expressions", ()):
            result["expressions"] = self.ddl.each(lambda editor: index.create_sql(model, editor))
        return result

    def constraint(self, model, constraint):
        """One ``Constraint``."""
        kind = type(constraint).__name__
        result = {
            "kind": {
                "CheckConstraint": "check",
                "UniqueConstraint": "unique",
                "ExclusionConstraint": "exclude",
            }.get(kind, kind),
            "name": constraint.name or "",
            "fields": list(getattr(constraint, "fields", ()) or ()),
            "include": list(getattr(constraint, "include", ()) or ()),
            "nulls_distinct": getattr(constraint, "nulls_distinct", None),
        }
        deferrable = getattr(constraint, "deferrable", None)
        if deferrable is not None:
            result["deferrable"] = deferrable.name
        condition = getattr(constraint, "condition", None)
        if condition is None:
            condition = getattr(constraint, "check", None) if kind == "CheckConstraint" else None
        if condition is not None:
            result["condition"] = self.c.encoder.encode(condition)
        if kind == "CheckConstraint":
            result["sql"] = self.ddl.each(lambda editor: constraint._get_check_sql(model, editor))
        elif kind == "UniqueConstraint" and condition is not None:
            result["sql"] = self.ddl.each(lambda editor: constraint._get_condition_sql(model, editor))
        elif kind == "ExclusionConstraint":
            result["sql"] = self.ddl.each(lambda editor: constraint.constraint_sql(model, editor))
        if getattr(constraint, "expressions", ()):
            result["expressions"] = self.ddl.each(lambda editor: constraint.create_sql(model, editor))
        message = getattr(constraint, "violation_error_message", None)
        default = getattr(type(constraint), "default_violation_error_message", None)
        if message is not None and message != default:
            result["message"] = str(message)
            result["lazy_message"] = self.c.encoder.lazy(message)
        return result


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


def _registered(meta):
    """What permissions are made of, as ``migrate`` makes them: of what the class declares (its migrations see no more; ``_meta`` may
    have been changed since), without a language."""
    from django.db.models.options import Options
    from django.utils import translation
    from django.utils.text import camel_case_to_spaces

    declared, usual = meta.original_attrs, Options(None)
    with translation.override(None):
        name = declared.get("verbose_name")
        return {
            "raw_name": camel_case_to_spaces(meta.object_name) if name is None else str(name),
            "permissions": [[str(c), str(n)] for c, n in declared.get("permissions", usual.permissions)],
            "default_permissions": [
                str(n) for n in declared.get("default_permissions", usual.default_permissions)
            ],
        }


def _fields(model):
    for field in model._meta.get_fields():
        if field.auto_created and not field.concrete and field.is_relation:
            continue
        yield field


def _local_fields(meta):
    return list(meta.local_fields) + list(meta.local_many_to_many) + list(meta.private_fields)


def _names(value):
    if not value:
        return []
    return [value] if isinstance(value, str) else [str(name) for name in value]


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


def _public(cls, names):
    name = names.cls(cls)
    return "django.db.models.Index" if name == "django.db.models.indexes.Index" else name


def _content_type_fields():
    from django.apps import apps

    if not apps.is_installed("django.contrib.contenttypes"):
        return ()
    from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation

    return GenericForeignKey, GenericRelation
