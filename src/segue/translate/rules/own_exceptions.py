"""Exception classes of the project that are plain Python: ``class OutOfStock(Exception)``.

Each becomes a class of ``app/<app>/exceptions.py`` with the same bases, so that ``except`` catches what it caught. What it holds
and says (constants, ``__init__``, ``__str__``) is written down by :mod:`.exception_bodies`, or the class is refused.
"""

from __future__ import annotations

import ast
import builtins
import textwrap

from segue.snapshot.model import Class
from segue.target.ir import Decl, Import, Origin
from segue.translate.context import Context
from segue.translate.functions.finish import prunable
from segue.translate.functions.lift import app_of
from segue.translate.interp.frame import Frame
from segue.translate.rules.exception_bodies import Unfit, attributes, body
from segue.translate.rules.exception_parts import ANY, NOT_PYTHONS, may_have

_BUILTIN = "builtins."
# Names that generated modules have for other things.
_TAKEN = frozenset(
    {
        "APIException", "AuthenticationFailed", "Forbidden", "Http404", "IntegrityError", "Invalid", "InvalidOperation",
        "JSONDecodeError", "MethodNotAllowed", "MultipleObjectsReturned", "NotAcceptable", "NotAuthenticated", "NotFound",
        "ObjectDoesNotExist", "ParseError", "PermissionDenied", "ProtectedError", "RestrictedError", "SuspiciousOperation", "Throttled",
        "UnsupportedMediaType", "Unserved", "ValidationError",
    }
)  # fmt: skip


def own_exception(frame: Frame, dotted: str, node: ast.AST) -> ast.expr | None:
    """The generated class for the project's ``dotted``; None where that is no plain exception.

    Refuses (``exception-class``) one that is more than its name and bases.
    """
    ctx = frame.ctx
    cls = ctx.snapshot.classes.get(dotted)
    if cls is None or not _is_plain(ctx, cls):
        return None
    problem = _problem(ctx, cls)
    if problem:
        raise frame.refuse("exception-class", dotted, problem, node)
    return frame.imported(_written(ctx, cls), _short(dotted))


def own_names(ctx: Context) -> frozenset[str]:
    """The names of those that were written down."""
    return frozenset(_known(ctx))


def has_attribute(ctx: Context, caught: str, name: str) -> bool | None:
    """``hasattr(error, name)`` of one that was caught as ``caught``: a class of Python's, or one that was written down; None elsewhere."""
    python = getattr(builtins, caught, None)
    if isinstance(python, type) and issubclass(python, BaseException):
        if hasattr(python, name):
            return True
        # Of its subclasses one may have it: Python's (``JSONDecodeError.msg``), or one that the snapshot knows.
        told = caught not in ANY and name in NOT_PYTHONS
        return False if told and not any(may_have(ctx, name, f"builtins.{caught}")) else None
    held = held_by(ctx, caught)
    if held is None or not caught.isidentifier():
        return None
    known = ctx.snapshot.classes[_known(ctx)[caught]]
    if name in known.attributes or hasattr(Exception, name) or name in _always_kept(ctx, known):
        return True
    return None if name in held or name in known.methods else False


def _always_kept(ctx: Context, known: Class) -> set[str]:
    """Attributes that its ``__init__`` sets whatever it is given."""
    function = ctx.snapshot.functions.get(known.methods.get("__init__", ""))
    tree = ast.parse(textwrap.dedent(function.source)).body[0] if function is not None else None
    if not isinstance(tree, ast.FunctionDef):
        return set()
    targets = [t for s in tree.body if isinstance(s, ast.Assign) for t in s.targets]
    return {t.attr for t in targets if isinstance(t, ast.Attribute) and ast.unparse(t.value) == "self"}


def held_by(ctx: Context, caught: str) -> frozenset[str] | None:
    """What objects of the class(es) ``caught`` (names of written classes) have in common; None for other classes."""
    known = _known(ctx)
    names = [part.strip() for part in caught.strip("()").split(",")]
    if not all(name in known for name in names):
        return None
    return frozenset.intersection(*(attributes(ctx, ctx.snapshot.classes[known[name]]) for name in names))


def _known(ctx: Context) -> dict[str, str]:
    known = ctx.memo.setdefault(("kernel", "own-exceptions"), {})
    assert isinstance(known, dict)
    return known


def _short(dotted: str) -> str:
    return dotted.rpartition(".")[2]


def _is_plain(ctx: Context, cls: Class) -> bool:
    """A class of the project whose other bases are the project's or Python's, ``Exception`` among them."""
    bases = [ctx.snapshot.classes.get(base) for base in cls.mro if not base.startswith(_BUILTIN)]
    return f"{_BUILTIN}Exception" in cls.mro and all(
        base is not None and base.origin == "own" for base in bases
    )


def _problem(ctx: Context, cls: Class) -> str:
    """Why the class is not written down; '' if it is."""
    try:
        body(ctx, cls)
    except Unfit as unfit:
        return str(unfit)
    if _parent(ctx, cls) is None:
        return "The exception has several bases."
    short = _short(cls.name)
    models = {_short(model.cls) for model in ctx.snapshot.models.values()}
    known = _known(ctx).get(short, cls.name)
    if short in _TAKEN or short in models or hasattr(builtins, short) or known != cls.name:
        return "Another class of the generated code has its name."
    parent = ctx.snapshot.classes.get(cls.mro[1])
    return _problem(ctx, parent) if parent is not None and not parent.name.startswith(_BUILTIN) else ""


def _parent(ctx: Context, cls: Class) -> str | None:
    """Its one base; None where it has more."""
    rest = cls.mro[1:]
    found = ctx.snapshot.classes.get(rest[0])
    if found is not None and not rest[0].startswith(_BUILTIN):
        return rest[0] if tuple(found.mro) == tuple(rest) else None
    python = getattr(builtins, _short(rest[0]), None)
    if not isinstance(python, type):
        return None
    return (
        rest[0]
        if [base.__name__ for base in python.__mro__[:-1]] == [_short(base) for base in rest]
        else None
    )


def _written(ctx: Context, cls: Class) -> str:
    """The module that has the class, which is written there with those that it is made of."""
    app = app_of(ctx, cls)
    module, path = ctx.module(app, "exceptions"), ctx.import_path(app, "exceptions")
    parent = _parent(ctx, cls)
    assert parent is not None
    imports: frozenset[Import] = frozenset()
    if not parent.startswith(_BUILTIN):
        home = _written(ctx, ctx.snapshot.classes[parent])
        imports = frozenset({Import(home, _short(parent))}) if home != path else imports
    short = _short(cls.name)
    if short not in module.decls:
        place = f"{cls.where.file}:{cls.where.line}"
        lines = body(ctx, cls)
        code = f'class {short}({_short(parent)}):\n    """{cls.name} ({place})."""'
        code += "".join(f"\n    {line}" if line else "\n" for line in (["", *lines] if lines else []))
        if "Any" in code:
            imports |= {Import("typing", "Any")}
        # Bases come first: they are written before.
        module.add(Decl(short, code, imports, 10, Origin(cls.name, cls.where)))
        prunable(ctx, module.path, short)
        _known(ctx)[short] = cls.name
    return path


__all__ = ["held_by", "own_exception", "own_names"]
