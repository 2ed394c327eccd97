"""Assignments, returns, expression statements, pass, assert, del."""

from __future__ import annotations

import ast
import textwrap
from dataclasses import replace

from segue.translate.interp import brought, empty_lists, keywords
from segue.translate.interp.annotations import annotation
from segue.translate.interp.dict_types import note_item
from segue.translate.interp.expressions.operators import binary
from segue.translate.interp.frame import Frame
from segue.translate.interp.iterate import bind_target
from segue.translate.interp.join import join, joined_keys, keys_of, said_keys, widen
from segue.translate.interp.kept_rows import GIVEN, evaluated
from segue.translate.interp.missing_names import raised_first
from segue.translate.interp.same_set import held_in, holds_sets, places, put_in, share
from segue.translate.interp.statements.setattr_loop import set_by_name
from segue.translate.interp.value import Val, is_pure
from segue.translate.kinds import (
    Callback,
    Const,
    DictOf,
    Expr,
    FilledDict,
    Global,
    Instance,
    Kind,
    LibraryObject,
    ListOf,
    Manager,
    Object,
    Payload,
    Q,
    QuerySet,
    Record,
    Scalar,
    Serializer,
    TupleOf,
    Unknown,
    ValidatedData,
)
from segue.translate.rules import libraries, registry
from segue.translate.rules.registry import statement


@statement(ast.Pass)
def nothing(frame: Frame, node: ast.Pass) -> None:
    """Left out."""


@statement(ast.Import, ast.ImportFrom)
def local_import(frame: Frame, node: ast.Import | ast.ImportFrom) -> None:
    """An import inside the function: its names are globals to the probe."""
    for item in node.names:
        local = (item.asname or item.name).partition(".")[0]
        if local not in frame.function.globals and not any(
            key.startswith(local + ".") for key in frame.function.globals
        ):
            from segue.snapshot.model import GlobalRef

            dotted = (
                f"{node.module}.{item.name}"
                if isinstance(node, ast.ImportFrom) and not node.level
                else item.name
            )
            if isinstance(node, ast.ImportFrom) and node.level:
                package = frame.function.name.split(".")
                base = ".".join(package[: -1 - node.level - (1 if frame.owner else 0) + 0] or package[:1])
                dotted = f"{base}.{node.module}.{item.name}" if node.module else f"{base}.{item.name}"
            kind = "module" if isinstance(node, ast.Import) else _sort(frame, dotted)
            frame.env[local] = Val(Global(GlobalRef(kind, dotted)))


def _sort(frame: Frame, dotted: str) -> str:
    snapshot = frame.ctx.snapshot
    if any(m.cls == dotted for m in snapshot.models.values()):
        return "model"
    if dotted in snapshot.functions:
        return "function"
    return "class" if dotted.rpartition(".")[2][:1].isupper() else "function"


def _typed(frame: Frame, node: ast.expr, value: Val) -> Val:
    """``return name, count``: what the caller gets one by one, where no one kind covers it."""
    mixed = isinstance(value.kind, ListOf) and value.kind.item == Scalar("Any")
    if not mixed or not isinstance(node, ast.Tuple) or any(isinstance(e, ast.Starred) for e in node.elts):
        return value
    kinds = tuple(widen(_reevaluate(frame, e).kind) for e in node.elts)
    known = all(isinstance(k, Const | Scalar) and k != Scalar("Any") for k in kinds)
    return Val(TupleOf(kinds), value.node) if known else value


