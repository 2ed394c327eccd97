"""Tests of ``if``, ``while``, ``and``, ``or``, conditional expressions: folding and narrowing."""

from __future__ import annotations

import ast
import builtins
import re
import textwrap
from dataclasses import dataclass, field, replace

from segue.refusal import Refused
from segue.translate.interp.frame import Frame
from segue.translate.interp.join import not_null
from segue.translate.interp.truth import truth
from segue.translate.interp.value import Val, name
from segue.translate.kinds import (
    Const,
    Country,
    EarlyRequest,
    Failure,
    Global,
    Instance,
    Kind,
    ListOf,
    Localized,
    Maybe,
    Money,
    Phone,
    QuerySet,
    Raised,
    Scalar,
    StoredFile,
    Unknown,
    Uploaded,
    UrlArguments,
    User,
)


@dataclass(slots=True)
class Test:
    """``node`` is the condition in the generated code; ``known`` its truth when decided already.

    ``then`` and ``otherwise`` are the narrowed kinds, by generated text, in the two branches.
    """

    node: ast.expr
    known: bool | None = None
    then: dict[str, Kind] = field(default_factory=dict)
    otherwise: dict[str, Kind] = field(default_factory=dict)
    value: Val | None = None


def test(frame: Frame, node: ast.expr) -> Test:
    """Interpret ``node`` as a condition."""
    if isinstance(node, ast.BoolOp):
        return _bool(frame, node)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        inner = test(frame, node.operand)
        known = None if inner.known is None else not inner.known
        return Test(ast.UnaryOp(ast.Not(), inner.node), known, inner.otherwise, inner.then)
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        found = _compare(frame, node)
        if found is not None:
            return found
    if isinstance(node, ast.Attribute):
        key = _key_of_relation(frame, node)
        if key is not None:
            return Test(ast.Compare(key, [ast.IsNot()], [ast.Constant(None)]))
    if isinstance(node, ast.Subscript | ast.Call) and _never_empty(frame, node):
        return Test(ast.Constant(True), True)
    value = frame.eval(node)
    return of_value(frame, value, node)


def _key_of_relation(frame: Frame, node: ast.Attribute) -> ast.expr | None:
    """``if self.author:`` of an object that is written, whose author is not looked into: the column tells, without a query.

    The database holds that the row is there.
    """
    from segue.translate.load.models import concrete, field_of
    from segue.translate.load.needs import column
    from segue.translate.rules.following import looked_into_later

    owner = frame.env.get(node.value.id) if isinstance(node.value, ast.Name) else None
    if owner is None or owner.node is None or not isinstance(owner.kind, Instance):
        return None
    kind = frame.facts.get(owner.text, owner.kind)
    if not isinstance(kind, Instance) or kind.mode != "entity" or kind.nullable:
        return None
    item = field_of(concrete(frame.ctx, kind.model), node.attr)
    if item is None or item.relation is None or item.name != node.attr:
        return None
    if item.relation.kind not in ("fk", "o2o") or not item.relation.db_constraint:
        return None
    text = ast.unparse(node)
    looked_into = any(
        isinstance(part, ast.Attribute) and ast.unparse(part.value) == text
        for part in ast.walk(ast.parse(textwrap.dedent(frame.function.source)))
    )
    if looked_into or (not kind.site.copied and looked_into_later(frame.ctx, kind.model, item.name)):
        return None
    column(frame.ctx, kind.site, item.attname)
    return ast.Attribute(owner.node, item.attname, ast.Load())


def _never_empty(frame: Frame, node: ast.Subscript | ast.Call) -> bool:
    """``if self.kwargs["pk"]:`` where the URL's pattern matches no empty text (``StringConverter`` and its like)."""
    match node:
        case ast.Subscript(value=mapping, slice=key) if ast.unparse(mapping).endswith("kwargs"):
            pass
        case ast.Call(func=ast.Attribute(value=mapping, attr="get"), args=[key], keywords=[]) if ast.unparse(
            mapping
        ).endswith("kwargs"):
            pass
        case _:
            return False
    with frame.capture():
        owner, name = frame.eval(mapping).kind, frame.eval(key).kind
    route = getattr(getattr(owner, "endpoint", None), "route", None)
    if not isinstance(owner, UrlArguments) or route is None or not isinstance(name, Const):
        return False
    converters = [p.converter for p in route.parameters if p.name == name.value]
    return len(converters) == 1 and converters[0] in ("str", "slug", "uuid", "path")


