"""What a model's own ``save`` does behind ``super().save(...)``: ``if is_new: Member.objects.create(team=self)``.

It becomes a function that is called where the receivers of ``post_save`` have been. Locals that stand before ``super().save(...)``
and are read behind it are what the function before gives.
"""

from __future__ import annotations

import ast
import textwrap
from dataclasses import replace

from segue.refusal import Refused, refuse
from segue.snapshot.model import Function
from segue.translate.functions.lift import Lifted, lift
from segue.translate.interp.frame import Frame
from segue.translate.interp.invoke import lifted_call
from segue.translate.interp.value import Val, const, name
from segue.translate.kinds import Const, Instance, Kind, ListOf, Scalar, TupleOf
from segue.translate.load.models import concrete, snake
from segue.translate.needs import Needs
from segue.translate.rules.retried_save import emit_end

_WRITES = frozenset({"save", "save_base", "delete", "refresh_from_db"})


def carried_over(function: Function, before: list[ast.stmt], behind: list[ast.stmt]) -> tuple[str, ...]:
    """Locals that are set before and read behind. Raises ``Refused`` for one that is set on some ways only."""
    stored = {n.id for n in _names(before) if isinstance(n.ctx, ast.Store)} - _of_comprehensions(before)
    carried = stored & {n.id for n in _names(behind) if isinstance(n.ctx, ast.Load)}
    always = {n.id for one in before if isinstance(one, ast.Assign | ast.AnnAssign) for n in _targets(one)}
    torn = min(carried - always, default="")
    if torn:
        raise _refused(function, f"What {torn} is behind it is set on some ways only.")
    return tuple(sorted(carried))


def _targets(statement: ast.Assign | ast.AnnAssign) -> list[ast.Name]:
    targets: list[ast.expr] = []
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif statement.value is not None:
        targets = [statement.target]
    return [
        n for t in targets for n in ast.walk(t) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    ]


def _of_comprehensions(body: list[ast.stmt]) -> set[str]:
    """Names that comprehensions alone store, which are theirs."""
    inner = {
        id(n)
        for statement in body
        for c in ast.walk(statement)
        if isinstance(c, ast.comprehension)
        for n in ast.walk(c.target)
    }
    stored = [n for n in _names(body) if isinstance(n.ctx, ast.Store)]
    return {n.id for n in stored} - {n.id for n in stored if id(n) not in inner}


def _names(body: list[ast.stmt]) -> list[ast.Name]:
    return [n for statement in body for n in ast.walk(statement) if isinstance(n, ast.Name)]


def hands_on(frame: Frame, label: str, lifted: Lifted, instance: ast.expr) -> bool:
    """Call what is done before, where something of it is read behind, and keep that; False where nothing is."""
    found = _behind(frame, label)
    if found is None:
        return False
    carried = found[1]
    values: list[Val] = []
    if carried:
        kinds = _kinds(lifted.returns, len(carried))
        if kinds is None:
            raise _refused(found[0], "Segue does not know what is read behind it.")
        call = lifted_call(frame, lifted, [instance])
        if all(isinstance(kind, Const) for kind in kinds):
            frame.emit(ast.unparse(call))
            locals_ = [""] * len(kinds)
        else:
            locals_ = [frame.fresh(local) for local in carried]
            frame.locals_seen.update(locals_)
            frame.emit(f"{', '.join(locals_)} = {ast.unparse(call)}")
        for kind, local in zip(kinds, locals_, strict=True):
            values.append(const(kind.value) if isinstance(kind, Const) else Val(kind, name(local)))
        if isinstance(instance, ast.Name):
            frame.forget(instance.id)
    frame.saving.append((label, tuple(values)))
    return bool(carried)


def _kinds(returns: Kind, count: int) -> list[Kind] | None:
    """What the function before gives, one by one."""
    if count == 1:
        known = isinstance(returns, Const | Scalar | Instance)
        return [returns] if known else None
    if isinstance(returns, TupleOf) and len(returns.items) == count:
        kinds = list(returns.items)
    elif isinstance(returns, ListOf) and returns.type == "tuple":
        kinds = [returns.item] * count
    else:
        return None
    return kinds if all(isinstance(k, Const | Scalar | Instance) for k in kinds) else None


def after_own_save(frame: Frame, label: str, instance: ast.expr) -> None:
    """Emit the call of what the model's ``save`` does last."""
    from segue.translate.rules.own_save import tried_again

    if tried_again(frame.ctx, label) is not None:
        emit_end(frame)
        return
    if not frame.saving or frame.saving[-1][0] != label:
        return  # nothing was done before, or nothing stands behind
    found = _behind(frame, label)
    assert found is not None
    function, carried = found
    _, values = frame.saving.pop()
    model = concrete(frame.ctx, label)
    short = snake(model.cls.rpartition(".")[2])
    kind = Instance(label, Needs(label, written=True, told=function.where, live=True), "entity")
    given: dict[str, Kind | Val] = {}
    nodes = [instance]
    for local, value in zip(carried, values, strict=True):
        if isinstance(value.kind, Const):
            given[local] = value
        else:
            assert value.node is not None
            given[local] = value.kind
            nodes.append(value.node)
    lifted = lift(
        frame.ctx, function, self_kind=Val(kind, name(short)), arguments=given, module_kind="services", app=model.app,
        name=f"finish_{short}",
    )  # fmt: skip
    frame.emit(ast.unparse(lifted_call(frame, lifted, nodes)))
    if isinstance(instance, ast.Name):
        frame.forget(instance.id)


def _behind(frame: Frame, label: str) -> tuple[Function, tuple[str, ...]] | None:
    """The statements behind as a function of the object and of what is carried over; None where there are none."""
    from segue.translate.rules.own_save import alive, arguments_of, own_save, place_of

    cut = own_save(frame.ctx, label, files=True)
    function = frame.ctx.snapshot.functions.get(cut.name) if cut is not None else None
    if cut is None or function is None:
        return None
    source = textwrap.dedent(function.source)
    tree = ast.parse(source).body[0]
    assert isinstance(tree, ast.FunctionDef)
    at = place_of(tree)
    if at is None or at == len(alive(frame.ctx, label, tree)) - 1:
        return None
    behind = tree.body[at + 1 :]
    me = tree.args.args[0].arg
    for node in (n for statement in behind for n in ast.walk(statement)):
        if isinstance(node, ast.Name) and node.id in arguments_of(tree):
            raise _refused(function, f"It looks at its argument {node.id}.")
        if isinstance(node, ast.Name) and node.id == "super":
            raise _refused(function, "It calls super() more than once.")
        if isinstance(node, ast.Attribute) and node.attr in _WRITES and ast.unparse(node.value) == me:
            raise _refused(function, "It saves or deletes the object again.")
        if isinstance(node, ast.Return) and node.value is not None:
            raise _refused(function, "It returns something.")
    carried = carried_over(function, tree.body[:at], behind)
    lines = source.splitlines()
    end = tree.body[at].end_lineno or 0
    text = "\n".join([f"def save({', '.join([me, *carried])}):", *[""] * (end - 1), *lines[end:], ""])
    return replace(function, source=text, wrapped_by=()), carried


def _refused(function: Function, why: str) -> Refused:
    owner = function.owner.rpartition(".")[2]
    return refuse("model-save", f"{owner}.save", f"Saving the model runs it. {why}", function.where)


__all__ = ["after_own_save", "carried_over", "hands_on"]
