"""Words, numbers and lengths that a project's own code compares with: what its conditions turn on.

Read from the functions that an operation runs: those of its view, serializer and filters, of the models behind them,
and what they call in the project. Nothing is read of Django, DRF and other installed packages.
"""

from __future__ import annotations

import ast
import inspect
import sys
import sysconfig
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from types import FunctionType, MethodType, ModuleType
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db.models.base import ModelBase
from django.urls import get_resolver

from .asked_values import column_of
from .samples import sample

_MOST = 12  # of each kind, for one operation
_LONGEST = 3000  # characters of a text that is sent for a length
_DEPTH, _NEAR = (
    4,
    2,
)  # calls away from the view: for what is compared, and for the models that a key may be of
_PACKAGES: set[str] = set()
_TEXT_CALLS = frozenset(
    {"startswith", "endswith", "removeprefix", "removesuffix", "count", "find", "index", "split", "partition"}
)
_PATTERN_CALLS = frozenset({"match", "search", "fullmatch", "compile", "sub", "findall"})


@dataclass
class Literals:
    """``texts`` (compared with, or made for a pattern), ``numbers``, ``lengths`` (what ``len()`` is compared with).

    ``asked``: by model and column the texts that queries ask for. ``models``: those that the functions nearest to the view name. ``heads``: models that a function names which takes the first few of something (``[:10]``), and how many at most.
    """

    texts: dict[str, None] = field(default_factory=dict)
    numbers: dict[int | float, None] = field(default_factory=dict)
    lengths: dict[int, None] = field(default_factory=dict)
    heads: dict[Any, int] = field(default_factory=dict)
    models: dict[Any, None] = field(default_factory=dict)
    asked: dict[tuple[Any, str], dict[str, None]] = field(default_factory=dict)

    def values(self) -> list[Any]:
        """What to put into a field: each text alone, in other words and in capitals; each number and its
        neighbours; texts of each length and its neighbours."""
        out: list[Any] = []
        for text in list(self.texts)[:_MOST]:
            out += [text, f"one {text} two", text.upper()]
        for number in list(self.numbers)[:_MOST]:
            out += [number, number + 1, number - 1]
        for length in list(self.lengths)[:_MOST]:
            out += ["n" * n for n in (length, length + 1, length - 1) if 0 < n <= _LONGEST]
        return list(dict.fromkeys(out))


def literals_of(roots: Iterable[Any]) -> Literals:
    """Of the project's functions that ``roots`` (classes, functions) lead to, at most four calls away."""
    out = Literals()
    seen: set[Any] = set()
    left = [(root, 0) for root in roots if root is not None]
    while left:
        thing, depth = left.pop(0)
        for function in _functions(thing):
            if function in seen:
                continue
            seen.add(function)
            tree = _tree(function)
            if tree is None:
                continue
            scope = function.__globals__
            _read(tree, scope, out)
            _note_asked(tree, scope, out)
            names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
            named = [scope[n] for n in sorted(names) if callable(scope.get(n))]
            _note_heads(tree, [thing, *named], out)
            if depth < _NEAR:
                out.models.update(
                    dict.fromkeys(n for n in (*named, *_of_modules(tree, scope)) if _is_model(n))
                )
            if depth < _DEPTH:
                left += [(n, depth + 1) for n in named]
    return out


def _functions(thing: Any) -> Iterator[Any]:
    """The project's functions behind a callable: those of a class are all its methods."""
    if isinstance(thing, MethodType):
        thing = thing.__func__
    thing = inspect.unwrap(thing) if callable(thing) and not isinstance(thing, type) else thing
    if isinstance(thing, FunctionType):
        if _own(thing.__module__):
            yield thing
        return
    classes = list(thing.__mro__) if isinstance(thing, type) else []
    for manager in thing._meta.managers if _is_model(thing) else ():
        classes += [*type(manager).__mro__, *getattr(manager, "_queryset_class", object).__mro__]
    for cls in dict.fromkeys(classes):
        if not _own(cls.__module__):
            continue
        for value in vars(cls).values():
            inner = value.fget if isinstance(value, property) else getattr(value, "__func__", value)
            if type(value).__name__ == "cached_property":  # of functools, and Django's
                inner = value.func
            inner = inspect.unwrap(inner) if callable(inner) and not isinstance(inner, type) else inner
            if isinstance(inner, FunctionType) and _own(inner.__module__):
                yield inner


def belong(labels: Iterable[str]) -> None:
    """Say which models are the project's: what stands in their packages is, wherever that is installed."""
    get_resolver().url_patterns  # noqa: B018  (models may stand in modules that only views import)
    found = {apps.get_model(label).__module__.partition(".")[0] for label in labels}
    if not found <= _PACKAGES:
        _PACKAGES.update(found)
        _own.cache_clear()


@cache
def _own(module: str) -> bool:
    """Whether a module is the project's: its models are there, or its file is in no folder that packages are installed to."""
    if module.partition(".")[0] in _PACKAGES:
        return True
    file = getattr(sys.modules.get(module), "__file__", None)
    paths = sysconfig.get_paths()
    installed = (paths["stdlib"], paths["purelib"], paths["platlib"])
    return bool(file) and not str(file).startswith(installed) and "site-packages" not in str(file)