@statement(ast.Return)
def returns(frame: Frame, node: ast.Return) -> None:
    """``return value``; a queryset is completed first."""
    if node.value is None:
        frame.leave(Const(None))
        frame.emit("return None")
        frame.alive = False
        return
    value = frame.eval(node.value)
    if not frame.alive:  # it raises always
        return
    value = _typed(frame, node.value, value)
    if isinstance(value.kind, QuerySet):
        from segue.translate.query.build import settle

        value = settle(frame, value)
    if holds_sets(value.kind):
        frame.gives_read |= evaluated(frame, value)
        frame.gives_held |= bool(held_in(frame, value))
    if value.node is None and isinstance(value.kind, Manager):
        raise frame.refuse("return", ast.unparse(node), "A manager is returned.", node)
    frame.leave(value.kind)
    frame.alive = False
    if value.node is None:
        if isinstance(value.kind, Global | Const | Q | Expr | Serializer | Object | DictOf | ListOf):
            frame.emit("return None") if False else None
            return
        why = value.kind.why if isinstance(value.kind, Unknown) else ""
        raise frame.refuse(
            "return", ast.unparse(node), why or "The result has no form in the generated code.", node
        )
    if isinstance(value.kind, Unknown):
        raise frame.refuse(
            "return", ast.unparse(node), value.kind.why or "Segue does not know what is returned.", node
        )
    frame.emit(f"return {value.text}")


@statement(ast.Expr)
def expression_statement(frame: Frame, node: ast.Expr) -> None:
    """A call for its effect; a pure value is left out."""
    if isinstance(node.value, ast.Constant):
        return
    if set_by_name(frame, node.value):
        return
    error = raised_first(frame, node.value)
    if error is not None:
        frame.emit(f"raise AttributeError({error!r})")
        frame.alive = False
        return
    value = frame.eval(node.value)
    if value.node is None or (is_pure(value.node) and not _looks_up(value.node)):
        return
    if isinstance(value.kind, QuerySet):
        return
    frame.emit(value.text)
    put_in(frame, value)


def _looks_up(node: ast.expr) -> bool:
    """Whether it asks for a key, which may be missing, or is put in by that."""
    return any(isinstance(part, ast.Subscript) for part in ast.walk(node))


@statement(ast.Assign)
def assign(frame: Frame, node: ast.Assign) -> None:
    """``x = value``, ``a, b = value``, ``obj.attr = value``, ``d[k] = value``."""
    if keywords.assign(frame, node):
        return
    before = frame.wish
    single = node.targets[0] if len(node.targets) == 1 else None
    frame.wish = (single.id, node.value) if isinstance(single, ast.Name) else None
    value = frame.eval(node.value)
    frame.wish = before
    for target in node.targets:
        if single is None and not isinstance(target, ast.Name):
            value = _one(frame, value)
        store(frame, target, value, node)
        if single is None and isinstance(target, ast.Name):
            value = frame.env.get(target.id, value)


def _one(frame: Frame, value: Val) -> Val:
    """A value that several targets get: what makes a new object each time is made once."""
    if value.node is None or isinstance(value.node, ast.Constant | ast.Name | ast.Attribute):
        return value
    return value if isinstance(value.kind, QuerySet) else Val(value.kind, frame.hoist("value", value.node))


@statement(ast.AnnAssign)
def annotated(frame: Frame, node: ast.AnnAssign) -> None:
    """``x: T = value``; the annotation is left to inference."""
    if node.value is not None:
        plain = ast.copy_location(ast.Assign([node.target], node.value), node)
        if not keywords.assign(frame, plain):
            store(frame, node.target, frame.eval(node.value), node)


@statement(ast.AugAssign)
def augmented(frame: Frame, node: ast.AugAssign) -> None:
    """``x += value`` as ``x = x + value`` in kind, as written in code."""
    load = ast.copy_location(_as_load(node.target), node.target)
    combined = ast.copy_location(ast.BinOp(load, node.op, node.value), node)
    value = binary(frame, combined)
    if (
        isinstance(node.target, ast.Name)
        and value.node is not None
        and not isinstance(value.kind, QuerySet | Q)
    ) and isinstance(value.node, ast.BinOp):
        target = frame.bind(node.target.id, Val(widen(value.kind)))
        frame.emit(ast.unparse(ast.AugAssign(ast.Name(target, ast.Store()), node.op, value.node.right)))
        return
    store(frame, node.target, value, node)