def of_value(frame: Frame, value: Val, node: ast.expr) -> Test:
    """The truth of a value."""
    known = truth(value)
    if value.node is None and known is None:
        raise frame.refuse("condition", ast.unparse(node), "Segue cannot tell whether this is true.", node)
    if isinstance(value.kind, Unknown):
        raise frame.refuse(
            "condition", ast.unparse(node), value.kind.why or "Segue does not know what this is.", node
        )
    if isinstance(value.kind, QuerySet):
        from segue.translate.rules.queryset_evaluate import fetched_rows

        rows = fetched_rows(frame, value, node)
        assert rows.node is not None
        return Test(rows.node, None, value=rows)
    if known is None and _still_empty(frame, value, node):
        known = False
    result = Test(value.node if value.node is not None else name(str(known)), known, value=value)
    text = value.text
    if isinstance(value.kind, Instance | Scalar | Uploaded) and value.kind.nullable:
        result.then[text] = not_null(value.kind)
        if isinstance(value.kind, Instance):
            result.otherwise[text] = Const(None)
    if isinstance(value.kind, Maybe):
        result.then[text] = value.kind.kind
    if isinstance(value.kind, StoredFile | Phone | Country):
        result.then[text] = replace(value.kind, present=True)
    failures, others = _narrowed_failure(frame, value.node)
    result.then.update(failures)
    result.otherwise.update(others)
    result.then.update(_narrowed_scalar(frame, value.node))
    texts, others = _narrowed_localized(frame, value.node)
    result.then.update(texts)
    result.otherwise.update(others)
    call, positive = value.node, True
    if isinstance(call, ast.UnaryOp) and isinstance(call.op, ast.Not):
        call, positive = call.operand, False
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "is_authenticated":
        owner = frame_user(frame)
        if owner is not None:
            user = ast.unparse(call.args[0])
            result.then[user] = User(owner, positive)
            result.otherwise[user] = User(owner, not positive)
    return result


def _still_empty(frame: Frame, value: Val, node: ast.expr) -> bool:
    """Whether a local holds the empty list that it was given, and no code before this place has looked at it."""
    kind = value.kind
    if not (isinstance(kind, ListOf) and isinstance(kind.item, Unknown) and kind.item.why == "empty"):
        return False
    if isinstance(node, ast.NamedExpr):
        return isinstance(node.value, ast.List | ast.Call)
    if not isinstance(node, ast.Name) or not isinstance(value.node, ast.Name) or frame.loops:
        return False
    place = (node.lineno, node.col_offset)
    tree = ast.parse(textwrap.dedent(frame.function.source))
    before = [
        n
        for n in ast.walk(tree)
        if isinstance(n, ast.Name) and n.id == node.id and (n.lineno, n.col_offset) < place
    ]
    if len(before) != 1:
        return False
    made_here = any(before[0] is made for made in _own_lists(tree))
    return made_here or (_of_call(tree, before[0]) and _just_made(frame, value.node.id))


def _of_call(tree: ast.AST, target: ast.expr) -> bool:
    """Whether the statement with that target gives it what a call returns."""
    return any(
        isinstance(n, ast.Assign) and n.targets == [target] and isinstance(n.value, ast.Call)
        for n in ast.walk(tree)
    )


def _just_made(frame: Frame, local: str) -> bool:
    """Whether the call came to ``[]``, and the generated code names the local nowhere else so far."""
    lines = [line for line in frame.lines if re.search(rf"\b{re.escape(local)}\b", line)]
    return lines in ([f"{local} = []"], [f"{local}: list[Any] = []"])


def _own_lists(tree: ast.AST) -> list[ast.expr]:
    """Targets that are given an empty list of their own, which nothing else names."""
    found: list[ast.expr] = []
    for n in ast.walk(tree):
        match n:
            case ast.Assign([target], ast.List()) | ast.AnnAssign(target=target, value=ast.List()):
                found.append(target)
            case ast.Assign([target], ast.Call(ast.Name("list"), [], [])):
                found.append(target)
    return found


# What DRF answers and has not made: the bridge's ``Http404`` and Django's ``PermissionDenied``.
_DJANGOS = ("Http404", "Forbidden")


