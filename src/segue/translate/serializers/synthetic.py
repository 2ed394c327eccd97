"""Functions that Segue composes itself and adds beside the lifted ones.

A presenter or validator has no legacy source, but its body is full of legacy expressions
(sources, method fields, hooks): they are evaluated in a kernel frame, which collects free
state, imports and colour, and the finished body joins the kernel's function records.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from segue.refusal import refuse
from segue.snapshot.model import Function, Where
from segue.translate.context import Context
from segue.translate.functions.lift import LEVEL, Lifted, State
from segue.translate.functions.record import FunctionRecord, records
from segue.translate.functions.symbols import symbols
from segue.translate.interp.frame import Frame, Parameter, RenameNeeded
from segue.translate.interp.scope import STATE
from segue.translate.interp.value import Val
from segue.translate.kinds import Kind
from segue.translate.rules import registry


@dataclass(frozen=True, slots=True)
class Recipe:
    """What to compose: names, place, and the function that fills the frame.

    ``build`` declares parameters on the frame (``frame.env``), emits lines and returns the kind
    of the result and the explicit parameters.
    """

    legacy: str
    where: Where
    app: str
    module_kind: str
    name: str
    doc: str
    build: Callable[[Frame], tuple[Kind, list[Parameter]]]
    hint: str = ""
    always_async: bool = False


def compose(ctx: Context, recipe: Recipe) -> Lifted:
    """Run the recipe and register the function."""
    registry.discover()
    function = Function(recipe.legacy, recipe.where, "", "function", {})
    stack = ctx.memo.setdefault(("kernel", "stack"), [])
    assert isinstance(stack, list)
    mark = f"{recipe.module_kind}:{recipe.legacy}:{ctx.memo.get(LEVEL, 0)}"
    if mark in stack:
        raise refuse("recursion", recipe.legacy.rpartition(".")[2], "It reaches itself.", recipe.where)
    stack.append(mark)
    try:
        renames: dict[str, str] = {}
        for _ in range(12):
            frame = Frame(ctx, function, recipe.app, hint=recipe.hint, renames=dict(renames))
            try:
                returns, parameters = recipe.build(frame)
            except RenameNeeded as needed:
                renames[needed.local] = renames.get(needed.local, needed.local) + "_"
                continue
            return _register(ctx, recipe, frame, returns, parameters)
        raise refuse("names", recipe.name, "Local names and state names cannot be told apart.", recipe.where)
    finally:
        stack.pop()


def _register(
    ctx: Context, recipe: Recipe, frame: Frame, returns: Kind, parameters: list[Parameter]
) -> Lifted:
    if recipe.always_async and not frame.is_async:
        _ = frame.db
    order = {key: number for number, key in enumerate(STATE)}
    state = tuple(
        State(
            key,
            "state" if key in STATE else "url" if key in frame.url_arguments else "extra",
            parameter.annotation,
            frame.url_arguments.get(key),
        )
        for key, parameter in sorted(
            frame.state_used.items(), key=lambda item: (order.get(item[0], 99), item[0])
        )
    )
    record = FunctionRecord(
        token="",
        base_name=recipe.name,
        app=recipe.app,
        module_kind=recipe.module_kind,
        parameters=[*(Parameter(item.name, item.annotation) for item in state), *parameters],
        lines=list(frame.lines),
        imports=frozenset(frame.imports),
        is_async=frame.is_async,
        returns=returns,
        doc=recipe.doc,
        legacy=recipe.legacy,
        where=recipe.where,
    )
    record.token = symbols(ctx).new("fn", lambda: record.final)
    records(ctx).append(record)
    return Lifted(
        record.token,
        ctx.import_path(recipe.app, recipe.module_kind),
        state,
        tuple(item.name for item in parameters),
        frame.is_async,
        returns,
    )


@contextmanager
def in_validation(ctx: Context) -> Iterator[None]:
    """What is lifted inside is called by validation: Django's ``ValidationError`` means DRF's there."""
    before = ctx.memo.get(("kernel", "in-validation"))
    ctx.memo[("kernel", "in-validation")] = True
    try:
        yield
    finally:
        ctx.memo[("kernel", "in-validation")] = before


def evaluate(frame: Frame, text: str, where: Where) -> Val:
    """Evaluate legacy text in ``frame``; refusals are placed at ``where``."""
    before = frame.function
    frame.function = Function(
        before.name, where, text, before.role, before.globals, before.is_async, (), before.owner
    )
    try:
        return frame.eval(ast.parse(text, mode="eval").body)
    finally:
        frame.function = before


def call_lifted(frame: Frame, lifted: Lifted, *args: str) -> str:
    """Call ``lifted`` from ``frame``: its free state becomes the frame's, and so does its colour."""
    parts: list[str] = []
    for item in lifted.state:
        if item.sort == "state":
            node = frame.state(item.name)
        elif item.sort == "url":
            kind = item.kind
            assert kind is not None
            found = frame.url_argument(item.name, kind, item.annotation()).node
            assert found is not None
            node = found
        else:
            from segue.translate.kinds import Unknown

            value = frame.extra_state(item.name, item.annotation, item.kind or Unknown()).node
            assert value is not None
            node = value
        parts.append(ast.unparse(node))
    if lifted.is_async:
        frame.is_async = True
    frame.use(*lifted.imports)
    text = f"{lifted.name}({', '.join([*parts, *args])})"
    return f"await {text}" if lifted.is_async else text
