"""Bad input: one sentence with what and where, one with what to do next, exit code 2, nothing half-written."""

from __future__ import annotations

import os
import resource
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.tiny import SETTINGS, Ran, obey_permissions, segue, tree, write

from segue import config

ORACLE = """\
from django.db.backends.sqlite3 import base


class DatabaseWrapper(base.DatabaseWrapper):
    vendor = "{vendor}"
    display_name = "{vendor}"
"""


def refused(root: Path, *words: str, **options: object) -> Ran:
    """Run, and check that it was refused with nothing written."""
    before = tree(root)
    ran = segue(root, *words, **options)  # type: ignore[arg-type]
    ran.sentence()
    assert tree(root) == before
    return ran


def test_no_project_here(tmp_path: Path) -> None:
    ran = refused(tmp_path, "assess")
    assert f"No Django settings module was found for {tmp_path}, which has no manage.py either." in ran.err


def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    for command in ("init", "assess"):
        ran = refused(tmp_path, command, "-C", str(tmp_path / "nowhere"))
        assert f"{tmp_path}/nowhere is not a folder." in ran.err


def test_init_writes_the_settings_and_the_interpreter_that_are_named(tmp_path: Path) -> None:
    """What the refusal above tells people to do."""
    (tmp_path / "manage.py").write_text("")
    ran = refused(tmp_path, "init")
    assert "name the module with --settings" in ran.err
    ran = segue(tmp_path, "init", "--settings", "site_.local", "--python", sys.executable)
    assert ran.code == 0
    found = config.load(tmp_path)
    assert (found.settings, found.python) == ("site_.local", sys.executable)
    (tmp_path / "inner" / "here").mkdir(parents=True)
    for place in (tmp_path, tmp_path / "inner"):  # the one that is named is not that of the project's folder
        (place / "here").mkdir(exist_ok=True)
        (place / "here" / "python").symlink_to(sys.executable)
    ran = segue(tmp_path, "init", "-C", "inner", "--settings", "site_.local", "--python", "here/python")
    assert (ran.code, config.load(tmp_path / "inner").python) == (0, str(tmp_path / "here" / "python"))


def test_missing_settings(project: Path) -> None:
    ran = refused(project, "generate", "--settings", "site_.nowhere")
    assert f"There is no settings module site_.nowhere in {project}." in ran.err


def test_a_failing_import_adds_the_projects_own_traceback(tmp_path: Path) -> None:
    root = write(tmp_path, {"notes/models.py": "import nothing_like_this\n"})
    ran = refused(root, "generate")
    assert ran.err.startswith("Traceback (most recent call last):")
    assert f'  File "{root}/notes/models.py", line 1, in <module>\n    import nothing_like_this\n' in ran.err
    assert (
        "The project's apps cannot be loaded: ModuleNotFoundError: No module named 'nothing_like_this'."
        in (ran.err)
    )
    assert f"Make `{sys.executable} manage.py check` pass" in ran.err


@pytest.mark.parametrize("vendor", ["oracle", "microsoft"])
def test_an_unsupported_database(tmp_path: Path, vendor: str) -> None:
    settings = SETTINGS.replace("django.db.backends.sqlite3", "other_database")
    root = write(
        tmp_path,
        {
            "site_/settings.py": settings,
            "other_database/__init__.py": "",
            "other_database/base.py": ORACLE.format(vendor=vendor),
        },
    )
    ran = refused(root, "generate" if vendor == "oracle" else "assess")
    assert "The default database of site_.settings is not supported (other_database)" in ran.err


def test_a_geographic_database(tmp_path: Path) -> None:
    # a backend of one's own over the geographic one, so that no geographic library is needed to load it
    root = write(
        tmp_path,
        {
            "site_/settings.py": SETTINGS.replace("django.db.backends.sqlite3", "our.spatialite"),
            "our/__init__.py": "",
            "our/spatialite/__init__.py": "",
            "our/spatialite/base.py": "from django.db.backends.sqlite3.base import DatabaseWrapper\n",
        },
    )
    assert "is not supported (our.spatialite)" in refused(root, "generate").err


