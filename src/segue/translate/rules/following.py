"""Related objects that Django has in memory: what a receiver, a model's own ``save`` or ``clean`` finds behind a relation.

Django hands them the very object that is saved. What it leads to was assigned to it, or loaded before, and may have been
changed since; else the database is asked, once, and the object keeps the answer (``ForwardManyToOneDescriptor.__get__``).
Entities keep related objects in the same way, so :func:`segue_bridge.db.following.follow` gives the same object at the same
cost, provided that whoever makes, fetches or changes objects of such a model gives them entities, not keys: :func:`remembers` tells
for which models that is so, :func:`keep_related` makes a place where they are fetched do it.
"""

from __future__ import annotations

import ast
import re
import textwrap

from segue.refusal import Refused
from segue.snapshot.model import Model
from segue.translate.context import Context
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, quote
from segue.translate.kinds import Instance
from segue.translate.load.fetch import entity_type
from segue.translate.load.models import concrete, field_of
from segue.translate.load.needs import to_one
from segue.translate.load.own_loading import check_base, check_made
from segue.translate.load.render import CONTENT_TYPE
from segue.translate.models.classes import use_relation
from segue.translate.models.polymorphic import children, drops_missing, gives_parents
from segue.translate.needs import Needs
from segue.translate.rules.idle_receivers import is_idle

_SIGNALS = frozenset({"pre_save", "post_save", "pre_delete", "post_delete"})
# Keys of ``Frame.env`` for related objects that have a local.
_KEPT = "#follow:"
_HOOKS = ("save", "clean", "delete", "validate_unique")


def remembers(ctx: Context, label: str) -> bool:
    """Does code of the project's run with objects of ``label`` in the middle of saving, deleting or validating them, or tell of
    them by mail, which is mostly done of what was just saved?"""
    model = concrete(ctx, label)
    key = ("remembers", model.label)
    known = ctx.memo.get(key)
    if not isinstance(known, bool):
        cls = ctx.snapshot.classes.get(model.cls)
        own = any(
            (cls.methods.get(hook, "") if cls is not None else "") in ctx.snapshot.functions
            for hook in _HOOKS
        )
        known = ctx.memo[key] = (
            own
            or _is_told_by_mail(ctx, model)
            or any(
                receiver.own
                and receiver.signal.rpartition(".")[2] in _SIGNALS
                and (
                    receiver.sender in (model.label, model.cls)
                    or (not receiver.sender and not is_idle(ctx, receiver, model.label))
                )
                for receiver in ctx.snapshot.receivers
            )
        )
        known = ctx.memo[key] = known or _changed_relation(ctx, label) or _is_changed_through(ctx, model)
    return known


def _changed_relation(ctx: Context, label: str) -> bool:
    """Does ``m2m_changed`` hand out objects of ``label``?"""
    model = concrete(ctx, label)
    fields = [*model.fields]
    for reverse in model.reverse:
        item = field_of(concrete(ctx, reverse.model), reverse.field) if reverse.kind == "m2m" else None
        fields += [item] if item is not None else []
    between = {
        item.relation.through for item in fields if item.relation is not None and item.relation.through
    }
    classes = {ctx.snapshot.models[name].cls for name in between if name in ctx.snapshot.models}
    return bool(between) and any(
        receiver.own
        and receiver.signal.rpartition(".")[2] == "m2m_changed"
        and receiver.sender in ("", *between, *classes)
        for receiver in ctx.snapshot.receivers
    )


def _is_told_by_mail(ctx: Context, model: Model) -> bool:
    """Whether a function that sends mails looks into a relation of the model."""
    key = ("kernel", "told by mail")
    looked_into = ctx.memo.get(key)
    if not isinstance(looked_into, set):
        looked_into = ctx.memo[key] = {
            name
            for function in ctx.snapshot.functions.values()
            if any(ref.name.startswith("django.core.mail.") for ref in function.globals.values())
            for name in re.findall(r"\.(\w+)(?=\.)", function.source)
        }
    relations = {
        item.name
        for item in model.fields
        if item.relation is not None and item.relation.kind in ("fk", "o2o")
    }
    return bool(relations & looked_into)


