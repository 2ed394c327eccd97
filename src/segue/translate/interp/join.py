"""Where two flows meet: the kind that covers both."""

from __future__ import annotations

from dataclasses import replace

from segue.translate.interp.members import is_member
from segue.translate.kinds import (
    Const,
    Country,
    DictOf,
    ErrorResponse,
    Failure,
    FilledDict,
    Instance,
    Kind,
    ListOf,
    Maybe,
    MemberValue,
    Phone,
    QuerySet,
    Raised,
    Record,
    Response,
    Scalar,
    StoredFile,
    TupleOf,
    Unknown,
    Uploaded,
    User,
    ValidatedData,
)

# Errors that a handler may make in the place of the one that it was given, and DRF answers as if a view had raised them.
_AS_GIVEN = frozenset(
    f"rest_framework.exceptions.{name}"
    for name in (
        "APIException",
        "ValidationError",
        "ParseError",
        "PermissionDenied",
        "NotFound",
        "NotAcceptable",
    )
)
_PLAIN = (str, int, float, bool, bytes)


def widen(kind: Kind) -> Kind:
    """A constant as the type it has (``None`` stays): for results, loops and arguments."""
    if isinstance(kind, Const) and kind.value is not None:
        value = kind.value
        if isinstance(value, tuple):
            items = {widen(Const(v)) for v in value}
            return ListOf(items.pop() if len(items) == 1 else Scalar("Any"), "tuple")
        if is_member(value):
            return MemberValue("str" if isinstance(value, str) else "int")
        return Scalar(type(value).__name__)
    return kind


def nullable(kind: Kind) -> Kind:
    """``kind`` or ``None``."""
    kind = widen(kind)
    if isinstance(kind, Phone | Country):
        return type(kind)(True)
    if isinstance(kind, Scalar | Instance | Uploaded):
        return replace(kind, nullable=True)
    if isinstance(kind, ListOf | TupleOf | DictOf | ValidatedData | Response | ErrorResponse | User | Record):
        return Maybe(kind)
    if isinstance(kind, QuerySet):
        return Unknown("may be None or not")
    return kind


def not_null(kind: Kind) -> Kind:
    """``kind`` after a check against ``None``."""
    if isinstance(kind, Scalar | Instance | Uploaded | Phone | Country):
        return replace(kind, nullable=False)
    return kind.kind if isinstance(kind, Maybe) else kind


def _lists(kind: Kind) -> bool:
    """Lists of plain values by whatever keys: what errors say of each field."""
    return isinstance(kind, DictOf) and not kind.items and kind.value is not None and _plain_list(kind.value)


def _plain_list(kind: Kind) -> bool:
    """A list whose items are plain values."""
    if not isinstance(kind, ListOf):
        return False
    return isinstance(kind.item, Scalar) or (isinstance(kind.item, Unknown) and kind.item.why == "empty")


def keys_of(kind: DictOf) -> Kind | None:
    """What its keys are: texts where nothing else is said; None for a dict that nothing was put into yet."""
    if kind.key is not None:
        return kind.key
    empty = not kind.items and (
        kind.value is None or (isinstance(kind.value, Unknown) and kind.value.why == "empty")
    )
    return None if empty else Scalar("str")


def joined_keys(a: Kind | None, b: Kind | None) -> Kind | None:
    """The keys of a dict that has both; those that are told apart by nothing are anything."""
    if a is None or b is None:
        return a if b is None else b
    both = join(widen(a), widen(b))
    return Scalar("Any") if isinstance(both, Unknown) else both


def said_keys(key: Kind | None) -> Kind | None:
    """Keys as a kind says them: that they are texts is not said."""
    return None if key == Scalar("str") else key


def _lost(joined: Kind, one: Kind) -> Unknown | None:
    """What is wrong with a field of two objects: it has no one kind, or was a constant that is not written down."""
    if isinstance(joined, Unknown):
        return joined
    written = not isinstance(one, Const) or joined == one
    return None if written else Unknown("The objects of two branches were made with different constants.")


