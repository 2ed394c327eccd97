"""What the baseline calls models and permissions is what Django writes into a new database: texts of the source."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.cli.tiny import SETTINGS, write

from segue.schema.children import Legacy
from segue.schema.django_side import migrated
from segue.schema.places import places
from segue.snapshot.run import probe
from segue.translate.models.migrations import registered
from segue_bridge.db.registered import Registered

MODELS = """\
from django.db import models
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy, pgettext_lazy


class Note(models.Model):
    title = models.CharField(max_length=40)
    stars = models.IntegerField(default=0)

    class Meta:
        verbose_name = gettext_lazy("user")
        permissions = [("weigh", gettext_lazy("Can log in")), ("plain", "Can wait")]


class History(models.Model):
    class Meta:
        verbose_name = format_lazy("historical {}", gettext_lazy("group"))


class Month(models.Model):
    class Meta:
        verbose_name = pgettext_lazy("alt. month", "May")


class Named(models.Model):
    class Meta:
        abstract = True
        verbose_name = "from above"
        default_permissions = ("add", "lend")


class Renamed(Named):
    class Meta(Named.Meta):
        permissions = [("first", "Can be first")]


# what a project does when it starts; migrations do not see it
Renamed._meta.verbose_name = "something else"
Renamed._meta.permissions = []
History._meta.default_permissions = ("add",)
"""


def test_names_are_those_of_the_source(tmp_path: Path) -> None:
    settings = SETTINGS + 'LANGUAGE_CODE = "de"\nMIGRATION_MODULES = {"notes": None}\n'
    project = write(tmp_path / "project", {"notes/models.py": MODELS, "site_/settings.py": settings})
    django = migrated(
        Legacy(Path(sys.executable), project, "site_.settings"), tmp_path, places(tmp_path, None), 60, None
    )
    its = {row for row in django.rows["auth_permission"] if "app_label='notes'" in row}
    snapshot = probe(project, sys.executable, "site_.settings")
    ours = set()
    for model in snapshot.models.values():
        if model.app == "notes":
            made: Registered = eval(registered(model), {"Registered": Registered})
            kind = f"content_type_id=(app_label='notes', model={made.model!r})"
            ours |= {f"codename={code!r}, {kind}, name={name!r}" for code, name in made.all_permissions()}
    assert "Can add historical group" in str(its)
    assert ours == its
