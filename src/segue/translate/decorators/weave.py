"""``@decorator`` of the project's own on functions and methods → two functions, one of which calls the other."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator
from dataclasses import replace

from segue.snapshot.model import Class, Function, GlobalRef, Snapshot, Where
from segue.translate.decorators.called import of_url
from segue.translate.decorators.rewrite import NotPlain, rewritten
from segue.translate.decorators.shape import wrapper_of

_ROLES = ("function", "method")
_MOST = 8
_VIEW = "rest_framework.views.APIView"
_OTHERS = {
    "django.db.models.base.Model", "django.db.models.manager.BaseManager", "django.db.models.query.QuerySet",
    "rest_framework.fields.Field", "rest_framework.permissions.BasePermission",
}  # fmt: skip


def woven(snapshot: Snapshot) -> Snapshot:
    """``snapshot`` in which such decorators stand no more: the decorated function keeps its name, and what it was without
    the decorator is ``undecorated_<name>`` beside it."""
    functions = dict(snapshot.functions)
    methods: list[tuple[str, str, str]] = []
    views = _of_views(snapshot)
    for found in snapshot.functions.values():
        if found.role == "method" and found.owner not in views:
            continue  # others are judged by their source elsewhere: what a save() does, what a permission asks
        current, named = found, of_url(snapshot, found) if found.wrapped_by else None
        for _ in range(_MOST):
            made = _apart(functions, views, current, named)
            if made is None:
                break
            outer, inner, attribute, named = made
            functions[outer.name], functions[inner.name] = outer, inner
            if inner.role == "method":
                methods.append((inner.owner, attribute, inner.name))
            current = inner
    if len(functions) == len(snapshot.functions):
        return snapshot
    classes = dict(snapshot.classes)
    for owner, attribute, name in methods:
        for key, cls in _heirs(classes, owner):
            classes[key] = replace(cls, methods={**cls.methods, attribute: name})
    return replace(snapshot, functions=functions, classes=classes)


def _of_views(snapshot: Snapshot) -> set[str]:
    """Views and the mixins of views alone."""
    views = {base for cls in snapshot.classes.values() if _VIEW in cls.mro for base in cls.mro}
    return views - {base for cls in snapshot.classes.values() if _OTHERS & set(cls.mro) for base in cls.mro}


def _heirs(classes: dict[str, Class], owner: str) -> Iterator[tuple[str, Class]]:
    yield from [(key, cls) for key, cls in classes.items() if owner in cls.mro]


def _told_apart(owners: set[str], owner: str) -> str:
    """The class's name; with its module where another class has the same, as that of another version of the API."""
    short = owner.rpartition(".")[2]
    alone = sum(o.rpartition(".")[2] == short for o in owners) < 2
    return short if alone else owner.replace(".", "_")


def _apart(
    functions: dict[str, Function], owners: set[str], found: Function, named: frozenset[str] | None
) -> tuple[Function, Function, str, frozenset[str] | None] | None:
    """The function with its outermost own decorator as code, what is left of it, the name that the first calls, and what it
    gives by name of what the URL says (``named``: what Django gives by name to the first)."""
    if found.role not in _ROLES or found.is_async or not found.source:
        return None
    source = textwrap.dedent(found.source)
    try:
        tree = ast.parse(source).body[0]
    except SyntaxError:  # a lambda over several lines is no statement of its own
        return None
    if not isinstance(tree, ast.FunctionDef) or len(tree.decorator_list) != len(found.wrapped_by):
        return None
    for place, (used, name) in enumerate(zip(tree.decorator_list, found.wrapped_by, strict=True)):
        decorator = functions.get(name)
        if decorator is None or decorator.where.file.startswith("/") or not _named(used, name):
            continue
        wrapper = wrapper_of(decorator, used)
        globals_ = _globals(decorator, found, used)
        if wrapper is None or globals_ is None:
            return None
        head, _, last = found.name.rpartition(".")
        plain = f"undecorated_{last.removeprefix('undecorated_')}"
        while f"{head}.{plain}" in functions:
            plain += "_"
        # An heir may decorate the method of the same name: each calls its own.
        attribute = f"{plain}__{_told_apart(owners, found.owner)}" if found.role == "method" else plain
        try:
            text, passed = rewritten(wrapper, tree, attribute, method=found.role == "method", of_url=named)
        except NotPlain:
            return None
        if found.role == "function":
            globals_[attribute] = GlobalRef("function", f"{head}.{plain}")
        lines = source.splitlines(keepends=True)
        before = "".join(lines[: used.lineno - 1])
        line = decorator.where.line + wrapper.inner.lineno - used.lineno
        outer = replace(
            found, source=before + text, globals=globals_, wrapped_by=found.wrapped_by[:place], where=Where(decorator.where.file, line)
        )  # fmt: skip
        end = used.end_lineno or used.lineno
        inner = replace(
            found, name=f"{head}.{plain}", source="".join(lines[end:]), wrapped_by=found.wrapped_by[place + 1 :],
            where=Where(found.where.file, found.where.line + end),
        )  # fmt: skip
        return outer, inner, attribute, passed
    return None


def _named(used: ast.expr, name: str) -> bool:
    """Whether the decorator is written by the name that it has (``method_decorator(name)`` is not)."""
    target = used.func if isinstance(used, ast.Call) else used
    written = target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")
    return bool(written) and written == name.rpartition(".")[2]


def _globals(decorator: Function, found: Function, used: ast.expr) -> dict[str, GlobalRef] | None:
    """What names mean in the wrapper: as in the decorator, and as where it is used for its arguments."""
    out = dict(decorator.globals)
    arguments = (*used.args, *(k.value for k in used.keywords)) if isinstance(used, ast.Call) else ()
    for argument in arguments:
        for node in ast.walk(argument):
            if not isinstance(node, ast.Name | ast.Attribute):
                continue
            text = ast.unparse(node)
            ref = found.globals.get(text)
            if ref is None and isinstance(node, ast.Name):
                return None
            if ref is not None and out.setdefault(text, ref) != ref:
                return None
    return {**found.globals, **out}  # kept decorators stand above the wrapper