def test_no_database_at_all(tmp_path: Path) -> None:
    settings = SETTINGS[: SETTINGS.index("DATABASES")] + SETTINGS[SETTINGS.index("REST_FRAMEWORK") :]
    root = write(tmp_path, {"site_/settings.py": settings})
    assert "is not supported (none)" in refused(root, "generate").err


def test_a_database_whose_driver_is_missing(tmp_path: Path) -> None:
    settings = SETTINGS.replace("django.db.backends.sqlite3", "django.db.backends.oracle")
    ran = refused(write(tmp_path, {"site_/settings.py": settings}), "generate")
    assert "No module named 'oracledb'" in ran.err


def test_an_interpreter_that_does_not_exist(project: Path) -> None:
    ran = refused(project, "assess", "--python", "/nowhere/python")
    assert "There is no Python interpreter at /nowhere/python." in ran.err


def test_an_interpreter_that_cannot_run(project: Path) -> None:
    (project / "python").write_text("no program")
    ran = refused(project, "assess", "--python", str(project / "python"))
    assert f"{project}/python cannot be run: Permission denied." in ran.err


def test_an_interpreter_without_django(project: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(bare)], check=True)
    ran = refused(project, "generate", "--python", str(bare))
    assert f"{bare}/bin/python has no Django." in ran.err


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[project\n", "is not valid TOML"),
        ("[projekt]\n", "[projekt] is not a table of segue.toml"),
        ("[project]\npyhton = 'x'\n", "[project] has no key 'pyhton'"),
        ("[gateway]\nport = '80'\n", "gateway.port must be a whole number, not '80'"),
        ("[gateway]\nport = 70000\n", "gateway.port 70000 is no port"),
        ("[gateway]\npatience = -1\n", "gateway.patience -1 is no time to wait"),
        ("[gateway]\nsticky = ['user']\n", "gateway.sticky has 'user', which tells no clients apart"),
        ("[rollout]\nminimum = 19\n", "rollout.minimum 19 is no number of requests that proves anything"),
        ('[verify]\nnoise = ["GET /api/x/: seen"]\n', "names no place of an answer"),
        ("[output]\npackage = 'my-app'\n", "output.package 'my-app' is no name of a Python package"),
        ("[output]\nfolder = '.'\n", "output.folder is the Django project itself"),
        ("[project]\nroot = 'gone'\n", "gone, which is no folder"),
        ("[project]\nseed_command = [1]\n", "project.seed_command must be a list of strings, not [1]"),
    ],
)
def test_a_damaged_configuration(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "segue.toml").write_text(text)
    ran = refused(tmp_path, "status")
    assert f"{tmp_path}/segue.toml" in ran.sentence()
    assert told in ran.sentence()


def test_an_unknown_route_is_told_with_near_ones(generated: Path) -> None:
    for command in (["shift", "/api/note/", "--to", "5"], ["rollback", "/api/note/"]):
        ran = refused(generated, *command)
        assert "No route is called '/api/note/'." in ran.err
        assert "Did you mean" in ran.err
        assert "/api/notes/" in ran.err


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[[operation]\n", "is damaged"),
        ("operation = 3\n", "is damaged: operation is no list of tables"),
        ('[[operation]]\nmethod = "GET"\n', "ledger.toml:1: operation 1 is damaged (no weight)"),
    ],
)
@pytest.mark.parametrize("command", ["status", "generate"])
def test_a_damaged_ledger_is_told_and_left_alone(generated: Path, text: str, told: str, command: str) -> None:
    (generated / ".segue" / "ledger.toml").write_text(text)
    ran = refused(generated, command)
    assert f"{generated}/.segue/ledger.toml" in ran.sentence()
    assert told in ran.sentence()


@pytest.mark.parametrize("text", ["{", "[]", '{"schema_version": 1}', '{"schema_version": 99}'])
def test_a_damaged_snapshot_is_told(generated: Path, text: str) -> None:
    (generated / ".segue" / "snapshot.json").write_text(text)
    ran = refused(generated, "gateway", "export")
    assert f"{generated}/.segue/snapshot.json" in ran.sentence()
    assert "segue assess" in ran.err


def test_a_damaged_record_of_the_gateway(generated: Path) -> None:
    (generated / ".segue" / "gateway").mkdir()
    (generated / ".segue" / "gateway" / "running.json").write_text("[]")
    assert "running.json is damaged." in refused(generated, "status").err


