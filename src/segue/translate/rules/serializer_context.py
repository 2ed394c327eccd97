"""``self.context`` of a serializer and of its fields, and what is looked up in it.

It is the view's (DRF's three entries and what ``get_serializer_context`` puts in), one of its own
(``XSerializer(x, context={"project": project})``), or empty.
"""

from __future__ import annotations

import ast
import textwrap

from segue.translate.interp.annotations import annotation
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.entries import in_a_local
from segue.translate.interp.frame import Frame
from segue.translate.interp.key_missing import KeyMissing
from segue.translate.interp.value import Val, const
from segue.translate.interp.value import name as parsed
from segue.translate.kinds import (
    Const,
    ContextDict,
    FieldParent,
    Kind,
    Object,
    Request,
    Serializer,
    SerializerContext,
    SerializerSelf,
    Unknown,
    ViewSelf,
)
from segue.translate.rules.registry import attribute, method
from segue.translate.rules.view_self import mro
from segue.translate.serializers.by_view import OwnContext, current_view, state_of

OF_DRF = ("request", "view", "format")


@attribute(SerializerSelf, "context")
@attribute(Object, "context")
def context(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val | None:
    """``self.context``."""
    if isinstance(owner.kind, Object):
        order = mro(frame, owner.kind.cls)
        if "serializers" not in " ".join(order) and "rest_framework.fields.Field" not in order:
            return None
    return Val(SerializerContext(owner.kind))


@attribute(Object, "parent")
def parent(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val | None:
    """``self.parent`` of a serializer's field: there as soon as the serializer asks its field for anything."""
    assert isinstance(owner.kind, Object)
    return (
        Val(FieldParent(owner.kind)) if "rest_framework.fields.Field" in mro(frame, owner.kind.cls) else None
    )


@attribute(FieldParent, "context")
def context_of_parent(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val:
    """``self.parent.context``: the context of the root, as ``self.context`` is."""
    assert isinstance(owner.kind, FieldParent)
    return Val(SerializerContext(owner.kind.of))


@method(SerializerContext, "__getitem__", "get")
def context_item(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``self.context["request"]``; other keys are what the room of serializers knows of them."""
    assert isinstance(owner.kind, SerializerContext)
    first = call.argument(0)
    if first is None or not isinstance(first.kind, Const):
        raise frame.refuse("context", ast.unparse(call.node), "The key is computed.", call.node)
    key = first.kind.value
    put = _put_there(frame, owner.kind.owner, key) if call.name == "__getitem__" else None
    if put is not None:
        return put
    if isinstance(owner.kind.owner, Serializer):
        kept = _of_serializer(owner.kind.owner, str(key))
        if kept is not None:
            return kept
    # In a view it may be one without a context; ``get`` of what is put there by some ways only.
    if isinstance(owner.kind.owner, Serializer) or _may_be_put(frame, owner.kind.owner, key):
        raise frame.refuse(
            "context", f"context[{key!r}]", "Segue does not know this entry of the context.", call.node
        )
    use = getattr(owner.kind.owner, "use", None)
    own = getattr(use, "own", None)
    if isinstance(own, OwnContext):
        found = entry_of(frame, own, str(key))
        if found is not None:
            return found
        if not own.beneath:
            return _missing(frame, call, str(key))
    beneath = own.beneath if isinstance(own, OwnContext) else "view"
    made = _of_view(frame, getattr(use, "view", None), call, key, beneath)
    if made is not None:
        return made
    if key == "request":
        return Val(Request())
    if key == "view":
        view = getattr(use, "view", None)
        if view is not None:
            return Val(ViewSelf(view))
    if key not in OF_DRF and (beneath == "drf" or _is_drfs(frame, use)):
        return _missing(frame, call, str(key))
    raise frame.refuse(
        "context", f"context[{key!r}]", "Segue does not know this entry of the context.", call.node
    )


def _of_serializer(kind: Serializer, key: str) -> Val | None:
    """``serializer.context["project"]`` in a view: what the view has computed for it."""
    given = getattr(kind.held, "given_context", None)
    own, passed = getattr(given, "own", None), getattr(given, "passed", {})
    if not isinstance(own, OwnContext) or state_of(key) not in passed:
        return None
    return Val(dict(own.entries)[key], parsed(passed[state_of(key)]))


def _is_drfs(frame: Frame, use: object) -> bool:
    """Whether the context is DRF's of the view in hand, with nothing else in it."""
    current = current_view(frame.ctx)
    return use is not None and current is not None and not current.overridden("get_serializer_context")


def entry_of(frame: Frame, own: OwnContext, key: str) -> Val | None:
    """What a serializer's own context has under ``key``; None where that is nothing. Raises ``Refused``."""
    kind = dict(own.entries).get(key)
    if kind is None:
        return None
    if isinstance(kind, Unknown):
        raise frame.refuse("serializer-context", f"context[{key!r}]", kind.why)
    if isinstance(kind, Const):
        return const(kind.value)
    if isinstance(kind, Request | ViewSelf):
        return Val(kind)
    text, imports = annotation(frame.ctx, kind)
    if state_of(key) not in frame.state_used:
        frame.use(*imports)
    return frame.extra_state(state_of(key), lambda: text, kind)


@method(ContextDict, "__setitem__", "update")
def put(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``context["project"] = project`` and ``context.update(project=project)``, before any serializer is given it."""
    assert isinstance(owner.kind, ContextDict)
    held = call.node.func.value if isinstance(call.node.func, ast.Attribute) else call.node.func
    if not isinstance(held, ast.Name) or frame.loops or _given_before(frame, held):
        return None
    new: dict[str, Val] = {}
    if call.name == "__setitem__":
        key = call.args[0].kind
        if not isinstance(key, Const) or not isinstance(key.value, str):
            return None
        new[key.value] = in_a_local(frame, key.value, call.args[1], call.node)
    else:
        for display in call.raw_args:
            if not isinstance(display, ast.Dict) or not all(
                isinstance(k, ast.Constant) for k in display.keys
            ):
                return None
            for key_node, item in zip(display.keys, display.values, strict=True):
                name = str(getattr(key_node, "value", ""))
                new[name] = in_a_local(frame, name, frame.eval(item), item)
        new |= {k: in_a_local(frame, k, v, call.node) for k, v in call.kwargs.items()}
    entries = dict(owner.kind.entries) | new
    frame.env[held.id] = Val(ContextDict(tuple(entries.items()), owner.kind.beneath))
    return const(None)


@method(ContextDict, "__getitem__")
def put_before(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``context["project"]`` where the same code has put it in."""
    assert isinstance(owner.kind, ContextDict)
    first = call.argument(0)
    key = first.kind.value if first is not None and isinstance(first.kind, Const) else None
    found = dict(owner.kind.entries).get(str(key))
    return found if isinstance(found, Val) else None


def _given_before(frame: Frame, held: ast.Name) -> bool:
    """Whether the dict may be somebody else's by now: used above for anything but putting something in."""
    tree = ast.parse(textwrap.dedent(frame.function.source))
    filled = {
        id(part.value)
        for part in ast.walk(tree)
        if isinstance(part, ast.Subscript | ast.Attribute)
        and (isinstance(part, ast.Subscript) or isinstance(part.ctx, ast.Store) or part.attr == "update")
    }
    uses = [n for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id == held.id]
    stored = [n for n in uses if not isinstance(n.ctx, ast.Load)]
    read = [n for n in uses if isinstance(n.ctx, ast.Load) and id(n) not in filled]
    return len(stored) != 1 or any(n.lineno <= held.lineno for n in read)


def _of_view(frame: Frame, view: object, call: CallSite, key: object, beneath: str) -> Val | None:
    """An entry of the context that the view's own ``get_serializer_context`` makes; None where that has just DRF's."""
    from segue.translate.serializers.own_context import context_of, entry, lacks
    from segue.translate.specialise.endpoint import Endpoint

    if not isinstance(view, Endpoint) or not view.overridden("get_serializer_context") or beneath == "drf":
        return None
    definition = "" if beneath == "view" else beneath
    found = entry(frame, view, str(key), definition)
    known = context_of(view, definition).get(str(key))
    plain_get = call.name == "get" and len(call.args) == 1
    if known is not None and known.sometimes is not None and not plain_get:
        raise frame.refuse(
            "context", f"context[{key!r}]", "The view puts it there for some requests only.", call.node
        )
    if found is not None or (
        key in ("request", "view", "format") and lacks(str(key)) not in context_of(view, definition)
    ):
        return found
    if call.name == "get":
        return call.args[1] if len(call.args) > 1 else const(None)
    raise frame.refuse(
        "context", f"context[{key!r}]", "The view does not put this into the context: KeyError.", call.node
    )


def _missing(frame: Frame, call: CallSite, key: str) -> Val:
    """The context has no such key."""
    if call.name == "get":
        return call.args[1] if len(call.args) > 1 else const(None)
    refusal = frame.refuse(
        "serializer-context",
        f"context[{key!r}]",
        "The serializer is made without it: this is a KeyError that nothing takes.",
        call.node,
    ).refusal
    raise KeyMissing(refusal, frame, call.node)


def _may_be_put(frame: Frame, owner: Kind | None, key: object) -> bool:
    """Whether translated code of the serializer puts this entry there itself."""
    from segue.translate.serializers.kept import assigned, of_context

    return isinstance(owner, SerializerSelf) and of_context(str(key)) in assigned(frame.ctx, owner.name)


def _put_there(frame: Frame, owner: Kind | None, key: object) -> Val | None:
    """What a method of the serializer has put into its context; None where that is not certain."""
    from segue.translate.serializers.kept import of_context, value
    from segue.translate.serializers.rules.kept import held_value

    name = of_context(str(key))
    if isinstance(owner, SerializerSelf) and _may_be_put(frame, owner, key):
        return value(frame, owner.name, name)
    return held_value(frame, Val(owner), name) if isinstance(owner, Serializer) else None


@method(SerializerContext, "__contains__")
def context_has(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``"request" in self.context``: views always pass it."""
    first = call.argument(0)
    of = getattr(owner.kind, "owner", None)
    key = first.kind.value if first is not None and isinstance(first.kind, Const) else None
    if not isinstance(key, str) or isinstance(of, Serializer) or _may_be_put(frame, of, key):
        return None
    own = getattr(getattr(of, "use", None), "own", None)
    if isinstance(own, OwnContext) and (not own.beneath or key in dict(own.entries)):
        return const(key in dict(own.entries))
    view = getattr(getattr(of, "use", None), "view", None)
    beneath = own.beneath if isinstance(own, OwnContext) else "view"
    if view is not None and view.overridden("get_serializer_context") and beneath != "drf":
        from segue.translate.serializers.own_context import context_of, lacks

        made = context_of(view, "" if beneath == "view" else beneath)
        drf = key in OF_DRF and lacks(key) not in made
        if key in made and made[key].sometimes is not None:
            return None
        return const(drf or key in made)
    if key in OF_DRF:
        return const(True)
    return const(False) if beneath == "drf" or _is_drfs(frame, getattr(of, "use", None)) else None
