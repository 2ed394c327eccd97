"""Constants, f-strings and displays of lists, tuples, sets and dicts."""

from __future__ import annotations

import ast

from segue.translate.interp.entries import in_a_local
from segue.translate.interp.frame import Frame
from segue.translate.interp.join import join, joined_keys, keys_of, said_keys, widen
from segue.translate.interp.members import filled, has_members
from segue.translate.interp.parts import parts
from segue.translate.interp.value import Val, const, literal, quote
from segue.translate.kinds import (
    Const,
    ContextDict,
    Country,
    DictOf,
    Expr,
    Expressions,
    Failure,
    Instance,
    Kind,
    ListOf,
    Localized,
    MemberValue,
    Money,
    OpenFile,
    QuerySet,
    Raised,
    Record,
    Request,
    Scalar,
    StoredFile,
    TupleOf,
    Unknown,
    Uploaded,
    UrlArguments,
    User,
    ViewSelf,
)
from segue.translate.rules.registry import expression


@expression(ast.Constant)
def constant(frame: Frame, node: ast.Constant) -> Val:
    """A literal stays as it is."""
    return Val(Const(node.value), literal(node.value) if node.value is not Ellipsis else ast.Constant(...))


@expression(ast.JoinedStr)
def f_string(frame: Frame, node: ast.JoinedStr) -> Val:
    """An f-string with every part translated; parts must be plain values."""
    parts: list[ast.expr] = []
    fixed = ""
    known = True
    for part in node.values:
        if isinstance(part, ast.FormattedValue):
            found = frame.eval(part.value)
            plain = part.format_spec is None and part.conversion == -1
            if plain and isinstance(found.kind, Const) and isinstance(found.kind.value, str):
                fixed += filled(found.kind) or found.kind.value
            else:
                known = False
            if not plain and has_members(found.kind):
                raise frame.refuse(
                    "text-of", ast.unparse(node), "The member of an enumeration, formatted.", node
                )
            if part.conversion != -1 and isinstance(found.kind, Failure):
                raise frame.refuse("text-of", ast.unparse(node), "The picture of an exception.", node)
            if isinstance(found.kind, Localized) and (
                part.format_spec or part.conversion not in (-1, ord("s"))
            ):
                # ``LazyI18nString.__format__`` passes over what it is given.
                raise frame.refuse(
                    "text-of", ast.unparse(node), "A text in several languages, formatted.", node
                )
            value = printable(frame, found, part.value)
            spec = (
                f_string(frame, part.format_spec).node
                if isinstance(part.format_spec, ast.JoinedStr)
                else None
            )
            parts.append(ast.FormattedValue(value, part.conversion, spec))
        else:
            parts.append(part)
            fixed += str(part.value) if isinstance(part, ast.Constant) else ""
    if known and any(isinstance(part, ast.FormattedValue) for part in parts):
        return const(fixed)
    return Val(Scalar("str"), ast.JoinedStr(parts))


def _is_object(kind: Kind) -> bool:
    return isinstance(kind, Instance | User | Record) or any(map(_is_object, parts(kind)))


