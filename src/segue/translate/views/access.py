"""``app/access.py``, where everything about who asks is declared, and the settings that decide about it."""

from __future__ import annotations

from typing import Any

from segue.target.ir import Module
from segue.translate.context import Context
from segue.translate.specialise.fold import plain


def module(ctx: Context) -> Module:
    """The module, made when first asked for."""
    return ctx.program.module(f"{ctx.program.package}/access.py", "Who is asking, and how often they may.")


def setting(ctx: Context, name: str, default: Any = None) -> Any:
    """The plain value of one of the project's settings."""
    found = ctx.snapshot.settings.values.get(name)
    return default if found is None else plain(found)
