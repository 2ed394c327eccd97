"""What a serializer's ``__init__`` takes out of its context: ``self.event = getattr(kwargs.get("context", {}).get("request"), "event", None)``.

DRF's views and ``many=True`` hand ``context=`` to the constructor; a serializer that is a field of another is made without it
(``Serializer.context`` finds it later), so that such a class is not read here. Where ``self.event`` is read, the same is asked of
``self.context``.
"""

from __future__ import annotations

import ast
import re

from segue.snapshot.model import Function
from segue.translate.context import Context
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import SerializerSelf

# What of a field tells people about it only.
_UNSHOWN = frozenset({"label", "help_text", "style"})
_LITERAL = (ast.Constant, ast.List, ast.Tuple, ast.Dict, ast.expr_context)
_QUESTIONS = (ast.Name, ast.Attribute, ast.BoolOp, ast.UnaryOp, ast.boolop, ast.unaryop, ast.expr_context)
INSTANCE = "self.instance"
_CONTEXT = ("kwargs.get('context', {})", "kwargs.get('context') or {}")


def taken(statement: ast.stmt, earlier: frozenset[str] = frozenset()) -> tuple[str, ast.expr] | None:
    """The attribute that ``self.x = <something of the context>`` sets, and what of ``self.context`` it is.

    ``earlier``: the attributes that were taken before it, which it may look into.
    """
    match statement:
        case ast.Assign([ast.Attribute(ast.Name("self"), attribute)], value):
            made = of_context(value, earlier)
            return None if made is None else (attribute, ast.fix_missing_locations(made))
    return None


def all_taken(body: list[ast.stmt]) -> dict[int, tuple[str, ast.expr]]:
    """What :func:`taken` says of the statements of a constructor, by their place."""
    found: dict[int, tuple[str, ast.expr]] = {}
    for index, statement in enumerate(body):
        made = taken(statement, frozenset(name for name, _ in found.values()))
        if made is not None:
            found[index] = made
    return found


def of_context(node: ast.expr, earlier: frozenset[str] = frozenset()) -> ast.expr | None:
    """``node`` with ``self.context`` in the place of the argument; None where it is anything else than a look into that."""
    if isinstance(node, ast.Attribute) and ast.unparse(node) in (
        "self.context",
        *(f"self.{a}" for a in earlier),
    ):
        return node
    if ast.unparse(node) in _CONTEXT:
        return ast.copy_location(ast.Attribute(ast.Name("self", ast.Load()), "context", ast.Load()), node)
    match node:
        case ast.Call(ast.Attribute(inner, "get"), [ast.Constant(str())], []):
            found = of_context(inner, earlier)
            if found is not None and ast.unparse(found) == "self.context":
                return ast.copy_location(
                    ast.Call(ast.Attribute(found, "get", ast.Load()), node.args, []), node
                )
        case ast.Call(
            ast.Name("getattr"), [inner, ast.Constant(str()) as name, ast.Constant() as default], []
        ):
            found = of_context(inner, earlier)
            if found is not None and ast.unparse(found) != "self.context":
                return ast.copy_location(ast.Call(node.func, [found, name, default], []), node)
    return None


