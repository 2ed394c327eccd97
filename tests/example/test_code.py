"""What the generator writes for the example: typed, tidy, free of Django, the same every time."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.example.conftest import EXAMPLE, Example, copied, make
from tests.services import mypy_cache

FORBIDDEN = {"django", "rest_framework", "django_filters", "segue"}


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *arguments], cwd=cwd, capture_output=True, text=True, timeout=200, check=False
    )


def test_mypy_strict(example: Example) -> None:
    done = run("mypy", "--strict", "--cache-dir", mypy_cache(), "app", cwd=example.output)
    assert done.returncode == 0, done.stdout


def test_ruff_with_its_own_settings_and_with_ours(example: Example) -> None:
    ours = Path(__file__).resolve().parents[2] / "pyproject.toml"
    assert run("ruff", "format", "--no-cache", "--check", ".", cwd=example.output).returncode == 0
    for options in ([], ["--config", str(ours)]):
        done = run(
            "ruff", "check", "--no-cache", "--output-format", "concise", *options, "app", cwd=example.output
        )
        assert done.returncode == 0, done.stdout


def test_no_import_of_django(example: Example) -> None:
    files = list(example.output.rglob("*.py"))
    assert len(files) > 30
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            names = (
                [a.name for a in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            assert not {n.partition(".")[0] for n in names} & FORBIDDEN, (file, names)


def test_functions_take_and_wait_for_nothing_that_they_do_not_need(example: Example) -> None:
    checked = 0
    for file in sorted((example.output / "app").rglob("*.py")):
        if file.stem not in ("permissions", "services", "presenters", "queries", "filters"):
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            checked += 1
            inside = list(ast.walk(node))
            names = {n.id for n in inside if isinstance(n, ast.Name)}
            assert {a.arg for a in [*node.args.args, *node.args.kwonlyargs]} <= names, (file, node.name)
            if isinstance(node, ast.AsyncFunctionDef):
                assert any(isinstance(n, ast.Await | ast.AsyncWith | ast.AsyncFor) for n in inside), node.name
            assert not re.search(r"_\d$", node.name) or file.stem == "queries", (file, node.name)
    assert checked > 60


def test_no_unfinished_work_and_no_folder_of_this_machine(example: Example) -> None:
    for path, content in example.texts().items():
        text = content.decode()
        assert not re.search(r"\b(TODO|FIXME|NotImplementedError)\b", text), path
        assert str(example.folder) not in text, path
        assert "site-packages" not in text, path


def test_same_bytes_again_in_another_process_and_folder(example: Example, tmp_path: Path) -> None:
    other = make(tmp_path / "elsewhere", seed="77")
    assert other.texts() == example.texts()
    again = other.segue("generate", seed="5")
    assert again.returncode == 0
    assert other.texts() == example.texts()


def test_enough_is_native_and_every_refusal_says_where(example: Example) -> None:
    report = json.loads(example.segue("assess", "--json").stdout)
    manifest = json.loads((example.output / "segue-manifest.json").read_text())
    native = {(o["route"], o["method"]) for o in manifest["operations"]}
    endpoints = [e for e in report["endpoints"] if e["own"]]
    assert len(endpoints) >= 60
    assert len(native) / len(endpoints) >= 0.6
    refused = [e for e in endpoints if (e["route"], e["method"]) not in native]
    assert refused, "the example must hold things that are still refused"
    for endpoint in refused:
        assert endpoint["reasons"], endpoint
        for reason in endpoint["reasons"]:
            file, _, line = reason["place"].rpartition(":")
            assert reason["why"]
            assert (EXAMPLE / file).is_file(), reason
            assert 1 <= int(line) <= len((EXAMPLE / file).read_text().splitlines()), reason


@pytest.fixture
def edited(example: Example, tmp_path: Path) -> Example:
    return copied(example, tmp_path / "bookshop")


def test_a_hand_edit_survives_a_change_of_the_legacy_code(edited: Example) -> None:
    routes = edited.output / "app" / "catalog" / "routes.py"
    routes.write_text(routes.read_text() + "\n\nMINE = 1\n")
    serializers = edited.folder / "catalog" / "serializers.py"
    presenters = edited.output / "app" / "catalog" / "presenters.py"
    before = presenters.read_text()
    serializers.write_text(
        serializers.read_text().replace(
            '"first_name", "last_name", "full_name"', '"last_name", "first_name", "full_name"'
        )
    )
    done = edited.segue("generate")
    assert done.returncode == 0, done.stderr
    assert presenters.read_text() != before
    assert routes.read_text().endswith("MINE = 1\n")


def test_an_edit_where_the_legacy_code_changes_is_a_conflict_and_nothing_is_written(edited: Example) -> None:
    presenters = edited.output / "app" / "catalog" / "presenters.py"
    shown = presenters.read_text()
    assert shown.count('"first_name": author.first_name,') == 1
    presenters.write_text(
        shown.replace('"first_name": author.first_name,', '"given_name": author.first_name,')
    )
    serializers = edited.folder / "catalog" / "serializers.py"
    serializers.write_text(
        serializers.read_text().replace('"first_name", "last_name", "full_name"', '"last_name", "full_name"')
    )
    before = edited.texts()
    done = edited.segue("generate")
    assert done.returncode == 2, done.stdout
    assert "presenters.py" in done.stderr
    assert "Traceback" not in done.stderr
    assert edited.texts() == before


def test_porting_notes_name_things_that_exist_on_both_sides(example: Example) -> None:
    text = (example.output / "PORTING.md").read_text()
    names = text.partition("## Names")[2].partition("## Stays")[0]
    rows = re.findall(r"^\| `([\w.]+)` \| ([\w/.]+):(\d+) \| (.+) \|$", names, re.MULTILINE)
    assert len(rows) > 50
    own = [row for row in rows if (EXAMPLE / row[1]).is_file()]
    assert len(own) > 40
    for legacy, file, line, _ in own:
        lines = (EXAMPLE / file).read_text().splitlines()[int(line) - 1 :]
        said = next(text for text in lines if not text.lstrip().startswith("@"))
        found = re.match(r"\s*(?:class|def) (\w+)", said)
        # The table between two models has the model's own place.
        assert found, (legacy, said)
        assert found[1] in legacy, (legacy, said)
    for name in re.findall(r"`(app[\w.]+)`", names):
        module, _, attribute = name.rpartition(".")
        source = (example.output / f"{module.replace('.', '/')}.py").read_text()
        assert re.search(rf"^(?:class|def|async def) {attribute}\b|^{attribute}\b", source, re.MULTILINE), (
            name
        )