def printable(frame: Frame, value: Val, node: ast.expr) -> ast.expr:
    """The code of a value that is turned into text; refuses what prints differently afterwards."""
    of_member = filled(value.kind)
    if of_member is not None:
        return ast.Constant(of_member)
    if isinstance(value.kind, MemberValue):
        why = "It is the member of an enumeration, whose text is not its value; write .value of it."
        raise frame.refuse("text-of", ast.unparse(node), why, node)
    if isinstance(value.kind, Record):
        from segue.translate.rules.object_members import text_of_object

        return text_of_object(frame, value, node)
    if any(map(_is_object, parts(value.kind))):
        raise frame.refuse("text-of", ast.unparse(node), "The text of objects in a list or dict.", node)
    if isinstance(value.kind, Instance | User | QuerySet | Unknown) or value.node is None:
        if isinstance(value.kind, Instance):
            from segue.translate.rules.instance import text_of

            return text_of(frame, value, node)
        raise frame.refuse("text-of", ast.unparse(node), "Segue does not know the text of this.", node)
    if isinstance(value.kind, Failure) and not value.kind.api:
        told = frame.imported("segue_bridge.http.failures", "text_of")
        return quote("{0}({1}, {2})", told, frame.state("call"), value.node)
    if isinstance(value.kind, Raised):
        from segue.translate.rules.exception_text import check

        check(frame, value.kind, node)
    if isinstance(value.kind, StoredFile) and value.kind.nullable:
        return quote("{0} or ''", value.node)
    if isinstance(value.kind, Money):
        why = "The text of an amount depends on the language and on settings of the package."
        raise frame.refuse("money", ast.unparse(node), why, node)
    if isinstance(value.kind, Country):
        from segue.translate.rules.countries import sure_code

        return sure_code(frame, value, node)
    if isinstance(value.kind, Localized):
        from segue.translate.rules.localized import as_text

        shown = as_text(frame, value, node).node
        assert shown is not None
        return shown
    return value.node


def _expressions(frame: Frame, node: ast.List | ast.Tuple) -> Val:
    """``[F("a"), F("b").desc()]``: only ever given to a query."""
    if any(isinstance(element, ast.Starred) for element in node.elts):
        raise frame.refuse("list-item", ast.unparse(node), "Expressions and unpacked lists.", node)
    return Val(Expressions(tuple(frame.eval(element) for element in node.elts)))


@expression(ast.List, ast.Tuple, ast.Set)
def display(frame: Frame, node: ast.List | ast.Tuple | ast.Set) -> Val:
    """``[a, b]``, ``(a, b)``, ``{a, b}``."""
    shape = {ast.List: "list", ast.Tuple: "tuple", ast.Set: "set"}[type(node)]
    item: Kind = Unknown("empty")
    parts: list[ast.expr] = []
    constants: list[object] = []
    kinds: list[Kind] = []
    for element in node.elts:
        if isinstance(element, ast.Starred):
            inner = frame.eval(element.value)
            if not isinstance(inner.kind, ListOf) or inner.node is None:
                raise frame.refuse("unpack", ast.unparse(element), "Only lists are unpacked.", element)
            kind = inner.kind.item
            parts.append(ast.Starred(inner.node, ast.Load()))
            constants.append(...)
        else:
            value = frame.eval(element)
            kind = value.kind
            _check_file(frame, value, element)
            kinds.append(kind)
            if isinstance(kind, Expr) and not isinstance(node, ast.Set):
                return _expressions(frame, node)
            if value.node is None:
                raise frame.refuse(
                    "list-item", ast.unparse(element), "This cannot be kept in a list.", element
                )
            parts.append(value.node)
            constants.append(kind.value if isinstance(kind, Const) else ...)
        item = widen(kind) if isinstance(item, Unknown) and item.why == "empty" else join(item, widen(kind))
    made: ast.expr
    if isinstance(node, ast.Tuple):
        made = ast.Tuple(parts, ast.Load())
        if constants and ... not in constants:
            return Val(Const(tuple(constants)), made)
        if kinds and len(kinds) == len(node.elts) and (_differ(kinds) or _nothing_in_common(item, kinds)):
            return Val(TupleOf(tuple(widen(k) for k in kinds)), made)
        if kinds and len(kinds) == len(node.elts):
            return Val(ListOf(item, "tuple"), made)
    elif isinstance(node, ast.List):
        made = ast.List(parts, ast.Load())
    else:
        made = ast.Set(parts)
    return Val(ListOf(item, shape), made)


def _check_file(frame: Frame, value: Val, node: ast.expr) -> None:
    """A file is more than its name, and DRF would write down its content; an exception in a list is shown later on."""
    from segue.translate.rules.exception_text import check

    check(frame, value.kind, node)
    if isinstance(value.kind, StoredFile | Uploaded | OpenFile):
        raise frame.refuse("stored-file", ast.unparse(node), "A file cannot be kept in a list or dict.", node)


