"""A model that is called like something else that its module imports: ``Resource``, ``Response``, ``Session``; a Celery task
that is called like what its module imports or defines.

Two of one name in a module hide each other; the model's or the task's gets another local name (``Resource_``).
"""

from __future__ import annotations

from dataclasses import replace

from segue.target.ir import Import, Module
from segue.translate.context import Context
from segue.translate.models.clashes import rename_clashing


def separate(ctx: Context) -> None:
    """Rename the imports of models and tasks that meet another thing of their name in the same module."""
    for module in ctx.program.modules.values():
        clashing = _clashing(ctx, module)
        if not clashing:
            continue
        for key, decl in list(module.decls.items()):
            models = {
                i for i in decl.imports if _local(i) in clashing and (_is_model(ctx, i) or _is_task(ctx, i))
            }
            others = {_local(i) for i in decl.imports - models}
            models = {i for i in models if _local(i) not in others}
            if models:
                code, renamed = rename_clashing(decl.code, models, {_local(i) for i in models})
                module.decls[key] = replace(decl, code=code, imports=(decl.imports - models) | renamed)


def _clashing(ctx: Context, module: Module) -> set[str]:
    sources: dict[str, set[str]] = {}
    models: set[str] = set()
    for item in [*module.imports, *(i for decl in module.decls.values() for i in decl.imports)]:
        if item.name and not item.type_only:
            sources.setdefault(_local(item), set()).add(item.module)
            if _is_model(ctx, item):
                models.add(_local(item))
            elif _is_task(ctx, item):
                models.add(_local(item))
                if _local(item) in module.decls:
                    sources[_local(item)].add("")
    return {name for name in models if len(sources[name]) > 1}


def _is_model(ctx: Context, item: Import) -> bool:
    """Whether it is a mapped class of the program."""
    return item.module.startswith(f"{ctx.program.package}.") and item.module.endswith(".models")


def _is_task(ctx: Context, item: Import) -> bool:
    """Whether it is a task, or what makes one of several."""
    return item.module in (f"{ctx.program.package}.tasks", "segue_bridge.tasks") and item.name != "TaskQueue"


def _local(item: Import) -> str:
    return item.alias or item.name


__all__ = ["separate"]
