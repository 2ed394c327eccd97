"""Objects of the project's own classes that hold constants: ``UsernameValidator()``, ``SizeLimit(5, message="…")``.

The constructor is run here, so that what it puts on ``self`` is known; the object itself is not in the generated code. Nothing but
the constructor may put anything on it: what it holds stays what it was.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field

from segue.refusal import Refused
from segue.snapshot.model import Class, Function
from segue.translate.context import Context
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, const, literal
from segue.translate.kinds import Const, Global, Kind, Object

# What makes an object something else than its class and its constructor say.
_MAGIC = frozenset(
    {"__getattr__", "__getattribute__", "__setattr__", "__init_subclass__", "__class_getitem__"}
)
_DECONSTRUCT = "django/utils/deconstruct.py"


@dataclass(frozen=True, slots=True)
class PlainUse:
    """``self`` of such an object: ``held`` are the attributes that its constructor put there."""

    cls: str
    held: tuple[tuple[str, Kind], ...] = ()
    key: Hashable = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", (self.cls, repr(self.held)))

    def may_hide(self, name: str) -> bool:
        """What the constructor put there is found before the class is asked."""
        return False


class _Unclear(Exception):
    """The constructor does what is not known here."""


def construct_plain(frame: Frame, cls: str, site: CallSite) -> Val | None:
    """``cls(…)`` in code of the project; None for other classes and for arguments that are not constants."""
    if not is_plain(frame.ctx, cls):
        return None
    return made(frame.ctx, cls, site.args, site.kwargs)


def made(ctx: Context, cls: str, args: Sequence[Val], kwargs: Mapping[str, Val]) -> Val | None:
    """The object that ``cls(*args, **kwargs)`` makes; None where that is not known."""
    if not is_plain(ctx, cls):
        return None
    held: dict[str, Kind] = {}
    try:
        _init(ctx, cls, "", list(args), dict(kwargs), held)
    except (_Unclear, Refused):
        return None
    return Val(Object(cls, PlainUse(cls, tuple(held.items()))))


def is_plain(ctx: Context, cls: str) -> bool:
    """Whether the class and all behind it are the project's, and only the constructor puts anything on an object."""
    memo = ctx.memo.setdefault(("kernel", "plain classes"), {})
    assert isinstance(memo, dict)
    if cls not in memo:
        memo[cls] = _is_plain(ctx, cls)
    return bool(memo[cls])


def _is_plain(ctx: Context, cls: str) -> bool:
    known = ctx.snapshot.classes.get(cls)
    if known is None or known.origin != "own" or _MAGIC & set(known.methods):
        return False
    # ``deconstructible`` puts a __new__ there that notes the arguments and does nothing else.
    if "__new__" in known.methods and not ("deconstruct" in known.methods and _noted(ctx, known)):
        return False
    for base in known.mro:
        other = ctx.snapshot.classes.get(base)
        if base != "builtins.object" and (other is None or other.origin != "own"):
            return False
    return not any(
        _changes_itself(f) for f in ctx.snapshot.functions.values() if f.owner in known.mro and not _sets(f)
    )


def _changes_itself(function: Function) -> bool:
    """Whether a method may put anything on its object, its class or a module: on more than what it was given or has made."""
    written = ast.parse(textwrap.dedent(function.source)).body
    if not written:
        return True  # made by a decorator (``@dataclass``), so that nobody sees what it does
    tree = written[0]
    own = _names_of_itself(tree, function.role) if isinstance(tree, ast.FunctionDef) else None
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
            root: ast.expr = node.value
            while isinstance(root, ast.Attribute | ast.Subscript):
                root = root.value
            if own is None or not isinstance(root, ast.Name) or root.id not in own[0] - own[1]:
                return True
    return False


def _names_of_itself(tree: ast.FunctionDef, role: str) -> tuple[set[str], set[str]]:
    """Names of locals, and those of them that may be the object (its class)."""
    spec = tree.args
    names = [a.arg for a in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs)]
    stored = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    itself = set(names[:1]) if role != "staticmethod" else set()
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets, value) if any(
                isinstance(n, ast.Name) and n.id in itself for n in ast.walk(value)
            ):
                # ``me = self``, ``values = self.values``: also what may be within it
                if not isinstance(value, ast.Call):
                    itself |= {n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)}
            case ast.For(target, iterated) if any(
                isinstance(n, ast.Name) and n.id in itself for n in ast.walk(iterated)
            ):
                itself |= {n.id for n in ast.walk(target) if isinstance(n, ast.Name)}
            case ast.NamedExpr(ast.Name(name), ast.Name(value)) if value in itself:
                itself.add(name)
    return {*names, *stored}, itself


def _noted(ctx: Context, known: Class) -> bool:
    """Whether both were put there by ``django.utils.deconstruct.deconstructible``."""
    found = [ctx.snapshot.functions.get(known.methods[name]) for name in ("__new__", "deconstruct")]
    return all(f is not None and f.where.file.endswith(_DECONSTRUCT) for f in found)


def _sets(function: Function) -> bool:
    return function.name.endswith((".__init__", ".setter")) or function.where.file.endswith(_DECONSTRUCT)


def _init(
    ctx: Context, cls: str, after: str, args: list[Val], kwargs: dict[str, Val], held: dict[str, Kind]
) -> None:
    """Run the ``__init__`` that stands first in the MRO of ``cls`` behind ``after``."""
    known = ctx.snapshot.classes[cls]
    order = list(known.mro)
    order = order[order.index(after) + 1 :] if after else order
    function = next((f for b in order if (f := ctx.snapshot.functions.get(f"{b}.__init__"))), None)
    if function is None:
        if args or kwargs:
            raise _Unclear
        return
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    if not isinstance(tree, ast.FunctionDef) or function.wrapped_by:
        raise _Unclear
    frame = Frame(ctx, function, "")
    names = _bind(frame, tree, args, kwargs)
    run = _Run(frame, cls, names, held)
    run.statements(tree.body)


