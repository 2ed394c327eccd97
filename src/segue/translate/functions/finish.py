"""The end of a run: rows, loaders and functions get their names and text; the unused goes."""

from __future__ import annotations

import re
from dataclasses import replace
from hashlib import sha256
from typing import Any

from segue.target.ir import Decl, Import, Module, NativeOperation, Origin
from segue.translate.context import Context
from segue.translate.functions.constants import hoist_constants
from segue.translate.functions.final_names import apart, free
from segue.translate.functions.hiding import locals_of_callers
from segue.translate.functions.lift import Lifted
from segue.translate.functions.memoized import decorator
from segue.translate.functions.once import kept_once
from segue.translate.functions.record import FunctionRecord, records
from segue.translate.functions.same import canonical
from segue.translate.functions.symbols import TOKEN, symbols
from segue.translate.interp.annotations import annotation
from segue.translate.load.plan import name_all, plans
from segue.translate.load.render import render_loader, render_row

AFTER_ROWS = ("kernel", "when rows have names")
"""Memo: what is to be written when rows have their names, and before functions get theirs."""
_WORD = re.compile(r"[A-Za-z_]\w*")


def prunable(ctx: Context, path: str, name: str) -> None:
    """Drop declaration ``name`` of module ``path`` at the end if nothing kept uses it."""
    found = ctx.memo.setdefault(("kernel", "prunable"), set())
    assert isinstance(found, set)
    found.add((path, name))


def keep(ctx: Context, lifted: Lifted) -> None:
    """Write ``lifted`` even if no other generated function calls it: the application does."""
    for record in records(ctx):
        if record.token == lifted.name:
            record.kept = True


def finish(ctx: Context) -> None:
    """Write what only now is known. To be called once, after all of ``ctx.finalizers``."""
    name_all(ctx)
    seen: set[str] = set()
    for plan in list(plans(ctx).by_key.values()):
        if not plan.written:
            render_row(ctx, plan)
            prunable(ctx, ctx.module(_app(ctx, plan.model), "rows").path, plan.name)
        render_loader(ctx, plan, seen)
        prunable(ctx, ctx.module(_app(ctx, plan.model), "queries").path, plan.loader)
    after = ctx.memo.get(AFTER_ROWS)
    if callable(after):
        after()
    _name_functions(ctx)
    _replace_tokens(ctx)
    hoist_constants(ctx)
    _prune(ctx)


def _app(ctx: Context, label: str) -> str:
    from segue.translate.load.models import concrete

    return concrete(ctx, label).app


def _name_functions(ctx: Context) -> None:
    """Functions of the same text become one; which are the same is known before any has its name."""
    groups = _groups(ctx)
    taken: dict[str, set[str]] = {}
    copies: dict[str, dict[str, str]] = {}
    told = apart(groups)
    users = _importers(ctx, groups)
    hiding = locals_of_callers(records(ctx), ctx.program.modules.values())
    imported = _imported(ctx, groups)
    for group in groups:
        path = ctx.module(group[0].app, group[0].module_kind).path
        used = taken.setdefault(path, set(ctx.program.modules[path].decls))
        importing = users.get(id(group[0]), set()) - {path}
        for other in importing:
            used = used | taken.setdefault(other, set(ctx.program.modules[other].decls))
        # One legacy function in two modules: a third, or one of them, may import the other.
        elsewhere = copies.setdefault(group[0].legacy, {})
        hidden = {name for record in group for name in hiding.get(record.token, ())}
        for module in (path, *importing):
            hidden |= imported.get(module, set())
        final = free(ctx, group, used | hidden | {n for n, p in elsewhere.items() if p != path}, told)
        for module in (path, *importing):
            taken[module].add(final)
        elsewhere[final] = path
        for record in group:
            record.final = final
    for group in groups:
        _render(ctx, group)


def _imported(ctx: Context, groups: list[list[FunctionRecord]]) -> dict[str, set[str]]:
    """By module: what it imports under its own name, the bridge's ``count`` for one."""
    found: dict[str, set[str]] = {}
    for group in groups:
        path = ctx.module(group[0].app, group[0].module_kind).path
        for record in group:
            found.setdefault(path, set()).update(item.alias or item.name for item in record.imports)
    for path, module in ctx.program.modules.items():
        for items in (module.imports, *(decl.imports for decl in module.decls.values())):
            found.setdefault(path, set()).update(item.alias or item.name for item in items)
    return found


