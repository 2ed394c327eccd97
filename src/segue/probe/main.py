"""Runs the probe and writes the document to the file given, never to standard output."""

import argparse
import gc
import importlib
import json
import os
import sys
import traceback

SCHEMA_VERSION = 1
FAILED = 3


def main(arguments):
    """0 and a snapshot in ``--out``, or 3 and ``{"error": ...}`` there."""
    parser = argparse.ArgumentParser(prog="segue probe")
    parser.add_argument("--settings", required=True)
    parser.add_argument("--root", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--path", action="append", default=[])
    options = parser.parse_args(arguments)
    os.environ["DJANGO_SETTINGS_MODULE"] = options.settings
    for entry in reversed(options.path or [options.root]):
        sys.path.insert(0, os.path.abspath(entry))
    sys.argv[:] = ["manage.py", "check"]  # some settings look at the command that runs
    stage = ["import"]
    try:
        document = probe(options.root, options.settings, stage)
    except BaseException as error:  # SystemExit too: settings may call sys.exit()
        write(options.out, {"error": failure(error, stage[0], options.settings)})
        return FAILED
    write(options.out, document)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # threads that the project started must not keep the probe waiting


def write(path, document):
    """Write JSON to ``path``; keys keep the order of the dataclasses."""
    with open(path, "w", encoding="utf-8") as file:
        # dumps(), not dump(): only the former runs in C
        file.write(json.dumps(document, ensure_ascii=True, separators=(",", ":"), allow_nan=False))


def failure(error, stage, settings):
    """Type, text and the project's own traceback: frames of the probe are cut off."""
    here = os.path.dirname(os.path.abspath(__file__))
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not os.path.abspath(frame.filename).startswith(here)
    ]
    lines = ["Traceback (most recent call last):\n"] if frames else []
    lines += traceback.format_list(frames) + traceback.format_exception_only(type(error), error)
    return {
        "stage": stage,
        "type": type(error).__name__,
        "message": str(error),
        "settings": settings,
        "name": getattr(error, "name", None) or "",
        "traceback": "".join(lines),
    }


def probe(root, settings_module, stage):
    """The whole snapshot document."""
    from .origin import Origins  # noqa: F401  (fails early where the probe itself is broken)

    gc.disable()  # a short process that only allocates
    try:
        import django
    except ImportError:
        stage[0] = "django"
        raise
    stage[0] = "settings"
    from django.conf import settings

    settings.INSTALLED_APPS  # noqa: B018  (imports the settings module)
    stage[0] = "setup"
    django.setup()
    stage[0] = "urls"
    from django.urls import get_resolver

    get_resolver().url_patterns  # noqa: B018  (imports the URLconf)
    stage[0] = "probe"
    from django.utils import translation

    with translation.override(settings.LANGUAGE_CODE):
        return collect(root)


def has_drf():
    """True when DRF can be imported."""
    try:
        importlib.import_module("rest_framework.serializers")
        return True
    except Exception:
        return False


def collect(root):
    """Everything, after Django is set up."""
    from . import (
        factories,
        filters,
        inventory,
        languages,
        lookups,
        messages,
        patched,
        rulesets,
        serializers,
        settings,
        templates,
    )
    from .functions import Collector
    from .guard import DatabaseGuard
    from .models import Models
    from .views import Views

    guard = DatabaseGuard()
    guard.install()
    collector = Collector(root)
    languages.describe(collector)  # what texts look like depends on it
    views = Views(collector)
    views.collect()
    models = Models(collector).all()
    filtersets = filters.FilterSets(collector)
    kitchen = serializers.Serializers(collector, guard)
    if has_drf():
        _use_serializers(collector, views, kitchen, serializers)
        _use_filtersets(collector, views, filtersets, filters)
    _meet_settings(collector)
    middleware = _meet_middleware(collector)
    tasks = inventory.tasks(collector)
    receivers = inventory.receivers(collector)
    permissions = rulesets.describe(collector)
    _until_quiet(collector, kitchen, filtersets)
    kitchen.nested.add_classes(collector.classes)
    made = factories.describe(collector)
    described = settings.describe(collector)
    described["values"]["MIDDLEWARE"] = middleware
    described["replaced_lookups"] = lookups.replaced()
    described["patched"] = patched.changed(collector)
    return {
        "schema_version": SCHEMA_VERSION,
        "root": collector.names.origins.root,
        "versions": inventory.versions(),
        "settings": described,
        "apps": inventory.apps(collector),
        "models": models,
        "routes": views.routes,
        "views": views.views,
        "serializers": kitchen.result,
        "filtersets": filtersets.result,
        "classes": _sorted(collector.classes),
        "functions": _sorted(collector.functions),
        "receivers": receivers,
        "tasks": tasks,
        "messages": messages.describe(collector, inventory.own_modules(collector)),
        "inventory": inventory.inventory(collector, views.routes, views.views),
        "rules": permissions,
        "templates": templates.describe(collector),
        "factories": made,
        "warnings": collector.warnings + guard.warnings,
    }


