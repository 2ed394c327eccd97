"""One target module → Python text (before formatting)."""

from __future__ import annotations

from collections.abc import Iterable

from segue.target.ir import Import, Module


def render_module(module: Module) -> str:
    """The module's source: docstring, imports, declarations by rank.

    Imports are written one per name; ``ruff`` sorts and merges them, and drops those that
    end up unused.
    """
    imports: set[Import] = set(module.imports)
    for decl in module.decls.values():
        imports |= decl.imports
    own = module.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    imports = {i for i in imports if i.module != own}
    parts = [f'"""{module.doc}"""', "from __future__ import annotations"]
    parts.extend(_statements(i for i in imports if not i.type_only))
    always = {(i.module, i.name, i.alias) for i in imports if not i.type_only}
    typing_only = [i for i in imports if i.type_only and (i.module, i.name, i.alias) not in always]
    if typing_only:
        parts.append("from typing import TYPE_CHECKING")
        parts.append("if TYPE_CHECKING:\n" + "\n".join("    " + s for s in _statements(typing_only)))
    ordered = sorted(module.decls.values(), key=lambda d: d.rank)
    parts.extend("\n\n" + decl.code.strip("\n") for decl in ordered)
    return "\n".join(parts) + "\n"


def _statements(imports: Iterable[Import]) -> list[str]:
    out = []
    for item in sorted(imports):
        alias = f" as {item.alias}" if item.alias and item.alias != item.name else ""
        if item.name:
            out.append(f"from {item.module} import {item.name}{alias}")
        else:
            out.append(f"import {item.module}{alias}")
    return out