def _importers(ctx: Context, groups: list[list[FunctionRecord]]) -> dict[int, set[str]]:
    """By the first record of a group: the modules that import it, where its name must be free too."""
    first = {record.token: group[0] for group in groups for record in group}
    found: dict[int, set[str]] = {}
    for group in groups:
        path = ctx.module(group[0].app, group[0].module_kind).path
        for item in {item for record in group for item in record.imports}:
            if item.name in first:
                found.setdefault(id(first[item.name]), set()).add(path)
    for path, module in ctx.program.modules.items():  # operations: `article_publish` calls Article.publish
        for items in (module.imports, *(decl.imports for decl in module.decls.values())):
            for item in items:
                if item.name in first:
                    found.setdefault(id(first[item.name]), set()).add(path)
    return found


def _groups(ctx: Context) -> list[list[FunctionRecord]]:
    """Callees come before callers in the list, so a record's text holds only what stands for groups before it."""
    table = symbols(ctx)
    groups: dict[tuple[Any, ...], list[FunctionRecord]] = {}
    for record in records(ctx):
        if record.recursive:
            # Those before it in the list call it: equal ones do, where all that they reach is equal.
            text = canonical(ctx, "\n".join(record.lines)).replace(record.token, "again")
            record.final = f"again_{sha256(table.text(text).encode()).hexdigest()[:16]}"
    for record in records(ctx):
        if record.unused:
            continue
        key = (
            record.app,
            record.module_kind,
            record.base_name,
            tuple((p.name, p.default) for p in record.parameters),
            table.text("\n".join(record.lines)),
            table.text(annotation(ctx, record.returns)[0]),
            record.is_async,
            kept_once(ctx, record),
            _remembered(ctx, record),
        )
        group = groups.setdefault(key, [])
        group.append(record)
        record.final = group[0].final or f"group_{len(groups)}"
    return list(groups.values())


def _remembered(ctx: Context, record: FunctionRecord) -> str:
    legacy = ctx.snapshot.functions.get(record.legacy)
    found = decorator(legacy) if legacy is not None else None
    return found[0] if found is not None else ""


# What hooks without a docstring do: their names alone say less than the line that says where they are from.
_HOOKS = {
    "has_permission": "Whether the request may go on.",
    "has_object_permission": "Whether the request may have this object.",
    "get_queryset": "The rows that the view works on.",
    "__str__": "The object as text.",
}


def _render(ctx: Context, group: list[FunctionRecord]) -> None:
    table = symbols(ctx)
    first = group[0]
    imports: set[Import] = set()
    for record in group:
        imports |= record.imports
    parameters: list[str] = []
    for position, parameter in enumerate(first.parameters):
        texts: list[str] = []
        for record in group:
            for part in table.text(record.parameters[position].annotation()).split(" | "):
                if part not in texts:
                    texts.append(part)
        if "Any" in texts:
            texts = ["Any"]
        ordered = sorted(texts, key=lambda t: (t == "None", texts.index(t)))
        text = f"{parameter.name}: {' | '.join(ordered)}"
        parameters.append(f"{text} = {parameter.default}" if parameter.default else text)
    returned, needed = annotation(ctx, first.returns)
    imports |= needed
    head = f"{'async ' if first.is_async else ''}def {first.final}({', '.join(parameters)}) -> {returned}:"
    quoted = docstring(first.doc.strip() or _said(ctx, first.legacy), f"{first.legacy} ({first.where})")
    lines = returned_at_once(first.lines) or ["return None"]
    kept = ["@once"] if kept_once(ctx, first) else []
    if kept:
        imports.add(Import("segue_bridge.db.once", "once"))
    legacy = ctx.snapshot.functions.get(first.legacy)
    remembered = decorator(legacy) if legacy is not None else None
    if remembered is not None:
        kept.append(remembered[0])
        imports.add(remembered[1])
    code = "\n".join([*kept, head, *("    " + line if line else "" for line in [*quoted, *lines])])
    module = ctx.module(first.app, first.module_kind)
    folded = first.folded if all(record.folded == first.folded for record in group) else ()
    origin = Origin(first.legacy, first.where, tuple(p.legacy for p in first.parameters), folded)
    module.add(Decl(first.final, code, frozenset(imports), 30, origin))
    if not any(record.kept for record in group):
        prunable(ctx, module.path, first.final)