def _context(frame: Frame, node: ast.Dict, evaluated: list[Val]) -> Val:
    """``{"request": request, "view": self}``: a serializer's context, which exists in the legacy code alone.

    What its entries compute is computed here, once; ``evaluated`` are the first of them.
    """
    entries: dict[str, Val] = {}
    beneath = ""
    for index, (key, item) in enumerate(zip(node.keys, node.values, strict=True)):
        value = evaluated[index] if index < len(evaluated) else frame.eval(item)
        if key is None and index == 0 and isinstance(value.kind, ContextDict):
            entries, beneath = dict(value.kind.entries), value.kind.beneath
            continue
        if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
            raise frame.refuse("dict-value", ast.unparse(item), "This cannot be kept in a dict.", item)
        _check_file(frame, value, item)
        entries[key.value] = in_a_local(frame, key.value, value, item)
    return Val(ContextDict(tuple(entries.items()), beneath))


def _differ(kinds: list[Kind]) -> bool:
    """Objects beside other things: ``(user, None)``, ``(user, token)``; not two objects of one model."""
    what = {k.model if isinstance(k, Instance) else type(k).__name__ for k in kinds}
    return len(what) > 1 and any(isinstance(k, Instance | User) for k in kinds)


def _nothing_in_common(item: Kind, kinds: list[Kind]) -> bool:
    """``(subject, prefixes)``: each is known, and no one kind covers them."""
    return isinstance(item, Unknown) and not any(isinstance(kind, Unknown) for kind in kinds)


@expression(ast.Dict)
def mapping(frame: Frame, node: ast.Dict) -> Val:
    """``{k: v}``; keys that are constant strings stay known one by one."""
    items: list[tuple[str, Kind]] = []
    value_kind: Kind | None = None
    key_kind: Kind | None = None
    keys: list[ast.expr | None] = []
    values: list[ast.expr] = []
    known = True
    evaluated: list[Val] = []
    for key, item in zip(node.keys, node.values, strict=True):
        value = frame.eval(item)
        if isinstance(value.kind, UrlArguments):
            from segue.translate.rules.url_arguments import whole

            value = whole(frame, value, item)
        evaluated.append(value)
        if value.node is None and isinstance(value.kind, ContextDict if key is None else Request | ViewSelf):
            return _context(frame, node, evaluated)
        _check_file(frame, value, item)
        if value.node is None:
            raise frame.refuse("dict-value", ast.unparse(item), "This cannot be kept in a dict.", item)
        if key is None:
            if not isinstance(value.kind, DictOf):
                raise frame.refuse("unpack", ast.unparse(item), "Only dicts are unpacked.", item)
            items.extend(value.kind.items)
            key_kind = joined_keys(key_kind, keys_of(value.kind))
            if value.kind.value is not None:
                known = False
                value_kind = value.kind.value if value_kind is None else join(value_kind, value.kind.value)
            keys.append(None)
            values.append(value.node)
            continue
        name_value = frame.eval(key)
        if name_value.node is None:
            raise frame.refuse("dict-key", ast.unparse(key), "This cannot be a key.", key)
        keys.append(name_value.node)
        values.append(value.node)
        if isinstance(name_value.kind, Const) and isinstance(name_value.kind.value, str):
            items.append((name_value.kind.value, widen(value.kind)))
        else:
            known = False
        key_kind = joined_keys(key_kind, widen(name_value.kind))
        value_kind = widen(value.kind) if value_kind is None else join(value_kind, widen(value.kind))
    made = ast.Dict(keys, values)
    if known:
        return Val(DictOf(tuple(items), None if items else Unknown("empty")), made)
    return Val(DictOf((), value_kind, said_keys(key_kind)), made)
