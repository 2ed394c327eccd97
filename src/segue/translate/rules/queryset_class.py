"""``BookQuerySet(self.model, using=self._db)`` in a manager's ``get_queryset``: the model's rows.

Django's ``BaseManager.get_queryset`` is ``self._queryset_class(model=self.model, using=self._db, hints=self._hints)``.
"""

from __future__ import annotations

import ast

from segue.snapshot.model import GlobalRef
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import Global, Manager, QuerySet
from segue.translate.query.build import model_queryset, query_of
from segue.translate.rules import registry

_QUERYSET = "django.db.models.query.QuerySet"
_GIVEN = {"model": ("self.model",), "using": ("self._db", "self.db"), "hints": ("self._hints",)}


def construct_queryset(frame: Frame, dotted: str, call: CallSite) -> Val | None:
    """The rows of the manager's model; None when ``dotted`` is no class of querysets."""
    known = frame.ctx.snapshot.classes.get(dotted)
    if known is None or _QUERYSET not in known.mro:
        return None
    receiver = frame.receiver
    if receiver is None or not isinstance(receiver.kind, Manager):
        raise frame.refuse("queryset-class", dotted, "A queryset is made outside of its manager.", call.node)
    named = dict(zip(("model", "query", "using", "hints"), call.node.args, strict=False))
    named.update({k.arg: k.value for k in call.node.keywords if k.arg is not None})
    spread = any(k.arg is None for k in call.node.keywords)
    if (
        spread
        or "model" not in named
        or any(ast.unparse(value) not in _GIVEN.get(key, ()) for key, value in named.items())
    ):
        raise frame.refuse(
            "queryset-class",
            ast.unparse(call.node),
            "It is made with something else than the manager's own.",
            call.node,
        )
    for name, place in known.methods.items():
        if (QuerySet, name) in registry.methods and not place.startswith("django."):
            function = frame.ctx.snapshot.functions.get(place)
            raise frame.refuse(
                "queryset-class", place, f"It has a {name}() of its own, which every queryset of it runs.",
                None if function is not None else call.node,
            )  # fmt: skip
    if "__init__" in known.methods and not known.methods["__init__"].startswith("django."):
        raise frame.refuse("queryset-class", dotted, "It has an __init__ of its own.", call.node)
    base = model_queryset(frame, receiver.kind.model, call.node)
    return Val(QuerySet(query_of(base).with_(manager=dotted, begun=receiver.kind.name)), base.node)


@registry.attribute(QuerySet, "model")
def model_of(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val:
    """``queryset.model``: the class."""
    kind = owner.kind
    assert isinstance(kind, QuerySet)
    return Val(Global(GlobalRef("model", frame.ctx.model(kind.query.model).cls)))


__all__ = ["construct_queryset"]