def sets_querysets(
    statement: ast.stmt,
    fields: frozenset[str],
    classes: frozenset[str],
    sure: frozenset[str] = frozenset(),
    choices: frozenset[str] = frozenset(),
    own_sets: frozenset[str] = frozenset(),
) -> bool:
    """Whether it only sets ``self.fields["x"].queryset`` to rows of the request's objects, where these are known to be there.

    Or labels, and choices of the fields ``choices``, which output does not ask either: a text is shown as it is, whether it is one
    of these texts or not.
    ``classes``: names that stand for classes; ``sure``: what the conditions around it found to be there;
    ``own_sets``: rows of the object that is shown (``instance_sets.own_sets``).
    """
    match statement:
        case ast.Assign([ast.Attribute(ast.Subscript(held, ast.Constant(str() as name)), "queryset")], value):
            known = ast.unparse(held) == "self.fields" and name in fields
            return known and _rows(value, classes, sure, own_sets)
        case ast.Assign([ast.Attribute(ast.Subscript(held, ast.Constant(str() as name)), attribute)], value):
            known = ast.unparse(held) == "self.fields" and name in fields
            if attribute == "choices":
                return known and name in choices and _are_texts(value)
            return known and attribute in _UNSHOWN and all(isinstance(n, _LITERAL) for n in ast.walk(value))
        case ast.With([ast.withitem(opener, None)], body) if _suppresses(opener):
            return all(
                isinstance(s, ast.If)
                and not s.orelse
                and all(isinstance(n, _QUESTIONS) for n in ast.walk(s.test))
                and all(sets_querysets(one, fields, classes, sure, choices, own_sets) for one in s.body)
                for s in body
            )
        case ast.Assign([ast.Name()], value):
            return bool(fields) and of_context(value) is not None
        case ast.If(test, body, []) if asks_of_one(test):
            there = sure | {INSTANCE}
            return all(sets_querysets(s, fields, classes, there, choices, own_sets) for s in body)
        case ast.If(test) if INSTANCE in ast.unparse(test):
            return False  # it may be a list, which has nothing of an object's
        case ast.If(test, body, orelse):
            opposite = ast.UnaryOp(ast.Not(), test)
            return (
                _about_objects(test)
                and all(
                    sets_querysets(s, fields, classes, sure | found_there(test), choices, own_sets)
                    for s in body
                )
                and all(
                    sets_querysets(s, fields, classes, sure | found_there(opposite), choices, own_sets)
                    for s in orelse
                )
            )
    return False


def _are_texts(node: ast.expr) -> bool:
    """``[("a", "A"), …]``: pairs of texts. A list as the second is a group; other keys are shown in the place of their texts."""
    match node:
        case ast.List(pairs) | ast.Tuple(pairs):
            return all(
                isinstance(p, ast.List | ast.Tuple)
                and len(p.elts) == 2
                and all(isinstance(e, ast.Constant) and isinstance(e.value, str) for e in p.elts)
                for p in pairs
            )
    return False


def _suppresses(node: ast.expr) -> bool:
    """``suppress(Exception)``: whatever a question inside of it raises."""
    return ast.unparse(node) in ("suppress(Exception)", "contextlib.suppress(Exception)")


def asks_of_one(test: ast.expr) -> bool:
    """``self.instance and not isinstance(self.instance, list) and self.instance.pk``: it is one object. Where rows are shown as a page
    of them, that is a list; what shows a queryset must not come here (``instance_sets.looks_at_instance``)."""
    asked = [ast.unparse(v) for v in test.values] if isinstance(test, ast.BoolOp) else []
    return (
        isinstance(test, ast.BoolOp)
        and isinstance(test.op, ast.And)
        and asked[:2] == [INSTANCE, f"not isinstance({INSTANCE}, list)"]
        and asked[2:] in ([], [f"{INSTANCE}.pk"])
    )


def _rows(node: ast.expr, classes: frozenset[str], sure: frozenset[str], own_sets: frozenset[str]) -> bool:
    """``self.event.tracks.all()``, ``Track.objects.filter(event=self.event)``: nothing is asked of the database before it is looked into.

    Of an event that is None Django raises an ``AttributeError``.
    """
    there = classes | sure
    match node:
        case ast.Call(ast.Attribute(ast.Attribute(owner) as rows, "all" | "none"), [], []):
            text = ast.unparse(owner)
            return text in there and (text != INSTANCE or ast.unparse(rows) in own_sets)
        case ast.Call(ast.Attribute(inner, "filter"), [], [ast.keyword(str(), value)]) if _by_manager(
            inner, there
        ):
            return _are_constants(value, classes)
        case ast.Call(ast.Attribute(ast.Attribute(owner, "objects"), "filter" | "exclude"), [], keywords):
            given = [(k.arg, k.value) for k in keywords if k.arg is not None]
            return (
                ast.unparse(owner) in there
                and len(given) == len(keywords)
                and all(
                    isinstance(value, ast.Constant)
                    or ast.unparse(value) in there - {INSTANCE}
                    or (
                        INSTANCE in sure
                        and f"{ast.unparse(owner)}: {lookup}={ast.unparse(value)}" in own_sets
                    )
                    for lookup, value in given
                )
            )
    return False


