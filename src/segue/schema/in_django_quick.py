"""Loaded by ``in_django.py``, in the project's interpreter: Django's migration state made quicker, with the same result. Python 3.8
and newer.

Most of the time of a long history goes into classes that Django makes anew after each operation
(``django.db.migrations.state.StateApps.render_multiple``). Four things are saved, none of which a migration can see:

- ``Field.clone()`` of a field that has been cloned before and is the same since copies what that first clone was. Only of Django's own
  classes, whose ``__init__`` does nothing but set attributes, and not where one field holds another;
- what the process's own registry says of swappable models is asked again each time that a registry of migrations changes, as they share a
  cache (``Apps.get_swappable_settings_name``). It gets its own, which is cleared when it changes itself;
- the words of a class's name (``verbose_name``) are worked out once for each name;
- an ``AlterField`` after which the schema editor has nothing to do (``BaseDatabaseSchemaEditor._field_should_be_altered``) makes no classes. The state is marked
  as delayed, which has Django make all of them before the next code that looks at models (``ProjectState.clear_delayed_apps_cache``: ``RunPython``
  and ``post_migrate``). Only where the schema editor and all operations are Django's own: others may look at what they like.
"""

import functools

# Those of Field.non_db_attrs that change neither a column nor which models have to do with each other.
_UNSEEN = {
    *("blank", "choices", "editable", "error_messages", "help_text", "limit_choices_to", "related_name"),
    *("related_query_name", "validators", "verbose_name"),
}


def hurry():
    """To be called once, after ``django.setup()``."""
    from django.apps import apps
    from django.apps.registry import Apps
    from django.db import connection
    from django.db.migrations.loader import MigrationLoader
    from django.db.migrations.state import ProjectState
    from django.db.models import Field, options

    own = functools.partial(Apps.get_swappable_settings_name.__wrapped__, apps)
    apps.get_swappable_settings_name = functools.lru_cache(maxsize=None)(own)
    options.camel_case_to_spaces = functools.lru_cache(maxsize=None)(options.camel_case_to_spaces)
    _copy_clones(Field)
    has_names = hasattr(ProjectState, "alter_field") and hasattr(
        Field, "non_db_attrs"
    )  # Django 4.1 and newer
    if has_names and _all_djangos(cls for cls in connection.SchemaEditorClass.__mro__ if cls is not object):
        _leave_classes(ProjectState, MigrationLoader)


def _copy_clones(Field):
    clone = Field.clone
    known = {}  # by id, with the field itself, so that no other gets its number

    def quick(self):
        cls = type(self)
        if not cls.__module__.startswith("django.db.models.fields") or hasattr(self, "model"):
            return clone(self)
        now = _attributes(self)
        had = known.get(id(self))
        if had is None or not _same(had[1], now):
            made = clone(self)  # about to be bound to a model, so what it is now is kept
            known[id(self)] = (self, now, _copy(made.__dict__), _of_relation(made), _simple(made, Field))
            return made
        _, _, attributes, relation, simple = had
        if not simple:
            return clone(self)
        found = cls.__new__(cls)
        found.__dict__.update(_copy(attributes))
        if relation is not None:
            found.remote_field = relation[0].__new__(relation[0])
            found.remote_field.__dict__.update(_copy(relation[1]))
            found.remote_field.field = found
        found.creation_counter = Field.creation_counter  # as Field.__init__: the order of a model's columns
        Field.creation_counter += 1
        return found

    Field.clone = quick


def _attributes(field):
    relation = field.__dict__.get("remote_field")
    return field.__dict__.copy(), relation.__dict__.copy() if relation is not None else None


def _same(before, now):
    """Whether each attribute is the very object that it was; nothing is asked for equality, which is the project's own code."""
    return all(
        (old is None) is (new is None)
        and (
            old is None
            or (old.keys() == new.keys() and all(new[name] is value for name, value in old.items()))
        )
        for old, new in zip(before, now)
    )


def _of_relation(field):
    relation = field.remote_field
    return None if relation is None else (type(relation), _copy(relation.__dict__))


def _simple(field, Field):
    relation = field.remote_field
    held = list(field.__dict__.values()) + ([] if relation is None else list(relation.__dict__.values()))
    return (
        not field.auto_created
        and (relation is None or type(relation).__module__.startswith("django.db.models.fields"))
        and not any(isinstance(value, Field) and value is not field for value in held)
    )


def _copy(attributes):
    return {
        name: value.copy() if type(value) in (list, dict, set) else value
        for name, value in attributes.items()
    }


def _all_djangos(classes):
    return all(cls.__module__.startswith("django.") for cls in classes)


def _operations(operations):
    """They and those within them."""
    for operation in operations:
        yield operation
        for within in (
            getattr(operation, "database_operations", None),
            getattr(operation, "state_operations", None),
        ):
            yield from _operations(within or ())


def _leave_classes(ProjectState, MigrationLoader):
    alter_field = ProjectState.alter_field
    build_graph = MigrationLoader.build_graph
    known = {"all": False}

    def build(self):
        build_graph(self)
        known["all"] = _all_djangos(
            type(operation)
            for migration in self.disk_migrations.values()
            for operation in _operations(migration.operations)
        )

    def quick(self, app_label, model_name, name, field, preserve_default):
        old = self.models[app_label, model_name].fields[name]
        classes = self.__dict__.get("apps")
        if not known["all"] or classes is None or not preserve_default or _seen(old, field):
            alter_field(self, app_label, model_name, name, field, preserve_default)
            return
        del self.__dict__["apps"]
        try:
            alter_field(self, app_label, model_name, name, field, preserve_default)
        finally:
            self.__dict__["apps"] = classes
        self.is_delayed = True

    MigrationLoader.build_graph = build
    ProjectState.alter_field = quick


def _seen(old, new):
    """Whether the two differ in more than what no schema editor looks at."""
    if (
        type(old) is not type(new)
        or old.many_to_many
        or not type(old).__module__.startswith("django.db.models.fields")
    ):
        return True
    (_, old_path, old_args, old_kwargs), (_, new_path, new_args, new_kwargs) = (
        old.deconstruct(),
        new.deconstruct(),
    )
    for name in _UNSEEN.intersection(type(old).non_db_attrs):
        old_kwargs.pop(name, None)
        new_kwargs.pop(name, None)
    return (old_path, old_args, old_kwargs) != (new_path, new_args, new_kwargs)
