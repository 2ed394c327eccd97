"""``NoteService(request.user, note)``: objects of the project's own classes that keep what their constructor is given.

Each such class is a class of ``app/<app>/objects.py`` that holds the same (:mod:`segue.translate.rules.object_classes`), and its methods
are functions that take the object first, as methods of models are. The constructor is written into its caller: what it puts on
``self``, one after another, are the fields. Nothing may put anything on an object afterwards, so that what is known of its fields stays so.
Dataclasses and named tuples are :mod:`segue.translate.rules.data_objects`.
"""

from __future__ import annotations

import ast
import re
import textwrap
from dataclasses import dataclass, field

from segue.snapshot.model import Function
from segue.translate.context import Context
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.inline import inline_call
from segue.translate.interp.invoke import bind_arguments, invoke_function, parameter_names, rest_of
from segue.translate.interp.join import widen
from segue.translate.interp.value import Val, const, is_pure
from segue.translate.kinds import (
    Const,
    DictOf,
    EnumMember,
    Global,
    Instance,
    KeywordDict,
    Kind,
    LibraryObject,
    ListOf,
    Maybe,
    Object,
    Payload,
    QueryParameters,
    QuerySet,
    Record,
    Request,
    Scalar,
    SerializerSelf,
    StoredFile,
    Super,
    TupleOf,
    Unknown,
    Uploaded,
    User,
    ValidatedData,
    ViewSelf,
)
from segue.translate.rules.object_classes import plain_class, written
from segue.translate.rules.plain_objects import mangled
from segue.translate.rules.registry import attribute, method
from segue.translate.rules.view_self import by_definition, class_attribute, definition

_WITHOUT_CODE = (Request, ViewSelf, SerializerSelf, Global)
HELD = (
    Scalar, Instance, User, ListOf, DictOf, TupleOf, EnumMember, Record, Maybe, LibraryObject, ValidatedData, Payload,
    QueryParameters, Uploaded, StoredFile,
)  # fmt: skip


@dataclass(slots=True)
class _Held:
    """What the constructor has put on the object so far. ``depth``: how many blocks and loops the call stands in. ``plain``: it does
    nothing else, so that what it is given may be evaluated where the object is made."""

    depth: tuple[int, int, int]
    plain: bool
    values: dict[str, Val] = field(default_factory=dict)

    @property
    def key(self) -> int:
        """Every object is another."""
        return id(self)


@dataclass(frozen=True, slots=True)
class Building(Object):
    """``self`` while its constructor runs, which stands in the caller."""


def construct_object(frame: Frame, cls: str, site: CallSite) -> Val | None:
    """``cls(…)`` of a plain class; None for any other. Raises ``Refused`` where the constructor does what is not followed."""
    if not plain_class(frame.ctx, cls):
        return None
    check_unchanged(frame, cls, site)
    held = _Held((len(frame.around) - frame.sure, frame.loops, frame.no_hoist), _only_keeps(frame, cls))
    itself = Val(Building(cls, held))
    found = definition(frame, cls, "__init__")
    function = frame.ctx.snapshot.functions.get(found) if found is not None else None
    if function is not None:
        _run(frame, function, itself, site)
    elif site.args or site.kwargs:
        return None
    fields: list[tuple[str, Kind]] = []
    given: list[tuple[str, Val]] = []
    for name, value in held.values.items():
        kind = _kept(frame, cls, name, value, site)
        fields.append((name, kind))
        if has_code(kind):
            given.append((name, Val(kind, value.node)))
    if not given:
        return Val(Object(cls, None, tuple(fields)))
    made, module = written(frame, cls, given)
    call = ast.Call(
        frame.imported(module, made),
        [],
        [ast.keyword(code_name(name), value.node) for name, value in given if value.node is not None],
    )
    return Val(Record(cls, None, tuple(fields), name=made, module=module), call)


def has_code(kind: Kind) -> bool:
    """Whether a field of that kind is written down; constants and what only the legacy code has are not."""
    return not isinstance(kind, (Const, Object, KeywordDict, *_WITHOUT_CODE)) or isinstance(kind, Record)


def code_name(name: str) -> str:
    """``_user`` and ``__user`` are private to the legacy class, whose methods are functions here."""
    return name.lstrip("_") or name