def returned_at_once(lines: list[str]) -> list[str]:
    """``x = value`` and ``return x`` at the very end as ``return value``."""
    if len(lines) < 2 or not lines[-1].startswith("return "):
        return list(lines)
    local = lines[-1].removeprefix("return ")
    if not local.isidentifier() or not lines[-2].startswith(f"{local} = "):
        return list(lines)
    return [*lines[:-2], f"return {lines[-2].removeprefix(f'{local} = ')}"]


def _said(ctx: Context, legacy: str) -> str:
    """A docstring for a hook that has none: its class's, for permissions; else what such hooks do."""
    owner, _, own = legacy.rpartition(".")
    known = ctx.snapshot.classes.get(owner)
    if known is not None and own in ("has_permission", "has_object_permission") and known.doc.strip():
        return known.doc.strip().partition("\n")[0]
    return _HOOKS.get(own, "")


def docstring(doc: str, origin: str) -> list[str]:
    """Lines of a docstring: what the legacy code says, and where it stands there."""
    if not doc:
        return [f'"""{origin}."""']
    text = doc.replace("\\", "\\\\").replace('"""', "'''")
    lines = text.split("\n")
    if lines[-1].endswith('"'):
        lines[-1] += " "
    return [f'"""{lines[0]}', *lines[1:], "", f"{origin}.", '"""']


def _replace_tokens(ctx: Context) -> None:
    table = symbols(ctx)
    entities = {p.name for p in plans(ctx).by_key.values() if p.written}
    for module in ctx.program.modules.values():
        module.imports = {_import(ctx, i, entities) for i in module.imports}
        decls: dict[str, Decl] = {}
        for decl in module.decls.values():
            if not TOKEN.search(decl.name + decl.code) and not any(
                TOKEN.search(i.name) for i in decl.imports
            ):
                decls[decl.name] = decl
                continue
            final = replace(
                decl,
                name=table.text(decl.name),
                code=table.text(decl.code),
                imports=frozenset(_import(ctx, i, entities) for i in decl.imports),
            )
            decls[final.name] = final
        module.decls = decls
    ctx.program.native[:] = [
        NativeOperation(n.route_id, n.method, n.module, table.text(n.function), n.notes)
        for n in ctx.program.native
    ]


def _import(ctx: Context, item: Import, entities: set[str]) -> Import:
    if not TOKEN.search(item.name):
        return item
    final = symbols(ctx).text(item.name)
    module = item.module
    if module.endswith(".rows") and item.name.startswith("segue__row_") and final in entities:
        module = module.removesuffix("rows") + "models"
    return Import(module, final, item.alias, item.type_only)


def _prune(ctx: Context) -> None:
    """Keep what is not prunable and all that it reaches, by imports and by names in the module."""
    candidates = ctx.memo.get(("kernel", "prunable"), set())
    assert isinstance(candidates, set)
    modules = ctx.program.modules
    by_import = {path.removesuffix(".py").replace("/", "."): path for path in modules}
    alive: set[tuple[str, str]] = set()
    todo = [
        (path, name)
        for path, module in modules.items()
        for name in module.decls
        if (path, name) not in candidates
    ]
    while todo:
        path, name = todo.pop()
        if (path, name) in alive or name not in modules[path].decls:
            continue
        alive.add((path, name))
        decl = modules[path].decls[name]
        words = set(_WORD.findall(decl.code))
        todo.extend((path, word) for word in words if word in modules[path].decls and word != name)
        for item in decl.imports:
            target = by_import.get(item.module)
            if target is not None and (item.alias or item.name) in words:
                todo.append((target, item.name))
    for path, module in modules.items():
        _drop(module, {name for name in module.decls if (path, name) not in alive})
    for path in [
        p
        for p, m in modules.items()
        if not m.decls
        and p.endswith(
            (
                "rows.py",
                "queries.py",
                "services.py",
                "views.py",
                "permissions.py",
                "presenters.py",
                "validation.py",
            )
        )
    ]:
        del modules[path]


def _drop(module: Module, names: set[str]) -> None:
    for name in names:
        del module.decls[name]