def _meet_settings(collector):
    """What only settings name: ``AUTHENTICATION_BACKENDS``, password validators and DRF's ``EXCEPTION_HANDLER``."""
    from django.conf import settings
    from django.utils.module_loading import import_string

    for name, dotted in [
        *(("AUTHENTICATION_BACKENDS", b) for b in settings.AUTHENTICATION_BACKENDS),
        *(("AUTH_PASSWORD_VALIDATORS", v["NAME"]) for v in settings.AUTH_PASSWORD_VALIDATORS),
    ]:
        try:
            collector.meet_class(import_string(dotted))
        except ImportError as error:
            collector.warnings.append("%s: %s" % (name, error))
    if has_drf():
        from rest_framework.settings import api_settings

        try:
            collector.meet_function(api_settings.EXCEPTION_HANDLER)
        except ImportError as error:
            collector.warnings.append("EXCEPTION_HANDLER: %s" % error)


def _meet_middleware(collector):
    """The entries of ``MIDDLEWARE`` as a value, where each is defined; Django's methods that they inherit are met."""
    import inspect
    import types

    from django.conf import settings
    from django.utils.module_loading import import_string

    found = []
    for dotted in settings.MIDDLEWARE:
        found.append({"kind": "ref", "name": dotted})
        try:
            entry = import_string(dotted)
        except ImportError as error:
            collector.warnings.append("MIDDLEWARE: %s" % error)
            continue
        if not inspect.isclass(entry):
            collector.meet_function(entry, depth=0, alias=dotted)
            continue
        found[-1]["name"] = collector.meet_class(entry, depth=0)
        for base in entry.__mro__:
            if base is object:
                continue
            owner = collector.names.cls(base)
            for key, value in list(vars(base).items()):
                if isinstance(value, staticmethod):
                    value, role = value.__func__, "staticmethod"
                elif isinstance(value, classmethod):
                    value, role = value.__func__, "classmethod"
                else:
                    role = "method"
                if isinstance(value, types.FunctionType):
                    collector.meet_function(
                        value, depth=0, alias="%s.%s" % (owner, key), role=role, owner=owner
                    )
    return {"kind": "list", "items": found}


def _until_quiet(collector, kitchen, filtersets):
    """Functions reach serializers and filter sets, and those reach functions again."""
    used = set()
    while True:
        collector.drain()
        fresh = [
            cls
            for key, cls in sorted(collector._seen_classes.items(), key=lambda i: collector.names.cls(i[1]))
            if key not in used and collector.names.class_origin(cls) not in ("django", "stdlib")
        ]
        if not fresh:
            return
        for cls in fresh:
            used.add(id(cls))
            bases = {(base.__module__, base.__name__) for base in cls.__mro__}
            if ("rest_framework.serializers", "BaseSerializer") in bases:
                if cls.__module__ != "rest_framework.serializers":
                    kitchen.use(cls)
            elif ("django_filters.filterset", "BaseFilterSet") in bases and not cls.__module__.startswith(
                "django_filters."
            ):
                filtersets.add(cls)
        kitchen.drain()


def _use_serializers(collector, views, kitchen, serializers):
    import inspect

    for instance in views.instances.values():
        context = {"request": instance.request, "format": None, "view": instance}
        cls = getattr(instance, "serializer_class", None)
        if inspect.isclass(cls):
            kitchen.use(cls, context)
        for name in dir(type(instance)):
            if name.endswith(("serializer_class", "_serializer")):
                other = _imported(inspect.getattr_static(type(instance), name, None))
                if inspect.isclass(other) and hasattr(other, "is_valid"):
                    kitchen.use(other, context)
    for cls in serializers.serializer_classes():
        if collector.names.class_origin(cls) == "own":
            kitchen.use(cls)
    kitchen.drain()


def _imported(held):
    """What a dotted name stands for (``TokenViewBase._serializer_class``); anything else as it is."""
    if not isinstance(held, str) or "." not in held:
        return held
    from django.utils.module_loading import import_string

    try:
        return import_string(held)
    except ImportError:
        return None


def _use_filtersets(collector, views, filtersets, filters):
    for key, instance in views.instances.items():
        try:
            filtersets.of_view(views.views[key], instance)
        except Exception as error:
            collector.warn("filters of %s: %s: %s" % (key, type(error).__name__, error))
    for cls in filters.filterset_classes():
        if collector.names.class_origin(cls) == "own":
            filtersets.add(cls)


def _sorted(mapping):
    return {key: mapping[key] for key in sorted(mapping)}