def _as_load(node: ast.expr) -> ast.expr:
    made = ast.parse(ast.unparse(node), mode="eval").body
    for part in ast.walk(made):
        ast.copy_location(part, node) if isinstance(part, ast.expr) else None
    return made


def store(frame: Frame, target: ast.expr, value: Val, node: ast.stmt) -> None:
    """Assign ``value`` to ``target``."""
    if isinstance(target, ast.Name):
        _store_name(frame, target.id, value, node)
    elif isinstance(target, ast.Attribute):
        owner = frame.eval(target.value)
        for kind in type(owner.kind).__mro__:
            rule = registry.methods.get((kind, "__setattr__"))
            if rule is not None:
                from segue.translate.interp.callsite import CallSite

                made = ast.copy_location(
                    ast.Call(ast.Name("setattr", ast.Load()), [target.value, ast.Constant(target.attr)], []),
                    target,
                )
                site = CallSite(frame, made, "__setattr__")
                site._args = [Val(Const(target.attr)), value]
                if rule(frame, owner, site) is not None:
                    return
        if isinstance(owner.kind, LibraryObject) and owner.node is not None:
            frame.emit(f"{owner.text}.{target.attr} = {ast.unparse(libraries.given(frame, value, target))}")
            return
        raise frame.refuse(
            "assign-attribute",
            ast.unparse(target),
            "Segue has no rule for setting attributes of this.",
            target,
        )
    elif isinstance(target, ast.Subscript):
        _store_item(frame, target, value)
    elif isinstance(target, ast.Tuple | ast.List):
        later: list[tuple[ast.Attribute, Val]] = []
        if (
            isinstance(value.node, ast.Tuple)
            and len(value.node.elts) == len(target.elts)
            and not any(isinstance(t, ast.Starred) for t in target.elts)
            and isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Tuple)
        ):
            parts = [_reevaluate(frame, e) for e in node.value.elts]
            both = ast.Tuple(
                [
                    bind_target(frame, t, widen(p.kind), later)
                    for t, p in zip(target.elts, parts, strict=True)
                ],
                ast.Store(),
            )
            frame.emit(f"{ast.unparse(both)} = {value.text}")
            for bound, part in zip(both.elts, parts, strict=True):
                share(frame, _names(bound), part)
            for attribute, part in later:
                store(frame, attribute, part, node)
            return
        if value.node is None:
            raise frame.refuse(
                "unpack", ast.unparse(target), "This has no form in the generated code.", target
            )
        made_target = bind_target(frame, target, value.kind, later)
        assert isinstance(made_target, ast.Tuple)
        frame.emit(f"{', '.join(ast.unparse(e) for e in made_target.elts)} = {value.text}")
        share(frame, _names(made_target), value)
        for attribute, part in later:
            store(frame, attribute, part, node)
    else:
        raise frame.refuse("assign", ast.unparse(target), "Segue has no rule for this target.", target)


def _reevaluate(frame: Frame, node: ast.expr) -> Val:
    with frame.capture():
        return frame.eval(node)


_TYPED = (Scalar, ListOf, DictOf, Instance)
_INLINE = (Global, Callback, Q, Expr, Manager, Object, Serializer)


