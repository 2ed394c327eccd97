"""Regeneration: same bytes for the same program, hand edits kept or a conflict, never a loss."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from ruff.__main__ import find_ruff_bin

from segue.emit import Change, render_program, write
from segue.emit.write import ConflictError
from segue.errors import EnvironmentProblem
from segue.target.ir import Decl, Import, Program
from segue.translate.views import texts

CLUMSY = """\
def first(rows: list[int], found: dict[int, int]) -> object:
    if rows:
        if found:
            return sum((row for row in rows))
    try:
        found.pop(1)
    except KeyError:
        pass
    try:
        found.pop(2)
    except KeyError:
        pass  # it is gone
    if not 3 in rows:
        return set([row for row in rows])
    if rows[0] == 1:
        return f"one"
    elif rows[0] == 2:
        return "one"
    return not (not found), dict((("a", 1), ("b", 2)))
"""


def test_code_obeys_the_rules_of_its_own_project(tmp_path: Path) -> None:
    """What is translated line by line is written as its owner's ruff has it, comments are kept."""
    made = Program()
    made.module("app/shop/services.py", "Services of shop.").add(Decl("first", CLUMSY))
    generate(made, tmp_path)
    rules = re.search(r"\[tool\.ruff\.lint\]\n(select = .*\nignore = .*\n)", texts._PYPROJECT)
    assert rules is not None
    (tmp_path / "ruff.toml").write_text(f'target-version = "py311"\n[lint]\n{rules[1]}')
    told = []
    for source in (CLUMSY, text(tmp_path)):
        (tmp_path / "one.py").write_text(source)
        ruff = [
            find_ruff_bin(),
            "check",
            "--no-cache",
            "--output-format",
            "concise",
            "--config",
            "ruff.toml",
            "one.py",
        ]
        done = subprocess.run(ruff, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
        told.append(set(re.findall(r" ([A-Z]+[0-9]+)\b", done.stdout)))
    assert {"SIM102", "UP034", "E713", "C403", "F541", "SIM208", "C406"} <= told[0]
    assert told[1] == {"SIM105"}  # the one with a comment is its owner's
    assert "pass  # it is gone" in text(tmp_path)


ORIGINAL = "def first() -> int:\n    return 1\n\n\ndef second() -> int:\n    return 2\n"


def program(first: int = 1, second: int = 2, *, extra: bool = False) -> Program:
    made = Program()
    module = made.module("app/shop/services.py", "Services of shop.")
    module.add(Decl("first", f"def first() -> int:\n    return {first}"))
    module.add(Decl("middle", "def middle() -> int:\n    return 0\n"))
    module.add(Decl("second", f"def second() -> int:\n    return {second}"))
    if extra:
        made.module("app/shop/extra.py", "Extra.").add(Decl("x", "x = 1", rank=0))
    made.files["Dockerfile"] = "FROM python:3.12\n"
    return made


def generate(made: Program, tmp_path: Path) -> dict[str, Change]:
    return write(made, tmp_path / "out", base=tmp_path / "base").changes


def text(tmp_path: Path) -> str:
    return (tmp_path / "out/app/shop/services.py").read_text()


def test_same_program_gives_same_bytes_and_second_run_changes_nothing(tmp_path: Path) -> None:
    assert render_program(program()) == render_program(program())
    generate(program(), tmp_path)
    assert set(generate(program(), tmp_path).values()) == {Change.UNCHANGED}


def test_packages_get_init_files(tmp_path: Path) -> None:
    generate(program(), tmp_path)
    assert (tmp_path / "out/app/__init__.py").exists()
    assert (tmp_path / "out/app/shop/__init__.py").exists()


def test_hand_edit_survives_regeneration(tmp_path: Path) -> None:
    generate(program(), tmp_path)
    file = tmp_path / "out/app/shop/services.py"
    file.write_text(text(tmp_path).replace("return 1", "return 41"))
    assert generate(program(), tmp_path)["app/shop/services.py"] is Change.KEPT
    assert "return 41" in text(tmp_path)


def test_hand_edit_and_new_code_elsewhere_are_merged(tmp_path: Path) -> None:
    generate(program(), tmp_path)
    file = tmp_path / "out/app/shop/services.py"
    file.write_text(text(tmp_path).replace("return 1", "return 41"))
    assert generate(program(second=22), tmp_path)["app/shop/services.py"] is Change.MERGED
    assert "return 41" in text(tmp_path)
    assert "return 22" in text(tmp_path)
    assert generate(program(second=22), tmp_path)["app/shop/services.py"] is Change.KEPT


def test_conflict_stops_before_anything_is_written(tmp_path: Path) -> None:
    generate(program(), tmp_path)
    file = tmp_path / "out/app/shop/services.py"
    file.write_text(text(tmp_path).replace("return 1", "return 41"))
    with pytest.raises(ConflictError, match=r"services\.py:\d+") as caught:
        generate(program(first=7, extra=True), tmp_path)
    assert "return 41" in text(tmp_path)
    assert not (tmp_path / "out/app/shop/extra.py").exists()
    assert caught.value.hint


def test_foreign_file_is_never_replaced(tmp_path: Path) -> None:
    file = tmp_path / "out/Dockerfile"
    file.parent.mkdir()
    file.write_text("FROM mine\n")
    with pytest.raises(ConflictError, match="Dockerfile"):
        generate(program(), tmp_path)
    assert file.read_text() == "FROM mine\n"


def test_file_no_longer_generated_goes_unless_edited(tmp_path: Path) -> None:
    generate(program(extra=True), tmp_path)
    assert generate(program(), tmp_path)["app/shop/extra.py"] is Change.REMOVED
    assert not (tmp_path / "out/app/shop/extra.py").exists()
    generate(program(extra=True), tmp_path)
    (tmp_path / "out/app/shop/extra.py").write_text("x = 2\n")
    assert generate(program(), tmp_path)["app/shop/extra.py"] is Change.ORPHANED
    assert (tmp_path / "out/app/shop/extra.py").read_text() == "x = 2\n"


def test_imports_are_merged_sorted_and_unused_ones_dropped() -> None:
    made = Program()
    module = made.module("app/a.py", "A.")
    uses = frozenset({Import("decimal", "Decimal"), Import("uuid"), Import("app.b", "thing", type_only=True)})
    module.add(Decl("f", "def f(x: thing) -> Decimal:\n    return Decimal(1)", uses))
    text = render_program(made)["app/a.py"]
    assert "import uuid" not in text
    assert text.index("from decimal import Decimal") < text.index("if TYPE_CHECKING:")
    assert "    from app.b import thing" in text


def test_two_things_of_one_name_in_a_module_are_an_error() -> None:
    module = program().module("app/shop/services.py", "")
    with pytest.raises(ValueError, match="two declarations named first"):
        module.add(Decl("first", "def first() -> int:\n    return 9"))


def test_invalid_python_never_reaches_the_folder(tmp_path: Path) -> None:
    made = program()
    made.module("app/shop/services.py", "").add(Decl("bad", "def bad(:\n"))
    with pytest.raises(EnvironmentProblem, match="nothing was written") as problem:
        generate(made, tmp_path)
    assert "services.py" in problem.value.detail  # ruff says where
    assert not (tmp_path / "out").exists()


def test_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(EnvironmentProblem, match=r"cannot be (written|read)"):
        generate(program(), tmp_path)