_CHANGED = re.compile(r"\.(\w+)\.\w+\s*(?:[-+*/%|&]|//|\*\*)?=[^=]")


def _is_changed_through(ctx: Context, model: Model) -> bool:
    """Whether code changes what a relation of the model leads to where it stands: ``note.press.count += 1``."""
    key = ("kernel", "changed through")
    changed = ctx.memo.get(key)
    if not isinstance(changed, set):
        changed = ctx.memo[key] = {
            name for function in ctx.snapshot.functions.values() for name in _CHANGED.findall(function.source)
        }
    return any(
        item.name in changed
        for item in model.fields
        if item.relation is not None and item.relation.kind in ("fk", "o2o")
    )


def looked_into_later(ctx: Context, label: str, name: str) -> bool:
    """May some code look into ``name`` of an object of ``label``, after other code only asked whether it is there? Django has
    kept the row since then."""
    if not remembers(ctx, label):
        return False
    key = ("looked into", name)
    known = ctx.memo.get(key)
    if not isinstance(known, bool):
        known = ctx.memo[key] = any(
            f".{name}." in function.source for function in ctx.snapshot.functions.values()
        )
    return known


def follow(frame: Frame, owner: Val, name: str, label: str, node: ast.AST, *, or_none: bool = False) -> Val:
    """``owner.name``, a to-one relation of an object in memory, as an entity of ``label``. ``or_none``: a one-to-one relation
    from its other side is None where it leads nowhere (Django raises)."""
    kind = owner.kind
    assert isinstance(kind, Instance)
    assert owner.node is not None
    ctx = frame.ctx
    model = concrete(ctx, kind.model)
    check_base(ctx, label)
    check_made(ctx, label)
    use_relation(ctx, model.label, name)
    followed(ctx, model.label).add(name)
    item = field_of(model, name)
    cls, imported = entity_type(ctx, model.label)
    frame.use(imported)
    site = _child(kind.site, name, label)
    below = _real_classes(ctx, label) if item is not None else ()
    more = ""
    if below:
        site.classes = below
        # The object gives way to one of its class: whoever has the first must not miss a change of it.
        site.stale = site.stale or frame.where(node)
        names = []
        for each in (CONTENT_TYPE, *below):
            mapped, imported = entity_type(ctx, each)
            frame.use(imported)
            names.append(mapped)
        dropping = ", drop_missing=True" if drops_missing(ctx.snapshot) else ""
        more = f", {', '.join(names)}{dropping}"
        helper = frame.imported("segue_bridge.db.polymorphic", "follow_real")
    else:
        back = "find_back" if or_none else "follow_back"
        helper = frame.imported("segue_bridge.db.following", "follow" if item is not None else back)
    made = quote(
        f"await {{0}}({{1}}, {{2}}, {{3}}.{name}{more})",
        helper,
        frame.db,
        owner.node,
        ast.Name(cls, ast.Load()),
    )
    if or_none:
        return Val(Instance(label, site, "entity", True), made)
    found = Val(Instance(label, site, "entity", item is not None and item.null), made)
    return _in_local(frame, owner.node, name, found, node)


def _real_classes(ctx: Context, label: str) -> tuple[str, ...]:
    """The classes below a polymorphic model, those furthest down first, one of which the object that Django has may be.

    None for other models, and where Segue is not certain of which class it is.
    """
    key = ("real classes", label)
    known = ctx.memo.get(key)
    if known is None:
        model = concrete(ctx, label)
        below = children(ctx.snapshot, model)
        below.sort(key=lambda m: -len(ctx.snapshot.classes[m.cls].mro))
        certain = (
            drops_missing(ctx.snapshot) is not None
            and not any(one.proxy for one in below)
            and not gives_parents(ctx.snapshot, model)
        )
        try:
            for one in below:
                check_made(ctx, one.label)
        except Refused:
            certain = False
        known = ctx.memo[key] = tuple(one.label for one in below) if certain else ()
    assert isinstance(known, tuple)
    return known


