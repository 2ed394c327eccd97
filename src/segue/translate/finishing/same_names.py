"""What a module imports and what it defines or imports otherwise under the same name: a model ``Resource``, a Celery task, an action
``close`` of a viewset beside ``close`` of its model, a view function ``count`` beside the bridge's.

Two of one name in a module hide each other; what is imported gets another local name (``Resource_``).
"""

from __future__ import annotations

import re
from dataclasses import replace

from segue.target.ir import Import, Module
from segue.translate.context import Context
from segue.translate.models.clashes import rename_clashing


def separate(ctx: Context) -> None:
    """Rename the imports that meet another thing of their name in the same module."""
    for module in ctx.program.modules.values():
        clashing = _clashing(ctx, module)
        if not clashing:
            continue
        for key, decl in list(module.decls.items()):
            code, imports = decl.code, set(decl.imports)
            for item in sorted(decl.imports & clashing.keys(), key=_order):
                if any(_local(other) == _local(item) for other in decl.imports - {item}):
                    continue  # a text cannot say which of both it means
                code, renamed = rename_clashing(code, {item}, clashing[item])
                imports = (imports - {item}) | renamed
            if imports != decl.imports:
                module.decls[key] = replace(decl, code=code, imports=frozenset(imports))


def _clashing(ctx: Context, module: Module) -> dict[Import, set[str]]:
    """What is imported under another name, each with the names that it may not have."""
    defined = {name for decl in module.decls.values() for name in _DEFINED.findall(decl.code)}
    here = module.path.removesuffix(".py").replace("/", ".")
    by_name: dict[str, set[Import]] = {}
    for item in [*module.imports, *(i for decl in module.decls.values() for i in decl.imports)]:
        if item.name and not item.type_only and item.module != here:
            by_name.setdefault(_local(item), set()).add(item)
    found: dict[Import, set[str]] = {}
    for name, items in by_name.items():
        moved = sorted(items, key=_order)
        if name not in defined:
            if len(items) == 1:
                continue
            mine = [item for item in moved if _is_own(ctx, item)]
            moved = mine if len(mine) < len(items) else mine[1:]
        taken = {name}
        for item in moved:
            found[item] = set(taken)
            taken.add(f"{name}{'_' * len(taken)}")
    return found


# Names that a module gives at its top level.
_DEFINED = re.compile(r"^(?:(?:async )?def |class )?(\w+)(?=[(:\[]| =)", re.M)


def _is_own(ctx: Context, item: Import) -> bool:
    """Whether it is a function or a mapped class of the program, or a task: the other one keeps its name."""
    return item.module.startswith(f"{ctx.program.package}.") or _is_task(ctx, item)


def _order(item: Import) -> tuple[str, str, str]:
    return item.module, item.name, item.alias or ""


def _is_task(ctx: Context, item: Import) -> bool:
    """Whether it is a task, or what makes one of several."""
    return item.module in (f"{ctx.program.package}.tasks", "segue_bridge.tasks") and item.name != "TaskQueue"


def _local(item: Import) -> str:
    return item.alias or item.name


__all__ = ["separate"]
