"""Content types, permissions and the first site, as Django's own receivers of ``post_migrate`` make them."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.bridge.db.beside_django import told

# Both databases are migrated by Django. In the first its receivers make the rows; in the second `register` does, once
# from nothing and once beside rows that are there.
SCRIPT = """
import json, sys
from django.conf import settings
entry, url = json.loads(sys.argv[1]), sys.argv[2]
settings.configure(
    DATABASES={"default": entry}, USE_TZ=True, LANGUAGE_CODE="de", DEFAULT_AUTO_FIELD="django.db.models.BigAutoField", SITE_ID=3,
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sites"],
)
import django
django.setup()
from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.contrib.sites.models import Site
from django.core.management import call_command
from django.db import connection, models
from django.utils.translation import gettext_lazy, override
import io
from alembic.migration import MigrationContext
from sqlalchemy import create_engine
from segue_bridge.db.registered import Registered, register

with override(None):
    call_command("migrate", verbosity=0)
    class Parcel(models.Model):
        class Meta:
            app_label = "auth"
            verbose_name = gettext_lazy("user")
            default_permissions = ("add", "send")
            permissions = [("weigh_parcel", "Can put it on the scales")]
    class Light(Parcel):
        class Meta:
            app_label = "auth"
            proxy = True
    create_permissions(apps.get_app_config("auth"), verbosity=0)

def rows():
    types = sorted(ContentType.objects.values_list("app_label", "model"))
    permissions = sorted(Permission.objects.values_list("content_type__app_label", "content_type__model", "codename", "name"))
    return [types, permissions, list(Site.objects.values_list("pk", "domain", "name"))]

def known(model):
    meta = model._meta
    return Registered(meta.app_label, meta.model_name, meta.verbose_name_raw, tuple(meta.default_permissions), tuple(meta.permissions))

everything = [known(m) for m in apps.get_models()]
out = [rows()]
engine = create_engine(url)
def again():
    connection.close()
    with engine.begin() as other:
        register(other, everything, site=3)
    ContentType.objects.clear_cache()
    out.append(rows())
again()  # nothing to add
Permission.objects.filter(codename__in=["send_parcel", "view_user"]).delete()
again()
Permission.objects.all().delete(); ContentType.objects.all().delete(); Site.objects.all().delete()
again()
Permission.objects.filter(codename__startswith="add").delete(); Site.objects.all().delete()
ContentType.objects.filter(model="group").delete()
text = io.StringIO()
printed = MigrationContext.configure(dialect_name=engine.dialect.name, opts={"as_sql": True, "literal_binds": True, "output_buffer": text})
register(printed.bind, everything, site=3)
with connection.cursor() as cursor:
    for statement in text.getvalue().split(";"):
        if statement.strip():
            cursor.execute(statement)
out.append(rows())
out.append(Site.objects.create(domain="a", name="a").pk)
print(json.dumps(out))
"""


@pytest.mark.parametrize("vendor", ["sqlite", "postgresql"])
def test_rows_are_those_of_post_migrate(tmp_path: Path, vendor: str, request: pytest.FixtureRequest) -> None:
    django, unchanged, mended, made, printed, following = told(
        SCRIPT, vendor, tmp_path, request, "registered"
    )
    assert len(django[1]) > 20
    assert ["auth", "parcel", "send_parcel", "Can send user"] in django[1]
    assert django[2] == [[3, "example.com", "example.com"]]
    assert unchanged == django
    assert mended == django
    assert made == django
    assert printed == django
    assert following == 4
