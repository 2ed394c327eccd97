"""Attributes that depend on the class of an object of django-polymorphic: which one it was saved as decides.

``project.allow_overlapping`` is a column of one child, ``project.is_text_project`` a property that each child defines:
both become a choice by ``isinstance``, the classes furthest down first. The object must be of its own class by then:
one that a query gives is made so by :func:`segue.translate.rules.polymorphic.as_saved`, one behind a relation by
:func:`segue.translate.rules.following.follow`.
"""

from __future__ import annotations

import ast
import textwrap

from segue.snapshot.model import Model, Snapshot
from segue.translate.interp.constants import value_of
from segue.translate.interp.frame import Frame
from segue.translate.interp.invoke import invoke
from segue.translate.interp.join import join
from segue.translate.interp.value import Val, literal, quote
from segue.translate.kinds import Const, Instance
from segue.translate.load.fetch import entity_type
from segue.translate.load.models import concrete, field_of, reverse_of, snake
from segue.translate.models.polymorphic import children, definer
from segue.translate.needs import Needs
from segue.translate.rules.polymorphic import as_saved, same_for_children


def by_class(frame: Frame, owner: Val, name: str, node: ast.AST, default: Val | None = None) -> Val | None:
    """``owner.name`` (``getattr(owner, name, default)``) where a child of the object's model gives ``name`` a meaning of its own.

    None where none does. Raises ``Refused`` where the class of the object is not known when the code runs, and for what is
    neither a column nor a property nor a plain value in some class.
    """
    kind = owner.kind
    assert isinstance(kind, Instance)
    snapshot = frame.ctx.snapshot
    model = concrete(frame.ctx, kind.model)
    if kind.site.exact or definer(snapshot, model, name) is None:
        return None
    if owner.node is None or kind.nullable:
        same_for_children(frame, kind, name, node)
    if not kind.site.classes:
        as_saved(frame, kind, node)
    assert owner.node is not None
    base = owner.node if isinstance(owner.node, ast.Name) else frame.hoist(_stem(model), owner.node, node)
    below = sorted(children(snapshot, model), key=lambda m: len(snapshot.classes[m.cls].mro))
    values = {model.label: _of(frame, base, model, name, node, default)}
    tests: list[tuple[list[str], Val]] = []
    for child in below:
        above = next(
            other
            for cls in snapshot.classes[child.cls].mro[1:]
            for other in (*below, model)
            if other.cls == cls
        )
        nearest = above.label
        inherited = default is None and _inherits(snapshot, above, child, name)
        mine = values[nearest] if inherited else _of(frame, base, child, name, node, default)
        values[child.label] = mine
        if _same(values[nearest], mine) and not _differs_above(
            snapshot.classes[child.cls].mro, below, nearest
        ):
            continue
        cls, item = entity_type(frame.ctx, child.label)
        frame.use(item)
        if tests and _same(tests[-1][1], mine):
            tests[-1][0].append(cls)
        else:
            tests.append(([cls], mine))
    found = values[model.label]
    for classes, value in tests:
        assert found.node is not None
        assert value.node is not None
        wanted = classes[0] if len(classes) == 1 else f"({', '.join(classes)})"
        test = quote(f"isinstance({{0}}, {wanted})", base)
        found = Val(join(value.kind, found.kind), ast.IfExp(test, value.node, found.node))
    return found


def _inherits(snapshot: Snapshot, above: Model, child: Model, name: str) -> bool:
    """Has ``child`` the property of ``above``, which looks at nothing but columns, none of which some class below has otherwise?"""
    dotted = snapshot.classes[child.cls].methods.get(name, "")
    function = snapshot.functions.get(dotted)
    if function is None or snapshot.classes[above.cls].methods.get(name) != dotted:
        return False
    tree = ast.parse(textwrap.dedent(function.source))
    read = [n for n in ast.walk(tree) if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name)]
    looked_into = {id(n.value) for n in read}
    owner = next(
        (n.args.args[0].arg for n in tree.body if isinstance(n, ast.FunctionDef) and n.args.args), ""
    )
    return all(
        n.id != "super" and (n.id != owner or id(n) in looked_into)
        for n in ast.walk(tree)
        if isinstance(n, ast.Name)
    ) and all(
        field_of(above, n.attr) is not None and definer(snapshot, above, n.attr) is None
        for n in read
        if isinstance(n.value, ast.Name) and n.value.id == owner
    )


def _differs_above(mro: tuple[str, ...], below: list[Model], nearest: str) -> bool:
    """Has the child more than one parent among the classes that are asked for? Then its nearest is not all that it counts as."""
    parents = [m for m in below if m.cls in mro[1:]]
    return any(m.label != nearest for m in parents) and len({m.label for m in parents}) > 1


def _of(frame: Frame, base: ast.expr, model: Model, name: str, node: ast.AST, default: Val | None) -> Val:
    """What ``name`` of an object that is a ``model`` and nothing below it is."""
    site = Needs(model.label, written=True, exact=True)
    owner = Val(Instance(model.label, site, "entity"), base)
    known = frame.ctx.snapshot.classes[model.cls]
    there = (
        field_of(model, name) is not None
        or reverse_of(model, name) is not None
        or name in known.methods
        or name in known.attributes
        or name in model.managers
        or name.startswith("_")
        or any(magic in known.methods for magic in ("__getattr__", "__getattribute__"))
    )
    frame.no_hoist += 1
    try:
        found = default if not there else _read(frame, owner, model, name, node, default is None)
    finally:
        frame.no_hoist -= 1
    if found is not None and found.node is None and isinstance(found.kind, Const):
        found = Val(found.kind, literal(found.kind.value))
    if found is None or found.node is None:
        raise frame.refuse(
            "polymorphic",
            f"{model.label}.{name}",
            "It is neither a column nor a property nor a plain value in this class, of which the object may be.",
            node,
        )
    return found


def _read(frame: Frame, owner: Val, model: Model, name: str, node: ast.AST, plain: bool) -> Val | None:
    """``plain``: there is no default, which ``getattr`` would give where a property raises ``AttributeError``."""
    from segue.translate.rules.instance import model_method, read

    known = frame.ctx.snapshot.classes[model.cls]
    item = field_of(model, name)
    if item is not None:
        return read(frame, owner, name, node) if item.relation is None or name == item.attname else None
    if reverse_of(model, name) is not None:
        raise frame.refuse("polymorphic", f"{model.label}.{name}", "It is a relation of this class.", node)
    function = model_method(frame, model.cls, name)
    if function is not None and plain and function.role in ("property", "cached_property"):
        return invoke(frame, function, {}, owner, node)
    if function is None and name not in known.methods and name in known.attributes:
        return value_of(frame, known.attributes[name].value)
    return None


def _same(a: Val, b: Val) -> bool:
    return a.kind == b.kind and a.text == b.text


def _stem(model: Model) -> str:
    return snake(model.cls.rpartition(".")[2])
