"""Types that a field of the same name hides in its class: ``date: Annotated[date, Date()] = UNSET``.

Annotations are read with the names of the class first, by Pydantic (``typing.get_type_hints`` does it, too) and by type
checkers, where ``date`` is the field's default by then. Such a type gets another local name in this class (``date_``).
Mapped classes have theirs from :mod:`segue.translate.models.clashes`; the names of a TypedDict hide nothing.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from dataclasses import replace

from segue.target.ir import Decl, Import
from segue.translate.context import Context
from segue.translate.models.clashes import rename_clashing
from segue.translate.trees import walk


def uncover_types(ctx: Context) -> None:
    """Rename, class by class, what its fields would hide."""
    for module in ctx.program.modules.values():
        for key, decl in list(module.decls.items()):
            if decl.code.startswith(("class ", "@")):
                module.decls[key] = _uncovered(decl)


def _uncovered(decl: Decl) -> Decl:
    found = ast.parse(decl.code).body[0]
    if not isinstance(found, ast.ClassDef) or any(ast.unparse(base) == "TypedDict" for base in found.bases):
        return decl
    fields = [item for item in found.body if isinstance(item, ast.AnnAssign)]
    bound = {item.target.id for item in fields if isinstance(item.target, ast.Name)}
    hidden = bound & set(_read(fields))
    if not hidden:
        return decl
    here = {item for item in decl.imports if _local(item) in hidden}
    known = {_local(item) for item in here}
    here |= {Import("builtins", name) for name in hidden - known if hasattr(builtins, name)}
    code, imports = decl.code, set(decl.imports) - here
    for item in sorted(here):
        code, renamed = rename_clashing(code, {replace(item, type_only=False)}, bound)
        imports |= {replace(new, type_only=item.type_only) for new in renamed}
    return replace(decl, code=code, imports=frozenset(imports))


def _read(fields: list[ast.AnnAssign]) -> Iterator[str]:
    for item in fields:
        for part in (item.annotation, item.value):
            if part is not None:
                yield from (node.id for node in walk(part) if isinstance(node, ast.Name))


def _local(item: Import) -> str:
    return item.alias or item.name


__all__ = ["uncover_types"]
