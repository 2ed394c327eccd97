"""Operators on plain values, conditions, conditional expressions, walrus, lambda."""

from __future__ import annotations

import ast
import operator
import re
import textwrap
from typing import Any

from segue.target.ir import Import
from segue.translate.interp.conditions import test
from segue.translate.interp.expressions.names import or_nobody
from segue.translate.interp.frame import Frame
from segue.translate.interp.join import join, widen
from segue.translate.interp.members import has_members
from segue.translate.interp.same_set import share
from segue.translate.interp.value import Val, const, is_pure, quote
from segue.translate.kinds import (
    Callback,
    Const,
    DictOf,
    EnumMember,
    Expr,
    Failure,
    Global,
    Instance,
    Kind,
    ListOf,
    Payload,
    Phone,
    Q,
    QueryParameters,
    QuerySet,
    Raised,
    Record,
    Scalar,
    StoredFile,
    TaskSignature,
    TupleOf,
    Unknown,
    Uploaded,
    UrlArguments,
    User,
    ValidatedData,
)
from segue.translate.rules.registry import expression

_NUMBERS = ("int", "float", "Decimal", "bool")
_FOLD: dict[type[ast.operator], Any] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}


def plain(frame: Frame, value: Val, node: ast.expr) -> tuple[str, ast.expr]:
    """Type text and code of a plain value; refuses anything else."""
    kind = widen(value.kind)
    if value.node is None or not isinstance(kind, Scalar | ListOf | DictOf | Payload):
        why = kind.why if isinstance(kind, Unknown) else ""
        raise frame.refuse(
            "operand",
            ast.unparse(node),
            why or f"Segue has no rule for operators on {type(kind).__name__}.",
            node,
        )
    if isinstance(kind, Scalar):
        if kind.nullable:
            return kind.type + "?", value.node
        return kind.type, value.node
    return "Any" if isinstance(kind, Payload) else getattr(kind, "type", "dict"), value.node


@expression(ast.BinOp)
def binary(frame: Frame, node: ast.BinOp) -> Val:
    """``a + b`` …: on plain values, Q objects, database expressions, querysets."""
    left, right = frame.eval(node.left), frame.eval(node.right)
    if isinstance(left.kind, Q) or isinstance(right.kind, Q):
        from segue.translate.rules.q_objects import combine

        return combine(frame, node.op, left, right, node)
    if isinstance(left.kind, Expr) or isinstance(right.kind, Expr):
        from segue.translate.rules.expressions import arithmetic

        return arithmetic(frame, node.op, left, right, node)
    if isinstance(left.kind, QuerySet) and isinstance(right.kind, QuerySet):
        from segue.translate.rules.queryset_combine import combine as combine_sets

        return combine_sets(frame, node.op, left, right, node)
    if isinstance(left.kind, TaskSignature) and isinstance(right.kind, TaskSignature):
        from segue.translate.rules.task_signatures import combine as combine_tasks

        return combine_tasks(frame, node.op, left, right, node)
    if isinstance(node.op, ast.Mod) and has_members(right.kind) and widen(left.kind) == Scalar("str"):
        raise frame.refuse("text-of", ast.unparse(node), "The member of an enumeration, formatted.", node)
    if isinstance(left.kind, Const) and isinstance(right.kind, Const) and type(node.op) in _FOLD:
        try:
            folded = _FOLD[type(node.op)](left.kind.value, right.kind.value)
        except Exception:  # noqa: BLE001  (the legacy code would raise the same; keep it as code)
            folded = ...
        written = isinstance(left.node, ast.Constant) and isinstance(right.node, ast.Constant)
        if written and isinstance(folded, str | int | float | tuple) and len(str(folded)) < 200:
            return const(folded)
    if (
        isinstance(node.op, ast.Mod)
        and isinstance(widen(left.kind), Scalar)
        and widen(left.kind) == Scalar("str")
    ):
        right = _shown(frame, left, right, node)
    a, a_node = plain(frame, left, node.left)
    b, b_node = plain(frame, right, node.right)
    made = ast.BinOp(a_node, node.op, b_node)
    if isinstance(node.op, ast.Mod) and a == "str":
        return Val(Scalar("str"), made)
    if isinstance(widen(left.kind), ListOf) and isinstance(widen(right.kind), ListOf):
        return Val(join(widen(left.kind), widen(right.kind)), made)
    if isinstance(left.kind, DictOf) and isinstance(right.kind, DictOf):
        return Val(join(left.kind, right.kind), made)
    if a.endswith("?") or b.endswith("?"):
        a, b = a.rstrip("?"), b.rstrip("?")
    return Val(_result(a, b, node.op), made)


