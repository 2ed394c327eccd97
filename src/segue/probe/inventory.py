"""What Segue does not look into, counted; and signal receivers, tasks, apps, versions."""

import importlib
import os
import sys
import types
import weakref

from .names import unwrap
from .origin import distributions
from .source_groups import models_of


def apps(collector):
    """``App`` per installed app."""
    from django.apps import apps as registry

    result = []
    for config in registry.get_app_configs():
        file = getattr(config.module, "__file__", None)
        origin = (
            collector.names.origins.of_file(file, config.name) if file else _origin_by_path(collector, config)
        )
        result.append(
            {
                "label": config.label,
                "module": config.name,
                "origin": origin,
                "path": collector.names.origins.relative(config.path),
            }
        )
    return result


def _origin_by_path(collector, config):
    return collector.names.origins.of_file(os.path.join(config.path, "__init__.py"), config.name)


def versions():
    """``Versions``."""
    import django

    try:
        import rest_framework

        drf = rest_framework.VERSION
    except Exception:
        drf = ""
    return {
        "python": "%d.%d.%d" % sys.version_info[:3],
        "django": django.get_version(),
        "drf": drf,
        "packages": {name: version for name, version, _ in distributions()},
    }


def receivers(collector):
    """``Receiver`` per connected function, of Django's signals and the project's own."""
    from django.apps import apps as registry
    from django.dispatch import Signal

    senders = {id(model): model._meta.label for model in registry.get_models(include_auto_created=True)}
    result = []
    for name, signal in _signals(collector, Signal):
        for entry in list(signal.receivers):
            key, receiver = entry[0], entry[1]
            if isinstance(receiver, weakref.ReferenceType):
                receiver = receiver()
            if receiver is None:
                continue
            function = getattr(receiver, "__func__", receiver)
            if not isinstance(function, types.FunctionType):
                function = getattr(type(receiver), "__call__", None)  # noqa: B004
                if not isinstance(function, types.FunctionType):
                    # A partial, say: it runs, but there is no source to follow.
                    function = None
            if function is None:
                kind = type(receiver)
                result.append(
                    {
                        "signal": name,
                        "sender": _sender(collector, senders, key[1]),
                        "function": "%s.%s" % (kind.__module__, kind.__qualname__),
                        "where": {"file": "", "line": 0},
                        "own": True,
                    }
                )
                continue
            inner = unwrap(function)[0]
            own = collector.names.function_origin(inner) == "own"
            dotted = collector.meet_function(function)
            listened = [_sender(collector, senders, key[1])]
            concerned = models_of(collector, receiver) if listened == [""] else None
            if concerned is not None:
                listened = [senders[id(model)] for model in concerned]
            for sender in listened:
                result.append(
                    {
                        "signal": name,
                        "sender": sender,
                        "function": dotted,
                        "where": collector.names.function_where(inner),
                        "own": own,
                    }
                )
    return result


def _sender(collector, senders, key):
    """A model's label, another class by its dotted name, "" for all senders, "?" for one that is neither."""
    if key == id(None):
        return ""
    return senders.get(key) or _class_ids(collector).get(key) or "?"


def _class_ids(collector):
    return {
        id(cls): name for name, cls in ((collector.names.cls(c), c) for c in collector._seen_classes.values())
    }


def _signals(collector, signal_class):
    found = {}

    def turn(name):  # a signal is called by the module that has it first: Django's own
        return (name.partition(".")[0] != "django", not _is_own_module(collector, sys.modules[name]), name)

    for module_name in sorted(sys.modules, key=turn):
        module = sys.modules[module_name]
        # Those of other packages too: a project listens to djoser's, allauth's, simple_history's.
        names = getattr(module, "__dict__", None)
        if not isinstance(names, dict):
            continue
        for name, value in sorted(names.items(), key=lambda item: str(item[0])):
            # type(): isinstance() would evaluate lazy objects
            if issubclass(type(value), signal_class) and id(value) not in found:
                dotted = collector.bindings.variable(module_name, name)
                if dotted.startswith("django."):
                    dotted = dotted.rpartition(".")[2]
                found[id(value)] = (dotted, value)
    return sorted(found.values(), key=lambda item: item[0])


def _is_own_module(collector, module):
    file = getattr(module, "__file__", None)
    return bool(file) and collector.names.origins.of_file(file, module.__name__) == "own"


def own_modules(collector):
    """Loaded modules of the project, sorted by name."""
    return [
        module
        for _name, module in sorted(sys.modules.items())
        if issubclass(type(module), types.ModuleType) and _is_own_module(collector, module)
    ]


def tasks(collector):
    """Names of the project's Celery tasks; imports ``<app>.tasks`` as Celery's autodiscovery does."""
    from django.apps import apps as registry

    if "celery" not in sys.modules:
        return []
    for config in registry.get_app_configs():
        module = config.name + ".tasks"
        try:
            if importlib.util.find_spec(module) is not None:
                importlib.import_module(module)
        except Exception as error:
            collector.warn("%s: %s: %s" % (module, type(error).__name__, error))
    found = set()
    for module in own_modules(collector):
        for value in list(vars(module).values()):
            try:
                is_task = any(
                    c.__name__ == "Task" and c.__module__ == "celery.app.task" for c in type(value).__mro__
                )
                is_proxy = hasattr(type(value), "_get_current_object")
                if is_task or (is_proxy and hasattr(value, "delay")):
                    found.add(str(value.name))
                    run = getattr(value, "run", None)
                    function = getattr(run, "__func__", run)
                    if isinstance(function, types.FunctionType):
                        collector.meet_function(function)
            except Exception:
                continue
    return sorted(found)


def inventory(collector, routes, views):
    """Counts of admin classes, commands, templates, middleware, context processors, plain views."""
    from django.apps import apps as registry
    from django.conf import settings

    items = {
        "admin": [],
        "commands": [],
        "templates": [],
        "middleware": [],
        "template tags": [],
        "plain views": [],
        "migrations": [],
    }
    admin = sys.modules.get("django.contrib.admin.sites")
    if admin is not None and registry.is_installed("django.contrib.admin"):
        try:
            for model in admin.site._registry:
                if collector.names.class_origin(model) == "own":
                    items["admin"].append(model._meta.label)
        except Exception as error:
            collector.warn("admin: %s" % error)
    for config in registry.get_app_configs():
        if collector.names.origins.of_file(os.path.join(config.path, "__init__.py"), config.name) != "own":
            continue
        for kind, folder, ends in (
            ("commands", "management/commands", ".py"),
            ("templates", "templates", ""),
            ("template tags", "templatetags", ".py"),
            ("migrations", "migrations", ".py"),
        ):
            base = os.path.join(config.path, *folder.split("/"))
            for parent, _dirs, files in os.walk(base):
                for file in sorted(files):
                    if file.endswith(ends) and not file.startswith("_") and "__pycache__" not in parent:
                        items[kind].append(collector.names.origins.relative(os.path.join(parent, file)))
    for dotted in settings.MIDDLEWARE:
        if collector.names.origins.of_module(str(dotted).rpartition(".")[0]) == "own":
            items["middleware"].append(str(dotted))
    for route in routes:
        if route["kind"] == "django" and route["own"]:
            items["plain views"].append(route["path"])
    return {"items": {key: sorted(value) for key, value in items.items() if value}}
