"""``obj.refresh_from_db()``: ``await db.refresh(obj)``.

Source: ``django.db.models.Model.refresh_from_db``: the columns are read again, relations that were loaded are forgotten.
"""

from __future__ import annotations

import ast
from dataclasses import replace

from segue.refusal import Refused
from segue.translate import routing
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, const, literal
from segue.translate.kinds import Const, Instance
from segue.translate.load.models import concrete, field_of
from segue.translate.load.needs import check_own
from segue.translate.load.own_loading import check_base
from segue.translate.models.kinds import has_column
from segue.translate.models.writing import save_problem
from segue.translate.rules.registry import method
from segue.translate.rules.shared_objects import check_unshared, note_saved

_DJANGO = "django.db.models.base.Model.refresh_from_db"


@method(Instance, "refresh_from_db")
def refresh(frame: Frame, owner: Val, call: CallSite) -> Val:
    """All columns, or those of ``fields``; the object is one that is written from now on."""
    kind = owner.kind
    assert isinstance(kind, Instance)
    _check(frame, owner, call)
    call.only("fields", "using", at_most=2)
    using = call.argument(0, "using")
    if using is not None and not (isinstance(using.kind, Const) and using.kind.value in (None, "default")):
        raise frame.refuse(
            "using", ast.unparse(call.node), "Another database than the default one.", call.node
        )
    if using is not None:
        routing.check_unnamed(frame, using, call.node)
    columns = _columns(frame, kind, call)
    if not columns and call.argument(1, "fields") is not None and _given(call):
        return const(None)
    check_unshared(frame, owner, call.node)
    kind.site.written = True
    note_saved(frame, owner)
    model = concrete(frame.ctx, kind.model)
    again = columns or [item.attname for item in model.fields if has_column(item)]
    for name in again:
        kind.site.expressions.pop(name, None)
    if any(item.relation is not None and item.attname in again for item in model.fields) or not columns:
        kind.site.refreshed = frame.where(call.node)
        # Under its name it is an object whose relations are asked for when they are read; elsewhere that is refused.
        for name, value in frame.env.items():
            if isinstance(value.kind, Instance) and value.kind.site is kind.site:
                frame.env[name] = Val(replace(value.kind, mode="entity"), value.node)
    assert owner.node is not None
    for text in [t for t in frame.facts if t.startswith(owner.text + ".")]:
        del frame.facts[text]
    frame.is_async = True
    names = [literal(name) for name in columns]
    return Val(
        Const(None),
        ast.Await(ast.Call(ast.Attribute(frame.db, "refresh", ast.Load()), [owner.node, *names], [])),
    )


def _given(call: CallSite) -> bool:
    fields = call.argument(1, "fields")
    return fields is not None and not (isinstance(fields.kind, Const) and fields.kind.value is None)


def _check(frame: Frame, owner: Val, call: CallSite) -> None:
    kind = owner.kind
    assert isinstance(kind, Instance)
    if kind.nullable or owner.node is None:
        raise frame.refuse("nullable", owner.text, "This may be None here, and nothing checks it.", call.node)
    check_own(kind.site, "refresh_from_db")
    model = concrete(frame.ctx, kind.model)
    if model.parents:
        raise frame.refuse("multi-table", model.label, "The model has a parent table.", call.node)
    check_base(frame.ctx, kind.model)
    problem = save_problem(frame.ctx, kind.model)
    if problem is not None:
        raise Refused(problem)
    known = frame.ctx.snapshot.classes.get(model.cls)
    dotted = known.methods.get("refresh_from_db", "") if known is not None else ""
    if dotted not in ("", _DJANGO):
        raise _refused(frame, call, f"The model has one of its own ({dotted}).")
    for name, place in known.methods.items() if known is not None else ():
        function = frame.ctx.snapshot.functions.get(place)
        if function is not None and function.role == "cached_property":
            raise _refused(frame, call, f"The object would keep what its {name} was before.")
    if kind.site.computed or kind.site.uploads:
        raise _refused(frame, call, "It has annotations or an upload, which are not in its row.")


def _columns(frame: Frame, kind: Instance, call: CallSite) -> list[str]:
    fields = call.argument(1, "fields")
    if fields is None or not _given(call):
        return []
    texts: list[object]
    if isinstance(fields.kind, Const) and isinstance(fields.kind.value, tuple | list):
        texts = list(fields.kind.value)
    elif isinstance(fields.node, ast.List | ast.Tuple | ast.Set) and all(
        isinstance(e, ast.Constant) for e in fields.node.elts
    ):
        texts = [e.value for e in fields.node.elts if isinstance(e, ast.Constant)]
    else:
        raise _refused(frame, call, "Its fields are computed.")
    found = []
    for text in texts:
        item = field_of(concrete(frame.ctx, kind.model), str(text)) if text != "pk" else None
        if item is None or not has_column(item):
            raise _refused(frame, call, f"{text!r} is no column of the model.")
        found.append(item.attname)
    return found


def _refused(frame: Frame, call: CallSite, why: str) -> Refused:
    return frame.refuse("refresh-from-db", ast.unparse(call.node), why, call.node)