def _shown(frame: Frame, left: Val, right: Val, node: ast.BinOp) -> Val:
    """What ``"%s"`` is filled with: objects of models by their text, which ``str()`` of the generated class is not."""
    from segue.translate.interp.expressions.literals import printable

    if isinstance(right.kind, Phone):
        return Val(Scalar("Any"), right.node)  # an object whose text is the same as Django's
    if isinstance(right.kind, Raised | Failure):
        return Val(Scalar("str"), quote("str({0})", printable(frame, right, node.right)))
    legacy = list(node.right.elts) if isinstance(node.right, ast.Tuple) else [node.right]
    nodes = list(right.node.elts) if isinstance(right.node, ast.Tuple) and len(legacy) > 0 else [right.node]
    kind = right.kind
    kinds = list(kind.items) if isinstance(kind, TupleOf) else [kind]
    if isinstance(node.right, ast.Tuple) and isinstance(kind, ListOf):
        kinds = [kind.item] * len(legacy)
    if (
        len(kinds) != len(nodes)
        or len(legacy) != len(nodes)
        or not any(isinstance(k, Instance) for k in kinds)
    ):
        return right
    text = left.kind.value if isinstance(left.kind, Const) else ""
    if re.findall(r"%[^%]", text.replace("%%", "")) != ["%s"] * len(nodes):
        raise frame.refuse(
            "text-of", ast.unparse(node), "An object is formatted by something else than %s.", node
        )
    parts = [
        printable(frame, Val(k, n), at) if isinstance(k, Instance) else n
        for k, n, at in zip(kinds, nodes, legacy, strict=True)
    ]
    filled = [part for part in parts if part is not None]
    if not isinstance(node.right, ast.Tuple):
        return Val(Scalar("str"), filled[0])
    return Val(ListOf(Scalar("Any"), "tuple"), ast.Tuple(filled, ast.Load()))


def _result(a: str, b: str, op: ast.operator) -> Kind:
    if a in _NUMBERS and b in _NUMBERS:
        if isinstance(op, ast.Div):
            return Scalar("Decimal" if "Decimal" in (a, b) else "float")
        for wide in ("Decimal", "float"):
            if wide in (a, b):
                return Scalar(wide)
        return Scalar("int")
    if a == "str" and b in ("str", "int"):
        return Scalar("str")
    if (a, b) == ("int", "str"):
        return Scalar("str")
    if a in ("datetime", "date") and b == "timedelta":
        return Scalar(a)
    if a == "timedelta" and b in ("datetime", "date"):
        return Scalar(b)
    if a in ("datetime", "date") and b == a and isinstance(op, ast.Sub):
        return Scalar("timedelta")
    if a == "timedelta" and b in ("timedelta", "int", "float"):
        return Scalar("float" if b == "timedelta" and isinstance(op, ast.Div) else "timedelta")
    if a in ("int", "float") and b == "timedelta":
        return Scalar("timedelta")
    if a == "bytes" and b == "bytes":
        return Scalar("bytes")
    if a in ("list", "tuple", "set"):
        return ListOf(Scalar("Any"), a)
    return Scalar("Any")


