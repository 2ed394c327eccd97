"""Models: Meta, managers, what refers to them, DDL."""

from .constraints import Constraints
from .ddl import Ddl, loose_collations
from .model_fields import Fields


class Models:
    """Writes down every model of the app registry."""

    def __init__(self, collector):
        self.c = collector
        self.ddl = Ddl(collector.warn, loose_collations(collector.names.sources))
        self.fields = Fields(collector, self.ddl)
        self.constraints = Constraints(collector, self.ddl)

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
            "fields": [self.fields.field(model, field) for field in _fields(model)],
            "reverse": list(self.reverse(model)),
            "pk": meta.pk.name if meta.pk is not None else "",
            "ordering": [self.c.encoder.encode(item) for item in meta.ordering],
            "unique_together": [list(item) for item in meta.unique_together],
            "index_together": [list(item) for item in getattr(meta, "index_together", ())],
            "indexes": [self.constraints.index(model, index) for index in meta.indexes],
            "constraints": [
                self.constraints.constraint(model, constraint) for constraint in meta.constraints
            ],
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


def _names(value):
    if not value:
        return []
    return [value] if isinstance(value, str) else [str(name) for name in value]
