"""Objects that a field holds, as the probe saw them: validators of Django, and plain helpers of the project's.

The snapshot has an instance as a ``call`` of its class whose ``pairs`` are its ``__dict__``.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Hashable
from dataclasses import dataclass

from segue.snapshot.model import Value
from segue.translate.context import Context
from segue.translate.interp.constants import value_of
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import Const, Kind, Object, Unknown
from segue.translate.rules.held_objects import left_out
from segue.translate.serializers.facts import short

_VALIDATORS = "django.core.validators."


@dataclass(frozen=True, slots=True)
class HeldValidator(Kind):
    """A validator of Django's that is called with a value."""

    value: Value


@dataclass(frozen=True, slots=True, eq=False)
class HeldUse:
    """``self`` of an object that a field holds."""

    value: Value
    assigned: frozenset[str] = frozenset()

    @property
    def key(self) -> Hashable:
        """Objects of one class with equal state translate equally."""
        return repr(self.value)

    def may_hide(self, name: str) -> bool:
        """Whether the instance may have an attribute of that name that the snapshot does not tell."""
        return left_out(name) and name in self.assigned


def held_kind(frame: Frame, value: Value, depth: int = 0) -> Kind | None:
    """What is known of the instance; None for anything but a ``call`` of a class."""
    ctx = frame.ctx
    if value.kind != "call":
        return None
    if value.name.startswith(_VALIDATORS):
        return HeldValidator(value)
    if value.name not in ctx.snapshot.classes or value.items or depth > 2 or _of_a_framework(ctx, value.name):
        return None
    fields: list[tuple[str, Kind]] = []
    for key, item in value.pairs:
        found = value_of(frame, item)
        kind = held_kind(frame, item, depth + 1) if found is None else constant(found)
        fields.append(
            (str(key.data), kind or Unknown(f"Segue cannot write down {short(value.name)}.{key.data}."))
        )
    return Object(value.name, HeldUse(value, assigned(ctx, value.name)), tuple(fields))


def _of_a_framework(ctx: Context, cls: str) -> bool:
    """Django's own objects have rules, or none."""
    known = ctx.snapshot.classes[cls]
    return any(base.startswith(("django.", "rest_framework.", "collections.", "enum.")) for base in known.mro)


def constant(found: Val) -> Kind:
    """What is known of an attribute to the last: its value, where it can be written down."""
    if isinstance(found.kind, Const) or found.node is None:
        return found.kind
    try:
        value = ast.literal_eval(found.node)
    except ValueError:
        return found.kind
    return Const(tuple(value) if isinstance(value, list) else value)


def assigned(ctx: Context, cls: str) -> frozenset[str]:
    """Names that methods of the project's set on an instance of the class."""
    memo = ctx.memo.get(("assigned", cls))
    if isinstance(memo, frozenset):
        return memo
    found: set[str] = set()
    known = ctx.snapshot.classes.get(cls)
    for base in known.mro if known is not None else ():
        for function in ctx.snapshot.functions.values():
            if function.owner == base and function.name == f"{base}.{short(function.name)}":
                tree = ast.parse(textwrap.dedent(function.source))
                found |= {
                    n.attr
                    for n in ast.walk(tree)
                    if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store)
                }
    made = frozenset(found)
    ctx.memo[("assigned", cls)] = made
    return made


__all__ = ["HeldUse", "HeldValidator", "assigned", "constant", "held_kind"]