@expression(ast.UnaryOp)
def unary(frame: Frame, node: ast.UnaryOp) -> Val:
    """``not x``, ``-x``, ``~Q``."""
    if isinstance(node.op, ast.Not):
        found = test(frame, node)
        if found.known is not None and is_pure(found.node):
            return const(found.known)
        return Val(Scalar("bool"), found.node)
    value = frame.eval(node.operand)
    if isinstance(value.kind, Q) and isinstance(node.op, ast.Invert):
        from segue.translate.query.where import negate

        return Val(Q(negate(value.kind.tree)))
    if isinstance(value.kind, Expr):
        from segue.translate.rules.expressions import negative

        return negative(frame, node.op, value, node)
    if (
        isinstance(value.kind, Const)
        and isinstance(value.kind.value, int | float)
        and isinstance(node.op, ast.USub)
    ):
        return const(-value.kind.value)
    kind, code = plain(frame, value, node.operand)
    return Val(Scalar(kind.rstrip("?")), ast.UnaryOp(node.op, code))


@expression(ast.BoolOp)
def boolean(frame: Frame, node: ast.BoolOp) -> Val:
    """``a or b`` as a value: the kind of any operand that can be the result."""
    same = _or_empty(frame, node)
    if same is not None:
        return same
    conjunction = isinstance(node.op, ast.And)
    parts: list[ast.expr] = []
    result: Kind | None = None
    saved = dict(frame.facts)
    frame.no_hoist += 1
    try:
        for number, item in enumerate(node.values):
            last = number == len(node.values) - 1
            if last and not parts:
                # All before it have folded away: it is not asked whether it is true.
                frame.no_hoist -= 1
                try:
                    return frame.eval(item)
                finally:
                    frame.no_hoist += 1
            if number == 0:
                frame.no_hoist -= 1
            try:
                found = test(frame, item)
                value = (
                    found.value
                    if found.value is not None
                    else (
                        Val(Const(found.known), ast.Constant(found.known))
                        if found.known is not None
                        else Val(Scalar("bool"), found.node)
                    )
                )
            finally:
                if number == 0:
                    frame.no_hoist += 1
            if value.node is None:
                if found.known is None:
                    raise frame.refuse(
                        "operand", ast.unparse(item), "This has no form in the generated code.", item
                    )
                if found.known is conjunction and not last:
                    continue
                if not parts and (found.known is not conjunction or last):
                    return value
                raise frame.refuse(
                    "operand", ast.unparse(item), "This has no form in the generated code.", item
                )
            if found.known is conjunction and not last:
                frame.facts.update(found.then if conjunction else found.otherwise)
                continue
            if last or found.known is (not conjunction):
                kind: Kind = value.kind
            elif conjunction:
                kind = _falsy(value.kind)
            else:
                kind = _truthy(value.kind)
            # What is None for certain is never what an ``or`` gives.
            nothing = not conjunction and not last and kind == Const(None)
            if not nothing:
                result = kind if result is None else join(result, kind)
            parts.append(value.node)
            # An object is true, whatever it takes to come to it.
            there = isinstance(value.kind, Instance) and not value.kind.nullable
            if found.known is (not conjunction) or (there and not conjunction):
                break
            frame.facts.update(found.then if conjunction else found.otherwise)
    finally:
        frame.no_hoist -= 1
        frame.facts = saved
    assert result is not None
    if len(parts) == 1:
        return Val(result, parts[0])
    return Val(widen(result), ast.BoolOp(node.op, parts))


def _or_empty(frame: Frame, node: ast.BoolOp) -> Val | None:
    """``filters or {}`` of validated data in a function that changes no dict: the data, which may be empty as well."""
    match node:
        case ast.BoolOp(ast.Or(), [ast.Name(local), ast.Dict(keys=[])]) if local in frame.env:
            given = frame.eval(node.values[0])
        case _:
            return None
    if not isinstance(given.kind, ValidatedData) or given.node is None:
        return None
    changes = ("update", "pop", "popitem", "setdefault", "clear")
    for part in ast.walk(ast.parse(textwrap.dedent(frame.function.source))):
        if isinstance(part, ast.Subscript) and not isinstance(part.ctx, ast.Load):
            return None
        if isinstance(part, ast.AugAssign) or (isinstance(part, ast.Attribute) and part.attr in changes):
            return None
        # What a function of the project's does with a dict that it is given is not looked at.
        if isinstance(part, ast.Call) and any(isinstance(a, ast.Name) for a in part.args):
            called = frame.function.globals.get(ast.unparse(part.func))
            if called is not None and called.name in frame.ctx.snapshot.functions:
                return None
    return given