@cache
def _tree(function: Any) -> ast.AST | None:
    try:
        return ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return None


def _read(tree: ast.AST, scope: dict[str, Any], out: Literals) -> None:
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            measured = any(_is_length(s) for s in sides)
            for side in sides:
                for value in _values(side, scope):
                    _note(value, out, measured=measured)
        elif type(node).__name__ == "match_case":  # Python 3.8 has no such thing
            for inner in ast.walk(getattr(node, "pattern", node)):
                for value in _values(inner, scope):
                    _note(value, out, measured=False)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            if node.func.attr in _TEXT_CALLS:
                for value in _values(node.args[0], scope):
                    _note(value, out, measured=False)
            elif node.func.attr in _PATTERN_CALLS:
                for value in _values(node.args[0], scope):
                    found = sample(value, 1) if isinstance(value, str) else None
                    if found:
                        out.texts.setdefault(found)


def _note_asked(tree: ast.AST, scope: dict[str, Any], out: Literals) -> None:
    """``Role.objects.filter(name=ADMIN)``, and what else begins with a model and has keywords."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.keywords:
            continue
        owner: Any = node.func
        while isinstance(owner, ast.Attribute | ast.Call):
            owner = owner.value if isinstance(owner, ast.Attribute) else owner.func
        model = scope.get(owner.id) if isinstance(owner, ast.Name) else None
        for keyword in node.keywords if _is_model(model) else ():
            column = column_of(model, keyword.arg or "")
            texts = [v for v in _values(keyword.value, scope) if isinstance(v, str) and 0 < len(v) <= 60]
            if column is not None and texts:
                out.asked.setdefault(column, {}).update(dict.fromkeys(texts))


def _of_modules(tree: ast.AST, scope: dict[str, Any]) -> list[Any]:
    """``models.Note`` in a function."""
    parts = [n for n in ast.walk(tree) if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name)]
    return [
        getattr(scope[n.value.id], n.attr, None)  # type: ignore[attr-defined]
        for n in parts
        if isinstance(scope.get(n.value.id), ModuleType)  # type: ignore[attr-defined]
    ]


def _is_model(thing: Any) -> bool:
    return isinstance(thing, ModelBase) and not thing._meta.abstract


def _note_heads(tree: ast.AST, named: list[Any], out: Literals) -> None:
    """``[:n]`` in a function that is a model's (or its manager's), or that names one."""
    ends = [
        n.upper.value
        for n in ast.walk(tree)
        if isinstance(n, ast.Slice) and isinstance(n.upper, ast.Constant)
    ]
    most = max((n for n in ends if isinstance(n, int)), default=0)
    for model in named if most > 0 else ():
        if _is_model(model):
            out.heads[model] = max(most, out.heads.get(model, 0))


def _is_length(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "len"


def _values(node: ast.AST, scope: dict[str, Any]) -> Iterator[Any]:
    """Constants that an expression stands for: written out, in a display of several, or by the name of a global."""
    if isinstance(node, ast.Constant):
        yield node.value
    elif isinstance(node, ast.Tuple | ast.List | ast.Set):
        for element in node.elts:
            yield from _values(element, scope)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield from (-v for v in _values(node.operand, scope) if isinstance(v, int | float))
    elif type(node).__name__ == "MatchValue":
        yield from _values(getattr(node, "value", node), scope)
    elif isinstance(node, ast.Call) and len(node.args) == 1 and _converts(node.func):
        yield from _numbers(_values(node.args[0], scope))
    else:
        yield from _named(node, scope)


def _converts(node: ast.AST) -> bool:
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    return name in ("Decimal", "int", "float")


def _numbers(values: Iterable[Any]) -> Iterator[Any]:
    for value in values:
        try:
            number = float(value)
        except (TypeError, ValueError):
            continue
        yield int(number) if number.is_integer() else number


def _named(node: ast.AST, scope: dict[str, Any]) -> Iterator[Any]:
    """What a global name, or a member of a class that one names (``Status.PAID``), holds."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.insert(0, node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node.id not in scope:
        return
    found = scope[node.id]
    for part in parts:
        if found is settings:
            found = getattr(settings, part, None)
            continue
        found = inspect.getattr_static(found, part, None) if isinstance(found, type) else None
    value = getattr(found, "value", found)
    if isinstance(value, str | int | float) and not isinstance(value, type):
        yield value
    elif isinstance(value, tuple | list | set | frozenset | dict):
        yield from sorted((v for v in value if isinstance(v, str | int | float)), key=repr)[:_MOST]


def _note(value: Any, out: Literals, *, measured: bool) -> None:
    if isinstance(value, str) and 0 < len(value) <= 60:
        out.texts.setdefault(value)
    elif isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 10**15:
        if measured and isinstance(value, int):
            out.lengths.setdefault(value)
        else:
            out.numbers.setdefault(value)
