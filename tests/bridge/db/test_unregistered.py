"""Models that are renamed and removed: content types and permissions are what Django's migrations and its command leave."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.bridge.db.beside_django import told

# One database, put back before each step: what Django does to it, and what the bridge does.
SCRIPT = """
import json, sys
from django.conf import settings
entry, url = json.loads(sys.argv[1]), sys.argv[2]
settings.configure(
    DATABASES={"default": entry}, USE_TZ=True, DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=["django.contrib.admin.apps.SimpleAdminConfig", "django.contrib.contenttypes", "django.contrib.auth"],
)
import django
django.setup()
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.management import RenameContentType
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection, models
from sqlalchemy import create_engine
from segue_bridge.db.unregistered import forget, rename

call_command("migrate", verbosity=0)
class Note(models.Model):
    about = models.ForeignKey(ContentType, models.CASCADE, null=True)
    class Meta:
        app_label = "auth"
with connection.schema_editor() as editor:
    editor.create_model(Note)
engine = create_engine(url)

def fill(*models_):
    for model in (LogEntry, Note, Group, User):
        model.objects.all().delete()
    ContentType.objects.filter(app_label="shop").delete()
    ContentType.objects.clear_cache()
    group, user = Group.objects.create(name="all"), User.objects.create(username="ann")
    for name in models_:
        kind = ContentType.objects.create(app_label="shop", model=name)
        for action in ("add", "view"):
            one = Permission.objects.create(content_type=kind, codename=action + "_" + name, name="Can " + action)
            group.permissions.add(one)
            user.user_permissions.add(one)
        LogEntry.objects.create(user=user, content_type=kind, object_id="1", object_repr=name, action_flag=1)

def rows():
    return [
        sorted(ContentType.objects.filter(app_label="shop").values_list("model", flat=True)),
        sorted(Permission.objects.filter(content_type__app_label="shop").values_list("content_type__model", "codename")),
        sorted(Group.objects.get().permissions.values_list("codename", flat=True)),
        sorted(User.objects.get().user_permissions.values_list("codename", flat=True)),
        sorted([str(t), r] for t, r in LogEntry.objects.values_list("content_type__model", "object_repr")),
        Note.objects.count(),
    ]

def other(work):
    connection.close()
    with engine.begin() as bound:
        work(bound)
    ContentType.objects.clear_cache()

out = []
for there in (["parcel"], ["parcel", "package"], ["letter"]):
    fill(*there)
    from django.apps import apps
    with connection.schema_editor() as editor:
        RenameContentType("shop", "parcel", "package").rename_forward(apps, editor)
    django_did = rows()
    fill(*there)
    other(lambda bound: rename(bound, "shop", "parcel", "package"))
    out.append([there, django_did, rows()])
for there in (["parcel", "letter"], ["letter"]):
    fill(*there)
    ContentType.objects.filter(app_label="shop", model="parcel").delete()  # what remove_stale_contenttypes does
    django_did = rows()
    fill(*there)
    other(lambda bound: forget(bound, "shop", "parcel"))
    out.append([there, django_did, rows()])
fill("parcel")
Note.objects.create(about=ContentType.objects.get(app_label="shop"))
before = rows()
try:
    other(lambda bound: forget(bound, "shop", "parcel"))
except ValueError as error:
    out.append([str(error), before, rows()])
print(json.dumps(out))
"""


@pytest.mark.parametrize("vendor", ["sqlite", "postgresql"])
def test_what_is_renamed_and_removed(tmp_path: Path, vendor: str, request: pytest.FixtureRequest) -> None:
    *steps, refused = told(SCRIPT, vendor, tmp_path, request, "unregistered")
    assert len(steps) == 5
    for there, django, ours in steps:
        assert ours == django, there
    assert steps[0][1][0] == ["package"]
    assert steps[3][1][4] == [["None", "parcel"], ["letter", "letter"]]
    assert refused == ["Rows of auth_note refer to the content type of shop.parcel.", refused[1], refused[1]]