def _truthy(kind: Kind) -> Kind:
    from segue.translate.interp.join import not_null

    return not_null(kind)


def _falsy(kind: Kind) -> Kind:
    if isinstance(kind, Instance):
        return Const(None)
    return kind


_COMPARABLE = (
    EnumMember,
    Const,
    Scalar,
    ListOf,
    DictOf,
    Payload,
    Phone,
    QueryParameters,
    UrlArguments,
    ValidatedData,
)


@expression(ast.Compare)
def compare(frame: Frame, node: ast.Compare) -> Val:
    """Comparisons; of objects by their keys, as ``Model.__eq__`` does."""
    if len(node.ops) == 1:
        right = node.comparators[0]
        if isinstance(right, ast.Constant) and right.value is None:
            found = test(frame, node)
            if found.known is not None and is_pure(found.node):
                return const(found.known)
            return Val(Scalar("bool"), found.node)
    among = _class_among(frame, node)
    if among is not None:
        return among
    keys = _keys_of_setting(frame, node.comparators[0]) if len(node.ops) == 1 else None
    if keys is not None and isinstance(node.ops[0], ast.In | ast.NotIn):
        looked_for = frame.eval(node.left)
        if isinstance(looked_for.kind, Const | Scalar) and looked_for.node is not None:
            return Val(Scalar("bool"), ast.Compare(looked_for.node, node.ops, [keys]))
    values = [frame.eval(n) for n in (node.left, node.comparators[0])]
    frame.no_hoist += 1  # what follows is asked only where the first comparison holds
    try:
        values += [frame.eval(n) for n in node.comparators[1:]]
    finally:
        frame.no_hoist -= 1
    if len(values) == 2:
        a, b = values
        found_pair = _pair(frame, node.ops[0], a, b, node)
        if found_pair is not None:
            return found_pair
    elif any(isinstance(value.kind, Instance | User) for value in values):
        return _chain(frame, node, values)
    for value, source in zip(values, (node.left, *node.comparators), strict=True):
        if value.node is not None and frame.bottom(value.kind, node):
            continue
        if not isinstance(value.kind, _COMPARABLE) or value.node is None:
            why = value.kind.why if isinstance(value.kind, Unknown) else ""
            raise frame.refuse(
                "comparison",
                ast.unparse(node),
                why
                or f"Segue has no rule for comparing {type(value.kind).__name__} ({ast.unparse(source)}).",
                node,
            )
    nodes = [v.node for v in values if v.node is not None]
    return Val(Scalar("bool"), ast.Compare(nodes[0], node.ops, nodes[1:]))


def _chain(frame: Frame, node: ast.Compare, values: list[Val]) -> Val:
    """``a == b == c`` of objects, by their keys; what stands in the middle is asked twice."""
    from segue.translate.rules.following import follows

    parts: list[ast.expr] = []
    for op, a, b in zip(node.ops, values, values[1:], strict=False):
        found = _pair(frame, op, a, b, node) if isinstance(op, ast.Eq | ast.NotEq) else None
        if found is None or found.node is None:
            raise frame.refuse(
                "comparison", ast.unparse(node), "Segue does not compare these objects in a chain.", node
            )
        parts.append(found.node)
    for middle in values[1:-1]:
        if not (is_pure(middle.node) or (middle.node is not None and follows(middle.node))):
            raise frame.refuse(
                "comparison", ast.unparse(node), "What stands in the middle would be asked twice.", node
            )
    return Val(Scalar("bool"), ast.BoolOp(ast.And(), parts))


def _keys_of_setting(frame: Frame, node: ast.expr) -> ast.expr | None:
    """``code in dict(settings.LANGUAGES)``: among the first of each pair, whatever language the second is in."""
    match node:
        case ast.Call(ast.Name("dict"), [given], []):
            with frame.capture():
                kind = frame.eval(given).kind
        case _:
            return None
    if not isinstance(kind, Global) or not kind.ref.name.startswith("django.conf.settings."):
        return None
    found = frame.ctx.snapshot.settings.values.get(kind.ref.name.rpartition(".")[2])
    if found is None or found.kind not in ("list", "tuple"):
        return None
    keys = [pair.items[0] for pair in found.items if pair.kind in ("list", "tuple") and len(pair.items) == 2]
    if len(keys) != len(found.items) or not all(k.kind == "const" and isinstance(k.data, str) for k in keys):
        return None
    return ast.Set([ast.Constant(str(k.data)) for k in keys])  # which a list is no key of either


