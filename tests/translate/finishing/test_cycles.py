"""Modules that import each other are imported all the same, and only what runs later is imported later."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from segue.emit.render import render_module
from segue.target.ir import Decl, Import, Program
from segue.translate.finishing.cycles import break_cycles


def _program() -> Program:
    program = Program()
    one, two = program.module("app/one.py", "One."), program.module("app/two.py", "Two.")
    one.add(Decl("number", "def number() -> int:\n    return 1"))
    one.add(
        Decl(
            "both",
            'def both() -> int:\n    """Told."""\n    return number() + twice()',
            frozenset({Import("app.two", "twice")}),
        )
    )
    two.add(
        Decl(
            "twice",
            "def twice() -> int:\n    # from the other\n    return 2 * number()",
            frozenset({Import("app.one", "number")}),
        )
    )
    return program


def test_modules_that_need_each_other_can_be_imported() -> None:
    program = _program()
    break_cycles(cast(Any, SimpleNamespace(program=program)))
    texts = {path: render_module(module) for path, module in program.modules.items()}
    assert [path for path, text in texts.items() if "\nfrom app." in text] == ["app/two.py"]
    assert '    """Told."""\n    from app.two import twice\n' in texts["app/one.py"]


def test_modules_without_a_cycle_stay() -> None:
    program = _program()
    del program.modules["app/two.py"].decls["twice"]
    before = render_module(program.modules["app/one.py"])
    break_cycles(cast(Any, SimpleNamespace(program=program)))
    assert render_module(program.modules["app/one.py"]) == before
