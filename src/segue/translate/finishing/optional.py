"""``user = only(…)`` in ``try`` and ``user = or_none(…)`` in a handler: the first says the type that both have."""

from __future__ import annotations

import ast
from dataclasses import replace

from segue.target.ir import Import
from segue.translate.context import Context
from segue.translate.finishing.program import Place, function_of, resolve
from segue.translate.trees import nodes


def declare_optional(ctx: Context) -> None:
    """In every generated function: mypy takes a local for what it is given first, which is never None."""
    for module in ctx.program.modules.values():
        for name, decl in list(module.decls.items()):
            if decl.rank < 30 or "or_none(" not in decl.code or function_of(decl.code) is None:
                continue
            while True:  # one local after another
                code, imports = _declared(ctx, Place(module, decl))
                if code == decl.code:
                    break
                decl = module.decls[name] = replace(decl, code=code, imports=decl.imports | imports)


def _declared(ctx: Context, place: Place) -> tuple[str, frozenset[Import]]:
    code = place.decl.code
    function = function_of(code)
    assert function is not None
    first: dict[str, ast.Assign] = {}
    typed = {n.arg for n in nodes(function) if isinstance(n, ast.arg)}
    typed |= {ast.unparse(n.target) for n in nodes(function) if isinstance(n, ast.AnnAssign)}
    for node in sorted(
        (n for n in nodes(function) if isinstance(n, ast.Assign)), key=lambda n: (n.lineno, n.col_offset)
    ):
        target = node.targets[0]
        if len(node.targets) != 1 or not isinstance(target, ast.Name) or target.id in typed:
            continue
        made = _maker(node.value)
        known = first.setdefault(target.id, node)
        if made != "or_none" or known is node or _maker(known.value) != "only":
            continue
        found = _row(ctx, place, known.value)
        if found is None:
            continue
        lines = code.splitlines()
        line = lines[known.lineno - 1].encode()
        end = known.targets[0].end_col_offset or 0
        lines[known.lineno - 1] = (
            line[:end] + f": {found.alias or found.name} | None".encode() + line[end:]
        ).decode()
        return "\n".join(lines), frozenset({found})
    return code, frozenset()


def _maker(value: ast.expr) -> str:
    return value.func.id if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) else ""


def _row(ctx: Context, place: Place, value: ast.expr) -> Import | None:
    """What ``only(await user_entities(…), …)`` gives: the class in the loader's ``-> list[User]``."""
    match value:
        case ast.Call(_, [ast.Await(ast.Call(ast.Name(loader))), *_]):
            found = resolve(ctx, place, loader)
        case _:
            return None
    made = function_of(found.decl.code) if found is not None else None
    match made.returns if made is not None else None:
        case ast.Subscript(ast.Name("list"), ast.Name(cls)):
            assert found is not None
            return next((i for i in found.decl.imports if (i.alias or i.name) == cls), None)
    return None


__all__ = ["declare_optional"]