def _store_name(frame: Frame, local: str, value: Val, node: ast.stmt) -> None:
    from segue.translate.query.expressions import OUTER

    kind = value.kind
    if isinstance(kind, QuerySet):
        if OUTER in value.text or brought.always(frame, value):
            frame.forget(local)
            frame.env[local] = value
            return
        from segue.translate.query.build import settle

        if kind.query.pending or kind.query.related is None or kind.query.order == "meta":
            related = kind.query.related
            settled = settle(frame, value)
            value = settled
            if related is not None and isinstance(settled.kind, QuerySet):
                value = Val(QuerySet(replace(settled.kind.query, related=related)), settled.node)
    if isinstance(kind, Unknown) and kind.why != "empty":
        frame.forget(local)
        frame.env[local] = Val(kind)
        if value.node is not None and not is_pure(value.node):
            raise frame.refuse(
                "unknown-value", ast.unparse(node), kind.why or "Segue does not know what this is.", node
            )
        return
    if (
        value.node is None
        or (isinstance(kind, _INLINE) and not isinstance(kind, Record))
        or (frame.facts_loops and _of_one_round(value))
    ):
        frame.forget(local)
        frame.env[local] = value
        return
    if isinstance(value.node, ast.Name) and value.node.id == frame.renames.get(local, local):
        frame.forget(local)
        frame.env[local] = value
        return
    if _outgrows(frame, local, kind, node) or _retyped(frame, local, kind):
        frame.renames[local] = frame.fresh(
            local
        )  # the parameter's annotation does not cover what it is from here on
    if isinstance(value.node, ast.Name):
        empty_lists.annotate(frame, value)
    own = frame.env.get(GIVEN + frame.renames.get(local, local))
    bound = frame.bind(local, Val(value.kind))
    frame.emit(f"{bound} = {value.text}")
    share(frame, [bound], value, own)


def _names(target: ast.expr) -> list[str]:
    return [n.id for n in ast.walk(target) if isinstance(n, ast.Name)]


def _outgrows(frame: Frame, local: str, kind: Kind, node: ast.stmt) -> bool:
    """Whether a parameter gets another kind of value, in a statement that all that follows comes after."""
    known = frame.parameters.get(local)
    here = frame.env.get(local)
    if (
        known is None
        or here is None
        or here.text != frame.renames.get(local, local)
        or local in frame.outgrown
    ):
        return False
    kind = widen(kind)
    if isinstance(known, Scalar) and isinstance(kind, Scalar):
        covered = join(known, kind) == known
    elif isinstance(known, Instance) and isinstance(kind, Instance):
        covered = kind.site is known.site and known.nullable >= kind.nullable
    else:
        covered = not (isinstance(known, Scalar | Instance) and isinstance(kind, Scalar | Instance))
    if covered:
        return False
    tree = ast.parse(textwrap.dedent(frame.function.source)).body[0]
    at_top = isinstance(tree, ast.FunctionDef) and any(
        isinstance(s, ast.Assign) and s.lineno == node.lineno for s in tree.body
    )
    if at_top:
        frame.outgrown.add(local)
    return at_top


def _retyped(frame: Frame, local: str, kind: Kind) -> bool:
    """Whether a local gets a value of another type, in a statement that all that follows comes after: it is another local then."""
    here = frame.env.get(local)
    if here is None or local in frame.parameters or frame.captured or frame.loops:
        return False
    if not isinstance(here.node, ast.Name) or here.text != frame.renames.get(local, local):
        return False
    before, now = widen(here.kind), widen(kind)
    if not (isinstance(before, _TYPED) and isinstance(now, _TYPED)):
        return False
    was, becomes = (annotation(frame.ctx, k)[0] for k in (before, now))
    return "Any" not in was and "Any" not in becomes and was not in (becomes, f"{becomes} | None")


def _of_one_round(value: Val) -> bool:
    """A constant, or ``data.get("name")``: written where it is used, as the round's own name would be."""
    if isinstance(value.kind, Const):
        return True
    match value.node:
        case ast.Call(func=ast.Attribute(value=ast.Name(), attr="get"), args=[ast.Constant()], keywords=[]):
            return True
        case _:
            return False