def _by_manager(node: ast.expr, there: frozenset[str]) -> bool:
    """``request.event.questions(manager="all_objects")``: a related set, seen through another manager of its model's."""
    match node:
        case ast.Call(ast.Attribute(owner), [], [ast.keyword("manager", ast.Constant(str()))]):
            return ast.unparse(owner) in there - {INSTANCE}
    return False


def _are_constants(node: ast.expr, classes: frozenset[str]) -> bool:
    """Literals, and what classes are asked for by a name in capitals (``Kind.CHOICE``)."""
    match node:
        case ast.Constant():
            return True
        case ast.List(items) | ast.Tuple(items):
            return all(_are_constants(item, classes) for item in items)
        case ast.Attribute(ast.Name(cls), constant):
            return cls in classes and constant.isupper()
    return False


def found_there(test: ast.expr) -> frozenset[str]:
    """The names and attributes that are there, and not None, where ``test`` holds."""
    match test:
        case ast.Name() | ast.Attribute():
            return frozenset({ast.unparse(test)})
        case ast.BoolOp(ast.And(), values):
            return frozenset().union(*map(found_there, values))
        case ast.UnaryOp(ast.Not(), ast.UnaryOp(ast.Not(), operand)):
            return found_there(operand)
        case ast.Call(ast.Name("hasattr"), [ast.Name(owner), ast.Constant(str() as name)], []):
            return frozenset({f"{owner}.{name}"})
    return frozenset()


def _about_objects(node: ast.expr) -> bool:
    match node:
        case ast.Name() | ast.Attribute(ast.Name("self")):
            return True
        case ast.BoolOp(_, values):
            return all(map(_about_objects, values))
        case ast.UnaryOp(ast.Not(), operand):
            return _about_objects(operand)
        case ast.Call(ast.Name("hasattr"), [ast.Name(), ast.Constant()], []):
            return True
    return False


def value(frame: Frame, function: Function, serializer: str, attribute: str, node: ast.expr) -> Val | None:
    """What ``self.<attribute>`` is in a method of the serializer; None where that is not sure."""
    receiver = frame.receiver
    if receiver is None or not isinstance(receiver.kind, SerializerSelf):
        return None
    if is_a_field(frame.ctx, serializer) or _set_elsewhere(frame.ctx, serializer, attribute):
        return None
    was = frame.env, frame.function
    frame.env, frame.function = {"self": receiver}, function
    try:
        return frame.eval(node)
    finally:
        frame.env, frame.function = was


def is_a_field(ctx: Context, serializer: str) -> bool:
    """Whether the class is a field of any serializer: those are made without a context."""
    known = ctx.memo.setdefault(("serializers", "fields of others"), set())
    assert isinstance(known, set)
    if not known:
        known.update(f.serializer for s in ctx.snapshot.serializers.values() for f in s.fields)
        known.add("")
    return serializer in known


def _set_elsewhere(ctx: Context, serializer: str, attribute: str) -> bool:
    known = ctx.snapshot.classes.get(serializer)
    pattern = re.compile(rf"\bself\.{re.escape(attribute)}\s*(:[^=\n]+)?=[^=]|setattr\(self\b")
    return known is None or any(
        f.owner in known.mro and f.name.rpartition(".")[2] != "__init__" and pattern.search(f.source)
        for f in ctx.snapshot.functions.values()
        if not f.owner.startswith(("rest_framework.", "django."))
    )


__all__ = ["all_taken", "found_there", "is_a_field", "of_context", "sets_querysets", "taken", "value"]