def join(a: Kind, b: Kind) -> Kind:
    """The least kind that covers ``a`` and ``b``; :class:`Unknown` when they have nothing in common."""
    if isinstance(a, Phone | Country) and type(a) is type(b):
        assert isinstance(b, Phone | Country)
        return type(a)(a.nullable or b.nullable, present=a.present and b.present)
    if a == b:
        return b if isinstance(b, Scalar) and b.unsure else a
    if isinstance(a, Unknown) and a.why == "empty":  # what an empty list holds: nothing yet
        return b
    if isinstance(b, Unknown) and b.why == "empty":
        return a
    if isinstance(b, Const) and b.value is None and not (isinstance(a, Const) and a.value is None):
        return nullable(a)
    if isinstance(a, Const) and a.value is None:
        return nullable(b)
    a, b = widen(a), widen(b)
    if a == b:
        return a
    if isinstance(a, Maybe) or isinstance(b, Maybe):
        inner = join(a.kind if isinstance(a, Maybe) else a, b.kind if isinstance(b, Maybe) else b)
        return inner if isinstance(inner, Unknown) else Maybe(inner)
    if isinstance(a, Uploaded) and isinstance(b, Uploaded | StoredFile):
        stored = isinstance(b, StoredFile) or a.or_stored or b.or_stored
        return Uploaded(a.nullable or b.nullable, stored)
    if isinstance(a, Scalar) and isinstance(b, Scalar):
        null = a.nullable or b.nullable
        if a.type == b.type and (isinstance(a, MemberValue) or isinstance(b, MemberValue)):
            return MemberValue(a.type, null)
        if a.type == b.type:
            return Scalar(a.type, null, unsure=a.unsure or b.unsure)
        if {a.type, b.type} == {"int", "float"}:
            return Scalar("float", null)
        return Scalar("Any", null)
    if (
        isinstance(a, Instance)
        and isinstance(b, Instance)
        and a.model == b.model
        and a.site is b.site
        and a.mode == b.mode
    ):
        return Instance(a.model, a.site, a.mode, a.nullable or b.nullable, a.aged or b.aged)
    if (
        isinstance(a, Instance)
        and isinstance(b, Instance)
        and a.model == b.model
        and a.mode == b.mode
        and a.site.unite(b.site)
    ):
        return Instance(a.model, a.site, a.mode, a.nullable or b.nullable, a.aged or b.aged)
    if isinstance(a, ListOf) and isinstance(b, ListOf) and a.type == b.type:
        if isinstance(a.item, Unknown) and a.item.why == "empty":
            return b
        if isinstance(b.item, Unknown) and b.item.why == "empty":
            return a
        return ListOf(join(a.item, b.item), a.type)
    for anything, other in ((a, b), (b, a)):
        if isinstance(anything, Scalar) and anything.type == "Any" and (_plain_list(other) or _lists(other)):
            return anything
    if isinstance(a, TupleOf) and isinstance(b, TupleOf) and len(a.items) == len(b.items):
        joined = tuple(join(x, y) for x, y in zip(a.items, b.items, strict=True))
        lost = next((k for k in joined if isinstance(k, Unknown)), None)
        return lost if lost is not None else TupleOf(joined)
    if isinstance(a, Record) and isinstance(b, Record) and (a.module, a.name) == (b.module, b.name):
        both = [(name, join(x, y)) for (name, x), (_, y) in zip(a.fields, b.fields, strict=True)]
        torn = next((k for (_, k), (_, x) in zip(both, a.fields, strict=True) if _lost(k, x)), None)
        return torn if torn is not None else replace(a, fields=tuple(both))
    if isinstance(a, FilledDict) and type(a) is type(b) and isinstance(b, FilledDict):
        value = join(a.value, b.value) if a.value is not None and b.value is not None else a.value or b.value
        return value if isinstance(value, Unknown) else replace(a, value=value, key=joined_keys(a.key, b.key))
    if isinstance(a, DictOf) and isinstance(b, DictOf):
        values = [k for _, k in a.items] + [k for _, k in b.items]
        values += [k for k in (a.value, b.value) if k is not None]
        merged: Kind | None = None
        for value in values:
            merged = value if merged is None else join(merged, value)
        return DictOf(
            (),
            merged if merged is not None else Scalar("Any"),
            said_keys(joined_keys(keys_of(a), keys_of(b))),
        )
    if isinstance(a, User) and isinstance(b, User):
        return User(a.model, a.authenticated if a.authenticated == b.authenticated else None)
    if isinstance(a, ValidatedData) and isinstance(b, ValidatedData) and a.serializer == b.serializer:
        return replace(a, taken=a.taken & b.taken)
    if isinstance(a, QuerySet) and isinstance(b, QuerySet):
        merged_query = a.query.joined(b.query)
        return QuerySet(merged_query) if merged_query is not None else Unknown("two different querysets")
    if isinstance(a, Failure) and isinstance(b, Failure) and a.api is b.api:
        return Failure(a.api, a.cls if a.cls == b.cls else "", a.without & b.without)
    for given, made in ((a, b), (b, a)):
        if isinstance(given, Failure) and given.api and isinstance(made, Raised) and made.cls in _AS_GIVEN:
            return Failure(True, "", given.without)
    if {type(a), type(b)} == {Response, ErrorResponse}:
        return ErrorResponse() if any(isinstance(one, Response) and one.drf for one in (a, b)) else Response()
    if isinstance(a, Response) and isinstance(b, Response):
        return Response(a.status if a.status == b.status else None, drf=a.drf and b.drf)
    return Unknown("different things in different branches")
