"""What is left to apply, as Django says it, for every state that a squashed and merged history can be in."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.cli.tiny import write

from segue.schema import in_django_history
from segue.schema.history import migrations, unapplied

MIGRATION = """\
from django.db import migrations


def change(apps, schema_editor):
    pass


class Migration(migrations.Migration):
    dependencies = {dependencies!r}
    replaces = {replaces!r}
    operations = [{operations}]
"""
FILES = {
    "0002_left": ([("notes", "0001_initial")], [], "migrations.RunPython(change)"),
    "0002_right": ([("notes", "0001_initial")], [], "migrations.RunSQL('SELECT 1', 'SELECT 1')"),
    "0003_merge": ([("notes", "0002_left"), ("notes", "0002_right")], [], ""),
    "0004_more": ([("notes", "0003_merge")], [], ""),
    "0005_last": ([("notes", "0004_more")], [], ""),
    "0004_squashed_0005_last": (
        [("notes", "0003_merge")],
        [("notes", "0004_more"), ("notes", "0005_last")],
        "migrations.SeparateDatabaseAndState(database_operations=[migrations.RunSQL('SELECT 1')])",
    ),
}
SCRIPT = """
import importlib.util, json, os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "site_.settings"
sys.path.insert(0, os.getcwd())
import django
from django.conf import settings
settings.DATABASES["default"]["NAME"] = ":memory:"
django.setup()
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
spec = importlib.util.spec_from_file_location("history", sys.argv[1])
history = importlib.util.module_from_spec(spec)
spec.loader.exec_module(history)
recorder = MigrationRecorder(connection)
out = []
for state in json.loads(sys.argv[2]):
    recorder.flush() if recorder.has_table() else recorder.ensure_schema()
    for name in state:
        recorder.record_applied("notes", name)
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes("notes"))
    out.append([[m.app_label + "." + m.name for m, back in plan], history.read(connection, os.getcwd())])
print(json.dumps(out))
"""


def test_unapplied_is_what_django_would_apply(tmp_path: Path) -> None:
    project = write(tmp_path)
    for name, (dependencies, replaces, operations) in FILES.items():
        text = MIGRATION.format(dependencies=dependencies, replaces=replaces, operations=operations)
        (project / f"notes/migrations/{name}.py").write_text(text)
    merged = ["0001_initial", "0002_left", "0002_right", "0003_merge"]
    states = [
        [],
        ["0001_initial", "0002_right"],
        merged,
        [*merged, "0004_more"],
        [*merged, "0004_more", "0005_last"],
        [*merged, "0004_squashed_0005_last"],
        [*merged, "0004_more", "0005_last", "0004_squashed_0005_last"],
    ]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, in_django_history.__file__, json.dumps(states)],
        cwd=project, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    answers = json.loads(done.stdout)
    assert any(plan for plan, _read in answers)
    for plan, read in answers:
        assert [m.key for m in unapplied(migrations(read)) if m.app == "notes"] == plan
    last = {m.name: m for m in migrations(answers[2][1]) if m.app == "notes"}
    assert [m.name for m in last.values() if m.merge] == ["0003_merge"]
    assert [(d.what, d.place, d.reversible) for d in last["0002_left"].data] == [
        ("RunPython change", "notes/migrations/0002_left.py:4", False)
    ]
    assert [(d.what, d.reversible) for d in last["0002_right"].data] == [("RunSQL", True)]
    assert [d.what for d in last["0004_squashed_0005_last"].data] == ["RunSQL"]
    assert last["0004_more"].replaced == ("notes.0004_squashed_0005_last",)
