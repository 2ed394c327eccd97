"""Where transactions begin and end, as ``segue assess --transactions`` tells it."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from segue.assess import terminal_transactions
from segue.assess.transactions import Boundaries, as_data, boundaries, notes
from segue.target.ir import Program
from segue.translate.program import translate
from segue.verify import ProjectRef


@pytest.fixture(scope="module")
def program(stock: ProjectRef) -> Program:
    return translate(stock.snapshot)


def by_route(stock: ProjectRef, program: Program) -> dict[str, Boundaries]:
    return {b.route: b for b in boundaries(stock.snapshot, program)}


def test_blocks_locks_and_writes_that_stand_alone_on_both_sides(stock: ProjectRef, program: Program) -> None:
    views = (stock.root / "notes" / "views.py").read_text().splitlines()

    def at(text: str, after: str) -> str:
        begin = next(n for n, line in enumerate(views) if line.startswith(f"def {after}("))
        return f"notes/views.py:{next(n for n, line in enumerate(views) if n > begin and text in line) + 1}"

    found = by_route(stock, program)
    take, hit = found["/items/{item_id}/take/"], found["/items/{item_id}/hit/"]
    assert (take.django.blocks, take.django.locks) == (
        (at("atomic", "take"),),
        (at("select_for_update", "take"),),
    )
    assert take.django.alone == (), "save() stands in the block"
    assert hit.django.alone == (at("update(", "hit"),)
    assert len(found["/move/{item}/{item_pk}/"].django.locks) == 2
    assert found["/items/"].django.alone == ("DRF's create",)
    for one in found.values():
        assert one.generated is not None
        assert bool(one.generated.blocks) == bool(one.django.blocks)
        assert bool(one.generated.alone) == bool(one.django.alone)
        assert one.differs == ()
    assert hit.generated is not None
    assert hit.generated.alone == ("app.notes.routes.hit",)


def test_a_lock_that_the_generated_code_lacks_is_told(stock: ProjectRef, program: Program) -> None:
    routes = program.modules["app/notes/routes.py"]
    take = routes.decls["take"]
    without = replace(take, code=take.code.replace(".with_for_update()", ""))
    broken = replace(
        program,
        modules={
            **program.modules,
            "app/notes/routes.py": replace(routes, decls={**routes.decls, "take": without}),
        },
    )
    found = boundaries(stock.snapshot, broken)
    assert {b.route: b.differs for b in found if b.differs} == {"/items/{item_id}/take/": ("locks",)}
    shown = io.StringIO()
    terminal_transactions.render(
        found, notes(stock.snapshot, found, "SERIALIZABLE"), Console(file=shown, width=200)
    )
    assert "POST /items/{item_id}/take/: locks" in shown.getvalue()
    assert "SERIALIZABLE on both sides" in shown.getvalue()
    assert [d["differs"] for d in as_data(found) if d["route"] == "/items/{item_id}/take/"] == [["locks"]]
