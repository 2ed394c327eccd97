"""Django takes a database that the Alembic baseline built for its own, or says what it misses."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from tests.services import Postgres

from segue.errors import EnvironmentProblem
from segue.schema.children import Generated, Legacy
from segue.schema.places import Server
from segue.schema.reverse import Acceptance, reverse

DATA = """\
from django.db import migrations


def add(apps, schema_editor):
    notes = apps.get_model("notes", "Note").objects
    first = notes.create(title="first", stars=3)
    notes.create(title="second", stars=first.pk)


class Migration(migrations.Migration):
    dependencies = [("notes", "0001_initial"), ("auth", "0012_alter_user_first_name_max_length")]
    operations = [
        migrations.RunPython(add, migrations.RunPython.noop),
        migrations.RunSQL("INSERT INTO auth_group (name) VALUES ('editors')", migrations.RunSQL.noop),
    ]
"""


def judged(project: Path, server: Server | None = None) -> Acceptance:
    legacy = Legacy(Path(sys.executable), project, "site_.settings")
    generated = Generated(Path(sys.executable), project / "fastapi", environment={"SECRET_KEY": "x"})
    return reverse(legacy, generated, server=server)


@pytest.mark.parametrize("vendor", ["sqlite", "postgresql"])
def test_what_the_baseline_does_not_make_is_told(
    tiny: Path, vendor: str, request: pytest.FixtureRequest
) -> None:
    """Rows that migrations insert; on SQLite a table as well, that a hand has taken out of the baseline."""
    lost: dict[str, tuple[str, ...]] = {}
    (tiny / "notes/migrations/0002_data.py").write_text(DATA)
    server = None
    if vendor == "postgresql":
        postgres: Postgres = request.getfixturevalue("postgres")
        for name in ("reverse_django", "reverse_generated"):
            postgres.create(name)
        server = Server(postgres.dsn, "reverse_django", "reverse_generated")
    else:
        lost = {"auth": ("auth_group_permissions",)}
        baseline = tiny / "fastapi/migrations/versions/0001_baseline.py"
        drop = "    op.drop_table('auth_group_permissions')\n\n\ndef downgrade"
        baseline.write_text(baseline.read_text().replace("\n\ndef downgrade", drop))
    found = judged(tiny, server)
    assert [(r.table, r.missing, r.surplus, r.by) for r in found.rows] == [
        ("auth_group", ("name='editors'",), (), ("notes.0002_data (RunSQL)",)),
        (
            "notes_note",
            ("stars=1, title='second'", "stars=3, title='first'"),
            (),
            ("notes.0002_data (RunPython add)",),
        ),
    ]
    assert (found.how, found.made, found.missing, found.pending, found.again) == ("--fake", (), lost, (), ())
    assert found.drift == found.errors == ()
    assert not found.accepted


def test_what_neither_side_can_build_is_djangos_to_tell(tmp_path: Path) -> None:
    """Most often a project for another database than the one that was asked for."""
    legacy, generated = (
        Legacy(Path(sys.executable), tmp_path, "absent"),
        Generated(Path(sys.executable), tmp_path),
    )
    with pytest.raises(
        EnvironmentProblem, match="The project's migrations could not build an empty SQLite database"
    ):
        reverse(legacy, generated)
