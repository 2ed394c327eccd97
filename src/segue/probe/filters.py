"""django-filter: FilterSets, declared or built from a view's ``filterset_fields``."""

import contextlib
import inspect


def _in_no_scope():
    """django-filter asks the default manager of the model for the form's fields; one of django-scopes needs a scope for that."""
    try:
        from django_scopes import scopes_disabled
    except ImportError:
        return contextlib.ExitStack()
    return scopes_disabled()


class FilterSets:
    """Describes FilterSet classes by name."""

    def __init__(self, collector):
        self.c = collector
        self.result = {}

    def of_view(self, view, instance):
        """The FilterSet that django-filter's backend takes for a view.

        One that the backend builds from ``filterset_fields`` is named
        ``<view class>.filterset_fields``.
        """
        cls = getattr(instance, "filterset_class", None) or getattr(instance, "filter_class", None)
        if inspect.isclass(cls):
            self.add(cls)
            return
        fields = getattr(instance, "filterset_fields", None) or getattr(instance, "filter_fields", None)
        if not fields:
            return
        name = "%s.filterset_fields" % view["cls"]
        if name in self.result:
            return
        for backend in getattr(instance, "filter_backends", ()):
            if not hasattr(backend, "get_filterset_class"):
                continue
            try:
                with _in_no_scope():
                    built = backend().get_filterset_class(instance, self._queryset(instance))
                    if built is not None:
                        self.result[name] = self._describe(built, name, view["where"])
            except Exception as error:
                self.result[name] = self._failed(name, view["where"], error)
            return

    def _queryset(self, instance):
        """Only its model matters: django-filter builds the form from that."""
        queryset = getattr(instance, "queryset", None)
        if queryset is not None:
            return queryset
        try:
            return instance.get_queryset()
        except Exception:
            # code for signed-in users; a queryset is lazy, so no row of this user is ever looked for
            from django.contrib.auth import get_user_model

            anonymous = instance.request.user
            instance.request._user = get_user_model()(pk=1)
            try:
                return instance.get_queryset()
            finally:
                instance.request._user = anonymous

    def _failed(self, name, where, error):
        return {
            "name": name,
            "where": where,
            "model": "",
            "filters": [],
            "error": "%s: %s" % (type(error).__name__, error),
        }

    def add(self, cls):
        """Describe a declared FilterSet class once."""
        name = self.c.meet_class(cls)
        if name not in self.result:
            where = self.c.names.class_where(cls)
            try:
                self.result[name] = self._describe(cls, name, where)
            except Exception as error:
                self.result[name] = self._failed(name, where, error)
        return name

    def _describe(self, cls, name, where):
        model = getattr(getattr(cls, "_meta", None), "model", None)
        result = {
            "name": name,
            "where": where,
            "model": model._meta.label if model is not None else "",
            "filters": [],
            "error": "",
        }
        for key, item in cls.base_filters.items():
            try:
                result["filters"].append(self._filter(key, item, cls))
            except Exception as error:
                result["error"] = "filter %s: %s: %s" % (key, type(error).__name__, error)
        return result

    def _filter(self, key, item, owner):
        c = self.c
        cls = type(item)
        extra = dict(getattr(item, "extra", {}) or {})
        queryset = extra.get("queryset")
        found = {
            "name": key,
            "cls": c.meet_class(cls),
            "base": filter_base(cls),
            "field_name": getattr(item, "field_name", None) or getattr(item, "name", None) or "",
            "lookup_expr": str(getattr(item, "lookup_expr", "exact") or ""),
            "exclude": bool(getattr(item, "exclude", False)),
            "distinct": bool(getattr(item, "distinct", False)),
            "method": _method(item),
            "kwargs": {},
            "choices": [],
            "queryset_model": "",
        }
        field_class = getattr(item, "field_class", None)
        if inspect.isclass(field_class):
            found["form_field"] = c.meet_class(field_class)
        state = {
            k: v
            for k, v in vars(item).items()
            if not k.startswith("_")
            and k
            not in (
                "extra",
                "field_name",
                "lookup_expr",
                "exclude",
                "distinct",
                "method",
                "filter",
                "parent",
                "model",
                "creation_counter",
            )
        }
        state.update(extra)
        model = getattr(queryset, "model", None)
        if model is not None:
            found["queryset_model"] = model._meta.label
        choices = extra.get("choices")
        if choices is not None and not callable(choices):
            state.pop("choices", None)
            found["choices"] = [[c.encoder.encode(k), c.encoder.encode(v)] for k, v in _flat(choices)]
        found["kwargs"] = {k: c.encoder.encode(v) for k, v in sorted(state.items())}
        found["where"] = self._where(key, owner)
        return found

    def _where(self, key, owner):
        names = self.c.names
        for base in owner.__mro__:
            source, _node = names.class_source(base)
            if source is not None and key in source.class_body(base.__qualname__):
                return names.place(source.file, source.class_body(base.__qualname__)[key][0].lineno)
        return names.class_where(owner)


def _method(item):
    method = getattr(item, "method", None)
    if method is None:
        return ""
    return method if isinstance(method, str) else getattr(method, "__name__", str(method))


def _flat(choices):
    for key, value in choices:
        if isinstance(value, (list, tuple)):
            for pair in value:
                yield pair
        else:
            yield key, value


def filter_base(cls):
    """The nearest ``django_filters.*`` class."""
    for base in cls.__mro__:
        if base.__module__.startswith("django_filters."):
            return "%s.%s" % (base.__module__, base.__qualname__)
    return ""


def filterset_classes():
    """Every loaded FilterSet subclass, in a stable order; [] without django-filter."""
    import sys

    module = sys.modules.get("django_filters.filterset")
    if module is None:
        return []
    found, queue = {}, [module.BaseFilterSet]
    while queue:
        for cls in queue.pop().__subclasses__():
            if id(cls) not in found:
                found[id(cls)] = cls
                queue.append(cls)
    return sorted(found.values(), key=lambda cls: (cls.__module__, cls.__qualname__))
