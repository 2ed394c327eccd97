"""``self.instance.members.all()`` in a serializer's ``__init__``: rows of the object that is shown, which output does not ask.

Nothing may come of looking at them but a queryset: a relation to many, or a property that gives such sets by columns
(``return self.owner.events.all()``). What shows several rows hands a list, or a queryset where there is no page: that has no sets
of an object (:func:`looks_at_instance`).
"""

from __future__ import annotations

import ast
import textwrap

from segue.snapshot.model import Function, GlobalRef, Model
from segue.translate.context import Context
from segue.translate.interp.carried import SCOPES
from segue.translate.load.models import concrete, field_of, reverse_of
from segue.translate.rules.scopes import DISABLED, has_scoped_rows
from segue.translate.serializers.from_context import INSTANCE

_READS = tuple(
    f"django.db.models.manager.{cls}.get_queryset"
    for cls in ("BaseManager", "Manager", "BaseManagerFromQuerySet")
)
_PLAIN = ("django.db.models.manager.Manager", "django.db.models.Manager")


def own_sets(ctx: Context, function: Function, label: str) -> frozenset[str]:
    """Texts of the constructor that are such sets of a ``label``, ``Track: event__in=<set>`` for what ``Track.objects.filter()`` may be
    given of them."""
    if label not in ctx.snapshot.models or INSTANCE not in function.source:
        return frozenset()
    model = concrete(ctx, label)
    known = ctx.snapshot.classes.get(model.cls)
    if known is None or {"__bool__", "__len__"} & set(known.methods):
        return frozenset()
    names = {item.accessor for item in model.reverse} | {f.name for f in model.fields} | set(known.methods)
    found: dict[str, str] = {}
    for name in filter(None, names):
        target = _target(ctx, model, name) or _given(ctx, model, known.methods.get(name, ""))
        if target:
            found[f"{INSTANCE}.{name}"] = target
    pairs = {
        f"{cls}: {item.name}__in={text}.all()"
        for cls, ref in function.globals.items()
        for label in _labels(ctx, ref)
        for item in concrete(ctx, label).fields
        if item.relation is not None
        for text, target in found.items()
        if concrete(ctx, item.relation.to).label == target
    }
    return frozenset(found) | pairs


def looks_at_instance(ctx: Context, serializer: str) -> bool:
    """Whether a constructor of the class looks at ``self.instance`` more than to see whether there is one."""
    from segue.translate.serializers.own_init import inits

    return any(_looks(function) for function in inits(ctx, serializer) or ())


def _looks(function: Function) -> bool:
    if INSTANCE not in function.source:
        return False
    nodes = list(ast.walk(ast.parse(textwrap.dedent(function.source))))
    compared = {
        id(n.left)
        for n in nodes
        if isinstance(n, ast.Compare)
        and [type(o) for o in n.ops] in ([ast.Is], [ast.IsNot])
        and ast.unparse(n.comparators[0]) == "None"
    }
    return any(
        isinstance(n, ast.Attribute) and ast.unparse(n) == INSTANCE and id(n) not in compared for n in nodes
    ) or any(isinstance(n, ast.Constant) and n.value == "instance" for n in nodes)


def _target(ctx: Context, model: Model, accessor: str) -> str:
    """The model whose rows ``object.<accessor>`` is a set of, seen through a manager that never raises; '' where it is anything else."""
    reverse = reverse_of(model, accessor)
    item = field_of(model, accessor)
    if reverse is not None and reverse.kind != "o2o":
        target = reverse.model
    elif item is not None and item.relation is not None and item.relation.kind == "m2m":
        target = item.relation.to
    else:
        return ""
    return concrete(ctx, target).label if _plain(ctx, target) else ""


def _labels(ctx: Context, ref: GlobalRef) -> list[str]:
    """The model that a name stands for, where its ``objects`` never raise."""
    if ref.kind not in ("class", "model"):
        return []
    found = [m for m in ctx.snapshot.models.values() if ref.name in (m.cls, m.label)]
    return [m.label for m in found if m.default_manager in ("", "objects") and _plain(ctx, m.label)]


def _plain(ctx: Context, label: str) -> bool:
    """Whether a look at the rows never raises: Django's own manager, or that of a scope while scopes are disabled."""
    if has_scoped_rows(ctx, label):
        return ctx.memo.get(SCOPES) == DISABLED
    model = ctx.model(label)
    manager = model.managers.get(model.default_manager or "objects", "")
    known = ctx.snapshot.classes.get(manager)
    return manager in _PLAIN or (known is not None and known.methods.get("get_queryset", "") in _READS)


def _given(ctx: Context, model: Model, dotted: str) -> str:
    """What a property gives that is nothing but sets: ``return self.owner.events.all()``, in branches by columns."""
    function = ctx.snapshot.functions.get(dotted)
    if function is None or function.role not in ("property", "cached_property"):
        return ""
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    targets = _of_body(ctx, model, tree.body) if isinstance(tree, ast.FunctionDef) else {""}
    return targets.pop() if len(targets) == 1 else ""


def _of_body(ctx: Context, model: Model, body: list[ast.stmt]) -> set[str]:
    """The models of the sets that the statements return; '' among them for anything else."""
    match body:
        case [ast.Expr(ast.Constant()), *rest]:
            return _of_body(ctx, model, rest)
        case [ast.If(ast.Attribute(ast.Name("self"), column), then, otherwise), *rest] if _is_column(
            model, column
        ):
            return _of_body(ctx, model, then) | _of_body(ctx, model, [*otherwise, *rest])
        case [ast.Return(ast.Call(ast.Attribute(ast.Attribute(owner, accessor), "all"), [], [])), *_]:
            reached = _reached(ctx, model, owner)
            return {_target(ctx, reached, accessor) if reached is not None else ""}
    return {""}


def _reached(ctx: Context, model: Model, node: ast.expr) -> Model | None:
    """The model of ``self.team.owner``, over foreign keys that are never null."""
    match node:
        case ast.Name("self"):
            return model
        case ast.Attribute(inner, name):
            before = _reached(ctx, model, inner)
            item = field_of(before, name) if before is not None else None
            if (
                item is None
                or item.name != name
                or item.relation is None
                or item.null
                or item.relation.kind == "m2m"
            ):
                return None
            return concrete(ctx, item.relation.to)
    return None


def _is_column(model: Model, name: str) -> bool:
    item = field_of(model, name)
    return item is not None and bool(item.column) and item.relation is None


__all__ = ["looks_at_instance", "own_sets"]
