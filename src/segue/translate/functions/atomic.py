"""``@transaction.atomic`` on a function: its body stands in ``async with db.atomic():``."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager

from segue.translate.interp.frame import Frame

ATOMIC_DECORATORS = frozenset({"django.db.transaction.atomic"})


def is_atomic(frame: Frame, definition: ast.FunctionDef) -> bool:
    """Whether the function in hand runs in a transaction of its own. Raises ``Refused`` for arguments of ``atomic()``."""
    # Decorators put on from outside come first in wrapped_by and do not stand in the source.
    inside = zip(reversed(definition.decorator_list), reversed(frame.function.wrapped_by), strict=False)
    for node, dotted in inside:
        if dotted not in ATOMIC_DECORATORS or not isinstance(node, ast.Call):
            continue
        if ast.unparse(node.func).endswith("method_decorator"):
            continue  # the probe looks through it for the function atomic alone, without arguments
        if node.args or node.keywords:
            raise frame.refuse(
                "atomic", ast.unparse(node), "Segue does not know this argument of atomic().", node
            )
    return any(dotted in ATOMIC_DECORATORS for dotted in frame.function.wrapped_by)


@contextmanager
def in_atomic(frame: Frame) -> Iterator[None]:
    """What is emitted inside becomes the body of ``async with db.atomic():``."""
    db = ast.unparse(frame.db)
    frame.in_atomic += 1
    try:
        with frame.capture() as captured:
            yield
            lines = list(captured)
    finally:
        frame.in_atomic -= 1
    frame.emit_block(f"async with {db}.atomic():", lines)


__all__ = ["ATOMIC_DECORATORS", "in_atomic", "is_atomic"]