def test_a_busy_port(project: Path) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        assert f"Port {port} is busy." in refused(project, "serve", "--port", str(port)).err


def test_a_folder_that_may_not_be_written(project: Path) -> None:
    project.chmod(0o555)
    try:
        ran = segue(project, "generate", before=obey_permissions)
    finally:
        project.chmod(0o755)
    told = ran.sentence()
    assert told.startswith(f"segue: {project}/")
    assert told.endswith(" cannot be written: no permission to write there.")
    assert not (project / ".segue").exists()


def test_an_output_that_may_not_be_written_is_told_before_anything_is_done(project: Path) -> None:
    (project / "fastapi").mkdir(mode=0o555)
    before = tree(project)
    ran = segue(project, "generate", before=obey_permissions)
    assert f"{project}/fastapi cannot be written: no permission to write there." in ran.sentence()
    assert tree(project) == before


@pytest.mark.parametrize("name", [".segue", "fastapi"])
def test_a_file_where_a_folder_belongs(project: Path, name: str) -> None:
    (project / name).write_text("mine")
    told = refused(project, "generate").sentence()
    assert f"{project}/{name}" in told
    assert " cannot be written" in told


def test_a_report_that_cannot_be_written(project: Path) -> None:
    (project / "file").write_text("mine")
    ran = refused(project, "assess", "--html", str(project / "file" / "report.html"))
    assert f"{project}/file cannot be written: {project}/file is not a folder." in ran.err


def test_a_place_that_only_seems_writable(generated: Path) -> None:
    (generated / "segue.toml").write_text(
        (generated / "segue.toml").read_text() + '[output]\nfolder = "/proc/segue"\n'
    )
    before = tree(generated / ".segue" / "base"), (generated / ".segue" / "ledger.toml").read_bytes()
    ran = segue(generated, "generate")
    assert "/proc/segue" in ran.sentence()
    assert "cannot be written" in ran.sentence()
    assert (
        tree(generated / ".segue" / "base"),
        (generated / ".segue" / "ledger.toml").read_bytes(),
    ) == before


def test_a_file_that_does_not_fit_on_the_disk(generated: Path) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500))

    ran = refused(generated, "shift", "/api/notes/", "--to", "10", "--force", before=limit)
    assert f"{generated}/.segue/ledger.toml cannot be written: File too large." in ran.err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_standard_output_on_a_full_disk(generated: Path) -> None:
    def full() -> None:
        os.dup2(os.open("/dev/full", os.O_WRONLY), 1)

    for words in (["status"], ["status", "--json"], ["gateway", "export"]):
        ran = segue(generated, *words, before=full)
        assert "The operating system refused: No space left on device." in ran.sentence()


def test_what_another_command_is_changing(generated: Path) -> None:
    import fcntl

    with (generated / ".segue" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ran = refused(generated, "shift", "/api/notes/", "--to", "0")
    assert f"Another segue command is changing {generated}/.segue." in ran.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["assss"], "No such command 'assss'"),
        (["assess", "--htlm", "x"], "No such option"),
        (["shift"], "Missing argument"),
        (["shift", "x", "--to", "ten"], "Invalid value for '--to'"),
        (["serve", "--port", "70000"], "Invalid value for '--port'"),
        (["generate", "--max-refused", "-1"], "Invalid value for '--max-refused'"),
        (["verify", "explore", "--cases", "0"], "Invalid value for '--cases'"),
    ],
)
def test_a_wrong_command_line(tmp_path: Path, words: list[str], told: str) -> None:
    ran = segue(tmp_path, *words)
    assert ran.code == 2
    assert ran.out == ""
    assert told in ran.err
    assert "--help" in ran.err
    assert "Traceback" not in ran.err


def test_commands_before_their_time_say_what_comes_first(project: Path) -> None:
    for words, first in (
        (["status"], "segue generate"),
        (["shift", "/x", "--to", "1"], "segue generate"),
        (["rollback", "--all"], "segue generate"),
        (["gateway", "check"], "segue assess"),
        (["gateway", "export"], "segue assess"),
        (["schema", "check"], "segue assess"),
        (["verify", "explore"], "segue generate"),
    ):
        ran = segue(project, *words)
        ran.sentence()
        assert f"Run `{first}` first." in ran.err
