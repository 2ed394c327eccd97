"""What hooks put into validated data besides the fields: ``attrs["user"] = user`` in ``validate``.

Known are values that each use may take as they are: rows with all their columns, and plain values.
"""

from __future__ import annotations

import ast
from dataclasses import replace

from segue.refusal import refuse
from segue.translate.context import Context
from segue.translate.interp.frame import Frame
from segue.translate.interp.join import join, widen
from segue.translate.kinds import Instance, Kind, Scalar, User
from segue.translate.needs import Needs


def put(frame: Frame, serializer: str, key: object, kind: Kind, at: ast.AST) -> None:
    """``attrs[key] = value`` at ``at``; a key that is computed may be any.

    A row may become what a relation of the saved object leads to, where anything may be asked of it: it has all its columns.
    """
    if isinstance(kind, Instance):
        kind.site.written = True
    left = _folded(frame.ctx, serializer)
    if left and (not isinstance(key, str) or key in left):
        raise frame.refuse("assign-item", str(key), _LATE, at)
    if frame.ctx.memo.get(("only fields", serializer)):
        raise frame.refuse("assign-item", str(key), _LATE, at)
    place = (frame.function.name, getattr(at, "lineno", 0), getattr(at, "col_offset", 0))
    _table(frame.ctx, serializer)[place] = (key if isinstance(key, str) else None, widen(kind))


def lose(ctx: Context, serializer: str) -> None:
    """Something else may have been put in: nothing is known of what is no field."""
    if _folded(ctx, serializer) or ctx.memo.get(("only fields", serializer)):
        raise refuse("assign-item", serializer, _LATE, ctx.snapshot.serializers[serializer].where)
    _table(ctx, serializer)[("", 0, 0)] = (None, Scalar("Any"))


def kind_of(ctx: Context, serializer: str, key: str) -> Kind | None:
    """The kind of what was put in as ``key``; None where that is not sure."""
    found: Kind | None = None
    for name, kind in _table(ctx, serializer).values():
        if name is None:
            return None
        if name == key:
            if isinstance(kind, Instance) and kind.mode == "entity":
                kind = replace(kind, site=Needs(kind.model, written=True))
            elif not isinstance(kind, Scalar | User):
                return None
            found = kind if found is None else _both(found, kind)
    return found


def may_be_put(ctx: Context, serializer: str, key: str) -> bool:
    """Whether something may have been put in as ``key``."""
    return any(name is None or name == key for name, _ in _table(ctx, serializer).values())


def never_there(ctx: Context, serializer: str, key: str) -> bool:
    """Whether validated data never has ``key``: no field gives it, and no code puts it in."""
    known = ctx.snapshot.serializers.get(serializer)
    if known is None or may_be_put(ctx, serializer, key):
        return False
    sources = {item.source.partition(".")[0] for item in known.fields}
    if "*" in sources or key in sources:
        return False
    _folded(ctx, serializer).add(key)
    return True


def gone(ctx: Context, serializer: str, key: str) -> bool:
    """Whether ``key`` stays away once code has taken it out: nothing puts it in. What would do so later is refused."""
    if may_be_put(ctx, serializer, key):
        return False
    _folded(ctx, serializer).add(key)
    return True


def only_fields(ctx: Context, serializer: str) -> bool:
    """Whether nothing was put in besides the fields. What would do so later is refused."""
    if _table(ctx, serializer):
        return False
    ctx.memo["only fields", serializer] = True
    return True


_LATE = "Other code asks whether the validated data has it, and was translated as if it never had."


def _folded(ctx: Context, serializer: str) -> set[str]:
    found = ctx.memo.setdefault(("never there", serializer), set())
    assert isinstance(found, set)
    return found


def _both(a: Kind, b: Kind) -> Kind:
    if isinstance(a, Instance) and isinstance(b, Instance) and a.model == b.model:
        return replace(a, nullable=a.nullable or b.nullable)
    return join(a, b)


def _table(ctx: Context, serializer: str) -> dict[tuple[str, int, int], tuple[str | None, Kind]]:
    table = ctx.memo.setdefault(("put in", serializer), {})
    assert isinstance(table, dict)
    return table


__all__ = ["gone", "kind_of", "lose", "may_be_put", "never_there", "only_fields", "put"]