def _class_among(frame: Frame, node: ast.Compare) -> Val | None:
    """``sender in (Paper, Note)``: classes, all of them known."""
    right = node.comparators[0]
    if not isinstance(node.ops[0], ast.In | ast.NotIn) or not isinstance(
        right, ast.Tuple | ast.List | ast.Set
    ):
        return None
    if len(node.ops) != 1 or not isinstance(node.left, ast.Name):
        return None
    kinds = [frame.eval(node.left).kind]
    if not isinstance(kinds[0], Global) or kinds[0].ref.kind not in ("class", "model"):
        return None
    kinds += [frame.eval(item).kind for item in right.elts]
    names = [kind.ref.name for kind in kinds if isinstance(kind, Global)]
    if len(names) != len(kinds):
        return None
    return const((names[0] in names[1:]) is isinstance(node.ops[0], ast.In))


def _pair(frame: Frame, op: ast.cmpop, a: Val, b: Val, node: ast.Compare) -> Val | None:
    if isinstance(a.kind, Record) and isinstance(b.kind, Record):
        from segue.translate.rules.data_functions import compared

        return compared(frame, op, a, b)
    if isinstance(a.kind, Const) and isinstance(b.kind, Const):
        return _fold(op, a.kind.value, b.kind.value)
    if (
        isinstance(a.kind, Global)
        and isinstance(b.kind, Global)
        and isinstance(op, ast.Is | ast.Eq | ast.IsNot | ast.NotEq)
    ):
        same = a.kind.ref.name == b.kind.ref.name
        return const(same if isinstance(op, ast.Is | ast.Eq) else not same)
    if isinstance(op, ast.Is | ast.Eq | ast.IsNot | ast.NotEq) and any(
        isinstance(x.kind, Global)
        and x.kind.ref.kind in ("class", "model", "function")
        and isinstance(y.kind, Const)
        and y.kind.value is None
        for x, y in ((a, b), (b, a))
    ):
        return const(isinstance(op, ast.IsNot | ast.NotEq))
    if isinstance(a.kind, StoredFile | Uploaded):
        from segue.translate.rules.stored_files import same_file

        return same_file(frame, op, a, b, node)
    objects = isinstance(a.kind, Instance | User) or isinstance(b.kind, Instance | User)
    if objects and isinstance(op, ast.Eq | ast.NotEq | ast.Is | ast.IsNot):
        from segue.translate.rules.instance import equality

        return equality(frame, op, a, b, node)
    if isinstance(op, ast.In | ast.NotIn):
        from segue.translate.rules.membership import membership

        return membership(frame, op, a, b, node)
    return None


def _fold(op: ast.cmpop, a: Any, b: Any) -> Val | None:
    table: dict[type[ast.cmpop], Any] = {
        ast.Eq: operator.eq,
        ast.NotEq: operator.ne,
        ast.Lt: operator.lt,
        ast.LtE: operator.le,
        ast.Gt: operator.gt,
        ast.GtE: operator.ge,
        ast.In: lambda x, y: x in y,
        ast.NotIn: lambda x, y: x not in y,
        ast.Is: operator.is_ if a is None or b is None or isinstance(a, bool) else operator.eq,
        ast.IsNot: operator.is_not if a is None or b is None or isinstance(a, bool) else operator.ne,
    }
    try:
        return const(bool(table[type(op)](a, b)))
    except TypeError:
        return None


