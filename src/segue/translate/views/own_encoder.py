"""An ``encoder_class`` of the project's on a ``JSONRenderer``: what it writes otherwise than DRF's.

``json`` asks ``default`` only about objects that it cannot write itself. A ``default`` that answers for classes of its own
and leaves all else to DRF's writes every value that the generated service can answer with as DRF does.
"""

from __future__ import annotations

import ast
import textwrap

from segue.snapshot.model import Class, Function, Snapshot

DRF = "rest_framework.utils.encoders.JSONEncoder"
DJANGO = "django.core.serializers.json.DjangoJSONEncoder"
_BASES = (f"{DRF}.", f"{DJANGO}.", "json.encoder.JSONEncoder.")
# Of the frameworks, and never a value that is written: no rule gives an object or a queryset to an encoder.
_OBJECTS = frozenset({"django.db.models.base.Model", "django.db.models.query.QuerySet"})
# What the interpreter's library or the frameworks define may be a value of the service: a moment, a Decimal, a UUID, an error's text.
_OF_VALUES = frozenset({"stdlib", "django", "drf"})


def plain(snapshot: Snapshot, dotted: str, root: str = DRF) -> bool:
    """Whether the encoder writes as ``root`` all that is no object of a class that only the project or a package makes."""
    known = snapshot.classes.get(dotted)
    if known is None or root not in known.mro or not _is_theirs(known):
        return False
    found = known.methods.get("default", "")
    if found.startswith(_BASES):
        return True
    function = snapshot.functions.get(found)
    if function is None or function.wrapped_by or function.role != "method":
        return False
    base = known.mro[known.mro.index(function.owner) + 1] if function.owner in known.mro[:-1] else ""
    return _leaves_the_rest(snapshot, function) and (base == root or plain(snapshot, base, root))


def _is_theirs(known: Class) -> bool:
    """Whether all but ``default`` is DRF's and json's."""
    given = [f"{a.defined_in}." for a in known.attributes.values()]
    return all(d.startswith(_BASES) for n, d in known.methods.items() if n != "default") and all(
        d.startswith(_BASES) for d in given
    )


def _leaves_the_rest(snapshot: Snapshot, function: Function) -> bool:
    """``if isinstance(obj, Own): return …`` as often as it likes, then ``return super().default(obj)``."""
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    if not isinstance(tree, ast.FunctionDef) or len(tree.args.args) != 2:
        return False
    value = tree.args.args[1].arg
    return _rest(snapshot, function, tree.body, value)


def _rest(snapshot: Snapshot, function: Function, body: list[ast.stmt], value: str) -> bool:
    for number, statement in enumerate(body):
        match statement:
            case ast.Expr(ast.Constant()):
                continue
            case ast.Return(
                ast.Call(ast.Attribute(ast.Call(ast.Name("super"), [], []), "default"), [given], [])
            ):
                return ast.unparse(given) == value
            case ast.If(ast.Call(ast.Name("isinstance"), [given, classes], []), then, otherwise):
                if ast.unparse(given) != value or not _own(snapshot, function, classes) or not _ends(then):
                    return False
                if otherwise:
                    return _rest(snapshot, function, [*otherwise, *body[number + 1 :]], value)
            case _:
                return False
    return False


def _ends(body: list[ast.stmt]) -> bool:
    return isinstance(body[-1], ast.Return | ast.Raise)


def _own(snapshot: Snapshot, function: Function, node: ast.expr) -> bool:
    """Whether each class is one of the project or of a package, from top to bottom."""
    if isinstance(node, ast.Tuple):
        return all(_own(snapshot, function, item) for item in node.elts)
    ref = function.globals.get(ast.unparse(node))
    if ref is not None and ref.name in _OBJECTS:
        return True
    known = snapshot.classes.get(ref.name) if ref is not None and ref.kind == "class" else None
    if known is None or known.origin in _OF_VALUES:
        return False
    bases = [snapshot.classes.get(base) for base in known.mro]
    return all(base is not None and base.origin not in _OF_VALUES for base in bases)


__all__ = ["DJANGO", "plain"]