def _store_item(frame: Frame, target: ast.Subscript, value: Val) -> None:
    owner = frame.eval(target.value)
    for cls in type(owner.kind).__mro__:
        rule = registry.methods.get((cls, "__setitem__"))
        if rule is not None:
            from segue.translate.interp.callsite import CallSite

            made = ast.copy_location(ast.Call(target.value, [target.slice], []), target)
            site = CallSite(frame, made, "__setitem__")
            site._args = [frame.eval(target.slice), value]
            if rule(frame, owner, site) is not None:
                return
    if (
        not isinstance(owner.kind, DictOf | ListOf | ValidatedData | Scalar)
        or owner.node is None
        or isinstance(owner.kind, Payload)
    ):
        raise frame.refuse(
            "assign-item", ast.unparse(target), "Segue has no rule for setting items of this.", target
        )
    key = frame.eval(target.slice)
    if key.node is None or value.node is None:
        raise frame.refuse(
            "assign-item", ast.unparse(target), "This has no form in the generated code.", target
        )
    if isinstance(owner.kind, ValidatedData):
        from segue.translate.serializers.added import put

        put(frame, owner.kind.serializer, getattr(key.kind, "value", None), value.kind, target)
    if isinstance(owner.kind, DictOf):
        learn(frame, target.value, _with_item(owner.kind, key, widen(value.kind)))
        note_item(frame, owner.node, key, widen(value.kind))
    frame.emit(f"{ast.unparse(ast.Subscript(owner.node, key.node, ast.Store()))} = {value.text}")
    share(frame, sorted(places(frame, owner)), value)


def learn(frame: Frame, target: ast.expr, kind: Kind) -> None:
    """The variable that ``target`` is, or is taken out of, holds ``kind`` there now."""
    if isinstance(target, ast.Name) and target.id in frame.env:
        frame.env[target.id] = Val(kind, frame.env[target.id].node)
    elif isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name | ast.Subscript):
        with frame.capture():
            outer, key = frame.eval(target.value), frame.eval(target.slice)
        if isinstance(outer.kind, DictOf):
            learn(frame, target.value, _with_item(outer.kind, key, kind))


def _with_item(kind: DictOf, key: Val, item: Kind) -> DictOf:
    if isinstance(kind, FilledDict):
        value = join(kind.value, item) if kind.value is not None else item
        return replace(kind, value=value, key=joined_keys(kind.key, widen(key.kind)))
    if (
        isinstance(key.kind, Const)
        and isinstance(key.kind.value, str)
        and (kind.value is None or isinstance(kind.value, Unknown))
    ):
        rest = tuple((k, v) for k, v in kind.items if k != key.kind.value)
        return DictOf((*rest, (key.kind.value, item)))
    values = [v for _, v in kind.items] + (
        [kind.value] if kind.value is not None and not isinstance(kind.value, Unknown) else []
    )
    merged = item
    for other in values:
        merged = join(merged, other)
    return DictOf((), merged, said_keys(joined_keys(keys_of(kind), widen(key.kind))))


@statement(ast.Assert)
def asserted(frame: Frame, node: ast.Assert) -> None:
    """``assert test, message``."""
    from segue.translate.interp.conditions import test

    found = test(frame, node.test)
    frame.facts.update(found.then)
    if found.known is True:
        return
    message = frame.eval(node.msg).node if node.msg is not None else None
    frame.emit(ast.unparse(ast.Assert(found.node, message)))


@statement(ast.Delete)
def deleted(frame: Frame, node: ast.Delete) -> None:
    """``del d[k]``, ``del x``."""
    from segue.translate.interp.callsite import CallSite

    for target in node.targets:
        if isinstance(target, ast.Subscript):
            owner = frame.eval(target.value)
            rule = registry.methods.get((type(owner.kind), "__delitem__"))
            if rule is not None:
                made = ast.copy_location(ast.Call(target.value, [target.slice], []), target)
                rule(frame, owner, CallSite(frame, made, "__delitem__"))
                continue
            key = frame.eval(target.slice)
            if (
                not (isinstance(owner.kind, DictOf | ListOf | ValidatedData) or owner.kind == Scalar("Any"))
                or owner.node is None
                or key.node is None
            ):
                raise frame.refuse("del", ast.unparse(target), "Segue has no rule for deleting this.", target)
            frame.emit(f"del {ast.unparse(ast.Subscript(owner.node, key.node, ast.Load()))}")
        elif isinstance(target, ast.Name):
            frame.forget(target.id)
            frame.env.pop(target.id, None)
        else:
            raise frame.refuse("del", ast.unparse(target), "Segue has no rule for deleting this.", target)


__all__ = ["Instance", "learn", "store"]