@expression(ast.IfExp)
def conditional(frame: Frame, node: ast.IfExp) -> Val:
    """``a if test else b``."""
    found = test(frame, node.test)
    if found.known is not None and is_pure(found.node):
        with_facts = found.then if found.known else found.otherwise
        return _under(frame, node.body if found.known else node.orelse, with_facts)
    frame.no_hoist += 1
    try:
        yes = _under(frame, node.body, found.then)
        no = _under(frame, node.orelse, found.otherwise)
    finally:
        frame.no_hoist -= 1
    if isinstance(yes.kind, QuerySet) or isinstance(no.kind, QuerySet):
        from segue.translate.query.build import settle
        from segue.translate.query.none_in_place import as_rows

        yes = settle(frame, yes) if isinstance(yes.kind, QuerySet) else yes
        no = settle(frame, no) if isinstance(no.kind, QuerySet) else no
        yes, no = as_rows(frame, node, yes, no)
    if yes.node is None or no.node is None:
        raise frame.refuse(
            "conditional", ast.unparse(node), "One side has no form in the generated code.", node
        )
    return or_nobody(frame, Val(join(yes.kind, no.kind), ast.IfExp(found.node, yes.node, no.node)))


def _under(frame: Frame, node: ast.expr, facts: dict[str, Kind]) -> Val:
    saved = dict(frame.facts)
    frame.facts.update(facts)
    try:
        return frame.eval(node)
    finally:
        frame.facts = saved


def _only_where_true(frame: Frame, local: str) -> bool:
    """Whether the function names it in ``if (local := …):`` alone, whose branch an empty list never enters.

    So it is with ``if other or (local := …):`` where ``other`` is known to be false.
    """
    tree = ast.parse(textwrap.dedent(frame.function.source))
    inside = 0
    for node in ast.walk(tree):
        match node:
            case ast.If(ast.NamedExpr(ast.Name(name)), body) if name == local:
                inside += 1 + sum(_named(statement, local) for statement in body)
            case ast.If(ast.BoolOp(ast.Or(), [*others, ast.NamedExpr(ast.Name(name))]), body) if (
                name == local and all(_false(frame, other) for other in others)
            ):
                inside += 1 + sum(_named(statement, local) for statement in body)
    return 0 < inside == _named(tree, local)


def _false(frame: Frame, node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and test(frame, node).known is False


def _named(tree: ast.AST, local: str) -> int:
    return sum(isinstance(n, ast.Name) and n.id == local for n in ast.walk(tree))


@expression(ast.NamedExpr)
def walrus(frame: Frame, node: ast.NamedExpr) -> Val:
    """``(x := value)``."""
    value = frame.eval(node.value)
    if value.node is None or not isinstance(node.target, ast.Name):
        raise frame.refuse("walrus", ast.unparse(node), "This has no form in the generated code.", node)
    if isinstance(value.kind, QuerySet):
        from segue.translate.query.build import settle

        value = settle(frame, value)
    assert value.node is not None
    if isinstance(value.node, ast.List) and not value.node.elts:
        if not _only_where_true(frame, node.target.id):
            frame.use(Import("typing", "Any"))
            held = frame.hoist(node.target.id, value.node, node, "list[Any]")
            frame.env[node.target.id] = Val(value.kind, held)
            return frame.env[node.target.id]
        frame.env[node.target.id] = value
        return value
    if isinstance(value.kind, Const) and isinstance(value.node, ast.Constant) and not frame.no_hoist:
        # So that the condition that it stands in is decided.
        if value.kind.value or not _only_where_true(frame, node.target.id):
            frame.emit(f"{frame.bind(node.target.id, value)} = {value.text}")
        return value
    target = frame.bind(node.target.id, value)
    share(frame, [target], value)
    return Val(value.kind, ast.NamedExpr(ast.Name(target, ast.Store()), value.node))


@expression(ast.Lambda)
def function(frame: Frame, node: ast.Lambda) -> Val:
    """Kept until something calls it."""
    return Val(Callback(node))


@expression(ast.Starred)
def starred(frame: Frame, node: ast.Starred) -> Val:
    """Only inside displays and calls that know what to do with it."""
    raise frame.refuse("star-argument", ast.unparse(node), "A * argument hides what is passed.", node)


@expression(ast.Await, ast.Yield, ast.YieldFrom)
def coroutine(frame: Frame, node: ast.expr) -> Val:
    """Not part of synchronous legacy code."""
    raise frame.refuse("async-source", ast.unparse(node), "await and yield are not translated.", node)