def _bind(frame: Frame, tree: ast.FunctionDef, args: list[Val], kwargs: dict[str, Val]) -> str:
    """Parameters by name in ``frame``; what ``self`` is called."""
    spec = tree.args
    names = [a.arg for a in [*spec.posonlyargs, *spec.args]]
    if not names or spec.vararg or spec.kwarg or len(args) > len(names) - 1:
        raise _Unclear
    own, *rest = names
    given = dict(zip(rest, args, strict=False))
    if set(given) & set(kwargs) or set(kwargs) - set(rest) - {a.arg for a in spec.kwonlyargs}:
        raise _Unclear
    given |= kwargs
    defaults = dict(zip(reversed(names), reversed(spec.defaults), strict=False))
    defaults |= {a.arg: d for a, d in zip(spec.kwonlyargs, spec.kw_defaults, strict=True) if d is not None}
    for name in [*rest, *(a.arg for a in spec.kwonlyargs)]:
        if name not in given:
            if name not in defaults:
                raise _Unclear
            given[name] = frame.eval(defaults[name])
        if not isinstance(given[name].kind, Const | Global):
            raise _Unclear
        frame.env[name] = _bare(given[name])
    return own


def _bare(value: Val) -> Val:
    """A constant without the local that the caller holds it in."""
    kind = value.kind
    plain = isinstance(kind, Const) and isinstance(kind.value, str | int | float | bool | None)
    return const(kind.value) if plain and isinstance(kind, Const) else Val(kind, value.node)


class _Run:
    """Runs the statements of a constructor, or of a setter that it calls."""

    def __init__(self, frame: Frame, cls: str, me: str, held: dict[str, Kind]) -> None:
        self.frame, self.cls, self.me, self.held = frame, cls, me, held

    def statements(self, body: list[ast.stmt]) -> None:
        for statement in body:
            match statement:
                case ast.Expr(ast.Constant()) | ast.Pass():
                    continue
                case ast.Expr(ast.Call(ast.Attribute(ast.Call(ast.Name("super"), [], []), "__init__"), args, keywords)):  # fmt: skip
                    if any(k.arg is None for k in keywords) or any(isinstance(a, ast.Starred) for a in args):
                        raise _Unclear
                    _init(
                        self.frame.ctx,
                        self.cls,
                        self.frame.function.owner,
                        [self.value(a) for a in args],
                        {str(k.arg): self.value(k.value) for k in keywords},
                        self.held,
                    )
                case ast.Assign([ast.Attribute(ast.Name(own), name)], value) if own == self.me:
                    self.put(name, self.value(value))
                case ast.AnnAssign(ast.Attribute(ast.Name(own), name), _, value) if own == self.me and value:
                    self.put(name, self.value(value))
                case ast.Assign([ast.Name(name)], value):
                    self.frame.env[name] = self.value(value)
                case ast.If(test, body_, orelse):
                    self.statements(body_ if self.known(test) else orelse)
                case _:
                    raise _Unclear

    def value(self, node: ast.expr) -> Val:
        """A constant, or a class or function. Raises :class:`_Unclear`."""
        self.frame.env[self.me] = Val(Object(self.cls, PlainUse(self.cls, tuple(self.held.items()))))
        with self.frame.capture() as lines:
            found = self.frame.eval(node)
        if lines or self.frame.state_used or not isinstance(found.kind, Const | Global):
            raise _Unclear
        return _bare(found)

    def known(self, node: ast.expr) -> bool:
        from segue.translate.interp.conditions import test

        self.frame.env[self.me] = Val(Object(self.cls, PlainUse(self.cls, tuple(self.held.items()))))
        with self.frame.capture() as lines:
            found = test(self.frame, node).known
        if lines or found is None:
            raise _Unclear
        return found

    def put(self, name: str, value: Val) -> None:
        ctx, known = self.frame.ctx, self.frame.ctx.snapshot.classes[self.cls]
        setter = known.methods.get(f"{name}.setter")
        if setter is None:
            if name in known.methods:
                raise _Unclear
            self.held[mangled(self.frame, name)] = value.kind
            return
        function = ctx.snapshot.functions.get(setter)
        tree = ast.parse(textwrap.dedent(function.source)).body[0] if function is not None else None
        if function is None or not isinstance(tree, ast.FunctionDef):
            raise _Unclear
        frame = Frame(ctx, function, "")
        _Run(frame, self.cls, _bind(frame, tree, [value], {}), self.held).statements(tree.body)


def mangled(frame: Frame, name: str) -> str:
    """``__limit`` as Python keeps it on objects of the class in whose body it stands."""
    owner = frame.function.owner.rpartition(".")[2].lstrip("_")
    private = name.startswith("__") and not name.endswith("__") and bool(owner)
    return f"_{owner}{name}" if private else name


def held_constant(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val | None:
    """``self.message``, ``self.__limit`` (asked by ``view_self.class_attribute`` first); None for other objects."""
    assert isinstance(owner.kind, Object)
    if not isinstance(owner.kind.use, PlainUse):
        return None
    kind = dict(owner.kind.use.held).get(mangled(frame, name))
    if kind is None:
        return None
    if isinstance(kind, Const) and isinstance(kind.value, str | int | float | bool | None):
        return const(kind.value)
    return Val(kind, literal(kind.value)) if isinstance(kind, Const) else Val(kind)


__all__ = ["PlainUse", "construct_plain", "held_constant", "is_plain", "made"]