def _run(frame: Frame, function: Function, itself: Val, site: CallSite) -> None:
    """The constructor, in the caller."""
    arguments = {}
    bound = bind_arguments(frame, function, site, True)
    keys = list(bound)
    last = max((n for n, key in enumerate(keys) if not is_pure(bound[key].node)), default=-1)
    for place, (key, value) in enumerate(bound.items()):
        kind = value.kind
        if isinstance(kind, Const) and not (kind.value is None or isinstance(kind.value, bool | tuple)):
            value = Val(widen(kind), value.node)
        if place <= last and not isinstance(kind, QuerySet):
            value = _steady(frame, key, value, site.node)
        arguments[key] = value
    rest = rest_of(function)
    if rest and rest not in arguments and arguments.keys() <= set(parameter_names(function)):
        arguments[rest] = Val(KeywordDict(()))
    inline_call(frame, function, arguments, itself, site.node)


def _steady(frame: Frame, name: str, value: Val, at: ast.AST) -> Val:
    """``value`` as it is now, for later."""
    if value.node is None or isinstance(value.node, ast.Name | ast.Constant):
        return value
    return Val(value.kind, frame.hoist(code_name(name), value.node, at))


def _only_keeps(frame: Frame, cls: str) -> bool:
    """Whether the constructors of the class do nothing but ``self.x = …`` and ``super().__init__(…)``."""
    for base in frame.ctx.snapshot.classes[cls].mro:
        function = frame.ctx.snapshot.functions.get(f"{base}.__init__")
        tree = ast.parse(textwrap.dedent(function.source)).body[0] if function is not None else None
        for statement in tree.body if isinstance(tree, ast.FunctionDef) else ():
            match statement:
                case ast.Expr(ast.Constant()) | ast.Pass() | ast.Assign([ast.Attribute()]):
                    continue
                case ast.AnnAssign(ast.Attribute()) | ast.Expr(
                    ast.Call(ast.Attribute(ast.Call(), "__init__"))
                ):
                    continue
            return False
    return True


def _kept(frame: Frame, cls: str, name: str, value: Val, site: CallSite) -> Kind:
    kind = value.kind
    if isinstance(kind, Object) and not isinstance(kind, Record | Building) and value.node is None:
        return kind
    if isinstance(kind, (Const, *_WITHOUT_CODE)) or kind == KeywordDict(()):
        return kind
    if not isinstance(kind, HELD) or value.node is None:
        why = kind.why if isinstance(kind, Unknown) and kind.why != "empty" else ""
        what = "A queryset keeps its rows there" if isinstance(kind, QuerySet) else "Segue cannot keep that"
        said = why or f"{what}: give it to the methods that use it."
        raise frame.refuse("object-field", f"{cls.rpartition('.')[2]}.{name}", said, site.node)
    return loose(frame.ctx, name, kind, value)


def loose(ctx: Context, name: str, kind: Kind, value: Val) -> Kind:
    """A list or dict that other code may put things into holds anything."""
    fresh = not isinstance(value.node, ast.Name | ast.Attribute) and not _is_filled(ctx, name)
    if isinstance(kind, ListOf) and (not fresh or is_empty(kind.item)) and kind.type != "tuple":
        plain = isinstance(kind.item, Scalar) or is_empty(kind.item)
        return ListOf(Scalar("Any"), kind.type) if plain else kind
    if isinstance(kind, DictOf) and not (fresh and kind.items):
        held = [k for _, k in kind.items] + ([kind.value] if kind.value is not None else [])
        plain = all(isinstance(k, Scalar | Const) or is_empty(k) for k in held)
        return (
            DictOf((), Scalar("Any"), Scalar("Any"))
            if plain
            else Unknown("Other code may put things into this dict.")
        )
    return kind


def is_empty(kind: Kind) -> bool:
    """Whether it is what an empty list or dict holds."""
    return isinstance(kind, Unknown) and kind.why == "empty"


def _is_filled(ctx: Context, name: str) -> bool:
    """Whether some code calls a method of such an attribute that changes it, or sets an item of it."""
    table: dict[str, bool] = ctx.memo.setdefault(("kernel", "filled attributes"), {})  # type: ignore[assignment]
    if name not in table:
        table[name] = any(
            f".{name}.{change}(" in f.source or f".{name}[" in f.source or f".{name} +=" in f.source
            for f in ctx.snapshot.functions.values()
            for change in (
                "append",
                "extend",
                "insert",
                "add",
                "update",
                "setdefault",
                "remove",
                "pop",
                "clear",
            )
        )
    return table[name]


def check_unchanged(frame: Frame, cls: str, site: CallSite) -> None:
    """Raises ``Refused`` where a method puts things on its object by names that are computed."""
    known = frame.ctx.snapshot.classes[cls]
    for function in frame.ctx.snapshot.functions.values():
        if function.owner not in known.mro or not _BY_NAME.search(function.source):
            continue
        why = f"{function.name} may put anything on the object: set its attributes by name."
        raise frame.refuse("object-state", f"{cls.rpartition('.')[2]}()", why, site.node)