def _in_local(frame: Frame, owner: ast.expr, name: str, found: Val, node: ast.AST) -> Val:
    """``found`` under a name of its own where the whole function sees the same object behind the relation."""
    key = f"{_KEPT}{found.text}"
    known = frame.env.get(key)
    if known is not None:
        return known
    assigned = frame.wish is not None and frame.wish[1] is node
    if frame.no_hoist or assigned or not _stays(frame, owner, name):
        return found
    local = frame.fresh(name)
    if local in _stored(frame):
        return found
    frame.emit(f"{local} = {found.text}")
    frame.env[key] = kept = Val(found.kind, ast.Name(local, ast.Load()))
    return kept


def _stays(frame: Frame, owner: ast.expr, name: str) -> bool:
    """Does nothing in the function set ``owner.name``, or hand the object to what might?"""
    if not isinstance(owner, ast.Name):
        return False
    roots = [legacy for legacy, value in frame.env.items() if ast.unparse(owner) == value.text]
    if len(roots) != 1:
        return False
    tree = _tree(frame)
    if any(
        isinstance(n, ast.Attribute) and not isinstance(n.ctx, ast.Load) and n.attr in (name, f"{name}_id")
        for n in ast.walk(tree)
    ):
        return False
    root = roots[0]
    if root.startswith(_KEPT):
        return root.rpartition(".")[2].rstrip(")") not in _handed_on(tree)
    looked_into = {
        id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Attribute) and n not in _called(tree)
    }
    return root not in _stored(frame) and all(
        id(n) in looked_into for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id == root
    )


def _handed_on(tree: ast.AST) -> set[str]:
    """Attributes that are given to calls, or of which methods are called; look-ups (``filter(owner=self.owner)``) only compare."""
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call)]
    parts = [
        part
        for call in calls
        for part in (
            *call.args,
            *(k.value for k in call.keywords if getattr(call.func, "attr", "") not in ("filter", "exclude")),
            getattr(call.func, "value", None),
        )
    ]
    return {part.attr for part in parts if isinstance(part, ast.Attribute)}


def _called(tree: ast.AST) -> list[ast.AST]:
    return [n.func for n in ast.walk(tree) if isinstance(n, ast.Call)]


def _stored(frame: Frame) -> set[str]:
    return {
        n.id for n in ast.walk(_tree(frame)) if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)
    }


def _tree(frame: Frame) -> ast.AST:
    return ast.parse(textwrap.dedent(frame.function.source))


def _child(site: Needs, name: str, label: str) -> Needs:
    found = site.one.get(name)
    if found is None:
        stale = site.stale or (site.told if site.copied else None)
        # Joined where the query does so: else Django asks when the code comes here, maybe after other code has changed it.
        found = site.one[name] = Needs(label, written=True, live=True, stale=stale, late=True)
    return found


def followed(ctx: Context, label: str) -> set[str]:
    """The relations of ``label`` that such code has looked into so far."""
    found = ctx.memo.setdefault(("followed", concrete(ctx, label).label), set())
    assert isinstance(found, set)
    return found


def follows(node: ast.expr) -> bool:
    """Whether ``node`` only follows relations, which costs nothing the second time."""
    match node:
        case ast.Await(
            ast.Call(
                ast.Name(id="follow" | "follow_back" | "find_back" | "follow_real"),
                [ast.Name(), owner, ast.Attribute(), *_],
            )
        ):
            return isinstance(owner, ast.Name) or follows(owner)
        case ast.Call(ast.Name(id="not_none"), [owner], []):
            return isinstance(owner, ast.Name) or follows(owner)
    return False


def keep_related(ctx: Context, site: Needs, label: str) -> None:
    """Let objects of ``site``, one of which is saved or deleted, bring what they are fetched with as objects: Django has them in memory."""
    joined = {path.partition("__")[0] for path in site.selected}
    for name in sorted(followed(ctx, label)):
        site.kept.add(name)
        if name in joined and not site.live:
            to_one(ctx, site, name)
        if name in site.one:
            site.one[name].written = True


__all__ = ["follow", "followed", "follows", "keep_related", "looked_into_later", "remembers"]