def _narrowed_failure(frame: Frame, node: ast.expr | None) -> tuple[dict[str, Kind], dict[str, Kind]]:
    """``isinstance(exc, ValidationError)`` in an exception handler: ``exc`` has a detail then; else it is what is left.

    ``isinstance(exc, APIException)`` is written as what Django's own are not.
    """
    negated = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
    if isinstance(node, ast.UnaryOp) and negated:
        node = node.operand
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "isinstance"):
        return {}, {}
    text = ast.unparse(node.args[0])
    known = next(
        (
            kind
            for v in frame.env.values()
            if v.node is not None
            and v.text == text
            and isinstance(kind := frame.facts.get(text, v.kind), Failure)
        ),
        None,
    )
    asked = ast.unparse(node.args[1])
    if known is None:
        return {}, {}
    if not known.api:
        from segue.translate.rules.own_exceptions import own_names

        if isinstance(getattr(builtins, asked, None), type):
            # Python's own: what its text is can only be asked when it is there.
            return ({} if negated else {text: Failure(False, asked)}), {}
        told = asked == "Invalid" or asked in own_names(frame.ctx)
        return ({} if negated else {text: Raised(asked, told)}), {}
    ruled_out = known.without.union(name for name in _DJANGOS if name in asked.strip("()").split(", "))
    left = replace(known, without=ruled_out)
    if negated:
        return {text: replace(left, cls="APIException") if len(ruled_out) == len(_DJANGOS) else left}, {}
    return {text: Failure(True, asked)}, {text: left}


def _narrowed_localized(frame: Frame, node: ast.expr | None) -> tuple[dict[str, Kind], dict[str, Kind]]:
    """``isinstance(value, LazyI18nString)`` of a column of django-i18nfield: else it is what code has put there."""
    match node:
        case ast.Call(ast.Name("isinstance"), [given, ast.Name("LocalizedText")]):
            text = ast.unparse(given)
            return {text: Localized(present=True)}, {text: Scalar("Any")}
    return {}, {}


