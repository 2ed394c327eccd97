"""What is not safe on a shared schema, as squawk judges the same statements; and which types squawk does not know to be wider."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from segue_bridge.owners.risks import risk, widens
from segue_bridge.owners.statements import changes

STATEMENTS = [
    "ALTER TABLE t ADD COLUMN a bigint NOT NULL",
    "ALTER TABLE t ADD a bigint NOT NULL",
    "ALTER TABLE t ADD COLUMN a bigint NOT NULL DEFAULT 1",
    "ALTER TABLE t ADD COLUMN a bigint",
    "ALTER TABLE t ADD COLUMN a bigint, DROP COLUMN b",
    "ALTER TABLE t ADD COLUMN a numeric(10, 2), ADD COLUMN b bigint",
    "ALTER TABLE IF EXISTS t DROP COLUMN IF EXISTS a",
    "ALTER TABLE t DROP a",
    "ALTER TABLE t RENAME COLUMN a TO b",
    "ALTER TABLE t RENAME a TO b",
    "ALTER TABLE t RENAME CONSTRAINT a TO b",
    "ALTER TABLE t RENAME TO u",
    "DROP TABLE t",
    "DROP TABLE IF EXISTS t, u CASCADE",
    "CREATE INDEX i ON t (a)",
    "CREATE UNIQUE INDEX i ON t (a)",
    "CREATE INDEX CONCURRENTLY i ON t (a)",
    "DROP INDEX i",
    "DROP INDEX CONCURRENTLY i",
    "ALTER TABLE t ALTER COLUMN a SET NOT NULL",
    "ALTER TABLE t ALTER COLUMN a DROP NOT NULL",
    "ALTER TABLE t ALTER COLUMN a SET DEFAULT 1",
    "ALTER TABLE t ALTER COLUMN a DROP DEFAULT",
    "ALTER TABLE t ALTER COLUMN a TYPE bigint",
    'ALTER TABLE t ALTER COLUMN "a" TYPE bigint USING "a"::bigint',
    "ALTER TABLE t ALTER a SET DATA TYPE bigint",
    "ALTER TABLE t ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES u (id)",
    "ALTER TABLE t ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES u (id) NOT VALID",
    "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0)",
    "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID",
    "ALTER TABLE t VALIDATE CONSTRAINT c",
    "ALTER TABLE t ADD CONSTRAINT c UNIQUE (a)",
    "ALTER TABLE t ADD CONSTRAINT c UNIQUE USING INDEX i",
    "COMMENT ON TABLE t IS 'DROP TABLE t'",
    "CREATE TABLE t (a bigint NOT NULL)",
]
# squawk has rules of style and of lock timeouts as well; and it bans what our guard leaves: constraints dropped
RULES = {
    *("ban-drop-column", "ban-drop-table", "renaming-column", "renaming-table", "adding-required-field"),
    *("require-concurrent-index-creation", "require-concurrent-index-deletion", "adding-not-nullable-field"),
    *(
        "changing-column-type",
        "constraint-missing-not-valid",
        "disallowed-unique-constraint",
        "ban-drop-not-null",
    ),
}


def test_what_squawk_refuses_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "all.sql"
    file.write_text("".join(f"{statement};\n" for statement in STATEMENTS))
    squawk = Path(sys.executable).with_name("squawk")
    done = subprocess.run(
        [str(squawk), "--reporter", "json", str(file)],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    found = {item["line"] for item in json.loads(done.stdout) if item["rule_name"] in RULES}
    assert len(found) > 15
    ours = {
        line
        for line, statement in enumerate(STATEMENTS)
        if any(risk(change, "postgresql", lambda *_: None) for change in changes(statement))
    }
    assert [STATEMENTS[line] for line in sorted(ours ^ found)] == []


@pytest.mark.parametrize(
    ("old", "new", "wider"),
    [
        ("character varying(20)", "varchar(40)", True),
        ("character varying(20)", "varchar(10)", False),
        ("character varying(20)", "text", True),
        ("text", "varchar(40)", False),
        ("numeric(5,2)", "numeric(7, 2)", True),
        ("numeric(5,2)", "numeric(7, 3)", False),
        ("integer", "bigint", False),
        ("varchar(20)", "VARCHAR ( 20 )", True),
        (None, "text", False),
    ],
)
def test_a_wider_text_or_number_is_safe(old: str | None, new: str, wider: bool) -> None:
    assert widens(old, new) is wider


def test_the_type_that_is_there_decides() -> None:
    (change,) = changes(
        'ALTER TABLE "t" ALTER COLUMN "Name" TYPE varchar(50), ALTER COLUMN other TYPE numeric(12, 2)'
    )
    kinds = {("t", "Name"): "character varying(40)", ("t", "other"): "numeric(10,2)"}
    assert risk(change, "postgresql", lambda table, column: kinds[table, column]) is None
    kinds["t", "Name"] = "character varying(60)"
    assert "values may not fit" in str(risk(change, "postgresql", lambda table, column: kinds[table, column]))
