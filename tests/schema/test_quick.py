"""Django's migration state made quicker runs the very statements that Django runs, and shows migrations the same models."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from segue.schema.children import HERE

# Each is written as a migration; ``look`` tells what a RunPython sees of every model.
OPERATIONS = [
    """CreateModel("Author", [("id", models.BigAutoField(primary_key=True)), ("name", models.CharField(max_length=20, unique=True)),
        ("kind", models.CharField(max_length=1, default="a", choices=[("a", "A")]))], options={"ordering": ["name"]})""",
    """CreateModel("Tag", [("word", models.SlugField(primary_key=True, serialize=False))])""",
    """CreateModel("Book", [("id", models.BigAutoField(primary_key=True)), ("title", models.TextField()),
        ("author", models.ForeignKey("m.author", models.CASCADE, related_name="old")),
        ("made", models.DateTimeField(auto_now_add=True)), ("tags", models.ManyToManyField("m.tag", related_name="books"))])""",
    """RunPython(look)""",
    """AlterField("book", "author", models.ForeignKey("m.author", models.CASCADE, related_name="written", verbose_name="who"))""",
    """AlterField("author", "kind", models.CharField(max_length=1, default="a", choices=[("a", "A"), ("b", "B")], help_text="h"))""",
    """RunPython(look)""",
    """AlterField("book", "author", models.ForeignKey("m.author", models.PROTECT, related_name="written"))""",
    """AlterField("author", "name", models.CharField(max_length=30, unique=True, verbose_name="called"))""",
    """AlterField("author", "name", models.CharField(max_length=30, unique=True, blank=True))""",
    """RenameField("author", "name", "title")""",
    """AlterField("tag", "word", models.SlugField(primary_key=True, serialize=False, help_text="one"))""",
    """AlterField("tag", "word", models.SlugField(primary_key=True, serialize=False, max_length=60))""",
    """AddField("author", "boss", models.ForeignKey("self", models.SET_NULL, null=True, to_field="title"))""",
    """AlterField("author", "boss", models.ForeignKey("self", models.SET_NULL, null=True, to_field="title", related_name="+"))""",
    """RenameField("author", "title", "label")""",
    """AlterField("author", "kind", models.CharField(max_length=1, default="b", choices=[("b", "B")]), preserve_default=False)""",
    """AlterField("author", "kind", models.CharField(max_length=1, choices=[("c", "C")]))""",
    """RenameModel("Book", "Volume")""",
    """AlterField("volume", "tags", models.ManyToManyField("m.tag", related_name="volumes", db_table="m_marked"))""",
    """AlterModelOptions("author", {"ordering": ["-label"]})""",
    """AddField("volume", "lent", models.ManyToManyField("m.author", related_name="borrowed"))""",
    """CreateModel("Atlas", [("volume_ptr", models.OneToOneField("m.volume", models.CASCADE, parent_link=True, primary_key=True)),
        ("scale", models.DecimalField(max_digits=5, decimal_places=2, null=True))], bases=("m.volume",))""",
    """AlterField("volume", "title", models.TextField(blank=True, validators=[long]))""",
    """AlterField("atlas", "scale", models.DecimalField(max_digits=5, decimal_places=2, null=True, editable=False))""",
    """AddField("atlas", "maps", models.PositiveIntegerField(default=1))""",
    """RunPython(look)""",
    """AlterField("volume", "author", models.ForeignKey("m.author", models.CASCADE, related_name="again", related_query_name="yet"))""",
    """RemoveField("author", "kind")""",
    """RunPython(look)""",
]
MIGRATIONS = """
import json
import re
from django.core.validators import MinLengthValidator
from django.db import migrations, models
from django.db.migrations.operations import *
from django.db.migrations.operations.base import Operation

long = MinLengthValidator(2)

def look(apps, editor):
    seen = []
    for model in sorted(apps.get_models(include_auto_created=True), key=lambda m: m._meta.label):
        if model._meta.app_label == "m":
            fields = [(f.name, repr(getattr(f, "column", "")), repr(f.deconstruct()) if f.concrete else f.get_accessor_name())
                      for f in model._meta.get_fields()]
            seen.append((model._meta.label, model._meta.ordering, fields, sorted(model._meta.fields_map)))
    editor.execute("SELECT %s", [re.sub(" at 0x[0-9a-f]+", "", json.dumps(seen))])

class Look(Operation):  # of a package
    def state_forwards(self, app_label, state):
        pass
    def database_forwards(self, app_label, editor, before, after):
        look(after.apps, editor)

class Migration(migrations.Migration):
    dependencies = DEPENDENCIES
    operations = [OPERATION]
"""
# Without Django's own apps, some of whose migrations would have all classes made again by themselves.
RUN = """
import json, os, sys, importlib.util
folder, here, quick = sys.argv[1:]
sys.path[:0] = [folder]
from django.conf import settings
settings.configure(SECRET_KEY="x", USE_TZ=True, INSTALLED_APPS=["m"],
                   DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}})
import django
django.setup()
spec = importlib.util.spec_from_file_location("quick", here + "/in_django_quick.py")
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
if quick == "True":
    module.hurry()
from django.core.management import call_command
from django.db import connection
from django.db.migrations.state import StateApps
statements, made = [], [0]
render = StateApps.render_multiple
def counted(self, states):
    made[0] += len(states)
    return render(self, states)
StateApps.render_multiple = counted
def note(execute, sql, params, many, context):
    if "django_migrations" not in sql:
        statements.append([sql, repr(params)])
    return execute(sql, params, many, context)
with connection.execute_wrapper(note):
    call_command("migrate", verbosity=0)
with connection.cursor() as cursor:
    built = cursor.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY rowid").fetchall()
print(json.dumps({"statements": statements, "built": built, "made": made[0]}))
"""


def ran(folder: Path, quick: bool) -> Any:
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(folder), str(HERE), str(quick)],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONHASHSEED": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def project(tmp_path: Path, operations: Sequence[str]) -> Path:
    migrations = tmp_path / "m/migrations"
    migrations.mkdir(parents=True)
    (tmp_path / "m/__init__.py").touch()
    (migrations / "__init__.py").touch()
    before = ""
    for number, operation in enumerate(operations):
        text = MIGRATIONS.replace("DEPENDENCIES", f"[('m', {before!r})]" if before else "[]")
        before = f"{number:04}_it"
        (migrations / f"{before}.py").write_text(text.replace("OPERATION]", operation + "]"))
    return tmp_path


def test_operations_of_packages_see_what_they_see_in_django(tmp_path: Path) -> None:
    folder = project(tmp_path, [*OPERATIONS[:3], OPERATIONS[4], "Look()"])
    theirs, ours = ran(folder, False), ran(folder, True)
    assert ours["statements"] == theirs["statements"]
    assert any("written" in params for sql, params in ours["statements"] if sql == "SELECT %s")


def test_statements_and_models_are_djangos(tmp_path: Path) -> None:
    folder = project(tmp_path, OPERATIONS)
    theirs, ours = ran(folder, False), ran(folder, True)
    assert ours["built"] == theirs["built"]
    for one, other in zip(ours["statements"], theirs["statements"], strict=True):
        assert one == other
    looks = [params for sql, params in theirs["statements"] if sql == "SELECT %s"]
    assert len(looks) == sum("look" in operation for operation in OPERATIONS)
    assert len(set(looks)) == len(looks)
    assert ours["made"] < theirs["made"]  # else nothing was saved, and nothing was shown