_BY_NAME = re.compile(r"\b(?:setattr|delattr)\(\s*self\b|\bself\.__dict__|\bvars\(\s*self\b|\bdel self\.")


@method(Building, "__setattr__")
def put(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``self.user = user`` in a constructor."""
    assert isinstance(owner.kind, Building)
    held: _Held = owner.kind.use
    name, value = call.args
    assert isinstance(name.kind, Const)
    attr = mangled(frame, str(name.kind.value))
    if (
        isinstance(value.kind, Const)
        and value.kind.value is not None
        and changes(frame.ctx, owner.kind.cls, attr)
    ):
        value = Val(widen(value.kind), value.node)
    if (len(frame.around) - frame.sure, frame.loops, frame.no_hoist) != held.depth:
        why = "Segue follows what a constructor puts on its object one after another, outside of branches and loops."
        raise frame.refuse("object-state", f"self.{attr}", why, call.node)
    if f"{attr}.setter" in frame.ctx.snapshot.classes[owner.kind.cls].methods:
        raise frame.refuse("object-state", f"self.{attr}", "It is a property with a setter.", call.node)
    if any(code_name(other) == code_name(attr) for other in held.values if other != attr):
        raise frame.refuse("object-state", f"self.{attr}", "Two attributes would have one name.", call.node)
    if isinstance(value.kind, QuerySet):
        _kept(frame, owner.kind.cls, attr, value, call)
    if value.node is not None and not (held.plain and is_pure(value.node)):
        for before, one in held.values.items():
            held.values[before] = _steady(frame, before, one, call.node)
        value = _steady(frame, attr, value, call.node)
    held.values[attr] = value
    return const(None)


@attribute(Building, "*")
def built(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val | None:
    """``self.user`` in a constructor, behind ``self.user = …``."""
    assert isinstance(owner.kind, Building)
    found = owner.kind.use.values.get(mangled(frame, name))
    if found is not None:
        return found  # type: ignore[no-any-return]
    dotted = definition(frame, owner.kind.cls, name)
    function = frame.ctx.snapshot.functions.get(dotted) if dotted is not None else None
    if function is not None and function.role == "property":
        return inline_call(frame, function, {}, owner, node)
    if function is not None:
        raise frame.refuse("object-state", f"self.{name}", "The constructor uses it before it is done.", node)
    return class_attribute(frame, Val(Object(owner.kind.cls)), name, node)


@method(Building, "*")
def call_in_constructor(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``self.load()`` in a constructor, which is written there."""
    assert isinstance(owner.kind, Building)
    return _written_here(frame, owner, call, definition(frame, owner.kind.cls, call.name))


@method(Super, "__init__")
def behind(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``super().__init__(user)`` in a constructor."""
    assert isinstance(owner.kind, Super)
    itself = owner.kind.receiver
    if not isinstance(itself, Building):
        return None
    found = definition(frame, itself.cls, "__init__", after=owner.kind.after)
    if found is None and not call.args and not call.kwargs:
        return const(None)
    return _written_here(frame, Val(itself), call, found)


def _written_here(frame: Frame, owner: Val, call: CallSite, dotted: str | None) -> Val | None:
    function = frame.ctx.snapshot.functions.get(dotted) if dotted is not None else None
    if function is None:
        return by_definition(frame, owner, call, dotted)
    if function.role != "method":
        return invoke_function(frame, function, call, None if function.role == "staticmethod" else owner)
    if function.name.endswith(".__init__"):
        _run(frame, function, owner, call)
        return const(None)
    return inline_call(frame, function, bind_arguments(frame, function, call, True), owner, call.node)


def changes(ctx: Context, cls: str, attr: str) -> bool:
    """Whether code sets such an attribute behind the constructor, of an object of the class or of something else."""
    table: dict[str, bool] = ctx.memo.setdefault(("kernel", "changed attributes"), {})  # type: ignore[assignment]
    if attr not in table:
        text = f".{attr.lstrip('_')}" if attr.startswith("_") else f".{attr}"
        table[attr] = any(
            text.lstrip(".") in f.source and _sets(f, attr)
            for f in ctx.snapshot.functions.values()
            if not f.name.endswith(".__init__")
        )
    return table[attr]


def _sets(function: Function, attr: str) -> bool:
    return any(
        isinstance(n, ast.Attribute)
        and not isinstance(n.ctx, ast.Load)
        and attr in (n.attr, f"_{function.owner.rpartition('.')[2].lstrip('_')}{n.attr}")
        for n in ast.walk(ast.parse(textwrap.dedent(function.source)))
    )


__all__ = [
    "HELD",
    "Building",
    "check_unchanged",
    "code_name",
    "construct_object",
    "has_code",
    "is_empty",
    "loose",
]
