"""Asks a project's own Django and DRF: the other side of the probe's tests.

Run in the project's interpreter: ``python oracle.py ROOT URL... > answers.json``. Knows nothing
of Segue.
"""

import json
import os
import sqlite3
import sys
import tempfile


def main(root, urls, out):
    sys.path.insert(0, root)
    os.environ["DJANGO_SETTINGS_MODULE"] = "site_.settings"
    import django
    from django.conf import settings

    folder = tempfile.mkdtemp()
    database = os.path.join(folder, "db.sqlite3")
    settings.DATABASES["default"]["NAME"] = database
    django.setup()
    from django.core.management import call_command

    call_command("migrate", run_syncdb=True, verbosity=0)
    answers = {
        "schema": schema(database),
        "resolved": {url: resolved(url) for url in urls},
        "options": {url: options(url) for url in urls},
        "serializers": serializers(),
        "columns": columns(),
    }
    with open(out, "w", encoding="utf-8") as file:
        json.dump(answers, file)


def schema(database):
    """Everything in sqlite_master after ``migrate --run-syncdb``."""
    with sqlite3.connect(database) as connection:
        return sorted(connection.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL"))


def resolved(url):
    """(view name, kwargs as text) by Django's resolver, or None."""
    from django.urls import Resolver404, resolve

    try:
        match = resolve(url)
    except Resolver404:
        return None
    view = getattr(match.func, "cls", None) or match.func
    return [view.__name__, {key: str(value) for key, value in match.kwargs.items()}]


def options(url):
    """Allow header and body of an OPTIONS request."""
    from rest_framework.test import APIClient

    response = APIClient().options(url)
    data = getattr(response, "data", None) or {}
    return {
        "status": response.status_code,
        "allow": response.get("Allow", ""),
        "name": data.get("name"),
        "description": data.get("description"),
    }


def serializers():
    """Fields of the live serializer."""
    from rest_framework.metadata import SimpleMetadata
    from shop.serializers import ItemSerializer

    fields = {}
    for name, field in ItemSerializer().fields.items():
        cls = type(field)
        fields[name] = {
            "cls": cls.__module__ + "." + cls.__qualname__,
            "source": field.source,
            "required": field.required,
            "read_only": field.read_only,
            "write_only": field.write_only,
            "allow_null": field.allow_null,
            "label": str(field.label or ""),
            "errors": {key: str(value) for key, value in field.error_messages.items()},
            "validators": [type(v).__name__ for v in field.validators],
            "max_length": getattr(field, "max_length", None),
            "metadata": json.loads(json.dumps(SimpleMetadata().get_field_info(field), default=str)),
        }
    return {
        "fields": fields,
        "validators": [type(v).__name__ for v in ItemSerializer().validators],
    }


def columns():
    """Model label -> field -> (column, type) on the project's own connection."""
    from django.apps import apps
    from django.db import connection

    return {
        model._meta.label: {
            field.name: [field.column, field.db_type(connection)] for field in model._meta.concrete_fields
        }
        for model in apps.get_models(include_auto_created=True)
    }


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[3:], sys.argv[2])