def _narrowed_scalar(frame: Frame, node: ast.expr | None) -> dict[str, Kind]:
    """``isinstance(text, str)`` of a text that may be None: it is not."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "isinstance"):
        return {}
    text, asked = ast.unparse(node.args[0]), ast.unparse(node.args[1])
    for value in frame.env.values():
        if value.node is not None and value.text == text:
            kind = frame.facts.get(text, value.kind)
            if isinstance(kind, Scalar) and kind.nullable and kind.type == asked:
                return {text: not_null(kind)}
    return {}


def frame_user(frame: Frame) -> str | None:
    """Label of the user model."""
    return frame.ctx.snapshot.settings.user_model or None


def _never(frame: Frame, node: ast.BoolOp) -> bool:
    """Whether an ``and`` in middleware has an operand that is false on this route, behind others that only read: those may ask
    for what a middleware that is not translated has set."""
    if not isinstance(node.op, ast.And):
        return False
    for item in node.values[1:]:
        negated = isinstance(item, ast.UnaryOp) and isinstance(item.op, ast.Not)
        local = item.operand if isinstance(item, ast.UnaryOp) else item
        known = frame.env.get(local.id) if isinstance(local, ast.Name) else None
        if known is not None and isinstance(known.kind, Const) and bool(known.kind.value) is negated:
            before = node.values[: node.values.index(item)]
            return all(_only_reads(frame, operand) for operand in before)
    return False


def _only_reads(frame: Frame, node: ast.expr) -> bool:
    """Whether it is a local, or what one has, that is there for certain."""
    from segue.translate.rules.given_attributes import has

    match node:
        case ast.UnaryOp(ast.Not(), operand):
            return _only_reads(frame, operand)
        case ast.Name(local):
            return local in frame.env
        case ast.Attribute(ast.Name(local), attr):
            owner = frame.env.get(local)
            return owner is not None and isinstance(owner.kind, EarlyRequest) and has(frame.ctx, attr)
        case ast.Attribute(ast.Attribute(ast.Name(), _), _):
            with frame.capture() as lines:
                try:
                    kind = frame.eval(node).kind
                except Refused:
                    return False
            return not lines and isinstance(kind, Scalar)
        case _:
            return False


def _bool(frame: Frame, node: ast.BoolOp) -> Test:
    conjunction = isinstance(node.op, ast.And)
    if any(isinstance(v.kind, EarlyRequest) for v in frame.env.values()) and _never(frame, node):
        return Test(name("False"), False)
    parts: list[ast.expr] = []
    then: dict[str, Kind] = {}
    otherwise: dict[str, Kind] = {}
    saved = dict(frame.facts)
    frame.no_hoist += 1
    single = None
    try:
        for item in node.values:
            # Decided operands before it let this one be looked at for certain.
            certain = not parts
            frame.no_hoist -= certain
            try:
                found = test(frame, item)
            finally:
                frame.no_hoist += certain
            if found.known is (not conjunction):
                # True in an ``or``, False in an ``and``: what follows is never looked at.
                if all(map(_harmless, parts)):
                    return Test(name(str(not conjunction)), not conjunction)
                parts.append(name(str(not conjunction)))
                break
            if found.known is conjunction:
                (then if conjunction else otherwise).update(found.then if conjunction else found.otherwise)
                frame.facts.update(found.then if conjunction else found.otherwise)
                continue
            parts.append(found.node)
            single = found if len(parts) == 1 else None
            always = found.value.kind if found.value is not None else None
            if isinstance(always, Const) and bool(always.value) is not conjunction:
                break  # a call that gives the same each time: what follows is never looked at
            if conjunction:
                then.update(found.then)
                frame.facts.update(found.then)
            else:
                otherwise.update(found.otherwise)
                frame.facts.update(found.otherwise)
    finally:
        frame.no_hoist -= 1
        frame.facts = saved
    if not parts:
        return Test(name(str(conjunction)), conjunction, then, otherwise)
    if len(parts) == 1:
        if single is not None:
            (otherwise if conjunction else then).update(single.otherwise if conjunction else single.then)
        return Test(parts[0], None, then, otherwise)
    return Test(ast.BoolOp(node.op, parts), None, then, otherwise)


def _harmless(node: ast.expr) -> bool:
    """Whether leaving the test out changes nothing: it reads, or asks whether somebody is logged in."""
    return all(
        isinstance(n.func, ast.Name) and n.func.id == "is_authenticated"
        for n in ast.walk(node)
        if isinstance(n, ast.Call)
    ) and not any(isinstance(n, ast.Await | ast.NamedExpr) for n in ast.walk(node))


def _compare(frame: Frame, node: ast.Compare) -> Test | None:
    """``x is None``, ``x is not None``, ``x == None``; others are plain values."""
    right = node.comparators[0]
    is_none = isinstance(right, ast.Constant) and right.value is None
    if not is_none or not isinstance(node.ops[0], ast.Is | ast.IsNot | ast.Eq | ast.NotEq):
        return None
    positive = isinstance(node.ops[0], ast.Is | ast.Eq)
    value = frame.eval(node.left)
    kind = value.kind
    if isinstance(kind, Unknown):
        raise frame.refuse(
            "condition", ast.unparse(node), kind.why or "Segue does not know what this is.", node
        )
    if isinstance(kind, Const):
        known: bool | None = (kind.value is None) == positive
    elif isinstance(kind, Maybe):
        known = None
    elif isinstance(kind, Country) and not kind.nullable:
        known = not positive  # a ``Country`` without a code is one, too
    elif isinstance(kind, Phone | Country):
        known = not positive if kind.present else None
    elif isinstance(kind, Scalar | Instance):
        maybe = kind.nullable or (isinstance(kind, Scalar) and (kind.type == "Any" or kind.unsure))
        known = None if maybe else not positive
    elif isinstance(kind, Money) or (isinstance(kind, Uploaded) and not kind.held):
        known = None if kind.nullable else not positive
    else:
        known = not positive
    from segue.translate.interp.value import is_pure

    if not is_pure(value.node):
        known = None
    if value.node is None or isinstance(
        kind, Global
    ):  # a call that gives a class gives nothing in generated code
        if known is None:
            raise frame.refuse(
                "condition", ast.unparse(node), "Segue cannot tell whether this is None.", node
            )
        return Test(name(str(known)), known)
    out = Test(ast.Compare(value.node, [ast.Is() if positive else ast.IsNot()], [ast.Constant(None)]), known)
    target, other = (out.otherwise, out.then) if positive else (out.then, out.otherwise)
    absent = isinstance(kind, Scalar | Instance | Uploaded) and kind.nullable
    if isinstance(kind, Maybe) or (absent and not (isinstance(kind, Uploaded) and kind.held)):
        target[value.text] = not_null(kind)
        other[value.text] = Const(None)
    elif kind == Scalar("Any"):
        other[value.text] = Const(None)
    return out
